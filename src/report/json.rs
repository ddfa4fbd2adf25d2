//! The JSON report, version 1: stable keys, in a stable order. New keys may be added, none taken away.

use std::io::{self, Write};

use serde::Serialize;

use super::{Bypassed, Found, Open, Report, Shower, Tally};
use crate::fact::Why;
use crate::finding::{Confidence, Family, Fix, Safety, Severity};
use crate::text::{Level, Notice, Position, Span, Where};

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    tool: Tool,
    #[serde(skip_serializing_if = "Option::is_none")]
    started: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_ms: Option<u64>,
    tally: Tally,
    findings: Vec<FindingOut<'a>>,
    unknown: Vec<OpenOut<'a>>,
    bypassed: Vec<BypassedOut<'a>>,
    broken: Vec<BrokenOut<'a>>,
    subjects: Vec<SubjectLine<'a>>,
    notices: Vec<NoticeOut<'a>>,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct FindingOut<'a> {
    check: &'a str,
    verdict: &'static str,
    severity: Severity,
    confidence: Confidence,
    family: Family,
    subject: SubjectOut<'a>,
    versions: Vec<&'a str>,
    message: &'a str,
    path: String,
    start: Position,
    end: Position,
    related: Vec<RelatedOut<'a>>,
    fix: Option<FixOut<'a>>,
    /// Always null: nothing waives yet.
    waiver: Option<()>,
    fingerprint: &'a str,
}

#[derive(Serialize)]
struct SubjectOut<'a> {
    kind: &'a str,
    name: &'a str,
    carrier: &'a str,
    path: String,
}

#[derive(Serialize)]
struct RelatedOut<'a> {
    path: String,
    start: Position,
    end: Position,
    message: &'a str,
}

#[derive(Serialize)]
struct FixOut<'a> {
    title: &'a str,
    safety: Safety,
    edits: Vec<EditOut<'a>>,
    hint: &'a str,
    expected: &'a str,
    rollback: &'a str,
}

#[derive(Serialize)]
struct EditOut<'a> {
    path: String,
    start_byte: u32,
    end_byte: u32,
    text: &'a str,
}

#[derive(Serialize)]
struct OpenOut<'a> {
    check: &'a str,
    subject: SubjectOut<'a>,
    why: Why,
    fact: &'a str,
    path: String,
    start: Position,
    needs: &'a str,
}

#[derive(Serialize)]
struct BypassedOut<'a> {
    check: &'a str,
    subject: SubjectOut<'a>,
    reason: &'a str,
    path: String,
    start: Position,
}

#[derive(Serialize)]
struct BrokenOut<'a> {
    check: &'a str,
    error: &'a str,
}

#[derive(Serialize)]
struct SubjectLine<'a> {
    #[serde(flatten)]
    subject: SubjectOut<'a>,
    version: Option<&'a str>,
    because: &'a str,
    sources: Vec<String>,
}

#[derive(Serialize)]
struct NoticeOut<'a> {
    level: Level,
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<Position>,
    message: &'a str,
}

/// Writes the report.
///
/// # Errors
/// Those of the writer.
pub fn render(report: &Report, show: Shower<'_>, out: &mut dyn Write) -> io::Result<()> {
    let view = View { report, show };
    let document = Document {
        version: 1,
        tool: Tool { name: "hardline", version: env!("CARGO_PKG_VERSION") },
        started: report.clock.map(|clock| rfc3339(clock.started)),
        duration_ms: report.clock.map(|clock| u64::try_from(clock.took.as_millis()).unwrap_or(u64::MAX)),
        tally: report.tally,
        findings: report.findings.iter().map(|found| view.finding(found)).collect(),
        unknown: report.unknown.iter().map(|open| view.open(open)).collect(),
        bypassed: report.bypassed.iter().map(|bypassed| view.bypassed(bypassed)).collect(),
        broken: report.broken.iter().map(|it| BrokenOut { check: it.check.as_str(), error: &it.error }).collect(),
        subjects: (0..report.subjects.len()).map(|index| view.line(index)).collect(),
        notices: report.notices.iter().map(|notice| view.notice(notice)).collect(),
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

#[derive(Clone, Copy)]
struct View<'a> {
    report: &'a Report,
    show: Shower<'a>,
}

impl<'a> View<'a> {
    fn finding(self, found: &'a Found) -> FindingOut<'a> {
        let finding = &found.finding;
        let (path, start, end) = self.place(finding.primary.span);
        let related = finding.related.iter().map(|label| {
            let (path, start, end) = self.place(label.span);
            RelatedOut { path, start, end, message: &label.text }
        });
        FindingOut {
            check: finding.check.as_str(),
            verdict: "fail",
            severity: finding.severity,
            confidence: finding.confidence,
            family: finding.family,
            subject: self.subject(found.subject),
            versions: self.report.versions(found),
            message: &finding.message,
            path,
            start,
            end,
            related: related.collect(),
            fix: finding.fix.as_ref().map(|fix| self.fix(fix)),
            waiver: None,
            fingerprint: &found.fingerprint,
        }
    }

    fn fix(self, fix: &'a Fix) -> FixOut<'a> {
        let edits = fix.edits.iter().map(|edit| EditOut {
            path: self.show.path(edit.span.source),
            start_byte: edit.span.start,
            end_byte: edit.span.end,
            text: &edit.text,
        });
        FixOut {
            title: &fix.title,
            safety: fix.safety,
            edits: edits.collect(),
            hint: &fix.hint,
            expected: &fix.expected,
            rollback: &fix.rollback,
        }
    }

    fn open(self, open: &'a Open) -> OpenOut<'a> {
        let (path, start, _) = self.place(open.cause.at);
        OpenOut {
            check: open.check.as_str(),
            subject: self.subject(open.subject),
            why: open.cause.why,
            fact: &open.fact,
            path,
            start,
            needs: &open.cause.needs,
        }
    }

    fn bypassed(self, bypassed: &'a Bypassed) -> BypassedOut<'a> {
        let (path, start, _) = self.place(bypassed.at);
        let subject = self.subject(bypassed.subject);
        BypassedOut { check: bypassed.check.as_str(), subject, reason: &bypassed.reason, path, start }
    }

    fn subject(self, index: usize) -> SubjectOut<'a> {
        let path = self.report.subject_path(index, self.show);
        match self.report.subjects.get(index) {
            Some(subject) => SubjectOut { kind: subject.kind, name: &subject.name, carrier: subject.carrier, path },
            None => SubjectOut { kind: "", name: "", carrier: "", path },
        }
    }

    fn line(self, index: usize) -> SubjectLine<'a> {
        let subject = &self.report.subjects[index];
        SubjectLine {
            subject: self.subject(index),
            version: subject.version.as_deref(),
            because: &subject.because,
            sources: subject.sources.iter().map(|&source| self.show.path(source)).collect(),
        }
    }

    fn notice(self, notice: &'a Notice) -> NoticeOut<'a> {
        let (path, start) = match &notice.at {
            Where::Run => (None, None),
            Where::Path(path) => (Some(self.show.relative(path)), None),
            Where::Span(span) => (Some(self.show.path(span.source)), Some(self.show.start(*span))),
        };
        NoticeOut { level: notice.level, path, start, message: &notice.message }
    }

    fn place(self, span: Span) -> (String, Position, Position) {
        (self.show.path(span.source), self.show.start(span), self.show.end(span))
    }
}

/// Seconds since 1970 as RFC 3339, UTC.
pub fn rfc3339(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Civil date from days, in eras of 400 years that begin on 1 March, so that a leap day is the last of its year.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", rest / 3_600, rest / 60 % 60, rest % 60)
}
