//! Waivers as they are written: a user's decision to accept a failure or an unknown. Who, why, until when.

use crate::date::Date;
use crate::finding::Label;
use crate::text::{Said, Span};

/// The start of the ids of checks on waivers themselves, which no waiver silences …
pub const OURS: &str = "hardline/";

/// … but this one, and only in `hardline.toml`.
pub const WAIVABLE: &str = "hardline/waiver-over-broad";

/// A waiver, good or not.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// Where and how it is written.
    pub form: Form,
    /// The place of the whole comment, or of what a `[[waiver]]` begins with.
    pub at: Span,
    /// The check it is about.
    pub check: Option<Said<String>>,
    /// `where`: a glob, the name of a subject, or a fingerprint. A comment has none: its place says it.
    pub place: Option<Said<String>>,
    /// Who answers for it.
    pub owner: Option<Said<String>>,
    /// Why it is right.
    pub reason: Option<Said<String>>,
    /// The last day on which it holds.
    pub until: Option<Said<Date>>,
    /// How to undo it.
    pub rollback: Option<Said<String>>,
    /// What is wrong with it, if something is: then it waives nothing.
    pub problem: Option<Label>,
}

/// Where a waiver is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A `[[waiver]]` in `hardline.toml`.
    File,
    /// A comment in the file it is about.
    Inline {
        /// The line that it stands above, if it is a setting's.
        below: Option<usize>,
        /// Whether it stands before the first setting of the file: then it is about missing settings as well.
        head: bool,
    },
}

impl Written {
    /// Nothing said yet.
    pub fn new(form: Form, at: Span) -> Written {
        let (check, place, owner, reason, rollback) = (None, None, None, None, None);
        Written { form, at, check, place, owner, reason, until: None, rollback, problem: None }
    }

    /// Keeps what is wrong, unless something else is already.
    pub fn wrong(&mut self, span: Span, text: impl Into<String>) {
        self.problem.get_or_insert_with(|| Label { span, text: text.into() });
    }

    /// Whether somebody answers for it, with a reason.
    pub fn is_accountable(&self) -> bool {
        let said = |part: &Option<Said<String>>| part.as_ref().is_some_and(|said| !said.it.trim().is_empty());
        said(&self.owner) && said(&self.reason)
    }

    /// Says what is missing, once everything is read. An owner and a reason are asked for by a check of their own.
    pub fn complete(&mut self) {
        let at = self.at;
        if self.check.as_ref().is_none_or(|check| check.it.trim().is_empty()) {
            self.wrong(at, "it does not say which check it waives");
        }
        if self.form == Form::File && self.place.as_ref().is_none_or(|place| place.it.trim().is_empty()) {
            self.wrong(at, "`where` is missing: a path, the name of a subject, or a fingerprint");
        }
        if self.until.is_none() {
            self.wrong(at, "`until` is missing: the last day on which it holds");
        }
        if let Some(check) = self.check.clone().filter(|check| check.it.starts_with(OURS))
            && !(self.form == Form::File && check.it == WAIVABLE)
        {
            let text = format!("nothing waives what hardline says about waivers, but `{WAIVABLE}` in hardline.toml");
            self.wrong(check.at, text);
        }
    }
}
