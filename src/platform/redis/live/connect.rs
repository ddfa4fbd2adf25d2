//! A connection to a server that may be slow, broken or hostile: every wait ends by a deadline, and no more is kept than
//! the limits say.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};

use super::ask::{Answer, Ask};
use super::reply::{parse, whole};
use super::target::{Address, Limits, Login, Target};
use super::trust::config;

/// With what a connection is secured.
#[derive(Debug, Clone, Default)]
pub struct Tls {
    /// The certificates that are trusted; without them those of this machine.
    pub ca: Option<PathBuf>,
    /// The certificate that is shown to the server.
    pub cert: Option<PathBuf>,
    /// Its private key.
    pub key: Option<PathBuf>,
    /// The name that the server's certificate is to have, instead of the host's.
    pub server_name: Option<String>,
    /// Whether a password is sent to a server whose certificate is not trusted.
    pub insecure: bool,
}

/// How a connection is secured.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Security {
    /// The protocol, such as `TLSv1.3`; `None` without TLS.
    pub protocol: Option<String>,
    /// Why the certificate is not trusted; `None` where it is, and without TLS.
    pub distrust: Option<String>,
    /// The certificates that the server shows, its own first, in DER.
    pub chain: Vec<Vec<u8>>,
}

enum Stream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(std::os::unix::net::UnixStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

/// A connection.
pub struct Connection {
    stream: Stream,
    security: Security,
    local: bool,
    limits: Limits,
    deadline: Instant,
    /// What is to be sent.
    queued: Vec<u8>,
    /// What arrived and is in no reply yet.
    arrived: VecDeque<u8>,
    /// How many bytes have arrived at all.
    taken: usize,
    /// Why nothing more comes.
    broken: Option<String>,
}

/// How many bytes are read at once.
const PIECE: usize = 64 * 1024;

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// Why no connection came about; no text has a password.
    pub fn open(target: &Target, tls: &Tls, limits: Limits) -> Result<Connection, String> {
        let deadline = Instant::now() + limits.whole;
        let (stream, local) = match &target.address {
            Address::Tcp(host, port) => {
                let tcp = tcp(host, *port, limits, deadline)?;
                let local = tcp.peer_addr().is_ok_and(|peer| peer.ip().is_loopback());
                (Stream::Tcp(tcp), local)
            }
            #[cfg(unix)]
            Address::Unix(path) => {
                let socket = std::os::unix::net::UnixStream::connect(path).map_err(|error| said(&error))?;
                (Stream::Unix(socket), true)
            }
            #[cfg(not(unix))]
            Address::Unix(_) => return Err("there are no unix sockets here".to_owned()),
        };
        let (queued, arrived) = (Vec::new(), VecDeque::new());
        let security = Security::default();
        let mut line =
            Connection { stream, security, local, limits, deadline, queued, arrived, taken: 0, broken: None };
        if let (true, Stream::Tcp(_), Address::Tcp(host, _)) = (target.tls, &line.stream, &target.address) {
            line = line.secured(host, tls)?;
            if let Some(why) = line.security.distrust.as_ref().filter(|_| target.login.is_some() && !tls.insecure) {
                return Err(format!(
                    "no password is sent to a server that is not trusted: {why} (--insecure sends it)"
                ));
            }
        }
        Ok(line)
    }

    /// How it is secured.
    pub fn security(&self) -> &Security {
        &self.security
    }

    /// Whether it stays within this host.
    pub fn is_local(&self) -> bool {
        self.local
    }

    fn secured(mut self, host: &str, tls: &Tls) -> Result<Connection, String> {
        let seen = Arc::new(Mutex::new(None));
        let config = config(tls, seen.clone())?;
        let name = tls.server_name.as_deref().unwrap_or(host).to_owned();
        let name =
            ServerName::try_from(name).map_err(|_| format!("`{host}` is no name that a certificate can have"))?;
        let client = ClientConnection::new(Arc::new(config), name).map_err(|error| error.to_string())?;
        let Stream::Tcp(tcp) = self.stream else { return Err("TLS needs TCP".to_owned()) };
        let mut owned = Box::new(StreamOwned::new(client, tcp));
        while owned.conn.is_handshaking() {
            let left = self.deadline.checked_duration_since(Instant::now()).filter(|left| !left.is_zero());
            let wait = left.ok_or_else(|| self.limits.late())?.min(self.limits.connect);
            let set = owned.sock.set_read_timeout(Some(wait)).and_then(|()| owned.sock.set_write_timeout(Some(wait)));
            set.map_err(|error| said(&error))?;
            owned.conn.complete_io(&mut owned.sock).map_err(|error| handshake(&error))?;
        }
        self.security.protocol = owned.conn.protocol_version().map(|version| match version {
            rustls::ProtocolVersion::TLSv1_2 => "TLSv1.2".to_owned(),
            rustls::ProtocolVersion::TLSv1_3 => "TLSv1.3".to_owned(),
            other => format!("{other:?}"),
        });
        let chain = owned.conn.peer_certificates().unwrap_or_default();
        self.security.chain = chain.iter().map(|certificate| certificate.as_ref().to_vec()).collect();
        self.security.distrust = seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        self.stream = Stream::Tls(owned);
        Ok(self)
    }

    /// Puts a command among those that are sent next. `argument` comes after its words.
    pub fn queue(&mut self, ask: Ask, argument: Option<&[u8]>) {
        let mut command = redis::Cmd::new();
        command.arg(ask.words());
        if let Some(argument) = argument {
            command.arg(argument);
        }
        self.queued.extend(command.get_packed_command());
    }

    /// Puts a login among what is sent next.
    pub fn queue_login(&mut self, login: &Login) {
        let mut command = redis::cmd("AUTH");
        if let Some(user) = &login.user {
            command.arg(user);
        }
        self.queued.extend(command.arg(&login.password).get_packed_command());
    }

    /// Sends what was queued.
    pub fn send(&mut self) {
        let bytes = std::mem::take(&mut self.queued);
        if self.broken.is_some() {
            return;
        }
        if let Err(why) = self.wait().and_then(|()| self.stream.write_all(&bytes).map_err(|error| self.heard(&error))) {
            // What came before may still be there to be read.
            if self.arrived.is_empty() {
                self.broken = Some(why);
            }
        }
    }

    /// The next reply.
    pub fn receive(&mut self) -> Answer {
        loop {
            if let Some(why) = &self.broken {
                return Answer::Missing(why.clone());
            }
            let bytes = self.arrived.make_contiguous();
            let told =
                whole(bytes).and_then(|length| length.map(|length| Ok((length, parse(&bytes[..length])?))).transpose());
            match told {
                Ok(Some((length, reply))) => {
                    self.arrived.drain(..length);
                    return Answer::Reply(reply);
                }
                Ok(None) => self.broken = self.more().err(),
                Err(why) => self.broken = Some(why),
            }
        }
    }

    /// Reads until as much has come as was there already: so looking whether a long reply is whole stays cheap.
    fn more(&mut self) -> Result<(), String> {
        let wanted = self.arrived.len().max(1);
        let mut piece = vec![0; PIECE];
        let mut come = 0;
        while come < wanted {
            self.wait()?;
            let count = match self.stream.read(&mut piece) {
                Ok(0) => return self.ended(come),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) if come > 0 && is_timeout(&error) => return Ok(()),
                Err(error) => return Err(self.heard(&error)),
            };
            self.taken += count;
            if self.taken > self.limits.memory {
                return Err(format!("it answers with more than {} MiB", self.limits.memory >> 20));
            }
            self.arrived.extend(&piece[..count]);
            come += count;
            // A short read: nothing more is there yet, and what came may be all.
            if count < PIECE {
                break;
            }
        }
        Ok(())
    }

    fn ended(&self, come: usize) -> Result<(), String> {
        if come > 0 { Ok(()) } else { Err("it closed the connection".to_owned()) }
    }

    /// Lets the next operation wait no longer than the limits say.
    fn wait(&mut self) -> Result<(), String> {
        let left = self.deadline.checked_duration_since(Instant::now()).filter(|left| !left.is_zero());
        let wait = Some(left.ok_or_else(|| self.limits.late())?.min(self.limits.read));
        let set = match &self.stream {
            Stream::Tcp(tcp) => tcp.set_read_timeout(wait).and_then(|()| tcp.set_write_timeout(wait)),
            #[cfg(unix)]
            Stream::Unix(unix) => unix.set_read_timeout(wait).and_then(|()| unix.set_write_timeout(wait)),
            Stream::Tls(tls) => tls.sock.set_read_timeout(wait).and_then(|()| tls.sock.set_write_timeout(wait)),
        };
        set.map_err(|error| said(&error))
    }

    fn heard(&self, error: &io::Error) -> String {
        match is_timeout(error) {
            true if Instant::now() >= self.deadline => self.limits.late(),
            true => format!("no answer within {}", seconds(self.limits.read)),
            false => said(error),
        }
    }
}

