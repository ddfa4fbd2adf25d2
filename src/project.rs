//! What a run works with: the project's configuration, the checks, and the facts of the files that are looked at.

mod facts;

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::caching::CacheRules;
use crate::check::{Loaded, embedded, load};
use crate::choose::{All, Chosen, Wishes, choose};
use crate::collect::{Request, collect};
use crate::config::{self, Config};
use crate::date::Date;
use crate::files::normal;
use crate::finding::{CheckId, Label};
use crate::platform::{self, Context, PLATFORMS, Reading, Wanted};
use crate::schema::Root;
use crate::text::{DEFAULT_LIMIT, Level, Notice, Place, SourceId, Sources, Span, Where, read_file};
use crate::waive::Known;

pub use self::facts::Facts;
use self::facts::{Collection, Waivers};

/// What a run is told.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Files, folders, and `-` for standard input.
    pub paths: Vec<PathBuf>,
    /// The name that standard input stands for.
    pub stdin_name: Option<PathBuf>,
    /// The working folder; absolute.
    pub cwd: PathBuf,
    /// Where the target machine's `/` is.
    pub root: Option<PathBuf>,
    /// The configuration file, instead of the nearest one above the working folder.
    pub config: Option<PathBuf>,
    /// The version of the server, `product:version`.
    pub server_version: Option<String>,
    /// The platform that files given by name belong to.
    pub platform: Option<&'static str>,
    /// Folders with checks of the user's own.
    pub checks: Vec<PathBuf>,
    /// Which checks to run.
    pub wishes: Wishes,
    /// Whether fixes are worked out as far as bytes.
    pub fixes: bool,
    /// Whether what was found is kept, so that it can be read once more with other bytes.
    pub keep: bool,
    /// Whether the report says when it was made and how long that took.
    pub timed: bool,
    /// Whether waivers are left aside, as if there were none.
    pub no_waivers: bool,
    /// Which day it is, instead of what the clock says.
    pub today: Option<Date>,
}

/// Why there is no result.
#[derive(Debug, Default)]
pub struct Trouble {
    /// Mistakes without a place, one line each.
    pub lines: Vec<String>,
    /// Mistakes in files of the user's own.
    pub places: Vec<Label>,
    /// What the places are in.
    pub sources: Sources,
}

/// The schemas of all platforms.
pub fn roots() -> Vec<&'static Root> {
    PLATFORMS.iter().map(|platform| platform.schema()).collect()
}

/// A file of the user's own checks, or one that comes with hardline.
#[derive(Debug)]
pub struct CheckText {
    /// The id that its path says, where the path says one.
    pub id: Option<String>,
    /// Its text.
    pub source: SourceId,
}

/// A project: its configuration, and its own files as far as they were read.
#[derive(Debug, Default)]
pub struct Project {
    config: Config,
    folder: PathBuf,
    sources: Sources,
    /// The user's own checks, as far as they were read.
    own: Vec<CheckText>,
    /// Where the configuration is, if there is one.
    file: Option<SourceId>,
    /// Every check there is, once they are loaded.
    known: Vec<Known>,
    /// Mistakes that were found and not told yet.
    lines: Vec<String>,
    places: Vec<Label>,
}

/// Checks that are at fault themselves, with the reason.
type Broken = Vec<(CheckId, String)>;

impl Project {
    /// Finds and reads the configuration. Mistakes in it wait until all others are known.
    ///
    /// # Errors
    /// When it cannot be read at all.
    pub fn find(options: &Options) -> Result<Project, Trouble> {
        let mut project = Project { folder: options.cwd.clone(), ..Project::default() };
        let given = options.config.as_ref().map(|path| options.cwd.join(path));
        if let Some(path) = given.or_else(|| config::find(&options.cwd)) {
            let bytes = config::load(&path).map_err(|why| Trouble::line(format!("{}: {why}", path.display())))?;
            path.parent().unwrap_or(Path::new("/")).clone_into(&mut project.folder);
            let source = project.sources.add(Place::File(path), bytes);
            project.file = Some(source);
            (project.config, project.places) = config::parse(project.sources.get(source));
        }
        if let Some(Err(why)) = options.server_version.as_deref().map(platform::version) {
            project.lines.push(format!("--server-version: {why}"));
        }
        for version in project.config.versions.values() {
            if let Err(text) = platform::version(&version.it) {
                project.places.push(Label { span: version.at, text });
            }
        }
        Ok(project)
    }

    /// Nothing, or all mistakes so far.
    fn sound(&mut self) -> Result<(), Trouble> {
        if self.lines.is_empty() && self.places.is_empty() {
            return Ok(());
        }
        self.places.sort_by_key(|place| place.span);
        let (lines, places) = (std::mem::take(&mut self.lines), std::mem::take(&mut self.places));
        Err(Trouble { lines, places, sources: self.sources.clone() })
    }

    /// All checks there are: those that come with hardline and those in the user's folders, sorted by id.
    ///
    /// # Errors
    /// Every mistake in the configuration and in the user's own checks.
    pub fn all_checks(&mut self, options: &Options) -> Result<All, Trouble> {
        let all = self.load_checks(options);
        self.sound().map(|()| all)
    }

