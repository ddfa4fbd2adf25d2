//! Text → words, as nginx cuts it (`ngx_conf_read_token` in ngx_conf_file.c, 1.22.1 and 1.31), but going on after a
//! mistake.
//!
//! Beyond nginx it knows the marks of template languages: `{{ … }}`, `{% … %}`, `{# … #}`, `<% … %>`, and `${NAME}` in
//! capitals, which `envsubst` fills in where nginx has no such variable.

mod template;

use self::template::{filled, filled_in, renders_nothing, statement};
use super::tree::{Mistake, Word};
use crate::text::{Source, Span};

/// What the next words are.
#[derive(Debug)]
pub(super) enum Token {
    /// Words up to a `;`, which is at this offset.
    Directive(Vec<Word>, usize),
    /// Words up to a `{`, which is at this offset.
    Open(Vec<Word>, usize),
    /// A `}`, at this offset.
    Close(usize),
    /// A statement of a template language.
    Template(Span),
    /// Something wrong. The words before it, if any, come as a directive of their own first.
    Mistake(Mistake),
    /// The end of the text.
    End,
}

pub(super) struct Lexer<'a> {
    source: &'a Source,
    text: &'a str,
    bytes: &'a [u8],
    pub(super) at: usize,
    /// What was found out while something else had to be told first.
    next: Option<Token>,
}

/// What a word ends with.
enum End {
    Space,
    Semicolon,
    Brace,
    /// A statement of a template, which begins here.
    Template,
    Text,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(source: &'a Source) -> Lexer<'a> {
        let text = source.text();
        Lexer { source, text, bytes: text.as_bytes(), at: 0, next: None }
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.source.id(), start, end)
    }

    fn mistake(&self, message: impl Into<String>, start: usize, end: usize) -> Token {
        Token::Mistake(Mistake { message: message.into(), span: self.span(start, end) })
    }

