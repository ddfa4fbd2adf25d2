//! Where a server listens, and sessions with it.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use redis::{ConnectionAddr, ConnectionLike, IntoConnectionInfo, RedisConnectionInfo, Value};

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Endpoint {
    /// A Unix socket.
    Unix(PathBuf),
    /// An address and port, TLS or not.
    Tcp(SocketAddr),
}

/// Whether somebody answers there, whatever it is.
pub fn answers(endpoint: &Endpoint) -> bool {
    match Client::open(endpoint, None) {
        Ok(mut client) => client.ask(&["PING"]).is_ok(),
        Err(_) => false,
    }
}

/// Where a process listens, from the sockets that it holds; Unix sockets first.
pub fn listening(pid: u32, work: &Path) -> Vec<Endpoint> {
    let held: Vec<String> = fs::read_dir(format!("/proc/{pid}/fd"))
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| fs::read_link(entry.path()).ok())
        .filter_map(|target| Some(target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned()))
        .collect();
    let table = |name: &str| fs::read_to_string(format!("/proc/{pid}/net/{name}")).unwrap_or_default();
    let mut endpoints = Vec::new();
    if held.is_empty() {
        return endpoints;
    }
    for line in table("unix").lines() {
        // Num RefCount Protocol Flags Type St Inode Path; the flag is __SO_ACCEPTCON.
        let fields: Vec<&str> = line.split_whitespace().collect();
        if let [_, _, _, "00010000", _, _, inode, path] = fields[..]
            && held.iter().any(|held| held == inode)
        {
            endpoints.push(Endpoint::Unix(work.join(path)));
        }
    }
    for line in table("tcp").lines().chain(table("tcp6").lines()) {
        let fields: Vec<&str> = line.split_whitespace().collect();
        if fields.get(3) == Some(&"0A")
            && fields.get(9).is_some_and(|inode| held.iter().any(|held| held == inode))
            && let Some(address) = fields.get(1).and_then(|address| socket_address(address))
        {
            endpoints.push(Endpoint::Tcp(address));
        }
    }
    endpoints.sort();
    endpoints
}

/// An address as `/proc/net/tcp` writes it: words of four bytes in the machine's order, and the port.
fn socket_address(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let mut bytes = Vec::new();
    for at in (0..address.len()).step_by(8) {
        bytes.extend(u32::from_str_radix(address.get(at..at + 8)?, 16).ok()?.to_ne_bytes());
    }
    let address: IpAddr = match <[u8; 4]>::try_from(bytes.as_slice()) {
        Ok(four) => Ipv4Addr::from(four).into(),
        Err(_) => Ipv6Addr::from(<[u8; 16]>::try_from(bytes.as_slice()).ok()?).into(),
    };
    Some(SocketAddr::new(address, port))
}

/// A session with a server.
pub struct Client(redis::Connection);

impl Client {
    /// Connects, and logs in where a user and password are given.
    pub fn open(endpoint: &Endpoint, login: Option<(&str, &str)>) -> Result<Client, String> {
        let address = match endpoint {
            Endpoint::Unix(path) => ConnectionAddr::Unix(path.clone()),
            Endpoint::Tcp(address) => {
                let host = match address.ip() {
                    IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
                    IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
                    other => other,
                };
                ConnectionAddr::Tcp(host.to_string(), address.port())
            }
        };
        let open = || -> redis::RedisResult<redis::Connection> {
            let info = address.clone().into_connection_info()?;
            let info = info.set_redis_settings(RedisConnectionInfo::default().set_skip_set_lib_name());
            let connection = redis::Client::open(info)?.get_connection_with_timeout(Duration::from_secs(5))?;
            connection.set_read_timeout(Some(Duration::from_secs(20)))?;
            Ok(connection)
        };
        let mut client = Client(open().map_err(|error| error.to_string())?);
        if let Some((user, password)) = login {
            match client.ask(&["AUTH", user, password])? {
                Value::Okay => {}
                other => return Err(text(&other)),
            }
        }
        Ok(client)
    }

    /// One question.
    pub fn ask(&mut self, words: &[&str]) -> Result<Value, String> {
        let mut replies = self.ask_all(&[words])?;
        replies.pop().ok_or_else(|| "no reply".to_owned())
    }

    /// Many questions, sent at once; their replies in order, errors among them. `Err` when the session breaks.
    pub fn ask_all<Q: AsRef<[W]>, W: AsRef<[u8]>>(&mut self, questions: &[Q]) -> Result<Vec<Value>, String> {
        let mut packed = Vec::new();
        for question in questions {
            packed.extend(format!("*{}\r\n", question.as_ref().len()).bytes());
            for word in question.as_ref() {
                packed.extend(format!("${}\r\n", word.as_ref().len()).bytes());
                packed.extend(word.as_ref());
                packed.extend(b"\r\n");
            }
        }
        self.0.req_packed_commands(&packed, 0, questions.len()).map_err(|error| error.to_string())
    }
}

/// A reply as one line; errors start with `-`.
pub fn text(value: &Value) -> String {
    match value {
        Value::Okay => "OK".to_owned(),
        Value::SimpleString(text) => text.clone(),
        Value::BulkString(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Value::Int(number) => number.to_string(),
        Value::Nil => "nil".to_owned(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(" "),
        Value::ServerError(error) => format!("-{} {}", error.code(), error.details().unwrap_or_default()),
        other => format!("{other:?}"),
    }
}

/// The items of a list.
pub fn items(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) => items,
        _ => &[],
    }
}
