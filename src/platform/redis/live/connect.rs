//! A connection to a server that may be slow, broken or hostile: every wait ends by a deadline, and no more is kept than
//! the limits say.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Instant;

use rustls::{ClientConnection, StreamOwned};

use super::ask::{Answer, Ask};
use super::certificate::Certificate;
use super::handshake::{alert, secured};
use super::paced::{Paced, is_closed, is_timeout, said, seconds};
use super::pool::Share;
use super::probe::{self, Offer, Protocol};
use super::reply::{Reply, Scan, WEIGHT, parse};
use super::target::{Address, Limits, Login, Target};

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

impl Tls {
    /// Whether a certificate that is trusted proves that a server belongs here: an own authority made it, or it has a name
    /// that the user chose. One that any authority of this machine made for any host proves nothing of the kind.
    pub fn proves_members(&self) -> bool {
        !self.insecure && (self.ca.is_some() || self.server_name.is_some())
    }
}

/// How a connection is secured.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Security {
    /// The protocol, such as `TLSv1.3`; `None` without TLS.
    pub protocol: Option<String>,
    /// Why the certificate is not trusted; `None` where it is, and without TLS.
    pub distrust: Option<String>,
    /// What kind of reason that is.
    pub doubt: Option<Doubt>,
    /// The name or address that the certificate is to be for.
    pub asked: String,
    /// The certificates that the server shows, its own first; `None` for one that is malformed.
    pub certificates: Vec<Option<Certificate>>,
    /// Which protocols it accepts.
    pub offers: Vec<(Protocol, Offer)>,
}

/// Why a server is not trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// Nobody who is known issued the certificate.
    Issuer,
    /// It has expired.
    Time,
    /// It is for other names.
    Name,
    /// The server does not prove that it has the key.
    Key,
    /// Something else.
    Other,
}

enum Stream {
    Plain(Paced),
    Tls(Box<StreamOwned<ClientConnection, Paced>>),
}

/// A connection.
pub struct Connection {
    stream: Stream,
    security: Security,
    local: bool,
    /// The address of the other end, where it has one.
    peer: Option<SocketAddr>,
    limits: Limits,
    deadline: Instant,
    /// What is to be sent.
    queued: Vec<u8>,
    /// What arrived and is in no reply yet.
    arrived: VecDeque<u8>,
    /// How many bytes have arrived at all.
    taken: usize,
    /// How many values the replies so far have.
    values: usize,
    /// What the replies so far weigh.
    kept: usize,
    /// What it has of the memory of all.
    share: Share,
    /// Whether something could not be sent. What was answered before may still be there to be read.
    deaf: bool,
    /// Why nothing more comes.
    broken: Option<String>,
}

/// Why no more is taken of a server whose own limit is not reached.
const TOGETHER: &str = "all servers together answer with more than an audit keeps";

