//! The `sentinel …` lines of `sentinel.conf`, as Sentinel carries them out.
//!
//! They are queued while the file is read and carried out afterwards: first what concerns Sentinel itself, then the
//! `monitor` lines, then what names a monitored master (`sentinel.c:queueSentinelConfig`,
//! `sentinel.c:loadSentinelConfigFromQueue`, all versions). So their order matters only within these groups. The first
//! that is refused ends the server, which names its line.

use std::collections::{HashMap, HashSet};

use super::known::{Known, What, Whereabouts};
use super::watch::{Monitor, Statement, Switch, Watch};
use crate::fact::{Unknown, Why};
use crate::platform::redis::address::literal;
use crate::platform::redis::number::{atoi, c_string, same_word};
use crate::platform::redis::split::Word;
use crate::platform::redis::version::Version;
use crate::text::Span;

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

/// Carries the lines out as this version does. `poisons` are what could be any line; `runs` says whether a script is
/// there and can be run.
pub fn carry_out(
    statements: &[Statement],
    version: &Version,
    poisons: &[Unknown],
    runs: &dyn Fn(&[u8]) -> bool,
) -> Watch {
    let mut watch = Watch { unknown: poisons.to_vec(), ..Watch::default() };
    watch.deny_scripts_reconfig = deny_scripts_reconfig(statements, poisons);
    let anything = !poisons.is_empty();
    let mut run = Run {
        watch,
        version,
        runs,
        hostnames: anything,
        masters_may_differ: anything,
        names: HashMap::new(),
        known: HashSet::new(),
        replicas_by_name: false,
        at: None,
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
                run.at = statement.only_if;
                run.carry_out(statement);
            }
        }
    }
    run.watch
}

/// The last line of `deny-scripts-reconfig` counts, unless something after it may be another.
fn deny_scripts_reconfig(statements: &[Statement], poisons: &[Unknown]) -> Switch {
    let mut held = Switch::Default(true);
    let mut seen = 0;
    let templated = |at: Span| Switch::Unknown(Unknown::new(Why::Templated, at, "the rendered file"));
    for statement in statements {
        if statement.poisons > seen
            && let Some(poison) = poisons.get(statement.poisons - 1)
        {
            held = Switch::Unknown(poison.clone());
        }
        seen = seen.max(statement.poisons);
        let Some(name) = statement.words.first() else { continue };
        if name.templated {
            held = templated(name.span);
        } else if let ([_, value], true) = (&*statement.words, same_word(&name.bytes, "deny-scripts-reconfig")) {
            let open = statement.only_if.or(value.templated.then_some(value.span));
            let on = yes_or_no(&value.bytes).map(|on| Switch::Written(on, value.span));
            held = open.map(templated).or(on).unwrap_or(held);
        }
    }
    match poisons.get(seen..) {
        Some([.., poison]) => Switch::Unknown(poison.clone()),
        _ => held,
    }
}

/// `config.c:yesnotoi`.
fn yes_or_no(bytes: &[u8]) -> Option<bool> {
    match () {
        () if same_word(bytes, "yes") => Some(true),
        () if same_word(bytes, "no") => Some(false),
        () => None,
    }
}

