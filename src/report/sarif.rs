//! SARIF 2.1.0, for code scanning: <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>.
//!
//! What a verdict becomes, by the words of the specification (§3.27.9, §3.35):
//! - a finding is a result of kind `fail`;
//! - an unknown is one of kind `open`: "there was insufficient information to decide whether a problem exists";
//! - a bypassed fault is a `fail` with a suppression of kind `external`. It is no `notApplicable`, which says that the
//!   check was not evaluated, and no `pass`: the fault is there. What makes it right is not a comment in the scanned
//!   file (`inSource`) but a condition of the check.

use std::io::{self, Write};

use super::base64::base64;
use super::rule::Rule;
use super::{Bypassed, Found, Open, Report, Shower};
use crate::edit::TextEdit;
use crate::finding::{CheckId, Confidence, Fix, Label, Severity, Waiver};
use crate::mask::one_line;
use crate::text::{Level, Place, SourceId, Span, Where};

mod model;

use model::*;

/// The schema of the format.
pub(crate) const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The folder that relative paths start from; whoever reads the file knows where it is on their machine.
const ROOT: &str = "%SRCROOT%";

/// Writes the report.
///
/// # Errors
/// Those of the writer.
pub fn render(report: &Report, show: Shower<'_>, out: &mut dyn Write) -> io::Result<()> {
    let view = View { report, show };
    let results = || {
        let findings = report.findings.iter().map(move |found| view.finding(found));
        let open = report.unknown.iter().map(move |open| view.open(open));
        findings.chain(open).chain(report.bypassed.iter().map(move |bypassed| view.bypassed(bypassed)))
    };
    let rules = report.rules.iter().map(descriptor).collect();
    let run = Run {
        tool: Tool { driver: Driver { name: "hardline", semantic_version: env!("CARGO_PKG_VERSION"), rules } },
        // Up to the last slash it is the category: a later run of the same category replaces this one.
        automation_details: Id { id: "hardline/" },
        column_kind: "unicodeCodePoints",
        original_uri_base_ids: Bases { root: Base { description: Message::plain("The folder that hardline ran in.") } },
        invocations: [view.invocation()],
        results: Stream(results),
    };
    serde_json::to_writer_pretty(&mut *out, &Log { schema: SCHEMA, version: "2.1.0", runs: [run] })?;
    writeln!(out)
}

/// A severity as the format has it.
pub(crate) fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

fn descriptor(rule: &Rule) -> Descriptor {
    let sections = rule.sections();
    let text = |heading: fn(&str) -> String| {
        let parts: Vec<String> = sections.iter().map(|(title, text)| format!("{}{text}", heading(title))).collect();
        parts.join("\n\n")
    };
    let markdown = text(|title| format!("**{title}**\n\n"));
    let links: Vec<String> = rule.words.references.iter().map(|link| format!("- <{link}>")).collect();
    let references = if links.is_empty() { String::new() } else { format!("\n\n**See**\n\n{}", links.join("\n")) };
    Descriptor {
        id: rule.id.to_string(),
        name: name(&rule.id),
        short_description: Message::plain(&rule.words.title),
        full_description: Message::plain(rule.words.rationale.trim()),
        help: Message { text: text(|title| format!("{title}: ")), markdown: Some(markdown + &references) },
        help_uri: rule.words.references.iter().find(|link| link.starts_with("https://")).cloned(),
        default_configuration: Configuration { level: level(rule.severity) },
        properties: RuleProperties {
            precision: match rule.confidence {
                Confidence::High => "high",
                Confidence::Medium => "medium",
                Confidence::Low => "low",
            },
            // GitHub shows numbers as words again: above 9 critical, from 7 high, from 4 medium, below low. These
            // lie in the middle and are no CVSS scores.
            security_severity: match rule.severity {
                Severity::Critical => "9.5",
                Severity::High => "8.0",
                Severity::Medium => "5.5",
                Severity::Low => "3.0",
                Severity::Info => "1.0",
            },
            tags: tags(rule),
        },
    }
}

/// The family and the numbers, CWE's also as GitHub's code scanning groups by them.
fn tags(rule: &Rule) -> Vec<String> {
    let mut tags = vec!["security".to_owned(), rule.family.as_str().to_owned()];
    for tag in &rule.words.tags {
        tags.push(tag.clone());
        if let Some(number) = tag.strip_prefix("CWE-") {
            tags.push(format!("external/cwe/cwe-{number:0>3}"));
        }
    }
    // No tag twice: it is a set.
    let mut seen = std::collections::BTreeSet::new();
    tags.retain(|tag| seen.insert(tag.clone()));
    tags
}

