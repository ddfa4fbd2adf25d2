//! Which commands each version has, and what ACLs need to know of them. The tables are made from
//! `data/commands.toml` by the build script.

use std::ops::{Deref, Range};

use crate::platform::redis::version::{VERSIONS, Version};

/// A command or subcommand, by its place in the list of those of all versions: the same number in every version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Command(u16);

/// What one version says of a command.
#[derive(Debug)]
pub struct Row {
    /// The number of words, or when negative at least so many.
    pub arity: i8,
    /// The categories of the command itself, as bits in the order of [`CATEGORIES`].
    pub categories: u32,
    /// Where its keys are (7.0 and later).
    pub keys: &'static [KeySpec],
    /// First, last and step of its keys (6.2).
    pub range: Option<[i8; 3]>,
    /// How keys are found where the two above do not tell.
    pub code: Code,
    /// What channels it names.
    pub channels: Channels,
    /// What databases it names (Valkey 9.1).
    pub databases: Databases,
    /// Whether it needs no permission at all.
    pub no_auth: bool,
}

/// One place where a command has keys (`server.h:keySpec`, 7.0 and later).
#[derive(Debug)]
pub struct KeySpec {
    /// Where they begin.
    pub begin: Begin,
    /// The last of them, counted from the first, or when negative from the end of the command.
    pub last: i8,
    /// Whether a number of keys comes first.
    pub counted: bool,
    /// Every how many words there is a key.
    pub step: i8,
    /// Only the first 1/part of the words are keys; 0 for all.
    pub part: i8,
    /// Whether the keys' values are read.
    pub read: bool,
    /// Whether the keys are inserted, updated or deleted.
    pub write: bool,
    /// Whether these are no keys but hash to slots as keys do.
    pub not_a_key: bool,
    /// Whether there may be keys elsewhere.
    pub incomplete: bool,
    /// Whether the two permissions depend on other words.
    pub varying: bool,
}

/// Where a [`KeySpec`] begins.
#[derive(Debug, Clone, Copy)]
pub enum Begin {
    /// At this word.
    At(i8),
    /// After this word, sought from there on; when negative, from so far before the end backwards.
    Word(&'static [u8], i8),
    /// It cannot be told from the words.
    Unknown,
}

/// How a command's own function finds keys (`db.c: *GetKeys`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the function of the command of its name")]
pub enum Code {
    /// The command has no such function.
    None,
    /// A number of keys at `count`, the keys after it, and one more at `store` unless that is 0.
    Counted {
        count: u8,
        store: u8,
    },
    Bitfield,
    Georadius,
    Memory,
    Migrate,
    Set,
    Sort,
    SortRo,
    Stralgo,
    Xread,
}

/// The channels that a command names (`db.c:commands_with_channels`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channels {
    /// None that ACLs look at.
    None,
    /// The first word after the command.
    Publish,
    /// All words after the command.
    Subscribe,
    /// All words after the command, as patterns.
    Pattern,
}

/// The databases that a command names besides the current one (Valkey 9.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the command of its name")]
pub enum Databases {
    /// None.
    None,
    /// Every database there is.
    All,
    Copy,
    Move,
    Select,
    Swapdb,
}

/// The tables of one version, as a plain server or as a Sentinel.
#[derive(Debug)]
pub struct Table {
    /// For each command its row, or `u16::MAX` where the version does not have it.
    rows: [u16; COUNT],
    /// For each category the commands that a rule on it touches.
    reach: [Set; CATEGORIES.len()],
    /// Every command there is.
    all: Set,
}

/// A set of commands.
pub type Set = [u64; WORDS];

/// The bit that stands for commands which modules may bring later.
pub const FUTURE: usize = WORDS * 64 - 1;

include!(concat!(env!("OUT_DIR"), "/commands.rs"));

impl Command {
    /// The full name: `get`, `config|set`.
    pub fn name(self) -> &'static str {
        NAMES.get(self.index()).copied().unwrap_or_default()
    }

    /// Its number, less than [`COUNT`].
    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    /// The command that it is a subcommand of, if it is one.
    pub fn container(self) -> Option<Command> {
        CONTAINERS.get(self.index()).map(|above| Command(*above)).filter(|above| *above != self)
    }

    /// The numbers of its subcommands in all versions.
    fn subcommands(self) -> Range<usize> {
        let first = self.index() + 1;
        let many = CONTAINERS[first.min(COUNT)..].iter().take_while(|above| **above == self.0).count();
        first..first + many
    }
}

/// The words that call a command: its name, and of a subcommand that of its container first.
#[derive(Debug, Clone, Copy)]
pub struct Call<'n> {
    words: [&'n [u8]; 2],
    count: usize,
}

