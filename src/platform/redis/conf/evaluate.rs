//! Line after line, as `config.c:loadServerConfigFromString` goes through them.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use super::{
    Include, Listed, Loaded, Mode, Module, ModuleSetting, Phase, Poison, Refusal, Rename, Rules, Start, UserLine,
    Write, after,
};
use crate::fact::{Unknown, Why};
use crate::files::Location;
use crate::platform::redis::directive::{Kind, Rule, SETTINGS, SettingId, Spec, world};
use crate::platform::redis::include::{DEEPEST, Library, MOST_FILES, Text, written_path};
use crate::platform::redis::number::{atoi, c_string, same_word};
use crate::platform::redis::show;
use crate::platform::redis::split::{Line, Parsed, Style, Word};
use crate::platform::redis::value::{self, Around, Point, Typed};
use crate::platform::redis::version::Version;
use crate::platform::sentinel::watch::{Statement, Watch};
use crate::text::{Span, Unreadable};

/// How long the path of a working folder may be.
const LONGEST_PATH: usize = 4096;

/// How many points of `save` are kept.
const MOST_POINTS: usize = 256;

/// The configuration while it is read.
pub(super) struct Reader<'a, 'l> {
    pub(super) library: &'a mut Library<'l>,
    pub(super) rules: &'a dyn Rules,
    pub(super) loaded: Loaded,
    pub(super) mode: Mode,
    style: Style,
    /// The server's `reading_config_file`, which an included file leaves switched off (7.0 and later).
    reading: bool,
    /// The server's `save_loaded`: whether the default points are gone. It lives as long as the server in 7.0 and
    /// later, and as long as one file in 6.2.
    save_loaded: bool,
    /// The files that are being read, the main one first.
    chain: Vec<PathBuf>,
    files_read: usize,
    /// Commands whose names are gone, and names that are new, in lower case.
    gone: Vec<Vec<u8>>,
    new: Vec<Vec<u8>>,
    /// The names of the users so far.
    users: HashSet<Arc<[u8]>>,
}

pub(super) fn load(version: &'static Version, start: &Start, library: &mut Library<'_>, rules: &dyn Rules) -> Loaded {
    let end = library.sources.get(start.main).whole();
    let loaded = Loaded {
        version,
        sentinel: start.sentinel,
        world: world(version),
        writes: Vec::new(),
        last: vec![0; SETTINGS.len()],
        poisons: Vec::new(),
        users: Listed::default(),
        renames: Listed::default(),
        modules: Listed::default(),
        statements: Vec::new(),
        watch: Watch::default(),
        module_settings: Vec::new(),
        includes: Vec::new(),
        sources: Vec::new(),
        refusals: Vec::new(),
        doubts: Vec::new(),
        folder: Ok(start.folder.clone()),
        end: Span::at(start.main, end.end as usize),
    };
    let sources: Vec<_> = [Some(start.main), start.stdin, start.options].into_iter().flatten().collect();
    let text = library.text(&sources, start.options.is_some());
    let main = library.real(&start.at).unwrap_or_else(|_| start.at.path().to_path_buf());
    let mut reader = Reader {
        library,
        rules,
        loaded,
        mode: start.mode,
        style: Style::of(version),
        reading: true,
        save_loaded: false,
        chain: vec![main],
        files_read: 1,
        gone: Vec::new(),
        new: Vec::new(),
        users: HashSet::new(),
    };
    reader.text(&text);
    // A Sentinel loads neither modules nor data (`server.c:main`).
    if start.sentinel {
        after::sentinel(&mut reader, &start.at);
    } else {
        after::modules(&mut reader);
        after::snapshot(&mut reader);
    }
    reader.loaded
}

