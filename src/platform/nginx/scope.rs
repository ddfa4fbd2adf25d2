//! The levels of a configuration: which block stands in which, and what each says itself.

use std::cell::OnceCell;
use std::collections::HashMap;

use super::tree::{Body, Directive, File, Item, Step, walk};
use crate::fact::{Unknown, Why};
use crate::text::Span;

/// The number of a level within its [`Levels`].
pub type LevelId = usize;

/// What a level is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Outside all blocks.
    Main,
    /// `http`
    Http,
    /// `server` in `http`
    Server,
    /// `location`
    Location,
    /// `if` in a `location`, which is a location of its own to nginx.
    If,
    /// `if` in a `server`: nothing in it is inherited, it only steers.
    ServerIf,
    /// `limit_except`
    LimitExcept,
    /// `upstream`
    Upstream,
    /// `events`, `stream`, `mail`, `map`, `types` and what is in them: read as directives of that block.
    Other,
}

/// Something that may say more on a level than can be seen.
#[derive(Debug, Clone)]
pub struct Doubt {
    /// Why it cannot be seen.
    pub unknown: Unknown,
    /// The names that it can have to do with; `None` for every name.
    only: Option<&'static [&'static str]>,
    /// Whether what stands beside it may be left out too.
    pub hides: bool,
}

impl Doubt {
    /// Whether it can have to do with directives of this name.
    pub fn touches(&self, name: &str) -> bool {
        self.only.is_none_or(|only| only.contains(&name))
    }
}

/// One level.
#[derive(Debug)]
pub struct Level<'a> {
    /// What it is.
    pub kind: Kind,
    /// The directive that opens it; none outside all blocks.
    pub directive: Option<&'a Directive>,
    /// The level around it.
    pub parent: Option<LevelId>,
    /// What it says itself, in order, blocks included.
    pub own: Vec<&'a Directive>,
    /// The marks of the names of those.
    marks: u64,
    /// The levels in it, in order.
    pub children: Vec<LevelId>,
    /// Those of them that an `if` opens.
    pub ifs: Vec<LevelId>,
    /// What may say more.
    pub doubts: Vec<Doubt>,
    /// Of many directives, the numbers of those of each name.
    numbers: OnceCell<HashMap<Box<str>, Vec<usize>>>,
}

/// How many directives of a level are looked through for those of a name; of more there is an index.
const FEW: usize = 24;

impl<'a> Level<'a> {
    /// What it says itself under this name, in order.
    fn named<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'a Directive> + 's {
        let may = self.may_say(&[name]);
        let few = if !may || self.own.len() > FEW { &[][..] } else { &self.own };
        let known = if may && few.is_empty() { self.index().get(name).map_or(&[][..], |numbers| numbers) } else { &[] };
        let scanned = few.iter().copied().filter(move |directive| *directive.name == *name);
        scanned.chain(known.iter().filter_map(|&number| self.own.get(number).copied()))
    }

    /// What it says itself under any of these names, in order.
    pub fn named_any(&self, names: &[&str]) -> Vec<&'a Directive> {
        if self.own.len() <= FEW {
            return self.own.iter().copied().filter(|directive| names.contains(&&*directive.name)).collect();
        }
        let mut numbers: Vec<usize> =
            names.iter().filter_map(|name| self.index().get(*name)).flatten().copied().collect();
        numbers.sort_unstable();
        numbers.into_iter().filter_map(|number| self.own.get(number).copied()).collect()
    }

    fn index(&self) -> &HashMap<Box<str>, Vec<usize>> {
        self.numbers.get_or_init(|| {
            let mut index: HashMap<Box<str>, Vec<usize>> = HashMap::new();
            for (number, directive) in self.own.iter().enumerate() {
                index.entry(directive.name.text.clone()).or_default().push(number);
            }
            index
        })
    }
}

impl Level<'_> {
    /// Whether it may say something under one of these names itself: where not, nobody needs to look.
    pub fn may_say(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.marks & mark(name) != 0)
    }
}

