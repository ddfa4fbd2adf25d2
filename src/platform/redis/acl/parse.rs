//! The grammar of a rule: what the server takes each word for (`acl.c:ACLSetUser`, `acl.c:ACLSetSelector`).

use std::borrow::Cow;
use std::ops::Range;

use sha2::{Digest, Sha256};

use super::Evaluator;
use super::commands::{Command, Set};
use super::keys::c_string;
use crate::platform::redis::split::{Raw, Style, split};
use crate::platform::redis::version::{Product, Version};

/// Why the server refuses a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum Problem {
    /// `ENOENT`.
    #[error("there is no such command or category in this version")]
    UnknownCommand,
    /// `EINVAL`.
    #[error("this is no rule")]
    Syntax,
    /// `EEXIST`.
    #[error("all keys are open already (`~*` or `allkeys`), so a key pattern has no effect: `resetkeys` first")]
    AfterAllKeys,
    /// `EISDIR`.
    #[error("all channels are open already (`&*` or `allchannels`), so a pattern has no effect: `resetchannels` first")]
    AfterAllChannels,
    /// `ENODEV`.
    #[error("the user has no such password to remove")]
    NoSuchPassword,
    /// `EBADMSG`.
    #[error("a password hash is exactly 64 digits or letters a to f in lower case")]
    BadHash,
    /// `ECHILD`.
    #[error("a subcommand cannot be limited to a first word")]
    WordOfSubcommand,
    /// `ERANGE`.
    #[error("a database number is from 0 to 2147483647")]
    DatabaseOutOfRange,
    /// No argument closes the parenthesis.
    #[error("the parenthesis is not closed")]
    OpenParenthesis,
}

/// Which rule the server refuses, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{shown}`: {problem}")]
pub struct RuleError {
    /// The arguments that make the rule: one, or several for a selector with blanks.
    pub arguments: Range<usize>,
    /// Why.
    pub problem: Problem,
    /// The rule as it may be shown: passwords and hashes are masked.
    pub shown: String,
}

/// The text of one rule, after the arguments of a selector have been put together.
pub(super) struct Merged<'r> {
    /// What it says.
    pub text: Cow<'r, [u8]>,
    /// The arguments that it was made of.
    pub arguments: Range<usize>,
}

impl Merged<'_> {
    pub fn error(&self, problem: Problem, rules: &[&[u8]]) -> RuleError {
        RuleError { arguments: self.arguments.clone(), problem, shown: shown(rules, &self.arguments) }
    }
}

/// A rule as it may be shown: of passwords and their hashes only the sign, and nothing of what follows them. None belongs
/// inside parentheses or quotes, but there is where one may end up by mistake.
pub fn shown(rules: &[&[u8]], arguments: &Range<usize>) -> String {
    let mut text = String::new();
    for rule in rules.get(arguments.clone()).unwrap_or_default() {
        if !text.is_empty() {
            text.push(' ');
        }
        let begins = |at: &usize| *at == 0 || matches!(rule[at - 1], b' ' | b'\t' | b'(' | b'"' | b'\'');
        let is_secret = |at: &usize| matches!(rule[*at], b'>' | b'<' | b'#' | b'!') && begins(at);
        let inside = matches!(rule.first(), Some(b'(' | b'"' | b'\''));
        match (0..rule.len()).filter(|at| inside || *at == 0).find(is_secret) {
            Some(at) => {
                text.push_str(&String::from_utf8_lossy(&rule[..=at]));
                text.push_str("***");
            }
            None => text.push_str(&String::from_utf8_lossy(rule)),
        }
    }
    text
}

/// A rule as given, its arguments separated by spaces.
pub(super) fn joined(rules: &[&[u8]], arguments: &Range<usize>) -> String {
    String::from_utf8_lossy(&rules.get(arguments.clone()).unwrap_or_default().join(&b' ')).into_owned()
}

