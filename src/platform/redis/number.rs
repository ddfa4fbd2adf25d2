//! Numbers as C reads them: the functions of the C library and of `util.c` that decide which text is a number.

use super::version::Version;

/// The bytes up to the first NUL: what a C string function sees of a word.
pub fn c_string(bytes: &[u8]) -> &[u8] {
    memchr::memchr(0, bytes).map_or(bytes, |end| &bytes[..end])
}

/// `strcasecmp` of a word and a name in lower case.
pub fn same_word(bytes: &[u8], name: &str) -> bool {
    c_string(bytes).eq_ignore_ascii_case(name.as_bytes())
}

/// `strtoll`: the number at the start, cut to 64 bits, what follows it, and whether it had to be cut.
pub fn strtoll(bytes: &[u8], radix: u32) -> (i64, &[u8], bool) {
    let bytes = c_string(bytes);
    let blanks = bytes.iter().take_while(|byte| matches!(byte, b' ' | 0x09..=0x0d)).count();
    let (sign, start) = match bytes.get(blanks) {
        Some(b'-') => (-1, blanks + 1),
        Some(b'+') => (1, blanks + 1),
        _ => (1, blanks),
    };
    let mut value: i128 = 0;
    let mut at = start;
    while let Some(digit) = bytes.get(at).and_then(|byte| char::from(*byte).to_digit(radix)) {
        value = (value * i128::from(radix) + i128::from(digit)).min(i128::from(u64::MAX) + 1);
        at += 1;
    }
    if at == start {
        return (0, bytes, false);
    }
    let signed = value * sign;
    let cut = signed.clamp(i128::from(i64::MIN), i128::from(i64::MAX));
    (i64::try_from(cut).unwrap_or(0), &bytes[at..], cut != signed)
}

/// `atoi`: the number at the start, cut to 32 bits as a conversion does.
pub fn atoi(bytes: &[u8]) -> i32 {
    as_int(strtoll(bytes, 10).0)
}

/// A `long long` assigned to an `int`.
pub fn as_int(value: i64) -> i32 {
    let low = u32::try_from(value & 0xffff_ffff).unwrap_or(0);
    i32::from_ne_bytes(low.to_ne_bytes())
}

/// `util.c:string2ll`: digits without leading zeros, an optional `-`, within 64 bits.
pub fn string2ll(bytes: &[u8]) -> Option<i64> {
    let digits = bytes.strip_prefix(b"-").unwrap_or(bytes);
    let well_formed = match digits {
        b"0" => bytes == b"0",
        [b'1'..=b'9', rest @ ..] => rest.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    if !well_formed {
        return None;
    }
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

/// `util.c:memtoull` (7.0 and later): digits with an optional unit, as the 64 bits that come out. More digits than 64
/// bits hold are the largest number, or none at all where the version says so.
pub fn memtoull(bytes: &[u8], version: &Version) -> Option<u64> {
    let bytes = c_string(bytes);
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if bytes.starts_with(b"-") || digits >= 128 {
        return None;
    }
    let factor = unit(&bytes[digits..])?;
    // No digits at all are a zero to `strtoull`.
    let value = bytes[..digits]
        .iter()
        .try_fold(0u64, |value, digit| value.checked_mul(10)?.checked_add(u64::from(digit - b'0')));
    // Seen in 9.1.2: the overflow is an error.
    if value.is_none() && version.valkey_since(9, 1) {
        return None;
    }
    Some(value.unwrap_or(u64::MAX).wrapping_mul(factor))
}

/// `util.c:memtoll` (6.2): the same with a sign.
pub fn memtoll(bytes: &[u8]) -> Option<i64> {
    let bytes = c_string(bytes);
    let sign = usize::from(bytes.starts_with(b"-"));
    let digits = sign + bytes[sign..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits >= 128 {
        return None;
    }
    let factor = i64::try_from(unit(&bytes[digits..])?).ok()?;
    let (value, rest, _) = strtoll(&bytes[..digits], 10);
    // `-` alone is left over by `strtoll`.
    rest.is_empty().then_some(value.wrapping_mul(factor))
}

fn unit(text: &[u8]) -> Option<u64> {
    const UNITS: [(&[u8], u64); 8] = [
        (b"", 1),
        (b"b", 1),
        (b"k", 1000),
        (b"kb", 1 << 10),
        (b"m", 1000 * 1000),
        (b"mb", 1 << 20),
        (b"g", 1000 * 1000 * 1000),
        (b"gb", 1 << 30),
    ];
    UNITS.iter().find(|(unit, _)| text.eq_ignore_ascii_case(unit)).map(|(_, factor)| *factor)
}

/// `util.c:string2d`: all of a word as a floating-point number, as `strtod` reads it. Valkey 9.1 has a reader of its own,
/// which knows no hexadecimal numbers (seen in 9.1.2).
pub fn string2d(bytes: &[u8], version: &Version) -> Option<f64> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    if let Some(hex) = rest.strip_prefix("0x").or_else(|| rest.strip_prefix("0X")) {
        return hexadecimal(hex).map(|value| sign * value).filter(|_| !version.valkey_since(9, 1));
    }
    // Rust knows the forms of C, and `nan(…)` is none of the server's numbers anyway.
    if rest.starts_with(['+', '-']) {
        return None;
    }
    let value: f64 = rest.parse().ok()?;
    let mantissa = rest.split(['e', 'E']).next().unwrap_or_default();
    let vanished = value == 0.0 && mantissa.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
    let overflowed = value.is_infinite() && rest.starts_with(|first: char| first.is_ascii_digit() || first == '.');
    (!value.is_nan() && !vanished && !overflowed).then_some(sign * value)
}

fn hexadecimal(text: &str) -> Option<f64> {
    let (mantissa, exponent) = text.split_once(['p', 'P']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut value = 0.0;
    for digit in whole.chars() {
        value = value * 16.0 + f64::from(digit.to_digit(16)?);
    }
    let mut scale = 1.0 / 16.0;
    for digit in fraction.chars() {
        value += f64::from(digit.to_digit(16)?) * scale;
        scale /= 16.0;
    }
    Some(value * 2f64.powi(exponent.parse().ok()?))
}

/// A number as the server prints it with six decimals and without trailing zeros (`util.c:trimDoubleString`).
pub fn trimmed_decimal(value: f64) -> String {
    let text = format!("{value:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
