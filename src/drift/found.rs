//! What a comparison comes to: plain data, without what must not be shown.

use serde::Serialize;

use super::order::Weaker;
use crate::finding::Severity;
use crate::text::{Level, Position};

/// A place as reports show it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Located {
    /// The path, relative to the working folder.
    pub path: String,
    /// Where it begins.
    pub start: Position,
    /// Where it ends.
    pub end: Position,
}

impl Located {
    /// `path:line:column`.
    pub fn show(&self) -> String {
        format!("{}:{}:{}", self.path, self.start.line, self.start.column)
    }
}

/// What one side has.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Held {
    /// The value, to be read; secrets are `***`.
    pub value: String,
    /// Where it is written or follows from.
    pub places: Vec<Located>,
}

/// A pair of subjects, or one without the other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct About {
    /// The platform: `redis`.
    pub kind: &'static str,
    /// What the pair is called: the path that both have below their side, else a name.
    pub name: String,
    /// The path of the first side's.
    pub left: Option<String>,
    /// The path of the second side's.
    pub right: Option<String>,
}

/// Who answers for a difference.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Allowed {
    /// Who.
    pub owner: String,
    /// Why it is right.
    pub reason: String,
    /// The last day on which it holds.
    pub until: String,
    /// Where that is said.
    pub source: Located,
}

/// A difference.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Difference {
    /// Whose it is; none where it is about the sides as a whole.
    pub subject: Option<About>,
    /// What differs: `redis.protected_mode`, `redis.acl.users[app].commands`.
    pub what: String,
    /// The same for people: `protected-mode`, `user app: commands`.
    pub label: String,
    /// What is found: `drift/weaker-setting`.
    pub kind: String,
    /// How bad that is.
    pub severity: Severity,
    /// What the first side has.
    pub left: Held,
    /// What the second side has.
    pub right: Held,
    /// The weaker side.
    pub weaker: Weaker,
    /// What follows, in one line.
    pub why: String,
    /// The versions for which this holds, where it does not for all.
    pub versions: Vec<String>,
    /// Who answers for it, if somebody does.
    pub allowed: Option<Allowed>,
}

/// Something that is not known on a side, and so not compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Undecided {
    /// Whose it is.
    pub subject: Option<About>,
    /// The side: `left` or `right`.
    pub side: &'static str,
    /// Why it is not known.
    pub why: &'static str,
    /// What would help.
    pub needs: String,
    /// Where the knowing ended.
    pub place: Option<Located>,
    /// What waits for it.
    pub what: Vec<String>,
}

/// One of the two sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SideOf {
    /// What it is called.
    pub name: String,
    /// How many subjects it has.
    pub subjects: usize,
}

/// What the user should know besides.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Told {
    /// How much it matters.
    pub level: Level,
    /// What it is about, if it is about something: `path:line:column` or a path.
    pub place: Option<String>,
    /// What there is to say.
    pub message: String,
}

/// How often each thing was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Tally {
    /// Differences that nobody answers for.
    pub differences: usize,
    /// Those in which the first side is the weaker.
    pub weaker_left: usize,
    /// Those in which the second is.
    pub weaker_right: usize,
    /// Those in which each is in something.
    pub both_ways: usize,
    /// Those that say nothing of that.
    pub neither: usize,
    /// Those of which it cannot be told.
    pub unknown: usize,
    /// Differences that somebody answers for.
    pub allowed: usize,
    /// What is not known on a side.
    pub undecided: usize,
}

/// Which differences make the exit code 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailOn {
    /// Every one.
    Any,
    /// Those in which a side is weaker, or may be.
    Weaker,
}

/// What a comparison comes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// The first side.
    pub left: SideOf,
    /// The second side.
    pub right: SideOf,
    /// The differences, by subject.
    pub differences: Vec<Difference>,
    /// What could not be compared.
    pub undecided: Vec<Undecided>,
    /// What the user should know besides.
    pub notices: Vec<Told>,
    /// Whether a server told nothing of itself, so that what is equal is only what the others told.
    #[serde(skip)]
    pub unread: bool,
}

impl Comparison {
    /// The differences that nobody answers for.
    pub fn failing(&self) -> impl Iterator<Item = &Difference> {
        self.differences.iter().filter(|one| one.allowed.is_none())
    }

    /// The differences that somebody answers for.
    pub fn allowed(&self) -> impl Iterator<Item = (&Difference, &Allowed)> {
        self.differences.iter().filter_map(|one| Some((one, one.allowed.as_ref()?)))
    }

    /// The numbers.
    pub fn tally(&self) -> Tally {
        let of = |weaker: Weaker| self.failing().filter(|one| one.weaker == weaker).count();
        Tally {
            differences: self.failing().count(),
            weaker_left: of(Weaker::Left),
            weaker_right: of(Weaker::Right),
            both_ways: of(Weaker::BothWays),
            neither: of(Weaker::Neither),
            unknown: of(Weaker::Unknown),
            allowed: self.allowed().count(),
            undecided: self.undecided.iter().map(|one| one.what.len()).sum(),
        }
    }

    /// The exit code: 1 for differences that count, 3 for a server that told nothing and under `strict` for
    /// what could not be compared, else 0.
    pub fn exit_code(&self, fail_on: FailOn, strict: bool) -> u8 {
        let counts = |one: &Difference| fail_on == FailOn::Any || one.weaker != Weaker::Neither;
        if self.failing().any(counts) {
            1
        } else if self.unread || strict && !self.undecided.is_empty() {
            3
        } else {
            0
        }
    }

    /// The names of both sides, short: of paths the last parts, where those differ.
    pub fn names(&self) -> [&str; 2] {
        let last = |name: &'_ SideOf| name.name.trim_end_matches('/').rfind('/').map_or(0, |slash| slash + 1);
        let (left, right) = (&self.left.name[last(&self.left)..], &self.right.name[last(&self.right)..]);
        if left == right { [&self.left.name, &self.right.name] } else { [left, right] }
    }

    /// The name of the weaker side, or a word for both.
    pub fn weaker_name(&self, weaker: Weaker) -> &str {
        match weaker {
            Weaker::Left => self.names()[0],
            Weaker::Right => self.names()[1],
            Weaker::Neither => "",
            Weaker::BothWays => "both",
            Weaker::Unknown => "unknown",
        }
    }

    /// All the numbers in one line.
    pub fn summary(&self) -> String {
        let tally = self.tally();
        let many = |count: usize, one: &str, more: &str| format!("{count} {}", if count == 1 { one } else { more });
        let [left, right] = self.names();
        format!(
            "{}: {} weaker in {left}, {} in {right}, {} in both, {} only different; {} allowed, {} undecided",
            many(tally.differences, "difference", "differences"),
            tally.weaker_left,
            tally.weaker_right,
            tally.both_ways,
            tally.neither + tally.unknown,
            tally.allowed,
            tally.undecided,
        )
    }
}
