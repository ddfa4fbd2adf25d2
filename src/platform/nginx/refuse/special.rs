//! Directives with functions of their own: which one reads what.

use super::address::{Use, network, url};
use super::value::{milliseconds, number, offset, seconds};
use super::zone::cache_valid;
use super::{Call, Fault, Outcome, Reader, said};
use crate::platform::nginx::directive::Contexts;

/// Whether a directive's own function looks for duplicates in its own way.
pub(super) fn checks_itself(handler: &str) -> bool {
    const OWN: [&str; 11] = [
        "http_limit_conn",
        "http_limit_req",
        "stream_limit_conn",
        "http_proxy_redirect",
        "http_proxy_cookie_domain",
        "http_proxy_cookie_path",
        "http_proxy_cookie_flags",
        "http_mirror",
        "http_core_root",
        "set_priority",
        "http_v2_push",
    ];
    OWN.contains(&handler)
}

impl Reader<'_> {
    /// Has a directive's own function read it.
    pub(super) fn special(&mut self, handler: &str, call: Call<'_>) -> Outcome {
        if let Some(outcome) = self.opening(handler, &call) {
            return outcome;
        }
        if call.directive.templated() {
            // What it defines is not known.
            self.unseen = true;
            return Ok(());
        }
        let handler = handler.strip_prefix("http_").unwrap_or(handler);
        self.of_core(handler, &call)
            .or_else(|| self.of_requests(handler, &call))
            .or_else(|| self.of_answers(handler, &call))
            .or_else(|| self.of_upstreams(handler, &call))
            .unwrap_or(Ok(()))
    }

    /// Blocks, and what must be known even where a template fills in some of it.
    fn opening(&mut self, handler: &str, call: &Call<'_>) -> Option<Outcome> {
        Some(match handler {
            "events_block" => self.section(call, Contexts::EVENTS),
            "http_block" => self.section(call, Contexts::HTTP),
            "stream_block" => self.section(call, Contexts::STREAM),
            "mail_block" => self.section(call, Contexts::MAIL),
            "http_core_server" => self.server(call),
            "stream_core_server" => self.other_server(call, Contexts::STREAM_SERVER),
            "mail_core_server" => self.other_server(call, Contexts::MAIL_SERVER),
            "http_core_location" => self.location(call),
            "http_core_limit_except" => self.limit_except(call),
            "http_rewrite_if" => self.condition(call),
            "http_upstream" | "stream_upstream" => self.upstream(call),
            "http_upstream_server" | "stream_upstream_server" => self.member(call),
            "http_core_listen" => self.listen(call),
            "http_core_types" => self.types(call),
            "http_map_block" | "stream_map_block" => self.map(call),
            "http_geo_block" | "stream_geo_block" => self.geo(call),
            "http_charset_map_block" => self.charset_map(call),
            "conf_include" => {
                // Nobody followed it.
                self.unseen = true;
                Ok(())
            }
            "conf_split_clients_block" => self.split_clients(call),
            "http_core_server_name" => self.server_name(call),
            _ => return None,
        })
    }

    fn of_requests(&mut self, handler: &str, call: &Call<'_>) -> Option<Outcome> {
        let value = call.arg(0);
        Some(match handler {
            "rewrite_set" | "stream_set" | "auth_request_set" => self.assign(call),
            "rewrite" => self.rewrite(call),
            "rewrite_return" => self.answer_with(call),
            "core_root" => self.root(call),
            "try_files" => self.try_files(call),
            "index_set_index" => match call.args().iter().find(|word| word.text.is_empty()) {
                Some(_) => said(format!("index \"{value}\" in \"index\" directive is invalid")),
                None => self.all(call),
            },
            "access_rule" | "stream_access_rule" if !matches!(value, "all" | "unix:") => match network(value) {
                None => said(format!("invalid parameter \"{value}\"")),
                Some(network) => {
                    if network.loose {
                        self.warn(format!("low address bits of {value} are meaningless"), call.span());
                    }
                    Ok(())
                }
            },
            "realip_from" | "stream_realip_from" if value != "unix:" => match network(value) {
                Some(_) => Ok(()),
                None => self.host(value, value, "set_real_ip_from"),
            },
            "auth_basic_user_file" => self.template(value, call).map(|_| ()),
            "core_set_aio" => match value {
                "on" => Err(Fault::Maybe("\"aio on\" is unsupported on this platform".to_owned())),
                "off" | "threads" => Ok(()),
                _ if value.starts_with("threads=") => self.template(&value[8..], call).map(|_| ()),
                _ => call.fault("invalid value"),
            },
            "core_directio" if value != "off" && offset(value).is_none() => call.fault("invalid value"),
            "core_keepalive" => {
                let header = call.args().get(1).is_none_or(|word| seconds(word).is_some());
                if milliseconds(value).is_some() && header { Ok(()) } else { call.fault("invalid value") }
            }
            "core_open_file_cache" => open_files(call, false),
            "log_open_file_cache" | "stream_log_open_file_cache" => open_files(call, true),
            "limit_req_zone" => self.limit_zone(call, true),
            "limit_conn_zone" | "stream_limit_conn_zone" => self.limit_zone(call, false),
            "limit_req" => self.limit_req(call),
            "limit_conn" | "stream_limit_conn" => self.limit_conn(call),
            "gzip_disable" => self.expressions(call),
            "disable_symlinks" => self.symlinks(call),
            "valid_referers" => self.referers(call),
            _ => return None,
        })
    }

    fn of_answers(&mut self, handler: &str, call: &Call<'_>) -> Option<Outcome> {
        let value = call.arg(0);
        Some(match handler {
            "core_error_page" => self.error_page(call),
            "headers_add" => self.header(call),
            "headers_expires" => self.expires(call),
            "log_set_format" | "stream_log_set_format" => self.log_format(call),
            "log_set_log" | "stream_log_set_log" => self.access_log(call),
            "set_charset_slot" => match value.strip_prefix('$') {
                Some(name) if !name.is_empty() => {
                    let span = call.span();
                    self.symbols(call).read(name, span);
                    Ok(())
                }
                Some(_) => said("invalid variable name \"$\""),
                None => Ok(()),
            },
            "userid_expires" if !matches!(value, "max" | "off") && seconds(value).is_none() => {
                call.fault("invalid value")
            }
            "userid_mark" if value != "off" => match value.as_bytes() {
                [byte] if byte.is_ascii_alphanumeric() || *byte == b'=' => Ok(()),
                _ => call.fault("value must be \"off\" or a single letter, digit or \"=\""),
            },
            "sub_filter" if value.is_empty() => said("empty search pattern"),
            "sub_filter" => self.all(call),
            "stream_return" => self.all(call),
            "v2_push" => {
                let before = self.scopes.own(call.frame.location, call.spec.module, call.name());
                match (before.map(|set| set.args[0] == "off"), value == "off") {
                    (Some(true), true) => call.fault("is duplicate"),
                    (Some(false), true) => call.fault("\"off\" parameter cannot be used with URI"),
                    (Some(true), false) => call.fault("URI cannot be used with \"off\" parameter"),
                    _ => self.all(call),
                }
            }
            "mirror" => {
                let before = self.scopes.own(call.frame.location, call.spec.module, call.name());
                match before.map(|set| set.args[0] == "off") {
                    Some(off) if off || value == "off" => call.fault("is duplicate"),
                    _ => Ok(()),
                }
            }
            "ssl_enable" | "mail_ssl_enable" => {
                if !value.eq_ignore_ascii_case("on") && !value.eq_ignore_ascii_case("off") {
                    let name = call.name();
                    let must = "it must be \"on\" or \"off\"";
                    return Some(said(format!("invalid value \"{value}\" in \"{name}\" directive, {must}")));
                }
                if self.scopes.has(call) {
                    return Some(call.fault("is duplicate"));
                }
                let other = "use the \"listen ... ssl\" directive instead";
                self.warn(format!("the \"ssl\" directive is deprecated, {other}"), call.span());
                Ok(())
            }
            "modern_browser" => browser(call),
            "ssl_session_cache" | "stream_ssl_session_cache" | "mail_ssl_session_cache" => self.session_cache(call),
            "ssl_ocsp_cache" | "stream_ssl_ocsp_cache" => self.ocsp_cache(call),
            _ if handler.ends_with("ssl_certificate_cache") => self.certificate_cache(call),
            "quic_host_key" => self.read_now(call),
            _ if handler.ends_with("ssl_password_file") => self.read_now(call),
            _ => return None,
        })
    }

    fn of_upstreams(&mut self, handler: &str, call: &Call<'_>) -> Option<Outcome> {
        Some(match handler {
            "proxy_pass" => self.proxy_pass(call),
            "tunnel_pass" if call.count() == 0 => Ok(()),
            "fastcgi_pass" | "scgi_pass" | "tunnel_pass" => self.pass(call, &[]),
            "uwsgi_pass" => self.pass(call, &["uwsgi://", "suwsgi://"]),
            "grpc_pass" => self.pass(call, &["grpc://", "grpcs://"]),
            "memcached_pass" => {
                let at = url(call.arg(0), 0, Use::Connect);
                let told = |error: &str| Fault::Said(format!("{error} in upstream \"{}\"", call.arg(0)));
                let outcome = at.map_err(told).and_then(|at| self.connect(call, &at));
                let span = call.span();
                self.http.read("memcached_key", span);
                outcome
            }
            "stream_proxy_pass" => self.stream_pass(call),
            "fastcgi_split_path_info" => match self.regex(call.arg(0), call) {
                Ok(2) => Ok(()),
                Ok(_) => said(format!("pattern \"{}\" must have 2 captures", call.arg(0))),
                Err(fault) => Err(fault),
            },
            "proxy_redirect" | "proxy_cookie_domain" | "proxy_cookie_path" | "proxy_cookie_flags" => {
                self.rewritten(call)
            }
            "file_cache_set_slot" => self.cache_path(call),
            "file_cache_valid_set_slot" => cache_valid(call),
            _ if handler.ends_with("_cache_key") => self.template(call.arg(0), call).map(|_| ()),
            _ if handler.ends_with("_store") => self.store(call),
            "proxy_cache" | "fastcgi_cache" | "uwsgi_cache" | "scgi_cache" => self.cache(call),
            "upstream_keepalive" => self.keepalive(call),
            "upstream_zone" | "stream_upstream_zone" => self.upstream_zone(call),
            "upstream_ip_hash" => self.balance(call, false),
            "upstream_least_conn" | "stream_upstream_least_conn" => self.balance(call, true),
            "upstream_hash" | "stream_upstream_hash" => {
                let outcome = self.template(call.arg(0), call).map(|_| ());
                outcome.and_then(|()| self.balance(call, false)).and_then(|()| only(call, 1, "consistent"))
            }
            "upstream_least_time" | "stream_upstream_least_time" => {
                let known = matches!(call.arg(0), "header" | "last_byte" | "connect" | "first_byte");
                let outcome = self.balance(call, true).and_then(|()| only(call, 1, "inflight"));
                let invalid = || said(format!("invalid value \"{}\"", call.arg(0)));
                outcome.and_then(|()| if known { Ok(()) } else { invalid() })
            }
            "upstream_sticky" => match call.arg(0) {
                "cookie" | "learn" => Ok(()),
                "route" => self.routes(call),
                other => said(format!("unknown parameter \"{other}\"")),
            },
            "upstream_random" | "stream_upstream_random" => {
                let outcome = self.balance(call, false).and_then(|()| only(call, 0, "two"));
                outcome.and_then(|()| only(call, 1, "least_conn"))
            }
            _ => return None,
        })
    }

    /// Texts with variables, all of them.
    fn all(&mut self, call: &Call<'_>) -> Outcome {
        for word in call.args() {
            self.template(word, call)?;
        }
        Ok(())
    }

    /// `sticky route $a $b`.
    fn routes(&mut self, call: &Call<'_>) -> Outcome {
        let span = call.span();
        for word in call.args().iter().skip(1) {
            let name = self.target(word)?;
            self.symbols(call).read(name, span);
        }
        Ok(())
    }

    fn expressions(&mut self, call: &Call<'_>) -> Outcome {
        for word in call.args().iter().filter(|word| !matches!(&*word.text, "msie6" | "degradation")) {
            if let Err(fault) = super::regex::groups(word) {
                return said(format!("pcre2_compile() failed: {fault} in \"{}\"", &*word.text));
            }
        }
        Ok(())
    }
}

