//! The users of two servers, by name: who may do what the other of the same name may not.

use std::collections::{BTreeMap, BTreeSet};

use super::kind::names;
use super::order::Weaker;
use super::passwords::digests;
use super::scene::{AND, One, Out, Raw, Scene, field};
use super::value::NOTHING;
use crate::fact::{Fact, Items, Key, List, Record, Unknown, Value};
use crate::platform::redis::acl::commands::Table;
use crate::platform::redis::rights::{ALL_DATABASES, Pattern, Rights, beyond};
use crate::platform::redis::version::Version;

/// Where users are.
const USERS: &str = "acl.users";

/// How the user of a file and that of its server come to differ.
const UNSAVED: &str = "ACL SETUSER that was not saved, or changed in the file and not loaded";

/// How many things are named of a set.
const NAMED: usize = 6;

/// The users of one side.
struct Users {
    items: Option<Items>,
    /// The number of each, by name.
    numbers: BTreeMap<String, usize>,
    /// Why there may be more.
    rest: Option<Unknown>,
}

/// Compares the users of a pair.
pub fn compare(scene: &Scene<'_>, key: &Key, out: &mut Out<'_>) {
    let (Some(left), Some(right)) = (users(scene, true, out), users(scene, false, out)) else { return };
    let names: BTreeSet<&String> = left.numbers.keys().chain(right.numbers.keys()).collect();
    for name in names {
        let (one, other) = (left.user(name), right.user(name));
        match (&one, &other) {
            (Some(one), Some(other)) => both(scene, name, (one, other), key, out),
            (Some(one), None) => only(scene, name, (one, true), right.rest.as_ref(), out),
            (None, Some(other)) => only(scene, name, (other, false), left.rest.as_ref(), out),
            (None, None) => {}
        }
    }
}

/// The users of a side; none where nothing can be said of them.
fn users(scene: &Scene<'_>, is_left: bool, out: &mut Out<'_>) -> Option<Users> {
    let one = if is_left { scene.left } else { scene.right };
    let world = scene.worlds.first().map_or(0, |world| if is_left { world.0 } else { world.1 });
    let mut users = Users { items: None, numbers: BTreeMap::new(), rest: None };
    match one.fact(USERS, world) {
        Some(Fact::Unknown(unknown)) => {
            scene.undecided(USERS, is_left, &unknown, out);
            return None;
        }
        Some(Fact::Known { value: Value::List(List { items, rest }), .. }) => {
            for (number, item) in items.iter().enumerate() {
                match named(&item, world) {
                    Ok(Some(name)) => {
                        users.numbers.insert(name, number);
                    }
                    Ok(None) => {}
                    Err(unknown) => {
                        scene.undecided(USERS, is_left, &unknown, out);
                        users.rest = Some(unknown);
                    }
                }
            }
            users.rest = users.rest.or(rest);
            users.items = Some(items);
        }
        _ => users.rest = one.subject.absent.as_ref().map(|needs| one.unknown(needs.clone())),
    }
    if let Some(rest) = &users.rest {
        scene.undecided(USERS, is_left, rest, out);
    }
    Some(users)
}

fn named(item: &Fact, world: usize) -> Result<Option<String>, Unknown> {
    match item.in_world(world) {
        Fact::Unknown(unknown) => Err(unknown.clone()),
        Fact::Known { value: Value::Record(user), .. } => match field(user, "name", world) {
            Some(Fact::Known { value: Value::Text(text), .. }) => Ok(Some(text.to_string())),
            Some(Fact::Unknown(unknown)) => Err(unknown),
            _ => Ok(None),
        },
        Fact::Known { .. } => Ok(None),
    }
}

impl Users {
    fn user(&self, name: &str) -> Option<Fact> {
        self.items.as_ref()?.get(*self.numbers.get(name)?)
    }
}

