//! Configurations as people write them: what is said about each, nothing about those that are hardened, and that real
//! servers accept these.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use serde_json::Value;

use crate::oracle::servers::{self, Server, Setup, Started};

/// A reduced configuration, and all that is found in it: `check line`, in any order.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// What it shows.
    about: String,
    expect: Vec<String>,
    files: BTreeMap<String, String>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real")
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| named(path)).collect();
    entries.sort();
    entries
}

fn named(path: &Path) -> bool {
    path.file_name().is_some_and(|name| !name.to_string_lossy().starts_with('.'))
}

fn report(folder: &Path) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_hardline"))
        .args(["check", ".", "--format", "json", "--root", "."])
        .current_dir(folder)
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{}: {error}: {output:?}", folder.display()))
}

/// What a report says, a line each.
fn said(report: &Value, kind: &str) -> Vec<String> {
    let line = |item: &Value| format!("{} {}", item["check"].as_str().unwrap_or_default(), item["start"]["line"]);
    let mut lines: Vec<String> = report[kind].as_array().unwrap().iter().map(line).collect();
    lines.sort();
    lines
}

#[test]
fn what_is_found_is_what_is_there() {
    let cases: Vec<PathBuf> =
        entries(&folder()).into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "toml")).collect();
    let mut wrong = Vec::new();
    for path in &cases {
        let mut case: Case = toml::from_str(&std::fs::read_to_string(path).unwrap())
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let here = tempfile::tempdir().unwrap();
        for (name, text) in &case.files {
            let file = here.path().join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(&file, text).unwrap();
            closed(&file);
        }
        case.expect.sort();
        let found = said(&report(here.path()), "findings");
        if found != case.expect {
            wrong.push(format!("{} ({}): {found:?}, not {:?}", path.display(), case.about, case.expect));
        }
    }
    assert!(cases.len() >= 8, "{cases:?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Lets nobody but the owner and its group read a file.
fn closed(file: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o640)).unwrap();
}

/// Copies a folder, its files closed.
fn copy(from: &Path, into: &Path) {
    std::fs::create_dir_all(into).unwrap();
    for entry in entries(from) {
        let target = into.join(entry.file_name().unwrap());
        if entry.is_dir() {
            copy(&entry, &target);
        } else {
            std::fs::copy(&entry, &target).unwrap();
            closed(&target);
        }
    }
}

#[test]
fn nothing_is_said_about_what_is_hardened() {
    let all = entries(&folder().join("clean"));
    let mut wrong = Vec::new();
    for path in &all {
        // On a server, where there is no repository: what stands in one has no password in it.
        let here = tempfile::tempdir().unwrap();
        copy(path, here.path());
        let report = report(here.path());
        let said: Vec<String> = ["findings", "unknown", "broken"].iter().flat_map(|kind| said(&report, kind)).collect();
        if !said.is_empty() || report["tally"]["subjects"] != 1 {
            wrong.push(format!("{}: {said:?}, {}", path.display(), report["tally"]));
        }
    }
    assert!(all.len() >= 15, "{all:?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The versions that a folder is for.
fn servers_of(folder: &Path, texts: &BTreeMap<String, String>) -> Vec<&'static Server> {
    let declared = std::fs::read_to_string(folder.join("hardline.toml")).unwrap_or_default();
    let declared = declared.lines().find_map(|line| line.strip_prefix("version = "));
    let tls = texts.values().any(|text| text.contains("tls-"));
    let meant = |server: &&Server| match declared {
        Some(version) => version.trim_matches('"') == server.version.to_string(),
        None => server.name != "redis-6.2" && (server.tls || !tls),
    };
    servers::all().iter().filter(meant).collect()
}

/// The files of a folder, as this machine can start them: other addresses, ports, folders and certificates.
fn here(folder: &Path) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    for file in walkdir::WalkDir::new(folder).into_iter().flatten().filter(|entry| entry.file_type().is_file()) {
        let name = file.file_name().to_string_lossy().into_owned();
        if name != "hardline.toml" {
            texts.insert(name, std::fs::read_to_string(file.path()).unwrap());
        }
    }
    let tls = texts.values().any(|text| text.contains("tls-port"));
    for text in texts.values_mut() {
        *text = text.lines().map(|line| format!("{}\n", line_here(line, tls))).collect();
    }
    texts
}

fn line_here(line: &str, tls: bool) -> String {
    let (name, value) = line.split_once(' ').unwrap_or((line, ""));
    let base = value.rsplit('/').next().unwrap_or_default();
    match name.to_ascii_lowercase().as_str() {
        "port" if value == "0" && !tls => line.to_owned(),
        // Beside TLS, to ask whether it runs.
        "port" => "port {PORT}".to_owned(),
        "tls-port" => "tls-port {PORT2}".to_owned(),
        "bind" => "bind 127.0.0.1".to_owned(),
        "dir" => "dir {DIR}".to_owned(),
        "unixsocket" => "unixsocket {DIR}/here.sock".to_owned(),
        "aclfile" => format!("aclfile {{DIR}}/{base}"),
        "tls-cert-file" | "tls-ca-cert-file" => format!("{name} {{DIR}}/tls/server.crt"),
        "tls-key-file" => "tls-key-file {DIR}/tls/server.key".to_owned(),
        "pidfile" | "logfile" | "daemonize" => String::new(),
        _ if line.starts_with('#') => String::new(),
        _ => rendered(line),
    }
}

/// A line of a template with a number in each place.
fn rendered(line: &str) -> String {
    match (line.split_once("{{"), line.split_once("}}")) {
        (Some((before, _)), Some((_, after))) => rendered(&format!("{before}16{after}")),
        _ => line.to_owned(),
    }
}

#[test]
fn servers_accept_what_is_hardened() {
    let (mut started, mut wrong) = (0, Vec::new());
    let of_redis = |folder: &PathBuf| !folder.join("nginx.conf").exists();
    for folder in entries(&folder().join("clean")).into_iter().filter(of_redis) {
        let texts = here(&folder);
        let main = ["redis.conf", "valkey.conf", "sentinel.conf", "redis.conf.j2"];
        let main = main.into_iter().find(|name| texts.contains_key(*name));
        for server in servers_of(&folder, &texts) {
            let mut setup = Setup::default();
            for (name, text) in &texts {
                let name = if Some(name.as_str()) == main { "test.conf" } else { name };
                setup = setup.file(name, text);
            }
            if main.is_none() {
                setup = setup.file("test.conf", "bind 127.0.0.1\nport {PORT}\naclfile users.acl\n");
            }
            setup = setup.args(&["test.conf"]);
            if main == Some("sentinel.conf") {
                setup = setup.args(&["--sentinel"]);
            }
            if server.tls && texts.values().any(|text| text.contains("tls-port")) {
                for name in ["server.crt", "server.key"] {
                    setup.files.push((format!("tls/{name}"), server.certificate(name)));
                }
            }
            started += 1;
            if let Started::Refused(refusal) = server.start(setup.lay_out()) {
                wrong.push(format!("{} on {}: {}", folder.display(), server.name, refusal.output));
            }
        }
    }
    println!("{started} starts");
    assert!(started >= 30, "{started}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
