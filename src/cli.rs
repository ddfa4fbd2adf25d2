//! The command line: one file for each command, what they share here.

use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use hardline::choose::Wishes;
use hardline::date::Date;
use hardline::mask::one_line;
use hardline::platform::hardline::NAME as OWN;
use hardline::project::{Options, Trouble};
use hardline::report::Shower;
use hardline::report::terminal::{self, Style};
use hardline::text::{Level, Notice};

mod access;
mod acl;
mod audit;
mod check;
mod diff;
mod drift;
mod effective;
mod explain;
mod facts;
mod list;
mod merge;
mod new;
mod output;
mod progress;
mod schema;
mod test;
mod waive;

/// Could not run: arguments, configuration, check files, output.
const USAGE: u8 = 2;

/// Says what is not hardened in the configuration of Redis and Valkey: where, why, how to fix it, how to undo the fix.
#[derive(Parser)]
#[command(name = "hardline", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Whether to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: Color,
}

#[derive(Subcommand)]
enum Command {
    /// Lint files and folders
    Check(check::Arguments),
    /// Audit servers that run
    Audit(audit::Arguments),
    /// Compare two environments: what differs, and which side is weaker
    Drift(drift::Arguments),
    /// Say what a server would do with a configuration: whether it starts, settings, users, who gets in
    Effective(effective::Arguments),
    /// Say what Redis users can do, and which rule decides it
    Acl(acl::Arguments),
    /// Say why a check is there, what it looks like, and what to do
    Explain(explain::Arguments),
    /// List all checks
    List(list::Arguments),
    /// Compare two JSON reports: what is new, what is fixed; `--note` writes a note about the change
    Diff(diff::Arguments),
    /// Put JSON reports together: those of the shards of an audit
    Merge(merge::Arguments),
    /// Show every fact with its value, origin and place: what checks can read
    Facts(facts::Arguments),
    /// Vet check files and run their examples
    Test(test::Arguments),
    /// Write a file for a check of your own: one that works, to be rewritten
    New(new::Arguments),
    /// Accept a finding: write a waiver with its owner, reason and end
    Waive(waive::Arguments),
    /// Describe what hardline writes and what checks can read
    Schema(schema::Arguments),
    /// Print the completions of a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page
    Man,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

/// What is looked at.
#[derive(Args, Clone)]
struct Input {
    /// Files and folders; `-` is standard input [default: .]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The path that standard input stands for
    #[arg(long, value_name = "PATH")]
    stdin_filename: Option<PathBuf>,
    /// Where the target machine's `/` is; what configurations name by absolute paths is looked up there
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// The configuration file, instead of the nearest hardline.toml above
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The version of the server, such as redis:7.4.1 or valkey:8.1.1
    #[arg(long, value_name = "VERSION")]
    server_version: Option<String>,
    /// What files given by name are taken for, whatever they look like
    #[arg(long, value_name = "NAME", value_parser = platform)]
    platform: Option<&'static str>,
}

/// Which checks judge.
#[derive(Args, Clone)]
struct Selection {
    /// Runs only these checks: an id, a glob or a family; may be given more than once
    #[arg(long, value_name = "CHECKS", value_delimiter = ',')]
    select: Vec<String>,
    /// Leaves these checks out: an id, a glob or a family; may be given more than once
    #[arg(long, value_name = "CHECKS", value_delimiter = ',')]
    ignore: Vec<String>,
    /// A folder with checks of your own, DIR/PLATFORM/NAME.toml; may be given more than once
    #[arg(long, value_name = "DIR")]
    checks: Vec<PathBuf>,
    /// Shows everything as if nothing were waived
    #[arg(long)]
    no_waivers: bool,
}

impl Selection {
    /// The same options with these checks.
    fn over(&self, options: Options) -> Options {
        let Selection { select, ignore, checks, no_waivers } = self.clone();
        Options { wishes: Wishes { select, ignore }, checks, no_waivers, ..options }
    }
}

impl Input {
    fn options(self) -> io::Result<Options> {
        Ok(Options {
            paths: self.paths,
            stdin_name: self.stdin_filename,
            cwd: std::env::current_dir()?,
            root: self.root,
            config: self.config,
            server_version: self.server_version,
            platform: self.platform,
            today: epoch().map(Date::of_seconds),
            ..Options::default()
        })
    }
}

/// When it is where everything is to be the same byte by byte: <https://reproducible-builds.org/specs/source-date-epoch/>
fn epoch() -> Option<u64> {
    std::env::var("SOURCE_DATE_EPOCH").ok()?.trim().parse().ok()
}

/// The platform of this name. What hardline says about itself is in no file of its own.
fn platform(name: &str) -> Result<&'static str, String> {
    let names = hardline::project::roots().iter().map(|root| root.name).filter(|name| *name != OWN).collect::<Vec<_>>();
    let found = names.iter().find(|known| **known == name).copied();
    found.ok_or_else(|| format!("there are {}", names.join(", ")))
}

/// Where everything goes: standard output, locked and buffered, and how it looks there.
struct Screen {
    out: BufWriter<io::StdoutLock<'static>>,
    style: Style,
    is_terminal: bool,
}

