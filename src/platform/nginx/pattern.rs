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
