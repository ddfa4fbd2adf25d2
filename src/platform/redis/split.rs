//! How the server takes a configuration apart: bytes into lines, lines into words.
//!
//! `config.c:loadServerConfig` (reading), `config.c:loadServerConfigFromString` (lines), `sds.c:sdssplitargs` (words).

use std::borrow::Cow;
use std::sync::Arc;

use super::number::same_word;
use super::template::{Mark, Marks};
use super::version::Version;
use crate::text::{Source, SourceId, Span};

/// How many bytes the server reads at once (`config.c: CONFIG_READ_LEN`, 6.2 `CONFIG_MAX_LINE`).
const CHUNK: usize = 1024;

/// The ways in which versions split a line into words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Style {
    /// A closing quote ends the word, and a space or the end must follow it: all Redis, Valkey before 8.1.
    Classic,
    /// The same, and the byte 0xFF is lost: Valkey 8.1 and 9.0.
    LosesFf,
    /// The byte 0xFF is lost, and a word goes on after a closing quote: Valkey 9.1.
    GoesOn,
}

impl Style {
    /// The style of a version.
    pub fn of(version: &Version) -> Style {
        if version.valkey_since(9, 1) {
            Style::GoesOn
        } else if version.valkey_since(8, 1) {
            Style::LosesFf
        } else {
            Style::Classic
        }
    }
}

/// A word of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// What the server takes it for, quotes and escapes undone.
    pub bytes: Arc<[u8]>,
    /// Where it is written, quotes included.
    pub span: Span,
    /// Whether a template decides what is there.
    pub templated: bool,
}

/// A word before it has a place: what it means and from where to where in the line it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raw<'l> {
    /// What the server takes it for: the line's own bytes where they say it as they are.
    pub bytes: Cow<'l, [u8]>,
    /// Its first byte in the line.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
}

/// Splits a line into words; `None` when the server finds its quotes unbalanced (`sds.c:sdssplitargs`).
pub fn split(line: &[u8], style: Style) -> Option<Vec<Raw<'_>>> {
    let mut words = Vec::new();
    let mut at = 0;
    loop {
        at += line[at..].iter().take_while(|&&byte| blank(byte)).count();
        // The server sees a C string: a NUL ends the line.
        if at >= line.len() || line[at] == 0 {
            return Some(words);
        }
        let (bytes, end) = word(line, at, style)?;
        words.push(Raw { bytes, start: at, end });
        // The byte that ended the word is passed over with it.
        at = end;
    }
}

/// `isspace` of the C locale.
fn blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}

/// The word that starts at `at`, and where it ends.
fn word(line: &[u8], start: usize, style: Style) -> Option<(Cow<'_, [u8]>, usize)> {
    let byte = |at: usize| line.get(at).copied().filter(|&byte| byte != 0);
    let special = |byte: &u8| matches!(byte, 0 | b' ' | b'\n' | b'\r' | b'\t' | b'"' | b'\'' | 0xff);
    let plain = line[start..].iter().position(special).map_or(line.len(), |length| start + length);
    if !matches!(line.get(plain), Some(b'"' | b'\'' | 0xff)) {
        return Some((Cow::Borrowed(&line[start..plain]), plain));
    }
    let mut bytes = line[start..plain].to_vec();
    let mut at = plain;
    loop {
        let Some(here) = byte(at) else { return Some((Cow::Owned(bytes), at)) };
        match here {
            b' ' | b'\n' | b'\r' | b'\t' => return Some((Cow::Owned(bytes), at)),
            b'"' | b'\'' => {
                at = quoted(line, at, here, style, &mut bytes)?;
                if style != Style::GoesOn {
                    return match byte(at) {
                        Some(next) if !blank(next) => None,
                        _ => Some((Cow::Owned(bytes), at)),
                    };
                }
            }
            _ => {
                push(&mut bytes, here, style);
                at += 1;
            }
        }
    }
}

/// What is between the quote at `open` and its partner goes into `bytes`; the place after the partner comes back.
fn quoted(line: &[u8], open: usize, quote: u8, style: Style, bytes: &mut Vec<u8>) -> Option<usize> {
    let byte = |at: usize| line.get(at).copied().filter(|&byte| byte != 0);
    let hex = |at: usize| byte(at).and_then(|digit| char::from(digit).to_digit(16));
    let mut at = open + 1;
    loop {
        match (byte(at)?, byte(at + 1)) {
            (b'\\', Some(b'x')) if quote == b'"' && hex(at + 2).is_some() && hex(at + 3).is_some() => {
                let value = hex(at + 2).unwrap_or(0) * 16 + hex(at + 3).unwrap_or(0);
                push(bytes, u8::try_from(value).unwrap_or(0), style);
                at += 4;
            }
            (b'\\', Some(escaped)) if quote == b'"' => {
                let value = match escaped {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'b' => 0x08,
                    b'a' => 0x07,
                    other => other,
                };
                push(bytes, value, style);
                at += 2;
            }
            (b'\\', Some(b'\'')) if quote == b'\'' => {
                bytes.push(b'\'');
                at += 2;
            }
            (end, _) if end == quote => return Some(at + 1),
            (other, _) => {
                push(bytes, other, style);
                at += 1;
            }
        }
    }
}

