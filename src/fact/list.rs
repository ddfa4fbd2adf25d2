//! Facts in order.

use std::fmt;
use std::sync::Arc;

use super::{Fact, Unknown};

/// A list, which may hold more than could be seen.
#[derive(Debug, Clone)]
pub struct List {
    /// The items that are known to be there.
    pub items: Items,
    /// Why there may be more, if there may.
    pub rest: Option<Unknown>,
}

/// The items of a list, made at once or when asked for.
#[derive(Clone)]
pub enum Items {
    /// All here.
    Here(Arc<[Fact]>),
    /// Made one by one, so that a hundred thousand users with fifteen facts each need not be in memory together.
    OnDemand(Arc<dyn MakeItem>),
}

impl Items {
    /// The items, to be changed; none where they are made when asked for.
    pub fn here_mut(&mut self) -> &mut [Fact] {
        match self {
            Items::Here(items) => Arc::make_mut(items),
            Items::OnDemand(_) => &mut [],
        }
    }
}

/// Makes the items of a list when they are asked for.
pub trait MakeItem: Send + Sync {
    /// How many items there are.
    fn len(&self) -> usize;
    /// The item at `index`, which is less than [`MakeItem::len`].
    fn item(&self, index: usize) -> Fact;
    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Lets go of what was kept of items that were made, which are made again when somebody asks.
    fn forget(&self);
}

impl Items {
    /// How many items there are.
    pub fn len(&self) -> usize {
        match self {
            Items::Here(facts) => facts.len(),
            Items::OnDemand(maker) => maker.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The item at `index`, if there are so many.
    pub fn get(&self, index: usize) -> Option<Fact> {
        match self {
            Items::Here(facts) => facts.get(index).cloned(),
            Items::OnDemand(maker) => (index < maker.len()).then(|| maker.item(index)),
        }
    }

    /// The items in order. Facts that are here are cheap to clone.
    pub fn iter(&self) -> impl Iterator<Item = Fact> + '_ {
        (0..self.len()).filter_map(|index| self.get(index))
    }
}

impl fmt::Debug for Items {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
