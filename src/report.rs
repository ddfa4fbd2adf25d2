//! What a run has to say: everything that was concluded, counted once, in an order that depends on nothing but the
//! input. Renderers only print it.

pub use self::clock::Clock;
pub use self::show::Shower;
use std::cmp::Reverse;
use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::OnceLock;

use crate::fact::{Subject, Unknown};
use crate::finding::{CheckId, Finding, Safety, Severity, Verdict, Waiver};
use crate::judge::Said;
use crate::text::{Level, Notice, SourceId, Span, Where};
use crate::waive::Case;

pub(crate) mod base64;
pub mod cause;
mod clock;
pub mod concise;
mod fingerprint;
pub mod github;
pub mod html;
pub mod json;
mod line;
pub mod markdown;
mod order;
pub mod prometheus;
pub mod rule;
pub mod sarif;
mod show;
mod target;
pub mod terminal;

use rule::Rule;

/// How often each thing was concluded. Every verdict counts once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Tally {
    /// Subjects that were judged.
    pub subjects: usize,
    /// Checks that judged them.
    pub checks: usize,
    /// Verdicts: the fault is not there.
    pub pass: usize,
    /// Verdicts: it is.
    pub fail: usize,
    /// Verdicts: it cannot be told.
    pub unknown: usize,
    /// Verdicts: it is there, and that is right.
    pub bypassed: usize,
    /// Verdicts: it is there, or cannot be told, and somebody answers for it.
    pub waived: usize,
    /// Verdicts: the question does not arise.
    pub not_applicable: usize,
    /// Verdicts: the check is at fault.
    pub broken: usize,
}

/// What the checks said about one subject.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The number of the subject.
    pub subject: usize,
    /// The check.
    pub check: CheckId,
    /// What there is to tell.
    pub verdicts: Vec<Verdict>,
    /// How often it said besides that the fault is not there.
    pub pass: usize,
    /// How often it said besides that the question does not arise.
    pub not_applicable: usize,
}

impl Judged {
    /// What a check says about the subject of a number.
    pub fn new(subject: usize, check: CheckId, said: Said) -> Judged {
        let Said { judged, pass, not_applicable } = said;
        let verdicts = judged.into_iter().map(|judged| judged.verdict).collect();
        Judged { subject, check, verdicts, pass, not_applicable }
    }

    /// What a check that cannot be asked says: it is about no subject.
    pub fn broken(check: CheckId, error: String) -> Judged {
        let verdicts = vec![Verdict::Broken { error }];
        Judged { subject: usize::MAX, check, verdicts, pass: 0, not_applicable: 0 }
    }
}

/// A finding of a report.
#[derive(Debug, Clone)]
pub struct Found {
    /// The fault.
    pub finding: Box<Finding>,
    /// The number of the subject that has it.
    pub subject: usize,
    /// What stays the same when lines move.
    pub fingerprint: String,
    /// Who answers for it, if somebody does: then it is no failure.
    pub waiver: Option<Waiver>,
}

/// A check that could not decide.
#[derive(Debug, Clone)]
pub struct Open {
    /// The check.
    pub check: CheckId,
    /// The number of the subject it was asked about.
    pub subject: usize,
    /// The path of the fact that is not known.
    pub fact: String,
    /// Why it is not, where, and what would help.
    pub cause: Unknown,
    /// Who answers for it, if somebody does.
    pub waiver: Option<Waiver>,
}

/// A fault that is right here.
#[derive(Debug, Clone)]
pub struct Bypassed {
    /// The check.
    pub check: CheckId,
    /// The number of the subject.
    pub subject: usize,
    /// Why it is right.
    pub reason: String,
    /// Where the finding would have been.
    pub at: Span,
}

/// A check that is itself at fault.
#[derive(Debug, Clone)]
pub struct Broken {
    /// The check.
    pub check: CheckId,
    /// What went wrong.
    pub error: String,
}

/// A fix that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// The check whose finding it took away.
    pub check: CheckId,
    /// The path of the file that the finding was in, as it is shown.
    pub path: String,
    /// What was done, in one line.
    pub title: String,
    /// How careful one had to be.
    pub safety: Safety,
}

/// What a run that fixes has fixed.
#[derive(Debug, Clone, Default)]
pub struct Fixed {
    /// The fixes that were made; none where they were only shown.
    pub made: Vec<Made>,
    /// How many could be made.
    pub offered: usize,
    /// How many files they change.
    pub files: usize,
}

