//! The functions that checks may call, besides CEL's own: few, total, and without I/O.

use std::cmp::Ordering;
use std::net::{IpAddr, Ipv6Addr};

/// The functions with their arguments and one line each: the reference of check authors.
pub const FUNCTIONS: &[(&str, &str)] = &[
    ("bytes(\"10m\")", "the size as an integer; k, m, g and kb, mb, gb are powers of 1024"),
    ("can(user, \"config|set\")", "whether a user may run a command, with any arguments its rules allow"),
    ("can(server, \"read /.env\")", "whether nginx sends a stranger the file of this path, should it be there"),
    ("can(server, \"run /x.php\")", "whether nginx hands the file of this path to an interpreter of scripts"),
    (
        "can(server, \"hand /x.php\")",
        "whether nginx hands this path to an interpreter of scripts though no such file is there",
    ),
    ("cidr_contains(\"10.0.0.0/8\", address)", "whether an address lies in a network; unknown if it is no address"),
    ("explicit.redis.port", "whether a setting is written, not a default"),
    ("is_loopback(address)", "whether an address is 127.0.0.0/8 or ::1; unknown if it is no address"),
    ("is_private(address)", "whether an address is in RFC 1918 or fc00::/7; unknown if it is no address"),
    ("version_lt(a, b)", "whether a version comes before another of the same product; unknown if either is no version"),
];

/// A network: an address and how many of its bits count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Net {
    /// As IPv6, IPv4 mapped.
    bits: u128,
    length: u32,
}

impl Net {
    /// Reads `10.0.0.0/8`, `fd00::/8` or a lone address.
    pub(super) fn parse(text: &str) -> Option<Net> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length.parse::<u32>().ok()?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let length = length.unwrap_or(width);
        (length <= width).then(|| Net { bits: mapped(address), length: 128 - width + length })
    }

    /// Whether it holds the address.
    pub fn contains(self, address: IpAddr) -> bool {
        self.length == 0 || (self.bits ^ mapped(address)) >> (128 - self.length) == 0
    }
}

fn mapped(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// Reads an address: a scope (`%eth0`) and brackets do not matter, a mapped IPv4 address is IPv4.
pub fn address(text: &str) -> Option<IpAddr> {
    let text = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let text = text.split_once('%').map_or(text, |(address, _)| address);
    text.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

/// RFC 1918 and RFC 4193.
pub fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_private(),
        IpAddr::V6(address) => is_unique_local(address),
    }
}

fn is_unique_local(address: Ipv6Addr) -> bool {
    address.segments()[0] & 0xfe00 == 0xfc00
}

/// Reads a size. Units are powers of 1024, as nginx and PHP have them; Redis's `k` of 1000 is not offered.
pub(super) fn bytes(text: &str) -> Option<i64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let shift = match text.get(digits..)?.to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kb" => 10,
        "m" | "mb" => 20,
        "g" | "gb" => 30,
        _ => return None,
    };
    text.get(..digits)?.parse::<i64>().ok()?.checked_mul(1 << shift)
}

/// Whether version `a` comes before `b`. Both are numbers with dots, with or without `product:` before and
/// `+distribution` or `-suffix` behind. Versions of two products have no order, so neither comes before the other.
///
/// `None` if one of them is no version.
pub fn version_lt(a: &str, b: &str) -> Option<bool> {
    let (product_a, numbers_a) = version(a)?;
    let (product_b, numbers_b) = version(b)?;
    if product_a.zip(product_b).is_some_and(|(a, b)| a != b) {
        return Some(false);
    }
    let longest = numbers_a.len().max(numbers_b.len());
    let number = |numbers: &[u64], index: usize| numbers.get(index).copied().unwrap_or(0);
    let order = (0..longest)
        .map(|index| number(&numbers_a, index).cmp(&number(&numbers_b, index)))
        .find(|order| *order != Ordering::Equal);
    Some(order == Some(Ordering::Less))
}

fn version(text: &str) -> Option<(Option<&str>, Vec<u64>)> {
    let (product, rest) = match text.split_once(':') {
        Some((product, rest)) => (Some(product), rest),
        None => (None, text),
    };
    let number = rest.split(['+', '-']).next().unwrap_or(rest);
    let numbers: Option<Vec<u64>> = number.split('.').map(|part| part.parse().ok()).collect();
    numbers.map(|numbers| (product, numbers))
}
