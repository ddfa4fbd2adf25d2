//! From claimed files to instances: who includes whom, what each instance is made of, and which files stand alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::accounts::AclRules;
use super::claim::{self, Form};
use super::conclude::vulnerable::Declared;
use super::conf::{Held, Loaded, Mode, Rules, Start, Taken, load};
use super::derive;
use super::directive::SettingId;
use super::door::{Door, Host, Maybe};
use super::effective::{Accounts, Started};
use super::entrance;
use super::include::{Library, written_path};
use super::split::Word;
use super::value::Typed;
use super::version::Version;
use crate::fact::{Name, Record, Subject, Unknown, Why};
use crate::files::Location;
use crate::platform::{Claimed, Context, Reading, Wanted, name};
use crate::text::{Level, Notice, SourceId, Sources, Span, Unreadable, Where};

/// A server with its configuration, as each version in question reads it.
pub struct Instance {
    /// What each version makes of the configuration; its place is the number of its world. Never empty.
    pub loaded: Vec<Loaded>,
    /// The ACL file in each world.
    pub acl: Vec<AclFile>,
    /// The users that each version starts with, as far as they decide whether it starts and who gets in.
    pub started: Vec<Started>,
    /// Who gets in, in each world.
    pub doors: Vec<Door>,
    /// The version as it is declared, if it is; then there is one world.
    pub declared: Option<Declared>,
    /// The kind of server.
    pub kind: Name,
    /// The settings that somebody will ask for.
    pub wanted: Wanted,
    /// Whether this is only a part of a configuration, so that nothing is missing from it.
    pub fragment: bool,
}

/// The ACL file of an instance.
#[derive(Debug, Clone)]
pub enum AclFile {
    /// None is named.
    None,
    /// This one, named there.
    Read {
        /// Its bytes.
        source: SourceId,
        /// The reference to it.
        at: Span,
    },
    /// One is named that could not be read, or what names it is not known.
    Unknown(Unknown),
}

/// A kind of server whose files are read here.
pub struct Kind {
    /// The platform's name.
    pub name: &'static str,
    /// What its configuration files are called.
    pub carrier: &'static str,
    /// Concludes the facts of an instance.
    pub facts: fn(&Instance, &Sources) -> Record,
}

/// The carrier of an ACL file that no configuration in reach names.
pub const ACL_FILE: &str = "acl-file";

/// Which settings make a configuration more than a part of one.
const WHOLE: [&str; 3] = ["port", "bind", "dir"];

/// Takes everything. Who includes whom does not depend on the rules of users, nor do the values of settings.
struct AnyRules;

impl Rules for AnyRules {
    fn command(&self, _: &Loaded, _: &[u8]) -> bool {
        true
    }

    fn take(&self, _: &Loaded, _: &[Word], _: bool) -> Result<Option<Taken>, (usize, String)> {
        Ok(None)
    }
}

/// The subjects that claimed files make.
pub fn subjects(kind: &Kind, claimed: &[Claimed], context: &Context<'_>, reading: &mut Reading) -> Vec<Subject> {
    // One binary is both servers, so what is declared for one holds for the other.
    let declared = context.versions.get(kind.name).or_else(|| context.versions.get("redis"));
    let worlds = worlds(declared.map(String::as_str), &mut reading.notices);
    let form = |file: &Claimed| {
        let path = file.location.path();
        claim::form(path, reading.sources.get(file.source).bytes()).map_or(Form::Server, |(form, _)| form)
    };
    let forms: Vec<Form> = claimed.iter().map(form).collect();
    let mut library = Library::new(context.files, &mut reading.sources, false);
    for file in claimed {
        library.know(&file.location, file.source);
    }
    let sentinel = kind.name == "sentinel";
    let known = declared.and_then(|declared| Declared::new(declared, context.today));
    let notices = &mut reading.notices;
    let mut reader = Reader { wanted: context.wanted, worlds: &worlds, declared: known, sentinel, library, notices };
    let graph = reader.graph(claimed, &forms);
    let names: Arc<[String]> = worlds.iter().map(|version| version.to_string()).collect();
    let mut subjects = Vec::new();
    for root in graph.roots(&forms) {
        let reached = graph.reach(root);
        if !reached.iter().any(|&index| claimed[index].asked) {
            continue;
        }
        let file = &claimed[root];
        let mut subject = match forms[root] {
            Form::Acl => lone(kind, file, reader.library.sources, &worlds),
            Form::Server | Form::Sentinel => reader.subject(kind, file),
        };
        // Nobody else reads it: that is what makes it a subject.
        reader.library.forget(file.source);
        subject.version = declared.cloned();
        subject.worlds = names.clone();
        subjects.push(subject);
    }
    subjects
}

