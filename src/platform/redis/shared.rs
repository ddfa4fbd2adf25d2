//! Passwords that are written more than once: by several users of an instance, by several instances.
//!
//! They are compared by their hashes, since of some only the hash is written. Who replicates from whom has to have the
//! same password, so instances are compared only where neither is a replica.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use crate::fact::{Fact, Items, List, Record, Subject, Value};

/// How many others are named.
const NAMED: usize = 20;

/// Where a password is: the number of the subject, and whose it is there.
type Place = (usize, String);

/// Says of each password who else has it: `users` in the same instance, `instances` elsewhere.
pub fn link(subjects: &mut [Subject]) {
    let mut places: BTreeMap<[u8; 32], Vec<Place>> = BTreeMap::new();
    for (number, subject) in subjects.iter().enumerate() {
        for (digest, of) in passwords(&subject.facts).filter_map(|fact| key(&fact)) {
            places.entry(digest).or_default().push((number, of));
        }
    }
    let names: Vec<String> = subjects.iter().map(|subject| subject.name.clone()).collect();
    let alone: Vec<bool> = subjects.iter().map(|subject| !replicates(&subject.facts)).collect();
    for (number, subject) in subjects.iter_mut().enumerate() {
        let Some(Fact::Known { value: Value::List(list), origin }) = subject.facts.get("passwords").cloned() else {
            continue;
        };
        let items: Vec<Fact> = list
            .items
            .iter()
            .map(|fact| {
                let shared = key(&fact).and_then(|(digest, of)| Some((places.get(&digest)?, of)));
                linked(fact, shared.map(|(places, of)| others(number, &of, places, &names, &alone)))
            })
            .collect();
        let value = Value::List(List { items: Items::Here(items.into()), rest: list.rest });
        let passwords = [("passwords", Fact::Known { value, origin })];
        let kept = subject.facts.iter().map(|(name, fact)| (name, fact.clone()));
        subject.facts = Record::new(kept.chain(passwords).collect::<Vec<_>>());
    }
}

fn passwords(facts: &Record) -> impl Iterator<Item = Fact> + '_ {
    let list = match facts.get("passwords") {
        Some(Fact::Known { value: Value::List(list), .. }) => Some(list),
        _ => None,
    };
    list.into_iter().flat_map(|list| list.items.iter())
}

/// The hash of a password and whose it is.
fn key(fact: &Fact) -> Option<([u8; 32], String)> {
    let Some(Value::Record(record)) = fact.value() else { return None };
    match (record.get("text")?.value()?, record.get("of")?.value()?) {
        (Value::Secret(secret), Value::Text(of)) => Some((secret.digest()?, of.to_string())),
        _ => None,
    }
}

/// Whether an instance follows another one, or may.
fn replicates(facts: &Record) -> bool {
    match facts.get("replicaof").map(Fact::value) {
        Some(Some(Value::Text(primary))) => !primary.is_empty(),
        Some(_) => true,
        None => false,
    }
}

/// The other users of the instance, and the other instances, that have the password.
fn others(here: usize, of: &str, places: &[Place], names: &[String], alone: &[bool]) -> (Vec<String>, Vec<String>) {
    let is_user = |of: &str| of.starts_with("user ");
    let same = |(number, other): &&Place| *number == here && other != of && is_user(other) && is_user(of);
    let mut users: Vec<String> = places.iter().filter(same).map(|(_, of)| of.clone()).collect();
    let logs_in = |of: &str| of == "requirepass" || is_user(of);
    let elsewhere =
        |(number, other): &&Place| *number != here && alone[here] && alone[*number] && logs_in(other) && logs_in(of);
    let mut instances: Vec<String> =
        places.iter().filter(elsewhere).map(|(number, other)| format!("{other} of {}", names[*number])).collect();
    for list in [&mut users, &mut instances] {
        list.sort();
        list.dedup();
        list.truncate(NAMED);
    }
    (users, instances)
}

fn linked(fact: Fact, others: Option<(Vec<String>, Vec<String>)>) -> Fact {
    let Fact::Known { value: Value::Record(record), origin } = &fact else { return fact };
    let (users, instances) = others.unwrap_or_default();
    // Mostly nobody has it: one empty list is enough for all of them.
    static NOBODY: LazyLock<Arc<[Fact]>> = LazyLock::new(|| Arc::from([]));
    let list = |names: Vec<String>| {
        let known = |value: Value| Fact::Known { value, origin: origin.clone() };
        let items = match names.is_empty() {
            true => NOBODY.clone(),
            false => names.into_iter().map(|name| known(name.into())).collect(),
        };
        known(Value::List(List { items: Items::Here(items), rest: None }))
    };
    let fields = record.iter().map(|(name, fact)| (name, fact.clone()));
    let all: Vec<_> = fields.chain([("users", list(users)), ("instances", list(instances))]).collect();
    Fact::Known { value: Value::Record(Record::new(all)), origin: origin.clone() }
}
