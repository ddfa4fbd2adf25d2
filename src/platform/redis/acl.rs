//! Access control lists: what the rules of a user mean in each version, and what the user may therefore do.
//!
//! An [`Evaluator`] answers for one version. It turns rules into a [`User`], which is a bitmap of commands and the
//! patterns of the rules themselves, borrowed; answers whether a command is allowed as `ACL DRYRUN` does; and says
//! which rule decided that by going through the rules once more, which are read only once for it ([`Read`]).

pub mod answer;
pub mod blame;
pub mod commands;
pub mod crash;
pub mod decide;
pub mod describe;
mod evaluate;
pub mod file;
pub mod glob;
pub mod idle;
mod keys;
mod parse;
pub mod show;
pub mod takeover;
pub mod undone;

use std::borrow::Cow;
use std::ops::Range;

use sha2::{Digest, Sha256};

use self::commands::{Command, Set, Table, WORDS};
use self::parse::Effect;
use super::version::Version;

pub use self::decide::{Answer, Reason, Situation};
pub use self::parse::{Problem, RuleError, shown};

/// What is evaluated differently from version to version, and the tables of one version.
#[derive(Debug, Clone, Copy)]
pub struct Evaluator {
    version: &'static Version,
    table: &'static Table,
    /// Whether the server runs as a Sentinel.
    sentinel: bool,
    channels_by_default: bool,
}

/// The rules of a user, read once: what each does, and the user that they make out of nothing.
#[derive(Debug, Clone)]
pub struct Read<'r> {
    /// The user.
    pub user: User<'r>,
    /// The rules in order; none for a user that was not made from rules.
    steps: Vec<Step<'r>>,
}

/// One rule, after the arguments of a selector have been put together.
#[derive(Debug, Clone)]
struct Step<'r> {
    /// The arguments that it was made of.
    arguments: Range<usize>,
    effect: Effect<'r>,
}

/// A user as the rules leave it. The patterns are those of the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User<'r> {
    /// Whether one can log in as this user.
    pub enabled: bool,
    /// Whether any password will do.
    pub nopass: bool,
    /// The SHA-256 of each password, in the order in which they were added.
    pub passwords: Vec<[u8; 32]>,
    /// What was said last about checking the payload of RESTORE, if anything was.
    sanitize: Option<bool>,
    /// The permissions outside parentheses.
    pub root: Selector<'r>,
    /// The further selectors, in order. A command is allowed when any one of all grants everything that it needs.
    pub selectors: Vec<Selector<'r>>,
}

/// A set of permissions that belong together (`acl.c:aclSelector`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector<'r> {
    commands: Set,
    /// Commands that are allowed with this first word only.
    first_words: Vec<(Command, Cow<'r, [u8]>)>,
    /// Whether every key is open, the empty one included.
    pub all_keys: bool,
    /// The patterns of the keys that are open, when not all are.
    pub keys: Vec<KeyPattern<'r>>,
    /// Whether every channel is open.
    pub all_channels: bool,
    /// The patterns of the channels that are open, when not all are.
    pub channels: Vec<Cow<'r, [u8]>>,
    /// Whether every database is open; always, except on Valkey 9.1.
    pub all_databases: bool,
    /// The databases that are open, when not all are, sorted.
    pub databases: Vec<i64>,
    /// The rules on commands that still stand, as `ACL LIST` prints them (7.2 and later).
    rules: Vec<CommandRule<'r>>,
}

/// A pattern of keys and what may be done to the keys that match it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPattern<'r> {
    /// The glob pattern.
    pub pattern: Cow<'r, [u8]>,
    /// Whether their values may be read.
    pub read: bool,
    /// Whether they may be inserted, updated and deleted.
    pub write: bool,
}

/// `+name` or `-name`, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
struct CommandRule<'r> {
    allow: bool,
    name: Cow<'r, [u8]>,
}

impl Evaluator {
    /// For a version, with its own default of `acl-pubsub-default`
    /// (`config.c`: allchannels in 6.2, resetchannels since 7.0).
    pub fn new(version: &'static Version) -> Evaluator {
        let channels_by_default = !version.since(7, 0);
        Evaluator { version, table: Table::of(version), sentinel: false, channels_by_default }
    }

    /// The same for a version that runs as a Sentinel, which has other commands and other ways of taking over.
    pub fn for_sentinel(version: &'static Version) -> Evaluator {
        Evaluator { table: Table::of_sentinel(version), sentinel: true, ..Evaluator::new(version) }
    }

    /// The same with `acl-pubsub-default allchannels` or `resetchannels`.
    #[must_use]
    pub fn with_channels_by_default(self, all: bool) -> Evaluator {
        Evaluator { channels_by_default: all, ..self }
    }

    /// Whether a new user has all channels.
    pub fn opens_channels_by_default(&self) -> bool {
        self.channels_by_default
    }

