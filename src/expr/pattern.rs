//! The patterns of `matches`.

use std::fmt;
use std::sync::{Arc, OnceLock};

use regex::Regex;

use super::simple::Simple;

/// The largest compiled pattern, in bytes.
const LIMIT: usize = 256 * 1024;

/// A pattern, made ready when it is first asked.
pub struct Pattern {
    text: Arc<str>,
    simple: OnceLock<Option<Simple>>,
    regex: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// A pattern that is not looked at yet.
    pub fn new(text: Arc<str>) -> Pattern {
        Pattern { text, simple: OnceLock::new(), regex: OnceLock::new() }
    }

    /// Compiles a pattern within [`LIMIT`].
    pub(super) fn compile(text: &str) -> Result<Regex, regex::Error> {
        regex::RegexBuilder::new(text).size_limit(LIMIT).dfa_size_limit(LIMIT).build()
    }

    /// Whether it is anywhere in a text. `None` is a pattern that was never vetted and is wrong.
    pub fn is_match(&self, text: &str) -> Option<bool> {
        let simple = self.simple.get_or_init(|| Simple::new(&self.text)).as_ref();
        let answer = simple.and_then(|simple| simple.is_match(text));
        answer.or_else(|| self.regex().map(|regex| regex.is_match(text)))
    }

    fn regex(&self) -> Option<&Regex> {
        self.regex.get_or_init(|| Pattern::compile(&self.text).ok()).as_ref()
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}/", self.text)
    }
}
