//! Random configurations, started for real and asked from another host, from loopback, over the host's own address
//! and over the Unix socket as other users.
//!
//! `reach_probe.py` does that in network namespaces of its own, which takes `unshare`, `ip` and `python3`, and for
//! certificates `openssl`. Asking the Unix socket as another user takes root; without it those answers are left out.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use hardline::platform::redis::door::{Door, Maybe};
use hardline::platform::redis::listen::{Purpose, open};
use hardline::platform::redis::reach::{Channel, Vantage, cell};
use serde::{Deserialize, Serialize};

use super::reach_doors::{Written, door, host};
use super::servers::{self, Server};

/// The addresses that `reach_probe.py` gives to the server's host.
const OWN: [&str; 2] = ["10.77.0.2", "fd77::2"];

#[derive(Serialize)]
struct Case {
    program: PathBuf,
    args: Vec<String>,
    files: BTreeMap<String, String>,
    umask: u32,
    tls: PathBuf,
    users: bool,
    ports: (u16, u16, Option<&'static str>),
}

#[derive(Deserialize)]
struct Reply {
    accepted: Option<bool>,
    output: String,
    listening: BTreeSet<String>,
    answers: BTreeMap<String, BTreeMap<String, String>>,
}

/// A generator of numbers, the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % limit
    }

    fn of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }
}

const BINDS: [&str; 32] = [
    "",
    "",
    "",
    "bind *",
    "bind * -::*",
    "bind 0.0.0.0",
    "bind ::",
    "bind -::*",
    "bind 0.0.0.0 ::",
    "bind 127.0.0.1 -::1",
    "bind 127.0.0.1",
    "bind ::1",
    "bind 10.77.0.2",
    "bind 127.0.0.1 10.77.0.2",
    "bind fd77::2",
    "bind fd77::2 10.77.0.2 127.0.0.1",
    "bind 127.0.0.1 -10.77.0.99",
    "bind -10.77.0.99",
    "bind -fd77::99 10.77.0.2",
    "bind \"\"",
    "bind \"127.0.0.1 10.77.0.2\"",
    "bind localhost",
    "bind 127.0.0.2",
    "bind 127.1 127.0.0.3",
    "bind 0",
    "bind 2130706433 fd77:0::2",
    "bind * 127.0.0.1",
    "bind 10.77.0.99",
    "bind [::]",
    "bind ::ffff:10.77.0.2",
    "bind 127.0.0.1 224.0.0.1",
    "bind fe80::1%here -nosuch.invalid",
];

const USERS: [&str; 14] = [
    "",
    "",
    "",
    "",
    "requirepass secret",
    "requirepass \"\"",
    "user default on nopass ~* &* +@all",
    "user default off",
    "user default off nopass ~* &* +@all",
    "user default on >secret ~* &* +@all",
    "user default on nopass ~* &* -@all +get",
    "user default on nopass ~* &* +@all -ping",
    "user default on >secret nopass -@all +ping",
    "requirepass secret\nuser default on nopass ~* &* +@all",
];

