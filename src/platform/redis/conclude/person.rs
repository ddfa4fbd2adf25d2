//! One user as a version has it, and the fact of it.

use std::sync::Arc;

use super::outcome::{Inner, OpenWay, Outcome, of_read, of_rules};
use super::roster::{Account, Roster, Rule, Unwritten};
use crate::fact::{Fact, Name, Origin, Record, Unknown, Value, Why};
use crate::platform::redis::accounts;
use crate::platform::redis::acl::crash::Crashing;
use crate::platform::redis::acl::takeover::{Gate, Gates};
use crate::platform::redis::acl::undone::Undone;
use crate::platform::redis::acl::{Evaluator, Read};
use crate::platform::redis::conf::{Held, Loaded};
use crate::platform::redis::value::Typed;
use crate::platform::sentinel::watch::Switch;
use crate::text::Span;

/// What a version needs to evaluate rules: one world.
#[derive(Debug, Clone)]
pub struct Court {
    evaluator: Evaluator,
    gates: Gates,
    /// Why a gate is not known, and its fact.
    unknown_gate: Option<Unknown>,
    /// Why it is not known which channels a user has whose rules say nothing of them.
    unknown_channels: Option<Unknown>,
}

impl Court {
    /// With the gates and the default of channels that a configuration sets.
    pub fn of(root: &str, loaded: &Loaded) -> Court {
        let mut unknown_gate = None;
        let mut unknown = |unknown: &Unknown, fact: &str| {
            unknown_gate.get_or_insert_with(|| unknown.clone().following_from(format!("{root}.{fact}")));
            Gate::Unknown
        };
        let mut gate = |name: &str| match loaded.named(name) {
            Held::Unknown(why) => unknown(why, &name.replace('-', "_")),
            held => match held.typed() {
                Some(Typed::Word("yes")) => Gate::Yes,
                Some(Typed::Word("local")) => Gate::Local,
                _ => Gate::No,
            },
        };
        let gates = match loaded.sentinel {
            false => Gates {
                protected_configs: gate("enable-protected-configs"),
                debug_command: gate("enable-debug-command"),
                module_command: gate("enable-module-command"),
                ..Gates::default()
            },
            // Of what these close a Sentinel has nothing.
            true => Gates {
                scripts_reconfig: match &loaded.watch.deny_scripts_reconfig {
                    Switch::Default(true) | Switch::Written(true, _) => Gate::No,
                    Switch::Default(false) | Switch::Written(false, _) => Gate::Yes,
                    Switch::Unknown(why) => unknown(why, "deny_scripts_reconfig"),
                },
                ..Gates::default()
            },
        };
        let unknown_channels = match loaded.named("acl-pubsub-default") {
            Held::Unknown(why) => Some(why.clone().following_from(format!("{root}.acl_pubsub_default"))),
            _ => None,
        };
        Court { evaluator: accounts::evaluator(loaded), gates, unknown_gate, unknown_channels }
    }

    /// What answers for the version.
    pub fn evaluator(&self) -> &Evaluator {
        &self.evaluator
    }

    /// For an ACL file alone, whose server's gates and defaults nobody knows.
    pub fn alone(version: &'static crate::platform::redis::version::Version, unknown: Unknown) -> Court {
        let (unknown_gate, unknown_channels) = (Some(unknown.clone()), Some(unknown));
        Court { evaluator: Evaluator::new(version), gates: Gates::UNKNOWN, unknown_gate, unknown_channels }
    }
}

/// How many rules of one user are evaluated: a bound on work, far above use.
const MOST_RULES: usize = 20_000;

/// A user with its places.
pub struct Person<'a> {
    name: &'a [u8],
    at: Span,
    rules: &'a [Rule],
    /// What holds instead of a line, for a user that is not written.
    because: Option<&'static str>,
    court: &'a Court,
    outcome: Result<Outcome, Unknown>,
}

