//! Whether a configuration lets somebody reach a known vulnerability.

use super::person::Court;
use super::roster::{Account, Roster, Unwritten};
use crate::fact::{Unknown, Why};
use crate::platform::redis::acl::{Read, User};
use crate::platform::redis::advisory::Need;
use crate::platform::redis::conf::{Held, Loaded};
use crate::platform::redis::door::{Door, Setting};
use crate::platform::redis::entrance::place;
use crate::platform::redis::listen::{self, Purpose};
use crate::platform::redis::reach::{self, Answer, Class};
use crate::text::Span;

/// What meets a need, or why it cannot be told. `Ok(None)`: nothing meets it.
pub type Met = Result<Option<Way>, Unknown>;

/// What meets a need: in words, and where that is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// A clause such as "user `app` may run EVAL".
    pub because: String,
    /// The place.
    pub at: Span,
}

/// The commands that run or load scripts.
const SCRIPTS: &[&str] = &[
    "eval",
    "evalsha",
    "eval_ro",
    "evalsha_ro",
    "fcall",
    "fcall_ro",
    "function|load",
    "function|restore",
    "script|load",
];

/// One world with all that needs are about.
pub struct Scene<'a> {
    /// The first word of the facts' paths.
    pub root: &'a str,
    /// What the version makes of the configuration.
    pub loaded: &'a Loaded,
    /// Who gets in.
    pub door: &'a Door,
    /// Who is written.
    pub roster: &'a Roster,
    /// Who evaluates.
    pub court: &'a Court,
}

