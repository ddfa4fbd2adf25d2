//! Two environments held against each other: which effective facts differ, and which side is the weaker.
//!
//! A side is its subjects with their sources and a name, wherever they come from. Facts are compared and not texts: a
//! default is equal to the same value written out. What is weaker is data (`checks/PLATFORM/drift/order.toml`), and what
//! is not known on a side is never taken for equal. Where a file is compared with a server that runs, both are taken
//! for one instance.

mod allow;
pub mod found;
pub mod kind;
mod nginx;
pub mod order;
pub mod pair;
mod passwords;
mod scene;
mod settings;
pub mod show;
mod side;
mod users;
mod value;
mod verdicts;

use std::io::Read;
use std::path::{Path, PathBuf};

use self::found::{About, Comparison, Difference, Held, SideOf, Told};
use self::kind::{Kinds, id, names};
use self::order::{Orders, Weaker};
use self::pair::Paired;
use self::scene::{One, Out, Scene};
use self::side::LIVE;
pub use self::side::Reach;
use self::value::NOTHING;
use crate::date::Date;
use crate::fact::{Fact, Key, Subject, Value};
use crate::finding::Severity;
use crate::mask::{Mask, one_line};
use crate::platform::redis::instance::ACL_FILE;
use crate::project::{Facts, Options, Project, Trouble};
use crate::report::Shower;
use crate::text::{Level, Notice, Sources, Span};

/// A side that was read.
#[derive(Debug)]
pub struct Known {
    /// What it is called.
    pub name: String,
    /// The environment that it is, if it is one.
    pub environment: Option<String>,
    /// Its subjects, whatever they were made of.
    pub subjects: Vec<Subject>,
    /// The sources that they point into.
    pub sources: Sources,
    /// What must not be shown of these.
    pub mask: Mask,
    /// What was said about reading them.
    pub notices: Vec<Notice>,
    /// Whether a server of it told nothing of itself.
    pub unread: bool,
    /// The folders that paths count from; none of servers that run.
    pub roots: Vec<PathBuf>,
}

impl Known {
    /// What was read, with its name.
    pub fn of(name: String, facts: Facts, roots: Vec<PathBuf>) -> Known {
        let Facts { subjects, sources, mask, notices, .. } = facts;
        Known { name, environment: None, unread: false, subjects, sources, mask, notices, roots }
    }

    fn shower<'a>(&'a self, cwd: &'a Path) -> Shower<'a> {
        Shower { sources: &self.sources, mask: &self.mask, cwd }
    }
}

/// Why there is no comparison.
#[derive(Debug)]
pub enum Stop {
    /// What was told is wrong.
    Trouble(Box<Trouble>),
    /// A side cannot be read: one line for each reason.
    Unreadable(Vec<String>),
}

impl From<Trouble> for Stop {
    fn from(trouble: Trouble) -> Stop {
        Stop::Trouble(Box::new(trouble))
    }
}

/// Reads both sides and compares them.
///
/// # Errors
/// Every mistake in the configuration, or why a side cannot be read.
pub fn run(options: &Options, sides: [&str; 2], reach: &Reach, stdin: &mut dyn Read) -> Result<Comparison, Stop> {
    let mut project = Project::find(options)?;
    if let Some(root) = options.root.as_ref().filter(|root| !root.is_dir()) {
        project.mistake(format!("--root {}: not a folder", root.display()));
    }
    let [left, right] = sides.map(|text| side::named(&project, options, reach, text));
    project.sound()?;
    let named = (left.map_err(Trouble::line)?, right.map_err(Trouble::line)?);
    if named.0.is_report() || named.1.is_report() {
        let (left, right) = side::judge(options, reach, named, stdin)?;
        let kinds = Rules::load().map_err(Trouble::line)?.kinds;
        let mut comparison = verdicts::compare(&left, &right, &kinds);
        allow(&project, options, &mut comparison, &Mask::default());
        return Ok(comparison);
    }
    let (left, right) = side::read(&mut project, options, reach, named, stdin)?;
    let rules = Rules::load().map_err(Trouble::line)?;
    let mut comparison = compare(&left, &right, &rules, &options.cwd);
    comparison.notices.extend(side::left_out(&project, [&left, &right]).map(|name| Told {
        level: Level::Info,
        place: None,
        message: format!("of environment `{name}` the paths are compared; `{LIVE}{name}` are its servers"),
    }));
    allow(&project, options, &mut comparison, &left.mask);
    Ok(comparison)
}

/// Marks what somebody answers for.
fn allow(project: &Project, options: &Options, comparison: &mut Comparison, mask: &Mask) {
    if let Some(source) = project.source() {
        let show = Shower { sources: project.sources(), mask, cwd: &options.cwd };
        let today = options.today.unwrap_or_else(Date::today);
        let setting = allow::Setting { source, path: show.path(source.id()), today };
        allow::settle(comparison, project.allow_drift(), &setting);
    }
    comparison.notices.sort();
}

/// What differences are judged by.
#[derive(Debug)]
pub struct Rules {
    redis: Orders,
    nginx: Orders,
    kinds: Kinds,
}

impl Rules {
    /// Reads the data that come with hardline.
    ///
    /// # Errors
    /// What is wrong with them; a test sees to it that nothing is.
    pub fn load() -> Result<Rules, String> {
        let (redis, nginx) = (Orders::parse(order::REDIS)?, Orders::parse(order::NGINX)?);
        Ok(Rules { redis, nginx, kinds: kind::parse(kind::KINDS)? })
    }
}

