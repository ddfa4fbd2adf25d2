//! Redis and Valkey: `redis.conf`, `valkey.conf` and ACL files.

pub mod accounts;
pub mod acl;
pub mod address;
pub mod advisory;
pub mod arguments;
mod because;
pub mod claim;
pub mod conclude;
pub mod conf;
pub mod derive;
pub mod directive;
pub mod door;
pub mod edit;
pub mod effective;
pub mod entrance;
pub mod include;
pub mod instance;
pub mod listen;
pub mod live;
pub mod number;
pub mod on_disk;
pub mod reach;
pub mod rights;
pub mod schema;
pub mod secret;
pub mod shared;
pub mod show;
pub mod split;
pub mod template;
pub mod tls;
pub mod value;
pub mod vantage;
pub mod version;

use std::path::Path;

use super::{Claimed, Context, Interest, Platform, Reading};
use crate::edit::{EditError, EditOp, TextEdit};
use crate::fact::Subject;
use crate::mask::Hidden;
use crate::schema::Root;
use crate::text::{Source, Sources};
use claim::Form;
use instance::{Kind, subjects};

/// The platform.
pub struct Redis;

static SCHEMA: Root = Root { name: "redis", fields: &[directive::FIELDS, schema::DERIVED] };

static KIND: Kind = Kind { name: "redis", carrier: "redis.conf", facts: derive::facts };

impl Platform for Redis {
    fn schema(&self) -> &'static Root {
        &SCHEMA
    }

    fn interest(&self, name: &str, _: &str) -> Interest {
        claim::interest(name)
    }

    fn secrets(&self, source: &Source) -> Vec<Hidden> {
        secret::places(source)
    }

    fn claims(&self, path: &Path, bytes: &[u8]) -> Option<String> {
        claim::form(path, bytes).filter(|(form, _)| *form != Form::Sentinel).map(|(_, because)| because)
    }

    fn read(&self, claimed: &[Claimed], context: &Context<'_>, reading: &mut Reading) -> Vec<Subject> {
        subjects(&KIND, claimed, context, reading)
    }

    fn edit(&self, sources: &Sources, subject: &Subject, op: &EditOp) -> Result<Vec<TextEdit>, EditError> {
        edit::edits(sources, subject, op)
    }
}
