//! How often each check fails on each subject: what a fix must not make worse.

use std::collections::BTreeMap;
use std::path::Path;

use super::combine::Candidate;
use crate::choose::Chosen;
use crate::files::Location;
use crate::finding::{CheckId, Count, Severity};
use crate::judge_subjects;
use crate::project::Facts;

/// What a check says about a subject, and how much that weighs against what a fix takes away.
#[derive(Debug, Clone, Copy)]
struct Weighed {
    severity: Severity,
    vetoes: bool,
    count: Count,
}

/// What all checks say about all subjects.
#[derive(Debug, Clone)]
pub(super) struct Tally(BTreeMap<(Location, CheckId), Weighed>);

impl Tally {
    pub(super) fn of(guards: &[Chosen], facts: &Facts) -> Tally {
        let (judged, _) = judge_subjects(guards, facts, false);
        let mut counts = BTreeMap::new();
        for one in &judged {
            let Some(subject) = facts.subjects.get(one.subject) else { continue };
            let guard = guards.iter().find(|guard| guard.check.id == one.check).map(|guard| &guard.check);
            let severity = guard.map_or(Severity::Critical, |check| check.severity);
            let vetoes = guard.is_some_and(|check| check.vetoes_fixes);
            let weighed = Weighed { severity, vetoes, count: Count::of(&one.verdicts) };
            counts.insert((subject.location.clone(), one.check.clone()), weighed);
        }
        Tally(counts)
    }

    /// Nothing, if the findings of `all` are gone and those of `more` brought nothing as bad as themselves; `before`
    /// is the state without `more`, and `first` the one without any.
    ///
    /// # Errors
    /// The harm, in one line.
    pub(super) fn harm(
        &self,
        (before, first): (&Tally, &Tally),
        all: &[&Candidate],
        more: &[Candidate],
        show: &dyn Fn(&Path) -> String,
    ) -> Result<(), String> {
        for ((subject, check), Weighed { count: old, .. }) in &first.0 {
            let Some(Weighed { count: new, .. }) = self.0.get(&(subject.clone(), check.clone())) else {
                return Err(format!("with its fix {} would be no subject any more", show(subject.path())));
            };
            let going = all.iter().filter(|one| one.check == *check && one.subject == *subject).count();
            if going > 0 && new.failed + going > old.failed {
                return Err("its fix together with the others would not make it pass".to_owned());
            }
        }
        let mildest = more.iter().map(|candidate| candidate.severity).min();
        for ((subject, check), Weighed { severity, vetoes, count: new }) in &self.0 {
            let old = before.0.get(&(subject.clone(), check.clone()));
            let old = old.map(|old| old.count).unwrap_or_default();
            let matters = *vetoes || mildest.is_none_or(|mildest| *severity >= mildest);
            if matters && new.failed > old.failed {
                return Err(format!("its fix would bring {check} in {}", show(subject.path())));
            }
            if matters && new.open > old.open {
                return Err(format!("with its fix, {check} could no longer be decided"));
            }
        }
        Ok(())
    }
}
