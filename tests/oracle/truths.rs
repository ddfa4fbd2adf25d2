//! What everybody gets wrong about Redis, each as a small test that starts the real servers and looks.
//!
//! Every row of the table of ground truths and every observation that a file can show. What takes another host, another
//! user's Unix socket or a TLS client is in `reach_live`.

mod finding;
mod rows;
mod steps;
mod two_servers;

use super::servers::{self, Server, Setup, Started};
use finding::{Says, says};
use steps::{Sessions, outside};

/// An address that no host has which runs these tests.
const MISSING_ADDRESS: &str = "10.255.255.1";

/// Stands for `redis/protected-mode-is-the-only-guard`, and on 6.2 for `redis/open-to-network`.
const OPEN_OR_GUARDED: &str = "redis/open-or-guarded";

/// The servers that a truth holds on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// All.
    All,
    /// 6.2 only.
    Old,
    /// 7.0 and later.
    Since7,
    /// Valkey 9 only.
    Valkey9,
    /// All but Valkey 9.
    NotValkey9,
    /// Those that were built with TLS.
    Tls,
}

impl On {
    fn holds(self, server: &Server) -> bool {
        let (new, valkey) = (server.version.since(7, 0), server.version.valkey_since(9, 0));
        match self {
            On::All => true,
            On::Old => !new,
            On::Since7 => new,
            On::Valkey9 => valkey,
            On::NotValkey9 => !valkey,
            On::Tls => server.tls,
        }
    }
}

/// What the server does.
#[derive(Debug, Clone, Copy)]
pub enum Does {
    /// It does not start, and says this.
    Refuses(&'static str),
    /// It starts; then each asks in turn: who, what, and how the answer starts (`~`: what it contains). `who` is
    /// `loopback`, `unix` or `outside`, the host's own address that is not loopback; a number makes it another
    /// session of the same.
    Answers(&'static [(&'static str, &'static str, &'static str)]),
    /// It starts and listens on these addresses only, with `{PORT}` and the like; Unix sockets not counted.
    Listens(&'static [&'static str]),
}

/// One truth: files, arguments, and what comes of them.
#[derive(Debug, Clone, Copy)]
pub struct Truth {
    /// The main file, after `port {PORT}`.
    pub conf: &'static str,
    /// Other files.
    pub files: &'static [(&'static str, &'static str)],
    /// Arguments after the main file.
    pub args: &'static [&'static str],
    /// What each server does; the first that holds counts.
    pub does: &'static [(On, Does)],
    /// The check that is to find something in these files, if one is.
    pub check: Option<&'static str>,
}

impl Truth {
    /// The files and arguments.
    pub fn setup(&self) -> Setup {
        let mut setup = Setup::of(&format!("port {{PORT}}\n{}\n", self.conf)).args(self.args);
        for (name, text) in self.files {
            setup = setup.file(name, text);
        }
        setup
    }

    /// Asks every server that it is about.
    fn holds(&self, name: &str) {
        let inside = std::env::var_os(steps::INSIDE).is_some();
        if self.takes_another_address() && !inside {
            return steps::again_with_another_address(name);
        }
        let mut asked = 0;
        for server in servers::all() {
            let Some((_, does)) = self.does.iter().find(|(on, _)| on.holds(server)) else { continue };
            asked += 1;
            self.does_on(server, *does);
        }
        assert!(asked > 0, "{name} is about no server");
    }

    /// Whether an answer depends on an address that is not loopback, or the server listens on such.
    fn takes_another_address(&self) -> bool {
        let listens_outside = self.conf.contains("{OWN}") || !self.conf.to_lowercase().contains("bind ");
        listens_outside
            || self.conf.contains("bind *")
            || self.conf.contains("::")
            || self.conf.contains("port 0\ntls-port")
    }

    /// Whether hardline finds what the truth is about, and says that a server refuses a file exactly where it does.
    /// Arguments are no file: a truth that takes others than `--sentinel` is left to `effective`.
    fn is_found(&self, server: &Server, does: Does) {
        let sentinel = self.args == ["--sentinel"];
        if !(self.args.is_empty() || sentinel) {
            return;
        }
        let (refused, setup) = (matches!(does, Does::Refuses(_)), self.setup());
        let starting = if sentinel { "sentinel/will-not-start" } else { "redis/will-not-start" };
        let said = says(starting, &setup, server);
        let wanted = if refused { Says::Fault } else { Says::Nothing };
        // Whether an address is the host's, and what a name comes to, only the host can tell: a file that binds to an
        // address is taken to be one for a host that has it.
        let of_the_host = self.conf.contains(MISSING_ADDRESS);
        assert!(of_the_host || said == wanted || said == Says::Undecided, "{}: {starting} says {said:?}", server.name);
        // 6.2 applies protected mode only where no `bind` is written, so there the door is open.
        let open_or_guarded = match server.version.since(7, 0) {
            true => "redis/protected-mode-is-the-only-guard",
            false => "redis/open-to-network",
        };
        let check = self.check.map(|check| if check == OPEN_OR_GUARDED { open_or_guarded } else { check });
        if let Some(check) = check.filter(|check| !refused && *check != starting) {
            assert_eq!(says(check, &setup, server), Says::Fault, "{}: {check}", server.name);
        }
    }

    fn does_on(&self, server: &Server, does: Does) {
        self.is_found(server, does);
        let mut setup = self.setup();
        for (_, text) in &mut setup.files {
            *text = String::from_utf8_lossy(text).replace("{OWN}", &outside()).into_bytes();
        }
        if self.conf.contains("tls/") {
            for name in ["server.crt", "server.key"] {
                setup.files.push((format!("tls/{name}"), server.certificate(name)));
            }
        }
        match (server.start(setup.lay_out()), does) {
            (Started::Refused(refusal), Does::Refuses(says)) => {
                assert!(refusal.output.contains(says), "{}: `{says}` is not in {}", server.name, refusal.output);
            }
            (Started::Refused(refusal), _) => panic!("{} does not start: {}", server.name, refusal.output),
            (Started::Ready(running), Does::Refuses(_)) => panic!("{} starts: {}", server.name, running.output()),
            (Started::Ready(running), Does::Answers(steps)) => {
                let mut sessions = Sessions::new(&running);
                for (who, question, answer) in steps {
                    sessions.step(server.name, who, question, answer);
                }
            }
            (Started::Ready(running), Does::Listens(wanted)) => steps::listens(server.name, &running, wanted),
        }
    }
}

#[test]
fn every_check_that_a_truth_calls_for_is_there() {
    let checks = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("checks");
    for (name, truth) in rows::ALL {
        let named = truth.check.filter(|id| *id != OPEN_OR_GUARDED);
        let missing = named.filter(|id| !checks.join(format!("{id}.toml")).exists());
        assert_eq!(missing, None, "for {name}");
    }
}