/// One of 64 marks, which every name has.
fn mark(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let byte = |at: usize| bytes.get(at).map_or(0, |byte| usize::from(*byte));
    let middle = byte(bytes.len() / 2) + byte(bytes.len().saturating_sub(3));
    1 << ((bytes.len() * 7 + byte(0) + 3 * middle) % 64)
}

/// All levels of one configuration.
#[derive(Debug)]
pub struct Levels<'a> {
    /// The levels, each after the one around it; the first is that outside all blocks.
    pub all: Vec<Level<'a>>,
    /// The number of the only server that is read, if only one is.
    only: Option<usize>,
    /// How many servers were met.
    servers: usize,
}

/// Files that packages of nginx bring along, and the only directives that are in them (nginx 1.22.1 `conf/`, Debian's
/// nginx-common): where one is not at hand, that is no reason to know nothing.
const STOCK: [(&str, &[&str]); 12] = [
    ("mime.types", &["types"]),
    ("fastcgi_params", &["fastcgi_param"]),
    ("fastcgi.conf", &["fastcgi_param"]),
    ("fastcgi-php.conf", &["fastcgi_split_path_info", "try_files", "set", "fastcgi_param", "fastcgi_index"]),
    ("uwsgi_params", &["uwsgi_param"]),
    ("scgi_params", &["scgi_param"]),
    ("proxy_params", &["proxy_set_header"]),
    ("koi-utf", &["charset_map"]),
    ("koi-win", &["charset_map"]),
    ("win-utf", &["charset_map"]),
    (
        "options-ssl-nginx.conf",
        &[
            "ssl_session_cache",
            "ssl_session_timeout",
            "ssl_session_tickets",
            "ssl_protocols",
            "ssl_prefer_server_ciphers",
            "ssl_ciphers",
        ],
    ),
    ("acme.sh", &["location"]),
];

/// What the names of the blocks of Lua begin with that can set response headers (OpenResty's lua-nginx-module,
/// `ngx.header`): those that run once, at the start or for each connection, cannot.
const HEADERS_BY_LUA: [&str; 5] =
    ["header_filter_by_lua", "content_by_lua", "access_by_lua", "rewrite_by_lua", "server_rewrite_by_lua"];

/// Whether a path is that of a file that comes with nginx and says nothing of security.
pub fn is_stock(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    STOCK.iter().any(|(stock, _)| *stock == name) || path.contains("modules-enabled/")
}

