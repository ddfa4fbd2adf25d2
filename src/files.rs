//! What a run may open: the scanned tree on disk, or files held in memory.
//!
//! A path that a configuration writes is a path *on the target machine*. Only a relative one says something about
//! the tree it was found in; an absolute one is opened under `--root`, or where it lies inside the scanned tree, and
//! is otherwise out of reach: a laptop's own `/etc/redis/users.acl` must not decide a repository's verdict.

mod git;
pub mod glob;
mod memory;

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex};

use self::git::Git;
pub use self::memory::Memory;
use crate::text::{self, Unreadable};

/// A path, and whose file system it is in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Location {
    /// A path as this machine has it.
    Here(PathBuf),
    /// A path as the target machine has it.
    Target(PathBuf),
}

impl Location {
    /// Where a path leads that is written while this is the working folder.
    pub fn resolve(&self, written: &Path) -> Location {
        if written.is_absolute() {
            return Location::Target(normal(written));
        }
        match self {
            Location::Here(folder) => Location::Here(normal(&folder.join(written))),
            Location::Target(folder) => Location::Target(normal(&folder.join(written))),
        }
    }

    /// The folder that holds it.
    pub fn parent(&self) -> Location {
        let up = |path: &Path| path.parent().map(Path::to_path_buf).unwrap_or_default();
        match self {
            Location::Here(path) => Location::Here(up(path)),
            Location::Target(path) => Location::Target(up(path)),
        }
    }

    /// The path, whoever's it is.
    pub fn path(&self) -> &Path {
        match self {
            Location::Here(path) | Location::Target(path) => path,
        }
    }
}

/// The path without `.` and with `..` taken back, as text: no file system is asked.
pub fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                if matches!(out.components().next_back(), Some(Component::Normal(_))) {
                    out.pop();
                } else if !out.has_root() {
                    out.push("..");
                }
            }
            other => out.push(other),
        }
    }
    out
}

/// Something that files can be read from.
pub trait Files: Sync {
    /// The bytes at a location.
    ///
    /// # Errors
    /// [`Unreadable`] says why there are none.
    fn read(&self, at: &Location) -> Result<Vec<u8>, Unreadable>;

    /// The names in a folder, sorted by bytes, without `.` and `..`.
    ///
    /// # Errors
    /// [`Unreadable`] says why there are none.
    fn list(&self, folder: &Location) -> Result<Vec<String>, Unreadable>;

    /// The path on this machine that a location leads to, symbolic links followed as far as they exist: two locations
    /// with the same answer are the same file.
    ///
    /// # Errors
    /// [`Unreadable::OutOfReach`] when it may not be opened.
    fn real(&self, at: &Location) -> Result<PathBuf, Unreadable>;

    /// What is at a location, symbolic links followed; `None` for nothing.
    ///
    /// # Errors
    /// [`Unreadable`] says why it cannot be told.
    fn kind(&self, at: &Location) -> Result<Option<FileKind>, Unreadable>;

    /// Who may do what with a file, and whether git would keep it.
    ///
    /// # Errors
    /// [`Unreadable`] says why it cannot be told.
    fn standing(&self, _at: &Location) -> Result<Standing, Unreadable> {
        Err(Unreadable::OutOfReach)
    }

    /// Whether a file could be opened for appending, without touching it: it may be made if it is not there.
    ///
    /// # Errors
    /// [`Unreadable`] says why not. Where nothing is known against it, it counts as possible.
    fn appendable(&self, _at: &Location) -> Result<(), Unreadable> {
        Ok(())
    }

    /// Whether a file could be run (`access(2)`, `X_OK`; a folder could).
    ///
    /// # Errors
    /// [`Unreadable`] says why not. Where nothing is known against it, it counts as possible.
    fn executable(&self, _at: &Location) -> Result<(), Unreadable> {
        Ok(())
    }
}

/// What is at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileKind {
    /// Whether it is a regular file; a folder otherwise, or something that is neither.
    pub file: bool,
    /// Whether it is a folder.
    pub folder: bool,
    /// Whether its owner may run it.
    pub executable: bool,
}

/// How a file stands in its file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// The permission bits.
    pub mode: u32,
    /// Whether it is in a git work tree, which keeps no modes.
    pub in_work_tree: bool,
    /// Whether it would be committed there: in a work tree, and not ignored.
    pub committed: bool,
}

