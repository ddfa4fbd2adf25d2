//! What is kept in caches, and the zones that caches and limits share.

use super::written::variables;
use super::{Maker, number, texts};
use crate::fact::{Fact, Value};
use crate::platform::nginx::scope::LevelId;
use crate::platform::nginx::tree::Directive;
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
            ("ignores", self.list_with(of, list(&ignores), doubt("ignore_headers"))),
            ("valid", self.list_with(of, self.valid(id, family), doubt("cache_valid"))),
            ("methods", self.list_with(of, list(&words("cache_methods")), doubt("cache_methods"))),
            ("locks", self.unless(doubt("cache_lock"), of, || Fact::derived(locks, at))),
            ("hosts", Fact::derived(self.sharing(cache.arg(0)), at)),
        ];
        Fact::record(fields, at)
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
        let keeps = |id: &LevelId| {
            self.levels_of(*id).iter().any(|&level| {
                FAMILIES.iter().any(|family| self.model.levels.text(level, &format!("{family}_cache")) == Some(zone))
            })
        };
        number(self.servers().filter(keeps).count() as u64)
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

/// The zones of limits and caches.
pub(super) fn zones(maker: &Maker<'_>) -> Fact {
    let mut items = Vec::new();
    let users: Vec<&Directive> = maker.model.levels.all.iter().flat_map(|level| level.own.iter().copied()).collect();
    let ruled = super::promise::zones(maker);
    for directive in &users {
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
        let used = users.iter().any(|user| match kind {
            "limit_req" => {
                *user.name == *"limit_req" && user.args.iter().any(|word| word.strip_prefix("zone=") == Some(&*name))
            }
            "limit_conn" => *user.name == *"limit_conn" && user.arg(0) == name,
            _ => FAMILIES.iter().any(|family| user.name.strip_prefix(family) == Some("_cache")) && user.arg(0) == name,
        });
        let by_variable = users.iter().any(|user| user.name.ends_with("_cache") && user.arg(0).contains('$'));
        let used = used || kind == "cache" && by_variable;
        let user = |family: &&str| maker.unseen(&format!("{family}_cache"));
        let unseen = directive.unfilled().or_else(|| match kind {
            "cache" => FAMILIES.iter().find_map(user),
            kind => maker.unseen(kind),
        });
        let known = |fact: Fact| directive.unfilled().map_or(fact, Fact::Unknown);
        let fields = [
            ("kind", Fact::derived(kind, at)),
            ("ruled", known(Fact::derived(ruled.contains(&name), at))),
            ("name", known(Fact::derived(name, at))),
            ("key", known(Fact::derived(key.to_owned(), at))),
            ("key_variables", known(Fact::derived(Value::from(variables([key], at)), at))),
            ("path", known(Fact::derived(path.to_owned(), at))),
            ("used", maker.unless(unseen.clone().filter(|_| !used), "nginx.zones", || Fact::derived(used, at))),
        ];
        items.push(Fact::record(fields, at));
    }
    maker.list("nginx.zones", items)
}
