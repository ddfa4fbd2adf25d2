//! Which files a run looks at: walks folders as git would, takes single files with the repository around them as
//! reach, and reads only what could be somebody's configuration.
//!
//! Nothing here fails a run but a path that is not there. What cannot be read is a notice.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::files::{Disk, Location, normal};
use crate::platform::{Found, Interest, PLATFORMS};
use crate::text::{self, Level, Notice, Place, Unreadable, Where};

mod ignored;
mod walk;

use ignored::Exclude;

/// How many bytes of a file are read to see whose it is, where its name does not say.
const HEAD: u64 = 64 * 1024;

/// What the user asks to be looked at.
pub struct Request<'a> {
    /// Files, folders, and `-` for standard input.
    pub paths: Vec<PathBuf>,
    /// The name that standard input stands for.
    pub stdin_name: Option<PathBuf>,
    /// Standard input.
    pub stdin: &'a mut dyn Read,
    /// The working folder; absolute.
    pub cwd: PathBuf,
    /// Where the target machine's `/` is, if the user says so.
    pub root: Option<PathBuf>,
    /// The folder that the exclude patterns count from.
    pub exclude_from: PathBuf,
    /// Patterns of files to leave out, in the syntax of `.gitignore`.
    pub exclude: Vec<String>,
    /// The platform that files given by name belong to, whatever they look like.
    pub platform: Option<&'static str>,
    /// How many bytes of one file are read.
    pub limit: u64,
}

/// What was found.
#[derive(Debug)]
pub struct Collected {
    /// The files, in the order of the paths given, folders sorted by name; then those of the repository around.
    pub found: Vec<Found>,
    /// What the run may open.
    pub disk: Disk,
    /// What was left out, and why.
    pub notices: Vec<Notice>,
}

/// Why there is nothing to look at. All of these are mistakes in the arguments.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// A path that is not there.
    #[error("{}: no such file or folder", .0.display())]
    Missing(PathBuf),
    /// `-` without a name.
    #[error("`-` needs --stdin-filename: the name says what is read and where its includes are")]
    Nameless,
    /// Standard input could not be read.
    #[error("standard input: {0}")]
    Stdin(String),
    /// The folder that `--root` names is not one.
    #[error("--root {}: not a folder", .0.display())]
    Root(PathBuf),
}

