//! The levels of servers: what each of them answers, and with what.

use super::{Maker, kind_name, number};
use crate::fact::{Fact, Unknown, Why};
use crate::platform::nginx::locate::{Location, Match};
use crate::platform::nginx::scope::{Kind, LevelId};
use crate::platform::nginx::tree::Directive;
use crate::platform::nginx::value::size;

/// Directives that hand requests to an interpreter of scripts.
const SCRIPTS: [&str; 4] = ["fastcgi_pass", "uwsgi_pass", "scgi_pass", "passenger_enabled"];

/// All levels of all servers.
pub(super) fn scopes(maker: &Maker<'_>) -> Fact {
    let mut items = Vec::new();
    for server in maker.servers() {
        let levels = maker.levels_of(server);
        let siblings: Vec<LevelId> =
            levels.iter().copied().filter(|&id| maker.responds(id) && maker.answers(id) == "content").collect();
        let (union, more) = maker.union(&siblings);
        items.extend(levels.iter().map(|&id| maker.scope(server, id, &union, more)));
    }
    maker.list_of_levels("nginx.scopes", items)
}

impl<'a> Maker<'a> {
    /// The levels that a response can have, of all servers.
    pub fn responding(&self) -> Vec<LevelId> {
        let all = self.servers().flat_map(|server| self.levels_of(server));
        all.filter(|&id| self.responds(id)).collect()
    }

