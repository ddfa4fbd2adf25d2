//! Workflow commands, which GitHub Actions shows as annotations at the lines of a pull request:
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>.

use std::io::{self, Write};

use super::{Found, Report, Shower};
use crate::finding::Severity;
use crate::mask::one_line;
use crate::text::Span;

/// How many annotations of each kind GitHub shows of one step.
const SHOWN: usize = 10;

/// The commands, in the order of [`Commands::counts`].
const KINDS: [&str; 3] = ["error", "warning", "notice"];

/// Writes the report: the worst first, because GitHub shows the first of each kind and leaves the others in the log.
///
/// # Errors
/// Those of the writer.
pub fn render(report: &Report, show: Shower<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut commands = Commands { show, out, counts: [0; 3] };
    for broken in &report.broken {
        commands.write("error", None, &format!("broken check {}", broken.check), &broken.error)?;
    }
    for found in report.worst_first() {
        commands.finding(report, found)?;
    }
    for blocked in report.by_cause() {
        let message = format!("{}: {}", blocked.describe(), blocked.checks.join(", "));
        commands.write("notice", Some(blocked.cause.at), "could not decide", &message)?;
    }
    let more: Vec<String> = KINDS
        .iter()
        .zip(commands.counts)
        .filter(|(_, count)| *count > SHOWN)
        .map(|(kind, count)| format!("; {} more {kind}s are only in this log", count - SHOWN))
        .collect();
    writeln!(out, "{}{}", report.summary(), more.concat())
}

struct Commands<'a> {
    show: Shower<'a>,
    out: &'a mut dyn Write,
    counts: [usize; 3],
}

impl Commands<'_> {
    fn finding(&mut self, report: &Report, found: &Found) -> io::Result<()> {
        let finding = &found.finding;
        let kind = match finding.severity {
            Severity::Critical | Severity::High => "error",
            Severity::Medium => "warning",
            Severity::Low | Severity::Info => "notice",
        };
        let mut message = one_line(&report.message(found, self.show));
        if let Some(fix) = &finding.fix {
            message += &format!("\nfix: {}", one_line(&fix.words.title));
        }
        let title = format!("{}[{}]", finding.severity, finding.check);
        self.write(kind, Some(finding.primary.span), &title, &message)
    }

    fn write(&mut self, kind: &str, at: Option<Span>, title: &str, message: &str) -> io::Result<()> {
        for (count, _) in self.counts.iter_mut().zip(KINDS).filter(|(_, known)| *known == kind) {
            *count += 1;
        }
        write!(self.out, "::{kind} ")?;
        if let Some(span) = at {
            let (start, end) = (self.show.start(span), self.show.end(span));
            let path = property(&self.show.path(span.source));
            write!(self.out, "file={path},line={},endLine={},", start.line, end.line)?;
            // Columns make sense to GitHub within one line only, and an empty range would show nothing.
            if start.line == end.line {
                write!(self.out, "col={},", start.column)?;
                if end.column > start.column {
                    write!(self.out, "endColumn={},", end.column)?;
                }
            }
        }
        writeln!(self.out, "title={}::{}", property(title), data(message))
    }
}

/// As GitHub's toolkit escapes what follows the second `::`.
pub(crate) fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// As GitHub's toolkit escapes what follows a `=`.
pub(crate) fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
