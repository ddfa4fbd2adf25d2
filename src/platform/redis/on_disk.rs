//! What the file system says of the files that an instance is made of: `files`.
//!
//! In a git work tree modes say nothing, since git keeps none but the executable bit; there it matters what would be
//! committed.

use crate::fact::{Fact, Subject, Value};
use crate::files::{Files, Location, Standing};
use crate::text::{Place, SourceId, Sources, Span};

use super::claim::{self, Form};
use super::instance::ACL_FILE;
use super::shared::passwords_mut;

/// How the first line of a private key in PEM ends.
const LABEL: &[u8] = b"PRIVATE KEY-----";

/// Adds `files` to each subject, and says of its passwords whether they would be committed.
pub fn add(subjects: &mut [Subject], sources: &Sources, files: &dyn Files) {
    for subject in subjects {
        let standing = |source: SourceId| match sources.get(source).place() {
            Place::File(path) => Some((source, files.standing(&Location::Here(path.clone())).ok()?)),
            Place::Stdin(_) | Place::Arguments | Place::Live { .. } => None,
        };
        let standings: Vec<(SourceId, Standing)> = subject.sources.iter().copied().filter_map(standing).collect();
        let mut all: Vec<Fact> =
            standings.iter().filter_map(|(source, standing)| of_source(subject, *source, *standing, sources)).collect();
        all.extend(key_file(subject, files));
        subject.facts.set("files", Fact::derived(all, [subject.main]));
        let committed =
            |span: &Span| standings.iter().any(|(source, standing)| *source == span.source && standing.committed);
        if standings.iter().any(|(_, standing)| standing.committed) {
            for fact in
                passwords_mut(&mut subject.facts).iter_mut().filter(|fact| fact.spans().first().is_some_and(committed))
            {
                let Fact::Known { value: Value::Record(record), origin } = fact else { continue };
                record.set("committed", Fact::Known { value: true.into(), origin: origin.clone() });
            }
        }
    }
}

fn of_source(subject: &Subject, source: SourceId, standing: Standing, sources: &Sources) -> Option<Fact> {
    let source = sources.get(source);
    let path = source.place().path()?;
    let is_acl = match source.id() == subject.main.source {
        true => subject.carrier == ACL_FILE,
        false => claim::form(path, source.bytes()).is_some_and(|(form, _)| form == Form::Acl),
    };
    let role = if is_acl { "acl" } else { "configuration" };
    Some(file(path.to_string_lossy().into_owned(), role, standing, Span::at(source.id(), 0), false))
}

/// The key of TLS, where the setting names one that can be looked at.
fn key_file(subject: &Subject, files: &dyn Files) -> Option<Fact> {
    let fact = subject.facts.get("tls_key_file")?;
    let Value::Text(written) = fact.value()? else { return None };
    if written.is_empty() {
        return None;
    }
    let at = subject.location.parent().resolve(std::path::Path::new(&**written));
    let standing = files.standing(&at).ok()?;
    let private = files.read(&at).is_ok_and(|bytes| memchr::memmem::find(&bytes, LABEL).is_some());
    Some(file(written.to_string(), "key", standing, *fact.spans().first()?, private))
}

fn file(path: String, role: &'static str, standing: Standing, at: Span, private_key: bool) -> Fact {
    let flag = |value: bool| Fact::derived(value, [at]);
    let fields = [
        ("path", Fact::derived(path, [at])),
        ("role", Fact::derived(role, [at])),
        ("mode", Fact::derived(format!("{:04o}", standing.mode), [at])),
        ("readable_by_all", flag(standing.mode & 0o004 != 0)),
        ("writable_by_others", flag(standing.mode & 0o022 != 0)),
        ("committed", flag(standing.committed)),
        ("in_work_tree", flag(standing.in_work_tree)),
        ("private_key", flag(private_key)),
    ];
    Fact::record(fields, vec![at])
}
