//! The door: everything that decides where a server listens and what a client without credentials gets there.
//!
//! Each field is known or says why it is not, so that `listen` and `reach` can tell what follows anyway.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::version::Version;
use crate::fact::Unknown;
use crate::text::Span;

/// A value, or why there is none.
#[derive(Debug, Clone)]
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
#[derive(Debug, Clone)]
pub struct Door {
    /// Whose rules hold.
    pub version: Version,
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
#[derive(Debug, Clone)]
pub enum Bind {
    /// Not written: `* -::*`. Redis 6.2 tells this from the same two addresses written down.
    NotWritten,
    /// These items, as the server splits them. None (7.0 and later: `bind ""`) is no TCP at all.
    Items(Vec<Maybe<String>>),
}

/// The socket file of a Unix socket.
#[derive(Debug, Clone)]
pub struct UnixSocket {
    /// The length of its path in bytes.
    pub path_length: usize,
    /// Whether the server can make it: its folder is there and writable, its group exists.
    pub usable: Maybe<bool>,
}

/// The TLS settings that decide who gets in.
#[derive(Debug, Clone)]
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
#[derive(Debug, Clone)]
pub struct Cluster {
    /// `cluster-enabled`.
    pub enabled: Maybe<bool>,
    /// `cluster-port` (7.0 and later), 0 for the client port and 10,000.
    pub port: Maybe<u16>,
}

/// What is to be known of the user `default`.
#[derive(Debug, Clone)]
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
#[derive(Debug, Clone, Default)]
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

/// Where an item of `bind` leads.
#[derive(Debug, Clone)]
pub enum Lead {
    /// A socket can listen on this address of the host.
    Open(IpAddr),
    /// The host does not have this address (`EADDRNOTAVAIL`), the one failure that a leading `-` excuses.
    NotHere(IpAddr),
    /// The server cannot listen on it, whatever the host; why.
    Never(&'static str),
    /// A name that must be looked up.
    Name(String),
}

/// What `bind` item `text`, without its leading `-`, leads to on `host`.
///
/// A colon makes it IPv6, and then only an address or `::*` will do; anything else is IPv4, an address in any of the
/// spellings of `inet_aton(3)`, `*`, or a name (`anet.c:_anetTcpServer`, `server.c:listenToPort`, all versions).
pub fn lead(text: &str, host: &Host) -> Lead {
    if text.contains(':') { lead6(text, host) } else { lead4(text, host) }
}

fn lead4(text: &str, host: &Host) -> Lead {
    let address = match (text, inet_aton(text)) {
        ("*", _) => Ipv4Addr::UNSPECIFIED,
        (_, Some(address)) => address,
        _ if text.eq_ignore_ascii_case("localhost") => Ipv4Addr::LOCALHOST,
        _ => match host.names.get(text) {
            Some(Some(address)) => *address,
            Some(None) => return Lead::Never("the name has no IPv4 address"),
            None if could_be_a_name(text) => return Lead::Name(text.to_owned()),
            None => return Lead::Never("neither an address nor a name"),
        },
    };
    // Linux lets a socket bind to multicast and broadcast addresses; nobody can connect to one.
    let anywhere =
        address.is_unspecified() || address.is_loopback() || address.is_multicast() || address.is_broadcast();
    let address = IpAddr::V4(address);
    if anywhere || host.owns(&address) { Lead::Open(address) } else { Lead::NotHere(address) }
}

fn lead6(text: &str, host: &Host) -> Lead {
    if text == "::*" {
        return Lead::Open(IpAddr::V6(Ipv6Addr::UNSPECIFIED));
    }
    let (number, zone) = match text.split_once('%') {
        Some((number, zone)) => (number, Some(zone)),
        None => (text, None),
    };
    let Ok(address) = number.parse::<Ipv6Addr>() else {
        return Lead::Never("with a colon it must be an IPv6 address without brackets, prefix or port");
    };
    // The socket is IPv6 only, and a link-local address means nothing without its interface: both are `EINVAL`.
    let local = address.is_unicast_link_local() || (address.is_multicast() && address.segments()[0] & 0xf == 2);
    if zone.is_some_and(|zone| zone.is_empty() || (!local && zone.parse::<u32>().is_err())) {
        return Lead::Never("the interface after `%` is not one");
    }
    if address.to_ipv4_mapped().is_some() {
        return Lead::Never("an IPv6 socket of the server takes no IPv4-mapped address");
    }
    if local && zone.is_none() {
        return Lead::Never("a link-local address needs its interface: `%eth0`");
    }
    let anywhere = address.is_unspecified() || address.is_loopback() || address.is_multicast();
    let address = IpAddr::V6(address);
    if anywhere || host.owns(&address) { Lead::Open(address) } else { Lead::NotHere(address) }
}

/// Whether a resolver could know `text`: letters, digits, `.`, `-` and `_`, as in host names.
fn could_be_a_name(text: &str) -> bool {
    // The last part of a name that can be looked up is never all digits (RFC 3696, section 2): `256.1.1.1` is none.
    let last = text.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    last.bytes().any(|byte| !byte.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
}

/// An IPv4 address in one to four parts, each decimal, octal or hexadecimal, the last filling what is left
/// (`inet_aton(3)`): `0`, `127.1`, `0x7f000001`.
fn inet_aton(text: &str) -> Option<Ipv4Addr> {
    let parts: Vec<u32> = text.split('.').map(number).collect::<Option<_>>()?;
    let (last, bytes) = parts.split_last()?;
    if bytes.len() > 3 || bytes.iter().any(|part| *part > 255) {
        return None;
    }
    let room = 32 - 8 * u32::try_from(bytes.len()).ok()?;
    if u64::from(*last) >= 1u64 << room {
        return None;
    }
    let high = bytes.iter().zip([24, 16, 8]).fold(0, |high, (part, shift)| high | part << shift);
    Some(Ipv4Addr::from(high | last))
}

fn number(text: &str) -> Option<u32> {
    let (digits, radix) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None if text.len() > 1 && text.starts_with('0') => (&text[1..], 8),
        None => (text, 10),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    u32::from_str_radix(digits, radix).ok()
}
