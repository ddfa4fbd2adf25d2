//! The real servers that the tests ask: where they are, which version's tables they are held against, how one is
//! started in a folder of its own, asked, and stopped.
//!
//! `tests/run` installs them. Only loopback, only free ports, only processes that were started here.

mod session;

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use hardline::platform::redis::version::Version;
pub use session::{Client, Endpoint, items, text};
use session::{answers, listening};

/// One installed server.
#[derive(Debug)]
pub struct Server {
    /// What `tests/run` calls it.
    pub name: &'static str,
    /// The version whose tables it is held against.
    pub version: &'static Version,
    /// Whether it was built with TLS. The others refuse `tls-port`, and Redis 6.2 all `tls-` directives.
    pub tls: bool,
    program: PathBuf,
}

/// The servers of `tests/run`: name, the version that it must report as `--version` says it, the table, TLS or not.
const PINNED: [(&str, &str, &str, bool); 4] = [
    // 6.2.14 and 6.2.16 differ in neither commands nor directives.
    ("redis-6.2", "Redis 6.2.14", "redis:6.2.16", false),
    ("redis-debian", "Redis 7.0.15", "redis:7.0.15+debian", true),
    ("redis-8.2", "Redis 8.2.3", "redis:8.2.3", false),
    ("valkey-9.1", "Valkey 9.1.2", "valkey:9.1.2", false),
];

/// The four installed servers.
///
/// # Panics
/// With one sentence where one is missing or is of a version without tables.
pub fn all() -> &'static [Server] {
    static ALL: OnceLock<Result<Vec<Server>, String>> = OnceLock::new();
    let found = ALL.get_or_init(|| PINNED.iter().map(|pinned| find(&folder(), pinned)).collect());
    found.as_ref().unwrap_or_else(|problem| panic!("{problem}"))
}

/// The installed server that `tests/run` calls `name`.
pub fn named(name: &str) -> &'static Server {
    all().iter().find(|server| server.name == name).unwrap_or_else(|| panic!("no server is called {name}"))
}

/// Where `tests/run` puts the programs that tests start.
pub fn folder() -> PathBuf {
    let cache = || -> Option<PathBuf> {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        set("HARDLINE_CACHE")
            .or_else(|| Some(set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache")))?.join("hardline")))
            .map(|cache| cache.join("servers"))
    };
    std::env::var_os("HARDLINE_SERVERS").map(PathBuf::from).or_else(cache).unwrap_or_default()
}

fn find(folder: &Path, &(name, reports, table, tls): &(&'static str, &str, &str, bool)) -> Result<Server, String> {
    let program = folder.join(name);
    let said = Command::new(&program)
        .arg("--version")
        .output()
        .map_err(|error| format!("{} does not start ({error}): run tests/run, which installs it", program.display()))?;
    let said = String::from_utf8_lossy(&said.stdout).trim().to_owned();
    let mut words = said.split_whitespace();
    let product = words.next().unwrap_or_default();
    let number = words.find_map(|word| word.strip_prefix("v=")).unwrap_or_default();
    if format!("{product} {number}") != reports {
        return Err(format!("{} reports `{said}`: there is no table for it, {reports} is expected", program.display()));
    }
    let (version, _) = Version::find(table)?;
    Ok(Server { name, version, tls, program })
}

/// A port that nobody listens on, and 10000 above it neither, where a cluster's bus would be.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let offset = u16::try_from(std::process::id() % 97).unwrap_or(0) * 240;
    let free = |port: u16| {
        TcpListener::bind((Ipv6Addr::UNSPECIFIED, port))
            .or_else(|_| TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)))
            .is_ok()
    };
    loop {
        let port = 10_100 + offset.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % 20_000;
        if free(port) && free(port + 10_000) {
            return port;
        }
    }
}

/// A folder of files, and how a server is started in it.
///
/// `{DIR}`, `{PORT}` and `{PORT2}` in any text stand for the folder and two free ports.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    /// Path in the folder and bytes.
    pub files: Vec<(String, Vec<u8>)>,
    /// Arguments of the server, the configuration file included.
    pub args: Vec<Vec<u8>>,
    /// What it finds on standard input.
    pub stdin: Option<Vec<u8>>,
    /// The files that can be run.
    pub executables: Vec<String>,
}

impl Setup {
    /// One file, `test.conf`.
    pub fn of(conf: &str) -> Setup {
        Setup { files: vec![("test.conf".into(), conf.into())], args: vec![b"test.conf".to_vec()], ..Setup::default() }
    }

    /// Another file.
    pub fn file(mut self, path: &str, text: &str) -> Setup {
        self.files.push((path.into(), text.into()));
        self
    }

