//! The real nginx: laid out in a folder of its own, started, asked over a socket, stopped by its process id.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufReader, ErrorKind, Read, Seek, SeekFrom, Write};
use std::net::{Shutdown, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use super::config::MAIN;
use super::upstream::{self, Upstream};
use crate::oracle::servers;

/// The installed nginx.
#[derive(Debug)]
pub struct Nginx {
    program: PathBuf,
    /// What it calls itself, `1.22.1`.
    pub version: String,
}

/// The nginx that `tests/run` installs.
///
/// # Panics
/// With one sentence where it is missing.
pub fn nginx() -> &'static Nginx {
    static FOUND: OnceLock<Result<Nginx, String>> = OnceLock::new();
    let find = || {
        let program = servers::folder().join("nginx-debian");
        let said = Command::new(&program).arg("-v").output().map_err(|error| {
            format!("{} does not start ({error}): run tests/run, which installs it", program.display())
        })?;
        let said = String::from_utf8_lossy(&said.stderr).trim().to_owned();
        let version = said.strip_prefix("nginx version: nginx/").ok_or_else(|| format!("nginx says {said:?}"))?;
        let version = version.split(' ').next().unwrap_or_default().to_owned();
        Ok(Nginx { program, version })
    };
    FOUND.get_or_init(find).as_ref().unwrap_or_else(|problem| panic!("{problem}"))
}

/// A folder that is ready for a start.
#[derive(Debug)]
pub struct Folder {
    /// Its path.
    pub path: PathBuf,
    /// What `{PORT}` and `{PORT2}` became.
    pub ports: [u16; 2],
    values: Vec<(&'static str, String)>,
    _dir: tempfile::TempDir,
}

impl Folder {
    /// Writes files, in which `{DIR}`, `{PORT}`, `{PORT2}` and `{UP}` stand for the folder, two free ports and the
    /// upstream's.
    pub fn new(files: &BTreeMap<String, String>, upstream: &Upstream) -> Folder {
        let dir = tempfile::Builder::new().prefix("hl").tempdir().expect("a temporary folder");
        let path = dir.path().canonicalize().expect("the temporary folder's path");
        let ports = [servers::free_port(), servers::free_port()];
        let values = vec![
            ("{DIR}", path.to_str().expect("a plain name").to_owned()),
            ("{PORT}", ports[0].to_string()),
            ("{PORT2}", ports[1].to_string()),
            ("{UP}", upstream.port().to_string()),
        ];
        let folder = Folder { path, ports, values, _dir: dir };
        for name in ["logs", "tmp", "site"] {
            fs::create_dir(folder.path.join(name)).expect("a folder");
        }
        for (name, text) in files {
            let file = folder.path.join(name);
            fs::create_dir_all(file.parent().expect("a parent")).expect("a folder");
            fs::write(&file, folder.fill(text)).expect("a file");
        }
        folder
    }

    /// A text with what stands for the folder and the ports filled in.
    pub fn fill(&self, text: &str) -> String {
        self.values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
    }

