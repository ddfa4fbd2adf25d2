//! What must never be shown: the places of secrets, and every text that is shown made from bytes without them.
//!
//! All output goes through here, so that a secret has one way out less for each renderer that is added.

use std::collections::BTreeMap;

use crate::fact::{Fact, Items, Origin, Record, Value};
use crate::text::{Source, SourceId, Sources, Span};

/// What stands where a secret was.
pub const STARS: &str = "***";

/// How deep a tree of facts is searched; schemas are far flatter.
const DEPTH: usize = 16;

/// The place of a secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hidden {
    /// The bytes that must not be shown.
    pub span: Span,
    /// What the secret is, in the product's words: `requirepass`.
    pub name: String,
}

/// The places of all secrets of a run.
#[derive(Debug, Clone, Default)]
pub struct Mask(BTreeMap<SourceId, Vec<Hidden>>);

/// A piece of text as it may be shown, with the way from its bytes to those of the source.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    /// The text: secrets are `***`, control characters `?`.
    pub text: String,
    /// Where each run of source bytes begins: (source offset, text offset), ascending.
    runs: Vec<(usize, usize)>,
}

impl Mask {
    /// A mask over these places, in any order; overlapping ones become one.
    pub fn new(hidden: impl IntoIterator<Item = Hidden>) -> Mask {
        let mut by_source: BTreeMap<SourceId, Vec<Hidden>> = BTreeMap::new();
        for place in hidden.into_iter().filter(|place| place.span.start < place.span.end) {
            by_source.entry(place.span.source).or_default().push(place);
        }
        for places in by_source.values_mut() {
            places.sort();
            places.dedup_by(|next, kept| {
                let overlaps = next.span.start < kept.span.end;
                if overlaps {
                    kept.span.end = kept.span.end.max(next.span.end);
                }
                overlaps
            });
        }
        Mask(by_source)
    }

    /// The secrets that touch a span, in order.
    pub fn within(&self, span: Span) -> impl Iterator<Item = &Hidden> {
        let places = self.0.get(&span.source).map_or(&[][..], Vec::as_slice);
        let first = places.partition_point(|place| place.span.end <= span.start);
        places[first..].iter().take_while(move |place| place.span.start < span.end)
    }

    /// The text of a span as it may be shown: each secret that it touches is `***`, each control character but tab
    /// and line feed `?`.
    pub fn show(&self, sources: &Sources, span: Span) -> Shown {
        let source = sources.get(span.source);
        let mut shown = Shown::default();
        let mut at = span.start as usize;
        for place in self.within(span) {
            shown.push(source, at, place.span.start as usize);
            shown.runs.push((at.max(place.span.start as usize), shown.text.len()));
            shown.text.push_str(STARS);
            at = at.max(place.span.end as usize);
        }
        shown.push(source, at, span.end as usize);
        shown.runs.push(((span.end as usize).max(at), shown.text.len()));
        shown
    }

    /// The text of a span with `***` and the setting's name for each secret: the same for every value of the secret,
    /// another for every setting. What fingerprints are made of.
    pub fn named(&self, sources: &Sources, span: Span) -> String {
        let mut text = self.show(sources, span).text;
        for place in self.within(span) {
            text.push(' ');
            text.push_str(&place.name);
        }
        text
    }
}

impl Shown {
    fn push(&mut self, source: &Source, start: usize, end: usize) {
        let whole = source.text();
        let (start, end) = (boundary(whole, start), boundary(whole, end));
        if start >= end {
            return;
        }
        self.runs.push((start, self.text.len()));
        for letter in whole[start..end].chars() {
            match letter {
                '\t' | '\n' => self.text.push(letter),
                // As long as what it stands for, so that offsets stay.
                _ if is_unsafe(letter) => self.text.extend(std::iter::repeat_n('?', letter.len_utf8())),
                _ => self.text.push(letter),
            }
        }
    }

    /// Where a byte of the source went; inside a secret, where its stars begin or, for its end, where they end.
    pub fn offset(&self, byte: usize) -> usize {
        let index = self.runs.partition_point(|(from, _)| *from <= byte);
        let Some(&(from, to)) = index.checked_sub(1).and_then(|index| self.runs.get(index)) else {
            return 0;
        };
        let next = self.runs.get(index).map_or(self.text.len(), |(_, to)| *to);
        boundary(&self.text, (to + (byte - from)).min(next))
    }
}

/// A control character, or one that changes the direction of what follows.
fn is_unsafe(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The nearest character boundary at or before an offset.
fn boundary(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

/// A text from anywhere as it may be shown on one line.
pub fn one_line(text: &str) -> String {
    text.chars().map(|letter| if is_unsafe(letter) { '?' } else { letter }).collect()
}

/// The places of the secrets among a subject's facts. Lists that are made on demand are not walked: what they hold is
/// found in the text of their sources.
pub fn secrets_of(facts: &Record) -> Vec<Hidden> {
    let mut hidden = Vec::new();
    let mut open: Vec<(&'static str, &Fact, usize)> = facts.iter().map(|(name, fact)| (name, fact, 0)).collect();
    while let Some((name, fact, depth)) = open.pop() {
        match fact {
            Fact::Known { value: Value::Secret(_), origin } if !matches!(origin, Origin::Default { .. }) => {
                hidden.extend(origin.spans().iter().map(|&span| Hidden { span, name: name.replace('_', "-") }));
            }
            Fact::Known { value: Value::Record(record), .. } if depth < DEPTH => {
                open.extend(record.iter().map(|(name, fact)| (name, fact, depth + 1)));
            }
            Fact::Known { value: Value::List(list), .. } if depth < DEPTH => {
                if let Items::Here(items) = &list.items {
                    open.extend(items.iter().map(|item| (name, item, depth + 1)));
                }
            }
            Fact::Unknown(unknown) if depth < DEPTH => {
                open.extend(unknown.sides.iter().map(|side| (name, &side.fact, depth + 1)));
            }
            _ => {}
        }
    }
    hidden
}
