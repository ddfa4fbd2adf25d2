//! `hardline acl`: what the users of an ACL file may do.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use hardline::platform::redis::acl::answer::{self, Answered, Decision};
use hardline::platform::redis::acl::file::AclFile;
use hardline::platform::redis::acl::show::{self, Shown};
use hardline::platform::redis::acl::takeover::{Gate, Gates};
use hardline::platform::redis::acl::{Answer, Evaluator};
use hardline::platform::redis::version::Version;
use hardline::project::Trouble;
use hardline::text;
use serde::Serialize;

use super::{Failure, Screen, say};

mod batch;

/// Undecidable, or a file that no server would take.
const UNDECIDED: u8 = 3;

#[derive(Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Say whether a user may run a command, and which rule decides it
    Can(Can),
    /// Show everything that the users of an ACL file may do, as JSON
    Show(Show),
    /// Say what users gain and lose from one ACL file to another, as JSON; exit code 1 when one gains something
    Diff(Diff),
}

#[derive(Args)]
struct Can {
    /// The ACL file
    #[arg(long, value_name = "FILE", required_unless_present = "batch")]
    acl: Option<PathBuf>,
    /// The user
    #[arg(long, value_name = "NAME", required_unless_present = "batch")]
    user: Option<String>,
    /// Answer JSON lines, `{"rules": ["~a*", "+@read"], "command": ["get", "a"]}`; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["acl", "user", "words"])]
    batch: Option<PathBuf>,
    /// The version of the server [default: all maintained versions; of --batch the newest Redis]
    #[arg(long, value_name = "VERSION")]
    server_version: Option<String>,
    /// How to answer
    #[arg(long, value_name = "FMT", default_value = "text")]
    format: Format,
    /// The command with its arguments
    #[arg(last = true, value_name = "COMMAND", required_unless_present = "batch")]
    words: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OnlyJson {
    Json,
}

#[derive(Args)]
struct Show {
    /// The ACL file
    #[arg(long = "acl", value_name = "FILE", required_unless_present = "file")]
    acl: Option<PathBuf>,
    /// The ACL file
    #[arg(value_name = "FILE", conflicts_with = "acl")]
    file: Option<PathBuf>,
    /// Only this user
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// The version of the server [default: the newest Redis]
    #[arg(long, value_name = "VERSION")]
    server_version: Option<String>,
    #[command(flatten)]
    gates: GateOptions,
    /// The format
    #[arg(long, value_name = "FMT", default_value = "json", hide = true)]
    format: OnlyJson,
}

#[derive(Args)]
struct Diff {
    /// The old ACL file
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The new ACL file
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// The version of the server [default: the newest Redis]
    #[arg(long, value_name = "VERSION")]
    server_version: Option<String>,
    #[command(flatten)]
    gates: GateOptions,
    /// The format
    #[arg(long, value_name = "FMT", default_value = "json", hide = true)]
    format: OnlyJson,
}

/// The settings that an ACL file does not tell: what they are not given for is unknown.
#[derive(Args)]
struct GateOptions {
    /// What the server's enable-protected-configs is
    #[arg(long, value_name = "VALUE")]
    enable_protected_configs: Option<GateValue>,
    /// What the server's enable-debug-command is
    #[arg(long, value_name = "VALUE")]
    enable_debug_command: Option<GateValue>,
    /// What the server's enable-module-command is
    #[arg(long, value_name = "VALUE")]
    enable_module_command: Option<GateValue>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum GateValue {
    No,
    Local,
    Yes,
}

impl GateOptions {
    fn gates(&self) -> Gates {
        let gate = |value: Option<GateValue>| match value {
            None => Gate::Unknown,
            Some(GateValue::No) => Gate::No,
            Some(GateValue::Local) => Gate::Local,
            Some(GateValue::Yes) => Gate::Yes,
        };
        Gates {
            protected_configs: gate(self.enable_protected_configs),
            debug_command: gate(self.enable_debug_command),
            module_command: gate(self.enable_module_command),
            ..Gates::UNKNOWN
        }
    }
}

pub(super) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<u8, Failure> {
    match &arguments.command {
        Command::Can(can) => match &can.batch {
            Some(path) => batch(can, path, screen),
            None => self::can(can, screen),
        },
        Command::Show(show) => self::show(show, screen),
        Command::Diff(diff) => self::diff(diff, screen),
    }
}

/// The version that was declared, with a word about it where another patch's table stands in.
fn version(declared: &str) -> Result<&'static Version, Trouble> {
    let (version, other_patch) = Version::find(declared).map_err(Trouble::line)?;
    if other_patch {
        say("note", format!("there is no table for {declared}: that of {version} is used"));
    }
    Ok(version)
}

fn declared_or_newest(declared: Option<&str>) -> Result<&'static Version, Trouble> {
    declared.map_or_else(|| Ok(Version::newest()), version)
}

