//! Random configurations of a Sentinel, given to hardline and to every server: accepted or refused, the line of the
//! first error, `SENTINEL CONFIG GET *`, users.
//!
//! 100 configurations a version in the ordinary run, one for each 50 ACL questions that plain servers are asked.

use std::time::Instant;

use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;

use crate::oracle::acl_live::{number, runner, shrink};
use crate::oracle::conf_live::{Outcome, Truth, ask, at_once};
use crate::oracle::servers::{self, Server, Setup};

/// A label of a name is at most 63 characters long, so nobody is asked where this leads.
const NOWHERE: &str = "nowhere-nowhere-nowhere-nowhere-nowhere-nowhere-nowhere-nowhere-nowhere";

const ID: &str = "0123456789012345678901234567890123456789";

/// Settings that are taken.
const SETTINGS: &[&str] = &[
    "protected-mode yes",
    "protected-mode no",
    "loglevel verbose",
    "loglevel WARNING",
    "logfile s.log",
    "logfile \"\"",
    "timeout 5",
    "tcp-keepalive 30",
    "maxclients 100",
    "maxmemory 100mb",
    "databases 4",
    "save 900 1",
    "save \"\"",
    "appendonly yes",
    "dir {DIR}",
    "dir .",
    "dir sub",
    "dbfilename other.rdb",
    "dbfilename test.conf",
    "acllog-max-len 5",
    "acl-pubsub-default allchannels",
    "acl-pubsub-default resetchannels",
    "unixsocket {DIR}/s",
    "requirepass secret",
    "masterauth secret",
    "replicaof 127.0.0.1 1",
    "daemonize no",
    "pidfile {DIR}/s.pid",
    "bind 127.0.0.1",
    "include inc.conf",
    "loadmodule /nonexistent.so",
    "loadmodule ./test.conf a b",
    "rename-command SENTINEL watch",
    "rename-command PUBLISH \"\"",
    "sentinel",
    "# a comment",
    "",
];

/// Others, most of which some version refuses.
const ODD_SETTINGS: &[&str] = &[
    "loglevel loud",
    "timeout x",
    "dir /nonexistent",
    "bind 127.0.0.1 nowhere.x/y",
    "include nosuch.conf",
    "include bad.conf",
    "rename-command CONFIG \"\"",
    "rename-command config cfg",
    "rename-command ping ping",
    "rename-command role sentinel",
    "rename-command sentinel|set x",
    "rename-command get x",
    "enable-protected-configs yes",
    "vset-force-single-threaded-execution yes",
    "vset-force-single-threaded-execution 7",
    "module.setting 1",
    "nosuch 1",
    "nosuch",
    "port",
    "sentinel monitor \"unbalanced",
];

/// Users who are taken, unless one of their name is there.
const USERS: &[&str] = &[
    "user a on >x ~* +sentinel|masters +ping",
    "user a on >x ~* +sentinel",
    "user b on nopass +@all -sentinel|set",
    "user b off &* +publish +subscribe +psubscribe",
    "user c on >x +client|list +role +info",
    "user c on >x -@all +@connection",
    "user d on >x +@admin -shutdown",
    "user d on >x (+sentinel|get-master-addr-by-name)",
    "user d on >x allchannels -@all +@pubsub +@slow",
    "user e on >x +@read +@write ~a*",
    "user default on nopass ~* &* +@all",
    "user default off",
    "user default on >secret ~* &* +@all",
    "user default on nopass -@all +ping +sentinel",
];

/// Users who are not as they should be, and files of users beside `user` lines.
const ODD_USERS: &[&str] = &[
    "user e on >x +get",
    "user e on >x +config|get",
    "user e on >x +sentinel|primaries",
    "user e on >x +sentinel|nosuch",
    "user e on >x +select +multi",
    "user e on >x +ping|x",
    "user f on >x +@nosuch",
    "aclfile users.acl",
    "aclfile wrong.acl",
    "aclfile nosuch.acl",
];

fn words_of(words: &'static [&'static str]) -> BoxedStrategy<&'static str> {
    select(words).boxed()
}

/// Mostly the first, sometimes one of the others.
fn mostly(first: &'static str, others: &'static [&'static str]) -> BoxedStrategy<&'static str> {
    prop_oneof![20 => Just(first), 2 => select(others)].boxed()
}

fn master() -> BoxedStrategy<&'static str> {
    mostly("m", &["n", "M", "\"\"", "mymaster", "\"m\\x00x\"", "'m'"])
}

fn host() -> BoxedStrategy<&'static str> {
    mostly(
        "127.0.0.1",
        &[
            "127.0.0.2",
            "::1",
            "0:0::1",
            "::ffff:127.0.0.1",
            "127.1",
            "0x7f.1",
            "017700000001",
            "2130706433",
            "localhost",
            NOWHERE,
            "127.0.0.256",
            "127.0.0.1x",
            "\"\"",
            "::1%1",
            "::1%lo",
            "[::1]",
            ":::",
            "*",
            "\"127.0.0.1\\x00x\"",
        ],
    )
}

