//! Sides of which at least one is a report: a report has no facts, so what the checks say is compared, subject by subject.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::found::{About, Comparison, Difference, Held, Located, SideOf, Told, Undecided};
use super::kind::{Kinds, id, names};
use super::order::Weaker;
use super::pair;
use super::scene::Out;
use super::value::NOTHING;
use crate::diff::of;
use crate::fact::Why;
use crate::finding::Severity;
use crate::mask::one_line;
use crate::platform::PLATFORMS;
use crate::platform::redis::live::subject::CARRIER;
use crate::text::{Level, Position};

/// A side as a JSON report, as `check` and `audit` write it.
#[derive(Debug)]
pub(super) struct Verdicts {
    /// What it is called.
    pub name: String,
    /// The report.
    pub report: Value,
}

/// A subject of a report.
struct One<'r> {
    kind: &'static str,
    name: String,
    path: String,
    version: String,
    /// Whether it is a server that told nothing of itself.
    silent: bool,
    /// What failed, by check.
    failed: BTreeMap<String, Vec<&'r Value>>,
    /// What could not be decided, by check.
    open: BTreeMap<String, &'r Value>,
}

impl Verdicts {
    fn list(&self, name: &str) -> impl Iterator<Item = &Value> {
        self.report.get(name).and_then(Value::as_array).into_iter().flatten()
    }

    fn subjects(&self) -> Vec<One<'_>> {
        let kind = |subject: &Value| {
            let kind = of(subject, "kind");
            PLATFORMS.iter().map(|platform| platform.schema().name).find(|known| *known == kind)
        };
        let subjects = self.list("subjects").filter_map(|subject| {
            let (name, path, version) = (of(subject, "name"), of(subject, "path"), of(subject, "version"));
            let (failed, open) = (BTreeMap::new(), BTreeMap::new());
            Some(One { kind: kind(subject)?, name, path, version, silent: silent(subject), failed, open })
        });
        let mut all: Vec<One<'_>> = subjects.collect();
        let key = |subject: &Value| (of(subject, "kind"), of(subject, "name"), of(subject, "path"));
        let numbers: BTreeMap<_, usize> = all
            .iter()
            .enumerate()
            .map(|(number, one)| ((one.kind.to_owned(), one.name.clone(), one.path.clone()), number))
            .collect();
        let number = |item: &Value| item.get("subject").and_then(|subject| numbers.get(&key(subject)).copied());
        for finding in self.list("findings").filter(|finding| of(finding, "verdict") == "fail") {
            if let Some(one) = number(finding).and_then(|number| all.get_mut(number)) {
                one.failed.entry(of(finding, "check")).or_default().push(finding);
            }
        }
        for unknown in self.list("unknown") {
            if let Some(one) = number(unknown).and_then(|number| all.get_mut(number)) {
                one.open.entry(of(unknown, "check")).or_insert(unknown);
            }
        }
        all
    }

    /// How many checks were asked.
    fn checks(&self) -> u64 {
        self.report.get("tally").and_then(|tally| tally.get("checks")).and_then(Value::as_u64).unwrap_or_default()
    }
}

