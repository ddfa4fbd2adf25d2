//! From the text of a check file to a check, with every mistake at its place.

use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer};

use crate::expr::Trust;
use crate::schema::Root;
use crate::spell;

use super::places::Places;
use super::{Check, CheckFile, Example, compile, vet};

/// The largest check file, in bytes.
pub const LARGEST: usize = 256 * 1024;

/// How deep brackets may be nested in a check file.
const NESTING: usize = 64;

/// After how many mistakes in the form of a file the rest is not looked for.
const ENOUGH: usize = 40;

/// How many mistakes are reported.
const REPORTED: usize = 100;

/// A mistake in a check file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The bytes of the file that it is about.
    pub span: Range<usize>,
    /// What is wrong and what would be right, in one line.
    pub message: String,
}

impl Problem {
    pub(super) fn new(span: Range<usize>, message: impl Into<String>) -> Problem {
        Problem { span, message: message.into() }
    }
}

/// A check with its examples.
#[derive(Debug)]
pub struct Loaded {
    /// The check.
    pub check: Check,
    /// Its examples, in the order of the file.
    pub examples: Vec<Example>,
    /// Where everything is in the file.
    pub places: Places,
}

/// Loads a check file and vets it. `id` is what the file's name says, `roots` are the platforms' schemas.
///
/// # Errors
/// All mistakes, in the order of their places.
pub fn load(text: &str, id: Option<&str>, roots: &[&'static Root]) -> Result<Loaded, Vec<Problem>> {
    let (file, places, mut problems) = read(text)?;
    // What is missing because it could not be read is not missing.
    let misread = !problems.is_empty();
    let compiled = compile::compile(&file, roots, Trust::Vet, &places);
    let (check, more) = match compiled {
        Ok(check) => (Some(check), Vec::new()),
        Err(more) => (None, more),
    };
    let found: Vec<_> = more.into_iter().chain(vet::vet(&file, id, roots, &places)).collect();
    let hollow = |problem: &Problem| vet::HOLLOW.iter().any(|end| problem.message.ends_with(end));
    problems.extend(found.into_iter().filter(|problem| !misread || !hollow(problem)));
    problems.sort_by(|a, b| (a.span.start, a.span.end, &a.message).cmp(&(b.span.start, b.span.end, &b.message)));
    problems.dedup();
    problems.truncate(REPORTED);
    match check {
        Some(check) if problems.is_empty() => Ok(Loaded { check, examples: file.example, places }),
        _ => Err(problems),
    }
}

/// Reads the form of a file: TOML, known keys, types. What is wrong is noted and left out.
fn read(text: &str) -> Result<(CheckFile, Places, Vec<Problem>), Vec<Problem>> {
    if text.len() > LARGEST {
        return Err(vec![Problem::new(0..0, format!("larger than a check file may be: {LARGEST} bytes"))]);
    }
    if let Some(at) = too_deep(text) {
        return Err(vec![Problem::new(at..at + 1, format!("brackets are nested more than {NESTING} deep"))]);
    }
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut problems: Vec<Problem> = errors
        .iter()
        .take(ENOUGH)
        .map(|error| Problem::new(error.span().unwrap_or(0..0), one_line(error.message())))
        .collect();
    if !problems.is_empty() {
        return Err(problems);
    }
    let places = Places::of(text, table.get_ref());
    let (span, mut table) = (table.span(), table.into_inner());
    loop {
        let whole = Spanned::new(span.clone(), table.clone());
        let error = match CheckFile::deserialize(Deserializer::from(whole)) {
            Ok(file) => return Ok((file, places, problems)),
            Err(error) => error,
        };
        let at = error.span().unwrap_or(0..0);
        problems.push(Problem::new(at.clone(), explain(error.message())));
        if problems.len() >= ENOUGH || !remove(&mut table, &at) {
            return Err(problems);
        }
    }
}

/// Where brackets are nested too deep for a recursive parser, whatever they are in.
fn too_deep(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            // Brackets in texts are not always closed; an open one does not reach past its paragraph.
            b'\n' if text.as_bytes().get(at + 1).is_none_or(|next| *next == b'\n') => depth = 0,
            _ => {}
        }
        if depth > NESTING {
            return Some(at);
        }
    }
    None
}

/// Takes the key or item out that is at fault, so that the next fault can be found.
fn remove(table: &mut DeTable<'_>, at: &Range<usize>) -> bool {
    let holds = |span: Range<usize>| span.start <= at.start && at.end <= span.end;
    let Some(key) = table
        .iter()
        .find(|(key, value)| holds(key.span()) || holds(value.span()) || inside(value.get_ref(), at))
        .map(|(key, _)| key.clone())
    else {
        return false;
    };
    if !holds(key.span())
        && let Some(value) = table.get_mut(&key)
        && remove_inside(value.get_mut(), at)
    {
        return true;
    }
    table.remove(&key).is_some()
}

fn remove_inside(value: &mut DeValue<'_>, at: &Range<usize>) -> bool {
    match value {
        DeValue::Table(inner) => remove(inner, at),
        DeValue::Array(items) => items.iter_mut().any(|item| {
            let holds = inside(item.get_ref(), at);
            holds && remove_inside(item.get_mut(), at)
        }),
        _ => false,
    }
}

/// Whether a place is in a value, also where a table has no place of its own because it is written in pieces.
fn inside(value: &DeValue<'_>, at: &Range<usize>) -> bool {
    let holds = |span: Range<usize>| span.start <= at.start && at.end <= span.end;
    match value {
        DeValue::Table(table) => {
            table.iter().any(|(key, value)| holds(key.span()) || holds(value.span()) || inside(value.get_ref(), at))
        }
        DeValue::Array(items) => items.iter().any(|item| holds(item.span()) || inside(item.get_ref(), at)),
        _ => false,
    }
}

/// The parser's words, with the key that was probably meant.
fn explain(message: &str) -> String {
    let mut names = message.split('`').skip(1).step_by(2);
    if !message.starts_with("unknown field") && !message.starts_with("unknown variant") {
        return one_line(message);
    }
    let Some(wrong) = names.next() else { return one_line(message) };
    let known: Vec<&str> = names.collect();
    let kind = if message.starts_with("unknown field") { "key" } else { "word" };
    match spell::nearest(wrong, known.iter().copied()) {
        Some(meant) => format!("unknown {kind} `{wrong}`; did you mean `{meant}`?"),
        None => format!("unknown {kind} `{wrong}`; expected one of {}", known.join(", ")),
    }
}

fn one_line(message: &str) -> String {
    message.lines().collect::<Vec<_>>().join(" ")
}
