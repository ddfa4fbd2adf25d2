//! The vocabulary of fixes, shared by check files (which ask) and platforms (which know the syntax).

use serde::Deserialize;

use crate::text::Span;

/// What a fix does, said about facts and never about text.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "op", rename_all = "kebab-case", deny_unknown_fields)]
pub enum EditOp {
    /// Replace the written value, or write the setting where it would be.
    Set {
        /// The fact.
        path: String,
        /// Its new value, in the product's own words.
        value: String,
    },
    /// Take out what is written.
    Remove {
        /// The fact.
        path: String,
    },
    /// Add an item to a list-like directive.
    Add {
        /// The list.
        to: String,
        /// The whole new line.
        line: String,
    },
    /// Write the bytes of some facts again in another place.
    Copy {
        /// The facts.
        from: String,
        /// The place.
        into: String,
    },
    /// Write another fact's text where this one is written: the new name of a setting for its old one.
    Rename {
        /// The fact.
        path: String,
        /// The fact whose text comes in its place.
        to: String,
    },
    /// Write the hash of a password where the password is written.
    Hash {
        /// The password.
        path: String,
    },
    /// Turn what is written into a comment that says why.
    Comment {
        /// The fact.
        path: String,
        /// The reason.
        reason: String,
    },
}

impl EditOp {
    /// The facts that it names, each with the key that names it.
    pub fn paths(&self) -> Vec<(&'static str, &str)> {
        match self {
            EditOp::Set { path, .. }
            | EditOp::Remove { path }
            | EditOp::Hash { path }
            | EditOp::Comment { path, .. } => vec![("path", path)],
            EditOp::Rename { path, to } => vec![("path", path), ("to", to)],
            EditOp::Add { to, .. } => vec![("to", to)],
            EditOp::Copy { from, into } => vec![("from", from), ("into", into)],
        }
    }

    /// The same step about other facts, in the order of [`EditOp::paths`].
    pub fn with_paths(&self, paths: impl IntoIterator<Item = String>) -> EditOp {
        let mut op = self.clone();
        let mut paths = paths.into_iter();
        let mut put = |slot: &mut String| {
            if let Some(path) = paths.next() {
                *slot = path;
            }
        };
        match &mut op {
            EditOp::Set { path, .. }
            | EditOp::Remove { path }
            | EditOp::Hash { path }
            | EditOp::Comment { path, .. } => put(path),
            EditOp::Rename { path, to } => {
                put(path);
                put(to);
            }
            EditOp::Add { to, .. } => put(to),
            EditOp::Copy { from, into } => {
                put(from);
                put(into);
            }
        }
        op
    }
}

/// A replacement of bytes: the span goes, the text comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextEdit {
    /// What goes; empty for an insertion.
    pub span: Span,
    /// What comes.
    pub text: String,
}

/// Why an edit cannot be made by a program.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The fact's place is a template.
    #[error("`{0}` comes from a template")]
    Templated(String),
    /// The fact has no place to write to.
    #[error("`{0}` is written nowhere that can be edited")]
    NoPlace(String),
    /// The platform's syntax has no such edit.
    #[error("{0}")]
    Unsupported(String),
}
