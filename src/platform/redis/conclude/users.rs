//! The users of a server as facts: `acl` and the passwords in its rules.

use std::sync::Arc;

use super::merged;
use super::outcome::{OpenWay, Outcome, of_read, of_rules};
use super::password;
use super::roster::{Account, Roster, Rule, Unwritten};
use crate::fact::{Fact, Items, List, MakeItem, Name, Origin, Record, Unknown, Value, Why};
use crate::platform::redis::acl::crash::Crashing;
use crate::platform::redis::acl::takeover::{Gate, Gates};
use crate::platform::redis::acl::undone::Undone;
use crate::platform::redis::acl::{Evaluator, Read};
use crate::platform::redis::conf::{Held, Loaded};
use crate::platform::redis::value::Typed;
use crate::text::Span;

/// What a version needs to evaluate rules: one world.
#[derive(Debug, Clone)]
pub struct Court {
    evaluator: Evaluator,
    gates: Gates,
    /// Why a gate is not known, and its fact.
    unknown_gate: Option<Unknown>,
}

impl Court {
    /// With the gates and the default of channels that a configuration sets.
    pub fn of(root: &str, loaded: &Loaded) -> Court {
        let mut unknown_gate = None;
        let mut gate = |name: &str| match loaded.named(name) {
            Held::Unknown(unknown) => {
                let path = format!("{root}.{}", name.replace('-', "_"));
                unknown_gate.get_or_insert_with(|| unknown.clone().following_from(path));
                Gate::Unknown
            }
            held => match held.typed() {
                Some(Typed::Word("yes")) => Gate::Yes,
                Some(Typed::Word("local")) => Gate::Local,
                _ => Gate::No,
            },
        };
        let gates = Gates {
            protected_configs: gate("enable-protected-configs"),
            debug_command: gate("enable-debug-command"),
            module_command: gate("enable-module-command"),
        };
        let open_channels = match loaded.named("acl-pubsub-default").typed() {
            Some(typed) => *typed == Typed::Word("allchannels"),
            None => !loaded.version.since(7, 0),
        };
        let evaluator = Evaluator::new(loaded.version).with_channels_by_default(open_channels);
        Court { evaluator, gates, unknown_gate }
    }

    /// For an ACL file alone, whose server's gates nobody knows.
    pub fn alone(version: &'static crate::platform::redis::version::Version, unknown: Unknown) -> Court {
        let gates =
            Gates { protected_configs: Gate::Unknown, debug_command: Gate::Unknown, module_command: Gate::Unknown };
        Court { evaluator: Evaluator::new(version), gates, unknown_gate: Some(unknown) }
    }
}

/// One world: who is written, and who evaluates.
pub type Seen = (Roster, Court);

/// `acl`, and the passwords that its rules hold. `worlds` has one entry for each version in question.
pub fn acl(root: Name, worlds: Vec<Seen>, requirepass: Option<Fact>, at: Span) -> (Fact, Vec<Fact>) {
    let passwords = worlds.first().map(|(roster, _)| passwords(root, roster)).unwrap_or_default();
    let default = worlds.iter().map(|world| default_user(root, world)).enumerate().collect();
    let in_force: Vec<(usize, Fact)> = worlds.iter().map(|(roster, _)| in_force(roster)).enumerate().collect();
    let because: Vec<(usize, Fact)> = worlds.iter().map(|(roster, _)| void_because(roster)).enumerate().collect();
    let mut fields = vec![("users", users(root, worlds, at))];
    fields.extend(merged(default, at).map(|fact| ("default_user", fact)));
    if requirepass.is_some() {
        fields.extend(merged(in_force, at).map(|fact| ("requirepass_in_force", fact)));
        fields.extend(merged(because, at).map(|fact| ("requirepass_void_because", fact)));
    }
    (Fact::record(fields, vec![at]), passwords)
}