impl Scene<'_> {
    /// Whether a need is met.
    pub fn met(&self, need: Need) -> Met {
        let end = self.loaded.end;
        match need {
            Need::Scripts => self.may_run(SCRIPTS),
            Need::Run(commands) => self.may_run(commands),
            Need::Client => self.somebody("may log in", |_| true),
            Need::KeyPatterns => {
                self.somebody("is held by key patterns", |user| !user.root.all_keys && !user.root.keys.is_empty())
            }
            Need::Network => self.network(),
            Need::Tls => self.tls(),
            Need::ClusterBus => self.cluster_bus(),
            Need::Module => match (self.loaded.modules.items.first(), &self.loaded.modules.rest) {
                (Some(module), _) => way("a module is loaded", module.path.span),
                (None, Some(rest)) => Err(self.rooted(rest, "modules")),
                (None, None) => Ok(None),
            },
            Need::Replica => self.set("replicaof", "the server is a replica"),
            Need::UnixSocket => self.set("unixsocket", "there is a Unix socket"),
            Need::Setting(name) => {
                let set = self.set(name, &format!("`{name}` is set"))?;
                if set.is_some() { Ok(set) } else { self.may_run(&["config|set"]) }
            }
            Need::Outside(what) => {
                Err(Unknown::new(Why::NotSupported, end, format!("knowing whether there is {what}")))
            }
            Need::Unstated => Err(Unknown::new(Why::NotSupported, end, "a source that says what it takes")),
        }
    }

    fn rooted(&self, unknown: &Unknown, fact: &str) -> Unknown {
        unknown.clone().following_from(format!("{}.{fact}", self.root))
    }

    /// Whether a setting is written.
    fn set(&self, name: &str, because: &str) -> Met {
        match self.loaded.named(name) {
            Held::Written(write, _) => way(because, write.value),
            Held::Unknown(unknown) => Err(self.rooted(unknown, &name.replace('-', "_"))),
            Held::Default(_) | Held::Absent => Ok(None),
        }
    }

    /// Whether a client on another host gets as far as sending requests.
    fn network(&self) -> Met {
        let finding = reach::remote(self.door);
        match &finding.answer {
            Answer::Known(Class::Pong | Class::NoAuth | Class::NoPerm) => {
                // What lets them connect, not what lets them in.
                let deciding = finding.deciding.iter().find(|setting| matches!(setting, Setting::Bind(_)));
                let at = deciding.map(|setting| place(self.loaded, *setting));
                way("clients on other hosts can connect", at.unwrap_or(self.loaded.end))
            }
            Answer::Known(_) => Ok(None),
            Answer::Unknown { causes, .. } => match causes.first() {
                Some((setting, unknown)) => {
                    let fact = setting.directive().unwrap_or("acl.default_user").replace('-', "_");
                    Err(self.rooted(unknown, &fact))
                }
                None => Ok(None),
            },
        }
    }

    fn tls(&self) -> Met {
        let opening = listen::open(self.door);
        match opening.listeners.iter().any(|socket| socket.purpose == Purpose::Tls) {
            true => self.set("tls-port", "there is a TLS listener"),
            false => opening.rest.as_ref().map_or(Ok(None), |rest| Err(self.rooted(rest, "listen"))),
        }
    }

    fn cluster_bus(&self) -> Met {
        let opening = listen::open(self.door);
        match opening.listeners.iter().any(|socket| socket.purpose == Purpose::Bus && !socket.loopback()) {
            true => self.set("cluster-enabled", "other hosts reach the cluster bus"),
            false => opening.rest.as_ref().map_or(Ok(None), |rest| Err(self.rooted(rest, "cluster_bus"))),
        }
    }

    /// Whether some user who can log in may run one of these commands, which are not all renamed away.
    fn may_run(&self, commands: &[&'static str]) -> Met {
        let removed = |command: &&&str| {
            let first = command.split('|').next().unwrap_or_default();
            let gone = |from: &[u8], to: &[u8]| from.eq_ignore_ascii_case(first.as_bytes()) && to.is_empty();
            self.loaded.renames.items.iter().any(|rename| gone(&rename.from.bytes, &rename.to.bytes))
        };
        let table = self.court.evaluator().table();
        let left: Vec<&&str> = commands
            .iter()
            .filter(|command| !removed(command))
            .filter(|command| table.call(command.as_bytes()).is_some_and(|(known, _)| table.row(known).is_some()))
            .collect();
        let Some(name) = left.first() else { return Ok(None) };
        let may = format!("may run {}", name.replace('|', " ").to_ascii_uppercase());
        self.somebody(&may, |user| left.iter().any(|name| user.permits(table, name.as_bytes())))
    }

    /// Whether there is a user who can log in of whom something holds.
    fn somebody(&self, what: &str, holds: impl Fn(&User<'_>) -> bool) -> Met {
        let evaluator = self.court.evaluator();
        let can_log_in = |user: &User<'_>| user.enabled && (user.nopass || !user.passwords.is_empty());
        let mut unknown: Option<Unknown> = None;
        for account in self.roster.accounts.iter() {
            if let Some(why) = &account.unknown {
                unknown.get_or_insert_with(|| self.rooted(why, "acl.users"));
                continue;
            }
            let words: Vec<&[u8]> = account.rules.iter().map(|rule| rule.bytes.as_ref()).collect();
            let Ok(read) = evaluator.read(&words) else { continue };
            if can_log_in(&read.user) && holds(&read.user) {
                return way(&format!("user `{}` {what}", name(account)), account.at);
            }
        }
        if self.roster.default_account().is_none() {
            let (user, at) = match &self.roster.unwritten {
                Unwritten::Open(at) | Unwritten::MadeAnew(at) => (evaluator.default_user(), *at),
                Unwritten::Requirepass(password, at) => (evaluator.default_user_with(password), *at),
                Unwritten::Unknown(why) => return Err(unknown.unwrap_or_else(|| self.rooted(why, "acl.default_user"))),
            };
            if holds(&Read::of(user).user) {
                return way(&format!("user `default` {what}"), at);
            }
        }
        match unknown.or_else(|| self.roster.rest.as_ref().map(|rest| self.rooted(rest, "acl.users"))) {
            Some(unknown) => Err(unknown),
            None => Ok(None),
        }
    }
}

fn name(account: &Account) -> String {
    String::from_utf8_lossy(&account.name).into_owned()
}

fn way(because: &str, at: Span) -> Met {
    Ok(Some(Way { because: because.to_owned(), at }))
}
