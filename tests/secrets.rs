//! Wherever a secret is written, in force or not, in a good line or a broken one, in the right file or a wrong one, no
//! output has it: no command, no format, no error.

mod nginx;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const BROKEN: &str = "port 6379\nbind 0.0.0.0\nprotected-mode no\n\
    # requirepass canary-commented\n#requirepass canary-commented\n\
    requirepass canary-overridden\nREQUIREPASS \"canary quoted\"\n'masterauth' canary-quoted-name\n\
    tls-key-file-pass canary-key\nuser a on >canary-acl ~* +@all >canary-second\n\
    user b on \">canary blank\" +@all\nuser c on #canary-no-hash <canary-removed !canary-hash\n\
    user a on >canary-twice\nuser d >canary-bad +@nothing\nrequirepass canary-two canary-words\n\
    requirepass \"canary-open\n";

/// What is no rule and no password cannot be known to be one.
const NO_RULE: &str = "canary-not-a-rule";

const ACL: &str = "user default on >canary-file ~* &* +@all\nuser x on >canary-x >canary-x2 +@all ~*\n\
    user y on canary-not-a-rule\n";

const GOOD_ACL: &str = "user default on >canary-file ~* &* +@all\nuser x on >canary-x >canary-x2 +@all ~*\n";

const SENTINEL: &str = "port 26379\nsentinel monitor m 10.0.0.1 6379 2\nsentinel auth-pass m canary-auth\n\
    sentinel sentinel-pass canary-sentinel\nrequirepass canary-own\n";

const TEMPLATE: &str = "port {{ port }}\nbind 0.0.0.0\nrequirepass canary-template\nmasterauth {{ x }}canary-mixed\n";

/// Questions that cannot be answered, each with a password in it.
const QUESTIONS: &str = "{\"rules\": [\">canary-q\", \"+nothing\"], \"command\": [\"get\", \"k\"]}\n\
    {\"rules\": [\">canary-q\", \"~a*\"], \"command\": [\"get\", \"k\"]}\n\
    {\"rules\": [\"(>canary-q +get)\"], \"command\": [\"get\", \"k\"]}\n\
    {\"rules\": [\"#canary-q\"], \"command\": [\"get\", \"k\"]}\n";

fn write_all(folder: &Path) {
    // A line that ends before the server would stop at a broken one, so that everything is judged once.
    let (good, _) = BROKEN.split_once("user a on >canary-twice").unwrap();
    for (name, text) in [
        ("redis-broken.conf", BROKEN),
        ("redis-good.conf", good),
        ("redis-acl.conf", "port 6380\naclfile users.acl\n"),
        ("users.acl", ACL),
        ("good.acl", GOOD_ACL),
        ("lone.acl", ACL),
        ("sentinel.conf", SENTINEL),
        ("redis.conf.j2", TEMPLATE),
        ("questions.jsonl", QUESTIONS),
    ] {
        fs::write(folder.join(name), text).unwrap();
    }
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hardline")).args(arguments).current_dir(folder).output().unwrap()
}

/// Nothing that is shown holds a secret, and something is shown.
fn hides(arguments: &[&str], shown: &str) {
    assert!(!shown.trim().is_empty(), "{arguments:?} shows nothing");
    let lines: Vec<&str> =
        shown.lines().filter(|line| line.to_lowercase().contains("canary") && !line.contains(NO_RULE)).collect();
    assert!(lines.is_empty(), "{arguments:?}: {}", lines.join("\n"));
}