fn port() -> BoxedStrategy<&'static str> {
    mostly("1", &["2", "0", "65535", "65536", "-1", "x", "1x", "\" 1\"", "4294967297", "01"])
}

fn count() -> BoxedStrategy<&'static str> {
    mostly("2", &["1", "30000", "0", "-1", "x", "1x", "2147483648", "4294967298", "99999999999999999999", "+1", "\"\""])
}

fn switch() -> BoxedStrategy<&'static str> {
    mostly("yes", &["no", "YES", "No", "on", "1", "\"\"", "yess"])
}

/// A `sentinel …` line.
fn statement() -> BoxedStrategy<String> {
    let number_of = words_of(&[
        "down-after-milliseconds",
        "failover-timeout",
        "parallel-syncs",
        "config-epoch",
        "leader-epoch",
        "master-reboot-down-after-period",
        "primary-reboot-down-after-period",
        "Failover-Timeout",
    ]);
    let text_of = words_of(&["auth-pass", "auth-user", "AUTH-PASS"]);
    let script_of = words_of(&["notification-script", "client-reconfig-script"]);
    let script = mostly(
        "run.sh",
        &["/bin/sh", "./run.sh", "sub", "test.conf", "nosuch.sh", "\"\"", "{DIR}/run.sh", "sub/run.sh"],
    );
    let replica = words_of(&["known-replica", "known-slave", "Known-Replica"]);
    let own = words_of(&["announce-ip", "sentinel-user", "sentinel-pass", "current-epoch"]);
    let switches = words_of(&["resolve-hostnames", "announce-hostnames", "deny-scripts-reconfig", "Resolve-Hostnames"]);
    let id = mostly(ID, &["0123456789", "", "\"\"", "ABCDEF7890123456789012345678901234567890"]);
    let rest = words_of(&["x", "127.0.0.1", "\"a b\"", "\"\"", "secret", "26379"]);
    let odd = words_of(&[
        "nosuch",
        "nosuch m 1",
        "monitor m",
        "monitor m 127.0.0.1 1",
        "monitor m 127.0.0.1 1 1 1",
        "myid",
        "announce-ip",
        "announce-ip a b",
        "auth-pass m",
        "auth-pass m a b",
        "known-sentinel m 127.0.0.1 1",
        "known-sentinel m",
        "known-sentinel n 127.0.0.1",
        "rename-command m a",
        "\"\"",
        "deny-scripts-reconfig",
        "resolve-hostnames yes no",
    ]);
    prop_oneof![
        3 => (master(), host(), port(), count()).prop_map(|(m, h, p, q)| format!("monitor {m} {h} {p} {q}")),
        5 => (number_of, master(), count()).prop_map(|(name, m, n)| format!("{name} {m} {n}")),
        2 => (text_of, master(), rest.clone()).prop_map(|(name, m, text)| format!("{name} {m} {text}")),
        2 => (script_of, master(), script).prop_map(|(name, m, path)| format!("{name} {m} {path}")),
        4 => (replica, master(), host(), port()).prop_map(|(name, m, h, p)| format!("{name} {m} {h} {p}")),
        3 => (master(), host(), port(), id.clone()).prop_map(|(m, h, p, id)| format!("known-sentinel {m} {h} {p} {id}")),
        2 => (master(), words_of(&["slaveof", "SLAVEOF", "config", "\"\""]), rest.clone())
            .prop_map(|(m, from, to)| format!("rename-command {m} {from} {to}")),
        3 => (own, rest).prop_map(|(name, text)| format!("{name} {text}")),
        1 => count().prop_map(|n| format!("announce-port {n}")),
        1 => id.prop_map(|id| format!("myid {id}")),
        5 => (switches, switch()).prop_map(|(name, on)| format!("{name} {on}")),
        1 => odd.prop_map(str::to_owned),
    ]
    .boxed()
}

