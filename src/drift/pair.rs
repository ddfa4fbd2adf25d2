//! Which subject of one side is which of the other.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::scene::is_live;
use crate::fact::{Fact, Subject, Value};
use crate::files::normal;
use crate::platform::redis::instance::ACL_FILE;
use crate::text::Sources;

/// What is known of a subject before it is compared.
#[derive(Debug)]
pub struct Candidate<'a> {
    /// The subject.
    pub subject: &'a Subject,
    /// Its path below the side's folder, with `/`; none of a running server.
    pub below: Option<String>,
    /// The name of the file that it is started with.
    file: Option<String>,
    /// Where a server that runs is: the first part of its host's name, which environments have in common.
    host: Option<String>,
    /// The port that it listens on.
    port: Option<i64>,
}

impl Candidate<'_> {
    fn of(subject: &Subject, below: Option<String>) -> Candidate<'_> {
        let live = match subject.facts.get("live").and_then(Fact::value) {
            Some(Value::Record(live)) => Some(live),
            _ => None,
        };
        let config_file = live.and_then(|live| match live.get("config_file")?.value()? {
            Value::Text(path) => Some(path.to_string()),
            _ => None,
        });
        let last = |path: &String| path.rsplit('/').next().filter(|name| !name.is_empty()).map(str::to_owned);
        let host = is_live(subject).then(|| subject.name.rsplit_once(':').map_or(&*subject.name, |(host, _)| host));
        let is_name = |host: &&str| !host.contains(':') && host.contains(|letter: char| letter.is_ascii_alphabetic());
        let host = host.filter(is_name).and_then(|host| host.split('.').next()).map(str::to_owned);
        let port = match subject.facts.get("port").and_then(|fact| fact.in_world(0).value()) {
            Some(Value::Int(port)) => Some(*port),
            _ => None,
        };
        Candidate { subject, file: below.as_ref().or(config_file.as_ref()).and_then(last), host, port, below }
    }
}

/// Subjects of both sides that are the same thing, or one without the other.
#[derive(Debug)]
pub struct Paired<'a> {
    /// On the first side.
    pub left: Option<&'a Subject>,
    /// On the second side.
    pub right: Option<&'a Subject>,
    /// What the pair is called: the path that both have, else the name.
    pub label: String,
}

/// The subjects of a side with their paths below its folders.
pub fn candidates<'a>(subjects: &'a [Subject], sources: &Sources, roots: &[PathBuf], cwd: &Path) -> Vec<Candidate<'a>> {
    subjects.iter().map(|subject| Candidate::of(subject, below(subject, sources, roots, cwd))).collect()
}

