//! Passwords that are written more than once: by several users of an instance, by several instances.
//!
//! They are compared by their hashes, since of some only the hash is written. Who replicates from whom has to have the
//! same password, so instances are compared only where neither is a replica.

use std::collections::HashMap;
use std::sync::Arc;

use crate::fact::{Fact, List, Record, Subject, Value};

/// How many others are named.
const NAMED: usize = 20;

/// Where a password is: the number of the subject, and whose it is there.
type Place = (usize, Arc<str>);

/// Says of each password who else has it: `users` in the same instance, `instances` elsewhere.
pub fn link(subjects: &mut [Subject]) {
    let mut places: HashMap<[u8; 32], Vec<Place>> = HashMap::new();
    for (number, subject) in subjects.iter().enumerate() {
        for (digest, of) in passwords(&subject.facts).filter_map(|fact| key(&fact)) {
            places.entry(digest).or_default().push((number, of));
        }
    }
    places.retain(|_, places| places.len() > 1);
    if places.is_empty() {
        return;
    }
    let names: Vec<String> = subjects.iter().map(|subject| subject.name.clone()).collect();
    let alone: Vec<bool> = subjects.iter().map(|subject| !replicates(&subject.facts)).collect();
    for (number, subject) in subjects.iter_mut().enumerate() {
        for fact in passwords_mut(&mut subject.facts) {
            let Some((digest, of)) = key(fact) else { continue };
            let Some(places) = places.get(&digest) else { continue };
            let (users, instances) = others(number, &of, places, &names, &alone);
            for (name, others) in [("users", users), ("instances", instances)] {
                set_list(fact, name, others);
            }
        }
    }
}

fn passwords(facts: &Record) -> impl Iterator<Item = Fact> + '_ {
    let list = match facts.get("passwords") {
        Some(Fact::Known { value: Value::List(list), .. }) => Some(list),
        _ => None,
    };
    list.into_iter().flat_map(|list| list.items.iter())
}

/// The passwords of a subject, to be changed.
pub(super) fn passwords_mut(facts: &mut Record) -> &mut [Fact] {
    match facts.get_mut("passwords") {
        Some(Fact::Known { value: Value::List(List { items, .. }), .. }) => items.here_mut(),
        _ => &mut [],
    }
}

/// The hash of a password and whose it is.
fn key(fact: &Fact) -> Option<([u8; 32], Arc<str>)> {
    let Some(Value::Record(record)) = fact.value() else { return None };
    match (record.get("text")?.value()?, record.get("of")?.value()?) {
        (Value::Secret(secret), Value::Text(of)) => Some((secret.digest()?, of.to_shared())),
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
    let same = |(number, other): &&Place| *number == here && **other != *of && is_user(other) && is_user(of);
    let mut users: Vec<String> = places.iter().filter(same).map(|(_, of)| of.to_string()).collect();
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

/// Sets a list of names in a record, as concluded from where the record is.
fn set_list(fact: &mut Fact, name: &'static str, names: Vec<String>) {
    let Fact::Known { value: Value::Record(record), origin } = fact else { return };
    let item = |name: String| Fact::Known { value: name.into(), origin: origin.clone() };
    let items: Vec<Fact> = names.into_iter().map(item).collect();
    record.set(name, Fact::Known { value: items.into(), origin: origin.clone() });
}
