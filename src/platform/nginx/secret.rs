//! Where secrets are written, in force or not: in request headers that are set, in variables, in URLs.

use std::ops::Range;

use super::directive;
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

/// Words beside a secret that are none: how it is meant, and what `add_header` and `*_param` take after their value.
const BESIDE: [&str; 7] = ["basic", "bearer", "token", "digest", "always", "if_not_empty", "default"];

/// Blocks whose lines give a variable its values.
const MAPS: [&str; 3] = ["map", "geo", "split_clients"];

/// Shorter texts, where only the place tells that they may be secret, are values such as `0`, `on`, `guest`.
const SHORT: usize = 6;

/// How many words of a secret without quotes are looked at.
const WORDY: usize = 8;

/// How `if` compares.
const COMPARES: [&str; 7] = ["=", "!=", "==", "~", "~*", "!~", "!~*"];

/// A text as long as this, in one piece, may be a secret within a regular expression.
const LONG: usize = 8;

/// Whether a name is that of something secret.
fn is_secret(name: &str) -> bool {
    // `Access-Control-Allow-Credentials` says whether, not which.
    holds_word(name) && !begins(name.as_bytes(), b"access-control-")
}

/// Whether a text has one of [`WORDS`] in it, in any case.
fn holds_word(text: &str) -> bool {
    let bytes = text.as_bytes();
    // The letters that one of them begins with; most others are passed quickly.
    let may_begin = |byte: u8| matches!(byte | 0x20, b'a' | b'c' | b'p' | b's' | b't');
    let mut places = (0..bytes.len()).filter(|at| may_begin(bytes[*at]));
    places.any(|at| WORDS.iter().any(|word| begins(&bytes[at..], word.as_bytes())))
}

/// Whether a text begins with another, in any case.
fn begins(text: &[u8], start: &[u8]) -> bool {
    text.get(..start.len()).is_some_and(|text| text.eq_ignore_ascii_case(start))
}

/// How likely what belongs to a name is secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Likely {
    No,
    /// A cookie, an argument, a header of somebody's own, a key: what looks like a secret is one.
    Perhaps,
    Yes,
}

impl Likely {
    fn of(name: &str) -> Likely {
        let name = name.trim_start_matches(['(', '$', '{']).trim_end_matches('}');
        let bytes = name.as_bytes();
        let of_client = ["cookie_", "arg_", "http_x_"].iter().any(|start| begins(bytes, start.as_bytes()));
        let end = &bytes[bytes.len().saturating_sub(4)..];
        let key = end.eq_ignore_ascii_case(b"_key") || end.eq_ignore_ascii_case(b"-key");
        match () {
            () if is_secret(name) => Likely::Yes,
            () if of_client || key => Likely::Perhaps,
            () => Likely::No,
        }
    }

    /// Whether a text is to be hidden.
    fn hides(self, text: &str) -> bool {
        match self {
            Likely::Yes => may_be(text),
            Likely::Perhaps => may_be(text) && is_mixed(text),
            Likely::No => false,
        }
    }

    /// Whether a regular expression is to be hidden.
    fn hides_pattern(self, pattern: &str) -> bool {
        match self {
            Likely::Yes => pieces(pattern).any(|piece| piece.len() >= LONG),
            Likely::Perhaps => pieces(pattern).any(is_mixed),
            Likely::No => false,
        }
    }
}

/// Whether a text is long enough for a secret and has letters and digits, as words seldom have.
fn is_mixed(text: &str) -> bool {
    let has = |of: fn(&u8) -> bool| text.bytes().any(|byte| of(&byte));
    text.len() >= LONG && has(u8::is_ascii_alphabetic) && has(u8::is_ascii_digit)
}

/// Whether a text may be a secret itself: no variable, no path and no address.
fn may_be(word: &str) -> bool {
    let place = word.contains("://") || word.starts_with('/');
    is_plain(word) && word.len() >= SHORT && !place && !BESIDE.contains(&word.to_ascii_lowercase().as_str())
}

/// The pieces of a regular expression that are nothing but letters and digits.
fn pieces(pattern: &str) -> impl Iterator<Item = &str> {
    let letter = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_');
    pattern.split(move |char| !letter(char))
}

/// The parts of an argument that must not be shown, as ranges of its text.
///
/// `words` are the directive's name and arguments, `index` the argument's place among them.
pub fn parts(words: &[&str], index: usize) -> Vec<Range<usize>> {
    let Some(word) = words.get(index) else { return Vec::new() };
    match whole(words, index) {
        Some(whole) => vec![whole],
        None => of_url(word).into_iter().chain(index.checked_sub(1).and_then(|_| assigned(word))).collect(),
    }
}

