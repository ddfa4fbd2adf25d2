//! How often each check fails on each subject: what a fix must not make worse.

use std::collections::BTreeMap;
use std::path::Path;

use super::combine::Candidate;
use crate::choose::Chosen;
use crate::files::Location;
use crate::finding::{CheckId, Count, Severity};
use crate::judge_subjects;
use crate::project::Facts;

/// Whether a check says that a server does not start. Nothing outweighs that.
pub(super) fn is_start(id: &str) -> bool {
    id.ends_with("/will-not-start")
}

/// What all checks say about all subjects.
#[derive(Debug, Clone)]
pub(super) struct Tally(BTreeMap<(Location, CheckId), (Severity, Count)>);

impl Tally {
    pub(super) fn of(guards: &[Chosen], facts: &Facts) -> Tally {
        let (judged, _) = judge_subjects(guards, facts, false);
        let mut counts = BTreeMap::new();
        for one in &judged {
            let Some(subject) = facts.subjects.get(one.subject) else { continue };
            let guard = guards.iter().find(|guard| guard.check.id == one.check);
            let severity = guard.map_or(Severity::Critical, |guard| guard.check.severity);
            counts.insert((subject.location.clone(), one.check.clone()), (severity, Count::of(&one.verdicts)));
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
        for ((subject, check), (_, old)) in &first.0 {
            let Some((_, new)) = self.0.get(&(subject.clone(), check.clone())) else {
                return Err(format!("with its fix {} would be no subject any more", show(subject.path())));
            };
            let going = all.iter().filter(|one| one.check == *check && one.subject == *subject).count();
            if going > 0 && new.failed + going > old.failed {
                return Err("its fix together with the others would not make it pass".to_owned());
            }
        }
        let mildest = more.iter().map(|candidate| candidate.severity).min();
        for ((subject, check), (severity, new)) in &self.0 {
            let old = before.0.get(&(subject.clone(), check.clone()));
            let old = old.map(|(_, old)| *old).unwrap_or_default();
            let start = is_start(check.as_str());
            let matters = start || mildest.is_none_or(|mildest| *severity >= mildest);
            if matters && new.failed > old.failed {
                let where_to = show(subject.path());
                return Err(match start {
                    true => format!("with its fix, {where_to} would no longer start"),
                    false => format!("its fix would bring {check} in {where_to}"),
                });
            }
            if matters && new.open > old.open {
                return Err(format!("with its fix, {check} could no longer be decided"));
            }
        }
        Ok(())
    }
}