fn shown(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn no_format_shows_a_secret() {
    let folder = tempfile::tempdir().unwrap();
    write_all(folder.path());
    for format in ["terminal", "concise", "json", "sarif", "github", "markdown", "html"] {
        let arguments = ["check", "--format", format];
        let output = run(folder.path(), &arguments);
        assert!(shown(&output).contains("redis-good.conf"), "{format}: {output:?}");
        hides(&arguments, &shown(&output));
        // The same into a file, with versions at odds, and with the colours of a terminal.
        let to_file = format!("{format}=report");
        let arguments = ["check", "--quiet", "--color=always", "--no-waivers", "--strict", "--output", &to_file];
        hides(
            &arguments,
            &(shown(&run(folder.path(), &arguments)) + &fs::read_to_string(folder.path().join("report")).unwrap()),
        );
        fs::remove_file(folder.path().join("report")).unwrap();
    }
}

#[test]
fn no_fix_shows_a_secret() {
    for safety in ["--fix", "--fix=unsafe"] {
        for format in ["terminal", "concise", "json", "sarif", "github", "markdown", "html"] {
            let folder = tempfile::tempdir().unwrap();
            write_all(folder.path());
            for arguments in
                [&["check", safety, "--diff", "--format", format][..], &["check", safety, "--format", format]]
            {
                hides(arguments, &shown(&run(folder.path(), arguments)));
            }
        }
    }
}

#[test]
fn no_command_shows_a_secret() {
    let folder = tempfile::tempdir().unwrap();
    write_all(folder.path());
    let mut all: Vec<Vec<&str>> = vec![
        vec!["facts"],
        vec!["facts", "--only", "password", "redis-good.conf"],
        vec!["check", "--config", "redis-good.conf"],
        vec!["check", "--checks", "redis-good.conf"],
        vec!["check", "--platform", "redis", "users.acl", "sentinel.conf"],
        vec!["check", "--platform", "sentinel", "redis-good.conf", "users.acl"],
        vec!["check", "--server-version", "redis:6.2.16"],
        vec!["test", "redis-good.conf", "users.acl"],
        vec!["explain", "redis/requirepass-void", "--config", "redis-good.conf"],
        vec!["list", "--config", "redis-good.conf"],
        vec!["effective", "redis-good.conf", "--", "--requirepass", "canary-argument", "--masterauth", "canary-two"],
        vec!["effective", "redis-good.conf", "--", "--requirepass", "canary-argument", "canary-more"],
        vec!["acl", "can", "--batch", "questions.jsonl"],
        vec!["acl", "can", "--batch", "users.acl"],
        vec!["acl", "can", "--acl", "good.acl", "--user", "x", "--", "AUTH", "x", "p"],
        vec!["acl", "can", "--acl", "good.acl", "--user", "nobody", "--", "GET", "k"],
        vec!["acl", "diff", "users.acl", "good.acl"],
        vec!["acl", "diff", "good.acl", "lone.acl"],
        vec!["acl", "diff", "good.acl", "redis-good.conf"],
    ];
    for file in
        ["redis-broken.conf", "redis-good.conf", "redis-acl.conf", "users.acl", "sentinel.conf", "redis.conf.j2"]
    {
        all.push(vec!["effective", file]);
        all.push(vec!["effective", file, "--server-version", "valkey:9.1.2"]);
        all.push(vec!["effective", file, "--platform", "sentinel"]);
        all.push(vec!["acl", "show", file]);
        all.push(vec!["acl", "can", "--acl", file, "--user", "x", "--", "GET", "k"]);
        all.push(vec!["acl", "can", "--acl", file, "--user", "x", "--format", "json", "--", "GET", "k"]);
    }
    for arguments in &all {
        hides(arguments, &shown(&run(folder.path(), arguments)));
    }
    // A waiver for each finding: none of its texts has it, nor has hardline.toml.
    let waive =
        ["waive", "redis/acl-password-in-clear-text", "--owner", "@me", "--reason", "a test", "--until", "2099-01-01"];
    for extra in [&["--inline", "redis-good.conf:6"][..], &["--where", "redis-good.conf"]] {
        let arguments = [&waive[..], extra].concat();
        hides(&arguments, &shown(&run(folder.path(), &arguments)));
    }
    hides(&["hardline.toml"], &fs::read_to_string(folder.path().join("hardline.toml")).unwrap());
}
