//! Which server answers: the sockets that servers listen on, and the names they go by (ngx_http_core_module.c and
//! ngx_http.c, 1.22.1).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::pattern::{self, Found};
use super::scope::{Kind, LevelId, Levels};
use super::tree::Directive;
use super::value::pieces;

/// One `listen`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen {
    /// The address as it is written, without the port; `*` where there is none.
    pub host: String,
    /// The address, where it is one and not a wildcard.
    pub address: Option<IpAddr>,
    /// The port; 0 for a Unix socket.
    pub port: u16,
    /// Whether it is a wildcard of IPv6.
    pub v6: bool,
    /// Whether it is a Unix socket.
    pub unix: bool,
    /// Whether connections are encrypted.
    pub ssl: bool,
    /// Whether its server answers for names that no server has.
    pub default: bool,
}

impl Listen {
    /// What a directive says (`ngx_http_core_listen`, `ngx_parse_url`); a port that is none counts as 80.
    pub fn parse(directive: &Directive) -> Listen {
        let text = directive.arg(0);
        let parameter = |names: &[&str]| directive.args.iter().skip(1).any(|word| names.contains(&&**word));
        let (default, ssl) = (parameter(&["default_server", "default"]), parameter(&["ssl", "quic"]));
        let mut listen = Listen {
            host: "*".to_owned(),
            address: None,
            port: 80,
            v6: false,
            unix: text.starts_with("unix:"),
            ssl,
            default,
        };
        if listen.unix {
            (listen.host, listen.port) = (text.to_owned(), 0);
        } else if let Some(rest) = text.strip_prefix('[') {
            let (inner, port) = rest.split_once(']').unwrap_or((rest, ""));
            listen.port = port.strip_prefix(':').and_then(|port| port.parse().ok()).unwrap_or(80);
            listen.v6 = true;
            listen.host = format!("[{inner}]");
            listen.address = inner.parse::<Ipv6Addr>().ok().filter(|ip| !ip.is_unspecified()).map(IpAddr::V6);
        } else if let Ok(port) = text.parse() {
            listen.port = port;
        } else {
            let (host, port) = text.rsplit_once(':').unwrap_or((text, "80"));
            listen.port = port.parse().unwrap_or(80);
            listen.host = if host.is_empty() { "*".to_owned() } else { host.to_owned() };
            listen.address = host.parse::<Ipv4Addr>().ok().filter(|ip| !ip.is_unspecified()).map(IpAddr::V4);
            if host == "0.0.0.0" {
                listen.host = "*".to_owned();
            }
        }
        listen
    }

    fn same_socket(&self, other: &Listen) -> bool {
        (self.unix, self.v6, &self.host, self.address, self.port)
            == (other.unix, other.v6, &other.host, other.address, other.port)
    }
}

/// The servers of a configuration that listen.
#[derive(Debug)]
pub struct Listening {
    /// Each socket that is listened on, with the servers behind it in order.
    pub sockets: Vec<Socket>,
}

/// A socket and the servers behind it.
#[derive(Debug)]
pub struct Socket {
    /// The first `listen` of it.
    pub listen: Listen,
    /// Whether some `listen` of it says `ssl`.
    pub ssl: bool,
    /// The server for names that nobody has.
    pub default: LevelId,
    /// The servers, in the order of the configuration.
    pub servers: Vec<LevelId>,
}

/// What a name led to.
#[derive(Debug)]
pub struct Chosen {
    /// The server.
    pub server: LevelId,
    /// What its regular expression found, if it has one.
    pub found: Option<Found>,
    /// Whether an expression on the way could not be tried.
    pub doubt: bool,
    /// Whether the server has the name, and is not just the default.
    pub by_name: bool,
}

impl Listening {
    /// What listens in a configuration. A server without `listen` has `*:80`, or `*:8000` where it is not started as
    /// root; the first is taken.
    pub fn of(levels: &Levels<'_>) -> Listening {
        let mut sockets: Vec<Socket> = Vec::new();
        for server in levels.of_kind(Kind::Server) {
            let mut listens: Vec<Listen> = levels.own(server, "listen").map(Listen::parse).collect();
            let old_ssl = levels.flag(server, "ssl", false);
            if listens.is_empty() {
                listens.push(Listen {
                    host: "*".to_owned(),
                    address: None,
                    port: 80,
                    v6: false,
                    unix: false,
                    ssl: false,
                    default: false,
                });
            }
            for listen in listens {
                let (ssl, default) = (listen.ssl || old_ssl, listen.default);
                match sockets.iter_mut().find(|socket| socket.listen.same_socket(&listen)) {
                    Some(socket) => {
                        if !socket.servers.contains(&server) {
                            socket.servers.push(server);
                        }
                        socket.ssl |= ssl;
                        if default {
                            socket.default = server;
                        }
                    }
                    None => sockets.push(Socket { listen, ssl, default: server, servers: vec![server] }),
                }
            }
        }
        Listening { sockets }
    }

