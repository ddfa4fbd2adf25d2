//! Bad input: no panic, no hang, one clear notice, and the rest is still judged.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use hardline::collect::{CollectError, Request, collect};
use hardline::fact::{Fact, Subject, Value};
use hardline::platform::{self, Context, Reading};
use hardline::text::{DEFAULT_LIMIT, Where};

mod nginx;

/// Far more than any of these may take, and far less than for ever.
const PATIENCE: Duration = Duration::from_secs(60);

struct Outcome {
    subjects: Vec<Subject>,
    reading: Reading,
}

impl Outcome {
    /// The notices about a path, wherever in it.
    fn notices(&self, name: &str) -> Vec<String> {
        let about = |at: &Where| match at {
            Where::Run => false,
            Where::Path(path) => path.ends_with(name),
            Where::Span(span) => {
                self.reading.sources.get(span.source).place().path().is_some_and(|path| path.ends_with(name))
            }
        };
        self.reading.notices.iter().filter(|notice| about(&notice.at)).map(|notice| notice.message.clone()).collect()
    }

    fn subject(&self, name: &str) -> &Subject {
        self.subjects.iter().find(|subject| subject.name == name).unwrap_or_else(|| panic!("no subject {name}"))
    }

    fn port(&self, name: &str) -> Option<i64> {
        match self.subject(name).facts.get("port")?.value()? {
            Value::Int(port) => Some(*port),
            _ => None,
        }
    }
}

fn read(cwd: &Path, paths: &[&str], version: Option<&str>) -> Result<Outcome, Vec<CollectError>> {
    let began = Instant::now();
    let collected = collect(Request {
        paths: paths.iter().map(PathBuf::from).collect(),
        stdin_name: None,
        stdin: &mut std::io::empty(),
        cwd: cwd.to_path_buf(),
        root: None,
        exclude_from: cwd.to_path_buf(),
        exclude: Vec::new(),
        platform: None,
        limit: DEFAULT_LIMIT,
    })?;
    let versions: BTreeMap<String, String> =
        version.iter().map(|version| ("redis".to_owned(), (*version).to_owned())).collect();
    let mut reading = Reading { notices: collected.notices, ..Reading::default() };
    let context = Context {
        files: &collected.disk,
        versions: &versions,
        wanted: &hardline::platform::Wanted::All,
        today: None,
        cache_rules: None,
    };
    let subjects = platform::read_all(collected.found, &context, &mut reading);
    platform::secrets(&reading.sources, &subjects);
    assert!(began.elapsed() < PATIENCE, "took {:?}", began.elapsed());
    Ok(Outcome { subjects, reading })
}

/// A folder with one good file, which every test wants judged.
fn scratch() -> (tempfile::TempDir, PathBuf) {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().canonicalize().unwrap();
    fs::write(folder.join("redis-good.conf"), "port 6379\n").unwrap();
    (scratch, folder)
}

fn make_fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// The good file is judged, and there is one notice about the bad one, with these words.
fn one_notice(folder: &Path, bad: &str, words: &str) {
    let outcome = read(folder, &["."], None).unwrap();
    assert_eq!(outcome.port("redis-good"), Some(6379));
    let notices = outcome.notices(bad);
    assert!(notices.len() == 1 && notices[0].contains(words), "{bad}: {notices:?}");
    // Given by name it is the same.
    let outcome = read(folder, &[bad, "redis-good.conf"], None).unwrap();
    assert_eq!(outcome.port("redis-good"), Some(6379));
    let notices = outcome.notices(bad);
    assert!(notices.len() == 1 && notices[0].contains(words), "{bad} by name: {notices:?}");
}

#[test]
fn a_fifo() {
    let (_scratch, folder) = scratch();
    make_fifo(&folder.join("redis-bad.conf"));
    one_notice(&folder, "redis-bad.conf", "a FIFO");
}

#[test]
fn a_fifo_that_ignores_say_to_read() {
    let (_scratch, folder) = scratch();
    make_fifo(&folder.join(".gitignore"));
    let outcome = read(&folder, &["."], None).unwrap();
    assert_eq!(outcome.port("redis-good"), Some(6379));
}

