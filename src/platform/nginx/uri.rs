//! The path of a request as nginx sees it (`ngx_http_parse_complex_uri` in ngx_http_parse.c, 1.22.1), and the ways in
//! which it writes one again.

/// The target of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// As the client sent it.
    pub raw: String,
    /// The path, decoded and normalised.
    pub path: String,
    /// What follows the `?`, as the client sent it.
    pub args: String,
    /// Whether some of the path was encoded.
    pub quoted: bool,
    /// Whether the path had to be changed: `//`, `/./`, `/../`, an escape.
    pub plus: bool,
}

/// Why a target is no good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bad {
    /// nginx answers 400.
    Invalid,
    /// It decodes to bytes that are no text, which is not followed here.
    NotText,
}

impl Target {
    /// Parses a target.
    ///
    /// # Errors
    /// [`Bad`] says what is wrong.
    pub fn parse(raw: &str, merge_slashes: bool) -> Result<Target, Bad> {
        if !raw.starts_with('/') || raw.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
            return Err(Bad::Invalid);
        }
        let plain = raw.split('#').next().unwrap_or_default();
        let (path, args) = plain.split_once('?').unwrap_or((plain, ""));
        // What stays encoded keeps its meaning as text: `%23`, `%25` and `%3F` are no separators.
        let bytes = decode(path).ok_or(Bad::Invalid)?;
        let path = normalised(&bytes, merge_slashes).ok_or(Bad::Invalid)?;
        let path = String::from_utf8(path).map_err(|_| Bad::NotText)?;
        let (quoted, plus) = (raw.split('?').next().unwrap_or_default().contains('%'), plain.contains('+'));
        Ok(Target { raw: raw.to_owned(), path, args: args.to_owned(), quoted, plus })
    }
}

/// Each byte, and whether it was encoded and stands for itself.
fn decode(path: &str) -> Option<Vec<(u8, bool)>> {
    let bytes = path.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] != b'%' {
            out.push((bytes[at], false));
            at += 1;
            continue;
        }
        let digit = |byte: Option<&u8>| char::from(*byte?).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let byte = digit(bytes.get(at + 1))? << 4 | digit(bytes.get(at + 2))?;
        if byte == 0 {
            return None;
        }
        out.push((byte, matches!(byte, b'%' | b'#' | b'?')));
        at += 3;
    }
    Some(out)
}

/// Takes `//` (unless they stay), `/./` and `/../` out; `None` where it leads above the root.
fn normalised(bytes: &[(u8, bool)], merge_slashes: bool) -> Option<Vec<u8>> {
    let mut out: Vec<u8> = Vec::with_capacity(bytes.len());
    let mut start = 0;
    let plain: Vec<u8> = bytes.iter().map(|(byte, _)| *byte).collect();
    // The first byte is a slash.
    while start < plain.len() {
        let end = plain[start + 1..].iter().position(|byte| *byte == b'/').map_or(plain.len(), |at| start + 1 + at);
        let (segment, last) = (&plain[start + 1..end], end == plain.len());
        match segment {
            b"." => {
                if last {
                    out.push(b'/');
                }
            }
            b".." => {
                let cut = out.iter().rposition(|byte| *byte == b'/')?;
                out.truncate(cut);
                if last {
                    out.push(b'/');
                }
            }
            b"" if !last && merge_slashes => {}
            b"" if last && merge_slashes && out.last() == Some(&b'/') => {}
            _ => {
                out.push(b'/');
                out.extend_from_slice(segment);
            }
        }
        start = end;
    }
    if out.is_empty() {
        out.push(b'/');
    }
    Some(out)
}

/// What is escaped, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Escape {
    /// A path (`NGX_ESCAPE_URI`).
    Path,
    /// An argument (`NGX_ESCAPE_ARGS`).
    Args,
    /// The path of a redirect that nginx makes itself (`NGX_ESCAPE_URI` too, kept apart for readers).
    Redirect,
}

/// Writes a text as part of a URL (`ngx_escape_uri` in ngx_string.c, 1.22.1).
pub fn escaped(text: &str, how: Escape) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        let plain = match how {
            Escape::Path | Escape::Redirect => !matches!(byte, b' ' | b'#' | b'%' | b'?'),
            Escape::Args => !matches!(byte, b' ' | b'#' | b'%' | b'&' | b'+' | b';' | b'?'),
        };
        let control = !(0x20..0x7f).contains(&byte);
        let special = matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}');
        if plain && !control && !special {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Resolves the escapes of a redirect that `rewrite` makes (`NGX_UNESCAPE_REDIRECT`): those of printable characters up
/// to the first `?`, written or escaped.
pub fn unescaped_redirect(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(char) = rest.chars().next() {
        let hex = rest.get(1..3).filter(|_| char == '%').and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match hex {
            Some(b'?') => return out + "?" + &rest[3..],
            Some(byte) if byte > b'%' && byte < 0x7f => out.push(char::from(byte)),
            Some(_) => out.push_str(&rest[..3]),
            None if char == '?' => return out + rest,
            None => out.push(char),
        }
        rest = if hex.is_some() { &rest[3..] } else { &rest[char.len_utf8()..] };
    }
    out
}
