//! Users as records: everything that each may do, and what is different between two sets of users.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::file::AclFile;
use super::parse::shown;
use super::takeover::Gates;
use super::{Evaluator, Read, Selector, decide};

/// A user and everything that it may do.
#[derive(Debug, Clone, Serialize)]
pub struct Shown {
    /// The name.
    pub name: String,
    /// Whether one can log in as this user.
    pub enabled: bool,
    /// Whether any password will do.
    pub nopass: bool,
    /// How many passwords it has.
    pub passwords: usize,
    /// The keys that are open outside parentheses.
    pub keys: Vec<Keys>,
    /// The channels that are open outside parentheses.
    pub channels: Vec<String>,
    /// The databases that are open outside parentheses, where not all are (Valkey 9.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub databases: Option<Vec<i64>>,
    /// Every command of the version; allowed is what some selector allows for some key.
    pub commands: Vec<Allowed>,
    /// The ways of taking over.
    pub takeover: Vec<Way>,
    /// The selectors in parentheses.
    pub selectors: Vec<Inner>,
    /// The file, when there is one.
    pub path: Option<String>,
    /// The line in the file, from 1; none for a default user that no line makes.
    pub line: Option<usize>,
}

/// A pattern of keys.
#[derive(Debug, Clone, Serialize)]
pub struct Keys {
    /// The glob pattern; `*` alone for every key.
    pub pattern: String,
    /// Whether the values may be read.
    pub read: bool,
    /// Whether the keys may be written.
    pub write: bool,
}

/// A command.
#[derive(Debug, Clone, Serialize)]
pub struct Allowed {
    /// Its full name, `config|set`.
    pub name: String,
    /// Whether it is allowed.
    pub allowed: bool,
    /// The rule that last said so.
    pub decided_by: Option<String>,
}

/// A way of taking over.
#[derive(Debug, Clone, Serialize)]
pub struct Way {
    /// Its name.
    pub way: &'static str,
    /// What it takes: host, data, service or secrets.
    pub takes: &'static str,
    /// Whether it is open to a client on another host; null when its gate cannot be told.
    pub open: Option<bool>,
    /// The setting that can close it whatever the rules say.
    pub gate: Option<&'static str>,
    /// The rule that decides.
    pub decided_by: Option<String>,
}

/// A selector in parentheses.
#[derive(Debug, Clone, Serialize)]
pub struct Inner {
    /// The selector as `ACL LIST` prints it, without parentheses.
    pub rules: String,
    /// The keys that are open.
    pub keys: Vec<Keys>,
    /// The channels that are open.
    pub channels: Vec<String>,
    /// The commands that are allowed.
    pub commands: Vec<&'static str>,
}

/// The users of an ACL file, the default user among them though no line makes it. Lines that are wrong make no user:
/// [`AclFile::errors`] has them.
pub fn users(evaluator: &Evaluator, file: &AclFile<'_>, path: Option<&str>, gates: Gates) -> Vec<Shown> {
    let mut users = Vec::new();
    let written = file.users();
    let names_default = written.iter().any(|(_, user)| file.bytes(&user.name) == b"default");
    if !names_default {
        let mut default = show(evaluator, "default", &Read::of(evaluator.default_user()), &[], gates);
        default.path = path.map(str::to_owned);
        users.push(default);
    }
    for (line, user) in written {
        let rules = file.rules(user);
        let Ok(made) = evaluator.read(&rules) else { continue };
        let mut one = show(evaluator, &text(file.bytes(&user.name)), &made, &rules, gates);
        one.path = path.map(str::to_owned);
        one.line = Some(line.number);
        users.push(one);
    }
    users
}

/// A user that `rules` make, which have been read.
pub fn show(evaluator: &Evaluator, name: &str, read: &Read<'_>, rules: &[&[u8]], gates: Gates) -> Shown {
    let user = &read.user;
    let rule = |arguments: &std::ops::Range<usize>| shown(rules, arguments);
    let commands = decide::permitted(evaluator.table(), user).map(|(command, allowed)| {
        let name = command.name();
        let decided_by = evaluator.command_decided_by(read, name.as_bytes()).map(|arguments| rule(&arguments));
        Allowed { name: name.to_owned(), allowed, decided_by }
    });
    let ways = evaluator.takeover(read, gates).into_iter().map(|standing| Way {
        way: standing.way.name,
        takes: standing.way.takes,
        open: standing.open,
        gate: standing.gate,
        decided_by: standing.decided_by.map(|arguments| rule(&arguments)),
    });
    let inner = |selector: &Selector<'_>| Inner {
        rules: text(&evaluator.describe_selector(selector)),
        keys: keys(selector),
        channels: channels(selector),
        commands: evaluator
            .table()
            .commands()
            .filter(|command| selector.has(*command))
            .map(super::commands::Command::name)
            .collect(),
    };
    Shown {
        name: name.to_owned(),
        enabled: user.enabled,
        nopass: user.nopass,
        passwords: user.passwords.len(),
        keys: keys(&user.root),
        channels: channels(&user.root),
        databases: (!user.root.all_databases).then(|| user.root.databases.clone()),
        commands: commands.collect(),
        takeover: ways.collect(),
        selectors: user.selectors.iter().map(inner).collect(),
        path: None,
        line: None,
    }
}

