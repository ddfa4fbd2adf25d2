//! What members of one kind have differently.

use std::collections::{BTreeMap, BTreeSet};

use super::gather::Watch;
use super::member::{Member, Share, User};
use super::told::{Monitor, Role, SETTINGS};
use crate::fact::{Fact, Items, List, Origin, Unknown, Value};
use crate::platform::redis::live::ask::Ask;
use crate::platform::redis::rights::{Pattern, Rights};
use crate::text::{Span, hex};

/// How many commands are named of a set.
const NAMED: usize = 5;

/// How many characters of a value are shown.
const SHOWN: usize = 60;

/// Among whom something is compared.
const CLASSES: [(&str, &[Role]); 2] = [("servers", &[Role::Primary, Role::Replica]), ("sentinels", &[Role::Sentinel])];

/// One member's share of what is compared.
struct One<'a> {
    member: &'a Member<'a>,
    /// Equal where nothing differs. Never shown.
    key: String,
    at: Span,
}

/// All differences that there are of one kind, and why there may be more.
#[derive(Default)]
pub struct Found {
    items: Vec<Fact>,
    rest: Option<Unknown>,
}

impl Found {
    /// The list. `unsure` says why there may be members that nobody knows.
    pub fn fact(mut self, at: Span, unsure: Option<&Unknown>) -> Fact {
        unsure.into_iter().for_each(|unknown| self.may_be_more(unknown));
        let value = Value::List(List { items: Items::Here(self.items.into()), rest: self.rest });
        Fact::Known { value, origin: Origin::Derived(at.into()) }
    }

    fn may_be_more(&mut self, unknown: &Unknown) {
        self.rest.get_or_insert_with(|| unknown.clone());
    }

    /// The members of a class that answered; those that did not leave it open what they have.
    fn answering<'m, 'a>(&mut self, members: &'m [Member<'a>], roles: &[Role]) -> Vec<&'m Member<'a>> {
        let (mut all, mut silent) = (Vec::new(), None);
        for member in members.iter().filter(|member| member.role.is_none_or(|role| roles.contains(&role))) {
            match &member.share {
                Share::Answered { .. } => all.push(member),
                Share::Silent(unknown) => silent = silent.or(Some(unknown)),
                Share::NotAsked => {}
            }
        }
        // What one who does not answer has is only a question where there is another to hold it against.
        if let Some(silent) = silent
            && !all.is_empty()
        {
            self.may_be_more(silent);
        }
        all
    }

    /// Adds a difference, if there is one: with those that are not like most. `tell` says what one has instead.
    fn compare(&mut self, what: (&str, &'static str), ones: &[One<'_>], tell: impl Fn(&One<'_>, &One<'_>) -> String) {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        ones.iter().for_each(|one| *counts.entry(&one.key).or_default() += 1);
        let most = counts.values().max().copied();
        // Primaries come first: where it is one against one, what they have counts.
        if let Some(norm) = ones.iter().find(|one| counts.get(&*one.key).copied() == most) {
            self.against(what, ones, norm, tell);
        }
    }

    /// Adds a difference, if there is one: with those that are not as one of them is.
    fn against(
        &mut self,
        (what, among): (&str, &'static str),
        ones: &[One<'_>],
        norm: &One<'_>,
        tell: impl Fn(&One<'_>, &One<'_>) -> String,
    ) {
        let odd: Vec<&One<'_>> = ones.iter().filter(|one| one.key != norm.key).collect();
        if odd.is_empty() {
            return;
        }
        let spans: Vec<Span> = odd.iter().map(|one| one.at).chain([norm.at]).collect();
        let words: Vec<String> = odd.iter().map(|one| format!("{}: {}", one.member.place, tell(one, norm))).collect();
        let names: Vec<Fact> = odd.iter().map(|one| Fact::derived(one.member.place.to_owned(), one.at)).collect();
        let fields = [
            ("what", Fact::derived(what.to_owned(), spans.clone())),
            ("among", Fact::derived(among, spans.clone())),
            ("odd", Fact::derived(names, spans.clone())),
            ("words", Fact::derived(words.join("; "), spans.clone())),
        ];
        self.items.push(Fact::record(fields, spans));
    }
}

fn instead(one: &One<'_>, norm: &One<'_>) -> String {
    let short = |text: &str| match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("`{}…`", text.get(..end).unwrap_or_default()),
        None => format!("`{text}`"),
    };
    format!("{}, not {}", short(&one.key), short(&norm.key))
}

