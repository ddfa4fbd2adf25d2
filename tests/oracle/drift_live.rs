//! Drift against servers that run: what was changed on them and not written, what was written and not read, and two that
//! differ.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::servers::{self, Running, Server, Setup, Started};

fn hardline(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hardline"));
    command.args(arguments).current_dir(folder).env_remove("REDISCLI_AUTH").env("SOURCE_DATE_EPOCH", "1790000000");
    let output = command.env("DRIFT_PASSWORD", "canary-default").output().expect("hardline runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn start(server: &Server, conf: &str) -> Running {
    match server.start(Setup::of(conf).lay_out()) {
        Started::Ready(running) => running,
        Started::Refused(refusal) => panic!("{}: {}", server.name, refusal.output),
    }
}

fn url(running: &Running) -> String {
    format!("redis://:canary-default@127.0.0.1:{}", running.ports()[0])
}

/// What differs: the fact, its kind without `drift/`, and the weaker side.
fn differences(folder: &Path, sides: [&str; 2]) -> Vec<(String, String, String)> {
    let (code, out, err) = hardline(folder, &["drift", sides[0], sides[1], "--format", "json"]);
    assert!(!out.contains("canary") && !err.contains("canary"), "{out}{err}");
    let report: Value = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}{err}"));
    let text = |one: &Value, key: &str| one[key].as_str().unwrap_or_default().to_owned();
    let all = report["differences"].as_array().expect("a list").iter();
    let all: Vec<_> =
        all.map(|one| (text(one, "what"), text(one, "kind").replace("drift/", ""), text(one, "weaker"))).collect();
    assert_eq!(code, Some(i32::from(!all.is_empty())), "{err}");
    all
}

fn expected(all: &[(&str, &str, &str)]) -> Vec<(String, String, String)> {
    all.iter().map(|(what, kind, weaker)| ((*what).to_owned(), (*kind).to_owned(), (*weaker).to_owned())).collect()
}

const CONF: &str = "port {PORT}\nbind 127.0.0.1\nrequirepass canary-default\ntimeout 60\nmaxmemory 100mb\n";

/// `CONFIG SET`, `ACL SETUSER`, an argument of the command line, a file that changed since: each is said of its setting,
/// with the side that it makes weaker; before anything is changed, nothing is.
#[test]
fn what_was_changed_on_a_server_and_not_written_is_found() {
    for server in servers::all() {
        let users = "user app on >canary-app ~app:* +get +ping\n";
        let running = start(server, &format!("{CONF}{users}"));
        let (folder, way) = (running.work(), url(&running));
        let sides = ["test.conf", way.as_str()];
        assert_eq!(differences(folder, sides), [], "{}", server.name);
        let mut session = running.client(None).expect("a session");
        let mut ask = |words: &[&str]| session.ask(words).expect("an answer");
        ask(&["AUTH", "canary-default"]);
        ask(&["CONFIG", "SET", "timeout", "0"]);
        ask(&["CONFIG", "SET", "maxmemory", "200mb"]);
        ask(&["ACL", "SETUSER", "app", "+config", "~*"]);
        ask(&["ACL", "SETUSER", "ghost", "on", "nopass", "+@all", "~*"]);
        let changed = differences(folder, sides);
        let runs = "runs-otherwise";
        for one in expected(&[
            ("redis.acl.users[app].commands", runs, "right"),
            ("redis.acl.users[app].keys", runs, "right"),
            ("redis.acl.users[ghost]", runs, "right"),
            ("redis.maxmemory", runs, "neither"),
            ("redis.timeout", runs, "right"),
        ]) {
            assert!(changed.contains(&one), "{}: {one:?} is not in {changed:#?}", server.name);
        }
        // What it was told to keep is written, and the file says the same again.
        ask(&["CONFIG", "REWRITE"]);
        assert_eq!(differences(folder, sides), [], "{}", server.name);
        // Then somebody writes to the file, and nobody starts the server again.
        let written = fs::read_to_string(folder.join("test.conf")).expect("the file");
        fs::write(folder.join("test.conf"), format!("{written}\nappendfsync no\n")).expect("it can be written");
        let changed = differences(folder, sides);
        assert_eq!(changed, expected(&[("redis.appendfsync", runs, "left")]), "{}", server.name);
    }
}

