//! What the checks that were asked say about themselves, for formats that explain their findings.

use std::sync::Arc;

use crate::check::{Check, Later, Words};
use crate::finding::{CheckId, Confidence, Family, Severity};

/// What one check says about itself.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its id.
    pub id: CheckId,
    /// How bad the fault is, after the user's overrides.
    pub severity: Severity,
    /// How sure a verdict is.
    pub confidence: Confidence,
    /// The heading in the checklist.
    pub family: Family,
    /// Its texts.
    pub words: Arc<Later<Words>>,
}

impl Rule {
    /// What a check says.
    pub fn of(check: &Check) -> Rule {
        let Check { id, severity, confidence, family, words, .. } = check;
        Rule { id: id.clone(), severity: *severity, confidence: *confidence, family: *family, words: words.clone() }
    }

    /// Why, what to do, what is seen when it worked, how to undo it, when the fault is right: a heading and a text
    /// each, without the empty ones.
    pub fn sections(&self) -> Vec<(&'static str, String)> {
        let words = &**self.words;
        let fix = &words.fix;
        let to_do = if fix.hint.is_empty() { fix.title.clone() } else { format!("{}\n{}", fix.title, fix.hint) };
        let mut sections = vec![
            ("Why", words.rationale.trim().to_owned()),
            ("Fix", to_do),
            ("Expected", fix.expected.clone()),
            ("Rollback", fix.rollback.clone()),
            ("May be when", words.bypass.join("\n")),
        ];
        sections.retain(|(_, text)| !text.trim().is_empty());
        sections
    }
}