impl Limits {
    fn late(&self) -> String {
        format!("not done within {}", seconds(self.whole))
    }
}

fn seconds(time: Duration) -> String {
    match time.subsec_millis() {
        0 => format!("{} s", time.as_secs()),
        _ => format!("{} ms", time.as_millis()),
    }
}

impl Read for Stream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Tcp(tcp) => tcp.read(into),
            #[cfg(unix)]
            Stream::Unix(unix) => unix.read(into),
            Stream::Tls(tls) => tls.read(into),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Tcp(tcp) => tcp.write(bytes),
            #[cfg(unix)]
            Stream::Unix(unix) => unix.write(bytes),
            Stream::Tls(tls) => tls.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Stream::Tcp(tcp) => tcp.flush(),
            #[cfg(unix)]
            Stream::Unix(unix) => unix.flush(),
            Stream::Tls(tls) => tls.flush(),
        }
    }
}

fn tcp(host: &str, port: u16, limits: Limits, deadline: Instant) -> Result<TcpStream, String> {
    let addresses = addresses(host, port, limits)?;
    let mut last = format!("`{host}` has no address");
    for address in addresses {
        let left = deadline.checked_duration_since(Instant::now()).filter(|left| !left.is_zero());
        let Some(left) = left else { return Err(limits.late()) };
        match TcpStream::connect_timeout(&address, left.min(limits.connect)) {
            Ok(tcp) => {
                tcp.set_nodelay(true).map_err(|error| said(&error))?;
                return Ok(tcp);
            }
            Err(error) if is_timeout(&error) => last = format!("no connection within {}", seconds(limits.connect)),
            Err(error) => last = said(&error),
        }
    }
    Err(last)
}

