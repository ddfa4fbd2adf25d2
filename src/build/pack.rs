//! Packs what a check asks into a text that [`crate::expr`] takes apart far faster than it reads an expression: part of
//! the build script.
//!
//! The grammar is that of the program itself, whose files are read here too. Types are not known here; what cannot be
//! packed without them is left to the loader. A test compares what is packed with what the loader makes of the file.

mod expression;
#[path = "../expr/function.rs"]
#[allow(dead_code)]
mod function;
#[path = "../expr/lex.rs"]
mod lex;
#[path = "../expr/parse.rs"]
#[allow(dead_code)]
mod parse;

use std::collections::BTreeSet;
use std::fmt::Display;
use std::ops::Range;

use parse::Named;
use toml::{Table, Value};

/// Stands between words; no check has it in a text.
const END: char = '\u{1f}';

/// A mistake in an expression: here only that there is one.
#[derive(Debug)]
pub struct Problem;

impl Problem {
    /// A mistake.
    pub fn new(_: Range<usize>, _: impl Into<String>) -> Problem {
        Problem
    }
}

/// What is packed of a check.
pub struct Packed {
    /// Parameters, `for_each`, `when` and `deny`.
    pub asks: String,
    /// The names of the facts that have to do with it, with blanks between them.
    pub facts: String,
}

/// Packs a check; nothing where that needs types.
pub fn pack(file: &Table) -> Option<Packed> {
    let rule = file.get("rule")?.as_table()?;
    let (params, bound, facts, out) = (Vec::new(), Vec::new(), BTreeSet::new(), String::new());
    let mut packer = Packer { root: text(rule, "reads")?, params, bound, facts, out };
    packer.params(file.get("params"))?;
    packer.for_each(rule.get("for_each"))?;
    match rule.get("when") {
        None => packer.word("T"),
        Some(when) => packer.expression(when.as_str()?)?,
    }
    packer.expression(text(rule, "deny")?)?;
    let asks = std::mem::take(&mut packer.out);
    packer.rest(file, rule)?;
    let facts: Vec<String> = packer.facts.into_iter().collect();
    Some(Packed { asks, facts: facts.join(" ") })
}

fn text<'t>(table: &'t Table, key: &str) -> Option<&'t str> {
    table.get(key)?.as_str()
}

