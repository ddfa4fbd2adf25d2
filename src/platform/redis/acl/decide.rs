//! Whether a user may run a command: the answer of `ACL DRYRUN`, and before 7.0 that of a session in MULTI.

use super::commands::{Command, Databases, Row, Table};
use super::keys::{self, Key, c_string};
use super::{Evaluator, Selector, User, glob};

/// The reply to a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The version has no such command.
    UnknownCommand,
    /// The command takes another number of words.
    WrongArity(Command),
    /// The user may run it.
    Allowed {
        /// The selector that grants everything, 0 being the root.
        selector: usize,
    },
    /// The user may not.
    Denied {
        /// What is missing.
        reason: Reason,
        /// The selector in which that is missing, 0 being the root.
        selector: usize,
        /// The number of the word that is the key or channel, or 0.
        word: usize,
    },
}

/// What permission is missing. Where selectors miss different ones the server names the greatest
/// (`acl.c:ACLCheckAllUserCommandPerm`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// To a database (Valkey 9.1).
    Database,
    /// To run the command at all.
    Command,
    /// To a key, for what the command does to it.
    Key,
    /// To a channel.
    Channel,
}

impl Reason {
    /// Its word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::Database => "database",
            Reason::Command => "command",
            Reason::Key => "key",
            Reason::Channel => "channel",
        }
    }
}

/// What the answer depends on besides the user and the command (Valkey 9.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Situation {
    /// The current database of the session.
    pub database: i64,
    /// How many databases the server has.
    pub databases: i64,
}

impl Default for Situation {
    /// Database 0 of 16.
    fn default() -> Situation {
        Situation { database: 0, databases: 16 }
    }
}

impl Answer {
    /// Whether the command would run; `None` where it is no command.
    pub fn allowed(self) -> Option<bool> {
        match self {
            Answer::UnknownCommand | Answer::WrongArity(_) => None,
            Answer::Allowed { .. } => Some(true),
            Answer::Denied { .. } => Some(false),
        }
    }

    /// What is missing.
    pub fn reason(self) -> Option<Reason> {
        match self {
            Answer::Denied { reason, .. } => Some(reason),
            _ => None,
        }
    }
}

/// A command that exists and has the right number of words.
pub(super) struct Call<'a> {
    pub command: Command,
    pub row: &'static Row,
    pub words: &'a [&'a [u8]],
    keys: Option<Vec<Key>>,
}

impl Evaluator {
    /// Whether a user may run a command, in database 0 of 16. On/off and passwords do not matter.
    pub fn decide(&self, user: &User<'_>, words: &[&[u8]]) -> Answer {
        self.decide_in(user, words, Situation::default())
    }

    /// Whether a user may run a command (`acl.c:aclCommand`, DRYRUN; 6.2: `server.c:processCommand`).
    pub fn decide_in(&self, user: &User<'_>, words: &[&[u8]], situation: Situation) -> Answer {
        // 6.2 answers QUIT before it looks anything up.
        if !self.version.since(7, 0) && words.first().is_some_and(|word| word.eq_ignore_ascii_case(b"quit")) {
            return Answer::Allowed { selector: 0 };
        }
        let Some((command, row)) = self.table.called(words).and_then(|call| Some((call, self.table.row(call)?))) else {
            return Answer::UnknownCommand;
        };
        let arity = usize::from(row.arity.unsigned_abs());
        if words.len() < arity || (row.arity > 0 && words.len() != arity) {
            return Answer::WrongArity(command);
        }
        let mut call = Call { command, row, words, keys: None };
        let mut worst: Option<(Reason, usize, usize)> = None;
        for (number, selector) in user.every_selector().enumerate() {
            match self.refuses(selector, &mut call, situation) {
                None => return Answer::Allowed { selector: number },
                Some((reason, word)) => {
                    if worst.is_none_or(|(known, at, _)| (reason, word) > (known, at)) {
                        worst = Some((reason, word, number));
                    }
                }
            }
        }
        let (reason, word, selector) = worst.unwrap_or((Reason::Command, 0, 0));
        Answer::Denied { reason, selector, word }
    }

