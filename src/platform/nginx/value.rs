//! Values with variables in them (`ngx_http_script_compile` in ngx_http_script.c, 1.22.1).

/// A piece of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Text.
    Text(&'a str),
    /// `$name` or `${name}`, in lower case as nginx has it.
    Variable(String),
    /// `$1` to `$9`: what the last regular expression that matched has captured.
    Capture(usize),
}

/// The pieces of a value. A `$` that names nothing, which nginx refuses, is text.
pub fn pieces(value: &str) -> Vec<Piece<'_>> {
    written(value).into_iter().map(|(piece, _)| piece).collect()
}

/// The pieces of a value, each as it is written.
pub fn written(value: &str) -> Vec<(Piece<'_>, &str)> {
    let mut pieces = Vec::new();
    let mut rest = value;
    while let Some(at) = rest.find('$') {
        let (text, from) = rest.split_at(at);
        if !text.is_empty() {
            pieces.push((Piece::Text(text), text));
        }
        let (piece, length) = variable(from);
        pieces.push((piece, &from[..length]));
        rest = &from[length..];
    }
    if !rest.is_empty() {
        pieces.push((Piece::Text(rest), rest));
    }
    pieces
}

/// The variable that a text begins with, and its length.
fn variable(from: &str) -> (Piece<'_>, usize) {
    let bytes = from.as_bytes();
    if let Some(digit @ b'1'..=b'9') = bytes.get(1) {
        return (Piece::Capture(usize::from(digit - b'0')), 2);
    }
    let braced = bytes.get(1) == Some(&b'{');
    let start = if braced { 2 } else { 1 };
    let name = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
    let length = bytes.iter().skip(start).take_while(name).count();
    let closed = !braced || bytes.get(start + length) == Some(&b'}');
    if length == 0 || !closed {
        return (Piece::Text(&from[..1]), 1);
    }
    let variable = from[start..start + length].to_ascii_lowercase();
    (Piece::Variable(variable), start + length + usize::from(braced))
}

/// Whether a value has variables in it.
pub fn is_plain(value: &str) -> bool {
    !value.contains('$')
}

/// A size in bytes (`ngx_parse_size`, `ngx_parse_offset`): digits with `k`, `m` or, for offsets, `g`.
pub fn size(text: &str) -> Option<u64> {
    let (digits, unit) = match text.as_bytes().last()? {
        b'k' | b'K' => (&text[..text.len() - 1], 1u64 << 10),
        b'm' | b'M' => (&text[..text.len() - 1], 1 << 20),
        b'g' | b'G' => (&text[..text.len() - 1], 1 << 30),
        _ => (text, 1),
    };
    let number: u64 = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())??;
    number.checked_mul(unit).filter(|size| i64::try_from(*size).is_ok())
}

/// A time in milliseconds (`ngx_parse_time`): `1h 30m`, `90s`, `500ms`; without a unit seconds.
pub fn milliseconds(text: &str) -> Option<u64> {
    const UNITS: [(&str, u64); 8] = [
        ("ms", 1),
        ("y", 31_536_000_000),
        ("M", 2_592_000_000),
        ("w", 604_800_000),
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("m", 60_000),
        ("s", 1_000),
    ];
    let mut rest = text.trim_end();
    let mut total = 0u64;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: u64 = rest.get(..digits)?.parse().ok()?;
        rest = &rest[digits..];
        let unit = UNITS.iter().find(|(unit, _)| rest.starts_with(unit));
        let (length, factor) = match unit {
            Some((unit, factor)) => (unit.len(), *factor),
            None if rest.is_empty() || rest.starts_with(' ') => (0, 1_000),
            None => return None,
        };
        total = total.checked_add(number.checked_mul(factor)?)?;
        rest = rest[length..].trim_start_matches(' ');
    }
    Some(total)
}
