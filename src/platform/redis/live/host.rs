//! Whether a server is on this very host, and which addresses of its `bind` the host has no more: it runs with them
//! until it is restarted, and does not start again.

use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr, UdpSocket};

use super::ask::{Answers, Ask};
use super::reply::Reply;

/// The addresses of `bind` that this host does not have, of a server that is on it; what it did not tell, where it may
/// be; `None` where it is elsewhere.
///
/// It is here where both ends of the connection have one address, and it sees the same two ends: what is forwarded into
/// a container or through a tunnel has others there.
pub(super) fn missing(answers: &Answers, (own, other): (SocketAddr, SocketAddr)) -> Option<Result<Vec<String>, Ask>> {
    if own.ip() != other.ip() {
        return None;
    }
    let Some(clients) = answers.reply(Ask::Clients).and_then(Reply::text) else { return Some(Err(Ask::Clients)) };
    let is_own = |line: &str| {
        let has = |name: &str, end: SocketAddr| line.split(' ').any(|word| word == format!("{name}={end}"));
        has("addr", own) && has("laddr", other)
    };
    if !clients.lines().any(is_own) {
        return None;
    }
    let bind = answers.reply(Ask::Config).and_then(|settings| settings.field("bind")).and_then(Reply::text);
    let Some(bind) = bind else { return Some(Err(Ask::Config)) };
    // The server itself leaves one with a `-` out.
    let wanted = bind.split_whitespace().filter(|address| !address.starts_with('-'));
    Some(Ok(wanted.filter(|address| is_missing(address)).map(str::to_owned).collect()))
}

/// Whether nothing on this host can be bound to it. Names are not looked up.
fn is_missing(address: &str) -> bool {
    let Ok(address) = address.parse::<IpAddr>() else { return false };
    UdpSocket::bind((address, 0)).is_err_and(|error| error.kind() == ErrorKind::AddrNotAvailable)
}
