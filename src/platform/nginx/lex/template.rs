//! What languages for templates leave in a file of nginx.

/// How long a value or a statement of a template may be, in bytes: what is open is not looked for in all of a file, time
/// and again.
const LONGEST_VALUE: usize = 4 << 10;
const LONGEST_STATEMENT: usize = 64 << 10;

/// Where a text has been closed, the closing sign included: within so many bytes, and within one line where that is asked
/// for. The first `skip` bytes are not looked at.
fn closed(text: &str, skip: usize, close: &str, longest: usize, one_line: bool) -> Option<usize> {
    let bytes = text.as_bytes().get(skip..)?;
    let bytes = &bytes[..bytes.len().min(longest)];
    let end = memchr::memmem::find(bytes, close.as_bytes())?;
    let broken = one_line && memchr::memchr(b'\n', &bytes[..end]).is_some();
    (!broken).then_some(skip + end + close.len())
}

/// Where `{{ … }}` or `<%= … %>` ends that begins at `at`: a value, within one line.
fn expression(text: &str, at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    let close = match rest.as_bytes() {
        [b'{', b'{', ..] => "}}",
        [b'<', b'%', ..] => "%>",
        _ => return None,
    };
    let mut end = at + closed(rest, 2, close, LONGEST_VALUE, true)?;
    // `{{{ … }}}` of Mustache.
    while text.as_bytes().get(end) == Some(&b'}') && rest.starts_with("{{{") {
        end += 1;
    }
    Some(end)
}

/// Where a piece of a word ends that a template fills in or leaves out: a value, or a statement within the word.
pub fn filled(text: &str, at: usize) -> Option<usize> {
    expression(text, at).or_else(|| {
        let rest = text.get(at..)?;
        let close = match rest.as_bytes() {
            [b'{', b'%', ..] => "%}",
            [b'{', b'#', ..] => "#}",
            _ => return None,
        };
        Some(at + closed(rest, 0, close, LONGEST_VALUE, true)?)
    })
}

/// Where a statement of a template language ends that begins at `at`: `{% … %}`, `{# … #}`, `{{#if … }}`, `{{- if … }}`,
/// and, where no directive is begun, a value that has its line to itself.
pub fn statement(text: &str, at: usize, first: bool) -> Option<usize> {
    let rest = text.get(at..)?;
    let closed = |close: &str| closed(rest, 0, close, LONGEST_STATEMENT, false).map(|end| at + end);
    match rest.as_bytes() {
        [b'{', b'%', ..] => closed("%}"),
        [b'{', b'#', ..] => closed("#}"),
        [b'<', b'%', next, ..] if *next != b'=' => closed("%>"),
        [b'{', b'{', ..] => {
            let end = expression(text, at).or_else(|| closed("}}"))?;
            let inner = rest.get(2..)?.trim_start_matches(['-', '{', ' ']);
            let word: String = inner.chars().take_while(|char| char.is_ascii_alphanumeric() || *char == '_').collect();
            let words = ["if", "else", "end", "range", "with", "define", "block", "template", "include", "each"];
            let control = inner.starts_with(['#', '/', '^', '!', '>', '$']) || words.contains(&word.as_str());
            let alone = first && text.get(end..)?.trim_start_matches([' ', '\t', '\r']).starts_with(['\n', '{', '}']);
            let last = first && text.get(end..)?.trim().is_empty();
            (control || alone || last).then_some(end)
        }
        _ => None,
    }
}

/// Whether a statement of a template language leaves nothing in the file and nothing to its chance: a comment, or a
/// variable that is set.
pub fn renders_nothing(statement: &str) -> bool {
    let inner = |open: &str| Some(statement.strip_prefix(open)?.trim_start_matches(['-', '+', '~', ' ', '\t', '\n']));
    let sets = |inner: &str| inner.starts_with('$') && (inner.contains(":=") || inner.contains(" = "));
    statement.starts_with("{#")
        || statement.starts_with("<%#")
        || inner("{%").is_some_and(|inner| inner.starts_with("set ") && inner.contains('='))
        || inner("{{").is_some_and(|inner| inner.starts_with("/*") || inner.starts_with('!') || sets(inner))
}

/// Whether a text has something that is filled in before nginx sees it: `${NAME}` in capitals, `$(…)`, `__NAME__`, `@NAME@`.
pub fn filled_in(raw: &str) -> bool {
    let capitals = |name: &str| {
        name.bytes().next().is_some_and(|byte| byte.is_ascii_uppercase() || byte == b'_')
            && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
    };
    let braced = raw.match_indices("${").any(|(at, _)| {
        let inner = &raw[at + 2..];
        inner.find(['}', ':']).is_some_and(|end| capitals(&inner[..end]))
    });
    let marked = |mark: &str| {
        let mut parts = raw.split(mark);
        parts.next();
        parts.any(|part| !part.is_empty() && capitals(part) && !part.starts_with('_'))
    };
    braced || raw.contains("__") && marked("__") || raw.matches('@').count() >= 2 && marked("@")
}
