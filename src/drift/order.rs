//! Which of two values is the weaker. What is weak is data: `checks/PLATFORM/drift/order.toml`.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::value::Plain;
use crate::finding::Severity;
use crate::platform::redis::version::Release;

/// Which side of a difference is the weaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weaker {
    /// The first.
    Left,
    /// The second.
    Right,
    /// The difference says nothing of that.
    Neither,
    /// Each is in something.
    BothWays,
    /// It cannot be told.
    Unknown,
}

impl Weaker {
    /// The word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Weaker::Left => "left",
            Weaker::Right => "right",
            Weaker::Neither => "neither",
            Weaker::BothWays => "both-ways",
            Weaker::Unknown => "unknown",
        }
    }

    /// From what each side has that the other has not, where having more is the weakness.
    pub fn of_surplus(left: bool, right: bool) -> Weaker {
        match (left, right) {
            (true, true) => Weaker::BothWays,
            (true, false) => Weaker::Left,
            (false, true) => Weaker::Right,
            (false, false) => Weaker::Neither,
        }
    }
}

/// What is weaker of one fact. Exactly one of `stronger`, `words`, `floor` and `order` says how it is told.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// What the stronger value is like.
    stronger: Option<Stronger>,
    /// With `less` or `more`: the number that stands for no limit at all, the weakest.
    off: Option<i64>,
    /// The words of an enum, the weakest first.
    words: Option<Vec<String>>,
    /// Of a list of words the weakest of them counts; the weakest first.
    floor: Option<Vec<String>>,
    /// With `floor`: what an empty list stands for.
    empty: Option<String>,
    /// A way of its own.
    order: Option<Way>,
    /// How bad it is to be the weaker, where that is not what the kind says.
    severity: Option<Severity>,
    /// Why it matters, in one line.
    why: String,
}

#[derive(Debug, Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum Stronger {
    Yes,
    No,
    /// The smaller number.
    Less,
    /// The larger number.
    More,
    /// Whatever is written.
    Set,
    /// Nothing: no text, zero.
    Unset,
    /// The list that is part of the other.
    Fewer,
    /// The list that holds the other.
    Longer,
}

#[derive(Debug, Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum Way {
    /// Addresses: loopback, one of the host's, every one.
    Addresses,
    /// The bits of a mode: fewer are stronger, 0 stands for whatever the umask says.
    Mode,
    /// Releases of one branch: the later has more fixes.
    Release,
    /// Listeners in words: what is plain, or on more addresses, opens more.
    Listeners,
}

/// A file of orders.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Orders {
    /// Settings, by the product's own names.
    #[serde(default)]
    pub settings: BTreeMap<String, Order>,
    /// Facts that are concluded, by their path below the platform.
    #[serde(default)]
    pub facts: BTreeMap<String, Order>,
    /// Settings that depend on the environment and mean nothing by themselves.
    #[serde(default)]
    pub environment: Vec<String>,
    /// Settings that have no order.
    #[serde(default)]
    pub neutral: Vec<String>,
    /// Of nginx: the response headers that protect those who visit a page.
    #[serde(default)]
    pub headers: Vec<String>,
}

/// What stands in a file of orders.
pub const REDIS: &str = include_str!("../../checks/redis/drift/order.toml");
/// The same for nginx.
pub const NGINX: &str = include_str!("../../checks/nginx/drift/order.toml");

impl Orders {
    /// Reads a file of orders.
    ///
    /// # Errors
    /// What is wrong with it; a test sees to it that nothing is.
    pub fn parse(text: &str) -> Result<Orders, String> {
        let orders: Orders = toml::from_str(text).map_err(|error| error.to_string())?;
        for (name, order) in orders.settings.iter().chain(&orders.facts) {
            let ways = [order.stronger.is_some(), order.words.is_some(), order.floor.is_some(), order.order.is_some()];
            if ways.iter().filter(|way| **way).count() != 1 || order.why.trim().is_empty() {
                return Err(format!("`{name}` needs a `why` and one of `stronger`, `words`, `floor`, `order`"));
            }
        }
        Ok(orders)
    }
}

impl Order {
    /// Why it matters.
    pub fn why(&self) -> &str {
        &self.why
    }

    /// How bad it is to be the weaker, where that is not what the kind says.
    pub fn severity(&self) -> Option<Severity> {
        self.severity
    }

