//! The ways to take the host, the data, the service or secrets that a user's rules and the server's gates leave open.
//!
//! Which ways there are and what each needs is a fact about the server; whether a user should have one is not said.

use std::ops::Range;
use std::sync::LazyLock;

use super::commands::{Call, Channels, Command, Table};
use super::{Evaluator, Read, Selector};
use crate::platform::redis::version::VERSIONS;

/// A way to take something.
#[derive(Debug, PartialEq, Eq)]
pub struct Way {
    /// Its name.
    pub name: &'static str,
    /// What it takes: `host`, `data`, `service` or `secrets`.
    pub takes: &'static str,
    /// The commands that it takes, as one writes them.
    pub commands: &'static str,
    /// The commands as rules name them: one of them must be allowed.
    needs: &'static [&'static str],
    /// Whether some key must be open to writing.
    needs_key: bool,
    /// The channel that must be open, where the version asks for one.
    needs_channel: Option<&'static [u8]>,
    /// The gate that can close it.
    gate: Option<GateName>,
    /// Whether it leads through a Sentinel only.
    of_sentinel: bool,
}

/// A gate: a setting that only a start of the server can change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum GateName {
    Configs,
    Debug,
    Module,
    Scripts,
}

/// What a gate is set to (`config.c:allowProtectedAction`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Gate {
    /// Nobody, the default.
    #[default]
    No,
    /// Only clients of this host.
    Local,
    /// Everybody.
    Yes,
    /// It cannot be told.
    Unknown,
}

/// The gates of a server. A plain one has none before 7.0, and everybody may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Gates {
    /// `enable-protected-configs`.
    pub protected_configs: Gate,
    /// `enable-debug-command`.
    pub debug_command: Gate,
    /// `enable-module-command`.
    pub module_command: Gate,
    /// What `sentinel deny-scripts-reconfig` leaves of changing scripts: nobody or everybody may. All versions.
    pub scripts_reconfig: Gate,
}

impl Gates {
    /// Nothing is known of any.
    pub const UNKNOWN: Gates = Gates {
        protected_configs: Gate::Unknown,
        debug_command: Gate::Unknown,
        module_command: Gate::Unknown,
        scripts_reconfig: Gate::Unknown,
    };
}

/// How one way stands for one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The way.
    pub way: &'static Way,
    /// Whether rules and gates leave it open to a client on another host; `None` when the gate cannot be told. On or
    /// off and passwords do not matter here.
    pub open: Option<bool>,
    /// The setting that can close it whatever the rules say.
    pub gate: Option<&'static str>,
    /// The arguments of the rule that allows or denies its command. `None` when no rule does.
    pub decided_by: Option<Range<usize>>,
}

const fn way(name: &'static str, takes: &'static str, commands: &'static str, needs: &'static [&'static str]) -> Way {
    Way { name, takes, commands, needs, needs_key: false, needs_channel: None, gate: None, of_sentinel: false }
}

const fn sentinel_way(
    name: &'static str,
    takes: &'static str,
    commands: &'static str,
    needs: &'static [&'static str],
) -> Way {
    Way { of_sentinel: true, ..way(name, takes, commands, needs) }
}

