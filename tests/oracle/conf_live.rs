//! Random configurations, given to hardline and to every server: accepted or refused, the line of the first error,
//! `CONFIG GET *`, users.
//!
//! `HARDLINE_CASES` is the number of configurations a version, `HARDLINE_SEED` another seed.

mod generate;
mod lines;

use std::collections::BTreeMap;
use std::time::Instant;

use proptest::strategy::{Strategy, ValueTree};

use self::generate::{Case, Feature};
use super::acl_live::{number, runner, shrink};
use super::servers::{self, LaidOut, Server, Started, items, text};

/// What the server did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Truth {
    /// It runs.
    Accepted {
        /// `CONFIG GET *`, unless the configuration takes CONFIG or the way in away.
        config: Option<BTreeMap<String, String>>,
        /// `ACL LIST`, unless it takes the way in away.
        users: Option<Vec<String>>,
    },
    /// It ended.
    Refused {
        /// The line that it names, in whatever file it was reading.
        line: Option<usize>,
        /// The text of that line as it shows it.
        shown: Option<String>,
        /// What it says.
        message: String,
    },
}

/// Starts the server in a folder that is laid out and asks it.
pub fn truth(server: &Server, laid_out: LaidOut) -> Truth {
    let running = match server.start(laid_out) {
        Started::Ready(running) => running,
        Started::Refused(refusal) => {
            let shown = refusal.output.lines().find_map(|line| line.strip_prefix(">>> '")?.strip_suffix('\''));
            return Truth::Refused {
                line: refusal.line(),
                shown: shown.map(str::to_owned),
                message: refusal.message().to_owned(),
            };
        }
    };
    let Ok(mut client) = running.client(Some(("probe", "probe"))) else {
        return Truth::Accepted { config: None, users: None };
    };
    // A configuration may have renamed CONFIG to this.
    let config = ["CONFIG", "cfg"].iter().find_map(|name| match client.ask(&[name, "GET", "*"]) {
        Ok(redis::Value::Array(words)) => {
            Some(words.chunks(2).map(|pair| (text(&pair[0]), pair.get(1).map(text).unwrap_or_default())).collect())
        }
        _ => None,
    });
    let users = client.ask(&["ACL", "LIST"]).ok().filter(|reply| matches!(reply, redis::Value::Array(_)));
    Truth::Accepted { config, users: users.map(|reply| items(&reply).iter().map(text).collect()) }
}

/// Settings that cannot be written back as they are, or not on this machine.
const NOT_PLAIN: &[&str] = &[
    "port",
    "bind",
    "dir",
    "aclfile",
    "unixsocket",
    "replicaof",
    "slaveof",
    "tls-port",
    "cluster-config-file",
    "maxclients",
    "oom-score-adj",
    "disable-thp",
    "cluster-announce-human-nodename",
    "io-threads",
    "save",
    "bind-source-addr",
    "daemonize",
    "hash-seed",
    "unixsocketgroup",
    "watchdog-period",
    "client-output-buffer-limit",
    "oom-score-adj-values",
    "latency-tracking-info-percentiles",
    "shutdown-on-sigint",
    "shutdown-on-sigterm",
    "availability-zone",
];

/// The server's settings and defaults, those that a file can repeat.
fn plain_settings(server: &Server) -> Vec<(String, String)> {
    let running = server.run(&["--port", "{PORT}", "--bind", "127.0.0.1"]);
    let reply = running.client(None).and_then(|mut client| client.ask(&["CONFIG", "GET", "*"])).expect("the settings");
    let settings = items(&reply).chunks(2).map(|pair| (text(&pair[0]), text(&pair[1])));
    settings.filter(|(name, _)| !NOT_PLAIN.contains(&name.as_str())).collect()
}

/// What the configurations covered.
#[derive(Debug, Default)]
struct Spread {
    compared: usize,
    accepted: usize,
    three: usize,
    features: BTreeMap<Feature, usize>,
}

fn compare(name: &str) {
    let started = Instant::now();
    let (wanted, seed) = (number("HARDLINE_CASES", 100), number("HARDLINE_SEED", 1));
    let server = servers::named(name);
    let strategy = generate::case(server, &plain_settings(server));
    let mut runner = runner(seed);
    let trees: Vec<_> = (0..wanted).map(|_| strategy.new_tree(&mut runner).expect("a configuration")).collect();
    let cases: Vec<Case> = trees.iter().map(ValueTree::current).collect();
    let truths = at_once(&cases, |case| truth(server, case.setup.lay_out()));
    let mut spread = Spread::default();
    for ((_tree, case), truth) in trees.into_iter().zip(&cases).zip(&truths) {
        spread.compared += 1;
        spread.accepted += usize::from(matches!(truth, Truth::Accepted { .. }));
        spread.three += usize::from(case.features.len() >= 3);
        for feature in &case.features {
            *spread.features.entry(*feature).or_default() += 1;
        }
        if std::env::var("HARDLINE_SHOW").is_ok() {
            println!("{truth:.300?}");
        }
    }
    report(server, seed, &spread, started);
}

/// Four at a time: a start is mostly waiting.
fn at_once<T: Sync, U: Send>(all: &[T], ask: impl Fn(&T) -> U + Sync) -> Vec<U> {
    let size = all.len().div_ceil(4).max(1);
    std::thread::scope(|scope| {
        let threads: Vec<_> =
            all.chunks(size).map(|some| scope.spawn(|| some.iter().map(&ask).collect::<Vec<U>>())).collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}

fn report(server: &Server, seed: usize, spread: &Spread, started: Instant) {
    let percent = |count: usize| count * 100 / spread.compared.max(1);
    println!(
        "{}: {} configurations compared, seed {seed}, {} % accepted, three features in {} %, {:?}, {:.1} s",
        server.name,
        spread.compared,
        percent(spread.accepted),
        percent(spread.three),
        spread.features,
        started.elapsed().as_secs_f64()
    );
    assert!((30..=60).contains(&percent(spread.accepted)), "{} % are accepted", percent(spread.accepted));
    assert!(percent(spread.three) >= 50);
    for feature in Feature::of(server) {
        let count = spread.features.get(&feature).copied().unwrap_or_default();
        assert!(count * 10 >= spread.compared, "{feature:?} is in {count} of {} only", spread.compared);
    }
}

#[test]
fn redis_6_2_answers_alike() {
    compare("redis-6.2");
}

#[test]
fn redis_debian_answers_alike() {
    compare("redis-debian");
}

#[test]
fn redis_8_2_answers_alike() {
    compare("redis-8.2");
}

#[test]
fn valkey_9_1_answers_alike() {
    compare("valkey-9.1");
}