    /// The same with a file that can be run.
    pub fn executable(mut self, path: &str) -> Setup {
        self.executables.push(path.into());
        self
    }

    /// More arguments.
    pub fn args(mut self, args: &[&str]) -> Setup {
        self.args.extend(args.iter().map(|arg| arg.as_bytes().to_vec()));
        self
    }

    /// Writes the files into a new folder, with ports of their own.
    pub fn lay_out(&self) -> LaidOut {
        let dir = tempfile::Builder::new().prefix("hl").tempdir().expect("a temporary folder");
        let work = dir.path().canonicalize().expect("the temporary folder's path").join("work");
        fs::create_dir(&work).expect("a folder");
        let ports = [free_port(), free_port()];
        let values = [
            ("{DIR}", work.to_str().expect("a temporary folder with a plain name").to_owned()),
            ("{PORT}", ports[0].to_string()),
            ("{PORT2}", ports[1].to_string()),
        ];
        let fill = |bytes: &[u8]| fill(bytes, &values);
        for (name, bytes) in &self.files {
            let file = work.join(name);
            fs::create_dir_all(file.parent().expect("a parent")).expect("a folder");
            fs::write(&file, fill(bytes)).expect("a file");
            if self.executables.contains(name) {
                use std::os::unix::fs::PermissionsExt;
                fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("the file's mode");
            }
        }
        LaidOut {
            args: self.args.iter().map(|arg| fill(arg)).collect(),
            stdin: self.stdin.as_ref().map(|bytes| fill(bytes)),
            work,
            ports,
            dir,
        }
    }
}

impl std::fmt::Display for Setup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (name, text) in self.files.iter().filter(|(name, _)| !name.starts_with("tls/")) {
            writeln!(
                f,
                "--- {name}\n{}",
                String::from_utf8_lossy(text).escape_debug().to_string().replace("\\n", "\n")
            )?;
        }
        let args: Vec<_> = self.args.iter().map(|arg| String::from_utf8_lossy(arg)).collect();
        write!(f, "--- arguments {args:?}")?;
        match &self.stdin {
            Some(text) => write!(f, ", standard input {:?}", String::from_utf8_lossy(text)),
            None => Ok(()),
        }
    }
}

fn fill(bytes: &[u8], values: &[(&str, String)]) -> Vec<u8> {
    let mut filled = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    'next: while let Some(&byte) = rest.first() {
        for (name, value) in values {
            if let Some(after) = rest.strip_prefix(name.as_bytes()) {
                filled.extend_from_slice(value.as_bytes());
                rest = after;
                continue 'next;
            }
        }
        filled.push(byte);
        rest = &rest[1..];
    }
    filled
}

/// A folder that is ready for a server.
#[derive(Debug)]
pub struct LaidOut {
    /// The folder of the files, where the server runs.
    pub work: PathBuf,
    /// What `{PORT}` and `{PORT2}` became.
    pub ports: [u16; 2],
    /// The arguments, filled in.
    pub args: Vec<Vec<u8>>,
    /// Standard input, filled in.
    pub stdin: Option<Vec<u8>>,
    dir: tempfile::TempDir,
}

/// What became of a start.
#[derive(Debug)]
pub enum Started {
    /// It answers.
    Ready(Running),
    /// It exited.
    Refused(Refusal),
}

/// A start that ended.
#[derive(Debug)]
pub struct Refusal {
    /// How it ended.
    pub status: ExitStatus,
    /// Everything that it wrote, log files included.
    pub output: String,
}

impl Refusal {
    /// The line that the server says it failed on, in whatever file it was reading.
    pub fn line(&self) -> Option<usize> {
        let (_, after) = self.output.split_once("at line ")?;
        after.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    }

    /// What it says first that is an error: the message under the line at fault, or the first warning of the log.
    pub fn message(&self) -> &str {
        let lines: Vec<&str> = self.output.lines().collect();
        if let Some(at) = lines.iter().position(|line| line.starts_with(">>> ")) {
            return lines.get(at + 1).copied().unwrap_or_default();
        }
        lines
            .iter()
            .find(|line| line.contains(" # ") && !NOISE.iter().any(|noise| line.contains(noise)))
            .or(lines.last())
            .copied()
            .unwrap_or_default()
    }
}

/// Warnings that every server of the kind writes.
const NOISE: [&str; 9] = [
    "Server initialized",
    "Reading config from stdin",
    "Deprecation warning",
    "oO0OoO0OoO0Oo",
    "version=",
    "Configuration loaded",
    "Memory overcommit",
    "WARNING: The TCP backlog",
    "Transparent Huge Pages",
];

