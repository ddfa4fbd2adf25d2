//! What a server would do with a configuration on this machine: the answer of `hardline effective`.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use super::arguments::arguments;
use super::conf::{Held, Loaded, Mode, Phase, Refusal, Rules, Start, load};
use super::directive::SettingId;
use super::door::{DefaultUser, Door, Host, Maybe};
use super::entrance;
use super::include::Library;
use super::listen;
use super::reach::{Answer, Channel, Class, Vantage, cell};
use super::show::show;
use super::tls;
use super::version::Version;
use crate::fact::Unknown;
use crate::files::{Files, Location};
use crate::platform::effective::{Fault, Open, shown};
use crate::text::{Place, Sources};

/// What is asked.
#[derive(Debug, Clone)]
pub struct Question<'a> {
    /// The version of the server.
    pub version: &'static Version,
    /// Whether it is started as a Sentinel, without an argument that says so.
    pub sentinel: bool,
    /// The configuration file, with an absolute path; the server is started in its folder.
    pub main: Location,
    /// The arguments after it.
    pub arguments: &'a [Vec<u8>],
    /// What standard input holds, should the server read it.
    pub stdin: &'a [u8],
    /// The machine.
    pub host: Host,
    /// The umask of the process.
    pub umask: u32,
}

/// What is asked of ACL rules when the server starts.
pub trait Accounts: Rules {
    /// The users that the server would have.
    fn start(&self, loaded: &Loaded, library: &mut Library<'_>) -> Started;
}

/// The users of a server that starts.
#[derive(Debug, Clone)]
pub struct Started {
    /// Why it would not start because of them.
    pub refusals: Vec<Refusal>,
    /// Why it may not.
    pub doubts: Vec<Unknown>,
    /// The users as `ACL LIST` prints them, hashes of passwords as `#***`.
    pub users: Vec<String>,
    /// What decides about clients that have not logged in.
    pub default_user: DefaultUser,
}

/// The answer, in the form in which it is printed.
#[derive(Debug, Clone, Serialize)]
pub struct Effective {
    /// The version whose table was used.
    pub server: String,
    /// Whether it starts; null when that cannot be told.
    pub accepted: Option<bool>,
    /// Why it does not, the first thing it would say first.
    pub errors: Vec<Fault>,
    /// What `CONFIG GET *` would print, and of a Sentinel, which has no such command, `SENTINEL CONFIG GET *`; empty when
    /// it does not start.
    pub config: BTreeMap<String, String>,
    /// What `ACL LIST` would print; empty when it does not start.
    pub users: Vec<String>,
    /// What a client without credentials gets for PING, by where it is and how it connects.
    pub reach: BTreeMap<&'static str, BTreeMap<&'static str, &'static str>>,
    /// What could not be told.
    pub unknown: Vec<Open>,
}

/// What a server would do. Paths in the answer are relative to `shown_from` where they lie below it.
pub fn evaluate(question: &Question<'_>, files: &dyn Files, accounts: &dyn Accounts, shown_from: &Path) -> Effective {
    let mut sources = Sources::new();
    let bytes = match files.read(&question.main) {
        Ok(bytes) => bytes,
        Err(error) => return unopened(question, &error.to_string(), shown_from),
    };
    let main = sources.add(Place::File(question.main.path().to_path_buf()), bytes);
    let made = arguments(question.version, question.arguments);
    let stdin = made.stdin.then(|| sources.add(Place::Stdin("-".into()), question.stdin.to_vec()));
    let options = Some(sources.add(Place::Arguments, made.options));
    let start = Start {
        main,
        at: question.main.clone(),
        stdin,
        options,
        folder: question.main.parent(),
        mode: Mode::Server,
        sentinel: made.sentinel || question.sentinel,
    };
    let mut library = Library::new(files, &mut sources, true);
    library.know(&question.main, main);
    let mut loaded = load(question.version, &start, &mut library, accounts);
    let started = accounts.start(&loaded, &mut library);
    loaded.refusals.extend(started.refusals.iter().cloned());
    loaded.doubts.extend(started.doubts.iter().cloned());
    let umask = Maybe::Known(question.umask);
    let user = started.default_user.clone();
    let door = entrance::door(&loaded, user, umask, question.host.clone(), Mode::Server, files);
    listening(&mut loaded, &door, files);
    in_order(&mut loaded);
    let view = View { loaded: &loaded, sources: &sources, files, shown_from };
    view.answer(question, &started, &door)
}

fn unopened(question: &Question<'_>, error: &str, shown_from: &Path) -> Effective {
    let path = shown(question.main.path(), shown_from);
    let message = format!("can't open config file '{path}': {error}");
    Effective {
        server: question.version.to_string(),
        accepted: Some(false),
        errors: vec![Fault { message, path: Some(path), line: None, last_line: None }],
        config: BTreeMap::new(),
        users: Vec::new(),
        reach: BTreeMap::new(),
        unknown: Vec::new(),
    }
}

/// What opening the sockets adds.
fn listening(loaded: &mut Loaded, door: &Door, files: &dyn Files) {
    let opening = listen::open(door);
    let faults = tls::faults(loaded, Some(files));
    for refusal in opening.refusals {
        let at = refusal.by.first().map_or(loaded.end, |setting| entrance::place(loaded, *setting));
        loaded.refusals.push(Refusal { phase: Phase::Listening, message: refusal.message, at });
    }
    loaded.doubts.extend(opening.doubts);
    loaded.refusals.extend(faults.refusals);
    loaded.doubts.extend(faults.doubts);
}

/// The faults in the order in which the server finds them: since 7.2 it opens its sockets last
/// (`server.c:main`, `initListeners`), before that first (`server.c:initServer`).
fn in_order(loaded: &mut Loaded) {
    let early = !loaded.version.since(7, 2);
    loaded.refusals.sort_by_key(|refusal| match refusal.phase {
        Phase::Listening if early => (Phase::Setup, 1),
        phase => (phase, 0),
    });
}

struct View<'a> {
    loaded: &'a Loaded,
    sources: &'a Sources,
    files: &'a dyn Files,
    shown_from: &'a Path,
}

