//! Which files an `include` reads, and what keeps them from being read.
//!
//! `config.c:loadServerConfig`: 6.2 opens the path as it is; 7.0 and later hand a path with `*`, `?` or `[` to
//! `glob(3)` without flags and join what matches without anything between.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::acl::file::AclFile;
use super::split::{Joined, Line, lines};
use super::template::{Marks, Reading};
use super::version::Version;
use crate::files::{Files, Location, glob};
use crate::text::{Place, SourceId, Sources, Unreadable};

/// How many files one configuration may read, counted as often as they are read: a bound on work, far above use.
pub const MOST_FILES: usize = 4096;

/// How deep includes may nest: a bound on the stack, far above use.
pub const DEEPEST: usize = 100;

/// What was read, shared between versions: each file is opened and split once.
pub struct Library<'a> {
    files: &'a dyn Files,
    /// All sources of the run.
    pub sources: &'a mut Sources,
    raw: bool,
    /// By the file itself, whatever names and links lead to it.
    read: HashMap<PathBuf, Result<SourceId, Unreadable>>,
    reals: HashMap<Location, Result<PathBuf, Unreadable>>,
    texts: HashMap<Vec<SourceId>, Arc<Text>>,
    acl_files: HashMap<SourceId, Arc<AclFile<'static>>>,
}

/// The lines of files that the server reads as one text.
#[derive(Debug)]
pub struct Text {
    /// The lines that are neither blank nor comments.
    pub lines: Vec<Line>,
    /// The sources it is made of.
    pub sources: Vec<SourceId>,
}

/// What a path of `include` leads to.
#[derive(Debug)]
pub struct Opened {
    /// Each file with its bytes.
    pub files: Vec<(Location, SourceId)>,
    /// What kept one from being read, with its place; nothing after it was tried.
    pub failed: Option<(Location, Unreadable)>,
}

impl<'a> Library<'a> {
    /// A library that opens files through `files`. `raw` is whether files are taken as the server takes them, marks
    /// of templates being nothing special.
    pub fn new(files: &'a dyn Files, sources: &'a mut Sources, raw: bool) -> Library<'a> {
        let (read, reals, texts, acl_files) = (HashMap::new(), HashMap::new(), HashMap::new(), HashMap::new());
        Library { files, sources, raw, read, reals, texts, acl_files }
    }

    /// Whether files are taken as the server on this machine takes them: what it may not read, it refuses.
    pub fn as_server(&self) -> bool {
        self.raw
    }

    /// What may be opened.
    pub fn files(&self) -> &'a dyn Files {
        self.files
    }

    /// The file that a location leads to, asked once.
    ///
    /// # Errors
    /// [`Unreadable::OutOfReach`] when it may not be opened.
    pub fn real(&mut self, at: &Location) -> Result<PathBuf, Unreadable> {
        if let Some(known) = self.reals.get(at) {
            return known.clone();
        }
        let real = self.files.real(at);
        self.reals.insert(at.clone(), real.clone());
        real
    }

    /// Says that a file is there already, under this name.
    pub fn know(&mut self, at: &Location, source: SourceId) {
        let file = self.real(at).unwrap_or_else(|_| at.path().to_path_buf());
        self.read.insert(file, Ok(source));
    }

    /// The bytes at a location, read once.
    ///
    /// # Errors
    /// [`Unreadable`] says why there are none.
    pub fn source(&mut self, at: &Location) -> Result<SourceId, Unreadable> {
        let file = self.real(at)?;
        if let Some(known) = self.read.get(&file) {
            return known.clone();
        }
        // A path of the target machine is shown as this machine has it.
        let shown = match at {
            Location::Here(path) => path.clone(),
            Location::Target(_) => file.clone(),
        };
        let result = match self.files.read(at) {
            Ok(bytes) => Ok(self.sources.add(Place::File(shown), bytes)),
            // The server opens a folder without complaint and reads nothing from it.
            Err(Unreadable::NotAFile("a folder")) => Ok(self.sources.add(Place::File(shown), Vec::new())),
            Err(error) => Err(error),
        };
        self.read.insert(file, result.clone());
        result
    }

    /// The lines of sources that the server reads one after the other. `last_is_options` is whether the last one is
    /// made of the command line, which the server puts on a line of its own.
    pub fn text(&mut self, sources: &[SourceId], last_is_options: bool) -> Arc<Text> {
        if let Some(text) = self.texts.get(sources) {
            return text.clone();
        }
        let mut joined = Joined::new();
        for (index, id) in sources.iter().enumerate() {
            let source = self.sources.get(*id);
            if last_is_options && index + 1 == sources.len() {
                joined.push(b'\n');
                joined.append(source);
            } else {
                joined.read(source);
            }
        }
        let reading = match sources.first().and_then(|id| self.sources.get(*id).place().path()) {
            _ if self.raw => Reading::Raw,
            Some(path) => Reading::of(path),
            None => Reading::Ordinary,
        };
        let marks = Marks::find(joined.bytes(), reading);
        let text = Arc::new(Text { lines: lines(&joined, &marks), sources: sources.to_vec() });
        self.texts.insert(sources.to_vec(), text.clone());
        text
    }

    /// Lets go of the lines of a source, which are split again should somebody ask.
    pub fn forget(&mut self, source: SourceId) {
        self.texts.remove(&[source][..]);
    }

    /// A source taken apart as an ACL file, once.
    pub fn acl_file(&mut self, source: SourceId) -> Arc<AclFile<'static>> {
        let sources = &*self.sources;
        let read = || Arc::new(AclFile::read(sources.get(source).bytes()).into_owned());
        self.acl_files.entry(source).or_insert_with(read).clone()
    }

    /// What `include path` reads while `folder` is the working folder.
    pub fn include(&mut self, path: &[u8], folder: &Location, version: &Version) -> Opened {
        let magic = version.since(7, 0) && path.iter().any(|byte| matches!(byte, b'*' | b'?' | b'['));
        let places = if magic {
            match glob::glob(self.files, path, folder, self.raw) {
                Ok(places) => places,
                Err(failed) => return Opened { files: Vec::new(), failed: Some(failed) },
            }
        } else {
            vec![folder.resolve(&glob::path_of(path))]
        };
        let mut opened = Opened { files: Vec::new(), failed: None };
        for at in places {
            match self.source(&at) {
                Ok(source) => opened.files.push((at, source)),
                Err(Unreadable::Missing) if magic => {}
                Err(error) => {
                    opened.failed = Some((at, error));
                    break;
                }
            }
        }
        opened
    }
}

/// A path as a configuration writes it.
pub fn written_path(bytes: &[u8]) -> PathBuf {
    glob::path_of(super::number::c_string(bytes))
}