    /// The checks that the user's wishes leave, and those of them that are broken, with the reason.
    ///
    /// # Errors
    /// As [`Project::all_checks`], and every wish that means nothing.
    pub fn checks(&mut self, options: &Options) -> Result<(Vec<Chosen>, Broken), Trouble> {
        let mut all = self.load_checks(options);
        let chosen = choose(&mut all, &self.config, &options.wishes).unwrap_or_else(|mistakes| {
            self.lines.extend(mistakes.lines);
            self.places.extend(mistakes.places);
            Vec::new()
        });
        self.sound().map(|()| (chosen, all.broken))
    }

    fn load_checks(&mut self, options: &Options) -> All {
        let roots = roots();
        let mut all = All::default();
        for check in embedded::all() {
            match check.check(&roots) {
                Ok(check) => all.checks.push(check),
                Err(why) => all.broken.push((CheckId(check.id.into()), why)),
            }
        }
        for loaded in self.own_checks(options) {
            let id = &loaded.check.id;
            if all.checks.iter().any(|check| check.id == *id) || all.broken.iter().any(|(broken, _)| broken == id) {
                self.lines.push(format!("there are two checks with the id {id}"));
            } else {
                all.checks.push(loaded.check);
            }
        }
        all.checks.sort_by(|a, b| a.id.cmp(&b.id));
        let known = all.checks.iter().map(|check| Known { id: check.id.clone(), formerly: check.formerly.clone() });
        let broken = all.broken.iter().map(|(id, _)| Known { id: id.clone(), formerly: Vec::new() });
        self.known = known.chain(broken).collect();
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

    /// Keeps a mistake without a place.
    pub fn mistake(&mut self, line: String) {
        self.lines.push(line);
    }

    /// Goes on only without mistakes.
    ///
    /// # Errors
    /// All that were found.
    pub fn finish(mut self) -> Result<(), Trouble> {
        self.sound()
    }

    /// Collects the files of a run and reads them.
    ///
    /// # Errors
    /// Every mistake in the arguments and the configuration.
    pub fn read(&mut self, options: &Options, stdin: &mut dyn Read, wanted: &Wanted) -> Result<Facts, Trouble> {
        self.sound()?;
        let paths = if options.paths.is_empty() { vec![PathBuf::from(".")] } else { options.paths.clone() };
        let whole = paths.iter().any(|path| normal(&self.folder).starts_with(normal(&options.cwd.join(path))));
        let collected = collect(Request {
            paths,
            stdin_name: options.stdin_name.clone(),
            stdin,
            cwd: options.cwd.clone(),
            root: options.root.clone(),
            exclude_from: self.folder.clone(),
            exclude: self.config.exclude.clone(),
            platform: options.platform,
            limit: DEFAULT_LIMIT,
        })
        .map_err(|errors| Trouble { lines: errors.iter().map(ToString::to_string).collect(), ..Trouble::default() })?;
        let declared =
            self.config.versions.iter().map(|(platform, version)| ((*platform).to_owned(), version.it.clone()));
        let mut versions: BTreeMap<String, String> = declared.collect();
        versions.extend(
            options.server_version.iter().map(|version| (platform::of_version(version).to_owned(), version.clone())),
        );
        let keep = || Arc::new(Collection { found: collected.found.clone(), notices: collected.notices.clone() });
        let kept = options.keep.then(keep);
        let cache_rules = self.cache_rules();
        let mut reading = Reading { notices: collected.notices, ..Reading::default() };
        let today = options.today.unwrap_or_else(Date::today).to_string();
        let context = Context {
            files: &collected.disk,
            versions: &versions,
            wanted,
            today: Some(&today),
            cache_rules: cache_rules.as_ref(),
        };
        let subjects = platform::read_all(collected.found, &context, &mut reading);
        if subjects.is_empty() {
            let message = "nothing was found that hardline understands".to_owned();
            reading.notices.push(Notice { level: Level::Info, at: Where::Run, message });
        }
        let config = self.file.filter(|_| !self.config.waivers.is_empty()).map(|file| self.sources.get(file));
        let config = config.map(|file| (file.place().clone(), file.bytes().to_vec()));
        let waivers = Waivers { config, none: options.no_waivers, folder: self.folder.clone(), whole };
        let stated = waivers.read(&mut reading.sources, &subjects);
        let mask = platform::secrets(&reading.sources, &subjects);
        let Reading { sources, notices } = reading;
        let files = collected.disk;
        let (wanted, changed) = (wanted.clone(), BTreeMap::new());
        Ok(Facts {
            sources,
            mask,
            subjects,
            notices,
            files,
            versions,
            wanted,
            today,
            cache_rules,
            stated,
            waivers,
            changed,
            kept,
        })
    }

    /// The project's rules for caches, with the file they are in.
    fn cache_rules(&self) -> Option<CacheRules> {
        let file = self.sources.get(self.file.filter(|_| !self.config.cache_rules.is_empty())?);
        let rules = self.config.cache_rules.clone();
        Some(CacheRules { place: file.place().clone(), bytes: file.bytes().to_vec(), rules })
    }
}

impl Trouble {
    /// A single mistake without a place.
    pub fn line(line: impl Into<String>) -> Trouble {
        Trouble { lines: vec![line.into()], ..Trouble::default() }
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