/// The result of a run.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Faults, sorted by path, byte, id.
    pub findings: Vec<Found>,
    /// What could not be decided, sorted likewise.
    pub unknown: Vec<Open>,
    /// Faults that are right here, sorted likewise.
    pub bypassed: Vec<Bypassed>,
    /// Checks at fault, sorted by id.
    pub broken: Vec<Broken>,
    /// What was judged; the others refer to it by number.
    pub subjects: Vec<Subject>,
    /// The checks that were asked, sorted by id.
    pub rules: Vec<Rule>,
    /// What the user should know besides.
    pub notices: Vec<Notice>,
    /// The numbers.
    pub tally: Tally,
    /// When, if that is to be said.
    pub clock: Option<Clock>,
    /// What was fixed, where that was asked for.
    pub fixed: Option<Fixed>,
    /// The sources that several subjects are made of, once somebody asks.
    shared: OnceLock<HashSet<SourceId>>,
}

impl Report {
    /// Counts and sorts what was concluded. `checks` is how many checks were asked.
    pub fn new(
        subjects: &[Subject],
        judged: Vec<Judged>,
        mut notices: Vec<Notice>,
        checks: usize,
        show: Shower<'_>,
    ) -> Report {
        notices.sort();
        notices.dedup();
        let tally = Tally { subjects: subjects.len(), checks, ..Tally::default() };
        let subjects = subjects.to_vec();
        let mut report = Report { subjects, notices, tally, ..Report::default() };
        report.extend(judged, show);
        report
    }

    /// Adds what was concluded besides, and sorts again.
    pub fn extend(&mut self, judged: Vec<Judged>, show: Shower<'_>) {
        for Judged { subject, check, verdicts, pass, not_applicable } in judged {
            self.tally.pass += pass;
            self.tally.not_applicable += not_applicable;
            for verdict in verdicts {
                self.add(subject, &check, verdict);
            }
        }
        self.sort(show);
        self.name_findings(show);
    }

