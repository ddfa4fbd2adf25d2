//! What one version makes of a user's rules, in plain values: what [`super::users`] says as facts.

use std::ops::Range;

use super::roster::Rule;
use crate::platform::redis::acl::decide::permitted;
use crate::platform::redis::acl::takeover::{Gates, Way};
use crate::platform::redis::acl::{Evaluator, User};

/// A user as a version has it. Rules are named by their numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Whether it is `on`.
    pub enabled: bool,
    /// Whether any password is right.
    pub nopass: bool,
    /// How many passwords it has.
    pub passwords: usize,
    /// Whether some selector reaches every key.
    pub all_keys: bool,
    /// Whether some selector reaches every channel.
    pub all_channels: bool,
    /// The key patterns outside parentheses, whether they may be read and written.
    pub keys: Vec<(String, bool, bool)>,
    /// The channel patterns outside parentheses.
    pub channels: Vec<String>,
    /// Whether it may run only what everybody may.
    pub no_commands: bool,
    /// The ways that are open, or that only a gate could close which is not known.
    pub ways: Vec<OpenWay>,
    /// Rules that take away, each with the later rule that gives everything back.
    pub undone: Vec<(usize, usize)>,
    /// Rules on which the server dies later, and when.
    pub crashing: Vec<(usize, &'static str)>,
}

/// A way that is open, or may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenWay {
    /// The way.
    pub way: &'static Way,
    /// Whether it is open; `None` where a gate decides that is not known.
    pub open: Option<bool>,
    /// The setting that can close it whatever the rules say.
    pub gate: Option<&'static str>,
    /// The rule that allows it.
    pub decided_by: Option<Range<usize>>,
}

/// Evaluates the rules; `None` when this version refuses them.
pub fn of_rules(evaluator: &Evaluator, rules: &[Rule], gates: Gates) -> Option<Outcome> {
    let words: Vec<&[u8]> = rules.iter().map(|rule| rule.bytes.as_ref()).collect();
    let user = evaluator.user(&words).ok()?;
    let mut outcome = of_user(evaluator, &user, &words, gates);
    outcome.undone = undone(evaluator, &user, &words);
    outcome.crashing = crashing(evaluator, &words);
    Some(outcome)
}

/// A user that was not made from rules alone, such as the default user.
pub fn of_user(evaluator: &Evaluator, user: &User<'_>, words: &[&[u8]], gates: Gates) -> Outcome {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let key = |key: &crate::platform::redis::acl::KeyPattern<'_>| (text(&key.pattern), key.read, key.write);
    let ways = evaluator.takeover(user, words, gates).into_iter().filter(|standing| standing.open != Some(false));
    let table = evaluator.table();
    let needs_permission = |command| table.row(command).is_some_and(|row| !row.no_auth);
    Outcome {
        enabled: user.enabled,
        nopass: user.nopass,
        passwords: user.passwords.len(),
        all_keys: user.every_selector().any(|selector| selector.all_keys),
        all_channels: user.every_selector().any(|selector| selector.all_channels),
        keys: user.root.keys.iter().map(key).collect(),
        channels: user.root.channels.iter().map(|channel| text(channel)).collect(),
        no_commands: !permitted(table, user).any(|(command, allowed)| allowed && needs_permission(command)),
        ways: ways
            .map(|standing| OpenWay {
                way: standing.way,
                open: standing.open,
                gate: standing.gate,
                decided_by: standing.decided_by,
            })
            .collect(),
        undone: Vec::new(),
        crashing: Vec::new(),
    }
}

/// Rules such as `-@dangerous` of whose commands every one is allowed in the end. The usual start from nothing
/// (`-@all`, `nocommands`, `reset`) is not one: what it takes away is what the user did not have.
fn undone(evaluator: &Evaluator, user: &User<'_>, words: &[&[u8]]) -> Vec<(usize, usize)> {
    let takes_away = |word: &&[u8]| word.starts_with(b"-") && !word.eq_ignore_ascii_case(b"-@all");
    let mut undone = Vec::new();
    for (index, word) in words.iter().enumerate().filter(|(_, word)| takes_away(word)) {
        let Ok(without) = evaluator.user(&[b"+@all", word]) else { continue };
        let taken: Vec<_> = permitted(evaluator.table(), &without).filter(|(_, allowed)| !allowed).collect();
        let back = |name: &[u8]| user.root.permits(evaluator.table(), name);
        let names: Vec<&str> = taken.iter().map(|(command, _)| command.name()).collect();
        if names.is_empty() || !names.iter().all(|name| back(name.as_bytes())) {
            continue;
        }
        let by = names.first().and_then(|name| evaluator.command_decided_by(words, name.as_bytes()));
        if let Some(by) = by.filter(|by| by.start > index) {
            undone.push((index, by.start));
        }
    }
    undone
}

/// Rules that are accepted and that the server cannot print (`acl.c:ACLDescribeSelectorCommandRules` since 7.2,
/// observed on 7.2.6 to 9.1.2; `%~x` on 7.0.15 before its fix).
fn crashing(evaluator: &Evaluator, words: &[&[u8]]) -> Vec<(usize, &'static str)> {
    let since_7_2 = evaluator.version().since(7, 2);
    let crash = |word: &[u8]| {
        let first_word = word.starts_with(b"+") && word.contains(&b'|') && word.contains(&b' ');
        match word {
            _ if first_word && since_7_2 => Some("the server ends when it lists the user"),
            [b'%', b'~', ..] => Some("the server ends when it lists the user"),
            _ => None,
        }
    };
    words.iter().enumerate().filter_map(|(index, word)| Some((index, crash(word)?))).collect()
}
