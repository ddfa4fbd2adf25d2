//! The expressions of checks: CEL's syntax, our own types and, in [`crate::truth`], our own three-valued meaning.
//!
//! The language is a small part of CEL (<https://github.com/google/cel-spec>, `doc/langdef.md`): `&& || ! ?:`,
//! comparisons of scalars of one type, `+ -` on integers, `in` on literal lists and lists of `params`, `exists` and
//! `all`, `startsWith endsWith contains matches`, and a few functions of our own. Everything else is refused when a
//! check is loaded, with its place and the reason. There is no I/O and no clock.

mod check;
mod function;
mod lex;
mod packed;
mod parse;
mod pattern;
mod simple;

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::fact::{Fact, Name, Record};
use crate::schema::{Root, Type};

pub use check::{Binding, Each, Path, Scope};
pub use function::{FUNCTIONS, Net};
pub(crate) use function::{address, is_private, version_lt};
pub use packed::Asks;
pub use parse::{Order, is_name};
pub use pattern::Pattern;
pub use simple::Simple;

/// The longest expression, in characters.
pub const LONGEST: usize = 2_000;

/// A mistake in an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The bytes of the expression that it is about.
    pub span: Range<usize>,
    /// What is wrong and what would be right, in one line.
    pub reason: String,
}

impl Problem {
    /// A mistake at these bytes.
    pub fn new(span: Range<usize>, reason: impl Into<String>) -> Problem {
        Problem { span, reason: reason.into() }
    }
}

/// The value of one parameter of a check.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(untagged, expecting = "expected true or false, an integer, a text, or a list of integers or of texts")]
pub enum Param {
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Text.
    Text(Arc<str>),
    /// A list of texts.
    Texts(Vec<Arc<str>>),
    /// A list of whole numbers.
    Ints(Vec<i64>),
}

impl Param {
    /// How messages call its type.
    pub fn describe(&self) -> &'static str {
        match self {
            Param::Bool(_) => "a bool",
            Param::Int(_) => "an integer",
            Param::Text(_) => "a text",
            Param::Texts(_) => "a list of texts",
            Param::Ints(_) => "a list of integers",
        }
    }

    /// Whether the other value may stand for this one. An empty list may stand for any list.
    pub fn same_type(&self, other: &Param) -> bool {
        use Param::{Ints, Texts};
        match (self, other) {
            (Texts(_), Ints(items)) => items.is_empty(),
            (Ints(_), Texts(items)) => items.is_empty(),
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }
}

/// The parameters of a check with their values, in the order in which the check declares them.
pub type Params = Vec<(Arc<str>, Param)>;

/// What a path starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    /// The facts of the subject.
    Subject,
    /// The item that `for_each`, `exists` or `all` is at; counted from the outermost.
    Item(usize),
}

/// A path to a fact, as types have proven it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// Where it starts.
    pub base: Base,
    /// The fields from there.
    pub fields: Box<[Field]>,
    /// The whole path from the platform's name on, with `[]` after each list that an item was taken from:
    /// `redis.acl.users[].enabled`.
    pub path: Arc<str>,
}

/// A field on a path.
#[derive(Debug)]
pub struct Field {
    /// Its name.
    pub name: Name,
    /// Its number in the record in which it was found last: in the next one it mostly has the same.
    last: AtomicUsize,
}

impl Field {
    /// A field that nobody has looked for yet.
    pub fn new(name: Name) -> Field {
        Field { name, last: AtomicUsize::new(0) }
    }

    /// The field in a record.
    pub fn of<'f>(&self, record: &'f Record) -> Option<&'f Fact> {
        let last = self.last.load(Ordering::Relaxed);
        let (number, fact) = record.get_near(self.name, last)?;
        if number != last {
            self.last.store(number, Ordering::Relaxed);
        }
        Some(fact)
    }
}

impl Clone for Field {
    fn clone(&self) -> Field {
        Field::new(self.name)
    }
}

impl PartialEq for Field {
    fn eq(&self, other: &Field) -> bool {
        self.name == other.name
    }
}

impl Eq for Field {}

