//! Files held in memory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{FileKind, Files, Location, Standing, normal};
use crate::text::Unreadable;

/// Files held in memory: a whole small machine, whose `/` they are in. What examples of checks run on.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    files: BTreeMap<PathBuf, Vec<u8>>,
    denied: Vec<PathBuf>,
    modes: BTreeMap<PathBuf, u32>,
}

impl Memory {
    /// No files.
    pub fn new() -> Memory {
        Memory::default()
    }

    /// Puts a file there; the path counts from `/`.
    pub fn put(&mut self, path: impl AsRef<Path>, bytes: impl Into<Vec<u8>>) {
        self.files.insert(normal(&Path::new("/").join(path)), bytes.into());
    }

    /// Makes a path refuse to be read.
    pub fn deny(&mut self, path: impl AsRef<Path>) {
        self.denied.push(normal(&Path::new("/").join(path)));
    }

    /// Gives a file other permission bits than 0640.
    pub fn chmod(&mut self, path: impl AsRef<Path>, mode: u32) {
        self.modes.insert(normal(&Path::new("/").join(path)), mode);
    }

    /// All paths with their bytes, sorted.
    pub fn iter(&self) -> impl Iterator<Item = (&Path, &[u8])> {
        self.files.iter().map(|(path, bytes)| (path.as_path(), bytes.as_slice()))
    }
}

impl Files for Memory {
    fn read(&self, at: &Location) -> Result<Vec<u8>, Unreadable> {
        let path = self.real(at)?;
        if self.denied.iter().any(|denied| path.starts_with(denied)) {
            return Err(Unreadable::Denied);
        }
        self.files.get(&path).cloned().ok_or(Unreadable::Missing)
    }

    fn list(&self, folder: &Location) -> Result<Vec<String>, Unreadable> {
        let folder = self.real(folder)?;
        let mut names: Vec<String> = self
            .files
            .keys()
            .filter_map(|path| path.strip_prefix(&folder).ok()?.components().next())
            .filter_map(|part| part.as_os_str().to_str().map(str::to_owned))
            .collect();
        names.dedup();
        if names.is_empty() { Err(Unreadable::Missing) } else { Ok(names) }
    }

    fn real(&self, at: &Location) -> Result<PathBuf, Unreadable> {
        Ok(normal(&Path::new("/").join(at.path())))
    }

    fn kind(&self, at: &Location) -> Result<Option<FileKind>, Unreadable> {
        let path = self.real(at)?;
        let file = self.files.contains_key(&path);
        let folder = !file && self.files.keys().any(|file| file.starts_with(&path));
        Ok((file || folder).then_some(FileKind { file, folder, executable: false }))
    }

    /// A work tree is below a folder with something in `.git`.
    fn standing(&self, at: &Location) -> Result<Standing, Unreadable> {
        let path = self.real(at)?;
        if !self.files.contains_key(&path) {
            return Err(Unreadable::Missing);
        }
        let mode = self.modes.get(&path).copied().unwrap_or(0o640);
        let in_git = |folder: &Path| self.files.keys().any(|file| file.starts_with(folder.join(".git")));
        let in_work_tree = path.ancestors().skip(1).any(in_git);
        Ok(Standing { mode, in_work_tree, committed: in_work_tree })
    }
}
