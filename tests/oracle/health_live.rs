//! How real servers fare: what only `INFO` and `CLIENT LIST` tell, healthy first and then with one thing wrong.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::servers::{self, Client, Running, Server, Setup, Started, text};

/// The checks on it.
const CHECKS: [&str; 7] = [
    "redis/evicts-kept-data",
    "redis/memory-full",
    "redis/primary-lost",
    "redis/replica-behind",
    "redis/session-outlives-right",
    "redis/snapshot-overdue",
    "redis/still-loading",
];

fn start(server: &Server, conf: &str) -> Running {
    match server.start(Setup::of(&format!("port {{PORT}}\nbind 127.0.0.1\nsave \"\"\n{conf}")).lay_out()) {
        Started::Ready(running) => running,
        Started::Refused(refusal) => panic!("{}: {}", server.name, refusal.output),
    }
}

fn audit(running: &Running) -> Value {
    let url = format!("redis://127.0.0.1:{}", running.ports()[0]);
    let mut arguments = vec!["audit", &url, "--format", "json"];
    CHECKS.iter().for_each(|check| arguments.extend(["--select", check]));
    let mut command = Command::new(env!("CARGO_BIN_EXE_hardline"));
    let output = command.args(&arguments).current_dir(Path::new("/")).env_remove("REDISCLI_AUTH").output();
    serde_json::from_slice(&output.expect("hardline runs").stdout).expect("a report")
}

/// The checks that fail; nothing may be unknown.
fn failing(running: &Running) -> (BTreeSet<String>, Value) {
    let report = audit(running);
    assert_eq!(report["tally"]["unknown"], 0, "{report:#}");
    let findings = report["findings"].as_array().expect("a list").iter();
    (findings.filter_map(|finding| finding["check"].as_str().map(str::to_owned)).collect(), report)
}

fn only(check: &str) -> BTreeSet<String> {
    BTreeSet::from([check.to_owned()])
}

fn ask(client: &mut Client, words: &[&str]) -> String {
    client.ask(words).map_or_else(|error| error, |reply| text(&reply))
}

