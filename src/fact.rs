//! Facts: typed values that know where they came from, or say why they are not known.
//!
//! A fact is never just missing. What a subject does not carry at all is *absent* ([`Facts::at`] gives `None`); what
//! it carries but cannot be concluded is [`Fact::Unknown`] with a reason and a place. The two are kept apart because
//! only the second can hide a fault.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use sha2::{Digest, Sha256};

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

/// A typed value.
#[derive(Debug, Clone)]
pub enum Value {
    /// True or false.
    Bool(bool),
    /// A whole number; sizes in bytes, times in the unit the product uses.
    Int(i64),
    /// Text that may be shown.
    Text(Text),
    /// Text that must never be shown.
    Secret(Secret),
    /// What a user may run, answered when asked.
    Commands(Commands),
    /// Facts in order.
    List(List),
    /// Facts by name, sorted by it.
    Record(Record),
}

/// Text: words of the program's own, or made of what was read.
#[derive(Debug, Clone)]
pub enum Text {
    /// The program's own.
    Own(&'static str),
    /// Made while it runs.
    Made(Arc<str>),
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Text::Own(text) => text,
            Text::Made(text) => text,
        }
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Text) -> bool {
        **self == **other
    }
}

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

/// Answers which commands a user may run. A list of all commands of a hundred thousand users would fill the memory.
pub trait Can: Send + Sync {
    /// Whether the user may run this command (`config|set`, in small letters) at all, with the arguments that his
    /// rules allow: a bool, or unknown. A command that no version in question has may not be run.
    fn can(&self, command: &str) -> Fact;
}

/// What a user may run.
#[derive(Clone)]
pub struct Commands(pub Arc<dyn Can>);

impl fmt::Debug for Commands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Commands")
    }
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
        self.0.binary_search_by_key(&name, |(name, _)| name).ok().map(|index| &self.0[index].1)
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

    /// The fields, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (Name, &Fact)> {
        self.0.iter().map(|(name, fact)| (*name, fact))
    }
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

/// Text that must never be shown: its `Debug` and `Display` are `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    bytes: Arc<[u8]>,
    hashed: bool,
}

impl Secret {
    /// Takes the bytes out of sight.
    pub fn new(bytes: impl Into<Arc<[u8]>>) -> Secret {
        Secret { bytes: bytes.into(), hashed: false }
    }

    /// A secret of which only the SHA-256 hash is known, as 64 hexadecimal digits.
    pub fn hashed(digits: impl Into<Arc<[u8]>>) -> Secret {
        Secret { bytes: digits.into(), hashed: true }
    }

    /// The SHA-256 hash, for finding the same secret elsewhere; none where a hash is written that is none.
    pub fn digest(&self) -> Option<[u8; 32]> {
        if !self.hashed {
            return Some(Sha256::digest(&self.bytes).into());
        }
        let mut digest = [0; 32];
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        if self.bytes.len() != 64 {
            return None;
        }
        for (byte, pair) in digest.iter_mut().zip(self.bytes.chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Some(digest)
    }

    /// Whether this is the secret.
    pub fn is(&self, guess: &str) -> bool {
        if !self.hashed {
            return *self.bytes == *guess.as_bytes();
        }
        let digest = Sha256::digest(guess.as_bytes());
        let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).map_or(0, |digit| digit as u8);
        let digits = digest.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
        digits.eq(self.bytes.iter().map(u8::to_ascii_lowercase))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Value {
        Value::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Value {
        Value::Int(value)
    }
}

impl From<&'static str> for Value {
    fn from(value: &'static str) -> Value {
        Value::Text(Text::Own(value))
    }
}

impl From<String> for Value {
    fn from(value: String) -> Value {
        Value::Text(Text::Made(value.into()))
    }
}

impl From<Cow<'_, str>> for Value {
    fn from(value: Cow<'_, str>) -> Value {
        Value::Text(Text::Made(value.into()))
    }
}

impl From<Arc<str>> for Value {
    fn from(value: Arc<str>) -> Value {
        Value::Text(Text::Made(value))
    }
}

impl From<Secret> for Value {
    fn from(secret: Secret) -> Value {
        Value::Secret(secret)
    }
}

impl From<Vec<Fact>> for Value {
    fn from(facts: Vec<Fact>) -> Value {
        Value::List(List { items: Items::Here(facts.into()), rest: None })
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
