//! Which files an `include` reads (`ngx_conf_include` in ngx_conf_file.c, 1.22.1), and what keeps them from being read.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::parse::parse;
use super::tree::{Body, Directive, File, Item, Mistake};
use crate::fact::{Unknown, Why};
use crate::files::glob::{glob, path_of};
use crate::files::{Files, Location};
use crate::text::{Place, SourceId, Sources, Unreadable};

/// How many files one configuration may read, counted as often as they are read: a bound on work, far above use.
const MOST_FILES: usize = 4096;

/// How many bytes they may have, counted likewise. An ordinary configuration has some ten thousand.
const MOST_BYTES: usize = 64 << 20;

/// How deep includes may nest. nginx itself goes on until it has no file descriptors left.
const DEEPEST: usize = 32;

/// The folders in which packages and images keep nginx.conf: where a configuration of such a machine is kept in a
/// repository, what it includes from there is beside it.
const HOMES: [&str; 6] = [
    "/etc/nginx",
    "/usr/local/etc/nginx",
    "/usr/local/nginx/conf",
    "/usr/local/openresty/nginx/conf",
    "/opt/bitnami/nginx/conf",
    "/opt/nginx/conf",
];

/// Reads files for configurations of one run.
pub struct Library<'a> {
    files: &'a dyn Files,
    /// All sources of the run.
    pub sources: &'a mut Sources,
    /// Whether files are asked for as nginx on this machine would ask: what it may not read, it refuses.
    raw: bool,
    /// By the file itself, whatever names and links lead to it.
    read: HashMap<PathBuf, Result<SourceId, Unreadable>>,
}

/// A main configuration with everything that it includes.
#[derive(Debug, Clone)]
pub struct Conf {
    /// The main file.
    pub file: File,
    /// Every source it is made of, the main one first.
    pub sources: Vec<SourceId>,
}

impl<'a> Library<'a> {
    /// A library that opens files through `files`; `raw` is whether it does so as nginx on this machine would.
    pub fn new(files: &'a dyn Files, sources: &'a mut Sources, raw: bool) -> Library<'a> {
        Library { files, sources, raw, read: HashMap::new() }
    }

    /// What may be opened.
    pub fn files(&self) -> &'a dyn Files {
        self.files
    }

    /// Says that a file is there already, under this name.
    pub fn know(&mut self, at: &Location, source: SourceId) {
        let file = self.files.real(at).unwrap_or_else(|_| at.path().to_path_buf());
        self.read.insert(file, Ok(source));
    }

    /// The bytes at a location, read once.
    ///
    /// # Errors
    /// [`Unreadable`] says why there are none.
    pub fn source(&mut self, at: &Location) -> Result<SourceId, Unreadable> {
        let real = self.files.real(at)?;
        if let Some(known) = self.read.get(&real) {
            return known.clone();
        }
        // A path of the target machine is shown as this machine has it.
        let shown = match at {
            Location::Here(path) => path.clone(),
            Location::Target(_) => real.clone(),
        };
        let result = self.files.read(at).map(|bytes| self.sources.add(Place::File(shown), bytes));
        self.read.insert(real, result.clone());
        result
    }

    /// A configuration whose main file is `main`; relative paths count from `folder`, whichever file writes them.
    pub fn conf(&mut self, main: SourceId, folder: &Location) -> Conf {
        let mut follower =
            Follower { folder, done: HashMap::new(), sources: vec![main], open: Vec::new(), read: Weight::default() };
        let file = follower.file(main, self);
        Conf { file, sources: follower.sources }
    }

    /// What `include path` leads to; whether more may be there that could not be seen.
    fn lead(&mut self, path: &str, folder: &Location) -> Result<Vec<Location>, (String, Unreadable)> {
        let mut tried = self.find(path, folder);
        let home = HOMES.iter().find_map(|home| Path::new(path).strip_prefix(home).ok());
        if let (Err((_, Unreadable::OutOfReach)), Some(inner), false) = (&tried, home, self.raw) {
            let beside = self.find(&inner.to_string_lossy(), folder);
            if beside.as_ref().is_ok_and(|found| !found.is_empty()) {
                tried = beside;
            }
        }
        tried
    }

    fn find(&mut self, path: &str, folder: &Location) -> Result<Vec<Location>, (String, Unreadable)> {
        if !path.contains(['*', '?', '[']) {
            let at = folder.resolve(&path_of(path.as_bytes()));
            let failed = |why| (at.path().display().to_string(), why);
            return match self.source(&at) {
                Ok(_) => Ok(vec![at]),
                Err(why) => Err(failed(why)),
            };
        }
        let found = glob(self.files, path.as_bytes(), folder, self.raw);
        let found = found.map_err(|(at, why)| (at.path().display().to_string(), why))?;
        // Without a match glob(3) gives nothing, and so does nginx; but whether there is none can only be seen where
        // the folder can be looked into.
        if found.is_empty() && !self.raw {
            let steady = path.split(['*', '?', '[']).next().unwrap_or_default();
            let steady = Path::new(steady).parent().filter(|_| !steady.ends_with('/')).unwrap_or(Path::new(steady));
            let at = folder.resolve(steady);
            if let Err(why) = self.files.real(&at).and_then(|_| self.files.list(&at)) {
                return Err((path.to_owned(), why));
            }
        }
        Ok(found)
    }
}

