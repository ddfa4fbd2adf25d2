//! What is said about one item: by one world, and by all together.

use crate::fact::{Unknown, Worlds};
use crate::finding::{Finding, Undecided, Verdict};
use crate::text::Span;
use crate::truth::Cause;

/// What one world, or all together, say about one item.
pub(super) enum Outcome {
    Pass,
    NotApplicable,
    Fail(Box<Finding>),
    Bypassed { reason: String, at: Span },
    Unknown(Vec<Cause>),
}

/// What holds in some worlds, as one outcome: the worst that is certain somewhere.
pub(super) fn together(outcomes: Vec<(usize, Outcome)>, worlds: usize) -> Outcome {
    let mut failing = Worlds::NONE;
    let (mut fail, mut bypassed, mut pass) = (None, None, false);
    let mut unknown: Vec<Cause> = Vec::new();
    for (world, outcome) in outcomes {
        match outcome {
            Outcome::Fail(finding) => {
                failing = failing.or(Worlds::one(world));
                fail.get_or_insert(finding);
            }
            Outcome::Unknown(causes) => {
                for cause in causes {
                    if !unknown.iter().any(|known| same_cause(known, &cause)) {
                        unknown.push(cause);
                    }
                }
            }
            Outcome::Bypassed { .. } => bypassed = bypassed.or(Some(outcome)),
            Outcome::Pass => pass = true,
            Outcome::NotApplicable => {}
        }
    }
    if let Some(mut finding) = fail {
        finding.only_in = (failing != Worlds::first(worlds)).then_some(failing);
        return Outcome::Fail(finding);
    }
    if !unknown.is_empty() {
        return Outcome::Unknown(unknown);
    }
    bypassed.unwrap_or(if pass { Outcome::Pass } else { Outcome::NotApplicable })
}

fn same_cause(a: &Cause, b: &Cause) -> bool {
    let same = |a: &Unknown, b: &Unknown| a.why == b.why && a.at == b.at;
    a.path == b.path && same(&a.unknown, &b.unknown)
}

/// The verdict that an outcome is.
pub(super) fn verdict(outcome: Outcome) -> Verdict {
    match outcome {
        Outcome::Pass => Verdict::Pass,
        Outcome::NotApplicable => Verdict::NotApplicable,
        Outcome::Fail(finding) => Verdict::Fail(finding),
        Outcome::Bypassed { reason, at } => Verdict::Bypassed { reason, at },
        Outcome::Unknown(causes) => Verdict::Unknown(Undecided {
            causes: causes.into_iter().map(|cause| (cause.path.to_string(), cause.unknown)).collect(),
        }),
    }
}