/// Compares what the checks say of both.
pub(super) fn compare(left: &Verdicts, right: &Verdicts, kinds: &Kinds) -> Comparison {
    let (ours, theirs) = (left.subjects(), right.subjects());
    let mut out = Out { kinds, differences: Vec::new(), undecided: Vec::new() };
    for (one, other) in pairs(&ours, &theirs) {
        out.pair(one, other);
    }
    out.differences.sort_by(|one, other| (&one.subject, &one.what).cmp(&(&other.subject, &other.what)));
    let mut notices = vec![Told {
        level: Level::Info,
        place: None,
        message: "a report has no settings: what the checks found is compared".to_owned(),
    }];
    if left.checks() != right.checks() {
        let (one, other) = (left.checks(), right.checks());
        let message = format!("{one} checks were asked of {} and {other} of {}", left.name, right.name);
        notices.push(Told { level: Level::Warning, place: None, message: one_line(&message) });
    }
    let side = |side: &Verdicts, all: &[One<'_>]| SideOf { name: side.name.clone(), subjects: all.len() };
    let unread = ours.iter().chain(&theirs).any(|one| one.silent);
    let (left, right) = (side(left, &ours), side(right, &theirs));
    Comparison { left, right, differences: out.differences, undecided: out.undecided, notices, unread }
}

type Pair<'a, 'r> = (Option<&'a One<'r>>, Option<&'a One<'r>>);

/// Which subject of one report is which of the other: by path, by name, then if one of a kind is left.
fn pairs<'a, 'r>(left: &'a [One<'r>], right: &'a [One<'r>]) -> Vec<Pair<'a, 'r>> {
    let (mut ours, mut theirs): (Vec<&One<'_>>, Vec<&One<'_>>) = (left.iter().collect(), right.iter().collect());
    let mut pairs = Vec::new();
    let keys: [fn(&One<'_>) -> String; 3] = [|one| one.path.clone(), |one| one.name.clone(), |_| String::new()];
    for key in keys {
        let found = pair::matches(&ours, &theirs, |one| Some((one.kind, key(one))));
        pairs.extend(found.iter().map(|(one, other)| (Some(ours[*one]), Some(theirs[*other]))));
        pair::take_out(&mut ours, found.iter().map(|(one, _)| *one).collect());
        pair::take_out(&mut theirs, found.iter().map(|(_, other)| *other).collect());
    }
    pairs.extend(ours.into_iter().map(|one| (Some(one), None)));
    pairs.extend(theirs.into_iter().map(|one| (None, Some(one))));
    pairs
}

impl Out<'_> {
    fn pair(&mut self, one: Option<&One<'_>>, other: Option<&One<'_>>) {
        let Some(any) = one.or(other) else { return };
        let path = |one: Option<&One<'_>>| one.map(|one| one_line(&one.path));
        let about = About { kind: any.kind, name: one_line(&any.name), left: path(one), right: path(other) };
        let (Some(one), Some(other)) = (one, other) else {
            let held = |one: Option<&One<'_>>| Held {
                value: one.map_or(NOTHING.to_owned(), |one| one_line(&one.path)),
                places: Vec::new(),
            };
            let what = (format!("{}[{}]", about.kind, about.name), format!("{} {}", about.kind, about.name));
            return self.add(names::ONLY, None, &about, what, (held(one), held(other)), Weaker::Neither);
        };
        if one.version != other.version && !one.version.is_empty() && !other.version.is_empty() {
            let held = |one: &One<'_>| Held { value: one_line(&one.version), places: Vec::new() };
            let what = (format!("{}.version", about.kind), "version".to_owned());
            self.add(names::VERSION, None, &about, what, (held(one), held(other)), Weaker::Neither);
        }
        let checks: BTreeSet<&String> =
            [one, other].into_iter().flat_map(|one| one.failed.keys().chain(one.open.keys())).collect();
        for check in checks {
            self.check(check, &about, one, other);
        }
    }

    fn check(&mut self, check: &str, about: &About, one: &One<'_>, other: &One<'_>) {
        let what = format!("{}.checks[{check}]", about.kind);
        let mut open = Vec::new();
        for (side, one) in [("left", one), ("right", other)] {
            let unknown = one.open.get(check).copied();
            open.push(unknown.is_some() || one.silent);
            if unknown.is_some() || one.silent && !one.failed.contains_key(check) {
                let text = |name: &str| unknown.map_or_else(String::new, |unknown| of(unknown, name));
                let needs =
                    if unknown.is_some() { text("needs") } else { "a server that tells its version".to_owned() };
                self.undecided.push(Undecided {
                    subject: Some(about.clone()),
                    side,
                    why: why(&text("why")),
                    needs: one_line(&needs),
                    place: unknown.and_then(located),
                    what: vec![what.clone()],
                });
            }
        }
        // What one has is no difference where the other may have it, too.
        let surplus = |one, other, open: bool| if open { Vec::new() } else { beyond(one, other, check) };
        let is_open = |number: usize| open.get(number).copied().unwrap_or(true);
        let (left, right) = (surplus(one, other, is_open(1)), surplus(other, one, is_open(0)));
        if left.is_empty() && right.is_empty() {
            return;
        }
        let found = left.iter().chain(&right);
        let severity = found.filter_map(|finding| of(finding, "severity").parse().ok()).max();
        let weaker = Weaker::of_surplus(!left.is_empty(), !right.is_empty());
        self.add(names::VERDICT, severity, about, (what, check.to_owned()), (held(&left), held(&right)), weaker);
    }

    fn add(
        &mut self,
        kind: &str,
        severity: Option<Severity>,
        about: &About,
        (what, label): (String, String),
        (left, right): (Held, Held),
        weaker: Weaker,
    ) {
        self.differences.push(Difference {
            subject: Some(about.clone()),
            what: one_line(&what),
            label: one_line(&label),
            kind: id(kind),
            severity: severity.or(self.kinds.get(kind).map(|kind| kind.severity)).unwrap_or(Severity::Info),
            left,
            right,
            weaker,
            why: String::new(),
            versions: Vec::new(),
            allowed: None,
        });
    }
}

