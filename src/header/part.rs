//! Text of which pieces are not known, cut into parts that remember where they are.
//!
//! A variable is bytes that no header may have: [`WORD`] for letters and digits, [`ANY`] for anything at all, the
//! characters that separate things included. The text stays as long as it is written, so every place in it is a place
//! in the value. An answer is `None` where what a variable holds decides it.

use std::ops::Range;

use super::{Holds, Piece};

/// A byte of a variable that holds one or more letters and digits.
pub const WORD: char = '\u{1}';

/// A byte of a variable that may hold anything.
pub const ANY: char = '\u{2}';

/// The text of a value.
pub fn text(value: &[Piece<'_>]) -> String {
    let mut text = String::new();
    for piece in value {
        match piece {
            Piece::Text(literal) => {
                // What a literal control character means to a browser is the end of the header, whichever it is.
                text.extend(literal.chars().map(|letter| if matches!(letter, WORD | ANY) { '\u{1a}' } else { letter }));
            }
            Piece::Variable { written, holds, .. } => {
                let filler = if *holds == Holds::Word { WORD } else { ANY };
                text.extend(std::iter::repeat_n(filler, written.len().max(1)));
            }
        }
    }
    text
}

/// Whether both hold.
pub fn and(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    match (a, b) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

/// Whether one holds.
pub fn or(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    not(and(not(a), not(b)))
}

/// Whether it does not hold.
pub fn not(a: Option<bool>) -> Option<bool> {
    a.map(|a| !a)
}

/// Whether it holds of some.
pub fn some(answers: impl IntoIterator<Item = Option<bool>>) -> Option<bool> {
    answers.into_iter().fold(Some(false), or)
}

/// Whether it holds of all.
pub fn every(answers: impl IntoIterator<Item = Option<bool>>) -> Option<bool> {
    answers.into_iter().fold(Some(true), and)
}

/// A part of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part<'a> {
    /// Its text.
    pub text: &'a str,
    /// Where it begins in the value.
    pub start: usize,
}

fn blank(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\r' | '\n' | '\u{c}')
}

impl<'a> Part<'a> {
    /// All of a text.
    pub fn whole(text: &'a str) -> Part<'a> {
        Part { text, start: 0 }
    }

    /// Its bytes in the value.
    pub fn range(self) -> Range<usize> {
        self.start..self.start + self.text.len()
    }

    /// The part at these bytes of this one.
    pub fn slice(self, range: Range<usize>) -> Part<'a> {
        let text = self.text.get(range.clone()).unwrap_or_default();
        Part { text, start: self.start + range.start.min(self.text.len()) }
    }

    /// Its text, where it has no variable.
    pub fn known(self) -> Option<&'a str> {
        (!self.text.contains([WORD, ANY])).then_some(self.text)
    }

    /// Whether it has a variable that may hold anything.
    pub fn open(self) -> bool {
        self.text.contains(ANY)
    }

    /// What comes before the first variable that may hold anything.
    pub fn sure(self) -> Part<'a> {
        self.slice(0..self.text.find(ANY).unwrap_or(self.text.len()))
    }

    /// Without the white space around it.
    pub fn trim(self) -> Part<'a> {
        let start = self.text.len() - self.text.trim_start_matches(blank).len();
        self.slice(start..self.text.trim_end_matches(blank).len().max(start))
    }

    /// The parts between delimiters.
    pub fn split(self, delimiter: char) -> impl Iterator<Item = Part<'a>> {
        let mut at = 0;
        self.text.split(delimiter).map(move |text| {
            let part = Part { text, start: self.start + at };
            at += text.len() + delimiter.len_utf8();
            part
        })
    }

    /// The words between white space.
    pub fn words(self) -> impl Iterator<Item = Part<'a>> {
        let mut at = 0;
        let parts = self.text.split(blank).map(move |text| {
            let part = Part { text, start: self.start + at };
            at += text.len() + 1;
            part
        });
        parts.filter(|part| !part.text.is_empty())
    }

    /// What stands before and after the first of these letters, each without white space around it.
    pub fn cut(self, letter: char) -> (Part<'a>, Option<Part<'a>>) {
        match self.text.find(letter) {
            Some(at) => {
                let after = self.slice(at + letter.len_utf8()..self.text.len());
                (self.slice(0..at).trim(), Some(after.trim()))
            }
            None => (self.trim(), None),
        }
    }

    /// Whether it is this word, in any case.
    pub fn is(self, word: &str) -> Option<bool> {
        self.compare(word, |a, b| a.eq_ignore_ascii_case(b))
    }

    /// Whether it is exactly this word.
    pub fn is_exactly(self, word: &str) -> Option<bool> {
        self.compare(word, |a, b| a == b)
    }

    fn compare(self, word: &str, same: impl Fn(&str, &str) -> bool) -> Option<bool> {
        let (Some(first), Some(last)) = (self.text.find([WORD, ANY]), self.text.rfind([WORD, ANY])) else {
            return Some(same(self.text, word));
        };
        let (mut before, mut after) = (&self.text[..first], &self.text[last + 1..]);
        if self.open() {
            // White space around it may turn out to be around all.
            (before, after) = (before.trim_end_matches(blank), after.trim_start_matches(blank));
        }
        let fits = word.len() >= before.len() + after.len()
            && word.get(..before.len()).is_some_and(|begin| same(begin, before))
            && word.get(word.len() - after.len()..).is_some_and(|end| same(end, after));
        if fits { None } else { Some(false) }
    }

    /// Whether it is one of these words, in any case.
    pub fn is_one_of(self, words: &[&str]) -> Option<bool> {
        some(words.iter().map(|word| self.is(word)))
    }
}

