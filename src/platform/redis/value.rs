//! What the words after a setting's name mean, or why the server refuses them.
//!
//! `config.c`: the `…ConfigSet` functions and the `setConfig…Option` functions of 7.0 and later; in 6.2 the branches
//! of `loadServerConfigFromString`. Values come back as `CONFIG GET` shows them.

use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use super::directive::{Kind, Range, Rule, Spec, Unit};
use super::number::{as_int, atoi, c_string, memtoll, memtoull, same_word, string2d, string2ll, strtoll};
use super::split::{Style, Word, split};
use super::version::{Product, Version};
use crate::text::Span;

/// The value of a setting.
#[derive(Debug, Clone, PartialEq)]
pub enum Typed {
    /// `yes` or `no`.
    Bool(bool),
    /// A number, as the 64 bits that the server keeps; a percentage is negative.
    Int(i64),
    /// A word of an enum, in the server's spelling.
    Word(&'static str),
    /// Words of an enum that add up, as bits; the first word is no bit.
    Flags(u32),
    /// Any bytes.
    Bytes(Arc<[u8]>),
    /// Addresses, each with its place if it is written.
    Addresses(Arc<[Address]>),
    /// When snapshots are taken.
    Points(Arc<[Point]>),
    /// The output limits of normal clients, replicas and subscribers.
    Limits([Limit; 3]),
    /// Three scores.
    Scores([i32; 3]),
    /// Percentiles.
    Percentiles(Arc<[f64]>),
    /// The server to replicate from, and its port.
    Primary(Option<(Arc<[u8]>, i32)>),
}

/// An address of `bind` as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// What is written, up to the first NUL.
    pub text: Arc<[u8]>,
    /// Where; `None` for a default.
    pub at: Option<Span>,
}

/// A point of `save`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// After so many seconds,
    pub seconds: i64,
    /// if so many keys changed.
    pub changes: i32,
    /// Where it is written; `None` for a default.
    pub at: Option<Span>,
}

/// How much may wait to be sent to a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Bytes at which the client is cut off at once.
    pub hard: u64,
    /// Bytes at which it is cut off after a while.
    pub soft: u64,
    /// That while, in seconds.
    pub seconds: i64,
}

/// What the server says to a value it refuses.
pub type Refused = Cow<'static, str>;

/// What a value's meaning can depend on.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    /// The version of the server.
    pub version: &'a Version,
    /// What `{unixsocket}` and `{server-mode}` would print something for.
    pub unixsocket: bool,
    /// Whether cluster mode is on so far.
    pub cluster: bool,
    /// Whether the answer is to be that of the servers hardline was measured against, which were built without
    /// jemalloc, rather than of any build.
    pub as_measured: bool,
}

const WRONG_NUMBER: Refused = Cow::Borrowed("wrong number of arguments");

/// What a setting's words make of it. `before` is what holds so far.
///
/// Special settings of which words accumulate (`save`) are handled where the lines are read.
///
/// # Errors
/// What the server would say.
pub fn parse(spec: &Spec, words: &[Word], before: Option<&Typed>, around: Around<'_>) -> Result<Typed, Refused> {
    let old = !around.version.since(7, 0);
    if old && matches!(spec.kind, Kind::Bind) {
        // A line without any address is no directive at all there.
        if words.is_empty() {
            return Err("Bad directive or wrong number of arguments".into());
        }
        return bind(words, around);
    }
    if !spec.kind.many() && !matches!(spec.kind, Kind::Dir | Kind::KeyspaceEvents) && words.len() != 1 {
        // In 6.2 these three have a branch of their own, which other numbers of words pass by.
        let by_hand = old && matches!(spec.name, "unixsocketperm" | "cluster-config-file" | "logfile");
        return Err(if by_hand { "Bad directive or wrong number of arguments".into() } else { WRONG_NUMBER });
    }
    let again;
    let words = if spec.kind.many() && !old && words.len() == 1 && !words[0].bytes.is_empty() {
        again = split_again(&words[0], Style::of(around.version));
        &again
    } else {
        words
    };
    let only = || words.first().filter(|_| words.len() == 1).ok_or(WRONG_NUMBER);
    match spec.kind {
        Kind::Bool => boolean(&only()?.bytes, spec, around),
        Kind::Int(range) => number(&only()?.bytes, range, around).map(Typed::Int),
        Kind::Enum(known) => word_of(&only()?.bytes, known, around),
        Kind::Flags(known) => flags(words, known, around),
        Kind::Text => text(only()?, spec, around),
        Kind::Bytes => Ok(Typed::Bytes(only()?.bytes.clone())),
        Kind::Bind => bind(words, around),
        Kind::Save => Ok(Typed::Points(points(words)?.into())),
        Kind::OutputLimits => limits(words, before, around),
        Kind::OomScores => scores(words, around),
        Kind::Percentiles => percentiles(words, around),
        Kind::KeyspaceEvents => events(words, around),
        Kind::ReplicaOf => primary(words, around),
        Kind::Dir => directory(words, around),
    }
}

