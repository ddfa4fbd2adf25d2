//! The server's side of TLS, for servers that are made up; and what is concluded of servers that are asked for protocols
//! and answer with whatever they like.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hardline::fact::{Fact, Value, Why};
use hardline::platform::redis::live::ask::{Answers, ask};
use hardline::platform::redis::live::connect::{Doubt, Tls};
use hardline::platform::redis::live::probe::{Listener, Offer, Protocol, greeting};
use hardline::platform::redis::live::subject::Wish;
use hardline::platform::redis::live::target::{Limits, Target};
use hardline::platform::redis::live::{self, recorded};
use hardline::platform::{Reading, Wanted};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, ServerConnection};

use crate::oracle::servers::folder;

fn file(name: &str) -> Vec<u8> {
    std::fs::read(folder().join("tls").join(name)).expect("tests/run makes it")
}

fn certificate() -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(&file("server.crt")).expect("a certificate")
}

/// Does a handshake with the certificate that `tests/run` makes.
pub fn shaken(stream: &mut TcpStream) {
    shaken_with(stream, certificate());
}

/// Shows one certificate, whatever it is.
#[derive(Debug)]
struct Showing(Arc<CertifiedKey>);

impl ResolvesServerCert for Showing {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }
}

/// Does a handshake with a certificate that may not even be one.
fn shaken_with(stream: &mut TcpStream, certificate: CertificateDer<'static>) {
    let key = PrivateKeyDer::from_pem_slice(&file("server.key")).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = provider.key_provider.load_private_key(key).expect("a key that signs");
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Showing(Arc::new(CertifiedKey::new(vec![certificate], key)))));
    let mut server = ServerConnection::new(Arc::new(config)).expect("a server");
    while server.is_handshaking() && server.complete_io(stream).is_ok() {}
}

const LIMITS: Limits = Limits {
    connect: Duration::from_millis(800),
    read: Duration::from_millis(800),
    whole: Duration::from_millis(1_600),
    memory: 1024 * 1024,
};

/// Whether a client asks for a protocol only: nobody else has such a random.
fn only_asks(stream: &TcpStream) -> bool {
    let mut start = [0; 43];
    while stream.peek(&mut start).is_ok_and(|count| count > 0 && count < start.len()) {
        std::thread::yield_now();
    }
    start[11..] == [0x68; 32]
}

/// Asks a server that shakes hands with this certificate, closes the connection, and does this with those who only ask
/// for a protocol.
fn asked(certificate: CertificateDer<'static>, serve: impl Fn(TcpStream) + Clone + Send + 'static) -> Answers {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its address").port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let (serve, certificate) = (serve.clone(), certificate.clone());
            std::thread::spawn(move || match only_asks(&stream) {
                true => serve(stream),
                false => shaken_with(&mut stream, certificate),
            });
        }
    });
    let target = Target::parse(&format!("rediss://:canary-password@127.0.0.1:{port}")).expect("a URL");
    let started = Instant::now();
    let answers = ask(&target, &Tls::default(), LIMITS).expect("a connection");
    assert!(started.elapsed() < 2 * LIMITS.whole, "it took {:?}", started.elapsed());
    answers
}

/// What came of the protocols that are asked for: of those without the one that the connection has.
fn offers(answers: &Answers) -> Vec<Offer> {
    assert_eq!(answers.security.protocol.as_deref(), Some("TLSv1.3"));
    let [.., (Protocol::V13, Offer::Accepted)] = &answers.security.offers[..] else { panic!("{answers:?}") };
    answers.security.offers[..3].iter().map(|(_, offer)| offer.clone()).collect()
}

/// What is no answer is unknown, and takes no longer than a handshake may.
#[test]
fn what_is_no_answer_to_a_protocol_is_unknown() {
    let unknown = |serve: fn(TcpStream), why: &str| {
        let answers = asked(certificate(), serve);
        assert_eq!(offers(&answers), vec![Offer::Unknown(why.to_owned()); 3]);
    };
    unknown(|mut stream| drop(stream.read_to_end(&mut Vec::new())), "no answer within 800 ms");
    unknown(drop, "it closed the connection");
    let garbage = |mut stream: TcpStream| {
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(b"-ERR unknown command\r\n");
        let _ = stream.read_to_end(&mut Vec::new());
    };
    unknown(garbage, "it answers with something that is no TLS");
    let endless = |mut stream: TcpStream| {
        let records = [22, 3, 1, 0, 0].repeat(1_000);
        while stream.write_all(&records).is_ok() {}
    };
    unknown(endless, "it answers with more than 256 KiB");
    let drip = |mut stream: TcpStream| {
        let mut sent = stream.write_all(&[22, 3, 1, 0x40, 0]).is_ok();
        while sent {
            std::thread::sleep(Duration::from_millis(20));
            sent = stream.write_all(&[0]).is_ok();
        }
    };
    unknown(drip, "no answer within 800 ms");
}