/// What a rule does to a user.
#[derive(Debug, Clone)]
pub(super) enum Effect<'r> {
    Nothing,
    Enable(bool),
    Sanitize(bool),
    NoPassword,
    ResetPasswords,
    AddPassword([u8; 32]),
    RemovePassword([u8; 32]),
    Selector(Vec<Cow<'r, [u8]>>),
    ClearSelectors,
    Reset,
    /// Everything that is also possible inside parentheses.
    Permission(Permission<'r>),
}

/// What a rule does to a selector.
#[derive(Debug, Clone)]
pub(super) enum Permission<'r> {
    AllKeys,
    ResetKeys,
    Keys { pattern: Cow<'r, [u8]>, read: bool, write: bool },
    AllChannels,
    ResetChannels,
    Channels(Cow<'r, [u8]>),
    AllDatabases,
    ResetDatabases,
    Databases(Vec<i64>),
    AllCommands,
    NoCommands,
    Command { command: Command, allow: bool },
    FirstWord { command: Command, word: Cow<'r, [u8]>, rule: Cow<'r, [u8]> },
    Category { name: Cow<'r, [u8]>, reach: &'static Set, allow: bool },
}

/// Puts the arguments of each selector together (`acl.c:ACLMergeSelectorArguments`, since 7.0).
pub(super) fn merge<'r>(rules: &[&'r [u8]], version: &Version) -> Result<Vec<Merged<'r>>, RuleError> {
    let mut steps = Vec::with_capacity(rules.len());
    let mut open: Option<(usize, Vec<u8>)> = None;
    for (at, rule) in rules.iter().enumerate() {
        let closes = rule.last() == Some(&b')');
        let opens = version.since(7, 0) && rule.first() == Some(&b'(') && !closes;
        // 7.0 begins anew at a second open parenthesis and forgets the first.
        if opens && (open.is_none() || !version.since(7, 2)) {
            open = Some((at, rule.to_vec()));
            continue;
        }
        match open.take() {
            None => steps.push(Merged { text: Cow::Borrowed(rule), arguments: at..at + 1 }),
            Some((start, mut text)) => {
                text.push(b' ');
                text.extend_from_slice(c_string(rule));
                if closes {
                    steps.push(Merged { text: Cow::Owned(text), arguments: start..at + 1 });
                } else {
                    open = Some((start, text));
                }
            }
        }
    }
    match open {
        None => Ok(steps),
        Some((start, _)) => {
            let arguments = start..start + 1;
            Err(RuleError { shown: shown(rules, &arguments), problem: Problem::OpenParenthesis, arguments })
        }
    }
}