    /// The directive of a level itself that answers every request that comes to it, before anybody is asked who it is:
    /// a `return`, or a redirect of everything.
    pub fn returns(&self, id: LevelId) -> Option<&'a Directive> {
        let everything = ["^", "^/", ".*", "^.*", "^.*$", "(.*)", "^(.*)$", "^(.*)", "^/(.*)$", "^/(.*)", "^/?(.*)$"];
        let own = self.model.levels.all[id].own.iter();
        own.copied().find(|directive| match &*directive.name {
            "return" => true,
            "rewrite" => {
                let away = matches!(directive.arg(2), "permanent" | "redirect") || directive.arg(1).contains("://");
                away && everything.contains(&directive.arg(0))
            }
            _ => false,
        })
    }

    /// Whether a response can have the settings of a level.
    pub fn responds(&self, id: LevelId) -> bool {
        let levels = &self.model.levels;
        let server = self.model.server_of(id);
        let level = &levels.all[id];
        match level.kind {
            Kind::Server => {
                let all = |&child: &LevelId| {
                    Location::of(levels, child)
                        .is_some_and(|it| matches!(it.how, Match::Prefix | Match::PrefixOnly) && it.name == "/")
                };
                self.returns(id).is_some() || !level.children.iter().any(all)
            }
            Kind::Location | Kind::LimitExcept => self.returns(server).is_none(),
            Kind::If => {
                let steers = |name: &str| matches!(name, "set" | "rewrite" | "break");
                self.returns(server).is_none() && level.own.iter().any(|directive| !steers(&directive.name))
            }
            _ => false,
        }
    }

    /// What a level answers.
    pub fn answers(&self, id: LevelId) -> &'static str {
        match self.returns(id) {
            Some(directive) if *directive.name == *"return" => match directive.arg(0).parse::<u16>() {
                Ok(444) => "nothing",
                Ok(300..=399) | Err(_) => "redirect",
                Ok(400..) => "error",
                Ok(_) => "content",
            },
            Some(_) => "redirect",
            None if self.closed(id) => "error",
            None => "content",
        }
    }

    /// The directive that makes the content of a level: an `if` has that of the location around it.
    pub fn handler(&self, id: LevelId) -> Option<&'a Directive> {
        let levels = &self.model.levels;
        let own = |id: LevelId| {
            levels.all[id].own.iter().rev().copied().find(|directive| {
                directive.name.ends_with("_pass")
                    || matches!(
                        &*directive.name,
                        "stub_status" | "status" | "upstream_conf" | "empty_gif" | "passenger_enabled" | "api" | "echo"
                    )
                    || directive.name.starts_with("content_by_lua")
                    || matches!(&*directive.name, "js_content" | "vhost_traffic_status_display" | "proxy_cache_purge")
            })
        };
        let inherits = |id: &LevelId| matches!(levels.all[*id].kind, Kind::If | Kind::LimitExcept);
        let mut id = id;
        loop {
            match own(id) {
                Some(directive) => return Some(directive),
                None if inherits(&id) => id = levels.all[id].parent?,
                None => return None,
            }
        }
    }

    fn handler_name(&self, id: LevelId) -> String {
        match (self.returns(id), self.handler(id)) {
            (Some(_), _) => "return".to_owned(),
            (None, Some(directive)) => directive.name.to_string(),
            (None, None) => "files".to_owned(),
        }
    }

    fn scope(&self, server: LevelId, id: LevelId, union: &[&'a Directive], more: bool) -> Fact {
        let levels = &self.model.levels;
        let at = self.at(id);
        let text = |text: String| Fact::derived(text, at);
        let flag = |flag: bool| Fact::derived(flag, at);
        let location = Location::of(levels, id);
        let handler = self.handler(id);
        let content = self.responds(id) && self.answers(id) == "content";
        let lacks = if content { self.lacking(id, union) } else { Vec::new() };
        let unseen = || Unknown::new(Why::NotSupported, at, "fewer names of headers in one server");
        let listed = |items: Vec<Fact>| self.list_with("nginx.scopes[]", items, None);
        let internal = levels.own(id, "internal").next().is_some()
            || location.is_some_and(|location| location.how == Match::Named);
        let (tls, plain) = self.transport_facts(server, at);
        let mut fields = vec![
            ("label", text(self.label(id))),
            ("kind", text(kind_name(levels.all[id].kind).to_owned())),
            ("server", text(self.server_label(server))),
            ("site", text(self.site(server).unwrap_or_else(|| self.server_label(server)))),
            ("name", text(location.map_or(String::new(), |location| location.name.to_owned()))),
            ("within", text(self.location_around(id).map_or(String::new(), |around| self.label(around)))),
            ("commands", self.asked_below(server, location, at)),
            ("matches", text(how(location).to_owned())),
            ("responds", flag(self.responds(id))),
            ("answers", text(self.answers(id).to_owned())),
            ("handler", text(self.handler_name(id))),
            ("internal", flag(internal)),
            ("tls", tls),
            ("plain", plain),
            ("headers", self.headers(id)),
            ("dropped_headers", self.lost(id, "add_header", "nginx.scopes[].dropped_headers")),
            ("add_headers", listed(self.named(levels.own(id, "add_header")))),
            ("lacks_headers", self.list_with("nginx.scopes[].lacks_headers", self.named(lacks), more.then(unseen))),
            ("request_headers", self.set_headers(id)),
            ("dropped_request_headers", self.lost(id, "proxy_set_header", "nginx.scopes[].dropped_request_headers")),
            ("set_request_headers", listed(self.named(levels.own(id, "proxy_set_header")))),
            ("hidden_headers", self.hidden(id, handler)),
            ("body_limit", self.body_limit(id)),
            ("access", self.access(id)),
            ("upstream", self.upstream(id)),
            ("cache", self.cache(id)),
            ("runs_scripts", flag(handler.is_some_and(|handler| SCRIPTS.contains(&&*handler.name)))),
            ("limited", self.limited(id)),
            ("own_limit", self.own_limit(id)),
        ];
        fields.extend(self.logs(id));
        fields.extend(self.folder(id));
        Fact::record(fields, at)
    }

    /// The location that a level stands in.
    fn location_around(&self, id: LevelId) -> Option<LevelId> {
        let parent = self.model.levels.all[id].parent?;
        self.model.levels.enclosing(parent, Kind::Location)
    }

    fn lost(&self, id: LevelId, directive: &str, of: &'static str) -> Fact {
        let (lost, more) = self.dropped(id, directive);
        self.list_with(of, self.named(lost), more)
    }

    fn set_headers(&self, id: LevelId) -> Fact {
        let held = self.model.levels.held(id, "proxy_set_header");
        self.list_with("nginx.scopes[].request_headers", self.named(held.directives), held.doubt)
    }

    fn hidden(&self, id: LevelId, handler: Option<&Directive>) -> Fact {
        let levels = &self.model.levels;
        let family = handler.and_then(|handler| handler.name.strip_suffix("_pass")).unwrap_or("proxy");
        let (hide, pass) = (format!("{family}_hide_header"), format!("{family}_pass_header"));
        let (hidden, passed) = (levels.held(id, &hide), levels.held(id, &pass));
        let passes = |name: &str| passed.directives.iter().any(|its| its.arg(0).eq_ignore_ascii_case(name));
        let items = hidden.directives.iter().filter(|its| !passes(its.arg(0)));
        let items: Vec<Fact> = items.map(|its| Fact::derived(its.arg(0).to_ascii_lowercase(), its.text())).collect();
        self.list_with("nginx.scopes[].hidden_headers", items, hidden.doubt)
    }

    fn body_limit(&self, id: LevelId) -> Fact {
        let held = self.model.levels.held(id, "client_max_body_size");
        let of = "nginx.scopes[].body_limit";
        match held.one() {
            Some(directive) if directive.templated() => self.word(directive, 0),
            Some(directive) => self.unless(held.doubt.clone(), of, || {
                Fact::derived(size(directive.arg(0)).map_or(-1, number), directive.text())
            }),
            None => self.unless(held.doubt.clone(), of, || {
                Fact::default(1i64 << 20, self.at(id), "`client_max_body_size` is not set; the default is 1m")
            }),
        }
    }

    fn limited(&self, id: LevelId) -> Fact {
        let held = self.model.levels.held_any(id, &["limit_req", "limit_conn"]);
        let at = held.directives.first().map_or(self.at(id), |directive| directive.text());
        let some = !held.directives.is_empty();
        self.unless(held.doubt.filter(|_| !some), "nginx.scopes[].limited", || Fact::derived(some, at))
    }

    fn own_limit(&self, id: LevelId) -> Fact {
        let own = self.model.levels.all[id].named_any(&["limit_req", "limit_conn"]).first().copied();
        let unread = self.unread(id, "limit_req").or_else(|| self.unread(id, "limit_conn"));
        self.unless(unread.filter(|_| own.is_none()), "nginx.scopes[].own_limit", || {
            Fact::derived(own.is_some(), own.map_or(self.at(id), |own| own.text()))
        })
    }

    fn folder(&self, id: LevelId) -> [(&'static str, Fact); 3] {
        let held = self.model.levels.held_any(id, &["root", "alias"]);
        let is_alias = held.one().is_some_and(|directive| *directive.name == *"alias");
        let folder = match held.one() {
            Some(directive) => match self.word(directive, 0) {
                Fact::Known { value, .. } => Fact::derived(value, directive.text()),
                unknown => unknown,
            },
            None => self.unless(held.doubt, "nginx.scopes[].folder", || Fact::derived("", self.at(id))),
        };
        let own = held.level == Some(id);
        let at = self.at(id);
        [("folder", folder), ("alias", Fact::derived(is_alias, at)), ("own_folder", Fact::derived(own, at))]
    }
}

fn how(location: Option<Location<'_>>) -> &'static str {
    match location.map(|location| location.how) {
        None => "nothing",
        Some(Match::Exact) => "exact",
        Some(Match::Prefix) => "prefix",
        Some(Match::PrefixOnly) => "prefix-only",
        Some(Match::Regex) => "regex",
        Some(Match::RegexCaseless) => "regex-caseless",
        Some(Match::Named) => "named",
    }
}
