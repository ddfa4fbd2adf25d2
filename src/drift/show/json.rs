//! JSON, version 1: stable keys, in a stable order. New keys may be added, none taken away.

use std::io::{self, Write};

use serde::Serialize;

use crate::drift::found::{Comparison, Difference, SideOf, Tally, Told, Undecided};

/// The JSON Schema.
pub const SCHEMA: &str = include_str!("json/drift.schema.json");

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    tool: Tool,
    left: &'a SideOf,
    right: &'a SideOf,
    tally: Tally,
    differences: &'a [Difference],
    undecided: &'a [Undecided],
    notices: &'a [Told],
}

/// Writes the comparison.
///
/// # Errors
/// Those of the writer.
pub fn render(comparison: &Comparison, out: &mut dyn Write) -> io::Result<()> {
    let document = Document {
        version: 1,
        tool: Tool { name: "hardline", version: env!("CARGO_PKG_VERSION") },
        left: &comparison.left,
        right: &comparison.right,
        tally: comparison.tally(),
        differences: &comparison.differences,
        undecided: &comparison.undecided,
        notices: &comparison.notices,
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}