/// Finds the files of a run.
///
/// # Errors
/// Every mistake in the arguments, all at once.
pub fn collect(request: Request<'_>) -> Result<Collected, Vec<CollectError>> {
    let mut errors = Vec::new();
    let cwd = request.cwd.clone();
    let absolute = |path: &Path| normal(&cwd.join(path));
    let root = request.root.as_deref().map(absolute);
    errors.extend(root.iter().filter(|root| !root.is_dir()).cloned().map(CollectError::Root));
    let exclude = Exclude::new(&request.exclude_from, &request.exclude);
    let mut run = Run::new(exclude, request.limit, request.platform);
    let mut around = Vec::new();
    for given in &request.paths {
        let path = match (given.as_os_str() == "-", &request.stdin_name) {
            (true, None) => {
                errors.push(CollectError::Nameless);
                continue;
            }
            (true, Some(name)) => absolute(name),
            (false, _) => absolute(given),
        };
        if given.as_os_str() == "-" {
            match read_stdin(request.stdin, request.limit) {
                Ok(bytes) => {
                    run.first_time(&path);
                    run.take(path.clone(), Place::Stdin(path.clone()), bytes, Asked::ByName);
                }
                Err(error) => errors.push(error),
            }
            around.push(path);
        } else if fs::symlink_metadata(&path).is_err_and(|error| Unreadable::from(error) == Unreadable::Missing) {
            errors.push(CollectError::Missing(given.clone()));
        } else if path.is_dir() {
            run.within(&path);
            run.walk(&path, true, usize::MAX);
        } else {
            run.given(&path);
            around.push(path);
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    // Only now: a file that was asked for is never mere reach, whatever the order of the paths.
    let on_this_machine = run.asks_below(Path::new("/etc")) || around.iter().any(|path| path.starts_with("/etc"));
    for path in around {
        let (folder, depth) = reach(&path);
        if run.within(&folder) {
            run.walk(&folder, false, depth);
        }
    }
    let root = root.or_else(|| on_this_machine.then(|| PathBuf::from("/")));
    Ok(run.finish(root, request.limit))
}

/// The folder around a file given by name, and how deep it is searched for what may name the file: the whole
/// repository, or without one the file's own folder alone.
fn reach(path: &Path) -> (PathBuf, usize) {
    let own = path.parent().unwrap_or(Path::new("/"));
    match own.ancestors().find(|folder| folder.join(".git").exists()) {
        Some(repository) => (repository.to_path_buf(), usize::MAX),
        None => (own.to_path_buf(), 1),
    }
}

fn read_stdin(stdin: &mut dyn Read, limit: u64) -> Result<Vec<u8>, CollectError> {
    let mut bytes = Vec::new();
    stdin.take(limit + 1).read_to_end(&mut bytes).map_err(|error| CollectError::Stdin(error.to_string()))?;
    if bytes.len() as u64 > limit {
        return Err(CollectError::Stdin(Unreadable::TooLarge(limit).to_string()));
    }
    Ok(bytes)
}

/// How the user asked for a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// Not at all: it is only reach.
    Not,
    /// By a folder it is in.
    Below,
    /// By its name.
    ByName,
}

/// The state of one collection.
struct Run {
    found: Vec<Found>,
    notices: Vec<Notice>,
    /// Folders that may be looked into.
    within: BTreeSet<PathBuf>,
    /// The real paths of all files that were looked at, taken or not.
    seen: HashSet<PathBuf>,
    exclude: Exclude,
    limit: u64,
    platform: Option<&'static str>,
}

impl Run {
    fn new(exclude: Exclude, limit: u64, platform: Option<&'static str>) -> Run {
        let notices = exclude.notices();
        Run { found: Vec::new(), notices, within: BTreeSet::new(), seen: HashSet::new(), exclude, limit, platform }
    }

    /// Makes a folder part of what may be opened; false when it already was.
    fn within(&mut self, folder: &Path) -> bool {
        let new = !folder.ancestors().any(|above| self.within.contains(above));
        if new {
            self.within.insert(folder.to_path_buf());
        }
        new
    }

    fn asks_below(&self, folder: &Path) -> bool {
        self.within.iter().any(|given| given.starts_with(folder))
    }

    /// A file given by name: read whatever it is called, and whatever git ignores.
    fn given(&mut self, path: &Path) {
        if self.exclude.file(path) {
            self.notice(Level::Info, path, "left out by `[files] exclude`");
        } else if self.first_time(path) {
            match text::read_file(path, self.limit) {
                Ok(bytes) => self.take(path.to_path_buf(), Place::File(path.to_path_buf()), bytes, Asked::ByName),
                Err(why) => self.unreadable(path, &why),
            }
        }
    }

    /// A file met on a walk: read as far as its name makes it interesting.
    fn met(&mut self, path: &Path, asked: bool) {
        let interest = interest(path);
        if interest == Interest::None || !self.first_time(path) {
            return;
        }
        let how = if asked { Asked::Below } else { Asked::Not };
        match read_interesting(path, interest, self.limit) {
            Ok(Some(bytes)) => self.take(path.to_path_buf(), Place::File(path.to_path_buf()), bytes, how),
            Ok(None) => {}
            Err(why) if asked => self.unreadable(path, &why),
            // What is only reach need not be complained about: nobody asked for it.
            Err(_) => {}
        }
    }

    fn take(&mut self, path: PathBuf, place: Place, bytes: Vec<u8>, asked: Asked) {
        let (named, asked) = (asked == Asked::ByName, asked != Asked::Not);
        let platform = if asked { self.platform } else { None };
        self.found.push(Found { location: Location::Here(path), place, bytes, asked, named, platform });
    }

    fn first_time(&mut self, path: &Path) -> bool {
        self.seen.insert(real(path))
    }

    fn unreadable(&mut self, path: &Path, why: &Unreadable) {
        self.notice(Level::Warning, path, &format!("not looked at: {why}"));
    }

    fn notice(&mut self, level: Level, path: &Path, message: &str) {
        self.notices.push(Notice { level, at: Where::Path(path.to_path_buf()), message: message.to_owned() });
    }

    fn finish(self, root: Option<PathBuf>, limit: u64) -> Collected {
        let disk = Disk::new(self.within.into_iter().collect(), root, limit);
        Collected { found: self.found, disk, notices: self.notices }
    }
}

/// The file itself, whatever links lead to it.
fn real(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf())
}

/// The most that any platform wants to see of a file of this name.
fn interest(path: &Path) -> Interest {
    let lower = |path: Option<&Path>| {
        let name = path.and_then(Path::file_name).unwrap_or_default();
        name.to_string_lossy().to_ascii_lowercase()
    };
    let (name, folder) = (lower(Some(path)), lower(path.parent()));
    PLATFORMS.iter().map(|platform| platform.interest(&name, &folder)).max().unwrap_or(Interest::None)
}

/// The bytes of a file that somebody claims. Of a large one whose name says little, the start decides first.
fn read_interesting(path: &Path, interest: Interest, limit: u64) -> Result<Option<Vec<u8>>, Unreadable> {
    let metadata = fs::metadata(path)?;
    if interest == Interest::Head && metadata.is_file() && metadata.len() > HEAD {
        let mut head = Vec::new();
        text::open(path)?.take(HEAD).read_to_end(&mut head)?;
        if !PLATFORMS.iter().any(|platform| platform.claims(path, &head).is_some()) {
            return Ok(None);
        }
    }
    text::read_file(path, limit).map(Some)
}
