//! Keys, where somebody asks for them: a sample within a budget. `SCAN` walks over them a page at a time, never `KEYS`;
//! what is asked of the keys of a page goes out with the `SCAN` for the next.
//!
//! Of a value nothing is kept but what it looks like, and names are never shown as they are.

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::time::{Duration, Instant};

use super::ask::{Answer, Answers, Ask};
use super::connect::Connection;
use super::look::kinds;
use super::reply::Reply;

/// Which keys are to be looked at, and how far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quest {
    /// The pattern that their names match.
    pub pattern: String,
    /// Over how many keys the server walks, whether they match or not.
    pub budget: usize,
    /// How long it may take.
    pub time: Duration,
}

/// How many keys one `SCAN` walks over: less than a millisecond for the server, which does nothing else meanwhile.
const PAGE: usize = 1_000;

/// How many keys are asked about after that of which the answers were no denials. A server remembers each denial, and
/// forgets an older one for it.
const STEPS: [usize; 3] = [1, 32, PAGE];

/// Of how many keys it is asked what they are and whether they expire.
const DETAILED: usize = 10_000;

/// Of how many the value is looked at, and how many at a time.
const VALUES: usize = 1_000;
const VALUES_AT_ONCE: usize = 250;

/// How many bytes of a value are looked at.
const LOOKED_AT: usize = 4_096;

/// The longest name of a key that is asked about, in bytes.
const LONGEST_NAME: usize = 1_024;

/// A key that was seen.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    /// Its name, which may be as good as a password.
    pub name: Vec<u8>,
    /// Whether it expires, where that was told.
    pub expires: Option<bool>,
    /// What its value looks like.
    pub value: Seen,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Key");
        shown.field("name", &"***").field("expires", &self.expires).field("value", &self.value).finish()
    }
}

/// What was seen of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// Nothing.
    Nothing,
    /// It is a text, and that is all.
    Text,
    /// It is none, and was not looked at.
    NoText,
    /// This much of a text.
    Looked {
        /// Whether that was all of it.
        whole: bool,
        /// The kinds of secrets that it looks like.
        kinds: Vec<&'static str>,
    },
}

/// Why the walk came to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// Every key was walked over.
    Whole,
    /// The budget was spent.
    Budget,
    /// The time was over.
    Time,
    /// `SCAN` was refused.
    Refused,
    /// This went wrong.
    Broken(String),
}

/// What was seen of the keys of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// The quest.
    pub quest: Quest,
    /// The keys, each once.
    pub keys: Vec<Key>,
    /// Why there are no more.
    pub ended: Ended,
}

/// Looks at keys. What is refused is among what was told.
pub(super) fn sample(line: &mut Connection, quest: &Quest, answers: &mut Answers) {
    let until = Instant::now() + quest.time;
    line.end_by(until);
    let mut walk = Walk { line, quest, until, answers, keys: Vec::new(), known: HashSet::new(), over: BTreeSet::new() };
    let ended = walk.scan();
    if matches!(ended, Ended::Whole | Ended::Budget) {
        walk.values();
    }
    let keys = walk.keys.into_iter().flatten().collect();
    answers.keys = Some(Sample { quest: quest.clone(), keys, ended });
}

struct Walk<'a> {
    line: &'a mut Connection,
    quest: &'a Quest,
    until: Instant,
    answers: &'a mut Answers,
    /// The keys; `None` for one that was gone when it was asked about.
    keys: Vec<Option<Key>>,
    known: HashSet<Vec<u8>>,
    /// What is not asked any more, since it was refused.
    over: BTreeSet<Ask>,
}

