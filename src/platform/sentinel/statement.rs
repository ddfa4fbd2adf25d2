//! The `sentinel …` lines of `sentinel.conf`, as Sentinel carries them out.
//!
//! They are queued while the file is read and carried out afterwards: first what concerns Sentinel itself, then the
//! `monitor` lines, then what names a monitored master (`sentinel.c:queueSentinelConfig`,
//! `sentinel.c:loadSentinelConfigFromQueue`, 7.4.1). So their order matters only within these groups.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use crate::fact::{Unknown, Why};
use crate::platform::redis::number::{atoi, same_word};
use crate::platform::redis::split::Word;
use crate::platform::redis::version::Version;
use crate::text::Span;

/// One `sentinel …` line without its first word.
#[derive(Debug, Clone)]
pub struct Statement {
    /// The words behind `sentinel`.
    pub words: Box<[Word]>,
    /// The whole line.
    pub span: Span,
    /// The template's condition that decides whether the line is there.
    pub only_if: Option<Span>,
}

/// A master that is watched.
#[derive(Debug, Clone)]
pub struct Monitor {
    /// What Sentinels and clients call it.
    pub name: Word,
    /// Its address, or its name where hostnames are resolved.
    pub host: Word,
    /// Its port.
    pub port: Word,
    /// How many Sentinels must agree that it is down.
    pub quorum: Word,
    /// The password that Sentinel logs in to it with.
    pub auth_pass: Option<Word>,
    /// The user that Sentinel logs in to it as.
    pub auth_user: Option<Word>,
    /// The `monitor` line.
    pub span: Span,
}

/// What Sentinel makes of the lines.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// The masters, in the order of their lines.
    pub monitors: Vec<Monitor>,
    /// The password of the other Sentinels: `sentinel-pass`.
    pub sentinel_pass: Option<Word>,
    /// The user of the other Sentinels: `sentinel-user`.
    pub sentinel_user: Option<Word>,
    /// Whether scripts cannot be changed by clients: `deny-scripts-reconfig`, with its place where it is written.
    pub deny_scripts_reconfig: (bool, Option<Span>),
    /// What Sentinel refuses to start with, in the order in which it would find it.
    pub refusals: Vec<(String, Span)>,
    /// Why there may be more masters, settings or refusals than these.
    pub unknown: Vec<Unknown>,
    /// Why there may be more refusals than these, and nothing else.
    pub doubts: Vec<Unknown>,
}

/// When a line is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Own,
    Monitor,
    Master,
}

/// `sentinel.c: preMonitorCfgName`.
const OWN: [&str; 9] = [
    "announce-ip",
    "announce-port",
    "deny-scripts-reconfig",
    "sentinel-user",
    "sentinel-pass",
    "current-epoch",
    "myid",
    "resolve-hostnames",
    "announce-hostnames",
];

/// `sentinel.c: CONFIG_RUN_ID_SIZE`.
const ID_LENGTH: usize = 40;

impl Phase {
    fn of(name: &[u8]) -> Phase {
        if same_word(name, "monitor") {
            Phase::Monitor
        } else if OWN.iter().any(|own| same_word(name, own)) {
            Phase::Own
        } else {
            Phase::Master
        }
    }
}

/// Carries the lines out as this version does.
pub fn carry_out(statements: &[Statement], version: &Version) -> State {
    let mut run = Run {
        state: State { deny_scripts_reconfig: (true, None), ..State::default() },
        version,
        hostnames: false,
        masters_may_differ: false,
        names: HashMap::new(),
        known: HashSet::new(),
    };
    for statement in statements {
        run.note_template(statement);
    }
    for phase in [Phase::Own, Phase::Monitor, Phase::Master] {
        for statement in statements {
            let Some(name) = statement.words.first() else {
                continue;
            };
            if !name.templated && Phase::of(&name.bytes) == phase {
                run.carry_out(statement);
            }
        }
    }
    run.state
}