/// Three connections at the most beside the one that is there, and nothing on them but one greeting.
#[test]
fn only_a_greeting_is_sent_to_ask_for_a_protocol() {
    let (tell, told) = std::sync::mpsc::channel();
    let answers = asked(certificate(), move |mut stream| {
        let mut all = vec![0; 4096];
        let count = stream.read(&mut all).unwrap_or(0);
        let _ = stream.write_all(&alert(2, 70));
        let mut rest = all[..count].to_vec();
        let _ = stream.read_to_end(&mut rest);
        let _ = tell.send(rest);
    });
    assert_eq!(offers(&answers), vec![Offer::Refused; 3]);
    let mut sent: Vec<Vec<u8>> = told.iter().take(3).collect();
    let mut wanted: Vec<Vec<u8>> = Protocol::ALL[..3].iter().map(|protocol| greeting(*protocol, "127.0.0.1")).collect();
    sent.sort();
    wanted.sort();
    assert_eq!(sent, wanted);
    assert!(told.try_recv().is_err());
}

/// A certificate that is none ends no audit.
#[test]
fn a_malformed_certificate_is_told() {
    let good = certificate();
    for bytes in [&good[..300], b"\x30\x82\xff\xff", b"", &[good.as_ref(), b"\0"].concat()] {
        let answers = asked(CertificateDer::from(bytes.to_vec()), drop);
        let security = &answers.security;
        assert_eq!(security.certificates, [None], "{} bytes", bytes.len());
        assert!(matches!(security.doubt, Some(Doubt::Other | Doubt::Issuer | Doubt::Key)), "{:?}", security.doubt);
        assert!(answers.login.is_some(), "the password was sent");
    }
}

fn record(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind, 3, 1], &u16::try_from(body.len()).expect("a record").to_be_bytes()[..], body].concat()
}

fn alert(level: u8, what: u8) -> Vec<u8> {
    record(21, &[level, what])
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind, 0], &u16::try_from(body.len()).expect("a message").to_be_bytes()[..], body].concat()
}

/// A server's greeting, with `supported_versions` where there is a second number.
fn hello(legacy: u16, chosen: Option<u16>) -> Vec<u8> {
    let mut body = legacy.to_be_bytes().to_vec();
    body.extend([7; 32]);
    body.extend([0, 0xc0, 0x2f, 0]);
    if let Some(chosen) = chosen {
        body.extend([0, 6, 0, 43, 0, 2]);
        body.extend(chosen.to_be_bytes());
    }
    message(2, &body)
}

