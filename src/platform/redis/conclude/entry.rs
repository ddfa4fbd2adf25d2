//! Who gets in: listeners, answers to clients without credentials, the cluster bus and the gates.

use crate::fact::{Fact, Items, List, Name, Origin, Spans, Unknown, Value};
use crate::platform::redis::conf::{Held, Loaded};
use crate::platform::redis::directive::SettingId;
use crate::platform::redis::door::{Door, Maybe, Setting};
use crate::platform::redis::entrance::place;
use crate::platform::redis::listen::{self, Listener, Opening, Purpose};
use crate::platform::redis::reach::{self, Answer, Class, Finding};
use crate::platform::redis::value::Typed;
use crate::text::Span;

/// One world: what a version makes of a configuration, and the door that follows.
pub struct World<'a> {
    /// The first word of the facts' paths: `redis` or `sentinel`.
    pub root: Name,
    /// What the version makes of the configuration.
    pub loaded: &'a Loaded,
    /// Who gets in.
    pub door: &'a Door,
    /// Where the default user gets its password and state; the deciding place first.
    pub default_user: Vec<Span>,
}

/// What is said about who gets in.
pub struct Entry {
    /// `reach`.
    pub reach: Fact,
    /// `listen`.
    pub listen: Fact,
    /// `cluster_bus`.
    pub cluster_bus: Fact,
    /// `gates`.
    pub gates: Fact,
    /// What is opened.
    pub opening: Opening,
}

/// What else is said about who gets in.
const GATES: [&str; 3] = ["enable-protected-configs", "enable-debug-command", "enable-module-command"];

