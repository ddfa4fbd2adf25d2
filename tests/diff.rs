//! Two reports: what is new, what is fixed, and the note about it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

const BEFORE: &str =
    "port 6379\nbind 10.0.0.5\nrequirepass canary-a-long-password\nenable-debug-command yes\nacllog-max-len 0\n";

/// One fault is gone, another has come, and a third is three lines further down.
const AFTER: &str = "port 6379\n\n\n\nbind 10.0.0.5\nrequirepass canary-a-long-password\nappendfsync no\nappendonly yes\nacllog-max-len 0\n";

fn run(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hardline")).args(arguments).current_dir(folder).output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap() + &String::from_utf8(output.stderr.clone()).unwrap()
}

fn reports() -> tempfile::TempDir {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path();
    for (name, conf) in [("old.json", BEFORE), ("new.json", AFTER)] {
        fs::write(folder.join("redis.conf"), conf).unwrap();
        run(folder, &["check", "redis.conf", "--format", "concise", "--output", &format!("json={name}")]);
    }
    scratch
}

#[test]
fn new_fixed_and_unchanged_are_told_apart() {
    let scratch = reports();
    let output = run(scratch.path(), &["diff", "old.json", "new.json", "--format", "json"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    let difference: Value = serde_json::from_slice(&output.stdout).unwrap();
    let checks = |list: &str| -> Vec<String> {
        let all = difference[list].as_array().unwrap().iter();
        all.map(|finding| finding["check"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(checks("fixed"), ["redis/gate-open-to-network"]);
    assert_eq!(checks("new"), ["redis/append-left-to-kernel"]);
    assert!(difference["unchanged"].as_u64().unwrap() > 1);
    let same = run(scratch.path(), &["diff", "new.json", "new.json"]);
    assert_eq!(same.status.code(), Some(0), "{}", text(&same));
    assert!(text(&same).starts_with("0 new, 0 fixed, "), "{}", text(&same));
    let told = text(&run(scratch.path(), &["diff", "old.json", "new.json"]));
    assert!(told.contains("- redis.conf:4: ") && told.contains("+ redis.conf:7: "), "{told}");
}

#[test]
fn the_note_says_why_and_how_to_roll_back() {
    let scratch = reports();
    let note = text(&run(scratch.path(), &["diff", "old.json", "new.json", "--note"]));
    for said in [
        "1 fixed, 1 new, ",
        "### `redis/gate-open-to-network`",
        "## Touched\n\n- `redis.conf`\n",
        "## What was done\n\n- `redis/gate-open-to-network`: ",
        "## Before and after\n\n| | before | after |\n",
        "## To roll back\n\n- `redis/gate-open-to-network`: ",
    ] {
        assert!(note.contains(said), "{said}: {note}");
    }
    assert!(!note.contains("canary"), "{note}");
}

#[test]
fn what_is_no_report_is_said() {
    let scratch = reports();
    fs::write(scratch.path().join("no.json"), "{\"version\": 7}").unwrap();
    for (old, new, why) in [
        ("no.json", "new.json", "error: no.json: it is no report of version 1\n"),
        ("old.json", "none.json", "error: none.json: No such file or directory (os error 2)\n"),
        ("redis.conf", "new.json", "error: redis.conf: expected value at line 1 column 1\n"),
    ] {
        let output = run(scratch.path(), &["diff", old, new]);
        assert_eq!((output.status.code(), text(&output).as_str()), (Some(3), why));
    }
}