/// Parts between delimiters that may be quoted.
#[derive(Debug)]
pub struct Parts<'a> {
    /// The parts that are sure to be there as they are, without white space around them.
    pub items: Vec<Part<'a>>,
    /// Whether a variable may hold more, or change what comes after these.
    pub open: bool,
    /// Whether a quoted text has no end. Then the last part is torn off.
    pub torn: bool,
}

/// Splits at a delimiter outside quoted strings (RFC 9110, 5.6.4). A variable that may hold anything may hold a quote
/// too, so what comes after it is not told.
pub fn split_quoted(part: Part<'_>, delimiter: char) -> Parts<'_> {
    let sure = part.sure();
    let (mut items, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, letter) in sure.text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if letter == delimiter && !quoted => {
                items.push(sure.slice(start..at).trim());
                start = at + letter.len_utf8();
            }
            _ => {}
        }
    }
    let open = part.open();
    if !open {
        items.push(sure.slice(start..sure.text.len()).trim());
    }
    Parts { items, open, torn: quoted && !open }
}

/// `name` or `name=value`.
#[derive(Debug, Clone, Copy)]
pub struct Directive<'a> {
    /// All of it.
    pub whole: Part<'a>,
    /// Its name.
    pub name: Part<'a>,
    /// Its value, quotes and all.
    pub value: Option<Part<'a>>,
}

impl<'a> Directive<'a> {
    /// The value without quotes around it.
    pub fn bare(self) -> Option<Part<'a>> {
        let value = self.value?;
        let inside = value.text.len() >= 2 && value.text.starts_with('"') && value.text.ends_with('"');
        Some(if inside { value.slice(1..value.text.len() - 1) } else { value })
    }
}

/// Directives, and whether there may be more after them.
#[derive(Debug)]
pub struct Directives<'a> {
    /// Those that are sure to be there. Their names have no variable.
    pub items: Vec<Directive<'a>>,
    /// Whether a variable may hold more.
    pub open: bool,
    /// Whether a quoted text has no end.
    pub torn: bool,
}

impl Directives<'_> {
    /// Whether there is a directive of this name.
    pub fn has(&self, name: &str) -> Option<bool> {
        let there = self.items.iter().any(|item| item.name.text.eq_ignore_ascii_case(name));
        if there || !self.open { Some(there) } else { None }
    }
}

/// The directives between delimiters, empty ones left out. What a directive is whose name a variable makes cannot be
/// told, so the rest is left open.
pub fn directives(part: Part<'_>, delimiter: char) -> Directives<'_> {
    let parts = split_quoted(part, delimiter);
    let (mut items, mut open) = (Vec::new(), parts.open);
    for whole in parts.items.into_iter().filter(|part| !part.text.is_empty()) {
        let (name, value) = whole.cut('=');
        if name.known().is_none() {
            open = true;
            break;
        }
        items.push(Directive { whole, name, value });
    }
    Directives { items, open, torn: parts.torn }
}

/// A number that is not negative, told by its digits; one too large is the largest. `Some(None)` where it is no number.
pub fn number(part: Part<'_>) -> Option<Option<i64>> {
    match part.known() {
        Some(text) if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(Some(text.parse().unwrap_or(i64::MAX)))
        }
        Some(_) => Some(None),
        None => None,
    }
}

/// Whether all of it may be in a token (RFC 9110, 5.6.2). Letters and digits of a variable may.
pub fn is_token(text: &str) -> bool {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || letter == WORD || "!#$%&'*+-.^_`|~".contains(letter);
    !text.is_empty() && text.chars().all(fits)
}
