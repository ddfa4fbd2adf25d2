//! `hardline check`.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use hardline::choose::Wishes;
use hardline::finding::{Safety, Severity};
use hardline::mask::one_line;
use hardline::project::{Facts, Options};
use hardline::repair::Repair;
use hardline::report::terminal::Style;
use hardline::report::{Report, Shower, concise, github, json, markdown, sarif, terminal};

use super::{Color, Failure, Input, Screen, USAGE, say, style, tell};

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
    /// Makes the fixes that no client can notice; `unsafe`: also those that may refuse traffic or change behaviour
    #[arg(long, value_name = "SAFETY", num_args = 0..=1, require_equals = true, default_missing_value = "safe")]
    fix: Option<Fixes>,
    /// With --fix: only shows what would be changed
    #[arg(long, requires = "fix")]
    diff: bool,
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

/// How careful `--fix` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Fixes {
    /// Only what no client that works today can notice
    Safe,
    /// Also what may refuse traffic or change behaviour
    Unsafe,
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
    let mut options = arguments.input.clone().options()?;
    options.checks = arguments.checks.clone();
    options.wishes = Wishes { select: arguments.select.clone(), ignore: arguments.ignore.clone() };
    options.no_waivers = arguments.no_waivers;
    // Builds that are to be the same byte by byte set it: https://reproducible-builds.org/specs/source-date-epoch/
    options.timed = std::env::var_os("SOURCE_DATE_EPOCH").is_none();
    let usual = if screen.is_terminal { Format::Terminal } else { Format::Concise };
    let format = arguments.format.unwrap_or(usual);
    options.fixes = format.shows_fixes() || arguments.output.iter().any(|(format, _)| format.shows_fixes());
    let output = Output { arguments: &arguments, format, color, cwd: &options.cwd };
    match arguments.fix {
        Some(fixes) => fix(&output, fixes, &options, screen),
        None => {
            let (report, facts) = hardline::check(&options, &mut io::stdin().lock())?;
            let code = output.write(&report, &facts, screen);
            // The process ends here. Taking a hundred thousand facts apart one by one would take longer than making some.
            std::mem::forget((report, facts));
            code
        }
    }
}

/// `--fix`: shows what would be changed, and changes it unless it is only to be shown.
fn fix(output: &Output<'_>, fixes: Fixes, options: &Options, screen: &mut Screen) -> Result<u8, Failure> {
    let upto = if fixes == Fixes::Safe { Safety::Safe } else { Safety::Unsafe };
    let mut repair = Repair::find(options, upto, &mut io::stdin().lock())?;
    let diff = repair.diff();
    if output.format == Format::Json {
        io::stderr().lock().write_all(diff.as_bytes())?;
    } else {
        screen.out.write_all(diff.as_bytes())?;
        // Before anything is written.
        screen.out.flush()?;
    }
    for left in repair.left() {
        say("left", one_line(&format!("{}: {}: {}", left.place, left.check, left.why)));
    }
    if output.arguments.diff {
        return output.write(&repair.report_before(), repair.facts(), screen);
    }
    let failed = repair.write();
    for file in &failed {
        say("error", format_args!("{}: not written: {}", file.path, file.why));
    }
    let code = output.write(&repair.report(), repair.facts_after(), screen)?;
    Ok(if failed.is_empty() { code } else { USAGE })
}

/// Where the results of a run go.
struct Output<'a> {
    arguments: &'a Arguments,
    format: Format,
    color: Color,
    cwd: &'a Path,
}

impl Output<'_> {
    /// Tells the notices, writes all reports, and gives the exit code.
    fn write(&self, report: &Report, facts: &Facts, screen: &mut Screen) -> Result<u8, Failure> {
        let show = facts.shower(self.cwd);
        if !self.arguments.quiet {
            tell(&report.notices, show);
        }
        for (format, file) in &self.arguments.output {
            let mut bytes = Vec::new();
            render(*format, report, show, style(self.color, false), &mut bytes)?;
            let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", file.display()));
            fs::write(self.cwd.join(file), bytes).map_err(named)?;
        }
        let code = report.exit_code(self.arguments.fail_on, self.arguments.strict);
        match render(self.format, report, show, screen.style, &mut screen.out) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
            // Whoever reads it has seen enough; the code is the same.
            _ => Ok(code),
        }
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
