//! What can be told of a regular expression without compiling it: its groups, and faults that PCRE cannot forgive.

/// The groups of an expression.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Groups {
    /// How many there are, named ones included.
    pub count: usize,
    /// The names.
    pub names: Vec<String>,
}

/// Reads an expression in the language of PCRE.
///
/// # Errors
/// What is wrong with it. Not everything that is wrong is found.
pub fn groups(pattern: &str) -> Result<Groups, &'static str> {
    let chars: Vec<char> = pattern.chars().collect();
    let mut groups = Groups::default();
    let (mut at, mut depth, mut repeatable) = (0, 0usize, false);
    let (mut verbatim, starts) =
        (false, |at: usize, text: &str| chars[at..].iter().copied().take(text.len()).eq(text.chars()));
    while let Some(&char) = chars.get(at) {
        if verbatim {
            (verbatim, at) = if starts(at, "\\E") { (false, at + 2) } else { (true, at + 1) };
            repeatable = true;
            continue;
        }
        match char {
            '\\' if at + 1 == chars.len() => return Err("\\ at end of pattern"),
            '\\' => {
                verbatim = chars[at + 1] == 'Q';
                repeatable = true;
                at += 2;
                continue;
            }
            '[' => {
                at = class(&chars, at).ok_or("missing terminating ] for character class")?;
                repeatable = true;
                continue;
            }
            '(' => {
                depth += 1;
                at += open(&chars[at..], &mut groups);
                repeatable = false;
                continue;
            }
            ')' => {
                depth = depth.checked_sub(1).ok_or("unmatched closing parenthesis")?;
                repeatable = true;
            }
            '|' | '^' => repeatable = char == '^',
            '*' | '+' | '?' if !repeatable => return Err("quantifier does not follow a repeatable item"),
            '*' | '+' | '?' => {
                // Lazy or possessive.
                at += usize::from(matches!(chars.get(at + 1), Some('?' | '+')));
                repeatable = false;
            }
            _ => repeatable = true,
        }
        at += 1;
    }
    if depth > 0 { Err("missing closing parenthesis") } else { Ok(groups) }
}

/// Where a class ends that begins at `at`.
fn class(chars: &[char], at: usize) -> Option<usize> {
    let mut end = at + 1 + usize::from(chars.get(at + 1) == Some(&'^'));
    // A bracket that comes first is a character like others.
    end += usize::from(chars.get(end) == Some(&']'));
    loop {
        match *chars.get(end)? {
            ']' => return Some(end + 1),
            '\\' => end += 2,
            '[' if matches!(chars.get(end + 1), Some(':' | '.' | '=')) => {
                let mark = *chars.get(end + 1)?;
                let close = (end + 2..chars.len()).find(|&at| chars[at] == mark && chars.get(at + 1) == Some(&']'));
                end = close.map_or(end + 1, |close| close + 2);
            }
            _ => end += 1,
        }
    }
}

/// How much of a text belongs to the parenthesis that it begins with.
fn open(chars: &[char], groups: &mut Groups) -> usize {
    let text: String = chars.iter().take(80).collect();
    if !text.starts_with("(?") {
        groups.count += usize::from(!text.starts_with("(*"));
        return 1;
    }
    let named = [("(?<", '>'), ("(?P<", '>'), ("(?'", '\'')].into_iter().find(|(start, _)| text.starts_with(start));
    if let Some((start, close)) = named {
        let name: String = text[start.len()..].chars().take_while(|char| *char != close).collect();
        if !name.starts_with(['=', '!']) {
            groups.count += 1;
            let length = start.len() + name.chars().count() + 1;
            if !groups.names.contains(&name) {
                groups.names.push(name);
            }
            return length;
        }
        return start.len() + 1;
    }
    if text.starts_with("(?#") {
        // The parenthesis that ends a comment is read as that of the group.
        return chars.iter().position(|char| *char == ')').unwrap_or(chars.len());
    }
    if text.starts_with("(?(") {
        return 3.min(chars.len());
    }
    chars
        .iter()
        .position(|char| matches!(char, ':' | ')' | '=' | '!' | '>' | '|'))
        .map_or(chars.len(), |end| if chars[end] == ')' { end } else { end + 1 })
}
