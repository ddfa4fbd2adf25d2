//! Variables: which ones a configuration reads, and which ones it defines.

use std::collections::{HashMap, HashSet};

use super::Fault;
use crate::platform::nginx::directive;
use crate::platform::nginx::version::Version;
use crate::text::Span;

/// The variables of `http` or of `stream`.
#[derive(Debug)]
pub struct Symbols {
    stream: bool,
    /// By name in lower case, where each is read first and as which one.
    read: HashMap<String, (usize, Span)>,
    defined: HashSet<String>,
}

impl Symbols {
    /// None so far.
    pub fn new(stream: bool) -> Symbols {
        Symbols { stream, read: HashMap::new(), defined: HashSet::new() }
    }

    /// A variable is read (`ngx_http_get_variable_index`).
    pub fn read(&mut self, name: &str, span: Span) {
        let next = self.read.len();
        self.read.entry(name.to_ascii_lowercase()).or_insert((next, span));
    }

    /// A variable is defined (`ngx_http_add_variable`).
    ///
    /// # Errors
    /// It is one that may not be, or none.
    pub fn define(&mut self, name: &str, version: Version) -> Result<(), Fault> {
        if name.is_empty() {
            return Err("invalid variable name \"$\"".into());
        }
        let found = directive::variable(name, self.stream, version);
        if let Some(found) = found.filter(|found| !found.prefix && !found.changeable) {
            let message = format!("the duplicate \"{name}\" variable");
            return Err(if found.optional && !self.stream { Fault::Maybe(message) } else { Fault::Said(message) });
        }
        self.defined.insert(name.to_ascii_lowercase());
        Ok(())
    }

    /// The variables that are read and that nobody defines (`ngx_http_variables_init_vars`), in the order in which
    /// nginx finds them.
    pub fn unknown(&self, version: Version) -> Vec<(&str, Span)> {
        let known =
            |name: &str| self.defined.contains(name) || directive::variable(name, self.stream, version).is_some();
        let mut unknown: Vec<_> = self.read.iter().filter(|(name, _)| !known(name)).collect();
        unknown.sort_by_key(|(_, (order, _))| *order);
        unknown.into_iter().map(|(name, (_, span))| (name.as_str(), *span)).collect()
    }
}