/// `redis/open-to-network` as `RedisOpenToNetwork`.
fn name(id: &CheckId) -> String {
    let words = id.as_str().split(|letter: char| !letter.is_alphanumeric());
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    };
    words.map(capital).collect()
}

#[derive(Clone, Copy)]
struct View<'a> {
    report: &'a Report,
    show: Shower<'a>,
}

impl View<'_> {
    fn invocation(self) -> Invocation {
        let notices = self.report.notices.iter().map(|notice| Notification {
            level: match notice.level {
                Level::Info => "note",
                Level::Warning => "warning",
            },
            message: message(&notice.message),
            locations: match &notice.at {
                Where::Run => Vec::new(),
                Where::Path(path) => vec![at(self.artifact(path), None)],
                Where::Span(span) => vec![self.location(*span)],
            },
            associated_rule: None,
        });
        let broken = self.report.broken.iter().map(|broken| Notification {
            level: "error",
            message: message(&broken.error),
            locations: Vec::new(),
            associated_rule: Some(RuleRef { id: broken.check.to_string() }),
        });
        Invocation {
            execution_successful: self.report.broken.is_empty(),
            start_time_utc: self.report.clock.map(|clock| super::json::rfc3339(clock.started)),
            tool_execution_notifications: notices.chain(broken).collect(),
        }
    }

    fn finding(self, found: &Found) -> Outcome {
        let finding = &found.finding;
        let versions: Vec<String> = self.report.versions(found).into_iter().map(str::to_owned).collect();
        let only = if versions.is_empty() { String::new() } else { format!(" (only {})", versions.join(", ")) };
        Outcome {
            kind: "fail",
            level: level(finding.severity),
            message: message(&format!("{}{only}", finding.message)),
            locations: vec![self.labelled(&finding.primary, None)],
            related_locations: (1..).zip(&finding.related).map(|(id, it)| self.labelled(it, Some(id))).collect(),
            partial_fingerprints: Some(Fingerprints { v1: found.fingerprint.clone() }),
            fixes: finding.fix.as_ref().and_then(|fix| self.repair(fix)).into_iter().collect(),
            suppressions: suppressions(found.waiver.as_ref()),
            properties: OutcomeProperties {
                severity: Some(finding.severity.as_str()),
                versions,
                ..self.properties(found.subject)
            },
            ..self.outcome(&finding.check)
        }
    }

    fn open(self, open: &Open) -> Outcome {
        let Open { fact, cause, .. } = open;
        let (why, needs) = (cause.why.as_str(), &cause.needs);
        Outcome {
            kind: "open",
            message: message(&format!("cannot be decided: {fact} is {why}; needs {needs}")),
            locations: vec![self.location(cause.at)],
            suppressions: suppressions(open.waiver.as_ref()),
            properties: OutcomeProperties { why: Some(why), ..self.properties(open.subject) },
            ..self.outcome(&open.check)
        }
    }

    fn bypassed(self, bypassed: &Bypassed) -> Outcome {
        let rule = self.report.rule(&bypassed.check);
        let (title, severity) =
            rule.map_or(("the fault is there", Severity::Info), |(_, it)| (&*it.words.title, it.severity));
        Outcome {
            kind: "fail",
            level: level(severity),
            message: message(title),
            locations: vec![self.location(bypassed.at)],
            suppressions: vec![accepted("external", &bypassed.reason)],
            properties: OutcomeProperties { severity: Some(severity.as_str()), ..self.properties(bypassed.subject) },
            ..self.outcome(&bypassed.check)
        }
    }

    /// A result without anything particular. What is not a `fail` has the level `none` (§3.27.10).
    fn outcome(self, check: &CheckId) -> Outcome {
        Outcome {
            rule_id: check.to_string(),
            rule_index: self.report.rule(check).map(|(index, _)| index),
            kind: "open",
            level: "none",
            message: Message::plain(""),
            locations: Vec::new(),
            related_locations: Vec::new(),
            partial_fingerprints: None,
            fixes: Vec::new(),
            suppressions: Vec::new(),
            properties: self.properties(usize::MAX),
        }
    }

    fn properties(self, subject: usize) -> OutcomeProperties {
        let subject = self.report.subjects.get(subject).map_or_else(String::new, |subject| one_line(&subject.name));
        OutcomeProperties { subject, severity: None, versions: Vec::new(), why: None }
    }

    /// The edits, by file. Without edits there is nothing that a program could do.
    fn repair(self, fix: &Fix) -> Option<Repair> {
        let mut by_source: Vec<(SourceId, Vec<Replacement>)> = Vec::new();
        for edit in &fix.edits {
            let replacement = self.replacement(edit);
            match by_source.iter_mut().find(|(source, _)| *source == edit.span.source) {
                Some((_, replacements)) => replacements.push(replacement),
                None => by_source.push((edit.span.source, vec![replacement])),
            }
        }
        let changes: Vec<Change> = by_source
            .into_iter()
            .map(|(source, replacements)| Change { artifact_location: self.source(source), replacements })
            .collect();
        let safety = format!(" ({:?} fix)", fix.words.safety).to_lowercase();
        (!changes.is_empty())
            .then(|| Repair { description: message(&(fix.words.title.clone() + &safety)), artifact_changes: changes })
    }

    /// Both as text by line and column and as bytes: the specification wants `binary` where a region counts bytes, and
    /// only bytes are sure to mean the same where a file is not UTF-8.
    fn replacement(self, edit: &TextEdit) -> Replacement {
        let content = || Content { text: edit.text.clone(), binary: base64(edit.text.as_bytes()) };
        Replacement { deleted_region: self.region(edit.span), inserted_content: (!edit.text.is_empty()).then(content) }
    }

    fn labelled(self, label: &Label, id: Option<usize>) -> Location {
        let message = (!label.text.is_empty()).then(|| message(&label.text));
        Location { id, message, ..self.location(label.span) }
    }

    fn location(self, span: Span) -> Location {
        at(self.source(span.source), Some(self.region(span)))
    }

    fn region(self, span: Span) -> Region {
        let (start, end) = (self.show.start(span), self.show.end(span));
        Region {
            start_line: start.line,
            start_column: start.column,
            end_line: end.line,
            end_column: end.column,
            byte_offset: span.start,
            byte_length: span.end - span.start,
        }
    }

    fn source(self, source: SourceId) -> Artifact {
        match self.show.sources.get(source).place() {
            Place::File(path) | Place::Stdin(path) => self.artifact(path),
            Place::Arguments => Artifact { uri: percent(self.show.path(source).as_bytes()), uri_base_id: Some(ROOT) },
            Place::Live { .. } => Artifact { uri: self.show.path(source), uri_base_id: None },
        }
    }

    /// The path's own bytes: in a URI even a line break is harmless, and with `?` instead nobody would find the file.
    fn artifact(self, path: &std::path::Path) -> Artifact {
        let encoded = |path: &std::path::Path| {
            let parts = path.components().map(|part| percent(part.as_os_str().as_encoded_bytes()));
            parts.collect::<Vec<_>>().join("/")
        };
        match path.strip_prefix(self.show.cwd) {
            Ok(inner) if inner.as_os_str().is_empty() => Artifact { uri: "./".to_owned(), uri_base_id: Some(ROOT) },
            Ok(inner) => Artifact { uri: encoded(inner), uri_base_id: Some(ROOT) },
            // The root is a component of its own, which is written as the slash that it is.
            Err(_) if path.has_root() => {
                let below = path.strip_prefix("/").unwrap_or(path);
                Artifact { uri: format!("file:///{}", encoded(below)), uri_base_id: None }
            }
            Err(_) => Artifact { uri: encoded(path), uri_base_id: Some(ROOT) },
        }
    }
}

fn at(artifact_location: Artifact, region: Option<Region>) -> Location {
    Location { id: None, physical_location: Physical { artifact_location, region }, message: None }
}

/// Why a finding is not to be acted on: the place for the decisions of users.
fn suppressions(waiver: Option<&Waiver>) -> Vec<Suppression> {
    let kind = |waiver: &Waiver| if waiver.place.is_some() { "external" } else { "inSource" };
    waiver.map(|waiver| accepted(kind(waiver), &waiver.reason)).into_iter().collect()
}

fn accepted(kind: &'static str, reason: &str) -> Suppression {
    Suppression { kind, status: "accepted", justification: one_line(reason) }
}

/// A text on one line. Where it would read as a link (§3.11.6), it is made to read as it is written: what a file says
/// must not become a link in a viewer.
fn message(text: &str) -> Message {
    let line = one_line(text);
    let linked = line.contains("](");
    Message::plain(if linked { line.replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]") } else { line })
}

/// Everything but what RFC 3986 calls unreserved as `%XX`.
pub(crate) fn percent(bytes: &[u8]) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    bytes.iter().map(|&byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
