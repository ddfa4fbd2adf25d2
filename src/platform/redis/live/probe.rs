//! Which protocols of TLS a server accepts, those among them that no library here speaks any more: for each a connection
//! of its own, one hand-made greeting, and a look at what comes back. No login is ever sent on these.
//!
//! Up to TLS 1.2 a protocol counts as accepted when the server has said everything that it says before the client's turn:
//! some servers choose a protocol first and find out after that that they have no signature for it.

use std::cmp::Ordering;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::time::Instant;

use super::paced::{Paced, is_timeout, said, seconds};
use super::target::Limits;

/// A protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protocol {
    /// TLS 1.0
    V10,
    /// TLS 1.1
    V11,
    /// TLS 1.2
    V12,
    /// TLS 1.3
    V13,
}

impl Protocol {
    /// All there are.
    pub const ALL: [Protocol; 4] = [Protocol::V10, Protocol::V11, Protocol::V12, Protocol::V13];

    /// As `tls-protocols` has it.
    pub fn name(self) -> &'static str {
        match self {
            Protocol::V10 => "TLSv1",
            Protocol::V11 => "TLSv1.1",
            Protocol::V12 => "TLSv1.2",
            Protocol::V13 => "TLSv1.3",
        }
    }

    /// As it is on the wire.
    fn number(self) -> u16 {
        match self {
            Protocol::V10 => 0x0301,
            Protocol::V11 => 0x0302,
            Protocol::V12 => 0x0303,
            Protocol::V13 => 0x0304,
        }
    }
}

/// What came of the question whether a server accepts a protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Offer {
    /// It goes on with it.
    Accepted,
    /// It says that it does not, or chooses another one.
    Refused,
    /// Neither, for this reason.
    Unknown(String),
}

/// What is known of a protocol, or why not yet.
type Heard = Result<Option<Offer>, String>;

/// Asks the server at an address, which is called `name` there, whether it accepts a protocol. It has as long as for a
/// handshake.
pub(super) fn offer(protocol: Protocol, address: SocketAddr, name: &str, limits: Limits, deadline: Instant) -> Offer {
    let deadline = deadline.min(Instant::now() + limits.connect);
    match asked(protocol, address, name, limits, deadline) {
        Ok(offer) => offer,
        Err(why) => Offer::Unknown(why),
    }
}

fn asked(
    protocol: Protocol,
    address: SocketAddr,
    name: &str,
    limits: Limits,
    deadline: Instant,
) -> Result<Offer, String> {
    let mut paced = Paced::at(address, limits, deadline)?;
    paced.patience = limits.connect;
    let failed = |error: std::io::Error| match is_timeout(&error) {
        true => format!("no answer within {}", seconds(limits.connect)),
        false => said(&error),
    };
    paced.write_all(&greeting(protocol, name)).map_err(failed)?;
    let mut listener = Listener::new(protocol);
    let mut piece = [0; 4096];
    loop {
        let count = paced.read(&mut piece).map_err(failed)?;
        if count == 0 {
            return Err("it closed the connection".to_owned());
        }
        if let Some(offer) = listener.hear(piece.get(..count).unwrap_or_default())? {
            return Ok(offer);
        }
    }
}

/// The most that is read of one server: more than any chain of certificates that a handshake takes.
const MOST: usize = 256 * 1024;

/// The longest record (RFC 8446, section 5.2).
const LONGEST_RECORD: usize = (1 << 14) + 256;

/// The longest message of a handshake that is taken, as rustls has it.
const LONGEST_MESSAGE: usize = 0xffff;

const NO_TLS: &str = "it answers with something that is no TLS";

/// Makes sense of what a server sends.
pub struct Listener {
    protocol: Protocol,
    /// Bytes that are in no record yet.
    bytes: Vec<u8>,
    /// Bytes of the handshake that are in no message yet.
    messages: Vec<u8>,
    taken: usize,
    /// Whether the server has chosen the protocol that was asked for.
    chosen: bool,
}

impl Listener {
    /// Nothing has been heard yet.
    pub fn new(protocol: Protocol) -> Listener {
        Listener { protocol, bytes: Vec::new(), messages: Vec::new(), taken: 0, chosen: false }
    }

    /// Takes what came next; gives what is known by then.
    ///
    /// # Errors
    /// Why nothing will be known.
    pub fn hear(&mut self, piece: &[u8]) -> Heard {
        self.taken += piece.len();
        if self.taken > MOST {
            return Err(format!("it answers with more than {} KiB", MOST >> 10));
        }
        self.bytes.extend_from_slice(piece);
        while let Some((kind, body)) = self.record()? {
            let heard = match kind {
                ALERT => self.alert(&body)?,
                HANDSHAKE => self.handshake(&body)?,
                _ => return Err(NO_TLS.to_owned()),
            };
            if heard.is_some() {
                return Ok(heard);
            }
        }
        Ok(None)
    }