fn list(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

/// The type of a parameter.
#[derive(Clone, Copy, PartialEq)]
enum Param {
    Bool,
    Int,
    Text,
    Texts,
    Ints,
    /// A list that does not say of what.
    Empty,
}

struct Packer<'f> {
    root: &'f str,
    params: Vec<(&'f str, Param)>,
    /// The items by name, the outermost first, each with its path.
    bound: Vec<(String, String)>,
    /// The names of the facts that were come across.
    facts: BTreeSet<String>,
    out: String,
}

/// `None` always means that it is not packed.
impl<'f> Packer<'f> {
    fn word(&mut self, word: impl Display) {
        self.out.push_str(&word.to_string());
        self.out.push(END);
    }

    /// A word of the check's own.
    fn literal(&mut self, word: &str) -> Option<()> {
        self.word(word);
        (!word.contains(END)).then_some(())
    }

    /// How many, then for each its name, its type and its value.
    fn params(&mut self, params: Option<&'f Value>) -> Option<()> {
        let Some(params) = params else {
            self.word(0);
            return Some(());
        };
        let params = params.as_table()?;
        self.word(params.len());
        for (name, value) in params {
            self.literal(name)?;
            let ty = match value {
                Value::Boolean(value) => {
                    self.word(if *value { "T" } else { "F" });
                    Param::Bool
                }
                Value::Integer(value) => {
                    self.word("#");
                    self.word(value);
                    Param::Int
                }
                Value::String(value) => {
                    self.word('"');
                    self.literal(value)?;
                    Param::Text
                }
                Value::Array(items) if items.iter().all(Value::is_str) => {
                    self.word(format!("[{}", items.len()));
                    items.iter().try_for_each(|item| self.literal(item.as_str()?))?;
                    if items.is_empty() { Param::Empty } else { Param::Texts }
                }
                Value::Array(items) => {
                    self.word(format!("({}", items.len()));
                    items.iter().try_for_each(|item| item.as_integer().map(|item| self.word(item)))?;
                    Param::Ints
                }
                _ => return None,
            };
            self.params.push((name, ty));
        }
        Some(())
    }

    /// How many levels, then for each its list and its name.
    fn for_each(&mut self, levels: Option<&Value>) -> Option<()> {
        let Some(levels) = levels else {
            self.word(0);
            return Some(());
        };
        let levels: Vec<&str> = levels.as_str()?.split(',').collect();
        self.word(levels.len());
        for level in levels {
            let mut words = level.split_whitespace();
            let (path, "as", name, None) = (words.next()?, words.next()?, words.next()?, words.next()) else {
                return None;
            };
            let list = self.resolve(path.split('.'))?;
            self.read(&list);
            self.literal(name)?;
            self.bound.push((name.to_owned(), format!("{}[]", list.path)));
        }
        Some(())
    }

    /// Comes across the facts that are not in `when` and `deny`: those of places, the message, edits and bypasses.
    fn rest(&mut self, file: &Table, rule: &Table) -> Option<()> {
        let mut paths: Vec<&str> = vec![text(rule, "at")?];
        let mut conditions: Vec<&str> = Vec::new();
        for also in list(rule.get("also")) {
            match also {
                Value::String(path) => paths.push(path),
                also => {
                    paths.push(text(also.as_table()?, "path")?);
                    conditions.push(text(also.as_table()?, "when")?);
                }
            }
        }
        for bypass in list(file.get("bypass")) {
            conditions.push(text(bypass.as_table()?, "when")?);
        }
        for edit in list(file.get("fix").and_then(|fix| fix.get("edits"))) {
            let edit = edit.as_table()?;
            paths.extend(["path", "to", "from", "into"].iter().filter_map(|key| text(edit, key)));
        }
        let message = text(rule, "message")?.replace("{{", "").replace("}}", "");
        let places = message.split('{').skip(1).filter_map(|part| part.split('}').next());
        paths.extend(places.filter(|place| !place.starts_with("params.")));
        for path in paths {
            let read = self.resolve(path.split('.'))?;
            self.read(&read);
        }
        conditions.into_iter().try_for_each(|condition| self.expression(condition))
    }

    fn expression(&mut self, text: &str) -> Option<()> {
        self.cond(&parse::parse(text).ok()?)
    }

    /// What names lead to.
    fn resolve<'n>(&self, mut names: impl Iterator<Item = &'n str>) -> Option<Read> {
        let first = names.next()?;
        let item = self.bound.iter().rposition(|(name, _)| name == first);
        let (base, mut path) = match item {
            Some(number) => (number.to_string(), self.bound[number].1.clone()),
            None if first == self.root => ("s".to_owned(), first.to_owned()),
            None => return None,
        };
        let mut fields = 0;
        for name in names {
            path.push('.');
            path.push_str(name);
            fields += 1;
        }
        Some(Read { base, fields, path })
    }

    fn path(&mut self, names: &[Named]) -> Option<()> {
        let read = self.resolve(names.iter().map(|named| named.name.as_str()))?;
        self.read(&read);
        Some(())
    }

    fn read(&mut self, read: &Read) {
        self.word(format!("{}{}", read.base, read.fields));
        self.word(&read.path);
        self.facts.extend(read.path.split(['.', '[']).nth(1).map(str::to_owned));
    }

    /// The number and the type of a parameter, if names are one's.
    fn param(&self, names: &[Named]) -> Option<(usize, Param)> {
        let [first, named] = names else { return None };
        let number = self.params.iter().position(|(name, _)| *name == named.name)?;
        (first.name == "params").then_some((number, self.params[number].1))
    }
}

/// A path to a fact.
struct Read {
    /// `s` for the subject, or the number of an item.
    base: String,
    /// How many of the last names lead there from the base.
    fields: usize,
    /// The whole path.
    path: String,
}
