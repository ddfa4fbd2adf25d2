//! What a side is: files and folders, or servers that run; and how it is read.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::verdicts::{self, Verdicts};
use super::{Known, Stop};
use crate::audit::{Plan, audit, hear_groups};
use crate::config::Environment;
use crate::files::normal;
use crate::inventory::{Access, Server};
use crate::mask::one_line;
use crate::platform::Wanted;
use crate::platform::group;
use crate::platform::redis::live::Heard;
use crate::platform::redis::live::ask::Ask;
use crate::project::{Options, Project, Trouble};
use crate::report::json::{self, fields};

/// What stands before the name of an environment whose servers are meant, not its files.
pub const LIVE: &str = "live:";

/// How servers that run are reached.
#[derive(Debug, Clone, Default)]
pub struct Reach {
    /// With what those are whose URL says no more.
    pub access: Access,
    /// The servers of an inventory.
    pub listed: Vec<Server>,
    /// How long they may take, and how many at a time; its own servers do not count.
    pub plan: Plan,
}

/// What is compared.
#[derive(Debug, Clone)]
enum Side {
    /// Files and folders.
    Paths(Vec<PathBuf>),
    /// Servers that run.
    Servers(Vec<Server>),
    /// A JSON report of `check` or `audit`.
    Report(Value),
}

/// A side with its name.
#[derive(Debug, Clone)]
pub(super) struct Named {
    /// What it is called: the name of an environment, else the path or the URL as it was given.
    name: String,
    /// The environment that it is, if it is one.
    environment: Option<String>,
    side: Side,
}

/// What a word means: a URL, the environment of this name, `live:` and an environment, else a path. A path that is all
/// of an environment has its name.
///
/// # Errors
/// Why it means nothing.
pub(super) fn named(project: &Project, options: &Options, reach: &Reach, text: &str) -> Result<Named, String> {
    if text.contains("://") {
        let server = reach.access.server(text)?;
        let name = server.target.plain_url();
        return Ok(Named { name, environment: None, side: Side::Servers(vec![server]) });
    }
    let folder = project.folder();
    let known = project.environments();
    let paths = |known: &Environment| known.paths.iter().map(|path| folder.join(&path.it)).collect::<Vec<_>>();
    let (word, is_live) = text.strip_prefix(LIVE).map_or((text, false), |word| (word, true));
    let found = known.iter().find(|environment| environment.name.it == word);
    let listed = reach.listed.iter().any(|server| server.environment.as_deref() == Some(word));
    let environment = Some(word.to_owned());
    match found {
        Some(found) if !is_live && !found.paths.is_empty() => {
            Ok(Named { name: word.to_owned(), environment, side: Side::Paths(paths(found)) })
        }
        Some(found) => servers(Some(found), word, text, reach),
        None if listed => servers(None, word, text, reach),
        None if is_live => Err(format!("`{word}` is no environment of hardline.toml or of the inventory")),
        None => {
            let given = normal(&options.cwd.join(text));
            let same = |environment: &&Environment| {
                environment.targets.is_empty() && matches!(&paths(environment)[..], [only] if normal(only) == given)
            };
            let all_of = known.iter().find(same).map(|environment| environment.name.it.as_str());
            let name = one_line(all_of.unwrap_or(text));
            let is_in = |known: &&Environment| paths(known).iter().any(|path| given.starts_with(normal(path)));
            let environment = known.iter().find(is_in).map(|environment| environment.name.it.clone());
            let side = report(&given).map_or_else(|| Side::Paths(vec![PathBuf::from(text)]), Side::Report);
            Ok(Named { name, environment, side })
        }
    }
}

