//! Sockets whose every operation ends by a deadline, also where it is one of many within TLS: a server that sends a byte
//! now and then is never silent, and never done.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::target::Limits;

/// A socket.
pub(super) struct Paced {
    socket: Socket,
    /// When nothing may go on any more.
    pub(super) deadline: Instant,
    /// How long one operation may take.
    pub(super) patience: Duration,
}

enum Socket {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(std::os::unix::net::UnixStream),
}

impl Paced {
    /// Connects to the first address of a host that takes a connection.
    pub(super) fn tcp(host: &str, port: u16, limits: Limits, deadline: Instant) -> Result<Paced, String> {
        let mut last = format!("`{host}` has no address");
        for address in addresses(host, port, limits)? {
            match Paced::at(address, limits, deadline) {
                Ok(paced) => return Ok(paced),
                Err(why) => last = why,
            }
        }
        Err(last)
    }

    /// Connects to an address.
    pub(super) fn at(address: SocketAddr, limits: Limits, deadline: Instant) -> Result<Paced, String> {
        let left = left(deadline).ok_or_else(|| limits.late())?;
        match TcpStream::connect_timeout(&address, left.min(limits.connect)) {
            Ok(tcp) => {
                tcp.set_nodelay(true).map_err(|error| said(&error))?;
                Ok(Paced { socket: Socket::Tcp(tcp), deadline, patience: limits.read })
            }
            Err(error) if is_timeout(&error) => Err(limits.unconnected()),
            Err(error) => Err(said(&error)),
        }
    }

    /// Connects to a unix socket. The system has no deadline for it: a server that stands still takes no connection.
    #[cfg(unix)]
    pub(super) fn unix(path: &Path, limits: Limits, deadline: Instant) -> Result<Paced, String> {
        let path = path.to_owned();
        let connected = within(limits.connect, move || std::os::unix::net::UnixStream::connect(path));
        let unix = connected.ok_or_else(|| limits.unconnected())?.map_err(|error| said(&error))?;
        Ok(Paced { socket: Socket::Unix(unix), deadline, patience: limits.read })
    }

    /// There are none here.
    #[cfg(not(unix))]
    pub(super) fn unix(_: &Path, _: Limits, _: Instant) -> Result<Paced, String> {
        Err("there are no unix sockets here".to_owned())
    }

    /// Whether the other end is on this host, as a server tells it.
    pub(super) fn is_local(&self) -> bool {
        match &self.socket {
            Socket::Tcp(tcp) => tcp.peer_addr().is_ok_and(|peer| peer.ip().is_loopback()),
            #[cfg(unix)]
            Socket::Unix(_) => true,
        }
    }

    /// The address of the other end, where it has one.
    pub(super) fn peer(&self) -> Option<SocketAddr> {
        match &self.socket {
            Socket::Tcp(tcp) => tcp.peer_addr().ok(),
            #[cfg(unix)]
            Socket::Unix(_) => None,
        }
    }

    /// The two ends of it: this one, and the other.
    pub(super) fn ends(&self) -> Option<(SocketAddr, SocketAddr)> {
        match &self.socket {
            Socket::Tcp(tcp) => tcp.local_addr().ok().zip(tcp.peer_addr().ok()),
            #[cfg(unix)]
            Socket::Unix(_) => None,
        }
    }

    /// Does something as soon as it can be done, or says that it is too late.
    fn timed<T>(&mut self, mut operation: impl FnMut(&mut Socket) -> io::Result<T>) -> io::Result<T> {
        loop {
            let wait = left(self.deadline).ok_or(io::ErrorKind::TimedOut)?.min(self.patience);
            self.socket.set_timeout(wait)?;
            match operation(&mut self.socket) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // TLS takes the other kind for a reason to ask again.
                Err(error) if is_timeout(&error) => return Err(io::ErrorKind::TimedOut.into()),
                done => return done,
            }
        }
    }
}

impl Socket {
    fn set_timeout(&self, wait: Duration) -> io::Result<()> {
        let wait = Some(wait);
        match self {
            Socket::Tcp(tcp) => tcp.set_read_timeout(wait).and_then(|()| tcp.set_write_timeout(wait)),
            #[cfg(unix)]
            Socket::Unix(unix) => unix.set_read_timeout(wait).and_then(|()| unix.set_write_timeout(wait)),
        }
    }
}

impl Read for Paced {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.timed(|socket| match socket {
            Socket::Tcp(tcp) => tcp.read(into),
            #[cfg(unix)]
            Socket::Unix(unix) => unix.read(into),
        })
    }
}

impl Write for Paced {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.timed(|socket| match socket {
            Socket::Tcp(tcp) => tcp.write(bytes),
            #[cfg(unix)]
            Socket::Unix(unix) => unix.write(bytes),
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Limits {
    /// What is said of a server that is not done in time.
    pub(super) fn late(&self) -> String {
        format!("not done within {}", seconds(self.whole))
    }

    fn unconnected(&self) -> String {
        format!("no connection within {}", seconds(self.connect))
    }
}

/// A time as people write it.
pub(super) fn seconds(time: Duration) -> String {
    match time.subsec_millis() {
        0 => format!("{} s", time.as_secs()),
        _ => format!("{} ms", time.as_millis()),
    }
}

/// The time until then, if there is any.
fn left(deadline: Instant) -> Option<Duration> {
    deadline.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
}

/// The addresses of a host.
fn addresses(host: &str, port: u16, limits: Limits) -> Result<Vec<SocketAddr>, String> {
    if let Ok(ip) = host.parse() {
        return Ok(vec![SocketAddr::new(ip, port)]);
    }
    let name = host.to_owned();
    match within(limits.connect, move || (name.as_str(), port).to_socket_addrs().map(Iterator::collect)) {
        Some(Ok(addresses)) => Ok(addresses),
        Some(Err(_)) => Err(format!("`{host}` has no address")),
        None => Err(format!("no address of `{host}` within {}", seconds(limits.connect))),
    }
}

/// What comes of something that has no deadline of its own: it is left behind when it takes too long.
fn within<T: Send + 'static>(limit: Duration, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (tell, told) = mpsc::channel();
    // Nobody may be waiting any more.
    std::thread::spawn(move || drop(tell.send(work())));
    told.recv_timeout(limit).ok()
}

/// Whether an operation only took too long.
pub(super) fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

/// Whether the other end is no longer there.
pub(super) fn is_closed(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), ConnectionReset | BrokenPipe | UnexpectedEof)
}

/// What is wrong with a connection, in words that people use.
pub(super) fn said(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "nothing listens there".to_owned(),
        _ if is_closed(error) => "it closed the connection".to_owned(),
        io::ErrorKind::NotFound => "no such socket".to_owned(),
        io::ErrorKind::PermissionDenied => "the system refuses the connection".to_owned(),
        _ => error.to_string(),
    }
}
