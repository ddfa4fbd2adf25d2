//! From the answers of a server to a subject.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::written::{self, Settings};
use crate::fact::{Fact, List, Name, Record, Subject, Unknown, Value, Why};
use crate::files::{FileKind, Files, Location};
use crate::keyspace::KeyPrefix;
use crate::platform::Wanted;
use crate::platform::redis::accounts::AclRules;
use crate::platform::redis::conclude::vulnerable::Declared;
use crate::platform::redis::conf::{Held, Loaded, Mode, Start, load};
use crate::platform::redis::derive;
use crate::platform::redis::directive::{self, SettingId};
use crate::platform::redis::door::{Host, Maybe};
use crate::platform::redis::effective::{Accounts, Started};
use crate::platform::redis::entrance;
use crate::platform::redis::include::{Library, written_path};
use crate::platform::redis::instance::{AclFile, Instance, lacking};
use crate::platform::redis::value::Typed;
use crate::platform::redis::version::Version;
use crate::platform::sentinel;
use crate::text::{Level, Notice, Place, SourceId, Sources, Span, Unreadable, Where, hex};

/// What subjects of this kind were written in.
pub const CARRIER: &str = "live";

/// What a server answered, as far as it says what it is set to. Where it did not, the text says what would help:
/// "`+config|get` for the user `audit`".
#[derive(Debug, Clone)]
pub struct Answered {
    /// Where it is, without a password: `redis://10.0.0.5:6379`.
    pub url: String,
    /// What a person would call it.
    pub name: String,
    /// `product:version`, from `INFO`.
    pub version: Result<String, String>,
    /// `CONFIG GET *`.
    pub settings: Result<Settings, String>,
    /// The lines of `ACL LIST`.
    pub users: Result<Vec<Vec<u8>>, String>,
    /// The paths of modules, from `MODULE LIST`.
    pub modules: Result<Vec<Vec<u8>>, String>,
    /// Why commands may have other names than their own, if they may.
    pub renamed: Option<String>,
    /// What a Sentinel watches; `None` of a server that is none.
    pub watches: Option<Watches>,
}

/// What a Sentinel says of itself, which has no `CONFIG GET` of its own.
#[derive(Debug, Clone)]
pub struct Watches {
    /// The lines of a configuration that make it watch what it watches, `port` among them.
    pub lines: Result<Vec<u8>, String>,
}

/// The files of a host that is only asked over its port: none can be opened.
struct Elsewhere;

impl Files for Elsewhere {
    fn read(&self, _: &Location) -> Result<Vec<u8>, Unreadable> {
        Err(Unreadable::OutOfReach)
    }

    fn list(&self, _: &Location) -> Result<Vec<String>, Unreadable> {
        Err(Unreadable::OutOfReach)
    }

    fn real(&self, at: &Location) -> Result<PathBuf, Unreadable> {
        Ok(at.path().to_path_buf())
    }

    fn kind(&self, _: &Location) -> Result<Option<FileKind>, Unreadable> {
        Err(Unreadable::OutOfReach)
    }
}

/// The facts that are wanted, and the day of the run.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// The facts that somebody will ask for.
    pub wanted: &'a Wanted,
    /// `YYYY-MM-DD`.
    pub today: Option<&'a str>,
    /// What the project's keys begin with, where somebody asks for the keys.
    pub keys: Option<&'a [KeyPrefix]>,
}

/// The subject that a server is.
pub fn subject(answered: &Answered, wish: Wish<'_>, sources: &mut Sources, notices: &mut Vec<Notice>) -> Subject {
    let worlds = versions(answered, notices);
    let mut made = Maker { answered, sources };
    let config = made.config(&worlds);
    let users = made.users();
    let loaded: Vec<Loaded> = worlds.iter().map(|version| made.load(version, config, users)).collect();
    let acl: Vec<AclFile> = loaded.iter().map(|loaded| made.acl(loaded, config, users)).collect();
    let mut library = Library::new(&Elsewhere, made.sources, false);
    let kind = if answered.watches.is_some() { "sentinel" } else { "redis" };
    let started: Vec<Started> = loaded
        .iter()
        .map(|loaded| {
            if let (Some(users), Some(at)) = (users, aclfile(loaded)) {
                library.know(&at, users);
            }
            // It runs, so nothing keeps it from starting.
            Started { refusals: Vec::new(), doubts: Vec::new(), ..AclRules.start(loaded, &mut library) }
        })
        .collect();
    let doors = loaded.iter().zip(&started).map(|(loaded, started)| {
        let umask = Maybe::Known(0o022);
        entrance::door(loaded, started.default_user.clone(), umask, Host::default(), Mode::Check, &Elsewhere)
    });
    let doors = doors.collect();
    let declared = answered.version.as_ref().ok().and_then(|version| Declared::new(version, wish.today));
    let wanted = wish.wanted.clone();
    let instance = Instance { loaded, acl, started, doors, declared, kind, wanted, fragment: false };
    let at = sources.get(config).whole();
    let facts = match &answered.watches {
        None => derive::facts(&instance, sources),
        Some(_) => watching(sentinel::facts::facts(&instance, sources), &worlds, at),
    };
    Subject {
        kind,
        name: answered.name.clone(),
        carrier: CARRIER,
        because: format!("it answers at {}", answered.url),
        main: at,
        location: Location::Target(PathBuf::from("/")),
        sources: std::iter::once(config).chain(users).collect(),
        version: answered.version.clone().ok(),
        worlds: worlds.iter().map(|version| version.to_string()).collect(),
        facts,
        lacks: without_files(&lacking(&instance.loaded)),
        absent: None,
    }
}

