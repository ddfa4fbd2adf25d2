//! What follows from several settings together: the facts of [`super::schema::DERIVED`].
//!
//! Each version in question (a world) is concluded by itself; [`merged`] then says what all agree on.

pub mod dead;
pub mod entry;
pub mod outcome;
pub mod password;
pub mod roster;
pub mod users;

use crate::fact::{Fact, Items, Name, Value};
use crate::text::Span;

/// What holds in all worlds, out of what holds in each: records field by field, everything else as a whole.
/// `None` for no worlds.
pub fn merged(facts: Vec<(usize, Fact)>, at: Span) -> Option<Fact> {
    if let Some(names) = common_fields(&facts) {
        let spans = facts.first()?.1.spans().to_vec();
        let fields = names.into_iter().filter_map(|name| {
            let of_worlds = facts.iter().filter_map(|(world, fact)| Some((*world, field(fact, name)?.clone())));
            Some((name, merged(of_worlds.collect(), at)?))
        });
        return Some(Fact::record(fields.collect::<Vec<_>>(), spans));
    }
    Fact::across(facts, at, same)
}

/// The names of the fields, if every fact is a record.
fn common_fields(facts: &[(usize, Fact)]) -> Option<Vec<Name>> {
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
