//! A reader of the few directives that decide about the door, for the tests that ask about doors alone: the last value
//! of each directive and what the rules say about the user `default`. It knows just enough for well-formed lines.

use std::collections::BTreeMap;

use hardline::platform::redis::door::{
    AuthClients, Bind, Cluster, DefaultUser, Door, Epoch, Host, Maybe, Tls, TlsFile, UnixSocket,
};
use hardline::platform::redis::version::Version;
use hardline::text::{Place, Sources, Span};

/// What is written, the last value of each directive.
#[derive(Debug, Default)]
pub struct Written {
    last: BTreeMap<String, Vec<String>>,
    default_user: Option<Vec<String>>,
}

impl Written {
    /// Reads the files that the first argument leads to, then the arguments.
    pub fn read(files: &BTreeMap<String, String>, args: &[String]) -> Written {
        let mut written = Written::default();
        let main = args.first().filter(|arg| !arg.starts_with('-'));
        if let Some(main) = main {
            written.file(files, main);
        }
        let mut line: Vec<String> = Vec::new();
        for arg in args.iter().skip(usize::from(main.is_some())) {
            if let Some(name) = arg.strip_prefix("--") {
                written.line(files, &std::mem::take(&mut line));
                line.push(name.to_owned());
            } else {
                line.push(arg.clone());
            }
        }
        written.line(files, &line);
        if let Some(users) = written.one("aclfile").filter(|name| !name.is_empty()).map(str::to_owned) {
            written.default_user = None;
            written.last.remove("requirepass");
            written.file(files, &users);
        }
        written
    }

    fn file(&mut self, files: &BTreeMap<String, String>, name: &str) {
        for line in files.get(name).map(String::as_str).unwrap_or_default().lines() {
            if !line.starts_with('#') {
                self.line(files, &words(line));
            }
        }
    }

    fn line(&mut self, files: &BTreeMap<String, String>, words: &[String]) {
        let Some((name, values)) = words.split_first() else { return };
        match (name.to_ascii_lowercase().as_str(), values) {
            ("include", [path]) => self.file(files, path),
            ("user", [user, rules @ ..]) => {
                if user == "default" {
                    self.default_user = Some(rules.to_vec());
                }
            }
            (name, values) => {
                self.last.insert(name.to_owned(), values.to_vec());
            }
        }
    }

    fn one(&self, name: &str) -> Option<&str> {
        self.last.get(name).and_then(|values| values.first()).map(String::as_str)
    }

    fn yes(&self, name: &str, otherwise: bool) -> Maybe<bool> {
        Maybe::Known(self.one(name).map_or(otherwise, |value| value == "yes"))
    }

    fn number(&self, name: &str, otherwise: u16) -> Maybe<u16> {
        Maybe::Known(self.one(name).map_or(otherwise, |value| value.parse().unwrap_or(otherwise)))
    }

    /// What the rules say about the user `default`.
    pub fn user(&self) -> DefaultUser {
        let needs_password = self.one("requirepass").is_some_and(|password| !password.is_empty());
        let (mut enabled, mut nopass, mut may_ping) = (true, !needs_password, true);
        if let Some(rules) = &self.default_user {
            (enabled, nopass, may_ping) = (false, false, false);
            for rule in rules {
                match rule.to_ascii_lowercase().as_str() {
                    "reset" => (enabled, nopass, may_ping) = (false, false, false),
                    "on" => enabled = true,
                    "off" => enabled = false,
                    "nopass" => nopass = true,
                    "resetpass" => nopass = false,
                    "+@all" | "+ping" => may_ping = true,
                    "-@all" | "-ping" => may_ping = false,
                    rule if rule.starts_with('>') => nopass = false,
                    _ => {}
                }
            }
        }
        DefaultUser { enabled: Maybe::Known(enabled), nopass: Maybe::Known(nopass), may_ping: Maybe::Known(may_ping) }
    }
}

fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = line.trim();
    while let Some(first) = rest.chars().next() {
        let (word, after) = match first {
            '"' | '\'' => rest[1..].split_once(first).unwrap_or((&rest[1..], "")),
            _ => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        words.push(word.to_owned());
        rest = after.trim_start();
    }
    words
}

/// A place for what has none.
pub fn nowhere() -> Span {
    let mut sources = Sources::new();
    Span::at(sources.add(Place::File("redis.conf".into()), Vec::new()), 0)
}

/// A host with these addresses outside loopback.
pub fn host(addresses: &[&str]) -> Host {
    Host {
        addresses: Some(addresses.iter().map(|address| address.parse().expect("an address")).collect()),
        names: BTreeMap::new(),
    }
}

/// The door that these directives make.
pub fn door(written: &Written, version: Version, umask: u32, host: Host) -> Door {
    let bind = match written.last.get("bind") {
        None => Bind::NotWritten,
        Some(items) if version.since(7, 0) => {
            let items: Vec<_> = match items.as_slice() {
                // From 7.0 one value is split again.
                [one] => words(one),
                many => many.to_vec(),
            };
            Bind::Items(items.into_iter().map(Maybe::Known).collect())
        }
        Some(items) => Bind::Items(items.iter().cloned().map(Maybe::Known).collect()),
    };
    let file = |names: &[&str]| {
        let set = names.iter().any(|name| written.one(name).is_some_and(|path| !path.is_empty()));
        Maybe::Known(if set { TlsFile::Usable } else { TlsFile::NotSet })
    };
    let perm = written.one("unixsocketperm").and_then(|mode| u32::from_str_radix(mode, 8).ok());
    let auth = match written.one("tls-auth-clients") {
        Some("no") => AuthClients::No,
        Some("optional") => AuthClients::Optional,
        _ => AuthClients::Yes,
    };
    let socket = written.one("unixsocket").filter(|path| !path.is_empty());
    // `--sentinel` changes two defaults.
    let sentinel = written.last.contains_key("sentinel");
    Door {
        epoch: Epoch::of(&version),
        bind: Maybe::Known(bind),
        bind_at: nowhere(),
        port: written.number("port", if sentinel { 26379 } else { 6379 }),
        tls_port: written.number("tls-port", 0),
        protected_mode: written.yes("protected-mode", !sentinel),
        unixsocket: Maybe::Known(socket.map(|path| UnixSocket { path_length: path.len(), usable: Maybe::Known(true) })),
        unixsocketperm: Maybe::Known(perm.unwrap_or(0)),
        umask: Maybe::Known(umask),
        tls: Tls {
            auth_clients: Maybe::Known(auth),
            cert: file(&["tls-cert-file"]),
            key: file(&["tls-key-file"]),
            ca: file(&["tls-ca-cert-file", "tls-ca-cert-dir"]),
            replication: written.yes("tls-replication", false),
            cluster: written.yes("tls-cluster", false),
        },
        cluster: Cluster { enabled: written.yes("cluster-enabled", false), port: written.number("cluster-port", 0) },
        default_user: written.user(),
        host,
    }
}
