//! One line for each thing: `path:line:column: severity[kind] what differs`.

use std::io::{self, Write};

use super::{line, open_line, places};
use crate::drift::found::Comparison;

/// Writes the comparison.
///
/// # Errors
/// Those of the writer.
pub fn render(comparison: &Comparison, out: &mut dyn Write) -> io::Result<()> {
    for difference in comparison.failing() {
        let place = places(difference).first().map_or_else(|| "-".to_owned(), |place| place.show());
        writeln!(out, "{place}: {}[{}] {}", difference.severity, difference.kind, line(comparison, difference))?;
    }
    for undecided in &comparison.undecided {
        let place = undecided.place.as_ref().map_or_else(|| "-".to_owned(), |place| place.show());
        writeln!(out, "{place}: unknown[drift] {}", open_line(comparison, undecided))?;
    }
    for (difference, allowed) in comparison.allowed() {
        let place = places(difference).first().map_or_else(|| "-".to_owned(), |place| place.show());
        let (reason, owner) = (&allowed.reason, &allowed.owner);
        let source = allowed.source.show();
        writeln!(out, "{place}: allowed[{}] {reason} ({owner}, until {}, {source})", difference.what, allowed.until)?;
    }
    writeln!(out, "{}", comparison.summary())
}
