//! The edits of a fix, in nginx's language.

use super::parse::parse;
use super::tree::{Body, Directive, Item, directives};
use crate::edit::{EditError, EditOp, TextEdit};
use crate::fact::{Fact, List, Subject, Value, Why};
use crate::text::{Place, Source, Sources, Span};

/// How far a block is indented within the one around it, where nothing shows how it is done here.
const INDENT: &str = "    ";

/// The text edits that carry out one step of a fix.
///
/// # Errors
/// [`EditError`] says why a program cannot do it.
pub fn edits(sources: &Sources, subject: &Subject, op: &EditOp) -> Result<Vec<TextEdit>, EditError> {
    let unsupported = |text: &str| Err(EditError::Unsupported(text.to_owned()));
    match op {
        EditOp::Set { path, value } => {
            let at = place(subject, path)?;
            let (source, directive) = directive(sources, at, path)?;
            let end = directive.text().end as usize;
            let span = Span::new(source.id(), directive.name.span.end as usize, end);
            Ok(vec![TextEdit { span, text: format!(" {value}") }])
        }
        EditOp::Remove { path } => {
            let (source, directive) = directive(sources, place(subject, path)?, path)?;
            Ok(vec![removal(source, directive.span)])
        }
        EditOp::Comment { path, reason } => {
            let (source, directive) = directive(sources, place(subject, path)?, path)?;
            comment(source, &directive, reason)
        }
        EditOp::Add { to, line } => {
            let (source, block) = directive(sources, place(subject, to)?, to)?;
            let mut edits = inserted(source, &block, std::slice::from_ref(line))?;
            for inner in losing(&block, line) {
                edits.extend(inserted(source, inner, std::slice::from_ref(line))?);
            }
            Ok(edits)
        }
        EditOp::Copy { from, into } => {
            let lines = lines(sources, subject, from)?;
            let (source, block) = directive(sources, place(subject, into)?, into)?;
            inserted(source, &block, &lines)
        }
        EditOp::Rename { .. } => unsupported("no directive of nginx is written under another name"),
        EditOp::Hash { .. } => unsupported("nginx takes no hash in place of a password"),
    }
}

/// The place that a fact points at first.
fn place(subject: &Subject, path: &str) -> Result<Span, EditError> {
    let fact = subject.at(path).ok_or_else(|| EditError::NoPlace(path.to_owned()))?;
    match &fact {
        Fact::Unknown(unknown) if unknown.why == Why::Templated => Err(EditError::Templated(path.to_owned())),
        Fact::Unknown(unknown) if !unknown.sides.is_empty() => {
            let sides: Vec<Span> = unknown.sides.iter().filter_map(|side| side.fact.spans().first().copied()).collect();
            match sides[..] {
                [first, ..] if sides.iter().all(|side| *side == first) => Ok(first),
                _ => Err(EditError::NoPlace(path.to_owned())),
            }
        }
        fact => fact.spans().first().copied().ok_or_else(|| EditError::NoPlace(path.to_owned())),
    }
}

/// The directive that begins at a place or has it among its arguments.
fn directive<'s>(sources: &'s Sources, at: Span, path: &str) -> Result<(&'s Source, Directive), EditError> {
    let source = sources.get(at.source);
    if !matches!(source.place(), Place::File(_)) {
        return Err(EditError::NoPlace(path.to_owned()));
    }
    let found = within(parse(source), at).ok_or_else(|| EditError::NoPlace(path.to_owned()))?;
    if found.templated() {
        return Err(EditError::Templated(path.to_owned()));
    }
    Ok((source, found))
}

fn within(items: Vec<Item>, at: Span) -> Option<Directive> {
    for item in items {
        let Item::Directive(mut directive) = item else { continue };
        if directive.span.start <= at.start && at.end <= directive.span.end {
            return Some(directive);
        }
        let Body::Block(block) = &mut directive.body else { continue };
        if block.open.start < at.start && at.start < block.close.end {
            return within(std::mem::take(&mut block.items), at);
        }
    }
    None
}

/// The directives that a list of facts points at, as they are written.
fn lines(sources: &Sources, subject: &Subject, path: &str) -> Result<Vec<String>, EditError> {
    let none = || EditError::NoPlace(path.to_owned());
    let Some(Fact::Known { value: Value::List(List { items, rest: None }), .. }) = subject.at(path) else {
        return Err(none());
    };
    let one = |item: Fact| {
        let (source, directive) = directive(sources, *item.spans().first().ok_or_else(none)?, path)?;
        Ok(String::from_utf8_lossy(source.slice(directive.text())).into_owned() + ";")
    };
    items.iter().map(one).collect()
}

