//! `if`, `set`, `rewrite`, `return` (`ngx_http_rewrite_module.c`).

use super::value::number;
use super::{Call, Outcome, Reader, said};

impl Reader<'_> {
    /// `ngx_http_rewrite_if_condition`.
    pub(super) fn if_condition(&mut self, call: &Call<'_>) -> Outcome {
        let mut words: Vec<&str> = call.args().iter().map(|word| &*word.text).collect();
        let invalid = |word: &str| said(format!("invalid condition \"{word}\""));
        match words.first().and_then(|first| first.strip_prefix('(')) {
            None => return invalid(words.first().unwrap_or(&"")),
            Some("") => {
                words.remove(0);
            }
            Some(rest) => words[0] = rest,
        }
        match words.last().and_then(|last| last.strip_suffix(')')) {
            None => return invalid(call.args().last().map_or("", |word| &word.text)),
            Some("") if words.len() == 1 => return invalid(")"),
            Some("") => {
                words.pop();
            }
            Some(rest) => {
                let last = words.len() - 1;
                words[last] = rest;
            }
        }
        let (first, last) = (words.first().copied().unwrap_or(""), words.last().copied().unwrap_or(""));
        let dash = first.strip_prefix('!').unwrap_or(first);
        if first.len() > 1 && first.starts_with('$') {
            if !matches!(words.len(), 1 | 3) {
                return invalid(first);
            }
            let span = call.span();
            self.symbols(call).read(&first[1..], span);
            return match words.get(1) {
                None => Ok(()),
                Some(&("=" | "!=")) => self.template(last, call).map(|_| ()),
                Some(&("~" | "~*" | "!~" | "!~*")) => self.regex(last, call).map(|_| ()),
                Some(other) => said(format!("unexpected \"{other}\" in condition")),
            };
        }
        if dash.len() == 2 && dash.starts_with('-') {
            if words.len() != 2 {
                return invalid(first);
            }
            self.template(last, call)?;
            return if matches!(dash, "-f" | "-d" | "-e" | "-x") { Ok(()) } else { invalid(first) };
        }
        invalid(first)
    }

    /// The name after the `$` of a variable that a directive defines.
    pub(super) fn target<'a>(&mut self, text: &'a str) -> Result<&'a str, super::Fault> {
        match text.strip_prefix('$') {
            Some(name) => Ok(name),
            None => said(format!("invalid variable name \"{text}\"")),
        }
    }

    /// A directive that gives a variable a value: `set`, `auth_request_set`.
    pub(super) fn assign(&mut self, call: &Call<'_>) -> Outcome {
        let name = self.target(call.arg(0))?;
        let (version, span) = (self.version, call.span());
        let symbols = self.symbols(call);
        symbols.define(name, version)?;
        symbols.read(name, span);
        self.template(call.arg(1), call).map(|_| ())
    }

    /// `ngx_http_rewrite`.
    pub(super) fn rewrite(&mut self, call: &Call<'_>) -> Outcome {
        let replacement = call.arg(1);
        if replacement.is_empty() {
            return said("empty replacement");
        }
        self.regex(call.arg(0), call)?;
        if let Some(flag) = call.args().get(2)
            && !matches!(&*flag.text, "last" | "break" | "redirect" | "permanent")
        {
            return said(format!("invalid parameter \"{}\"", &*flag.text));
        }
        self.template(replacement.strip_suffix('?').unwrap_or(replacement), call).map(|_| ())
    }

    /// `ngx_http_rewrite_return`.
    pub(super) fn answer_with(&mut self, call: &Call<'_>) -> Outcome {
        let code = call.arg(0);
        let text = match number(code) {
            Some(0..=999) if call.count() == 1 => return Ok(()),
            Some(0..=999) => call.arg(1),
            None if call.count() == 1 && ["http://", "https://", "$scheme"].iter().any(|at| code.starts_with(at)) => {
                code
            }
            _ => return said(format!("invalid return code \"{code}\"")),
        };
        self.template(text, call).map(|_| ())
    }
}