fn read(path: &Path) -> Result<Vec<u8>, Trouble> {
    text::read_file(path, text::DEFAULT_LIMIT).map_err(|error| Trouble::line(format!("{}: {error}", path.display())))
}

/// Says why a server would refuse a file; whether it would.
fn refused(path: &Path, file: &AclFile<'_>, evaluator: &Evaluator) -> bool {
    let errors = file.errors(evaluator);
    for error in &errors {
        let (path, version) = (path.display(), evaluator.version());
        say("error", format!("{path}:{}: {version} would not start: {}", error.line, error.message));
    }
    !errors.is_empty()
}

fn batch(can: &Can, path: &Path, screen: &mut Screen) -> Result<u8, Failure> {
    let evaluator = Evaluator::new(declared_or_newest(can.server_version.as_deref())?);
    batch::run(path, &evaluator, screen)
}

fn json_line(value: &impl Serialize, screen: &mut Screen) -> Result<(), Failure> {
    serde_json::to_writer(&mut screen.out, value).map_err(io::Error::from)?;
    Ok(screen.out.write_all(b"\n")?)
}

/// What one version answers, and where the deciding rule is.
#[derive(PartialEq, Eq, Clone, Serialize)]
struct Said {
    #[serde(flatten)]
    answered: Answered,
    line: Option<usize>,
    column: Option<usize>,
}

fn can(can: &Can, screen: &mut Screen) -> Result<u8, Failure> {
    let path = can.acl.as_deref().unwrap_or(Path::new(""));
    let name = can.user.as_deref().unwrap_or_default();
    let bytes = read(path)?;
    let file = AclFile::read(&bytes);
    let versions: Vec<&Version> = match can.server_version.as_deref() {
        Some(declared) => vec![version(declared)?],
        None => Version::undeclared().collect(),
    };
    let mut said: Vec<(Said, Vec<&Version>)> = Vec::new();
    for version in versions {
        let evaluator = Evaluator::new(version);
        if refused(path, &file, &evaluator) {
            return Ok(UNDECIDED);
        }
        let one = say_for(&evaluator, &file, &bytes, name, &can.words)?;
        match said.iter_mut().find(|(known, _)| known.answered.allowed() == one.answered.allowed()) {
            Some((_, versions)) => versions.push(version),
            None => said.push((one, vec![version])),
        }
    }
    let decided = said.len() == 1;
    for (one, versions) in &said {
        let of = if decided && can.server_version.is_none() { String::new() } else { names(versions) };
        match can.format {
            Format::Json => json_line(&in_json(one, versions, path), screen)?,
            Format::Text => writeln!(screen.out, "{}", in_text(one, &of, path, name))?,
        }
    }
    Ok(match said.first() {
        Some((one, _)) if decided => match one.answered.allowed() {
            Some(true) => 0,
            Some(false) => 1,
            None => super::USAGE,
        },
        _ => UNDECIDED,
    })
}

