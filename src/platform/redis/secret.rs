//! Where secrets are written, in force or not: overruled lines and lines that are commented out give a password away
//! as well as any.

use std::borrow::Cow;

use super::directive;
use crate::mask::Hidden;
use crate::text::{Source, Span};

/// `sentinel` settings whose last word is secret (`sentinel.c:sentinelHandleConfiguration, 7.4.1`).
const SENTINEL: [&[u8]; 2] = [b"auth-pass", b"sentinel-pass"];

/// The places of all secrets in a source in the syntax of `redis.conf`, `sentinel.conf` or an ACL file.
pub fn places(source: &Source) -> Vec<Hidden> {
    let mut hidden = Vec::new();
    let bytes = source.bytes();
    let mut start = 0;
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        line_secrets(line, start, source, &mut hidden);
        start += line.len();
    }
    hidden
}

fn line_secrets(line: &[u8], start: usize, source: &Source, hidden: &mut Vec<Hidden>) {
    let end = start + line.trim_ascii_end().len();
    let mut words = Words { line, at: 0 };
    // A comment may hold a line that was in force once, with the mark right before the name or apart from it.
    words.at = line.iter().take_while(|byte| byte.is_ascii_whitespace() || **byte == b'#').count();
    let Some((_, name)) = words.next() else { return };
    let is_quote = |byte: &u8| matches!(byte, b'"' | b'\'');
    let name = match name.iter().any(is_quote) {
        true => Cow::Owned(name.iter().copied().filter(|byte| !is_quote(byte)).collect()),
        false => Cow::Borrowed(name),
    };
    let mut hide = |from: usize, to: usize, name: &[u8]| {
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        hidden.push(Hidden { span: Span::new(source.id(), start + from, to), name });
    };
    if is_secret(&name) {
        if let Some((from, _)) = words.next() {
            hide(from, end, &name);
        }
    } else if name.eq_ignore_ascii_case(b"user") {
        for (from, rule) in words {
            // A rule can stand in quotes, and a password can have blanks in them: then all of it goes.
            let quoted = rule.iter().take_while(|byte| matches!(byte, b'"' | b'\'')).count();
            if matches!(rule.get(quoted), Some(b'>' | b'<' | b'#' | b'!')) {
                let to = if quoted > 0 { end } else { start + from + rule.len() };
                hide(from + quoted + 1, to, b"user password");
            }
        }
    } else if name.eq_ignore_ascii_case(b"sentinel") {
        let option = words.next().map(|(_, option)| option.to_ascii_lowercase()).unwrap_or_default();
        if SENTINEL.contains(&&option[..]) {
            if option == b"auth-pass" {
                words.next();
            }
            if let Some((from, _)) = words.next() {
                hide(from, end, &[b"sentinel ", &option[..]].concat());
            }
        }
    }
}

/// Whether the values of a setting are secret in any version (`SENSITIVE_CONFIG` in `config.c`).
fn is_secret(name: &[u8]) -> bool {
    directive::named(name).is_some_and(|named| named.setting.is_secret())
}

/// The words of a line with their offsets, quotes left as they are.
struct Words<'a> {
    line: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Words<'a> {
    type Item = (usize, &'a [u8]);

    fn next(&mut self) -> Option<(usize, &'a [u8])> {
        let rest = self.line.get(self.at..)?;
        let from = self.at + rest.iter().position(|byte| !byte.is_ascii_whitespace())?;
        let rest = &self.line[from..];
        let len = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
        self.at = from + len;
        Some((from, &rest[..len]))
    }
}