fn record(fact: &Fact, world: usize) -> Result<Option<Record>, Unknown> {
    match fact.in_world(world) {
        Fact::Unknown(unknown) => Err(unknown.clone()),
        Fact::Known { value: Value::Record(record), .. } => Ok(Some(record.clone())),
        Fact::Known { .. } => Ok(None),
    }
}

fn rights(fact: &Fact, world: usize) -> Result<Option<Rights>, Unknown> {
    record(fact, world)?.map(|record| Rights::of(&record, world)).transpose()
}

fn path(name: &str, field: &str) -> String {
    let field = if field.is_empty() { String::new() } else { format!(".{field}") };
    format!("{USERS}[{name}]{field}")
}

/// A user that only one side has.
fn only(scene: &Scene<'_>, name: &str, (user, is_left): (&Fact, bool), rest: Option<&Unknown>, out: &mut Out<'_>) {
    if let Some(unknown) = rest {
        return scene.undecided(&path(name, ""), !is_left, unknown, out);
    }
    let (one, other) = if is_left { (scene.left, scene.right) } else { (scene.right, scene.left) };
    let world = scene.worlds.first().map_or(0, |world| if is_left { world.0 } else { world.1 });
    let rights = match rights(user, world) {
        Ok(Some(rights)) => rights,
        Ok(None) => return,
        Err(unknown) => return scene.undecided(&path(name, ""), is_left, &unknown, out),
    };
    let (has, has_not) = (one.held(described(&rights), user.spans()), other.held(NOTHING, &[]));
    let (left, right) = if is_left { (has, has_not) } else { (has_not, has) };
    let why = match (scene.of_one_instance, rights.enabled) {
        (true, _) => "ACL SETUSER or ACL DELUSER that was not saved, or changed in the file and not loaded",
        (false, true) => "one more login",
        (false, false) => "the user is switched off",
    };
    let weaker = match rights.enabled {
        true => Weaker::of_surplus(is_left, !is_left),
        false => Weaker::Neither,
    };
    let raw = Raw {
        path: path(name, ""),
        label: format!("user {name}"),
        left,
        right,
        weaker,
        why: why.to_owned(),
        severity: None,
    };
    scene.differs(names::RIGHTS, raw, Vec::new(), out);
}

fn described(rights: &Rights) -> String {
    let login = match (rights.enabled, rights.nopass) {
        (false, _) => "off",
        (true, true) => "on, no password",
        (true, false) => "on",
    };
    let keys: Vec<String> = rights.keys.iter().map(Pattern::show).collect();
    format!("{login}, {} commands, {}", rights.commands.len(), named_of(&keys))
}

/// What each side has of one kind of right that the other has not, over all worlds.
#[derive(Default)]
struct Surplus {
    left: BTreeSet<String>,
    right: BTreeSet<String>,
    worlds: Vec<String>,
}

/// What a user has on each side that the other has not, and what cannot be told: the kind of right, the side, and why.
#[derive(Default)]
struct Gains {
    found: BTreeMap<&'static str, Surplus>,
    open: Vec<(&'static str, bool, Unknown)>,
}

/// What both users of a name have.
fn both(scene: &Scene<'_>, name: &str, (one, other): (&Fact, &Fact), key: &Key, out: &mut Out<'_>) {
    let mut gains = Gains::default();
    let mut undecided = false;
    for (a, b, version) in &scene.worlds {
        let (left, right) = (rights(one, *a), rights(other, *b));
        for (rights, is_left) in [(&left, true), (&right, false)] {
            if let Err(unknown) = rights {
                scene.undecided(&path(name, ""), is_left, unknown, out);
                undecided = true;
            }
        }
        if let (Ok(Some(left)), Ok(Some(right))) = (left, right) {
            gains.compare(&left, &right, version);
        }
    }
    if scene.of_one_instance && !undecided {
        passwords(scene, name, key, (one, other), out);
    }
    for (part, is_left, unknown) in &gains.open {
        scene.undecided(&path(name, part), *is_left, unknown, out);
    }
    for (part, surplus) in gains.found {
        let weaker = Weaker::of_surplus(!surplus.left.is_empty(), !surplus.right.is_empty());
        let held = |one: One<'_>, has: &BTreeSet<String>, fact: &Fact| {
            let texts: Vec<String> = has.iter().cloned().collect();
            let value = if texts.is_empty() { "(nothing more)".to_owned() } else { named_of(&texts) };
            one.held(value, fact.spans())
        };
        // Ways to take over follow from switches of the server, too.
        let unsaved = scene.of_one_instance && part != "takeover";
        let why = if unsaved { UNSAVED } else { why(part) };
        let raw = Raw {
            path: path(name, part),
            label: format!("user {name}: {part}"),
            left: held(scene.left, &surplus.left, one),
            right: held(scene.right, &surplus.right, other),
            weaker,
            why: why.to_owned(),
            severity: None,
        };
        let all = surplus.worlds.len() == scene.worlds.len();
        let versions = if all { Vec::new() } else { surplus.worlds };
        scene.differs(names::RIGHTS, raw, versions, out);
    }
}

