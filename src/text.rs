//! Bytes and the places they came from: the only owner of file contents.
//!
//! Everything that hardline says points into a [`Source`]. Spans are byte offsets into the original bytes, so an
//! edit made from one leaves every other byte alone, invalid UTF-8 included. Lines and columns exist only when
//! something is shown.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

/// How many bytes of one file are read unless the user says otherwise.
pub const DEFAULT_LIMIT: u64 = 8 * 1024 * 1024;

/// What stands for an invalid byte in [`Source::text`]: ASCII SUB, so that text and bytes have the same length.
const SUBSTITUTE: char = '\u{1a}';

/// Names one [`Source`] within its [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(u32);

/// A half-open range of bytes in one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The source that the offsets count in.
    pub source: SourceId,
    /// The first byte, from 0.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The bytes from `start` up to `end`.
    pub fn new(source: SourceId, start: usize, end: usize) -> Span {
        Span { source, start: clamp(start), end: clamp(end.max(start)) }
    }

    /// The empty place just before the byte at `offset`.
    pub fn at(source: SourceId, offset: usize) -> Span {
        Span::new(source, offset, offset)
    }

    /// The smallest span of the same source that holds both. Spans of other sources leave it as it is.
    pub fn cover(self, other: Span) -> Span {
        if self.source != other.source {
            return self;
        }
        Span { source: self.source, start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// Something with the place where it is said.
#[derive(Debug, Clone, PartialEq)]
pub struct Said<T> {
    /// What is said.
    pub it: T,
    /// Where.
    pub at: Span,
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Offsets fit in 32 bits because a source is refused long before it reaches 4 GiB.
fn clamp(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

/// Where the bytes of a source came from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A file; the path as it was opened.
    File(PathBuf),
    /// Standard input, with the name the user gave for it.
    Stdin(PathBuf),
    /// The arguments of the server's command line, one line for each directive they make.
    Arguments,
    /// A text made of what a running server answered: its URL without a password, and what the text says.
    Live {
        /// Where the server is.
        url: String,
        /// A word for what was asked: `config`, `users`, `state`.
        what: &'static str,
    },
}

impl Place {
    /// The path of a file or the name given to standard input.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Place::File(path) | Place::Stdin(path) => Some(path),
            Place::Arguments | Place::Live { .. } => None,
        }
    }
}

/// A line and a column, both from 1, and the byte from 0. Columns count Unicode scalar values, an invalid byte as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// The byte, from 0.
    pub byte: usize,
}

/// Bytes with a place.
#[derive(Debug, Clone)]
pub struct Source {
    id: SourceId,
    place: Place,
    text: Arc<str>,
    /// The original bytes, where they are not valid UTF-8 and so differ from `text`.
    raw: Option<Arc<[u8]>>,
    lines: Arc<[u32]>,
}

impl Source {
    /// Its name within its [`Sources`].
    pub fn id(&self) -> SourceId {
        self.id
    }

    /// Where it came from.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The bytes as they are in the file.
    pub fn bytes(&self) -> &[u8] {
        match &self.raw {
            Some(raw) => raw,
            None => self.text.as_bytes(),
        }
    }

    /// The bytes as text of the same length: each invalid byte is one ASCII SUB.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The bytes of a span. A span that does not fit is cut, never a panic.
    pub fn slice(&self, span: Span) -> &[u8] {
        let bytes = self.bytes();
        let end = (span.end as usize).min(bytes.len());
        &bytes[(span.start as usize).min(end)..end]
    }

    /// A span over the whole source.
    pub fn whole(&self) -> Span {
        Span::new(self.id, 0, self.bytes().len())
    }

    /// How many lines it has; an empty source has one.
    pub fn line_count(&self) -> usize {
        self.lines.len()
    }

    /// The bytes of a line (from 1), without its line ending.
    pub fn line_span(&self, line: usize) -> Span {
        let start = line.checked_sub(1).and_then(|i| self.lines.get(i)).copied().unwrap_or(0) as usize;
        let end = self.lines.get(line).map_or(self.bytes().len(), |&next| next as usize);
        let mut end = end.max(start);
        let bytes = self.bytes();
        if end > start && bytes[end - 1] == b'\n' {
            end -= 1;
        }
        if end > start && bytes[end - 1] == b'\r' {
            end -= 1;
        }
        Span::new(self.id, start, end)
    }

    /// The line and column of a byte.
    pub fn position(&self, offset: u32) -> Position {
        let offset = offset.min(clamp(self.text.len()));
        let line = self.lines.partition_point(|&start| start <= offset).max(1);
        let start = self.lines[line - 1] as usize;
        let mut end = offset as usize;
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let column = self.text[start..end].chars().count() + 1;
        Position { line, column, byte: offset as usize }
    }
}

/// All sources of one run.
#[derive(Debug, Clone, Default)]
pub struct Sources(Vec<Source>);

impl Sources {
    /// No sources yet.
    pub fn new() -> Sources {
        Sources::default()
    }

