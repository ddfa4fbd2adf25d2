//! `hardline explain`.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use hardline::check::{Check, CheckFile, Example, Expect, RuleTable};
use hardline::expr::Param;
use hardline::project::{Options, Project, Trouble};

use super::{Failure, Screen};

#[derive(Args)]
pub(super) struct Arguments {
    /// The id of the check
    id: String,
    /// Shows every example with its files, not only the first that is a fault and the first that is none
    #[arg(long)]
    examples: bool,
    /// A folder with checks of your own; may be given more than once
    #[arg(long, value_name = "DIR")]
    checks: Vec<PathBuf>,
    /// The configuration file, instead of the nearest hardline.toml above
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<u8, Failure> {
    let options = Options {
        cwd: std::env::current_dir()?,
        checks: arguments.checks.clone(),
        config: arguments.config.clone(),
        ..Options::default()
    };
    let mut project = Project::find(&options)?;
    let all = project.all_checks(&options)?;
    let called = |check: &&Check| check.id.as_str() == arguments.id || check.formerly.contains(&arguments.id);
    let Some(check) = all.iter().find(called) else {
        let meant = hardline::spell::nearest(&arguments.id, all.iter().map(|check| check.id.as_str()));
        let meant = meant.map_or_else(String::new, |meant| format!("; did you mean `{meant}`?"));
        return Err(Trouble::line(format!("no such check: `{}`{meant}", arguments.id)).into());
    };
    // What only a reader needs is in the text alone.
    let file: CheckFile =
        project.text_of(check.id.as_str()).and_then(|text| toml::from_str(text).ok()).unwrap_or_default();
    write_check(check, &file, arguments.examples, &mut screen.out)?;
    Ok(0)
}

fn write_check(check: &Check, file: &CheckFile, all: bool, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}: {}", check.id, check.words.title)?;
    let confidence = format!("{:?}", check.confidence).to_lowercase();
    writeln!(
        out,
        "{}, {}, confidence {confidence}, owner {}",
        check.severity,
        check.family.as_str(),
        check.words.owner
    )?;
    if !check.default {
        writeln!(out, "runs only when selected")?;
    }
    section("Why", &check.words.rationale, out)?;
    section("Reported when", &condition(&file.rule), out)?;
    for bypass in &file.bypass {
        section("Not reported when", &format!("{}\n{}", bypass.reason, bypass.when), out)?;
    }
    let params = check.params.iter().map(|(name, value)| format!("{name}: {} by default", default_value(value)));
    section("Parameters", &params.collect::<Vec<_>>().join("\n"), out)?;
    section("Fix", &check.words.fix.title, out)?;
    section("", &check.words.fix.hint, out)?;
    section("Expected", &check.words.fix.expected, out)?;
    section("Rollback", &check.words.fix.rollback, out)?;
    let first = |expect| file.example.iter().position(|example| example.expect == expect);
    let pair = [first(Expect::Deny), first(Expect::Pass)];
    let (full, other): (Vec<_>, Vec<_>) =
        file.example.iter().enumerate().partition(|(number, _)| all || pair.contains(&Some(*number)));
    full.into_iter().try_for_each(|(_, example)| write_example(example, out))?;
    let other = other.into_iter().map(|(_, example)| heading(example));
    section("Other examples (--examples shows them)", &other.collect::<Vec<_>>().join("\n"), out)?;
    let references = [check.words.tags.as_slice(), check.words.references.as_slice()].concat();
    section("References", &references.join("\n"), out)
}

/// For what the question is asked, where it arises, and the answer that is a finding.
fn condition(rule: &RuleTable) -> String {
    let mut lines = Vec::new();
    if let Some(each) = &rule.for_each {
        lines.push(format!("for each {each}"));
    }
    if let Some(when) = &rule.when {
        lines.push(format!("asked where {when}"));
    }
    if rule.deny != "true" || lines.is_empty() {
        lines.push(rule.deny.clone());
    }
    lines.join("\n")
}

fn heading(example: &Example) -> String {
    let version = example.version.as_ref().map_or_else(String::new, |version| format!(" ({version})"));
    format!("{}{version}: {}", example.name, example.expect.as_str())
}

fn write_example(example: &Example, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\nExample: {}", heading(example))?;
    for (path, text) in &example.files {
        writeln!(out, "  {path}")?;
        text.trim_end().lines().try_for_each(|line| writeln!(out, "    {line}"))?;
    }
    Ok(())
}

fn default_value(value: &Param) -> String {
    match value {
        Param::Bool(it) => it.to_string(),
        Param::Int(it) => it.to_string(),
        Param::Text(it) => format!("\"{it}\""),
        Param::Texts(items) => {
            format!("[{}]", items.iter().map(|it| format!("\"{it}\"")).collect::<Vec<_>>().join(", "))
        }
        Param::Ints(items) => format!("{items:?}"),
    }
}

fn section(title: &str, text: &str, out: &mut dyn Write) -> io::Result<()> {
    if text.trim().is_empty() {
        return Ok(());
    }
    if !title.is_empty() {
        writeln!(out, "\n{title}")?;
    }
    text.trim().lines().try_for_each(|line| writeln!(out, "  {line}"))
}
