//! The edits of a fix, in the syntax of `redis.conf`, `sentinel.conf` and ACL files.

use sha2::{Digest, Sha256};

use super::claim::{self, Form};
use super::directive::SettingId;
use super::version::{VERSIONS, Version};
use crate::edit::{EditError, EditOp, TextEdit};
use crate::fact::{Fact, Origin, Subject, Value, Why};
use crate::text::{Place, Source, Sources, Span, hex};

/// The text edits that carry out one step of a fix.
///
/// # Errors
/// [`EditError`] says why a program cannot do it.
pub fn edits(sources: &Sources, subject: &Subject, op: &EditOp) -> Result<Vec<TextEdit>, EditError> {
    match op {
        EditOp::Set { path, value } => set(sources, subject, path, value),
        EditOp::Remove { path } => {
            Ok(vec![removal(file(sources, place(subject, path)?, path)?, place(subject, path)?)])
        }
        EditOp::Comment { path, reason } => {
            comment(file(sources, place(subject, path)?, path)?, place(subject, path)?, reason)
        }
        EditOp::Rename { path, to } => rename(sources, subject, path, to),
        EditOp::Hash { path } => hash(sources, subject, path),
        EditOp::Add { to, line } => {
            let at = subject.at(to).and_then(|fact| fact.spans().first().copied()).unwrap_or(subject.main);
            Ok(vec![new_line(file(sources, at, to)?, at.end, line)])
        }
        EditOp::Copy { .. } => Err(EditError::Unsupported("no line of redis.conf is inherited by a block".to_owned())),
    }
}

/// What is known of where a fact is written.
enum Written {
    /// There.
    At(Span),
    /// Nowhere; it would be there.
    Missing(Span),
}

/// Where a fact is written, the same in every version that comes into question.
fn written(fact: &Fact, path: &str) -> Result<Written, EditError> {
    match fact {
        Fact::Known { origin: Origin::Written(span), .. } => Ok(Written::At(*span)),
        Fact::Known { origin: Origin::Default { anchor, .. }, .. } => Ok(Written::Missing(*anchor)),
        Fact::Known { .. } => Err(EditError::NoPlace(path.to_owned())),
        Fact::Unknown(unknown) if unknown.why == Why::Templated => Err(EditError::Templated(path.to_owned())),
        Fact::Unknown(unknown) => {
            let mut places = Vec::new();
            for side in unknown.sides.iter() {
                let (is_written, at) = match written(&side.fact, path)? {
                    Written::At(at) => (true, at),
                    Written::Missing(at) => (false, at),
                };
                if !places.contains(&(is_written, at)) {
                    places.push((is_written, at));
                }
            }
            match places[..] {
                [(true, at)] => Ok(Written::At(at)),
                [(false, at)] => Ok(Written::Missing(at)),
                _ => Err(EditError::NoPlace(path.to_owned())),
            }
        }
    }
}

fn set(sources: &Sources, subject: &Subject, path: &str, value: &str) -> Result<Vec<TextEdit>, EditError> {
    let none = || EditError::NoPlace(path.to_owned());
    let fact = subject.at(path).ok_or_else(none)?;
    match written(&fact, path)? {
        Written::At(span) => {
            file(sources, span, path)?;
            Ok(vec![TextEdit { span, text: value.to_owned() }])
        }
        Written::Missing(anchor) => {
            let name = setting_name(subject, path).ok_or_else(none)?;
            Ok(vec![new_line(file(sources, anchor, path)?, anchor.end, &format!("{name} {value}"))])
        }
    }
}

/// What the newest version in question calls the setting that a path names.
fn setting_name(subject: &Subject, path: &str) -> Option<&'static str> {
    let fact = path.strip_prefix(subject.kind)?.strip_prefix('.')?;
    let setting = SettingId::of(&fact.replace('_', "-"))?;
    let known = subject.worlds.iter().rev().filter_map(|world| Version::find(world).ok());
    let mut worlds = known.filter_map(|(version, _)| VERSIONS.iter().position(|other| other == version));
    worlds.find_map(|world| setting.spec(world)).map(|spec| spec.name)
}

/// The place that a fact points at first.
fn place(subject: &Subject, path: &str) -> Result<Span, EditError> {
    let fact = subject.at(path).ok_or_else(|| EditError::NoPlace(path.to_owned()))?;
    match &fact {
        Fact::Unknown(unknown) if unknown.why == Why::Templated => Err(EditError::Templated(path.to_owned())),
        Fact::Known { origin: Origin::Default { .. }, .. } => Err(EditError::NoPlace(path.to_owned())),
        fact => fact.spans().first().copied().ok_or_else(|| EditError::NoPlace(path.to_owned())),
    }
}