/// The versions in question: the declared one, or all that are maintained.
fn worlds(declared: Option<&str>, notices: &mut Vec<Notice>) -> Vec<&'static Version> {
    let found = declared.and_then(|declared| Some((declared, Version::find(declared).ok()?)));
    let Some((declared, (version, is_another))) = found else { return Version::undeclared().collect() };
    if is_another {
        let message = format!("there is no table for {declared}; that of {version} is used");
        notices.push(Notice { level: Level::Info, at: Where::Run, message });
    }
    vec![version]
}

/// An ACL file that no configuration names.
fn lone(kind: &Kind, file: &Claimed, sources: &Sources, worlds: &[&'static Version]) -> Subject {
    Subject {
        kind: kind.name,
        name: name::subject_name(file.location.path()),
        carrier: ACL_FILE,
        because: file.because.clone(),
        main: sources.get(file.source).whole(),
        location: file.location.clone(),
        sources: vec![file.source],
        version: None,
        worlds: Arc::from([]),
        facts: derive::alone(kind.name, file.source, sources, worlds),
        lacks: Arc::from([]),
        absent: Some(Arc::from("an ACL file that no configuration in reach names: nothing is known of the settings")),
    }
}

struct Reader<'a, 'l> {
    wanted: &'a Wanted,
    worlds: &'a [&'static Version],
    declared: Option<Declared>,
    sentinel: bool,
    library: Library<'l>,
    notices: &'a mut Vec<Notice>,
}

impl Reader<'_, '_> {
    /// Who names whom among the claimed files, as the newest version in question reads them.
    fn graph(&mut self, claimed: &[Claimed], forms: &[Form]) -> Graph {
        let numbers: BTreeMap<SourceId, usize> =
            claimed.iter().enumerate().map(|(index, file)| (file.source, index)).collect();
        let Some(&newest) = self.worlds.last() else { return Graph(Vec::new()) };
        let mut names = Vec::new();
        for (file, form) in claimed.iter().zip(forms) {
            let mut sources = Vec::new();
            if *form != Form::Acl && self.names_others(file) {
                let loaded = self.load(newest, file, &AnyRules);
                sources.extend(&loaded.sources);
                if let AclFile::Read { source, .. } = self.acl(&loaded) {
                    sources.push(source);
                }
            }
            names.push(sources.iter().filter_map(|source| numbers.get(source).copied()).collect());
        }
        Graph(names)
    }

    /// Whether a file may name another one.
    fn names_others(&mut self, file: &Claimed) -> bool {
        let text = self.library.text(&[file.source], false);
        text.lines.iter().any(|line| line.content.begins(&["include", "aclfile"]))
    }

    fn load(&mut self, version: &'static Version, file: &Claimed, rules: &dyn Rules) -> Loaded {
        let start = Start {
            main: file.source,
            at: file.location.clone(),
            stdin: None,
            options: None,
            folder: file.location.parent(),
            mode: Mode::Check,
            sentinel: self.sentinel,
        };
        load(version, &start, &mut self.library, rules)
    }

    fn subject(&mut self, kind: &Kind, file: &Claimed) -> Subject {
        let loaded: Vec<Loaded> = self.worlds.iter().map(|version| self.load(version, file, &AclRules)).collect();
        let acl: Vec<AclFile> = loaded.iter().map(|loaded| self.acl(loaded)).collect();
        let mut sources = Vec::new();
        let of_acl =
            acl.iter().filter_map(|acl| if let AclFile::Read { source, .. } = acl { Some(*source) } else { None });
        for source in loaded.iter().flat_map(|loaded| loaded.sources.iter().copied()).chain(of_acl) {
            if !sources.contains(&source) {
                sources.push(source);
            }
        }
        self.tell(&loaded, &acl);
        let fragment = kind.name == "redis" && loaded.iter().all(is_fragment);
        let started: Vec<Started> = loaded.iter().map(|loaded| AclRules.start(loaded, &mut self.library)).collect();
        let doors = loaded.iter().zip(&started).map(|(loaded, started)| self.door(loaded, started)).collect();
        let (declared, wanted) = (self.declared.clone(), self.wanted.clone());
        let instance = Instance { loaded, acl, started, doors, declared, kind: kind.name, wanted, fragment };
        let absent = "only a part of a configuration, without `port`, `bind` and `dir`: what it leaves out may be \
                      set elsewhere";
        Subject {
            kind: kind.name,
            name: name::subject_name(file.location.path()),
            carrier: kind.carrier,
            because: file.because.clone(),
            main: self.library.sources.get(file.source).whole(),
            location: file.location.clone(),
            sources,
            version: None,
            worlds: Arc::from([]),
            facts: (kind.facts)(&instance, self.library.sources),
            lacks: lacking(&instance.loaded),
            absent: fragment.then(|| Arc::from(absent)),
        }
    }