impl Reader<'_, '_> {
    pub(super) fn version(&self) -> &'static Version {
        self.loaded.version
    }

    fn text(&mut self, text: &Arc<Text>) {
        for source in &text.sources {
            if !self.loaded.sources.contains(source) {
                self.loaded.sources.push(*source);
            }
        }
        let saved_outside = self.save_loaded;
        if !self.version().since(7, 0) {
            self.save_loaded = false;
        }
        self.reading = true;
        for line in &text.lines {
            self.line(line);
        }
        after::text(self);
        self.reading = false;
        if !self.version().since(7, 0) {
            self.save_loaded = saved_outside;
        }
    }

    fn line(&mut self, line: &Line) {
        let Some(parsed) = line.content.parsed(self.style) else {
            return self.poison(unknown(Why::Templated, line.span, "what the template makes of this line"));
        };
        let Some(words) = &parsed.words else {
            return self.refuse("Unbalanced quotes in configuration line", line.span, line);
        };
        if words.is_empty() {
            return;
        }
        match parsed.named.and_then(|named| Some((named.setting, named.spec(self.loaded.world)?))) {
            Some((setting, spec)) => self.setting(setting, spec, words, line),
            None => self.directive(parsed, words, line),
        }
    }

    /// Whether a template leaves it open what a line says; then the reason.
    fn open(words: &[Word], line: &Line) -> Option<Unknown> {
        if let Some(condition) = line.only_if {
            let needs = "whether the template keeps this line, and how often";
            return Some(unknown(Why::Templated, condition, needs));
        }
        let word = words.iter().skip(1).find(|word| word.templated)?;
        Some(unknown(Why::Templated, word.span, "the value that the template puts here"))
    }

    fn setting(&mut self, setting: SettingId, spec: &'static Spec, words: &[Word], line: &Line) {
        let key = words[0].span;
        let values = &words[1..];
        let value = match (values.first(), values.last()) {
            (Some(first), Some(last)) => first.span.cover(last.span),
            _ => Span::at(key.source, key.end as usize),
        };
        if let Some(open) = Self::open(words, line) {
            if spec.kind == Kind::Dir {
                self.loaded.folder = Err(open.clone());
            }
            return self.write(setting, key, value, Err(open));
        }
        let typed = match spec.kind {
            Kind::Save => match self.save(setting, values, value) {
                Some(typed) => typed,
                None => return,
            },
            _ => {
                let before = matches!(spec.kind, Kind::OutputLimits).then(|| self.loaded.held(setting));
                if let Some(super::Held::Unknown(before)) = &before
                    && !all_classes(values)
                {
                    let before = (*before).clone();
                    return self.write(setting, key, value, Err(before));
                }
                let before = match &before {
                    Some(super::Held::Unknown(_)) => Some(show::unwritten(spec).typed.clone()),
                    Some(held) => held.typed().cloned(),
                    None => None,
                };
                value::parse(spec, values, before.as_ref(), self.around(spec)).map(Ok)
            }
        };
        match typed {
            Ok(typed) => {
                if let (Kind::Dir, Ok(Typed::Bytes(path))) = (spec.kind, &typed) {
                    self.change_folder(path, value, line);
                }
                self.write(setting, key, value, typed);
                if !self.version().since(7, 0) && spec.name == "logfile" {
                    after::log_file(self);
                }
            }
            Err(message) => {
                self.refuse(&message, value, line);
                let malformed = unknown(Why::Malformed, value, "a value that the server takes");
                self.write(setting, key, value, Err(malformed));
            }
        }
    }

    fn around(&self, spec: &Spec) -> Around<'static> {
        // Only the title's template depends on other settings, and asking costs something.
        let asks = spec.rule == Some(Rule::Title);
        let set = |name: &str| match self.loaded.named(name).typed() {
            Some(Typed::Bool(on)) => *on,
            Some(Typed::Bytes(bytes)) => !bytes.is_empty(),
            _ => false,
        };
        Around {
            version: self.version(),
            unixsocket: asks && set("unixsocket"),
            cluster: asks && set("cluster-enabled"),
            as_measured: self.mode == Mode::Server,
        }
    }

    pub(super) fn write(&mut self, setting: SettingId, key: Span, value: Span, typed: Result<Typed, Unknown>) {
        self.loaded.writes.push(Write { setting, key, value, typed });
        let count = u32::try_from(self.loaded.writes.len()).unwrap_or(u32::MAX);
        if let Some(last) = self.loaded.last.get_mut(setting.index()) {
            *last = count;
        }
    }

    /// `config.c:setConfigSaveOption`, and the branch of `save` in 6.2. `None` when the line does nothing.
    #[allow(clippy::type_complexity)]
    fn save(
        &mut self,
        setting: SettingId,
        values: &[Word],
        at: Span,
    ) -> Option<Result<Result<Typed, Unknown>, value::Refused>> {
        let old = !self.version().since(7, 0);
        let words = value::save_words(values, self.version());
        let mut held: Result<Vec<Point>, Unknown> = match self.loaded.held(setting) {
            super::Held::Unknown(unknown) => Err(unknown.clone()),
            held => match held.typed() {
                Some(Typed::Points(points)) => Ok(points.to_vec()),
                _ => Ok(Vec::new()),
            },
        };
        let clears = matches!(&*words, [word] if c_string(&word.bytes).is_empty());
        let points = if old {
            if !self.save_loaded {
                self.save_loaded = true;
                held = Ok(Vec::new());
            }
            match &*words {
                [seconds, changes] => {
                    let (after, changes) = (atoi(&seconds.bytes), atoi(&changes.bytes));
                    if after < 1 || changes < 0 {
                        return Some(Err("Invalid save parameters".into()));
                    }
                    vec![Point { seconds: i64::from(after), changes, at: Some(at) }]
                }
                // Any other number of words is passed over without a word.
                _ => Vec::new(),
            }
        } else {
            if clears {
                held = Ok(Vec::new());
            }
            let points = match value::points(&words) {
                Ok(points) => points,
                Err(message) => return Some(Err(message)),
            };
            if !self.reading || !self.save_loaded {
                self.save_loaded |= self.reading;
                held = Ok(Vec::new());
            }
            points
        };
        if old && clears {
            held = Ok(Vec::new());
        }
        // Every line keeps all points so far: without a limit a large file would need its size in memory squared.
        if held.as_ref().is_ok_and(|held| held.len() + points.len() > MOST_POINTS) {
            held = Err(unknown(Why::NotSupported, at, "fewer save points: no server needs so many"));
        }
        Some(Ok(held.map(|mut held| {
            held.extend(points);
            Typed::Points(held.into())
        })))
    }

    /// `chdir`.
    fn change_folder(&mut self, path: &[u8], at: Span, line: &Line) {
        let Ok(folder) = &self.loaded.folder else {
            if path.starts_with(b"/") {
                self.loaded.folder = Ok(Location::Target(written_path(path)));
            }
            return;
        };
        let folder = folder.resolve(&written_path(path));
        // Relative ones add up; `PATH_MAX` of Linux.
        if folder.path().as_os_str().len() > LONGEST_PATH {
            self.refuse("File name too long", at, line);
            self.loaded.folder = Err(unknown(Why::NotSupported, at, "a working folder whose path is not too long"));
            return;
        }
        if self.mode == Mode::Server {
            match self.library.files().list(&folder) {
                Ok(_) => {}
                Err(Unreadable::Missing) => return self.refuse("No such file or directory", at, line),
                Err(Unreadable::NotAFile(_)) => return self.refuse("Not a directory", at, line),
                Err(Unreadable::Denied) => return self.refuse("Permission denied", at, line),
                Err(_) => {}
            }
        }
        self.loaded.folder = Ok(folder);
    }

    /// What is no setting of this version.
    fn directive(&mut self, parsed: &Parsed, words: &Arc<[Word]>, line: &Line) {
        let version = self.version();
        let count = words.len();
        let name = &parsed.name;
        let is = |other: &str| same_word(name, other);
        // What a template prints may be no word or several.
        let written = words.iter().filter(|word| !word.templated).count();
        let may_be = |wanted: usize| count == wanted || written < count && written <= wanted;
        if may_be(2) && dead(version).any(is) {
            return;
        }
        if is("include") && may_be(2) {
            return self.include(words, line);
        }
        if is("rename-command") && may_be(3) {
            return self.rename(words, line);
        }
        if is("user") && count >= 2 {
            return self.user(words, line);
        }
        if is("loadmodule") && count >= 2 {
            return self.module(words, line);
        }
        let dotted = version.since(7, 0) && c_string(name).contains(&b'.');
        if dotted && !version.redis_since(8, 0) {
            if count < 2 {
                return self.refuse("Module config specified without value", line.span, line);
            }
            return self.queue(words, line);
        }
        if is("sentinel") {
            if self.loaded.sentinel && count > 1 {
                let (words, poisons) = (words[1..].into(), self.loaded.poisons.len());
                self.loaded.statements.push(Statement { words, span: line.span, only_if: line.only_if, poisons });
            } else if count > 1 {
                self.refuse("sentinel directive while not in sentinel mode", line.span, line);
            }
            return;
        }
        if version.redis_since(8, 0) && count >= 2 {
            return self.queue(words, line);
        }
        self.refuse("Bad directive or wrong number of arguments", line.span, line);
    }

    fn queue(&mut self, words: &[Word], line: &Line) {
        if line.only_if.is_none() {
            self.loaded.module_settings.push(ModuleSetting { words: words.into(), span: line.span });
        }
    }

    fn user(&mut self, words: &Arc<[Word]>, line: &Line) {
        if line.only_if.is_some() {
            let rest = Self::open(words, line);
            self.loaded.users.rest = self.loaded.users.rest.take().or(rest);
            return;
        }
        let Some(name) = words.get(1).map(|word| word.bytes.clone()) else { return };
        let again = self.users.contains(&name);
        let templated = words.iter().any(|word| word.templated);
        let taken = match if templated { Ok(None) } else { self.rules.take(&self.loaded, words, again) } {
            Ok(taken) => taken,
            Err((blamed, message)) => {
                let at = words.get(blamed).map_or(line.span, |word| word.span);
                return self.refuse(&message, at, line);
            }
        };
        self.users.insert(name);
        self.loaded.users.items.push(UserLine { words: words.clone(), span: line.span, taken });
    }

    fn module(&mut self, words: &[Word], line: &Line) {
        match Self::open(words, line) {
            Some(open) => self.loaded.modules.rest = self.loaded.modules.rest.take().or(Some(open)),
            None => {
                let (path, arguments) = (words[1].clone(), words[2..].into());
                self.loaded.modules.items.push(Module { path, arguments });
            }
        }
    }

    /// `rename-command`: the table of commands changes at once.
    fn rename(&mut self, words: &[Word], line: &Line) {
        if let Some(open) = Self::open(words, line) {
            self.loaded.renames.rest = self.loaded.renames.rest.take().or(Some(open));
            return;
        }
        let (from, to) = (words[1].clone(), words[2].clone());
        let old = from.bytes.to_ascii_lowercase();
        let may_be = self.loaded.renames.rest.is_some();
        if !self.has_command(&old) {
            let part = self.version().since(7, 0)
                && old.iter().filter(|byte| **byte == b'|').count() == 1
                && self.rules.command(&self.loaded, &old);
            let message = if part {
                "the server crashes: only whole commands can be renamed"
            } else {
                "No such command in rename-command"
            };
            if !may_be {
                self.refuse(message, from.span, line);
            }
            return;
        }
        self.new.retain(|name| *name != old);
        self.gone.push(old);
        if !to.bytes.is_empty() {
            let new = to.bytes.to_ascii_lowercase();
            if self.has_command(&new) {
                if !may_be {
                    self.refuse("Target command name already exists", to.span, line);
                }
                return;
            }
            self.new.push(new);
        }
        self.loaded.renames.items.push(Rename { from, to });
    }

    fn has_command(&self, name: &[u8]) -> bool {
        let new = self.new.iter().any(|other| other == name);
        let gone = || self.gone.iter().any(|other| other == name);
        new || !name.contains(&b'|') && self.rules.command(&self.loaded, name) && !gone()
    }

    fn include(&mut self, words: &[Word], line: &Line) {
        let path = &words[1];
        if let Some(open) = Self::open(words, line) {
            return self.poison(open);
        }
        let written = c_string(&path.bytes);
        let folder = match &self.loaded.folder {
            Ok(folder) => folder.clone(),
            Err(_) if written.starts_with(b"/") => Location::Target(PathBuf::from("/")),
            Err(unknown) => {
                let unknown = unknown.clone();
                return self.poison(unknown);
            }
        };
        if self.files_read > MOST_FILES {
            return self.too_many_files(path.span);
        }
        let opened = self.library.include(written, &folder, self.version());
        if let Some((_, error)) = opened.failed {
            // As it is written: where a scanned tree lies on this machine is nobody's business.
            let shown = String::from_utf8_lossy(written);
            let reason = match (&error, self.mode) {
                (Unreadable::Missing, _) => Some("No such file or directory"),
                (Unreadable::Denied, Mode::Server) => Some("Permission denied"),
                (Unreadable::Loop, Mode::Server) => Some("Too many levels of symbolic links"),
                _ => None,
            };
            let unknown = unknown(Why::NotReadable, path.span, &format!("{shown}: {error}"));
            match reason {
                Some(reason) => self.refuse(&format!("can't open config file '{shown}': {reason}"), path.span, line),
                None if self.mode == Mode::Server => self.loaded.doubts.push(unknown.clone()),
                None => {}
            }
            return self.poison(unknown);
        }
        self.files_read += opened.files.len().max(1);
        let reals: Vec<PathBuf> = opened
            .files
            .iter()
            .map(|(at, _)| self.library.real(at).unwrap_or_else(|_| at.path().to_path_buf()))
            .collect();
        if reals.iter().any(|real| self.chain.contains(real)) {
            let message = "this file is being read already: the server includes it again and again until it crashes";
            return self.refuse(message, path.span, line);
        }
        if self.chain.len() > DEEPEST || self.files_read > MOST_FILES {
            return self.too_many_files(path.span);
        }
        let sources: Vec<_> = opened.files.iter().map(|(_, source)| *source).collect();
        let text = self.library.text(&sources, false);
        self.loaded.includes.push(Include { path: path.clone(), sources });
        let depth = self.chain.len();
        self.chain.extend(reals);
        self.text(&text);
        self.chain.truncate(depth);
    }

    fn too_many_files(&mut self, at: Span) {
        let unknown = unknown(Why::NotSupported, at, "fewer included files: hardline follows no more");
        // Once is enough: everything after it is unknown for the same reason.
        let known = self.loaded.poisons.last().is_some_and(|last| last.unknown.needs == unknown.needs);
        if !known || self.loaded.writes.len() > self.loaded.poisons.last().map_or(0, |last| last.after) {
            self.loaded.doubts.push(unknown.clone());
            self.poison(unknown);
        }
    }

    /// Something that may have written any line.
    fn poison(&mut self, unknown: Unknown) {
        let loaded = &mut self.loaded;
        for rest in [&mut loaded.users.rest, &mut loaded.renames.rest, &mut loaded.modules.rest] {
            rest.get_or_insert_with(|| unknown.clone());
        }
        loaded.folder = Err(unknown.clone());
        // Whatever it is, the server has read a file to its end, or lines that leave this as it was.
        self.reading &= unknown.why == Why::Templated;
        loaded.poisons.push(Poison { after: loaded.writes.len(), unknown });
    }

    /// The server stops here, unless a template leaves the line out.
    pub(super) fn refuse(&mut self, message: &str, at: Span, line: &Line) {
        // A line that began in another file, or before a NUL that took a line ending away, is shown by its beginning.
        let begun = Span::new(line.span.source, line.span.start as usize, at.start as usize);
        let elsewhere = at.source != line.span.source
            || memchr::memchr(b'\n', self.library.sources.get(begun.source).slice(begun)).is_some();
        let at = if elsewhere { line.span } else { at };
        match line.only_if {
            None => self.refuse_at(Phase::Reading, message, at),
            Some(condition) => {
                let needs = "whether the template keeps this line, which the server would refuse";
                self.loaded.doubts.push(unknown(Why::Templated, condition, needs));
            }
        }
    }

    pub(super) fn refuse_at(&mut self, phase: Phase, message: &str, at: Span) {
        self.loaded.refusals.push(Refusal { phase, message: message.to_owned(), at });
    }
}

