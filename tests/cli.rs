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
