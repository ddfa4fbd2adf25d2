//! A user in the words of `ACL LIST`.

use super::commands::{self, CATEGORIES, Command, Set, Table, WORDS};
use super::{Evaluator, KeyPattern, Selector, User};
use crate::text::hex;

impl Evaluator {
    /// The user as `ACL LIST` prints it after `user name `, up to the order of single commands before 7.2, which there
    /// is that of a hash table. Without `hashes` each password is `#***`.
    pub fn describe(&self, user: &User<'_>, hashes: bool) -> Vec<u8> {
        let mut words: Vec<Vec<u8>> = vec![if user.enabled { b"on".to_vec() } else { b"off".to_vec() }];
        if user.nopass {
            words.push(b"nopass".to_vec());
        }
        match user.sanitize {
            Some(true) => words.push(b"sanitize-payload".to_vec()),
            Some(false) => words.push(b"skip-sanitize-payload".to_vec()),
            None => {}
        }
        for hash in &user.passwords {
            words.push(if hashes { format!("#{}", hex(hash)).into_bytes() } else { b"#***".to_vec() });
        }
        words.push(self.describe_selector(&user.root));
        for selector in &user.selectors {
            words.push([b"(", self.describe_selector(selector).as_slice(), b")"].concat());
        }
        words.join(&b' ')
    }

    /// `acl.c:ACLDescribeSelector`.
    pub fn describe_selector(&self, selector: &Selector<'_>) -> Vec<u8> {
        let mut words: Vec<Vec<u8>> = Vec::new();
        if selector.all_keys {
            words.push(b"~*".to_vec());
        }
        words.extend(selector.keys.iter().map(KeyPattern::describe));
        words.push(if selector.all_channels { b"&*".to_vec() } else { b"resetchannels".to_vec() });
        words.extend(selector.channels.iter().map(|channel| [b"&", channel.as_ref()].concat()));
        if !selector.all_databases {
            let numbers: Vec<String> = selector.databases.iter().map(i64::to_string).collect();
            let none = numbers.is_empty();
            words.push(if none { b"resetdbs".to_vec() } else { format!("db={}", numbers.join(",")).into_bytes() });
        }
        words.push(if selector.allows_future_commands() { b"+@all".to_vec() } else { b"-@all".to_vec() });
        if self.version.since(7, 2) {
            words.extend(selector.rules.iter().map(|rule| [sign(rule.allow), rule.name.as_ref()].concat()));
        } else {
            words.extend(fitting_rules(self.table, selector));
        }
        words.join(&b' ')
    }
}

impl KeyPattern<'_> {
    /// `acl.c:sdsCatPatternString`. Without any permission, which only 7.0.15 allows, the server would stop here.
    pub fn describe(&self) -> Vec<u8> {
        let sign: &[u8] = match (self.read, self.write) {
            (true, true) => b"~",
            (true, false) => b"%R~",
            (false, true) => b"%W~",
            (false, false) => b"%~",
        };
        [sign, &self.pattern].concat()
    }
}

fn sign(allow: bool) -> &'static [u8] {
    if allow { b"+" } else { b"-" }
}

/// Rules that make the same commands, found as the server finds them before 7.2: the best fitting categories, then
/// single commands (`acl.c:ACLDescribeSelectorCommandRules`, 7.0; `acl.c:ACLDescribeUserCommandRules`, 6.2).
fn fitting_rules(table: &Table, selector: &Selector<'_>) -> Vec<Vec<u8>> {
    let additive = !selector.allows_future_commands();
    let mut made: Set = if additive { [0; WORDS] } else { [u64::MAX; WORDS] };
    let mut left = *selector.command_set();
    let mut applied = [false; CATEGORIES.len()];
    let mut rules = Vec::new();
    while let Some(best) = best_category(table, &left, &applied, additive) {
        applied[best] = true;
        if let Some(reach) = table.category(CATEGORIES[best].as_bytes()) {
            change(&mut made, reach, additive);
            change(&mut left, reach, !additive);
        }
        rules.push(format!("{}@{}", if additive { '+' } else { '-' }, CATEGORIES[best]).into_bytes());
    }
    for command in table.commands() {
        let allowed = selector.has(command);
        if allowed != commands::contains(&made, command.index()) {
            rules.push([sign(allowed), command.name().as_bytes()].concat());
            change(&mut made, &table.with_subcommands(command), allowed);
        }
        if !allowed {
            let name = command.name().as_bytes();
            rules.extend(selector.first_words(command).map(|word| [b"+", name, b"|", word].concat()));
        }
    }
    rules
}

/// The category that fits best what is left to say: more commands of it are so than not, and the fewest are not.
fn best_category(table: &Table, left: &Set, applied: &[bool], additive: bool) -> Option<usize> {
    let mut best: Option<(usize, usize, usize)> = None;
    for (category, _) in applied.iter().enumerate().filter(|(_, applied)| !**applied) {
        let is_in = |command: &Command| table.row(*command).is_some_and(|row| row.categories & (1 << category) != 0);
        let members = table.commands().filter(is_in);
        let (on, off): (Vec<Command>, Vec<Command>) =
            members.partition(|command| commands::contains(left, command.index()));
        let (same, different) = if additive { (on.len(), off.len()) } else { (off.len(), on.len()) };
        let better = best.is_none_or(|(_, least, most)| different < least || (different == least && same > most));
        if same > different && better {
            best = Some((category, different, same));
        }
    }
    best.map(|(category, _, _)| category)
}

fn change(set: &mut Set, touched: &Set, allow: bool) {
    for (word, touched) in set.iter_mut().zip(touched) {
        *word = if allow { *word | touched } else { *word & !touched };
    }
}
