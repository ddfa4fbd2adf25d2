//! Passwords that are written more than once: by several users of an instance, by several instances.
//!
//! They are compared by their hashes, since of some only the hash is written. Who replicates from whom has to have the
//! same password, so instances are compared only where neither is a replica.

use std::sync::Arc;

use crate::fact::{Fact, Items, List, Record, Subject, Value};

/// How many others are named.
const NAMED: usize = 20;

/// A password: its hash, the number of the subject, and its own number there.
type Place = ([u8; 32], usize, usize);

/// Says of each password who else has it: `users` in the same instance, `instances` elsewhere.
pub fn link(subjects: &mut [Subject]) {
    let mut places: Vec<Place> = Vec::new();
    for (number, subject) in subjects.iter().enumerate() {
        let digests = passwords(&subject.facts).iter().enumerate();
        places.extend(digests.filter_map(|(index, fact)| Some((digest(fact)?, number, index))));
    }
    places.sort_unstable();
    let names: Vec<Arc<str>> = subjects.iter().map(|subject| subject.name.as_str().into()).collect();
    let alone: Vec<bool> = subjects.iter().map(|subject| !replicates(&subject.facts)).collect();
    for same in places.chunk_by(|(one, ..), (other, ..)| one == other).filter(|same| same.len() > 1) {
        let owner = |(_, number, index): &Place| owner(passwords(&subjects.get(*number)?.facts).get(*index)?);
        let owners: Vec<Owner> = same.iter().map(|place| (place.1, owner(place).unwrap_or_default())).collect();
        let sharers = Sharers::of(&owners, &names, &alone);
        for (place, (number, of)) in same.iter().zip(&owners) {
            let (users, instances) = (sharers.users(*number, of), sharers.instances(*number, of, &alone));
            let Some(fact) = passwords_mut(&mut subjects[*number].facts).get_mut(place.2) else { continue };
            for (name, others) in [("users", users), ("instances", instances)] {
                if !others.is_empty() {
                    set_list(fact, name, others);
                }
            }
        }
    }
}

fn passwords(facts: &Record) -> &[Fact] {
    match facts.get("passwords") {
        Some(Fact::Known { value: Value::List(List { items: Items::Here(items), .. }), .. }) => items,
        _ => &[],
    }
}

/// The passwords of a subject, to be changed.
pub(super) fn passwords_mut(facts: &mut Record) -> &mut [Fact] {
    match facts.get_mut("passwords") {
        Some(Fact::Known { value: Value::List(List { items, .. }), .. }) => items.here_mut(),
        _ => &mut [],
    }
}

/// The hash of a password; none of one that no program can compare.
fn digest(fact: &Fact) -> Option<[u8; 32]> {
    let Some(Value::Record(record)) = fact.value() else { return None };
    match (record.get("text")?.value()?, record.get("of")?.value()?) {
        (Value::Secret(secret), Value::Text(_)) => secret.digest(),
        _ => None,
    }
}

/// Whose a password is.
fn owner(fact: &Fact) -> Option<Arc<str>> {
    match fact.value()? {
        Value::Record(record) => match record.get("of")?.value()? {
            Value::Text(of) => Some(of.to_shared()),
            _ => None,
        },
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

/// The number of an instance, and whose the password is there.
type Owner = (usize, Arc<str>);

/// Who has one password, sorted. One that thousands have is not worth more time than each of them takes.
struct Sharers {
    /// Users, by instance and name.
    users: Vec<Owner>,
    /// What logs in with it on an instance that is no replica, by the words for it, each once: with the instance, where
    /// it is only one. Of one instance no more than are ever named.
    logins: Vec<(String, Option<usize>)>,
}

fn is_user(of: &str) -> bool {
    of.starts_with("user ")
}

fn logs_in(of: &str) -> bool {
    of == "requirepass" || is_user(of)
}

impl Sharers {
    fn of(owners: &[Owner], names: &[Arc<str>], alone: &[bool]) -> Sharers {
        let mut users: Vec<Owner> = owners.iter().filter(|(_, of)| is_user(of)).cloned().collect();
        users.sort();
        users.dedup();
        let here = owners.iter().filter(|(number, of)| alone[*number] && logs_in(of));
        let mut here: Vec<(usize, String)> =
            here.map(|(number, of)| (*number, format!("{of} of {}", names[*number]))).collect();
        here.sort();
        here.dedup();
        let of_instances = here.chunk_by(|(one, _), (other, _)| one == other);
        let named = of_instances.flat_map(|of_one| of_one.iter().take(NAMED + 1));
        let mut logins: Vec<(String, Option<usize>)> =
            named.map(|(number, words)| (words.clone(), Some(*number))).collect();
        logins.sort();
        // Instances may be called alike: then it is there for each of them.
        logins.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 = None;
            }
            same
        });
        Sharers { users, logins }
    }

    /// The other users of an instance who have it.
    fn users(&self, here: usize, of: &str) -> Vec<String> {
        if !is_user(of) {
            return Vec::new();
        }
        let first = self.users.partition_point(|(number, _)| *number < here);
        let same = self.users[first..].iter().take_while(|(number, _)| *number == here);
        same.filter(|(_, other)| **other != *of).take(NAMED).map(|(_, other)| other.to_string()).collect()
    }

    /// The other instances that have it.
    fn instances(&self, here: usize, of: &str, alone: &[bool]) -> Vec<String> {
        if !alone[here] || !logs_in(of) {
            return Vec::new();
        }
        let others = self.logins.iter().filter(|(_, number)| *number != Some(here));
        others.take(NAMED).map(|(login, _)| login.clone()).collect()
    }
}

/// Sets a list of names in a record, as concluded from where the record is.
fn set_list(fact: &mut Fact, name: &'static str, names: Vec<String>) {
    let Fact::Known { value: Value::Record(record), origin } = fact else { return };
    let item = |name: String| Fact::Known { value: name.into(), origin: origin.clone() };
    let items: Vec<Fact> = names.into_iter().map(item).collect();
    record.set(name, Fact::Known { value: items.into(), origin: origin.clone() });
}
