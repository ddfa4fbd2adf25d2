//! Source expressions (CSP3, 2.3.1).

use crate::header::part::{Part, WORD};

/// What a source expression is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source<'a> {
    /// `'none'`.
    None,
    /// `'self'`.
    Own,
    /// `*`.
    Star,
    /// Another word between quotes, by its number in [`KEYWORDS`].
    Keyword(usize),
    /// `'nonce-…'`, and whether it is the same for every request, having no variable.
    Nonce(bool),
    /// `'sha256-…'` and its like.
    Hash,
    /// `https:`.
    Scheme(Part<'a>),
    /// A host, perhaps with a scheme, a port and a path.
    Host(Host<'a>),
    /// Nothing that browsers understand, so they pass over it.
    Invalid,
    /// A variable decides it.
    Unsure,
}

/// The parts of a host source; empty where they are not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Host<'a> {
    /// All of it.
    pub whole: Part<'a>,
    /// The scheme.
    pub scheme: Part<'a>,
    /// The host, `*`, or `*.` and a host.
    pub host: Part<'a>,
    /// The port, or `*`.
    pub port: Part<'a>,
    /// The path.
    pub path: Part<'a>,
}

/// The keywords beside `'none'` and `'self'`.
pub const KEYWORDS: [&str; 9] = [
    "'unsafe-inline'",
    "'unsafe-eval'",
    "'strict-dynamic'",
    "'unsafe-hashes'",
    "'report-sample'",
    "'wasm-unsafe-eval'",
    "'unsafe-allow-redirects'",
    "'inline-speculation-rules'",
    "'trusted-types-eval'",
];

/// `'unsafe-inline'`.
pub const INLINE: usize = 0;
/// `'unsafe-eval'`.
pub const EVAL: usize = 1;
/// `'strict-dynamic'`.
pub const STRICT: usize = 2;
/// `'unsafe-hashes'`.
pub const HASHES: usize = 3;
/// `'wasm-unsafe-eval'`.
pub const WASM: usize = 5;

const HASH_NAMES: [&str; 3] = ["sha256-", "sha384-", "sha512-"];

/// What an expression is.
pub fn read(part: Part<'_>) -> Source<'_> {
    if part.known().is_some() {
        return plain(part, part.text);
    }
    if let Some(inside) = quoted(part.text).filter(|_| !part.open()) {
        return match inside.split_once('-') {
            Some((name, value)) if !name.contains(WORD) && base64(value) => match prefix(inside) {
                Some("nonce-") => Source::Nonce(false),
                Some(_) => Source::Hash,
                None => Source::Unsure,
            },
            _ => Source::Unsure,
        };
    }
    // Letters and digits stand for any others where one letter and one digit make the same of it.
    let with = |letter: &str| part.text.replace(WORD, letter);
    let (letter, digit) = (with("a"), with("0"));
    match (plain(part, &letter), plain(part, &digit)) {
        (Source::Host(host), Source::Host(_)) if !part.open() => Source::Host(host),
        _ => Source::Unsure,
    }
}

/// What a text is that stands for the part. Every variable in it is as long as in the part.
fn plain<'a>(part: Part<'a>, text: &str) -> Source<'a> {
    let is = |word: &str| text.eq_ignore_ascii_case(word);
    if is("'none'") {
        return Source::None;
    }
    if is("'self'") {
        return Source::Own;
    }
    if text == "*" {
        return Source::Star;
    }
    if let Some(number) = KEYWORDS.iter().position(|word| is(word)) {
        return Source::Keyword(number);
    }
    if let Some(inside) = quoted(text) {
        let valid = inside.split_once('-').is_some_and(|(_, value)| base64(value));
        return match prefix(inside).filter(|_| valid) {
            Some("nonce-") => Source::Nonce(true),
            Some(_) => Source::Hash,
            None => Source::Invalid,
        };
    }
    if let Some(name) = text.strip_suffix(':')
        && scheme(name)
    {
        return Source::Scheme(part.slice(0..name.len()));
    }
    host(part, text)
}

/// What stands between single quotes.
fn quoted(text: &str) -> Option<&str> {
    text.strip_prefix('\'')?.strip_suffix('\'')
}

fn prefix(inside: &str) -> Option<&'static str> {
    let begins = |name: &&str| inside.get(..name.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(name));
    ["nonce-"].into_iter().chain(HASH_NAMES).find(begins)
}

/// Letters, digits and the signs of both alphabets, then up to two `=`.
fn base64(text: &str) -> bool {
    let signs = text.trim_end_matches('=');
    let fits = |letter: char| letter.is_ascii_alphanumeric() || letter == WORD || "+/-_".contains(letter);
    !signs.is_empty() && text.len() - signs.len() <= 2 && signs.chars().all(fits)
}

fn scheme(text: &str) -> bool {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || "+-.".contains(letter);
    text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.chars().all(fits)
}

fn host<'a>(part: Part<'a>, text: &str) -> Source<'a> {
    let start = match text.find("://") {
        Some(end) if scheme(&text[..end]) => end,
        Some(_) => return Source::Invalid,
        None => 0,
    };
    let after = if text.contains("://") { start + 3 } else { 0 };
    let path = text[after..].find('/').map_or(text.len(), |at| after + at);
    let colon = text[after..path].find(':').map(|at| after + at);
    let end = colon.unwrap_or(path);
    let port = colon.map_or(end, |colon| colon + 1);
    let digits = &text[port..path];
    let port_fits = match colon {
        Some(_) => digits == "*" || !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()),
        None => true,
    };
    let path_fits = text[path..].chars().all(|letter| letter.is_ascii_graphic() && letter != '\'' && letter != '"');
    if !host_name(&text[after..end]) || !port_fits || !path_fits {
        return Source::Invalid;
    }
    Source::Host(Host {
        whole: part,
        scheme: part.slice(0..start),
        host: part.slice(after..end),
        port: part.slice(port..path),
        path: part.slice(path..part.text.len()),
    })
}

/// `*`, or labels between dots, the first of which may be `*`.
fn host_name(text: &str) -> bool {
    let labels = text.strip_prefix("*.").unwrap_or(text);
    let fits = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    // Browsers take the dot at the end of a full name.
    let labels = labels.strip_suffix('.').unwrap_or(labels);
    text == "*" || labels.split('.').all(|label| !label.is_empty() && label.chars().all(fits))
}

/// Whether the quotes of a keyword, nonce or hash are missing, so that it is taken for a host.
pub fn unquoted(part: Part<'_>) -> Option<bool> {
    if prefix(part.text).is_some() {
        return Some(true);
    }
    let Some(text) = part.known() else {
        // A variable of letters and digits may hold `self`; one that may hold more is not read as a word.
        return if part.text.contains(['\'', '.', ':', '/']) { Some(false) } else { None };
    };
    let keyword = KEYWORDS.iter().copied().chain(["'self'", "'none'"]);
    Some(keyword.filter_map(quoted).any(|word| word.eq_ignore_ascii_case(text)))
}

/// Whether it has quotes and is still no keyword, nonce or hash.
pub fn misspelt(part: Part<'_>) -> Option<bool> {
    let quotes = part.text.contains(['\'', '"', '`', '\u{2018}', '\u{2019}', '\u{201c}', '\u{201d}']);
    match read(part) {
        Source::Invalid => Some(quotes),
        Source::Unsure if quotes => None,
        _ => Some(false),
    }
}
