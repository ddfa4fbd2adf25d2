//! What becomes of the example pages of a project's rules for caches.

use std::collections::BTreeSet;

use super::Maker;
use crate::caching::{CacheRule, Page};
use crate::fact::{Fact, Unknown, Value, Why};
use crate::platform::nginx::model::Model;
use crate::platform::nginx::request::{Backend, Cache, Outcome, Request, follow_in};
use crate::platform::nginx::scope::{Kind, LevelId};
use crate::text::{Said, Span};

/// The rules, each with its pages.
pub(super) fn rules(maker: &Maker<'_>) -> Fact {
    maker.list_with("nginx.cache_rules", maker.subject.cache_rules.iter().map(|it| rule(maker, it)), None)
}

/// The example pages that no server of some configurations answers for.
#[derive(Debug, Default)]
pub struct Homeless {
    /// Where they are written.
    pages: BTreeSet<Span>,
    /// Why there may be a server that is not seen.
    doubt: Option<Unknown>,
    /// Whether there is one configuration alone, so that its server for any name gets the others.
    sole: bool,
}

impl Homeless {
    /// Those of these rules that none of these configurations has a server for.
    pub fn of<'m>(rules: &[CacheRule], models: impl IntoIterator<Item = Model<'m>>) -> Homeless {
        let pages: Vec<&Page> = rules.iter().flat_map(|rule| rule.cached.iter().chain(&rule.not_cached)).collect();
        let mut homeless = Homeless { pages: pages.iter().map(|page| page.at).collect(), ..Homeless::default() };
        for (number, model) in models.into_iter().enumerate() {
            homeless.sole = number == 0;
            let answers = |page: &&&Page| Request::of_url(&page.url).is_ok_and(|it| server(&model, &it).is_some());
            for page in pages.iter().filter(answers) {
                homeless.pages.remove(&page.at);
            }
            homeless.doubt = homeless.doubt.or_else(|| unseen(&model));
        }
        homeless
    }
}

/// Why a configuration may have servers, or names of servers, that are not seen.
fn unseen(model: &Model<'_>) -> Option<Unknown> {
    let levels = &model.levels;
    let hidden = levels.all.iter().filter(|level| matches!(level.kind, Kind::Main | Kind::Http | Kind::Server));
    let mut hidden = hidden.flat_map(|level| &level.doubts);
    let names = levels.of_kind(Kind::Server).flat_map(|server| levels.own(server, "server_name"));
    let doubt = hidden.find(|doubt| doubt.touches("server") || doubt.touches("server_name"));
    doubt.map(|doubt| doubt.unknown.clone()).or_else(|| names.into_iter().find_map(|names| names.unfilled()))
}

fn rule(maker: &Maker<'_>, rule: &CacheRule) -> Fact {
    let at = rule.name.as_ref().map_or(rule.at, |name| name.at);
    let text = |said: &Option<Said<String>>| match said {
        Some(said) => Fact::derived(said.it.clone(), said.at),
        None => Fact::derived("", rule.at),
    };
    let pages = rule.cached.iter().map(|page| (page, true)).chain(rule.not_cached.iter().map(|page| (page, false)));
    let pages: Vec<Fact> = pages.filter_map(|(page, promised)| shown(maker, page, promised)).collect();
    let fields = [
        ("name", text(&rule.name)),
        ("owner", text(&rule.owner)),
        ("what", text(&rule.what)),
        ("rollback", text(&rule.rollback)),
        ("shows_cached", Fact::derived(!rule.cached.is_empty(), at)),
        ("shows_not_cached", Fact::derived(!rule.not_cached.is_empty(), at)),
        ("pages", Fact::derived(Value::from(pages), at)),
        ("homeless", Fact::derived(Value::from(homeless(maker, rule)), at)),
    ];
    Fact::record(fields, at)
}

/// The pages of a rule that no server anywhere answers for, if this is the configuration that tells them.
fn homeless(maker: &Maker<'_>, rule: &CacheRule) -> Vec<Fact> {
    let Some(homeless) = maker.subject.homeless else { return Vec::new() };
    let caught = |page: &Page| Request::of_url(&page.url).is_ok_and(|it| catch_all(maker, page, &it).is_some());
    let pages = rule.cached.iter().chain(&rule.not_cached);
    let pages = pages.filter(|page| homeless.pages.contains(&page.at) && !caught(page));
    let one = |page: &Page| {
        let answered = match &homeless.doubt {
            Some(unknown) => Fact::Unknown(unknown.clone()),
            None => Fact::derived(false, page.at),
        };
        Fact::record([("url", Fact::derived(page.url.clone(), page.at)), ("answered", answered)], page.at)
    };
    pages.map(one).collect()
}

