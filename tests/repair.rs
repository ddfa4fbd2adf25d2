//! `check --fix`: what is written, what is left alone, and what is said about it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use hardline::fix::diff::{Side, unified};
use hardline::fix::write::{NotWritten, replace};
use hardline::mask::Mask;
use hardline::text::{Place, Sources};
use proptest::prelude::*;

const OPEN: &str = "# the cache\nport 6379\nbind 127.0.0.1\nrequirepass correct-horse-battery-staple\nloglevel debug\n";

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hardline"));
    command.arg("check").args(arguments).current_dir(folder).env("SOURCE_DATE_EPOCH", "0").output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// A folder with files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// All files below a folder with their bytes.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = walkdir::WalkDir::new(folder).into_iter().map(Result::unwrap);
    let files = entries.filter(|entry| entry.file_type().is_file());
    files.map(|entry| (entry.path().to_path_buf(), fs::read(entry.path()).unwrap())).collect()
}

const LOGLEVEL: [&str; 3] = ["--fix", "--select", "redis/loglevel-unfit"];

#[test]
fn a_second_run_changes_nothing() {
    let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/sloppy-shop");
    for safety in ["--fix", "--fix=unsafe"] {
        let copy = tempfile::tempdir().unwrap();
        for (path, bytes) in files(&shop) {
            let to = copy.path().join(path.strip_prefix(&shop).unwrap());
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::write(to, bytes).unwrap();
        }
        let before = files(copy.path());
        let shown = run(copy.path(), &[".", safety, "--diff"]);
        assert_eq!(files(copy.path()), before, "--diff writes nothing");
        assert_eq!(shown.status.code(), Some(1));
        let first = run(copy.path(), &[".", safety]);
        let after = files(copy.path());
        assert_eq!(after != before, safety == "--fix=unsafe", "{}", said(&first));
        let second = run(copy.path(), &[".", safety]);
        assert_eq!(files(copy.path()), after, "{}", said(&second));
        assert!(said(&second).contains("fixed 0 findings in 0 files"), "{}", said(&second));
        for (path, bytes) in &after {
            // Every comment is where it was, and few lines differ.
            let lines = |bytes: &[u8]| String::from_utf8_lossy(bytes).lines().map(str::to_owned).collect::<Vec<_>>();
            let (old, new) = (lines(&before[path]), lines(bytes));
            let comments =
                |lines: &[String]| lines.iter().filter(|line| line.starts_with('#')).cloned().collect::<Vec<_>>();
            assert_eq!(comments(&old), comments(&new));
            assert!(new.iter().filter(|line| !old.contains(line)).count() <= 3, "{new:?}");
        }
        for secret in ["hunter2", "correct-horse"] {
            assert!(!said(&shown).contains(secret) && !said(&first).contains(secret));
        }
    }
}

#[test]
fn only_the_bytes_of_the_fix_change() {
    let folder = folder(&[]);
    let conf = folder.path().join("redis.conf");
    let text = b"# caf\xe9 \xff\r\nport 6379\r\nbind 127.0.0.1\r\nrequirepass correct-horse-battery-staple\r\nloglevel   debug  \r\n# end";
    fs::write(&conf, text).unwrap();
    fs::set_permissions(&conf, fs::Permissions::from_mode(0o640)).unwrap();
    let root = fs::metadata("/proc/self").unwrap().uid() == 0;
    if root {
        std::os::unix::fs::chown(&conf, Some(12_345), Some(12_346)).unwrap();
    }
    let output = run(folder.path(), &LOGLEVEL);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let expected = String::from_utf8_lossy(text).replace("debug", "notice");
    let found = fs::read(&conf).unwrap();
    assert_eq!(String::from_utf8_lossy(&found), expected);
    assert_eq!(found.len(), text.len() + 1);
    assert!(found.starts_with(b"# caf\xe9 \xff\r\n"));
    let metadata = fs::metadata(&conf).unwrap();
    assert_eq!(metadata.mode() & 0o7777, 0o640);
    assert!(!root || (metadata.uid(), metadata.gid()) == (12_345, 12_346));
    assert_eq!(files(folder.path()).len(), 1, "no temporary file stays");
}