impl Evaluator {
    /// What a rule outside parentheses does (`acl.c:ACLSetUser`).
    pub(super) fn effect<'r>(&self, rule: &Cow<'r, [u8]>) -> Result<Effect<'r>, Problem> {
        let word = c_string(rule);
        let is = |keyword: &str| word.eq_ignore_ascii_case(keyword.as_bytes());
        let selectors = self.version.since(7, 0);
        let effect = match rule.first() {
            None => Effect::Nothing,
            Some(b'>') => Effect::AddPassword(Sha256::digest(&rule[1..]).into()),
            Some(b'<') => Effect::RemovePassword(Sha256::digest(&rule[1..]).into()),
            Some(b'#') => Effect::AddPassword(hash(&rule[1..])?),
            Some(b'!') => Effect::RemovePassword(hash(&rule[1..])?),
            Some(b'(') if selectors && rule.last() == Some(&b')') => {
                // Of unbalanced quotes the server makes a selector without any rule.
                Effect::Selector(self.words(rule, 1, rule.len() - 1).unwrap_or_default())
            }
            Some(_) if is("on") => Effect::Enable(true),
            Some(_) if is("off") => Effect::Enable(false),
            Some(_) if is("sanitize-payload") => Effect::Sanitize(true),
            Some(_) if is("skip-sanitize-payload") => Effect::Sanitize(false),
            Some(_) if is("nopass") => Effect::NoPassword,
            Some(_) if is("resetpass") => Effect::ResetPasswords,
            Some(_) if is("reset") => Effect::Reset,
            Some(_) if selectors && is("clearselectors") => Effect::ClearSelectors,
            Some(_) => Effect::Permission(self.permission(rule)?),
        };
        Ok(effect)
    }

    /// What a rule does that may also be inside parentheses (`acl.c:ACLSetSelector`).
    pub(super) fn permission<'r>(&self, rule: &Cow<'r, [u8]>) -> Result<Permission<'r>, Problem> {
        let word = c_string(rule);
        let is = |keyword: &str| word.eq_ignore_ascii_case(keyword.as_bytes());
        let databases = self.version.valkey_since(9, 1);
        let permission = match rule.first() {
            Some(b'~') if is("~*") => Permission::AllKeys,
            Some(b'&') if is("&*") => Permission::AllChannels,
            Some(b'~') => Permission::Keys { pattern: pattern(rule, 1)?, read: true, write: true },
            Some(b'%') if self.version.since(7, 0) => self.limited_keys(rule)?,
            Some(b'&') => Permission::Channels(pattern(rule, 1)?),
            Some(b'+') if is("+@all") => Permission::AllCommands,
            Some(b'-') if is("-@all") => Permission::NoCommands,
            Some(sign @ (b'+' | b'-')) if word.get(1) == Some(&b'@') => {
                let reach = self.table.category(&word[2..]).ok_or(Problem::UnknownCommand)?;
                Permission::Category { name: part(rule, 1, word.len()), reach, allow: *sign == b'+' }
            }
            Some(b'+') => self.allowed(rule, word)?,
            Some(b'-') => {
                let command = self.rule_command(&word[1..]).ok_or(Problem::UnknownCommand)?;
                Permission::Command { command, allow: false }
            }
            _ if is("allkeys") => Permission::AllKeys,
            _ if is("resetkeys") => Permission::ResetKeys,
            _ if is("allchannels") => Permission::AllChannels,
            _ if is("resetchannels") => Permission::ResetChannels,
            _ if is("allcommands") => Permission::AllCommands,
            _ if is("nocommands") => Permission::NoCommands,
            _ if databases && is("alldbs") => Permission::AllDatabases,
            _ if databases && is("resetdbs") => Permission::ResetDatabases,
            _ if databases && word.get(..3).is_some_and(|start| start.eq_ignore_ascii_case(b"db=")) => {
                Permission::Databases(numbers(&word[3..])?)
            }
            _ => return Err(Problem::Syntax),
        };
        Ok(permission)
    }

    /// `+command`, `+command|subcommand` or `+command|first-word`.
    fn allowed<'r>(&self, rule: &Cow<'r, [u8]>, word: &[u8]) -> Result<Permission<'r>, Problem> {
        let bar = |byte: &u8| *byte == b'|';
        // 6.2 knows no subcommands: what follows the first bar is a word that it never looks at.
        let split = if self.version.since(7, 0) { word.iter().rposition(bar) } else { word.iter().position(bar) };
        let Some(split) = split else {
            let command = self.rule_command(&word[1..]).ok_or(Problem::UnknownCommand)?;
            return Ok(Permission::Command { command, allow: true });
        };
        let command = self.rule_command(&word[1..split]).ok_or(Problem::UnknownCommand)?;
        if command.container().is_some() {
            return Err(Problem::WordOfSubcommand);
        }
        if split + 1 == word.len() {
            return Err(Problem::Syntax);
        }
        if self.table.has_subcommands(command) {
            let command = self.rule_command(&word[1..]).ok_or(Problem::UnknownCommand)?;
            return Ok(Permission::Command { command, allow: true });
        }
        let rest = part(rule, split + 1, word.len());
        Ok(Permission::FirstWord { command, word: rest, rule: part(rule, 1, word.len()) })
    }

    fn rule_command(&self, name: &[u8]) -> Option<Command> {
        self.table.named(name)
    }

    /// `%R~pattern`, `%W~pattern`, `%RW~pattern`.
    fn limited_keys<'r>(&self, rule: &Cow<'r, [u8]>) -> Result<Permission<'r>, Problem> {
        let (mut read, mut write) = (false, false);
        let mut start = rule.len();
        for (at, byte) in rule.iter().enumerate().skip(1) {
            match byte {
                b'r' | b'R' if !read => read = true,
                b'w' | b'W' if !write => write = true,
                b'~' if read || write || self.takes_no_letters() => {
                    start = at + 1;
                    break;
                }
                _ => return Err(Problem::Syntax),
            }
        }
        // Without `~` it is the empty pattern, in every version; without letters too, before that was mended.
        if rule.len() == 1 && !self.takes_a_bare_sign() {
            return Err(Problem::Syntax);
        }
        Ok(Permission::Keys { pattern: pattern(rule, start)?, read, write })
    }

    /// Whether `%~x` is taken, which lets the server crash later (CVE-2024-31227): 7.0.15 as upstream made it.
    fn takes_no_letters(&self) -> bool {
        self.version.number < (7, 2, 0) && self.version.distribution.is_none()
    }

    /// Whether `%` alone is taken, which does the same (CVE-2024-51741): what is older than January 2025.
    fn takes_a_bare_sign(&self) -> bool {
        let before = match self.version.product {
            Product::Redis => (8, 0, 0),
            Product::Valkey => (8, 1, 0),
        };
        self.version.number < before && self.version.distribution.is_none()
    }

    /// The words inside a selector; `None` when its quotes are unbalanced (`sds.c:sdssplitargs`).
    pub(super) fn words<'r>(&self, rule: &Cow<'r, [u8]>, start: usize, end: usize) -> Option<Vec<Cow<'r, [u8]>>> {
        let inside = &rule[start..end.max(start)];
        let raw = split(inside, Style::of(self.version))?;
        let word = |raw: Raw<'_>| match raw.bytes {
            Cow::Borrowed(_) => part(rule, start + raw.start, start + raw.end),
            Cow::Owned(bytes) => Cow::Owned(bytes),
        };
        Some(raw.into_iter().map(word).collect())
    }
}

