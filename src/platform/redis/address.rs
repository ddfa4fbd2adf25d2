//! What the items of `bind` lead to: addresses in the spellings that the server takes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::door::Host;

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

/// The address that `text` is without looking anything up (`getaddrinfo(3)` with `AI_NUMERICHOST`), without its zone.
pub fn literal(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?;
    if !text.contains(':') {
        return inet_aton(text).map(IpAddr::V4);
    }
    let (number, zone) = match text.split_once('%') {
        Some((number, zone)) => (number, Some(zone)),
        None => (text, None),
    };
    let address: Ipv6Addr = number.parse().ok()?;
    // The interfaces of the host have names, but only where an address is of one of them.
    let named = address.is_unicast_link_local() && zone.is_some_and(|zone| !zone.is_empty());
    (zone.is_none_or(|zone| zone.parse::<u32>().is_ok()) || named).then_some(IpAddr::V6(address))
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
