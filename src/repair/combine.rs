//! Fixes that could be made, and their edits by file, so that those of several findings and subjects can be put together.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{Index, real_path};
use crate::files::Location;
use crate::finding::{CheckId, Finding, Safety, Severity, Verdict};
use crate::project::Facts;
use crate::report::{Judged, Made};
use crate::text::{Place, Span};

/// A finding with a fix that may be made.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) check: CheckId,
    pub(super) severity: Severity,
    /// The subject's main file.
    pub(super) subject: Location,
    pub(super) at: Span,
    path: String,
    title: String,
    safety: Safety,
    pub(super) edits: Edits,
}

impl Candidate {
    /// The files that it changes.
    pub(super) fn files(&self) -> BTreeSet<PathBuf> {
        self.edits.0.keys().cloned().collect()
    }

    /// What a report says of it.
    pub(super) fn made(&self) -> Made {
        let (check, path) = (self.check.clone(), self.path.clone());
        Made { check, path, title: self.title.clone(), safety: self.safety }
    }
}

/// Replaced bytes by file: from, to, text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Edits(BTreeMap<PathBuf, Vec<(usize, usize, String)>>);

impl Edits {
    /// Adds those that are not there yet. What is inserted at one place stays in the order it came.
    pub(super) fn add(&mut self, more: &Edits) {
        for (path, edits) in &more.0 {
            let known = self.0.entry(path.clone()).or_default();
            for edit in edits {
                if !known.contains(edit) {
                    known.push(edit.clone());
                }
            }
            known.sort_by_key(|(from, to, _)| (*from, *to));
        }
    }

    /// Whether both change the same bytes, each in its own way.
    pub(super) fn overlap(&self, other: &Edits) -> bool {
        let clash = |(from, to, text): &(usize, usize, String), (start, end, new): &(usize, usize, String)| {
            let equal = (from, to, text) == (start, end, new);
            let replaces = from < to && start < end;
            let crosses = from < end && start < to;
            // An insertion clashes with what is replaced around it, not with what begins or ends there.
            !equal && (replaces && crosses || !replaces && start < to && from < end)
        };
        self.0.iter().any(|(path, mine)| {
            let theirs = other.0.get(path).map_or(&[][..], Vec::as_slice);
            mine.iter().any(|one| theirs.iter().any(|two| clash(one, two)))
        })
    }

    /// The bytes that the files have once the edits are made.
    pub(super) fn applied(&self, facts: &Facts, index: &Index) -> Option<BTreeMap<PathBuf, Vec<u8>>> {
        let mut changed = BTreeMap::new();
        for (path, edits) in &self.0 {
            let mut bytes = facts.sources.get(*index.get(path)?).bytes().to_vec();
            for (from, to, text) in edits.iter().rev() {
                let to = (*to).min(bytes.len());
                bytes.splice((*from).min(to)..to, text.bytes());
            }
            changed.insert(path.clone(), bytes);
        }
        Some(changed)
    }

    /// The edits of a finding's fix; nothing where they are not all in files.
    fn of(finding: &Finding, facts: &Facts) -> Option<Edits> {
        let mut edits = Edits::default();
        for edit in &finding.fix.as_ref()?.edits {
            let Place::File(file) = facts.sources.get(edit.span.source).place() else { return None };
            let edit = (edit.span.start as usize, edit.span.end as usize, edit.text.clone());
            edits.add(&Edits(BTreeMap::from([(real_path(facts, file)?, vec![edit])])));
        }
        (!edits.0.is_empty()).then_some(edits)
    }
}

/// The fixes that may be made, of the worst findings first, then by id and place. What is right here or answered for
/// is no failure, and stays as it is.
pub(super) fn candidates(judged: &[Judged], facts: &Facts, upto: Safety, cwd: &Path) -> Vec<Candidate> {
    let mut all = Vec::new();
    for one in judged {
        let Some(subject) = facts.subjects.get(one.subject) else { continue };
        for verdict in &one.verdicts {
            let Verdict::Fail(finding) = verdict else { continue };
            let Some(fix) = finding.fix.as_ref().filter(|fix| fix.words.safety <= upto) else { continue };
            let Some(edits) = Edits::of(finding, facts) else { continue };
            all.push(Candidate {
                check: finding.check.clone(),
                severity: finding.severity,
                subject: subject.location.clone(),
                at: finding.primary.span,
                path: facts.shower(cwd).path(finding.primary.span.source),
                title: fix.words.title.clone(),
                safety: fix.words.safety,
                edits,
            });
        }
    }
    all.sort_by(|a, b| (b.severity, &a.check, &a.path, a.at.start).cmp(&(a.severity, &b.check, &b.path, b.at.start)));
    all
}
