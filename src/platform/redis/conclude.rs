//! What follows from several settings together: the facts of [`super::schema::DERIVED`].
//!
//! Each version in question (a world) is concluded by itself; [`merged`] then says what all agree on.

pub mod dead;
pub mod entry;
pub mod lines;
pub mod may_run;
pub mod need;
pub mod outcome;
pub mod password;
pub mod person;
pub mod roster;
pub mod start;
pub mod users;
pub mod vulnerable;

use crate::fact::{Fact, Items, Name, Record, Value, Worlds};
use crate::text::Span;

/// What each world says, in the order of the worlds.
pub fn by_world<T>(all: impl IntoIterator<Item = T>) -> Vec<(Worlds, T)> {
    all.into_iter().enumerate().map(|(world, said)| (Worlds::one(world), said)).collect()
}

/// The same, where worlds that say the same are together.
pub fn grouped<T>(all: impl IntoIterator<Item = T>, same: impl Fn(&T, &T) -> bool) -> Vec<(Worlds, T)> {
    let mut groups: Vec<(Worlds, T)> = Vec::new();
    for (world, said) in all.into_iter().enumerate() {
        match groups.iter_mut().find(|(_, known)| same(known, &said)) {
            Some((worlds, _)) => *worlds = worlds.or(Worlds::one(world)),
            None => groups.push((Worlds::one(world), said)),
        }
    }
    groups
}

/// What holds in all worlds, out of what holds in some: records field by field, everything else as a whole.
/// `None` for no worlds.
pub fn merged(mut facts: Vec<(Worlds, Fact)>, at: Span) -> Option<Fact> {
    if facts.len() < 2 {
        return facts.pop().map(|(_, fact)| fact);
    }
    if let Some(names) = common_fields(&facts) {
        let fields = names.into_iter().filter_map(|name| {
            let of_worlds = facts.iter().filter_map(|(worlds, fact)| Some((*worlds, field(fact, name)?.clone())));
            Some((name, merged(of_worlds.collect(), at)?))
        });
        let value = Value::Record(Record::new(fields.collect::<Vec<_>>()));
        let Fact::Known { origin, .. } = facts.first()?.1.clone() else { return None };
        return Some(Fact::Known { value, origin });
    }
    Fact::across(facts, at, same)
}

/// The names of the fields, if every fact is a record.
fn common_fields(facts: &[(Worlds, Fact)]) -> Option<Vec<Name>> {
    let mut names = Vec::new();
    for (_, fact) in facts {
        let Some(Value::Record(record)) = fact.value() else { return None };
        names.extend(record.iter().map(|(name, _)| name));
    }
    names.sort_unstable();
    names.dedup();
    Some(names)
}

fn field<'f>(fact: &'f Fact, name: &str) -> Option<&'f Fact> {
    match fact.value()? {
        Value::Record(record) => record.get(name),
        _ => None,
    }
}

/// Whether two facts say the same to a reader, whatever is below them.
pub fn same(a: &Fact, b: &Fact) -> bool {
    match (a.value(), b.value()) {
        (Some(Value::List(a)), Some(Value::List(b))) => {
            let rests = match (&a.rest, &b.rest) {
                (None, None) => true,
                (Some(a), Some(b)) => a.why == b.why && a.at == b.at,
                _ => false,
            };
            let (Items::Here(a), Items::Here(b)) = (&a.items, &b.items) else { return false };
            rests && a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same(a, b))
        }
        (Some(Value::Record(a)), Some(Value::Record(b))) => {
            a.iter().map(|(name, _)| name).eq(b.iter().map(|(name, _)| name))
                && a.iter().zip(b.iter()).all(|((_, a), (_, b))| same(a, b))
        }
        _ => a.same_scalar(b),
    }
}