fn keys(selector: &Selector<'_>) -> Vec<Keys> {
    if selector.all_keys {
        return vec![Keys { pattern: "*".to_owned(), read: true, write: true }];
    }
    let keys = selector.keys.iter();
    keys.map(|key| Keys { pattern: text(&key.pattern), read: key.read, write: key.write }).collect()
}

fn channels(selector: &Selector<'_>) -> Vec<String> {
    if selector.all_channels {
        return vec!["*".to_owned()];
    }
    selector.channels.iter().map(|channel| text(channel)).collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What a user of the new set can do that the one of the same name in the old set cannot, and the other way round.
#[derive(Debug, Clone, Serialize)]
pub struct Difference {
    /// The name.
    pub name: String,
    /// `login`, `nopass`: what is needed to become this user.
    pub access: Change,
    /// Commands.
    pub commands: Change,
    /// Key patterns as rules write them.
    pub keys: Change,
    /// Channel patterns.
    pub channels: Change,
    /// Databases (Valkey 9.1).
    pub databases: Change,
    /// Whole selectors in parentheses.
    pub selectors: Change,
    /// Ways of taking over.
    pub takeover: Change,
}

/// What came and what went.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Only in the new set.
    pub gained: Vec<String>,
    /// Only in the old set.
    pub lost: Vec<String>,
}

impl Difference {
    fn changes(&self) -> [&Change; 7] {
        let Difference { access, commands, keys, channels, databases, selectors, takeover, .. } = self;
        [access, commands, keys, channels, databases, selectors, takeover]
    }

    /// Whether the user has gained anything.
    pub fn gains(&self) -> bool {
        self.changes().iter().any(|change| !change.gained.is_empty())
    }
}

/// The users that differ, sorted by name. A user that is missing on one side can do nothing there.
pub fn difference(old: &[Shown], new: &[Shown]) -> Vec<Difference> {
    let by_name = |users: &[Shown]| -> BTreeMap<String, Abilities> {
        users.iter().map(|user| (user.name.clone(), Abilities::of(user))).collect()
    };
    let (old, new) = (by_name(old), by_name(new));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let nothing = Abilities::default();
    let differences = names.into_iter().map(|name| {
        let (before, after) = (old.get(name).unwrap_or(&nothing), new.get(name).unwrap_or(&nothing));
        let change = |pick: fn(&Abilities) -> &BTreeSet<String>| Change {
            gained: pick(after).difference(pick(before)).cloned().collect(),
            lost: pick(before).difference(pick(after)).cloned().collect(),
        };
        Difference {
            name: name.clone(),
            access: change(|can| &can.access),
            commands: change(|can| &can.commands),
            keys: change(|can| &can.keys),
            channels: change(|can| &can.channels),
            databases: change(|can| &can.databases),
            selectors: change(|can| &can.selectors),
            takeover: change(|can| &can.takeover),
        }
    });
    differences.filter(|one| one.changes().iter().any(|change| **change != Change::default())).collect()
}

#[derive(Default)]
struct Abilities {
    access: BTreeSet<String>,
    commands: BTreeSet<String>,
    keys: BTreeSet<String>,
    channels: BTreeSet<String>,
    databases: BTreeSet<String>,
    selectors: BTreeSet<String>,
    takeover: BTreeSet<String>,
}

impl Abilities {
    fn of(user: &Shown) -> Abilities {
        let key = |key: &Keys| {
            let sign = match (key.read, key.write) {
                (true, true) => "~",
                (true, false) => "%R~",
                (false, true) => "%W~",
                (false, false) => "%~",
            };
            format!("{sign}{}", key.pattern)
        };
        let access = [("login", user.enabled), ("nopass", user.nopass)];
        let databases = match &user.databases {
            None => ["all".to_owned()].into(),
            Some(numbers) => numbers.iter().map(i64::to_string).collect(),
        };
        Abilities {
            access: access.iter().filter(|(_, is)| *is).map(|(name, _)| (*name).to_owned()).collect(),
            commands: user.commands.iter().filter(|one| one.allowed).map(|one| one.name.clone()).collect(),
            keys: user.keys.iter().map(key).collect(),
            channels: user.channels.iter().cloned().collect(),
            databases,
            selectors: user.selectors.iter().map(|selector| selector.rules.clone()).collect(),
            takeover: user.takeover.iter().filter(|one| one.open == Some(true)).map(|one| one.way.to_owned()).collect(),
        }
    }
}
