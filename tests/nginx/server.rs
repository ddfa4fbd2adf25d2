//! The real nginx, asked with `nginx -t`, and hardline asked the same.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use hardline::files::{Disk, Location};
use hardline::platform::nginx::include::Library;
use hardline::platform::nginx::refuse::{self, Base, Machine};
use hardline::platform::nginx::version::Version;
use hardline::text::{Place, Sources};

use crate::oracle::servers;

/// What was said to a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// It is taken.
    Accepted,
    /// It is refused, with this message and, where nginx itself names one, on this line.
    Refused(String, Option<usize>),
    /// It cannot be told.
    Open(String),
}

/// The folders and files that nginx would make outside the folder of the test, as the last lines of `http`.
pub const PATHS: &str = "access_log off; client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; \
                         uwsgi_temp_path t4; scgi_temp_path t5;\n";

/// A folder that configurations are tested in.
pub struct Bench {
    dir: tempfile::TempDir,
    program: PathBuf,
    version: Version,
}

impl Bench {
    /// One for the installed nginx, or for the one that `HARDLINE_NGINX` names with its version:
    /// `1.31.4 /path/to/nginx`.
    pub fn new() -> Bench {
        let dir = tempfile::Builder::new().prefix("hlngx").tempdir().expect("a temporary folder");
        let other = std::env::var("HARDLINE_NGINX").ok();
        let (version, program) = match other.as_deref().and_then(|other| other.split_once(' ')) {
            Some((version, program)) => (version.to_owned(), PathBuf::from(program)),
            None => ("1.22.1+debian".to_owned(), servers::folder().join("nginx-debian")),
        };
        let said = Command::new(&program).arg("-v").output();
        let said = said.unwrap_or_else(|error| {
            panic!("{} does not start ({error}): run tests/run, which installs it", program.display())
        });
        let said = String::from_utf8_lossy(&said.stderr).into_owned();
        let version = Version::parse(&format!("nginx:{version}")).expect("a version");
        assert!(said.contains(&version.to_string()), "{} is not {version}: {said}", program.display());
        Bench { dir, program, version }
    }

    /// The version that is asked.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Writes a file beside the configuration.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path().join(name), text).expect("a file");
    }

    /// What nginx says. That it lacks a folder or a port here is no fault of a configuration.
    pub fn nginx(&self, conf: impl AsRef<[u8]>) -> (Said, Vec<String>) {
        let output = self.tested("-t", conf);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let warnings =
            text.lines().filter_map(|line| line.split_once("[warn] ")).map(|(_, what)| what.to_owned()).collect();
        if output.status.success() {
            return (Said::Accepted, warnings);
        }
        let last = text.lines().rfind(|line| line.contains("[emerg]")).unwrap_or_default();
        let message = last.split_once("[emerg] ").map_or(last, |(_, message)| message);
        // The number of the process comes before it.
        let message =
            message.split_once("#0: ").or_else(|| message.split_once(": ")).filter(|(start, _)| numbered(start));
        let message = message.map_or(last, |(_, message)| message).to_owned();
        let (message, line) =
            match message.rsplit_once(" in ").and_then(|(message, at)| Some((message, at.rsplit_once(':')?))) {
                Some((start, (file, line))) if file.ends_with("test.conf") => (start.to_owned(), line.parse().ok()),
                _ => (message, None),
            };
        (Said::Refused(message, line), warnings)
    }

    fn tested(&self, how: &str, conf: impl AsRef<[u8]>) -> Output {
        self.write("test.conf", conf);
        let mut command = Command::new(&self.program);
        command
            .args([how, "-e", "stderr", "-g", "pid nginx.pid;", "-c", "test.conf", "-p"])
            .arg(self.path())
            .env_remove("NGINX");
        command.output().expect("nginx runs")
    }

    /// The files that nginx reads for a configuration that it takes, each once, in the order in which it comes to them.
    pub fn files(&self, conf: &str) -> Vec<String> {
        let output = self.tested("-T", conf);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let start = format!("# configuration file {}/", self.path().display());
        text.lines().filter_map(|line| Some(line.strip_prefix(&start)?.strip_suffix(':')?.to_owned())).collect()
    }

    /// What hardline says.
    pub fn hardline(&self, conf: impl AsRef<[u8]>) -> (Said, Vec<String>) {
        self.write("test.conf", &conf);
        let mut sources = Sources::new();
        let path = self.path().join("test.conf");
        let main = sources.add(Place::File(path), conf.as_ref().to_vec());
        let disk = Disk::whole(1 << 20);
        let mut library = Library::new(&disk, &mut sources, true);
        let tree = library.conf(main, &Location::Here(self.path().to_path_buf()));
        let answer = refuse::answer(&tree.file, self.version, self);
        let warnings = answer.warnings.into_iter().map(|warning| warning.message).collect();
        let Some(first) = answer.refusals.into_iter().next() else { return (Said::Accepted, warnings) };
        if !first.certain {
            return (Said::Open(first.message), warnings);
        }
        let end = first.span.end.saturating_sub(1);
        let line = sources.get(first.span.source).position(end).line;
        (Said::Refused(first.message, (!first.late).then_some(line)), warnings)
    }
}

/// Whether this is `PID` or `PID#TID`.
fn numbered(start: &str) -> bool {
    start.bytes().all(|byte| byte.is_ascii_digit() || byte == b'#')
}

impl Machine for Bench {
    fn readable(&self, path: &str, _: Base) -> Option<bool> {
        Some(self.path().join(path).is_file())
    }

    fn writable(&self, path: &str, _: Base) -> Option<bool> {
        let path = self.path().join(path);
        Some(!path.is_dir() && path.parent().is_some_and(Path::is_dir))
    }

    fn resolves(&self, host: &str) -> Option<bool> {
        Some(host == "localhost")
    }

    fn account(&self, name: &str) -> Option<bool> {
        Some(matches!(name, "root" | "nobody" | "nogroup"))
    }
}