/// The list of users. Where all versions see the same names, items are made when they are asked for.
fn users(root: Name, worlds: Vec<Seen>, at: Span) -> Fact {
    let names = |roster: &Roster| roster.accounts.iter().map(|account| account.name.clone()).collect::<Vec<_>>();
    let first = worlds.first().map(|(roster, _)| (names(roster), roster.default_account().is_some()));
    let Some((first, _)) = first else { return Fact::derived(Vec::new(), [at]) };
    if worlds.iter().any(|(roster, _)| names(roster) != first) {
        let needs = "the version of the server: versions disagree about which users there are";
        return Fact::unknown(Why::VersionUnknown, at, needs);
    }
    let rest = worlds.iter().find_map(|(roster, _)| roster.rest.clone());
    let items = Items::OnDemand(Arc::new(Users { root, worlds, at }));
    Fact::Known { value: Value::List(List { items, rest }), origin: Origin::Derived([at].into()) }
}

struct Users {
    root: Name,
    worlds: Vec<Seen>,
    at: Span,
}

impl Users {
    fn written(&self) -> usize {
        self.worlds.first().map_or(0, |(roster, _)| roster.accounts.len())
    }
}

impl MakeItem for Users {
    fn len(&self) -> usize {
        let unwritten = |(roster, _): &Seen| {
            roster.default_account().is_none() && !matches!(roster.unwritten, Unwritten::Unknown(_))
        };
        self.written() + usize::from(self.worlds.first().is_some_and(unwritten))
    }

    fn item(&self, index: usize) -> Fact {
        let facts = self.worlds.iter().map(|world| match world.0.accounts.get(index) {
            Some(account) => account_fact(self.root, account, world),
            None => default_user(self.root, world),
        });
        let facts = facts.enumerate().collect();
        merged(facts, self.at).unwrap_or_else(|| Fact::derived(Vec::new(), [self.at]))
    }
}

/// `requirepass_in_force`.
fn in_force(roster: &Roster) -> Fact {
    match (roster.default_account(), &roster.unwritten) {
        (Some(account), _) => Fact::derived(false, [account.at]),
        (None, Unwritten::Requirepass(_, at)) => Fact::derived(true, [*at]),
        (None, Unwritten::Open(at) | Unwritten::MadeAnew(at)) => Fact::derived(false, [*at]),
        (None, Unwritten::Unknown(unknown)) => Fact::Unknown(unknown.clone()),
    }
}

fn void_because(roster: &Roster) -> Fact {
    match (roster.default_account(), &roster.unwritten) {
        (Some(account), _) => Fact::derived("the line of the user `default` resets it", [account.at]),
        (None, Unwritten::MadeAnew(at)) => {
            Fact::derived("the ACL file has no user `default`, who is made anew without a password", [*at])
        }
        (None, Unwritten::Open(at)) => Fact::derived("it is empty", [*at]),
        (None, Unwritten::Requirepass(_, at)) => Fact::derived("", [*at]),
        (None, Unwritten::Unknown(unknown)) => Fact::Unknown(unknown.clone()),
    }
}

/// The default user, written or not.
fn default_user(root: Name, world: &Seen) -> Fact {
    let (roster, court) = world;
    if let Some(account) = roster.default_account() {
        return account_fact(root, account, world);
    }
    let evaluator = &court.evaluator;
    let (user, at, because) = match &roster.unwritten {
        Unwritten::Unknown(unknown) => {
            let path = format!("{root}.acl.default_user");
            return Fact::Unknown(unknown.clone().following_from(path));
        }
        Unwritten::Open(at) => (evaluator.default_user(), *at, "nothing is said of `default`: it needs no password"),
        Unwritten::MadeAnew(at) => {
            (evaluator.default_user(), *at, "the ACL file does not name `default`, who then needs no password")
        }
        Unwritten::Requirepass(password, at) => (evaluator.default_user_with(password), *at, "`requirepass`"),
    };
    let outcome = of_read(evaluator, &Read::of(user), court.gates);
    let person = Person { name: b"default", at, rules: &[], because: Some(because), court };
    person.fact(&outcome)
}

fn account_fact(root: Name, account: &Account, (_, court): &Seen) -> Fact {
    if let Some(unknown) = &account.unknown {
        return Fact::Unknown(unknown.clone().following_from(format!("{root}.acl.users")));
    }
    let person = Person { name: &account.name, at: account.at, rules: &account.rules, because: None, court };
    match of_rules(&court.evaluator, &account.rules, court.gates) {
        Some(outcome) => person.fact(&outcome),
        None => Fact::unknown(Why::Malformed, account.at, "rules that the server accepts"),
    }
}

