//! What is left out: `.gitignore` files as git reads them, and the user's own patterns.

use std::path::{Path, PathBuf};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::text::{self, Level, Notice, Where};

/// A `.gitignore` larger than this is none.
const LIMIT: u64 = 1024 * 1024;

/// The user's own patterns: `[files] exclude`.
pub(super) struct Exclude {
    folder: PathBuf,
    matcher: Gitignore,
    wrong: Vec<String>,
}

impl Exclude {
    pub(super) fn new(folder: &Path, patterns: &[String]) -> Exclude {
        let mut builder = GitignoreBuilder::new(folder);
        let mut wrong = Vec::new();
        for pattern in patterns {
            if let Err(error) = builder.add_line(None, pattern) {
                wrong.push(error.to_string());
            }
        }
        let matcher = builder.build().unwrap_or_else(|error| {
            wrong.push(error.to_string());
            Gitignore::empty()
        });
        Exclude { folder: folder.to_path_buf(), matcher, wrong }
    }

    /// What is wrong with the patterns. The configuration file is checked when it is read, so there is rarely any.
    pub(super) fn notices(&self) -> Vec<Notice> {
        let notice = |error: &String| Notice {
            level: Level::Warning,
            at: Where::Run,
            message: format!("a pattern of `[files] exclude` is not used: {error}"),
        };
        self.wrong.iter().map(notice).collect()
    }

    /// Whether a file given by name is left out, by its own name or a folder's.
    pub(super) fn file(&self, path: &Path) -> bool {
        path.starts_with(&self.folder) && self.matcher.matched_path_or_any_parents(path, false).is_ignore()
    }

    /// Whether something met on a walk is left out; its folders were asked before.
    fn entry(&self, path: &Path, is_folder: bool) -> bool {
        path.starts_with(&self.folder) && self.matcher.matched(path, is_folder).is_ignore()
    }
}

/// The ignore files in force at one point of a walk, the nearest last.
pub(super) struct Ignores<'a> {
    exclude: &'a Exclude,
    /// With the depth of the folder that each is in; those above the start of the walk have depth 0.
    stack: Vec<(usize, Gitignore)>,
}

impl<'a> Ignores<'a> {
    /// What is in force at the start of a walk: the user's global ignores, the repository's own list, and the ignore
    /// files of the folders above, as far as the repository reaches.
    pub(super) fn above(folder: &Path, exclude: &'a Exclude) -> Ignores<'a> {
        let mut stack = Vec::new();
        if let Some(repository) = folder.ancestors().find(|above| above.join(".git").exists()) {
            stack.push((0, Gitignore::global().0));
            stack.extend(read(repository, &repository.join(".git/info/exclude")).map(|list| (0, list)));
            let mut above: Vec<&Path> =
                folder.ancestors().skip(1).take_while(|above| above.starts_with(repository)).collect();
            above.reverse();
            stack.extend(above.into_iter().filter_map(|folder| Some((0, read(folder, &folder.join(".gitignore"))?))));
        }
        Ignores { exclude, stack }
    }

    /// Leaves the folders that an entry of this depth is not in.
    pub(super) fn leave(&mut self, depth: usize) {
        while self.stack.last().is_some_and(|(at, _)| *at > 0 && *at >= depth) {
            self.stack.pop();
        }
    }

    /// Enters a folder. Its depth counts from 1, so that it differs from what is above the walk.
    pub(super) fn enter(&mut self, folder: &Path, depth: usize) {
        self.stack.extend(read(folder, &folder.join(".gitignore")).map(|list| (depth, list)));
    }

    /// Whether something is left out.
    pub(super) fn out(&self, path: &Path, is_folder: bool) -> bool {
        if self.exclude.entry(path, is_folder) {
            return true;
        }
        for (_, list) in self.stack.iter().rev() {
            match list.matched(path, is_folder) {
                Match::None => {}
                Match::Ignore(_) => return true,
                Match::Whitelist(_) => return false,
            }
        }
        false
    }
}

/// One ignore file. What is no regular file, or has lines that are no patterns, ignores nothing there: as git does.
fn read(folder: &Path, file: &Path) -> Option<Gitignore> {
    let bytes = text::read_file(file, LIMIT).ok()?;
    let mut builder = GitignoreBuilder::new(folder);
    for line in String::from_utf8_lossy(&bytes).lines() {
        let _ = builder.add_line(None, line);
    }
    builder.build().ok()
}