/// Compares two sides that were read.
pub fn compare(left: &Known, right: &Known, rules: &Rules, cwd: &Path) -> Comparison {
    let shows = [left.shower(cwd), right.shower(cwd)];
    let pairs = pair::pair(
        pair::candidates(&left.subjects, &left.sources, &left.roots, cwd),
        pair::candidates(&right.subjects, &right.sources, &right.roots, cwd),
    );
    let (key, of_one_instance) = (Key::random(), side::are_one(left, right));
    let mut out = Out { kinds: &rules.kinds, differences: Vec::new(), undecided: Vec::new() };
    let mut left_out = Vec::new();
    for paired in &pairs {
        match paired {
            Paired { left: Some(one), right: Some(other), .. } => {
                let (left, right) = (One { subject: one, show: shows[0] }, One { subject: other, show: shows[1] });
                let (about, worlds) = (about(paired, shows), scene::worlds(one, other));
                let scene = Scene { left, right, about, worlds, of_one_instance };
                both(&scene, rules, &key, &mut out);
            }
            _ if of_one_instance && no_server(paired) => {
                left_out.push(paired.label.clone());
            }
            _ => only(paired, shows, &mut out),
        }
    }
    if !of_one_instance {
        let (ours, theirs) = (ones(left, shows[0]), ones(right, shows[1]));
        out.differences.extend(passwords::shared(&ours, &theirs, &key, &rules.kinds));
    }
    out.differences.sort_by(|one, other| (&one.subject, &one.what).cmp(&(&other.subject, &other.what)));
    let mut notices: Vec<Told> = [(left, shows[0]), (right, shows[1])]
        .into_iter()
        .flat_map(|(side, show)| side.notices.iter().map(move |notice| (notice, show)))
        .map(|(notice, show)| Told {
            level: notice.level,
            place: show.notice(&notice.at),
            message: one_line(&notice.message),
        })
        .collect();
    notices.dedup();
    notices.extend(left_out.into_iter().map(|label| Told {
        level: Level::Info,
        place: None,
        message: one_line(&format!("{label}: no server that is asked here can be this, so it is not compared")),
    }));
    let side = |known: &Known| SideOf { name: known.name.clone(), subjects: known.subjects.len() };
    let (differences, undecided) = (out.differences, out.undecided);
    let unread = left.unread || right.unread;
    Comparison { left: side(left), right: side(right), differences, undecided, notices, unread }
}

/// The subjects of a side, each with what it is called there.
fn ones<'a>(side: &'a Known, show: Shower<'a>) -> Vec<(One<'a>, String)> {
    let named = |subject: &'a Subject| {
        let below = pair::below(subject, &side.sources, &side.roots, show.cwd);
        (One { subject, show }, below.unwrap_or_else(|| subject.name.clone()))
    };
    side.subjects.iter().map(named).collect()
}

fn both(scene: &Scene<'_>, rules: &Rules, key: &Key, out: &mut Out<'_>) {
    if scene.about.kind == "nginx" {
        return nginx::compare(scene, &rules.nginx, out);
    }
    settings::compare(scene, &rules.redis, out);
    settings::conclusions(scene, &rules.redis, out);
    users::compare(scene, key, out);
    // A password that a template fills in may be the same as any.
    for (one, is_left) in [(scene.left, true), (scene.right, false)] {
        let Some(Fact::Known { value: Value::List(list), .. }) = one.subject.facts.get("passwords") else { continue };
        let items = list.items.iter();
        let unknown = items.filter_map(|item| if let Fact::Unknown(unknown) = item { Some(unknown) } else { None });
        for unknown in unknown.chain(list.rest.clone()) {
            scene.undecided("passwords", is_left, &unknown, out);
        }
    }
}

fn about(paired: &Paired<'_>, shows: [Shower<'_>; 2]) -> About {
    let kind = paired.left.or(paired.right).map_or("", |subject| subject.kind);
    let path = |subject: Option<&Subject>, show: Shower<'_>| Some(show.path(subject?.main.source));
    let (left, right) = (path(paired.left, shows[0]), path(paired.right, shows[1]));
    About { kind, name: one_line(&paired.label), left, right }
}

/// Whether one alone is nothing that a side of servers could have: they are of Redis, and an ACL file is none.
fn no_server(paired: &Paired<'_>) -> bool {
    let alone = paired.left.or(paired.right).filter(|_| paired.left.is_none() || paired.right.is_none());
    alone.is_some_and(|one| !matches!(one.kind, "redis" | "sentinel") || one.carrier == ACL_FILE)
}

/// A subject that only one side has.
fn only(paired: &Paired<'_>, shows: [Shower<'_>; 2], out: &mut Out<'_>) {
    let about = about(paired, shows);
    let held = |subject: Option<&Subject>, show: Shower<'_>| match subject {
        None => Held { value: NOTHING.to_owned(), places: Vec::new() },
        Some(subject) => {
            let one = One { subject, show };
            one.held(show.path(subject.main.source), &[Span::at(subject.main.source, 0)])
        }
    };
    let (left, right) = (held(paired.left, shows[0]), held(paired.right, shows[1]));
    out.differences.push(Difference {
        what: format!("{}[{}]", about.kind, about.name),
        label: format!("{} {}", about.kind, about.name),
        subject: Some(about),
        kind: id(names::ONLY),
        severity: out.kinds.get(names::ONLY).map_or(Severity::Info, |kind| kind.severity),
        left,
        right,
        weaker: Weaker::Neither,
        why: String::new(),
        versions: Vec::new(),
        allowed: None,
    });
}