/// How many bytes are read at once.
const PIECE: usize = 64 * 1024;

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// Why no connection came about; no text has a password.
    pub fn open(target: &Target, tls: &Tls, limits: Limits) -> Result<Connection, String> {
        let deadline = Instant::now() + limits.whole;
        let paced = match &target.address {
            Address::Tcp(host, port) => Paced::tcp(host, *port, limits, deadline)?,
            Address::Unix(path) => Paced::unix(path, limits, deadline)?,
        };
        let (local, peer) = (paced.is_local(), paced.peer());
        let (stream, security) = match &target.address {
            Address::Tcp(host, _) if target.tls => {
                let (owned, security) = secured(paced, host, tls, limits)?;
                (Stream::Tls(owned), security)
            }
            _ => (Stream::Plain(paced), Security::default()),
        };
        Ok(Connection {
            stream,
            security,
            local,
            peer,
            limits,
            deadline,
            queued: Vec::new(),
            arrived: VecDeque::new(),
            taken: 0,
            values: 0,
            kept: 0,
            share: Share::default(),
            deaf: false,
            broken: None,
        })
    }

    /// Ends it; what its replies have of the memory of all goes with them.
    pub fn end(mut self) -> Share {
        self.share.shrink(self.kept);
        self.share
    }

    /// How it is secured.
    pub fn security(&self) -> &Security {
        &self.security
    }

    /// Asks which protocols the server accepts, of those that are not known from this connection: all at the same time,
    /// while `talk` goes on, and no longer than a handshake may take. Without TLS nothing is asked.
    pub fn with_offers<T>(&mut self, talk: impl FnOnce(&mut Connection) -> T) -> (T, Vec<(Protocol, Offer)>) {
        let Some((spoken, peer)) = self.security.protocol.clone().zip(self.peer) else {
            return (talk(self), Vec::new());
        };
        let (name, limits, deadline) = (self.security.asked.clone(), self.limits, self.deadline);
        std::thread::scope(|scope| {
            let asked = Protocol::ALL.map(|protocol| {
                let known = (protocol.name() == spoken).then_some(Offer::Accepted);
                let name = &name;
                let ask = move || known.unwrap_or_else(|| probe::offer(protocol, peer, name, limits, deadline));
                (protocol, std::thread::Builder::new().spawn_scoped(scope, ask))
            });
            let talked = talk(self);
            let failed = || Offer::Unknown("this machine has no thread left to ask it".to_owned());
            let offer = asked.map(|(protocol, thread)| {
                (protocol, thread.ok().and_then(|thread| thread.join().ok()).unwrap_or_else(failed))
            });
            (talked, offer.into())
        })
    }

    /// Whether it stays within this host.
    pub fn is_local(&self) -> bool {
        self.local
    }

    /// The address at its other end, if that is one.
    pub fn peer(&self) -> Option<IpAddr> {
        self.peer.map(|peer| peer.ip().to_canonical())
    }

    /// Its two ends: this one, and the other.
    pub fn ends(&self) -> Option<(SocketAddr, SocketAddr)> {
        match &self.stream {
            Stream::Plain(plain) => plain.ends(),
            Stream::Tls(tls) => tls.sock.ends(),
        }
    }

    /// Puts a command among those that are sent next. `argument` comes after its words.
    pub fn queue(&mut self, ask: Ask, argument: Option<&[u8]>) {
        self.queue_all(ask, argument.as_slice());
    }

    /// Puts a command among those that are sent next. `arguments` come after its words.
    pub fn queue_all(&mut self, ask: Ask, arguments: &[&[u8]]) {
        let mut command = redis::Cmd::new();
        command.arg(ask.words()).arg(arguments);
        self.queued.extend(command.get_packed_command());
    }

    /// Lets nothing go on any more once it is this late.
    pub fn end_by(&mut self, deadline: Instant) {
        self.deadline = self.deadline.min(deadline);
        match &mut self.stream {
            Stream::Plain(plain) => plain.deadline = self.deadline,
            Stream::Tls(tls) => tls.sock.deadline = self.deadline,
        }
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
        if self.broken.is_none() && !self.deaf {
            self.deaf = self.stream.write_all(&bytes).is_err();
        }
    }

    /// The next reply.
    pub fn receive(&mut self) -> Answer {
        let mut scan = Scan::default();
        loop {
            if let Some(why) = &self.broken {
                return Answer::Missing(why.clone());
            }
            match self.reply(&mut scan) {
                Ok(Some(reply)) => return Answer::Reply(reply),
                Ok(None) => self.broken = self.more().err(),
                Err(why) => self.broken = Some(why),
            }
        }
    }

    /// The reply that has arrived, if all of it has.
    fn reply(&mut self, scan: &mut Scan) -> Result<Option<Reply>, String> {
        let bytes = self.arrived.make_contiguous();
        let end = scan.end(bytes)?;
        let weight = self.taken + (self.values + scan.values()) * WEIGHT;
        if weight > self.limits.memory {
            return Err(self.limits.too_much());
        }
        if !self.share.hold(weight) {
            return Err(TOGETHER.to_owned());
        }
        let Some(end) = end else { return Ok(None) };
        let reply = parse(bytes.get(..end).unwrap_or_default())?;
        self.arrived.drain(..end);
        self.values += scan.values();
        self.kept += end + scan.values() * WEIGHT;
        Ok(Some(reply))
    }

    /// Reads what comes next.
    fn more(&mut self) -> Result<(), String> {
        let mut piece = vec![0; PIECE];
        let count = self.stream.read(&mut piece).map_err(|error| self.heard(&error))?;
        if count == 0 {
            return Err(self.closed());
        }
        self.taken += count;
        if self.taken > self.limits.memory {
            return Err(self.limits.too_much());
        }
        if !self.share.hold(self.taken + self.values * WEIGHT) {
            return Err(TOGETHER.to_owned());
        }
        self.arrived.extend(piece.get(..count).unwrap_or_default());
        Ok(())
    }

    fn heard(&self, error: &io::Error) -> String {
        match is_timeout(error) {
            true if Instant::now() >= self.deadline => self.limits.late(),
            true => format!("no answer within {}", seconds(self.limits.read)),
            false if is_closed(error) => self.closed(),
            false => alert(error).unwrap_or_else(|| said(error)),
        }
    }

    /// A port for TLS closes the connection when it hears anything else.
    fn closed(&self) -> String {
        match (&self.stream, self.taken) {
            (Stream::Plain(_), 0) => "it closed the connection without a word: is this a port for TLS (rediss://)?",
            _ => "it closed the connection",
        }
        .to_owned()
    }
}

impl Limits {
    fn too_much(&self) -> String {
        format!("it answers with more than {} MiB", self.memory >> 20)
    }
}

impl Read for Stream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Plain(plain) => plain.read(into),
            Stream::Tls(tls) => tls.read(into),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Plain(plain) => plain.write(bytes),
            Stream::Tls(tls) => tls.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Stream::Plain(plain) => plain.flush(),
            Stream::Tls(tls) => tls.flush(),
        }
    }
}
