//! The settings of `redis.conf` and `valkey.conf` in every version that hardline has tables for.
//!
//! The tables are made from `data/directives.toml` when hardline is built, so they cost nothing at start-up.

use crate::schema::{Field, Type};

use super::version::{VERSIONS, Version};

include!(concat!(env!("OUT_DIR"), "/directives.rs"));

/// A setting, whatever a version calls it: its place in [`SETTINGS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SettingId(pub u16);

/// A setting in all versions.
#[derive(Debug)]
pub struct Setting {
    /// What it is called in the data file.
    pub name: &'static str,
    /// What it is called as a fact.
    pub fact: &'static str,
    /// Whether no version shows it: then it is no fact.
    pub hidden: bool,
    /// What it is in each of [`VERSIONS`].
    by_version: [Option<&'static Spec>; VERSIONS.len()],
}

/// A setting in one version.
#[derive(Debug)]
pub struct Spec {
    /// Its place in the table; the same for all versions that agree on everything here.
    pub number: usize,
    /// What the version calls it.
    pub name: &'static str,
    /// What it can be called as well.
    pub alias: Option<&'static str>,
    /// What values it takes.
    pub kind: Kind,
    /// What else must hold of a value.
    pub rule: Option<Rule>,
    /// Its value when nothing is written, as `CONFIG GET` prints it.
    pub default: &'static str,
    /// Whether `CONFIG GET *` leaves it out.
    pub hidden: bool,
    /// Whether its value must never be shown.
    pub secret: bool,
    /// Whether it cannot be changed while the server runs.
    pub immutable: bool,
    /// Whether it can be changed while the server runs only under `enable-protected-configs`.
    pub protected: bool,
}

/// What values a setting takes (`config.c`: the `create…Config` macros, and the functions of special settings).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `yes` or `no`.
    Bool,
    /// A whole number.
    Int(Range),
    /// One of these words.
    Enum(&'static [&'static str]),
    /// Some of these words; the first stands for none.
    Flags(&'static [&'static str]),
    /// Bytes up to the first NUL.
    Text,
    /// Bytes.
    Bytes,
    /// Addresses: `bind`, `rdma-bind`.
    Bind,
    /// Points of seconds and changes: `save`.
    Save,
    /// `client-output-buffer-limit`.
    OutputLimits,
    /// `oom-score-adj-values`.
    OomScores,
    /// `latency-tracking-info-percentiles`.
    Percentiles,
    /// `notify-keyspace-events`.
    KeyspaceEvents,
    /// `replicaof`.
    ReplicaOf,
    /// `dir`.
    Dir,
}

impl Kind {
    /// Whether it takes any number of words, and splits a single one again (`config.c: MULTI_ARG_CONFIG`, from 7.0).
    pub fn many(self) -> bool {
        matches!(
            self,
            Kind::Flags(_)
                | Kind::Bind
                | Kind::Save
                | Kind::OutputLimits
                | Kind::OomScores
                | Kind::Percentiles
                | Kind::ReplicaOf
        )
    }
}

/// Which whole numbers a setting takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The least.
    pub min: i64,
    /// The greatest.
    pub max: i64,
    /// How it may be written.
    pub unit: Unit,
    /// Whether the server compares the 64 bits as an unsigned number; so -1 as `max` is the largest there is.
    pub unsigned: bool,
}

/// How a number may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// In decimal digits.
    Plain,
    /// In decimal digits with a unit of memory.
    Memory,
    /// The same, and shown with its sign.
    SignedMemory,
    /// With a unit of memory or as a percentage, which is stored as a negative number.
    MemoryOrPercent,
    /// In octal digits.
    Octal,
}

/// What else must hold of a value (`config.c: isValid…`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// A file name without a folder.
    FileName,
    /// The same, and not empty.
    FileNameNotEmpty,
    /// Not empty.
    NotEmpty,
    /// Letters, digits, `-` and `.`, at most 255 of them.
    Hostname,
    /// No character that the cluster's own file needs.
    NodeName,
    /// The same, and at most 45 bytes.
    AnnouncedIp,
    /// A template with the variables that the server knows.
    Title,
    /// A locale that the host has.
    Locale,
    /// Empty or an IPv4 address.
    Ipv4,
    /// Empty or an IPv6 address.
    Ipv6,
    /// `yes` only where the server was built with its own jemalloc.
    Defrag,
}

/// How many different [`Spec`]s there are.
pub const COUNT: usize = SPECS.len();

impl Spec {
    /// Whether a value of one is shown as the same value of the other.
    pub fn shows_like(&'static self, other: &'static Spec) -> bool {
        self.number == other.number || self.kind == other.kind && self.secret == other.secret
    }
}

impl SettingId {
    /// The setting of this name in facts' terms: the key of the data file.
    pub fn of(name: &str) -> Option<SettingId> {
        KEYS.get(name).copied()
    }

    /// All settings.
    pub fn all() -> impl Iterator<Item = SettingId> {
        (0..SETTINGS.len()).filter_map(|index| u16::try_from(index).ok()).map(SettingId)
    }

    /// Its place in [`SETTINGS`].
    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    /// The setting in all versions.
    pub fn setting(self) -> &'static Setting {
        &SETTINGS[self.index()]
    }

    /// Whether its value must never be shown, in any version.
    pub fn is_secret(self) -> bool {
        self.setting().by_version.iter().flatten().any(|spec| spec.secret)
    }

    /// The setting in the version of this number in [`VERSIONS`], if that version has it.
    pub fn spec(self, world: usize) -> Option<&'static Spec> {
        self.setting().by_version.get(world).copied().flatten()
    }
}

/// No setting has a longer name; the build script sees to it.
const LONGEST: usize = 64;

/// What a word at the start of a line names: a setting, in the versions whose bits are set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named {
    /// The setting.
    pub setting: SettingId,
    versions: u16,
}

impl Named {
    /// What the setting is in the version of this number, if the word names it there.
    pub fn spec(self, world: usize) -> Option<&'static Spec> {
        if self.versions >> world & 1 == 1 { self.setting.spec(world) } else { None }
    }
}

/// The setting that a word names in some version, whatever its case.
pub fn named(word: &[u8]) -> Option<Named> {
    let mut lower = [0u8; LONGEST];
    let lower = lower.get_mut(..word.len())?;
    lower.copy_from_slice(word);
    lower.make_ascii_lowercase();
    NAMED.get(&*lower).copied()
}

/// The number of a version in [`VERSIONS`], which is its bit in generated tables.
pub fn world(version: &Version) -> usize {
    VERSIONS.iter().position(|other| other == version).unwrap_or(0)
}
