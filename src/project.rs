//! What a run works with: the project's configuration, the checks, and the facts of the files that are looked at.

mod checks;
mod facts;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::caching::CacheRules;
use crate::choose::Wishes;
use crate::collect::{Request, collect};
use crate::config::{self, AllowDrift, Config, Environment};
use crate::date::Date;
use crate::files::{Disk, normal};
use crate::finding::Label;
use crate::platform::group;
use crate::platform::redis::live::subject::Wish;
use crate::platform::redis::live::{self, Heard};
use crate::platform::{self, Claims, Context, PLATFORMS, Reading, Wanted};
use crate::schema::Root;
use crate::text::{DEFAULT_LIMIT, Level, Notice, Place, Source, SourceId, Sources, Where};
use crate::waive::Known;

pub use self::checks::check_files;
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
    /// Whether the keys of servers that run are looked at.
    pub keys: bool,
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

/// The files of a run with the platforms that claim them, before they are read.
#[derive(Debug)]
pub struct Gathered {
    /// The files.
    pub claims: Claims,
    reading: Reading,
    disk: Disk,
    kept: Option<Arc<Collection>>,
    whole: bool,
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

    /// The folder that paths of the configuration count from.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The environments that it names.
    pub fn environments(&self) -> &[Environment] {
        &self.config.environments
    }

    /// The differences between environments that somebody answers for.
    pub fn allow_drift(&self) -> &[AllowDrift] {
        &self.config.allow_drift
    }

    /// The sources of its own: the configuration, and checks as far as they were read.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// The configuration, if there is one.
    pub fn source(&self) -> Option<&Source> {
        self.file.map(|file| self.sources.get(file))
    }

    /// Nothing, or all mistakes so far.
    ///
    /// # Errors
    /// All of them.
    pub(crate) fn sound(&mut self) -> Result<(), Trouble> {
        if self.lines.is_empty() && self.places.is_empty() {
            return Ok(());
        }
        self.places.sort_by_key(|place| place.span);
        let (lines, places) = (std::mem::take(&mut self.lines), std::mem::take(&mut self.places));
        Err(Trouble { lines, places, sources: self.sources.clone() })
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

    /// Collects the files of a run. Mistakes in the arguments wait until all others are known; then there is nothing.
    pub fn gather(&mut self, options: &Options, stdin: &mut dyn Read) -> Option<Gathered> {
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
        .map_err(|errors| self.lines.extend(errors.iter().map(ToString::to_string)))
        .ok()?;
        let kept =
            options.keep.then(|| Collection { found: collected.found.clone(), notices: collected.notices.clone() });
        let mut reading = Reading { notices: collected.notices, ..Reading::default() };
        let claims = platform::claim(collected.found, &mut reading.sources);
        Some(Gathered { claims, reading, disk: collected.disk, kept: kept.map(Arc::new), whole })
    }

    /// Collects the files of a run and reads them.
    ///
    /// # Errors
    /// Every mistake in the arguments and the configuration.
    pub fn read(&mut self, options: &Options, stdin: &mut dyn Read, wanted: &Wanted) -> Result<Facts, Trouble> {
        let gathered = self.gather(options, stdin);
        self.read_gathered(options, gathered, wanted)
    }

    /// Reads the files that were collected.
    ///
    /// # Errors
    /// Every mistake in the arguments and the configuration.
    pub fn read_gathered(
        &mut self,
        options: &Options,
        gathered: Option<Gathered>,
        wanted: &Wanted,
    ) -> Result<Facts, Trouble> {
        self.sound()?;
        let gathered = gathered.ok_or_else(Trouble::default)?;
        let Gathered { claims, mut reading, disk, kept, whole } = gathered;
        let declared =
            self.config.versions.iter().map(|(platform, version)| ((*platform).to_owned(), version.it.clone()));
        let mut versions: BTreeMap<String, String> = declared.collect();
        versions.extend(
            options.server_version.iter().map(|version| (platform::of_version(version).to_owned(), version.clone())),
        );
        let cache_rules = self.cache_rules();
        let today = options.today.unwrap_or_else(Date::today).to_string();
        let context = Context {
            files: &disk,
            versions: &versions,
            wanted,
            today: Some(&today),
            cache_rules: cache_rules.as_ref(),
        };
        let subjects = platform::read_claimed(claims, &context, &mut reading);
        if subjects.is_empty() {
            let message = "nothing was found that hardline understands".to_owned();
            reading.notices.push(Notice { level: Level::Info, at: Where::Run, message });
        }
        let waivers = self.waivers(options, whole);
        let stated = waivers.read(&mut reading.sources, &subjects);
        let mask = platform::secrets(&reading.sources, &subjects);
        let Reading { sources, notices } = reading;
        let (files, wanted, changed) = (disk, wanted.clone(), BTreeMap::new());
        Ok(Facts {
            asked: Vec::new(),
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

    /// Reads what servers answered.
    ///
    /// # Errors
    /// Every mistake in the configuration.
    pub fn read_live(&mut self, options: &Options, heard: &[Heard], wanted: &Wanted) -> Result<Facts, Trouble> {
        self.sound()?;
        let today = options.today.unwrap_or_else(Date::today).to_string();
        let mut reading = Reading::default();
        let keys = options.keys.then_some(&*self.config.key_prefixes);
        let mut subjects = live::subjects(heard, Wish { wanted, today: Some(&today), keys }, &mut reading);
        let groups = group::subjects(heard, &mut subjects, &mut reading.sources);
        subjects.extend(groups);
        let waivers = self.waivers(options, false);
        let stated = waivers.read(&mut reading.sources, &subjects);
        let mask = platform::secrets(&reading.sources, &subjects);
        let Reading { sources, notices } = reading;
        Ok(Facts {
            asked: Vec::new(),
            sources,
            mask,
            subjects,
            notices,
            files: Disk::new(Vec::new(), None, DEFAULT_LIMIT),
            versions: BTreeMap::new(),
            wanted: wanted.clone(),
            today,
            cache_rules: None,
            stated,
            waivers,
            changed: BTreeMap::new(),
            kept: None,
        })
    }

    fn waivers(&self, options: &Options, whole: bool) -> Waivers {
        let config = self.file.filter(|_| !self.config.waivers.is_empty()).map(|file| self.sources.get(file));
        let config = config.map(|file| (file.place().clone(), file.bytes().to_vec()));
        Waivers { config, none: options.no_waivers, folder: self.folder.clone(), whole }
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
