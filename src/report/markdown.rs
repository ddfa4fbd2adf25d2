//! Markdown for a comment on a pull request or for `$GITHUB_STEP_SUMMARY`: the numbers, a table with the worst first,
//! then what to do about each.
//!
//! Every text that is not ours is escaped to the last letter: a path or a value must neither break the table nor
//! become a tag, a link, or a mention that calls somebody.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::{Found, Report, Shower};
use crate::finding::{Fix, Safety};
use crate::mask::one_line;

/// GitHub refuses longer comments than 65,536 characters; the table and the lists get a share, the details the rest.
const LONGEST: usize = 60_000;

/// What the table may take.
const TABLE: usize = 25_000;

/// What each list may take.
const LIST: usize = 8_000;

/// Writes the report.
///
/// # Errors
/// Those of the writer.
pub fn render(report: &Report, show: Shower<'_>, out: &mut dyn Write) -> io::Result<()> {
    let view = View { report, show };
    let findings = report.worst_first();
    let mut text = format!("## hardline\n\n{}\n", text(&report.summary()));
    let rows = findings.iter().map(|found| view.row(found));
    let head = "\n| severity | check | place | what |\n|---|---|---|---|\n";
    list(&mut text, head, rows, TABLE, "findings");
    let broken = report.broken.iter().map(|it| format!("- {}: {}\n", code(it.check.as_str()), self::text(&it.error)));
    list(&mut text, "\n### Broken checks\n\n", broken, LIST, "broken checks");
    let open = report.by_cause().into_iter().map(|blocked| {
        let checks: Vec<String> = blocked.checks.iter().map(|check| code(check)).collect();
        let place = code(&show.place(blocked.cause.at));
        format!("- {place}: {}: {}\n", self::text(&blocked.describe()), checks.join(", "))
    });
    list(&mut text, "\n### Could not decide\n\n", open, LIST, "causes");
    let bypassed = report.bypassed.iter().map(|it| {
        let place = code(&show.place(it.at));
        format!("- {place}: {}: {}\n", code(it.check.as_str()), self::text(&it.reason))
    });
    list(&mut text, "\n### Bypassed\n\n", bypassed, LIST, "bypassed faults");
    let waived = report.waived().map(|(at, check, waiver)| {
        let (place, check) = (code(&show.place(at)), code(check.as_str()));
        let (owner, reason) = (self::text(&waiver.owner), self::text(&waiver.reason));
        format!("- {place}: {check}: {reason} ({owner}, until {})\n", waiver.until)
    });
    list(&mut text, "\n### Waived\n\n", waived, LIST, "waived");
    let room = LONGEST.saturating_sub(text.len());
    list(&mut text, "\n### What to do\n", findings.iter().map(|found| view.details(found)), room, "findings");
    out.write_all(text.as_bytes())
}

/// Adds a heading and entries as far as there is room, and says how many there was none for.
fn list(text: &mut String, head: &str, entries: impl Iterator<Item = String>, room: usize, what: &str) {
    let mut entries = entries.peekable();
    if entries.peek().is_none() {
        return;
    }
    text.push_str(head);
    let full = text.len() + room;
    let mut left_out = 0;
    for entry in entries {
        if left_out == 0 && text.len() + entry.len() <= full {
            text.push_str(&entry);
        } else {
            left_out += 1;
        }
    }
    if left_out > 0 {
        let _ = writeln!(text, "\n… and {left_out} more {what}");
    }
}

#[derive(Clone, Copy)]
struct View<'a> {
    report: &'a Report,
    show: Shower<'a>,
}

impl View<'_> {
    fn message(self, found: &Found) -> String {
        text(&self.report.message(found, self.show))
    }

    fn row(self, found: &Found) -> String {
        let finding = &found.finding;
        let (check, place) = (code(finding.check.as_str()), code(&self.show.place(finding.primary.span)));
        format!("| {} | {check} | {place} | {} |\n", finding.severity, self.message(found))
    }

    fn details(self, found: &Found) -> String {
        let finding = &found.finding;
        let (check, place) = (code(finding.check.as_str()), code(&self.show.place(finding.primary.span)));
        let mut all = format!("\n<details>\n<summary>{} {check} {place}</summary>\n\n", finding.severity);
        let _ = writeln!(all, "{}", self.message(found));
        for label in &finding.related {
            let what = if label.text.is_empty() { String::new() } else { format!(": {}", text(&label.text)) };
            let _ = write!(all, "\n- see {}{what}", code(&self.show.place(label.span)));
        }
        if !finding.related.is_empty() {
            all.push('\n');
        }
        if let Some((_, rule)) = self.report.rule(&finding.check) {
            section(&mut all, "Why", rule.words.rationale.trim());
        }
        if let Some(fix) = &finding.fix {
            section(&mut all, how(fix), &fix.words.title);
            section(&mut all, "Note", &fix.words.hint);
            section(&mut all, "Expected", &fix.words.expected);
            section(&mut all, "Rollback", &fix.words.rollback);
        }
        all.push_str("\n</details>\n");
        all
    }
}

fn how(fix: &Fix) -> &'static str {
    match fix.words.safety {
        Safety::Safe if !fix.edits.is_empty() => "Fix (safe)",
        Safety::Unsafe if !fix.edits.is_empty() => "Fix (unsafe)",
        _ => "Fix",
    }
}

fn section(all: &mut String, title: &str, what: &str) {
    if !what.trim().is_empty() {
        let _ = writeln!(all, "\n**{title}:** {}", text(what.trim()));
    }
}

/// A text as it is to be read; what is between backticks becomes code.
pub(crate) fn text(what: &str) -> String {
    let line = one_line(&what.replace(['\n', '\r', '\t'], " "));
    let parts: Vec<&str> = line.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return escape(&line);
    }
    let part = |(index, part): (usize, &&str)| match (index % 2 == 1, part.is_empty()) {
        (true, false) => code(part),
        _ => escape(part),
    };
    parts.iter().enumerate().map(part).collect()
}

/// A text as code.
pub(crate) fn code(what: &str) -> String {
    format!("<code>{}</code>", escape(&one_line(what)))
}

/// Text in which nothing has a meaning: what Markdown or HTML could read as more is a numeric reference. GitHub looks
/// for mentions, numbers of issues and addresses after it has decoded those, so an empty comment stands in each.
fn escape(what: &str) -> String {
    let mut safe = String::with_capacity(what.len());
    let mut before = ' ';
    for letter in what.chars() {
        match letter {
            '@' | '#' => {
                let _ = write!(safe, "&#{};<!-- -->", u32::from(letter));
            }
            '/' if before == ':' => safe.push_str("<!-- -->/"),
            '.' if before == 'w' || before == 'W' => safe.push_str("<!-- -->."),
            '&' | '<' | '>' | '"' | '\'' | '|' | '`' | '*' | '_' | '[' | ']' | '\\' | '~' | '!' | '$' | '{' | '}'
            | '^' => {
                let _ = write!(safe, "&#{};", u32::from(letter));
            }
            _ => safe.push(letter),
        }
        before = letter;
    }
    safe
}
