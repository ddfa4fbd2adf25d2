//! What a check says about a subject: verdicts, findings and their places.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::date::Date;
use crate::edit::TextEdit;
use crate::fact::{Unknown, Worlds};
use crate::text::Span;

/// The id of a check: `platform/what-is-wrong`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CheckId(pub Arc<str>);

impl CheckId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The word before the slash: the platform, `stack` or `hardline`.
    pub fn platform(&self) -> &str {
        self.0.split_once('/').map_or("", |(platform, _)| platform)
    }
}

impl fmt::Display for CheckId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How bad a fault is. One scale for all checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// An opinion or a fact worth knowing.
    Info,
    /// Hygiene, defence in depth.
    Low,
    /// A defence that users count on is missing or weaker than it looks.
    Medium,
    /// An ordinary user of the service can take the host or the data, or a credential lies open, or the server would
    /// not start, or a defence that is written down is not in force.
    High,
    /// Anyone who can reach the port or page takes the host or the data.
    Critical,
}

impl Severity {
    /// From the mildest to the worst.
    pub const ALL: [Severity; 5] =
        [Severity::Info, Severity::Low, Severity::Medium, Severity::High, Severity::Critical];

    /// The word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::str::FromStr for Severity {
    type Err = String;

    fn from_str(word: &str) -> Result<Severity, String> {
        Severity::ALL
            .into_iter()
            .find(|severity| severity.as_str() == word)
            .ok_or_else(|| format!("`{word}` is no severity: info, low, medium, high or critical"))
    }
}

/// How sure a verdict is, whatever its severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Often right.
    Low,
    /// Mostly right.
    Medium,
    /// Follows from what the product does.
    High,
}

/// The headings of the checklist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// Who may do what.
    Permissions,
    /// Passwords, keys, tokens.
    Secrets,
    /// Response headers.
    Headers,
    /// What may be sent in.
    Uploads,
    /// What is recorded.
    Logging,
    /// Who can reach it.
    Exposure,
    /// Who must prove who they are.
    Auth,
    /// Encryption on the way.
    Tls,
    /// Who sees a stored answer.
    Caching,
    /// How much is too much.
    Limits,
    /// What survives a restart.
    Persistence,
    /// What differs between environments.
    Drift,
    /// Everything else that running it takes.
    Operations,
}

impl Family {
    /// All, in the order of the checklist.
    pub const ALL: [Family; 13] = [
        Family::Permissions,
        Family::Secrets,
        Family::Headers,
        Family::Uploads,
        Family::Logging,
        Family::Exposure,
        Family::Auth,
        Family::Tls,
        Family::Caching,
        Family::Limits,
        Family::Persistence,
        Family::Drift,
        Family::Operations,
    ];

    /// The word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Family::Permissions => "permissions",
            Family::Secrets => "secrets",
            Family::Headers => "headers",
            Family::Uploads => "uploads",
            Family::Logging => "logging",
            Family::Exposure => "exposure",
            Family::Auth => "auth",
            Family::Tls => "tls",
            Family::Caching => "caching",
            Family::Limits => "limits",
            Family::Persistence => "persistence",
            Family::Drift => "drift",
            Family::Operations => "operations",
        }
    }
}

impl std::str::FromStr for Family {
    type Err = String;

    fn from_str(word: &str) -> Result<Family, String> {
        Family::ALL.into_iter().find(|family| family.as_str() == word).ok_or_else(|| {
            let all = Family::ALL.map(Family::as_str).join(", ");
            format!("`{word}` is no family; there are {all}")
        })
    }
}

/// A place with what it has to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What to say about it; may be empty.
    pub text: String,
}

/// How careful one must be with a fix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Safety {
    /// No client that works today can notice, and comments are kept.
    Safe,
    /// May refuse traffic or change behaviour.
    Unsafe,
    /// A person must fill something in.
    #[default]
    DisplayOnly,
}

/// What to do about a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What the check file says, which is the same for all its findings.
    pub words: Arc<FixWords>,
    /// What a program can do by itself; empty when it cannot, or when doing it would not make the check pass.
    pub edits: Vec<TextEdit>,
}

/// A fix in words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FixWords {
    /// In one line.
    pub title: String,
    /// How careful one must be.
    pub safety: Safety,
    /// What a person should know; may be empty.
    pub hint: String,
    /// What is seen when it worked.
    pub expected: String,
    /// How to undo it.
    pub rollback: String,
}

/// Somebody's decision to accept a finding or an unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiver {
    /// Who answers for it.
    pub owner: String,
    /// Why it is right.
    pub reason: String,
    /// The last day on which it holds.
    pub until: Date,
    /// `where` of a `[[waiver]]`; a comment has none, its place says it.
    pub place: Option<String>,
    /// Where it is written.
    pub at: Span,
}

/// What a check concluded about a subject, or about one item of it.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// The fault is there.
    Fail(Box<Finding>),
    /// It is not.
    Pass,
    /// The question does not arise.
    NotApplicable,
    /// It is there, and that is right: the reason from the check file, and where the finding would have been.
    Bypassed {
        /// Why it is right.
        reason: String,
        /// Where.
        at: Span,
    },
    /// It cannot be told.
    Unknown(Undecided),
    /// The check itself is at fault. Never silent.
    Broken {
        /// What went wrong.
        error: String,
    },
}

/// How many verdicts are failures, and how many are not decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    /// The fault is there.
    pub failed: usize,
    /// It cannot be told, or the check is at fault.
    pub open: usize,
}

impl Count {
    /// Counts.
    pub fn of<'v>(verdicts: impl IntoIterator<Item = &'v Verdict>) -> Count {
        let mut count = Count::default();
        for verdict in verdicts {
            match verdict {
                Verdict::Fail(_) => count.failed += 1,
                Verdict::Unknown(_) | Verdict::Broken { .. } => count.open += 1,
                Verdict::Pass | Verdict::NotApplicable | Verdict::Bypassed { .. } => {}
            }
        }
        count
    }
}

/// What kept a check from deciding.
#[derive(Debug, Clone)]
pub struct Undecided {
    /// The facts that were not known, with their paths; the first is the one to show.
    pub causes: Vec<(String, Unknown)>,
}

/// A fault, with its places.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The check that found it.
    pub check: CheckId,
    /// How bad it is, after the user's overrides.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// Its heading in the checklist.
    pub family: Family,
    /// One line, without secrets.
    pub message: String,
    /// Where it is.
    pub primary: Label,
    /// What else has to do with it.
    pub related: Vec<Label>,
    /// What to do.
    pub fix: Option<Fix>,
    /// The worlds in which it holds, where it does not hold in all.
    pub only_in: Option<Worlds>,
}
