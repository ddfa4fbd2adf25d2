//! Which words of a command are keys, channels and databases, and what is done to the keys.

use super::commands::{Begin, Channels, Code, Databases, KeySpec, Row};

/// A key in a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// The number of its word.
    pub at: usize,
    /// Whether its value is read.
    pub read: bool,
    /// Whether it is inserted, updated or deleted.
    pub write: bool,
}

/// Whether a command can have keys at all (`db.c:doesCommandHaveKeys`; 6.2: `acl.c:ACLCheckCommandPerm`).
pub fn has_keys(row: &Row) -> bool {
    row.code != Code::None || row.range.is_some() || row.keys.iter().any(|spec| !spec.not_a_key)
}

/// The keys of a command, in the server's order (`db.c:getKeysFromCommandWithSpecs`; 6.2: `db.c:getKeysFromCommand`).
///
/// Where the server cannot make sense of the words it finds no keys, and so asks for no permission on any.
pub fn keys(row: &Row, words: &[&[u8]], selectors: bool) -> Vec<Key> {
    if !selectors {
        return if row.code == Code::None { by_range(row, words.len()) } else { by_code(row.code, words, false) };
    }
    let usable = row.keys.iter().any(|spec| !spec.not_a_key) && !row.keys.iter().any(|spec| spec.varying);
    let by_specs = if usable { by_specs(row.keys, words) } else { None };
    by_specs.unwrap_or_else(|| by_code(row.code, words, true))
}

/// `db.c:getKeysUsingKeySpecs`; `None` when a place cannot be told or makes no sense.
fn by_specs(specs: &[KeySpec], words: &[&[u8]]) -> Option<Vec<Key>> {
    let mut keys = Vec::new();
    for spec in specs.iter().filter(|spec| !spec.not_a_key) {
        let Some(mut first) = begin(spec, words)? else { continue };
        let count = words.len();
        let step = usize::try_from(spec.step).unwrap_or(1).max(1);
        let last = if spec.counted {
            let number = usize::try_from(integer(words.get(first)?)?).ok()?;
            first += 1;
            // MSETEX 2 a b c d has its keys at a and c.
            first.checked_add(number.checked_sub(1)?.checked_mul(step)?)?
        } else if spec.last >= 0 {
            first + usize::try_from(spec.last).ok()?
        } else if let Some(part) = usize::try_from(spec.part).ok().filter(|part| *part > 0) {
            (first + count.checked_sub(first)? / part).checked_sub(1)?
        } else {
            count.checked_sub(usize::from(spec.last.unsigned_abs()))?
        };
        if last >= count || last < first || first >= count {
            return None;
        }
        keys.extend((first..=last).step_by(step).map(|at| Key { at, read: spec.read, write: spec.write }));
        if spec.incomplete {
            return None;
        }
    }
    Some(keys)
}

/// Where a spec begins; `Some(None)` when its word is not there, `None` when that cannot be told.
fn begin(spec: &KeySpec, words: &[&[u8]]) -> Option<Option<usize>> {
    match spec.begin {
        Begin::At(at) => Some(usize::try_from(at).ok()),
        Begin::Unknown => None,
        Begin::Word(word, from) => {
            let is_there = |at: &usize| c_string(words[*at]).eq_ignore_ascii_case(word);
            let count = words.len();
            let distance = usize::from(from.unsigned_abs());
            // Neither the last word nor, going backwards, the first after the command is looked at.
            let found = if from > 0 {
                (distance..count.saturating_sub(1)).find(is_there)
            } else {
                (2..=count.saturating_sub(distance)).rev().filter(|at| *at < count).find(is_there)
            };
            Some(found.map(|at| at + 1))
        }
    }
}

/// `db.c:getKeysUsingCommandTable` of 6.2.
fn by_range(row: &Row, count: usize) -> Vec<Key> {
    let Some([first, last, step]) = row.range else { return Vec::new() };
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let last = if last < 0 { count + i64::from(last) } else { i64::from(last) };
    let step = usize::try_from(step).unwrap_or(1).max(1);
    let places: Vec<i64> = (i64::from(first)..=last).step_by(step).collect();
    if places.iter().any(|at| *at >= count) {
        return Vec::new();
    }
    places.into_iter().filter_map(|at| usize::try_from(at).ok()).map(plain).collect()
}

/// A key of which the server does not know what is done to it: any pattern that matches will do.
fn plain(at: usize) -> Key {
    Key { at, read: false, write: false }
}

fn read(at: usize) -> Key {
    Key { at, read: true, write: false }
}

