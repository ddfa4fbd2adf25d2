//! Groups of servers that run: a cluster of three primaries with a replica each, and a primary with two replicas that three
//! Sentinels watch. All members are found from one of them; of a healthy group nothing is said; each flaw is.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::servers::{self, Client, Endpoint, Running, Server, Setup, Started, text};

const PASSWORD: &str = "canary-group";

/// What the documentation of Sentinel lists for its user.
const WATCHER: &str = "resetchannels &__sentinel__:hello -@all +ping +info +role +publish +subscribe +multi +exec \
                       +slaveof +config|rewrite +client|setname +client|kill +script|kill";

fn start(server: &Server, setup: &Setup) -> Running {
    match server.start(setup.lay_out()) {
        Started::Ready(running) => running,
        Started::Refused(refusal) => panic!("{}: {}", server.name, refusal.output),
    }
}

fn port(running: &Running) -> u16 {
    running.ports()[0]
}

fn session(running: &Running) -> Client {
    Client::open(&Endpoint::Tcp(([127, 0, 0, 1], port(running)).into()), Some(("default", PASSWORD)))
        .expect("a session")
}

/// Sends a command that is to be taken.
fn run(running: &Running, words: &str) -> String {
    let words: Vec<&str> = words.split(' ').map(|word| if word == "''" { "" } else { word }).collect();
    let answer = text(&session(running).ask(&words).expect("an answer"));
    assert!(!answer.starts_with('-'), "{words:?}: {answer}");
    answer
}