/// Follows the includes of one configuration.
struct Follower<'a> {
    folder: &'a Location,
    /// What was read before, with all that it includes.
    done: HashMap<SourceId, (Arc<Vec<Item>>, Weight)>,
    sources: Vec<SourceId>,
    /// The files that are being read, the outermost first.
    open: Vec<SourceId>,
    /// What was read so far, each file as often as it is included.
    read: Weight,
}

/// How much is read.
#[derive(Debug, Clone, Copy, Default)]
struct Weight {
    files: usize,
    bytes: usize,
}

impl Weight {
    fn and(self, more: Weight) -> Weight {
        Weight { files: self.files + more.files, bytes: self.bytes + more.bytes }
    }

    /// What is too much of it.
    fn excess(self) -> Option<String> {
        match () {
            () if self.files > MOST_FILES => Some(format!("more than {MOST_FILES} files")),
            () if self.bytes > MOST_BYTES => Some(format!("more than {MOST_BYTES} bytes")),
            () => None,
        }
    }
}

impl Follower<'_> {
    fn file(&mut self, source: SourceId, library: &mut Library<'_>) -> File {
        if let Some((items, weight)) = self.done.get(&source) {
            self.read = self.read.and(*weight);
            return File { source, items: items.clone() };
        }
        if !self.sources.contains(&source) {
            self.sources.push(source);
        }
        let before = self.read;
        let text = library.sources.get(source);
        self.read = before.and(Weight { files: 1, bytes: text.text().len() });
        let mut items = parse(text);
        self.open.push(source);
        self.items(&mut items, library);
        self.open.pop();
        let items = Arc::new(items);
        let weight = Weight { files: self.read.files - before.files, bytes: self.read.bytes - before.bytes };
        self.done.insert(source, (items.clone(), weight));
        File { source, items }
    }

    /// What would be read with one more file.
    fn with(&self, source: SourceId, library: &Library<'_>) -> Weight {
        let own = || Weight { files: 1, bytes: library.sources.get(source).text().len() };
        self.read.and(self.done.get(&source).map_or_else(own, |(_, weight)| *weight))
    }

    fn items(&mut self, items: &mut [Item], library: &mut Library<'_>) {
        for item in items {
            let Item::Directive(directive) = item else { continue };
            match &mut directive.body {
                Body::Block(block) => self.items(&mut block.items, library),
                Body::Simple if *directive.name == *"include" && directive.args.len() == 1 => {
                    match self.follow(directive, library) {
                        Ok(body) => directive.body = body,
                        Err(mistake) => *item = Item::Mistake(mistake),
                    }
                }
                _ => {}
            }
        }
    }

    fn follow(&mut self, include: &Directive, library: &mut Library<'_>) -> Result<Body, Mistake> {
        let path = &include.args[0];
        if include.templated() {
            return Ok(Body::Unread(Unknown::new(Why::Templated, path.span, "the rendered file")));
        }
        let found = match library.lead(path, self.folder) {
            Ok(found) => found,
            Err((at, why)) if library.raw => {
                return Err(Mistake { message: format!("open() \"{at}\" failed ({why})"), span: include.span });
            }
            Err((_, why)) => {
                let needs = match why {
                    Unreadable::Denied => format!("read access to {}", &**path),
                    why => format!("{}: {why}", &**path),
                };
                return Ok(Body::Unread(Unknown::new(Why::NotReadable, path.span, needs)));
            }
        };
        let mut files = Vec::new();
        for at in found {
            let unread = match library.source(&at) {
                Ok(source) if self.open.contains(&source) || self.open.len() >= DEEPEST => {
                    let message = "includes itself: nginx ends with too many open files".to_owned();
                    return Err(Mistake { message, span: include.span });
                }
                Ok(source) => match self.with(source, library).excess() {
                    Some(excess) => excess,
                    None => {
                        files.push(self.file(source, library));
                        continue;
                    }
                },
                Err(Unreadable::NotAFile("a folder")) if !library.raw => continue,
                Err(why) if library.raw => {
                    let at = at.path().display();
                    return Err(Mistake { message: format!("open() \"{at}\" failed ({why})"), span: include.span });
                }
                Err(why) => format!("{}: {why}", at.path().display()),
            };
            return Ok(Body::Unread(Unknown::new(Why::NotReadable, path.span, unread)));
        }
        Ok(Body::Files(files))
    }
}
