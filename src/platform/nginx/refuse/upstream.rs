//! `upstream` and what is in it (`ngx_http_upstream.c`, and the modules that balance).

use super::address::{Host, Url, Use, numeric, url};
use super::scope::Frame;
use super::value::{number, seconds};
use super::{Call, Fault, Outcome, Reader, said};
use crate::platform::nginx::directive::Contexts;
use crate::platform::nginx::tree::directives;
use crate::text::Span;

/// Servers to connect to: an `upstream`, or what a `proxy_pass` names.
#[derive(Debug)]
struct Upstream {
    stream: bool,
    /// In lower case.
    host: String,
    /// Whether there is an `upstream` block of this name, so far.
    created: bool,
    port: u16,
    no_port: bool,
    /// Whether it is one address, which needs no name server.
    address: bool,
    /// How many servers it has that are no backup.
    servers: usize,
    span: Span,
}

/// All of them.
#[derive(Debug, Default)]
pub struct Upstreams {
    all: Vec<Upstream>,
    /// The one whose block is open.
    open: usize,
    /// How many servers are in it.
    members: usize,
}

impl Reader<'_> {
    /// `ngx_http_upstream_add` for what a `…_pass` names.
    pub(super) fn connect(&mut self, call: &Call<'_>, at: &Url) -> Outcome {
        let (stream, host) = (call.in_stream(), at.host.to_ascii_lowercase());
        let unix = at.kind == Host::Unix;
        for known in self.upstreams.all.iter().filter(|known| known.stream == stream && known.host == host) {
            if known.created && !at.no_port {
                let (host, port) = (&at.host, at.port);
                return said(format!("upstream \"{host}\" may not have port {port}"));
            }
            if known.port == 0 || at.port == 0 || known.port == at.port {
                return Ok(());
            }
        }
        self.upstreams.all.push(Upstream {
            stream,
            host,
            created: false,
            port: at.port,
            no_port: at.no_port,
            address: at.kind != Host::Name && (at.port != 0 || unix),
            servers: 0,
            span: call.span(),
        });
        Ok(())
    }

    /// `ngx_http_upstream`.
    pub(super) fn upstream(&mut self, call: &Call<'_>) -> Outcome {
        let stream = call.in_stream();
        let context = if stream { Contexts::STREAM_UPSTREAM } else { Contexts::UPSTREAM };
        let (server, location) = (self.scopes.add(None), self.scopes.add(None));
        let frame = Frame { context, main: call.frame.main, server, location };
        let (name, host) = (call.arg(0), call.arg(0).to_ascii_lowercase());
        let known = self.upstreams.all.iter().position(|known| known.stream == stream && known.host == host);
        let at = match known.map(|at| (at, &self.upstreams.all[at])) {
            Some((_, known)) if known.created => {
                self.refuse(format!("duplicate upstream \"{name}\""), call.span(), !call.directive.templated());
                return Ok(());
            }
            Some((_, known)) if !known.no_port => {
                let (message, span) = (format!("upstream \"{name}\" may not have port {}", known.port), known.span);
                self.refuse_late(message, span, true);
                return Ok(());
            }
            Some((at, _)) => at,
            None => self.upstreams.all.len(),
        };
        let (created, no_port, span) = (true, true, call.span());
        let own = Upstream { stream, host, created, port: 0, no_port, address: false, servers: 0, span };
        if at == self.upstreams.all.len() {
            self.upstreams.all.push(own);
        } else {
            self.upstreams.all[at] = own;
        }
        self.upstreams.open = at;
        self.upstreams.members = 0;
        let unseen = std::mem::take(&mut self.unseen);
        self.inside(call, frame);
        if self.upstreams.members == 0 {
            // A file of `state` brings servers along.
            let state = call
                .directive
                .block()
                .is_some_and(|block| directives(&block.items).iter().any(|directive| *directive.name == *"state"));
            self.refuse_late("no servers are inside upstream", call.span(), !self.unseen && !state);
        }
        self.unseen |= unseen;
        Ok(())
    }

    /// `ngx_http_upstream_server`.
    pub(super) fn member(&mut self, call: &Call<'_>) -> Outcome {
        self.upstreams.members += 1;
        if call.directive.templated() {
            self.upstreams.all[self.upstreams.open].servers += 1;
            return Ok(());
        }
        let (mut backup, mut resolve, mut service) = (false, false, false);
        let late = self.version.since(1, 27, 3);
        let sticky = self.version.since(1, 29, 6) && !call.in_stream();
        let balance = self.scopes.own(call.frame.server, call.spec.module, "balance").map(|set| set.args[0].clone());
        for word in call.args().iter().skip(1) {
            let word = &*word.text;
            let (name, value) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
            let invalid = || said(format!("invalid parameter \"{word}\""));
            match (name, value) {
                ("weight", Some(value)) if matches!(number(value), Some(1..)) => {}
                ("max_conns" | "max_fails", Some(value)) if number(value).is_some() => {}
                ("fail_timeout", Some(value)) if seconds(value).is_some() => {}
                ("backup", None) if balance.as_deref() == Some("all") => {
                    return said(format!("balancing method does not support parameter \"{word}\""));
                }
                ("backup", None) => backup = true,
                ("down", None) => {}
                ("drain", None) | ("route", Some(_)) if sticky => {}
                ("resolve", None) if late => resolve = true,
                ("service", Some("")) if late => return said("service is empty"),
                ("service", Some(_)) if late => service = true,
                _ => return invalid(),
            }
        }
        let text = call.arg(0);
        if service && !resolve {
            return said(format!("service upstream \"{text}\" requires \"resolve\" parameter"));
        }
        let default = if call.in_stream() { 0 } else { 80 };
        let told = |error: &str| Fault::Said(format!("{error} in upstream \"{text}\""));
        let at = url(text, default, Use::Connect).map_err(told)?;
        if call.in_stream() && at.no_port && at.kind != Host::Unix {
            return said(format!("no port in upstream \"{text}\""));
        }
        self.upstreams.all[self.upstreams.open].servers += usize::from(!backup);
        if at.kind == Host::Name && !resolve { self.host(&at.host, text, "upstream") } else { Ok(()) }
    }

    /// A name that nginx looks up when it starts.
    pub(super) fn host(&mut self, host: &str, text: &str, of: &str) -> Outcome {
        let message = format!("host not found in {of} \"{text}\"");
        match self.resolves(host) {
            Some(true) => Ok(()),
            Some(false) => said(message),
            None => Err(Fault::Maybe(message)),
        }
    }

    /// Whether a host has an address.
    pub(super) fn resolves(&self, host: &str) -> Option<bool> {
        if numeric(host) { Some(true) } else { self.machine.resolves(host) }
    }

    /// A directive that chooses how to balance: `backup` goes with some of them.
    pub(super) fn balance(&mut self, call: &Call<'_>, backup: bool) -> Outcome {
        let module = if call.in_stream() { "stream_upstream" } else { "http_upstream" };
        let value = if backup { "first" } else { "all" };
        if self.scopes.own(call.frame.server, module, "balance").is_some() {
            self.warn("load balancing method redefined", call.span());
        }
        self.scopes.mark(call.frame.server, module, "balance", value, call.span());
        Ok(())
    }

    /// `ngx_http_upstream_keepalive`.
    pub(super) fn keepalive(&mut self, call: &Call<'_>) -> Outcome {
        let (value, newer) = (call.arg(0), self.version.since(1, 29, 7));
        match number(value) {
            Some(1..) => {}
            Some(0) if newer => {}
            _ => return said(format!("invalid value \"{value}\" in \"keepalive\" directive")),
        }
        match call.args().get(1) {
            Some(word) if &*word.text != "local" => said(format!("invalid parameter \"{}\"", &*word.text)),
            _ => Ok(()),
        }
    }

    /// `ngx_http_upstream_init_main_conf`: what is wrong with upstreams once all are known.
    pub(super) fn end_of_upstreams(&mut self, stream: bool) {
        let upstreams = std::mem::take(&mut self.upstreams.all);
        for upstream in upstreams.iter().filter(|upstream| upstream.stream == stream) {
            let (host, span) = (&upstream.host, upstream.span);
            if upstream.created {
                if upstream.servers == 0 {
                    self.refuse_late(format!("no servers in upstream \"{host}\""), span, !self.unseen);
                }
            } else if upstream.address {
            } else if upstream.port == 0 {
                self.refuse_late(format!("no port in upstream \"{host}\""), span, !self.unseen);
            } else {
                let known = self.resolves(host);
                if known != Some(true) {
                    let certain = known == Some(false) && !self.unseen;
                    self.refuse_late(format!("host not found in upstream \"{host}\""), span, certain);
                }
            }
        }
        self.upstreams.all = upstreams;
    }
}
