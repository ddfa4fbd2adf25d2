//! What a request gets: nginx's phases, followed step by step (ngx_http_core_module.c and the modules it calls, 1.22.1).
//!
//! Where the configuration alone cannot tell how it goes on (a file that is not here, an answer of a backend, a client
//! whose address is not said), each way is followed; what differs between the ways is unknown.

mod access;
mod cache;
mod content;
mod cookie;
mod error;
mod header;
mod made;
mod outcome;
mod rewrite;
mod run;
mod upstream;
mod variable;
mod ways;

use std::net::IpAddr;

pub use self::cache::Cache;
pub use self::outcome::{Access, Log, Outcome, Sent, ToUpstream};
pub use self::upstream::hidden;
pub use self::variable::Text;
pub use self::ways::{follow, follow_in};

/// A request.
#[derive(Debug, Clone)]
pub struct Request {
    /// Whether it comes in encrypted.
    pub tls: bool,
    /// The address it is sent to, where that is known.
    pub address: Option<IpAddr>,
    /// The port it is sent to.
    pub port: u16,
    /// The `Host` header as it is sent.
    pub host: String,
    /// The target: path and query as they are sent.
    pub target: String,
    /// The method.
    pub method: String,
    /// The headers, `Host` left out.
    pub headers: Vec<(String, String)>,
    /// How long its body is, if it has one.
    pub content_length: Option<u64>,
    /// The client's address, where it is said.
    pub client: Option<IpAddr>,
}

impl Request {
    /// A GET for a URL: `http://host[:port]/path?query`. The path is sent as it is written.
    ///
    /// # Errors
    /// A line that says what is wrong with it.
    pub fn of_url(url: &str) -> Result<Request, String> {
        let wrong = || format!("`{url}` is no URL: expected http://host/path or https://host/path");
        let (tls, rest) = match (url.strip_prefix("http://"), url.strip_prefix("https://")) {
            (Some(rest), _) => (false, rest),
            (_, Some(rest)) => (true, rest),
            _ => return Err(wrong()),
        };
        let (authority, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let bracketed = authority.strip_prefix('[').and_then(|rest| rest.split_once(']'));
        let (name, port) = match bracketed {
            Some((name, port)) => (name, port.strip_prefix(':')),
            None => authority.split_once(':').map_or((authority, None), |(name, port)| (name, Some(port))),
        };
        let port = port.map_or(Ok(if tls { 443 } else { 80 }), |port| port.parse::<u16>().map_err(|_| wrong()))?;
        if name.is_empty() {
            return Err(wrong());
        }
        Ok(Request {
            tls,
            address: name.parse().ok(),
            port,
            host: authority.to_owned(),
            target: if target.starts_with('/') { target.to_owned() } else { format!("/{target}") },
            method: "GET".to_owned(),
            headers: Vec::new(),
            content_length: None,
            client: None,
        })
    }

    /// The values of a header, in order.
    pub fn header<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s str> {
        self.headers.iter().filter(move |(its, _)| its.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The name of the host, without a port, in lower case (`ngx_http_validate_host`).
    pub fn host_name(&self) -> String {
        let host = self.host.trim_end_matches('.');
        let name = match host.strip_prefix('[') {
            Some(_) => host.split_inclusive(']').next().unwrap_or_default(),
            None => host.split(':').next().unwrap_or_default(),
        };
        name.trim_end_matches('.').to_ascii_lowercase()
    }
}

/// What answers where nginx does not decide by itself.
#[derive(Debug, Clone, Default)]
pub struct Backend {
    /// The status, of an upstream or a file that is not on this machine.
    pub status: u16,
    /// The headers of an upstream.
    pub headers: Vec<(String, String)>,
}

impl Backend {
    /// The values of a header, in order.
    pub fn header<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s str> {
        self.headers.iter().filter(move |(its, _)| its.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}
