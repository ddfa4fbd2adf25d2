//! Facts: typed values that know where they came from, or say why they are not known.
//!
//! A fact is never just missing. What a subject does not carry at all is *absent* ([`Subject::at`] gives `None`); what
//! it carries but cannot be concluded is [`Fact::Unknown`] with a reason and a place. The two are kept apart because
//! only the second can hide a fault.

mod list;
mod record;
mod secret;
mod unknown;
mod value;

use std::ops::Deref;
use std::sync::Arc;

pub use self::list::{Items, List, MakeItem};
pub use self::record::Record;
pub use self::secret::{Key, Secret};
pub use self::unknown::{Reason, Side, Unknown, Why, Worlds};
pub use self::value::{Can, Commands, Text, Value};

use crate::text::Span;

/// The name of a field. Names come from schemas, which are part of the program.
pub type Name = &'static str;

/// Something that is, or that could not be told.
#[derive(Debug, Clone)]
pub enum Fact {
    /// A value and where it came from.
    Known {
        /// What it is.
        value: Value,
        /// Where it came from.
        origin: Origin,
    },
    /// Why there is no value.
    Unknown(Unknown),
}

/// Where a known value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Written there: the value's own bytes.
    Written(Span),
    /// Not written; where it would be.
    Default {
        /// The place where the setting would be written.
        anchor: Span,
        /// What holds instead, for the label.
        because: Arc<str>,
    },
    /// Concluded from what is written there; the first decides.
    Derived(Spans),
}

/// Places in order. Mostly there is one, so that needs no memory of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spans {
    /// A single one.
    One(Span),
    /// Any number.
    Many(Arc<[Span]>),
}

impl Deref for Spans {
    type Target = [Span];

    fn deref(&self) -> &[Span] {
        match self {
            Spans::One(span) => std::slice::from_ref(span),
            Spans::Many(spans) => spans,
        }
    }
}

impl From<[Span; 1]> for Spans {
    fn from([span]: [Span; 1]) -> Spans {
        Spans::One(span)
    }
}

impl From<Span> for Spans {
    fn from(span: Span) -> Spans {
        Spans::One(span)
    }
}

impl From<Vec<Span>> for Spans {
    fn from(spans: Vec<Span>) -> Spans {
        match *spans {
            [span] => Spans::One(span),
            _ => Spans::Many(spans.into()),
        }
    }
}

impl Origin {
    /// The spans, the deciding one first.
    pub fn spans(&self) -> &[Span] {
        match self {
            Origin::Written(span) | Origin::Default { anchor: span, .. } => std::slice::from_ref(span),
            Origin::Derived(spans) => spans,
        }
    }
}

impl Fact {
    /// A value that is written at `span`.
    pub fn written(value: impl Into<Value>, span: Span) -> Fact {
        Fact::Known { value: value.into(), origin: Origin::Written(span) }
    }

    /// A value that holds because nothing is written; `anchor` is where it would be.
    pub fn default(value: impl Into<Value>, anchor: Span, because: impl Into<Arc<str>>) -> Fact {
        Fact::Known { value: value.into(), origin: Origin::Default { anchor, because: because.into() } }
    }

    /// A value that follows from what is written at `from`, the deciding span first.
    pub fn derived(value: impl Into<Value>, from: impl Into<Spans>) -> Fact {
        Fact::Known { value: value.into(), origin: Origin::Derived(from.into()) }
    }

    /// Not known, for this reason.
    pub fn unknown(why: Why, at: Span, needs: impl Into<Arc<str>>) -> Fact {
        Fact::Unknown(Unknown::new(why, at, needs))
    }

    /// A record that follows from `from`.
    pub fn record(fields: impl IntoIterator<Item = (Name, Fact)>, from: impl Into<Spans>) -> Fact {
        Fact::Known { value: Value::Record(Record::new(fields)), origin: Origin::Derived(from.into()) }
    }

    /// The value, if it is known.
    pub fn value(&self) -> Option<&Value> {
        match self {
            Fact::Known { value, .. } => Some(value),
            Fact::Unknown(_) => None,
        }
    }

    /// The places it points at, the deciding one first.
    pub fn spans(&self) -> &[Span] {
        match self {
            Fact::Known { origin, .. } => origin.spans(),
            Fact::Unknown(unknown) => std::slice::from_ref(&unknown.at),
        }
    }

