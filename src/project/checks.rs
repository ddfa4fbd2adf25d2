//! The checks of a run: those that come with hardline, and those in the user's folders.

use std::fs;
use std::path::{Path, PathBuf};

use crate::check::{Check, Loaded, embedded, load};
use crate::choose::{Choice, Listed, choose};
use crate::finding::{CheckId, Label};
use crate::platform::hardline;
use crate::text::{DEFAULT_LIMIT, Place, Sources, Span, read_file};
use crate::waive::Known;

use super::{CheckText, Options, Project, Trouble, roots};

impl Project {
    /// All checks there are that can judge: those that come with hardline and those in the user's folders, sorted by
    /// id.
    ///
    /// # Errors
    /// Every mistake in the configuration and in the user's own checks.
    pub fn all_checks(&mut self, options: &Options) -> Result<Vec<Check>, Trouble> {
        let (listed, roots) = (self.list_checks(options), roots());
        let load = |check: Listed| check.load(&roots).ok().filter(|check| check.rest().is_ok());
        self.sound().map(|()| listed.into_iter().filter_map(load).collect())
    }

    /// The ids of all checks there are, sorted.
    ///
    /// # Errors
    /// As [`Project::all_checks`].
    pub fn all_ids(&mut self, options: &Options) -> Result<Vec<CheckId>, Trouble> {
        let listed = self.list_checks(options);
        self.sound().map(|()| listed.into_iter().map(|check| check.id).collect())
    }

    /// The checks that the user's wishes leave; loaded are those that read a platform that is `present`, and those on
    /// waivers.
    ///
    /// # Errors
    /// As [`Project::all_checks`], and every wish that means nothing.
    pub fn checks(&mut self, options: &Options, present: &dyn Fn(&str) -> bool) -> Result<Choice, Trouble> {
        let all = self.list_checks(options);
        let known = |check: &Listed| Known { id: check.id.clone(), formerly: check.formerly.clone(), runs: false };
        self.known = all.iter().map(known).collect();
        let present = |platform: &str| platform == hardline::NAME || present(platform);
        let wishes = (&self.config, &options.wishes);
        let choice = choose(all, &present, &roots(), wishes).unwrap_or_else(|mistakes| {
            self.lines.extend(mistakes.lines);
            self.places.extend(mistakes.places);
            Choice::default()
        });
        for known in &mut self.known {
            known.runs = choice.run.binary_search(&known.id).is_ok();
        }
        self.sound().map(|()| choice)
    }

    fn list_checks(&mut self, options: &Options) -> Vec<Listed> {
        let mut all: Vec<Listed> = embedded::all().iter().map(Listed::embedded).collect();
        for loaded in self.own_checks(options) {
            let id = &loaded.check.id;
            if all.iter().any(|check| check.id == *id) {
                self.lines.push(format!("there are two checks with the id {id}"));
            } else {
                all.push(Listed::own(loaded.check));
            }
        }
        all.sort_by(|a, b| a.id.cmp(&b.id));
        all
    }

    /// Every check there is, whether it runs or not, once they are loaded.
    pub fn known(&self) -> &[Known] {
        &self.known
    }

    /// The folders with the user's own checks that the configuration names.
    pub fn check_folders(&self) -> Vec<PathBuf> {
        self.config.check_paths.iter().map(|folder| self.folder.join(&folder.it)).collect()
    }

    /// The checks in the user's own folders: `DIR/PLATFORM/NAME.toml`.
    fn own_checks(&mut self, options: &Options) -> Vec<Loaded> {
        let given = options.checks.iter().map(|folder| options.cwd.join(folder));
        let folders: Vec<PathBuf> = given.chain(self.check_folders()).collect();
        for folder in folders {
            match check_files(&folder) {
                Ok(files) => {
                    for (id, path) in files {
                        let text = self.check_text(Some(id), path);
                        self.own.extend(text);
                    }
                }
                Err(why) => self.lines.push(why),
            }
        }
        let mut checks = Vec::new();
        for text in &self.own {
            match load_check(text, &self.sources) {
                Ok(loaded) => checks.push(loaded),
                Err(places) => self.places.extend(places),
            }
        }
        checks
    }

    /// Reads a check file; one that cannot be read is a mistake.
    pub fn check_text(&mut self, id: Option<String>, path: PathBuf) -> Option<CheckText> {
        match read_file(&path, DEFAULT_LIMIT) {
            Ok(bytes) => Some(CheckText { id, source: self.sources.add(Place::File(path), bytes) }),
            Err(why) => {
                self.lines.push(format!("{}: {why}", path.display()));
                None
            }
        }
    }

    /// The text of the check of this id, if it was loaded.
    pub fn text_of(&self, id: &str) -> Option<&str> {
        let of_hardline = embedded::all().iter().find(|check| check.id == id).map(|check| check.text);
        let own = || self.own.iter().find(|text| text.id.as_deref() == Some(id));
        of_hardline.or_else(|| Some(self.sources.get(own()?.source).text()))
    }

    /// Loads a check file with its examples; mistakes in it are kept.
    pub fn load_check(&mut self, text: &CheckText) -> Option<Loaded> {
        match load_check(text, &self.sources) {
            Ok(loaded) => Some(loaded),
            Err(places) => {
                self.places.extend(places);
                None
            }
        }
    }
}

/// Loads a check file, or says all that is wrong with it.
fn load_check(text: &CheckText, sources: &Sources) -> Result<Loaded, Vec<Label>> {
    let source = sources.get(text.source);
    load(source.text(), text.id.as_deref(), &roots()).map_err(|problems| {
        let label = |problem: crate::check::Problem| Label {
            span: Span::new(text.source, problem.span.start, problem.span.end),
            text: problem.message,
        };
        problems.into_iter().map(label).collect()
    })
}

/// The check files in a folder with the ids that their paths say, sorted.
///
/// # Errors
/// A line that says which folder could not be read and why, or which file lies where no check does.
pub fn check_files(folder: &Path) -> Result<Vec<(String, PathBuf)>, String> {
    let list = |folder: &Path| -> Result<Vec<PathBuf>, String> {
        let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        Ok(entries.filter_map(|entry| Some(entry.ok()?.path())).collect())
    };
    let part = |path: Option<&std::ffi::OsStr>| path.unwrap_or_default().to_string_lossy().into_owned();
    let is_toml = |path: &Path| path.extension().is_some_and(|extension| extension == "toml");
    let mut files = Vec::new();
    let (platforms, beside): (Vec<_>, Vec<_>) = list(folder)?.into_iter().partition(|path| path.is_dir());
    if let Some(stray) = beside.iter().filter(|path| is_toml(path)).min() {
        let stray = stray.display();
        return Err(format!(
            "{stray}: a check lies in the folder of its platform: {}/redis/NAME.toml",
            folder.display()
        ));
    }
    for platform in platforms {
        for file in list(&platform)? {
            if is_toml(&file) {
                files.push((format!("{}/{}", part(platform.file_name()), part(file.file_stem())), file));
            }
        }
    }
    files.sort();
    Ok(files)
}
