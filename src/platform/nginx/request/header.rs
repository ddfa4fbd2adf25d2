//! The end of a request: the response headers (ngx_http_headers_filter_module.c and ngx_http_header_filter_module.c,
//! 1.22.1) and where it is logged.

use super::error::Stop;
use super::outcome::{Log, Outcome, Sent};
use super::run::Run;
use super::variable::Text;
use crate::fact::{Unknown, Why};
use crate::platform::nginx::value::milliseconds;

/// The statuses with which a header without `always` is sent.
const SAFE: [u16; 10] = [200, 201, 204, 206, 301, 302, 303, 304, 307, 308];

impl<'a> Run<'a> {
    /// The answer.
    pub fn end(&mut self, stop: Stop) -> Outcome<'a> {
        let status = match stop {
            Stop::Status(444) => Some(444),
            Stop::Status(status) => {
                self.content_type = Some(Text::Known("text/html".to_owned()));
                Some(self.own_status(if self.err_status > 0 { self.err_status } else { status }))
            }
            Stop::Sent if self.err_status > 0 => Some(self.err_status),
            Stop::Sent => self.status,
        };
        self.status = status;
        // Answers to nginx itself are neither given headers nor logged.
        if let Some(status) = status.filter(|status| *status != 444 && !self.asks) {
            self.filtered(status);
        }
        self.absolute_location();
        if let Some(unknown) = self.cache.as_ref().and_then(|cache| self.unknown_of_cache(cache)) {
            self.doubt("cache", unknown);
        }
        let closed = status == Some(444);
        Outcome {
            server: self.server,
            level: self.level,
            status,
            headers: if closed { Vec::new() } else { std::mem::take(&mut self.headers) },
            server_header: self.server_header().filter(|_| !closed),
            upstream: self.upstream.take(),
            handler: self.handler.map(|(handler, _)| handler),
            rejected: self.rejected,
            access: self.access,
            cache: self.cache.take().or(self.cache_before.take()),
            file: self.file.take(),
            uri: std::mem::take(&mut self.path),
            path: std::mem::take(&mut self.passed),
            log: if self.asks { Log::default() } else { self.log() },
            body_limit: self.body_limit(),
            doubts: std::mem::take(&mut self.doubts),
            forks: std::mem::take(&mut self.answers),
        }
    }

    fn server_header(&self) -> Option<String> {
        if self.upstream_server {
            return None;
        }
        match self.model.levels.text(self.level, "server_tokens").map(str::to_ascii_lowercase).as_deref() {
            Some("off") => Some("nginx".to_owned()),
            _ => Some(format!("nginx/{}", self.model.version)),
        }
    }

    fn filtered(&mut self, status: u16) {
        let safe = SAFE.contains(&status);
        if safe {
            self.expires();
        }
        let held = self.model.levels.added(self.level, "add_header");
        if let Some(unknown) = held.doubt {
            self.doubt("response.headers", unknown);
        }
        for directive in held.directives {
            let always = directive.arg(2) == "always";
            if !safe && !always {
                continue;
            }
            let value = match directive.templated() {
                true => Text::Unknown(Unknown::new(Why::Templated, directive.span, "the rendered file")),
                false => self.value(directive.arg(1)),
            };
            self.added(directive.arg(0), value, always, directive.span);
        }
        self.more_headers();
    }

    fn added(&mut self, name: &str, value: Text, always: bool, from: crate::text::Span) {
        // These replace what is there (`ngx_http_set_headers`).
        if matches!(&*name.to_ascii_lowercase(), "last-modified" | "etag") {
            self.headers.retain(|header| !header.name.eq_ignore_ascii_case(name));
        }
        if value.known().is_none_or(|value| !value.is_empty()) {
            self.headers.push(Sent { name: name.to_owned(), value, always, from: Some(from) });
        }
    }

    /// The module headers-more, which is not nginx's own.
    fn more_headers(&mut self) {
        let names = ["more_set_headers", "more_clear_headers"];
        for id in self.model.levels.around(self.level).collect::<Vec<_>>() {
            let own = &self.model.levels.all[id].own;
            if let Some(directive) = own.iter().find(|directive| names.contains(&&*directive.name)) {
                let unknown = self.unsupported(directive.span, "what the module headers-more does");
                self.doubt("response.headers", unknown);
            }
        }
    }

    fn expires(&mut self) {
        let held = self.model.levels.held(self.level, "expires");
        if let Some(unknown) = held.doubt.clone() {
            self.doubt("response.headers", unknown);
        }
        let Some(directive) = held.one() else { return };
        let modified = directive.arg(0) == "modified";
        let value = match self.value(directive.arg(usize::from(modified))) {
            Text::Known(value) => value,
            Text::Unknown(unknown) => {
                self.doubt("response.headers", unknown);
                return;
            }
        };
        let unknown = |needs: &str| Text::Unknown(Unknown::new(Why::NotSupported, directive.span, needs.to_owned()));
        let (expires, control) = match &*value {
            "off" => return,
            "epoch" => (Text::Known("Thu, 01 Jan 1970 00:00:01 GMT".to_owned()), Text::Known("no-cache".to_owned())),
            "max" => {
                (Text::Known("Thu, 31 Dec 2037 23:55:55 GMT".to_owned()), Text::Known("max-age=315360000".to_owned()))
            }
            value if value.starts_with('@') || modified => (unknown("the time of day"), unknown("the time of day")),
            value => {
                let (minus, digits) = match value.strip_prefix('-') {
                    Some(digits) => (true, digits),
                    None => (false, value.strip_prefix('+').unwrap_or(value)),
                };
                let Some(milliseconds) = milliseconds(digits) else { return };
                let seconds = milliseconds / 1000;
                let control = match (seconds, minus) {
                    (0, _) => "max-age=0".to_owned(),
                    (_, true) => "no-cache".to_owned(),
                    (seconds, false) => format!("max-age={seconds}"),
                };
                (unknown("the time of day"), Text::Known(control))
            }
        };
        // It takes the place of what the upstream said.
        self.headers
            .retain(|header| !["expires", "cache-control"].iter().any(|name| header.name.eq_ignore_ascii_case(name)));
        for (name, value) in [("Expires", expires), ("Cache-Control", control)] {
            self.headers.push(Sent { name: name.to_owned(), value, always: false, from: Some(directive.span) });
        }
    }

    /// Makes nginx's own redirect to a path one to a URL, as `absolute_redirect` says. What an upstream says stays.
    fn absolute_location(&mut self) {
        let levels = &self.model.levels;
        if !self.redirects || !levels.flag(self.level, "absolute_redirect", true) {
            return;
        }
        let host = match levels.flag(self.level, "server_name_in_redirect", false) {
            true => self.primary_name(),
            false => self.host(),
        };
        let scheme = if self.request.tls { "https" } else { "http" };
        let shown = levels.flag(self.level, "port_in_redirect", true);
        let port = match (self.request.port, self.request.tls) {
            (80, false) | (443, true) => String::new(),
            (port, _) if shown => format!(":{port}"),
            _ => String::new(),
        };
        for header in &mut self.headers {
            let to = header.value.known().filter(|to| to.starts_with('/'));
            if let Some(to) = to.filter(|_| header.name.eq_ignore_ascii_case("location")) {
                header.value = Text::Known(format!("{scheme}://{host}{port}{to}"));
            }
        }
    }

    fn log(&mut self) -> Log {
        let held = self.model.levels.held(self.level, "access_log");
        if let Some(unknown) = held.doubt.clone() {
            self.doubt("log.access", unknown);
        }
        let mut access = Vec::new();
        if held.directives.is_empty() {
            access.push("logs/access.log".to_owned());
        }
        for log in held.directives {
            if log.arg(0) == "off" {
                access.clear();
                break;
            }
            let condition = log.args.iter().find_map(|word| word.strip_prefix("if="));
            let holds = match condition.map(|condition| self.value(condition)) {
                None => true,
                Some(Text::Known(value)) => !value.is_empty() && value != "0",
                Some(Text::Unknown(unknown)) => {
                    self.doubt("log.access", unknown);
                    true
                }
            };
            if holds {
                access.push(log.arg(0).to_owned());
            }
        }
        let held = self.model.levels.held(self.level, "error_log");
        Log { access, error: held.directives.first().map(|log| log.arg(0).to_owned()) }
    }
}
