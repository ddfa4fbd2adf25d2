//! A pair of subjects while it is compared: what each has under one path, world by world.

use std::sync::Arc;

use super::found::{About, Difference, Held, Located, Undecided};
use super::kind::{Kinds, id, names};
use super::order::Weaker;
use super::value::Plain;
use crate::fact::{Fact, Origin, Record, Subject, Unknown, Value, Why};
use crate::finding::Severity;
use crate::mask::one_line;
use crate::platform::redis::live::subject::CARRIER;
use crate::report::Shower;
use crate::text::Span;

/// A subject with what shows its places.
#[derive(Clone, Copy)]
pub struct One<'a> {
    /// The subject.
    pub subject: &'a Subject,
    /// What shows places.
    pub show: Shower<'a>,
}

/// Both subjects of a pair.
pub struct Scene<'a> {
    /// That of the first side.
    pub left: One<'a>,
    /// That of the second side.
    pub right: One<'a>,
    /// What the pair is called.
    pub about: About,
    /// The worlds to compare: their numbers on each side, and the name for it.
    pub worlds: Vec<World>,
    /// Whether one is the file of the other, which runs: then both have the same passwords.
    pub of_one_instance: bool,
}

/// Whether a subject is a server that runs.
pub fn is_live(subject: &Subject) -> bool {
    subject.carrier == CARRIER
}

/// What a subject has under a path.
#[derive(Debug, Clone)]
pub enum Look {
    /// A value, and where it comes from.
    Known(Plain, Origin),
    /// It is not known.
    Unknown(Unknown),
    /// There is none.
    Absent,
}

/// A difference before it is said whose it is.
#[derive(Debug, Clone)]
pub struct Raw {
    /// What differs, below the platform.
    pub path: String,
    /// The same for people.
    pub label: String,
    /// What the first side has.
    pub left: Held,
    /// What the second side has.
    pub right: Held,
    /// The weaker side.
    pub weaker: Weaker,
    /// What follows.
    pub why: String,
    /// How bad it is, where that is not what its kind says.
    pub severity: Option<Severity>,
}

/// A world of each side, by number, and the name for both.
pub type World = (usize, usize, String);

/// Says of what two subjects have whether it differs: the kind, and what is to be told.
pub type Judge<'j> = dyn Fn(Look, Look, &World) -> Option<(&'static str, Raw)> + 'j;

/// Where what is found is put.
#[derive(Debug)]
pub struct Out<'k> {
    /// Titles and severities.
    pub kinds: &'k Kinds,
    /// The differences.
    pub differences: Vec<Difference>,
    /// What could not be compared.
    pub undecided: Vec<Undecided>,
}

impl One<'_> {
    /// Where a span is, as reports show it.
    pub fn place(&self, span: Span) -> Located {
        Located { path: self.show.path(span.source), start: self.show.start(span), end: self.show.end(span) }
    }

    /// The fact under a path below the platform, as a world has it.
    pub fn fact(&self, path: &str, world: usize) -> Option<Fact> {
        field(&self.subject.facts, path, world)
    }

    /// What there is under a path.
    pub fn look(&self, path: &str, world: usize) -> Look {
        let Some(fact) = self.fact(path, world) else { return self.absent(path) };
        match fact {
            Fact::Unknown(unknown) => Look::Unknown(unknown),
            Fact::Known { value, origin } => match Plain::of(&value, world) {
                Ok(Some(plain)) => Look::Known(plain, origin),
                Ok(None) => Look::Absent,
                Err(unknown) => Look::Unknown(unknown),
            },
        }
    }

    /// What it means that there is no such fact: that the version has none, or that more of it lies elsewhere.
    fn absent(&self, path: &str) -> Look {
        let name = path.split('.').next().unwrap_or_default();
        let known = self.subject.absent.as_ref().filter(|_| !self.subject.lacks.contains(&name));
        known.map_or(Look::Absent, |needs| Look::Unknown(self.unknown(needs.clone())))
    }

    /// Something that this subject does not tell.
    pub fn unknown(&self, needs: Arc<str>) -> Unknown {
        Unknown::new(Why::NotReadable, self.subject.main, needs)
    }

    /// What is held, with its places.
    pub fn held(&self, value: impl Into<String>, spans: &[Span]) -> Held {
        let mut places: Vec<Located> = Vec::new();
        for place in spans.iter().map(|span| self.place(*span)) {
            if !places.contains(&place) {
                places.push(place);
            }
        }
        Held { value: one_line(&value.into()), places }
    }
}

