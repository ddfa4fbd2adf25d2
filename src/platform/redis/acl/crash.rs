//! Rules that the server accepts and that end it later.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashSet;
use std::ops::Range;

use super::parse::{Effect, Permission};
use super::{Evaluator, Read, Selector};

/// A rule that ends the server later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crashing {
    /// The arguments of the rule.
    pub rule: Range<usize>,
    /// What makes the server end, as the rest of a sentence that begins with the rule.
    pub when: &'static str,
}

/// What is in force in some selectors and may end the server.
struct Standing<'s> {
    /// The names in rules on commands.
    names: HashSet<&'s [u8]>,
    /// The patterns of keys without any permission.
    patterns: HashSet<&'s [u8]>,
}

impl<'s> Standing<'s> {
    fn of(selectors: &'s [Selector<'_>]) -> Standing<'s> {
        let names = selectors.iter().flat_map(|selector| &selector.rules).map(|rule| rule.name.as_ref());
        let keys = selectors.iter().flat_map(|selector| &selector.keys).filter(|key| !key.read && !key.write);
        Standing { names: names.collect(), patterns: keys.map(|key| key.pattern.as_ref()).collect() }
    }
}

const NO_PERMISSION: &str = "the server ends on the next ACL LIST, ACL GETUSER or ACL SAVE, having no word for a key \
                             pattern that is neither for reading nor for writing";
const UNREADABLE: &str = "the server ends on the next ACL LIST, ACL GETUSER or ACL SAVE, failing to read its own \
                          description of the user";

impl Evaluator {
    /// The rules that are still in force and end the server when it describes the user: key patterns without any
    /// permission (`acl.c:sdsCatPatternString`), and since 7.2 first words that cannot be read back
    /// (`acl.c:ACLDescribeSelectorCommandRules`).
    pub fn crashing(&self, read: &Read<'_>) -> Vec<Crashing> {
        let user = &read.user;
        // Few rules need them, and those may be many.
        let (root, inner) = (OnceCell::new(), OnceCell::new());
        let in_root = || root.get_or_init(|| Standing::of(std::slice::from_ref(&user.root)));
        let in_selectors = || inner.get_or_init(|| Standing::of(&user.selectors));
        let mut found = Vec::new();
        for step in &read.steps {
            let when = match &step.effect {
                Effect::Permission(permission) => self.ends_server(permission, in_root),
                Effect::Selector(words) => {
                    let mut inner = words.iter().filter_map(|word| self.permission(word).ok());
                    inner.find_map(|permission| self.ends_server(&permission, in_selectors))
                }
                _ => None,
            };
            found.extend(when.map(|when| Crashing { rule: step.arguments.clone(), when }));
        }
        found
    }

    fn ends_server<'s, 'r: 's>(
        &self,
        permission: &Permission<'_>,
        standing: impl Fn() -> &'s Standing<'r>,
    ) -> Option<&'static str> {
        match permission {
            Permission::Keys { pattern, read: false, write: false } => {
                standing().patterns.contains(pattern.as_ref()).then_some(NO_PERMISSION)
            }
            Permission::FirstWord { rule, .. } if self.version.since(7, 2) => {
                let name = rule.to_ascii_lowercase();
                let stands = standing().names.contains(name.as_slice());
                (stands && !self.reads_back(&name)).then_some(UNREADABLE)
            }
            _ => None,
        }
    }

    /// Whether every word of a description is a rule.
    fn reads_back(&self, name: &[u8]) -> bool {
        let text = Cow::Owned([b"+", name].concat());
        let words = self.words(&text, 0, text.len());
        words.is_some_and(|words| words.iter().all(|word| self.permission(word).is_ok()))
    }
}