/// A single value of a setting that takes several is split once more (`loadServerConfigFromString`, 7.0 and later);
/// unbalanced quotes in it leave no word at all. The parts keep the place of the whole where it is quoted.
fn split_again(word: &Word, style: Style) -> Vec<Word> {
    let parts = split(&word.bytes, style).unwrap_or_default();
    let length = (word.span.end - word.span.start) as usize;
    // Without escapes the parts have places of their own: quotes take one byte on either side, or none.
    let shift = match length.checked_sub(word.bytes.len()) {
        Some(0) => Some(0),
        Some(2) => Some(1),
        _ => None,
    };
    let place = |start: usize, end: usize| match shift {
        Some(shift) => {
            let from = word.span.start as usize + shift;
            Span::new(word.span.source, from + start, from + end)
        }
        None => word.span,
    };
    let part = |raw: super::split::Raw<'_>| Word {
        span: place(raw.start, raw.end),
        bytes: raw.bytes.into(),
        templated: word.templated,
    };
    parts.into_iter().map(part).collect()
}

fn boolean(bytes: &[u8], spec: &Spec, around: Around<'_>) -> Result<Typed, Refused> {
    let value = if same_word(bytes, "yes") {
        true
    } else if same_word(bytes, "no") {
        false
    } else {
        return Err("argument must be 'yes' or 'no'".into());
    };
    if value && spec.rule == Some(Rule::Defrag) && around.as_measured && built_without_defrag(around.version) {
        return Err("active defragmentation needs a server built with its own jemalloc, which this build is not".into());
    }
    Ok(Typed::Bool(value))
}

/// The versions whose measured builds refuse `activedefrag yes`: Redis 6.2.14 and Valkey 9.1.2 of PyPI and Debian's
/// and a self-made Redis 7.0.15 are built with the C library's allocator; Redis 8.2.3 accepts it.
fn built_without_defrag(version: &Version) -> bool {
    match version.product {
        Product::Redis => !version.since(7, 2),
        Product::Valkey => version.since(9, 1),
    }
}

/// `config.c:numericConfigSet`.
fn number(bytes: &[u8], range: Range, around: Around<'_>) -> Result<i64, Refused> {
    let old = !around.version.since(7, 0);
    let value = match range.unit {
        Unit::Octal if old => return old_mode(bytes),
        Unit::Octal => {
            let (value, rest, cut) = strtoll(bytes, 8);
            let read = rest.is_empty() && !cut;
            read.then_some(value).ok_or("argument couldn't be parsed as an octal number")
        }
        Unit::Plain => string2ll(bytes).ok_or("argument couldn't be parsed into an integer"),
        Unit::Memory | Unit::SignedMemory if old => {
            memtoll(bytes).filter(|value| *value >= 0).ok_or("argument must be a memory value")
        }
        Unit::Memory | Unit::SignedMemory => memory(bytes, range.unit, around).ok_or("argument must be a memory value"),
        Unit::MemoryOrPercent => {
            let percent = || {
                let digits = bytes.strip_suffix(b"%")?;
                string2ll(digits).filter(|value| *value >= 0).map(|value| -value)
            };
            memory(bytes, Unit::Memory, around).or_else(percent).ok_or("argument must be a memory or percent value")
        }
    };
    let value = value?;
    // Seen in 8.2.3: a size beyond 2^63 is no longer taken for a large one.
    if range.unsigned && range.min >= 0 && value < 0 && around.version.redis_since(8, 2) {
        return Err("argument must be greater or equal to 0".into());
    }
    within(value, range)?;
    Ok(value)
}

