//! Regular expressions. nginx uses PCRE, whose look-around and back references need more than the `regex` crate.
//!
//! What compiles here and what PCRE compiles is not the same in rare corners (possessive classes, `\K`, recursion):
//! an expression that does not compile here is unknown, never "matches nothing".

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use fancy_regex::Regex;

/// How many steps one match may take. PCRE has a limit of its own, at which nginx answers 500.
const STEPS: usize = 100_000;

/// How many expressions are kept.
const KEPT: usize = 10_000;

thread_local! {
    /// Expressions that were compiled. Every question about a server asks those of all its locations, and the files of
    /// a repository repeat each other's.
    static COMPILED: RefCell<HashMap<Key, Option<Rc<Regex>>>> = RefCell::default();
}

/// An expression and whether case does not matter.
type Key = (String, bool);

/// What an expression found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// The whole match and then each group, empty where it took no part.
    pub groups: Vec<String>,
    /// The groups that have a name.
    pub named: Vec<(String, String)>,
}

/// The expression compiled, or `None` where it does not compile here.
fn compiled(pattern: &str, caseless: bool) -> Option<Rc<Regex>> {
    COMPILED.with_borrow_mut(|all| {
        let key = (pattern.to_owned(), caseless);
        if let Some(known) = all.get(&key) {
            return known.clone();
        }
        if all.len() >= KEPT {
            all.clear();
        }
        let text = if caseless { format!("(?i){pattern}") } else { pattern.to_owned() };
        let made = fancy_regex::RegexBuilder::new(&text).backtrack_limit(STEPS).build().ok().map(Rc::new);
        all.insert(key, made.clone());
        made
    })
}

/// What an expression finds in a text: `None` when that cannot be told, `Some(None)` when it does not match.
pub fn find(pattern: &str, caseless: bool, text: &str) -> Option<Option<Found>> {
    let regex = compiled(pattern, caseless)?;
    let found = regex.captures(text).ok()?;
    Some(found.map(|captures| {
        let groups = captures.iter().map(|group| group.map_or(String::new(), |group| group.as_str().to_owned()));
        let named = regex
            .capture_names()
            .flatten()
            .filter_map(|name| Some((name.to_ascii_lowercase(), captures.name(name)?.as_str().to_owned())));
        Found { groups: groups.collect(), named: named.collect() }
    }))
}

/// A group of an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group<'a> {
    /// By its number.
    Number(usize),
    /// By its name, in lower case as nginx has it.
    Name(&'a str),
}

/// Whether what a group finds may have a line feed in it; `None` where there is no such group.
///
/// `.` stands for none unless `(?s)` says so, but `[^/]` does (tried on nginx 1.22.1 with PCRE2).
pub fn may_break_lines(pattern: &str, group: Group<'_>) -> Option<bool> {
    let inner = inside(pattern, group)?;
    let dots = pattern.contains("(?s)");
    let bytes = inner.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' if bytes.get(at + 1).is_some_and(|next| b"nsWDR".contains(next)) => return Some(true),
            b'\\' => at += 1,
            b'.' if dots => return Some(true),
            b'\n' => return Some(true),
            b'[' => {
                let class = class(&inner[at..]);
                let negated = class.starts_with("[^");
                let names = |names: &[&str]| names.iter().any(|name| class.contains(name));
                let holds = match negated {
                    true => !names(&["\\n", "\\s", "\\W", "\\D", "\n", "[:space:]", "[:cntrl:]", "\\x00", "\\0"]),
                    false => names(&["\\n", "\\s", "\\W", "\\D", "\n", "[:space:]", "[:cntrl:]"]),
                };
                if holds {
                    return Some(true);
                }
                at += class.len() - 1;
            }
            _ => {}
        }
        at += 1;
    }
    Some(false)
}

/// A class at the start of a text, brackets and all.
fn class(text: &str) -> &str {
    let bytes = text.as_bytes();
    let mut at = if bytes.get(1) == Some(&b'^') { 2 } else { 1 };
    // A bracket that comes first is one of the characters.
    at += usize::from(bytes.get(at) == Some(&b']'));
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 1,
            b'[' if bytes.get(at + 1) == Some(&b':') => {
                at += text[at..].find(":]").map_or(0, |end| end + 1);
            }
            b']' => return &text[..=at],
            _ => {}
        }
        at += 1;
    }
    text
}

/// What stands between the parentheses of a group.
fn inside<'p>(pattern: &'p str, group: Group<'_>) -> Option<&'p str> {
    let bytes = pattern.as_bytes();
    let (mut at, mut count) = (0, 0);
    // The groups that are open: where what is in them begins, and whether it is the one.
    let mut open: Vec<(usize, bool)> = Vec::new();
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 1,
            b'[' => at += class(&pattern[at..]).len() - 1,
            b'(' => {
                let rest = &pattern[at + 1..];
                let named = ["?<", "?P<", "?'"].iter().find_map(|start| rest.strip_prefix(start));
                let name = named.filter(|rest| !rest.starts_with(['=', '!']));
                let name = name.and_then(|rest| rest.split(['>', '\'']).next());
                let counts = name.is_some() || !rest.starts_with(['?', '*']);
                count += usize::from(counts);
                let is = counts
                    && match group {
                        Group::Number(number) => number == count,
                        Group::Name(wanted) => name.is_some_and(|name| name.eq_ignore_ascii_case(wanted)),
                    };
                open.push((at + 1, is));
            }
            b')' => {
                if let Some((start, true)) = open.pop() {
                    return Some(&pattern[start..at]);
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}
