//! Key patterns that no permitted command can use.

use std::sync::LazyLock;

use super::commands::{Code, Command, Row, Set, Table, WORDS, insert};
use super::keys::has_keys;
use super::{Evaluator, Selector};
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
}

/// For each version, in the order of [`VERSIONS`]: as a plain server, as a Sentinel.
static USES: LazyLock<Vec<[Uses; 2]>> = LazyLock::new(|| {
    VERSIONS.iter().map(|version| [Uses::of(Table::of(version)), Uses::of(Table::of_sentinel(version))]).collect()
});

impl Uses {
    fn of(table: &Table) -> Uses {
        let mut uses = Uses { read: [0; WORDS], write: [0; WORDS], both: [0; WORDS], either: [0; WORDS] };
        for command in table.commands() {
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
    /// The key patterns of a selector, by their numbers, that no command which it allows can use for anything.
    pub fn idle_keys(&self, selector: &Selector<'_>) -> Vec<usize> {
        let version = VERSIONS.iter().position(|version| version == self.version);
        let Some(uses) = version.and_then(|version| USES.get(version)?.get(usize::from(self.sentinel))) else {
            return Vec::new();
        };
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
