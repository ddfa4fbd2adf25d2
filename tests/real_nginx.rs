//! The hardened configurations of nginx among those of `tests/real/clean` run on the real nginx; and every fix that a
//! check offers leaves a configuration that nginx still takes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use hardline::check::{Example, Expect, embedded};
use hardline::platform::PLATFORMS;

use crate::oracle::nginx_live::server::{Folder, nginx};
use crate::oracle::nginx_live::upstream::Upstream;
use crate::oracle::servers;

/// What a start in a folder of one's own needs.
const OUTSIDE: &str = "daemon off;\nmaster_process off;\npid {DIR}/nginx.pid;\n";
const INSIDE: &str = "client_body_temp_path {DIR}/tmp/1; proxy_temp_path {DIR}/tmp/2; fastcgi_temp_path {DIR}/tmp/3; \
                      uwsgi_temp_path {DIR}/tmp/4; scgi_temp_path {DIR}/tmp/5;";

/// A configuration as this machine can start it: other ports, folders and certificates.
fn here(name: &str, text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let words = line.trim();
        if words.starts_with("user ") || words.starts_with("worker_processes ") {
            continue;
        }
        let mut line = line
            .replace("listen 443 ", "listen 127.0.0.1:{PORT2} ")
            .replace("listen 80 ", "listen 127.0.0.1:{PORT} ")
            .replace("listen 80;", "listen 127.0.0.1:{PORT};")
            .replace("/var/log/nginx/", "{DIR}/logs/")
            .replace("/var/cache/nginx/", "{DIR}/tmp/cache-")
            .replace("/etc/ssl/shop.", "{DIR}/tls/site.")
            .replace("/etc/ssl/", "{DIR}/tls/");
        for (from, into) in [(" c.pem;", " {DIR}/tls/site.crt;"), (" k.pem;", " {DIR}/tls/site.key;")] {
            line = line.replace(from, into);
        }
        out.push_str(&line);
        out.push('\n');
    }
    match name {
        "nginx.conf" => {
            let log = if text.contains("access_log") { "" } else { "access_log {DIR}/logs/access.log;" };
            OUTSIDE.to_owned() + &out.replacen("http {", &format!("http {{ {INSIDE} {log}"), 1)
        }
        _ => out,
    }
}

fn laid_out(files: BTreeMap<String, String>, upstream: &Upstream) -> Folder {
    let mut all: BTreeMap<String, String> = files.iter().map(|(name, text)| (name.clone(), here(name, text))).collect();
    for (name, own) in [("tls/site.crt", "server.crt"), ("tls/site.key", "server.key")] {
        let path = servers::folder().join("tls").join(own);
        all.insert(name.to_owned(), std::fs::read_to_string(path).expect("the certificate of tests/run"));
    }
    Folder::new(&all, upstream)
}

fn texts(folder: &Path) -> BTreeMap<String, String> {
    let files = walkdir::WalkDir::new(folder).into_iter().flatten().filter(|entry| entry.file_type().is_file());
    let named = files.map(|entry| {
        let name = entry.path().strip_prefix(folder).unwrap().to_string_lossy().into_owned();
        (name, std::fs::read_to_string(entry.path()).unwrap())
    });
    named.collect()
}

#[test]
fn nginx_runs_what_is_hardened() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let clean = std::fs::read_dir(root.join("tests/real/clean")).unwrap().flatten().map(|entry| entry.path());
    let mut all: Vec<PathBuf> = clean.filter(|path| path.join("nginx.conf").exists()).collect();
    all.push(root.join("examples/hardened-shop/web"));
    let upstream = Upstream::start();
    let mut wrong = Vec::new();
    for path in &all {
        let folder = laid_out(texts(path), &upstream);
        if let Err(refusal) = nginx().start(&folder) {
            wrong.push(format!("{}: {refusal:?}", path.display()));
        }
    }
    assert!(all.len() >= 16, "{all:?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The files of an example in a folder, with what its check must know.
fn write(example: &Example, into: &Path) {
    for (name, text) in &example.files {
        let file = into.join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
}

/// Whether nginx takes the files of a folder.
fn taken(folder: &Path, upstream: &Upstream) -> Result<(), String> {
    let laid_out = laid_out(texts(folder), upstream);
    nginx().start(&laid_out).map(drop).map_err(|refusal| format!("{refusal:?}"))
}

#[test]
fn what_nginx_takes_it_takes_once_it_is_fixed() {
    let roots: Vec<_> = PLATFORMS.iter().map(|platform| platform.schema()).collect();
    let upstream = Upstream::start();
    let (mut proven, mut all, mut refused, mut wrong) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new(), Vec::new());
    for entry in embedded::all().iter().filter(|entry| entry.id.starts_with("nginx/")) {
        let loaded = entry.load(&roots).expect("a sound check");
        if loaded.check.edits().is_empty() {
            continue;
        }
        all.insert(entry.id);
        for example in loaded.examples.iter().filter(|example| example.expect == Expect::Deny) {
            let here = tempfile::tempdir().unwrap();
            write(example, here.path());
            if let Err(why) = taken(here.path(), &upstream) {
                refused.insert(format!("{}, `{}`: {why}", entry.id, example.name));
                continue;
            }
            let fixed = Command::new(env!("CARGO_BIN_EXE_hardline"))
                .args(["check", ".", "--fix=unsafe", "--select", entry.id])
                .current_dir(here.path())
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&fixed.stdout).into_owned() + &String::from_utf8_lossy(&fixed.stderr);
            if said.contains("fixed 0 findings") {
                continue;
            }
            match taken(here.path(), &upstream) {
                Ok(()) => drop(proven.insert(entry.id)),
                Err(why) => wrong.push(format!("{}, `{}`: {why}\n{:#?}", entry.id, example.name, texts(here.path()))),
            }
        }
    }
    let unproven: Vec<_> = all.difference(&proven).collect();
    println!("{} fixes proven on nginx, not: {unproven:?}", proven.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(unproven.len() * 5 <= all.len(), "{unproven:?}: {refused:#?}");
}
