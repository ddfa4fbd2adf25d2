//! The command line: arguments, output, exit code, one file each under `tests/cli/`.

use std::process::Command;

#[test]
fn each_command_line_does_as_stored() {
    trycmd::TestCases::new().case("tests/cli/*.toml").env("NO_COLOR", "1").env("COLUMNS", "100");
}

#[test]
fn one_run_can_write_several_reports() {
    let folder = tempfile::tempdir().unwrap();
    let shop = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/shop");
    let (json, terminal) = (folder.path().join("report.json"), folder.path().join("report.txt"));
    let output = Command::new(env!("CARGO_BIN_EXE_hardline"))
        .args(["check", "cache/redis.conf", "--checks", "own", "--select", "redis/usual-port", "--quiet"])
        .arg(format!("--output=json={}", json.display()))
        .arg(format!("--output=terminal={}", terminal.display()))
        .current_dir(shop)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(String::from_utf8(output.stdout).unwrap().contains("low[redis/usual-port]"));
    let report: serde_json::Value = serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap();
    assert_eq!(report["tally"]["fail"], 1);
    let started = report["started"].as_str().unwrap();
    assert!(started.len() == 20 && started.ends_with('Z') && started.starts_with("20"), "{started}");
    assert!(std::fs::read_to_string(terminal).unwrap().contains("cache/redis.conf:1:6"));
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let shop = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/shop");
    let run = || {
        let output = Command::new(env!("CARGO_BIN_EXE_hardline"))
            .args(["check", ".", "--format", "json"])
            .env("SOURCE_DATE_EPOCH", "0")
            .current_dir(shop)
            .output()
            .unwrap();
        output.stdout
    };
    assert_eq!(run(), run());
}

/// Who closes the pipe has seen enough: no message, and the code is the verdict's.
#[test]
fn a_closed_pipe_is_no_fault() {
    let run = |arguments: &[&str]| {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        Command::new(env!("CARGO_BIN_EXE_hardline"))
            .args(arguments)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stdout(writer)
            .output()
            .unwrap()
    };
    for format in ["terminal", "concise", "json", "sarif", "github", "markdown"] {
        let output = run(&["check", "examples/sloppy-shop", "--quiet", "--format", format]);
        assert_eq!((output.status.code(), &*output.stderr), (Some(1), &b""[..]), "{format}: {output:?}");
    }
    for arguments in [&["schema", "report"][..], &["completions", "zsh"], &["man"], &["list"]] {
        let output = run(arguments);
        assert_eq!((output.status.code(), &*output.stderr), (Some(0), &b""[..]), "{arguments:?}: {output:?}");
    }
}

/// Wherever a secret is written, in force or not, in a good line or a broken one, no output has it.
#[test]
fn no_command_shows_a_secret() {
    let folder = tempfile::tempdir().unwrap();
    let conf = "port 6379\nbind 0.0.0.0\nprotected-mode no\n\
        # requirepass canary-commented\n#requirepass canary-commented\n\
        requirepass canary-overridden\nREQUIREPASS \"canary quoted\"\n'masterauth' canary-quoted-name\n\
        tls-key-file-pass canary-key\nuser a on >canary-acl ~* +@all >canary-second\n\
        user b on \">canary blank\" +@all\nuser c on #canary-no-hash <canary-removed !canary-hash\n\
        user a on >canary-twice\nuser d >canary-bad +@nothing\nrequirepass canary-two canary-words\n\
        requirepass \"canary-open\n";
    let acl = "user default on >canary-file ~* &* +@all\nuser x on >canary-x >canary-x2 +@all ~*\nuser y on canary-not-a-rule\n";
    let sentinel = "port 26379\nsentinel monitor m 10.0.0.1 6379 2\nsentinel auth-pass m canary-auth\n\
        sentinel sentinel-pass canary-sentinel\nrequirepass canary-own\n";
    // A line that ends before the server would stop at a broken one, so that everything is judged once.
    let (good, _) = conf.split_once("user a on >canary-twice").unwrap();
    for (name, text) in [
        ("redis-broken.conf", conf.to_owned()),
        ("redis-good.conf", good.to_owned()),
        ("redis-acl.conf", "port 6380\naclfile users.acl\n".to_owned()),
        ("users.acl", acl.to_owned()),
        ("lone.acl", acl.to_owned()),
        ("sentinel.conf", sentinel.to_owned()),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    for arguments in [
        &["check", "--format", "terminal"][..],
        &["check", "--format", "concise"],
        &["check", "--format", "json"],
        &["check", "--format", "sarif"],
        &["check", "--format", "github"],
        &["check", "--format", "markdown"],
        &["facts"],
    ] {
        let output =
            Command::new(env!("CARGO_BIN_EXE_hardline")).args(arguments).current_dir(folder.path()).output().unwrap();
        let shown = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(shown.contains("redis-good.conf"), "{arguments:?}: {shown}");
        let lines: Vec<&str> = shown
            .lines()
            // What is no rule and no password cannot be known to be one.
            .filter(|line| line.to_lowercase().contains("canary") && !line.contains("canary-not-a-rule"))
            .collect();
        assert!(lines.is_empty(), "{arguments:?}: {}", lines.join("\n"));
    }
}
