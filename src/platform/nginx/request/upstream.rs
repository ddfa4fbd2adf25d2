//! What an upstream is sent, and what of its answer gets through (ngx_http_proxy_module.c, ngx_http_upstream.c and the
//! modules for FastCGI and its like, 1.22.1).

use super::error::Stop;
use super::outcome::{Sent, ToUpstream};
use super::run::{Next, Run};
use super::variable::Text;
use crate::fact::{Unknown, Why};
use crate::platform::nginx::scope::{LevelId, Levels};
use crate::platform::nginx::tree::Directive;
use crate::platform::nginx::uri::{Escape, escaped};
use crate::platform::nginx::value::is_plain;

/// Response headers that never get through unless `proxy_pass_header` says so.
const HIDDEN: [&str; 8] = [
    "date",
    "server",
    "x-pad",
    "x-accel-expires",
    "x-accel-redirect",
    "x-accel-limit-rate",
    "x-accel-buffering",
    "x-accel-charset",
];

/// Response headers that end at nginx: it writes its own.
const OWN: [&str; 4] = ["connection", "keep-alive", "transfer-encoding", "content-length"];

/// Request headers that are nginx's own unless `proxy_set_header` says otherwise, with their value.
const DEFAULTS: [(&str, &str); 8] = [
    ("Host", "$proxy_host"),
    ("Connection", "close"),
    ("Content-Length", ""),
    ("Transfer-Encoding", ""),
    ("TE", ""),
    ("Keep-Alive", ""),
    ("Expect", ""),
    ("Upgrade", ""),
];

/// Further ones where the answer may be stored.
const CACHE_DEFAULTS: [&str; 6] =
    ["If-Modified-Since", "If-Unmodified-Since", "If-None-Match", "If-Match", "Range", "If-Range"];

/// Where `proxy_pass` leads.
#[derive(Debug, Clone)]
pub(super) struct Where {
    /// With the scheme: `http://app:3000`.
    pub origin: String,
    /// As `$proxy_host` has it: without the port where that is the scheme's own.
    pub host: String,
    pub port: String,
    /// The path, if there is one.
    pub path: String,
}

impl Where {
    fn of(url: &str) -> Option<Where> {
        let lower = url.to_ascii_lowercase();
        let (scheme, default) = match () {
            () if lower.starts_with("http://") => (7, "80"),
            () if lower.starts_with("https://") => (8, "443"),
            () => return None,
        };
        let rest = &url[scheme..];
        if let Some(unix) = rest.strip_prefix("unix:") {
            let path = unix.split_once(':').map_or("", |(_, path)| path);
            let origin = url[..url.len() - path.len()].to_owned();
            return Some(Where { origin, host: "localhost".to_owned(), port: String::new(), path: path.to_owned() });
        }
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if authority.is_empty() || authority.starts_with(':') {
            return None;
        }
        let (name, port) = match authority.rsplit_once(':') {
            Some((name, port)) if !port.ends_with(']') => (name, port),
            _ => (authority, default),
        };
        let host = if port == default { name.to_owned() } else { authority.to_owned() };
        let path = if path.starts_with('?') { format!("/{path}") } else { path.to_owned() };
        Some(Where { origin: url[..scheme + end].to_owned(), host, port: port.to_owned(), path })
    }
}

/// The response headers that a level hides, but for those that always are; `family` is the name with which the
/// directives begin: `proxy`.
pub fn hidden(levels: &Levels<'_>, level: LevelId, family: &str) -> Vec<String> {
    let names = |what: &str| -> Vec<String> {
        let held = levels.held(level, &format!("{family}_{what}_header"));
        held.directives.iter().map(|directive| directive.arg(0).to_owned()).collect()
    };
    let passed = names("pass");
    let mut hidden = names("hide");
    hidden.retain(|name| !passed.iter().any(|passed| passed.eq_ignore_ascii_case(name)));
    hidden
}

