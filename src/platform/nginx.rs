//! nginx: `nginx.conf` and everything that it includes.

pub mod claim;
mod condition;
pub mod directive;
pub mod edit;
pub mod effective;
pub mod facts;
pub mod include;
pub mod inherit;
mod lex;
pub mod listen;
pub mod locate;
pub mod model;
pub mod parse;
pub mod pattern;
pub mod refuse;
pub mod request;
pub mod scope;
pub mod secret;
mod since;
mod subject;
pub mod tree;
pub mod uri;
pub mod value;
mod veil;
pub mod version;

use std::path::Path;

use super::{Claimed, Context, Interest, Platform, Reading};
use crate::edit::{EditError, EditOp, TextEdit};
use crate::fact::Subject;
use crate::mask::Hidden;
use crate::schema::Root;
use crate::text::{Source, Sources};

/// The platform.
pub struct Nginx;

static SCHEMA: Root = Root { name: "nginx", fields: &[directive::FIELDS, facts::schema::DERIVED] };

impl Platform for Nginx {
    fn schema(&self) -> &'static Root {
        &SCHEMA
    }

    fn interest(&self, name: &str, folder: &str) -> Interest {
        claim::interest(name, folder)
    }

    fn secrets(&self, source: &Source) -> Vec<Hidden> {
        secret::places(source)
    }

    fn claims(&self, path: &Path, bytes: &[u8]) -> Option<String> {
        claim::form(path, bytes)
    }

    fn read(&self, claimed: &[Claimed], context: &Context<'_>, reading: &mut Reading) -> Vec<Subject> {
        subject::subjects(claimed, context, reading)
    }

    fn edit(&self, sources: &Sources, subject: &Subject, op: &EditOp) -> Result<Vec<TextEdit>, EditError> {
        edit::edits(sources, subject, op)
    }
}