/// The versions in question: the one that it says it is, or all that are maintained.
fn versions(answered: &Answered, notices: &mut Vec<Notice>) -> Vec<&'static Version> {
    let Ok(said) = &answered.version else { return Version::undeclared().collect() };
    match Version::find(said) {
        Ok((version, is_another)) => {
            if is_another {
                let message = format!("{}: there is no table for {said}; that of {version} is used", answered.url);
                notices.push(Notice { level: Level::Info, at: Where::Run, message });
            }
            vec![version]
        }
        Err(why) => {
            let message = format!("{}: {why}", answered.url);
            notices.push(Notice { level: Level::Warning, at: Where::Run, message });
            Version::undeclared().collect()
        }
    }
}

/// Where the ACL file that a server names would be.
fn aclfile(loaded: &Loaded) -> Option<Location> {
    let Held::Written(_, Typed::Bytes(path)) = loaded.named("aclfile") else { return None };
    let written = written_path(path);
    (!path.is_empty()).then(|| match &loaded.folder {
        Ok(folder) => folder.resolve(&written),
        Err(_) => Location::Target(written),
    })
}

struct Maker<'a> {
    answered: &'a Answered,
    sources: &'a mut Sources,
}

impl Maker<'_> {
    fn add(&mut self, what: &'static str, bytes: Vec<u8>) -> SourceId {
        self.sources.add(Place::Live { url: self.answered.url.clone(), what }, bytes)
    }

    fn names_file(&self) -> bool {
        let settings = self.answered.settings.as_ref();
        settings.is_ok_and(|settings| settings.get(&b"aclfile"[..]).is_some_and(|path| !path.is_empty()))
    }

    /// The text of the settings, with the users where no file of theirs is named.
    fn config(&mut self, worlds: &[&'static Version]) -> SourceId {
        let mut text = Vec::new();
        match (&self.answered.settings, worlds.last()) {
            (Ok(settings), Some(version)) => {
                text.extend_from_slice(b"# CONFIG GET, without what has its default\n");
                let settings = self.as_written(settings);
                text.extend(written::config(version, directive::world(version), &settings));
            }
            _ if self.answered.watches.is_some() => {
                text.extend_from_slice(b"# SENTINEL MASTERS\n");
                let lines = self.answered.watches.as_ref().and_then(|watches| watches.lines.as_ref().ok());
                text.extend(lines.into_iter().flatten());
            }
            (settings, _) => {
                let why = settings.as_ref().err().map_or("", String::as_str);
                text.extend(format!("# CONFIG GET: it needs {}\n", why.replace('\n', " ")).into_bytes());
            }
        }
        if let Ok(modules) = &self.answered.modules {
            for path in modules {
                text.extend_from_slice(b"loadmodule ");
                text.extend(written::quoted(path));
                text.push(b'\n');
            }
        }
        if !self.names_file()
            && let Ok(users) = &self.answered.users
        {
            text.extend_from_slice(b"# ACL LIST\n");
            let made = self.made_by_requirepass();
            let users = users.iter().filter(|user| made != Some(user.as_slice()));
            for user in users {
                // A name may be empty, which a line of a configuration has to say.
                match user.strip_prefix(b"user  ") {
                    Some(rules) => text.extend([b"user \"\" ", rules, b"\n"].concat()),
                    None => text.extend(user.iter().chain(b"\n")),
                }
            }
        }
        self.add("config", text)
    }

    /// The line of the default user where it has the password of `requirepass`, with the hash of that.
    fn has_requirepass(&self) -> Option<(&[u8], String)> {
        let (settings, users) = (self.answered.settings.as_ref().ok()?, self.answered.users.as_ref().ok()?);
        let password = settings.get(&b"requirepass"[..]).filter(|password| !password.is_empty())?;
        let hash = format!("#{}", hex(&Sha256::digest(password)));
        let line = users.iter().find(|line| line.starts_with(b"user default "))?;
        line.split(|&byte| byte == b' ').any(|word| word == hash.as_bytes()).then_some((line, hash))
    }

    /// The line of the default user, if `requirepass` alone makes it what it is: then nothing else is written of it.
    fn made_by_requirepass(&self) -> Option<&[u8]> {
        let (line, hash) = self.has_requirepass()?;
        let usual: [&[u8]; 7] = [b"on", b"sanitize-payload", b"~*", b"&*", b"+@all", b"alldbs", hash.as_bytes()];
        line.split(|&byte| byte == b' ').skip(2).all(|word| usual.contains(&word)).then_some(line)
    }

    /// The settings as a file would have them: where the default user has its password and more, its line says all, and
    /// `requirepass` beside it would have no effect.
    fn as_written<'s>(&self, settings: &'s Settings) -> Cow<'s, Settings> {
        if self.has_requirepass().is_none() || self.made_by_requirepass().is_some() {
            return Cow::Borrowed(settings);
        }
        let mut settings = settings.clone();
        settings.insert(b"requirepass".to_vec(), Vec::new());
        Cow::Owned(settings)
    }

    /// The text of the users, where a file of theirs is named.
    fn users(&mut self) -> Option<SourceId> {
        let users = self.answered.users.as_ref().ok().filter(|_| self.names_file())?;
        let text = users.iter().flat_map(|user| user.iter().chain(b"\n").copied()).collect();
        Some(self.add("users", text))
    }

    fn load(&mut self, version: &'static Version, config: SourceId, users: Option<SourceId>) -> Loaded {
        let start = Start {
            main: config,
            at: Location::Target(PathBuf::from("/")),
            stdin: None,
            options: None,
            folder: Location::Target(PathBuf::from("/")),
            mode: Mode::Check,
            sentinel: self.answered.watches.is_some(),
        };
        let mut library = Library::new(&Elsewhere, self.sources, false);
        let mut loaded = load(version, &start, &mut library, &AclRules);
        let at = Span::at(config, 0);
        let refused = |needs: &String| Unknown::new(Why::NotPermitted, at, needs.as_str());
        match &self.answered.settings {
            // A Sentinel says its port and what it watches.
            Err(needs) if self.answered.watches.is_some() => {
                let port = SettingId::of("port");
                SettingId::all().filter(|setting| Some(*setting) != port).for_each(|setting| {
                    if loaded.spec(setting).is_some() {
                        loaded.leave_open(setting, refused(needs));
                    }
                });
            }
            Err(needs) => loaded.leave_all_open(refused(needs)),
            Ok(settings) => {
                for setting in written::open(directive::world(version), settings) {
                    let name = setting.setting().name;
                    let needs = format!("a server that says what `{name}` is");
                    loaded.leave_open(setting, Unknown::new(Why::NotPermitted, at, needs));
                }
            }
        }
        if let Err(needs) = &self.answered.users {
            loaded.users.rest = Some(refused(needs));
        }
        if let Err(needs) = &self.answered.modules {
            loaded.modules.rest = Some(refused(needs));
        }
        loaded.renames.rest = self.answered.renamed.as_ref().map(refused);
        loaded.refusals.clear();
        loaded.doubts.clear();
        if let Some(users) = users {
            loaded.sources.push(users);
        }
        loaded
    }

    fn acl(&self, loaded: &Loaded, config: SourceId, users: Option<SourceId>) -> AclFile {
        let at = match loaded.named("aclfile") {
            Held::Written(write, _) => write.value,
            _ => Span::at(config, 0),
        };
        match (users, &self.answered.users) {
            (Some(source), _) => AclFile::Read { source, at },
            (None, Ok(_)) => AclFile::None,
            (None, Err(needs)) => AclFile::Unknown(Unknown::new(Why::NotPermitted, at, needs.as_str())),
        }
    }
}

