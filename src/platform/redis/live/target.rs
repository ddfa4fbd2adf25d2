//! Where a server is, and how to log in.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// A server that is to be asked.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    /// How to get there.
    pub address: Address,
    /// Whether the connection is to be TLS.
    pub tls: bool,
    /// What the scheme promises to find there.
    pub promised: Promised,
    /// With what to log in, if with anything.
    pub login: Option<Login>,
    /// Why it gets no login though there is one; then `login` is `None`.
    pub withheld: Option<String>,
}

/// How to get to a server.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Address {
    /// A host name or address without brackets, and a port.
    Tcp(String, u16),
    /// A unix socket.
    Unix(PathBuf),
}

/// What a scheme promises to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Promised {
    /// A server.
    Server,
    /// A member of a cluster.
    Cluster,
    /// A Sentinel.
    Sentinel,
}

/// A user and the password.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// The user; `None` for the default one.
    pub user: Option<String>,
    /// The password, which is never shown.
    pub password: String,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("user", &self.user).field("password", &"***").finish()
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url())
    }
}

/// How long an audit of one server may take, and how much of it is kept.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// For the connection to be made.
    pub connect: Duration,
    /// Between two pieces of an answer.
    pub read: Duration,
    /// For everything.
    pub whole: Duration,
    /// How many bytes of answers are taken.
    pub memory: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        let seconds = Duration::from_secs;
        Limits { connect: seconds(3), read: seconds(5), whole: seconds(15), memory: 16 << 20 }
    }
}

/// The port where none is written: `server.h: CONFIG_DEFAULT_PORT`, `sentinel.c: REDIS_SENTINEL_PORT`.
fn usual_port(promised: Promised) -> u16 {
    match promised {
        Promised::Sentinel => 26379,
        Promised::Server | Promised::Cluster => 6379,
    }
}

impl Target {
    /// Reads a URL: `redis://[[user]:password@]host[:port]`, `rediss://` for TLS, `unix:///path`, and
    /// `redis+sentinel://` or `redis+cluster://` for any member of such a group.
    ///
    /// # Errors
    /// What is wrong with it, without what may be a password.
    pub fn parse(url: &str) -> Result<Target, String> {
        let (scheme, rest) = url.split_once("://").ok_or("expected a URL such as redis://host:6379")?;
        let (scheme, promised) = match scheme.split_once('+') {
            Some((scheme, "sentinel")) => (scheme, Promised::Sentinel),
            Some((scheme, "cluster")) => (scheme, Promised::Cluster),
            Some(("redis" | "valkey", "unix")) => ("unix", Promised::Server),
            _ => (scheme, Promised::Server),
        };
        let tls = match scheme {
            "redis" | "valkey" | "unix" => false,
            "rediss" | "valkeys" => true,
            other => {
                return Err(format!(
                    "`{other}://` is no scheme: expected redis, rediss, unix, redis+sentinel or redis+cluster"
                ));
            }
        };
        let (authority, path) = rest.find(['/', '?', '#']).map_or((rest, ""), |at| rest.split_at(at));
        if path.contains('@') {
            // What stands before it may be the start of a password.
            return Err("an `@` behind the host: write `%2F`, `%3F`, `%23` for `/`, `?`, `#` in a password".to_owned());
        }
        let (login, host) = match authority.rsplit_once('@') {
            Some((login, host)) => (Some(self::login(login)?), host),
            None => (None, authority),
        };
        let address = match scheme {
            "unix" if host.is_empty() && path.starts_with('/') => {
                let path = path.split(['?', '#']).next().unwrap_or_default();
                Address::Unix(PathBuf::from(decoded(path)?))
            }
            "unix" => return Err("expected unix:///path/of/the/socket".to_owned()),
            _ => self::address(host, usual_port(promised))?,
        };
        Ok(Target { address, tls, promised, login, withheld: None })
    }

    /// A server that this one told of, reached in the same way. Whoever can make a server name others could collect the
    /// login by it, so without `trusted` it gets none.
    pub fn member(&self, (host, port): (String, u16), trusted: bool) -> Target {
        let address = Address::Tcp(host, port);
        let mut member = Target { address, promised: Promised::Server, ..self.clone() };
        if !trusted && member.login.take().is_some() {
            let why = "another server named it, and it was not reached by TLS with an authority of one's own that \
                       would prove what it is (--login-members logs in to all)";
            member.withheld = Some(why.to_owned());
        }
        member
    }

    /// The URL without a password.
    pub fn url(&self) -> String {
        let login = match &self.login {
            None => String::new(),
            Some(Login { user, .. }) => format!("{}:***@", user.as_deref().unwrap_or_default()),
        };
        format!("{}{login}{}", self.scheme(), self.place())
    }

    /// The URL without anybody's name.
    pub fn plain_url(&self) -> String {
        format!("{}{}", self.scheme(), self.place())
    }

    fn scheme(&self) -> String {
        let scheme = match (&self.address, self.tls) {
            (Address::Unix(_), _) => "unix",
            (_, true) => "rediss",
            (_, false) => "redis",
        };
        let group = match self.promised {
            Promised::Server => "",
            Promised::Cluster => "+cluster",
            Promised::Sentinel => "+sentinel",
        };
        format!("{scheme}{group}://")
    }

    /// `host:port`, or the path of a socket.
    pub fn place(&self) -> String {
        match &self.address {
            Address::Tcp(host, port) if host.contains(':') => format!("[{host}]:{port}"),
            Address::Tcp(host, port) => format!("{host}:{port}"),
            Address::Unix(path) => path.display().to_string(),
        }
    }
}

fn login(text: &str) -> Result<Login, String> {
    let (user, password) = match text.split_once(':') {
        Some((user, password)) => (user, password),
        None => return Err("a name without a password: expected user:password@ or :password@".to_owned()),
    };
    let user = Some(decoded(user)?).filter(|user| !user.is_empty());
    Ok(Login { user, password: decoded(password)? })
}

fn address(host: &str, usual: u16) -> Result<Address, String> {
    let (host, port) = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, "")) => (host, None),
        Some((host, port)) => (host, Some(port.strip_prefix(':').ok_or("something between `]` and the port")?)),
        None => host.split_once(':').map_or((host, None), |(host, port)| (host, Some(port))),
    };
    let host = decoded(host)?;
    if host.is_empty() {
        return Err("a URL without a host".to_owned());
    }
    if host.contains(|letter: char| letter.is_control() || letter.is_whitespace()) {
        return Err("a host with a blank or a control character".to_owned());
    }
    let port = match port.filter(|port| !port.is_empty()) {
        None => usual,
        Some(port) => port.parse().map_err(|_| "the port is no number up to 65535".to_owned())?,
    };
    Ok(Address::Tcp(host, port))
}

/// Percent-encoding taken out (RFC 3986, section 2.1).
fn decoded(text: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = rest.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let value = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(value.ok_or("a `%` without two hexadecimal digits after it: write `%25` for a `%`")?);
        rest = &rest[2..];
    }
    String::from_utf8(bytes).map_err(|_| "a URL that is no UTF-8".to_owned())
}
