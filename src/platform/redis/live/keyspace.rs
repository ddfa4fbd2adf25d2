//! What was seen of the keys of a server: how many there are under which prefix, which never expire, and what values
//! look like.
//!
//! A name can be as good as a password (the id of a session), so keys are told by what stands before their first `:`,
//! and by that only where it is a word.

use std::collections::BTreeMap;
use std::ops::Range;

use super::ask::{Answer, Answers, Ask, line_of};
use super::keys::{Ended, Key, Sample, Seen};
use super::reply::Reply;
use crate::fact::{Fact, List, Unknown, Value, Why};
use crate::keyspace::KeyPrefix;
use crate::mask::one_line;
use crate::text::{Place, SourceId, Sources, Span};

/// How many prefixes are told apart; the others are told as one.
const MOST: usize = 50;

/// The longest prefix that is taken for a word, in bytes, and how many digits it may have.
const LONGEST: usize = 20;
const MOST_DIGITS: usize = 2;

/// How the keys are called whose prefix is no word, and those without one.
const OTHERS: &str = "***:*";
const BARE: &str = "***";

/// What is made of a sample.
pub struct Made {
    /// `keys`.
    pub fact: Fact,
    /// The text that its places are in.
    pub source: SourceId,
    /// What is to be said where not everything was seen.
    pub notice: Option<String>,
}

/// A kind of secret, the prefix of the keys whose values look like it, and how many those are.
type Looks<'a> = (&'a str, &'a str, usize);

