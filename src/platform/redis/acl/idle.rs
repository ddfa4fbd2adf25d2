//! Key patterns that no permitted command can use.

use std::sync::LazyLock;

use super::commands::{Code, Command, Row, Set, Table, WORDS, insert};
use super::keys::has_keys;
use super::{Evaluator, Selector, User};
use crate::platform::redis::version::VERSIONS;

/// The commands of a table by what one of their keys is used for.
struct Uses {
    /// Only for reading.
    read: Set,
    /// Only for writing.
    write: Set,
    /// For both.
    both: Set,
    /// For something that needs neither, or that the words decide.
    either: Set,
    /// Those that need a permission at all, keys or not.
    guarded: Set,
}

/// For each version, in the order of [`VERSIONS`]: as a plain server, as a Sentinel.
static USES: LazyLock<Vec<[Uses; 2]>> = LazyLock::new(|| {
    VERSIONS.iter().map(|version| [Uses::of(Table::of(version)), Uses::of(Table::of_sentinel(version))]).collect()
});

impl Uses {
    fn of(table: &Table) -> Uses {
        let none = [0; WORDS];
        let mut uses = Uses { read: none, write: none, both: none, either: none, guarded: none };
        for command in table.commands() {
            if table.row(command).is_some_and(|row| !row.no_auth) {
                insert(&mut uses.guarded, command.index());
            }
            if let Some(row) = table.row(command).filter(|row| has_keys(row)) {
                uses.add(command, row);
            }
        }
        uses
    }

    fn add(&mut self, command: Command, row: &Row) {
        let index = command.index();
        if row.keys.is_empty() || row.code != Code::None {
            insert(&mut self.either, index);
        }
        for key in row.keys.iter().filter(|key| !key.not_a_key) {
            let set = match (key.read, key.write) {
                _ if key.varying || key.incomplete => &mut self.either,
                (true, true) => &mut self.both,
                (true, false) => &mut self.read,
                (false, true) => &mut self.write,
                (false, false) => &mut self.either,
            };
            insert(set, index);
        }
    }
}

impl Evaluator {
    fn uses(&self) -> Option<&'static Uses> {
        let version = VERSIONS.iter().position(|version| version == self.version)?;
        USES.get(version)?.get(usize::from(self.sentinel))
    }

    /// Whether a user may run nothing but what needs no permission, first words aside.
    pub fn allows_nothing(&self, user: &User<'_>) -> bool {
        let Some(uses) = self.uses() else { return false };
        let some =
            |selector: &Selector<'_>| selector.command_set().iter().zip(&uses.guarded).any(|(has, of)| has & of != 0);
        !user.every_selector().any(some)
    }

    /// The key patterns of a selector, by their numbers, that no command which it allows can use for anything.
    pub fn idle_keys(&self, selector: &Selector<'_>) -> Vec<usize> {
        let Some(uses) = self.uses() else { return Vec::new() };
        let mut allowed = *selector.command_set();
        selector.first_words.iter().for_each(|(command, _)| insert(&mut allowed, command.index()));
        let any = |set: &Set| set.iter().zip(&allowed).any(|(set, allowed)| set & allowed != 0);
        let (read, write) = (any(&uses.read), any(&uses.write));
        let (both, either) = (any(&uses.both), any(&uses.either));
        let used = |may_read: bool, may_write: bool| {
            either || may_read && read || may_write && write || may_read && may_write && both
        };
        let keys = selector.keys.iter().enumerate();
        keys.filter(|(_, key)| !used(key.read, key.write)).map(|(number, _)| number).collect()
    }
}