fn why(part: &str) -> &'static str {
    match part {
        "enabled" => "one can log in as this user",
        "nopass" => "any password is right",
        "commands" => "the user may run more",
        "keys" => "the user reaches more keys",
        "channels" => "the user reaches more channels",
        "databases" => "the user reaches more databases",
        "selectors" => "a rule in parentheses gives more",
        _ => "the user can take over more",
    }
}

impl Gains {
    /// Adds what one of two users has that the other has not. A user who is off on one side can do nothing there, so
    /// that nothing else is worth comparing.
    fn compare(&mut self, left: &Rights, right: &Rights, version: &str) {
        let flag = |is: bool, word: &str| if is { BTreeSet::from([word.to_owned()]) } else { BTreeSet::new() };
        if left.enabled != right.enabled {
            return self.add("enabled", version, (flag(left.enabled, "on"), flag(right.enabled, "on")));
        }
        if left.nopass != right.nopass {
            self.add("nopass", version, (flag(left.nopass, "nopass"), flag(right.nopass, "nopass")));
        }
        self.add("commands", version, commands(left, right, version));
        let both = |one: &[Pattern], other: &[Pattern], show: fn(&Pattern) -> String| {
            let shown = |patterns: Vec<Pattern>| patterns.iter().map(show).collect::<BTreeSet<String>>();
            (shown(beyond(one, other)), shown(beyond(other, one)))
        };
        self.add("keys", version, both(&left.keys, &right.keys, Pattern::show));
        if let Some((one, other)) = self.known("channels", &left.channels, &right.channels) {
            self.add("channels", version, both(one, other, |pattern| format!("&{}", pattern.glob)));
        }
        let without = |one: &BTreeSet<String>, other: &BTreeSet<String>| one.difference(other).cloned().collect();
        let sets = |one, other| (without(one, other), without(other, one));
        let every = |one: &Rights| one.databases.contains(ALL_DATABASES);
        match (every(left), every(right)) {
            (true, true) => {}
            (false, false) => self.add("databases", version, sets(&left.databases, &right.databases)),
            // Who reaches all of them reaches those of the other.
            (true, false) => self.add("databases", version, (left.databases.clone(), BTreeSet::new())),
            (false, true) => self.add("databases", version, (BTreeSet::new(), right.databases.clone())),
        }
        self.add("selectors", version, sets(&left.selectors, &right.selectors));
        if let Some((one, other)) = self.known("takeover", &left.takeover, &right.takeover) {
            self.add("takeover", version, sets(one, other));
        }
    }

    fn add(&mut self, part: &'static str, version: &str, (left, right): (BTreeSet<String>, BTreeSet<String>)) {
        if left.is_empty() && right.is_empty() {
            return;
        }
        let surplus = self.found.entry(part).or_default();
        surplus.left.extend(left);
        surplus.right.extend(right);
        surplus.worlds.push(version.to_owned());
    }