/// Every way, those to the host first.
///
/// What is gated: `config.c:PROTECTED_CONFIG` (dir, dbfilename) and the commands with `CMD_PROTECTED`, debug and
/// module|load, |loadex, |unload, since 7.0. CONFIG SET can set save points too, so SAVE is not needed to make the
/// server write to the file that CONFIG SET has named.
///
/// Of a Sentinel, as servers of 6.2.14, 7.0.15, 8.2.3 and Valkey 9.1.2 showed: clients and replicas follow whom it
/// calls the primary, and besides FAILOVER a hello of a newer epoch changes that (`sentinel.c:sentinelPublishCommand`,
/// `sentinelProcessHelloMessage`). It runs scripts, which SENTINEL SET changes unless that is denied.
pub static WAYS: &[Way] = &[
    Way {
        gate: Some(GateName::Configs),
        ..way("config-set-dir", "host", "CONFIG SET dir, CONFIG SET dbfilename", &["config|set"])
    },
    Way {
        gate: Some(GateName::Module),
        ..way("module-load", "host", "MODULE LOAD, MODULE LOADEX", &["module|load", "module|loadex"])
    },
    Way {
        gate: Some(GateName::Scripts),
        ..sentinel_way(
            "sentinel-scripts",
            "host",
            "SENTINEL SET notification-script, SENTINEL SET client-reconfig-script",
            &["sentinel|set"],
        )
    },
    way("acl-setuser", "data", "ACL SETUSER", &["acl|setuser"]),
    sentinel_way("sentinel-monitor", "data", "SENTINEL MONITOR", &["sentinel|monitor"]),
    Way {
        needs_channel: Some(b"__sentinel__:hello"),
        ..sentinel_way("sentinel-hello", "data", "PUBLISH __sentinel__:hello", &["publish"])
    },
    way("replicaof", "data", "REPLICAOF, SLAVEOF", &["replicaof", "slaveof"]),
    way("sync", "data", "SYNC, PSYNC", &["sync", "psync"]),
    way("cluster", "data", "CLUSTER MEET, CLUSTER RESET, CLUSTER FAILOVER and others", CLUSTER),
    way("flush", "data", "FLUSHALL, FLUSHDB", &["flushall", "flushdb"]),
    way("swapdb", "data", "SWAPDB", &["swapdb"]),
    Way { needs_key: true, ..way("migrate", "data", "MIGRATE", &["migrate"]) },
    Way { needs_key: true, ..way("restore", "data", "RESTORE", &["restore", "restore-asking"]) },
    Way { gate: Some(GateName::Debug), ..way("debug", "service", "DEBUG", &["debug"]) },
    way("config-set", "service", "CONFIG SET", &["config|set"]),
    way("config-rewrite", "service", "CONFIG REWRITE", &["config|rewrite"]),
    way("scripting", "service", "EVAL, EVALSHA, FCALL", SCRIPTING),
    way("function-load", "service", "FUNCTION LOAD, FUNCTION RESTORE", &["function|load", "function|restore"]),
    way("script-load", "service", "SCRIPT LOAD", &["script|load"]),
    way("acl-deluser", "service", "ACL DELUSER", &["acl|deluser"]),
    way("shutdown", "service", "SHUTDOWN", &["shutdown"]),
    way("failover", "service", "FAILOVER", &["failover"]),
    sentinel_way("sentinel-failover", "service", "SENTINEL FAILOVER", &["sentinel|failover"]),
    sentinel_way("sentinel-remove", "service", "SENTINEL REMOVE, SENTINEL RESET", SENTINEL_REMOVE),
    sentinel_way("sentinel-set", "service", "SENTINEL SET", &["sentinel|set"]),
    sentinel_way("sentinel-config-set", "service", "SENTINEL CONFIG SET", &["sentinel|config"]),
    sentinel_way("sentinel-debug", "service", "SENTINEL SIMULATE-FAILURE, SENTINEL DEBUG", SENTINEL_DEBUG),
    way("client-kill", "service", "CLIENT KILL, CLIENT PAUSE", &["client|kill", "client|pause"]),
    way("keys", "service", "KEYS", &["keys"]),
    way("config-get", "secrets", "CONFIG GET", &["config|get"]),
    sentinel_way("sentinel-config-get", "secrets", "SENTINEL CONFIG GET sentinel-pass", &["sentinel|config"]),
    way("acl-list", "secrets", "ACL LIST, ACL GETUSER", &["acl|list", "acl|getuser"]),
    way("monitor", "secrets", "MONITOR", &["monitor"]),
    way("slowlog", "secrets", "SLOWLOG GET, COMMANDLOG GET", &["slowlog|get", "commandlog|get"]),
];

static SCRIPTING: &[&str] = &["eval", "evalsha", "eval_ro", "evalsha_ro", "fcall", "fcall_ro"];

static SENTINEL_REMOVE: &[&str] = &["sentinel|remove", "sentinel|reset"];

static SENTINEL_DEBUG: &[&str] = &["sentinel|simulate-failure", "sentinel|debug"];

static CLUSTER: &[&str] = &[
    "cluster|addslots",
    "cluster|addslotsrange",
    "cluster|delslots",
    "cluster|delslotsrange",
    "cluster|failover",
    "cluster|flushslots",
    "cluster|forget",
    "cluster|meet",
    "cluster|migrateslots",
    "cluster|replicate",
    "cluster|reset",
    "cluster|setslot",
];

impl Way {
    /// Whether its commands name keys, so that key patterns bind them.
    pub fn names_keys(&self) -> bool {
        self.needs_key
    }
}

impl GateName {
    fn setting(self) -> &'static str {
        match self {
            GateName::Configs => "enable-protected-configs",
            GateName::Debug => "enable-debug-command",
            GateName::Module => "enable-module-command",
            GateName::Scripts => "sentinel deny-scripts-reconfig",
        }
    }

    fn value(self, gates: Gates) -> Gate {
        match self {
            GateName::Configs => gates.protected_configs,
            GateName::Debug => gates.debug_command,
            GateName::Module => gates.module_command,
            GateName::Scripts => gates.scripts_reconfig,
        }
    }
}

