//! Runs the examples of checks: the same code for `cargo test` and for `hardline test`.
//!
//! An example is a small machine. Its files are read as a run would read them, the check judges, and what it says is
//! compared with what the example promises.

mod fixed;
mod waivers;

use std::collections::BTreeMap;
use std::path::Path;

use crate::caching::CacheRules;
use crate::check::{Check, Example, Expect};
use crate::config::{self, Config, FILE};
use crate::expr::Params;
use crate::fact::{Fact, Items, Subject, Unknown, Value};
use crate::files::{Files, Location, Memory};
use crate::finding::{Undecided, Verdict};
use crate::inventory;
use crate::judge::{self, Judged};
use crate::platform::group;
use crate::platform::hardline::NAME;
use crate::platform::redis::live::subject::Wish;
use crate::platform::redis::live::{self, Heard, recorded};
use crate::platform::{self, Context, Found, Reading, Wanted};
use crate::text::{Place, Sources};

/// The day on which all examples run, so that none rots.
pub const TODAY: &str = "2026-10-01";

/// The inventory of an example with servers that run, if something is expected of them.
const INVENTORY: &str = "inventory.toml";

/// An example's machine as hardline sees it, with what the check says about it.
#[derive(Debug)]
pub struct Outcome {
    /// Every source that was read.
    pub sources: Sources,
    /// The subjects that the check judged, with its verdicts.
    pub judged: Vec<(Subject, Vec<Judged>)>,
    /// The parameters it judged with.
    pub params: Params,
}

/// Runs an example, its fix included; no check of `others` may fail more often because of the fix. Gives the number of
/// findings that a program can fix.
///
/// # Errors
/// One paragraph that says what was promised and what came out.
pub fn run(check: &Check, example: &Example, others: &[Check]) -> Result<usize, String> {
    let outcome = judge(check, example, others)?;
    compare(check, example, &outcome)?;
    fixed::compare(check, example, &outcome, others)
}

/// Reads an example's files and judges its subjects; where it is about waivers, after all others have judged.
///
/// # Errors
/// What is wrong with the example itself: its parameters, or files that are nobody's.
pub fn judge(check: &Check, example: &Example, others: &[Check]) -> Result<Outcome, String> {
    let params = check.params_with(&example.params).map_err(|problems| problems.join("; "))?;
    let files = machine(example);
    let mut reading = Reading::default();
    let mut subjects = match servers(example)? {
        heard if heard.is_empty() => read(check, example, &files, &mut reading),
        heard => {
            let prefixes = config(example).map(|(_, config)| config.key_prefixes).unwrap_or_default();
            let wish = Wish { wanted: &Wanted::All, today: Some(TODAY), keys: Some(&prefixes) };
            let mut subjects = live::subjects(&heard, wish, &mut reading);
            let groups = group::subjects(&heard, &mut subjects, &mut reading.sources);
            subjects.into_iter().chain(groups).collect()
        }
    };
    if check.rule.reads == NAME {
        subjects = waivers::subjects(example, &subjects, &mut reading, others)?;
    }
    let judged: Vec<_> = subjects
        .into_iter()
        .filter(|subject| subject.kind == check.rule.reads)
        .map(|subject| {
            let verdicts = judge::judge(check, &subject, &params);
            (subject, verdicts)
        })
        .collect();
    if judged.is_empty() {
        let notices: Vec<_> = reading.notices.iter().map(|notice| notice.message.as_str()).collect();
        let notices = if notices.is_empty() { String::new() } else { format!(": {}", notices.join("; ")) };
        return Err(format!("no file of this example makes a subject of {}{notices}", check.rule.reads));
    }
    Ok(Outcome { sources: reading.sources, judged, params })
}

/// The servers of an example that run: files whose name is a URL have what they answer.
fn servers(example: &Example) -> Result<Vec<Heard>, String> {
    let listed = match example.files.get(INVENTORY) {
        Some(text) => inventory::parse(text, INVENTORY, Path::new("/")).map_err(|wrong| wrong.join("; "))?,
        None => Vec::new(),
    };
    let servers = example.files.iter().filter(|(name, _)| name.contains("://"));
    let heard = servers.map(|(url, text)| {
        let mut heard = recorded::heard(url, text).map_err(|why| format!("{url}: {why}"))?;
        let same = listed.iter().find(|server| server.target.address == heard.target.address);
        heard.expected = same.and_then(|server| server.expected.clone());
        Ok(heard)
    });
    heard.collect()
}

