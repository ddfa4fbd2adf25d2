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
    for format in ["terminal", "concise", "json", "sarif", "github", "markdown", "html"] {
        let output = run(&["check", "examples/sloppy-shop", "--quiet", "--format", format]);
        assert_eq!((output.status.code(), &*output.stderr), (Some(1), &b""[..]), "{format}: {output:?}");
    }
    for arguments in [&["schema", "report"][..], &["completions", "zsh"], &["man"], &["list"]] {
        let output = run(arguments);
        assert_eq!((output.status.code(), &*output.stderr), (Some(0), &b""[..]), "{arguments:?}: {output:?}");
    }
}

/// What `new` writes is a check that works, for every platform, and nothing is written over.
#[test]
fn a_new_check_works_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let output =
            Command::new(env!("CARGO_BIN_EXE_hardline")).args(arguments).current_dir(folder.path()).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        (output.status.code(), text)
    };
    for platform in ["redis", "sentinel"] {
        let (id, file) = (format!("{platform}/usual-port"), format!("checks/{platform}/usual-port.toml"));
        let (code, text) = run(&["new", &id]);
        assert!(code == Some(0) && text.starts_with(&file) && text.contains("--checks checks"), "{text}");
        assert_eq!(run(&["test", &file]), (Some(0), "1 check, 4 examples: 0 not as promised\n".to_owned()));
        let written = std::fs::read(folder.path().join(&file)).unwrap();
        let (code, text) = run(&["new", &id]);
        assert!(code == Some(2) && text.contains("exists"), "{text}");
        assert_eq!(std::fs::read(folder.path().join(&file)).unwrap(), written);
    }
    std::fs::write(folder.path().join("hardline.toml"), "[checks]\npaths = [\"checks\", \"more\"]\n").unwrap();
    std::fs::create_dir(folder.path().join("more")).unwrap();
    let (code, text) = run(&["new", "redis/other-port"]);
    assert!(code == Some(0) && !text.contains("note"), "{text}");
    // A file beside the folders of platforms would never run, and nobody would know.
    std::fs::write(folder.path().join("more/stray.toml"), "").unwrap();
    let (code, text) = run(&["check"]);
    assert!(code == Some(2) && text.contains("more/stray.toml: a check lies in the folder of its platform"), "{text}");
    std::fs::remove_file(folder.path().join("more/stray.toml")).unwrap();
    let (code, text) = run(&["explain", "redis/other-port"]);
    assert!(code == Some(0) && text.contains("usual port"), "{text}");
    for (id, why) in [
        ("redis/other-port", "already"),
        ("redis/no-tls", "already"),
        ("redis", "no id"),
        ("mysql/no-tls", "no platform"),
        ("redis/../../etc/x", "no name"),
        ("redis/No_TLS", "no name"),
        ("redis/", "no name"),
    ] {
        let (code, text) = run(&["new", id]);
        assert!(code == Some(2) && text.contains(why), "{id}: {text}");
    }
}

/// What checks can read is told with types and meanings, without a look into the source.
#[test]
fn every_fact_and_function_is_described() {
    let output = Command::new(env!("CARGO_BIN_EXE_hardline")).args(["schema", "facts"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    for line in text.lines() {
        let columns: Vec<&str> = line.split('\t').collect();
        assert!(columns.len() == 3 && columns.iter().all(|column| !column.trim().is_empty()), "{line}");
    }
    for start in
        ["redis.protected_mode\ta bool\t", "redis.acl.users[].takeover[].way\ta text\t", "is_private(address)\t"]
    {
        assert!(text.lines().any(|line| line.starts_with(start)), "{start}");
    }
}

/// What stands in a file that two instances include is said of one of them.
#[test]
fn a_finding_in_a_shared_file_names_the_instance() {
    for format in ["terminal", "concise", "github", "markdown"] {
        let output = Command::new(env!("CARGO_BIN_EXE_hardline"))
            .args(["check", "examples/sloppy-shop", "--select", "redis/open-to-network", "--format", format])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env("COLUMNS", "200")
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("examples/sloppy-shop/queue/redis.conf)"), "{format}: {text}");
    }
}