/// The part of an argument that is secret for its directive or its place.
fn whole(words: &[&str], index: usize) -> Option<Range<usize>> {
    let (name, of, word) = (*words.first()?, *words.get(1)?, *words.get(index).filter(|_| index > 0)?);
    if WHOLE.contains(&name) {
        return Some(0..word.len());
    }
    if name == "if" {
        return compared(words, index);
    }
    let cookie = name.ends_with("_set_header") && of.eq_ignore_ascii_case("cookie");
    let likely = if index >= 2 && NAMED.contains(&name) { Likely::of(of) } else { Likely::No };
    if index == 2 && likely == Likely::Perhaps && likely.hides(word) {
        return Some(0..word.len());
    }
    if NAMED.contains(&name) && (cookie || likely == Likely::Yes) {
        let place = word.contains("://") || word.starts_with('/');
        // `set $token_endpoint https://id.example/token`
        if index == 2 && is_plain(word) && !word.is_empty() && !place {
            return Some(0..word.len());
        }
        // A secret with a blank and without quotes; but another directive may follow where the `;` is missing.
        let swallowed = || words[3..=index].iter().any(|word| directive::find(word).is_some());
        if (3..3 + WORDY).contains(&index) && may_be(word) && !swallowed() {
            return Some(0..word.len());
        }
    }
    // `"Bearer 0123abcd"`, whatever it is given to; `auth_basic` has words for people.
    let (scheme, rest) = word.split_once(' ')?;
    let known = ["basic", "bearer"].contains(&scheme.to_ascii_lowercase().as_str()) && name != "auth_basic";
    (known && may_be(rest)).then(|| scheme.len() + 1..word.len())
}

/// The password of `http://user:password@host`.
fn of_url(word: &str) -> Option<Range<usize>> {
    let at = word.as_bytes().windows(3).position(|sign| sign == b"://")?;
    let authority = &word[at + 3..];
    let authority = &authority[..authority.find('/').unwrap_or(authority.len())];
    let (before, password) = authority[..authority.rfind('@')?].split_once(':')?;
    let start = at + 3 + before.len() + 1;
    (is_plain(password) && !password.is_empty()).then(|| start..start + password.len())
}

/// What `if ($http_x_token = secret)` compares something secret with.
fn compared(words: &[&str], index: usize) -> Option<Range<usize>> {
    let how = words.iter().take(4).position(|word| COMPARES.contains(word))?;
    let asked = *words.get(how.checked_sub(1)?)?;
    let text = words.get(index)?.trim_end_matches([')', '{']);
    let likely = Likely::of(asked);
    let secret = match words[how] {
        "=" | "!=" | "==" => likely.hides(text),
        _ => likely.hides_pattern(text),
    };
    (index > how && asked.contains('$') && secret).then_some(0..text.len())
}

/// The value of `token=value`, wherever in a word it stands: in a query, a cookie, an option.
fn assigned(word: &str) -> Option<Range<usize>> {
    let of_name = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_' | '.');
    let of_value = |char: char| char.is_ascii_alphanumeric() || "-_.~+/%*!#@^:".contains(char);
    for (at, _) in word.match_indices('=') {
        let name = word[..at].rsplit(|char| !of_name(char)).next();
        let rest = &word[at + 1..];
        let length = rest.find(|char| !of_value(char)).unwrap_or(rest.len());
        let length = length + rest[length..].bytes().take_while(|byte| *byte == b'=').count();
        let grows = rest[length..].starts_with(['$', '{', '(', '[', '\\']);
        if name.is_some_and(is_secret) && may_be(&rest[..length]) && !grows {
            return Some(at + 1..at + 1 + length);
        }
    }
    None
}

/// What a line within `map`, `geo` or `split_clients` has to hide; `head` is whether what it asks is secret, and
/// whether the variable that it sets is.
fn mapped(head: (Likely, Likely), words: &[&str], index: usize) -> Option<Range<usize>> {
    let word = *words.get(index)?;
    let secret = match (index, words.len()) {
        _ if words[0] == "include" => false,
        (0, 2) if word.ends_with('%') => false,
        (0, 2) if word.starts_with('~') => head.0.hides_pattern(word),
        (0, 2) => head.0.hides(word),
        (1, 2) => head.1.hides(word),
        _ => false,
    };
    secret.then_some(0..word.len())
}

/// The places of all secrets in a source in nginx's language, comments included: they may hold a line that was in force
/// once.
pub fn places(source: &Source) -> Vec<Hidden> {
    let text = source.text();
    // Most texts are done with here.
    if !holds_word(text) && !holds_sign(text) {
        return Vec::new();
    }
    let mut finder = Finder { source, words: Vec::new(), map: None, hidden: Vec::new() };
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        finder.line(line, start);
        start += line.len();
    }
    finder.done();
    finder.hidden
}