    /// Both, where both are known.
    fn known<'r, T>(
        &mut self,
        part: &'static str,
        left: &'r Result<T, Unknown>,
        right: &'r Result<T, Unknown>,
    ) -> Option<(&'r T, &'r T)> {
        for (side, is_left) in [(left, true), (right, false)] {
            if let Err(unknown) = side {
                self.open.push((part, is_left, unknown.clone()));
            }
        }
        left.as_ref().ok().zip(right.as_ref().ok())
    }
}

/// The commands that one of two users may run and the other may not. What one of two versions does not even have is no
/// right that the other takes away.
fn commands(left: &Rights, right: &Rights, version: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let versions: Vec<&str> = version.split(AND).collect();
    let found = versions.iter().filter_map(|name| Version::find(name).ok());
    let tables: Vec<&Table> = found.map(|(version, _)| Table::of(version)).collect();
    let everywhere = |name: &str| tables.iter().all(|table| table.named(name.as_bytes()).is_some());
    let more = |one: &BTreeSet<&'static str>, other: &BTreeSet<&'static str>| -> BTreeSet<String> {
        let more = one.difference(other).filter(|name| versions.len() < 2 || everywhere(name));
        more.map(|name| (*name).to_owned()).collect()
    };
    (more(&left.commands, &right.commands), more(&right.commands, &left.commands))
}

/// The passwords of one user of one instance, which are the same in the file and in the server that runs.
fn passwords(scene: &Scene<'_>, name: &str, key: &Key, (one, other): (&Fact, &Fact), out: &mut Out<'_>) {
    let (Some(left), Some(right)) = (digests(scene.left, name, key), digests(scene.right, name, key)) else { return };
    // What a later rule of a file takes away again, as `reset` does, is written all the same: the server has less, and is
    // the user of the file where it has as many as the rules leave.
    let worlds = scene.worlds.first();
    let same_count = worlds.is_some_and(|(a, b, _)| {
        let left = count(one, *a);
        left.is_some() && left == count(other, *b)
    });
    if left == right {
        return;
    }
    if same_count && (left.is_subset(&right) || right.is_subset(&left)) {
        // Which of those that are written the rules leave is not told by their number.
        let one = if left.len() > right.len() { scene.left } else { scene.right };
        let unknown = one.unknown("a file without passwords that a later rule takes away".into());
        return scene.undecided(&path(name, "passwords"), left.len() > right.len(), &unknown, out);
    }
    let weaker = match (left.is_subset(&right), right.is_subset(&left)) {
        (true, _) => Weaker::Right,
        (_, true) => Weaker::Left,
        _ => Weaker::Neither,
    };
    let held = |one: One<'_>, count: usize, fact: &Fact| one.held(format!("{count} × ***"), fact.spans());
    let raw = Raw {
        path: path(name, "passwords"),
        label: format!("user {name}: passwords"),
        left: held(scene.left, left.len(), one),
        right: held(scene.right, right.len(), other),
        weaker,
        why: UNSAVED.to_owned(),
        severity: None,
    };
    scene.differs(names::RIGHTS, raw, Vec::new(), out);
}

/// How many passwords its rules leave a user.
fn count(user: &Fact, world: usize) -> Option<i64> {
    match field(&record(user, world).ok()??, "password_count", world)? {
        Fact::Known { value: Value::Int(count), .. } => Some(count),
        _ => None,
    }
}

/// The first few of a set, and how many more there are.
fn named_of(texts: &[String]) -> String {
    let mut named = texts.iter().take(NAMED).cloned().collect::<Vec<_>>().join(" ");
    if texts.len() > NAMED {
        named.push_str(&format!(" and {} more", texts.len() - NAMED));
    }
    if named.is_empty() { NOTHING.to_owned() } else { named }
}