/// A way in one version, as a plain server or as a Sentinel: the commands for it that the version has, the first of them first.
struct Known {
    way: &'static Way,
    needs: Vec<Need>,
}

/// A command that a way takes, and the words that call it.
struct Need {
    command: Command,
    words: Call<'static>,
}

/// The ways of each version, in the order of [`VERSIONS`]: as a plain server, as a Sentinel.
static KNOWN: LazyLock<Vec<[Vec<Known>; 2]>> = LazyLock::new(|| {
    let need = |table: &Table, name: &'static str| {
        let (command, words) = table.call(name.as_bytes())?;
        Some(Need { command, words })
    };
    let of_table = |table: &'static Table, sentinel: bool| {
        let known =
            |way: &'static Way| Known { way, needs: way.needs.iter().filter_map(|name| need(table, name)).collect() };
        let ways = WAYS.iter().filter(|way| sentinel || !way.of_sentinel);
        ways.map(known).filter(|known| !known.needs.is_empty()).collect()
    };
    let of_version = |version| [of_table(Table::of(version), false), of_table(Table::of_sentinel(version), true)];
    VERSIONS.iter().map(of_version).collect()
});

impl Evaluator {
    /// How every way that the version has stands for a user.
    pub fn takeover(&self, read: &Read<'_>, gates: Gates) -> Vec<Standing> {
        self.ways().map(|known| self.standing(known, read, gates)).collect()
    }

    /// The same for the ways that are not certainly closed.
    pub fn open_ways(&self, read: &Read<'_>, gates: Gates) -> Vec<Standing> {
        let ways = self.ways().filter(|known| self.open(known, read, gates) != Some(false));
        ways.map(|known| self.standing(known, read, gates)).collect()
    }

    fn ways(&self) -> impl Iterator<Item = &'static Known> {
        let version = VERSIONS.iter().position(|version| version == self.version);
        version.and_then(|version| KNOWN.get(version)?.get(usize::from(self.sentinel))).into_iter().flatten()
    }

    fn standing(&self, known: &'static Known, read: &Read<'_>, gates: Gates) -> Standing {
        Standing {
            way: known.way,
            open: self.open(known, read, gates),
            gate: self.gate(known).map(GateName::setting),
            decided_by: self.way_decided_by(known, read),
        }
    }

    /// The gate of a way, if this version has it.
    fn gate(&self, known: &Known) -> Option<GateName> {
        known.way.gate.filter(|gate| *gate == GateName::Scripts || self.version.since(7, 0))
    }

    fn open(&self, known: &Known, read: &Read<'_>, gates: Gates) -> Option<bool> {
        let permitted = read.user.every_selector().any(|selector| self.opens(known, selector));
        match self.gate(known).map(|gate| gate.value(gates)) {
            _ if !permitted => Some(false),
            None | Some(Gate::Yes) => Some(true),
            Some(Gate::No | Gate::Local) => Some(false),
            Some(Gate::Unknown) => None,
        }
    }

    /// Whether a selector has what a way needs of commands, keys and channels.
    fn opens(&self, known: &Known, selector: &Selector<'_>) -> bool {
        let key = || selector.all_keys || selector.keys.iter().any(|key| key.write);
        known.needs.iter().any(|need| {
            selector.permits_call(self.table, need.command, &need.words)
                && known.way.needs_channel.is_none_or(|channel| self.opens_channel(need, selector, channel))
        }) && (!known.way.needs_key || key())
    }

    /// Whether a channel is open, or the command is none for which the version looks at channels.
    fn opens_channel(&self, need: &Need, selector: &Selector<'_>, channel: &[u8]) -> bool {
        let looks = self.table.row(need.command).is_some_and(|row| row.channels != Channels::None);
        !looks || selector.opens_channel(channel, false)
    }

    /// By what allows the first command that is allowed, or by what denies the first that there is.
    fn way_decided_by(&self, known: &Known, read: &Read<'_>) -> Option<Range<usize>> {
        let permits = |need: &&Need| {
            read.user.every_selector().any(|selector| selector.permits_call(self.table, need.command, &need.words))
        };
        let need = known.needs.iter().find(permits).or_else(|| known.needs.first())?;
        self.call_decided_by(read, need.command, &need.words)
    }
}