    /// As [`Record::reword`], of what this fact is or holds.
    fn reword(&mut self, change: &dyn Fn(&str) -> Option<String>) {
        match self {
            Fact::Known { value: Value::Text(text), .. } => {
                if let Some(changed) = change(text) {
                    *text = Text::Made(changed.into());
                }
            }
            Fact::Known { value: Value::Record(record), .. } => record.reword(change),
            Fact::Known { value: Value::List(list), .. } => {
                if let Items::Here(items) = &mut list.items {
                    let mut reworded: Vec<Fact> = items.to_vec();
                    reworded.iter_mut().for_each(|item| item.reword(change));
                    *items = reworded.into();
                }
            }
            Fact::Unknown(unknown) if !unknown.sides.is_empty() => {
                let mut sides = unknown.sides.clone();
                sides.iter_mut().for_each(|side| side.fact.reword(change));
                *unknown = unknown.clone().with_sides(sides);
            }
            Fact::Known { .. } | Fact::Unknown(_) => {}
        }
    }

    /// What holds in one world: of a fact that differs between worlds, that side.
    pub fn in_world(&self, world: usize) -> &Fact {
        match self {
            Fact::Unknown(unknown) => match unknown.sides.iter().find(|side| side.worlds.contains(world)) {
                Some(side) => side.fact.in_world(world),
                None => self,
            },
            Fact::Known { .. } => self,
        }
    }

    /// One fact out of what holds in some worlds each: the fact itself where all agree, and otherwise unknown with its
    /// sides. `same` says when two of them are the same to a reader.
    ///
    /// `None` for no worlds at all.
    pub fn across(
        facts: impl IntoIterator<Item = (Worlds, Fact)>,
        at: Span,
        same: impl Fn(&Fact, &Fact) -> bool,
    ) -> Option<Fact> {
        let mut sides: Vec<Side> = Vec::new();
        for (worlds, fact) in facts {
            match sides.iter_mut().find(|side| same(&side.fact, &fact)) {
                Some(side) => side.worlds = side.worlds.or(worlds),
                None => sides.push(Side { worlds, fact }),
            }
        }
        if sides.len() < 2 {
            return sides.pop().map(|side| side.fact);
        }
        let needs = "the version of the server: versions disagree here";
        Some(Fact::Unknown(Unknown::new(Why::VersionUnknown, at, needs).with_sides(sides)))
    }

    /// Whether two scalar facts say the same: the same value, or both unknown for the same reason at the same place.
    /// Lists and records are never the same.
    pub fn same_scalar(&self, other: &Fact) -> bool {
        match (self, other) {
            (Fact::Known { value: a, .. }, Fact::Known { value: b, .. }) => match (a, b) {
                (Value::Bool(a), Value::Bool(b)) => a == b,
                (Value::Int(a), Value::Int(b)) => a == b,
                (Value::Text(a), Value::Text(b)) => a == b,
                (Value::Secret(a), Value::Secret(b)) => a == b,
                _ => false,
            },
            (Fact::Unknown(a), Fact::Unknown(b)) => {
                a.why == b.why && a.at == b.at && a.sides.is_empty() && b.sides.is_empty()
            }
            _ => false,
        }
    }
}

/// One thing that is configured and judged as a whole.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The platform, which is also the first word of its facts' paths: `redis`, `sentinel`.
    pub kind: Name,
    /// What a person would call it: the name of its file without endings, of its service, of its host.
    pub name: String,
    /// What its settings were written in: `redis.conf`, `acl-file`, …
    pub carrier: &'static str,
    /// Why it was taken for a subject of this kind, in one line.
    pub because: String,
    /// The place of the main source.
    pub main: Span,
    /// Where the main source is, for what it includes.
    pub location: crate::files::Location,
    /// Every source it was read from, the main one first.
    pub sources: Vec<crate::text::SourceId>,
    /// The version as declared or found, as the user wrote it; `None` when it is not known.
    pub version: Option<String>,
    /// The versions that come into question, `product:version`; a world's number is an index into it.
    pub worlds: Arc<[String]>,
    /// The facts, a record.
    pub facts: Record,
    /// The facts that no version in question has, sorted.
    pub lacks: Arc<[Name]>,
    /// Why facts that the platform has are absent here (a lone ACL file, a fragment), if they can be.
    pub absent: Option<Arc<str>>,
}

impl Subject {
    /// The fact at a path whose list items are numbered: `redis.acl.users[3].enabled`. `None` where there is none.
    pub fn at(&self, path: &str) -> Option<Fact> {
        let mut parts = path.split('.');
        if parts.next() != Some(self.kind) {
            return None;
        }
        let mut here: Option<Fact> = None;
        for part in parts {
            let (name, index) = match part.strip_suffix(']').and_then(|part| part.split_once('[')) {
                Some((name, index)) => (name, Some(index.parse::<usize>().ok()?)),
                None => (part, None),
            };
            let found = match &here {
                None => self.facts.get(name)?.clone(),
                Some(Fact::Known { value: Value::Record(record), .. }) => record.get(name)?.clone(),
                Some(_) => return None,
            };
            here = Some(match (index, found) {
                (None, found) => found,
                (Some(index), Fact::Known { value: Value::List(list), .. }) => list.items.get(index)?,
                (Some(_), _) => return None,
            });
        }
        here
    }
}