/// Whether a text has something else in it, in any case, that what may be secret has beside it.
fn holds_sign(text: &str) -> bool {
    let bytes = text.as_bytes();
    (0..bytes.len()).any(|at| {
        let signs: &[&[u8]] = match bytes[at] | 0x20 {
            b's' => &[b"secure_link"],
            b'c' => &[b"cookie"],
            b'b' => &[b"basic ", b"bearer "],
            b':' => &[b"://"],
            b'$' => &[b"$arg_", b"$http_x_"],
            // `_`, with the bit set.
            0x7f => &[b"_key"],
            b'-' => &[b"-key"],
            _ => return false,
        };
        signs.iter().any(|sign| begins(&bytes[at..], sign))
    })
}

struct Finder<'a> {
    source: &'a Source,
    /// The words of the directive so far, each with its first byte.
    words: Vec<(&'a str, usize)>,
    /// Within a block that gives a variable its values: whether what it asks is secret, and whether the variable is.
    map: Option<(Likely, Likely)>,
    hidden: Vec<Hidden>,
}

impl<'a> Finder<'a> {
    fn line(&mut self, line: &'a str, start: usize) {
        let bytes = line.as_bytes();
        let marks = Marks::of(bytes);
        let mut at = bytes.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let comment = bytes.get(at) == Some(&b'#');
        if comment {
            self.done();
            at += bytes[at..].iter().take_while(|byte| byte.is_ascii_whitespace() || **byte == b'#').count();
        }
        while at < bytes.len() {
            match bytes[at] {
                b'{' | b'<' if marks.statement(bytes, at).is_some() => {
                    at = marks.statement(bytes, at).unwrap_or(bytes.len());
                }
                // What a template comments out may have been in force once.
                b'{' | b'#' if bytes[at..].starts_with(b"{#") || bytes[at..].starts_with(b"#}") => {
                    self.done();
                    at += 2;
                }
                b'{' if marks.value(bytes, at).is_none() => {
                    self.map = self.head();
                    self.done();
                    at += 1;
                }
                b';' | b'}' => {
                    self.done();
                    self.map = self.map.filter(|_| bytes[at] == b';');
                    at += 1;
                }
                byte if byte.is_ascii_whitespace() => at += 1,
                quote @ (b'"' | b'\'') => {
                    let end = until(bytes, at + 1, |byte| byte == quote);
                    self.words.push((&line[at + 1..end], start + at + 1));
                    at = end + 1;
                }
                _ => {
                    let end = marks.bare(bytes, at);
                    self.words.push((&line[at..end], start + at));
                    at = end;
                }
            }
        }
        if comment {
            self.done();
        }
    }

    /// What the block that the words so far open maps, if it does.
    fn head(&self) -> Option<(Likely, Likely)> {
        let (name, _) = self.words.first()?;
        let (last, _) = self.words.last()?;
        let asked =
            self.words.get(1).filter(|_| self.words.len() > 2).map_or(Likely::No, |(asked, _)| Likely::of(asked));
        MAPS.contains(name).then(|| (asked, Likely::of(last)))
    }

    fn done(&mut self) {
        let words: Vec<&str> = self.words.iter().map(|(word, _)| *word).collect();
        for (index, (_, start)) in self.words.iter().enumerate() {
            let mapped = self.map.and_then(|head| mapped(head, &words, index));
            for range in mapped.map_or_else(|| parts(&words, index), |range| vec![range]) {
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

/// The last marks of a template language on a line: what is opened after them is none.
struct Marks {
    value: usize,
    jinja: usize,
    erb: usize,
}

impl Marks {
    fn of(line: &[u8]) -> Marks {
        let last = |mark: &[u8]| line.windows(2).rposition(|two| two == mark).unwrap_or(0);
        Marks { value: last(b"}}"), jinja: last(b"%}"), erb: last(b"%>") }
    }

    /// Where `{{ … }}` ends that begins here.
    fn value(&self, line: &[u8], at: usize) -> Option<usize> {
        let inner = line[at..].strip_prefix(b"{{").filter(|_| at < self.value)?;
        memchr::memmem::find(inner, b"}}").map(|length| at + length + 4)
    }

    /// Where `{% … %}` or `<% … %>` ends that begins here.
    fn statement(&self, line: &[u8], at: usize) -> Option<usize> {
        let (close, last): (&[u8], usize) = match line[at..] {
            [b'{', b'%', ..] => (b"%}", self.jinja),
            [b'<', b'%', ..] => (b"%>", self.erb),
            _ => return None,
        };
        let inner = line[at..].get(2..).filter(|_| at < last)?;
        memchr::memmem::find(inner, close).map(|length| at + length + 4)
    }

    /// Where a word without quotes ends; a blank within `{{ … }}` ends none.
    fn bare(&self, line: &[u8], mut at: usize) -> usize {
        loop {
            at = until(line, at, |byte| byte.is_ascii_whitespace() || matches!(byte, b';' | b'{'));
            match self.value(line, at) {
                Some(end) => at = end,
                None if line.get(at) == Some(&b'{') => at += 1,
                None => return at,
            }
        }
    }
}
