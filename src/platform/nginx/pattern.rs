//! Regular expressions. nginx uses PCRE, whose look-around and back references need more than the `regex` crate.
//!
//! What compiles here and what PCRE compiles is not the same in rare corners (possessive classes, `\K`, recursion):
//! an expression that does not compile here is unknown, never "matches nothing".

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use fancy_regex::Regex;

use crate::expr::Simple;

/// How many steps one match may take. PCRE has a limit of its own, at which nginx answers 500.
const STEPS: usize = 100_000;

/// How many expressions are kept.
const KEPT: usize = 10_000;

thread_local! {
    /// Expressions that were asked. Every question about a server asks those of all its locations, and the files of a
    /// repository repeat each other's.
    static ASKED: RefCell<HashMap<Key, Rc<Expression>>> = RefCell::default();
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

/// An expression, made ready as far as it was asked.
struct Expression {
    /// As the regular expressions here have it.
    text: String,
    /// What tells quickly that nothing is found, where the expression is simple.
    simple: Option<Simple>,
    /// What finds; `None` where it does not compile here.
    regex: OnceCell<Option<Regex>>,
}

fn expression(pattern: &str, caseless: bool) -> Rc<Expression> {
    ASKED.with_borrow_mut(|all| {
        let key = (pattern.to_owned(), caseless);
        if let Some(known) = all.get(&key) {
            return known.clone();
        }
        if all.len() >= KEPT {
            all.clear();
        }
        let text = if caseless { format!("(?i){pattern}") } else { pattern.to_owned() };
        let made = Rc::new(Expression { simple: Simple::new(&text), text, regex: OnceCell::new() });
        all.insert(key, made.clone());
        made
    })
}

/// What an expression finds in a text: `None` when that cannot be told, `Some(None)` when it does not match.
pub fn find(pattern: &str, caseless: bool, text: &str) -> Option<Option<Found>> {
    let asked = expression(pattern, caseless);
    if asked.simple.as_ref().and_then(|simple| simple.is_match(text)) == Some(false) {
        return Some(None);
    }
    let make = || fancy_regex::RegexBuilder::new(&asked.text).backtrack_limit(STEPS).build().ok();
    let regex = asked.regex.get_or_init(make).as_ref()?;
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

/// A text that an expression finds something in: of each choice the first, of what may be repeated one. `None` where
/// none is found so.
pub fn sample(pattern: &str, caseless: bool) -> Option<String> {
    let mut rest = pattern;
    let made = alternatives(&mut rest, 0).filter(|_| rest.is_empty())?;
    let fits = |text: &String| matches!(find(pattern, caseless, text), Some(Some(_)));
    let slashed = format!("/{made}");
    [made, slashed].into_iter().find(|text| text.starts_with('/') && fits(text))
}

/// What the first of some alternatives finds, up to the parenthesis that ends them.
fn alternatives(rest: &mut &str, depth: usize) -> Option<String> {
    let first = sequence(rest, depth)?;
    while let Some(after) = rest.strip_prefix('|') {
        *rest = after;
        sequence(rest, depth)?;
    }
    Some(first)
}

fn sequence(rest: &mut &str, depth: usize) -> Option<String> {
    let mut made = String::new();
    while let Some(first) = rest.chars().next().filter(|first| !matches!(first, '|' | ')')) {
        let after = &rest[first.len_utf8()..];
        let one = match first {
            '^' | '$' => {
                *rest = after;
                continue;
            }
            '(' if depth < 16 => {
                *rest = opened(after)?;
                let inner = alternatives(rest, depth + 1)?;
                *rest = rest.strip_prefix(')')?;
                inner
            }
            '(' => return None,
            '[' => {
                let class = class(rest);
                *rest = &rest[class.len()..];
                member(class)?.to_string()
            }
            '\\' => {
                let next = after.chars().next()?;
                *rest = &after[next.len_utf8()..];
                escaped(next)?
            }
            other => {
                *rest = after;
                if other == '.' { "x".to_owned() } else { other.to_string() }
            }
        };
        let times = quantified(rest)?;
        (0..times).for_each(|_| made.push_str(&one));
    }
    Some(made)
}

/// What comes after the opening of a group that takes what it finds.
fn opened(after: &str) -> Option<&str> {
    let Some(special) = after.strip_prefix('?') else { return Some(after) };
    if let Some(plain) = special.strip_prefix(':') {
        return Some(plain);
    }
    let named = special.strip_prefix("P<").or(special.strip_prefix('<')).filter(|rest| !rest.starts_with(['=', '!']));
    named.and_then(|rest| rest.split_once('>')).map(|(_, inner)| inner)
}

/// What an escape finds.
fn escaped(next: char) -> Option<String> {
    Some(match next {
        'd' => "1".to_owned(),
        'w' | 'S' | 'D' => "x".to_owned(),
        'b' => String::new(),
        next if next.is_ascii_alphanumeric() => return None,
        next => next.to_string(),
    })
}

/// A character of a class.
fn member(class: &str) -> Option<char> {
    let inner = class.strip_prefix('[')?.strip_suffix(']')?;
    if inner.starts_with('^') {
        return Some('x');
    }
    let mut chars = inner.chars();
    match chars.next()? {
        '\\' => escaped(chars.next()?)?.chars().next(),
        '[' => Some('x'),
        first => Some(first),
    }
}

/// How often what is before a quantifier is taken; `None` where it is none that is known.
fn quantified(rest: &mut &str) -> Option<usize> {
    let (times, length) = match rest.chars().next() {
        Some('?') => (0, 1),
        Some('*' | '+') => (1, 1),
        Some('{') => {
            let (inner, _) = rest[1..].split_once('}')?;
            let least = inner.split(',').next().unwrap_or_default();
            (least.parse::<usize>().ok().filter(|least| *least <= 8)?, inner.len() + 2)
        }
        _ => return Some(1),
    };
    *rest = &rest[length..];
    // Lazy and possessive ones find the same.
    *rest = rest.strip_prefix(['?', '+']).unwrap_or(rest);
    Some(times)
}