fn push(bytes: &mut Vec<u8>, byte: u8, style: Style) {
    if byte != 0xff || style == Style::Classic {
        bytes.push(byte);
    }
}

/// What the server reads as one text, made of one or several sources, with the way back to them.
#[derive(Debug, Clone, Default)]
pub struct Joined {
    bytes: Vec<u8>,
    /// Where each stretch of `bytes` begins and where it was taken from, in order.
    stretches: Vec<(usize, SourceId, usize)>,
}

impl Joined {
    /// Nothing yet.
    pub fn new() -> Joined {
        Joined::default()
    }

    /// Adds a source as the server reads a file: in pieces of a line or 1024 bytes, each of which ends at its first
    /// NUL, its line ending included (`fgets` into a buffer that is then taken for a C string).
    pub fn read(&mut self, source: &Source) {
        let all = source.bytes();
        if memchr::memchr(0, all).is_none() {
            self.take(source.id(), 0, all);
            return;
        }
        let mut start = 0;
        while start < all.len() {
            let limit = (start + CHUNK).min(all.len());
            let end = memchr::memchr(b'\n', &all[start..limit]).map_or(limit, |newline| start + newline + 1);
            let seen = memchr::memchr(0, &all[start..end]).map_or(end, |nul| start + nul);
            self.take(source.id(), start, &all[start..seen]);
            start = end;
        }
    }

    /// Adds a source up to its first NUL, without the reading of a file.
    pub fn append(&mut self, source: &Source) {
        let all = source.bytes();
        let end = memchr::memchr(0, all).unwrap_or(all.len());
        self.take(source.id(), 0, &all[..end]);
    }

    fn take(&mut self, source: SourceId, from: usize, bytes: &[u8]) {
        self.stretches.push((self.bytes.len(), source, from));
        self.bytes.extend_from_slice(bytes);
    }

    /// Adds a byte that stands nowhere.
    pub fn push(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The place of `start..end`, as far as it lies in the source of its first byte.
    pub fn span(&self, start: usize, end: usize) -> Option<Span> {
        let index = self.stretches.partition_point(|(begin, _, _)| *begin <= start).checked_sub(1)?;
        let (begin, source, from) = self.stretches[index];
        let first = from + (start - begin);
        // The end may lie beyond a NUL that was passed over, or in another file that was joined on.
        let (mut begin, mut from, mut end) = (begin, from, end);
        for (next, other, offset) in self.stretches[index + 1..].iter().take_while(|(next, ..)| *next < end) {
            if *other != source {
                end = *next;
                break;
            }
            (begin, from) = (*next, *offset);
        }
        Some(Span::new(source, first, from + (end - begin)))
    }
}

/// A line that is neither blank nor a comment.
#[derive(Debug, Clone)]
pub struct Line {
    /// The line without the blanks around it.
    pub span: Span,
    /// Its words, or what else it is.
    pub content: Content,
    /// Whether a template decides if the line is there at all: the place of the condition.
    pub only_if: Option<Span>,
}

/// What is on a line.
#[derive(Debug, Clone)]
pub enum Content {
    /// Words, which all versions see alike.
    Same(Parsed),
    /// Words, which styles see differently: in the order of [`Style`].
    ByStyle(Box<[Parsed; 3]>),
    /// Text that a template puts there: any lines at all, or none.
    Anything,
}

impl Content {
    /// The words as a style sees them; nothing for text out of a template.
    pub fn parsed(&self, style: Style) -> Option<&Parsed> {
        match self {
            Content::Same(parsed) => Some(parsed),
            Content::ByStyle(parsed) => match style {
                Style::Classic => Some(&parsed[0]),
                Style::LosesFf => Some(&parsed[1]),
                Style::GoesOn => Some(&parsed[2]),
            },
            Content::Anything => None,
        }
    }

