//! Workflow commands, which GitHub Actions shows as annotations at the lines of a pull request; the worst first.

use std::cmp::Reverse;
use std::io::{self, Write};

use super::{line, open_line, places};
use crate::drift::found::{Comparison, Difference, Located};
use crate::finding::Severity;
use crate::report::github::{data, property};

/// Writes the comparison.
///
/// # Errors
/// Those of the writer.
pub fn render(comparison: &Comparison, out: &mut dyn Write) -> io::Result<()> {
    let mut differences: Vec<&Difference> = comparison.failing().collect();
    differences.sort_by_key(|one| Reverse(one.severity));
    for one in differences {
        let kind = match one.severity {
            Severity::Critical | Severity::High => "error",
            Severity::Medium => "warning",
            Severity::Low | Severity::Info => "notice",
        };
        let title = format!("{}[{}]", one.severity, one.kind);
        command(kind, places(one).first().copied(), (&title, &line(comparison, one)), out)?;
    }
    for one in &comparison.undecided {
        command("notice", one.place.as_ref(), ("could not compare", &open_line(comparison, one)), out)?;
    }
    writeln!(out, "{}", comparison.summary())
}

fn command(kind: &str, place: Option<&Located>, (title, message): (&str, &str), out: &mut dyn Write) -> io::Result<()> {
    write!(out, "::{kind} ")?;
    if let Some(Located { path, start, end }) = place {
        write!(out, "file={},line={},endLine={},", property(path), start.line, end.line)?;
        if start.line == end.line && end.column > start.column {
            write!(out, "col={},endColumn={},", start.column, end.column)?;
        }
    }
    writeln!(out, "title={}::{}", property(title), data(message))
}