    fn space(&mut self) {
        while let Some(byte) = self.bytes.get(self.at) {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' => self.at += 1,
                b'#' => {
                    self.at = memchr::memchr(b'\n', &self.bytes[self.at..]).map_or(self.bytes.len(), |n| self.at + n)
                }
                _ => break,
            }
        }
    }

    /// The next token. `words` are those of a directive that is not finished.
    pub(super) fn token(&mut self) -> Token {
        if let Some(token) = self.next.take() {
            return token;
        }
        let mut words: Vec<Word> = Vec::new();
        loop {
            self.space();
            let start = self.at;
            let Some(&byte) = self.bytes.get(start) else { return self.ended(words, start) };
            if let Some(end) = statement(self.text, start, words.is_empty()) {
                self.at = end;
                if renders_nothing(&self.text[start..end]) {
                    continue;
                }
                let span = self.span(start, end);
                if words.is_empty() {
                    return Token::Template(span);
                }
                // Within a directive it makes words of it come and go.
                words.push(Word { text: Box::default(), span, quoted: false, templated: true });
                continue;
            }
            match byte {
                b';' | b'{' if words.is_empty() => {
                    self.at += 1;
                    return match byte {
                        // What is in the braces is read as what belongs to nobody.
                        b'{' => {
                            self.next = Some(Token::Open(Vec::new(), start));
                            self.mistake("unexpected \"{\"", start, start + 1)
                        }
                        _ => self.mistake("unexpected \";\"", start, start + 1),
                    };
                }
                b';' => {
                    self.at += 1;
                    return Token::Directive(words, start);
                }
                b'{' if !self.text[start..].starts_with("{{") => {
                    self.at += 1;
                    return Token::Open(words, start);
                }
                b'}' => {
                    if words.is_empty() {
                        self.at += 1;
                        return Token::Close(start);
                    }
                    let mistake = self.mistake("unexpected \"}\"", start, start + 1);
                    return self.after(words, mistake);
                }
                _ => {}
            }
            let (word, end) = self.word(byte);
            if let Some(broken) = self.next.take() {
                words.push(word);
                return self.after(words, broken);
            }
            words.push(word);
            match end {
                End::Space | End::Template | End::Text => {}
                End::Semicolon => return Token::Directive(words, self.at - 1),
                End::Brace => return Token::Open(words, self.at - 1),
            }
        }
    }

    /// The words so far as a directive, then what comes after them.
    fn after(&mut self, words: Vec<Word>, token: Token) -> Token {
        if words.is_empty() {
            return token;
        }
        self.next = Some(token);
        Token::Directive(words, self.at)
    }

    fn ended(&mut self, words: Vec<Word>, start: usize) -> Token {
        if words.is_empty() {
            return Token::End;
        }
        let from = words.first().map_or(start, |word| word.span.start as usize);
        let mistake = self.mistake("unexpected end of file, expecting \";\" or \"}\"", from, start);
        self.after(words, mistake)
    }

    /// The word that begins here with `first`, and what it ends with; that is read too if it is one byte.
    fn word(&mut self, first: u8) -> (Word, End) {
        let start = self.at;
        if matches!(first, b'"' | b'\'') {
            return self.quoted(first);
        }
        let mut templated = false;
        let mut dollar = false;
        while let Some(&byte) = self.bytes.get(self.at) {
            if let Some(end) = filled(self.text, self.at) {
                (self.at, templated, dollar) = (end, true, false);
                continue;
            }
            let variable = std::mem::replace(&mut dollar, byte == b'$');
            match byte {
                b'\\' => self.at += 1,
                b'{' if variable => dollar = true,
                b' ' | b'\t' | b'\r' | b'\n' | b';' | b'{' => {
                    let word = self.made(start, self.at, start, self.at, false, templated);
                    let end = match byte {
                        b';' => End::Semicolon,
                        b'{' => End::Brace,
                        _ => End::Space,
                    };
                    self.at += 1;
                    return (word, end);
                }
                _ => {}
            }
            self.at = (self.at + 1).min(self.bytes.len());
        }
        (self.made(start, self.at, start, self.at, false, templated), End::Text)
    }

    fn quoted(&mut self, quote: u8) -> (Word, End) {
        let start = self.at;
        self.at += 1;
        let mut templated = false;
        loop {
            let Some(&byte) = self.bytes.get(self.at) else {
                let message = format!("unexpected end of file: the quote {} is never closed", char::from(quote));
                self.next = Some(self.mistake(message, start, self.at));
                return (self.made(start + 1, self.at, start, self.at, true, templated), End::Text);
            };
            if let Some(end) = filled(self.text, self.at) {
                (self.at, templated) = (end, true);
                continue;
            }
            match byte {
                b'\\' => self.at = (self.at + 2).min(self.bytes.len()),
                _ if byte == quote => break,
                _ => self.at += 1,
            }
        }
        let inner = self.at;
        self.at += 1;
        let word = self.made(start + 1, inner, start, self.at, true, templated);
        match self.bytes.get(self.at) {
            Some(b' ' | b'\t' | b'\r' | b'\n') => {
                self.at += 1;
                (word, End::Space)
            }
            Some(b';') => {
                self.at += 1;
                (word, End::Semicolon)
            }
            Some(b'{') if !self.text[self.at..].starts_with("{{") => {
                self.at += 1;
                (word, End::Brace)
            }
            // `if ("a" = "b")`: a parenthesis begins the next word.
            Some(b')') => (word, End::Space),
            None => (word, End::Text),
            Some(_) if statement(self.text, self.at, true).is_some() => (word, End::Template),
            Some(_) => {
                let next = self.text[self.at..].chars().next().unwrap_or_default();
                self.next = Some(self.mistake(format!("unexpected \"{next}\""), self.at, self.at + next.len_utf8()));
                (word, End::Text)
            }
        }
    }

    /// A word with the text of `from..to`, which stands at `start..end`.
    fn made(&self, from: usize, to: usize, start: usize, end: usize, quoted: bool, templated: bool) -> Word {
        let raw = &self.text[from..to.max(from)];
        let text = if raw.contains('\\') { unescaped(raw).into() } else { raw.into() };
        let templated = templated || filled_in(raw);
        Word { text, span: self.span(start, end), quoted, templated }
    }

    /// Skips a block of Lua whose `{` has been read, and says where it ends: after its `}`, or at the end of the text.
    ///
    /// The grammar of tokens is that of Lua 5.1 (reference manual, 2.1): braces in strings and comments do not count.
    pub(super) fn skip_lua(&mut self) -> usize {
        let mut depth = 1usize;
        while let Some(&byte) = self.bytes.get(self.at) {
            let rest = &self.bytes[self.at..];
            match byte {
                b'{' => depth += 1,
                b'}' => {
                    depth -= 1;
                    if depth == 0 {
                        self.at += 1;
                        return self.at;
                    }
                }
                b'"' | b'\'' => {
                    let mut end = 1;
                    while rest.get(end).is_some_and(|&next| next != byte && next != b'\n') {
                        end += if rest[end] == b'\\' { 2 } else { 1 };
                    }
                    self.at += end.min(rest.len().saturating_sub(1));
                }
                b'-' if rest.starts_with(b"--") => match long_bracket(&rest[2..]) {
                    Some(length) => self.at += 1 + length,
                    None => self.at += memchr::memchr(b'\n', rest).unwrap_or(rest.len()).saturating_sub(1),
                },
                b'[' => self.at += long_bracket(rest).map_or(0, |length| length - 1),
                _ => {}
            }
            self.at += 1;
        }
        self.at = self.bytes.len();
        self.at
    }
}

/// The length of `[[ … ]]` or `[=[ … ]=]` that a text begins with; up to its end where it is never closed.
fn long_bracket(text: &[u8]) -> Option<usize> {
    let level = text.get(1..)?.iter().take_while(|&&byte| byte == b'=').count();
    if text.first() != Some(&b'[') || text.get(level + 1) != Some(&b'[') {
        return None;
    }
    let close = format!("]{}]", "=".repeat(level));
    let end = memchr::memmem::find(&text[level + 2..], close.as_bytes());
    Some(end.map_or(text.len(), |end| level + 2 + end + close.len()))
}

/// What nginx makes of backslashes: `\"`, `\'` and `\\` lose theirs, `\t`, `\r` and `\n` become control characters.
fn unescaped(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut chars = raw.chars().peekable();
    while let Some(char) = chars.next() {
        let plain = match (char, chars.peek()) {
            ('\\', Some('"' | '\'' | '\\')) => chars.next(),
            ('\\', Some('t')) => chars.next().map(|_| '\t'),
            ('\\', Some('r')) => chars.next().map(|_| '\r'),
            ('\\', Some('n')) => chars.next().map(|_| '\n'),
            _ => Some(char),
        };
        out.extend(plain);
    }
    out
}
