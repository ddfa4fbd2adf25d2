//! What a request does to the real nginx, read from its answer, its logs and what the upstream was asked.

use std::collections::BTreeSet;

use super::server::{Exchange, Folder, Running};
use super::upstream::{Received, Reply, Upstream};

/// A request and what the upstream would say to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// 0 for `{PORT}`, 1 for `{PORT2}`.
    pub port: usize,
    /// The host, without a port.
    pub host: String,
    /// The target as it is sent.
    pub target: String,
    /// The method.
    pub method: String,
    /// Headers beside Host, Connection and Content-Length.
    pub headers: Vec<(String, String)>,
    /// The length of the body, if there is one.
    pub length: Option<usize>,
    /// The upstream's answer.
    pub reply: Reply,
    /// Whether somebody else asks the same afterwards, to see whether the answer was stored.
    pub again: bool,
}

impl Ask {
    /// The same, asked by somebody else.
    pub fn by_another(&self) -> Ask {
        let personal = ["cookie", "authorization"];
        let kept = |(name, _): &&(String, String)| !personal.contains(&name.to_lowercase().as_str());
        Ask { headers: self.headers.iter().filter(kept).cloned().collect(), again: false, ..self.clone() }
    }

    fn head(&self, folder: &Folder) -> String {
        let port = folder.ports[self.port];
        let mut head = format!("{} {} HTTP/1.1\r\nHost: {}:{port}\r\n", self.method, self.target, self.host);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if let Some(length) = self.length {
            head.push_str(&format!("Content-Length: {length}\r\n"));
        }
        head.push_str("Connection: close\r\n\r\n");
        head
    }
}

/// What was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The status, unless nginx hung up.
    pub status: Option<u16>,
    /// All headers of the answer.
    pub headers: Vec<(String, String)>,
    /// The location whose configuration came last, as nginx's debug log writes it; none where no location was looked
    /// for.
    pub location: Option<String>,
    /// Whether it looked for a location and does not tell which it found, as where that is internal.
    pub hidden: bool,
    /// The first name of the server, where a log tells it.
    pub server: Option<String>,
    /// What the upstream was asked, subrequests for permission left out.
    pub asked: Vec<Received>,
    /// Whether access was denied.
    pub denied: bool,
    /// Whether the body was too long, whatever the status became.
    pub too_large: bool,
    /// Whether nginx went on with another location than the one it found first.
    pub redirected: bool,
    /// The access logs that got a line.
    pub logs: BTreeSet<String>,
    /// The body of the answer.
    pub body: String,
    /// What all access logs got.
    pub logged: String,
    /// Whether the second one's answer came from the cache.
    pub stored: Option<bool>,
}

/// Asks once, and once more for somebody else. None where nobody listens.
pub fn observe(running: &Running, folder: &Folder, upstream: &Upstream, ask: &Ask) -> Option<Seen> {
    upstream.expect(&ask.reply);
    let body = vec![b'x'; ask.length.unwrap_or_default()];
    let exchange = running.exchange(folder.ports[ask.port], &ask.head(folder), &body)?;
    let asked = upstream.received();
    let mut seen = seen(exchange, asked);
    if ask.again {
        upstream.expect(&ask.reply);
        let other = ask.by_another();
        let exchange = running.exchange(folder.ports[ask.port], &other.head(folder), &body)?;
        seen.stored = Some(from_cache(&exchange.debug));
    }
    Some(seen)
}

fn seen(exchange: Exchange, asked: Vec<Received>) -> Seen {
    let located = located(&exchange.debug);
    let hidden = located.is_empty() && exchange.debug.contains(" test location: ");
    let server = exchange.access.values().find_map(|line| Some(line.split_once('|')?.0.to_owned()));
    let gone_on = ["internal redirect: \"", "using location: @", "rewritten data: "];
    Seen {
        status: exchange.status,
        headers: exchange.headers,
        redirected: located.len() > 1 || gone_on.iter().any(|mark| exchange.debug.contains(mark)),
        hidden,
        location: located.into_iter().next_back(),
        server: server.filter(|name| name != "-"),
        denied: ["access forbidden by rule", "auth request done s:403"]
            .iter()
            .any(|mark| exchange.debug.contains(mark))
            || exchange.status == Some(401),
        too_large: exchange.debug.lines().any(too_large),
        asked,
        body: exchange.body,
        logged: exchange.access.values().map(String::as_str).collect(),
        logs: exchange.access.into_keys().collect(),
        stored: None,
    }
}

/// Whether the cache had an answer: it says 0 for a page and the status for an error.
fn from_cache(debug: &str) -> bool {
    debug.lines().filter_map(|line| line.split_once("http upstream cache: ")).any(|(_, code)| {
        let code: i32 = code.trim().parse().unwrap_or(-1);
        code == 0 || code >= 100
    })
}

/// Whether a line tells that the body was too long for the request itself.
fn too_large(line: &str) -> bool {
    line.contains("client intended to send too large body") && !line.contains(", subrequest: ")
}

/// The locations that the request went through. A subrequest has its own, which do not count.
fn located(debug: &str) -> Vec<String> {
    let mut located = Vec::new();
    let mut subrequest = false;
    for line in debug.lines() {
        if line.contains(" http subrequest \"") {
            subrequest = true;
        } else if line.contains(" http wake parent request: ") {
            subrequest = false;
        } else if subrequest {
            continue;
        }
        if line.contains(" internal redirect: \"") {
            // The server's settings hold until a location is found again.
            located.push(String::new());
        } else if let Some((_, rest)) = line.split_once(" using configuration \"") {
            located.push(rest.trim_end_matches('"').to_owned());
        } else if let Some((_, rest)) = line.split_once(" using location: @") {
            let name = rest.split(' ').next().unwrap_or_default();
            located.push(format!("@{}", name.trim_start_matches('@')));
        }
    }
    located
}
