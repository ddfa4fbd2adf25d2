//! Which location answers for a path (`ngx_http_core_find_location` in ngx_http_core_module.c, 1.22.1).

use super::pattern::{self, Found};
use super::scope::{Kind, LevelId, Levels};

/// How a location says what it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// `= /path`
    Exact,
    /// `/path`
    Prefix,
    /// `^~ /path`
    PrefixOnly,
    /// `~ pattern`
    Regex,
    /// `~* pattern`
    RegexCaseless,
    /// `@name`
    Named,
}

/// What a location is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Location<'a> {
    /// How to compare.
    pub how: Match,
    /// With what.
    pub name: &'a str,
}

impl<'a> Location<'a> {
    /// What the level says of itself; `None` where it is no location.
    pub fn of(levels: &Levels<'a>, id: LevelId) -> Option<Location<'a>> {
        let level = &levels.all[id];
        let directive = level.directive.filter(|_| level.kind == Kind::Location)?;
        let first = directive.args.first()?;
        let (how, name): (Match, &'a str) = match (&**first, directive.args.get(1)) {
            ("=", Some(name)) => (Match::Exact, name),
            ("^~", Some(name)) => (Match::PrefixOnly, name),
            ("~", Some(name)) => (Match::Regex, name),
            ("~*", Some(name)) => (Match::RegexCaseless, name),
            // Without a space, which nginx takes too.
            (joined, None) => match () {
                () if joined.starts_with('=') => (Match::Exact, &joined[1..]),
                () if joined.starts_with("^~") => (Match::PrefixOnly, &joined[2..]),
                () if joined.starts_with("~*") => (Match::RegexCaseless, &joined[2..]),
                () if joined.starts_with('~') => (Match::Regex, &joined[1..]),
                () if joined.starts_with('@') => (Match::Named, joined),
                () => (Match::Prefix, joined),
            },
            (name, Some(_)) => (Match::Prefix, name),
        };
        Some(Location { how, name })
    }

    /// As it is written: `^~ /static/`.
    pub fn text(&self) -> String {
        match self.how {
            Match::Exact => format!("= {}", self.name),
            Match::PrefixOnly => format!("^~ {}", self.name),
            Match::Regex => format!("~ {}", self.name),
            Match::RegexCaseless => format!("~* {}", self.name),
            Match::Prefix | Match::Named => self.name.to_owned(),
        }
    }
}

/// Where a path leads.
#[derive(Debug, Default)]
pub struct Located {
    /// The location; none where the server itself answers.
    pub level: Option<LevelId>,
    /// Whether the location is for the path with a `/` after it, to which nginx redirects.
    pub redirect: bool,
    /// What the regular expressions on the way found, the last last.
    pub found: Vec<Found>,
    /// Whether an expression could not be tried.
    pub doubt: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Rc {
    Ok,
    Done,
    Again,
    Declined,
}

/// The location of a server for a path.
pub fn locate(levels: &Levels<'_>, server: LevelId, path: &str) -> Located {
    let mut located = Located::default();
    find(levels, server, path, &mut located);
    located
}

fn find(levels: &Levels<'_>, level: LevelId, path: &str, located: &mut Located) -> Rc {
    let mut rc = fixed(levels, level, path, located);
    let mut no_regex = false;
    if rc == Rc::Again {
        let inner = located.level.unwrap_or(level);
        no_regex = Location::of(levels, inner).is_some_and(|location| location.how == Match::PrefixOnly);
        rc = find(levels, inner, path, located);
    }
    if matches!(rc, Rc::Ok | Rc::Done) || no_regex {
        return rc;
    }
    for &child in &levels.all[level].children {
        let Some(location) = Location::of(levels, child) else { continue };
        let caseless = match location.how {
            Match::Regex => false,
            Match::RegexCaseless => true,
            _ => continue,
        };
        match pattern::find(location.name, caseless, path) {
            None => located.doubt = true,
            Some(None) => {}
            Some(Some(found)) => {
                located.found.push(found);
                located.level = Some(child);
                find(levels, child, path, located);
                return Rc::Ok;
            }
        }
    }
    rc
}

/// Looks among the locations that have no regular expression (`ngx_http_core_find_static_location`).
fn fixed(levels: &Levels<'_>, level: LevelId, path: &str, located: &mut Located) -> Rc {
    let children =
        || levels.all[level].children.iter().filter_map(|&child| Some((child, Location::of(levels, child)?)));
    let prefix = |location: &Location<'_>| matches!(location.how, Match::Prefix | Match::PrefixOnly);
    if let Some((child, _)) = children().find(|(_, it)| it.how == Match::Exact && it.name == path) {
        located.level = Some(child);
        return Rc::Ok;
    }
    if let Some((child, _)) = children().find(|(_, it)| prefix(it) && it.name == path) {
        located.level = Some(child);
        return Rc::Again;
    }
    let slashed = |it: &Location<'_>| it.name.strip_suffix('/') == Some(path);
    let fixed = |it: &Location<'_>| it.how == Match::Exact || prefix(it);
    let redirects: Vec<_> = children().filter(|(_, it)| fixed(it) && slashed(it)).collect();
    if redirects.iter().any(|(child, _)| redirects_to_slash(levels, *child)) {
        let exact = redirects.iter().find(|(_, it)| it.how == Match::Exact);
        located.level = exact.or(redirects.first()).map(|(child, _)| *child);
        located.redirect = true;
        return Rc::Done;
    }
    let longest =
        children().filter(|(_, it)| prefix(it) && path.starts_with(it.name)).max_by_key(|(_, it)| it.name.len());
    match longest {
        Some((child, _)) => {
            located.level = Some(child);
            Rc::Again
        }
        None => Rc::Declined,
    }
}

/// Whether nginx answers `/path` with a redirect to `/path/` because of this location: one that hands requests on
/// (`auto_redirect`, set by `proxy_pass` and its like).
fn redirects_to_slash(levels: &Levels<'_>, id: LevelId) -> bool {
    let passes = ["proxy_pass", "fastcgi_pass", "uwsgi_pass", "scgi_pass", "memcached_pass", "grpc_pass"];
    levels.all[id].own.iter().any(|directive| passes.contains(&&*directive.name))
}