impl<'a> Levels<'a> {
    /// The levels of a main configuration.
    pub fn of(file: &'a File) -> Levels<'a> {
        Levels::within(file, Kind::Main)
    }

    /// The levels of a file whose directives stand on a level of this kind.
    pub fn within(file: &'a File, kind: Kind) -> Levels<'a> {
        Levels::with_servers(file, kind, None)
    }

    /// The same, of one server alone, as if the others were not there. `only` is its number among all.
    pub fn with_servers(file: &'a File, kind: Kind, only: Option<usize>) -> Levels<'a> {
        let mut levels = Levels { all: Vec::new(), only, servers: 0 };
        // What a fragment stands in is there too, so that its levels look like those of a whole configuration.
        let around: &[Kind] = match kind {
            Kind::Http => &[Kind::Main],
            Kind::Server => &[Kind::Main, Kind::Http],
            Kind::Location => &[Kind::Main, Kind::Http, Kind::Server],
            _ => &[],
        };
        let mut parent = None;
        for kind in around {
            parent = Some(levels.open(*kind, None, parent));
        }
        let root = levels.open(kind, None, parent);
        levels.fill(root, &file.items);
        levels
    }

    fn open(&mut self, kind: Kind, directive: Option<&'a Directive>, parent: Option<LevelId>) -> LevelId {
        let id = self.all.len();
        let (own, children, ifs, doubts, numbers) = (Vec::new(), Vec::new(), Vec::new(), Vec::new(), OnceCell::new());
        self.all.push(Level { kind, directive, parent, own, marks: 0, children, ifs, doubts, numbers });
        if let Some(parent) = parent {
            self.all[parent].children.push(id);
            if matches!(kind, Kind::If | Kind::ServerIf) {
                self.all[parent].ifs.push(id);
            }
        }
        id
    }

    fn fill(&mut self, id: LevelId, items: &'a [Item]) {
        let kind = self.all[id].kind;
        let mut inner = Vec::new();
        let level = &mut self.all[id];
        let (only, servers) = (self.only, &mut self.servers);
        walk(items, &mut |step| match step {
            Step::Directive(directive) => {
                if kind == Kind::Http && *directive.name == *"server" && directive.block().is_some() {
                    *servers += 1;
                    if only.is_some_and(|only| only + 1 != *servers) {
                        return;
                    }
                }
                level.own.push(directive);
                level.marks |= mark(&directive.name);
                if let Body::Block(block) = &directive.body {
                    inner.push((directive, &block.items));
                }
                if let Body::Opaque(span) = directive.body
                    && HEADERS_BY_LUA.iter().any(|phase| directive.name.starts_with(phase))
                {
                    let unknown = Unknown::new(Why::NotSupported, span, "what this Lua does");
                    level.doubts.push(Doubt { unknown, only: Some(&["add_header"]), hides: false });
                }
            }
            Step::Unread(include, unknown) => {
                let name = include.arg(0).rsplit('/').next().unwrap_or_default();
                let stock = STOCK.iter().find(|(stock, _)| *stock == name).map(|(_, only)| *only);
                let modules = include.arg(0).contains("modules-enabled/").then_some(&["load_module"][..]);
                level.doubts.push(Doubt { unknown: unknown.clone(), only: stock.or(modules), hides: false });
            }
            Step::Template(span) => {
                let unknown = Unknown::new(Why::Templated, span, "the rendered file");
                level.doubts.push(Doubt { unknown, only: None, hides: true });
            }
            // What is broken may have been meant to say anything; nginx refuses it, and that is known.
            Step::Mistake(_) => {}
        });
        for (directive, items) in inner {
            let kind = kind_of(kind, directive);
            let child = self.open(kind, Some(directive), Some(id));
            self.fill(child, items);
        }
    }

    /// The levels of this kind, in order.
    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = LevelId> + '_ {
        (0..self.all.len()).filter(move |&id| self.all[id].kind == kind)
    }

    /// The level and those around it, the innermost first.
    pub fn around(&self, id: LevelId) -> impl Iterator<Item = LevelId> + '_ {
        std::iter::successors(Some(id), |&id| self.all[id].parent)
    }

    /// The innermost level of this kind around a level, itself included.
    pub fn enclosing(&self, id: LevelId, kind: Kind) -> Option<LevelId> {
        self.around(id).find(|&id| self.all[id].kind == kind)
    }

    /// What a level itself says under this name, in order.
    pub fn own<'s>(&'s self, id: LevelId, name: &'s str) -> impl Iterator<Item = &'a Directive> + 's {
        self.all[id].named(name)
    }

    /// The place of a level: the name of its block, or the start of what it was read from.
    pub fn place(&self, id: LevelId) -> Option<Span> {
        let own = |id: LevelId| self.all[id].directive.map(|directive| directive.name.span);
        self.around(id).find_map(own).or_else(|| self.all[id].own.first().map(|first| first.name.span))
    }
}

fn kind_of(parent: Kind, directive: &Directive) -> Kind {
    match (parent, &*directive.name) {
        (Kind::Main, "http") => Kind::Http,
        (Kind::Http, "server") => Kind::Server,
        (Kind::Http, "upstream") => Kind::Upstream,
        (Kind::Server | Kind::Location, "location") => Kind::Location,
        (Kind::Server, "if") => Kind::ServerIf,
        (Kind::Location, "if") => Kind::If,
        (Kind::Location, "limit_except") => Kind::LimitExcept,
        _ => Kind::Other,
    }
}
