//! ACL files: `user name rules…`, one a line. Their syntax is not that of `redis.conf`: no comments, no quotes, words
//! separated by exactly one space (`acl.c:ACLLoadFromFile`).

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use super::parse::has_blank;
use super::{Evaluator, Read, RuleError};

/// How many bytes the server reads at once, at most.
const CHUNK: usize = 1023;

/// A file taken apart, which is the same for all versions. All ranges in it count in [`AclFile::text`];
/// [`AclFile::place`] says where that is in the file.
#[derive(Debug, Clone, Default)]
pub struct AclFile<'b> {
    text: Cow<'b, [u8]>,
    /// Where stretches of the text begin, and where they are in the file, when it is not the whole file.
    stretches: Vec<(usize, usize)>,
    /// The lines that say something, in order.
    pub lines: Vec<Line>,
}

/// One line that is not blank.
#[derive(Debug, Clone)]
pub struct Line {
    /// Its number, from 1, as the server counts.
    pub number: usize,
    /// Its bytes, without the blanks around it.
    pub range: Range<usize>,
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
    /// The bytes at fault, in the file.
    pub place: Range<usize>,
    /// What is wrong, without secrets.
    pub message: String,
}

/// What is at fault in [`AclFile::text`], and what is wrong with it.
type Fault = (Range<usize>, String);

impl<'b> AclFile<'b> {
    /// Takes a file apart.
    pub fn read(bytes: &'b [u8]) -> AclFile<'b> {
        let (text, stretches) = seen(bytes);
        let mut lines = Vec::new();
        let mut start = 0;
        for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
            lines.extend(self::line(line, start, index + 1));
            start += line.len() + 1;
        }
        AclFile { text, stretches, lines }
    }

    /// The same, with bytes of its own.
    pub fn into_owned(self) -> AclFile<'static> {
        AclFile { text: Cow::Owned(self.text.into_owned()), stretches: self.stretches, lines: self.lines }
    }

    /// What the server sees of the file: all of it, unless there are NULs.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// The bytes of a range.
    pub fn bytes(&self, range: &Range<usize>) -> &[u8] {
        self.text.get(range.clone()).unwrap_or_default()
    }

    /// The rules of a user as words.
    pub fn rules(&self, user: &Written) -> Vec<&[u8]> {
        user.rules.iter().map(|rule| self.bytes(rule)).collect()
    }

    /// Where a range of the text is in the file.
    pub fn place(&self, range: &Range<usize>) -> Range<usize> {
        let at = |offset: usize| match self.stretches.partition_point(|(text, _)| *text <= offset).checked_sub(1) {
            Some(index) => self.stretches[index].1 + (offset - self.stretches[index].0),
            None => offset,
        };
        // The last byte, and not the one after it, is where the range ends.
        let end =
            range.end.checked_sub(1).filter(|last| *last >= range.start).map_or(at(range.start), |last| at(last) + 1);
        at(range.start)..end
    }

    /// The users that the file makes: one for each name, in the order in which the names appear. Of two lines for
    /// one name 6.2 keeps the later; 7.0 and later refuse the file.
    pub fn users(&self) -> Vec<(&Line, &Written)> {
        let mut places: HashMap<&[u8], usize> = HashMap::new();
        let mut users: Vec<(&Line, &Written)> = Vec::new();
        for (line, user) in self.lines.iter().filter_map(|line| Some((line, line.user.as_ref()?))) {
            match places.get(self.bytes(&user.name)) {
                Some(place) => users[*place] = (line, user),
                None => {
                    places.insert(self.bytes(&user.name), users.len());
                    users.push((line, user));
                }
            }
        }
        users
    }

    /// Everything for which a version refuses the file, in the order of the lines.
    pub fn errors(&self, evaluator: &Evaluator) -> Vec<FileError> {
        self.visit(evaluator, |_, _, _| {})
    }

    /// The same, and shows each user that is sound with its line and name.
    pub fn visit<'s>(
        &'s self,
        evaluator: &Evaluator,
        mut sound: impl FnMut(&'s Line, &'s [u8], Read<'s>),
    ) -> Vec<FileError> {
        let mut names: HashMap<&[u8], usize> = HashMap::new();
        let mut errors = Vec::new();
        for line in &self.lines {
            match self.check(line, evaluator, &mut names) {
                Ok((name, read)) => sound(line, name, read),
                Err((range, message)) => {
                    errors.push(FileError { line: line.number, place: self.place(&range), message });
                }
            }
        }
        errors
    }

    fn check<'s>(
        &'s self,
        line: &'s Line,
        evaluator: &Evaluator,
        names: &mut HashMap<&'s [u8], usize>,
    ) -> Result<(&'s [u8], Read<'s>), Fault> {
        let Some(user) = &line.user else {
            let message = "a line of an ACL file is `user`, a name and rules; there are no comments";
            return Err((line.range.clone(), message.to_owned()));
        };
        let name = self.bytes(&user.name);
        if has_blank(name) {
            return Err((user.name.clone(), "a user name cannot have blanks".to_owned()));
        }
        if let Some(first) = names.get(name)
            && evaluator.version().since(7, 0)
        {
            let shown = String::from_utf8_lossy(name);
            return Err((user.name.clone(), format!("the user `{shown}` is already on line {first}")));
        }
        names.insert(name, line.number);
        let refused =
            |error: RuleError| (user.range(&error.arguments).unwrap_or_else(|| user.name.clone()), error.to_string());
        evaluator.read(&self.rules(user)).map(|read| (name, read)).map_err(refused)
    }
}

