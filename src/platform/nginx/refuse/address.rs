//! Addresses as nginx reads them (`ngx_inet.c`): networks, and where to listen or connect.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::value::number;

/// An IPv4 address. Octets may be missing: `1..2.3` is 1.0.2.3.
pub fn ipv4(text: &str) -> Option<Ipv4Addr> {
    let mut octets = [0u8; 4];
    let parts: Vec<&str> = text.split('.').collect();
    if parts.len() != 4 {
        return None;
    }
    for (octet, part) in octets.iter_mut().zip(parts) {
        if !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let digits = part.trim_start_matches('0');
        *octet = if digits.is_empty() { 0 } else { digits.parse().ok()? };
    }
    let address = Ipv4Addr::from(octets);
    // `INADDR_NONE` stands for no address.
    (address != Ipv4Addr::BROADCAST).then_some(address)
}

/// An IPv6 address without brackets.
pub fn ipv6(text: &str) -> Option<Ipv6Addr> {
    text.parse().ok()
}

/// Whether a text is a number that the C library takes for an address (`inet_aton`): `1`, `127.1`, `0x7f.1`.
pub fn numeric(text: &str) -> bool {
    let part = |part: &str| match part.strip_prefix("0x").or_else(|| part.strip_prefix("0X")) {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None if part.len() > 1 && part.starts_with('0') => u64::from_str_radix(part, 8).ok(),
        None => number(part).and_then(|number| u64::try_from(number).ok()),
    };
    let parts: Option<Vec<u64>> = text.split('.').map(part).collect();
    let Some((last, others)) = parts.as_deref().and_then(<[u64]>::split_last) else { return false };
    others.len() < 4 && others.iter().all(|octet| *octet < 256) && *last < 1 << (8 * (4 - others.len()))
}

/// A network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    /// Its first address.
    pub address: IpAddr,
    /// How many bits of it count.
    pub bits: u32,
    /// Whether bits were written that do not count.
    pub loose: bool,
}

/// An address or a network.
pub fn network(text: &str) -> Option<Network> {
    let (address, mask) = text.split_once('/').map_or((text, None), |(address, mask)| (address, Some(mask)));
    let address = ipv4(address).map(IpAddr::V4).or_else(|| ipv6(address).map(IpAddr::V6))?;
    let width = if address.is_ipv4() { 32 } else { 128 };
    let bits = match mask {
        None => width,
        Some(mask) => number(mask).and_then(|bits| u32::try_from(bits).ok()).filter(|bits| *bits <= width)?,
    };
    let cut = |value: u128| {
        let low = width - bits;
        if low >= 128 { 0 } else { value >> low << low }
    };
    let first = match address {
        IpAddr::V4(v4) => {
            let cut = cut(u128::from(u32::from(v4)));
            IpAddr::V4(Ipv4Addr::from(u32::try_from(cut).unwrap_or_default()))
        }
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from(cut(u128::from(v6)))),
    };
    Some(Network { address: first, bits, loose: first != address })
}

/// Where to listen or connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    /// The host as it is written, or the path of a Unix socket.
    pub host: String,
    /// What kind of host it is.
    pub kind: Host,
    /// The port, written or not.
    pub port: u16,
    /// The last port of a range.
    pub last: u16,
    /// Whether no port is written.
    pub no_port: bool,
    /// What follows: a path or arguments.
    pub uri: String,
}

/// Kinds of hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host {
    /// An address.
    Address(IpAddr),
    /// The path of a Unix socket.
    Unix,
    /// A name.
    Name,
}

/// What an address is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// To listen: a port alone will do, and ranges of them.
    Listen,
    /// To connect, with a URI after it.
    Uri,
    /// To connect.
    Connect,
}

/// Reads an address with `port` where none is written.
///
/// # Errors
/// What nginx says is wrong.
pub fn url(text: &str, port: u16, purpose: Use) -> Result<Url, &'static str> {
    if text.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("unix:")) {
        return unix(&text[5..], purpose);
    }
    if text.starts_with('[') { inet6(text, port, purpose) } else { inet(text, port, purpose) }
}

fn unix(path: &str, purpose: Use) -> Result<Url, &'static str> {
    let (path, uri) = match path.split_once(':') {
        Some((path, uri)) if purpose == Use::Uri => (path, uri),
        _ => (path, ""),
    };
    if path.is_empty() {
        return Err("no path in the unix domain socket");
    }
    // `sun_path` of Linux, with its NUL byte.
    if path.len() + 1 > 108 {
        return Err("too long path in the unix domain socket");
    }
    let (host, uri) = (path.to_owned(), uri.to_owned());
    Ok(Url { host, kind: Host::Unix, port: 0, last: 0, no_port: false, uri })
}

/// A port, or with `purpose` a range of them: the first and the last.
fn ports(text: &str, purpose: Use) -> Result<(u16, u16), &'static str> {
    let one = |text: &str| match number(text) {
        Some(port @ 1..=65535) => u16::try_from(port).map_err(|_| "invalid port"),
        _ => Err("invalid port"),
    };
    match text.split_once('-') {
        Some((first, last)) if purpose == Use::Listen => {
            let (last, first) = (one(last)?, one(first)?);
            if first > last { Err("invalid port range") } else { Ok((first, last)) }
        }
        _ => one(text).map(|port| (port, port)),
    }
}

fn inet(text: &str, default: u16, purpose: Use) -> Result<Url, &'static str> {
    let start = text.find(['/', '?']);
    let (authority, uri) = text.split_at(start.unwrap_or(text.len()));
    if start.is_some() && purpose != Use::Uri {
        return Err("invalid host");
    }
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(ports(port, purpose)?)),
        None => (authority, None),
    };
    if port.is_none() && purpose == Use::Listen {
        let all = |(port, last)| Url {
            host: "*".to_owned(),
            kind: Host::Address(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
            port,
            last,
            no_port: false,
            uri: String::new(),
        };
        let (first, last) = host.split_once('-').map_or((host, None), |(first, last)| (first, Some(last)));
        if number(first).is_some() && last.is_none_or(|last| number(last).is_some()) {
            return ports(host, purpose).map(all);
        }
    }
    if host.is_empty() {
        return Err("no host");
    }
    let kind = match ipv4(host) {
        _ if host == "*" && purpose == Use::Listen => Host::Address(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
        Some(address) => Host::Address(IpAddr::V4(address)),
        None => Host::Name,
    };
    let (first, last) = port.unwrap_or((default, default));
    Ok(Url { host: host.to_owned(), kind, port: first, last, no_port: port.is_none(), uri: uri.to_owned() })
}

fn inet6(text: &str, default: u16, purpose: Use) -> Result<Url, &'static str> {
    let (host, rest) = text[1..].split_once(']').ok_or("invalid host")?;
    let start = rest.find('/');
    let (port, uri) = rest.split_at(start.unwrap_or(rest.len()));
    if start.is_some() && purpose != Use::Uri {
        return Err("invalid host");
    }
    let written = match port {
        "" => None,
        port => Some(ports(port.strip_prefix(':').ok_or("invalid host")?, purpose)?),
    };
    if host.is_empty() {
        return Err("no host");
    }
    let address = ipv6(host).ok_or("invalid IPv6 address")?;
    let (first, last) = written.unwrap_or((default, default));
    let (kind, host) = (Host::Address(IpAddr::V6(address)), format!("[{host}]"));
    Ok(Url { host, kind, port: first, last, no_port: written.is_none(), uri: uri.to_owned() })
}
