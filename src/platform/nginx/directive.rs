//! The directives and variables of nginx in every version that hardline has tables for.
//!
//! The tables are made from `data/directives.toml` when hardline is built, so they cost nothing at start-up.

use super::facts::schema::WRITTEN;
use super::version::Version;
use crate::schema::{Field, Type};

include!(concat!(env!("OUT_DIR"), "/nginx.rs"));

/// A name that begins a line, in all modules and versions.
#[derive(Debug)]
pub struct Directive {
    /// The name.
    pub name: &'static str,
    rows: &'static [Row<Spec>],
}

/// Something that holds in some versions.
#[derive(Debug)]
struct Row<T> {
    since: Version,
    before: Option<Version>,
    what: T,
}

/// What a directive is in one module, in some versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spec {
    /// The module, without `ngx_` and `_module`.
    pub module: &'static str,
    /// Where it may stand.
    pub contexts: Contexts,
    /// How many arguments it takes.
    pub arity: Arity,
    /// Whether it opens a block.
    pub block: bool,
    /// What reads its arguments.
    pub setter: Setter,
    /// What else must hold of the value.
    pub check: Option<&'static str>,
    /// What a second one in the same block means.
    pub duplicate: Duplicate,
    /// Whose setting it is.
    pub level: Level,
    /// The setting that it writes, where that has another name.
    pub alias: Option<&'static str>,
    /// What to write instead, where nginx warns that it is deprecated.
    pub deprecated: Option<&'static str>,
    /// Whether a common build (Debian's, nginx.org's) lacks the module, or has it only where it is loaded.
    pub optional: bool,
    /// What holds without it, as the reference writes it.
    pub default: Option<&'static str>,
}

/// A set of places where a directive may stand: the kinds of blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Contexts(u16);

impl Contexts {
    /// Outside all blocks.
    pub const MAIN: Contexts = Contexts(1);
    /// `events`.
    pub const EVENTS: Contexts = Contexts(1 << 1);
    /// `http`.
    pub const HTTP: Contexts = Contexts(1 << 2);
    /// `server` in `http`.
    pub const SERVER: Contexts = Contexts(1 << 3);
    /// `location`.
    pub const LOCATION: Contexts = Contexts(1 << 4);
    /// `upstream` in `http`.
    pub const UPSTREAM: Contexts = Contexts(1 << 5);
    /// `if` in a `server`.
    pub const SERVER_IF: Contexts = Contexts(1 << 6);
    /// `if` in a `location`.
    pub const LOCATION_IF: Contexts = Contexts(1 << 7);
    /// `limit_except`.
    pub const LIMIT_EXCEPT: Contexts = Contexts(1 << 8);
    /// `stream`.
    pub const STREAM: Contexts = Contexts(1 << 9);
    /// `server` in `stream`.
    pub const STREAM_SERVER: Contexts = Contexts(1 << 10);
    /// `upstream` in `stream`.
    pub const STREAM_UPSTREAM: Contexts = Contexts(1 << 11);
    /// `mail`.
    pub const MAIL: Contexts = Contexts(1 << 12);
    /// `server` in `mail`.
    pub const MAIL_SERVER: Contexts = Contexts(1 << 13);
    /// Everywhere.
    pub const ANY: Contexts = Contexts((1 << 14) - 1);

    /// What is in either.
    pub const fn or(self, other: Contexts) -> Contexts {
        Contexts(self.0 | other.0)
    }

    /// Whether some of `other` is in this.
    pub const fn meets(self, other: Contexts) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether all of `other` is in this.
    pub const fn has(self, other: Contexts) -> bool {
        self.0 & other.0 == other.0
    }
}

/// How many arguments a directive takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arity {
    /// As many as the numbers of the bits that are set say.
    Counts(u8),
    /// At least so many.
    AtLeast(usize),
    /// Any number. nginx leaves it to the directive's own function.
    Any,
    /// One: `on` or `off`.
    Flag,
}

impl Arity {
    /// Whether nginx's general check lets so many arguments pass.
    pub fn takes(self, count: usize) -> bool {
        match self {
            Arity::Counts(counts) => count < 8 && counts >> count & 1 == 1,
            Arity::AtLeast(least) => count >= least,
            Arity::Any => true,
            Arity::Flag => count == 1,
        }
    }
}

/// What reads the arguments of a directive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setter {
    /// `on` or `off`.
    Flag,
    /// A text.
    Text,
    /// A text, one more each time.
    Texts,
    /// A name and a value, one more pair each time.
    Pairs,
    /// A whole number, within these bounds.
    Number(Option<i64>, Option<i64>),
    /// A size, up to what memory can be.
    Size,
    /// A size, up to what a file can be.
    Offset,
    /// A time, kept in milliseconds.
    Milliseconds,
    /// A time, kept in seconds.
    Seconds,
    /// One of these words.
    Enum(&'static [&'static str]),
    /// Some of these words.
    Words(&'static [&'static str]),
    /// A number and a size.
    Buffers,
    /// Rights for user, group and all.
    Access,
    /// A folder and up to three levels below it.
    Path,
    /// A text with variables.
    Template,
    /// The same, which is a size where it has none.
    TemplateSize,
    /// Texts with variables.
    Templates,
    /// MIME types.
    Types,
    /// A local address.
    Bind,
    /// A parameter for FastCGI and its kin.
    Param,
    /// A function of its own: the name of nginx's, without `ngx_`.
    Special(&'static str),
}

