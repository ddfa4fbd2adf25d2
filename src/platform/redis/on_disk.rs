//! What the file system says of the files that an instance is made of: `files`.
//!
//! In a git work tree modes say nothing, since git keeps none but the executable bit; there it matters what would be
//! committed.

use crate::fact::{Fact, Items, List, Record, Subject, Value};
use crate::files::{Files, Location, Standing};
use crate::text::{Place, SourceId, Sources, Span};

use super::claim::{self, Form};

/// How the first line of a private key in PEM ends.
const LABEL: &[u8] = b"PRIVATE KEY-----";

/// Adds `files` to each subject, and to its passwords whether they would be committed.
pub fn add(subjects: &mut [Subject], sources: &Sources, files: &dyn Files) {
    for subject in subjects {
        let mut all: Vec<Fact> =
            subject.sources.iter().filter_map(|source| of_source(*source, sources, files)).collect();
        all.extend(key_file(subject, files));
        let fact = Fact::derived(all, [subject.main]);
        let passwords = subject.facts.get("passwords").map(|fact| ("passwords", committed(fact, sources, files)));
        let kept = subject.facts.iter().map(|(name, fact)| (name, fact.clone()));
        subject.facts = Record::new(kept.chain([("files", fact)]).chain(passwords).collect::<Vec<_>>());
    }
}

fn of_source(source: SourceId, sources: &Sources, files: &dyn Files) -> Option<Fact> {
    let source = sources.get(source);
    let Place::File(path) = source.place() else { return None };
    let is_acl = claim::form(path, source.bytes()).is_some_and(|(form, _)| form == Form::Acl);
    let role = if is_acl { "acl" } else { "configuration" };
    let standing = files.standing(&Location::Here(path.clone())).ok()?;
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

/// The passwords, each with whether the file that it is in would be committed.
fn committed(passwords: &Fact, sources: &Sources, files: &dyn Files) -> Fact {
    let Fact::Known { value: Value::List(list), origin } = passwords else { return passwords.clone() };
    let mut known: Vec<(SourceId, Option<bool>)> = Vec::new();
    let mut of = |source: SourceId| match known.iter().find(|(other, _)| *other == source) {
        Some((_, answer)) => *answer,
        None => {
            let answer = match sources.get(source).place() {
                Place::File(path) => {
                    files.standing(&Location::Here(path.clone())).ok().map(|standing| standing.committed)
                }
                Place::Stdin(_) | Place::Arguments => None,
            };
            known.push((source, answer));
            answer
        }
    };
    let items = list.items.iter().map(|fact| {
        let Fact::Known { value: Value::Record(record), origin } = &fact else { return fact };
        let answer = fact.spans().first().and_then(|span| of(span.source)).unwrap_or(false);
        let more = [("committed", Fact::Known { value: Value::Bool(answer), origin: origin.clone() })];
        let fields = record.iter().map(|(name, fact)| (name, fact.clone())).chain(more);
        Fact::Known { value: Value::Record(Record::new(fields.collect::<Vec<_>>())), origin: origin.clone() }
    });
    let items: Vec<Fact> = items.collect();
    let value = Value::List(List { items: Items::Here(items.into()), rest: list.rest.clone() });
    Fact::Known { value, origin: origin.clone() }
}
