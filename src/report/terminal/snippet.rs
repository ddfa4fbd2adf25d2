//! The lines that labels point at, as they may be shown: without secrets and control characters, and cut where a
//! line is too long for anybody to read.
//!
//! Offsets here are the snippet's own. Runs of lines that are not next to each other in the file lie far apart, so
//! that nobody takes them for one.

use std::ops::RangeInclusive;

use miette::{LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use crate::finding::Label;
use crate::report::Shower;
use crate::report::line::{Line, MORE};
use crate::text::{Source, Span};

/// The longest line that is shown whole, in bytes, however wide the terminal is.
const LONGEST: usize = 160;

/// What stands before a line: its number and the frame. A line that the terminal breaks carries its marks elsewhere.
const FRAME: usize = 8;

/// How far apart two runs of lines lie.
const GAP: usize = 16;

/// More lines between the first and the last of one label are not shown.
const TALLEST: usize = 12;

/// Lines of one source with labels.
#[derive(Debug)]
pub(super) struct Snippet {
    path: String,
    blocks: Vec<Block>,
    labels: Vec<(LabeledSpan, usize)>,
}

/// Lines that are next to each other.
#[derive(Debug)]
struct Block {
    base: usize,
    first_line: usize,
    text: String,
}

/// A line, and where its text begins in the snippet.
struct Placed {
    line: Line,
    base: usize,
    len: usize,
}

impl Snippet {
    /// The lines of these labels, all of one source, with a line before and after, cut to a terminal of this width. The
    /// first label is the primary.
    pub(super) fn new(labels: &[Label], show: Shower<'_>, width: usize) -> Snippet {
        let Some(first) = labels.first() else {
            return Snippet { path: String::new(), blocks: Vec::new(), labels: Vec::new() };
        };
        let source = show.sources.get(first.span.source);
        let longest = width.saturating_sub(FRAME + 2 * MORE.len()).clamp(MORE.len(), LONGEST);
        let mut blocks = Vec::new();
        let mut lines: Vec<Placed> = Vec::new();
        let mut base = 0;
        for run in runs(labels, source) {
            let mut block = Block { base, first_line: *run.start(), text: String::new() };
            for number in run {
                let line = Line::new(number, source, labels, show, longest);
                let text = line.text();
                lines.push(Placed { line, base: base + block.text.len(), len: text.len() });
                block.text.push_str(&text);
                block.text.push('\n');
            }
            base += block.text.len() + GAP;
            blocks.push(block);
        }
        let place = |offset: u32| {
            let number = source.position(offset).line;
            let index = lines.partition_point(|placed| placed.line.number <= number);
            let placed = index.checked_sub(1).and_then(|index| lines.get(index));
            placed.map_or(0, |Placed { line, base, len }| {
                base + if line.number == number { line.place(offset as usize) } else { *len }
            })
        };
        let labels = labels.iter().enumerate().map(|(index, label)| {
            let (start, end) = (place(label.span.start), place(label.span.end));
            let text = (!label.text.is_empty()).then(|| crate::mask::one_line(&label.text));
            let span = SourceSpan::from((start, end.saturating_sub(start)));
            let column = source.position(label.span.start).column;
            if index == 0 {
                (LabeledSpan::new_primary_with_span(text, span), column)
            } else {
                (LabeledSpan::new_with_span(text, span), column)
            }
        });
        Snippet { path: show.path(first.span.source), labels: labels.collect(), blocks }
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn labels(&self) -> impl Iterator<Item = LabeledSpan> + '_ {
        self.labels.iter().map(|(label, _)| label.clone())
    }
}

/// The lines to show, as runs of lines that are next to each other, ascending.
fn runs(labels: &[Label], source: &Source) -> Vec<RangeInclusive<usize>> {
    let of_label = |span: Span| {
        let (first, last) = (source.position(span.start).line, source.position(span.end).line);
        let last = last.min(first + TALLEST);
        first.saturating_sub(1).max(1)..=(last + 1).min(source.line_count())
    };
    let mut wanted: Vec<_> = labels.iter().map(|label| of_label(label.span)).collect();
    wanted.sort_by_key(|run| *run.start());
    let mut runs: Vec<RangeInclusive<usize>> = Vec::new();
    for run in wanted {
        match runs.last_mut() {
            Some(last) if *run.start() <= last.end() + 1 => *last = *last.start()..=*last.end().max(run.end()),
            _ => runs.push(run),
        }
    }
    runs
}

impl SourceCode for Snippet {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let (start, end) = (span.offset(), span.offset() + span.len());
        let index = self.blocks.partition_point(|block| block.base <= start);
        let block = index.checked_sub(1).and_then(|index| self.blocks.get(index)).ok_or(MietteError::OutOfBounds)?;
        let text = &block.text;
        let (start, end) = (start - block.base, end - block.base);
        if end > text.len() {
            return Err(MietteError::OutOfBounds);
        }
        let mut from = text[..start].rfind('\n').map_or(0, |at| at + 1);
        for _ in 0..before {
            from = text[..from.saturating_sub(1)].rfind('\n').map_or(0, |at| at + 1);
        }
        let mut to = text[end..].find('\n').map_or(text.len(), |at| end + at);
        for _ in 0..after {
            to = text.get(to + 1..).map_or(text.len(), |rest| rest.find('\n').map_or(text.len(), |at| to + 1 + at));
        }
        let line = block.first_line + text[..from].matches('\n').count() - 1;
        let data = &text.as_bytes()[from..to];
        // Asked for the place itself, to name it: that is the column in the file, whatever is shown of the line.
        let named = |(label, _): &&(LabeledSpan, usize)| before == 0 && label.inner() == span;
        let column = self.labels.iter().find(named).map_or(0, |(_, column)| column - 1);
        let whole = SourceSpan::from((block.base + from, to - from));
        let lines = data.iter().filter(|&&byte| byte == b'\n').count() + 1;
        Ok(Box::new(MietteSpanContents::new_named(self.path.clone(), data, whole, line, column, lines)))
    }
}