    /// What a selector misses for a command, and the word that it misses it for (`acl.c:ACLSelectorCheckCmd`).
    fn refuses(&self, selector: &Selector<'_>, call: &mut Call<'_>, situation: Situation) -> Option<(Reason, usize)> {
        if !selector.all_databases && self.lacks_database(selector, call, situation) {
            return Some((Reason::Database, 0));
        }
        if !call.row.no_auth && !selector.allows(call.command, call.words) {
            return Some((Reason::Command, 0));
        }
        if !selector.all_keys && keys::has_keys(call.row) {
            let selectors = self.version.since(7, 0);
            let keys = call.keys.get_or_insert_with(|| keys::keys(call.row, call.words, selectors));
            let words = call.words;
            if let Some(key) = keys.iter().find(|key| !selector.opens_key(words[key.at], key.read, key.write)) {
                return Some((Reason::Key, key.at));
            }
        }
        if !selector.all_channels {
            let (mut channels, pattern) = keys::channels(call.row, call.words.len());
            if let Some(word) = channels.find(|at| !selector.opens_channel(call.words[*at], pattern)) {
                return Some((Reason::Channel, word));
            }
        }
        None
    }

    /// Whether a selector that does not have every database lacks one that the command needs (Valkey 9.1.2).
    fn lacks_database(&self, selector: &Selector<'_>, call: &Call<'_>, situation: Situation) -> bool {
        let has = |number: &i64| selector.databases.binary_search(number).is_ok();
        let named = keys::databases(call.row, call.words, situation.databases);
        if !named.iter().all(has) {
            return true;
        }
        match call.row.databases {
            Databases::All => !(0..situation.databases).all(|number| has(&number)),
            // These do nothing in the current database.
            Databases::Select | Databases::Swapdb => false,
            Databases::None | Databases::Move | Databases::Copy => {
                uses_current_database(call.row) && !has(&situation.database)
            }
        }
    }
}

/// Whether a command does something in the current database: it has keys, or is in @keyspace, @read or @write.
fn uses_current_database(row: &Row) -> bool {
    let in_category = |name: &str| {
        let place = super::commands::CATEGORIES.iter().position(|category| *category == name);
        place.is_some_and(|place| row.categories & (1 << place) != 0)
    };
    keys::has_keys(row) || ["keyspace", "read", "write"].into_iter().any(in_category)
}

impl Selector<'_> {
    /// Whether a command is allowed, as a whole or with this first word.
    pub(super) fn allows(&self, command: Command, words: &[&[u8]]) -> bool {
        let first = words.get(1).map(|word| c_string(word));
        self.has(command)
            || first.is_some_and(|first| self.first_words(command).any(|word| word.eq_ignore_ascii_case(first)))
    }

    /// Whether a key may be used so (`acl.c:ACLSelectorCheckKey`).
    pub fn opens_key(&self, key: &[u8], read: bool, write: bool) -> bool {
        self.all_keys
            || self
                .keys
                .iter()
                .any(|known| (known.read || !read) && (known.write || !write) && glob::matches(&known.pattern, key))
    }

    /// Whether a channel may be used; a pattern must be there letter for letter
    /// (`acl.c:ACLCheckChannelAgainstList`).
    pub fn opens_channel(&self, channel: &[u8], is_pattern: bool) -> bool {
        self.all_channels
            || self.channels.iter().any(|known| {
                if is_pattern { known.as_ref() == c_string(channel) } else { glob::matches(known, channel) }
            })
    }
}

/// Every command of a version with whether some selector allows it.
pub fn permitted<'a>(table: &'a Table, user: &'a User<'_>) -> impl Iterator<Item = (Command, bool)> + 'a {
    table.commands().map(|command| {
        let no_auth = table.row(command).is_some_and(|row| row.no_auth);
        (command, no_auth || user.every_selector().any(|selector| selector.has(command)))
    })
}
