//! Regular expressions of a simple kind, asked about ASCII text: groups, classes, repetitions, `^`, `$` and `\b`.
//!
//! They say what the `regex` crate says, and are ready in a hundredth of the time: most expressions of a run are asked
//! a few short texts. What is not as simple, and other text, is left to that crate.

use std::ops::Range;

/// How many steps an expression may have.
const LONGEST: usize = 1_000;

/// How deep groups may be nested.
const NESTING: usize = 16;

/// How many pairs of a step and a place in the text may be remembered.
const MEMORY: usize = 1 << 20;

/// A regular expression.
#[derive(Debug)]
pub struct Simple(Vec<Step>);

/// One step. Numbers are counted from the step itself.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// This byte.
    One(u8),
    /// One of these bytes, a bit for each.
    Of(u128),
    /// `^`
    Start,
    /// `$`
    End,
    /// `\b`
    Edge,
    /// Goes on at either.
    Either(i32, i32),
    /// Goes on there.
    Go(i32),
}

impl Simple {
    /// Reads an expression. `None` is one that is not simple, or none at all.
    pub fn new(pattern: &str) -> Option<Simple> {
        let (pattern, caseless) = pattern.strip_prefix("(?i)").map_or((pattern, false), |rest| (rest, true));
        let mut parser = Parser { bytes: pattern.as_bytes(), at: 0, caseless, depth: 0 };
        let steps = parser.alternatives()?;
        (parser.at == pattern.len()).then_some(Simple(steps))
    }

    /// Whether it is anywhere in a text. `None` where that has to be asked elsewhere.
    pub fn is_match(&self, text: &str) -> Option<bool> {
        let fits = self.0.len().saturating_mul(text.len() + 1) <= MEMORY;
        (fits && text.is_ascii()).then(|| self.found(text.as_bytes()))
    }

    fn found(&self, text: &[u8]) -> bool {
        let starts: Range<usize> = if matches!(self.0.first(), Some(Step::Start)) { 0..1 } else { 0..text.len() + 1 };
        // From where nothing was found nothing will be, wherever it began.
        let mut seen: Vec<u64> = Vec::new();
        let mut open: Vec<(usize, usize)> = Vec::new();
        for start in starts {
            open.push((0, start));
            while let Some((mut step, mut at)) = open.pop() {
                loop {
                    let Some(one) = self.0.get(step) else { return true };
                    let goes_on = match *one {
                        Step::One(byte) => text.get(at) == Some(&byte),
                        Step::Of(bytes) => text.get(at).is_some_and(|byte| bytes >> byte & 1 == 1),
                        Step::Start => at == 0,
                        Step::End => at == text.len(),
                        Step::Edge => is_word(at.checked_sub(1).and_then(|at| text.get(at))) != is_word(text.get(at)),
                        Step::Go(to) => {
                            step = step.wrapping_add_signed(to as isize);
                            continue;
                        }
                        Step::Either(first, second) => {
                            let mark = step * (text.len() + 1) + at;
                            if seen.is_empty() {
                                seen.resize(self.0.len() * (text.len() + 1) / 64 + 1, 0);
                            }
                            if seen[mark / 64] >> (mark % 64) & 1 == 1 {
                                break;
                            }
                            seen[mark / 64] |= 1 << (mark % 64);
                            open.push((step.wrapping_add_signed(second as isize), at));
                            step = step.wrapping_add_signed(first as isize);
                            continue;
                        }
                    };
                    if !goes_on {
                        break;
                    }
                    at += usize::from(matches!(one, Step::One(_) | Step::Of(_)));
                    step += 1;
                }
            }
        }
        false
    }
}

fn is_word(byte: Option<&u8>) -> bool {
    byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

/// A class of bytes, a bit for each.
fn class(of: impl Fn(&u8) -> bool) -> u128 {
    (0..128u8).filter(of).fold(0, |all, byte| all | 1 << byte)
}

struct Parser<'p> {
    bytes: &'p [u8],
    at: usize,
    caseless: bool,
    depth: usize,
}