fn write(at: usize) -> Key {
    Key { at, read: false, write: true }
}

fn both(at: usize) -> Key {
    Key { at, read: true, write: true }
}

/// The keys that a command's own function finds. Before 7.0 (`flags` is false) nobody asks what is done to them.
fn by_code(code: Code, words: &[&[u8]], flags: bool) -> Vec<Key> {
    let mut keys = match code {
        Code::None => Vec::new(),
        Code::Counted { count, store } => counted(words, count.into(), store.into()),
        Code::Bitfield => vec![bitfield(words)],
        Code::Georadius => georadius(words, flags),
        Code::Memory => match words {
            [_, sub, _, ..] if c_string(sub).eq_ignore_ascii_case(b"usage") => vec![plain(2)],
            _ => Vec::new(),
        },
        Code::Migrate => migrate(words, flags),
        Code::Set => {
            let gets = words.iter().skip(3).any(|word| c_string(word).eq_ignore_ascii_case(b"get"));
            vec![if gets { both(1) } else { write(1) }]
        }
        Code::Sort => sort(words),
        Code::SortRo => vec![read(1)],
        Code::Stralgo => stralgo(words),
        Code::Xread => xread(words),
    };
    if !flags {
        keys.iter_mut().for_each(|key| *key = plain(key.at));
    }
    keys.retain(|key| key.at < words.len());
    keys
}

/// `db.c:genericGetKeys`: a number of keys at `count`, the keys after it, and a key at `store` unless that is 0.
fn counted(words: &[&[u8]], count: usize, store: usize) -> Vec<Key> {
    let first = count + 1;
    let number = words.get(count).map_or(0, |word| atoi(word));
    let room = words.len().saturating_sub(first);
    let Some(number) = usize::try_from(number).ok().filter(|number| (1..=room).contains(number)) else {
        return Vec::new();
    };
    let store = (store > 0).then_some(store);
    (first..first + number).chain(store).map(plain).collect()
}

/// `db.c:bitfieldGetKeys`: it only reads when all its operations are GET or OVERFLOW.
fn bitfield(words: &[&[u8]]) -> Key {
    let mut at = 2;
    while let Some(word) = words.get(at) {
        let after = words.len() - at - 1;
        let word = c_string(word);
        if word.eq_ignore_ascii_case(b"get") && after >= 2 {
            at += 2;
        } else if word.eq_ignore_ascii_case(b"overflow") && after >= 1 {
            at += 1;
        } else {
            return both(1);
        }
        at += 1;
    }
    read(1)
}

/// `db.c:georadiusGetKeys`. Up to Valkey 9.0 it does not say what is done to the keys, which then does not matter,
/// because it is only asked when the key specs fail; Valkey 9.1 asks it always.
fn georadius(words: &[&[u8]], flags: bool) -> Vec<Key> {
    let mut store = None;
    let mut at = 5;
    while let Some(word) = words.get(at) {
        let word = c_string(word);
        let stores = word.eq_ignore_ascii_case(b"store") || word.eq_ignore_ascii_case(b"storedist");
        if stores && at + 1 < words.len() {
            at += 1;
            store = Some(at);
        }
        at += 1;
    }
    let source = if flags { read(1) } else { plain(1) };
    std::iter::once(source).chain(store.map(write)).collect()
}

/// `db.c:migrateGetKeys`. 6.2 takes any later KEYS for the option, and ignores it when a key is named before.
fn migrate(words: &[&[u8]], skips: bool) -> Vec<Key> {
    let named = words.get(3).is_some_and(|word| !word.is_empty());
    let mut at = 6;
    while let Some(word) = words.get(at) {
        let is = |name: &str| c_string(word).eq_ignore_ascii_case(name.as_bytes());
        if is("keys") && (skips || !named) {
            return if named { Vec::new() } else { (at + 1..words.len()).map(both).collect() };
        }
        at += match () {
            () if skips && is("auth") => 2,
            () if skips && is("auth2") => 3,
            () => 1,
        };
    }
    vec![both(3)]
}

/// `db.c:sortGetKeys`: of several STORE the last counts.
fn sort(words: &[&[u8]]) -> Vec<Key> {
    let mut store = None;
    let mut at = 2;
    while let Some(word) = words.get(at) {
        let is = |name: &str| c_string(word).eq_ignore_ascii_case(name.as_bytes());
        if is("limit") {
            at += 2;
        } else if is("get") || is("by") {
            at += 1;
        } else if is("store") && at + 1 < words.len() {
            store = Some(at + 1);
        }
        at += 1;
    }
    std::iter::once(read(1)).chain(store.map(write)).collect()
}