#[test]
fn a_diff_shows_what_changes_and_no_secret() {
    let folder = folder(&[("redis.conf", &OPEN.replace("loglevel debug\n", "loglevel debug"))]);
    let output = run(folder.path(), &[&LOGLEVEL[..], &["--diff"]].concat());
    let expected = "--- redis.conf\n+++ redis.conf\n@@ -2,4 +2,4 @@\n port 6379\n bind 127.0.0.1\n requirepass ***\n-loglevel debug\n\
        \\ No newline at end of file\n+loglevel notice\n\\ No newline at end of file\n";
    let shown = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(shown.starts_with(expected), "{shown}");
    assert!(shown.contains("would fix 1 finding in 1 file\n"), "{shown}");
    assert!(fs::read_to_string(folder.path().join("redis.conf")).unwrap().ends_with("debug"));
}

#[test]
fn json_says_what_was_fixed() {
    let folder = folder(&[("redis.conf", OPEN)]);
    let output = run(folder.path(), &[&LOGLEVEL[..], &["--format", "json"]].concat());
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let fixed = &report["fixed"][0];
    assert_eq!(
        (&fixed["check"], &fixed["path"], &fixed["safety"]),
        (&"redis/loglevel-unfit".into(), &"redis.conf".into(), &"safe".into())
    );
    assert_eq!(report["tally"]["fail"], 0);
    assert!(String::from_utf8_lossy(&output.stderr).contains("+loglevel notice"));
}

/// A password's hash is as good as a weak password, so a fix that writes one is made and never printed.
#[test]
fn no_output_shows_the_hash_of_a_password() {
    let conf = "port 6379\nbind 127.0.0.1\nuser default off\nuser a on >correct-horse-battery-staple ~* +get\n";
    let folder = folder(&[("redis.conf", conf)]);
    let hash = "87cbebfeebc05f7c54ac9336c4b4bbec831227a641951a4bde7edd56020f8590";
    for format in ["json", "terminal", "concise"] {
        for more in [&["--fix=unsafe", "--diff"][..], &[]] {
            let output = run(folder.path(), &[&["--format", format][..], more].concat());
            assert!(said(&output).contains("redis/acl-password-in-clear-text"), "{}", said(&output));
            assert!(!said(&output).contains(hash) && !said(&output).contains("correct-horse"), "{}", said(&output));
        }
    }
    let output = run(folder.path(), &["--fix=unsafe"]);
    assert!(!said(&output).contains(hash) && !said(&output).contains("correct-horse"), "{}", said(&output));
    assert!(fs::read_to_string(folder.path().join("redis.conf")).unwrap().contains(&format!("user a on #{hash} ~*")));
}

