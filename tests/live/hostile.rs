//! Servers that mean harm, asked through the library: every one of them is done with by its deadline, and no more of what
//! it says is kept than the limits allow, whatever it holds back and at whatever moment.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::time::{Duration, Instant};

use hardline::platform::redis::live::ask::{Answer, Answers, Ask, ask};
use hardline::platform::redis::live::connect::Tls;
use hardline::platform::redis::live::reply::{Reply, Scan};
use hardline::platform::redis::live::target::{Limits, Target};

use super::fake::{bulk, list, serve};
use crate::oracle::servers::{Setup, Started, named};

/// What an audit of these servers is allowed.
const LIMITS: Limits = Limits {
    connect: Duration::from_millis(400),
    read: Duration::from_millis(300),
    whole: Duration::from_millis(800),
    memory: 1024 * 1024,
};

/// Twice the deadline: what a busy machine adds, and far less than for ever.
const PATIENCE: Duration = Duration::from_millis(1_600);

/// Between two bytes of those who send them one by one: each comes in time, all of them never.
const DRIP: Duration = Duration::from_millis(20);

/// Asks a server that does this with each connection, at this URL with its port for `PORT`.
fn asked(url: &str, serve: impl Fn(TcpStream) + Send + 'static) -> Result<Answers, String> {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its address").port();
    std::thread::spawn(move || listener.incoming().flatten().for_each(serve));
    let target = Target::parse(&url.replace("PORT", &port.to_string())).expect("a URL");
    let started = Instant::now();
    let answers = ask(&target, &Tls::default(), LIMITS);
    assert!(started.elapsed() < PATIENCE, "it took {:?}: {answers:?}", started.elapsed());
    answers
}

/// Sends this, and after it one byte now and then.
fn drip(stream: &mut TcpStream, first: &[u8], byte: u8) {
    let mut sent = stream.write_all(first).is_ok();
    while sent {
        std::thread::sleep(DRIP);
        sent = stream.write_all(&[byte]).is_ok();
    }
}

#[test]
fn a_handshake_of_single_bytes_ends_with_the_limit() {
    // A record of 16 KiB is announced.
    let why = asked("rediss://127.0.0.1:PORT", |mut stream| drip(&mut stream, b"\x16\x03\x03\x40\x00", 0));
    assert_eq!(
        why.expect_err("no handshake"),
        "no answer to the TLS handshake: is this a port without TLS (redis://)?"
    );
}

#[test]
fn a_record_of_single_bytes_ends_with_the_deadline() {
    let answers = asked("rediss://127.0.0.1:PORT", |mut stream| {
        super::tls::shaken(&mut stream);
        drip(&mut stream, b"\x17\x03\x03\x40\x00", 0);
    });
    let answers = answers.expect("a connection");
    assert_eq!(answers.get(Ask::Info), Some(&Answer::Missing("not done within 800 ms".to_owned())));
}

/// A Sentinel names more masters than anybody has, and hardly listens to what it is asked about them.
#[test]
fn a_sentinel_that_does_not_listen_ends_with_the_deadline() {
    let answers = asked("redis://127.0.0.1:PORT", |mut stream| {
        serve(&stream, |words| match words.join(" ").as_str() {
            "INFO" => Some(bulk("redis_mode:sentinel\r\n")),
            "SENTINEL MASTERS" => {
                let name = |number: usize| list(&["name", &format!("{number:0100}")]);
                Some(format!("*600\r\n{}", (0..600).map(name).collect::<String>()))
            }
            command if command.starts_with("SENTINEL REPLICAS") => None,
            _ => Some("+PONG\r\n".to_owned()),
        });
        let _ = stream.write_all(b"*0\r\n");
        while stream.read(&mut [0]).is_ok_and(|count| count > 0) {
            std::thread::sleep(DRIP);
        }
    });
    let answers = answers.expect("a connection");
    assert!(answers.reply(Ask::Masters).is_some(), "{:?}", answers.get(Ask::Masters));
    assert!(answers.groups.len() <= 500, "{} masters are kept", answers.groups.len());
}

/// Everything that a reply keeps.
fn weight(reply: &Reply) -> usize {
    size_of::<Reply>()
        + match reply {
            Reply::List(items) => items.iter().map(weight).sum(),
            Reply::Bytes(bytes) => bytes.len(),
            Reply::Error { code, text } => code.len() + text.len(),
            Reply::Nil | Reply::Int(_) => 0,
        }
}

/// Three bytes on the wire, many times that in memory: what is kept counts, not what is sent.
#[test]
fn small_values_weigh_what_they_take() {
    for value in ["_\r\n", "*0\r\n", "+\r\n", ":1\r\n", "-\r\n", ",1e308\r\n", "(123\r\n", "#t\r\n"] {
        let answers = asked("redis://127.0.0.1:PORT", move |mut stream| {
            let reply = format!("*1000\r\n{}", value.repeat(1_000));
            let _ = stream.write_all(reply.repeat(200).as_bytes());
            let _ = stream.read_to_end(&mut Vec::new());
        });
        let answers = answers.expect("a connection");
        let all = answers.stranger.iter().chain(&answers.told).filter_map(|(_, answer)| match answer {
            Answer::Reply(reply) => Some(weight(reply)),
            Answer::Missing(_) => None,
        });
        assert!(all.sum::<usize>() <= LIMITS.memory, "{value:?}");
        let answers = asked("redis://127.0.0.1:PORT", move |mut stream| {
            let _ = stream.write_all(format!("*200000\r\n{}", value.repeat(200_000)).as_bytes());
            let _ = stream.read_to_end(&mut Vec::new());
        });
        let told = answers.expect("a connection").stranger.first().cloned();
        assert_eq!(told, Some((Ask::Ping, Answer::Missing("it answers with more than 1 MiB".to_owned()))), "{value:?}");
    }
}

