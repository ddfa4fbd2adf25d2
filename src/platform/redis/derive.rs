//! The facts of an instance: its settings, and what follows from them.

use super::acl::{self, Evaluator};
use super::conclude::entry::{Entry, World};
use super::conclude::need::Scene;
use super::conclude::person::Court;
use super::conclude::roster::{self, Roster, Unwritten};
use super::conclude::start::Start;
use super::conclude::users::Seen;
use super::conclude::{by_world, dead, grouped, lines, merged, password, start, users, vulnerable};
use super::conf::{Loaded, Phase, Refusal};
use super::directive::SettingId;
use super::effective::Started;
use super::entrance;
use super::instance::{AclFile, Instance};
use super::listen::Opening;
use super::tls;
use super::version::Version;
use crate::fact::{Fact, Items, List, Name, Origin, Record, Unknown, Value, Why, Worlds};
use crate::text::{SourceId, Sources, Span};

/// All facts of an instance.
pub fn facts(instance: &Instance, sources: &Sources) -> Record {
    let mut facts = settings(instance);
    facts.extend(conclusions(instance, sources));
    Record::new(facts)
}

/// What follows from the settings. Of a mere part of a configuration, what is written in it alone decides.
fn conclusions(instance: &Instance, sources: &Sources) -> Vec<(Name, Fact)> {
    let Some(at) = instance.loaded.first().map(|loaded| loaded.end) else { return Vec::new() };
    let root = instance.kind;
    let rosters = Roster::of_all(root, instance.loaded.iter().zip(&instance.acl), sources);
    let worlds: Vec<Seen> =
        rosters.into_iter().zip(instance.loaded.iter().map(|loaded| Court::of(root, loaded))).collect();
    let entries = instance.loaded.iter().zip(&instance.doors).zip(&worlds).map(|((loaded, door), (roster, _))| World {
        root,
        loaded,
        door,
        default_user: default_places(roster),
    });
    let entries = grouped(entries, World::same).into_iter().map(|(worlds, world)| (worlds, world.entry()));
    let entries: Vec<(Worlds, Entry)> = entries.collect();
    let across = |of: &dyn Fn(&Entry) -> &Fact| {
        merged(entries.iter().map(|(worlds, entry)| (*worlds, of(entry).clone())).collect(), at)
    };
    let dead = instance.loaded.iter().map(|loaded| dead::not_in_force(root, loaded, sources));
    let mut facts: Vec<(Name, Option<Fact>)> = vec![("not_in_force", merged(by_world(dead), at))];
    let empty = |loaded: &Loaded| {
        let lists = loaded.renames.items.is_empty() && loaded.modules.items.is_empty();
        lists && loaded.renames.rest.is_none() && loaded.modules.rest.is_none()
    };
    let each = |of: &dyn Fn(&Loaded) -> Fact| {
        let groups = grouped(&instance.loaded, |one, other| empty(one) && empty(other));
        merged(groups.into_iter().map(|(worlds, loaded)| (worlds, of(loaded))).collect(), at)
    };
    facts.push(("renamed_commands", each(&|loaded| lines::renamed_commands(root, loaded))));
    facts.push(("modules", each(&|loaded| lines::modules(root, loaded))));
    let old_names = instance.loaded.iter().map(|loaded| lines::old_names(root, loaded, sources));
    facts.push(("old_names", merged(by_world(old_names), at)));
    facts.push(("main", instance.loaded.first().map(|loaded| lines::main(loaded, sources))));
    if root == "redis" {
        facts.push(("rewritten", instance.loaded.first().and_then(|loaded| lines::rewritten(loaded, sources))));
    }
    if !instance.fragment {
        facts.push(("reach", across(&|entry| &entry.reach)));
        facts.push(("listen", across(&|entry| &entry.listen)));
        facts.push(("cluster_bus", across(&|entry| &entry.cluster_bus)));
        facts.push(("gates", across(&|entry| &entry.gates)));
    }
    let starts = instance.loaded.iter().zip(&instance.started).enumerate().filter_map(|(world, (loaded, started))| {
        let (_, entry) = entries.iter().find(|(worlds, _)| worlds.contains(world))?;
        Some((loaded.version, errors(root, loaded, started, &entry.opening, instance.fragment)))
    });
    facts.extend(start::facts(root, starts.collect(), at));
    let requirepass = explicit(&instance.loaded, "requirepass");
    let users_written = worlds.iter().any(|(roster, _)| !roster.accounts.is_empty());
    let settings = instance.loaded.first().map(|loaded| password::of_settings(root, loaded)).unwrap_or_default();
    if !instance.fragment && root == "redis" {
        facts.extend(vulnerable(instance, &worlds, at));
    }
    let (acl, in_rules) = users::acl(root, worlds, requirepass, at);
    if !instance.fragment || users_written {
        facts.push(("acl", Some(acl)));
    }
    let mut passwords: Vec<Fact> = settings;
    passwords.extend(in_rules);
    let rest = passwords_rest(root, instance);
    let value = Value::List(List { items: Items::Here(passwords.into()), rest });
    facts.push(("passwords", Some(Fact::Known { value, origin: Origin::Derived([at].into()) })));
    facts.into_iter().filter_map(|(name, fact)| Some((name, fact?))).collect()
}