/// The addresses of a host. The system's resolver has no deadline, so it is left behind when it takes too long.
fn addresses(host: &str, port: u16, limits: Limits) -> Result<Vec<SocketAddr>, String> {
    if let Ok(ip) = host.parse() {
        return Ok(vec![SocketAddr::new(ip, port)]);
    }
    let (tell, told) = std::sync::mpsc::channel();
    let name = host.to_owned();
    std::thread::spawn(move || {
        let found = (name.as_str(), port).to_socket_addrs().map(Iterator::collect);
        // Nobody may be waiting any more.
        let _ = tell.send(found);
    });
    match told.recv_timeout(limits.connect) {
        Ok(Ok(addresses)) => Ok(addresses),
        Ok(Err(_)) => Err(format!("`{host}` has no address")),
        Err(_) => Err(format!("no address of `{host}` within {}", seconds(limits.connect))),
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

/// What a handshake that fails says.
fn handshake(error: &io::Error) -> String {
    if is_timeout(error) {
        return "no answer to the TLS handshake".to_owned();
    }
    let text = error.to_string();
    match text.contains("InvalidContentType") || text.contains("corrupt message") {
        true => "it does not speak TLS on this port".to_owned(),
        false => format!("the TLS handshake fails: {text}"),
    }
}

fn said(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "nothing listens there".to_owned(),
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof => {
            "it closed the connection".to_owned()
        }
        io::ErrorKind::NotFound => "no such socket".to_owned(),
        io::ErrorKind::PermissionDenied => "the system refuses the connection".to_owned(),
        _ => error.to_string(),
    }
}
