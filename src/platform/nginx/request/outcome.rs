//! How a request ended.

use super::cache::Cache;
use super::variable::Text;
use crate::fact::Unknown;
use crate::platform::nginx::scope::LevelId;
use crate::platform::nginx::tree::Directive;
use crate::text::Span;

/// A response header.
#[derive(Debug, Clone)]
pub struct Sent {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Text,
    /// Whether `add_header` says `always`; true for what needs no saying.
    pub always: bool,
    /// What says it, if something does.
    pub from: Option<Span>,
}

/// Whether the rules of access let a request through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// They do, or there are none.
    Allow,
    /// They do not.
    Deny,
}

/// What an upstream is sent.
#[derive(Debug, Clone)]
pub struct ToUpstream {
    /// The directive that passes it on.
    pub by: Span,
    /// Whom it is passed to, as the directive says, variables resolved.
    pub to: Text,
    /// The target of the request that is sent, of `proxy_pass`.
    pub target: Text,
    /// The headers, or the parameters of FastCGI and its like.
    pub headers: Vec<(String, Text)>,
}

/// Where a request is logged.
#[derive(Debug, Clone, Default)]
pub struct Log {
    /// The access logs.
    pub access: Vec<String>,
    /// The error log.
    pub error: Option<String>,
}

/// How a request ended.
#[derive(Debug, Clone)]
pub struct Outcome<'a> {
    /// The server that answered.
    pub server: LevelId,
    /// The level whose settings hold at the end: a location, an `if` in it, the server.
    pub level: LevelId,
    /// The status; 444 where the connection is closed without an answer, `None` where it cannot be told.
    pub status: Option<u16>,
    /// The headers, but for those that nginx always sends.
    pub headers: Vec<Sent>,
    /// The `Server` header, if there is one.
    pub server_header: Option<String>,
    /// What the upstream is sent, if one is asked.
    pub upstream: Option<ToUpstream>,
    /// The directive that made the content.
    pub handler: Option<&'a Directive>,
    /// The status with which the request was turned away for its size or its form.
    pub rejected: Option<u16>,
    /// What the rules of access said.
    pub access: Access,
    /// How a cache had to do with it.
    pub cache: Option<Cache>,
    /// The file that is sent, where a file is.
    pub file: Option<String>,
    /// The path of the URL at the end, after all redirects of nginx's own.
    pub uri: String,
    /// The levels that it went through, the last last.
    pub path: Vec<LevelId>,
    /// Where it is logged.
    pub log: Log,
    /// The largest body that it may have, in bytes; `None` for any.
    pub body_limit: Option<u64>,
    /// What was not known on the way, whichever way it went.
    pub doubts: Vec<(&'static str, Unknown)>,
    /// What decided which way it went, and how that was answered.
    pub forks: Vec<(Unknown, bool)>,
}
