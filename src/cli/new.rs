//! `hardline new`.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use hardline::project::{Options, Project, Trouble};

use super::{Failure, Screen, platform, say};

/// A check that works, to be rewritten: `{id}` and `{platform}` are put in.
const SKELETON: &str = include_str!("new/skeleton.toml");

/// Where checks are kept when nobody says so.
const FOLDER: &str = "checks";

#[derive(Args)]
pub(super) struct Arguments {
    /// What the check is called: PLATFORM/NAME, where the name says what is wrong, such as redis/no-tls
    #[arg(value_name = "ID")]
    id: String,
    /// The folder with checks of your own [default: the first of `[checks] paths` in hardline.toml, or `checks`]
    #[arg(long, value_name = "DIR")]
    checks: Option<PathBuf>,
    /// The configuration file, instead of the nearest hardline.toml above
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<u8, Failure> {
    let cwd = std::env::current_dir()?;
    let options = Options { cwd: cwd.clone(), config: arguments.config.clone(), ..Options::default() };
    let mut project = Project::find(&options)?;
    let configured = project.check_folders();
    let folder = arguments.checks.as_ref().map(|folder| cwd.join(folder)).or_else(|| configured.first().cloned());
    let folder = folder.unwrap_or_else(|| cwd.join(FOLDER));
    let platform = vetted(&arguments.id)?;
    if project.all_ids(&options)?.iter().any(|id| id.as_str() == arguments.id) {
        return Err(Trouble::line(format!("there is a check {} already", arguments.id)).into());
    }
    let path = folder.join(format!("{}.toml", arguments.id));
    write_new(&path, &SKELETON.replace("{id}", &arguments.id).replace("{platform}", platform))?;
    let shown = path.strip_prefix(&cwd).unwrap_or(&path).display();
    writeln!(screen.out, "{shown}: a check that works, to write yours into; then `hardline test {shown}`")?;
    if !configured.iter().any(|known| same(known, &folder)) {
        let folder = folder.strip_prefix(&cwd).unwrap_or(&folder).display();
        say("note", format_args!("it runs with `--checks {folder}`, or once hardline.toml has it in `[checks] paths`"));
    }
    Ok(0)
}

/// The platform of an id that a check may have.
fn vetted(id: &str) -> Result<&'static str, Trouble> {
    let (of, name) = id.split_once('/').ok_or_else(|| Trouble::line(format!("`{id}` is no id: PLATFORM/NAME")))?;
    let platform = platform(of).map_err(|why| Trouble::line(format!("`{of}` is no platform: {why}")))?;
    let part =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    match name.split('-').all(part) {
        true => Ok(platform),
        false => Err(Trouble::line(format!("`{name}` is no name: small letters, digits and `-` between them"))),
    }
}

fn same(one: &Path, other: &Path) -> bool {
    hardline::files::normal(one) == hardline::files::normal(other)
}

/// Writes a file that must not be there yet.
fn write_new(path: &Path, text: &str) -> Result<(), Failure> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(named)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).open(path).map_err(named)?;
    file.write_all(text.as_bytes()).map_err(named)?;
    Ok(())
}