/// The lines of a configuration in any order: what is watched, most often, and what else.
fn configuration() -> impl Strategy<Value = Setup> {
    let keyword = prop_oneof![12 => Just("sentinel"), 1 => Just("SENTINEL"), 1 => Just("\tSentinel ")];
    let statements = prop::collection::vec((keyword, statement()), 0..7);
    let setting = prop_oneof![
        8 => select(SETTINGS),
        1 => select(ODD_SETTINGS),
        5 => select(USERS),
        1 => select(ODD_USERS),
    ];
    let settings = prop::collection::vec(setting, 0..4);
    let watched = prop_oneof![
        8 => Just(Some("sentinel monitor m 127.0.0.1 1 2")),
        1 => Just(Some("sentinel monitor m localhost 1 2\nsentinel resolve-hostnames yes")),
        1 => Just(None),
    ];
    let probe = prop_oneof![8 => Just(Some("user probe on >probe ~* &* +@all")), 1 => Just(None)];
    let lines = (statements, settings, watched, probe).prop_map(|(statements, settings, watched, probe)| {
        let statements = statements.into_iter().map(|(keyword, rest)| format!("{keyword} {rest}"));
        let others = settings.into_iter().chain(watched).chain(probe).map(str::to_owned);
        statements.chain(others).collect::<Vec<String>>()
    });
    let ending = prop_oneof![4 => Just("\n"), 1 => Just(""), 1 => Just("\n\n")];
    (lines.prop_shuffle(), ending).prop_map(|(lines, ending)| {
        Setup::of(&format!("port {{PORT}}\n{}{ending}", lines.join("\n")))
            .file("inc.conf", "sentinel down-after-milliseconds m 5000\nuser inc on >x +sentinel|masters\n")
            .file("bad.conf", "timeout 7\nsentinel auth-pass nobody x\n")
            .file("users.acl", "user probe on >probe ~* &* +@all\nuser bob on >x +sentinel|set +publish &*\n")
            .file("wrong.acl", "user probe on >probe ~* &* +@all\nuser bob on >x +get ~*\n")
            .file("sub/run.sh", "#!/bin/sh\n")
            .file("run.sh", "#!/bin/sh\n")
            .executable("run.sh")
            .args(&["--sentinel"])
    })
}

/// What the configurations covered.
#[derive(Debug, Default)]
struct Spread {
    compared: usize,
    accepted: usize,
    definite: usize,
}

impl Spread {
    fn add(&mut self, outcome: &Outcome) {
        let open = outcome.answer.unknown.iter().any(|open| !open.what.starts_with("reach"));
        self.compared += 1;
        self.accepted += usize::from(matches!(outcome.truth, Truth::Accepted { .. }));
        self.definite += usize::from(outcome.answer.accepted == Some(false) || !open);
    }

    fn check(&self) {
        let accepted = self.accepted * 100 / self.compared.max(1);
        assert!((20..=70).contains(&accepted), "{accepted} % are accepted");
        assert!(self.definite * 100 >= self.compared * 98, "{} of {} are definite", self.definite, self.compared);
    }
}

fn takes_the_same(name: &str) {
    let started = Instant::now();
    let (wanted, seed) = (number("HARDLINE_CASES", 5_000) / 50, number("HARDLINE_SEED", 1));
    let server: &Server = servers::named(name);
    let strategy = configuration();
    let mut runner = runner(seed);
    let trees: Vec<_> = (0..wanted).map(|_| strategy.new_tree(&mut runner).expect("a configuration")).collect();
    let setups: Vec<Setup> = trees.iter().map(ValueTree::current).collect();
    let outcomes = at_once(&setups, |setup| ask(server, setup));
    let mut spread = Spread::default();
    let mut wrong = Vec::new();
    for (tree, outcome) in trees.into_iter().zip(&outcomes) {
        spread.add(outcome);
        // Another process may have taken a port in between, so a difference counts when it stays.
        let mut stays = |setup: &Setup| (0..2).all(|_| !ask(server, setup).wrong.is_empty());
        if !outcome.wrong.is_empty() && wrong.len() < 5 && stays(&tree.current()) {
            let smallest = shrink(tree, &mut stays);
            let outcome = ask(server, &smallest);
            let (said, truth) = (outcome.wrong.join("; "), outcome.truth.brief());
            wrong.push(format!("{smallest}\n  hardline says {said}\n  the server {truth}"));
        }
    }
    println!("{name}: {spread:?}, seed {seed}, {:.1} s", started.elapsed().as_secs_f64());
    assert!(wrong.is_empty(), "{name}, seed {seed}: {} or more differ\n{}", wrong.len(), wrong.join("\n"));
    spread.check();
}

#[test]
fn redis_6_2_takes_the_same() {
    takes_the_same("redis-6.2");
}

#[test]
fn redis_debian_takes_the_same() {
    takes_the_same("redis-debian");
}

#[test]
fn redis_8_2_takes_the_same() {
    takes_the_same("redis-8.2");
}

#[test]
fn valkey_9_1_takes_the_same() {
    takes_the_same("valkey-9.1");
}
