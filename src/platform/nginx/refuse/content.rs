//! What a location serves and says: `root`, `try_files`, `error_page`, `add_header`, `expires`.

use super::table::Added;
use super::value::{number, seconds};
use super::{Call, Fault, Outcome, Reader, said};

impl Reader<'_> {
    /// `ngx_http_core_root`, for `alias` too.
    pub(super) fn root(&mut self, call: &Call<'_>) -> Outcome {
        let (name, text, scope) = (call.name(), call.arg(0), call.frame.location);
        let other = if name == "alias" { "root" } else { "alias" };
        let has = |name: &str| self.scopes.own(scope, call.spec.module, name).is_some();
        if has(name) {
            return call.fault("is duplicate");
        }
        if has(other) {
            return call.fault(&format!("is duplicate, \"{other}\" directive was specified earlier"));
        }
        if name == "alias" && self.scopes.get(scope).place.named {
            return said("the \"alias\" directive cannot be used inside the named location");
        }
        for variable in ["document_root", "realpath_root"] {
            if text.contains(&format!("${variable}")) || text.contains(&format!("${{{variable}}}")) {
                return said(format!("the ${variable} variable cannot be used in the \"{name}\" directive"));
            }
        }
        self.template(text, call).map(|_| ())
    }

    /// `ngx_http_try_files`.
    pub(super) fn try_files(&mut self, call: &Call<'_>) -> Outcome {
        for word in call.args() {
            self.template(word, call)?;
        }
        match call.args().last().and_then(|last| last.text.strip_prefix('=')) {
            Some(code) if !code.contains('$') && !matches!(number(code), Some(0..=999)) => {
                said(format!("invalid code \"={code}\""))
            }
            _ => Ok(()),
        }
    }

    /// `ngx_http_core_error_page`.
    pub(super) fn error_page(&mut self, call: &Call<'_>) -> Outcome {
        let Some((uri, rest)) = call.args().split_last() else { return Ok(()) };
        let invalid = |word: &str| said(format!("invalid value \"{word}\""));
        let mut codes = rest;
        let overwrite = rest.split_last().and_then(|(last, others)| Some((last, others, last.text.strip_prefix('=')?)));
        if let Some((last, others, code)) = overwrite {
            if others.is_empty() || !code.is_empty() && number(code).is_none() {
                return invalid(last);
            }
            codes = others;
        }
        self.template(uri, call)?;
        for word in codes {
            match number(word) {
                None | Some(499) => return invalid(word),
                Some(300..=599) => {}
                Some(_) => return said(format!("value \"{}\" must be between 300 and 599", &*word.text)),
            }
        }
        Ok(())
    }

    /// `ngx_http_headers_add`.
    pub(super) fn header(&mut self, call: &Call<'_>) -> Outcome {
        self.template(call.arg(1), call)?;
        match call.args().get(2) {
            Some(word) if &*word.text != "always" => said(format!("invalid parameter \"{}\"", &*word.text)),
            _ => Ok(()),
        }
    }

    /// `ngx_http_headers_expires`.
    pub(super) fn expires(&mut self, call: &Call<'_>) -> Outcome {
        let modified = call.count() == 2;
        if modified && call.arg(0) != "modified" {
            return call.fault("invalid value");
        }
        let text = call.arg(usize::from(modified));
        if self.template(text, call)? || !modified && matches!(text, "epoch" | "max" | "off") {
            return Ok(());
        }
        let daily = text.strip_prefix('@');
        if daily.is_some() && modified {
            return call.fault("daily time cannot be used with \"modified\" parameter");
        }
        let time = daily.or_else(|| text.strip_prefix(['+', '-'])).unwrap_or(text);
        match seconds(time) {
            None => call.fault("invalid value"),
            Some(86_401..) if daily.is_some() => call.fault("daily time value must be less than 24 hours"),
            Some(_) => Ok(()),
        }
    }

    /// `ngx_http_disable_symlinks`.
    pub(super) fn symlinks(&mut self, call: &Call<'_>) -> Outcome {
        let (mut mode, mut from) = (None, false);
        for word in call.args() {
            match &*word.text {
                "off" | "on" | "if_not_owner" => mode = Some(&*word.text),
                text => match text.strip_prefix("from=") {
                    Some(text) => {
                        self.template(text, call)?;
                        from = true;
                    }
                    None => return said(format!("invalid parameter \"{text}\"")),
                },
            }
        }
        match mode {
            None => said("\"disable_symlinks\" must have \"off\", \"on\" or \"if_not_owner\" parameter"),
            Some(_) if call.count() == 1 => Ok(()),
            Some(_) if !from => said(format!("duplicate parameters \"{} {}\"", call.arg(0), call.arg(1))),
            Some("off") => said("\"from=\" cannot be used with \"off\" parameter"),
            Some(_) => Ok(()),
        }
    }

    /// `ngx_http_valid_referers`.
    pub(super) fn referers(&mut self, call: &Call<'_>) -> Outcome {
        for word in call.args() {
            let text = &*word.text;
            let fault = |fault: &str| Fault::Said(format!("pcre2_compile() failed: {fault} in \"{text}\""));
            match text.strip_prefix('~') {
                _ if text.is_empty() => return said("invalid referer \"\""),
                Some("") => return said(format!("empty regex in \"{text}\"")),
                Some(pattern) => {
                    super::regex::groups(pattern).map_err(fault)?;
                }
                None if text == "server_names" => {
                    let names = Some((call.frame.server, call.span()));
                    self.scopes.get_mut(call.frame.location).refers_to = names;
                }
                None if matches!(text, "none" | "blocked") => {
                    self.scopes.get_mut(call.frame.location).refers_not = Some(call.span());
                }
                None => {
                    let name = text.split('/').next().unwrap_or(text);
                    match self.scopes.get_mut(call.frame.location).referers.add(name, true) {
                        Added::New => {}
                        Added::Known => {
                            return said(format!("conflicting parameter \"{}\"", name.to_ascii_lowercase()));
                        }
                        Added::Wrong => return said(format!("invalid hostname or wildcard \"{name}\"")),
                    }
                }
            }
        }
        Ok(())
    }
}