/// What a second directive of a name in the same block means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duplicate {
    /// nginx does not start. Some special ones make exceptions.
    Refused,
    /// They add up, or the directive's own function sees to it.
    Adds,
}

/// Whose setting a directive writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// The one of the whole module, or the block's own.
    Own,
    /// The one of all `http`, `stream` or `mail`.
    Main,
    /// That of a `server`.
    Server,
    /// That of a `location`.
    Location,
}

/// A variable that nginx has by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    /// Whether it is one of `stream`; else of `http`.
    pub stream: bool,
    /// The module, without `ngx_` and `_module`.
    pub module: &'static str,
    /// Whether the name is only how names begin.
    pub prefix: bool,
    /// Whether `set`, `map` and the like may define it.
    pub changeable: bool,
    /// Whether a common build lacks the module.
    pub optional: bool,
}

/// A directive that another module or the commercial nginx knows.
#[derive(Debug)]
struct Foreign {
    module: &'static str,
    names: &'static [&'static str],
    prefixes: &'static [&'static str],
    suffixes: &'static [&'static str],
}

impl<T> Row<T> {
    fn holds(&self, version: Version) -> bool {
        version >= self.since && self.before.is_none_or(|before| version < before)
    }
}

/// The directive of this name in any module and version.
pub fn find(name: &str) -> Option<&'static Directive> {
    NAMED.get(name).map(|&index| &DIRECTIVES[index])
}

/// Whether directives of this name in one block add up, so that those that are seen say nothing of whether there are
/// more. Where nginx takes only one, there is no other beside it.
pub fn adds(name: &str) -> bool {
    // Given twice these are refused only in some cases.
    const SOME: [&str; 7] = [
        "http_limit_conn",
        "http_limit_req",
        "http_proxy_redirect",
        "http_proxy_cookie_domain",
        "http_proxy_cookie_path",
        "http_proxy_cookie_flags",
        "http_mirror",
    ];
    let adds = |spec: &Spec| {
        spec.duplicate == Duplicate::Adds || matches!(spec.setter, Setter::Special(handler) if SOME.contains(&handler))
    };
    find(name).is_none_or(|directive| directive.rows.iter().any(|row| adds(&row.what)))
}

/// All directives, sorted by name.
pub fn all() -> &'static [Directive] {
    &DIRECTIVES
}

impl Directive {
    /// What it is in a version, one for each module that knows it.
    pub fn at(&self, version: Version) -> impl Iterator<Item = &'static Spec> + use<> {
        self.rows.iter().filter(move |row| row.holds(version)).map(|row| &row.what)
    }

    /// Whether it may stand in one of these places, in some version.
    pub fn stands_in(&self, some: Contexts) -> bool {
        self.rows.iter().any(|row| row.what.contexts.meets(some))
    }

    /// What it is in a version in this kind of block, if it may stand there.
    pub fn within(&self, context: Contexts, version: Version) -> Option<&'static Spec> {
        self.at(version).find(|spec| spec.contexts.has(context))
    }

    /// The first version that has it, of those that the tables know.
    pub fn since(&self) -> Version {
        self.rows.iter().map(|row| row.since).min().unwrap_or(Version::OLDEST)
    }
}

/// The module, not nginx's own or of its commercial edition, that knows a directive of this name.
pub fn foreign(name: &str) -> Option<&'static str> {
    let knows = |module: &&Foreign| {
        module.names.contains(&name)
            || module.prefixes.iter().any(|prefix| name.starts_with(prefix))
            || module.suffixes.iter().any(|suffix| name.ends_with(suffix))
    };
    FOREIGN.iter().find(knows).map(|module| module.module)
}

/// The predefined variable of this name, without `$`, that `http` or `stream` has in a version.
///
/// Names are compared without case, as nginx does. Of names that only begin like one it is the longest.
pub fn variable(name: &str, stream: bool, version: Version) -> Option<&'static Variable> {
    let lower = name.to_ascii_lowercase();
    let in_force = |rows: &'static [Row<Variable>]| {
        let mut variables = rows.iter().filter(|row| row.holds(version)).map(|row| &row.what);
        variables.find(|variable| variable.stream == stream)
    };
    let exact = VARIABLES.get(lower.as_str()).and_then(|rows| in_force(rows)).filter(|found| !found.prefix);
    exact.or_else(|| {
        let ends = (1..=lower.len()).rev().filter(|&end| lower.is_char_boundary(end));
        let mut prefixes = ends.filter_map(|end| VARIABLES.get(&lower[..end])).filter_map(|rows| in_force(rows));
        prefixes.find(|found| found.prefix)
    })
}
