//! Why facts are not known, and in which versions what holds.

use std::ops::Deref;
use std::sync::Arc;

use super::Fact;
use crate::text::Span;

/// Why a fact has no value. One reason often stands behind many facts, so they share it.
#[derive(Debug, Clone)]
pub struct Unknown(Arc<Reason>);

/// What there is to say about a fact that has no value.
#[derive(Debug, Clone)]
pub struct Reason {
    /// The kind of reason.
    pub why: Why,
    /// Where the knowing ended.
    pub at: Span,
    /// What would help, in words a user can act on.
    pub needs: Arc<str>,
    /// For [`Why::VersionUnknown`]: what holds in which worlds. Empty otherwise.
    pub sides: Vec<Side>,
    /// The path of the fact at the root, where this one only follows from it.
    pub of: Option<Arc<str>>,
}

impl Deref for Unknown {
    type Target = Reason;

    fn deref(&self) -> &Reason {
        &self.0
    }
}

impl Unknown {
    /// Not known, for this reason.
    pub fn new(why: Why, at: Span, needs: impl Into<Arc<str>>) -> Unknown {
        Unknown(Arc::new(Reason { why, at, needs: needs.into(), sides: Vec::new(), of: None }))
    }

    /// The same with what holds in which worlds instead.
    #[must_use]
    pub fn with_sides(mut self, sides: Vec<Side>) -> Unknown {
        Arc::make_mut(&mut self.0).sides = sides;
        self
    }

    /// The same, following from the fact at `path`, unless it already follows from another.
    #[must_use]
    pub fn following_from(mut self, path: impl Into<Arc<str>>) -> Unknown {
        if self.of.is_none() {
            Arc::make_mut(&mut self.0).of = Some(path.into());
        }
        self
    }
}

impl PartialEq for Unknown {
    /// Whether it is the same reason at the same place. What differs between versions is equal to nothing.
    fn eq(&self, other: &Unknown) -> bool {
        let alike = self.sides.is_empty() && other.sides.is_empty();
        alike && self.why == other.why && self.at == other.at && self.of == other.of && self.needs == other.needs
    }
}

/// One of several things that hold, each in its worlds.
#[derive(Debug, Clone)]
pub struct Side {
    /// The worlds (product versions) in which it holds.
    pub worlds: Worlds,
    /// What holds there.
    pub fact: Fact,
}

/// The kinds of reasons for not knowing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// A template decides.
    Templated,
    /// A file could not be opened.
    NotReadable,
    /// A server refused to say.
    NotPermitted,
    /// A syntax or feature that hardline does not model.
    NotSupported,
    /// A value that makes no sense.
    Malformed,
    /// The versions that come into question disagree.
    VersionUnknown,
    /// No version that comes into question has it. What hangs on such a fact alone does not apply, so no report says
    /// this.
    NotInVersion,
}

impl Why {
    /// All there are.
    pub const ALL: [Why; 7] = [
        Why::Templated,
        Why::NotReadable,
        Why::NotPermitted,
        Why::NotSupported,
        Why::Malformed,
        Why::VersionUnknown,
        Why::NotInVersion,
    ];

    /// The word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Why::Templated => "templated",
            Why::NotReadable => "not-readable",
            Why::NotPermitted => "not-permitted",
            Why::NotSupported => "not-supported",
            Why::Malformed => "malformed",
            Why::VersionUnknown => "version-unknown",
            Why::NotInVersion => "not-in-version",
        }
    }
}

/// A set of worlds: the product versions in which something holds. At most 32, numbered by the subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Worlds(u32);

impl Worlds {
    /// No world.
    pub const NONE: Worlds = Worlds(0);

    /// The world of this number alone.
    pub fn one(index: usize) -> Worlds {
        Worlds(1u32.checked_shl(u32::try_from(index).unwrap_or(u32::MAX)).unwrap_or(0))
    }

    /// The first `count` worlds.
    pub fn first(count: usize) -> Worlds {
        (0..count).fold(Worlds::NONE, |all, index| all.or(Worlds::one(index)))
    }

    /// The worlds in either.
    pub fn or(self, other: Worlds) -> Worlds {
        Worlds(self.0 | other.0)
    }

    /// The worlds in both.
    pub fn and(self, other: Worlds) -> Worlds {
        Worlds(self.0 & other.0)
    }

    /// Whether it holds the world of this number.
    pub fn contains(self, index: usize) -> bool {
        self.and(Worlds::one(index)) != Worlds::NONE
    }

    /// The numbers of its worlds.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..32).filter(move |&index| self.contains(index))
    }

    /// How many it holds.
    pub fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether it holds none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}
