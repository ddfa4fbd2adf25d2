//! Platforms: what turns text into facts. The one list of them is [`PLATFORMS`].

pub mod effective;
pub mod group;
pub mod hardline;
pub mod name;
pub mod nginx;
pub mod redis;
pub mod sentinel;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::caching::CacheRules;
use crate::edit::{EditError, EditOp, TextEdit};
use crate::fact::{Name, Subject};
use crate::files::{Files, Location};
use crate::mask::{Hidden, Mask, secrets_of};
use crate::schema::{Field, Root};
use crate::text::{Level, Notice, Place, Source, SourceId, Sources, Where};

/// One product whose configuration hardline understands. A platform says what is and never judges.
pub trait Platform: Sync {
    /// The facts that its subjects can have, below the platform's name.
    fn schema(&self) -> &'static Root;

    /// Whether a file of this name in a folder of that name, both in lower case, could be one of this platform's: asked
    /// before anything of it is read.
    fn interest(&self, name: &str, folder: &str) -> Interest;

    /// The places of everything in a source that must never be shown, whether it is in force or not.
    fn secrets(&self, source: &Source) -> Vec<Hidden>;

    /// Whether a file is one of this platform's, and in one line why. Asked with the start of the file's bytes or all
    /// of them; a file belongs to the first platform of [`PLATFORMS`] that claims it.
    fn claims(&self, path: &Path, bytes: &[u8]) -> Option<String>;

    /// The subjects that the claimed files make. Never fails: what cannot be read becomes unknown facts and notices.
    fn read(&self, claimed: &[Claimed], context: &Context<'_>, reading: &mut Reading) -> Vec<Subject>;

    /// The text edits that carry out one step of a fix.
    ///
    /// # Errors
    /// [`EditError`] says why a program cannot do it.
    fn edit(&self, sources: &Sources, subject: &Subject, op: &EditOp) -> Result<Vec<TextEdit>, EditError>;
}

/// How much of a file a platform wants to see, going by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Interest {
    /// Nothing.
    None,
    /// The start: most files of such names are somebody else's.
    Head,
    /// Everything.
    Whole,
}

/// A file that a platform claimed.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// Its bytes.
    pub source: SourceId,
    /// Where they are, for what it includes.
    pub location: Location,
    /// Why it was claimed, in one line.
    pub because: String,
    /// Whether the user asked for this file, or it is only here because it may include one that was asked for.
    pub asked: bool,
}

/// What reading may use.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// What may be opened.
    pub files: &'a dyn Files,
    /// The declared version of each platform, `product:version`.
    pub versions: &'a BTreeMap<String, String>,
    /// The facts that somebody will ask for.
    pub wanted: &'a Wanted,
    /// The day of the run, `YYYY-MM-DD`: the only clock that facts know.
    pub today: Option<&'a str>,
    /// The project's rules for caches, if it has any.
    pub cache_rules: Option<&'a CacheRules>,
}

/// Which facts of a subject somebody will ask for. A platform may leave out others, of which it has hundreds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Wanted {
    /// Every one.
    #[default]
    All,
    /// Those of these names, whatever is below them.
    Names(Arc<BTreeSet<String>>),
}

impl Wanted {
    /// Whether somebody will ask for the fact of this name.
    pub fn has(&self, name: &str) -> bool {
        match self {
            Wanted::All => true,
            Wanted::Names(names) => names.contains(name),
        }
    }

    /// Those of some fields that somebody will ask for. `find` gives the field of a name.
    pub fn among(&self, fields: &'static [Field], find: impl Fn(&str) -> Option<&'static str>) -> Vec<Name> {
        match self {
            Wanted::All => fields.iter().map(|field| field.name).collect(),
            Wanted::Names(names) => names.iter().filter_map(|name| find(name)).collect(),
        }
    }
}

/// What reading adds to.
#[derive(Debug, Default)]
pub struct Reading {
    /// All sources of the run.
    pub sources: Sources,
    /// What the user should know.
    pub notices: Vec<Notice>,
}

/// Every platform, in the order in which they are asked whether a file is theirs.
/// Sentinel comes first: what it names is no Redis instance of its own.
pub static PLATFORMS: &[&dyn Platform] =
    &[&sentinel::Sentinel, &redis::Redis, &nginx::Nginx, &group::Group, &hardline::Hardline];

/// What is wrong with a declared version, `product:version`, if anything is.
///
/// # Errors
/// A line that says so.
pub fn version(declared: &str) -> Result<(), String> {
    match declared.starts_with("nginx:") {
        true => nginx::version::Version::parse(declared).map(drop),
        false => redis::version::Version::find(declared).map(drop),
    }
}

/// The platform that a declared version is one of.
pub fn of_version(declared: &str) -> &'static str {
    if declared.starts_with("nginx:") { "nginx" } else { "redis" }
}