struct Run<'a> {
    watch: Watch,
    version: &'a Version,
    runs: &'a dyn Fn(&[u8]) -> bool,
    /// Whether `resolve-hostnames` is on, or may be.
    hostnames: bool,
    /// Whether something may name or add masters that is not seen.
    masters_may_differ: bool,
    /// Where each master is among those that are monitored, by its name.
    names: HashMap<Box<[u8]>, usize>,
    /// What masters already have.
    known: HashSet<Known>,
    /// Whether a replica is known by a name that would have to be looked up.
    replicas_by_name: bool,
    /// The template's condition on the statement that is carried out.
    at: Option<Span>,
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
            self.watch.unknown.push(Unknown::new(Why::Templated, at, "the rendered file"));
        }
    }

    /// Sentinel stops here, unless a template leaves the statement out.
    fn refuse(&mut self, message: &str, at: Span) {
        match self.at {
            None => self.watch.refusals.push((message.to_owned(), at)),
            Some(condition) => {
                let needs = "whether the template keeps this line, which Sentinel would refuse";
                self.watch.unknown.push(Unknown::new(Why::Templated, condition, needs));
            }
        }
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
                self.watch.doubts.push(Unknown::new(Why::Templated, word.span, needs));
            }
            _ => self.refuse("Unrecognized sentinel configuration statement.", statement.span),
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
        let fault = match () {
            () if !quorum.templated && atoi(&quorum.bytes) <= 0 => Err(("Quorum must be 1 or greater.", quorum.span)),
            () => self.address(host, port),
        };
        if let Err((message, at)) = fault {
            // That its master is not known is no fault of the lines that name it.
            self.masters_may_differ = true;
            return self.refuse(message, at);
        }
        if !name.templated && self.master(&name.bytes).is_some() {
            return self.refuse("Duplicate master name.", name.span);
        }
        if !name.templated {
            self.names.insert(c_string(&name.bytes).into(), self.watch.monitors.len());
        }
        self.watch.monitors.push(Monitor {
            name: name.clone(),
            host: host.clone(),
            port: port.clone(),
            quorum: quorum.clone(),
            auth_pass: None,
            auth_user: None,
            span: statement.span,
        });
    }

    /// `sentinel.c:createSentinelAddr`: a name that is no address is taken only while hostnames are resolved, and then
    /// whether or not it leads anywhere.
    fn address(&self, host: &Word, port: &Word) -> Result<(), (&'static str, Span)> {
        if !port.templated && !(0..=65535).contains(&atoi(&port.bytes)) {
            return Err(("Invalid port number.", port.span));
        }
        if host.templated || literal(c_string(&host.bytes)).is_some() || self.hostnames {
            return Ok(());
        }
        Err(("Can't resolve instance hostname.", host.span))
    }

    fn master(&mut self, name: &[u8]) -> Option<&mut Monitor> {
        self.watch.monitors.get_mut(*self.names.get(c_string(name))?)
    }

    fn own(&mut self, name: &Word, value: &Word) {
        let is = |known: &str| same_word(&name.bytes, known);
        let text = c_string(&value.bytes);
        let written = || Some(value.clone());
        match () {
            () if is("myid") && !value.templated && text.len() != ID_LENGTH => {
                self.refuse("Malformed Sentinel id in myid option.", value.span);
            }
            () if is("announce-port") => self.watch.announce_port = atoi(&value.bytes),
            () if is("announce-ip") && !text.is_empty() => self.watch.announce_ip = written(),
            () if is("sentinel-pass") && !text.is_empty() => self.watch.sentinel_pass = written(),
            () if is("sentinel-user") && !text.is_empty() => self.watch.sentinel_user = written(),
            () if is("resolve-hostnames") || is("announce-hostnames") || is("deny-scripts-reconfig") => {
                self.switch(name, value);
            }
            () => {}
        }
    }

    fn switch(&mut self, name: &Word, value: &Word) {
        let on = if value.templated { Some(true) } else { yes_or_no(&value.bytes) };
        let is = |known: &str| same_word(&name.bytes, known);
        match on {
            None if is("deny-scripts-reconfig") => {
                self.refuse("Please specify yes or no for the deny-scripts-reconfig options.", value.span);
            }
            None if is("resolve-hostnames") => {
                self.refuse("Please specify yes or no for the resolve-hostnames option.", value.span);
            }
            None => self.refuse("Please specify yes or no for the announce-hostnames option.", value.span),
            Some(on) if is("resolve-hostnames") => {
                self.watch.resolve_hostnames = on;
                self.hostnames = on || self.hostnames && (self.masters_may_differ || self.at.is_some());
            }
            Some(on) if is("announce-hostnames") => self.watch.announce_hostnames = on,
            Some(_) => {}
        }
    }

    fn of_master(&mut self, name: &Word, master: &Word, rest: &[Word]) {
        let is = |known: &str| same_word(&name.bytes, known);
        let Some(first) = rest.first() else { return };
        if master.templated {
            return;
        }
        let script = match () {
            () if is("notification-script") => "Notification script seems non existing or non executable.",
            () if is("client-reconfig-script") => "Client reconfiguration script seems non existing or non executable.",
            () => "",
        };
        let runs = script.is_empty() || first.templated || (self.runs)(c_string(&first.bytes));
        let positive = is("down-after-milliseconds") || is("failover-timeout");
        let not_negative = is("master-reboot-down-after-period") || is("primary-reboot-down-after-period");
        let masters_may_differ = self.masters_may_differ;
        let Some(monitor) = self.master(&master.bytes) else {
            if !masters_may_differ {
                self.refuse("No such master with specified name.", master.span);
            }
            return;
        };
        if is("auth-pass") {
            monitor.auth_pass = Some(first.clone());
        } else if is("auth-user") {
            monitor.auth_user = Some(first.clone());
        } else if !runs {
            self.refuse(script, first.span);
        } else if positive && !first.templated && atoi(&first.bytes) <= 0 {
            self.refuse("negative or zero time parameter.", first.span);
        } else if not_negative && !first.templated && atoi(&first.bytes) < 0 {
            self.refuse("negative time parameter.", first.span);
        } else if is("rename-command") && !first.templated {
            let command = What::Command(c_string(&first.bytes).to_ascii_lowercase().into());
            let message = "Same command renamed multiple times with rename-command.";
            self.once(master, command, first.span, message);
        } else if let ([host, port, id @ ..], true) = (rest, name.bytes.to_ascii_lowercase().starts_with(b"known-")) {
            self.known(master, host, port, id.first());
        }
    }

    /// `known-replica NAME HOST PORT`, `known-sentinel NAME HOST PORT ID`.
    fn known(&mut self, master: &Word, host: &Word, port: &Word, id: Option<&Word>) {
        if let Err((message, at)) = self.address(host, port) {
            return self.refuse(message, at);
        }
        if let Some(id) = id {
            if !id.templated {
                let sentinel = What::Sentinel(c_string(&id.bytes).into());
                self.once(master, sentinel, id.span, "Duplicate runid for sentinel.");
            }
            return;
        }
        if host.templated || port.templated {
            return;
        }
        let text = c_string(&host.bytes);
        let place = match literal(text) {
            _ if self.watch.announce_hostnames => Whereabouts::Text(text.into()),
            Some(address) => Whereabouts::Address(address),
            None => Whereabouts::Name(text.into()),
        };
        let port = atoi(&port.bytes);
        let by_name = matches!(place, Whereabouts::Name(_));
        self.replicas_by_name |= by_name;
        let may_be_same = self.replicas_by_name
            && self.known.iter().any(|known| {
                let of_same_port = |whereabouts: &Whereabouts| by_name || matches!(whereabouts, Whereabouts::Name(_));
                *known.master == *c_string(&master.bytes)
                    && matches!(&known.what, What::Replica(other, its_port) if *its_port == port && of_same_port(other))
            });
        let taken =
            self.once(master, What::Replica(place, port), host.span, "Duplicate hostname and port for replica.");
        if taken && may_be_same {
            let needs = "whether the names of two replicas lead to the same address";
            self.watch.unknown.push(Unknown::new(Why::NotSupported, host.span, needs));
        }
    }

    /// Refuses what a master already has; whether it has it not.
    fn once(&mut self, master: &Word, what: What, at: Span, message: &str) -> bool {
        let entry = Known { master: c_string(&master.bytes).into(), what };
        let new = self.known.insert(entry);
        if !new {
            self.refuse(message, at);
        }
        new
    }
}