impl Walk<'_> {
    /// Walks over the keys, and asks about them.
    fn scan(&mut self) -> Ended {
        let (mut cursor, mut left, mut asked) = (b"0".to_vec(), self.quest.budget, 0);
        let mut ended = None;
        for flight in 0.. {
            let page = if ended.is_none() { left.min(PAGE) } else { 0 };
            let about: Vec<usize> = (asked..self.keys.len().min(DETAILED)).take(step(flight)).collect();
            asked += about.len();
            if page == 0 && about.is_empty() {
                break;
            }
            if self.is_late() {
                return Ended::Time;
            }
            if page > 0 {
                let count = page.to_string();
                let words = [&cursor, &b"MATCH"[..], self.quest.pattern.as_bytes(), b"COUNT", count.as_bytes()];
                self.line.queue_all(Ask::Scan, &words);
                left -= page;
            }
            let about = self.ask_about(&about);
            self.send();
            if page > 0 {
                match self.page() {
                    Ok(next) if next == b"0" => ended = Some(Ended::Whole),
                    Ok(next) => cursor = next,
                    Err(why) => return why,
                }
            }
            if left == 0 || self.keys.len() > self.quest.budget {
                // Its last page may hold one more than was asked for.
                self.keys.truncate(self.quest.budget);
                ended = ended.filter(|_| self.known.len() <= self.quest.budget).or(Some(Ended::Budget));
            }
            if let Err(why) = self.hear_about(&about) {
                return why;
            }
        }
        ended.unwrap_or(Ended::Budget)
    }

    fn is_late(&self) -> bool {
        Instant::now() >= self.until
    }

    fn send(&mut self) {
        self.line.send();
        self.answers.round_trips += 1;
    }

    /// A reply to a question that can be refused; the first refusal is kept, and the last question of its kind.
    fn hear(&mut self, ask: Ask) -> Result<Option<Reply>, Ended> {
        match self.line.receive() {
            Answer::Reply(Reply::Error { code, .. }) if code == "WRONGTYPE" => Ok(None),
            Answer::Reply(error @ Reply::Error { .. }) => {
                if self.over.insert(ask) {
                    self.answers.told.push((ask, Answer::Reply(error)));
                }
                Ok(None)
            }
            Answer::Reply(reply) => Ok(Some(reply)),
            Answer::Missing(_) if self.is_late() => Err(Ended::Time),
            Answer::Missing(why) => Err(Ended::Broken(why)),
        }
    }

    /// The keys of a page, and where the next begins.
    fn page(&mut self) -> Result<Vec<u8>, Ended> {
        let reply = self.hear(Ask::Scan)?.ok_or(Ended::Refused)?;
        let Some([Reply::Bytes(next), Reply::List(names)]) = reply.list() else {
            return Err(Ended::Broken("it answers `SCAN` with something else than keys".to_owned()));
        };
        for name in names.iter().filter_map(Reply::bytes) {
            // A key that moves while the walk goes on is seen twice.
            if self.known.insert(name.to_vec()) {
                self.keys.push(Some(Key { name: name.to_vec(), expires: None, value: Seen::Nothing }));
            }
        }
        Ok(next.clone())
    }

    /// Asks about keys; gives those that were asked about, with the questions.
    fn ask_about(&mut self, about: &[usize]) -> Vec<(usize, Ask)> {
        let asks: Vec<Ask> = [Ask::Ttl, Ask::Type].into_iter().filter(|ask| !self.over.contains(ask)).collect();
        let mut all = Vec::new();
        for &number in about {
            let Some(Some(key)) = self.keys.get(number).filter(|key| asked_about(key.as_ref())) else { continue };
            for &ask in &asks {
                self.line.queue(ask, Some(&key.name));
                all.push((number, ask));
            }
        }
        all
    }

    fn hear_about(&mut self, asked: &[(usize, Ask)]) -> Result<(), Ended> {
        for &(number, ask) in asked {
            let Some(reply) = self.hear(ask)? else { continue };
            let Some(slot) = self.keys.get_mut(number) else { continue };
            let gone = match ask {
                Ask::Ttl => reply.int() == Some(-2),
                _ => reply.bytes() == Some(b"none"),
            };
            match slot {
                _ if gone => *slot = None,
                Some(key) if ask == Ask::Ttl => key.expires = reply.int().map(|left| left >= 0),
                Some(key) => key.value = if reply.bytes() == Some(b"string") { Seen::Text } else { Seen::NoText },
                None => {}
            }
        }
        Ok(())
    }

    /// Looks at values that are texts.
    fn values(&mut self) {
        let is_text = |key: &Option<Key>| key.as_ref().is_some_and(|key| key.value == Seen::Text);
        let texts = self.keys.iter().enumerate().filter(|(_, key)| is_text(key));
        let texts: Vec<usize> = texts.map(|(number, _)| number).take(VALUES).collect();
        let (first, others) = texts.split_at(texts.len().min(1));
        let end = (LOOKED_AT - 1).to_string();
        for some in std::iter::once(first).chain(others.chunks(VALUES_AT_ONCE)).filter(|some| !some.is_empty()) {
            if self.over.contains(&Ask::Start) || self.is_late() {
                return;
            }
            for key in some.iter().filter_map(|&number| self.keys.get(number)?.as_ref()) {
                self.line.queue_all(Ask::Start, &[&key.name, b"0", end.as_bytes()]);
            }
            self.send();
            for &number in some {
                let Ok(reply) = self.hear(Ask::Start) else { return };
                let text = reply.as_ref().and_then(Reply::bytes);
                if let (Some(text), Some(Some(key))) = (text, self.keys.get_mut(number)) {
                    key.value = Seen::of(text);
                }
            }
        }
    }
}

impl Seen {
    /// What the start of a value looks like.
    pub fn of(start: &[u8]) -> Seen {
        Seen::Looked { whole: start.len() < LOOKED_AT, kinds: kinds(start) }
    }
}

fn step(flight: usize) -> usize {
    // The first has nothing to ask about yet.
    STEPS.get(flight.saturating_sub(1)).copied().unwrap_or(PAGE)
}

fn asked_about(key: Option<&Key>) -> bool {
    key.is_some_and(|key| key.name.len() <= LONGEST_NAME)
}
