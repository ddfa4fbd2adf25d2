//! Facts by name.

use std::sync::Arc;

use super::{Fact, Items, List, Name, Value};

/// Facts by name.
#[derive(Debug, Clone, Default)]
pub struct Record(Arc<Vec<(Name, Fact)>>);

impl Record {
    /// A record of these fields; of two with one name the later stays.
    pub fn new(fields: impl IntoIterator<Item = (Name, Fact)>) -> Record {
        let mut fields: Vec<_> = fields.into_iter().collect();
        fields.reverse();
        fields.sort_by_key(|(name, _)| *name);
        fields.dedup_by_key(|(name, _)| *name);
        Record(Arc::new(fields))
    }

    /// The field of this name.
    pub fn get(&self, name: &str) -> Option<&Fact> {
        self.get_near(name, 0).map(|(_, fact)| fact)
    }

    /// The field of this name and its number. Records of one kind mostly have it at the same one: `near` is looked at
    /// first.
    pub fn get_near(&self, name: &str, near: usize) -> Option<(usize, &Fact)> {
        let there = self.0.get(near).filter(|(its, _)| *its == name).map(|(_, fact)| (near, fact));
        there.or_else(|| {
            let number = self.0.binary_search_by_key(&name, |(name, _)| name).ok()?;
            Some((number, &self.0.get(number)?.1))
        })
    }

    /// The field of this name, to be changed.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Fact> {
        let (number, _) = self.get_near(name, 0)?;
        Arc::make_mut(&mut self.0).get_mut(number).map(|(_, fact)| fact)
    }

    /// Sets a field, whether or not there is one of this name.
    pub fn set(&mut self, name: Name, fact: Fact) {
        let fields = Arc::make_mut(&mut self.0);
        match fields.binary_search_by_key(&name, |(name, _)| name) {
            Ok(number) => fields[number].1 = fact,
            Err(number) => fields.insert(number, (name, fact)),
        }
    }

    /// Lets go of the items that lists in it, or in records in it, have made and kept.
    pub fn forget(&self) {
        for (_, fact) in self.iter() {
            match fact.value() {
                Some(Value::Record(record)) => record.forget(),
                Some(Value::List(List { items: Items::OnDemand(maker), .. })) => maker.forget(),
                _ => {}
            }
        }
    }

    /// Changes the texts in this record and in what it holds: `change` says what stands for one that it changes.
    /// Lists that are made on demand stay as they are.
    pub fn reword(&mut self, change: &dyn Fn(&str) -> Option<String>) {
        for (_, fact) in Arc::make_mut(&mut self.0) {
            fact.reword(change);
        }
    }

    /// The fields, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (Name, &Fact)> {
        self.0.iter().map(|(name, fact)| (*name, fact))
    }
}
