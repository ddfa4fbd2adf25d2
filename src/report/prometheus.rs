//! Metrics for the textfile collector of the node exporter, in Prometheus' text format 0.0.4: findings by check, what could
//! not be decided, which servers answered, and when that was.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::target::answered;
use super::{Report, Shower};
use crate::finding::{Family, Severity};

/// Writes the metrics.
///
/// # Errors
/// When the output cannot be written.
pub fn render(report: &Report, _: Shower<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut findings: BTreeMap<(&str, Severity, Family), usize> = BTreeMap::new();
    for found in report.findings.iter().filter(|found| found.waiver.is_none()) {
        let finding = &found.finding;
        *findings.entry((finding.check.as_str(), finding.severity, finding.family)).or_default() += 1;
    }
    head(out, "hardline_findings", "Findings by check, waived ones left out.")?;
    for ((check, severity, family), count) in findings {
        let labels = [("check", check), ("severity", severity.as_str()), ("family", family.as_str())];
        line(out, "hardline_findings", &labels, count as f64)?;
    }
    let mut open: BTreeMap<&str, usize> = BTreeMap::new();
    for unknown in report.unknown.iter().filter(|open| open.waiver.is_none()) {
        *open.entry(unknown.cause.why.as_str()).or_default() += 1;
    }
    head(out, "hardline_undecided", "Verdicts that could not be decided, by the reason.")?;
    for (why, count) in open {
        line(out, "hardline_undecided", &[("why", why)], count as f64)?;
    }
    head(out, "hardline_target_up", "Whether a server answered.")?;
    // Two series of the same labels make the collector refuse the whole file.
    let mut targets: BTreeMap<(&str, &str), bool> = BTreeMap::new();
    for subject in &report.subjects {
        if let Some(up) = answered(subject) {
            *targets.entry((subject.kind, &subject.name)).or_insert(true) &= up;
        }
    }
    for ((kind, target), up) in targets {
        let labels = [("kind", kind), ("target", target)];
        line(out, "hardline_target_up", &labels, f64::from(u8::from(up)))?;
    }
    let tally = &report.tally;
    for (name, help, count) in [
        ("hardline_subjects", "What was judged.", tally.subjects),
        ("hardline_checks", "Checks that judged.", tally.checks),
        ("hardline_passed", "Verdicts: the fault is not there.", tally.pass),
        ("hardline_waived", "Verdicts: somebody answers for it.", tally.waived),
        ("hardline_bypassed", "Verdicts: it is there, and that is right.", tally.bypassed),
        ("hardline_broken", "Checks at fault.", tally.broken),
    ] {
        head(out, name, help)?;
        line(out, name, &[], count as f64)?;
    }
    if let Some(clock) = report.clock {
        head(out, "hardline_run_timestamp_seconds", "When the run began.")?;
        line(out, "hardline_run_timestamp_seconds", &[], clock.started as f64)?;
        head(out, "hardline_run_duration_seconds", "How long it took.")?;
        line(out, "hardline_run_duration_seconds", &[], clock.took.as_secs_f64())?;
    }
    Ok(())
}

fn head(out: &mut dyn Write, name: &str, help: &str) -> io::Result<()> {
    writeln!(out, "# HELP {name} {help}\n# TYPE {name} gauge")
}

fn line(out: &mut dyn Write, name: &str, labels: &[(&str, &str)], value: f64) -> io::Result<()> {
    let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
    match labels.is_empty() {
        true => writeln!(out, "{name} {value}"),
        false => writeln!(out, "{name}{{{}}} {value}", labels.join(",")),
    }
}

/// A value of a label: backslashes, quotes and line breaks are escaped.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
