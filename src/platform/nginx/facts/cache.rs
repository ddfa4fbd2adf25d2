//! What is kept in caches, and the zones that caches and limits share.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::written::variables;
use super::{Maker, number, texts};
use crate::fact::{Fact, Value};
use crate::platform::nginx::scope::LevelId;
use crate::platform::nginx::tree::{Directive, Word};
use crate::platform::nginx::value::milliseconds;

/// The families of directives that can keep answers.
const FAMILIES: [&str; 4] = ["proxy", "fastcgi", "uwsgi", "scgi"];

impl<'a> Maker<'a> {
    /// What is kept on a level.
    pub fn cache(&self, id: LevelId) -> Fact {
        let handler = self.handler(id).filter(|_| self.returns(id).is_none());
        let family = handler.and_then(|handler| handler.name.strip_suffix("_pass"));
        let family = family.filter(|family| FAMILIES.contains(family));
        let of = "nginx.scopes[].cache";
        let Some(family) = family else { return self.no_cache(id) };
        let held = self.model.levels.held(id, &format!("{family}_cache"));
        match held.one().filter(|cache| cache.arg(0) != "off") {
            Some(cache) => self.kept(id, family, cache),
            None => self.unless(held.doubt, of, || self.no_cache(id)),
        }
    }

    fn kept(&self, id: LevelId, family: &str, cache: &'a Directive) -> Fact {
        let levels = &self.model.levels;
        let at = cache.text();
        let key = levels.held(id, &format!("{family}_cache_key")).one();
        let default = if family == "proxy" { "$scheme$proxy_host$request_uri" } else { "" };
        let words = |name: &str| -> Vec<(String, &'a Directive)> {
            let held = levels.held(id, &format!("{family}_{name}"));
            let known = |it: &&'a Directive| {
                let it = *it;
                it.args.iter().filter(|word| !word.templated).map(move |word| (word.to_string(), it))
            };
            held.directives.iter().flat_map(known).collect()
        };
        let list = |words: &[(String, &Directive)]| {
            words.iter().map(|(word, from)| Fact::derived(word.clone(), from.text())).collect::<Vec<_>>()
        };
        let (bypass, no_cache) = (words("cache_bypass"), words("no_cache"));
        let kept_back: Vec<String> = self.depends_fully(id, no_cache.iter().map(|(word, _)| word.as_str()));
        let only: Vec<(String, &Directive)> =
            bypass.iter().filter(|(word, _)| !no_cache.iter().any(|(other, _)| other == word)).cloned().collect();
        let ignores: Vec<(String, &Directive)> =
            words("ignore_headers").into_iter().map(|(word, from)| (word.to_ascii_lowercase(), from)).collect();
        let locks = levels.flag(id, &format!("{family}_cache_lock"), false);
        let key_text = key.map_or(default, |key| key.arg(0));
        let key_at = key.map_or(at, |key| key.text());
        let doubt = |name: &str| {
            let held = levels.held(id, &format!("{family}_{name}"));
            held.directives.iter().find_map(|it| it.unfilled()).or(held.doubt)
        };
        let of = "nginx.scopes[].cache";
        let fields = [
            ("on", Fact::derived(true, at)),
            ("zone", self.word(cache, 0)),
            ("kind", Fact::derived(family.to_owned(), at)),
            ("key", self.unless(doubt("cache_key"), of, || Fact::derived(key_text.to_owned(), key_at))),
            ("key_written", self.unless(doubt("cache_key"), of, || Fact::derived(key.is_some(), key_at))),
            (
                "key_variables",
                self.unless(doubt("cache_key"), of, || {
                    Fact::derived(Value::from(variables([key_text], key_at)), key_at)
                }),
            ),
            ("bypass", self.list_with(of, list(&bypass), doubt("cache_bypass"))),
            ("no_cache", self.list_with(of, list(&no_cache), doubt("no_cache"))),
            (
                "bypass_only",
                self.list_with(
                    of,
                    list(&only),
                    doubt("cache_bypass").or(doubt("no_cache").filter(|_| !only.is_empty())),
                ),
            ),
            ("asks_for", self.list_with(of, texts_of(&kept_back, at), doubt("no_cache"))),
            ("lost", self.list_with(of, self.lost_conditions(id, family), None)),
            ("ignores", self.list_with(of, list(&ignores), doubt("ignore_headers"))),
            ("valid", self.list_with(of, self.valid(id, family), doubt("cache_valid"))),
            ("methods", self.list_with(of, list(&words("cache_methods")), doubt("cache_methods"))),
            ("locks", self.unless(doubt("cache_lock"), of, || Fact::derived(locks, at))),
            ("hosts", Fact::derived(self.sharing(cache.arg(0)), at)),
        ];
        Fact::record(fields, at)
    }

    /// The conditions of the levels around the one whose conditions hold here, of which it has put those out of force
    /// that depend on something that none of its own depends on.
    fn lost_conditions(&self, id: LevelId, family: &str) -> Vec<Fact> {
        let names = [format!("{family}_no_cache"), format!("{family}_cache_bypass")];
        names.into_iter().filter_map(|name| self.lost_of(id, name)).collect()
    }

    fn lost_of(&self, id: LevelId, name: String) -> Option<Fact> {
        let levels = &self.model.levels;
        let held = levels.held(id, &name);
        let (decides, first) = (held.level?, *held.directives.first()?);
        let asks = self.depends_fully(id, held.directives.iter().flat_map(|it| it.args.iter().map(|word| &*word.text)));
        let around = levels.held(levels.all[decides].parent?, &name).directives;
        let lost = around.iter().flat_map(|around| &around.args).filter(|word| {
            let on = self.depends_fully(id, [&*word.text]);
            !on.is_empty() && !on.iter().all(|on| asks.contains(on))
        });
        let known = |word: &Word| match word.unfilled().or_else(|| held.directives.iter().find_map(|it| it.unfilled()))
        {
            Some(unknown) => Fact::Unknown(unknown),
            None => Fact::derived(word.to_string(), word.span),
        };
        let conditions: Vec<Fact> = lost.map(known).collect();
        let at = first.text();
        let fields = [
            ("directive", Fact::derived(name, at)),
            ("own", Fact::derived(decides == id, at)),
            ("conditions", self.list_with("nginx.scopes[].cache.lost[].conditions", conditions.clone(), None)),
        ];
        (!conditions.is_empty()).then(|| Fact::record(fields, at))
    }

    fn valid(&self, id: LevelId, family: &str) -> Vec<Fact> {
        let held = self.model.levels.held(id, &format!("{family}_cache_valid"));
        let mut items = Vec::new();
        for directive in held.directives {
            let Some((time, codes)) = directive.args.split_last().filter(|_| !directive.templated()) else { continue };
            let seconds = milliseconds(time).map_or(-1, |time| number(time / 1000));
            let codes: Vec<&str> = match codes.is_empty() {
                true => vec!["200", "301", "302"],
                false => codes.iter().map(|code| &**code).collect(),
            };
            for code in codes {
                let at = directive.text();
                let fields = [("status", Fact::derived(code.to_owned(), at)), ("seconds", Fact::derived(seconds, at))];
                items.push(Fact::record(fields, at));
            }
        }
        items
    }

    /// How many servers keep answers in a zone.
    fn sharing(&self, zone: &str) -> i64 {
        let keepers = self.keepers.get_or_init(|| {
            let names = FAMILIES.map(|family| format!("{family}_cache"));
            let mut keepers: HashMap<&str, i64> = HashMap::new();
            for server in self.servers() {
                let zones = self.levels_of(server).into_iter().flat_map(|level| {
                    let held = names.iter().filter_map(move |name| self.model.levels.text(level, name));
                    held.collect::<Vec<_>>()
                });
                for zone in zones.collect::<BTreeSet<_>>() {
                    *keepers.entry(zone).or_default() += 1;
                }
            }
            keepers
        });
        keepers.get(zone).copied().unwrap_or_default()
    }

    fn no_cache(&self, id: LevelId) -> Fact {
        let at = self.at(id);
        let none = || texts(Vec::<String>::new(), at);
        let fields = [
            ("on", Fact::derived(false, at)),
            ("zone", Fact::derived("", at)),
            ("kind", Fact::derived("", at)),
            ("key", Fact::derived("", at)),
            ("key_written", Fact::derived(false, at)),
            ("key_variables", none()),
            ("bypass", none()),
            ("no_cache", none()),
            ("bypass_only", none()),
            ("asks_for", none()),
            ("lost", none()),
            ("ignores", none()),
            ("valid", none()),
            ("methods", none()),
            ("locks", Fact::derived(false, at)),
            ("hosts", Fact::derived(0, at)),
        ];
        Fact::record(fields, at)
    }
}