/// An expression whose value is a bool.
#[derive(Debug)]
pub enum Cond {
    /// `true`, `false`
    Is(bool),
    /// A fact.
    Fact(Read),
    /// A parameter, by its number.
    Param(usize),
    /// `!a`
    Not(Box<Cond>),
    /// `a && b && …`
    And(Vec<Cond>),
    /// `a || b || …`
    Or(Vec<Cond>),
    /// `a ? b : c`
    If(Box<[Cond; 3]>),
    /// `a == b` of bools, or `a != b` if the flag is false.
    Same(bool, Box<[Cond; 2]>),
    /// A comparison of integers.
    Ints(Order, Box<[Int; 2]>),
    /// `a == b` of texts, or `a != b` if the flag is false.
    Texts(bool, Box<[Text; 2]>),
    /// `a in [1, 2]`
    InInts(Int, Set<i64>),
    /// `a in ["x", "y"]`
    InTexts(Text, Set<Arc<str>>),
    /// `password in ["x", "y"]`, `password == ""`: all that may be asked of a secret.
    InSecrets(Read, Set<Arc<str>>),
    /// `list.exists(i, …)`, or `all` if the flag is true.
    Each(bool, Read, Box<Cond>),
    /// A question about one text.
    Ask(Question, Text),
    /// `version_lt(a, b)`
    Before(Box<[Text; 2]>),
    /// `can(user, "config|set")`: the place of the user's commands, and the command.
    Can(Read, Arc<str>),
    /// `explicit.redis.port`
    Explicit(Read),
}

/// An expression whose value is a whole number.
#[derive(Debug)]
pub enum Int {
    /// A literal.
    Is(i64),
    /// A fact.
    Fact(Read),
    /// A parameter, by its number.
    Param(usize),
    /// Terms, each with whether it is subtracted.
    Sum(Vec<(bool, Int)>),
    /// `a ? b : c`
    If(Box<(Cond, Int, Int)>),
}

/// An expression whose value is text.
#[derive(Debug)]
pub enum Text {
    /// A literal.
    Is(Arc<str>),
    /// A fact.
    Fact(Read),
    /// A parameter, by its number.
    Param(usize),
    /// `a ? b : c`
    If(Box<(Cond, Text, Text)>),
}

/// What `in` looks into.
#[derive(Debug)]
pub enum Set<T> {
    /// A literal list, sorted.
    Is(Box<[T]>),
    /// A parameter, by its number.
    Param(usize),
}

/// A question about one text.
#[derive(Debug)]
pub enum Question {
    /// `a.startsWith("…")`
    StartsWith(Arc<str>),
    /// `a.endsWith("…")`
    EndsWith(Arc<str>),
    /// `a.contains("…")`
    Contains(Arc<str>),
    /// `a.matches(r"…")`: anywhere in the text.
    Matches(Pattern),
    /// `cidr_contains("10.0.0.0/8", a)`
    Within(Net),
    /// `is_loopback(a)`
    Loopback,
    /// `is_private(a)`
    Private,
}

/// How much a loaded expression is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// Nothing is: patterns are compiled to see whether they are right.
    Vet,
    /// A test has vetted it: patterns wait until they are asked.
    Embedded,
}

/// An expression that is ready to be judged by.
#[derive(Debug)]
pub struct Expr {
    /// What it asks.
    pub cond: Cond,
    /// The paths it reads, sorted, each once: `redis.acl.users[].enabled`.
    pub reads: Vec<Arc<str>>,
}

impl Expr {
    /// `true`, which reads nothing.
    pub fn always() -> Expr {
        Expr { cond: Cond::Is(true), reads: Vec::new() }
    }

    /// Parses an expression and gives it types.
    ///
    /// # Errors
    /// Every mistake in it; of mistakes in the grammar the first.
    pub fn compile(text: &str, scope: &Scope<'_>, trust: Trust) -> Result<Expr, Vec<Problem>> {
        let length = text.chars().count();
        if length > LONGEST {
            let reason = format!("{length} characters are too long for an expression: at most {LONGEST}");
            return Err(vec![Problem::new(0..text.len(), reason)]);
        }
        let ast = parse::parse(text).map_err(|problem| vec![problem])?;
        check::check(&ast, scope, trust)
    }
}

/// How messages call a type.
fn describe(ty: Type) -> String {
    match ty {
        Type::List(item) => match *item {
            Type::Record(_) => "a list of records".to_owned(),
            Type::Text => "a list of texts".to_owned(),
            Type::Int => "a list of integers".to_owned(),
            Type::Bool => "a list of bools".to_owned(),
            _ => "a list".to_owned(),
        },
        other => other.describe().to_owned(),
    }
}

/// The platform whose facts are in scope.
fn root_fields(root: &Root) -> Type {
    Type::Record(root.fields)
}