/// The file that a place is in.
fn file<'s>(sources: &'s Sources, at: Span, path: &str) -> Result<&'s Source, EditError> {
    let source = sources.get(at.source);
    match source.place() {
        Place::File(_) => Ok(source),
        Place::Stdin(_) | Place::Arguments | Place::Live { .. } => Err(EditError::NoPlace(path.to_owned())),
    }
}

/// Takes out what is written at a place: the whole line where nothing but the setting's name would be left, and
/// otherwise the words with the blanks before them.
fn removal(source: &Source, at: Span) -> TextEdit {
    let bytes = source.bytes();
    let (start, end) = line_of(source, at);
    let line = &bytes[start..end];
    let blank = |byte: &u8| byte.is_ascii_whitespace();
    let indent = line.iter().take_while(|byte| blank(byte)).count();
    let name = line[indent..].iter().take_while(|byte| !blank(byte)).count();
    let gap = line[indent + name..].iter().take_while(|byte| blank(byte)).count();
    let values = start + indent + name + gap;
    let last = end - line.iter().rev().take_while(|byte| blank(byte)).count();
    let (from, to) = (at.start as usize, at.end as usize);
    if from <= values && to >= last {
        return TextEdit { span: Span::new(source.id(), start, end), text: String::new() };
    }
    let before = bytes[start..from.max(start)].iter().rev().take_while(|byte| blank(byte)).count();
    TextEdit { span: Span::new(source.id(), from - before, to), text: String::new() }
}

/// The bytes of the line that a place begins in, its ending included.
fn line_of(source: &Source, at: Span) -> (usize, usize) {
    let bytes = source.bytes();
    let from = (at.start as usize).min(bytes.len());
    let start = memchr::memrchr(b'\n', &bytes[..from]).map_or(0, |newline| newline + 1);
    let end = memchr::memchr(b'\n', &bytes[from..]).map_or(bytes.len(), |newline| from + newline + 1);
    (start, end)
}

/// Writes a line after the one that holds the byte before `after`.
fn new_line(source: &Source, after: u32, line: &str) -> TextEdit {
    let bytes = source.bytes();
    let ending = if memchr::memmem::find(bytes, b"\r\n").is_some() { "\r\n" } else { "\n" };
    let after = (after as usize).min(bytes.len());
    let begins = after == 0 || bytes.get(after - 1) == Some(&b'\n');
    let (at, text) = match memchr::memchr(b'\n', &bytes[after..]) {
        _ if begins => (after, format!("{line}{ending}")),
        Some(newline) => (after + newline + 1, format!("{line}{ending}")),
        None => (bytes.len(), format!("{ending}{line}{ending}")),
    };
    TextEdit { span: Span::at(source.id(), at), text }
}

/// Writes the text of the fact `to`, the same in every version in question, where `path` is written.
fn rename(sources: &Sources, subject: &Subject, path: &str, to: &str) -> Result<Vec<TextEdit>, EditError> {
    let span = place(subject, path)?;
    file(sources, span, path)?;
    match subject.at(to) {
        Some(Fact::Known { value: Value::Text(text), .. }) => Ok(vec![TextEdit { span, text: text.to_string() }]),
        _ => Err(EditError::NoPlace(to.to_owned())),
    }
}

/// Writes `#` and the SHA-256 of the password for a rule `>password`.
fn hash(sources: &Sources, subject: &Subject, path: &str) -> Result<Vec<TextEdit>, EditError> {
    let span = place(subject, path)?;
    let rule = file(sources, span, path)?.slice(span);
    // Between quotes, the bytes that are written are not those of the password.
    let plain = |byte: &u8| !byte.is_ascii_whitespace() && !matches!(byte, b'"' | b'\'' | b'\\');
    let password = rule.strip_prefix(b">").filter(|password| !password.is_empty() && password.iter().all(plain));
    let password = password.ok_or_else(|| EditError::Unsupported("the rule is not a plain `>password`".to_owned()))?;
    Ok(vec![TextEdit { span, text: format!("#{}", hex(&Sha256::digest(password))) }])
}

/// Turns a line into a comment, after one that says why.
fn comment(source: &Source, at: Span, reason: &str) -> Result<Vec<TextEdit>, EditError> {
    let path = source.place().path().unwrap_or(std::path::Path::new(""));
    if claim::form(path, source.bytes()).is_some_and(|(form, _)| form == Form::Acl) {
        return Err(EditError::Unsupported("an ACL file has no comments".to_owned()));
    }
    let (start, _) = line_of(source, at);
    let ending = if memchr::memmem::find(source.bytes(), b"\r\n").is_some() { "\r\n" } else { "\n" };
    let reason = reason.lines().collect::<Vec<_>>().join(" ");
    Ok(vec![TextEdit { span: Span::at(source.id(), start), text: format!("# {reason}{ending}# ") }])
}
