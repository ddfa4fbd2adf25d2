//! `hardline list`.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use hardline::check::Check;
use hardline::finding::{Confidence, Family, Severity};
use hardline::project::{Options, Project};
use serde::Serialize;

use super::{Failure, Screen};

#[derive(Args)]
pub(super) struct Arguments {
    /// How to print them
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Only those of this heading of the checklist
    #[arg(long)]
    family: Option<Family>,
    /// Only those of this platform
    #[arg(long, value_name = "NAME", value_parser = super::platform)]
    platform: Option<&'static str>,
    /// Only those of this severity or a worse one
    #[arg(long)]
    severity: Option<Severity>,
    /// A folder with checks of your own; may be given more than once
    #[arg(long, value_name = "DIR")]
    checks: Vec<PathBuf>,
    /// The configuration file, instead of the nearest hardline.toml above
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
}

#[derive(Serialize)]
struct Line<'a> {
    id: &'a str,
    title: &'a str,
    family: Family,
    severity: Severity,
    confidence: Confidence,
    platform: &'a str,
    owner: &'a str,
    default: bool,
}

pub(super) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<u8, Failure> {
    let options = Options {
        cwd: std::env::current_dir()?,
        checks: arguments.checks.clone(),
        config: arguments.config.clone(),
        ..Options::default()
    };
    let all = Project::find(&options)?.all_checks(&options)?;
    let wanted = |check: &&Check| {
        arguments.family.is_none_or(|family| check.family == family)
            && arguments.platform.is_none_or(|platform| check.id.platform() == platform)
            && arguments.severity.is_none_or(|severity| check.severity >= severity)
    };
    let lines: Vec<Line<'_>> = all.iter().filter(wanted).map(line).collect();
    match arguments.format {
        Format::Json => {
            serde_json::to_writer_pretty(&mut screen.out, &lines).map_err(std::io::Error::from)?;
            writeln!(screen.out)?;
        }
        Format::Text => {
            let width = lines.iter().map(|line| line.id.len()).max().unwrap_or(0);
            for line in lines {
                let selected = if line.default { "" } else { " (only when selected)" };
                let Line { severity, family, id, title, .. } = line;
                writeln!(screen.out, "{severity:8} {:11} {id:width$}  {title}{selected}", family.as_str())?;
            }
        }
    }
    Ok(0)
}

fn line(check: &Check) -> Line<'_> {
    Line {
        id: check.id.as_str(),
        title: &check.words.title,
        family: check.family,
        severity: check.severity,
        confidence: check.confidence,
        platform: check.id.platform(),
        owner: &check.words.owner,
        default: check.default,
    }
}