/// The file system of this machine, as far as a run may open it.
#[derive(Debug, Clone)]
pub struct Disk {
    /// The folders that paths may lead into, symbolic links followed; `None` for all.
    within: Option<HashSet<PathBuf>>,
    /// Where the target machine's `/` is, if the user said so.
    root: Option<Folder>,
    /// How many bytes of one file are read.
    limit: u64,
    git: Arc<Mutex<Git>>,
}

/// A folder as it was named, and where that leads.
#[derive(Debug, Clone)]
struct Folder {
    named: PathBuf,
    real: PathBuf,
}

impl Folder {
    fn new(named: PathBuf) -> Folder {
        let real = fs::canonicalize(&named).unwrap_or_else(|_| named.clone());
        Folder { named, real }
    }
}

impl Disk {
    /// The whole file system, every absolute path taken as it is: what `hardline effective` asks.
    pub fn whole(limit: u64) -> Disk {
        Disk { within: None, root: None, limit, git: Arc::default() }
    }

    /// These folders, which are absolute, and the one in which the target machine's `/` is.
    pub fn new(within: Vec<PathBuf>, root: Option<PathBuf>, limit: u64) -> Disk {
        let within = Some(within.into_iter().map(|folder| fs::canonicalize(&folder).unwrap_or(folder)).collect());
        Disk { within, root: root.map(Folder::new), limit, git: Arc::default() }
    }

    /// The path to open, and where it leads. Symbolic links are followed, so that one cannot lead out of the tree
    /// unseen.
    fn open(&self, at: &Location) -> Result<(PathBuf, PathBuf), Unreadable> {
        let path = match (at, &self.root) {
            (Location::Target(path), Some(root)) => root.named.join(path.strip_prefix("/").unwrap_or(path)),
            (Location::Target(path) | Location::Here(path), _) => path.clone(),
        };
        let found = fs::canonicalize(&path);
        let Some(within) = &self.within else {
            let real = found.unwrap_or_else(|_| path.clone());
            return Ok((path, real));
        };
        let there = found.is_ok() || path.exists();
        let real = found.unwrap_or_else(|_| normal(&path));
        let inside = |path: &Path| {
            path.ancestors().any(|folder| within.contains(folder))
                || self.root.as_ref().is_some_and(|root| path.starts_with(&root.real))
        };
        if inside(&real) || !there && inside(&normal(&path)) { Ok((path, real)) } else { Err(Unreadable::OutOfReach) }
    }
}

impl Files for Disk {
    fn read(&self, at: &Location) -> Result<Vec<u8>, Unreadable> {
        text::read_file(&self.open(at)?.0, self.limit)
    }

