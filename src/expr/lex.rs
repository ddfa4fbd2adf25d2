//! Words of the expression language: CEL's tokens, each with its bytes.

use std::ops::Range;
use std::sync::Arc;

use super::Problem;

/// One word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A name, or a word that CEL reserves.
    Name,
    /// `true` and `false` are names to the lexer; this is every other literal.
    Int(i64),
    Text(Arc<str>),
    /// An operator or a bracket.
    Sign(&'static str),
    End,
}

/// A word and where it is.
#[derive(Debug, Clone)]
pub(super) struct Word {
    pub token: Token,
    pub span: Range<usize>,
}

/// Longer signs first, so that `<=` is not read as `<`.
const SIGNS: [&str; 26] = [
    "&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "?", ":", "+", "-", "*", "/", "%", "(", ")", "[", "]", "{", "}",
    ",", ".", "=", "|",
];

/// All words of an expression, `End` last.
pub(super) fn words(text: &str) -> Result<Vec<Word>, Problem> {
    let mut words = Vec::with_capacity(text.len() / 4 + 2);
    let mut at = 0;
    loop {
        at = skip_blank(text, at);
        let Some(first) = text[at..].chars().next() else {
            words.push(Word { token: Token::End, span: at..at });
            return Ok(words);
        };
        let (token, end) = match first {
            'a'..='z' | 'A'..='Z' | '_' => name_or_text(text, at)?,
            '0'..='9' => int(text, at)?,
            '"' | '\'' => quoted(text, at, at, false)?,
            '`' => return Err(Problem::new(at..at + 1, "names in backticks are not part of the expression language")),
            _ => sign(text, at, first)?,
        };
        words.push(Word { token, span: at..end });
        at = end;
    }
}

fn skip_blank(text: &str, mut at: usize) -> usize {
    let bytes = text.as_bytes();
    loop {
        match bytes.get(at) {
            Some(b' ' | b'\t' | b'\n' | b'\r' | 0x0c) => at += 1,
            Some(b'/') if bytes.get(at + 1) == Some(&b'/') => {
                at = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |length| at + length);
            }
            _ => return at,
        }
    }
}

fn sign(text: &str, at: usize, first: char) -> Result<(Token, usize), Problem> {
    match SIGNS.into_iter().find(|sign| text[at..].starts_with(sign)) {
        Some(sign) => Ok((Token::Sign(sign), at + sign.len())),
        None => Err(Problem::new(at..at + first.len_utf8(), format!("`{}` means nothing here", first.escape_debug()))),
    }
}

fn name_or_text(text: &str, at: usize) -> Result<(Token, usize), Problem> {
    let rest = &text.as_bytes()[at..];
    let length = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
    let end = at + length;
    let quote_follows = matches!(rest.get(length), Some(b'"' | b'\''));
    if quote_follows {
        return match &text[at..end] {
            "r" | "R" => quoted(text, at, end, true),
            "b" | "B" | "br" | "bR" | "Br" | "BR" | "rb" | "rB" | "Rb" | "RB" => {
                Err(Problem::new(at..end, "bytes literals are not part of the expression language"))
            }
            _ => Ok((Token::Name, end)),
        };
    }
    Ok((Token::Name, end))
}

fn int(text: &str, at: usize) -> Result<(Token, usize), Problem> {
    let rest = &text[at..];
    let (digits, radix, skip) = match rest.get(..2) {
        Some("0x" | "0X") => (&rest[2..], 16, 2),
        _ => (rest, 10, 0),
    };
    let length = digits.bytes().take_while(|byte| (*byte as char).is_digit(radix)).count();
    let end = at + skip + length;
    let tail = &text.as_bytes()[end..];
    let fraction = tail.first() == Some(&b'.') && tail.get(1).is_some_and(u8::is_ascii_digit);
    if radix == 10 && (fraction || matches!(tail.first(), Some(b'e' | b'E'))) {
        return Err(Problem::new(at..end, "there are only whole numbers"));
    }
    if matches!(tail.first(), Some(b'u' | b'U')) {
        return Err(Problem::new(at..end + 1, "there are no unsigned numbers: leave the `u` out"));
    }
    if tail.first().is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_') {
        return Err(Problem::new(at..end + 1, "a letter follows the number"));
    }
    match i64::from_str_radix(&digits[..length], radix) {
        Ok(value) => Ok((Token::Int(value), end)),
        Err(_) if length == 0 => Err(Problem::new(at..end, "`0x` needs digits")),
        Err(_) => Err(Problem::new(at..end, "the number does not fit in 64 bits")),
    }
}

/// A text literal whose quote is at `open`; the word itself starts at `start` (`r'…'`).
fn quoted(text: &str, start: usize, open: usize, raw: bool) -> Result<(Token, usize), Problem> {
    let rest = &text[open..];
    let quote = if rest.starts_with("'''") {
        "'''"
    } else if rest.starts_with("\"\"\"") {
        "\"\"\""
    } else {
        &rest[..1]
    };
    let mut value = String::new();
    let mut at = open + quote.len();
    loop {
        if text[at..].starts_with(quote) {
            return Ok((Token::Text(value.into()), at + quote.len()));
        }
        match text[at..].chars().next() {
            None => return Err(Problem::new(start..text.len(), "the text has no closing quote")),
            Some('\n' | '\r') if quote.len() == 1 => {
                return Err(Problem::new(start..at, "the text has no closing quote on its line"));
            }
            Some('\\') if !raw => {
                let (character, end) = escape(text, at)?;
                value.push(character);
                at = end;
            }
            Some(character) => {
                value.push(character);
                at += character.len_utf8();
            }
        }
    }
}

/// One of CEL's escapes, whose backslash is at `at`.
fn escape(text: &str, at: usize) -> Result<(char, usize), Problem> {
    let simple = |character| Ok((character, at + 2));
    match text.as_bytes().get(at + 1) {
        Some(b'a') => simple('\u{7}'),
        Some(b'b') => simple('\u{8}'),
        Some(b'f') => simple('\u{c}'),
        Some(b'n') => simple('\n'),
        Some(b'r') => simple('\r'),
        Some(b't') => simple('\t'),
        Some(b'v') => simple('\u{b}'),
        Some(&byte @ (b'\\' | b'?' | b'"' | b'\'' | b'`')) => simple(byte as char),
        Some(b'x' | b'X') => code_point(text, at, at + 2, 2, 16),
        Some(b'u') => code_point(text, at, at + 2, 4, 16),
        Some(b'U') => code_point(text, at, at + 2, 8, 16),
        Some(b'0'..=b'3') => code_point(text, at, at + 1, 3, 8),
        _ => {
            let length = text[at + 1..].chars().next().map_or(0, char::len_utf8);
            Err(Problem::new(at..at + 1 + length, "no such escape; a backslash itself is `\\\\`, or use r'…'"))
        }
    }
}

fn code_point(text: &str, start: usize, at: usize, length: usize, radix: u32) -> Result<(char, usize), Problem> {
    let digits = text.get(at..at + length).filter(|digits| digits.chars().all(|digit| digit.is_digit(radix)));
    let Some(digits) = digits else {
        return Err(Problem::new(start..at.min(text.len()), format!("this escape needs {length} digits")));
    };
    u32::from_str_radix(digits, radix)
        .ok()
        .and_then(char::from_u32)
        .map(|character| (character, at + length))
        .ok_or_else(|| Problem::new(start..at + length, "this is no Unicode character"))
}