impl View<'_> {
    fn answer(&self, question: &Question<'_>, started: &Started, door: &Door) -> Effective {
        let accepted = self.loaded.accepted();
        let mut unknown = Vec::new();
        let (mut config, mut users, mut reach) = (BTreeMap::new(), Vec::new(), BTreeMap::new());
        // What might keep a server from starting matters as long as nothing certainly does.
        if accepted != Some(false) {
            unknown = self.loaded.doubts.iter().map(|doubt| self.open("accepted".to_owned(), doubt)).collect();
            config = match self.loaded.sentinel {
                true => self.loaded.watch.config(self.loaded),
                false => self.config(&mut unknown),
            };
            users = started.users.clone();
            reach = self.reach(door, &mut unknown);
        }
        Effective {
            server: question.version.to_string(),
            accepted,
            errors: self.loaded.refusals.iter().map(|refusal| self.fault(refusal)).collect(),
            config,
            users,
            reach,
            unknown,
        }
    }

    fn fault(&self, refusal: &Refusal) -> Fault {
        Fault::new(refusal.message.clone(), refusal.at, self.sources, self.shown_from)
    }

    fn open(&self, what: String, unknown: &Unknown) -> Open {
        Open::new(what, unknown, self.sources, self.shown_from)
    }

    /// `CONFIG GET *` without what depends on the run (`config.c:configGetCommand`).
    fn config(&self, unknown: &mut Vec<Open>) -> BTreeMap<String, String> {
        let mut config = BTreeMap::new();
        for setting in SettingId::all() {
            let Some(spec) = self.loaded.spec(setting).filter(|spec| !spec.hidden) else { continue };
            let names = || std::iter::once(spec.name).chain(spec.alias);
            let held = self.loaded.held(setting);
            if let Held::Unknown(reason) = held {
                unknown.push(self.open(format!("config.{}", spec.name), reason));
                continue;
            }
            let value = match (spec.name, &held) {
                ("dir", Held::Default(_)) => continue,
                ("dir", _) => self.folder(),
                (_, held) => held.typed().map(|typed| show(spec, typed)).unwrap_or_default(),
            };
            let text = match spec.secret {
                true if !value.is_empty() => "***".to_owned(),
                _ => String::from_utf8_lossy(&value).into_owned(),
            };
            for name in names() {
                // 6.2 answers to the old name only.
                if name != "replicaof" || self.loaded.version.since(7, 0) {
                    config.insert(name.to_owned(), text.clone());
                }
            }
        }
        config
    }

    /// The working folder as `getcwd` names it.
    fn folder(&self) -> Vec<u8> {
        let Ok(folder) = &self.loaded.folder else { return Vec::new() };
        let real = self.files.real(folder).unwrap_or_else(|_| folder.path().to_path_buf());
        real.to_string_lossy().into_owned().into_bytes()
    }

    fn reach(
        &self,
        door: &Door,
        unknown: &mut Vec<Open>,
    ) -> BTreeMap<&'static str, BTreeMap<&'static str, &'static str>> {
        let mut reach: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
        for vantage in Vantage::ALL.into_iter().filter(|vantage| vantage.shown()) {
            for channel in Channel::ALL.into_iter().filter(|channel| channel.shown()) {
                match cell(door, vantage, channel).answer {
                    Answer::Known(Some(class)) => {
                        reach.entry(vantage.as_str()).or_default().insert(channel.as_str(), Class::as_str(class));
                    }
                    Answer::Known(None) => {}
                    Answer::Unknown { causes, .. } => {
                        let what = format!("reach.{}.{}", vantage.as_str(), channel.as_str());
                        unknown.extend(causes.first().map(|(_, cause)| self.open(what, cause)));
                    }
                }
            }
        }
        reach
    }
}