/// The facts of a sample, held against the prefixes that the project declares.
pub fn facts(url: &str, (answers, sample): (&Answers, &Sample), declared: &[KeyPrefix], sources: &mut Sources) -> Made {
    let groups = groups(&sample.keys, declared);
    let mut text = format!("# SCAN MATCH {}\n", one_line(&sample.quest.pattern));
    let mut add = |name: &str, rest: String| {
        let start = text.len();
        text.push_str(name);
        let place = start..text.len();
        text.push_str(&rest);
        text.push('\n');
        place
    };
    let placed: Vec<(Range<usize>, &Group)> = groups
        .iter()
        .map(|group| (add(&group.name, format!(" {} keys, {} without a TTL", group.keys, group.lasting)), group))
        .collect();
    let secrets: Vec<(Range<usize>, Looks<'_>)> = groups
        .iter()
        .flat_map(|group| group.secrets.iter().map(|(kind, count)| (*kind, group.name.as_str(), *count)))
        .map(|secret| (add(&format!("{} in {}", secret.0, secret.1), format!(" {} values", secret.2)), secret))
        .collect();
    let source = sources.add(Place::Live { url: url.to_owned(), what: "keys" }, text.into_bytes());
    let maker = Maker { answers, sample, total: total(answers), at: Span::at(source, 0) };
    let of = |place: &Range<usize>| Span::new(source, place.start, place.end);
    let prefixes = placed.iter().map(|(place, group)| maker.prefix(group, of(place))).collect();
    let secrets = secrets.iter().map(|(place, secret)| secret_fact(*secret, of(place))).collect();
    let known = |value: Value| Fact::derived(value, maker.at);
    let number = |count: usize| known(Value::Int(i64::try_from(count).unwrap_or(i64::MAX)));
    let fields = [
        ("pattern", known(sample.quest.pattern.clone().into())),
        ("seen", number(sample.keys.len())),
        ("total", known(maker.total.unwrap_or(-1).into())),
        ("finished", known((sample.ended == Ended::Whole).into())),
        ("prefixes_declared", known((!declared.is_empty()).into())),
        ("ttl_declared", known(declared.iter().any(|prefix| prefix.ttl).into())),
        ("prefixes", known(Value::List(List { items: items(prefixes), rest: maker.unseen() }))),
        ("secrets", known(Value::List(List { items: items(secrets), rest: maker.unlooked() }))),
    ];
    Made { fact: Fact::record(fields, maker.at), source, notice: maker.notice() }
}

fn items(facts: Vec<Fact>) -> crate::fact::Items {
    crate::fact::Items::Here(facts.into())
}

/// How many keys the database has that is looked at; others are not.
fn total(answers: &Answers) -> Option<i64> {
    databases(answers)?.into_iter().find(|(number, _)| *number == 0).map_or(Some(0), |(_, keys)| Some(keys))
}

/// The databases with keys, and how many those are.
fn databases(answers: &Answers) -> Option<Vec<(u32, i64)>> {
    let info = answers.reply(Ask::Info).and_then(Reply::text)?;
    let database = |line: &str| {
        let (number, rest) = line.strip_prefix("db")?.split_once(":keys=")?;
        Some((number.parse().ok()?, rest.split(',').next()?.trim().parse().ok()?))
    };
    // Without the heading it is not told; without lines below it there is none.
    line_of(&info, "redis_version").or(line_of(&info, "valkey_version"))?;
    Some(info.lines().filter_map(database).collect())
}

/// The keys of a prefix.
#[derive(Default)]
struct Group {
    name: String,
    declared: bool,
    wants_ttl: bool,
    keys: usize,
    /// How many never expire.
    lasting: usize,
    /// Of how many it was not told.
    untold: usize,
    /// How many values look like which kind of secret.
    secrets: BTreeMap<&'static str, usize>,
}

/// The keys by prefix, those with most keys first; declared prefixes are there wherever they have keys.
fn groups(keys: &[Key], declared: &[KeyPrefix]) -> Vec<Group> {
    let mut by_name: BTreeMap<(bool, String), Group> = BTreeMap::new();
    for key in keys {
        let own = declared.iter().filter(|prefix| key.name.starts_with(prefix.text.as_bytes()));
        let own = own.max_by_key(|prefix| prefix.text.len());
        let name = own.map_or_else(|| shown(&key.name), |prefix| format!("{}*", one_line(&prefix.text)));
        let group = by_name.entry((own.is_some(), name)).or_default();
        group.declared = own.is_some();
        group.wants_ttl = own.is_some_and(|prefix| prefix.ttl);
        group.keys += 1;
        group.lasting += usize::from(key.expires == Some(false));
        group.untold += usize::from(key.expires.is_none());
        if let Seen::Looked { kinds, .. } = &key.value {
            kinds.iter().for_each(|kind| *group.secrets.entry(kind).or_default() += 1);
        }
    }
    let mut all: Vec<Group> = by_name.into_iter().map(|((_, name), group)| Group { name, ..group }).collect();
    all.sort_by_key(|group| std::cmp::Reverse(group.keys));
    let undeclared = all.iter().filter(|group| !group.declared).count();
    if undeclared > MOST {
        let (mut kept, mut others) = (Vec::new(), Group { name: OTHERS.to_owned(), ..Group::default() });
        for group in all {
            if group.declared || kept.len() < MOST && group.name != OTHERS {
                kept.push(group);
            } else {
                others.add(&group);
            }
        }
        kept.push(others);
        return kept;
    }
    all
}

impl Group {
    fn add(&mut self, other: &Group) {
        self.keys += other.keys;
        self.lasting += other.lasting;
        self.untold += other.untold;
        for (kind, count) in &other.secrets {
            *self.secrets.entry(kind).or_default() += count;
        }
    }
}

/// How a key may be told.
pub(super) fn shown(name: &[u8]) -> String {
    let Some(colon) = memchr::memchr(b':', name) else { return BARE.to_owned() };
    let word = &name[..colon];
    match std::str::from_utf8(word) {
        Ok(text) if is_word(word) => format!("{text}:*"),
        _ => OTHERS.to_owned(),
    }
}

/// Whether nobody would take this for the id of something: short, few digits, and no capitals here and there.
fn is_word(word: &[u8]) -> bool {
    let digits = word.iter().filter(|byte| byte.is_ascii_digit()).count();
    let rises = word.windows(2).filter(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase()).count();
    // With dots it may be somebody's name, unless it begins as no name does; with capitals and digits a password.
    let dots = word.first() == Some(&b'_');
    let plain =
        word.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-') || dots && *byte == b'.');
    let plain = plain && (digits == 0 || !word.iter().any(u8::is_ascii_uppercase));
    let starts = word.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_');
    plain && starts && word.len() <= LONGEST && digits <= MOST_DIGITS && rises <= 2
}

fn secret_fact((kind, prefix, values): Looks<'_>, at: Span) -> Fact {
    let fields = [
        ("kind", Fact::derived(kind.to_owned(), at)),
        ("prefix", Fact::derived(prefix.to_owned(), at)),
        ("values", Fact::derived(i64::try_from(values).unwrap_or(i64::MAX), at)),
    ];
    Fact::record(fields, at)
}

struct Maker<'a> {
    answers: &'a Answers,
    sample: &'a Sample,
    total: Option<i64>,
    at: Span,
}