/// The findings of a check that one has and the other has not: by what they say, as many as there are.
fn beyond<'r>(one: &One<'r>, other: &One<'r>, check: &str) -> Vec<&'r Value> {
    let mut known: Vec<String> =
        other.failed.get(check).into_iter().flatten().map(|finding| of(finding, "message")).collect();
    let own = one.failed.get(check).into_iter().flatten().copied();
    own.filter(|finding| {
        let message = of(finding, "message");
        match known.iter().position(|other| *other == message) {
            Some(number) => {
                known.swap_remove(number);
                false
            }
            None => true,
        }
    })
    .collect()
}

/// Whether a report has servers, and none of them told anything of itself.
pub(super) fn is_silent(report: &Value) -> bool {
    let subjects: Vec<&Value> = report.get("subjects").and_then(Value::as_array).into_iter().flatten().collect();
    let servers = subjects.iter().filter(|subject| of(subject, "kind") != "group");
    !subjects.is_empty() && servers.into_iter().all(|subject| silent(subject))
}

/// Whether a subject is a server that did not tell its version, let alone more.
fn silent(subject: &Value) -> bool {
    of(subject, "carrier") == CARRIER && of(subject, "version").is_empty()
}

/// What a side is found to have.
fn held(found: &[&Value]) -> Held {
    if found.is_empty() {
        return Held { value: NOTHING.to_owned(), places: Vec::new() };
    }
    let mut value = found.first().map(|finding| one_line(&of(finding, "message"))).unwrap_or_default();
    if found.len() > 1 {
        value.push_str(&format!(", and {} more", found.len() - 1));
    }
    Held { value, places: found.iter().filter_map(|finding| located(finding)).collect() }
}

fn located(item: &Value) -> Option<Located> {
    let position = |name: &str| {
        let at = item.get(name)?;
        let number = |name: &str| usize::try_from(at.get(name)?.as_u64()?).ok();
        Some(Position { line: number("line")?, column: number("column")?, byte: number("byte")? })
    };
    let (path, start) = (of(item, "path"), position("start")?);
    Some(Located { path: one_line(&path), start, end: position("end").unwrap_or(start) })
}

/// The reasons for which something is not known, as reports name them.
fn why(text: &str) -> &'static str {
    Why::ALL.into_iter().map(Why::as_str).find(|known| *known == text).unwrap_or("malformed")
}