/// What becomes of a page; nothing where no server here answers for its host.
fn shown(maker: &Maker<'_>, page: &Page, promised: bool) -> Option<Fact> {
    let met = Met::of(maker, page)?;
    let with = [("cookie", &page.cookie), ("authorization", &page.authorization), ("method", &page.method)];
    let with =
        with.iter().filter_map(|(name, value)| value.as_ref().map(|_| format!(" with {name}"))).collect::<String>();
    let at = met.at.unwrap_or(page.at);
    let bool_of = |known: Result<bool, Unknown>| match known {
        Ok(known) => Fact::derived(known, at),
        Err(unknown) => Fact::Unknown(unknown),
    };
    let fields = [
        ("url", Fact::derived(page.url.clone(), page.at)),
        ("with", Fact::derived(with, page.at)),
        ("promised", Fact::derived(promised, page.at)),
        ("kept", bool_of(met.kept)),
        ("given", bool_of(met.given)),
        ("why", Fact::derived(met.why, at)),
    ];
    Some(Fact::record(fields, page.at))
}

/// What nginx does with a page.
struct Met {
    kept: Result<bool, Unknown>,
    given: Result<bool, Unknown>,
    why: String,
    /// The directive that switches the cache on.
    at: Option<Span>,
    zones: Vec<String>,
}

impl Met {
    fn of(maker: &Maker<'_>, page: &Page) -> Option<Met> {
        let mut request = Request::of_url(&page.url).ok()?;
        let server = server(maker.model, &request).or_else(|| catch_all(maker, page, &request))?;
        let headers = [("Cookie", &page.cookie), ("Authorization", &page.authorization)];
        for (name, value) in headers {
            request.headers.extend(value.iter().map(|value| (name.to_owned(), value.clone())));
        }
        if let Some(method) = &page.method {
            request.method.clone_from(method);
        }
        let backend = Backend { status: 200, headers: Vec::new() };
        let (outcomes, more) = follow_in(maker.model, server, &request, &backend);
        let caches: Vec<Option<&Cache>> = outcomes.iter().map(|outcome| outcome.cache.as_ref()).collect();
        let cause = || {
            let of = |outcome: &Outcome<'_>| {
                let doubt = outcome.doubts.first().map(|(_, unknown)| unknown.clone());
                doubt.or_else(|| outcome.forks.first().map(|(unknown, _)| unknown.clone()))
            };
            let unknown = outcomes.iter().find_map(of);
            unknown.unwrap_or_else(|| Unknown::new(Why::NotSupported, page.at, "which way the request goes"))
        };
        let all = |of: &dyn Fn(&Cache) -> Option<bool>| {
            let mut said = caches.iter().map(|cache| cache.map_or(Some(false), of));
            match said.next().flatten() {
                Some(first) if !more && said.all(|other| other == Some(first)) => Ok(first),
                _ => Err(cause()),
            }
        };
        let first = caches.iter().flatten().next();
        let (kept, given) = (all(&|cache| cache.store), all(&|cache| cache.lookup));
        let why = first.map_or_else(|| "no cache has to do with it".to_owned(), |cache| cache.why.clone());
        let zones = caches.iter().flatten().filter_map(|cache| cache.zone.known().map(str::to_owned)).collect();
        Some(Met { kept, given, why, at: first.map(|cache| cache.from), zones })
    }
}

/// The server that has the host of a request among its names, on its port if there is one, or on another: what a
/// balancer in front makes of ports is not seen here.
fn server(model: &Model<'_>, request: &Request) -> Option<LevelId> {
    let host = request.host_name();
    let mut sockets: Vec<_> = model.listening().sockets.iter().collect();
    sockets.sort_by_key(|socket| (socket.listen.port != request.port, socket.ssl != request.tls));
    sockets.into_iter().find_map(|socket| {
        let chosen = socket.server(&model.levels, &host);
        chosen.by_name.then_some(chosen.server)
    })
}

/// The server for any name, which gets a page that no other configuration can have.
fn catch_all(maker: &Maker<'_>, page: &Page, request: &Request) -> Option<LevelId> {
    maker.subject.homeless.filter(|homeless| homeless.sole && homeless.pages.contains(&page.at))?;
    let mut sockets: Vec<_> = maker.model.listening().sockets.iter().collect();
    sockets.sort_by_key(|socket| (socket.listen.port != request.port, socket.ssl != request.tls));
    sockets.into_iter().map(|socket| socket.default).find(|&server| maker.site(server).is_none())
}

/// The zones that example pages have to do with.
pub(super) fn zones(maker: &Maker<'_>) -> Vec<String> {
    let rules = maker.subject.cache_rules.iter();
    let pages = rules.flat_map(|rule| rule.cached.iter().chain(&rule.not_cached));
    pages.filter_map(|page| Met::of(maker, page)).flat_map(|met| met.zones).collect()
}