/// The servers of an environment: its targets, and those of the inventory that say they are of it.
fn servers(known: Option<&Environment>, word: &str, text: &str, reach: &Reach) -> Result<Named, String> {
    let mut servers = Vec::new();
    for target in known.into_iter().flat_map(|known| &known.targets) {
        let server = reach.access.server(&target.it);
        servers.push(server.map_err(|why| format!("a target of environment `{word}`: {why}"))?);
    }
    servers.extend(reach.listed.iter().filter(|server| server.environment.as_deref() == Some(word)).cloned());
    if servers.is_empty() {
        return Err(format!("environment `{word}` has no `targets`, and the inventory none of it"));
    }
    Ok(Named { name: text.to_owned(), environment: Some(word.to_owned()), side: Side::Servers(servers) })
}

/// The size of the largest report that is read, in bytes: that of some ten thousand servers.
const LARGEST_REPORT: u64 = 256 << 20;

/// The report that a file is; `None` where it is something else.
fn report(path: &Path) -> Option<Value> {
    let is_json = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    let is_small = is_json && fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() <= LARGEST_REPORT);
    let report: Value = serde_json::from_slice(&is_small.then(|| fs::read(path).ok())??).ok()?;
    (report.get("tool")?.get("name")?.as_str()? == "hardline" && fields(&report).is_some()).then_some(report)
}

impl Named {
    /// Whether it is a report, of which only verdicts are known.
    pub(super) fn is_report(&self) -> bool {
        matches!(self.side, Side::Report(_))
    }

    /// Whether servers that run are meant.
    fn is_live(&self) -> bool {
        matches!(self.side, Side::Servers(_))
    }
}

/// Reads both sides.
pub(super) fn read(
    project: &mut Project,
    options: &Options,
    reach: &Reach,
    (left, right): (Named, Named),
    stdin: &mut dyn Read,
) -> Result<(Known, Known), Stop> {
    // What a server says of its version says how its file is to be read, where nobody declared that.
    let live_first = right.is_live() && !left.is_live();
    let (first, second) = if live_first { (right, left) } else { (left, right) };
    let mut one = |named: Named, options: &Options| read_one(project, options, reach, named, stdin);
    let is_live = first.is_live();
    let first = one(first, options);
    let said = first.as_ref().ok().filter(|_| is_live).and_then(version);
    let mut other = one(second.clone(), options);
    if let (Some(version), Side::Paths(_), None, Ok(read)) = (said, &second.side, &options.server_version, &other)
        && read.subjects.iter().all(|subject| subject.version.is_none())
    {
        other = one(second, &Options { server_version: Some(version), ..options.clone() });
    }
    if live_first { together(other, first) } else { together(first, other) }
}

/// Both sides, or why one or both cannot be read.
fn together<T>(left: Result<T, Vec<String>>, right: Result<T, Vec<String>>) -> Result<(T, T), Stop> {
    match (left, right) {
        (Ok(left), Ok(right)) => Ok((left, right)),
        (left, right) => {
            let lines = [left.err(), right.err()].into_iter().flatten().flatten();
            Err(Stop::Unreadable(lines.collect()))
        }
    }
}

/// The version of all servers of a side that tell theirs, if they have the same.
fn version(known: &Known) -> Option<String> {
    let mut versions = known.subjects.iter().filter_map(|subject| subject.version.as_ref());
    let first = versions.next()?;
    versions.all(|other| other == first).then(|| first.clone())
}