    /// Whether the first word is one of these to some version; they are in lower case.
    pub fn begins(&self, names: &[&str]) -> bool {
        let one = |parsed: &Parsed| names.iter().any(|name| same_word(&parsed.name, name));
        match self {
            Content::Same(parsed) => one(parsed),
            Content::ByStyle(parsed) => parsed.iter().any(one),
            Content::Anything => false,
        }
    }
}

/// The words of a line and what the first of them names.
#[derive(Debug, Clone)]
pub struct Parsed {
    /// The words; `None` when their quotes are unbalanced.
    pub words: Option<Arc<[Word]>>,
    /// The first word in lower case.
    pub name: Arc<[u8]>,
    /// The setting it names in some version.
    pub named: Option<super::directive::Named>,
}

/// The lines of a text, as the server sees them.
pub fn lines(text: &Joined, marks: &Marks) -> Vec<Line> {
    let bytes = text.bytes();
    let mut lines = Vec::new();
    let mut start = 0;
    // The whole text is a C string for the server too, but `Joined` has no NUL left.
    while start <= bytes.len() {
        let end = memchr::memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |newline| start + newline);
        if let Some(line) = line(text, start, end, marks) {
            lines.push(line);
        }
        start = end + 1;
    }
    lines
}

fn line(text: &Joined, start: usize, end: usize, marks: &Marks) -> Option<Line> {
    let trimmed = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    let bytes = &text.bytes()[start..end];
    let start = start + bytes.iter().take_while(|byte| trimmed(byte)).count();
    let end = end - bytes.iter().rev().take_while(|byte| trimmed(byte)).count();
    if start >= end || text.bytes()[start] == b'#' {
        return None;
    }
    let bytes = &text.bytes()[start..end];
    let span = text.span(start, end)?;
    let only_if = marks.condition(start).and_then(|(from, to)| text.span(from, to));
    let content = match marks.on_line(start, end) {
        [] => plain(text, bytes, start),
        marks => templated(text, bytes, start, marks)?,
    };
    Some(Line { span, content, only_if })
}

/// A line without marks of templates.
fn plain(text: &Joined, bytes: &[u8], start: usize) -> Content {
    let style_matters = memchr::memchr3(b'"', b'\'', 0xff, bytes).is_some();
    let whole = |words| parsed(text, words, start, |_| false);
    let classic = split(bytes, Style::Classic);
    if !style_matters {
        return Content::Same(whole(classic));
    }
    let (loses_ff, goes_on) = (split(bytes, Style::LosesFf), split(bytes, Style::GoesOn));
    if classic == loses_ff && classic == goes_on {
        return Content::Same(whole(classic));
    }
    Content::ByStyle(Box::new([whole(classic), whole(loses_ff), whole(goes_on)]))
}

/// A line that has marks of templates on it. `None` when nothing of it reaches the server.
fn templated(text: &Joined, bytes: &[u8], start: usize, marks: &[Mark]) -> Option<Content> {
    // A mark counts as one letter run, so that blanks and quotes inside it split nothing.
    let mut stand_in = bytes.to_vec();
    let mut outside = vec![true; bytes.len()];
    for mark in marks {
        let from = mark.start.saturating_sub(start).min(bytes.len());
        let to = mark.end.saturating_sub(start).min(bytes.len());
        let letter = if mark.prints { b'x' } else { b' ' };
        stand_in[from..to].fill(letter);
        outside[from..to].fill(false);
    }
    let nothing_else = bytes.iter().zip(&outside).all(|(byte, outside)| !outside || blank(*byte));
    if nothing_else {
        return marks.iter().any(|mark| mark.prints).then_some(Content::Anything);
    }
    let inside = |raw: &Raw<'_>| {
        marks.iter().any(|mark| mark.prints && mark.start < start + raw.end && start + raw.start < mark.end)
    };
    let words = split(&stand_in, Style::Classic);
    let first_is_open = words.as_ref().is_none_or(|words| words.first().is_none_or(inside));
    if first_is_open {
        return Some(Content::Anything);
    }
    Some(Content::Same(parsed(text, words, start, inside)))
}

fn parsed(text: &Joined, raw: Option<Vec<Raw<'_>>>, start: usize, templated: impl Fn(&Raw<'_>) -> bool) -> Parsed {
    let words = raw.map(|raw| {
        let mut words = Vec::with_capacity(raw.len());
        words.extend(raw.into_iter().filter_map(|raw| {
            let span = text.span(start + raw.start, start + raw.end)?;
            let templated = templated(&raw);
            Some(Word { bytes: raw.bytes.into(), span, templated })
        }));
        Arc::<[Word]>::from(words)
    });
    let first = words.as_ref().and_then(|words| words.first());
    let name: Arc<[u8]> = match first {
        Some(word) if word.bytes.iter().any(u8::is_ascii_uppercase) => word.bytes.to_ascii_lowercase().into(),
        Some(word) => word.bytes.clone(),
        None => [].into(),
    };
    let named = super::directive::named(&name);
    Parsed { words, name, named }
}