fn memory(bytes: &[u8], unit: Unit, around: Around<'_>) -> Option<i64> {
    let bits = |value: u64| i64::from_ne_bytes(value.to_ne_bytes());
    match (unit, memtoull(bytes, around.version)) {
        (_, Some(value)) => Some(bits(value)),
        // A signed amount may be a plain negative number.
        (Unit::SignedMemory, None) => string2ll(bytes).filter(|value| *value < 0),
        _ => None,
    }
}

/// `unixsocketperm` in 6.2: what follows the octal digits is ignored (`strtol`).
fn old_mode(bytes: &[u8]) -> Result<i64, Refused> {
    let (value, _, cut) = strtoll(bytes, 8);
    let mode = u32::from_ne_bytes(as_int(value).to_ne_bytes());
    if cut || mode > 0o777 {
        return Err("Invalid socket file permissions".into());
    }
    Ok(i64::from(mode))
}

/// `config.c:numericBoundaryCheck`.
fn within(value: i64, range: Range) -> Result<(), Refused> {
    if range.unit == Unit::MemoryOrPercent && value < 0 {
        if value < range.min {
            return Err(format!("percentage argument must be less or equal to {}", -range.min).into());
        }
        return Ok(());
    }
    let bits = |value: i64| u64::from_ne_bytes(value.to_ne_bytes());
    let inside = match range.unsigned {
        true => (bits(range.min)..=bits(range.max)).contains(&bits(value)),
        false => (range.min..=range.max).contains(&value),
    };
    if inside {
        return Ok(());
    }
    let show = |limit: i64| match (range.unsigned, range.unit) {
        (true, Unit::Octal) => format!("{:o}", bits(limit)),
        (true, _) => bits(limit).to_string(),
        (false, _) => limit.to_string(),
    };
    Err(format!("argument must be between {} and {} inclusive", show(range.min), show(range.max)).into())
}

fn choices(known: &[&str], around: Around<'_>) -> Refused {
    let argument = if around.version.since(7, 0) { "argument(s)" } else { "argument" };
    format!("{argument} must be one of the following: {}", known.join(", ")).into()
}

fn word_of(bytes: &[u8], known: &'static [&'static str], around: Around<'_>) -> Result<Typed, Refused> {
    let found = known.iter().find(|word| c_string(bytes).eq_ignore_ascii_case(word.as_bytes()));
    match found {
        // Two words for one thing: the server shows the first of them.
        Some(&"relative") if known.contains(&"yes") => Ok(Typed::Word("yes")),
        Some(word) => Ok(Typed::Word(word)),
        None => Err(choices(known, around)),
    }
}

/// Words that add up (`config.c:configEnumGetValue` with bit flags, `isValidShutdownOnSigFlags`).
fn flags(words: &[Word], known: &'static [&'static str], around: Around<'_>) -> Result<Typed, Refused> {
    let mut bits = 0;
    for word in words {
        let index = known.iter().position(|name| same_word(&word.bytes, name)).ok_or_else(|| choices(known, around))?;
        bits |= if index == 0 { 0 } else { 1 << (index - 1) };
    }
    if words.is_empty() {
        return Err(choices(known, around));
    }
    let has = |name: &str| known.iter().position(|word| *word == name).is_some_and(|at| bits >> (at - 1) & 1 == 1);
    if has("save") && has("nosave") {
        return Err("shutdown options SAVE and NOSAVE can't be used simultaneously".into());
    }
    Ok(Typed::Flags(bits))
}