/// The files of an example, as a machine whose `/` they are in.
pub fn machine(example: &Example) -> Memory {
    let mut files = Memory::new();
    for (path, text) in &example.files {
        files.put(path, text.as_bytes());
    }
    for path in &example.deny_read {
        files.deny(path);
    }
    for (path, mode) in &example.modes {
        // The loader refuses what is no octal number.
        files.chmod(path, u32::from_str_radix(mode, 8).unwrap_or(0));
    }
    files
}

/// The declared version of the platform.
fn versions(check: &Check, example: &Example) -> BTreeMap<String, String> {
    let platform = if check.rule.reads == NAME { "redis" } else { check.rule.reads };
    example.version.iter().map(|version| (platform.to_owned(), version.clone())).collect()
}

fn context<'a>(
    files: &'a Memory,
    versions: &'a BTreeMap<String, String>,
    cache_rules: Option<&'a CacheRules>,
) -> Context<'a> {
    Context { files, versions, wanted: &Wanted::All, today: Some(TODAY), cache_rules }
}

/// The text of the `hardline.toml` of an example, if it has one, and what it says.
fn config(example: &Example) -> Option<(&String, Config)> {
    let text = example.files.get(FILE)?;
    let mut sources = Sources::new();
    let id = sources.add(Place::File(FILE.into()), text.as_bytes().to_vec());
    Some((text, config::parse(sources.get(id)).0))
}

/// The rules for caches in the `hardline.toml` of an example, if it has any.
fn cache_rules(example: &Example) -> Option<CacheRules> {
    let (text, config) = config(example)?;
    let place = Place::File(FILE.into());
    (!config.cache_rules.is_empty()).then(|| CacheRules {
        place,
        bytes: text.as_bytes().to_vec(),
        rules: config.cache_rules,
    })
}

fn read(check: &Check, example: &Example, files: &Memory, reading: &mut Reading) -> Vec<Subject> {
    let versions = versions(check, example);
    let found = files
        .iter()
        .filter_map(|(path, _)| {
            let location = Location::Target(path.to_path_buf());
            // What refuses to be read is not found, only included.
            let bytes = files.read(&location).ok()?;
            let shown = path.strip_prefix("/").unwrap_or(path);
            Some(Found {
                location,
                place: Place::File(shown.to_path_buf()),
                bytes,
                asked: true,
                named: false,
                platform: None,
            })
        })
        .collect();
    platform::read_all(found, &context(files, &versions, cache_rules(example).as_ref()), reading)
}

/// Compares what a check says with what an example promises.
///
/// # Errors
/// One paragraph that says what was promised and what came out.
pub fn compare(check: &Check, example: &Example, outcome: &Outcome) -> Result<(), String> {
    let verdicts: Vec<&Verdict> =
        outcome.judged.iter().flat_map(|(_, judged)| judged.iter().map(|judged| &judged.verdict)).collect();
    let count = |kind: Expect| verdicts.iter().filter(|verdict| expectation(verdict) == Some(kind)).count();
    let only = |kinds: &[Expect]| {
        verdicts.iter().all(|verdict| expectation(verdict).is_some_and(|kind| kinds.contains(&kind)))
    };
    use Expect::{Bypass, Deny, NotApplicable, Pass, Unknown};
    let kept = match example.expect {
        Deny => count(Deny) > 0 && only(&[Deny, Pass, NotApplicable, Bypass, Unknown]),
        // Over an empty list nothing is said, which is what such an example wants to show.
        Pass => only(&[Pass, NotApplicable]) && (count(Pass) > 0 || !check.rule.for_each.is_empty()),
        Bypass => count(Bypass) > 0 && only(&[Bypass, Pass, NotApplicable]),
        Unknown => count(Unknown) > 0 && only(&[Unknown, Pass, NotApplicable, Bypass]),
        NotApplicable => only(&[NotApplicable]),
    };
    if !kept {
        let said = verdicts.iter().map(|verdict| describe(verdict, &outcome.sources)).collect::<Vec<_>>().join("; ");
        return Err(format!("expected `{}`, but the check says: {said}", example.expect.as_str()));
    }
    spans(example, outcome, &verdicts)?;
    unknowns(example, outcome)
}

fn expectation(verdict: &Verdict) -> Option<Expect> {
    match verdict {
        Verdict::Fail(_) => Some(Expect::Deny),
        Verdict::Pass => Some(Expect::Pass),
        Verdict::NotApplicable => Some(Expect::NotApplicable),
        Verdict::Bypassed { .. } => Some(Expect::Bypass),
        Verdict::Unknown(_) => Some(Expect::Unknown),
        Verdict::Broken { .. } => None,
    }
}