/// Takes a directive out: with its line, where nothing else stands on it.
fn removal(source: &Source, span: Span) -> TextEdit {
    let bytes = source.bytes();
    let (from, to) = (span.start as usize, (span.end as usize).min(bytes.len()));
    let start = memchr::memrchr(b'\n', &bytes[..from]).map_or(0, |newline| newline + 1);
    let end = memchr::memchr(b'\n', &bytes[to..]).map_or(bytes.len(), |newline| to + newline + 1);
    let blank = |text: &[u8]| text.iter().all(u8::is_ascii_whitespace);
    if blank(&bytes[start..from]) && blank(&bytes[to..end]) {
        return TextEdit { span: Span::new(source.id(), start, end), text: String::new() };
    }
    let before = bytes[start..from].iter().rev().take_while(|byte| byte.is_ascii_whitespace()).count();
    TextEdit { span: Span::new(source.id(), from - before, to), text: String::new() }
}

/// Turns a directive into a comment, after one that says why.
fn comment(source: &Source, directive: &Directive, reason: &str) -> Result<Vec<TextEdit>, EditError> {
    let text = source.slice(directive.span);
    let next = source.bytes().get(directive.span.end as usize);
    if text.contains(&b'\n') || !matches!(next, None | Some(b'\n' | b'\r')) {
        return Err(EditError::Unsupported("the directive does not have its line to itself".to_owned()));
    }
    let reason = reason.lines().collect::<Vec<_>>().join(" ");
    let at = Span::at(source.id(), directive.span.start as usize);
    let indent = indent(source, directive.span.start as usize);
    Ok(vec![TextEdit { span: at, text: format!("# {reason}{}{indent}# ", ending(source)) }])
}

/// The blocks in another that would lose a response header that is added to it, because they add some of their own.
fn losing<'d>(block: &'d Directive, line: &str) -> Vec<&'d Directive> {
    let Some(name) = line.strip_prefix("add_header ").and_then(|rest| rest.split_whitespace().next()) else {
        return Vec::new();
    };
    let own = |block: &'d Directive| -> Vec<&'d Directive> {
        block.block().map_or_else(Vec::new, |it| directives(&it.items))
    };
    let merges = |all: &[&Directive]| all.iter().any(|it| *it.name == *"add_header_inherit" && it.arg(0) == "merge");
    let (mut open, mut found) = (vec![block], Vec::new());
    while let Some(outer) = open.pop() {
        let all = own(outer);
        if merges(&all) {
            continue;
        }
        for inner in all.into_iter().filter(|it| matches!(&*it.name.text, "location" | "if" | "limit_except")) {
            let all = own(inner);
            let mut added = all.iter().filter(|it| *it.name == *"add_header").peekable();
            if added.peek().is_some() && !merges(&all) && added.all(|it| !it.arg(0).eq_ignore_ascii_case(name)) {
                found.push(inner);
            }
            open.push(inner);
        }
    }
    found
}

/// Writes lines at the start of a block.
fn inserted(source: &Source, block: &Directive, lines: &[String]) -> Result<Vec<TextEdit>, EditError> {
    let Body::Block(inner) = &block.body else {
        return Err(EditError::Unsupported("not a block that a line could be written into".to_owned()));
    };
    let bytes = source.bytes();
    let open = inner.open.end as usize;
    let rest = &bytes[open.min(bytes.len())..];
    let line = &rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())];
    let alone = line.iter().all(u8::is_ascii_whitespace) || line.trim_ascii_start().starts_with(b"#");
    let text = match alone {
        false => lines.iter().map(|line| format!(" {line}")).collect::<String>(),
        true => {
            let first = inner.items.iter().find_map(|item| match item {
                Item::Directive(directive) => Some(indent(source, directive.span.start as usize)),
                _ => None,
            });
            let own = indent(source, block.span.start as usize);
            let deeper = first.filter(|first| first.len() > own.len()).unwrap_or_else(|| format!("{own}{INDENT}"));
            lines.iter().map(|line| format!("{}{deeper}{line}", ending(source))).collect()
        }
    };
    let at = if alone { open + line.trim_ascii_end().len() } else { open };
    Ok(vec![TextEdit { span: Span::at(source.id(), at), text }])
}

/// The blanks before the first byte of a line.
fn indent(source: &Source, at: usize) -> String {
    let bytes = source.bytes();
    let start = memchr::memrchr(b'\n', &bytes[..at.min(bytes.len())]).map_or(0, |newline| newline + 1);
    bytes[start..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).map(|byte| char::from(*byte)).collect()
}

fn ending(source: &Source) -> &'static str {
    if memchr::memmem::find(source.bytes(), b"\r\n").is_some() { "\r\n" } else { "\n" }
}