fn texts_of(texts: &[String], at: crate::text::Span) -> Vec<Fact> {
    texts.iter().map(|text| Fact::derived(text.clone(), at)).collect()
}

/// What uses zones: `limit_req`, `limit_conn` and caches, each with the names of zones.
struct Users<'a> {
    requests: HashSet<&'a str>,
    connections: HashSet<&'a str>,
    caches: HashSet<&'a str>,
    /// Whether some cache is named by a variable.
    any_cache: bool,
}

impl<'a> Users<'a> {
    fn of(all: &[&'a Directive]) -> Users<'a> {
        let named = |name: &'static str| all.iter().filter(move |user| *user.name == *name);
        let zone = |user: &&'a Directive| user.args.iter().find_map(|word| word.strip_prefix("zone="));
        let is_cache =
            |user: &&&'a Directive| FAMILIES.iter().any(|family| user.name.strip_prefix(family) == Some("_cache"));
        let caches: HashSet<&str> = all.iter().filter(is_cache).map(|user| user.arg(0)).collect();
        Users {
            requests: named("limit_req").filter_map(zone).collect(),
            connections: named("limit_conn").map(|user| user.arg(0)).collect(),
            any_cache: caches.iter().any(|zone| zone.contains('$')),
            caches,
        }
    }

    fn has(&self, kind: &str, zone: &str) -> bool {
        match kind {
            "limit_req" => self.requests.contains(zone),
            "limit_conn" => self.connections.contains(zone),
            _ => self.any_cache || self.caches.contains(zone),
        }
    }
}

/// The variables that a key is made of, those that `map` and `set` make followed.
fn made_of(maker: &Maker<'_>, directive: &Directive, key: &str) -> Vec<Fact> {
    let sources = maker.sources_of(0, directive, [key]);
    sources.variables.into_iter().map(|name| Fact::derived(name, directive.text())).collect()
}

/// The zones of limits and caches.
pub(super) fn zones(maker: &Maker<'_>) -> Fact {
    let mut items = Vec::new();
    let all: Vec<&Directive> = maker.model.levels.all.iter().flat_map(|level| level.own.iter().copied()).collect();
    let users = Users::of(&all);
    let ruled = super::promise::zones(maker);
    let unseen_cache = FAMILIES.iter().find_map(|family| maker.unseen(&format!("{family}_cache")));
    let (unseen_requests, unseen_connections) = (maker.unseen("limit_req"), maker.unseen("limit_conn"));
    for directive in &all {
        let at = directive.text();
        let zone = |prefix: &str| {
            let word = directive.args.iter().find_map(|word| word.strip_prefix(prefix))?;
            Some(word.split(':').next().unwrap_or_default().to_owned())
        };
        let (kind, name, key, path) = match &*directive.name {
            "limit_req_zone" => ("limit_req", zone("zone="), directive.arg(0), ""),
            "limit_conn_zone" => ("limit_conn", zone("zone="), directive.arg(0), ""),
            name if FAMILIES.iter().any(|family| name.strip_prefix(family) == Some("_cache_path")) => {
                ("cache", zone("keys_zone="), "", directive.arg(0))
            }
            _ => continue,
        };
        let Some(name) = name else { continue };
        let used = users.has(kind, &name);
        let unseen = directive.unfilled().or_else(|| match kind {
            "cache" => unseen_cache.clone(),
            "limit_req" => unseen_requests.clone(),
            _ => unseen_connections.clone(),
        });
        let known = |fact: Fact| directive.unfilled().map_or(fact, Fact::Unknown);
        let fields = [
            ("kind", Fact::derived(kind, at)),
            ("ruled", known(Fact::derived(ruled.contains(&name), at))),
            ("name", known(Fact::derived(name, at))),
            ("key", known(Fact::derived(key.to_owned(), at))),
            ("key_variables", known(Fact::derived(Value::from(variables([key], at)), at))),
            (
                "key_made_of",
                maker.list_with("nginx.zones[].key_made_of", made_of(maker, directive, key), directive.unfilled()),
            ),
            ("uncounted", maker.uncounted(key, at)),
            ("path", known(Fact::derived(path.to_owned(), at))),
            ("used", maker.unless(unseen.filter(|_| !used), "nginx.zones", || Fact::derived(used, at))),
        ];
        items.push(Fact::record(fields, at));
    }
    maker.list("nginx.zones", items)
}
