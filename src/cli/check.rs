//! `hardline check`.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use hardline::choose::Wishes;
use hardline::finding::Severity;
use hardline::report::terminal::Style;
use hardline::report::{Report, Shower, concise, github, json, markdown, sarif, terminal};

use super::{Color, Failure, Input, Screen, style, tell};

#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    input: Input,
    /// What standard output gets [default: terminal on a terminal, else concise]
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// Writes a further report to a file; may be given more than once
    #[arg(long, value_name = "FORMAT=FILE", value_parser = output)]
    output: Vec<(Format, PathBuf)>,
    /// Runs only these checks: an id, a glob or a family; may be given more than once
    #[arg(long, value_name = "CHECKS", value_delimiter = ',')]
    select: Vec<String>,
    /// Leaves these checks out: an id, a glob or a family; may be given more than once
    #[arg(long, value_name = "CHECKS", value_delimiter = ',')]
    ignore: Vec<String>,
    /// The mildest severity that makes the exit code 1
    #[arg(long, value_name = "SEVERITY", default_value = "medium")]
    fail_on: Severity,
    /// Fails with 3 when something could not be decided or looked at
    #[arg(long)]
    strict: bool,
    /// A folder with checks of your own, DIR/PLATFORM/NAME.toml; may be given more than once
    #[arg(long, value_name = "DIR")]
    checks: Vec<PathBuf>,
    /// Shows everything as if nothing were waived
    #[arg(long)]
    no_waivers: bool,
    /// Leaves the notices on standard error out
    #[arg(long, short)]
    quiet: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people: findings with their lines
    Terminal,
    /// One line for each thing
    Concise,
    /// For programs; `hardline schema report` describes it
    Json,
    /// For code scanning: SARIF 2.1.0
    Sarif,
    /// For the log of GitHub Actions, which shows it at the lines
    Github,
    /// For a comment on a pull request or a job's summary
    Markdown,
}

impl Format {
    fn shows_fixes(self) -> bool {
        !matches!(self, Format::Concise | Format::Github)
    }
}

/// `FORMAT=FILE`.
fn output(text: &str) -> Result<(Format, PathBuf), String> {
    let (format, file) = text.split_once('=').ok_or("expected FORMAT=FILE, such as json=report.json")?;
    Ok((Format::from_str(format, false)?, PathBuf::from(file)))
}

pub(super) fn run(arguments: Arguments, color: Color, screen: &mut Screen) -> Result<u8, Failure> {
    let mut options = arguments.input.options()?;
    options.checks = arguments.checks;
    options.wishes = Wishes { select: arguments.select, ignore: arguments.ignore };
    options.no_waivers = arguments.no_waivers;
    // Builds that are to be the same byte by byte set it: https://reproducible-builds.org/specs/source-date-epoch/
    options.timed = std::env::var_os("SOURCE_DATE_EPOCH").is_none();
    let usual = if screen.is_terminal { Format::Terminal } else { Format::Concise };
    let format = arguments.format.unwrap_or(usual);
    options.fixes = format.shows_fixes() || arguments.output.iter().any(|(format, _)| format.shows_fixes());
    let (report, facts) = hardline::check(&options, &mut io::stdin().lock())?;
    let show = facts.shower(&options.cwd);
    if !arguments.quiet {
        tell(&report.notices, show);
    }
    for (format, file) in &arguments.output {
        let mut bytes = Vec::new();
        render(*format, &report, show, style(color, false), &mut bytes)?;
        let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", file.display()));
        fs::write(options.cwd.join(file), bytes).map_err(named)?;
    }
    let code = report.exit_code(arguments.fail_on, arguments.strict);
    let rendered = render(format, &report, show, screen.style, &mut screen.out);
    // The process ends here. Taking a hundred thousand facts apart one by one would take longer than making some.
    std::mem::forget((report, facts));
    match rendered {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        // Whoever reads it has seen enough; the code is the same.
        _ => Ok(code),
    }
}

fn render(format: Format, report: &Report, show: Shower<'_>, style: Style, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Terminal => terminal::render(report, show, style, out),
        Format::Concise => concise::render(report, show, out),
        Format::Json => json::render(report, show, out),
        Format::Sarif => sarif::render(report, show, out),
        Format::Github => github::render(report, show, out),
        Format::Markdown => markdown::render(report, show, out),
    }
}
