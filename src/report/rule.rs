//! What the checks that were asked say about themselves, for formats that explain their findings.

use std::sync::Arc;

use crate::check::Check;
use crate::finding::{CheckId, Confidence, Family, FixWords, Severity};

/// The texts of one check.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its id.
    pub id: CheckId,
    /// The fault, in one line.
    pub title: String,
    /// How bad it is, after the user's overrides.
    pub severity: Severity,
    /// How sure a verdict is.
    pub confidence: Confidence,
    /// The heading in the checklist.
    pub family: Family,
    /// CWE and CIS numbers.
    pub tags: Vec<String>,
    /// Primary documents.
    pub references: Vec<String>,
    /// What an attacker gains.
    pub rationale: String,
    /// When the fault is right.
    pub bypass: Vec<String>,
    /// What to do about it, in words.
    pub fix: Arc<FixWords>,
}

impl Rule {
    /// The texts of a check.
    pub fn of(check: &Check) -> Rule {
        Rule {
            id: check.id.clone(),
            title: check.title.clone(),
            severity: check.severity,
            confidence: check.confidence,
            family: check.family,
            tags: check.tags.clone(),
            references: check.references.clone(),
            rationale: check.rationale.trim().to_owned(),
            bypass: check.bypass.iter().map(|bypass| bypass.reason.clone()).collect(),
            fix: check.fix.words.clone(),
        }
    }

    /// Why, what to do, what is seen when it worked, how to undo it, when the fault is right: a heading and a text
    /// each, without the empty ones.
    pub fn sections(&self) -> Vec<(&'static str, String)> {
        let fix = &self.fix;
        let to_do = if fix.hint.is_empty() { fix.title.clone() } else { format!("{}\n{}", fix.title, fix.hint) };
        let mut sections = vec![
            ("Why", self.rationale.clone()),
            ("Fix", to_do),
            ("Expected", fix.expected.clone()),
            ("Rollback", fix.rollback.clone()),
            ("May be when", self.bypass.join("\n")),
        ];
        sections.retain(|(_, text)| !text.trim().is_empty());
        sections
    }
}
