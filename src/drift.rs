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
mod rights;
mod scene;
mod settings;
pub mod show;
mod users;
mod value;

use std::io::Read;
use std::path::{Path, PathBuf};

use self::found::{About, Comparison, Difference, Held, SideOf, Told};
use self::kind::{Kinds, id, names};
use self::order::{Orders, Weaker};
use self::pair::Paired;
use self::scene::{One, Out, Scene};
use self::value::NOTHING;
use crate::config::Environment;
use crate::date::Date;
use crate::fact::{Fact, Key, Subject, Value};
use crate::files::normal;
use crate::finding::Severity;
use crate::mask::{Mask, one_line};
use crate::platform::Wanted;
use crate::project::{Facts, Options, Project, Trouble};
use crate::report::Shower;
use crate::text::{Level, Notice, Sources, Span};

/// What is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Side {
    /// Files and folders.
    Paths(Vec<PathBuf>),
}

/// A side with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// What it is called: the name of an environment, else the path as it was given.
    pub name: String,
    /// What it is.
    pub side: Side,
}

/// A side that was read.
#[derive(Debug)]
pub struct Known {
    /// What it is called.
    pub name: String,
    /// Its subjects, whatever they were made of.
    pub subjects: Vec<Subject>,
    /// The sources that they point into.
    pub sources: Sources,
    /// What must not be shown of these.
    pub mask: Mask,
    /// What was said about reading them.
    pub notices: Vec<Notice>,
    /// The folders that paths count from; none of servers that run.
    pub roots: Vec<PathBuf>,
}

impl Known {
    /// What was read, with its name.
    pub fn of(name: String, facts: Facts, roots: Vec<PathBuf>) -> Known {
        let Facts { subjects, sources, mask, notices, .. } = facts;
        Known { name, subjects, sources, mask, notices, roots }
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
pub fn run(options: &Options, sides: [&str; 2], stdin: &mut dyn Read) -> Result<Comparison, Stop> {
    let mut project = Project::find(options)?;
    let named = sides.map(|text| name(&project, options, text));
    project.sound()?;
    let [left, right] = named;
    let (left, right) = (left.map_err(Trouble::line)?, right.map_err(Trouble::line)?);
    let (left, right) = (read(&mut project, options, left, stdin), read(&mut project, options, right, stdin));
    let (left, right) = match (left, right) {
        (Ok(left), Ok(right)) => (left, right),
        (left, right) => {
            let lines = [left.err(), right.err()].into_iter().flatten().flatten();
            return Err(Stop::Unreadable(lines.collect()));
        }
    };
    let rules = Rules::load().map_err(Trouble::line)?;
    let mut comparison = compare(&left, &right, &rules, &options.cwd);
    let with_targets = project.environments().iter().filter(|one| !one.targets.is_empty());
    let named = with_targets.map(|one| &one.name.it).filter(|name| [&left.name, &right.name].contains(name));
    comparison.notices.extend(named.map(|name| Told {
        level: Level::Warning,
        place: None,
        message: format!("only the paths of environment `{name}` are compared, not its targets"),
    }));
    if let Some(source) = project.source() {
        let show = Shower { sources: project.sources(), mask: &left.mask, cwd: &options.cwd };
        let today = options.today.unwrap_or_else(Date::today);
        let setting = allow::Setting { source, path: show.path(source.id()), today };
        allow::settle(&mut comparison, project.allow_drift(), &setting);
    }
    comparison.notices.sort();
    Ok(comparison)
}

/// What a word means: the environment of this name, else a path. A path that is all of an environment has its name.
fn name(project: &Project, options: &Options, text: &str) -> Result<Named, String> {
    let folder = project.folder();
    let paths = |known: &Environment| known.paths.iter().map(|path| folder.join(&path.it)).collect::<Vec<_>>();
    let known = project.environments();
    if let Some(found) = known.iter().find(|environment| environment.name.it == text) {
        if found.paths.is_empty() {
            return Err(format!("environment `{text}` has no `paths`"));
        }
        return Ok(Named { name: text.to_owned(), side: Side::Paths(paths(found)) });
    }
    let given = normal(&options.cwd.join(text));
    let same = |environment: &&Environment| {
        environment.targets.is_empty() && matches!(&paths(environment)[..], [only] if normal(only) == given)
    };
    let name = known.iter().find(same).map_or(text, |environment| environment.name.it.as_str());
    Ok(Named { name: one_line(name), side: Side::Paths(vec![PathBuf::from(text)]) })
}

/// Reads a side. One in which nothing is understood cannot be compared.
fn read(
    project: &mut Project,
    options: &Options,
    Named { name, side: Side::Paths(paths) }: Named,
    stdin: &mut dyn Read,
) -> Result<Known, Vec<String>> {
    let told = |line: String| format!("{name} cannot be read: {line}");
    let options = Options { paths: paths.clone(), ..options.clone() };
    let facts = project.read(&options, stdin, &Wanted::All);
    let facts = facts.map_err(|trouble| trouble.lines.into_iter().map(told).collect::<Vec<_>>())?;
    if facts.subjects.is_empty() {
        return Err(vec![told("nothing was found there that hardline understands".to_owned())]);
    }
    Ok(Known::of(name, facts, paths))
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
    let key = Key::random();
    let mut out = Out { kinds: &rules.kinds, differences: Vec::new(), undecided: Vec::new() };
    for paired in &pairs {
        match paired {
            Paired { left: Some(one), right: Some(other), .. } => {
                let (left, right) = (One { subject: one, show: shows[0] }, One { subject: other, show: shows[1] });
                let scene = Scene { left, right, about: about(paired, shows), worlds: scene::worlds(one, other) };
                both(&scene, rules, &key, &mut out);
            }
            _ => only(paired, shows, &mut out),
        }
    }
    let (ours, theirs) = (ones(left, shows[0]), ones(right, shows[1]));
    let live = |side: &[(One<'_>, String)]| side.iter().all(|(one, _)| one.is_live());
    if live(&ours) == live(&theirs) {
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
    let side = |known: &Known| SideOf { name: known.name.clone(), subjects: known.subjects.len() };
    let (differences, undecided) = (out.differences, out.undecided);
    Comparison { left: side(left), right: side(right), differences, undecided, notices }
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
