//! What one version makes of a user's rules, in plain values: what [`super::users`] says as facts.

use std::ops::Range;

use super::roster::Rule;
use crate::platform::redis::acl::crash::Crashing;
use crate::platform::redis::acl::decide::permitted;
use crate::platform::redis::acl::takeover::{Gates, Way};
use crate::platform::redis::acl::undone::Undone;
use crate::platform::redis::acl::{Evaluator, Read};

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
    /// Rules of which later rules leave nothing.
    pub undone: Vec<Undone>,
    /// Rules on which the server dies later, and when.
    pub crashing: Vec<Crashing>,
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
    Some(of_read(evaluator, &evaluator.read(&words).ok()?, gates))
}

/// A user whose rules have been read, or of whom nothing is said.
pub fn of_read(evaluator: &Evaluator, read: &Read<'_>, gates: Gates) -> Outcome {
    let user = &read.user;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let key = |key: &crate::platform::redis::acl::KeyPattern<'_>| (text(&key.pattern), key.read, key.write);
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
        ways: evaluator
            .open_ways(read, gates)
            .into_iter()
            .map(|standing| OpenWay {
                way: standing.way,
                open: standing.open,
                gate: standing.gate,
                decided_by: standing.decided_by,
            })
            .collect(),
        undone: evaluator.undone(read),
        crashing: evaluator.crashing(read),
    }
}