#[test]
fn standard_input_is_refused() {
    let folder = folder(&[]);
    let output = run(folder.path(), &["-", "--stdin-filename", "redis.conf", "--fix"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("cannot change standard input"), "{}", said(&output));
    assert_eq!(run(folder.path(), &[".", "--diff"]).status.code(), Some(2));
}

#[test]
fn only_what_was_given_is_written() {
    let common = "loglevel debug\n";
    let main = "include common.conf\nport 6379\nbind 127.0.0.1\nrequirepass correct-horse-battery-staple\n";
    let folder = folder(&[("redis.conf", main), ("common.conf", common)]);
    let output = run(folder.path(), &[&["redis.conf"][..], &LOGLEVEL].concat());
    assert!(said(&output).contains("common.conf, which was not given"), "{}", said(&output));
    assert_eq!(fs::read_to_string(folder.path().join("common.conf")).unwrap(), common);
    let output = run(folder.path(), &[&["redis.conf", "common.conf"][..], &LOGLEVEL].concat());
    assert!(said(&output).contains("fixed 1 finding in 1 file"), "{}", said(&output));
    assert_eq!(fs::read_to_string(folder.path().join("common.conf")).unwrap(), "loglevel notice\n");
}

#[test]
fn a_safe_fix_is_safe_for_everybody_who_reads_the_file() {
    let main = "include ../common.conf\nport 6379\nbind 127.0.0.1\nrequirepass correct-horse-battery-staple\n";
    let other = format!("{main}loglevel verbose\n");
    for (second, fixed) in [(main, true), (&other, false)] {
        let folder = folder(&[("a/redis.conf", main), ("b/redis.conf", second), ("common.conf", "loglevel debug\n")]);
        let output = run(folder.path(), &[&["."][..], &LOGLEVEL].concat());
        let text = fs::read_to_string(folder.path().join("common.conf")).unwrap();
        assert_eq!(text == "loglevel notice\n", fixed, "{}", said(&output));
        assert_eq!(said(&output).contains("would change what b/redis.conf reads too"), !fixed, "{}", said(&output));
    }
}

#[test]
fn a_link_stays_and_its_target_is_replaced() {
    let folder = folder(&[("real/cache.conf", OPEN)]);
    symlink("real/cache.conf", folder.path().join("redis.conf")).unwrap();
    let output = run(folder.path(), &[&["redis.conf"][..], &LOGLEVEL].concat());
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(fs::symlink_metadata(folder.path().join("redis.conf")).unwrap().is_symlink());
    assert!(fs::read_to_string(folder.path().join("real/cache.conf")).unwrap().contains("notice"));
}

#[test]
fn what_cannot_be_written_is_said_and_the_others_are_written() {
    let folder = folder(&[("a/redis.conf", OPEN), ("b/redis.conf", OPEN), ("c/redis.conf", OPEN)]);
    let at = |path: &str| folder.path().join(path);
    fs::set_permissions(at("a/redis.conf"), fs::Permissions::from_mode(0o444)).unwrap();
    fs::hard_link(at("b/redis.conf"), at("b/backup")).unwrap();
    let output = run(folder.path(), &[&["."][..], &LOGLEVEL].concat());
    let text = said(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("error: a/redis.conf: not written: it is read-only"), "{text}");
    assert!(text.contains("error: b/redis.conf: not written: it has 2 names"), "{text}");
    assert!(
        text.contains("fixed 1 finding in 1 file") && text.contains("a/redis.conf:5:10: low[redis/loglevel-unfit]"),
        "{text}"
    );
    assert!(fs::read_to_string(at("c/redis.conf")).unwrap().contains("notice"));
    assert_eq!(fs::read_to_string(at("a/redis.conf")).unwrap(), OPEN);
    assert_eq!(fs::read_to_string(at("b/backup")).unwrap(), OPEN);
}

/// As root only: another user may write the file and cannot give a new one its owner.
#[test]
fn who_cannot_keep_the_owner_or_write_the_folder_writes_nothing() {
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        println!("not root: not tried");
        return;
    }
    let folder = folder(&[("a/redis.conf", OPEN), ("b/redis.conf", OPEN)]);
    let mode = |path: &str, mode| {
        fs::set_permissions(folder.path().join(path), fs::Permissions::from_mode(mode)).unwrap();
    };
    let modes = [("", 0o755), ("a", 0o777), ("b", 0o555), ("a/redis.conf", 0o666), ("b/redis.conf", 0o666)];
    modes.into_iter().for_each(|(path, bits)| mode(path, bits));
    // The build's own folder may be closed to others.
    let program = folder.path().join("hardline");
    fs::copy(env!("CARGO_BIN_EXE_hardline"), &program).unwrap();
    let mut command = Command::new(&program);
    std::os::unix::process::CommandExt::uid(&mut command, 65_534);
    std::os::unix::process::CommandExt::gid(&mut command, 65_534);
    let output = command.args(["check", "."]).args(LOGLEVEL).current_dir(folder.path()).output().unwrap();
    let text = said(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("a/redis.conf: not written: its owner and group cannot be kept"), "{text}");
    assert!(text.contains("b/redis.conf: not written: Permission denied"), "{text}");
    assert!(text.contains("fixed 0 findings in 0 files"), "{text}");
    assert_eq!(fs::read_to_string(folder.path().join("a/redis.conf")).unwrap(), OPEN);
    assert_eq!(fs::read_dir(folder.path().join("a")).unwrap().count(), 1, "no temporary file stays");
}

#[test]
fn a_file_is_replaced_as_a_whole_or_not_at_all() {
    let folder = folder(&[("x", "before")]);
    let x = folder.path().join("x");
    assert!(matches!(replace(&x, b"other", b"after"), Err(NotWritten::Changed)));
    assert!(matches!(replace(&x, b"BEFORE", b"after"), Err(NotWritten::Changed)));
    assert!(matches!(replace(&folder.path().join("gone"), b"", b"after"), Err(NotWritten::Gone)));
    assert!(matches!(replace(folder.path(), b"", b"after"), Err(NotWritten::NotAFile)));
    replace(&x, b"before", b"after").unwrap();
    assert_eq!(fs::read(&x).unwrap(), b"after");
    assert_eq!(files(folder.path()).len(), 1);
}

/// A small file system of its own, taken away when dropped; nothing where this process may not mount one.
struct Disk(tempfile::TempDir);

