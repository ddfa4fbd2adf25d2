//! The fix of an example: it can be made, the check passes afterwards, no other check fails more than before, and
//! making it again changes nothing.

use super::{Outcome, context, machine};
use crate::check::{Check, Example};
use crate::edit::TextEdit;
use crate::expr::Params;
use crate::fact::Subject;
use crate::finding::{Count, Verdict};
use crate::fix::{Workshop, in_order, text_after};
use crate::judge::{self, Judged, Said};

/// How many findings of an example have a fix that a program can make.
///
/// # Errors
/// One line that says what is wrong with the fix.
pub fn compare(check: &Check, example: &Example, outcome: &Outcome, others: &[Check]) -> Result<usize, String> {
    let files = machine(example);
    let versions = super::versions(check, example);
    let rules = super::cache_rules(example);
    let context = context(&files, &versions, rules.as_ref());
    let workshop = Workshop { context: &context, sources: &outcome.sources };
    let mut checks: Vec<(&Check, &Params)> = vec![(check, &outcome.params)];
    let others = others.iter().filter(|other| other.id != check.id && other.rule.reads == check.rule.reads);
    checks.extend(others.map(|other| (other, &other.params)));
    let mut offered = 0;
    for (subject, _) in &outcome.judged {
        let mut judged = judge::judge_all(&checks, subject);
        workshop.offer(&checks, subject, &mut judged);
        let edits = edits(&judged[0].judged);
        offered += edits.len();
        if let (Some(expected), Some((primary, first))) = (&example.fixed, edits.first()) {
            let text = text_after(&outcome.sources, *primary, first);
            if text != *expected {
                return Err(format!("once fixed, the place should read `{expected}`, and reads `{text}`"));
            }
        }
        if !edits.is_empty() {
            let all = in_order(edits.into_iter().flat_map(|(_, edits)| edits).collect());
            proven(&checks, (subject, &judged), &workshop, &all.map_err(|why| why.to_string())?)?;
        }
    }
    if offered == 0 && example.fixed.is_some() {
        return Err("`fixed` is promised, and no fix is offered".to_owned());
    }
    Ok(offered)
}

/// The places of the findings that have edits, each with its edits.
fn edits(judged: &[Judged]) -> Vec<(crate::text::Span, Vec<TextEdit>)> {
    let edits = judged.iter().filter_map(|one| match &one.verdict {
        Verdict::Fail(finding) => {
            let fix = finding.fix.as_ref().filter(|fix| !fix.edits.is_empty())?;
            Some((finding.primary.span, fix.edits.clone()))
        }
        _ => None,
    });
    edits.collect()
}

fn proven(
    checks: &[(&Check, &Params)],
    (subject, judged): (&Subject, &[Said]),
    workshop: &Workshop<'_>,
    all: &[TextEdit],
) -> Result<(), String> {
    let gone = || "once fixed, the file is no subject any more".to_owned();
    let (again, sources) = workshop.read_again(subject, all).ok_or_else(gone)?;
    let failing = |said: &Said| Count::of(said.judged.iter().map(|one| &one.verdict)).failed;
    let mut after = judge::judge_all(checks, &again);
    let left = failing(&judged[0]) - edits(&judged[0].judged).len();
    if failing(&after[0]) > left {
        return Err("once all fixes are made together, the check still fails".to_owned());
    }
    for (((other, _), before), after) in checks.iter().zip(judged).zip(&after).skip(1) {
        if other.severity >= checks[0].0.severity && failing(after) > failing(before) {
            return Err(format!("the fix brings a finding of {}", other.id));
        }
    }
    Workshop { context: workshop.context, sources: &sources }.offer(checks, &again, &mut after);
    if edits(&after[0].judged).len() > left {
        return Err("a second run would change the files again".to_owned());
    }
    Ok(())
}
