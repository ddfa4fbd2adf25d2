//! Fixes: from the steps that a check names to bytes, offered only where they make the check pass.
//!
//! A fix is tried before it is offered: the edits are applied in memory, the subject is read again as every version
//! in question reads it, and the check judges it once more.

pub mod diff;
pub mod write;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::check::Check;
use crate::edit::{EditError, TextEdit};
use crate::expr::Params;
use crate::fact::Subject;
use crate::files::Changed;
use crate::finding::{Count, FixWords, Verdict};
use crate::judge::{self, Judged, Said};
use crate::platform::redis::live::commands::commands;
use crate::platform::redis::live::subject::CARRIER;
use crate::platform::{self, Context, Found, PLATFORMS, Reading};
use crate::text::{Place, SourceId, Sources, Span};

/// Why a fix is only shown and not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotOffered {
    /// The check names no steps.
    #[error("a person has to do it")]
    NoSteps,
    /// A step cannot be made.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// Two steps change the same bytes.
    #[error("two steps change the same place")]
    Overlap,
}

/// What a fix is tried on: what a run read, and how to read it again.
#[derive(Clone, Copy)]
pub struct Workshop<'a> {
    /// How files are opened, and the declared versions.
    pub context: &'a Context<'a>,
    /// What was read.
    pub sources: &'a Sources,
}

impl fmt::Debug for Workshop<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Workshop")
    }
}

/// How many fixes of one check are tried one by one, where all of them together are not enough.
const TRIED: usize = 20;

/// The checks of a run with their parameters, and what each said about a subject.
type Asked<'a> = [(&'a Check, &'a Params)];

/// Puts into the words of each fix what to type on a server that runs, and what brings today's values back.
fn tell_commands(checks: &Asked<'_>, subject: &Subject, said: &mut [Said]) {
    for ((check, _), said) in checks.iter().zip(said) {
        for judged in &mut said.judged {
            let Some((make, undo)) = commands(subject, &judged.plan(check)) else { continue };
            if let Verdict::Fail(finding) = &mut judged.verdict
                && let Some(fix) = &mut finding.fix
            {
                let each = |all: &[String]| all.iter().map(|one| format!("`{one}`")).collect::<Vec<_>>().join(", ");
                let keep = "then `CONFIG REWRITE`, or the same in the file, so that it stays";
                let first = if fix.words.hint.is_empty() { String::new() } else { format!("{}; ", fix.words.hint) };
                fix.words = Arc::new(FixWords {
                    hint: format!("{first}{}, {keep}", each(&make)),
                    rollback: each(&undo),
                    ..FixWords::clone(&fix.words)
                });
            }
        }
    }
}