    /// The next record that is complete: its kind, and what is in it.
    fn record(&mut self) -> Result<Option<(u8, Vec<u8>)>, String> {
        let Some((&kind, rest)) = self.bytes.split_first() else { return Ok(None) };
        if !matches!(kind, ALERT | HANDSHAKE) || rest.first().is_some_and(|major| *major != 3) {
            return Err(NO_TLS.to_owned());
        }
        let [_, _, high, low, ..] = *rest else { return Ok(None) };
        let length = usize::from(u16::from_be_bytes([high, low]));
        if length > LONGEST_RECORD {
            return Err(NO_TLS.to_owned());
        }
        let Some(body) = self.bytes.get(5..5 + length) else { return Ok(None) };
        let body = body.to_vec();
        self.bytes.drain(..5 + length);
        Ok(Some((kind, body)))
    }

    fn alert(&self, body: &[u8]) -> Heard {
        let [level, what] = *body else { return Err(NO_TLS.to_owned()) };
        match (level, what) {
            (FATAL, PROTOCOL_VERSION) => Ok(Some(Offer::Refused)),
            // None of the ciphers, groups and signatures that were offered is one that it has for this protocol.
            (FATAL, HANDSHAKE_FAILURE | INSUFFICIENT_SECURITY) if !self.chosen => Ok(Some(Offer::Refused)),
            // OpenSSL from 3.0 on ends the old protocols so at its level 1 and above, where it finds no signature for them
            // (`t1_lib.c:tls_choose_sigalg`). That the server is well is seen by the connection that is already there.
            (FATAL, INTERNAL_ERROR) if !self.chosen && self.protocol < Protocol::V12 => Ok(Some(Offer::Refused)),
            (WARNING, what) if what != CLOSE_NOTIFY => Ok(None),
            _ => Err(format!("it ends TLS with alert {what}")),
        }
    }

    fn handshake(&mut self, body: &[u8]) -> Heard {
        self.messages.extend_from_slice(body);
        loop {
            let [kind, high, middle, low, ..] = *self.messages.as_slice() else { return Ok(None) };
            let length = usize::from(high) << 16 | usize::from(u16::from_be_bytes([middle, low]));
            if length > LONGEST_MESSAGE {
                return Err(NO_TLS.to_owned());
            }
            let Some(message) = self.messages.get(4..4 + length) else { return Ok(None) };
            match kind {
                SERVER_HELLO if !self.chosen => {
                    let number = chosen(message).ok_or(NO_TLS)?;
                    match number.cmp(&self.protocol.number()) {
                        Ordering::Less => return Ok(Some(Offer::Refused)),
                        Ordering::Greater => return Err(NO_TLS.to_owned()),
                        // What follows is encrypted.
                        Ordering::Equal if self.protocol == Protocol::V13 => return Ok(Some(Offer::Accepted)),
                        Ordering::Equal => self.chosen = true,
                    }
                }
                SERVER_HELLO_DONE if self.chosen => return Ok(Some(Offer::Accepted)),
                // The certificate, its status, a key, a wish for the client's certificate.
                11..=13 | 22 if self.chosen => {}
                _ => return Err(NO_TLS.to_owned()),
            }
            self.messages.drain(..4 + length);
        }
    }
}

const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const WARNING: u8 = 1;
const FATAL: u8 = 2;
const CLOSE_NOTIFY: u8 = 0;
const HANDSHAKE_FAILURE: u8 = 40;
const PROTOCOL_VERSION: u8 = 70;
const INSUFFICIENT_SECURITY: u8 = 71;
const INTERNAL_ERROR: u8 = 80;
const SERVER_HELLO: u8 = 2;
const SERVER_HELLO_DONE: u8 = 14;
const SUPPORTED_VERSIONS: u16 = 43;

/// The protocol that a server's greeting chooses.
fn chosen(message: &[u8]) -> Option<u16> {
    let mut rest = message;
    let legacy = u16::from_be_bytes(take(&mut rest, 2)?.try_into().ok()?);
    take(&mut rest, 32)?;
    let session = usize::from(*take(&mut rest, 1)?.first()?);
    // Then a cipher and a compression.
    take(&mut rest, session + 3)?;
    if !(0x0300..=0x0303).contains(&legacy) || session > 32 {
        return None;
    }
    if rest.is_empty() {
        return Some(legacy);
    }
    let number = |rest: &mut &[u8]| Some(u16::from_be_bytes(take(rest, 2)?.try_into().ok()?));
    let length = usize::from(number(&mut rest)?);
    let mut extensions = take(&mut rest, length)?;
    while !extensions.is_empty() {
        let kind = number(&mut extensions)?;
        let length = usize::from(number(&mut extensions)?);
        let mut body = take(&mut extensions, length)?;
        if kind == SUPPORTED_VERSIONS {
            return number(&mut body);
        }
    }
    Some(legacy)
}

fn take<'b>(rest: &mut &'b [u8], count: usize) -> Option<&'b [u8]> {
    let (taken, after) = rest.split_at_checked(count)?;
    *rest = after;
    Some(taken)
}

/// The ciphers of TLS 1.3 (RFC 8446, appendix B.4).
const CIPHERS_13: [u16; 5] = [0x1301, 0x1302, 0x1303, 0x1304, 0x1305];

