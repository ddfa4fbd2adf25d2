//! One line of a source as it may be shown: without secrets and control characters, and cut where it is too long for
//! anybody to read.

use super::Shower;
use crate::finding::Label;
use crate::mask::Shown;
use crate::text::Source;

/// What stands for the rest of a line.
pub(super) const MORE: &str = "...";

/// One line, and where it came from.
pub(super) struct Line {
    pub(super) number: usize,
    start: usize,
    shown: Shown,
    cut: usize,
    len: usize,
}

impl Line {
    /// A line of the source that these labels are of. One that is too long is shown where the first of them is.
    pub(super) fn new(number: usize, source: &Source, labels: &[Label], show: Shower<'_>, longest: usize) -> Line {
        let span = source.line_span(number);
        let shown = show.mask.show(show.sources, span);
        let mut line = Line { number, start: span.start as usize, shown, cut: 0, len: 0 };
        if line.shown.text.len() > longest {
            let inside = |label: &&Label| span.start <= label.span.start && label.span.start <= span.end;
            let first = labels.iter().filter(inside).map(|label| label.span.start).min().unwrap_or(span.start);
            // The label stands in the first half, and no room is left empty behind the end.
            let before = line.shown.offset(first as usize).saturating_sub(longest * 3 / 8);
            line.cut = line.boundary(before.min(line.shown.text.len() - longest));
        }
        line.len = line.boundary(line.cut + longest) - line.cut;
        line
    }

    fn boundary(&self, offset: usize) -> usize {
        let mut offset = offset.min(self.shown.text.len());
        while !self.shown.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }

    /// The text, with [`MORE`] for what was cut.
    pub(super) fn text(&self) -> String {
        let lead = if self.cut > 0 { MORE } else { "" };
        let rest = if self.cut + self.len < self.shown.text.len() { MORE } else { "" };
        format!("{lead}{}{rest}", &self.shown.text[self.cut..self.cut + self.len])
    }

    /// Where a byte of the source is in the text.
    pub(super) fn place(&self, offset: usize) -> usize {
        let offset = self.shown.offset(offset.max(self.start));
        let lead = if self.cut > 0 { MORE.len() } else { 0 };
        lead + offset.clamp(self.cut, self.cut + self.len) - self.cut
    }
}