/// What was answered before a server dies, or says nonsense, is kept.
#[test]
fn what_came_before_the_end_is_kept() {
    for (last, why) in [
        ("", "it closed the connection"),
        ("$100\r\nhalf", "it closed the connection"),
        ("?\r\n", "it answers with something that is no reply: is this a Redis?"),
        ("*-7x\r\n", "it answers with a length that is no number"),
        ("\x15\u{3}\u{1}\0\u{2}\u{2}\u{28}", "it speaks TLS on this port: rediss://"),
    ] {
        let answers = asked("redis://127.0.0.1:PORT", move |mut stream| {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(format!("+PONG\r\n{last}").as_bytes());
        });
        let answers = answers.expect("a connection");
        assert_eq!(answers.to_stranger(Ask::Ping), Some(&Answer::Reply(Reply::Bytes(b"PONG".to_vec()))));
        let told = answers.stranger.iter().skip(1).chain(&answers.told);
        for (question, answer) in told {
            assert_eq!(answer, &Answer::Missing(why.to_owned()), "{question:?} after {last:?}");
        }
    }
}

/// A long reply in small pieces is looked at once, not once for each piece: that would be 16,000 times.
#[test]
fn pieces_cost_no_more_than_the_whole() {
    let reply = format!("*400000\r\n{}", ":1\r\n".repeat(400_000)).into_bytes();
    let started = Instant::now();
    let mut scan = Scan::default();
    let mut end = Ok(None);
    for piece in (0..reply.len()).step_by(100).chain([reply.len()]) {
        end = scan.end(&reply[..piece]);
    }
    assert_eq!(end, Ok(Some(reply.len())));
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
}

/// A stopped server takes no connection to its unix socket, and the system would wait for ever.
#[test]
fn a_unix_socket_that_takes_nobody_ends_with_the_limit() {
    let conf = "port 0\nunixsocket {DIR}/s\ntcp-backlog 1\n";
    let Started::Ready(running) = named("redis-8.2").start(Setup::of(conf).lay_out()) else {
        panic!("it does not start")
    };
    let signal = |name: &str| {
        let pid = running.pid().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().expect("kill").success());
    };
    signal("-STOP");
    let socket = running.work().join("s");
    // Two wait in its queue; the others, and the audit, in front of it.
    for _ in 0..4 {
        let socket = socket.clone();
        std::thread::spawn(move || UnixStream::connect(socket));
    }
    std::thread::sleep(10 * DRIP);
    let target = Target::parse(&format!("unix://{}", socket.display())).expect("a URL");
    let started = Instant::now();
    let answers = ask(&target, &Tls::default(), LIMITS);
    signal("-CONT");
    assert!(started.elapsed() < PATIENCE, "it took {:?}", started.elapsed());
    assert_eq!(answers.map(drop), Err("no connection within 400 ms".to_owned()));
}

/// Servers that send without end take no more together than one alone, and nothing of what an ordinary one needs.
#[test]
fn what_all_servers_answer_is_bounded_together() {
    const HUGE: usize = 10 << 20;
    let huge = |url: &str| {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("its address").port();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let _ = stream.write_all(format!("${HUGE}\r\n").as_bytes());
                let _ = stream.write_all(&[vec![b'x'; HUGE], b"\r\n".to_vec()].concat());
                let _ = stream.read_to_end(&mut Vec::new());
            }
        });
        let target = Target::parse(&url.replace("PORT", &port.to_string())).expect("a URL");
        let limits = Limits { read: Duration::from_secs(1), whole: Duration::from_secs(30), ..Limits::default() };
        ask(&target, &Tls::default(), limits).expect("a connection")
    };
    let first = |answers: &Answers| match answers.stranger.first() {
        Some((_, Answer::Missing(why))) => why.clone(),
        Some((_, Answer::Reply(Reply::Bytes(bytes)))) => format!("{} bytes", bytes.len()),
        other => format!("{other:?}"),
    };
    let one = huge("redis://127.0.0.1:PORT");
    let other = huge("redis://127.0.0.1:PORT");
    let told = [first(&one), first(&other)];
    let whole = format!("{HUGE} bytes");
    assert_eq!(told, [whole.as_str(), "all servers together answer with more than an audit keeps"]);
    let small = asked("redis://127.0.0.1:PORT", |stream| serve(&stream, |_| Some("+PONG\r\n".to_owned())));
    assert_eq!(first(&small.expect("a connection")), "4 bytes");
    // What is thrown away is free again.
    drop((one, other));
    assert_eq!(first(&huge("redis://127.0.0.1:PORT")), whole);
}
