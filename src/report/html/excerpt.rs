//! The lines that a label points at, with a mark on the place.

use super::markup::Markup;
use crate::edit::TextEdit;
use crate::finding::Label;
use crate::report::Shower;
use crate::report::line::Line;
use crate::text::{Place, Source, Span};

/// The longest line that is shown whole, in bytes.
const LONGEST: usize = 160;

/// More lines than these of one label are not shown.
const TALLEST: usize = 6;

/// More edits than these of one fix are not shown.
const EDITS: usize = 6;

/// A text that was made of a live server's answers has no neighbours that belong together.
pub(super) fn is_live(source: &Source) -> bool {
    matches!(source.place(), Place::Live { .. })
}

/// The lines of a label, in a file with one before and one after.
pub(super) fn excerpt(label: &Label, show: Shower<'_>) -> Markup {
    let (source, span) = (show.sources.get(label.span.source), label.span);
    let around = usize::from(!is_live(source));
    // What a server does not say stands nowhere in its answers.
    if around == 0 && span.start == span.end {
        return Markup::default();
    }
    let (first, last) = (source.position(span.start).line, source.position(span.end).line);
    let last = last.min(first + TALLEST);
    let mut all = Markup::default();
    all.tag("<pre>");
    for number in first.saturating_sub(around).max(1)..=(last + around).min(source.line_count()) {
        let line = Line::new(number, source, std::slice::from_ref(label), show, LONGEST);
        if around > 0 {
            all.tag("<b>").number(number).tag("</b>");
        }
        let text = line.text();
        if (first..=last).contains(&number) {
            let whole = source.line_span(number);
            let start = line.place(span.start.clamp(whole.start, whole.end) as usize);
            let end = line.place(span.end.clamp(whole.start, whole.end) as usize).max(start);
            all.code(&text[..start]).tag("<mark>").code(&text[start..end]).tag("</mark>").code(&text[end..]);
        } else {
            all.code(&text);
        }
        all.tag("\n");
    }
    all.tag("</pre>");
    all
}

/// The line of a label, short.
pub(super) fn line(label: &Label, show: Shower<'_>) -> String {
    let source = show.sources.get(label.span.source);
    let number = source.position(label.span.start).line;
    Line::new(number, source, std::slice::from_ref(label), show, LONGEST / 2).text()
}

/// What edits make of the lines that they are in: the old line struck, the new one beside it. Nothing where one takes
/// a secret's place, since what comes there may be made of it.
pub(super) fn change(edits: &[TextEdit], show: Shower<'_>) -> Markup {
    let mut all = Markup::default();
    let hides = edits.iter().any(|edit| show.mask.within(edit.span).next().is_some());
    if edits.is_empty() || edits.len() > EDITS || hides {
        return all;
    }
    all.tag("<pre class=\"diff\">");
    for edit in edits {
        let source = show.sources.get(edit.span.source);
        let (first, last) = (source.position(edit.span.start).line, source.position(edit.span.end).line);
        let whole = source.line_span(first).cover(source.line_span(last));
        let part = |start: u32, end: u32| {
            show.mask.show(show.sources, Span::new(edit.span.source, start as usize, end as usize)).text
        };
        let (start, end) = (edit.span.start.max(whole.start), edit.span.end.min(whole.end).max(edit.span.start));
        let old = part(whole.start, whole.end);
        let new = format!("{}{}{}", part(whole.start, start), edit.text, part(end, whole.end));
        let lines = |text: &str| text.trim_end_matches('\n').lines().map(str::to_owned).collect::<Vec<_>>();
        let (old, new) = (lines(&old), lines(&new));
        for line in old.iter().filter(|line| !new.contains(line)) {
            all.tag("<del>- ").code(line).tag("</del>\n");
        }
        for line in new.iter().filter(|line| !old.contains(line)) {
            all.tag("<ins>+ ").code(line).tag("</ins>\n");
        }
    }
    all.tag("</pre>");
    all
}