/// Of versions.
pub fn versions(members: &[Member<'_>]) -> Found {
    let mut found = Found::default();
    for (among, roles) in CLASSES {
        let mut ones = Vec::new();
        for member in found.answering(members, roles) {
            match member.version() {
                Ok((key, at)) => ones.push(One { member, key, at }),
                Err(unknown) => found.may_be_more(&unknown),
            }
        }
        found.compare(("version", among), &ones, instead);
    }
    found
}

/// Of who asks for a login: among primaries, and among Sentinels.
pub fn logins(members: &[Member<'_>]) -> Found {
    let mut found = Found::default();
    for (among, role) in [("servers", Role::Primary), ("sentinels", Role::Sentinel)] {
        let mut ones = Vec::new();
        for member in found.answering(members, &[role]) {
            match member.asks_login() {
                Ok((asks, at)) => ones.push(One { member, key: asks.to_string(), at }),
                Err(unknown) => found.may_be_more(&unknown),
            }
        }
        // Whoever asks is right, however many do not.
        if let Some(norm) = ones.iter().find(|one| one.key == "true") {
            found.against(("login", among), &ones, norm, |_, norm| {
                format!("it lets everybody in, {} does not", norm.member.place)
            });
        }
    }
    found
}

/// Of settings, as `CONFIG GET` prints them. What a version does not have is no difference.
pub fn settings(members: &[Member<'_>]) -> Found {
    let mut found = Found::default();
    let (among, roles) = CLASSES[0];
    let mut all = Vec::new();
    for member in found.answering(members, roles) {
        match member.settings() {
            Ok(settings) => all.push((member, settings)),
            Err(unknown) => found.may_be_more(&unknown),
        }
    }
    let names: BTreeSet<&str> = all.iter().flat_map(|(_, settings)| settings.keys()).map(String::as_str).collect();
    for name in names {
        let one = |(member, settings): &(&'_ Member<'_>, BTreeMap<String, String>)| {
            settings.get(name).map(|value| (member.line(name), value.clone()))
        };
        let ones: Vec<One<'_>> =
            all.iter().filter_map(|it| one(it).map(|(at, key)| One { member: it.0, key, at })).collect();
        found.compare((name, among), &ones, instead);
    }
    found
}

/// Of whether clients speak TLS.
pub fn listeners(members: &[Member<'_>]) -> Found {
    let mut found = Found::default();
    let (among, roles) = CLASSES[0];
    let mut ones = Vec::new();
    for member in found.answering(members, roles) {
        match member.settings() {
            Ok(settings) => {
                let open = |name: &str| settings.get(name).is_some_and(|port| port != "0" && !port.is_empty());
                let (words, name) = match (open("port"), open("tls-port")) {
                    (true, true) => ("TLS and plain", "port"),
                    (true, false) => ("plain", "port"),
                    (false, true) => ("TLS", "tls-port"),
                    (false, false) => ("neither", "port"),
                };
                ones.push(One { member, key: words.to_owned(), at: member.line(name) });
            }
            Err(unknown) => found.may_be_more(&unknown),
        }
    }
    found.compare(("TLS", among), &ones, instead);
    found
}

/// Of users, one item for each name.
pub fn users(members: &[Member<'_>]) -> Found {
    let mut found = Found::default();
    for (among, roles) in CLASSES {
        let mut lines = Vec::new();
        for member in found.answering(members, roles) {
            match member.lines() {
                Ok(all) => lines.push((member, all)),
                Err(unknown) => found.may_be_more(&unknown),
            }
        }
        let names: BTreeSet<String> = lines.iter().flat_map(|(_, all)| all.keys().cloned()).collect();
        // Who is told in the same words everywhere is the same; other words may mean the same too.
        let (first, others) = match lines.split_first() {
            Some((first, others)) => (&first.1, others),
            None => continue,
        };
        let alike = |name: &String| others.iter().all(|(_, all)| all.get(name) == first.get(name));
        let names: BTreeSet<String> = names.into_iter().filter(|name| !alike(name)).collect();
        if names.is_empty() {
            continue;
        }
        let mut all = Vec::new();
        for (member, _) in &lines {
            match member.users(&names) {
                Ok(users) => all.push((*member, users)),
                Err(unknown) => found.may_be_more(&unknown),
            }
        }
        names.iter().for_each(|name| found.user(name, among, &all));
    }
    found
}

impl Found {
    fn user(&mut self, name: &str, among: &'static str, all: &[(&Member<'_>, BTreeMap<String, User>)]) {
        let mut ones = Vec::new();
        let mut rights: BTreeMap<usize, Rights> = BTreeMap::new();
        for (member, users) in all {
            let Some(user) = users.get(name) else {
                ones.push(One { member, key: String::new(), at: member.main() });
                continue;
            };
            match Rights::of(&user.record, 0) {
                Ok(its) => {
                    ones.push(One { member, key: key(name, &its), at: user.at });
                    rights.insert(member.node, its);
                }
                Err(unknown) => self.may_be_more(&unknown),
            }
        }
        self.compare((name, among), &ones, |one, norm| {
            gained(rights.get(&one.member.node), rights.get(&norm.member.node))
        });
    }
}

/// What a user is, apart from the passwords. Whether the default user needs one is told of logins.
fn key(name: &str, rights: &Rights) -> String {
    let nopass = rights.nopass && name != "default";
    let channels = rights.channels.as_ref().map(|all| all.iter().map(Pattern::show).collect::<BTreeSet<_>>());
    let keys: BTreeSet<String> = rights.keys.iter().map(Pattern::show).collect();
    format!(
        "{} {nopass} {:?} {keys:?} {:?} {:?} {:?}",
        rights.enabled,
        rights.commands,
        channels.unwrap_or_default(),
        rights.databases,
        rights.selectors
    )
}

fn gained(one: Option<&Rights>, norm: Option<&Rights>) -> String {
    let (one, norm) = match (one, norm) {
        (Some(one), Some(norm)) => (one, norm),
        (Some(_), None) => return "only there".to_owned(),
        (None, _) => return "there is no such user".to_owned(),
    };
    let set = |patterns: &[Pattern]| -> BTreeSet<String> { patterns.iter().map(Pattern::show).collect() };
    let channels = |of: &Rights| -> BTreeSet<String> {
        of.channels.iter().flatten().map(|pattern| format!("&{}", pattern.glob)).collect()
    };
    let commands = |of: &Rights| -> BTreeSet<String> { of.commands.iter().map(|name| format!("+{name}")).collect() };
    let mut parts = Vec::new();
    match (one.enabled, norm.enabled) {
        (true, false) => parts.push("is on".to_owned()),
        (false, true) => parts.push("is off".to_owned()),
        _ => {}
    }
    if one.nopass != norm.nopass {
        parts.push(if one.nopass { "needs no password" } else { "needs a password" }.to_owned());
    }
    let sets = [
        (commands(one), commands(norm)),
        (set(&one.keys), set(&norm.keys)),
        (channels(one), channels(norm)),
        (one.databases.clone(), norm.databases.clone()),
        (one.selectors.clone(), norm.selectors.clone()),
    ];
    let (mut more, mut less) = (Vec::new(), Vec::new());
    for (one, norm) in &sets {
        more.extend(one.difference(norm).cloned());
        less.extend(norm.difference(one).cloned());
    }
    parts.extend(named("has", &more));
    parts.extend(named("lacks", &less));
    parts.join(", ")
}

fn named(verb: &str, all: &[String]) -> Option<String> {
    let more = all.len().saturating_sub(NAMED);
    let names = all.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(" ");
    match (all.is_empty(), more) {
        (true, _) => None,
        (false, 0) => Some(format!("{verb} {names}")),
        (false, more) => Some(format!("{verb} {names} and {more} more")),
    }
}

/// Of passwords, one item for each owner; by their hashes, which are never shown.
pub fn passwords(members: &[Member<'_>]) -> Found {
    let mut found = Found::default();
    for (among, roles) in CLASSES {
        let mut all = Vec::new();
        for member in found.answering(members, roles) {
            match (member.passwords(), member.lines()) {
                (Ok(passwords), Ok(lines)) => all.push((member, passwords, lines)),
                (Err(unknown), _) | (_, Err(unknown)) => found.may_be_more(&unknown),
            }
        }
        let owners: BTreeSet<&String> = all.iter().flat_map(|(_, passwords, _)| passwords.keys()).collect();
        for owner in owners {
            let mut ones = Vec::new();
            for (member, passwords, lines) in &all {
                // A user who is not there, or needs no password, is a difference of another kind.
                let needs_none = |line: &&[u8]| line.split(|byte| *byte == b' ').any(|word| word == b"nopass");
                let user = owner.strip_prefix("user ").map(|name| lines.get(name));
                if user.is_some_and(|line| line.is_none_or(needs_none)) {
                    continue;
                }
                let (key, at) = match passwords.get(owner) {
                    Some(all) => {
                        let digests: BTreeSet<String> = all.iter().map(|(digest, _)| hex(digest)).collect();
                        let at = all.first().map_or_else(|| member.main(), |(_, at)| *at);
                        (digests.into_iter().collect::<Vec<_>>().join(" "), at)
                    }
                    None => (String::new(), member.main()),
                };
                ones.push(One { member, key, at });
            }
            found.compare((owner, among), &ones, |one, norm| {
                match (one.key.is_empty(), norm.key.is_empty()) {
                    (true, _) => "none",
                    (false, true) => "one, where the others have none",
                    (false, false) => "another one",
                }
                .to_owned()
            });
        }
    }
    found
}

/// Of how Sentinels watch a master.
pub fn monitors(members: &[Member<'_>], watches: &[Watch]) -> Found {
    let mut found = Found::default();
    for member in found.answering(members, &[Role::Sentinel]) {
        if member.role == Some(Role::Sentinel)
            && let Some(unknown) = member.refused(Ask::Masters)
        {
            found.may_be_more(&unknown);
        }
    }
    let primaries: BTreeSet<usize> = watches.iter().map(|watch| watch.primary).collect();
    for primary in primaries {
        let of = watches.iter().filter(|watch| watch.primary == primary);
        let here: Vec<_> = of
            .filter_map(|watch| Some((members.iter().find(|member| member.node == watch.sentinel)?, &watch.monitor)))
            .collect();
        let ones: Vec<One<'_>> = here
            .iter()
            .map(|(member, monitor)| One {
                member,
                key: monitor.name.clone(),
                at: member.line(&format!("sentinel monitor {}", monitor.name)),
            })
            .collect();
        found.compare(("name", "sentinels"), &ones, instead);
        for setting in SETTINGS {
            let one = |(member, monitor): &(&'_ Member<'_>, &Monitor)| {
                let (_, value) = monitor.settings.iter().find(|(name, _)| *name == setting)?;
                let line = if setting == "quorum" { "monitor" } else { setting };
                Some((value.clone(), member.line(&format!("sentinel {line} {}", monitor.name))))
            };
            let ones: Vec<One<'_>> =
                here.iter().filter_map(|it| one(it).map(|(key, at)| One { member: it.0, key, at })).collect();
            found.compare((setting, "sentinels"), &ones, instead);
        }
    }
    found
}