fn text(word: &Word, spec: &Spec, around: Around<'_>) -> Result<Typed, Refused> {
    let name = spec.name;
    let all = &word.bytes;
    let bytes = c_string(all);
    let fault: Option<Refused> = match spec.rule {
        Some(Rule::NotEmpty) if bytes.is_empty() => Some(format!("{name} can't be empty").into()),
        Some(Rule::FileNameNotEmpty) if bytes.is_empty() => Some(format!("{name} can't be empty").into()),
        Some(Rule::FileName | Rule::FileNameNotEmpty) if bytes.iter().any(|byte| matches!(byte, b'/' | b'\\')) => {
            let what = if name == "appenddirname" { "dirname" } else { "filename" };
            Some(format!("{name} can't be a path, just a {what}").into())
        }
        Some(Rule::Hostname) if bytes.len() >= 256 => Some("Hostnames must be less than 256 characters".into()),
        Some(Rule::Hostname)
            if !bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.')) =>
        {
            Some("Hostnames may only contain alphanumeric characters, hyphens or dots".into())
        }
        Some(Rule::NodeName) if all.iter().any(|byte| reserved(*byte, around)) => {
            Some("Announced human node name contained invalid character".into())
        }
        Some(Rule::AnnouncedIp) if all.iter().any(|byte| reserved(*byte, around)) => {
            Some(format!("{name} contains invalid character").into())
        }
        Some(Rule::AnnouncedIp) if all.len() > 45 => Some(format!("{name} is too long").into()),
        Some(Rule::Title) if !title(bytes, around) => {
            Some("template format is invalid or contains unknown variables".into())
        }
        Some(Rule::Ipv4) if !bytes.is_empty() && !is::<Ipv4Addr>(bytes) => Some("Invalid IPv4 address".into()),
        Some(Rule::Ipv6) if !bytes.is_empty() && !is::<Ipv6Addr>(bytes) => Some("Invalid IPv6 address".into()),
        _ => None,
    };
    match fault {
        Some(fault) => Err(fault),
        None if bytes.len() == all.len() => Ok(Typed::Bytes(all.clone())),
        None => Ok(Typed::Bytes(bytes.into())),
    }
}

fn is<T: std::str::FromStr>(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| text.parse::<T>().is_ok())
}

/// What the cluster's own file uses (`cluster.c:isValidAuxChar`; Valkey 8.1 and later allow the colon; 9.1.2 forbids
/// more, as seen by trying every byte).
fn reserved(byte: u8, around: Around<'_>) -> bool {
    match byte {
        0 => true,
        b':' => !around.version.valkey_since(8, 1),
        0..=b' ' | 0x7f | b'"' | b'\'' | b',' | b'=' | b'\\' => around.version.valkey_since(9, 1),
        other => b"!#$%&()*+;<>?@[]^{|}~".contains(&other),
    }
}

/// `server.c:validateProcTitleTemplate`: every variable is known, and something is left to show.
fn title(template: &[u8], around: Around<'_>) -> bool {
    let mut shows = false;
    let mut rest = template;
    while let Some(open) = memchr::memchr(b'{', rest) {
        shows |= rest[..open].iter().any(|byte| *byte != b' ');
        rest = &rest[open + 1..];
        if rest.first() == Some(&b'{') {
            shows = true;
            rest = &rest[1..];
            continue;
        }
        let Some(close) = memchr::memchr(b'}', rest) else { return false };
        shows |= match &rest[..close] {
            b"title" => false,
            b"listen-addr" | b"port" | b"tls-port" | b"config-file" => true,
            b"unixsocket" => around.unixsocket,
            b"server-mode" => around.cluster,
            _ => return false,
        };
        rest = &rest[close + 1..];
    }
    shows || rest.iter().any(|byte| *byte != b' ')
}

/// `config.c:setConfigBindOption`.
fn bind(words: &[Word], around: Around<'_>) -> Result<Typed, Refused> {
    if words.len() > 16 {
        let dot = if around.version.since(7, 0) { "." } else { "" };
        return Err(format!("Too many bind addresses specified{dot}").into());
    }
    let none = words.len() == 1 && words[0].bytes.is_empty() && around.version.since(7, 0);
    let address = |word: &Word| Address { text: c_string(&word.bytes).into(), at: Some(word.span) };
    Ok(Typed::Addresses(if none { [].into() } else { words.iter().map(address).collect() }))
}

