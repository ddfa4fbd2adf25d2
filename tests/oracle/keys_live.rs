//! Keys of real servers, on request: the budget is kept to the command, the user that is printed is enough and no more
//! than that, what is refused is unknown, and neither values nor names show anywhere.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::servers::{self, Client, Running, Setup, Started, text};

/// How many keys there are.
const KEYS: usize = 100_000;

struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Ran {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}{}", self.out, self.err))
    }
}

fn hardline(folder: &Path, arguments: &[&str], password: Option<&str>) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hardline"));
    command.args(arguments).current_dir(folder).env_remove("REDISCLI_AUTH").env("RUST_LOG", "trace");
    if let Some(password) = password {
        command.env("REDISCLI_AUTH", password);
    }
    let output = command.output().expect("hardline runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    let ran = Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) };
    assert!(!ran.out.contains("canary") && !ran.err.contains("canary"), "{}{}", ran.out, ran.err);
    ran
}

/// A server with the prefixes of a project beside it.
fn start(name: &str, conf: &str) -> Running {
    let setup = Setup::of(&format!("port {{PORT}}\nbind 127.0.0.1\nsave \"\"\n{conf}"));
    let prefixes = "[redis]\nkey_prefixes = [\"app:\", { prefix = \"session:\", ttl = true }]\n";
    match servers::named(name).start(setup.file("hardline.toml", prefixes).lay_out()) {
        Started::Ready(running) => running,
        Started::Refused(refusal) => panic!("{name}: {}", refusal.output),
    }
}

fn client(running: &Running) -> Client {
    running.client(None).expect("a session")
}

fn ask(client: &mut Client, words: &[&str]) -> String {
    text(&client.ask(words).expect("an answer"))
}

fn url(running: &Running) -> String {
    format!("redis://127.0.0.1:{}", running.ports()[0])
}

/// How often a command was called since `CONFIG RESETSTAT`.
fn calls(client: &mut Client, command: &str) -> usize {
    let stats = ask(client, &["INFO", "commandstats"]);
    let line = stats.lines().find_map(|line| line.strip_prefix(&format!("cmdstat_{command}:calls=")));
    line.and_then(|line| line.split(',').next()?.parse().ok()).unwrap_or(0)
}

/// The findings and the unknowns of a check.
fn said(report: &Value, check: &str) -> (Vec<String>, Vec<String>) {
    let of = |list: &str, field: &str| {
        let all = report[list].as_array().expect("a list").iter().filter(|item| item["check"] == check);
        all.map(|item| item[field].as_str().unwrap_or_default().to_owned()).collect()
    };
    (of("findings", "message"), of("unknown", "needs"))
}

/// What asks for the keys of a server as the user that is printed, with that user made.
fn printed(running: &Running, pattern: &str) -> Vec<String> {
    let rules = hardline(Path::new("/"), &["audit", "--print-acl", "--keys", pattern], None).out;
    let rules = rules.lines().next().expect("a user").replace(">PASSWORD", ">canary-audit");
    let words: Vec<&str> = ["ACL", "SETUSER"].into_iter().chain(rules.split(' ').skip(1)).collect();
    assert_eq!(ask(&mut client(running), &words), "OK");
    ["audit", &url(running), "--user", "hardline-audit", "--keys", pattern].map(str::to_owned).to_vec()
}

fn run(running: &Running, arguments: &[String], more: &[&str]) -> Ran {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).chain(more.iter().copied()).collect();
    hardline(running.work(), &arguments, Some("canary-audit"))
}

#[test]
fn a_hundred_thousand_keys_cost_a_thousand() {
    let fill = "for i = 1, ARGV[1] do redis.call('SET', 'app:' .. i, 'x') end return 'OK'";
    for server in servers::all() {
        let running = start(server.name, "");
        let mut admin = client(&running);
        assert_eq!(ask(&mut admin, &["EVAL", fill, "0", &KEYS.to_string()]), "OK");
        let arguments = printed(&running, "*");
        for (budget, scans) in [(1, 1), (1_000, 1), (3_500, 4)] {
            assert_eq!(ask(&mut admin, &["CONFIG", "RESETSTAT"]), "OK");
            let budget_is = budget.to_string();
            let report = run(&running, &arguments, &["--keys-budget", &budget_is, "--format", "json"]).json();
            let told: Vec<usize> =
                ["scan", "pttl", "type", "getrange", "keys"].map(|name| calls(&mut admin, name)).into();
            assert_eq!(told, [scans, budget, budget, budget.min(1_000), 0], "{}", server.name);
            // All are declared, and nothing was found: that is no word about the others.
            let needs = format!("a larger --keys-budget: {budget} of {KEYS} keys were seen");
            let (found, unknown) = said(&report, "redis/key-outside-prefixes");
            assert_eq!((found.len(), unknown), (0, vec![needs.clone()]), "{}", server.name);
            let notices = report["notices"].to_string();
            assert!(notices.contains(&needs), "{notices}");
        }
        assert_eq!(ask(&mut admin, &["CONFIG", "RESETSTAT"]), "OK");
        let none = hardline(running.work(), &["audit", &url(&running), "--format", "json"], None);
        assert_eq!(said(&none.json(), "redis/key-outside-prefixes"), (Vec::new(), Vec::new()));
        assert_eq!(calls(&mut admin, "scan"), 0, "nobody asked");
    }
}