/// A configuration for a server of this kind: the file, and arguments after it.
fn configuration(numbers: &mut Numbers, server: &Server) -> (String, Vec<String>) {
    let mut lines = vec![numbers.of(&BINDS), numbers.of(&USERS)];
    lines.push(numbers.of(&["", "", "protected-mode yes", "protected-mode no", "protected-mode no"]));
    lines.push(numbers.of(&["", "", "", "port 0", "port 7777"]));
    if server.tls && numbers.below(2) == 0 {
        lines.push(numbers.of(&["tls-port 6380", "tls-port 6380", "tls-port 6380", "tls-port 6379"]));
        lines.push("tls-cert-file {TLS}/server.crt\ntls-key-file {TLS}/server.key");
        lines.push(numbers.of(&["tls-ca-cert-file {TLS}/ca.crt", "tls-ca-cert-file {TLS}/ca.crt", ""]));
        lines.push(numbers.of(&["", "tls-auth-clients yes", "tls-auth-clients optional", "tls-auth-clients no"]));
        lines.push(numbers.of(&["", "", "", "tls-cluster yes", "tls-replication yes"]));
    }
    if numbers.below(2) == 0 {
        lines.push("unixsocket run.sock");
        lines.push(numbers.of(&[
            "",
            "unixsocketperm 0",
            "unixsocketperm 700",
            "unixsocketperm 770",
            "unixsocketperm 0777",
            "unixsocketperm 702",
            "unixsocketperm 060",
            "unixsocketperm 555",
        ]));
    }
    let mut args = Vec::new();
    // Sentinel knows few commands, and refuses a user's rule about another.
    if numbers.below(8) == 0 && !lines.iter().any(|line| line.contains("+get")) {
        args.push("--sentinel".to_owned());
    } else if numbers.below(5) == 0 {
        lines.push("cluster-enabled yes");
        if server.version.since(7, 0) {
            lines.push(numbers.of(&["", "", "cluster-port 6379", "cluster-port 9999"]));
        }
    }
    let at_the_end = numbers.below(4) == 0;
    lines.retain(|line| {
        let moved = at_the_end && (line.starts_with("protected-mode") || line.starts_with("port"));
        if moved {
            args.extend(format!("--{line}").split(' ').map(str::to_owned));
        }
        !moved
    });
    (lines.iter().map(|line| format!("{line}\n")).collect(), args)
}

/// Makes a CA, a certificate of it for the server and one for a client, and a client's of another CA.
fn certificates(folder: &Path) {
    let openssl = |words: &str| {
        let made = Command::new("openssl").args(words.split(' ')).current_dir(folder).output();
        let made = made.unwrap_or_else(|error| panic!("reach_live needs openssl to make certificates: {error}"));
        assert!(made.status.success(), "openssl {words}: {}", String::from_utf8_lossy(&made.stderr));
    };
    for ca in ["ca", "rogueca"] {
        openssl(&format!(
            "req -x509 -newkey rsa:2048 -nodes -keyout {ca}.key -out {ca}.crt -days 2 -subj /CN=hardline-{ca}"
        ));
    }
    for (name, ca) in [("server", "ca"), ("client", "ca"), ("rogue", "rogueca")] {
        openssl(&format!("req -newkey rsa:2048 -nodes -keyout {name}.key -out {name}.csr -subj /CN={name}.test"));
        openssl(&format!(
            "x509 -req -in {name}.csr -CA {ca}.crt -CAkey {ca}.key -CAcreateserial -out {name}.crt -days 2"
        ));
    }
}

/// Whether the process may become other users.
fn root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|said| said.stdout.trim_ascii() == b"0")
}

/// Asks all, in order.
fn probe(cases: &[Case], root: bool) -> Vec<Reply> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/reach_probe.py");
    let namespace = if root { "-n" } else { "-rn" };
    let mut child = Command::new("unshare")
        .args([namespace, "python3"])
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("reach_live needs a network namespace: unshare does not start: {error}"));
    let lines: String = cases.iter().map(|case| serde_json::to_string(case).expect("a case as JSON") + "\n").collect();
    let mut input = child.stdin.take().expect("the input");
    let feeder = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = child.wait_with_output().expect("what reach_probe.py says");
    let _ = feeder.join();
    assert!(
        output.status.success(),
        "reach_live needs a network namespace, ip and python3: {}",
        String::from_utf8_lossy(&output.stderr).lines().last().unwrap_or_default()
    );
    let replies = String::from_utf8(output.stdout).expect("text");
    replies.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

#[derive(Default)]
struct Tally {
    refused: usize,
    listeners: usize,
    cells: usize,
    wrong: Vec<String>,
}

