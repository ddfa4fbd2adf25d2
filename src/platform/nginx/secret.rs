//! Where secrets are written, in force or not: in request headers that are set, in variables, in URLs.

use super::value::is_plain;
use crate::mask::Hidden;
use crate::text::{Source, Span};

/// Directives whose second argument is the value of the name that is the first.
const NAMED: [&str; 10] = [
    "proxy_set_header",
    "grpc_set_header",
    "add_header",
    "fastcgi_param",
    "uwsgi_param",
    "scgi_param",
    "more_set_input_headers",
    "more_set_headers",
    "set",
    "env",
];

/// Directives whose arguments are, or hold, a secret.
const WHOLE: [&str; 2] = ["secure_link_secret", "secure_link_md5"];

/// What the name of something secret has in it.
const WORDS: [&str; 8] = ["authorization", "api-key", "api_key", "apikey", "token", "secret", "passw", "credential"];

/// What must be in a text for any of it to be secret: most texts are done with here.
const SIGNS: [&str; 6] = ["_header", "_param", "secure_link", "set ", "env ", "://"];

/// The part of an argument that must not be shown, as a range of its text.
///
/// `words` are the directive's name and arguments, `index` the argument's place among them.
pub fn part(words: &[&str], index: usize) -> Option<std::ops::Range<usize>> {
    let (name, word) = (*words.first()?, *words.get(index)?);
    if let Some(at) = word.find("://") {
        let authority = &word[at + 3..];
        let authority = &authority[..authority.find('/').unwrap_or(authority.len())];
        let user = authority.rfind('@').map(|end| &authority[..end]);
        if let Some((before, password)) = user.and_then(|user| user.split_once(':')) {
            let start = at + 3 + before.len() + 1;
            return (is_plain(password) && !password.is_empty()).then(|| start..start + password.len());
        }
    }
    if WHOLE.contains(&name) && index > 0 {
        return Some(0..word.len());
    }
    let secret = |name: &str| {
        let lower = name.to_ascii_lowercase();
        // `Access-Control-Allow-Credentials` says whether, not which.
        !lower.starts_with("access-control-") && WORDS.iter().any(|word| lower.contains(word))
    };
    let of_name = NAMED.contains(&name) && index == 2 && secret(words.get(1)?);
    // `set $token_endpoint https://id.example/token`
    let place = word.contains("://") || word.starts_with('/');
    (of_name && is_plain(word) && !word.is_empty() && !place).then_some(0..word.len())
}

/// The places of all secrets in a source in nginx's language, comments included: they may hold a line that was in force
/// once.
pub fn places(source: &Source) -> Vec<Hidden> {
    let text = source.text();
    if !SIGNS.iter().any(|sign| memchr::memmem::find(text.as_bytes(), sign.as_bytes()).is_some()) {
        return Vec::new();
    }
    let mut finder = Finder { source, words: Vec::new(), hidden: Vec::new() };
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        finder.line(line, start);
        start += line.len();
    }
    finder.done();
    finder.hidden
}

struct Finder<'a> {
    source: &'a Source,
    /// The words of the directive so far, each with its first byte.
    words: Vec<(&'a str, usize)>,
    hidden: Vec<Hidden>,
}

impl<'a> Finder<'a> {
    fn line(&mut self, line: &'a str, start: usize) {
        let bytes = line.as_bytes();
        let mut at = bytes.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let comment = bytes.get(at) == Some(&b'#');
        if comment {
            self.done();
            at += bytes[at..].iter().take_while(|byte| byte.is_ascii_whitespace() || **byte == b'#').count();
        }
        while at < bytes.len() {
            match bytes[at] {
                b';' | b'{' | b'}' => {
                    self.done();
                    at += 1;
                }
                byte if byte.is_ascii_whitespace() => at += 1,
                quote @ (b'"' | b'\'') => {
                    let end = until(bytes, at + 1, |byte| byte == quote);
                    self.words.push((&line[at + 1..end], start + at + 1));
                    at = end + 1;
                }
                _ => {
                    let end = until(bytes, at, |byte| byte.is_ascii_whitespace() || byte == b';');
                    self.words.push((&line[at..end], start + at));
                    at = end;
                }
            }
        }
        if comment {
            self.done();
        }
    }

    fn done(&mut self) {
        let words: Vec<&str> = self.words.iter().map(|(word, _)| *word).collect();
        let first = words.first().copied().unwrap_or_default();
        let telling = NAMED.contains(&first) || WHOLE.contains(&first);
        for (index, (word, start)) in self.words.iter().enumerate() {
            if !telling && !word.contains("://") {
                continue;
            }
            if let Some(range) = part(&words, index) {
                let span = Span::new(self.source.id(), start + range.start, start + range.end);
                self.hidden.push(Hidden { span, name: words[0].to_owned() });
            }
        }
        self.words.clear();
    }
}

/// Where a word ends: at the first byte that ends it and has no backslash before it.
fn until(bytes: &[u8], mut at: usize, ends: impl Fn(u8) -> bool) -> usize {
    while at < bytes.len() && !ends(bytes[at]) {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at.min(bytes.len())
}
