//! From claimed files to configurations: who includes whom, which are whole, and which stand alone.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::facts::promise::Homeless;
use super::facts::{self, facts};
use super::include::{Conf, Library};
use super::model::Model;
use super::scope::{Kind, Levels, is_stock};
use super::tree::{File, Step, directives, walk};
use super::veil::Veil;
use super::version::Version;
use crate::fact::{Subject, Unknown};
use crate::files::Location;
use crate::platform::{Claimed, Context, Reading, name};
use crate::text::{Level, Notice, Span, Where};

/// Folders that lie beside the main configuration: what a file in one of them includes counts from above it.
const BESIDE: [&str; 7] = ["conf.d", "http.d", "sites-enabled", "sites-available", "snippets", "vhost.d", "templates"];

/// Blocks that only stand in a main configuration.
const MAIN: [&str; 4] = ["http", "events", "stream", "mail"];

/// Directives that only stand in `http`.
const HTTP: [&str; 12] = [
    "server",
    "upstream",
    "map",
    "geo",
    "split_clients",
    "log_format",
    "limit_req_zone",
    "limit_conn_zone",
    "proxy_cache_path",
    "fastcgi_cache_path",
    "map_hash_bucket_size",
    "server_names_hash_bucket_size",
];

/// Directives that only stand in a `server`.
const SERVER: [&str; 6] = ["listen", "server_name", "location", "ssl_certificate", "ssl_certificate_key", "try_files"];

/// The configurations that claimed files make.
pub(super) fn subjects(claimed: &[Claimed], context: &Context<'_>, reading: &mut Reading) -> Vec<Subject> {
    let declared = context.versions.get("nginx");
    let version = declared.and_then(|declared| Version::parse(declared).ok());
    let versions = version.map_or_else(|| Version::undeclared().to_vec(), |version| vec![version]);
    let rules = context.cache_rules.map_or_else(Vec::new, |rules| rules.placed(&mut reading.sources));
    let mut library = Library::new(context.files, &mut reading.sources, false);
    for file in claimed {
        library.know(&file.location, file.source);
    }
    let read: Vec<(Conf, Location)> = claimed.iter().map(|file| conf(&mut library, file)).collect();
    let mut subjects: Vec<Subject> = Vec::new();
    let roots = roots(claimed, &read);
    // What differs between versions is said by facts of their own; everything else is as in the newest.
    let newest = versions.last().copied().unwrap_or_else(Version::newest);
    let model = |root: usize| {
        let (conf, folder) = &read[root];
        let levels = Levels::within(&conf.file, kind_of(&conf.file).unwrap_or(Kind::Location));
        Model::within(levels, Span::at(claimed[root].source, 0), newest, context.files, folder.clone())
    };
    let homeless = (!rules.is_empty()).then(|| Homeless::of(&rules, roots.iter().map(|&root| model(root))));
    for root in roots {
        let (conf, _) = &read[root];
        let asked = |file: &Claimed| file.asked && conf.sources.contains(&file.source);
        if !claimed.iter().any(asked) {
            continue;
        }
        tell(conf, &mut reading.notices);
        let file = &claimed[root];
        let kind = kind_of(&conf.file);
        let whole = kind == Some(Kind::Main);
        let model = model(root);
        let label = name::subject_name(file.location.path());
        let mut made = facts(&facts::Subject {
            model: &model,
            file: &conf.file,
            sources: &reading.sources,
            holding: &conf.sources,
            whole,
            part_of: kind.unwrap_or(Kind::Location),
            versions: &versions,
            name: &label,
            wanted: context.wanted,
            cache_rules: &rules,
            homeless: homeless.as_ref().filter(|_| subjects.is_empty()),
        });
        Veil::of(conf.sources.iter().map(|&source| reading.sources.get(source))).over(&mut made);
        let absent = "only a part of a configuration, without `http`: what it leaves out may be said around it";
        subjects.push(Subject {
            kind: "nginx",
            name: label,
            carrier: "nginx.conf",
            because: file.because.clone(),
            main: reading.sources.get(file.source).whole(),
            location: file.location.clone(),
            sources: conf.sources.clone(),
            version: declared.cloned(),
            worlds: versions.iter().map(|version| format!("nginx:{version}")).collect(),
            facts: made,
            lacks: Arc::from([]),
            absent: (!whole).then(|| Arc::from(absent)),
        });
    }
    subjects
}

/// A file with what it includes, and the folder that its relative paths count from.
fn conf(library: &mut Library<'_>, file: &Claimed) -> (Conf, Location) {
    let own = file.location.parent();
    let beside = own.path().file_name().is_some_and(|name| BESIDE.iter().any(|known| name == *known));
    let folder = if beside { own.parent() } else { own };
    (library.conf(file.source, &folder), folder)
}

/// The level on which the directives of a file stand; `None` where they tell nothing.
fn kind_of(file: &File) -> Option<Kind> {
    let names: Vec<&str> = directives(&file.items).into_iter().map(|directive| &*directive.name.text).collect();
    let has = |list: &[&str]| names.iter().any(|name| list.contains(name));
    match () {
        () if has(&MAIN) => Some(Kind::Main),
        () if has(&HTTP) => Some(Kind::Http),
        () if has(&SERVER) => Some(Kind::Server),
        () => None,
    }
}

/// The files that no other one includes. Of files that include each other in a circle, the first stands for all.
fn roots(claimed: &[Claimed], read: &[(Conf, Location)]) -> Vec<usize> {
    let includes = |one: usize, other: usize| read[one].0.sources[1..].contains(&claimed[other].source);
    let all = 0..claimed.len();
    let mut covered: BTreeSet<usize> = BTreeSet::new();
    let mut included: BTreeSet<_> = BTreeSet::new();
    for (conf, _) in read {
        included.extend(conf.sources[1..].iter().copied());
    }
    let mut roots: Vec<usize> = all.clone().filter(|&file| !included.contains(&claimed[file].source)).collect();
    for &root in &roots {
        covered.extend(all.clone().filter(|&file| includes(root, file)));
    }
    for file in all.clone() {
        if !covered.contains(&file) && !roots.contains(&file) {
            roots.push(file);
            covered.extend(all.clone().filter(|&other| includes(file, other)));
        }
    }
    roots.sort_unstable();
    roots
}

/// A notice for each file that is included and was not read.
fn tell(conf: &Conf, notices: &mut Vec<Notice>) {
    let mut unread: Vec<Unknown> = Vec::new();
    unread_in(&conf.file.items, &mut unread);
    for unknown in unread {
        let message = format!("not read: {}", unknown.needs);
        let notice = Notice { level: Level::Info, at: Where::Span(unknown.at), message };
        if !notices.contains(&notice) {
            notices.push(notice);
        }
    }
}

fn unread_in(items: &[super::tree::Item], unread: &mut Vec<Unknown>) {
    walk(items, &mut |step| match step {
        Step::Unread(include, unknown) if !is_stock(include.arg(0)) => unread.push(unknown.clone()),
        Step::Directive(directive) => {
            if let Some(block) = directive.block() {
                unread_in(&block.items, unread);
            }
        }
        Step::Unread(..) | Step::Mistake(_) | Step::Template(_) => {}
    });
}