    /// Which of two values is the weaker.
    pub fn weaker(&self, left: &Plain, right: &Plain) -> Weaker {
        match self.order {
            Some(Way::Mode) => return modes(left, right),
            Some(Way::Release) => return releases(left, right),
            Some(Way::Listeners) => return listeners(left, right),
            _ => {}
        }
        if let Some(way @ (Stronger::Fewer | Stronger::Longer)) = self.stronger {
            let (Plain::List(left), Plain::List(right)) = (left, right) else { return Weaker::Neither };
            let more = |one: &[String], other: &[String]| one.iter().any(|item| !other.contains(item));
            let (left, right) = (more(left, right), more(right, left));
            return if way == Stronger::Fewer {
                Weaker::of_surplus(left, right)
            } else {
                Weaker::of_surplus(right, left)
            };
        }
        match (self.strength(left), self.strength(right)) {
            (Some(left), Some(right)) => match left.cmp(&right) {
                Ordering::Less => Weaker::Left,
                Ordering::Greater => Weaker::Right,
                Ordering::Equal => Weaker::Neither,
            },
            _ => Weaker::Neither,
        }
    }

    /// How strong a value is; `None` where the order does not say.
    fn strength(&self, value: &Plain) -> Option<i64> {
        if let Some(words) = &self.words {
            let Plain::Text(text) = value else { return None };
            return place(words, text);
        }
        if let Some(floor) = &self.floor {
            let texts = match value {
                Plain::Text(text) if text.is_empty() => self.empty.clone().unwrap_or_default(),
                Plain::Text(text) => text.clone(),
                Plain::List(items) => items.join(" "),
                _ => return None,
            };
            return texts.split_whitespace().map(|word| place(floor, word)).min().flatten();
        }
        if self.order == Some(Way::Addresses) {
            let Plain::List(addresses) = value else { return None };
            return Some(-addresses.iter().map(|address| openness(address)).max().unwrap_or(0));
        }
        let flag = |is: bool| Some(i64::from(is));
        match (self.stronger?, value) {
            (Stronger::Yes, Plain::Bool(value)) => flag(*value),
            (Stronger::No, Plain::Bool(value)) => flag(!value),
            (Stronger::Less | Stronger::More, Plain::Int(value)) if self.off == Some(*value) => Some(i64::MIN),
            (Stronger::Less, Plain::Int(value)) => Some(value.checked_neg().unwrap_or(i64::MAX)),
            (Stronger::More, Plain::Int(value)) => Some(*value),
            (Stronger::Set, value) => flag(!value.is_unset()),
            (Stronger::Unset, value) => flag(value.is_unset()),
            _ => None,
        }
    }
}

fn place(words: &[String], word: &str) -> Option<i64> {
    let at = words.iter().position(|known| known.eq_ignore_ascii_case(word))?;
    i64::try_from(at).ok()
}

/// How much an address of `bind` opens: 0 the host itself, 1 one of its addresses, 2 every one.
fn openness(address: &str) -> i64 {
    let address = address.trim_start_matches('-');
    match address.parse::<IpAddr>() {
        _ if address == "*" || address == "::*" => 2,
        Ok(ip) if ip.is_unspecified() => 2,
        Ok(ip) if ip.is_loopback() => 0,
        _ if address == "localhost" => 0,
        _ => 1,
    }
}

fn modes(left: &Plain, right: &Plain) -> Weaker {
    match (left, right) {
        (Plain::Int(left), Plain::Int(right)) if *left != 0 && *right != 0 => {
            Weaker::of_surplus(left & !right != 0, right & !left != 0)
        }
        _ => Weaker::Neither,
    }
}

fn releases(left: &Plain, right: &Plain) -> Weaker {
    let release = |value: &Plain| if let Plain::Text(text) = value { Release::parse(text).ok() } else { None };
    let (Some(left), Some(right)) = (release(left), release(right)) else { return Weaker::Neither };
    if left.product != right.product || left.minor != right.minor {
        return Weaker::Neither;
    }
    match left.patch.cmp(&right.patch) {
        Ordering::Less => Weaker::Left,
        Ordering::Greater => Weaker::Right,
        Ordering::Equal => Weaker::Neither,
    }
}

/// What each of two servers listens on that nothing of the other opens as far.
fn listeners(left: &Plain, right: &Plain) -> Weaker {
    let (Plain::List(left), Plain::List(right)) = (left, right) else { return Weaker::Neither };
    let class = |text: &str| LISTENERS.iter().position(|words| text.ends_with(words));
    let covers = |by: &str, text: &str| class(text) <= class(by) && (by.starts_with(PLAIN) || !text.starts_with(PLAIN));
    let more = |one: &[String], other: &[String]| one.iter().any(|text| !other.iter().any(|by| covers(by, text)));
    Weaker::of_surplus(more(left, right), more(right, left))
}

/// How a listener without TLS begins.
pub const PLAIN: &str = "plain";

/// Where a listener can be reached, the least open first.
pub const LISTENERS: [&str; 3] = ["on loopback", "on an address", "on every address"];
