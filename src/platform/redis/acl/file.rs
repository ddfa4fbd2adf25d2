//! ACL files: `user name rules…`, one a line. Their syntax is not that of `redis.conf`: no comments, no quotes, words
//! separated by exactly one space (`acl.c:ACLLoadFromFile`).

use std::collections::HashMap;
use std::ops::Range;

use super::parse::has_blank;
use super::{Evaluator, RuleError};

/// How many bytes the server reads at once, at most.
const CHUNK: usize = 1023;

/// A file taken apart, which is the same for all versions. Everything in it points into the file's bytes.
#[derive(Debug, Clone, Default)]
pub struct AclFile {
    /// The lines that say something, in order.
    pub lines: Vec<Line>,
}

/// One line that is not blank.
#[derive(Debug, Clone)]
pub struct Line {
    /// Its number, from 1, as the server counts.
    pub number: usize,
    /// Its bytes, without the blanks around it.
    pub place: Range<usize>,
    /// The user that it is about; `None` for a line that is not `user name …`.
    pub user: Option<Written>,
}

/// A user as it is written.
#[derive(Debug, Clone)]
pub struct Written {
    /// The name.
    pub name: Range<usize>,
    /// The rules.
    pub rules: Vec<Range<usize>>,
}

/// Why a server refuses a file, and so to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileError {
    /// The line, from 1.
    pub line: usize,
    /// The bytes at fault.
    pub place: Range<usize>,
    /// What is wrong, without secrets.
    pub message: String,
}

impl AclFile {
    /// Takes a file apart.
    pub fn read(bytes: &[u8]) -> AclFile {
        let mut lines = Vec::new();
        let mut number = 1;
        let mut text = Vec::new();
        // A NUL makes the server lose what it has read with it, its line ending included, so that lines join.
        let seen = seen(bytes);
        let mut at = 0;
        for chunk in &seen {
            for (offset, byte) in bytes[chunk.clone()].iter().enumerate() {
                at = chunk.start + offset;
                if *byte == b'\n' {
                    lines.extend(line(&text, number));
                    text.clear();
                    number += 1;
                } else {
                    text.push((*byte, at));
                }
            }
        }
        if !text.is_empty() || at > 0 {
            lines.extend(line(&text, number));
        }
        AclFile { lines }
    }

    /// The lines about users, of which a version keeps one each: 7.0 and later refuse a second, 6.2 forgets the first
    /// (`acl.c:ACLLoadFromFile`).
    pub fn users(&self, bytes: &[u8]) -> Vec<(&Line, &Written)> {
        let mut places: HashMap<&[u8], usize> = HashMap::new();
        let mut users: Vec<(&Line, &Written)> = Vec::new();
        for (line, user) in self.lines.iter().filter_map(|line| Some((line, line.user.as_ref()?))) {
            let name = bytes.get(user.name.clone()).unwrap_or_default();
            match places.get(name) {
                Some(place) => users[*place] = (line, user),
                None => {
                    places.insert(name, users.len());
                    users.push((line, user));
                }
            }
        }
        users
    }

    /// Everything for which a version refuses the file, in the order of the lines.
    pub fn errors(&self, bytes: &[u8], evaluator: &Evaluator) -> Vec<FileError> {
        let mut names: HashMap<&[u8], usize> = HashMap::new();
        let mut errors = Vec::new();
        for line in &self.lines {
            let mut error = |place: Range<usize>, message: String| errors.push(FileError { line: line.number, place, message });
            let Some(user) = &line.user else {
                error(line.place.clone(), "a line of an ACL file is `user`, a name and rules; there are no comments".to_owned());
                continue;
            };
            let name = bytes.get(user.name.clone()).unwrap_or_default();
            if has_blank(name) {
                error(user.name.clone(), "a user name cannot have blanks".to_owned());
                continue;
            }
            if let Some(first) = names.get(name)
                && evaluator.version().since(7, 0)
            {
                let shown = String::from_utf8_lossy(name);
                error(user.name.clone(), format!("the user `{shown}` is already on line {first}"));
                continue;
            }
            names.insert(name, line.number);
            if let Err(problem) = evaluator.user(&user.words(bytes)) {
                error(user.place_of(&problem), problem.to_string());
            }
        }
        errors
    }
}

impl Written {
    /// The rules as words.
    pub fn words<'b>(&self, bytes: &'b [u8]) -> Vec<&'b [u8]> {
        self.rules.iter().map(|rule| bytes.get(rule.clone()).unwrap_or_default()).collect()
    }

    /// The bytes of arguments that make one rule.
    pub fn place(&self, arguments: &Range<usize>) -> Option<Range<usize>> {
        let rules = self.rules.get(arguments.clone())?;
        Some(rules.first()?.start..rules.last()?.end)
    }

    fn place_of(&self, error: &RuleError) -> Range<usize> {
        self.place(&error.arguments).unwrap_or_else(|| self.name.clone())
    }
}

/// What the server sees of a file: pieces of a line or 1023 bytes, each up to its first NUL.
fn seen(bytes: &[u8]) -> Vec<Range<usize>> {
    if memchr::memchr(0, bytes).is_none() {
        return vec![0..bytes.len()];
    }
    let mut seen = Vec::new();
    let mut start = 0;
    while start < bytes.len() {
        let limit = (start + CHUNK).min(bytes.len());
        let end = memchr::memchr(b'\n', &bytes[start..limit]).map_or(limit, |newline| start + newline + 1);
        let nul = memchr::memchr(0, &bytes[start..end]).map_or(end, |nul| start + nul);
        seen.push(start..nul);
        start = end;
    }
    seen
}

/// Takes a line apart; its bytes come with their places. `None` when it is blank.
fn line(text: &[(u8, usize)], number: usize) -> Option<Line> {
    let text = trim(text, b" \t\r\n");
    let place = place(text)?;
    let mut words = text.split(|(byte, _)| *byte == b' ');
    // An empty word is at the space after it.
    let keyword: Vec<u8> = words.next()?.iter().map(|(byte, _)| *byte).collect();
    let rest: Vec<&[(u8, usize)]> = words.collect();
    let Some((name, rules)) = rest.split_first().filter(|_| keyword == b"user") else {
        return Some(Line { number, place, user: None });
    };
    let at = |word: &[(u8, usize)]| self::place(word).unwrap_or(0..0);
    let rules = rules.iter().map(|rule| at(trim(rule, b"\t\r\n"))).collect();
    let user = Some(Written { name: at(name), rules });
    Some(Line { number, place, user })
}

fn trim<'t>(mut text: &'t [(u8, usize)], blanks: &[u8]) -> &'t [(u8, usize)] {
    while let [(first, _), rest @ ..] = text
        && blanks.contains(first)
    {
        text = rest;
    }
    while let [rest @ .., (last, _)] = text
        && blanks.contains(last)
    {
        text = rest;
    }
    text
}

fn place(text: &[(u8, usize)]) -> Option<Range<usize>> {
    Some(text.first()?.1..text.last()?.1 + 1)
}