/// A Sentinel does not say with which password it logs in where; it runs, so nothing that it does not say keeps it from that.
fn watching(mut facts: Record, worlds: &[&'static Version], at: Span) -> Record {
    let nothing = || Fact::derived(Vec::<Fact>::new(), at);
    let versions: Vec<Fact> = worlds.iter().map(|version| Fact::derived(version.to_string(), at)).collect();
    facts.set("errors", nothing());
    facts.set("refused_by", nothing());
    facts.set("accepted_by", Fact::derived(versions, at));
    if let Some(Fact::Known { value: Value::List(List { items, .. }), .. }) = facts.get_mut("monitors") {
        for monitor in items.here_mut() {
            if let Fact::Known { value: Value::Record(record), .. } = monitor {
                let needs = "the file of the Sentinel: it does not show its passwords";
                record.set("auth", Fact::Unknown(Unknown::new(Why::NotPermitted, at, needs)));
            }
        }
    }
    facts
}

/// What no version in question has, and what nobody sees through a port: the files, and whether they were rewritten.
fn without_files(lacking: &[Name]) -> Arc<[Name]> {
    let mut names: Vec<Name> =
        lacking.iter().copied().filter(|name| *name != "live").chain(["files", "rewritten"]).collect();
    names.sort_unstable();
    names.into()
}