impl Written {
    /// The range of arguments that make one rule.
    pub fn range(&self, arguments: &Range<usize>) -> Option<Range<usize>> {
        let rules = self.rules.get(arguments.clone())?;
        Some(rules.first()?.start..rules.last()?.end)
    }
}

/// What the server sees of a file: pieces of a line or 1023 bytes, each up to its first NUL, so that a line with a
/// NUL loses its ending and goes on with the next.
fn seen(bytes: &[u8]) -> (Cow<'_, [u8]>, Vec<(usize, usize)>) {
    if memchr::memchr(0, bytes).is_none() {
        return (Cow::Borrowed(bytes), Vec::new());
    }
    let mut text = Vec::with_capacity(bytes.len());
    let mut stretches = Vec::new();
    let mut start = 0;
    while start < bytes.len() {
        let limit = (start + CHUNK).min(bytes.len());
        let end = memchr::memchr(b'\n', &bytes[start..limit]).map_or(limit, |newline| start + newline + 1);
        let nul = memchr::memchr(0, &bytes[start..end]).map_or(end, |nul| start + nul);
        stretches.push((text.len(), start));
        text.extend_from_slice(&bytes[start..nul]);
        start = end;
    }
    (Cow::Owned(text), stretches)
}

/// Takes a line apart that starts at `start`; `None` when it is blank.
fn line(line: &[u8], start: usize, number: usize) -> Option<Line> {
    let range = trimmed(line, 0..line.len(), b" \t\r\n");
    if range.is_empty() {
        return None;
    }
    let mut words = Vec::new();
    let mut at = range.start;
    for word in line[range.clone()].split(|byte| *byte == b' ') {
        words.push(at..at + word.len());
        at += word.len() + 1;
    }
    let moved = |range: Range<usize>| start + range.start..start + range.end;
    let user = match words.as_slice() {
        [keyword, name, rules @ ..] if &line[keyword.clone()] == b"user" => {
            let rules = rules.iter().map(|rule| moved(trimmed(line, rule.clone(), b"\t\r\n"))).collect();
            Some(Written { name: moved(name.clone()), rules })
        }
        _ => None,
    };
    Some(Line { number, range: moved(range), user })
}

fn trimmed(line: &[u8], mut range: Range<usize>, blanks: &[u8]) -> Range<usize> {
    while !range.is_empty() && blanks.contains(&line[range.start]) {
        range.start += 1;
    }
    while !range.is_empty() && blanks.contains(&line[range.end - 1]) {
        range.end -= 1;
    }
    range
}