impl Screen {
    fn new(color: Color) -> Screen {
        let is_terminal = io::stdout().is_terminal();
        let style = style(color, is_terminal);
        Screen { out: BufWriter::new(io::stdout().lock()), style, is_terminal }
    }
}

/// How text looks on a terminal, or where there is none.
fn style(color: Color, is_terminal: bool) -> Style {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    let locale =
        ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| std::env::var(name).ok().filter(|it| !it.is_empty()));
    let utf8 = locale.is_none_or(|locale| locale.to_ascii_uppercase().replace('-', "").contains("UTF8"));
    let asked = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    // Shells seldom export COLUMNS, but a terminal knows.
    let real = || terminal_size::terminal_size().filter(|_| is_terminal).map(|(width, _)| usize::from(width.0));
    let width = asked.or_else(real).unwrap_or(100);
    Style {
        color: match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => is_terminal && !set("NO_COLOR") && !dumb,
        },
        // A file or a pipe is read by who knows what, later: what is written there is the same everywhere.
        unicode: !is_terminal || utf8 && !dumb,
        width: usize::clamp(width, 40, 200),
    }
}

/// Runs the command that the arguments name, and returns the exit code.
pub fn run() -> u8 {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // It is printed where it belongs: help to standard output, mistakes to standard error.
            let _ = error.print();
            return u8::try_from(error.exit_code()).unwrap_or(USAGE);
        }
    };
    let mut screen = Screen::new(cli.color);
    let code = match cli.command {
        Command::Check(arguments) => check::run(arguments, cli.color, &mut screen),
        Command::Audit(arguments) => audit::run(&arguments, cli.color, &mut screen),
        Command::Drift(arguments) => drift::run(&arguments, cli.color, &mut screen),
        Command::Effective(arguments) => effective::run(&arguments, &mut screen),
        Command::Acl(arguments) => acl::run(&arguments, &mut screen),
        Command::Explain(arguments) => explain::run(&arguments, &mut screen),
        Command::List(arguments) => list::run(&arguments, &mut screen),
        Command::Diff(arguments) => diff::run(&arguments, &mut screen),
        Command::Merge(arguments) => merge::run(&arguments, &mut screen),
        Command::Facts(arguments) => facts::run(arguments, &mut screen),
        Command::Test(arguments) => test::run(&arguments, &mut screen),
        Command::New(arguments) => new::run(&arguments, &mut screen),
        Command::Waive(arguments) => waive::run(&arguments, &mut screen),
        Command::Schema(arguments) => schema::run(&arguments, &mut screen),
        Command::Completions { shell } => completions(shell, &mut screen),
        Command::Man => manual(&mut screen),
    };
    let code = code.unwrap_or_else(|failure| failure.tell(cli.color));
    match screen.out.flush() {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Failure::Output(error).tell(cli.color),
        // Who closed the pipe has seen enough: `| head` is no fault.
        _ => code,
    }
}

/// Made in memory first: the generator panics where its output cannot be written, and `| head` is no fault.
fn completions(shell: Shell, screen: &mut Screen) -> Result<u8, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "hardline", &mut script);
    screen.out.write_all(&script)?;
    Ok(0)
}

fn manual(screen: &mut Screen) -> Result<u8, Failure> {
    clap_mangen::Man::new(Cli::command()).render(&mut screen.out)?;
    Ok(0)
}

/// Why a command did not come to its end.
enum Failure {
    /// What it was told is wrong.
    Trouble(Box<Trouble>),
    /// What it has to say could not be written.
    Output(io::Error),
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Failure {
        Failure::Trouble(Box::new(trouble))
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Output(error)
    }
}

impl Failure {
    fn tell(self, color: Color) -> u8 {
        match self {
            Failure::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => 0,
            Failure::Output(error) => {
                say("error", error);
                USAGE
            }
            Failure::Trouble(trouble) => {
                show_trouble(&trouble, color);
                USAGE
            }
        }
    }
}

/// Shows mistakes on standard error: those with a place with their lines.
fn show_trouble(trouble: &Trouble, color: Color) {
    let cwd = std::env::current_dir().unwrap_or_default();
    // Whoever gives a server's file for one of hardline's own must not see its passwords on a screen for it.
    let mask = hardline::platform::secrets(&trouble.sources, &[]);
    let show = Shower { sources: &trouble.sources, mask: &mask, cwd: &cwd };
    let style = style(color, io::stderr().is_terminal());
    // Nothing is left to be told when standard error itself fails.
    let _ = terminal::problems(&trouble.places, show, style, &mut io::stderr().lock());
    for line in &trouble.lines {
        say("error", one_line(line));
    }
}

/// One line on standard error.
fn say(level: &str, what: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{level}: {what}");
}

/// What the user should know besides, on standard error.
fn tell(notices: &[Notice], show: Shower<'_>) {
    for notice in notices {
        let level = match notice.level {
            Level::Info => "note",
            Level::Warning => "warning",
        };
        let message = one_line(&notice.message);
        match show.notice(&notice.at) {
            Some(place) => say(level, format_args!("{place}: {message}")),
            None => say(level, message),
        }
    }
}