/// The known vulnerabilities of a declared version; of an undeclared one nothing is said, not even that it is unknown.
fn vulnerable(instance: &Instance, worlds: &[Seen], at: Span) -> Vec<(Name, Option<Fact>)> {
    let world = instance.loaded.first().zip(instance.doors.first()).zip(worlds.first());
    let facts = match (&instance.declared, world) {
        (Some(declared), Some(((loaded, door), (roster, court)))) => {
            vulnerable::facts(declared, &Scene { root: instance.kind, loaded, door, roster, court })
        }
        _ => vulnerable::undeclared(at),
    };
    facts.into_iter().map(|(name, fact)| (name, Some(fact))).collect()
}

/// The facts of an ACL file that no configuration in reach names: its users, their passwords, and what the server would
/// not take. Of the default user nothing is known unless the file names it.
pub fn alone(root: Name, source: SourceId, sources: &Sources, worlds: &[&'static Version]) -> Record {
    let at = sources.get(source).whole();
    let unknown = Unknown::new(Why::NotReadable, at, "the configuration that names this ACL file");
    let file = acl::file::AclFile::read(sources.get(source).bytes());
    let starts = worlds.iter().map(|version| {
        let error =
            |error: acl::file::FileError| (error.message, Span::new(source, error.place.start, error.place.end));
        let errors = file.errors(&Evaluator::new(version)).into_iter().map(error).collect();
        (*version, Start { errors, doubt: None })
    });
    let starts = start::facts(root, starts.collect(), at);
    let roster = roster::lone(source, sources, unknown.clone());
    let names_default = roster.default_account().is_some();
    let seen = worlds.iter().map(|version| (roster.clone(), Court::alone(version, unknown.clone())));
    let (acl, passwords) = users::acl(root, seen.collect(), None, at);
    let acl = match acl.value() {
        Some(Value::Record(all)) => {
            let kept = all.iter().filter(|(name, _)| names_default || *name != "default_user");
            Fact::record(kept.map(|(name, fact)| (name, fact.clone())), vec![at])
        }
        _ => acl,
    };
    let mut facts = vec![("acl", acl), ("passwords", Fact::derived(passwords, [at]))];
    facts.extend(starts.into_iter().filter_map(|(name, fact)| Some((name, fact?))));
    Record::new(facts)
}

/// Where the default user is decided.
fn default_places(roster: &Roster) -> Vec<Span> {
    match (roster.default_account(), &roster.unwritten) {
        (Some(account), _) => vec![account.at],
        (None, Unwritten::MadeAnew(at) | Unwritten::Requirepass(_, at)) => vec![*at],
        (None, _) => Vec::new(),
    }
}

/// A setting, where it is written in every version.
fn explicit(loaded: &[Loaded], name: &str) -> Option<Fact> {
    let setting = SettingId::of(name)?;
    let (_, fact) = across(loaded, setting)?;
    matches!(&fact, Fact::Known { origin: Origin::Written(_), .. }).then_some(fact)
}

/// Why there may be more passwords than are seen.
fn passwords_rest(root: Name, instance: &Instance) -> Option<Unknown> {
    let poison = instance.loaded.iter().find_map(|loaded| Some(&loaded.poisons.last()?.unknown));
    let users = instance.loaded.iter().find_map(|loaded| loaded.users.rest.as_ref());
    let file = instance.acl.iter().find_map(|acl| if let AclFile::Unknown(why) = acl { Some(why) } else { None });
    poison.or(users).or(file).map(|unknown| unknown.clone().following_from(format!("{root}.passwords")))
}

/// Why a version would not start, the first that it finds first.
fn errors(root: Name, loaded: &Loaded, started: &Started, opening: &Opening, fragment: bool) -> Start {
    let mut refusals: Vec<Refusal> = loaded.refusals.clone();
    let mut doubts: Vec<Unknown> = loaded.doubts.clone();
    if !fragment {
        refusals.extend(started.refusals.iter().cloned());
        doubts.extend(started.doubts.iter().cloned());
        doubts.extend(opening.doubts.iter().cloned());
        refusals.extend(opening.refusals.iter().map(|refusal| Refusal {
            phase: Phase::Listening,
            message: refusal.message.clone(),
            at: refusal.by.first().map_or(loaded.end, |setting| entrance::place(loaded, *setting)),
        }));
        let faults = tls::faults(loaded, None);
        refusals.extend(faults.refusals);
        doubts.extend(faults.doubts);
    }
    // What ends a server that runs is another matter.
    refusals.retain(|refusal| refusal.phase != Phase::Running && (!fragment || refusal.phase == Phase::Reading));
    refusals.sort_by_key(|refusal| refusal.phase);
    let errors = refusals.into_iter().map(|refusal| (refusal.message, refusal.at)).collect();
    Start { errors, doubt: doubts.into_iter().next().map(|doubt| doubt.following_from(format!("{root}.errors"))) }
}

/// What passwords and files are compared by, whoever asks.
const ALWAYS: [&str; 2] = ["replicaof", "tls_key_file"];

/// Every setting that some version in question has, as one fact across the versions. Of a mere part of a
/// configuration, only what is written.
pub fn settings(instance: &Instance) -> Vec<(Name, Fact)> {
    SettingId::all()
        .filter(|setting| !setting.setting().hidden)
        // What must be masked is, whether anybody asks for it or not.
        .filter(|setting| {
            let fact = setting.setting().fact;
            instance.wanted.has(fact) || setting.is_secret() || ALWAYS.contains(&fact)
        })
        .filter_map(|setting| across(&instance.loaded, setting))
        .filter(|(_, fact)| !(instance.fragment && is_default(fact)))
        .collect()
}

/// A setting in all versions that have it.
fn across(loaded: &[Loaded], setting: SettingId) -> Option<(Name, Fact)> {
    let first = loaded.first()?;
    // Mostly all say the same.
    if loaded.iter().all(|other| first.agrees(other, setting)) {
        return first.fact(setting);
    }
    let at = Span::at(first.end.source, first.end.end as usize);
    let groups = grouped(loaded, |one, other| one.agrees(other, setting));
    let sides = groups.into_iter().filter_map(|(worlds, loaded)| Some((worlds, loaded.fact(setting)?.1)));
    Some((setting.setting().fact, Fact::across(sides, at, same)?))
}

/// Whether two versions say the same of a setting. Lists of settings are short and hold only what is written, so
/// they can be compared item by item.
fn same(a: &Fact, b: &Fact) -> bool {
    match (a, b) {
        (Fact::Known { value: Value::List(a), .. }, Fact::Known { value: Value::List(b), .. }) => {
            let known = a.rest.is_none() && b.rest.is_none() && a.items.len() == b.items.len();
            let (Items::Here(a), Items::Here(b)) = (&a.items, &b.items) else { return false };
            known && a.iter().zip(b.iter()).all(|(a, b)| a.same_scalar(b))
        }
        _ => a.same_scalar(b),
    }
}

fn is_default(fact: &Fact) -> bool {
    match fact {
        Fact::Known { origin, .. } => matches!(origin, Origin::Default { .. }),
        Fact::Unknown(unknown) => !unknown.sides.is_empty() && unknown.sides.iter().all(|side| is_default(&side.fact)),
    }
}
