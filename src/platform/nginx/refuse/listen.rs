//! `listen` and `server_name`: which server answers where.

use std::net::IpAddr;

use super::address::{Host, Url, Use, url};
use super::value::{number, seconds, size};
use super::{Call, Fault, Outcome, Reader, said};
use crate::platform::nginx::version::Version;
use crate::text::Span;

/// Everywhere that somebody listens.
#[derive(Debug, Default)]
pub struct Listens(pub Vec<Listen>);

/// An address with the servers that answer there.
#[derive(Debug)]
pub struct Listen {
    /// As nginx writes it.
    pub address: String,
    /// The scopes of the servers, the default one first unless another is named.
    pub servers: Vec<usize>,
    /// The scope of the default server.
    pub default: usize,
    /// Whether a server was named the default one.
    named: bool,
    /// Whether options of the socket were given.
    set: bool,
    /// Whether it is TLS, here or in another server.
    pub ssl: bool,
    /// Whether it is QUIC.
    pub quic: bool,
}

/// What a `listen` asks for.
#[derive(Debug, Default)]
struct Options {
    default: bool,
    set: bool,
    ssl: bool,
    http2: bool,
    quic: bool,
    proxy_protocol: bool,
    /// Parameters that QUIC cannot have, in the order in which nginx checks them.
    apart: [bool; 4],
}

impl Reader<'_> {
    /// `ngx_http_core_listen`.
    pub(super) fn listen(&mut self, call: &Call<'_>) -> Outcome {
        if let Some(server) = self.blocks.servers.last_mut() {
            server.listens = true;
        }
        if call.directive.templated() {
            return Ok(());
        }
        let text = call.arg(0);
        let told = |error: &str| Fault::Said(format!("{error} in \"{text}\" of the \"listen\" directive"));
        let at = url(text, 80, Use::Listen).map_err(told)?;
        if at.kind == Host::Name && self.resolves(&at.host) != Some(true) {
            let message = format!("host not found in \"{text}\" of the \"listen\" directive");
            let missing = self.resolves(&at.host) == Some(false);
            return Err(if missing { Fault::Said(message) } else { Fault::Maybe(message) });
        }
        let options = self.options(call)?;
        if let Some(name) = options.clash() {
            return call.fault(&format!("\"{name}\" parameter is incompatible with \"quic\""));
        }
        if at.kind == Host::Name {
            return Ok(());
        }
        for port in at.port..=at.last {
            self.add_listen(call.frame.server, shown(&at, port), &options)?;
        }
        Ok(())
    }

    fn options(&mut self, call: &Call<'_>) -> Result<Options, Fault> {
        let mut options = Options::default();
        for word in call.args().iter().skip(1) {
            let word = &*word.text;
            let (name, value) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
            let invalid = |what: &str| said(format!("invalid {what} \"{word}\""));
            match (name, value) {
                ("default_server" | "default", None) => options.default = true,
                ("ssl", None) => options.ssl = true,
                ("proxy_protocol", None) => options.proxy_protocol = true,
                ("http2", None) => {
                    options.http2 = true;
                    if self.version.since(1, 25, 1) {
                        let other = "use the \"http2\" directive instead";
                        self.warn(format!("the \"listen ... http2\" directive is deprecated, {other}"), call.span());
                    }
                }
                ("spdy", None) if !self.version.since(1, 25, 1) => {}
                ("quic", None) if self.version.since(1, 25, 0) => options.quic = true,
                ("multipath", None) if self.version.since(1, 29, 7) => (options.set, options.apart[3]) = (true, true),
                ("bind" | "reuseport", None) => options.set = true,
                ("deferred", None) => (options.set, options.apart[2]) = (true, true),
                // Of other systems: ignored with a message.
                ("accept_filter", Some(_)) => {}
                ("fastopen", Some(value)) if number(value).is_none() => return invalid("fastopen"),
                ("fastopen", Some(_)) => (options.set, options.apart[0]) = (true, true),
                ("backlog", Some(value)) if !matches!(number(value), Some(1..)) => return invalid("backlog"),
                ("backlog", Some(_)) => (options.set, options.apart[1]) = (true, true),
                ("rcvbuf" | "sndbuf", Some(value)) if size(value).is_none() => return invalid(name),
                ("rcvbuf" | "sndbuf", Some(_)) => options.set = true,
                ("ipv6only", Some("on" | "off")) => options.set = true,
                ("ipv6only", Some(value)) if value.starts_with('o') => {
                    return said(format!("invalid ipv6only flags \"{value}\""));
                }
                ("so_keepalive", Some(value)) if !keepalive(value) => {
                    return said(format!("invalid so_keepalive value: \"{value}\""));
                }
                ("so_keepalive", Some(_)) => options.set = true,
                _ => return invalid("parameter"),
            }
        }
        Ok(options)
    }

    /// What nginx does for a server without `listen`.
    pub(super) fn listen_somewhere(&mut self, server: usize, span: Span) {
        if let Err(Fault::Said(message)) = self.add_listen(server, "0.0.0.0:80".to_owned(), &Options::default()) {
            self.refuse_late(message, span, true);
        }
    }

    /// `ngx_http_add_listen`.
    fn add_listen(&mut self, server: usize, address: String, options: &Options) -> Outcome {
        let Options { default, set, ssl, quic, .. } = *options;
        // QUIC has sockets of its own.
        let same = |listen: &&mut Listen| listen.address == address && (listen.quic == quic || !by_type(self.version));
        let Some(listen) = self.listens.0.iter_mut().find(same) else {
            let servers = vec![server];
            self.listens.0.push(Listen { address, servers, default: server, named: default, set, ssl, quic });
            return Ok(());
        };
        if listen.servers.contains(&server) {
            return said(format!("a duplicate listen {address}"));
        }
        listen.servers.push(server);
        if set && listen.set {
            return said(format!("duplicate listen options for {address}"));
        }
        listen.set |= set;
        if default && listen.named {
            return said(format!("a duplicate default server for {address}"));
        }
        if default {
            (listen.named, listen.default) = (true, server);
        }
        listen.ssl |= ssl;
        Ok(())
    }

    /// `ngx_http_core_server_name`.
    pub(super) fn server_name(&mut self, call: &Call<'_>) -> Outcome {
        for word in call.args().iter().filter(|word| !word.templated) {
            let name = &*word.text;
            let star = name.starts_with('*') && (name.len() < 3 || !name.starts_with("*."));
            if star || name == "." {
                return said(format!("server name \"{name}\" is invalid"));
            }
            if name.contains('/') {
                self.warn(format!("server name \"{name}\" has suspicious symbols"), call.span());
            }
            match name.strip_prefix('~') {
                Some("") => return said(format!("empty regex in server name \"{name}\"")),
                Some(pattern) => {
                    let groups = self.regex(pattern, call)?;
                    if let Some(server) = self.blocks.servers.last_mut() {
                        server.captures = groups > 0;
                    }
                }
                None => {
                    let name = name.to_ascii_lowercase();
                    if let Some(server) = self.blocks.servers.last_mut() {
                        server.names.push((name, call.span()));
                    }
                }
            }
        }
        Ok(())
    }
}

