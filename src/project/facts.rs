//! What was read, and how it is read again with other bytes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::caching::CacheRules;
use crate::choose::Chosen;
use crate::config;
use crate::fact::Subject;
use crate::files::{Changed, Disk};
use crate::mask::Mask;
use crate::platform::hardline::comment;
use crate::platform::{self, Context, Found, Reading, Wanted};
use crate::report::Shower;
use crate::settle::Stated;
use crate::text::{Notice, Place, Sources};

/// What was read: facts, before anything is judged.
#[derive(Debug)]
pub struct Facts {
    /// All sources of the run.
    pub sources: Sources,
    /// What must not be shown of them.
    pub mask: Mask,
    /// The subjects with their facts.
    pub subjects: Vec<Subject>,
    /// What the user should know.
    pub notices: Vec<Notice>,
    /// What may be opened.
    pub files: Disk,
    /// The declared version of each platform.
    pub versions: BTreeMap<String, String>,
    /// The facts that were wanted.
    pub wanted: Wanted,
    /// The day of the run.
    pub today: String,
    /// The project's rules for caches.
    pub cache_rules: Option<CacheRules>,
    /// The waivers as they are written.
    pub stated: Stated,
    /// Where they come from.
    pub(super) waivers: Waivers,
    /// The checks that judged: who is done with them may leave them to the end of the process.
    pub asked: Vec<Chosen>,
    /// The bytes that files would have, by where their paths really lead.
    pub changed: BTreeMap<PathBuf, Vec<u8>>,
    /// What was found, if it was to be kept.
    pub(super) kept: Option<Arc<Collection>>,
}

/// Where waivers come from, apart from comments.
#[derive(Debug, Clone)]
pub(super) struct Waivers {
    /// The configuration, if it has any.
    pub(super) config: Option<(Place, Vec<u8>)>,
    /// Whether they are left aside.
    pub(super) none: bool,
    pub(super) folder: PathBuf,
    pub(super) whole: bool,
}

impl Waivers {
    /// The waivers of the configuration and of comments in what was read.
    pub(super) fn read(&self, sources: &mut Sources, subjects: &[Subject]) -> Stated {
        let mut waivers = Vec::new();
        if !self.none {
            if let Some((place, bytes)) = &self.config {
                // Their places are in the sources of the run, where reports show them.
                let file = sources.add(place.clone(), bytes.clone());
                waivers = config::parse(sources.get(file)).0.waivers;
            }
            waivers.extend(comment::collect(subjects, sources));
        }
        Stated { waivers, folder: self.folder.clone(), whole: self.whole }
    }
}

/// What was found, and what was said about finding it.
#[derive(Debug)]
pub(super) struct Collection {
    pub(super) found: Vec<Found>,
    pub(super) notices: Vec<Notice>,
}

impl Facts {
    /// What would be read if files had other bytes, by where their paths really lead; nothing where what was found was
    /// not kept.
    pub fn with(&self, changed: BTreeMap<PathBuf, Vec<u8>>) -> Option<Facts> {
        let kept = self.kept.clone()?;
        let files = Changed::new(&self.files, changed.clone());
        let mut reading = Reading { notices: kept.notices.clone(), ..Reading::default() };
        let found = kept.found.iter().map(|found| {
            let bytes = match &found.place {
                Place::File(_) => files.of(&found.location).unwrap_or(&found.bytes),
                Place::Stdin(_) | Place::Arguments | Place::Live { .. } => &found.bytes,
            };
            Found { bytes: bytes.to_vec(), ..found.clone() }
        });
        let context = Context {
            files: &files,
            versions: &self.versions,
            wanted: &self.wanted,
            today: Some(&self.today),
            cache_rules: self.cache_rules.as_ref(),
        };
        let subjects = platform::read_all(found.collect(), &context, &mut reading);
        let stated = self.waivers.read(&mut reading.sources, &subjects);
        let mask = platform::secrets(&reading.sources, &subjects);
        let Reading { sources, notices } = reading;
        let (files, versions) = (self.files.clone(), self.versions.clone());
        let (wanted, waivers, today) = (self.wanted.clone(), self.waivers.clone(), self.today.clone());
        let kept = Some(kept);
        let cache_rules = self.cache_rules.clone();
        Some(Facts {
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

    /// What shows places in these sources.
    pub fn shower<'a>(&'a self, cwd: &'a Path) -> Shower<'a> {
        Shower { sources: &self.sources, mask: &self.mask, cwd }
    }
}