/// `None` always means that the expression is not simple.
impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn eat(&mut self, text: &[u8]) -> bool {
        let is = self.bytes[self.at..].starts_with(text);
        self.at += if is { text.len() } else { 0 };
        is
    }

    fn alternatives(&mut self) -> Option<Vec<Step>> {
        let first = self.sequence()?;
        if !self.eat(b"|") {
            return Some(first);
        }
        let rest = self.alternatives()?;
        let mut steps = vec![Step::Either(1, distance(first.len() + 2)?)];
        steps.extend(first);
        steps.push(Step::Go(distance(rest.len() + 1)?));
        steps.extend(rest);
        short(steps)
    }

    fn sequence(&mut self) -> Option<Vec<Step>> {
        let mut steps = Vec::new();
        while let Some(next) = self.peek().filter(|next| !matches!(next, b'|' | b')')) {
            let piece = self.piece(next)?;
            steps.extend(self.repeated(piece)?);
            steps = short(steps)?;
        }
        Some(steps)
    }

    /// What may be repeated.
    fn piece(&mut self, next: u8) -> Option<Vec<Step>> {
        self.at += 1;
        let step = match next {
            b'(' => return self.group(),
            b'[' => Step::Of(self.class()?),
            b'^' => Step::Start,
            b'$' => Step::End,
            b'.' => Step::Of(class(|byte| *byte != b'\n')),
            b'\\' if self.eat(b"b") => Step::Edge,
            b'\\' => Step::Of(self.escape()?),
            b'*' | b'+' | b'?' | b'{' | b'}' | b']' => return None,
            byte if byte.is_ascii_alphabetic() && self.caseless => {
                Step::Of(1 << byte.to_ascii_lowercase() | 1 << byte.to_ascii_uppercase())
            }
            byte if byte.is_ascii() => Step::One(byte),
            _ => return None,
        };
        Some(vec![step])
    }

    fn group(&mut self) -> Option<Vec<Step>> {
        if !self.eat(b"?:") && self.peek() == Some(b'?') || self.depth >= NESTING {
            return None;
        }
        self.depth += 1;
        let steps = self.alternatives()?;
        self.depth -= 1;
        self.eat(b")").then_some(steps)
    }

    /// A piece with the repetition that follows it.
    fn repeated(&mut self, piece: Vec<Step>) -> Option<Vec<Step>> {
        let (least, most) = match self.peek() {
            Some(b'*') => (0, None),
            Some(b'+') => (1, None),
            Some(b'?') => (0, Some(1)),
            Some(b'{') => self.counts()?,
            _ => return Some(piece),
        };
        self.at += 1;
        // Whether as few or as many as possible does not matter to whether there is a match.
        self.eat(b"?");
        let again = matches!(self.peek(), Some(b'*' | b'+' | b'?' | b'{'));
        // Not everybody takes a repetition of nothing.
        if again || piece.is_empty() || most.is_some_and(|most| most < least) {
            return None;
        }
        let mut steps = Vec::new();
        for _ in 0..least {
            steps = short([steps, piece.clone()].concat())?;
        }
        let length = piece.len();
        let optional = most.map_or(1, |most| most - least);
        for _ in 0..optional {
            steps.push(Step::Either(1, distance(length + if most.is_none() { 2 } else { 1 })?));
            steps.extend(&piece);
            if most.is_none() {
                steps.push(Step::Go(-distance(length + 1)?));
            }
            steps = short(steps)?;
        }
        Some(steps)
    }

    /// `{3}`, `{3,}`, `{3,5}`, up to the bracket that closes it.
    fn counts(&mut self) -> Option<(usize, Option<usize>)> {
        let length = self.bytes[self.at..].iter().position(|byte| *byte == b'}')?;
        let inner = std::str::from_utf8(&self.bytes[self.at + 1..self.at + length]).ok()?;
        self.at += length;
        let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?;
        match inner.split_once(',') {
            None => number(inner).map(|count| (count, Some(count))),
            Some((least, "")) => Some((number(least)?, None)),
            Some((least, most)) => Some((number(least)?, Some(number(most)?))),
        }
    }

    /// What a backslash makes of the next byte: one of some bytes.
    fn escape(&mut self) -> Option<u128> {
        let byte = self.peek()?;
        self.at += 1;
        let word = class(|byte| is_word(Some(byte)));
        let blank = class(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c));
        Some(match byte {
            b'd' => class(u8::is_ascii_digit),
            b'D' => !class(u8::is_ascii_digit),
            b'w' => word,
            b'W' => !word,
            b's' => blank,
            b'S' => !blank,
            b'n' => 1 << b'\n',
            b'r' => 1 << b'\r',
            b't' => 1 << b'\t',
            b'<' | b'>' => return None,
            byte if byte.is_ascii_punctuation() => 1 << byte,
            _ => return None,
        })
    }

    /// A class behind its `[`.
    fn class(&mut self) -> Option<u128> {
        let negated = self.eat(b"^");
        let mut all = 0u128;
        let first = self.at;
        loop {
            let before = self.at;
            let byte = self.peek()?;
            self.at += 1;
            let one = match byte {
                b']' if before > first => break,
                b']' | b'[' => return None,
                // These mean something to sets where they are doubled.
                b'&' | b'~' | b'-' if self.peek() == Some(byte) => return None,
                b'\\' => self.escape()?,
                byte if byte.is_ascii() => 1 << byte,
                _ => return None,
            };
            let ranges = self.peek() == Some(b'-') && self.bytes.get(self.at + 1).is_some_and(|next| *next != b']');
            if !ranges {
                all |= one;
                continue;
            }
            self.at += 1;
            let last = self.peek()?;
            let plain = |byte: u8| byte.is_ascii() && !matches!(byte, b'\\' | b'[' | b']' | b'-');
            if !plain(byte) || !plain(last) || last < byte {
                return None;
            }
            self.at += 1;
            all |= class(|it| (byte..=last).contains(it));
        }
        if self.caseless {
            let other = |byte: &u8| byte.is_ascii_alphabetic() && all >> (byte ^ 0x20) & 1 == 1;
            all |= class(other);
        }
        Some(if negated { !all } else { all })
    }
}

fn distance(steps: usize) -> Option<i32> {
    i32::try_from(steps).ok()
}

fn short(steps: Vec<Step>) -> Option<Vec<Step>> {
    (steps.len() <= LONGEST).then_some(steps)
}