/// `db.c:lcsGetKeys` of 6.2.
fn stralgo(words: &[&[u8]]) -> Vec<Key> {
    for (at, word) in words.iter().enumerate().skip(1) {
        if c_string(word).eq_ignore_ascii_case(b"strings") {
            break;
        }
        if c_string(word).eq_ignore_ascii_case(b"keys") && at + 2 < words.len() {
            return vec![plain(at + 1), plain(at + 2)];
        }
    }
    Vec::new()
}

/// `db.c:xreadGetKeys`.
fn xread(words: &[&[u8]]) -> Vec<Key> {
    let mut at = 1;
    while let Some(word) = words.get(at) {
        let is = |name: &str| c_string(word).eq_ignore_ascii_case(name.as_bytes());
        if is("streams") {
            let rest = words.len() - at - 1;
            let half = if rest.is_multiple_of(2) { rest / 2 } else { 0 };
            return (at + 1..at + 1 + half).map(plain).collect();
        }
        at += match () {
            () if is("block") || is("count") => 2,
            () if is("group") => 3,
            () if is("noack") => 1,
            () => break,
        };
    }
    Vec::new()
}

/// The numbers of the words that are channels, and whether they are patterns (`db.c:getChannelsFromCommand`).
pub fn channels(row: &Row, count: usize) -> (std::ops::Range<usize>, bool) {
    match row.channels {
        Channels::None => (0..0, false),
        Channels::Publish => (1..count.min(2), false),
        Channels::Subscribe => (1..count, false),
        Channels::Pattern => (1..count, true),
    }
}

/// The databases that a command names, out of `total` (Valkey 9.1.2). Empty when the words make no sense: then the
/// command itself fails, and the server asks for no permission.
pub fn databases(row: &Row, words: &[&[u8]], total: i64) -> Vec<i64> {
    let number = |at: usize| words.get(at).and_then(|word| integer(word)).filter(|number| (0..total).contains(number));
    let named = match row.databases {
        Databases::None | Databases::All => None,
        Databases::Select => number(1).map(|one| vec![one]),
        Databases::Move => number(2).map(|one| vec![one]),
        Databases::Swapdb => number(1).zip(number(2)).map(|(one, other)| vec![one, other]),
        Databases::Copy => copied_to(words, number),
    };
    named.unwrap_or_default()
}

fn copied_to(words: &[&[u8]], number: impl Fn(usize) -> Option<i64>) -> Option<Vec<i64>> {
    let mut named = Vec::new();
    let mut at = 3;
    while let Some(word) = words.get(at) {
        if c_string(word).eq_ignore_ascii_case(b"db") {
            named.push(number(at + 1)?);
            at += 1;
        } else if !c_string(word).eq_ignore_ascii_case(b"replace") {
            return None;
        }
        at += 1;
    }
    Some(named)
}

/// What the server sees of a word that it takes for a C string.
pub fn c_string(word: &[u8]) -> &[u8] {
    &word[..memchr::memchr(0, word).unwrap_or(word.len())]
}

/// `util.c:string2ll`: a number as the server itself writes it, without sign `+`, zeros in front or blanks.
fn integer(word: &[u8]) -> Option<i64> {
    let digits = word.strip_prefix(b"-").unwrap_or(word);
    let canonical = word == b"0" || digits.first().is_some_and(|first| (b'1'..=b'9').contains(first));
    if !canonical || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(word).ok()?.parse().ok()
}

/// `atoi` of the C library: blanks, a sign, digits; what follows does not matter. Cut to 32 bits as glibc does.
fn atoi(word: &[u8]) -> i32 {
    let word = c_string(word);
    let blanks = word.iter().take_while(|byte| matches!(byte, b' ' | b'\t'..=b'\r')).count();
    let word = &word[blanks..];
    let (negative, digits) = match word.first() {
        Some(b'-') => (true, &word[1..]),
        Some(b'+') => (false, &word[1..]),
        _ => (false, word),
    };
    let digits = digits.iter().take_while(|byte| byte.is_ascii_digit());
    let value = digits.fold(0i64, |value, digit| value.saturating_mul(10).saturating_add(i64::from(digit - b'0')));
    // strtol stops at the ends of a long, and atoi keeps the low half of it.
    let value = if negative && value == i64::MAX {
        i64::MIN
    } else if negative {
        -value
    } else {
        value
    };
    #[allow(clippy::cast_possible_truncation, reason = "that is what atoi does")]
    let low = value as i32;
    low
}
