//! The door: everything that decides where a server listens and what a client without credentials gets there.
//!
//! Each field is known or says why it is not, so that `listen` and `reach` can tell what follows anyway.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use super::version::Version;
use crate::fact::Unknown;
use crate::text::Span;

/// Which rules a version has about who gets in. There were two changes so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Epoch {
    /// 6.2: protected mode matters only where no `bind` is written.
    Before7_0,
    /// 7.0.
    From7_0,
    /// 7.2 and later: every 127.x.x.x is the host itself, and sockets open in another order.
    From7_2,
}

impl Epoch {
    /// That of a version.
    pub fn of(version: &Version) -> Epoch {
        match version {
            version if version.since(7, 2) => Epoch::From7_2,
            version if version.since(7, 0) => Epoch::From7_0,
            _ => Epoch::Before7_0,
        }
    }
}

/// A value, or why there is none.
#[derive(Debug, Clone, PartialEq)]
pub enum Maybe<T> {
    /// It is this.
    Known(T),
    /// It could not be told.
    Unknown(Unknown),
}

impl<T> Maybe<T> {
    /// The value, if it is known.
    pub fn known(&self) -> Option<&T> {
        match self {
            Maybe::Known(value) => Some(value),
            Maybe::Unknown(_) => None,
        }
    }

    /// Why there is no value, if there is none.
    pub fn unknown(&self) -> Option<&Unknown> {
        match self {
            Maybe::Known(_) => None,
            Maybe::Unknown(unknown) => Some(unknown),
        }
    }

    /// The same knowledge about what follows from the value.
    pub fn map<U>(&self, follow: impl FnOnce(&T) -> U) -> Maybe<U> {
        match self {
            Maybe::Known(value) => Maybe::Known(follow(value)),
            Maybe::Unknown(unknown) => Maybe::Unknown(unknown.clone()),
        }
    }
}

/// What the server would be given.
#[derive(Debug, Clone, PartialEq)]
pub struct Door {
    /// Which rules hold.
    pub epoch: Epoch,
    /// The addresses to listen on.
    pub bind: Maybe<Bind>,
    /// Where they are written, or would be: the place of an item that cannot be looked up.
    pub bind_at: Span,
    /// The plain port, 0 for none.
    pub port: Maybe<u16>,
    /// The TLS port, 0 for none.
    pub tls_port: Maybe<u16>,
    /// Whether protected mode is on (Sentinel has it off by default: `sentinel.c:initSentinelConfig`).
    pub protected_mode: Maybe<bool>,
    /// The socket file, if one is configured.
    pub unixsocket: Maybe<Option<UnixSocket>>,
    /// The mode the socket file gets; 0 leaves it to the umask.
    pub unixsocketperm: Maybe<u32>,
    /// The umask of the process.
    pub umask: Maybe<u32>,
    /// What is asked of TLS clients, and with what.
    pub tls: Tls,
    /// The cluster bus.
    pub cluster: Cluster,
    /// The user that every connection starts as.
    pub default_user: DefaultUser,
    /// The machine it would run on.
    pub host: Host,
}

/// The `bind` directive.
#[derive(Debug, Clone, PartialEq)]
pub enum Bind {
    /// Not written: `* -::*`. Redis 6.2 tells this from the same two addresses written down.
    NotWritten,
    /// These items, as the server splits them. None (7.0 and later: `bind ""`) is no TCP at all.
    Items(Vec<Maybe<String>>),
}

/// The socket file of a Unix socket.
#[derive(Debug, Clone, PartialEq)]
pub struct UnixSocket {
    /// The length of its path in bytes.
    pub path_length: usize,
    /// Whether the server can make it: its folder is there and writable, its group exists.
    pub usable: Maybe<bool>,
}

/// The TLS settings that decide who gets in.
#[derive(Debug, Clone, PartialEq)]
pub struct Tls {
    /// `tls-auth-clients`.
    pub auth_clients: Maybe<AuthClients>,
    /// `tls-cert-file`.
    pub cert: Maybe<TlsFile>,
    /// `tls-key-file`.
    pub key: Maybe<TlsFile>,
    /// `tls-ca-cert-file` or `tls-ca-cert-dir`.
    pub ca: Maybe<TlsFile>,
    /// `tls-replication`.
    pub replication: Maybe<bool>,
    /// `tls-cluster`.
    pub cluster: Maybe<bool>,
}

/// What `tls-auth-clients` asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthClients {
    /// A certificate of the configured CA.
    Yes,
    /// No certificate, or one of the configured CA.
    Optional,
    /// Nothing; any certificate will do.
    No,
}

/// A file that TLS needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsFile {
    /// Not configured.
    NotSet,
    /// Configured; nobody looked at the file.
    Unchecked,
    /// Configured, and a server can use it.
    Usable,
    /// Configured, and a server cannot use it.
    Unusable,
}

