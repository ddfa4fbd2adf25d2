//! What an `if` asks (`ngx_http_rewrite_if_condition` in ngx_http_rewrite_module.c, 1.22.1).

use super::tree::Directive;

/// What an `if` asks.
#[derive(Debug, Clone, Copy)]
pub struct Condition<'a> {
    /// The value that it looks at, or a file's name.
    pub value: &'a str,
    /// `=`, `~*` and the like, `-f` and the like, or nothing for a variable alone.
    pub how: &'a str,
    /// What the value is held against.
    pub with: &'a str,
}

impl<'a> Condition<'a> {
    /// The condition of an `if`; the parentheses are words of their own or parts of the first and the last.
    pub fn of(directive: &'a Directive) -> Condition<'a> {
        let mut words: Vec<&str> = directive.args.iter().map(|word| &*word.text).collect();
        if let Some(first) = words.first_mut() {
            *first = first.strip_prefix('(').unwrap_or(first);
        }
        if let Some(last) = words.last_mut() {
            *last = last.strip_suffix(')').unwrap_or(last);
        }
        if words.first().is_some_and(|word| word.is_empty()) {
            words.remove(0);
        }
        if words.len() > 1 && words.last().is_some_and(|word| word.is_empty()) {
            words.pop();
        }
        match words[..] {
            [value] => Condition { value, how: "", with: "" },
            [how, value] => Condition { value, how, with: "" },
            [value, how, with, ..] => Condition { value, how, with },
            [] => Condition { value: "", how: "", with: "" },
        }
    }
}
