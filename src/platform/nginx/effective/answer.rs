//! The answer about a request, in the form in which it is printed.

use serde::Serialize;

/// What a request gets.
#[derive(Debug, Clone, Serialize)]
pub struct Answer {
    /// The server that answers.
    pub server: ServerShown,
    /// The location whose settings hold at the end, if one does.
    pub location: Option<LocationShown>,
    /// The answer.
    pub response: Response,
    /// What becomes of the request.
    pub request: Forwarded,
    /// What the rules of access say: `allow`, `deny` or `depends`.
    pub access: &'static str,
    /// Where it is logged.
    pub log: LogShown,
    /// How a cache has to do with it.
    pub cache: Option<CacheShown>,
}

/// A server.
#[derive(Debug, Clone, Serialize)]
pub struct ServerShown {
    /// Its names.
    pub names: Vec<String>,
    /// What it listens on, as it is written.
    pub listen: Vec<String>,
    /// Its file.
    pub path: Option<String>,
    /// Its line.
    pub line: Option<usize>,
}

/// A location.
#[derive(Debug, Clone, Serialize)]
pub struct LocationShown {
    /// As it is written: `^~ /static/`.
    pub text: String,
    /// Its file.
    pub path: Option<String>,
    /// Its line.
    pub line: Option<usize>,
}

/// An answer.
#[derive(Debug, Clone, Serialize)]
pub struct Response {
    /// The status; 444 where the connection is closed without an answer.
    pub status: Option<u16>,
    /// The headers, but for those that nginx always sends.
    pub headers: Vec<HeaderShown>,
    /// The headers of the upstream that are hidden.
    pub hidden: Vec<String>,
    /// The `Server` header of nginx.
    pub server_header: Option<String>,
}

/// A response header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HeaderShown {
    /// Its name.
    pub name: String,
    /// Its value; null where that cannot be told.
    pub value: Option<String>,
    /// Whether it is sent whatever the status.
    pub always: bool,
    /// The file that says it; null for what the upstream sends or nginx makes.
    pub path: Option<String>,
    /// The line that says it.
    pub line: Option<usize>,
}

/// What becomes of a request.
#[derive(Debug, Clone, Serialize)]
pub struct Forwarded {
    /// Where it is handed on to, if it is.
    pub to: Option<String>,
    /// The target of the request that is sent on.
    pub target: Option<String>,
    /// The headers that are sent on, or the parameters; null where nobody is asked.
    pub headers: Option<Vec<Pair>>,
    /// The largest body, in bytes; null for none.
    pub body_limit: Option<u64>,
    /// The status with which it is turned away for its size or form.
    pub rejected: Option<u16>,
}

/// A header that is sent on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pair {
    /// Its name.
    pub name: String,
    /// Its value; null where that cannot be told.
    pub value: Option<String>,
}

/// Where a request is logged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogShown {
    /// The access logs.
    pub access: Vec<String>,
    /// The error log.
    pub error: Option<String>,
}

/// How a cache has to do with a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CacheShown {
    /// The zone.
    pub zone: Option<String>,
    /// The key.
    pub key: Option<String>,
    /// Whether a kept answer is given.
    pub lookup: Option<bool>,
    /// Whether this answer is kept.
    pub store: Option<bool>,
    /// Why.
    pub why: String,
}

impl Answer {
    /// The parts in which two answers differ.
    pub(super) fn differences(&self, other: &Answer) -> Vec<&'static str> {
        let place = |location: &Option<LocationShown>| {
            location.as_ref().map(|location| (location.text.clone(), location.path.clone(), location.line))
        };
        let sorted = |answer: &Answer| {
            let mut headers: Vec<_> =
                answer.response.headers.iter().map(|header| (header.name.clone(), header.value.clone())).collect();
            headers.sort();
            (headers, answer.response.server_header.clone())
        };
        let pairs = [
            ((&self.server.path, self.server.line) != (&other.server.path, other.server.line), "server"),
            (place(&self.location) != place(&other.location), "location"),
            (self.response.status != other.response.status, "response.status"),
            (sorted(self) != sorted(other), "response.headers"),
            (self.request.headers != other.request.headers, "request.headers"),
            (self.request.target != other.request.target, "request.target"),
            (self.request.body_limit != other.request.body_limit, "request.body_limit"),
            (self.request.rejected != other.request.rejected, "request.rejected"),
            (self.access != other.access, "access"),
            (self.log != other.log, "log"),
            (self.cache != other.cache, "cache"),
        ];
        pairs.into_iter().filter(|(differs, _)| *differs).map(|(_, what)| what).collect()
    }
}