    /// What a file that this run has grown holds from a place on.
    fn grown(&self, name: &str, from: u64) -> String {
        let mut bytes = Vec::new();
        if let Ok(mut file) = File::open(self.path.join(name)) {
            file.seek(SeekFrom::Start(from)).expect("a place in the file");
            file.read_to_end(&mut bytes).expect("the file");
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The logs and how long each is.
    fn logs(&self) -> BTreeMap<String, u64> {
        let entries = fs::read_dir(self.path.join("logs")).expect("the folder of logs").flatten();
        let length = |entry: fs::DirEntry| {
            let length = entry.metadata().map_or(0, |metadata| metadata.len());
            (format!("logs/{}", entry.file_name().to_string_lossy()), length)
        };
        entries.map(length).collect()
    }
}

/// Why nginx did not start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What it says, without the place.
    pub message: String,
    /// The file, relative to the folder, and the line, where it names them.
    pub place: Option<(String, usize)>,
}

/// An nginx that runs, stopped when dropped.
#[derive(Debug)]
pub struct Running<'a> {
    child: Child,
    folder: &'a Folder,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What one request left behind.
#[derive(Debug, Clone, Default)]
pub struct Exchange {
    /// The status, unless nginx closed the connection without a word.
    pub status: Option<u16>,
    /// The headers as they came.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
    /// What went to the error log, at the level `debug`.
    pub debug: String,
    /// What went to each access log.
    pub access: BTreeMap<String, String>,
}

impl Nginx {
    /// Starts it in a folder.
    ///
    /// # Panics
    /// When it neither listens nor ends within 20 seconds.
    pub fn start<'a>(&self, folder: &'a Folder) -> Result<Running<'a>, Refusal> {
        let limit = Instant::now() + Duration::from_secs(20);
        let pid = folder.path.join("nginx.pid");
        let _ = fs::remove_file(&pid);
        let mut child = self.spawn(folder);
        loop {
            if child.try_wait().expect("nginx's state").is_some() {
                let said = folder.grown("output", 0);
                // Another process took the port in between.
                assert!(!said.contains("Address already in use"), "a port is taken: {said}");
                return Err(refusal(&said, &folder.path));
            }
            // It comes after the sockets that nginx listens on (nginx.c:main).
            if pid.exists() {
                return Ok(Running { child, folder });
            }
            if Instant::now() > limit {
                let _ = child.kill();
                let _ = child.wait();
                panic!("nginx neither listens nor ends: {}", folder.grown("output", 0));
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn spawn(&self, folder: &Folder) -> Child {
        let output = File::create(folder.path.join("output")).expect("a file for the output");
        let mut command = Command::new(&self.program);
        command.arg("-p").arg(&folder.path).arg("-c").arg(folder.path.join(MAIN)).args(["-e", "stderr"]);
        command.env_clear().stdin(Stdio::null()).stdout(Stdio::null()).stderr(output);
        command.spawn().unwrap_or_else(|error| panic!("{}: {error}", self.program.display()))
    }
}

/// The first message that is an error.
fn refusal(said: &str, folder: &Path) -> Refusal {
    let message =
        |line: &'_ str| Some(line.split_once("[emerg] ")?.1.split_once("#")?.1.split_once(": ")?.1.to_owned());
    let Some(text) = said.lines().find_map(message) else {
        return Refusal { message: said.to_owned(), place: None };
    };
    let placed = text.rsplit_once(" in ").and_then(|(message, place)| {
        let (path, line) = place.rsplit_once(':')?;
        let path = Path::new(path).strip_prefix(folder).ok()?;
        Some((message.to_owned(), (path.to_string_lossy().into_owned(), line.parse().ok()?)))
    });
    match placed {
        Some((message, place)) => Refusal { message, place: Some(place) },
        None => Refusal { message: text, place: None },
    }
}

impl Running<'_> {
    /// Sends a request to a port and reads what comes until nginx closes the connection and has written its logs.
    /// None where nobody listens.
    ///
    /// # Panics
    /// When that takes more than 20 seconds.
    pub fn exchange(&self, port: u16, head: &str, body: &[u8]) -> Option<Exchange> {
        let before = self.folder.logs();
        let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a time limit");
        // Where nginx refuses early, it may not read it all.
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
        let mut answer = Vec::new();
        if let Err(error) = stream.read_to_end(&mut answer) {
            // What `return 444` closes with a body unread.
            let reset = error.kind() == ErrorKind::ConnectionReset;
            assert!(reset || !answer.is_empty(), "no answer to {head:?}: {error}");
        }
        let _ = stream.shutdown(Shutdown::Both);
        drop(stream);
        let mut exchange = parse(&answer);
        let limit = Instant::now() + Duration::from_secs(20);
        loop {
            exchange.debug = self.grown_since("logs/error.log", &before);
            let logged = exchange.debug.rfind("http log handler");
            if logged.is_some() && exchange.debug.rfind("close http connection") > logged {
                break;
            }
            assert!(Instant::now() < limit, "nginx does not end the request {head:?}: {}", exchange.debug);
            std::thread::sleep(Duration::from_millis(1));
        }
        for name in self.folder.logs().keys().filter(|name| *name != "logs/error.log") {
            let text = self.grown_since(name, &before);
            if !text.is_empty() {
                exchange.access.insert(name.clone(), text);
            }
        }
        Some(exchange)
    }

    fn grown_since(&self, name: &str, before: &BTreeMap<String, u64>) -> String {
        self.folder.grown(name, before.get(name).copied().unwrap_or_default())
    }
}

fn parse(answer: &[u8]) -> Exchange {
    let mut reader = BufReader::new(answer);
    let mut first = String::new();
    let _ = std::io::BufRead::read_line(&mut reader, &mut first);
    let status = first.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
    let headers = if status.is_some() { upstream::headers(&mut reader).unwrap_or_default() } else { Vec::new() };
    let mut body = Vec::new();
    let _ = reader.read_to_end(&mut body);
    Exchange { status, headers, body: String::from_utf8_lossy(&body).into_owned(), ..Exchange::default() }
}
