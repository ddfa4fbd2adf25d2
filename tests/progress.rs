//! The bar of an audit: on a terminal, past a second, and never in what is kept.

use std::net::TcpListener;
use std::process::Command;

/// Runs hardline with a terminal as standard error, or as everything, and gives what the terminal got.
fn on_terminal(arguments: &[String], shell: &str) -> String {
    let script = "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) != 0)";
    let mut command = Command::new("python3");
    command.args(["-c", script, "sh", "-c", shell, "sh", env!("CARGO_BIN_EXE_hardline")]).args(arguments);
    let output = command.env("TERM", "xterm").env_remove("COLUMNS").output().expect("python3 starts");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_bar_shows_how_far_an_audit_is() {
    // One accepts and says nothing, at the other nobody listens.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let closed = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let urls = [silent.local_addr().expect("its address"), closed].map(|address| format!("redis://{address}"));
    let words = ["audit", "--read-timeout", "2500", "--timeout", "2500", "--format", "concise"].map(str::to_owned);
    let arguments = [&words[..], &urls].concat();
    let kept = tempfile::tempdir().expect("a folder");
    let report = kept.path().join("report");
    let to_file = format!("\"$@\" > '{}'", report.display());
    let told = on_terminal(&arguments, &to_file);
    assert!(told.contains("\r[####################....................] 1 of 2 servers, 1 silent"), "{told:?}");
    // It is written over with blanks before anything else is said.
    let after = told.rsplit_once("silent").expect("the bar").1;
    assert!(after.starts_with("\r    ") && after.trim_start().starts_with("warning: "), "{told:?}");
    let report = std::fs::read_to_string(&report).expect("the report");
    assert!(report.contains("2 subjects") && !report.contains('\r') && !report.contains("silent"), "{report:?}");
    let quiet = [&arguments[..], &["--quiet".to_owned()]].concat();
    let told = on_terminal(&quiet, &to_file);
    assert_eq!(told, "", "nothing is told where nothing is wanted");
    let nowhere = Command::new(env!("CARGO_BIN_EXE_hardline")).args(&arguments).output().expect("it starts");
    let error = String::from_utf8_lossy(&nowhere.stderr).into_owned();
    assert!(!error.contains("of 2 servers") && error.lines().all(|line| line.starts_with("warning: ")), "{error:?}");
}