    /// Takes bytes with their place and gives them a name.
    pub fn add(&mut self, place: Place, bytes: Vec<u8>) -> SourceId {
        let id = SourceId(clamp(self.0.len()));
        let mut lines = vec![0];
        lines.extend(memchr::memchr_iter(b'\n', &bytes).map(|i| clamp(i + 1)));
        if lines.len() > 1 && lines.last() == Some(&clamp(bytes.len())) {
            lines.pop();
        }
        let (text, raw) = match String::from_utf8(bytes) {
            Ok(text) => (Arc::from(text), None),
            Err(error) => (Arc::from(patched(error.as_bytes())), Some(Arc::from(error.into_bytes()))),
        };
        self.0.push(Source { id, place, text, raw, lines: lines.into() });
        id
    }

    /// The source of this name.
    ///
    /// # Panics
    /// When the name was made by another `Sources`: a mistake in the program, never in its input.
    pub fn get(&self, id: SourceId) -> &Source {
        &self.0[id.0 as usize]
    }

    /// The bytes of a span.
    pub fn slice(&self, span: Span) -> &[u8] {
        self.get(span.source).slice(span)
    }

    /// The bytes of a span as text; invalid bytes are replaced.
    pub fn text(&self, span: Span) -> String {
        String::from_utf8_lossy(self.slice(span)).into_owned()
    }

    /// The sources in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = &Source> {
        self.0.iter()
    }
}

/// The text of bytes that are not all UTF-8, as long as they are.
fn patched(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| SUBSTITUTE));
    }
    text
}

/// Why the bytes at a path could not be had. The text is what a notice says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Nothing is there.
    #[error("no such file")]
    Missing,
    /// The system refuses.
    #[error("permission denied")]
    Denied,
    /// A folder, FIFO, socket or device: reading it could block or make no sense.
    #[error("not a regular file but {0}")]
    NotAFile(&'static str),
    /// Larger than the limit, in bytes.
    #[error("larger than the limit of {0} bytes")]
    TooLarge(u64),
    /// Symbolic links that lead back to themselves.
    #[error("too many levels of symbolic links")]
    Loop,
    /// Outside what this run may open.
    #[error("outside the scanned tree (--root says where absolute paths are)")]
    OutOfReach,
    /// Anything else, in the system's words.
    #[error("{0}")]
    Other(String),
}

impl From<io::Error> for Unreadable {
    fn from(error: io::Error) -> Unreadable {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Unreadable::Missing,
            io::ErrorKind::PermissionDenied => Unreadable::Denied,
            // ELOOP has no stable ErrorKind yet.
            _ if error.raw_os_error() == Some(40) => Unreadable::Loop,
            _ => Unreadable::Other(error.to_string()),
        }
    }
}

/// Reads a regular file of at most `limit` bytes. Never blocks on a FIFO, never reads a device.
///
/// # Errors
/// [`Unreadable`] says why there are no bytes.
pub fn read_file(path: &Path, limit: u64) -> Result<Vec<u8>, Unreadable> {
    // Asked before opening, because opening a FIFO waits for its other end …
    refuse_unless_file(&fs::metadata(path)?, limit)?;
    let mut file = open(path)?;
    // … and after it, because the path may lead elsewhere by now.
    let metadata = file.metadata()?;
    refuse_unless_file(&metadata, limit)?;
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
    file.by_ref().take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(Unreadable::TooLarge(limit));
    }
    Ok(bytes)
}

/// Opens a file to read it, and waits for nothing: where a FIFO has come to be by now, or a file of the kernel's has
/// nothing to tell yet, that is an error.
///
/// # Errors
/// Those of the system.
pub fn open(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true);
    #[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // O_NONBLOCK, which differs elsewhere.
        options.custom_flags(0o4000);
    }
    options.open(path)
}

fn refuse_unless_file(metadata: &fs::Metadata, limit: u64) -> Result<(), Unreadable> {
    let kind = metadata.file_type();
    if kind.is_dir() {
        return Err(Unreadable::NotAFile("a folder"));
    }
    if !kind.is_file() {
        return Err(Unreadable::NotAFile(special_kind(kind)));
    }
    if metadata.len() > limit {
        return Err(Unreadable::TooLarge(limit));
    }
    Ok(())
}

#[cfg(unix)]
fn special_kind(kind: fs::FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    if kind.is_fifo() {
        "a FIFO"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

#[cfg(not(unix))]
fn special_kind(_: fs::FileType) -> &'static str {
    "something else"
}

/// Something the user should know that is not a verdict: a file left out, a limit met, a version replaced.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Notice {
    /// How much it matters.
    pub level: Level,
    /// What it is about.
    pub at: Where,
    /// One line, without secrets.
    pub message: String,
}

/// How much a [`Notice`] matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Good to know.
    Info,
    /// Something was not looked at as the user may believe.
    Warning,
}

/// What a [`Notice`] is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Where {
    /// The run as a whole.
    Run,
    /// A path that gave no source.
    Path(PathBuf),
    /// A place in a source.
    Span(Span),
}