/// A server that runs, stopped when dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    endpoints: Vec<Endpoint>,
    laid_out: LaidOut,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// The program.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Starts it with arguments alone, in an empty folder: `--port {PORT}` and so on.
    ///
    /// # Panics
    /// When it does not start.
    pub fn run(&self, args: &[&str]) -> Running {
        let setup = Setup::default().args(args);
        match self.start(setup.lay_out()) {
            Started::Ready(running) => running,
            Started::Refused(refusal) => panic!("{} does not start with {args:?}: {}", self.name, refusal.output),
        }
    }

    /// Starts it and waits until it answers or has ended.
    ///
    /// # Panics
    /// When it does neither within 20 seconds.
    pub fn start(&self, laid_out: LaidOut) -> Started {
        let log = laid_out.dir.path().join("output");
        let mut child = self.spawn(&laid_out, &log);
        let limit = Instant::now() + Duration::from_secs(20);
        let mut pause = Duration::from_millis(4);
        loop {
            if let Some(status) = child.try_wait().expect("the server's state") {
                return Started::Refused(Refusal { status, output: output(&log, &laid_out.work) });
            }
            let endpoints = listening(child.id(), &laid_out.work);
            if endpoints.iter().any(answers) {
                // 7.0 opens the bus of a cluster after its ports, so what was found may not have been all.
                let endpoints = listening(child.id(), &laid_out.work);
                return Started::Ready(Running { child, endpoints, laid_out });
            }
            if Instant::now() > limit {
                let _ = child.kill();
                let _ = child.wait();
                let files = fs::read_to_string(laid_out.work.join("test.conf")).unwrap_or_default();
                panic!(
                    "{} neither answers on {endpoints:?} nor ends: {}\n{files}",
                    self.name,
                    output(&log, &laid_out.work)
                );
            }
            std::thread::sleep(pause);
            pause = (pause * 3 / 2).min(Duration::from_millis(50));
        }
    }

    /// A file of the certificate that `tests/run` makes: `server.crt` or `server.key`.
    pub fn certificate(&self, name: &str) -> Vec<u8> {
        let path = self.program.with_file_name("tls").join(name);
        fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}: run tests/run, which makes it", path.display()))
    }

    fn spawn(&self, laid_out: &LaidOut, log: &Path) -> Child {
        use std::os::unix::ffi::OsStrExt;
        let out = File::create(log).expect("a file for the output");
        let mut child = Command::new(&self.program)
            .args(laid_out.args.iter().map(|arg| std::ffi::OsStr::from_bytes(arg)))
            .current_dir(&laid_out.work)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .stdin(if laid_out.stdin.is_some() { Stdio::piped() } else { Stdio::null() })
            .stdout(out.try_clone().expect("the file again"))
            .stderr(out)
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", self.program.display()));
        if let (Some(mut pipe), Some(text)) = (child.stdin.take(), laid_out.stdin.as_ref()) {
            // A server that does not read its input closes the pipe; what it does then is the test's matter.
            let _ = pipe.write_all(text);
        }
        child
    }
}

/// What was written: standard output and error, then every log file in the folder.
fn output(log: &Path, work: &Path) -> String {
    let mut all = Vec::new();
    let mut add = |path: &Path| File::open(path).and_then(|mut file| file.read_to_end(&mut all)).ok();
    add(log);
    for entry in walkdir::WalkDir::new(work).sort_by_file_name().into_iter().flatten() {
        if entry.path().extension().is_some_and(|extension| extension == "log") && entry.file_type().is_file() {
            add(entry.path());
        }
    }
    String::from_utf8_lossy(&all).into_owned()
}

impl Running {
    /// Where it listens, Unix sockets first.
    pub fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }

    /// The number of its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The folder that it was started in.
    pub fn work(&self) -> &Path {
        &self.laid_out.work
    }

    /// What `{PORT}` and `{PORT2}` became.
    pub fn ports(&self) -> [u16; 2] {
        self.laid_out.ports
    }

    /// A session, as `user` with a password or as whoever the server takes us for, by the first way in that works.
    pub fn client(&self, login: Option<(&str, &str)>) -> Result<Client, String> {
        let mut problem = "it listens nowhere".to_owned();
        for endpoint in &self.endpoints {
            match Client::open(endpoint, login) {
                Ok(client) => return Ok(client),
                Err(error) => problem = error,
            }
        }
        Err(problem)
    }

    /// Everything that it wrote so far.
    pub fn output(&self) -> String {
        output(&self.laid_out.dir.path().join("output"), &self.laid_out.work)
    }
}

#[test]
fn every_server_is_of_a_version_with_tables() {
    for server in all() {
        let running = server.run(&["--port", "{PORT}", "--bind", "127.0.0.1"]);
        let mut client = running.client(None).expect("a session");
        assert_eq!(text(&client.ask(&["PING"]).expect("a reply")), "PONG", "{}", server.name);
    }
}
