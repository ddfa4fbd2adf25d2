//! Rules that later rules make void.

use std::ops::Range;

use super::commands::{Command, Set, WORDS, contains};
use super::parse::{Effect, Permission};
use super::{Evaluator, Read, commands};

/// A rule of which nothing is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undone {
    /// The arguments of the rule.
    pub rule: Range<usize>,
    /// The arguments of the later rule that says the opposite.
    pub by: Range<usize>,
    /// Whether the rule takes rights away, so that something is open that it closes.
    pub takes_away: bool,
}

/// A rule on commands: what it touches, and whether it allows it.
struct Said {
    arguments: Range<usize>,
    touched: Set,
    allow: bool,
}

impl Evaluator {
    /// The rules outside parentheses of which later rules leave nothing, and at least one command of which is in the
    /// end the opposite of what they say. A `-@all` before anything was allowed is no such rule: it is a beginning.
    pub fn undone(&self, read: &Read<'_>) -> Vec<Undone> {
        let mut said: Vec<Said> = Vec::new();
        for step in &read.steps {
            let (touched, allow) = match &step.effect {
                Effect::Permission(permission) => match self.touched(permission) {
                    Some(touch) => touch,
                    None => continue,
                },
                Effect::Reset => (*self.table.all(), false),
                _ => continue,
            };
            let begins = !allow && touched == *self.table.all() && !said.iter().any(|said| said.allow);
            if !begins {
                said.push(Said { arguments: step.arguments.clone(), touched, allow });
            }
        }
        let mut undone = Vec::new();
        for (number, one) in said.iter().enumerate() {
            let later = &said[number + 1..];
            let covered = later.iter().fold([0; WORDS], |all, said| merged(all, &said.touched));
            if !within(&one.touched, &covered) {
                continue;
            }
            let is_opposite = |command: &Command| {
                contains(&one.touched, command.index()) && read.user.root.has(*command) != one.allow
            };
            let Some(opposite) = self.table.commands().find(is_opposite) else { continue };
            let decides = |said: &&Said| said.allow != one.allow && contains(&said.touched, opposite.index());
            if let Some(by) = later.iter().rev().find(decides) {
                let (rule, by) = (one.arguments.clone(), by.arguments.clone());
                undone.push(Undone { rule, by, takes_away: !one.allow });
            }
        }
        undone
    }

    /// The commands that a rule touches, and whether it allows them; `None` for a rule on anything else.
    fn touched(&self, permission: &Permission<'_>) -> Option<(Set, bool)> {
        match permission {
            Permission::AllCommands => Some((*self.table.all(), true)),
            Permission::NoCommands => Some((*self.table.all(), false)),
            Permission::Command { command, allow } => Some((self.table.with_subcommands(*command), *allow)),
            Permission::Category { reach, allow, .. } => Some((**reach, *allow)),
            _ => None,
        }
    }
}

fn merged(mut all: Set, more: &Set) -> Set {
    all.iter_mut().zip(more).for_each(|(word, more)| *word |= more);
    all
}

fn within(part: &commands::Set, whole: &commands::Set) -> bool {
    part.iter().zip(whole).all(|(part, whole)| part & !whole == 0)
}