/// Every cipher with a certificate that servers up to TLS 1.2 may still have (the registry of IANA): a server that takes
/// none of them takes nobody by that protocol. The last is no cipher, but says that renegotiation is safe (RFC 5746).
const CIPHERS: [u16; 119] = [
    0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc023, 0xc027, 0xc024, 0xc028, 0xc009, 0xc013, 0xc00a, 0xc014,
    0xc008, 0xc012, 0xc007, 0xc011, 0xc0ac, 0xc0ad, 0xc0ae, 0xc0af, 0xc072, 0xc073, 0xc076, 0xc077, 0xc086, 0xc087,
    0xc08a, 0xc08b, 0xc048, 0xc049, 0xc04c, 0xc04d, 0xc05c, 0xc05d, 0xc060, 0xc061, 0x009e, 0x009f, 0xccaa, 0xc09e,
    0xc09f, 0xc0a2, 0xc0a3, 0x0067, 0x006b, 0x0033, 0x0039, 0x0016, 0x0045, 0x0088, 0x00be, 0x00c4, 0x009a, 0xc044,
    0xc045, 0xc052, 0xc053, 0xc07c, 0xc07d, 0x00a2, 0x00a3, 0x0040, 0x006a, 0x0032, 0x0038, 0x0013, 0x0066, 0x0044,
    0x0087, 0x00bd, 0x00c3, 0x0099, 0x009c, 0x009d, 0xc09c, 0xc09d, 0xc0a0, 0xc0a1, 0x003c, 0x003d, 0x002f, 0x0035,
    0x000a, 0x0005, 0x0004, 0x0041, 0x0084, 0x00ba, 0x00c0, 0x0096, 0x0007, 0xc03c, 0xc03d, 0xc050, 0xc051, 0xc07a,
    0xc07b, 0x0009, 0x0015, 0x0012, 0xc02d, 0xc031, 0xc02e, 0xc032, 0xc025, 0xc029, 0xc026, 0xc02a, 0xc004, 0xc00e,
    0xc005, 0xc00f, 0xc003, 0xc00d, 0xc002, 0xc00c, 0x00ff,
];

/// The signatures of TLS 1.2 and 1.3, the old ones last.
const SIGNATURES: [u16; 24] = [
    0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0809, 0x080a, 0x080b, 0x081a, 0x081b, 0x081c,
    0x0401, 0x0501, 0x0601, 0x0402, 0x0303, 0x0301, 0x0203, 0x0201, 0x0202, 0x0101,
];

/// What a client says first.
pub fn greeting(protocol: Protocol, name: &str) -> Vec<u8> {
    let (v13, v12) = (protocol == Protocol::V13, protocol == Protocol::V12);
    let mut extensions = Vec::new();
    let mut add = |kind: u16, body: &[u8]| {
        extensions.extend(kind.to_be_bytes());
        extensions.extend(long(body));
    };
    // An address is no name (RFC 6066, section 3).
    if name.parse::<std::net::IpAddr>().is_err() && name.len() < 256 {
        add(0, &long(&[&[0], long(name.as_bytes()).as_slice()].concat()));
    }
    let curves: Vec<u16> = if v13 { vec![0x1d, 0x17, 0x18, 0x19, 0x1e, 0x100] } else { (1..=0x1e).rev().collect() };
    add(10, &long(&wire(&curves)));
    if v12 || v13 {
        add(13, &long(&wire(&SIGNATURES)));
    }
    if v13 {
        add(SUPPORTED_VERSIONS, &short(&protocol.number().to_be_bytes()));
        // The base point of X25519 is a public key as good as any: nobody goes on with it.
        let key = [[9].as_slice(), &[0; 31]].concat();
        add(51, &long(&[[0, 0x1d].as_slice(), &long(&key)].concat()));
    } else {
        add(11, &short(&[0]));
        // The master secret extended (RFC 7627), which some servers insist on.
        add(23, &[]);
    }
    let ciphers = if v13 { wire(&CIPHERS_13) } else { wire(&CIPHERS) };
    let mut body = protocol.number().min(Protocol::V12.number()).to_be_bytes().to_vec();
    // The client's random, on which nothing depends here, and no session.
    body.extend([0x68; 32]);
    body.push(0);
    body.extend(long(&ciphers));
    body.extend([1, 0]);
    body.extend(long(&extensions));
    let length = u32::try_from(body.len()).unwrap_or_default().to_be_bytes();
    let message = [&[1], &length[1..], &body].concat();
    [&[HANDSHAKE, 3, 1], long(&message).as_slice()].concat()
}

fn wire(numbers: &[u16]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}

/// Bytes with their length in front, in one byte.
fn short(bytes: &[u8]) -> Vec<u8> {
    [&[u8::try_from(bytes.len()).unwrap_or_default()], bytes].concat()
}

/// Bytes with their length in front, in two bytes.
fn long(bytes: &[u8]) -> Vec<u8> {
    [&u16::try_from(bytes.len()).unwrap_or_default().to_be_bytes(), bytes].concat()
}