/// The points of one line of `save` (`config.c:setConfigSaveOption`, 7.0 and later), after a lone empty word was
/// taken away.
///
/// # Errors
/// What the server would say.
pub fn points(words: &[Word]) -> Result<Vec<Point>, Refused> {
    const INVALID: Refused = Cow::Borrowed("Invalid save parameters");
    let words = if words.len() == 1 && c_string(&words[0].bytes).is_empty() { &[] } else { words };
    if words.len() % 2 == 1 {
        return Err(INVALID);
    }
    let mut points = Vec::with_capacity(words.len() / 2);
    for pair in words.chunks_exact(2) {
        let (seconds, after_seconds, _) = strtoll(&pair[0].bytes, 10);
        let (changes, after_changes, _) = strtoll(&pair[1].bytes, 10);
        if !after_seconds.is_empty() || !after_changes.is_empty() || seconds < 1 || changes < 0 {
            return Err(INVALID);
        }
        let at = Some(pair[0].span.cover(pair[1].span));
        points.push(Point { seconds, changes: as_int(changes), at });
    }
    Ok(points)
}

/// The words of a `save` line, split once more where the version does that.
pub fn save_words<'a>(words: &'a [Word], version: &Version) -> Cow<'a, [Word]> {
    match words {
        [word] if version.since(7, 0) && !word.bytes.is_empty() => Cow::Owned(split_again(word, Style::of(version))),
        _ => Cow::Borrowed(words),
    }
}

/// The class of clients that a word names: its place among normal, replica, pubsub (`networking.c`).
fn class(bytes: &[u8]) -> Option<usize> {
    let names: [&[&str]; 3] = [&["normal"], &["slave", "replica"], &["pubsub"]];
    names.iter().position(|names| names.iter().any(|name| same_word(bytes, name)))
}

/// `config.c:updateClientOutputBufferLimit`; in 6.2 one class on a line, and amounts that are none count as 0.
fn limits(words: &[Word], before: Option<&Typed>, around: Around<'_>) -> Result<Typed, Refused> {
    let Some(Typed::Limits(mut limits)) = before.cloned() else {
        return Err("the other classes of clients are not known".into());
    };
    let old = !around.version.since(7, 0);
    if old && words.len() != 4 {
        return Err("Bad directive or wrong number of arguments".into());
    }
    if !words.len().is_multiple_of(4) {
        return Err("Wrong number of arguments in buffer limit configuration.".into());
    }
    for words in words.chunks_exact(4) {
        let class = class(&words[0].bytes);
        let (hard, soft) = (&words[1].bytes, &words[2].bytes);
        let (class, limit) = if old {
            let class = class.ok_or(
                "Unrecognized client limit class: the user specified an invalid one, or 'master' which has no buffer \
                 limits.",
            )?;
            let seconds = i64::from(atoi(&words[3].bytes));
            if seconds < 0 {
                return Err("Negative number of seconds in soft limit is invalid".into());
            }
            let amount = |bytes: &[u8]| u64::from_ne_bytes(memtoll(bytes).unwrap_or(0).to_ne_bytes());
            (class, Limit { hard: amount(hard), soft: amount(soft), seconds })
        } else {
            let class = class.ok_or("Invalid client class specified in buffer limit configuration.")?;
            let (seconds, rest, _) = strtoll(&words[3].bytes, 10);
            let seconds = i64::from(as_int(seconds));
            match (memtoull(hard, around.version), memtoull(soft, around.version)) {
                (Some(hard), Some(soft)) if seconds >= 0 && rest.is_empty() => (class, Limit { hard, soft, seconds }),
                _ => return Err("Error in hard, soft or soft_seconds setting in buffer limit configuration.".into()),
            }
        };
        limits[class] = limit;
    }
    Ok(Typed::Limits(limits))
}

/// The limits that hold when nothing is written (`config.c: clientBufferLimitsDefaults`, all versions).
pub const DEFAULT_LIMITS: [Limit; 3] = [
    Limit { hard: 0, soft: 0, seconds: 0 },
    Limit { hard: 256 << 20, soft: 64 << 20, seconds: 60 },
    Limit { hard: 32 << 20, soft: 8 << 20, seconds: 60 },
];