impl<'a> Run<'a> {
    /// The name with which the directives of a handler begin: `proxy`, `fastcgi`.
    pub fn family(handler: &Directive) -> &'static str {
        match &*handler.name {
            "fastcgi_pass" => "fastcgi",
            "uwsgi_pass" => "uwsgi",
            "scgi_pass" => "scgi",
            "grpc_pass" => "grpc",
            "memcached_pass" => "memcached",
            _ => "proxy",
        }
    }

    pub fn of_proxy(&mut self, name: &str) -> Option<Text> {
        let (handler, _) = self.handler?;
        let Text::Known(url) = self.value(handler.arg(0)) else { return None };
        let to = Where::of(&url)?;
        Some(Text::Known(if name == "proxy_host" { to.host } else { to.port }))
    }

    /// Hands the request on and takes the answer.
    pub fn pass(&mut self, handler: &'a Directive, level: LevelId) -> Next {
        let family = Run::family(handler);
        if handler.templated() {
            let unknown = Unknown::new(Why::Templated, handler.span, "the rendered file");
            self.doubt("request", unknown);
        }
        let url = self.value(handler.arg(0));
        let to = url.known().and_then(Where::of);
        if family == "proxy" && url.known().is_some() && to.is_none() {
            return Next::End(Stop::Status(500));
        }
        let target = match family {
            "proxy" => self.target_sent(handler, level, to.as_ref(), &url),
            _ => Text::Known(self.target.raw.clone()),
        };
        if self.cached_before {
            let unknown = self.unsupported(handler.span, "which of two caches decides");
            self.doubt("cache", unknown);
        }
        let looked = self.look_up(family, to.as_ref(), &target);
        if let Some((status, cache)) = looked.as_ref().and_then(|looked| self.kept_error(looked)) {
            self.cache = Some(cache);
            return Next::End(Stop::Status(status));
        }
        let stores = looked.as_ref().is_some_and(|cache| cache.cacheable);
        let headers = if family == "proxy" { self.request_headers(stores) } else { self.parameters(family) };
        self.cache = looked;
        self.upstream = Some(ToUpstream { by: handler.span, to: url, target, headers });
        self.answered(family)
    }

    fn target_sent(&mut self, handler: &Directive, level: LevelId, to: Option<&Where>, url: &Text) -> Text {
        let Some(to) = to else { return url.clone() };
        let path = to.path.as_str();
        if !is_plain(handler.arg(0)) && !path.is_empty() {
            return Text::Known(path.to_owned());
        }
        if path.is_empty() && self.untouched {
            return Text::Known(self.target.raw.clone());
        }
        let cut = match self.valid_location && !path.is_empty() {
            true => self.prefix_of_location(level).map_or(0, str::len),
            false => 0,
        };
        let rest = self.path.get(cut..).unwrap_or_default().to_owned();
        let rest = if self.target.quoted || self.internal { escaped(&rest, Escape::Path) } else { rest };
        let front = if self.valid_location { path } else { "" };
        let query = if self.args.is_empty() { String::new() } else { format!("?{}", self.args) };
        Text::Known(format!("{front}{rest}{query}"))
    }

    fn request_headers(&mut self, stores: bool) -> Vec<(String, Text)> {
        let held = self.model.levels.held(self.level, "proxy_set_header");
        if let Some(unknown) = held.doubt {
            self.doubt("request.headers", unknown);
        }
        let mut named: Vec<String> = Vec::new();
        let mut headers = Vec::new();
        let last_host_only = self.model.version.takes_last_host();
        for (number, directive) in held.directives.iter().enumerate() {
            let name = directive.arg(0);
            named.push(name.to_ascii_lowercase());
            let again = |later: &&Directive| later.arg(0).eq_ignore_ascii_case("host");
            if last_host_only && name.eq_ignore_ascii_case("host") && held.directives[number + 1..].iter().any(again) {
                continue;
            }
            let value = self.value(directive.arg(1));
            if value.known().is_none_or(|value| !value.is_empty()) {
                headers.push((name.to_owned(), value));
            }
        }
        for (name, value) in DEFAULTS {
            if named.contains(&name.to_ascii_lowercase()) {
                continue;
            }
            named.push(name.to_ascii_lowercase());
            let value = match name {
                "Connection" if !self.model.version.closes_upstream() => continue,
                "Content-Length" => match self.request.content_length {
                    Some(length) => Text::Known(length.to_string()),
                    None => continue,
                },
                _ if value.is_empty() => continue,
                _ => self.value(value),
            };
            headers.push((name.to_owned(), value));
        }
        named.extend(CACHE_DEFAULTS.iter().filter(|_| stores).map(|name| name.to_ascii_lowercase()));
        if self.model.levels.flag(self.level, "proxy_pass_request_headers", true) {
            let rest = self.request.headers.iter().filter(|(name, _)| !named.contains(&name.to_ascii_lowercase()));
            headers.extend(rest.map(|(name, value)| (name.clone(), Text::Known(value.clone()))));
        }
        headers
    }

    fn parameters(&mut self, family: &str) -> Vec<(String, Text)> {
        let held = self.model.levels.held(self.level, &format!("{family}_param"));
        let mut all = Vec::new();
        for directive in held.directives {
            let value = self.value(directive.arg(1));
            let skipped = directive.arg(2) == "if_not_empty" && value.known().is_some_and(str::is_empty);
            if !skipped {
                all.push((directive.arg(0).to_owned(), value));
            }
        }
        all
    }

    fn answered(&mut self, family: &'static str) -> Next {
        let levels = &self.model.levels;
        for name in ["hide", "pass"] {
            if let Some(unknown) = levels.held(self.level, &format!("{family}_{name}_header")).doubt {
                self.doubt("response.headers", unknown);
            }
        }
        let status = self.backend.status;
        let redirect = self.backend.header("x-accel-redirect").next();
        if let Some(redirect) = redirect.filter(|_| !self.ignores(family, "X-Accel-Redirect")) {
            return self.accelerated(redirect);
        }
        let intercepts = levels.flag(self.level, &format!("{family}_intercept_errors"), false);
        if intercepts && status >= 300 && self.has_page(status) {
            self.remembered(family);
            self.keep_challenge(status);
            return Next::End(Stop::Status(status));
        }
        let passed = levels.held(self.level, &format!("{family}_pass_header"));
        let passes = |name: &str| passed.directives.iter().any(|word| word.arg(0).eq_ignore_ascii_case(name));
        let hidden = hidden(levels, self.level, family);
        // nginx leaves the header to the upstream, whether or not that sends one.
        self.upstream_server |= passes("server");
        for (name, value) in &self.backend.headers {
            let lower = name.to_ascii_lowercase();
            let hides = HIDDEN.contains(&&*lower) && !passes(name)
                || hidden.iter().any(|hidden| hidden.eq_ignore_ascii_case(name))
                || family != "proxy" && lower == "status";
            if hides || OWN.contains(&&*lower) {
                continue;
            }
            if lower == "content-type" {
                self.content_type = Some(Text::Known(value.clone()));
                continue;
            }
            let value = match &*lower {
                "location" | "refresh" if family == "proxy" => self.redirected(value, &lower),
                "set-cookie" if family == "proxy" => self.cookie_changed(value),
                _ => Text::Known(value.clone()),
            };
            self.headers.push(Sent { name: name.clone(), value, always: true, from: None });
        }
        self.status = Some(status);
        self.stored(family);
        Next::End(Stop::Sent)
    }

    fn has_page(&self, status: u16) -> bool {
        let held = self.model.levels.held(self.level, "error_page");
        held.directives.iter().any(|page| page.args.iter().any(|word| word.parse() == Ok(status)))
    }

    fn keep_challenge(&mut self, status: u16) {
        if status == 401 {
            let challenge = self.backend.header("www-authenticate").next().map(str::to_owned);
            challenge.into_iter().for_each(|value| self.add("WWW-Authenticate", Text::Known(value)));
        }
    }

    fn accelerated(&mut self, to: &str) -> Next {
        let kept = ["content-type", "set-cookie", "cache-control", "expires", "content-disposition", "accept-ranges"];
        for (name, value) in &self.backend.headers {
            let lower = name.to_ascii_lowercase();
            match &*lower {
                "content-type" => self.content_type = Some(Text::Known(value.clone())),
                name if kept.contains(&name) => self.add(name, Text::Known(value.clone())),
                _ => {}
            }
        }
        if to.starts_with('@') {
            return self.named_location(to);
        }
        if self.method != "HEAD" {
            self.method = "GET".to_owned();
        }
        let (path, args) = to.split_once('?').unwrap_or((to, ""));
        self.internal_redirect(path.to_owned(), args.to_owned())
    }

    /// `proxy_redirect`: where the answer's own redirect leads for the client.
    fn redirected(&mut self, value: &str, name: &str) -> Text {
        let held = self.model.levels.held(self.level, "proxy_redirect");
        let default = held.directives.is_empty();
        let prefix = match name {
            "refresh" => match value.to_ascii_lowercase().find("url=") {
                Some(at) => at + 4,
                None => return Text::Known(value.to_owned()),
            },
            _ => 0,
        };
        let (front, rest) = value.split_at(prefix);
        let rules: Vec<(String, String)> = match () {
            () if default => self.default_redirect().into_iter().collect(),
            () if held.directives.iter().any(|rule| rule.arg(0) == "off") => Vec::new(),
            () => {
                let mut rules = Vec::new();
                for rule in &held.directives {
                    if rule.arg(0) == "default" {
                        rules.extend(self.default_redirect());
                        continue;
                    }
                    if rule.arg(0).starts_with('~') {
                        let needs = "an expression of proxy_redirect";
                        return Text::Unknown(Unknown::new(Why::NotSupported, rule.span, needs));
                    }
                    let (Text::Known(from), Text::Known(into)) = (self.value(rule.arg(0)), self.value(rule.arg(1)))
                    else {
                        return Text::Unknown(Unknown::new(Why::NotSupported, rule.span, "the value of its variables"));
                    };
                    rules.push((from, into));
                }
                rules
            }
        };
        for (from, into) in rules {
            if let Some(tail) = rest.strip_prefix(from.as_str()) {
                // From now on it is a redirect of nginx's own.
                self.redirects |= name == "location";
                return Text::Known(format!("{front}{into}{tail}"));
            }
        }
        Text::Known(value.to_owned())
    }

    /// The rule where none is written: it is made for the outermost location that hands requests on, and inherited by
    /// those in it, whatever they hand on to.
    fn default_redirect(&self) -> Option<(String, String)> {
        let levels = &self.model.levels;
        let passes = |&id: &LevelId| levels.own(id, "proxy_pass").find(|pass| is_plain(pass.arg(0)));
        let outermost = levels.around(self.level).filter_map(|id| Some((id, passes(&id)?))).last();
        let (id, pass) = outermost?;
        let to = Where::of(pass.arg(0))?;
        match to.path.is_empty() {
            true => Some((format!("{}/", to.origin), "/".to_owned())),
            false => Some((pass.arg(0).to_owned(), self.prefix_of_location(id)?.to_owned())),
        }
    }
}