/// A user with its places.
struct Person<'a> {
    name: &'a [u8],
    at: Span,
    rules: &'a [Rule],
    /// What holds instead of a line, for a user that is not written.
    because: Option<&'static str>,
    court: &'a Court,
}

impl Person<'_> {
    fn fact(&self, outcome: &Outcome) -> Fact {
        let counted = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let fields = vec![
            ("name", self.derived(String::from_utf8_lossy(self.name).as_ref(), self.at)),
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
            ("all_channels", self.derived(outcome.all_channels, self.last(&[b"allchannels", b"&*"], b""))),
            ("no_commands", self.derived(outcome.no_commands, self.last(&[], b"+-"))),
            ("keys", self.keys(outcome)),
            ("channels", self.channels(outcome)),
            ("takeover", self.list(outcome.ways.iter().map(|way| self.way(way)).collect())),
            ("undone_rules", self.list(outcome.undone.iter().map(|undone| self.undone(undone)).collect())),
            ("crashing_rules", self.list(outcome.crashing.iter().map(|crashing| self.crash(crashing)).collect())),
        ];
        let origin = self.origin(self.at);
        Fact::Known { value: Value::Record(Record::new(fields)), origin }
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

    fn rule(&self, index: usize) -> (String, Span) {
        self.rules.get(index).map_or_else(
            || (String::new(), self.at),
            |rule| (String::from_utf8_lossy(&rule.bytes).into_owned(), rule.at),
        )
    }

    fn keys(&self, outcome: &Outcome) -> Fact {
        let key = |(pattern, read, write): &(String, bool, bool)| {
            let at = self.rules.iter().find(|rule| {
                let tail = rule.bytes.iter().position(|byte| *byte == b'~').map(|tilde| &rule.bytes[tilde + 1..]);
                tail == Some(pattern.as_bytes())
            });
            let at = at.map_or(self.at, |rule| rule.at);
            let fields = [
                ("pattern", self.derived(pattern.as_str(), at)),
                ("read", self.derived(*read, at)),
                ("write", self.derived(*write, at)),
            ];
            Fact::Known { value: Value::Record(Record::new(fields)), origin: self.origin(at) }
        };
        self.list(outcome.keys.iter().map(key).collect())
    }

    fn channels(&self, outcome: &Outcome) -> Fact {
        self.list(outcome.channels.iter().map(|channel| self.derived(channel.as_str(), self.at)).collect())
    }

    fn way(&self, open: &OpenWay) -> Fact {
        let range = open.decided_by.clone().unwrap_or(0..0);
        let (decided_by, at) = match range.is_empty() {
            true => (String::new(), self.at),
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
            ("decided_by", self.derived(decided_by.as_str(), at)),
        ];
        Fact::Known { value: Value::Record(Record::new(fields)), origin: self.origin(at) }
    }

    fn undone(&self, undone: &Undone) -> Fact {
        let ((text, at), (by, by_at)) = (self.rule(undone.rule.start), self.rule(undone.by.start));
        let fields = [
            ("rule", self.derived(text.as_str(), at)),
            ("by", self.derived(by.as_str(), by_at)),
            ("takes_away", self.derived(undone.takes_away, at)),
        ];
        Fact::Known { value: Value::Record(Record::new(fields)), origin: self.origin(at) }
    }

    fn crash(&self, crashing: &Crashing) -> Fact {
        let (text, at) = self.rule(crashing.rule.start);
        let fields = [("rule", self.derived(text.as_str(), at)), ("when", self.derived(crashing.when, at))];
        Fact::Known { value: Value::Record(Record::new(fields)), origin: self.origin(at) }
    }
}

/// The passwords in the rules of a roster.
fn passwords(root: &str, roster: &Roster) -> Vec<Fact> {
    let mut facts = Vec::new();
    for account in roster.accounts.iter() {
        if let Some(unknown) = &account.unknown {
            facts.push(Fact::Unknown(unknown.clone().following_from(format!("{root}.passwords"))));
            continue;
        }
        for rule in account.rules.iter() {
            let hashed = match rule.bytes.first() {
                Some(b'>') => false,
                Some(b'#') => true,
                _ => continue,
            };
            let of = format!("user {}", String::from_utf8_lossy(&account.name));
            let text = &rule.bytes[1..];
            facts.push(password::Written { of, text, hashed, in_acl: true, at: rule.at }.fact());
        }
    }
    facts
}