impl Tally {
    fn compare(&mut self, door: &Door, case: &Case, reply: &Reply) {
        let what = || format!("{:?} {:?} {:?} {:o}", door.epoch, case.files["server.conf"], case.args, case.umask);
        let opening = open(door);
        match (opening.starts(), reply.accepted) {
            (Maybe::Known(starts), Some(accepted)) if starts == accepted => {}
            (starts, accepted) => {
                let said = &reply.output;
                return self.wrong.push(format!(
                    "{}: accepted {accepted:?}, not {starts:?} {:?}: {said}",
                    what(),
                    opening.refusals
                ));
            }
        }
        if reply.accepted != Some(true) {
            self.refused += 1;
            return;
        }
        let listening: BTreeSet<String> = opening
            .listeners
            .iter()
            .map(|listener| SocketAddr::from((listener.address, listener.port)).to_string())
            .collect();
        self.listeners += listening.len();
        if listening != reply.listening {
            self.wrong.push(format!("{}: listens on {:?}, not {listening:?}", what(), reply.listening));
        }
        for vantage in Vantage::ALL {
            for channel in Channel::ALL {
                let Some(answer) = reply.answers.get(vantage.as_str()) else { continue };
                let answer = answer.get(channel.as_str()).map(String::as_str);
                let found = cell(door, vantage, channel);
                self.cells += usize::from(answer.is_some());
                if found.answer.known().map(|class| class.map(|class| class.as_str())) != Some(answer) {
                    let cell = format!("{} {}", vantage.as_str(), channel.as_str());
                    self.wrong.push(format!("{}: {cell} is {answer:?}, not {:?}", what(), found.answer));
                }
            }
        }
    }
}

#[test]
fn random_configurations() {
    let each =
        std::env::var("HARDLINE_CASES").ok().and_then(|cases| cases.parse::<usize>().ok()).map_or(40, |n| n / 25);
    let root = root();
    let folder = tempfile::tempdir().expect("a folder for certificates");
    certificates(folder.path());
    let mut numbers = Numbers(2026);
    let (mut doors, mut cases) = (Vec::new(), Vec::new());
    for server in servers::all() {
        for _ in 0..each {
            let (text, more) = configuration(&mut numbers, server);
            let text = text.replace("{TLS}", &folder.path().display().to_string());
            let files = BTreeMap::from([("server.conf".to_owned(), text)]);
            let args: Vec<String> = std::iter::once("server.conf".to_owned()).chain(more).collect();
            let umask = [0o022, 0, 0o077][numbers.below(3)];
            let mut host = host(&OWN);
            host.names = BTreeMap::from([("nosuch.invalid".to_owned(), None)]);
            let door = door(&Written::read(&files, &args), *server.version, umask, host);
            let port = |port: &Maybe<u16>| port.known().copied().expect("a known port");
            let socket = door.unixsocket.known().is_some_and(Option::is_some).then_some("run.sock");
            let ports = (port(&door.port), port(&door.tls_port), socket);
            let tls = folder.path().to_owned();
            cases.push(Case { program: server.program().to_owned(), args, files, umask, tls, users: root, ports });
            doors.push(door);
        }
    }
    let replies = probe(&cases, root);
    assert_eq!(replies.len(), cases.len(), "reach_probe.py did not answer all");
    let mut tally = Tally::default();
    for ((door, case), reply) in doors.iter().zip(&cases).zip(&replies) {
        tally.compare(door, case, reply);
    }
    let buses = doors.iter().filter(|door| open(door).listeners.iter().any(|one| one.purpose == Purpose::Bus)).count();
    println!(
        "live: {} configurations, {} refused, {buses} with a bus, {} listeners, {} answers compared, {} differ{}",
        cases.len(),
        tally.refused,
        tally.listeners,
        tally.cells,
        tally.wrong.len(),
        if root { "" } else { "; Unix sockets not asked as other users, which takes root" }
    );
    assert!(tally.wrong.is_empty(), "{}", tally.wrong[..tally.wrong.len().min(15)].join("\n"));
    assert!(tally.cells > cases.len(), "most configurations were refused");
}
