//! Who asks a server, and from where.

use std::collections::HashMap;
use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::process::Command;
use std::time::Duration;

use crate::oracle::servers::{Client, Endpoint, Running, text};

/// Set in a process that has an address besides loopback that nobody else can reach.
pub const INSIDE: &str = "HARDLINE_OWN_ADDRESS";

/// That address.
pub fn outside() -> String {
    std::env::var(INSIDE).unwrap_or_else(|_| "10.77.0.2".to_owned())
}

/// Runs this same test once more, in a network of its own in which the host has an address that is not loopback.
///
/// # Panics
/// With what the test said, or where no such network can be made.
pub fn again_with_another_address(test: &str) {
    let program = std::env::current_exe().expect("the test's own program");
    let script = format!("ip link set lo up && ip addr add {}/32 dev lo && exec \"$0\" \"$@\"", outside());
    let mut unshare = Command::new("unshare");
    unshare.args(["-rn", "sh", "-c", &script]).arg(program).args(["--exact", test, "--nocapture"]);
    let done = unshare.env(INSIDE, outside()).output();
    let done = done.unwrap_or_else(|error| panic!("needs `unshare` for an address that is not loopback: {error}"));
    let said = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(!said.contains("running 0 tests"), "no test is called {test}");
    let ran = said.contains("running 1 test");
    assert!(ran, "needs `unshare -rn` and `ip` for an address that is not loopback: {said}");
    assert!(done.status.success(), "{said}");
}

/// The sessions of one test, each kept until the end.
pub struct Sessions<'a> {
    running: &'a Running,
    open: HashMap<&'static str, Client>,
}

impl<'a> Sessions<'a> {
    /// None yet.
    pub fn new(running: &'a Running) -> Sessions<'a> {
        Sessions { running, open: HashMap::new() }
    }

    /// Asks one question and compares the answer.
    pub fn step(&mut self, server: &str, who: &'static str, question: &str, answer: &str) {
        let said = self.ask(who, question);
        let right = match answer.strip_prefix('~') {
            Some(part) => said.contains(part),
            None => said.starts_with(answer),
        };
        assert!(right, "{server}: {who} asks `{question}` and gets `{said}`, not `{answer}`");
    }

    fn ask(&mut self, who: &'static str, question: &str) -> String {
        if question == "MODE" {
            return self.mode();
        }
        let at = self.endpoint(who);
        if let ("CONNECT", Endpoint::Tcp(address)) = (question, &at) {
            return greeting(*address);
        }
        if !self.open.contains_key(who) {
            match Client::open(&at, None) {
                Ok(client) => self.open.insert(who, client),
                Err(error) => return error,
            };
        }
        let words = words(question);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let client = self.open.get_mut(who).expect("the session just opened");
        client.ask(&words).map_or_else(|error| error, |reply| text(&reply))
    }

    fn endpoint(&self, who: &str) -> Endpoint {
        let port = self.running.ports()[0];
        match who.trim_end_matches(|c: char| c.is_ascii_digit()) {
            "loopback" => Endpoint::Tcp((Ipv4Addr::LOCALHOST, port).into()),
            "outside" => Endpoint::Tcp((outside().parse::<IpAddr>().expect("an address"), port).into()),
            "unix" => Endpoint::Unix(self.running.work().join("s")),
            other => panic!("nobody is called {other}"),
        }
    }

    /// The permission bits of the Unix socket, as if the umask were 022.
    fn mode(&self) -> String {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(self.running.work().join("s")).expect("the socket").permissions().mode() & 0o777;
        format!("{mode:o}")
    }
}

/// What a server says on its own when we connect: nothing, or why it turns us away.
fn greeting(address: SocketAddr) -> String {
    let mut stream = match TcpStream::connect_timeout(&address, Duration::from_secs(5)) {
        Ok(stream) => stream,
        Err(error) => return error.to_string(),
    };
    let mut said = [0; 64];
    stream.set_read_timeout(Some(Duration::from_millis(300))).expect("a time limit");
    match stream.read(&mut said) {
        Ok(0) => "closed".to_owned(),
        Ok(length) => String::from_utf8_lossy(&said[..length]).into_owned(),
        Err(_) => "silence".to_owned(),
    }
}

/// Splits at spaces; double quotes keep words together.
fn words(question: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (number, part) in question.split('"').enumerate() {
        match number % 2 {
            0 => words.extend(part.split_whitespace().map(str::to_owned)),
            _ => words.push(part.to_owned()),
        }
    }
    words
}

/// Compares where it listens, the bus of a cluster included.
pub fn listens(server: &str, running: &Running, wanted: &[&str]) {
    let ports = running.ports().map(|port| port.to_string());
    let fill =
        |text: &&str| text.replace("{PORT}", &ports[0]).replace("{PORT2}", &ports[1]).replace("{OWN}", &outside());
    let mut wanted: Vec<String> = wanted.iter().map(fill).collect();
    let mut found: Vec<String> = running
        .endpoints()
        .iter()
        .filter_map(|endpoint| match endpoint {
            Endpoint::Tcp(address) => Some(address.to_string()),
            Endpoint::Unix(_) => None,
        })
        .collect();
    wanted.sort();
    found.sort();
    assert_eq!(found, wanted, "{server}");
}
