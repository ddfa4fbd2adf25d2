//! From places to text, without what must not be shown.

use std::path::Path;

use crate::mask::{Mask, one_line};
use crate::text::{Place, Position, SourceId, Sources, Span, Where};

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
            Place::Live { url, what } => one_line(&format!("{url}#{what}")),
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
}