/// The settings of the cluster bus.
#[derive(Debug, Clone, PartialEq)]
pub struct Cluster {
    /// `cluster-enabled`.
    pub enabled: Maybe<bool>,
    /// `cluster-port` (7.0 and later), 0 for the client port and 10,000.
    pub port: Maybe<u16>,
}

/// What is to be known of the user `default`.
#[derive(Debug, Clone, PartialEq)]
pub struct DefaultUser {
    /// Whether it is `on`.
    pub enabled: Maybe<bool>,
    /// Whether it has the flag `nopass`.
    pub nopass: Maybe<bool>,
    /// Whether its rules let it run PING.
    pub may_ping: Maybe<bool>,
}

/// The machine the server would run on.
///
/// It is taken to have both loopback addresses. Whether it has IPv6 at all is told by `addresses`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Host {
    /// Its addresses outside loopback. `None`: every such address in `bind` is one of them, and others may be.
    pub addresses: Option<Vec<IpAddr>>,
    /// What names mean there: the first IPv4 address, or `None` for a name that has none. `localhost` is known.
    pub names: BTreeMap<String, Option<Ipv4Addr>>,
}

/// One of the two families of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// The family of an address.
    pub fn of(address: &IpAddr) -> Family {
        if address.is_ipv4() { Family::V4 } else { Family::V6 }
    }
}

impl Host {
    /// Whether `address`, which is neither loopback nor a wildcard, is one of the host's.
    pub fn owns(&self, address: &IpAddr) -> bool {
        self.addresses.as_ref().is_none_or(|own| own.contains(address))
    }

    /// Whether others can reach the host by this family at all.
    pub fn outside(&self, family: Family) -> bool {
        self.addresses.as_ref().is_none_or(|own| {
            own.iter()
                .any(|address| Family::of(address) == family && !address.is_loopback() && !address.is_unspecified())
        })
    }
}

/// What decides an answer. Most are directives; the rest name what else a server is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Setting {
    /// `bind`, and of it the item of this number, counted from 0, if one decides alone.
    Bind(Option<usize>),
    /// `port`.
    Port,
    /// `tls-port`.
    TlsPort,
    /// `protected-mode`.
    ProtectedMode,
    /// `unixsocket`.
    Unixsocket,
    /// `unixsocketperm`.
    Unixsocketperm,
    /// The umask of the process.
    Umask,
    /// `tls-auth-clients`.
    TlsAuthClients,
    /// `tls-cert-file`.
    TlsCertFile,
    /// `tls-key-file`.
    TlsKeyFile,
    /// `tls-ca-cert-file`, or the folder instead.
    TlsCaCertFile,
    /// `tls-replication`.
    TlsReplication,
    /// `tls-cluster`.
    TlsCluster,
    /// `cluster-enabled`.
    ClusterEnabled,
    /// `cluster-port`.
    ClusterPort,
    /// The user `default`: its line in the configuration or ACL file, or `requirepass`.
    DefaultUser,
    /// The addresses of the host.
    HostAddress,
}

impl Setting {
    /// Those that are directives, or stand for one.
    pub const DIRECTIVES: [Setting; 15] = [
        Setting::Bind(None),
        Setting::Port,
        Setting::TlsPort,
        Setting::ProtectedMode,
        Setting::Unixsocket,
        Setting::Unixsocketperm,
        Setting::TlsAuthClients,
        Setting::TlsCertFile,
        Setting::TlsKeyFile,
        Setting::TlsCaCertFile,
        Setting::TlsReplication,
        Setting::TlsCluster,
        Setting::ClusterEnabled,
        Setting::ClusterPort,
        Setting::DefaultUser,
    ];

    /// The directive, for those that are one. The user `default` may also be written in an ACL file or, as its
    /// password only, as `requirepass`.
    pub fn directive(self) -> Option<&'static str> {
        Some(match self {
            Setting::Bind(_) => "bind",
            Setting::Port => "port",
            Setting::TlsPort => "tls-port",
            Setting::ProtectedMode => "protected-mode",
            Setting::Unixsocket => "unixsocket",
            Setting::Unixsocketperm => "unixsocketperm",
            Setting::TlsAuthClients => "tls-auth-clients",
            Setting::TlsCertFile => "tls-cert-file",
            Setting::TlsKeyFile => "tls-key-file",
            Setting::TlsCaCertFile => "tls-ca-cert-file",
            Setting::TlsReplication => "tls-replication",
            Setting::TlsCluster => "tls-cluster",
            Setting::ClusterEnabled => "cluster-enabled",
            Setting::ClusterPort => "cluster-port",
            Setting::DefaultUser => "user",
            Setting::Umask | Setting::HostAddress => return None,
        })
    }
}
