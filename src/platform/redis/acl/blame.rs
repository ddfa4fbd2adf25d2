//! Which rule decided an answer, found by going through the rules once more.

use std::ops::Range;

use super::commands::{self, Command};
use super::decide::{Answer, Reason};
use super::keys::c_string;
use super::parse::{Effect, Permission};
use super::{Evaluator, Read, glob, keys};

/// The arguments of the rule that last set or cleared a permission, and whether it set it.
type Touch = Option<(Range<usize>, bool)>;

/// A permission that a rule may have set or cleared.
enum Question<'a> {
    /// To run the command that these words call.
    Command(Command, &'a [&'a [u8]]),
    /// To use a key so.
    Key { key: &'a [u8], read: bool, write: bool },
    /// To use a channel.
    Channel { channel: &'a [u8], is_pattern: bool },
    /// To use databases.
    Database,
}

impl Evaluator {
    /// The arguments of the rule that last set or cleared the permission which decided `answer`, the answer to
    /// `words` for the user that the rules make. A selector counts as one rule, all its arguments
    /// together. `None` when no rule did, and for commands that need no permission.
    pub fn decided_by(&self, read: &Read<'_>, words: &[&[u8]], answer: Answer) -> Option<Range<usize>> {
        match answer {
            Answer::UnknownCommand | Answer::WrongArity(_) => None,
            Answer::Allowed { selector } => {
                let command = self.table.called(words)?;
                let decided = self.last_touch(read, selector, &Question::Command(command, words))?;
                let free = self.table.row(command).is_some_and(|row| row.no_auth);
                (!free || decided.1).then_some(decided.0)
            }
            Answer::Denied { reason: Reason::Command, .. } => self.denied_by(read, self.table.called(words)?, words),
            Answer::Denied { reason: Reason::Database, selector, .. } => {
                Some(self.last_touch(read, selector, &Question::Database)?.0)
            }
            Answer::Denied { reason: Reason::Key, selector, word } => {
                let row = self.table.row(self.table.called(words)?)?;
                let found = keys::keys(row, words, self.version.since(7, 0));
                let key = found.iter().find(|key| key.at == word)?;
                let question = Question::Key { key: words.get(word)?, read: key.read, write: key.write };
                Some(self.last_touch(read, selector, &question)?.0)
            }
            Answer::Denied { reason: Reason::Channel, selector, word } => {
                let row = self.table.row(self.table.called(words)?)?;
                let (_, is_pattern) = keys::channels(row, words.len());
                let question = Question::Channel { channel: words.get(word)?, is_pattern };
                Some(self.last_touch(read, selector, &question)?.0)
            }
        }
    }

    /// The arguments of the rule that last allowed or forbade a command or `container|subcommand`, whatever the keys
    /// and channels.
    pub fn command_decided_by(&self, read: &Read<'_>, name: &[u8]) -> Option<Range<usize>> {
        let (command, words) = self.table.call(name)?;
        self.call_decided_by(read, command, &words)
    }

    /// The same for the command that these words call.
    pub(super) fn call_decided_by(&self, read: &Read<'_>, command: Command, words: &[&[u8]]) -> Option<Range<usize>> {
        match read.user.every_selector().position(|selector| selector.allows(command, words)) {
            Some(selector) => Some(self.last_touch(read, selector, &Question::Command(command, words))?.0),
            None => self.denied_by(read, command, words),
        }
    }

    /// No selector allows the command: the rule outside parentheses that says so, or else the first inside.
    fn denied_by(&self, read: &Read<'_>, command: Command, words: &[&[u8]]) -> Option<Range<usize>> {
        let (root, inner) = self.touches(read, &Question::Command(command, words))?;
        root.or_else(|| inner.into_iter().flatten().next()).map(|(arguments, _)| arguments)
    }

    /// The arguments of the last rule that set or cleared a permission in a selector, and whether it set it.
    fn last_touch(&self, read: &Read<'_>, selector: usize, question: &Question<'_>) -> Touch {
        let (root, inner) = self.touches(read, question)?;
        match selector.checked_sub(1) {
            None => root,
            Some(index) => inner.into_iter().nth(index).flatten(),
        }
    }

    /// The arguments of the last rule that set or cleared a permission, and whether it set it: outside parentheses, and
    /// in each selector.
    fn touches(&self, read: &Read<'_>, question: &Question<'_>) -> Option<(Touch, Vec<Touch>)> {
        let (mut root, mut inner): (Touch, Vec<Touch>) = (None, Vec::new());
        for step in &read.steps {
            match &step.effect {
                Effect::Selector(words) => {
                    let mut last = None;
                    for word in words {
                        last = self.touch(question, &self.permission(word).ok()?, last).or(last);
                    }
                    inner.push(last.map(|set| (step.arguments.clone(), set)));
                }
                Effect::ClearSelectors => inner.clear(),
                Effect::Reset => {
                    root = Some((step.arguments.clone(), false));
                    inner.clear();
                }
                Effect::Permission(permission) => {
                    let now = root.as_ref().map(|(_, set)| *set);
                    if let Some(set) = self.touch(question, permission, now) {
                        root = Some((step.arguments.clone(), set));
                    }
                }
                _ => {}
            }
        }
        Some((root, inner))
    }

    /// Whether a rule sets or clears a permission; `None` when it does neither. `now` is what was said before.
    fn touch(&self, question: &Question<'_>, permission: &Permission<'_>, now: Option<bool>) -> Option<bool> {
        match question {
            Question::Command(asked, words) => touches_command(*asked, words, permission, now),
            Question::Key { key, read, write } => match permission {
                Permission::AllKeys => Some(true),
                Permission::ResetKeys => Some(false),
                Permission::Keys { pattern, read: may_read, write: may_write } => {
                    let enough = (*may_read || !read) && (*may_write || !write);
                    (enough && glob::matches(pattern, key)).then_some(true)
                }
                _ => None,
            },
            Question::Channel { channel, is_pattern } => match permission {
                Permission::AllChannels => Some(true),
                Permission::ResetChannels => Some(false),
                Permission::Channels(pattern) if *is_pattern => (pattern == channel).then_some(true),
                Permission::Channels(pattern) => glob::matches(pattern, channel).then_some(true),
                _ => None,
            },
            Question::Database => match permission {
                Permission::AllDatabases => Some(true),
                Permission::ResetDatabases | Permission::Databases(_) => Some(false),
                _ => None,
            },
        }
    }
}

fn touches_command(asked: Command, words: &[&[u8]], permission: &Permission<'_>, now: Option<bool>) -> Option<bool> {
    match permission {
        Permission::AllCommands => Some(true),
        Permission::NoCommands => Some(false),
        Permission::Command { command, allow } => {
            let touched = *command == asked || asked.container() == Some(*command);
            touched.then_some(*allow)
        }
        Permission::Category { reach, allow, .. } => commands::contains(reach, asked.index()).then_some(*allow),
        // It says nothing new of a command that is allowed as a whole.
        Permission::FirstWord { command, word, .. } if *command == asked && now != Some(true) => {
            words.get(1).is_some_and(|first| c_string(first).eq_ignore_ascii_case(word)).then_some(true)
        }
        _ => None,
    }
}