    fn list(&self, folder: &Location) -> Result<Vec<String>, Unreadable> {
        let mut names = Vec::new();
        for entry in fs::read_dir(self.open(folder)?.0)? {
            if let Ok(name) = entry?.file_name().into_string() {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    fn real(&self, at: &Location) -> Result<PathBuf, Unreadable> {
        Ok(self.open(at)?.1)
    }

    #[cfg(unix)]
    fn kind(&self, at: &Location) -> Result<Option<FileKind>, Unreadable> {
        use std::os::unix::fs::MetadataExt;
        match fs::metadata(self.open(at)?.0).map_err(Unreadable::from) {
            Ok(found) => {
                let executable = found.mode() & 0o100 != 0;
                Ok(Some(FileKind { file: found.is_file(), folder: found.is_dir(), executable }))
            }
            Err(Unreadable::Missing) => Ok(None),
            Err(error) => Err(error),
        }
    }

    #[cfg(not(unix))]
    fn kind(&self, at: &Location) -> Result<Option<FileKind>, Unreadable> {
        match fs::metadata(self.open(at)?.0).map_err(Unreadable::from) {
            Ok(found) => Ok(Some(FileKind { file: found.is_file(), folder: found.is_dir(), executable: false })),
            Err(Unreadable::Missing) => Ok(None),
            Err(error) => Err(error),
        }
    }

    #[cfg(unix)]
    fn standing(&self, at: &Location) -> Result<Standing, Unreadable> {
        use std::os::unix::fs::MetadataExt;
        let (_, real) = self.open(at)?;
        let mode = fs::metadata(&real)?.mode() & 0o7777;
        let mut git = self.git.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let tree = real.parent().and_then(|folder| git.tree(folder));
        let committed = tree.as_ref().is_some_and(|tree| !git.ignores(tree, &real));
        Ok(Standing { mode, in_work_tree: tree.is_some(), committed })
    }

    fn appendable(&self, at: &Location) -> Result<(), Unreadable> {
        let (path, _) = self.open(at)?;
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() => Err(Unreadable::NotAFile("a folder")),
            // Opening for appending changes nothing as long as nothing is written; a FIFO would wait for a reader.
            Ok(metadata) if metadata.is_file() => Ok(fs::OpenOptions::new().append(true).open(&path).map(drop)?),
            Ok(_) => Ok(()),
            Err(error) => match (Unreadable::from(error), path.parent()) {
                (Unreadable::Missing, Some(folder)) => {
                    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
                    writable(&fs::metadata(folder)?)
                }
                (error, _) => Err(error),
            },
        }
    }

    fn executable(&self, at: &Location) -> Result<(), Unreadable> {
        allowed(&fs::metadata(self.open(at)?.0)?, 0o1)
    }
}

/// Whether this process may make a file in a folder, by its owner and mode.
#[cfg(unix)]
fn writable(folder: &fs::Metadata) -> Result<(), Unreadable> {
    if !folder.is_dir() {
        return Err(Unreadable::Missing);
    }
    allowed(folder, 0o3)
}

/// Whether this process has these permissions on a file, by its owner and mode.
#[cfg(unix)]
fn allowed(metadata: &fs::Metadata, bits: u32) -> Result<(), Unreadable> {
    use std::os::unix::fs::MetadataExt;
    // The owner of its own entry in /proc is who the process is; without /proc nothing is known against it.
    let Ok(me) = fs::metadata("/proc/self") else { return Ok(()) };
    let (uid, gid, mode) = (me.uid(), me.gid(), metadata.mode());
    let shift = match () {
        // Who may do everything still runs only what somebody may run; a folder is entered.
        () if uid == 0 && (metadata.is_dir() || bits != 0o1 || mode & 0o111 != 0) => return Ok(()),
        () if uid == 0 => return Err(Unreadable::Denied),
        () if uid == metadata.uid() => 6,
        () if gid == metadata.gid() => 3,
        () => 0,
    };
    if mode >> shift & bits == bits { Ok(()) } else { Err(Unreadable::Denied) }
}

#[cfg(not(unix))]
fn writable(_: &fs::Metadata) -> Result<(), Unreadable> {
    Ok(())
}

#[cfg(not(unix))]
fn allowed(_: &fs::Metadata, _: u32) -> Result<(), Unreadable> {
    Ok(())
}

/// Files of which some have other bytes than they have: what would be read once edits are made.
pub struct Changed<'a> {
    files: &'a dyn Files,
    /// By where the path really leads.
    bytes: BTreeMap<PathBuf, Vec<u8>>,
}

impl<'a> Changed<'a> {
    /// These files with other bytes.
    pub fn new(files: &'a dyn Files, changed: impl IntoIterator<Item = (PathBuf, Vec<u8>)>) -> Changed<'a> {
        let real = |path: PathBuf| files.real(&Location::Here(path.clone())).unwrap_or(path);
        Changed { files, bytes: changed.into_iter().map(|(path, bytes)| (real(path), bytes)).collect() }
    }

    /// The other bytes of a file that has some.
    pub fn of(&self, at: &Location) -> Option<&[u8]> {
        self.bytes.get(&self.files.real(at).ok()?).map(Vec::as_slice)
    }
}

impl Files for Changed<'_> {
    fn read(&self, at: &Location) -> Result<Vec<u8>, Unreadable> {
        match self.bytes.get(&self.real(at)?) {
            Some(bytes) => Ok(bytes.clone()),
            None => self.files.read(at),
        }
    }

    fn list(&self, folder: &Location) -> Result<Vec<String>, Unreadable> {
        self.files.list(folder)
    }

    fn real(&self, at: &Location) -> Result<PathBuf, Unreadable> {
        self.files.real(at)
    }

    fn kind(&self, at: &Location) -> Result<Option<FileKind>, Unreadable> {
        self.files.kind(at)
    }

    fn appendable(&self, at: &Location) -> Result<(), Unreadable> {
        self.files.appendable(at)
    }

    fn executable(&self, at: &Location) -> Result<(), Unreadable> {
        self.files.executable(at)
    }

    fn standing(&self, at: &Location) -> Result<Standing, Unreadable> {
        self.files.standing(at)
    }
}
