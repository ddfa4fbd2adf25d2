//! What waivers do to a report, and what checks say about the waivers themselves.
//!
//! Whether a waiver is used is known only when all other checks have judged, so the checks on waivers come last, and
//! among them first the only one that a waiver can waive.

use std::path::PathBuf;

use crate::check::Check;
use crate::expr::Params;
use crate::fact::Subject;
use crate::finding::CheckId;
use crate::judge;
use crate::platform::hardline::NAME;
use crate::report::{Judged, Report, Shower};
use crate::waive::{Setting, Waivers};
use crate::waiver::{OURS, WAIVABLE, Written};

/// The waivers of a project as they are written.
#[derive(Debug, Clone, Default)]
pub struct Stated {
    /// All of them, good or not.
    pub waivers: Vec<Written>,
    /// The folder of `hardline.toml`.
    pub folder: PathBuf,
    /// Whether everything below that folder was looked at.
    pub whole: bool,
}

/// Applies waivers to a report of everything else, and adds what the checks on waivers say.
pub fn settle(
    report: &mut Report,
    written: Vec<Written>,
    setting: Setting<'_>,
    checks: &[(&Check, &Params)],
    show: Shower<'_>,
) {
    if written.is_empty() {
        return;
    }
    let ours: Vec<(&Check, &Params)> = checks.iter().copied().filter(|(check, _)| check.rule.reads == NAME).collect();
    let mut waivers = Waivers::new(written, setting);
    report.waive(|case| waivers.waive(case));
    let first = report.subjects.len();
    let subjects = waivers.subjects();
    report.tally.subjects += subjects.len();
    report.tally.checks += ours.len();
    report.subjects.extend(subjects.iter().cloned());
    let (waivable, others): (Vec<_>, Vec<_>) = ours.into_iter().partition(|(check, _)| check.id.as_str() == WAIVABLE);
    report.extend(judged(&subjects, first, &waivable), show);
    report.waive(|case| if is_ours(case.check) { waivers.waive(case) } else { None });
    let subjects = waivers.subjects();
    report.extend(judged(&subjects, first, &others), show);
    report.subjects.splice(first.., subjects);
    report.notices.extend(waivers.notices());
    report.notices.sort();
    report.notices.dedup();
}

fn is_ours(check: &CheckId) -> bool {
    check.as_str().starts_with(OURS)
}

fn judged(subjects: &[Subject], first: usize, checks: &[(&Check, &Params)]) -> Vec<Judged> {
    let mut all = Vec::new();
    for (number, subject) in subjects.iter().enumerate() {
        let said = judge::judge_all(checks, subject);
        let said = checks.iter().zip(said);
        all.extend(said.map(|((check, _), said)| Judged::new(first + number, check.id.clone(), said)));
    }
    all
}
