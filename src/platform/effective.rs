//! What the answers of `hardline effective` have in common, whatever the server.

use std::path::Path;

use serde::Serialize;

use crate::fact::Unknown;
use crate::text::{Sources, Span};

/// Why a server does not start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// What it says.
    pub message: String,
    /// The file at fault; null for arguments.
    pub path: Option<String>,
    /// The line in it; for arguments the number of the option.
    pub line: Option<usize>,
    /// The last line of what is at fault, where that is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_line: Option<usize>,
}

/// What could not be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Open {
    /// Which part of the answer.
    pub what: String,
    /// Why.
    pub why: &'static str,
    /// The file where knowing ends.
    pub path: Option<String>,
    /// The line in it.
    pub line: Option<usize>,
}

impl Fault {
    /// A fault at a place; its path is relative to `from` where it lies below it.
    pub fn new(message: String, at: Span, sources: &Sources, from: &Path) -> Fault {
        let (path, line) = placed(at, sources, from);
        let last = sources.get(at.source).position(at.end.saturating_sub(1).max(at.start)).line;
        let last_line = Some(last).filter(|last| line.is_some_and(|line| line != *last));
        Fault { message, path, line, last_line }
    }
}

impl Open {
    /// What could not be told because of `unknown`.
    pub fn new(what: String, unknown: &Unknown, sources: &Sources, from: &Path) -> Open {
        let (path, line) = placed(unknown.at, sources, from);
        Open { what, why: unknown.why.as_str(), path, line }
    }
}

/// The file and the line of a place.
pub fn placed(at: Span, sources: &Sources, from: &Path) -> (Option<String>, Option<usize>) {
    let source = sources.get(at.source);
    let path = source.place().path().map(|path| shown(path, from));
    (path, Some(source.position(at.start).line))
}

/// A path, relative to `from` where it lies below it.
pub fn shown(path: &Path, from: &Path) -> String {
    path.strip_prefix(from).unwrap_or(path).to_string_lossy().into_owned()
}
