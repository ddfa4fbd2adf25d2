//! The walk through a folder: sorted, without `.git` and what is ignored, never out of the folder, never in a circle.

use std::fs;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::ignored::Ignores;
use super::{Run, interest, real};
use crate::platform::Interest;
use crate::text::{Level, Unreadable};

/// What a walk came upon, to be read once the walk is over.
enum Met {
    File(PathBuf),
    Link(PathBuf),
    Failed(PathBuf, Unreadable),
}

impl Run {
    /// Looks at everything in a folder, `depth` folders deep.
    pub(super) fn walk(&mut self, folder: &Path, asked: bool, depth: usize) {
        let mut met = Vec::new();
        let mut ignores = Ignores::above(folder, &self.exclude);
        let mut entries = WalkDir::new(folder).max_depth(depth).sort_by_file_name().into_iter();
        while let Some(entry) = entries.next() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    let path = error.path().unwrap_or(folder).to_path_buf();
                    met.push(Met::Failed(path, error.into_io_error().map_or(Unreadable::Loop, Unreadable::from)));
                    continue;
                }
            };
            // The folder itself has depth 0; what is in it is in a folder of depth 1 as the ignores count.
            ignores.leave(entry.depth() + 1);
            let is_folder = entry.file_type().is_dir();
            if entry.depth() > 0 && (entry.file_name() == ".git" || ignores.out(entry.path(), is_folder)) {
                if is_folder {
                    entries.skip_current_dir();
                }
                continue;
            }
            if is_folder {
                ignores.enter(entry.path(), entry.depth() + 1);
            } else {
                met.push(what(&entry));
            }
        }
        self.look_at(met, asked);
    }

    fn look_at(&mut self, met: Vec<Met>, asked: bool) {
        let mut links = Vec::new();
        for thing in met {
            match thing {
                Met::File(path) => self.met(&path, asked),
                Met::Link(path) => links.push(path),
                Met::Failed(path, why) if asked => self.unreadable(&path, &why),
                Met::Failed(..) => {}
            }
        }
        // Last, so that a file is known by its own name and not by that of a link to it.
        for link in links {
            self.link(&link, asked);
        }
    }

    /// A symbolic link counts as what it leads to, if that is in the folders that are looked at anyway.
    fn link(&mut self, link: &Path, asked: bool) {
        let interesting = interest(link) != Interest::None;
        match fs::canonicalize(link) {
            Ok(target) if self.within.iter().any(|folder| target.starts_with(real(folder))) => {
                // Its folders are walked under their own names.
                if !target.is_dir() {
                    self.met(link, asked);
                }
            }
            Ok(target) if asked && (interesting || target.is_dir()) => {
                self.notice(Level::Warning, link, "not looked at: a symbolic link that leads out of the scanned tree");
            }
            Err(error) if asked && interesting => self.unreadable(link, &Unreadable::from(error)),
            Ok(_) | Err(_) => {}
        }
    }
}

fn what(entry: &DirEntry) -> Met {
    let path = entry.path().to_path_buf();
    if entry.path_is_symlink() { Met::Link(path) } else { Met::File(path) }
}