/// Whether a line of output limits names all three classes of clients, so that nothing before it matters.
fn all_classes(words: &[Word]) -> bool {
    let named =
        |names: &[&str]| words.iter().step_by(4).any(|word| names.iter().any(|name| same_word(&word.bytes, name)));
    named(&["normal"]) && named(&["slave", "replica"]) && named(&["pubsub"])
}

/// Names that once were settings and are passed over with one value
/// (`config.c:loadServerConfigFromString: deprecated_configs`).
fn dead(version: &Version) -> impl Iterator<Item = &'static str> {
    let always = ["list-max-ziplist-entries", "list-max-ziplist-value"];
    let by_version = [
        ("lua-replicate-commands", version.since(7, 0)),
        ("io-threads-do-reads", version.redis_since(8, 0) || version.valkey_since(8, 1)),
        ("dynamic-hz", version.valkey_since(8, 1)),
        ("events-per-io-thread", version.valkey_since(9, 1)),
        ("sanitize-dump-payload", version.valkey_since(9, 1)),
    ];
    always.into_iter().chain(by_version.into_iter().filter(|(_, there)| *there).map(|(name, _)| name))
}

pub(super) fn unknown(why: Why, at: Span, needs: &str) -> Unknown {
    Unknown::new(why, at, needs)
}
