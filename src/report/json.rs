//! The JSON report, version 1: stable keys, in a stable order. New keys may be added, none taken away.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Bypassed, Found, Made, Open, Report, Shower, Tally};
use crate::date::Date;
use crate::fact::Why;
use crate::finding::{Confidence, Family, Fix, Safety, Severity, Waiver};
use crate::text::{Level, Notice, Position, Span, Where};

/// The version of the report.
pub const VERSION: u32 = 1;

/// The fields of a report of this version that was read; `None` where it is something else.
pub fn fields(report: &Value) -> Option<&Map<String, Value>> {
    let sound = report.get("version").and_then(Value::as_u64) == Some(VERSION.into());
    report.as_object().filter(|_| sound)
}

/// The JSON Schema of the report.
pub const SCHEMA: &str = include_str!("json/report.schema.json");

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
    /// Only where fixing was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    fixed: Option<Vec<MadeOut<'a>>>,
}

#[derive(Serialize)]
struct MadeOut<'a> {
    check: &'a str,
    path: &'a str,
    title: &'a str,
    safety: Safety,
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
    waiver: Option<WaiverOut<'a>>,
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
struct WaiverOut<'a> {
    owner: &'a str,
    reason: &'a str,
    until: String,
    /// Of a comment, the file that it is in.
    #[serde(rename = "where")]
    place: String,
    source: SourceOut,
}

#[derive(Serialize)]
struct SourceOut {
    path: String,
    line: usize,
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
    waiver: Option<WaiverOut<'a>>,
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
        version: VERSION,
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
        fixed: report.fixed.as_ref().map(|fixed| fixed.made.iter().map(made).collect()),
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

fn made(made: &Made) -> MadeOut<'_> {
    MadeOut { check: made.check.as_str(), path: &made.path, title: &made.title, safety: made.safety }
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
            verdict: if found.waiver.is_some() { "waived" } else { "fail" },
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
            waiver: found.waiver.as_ref().map(|waiver| self.waiver(waiver)),
            fingerprint: &found.fingerprint,
        }
    }

    fn waiver(self, waiver: &'a Waiver) -> WaiverOut<'a> {
        let path = self.show.path(waiver.at.source);
        WaiverOut {
            owner: &waiver.owner,
            reason: &waiver.reason,
            until: waiver.until.to_string(),
            place: waiver.place.clone().unwrap_or_else(|| path.clone()),
            source: SourceOut { path, line: self.show.start(waiver.at).line },
        }
    }

    fn fix(self, fix: &'a Fix) -> FixOut<'a> {
        // What comes in the place of a secret may be made of it, such as its hash; with stars it would be a wrong edit.
        let hides = fix.edits.iter().any(|edit| self.show.mask.within(edit.span).next().is_some());
        let shown = if hides { &[][..] } else { fix.edits.as_slice() };
        let edits = shown.iter().map(|edit| EditOut {
            path: self.show.path(edit.span.source),
            start_byte: edit.span.start,
            end_byte: edit.span.end,
            text: &edit.text,
        });
        FixOut {
            title: &fix.words.title,
            safety: fix.words.safety,
            edits: edits.collect(),
            hint: &fix.words.hint,
            expected: &fix.words.expected,
            rollback: &fix.words.rollback,
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
            waiver: open.waiver.as_ref().map(|waiver| self.waiver(waiver)),
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
pub(super) fn rfc3339(seconds: u64) -> String {
    let rest = seconds % 86_400;
    format!("{}T{:02}:{:02}:{:02}Z", Date::of_seconds(seconds), rest / 3_600, rest / 60 % 60, rest % 60)
}
