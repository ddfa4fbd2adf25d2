//! `hardline waive`.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use hardline::config;
use hardline::date::Date;
use hardline::finding::CheckId;
use hardline::platform::PLATFORMS;
use hardline::platform::hardline::comment;
use hardline::platform::redis::claim::{Form, form};
use hardline::project::{Options, Project, Trouble};
use hardline::spell::nearest;
use hardline::text::{DEFAULT_LIMIT, Place, Sources, read_file};
use hardline::waive::check_place;

use super::{Failure, Screen, epoch, say};

#[derive(Args)]
pub(super) struct Arguments {
    /// The id of the check
    #[arg(value_name = "CHECK")]
    check: String,
    /// What it is waived for: a glob from the folder of hardline.toml, the name of a subject, or a fingerprint
    #[arg(long = "where", value_name = "WHERE", required_unless_present = "inline")]
    place: Option<String>,
    /// Who answers for it
    #[arg(long, value_name = "OWNER")]
    owner: String,
    /// Why it is right
    #[arg(long, value_name = "REASON")]
    reason: String,
    /// The last day on which it holds, such as 2027-03-31
    #[arg(long, value_name = "DATE")]
    until: String,
    /// How to undo it
    #[arg(long, value_name = "TEXT", conflicts_with = "inline")]
    rollback: Option<String>,
    /// Prints a comment to paste above this line instead, PATH:LINE
    #[arg(long, value_name = "PLACE", conflicts_with = "place")]
    inline: Option<String>,
    /// The configuration file, instead of the nearest hardline.toml above
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A folder with checks of your own, DIR/PLATFORM/NAME.toml; may be given more than once
    #[arg(long, value_name = "DIR")]
    checks: Vec<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<u8, Failure> {
    let cwd = std::env::current_dir()?;
    // A configuration that is to be made need not be there yet.
    let config = arguments.config.clone().filter(|path| cwd.join(path).exists());
    let options = Options { cwd: cwd.clone(), config, checks: arguments.checks.clone(), ..Options::default() };
    let all = Project::find(&options)?.all_ids(&options)?;
    let ids: Vec<&CheckId> = all.iter().collect();
    let until = vetted(arguments, &ids)?;
    match &arguments.inline {
        Some(place) => {
            inline(arguments, place, &cwd)?;
            writeln!(
                screen.out,
                "{}",
                comment::text(&arguments.check, &arguments.owner, until, arguments.reason.trim())
            )?;
        }
        None => {
            let given = arguments.config.as_ref().map(|path| cwd.join(path));
            let path = given.or_else(|| config::find(&cwd)).unwrap_or_else(|| cwd.join(config::FILE));
            append(&path, &block(arguments, until))?;
            let shown = path.strip_prefix(&cwd).unwrap_or(&path).display().to_string();
            writeln!(screen.out, "{shown}: {} is waived until {until}", arguments.check)?;
        }
    }
    Ok(0)
}

/// The end, when everything that was given makes a waiver that holds.
fn vetted(arguments: &Arguments, ids: &[&CheckId]) -> Result<Date, Trouble> {
    let mut lines = Vec::new();
    if !ids.iter().any(|id| id.as_str() == arguments.check) {
        let meant = nearest(&arguments.check, ids.iter().map(|id| id.as_str()));
        let meant = meant.map_or_else(String::new, |meant| format!("; did you mean `{meant}`?"));
        lines.push(format!("no such check: `{}`{meant}", arguments.check));
    }
    for (option, text) in [("--owner", &arguments.owner), ("--reason", &arguments.reason)] {
        if text.trim().is_empty() || text.chars().any(char::is_control) {
            lines.push(format!("{option} is one line that says something"));
        }
    }
    if let Some(why) = arguments.place.as_ref().and_then(|place| check_place(place).err()) {
        lines.push(format!("--where: {why}"));
    }
    let until = Date::parse(&arguments.until);
    let today = epoch().map_or_else(Date::today, Date::of_seconds);
    match until {
        Some(until) if until >= today => {}
        Some(until) => lines.push(format!("--until: {until} is over")),
        None => lines.push(format!("--until: `{}` is no day like 2027-03-31", arguments.until)),
    }
    match until {
        Some(until) if lines.is_empty() => Ok(until),
        _ => Err(Trouble { lines, ..Trouble::default() }),
    }
}

/// The lines of a `[[waiver]]`.
fn block(arguments: &Arguments, until: Date) -> String {
    let quoted = |text: &str| toml_text(text.trim());
    let mut block = format!(
        "[[waiver]]\ncheck = {}\nwhere = {}\nowner = {}\nreason = {}\nuntil = {until}\n",
        quoted(&arguments.check),
        quoted(arguments.place.as_deref().unwrap_or_default()),
        quoted(&arguments.owner),
        quoted(&arguments.reason),
    );
    if let Some(rollback) = &arguments.rollback {
        block.push_str(&format!("rollback = {}\n", quoted(rollback)));
    }
    block
}

/// A text as TOML writes it.
fn toml_text(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            letter if letter.is_control() => out.push_str(&format!("\\u{:04X}", u32::from(letter))),
            letter => out.push(letter),
        }
    }
    out.push('"');
    out
}

