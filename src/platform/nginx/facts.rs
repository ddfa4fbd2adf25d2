//! From a configuration to facts: what each level of it would do with a response.

mod access;
mod ask;
mod cache;
mod header;
mod log;
mod place;
pub mod promise;
pub mod schema;
mod secret;
mod server;
mod source;
mod start;
mod upstream;
mod way;
mod written;

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap};

use self::promise::Homeless;
use super::model::Model;
use super::scope::{Kind, Level, LevelId};
use super::tree::{Directive, File};
use super::version::Version;
use crate::caching::CacheRule;
use crate::fact::{Fact, Items, List, Name, Origin, Record, Spans, Unknown, Value, Why};
use crate::platform::Wanted;
use crate::text::{SourceId, Sources, Span};

/// What facts are made of.
pub struct Subject<'a> {
    /// The configuration.
    pub model: &'a Model<'a>,
    /// Its main file.
    pub file: &'a File,
    /// The sources of the run.
    pub sources: &'a Sources,
    /// Those of them that it is read from.
    pub holding: &'a [SourceId],
    /// Whether it is a whole configuration.
    pub whole: bool,
    /// The level on which the directives of the file stand.
    pub part_of: Kind,
    /// The versions in question.
    pub versions: &'a [Version],
    /// The name of the main file.
    pub name: &'a str,
    /// The facts that somebody will ask for.
    pub wanted: &'a Wanted,
    /// The project's rules for caches.
    pub cache_rules: &'a [CacheRule],
    /// The example pages of these that no configuration answers for, where this one is to tell them.
    pub homeless: Option<&'a Homeless>,
}

/// All facts of a configuration.
pub fn facts(subject: &Subject<'_>) -> Record {
    let maker = Maker {
        subject,
        model: subject.model,
        servers: subject.model.levels.of_kind(Kind::Server).collect(),
        labels: OnceCell::new(),
        level_labels: OnceCell::new(),
        keepers: OnceCell::new(),
    };
    let mut facts: Vec<(Name, Fact)> = written::facts(&maker);
    let mut add = |name: Name, make: &dyn Fn() -> Option<Fact>| {
        if subject.wanted.has(name) {
            facts.extend(make().map(|fact| (name, fact)));
        }
    };
    let start = maker.model.main;
    add("main", &|| Some(Fact::derived(subject.name.to_owned(), start)));
    add("whole", &|| Some(Fact::derived(subject.whole, start)));
    add("part_of", &|| Some(Fact::derived(kind_name(subject.part_of), start)));
    add("http_block", &|| maker.http_block());
    add("swallowed", &|| Some(start::swallowed(&maker)));
    add("servers", &|| Some(maker.list("nginx.servers", maker.servers().map(|id| server::server(&maker, id)))));
    add("scopes", &|| Some(place::scopes(&maker)));
    add("response_headers", &|| Some(header::written(&maker)));
    add("log_formats", &|| Some(log::formats(&maker)));
    add("cache_rules", &|| Some(promise::rules(&maker)));
    add("secrets", &|| Some(secret::secrets(&maker)));
    add("secret_files", &|| Some(secret::files(&maker)));
    add("zones", &|| Some(cache::zones(&maker)));
    facts.extend(start::starts(&maker));
    Record::new(facts)
}

/// Labels, each once: what is called like one before says which of them it is.
fn told_apart(labels: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let unique = labels.map(|label| {
        let again = seen.entry(label.clone()).or_default();
        *again += 1;
        if *again > 1 { format!("{label}, the {}", ordinal(*again)) } else { label }
    });
    unique.collect()
}

/// 2nd, 3rd, 4th.
fn ordinal(number: usize) -> String {
    let end = match (number % 10, number % 100) {
        (1, last) if last != 11 => "st",
        (2, last) if last != 12 => "nd",
        (3, last) if last != 13 => "rd",
        _ => "th",
    };
    format!("{number}{end}")
}

/// Makes facts of one configuration.
struct Maker<'a> {
    subject: &'a Subject<'a>,
    model: &'a Model<'a>,
    /// The servers, and of a part of one the server that it must be in.
    servers: Vec<LevelId>,
    /// How many servers keep answers in each cache.
    keepers: OnceCell<HashMap<&'a str, i64>>,
    /// What a reader would call each server.
    labels: OnceCell<BTreeMap<LevelId, String>>,
    /// What a reader would call each level.
    level_labels: OnceCell<Vec<String>>,
}

impl<'a> Maker<'a> {
    fn http_block(&self) -> Option<Fact> {
        let http = self.model.levels.of_kind(Kind::Http).next()?;
        let block = self.model.levels.all[http].directive?;
        Some(Fact::derived("http", block.name.span))
    }