/// Whether sockets of streams and of datagrams are told apart.
fn by_type(version: Version) -> bool {
    version.since(1, 25, 0)
}

impl Options {
    /// A parameter that cannot be beside `quic`.
    fn clash(&self) -> Option<&'static str> {
        let [fastopen, backlog, deferred, multipath] = self.apart;
        let clashes = [
            (fastopen, "fastopen"),
            (backlog, "backlog"),
            (deferred, "deferred"),
            (multipath, "multipath"),
            (self.ssl, "ssl"),
            (self.http2, "http2"),
            (self.proxy_protocol, "proxy_protocol"),
        ];
        clashes.into_iter().find(|(given, _)| self.quic && *given).map(|(_, name)| name)
    }
}

/// `so_keepalive=on|off|idle:interval:count`.
fn keepalive(value: &str) -> bool {
    if matches!(value, "on" | "off") {
        return true;
    }
    let mut parts = value.splitn(3, ':');
    let (idle, interval, count) = (parts.next(), parts.next(), parts.next());
    let read = |part: Option<&str>, parse: fn(&str) -> Option<i64>| match part {
        None | Some("") => Some(0),
        Some(part) => parse(part),
    };
    match (read(idle, seconds), read(interval, seconds), read(count, number)) {
        (Some(idle), Some(interval), Some(count)) => idle != 0 || interval != 0 || count != 0,
        _ => false,
    }
}

/// An address as nginx writes it in messages.
fn shown(at: &Url, port: u16) -> String {
    match at.kind {
        Host::Address(IpAddr::V4(address)) => format!("{address}:{port}"),
        Host::Address(IpAddr::V6(address)) => format!("[{address}]:{port}"),
        Host::Unix => format!("unix:{}", at.host),
        Host::Name => format!("{}:{port}", at.host),
    }
}
