//! `hardline diff`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use hardline::check::embedded;
use hardline::diff::{Difference, Side, diff, line, of};
use hardline::mask::one_line;
use hardline::project::roots;
use serde_json::{Value, json};

use super::{Failure, Screen, say};

/// A report could not be read.
const UNREAD: u8 = 3;

#[derive(Args)]
pub(super) struct Arguments {
    /// The older report, as JSON
    old: PathBuf,
    /// The newer report, as JSON
    new: PathBuf,
    /// How the difference is written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Writes a note about the change: why, what was touched, what it brought, how to roll it back
    #[arg(long, conflicts_with = "format")]
    note: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// One line for each finding: `+` for new, `-` for fixed
    Text,
    /// For programs
    Json,
}

pub(super) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<u8, Failure> {
    let read = |path: &Path| {
        let bytes = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        serde_json::from_slice::<Value>(&bytes).map_err(|error| format!("{}: {error}", path.display()))
    };
    let (old, new) = match (read(&arguments.old), read(&arguments.new)) {
        (Ok(old), Ok(new)) => (old, new),
        (old, new) => {
            [old, new].into_iter().filter_map(Result::err).for_each(|why| say("error", one_line(&why)));
            return Ok(UNREAD);
        }
    };
    let difference = match diff(&old, &new) {
        Ok(difference) => difference,
        Err(side) => {
            let path = if side == Side::Old { &arguments.old } else { &arguments.new };
            say("error", format_args!("{}: it is no report of version 1", path.display()));
            return Ok(UNREAD);
        }
    };
    match (arguments.note, arguments.format) {
        (true, _) => note(&difference, (&old, &new), &mut screen.out)?,
        (false, Format::Json) => {
            let Difference { new, fixed, unchanged } = &difference;
            let whole = json!({ "version": 1, "new": new, "fixed": fixed, "unchanged": unchanged.len() });
            serde_json::to_writer_pretty(&mut screen.out, &whole).map_err(io::Error::from)?;
            writeln!(screen.out)?;
        }
        (false, Format::Text) => text(&difference, &mut screen.out)?,
    }
    Ok(u8::from(!difference.new.is_empty()))
}

fn text(difference: &Difference<'_>, out: &mut dyn Write) -> io::Result<()> {
    for (mark, findings) in [('+', &difference.new), ('-', &difference.fixed)] {
        for finding in findings {
            writeln!(out, "{mark} {}", told(finding))?;
        }
    }
    let Difference { new, fixed, unchanged } = difference;
    writeln!(out, "{} new, {} fixed, {} unchanged", new.len(), fixed.len(), unchanged.len())
}

fn told(finding: &Value) -> String {
    let place = format!("{}:{}", of(finding, "path"), line(finding));
    one_line(&format!("{place}: {}[{}] {}", of(finding, "severity"), of(finding, "check"), of(finding, "message")))
}

/// The note of a change, in Markdown: what another developer needs to understand it, and to do or undo it again.
fn note(difference: &Difference<'_>, (old, new): (&Value, &Value), out: &mut dyn Write) -> io::Result<()> {
    let Difference { new: added, fixed, unchanged } = difference;
    writeln!(out, "# Change note\n")?;
    writeln!(out, "{} fixed, {} new, {} unchanged.\n", fixed.len(), added.len(), unchanged.len())?;
    let mut by_check: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    fixed.iter().for_each(|finding| by_check.entry(of(finding, "check")).or_default().push(finding));
    if !by_check.is_empty() {
        writeln!(out, "## Why\n")?;
    }
    for (check, findings) in &by_check {
        writeln!(out, "### `{check}`\n\n{}\n", reason(check))?;
        for finding in findings {
            writeln!(out, "- `{}:{}`: {}", of(finding, "path"), line(finding), one_line(&of(finding, "message")))?;
        }
        writeln!(out)?;
    }
    let touched: BTreeSet<String> = fixed.iter().map(|finding| of(finding, "path")).collect();
    list(out, "## Touched", touched.iter().map(|path| format!("`{path}`")))?;
    let steps = fixed.iter().filter_map(|finding| Some((finding.get("fix")?, finding)));
    let steps = steps.map(|(fix, finding)| format!("`{}`: {}", of(finding, "check"), one_line(&of(fix, "title"))));
    list(out, "## What was done", steps.collect::<BTreeSet<String>>())?;
    writeln!(out, "## Before and after\n\n| | before | after |\n|---|---|---|")?;
    for name in ["fail", "unknown", "waived", "bypassed", "pass"] {
        let of = |report: &Value| report.get("tally").and_then(|tally| tally.get(name)).and_then(Value::as_u64);
        writeln!(out, "| {name} | {} | {} |", of(old).unwrap_or_default(), of(new).unwrap_or_default())?;
    }
    writeln!(out, "| ways to the host | {} | {} |\n", ways(old), ways(new))?;
    list(out, "## New findings", added.iter().map(|finding| told(finding)))?;
    let undo = fixed.iter().filter_map(|finding| {
        let rollback = of(finding.get("fix")?, "rollback");
        (!rollback.is_empty()).then(|| format!("`{}`: {}", of(finding, "check"), one_line(&rollback)))
    });
    list(out, "## To roll back", undo.collect::<BTreeSet<String>>())
}

/// How many findings say that a user has a way to the host.
fn ways(report: &Value) -> usize {
    let findings = report.get("findings").and_then(Value::as_array);
    findings.into_iter().flatten().filter(|finding| of(finding, "check").ends_with("/user-can-take-host")).count()
}

fn list(out: &mut dyn Write, head: &str, items: impl IntoIterator<Item = String>) -> io::Result<()> {
    let mut items = items.into_iter().peekable();
    if items.peek().is_none() {
        return Ok(());
    }
    writeln!(out, "{head}\n")?;
    items.try_for_each(|item| writeln!(out, "- {item}"))?;
    writeln!(out)
}

/// Why a check is there, in its own words.
fn reason(check: &str) -> String {
    let entry = embedded::all().iter().find(|entry| entry.id == check);
    let check = entry.and_then(|entry| entry.check(&roots()).ok());
    check.map_or_else(|| "A check of the project's own.".to_owned(), |check| check.words.rationale.trim().to_owned())
}