    /// The version that it answers for.
    pub fn version(&self) -> &'static Version {
        self.version
    }

    /// The commands of the version.
    pub fn table(&self) -> &'static Table {
        self.table
    }

    /// The user that `ACL SETUSER name RULES…`, a `user` line or a line of an ACL file makes out of nothing. For the
    /// default user such a line starts from nothing as well (`acl.c:ACLLoadConfiguredUsers`).
    ///
    /// # Errors
    /// The first rule that the server refuses; it then takes none of them.
    pub fn user<'r>(&self, rules: &[&'r [u8]]) -> Result<User<'r>, RuleError> {
        self.change(self.new_user(), rules)
    }

    /// The same user after more rules, as a second `ACL SETUSER` makes it.
    ///
    /// # Errors
    /// The first rule that the server refuses; it then takes none of them.
    pub fn change<'r>(&self, mut user: User<'r>, rules: &[&'r [u8]]) -> Result<User<'r>, RuleError> {
        for rule in parse::merge(rules, self.version)? {
            let effect = self.acceptable(&user, &rule.text).map_err(|problem| rule.error(problem, rules))?;
            self.apply(&mut user, effect).map_err(|problem| rule.error(problem, rules))?;
        }
        Ok(user)
    }

    /// The same as [`Evaluator::user`], and what each rule does, for asking which of them decides something.
    ///
    /// # Errors
    /// The first rule that the server refuses; it then takes none of them.
    pub fn read<'r>(&self, rules: &[&'r [u8]]) -> Result<Read<'r>, RuleError> {
        let mut read = Read::of(self.new_user());
        read.steps.reserve_exact(rules.len());
        for rule in parse::merge(rules, self.version)? {
            let effect = self.acceptable(&read.user, &rule.text).map_err(|problem| rule.error(problem, rules))?;
            self.apply(&mut read.user, effect.clone()).map_err(|problem| rule.error(problem, rules))?;
            read.steps.push(Step { arguments: rule.arguments, effect });
        }
        Ok(read)
    }

    /// The user `default` where nothing is said about it (`acl.c:ACLCreateDefaultUser`).
    pub fn default_user(&self) -> User<'static> {
        let mut user = self.new_user();
        user.enabled = true;
        user.nopass = true;
        user.root.all_keys = true;
        user.root.all_channels = true;
        user.root.allow_all();
        user
    }

    /// The user `default` with the password of `requirepass` (`acl.c:ACLUpdateDefaultUserPassword`).
    pub fn default_user_with(&self, password: &[u8]) -> User<'static> {
        User { nopass: false, passwords: vec![Sha256::digest(password).into()], ..self.default_user() }
    }

    /// A user before its first rule (`acl.c:ACLCreateUser`).
    fn new_user(&self) -> User<'static> {
        // Since 7.2 the flag is there from the start; before only after `sanitize-payload` or `reset`.
        let sanitize = (self.version.since(7, 2) && !self.version.valkey_since(9, 1)).then_some(true);
        let root = self.new_selector();
        User { enabled: false, nopass: false, passwords: Vec::new(), sanitize, root, selectors: Vec::new() }
    }

    /// A selector before its first rule (`acl.c:ACLCreateSelector`).
    fn new_selector(&self) -> Selector<'static> {
        Selector {
            commands: [0; WORDS],
            first_words: Vec::new(),
            all_keys: false,
            keys: Vec::new(),
            all_channels: self.channels_by_default,
            channels: Vec::new(),
            all_databases: true,
            databases: Vec::new(),
            rules: Vec::new(),
        }
    }
}

impl<'r> Read<'r> {
    /// A user that no rule has made, such as the default user of whom nothing is said.
    pub fn of(user: User<'r>) -> Read<'r> {
        Read { user, steps: Vec::new() }
    }

    /// The selectors in parentheses, each with the arguments of the rule that made it.
    pub fn selectors(&self) -> impl Iterator<Item = (Range<usize>, &Selector<'r>)> {
        let mut rules: Vec<Range<usize>> = Vec::new();
        for step in &self.steps {
            match step.effect {
                Effect::Selector(_) => rules.push(step.arguments.clone()),
                Effect::ClearSelectors | Effect::Reset => rules.clear(),
                _ => {}
            }
        }
        rules.into_iter().zip(&self.user.selectors)
    }
}

impl<'r> User<'r> {
    /// All selectors, the root first.
    pub fn every_selector(&self) -> impl Iterator<Item = &Selector<'r>> {
        std::iter::once(&self.root).chain(&self.selectors)
    }

    /// The selector of this number, the root being 0.
    pub fn selector(&self, number: usize) -> Option<&Selector<'r>> {
        number.checked_sub(1).map_or(Some(&self.root), |index| self.selectors.get(index))
    }

    /// Whether a command may be run by some selector, whatever the keys, channels and databases. `name` is a
    /// command or `container|subcommand`, on 6.2 as well.
    pub fn permits(&self, table: &Table, name: &[u8]) -> bool {
        let call = table.call(name);
        call.is_some_and(|(command, words)| {
            self.every_selector().any(|selector| selector.permits_call(table, command, &words))
        })
    }
}

impl Selector<'_> {
    /// Whether this selector allows a command, whatever the keys, channels and databases.
    pub fn permits(&self, table: &Table, name: &[u8]) -> bool {
        table.call(name).is_some_and(|(command, words)| self.permits_call(table, command, &words))
    }

    /// The same for the command that these words call.
    fn permits_call(&self, table: &Table, command: Command, words: &[&[u8]]) -> bool {
        self.allows(command, words) || table.row(command).is_some_and(|row| row.no_auth)
    }

    /// Whether it has every command of a version, and those of modules to come.
    pub fn has_every_command(&self, table: &Table) -> bool {
        let missing = table.all().iter().zip(&self.commands).any(|(all, has)| all & !has != 0);
        !missing && self.allows_future_commands()
    }

    /// Whether it has all commands that modules may bring.
    pub fn allows_future_commands(&self) -> bool {
        commands::contains(&self.commands, commands::FUTURE)
    }
}
