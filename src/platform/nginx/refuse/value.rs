//! Values as nginx reads them: numbers, sizes, times (`ngx_parse.c`, `ngx_string.c`), and texts with variables
//! (`ngx_http_script_compile`). They are the same in all versions since 1.18.

/// The greatest number there is: `NGX_MAX_INT_T_VALUE`, of 64 bits.
const MOST: i64 = i64::MAX;

/// A whole number in decimal digits.
pub fn number(text: &str) -> Option<i64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

/// A number with up to `point` digits after a dot, times ten to the power of `point`.
pub fn fixed(text: &str, mut point: u32) -> Option<i64> {
    let (mut value, mut dot) = (0i64, false);
    if text.is_empty() {
        return None;
    }
    for byte in text.bytes() {
        match byte {
            _ if point == 0 => return None,
            b'.' if !dot => dot = true,
            b'0'..=b'9' => {
                value = value.checked_mul(10)?.checked_add(i64::from(byte - b'0'))?;
                point -= u32::from(dot);
            }
            _ => return None,
        }
    }
    value.checked_mul(10i64.checked_pow(point)?)
}

/// A size in memory: bytes, or with `k` or `m`.
pub fn size(text: &str) -> Option<i64> {
    scaled(text, false)
}

/// A size of a file: the same, or with `g`.
pub fn offset(text: &str) -> Option<i64> {
    scaled(text, true)
}

fn scaled(text: &str, giga: bool) -> Option<i64> {
    let scale = match text.bytes().last()? {
        b'k' | b'K' => 1 << 10,
        b'm' | b'M' => 1 << 20,
        b'g' | b'G' if giga => 1 << 30,
        _ => 1,
    };
    let digits = if scale == 1 { text } else { &text[..text.len() - 1] };
    number(digits)?.checked_mul(scale)
}

/// A time in milliseconds: seconds, or with units in falling order from weeks down to `ms`.
pub fn milliseconds(text: &str) -> Option<i64> {
    time(text, false)
}

/// A time in seconds: the same without `ms`, and with `y` and `M`.
pub fn seconds(text: &str) -> Option<i64> {
    time(text, true)
}

fn time(text: &str, seconds: bool) -> Option<i64> {
    let bytes = text.as_bytes();
    let (mut at, mut value, mut total, mut valid) = (0, 0i64, 0i64, false);
    // The unit that was last given, as its place among all of them.
    let mut step = if seconds { 0 } else { 2 };
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        if byte.is_ascii_digit() {
            value = value.checked_mul(10)?.checked_add(i64::from(byte - b'0'))?;
            valid = true;
            continue;
        }
        let milli = byte == b'm' && bytes.get(at) == Some(&b's');
        let (own, scale) = match byte {
            b'y' => (1, 60 * 60 * 24 * 365),
            b'M' => (2, 60 * 60 * 24 * 30),
            b'w' => (3, 60 * 60 * 24 * 7),
            b'd' => (4, 60 * 60 * 24),
            b'h' => (5, 60 * 60),
            _ if milli => (8, 1),
            b'm' => (6, 60),
            b's' => (7, 1),
            b' ' => (9, 1),
            _ => return None,
        };
        // A number without a unit counts as seconds, and nothing may follow it.
        let too_late = if byte == b' ' { step >= 7 } else { step >= own };
        if too_late || milli && seconds {
            return None;
        }
        (at, step) = (at + usize::from(milli), own);
        let (max, scale) = if milli || seconds { (MOST / scale, scale) } else { (MOST / scale / 1000, scale * 1000) };
        if value > max {
            return None;
        }
        total = total.checked_add(value * scale)?;
        value = 0;
        while bytes.get(at) == Some(&b' ') {
            at += 1;
        }
    }
    if !valid {
        return None;
    }
    let rest = if seconds { value } else { value.checked_mul(1000)? };
    total.checked_add(rest)
}

/// The variables in a text, in order, or what nginx says of it. `$1` and the like are no variables.
///
/// # Errors
/// What nginx says.
pub fn variables(text: &str) -> Result<Vec<&str>, String> {
    names(text, true).map_err(|(error, _)| error)
}

/// The same; `captures` is whether `$1` and the like are no variables.
///
/// # Errors
/// What nginx says, and of which `$`.
pub fn names(text: &str, captures: bool) -> Result<Vec<&str>, (String, usize)> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(offset) = memchr::memchr(b'$', &bytes[at..]) {
        at += offset + 1;
        let start = at - 1;
        let invalid = || ("invalid variable name".to_owned(), start);
        let bracket = match bytes.get(at) {
            None => return Err(invalid()),
            Some(b'1'..=b'9') if captures => {
                at += 1;
                continue;
            }
            Some(b'{') => true,
            Some(_) => false,
        };
        at += usize::from(bracket);
        if bracket && at == bytes.len() {
            return Err(invalid());
        }
        let rest = &bytes[at..];
        let length = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
        let name = &text[at..at + length];
        if bracket && rest.get(length) != Some(&b'}') {
            return Err((format!("the closing bracket in \"{name}\" variable is missing"), start));
        }
        if name.is_empty() {
            return Err(invalid());
        }
        found.push(name);
        at += length + usize::from(bracket);
    }
    Ok(found)
}