/// Asks until the answer is as wanted.
fn comes(running: &Running, words: &str, wanted: impl Fn(&str) -> bool) {
    let limit = Instant::now() + Duration::from_secs(30);
    loop {
        let answer = run(running, words);
        if wanted(&answer) {
            return;
        }
        assert!(Instant::now() < limit, "{words}: {answer}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn audit(folder: &Running, arguments: &[&str]) -> (Option<i32>, Value) {
    audit_in(folder.work(), arguments)
}

fn audit_in(folder: &Path, arguments: &[&str]) -> (Option<i32>, Value) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hardline"));
    command.arg("audit").args(arguments).args(["--format", "json"]).current_dir(folder);
    let output = command.env("REDISCLI_AUTH", PASSWORD).output().expect("hardline runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    let (out, err) = (text(output.stdout), text(output.stderr));
    assert!(!out.contains("canary") && !err.contains("canary"), "{out}{err}");
    (output.status.code(), serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}{err}")))
}

/// The checks and messages of what was found about the group, or, of `unknown`, what was left open.
fn of_group(report: &Value, list: &str) -> BTreeSet<(String, String)> {
    let all = report[list].as_array().expect("a list").iter();
    let of = |item: &Value, field: &str| item[field].as_str().unwrap_or_default().to_owned();
    let told = all.map(|item| (of(item, "check"), of(item, if list == "findings" { "message" } else { "needs" })));
    told.filter(|(check, _)| check.starts_with("group/")).collect()
}

fn names(report: &Value, kind: &str) -> BTreeSet<String> {
    let all = report["subjects"].as_array().expect("a list").iter().filter(|subject| subject["kind"] == kind);
    all.map(|subject| subject["name"].as_str().unwrap_or_default().to_owned()).collect()
}

fn places<'r>(running: impl IntoIterator<Item = &'r Running>) -> BTreeSet<String> {
    running.into_iter().map(|running| format!("127.0.0.1:{}", port(running))).collect()
}

/// Exactly these checks have found something, each in a message that has these words.
fn finds(report: &Value, expected: &[(&str, String)]) {
    let found = of_group(report, "findings");
    for (check, words) in expected {
        let there = found.iter().any(|(its, message)| its == check && message.contains(words));
        assert!(there, "{check} with `{words}` is not among {found:#?}");
    }
    let checks: BTreeSet<&str> = found.iter().map(|(check, _)| check.as_str()).collect();
    assert_eq!(checks, expected.iter().map(|(check, _)| *check).collect(), "{found:#?}");
}

/// A node of a cluster; of a server that was built with TLS with a port for that.
fn node(server: &Server) -> Running {
    let mut conf = format!(
        "port {{PORT}}\nbind 127.0.0.1\nsave \"\"\ncluster-enabled yes\ncluster-node-timeout 3000\n\
         repl-diskless-sync-delay 0\nrequirepass {PASSWORD}\nmasterauth {PASSWORD}\n\
         user app on >canary-app ~app:* &app:* -@all +get\n"
    );
    let mut certificates = Vec::new();
    if server.tls {
        conf.push_str(
            "tls-port {PORT2}\ntls-auth-clients no\ntls-cert-file {DIR}/tls/server.crt\n\
             tls-key-file {DIR}/tls/server.key\ntls-ca-cert-file {DIR}/tls/server.crt\n",
        );
        certificates =
            ["server.crt", "server.key"].map(|name| (format!("tls/{name}"), server.certificate(name))).into();
    }
    let mut setup = Setup::of(&conf);
    setup.files.extend(certificates);
    start(server, &setup)
}

/// Three primaries, then a replica of each.
fn cluster(server: &Server) -> Vec<Running> {
    let nodes: Vec<Running> = (0..6).map(|_| node(server)).collect();
    for (primary, slots) in nodes.iter().zip(["0 5460", "5461 10922", "10923 16383"]) {
        run(primary, &format!("CLUSTER ADDSLOTSRANGE {slots}"));
    }
    for other in &nodes[1..] {
        run(&nodes[0], &format!("CLUSTER MEET 127.0.0.1 {}", port(other)));
    }
    for node in &nodes {
        comes(node, "CLUSTER INFO", |answer| answer.contains("cluster_known_nodes:6"));
    }
    for (primary, replica) in nodes.iter().zip(&nodes[3..]) {
        follow(primary, replica);
    }
    for node in &nodes {
        comes(node, "CLUSTER INFO", |answer| answer.contains("cluster_state:ok"));
        comes(node, "CLUSTER NODES", |answer| answer.matches("slave ").count() == 3);
    }
    nodes
}

fn follow(primary: &Running, replica: &Running) {
    let id = run(primary, "CLUSTER MYID");
    comes(replica, "CLUSTER NODES", |answer| answer.contains(&id));
    run(replica, &format!("CLUSTER REPLICATE {id}"));
    comes(replica, "INFO replication", |answer| answer.contains("master_link_status:up"));
    comes(primary, "INFO replication", |answer| answer.contains("state=online"));
}

#[test]
fn a_cluster_is_held_together() {
    let nodes = cluster(servers::named("redis-debian"));
    let url = format!("redis+cluster://127.0.0.1:{}", port(&nodes[0]));
    let (_, report) = audit(&nodes[0], &[&url, "--login-members"]);
    assert_eq!(names(&report, "redis"), places(&nodes), "all are found from one");
    assert_eq!(names(&report, "group").len(), 1);
    assert_eq!(of_group(&report, "findings"), BTreeSet::new(), "it is healthy");
    assert_eq!(of_group(&report, "unknown"), BTreeSet::new());

    let [_, p2, p3, r1, r2, r3] = &nodes[..] else { panic!("six nodes") };
    let newer = node(servers::named("redis-8.2"));
    run(&nodes[0], &format!("CLUSTER MEET 127.0.0.1 {}", port(&newer)));
    follow(p2, &newer);
    for node in &nodes {
        comes(node, "CLUSTER NODES", |answer| answer.matches("slave ").count() == 4);
    }
    run(p2, "ACL SETUSER app +flushall");
    run(p3, "CONFIG SET protected-mode no");
    run(r2, "CONFIG SET tls-port 0");
    run(r3, "CONFIG SET masterauth canary-other");
    run(r1, "CONFIG SET requirepass ''");
    let (code, report) = audit(&nodes[0], &[&url, "--login-members"]);
    assert_eq!(code, Some(1));
    finds(
        &report,
        &[
            ("group/versions-differ", format!("127.0.0.1:{}: `redis:8.2.3`, not `redis:7.0.15`", port(&newer))),
            ("group/users-differ", format!("127.0.0.1:{}: has +flushall", port(p2))),
            ("group/settings-differ", format!("127.0.0.1:{}: `no`, not `yes`", port(p3))),
            ("group/listeners-differ", format!("127.0.0.1:{}: `plain`, not `TLS and plain`", port(r2))),
            ("group/passwords-differ", format!("127.0.0.1:{}: another one", port(r3))),
            ("group/replica-weaker-than-primary", format!("the replica 127.0.0.1:{} lets everybody in", port(r1))),
        ],
    );
    assert_eq!(of_group(&report, "unknown"), BTreeSet::new());
}

/// A primary, two replicas, and the Sentinels that watch them.
fn watched(server: &Server) -> (Vec<Running>, Vec<Running>) {
    let conf = format!(
        "port {{PORT}}\nbind 127.0.0.1\nsave \"\"\nrepl-diskless-sync-delay 0\nrequirepass {PASSWORD}\n\
         masterauth {PASSWORD}\nuser watch on >canary-watch {WATCHER}\n"
    );
    let primary = start(server, &Setup::of(&conf));
    let follows = format!("{conf}replicaof 127.0.0.1 {}\n", port(&primary));
    let replicas = [0, 1].map(|_| start(server, &Setup::of(&follows)));
    comes(&primary, "INFO replication", |answer| answer.matches("state=online").count() == 2);
    let watches = format!(
        "port {{PORT}}\nbind 127.0.0.1\nrequirepass {PASSWORD}\nsentinel sentinel-pass {PASSWORD}\n\
         sentinel monitor shop 127.0.0.1 {} 2\nsentinel auth-user shop watch\nsentinel auth-pass shop canary-watch\n\
         sentinel down-after-milliseconds shop 60000\n",
        port(&primary)
    );
    let sentinels: Vec<Running> = (0..3).map(|_| start(server, &Setup::of(&watches).args(&["--sentinel"]))).collect();
    for sentinel in &sentinels {
        comes(sentinel, "SENTINEL MASTERS", |answer| {
            answer.contains("num-slaves 2 num-other-sentinels 2") && answer.contains("flags master ")
        });
        comes(sentinel, "SENTINEL SENTINELS shop", |answer| !answer.contains("disconnected"));
        comes(sentinel, "SENTINEL REPLICAS shop", |answer| !answer.contains("disconnected"));
    }
    (std::iter::once(primary).chain(replicas).collect(), sentinels)
}

#[test]
fn a_group_of_sentinels_is_held_together() {
    // These wait more than they work.
    std::thread::scope(|scope| {
        let threads: Vec<_> = servers::all().iter().map(|server| scope.spawn(|| sentinels_of(server))).collect();
        for thread in threads {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        }
    });
}

fn sentinels_of(server: &Server) {
    let (servers, sentinels) = watched(server);
    let [primary, r1, r2] = &servers[..] else { panic!("three servers") };
    let [_, s2, s3] = &sentinels[..] else { panic!("three Sentinels") };
    let url = format!("redis+sentinel://127.0.0.1:{}", port(&sentinels[0]));
    let (_, report) = audit(primary, &[&url, "--login-members"]);
    assert_eq!(names(&report, "redis"), places(&servers), "all are found from one");
    assert_eq!(names(&report, "sentinel"), places(&sentinels));
    assert_eq!(names(&report, "group"), ["shop".to_owned()].into());
    assert_eq!(of_group(&report, "findings"), BTreeSet::new(), "it is healthy");
    assert_eq!(of_group(&report, "unknown"), BTreeSet::new());
    let said = |report: &Value, list: &str| {
        let all = report[list].as_array().expect("a list").iter();
        all.filter(|item| item["check"] == "sentinel/open-beside-protected-redis").count()
    };
    assert_eq!((said(&report, "findings"), said(&report, "unknown")), (0, 0), "whether it logs in follows");
    expectations(primary, &url);

    run(s2, "SENTINEL SET shop quorum 3 down-after-milliseconds 30000");
    run(s3, "ACL SETUSER default nopass");
    run(r1, "ACL SETUSER watch -slaveof");
    run(r2, "ACL SETUSER watch +get ~*");
    let (code, report) = audit(primary, &[&url, "--login-members"]);
    assert_eq!(code, Some(1));
    finds(
        &report,
        &[
            ("group/monitors-differ", format!("127.0.0.1:{}: `3`, not `2`", port(s2))),
            ("group/monitors-differ", format!("127.0.0.1:{}: `30000`, not `60000`", port(s2))),
            ("group/logins-differ", format!("127.0.0.1:{}: it lets everybody in", port(s3))),
            ("group/users-differ", format!("127.0.0.1:{}: lacks +slaveof", port(r1))),
            ("group/sentinel-user-lacks-rights", format!("127.0.0.1:{}, lacks", port(r1))),
            ("group/sentinel-user-exceeds-rights", format!("127.0.0.1:{}, may do more", port(r2))),
        ],
    );
    assert_eq!(said(&report, "findings"), 1);

    // One that does not answer leaves it open what it has.
    let gone = format!("127.0.0.1:{}", port(r1));
    run(r2, "ACL SETUSER watch -get");
    let kept: Vec<Running> =
        servers.into_iter().filter(|running| !gone.ends_with(&port(running).to_string())).collect();
    let (_, report) = audit(&kept[0], &[&url, "--login-members"]);
    let open = of_group(&report, "unknown");
    for check in ["group/versions-differ", "group/users-differ", "group/passwords-differ", "group/settings-differ"] {
        let told = open.iter().any(|(its, needs)| its == check && needs.contains(&gone));
        assert!(told, "{check}: {open:#?}");
    }
}

/// What an inventory expects of the group, right and wrong.
fn expectations(primary: &Running, url: &str) {
    for (replicas, wrong) in [(2, 0), (3, 1)] {
        let inventory = format!(
            "[group.cache]\ntargets = [\"{url}\"]\npassword_env = \"REDISCLI_AUTH\"\nlogin_members = true\n\n[group.cache.expect]\n\
             kind = \"sentinel\"\nprimaries = 1\nreplicas = {replicas}\nsentinels = 3\nquorum = 2\n"
        );
        std::fs::write(primary.work().join("fleet.toml"), inventory).expect("a file");
        let (_, report) = audit(primary, &["--inventory", "fleet.toml"]);
        assert_eq!(names(&report, "group"), ["cache".to_owned()].into());
        let found = of_group(&report, "findings");
        assert_eq!(found.len(), wrong, "{found:?}");
        assert!(found.iter().all(|(check, message)| check == "group/not-as-expected"
            && message == "the inventory expects replicas 3, there is 2"));
    }
}

/// Nobody can say of a part of a group whether the whole is as expected.
#[test]
fn a_shard_does_not_part_a_group() {
    let scratch = tempfile::tempdir().expect("a folder");
    // Nobody listens there.
    let closed: Vec<String> = (0..4).map(|_| format!("\"redis://127.0.0.1:{}\"", servers::free_port())).collect();
    let inventory = format!(
        "[group.a]\ntargets = [{}]\n[group.a.expect]\nprimaries = 3\n[group.b]\ntargets = [{}]\n",
        closed[..3].join(", "),
        closed[3]
    );
    std::fs::write(scratch.path().join("fleet.toml"), inventory).expect("a file");
    for (shard, servers, groups) in [("1/2", 3, 1), ("2/2", 1, 0)] {
        let (code, report) = audit_in(scratch.path(), &["--inventory", "fleet.toml", "--shard", shard]);
        assert_eq!((names(&report, "redis").len(), names(&report, "group").len()), (servers, groups), "{shard}");
        assert_eq!(code, Some(3), "{shard}");
        let open = of_group(&report, "unknown");
        assert_eq!(open.iter().any(|(check, _)| check == "group/not-as-expected"), groups == 1, "{open:#?}");
    }
}
