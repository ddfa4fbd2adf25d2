//! Cookies on their way from an upstream to the client (ngx_http_proxy_module.c, 1.22.1).

use super::run::Run;
use super::variable::Text;
use crate::fact::Unknown;
use crate::platform::nginx::pattern;
use crate::platform::nginx::value::is_plain;

impl Run<'_> {
    /// `proxy_cookie_flags`, `proxy_cookie_domain` and `proxy_cookie_path`.
    pub fn cookie_changed(&mut self, value: &str) -> Text {
        let mut attributes: Vec<(String, Option<String>)> = value
            .split(';')
            .map(|part| part.trim())
            .filter(|part| !part.is_empty())
            .map(|part| match part.split_once('=') {
                Some((name, value)) => (name.trim().to_owned(), Some(value.trim().to_owned())),
                None => (part.to_owned(), None),
            })
            .collect();
        let Some((cookie, Some(_))) = attributes.first().cloned() else { return Text::Known(value.to_owned()) };
        let mut changed = false;
        for (directive, attribute) in [("proxy_cookie_domain", "domain"), ("proxy_cookie_path", "path")] {
            for rule in self.model.levels.held(self.level, directive).directives {
                let (from, into) = (rule.arg(0), rule.arg(1));
                if from == "off" {
                    continue;
                }
                if from.starts_with('~') || !is_plain(from) || !is_plain(into) {
                    return Text::Unknown(self.unsupported(rule.span, "an expression for cookies"));
                }
                let attributes = attributes.iter_mut().skip(1).filter(|(name, _)| name.eq_ignore_ascii_case(attribute));
                for value in attributes.filter_map(|(_, value)| value.as_mut()) {
                    let bare = value.trim_start_matches('.');
                    match attribute {
                        "domain" if bare.eq_ignore_ascii_case(from.trim_start_matches('.')) => {
                            (*value, changed) = (into.to_owned(), true);
                        }
                        "path" if value.starts_with(from) => {
                            (*value, changed) = (format!("{into}{}", &value[from.len()..]), true);
                        }
                        _ => {}
                    }
                }
            }
        }
        match self.flagged(&cookie, &mut attributes) {
            Ok(flagged) => changed |= flagged,
            Err(unknown) => return Text::Unknown(unknown),
        }
        if !changed {
            return Text::Known(value.to_owned());
        }
        let parts = attributes.into_iter().map(|(name, value)| match value {
            Some(value) => format!("{name}={value}"),
            None => name,
        });
        Text::Known(parts.collect::<Vec<_>>().join("; "))
    }

    /// Applies the first rule of `proxy_cookie_flags` that fits; whether there is one.
    fn flagged(&mut self, cookie: &str, attributes: &mut Vec<(String, Option<String>)>) -> Result<bool, Unknown> {
        for rule in self.model.levels.held(self.level, "proxy_cookie_flags").directives {
            let (which, flags) = (rule.arg(0), rule.args.get(1..).unwrap_or_default());
            if which == "off" {
                return Ok(false);
            }
            let fits = match which.strip_prefix('~') {
                Some(pattern) => match pattern::find(pattern, true, cookie) {
                    Some(found) => found.is_some(),
                    None => return Err(self.unsupported(rule.span, "an expression for cookies")),
                },
                None => match self.value(which) {
                    Text::Known(name) => name == cookie,
                    Text::Unknown(unknown) => return Err(unknown),
                },
            };
            if !fits {
                continue;
            }
            for flag in flags {
                let flag = flag.to_ascii_lowercase();
                let (remove, name) = match flag.strip_prefix("no") {
                    Some(name) => (true, name.to_owned()),
                    None => (false, flag.clone()),
                };
                let (name, value) = name.split_once('=').map_or((&*name, None), |(name, value)| (name, Some(value)));
                let has = |(key, _): &(String, Option<String>)| key.eq_ignore_ascii_case(name);
                let shown = match (name, value) {
                    ("secure", _) => ("Secure".to_owned(), None),
                    ("httponly", _) => ("HttpOnly".to_owned(), None),
                    (_, Some(value)) => {
                        let mut value = value.to_owned();
                        value[..1].make_ascii_uppercase();
                        ("SameSite".to_owned(), Some(value))
                    }
                    _ => ("SameSite".to_owned(), None),
                };
                match (remove, attributes.iter().skip(1).position(has)) {
                    (true, Some(at)) => {
                        attributes.remove(at + 1);
                    }
                    (true, None) => {}
                    (false, Some(at)) if name == "samesite" => attributes[at + 1] = shown,
                    (false, Some(_)) => {}
                    (false, None) => attributes.push(shown),
                }
            }
            return Ok(true);
        }
        Ok(false)
    }
}
