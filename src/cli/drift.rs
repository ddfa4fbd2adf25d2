//! `hardline drift`.

use std::io;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use hardline::date::Date;
use hardline::drift::found::{Comparison, FailOn};
use hardline::drift::show::{concise, github, html, json, markdown, sarif, terminal};
use hardline::drift::{self, Reach, Stop};
use hardline::project::{Options, Trouble};
use hardline::report::terminal::Style;
use hardline::text::Level;

use super::access::Access;
use super::output::{shown, write_file};
use super::{Color, Failure, Screen, epoch, say, style};

/// A side cannot be read.
const UNREADABLE: u8 = 3;

#[derive(Args)]
pub(super) struct Arguments {
    /// A file, a folder, the URL of a server that runs, or an environment of hardline.toml or the inventory; live:NAME are
    /// the servers of one that has files, too
    #[arg(value_name = "A")]
    left: String,
    /// What it is compared with
    #[arg(value_name = "B")]
    right: String,
    /// A TOML file of servers: groups with their URLs and environments, and where their passwords come from
    #[arg(long, value_name = "FILE")]
    inventory: Option<PathBuf>,
    #[command(flatten)]
    access: Access,
    /// What standard output gets [default: terminal on a terminal, else concise]
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// Writes a further report to a file; may be given more than once
    #[arg(long, value_name = "FORMAT=FILE", value_parser = output)]
    output: Vec<(Format, PathBuf)>,
    /// Which differences make the exit code 1
    #[arg(long, value_name = "WHICH", default_value = "any")]
    fail_on: Which,
    /// Fails with 3 when something could not be compared
    #[arg(long)]
    strict: bool,
    /// Says of each difference why it matters and where it is written; for the terminal format
    #[arg(long, short)]
    verbose: bool,
    /// Leaves the notices on standard error out
    #[arg(long, short)]
    quiet: bool,
    /// Where the target machine's `/` is; what configurations name by absolute paths is looked up there
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// The configuration file, instead of the nearest hardline.toml above
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The version of the servers, such as redis:7.4.1 or valkey:8.1.1
    #[arg(long, value_name = "VERSION")]
    server_version: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people: a table for each server
    Terminal,
    /// One line for each thing
    Concise,
    /// For programs; `hardline schema drift` describes it
    Json,
    /// For code scanning: SARIF 2.1.0
    Sarif,
    /// For the log of GitHub Actions, which shows it at the lines
    Github,
    /// For a comment on a pull request or a job's summary
    Markdown,
    /// One page for a browser or a printer
    Html,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Which {
    /// Every one that is not allowed
    Any,
    /// Those in which a side is weaker
    Weaker,
}

/// `FORMAT=FILE`.
fn output(text: &str) -> Result<(Format, PathBuf), String> {
    let (format, file) = text.split_once('=').ok_or("expected FORMAT=FILE, such as json=drift.json")?;
    Ok((Format::from_str(format, false)?, PathBuf::from(file)))
}

pub(super) fn run(arguments: &Arguments, color: Color, screen: &mut Screen) -> Result<u8, Failure> {
    let options = Options {
        cwd: std::env::current_dir()?,
        root: arguments.root.clone(),
        config: arguments.config.clone(),
        server_version: arguments.server_version.clone(),
        today: epoch().map(Date::of_seconds),
        ..Options::default()
    };
    let mut lines = Vec::new();
    let listed = arguments.access.listed(arguments.inventory.as_deref(), &mut lines);
    if !lines.is_empty() {
        return Err(Trouble { lines, ..Trouble::default() }.into());
    }
    let reach = Reach { access: arguments.access.read()?, listed, plan: arguments.access.plan(Vec::new()) };
    let sides = [arguments.left.as_str(), arguments.right.as_str()];
    let comparison = match drift::run(&options, sides, &reach, &mut io::stdin().lock()) {
        Ok(comparison) => comparison,
        Err(Stop::Trouble(trouble)) => return Err(Failure::Trouble(trouble)),
        Err(Stop::Unreadable(lines)) => {
            lines.iter().for_each(|line| say("error", line));
            return Ok(UNREADABLE);
        }
    };
    if !arguments.quiet {
        tell(&comparison);
    }
    for (format, file) in &arguments.output {
        let mut bytes = Vec::new();
        render(*format, &comparison, arguments.verbose, style(color, false), &mut bytes)?;
        write_file(file, &options.cwd, &bytes)?;
    }
    let fail_on = match arguments.fail_on {
        Which::Any => FailOn::Any,
        Which::Weaker => FailOn::Weaker,
    };
    let code = comparison.exit_code(fail_on, arguments.strict);
    let usual = if screen.is_terminal { Format::Terminal } else { Format::Concise };
    let format = arguments.format.unwrap_or(usual);
    shown(render(format, &comparison, arguments.verbose, screen.style, &mut screen.out), code)
}

fn tell(comparison: &Comparison) {
    for notice in &comparison.notices {
        let level = if notice.level == Level::Warning { "warning" } else { "note" };
        match &notice.place {
            Some(place) => say(level, format_args!("{place}: {}", notice.message)),
            None => say(level, &notice.message),
        }
    }
}

fn render(
    format: Format,
    comparison: &Comparison,
    verbose: bool,
    style: Style,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    match format {
        Format::Terminal => terminal::render(comparison, verbose, style, out),
        Format::Concise => concise::render(comparison, out),
        Format::Json => json::render(comparison, out),
        Format::Sarif => sarif::render(comparison, out),
        Format::Github => github::render(comparison, out),
        Format::Markdown => markdown::render(comparison, out),
        Format::Html => html::render(comparison, out),
    }
}
