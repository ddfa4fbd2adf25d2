//! What a run has to say: everything that was concluded, counted once, in an order that depends on nothing but the
//! input. Renderers only print it.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::fact::{Subject, Unknown};
use crate::finding::{CheckId, Finding, Safety, Severity, Verdict};
use crate::mask::{Mask, one_line};
use crate::text::{Level, Notice, Place, Position, SourceId, Sources, Span, Where};

pub mod concise;
pub mod json;
pub mod terminal;

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
    /// What it said.
    pub verdicts: Vec<Verdict>,
}

impl Judged {
    /// What a check that cannot be asked says: it is about no subject.
    pub fn broken(check: CheckId, error: String) -> Judged {
        Judged { subject: usize::MAX, check, verdicts: vec![Verdict::Broken { error }] }
    }
}

/// A finding of a report.
#[derive(Debug, Clone)]
pub struct Found {
    /// The fault.
    pub finding: Finding,
    /// The number of the subject that has it.
    pub subject: usize,
    /// What stays the same when lines move: see [`fingerprint`].
    pub fingerprint: String,
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

/// When a run began and how long it took. Left out where reports must be the same byte by byte.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    /// Seconds since 1970, UTC.
    pub started: u64,
    /// How long.
    pub took: Duration,
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
    /// What the user should know besides.
    pub notices: Vec<Notice>,
    /// The numbers.
    pub tally: Tally,
    /// When, if that is to be said.
    pub clock: Option<Clock>,
    /// What was fixed, where that was asked for.
    pub fixed: Option<Fixed>,
}

/// What turns places into something to show: the only way from a span to text in all renderers.
#[derive(Debug, Clone, Copy)]
pub struct Shower<'a> {
    /// The sources.
    pub sources: &'a Sources,
    /// What must not be shown.
    pub mask: &'a Mask,
    /// The working folder, which shown paths are relative to.
    pub cwd: &'a Path,
}

/// How the shown path of command line arguments reads.
const ARGUMENTS: &str = "(arguments)";

impl Shower<'_> {
    /// The path of a source: relative to the working folder, with `/`; absolute outside of it.
    pub fn path(&self, source: SourceId) -> String {
        match self.sources.get(source).place() {
            Place::File(path) | Place::Stdin(path) => self.relative(path),
            Place::Arguments => ARGUMENTS.to_owned(),
        }
    }

    /// A path as it is shown.
    pub fn relative(&self, path: &Path) -> String {
        let inner = path.strip_prefix(self.cwd).unwrap_or(path);
        let shown = if inner.as_os_str().is_empty() { Path::new(".") } else { inner };
        let text = shown.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
        // The root is itself a component with the name of the separator.
        one_line(text.strip_prefix('/').filter(|_| shown.has_root()).unwrap_or(&text))
    }

    /// Where a span begins.
    pub fn start(&self, span: Span) -> Position {
        self.sources.get(span.source).position(span.start)
    }

    /// Where a span ends.
    pub fn end(&self, span: Span) -> Position {
        self.sources.get(span.source).position(span.end)
    }

    /// `path:line:column` of where a span begins.
    pub fn place(&self, span: Span) -> String {
        let Position { line, column, .. } = self.start(span);
        format!("{}:{line}:{column}", self.path(span.source))
    }

    /// What a notice is about, if it is about something.
    pub fn notice(&self, at: &Where) -> Option<String> {
        match at {
            Where::Run => None,
            Where::Path(path) => Some(self.relative(path)),
            Where::Span(span) => Some(self.place(*span)),
        }
    }

    /// What everything is sorted by first.
    fn key(&self, span: Span) -> (String, u32) {
        (self.path(span.source), span.start)
    }
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
        for Judged { subject, check, verdicts } in judged {
            for verdict in verdicts {
                report.add(subject, &check, verdict);
            }
        }
        report.sort(show);
        report.name_findings(show);
        report
    }

    fn add(&mut self, subject: usize, check: &CheckId, verdict: Verdict) {
        match verdict {
            Verdict::Pass => self.tally.pass += 1,
            Verdict::NotApplicable => self.tally.not_applicable += 1,
            Verdict::Fail(finding) => {
                self.tally.fail += 1;
                self.findings.push(Found { finding: *finding, subject, fingerprint: String::new() });
            }
            Verdict::Bypassed { reason, at } => {
                self.tally.bypassed += 1;
                self.bypassed.push(Bypassed { check: check.clone(), subject, reason, at });
            }
            Verdict::Unknown(undecided) => match undecided.causes.into_iter().next() {
                Some((fact, cause)) => {
                    self.tally.unknown += 1;
                    self.unknown.push(Open { check: check.clone(), subject, fact, cause });
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

    fn sort(&mut self, show: Shower<'_>) {
        self.findings.sort_by_cached_key(|found| {
            let finding = &found.finding;
            (show.key(finding.primary.span), finding.check.clone(), found.subject, finding.message.clone())
        });
        self.unknown.sort_by_cached_key(|open| (show.key(open.cause.at), open.check.clone(), open.subject));
        self.bypassed.sort_by_cached_key(|bypassed| (show.key(bypassed.at), bypassed.check.clone(), bypassed.subject));
        self.broken.sort_by(|a, b| (&a.check, &a.error).cmp(&(&b.check, &b.error)));
    }

    /// Gives each finding its fingerprint; equal ones are counted in the order of the report.
    fn name_findings(&mut self, show: Shower<'_>) {
        let mut counts: HashMap<String, usize> = HashMap::new();
        for found in &mut self.findings {
            let text = show.mask.named(show.sources, found.finding.primary.span);
            let subject = self.subjects.get(found.subject).map_or("", |subject| &subject.name);
            let key = [found.finding.check.as_str(), subject, &fold(&text)].join("\0");
            let count = counts.entry(key.clone()).or_default();
            found.fingerprint = fingerprint(&key, *count);
            *count += 1;
        }
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

    /// The exit code of `check`: 2 for a broken check, 1 for findings at or above `fail_on`, 3 under `strict` when
    /// something could not be decided or looked at, 0 otherwise.
    pub fn exit_code(&self, fail_on: Severity, strict: bool) -> u8 {
        let unseen = |notice: &Notice| notice.level == Level::Warning && matches!(notice.at, Where::Path(_));
        if !self.broken.is_empty() {
            2
        } else if self.findings.iter().any(|found| found.finding.severity >= fail_on) {
            1
        } else if strict && (!self.unknown.is_empty() || self.notices.iter().any(unseen)) {
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
            .map(|&severity| {
                (severity, self.findings.iter().filter(|found| found.finding.severity == severity).count())
            })
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

/// Text with each run of white space as one space.
fn fold(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A name for a finding that survives moved lines: made of the check's id, the subject's name, the masked text under
/// the primary label and how many equal ones came before. 128 bits of SHA-256, in hexadecimal.
fn fingerprint(key: &str, count: usize) -> String {
    let digest = Sha256::new().chain_update(key).chain_update(format!("\0{count}")).finalize();
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