#[test]
fn a_fifo_that_is_included() {
    let (_scratch, folder) = scratch();
    make_fifo(&folder.join("pipe"));
    fs::write(folder.join("redis-bad.conf"), "port 1\ninclude pipe\nport 2\n").unwrap();
    let outcome = read(&folder, &["."], None).unwrap();
    assert_eq!((outcome.port("redis-good"), outcome.port("redis-bad")), (Some(6379), Some(2)));
    assert_eq!(outcome.notices("redis-bad.conf").len(), 1);
    assert!(matches!(outcome.subject("redis-bad").facts.get("maxmemory"), Some(Fact::Unknown(_))));
}

#[test]
fn a_socket() {
    let (_scratch, folder) = scratch();
    let _listener = std::os::unix::net::UnixListener::bind(folder.join("redis-bad.conf")).unwrap();
    one_notice(&folder, "redis-bad.conf", "a socket");
}

#[test]
fn a_device() {
    let (_scratch, folder) = scratch();
    fs::write(folder.join("redis-bad.conf"), "port 1\ninclude /dev/zero\n").unwrap();
    let outcome = read(&folder, &["/dev/zero", "."], None).unwrap();
    assert_eq!(outcome.port("redis-good"), Some(6379));
    assert_eq!(outcome.notices("zero"), ["not looked at: not a regular file but a device"]);
    assert_eq!(outcome.notices("redis-bad.conf").len(), 1);
}

#[test]
fn links_in_a_circle() {
    let (_scratch, folder) = scratch();
    std::os::unix::fs::symlink("redis-bad.conf", folder.join("redis-bad.conf")).unwrap();
    one_notice(&folder, "redis-bad.conf", "symbolic links");
    std::os::unix::fs::symlink(".", folder.join("again")).unwrap();
    let outcome = read(&folder, &["."], None).unwrap();
    assert_eq!(outcome.subjects.len(), 1);
}

#[test]
fn a_folder_where_a_file_should_be() {
    let (_scratch, folder) = scratch();
    fs::create_dir(folder.join("redis-bad.conf")).unwrap();
    fs::create_dir(folder.join("users.acl")).unwrap();
    fs::write(folder.join("redis-names-it.conf"), "port 1\naclfile users.acl\n").unwrap();
    let outcome = read(&folder, &["."], None).unwrap();
    assert_eq!((outcome.port("redis-good"), outcome.port("redis-names-it")), (Some(6379), Some(1)));
}