/// Waits until something is so.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn full_memory_is_told_by_what_may_go() {
    for server in servers::all() {
        let running = start(server, "maxmemory 5mb\n");
        let mut admin = running.client(None).expect("a session");
        assert_eq!(failing(&running).0, BTreeSet::new(), "{}", server.name);
        let value = "x".repeat(50_000);
        let full = (0..200).any(|key| ask(&mut admin, &["SET", &format!("key:{key}"), &value]).contains("OOM"));
        assert!(full, "{}", server.name);
        let (failed, report) = failing(&running);
        assert_eq!(failed, only("redis/memory-full"), "{}: {report:#}", server.name);
        // No key has a TTL.
        ask(&mut admin, &["CONFIG", "SET", "maxmemory-policy", "volatile-lru"]);
        assert!(ask(&mut admin, &["SET", "one", &value]).contains("OOM"), "{}", server.name);
        assert_eq!(failing(&running).0, only("redis/memory-full"), "{}", server.name);
        // Any key may go: a cache is always full.
        ask(&mut admin, &["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]);
        assert_eq!(ask(&mut admin, &["SET", "one", &value]), "OK", "{}", server.name);
        assert_eq!(failing(&running).0, BTreeSet::new(), "{}", server.name);
        // Unless somebody wants it to last.
        ask(&mut admin, &["CONFIG", "SET", "appendonly", "yes"]);
        assert_eq!(failing(&running).0, only("redis/evicts-kept-data"), "{}", server.name);
    }
}

/// What a session does without a command goes on when the right to it is gone; the commands that it sends do not.
#[test]
fn sessions_go_on_with_rights_that_are_gone() {
    for server in servers::all() {
        let running = start(server, "user app on >secret ~* &* +@all\n");
        let mut admin = running.client(None).expect("a session");
        for (begin, right, told) in [
            (&["MONITOR"][..], "-monitor", "MONITOR"),
            (&["SUBSCRIBE", "news"][..], "-subscribe", "SUBSCRIBE"),
            (&["PSUBSCRIBE", "n*"][..], "-psubscribe", "PSUBSCRIBE"),
        ] {
            assert_eq!(ask(&mut admin, &["ACL", "SETUSER", "app", "+@all"]), "OK");
            let mut session = running.client(Some(("app", "secret"))).expect("a session");
            let mut other = running.client(Some(("app", "secret"))).expect("a session");
            session.ask(begin).expect("an answer");
            assert_eq!(failing(&running).0, BTreeSet::new(), "{} {told}", server.name);
            assert_eq!(ask(&mut admin, &["ACL", "SETUSER", "app", right]), "OK");
            let refused = ask(&mut other, begin);
            assert!(refused.contains("NOPERM"), "{} {told}: {refused}", server.name);
            let (failed, report) = failing(&running);
            assert_eq!(failed, only("redis/session-outlives-right"), "{} {told}", server.name);
            let message = report["findings"][0]["message"].as_str().unwrap_or_default();
            assert!(message.contains(&format!("goes on with {told},")), "{message}");
        }
    }
}

#[test]
fn a_primary_that_is_gone_is_told_in_seconds() {
    for server in servers::all() {
        let primary = start(server, "");
        let replica = start(server, &format!("replicaof 127.0.0.1 {}\n", primary.ports()[0]));
        let mut client = replica.client(None).expect("a session");
        until("it has a primary", || ask(&mut client, &["INFO", "replication"]).contains("master_link_status:up"));
        assert_eq!(failing(&replica).0, BTreeSet::new(), "{}", server.name);
        let mut seen = primary.client(None).expect("a session");
        until("it is seen", || ask(&mut seen, &["INFO", "replication"]).contains("state=online"));
        assert_eq!(failing(&primary).0, BTreeSet::new(), "{}", server.name);
        let nobody = servers::free_port().to_string();
        ask(&mut client, &["REPLICAOF", "127.0.0.1", &nobody]);
        let url = format!("redis://127.0.0.1:{}", replica.ports()[0]);
        let now = |seconds: &str| {
            let folder = replica.work();
            std::fs::write(
                folder.join("hardline.toml"),
                format!("[params.\"redis/primary-lost\"]\nat_most_seconds = {seconds}\n"),
            )
            .expect("written");
            let arguments = ["audit", &url, "--select", "redis/primary-lost", "--format", "concise"];
            let output = Command::new(env!("CARGO_BIN_EXE_hardline")).args(arguments).current_dir(folder).output();
            output.expect("hardline runs").status.code()
        };
        // A link that has just broken may be up again in a moment.
        until("it is gone for a second", || now("0") == Some(1));
        assert_eq!(now("3600"), Some(0), "{}", server.name);
    }
}

/// A point of `save` is due when both of its numbers are reached; a process that writes and does not get on is told.
#[test]
fn a_snapshot_that_is_due_is_told() {
    let running = start(servers::named("redis-8.2"), "");
    let mut admin = running.client(None).expect("a session");
    let params = "[params.\"redis/snapshot-overdue\"]\nat_most_seconds = 0\n";
    std::fs::write(running.work().join("hardline.toml"), params).expect("written");
    ask(&mut admin, &["SET", "one", "1"]);
    assert_eq!(overdue(&running), 0, "no snapshot is wanted");
    ask(&mut admin, &["CONFIG", "SET", "save", "3600 1"]);
    assert_eq!(overdue(&running), 0, "none is due yet");
    assert_eq!(ask(&mut admin, &["CONFIG", "SET", "rdb-key-save-delay", "5000000"]), "OK");
    ask(&mut admin, &["CONFIG", "SET", "save", "1 1"]);
    until("it is due", || overdue(&running) == 1);
}

/// How many findings say that a snapshot is due, by a limit of no seconds.
fn overdue(running: &Running) -> u64 {
    let url = format!("redis://127.0.0.1:{}", running.ports()[0]);
    let arguments = ["audit", &url, "--select", "redis/snapshot-overdue", "--format", "json"];
    let output = Command::new(env!("CARGO_BIN_EXE_hardline")).args(arguments).current_dir(running.work()).output();
    let report: Value = serde_json::from_slice(&output.expect("hardline runs").stdout).expect("a report");
    report["tally"]["fail"].as_u64().expect("a number")
}

/// A server on the host that the audit runs on is known to be there, so its addresses are asked for.
#[test]
fn a_server_beside_the_audit_is_known_to_be() {
    for server in servers::all() {
        let running = start(server, "");
        let url = format!("redis://127.0.0.1:{}", running.ports()[0]);
        let arguments = ["audit", &url, "--select", "redis/bind-address-gone", "--format", "json"];
        let output = Command::new(env!("CARGO_BIN_EXE_hardline")).args(arguments).current_dir(running.work()).output();
        let report: Value = serde_json::from_slice(&output.expect("hardline runs").stdout).expect("a report");
        assert_eq!((&report["tally"]["pass"], &report["tally"]["fail"]), (&1.into(), &0.into()), "{report:#}");
    }
}
