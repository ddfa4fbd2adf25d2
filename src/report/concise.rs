//! One line for each thing: `path:line:column: severity[id] message`. What could not be decided is one thing for each
//! cause, with all checks that wait for it.

use std::io::{self, Write};

use super::cause::Blocked;
use super::{Report, Shower};
use crate::mask::one_line;

/// Writes the report.
///
/// # Errors
/// Those of the writer.
pub fn render(report: &Report, show: Shower<'_>, out: &mut dyn Write) -> io::Result<()> {
    for found in report.failing() {
        let finding = &found.finding;
        let (place, message) = (show.place(finding.primary.span), one_line(&report.message(found, show)));
        writeln!(out, "{place}: {}[{}] {message}", finding.severity, finding.check)?;
    }
    for Blocked { cause, checks } in report.by_cause() {
        let (place, needs) = (show.place(cause.at), one_line(&cause.needs));
        writeln!(out, "{place}: unknown[{}] needs {needs} ({})", checks.join(", "), cause.why.as_str())?;
    }
    for bypassed in &report.bypassed {
        let place = show.place(bypassed.at);
        writeln!(out, "{place}: bypassed[{}] {}", bypassed.check, one_line(&bypassed.reason))?;
    }
    for (at, check, waiver) in report.waived() {
        let (place, reason, owner) = (show.place(at), one_line(&waiver.reason), one_line(&waiver.owner));
        writeln!(
            out,
            "{place}: waived[{check}] {reason} ({owner}, until {}, {})",
            waiver.until,
            show.place(waiver.at)
        )?;
    }
    for broken in &report.broken {
        writeln!(out, "broken[{}] {}", broken.check, one_line(&broken.error))?;
    }
    if let Some(fixes) = report.fixes() {
        writeln!(out, "{fixes}")?;
    }
    writeln!(out, "{}", report.summary())
}