    /// Asks of every finding and every unknown whether somebody answers for it; then it counts as waived instead.
    pub fn waive(&mut self, mut decide: impl FnMut(&Case<'_>) -> Option<Waiver>) {
        let subjects = &self.subjects;
        for found in self.findings.iter_mut().filter(|found| found.waiver.is_none()) {
            let Some(subject) = subjects.get(found.subject) else { continue };
            let (check, at) = (&found.finding.check, found.finding.primary.span);
            found.waiver = decide(&Case { check, subject, at, fingerprint: &found.fingerprint });
            if found.waiver.is_some() {
                self.tally.fail -= 1;
                self.tally.waived += 1;
            }
        }
        for open in self.unknown.iter_mut().filter(|open| open.waiver.is_none()) {
            let Some(subject) = subjects.get(open.subject) else { continue };
            open.waiver = decide(&Case { check: &open.check, subject, at: open.cause.at, fingerprint: "" });
            if open.waiver.is_some() {
                self.tally.unknown -= 1;
                self.tally.waived += 1;
            }
        }
    }

    /// The findings that nobody answers for.
    pub fn failing(&self) -> impl Iterator<Item = &Found> {
        self.findings.iter().filter(|found| found.waiver.is_none())
    }

    /// What could not be decided and nobody answers for.
    pub fn undecided(&self) -> impl Iterator<Item = &Open> {
        self.unknown.iter().filter(|open| open.waiver.is_none())
    }

    /// What somebody answers for: place, check and waiver, the findings first.
    pub fn waived(&self) -> impl Iterator<Item = (Span, &CheckId, &Waiver)> {
        let found = self
            .findings
            .iter()
            .filter_map(|found| Some((found.finding.primary.span, &found.finding.check, found.waiver.as_ref()?)));
        found.chain(self.unknown.iter().filter_map(|open| Some((open.cause.at, &open.check, open.waiver.as_ref()?))))
    }

    fn add(&mut self, subject: usize, check: &CheckId, verdict: Verdict) {
        match verdict {
            Verdict::Pass => self.tally.pass += 1,
            Verdict::NotApplicable => self.tally.not_applicable += 1,
            Verdict::Fail(finding) => {
                self.tally.fail += 1;
                self.findings.push(Found { finding, subject, fingerprint: String::new(), waiver: None });
            }
            Verdict::Bypassed { reason, at } => {
                self.tally.bypassed += 1;
                self.bypassed.push(Bypassed { check: check.clone(), subject, reason, at });
            }
            Verdict::Unknown(undecided) => match undecided.causes.into_iter().next() {
                Some((fact, cause)) => {
                    self.tally.unknown += 1;
                    self.unknown.push(Open { check: check.clone(), subject, fact, cause, waiver: None });
                }
                None => self.broken(check, "undecided without a cause".to_owned()),
            },
            Verdict::Broken { error } => self.broken(check, error),
        }
    }

    fn broken(&mut self, check: &CheckId, error: String) {
        self.tally.broken += 1;
        self.broken.push(Broken { check: check.clone(), error });
    }

    /// The texts of a check that was asked, with their number.
    pub fn rule(&self, check: &CheckId) -> Option<(usize, &Rule)> {
        let index = self.rules.binary_search_by(|rule| rule.id.cmp(check)).ok()?;
        Some((index, self.rules.get(index)?))
    }

    /// The findings for readers who may not get to the end: the worst first, else in the order of the report.
    pub fn worst_first(&self) -> Vec<&Found> {
        let mut findings: Vec<&Found> = self.failing().collect();
        findings.sort_by_key(|found| Reverse(found.finding.severity));
        findings
    }

    /// The path of a subject's main source.
    pub fn subject_path(&self, subject: usize, show: Shower<'_>) -> String {
        self.subjects.get(subject).map_or_else(String::new, |subject| show.path(subject.main.source))
    }

    /// The versions of a subject in which a finding holds, where it does not hold in all.
    pub fn versions(&self, found: &Found) -> Vec<&str> {
        let Some((worlds, subject)) = found.finding.only_in.zip(self.subjects.get(found.subject)) else {
            return Vec::new();
        };
        worlds.iter().filter_map(|world| subject.worlds.get(world)).map(String::as_str).collect()
    }

    /// What a finding says, in which versions if not in all, and of whom it says so where its place does not tell.
    pub fn message(&self, found: &Found, show: Shower<'_>) -> String {
        let mut message = found.finding.message.clone();
        let versions = self.versions(found);
        if !versions.is_empty() {
            let _ = write!(message, " (only {})", versions.join(", "));
        }
        let source = found.finding.primary.span.source;
        let subject = self.subjects.get(found.subject).filter(|subject| subject.main.source != source);
        if subject.is_some() && self.shared.get_or_init(|| self.shared_sources()).contains(&source) {
            let _ = write!(message, " (of {})", self.subject_path(found.subject, show));
        }
        message
    }

    fn shared_sources(&self) -> HashSet<SourceId> {
        let (mut seen, mut shared) = (HashSet::new(), HashSet::new());
        let all = self.subjects.iter().flat_map(|subject| &subject.sources);
        shared.extend(all.copied().filter(|source| !seen.insert(*source)));
        shared
    }

    /// The exit code of `check`: 2 for a broken check, 1 for findings at or above `fail_on`, 3 under `strict` when
    /// something could not be decided or looked at, 0 otherwise.
    pub fn exit_code(&self, fail_on: Severity, strict: bool) -> u8 {
        let unseen = |notice: &Notice| notice.level == Level::Warning && matches!(notice.at, Where::Path(_));
        if !self.broken.is_empty() {
            2
        } else if self.failing().any(|found| found.finding.severity >= fail_on) {
            1
        } else if strict && (self.undecided().next().is_some() || self.notices.iter().any(unseen)) {
            3
        } else {
            0
        }
    }

    /// How much was fixed, in one line, where that was asked for.
    pub fn fixes(&self) -> Option<String> {
        let fixed = self.fixed.as_ref()?;
        let verb = if fixed.made.len() < fixed.offered { "would fix" } else { "fixed" };
        let files = many(fixed.files, "file", "files");
        Some(format!("{verb} {} in {files}", many(fixed.offered, "finding", "findings")))
    }

    /// All the numbers in one line.
    pub fn summary(&self) -> String {
        let tally = &self.tally;
        let by_severity: Vec<String> = Severity::ALL
            .iter()
            .rev()
            .map(|&severity| (severity, self.failing().filter(|found| found.finding.severity == severity).count()))
            .filter(|(_, count)| *count > 0)
            .map(|(severity, count)| format!("{count} {severity}"))
            .collect();
        let severities = if by_severity.is_empty() { String::new() } else { format!(" ({})", by_severity.join(", ")) };
        format!(
            "{}, {}: {} failed{severities}, {} undecided, {} bypassed, {} waived, {} passed, {} not applicable, {} broken",
            many(tally.subjects, "subject", "subjects"),
            many(tally.checks, "check", "checks"),
            tally.fail,
            tally.unknown,
            tally.bypassed,
            tally.waived,
            tally.pass,
            tally.not_applicable,
            tally.broken,
        )
    }
}

fn many(count: usize, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}