/// A file that was found, before anybody claimed it.
#[derive(Debug, Clone)]
pub struct Found {
    /// Where it is.
    pub location: Location,
    /// Where its bytes came from, for reports.
    pub place: Place,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Whether the user asked for it.
    pub asked: bool,
    /// Whether the user gave it by name, and so wants to know when nothing comes of it.
    pub named: bool,
    /// The platform the user says it belongs to, whatever it looks like.
    pub platform: Option<&'static str>,
}

/// The files of a run, each with the platform that claims it.
#[derive(Debug, Default)]
pub struct Claims {
    /// Those of each platform, in the order of [`PLATFORMS`].
    claimed: Vec<Vec<Claimed>>,
    /// Those that the user gave by name and nobody wants.
    unclaimed: Vec<Location>,
}

impl Claims {
    /// Whether a platform has files.
    pub fn has(&self, platform: &str) -> bool {
        PLATFORMS.iter().zip(&self.claimed).any(|(it, files)| it.schema().name == platform && !files.is_empty())
    }
}

/// Lets each file be claimed by the first platform that wants it.
pub fn claim(found: Vec<Found>, sources: &mut Sources) -> Claims {
    let mut claimed: Vec<Vec<Claimed>> = PLATFORMS.iter().map(|_| Vec::new()).collect();
    let mut unclaimed = Vec::new();
    for file in found {
        let owner = PLATFORMS.iter().enumerate().find_map(|(index, platform)| match file.platform {
            Some(name) if name == platform.schema().name => Some((index, "the user says so".to_owned())),
            Some(_) => None,
            None => Some((index, platform.claims(file.location.path(), &file.bytes)?)),
        });
        if let Some((index, because)) = owner {
            let source = sources.add(file.place, file.bytes);
            claimed[index].push(Claimed { source, location: file.location, because, asked: file.asked });
        } else if file.named {
            unclaimed.push(file.location);
        }
    }
    Claims { claimed, unclaimed }
}

/// Lets each file be claimed by the first platform that wants it, and each platform read its own.
pub fn read_all(found: Vec<Found>, context: &Context<'_>, reading: &mut Reading) -> Vec<Subject> {
    let claims = claim(found, &mut reading.sources);
    read_claimed(claims, context, reading)
}

/// Lets each platform read its files.
pub fn read_claimed(claims: Claims, context: &Context<'_>, reading: &mut Reading) -> Vec<Subject> {
    let Claims { claimed, mut unclaimed } = claims;
    let mut subjects: Vec<Subject> = Vec::new();
    for (platform, mut files) in PLATFORMS.iter().zip(claimed).filter(|(_, files)| !files.is_empty()) {
        let named = files_of(&subjects, context.files, &reading.sources);
        if !named.is_empty() {
            files.retain(|file| !context.files.real(&file.location).is_ok_and(|real| named.contains(&real)));
        }
        if !files.is_empty() {
            subjects.extend(platform.read(&files, context, reading));
        }
    }
    if !unclaimed.is_empty() {
        let named = files_of(&subjects, context.files, &reading.sources);
        unclaimed.retain(|at| !context.files.real(at).is_ok_and(|real| named.contains(&real)));
        reading.notices.extend(unclaimed.iter().map(|at| nobodys(at.path())));
    }
    if context.wanted.has("passwords") {
        redis::shared::link(&mut subjects);
    }
    if context.wanted.has("files") || context.wanted.has("passwords") {
        redis::on_disk::add(&mut subjects, &reading.sources, context.files);
    }
    subjects
}

/// What is said of a file that was given by name, and that no platform knows.
fn nobodys(path: &Path) -> Notice {
    let message = "not judged: nothing that hardline understands (--platform says what it is)".to_owned();
    Notice { level: Level::Info, at: Where::Path(path.to_path_buf()), message }
}

/// The files that some subject is made of: none of them is a subject of its own.
fn files_of(subjects: &[Subject], files: &dyn Files, sources: &Sources) -> BTreeSet<PathBuf> {
    let ids = subjects.iter().flat_map(|subject| &subject.sources);
    let paths = ids.filter_map(|&id| sources.get(id).place().path());
    paths.filter_map(|path| files.real(&Location::Here(path.to_path_buf())).ok()).collect()
}

/// The places of all secrets in what was read, in force or not.
pub fn secrets(sources: &Sources, subjects: &[Subject]) -> Mask {
    let with_secrets: Vec<&str> = PLATFORMS
        .iter()
        .map(|platform| platform.schema())
        .filter(|root| root.has_secrets())
        .map(|root| root.name)
        .collect();
    let subjects = subjects.iter().filter(|subject| with_secrets.contains(&subject.kind));
    let mut hidden: Vec<Hidden> = subjects.flat_map(|subject| secrets_of(&subject.facts)).collect();
    for source in sources.iter() {
        hidden.extend(PLATFORMS.iter().flat_map(|platform| platform.secrets(source)));
    }
    Mask::new(hidden)
}
