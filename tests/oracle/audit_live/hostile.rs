//! Servers that are slow, silent, endless or no servers at all: each ends by its deadline, and the report says so.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use super::{Ran, hardline};

/// Far more than any of these may take, and far less than for ever.
const PATIENCE: Duration = Duration::from_secs(30);

/// Audits a server that does this with each connection.
fn audited(serve: impl Fn(TcpStream) + Send + 'static) -> Ran {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its address").port();
    std::thread::spawn(move || listener.incoming().flatten().for_each(serve));
    let url = format!("redis://audit:canary-password@127.0.0.1:{port}");
    let started = Instant::now();
    let limits = ["--connect-timeout", "300", "--read-timeout", "300", "--timeout", "900"];
    let ran = hardline(Path::new("/"), &[&["audit", &url, "--format", "json"], &limits[..]].concat(), None);
    assert!(started.elapsed() < PATIENCE);
    assert!(!ran.out.contains("canary") && !ran.err.contains("canary") && !ran.err.contains("panicked"), "{}", ran.err);
    assert_eq!(ran.code, Some(3), "{}{}", ran.out, ran.err);
    ran
}

/// The server was not audited, or has nothing but unknowns, for this reason.
fn says(ran: &Ran, why: &str) {
    let report = ran.json();
    let told = report["unknown"].as_array().expect("a list").iter();
    let told = told.filter_map(|unknown| unknown["needs"].as_str()).any(|needs| needs.contains(why));
    assert!(told || ran.err.contains(why), "{why}: {:.2000} {}", ran.out, ran.err);
    assert_eq!(report["tally"]["pass"], 0);
}

#[test]
fn silence() {
    says(&audited(|mut stream| drop(stream.read_to_end(&mut Vec::new()))), "no answer within 300 ms");
}

#[test]
fn a_closed_door() {
    says(&audited(drop), "it closed the connection");
}

#[test]
fn a_byte_at_a_time() {
    let ran = audited(|mut stream| {
        while stream.write_all(b"+").is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    says(&ran, "not done within 900 ms");
}

#[test]
fn no_end() {
    let ran = audited(|mut stream| {
        let piece = [&b"$1000000000000\r\n"[..], &[b'x'; 60_000]].concat();
        while stream.write_all(&piece).is_ok() {}
    });
    let report = ran.json();
    assert_eq!(report["tally"]["pass"], 0);
    assert!(report["tally"]["unknown"].as_i64().is_some_and(|count| count > 20));
}

#[test]
fn a_huge_announcement() {
    for announced in ["*2000000000\r\n", "%2000000000\r\n", "$9223372036854775807\r\n", "*-5\r\n*x\r\n"] {
        let announced = announced.as_bytes();
        let ran = audited(move |mut stream| drop(stream.write_all(announced)));
        assert_eq!(ran.json()["tally"]["pass"], 0);
    }
}

#[test]
fn another_protocol() {
    let ran = audited(|mut stream| drop(stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")));
    says(&ran, "is this a Redis?");
}

#[test]
fn wrong_types() {
    let ran = audited(|mut stream| drop(stream.write_all("*1\r\n*1\r\n:7\r\n".repeat(40).as_bytes())));
    assert_eq!(ran.json()["tally"]["pass"], 0);
}

#[test]
fn nested_without_end() {
    let ran = audited(|mut stream| drop(stream.write_all("*1\r\n".repeat(100_000).as_bytes())));
    says(&ran, "nested more than 16 deep");
}