impl<'a> Person<'a> {
    /// A user that is written.
    pub fn written(root: Name, account: &'a Account, court: &'a Court) -> Person<'a> {
        let outcome = match &account.unknown {
            Some(unknown) => Err(unknown.clone().following_from(format!("{root}.acl.users"))),
            None if account.rules.len() > MOST_RULES => {
                let needs = "fewer rules: hardline evaluates no more for one user";
                Err(Unknown::new(Why::NotSupported, account.at, needs).following_from(format!("{root}.acl.users")))
            }
            None => of_rules(&court.evaluator, &account.rules, court.gates)
                .ok_or_else(|| Unknown::new(Why::Malformed, account.at, "rules that the server accepts")),
        };
        Person { name: &account.name, at: account.at, rules: &account.rules, because: None, court, outcome }
    }

    /// The default user, written or not.
    pub fn default_user(root: Name, roster: &'a Roster, court: &'a Court) -> Person<'a> {
        if let Some(account) = roster.default_account() {
            return Person::written(root, account, court);
        }
        let evaluator = &court.evaluator;
        let person = |at, because, outcome| Person { name: b"default", at, rules: &[], because, court, outcome };
        let (user, at, because) = match &roster.unwritten {
            Unwritten::Unknown(unknown) => {
                let unknown = unknown.clone().following_from(format!("{root}.acl.default_user"));
                return person(unknown.at, None, Err(unknown));
            }
            Unwritten::Open(at) => {
                (evaluator.default_user(), *at, "nothing is said of `default`: it needs no password")
            }
            Unwritten::MadeAnew(at) => {
                (evaluator.default_user(), *at, "the ACL file does not name `default`, who then needs no password")
            }
            Unwritten::Requirepass(password, at) => (evaluator.default_user_with(password), *at, "`requirepass`"),
        };
        person(at, Some(because), Ok(of_read(evaluator, &Read::of(user), court.gates)))
    }

    /// Whether two versions say the same of a user, so that one fact holds in both.
    pub fn same(&self, other: &Person<'_>) -> bool {
        self.outcome == other.outcome
            && self.court.unknown_gate == other.court.unknown_gate
            && self.at == other.at
            && self.because == other.because
            && self.name == other.name
            && (std::ptr::eq(self.rules, other.rules) || self.rules == other.rules)
    }

    /// The fact of this user.
    pub fn fact(&self) -> Fact {
        let outcome = match &self.outcome {
            Ok(outcome) => outcome,
            Err(unknown) => return Fact::Unknown(unknown.clone()),
        };
        let counted = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let mut fields = vec![
            ("name", self.derived(String::from_utf8_lossy(self.name), self.at)),
            ("enabled", self.derived(outcome.enabled, self.last(&[b"on", b"off", b"reset"], b""))),
            ("nopass", self.derived(outcome.nopass, self.last(&[b"nopass", b"resetpass", b"reset"], b">#"))),
            ("password_count", self.derived(counted(outcome.passwords), self.last(&[b"resetpass", b"reset"], b">#"))),
            (
                "password_reset",
                self.derived(
                    outcome.enabled && !outcome.nopass && outcome.passwords == 0,
                    self.last(&[b"resetpass", b"reset", b"on"], b""),
                ),
            ),
            ("all_keys", self.derived(outcome.all_keys, self.last(&[b"allkeys", b"resetkeys", b"~*"], b""))),
            ("all_channels", self.all_channels(outcome)),
            ("no_commands", self.derived(outcome.no_commands, self.last(&[], b"+-"))),
            ("all_commands", self.derived(outcome.all_commands, self.last(&[b"allcommands", b"+@all"], b""))),
            ("keys", self.keys(outcome.keys.iter())),
            ("idle_keys", self.keys(outcome.idle_keys.iter().filter_map(|number| outcome.keys.get(*number)))),
            ("replicates", self.derived(outcome.replicates.is_some(), self.last(&[], b"+-"))),
            ("replicates_fully", self.derived(outcome.replicates == Some(true), self.last(&[], b"+-"))),
            ("selectors", self.list(outcome.selectors.iter().map(|inner| self.selector(inner)).collect())),
            (
                "unbound_ways",
                self.list(outcome.ways.iter().filter(|way| is_unbound(way)).map(|way| self.way(way)).collect()),
            ),
            ("channels", self.channels(outcome)),
            ("takeover", self.list(outcome.ways.iter().map(|way| self.way(way)).collect())),
            ("undone_rules", self.list(outcome.undone.iter().map(|undone| self.undone(undone)).collect())),
            ("crashing_rules", self.list(outcome.crashing.iter().map(|crashing| self.crash(crashing)).collect())),
        ];
        if let Some(databases) = &outcome.databases {
            let databases = databases.iter().map(|number| self.derived(*number, self.at)).collect();
            fields.push(("databases", self.list(databases)));
        }
        let origin = self.origin(self.at);
        Fact::Known { value: Value::Record(Record::new(fields)), origin }
    }

    /// Of rules that leave channels to the default, only as much as is known of it. The default user has all of them.
    fn all_channels(&self, outcome: &Outcome) -> Fact {
        let named = |rule: &Rule| {
            let is = |known: &[u8]| rule.bytes.eq_ignore_ascii_case(known);
            rule.bytes.starts_with(b"&") || is(b"allchannels") || is(b"resetchannels")
        };
        let anew = |rule: &Rule| rule.bytes.starts_with(b"(") || rule.bytes.eq_ignore_ascii_case(b"reset");
        let silent = !self.rules.iter().any(named) || self.rules.iter().any(anew);
        match &self.court.unknown_channels {
            Some(unknown) if silent && self.name != b"default" => Fact::Unknown(unknown.clone()),
            _ => self.derived(outcome.all_channels, self.last(&[b"allchannels", b"&*"], b"")),
        }
    }

    fn origin(&self, at: Span) -> Origin {
        match self.because {
            Some(because) => Origin::Default { anchor: at, because: because.into() },
            None => Origin::Derived([at].into()),
        }
    }

    fn derived(&self, value: impl Into<Value>, at: Span) -> Fact {
        Fact::Known { value: value.into(), origin: self.origin(at) }
    }

    fn list(&self, facts: Vec<Fact>) -> Fact {
        self.derived(facts, self.at)
    }

    /// The last rule that is one of these words or starts with one of these signs, else the name.
    fn last(&self, words: &[&[u8]], signs: &[u8]) -> Span {
        let is = |rule: &&Rule| {
            words.iter().any(|word| rule.bytes.eq_ignore_ascii_case(word))
                || rule.bytes.first().is_some_and(|sign| signs.contains(sign))
        };
        self.rules.iter().rev().find(is).map_or(self.at, |rule| rule.at)
    }

    fn rule(&self, index: usize) -> (Value, Span) {
        match self.rules.get(index) {
            Some(rule) => (String::from_utf8_lossy(&rule.bytes).into(), rule.at),
            None => ("".into(), self.at),
        }
    }

    fn keys<'k>(&self, keys: impl Iterator<Item = &'k (Arc<str>, bool, bool)>) -> Fact {
        let key = |(pattern, read, write): &(Arc<str>, bool, bool)| {
            let at = self.rules.iter().find(|rule| {
                let tail = rule.bytes.iter().position(|byte| *byte == b'~').map(|tilde| &rule.bytes[tilde + 1..]);
                tail == Some(pattern.as_bytes())
            });
            let at = at.map_or(self.at, |rule| rule.at);
            let fields = [
                ("pattern", self.derived(pattern.clone(), at)),
                ("read", self.derived(*read, at)),
                ("write", self.derived(*write, at)),
            ];
            Fact::Known { value: Value::Record(Record::new(fields)), origin: self.origin(at) }
        };
        self.list(keys.map(key).collect())
    }

    fn channels(&self, outcome: &Outcome) -> Fact {
        self.list(outcome.channels.iter().map(|channel| self.derived(channel.clone(), self.at)).collect())
    }

    fn selector(&self, inner: &Inner) -> Fact {
        let rules = self.rules.get(inner.rule.clone()).unwrap_or_default();
        let at = rules.iter().map(|rule| rule.at).reduce(Span::cover).unwrap_or(self.at);
        let text = rules.iter().map(|rule| String::from_utf8_lossy(&rule.bytes)).collect::<Vec<_>>().join(" ");
        let ways = inner.ways.iter().map(|way| self.derived(*way, at)).collect::<Vec<_>>();
        let fields = [
            ("rule", self.derived(text, at)),
            ("listed", self.derived(inner.listed.clone(), at)),
            ("all_keys", self.derived(inner.all_keys, at)),
            ("all_commands", self.derived(inner.all_commands, at)),
            ("ways", self.derived(ways, at)),
        ];
        Fact::Known { value: Value::Record(Record::new(fields)), origin: self.origin(at) }
    }

    fn way(&self, open: &OpenWay) -> Fact {
        let range = open.decided_by.clone().unwrap_or(0..0);
        let (decided_by, at) = match range.is_empty() {
            true => ("".into(), self.at),
            false => self.rule(range.start),
        };
        let may = match (open.open, &self.court.unknown_gate) {
            (None, Some(unknown)) => Fact::Unknown(unknown.clone()),
            (known, _) => self.derived(known.unwrap_or(false), at),
        };
        let fields = [
            ("way", self.derived(open.way.name, at)),
            ("takes", self.derived(open.way.takes, at)),
            ("commands", self.derived(open.way.commands, at)),
            ("gate", self.derived(open.gate.unwrap_or_default(), at)),
            ("open", may),
            ("decided_by", self.derived(decided_by, at)),
        ];
        Fact::Known { value: Value::Record(Record::new(fields)), origin: self.origin(at) }
    }

    fn undone(&self, undone: &Undone) -> Fact {
        let ((text, at), (by, by_at)) = (self.rule(undone.rule.start), self.rule(undone.by.start));
        let fields = [
            ("rule", self.derived(text, at)),
            ("by", self.derived(by, by_at)),
            ("takes_away", self.derived(undone.takes_away, at)),
        ];
        Fact::Known { value: Value::Record(Record::new(fields)), origin: self.origin(at) }
    }

    fn crash(&self, crashing: &Crashing) -> Fact {
        let (text, at) = self.rule(crashing.rule.start);
        let fields = [("rule", self.derived(text, at)), ("when", self.derived(crashing.when, at))];
        Fact::Known { value: Value::Record(Record::new(fields)), origin: self.origin(at) }
    }
}

/// Whether a way leads to the data past every key pattern.
fn is_unbound(open: &OpenWay) -> bool {
    open.way.takes == "data" && !open.way.names_keys()
}