/// The path of a subject below the folders of its side; none of a running server.
pub fn below(subject: &Subject, sources: &Sources, roots: &[PathBuf], cwd: &Path) -> Option<String> {
    let path = normal(&cwd.join(sources.get(subject.main.source).place().path()?));
    let inner = roots.iter().find_map(|root| {
        let inner = path.strip_prefix(normal(&cwd.join(root))).ok()?;
        // A file that was given by name is called by that.
        Some(if inner.as_os_str().is_empty() { PathBuf::from(path.file_name()?) } else { inner.to_path_buf() })
    })?;
    Some(inner.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/"))
}

/// What two subjects must have in common to be the same thing at all: an ACL file that nobody names is no server.
fn sort(subject: &Subject) -> (&'static str, bool) {
    (subject.kind, subject.carrier == ACL_FILE)
}

/// Pairs subjects of one kind: by path, then by a name that only one has, then by host, file and port where servers run,
/// then if only one is left. A file may be that of many servers.
pub fn pair<'a>(left: Vec<Candidate<'a>>, right: Vec<Candidate<'a>>) -> Vec<Paired<'a>> {
    let mut open = (left, right);
    let mut pairs = Vec::new();
    join(&mut open, &mut pairs, |one| Some((sort(one.subject), one.below.clone()?)));
    join(&mut open, &mut pairs, |one| Some((sort(one.subject), one.subject.name.clone())));
    let are_live = [&open.0, &open.1].map(|side| side.iter().any(|one| is_live(one.subject)));
    if are_live[0] != are_live[1] {
        share(&mut open, are_live[0], &mut pairs);
    }
    if are_live != [false, false] {
        join(&mut open, &mut pairs, |one| Some((sort(one.subject), one.host.clone()?, one.port)));
        join(&mut open, &mut pairs, |one| Some((sort(one.subject), one.file.clone()?, one.port)));
        join(&mut open, &mut pairs, |one| Some((sort(one.subject), one.port?)));
        join(&mut open, &mut pairs, |one| Some((sort(one.subject), one.file.clone()?)));
    }
    join(&mut open, &mut pairs, |one| Some((sort(one.subject), String::new())));
    let label = |one: &Candidate<'_>| one.below.clone().unwrap_or_else(|| one.subject.name.clone());
    let only_left = open.0.iter().map(|one| Paired { left: Some(one.subject), right: None, label: label(one) });
    let only_right = open.1.iter().map(|one| Paired { left: None, right: Some(one.subject), label: label(one) });
    pairs.extend(only_left.chain(only_right));
    pairs.sort_by(|one, other| (&one.label, kind(one)).cmp(&(&other.label, kind(other))));
    pairs
}

/// Takes the one file of a kind for that of every server of this kind.
fn share<'a>(open: &mut (Vec<Candidate<'a>>, Vec<Candidate<'a>>), left_is_live: bool, pairs: &mut Vec<Paired<'a>>) {
    let (live, files) = if left_is_live { (&mut open.0, &mut open.1) } else { (&mut open.1, &mut open.0) };
    let count = |side: &[Candidate<'a>], wanted| side.iter().filter(|one| sort(one.subject) == wanted).count();
    let is_shared = |wanted| count(files, wanted) == 1 && count(live, wanted) > 1;
    let shared: BTreeSet<_> = files.iter().map(|file| sort(file.subject)).filter(|wanted| is_shared(*wanted)).collect();
    for server in live.iter().map(|one| one.subject).filter(|server| shared.contains(&sort(server))) {
        let Some(file) = files.iter().map(|one| one.subject).find(|file| sort(file) == sort(server)) else { continue };
        let (left, right) = if left_is_live { (server, file) } else { (file, server) };
        pairs.push(Paired { left: Some(left), right: Some(right), label: server.name.clone() });
    }
    live.retain(|one| !shared.contains(&sort(one.subject)));
    files.retain(|one| !shared.contains(&sort(one.subject)));
}

fn kind(paired: &Paired<'_>) -> &'static str {
    paired.left.or(paired.right).map_or("", |subject| subject.kind)
}

/// Takes out those whose key one of each side has, and only one.
fn join<'a, K: Ord>(
    open: &mut (Vec<Candidate<'a>>, Vec<Candidate<'a>>),
    pairs: &mut Vec<Paired<'a>>,
    key: impl Fn(&Candidate<'a>) -> Option<K>,
) {
    let found = matches(&open.0, &open.1, key);
    for (one, other) in &found {
        let (a, b) = (&open.0[*one], &open.1[*other]);
        let label = match (&a.below, &b.below) {
            (Some(one), Some(other)) if one == other => one.clone(),
            _ if a.subject.name == b.subject.name => a.subject.name.clone(),
            (one, other) => one.as_ref().or(other.as_ref()).unwrap_or(&a.subject.name).clone(),
        };
        pairs.push(Paired { left: Some(a.subject), right: Some(b.subject), label });
    }
    take_out(&mut open.0, found.iter().map(|(one, _)| *one).collect());
    take_out(&mut open.1, found.iter().map(|(_, other)| *other).collect());
}

/// The numbers of those whose key one of each side has, and only one.
pub fn matches<T, K: Ord>(left: &[T], right: &[T], key: impl Fn(&T) -> Option<K>) -> Vec<(usize, usize)> {
    let mut found: BTreeMap<K, [Vec<usize>; 2]> = BTreeMap::new();
    for (side, all) in [left, right].into_iter().enumerate() {
        for (number, one) in all.iter().enumerate() {
            if let Some(key) = key(one) {
                found.entry(key).or_default()[side].push(number);
            }
        }
    }
    let only = |[left, right]: [Vec<usize>; 2]| match (&left[..], &right[..]) {
        ([one], [other]) => Some((*one, *other)),
        _ => None,
    };
    found.into_values().filter_map(only).collect()
}

/// Leaves those out that have these numbers.
pub fn take_out<T>(all: &mut Vec<T>, taken: BTreeSet<usize>) {
    let mut number = 0;
    all.retain(|_| {
        number += 1;
        !taken.contains(&(number - 1))
    });
}
