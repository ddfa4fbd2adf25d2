//! The users of a server as facts: `acl` and the passwords in its rules.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::may_run::MayRun;
use super::password;
use super::person::Court;
use super::person::Person;
use super::roster::{Roster, Unwritten};
use super::{by_world, grouped, merged};
use crate::fact::{Commands, Fact, Items, List, MakeItem, Name, Origin, Value, Why};
use crate::text::Span;

/// One world: who is written, and who evaluates.
pub type Seen = (Roster, Court);

/// `acl`, and the passwords that its rules hold. `worlds` has one entry for each version in question.
pub fn acl(root: Name, worlds: Vec<Seen>, requirepass: Option<Fact>, at: Span) -> (Fact, Vec<Fact>) {
    let passwords = worlds.first().map(|(roster, _)| passwords(root, roster)).unwrap_or_default();
    let worlds: Arc<[Seen]> = worlds.into();
    let default = default_user(root, &worlds, at).map(|fact| with_commands(fact, &worlds, None));
    let mut fields = Vec::new();
    if requirepass.is_some() {
        let in_force = by_world(worlds.iter().map(|(roster, _)| in_force(roster)));
        let because = by_world(worlds.iter().map(|(roster, _)| void_because(roster)));
        fields.extend(merged(in_force, at).map(|fact| ("requirepass_in_force", fact)));
        fields.extend(merged(because, at).map(|fact| ("requirepass_void_because", fact)));
    }
    fields.push(("users", users(root, worlds, default.clone(), at)));
    fields.extend(default.map(|fact| ("default_user", fact)));
    (Fact::record(fields, vec![at]), passwords)
}

/// The list of users. Where all versions see the same names, items are made when they are asked for.
fn users(root: Name, worlds: Arc<[Seen]>, default: Option<Fact>, at: Span) -> Fact {
    let Some((first, _)) = worlds.first() else { return Fact::derived(Vec::new(), [at]) };
    if worlds.iter().any(|(roster, _)| !same_names(roster, first)) {
        let needs = "the version of the server: versions disagree about which users there are";
        return Fact::unknown(Why::VersionUnknown, at, needs);
    }
    let rest = worlds.iter().find_map(|(roster, _)| roster.rest.clone());
    // Known before any is made: each item that is made asks for it.
    let unwritten = first.default_account().is_none() && !matches!(first.unwritten, Unwritten::Unknown(_));
    let length = first.accounts.len() + usize::from(unwritten);
    let made = (length <= KEPT).then(Mutex::default);
    let items = Items::OnDemand(Arc::new(Users { root, worlds, default, made, length, at }));
    Fact::Known { value: Value::List(List { items, rest }), origin: Origin::Derived([at].into()) }
}

/// Whether two versions see users of the same names in the same order.
fn same_names(one: &Roster, other: &Roster) -> bool {
    let names = one.accounts.iter().map(|account| &account.name);
    Arc::ptr_eq(&one.accounts, &other.accounts) || names.eq(other.accounts.iter().map(|account| &account.name))
}

struct Users {
    root: Name,
    worlds: Arc<[Seen]>,
    /// The default user.
    default: Option<Fact>,
    /// The users that were made already, by number; `None` for a list that keeps none.
    made: Option<Mutex<HashMap<usize, Fact>>>,
    length: usize,
    at: Span,
}

impl MakeItem for Users {
    fn len(&self) -> usize {
        self.length
    }

    fn item(&self, index: usize) -> Fact {
        match &self.made {
            Some(made) => locked(made).entry(index).or_insert_with(|| self.make(index)).clone(),
            None => self.make(index),
        }
    }

    fn forget(&self) {
        if let Some(made) = &self.made {
            *locked(made) = HashMap::new();
        }
    }
}

/// Whoever panicked while making a user left no half of one behind.
fn locked(made: &Mutex<HashMap<usize, Fact>>) -> MutexGuard<'_, HashMap<usize, Fact>> {
    made.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How many users are kept once they are made. Of a list of a hundred thousand none is: they would fill the memory.
const KEPT: usize = 1_024;

impl Users {
    fn make(&self, index: usize) -> Fact {
        let written = self.worlds.iter();
        let people =
            written.map_while(|(roster, court)| Some(Person::written(self.root, roster.accounts.get(index)?, court)));
        let fact = fact_of(people, self.at).map(|fact| with_commands(fact, &self.worlds, Some(index)));
        let fact = fact.or_else(|| self.default.clone());
        fact.unwrap_or_else(|| Fact::derived(Vec::new(), [self.at]))
    }
}

/// `requirepass_in_force`.
fn in_force(roster: &Roster) -> Fact {
    match (roster.default_account(), &roster.unwritten) {
        (Some(account), _) => Fact::derived(false, [account.at]),
        (None, Unwritten::Requirepass(_, at)) => Fact::derived(true, [*at]),
        (None, Unwritten::Open(at) | Unwritten::MadeAnew(at)) => Fact::derived(false, [*at]),
        (None, Unwritten::Unknown(unknown)) => Fact::Unknown(unknown.clone()),
    }
}

fn void_because(roster: &Roster) -> Fact {
    match (roster.default_account(), &roster.unwritten) {
        (Some(account), _) => Fact::derived("the line of the user `default` resets it", [account.at]),
        (None, Unwritten::MadeAnew(at)) => {
            Fact::derived("the ACL file has no user `default`, who is made anew without a password", [*at])
        }
        (None, Unwritten::Open(at)) => Fact::derived("it is empty", [*at]),
        (None, Unwritten::Requirepass(_, at)) => Fact::derived("", [*at]),
        (None, Unwritten::Unknown(unknown)) => Fact::Unknown(unknown.clone()),
    }
}

/// The default user, written or not.
fn default_user(root: Name, worlds: &[Seen], at: Span) -> Option<Fact> {
    let people = worlds.iter().map(|(roster, court)| Person::default_user(root, roster, court));
    fact_of(people, at)
}

/// The fact of a user with what it may run: the account of this number, or the default user.
fn with_commands(mut fact: Fact, worlds: &Arc<[Seen]>, account: Option<usize>) -> Fact {
    if let Fact::Known { value: Value::Record(record), origin } = &mut fact {
        let at = origin.spans().first().copied();
        let commands = at.map(|at| Arc::new(MayRun { worlds: worlds.clone(), account, at }));
        if let Some(commands) = commands {
            let value = Value::Commands(Commands(commands));
            record.set("commands", Fact::Known { value, origin: origin.clone() });
        }
    }
    fact
}

/// What the versions make of a user, each in its turn.
fn fact_of<'a>(people: impl Iterator<Item = Person<'a>>, at: Span) -> Option<Fact> {
    let facts = grouped(people, Person::same);
    merged(facts.into_iter().map(|(worlds, person)| (worlds, person.fact())).collect(), at)
}

/// The passwords in the rules of a roster.
fn passwords(root: &str, roster: &Roster) -> Vec<Fact> {
    let mut facts = Vec::new();
    for account in roster.accounts.iter() {
        if let Some(unknown) = &account.unknown {
            facts.push(Fact::Unknown(unknown.clone().following_from(format!("{root}.passwords"))));
            continue;
        }
        for rule in account.rules.iter() {
            let hashed = match rule.bytes.first() {
                Some(b'>') => false,
                Some(b'#') => true,
                _ => continue,
            };
            let of = format!("user {}", String::from_utf8_lossy(&account.name)).into();
            let text = &rule.bytes[1..];
            facts.push(password::Written { of, text, hashed, in_acl: true, at: rule.at }.fact());
        }
    }
    facts
}