impl Disk {
    fn new() -> Option<Disk> {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=16k", "tmpfs"]).arg(folder.path());
        mount.output().ok()?.status.success().then(|| Disk(folder))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

#[test]
fn a_full_or_read_only_disk_changes_nothing() {
    let Some(disk) = Disk::new() else {
        println!("no disk could be mounted: not tried");
        return;
    };
    let (file, filler) = (disk.0.path().join("x"), disk.0.path().join("filler"));
    fs::write(&file, "before").unwrap();
    let _ = fs::write(&filler, vec![0; 64 * 1024]);
    let full = replace(&file, b"before", &vec![b'a'; 20_000]);
    assert!(matches!(&full, Err(NotWritten::Io(error)) if error.kind() == std::io::ErrorKind::StorageFull), "{full:?}");
    assert_eq!(fs::read(&file).unwrap(), b"before");
    assert_eq!(files(disk.0.path()).len(), 2, "no temporary file stays");
    let mounted = Command::new("mount").args(["-o", "remount,ro"]).arg(disk.0.path()).status().unwrap();
    if mounted.success() {
        let read_only = replace(&file, b"before", b"after");
        assert!(
            matches!(&read_only, Err(NotWritten::Io(error)) if error.kind() == std::io::ErrorKind::ReadOnlyFilesystem)
        );
    }
}

/// Applies a unified diff as `patch` does.
fn patched(old: &str, diff: &str) -> String {
    let old: Vec<&str> = old.split_inclusive('\n').collect();
    let (mut new, mut at) = (String::new(), 0);
    let mut lines = diff.lines().skip(2).peekable();
    while let Some(line) = lines.next() {
        if let Some(range) = line.strip_prefix("@@ -") {
            let (start, count) =
                range.split(' ').next().unwrap().split_once(',').unwrap_or((range.split(' ').next().unwrap(), "1"));
            let start: usize = start.parse().unwrap();
            let start = if count == "0" { start } else { start - 1 };
            old[at..start].iter().for_each(|line| new.push_str(line));
            at = start;
            continue;
        }
        let bare = lines.peek().is_some_and(|next| next.starts_with('\\'));
        let ending = if bare { "" } else { "\n" };
        match line.split_at(1) {
            (" ", text) => {
                assert_eq!(old[at], format!("{text}{ending}"));
                new.push_str(old[at]);
                at += 1;
            }
            ("-", text) => {
                assert_eq!(old[at], format!("{text}{ending}"));
                at += 1;
            }
            ("+", text) => new.push_str(&format!("{text}{ending}")),
            _ => {}
        }
    }
    old[at..].iter().for_each(|line| new.push_str(line));
    new
}

proptest! {
    #[test]
    fn a_diff_makes_the_new_text_of_the_old(old in "([abc]\n){0,14}[ab]{0,1}", new in "([abc]\n){0,14}[ab]{0,1}") {
        let mut sources = Sources::new();
        let mask = Mask::default();
        let mut side = |text: &str| sources.add(Place::File("x".into()), text.as_bytes().to_vec());
        let (before, after) = (side(&old), side(&new));
        let side = |source| Side { sources: &sources, mask: &mask, source };
        let diff = unified("x", side(before), side(after));
        prop_assert_eq!(diff.is_empty(), old == new);
        prop_assert_eq!(patched(&old, &diff), new);
    }
}

/// Several headers that are missing are written in one go, and into the locations that would lose them.
#[test]
fn headers_that_a_location_would_lose_are_written_there_too() {
    let site = "events {}\nhttp {\n  server {\n    listen 443 ssl;\n    server_name shop.example;\n    \
                ssl_certificate a.crt;\n    ssl_certificate_key a.key;\n    root /srv/www;\n    \
                add_header Referrer-Policy no-referrer always;\n    location / { try_files $uri =404; }\n    \
                location /a/ { add_header Cache-Control no-store; try_files $uri =404; }\n    \
                location /b/ {\n      add_header X-Frame-Options DENY always;\n      try_files $uri =404;\n    }\n  }\n}\n";
    let folder = folder(&[("nginx.conf", site)]);
    let output = run(folder.path(), &["nginx.conf", "--fix=unsafe"]);
    let text = said(&output);
    for check in ["hsts-missing", "csp-missing", "nosniff-missing", "add-header-dropped"] {
        assert!(!text.contains(&format!("nginx/{check}]")), "{text}");
    }
    assert!(!text.contains("left:"), "{text}");
    let fixed = fs::read_to_string(folder.path().join("nginx.conf")).unwrap();
    assert_eq!(fixed.matches("X-Content-Type-Options nosniff").count(), 3, "{fixed}");
    assert_eq!(fixed.matches("max-age=63072000").count(), 3, "{fixed}");
}