#[test]
fn arguments_of_the_command_line_are_found() {
    let server = servers::named("redis-debian");
    let setup = Setup::of(CONF).args(&["--timeout", "0", "--enable-debug-command", "local"]);
    let Started::Ready(running) = server.start(setup.lay_out()) else { panic!("it does not start") };
    let found = differences(running.work(), ["test.conf", &url(&running)]);
    let whats: Vec<&str> = found.iter().map(|(what, ..)| what.as_str()).collect();
    assert_eq!(whats, ["redis.enable_debug_command", "redis.timeout"]);
    assert!(found.iter().all(|(_, kind, weaker)| kind == "runs-otherwise" && weaker == "right"), "{found:?}");
}

/// Environments by name: their servers are in `hardline.toml` or in an inventory, and their files beside it.
#[test]
fn environments_are_compared_by_their_servers() {
    let server = servers::named("redis-8.2");
    let (staging, production) = (start(server, CONF), start(server, &CONF.replace("timeout 60", "timeout 0")));
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("it can be written");
    let port = |running: &Running| running.ports()[0];
    write("staging.conf", &fs::read_to_string(staging.work().join("test.conf")).expect("the file"));
    write(
        "hardline.toml",
        &format!(
            "[environments.staging]\npaths = [\"staging.conf\"]\ntargets = [\"redis://127.0.0.1:{}\"]\n",
            port(&staging)
        ),
    );
    write(
        "fleet.toml",
        &format!(
            "[group.shop]\nenvironment = \"production\"\ntargets = [\"redis://127.0.0.1:{}\"]\n\
             password_env = \"DRIFT_PASSWORD\"\n",
            port(&production)
        ),
    );
    let password = "canary-default";
    let drift = |sides: [&str; 2]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hardline"));
        command.args(["drift", sides[0], sides[1], "--inventory", "fleet.toml", "--format", "json"]);
        command.current_dir(folder.path()).env("REDISCLI_AUTH", password).env("DRIFT_PASSWORD", password);
        let output = command.output().expect("hardline runs");
        let out = String::from_utf8(output.stdout.clone()).expect("text");
        let report: Value = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}{output:?}"));
        let all = report["differences"].as_array().expect("a list").clone();
        let text = |one: &Value, key: &str| one[key].as_str().unwrap_or_default().to_owned();
        all.iter().map(|one| format!("{} {} {}", text(one, "kind"), text(one, "what"), text(one, "weaker"))).collect()
    };
    let found: Vec<String> = drift(["staging", "live:staging"]);
    assert_eq!(found, Vec::<String>::new());
    // Other environments are other instances: their passwords are to differ, whoever reads them from where.
    for sides in [["live:staging", "production"], ["staging", "production"], ["staging.conf", "production"]] {
        let found: Vec<String> = drift(sides);
        assert!(found.iter().any(|one| one == "drift/weaker-setting redis.timeout right"), "{sides:?}: {found:?}");
        assert!(found.iter().any(|one| one.starts_with("drift/same-password")), "{sides:?}: {found:?}");
    }
}

/// One file may be that of many servers, and servers of two environments are paired by what their hosts are called.
#[test]
fn one_file_is_that_of_every_server() {
    let server = servers::named("redis-debian");
    let running = [start(server, CONF), start(server, &CONF.replace("timeout 60", "timeout 0"))];
    let folder = tempfile::tempdir().expect("a folder");
    let targets = running.iter().map(|one| format!("\"{}\"", url(one))).collect::<Vec<_>>().join(", ");
    let conf = CONF.replace("{PORT}", "6379");
    fs::write(folder.path().join("redis.conf"), conf).expect("it can be written");
    let config = format!("[environments.shop]\npaths = [\"redis.conf\"]\ntargets = [{targets}]\n");
    fs::write(folder.path().join("hardline.toml"), config).expect("it can be written");
    let found = differences(folder.path(), ["shop", "live:shop"]);
    let of = |what: &str| found.iter().filter(|(found, ..)| found == what).count();
    assert_eq!((of("redis.port"), of("redis.timeout")), (2, 1), "{found:?}");
    assert!(!found.iter().any(|(_, kind, _)| kind == "only-in-one"), "{found:?}");
}