/// hardline, started by who may not read everything; `may` is whether this process may, as root does.
fn unprivileged(folder: &Path, may: bool) -> Command {
    let binary = env!("CARGO_BIN_EXE_hardline");
    if !may {
        return Command::new(binary);
    }
    // The other user must get at the program, wherever it was built. A copy would be open for writing while other tests
    // start processes, which then hold it open, and nothing that is open for writing can be started.
    let copy = folder.join("hardline");
    if !copy.exists() && fs::hard_link(binary, &copy).is_err() {
        fs::copy(binary, &copy).unwrap();
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(copy);
    command
}

/// Root may read everything, so the test leaves root behind where it can, and proves at least the rest.
#[test]
fn a_folder_that_may_not_be_read() {
    use std::os::unix::fs::PermissionsExt;
    let (_scratch, folder) = scratch();
    let closed = folder.join("closed");
    fs::create_dir(&closed).unwrap();
    fs::write(closed.join("redis.conf"), "port 1\n").unwrap();
    fs::write(folder.join("redis-bad.conf"), "port 2\n").unwrap();
    for (path, mode) in [("closed", 0o000), ("redis-bad.conf", 0o000), (".", 0o755)] {
        fs::set_permissions(folder.join(path), fs::Permissions::from_mode(mode)).unwrap();
    }
    let mut command = unprivileged(&folder, fs::read_dir(&closed).is_ok());
    let output = command.args(["facts", "."]).current_dir(&folder).stdin(Stdio::null()).output().unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
    let (shown, told) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(shown.contains("redis redis-good"), "{shown} {told}");
    assert!(!shown.contains("redis-bad.conf)"), "{shown}");
    for path in ["closed", "redis-bad.conf"] {
        let said = told.lines().filter(|line| line.contains(path)).collect::<Vec<_>>();
        assert!(said.len() == 1 && said[0].contains("permission denied"), "{path}: {told}");
    }
}

#[test]
fn a_huge_file() {
    let (_scratch, folder) = scratch();
    File::create(folder.join("redis-bad.conf")).unwrap().set_len(2 * 1024 * 1024 * 1024).unwrap();
    one_notice(&folder, "redis-bad.conf", "larger than the limit");
    // Of another name, its start says that it is nobody's.
    File::create(folder.join("other.conf")).unwrap().set_len(2 * 1024 * 1024 * 1024).unwrap();
    assert!(read(&folder, &["."], None).unwrap().notices("other.conf").is_empty());
}

#[test]
fn a_path_that_is_not_there() {
    let (_scratch, folder) = scratch();
    let errors = read(&folder, &["gone.conf", ".", "neither/"], None).err().unwrap();
    assert_eq!(errors.len(), 2, "all mistakes at once: {errors:?}");
}

#[test]
fn bytes_of_all_kinds() {
    let (_scratch, folder) = scratch();
    let every_byte: Vec<u8> = (0..=255).cycle().take(70_000).collect();
    fs::write(folder.join("redis-binary.conf"), &every_byte).unwrap();
    fs::write(folder.join("redis-nul.conf"), b"port 1\0 2\nbind 127.0.0.1\n\0\0\nport 3\n").unwrap();
    fs::write(folder.join("redis-bom.conf"), b"\xef\xbb\xbfport 1\nport 2\n").unwrap();
    fs::write(folder.join("redis-crlf.conf"), b"port 4\r\nbind 127.0.0.1\r\n").unwrap();
    fs::write(folder.join("redis-latin.conf"), b"port 5\nlogfile /var/log/r\xe9dis.log\n").unwrap();
    fs::write(folder.join("redis-utf16.conf"), b"\xff\xfep\0o\0r\0t\0 \x001\0\n\0").unwrap();
    fs::write(folder.join("users.acl"), b"user a on nopass ~\xff* +@all\nuser b\0 on\n").unwrap();
    let outcome = read(&folder, &["."], None).unwrap();
    assert_eq!(outcome.port("redis-good"), Some(6379));
    assert_eq!(outcome.port("redis-crlf"), Some(4));
    assert_eq!(outcome.port("redis-latin"), Some(5));
    assert_eq!(outcome.port("redis-bom"), Some(2));
    let port = |name: &str| outcome.subject(name).facts.get("port").unwrap().spans()[0];
    let place = outcome.reading.sources.get(port("redis-bom").source).position(port("redis-bom").start);
    assert_eq!((place.line, place.column), (2, 6));
}

#[test]
fn a_file_that_includes_itself() {
    let (_scratch, folder) = scratch();
    fs::write(folder.join("redis-bad.conf"), "port 1\ninclude redis-bad.conf\n").unwrap();
    fs::write(folder.join("redis-a.conf"), "port 2\ninclude ./redis-b.conf\n").unwrap();
    fs::write(folder.join("redis-b.conf"), "port 3\ninclude redis-a.conf\n").unwrap();
    let outcome = read(&folder, &["."], None).unwrap();
    assert_eq!(outcome.port("redis-good"), Some(6379));
    let names: Vec<&str> = outcome.subjects.iter().map(|subject| subject.name.as_str()).collect();
    assert_eq!(names, ["redis-a", "redis-bad", "redis-good"]);
}

#[test]
fn ten_thousand_includes() {
    let (_scratch, folder) = scratch();
    let mut text = String::from("port 1\n");
    for index in 0..10_000 {
        writeln!(text, "include part-{index}").unwrap();
        fs::write(folder.join(format!("part-{index}")), "maxclients 100\n").unwrap();
    }
    fs::write(folder.join("redis-bad.conf"), text).unwrap();
    let outcome = read(&folder, &["."], None).unwrap();
    assert_eq!(outcome.port("redis-good"), Some(6379));
    outcome.subject("redis-bad");
}

#[test]
fn a_chain_of_a_thousand_includes() {
    let (_scratch, folder) = scratch();
    fs::write(folder.join("redis-bad.conf"), "port 1\ninclude part-0\n").unwrap();
    for index in 0..1_000 {
        fs::write(folder.join(format!("part-{index}")), format!("include part-{}\n", index + 1)).unwrap();
    }
    let outcome = read(&folder, &["."], None).unwrap();
    assert_eq!(outcome.port("redis-good"), Some(6379));
    outcome.subject("redis-bad");
}

#[test]
fn includes_that_double_at_every_step() {
    let (_scratch, folder) = scratch();
    fs::write(folder.join("redis-bad.conf"), "port 1\ninclude part-0\n").unwrap();
    for index in 0..60 {
        let next = format!("include part-{0}\ninclude part-{0}\n", index + 1);
        fs::write(folder.join(format!("part-{index}")), next).unwrap();
    }
    fs::write(folder.join("part-60"), "timeout 1\n").unwrap();
    let outcome = read(&folder, &["."], None).unwrap();
    assert_eq!(outcome.port("redis-good"), Some(6379));
    outcome.subject("redis-bad");
}

#[test]
fn a_hundred_thousand_lines() {
    let (_scratch, folder) = scratch();
    fs::write(folder.join("redis-bad.conf"), "timeout 5\n".repeat(99_999) + "port 7\n").unwrap();
    let mut users = String::new();
    for index in 0..50_000 {
        writeln!(users, "user u{index} on >secret{index} ~k{index}:* +@read").unwrap();
    }
    fs::write(folder.join("users.acl"), users).unwrap();
    let outcome = read(&folder, &["."], None).unwrap();
    assert_eq!((outcome.port("redis-good"), outcome.port("redis-bad")), (Some(6379), Some(7)));
}

#[test]
fn one_line_of_eight_megabytes() {
    let (_scratch, folder) = scratch();
    let value = "x".repeat(8 * 1024 * 1024 - 100);
    fs::write(folder.join("redis-bad.conf"), format!("port 7\nlogfile {value}\n")).unwrap();
    let quotes = "\"".repeat(1024 * 1024);
    fs::write(folder.join("redis-quotes.conf"), format!("port 8\nlogfile {quotes}\n")).unwrap();
    let outcome = read(&folder, &["."], Some("redis:7.4.1")).unwrap();
    assert_eq!((outcome.port("redis-bad"), outcome.port("redis-quotes")), (Some(7), Some(8)));
}

#[test]
fn names_that_are_no_text() {
    use std::os::unix::ffi::OsStrExt;
    let (_scratch, folder) = scratch();
    let name = std::ffi::OsStr::from_bytes(b"redis-\xff\x1b[31m.conf");
    fs::write(folder.join(name), "port 1\n").unwrap();
    let outcome = read(&folder, &["."], None).unwrap();
    assert_eq!(outcome.subjects.len(), 2);
    let output = Command::new(env!("CARGO_BIN_EXE_hardline"))
        .args(["facts", ".", "--only", "redis.port"])
        .current_dir(&folder)
        .output()
        .unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(shown.contains("redis.port = 1") && !shown.contains('\u{1b}'), "{shown:?}");
}

#[test]
fn a_reader_that_has_seen_enough() {
    let (_scratch, folder) = scratch();
    let mut child = Command::new(env!("CARGO_BIN_EXE_hardline"))
        .args(["facts", "."])
        .current_dir(&folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

/// What is written over and over in one file takes a time that grows with the file, not with its square.
#[test]
fn the_same_again_and_again() {
    let (_scratch, folder) = scratch();
    let all = |line: &dyn Fn(usize) -> String, count: usize| (0..count).map(line).collect::<String>();
    fs::write(folder.join("redis-save.conf"), "port 1\n".to_owned() + &"save 60 1\n".repeat(50_000)).unwrap();
    let users = all(&|index| format!("user u{index} on >secret{index} ~k{index}:* +@read\n"), 20_000);
    fs::write(folder.join("redis-users.conf"), "port 2\n".to_owned() + &users).unwrap();
    let selectors = all(&|index| format!(" (+get ~{index})"), 50_000);
    fs::write(folder.join("redis-selectors.conf"), format!("port 3\nuser a on nopass{selectors}\n")).unwrap();
    let masters = all(&|index| format!("sentinel monitor m{index} 10.0.0.1 6379 2\n"), 20_000);
    fs::write(folder.join("sentinel.conf"), masters).unwrap();
    let options = hardline::project::Options { cwd: folder.clone(), ..Default::default() };
    let began = Instant::now();
    let (report, facts) = hardline::check(&options, &mut std::io::empty()).unwrap();
    assert!(began.elapsed() < PATIENCE, "took {:?}", began.elapsed());
    let names: Vec<&str> = report.subjects.iter().map(|subject| subject.name.as_str()).collect();
    assert_eq!(names, ["sentinel", "redis-good", "redis-save", "redis-selectors", "redis-users"]);
    assert!(report.broken.is_empty());
    let clear =
        report.findings.iter().filter(|found| found.finding.check.as_str() == "redis/acl-password-in-clear-text");
    assert_eq!(clear.count(), 20_000);
    let save = facts.subjects.iter().find(|subject| subject.name == "redis-save").unwrap().facts.get("save");
    assert!(
        matches!(save, Some(Fact::Unknown(unknown)) if unknown.why == hardline::fact::Why::NotSupported),
        "{save:?}"
    );
}

/// Just under the limit, as many as there can be. Each is judged by itself.
#[test]
fn a_hundred_thousand_users() {
    const COUNT: usize = 100_000;
    let (_scratch, folder) = scratch();
    let mut users = String::new();
    for index in 0..COUNT {
        writeln!(users, "user u{index:05} on >{index:040} ~u{index:05}:* +@all -@admin").unwrap();
    }
    assert!(users.len() < 8 * 1024 * 1024 && users.len() > 7 * 1024 * 1024, "{}", users.len());
    fs::write(folder.join("users.acl"), users).unwrap();
    fs::write(folder.join("redis-many.conf"), "port 6379\nbind 0.0.0.0\naclfile users.acl\n").unwrap();
    let options = hardline::project::Options { cwd: folder, ..Default::default() };
    let (report, _) = hardline::check(&options, &mut std::io::empty()).unwrap();
    let about = |id: &str| report.findings.iter().filter(|found| found.finding.check.as_str() == id).count();
    assert_eq!(about("redis/acl-password-in-clear-text"), COUNT);
    assert_eq!(about("redis/user-can-take-host"), 0);
    assert_eq!((report.tally.subjects, report.tally.broken), (2, 0));
    assert!(report.unknown.is_empty(), "{:?}", report.unknown.first());
}

/// Who else has it is told of each, and takes no more time for having many.
#[test]
fn one_password_for_everybody() {
    let (_scratch, folder) = scratch();
    let secret = "8f2c1e9ab77d40c3a1f0e5d2b6c49a71";
    let mut users = String::new();
    for index in 0..30_000 {
        writeln!(users, "user u{index:05} on >{secret} ~u{index:05}:* +@read").unwrap();
    }
    fs::write(folder.join("users.acl"), users).unwrap();
    fs::write(folder.join("redis-many.conf"), "port 6379\nbind 127.0.0.1\naclfile users.acl\n").unwrap();
    for index in 0..500 {
        let text = format!("port {}\nbind 127.0.0.1\nrequirepass {secret}\n", 10_000 + index);
        fs::write(folder.join(format!("redis-{index:04}.conf")), text).unwrap();
    }
    let outcome = read(&folder, &["."], None).unwrap();
    let texts = |subject: &str, list: &str| -> Vec<String> {
        let fact = outcome.subject(subject).at(&format!("redis.passwords[0].{list}")).unwrap();
        let Some(Value::List(list)) = fact.value() else { panic!("{list} is no list") };
        let text = |fact: Fact| match fact.value() {
            Some(Value::Text(text)) => text.to_string(),
            other => panic!("{other:?}"),
        };
        list.items.iter().map(text).collect()
    };
    let named = |range: std::ops::Range<usize>, name: fn(usize) -> String| range.map(name).collect::<Vec<_>>();
    assert_eq!(texts("redis-many", "users"), named(1..21, |index| format!("user u{index:05}")));
    assert_eq!(texts("redis-many", "instances"), named(0..20, |index| format!("requirepass of redis-{index:04}")));
    assert!(texts("redis-0007", "users").is_empty());
    let others = texts("redis-0007", "instances");
    assert!(others.len() == 20 && !others.iter().any(|other| other.ends_with("redis-0007")), "{others:?}");
}

#[test]
fn questions_without_an_end() {
    let (_scratch, folder) = scratch();
    let asked = |file: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hardline"));
        let output = command.args(["acl", "can", "--batch", file]).current_dir(&folder).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let question = r#"{"rules": ["+get", "~*"], "command": ["get", "k"]}"#;
    let long = " ".repeat(9 * 1024 * 1024);
    fs::write(folder.join("long"), format!("{question}\n{long}{question}\n{question}")).unwrap();
    let (code, answers, _) = asked("long");
    let answers: Vec<&str> = answers.lines().collect();
    assert_eq!((code, answers.len()), (Some(2), 3));
    assert!(answers[1].contains("larger than the limit") && answers[2].contains("\"allowed\":true"), "{answers:?}");
    let (code, _, told) = asked("/dev/zero");
    assert!(code == Some(2) && told.contains("/dev/zero:1: a line without an end"), "{told}");
    let (code, _, told) = asked(".");
    assert!(code == Some(2) && told.contains(".: not a regular file but a folder"), "{told}");
}
