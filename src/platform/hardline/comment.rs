//! Waivers in comments: `# hardline: allow redis/no-tls owner=@platform until=2027-03-31 -- loopback only`.
//!
//! A comment is a line of its own: at the end of a setting's line a server takes it for arguments and does not start.
//! It is about the setting in the next line; several may stand above each other. Before the first setting of a file it
//! is about missing settings as well. What looks like an attempt is never passed over in silence.

use std::collections::BTreeSet;

use memchr::memmem;

use crate::date::Date;
use crate::fact::{Subject, Value};
use crate::text::{Place, Said, Source, Sources, Span};
use crate::waiver::{Form, Written};

/// What a comment says before anything else.
const NAME: &str = "hardline";

/// What a server takes away around a line.
const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

/// What a comment ought to be.
const FORM: &str = "write `# hardline: allow CHECK owner=WHO until=2027-03-31 -- REASON`";

/// All waivers in the comments of what subjects were read from, by their places.
pub fn collect(subjects: &[Subject], sources: &Sources) -> Vec<Written> {
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    for subject in subjects {
        for &id in &subject.sources {
            let source = sources.get(id);
            // Nobody writes comments into what a server answers.
            let written = !matches!(source.place(), Place::Arguments | Place::Live { .. });
            if written && seen.insert(id) {
                all.extend(read(source, !is_acl(subject, source)));
            }
        }
    }
    all.sort_by_key(|waiver| waiver.at);
    all
}

/// Whether a source holds users alone, and so no comments.
fn is_acl(subject: &Subject, source: &Source) -> bool {
    let named = || match subject.facts.get("aclfile")?.value()? {
        Value::Text(path) => Some(path.rsplit('/').next()? == source.place().path()?.file_name()?.to_str()?),
        _ => None,
    };
    subject.carrier == "acl-file" || named().unwrap_or(false)
}

/// The waivers in the comments of a source. Where it may hold no comments, each is a mistake.
pub fn read(source: &Source, comments: bool) -> Vec<Written> {
    let mut all: Vec<Written> = Vec::new();
    let folded = source.bytes().to_ascii_lowercase();
    if memmem::find(&folded, NAME.as_bytes()).is_none() {
        return all;
    }
    // The first waiver of those that stand right above the line.
    let mut above = 0;
    let mut head = true;
    for number in 1..=source.line_count() {
        let line = source.line_span(number);
        let Some(text) = source.text().get(line.start as usize..line.end as usize) else { continue };
        let start = line.start as usize + text.len() - text.trim_start_matches(BLANKS).len();
        let trimmed = text.trim_matches(BLANKS);
        if trimmed.starts_with('#') && attempt(trimmed).is_some() {
            let mut written = Written::new(Form::Inline { below: None, head }, span(source, start, trimmed));
            if comments {
                parse(source, start, trimmed, &mut written);
            } else {
                written
                    .wrong(written.at, "an ACL file holds no comments: the server does not start; use hardline.toml");
            }
            all.push(written);
            continue;
        }
        if !trimmed.is_empty() && !trimmed.starts_with('#') {
            for written in &mut all[above..] {
                written.form = match written.form {
                    Form::Inline { head, .. } => Form::Inline { below: Some(number), head },
                    Form::File => Form::File,
                };
            }
            head = false;
            all.extend(behind(source, start, trimmed));
        }
        above = all.len();
    }
    all
}

/// A comment at the end of a setting's line.
fn behind(source: &Source, start: usize, line: &str) -> Option<Written> {
    let at = line.match_indices('#').map(|(at, _)| at).find(|&at| attempt(&line[at..]).is_some())?;
    let mut written = Written::new(Form::Inline { below: None, head: false }, span(source, start + at, &line[at..]));
    written
        .wrong(written.at, "a comment stands on a line of its own: the server takes this for arguments of the setting");
    Some(written)
}

fn span(source: &Source, start: usize, text: &str) -> Span {
    Span::new(source.id(), start, start + text.len())
}

/// What follows `hardline:` in a comment, or `hardline` where the colon was forgotten before `allow`.
fn attempt(comment: &str) -> Option<&str> {
    let text = comment.trim_start_matches('#').trim_start();
    let name = text.get(..NAME.len()).filter(|name| name.eq_ignore_ascii_case(NAME))?;
    let rest = text[name.len()..].trim_start();
    match rest.strip_prefix(':') {
        Some(rest) => Some(rest),
        None => rest.strip_prefix("allow").filter(|after| after.starts_with(char::is_whitespace)).map(|_| rest),
    }
}

/// Reads a comment that begins at `start`.
fn parse(source: &Source, start: usize, comment: &str, written: &mut Written) {
    let whole = written.at;
    let Some(rest) = attempt(comment) else { return };
    let base = start + comment.len() - rest.len();
    if !comment[..comment.len() - rest.len()].ends_with(':') {
        return written.wrong(whole, format!("`:` is missing after `hardline`: {FORM}"));
    }
    let mut words = words(rest).peekable();
    if words.next_if(|(_, word)| *word == "allow").is_none() {
        return written.wrong(whole, format!("`allow` is missing: {FORM}"));
    }
    for (at, word) in words {
        let here = span(source, base + at, word);
        if word == "--" {
            let reason = &rest[at + word.len()..];
            let from = base + at + word.len() + reason.len() - reason.trim_start().len();
            written.reason = Some(Said { it: reason.trim().to_owned(), at: span(source, from, reason.trim()) });
            break;
        }
        match word.split_once('=') {
            None if written.check.is_none() => written.check = Some(Said { it: word.to_owned(), at: here }),
            None => {
                written.wrong(here, format!("a comment waives one check, and the reason stands after `--`: {FORM}"))
            }
            Some((key, value)) => {
                let at = span(source, base + at + key.len() + 1, value);
                pair(key, Said { it: value.to_owned(), at }, here, written);
            }
        }
    }
    written.complete();
}

fn pair(key: &str, value: Said<String>, here: Span, written: &mut Written) {
    match key {
        "owner" if written.owner.is_none() => written.owner = Some(value),
        "until" if written.until.is_none() => match Date::parse(&value.it) {
            Some(day) => written.until = Some(Said { it: day, at: value.at }),
            None => written.wrong(value.at, "no day of the calendar: write it as `until=2027-03-31`"),
        },
        "owner" | "until" => written.wrong(here, format!("`{key}` is said twice")),
        _ => written.wrong(here, format!("there are `owner=` and `until=`, and the reason after `--`: {FORM}")),
    }
}

/// The words of a text with where each begins.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let offset = move |word: &str| word.as_ptr() as usize - text.as_ptr() as usize;
    text.split_whitespace().map(move |word| (offset(word), word))
}

/// The comment that says all this.
pub fn text(check: &str, owner: &str, until: Date, reason: &str) -> String {
    format!("# hardline: allow {check} owner={owner} until={until} -- {reason}")
}
