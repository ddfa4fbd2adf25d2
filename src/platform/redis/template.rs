//! Marks of templates in configuration files: what is not the configuration yet, but decides what will be.
//!
//! Only well-known forms count: Jinja and its like in every file, ERB too; `${NAME}`, `@NAME@` and `__NAME__` only in
//! files whose names say that they are templates, because the server reads them as they stand everywhere else.

use std::path::Path;

/// What a file's name says about templates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// The server reads the bytes as they stand.
    Raw,
    /// An ordinary file, which may be a template all the same.
    Ordinary,
    /// A template by its name.
    Template,
}

impl Reading {
    /// What the name of a file says.
    pub fn of(path: &Path) -> Reading {
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        match ending {
            "j2" | "jinja" | "jinja2" | "tmpl" | "template" | "tpl" | "erb" | "in" | "gotmpl" => Reading::Template,
            _ => Reading::Ordinary,
        }
    }
}

/// A stretch of text that belongs to the template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Its first byte.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
    /// Whether something else will stand in its place.
    pub prints: bool,
}

/// The marks of a text.
#[derive(Debug, Clone, Default)]
pub struct Marks {
    marks: Vec<Mark>,
    /// Stretches that are there only under a condition or any number of times, with the place of the mark that says so.
    conditional: Vec<(usize, usize, (usize, usize))>,
}

/// What a control mark does to the lines after it.
enum Control {
    Opens,
    Closes,
    Neither,
}

impl Marks {
    /// The marks of a text.
    pub fn find(text: &[u8], reading: Reading) -> Marks {
        let mut found = Marks::default();
        if reading == Reading::Raw {
            return found;
        }
        let mut open: Vec<(usize, (usize, usize))> = Vec::new();
        let mut at = 0;
        while let Some(step) = next_opening(&text[at..], reading) {
            let start = at + step;
            let Some((end, kind)) = mark_at(text, start, reading) else {
                at = start + 1;
                continue;
            };
            match kind {
                Kind::Comment => found.marks.push(Mark { start, end, prints: false }),
                Kind::Prints => found.marks.push(Mark { start, end, prints: true }),
                Kind::Control(control) => {
                    found.marks.push(Mark { start, end, prints: false });
                    match control {
                        Control::Opens => open.push((end, (start, end))),
                        Control::Closes => {
                            if let Some((from, mark)) = open.pop() {
                                found.conditional.push((from, start, mark));
                            }
                        }
                        Control::Neither => {}
                    }
                }
            }
            at = end;
        }
        // What is never closed reaches to the end.
        found.conditional.extend(open.into_iter().map(|(from, mark)| (from, text.len(), mark)));
        found.conditional.sort_unstable();
        found
    }

    /// The marks that touch `start..end`.
    pub fn on_line(&self, start: usize, end: usize) -> &[Mark] {
        let from = self.marks.partition_point(|mark| mark.end <= start);
        let to = self.marks.partition_point(|mark| mark.start < end);
        self.marks.get(from..to).unwrap_or_default()
    }

    /// The mark that decides whether the byte at `at` is there at all.
    pub fn condition(&self, at: usize) -> Option<(usize, usize)> {
        self.conditional.iter().find(|(from, to, _)| (*from..*to).contains(&at)).map(|(_, _, mark)| *mark)
    }
}

enum Kind {
    Comment,
    Prints,
    Control(Control),
}

fn next_opening(text: &[u8], reading: Reading) -> Option<usize> {
    let common = memchr::memchr2(b'{', b'<', text);
    if reading != Reading::Template {
        return common;
    }
    let more = memchr::memchr3(b'$', b'@', b'_', text);
    match (common, more) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// The mark that begins at `start`, with its end.
fn mark_at(text: &[u8], start: usize, reading: Reading) -> Option<(usize, Kind)> {
    let rest = &text[start..];
    let until = |closing: &[u8]| memchr::memmem::find(&rest[2..], closing).map(|at| 2 + at + closing.len());
    let template = reading == Reading::Template;
    let (length, kind) = match rest.get(..2)? {
        b"{{" => {
            let length = until(b"}}")?;
            (length, go_control(&rest[2..length - 2]).map_or(Kind::Prints, Kind::Control))
        }
        b"{%" => {
            let length = until(b"%}")?;
            (length, jinja_control(&rest[2..length - 2]))
        }
        b"{#" if template => (until(b"#}")?, Kind::Comment),
        b"<%" => {
            let length = until(b"%>")?;
            (length, erb_control(&rest[2..length - 2]))
        }
        b"${" if template => (until(b"}")?, Kind::Prints),
        _ if template && rest[0] == b'$' => (1 + name_length(&rest[1..])?, Kind::Prints),
        _ if template && rest[0] == b'@' => {
            let name = name_length(&rest[1..])?;
            (rest.get(1 + name) == Some(&b'@')).then_some((name + 2, Kind::Prints))?
        }
        b"__" if template => {
            let end = memchr::memmem::find(&rest[2..], b"__").filter(|&end| end > 0)?;
            let inner = &rest[2..2 + end];
            let name = inner.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_');
            name.then_some((end + 4, Kind::Prints))?
        }
        _ => return None,
    };
    Some((start + length, kind))
}

/// How many bytes of a name in capitals are at the start.
fn name_length(text: &[u8]) -> Option<usize> {
    let length =
        text.iter().take_while(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || **byte == b'_').count();
    (length > 1 && !text[0].is_ascii_digit()).then_some(length)
}

fn first_word(text: &[u8]) -> &[u8] {
    let start =
        text.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b'-' | b'+' | b'~')).count();
    let rest = &text[start..];
    let end = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'/' | b'*')).count();
    &rest[..end]
}

/// `{{ if … }}`, `{{ end }}` and the like of Go templates.
fn go_control(inner: &[u8]) -> Option<Control> {
    match first_word(inner) {
        b"if" | b"range" | b"with" | b"define" | b"block" => Some(Control::Opens),
        b"end" => Some(Control::Closes),
        b"else" | b"break" | b"continue" | b"/*" => Some(Control::Neither),
        _ if inner.trim_ascii().starts_with(b"$") && memchr::memmem::find(inner, b":=").is_some() => {
            Some(Control::Neither)
        }
        _ => None,
    }
}

/// `{% … %}` of Jinja and its like.
fn jinja_control(inner: &[u8]) -> Kind {
    match first_word(inner) {
        b"if" | b"for" | b"macro" | b"call" | b"filter" | b"block" | b"raw" | b"unless" | b"case" => {
            Kind::Control(Control::Opens)
        }
        b"include" | b"import" | b"extends" | b"from" => Kind::Prints,
        word if word.starts_with(b"end") => Kind::Control(Control::Closes),
        _ => Kind::Control(Control::Neither),
    }
}

/// `<% … %>` of ERB.
fn erb_control(inner: &[u8]) -> Kind {
    if inner.starts_with(b"=") {
        return Kind::Prints;
    }
    if inner.starts_with(b"#") {
        return Kind::Comment;
    }
    let code = inner.trim_ascii().trim_ascii_end();
    let code = code.strip_suffix(b"-").unwrap_or(code).trim_ascii();
    match first_word(code) {
        b"if" | b"unless" | b"for" | b"while" | b"case" | b"begin" => Kind::Control(Control::Opens),
        b"end" => Kind::Control(Control::Closes),
        _ if code.ends_with(b" do") || code.ends_with(b"|") => Kind::Control(Control::Opens),
        _ => Kind::Control(Control::Neither),
    }
}
