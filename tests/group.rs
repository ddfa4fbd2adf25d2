//! Who belongs to whom, by recorded answers: one server under two names, names that only one side knows, loopback, and
//! servers that tell of more others than there can be.

use hardline::fact::{Fact, List, Subject, Value};
use hardline::platform::redis::live::subject::Wish;
use hardline::platform::redis::live::{self, Heard, recorded};
use hardline::platform::{Reading, Wanted, group};

fn groups(servers: &[(&str, String)]) -> Vec<Subject> {
    let heard: Vec<Heard> = servers.iter().map(|(url, text)| recorded::heard(url, text).unwrap()).collect();
    let mut reading = Reading::default();
    let wish = Wish { wanted: &Wanted::All, today: Some("2026-10-01"), keys: None };
    let mut subjects = live::subjects(&heard, wish, &mut reading);
    group::subjects(&heard, &mut subjects, &mut reading.sources)
}

fn server(info: &[&str]) -> String {
    format!("> INFO\nredis_version:8.2.3\n{}\n> ACL LIST\nuser default on nopass ~* &* +@all\n", info.join("\n"))
}

/// The members, each with what it does and whether it answered.
fn members(group: &Subject) -> Vec<String> {
    let text = |record: &hardline::fact::Record, name: &str| match record.get(name).and_then(Fact::value) {
        Some(Value::Text(text)) => text.to_string(),
        Some(Value::Bool(is)) => if *is { "answered" } else { "silent" }.to_owned(),
        _ => "?".to_owned(),
    };
    let Some(Value::List(List { items, .. })) = group.facts.get("members").and_then(Fact::value) else {
        panic!("a group has members")
    };
    let member = |fact: Fact| match fact.value() {
        Some(Value::Record(record)) => ["role", "name", "answered"].map(|name| text(record, name)).join(" "),
        _ => "?".to_owned(),
    };
    items.iter().map(member).collect()
}

#[test]
fn a_server_that_was_asked_twice_is_one_member() {
    let primary = ["run_id:aa", "role:master", "slave0:ip=10.0.0.6,port=6379,state=online"];
    let replica = ["run_id:bb", "role:slave", "master_host:10.0.0.5", "master_port:6379"];
    let all = groups(&[
        ("redis://cache-1.example", server(&primary)),
        ("redis://10.0.0.5", server(&primary)),
        ("redis://10.0.0.6", server(&replica)),
    ]);
    assert_eq!(all.len(), 1);
    assert_eq!(members(&all[0]), ["primary cache-1.example:6379 answered", "replica 10.0.0.6:6379 answered"]);
    assert_eq!(all[0].name, "replication of cache-1.example:6379");
}

#[test]
fn data_tell_whom_a_name_means() {
    let primary = ["role:master", "master_replid:dd"];
    let replica = ["role:slave", "master_host:primary.internal", "master_port:6379", "master_replid:dd"];
    let all = groups(&[("redis://10.0.0.5", server(&primary)), ("redis://10.0.0.6", server(&replica))]);
    assert_eq!(members(&all[0]), ["primary 10.0.0.5:6379 answered", "replica 10.0.0.6:6379 answered"]);
}

#[test]
fn loopback_is_the_host_of_whoever_says_it() {
    let primary = ["role:master", "slave0:ip=127.0.0.1,port=6380,state=online"];
    let replica = ["role:slave", "master_host:127.0.0.1", "master_port:6379"];
    let all = groups(&[("redis://10.0.0.5", server(&primary)), ("redis://10.0.0.5:6380", server(&replica))]);
    assert_eq!(members(&all[0]), ["primary 10.0.0.5:6379 answered", "replica 10.0.0.5:6380 answered"]);
}

/// Whoever is only told of is a member. Whether he was to be asked, the URL says.
#[test]
fn a_server_alone_is_no_group_unless_its_url_asks_for_one() {
    let primary = server(&["role:master", "slave0:ip=10.0.0.6,port=6379,state=online"]);
    assert_eq!(groups(&[("redis://10.0.0.5", primary.clone())]).len(), 0);
    let all = groups(&[("redis+cluster://10.0.0.5", primary)]);
    assert_eq!(members(&all[0]), ["primary 10.0.0.5:6379 answered", "replica 10.0.0.6:6379 silent"]);
    assert!(is_open(&all[0]), "what the replica has is not known");
}

/// Whether there may be more differences of users than there are known.
fn is_open(group: &Subject) -> bool {
    let Some(Value::Record(differences)) = group.facts.get("differences").and_then(Fact::value) else { return false };
    let users = differences.get("users").and_then(Fact::value);
    matches!(users, Some(Value::List(List { rest: Some(_), .. })))
}

#[test]
fn servers_that_nothing_connects_are_no_group() {
    let alone = server(&["role:master"]);
    assert_eq!(groups(&[("redis://10.0.0.5", alone.clone()), ("redis://10.0.0.6", alone)]).len(), 0);
}

/// Replicas that follow each other in a circle, and one that follows itself.
#[test]
fn a_circle_of_replicas_ends() {
    let of = |host: &str| server(&["role:slave", &format!("master_host:{host}"), "master_port:6379"]);
    let all = groups(&[("redis://10.0.0.5", of("10.0.0.6")), ("redis://10.0.0.6", of("10.0.0.5"))]);
    assert_eq!(members(&all[0]).len(), 2);
    assert_eq!(groups(&[("redis+cluster://10.0.0.5", of("10.0.0.5"))]).len(), 1);
}

#[test]
fn a_server_that_tells_of_too_many_is_not_believed() {
    let nodes: Vec<String> = (0..50_000)
        .map(|number| {
            let (a, b) = (number / 250, number % 250 + 1);
            format!("{number:040x} 10.1.{a}.{b}:6379@16379 master - 0 0 1 connected")
        })
        .collect();
    let text = format!("{}> CLUSTER NODES\n{}\n", server(&["role:master", "cluster_enabled:1"]), nodes.join("\n"));
    let all = groups(&[("redis+cluster://10.0.0.5", text)]);
    assert_eq!(members(&all[0]).len(), 5_001);
    assert!(is_open(&all[0]));
}
