//! Values the way `CONFIG GET` prints them, and the values that hold when nothing is written.

use std::sync::{Arc, OnceLock};

use super::directive::{COUNT, Kind, Range, Spec, Unit};
use super::number::{c_string, trimmed_decimal};
use super::value::{Address, DEFAULT_LIMITS, Point, Typed};
use crate::fact::{Fact, Secret, Value};
use crate::text::Span;

/// What holds where nothing is written.
#[derive(Debug)]
pub struct Unwritten {
    /// The value.
    pub typed: Typed,
    /// The same as facts have it, unless it is a list, whose items have places.
    pub value: Option<Value>,
    /// What holds, in words.
    pub because: Arc<str>,
}

/// Made when they are asked for, once for all instances.
static UNWRITTEN: [OnceLock<Unwritten>; COUNT] = [const { OnceLock::new() }; COUNT];

/// What holds where nothing is written.
pub fn unwritten(spec: &'static Spec) -> &'static Unwritten {
    UNWRITTEN[spec.number].get_or_init(|| {
        let typed = default(spec);
        let value = match &typed {
            Typed::Addresses(_) | Typed::Points(_) => None,
            typed => Some(scalar(spec, typed)),
        };
        let because = match spec.default {
            _ if spec.secret || spec.default.is_empty() => format!("`{}` is not set", spec.name),
            default => format!("`{}` is not set; the default is `{default}`", spec.name),
        };
        Unwritten { typed, value, because: because.into() }
    })
}

fn default(spec: &Spec) -> Typed {
    let text = spec.default;
    let word = |known: &'static [&'static str]| known.iter().find(|word| **word == text).copied().unwrap_or("");
    match spec.kind {
        Kind::Bool => Typed::Bool(text == "yes"),
        Kind::Int(Range { unit: Unit::Octal, .. }) => Typed::Int(i64::from_str_radix(text, 8).unwrap_or(0)),
        Kind::Int(_) => Typed::Int(text.parse().unwrap_or(0)),
        Kind::Enum(known) => Typed::Word(word(known)),
        Kind::Flags(_) => Typed::Flags(0),
        Kind::Text | Kind::Bytes | Kind::KeyspaceEvents | Kind::Dir => Typed::Bytes(text.as_bytes().into()),
        Kind::Bind => {
            let address = |text: &str| Address { text: text.as_bytes().into(), at: None };
            Typed::Addresses(text.split_ascii_whitespace().map(address).collect())
        }
        Kind::Save => Typed::Points(default_points(text)),
        Kind::OutputLimits => Typed::Limits(DEFAULT_LIMITS),
        Kind::OomScores => Typed::Scores([0, 200, 800]),
        Kind::Percentiles => Typed::Percentiles(text.split(' ').filter_map(|part| part.parse().ok()).collect()),
        Kind::ReplicaOf => Typed::Primary(None),
    }
}

fn default_points(text: &str) -> std::sync::Arc<[Point]> {
    let mut numbers = text.split(' ').filter_map(|part| part.parse::<i64>().ok());
    let mut points = Vec::new();
    while let (Some(seconds), Some(changes)) = (numbers.next(), numbers.next()) {
        points.push(Point { seconds, changes: i32::try_from(changes).unwrap_or(0), at: None });
    }
    points.into()
}

/// What `CONFIG GET` prints for a value (`config.c`: the `…ConfigGet` and `getConfig…Option` functions).
pub fn show(spec: &Spec, value: &Typed) -> Vec<u8> {
    match value {
        Typed::Bool(value) => if *value { "yes" } else { "no" }.into(),
        Typed::Int(value) => number(spec, *value).into_bytes(),
        Typed::Word(word) => (*word).into(),
        Typed::Flags(bits) => flags(spec, *bits).into_bytes(),
        Typed::Bytes(bytes) => bytes.to_vec(),
        Typed::Addresses(all) => all.iter().map(|address| address.text.as_ref()).collect::<Vec<_>>().join(&b' '),
        Typed::Points(points) => {
            let point = |point: &Point| format!("{} {}", point.seconds, point.changes);
            points.iter().map(point).collect::<Vec<_>>().join(" ").into_bytes()
        }
        Typed::Limits(limits) => ["normal", "slave", "pubsub"]
            .iter()
            .zip(limits)
            .map(|(class, limit)| format!("{class} {} {} {}", limit.hard, limit.soft, limit.seconds))
            .collect::<Vec<_>>()
            .join(" ")
            .into_bytes(),
        Typed::Scores([primary, replica, child]) => format!("{primary} {replica} {child}").into_bytes(),
        Typed::Percentiles(all) => {
            all.iter().map(|value| trimmed_decimal(*value)).collect::<Vec<_>>().join(" ").into_bytes()
        }
        Typed::Primary(None) => Vec::new(),
        Typed::Primary(Some((host, port))) => {
            let mut text = c_string(host).to_vec();
            text.extend_from_slice(format!(" {port}").as_bytes());
            // The server writes into 256 bytes, the last of them a NUL.
            text.truncate(255);
            text
        }
    }
}

fn number(spec: &Spec, value: i64) -> String {
    let unsigned = u64::from_ne_bytes(value.to_ne_bytes());
    match spec.kind {
        Kind::Int(Range { unit: Unit::Octal, .. }) => format!("{unsigned:o}"),
        Kind::Int(Range { unit: Unit::MemoryOrPercent, .. }) if value < 0 => format!("{}%", value.unsigned_abs()),
        Kind::Int(Range { unit: Unit::Memory | Unit::MemoryOrPercent, .. }) => unsigned.to_string(),
        _ => value.to_string(),
    }
}

/// `config.c:configEnumGetName` with bit flags.
fn flags(spec: &Spec, bits: u32) -> String {
    let Kind::Flags(known) = spec.kind else { return String::new() };
    if bits == 0 {
        return known.first().copied().unwrap_or_default().to_owned();
    }
    let on = |index: &usize| bits >> index & 1 == 1;
    let words = known.iter().skip(1).enumerate().filter(|(index, _)| on(index)).map(|(_, word)| *word);
    words.collect::<Vec<_>>().join(" ")
}

/// A value as facts have it. `at` is the place of items that have none of their own.
pub fn value(spec: &Spec, typed: &Typed, at: Span) -> Value {
    let item = |shown: &[u8], place: Option<Span>| Fact::written(text(shown), place.unwrap_or(at));
    match typed {
        Typed::Addresses(all) if !spec.secret => {
            Value::from(all.iter().map(|address| item(&address.text, address.at)).collect::<Vec<_>>())
        }
        Typed::Points(all) if !spec.secret => {
            let point = |point: &Point| item(format!("{} {}", point.seconds, point.changes).as_bytes(), point.at);
            Value::from(all.iter().map(point).collect::<Vec<_>>())
        }
        typed => scalar(spec, typed),
    }
}

/// The same for what is no list.
fn scalar(spec: &Spec, typed: &Typed) -> Value {
    match typed {
        typed if spec.secret => Value::Secret(Secret::new(show(spec, typed))),
        Typed::Bool(value) => Value::Bool(*value),
        // A size beyond 2^63 is as good as the largest.
        Typed::Int(value) if unsigned(spec) => Value::Int(if *value < 0 { i64::MAX } else { *value }),
        Typed::Int(value) => Value::Int(*value),
        Typed::Word(word) => Value::from(*word),
        other => text(&show(spec, other)),
    }
}

fn text(bytes: &[u8]) -> Value {
    String::from_utf8_lossy(bytes).into()
}

fn unsigned(spec: &Spec) -> bool {
    matches!(spec.kind, Kind::Int(range) if range.unsigned)
}