struct Run<'a> {
    state: State,
    version: &'a Version,
    /// Whether `resolve-hostnames` is on, or a template decides.
    hostnames: bool,
    /// Whether a template may name or add masters.
    masters_may_differ: bool,
    /// Where each master is among those that are monitored, by its name.
    names: HashMap<Vec<u8>, usize>,
    /// Replicas and Sentinels that are known, as (master, kind, key): none may come twice.
    known: HashSet<(Vec<u8>, &'static str, Vec<u8>)>,
}

impl Run<'_> {
    /// What a template decides about a line, before any is carried out: whether it is there, and what it says.
    fn note_template(&mut self, statement: &Statement) {
        let templated = statement.words.iter().find(|word| word.templated).map(|word| word.span);
        let Some(at) = statement.only_if.or(templated) else {
            return;
        };
        let name = statement.words.first();
        let may_name_masters = name.is_none_or(|name| name.templated || same_word(&name.bytes, "monitor"));
        let whole_line = name.is_none_or(|name| name.templated) || statement.only_if.is_some();
        self.masters_may_differ |= may_name_masters;
        if whole_line || may_name_masters {
            self.state.unknown.push(Unknown::new(Why::Templated, at, "the rendered file"));
        }
    }

    fn refuse(&mut self, message: impl Into<String>, at: Span) {
        self.state.refusals.push((message.into(), at));
    }

    fn carry_out(&mut self, statement: &Statement) {
        let [name, arguments @ ..] = &*statement.words else {
            return;
        };
        let is = |known: &str| same_word(&name.bytes, known);
        match (Phase::of(&name.bytes), arguments) {
            (Phase::Monitor, [name, host, port, quorum]) => self.monitor(statement, [name, host, port, quorum]),
            (Phase::Own, [value]) => self.own(name, value),
            (Phase::Master, [master, rest @ ..]) if self.takes(name, rest.len()) => self.of_master(name, master, rest),
            _ if is("known-sentinel") && arguments.len() == 3 => {}
            (phase, _)
                if let Some(word) = arguments.iter().find(|word| word.templated)
                    && (phase != Phase::Master || (1..=3).any(|count| self.takes(name, count))) =>
            {
                let needs = "how many words the template makes of this";
                self.state.doubts.push(Unknown::new(Why::Templated, word.span, needs));
            }
            _ => self.refuse("Sentinel knows no such statement, or not with so many words", statement.span),
        }
    }

    /// Whether a statement about a master takes so many words behind the master's name.
    fn takes(&self, name: &Word, count: usize) -> bool {
        let one_of = |names: &[&str]| names.iter().any(|known| same_word(&name.bytes, known));
        match count {
            1 => {
                let since_7_0 = self.version.since(7, 0) && one_of(&["master-reboot-down-after-period"]);
                let valkey = self.version.valkey_since(8, 0) && one_of(&["primary-reboot-down-after-period"]);
                since_7_0
                    || valkey
                    || one_of(&["down-after-milliseconds", "failover-timeout", "parallel-syncs"])
                    || one_of(&["notification-script", "client-reconfig-script", "auth-pass", "auth-user"])
                    || one_of(&["config-epoch", "leader-epoch"])
            }
            2 => one_of(&["known-slave", "known-replica", "rename-command"]),
            3 => one_of(&["known-sentinel"]),
            _ => false,
        }
    }

    /// `sentinel monitor NAME HOST PORT QUORUM`.
    fn monitor(&mut self, statement: &Statement, [name, host, port, quorum]: [&Word; 4]) {
        if !quorum.templated && atoi(&quorum.bytes) <= 0 {
            return self.refuse("the quorum must be 1 or greater", quorum.span);
        }
        if let Err((message, at)) = self.address(host, port) {
            return self.refuse(message, at);
        }
        if !name.templated && self.master(&name.bytes).is_some() {
            return self.refuse("a second master of this name", name.span);
        }
        if !name.templated {
            self.names.insert(name.bytes.to_vec(), self.state.monitors.len());
        }
        self.state.monitors.push(Monitor {
            name: name.clone(),
            host: host.clone(),
            port: port.clone(),
            quorum: quorum.clone(),
            auth_pass: None,
            auth_user: None,
            span: statement.span,
        });
    }

    /// `sentinel.c:createSentinelAddr`: a name that is no address is taken only while hostnames are resolved.
    fn address(&self, host: &Word, port: &Word) -> Result<(), (&'static str, Span)> {
        if !port.templated && !(0..=65535).contains(&atoi(&port.bytes)) {
            return Err(("the port is not within 0 and 65535", port.span));
        }
        let literal = std::str::from_utf8(&host.bytes).is_ok_and(|host| host.parse::<IpAddr>().is_ok());
        if host.templated || literal || self.hostnames {
            return Ok(());
        }
        Err(("the host is no IP address, and `sentinel resolve-hostnames` is off", host.span))
    }

    fn master(&mut self, name: &[u8]) -> Option<&mut Monitor> {
        self.state.monitors.get_mut(*self.names.get(name)?)
    }

    fn own(&mut self, name: &Word, value: &Word) {
        let switch = || match value.templated {
            true => Some(true),
            false if same_word(&value.bytes, "yes") => Some(true),
            false if same_word(&value.bytes, "no") => Some(false),
            false => None,
        };
        let is = |known: &str| same_word(&name.bytes, known);
        if is("myid") && !value.templated && value.bytes.len() != ID_LENGTH {
            self.refuse("the id is not 40 characters long", value.span);
        } else if is("sentinel-pass") && !value.bytes.is_empty() {
            self.state.sentinel_pass = Some(value.clone());
        } else if is("sentinel-user") && !value.bytes.is_empty() {
            self.state.sentinel_user = Some(value.clone());
        } else if is("resolve-hostnames") || is("announce-hostnames") || is("deny-scripts-reconfig") {
            let Some(on) = switch() else {
                return self.refuse("neither yes nor no", value.span);
            };
            if is("resolve-hostnames") {
                self.hostnames = on;
            } else if is("deny-scripts-reconfig") {
                self.state.deny_scripts_reconfig = (on, Some(value.span));
            }
        }
    }

    fn of_master(&mut self, name: &Word, master: &Word, rest: &[Word]) {
        let is = |known: &str| same_word(&name.bytes, known);
        let (Some(first), Some(last)) = (rest.first(), rest.last()) else {
            return;
        };
        if master.templated {
            return;
        }
        let positive = is("down-after-milliseconds") || is("failover-timeout");
        let not_negative = is("master-reboot-down-after-period") || is("primary-reboot-down-after-period");
        let masters_may_differ = self.masters_may_differ;
        let Some(monitor) = self.master(&master.bytes) else {
            if !masters_may_differ {
                self.refuse("no master of this name is monitored", master.span);
            }
            return;
        };
        if is("auth-pass") {
            monitor.auth_pass = Some(first.clone());
        } else if is("auth-user") {
            monitor.auth_user = Some(first.clone());
        } else if positive && !first.templated && atoi(&first.bytes) <= 0 {
            self.refuse("the time must be greater than 0", first.span);
        } else if not_negative && !first.templated && atoi(&first.bytes) < 0 {
            self.refuse("the time must not be negative", first.span);
        } else if is("rename-command") {
            self.once(master, "command", first.bytes.to_vec(), first.span, "this command is renamed twice");
        } else if is("known-slave") || is("known-replica") || is("known-sentinel") {
            self.known(name, master, rest, last);
        }
    }

    /// `known-replica NAME IP PORT`, `known-sentinel NAME IP PORT ID`.
    fn known(&mut self, name: &Word, master: &Word, rest: &[Word], last: &Word) {
        let [host, port, ..] = rest else {
            return;
        };
        if let Err((message, at)) = self.address(host, port) {
            return self.refuse(message, at);
        }
        if same_word(&name.bytes, "known-sentinel") {
            return self.once(master, "sentinel", last.bytes.to_vec(), last.span, "a second Sentinel of this id");
        }
        let key = [&*host.bytes, b":", atoi(&port.bytes).to_string().as_bytes()].concat();
        self.once(master, "replica", key, host.span, "a second replica of this address");
    }

    /// Refuses what a master already has.
    fn once(&mut self, master: &Word, kind: &'static str, key: Vec<u8>, at: Span, message: &str) {
        let entry = (master.bytes.to_vec(), kind, key);
        if !self.known.insert(entry) {
            self.refuse(message, at);
        }
    }
}