fn names(versions: &[&Version]) -> String {
    versions.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn say_for(
    evaluator: &Evaluator,
    file: &AclFile<'_>,
    bytes: &[u8],
    name: &str,
    words: &[String],
) -> Result<Said, Trouble> {
    let words: Vec<&[u8]> = words.iter().map(String::as_bytes).collect();
    let written = file.users().into_iter().find(|(_, user)| file.bytes(&user.name) == name.as_bytes());
    let Some((_, user)) = written else {
        if name != "default" {
            return Err(Trouble::line(format!("there is no user `{name}` in this file")));
        }
        let open: [&[u8]; 3] = [b"~*", b"&*", b"+@all"];
        let mut answered = answer::decision(evaluator, &open, &words);
        if let Answered::Decision(Decision { decided_by, .. }) = &mut answered {
            *decided_by = None;
        }
        return Ok(Said { answered, line: None, column: None });
    };
    let rules = file.rules(user);
    let answered = answer::decision(evaluator, &rules, &words);
    let read = evaluator.read(&rules).map_err(|error| Trouble::line(error.to_string()))?;
    let answer: Answer = evaluator.decide(&read.user, &words);
    let place = evaluator.decided_by(&read, &words, answer).and_then(|arguments| user.range(&arguments));
    let position = place.map(|range| position(bytes, file.place(&range).start));
    Ok(Said { answered, line: position.map(|(line, _)| line), column: position.map(|(_, column)| column) })
}

/// The line and the column, in characters, of a byte.
fn position(bytes: &[u8], at: usize) -> (usize, usize) {
    let mut sources = text::Sources::new();
    let source = sources.add(text::Place::Stdin(PathBuf::new()), bytes.to_vec());
    let position = sources.get(source).position(u32::try_from(at).unwrap_or(u32::MAX));
    (position.line, position.column)
}

fn in_text(said: &Said, of: &str, path: &Path, user: &str) -> String {
    let versions = if of.is_empty() { String::new() } else { format!(" ({of})") };
    let decision = match &said.answered {
        Answered::Decision(decision) => decision,
        Answered::Command { command_error: what }
        | Answered::Rules { error: what }
        | Answered::Input { input_error: what } => {
            return format!("error{versions}: {what}");
        }
    };
    let word = if decision.allowed { "yes" } else { "no" };
    let missing = match decision.reason {
        "allowed" => String::new(),
        reason => format!(", for want of a permission on the {reason}"),
    };
    let rule = match (&decision.decided_by, said.line, said.column) {
        (Some(rule), Some(line), Some(column)) => {
            format!(": `{}` decides ({}:{line}:{column})", hardline::mask::one_line(rule), path.display())
        }
        _ if decision.allowed => format!(": no rule of user `{}` is needed", hardline::mask::one_line(user)),
        _ => format!(": no rule of user `{}` allows it", hardline::mask::one_line(user)),
    };
    format!("{word}{versions}{missing}{rule}")
}

fn in_json(said: &Said, versions: &[&Version], path: &Path) -> serde_json::Value {
    let mut value = serde_json::to_value(said).unwrap_or_default();
    if let Some(object) = value.as_object_mut() {
        object.insert("servers".to_owned(), versions.iter().map(ToString::to_string).collect());
        object.insert("path".to_owned(), said.line.map(|_| path.display().to_string()).into());
    }
    value
}

#[derive(Serialize)]
struct Users<'a> {
    server: String,
    users: &'a [Shown],
}

fn show(show: &Show, screen: &mut Screen) -> Result<u8, Failure> {
    let path = show.acl.as_deref().or(show.file.as_deref()).unwrap_or(Path::new(""));
    let evaluator = Evaluator::new(declared_or_newest(show.server_version.as_deref())?);
    let Some(mut users) = users(path, &evaluator, show.gates.gates())? else { return Ok(UNDECIDED) };
    if let Some(name) = &show.user {
        users.retain(|user| user.name == *name);
        if users.is_empty() {
            return Err(Trouble::line(format!("there is no user `{name}` in {}", path.display())).into());
        }
    }
    let document = Users { server: evaluator.version().to_string(), users: &users };
    serde_json::to_writer_pretty(&mut screen.out, &document).map_err(io::Error::from)?;
    writeln!(screen.out)?;
    Ok(0)
}

/// The users of a file; none when the server would refuse it.
fn users(path: &Path, evaluator: &Evaluator, gates: Gates) -> Result<Option<Vec<Shown>>, Trouble> {
    let bytes = read(path)?;
    let file = AclFile::read(&bytes);
    if refused(path, &file, evaluator) {
        return Ok(None);
    }
    Ok(Some(show::users(evaluator, &file, Some(&path.display().to_string()), gates)))
}

#[derive(Serialize)]
struct Differences<'a> {
    server: String,
    users: &'a [show::Difference],
}

fn diff(diff: &Diff, screen: &mut Screen) -> Result<u8, Failure> {
    let evaluator = Evaluator::new(declared_or_newest(diff.server_version.as_deref())?);
    let gates = diff.gates.gates();
    let side = |path: &Path| match users(path, &evaluator, gates) {
        Ok(users) => users,
        Err(trouble) => {
            trouble.lines.iter().for_each(|line| say("error", line));
            None
        }
    };
    let (Some(old), Some(new)) = (side(&diff.old), side(&diff.new)) else { return Ok(UNDECIDED) };
    let differences = show::difference(&old, &new);
    let document = Differences { server: evaluator.version().to_string(), users: &differences };
    serde_json::to_writer_pretty(&mut screen.out, &document).map_err(io::Error::from)?;
    writeln!(screen.out)?;
    Ok(u8::from(differences.iter().any(show::Difference::gains)))
}
