//! What goes over the wire: exactly these commands, in this order, whatever the server says it is.

use std::net::TcpListener;
use std::sync::mpsc;

use hardline::platform::redis::acl::Evaluator;
use hardline::platform::redis::live::ask::{Answer, Answers, Ask, ask};
use hardline::platform::redis::live::connect::Tls;
use hardline::platform::redis::live::target::{Limits, Target};
use hardline::platform::redis::version::Version;

use super::fake::{bulk, list, serve};

/// Before anybody logs in.
const STRANGER: [&str; 5] = ["PING", "ACL WHOAMI", "INFO server", "CONFIG GET port", "HARDLINE"];

/// After that.
const EVERYBODY: [&str; 8] =
    ["ACL WHOAMI", "INFO", "CONFIG GET *", "ACL LIST", "MODULE LIST", "COMMAND LIST", "CLIENT LIST", "ACL LOG 128"];

/// Asks a server whose `INFO` is this, and gives every command that it got.
fn sent(scheme: &str, login: &str, info: &'static str) -> (Answers, Vec<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its address").port();
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a client");
        serve(&stream, |words| {
            let command = words.join(" ");
            let answer = match command.as_str() {
                "INFO" => bulk(info),
                "INFO server" if info.starts_with("open:1") => bulk(info),
                "SENTINEL MASTERS" => format!("*2\r\n{}{}", list(&["name", "one"]), list(&["name", "SHUTDOWN\r\n2"])),
                _ => "+OK\r\n".to_owned(),
            };
            tell.send(command).ok().map(|()| answer)
        });
    });
    let target = Target::parse(&format!("{scheme}://{login}127.0.0.1:{port}")).expect("a URL");
    let answers = ask(&target, &Tls::default(), Limits::default()).expect("a connection");
    (answers, told.iter().collect())
}

#[test]
fn nothing_is_sent_but_what_stands_here() {
    let sentinel = [
        "SENTINEL MASTERS",
        "SENTINEL REPLICAS one",
        "SENTINEL SENTINELS one",
        // A name is one word, whatever is in it.
        "SENTINEL REPLICAS SHUTDOWN\r\n2",
        "SENTINEL SENTINELS SHUTDOWN\r\n2",
    ];
    // How often something is sent and waited for: without a login, and with one.
    for (scheme, info, more, trips) in [
        ("redis", "redis_mode:standalone\r\ncluster_enabled:0\r\n", &[][..], [1, 2]),
        ("redis", "redis_mode:cluster\r\ncluster_enabled:1\r\n", &["CLUSTER NODES"], [2, 3]),
        ("redis+cluster", "redis_mode:cluster\r\ncluster_enabled:1\r\n", &["CLUSTER NODES"], [1, 2]),
        ("redis", "redis_mode:sentinel\r\n", &sentinel, [3, 4]),
        ("redis", "server_mode:sentinel\r\n", &sentinel, [3, 4]),
        // What it is, is known before the rest is asked.
        ("redis", "open:1\r\nredis_mode:sentinel\r\n", &sentinel, [3, 3]),
        ("redis+sentinel", "redis_mode:sentinel\r\n", &sentinel, [2, 3]),
        ("redis", "", &[], [1, 2]),
    ] {
        for (login, command) in
            [("", None), (":canary@", Some("AUTH canary")), ("audit:can%20ary@", Some("AUTH audit can ary"))]
        {
            let (answers, sent) = sent(scheme, login, info);
            let wanted: Vec<&str> =
                STRANGER.into_iter().chain(command).chain(EVERYBODY).chain(more.iter().copied()).collect();
            assert_eq!(sent, wanted, "{info:?} {login}");
            assert_eq!(answers.round_trips, trips[usize::from(command.is_some())], "{scheme} {info:?} {login}");
            let all = answers.stranger.iter().chain(&answers.told);
            assert!(all.into_iter().all(|(_, answer)| matches!(answer, Answer::Reply(_))), "{answers:?}");
        }
    }
}

/// The right that is said to be needed is enough for the command that is sent, and without it there is no answer.
#[test]
fn each_command_needs_the_right_that_it_names() {
    for version in ["redis:7.0.15", "redis:8.2.3", "valkey:9.1.2"] {
        let (version, _) = Version::find(version).expect("a version");
        for ask in Ask::ALL.into_iter().filter(|ask| *ask != Ask::NoCommand) {
            let evaluator = match ask.words() {
                ["SENTINEL", ..] => Evaluator::for_sentinel(version),
                _ => Evaluator::new(version),
            };
            let mut words: Vec<&[u8]> = ask.words().iter().map(|word| word.as_bytes()).collect();
            let more: &[&str] = match ask {
                Ask::Replicas | Ask::Sentinels | Ask::Scan | Ask::Ttl | Ask::Type => &["one"],
                Ask::Start => &["one", "0", "1"],
                _ => &[],
            };
            words.extend(more.iter().map(|word| word.as_bytes()));
            let right = ask.permission();
            let without = right.replace('+', "-");
            for (rules, allowed) in [(["~*", "-@all", right], true), (["~*", "+@all", &without], false)] {
                let user = evaluator.user(&rules.map(str::as_bytes)).expect("rules");
                assert_eq!(evaluator.decide(&user, &words).allowed(), Some(allowed), "{ask:?} with {rules:?}");
            }
        }
    }
}
