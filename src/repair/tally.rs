//! How often each check fails on each subject: what a fix must not make worse.

use std::collections::BTreeMap;
use std::path::Path;

use super::combine::Candidate;
use crate::choose::Chosen;
use crate::files::Location;
use crate::finding::{CheckId, Severity, Verdict};
use crate::judge_subjects;
use crate::project::Facts;

/// Whether a check says that a server does not start. Nothing outweighs that.
pub(super) fn is_start(id: &str) -> bool {
    id.ends_with("/will-not-start")
}

/// What a check says about a subject.
#[derive(Debug, Clone, Copy)]
struct Count {
    severity: Severity,
    failed: usize,
    open: usize,
}

/// What all checks say about all subjects.
#[derive(Debug, Clone)]
pub(super) struct Tally(BTreeMap<(Location, CheckId), Count>);

impl Tally {
    pub(super) fn of(guards: &[Chosen], facts: &Facts) -> Tally {
        let (judged, _) = judge_subjects(guards, facts, false);
        let mut counts = BTreeMap::new();
        for one in &judged {
            let Some(subject) = facts.subjects.get(one.subject) else { continue };
            let count = |is: fn(&Verdict) -> bool| one.verdicts.iter().filter(|verdict| is(verdict)).count();
            let guard = guards.iter().find(|guard| guard.check.id == one.check);
            let count = Count {
                severity: guard.map_or(Severity::Critical, |guard| guard.check.severity),
                failed: count(|verdict| matches!(verdict, Verdict::Fail(_))),
                open: count(|verdict| matches!(verdict, Verdict::Unknown(_) | Verdict::Broken { .. })),
            };
            counts.insert((subject.location.clone(), one.check.clone()), count);
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
        for ((subject, check), old) in &first.0 {
            let Some(new) = self.0.get(&(subject.clone(), check.clone())) else {
                return Err(format!("with its fix {} would be no subject any more", show(subject.path())));
            };
            let going = all.iter().filter(|one| one.check == *check && one.subject == *subject).count();
            if going > 0 && new.failed + going > old.failed {
                return Err("its fix together with the others would not make it pass".to_owned());
            }
        }
        let mildest = more.iter().map(|candidate| candidate.severity).min();
        for ((subject, check), new) in &self.0 {
            let old = before.0.get(&(subject.clone(), check.clone()));
            let (failed, open) = old.map_or((0, 0), |old| (old.failed, old.open));
            let start = is_start(check.as_str());
            let matters = start || mildest.is_none_or(|mildest| new.severity >= mildest);
            if matters && new.failed > failed {
                let where_to = show(subject.path());
                return Err(match start {
                    true => format!("with its fix, {where_to} would no longer start"),
                    false => format!("its fix would bring {check} in {where_to}"),
                });
            }
            if matters && new.open > open {
                return Err(format!("with its fix, {check} could no longer be decided"));
            }
        }
        Ok(())
    }
}
