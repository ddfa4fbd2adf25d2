//! Truths that take two servers, or a file that changes.

use std::time::{Duration, Instant};

use crate::oracle::servers::{self, Client, Endpoint, Running, Setup, Started, text};

fn start(server: &servers::Server, conf: &str) -> Running {
    match server.start(Setup::of(&format!("port {{PORT}}\nbind 127.0.0.1\n{conf}\n")).lay_out()) {
        Started::Ready(running) => running,
        Started::Refused(refusal) => panic!("{} does not start: {}", server.name, refusal.output),
    }
}

fn session(running: &Running, login: Option<(&str, &str)>) -> Client {
    Client::open(&Endpoint::Tcp(([127, 0, 0, 1], running.ports()[0]).into()), login).expect("a session")
}

/// Asks until the answer contains `wanted`, or for as long as `patience`.
fn comes(client: &mut Client, question: &[&str], wanted: &str, patience: Duration) -> bool {
    let limit = Instant::now() + patience;
    loop {
        if text(&client.ask(question).expect("a reply")).contains(wanted) {
            return true;
        }
        if Instant::now() > limit {
            return false;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Whether a replica with these lines comes up with a primary that has those.
fn comes_up(server: &servers::Server, primary: &str, replica: &str) -> bool {
    let primary = start(server, &format!("repl-diskless-sync-delay 0\n{primary}"));
    let lines = format!("replicaof 127.0.0.1 {}\nrepl-diskless-sync-delay 0\n{replica}", primary.ports()[0]);
    let replica = start(server, &lines);
    let mut client = session(&replica, None);
    comes(&mut client, &["INFO", "replication"], "master_link_status:up", Duration::from_millis(2_500))
}

#[test]
fn a_replica_needs_user_and_password_where_default_is_off() {
    let primary = "user default off\nuser repl on >pw +psync +replconf +ping";
    on_all(|server| {
        assert!(comes_up(server, primary, "masteruser repl\nmasterauth pw"), "{}: both", server.name);
        assert!(!comes_up(server, primary, "masterauth pw"), "{}: masterauth alone", server.name);
        assert!(!comes_up(server, primary, ""), "{}: neither", server.name);
    });
}

#[test]
fn a_replica_with_a_password_is_down_where_none_is_needed() {
    on_all(|server| {
        assert!(!comes_up(server, "", "masterauth pw"), "{}: masterauth alone", server.name);
        assert!(comes_up(server, "", "masteruser default\nmasterauth pw"), "{}: with masteruser", server.name);
    });
}

#[test]
fn psync_alone_is_enough_for_a_replica() {
    on_all(|server| {
        let primary = "user default off\nuser repl on >pw +psync";
        assert!(comes_up(server, primary, "masteruser repl\nmasterauth pw"), "{}", server.name);
    });
}

/// Each server on a thread of its own: these wait more than they work.
fn on_all(test: impl Fn(&'static servers::Server) + Sync) {
    std::thread::scope(|scope| {
        let threads: Vec<_> = servers::all().iter().map(|server| scope.spawn(|| test(server))).collect();
        for thread in threads {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        }
    });
}

#[test]
fn a_foreign_node_joins_a_cluster_without_a_password() {
    on_all(|server| {
        let guarded = start(server, "cluster-enabled yes\nrequirepass secret");
        let foreign = start(server, "cluster-enabled yes");
        let port = guarded.ports()[0].to_string();
        let met = session(&foreign, None).ask(&["CLUSTER", "MEET", "127.0.0.1", &port]).expect("a reply");
        assert_eq!(text(&met), "OK", "{}", server.name);
        let mut client = session(&guarded, Some(("default", "secret")));
        let joined = comes(&mut client, &["CLUSTER", "INFO"], "cluster_known_nodes:2", Duration::from_secs(5));
        assert!(joined, "{}", server.name);
    });
}

#[test]
fn loading_an_empty_acl_file_opens_the_server() {
    on_all(|server| {
        let setup = Setup::of("port {PORT}\nbind 127.0.0.1\naclfile users.acl\n")
            .file("users.acl", "user default on >pw ~* &* +@all\n");
        let Started::Ready(running) = server.start(setup.lay_out()) else { panic!("{} does not start", server.name) };
        assert!(text(&session(&running, None).ask(&["PING"]).expect("a reply")).starts_with("-NOAUTH"));
        let mut admin = session(&running, Some(("default", "pw")));
        std::fs::write(running.work().join("users.acl"), "").expect("the file emptied");
        assert_eq!(text(&admin.ask(&["ACL", "LOAD"]).expect("a reply")), "OK", "{}", server.name);
        assert_eq!(text(&session(&running, None).ask(&["PING"]).expect("a reply")), "PONG", "{}", server.name);
    });
}
