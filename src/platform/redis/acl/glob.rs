//! The server's own glob matching (`util.c:stringmatchlen`).

/// How many steps one match may take before it counts as no match: a key and a pattern of many kilobytes each.
const STEPS: usize = 1 << 26;

/// How many stars one match may pass before the server gives it up (`util.c:stringmatchlen_impl`).
const NESTING: usize = 1000;

/// Whether `text` matches `pattern`, bytes compared exactly.
///
/// A lone `*` does not match the empty text: the loop of the server needs a byte of both to begin with.
pub fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    // Where to go on when what follows the last `*` does not match: the place after it, and what it has taken.
    let mut back: Option<(usize, usize)> = None;
    let (mut steps, mut stars) = (0, 0);
    loop {
        steps += 1;
        if steps > STEPS {
            return false;
        }
        if p < pattern.len() && t < text.len() {
            if pattern[p] == b'*' {
                while pattern.get(p + 1) == Some(&b'*') {
                    p += 1;
                }
                p += 1;
                if p == pattern.len() {
                    return true;
                }
                back = Some((p, t));
                stars += 1;
                if stars > NESTING {
                    return false;
                }
                continue;
            }
            if let Some(next) = one(pattern, p, text[t]) {
                p = next;
                t += 1;
                if t == text.len() {
                    // The server passes over stars only when it has taken the last byte of the text here.
                    while pattern.get(p) == Some(&b'*') {
                        p += 1;
                    }
                }
                continue;
            }
        } else if p >= pattern.len() && t >= text.len() {
            return true;
        }
        // No match here: let the last star take one byte more.
        match back {
            Some((after, taken)) if taken < text.len() => {
                back = Some((after, taken + 1));
                (p, t) = (after, taken + 1);
            }
            _ => return false,
        }
    }
}

/// The place after the part of `pattern` at `p` when that part matches `byte`. `p` is inside the pattern.
fn one(pattern: &[u8], p: usize, byte: u8) -> Option<usize> {
    match pattern[p] {
        b'?' => Some(p + 1),
        b'[' => class(pattern, p + 1, byte),
        b'\\' if p + 1 < pattern.len() => (pattern[p + 1] == byte).then_some(p + 2),
        other => (other == byte).then_some(p + 1),
    }
}

/// The place after the class whose inside begins at `p`, when it holds `byte`. Without `]` it runs to the end.
fn class(pattern: &[u8], mut p: usize, byte: u8) -> Option<usize> {
    let not = pattern.get(p) == Some(&b'^');
    if not {
        p += 1;
    }
    let mut found = false;
    loop {
        let rest = pattern.len().saturating_sub(p);
        if rest >= 2 && pattern[p] == b'\\' {
            p += 1;
            found |= pattern[p] == byte;
        } else if rest == 0 || pattern[p] == b']' {
            break;
        } else if rest >= 3 && pattern[p + 1] == b'-' {
            // The server compares `char`s, which are signed on the machines it runs on.
            let (a, b) = (pattern[p].cast_signed(), pattern[p + 2].cast_signed());
            found |= (a.min(b)..=a.max(b)).contains(&byte.cast_signed());
            p += 2;
        } else {
            found |= pattern[p] == byte;
        }
        p += 1;
    }
    let after = (p + 1).min(pattern.len());
    (found != not).then_some(after)
}