/// A part of a rule, borrowed where the rule is.
fn part<'r>(rule: &Cow<'r, [u8]>, start: usize, end: usize) -> Cow<'r, [u8]> {
    match rule {
        Cow::Borrowed(bytes) => Cow::Borrowed(&bytes[start..end]),
        Cow::Owned(bytes) => Cow::Owned(bytes[start..end].to_vec()),
    }
}

/// A pattern, in which blanks and NUL are not allowed (`acl.c:ACLStringHasSpaces`).
fn pattern<'r>(rule: &Cow<'r, [u8]>, start: usize) -> Result<Cow<'r, [u8]>, Problem> {
    let pattern = part(rule, start, rule.len());
    if has_blank(&pattern) { Err(Problem::Syntax) } else { Ok(pattern) }
}

/// `acl.c:ACLStringHasSpaces`.
pub(super) fn has_blank(bytes: &[u8]) -> bool {
    bytes.iter().any(|byte| matches!(byte, 0 | b' ' | b'\t'..=b'\r'))
}

/// `acl.c:ACLCheckPasswordHash`.
fn hash(hex: &[u8]) -> Result<[u8; 32], Problem> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Ok(byte - b'0'),
        b'a'..=b'f' => Ok(byte - b'a' + 10),
        _ => Err(Problem::BadHash),
    };
    let mut hash = [0; 32];
    if hex.len() != 64 {
        return Err(Problem::BadHash);
    }
    for (byte, pair) in hash.iter_mut().zip(hex.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Ok(hash)
}

/// The numbers of `db=`, each as `strtol` reads it, sorted (Valkey 9.1.2).
fn numbers(list: &[u8]) -> Result<Vec<i64>, Problem> {
    let mut numbers = Vec::new();
    for item in list.split(|byte| *byte == b',') {
        let blanks = item.iter().take_while(|byte| matches!(byte, b' ' | b'\t'..=b'\r')).count();
        let item = &item[blanks..];
        let (negative, digits) = match item.first() {
            Some(b'-') => (true, &item[1..]),
            Some(b'+') => (false, &item[1..]),
            _ => (false, item),
        };
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            return Err(Problem::Syntax);
        }
        let value =
            digits.iter().fold(0i64, |value, digit| value.saturating_mul(10).saturating_add(i64::from(digit - b'0')));
        if value > i64::from(i32::MAX) || (negative && value > 0) {
            return Err(Problem::DatabaseOutOfRange);
        }
        numbers.push(value);
    }
    numbers.sort_unstable();
    numbers.dedup();
    Ok(numbers)
}