impl Maker<'_> {
    fn unknown(&self, why: Why, needs: String) -> Unknown {
        Unknown::new(why, self.at, needs)
    }

    fn prefix(&self, group: &Group, at: Span) -> Fact {
        let number = |count: usize| Fact::derived(i64::try_from(count).unwrap_or(i64::MAX), at);
        let lasting = match group {
            // Those that were not told of could only be more.
            Group { lasting: 0, untold, .. } if *untold > 0 => Fact::Unknown(match self.refused(&[Ask::Ttl]) {
                Some(unknown) => unknown,
                None => self.unknown(
                    Why::NotReadable,
                    "a pattern that fewer keys match: not of all it was asked whether they expire".to_owned(),
                ),
            }),
            group => number(group.lasting),
        };
        let fields = [
            ("name", Fact::derived(group.name.clone(), at)),
            ("declared", Fact::derived(group.declared, at)),
            ("ttl_declared", Fact::derived(group.wants_ttl, at)),
            ("keys", number(group.keys)),
            ("without_ttl", lasting),
        ];
        Fact::record(fields, at)
    }

    /// What would help where one of these questions was refused.
    fn refused(&self, asks: &[Ask]) -> Option<Unknown> {
        let error = |ask: Ask| match self.answers.get(ask) {
            Some(Answer::Reply(Reply::Error { code, .. })) => Some((ask, code.as_str())),
            _ => None,
        };
        let (ask, code) = asks.iter().find_map(|ask| error(*ask))?;
        let needs = match code {
            "MOVED" => "an audit of its primary: a replica of a cluster redirects whoever asks for a key".to_owned(),
            "NOPERM" if ask != Ask::Scan => {
                let rule = format!("{} ~{}", ask.permission(), one_line(&self.sample.quest.pattern));
                self.answers.needs(ask).replacen(ask.permission(), &rule, 1)
            }
            _ => self.answers.needs(ask),
        };
        Some(self.unknown(Why::NotPermitted, needs))
    }

    /// Why there may be keys that were not seen.
    fn unseen(&self) -> Option<Unknown> {
        let seen = match self.total {
            Some(total) => format!("{} of {total} keys were seen", self.sample.keys.len()),
            None => format!("{} keys were seen", self.sample.keys.len()),
        };
        match &self.sample.ended {
            Ended::Whole => self.elsewhere().map(|keys| {
                let needs = format!("keys in database 0: {keys} are in others, which are not looked at");
                self.unknown(Why::NotSupported, needs)
            }),
            Ended::Budget => Some(self.unknown(Why::NotReadable, format!("a larger --keys-budget: {seen}"))),
            Ended::Time => Some(self.unknown(Why::NotReadable, format!("a longer --keys-time: {seen}"))),
            Ended::Broken(why) => {
                Some(self.unknown(Why::NotReadable, format!("an answer of the server: {why}; {seen}")))
            }
            Ended::Refused => self.refused(&[Ask::Scan]),
        }
    }

    /// Why there may be secrets that were not seen: of texts, which are all that is looked at.
    fn unlooked(&self) -> Option<Unknown> {
        let open = |key: &&Key| matches!(key.value, Seen::Nothing | Seen::Text | Seen::Looked { whole: false, .. });
        let open = self.sample.keys.iter().filter(open).count();
        let unlooked = || {
            let refused = self.sample.keys.iter().any(|key| matches!(key.value, Seen::Nothing | Seen::Text));
            let refused = refused.then(|| self.refused(&[Ask::Type, Ask::Start])).flatten();
            let needs =
                format!("a pattern that fewer keys match, or shorter values: {open} were not seen to their end");
            refused.unwrap_or_else(|| self.unknown(Why::NotReadable, needs))
        };
        self.unseen().or_else(|| (open > 0).then(unlooked))
    }

    /// How many keys are in databases that are not looked at.
    fn elsewhere(&self) -> Option<i64> {
        let others: i64 =
            databases(self.answers)?.iter().filter(|(number, _)| *number != 0).map(|(_, keys)| keys).sum();
        (others > 0).then_some(others)
    }

    fn notice(&self) -> Option<String> {
        let looked = self.sample.keys.iter().filter(|key| matches!(key.value, Seen::Looked { .. })).count();
        let unseen = self.unseen()?;
        Some(format!("keys: not all were seen, values of {looked} were looked at; it takes {}", unseen.needs))
    }
}
