//! What one version makes of a user's rules, in plain values: what [`super::users`] says as facts.

use std::ops::Range;
use std::sync::Arc;

use super::roster::Rule;
use crate::platform::redis::acl::crash::Crashing;
use crate::platform::redis::acl::takeover::{Gates, Way};
use crate::platform::redis::acl::undone::Undone;
use crate::platform::redis::acl::{Evaluator, Read, Selector, User};

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
    pub keys: Vec<(Arc<str>, bool, bool)>,
    /// The channel patterns outside parentheses.
    pub channels: Vec<Arc<str>>,
    /// The databases that are open outside parentheses, where not all are (Valkey 9.1).
    pub databases: Option<Vec<i64>>,
    /// Whether it may run only what everybody may.
    pub no_commands: bool,
    /// Whether some selector has every command, those of modules to come included.
    pub all_commands: bool,
    /// The numbers of the key patterns that no permitted command can use.
    pub idle_keys: Vec<usize>,
    /// Whether it may run PSYNC, and if so whether also the rest of what a replica sends its primary.
    pub replicates: Option<bool>,
    /// What the selectors in parentheses add.
    pub selectors: Vec<Inner>,
    /// The ways that are open, or that only a gate could close which is not known.
    pub ways: Vec<OpenWay>,
    /// Rules of which later rules leave nothing.
    pub undone: Vec<Undone>,
    /// Rules on which the server dies later, and when.
    pub crashing: Vec<Crashing>,
}

/// A selector in parentheses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inner {
    /// The arguments of the rule that makes it.
    pub rule: Range<usize>,
    /// What it comes to, in the words of `ACL LIST`.
    pub listed: String,
    /// Whether it reaches every key.
    pub all_keys: bool,
    /// Whether it has every command.
    pub all_commands: bool,
    /// The ways that are open through it alone, or may be.
    pub ways: Vec<&'static str>,
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
    let text = |bytes: &[u8]| Arc::from(String::from_utf8_lossy(bytes));
    let key = |key: &crate::platform::redis::acl::KeyPattern<'_>| (text(&key.pattern), key.read, key.write);
    let table = evaluator.table();
    let can = |name: &[u8]| user.permits(table, name);
    Outcome {
        enabled: user.enabled,
        nopass: user.nopass,
        passwords: user.passwords.len(),
        all_keys: user.every_selector().any(|selector| selector.all_keys),
        all_channels: user.every_selector().any(|selector| selector.all_channels),
        keys: user.root.keys.iter().map(key).collect(),
        channels: user.root.channels.iter().map(|channel| text(channel)).collect(),
        databases: (!user.root.all_databases).then(|| user.root.databases.clone()),
        no_commands: evaluator.allows_nothing(user),
        all_commands: user.every_selector().any(|selector| selector.has_every_command(table)),
        idle_keys: evaluator.idle_keys(&user.root),
        replicates: can(b"psync").then(|| can(b"replconf") && can(b"ping")),
        selectors: read.selectors().map(|(rule, selector)| inner(evaluator, rule, selector, gates)).collect(),
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

/// What one selector in parentheses opens by itself.
fn inner(evaluator: &Evaluator, rule: Range<usize>, selector: &Selector<'_>, gates: Gates) -> Inner {
    let mut alone: User<'_> = evaluator.default_user();
    alone.root = selector.clone();
    let ways = evaluator.open_ways(&Read::of(alone), gates).into_iter().map(|standing| standing.way.name).collect();
    let listed = format!("({})", String::from_utf8_lossy(&evaluator.describe_selector(selector)));
    let (all_keys, all_commands) = (selector.all_keys, selector.has_every_command(evaluator.table()));
    Inner { rule, listed, all_keys, all_commands, ways }
}
