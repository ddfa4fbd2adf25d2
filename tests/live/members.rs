//! Servers that only another server tells of: they are asked, and who can make a server tell of them gets no login.

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};

use hardline::audit::{MOST_MEMBERS, Plan, audit};
use hardline::inventory::Server;
use hardline::platform::redis::live::connect::Tls;
use hardline::platform::redis::live::target::Target;
use hardline::project::Options;
use hardline::report::Report;

use super::fake::{bulk, list, serve};

/// A server that is made up of answers; every command that it gets goes to the receiver.
fn fake(answer: impl Fn(&[String]) -> Option<String> + Send + Sync + 'static) -> (u16, Receiver<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its address").port();
    let (heard, commands) = channel();
    let (answer, heard) = (Arc::new(answer), Mutex::new(heard));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (answer, heard) = (Arc::clone(&answer), heard.lock().expect("no panic").clone());
            std::thread::spawn(move || {
                serve(&stream, |words| {
                    let _ = heard.send(words.to_vec());
                    answer(words)
                });
            });
        }
    });
    (port, commands)
}

/// A Sentinel that tells of a master on each of these ports.
fn sentinel(ports: Vec<u16>) -> u16 {
    let answer = move |words: &[String]| match words.join(" ").as_str() {
        "INFO" => Some(bulk("redis_version:7.2.4\r\nredis_mode:sentinel\r\n")),
        "SENTINEL MASTERS" => {
            let master =
                |port: &u16| list(&["name", &format!("m{port}"), "ip", "127.0.0.1", "port", &port.to_string()]);
            Some(format!("*{}\r\n{}", ports.len(), ports.iter().map(master).collect::<String>()))
        }
        command if command.starts_with("SENTINEL") => Some("*0\r\n".to_owned()),
        _ => Some("+OK\r\n".to_owned()),
    };
    fake(answer).0
}

fn plan(url: &str, login_members: bool) -> Plan {
    let target = Target::parse(url).expect("a URL");
    let server =
        Server { target, tls: Arc::new(Tls::default()), group: None, expected: None, environment: None, login_members };
    Plan { servers: vec![server], ..Plan::default() }
}

/// How many servers there are, without the group that they are in.
fn servers(report: &Report) -> usize {
    report.subjects.iter().filter(|subject| subject.kind != "group").count()
}

/// What the audit says, and the commands that the member heard.
fn heard(login_members: bool) -> (Vec<String>, Vec<Vec<String>>) {
    let (member, commands) = fake(|_| Some("-NOAUTH Authentication required.\r\n".to_owned()));
    let url = format!("redis+sentinel://audit:canary-password@127.0.0.1:{}", sentinel(vec![member]));
    let options = Options { cwd: std::env::temp_dir(), ..Options::default() };
    let (report, facts) = audit(&options, &plan(&url, login_members), &|_| ()).expect("a report");
    assert_eq!(servers(&report), 2);
    let told = facts.notices.iter().map(|notice| notice.message.clone());
    let needs = report.unknown.iter().map(|unknown| unknown.cause.needs.to_string());
    (told.chain(needs).collect(), commands.try_iter().collect())
}

#[test]
fn a_server_that_nobody_named_gets_no_login() {
    let (told, commands) = heard(false);
    assert!(commands.iter().any(|words| words[0] == "INFO"), "it is asked: {commands:?}");
    assert!(commands.iter().all(|words| words[0] != "AUTH"), "{commands:?}");
    assert!(told.iter().any(|line| line.contains("not logged in") && line.contains("--login-members")), "{told:?}");
    assert!(told.iter().any(|line| line.starts_with("a login: another server named it")), "{told:?}");
    let (told, commands) = heard(true);
    assert!(commands.iter().any(|words| words[0] == "AUTH"), "{commands:?}");
    assert!(!told.iter().any(|line| line.contains("--login-members")), "{told:?}");
}

#[test]
fn a_certificate_of_an_own_authority_proves_a_member() {
    let own = Tls { ca: Some(PathBuf::from("ca.crt")), ..Tls::default() };
    let named = Tls { server_name: Some("redis.internal".to_owned()), ..Tls::default() };
    for (tls, proves) in [
        (Tls::default(), false),
        (own.clone(), true),
        (named, true),
        // Then a certificate that nobody trusts is good enough, and proves nothing.
        (Tls { insecure: true, ..own }, false),
    ] {
        assert_eq!(tls.proves_members(), proves, "{tls:?}");
    }
    let first = Target::parse("rediss+cluster://audit:canary-password@10.0.0.1").expect("a URL");
    let member = |trusted| first.member(("10.0.0.2".to_owned(), 6379), trusted);
    assert_eq!(member(true).login, first.login);
    assert_eq!(member(false).login, None);
    assert_eq!(member(false).plain_url(), "rediss://10.0.0.2:6379");
    // Without a login there is none to be kept back.
    let open = Target { login: None, ..first.clone() };
    assert_eq!(open.member(("10.0.0.2".to_owned(), 6379), false).withheld, None);
}

#[test]
fn more_members_than_a_cluster_has_are_left_out_and_said() {
    // Ports that nobody listens on answer at once.
    let ports = (1..=1_100).collect();
    let url = format!("redis+sentinel://127.0.0.1:{}", sentinel(ports));
    let options = Options { cwd: std::env::temp_dir(), ..Options::default() };
    let (report, facts) = audit(&options, &plan(&url, false), &|_| ()).expect("a report");
    assert_eq!(servers(&report), 1 + MOST_MEMBERS);
    let told = facts.notices.iter().any(|notice| notice.message.contains("it tells of 1100 servers, of which 1000"));
    assert!(told);
}