#[test]
fn an_answer_to_a_greeting_is_understood() {
    use Protocol::{V10, V11, V12, V13};
    let (accepted, refused) = (Ok(Some(Offer::Accepted)), Ok(Some(Offer::Refused)));
    let wrong = |why: &str| Err(why.to_owned());
    let no_tls = || wrong("it answers with something that is no TLS");
    let rest = [message(11, &[0; 900]), message(12, &[0; 300]), message(13, &[0; 9]), message(14, &[])].concat();
    let whole = |version: u16| record(22, &[hello(version, None), rest.clone()].concat());
    let apart: Vec<u8> =
        [hello(0x0301, None), rest.clone()].concat().chunks(7).flat_map(|part| record(22, part)).collect();
    for (number, (protocol, bytes, expected)) in [
        (V10, alert(2, 70), refused.clone()),
        (V13, alert(2, 70), refused.clone()),
        (V11, alert(2, 40), refused.clone()),
        (V11, alert(2, 71), refused.clone()),
        (V11, alert(2, 80), refused.clone()),
        (V12, alert(2, 80), wrong("it ends TLS with alert 80")),
        (V10, alert(2, 112), wrong("it ends TLS with alert 112")),
        (V10, alert(1, 0), wrong("it ends TLS with alert 0")),
        (V10, [alert(1, 112), whole(0x0301)].concat(), accepted.clone()),
        (V10, whole(0x0301), accepted.clone()),
        (V10, apart, accepted.clone()),
        (V11, whole(0x0302), accepted.clone()),
        (V11, whole(0x0301), refused.clone()),
        (V10, whole(0x0302), no_tls()),
        (V12, whole(0x0303), accepted.clone()),
        (V13, whole(0x0303), refused.clone()),
        (V13, record(22, &hello(0x0303, Some(0x0304))), accepted.clone()),
        (V13, record(22, &hello(0x0303, Some(0x0303))), refused),
        (V12, record(22, &hello(0x0303, Some(0x0304))), no_tls()),
        // A choice alone is not enough: it has nothing to sign with.
        (V11, record(22, &hello(0x0302, None)), Ok(None)),
        (V11, [record(22, &hello(0x0302, None)), alert(2, 80)].concat(), wrong("it ends TLS with alert 80")),
        (V11, [record(22, &hello(0x0302, None)), alert(2, 40)].concat(), wrong("it ends TLS with alert 40")),
        // What is announced and too long, out of order, or nothing of TLS.
        (V11, vec![22, 3, 1, 0xff, 0xff], no_tls()),
        (V11, record(22, &[2, 0xff, 0xff, 0xff]), no_tls()),
        (V11, record(22, &message(11, &[])), no_tls()),
        (V11, record(22, &message(2, &[3, 2])), no_tls()),
        (V11, record(22, &[hello(0x0302, None), hello(0x0302, None)].concat()), no_tls()),
        (V11, record(22, &hello(0x9999, None)), no_tls()),
        (V11, record(21, &[2]), no_tls()),
        (V11, record(23, &[0; 5]), no_tls()),
        (V11, b"HTTP/1.1 400".to_vec(), no_tls()),
        (V11, vec![22, 2], no_tls()),
        (V11, Vec::new(), Ok(None)),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(Listener::new(protocol).hear(&bytes), expected, "row {number} at once");
        let mut listener = Listener::new(protocol);
        let mut heard = Ok(None);
        for byte in bytes {
            heard = listener.hear(&[byte]);
            if heard != Ok(None) {
                break;
            }
        }
        assert_eq!(heard, expected, "row {number} byte by byte");
    }
}

/// What a recorded server with these certificates has at a path, today being 2026-10-01.
fn recorded(tls: &str, path: &str) -> Option<Fact> {
    let heard = recorded::heard("rediss://cache.example", &format!("> INFO\nredis_version:8.2.3\n{tls}"));
    let mut reading = Reading::default();
    let wish = Wish { wanted: &Wanted::All, today: Some("2026-10-01"), keys: None };
    let subjects = live::subjects(&[heard.expect("answers")], wish, &mut reading);
    subjects.first().expect("a subject").at(path)
}

/// Certificates lead to an authority, or do not, or nobody here can tell.
#[test]
fn the_chain_is_followed() {
    let certificate = |subject: &str, issuer: &str| {
        format!(
            "> tls certificate\nsubject CN={subject}\nissuer CN={issuer}\nnot_before 2026-01-01\nnot_after 2026-12-01\n\
             key EC 256\nsignature ecdsa-with-SHA256\n"
        )
    };
    let unknown = "issuer: no authority that is trusted here issued its certificate";
    for (distrust, chain, complete) in [
        ("", vec![("leaf", "middle")], Some(true)),
        (unknown, vec![("leaf", "leaf")], Some(true)),
        (unknown, vec![("leaf", "middle"), ("middle", "root"), ("root", "root")], Some(true)),
        (unknown, vec![("leaf", "middle"), ("root", "root"), ("middle", "root")], Some(true)),
        (unknown, vec![("leaf", "middle"), ("root", "root")], Some(false)),
        (unknown, vec![("leaf", "middle")], None),
        (unknown, vec![("leaf", "middle"), ("middle", "root")], None),
        // In a circle, which leads to nobody.
        (unknown, vec![("leaf", "middle"), ("middle", "leaf")], Some(false)),
    ] {
        let shown: String = chain.iter().map(|(subject, issuer)| certificate(subject, issuer)).collect();
        let found = recorded(&format!("> tls\nTLSv1.3\n{distrust}\n{shown}"), "redis.live.tls.chain_complete");
        let found = match found.expect("a fact") {
            Fact::Known { value: Value::Bool(value), .. } => Some(value),
            Fact::Known { value, .. } => panic!("{value:?}"),
            Fact::Unknown(_) => None,
        };
        assert_eq!(found, complete, "{distrust} {chain:?}");
    }
    let malformed = recorded("> tls\nTLSv1.3\n> tls certificate\nmalformed\n", "redis.live.tls.chain_complete");
    assert!(matches!(malformed, Some(Fact::Unknown(unknown)) if unknown.why == Why::Malformed));
    assert!(recorded("", "redis.live.tls.chain_complete").is_none());
}