fn describe(verdict: &Verdict, sources: &Sources) -> String {
    match verdict {
        Verdict::Fail(finding) => {
            let text = sources.text(finding.primary.span);
            format!("deny at `{}` ({})", text.lines().next().unwrap_or_default(), finding.message)
        }
        Verdict::Pass => "pass".to_owned(),
        Verdict::NotApplicable => "not applicable".to_owned(),
        Verdict::Bypassed { reason, .. } => format!("bypassed ({reason})"),
        Verdict::Unknown(undecided) => format!("unknown because of {}", causes(undecided).join(", ")),
        Verdict::Broken { error } => format!("broken: {error}"),
    }
}

fn causes(undecided: &Undecided) -> Vec<String> {
    undecided
        .causes
        .iter()
        .map(|(path, unknown)| match &unknown.of {
            Some(root) => format!("{path} (from {root}: {})", unknown.why.as_str()),
            None => format!("{path} ({})", unknown.why.as_str()),
        })
        .collect()
}

/// The texts under the primary labels.
fn spans(example: &Example, outcome: &Outcome, verdicts: &[&Verdict]) -> Result<(), String> {
    if example.spans.is_empty() {
        return Ok(());
    }
    let found: Vec<String> = verdicts
        .iter()
        .filter_map(|verdict| match verdict {
            Verdict::Fail(finding) => Some(outcome.sources.text(finding.primary.span)),
            _ => None,
        })
        .collect();
    if found == example.spans {
        return Ok(());
    }
    Err(format!("expected findings at {:?}, found them at {found:?}", example.spans))
}

/// Each path of `unknown` must be, or hold, something that could not be told.
fn unknowns(example: &Example, outcome: &Outcome) -> Result<(), String> {
    for path in &example.unknown {
        let shown = outcome.judged.iter().any(|(subject, judged)| {
            let mut causes = judged.iter().flat_map(|judged| match &judged.verdict {
                Verdict::Unknown(undecided) => undecided.causes.as_slice(),
                _ => &[],
            });
            causes.any(|(cause, unknown)| is_cause(subject, path, cause, unknown))
        });
        if !shown {
            let all: Vec<_> = outcome
                .judged
                .iter()
                .flat_map(|(_, judged)| judged)
                .filter_map(|judged| match &judged.verdict {
                    Verdict::Unknown(undecided) => Some(causes(undecided).join(", ")),
                    _ => None,
                })
                .collect();
            return Err(format!("expected `{path}` among the unknowns, found {}", all.join("; ")));
        }
    }
    Ok(())
}

fn is_cause(subject: &Subject, path: &str, cause: &str, unknown: &Unknown) -> bool {
    let below = |inner: &str| {
        inner.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('.') || rest.starts_with('['))
    };
    if below(cause) || unknown.of.as_deref().is_some_and(below) {
        return true;
    }
    // A derived fact that is unknown for the same reason at the same place follows from the fact that is meant.
    let mut parts = path.split('.').skip(1).map(|part| part.strip_suffix("[]").unwrap_or(part));
    let Some(fact) = parts.next().and_then(|first| subject.facts.get(first)) else { return false };
    holds(fact, &parts.collect::<Vec<_>>(), unknown, 6)
}

/// Whether the fact at `path` below this one is unknown for this reason, or holds one that is.
fn holds(fact: &Fact, path: &[&str], wanted: &Unknown, levels: usize) -> bool {
    let Some(deeper) = levels.checked_sub(1) else { return false };
    let same = |unknown: &Unknown| unknown.why == wanted.why && unknown.at == wanted.at;
    match fact {
        Fact::Unknown(unknown) => same(unknown),
        Fact::Known { value: Value::List(list), .. } => {
            list.rest.as_ref().is_some_and(same)
                || Items::iter(&list.items).any(|item| holds(&item, path, wanted, deeper))
        }
        Fact::Known { value: Value::Record(record), .. } => match path.split_first() {
            Some((name, rest)) => record.get(name).is_some_and(|fact| holds(fact, rest, wanted, deeper)),
            None => record.iter().any(|(_, fact)| holds(fact, &[], wanted, deeper)),
        },
        Fact::Known { .. } => false,
    }
}

/// The name under which an example is a test: `redis/open-to-network::password set`.
pub fn test_name(check: &str, example: &Example) -> String {
    format!("{check}::{}", example.name)
}

/// The id that a check file's place says: its last folder and its name.
pub fn id_of(path: &Path) -> Option<String> {
    let name = path.file_stem()?.to_str()?;
    let folder = path.parent()?.file_name()?.to_str()?;
    Some(format!("{folder}/{name}"))
}
