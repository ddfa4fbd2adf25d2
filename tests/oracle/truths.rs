//! What everybody gets wrong about Redis, each as a small test that starts the real servers and looks.
//!
//! Every row of the table of ground truths and every observation that a file can show. What takes another host, another
//! user's Unix socket or a TLS client is in `reach_live`.

mod rows;
mod steps;
mod two_servers;

use super::servers::{self, Server, Setup, Started};
use steps::{Sessions, outside};

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
    /// 7.0 and later, but not Valkey 9.
    Since7NotValkey9,
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
            On::Since7NotValkey9 => new && !valkey,
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

    fn does_on(&self, server: &Server, does: Does) {
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
