//! What a Sentinel is told in `sentinel …` lines, and what it makes of them.

use std::collections::BTreeMap;

use crate::fact::Unknown;
use crate::platform::redis::conf::Loaded;
use crate::platform::redis::number::c_string;
use crate::platform::redis::split::Word;
use crate::platform::redis::value::Typed;
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
    /// How many things that could be any line came before it.
    pub poisons: usize,
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
#[derive(Debug, Clone)]
pub struct Watch {
    /// The masters, in the order of their lines.
    pub monitors: Vec<Monitor>,
    /// The password of the other Sentinels: `sentinel-pass`.
    pub sentinel_pass: Option<Word>,
    /// The user of the other Sentinels: `sentinel-user`.
    pub sentinel_user: Option<Word>,
    /// The address that it tells others: `announce-ip`.
    pub announce_ip: Option<Word>,
    /// The port that it tells others: `announce-port`, 0 for its own.
    pub announce_port: i32,
    /// Whether it looks names up: `resolve-hostnames`, or a template may decide that it does.
    pub resolve_hostnames: bool,
    /// Whether it tells others names: `announce-hostnames`.
    pub announce_hostnames: bool,
    /// Whether scripts cannot be changed by clients: `deny-scripts-reconfig`.
    pub deny_scripts_reconfig: Switch,
    /// What Sentinel refuses to start with, in the order in which it would find it.
    pub refusals: Vec<(String, Span)>,
    /// Why there may be more masters, settings or refusals than these.
    pub unknown: Vec<Unknown>,
    /// Why there may be more refusals than these, and nothing else.
    pub doubts: Vec<Unknown>,
}

/// A setting that is on or off.
#[derive(Debug, Clone, PartialEq)]
pub enum Switch {
    /// Nothing is written.
    Default(bool),
    /// It is written there.
    Written(bool, Span),
    /// It cannot be told.
    Unknown(Unknown),
}

impl Watch {
    /// What `SENTINEL CONFIG GET *` prints (`sentinel.c:sentinelConfigGetCommand`; the log level since 7.2), a password
    /// as `***`.
    pub fn config(&self, loaded: &Loaded) -> BTreeMap<String, String> {
        let switch = |on: bool| if on { "yes" } else { "no" }.to_owned();
        let text = |word: &Option<Word>| {
            word.as_ref().map(|word| String::from_utf8_lossy(c_string(&word.bytes)).into_owned()).unwrap_or_default()
        };
        let mut config = BTreeMap::from([
            ("resolve-hostnames", switch(self.resolve_hostnames)),
            ("announce-hostnames", switch(self.announce_hostnames)),
            ("announce-ip", text(&self.announce_ip)),
            ("announce-port", self.announce_port.to_string()),
            ("sentinel-user", text(&self.sentinel_user)),
            ("sentinel-pass", self.sentinel_pass.as_ref().map(|_| "***".to_owned()).unwrap_or_default()),
        ]);
        if let (true, Some(Typed::Word(level))) = (loaded.version.since(7, 2), loaded.named("loglevel").typed()) {
            config.insert("loglevel", (*level).to_owned());
        }
        config.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

impl Default for Watch {
    /// What holds where nothing is written (`sentinel.c:initSentinel`, all versions).
    fn default() -> Watch {
        Watch {
            monitors: Vec::new(),
            sentinel_pass: None,
            sentinel_user: None,
            announce_ip: None,
            announce_port: 0,
            resolve_hostnames: false,
            announce_hostnames: false,
            deny_scripts_reconfig: Switch::Default(true),
            refusals: Vec::new(),
            unknown: Vec::new(),
            doubts: Vec::new(),
        }
    }
}