/// A parameter that can only be this word, if it is there.
fn only(call: &Call<'_>, index: usize, word: &str) -> Outcome {
    match call.args().get(index) {
        Some(given) if &*given.text != word => said(format!("invalid parameter \"{}\"", &*given.text)),
        _ => Ok(()),
    }
}

/// `ngx_http_modern_browser`.
fn browser(call: &Call<'_>) -> Outcome {
    let (name, version) = (call.arg(0), call.arg(1));
    if name == "unlisted" && call.count() == 1 {
        return Ok(());
    }
    if call.count() == 1 {
        return call.fault("invalid number of parameters");
    }
    if !["opera", "msie", "gecko", "safari", "konqueror"].iter().any(|known| known.eq_ignore_ascii_case(name)) {
        return said(format!("unknown browser name \"{name}\""));
    }
    match version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        true => Ok(()),
        false => said(format!("invalid browser version \"{version}\"")),
    }
}

/// `open_file_cache` and `open_log_file_cache`.
fn open_files(call: &Call<'_>, log: bool) -> Outcome {
    let (mut max, mut off) = (0, false);
    for word in call.args() {
        let word = &*word.text;
        match word.split_once('=') {
            Some(("max", value)) if number(value).is_some_and(|max| log || max > 0) => max = number(value).unwrap_or(0),
            Some(("inactive", value)) if seconds(value).is_some() => {}
            Some(("min_uses", value)) if log && number(value).is_some() => {}
            Some(("valid", value)) if log && seconds(value).is_some() => {}
            None if word == "off" => off = true,
            _ => return said(format!("invalid \"{}\" parameter \"{word}\"", call.name())),
        }
    }
    if max == 0 && !off {
        let the = if log { "" } else { "the " };
        return said(format!("\"{}\" must have {the}\"max\" parameter", call.name()));
    }
    Ok(())
}
