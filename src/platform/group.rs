//! Groups of servers that belong together: a primary with its replicas, with the Sentinels that watch it, a cluster.
//!
//! No file makes one. They are made of servers that were asked, when their own facts are made: who belongs to whom they
//! say themselves, or an inventory does.

mod differ;
pub mod expect;
mod facts;
mod gather;
mod member;
mod schema;
mod told;
mod watcher;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::gather::{Gathered, Scene, Watch, gather};
use self::member::{Member, Share};
use self::told::Role;
use super::redis::live::Heard;
use super::{Claimed, Context, Interest, Platform, Reading};
use crate::edit::{EditError, EditOp, TextEdit};
use crate::fact::{Fact, List, Subject, Unknown, Value, Why};
use crate::files::Location;
use crate::mask::Hidden;
use crate::platform::redis::live::subject::CARRIER;
use crate::schema::Root;
use crate::text::{Place, Source, SourceId, Sources, Span};

/// The platform.
pub struct Group;

/// Its name.
pub const NAME: &str = "group";

impl Platform for Group {
    fn schema(&self) -> &'static Root {
        &schema::SCHEMA
    }

    fn interest(&self, _: &str, _: &str) -> Interest {
        Interest::None
    }

    fn secrets(&self, _: &Source) -> Vec<Hidden> {
        Vec::new()
    }

    fn claims(&self, _: &Path, _: &[u8]) -> Option<String> {
        None
    }

    fn read(&self, _: &[Claimed], _: &Context<'_>, _: &mut Reading) -> Vec<Subject> {
        Vec::new()
    }

    fn edit(&self, _: &Sources, _: &Subject, _: &EditOp) -> Result<Vec<TextEdit>, EditError> {
        Err(EditError::Unsupported("a group is made of servers, each with a configuration of its own".to_owned()))
    }
}

/// The groups that servers make. `subjects` are what was made of each, in the same order; what only the group tells of
/// one is added to its facts.
pub fn subjects(heard: &[Heard], subjects: &mut [Subject], sources: &mut Sources) -> Vec<Subject> {
    let scene = gather(heard);
    let mut groups = Vec::new();
    for group in &scene.groups {
        let (source, lines) = text(group, &scene, heard, sources);
        let members = members(group, &scene, &lines, (heard, subjects, sources));
        let facts = facts::facts(group, &scene, &members, (source, sources));
        let logins = logins(group, &scene, &members);
        groups.push(Subject {
            kind: NAME,
            name: group.name.clone(),
            carrier: CARRIER,
            because: because(group, &members),
            main: sources.get(source).whole(),
            location: Location::Target(PathBuf::from("/")),
            sources: vec![source],
            version: None,
            worlds: Arc::from([]),
            facts,
            lacks: [].into(),
            absent: None,
        });
        for (number, name, login) in logins {
            if let Some(sentinel) = subjects.get_mut(number) {
                log_in(sentinel, &name, login);
            }
        }
    }
    groups
}

fn because(group: &Gathered, members: &[Member<'_>]) -> String {
    let answered = members.iter().filter(|member| matches!(member.share, Share::Answered { .. })).count();
    let what = match group.kind {
        "standalone" => "servers that the inventory puts together",
        "cluster" => "nodes of one cluster",
        "sentinel" => "servers that Sentinels watch, and these",
        _ => "a primary and its replicas",
    };
    format!("{what}: {answered} of {} answered", members.len())
}

/// Says who belongs to a group, one a line: what facts without a place at a member have theirs in.
fn text(group: &Gathered, scene: &Scene, heard: &[Heard], sources: &mut Sources) -> (SourceId, Vec<Span>) {
    let mut text = format!("# {} {}\n", group.kind, group.name);
    let mut lines = Vec::new();
    for number in &group.members {
        let node = &scene.nodes[*number];
        let start = text.len();
        text.push_str(node.role.map_or("server", Role::as_str));
        text.push(' ');
        text.push_str(&node.place);
        let primary = node.primary.filter(|_| node.role == Some(Role::Replica));
        if let Some(primary) = primary.and_then(|primary| scene.nodes.get(primary)) {
            text.push_str(&format!(" of {}", primary.place));
        }
        lines.push((start, text.len()));
        text.push('\n');
    }
    for (what, expected) in group.expected.iter().flat_map(|expected| expected.said()) {
        text.push_str(&format!("expected {what} {expected}\n"));
    }
    let asked = group.members.iter().find_map(|number| heard.get(scene.nodes[*number].heard?));
    let url = asked.map(|heard| heard.target.plain_url()).unwrap_or_default();
    let source = sources.add(Place::Live { url, what: NAME }, text.into_bytes());
    (source, lines.into_iter().map(|(start, end)| Span::new(source, start, end)).collect())
}

fn members<'a>(
    group: &Gathered,
    scene: &'a Scene,
    lines: &[Span],
    (heard, subjects, sources): (&'a [Heard], &'a [Subject], &'a Sources),
) -> Vec<Member<'a>> {
    let member = |(number, at): (&usize, &Span)| {
        let node = &scene.nodes[*number];
        let silent = |needs: String| Share::Silent(Unknown::new(Why::NotReadable, *at, needs));
        let asked = node.heard.and_then(|number| Some((heard.get(number)?, subjects.get(number)?)));
        let share = match asked {
            Some((Heard { answers: Ok(answers), .. }, subject)) => Share::Answered { subject, answers, sources },
            Some((Heard { answers: Err(why), .. }, _)) => silent(format!("an answer of {}: {why}", node.place)),
            None if group.complete => silent(format!("an answer of {}, which was not asked", node.place)),
            None => Share::NotAsked,
        };
        Member { node: *number, place: &node.place, role: node.role, at: *at, share }
    };
    group.members.iter().zip(lines).map(member).collect()
}

/// Which Sentinels log in to which master, as far as that follows: the number of the subject, the name of the master,
/// and whether it does. A Sentinel does not show its passwords. One that reaches a master which asks for a login has one.
fn logins(group: &Gathered, scene: &Scene, members: &[Member<'_>]) -> Vec<(usize, String, Fact)> {
    let find = |node: usize| members.iter().find(|member| member.node == node);
    let login = |watch: &Watch| {
        let (asks, at) = find(watch.primary)?.asks_login().ok()?;
        let number = scene.nodes[watch.sentinel].heard?;
        (!asks || watch.monitor.primary.up).then(|| (number, watch.monitor.name.clone(), Fact::derived(asks, at)))
    };
    group.watches.iter().filter_map(login).collect()
}

fn log_in(sentinel: &mut Subject, name: &str, login: Fact) {
    let Some(Fact::Known { value: Value::List(List { items, .. }), .. }) = sentinel.facts.get_mut("monitors") else {
        return;
    };
    for monitor in items.here_mut() {
        if let Fact::Known { value: Value::Record(record), .. } = monitor
            && matches!(record.get("name").and_then(Fact::value), Some(Value::Text(its)) if **its == *name)
        {
            record.set("auth", login.clone());
        }
    }
}