/// Adds a block to the end of a file, which keeps all its bytes. Nothing is written where the result would be no
/// configuration.
fn append(path: &Path, block: &str) -> Result<(), Failure> {
    let mut bytes = if path.exists() {
        config::load(path).map_err(|why| Trouble::line(format!("{}: {why}", path.display())))?
    } else {
        Vec::new()
    };
    let gap = match bytes.as_slice() {
        [] => "",
        [.., b'\n'] => "\n",
        _ => "\n\n",
    };
    let added = format!("{gap}{block}");
    bytes.extend(added.as_bytes());
    let mut sources = Sources::new();
    let id = sources.add(Place::File(path.to_path_buf()), bytes);
    let (_, places) = config::parse(sources.get(id));
    if !places.is_empty() {
        return Err(Trouble { lines: Vec::new(), places, sources }.into());
    }
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    let mut file = OpenOptions::new().append(true).create(true).open(path).map_err(named)?;
    file.write_all(added.as_bytes()).map_err(named)?;
    Ok(())
}

/// Whether a comment may stand there.
fn inline(arguments: &Arguments, place: &str, cwd: &Path) -> Result<(), Trouble> {
    let wrong = |why: &str| Trouble::line(format!("--inline {place}: {why}"));
    let (path, line) = place.rsplit_once(':').ok_or_else(|| wrong("expected PATH:LINE"))?;
    let line: usize = line.parse().map_err(|_| wrong("expected PATH:LINE"))?;
    if arguments.owner.contains(char::is_whitespace) {
        return Err(Trouble::line("--owner: in a comment it is one word"));
    }
    let path = fs::canonicalize(cwd.join(path)).map_err(|why| wrong(&why.to_string()))?;
    let bytes = read_file(&path, DEFAULT_LIMIT).map_err(|why| wrong(&why.to_string()))?;
    match form(&path, &bytes) {
        Some((Form::Acl, _)) => return Err(wrong("an ACL file holds no comments: use --where")),
        _ if PLATFORMS.iter().all(|platform| platform.claims(&path, &bytes).is_none()) => {
            return Err(wrong("hardline reads no such file"));
        }
        _ => {}
    }
    let mut sources = Sources::new();
    let id = sources.add(Place::File(path), bytes);
    let source = sources.get(id);
    if !(1..=source.line_count()).contains(&line) {
        return Err(wrong(&format!("the file has {} lines", source.line_count())));
    }
    let text = sources.text(source.line_span(line));
    if text.trim().is_empty() || text.trim().starts_with('#') {
        return Err(wrong("no setting stands in this line; for one that is missing, take the first setting's"));
    }
    say("note", format_args!("paste this as a line of its own right above {place}"));
    Ok(())
}
