//! Many servers at a time: from an inventory, in shards, some of them dead; metrics and merged reports.

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::servers::{self, Running, Setup, Started};

/// How many servers run.
const SERVERS: usize = 20;

struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

fn hardline(folder: &Path, arguments: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hardline"));
    command.args(arguments).current_dir(folder).env("FLEET_PASSWORD", "canary-fleet").env_remove("REDISCLI_AUTH");
    let output = command.output().expect("hardline runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    let ran = Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) };
    assert!(!ran.out.contains("canary") && !ran.err.contains("canary"), "{}{}", ran.out, ran.err);
    ran
}

fn fleet() -> Vec<Running> {
    let conf = "port {PORT}\nbind 127.0.0.1\nsave \"\"\nrequirepass canary-fleet\nmaxmemory 10mb\n";
    let start = |number: usize| {
        let server = &servers::all()[number % servers::all().len()];
        match server.start(Setup::of(conf).lay_out()) {
            Started::Ready(running) => running,
            Started::Refused(refusal) => panic!("{}: {}", server.name, refusal.output),
        }
    };
    (0..SERVERS).map(start).collect()
}

/// An inventory of these servers and of those that never answer.
fn inventory(running: &[Running], silent: &[u16]) -> String {
    let url = |port: u16| format!("\"redis://127.0.0.1:{port}\"");
    let alive: Vec<String> = running.iter().map(|running| url(running.ports()[0])).collect();
    let dead: Vec<String> = silent.iter().map(|port| url(*port)).collect();
    format!(
        "[group.cache]\nenvironment = \"staging\"\nowner = \"@platform\"\npassword_env = \"FLEET_PASSWORD\"\n\
         targets = [{}]\n\n[group.gone]\npassword_command = [\"echo\", \"canary-fleet\"]\ntargets = [{}]\n",
        alive.join(", "),
        dead.join(", ")
    )
}

#[test]
fn dead_servers_delay_nobody_and_shards_make_the_whole() {
    let running = fleet();
    // They accept and say nothing.
    let silent: Vec<TcpListener> = (0..SERVERS).map(|_| TcpListener::bind("127.0.0.1:0").expect("a port")).collect();
    let ports: Vec<u16> = silent.iter().map(|listener| listener.local_addr().expect("its address").port()).collect();
    let scratch = tempfile::tempdir().expect("a folder");
    let folder = scratch.path();
    fs::write(folder.join("fleet.toml"), inventory(&running, &ports)).expect("a file");
    let audit = ["audit", "--inventory", "fleet.toml", "--read-timeout", "600", "--timeout", "800", "--format", "json"];
    let started = Instant::now();
    let whole = hardline(folder, &[&audit[..], &["--output", "prometheus=fleet.prom"]].concat());
    // All wait at the same time; one after the other they would take 12 seconds.
    assert!(started.elapsed() < Duration::from_secs(10));
    assert_eq!(whole.code, Some(1), "{}", whole.err);
    let report: Value = serde_json::from_str(&whole.out).expect("a report");
    assert_eq!(report["tally"]["subjects"], 2 * SERVERS);
    let dead = report["notices"].as_array().expect("a list").iter();
    let dead = dead.filter(|notice| notice["message"].as_str().is_some_and(|text| text.contains("within 600 ms")));
    assert_eq!(dead.count(), 0, "they are unknown, not out of reach");
    let because = report["subjects"][0]["because"].as_str().unwrap_or_default();
    assert!(because.contains("(cache, staging, @platform)") || because.contains("(gone)"), "{because}");
    metrics(&fs::read_to_string(folder.join("fleet.prom")).expect("metrics"), &report);
    let mut parts = Vec::new();
    for part in 1..=3 {
        let shard = hardline(folder, &[&audit[..], &["--shard", &format!("{part}/3")]].concat());
        let name = format!("part-{part}.json");
        fs::write(folder.join(&name), &shard.out).expect("a file");
        parts.push(name);
    }
    let arguments: Vec<&str> = std::iter::once("merge").chain(parts.iter().map(String::as_str)).collect();
    let merged: Value = serde_json::from_str(&hardline(folder, &arguments).out).expect("a report");
    assert_eq!(merged["tally"]["subjects"], report["tally"]["subjects"]);
    let told = |report: &Value| -> BTreeSet<String> {
        let all = report["findings"].as_array().expect("a list").iter();
        all.map(|finding| format!("{} {} {}", finding["path"], finding["check"], finding["message"])).collect()
    };
    // Whether a password is shared with others is seen only where the others are.
    let own = |report: &Value| -> BTreeSet<String> {
        told(report).into_iter().filter(|line| !line.contains("redis/password-reused")).collect()
    };
    assert_eq!(own(&merged), own(&report));
}

/// Each line is one that Prometheus reads, and the numbers are those of the report.
fn metrics(text: &str, report: &Value) {
    let sample =
        regex::Regex::new(r#"^[a-z_]+(\{([a-z]+="([^"\\]|\\.)*"(,|\}))+)? -?[0-9.e+-]+$"#).expect("an expression");
    for line in text.lines().filter(|line| !line.starts_with("# HELP ") && !line.starts_with("# TYPE ")) {
        assert!(sample.is_match(line), "{line}");
    }
    let sum = |name: &str| -> f64 {
        let lines = text.lines().filter(|line| line.starts_with(name));
        lines.filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok()).sum()
    };
    assert_eq!(sum("hardline_findings{") as u64, report["tally"]["fail"].as_u64().unwrap_or_default());
    assert_eq!(sum("hardline_undecided{") as u64, report["tally"]["unknown"].as_u64().unwrap_or_default());
    assert!(text.contains("hardline_target_up{kind=\"redis\",target=\"127.0.0.1:"), "{text}");
    assert!(sum("hardline_run_timestamp_seconds ") > 1.7e9);
}

#[test]
fn mistakes_in_an_inventory_are_told_all_at_once() {
    let scratch = tempfile::tempdir().expect("a folder");
    let folder = scratch.path();
    for (text, lines) in [
        ("[group.a]\ntargets = [\"cache:6379\", \"redis://:canary%zz@x\"]\nuser = \"audit\"\n", 3),
        ("[group.a]\ntargets = []\npassword_env = \"NO_SUCH_VARIABLE\"\n", 2),
        ("[group.a]\ntarget = [\"redis://:canary@x\"]\n", 1),
        ("[group.a]\ntargets = [\"redis://x\"]\npassword_file = \"none\"\n", 1),
        ("[group.a]\ntargets = [\"redis://x\"]\npassword_command = [\"false\"]\n", 1),
        ("[group.a]\ntargets = [\"redis://x\"]\n[group.a.expect]\nreplica = 2\n", 1),
        ("[group\n", 1),
    ] {
        fs::write(folder.join("fleet.toml"), text).expect("a file");
        let ran = hardline(folder, &["audit", "--inventory", "fleet.toml"]);
        assert_eq!((ran.code, ran.err.lines().count()), (Some(2), lines), "{text}{}", ran.err);
        assert!(ran.err.lines().all(|line| line.starts_with("error: fleet.toml:")), "{}", ran.err);
    }
    let ran = hardline(folder, &["audit", "--shard", "3/2", "redis://x"]);
    assert_eq!(ran.code, Some(2), "{}", ran.err);
    fs::write(folder.join("no.json"), "{\"version\": 2}").expect("a file");
    let ran = hardline(folder, &["merge", "no.json"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(2), "error: no.json: it is no report of version 1\n"));
}
