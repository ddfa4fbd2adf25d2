//! Rules that the server accepts and that end it later.

use std::borrow::Cow;
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
        let mut found = Vec::new();
        for step in &read.steps {
            let when = match &step.effect {
                Effect::Permission(permission) => self.ends_server(permission, &user.root),
                Effect::Selector(words) => {
                    let inner = words.iter().filter_map(|word| self.permission(word).ok());
                    let inner: Vec<Permission<'_>> = inner.collect();
                    let ends = |selector| inner.iter().find_map(|permission| self.ends_server(permission, selector));
                    user.selectors.iter().find_map(ends)
                }
                _ => None,
            };
            found.extend(when.map(|when| Crashing { rule: step.arguments.clone(), when }));
        }
        found
    }

    fn ends_server(&self, permission: &Permission<'_>, selector: &Selector<'_>) -> Option<&'static str> {
        match permission {
            Permission::Keys { pattern, read: false, write: false } => {
                let stands = |key: &super::KeyPattern<'_>| key.pattern == *pattern && !key.read && !key.write;
                selector.keys.iter().any(stands).then_some(NO_PERMISSION)
            }
            Permission::FirstWord { rule, .. } if self.version.since(7, 2) => {
                let name = rule.to_ascii_lowercase();
                let stands = selector.rules.iter().any(|known| known.name.as_ref() == name);
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
