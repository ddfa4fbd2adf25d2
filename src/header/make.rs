//! Facts out of what the parsers say: each points at its part of the value, or at the variable that decides it.

use std::ops::Range;

use super::Piece;
use super::part::Part;
use crate::fact::{Fact, Items, List, Name, Unknown, Value, Why};
use crate::text::Span;

/// Makes the facts of one value.
pub struct Maker {
    at: Span,
    /// Whether a byte of the value is a byte of the source.
    exact: bool,
    unknown: Unknown,
}

impl Maker {
    /// For a value of so many bytes that is written there.
    pub fn new(value: &[Piece<'_>], length: usize, at: Span) -> Maker {
        let exact = (at.end - at.start) as usize == length;
        let (mut start, mut names, mut first) = (0, Vec::new(), None);
        for piece in value {
            let (Piece::Text(written) | Piece::Variable { written, .. }) = piece;
            if let Piece::Variable { written, .. } = piece {
                first.get_or_insert(start..start + written.len());
                if !names.contains(written) {
                    names.push(*written);
                }
            }
            start += written.len();
        }
        let mut maker = Maker { at, exact, unknown: Unknown::new(Why::NotSupported, at, "what the variables hold") };
        if let Some(first) = first {
            let needs = format!("the value of {} while running", names.join(" and "));
            maker.unknown = Unknown::new(Why::NotSupported, maker.span(first), needs);
        }
        maker
    }

    /// Where these bytes of the value are written.
    pub fn span(&self, range: Range<usize>) -> Span {
        if !self.exact {
            return self.at;
        }
        let start = (self.at.start as usize + range.start).min(self.at.end as usize);
        Span::new(self.at.source, start, (self.at.start as usize + range.end).clamp(start, self.at.end as usize))
    }

    /// Where all of it is.
    pub fn all(&self) -> Range<usize> {
        0..(self.at.end - self.at.start) as usize
    }

    /// Why a fact is not known here.
    pub fn unknown(&self) -> Fact {
        Fact::Unknown(self.unknown.clone())
    }

    /// A value that follows from these bytes.
    pub fn fact(&self, value: Option<impl Into<Value>>, range: Range<usize>) -> Fact {
        match value {
            Some(value) => Fact::derived(value, self.span(range)),
            None => self.unknown(),
        }
    }

    /// A value that follows from all of it.
    pub fn said(&self, value: Option<impl Into<Value>>) -> Fact {
        self.fact(value, self.all())
    }

    /// A number; `-1` where there is none.
    pub fn number(&self, number: Option<Option<i64>>, range: Range<usize>) -> Fact {
        self.fact(number.map(|number| number.unwrap_or(-1)), range)
    }

    /// The text of a part.
    pub fn text(&self, part: Part<'_>) -> Fact {
        self.fact(part.known().map(str::to_owned), part.range())
    }

    /// The text of a part in lower case.
    pub fn lower(&self, part: Part<'_>) -> Fact {
        self.fact(part.known().map(str::to_ascii_lowercase), part.range())
    }

    /// A record that follows from these bytes.
    pub fn record(&self, fields: impl IntoIterator<Item = (Name, Fact)>, range: Range<usize>) -> Fact {
        Fact::record(fields, self.span(range))
    }

    /// A list, which may hold more if `open` says so.
    pub fn list(&self, items: Vec<Fact>, open: bool, range: Range<usize>) -> Fact {
        let rest = open.then(|| self.unknown.clone());
        Fact::derived(Value::List(List { items: Items::Here(items.into()), rest }), self.span(range))
    }
}
