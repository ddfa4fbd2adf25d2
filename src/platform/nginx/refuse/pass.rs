//! Directives that hand a request on: `proxy_pass` and its kin, and what is said about their answers.

use super::address::{Use, url};
use super::{Call, Fault, Outcome, Reader, said};

impl Reader<'_> {
    /// `ngx_http_proxy_pass`.
    pub(super) fn proxy_pass(&mut self, call: &Call<'_>) -> Outcome {
        let text = call.arg(0);
        if text.contains('$') {
            return self.template(text, call).map(|_| ());
        }
        let scheme = |scheme: &str| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
        let (rest, port) = match () {
            () if scheme("http://") => (&text[7..], 80),
            () if scheme("https://") => (&text[8..], 443),
            () => return said("invalid URL prefix"),
        };
        let told = |error: &str| Fault::Said(format!("{error} in upstream \"{rest}\""));
        let at = url(rest, port, Use::Uri).map_err(told)?;
        self.connect(call, &at)?;
        let place = &self.scopes.get(call.frame.location).place;
        if !at.uri.is_empty() && (place.named || place.regex || place.noname) {
            return said(
                "\"proxy_pass\" cannot have URI part in location given by regular expression, or inside named \
                 location, or inside \"if\" statement, or inside \"limit_except\" block",
            );
        }
        Ok(())
    }

    /// `fastcgi_pass`, `scgi_pass`, `uwsgi_pass`, `grpc_pass`: an address, after one of these schemes or none.
    pub(super) fn pass(&mut self, call: &Call<'_>, schemes: &[&str]) -> Outcome {
        let text = call.arg(0);
        if text.contains('$') {
            return self.template(text, call).map(|_| ());
        }
        let given = |scheme: &&&str| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
        let rest = schemes.iter().find(given).map_or(text, |scheme| &text[scheme.len()..]);
        let told = |error: &str| Fault::Said(format!("{error} in upstream \"{rest}\""));
        let at = url(rest, 0, Use::Connect).map_err(told)?;
        self.connect(call, &at)
    }

    /// `ngx_stream_proxy_pass`.
    pub(super) fn stream_pass(&mut self, call: &Call<'_>) -> Outcome {
        let text = call.arg(0);
        if self.template(text, call)? {
            return Ok(());
        }
        let at = url(text, 0, Use::Connect).map_err(|error| Fault::Said(format!("{error} in upstream \"{text}\"")))?;
        self.connect(call, &at)
    }

    /// `proxy_redirect`, `proxy_cookie_domain`, `proxy_cookie_path`, `proxy_cookie_flags`: pairs, or `off` alone.
    pub(super) fn rewritten(&mut self, call: &Call<'_>) -> Outcome {
        let (name, scope, module) = (call.name(), call.frame.location, call.spec.module);
        let before = self.scopes.own(scope, module, name).map(|setting| setting.args.clone());
        if before.as_ref().is_some_and(|args| matches!(&args[..], [word] if word == "off")) {
            return call.fault("is duplicate");
        }
        if call.count() == 1 {
            return match call.arg(0) {
                "off" if before.is_some() => call.fault("is duplicate"),
                "off" => Ok(()),
                "default" if name.ends_with("_redirect") => self.redirect_default(call),
                other => said(format!("invalid parameter \"{other}\"")),
            };
        }
        let first = call.arg(0);
        match first.strip_prefix('~') {
            Some(pattern) if name.ends_with("_flags") => self.regex(pattern, call).map(|_| ())?,
            Some(pattern) => self.regex(pattern.strip_prefix('*').unwrap_or(pattern), call).map(|_| ())?,
            None => {
                let domain = name.ends_with("_domain");
                self.template(if domain { first.strip_prefix('.').unwrap_or(first) } else { first }, call)?;
            }
        }
        for word in call.args().iter().skip(1) {
            self.template(word, call)?;
        }
        Ok(())
    }

    /// `proxy_redirect default` needs the `proxy_pass` before it.
    fn redirect_default(&mut self, call: &Call<'_>) -> Outcome {
        let pass = self.scopes.own(call.frame.location, call.spec.module, "proxy_pass");
        match pass.and_then(|pass| pass.args.first()) {
            Some(url) if url.contains('$') => {
                said("\"proxy_redirect default\" cannot be used with \"proxy_pass\" directive with variables")
            }
            Some(_) => Ok(()),
            None => said("\"proxy_redirect default\" should be placed after the \"proxy_pass\" directive"),
        }
    }

    /// `proxy_cache` and its kin.
    pub(super) fn cache(&mut self, call: &Call<'_>) -> Outcome {
        let (text, store) = (call.arg(0), call.name().replace("_cache", "_store"));
        if text == "off" {
            return Ok(());
        }
        let stored = self.scopes.own(call.frame.location, call.spec.module, &store);
        if stored.is_some_and(|stored| stored.args[0] != "off") {
            return call.fault(&format!("is incompatible with \"{store}\""));
        }
        if self.template(text, call)? { Ok(()) } else { self.use_zone(text, call.spec.module, call).map(|_| ()) }
    }

    /// `proxy_store` and its kin.
    pub(super) fn store(&mut self, call: &Call<'_>) -> Outcome {
        let cache = call.name().replace("_store", "_cache");
        if call.arg(0) == "off" {
            return Ok(());
        }
        if call.arg(0).is_empty() && self.version.since(1, 27, 3) {
            return said("empty path");
        }
        let cached = self.scopes.own(call.frame.location, call.spec.module, &cache);
        if cached.is_some_and(|cached| cached.args[0] != "off") {
            return call.fault(&format!("is incompatible with \"{cache}\""));
        }
        if call.arg(0) == "on" { Ok(()) } else { self.template(call.arg(0), call).map(|_| ()) }
    }
}