impl Workshop<'_> {
    /// Gives the findings about a subject the edits that fix them, and those about a server that runs the commands; `said`
    /// is what each of the checks said.
    pub fn offer(&self, checks: &Asked<'_>, subject: &Subject, said: &mut [Said]) {
        if subject.carrier == CARRIER {
            return tell_commands(checks, subject, said);
        }
        let before: Vec<Count> = said.iter().map(count).collect();
        for (number, said) in said.iter_mut().enumerate() {
            let failed = said.judged.iter().any(|judged| matches!(judged.verdict, Verdict::Fail(_)));
            if failed && checks.get(number).is_some_and(|(check, _)| !check.edits().is_empty()) {
                self.offer_one(checks, number, &before, subject, &mut said.judged);
            }
        }
    }

    /// The same for one check. All its findings are tried together first, as many are alike; then one by one.
    fn offer_one(&self, checks: &Asked<'_>, number: usize, before: &[Count], subject: &Subject, judged: &mut [Judged]) {
        let (check, _) = checks[number];
        let failed = |judged: &Judged| matches!(judged.verdict, Verdict::Fail(_));
        let plans: Vec<(usize, Vec<TextEdit>)> = judged
            .iter()
            .enumerate()
            .filter(|(_, one)| failed(one))
            .filter_map(|(number, one)| Some((number, self.steps(check, subject, one).ok()?)))
            .collect();
        let enough = |edits: &[TextEdit], going| self.is_enough(checks, (number, going), before, subject, edits);
        let all = in_order(plans.iter().flat_map(|(_, edits)| edits.clone()).collect());
        let together = !plans.is_empty() && all.is_ok_and(|all| enough(&all, plans.len()));
        let tried = if together { plans.len() } else { TRIED };
        for (number, edits) in plans.into_iter().take(tried) {
            if !together && !enough(&edits, 1) {
                continue;
            }
            if let Verdict::Fail(finding) = &mut judged[number].verdict
                && let Some(fix) = &mut finding.fix
            {
                fix.edits = edits;
            }
        }
    }

    /// What the steps of a check's fix change for one finding.
    ///
    /// # Errors
    /// Why a program cannot do it.
    pub fn steps(&self, check: &Check, subject: &Subject, finding: &Judged) -> Result<Vec<TextEdit>, NotOffered> {
        let plan = finding.plan(check);
        let platform = PLATFORMS.iter().find(|platform| platform.schema().name == subject.kind);
        let platform = platform.filter(|_| !plan.is_empty()).ok_or(NotOffered::NoSteps)?;
        let mut edits = Vec::new();
        for op in &plan {
            edits.extend(platform.edit(self.sources, subject, op)?);
        }
        in_order(edits)
    }

    /// Whether edits make so many failures of a check go, nothing less certain, and no fault as bad come instead: a
    /// server that does not start is no fix for one that is open.
    fn is_enough(
        &self,
        checks: &Asked<'_>,
        (number, going): (usize, usize),
        before: &[Count],
        subject: &Subject,
        edits: &[TextEdit],
    ) -> bool {
        let Some((again, _)) = self.read_again(subject, edits) else { return false };
        let after = judge::judge_all(checks, &again);
        let (check, _) = checks[number];
        checks.iter().zip(before.iter().zip(&after)).enumerate().all(|(other, ((its, _), (before, after)))| {
            let after = count(after);
            let going = if other == number { going } else { 0 };
            let matters = other == number || its.severity >= check.severity;
            !matters || after.failed + going <= before.failed && after.open <= before.open
        })
    }

    /// The subject as it is once edits are made, with what was read for it; nothing where it is no subject any more.
    pub fn read_again(&self, subject: &Subject, edits: &[TextEdit]) -> Option<(Subject, Sources)> {
        let changed = apply(self.sources, edits);
        let of_path = changed.iter().filter_map(|(source, bytes)| match self.sources.get(*source).place() {
            Place::File(path) => Some((path.clone(), bytes.clone())),
            Place::Stdin(_) | Place::Arguments | Place::Live { .. } => None,
        });
        let files = Changed::new(self.context.files, of_path.collect::<Vec<(PathBuf, Vec<u8>)>>());
        let main = self.sources.get(subject.main.source);
        let bytes = changed.get(&main.id()).cloned().unwrap_or_else(|| main.bytes().to_vec());
        let found = Found {
            location: subject.location.clone(),
            place: main.place().clone(),
            bytes,
            asked: true,
            named: false,
            platform: Some(subject.kind),
        };
        let mut reading = Reading::default();
        let context = Context { files: &files, ..*self.context };
        let again = platform::read_all(vec![found], &context, &mut reading);
        again.into_iter().find(|again| again.kind == subject.kind).map(|again| (again, reading.sources))
    }
}

fn count(said: &Said) -> Count {
    Count::of(said.judged.iter().map(|judged| &judged.verdict))
}

/// Edits by place, each once.
///
/// # Errors
/// [`NotOffered::Overlap`] when two of them change the same bytes.
pub fn in_order(mut edits: Vec<TextEdit>) -> Result<Vec<TextEdit>, NotOffered> {
    // Insertions at one place stay in the order of the steps.
    edits.sort_by_key(|edit| edit.span);
    edits.dedup();
    let overlap = |pair: &[TextEdit]| {
        let (first, next) = (pair[0].span, pair[1].span);
        first.source == next.source && next.start < first.end
    };
    if edits.windows(2).any(overlap) { Err(NotOffered::Overlap) } else { Ok(edits) }
}

/// The bytes of every source that is changed. Edits are in order and do not overlap ([`in_order`]).
pub fn apply(sources: &Sources, edits: &[TextEdit]) -> BTreeMap<SourceId, Vec<u8>> {
    let mut changed: BTreeMap<SourceId, Vec<u8>> = BTreeMap::new();
    for edit in edits.iter().rev() {
        let source = edit.span.source;
        let bytes = changed.entry(source).or_insert_with(|| sources.get(source).bytes().to_vec());
        let end = (edit.span.end as usize).min(bytes.len());
        bytes.splice((edit.span.start as usize).min(end)..end, edit.text.bytes());
    }
    changed
}

/// What stands at a place once edits are made, without the blanks around it. What is inserted right there counts, and
/// of an edit that reaches beyond the place only what it takes away.
pub fn text_after(sources: &Sources, at: Span, edits: &[TextEdit]) -> String {
    let mut text = sources.get(at.source).slice(at).to_vec();
    let touches =
        |edit: &&TextEdit| edit.span.source == at.source && edit.span.start <= at.end && at.start <= edit.span.end;
    for edit in edits.iter().rev().filter(touches) {
        let inside = at.start <= edit.span.start && edit.span.end <= at.end;
        let clip = |offset: u32| (offset.clamp(at.start, at.end) - at.start) as usize;
        let new = if inside { edit.text.as_str() } else { "" };
        text.splice(clip(edit.span.start)..clip(edit.span.end), new.bytes());
    }
    String::from_utf8_lossy(&text).trim().to_owned()
}