impl World<'_> {
    /// Whether two versions certainly let in the same clients for the same reasons.
    pub fn same(&self, other: &World<'_>) -> bool {
        let alike = |name: &str| {
            let agree = |setting| match (self.loaded.spec(setting), other.loaded.spec(setting)) {
                (None, None) => true,
                _ => self.loaded.agrees(other.loaded, setting),
            };
            SettingId::of(name).is_none_or(agree)
        };
        let mut settings = Setting::DIRECTIVES.iter().filter_map(|setting| setting.directive()).chain(GATES);
        self.door == other.door && self.default_user == other.default_user && settings.all(alike)
    }

    /// All of it.
    pub fn entry(&self) -> Entry {
        let opening = listen::open(self.door);
        Entry {
            reach: self.reach(),
            listen: self.listen(&opening),
            cluster_bus: self.cluster_bus(&opening),
            gates: self.gates(),
            opening,
        }
    }

    /// Where a setting is decided.
    fn spans(&self, settings: &[Setting]) -> Spans {
        let mut spans: Vec<Span> = Vec::new();
        for setting in settings {
            let places = match setting {
                Setting::DefaultUser if !self.default_user.is_empty() => self.default_user.clone(),
                setting => vec![place(self.loaded, *setting)],
            };
            for span in places {
                if !spans.contains(&span) {
                    spans.push(span);
                }
            }
        }
        if spans.is_empty() {
            spans.push(self.loaded.end);
        }
        spans.into()
    }

    /// An unknown, with the path of the setting at its root.
    fn rooted(&self, setting: Setting, unknown: &Unknown) -> Unknown {
        let path = match setting {
            Setting::DefaultUser => format!("{}.acl.default_user", self.root),
            setting => match setting.directive() {
                Some(directive) => format!("{}.{}", self.root, directive.replace('-', "_")),
                None => return unknown.clone(),
            },
        };
        unknown.clone().following_from(path)
    }

    fn answer(&self, finding: &Finding<Class>) -> Fact {
        let from = self.spans(&finding.deciding);
        match &finding.answer {
            Answer::Known(class) => Fact::record(
                [
                    ("answer", Fact::derived(class.as_str(), from.clone())),
                    ("because", Fact::derived(finding.because.clone(), from.clone())),
                ],
                from,
            ),
            Answer::Unknown { causes, .. } => match causes.first() {
                Some((setting, unknown)) => {
                    let unknown = Fact::Unknown(self.rooted(*setting, unknown));
                    Fact::record([("answer", unknown.clone()), ("because", unknown)], from)
                }
                None => Fact::record([], from),
            },
        }
    }

    /// `reach`.
    fn reach(&self) -> Fact {
        let remote = reach::remote(self.door);
        let plain_only = Door { tls_port: Maybe::Known(0), ..self.door.clone() };
        let fields = [
            ("remote", self.answer(&remote)),
            ("remote_plain", self.answer(&reach::remote(&plain_only))),
            ("loopback", self.answer(&reach::loopback(self.door))),
            ("unix_other", self.answer(&reach::unix_other(self.door))),
            ("guard", self.guard(&remote)),
        ];
        Fact::record(fields, vec![self.loaded.end])
    }

    /// What alone keeps a client on another host out. Of protected mode that is so only where the answer without it
    /// would be PONG.
    fn guard(&self, remote: &Finding<Class>) -> Fact {
        let from = self.spans(&remote.deciding);
        let without = || reach::remote(&Door { protected_mode: Maybe::Known(false), ..self.door.clone() });
        let word = |class: &Class| match class {
            Class::Pong => "nothing",
            Class::NoAuth | Class::NoPerm => "password",
            Class::TlsError => "certificate",
            _ => "no-listener",
        };
        let finding = match remote.answer.known() {
            Some(Class::Denied) => without(),
            _ => remote.clone(),
        };
        match (&remote.answer, &finding.answer) {
            (Answer::Known(Class::Denied), Answer::Known(Class::Pong)) => Fact::derived("protected-mode", from),
            (_, Answer::Known(class)) => Fact::derived(word(class), from),
            (_, Answer::Unknown { causes, .. }) => match causes.first() {
                Some((setting, unknown)) => Fact::Unknown(self.rooted(*setting, unknown)),
                None => Fact::derived("no-listener", from),
            },
        }
    }

    /// `listen`: the sockets for clients.
    fn listen(&self, opening: &Opening) -> Fact {
        let facts = opening.listeners.iter().filter(|socket| socket.purpose != Purpose::Bus);
        let items: Vec<Fact> = facts.map(|socket| self.listener(socket)).collect();
        let value = Value::List(List { items: Items::Here(items.into()), rest: self.rest(opening) });
        Fact::Known { value, origin: Origin::Derived(self.spans(&[Setting::Bind(None), Setting::Port])) }
    }

    /// Why there may be more sockets, with the setting that would tell.
    fn rest(&self, opening: &Opening) -> Option<Unknown> {
        let settings = [
            (Setting::Port, self.door.port.unknown()),
            (Setting::TlsPort, self.door.tls_port.unknown()),
            (Setting::Bind(None), self.door.bind.unknown()),
        ];
        let rest = opening.rest.as_ref()?;
        let root = settings.into_iter().find(|(_, unknown)| unknown.is_some_and(|unknown| unknown.at == rest.at));
        Some(root.map_or_else(|| rest.clone(), |(setting, _)| self.rooted(setting, rest)))
    }

    fn listener(&self, socket: &Listener) -> Fact {
        let port = if socket.purpose == Purpose::Tls { Setting::TlsPort } else { Setting::Port };
        let from = self.spans(&[Setting::Bind(socket.item), port]);
        let fields = [
            ("address", Fact::derived(socket.address.to_string(), from.clone())),
            ("port", Fact::derived(i64::from(socket.port), from.clone())),
            ("tls", Fact::derived(socket.tls, from.clone())),
            ("loopback", Fact::derived(socket.loopback(), from.clone())),
            ("wildcard", Fact::derived(socket.wildcard(), from.clone())),
        ];
        Fact::record(fields, from)
    }

    /// `cluster_bus`.
    fn cluster_bus(&self, opening: &Opening) -> Fact {
        let from = self.spans(&[Setting::ClusterEnabled, Setting::TlsCluster]);
        let open = match &self.door.cluster.enabled {
            Maybe::Known(on) => Fact::derived(*on, from.clone()),
            Maybe::Unknown(unknown) => Fact::Unknown(self.rooted(Setting::ClusterEnabled, unknown)),
        };
        let bus: Vec<&Listener> = opening.listeners.iter().filter(|socket| socket.purpose == Purpose::Bus).collect();
        let beyond = bus.iter().any(|socket| !socket.loopback());
        let beyond = match self.rest(opening) {
            Some(rest) if !beyond => Fact::Unknown(rest),
            _ => Fact::derived(beyond, self.spans(&[Setting::ClusterEnabled, Setting::Bind(None)])),
        };
        let tls = match &self.door.tls.cluster {
            Maybe::Known(on) => Fact::derived(*on, self.spans(&[Setting::TlsCluster, Setting::ClusterEnabled])),
            Maybe::Unknown(unknown) => Fact::Unknown(self.rooted(Setting::TlsCluster, unknown)),
        };
        let mut fields = vec![("open", open), ("tls", tls), ("beyond_host", beyond)];
        if let Some(socket) = bus.first() {
            fields.push(("port", Fact::derived(i64::from(socket.port), from.clone())));
        }
        Fact::record(fields, from)
    }

    /// `gates` (`config.c:allowProtectedAction`, 7.0 and later). A Sentinel has none of the commands that they guard.
    fn gates(&self) -> Fact {
        let guards = ["`CONFIG SET dir` and `dbfilename`", "`DEBUG`", "`MODULE LOAD`"];
        let gates = GATES.into_iter().zip(guards).filter(|_| !self.loaded.sentinel);
        let items: Vec<Fact> = gates.filter_map(|(name, guards)| self.gate(name, guards)).collect();
        Fact::Known { value: items.into(), origin: Origin::Derived([self.loaded.end].into()) }
    }

    fn gate(&self, name: &'static str, guards: &'static str) -> Option<Fact> {
        let (value, span) = match self.loaded.named(name) {
            Held::Absent => return None,
            Held::Default(typed) => {
                let because = format!("`{name}` is not set; the default is `no`");
                (Fact::default(word(typed), self.loaded.end, because), self.loaded.end)
            }
            Held::Written(write, typed) => (Fact::written(word(typed), write.value), write.value),
            Held::Unknown(unknown) => {
                let path = format!("{}.{}", self.root, name.replace('-', "_"));
                (Fact::Unknown(unknown.clone().following_from(path)), unknown.at)
            }
        };
        let from: Spans = [span].into();
        let fields = [
            ("setting", Fact::derived(name, from.clone())),
            ("value", value),
            ("guards", Fact::derived(guards, from.clone())),
        ];
        Some(Fact::record(fields, from))
    }
}

fn word(typed: &Typed) -> &'static str {
    match typed {
        Typed::Word(word) => word,
        _ => "no",
    }
}
