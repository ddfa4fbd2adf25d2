//! What git would make of a file: which work tree it is in, and whether it is left out there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ignore::gitignore::Gitignore;

/// What is known of git work trees, each folder asked once.
#[derive(Debug, Default)]
pub(super) struct Git {
    /// The work tree that a folder is in.
    trees: BTreeMap<PathBuf, Option<PathBuf>>,
    /// The `.gitignore` of a folder.
    ignores: BTreeMap<PathBuf, Gitignore>,
}

impl Git {
    /// The work tree that a folder is in.
    pub(super) fn tree(&mut self, folder: &Path) -> Option<PathBuf> {
        if let Some(known) = self.trees.get(folder) {
            return known.clone();
        }
        let tree = match folder.join(".git").exists() {
            true => Some(folder.to_path_buf()),
            false => folder.parent().and_then(|parent| self.tree(parent)),
        };
        self.trees.insert(folder.to_path_buf(), tree.clone());
        tree
    }

    /// Whether git would leave a file of a work tree out, going by the `.gitignore` files on the way to it.
    pub(super) fn ignores(&mut self, tree: &Path, file: &Path) -> bool {
        let folders = file.ancestors().skip(1).take_while(|folder| folder.starts_with(tree));
        folders.into_iter().any(|folder| {
            let read = || Gitignore::new(folder.join(".gitignore")).0;
            let matcher = self.ignores.entry(folder.to_path_buf()).or_insert_with(read);
            matcher.matched_path_or_any_parents(file, false).is_ignore()
        })
    }
}
