//! Patterns of file names, as `glob(3)` of the C library takes them.

use std::path::{Path, PathBuf};

use super::{Files, Location};
use crate::text::Unreadable;

/// How many names of folders one pattern may go through.
const MOST_NAMES: usize = 100_000;

/// `glob(3)` without flags: sorted by bytes; nothing where nothing matches. `denied_is_empty` is whether a folder that
/// may not be listed counts as an empty one, as it does for a process that asks for itself.
///
/// # Errors
/// The folder that could not be listed, and why.
pub fn glob(
    files: &dyn Files,
    pattern: &[u8],
    folder: &Location,
    denied_is_empty: bool,
) -> Result<Vec<Location>, (Location, Unreadable)> {
    let absolute = pattern.starts_with(b"/");
    let start = if absolute { folder.resolve(Path::new("/")) } else { folder.clone() };
    let parts: Vec<&[u8]> = pattern.split(|byte| *byte == b'/').filter(|part| !part.is_empty()).collect();
    let mut found = vec![(Vec::new(), start)];
    let mut looked_at = 0;
    for part in parts {
        let mut next = Vec::new();
        for (written, at) in found {
            let mut join = |name: &[u8]| {
                let mut text: Vec<u8> = written.clone();
                text.push(b'/');
                text.extend_from_slice(name);
                next.push((text, at.resolve(&path_of(name))));
            };
            if !has_magic(part) {
                join(&unescaped(part));
                continue;
            }
            match files.list(&at) {
                Ok(names) => {
                    looked_at += names.len();
                    if looked_at > MOST_NAMES {
                        let limit = Unreadable::Other("too many files to look through".to_owned());
                        return Err((at, limit));
                    }
                    names.iter().filter(|name| matches(part, name.as_bytes())).for_each(|name| join(name.as_bytes()));
                }
                // What cannot be listed has nothing in it for glob, which goes on without a word. A check does
                // not know what the server would see there.
                Err(Unreadable::Missing | Unreadable::NotAFile(_)) => {}
                Err(Unreadable::Denied) if denied_is_empty => {}
                Err(error) => return Err((at, error)),
            }
        }
        found = next;
    }
    found.sort();
    Ok(found.into_iter().map(|(_, at)| at).collect())
}

/// Bytes as a path.
#[cfg(unix)]
pub fn path_of(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

/// Bytes as a path.
#[cfg(not(unix))]
pub fn path_of(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
}

/// Whether a part of a pattern has to be compared with names (`glob.c:__glob_pattern_p`): `*`, `?`, or a bracket
/// that is closed.
fn has_magic(part: &[u8]) -> bool {
    let mut open = false;
    let mut at = 0;
    while at < part.len() {
        match part[at] {
            b'*' | b'?' => return true,
            b'\\' => at += 1,
            b'[' => open = true,
            b']' if open => return true,
            _ => {}
        }
        at += 1;
    }
    false
}

fn unescaped(part: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(part.len());
    let mut at = 0;
    while at < part.len() {
        if part[at] == b'\\' && at + 1 < part.len() {
            at += 1;
        }
        out.push(part[at]);
        at += 1;
    }
    out
}

/// `fnmatch` as glob uses it: a dot at the start is matched only by a dot.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    if name.first() == Some(&b'.') && pattern.first() != Some(&b'.') && !pattern.starts_with(b"\\.") {
        return false;
    }
    // The classic walk with one place to come back to: the last `*`.
    let (mut p, mut n) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    loop {
        let step = match pattern.get(p) {
            Some(b'*') => {
                back = Some((p + 1, n));
                p += 1;
                continue;
            }
            None if n == name.len() => return true,
            None => None,
            Some(_) => name.get(n).and_then(|byte| one(&pattern[p..], *byte)),
        };
        match (step, back) {
            (Some(length), _) => {
                p += length;
                n += 1;
            }
            (None, Some((after, from))) if from < name.len() => {
                back = Some((after, from + 1));
                p = after;
                n = from + 1;
            }
            (None, _) => return false,
        }
    }
}

/// How much of the pattern one byte of the name uses up, if it fits.
fn one(pattern: &[u8], byte: u8) -> Option<usize> {
    match pattern[0] {
        b'?' => Some(1),
        b'[' => match bracket(pattern, byte) {
            Some((fits, length)) => fits.then_some(length),
            // Never closed: a bracket like any other byte.
            None => (byte == b'[').then_some(1),
        },
        b'\\' if pattern.len() > 1 => (pattern[1] == byte).then_some(2),
        other => (other == byte).then_some(1),
    }
}

/// Whether a byte is in the set that begins the pattern, and how long the set is; `None` when it is never closed.
fn bracket(pattern: &[u8], byte: u8) -> Option<(bool, usize)> {
    let mut at = 1;
    let negated = matches!(pattern.get(at), Some(b'!' | b'^'));
    at += usize::from(negated);
    let first = at;
    let mut fits = false;
    loop {
        let mut low = *pattern.get(at)?;
        if low == b']' && at > first {
            return Some((fits != negated, at + 1));
        }
        if low == b'\\' {
            at += 1;
            low = *pattern.get(at)?;
        }
        at += 1;
        let mut high = low;
        if pattern.get(at) == Some(&b'-') && pattern.get(at + 1).is_some_and(|next| *next != b']') {
            high = *pattern.get(at + 1)?;
            at += 2;
            if high == b'\\' {
                high = *pattern.get(at)?;
                at += 1;
            }
        }
        fits |= (low..=high).contains(&byte);
    }
}