/// Reads a side. One in which nothing is understood cannot be compared.
fn read_one(
    project: &mut Project,
    options: &Options,
    reach: &Reach,
    Named { name, environment, side }: Named,
    stdin: &mut dyn Read,
) -> Result<Known, Vec<String>> {
    let told = |line: String| format!("{name} cannot be read: {line}");
    let all = |trouble: Trouble| trouble.lines.into_iter().map(told).collect::<Vec<_>>();
    match side {
        Side::Paths(paths) => {
            let options = Options { paths: paths.clone(), ..options.clone() };
            let facts = project.read(&options, stdin, &Wanted::All).map_err(all)?;
            if facts.subjects.is_empty() {
                return Err(vec![told("nothing was found there that hardline understands".to_owned())]);
            }
            Ok(Known { environment, ..Known::of(name, facts, paths) })
        }
        Side::Servers(servers) => {
            let plan = Plan { servers, ..reach.plan.clone() };
            let (heard, notices) = hear_groups(&plan, &|_| ());
            let silent = |heard: &Heard| Some((heard.target.plain_url(), untold(heard)?));
            let silent: Vec<(String, String)> = heard.iter().filter_map(silent).collect();
            if silent.len() == heard.len() {
                return Err(silent.into_iter().map(|(url, why)| told(format!("{url}: {why}"))).collect());
            }
            let mut facts = project.read_live(options, &heard, &Wanted::All).map_err(all)?;
            facts.notices.extend(notices);
            let unread = !silent.is_empty();
            // Servers are compared one by one; what they make together is nothing beside them.
            facts.subjects.retain(|subject| subject.kind != group::NAME);
            Ok(Known { environment, unread, ..Known::of(name, facts, Vec::new()) })
        }
        Side::Report(_) => Err(vec![told("a report has no facts".to_owned())]),
    }
}

/// Why a server tells nothing of itself; `None` where it does.
fn untold(heard: &Heard) -> Option<String> {
    let answers = match &heard.answers {
        Ok(answers) => answers,
        Err(why) => return Some(why.clone()),
    };
    let ask = if answers.is_sentinel() { Ask::Masters } else { Ask::Config };
    answers.reply(ask).is_none().then(|| format!("it needs {}", answers.needs(ask)))
}

/// Judges both sides, as far as they are not reports of judgements.
pub(super) fn judge(
    options: &Options,
    reach: &Reach,
    (left, right): (Named, Named),
    stdin: &mut dyn Read,
) -> Result<(Verdicts, Verdicts), Stop> {
    let mut one = |named: Named| judge_one(options, reach, named, stdin);
    let left = one(left);
    together(left, one(right))
}

fn judge_one(
    options: &Options,
    reach: &Reach,
    Named { name, side, .. }: Named,
    stdin: &mut dyn Read,
) -> Result<Verdicts, Vec<String>> {
    let told = |line: String| format!("{name} cannot be read: {line}");
    let all = |trouble: Trouble| trouble.lines.into_iter().map(told).collect::<Vec<_>>();
    let (report, facts) = match side {
        Side::Report(report) if verdicts::is_silent(&report) => {
            return Err(vec![told("no server of this report told anything of itself".to_owned())]);
        }
        Side::Report(report) => return Ok(Verdicts { name, report }),
        Side::Paths(paths) => crate::check(&Options { paths, ..options.clone() }, stdin).map_err(all)?,
        Side::Servers(servers) => audit(options, &Plan { servers, ..reach.plan.clone() }, &|_| ()).map_err(all)?,
    };
    let mut bytes = Vec::new();
    let show = facts.shower(&options.cwd);
    json::render(&report, show, &mut bytes).map_err(|error| vec![told(error.to_string())])?;
    let report = serde_json::from_slice(&bytes).map_err(|error| vec![told(error.to_string())])?;
    if verdicts::is_silent(&report) {
        return Err(vec![told("no server told anything of itself".to_owned())]);
    }
    Ok(Verdicts { name, report })
}

/// The environments whose servers are left out, because their files are meant.
pub(super) fn left_out<'p>(project: &'p Project, sides: [&Known; 2]) -> impl Iterator<Item = &'p str> {
    let named = sides.map(|known| known.environment.as_ref().filter(|name| **name == known.name).cloned());
    let with_both = project.environments().iter().filter(|one| !one.targets.is_empty() && !one.paths.is_empty());
    with_both.map(|one| one.name.it.as_str()).filter(move |name| named.iter().flatten().any(|known| known == name))
}

/// Whether one side is files and the other servers, of which both are one environment, as far as that is said.
pub(super) fn are_one(left: &Known, right: &Known) -> bool {
    let is_live = |known: &Known| known.subjects.iter().any(super::scene::is_live);
    let apart = matches!((&left.environment, &right.environment), (Some(one), Some(other)) if one != other);
    is_live(left) != is_live(right) && !apart
}
