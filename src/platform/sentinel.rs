//! Sentinel, the watchman of Redis and Valkey: `sentinel.conf`.

pub mod facts;
mod known;
pub mod statement;
pub mod watch;

use std::path::Path;

use super::redis::claim::{self, Form};
use super::redis::directive::FIELDS;
use super::redis::edit;
use super::redis::instance::{Kind, subjects};
use super::redis::schema::DERIVED;
use super::{Claimed, Context, Interest, Platform, Reading};
use crate::edit::{EditError, EditOp, TextEdit};
use crate::fact::Subject;
use crate::mask::Hidden;
use crate::schema::Root;
use crate::text::{Source, Sources};

/// The platform.
pub struct Sentinel;

static SCHEMA: Root = Root { name: "sentinel", fields: &[FIELDS, DERIVED, facts::SENTINEL] };

static KIND: Kind = Kind { name: "sentinel", carrier: "sentinel.conf", facts: facts::facts };

impl Platform for Sentinel {
    fn schema(&self) -> &'static Root {
        &SCHEMA
    }

    fn interest(&self, name: &str, _: &str) -> Interest {
        claim::interest(name)
    }

    /// Those that Redis has: it looks at every source, and for the words of both.
    fn secrets(&self, _: &Source) -> Vec<Hidden> {
        Vec::new()
    }

    fn claims(&self, path: &Path, bytes: &[u8]) -> Option<String> {
        claim::form(path, bytes).filter(|(form, _)| *form == Form::Sentinel).map(|(_, because)| because)
    }

    fn read(&self, claimed: &[Claimed], context: &Context<'_>, reading: &mut Reading) -> Vec<Subject> {
        subjects(&KIND, claimed, context, reading)
    }

    fn edit(&self, sources: &Sources, subject: &Subject, op: &EditOp) -> Result<Vec<TextEdit>, EditError> {
        edit::edits(sources, subject, op)
    }
}
