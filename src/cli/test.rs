//! `hardline test`.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use hardline::check::{Loaded, embedded};
use hardline::example;
use hardline::project::{CheckText, Options, Project, check_files, roots};

use super::{Failure, Screen};

#[derive(Args)]
pub(super) struct Arguments {
    /// Check files, folders of them, or ids; all checks that come with hardline when there are none
    #[arg(value_name = "CHECKS")]
    checks: Vec<PathBuf>,
    /// Only vets the files
    #[arg(long)]
    no_run: bool,
}

pub(super) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<u8, Failure> {
    let options = Options { cwd: std::env::current_dir()?, ..Options::default() };
    let mut project = Project::find(&options)?;
    let loaded = load(&arguments.checks, &options, &mut project);
    let others = project.all_checks(&options)?;
    project.finish()?;
    let (mut examples, mut failed) = (0, 0);
    for Loaded { check, examples: all, .. } in loaded.iter().filter(|_| !arguments.no_run) {
        for example in all {
            examples += 1;
            if let Err(why) = example::run(check, example, &others) {
                failed += 1;
                writeln!(screen.out, "{}: {}: {why}", check.id, example.name)?;
            }
        }
    }
    let checks = if loaded.len() == 1 { "1 check".to_owned() } else { format!("{} checks", loaded.len()) };
    if arguments.no_run {
        writeln!(screen.out, "{checks} vetted")?;
    } else {
        writeln!(screen.out, "{checks}, {examples} examples: {failed} not as promised")?;
    }
    Ok(u8::from(failed > 0))
}

/// The checks that are named, and what is wrong with them.
fn load(wanted: &[PathBuf], options: &Options, project: &mut Project) -> Vec<Loaded> {
    let mut texts: Vec<CheckText> = Vec::new();
    let mut ids: Vec<&str> = Vec::new();
    if wanted.is_empty() {
        ids.extend(embedded::all().iter().map(|check| check.id));
    }
    for given in wanted {
        let path = options.cwd.join(given);
        let id = given.to_str().and_then(|id| embedded::all().iter().find(|check| check.id == id));
        match id {
            _ if path.is_dir() => match check_files(&path) {
                // Nothing at all would look like a success; most often it is the folder of one platform.
                Ok(files) if files.is_empty() => {
                    project.mistake(format!("{}: no check in it: they are PLATFORM/NAME.toml", given.display()));
                }
                Ok(files) => {
                    texts.extend(files.into_iter().filter_map(|(id, path)| project.check_text(Some(id), path)));
                }
                Err(why) => project.mistake(why),
            },
            Some(check) if !path.exists() => ids.push(check.id),
            _ => texts.extend(project.check_text(id_of(&path), path)),
        }
    }
    let mut loaded = Vec::new();
    for check in embedded::all().iter().filter(|check| ids.contains(&check.id)) {
        match check.load(&roots()) {
            Ok(check) => loaded.push(check),
            Err(problems) => {
                problems.iter().for_each(|problem| project.mistake(format!("{}: {}", check.id, problem.message)));
            }
        }
    }
    loaded.extend(texts.iter().filter_map(|text| project.load_check(text)));
    loaded
}

/// The id that a file's path says, if it lies in a folder that is called like a platform.
fn id_of(path: &Path) -> Option<String> {
    let folder = path.parent()?.file_name()?.to_str()?;
    let known = roots().iter().any(|root| root.name == folder) || ["stack", "hardline"].contains(&folder);
    known.then(|| format!("{folder}/{}", path.file_stem().unwrap_or_default().to_string_lossy()))
}