#[test]
fn what_is_planted_is_found_and_shown_nowhere() {
    for server in servers::all() {
        let running = start(server.name, "");
        let mut admin = client(&running);
        for (key, value) in [
            ("app:canary1", "-----BEGIN PRIVATE KEY-----\ncanary"),
            ("app:canary2", "postgres://shop:canary22@db/shop"),
            ("session:canary3", r#"{"user":"ann","password":"canary-hunter2"}"#),
            ("8f14e45fceea167a5a36canary:cart", "plain canary"),
            ("canary-token-without-colon", "ghp_canarycanarycanarycanarycanarycanary"),
        ] {
            assert_eq!(ask(&mut admin, &["SET", key, value]), "OK");
        }
        ask(&mut admin, &["HSET", "app:canary4", "password", "canary-of-a-hash"]);
        ask(&mut admin, &["SET", "session:canary5", "x", "EX", "600"]);
        let arguments = printed(&running, "*");
        let ran = run(&running, &arguments, &["--format", "json"]);
        let report = ran.json();
        let sorted = |check: &str| {
            let (mut found, unknown) = said(&report, check);
            found.sort();
            (found, unknown)
        };
        let (found, unknown) = sorted("redis/secret-in-value");
        let wanted = [
            ("***", "github-token"),
            ("app:*", "password-in-url"),
            ("app:*", "private-key"),
            ("session:*", "password-field"),
        ];
        let wanted = wanted
            .map(|(prefix, kind)| format!("1 values of keys `{prefix}` that were seen look like a secret: {kind}"));
        assert_eq!((found, unknown), (wanted.to_vec(), Vec::new()), "{}", server.name);
        let (found, unknown) = sorted("redis/key-without-ttl");
        assert_eq!((found, unknown.len()), (vec!["1 of 2 keys `session:*` that were seen never expire".to_owned()], 0));
        let (found, unknown) = sorted("redis/key-outside-prefixes");
        let outside =
            |name: &str| format!("1 of 7 keys that were seen are `{name}`, which `key_prefixes` does not declare");
        assert_eq!((found, unknown.len()), (vec![outside("***:*"), outside("***")], 0));
        for format in ["terminal", "concise", "json", "sarif", "github", "markdown"] {
            let ran = run(&running, &arguments, &["--format", format, "--output", "prometheus=keys.prom"]);
            assert_eq!(ran.code, Some(1), "{format}: {}", ran.err);
            let metrics = std::fs::read_to_string(running.work().join("keys.prom")).expect("metrics");
            assert!(!metrics.contains("canary"), "{metrics}");
        }
        // Nothing was refused, so the server has no denial to remember.
        let log = admin.ask(&["ACL", "LOG"]).expect("an answer");
        assert!(matches!(&log, redis::Value::Array(entries) if entries.is_empty()), "{}: {log:?}", server.name);
    }
}

/// The rights that are printed are those that it takes, and each one is needed.
#[test]
fn what_is_refused_is_unknown() {
    for server in servers::all() {
        let running = start(server.name, "");
        let mut admin = client(&running);
        ask(&mut admin, &["SET", "session:canary1", "x", "EX", "600"]);
        ask(&mut admin, &["SET", "session:canary2", "x", "EX", "600"]);
        let arguments = printed(&running, "session:*");
        for (without, check, needs) in [
            ("", "", ""),
            ("-scan", "redis/key-outside-prefixes", "`+scan` for the user of the audit"),
            ("-pttl", "redis/key-without-ttl", "`+pttl ~session:*` for the user of the audit"),
            ("-type", "redis/secret-in-value", "`+type ~session:*` for the user of the audit"),
            ("-getrange", "redis/secret-in-value", "`+getrange ~session:*` for the user of the audit"),
            ("resetkeys", "redis/key-without-ttl", "`+pttl ~session:*` for the user of the audit"),
        ] {
            printed(&running, "session:*");
            assert_eq!(ask(&mut admin, &["ACL", "SETUSER", "hardline-audit", without]), "OK");
            let report = run(&running, &arguments, &["--format", "json"]).json();
            let checks = ["redis/key-outside-prefixes", "redis/key-without-ttl", "redis/secret-in-value"];
            let found: usize = checks.iter().map(|check| said(&report, check).0.len()).sum();
            assert_eq!(found, 0, "{} {without}", server.name);
            if without.is_empty() {
                assert!(checks.iter().all(|check| said(&report, check).1.is_empty()), "{}: {report:#}", server.name);
            } else {
                assert_eq!(said(&report, check).1, [needs], "{} {without}", server.name);
            }
        }
    }
}

/// Other databases have keys, and are not looked at.
#[test]
fn other_databases_are_not_passed() {
    let running = start("redis-8.2", "");
    let mut admin = client(&running);
    ask(&mut admin, &["SELECT", "3"]);
    ask(&mut admin, &["SET", "legacy:canary", "x"]);
    let arguments = printed(&running, "*");
    let report = run(&running, &arguments, &["--format", "json"]).json();
    let needs = "keys in database 0: 1 are in others, which are not looked at";
    assert_eq!(said(&report, "redis/key-outside-prefixes").1, [needs]);
}

/// A pattern is one rule, whatever is in it.
#[test]
fn a_pattern_with_blanks_is_no_rule() {
    let ran = hardline(Path::new("/"), &["audit", "--print-acl", "--keys", "a +@all"], None);
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{}", ran.err);
}