/// A server that lets nobody in tells nothing: that is no agreement, and neither is one that is dead beside one that answers.
#[test]
fn a_side_that_tells_nothing_is_not_equal() {
    let running = start(servers::named("redis-8.2"), CONF);
    let (folder, port) = (running.work(), running.ports()[0]);
    let wrong = format!("redis://:canary-wrong@127.0.0.1:{port}");
    let stranger = format!("redis://127.0.0.1:{port}");
    for sides in [["test.conf", &wrong], ["test.conf", &stranger], [&wrong, &wrong]] {
        let (code, out, err) = hardline(folder, &["drift", sides[0], sides[1]]);
        assert_eq!(code, Some(3), "{sides:?}: {out}{err}");
        assert!(err.contains("cannot be read") && !err.contains("canary"), "{err}");
    }
    let way = url(&running);
    let targets = format!("[environments.shop]\ntargets = [\"{way}\", \"redis://127.0.0.1:1\"]\n");
    fs::write(folder.join("hardline.toml"), targets).expect("it can be written");
    let (code, out, err) = hardline(folder, &["drift", "test.conf", "shop"]);
    assert_eq!(code, Some(3), "{out}{err}");
    // A report of a server that told nothing has nothing that could be weaker or equal.
    let (_, report, _) = hardline(folder, &["audit", &wrong, "--format", "json", "--config", "/dev/null"]);
    fs::write(folder.join("dead.json"), report).expect("it can be written");
    for sides in [["dead.json", "dead.json"], ["dead.json", &way], ["dead.json", "redis://127.0.0.1:1"]] {
        let (code, out, err) = hardline(folder, &["drift", sides[0], sides[1]]);
        assert_eq!(code, Some(3), "{sides:?}: {out}{err}");
    }
}

/// A user more is found in a report whatever users the check found before, and an allowance holds for reports, too.
#[test]
fn reports_tell_a_finding_more() {
    let running = start(servers::named("redis-8.2"), &format!("{CONF}user app on nopass ~a:* +get\n"));
    let (folder, way) = (running.work(), url(&running));
    let report = |name: &str| {
        let (_, report, _) = hardline(folder, &["audit", &way, "--format", "json"]);
        fs::write(folder.join(name), report).expect("it can be written");
    };
    report("before.json");
    let mut session = running.client(None).expect("a session");
    session.ask(&["AUTH", "canary-default"]).expect("an answer");
    session.ask(&["ACL", "SETUSER", "evil", "on", "nopass", "+get", "~a:*"]).expect("an answer");
    report("after.json");
    let found = differences(folder, ["before.json", "after.json"]);
    let check = "redis.checks[redis/user-without-password]".to_owned();
    assert!(found.contains(&(check, "check-fails-on-one".to_owned(), "right".to_owned())), "{found:?}");
    let allowance = "[[allow_drift]]\nsetting = \"*\"\nowner = \"@shop\"\nreason = \"x\"\nuntil = 2099-01-01\n";
    fs::write(folder.join("hardline.toml"), allowance).expect("it can be written");
    let (code, out, err) = hardline(folder, &["drift", "before.json", "after.json"]);
    assert_eq!(code, Some(0), "{out}{err}");
}

/// What a daemon writes by itself, and what only files and no server can be, is no drift.
#[test]
fn a_daemon_is_the_instance_of_its_file() {
    let setup = Setup::of(&format!("{CONF}pidfile /var/run/redis.pid\n"));
    let Started::Ready(running) = servers::named("redis-debian").start(setup.lay_out()) else { panic!("no start") };
    let (folder, way) = (running.work(), url(&running));
    let text = fs::read_to_string(folder.join("test.conf")).expect("the file");
    let shop = folder.join("shop");
    fs::create_dir_all(&shop).expect("a folder");
    fs::write(shop.join("redis.conf"), text.replace("pidfile /var/run/redis.pid\n", "")).expect("it can be written");
    fs::write(shop.join("nginx.conf"), "events {}\nhttp { server { listen 127.0.0.1:1; } }\n").expect("written");
    assert_eq!(differences(folder, ["shop", &way]), []);
}
