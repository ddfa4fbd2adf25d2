//! Random configurations, given to hardline and to every server: accepted or refused, the line of the first error,
//! `CONFIG GET *`, users.
//!
//! One configuration a version for each 50 ACL questions: 100 in the ordinary run, 1,000 with `HARDLINE_CASES=50000`.
//! `HARDLINE_SEED` is another seed.

pub mod generate;
mod lines;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use hardline::files::{Disk, Location};
use hardline::platform::redis::accounts::AclRules;
use hardline::platform::redis::door::Host;
use hardline::platform::redis::effective::{Effective, Question, evaluate};
use proptest::strategy::{Strategy, ValueTree};

use self::generate::{Case, Feature};
use super::acl_live::{number, runner, shrink};
use super::servers::{self, LaidOut, Server, Setup, Started, items, text};

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

impl Truth {
    /// Without what makes it long.
    pub fn brief(&self) -> String {
        match self {
            Truth::Accepted { users, .. } => format!("accepts it; users {users:?}"),
            Truth::Refused { line, shown, message } => format!("refuses it: {line:?} {shown:?} {message}"),
        }
    }
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
    // A configuration may have renamed CONFIG to this, and a Sentinel has another one.
    let ways: [&[&str]; 3] = [&["CONFIG", "GET", "*"], &["cfg", "GET", "*"], &["SENTINEL", "CONFIG", "GET", "*"]];
    let config = ways.iter().find_map(|words| match client.ask(words) {
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
pub fn plain_settings(server: &Server) -> Vec<(String, String)> {
    let running = server.run(&["--port", "{PORT}", "--bind", "127.0.0.1"]);
    let reply = running.client(None).and_then(|mut client| client.ask(&["CONFIG", "GET", "*"])).expect("the settings");
    let settings = items(&reply).chunks(2).map(|pair| (text(&pair[0]), text(&pair[1])));
    settings.filter(|(name, _)| !NOT_PLAIN.contains(&name.as_str())).collect()
}

/// What one configuration came to.
pub struct Outcome {
    /// What the server did.
    pub truth: Truth,
    /// What hardline says.
    pub answer: Effective,
    /// How they differ.
    pub wrong: Vec<String>,
}

/// Asks hardline, then the server, in the same folder.
pub fn ask(server: &Server, setup: &Setup) -> Outcome {
    let laid_out = setup.lay_out();
    let files: BTreeMap<String, Vec<u8>> = setup
        .files
        .iter()
        .map(|(name, _)| (name.clone(), std::fs::read(laid_out.work.join(name)).expect("the file just written")))
        .chain(laid_out.stdin.clone().map(|text| ("-".to_owned(), text)))
        .collect();
    let work = laid_out.work.clone();
    let question = Question {
        version: server.version,
        sentinel: false,
        main: Location::Here(work.join("test.conf")),
        arguments: &laid_out.args[1..],
        stdin: laid_out.stdin.as_deref().unwrap_or_default(),
        host: Host { addresses: Some(Vec::new()), ..Host::default() },
        umask: 0o022,
    };
    let answer = evaluate(&question, &Disk::whole(8 << 20), &AclRules, &work);
    let truth = truth(server, laid_out);
    let wrong = differences(&truth, &answer, &files, server);
    Outcome { truth, answer, wrong }
}

fn differences(truth: &Truth, answer: &Effective, files: &BTreeMap<String, Vec<u8>>, server: &Server) -> Vec<String> {
    let accepted = matches!(truth, Truth::Accepted { .. });
    match (truth, answer.accepted) {
        (_, None) if answer.unknown.is_empty() => vec!["neither accepted nor refused, and no reason".to_owned()],
        (_, None) => Vec::new(),
        (_, Some(said)) if said != accepted => {
            vec![format!("accepted: {said}, not {accepted}; errors {:?}", answer.errors)]
        }
        (Truth::Accepted { config, users }, _) => {
            let mut wrong: Vec<String> = config.iter().flat_map(|config| differing(config, answer, server)).collect();
            let told = answer.users.iter().map(|user| comparable(user, server));
            let told: Vec<String> = told.collect();
            if let Some(users) =
                users.as_ref().map(|users| users.iter().map(|user| comparable(user, server)).collect::<Vec<_>>())
                && users != told
            {
                wrong.push(format!("users: {told:?}, not {users:?}"));
            }
            wrong
        }
        (Truth::Refused { line, shown, .. }, _) => {
            misplaced(*line, shown.as_deref(), answer, files).into_iter().collect()
        }
    }
}

/// A user as it is compared: hashes as hardline shows them, and before 7.2 in any order, because the server then puts
/// the rules about commands together from its hash table (`acl.c:ACLDescribeUserCommandRules`).
fn comparable(user: &str, server: &Server) -> String {
    let word = |word: &str| if word.starts_with('#') { "#***".to_owned() } else { word.to_owned() };
    let mut words: Vec<String> = user.split(' ').map(word).collect();
    if !server.version.since(7, 2) {
        words.sort();
    }
    words.join(" ")
}

/// Settings that differ. Secrets are compared only by being there; what hardline says it does not know is no
/// difference, and neither is what depends on the run, nor `tls-` where the build has none.
fn differing(config: &BTreeMap<String, String>, answer: &Effective, server: &Server) -> Vec<String> {
    let names: BTreeSet<&String> = config.keys().chain(answer.config.keys()).collect();
    let same = |name: &str| match (config.get(name), answer.config.get(name)) {
        (Some(theirs), Some(ours)) if ours == "***" => !theirs.is_empty(),
        (Some(_), None) if answer.unknown.iter().any(|open| open.what == format!("config.{name}")) => true,
        // The folder that the test made, modules that this build brings along, the limit on open files.
        (Some(_), None) => name == "dir" || name.contains('.') || name == "vset-force-single-threaded-execution",
        (None, Some(_)) if server.name == "redis-6.2" && name.starts_with("tls-") => true,
        (theirs, ours) => theirs == ours || name == "maxclients",
    };
    let show = |name: &&String| format!("{name}: {:?}, not {:?}", answer.config.get(*name), config.get(*name));
    names.into_iter().filter(|name| !same(name)).map(|name| show(&name)).collect()
}

/// What is wrong with the place of the first error. The server counts lines over everything that it reads in one go,
/// so its number is a line of the main file only where hardline names that file; elsewhere the text must be the same.
fn misplaced(
    line: Option<usize>,
    shown: Option<&str>,
    answer: &Effective,
    files: &BTreeMap<String, Vec<u8>>,
) -> Option<String> {
    let Some(first) = answer.errors.first() else { return Some("refused, and no error".to_owned()) };
    if first.line.is_none() && first.path.is_some() {
        return Some(format!("no line in {first:?}"));
    }
    let (line, shown) = (line?, shown?);
    // A file that includes itself crashes the server, unless the second reading of a line above is refused. Either way
    // the include is at fault.
    if first.message.starts_with("this file is being read already") {
        return None;
    }
    let path = first.path.as_deref()?;
    let text = files.get(path)?;
    let at = text.split(|byte| *byte == b'\n').nth(first.line?.checked_sub(1)?).unwrap_or_default();
    let at = String::from_utf8_lossy(at).into_owned();
    // A byte 0 ends what the server keeps of a line, and the next is joined to it, as is the first line of what follows
    // a file without a last line ending.
    let kept = at.split('\0').next().unwrap_or_default();
    let kept = kept.trim_matches([' ', '\t', '\r']);
    let joined = shown.starts_with(kept) && (at.contains('\0') || !text.ends_with(b"\n"));
    let right_text = kept == shown.trim_matches([' ', '\t', '\r']) || joined;
    // The lines that a byte 0 joined are one for the server.
    let right_number = path != "test.conf" || text.contains(&0) || first.line == Some(line);
    (!right_text || !right_number).then(|| format!("{path}:{:?} `{kept}`, not line {line} `{shown}`", first.line))
}

/// What the configurations covered.
#[derive(Debug, Default)]
struct Spread {
    compared: usize,
    accepted: usize,
    definite: usize,
    three: usize,
    features: BTreeMap<Feature, usize>,
    unknown: BTreeMap<String, usize>,
}

impl Spread {
    fn add(&mut self, case: &Case, outcome: &Outcome) {
        self.compared += 1;
        self.accepted += usize::from(matches!(outcome.truth, Truth::Accepted { .. }));
        self.three += usize::from(case.features.len() >= 3);
        let open = || outcome.answer.unknown.iter().filter(|open| !open.what.starts_with("reach"));
        let definite = match outcome.answer.accepted {
            Some(accepted) => !accepted || open().next().is_none(),
            None => false,
        };
        self.definite += usize::from(definite);
        for open in open().filter(|_| !definite) {
            *self.unknown.entry(format!("{} {}", open.what, open.why)).or_default() += 1;
        }
        for feature in &case.features {
            *self.features.entry(*feature).or_default() += 1;
        }
    }

    fn percent(&self, count: usize) -> usize {
        count * 100 / self.compared.max(1)
    }

    fn summary(&self, server: &Server, seed: usize, started: Instant) -> String {
        format!(
            "{}: {} configurations compared, seed {seed}, {} definite, {} % accepted, three features in {} %, {:?}, unknown: {:?}, \
             {:.1} s",
            server.name,
            self.compared,
            self.definite,
            self.percent(self.accepted),
            self.percent(self.three),
            self.features,
            self.unknown,
            started.elapsed().as_secs_f64()
        )
    }

    /// What the random configurations must come to for the comparison to mean something.
    fn check(&self, server: &Server) {
        assert!(self.definite * 100 >= self.compared * 98, "{} of {} are definite", self.definite, self.compared);
        assert!((30..=60).contains(&self.percent(self.accepted)), "{} % are accepted", self.percent(self.accepted));
        assert!(self.percent(self.three) >= 50, "three features meet in {} %", self.percent(self.three));
        for feature in Feature::of(server) {
            let count = self.features.get(&feature).copied().unwrap_or_default();
            assert!(count * 10 >= self.compared, "{feature:?} is in {count} of {} only", self.compared);
        }
    }
}

fn compare(name: &str) {
    let started = Instant::now();
    let (wanted, seed) = (number("HARDLINE_CASES", 5_000) / 50, number("HARDLINE_SEED", 1));
    let server = servers::named(name);
    let strategy = generate::case(server, &plain_settings(server));
    let mut runner = runner(seed);
    let trees: Vec<_> = (0..wanted).map(|_| strategy.new_tree(&mut runner).expect("a configuration")).collect();
    let cases: Vec<Case> = trees.iter().map(ValueTree::current).collect();
    let outcomes = at_once(&cases, |case| ask(server, &case.setup));
    let mut spread = Spread::default();
    let mut wrong = Vec::new();
    for ((tree, case), outcome) in trees.into_iter().zip(&cases).zip(&outcomes) {
        spread.add(case, outcome);
        // Another process may have taken a port in between, so a difference counts when it stays.
        let mut stays = |case: &Case| (0..2).all(|_| !ask(server, &case.setup).wrong.is_empty());
        if !outcome.wrong.is_empty() && wrong.len() < 5 && stays(case) {
            let smallest = shrink(tree, &mut stays);
            let outcome = ask(server, &smallest.setup);
            let (said, truth) = (outcome.wrong.join("; "), outcome.truth.brief());
            wrong.push(format!("{}\n  hardline says {said}\n  the server {truth}", smallest.setup));
        }
    }
    println!("{}", spread.summary(server, seed, started));
    assert!(wrong.is_empty(), "{name}, seed {seed}: {} or more differ\n{}", wrong.len(), wrong.join("\n"));
    spread.check(server);
}

/// Four at a time: a start is mostly waiting.
pub fn at_once<T: Sync, U: Send>(all: &[T], ask: impl Fn(&T) -> U + Sync) -> Vec<U> {
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