impl<'n> Call<'n> {
    /// The words of `command` or `container|subcommand`.
    pub fn of(name: &'n [u8]) -> Call<'n> {
        match memchr::memchr(b'|', name) {
            Some(bar) => Call { words: [&name[..bar], &name[bar + 1..]], count: 2 },
            None => Call { words: [name, &[]], count: 1 },
        }
    }
}

impl<'n> Deref for Call<'n> {
    type Target = [&'n [u8]];

    fn deref(&self) -> &[&'n [u8]] {
        &self.words[..self.count]
    }
}

impl Table {
    /// The tables of a version.
    pub fn of(version: &Version) -> &'static Table {
        &TABLES[Table::number(version)]
    }

    /// The tables of a version that runs as a Sentinel: only commands flagged SENTINEL, and those that no other server
    /// has (`server.c:populateCommandStructure`, 7.0 and later; 6.2: `sentinel.c:sentinelcmds`).
    pub fn of_sentinel(version: &Version) -> &'static Table {
        &SENTINEL_TABLES[Table::number(version)]
    }

    fn number(version: &Version) -> usize {
        VERSIONS.iter().position(|known| known == version).unwrap_or(VERSIONS.len() - 1)
    }

    /// What the version says of a command, if it has it.
    pub fn row(&self, command: Command) -> Option<&'static Row> {
        ROWS.get(usize::from(*self.rows.get(command.index())?))
    }

    /// Every command that the version has, subcommands right after their container.
    pub fn commands(&self) -> impl Iterator<Item = Command> + '_ {
        (0..COUNT).filter(|id| self.rows[*id] != u16::MAX).filter_map(|id| u16::try_from(id).ok()).map(Command)
    }

    /// The commands that a rule on a category touches, whatever the case of its name
    /// (`acl.c:ACLSetSelectorCommandBitsForCategory`).
    pub fn category(&self, name: &[u8]) -> Option<&Set> {
        let index = CATEGORIES.iter().position(|category| name.eq_ignore_ascii_case(category.as_bytes()))?;
        self.reach.get(index)
    }

    /// The command of this name as a client calls it, without subcommands.
    pub fn top(&self, name: &[u8]) -> Option<Command> {
        let mut lower = [0u8; 32];
        let lower = lower.get_mut(..name.len())?;
        lower.copy_from_slice(name);
        lower.make_ascii_lowercase();
        self.known(*TOP.get(&*lower)?)
    }

    /// The subcommand of this name.
    pub fn subcommand(&self, container: Command, name: &[u8]) -> Option<Command> {
        let skip = container.name().len() + 1;
        let same = |id: &usize| NAMES[*id].as_bytes().get(skip..).is_some_and(|sub| name.eq_ignore_ascii_case(sub));
        let mut same = container.subcommands().filter(same);
        same.find_map(|id| self.known(Command(u16::try_from(id).ok()?)))
    }

    /// Whether the version has subcommands of this command.
    pub fn has_subcommands(&self, command: Command) -> bool {
        command.subcommands().any(|id| self.rows[id] != u16::MAX)
    }

    /// The command that a rule names, `name` or `name|sub` (`acl.c:ACLLookupCommand`, `server.c:lookupCommandBySdsLogic`).
    pub fn named(&self, name: &[u8]) -> Option<Command> {
        let mut parts = name.split(|byte| *byte == b'|');
        let command = self.top(parts.next()?)?;
        match (parts.next(), parts.next()) {
            (None, _) => Some(command),
            (Some(sub), None) => self.subcommand(command, sub),
            (Some(_), Some(_)) => None,
        }
    }

    /// The command that a client's words call (`server.c:lookupCommand`). Before 7.0 there are no subcommands.
    pub fn called(&self, words: &[&[u8]]) -> Option<Command> {
        let command = self.top(words.first()?)?;
        match words.get(1) {
            Some(sub) if self.has_subcommands(command) => self.subcommand(command, sub),
            _ => Some(command),
        }
    }

    /// The command that `command` or `container|subcommand` names, and the words that call it.
    pub fn call<'n>(&self, name: &'n [u8]) -> Option<(Command, Call<'n>)> {
        let call = Call::of(name);
        Some((self.called(&call)?, call))
    }

    /// The command and its subcommands, which a rule on it touches as well (`acl.c:ACLChangeSelectorPerm`).
    pub fn with_subcommands(&self, command: Command) -> Set {
        let mut set = [0; WORDS];
        insert(&mut set, command.index());
        for id in command.subcommands().filter(|id| self.rows[*id] != u16::MAX) {
            insert(&mut set, id);
        }
        set
    }

    /// Every command of the version.
    pub fn all(&self) -> &Set {
        &self.all
    }

    fn known(&self, command: Command) -> Option<Command> {
        (self.rows[command.index()] != u16::MAX).then_some(command)
    }
}

/// Puts a number into a set.
pub fn insert(set: &mut Set, index: usize) {
    if let Some(word) = set.get_mut(index / 64) {
        *word |= 1 << (index % 64);
    }
}

/// Whether a number is in a set.
pub fn contains(set: &Set, index: usize) -> bool {
    set.get(index / 64).is_some_and(|word| word & (1 << (index % 64)) != 0)
}