/// The field of a record under a path, as a world has it.
pub fn field(record: &Record, path: &str, world: usize) -> Option<Fact> {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let fact = record.get(name)?.in_world(world);
    // Of versions at odds this one has no such thing.
    if matches!(fact, Fact::Unknown(unknown) if !unknown.sides.is_empty()) {
        return None;
    }
    match (rest, fact) {
        (None, fact) => Some(fact.clone()),
        (Some(rest), Fact::Known { value: Value::Record(inner), .. }) => field(inner, rest, world),
        (Some(_), Fact::Unknown(unknown)) => Some(Fact::Unknown(unknown.clone())),
        (Some(_), Fact::Known { .. }) => None,
    }
}

/// Between the versions of both sides, where they differ.
pub const AND: &str = " and ";

/// The worlds in which two subjects are compared: those that both may be, else every one with every other.
pub fn worlds(left: &Subject, right: &Subject) -> Vec<World> {
    let place = |name: &String| right.worlds.iter().position(|other| other == name);
    let common = left.worlds.iter().enumerate().filter_map(|(number, name)| Some((number, place(name)?, name.clone())));
    let common: Vec<_> = common.collect();
    if !common.is_empty() {
        return common;
    }
    // A subject without versions has one world.
    let names = |subject: &Subject| -> Vec<String> {
        if subject.worlds.is_empty() { vec![String::new()] } else { subject.worlds.to_vec() }
    };
    let (left, right) = (names(left), names(right));
    let every = left
        .iter()
        .enumerate()
        .flat_map(|(one, a)| right.iter().enumerate().map(move |(other, b)| (one, other, format!("{a}{AND}{b}"))));
    every.collect()
}

impl Scene<'_> {
    /// Adds a difference.
    pub fn differs(&self, kind: &str, raw: Raw, versions: Vec<String>, out: &mut Out<'_>) {
        let kind = if self.of_one_instance { names::RUNS } else { kind };
        let of_kind = out.kinds.get(kind).map_or(Severity::Info, |kind| kind.severity);
        let severity = raw.severity.filter(|_| !self.of_one_instance).unwrap_or(of_kind);
        out.differences.push(Difference {
            subject: Some(self.about.clone()),
            what: format!("{}.{}", self.about.kind, raw.path),
            label: one_line(&raw.label),
            kind: id(kind),
            severity,
            left: raw.left,
            right: raw.right,
            weaker: raw.weaker,
            why: raw.why,
            versions,
            allowed: None,
        });
    }

    /// Adds something that is not known on a side. What waits for the same is one thing.
    pub fn undecided(&self, path: &str, is_left: bool, unknown: &Unknown, out: &mut Out<'_>) {
        let one = if is_left { self.left } else { self.right };
        let what = format!("{}.{path}", self.about.kind);
        let made = Undecided {
            subject: Some(self.about.clone()),
            side: if is_left { "left" } else { "right" },
            why: unknown.why.as_str(),
            needs: one_line(&unknown.needs),
            place: Some(one.place(unknown.at)),
            what: Vec::new(),
        };
        let same = |other: &&mut Undecided| {
            (&other.subject, other.side, other.why, &other.needs, &other.place)
                == (&made.subject, made.side, made.why, &made.needs, &made.place)
        };
        match out.undecided.iter_mut().find(same) {
            Some(known) if known.what.contains(&what) => {}
            Some(known) => known.what.push(what),
            None => out.undecided.push(Undecided { what: vec![what], ..made }),
        }
    }

    /// Compares what both have under a path. `judge` says of two values whether they differ, and how.
    pub fn compare(&self, path: &str, judge: &Judge<'_>, out: &mut Out<'_>) {
        let mut found: Vec<(&'static str, Raw, Vec<String>)> = Vec::new();
        for world in &self.worlds {
            // What neither has is no question, as of two ACL files alone.
            if self.left.fact(path, world.0).is_none() && self.right.fact(path, world.1).is_none() {
                continue;
            }
            let (left, right) = (self.left.look(path, world.0), self.right.look(path, world.1));
            let mut open = false;
            for (look, is_left) in [(&left, true), (&right, false)] {
                if let Look::Unknown(unknown) = look {
                    self.undecided(path, is_left, unknown, out);
                    open = true;
                }
            }
            if open {
                continue;
            }
            let Some((kind, raw)) = judge(left, right, world) else { continue };
            let same = |(_, known, _): &&mut (&str, Raw, Vec<String>)| {
                (&known.left.value, &known.right.value, known.weaker) == (&raw.left.value, &raw.right.value, raw.weaker)
            };
            match found.iter_mut().find(same) {
                Some((.., versions)) => versions.push(world.2.clone()),
                None => found.push((kind, raw, vec![world.2.clone()])),
            }
        }
        for (kind, raw, versions) in found {
            let all = versions.len() == self.worlds.len();
            self.differs(kind, raw, if all { Vec::new() } else { versions }, out);
        }
    }
}
