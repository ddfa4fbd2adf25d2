//! Joins: of a long list, `list.exists(x, x.label == other.label && …)` looks only at the items with that label. All
//! others say no, whatever else they are; those whose label is not known are looked at as ever.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Arc, Weak};

use crate::expr::{Base, Cond, Field, Text};
use crate::fact::{Fact, Name, Value};

/// Shorter lists are gone through.
const LONG: usize = 32;

/// How many indexes are kept.
const KEPT: usize = 64;

thread_local! {
    /// By the place of a list in memory, which nobody else has as long as this has a hold on it, and a field.
    static INDEXES: RefCell<HashMap<(usize, Name), Index>> = RefCell::default();
}

/// The numbers of the items of a list by what a field of them is.
struct Index {
    list: Weak<[Fact]>,
    by: HashMap<Box<str>, Vec<u32>>,
    /// Those of which it is not known.
    open: Vec<u32>,
}

impl Index {
    fn of(list: &Arc<[Fact]>, field: Name) -> Index {
        let (mut by, mut open): (HashMap<Box<str>, Vec<u32>>, _) = (HashMap::new(), Vec::new());
        for (number, item) in (0..).zip(list.iter()) {
            let known = match item.value() {
                Some(Value::Record(record)) => record.get(field).and_then(Fact::value),
                _ => None,
            };
            match known {
                Some(Value::Text(text)) => by.entry((**text).into()).or_default().push(number),
                _ => open.push(number),
            }
        }
        Index { list: Arc::downgrade(list), by, open }
    }

    fn with(&self, value: &str) -> Vec<u32> {
        let mut numbers = self.open.clone();
        numbers.extend(self.by.get(value).into_iter().flatten());
        numbers.sort_unstable();
        numbers
    }
}

/// The field that decides, in the body of an `exists` whose items are at this depth, and what it must be.
pub fn on(body: &Cond, depth: usize) -> Option<(&Field, &Text)> {
    let parts = match body {
        Cond::And(parts) => parts.as_slice(),
        one => std::slice::from_ref(one),
    };
    let sides = parts.iter().filter_map(|part| match part {
        Cond::Texts(true, sides) => {
            of_item(&sides[0], &sides[1], depth).or_else(|| of_item(&sides[1], &sides[0], depth))
        }
        _ => None,
    });
    // What another fact says picks fewer than a word of the check's own.
    sides.min_by_key(|(_, other)| !matches!(other, Text::Fact(_)))
}

fn of_item<'c>(one: &'c Text, other: &'c Text, depth: usize) -> Option<(&'c Field, &'c Text)> {
    let Text::Fact(read) = one else { return None };
    let [field] = &*read.fields else { return None };
    let elsewhere = match other {
        Text::Fact(read) => read.base != Base::Item(depth),
        Text::Is(_) | Text::Param(_) => true,
        Text::If(_) => false,
    };
    (read.base == Base::Item(depth) && elsewhere).then_some((field, other))
}

/// The numbers of the items that a field does not rule out, in order.
pub fn matching(list: &Arc<[Fact]>, field: &Field, value: &str) -> Vec<u32> {
    INDEXES.with_borrow_mut(|all| {
        let key = (Arc::as_ptr(list).cast::<Fact>() as usize, field.name);
        if all.len() >= KEPT && !all.contains_key(&key) {
            all.retain(|_, index| index.list.strong_count() > 0);
            if all.len() >= KEPT {
                all.clear();
            }
        }
        all.entry(key).or_insert_with(|| Index::of(list, field.name)).with(value)
    })
}

/// Whether a list is worth an index.
pub fn is_long(list: &[Fact]) -> bool {
    list.len() >= LONG
}
