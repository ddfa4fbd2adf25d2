//! What rules do to a user, one after the other.

use std::borrow::Cow;

use super::commands::{self, Command, Set};
use super::parse::{Effect, Permission, Problem};
use super::{CommandRule, Evaluator, KeyPattern, Selector, User};

impl Evaluator {
    /// What a rule would do to a user, if it may come now.
    #[allow(clippy::ptr_arg, reason = "what is borrowed from a borrowed rule outlives this call")]
    pub(super) fn acceptable<'r>(&self, user: &User<'r>, rule: &Cow<'r, [u8]>) -> Result<Effect<'r>, Problem> {
        user.root.accepts(rule)?;
        self.effect(rule)
    }

    /// Applies one rule (`acl.c:ACLSetUser`).
    pub(super) fn apply<'r>(&self, user: &mut User<'r>, effect: Effect<'r>) -> Result<(), Problem> {
        match effect {
            Effect::Nothing => {}
            Effect::Enable(on) => user.enabled = on,
            Effect::Sanitize(yes) => user.sanitize = (!self.version.valkey_since(9, 1)).then_some(yes),
            Effect::NoPassword => {
                user.nopass = true;
                user.passwords.clear();
            }
            Effect::ResetPasswords => {
                user.nopass = false;
                user.passwords.clear();
            }
            Effect::AddPassword(hash) => {
                user.nopass = false;
                if !user.passwords.contains(&hash) {
                    user.passwords.push(hash);
                }
            }
            Effect::RemovePassword(hash) => {
                let at = user.passwords.iter().position(|known| *known == hash).ok_or(Problem::NoSuchPassword)?;
                user.passwords.remove(at);
            }
            Effect::Selector(rules) => user.selectors.push(self.inner(&rules)?),
            Effect::ClearSelectors => user.selectors.clear(),
            Effect::Reset => self.reset(user),
            Effect::Permission(permission) => self.permit(&mut user.root, permission),
        }
        Ok(())
    }

    /// The selector that the rules inside parentheses make (`acl.c:aclCreateSelectorFromOpSet`).
    fn inner<'r>(&self, rules: &[Cow<'r, [u8]>]) -> Result<Selector<'r>, Problem> {
        let mut selector = self.new_selector();
        for rule in rules {
            selector.accepts(rule)?;
            self.permit(&mut selector, self.permission(rule)?);
        }
        Ok(selector)
    }

    /// `reset`: everything as before the first rule, but the flag of `sanitize-payload` is set.
    fn reset(&self, user: &mut User<'_>) {
        *user = self.new_user();
        user.sanitize = (!self.version.valkey_since(9, 1)).then_some(true);
    }

    /// Applies a rule on permissions (`acl.c:ACLSetSelector`).
    pub(super) fn permit<'r>(&self, selector: &mut Selector<'r>, permission: Permission<'r>) {
        match permission {
            Permission::AllKeys => {
                selector.all_keys = true;
                selector.keys.clear();
            }
            Permission::ResetKeys => {
                selector.all_keys = false;
                selector.keys.clear();
            }
            Permission::Keys { pattern, read, write } => selector.open_keys(pattern, read, write),
            Permission::AllChannels => {
                selector.all_channels = true;
                selector.channels.clear();
            }
            Permission::ResetChannels => {
                selector.all_channels = false;
                selector.channels.clear();
            }
            Permission::Channels(pattern) => {
                if !selector.channels.contains(&pattern) {
                    selector.channels.push(pattern);
                }
            }
            Permission::AllDatabases => {
                selector.all_databases = true;
                selector.databases.clear();
            }
            Permission::ResetDatabases => {
                selector.all_databases = false;
                selector.databases.clear();
            }
            Permission::Databases(numbers) => {
                selector.all_databases = false;
                selector.databases = numbers;
            }
            Permission::AllCommands => selector.allow_all(),
            Permission::NoCommands => {
                selector.commands = [0; commands::WORDS];
                selector.first_words.clear();
                selector.rules.clear();
            }
            Permission::Command { command, allow } => {
                selector.set(&self.table.with_subcommands(command), allow);
                selector.keep_rule(Cow::Borrowed(command.name().as_bytes()), allow);
            }
            Permission::Category { name, reach, allow } => {
                selector.set(reach, allow);
                selector.keep_rule(name, allow);
            }
            Permission::FirstWord { command, word, rule } => {
                // 6.2 adds nothing to a command that is allowed as a whole.
                if self.version.since(7, 0) || !selector.has(command) {
                    selector.add_first_word(command, word);
                }
                selector.keep_rule(rule, true);
            }
        }
    }
}

impl<'r> Selector<'r> {
    /// Whether a rule may come now: no pattern after everything is open.
    fn accepts(&self, rule: &[u8]) -> Result<(), Problem> {
        match rule {
            [b'~', b'*'] | [b'~', b'*', 0, ..] | [b'&', b'*'] | [b'&', b'*', 0, ..] => Ok(()),
            [b'~' | b'%', ..] if self.all_keys => Err(Problem::AfterAllKeys),
            [b'&', ..] if self.all_channels => Err(Problem::AfterAllChannels),
            _ => Ok(()),
        }
    }

    /// `+@all`.
    pub(super) fn allow_all(&mut self) {
        self.commands = [u64::MAX; commands::WORDS];
        self.first_words.clear();
        self.rules.clear();
    }

    fn open_keys(&mut self, pattern: Cow<'r, [u8]>, read: bool, write: bool) {
        match self.keys.iter_mut().find(|known| known.pattern == pattern) {
            Some(known) => {
                known.read |= read;
                known.write |= write;
            }
            None => self.keys.push(KeyPattern { pattern, read, write }),
        }
    }

    /// Sets or clears the bits of commands, and drops what was said about their first words
    /// (`acl.c:ACLChangeSelectorPerm`).
    fn set(&mut self, touched: &Set, allow: bool) {
        for (word, touched) in self.commands.iter_mut().zip(touched) {
            *word = if allow { *word | touched } else { *word & !touched };
        }
        self.first_words.retain(|(command, _)| !commands::contains(touched, command.index()));
    }

    fn add_first_word(&mut self, command: Command, word: Cow<'r, [u8]>) {
        let same = |(known, other): &(Command, Cow<'_, [u8]>)| *known == command && other.eq_ignore_ascii_case(&word);
        if !self.first_words.iter().any(same) {
            self.first_words.push((command, word));
        }
    }

    /// Whether the bit of a command is set.
    pub(super) fn has(&self, command: Command) -> bool {
        commands::contains(&self.commands, command.index())
    }

    /// Takes a rule on commands into the list, in place of those that it makes void
    /// (`acl.c:ACLUpdateCommandRules`, `acl.c:ACLSelectorRemoveCommandRule`, 7.2 and later).
    fn keep_rule(&mut self, name: Cow<'r, [u8]>, allow: bool) {
        let name = if name.iter().any(u8::is_ascii_uppercase) { Cow::Owned(name.to_ascii_lowercase()) } else { name };
        self.rules.retain(|rule| match rule.name.strip_prefix(name.as_ref()) {
            Some(rest) => !rest.is_empty() && rest.first() != Some(&b'|'),
            None => true,
        });
        self.rules.push(CommandRule { allow, name });
    }

    /// The commands whose bit is set.
    pub(super) fn command_set(&self) -> &Set {
        &self.commands
    }

    /// The first words that a command is allowed with when its bit is not set.
    pub(super) fn first_words(&self, command: Command) -> impl Iterator<Item = &[u8]> {
        self.first_words.iter().filter(move |(known, _)| *known == command).map(|(_, word)| word.as_ref())
    }
}