    /// The sockets that a connection to this port may come in on: where the address is known the one that is bound to
    /// it, or else the wildcard; where it is not known each of them.
    pub fn sockets_for(&self, address: Option<IpAddr>, port: u16) -> Vec<&Socket> {
        let here = |socket: &&Socket| socket.listen.port == port && !socket.listen.unix;
        let Some(address) = address else { return self.sockets.iter().filter(here).collect() };
        let exact = self.sockets.iter().filter(here).find(|socket| socket.listen.address == Some(address));
        let family = |socket: &&Socket| {
            socket.listen.address.is_none() && socket.listen.v6 == address.is_ipv6() && is_wildcard(&socket.listen)
        };
        exact.or_else(|| self.sockets.iter().filter(here).find(family)).into_iter().collect()
    }
}

fn is_wildcard(listen: &Listen) -> bool {
    matches!(&*listen.host, "*" | "[::]")
}

/// The names of a server: those it is given, or the empty one.
pub fn names(levels: &Levels<'_>, server: LevelId) -> Vec<String> {
    let given = levels.own(server, "server_name").flat_map(|directive| &directive.args);
    let mut names: Vec<String> = given.map(|word| word.to_string()).collect();
    if names.is_empty() {
        names.push(String::new());
    }
    names
}

impl Socket {
    /// The server that answers for a name (`ngx_http_find_virtual_server`): the exact name, then the longest
    /// `*.example.com`, the longest `mail.*`, the first regular expression, the default server.
    pub fn server(&self, levels: &Levels<'_>, host: &str) -> Chosen {
        let host = host.to_ascii_lowercase();
        let mut best: Option<(usize, usize, LevelId)> = None;
        let mut regexes = Vec::new();
        for &server in &self.servers {
            for name in names(levels, server) {
                if let Some(pattern) = name.strip_prefix('~') {
                    regexes.push((server, pattern.to_owned()));
                    continue;
                }
                let name = name.to_ascii_lowercase();
                // The rank, the smaller the better, and the length, the longer the better.
                let fits = match (name.strip_prefix("*."), name.strip_prefix('.'), name.strip_suffix(".*")) {
                    (Some(rest), ..) => tail(&host, rest).then_some((1, rest.len())),
                    (_, Some(rest), _) if *host == *rest => Some((0, rest.len())),
                    (_, Some(rest), _) => tail(&host, rest).then_some((1, rest.len())),
                    (.., Some(rest)) => head(&host, rest).then_some((2, rest.len())),
                    _ => (*host == *name).then_some((0, name.len())),
                };
                if let Some((rank, length)) = fits {
                    let better =
                        best.is_none_or(|(old, old_length, _)| rank < old || rank == old && length > old_length);
                    if better {
                        best = Some((rank, length, server));
                    }
                }
            }
        }
        if let Some((_, _, server)) = best.filter(|_| !host.is_empty()) {
            return Chosen { server, found: None, doubt: false, by_name: true };
        }
        let mut doubt = false;
        for (server, pattern) in regexes.into_iter().filter(|_| !host.is_empty()) {
            match pattern::find(&pattern, true, &host) {
                None => doubt = true,
                Some(None) => {}
                Some(Some(found)) => return Chosen { server, found: Some(found), doubt, by_name: true },
            }
        }
        let server = best.map_or(self.default, |(_, _, server)| server);
        Chosen { server, found: None, doubt, by_name: false }
    }
}

fn tail(host: &str, rest: &str) -> bool {
    host.strip_suffix(rest).is_some_and(|front| front.len() > 1 && front.ends_with('.'))
}

fn head(host: &str, rest: &str) -> bool {
    host.strip_prefix(rest).is_some_and(|back| back.len() > 1 && back.starts_with('.'))
}

/// Whether a name has a variable in it, which nginx only takes as `$hostname`.
pub fn has_variable(name: &str) -> bool {
    !name.starts_with('~') && pieces(name).iter().any(|piece| matches!(piece, super::value::Piece::Variable(_)))
}
