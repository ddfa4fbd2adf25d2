//! Markdown for a comment on a pull request or a job's summary: a table for each pair.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::{by_subject, open_line, places, why};
use crate::drift::found::Comparison;
use crate::report::markdown::{code, text};

/// GitHub refuses longer comments than 65,536 characters.
const LONGEST: usize = 60_000;

/// Writes the comparison.
///
/// # Errors
/// Those of the writer.
pub fn render(comparison: &Comparison, out: &mut dyn Write) -> io::Result<()> {
    let [left, right] = comparison.names();
    let mut all = format!("## hardline drift\n\n{}\n", text(&comparison.summary()));
    let mut left_out = 0;
    for (title, group) in by_subject(comparison.failing()) {
        let _ = write!(
            all,
            "\n### {}\n\n| what | {} | {} | weaker | why | place |\n|---|---|---|---|---|---|\n",
            text(&title),
            text(left),
            text(right)
        );
        for one in group {
            let place = places(one).first().map_or_else(String::new, |place| code(&place.show()));
            let row = format!(
                "| {} | {} | {} | {} | {} | {place} |\n",
                code(&one.label),
                code(&one.left.value),
                code(&one.right.value),
                text(comparison.weaker_name(one.weaker)),
                text(&why(one))
            );
            if all.len() + row.len() > LONGEST {
                left_out += 1;
            } else {
                all.push_str(&row);
            }
        }
    }
    if left_out > 0 {
        let _ = writeln!(all, "\n… and {left_out} more differences");
    }
    let allowed = comparison.allowed().map(|(one, allowed)| {
        let (what, source) = (code(&one.what), code(&allowed.source.show()));
        let (reason, owner) = (text(&allowed.reason), text(&allowed.owner));
        format!("- {what}: {reason} ({owner}, until {}, {source})\n", allowed.until)
    });
    section(&mut all, "Allowed", allowed);
    let undecided = comparison.undecided.iter().map(|one| {
        let place = one.place.as_ref().map_or_else(String::new, |place| format!("{}: ", code(&place.show())));
        format!("- {place}{}\n", text(&open_line(comparison, one)))
    });
    section(&mut all, "Could not compare", undecided);
    out.write_all(all.as_bytes())
}

fn section(all: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    let mut lines = lines.filter(|line| line.len() < LONGEST).peekable();
    if lines.peek().is_some() {
        let _ = write!(all, "\n### {title}\n\n");
    }
    for line in lines {
        if all.len() + line.len() > LONGEST + 4_000 {
            all.push_str("- …\n");
            return;
        }
        all.push_str(&line);
    }
}