fn scores(words: &[Word], around: Around<'_>) -> Result<Typed, Refused> {
    let Ok(words) = <&[Word; 3]>::try_from(words) else {
        let old = !around.version.since(7, 0);
        return Err(if old { "Bad directive or wrong number of arguments".into() } else { WRONG_NUMBER });
    };
    let mut scores = [0; 3];
    for (score, word) in scores.iter_mut().zip(words) {
        let (value, rest, _) = strtoll(&word.bytes, 10);
        if !rest.is_empty() || !(-2000..=2000).contains(&value) {
            return Err("Invalid oom-score-adj-values, elements must be between -2000 and 2000.".into());
        }
        *score = as_int(value);
    }
    Ok(Typed::Scores(scores))
}

fn percentiles(words: &[Word], around: Around<'_>) -> Result<Typed, Refused> {
    if matches!(words, [only] if only.bytes.is_empty()) {
        return Ok(Typed::Percentiles([].into()));
    }
    let mut all = Vec::with_capacity(words.len());
    for word in words {
        let value =
            string2d(&word.bytes, around.version).ok_or("Invalid latency-tracking-info-percentiles parameters")?;
        if !(0.0..=100.0).contains(&value) {
            return Err("latency-tracking-info-percentiles parameters should sit between [0.0,100.0]".into());
        }
        all.push(value);
    }
    Ok(Typed::Percentiles(all.into()))
}

/// `notify.c`: the letters that `A` stands for, in the order in which they are shown.
const ALL_EVENTS: &[u8] = b"g$lshzxetd";

fn events(words: &[Word], around: Around<'_>) -> Result<Typed, Refused> {
    let version = around.version;
    let old = !version.since(7, 0);
    let [word] = words else {
        return Err(if old { "Bad directive or wrong number of arguments".into() } else { WRONG_NUMBER });
    };
    // What is not in `A` but hidden by it, then what is always shown.
    let hidden: &[u8] = match () {
        () if old => b"",
        () if version.redis_since(8, 2) => b"noc",
        () => b"n",
    };
    let written = c_string(&word.bytes);
    let known = |byte: &u8| *byte == b'A' || [ALL_EVENTS, hidden, b"KEm"].iter().any(|set| set.contains(byte));
    if !written.iter().all(known) {
        let letters = if old { "g$lshzxeA" } else { "Ag$lshzxeKEtmdn" };
        return Err(format!("Invalid event class character. Use '{letters}'.").into());
    }
    let on = |letter: &u8| written.contains(letter) || written.contains(&b'A') && ALL_EVENTS.contains(letter);
    let mut shown = Vec::new();
    if ALL_EVENTS.iter().all(on) {
        shown.push(b'A');
    } else {
        shown.extend(ALL_EVENTS.iter().chain(hidden).filter(|letter| on(letter)));
    }
    shown.extend(b"KEm".iter().filter(|letter| on(letter)));
    Ok(Typed::Bytes(shown.into()))
}

fn primary(words: &[Word], around: Around<'_>) -> Result<Typed, Refused> {
    let [host, port] = words else {
        let old = !around.version.since(7, 0);
        return Err(if old { "Bad directive or wrong number of arguments".into() } else { WRONG_NUMBER });
    };
    if same_word(&host.bytes, "no") && same_word(&port.bytes, "one") {
        return Ok(Typed::Primary(None));
    }
    let (number, rest, _) = strtoll(&port.bytes, 10);
    let number = as_int(number);
    if !(0..=65535).contains(&number) || !rest.is_empty() {
        let word = if around.version.valkey_since(8, 0) { "primary" } else { "master" };
        return Err(format!("Invalid {word} port").into());
    }
    Ok(Typed::Primary(Some((host.bytes.clone(), number))))
}

fn directory(words: &[Word], around: Around<'_>) -> Result<Typed, Refused> {
    let [word] = words else {
        let old = !around.version.since(7, 0);
        return Err(if old { "Bad directive or wrong number of arguments".into() } else { WRONG_NUMBER });
    };
    let path = c_string(&word.bytes);
    if path.is_empty() {
        let empty = if around.version.valkey_since(8, 0) { "dir can't be empty" } else { "No such file or directory" };
        return Err(empty.into());
    }
    Ok(Typed::Bytes(path.into()))
}