    /// Who gets in. The umask of a service is 022 unless its unit says otherwise.
    fn door(&self, loaded: &Loaded, started: &Started) -> Door {
        let (user, host) = (started.default_user.clone(), Host::default());
        let files = self.library.files();
        entrance::door(loaded, user, Maybe::Known(0o022), host, Mode::Check, files)
    }

    /// The ACL file that a configuration names (`acl.c:ACLLoadUsersAtStartup`: relative to the working folder when
    /// all is read; an empty name is none).
    fn acl(&mut self, loaded: &Loaded) -> AclFile {
        let (at, written) = match loaded.named("aclfile") {
            Held::Written(write, Typed::Bytes(path)) if !path.is_empty() => (write.value, written_path(path)),
            Held::Unknown(unknown) => return AclFile::Unknown(unknown.clone()),
            _ => return AclFile::None,
        };
        let location = match &loaded.folder {
            Ok(folder) => folder.resolve(&written),
            Err(_) if written.is_absolute() => Location::Target(written.clone()),
            Err(unknown) => return AclFile::Unknown(unknown.clone()),
        };
        match self.library.source(&location) {
            Ok(source) => AclFile::Read { source, at },
            Err(why) => {
                let needs = match why {
                    Unreadable::Denied => format!("read access to {}", written.display()),
                    why => format!("{}: {why}", written.display()),
                };
                AclFile::Unknown(Unknown::new(Why::NotReadable, at, needs))
            }
        }
    }

    /// A notice for each file that is named and was not read.
    fn tell(&mut self, loaded: &[Loaded], acl: &[AclFile]) {
        let poisons = loaded.iter().flat_map(|loaded| &loaded.poisons).map(|poison| &poison.unknown);
        let unknown_acl = acl.iter().filter_map(|acl| if let AclFile::Unknown(why) = acl { Some(why) } else { None });
        for unknown in poisons.chain(unknown_acl).filter(|unknown| unknown.why != Why::Templated) {
            let message = format!("not read: {}", unknown.needs);
            let notice = Notice { level: Level::Warning, at: Where::Span(unknown.at), message };
            if !self.notices.contains(&notice) {
                self.notices.push(notice);
            }
        }
    }
}

/// The settings that no version in question has.
pub(super) fn lacking(loaded: &[Loaded]) -> Arc<[Name]> {
    let there = |setting: &SettingId| loaded.iter().any(|loaded| loaded.spec(*setting).is_some());
    let mut names: Vec<Name> =
        SettingId::all().filter(|setting| !there(setting)).map(|setting| setting.setting().fact).collect();
    // Files do not run, and hold no keys.
    names.extend(["keys", "live"]);
    names.sort_unstable();
    names.into()
}

/// Whether a configuration says nothing of what every instance needs to be told, nor could have.
fn is_fragment(loaded: &Loaded) -> bool {
    WHOLE.iter().all(|name| matches!(loaded.named(name), Held::Default(_) | Held::Absent))
}

/// Which claimed files each one reads, itself included.
struct Graph(Vec<BTreeSet<usize>>);

impl Graph {
    /// The files that no other one reads. Of files that read each other in a circle, the first stands for all:
    /// otherwise none of them would be judged.
    fn roots(&self, forms: &[Form]) -> Vec<usize> {
        let all = 0..self.0.len();
        let mut named = vec![false; self.0.len()];
        for (file, reads) in self.0.iter().enumerate() {
            for other in reads.iter().filter(|other| **other != file) {
                named[*other] = true;
            }
        }
        let mut roots: Vec<usize> = all.clone().filter(|&file| !named[file]).collect();
        let mut covered: BTreeSet<usize> = roots.iter().flat_map(|&root| self.reach(root)).collect();
        for file in all.filter(|&file| forms[file] != Form::Acl) {
            if !covered.contains(&file) {
                roots.push(file);
                covered.extend(self.reach(file));
            }
        }
        roots.sort_unstable();
        roots
    }

    /// The files that an instance is made of; what is included by what is included is listed already.
    fn reach(&self, root: usize) -> BTreeSet<usize> {
        let mut reached = self.0.get(root).cloned().unwrap_or_default();
        reached.insert(root);
        reached
    }
}