    /// The servers, and of a part of one the server that it must be in.
    fn servers(&self) -> impl Iterator<Item = LevelId> + '_ {
        self.servers.iter().copied()
    }

    /// The levels of a server whose settings a response can have.
    fn levels_of(&self, server: LevelId) -> Vec<LevelId> {
        let mut all = vec![server];
        let mut at = 0;
        while let Some(&id) = all.get(at) {
            let children = self.model.levels.all[id].children.iter().copied();
            let own = children.filter(|&child| {
                matches!(self.model.levels.all[child].kind, Kind::Location | Kind::If | Kind::LimitExcept)
            });
            all.splice(at + 1..at + 1, own);
            at += 1;
        }
        all
    }

    /// The place of a level: its block's name, up to its arguments.
    fn at(&self, id: LevelId) -> Span {
        match self.model.levels.all[id].directive {
            Some(directive) => directive.text(),
            None => self.model.levels.place(id).unwrap_or(self.model.main),
        }
    }

    /// What a reader would call a level: what opens it, and where several are opened so, of which server it is, and which
    /// of them. Checks find what belongs to a level by it.
    fn label(&self, id: LevelId) -> String {
        let labels = self.level_labels.get_or_init(|| self.level_labels());
        labels.get(id).cloned().unwrap_or_default()
    }

    fn level_labels(&self) -> Vec<String> {
        let written: Vec<String> = (0..self.model.levels.all.len()).map(|id| self.opening(id)).collect();
        let mut counts: HashMap<&str, usize> = HashMap::new();
        written.iter().for_each(|label| *counts.entry(label).or_default() += 1);
        told_apart(written.iter().enumerate().map(|(id, label)| {
            match self.model.levels.enclosing(id, Kind::Server).filter(|_| counts[&**label] > 1) {
                Some(server) => format!("{label} of {}", self.server_label(server)),
                None => label.clone(),
            }
        }))
    }

    /// The directive that opens a level.
    fn opening(&self, id: LevelId) -> String {
        match self.model.levels.all[id].directive {
            Some(directive) => {
                let words: Vec<&str> = directive.args.iter().map(|word| &*word.text).collect();
                [&[&*directive.name], &words[..]].concat().join(" ")
            }
            None => format!("the {} around", kind_name(self.model.levels.all[id].kind)),
        }
    }

    /// A list that may hold more than is seen.
    fn list_with(&self, of: &'static str, items: impl IntoIterator<Item = Fact>, rest: Option<Unknown>) -> Fact {
        let items: Vec<Fact> = items.into_iter().collect();
        let mut spans: Vec<Span> = items.iter().filter_map(|item| item.spans().first().copied()).collect();
        if spans.is_empty() {
            spans.push(self.model.main);
        }
        let rest = rest.map(|unknown| unknown.following_from(of));
        let value = Value::List(List { items: Items::Here(items.into()), rest });
        Fact::Known { value, origin: Origin::Derived(Spans::from(spans)) }
    }

    /// A list of everything there is; what an include hides may be more.
    fn list(&self, of: &'static str, items: impl IntoIterator<Item = Fact>) -> Fact {
        self.list_with(of, items, self.unseen_servers())
    }

    /// A list of all levels of all servers; what an include hides within one of them may be more.
    fn list_of_levels(&self, of: &'static str, items: impl IntoIterator<Item = Fact>) -> Fact {
        let within = || {
            let mut levels = self.servers().flat_map(|server| self.levels_of(server));
            levels.find_map(|id| self.model.levels.all[id].doubts.iter().find(|doubt| doubt.touches("location")))
        };
        self.list_with(of, items, self.unseen_servers().or_else(|| Some(within()?.unknown.clone())))
    }

    /// Why there may be more servers, zones and formats than are seen.
    fn unseen_servers(&self) -> Option<Unknown> {
        // Outside `http` there is no server to be hidden.
        let http = self.model.levels.of_kind(Kind::Http).next();
        let mut outer = self.model.levels.all.iter().filter(|level| match http {
            Some(_) => level.kind == Kind::Http,
            None => level.kind == Kind::Main,
        });
        let touches = |level: &Level<'_>| level.doubts.iter().find(|doubt| doubt.touches("server")).cloned();
        let hidden = outer.find_map(touches).filter(|_| self.subject.whole);
        hidden.map(|doubt| doubt.unknown)
    }

    /// A fact that `doubt` keeps from being known.
    fn unless(&self, doubt: Option<Unknown>, of: &'static str, fact: impl FnOnce() -> Fact) -> Fact {
        doubt.map_or_else(fact, |unknown| Fact::Unknown(unknown.following_from(of)))
    }

    /// The text of an argument, unknown where a template fills it in.
    fn word(&self, directive: &Directive, index: usize) -> Fact {
        match directive.args.get(index) {
            Some(word) if word.templated => Fact::unknown(Why::Templated, word.span, "the rendered file"),
            Some(word) => Fact::derived(word.to_string(), directive.text()),
            None => Fact::derived("", directive.text()),
        }
    }
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Main => "main",
        Kind::Http => "http",
        Kind::Server => "server",
        Kind::Location => "location",
        Kind::If | Kind::ServerIf => "if",
        Kind::LimitExcept => "limit_except",
        Kind::Upstream => "upstream",
        Kind::Other => "block",
    }
}

/// A list of texts that stand at one place.
fn texts(texts: impl IntoIterator<Item = impl Into<String>>, at: Span) -> Fact {
    let items: Vec<Fact> = texts.into_iter().map(|text| Fact::derived(text.into(), at)).collect();
    Fact::derived(Value::from(items), at)
}

/// A whole number as a fact; what is too large is the largest.
fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
