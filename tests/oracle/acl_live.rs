//! Random ACL rules and commands, asked of hardline and of every server: `ACL SETUSER` and `ACL DRYRUN`, and on 6.2,
//! which has no DRYRUN, a session of that user that queues the command.
//!
//! `HARDLINE_CASES` is the number of pairs a version, `HARDLINE_SEED` another seed.

mod generate;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use hardline::platform::redis::acl::{
    self, Evaluator,
    decide::{Reason, Situation},
};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use redis::Value;

use self::generate::{Case, Words};
use super::servers::{self, Client, Running, items, text};

/// Commands asked of each user, at most.
const COMMANDS_A_USER: usize = 14;
/// Users asked about at once.
const BATCH: usize = 40;

/// What a command gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    /// The server refuses the rules.
    RulesRefused,
    /// Unknown command or wrong number of arguments.
    CommandError,
    /// It may run.
    Allowed,
    /// It may not, for want of a right on this.
    Denied(Reason),
}

/// A server and a session that may do everything.
struct Asked {
    server: &'static servers::Server,
    running: Running,
    client: Client,
    users: u32,
}

impl Asked {
    fn new(server: &'static servers::Server) -> Asked {
        let running = server.run(&["--port", "{PORT}", "--bind", "127.0.0.1", "--save", "", "--acllog-max-len", "1"]);
        let client = running.client(None).expect("a session");
        Asked { server, running, client, users: 0 }
    }

    /// What the server knows. 6.2 does not tell subcommands, so they are named here.
    fn words(&mut self) -> Words {
        let replies = self.client.ask_all(&[vec!["COMMAND"], vec!["ACL", "CAT"]]).expect("the commands");
        let mut commands = Vec::new();
        let entry = |value: &Value| match items(value) {
            [name, Value::Int(arity), ..] => Some((text(name).to_lowercase(), *arity)),
            _ => None,
        };
        for command in items(&replies[0]) {
            let (name, arity) = entry(command).expect("a command's name and arity");
            commands.push((name, arity));
            commands.extend(items(command).get(9).map_or(&[][..], items).iter().filter_map(entry));
        }
        let selectors = self.server.version.since(7, 0);
        if !selectors {
            let named = [
                "config get",
                "config set",
                "client list",
                "client kill",
                "acl setuser",
                "acl whoami",
                "object encoding",
                "memory usage",
                "script load",
                "debug object",
                "xgroup create",
                "xinfo stream",
                "cluster info",
                "latency doctor",
            ];
            commands.extend(named.map(|name| (name.replace(' ', "|"), -2)));
        }
        commands.sort();
        let categories = items(&replies[1]).iter().map(text).collect();
        let databases = self.server.version.valkey_since(9, 1);
        Words { commands, categories, selectors, databases }
    }

    /// The answers to each command of each case.
    fn ask(&mut self, cases: &[Case]) -> Vec<Vec<Answer>> {
        if self.server.version.since(7, 0) { self.ask_dryrun(cases) } else { self.ask_queued(cases) }
    }

    fn ask_dryrun(&mut self, cases: &[Case]) -> Vec<Vec<Answer>> {
        let mut questions: Vec<Vec<&str>> = Vec::new();
        let names: Vec<String> = cases.iter().map(|_| self.new_name()).collect();
        let databases: Vec<String> = cases.iter().map(|case| case.database.to_string()).collect();
        for ((name, case), database) in names.iter().zip(cases).zip(&databases) {
            if self.server.version.valkey_since(9, 1) {
                // DRYRUN asks for the current database of the session.
                questions.push(vec!["SELECT", database]);
            }
            questions.push(["ACL", "SETUSER", name].into_iter().chain(case.rules.iter().map(String::as_str)).collect());
            for command in &case.commands {
                questions.push(["ACL", "DRYRUN", name].into_iter().chain(command.iter().map(String::as_str)).collect());
            }
        }
        questions.push(["ACL", "DELUSER"].into_iter().chain(names.iter().map(String::as_str)).collect());
        let replies = self.replies(&questions);
        let mut replies = replies.iter();
        let mut next = || replies.next().expect("a reply for each question");
        cases
            .iter()
            .map(|case| {
                if self.server.version.valkey_since(9, 1) {
                    assert_eq!(text(next()), "OK", "SELECT {}", case.database);
                }
                let refused = matches!(next(), Value::ServerError(_));
                let answers = case.commands.iter().map(|_| dryrun_answer(next()));
                let answers: Vec<Answer> = answers.collect();
                if refused { vec![Answer::RulesRefused; answers.len()] } else { answers }
            })
            .collect()
    }

    /// On 6.2 a session of the user queues the command after MULTI, which takes the right to MULTI and DISCARD: a
    /// second user has the same rules and these two.
    fn ask_queued(&mut self, cases: &[Case]) -> Vec<Vec<Answer>> {
        let names: Vec<[String; 2]> = cases.iter().map(|_| [self.new_name(), self.new_name()]).collect();
        let mut questions: Vec<Vec<&str>> = Vec::new();
        for ([plain, queues], case) in names.iter().zip(cases) {
            let rules = || case.rules.iter().map(String::as_str);
            questions.push(["ACL", "SETUSER", plain].into_iter().chain(rules()).collect());
            questions.push(["ACL", "SETUSER", queues].into_iter().chain(rules()).collect());
            questions.push(vec!["ACL", "SETUSER", plain, "on", "nopass"]);
            questions.push(vec!["ACL", "SETUSER", queues, "on", "nopass", "+multi", "+discard"]);
        }
        let replies = self.replies(&questions);
        let refused: Vec<bool> = replies.chunks(4).map(|four| matches!(four[0], Value::ServerError(_))).collect();
        let mut session = self.running.client(None).expect("a session");
        let mut answers = Vec::new();
        for ((case, names), refused) in cases.iter().zip(&names).zip(refused) {
            if refused {
                answers.push(vec![Answer::RulesRefused; case.commands.len()]);
                continue;
            }
            let mut questions: Vec<Vec<&str>> = Vec::new();
            for command in case.commands.iter().filter(|command| !alone(command)) {
                let words = command.iter().map(String::as_str).collect();
                questions.extend([vec!["AUTH", &names[1], "x"], vec!["MULTI"], words, vec!["DISCARD"]]);
            }
            let replies = match questions.is_empty() {
                true => Vec::new(),
                false => session.ask_all(&questions).unwrap_or_else(|error| panic!("{error} on {case:?}")),
            };
            let mut replies = replies.chunks(4);
            let answer = |command: &Vec<String>| {
                if alone(command) {
                    return self.ask_alone(&names[0], command);
                }
                let four = replies.next().expect("four replies a command");
                assert_eq!([text(&four[0]), text(&four[1])], ["OK", "OK"], "AUTH and MULTI, {case:?}");
                queued_answer(&four[2])
            };
            answers.push(case.commands.iter().map(answer).collect());
        }
        let names: Vec<&str> =
            ["ACL", "DELUSER"].into_iter().chain(names.iter().flatten().map(String::as_str)).collect();
        self.replies(&[names]);
        answers
    }

    fn ask_alone(&self, user: &str, command: &[String]) -> Answer {
        let mut session = self.running.client(Some((user, "x"))).expect("a session");
        queued_answer(&session.ask_all(&[command]).expect("a reply")[0])
    }

    fn replies(&mut self, questions: &[Vec<&str>]) -> Vec<Value> {
        self.client.ask_all(questions).unwrap_or_else(|error| {
            let output = self.running.output();
            panic!("{}: {error}; the last question was {:?}\n{output}", self.server.name, questions.last())
        })
    }

    fn new_name(&mut self) -> String {
        self.users += 1;
        format!("u{}", self.users)
    }
}

/// Whether the command changes what the session is, and does no harm, so that it is sent in one of its own as it is.
fn alone(command: &[String]) -> bool {
    matches!(command[0].to_lowercase().as_str(), "multi" | "discard" | "quit" | "reset")
}

fn dryrun_answer(reply: &Value) -> Answer {
    match reply {
        Value::Okay => Answer::Allowed,
        Value::ServerError(_) => Answer::CommandError,
        denied => Answer::Denied(reason(&text(denied))),
    }
}

fn queued_answer(reply: &Value) -> Answer {
    let said = text(reply);
    if said.contains("NOPERM") {
        Answer::Denied(reason(&said))
    } else if said.contains("unknown command") || said.contains("wrong number of arguments for '") {
        Answer::CommandError
    } else {
        Answer::Allowed
    }
}

fn reason(message: &str) -> Reason {
    let end = message.rsplit("no permissions to ").next().unwrap_or_default();
    if end.starts_with("run ") {
        Reason::Command
    } else if end.contains("database") {
        Reason::Database
    } else if end.contains("channel") && !end.ends_with("key") {
        Reason::Channel
    } else if end.contains("key") {
        Reason::Key
    } else {
        panic!("a denial that says nothing: {message}")
    }
}

/// What the questions covered.
#[derive(Debug, Default)]
struct Spread {
    pairs: usize,
    answers: BTreeMap<Answer, usize>,
    commands: BTreeSet<String>,
    categories: BTreeSet<String>,
}

impl Spread {
    fn add(&mut self, words: &Words, case: &Case, answers: &[Answer]) {
        self.pairs += answers.len();
        for answer in answers {
            *self.answers.entry(*answer).or_default() += 1;
        }
        if answers.first() != Some(&Answer::RulesRefused) {
            let rules = case.rules.iter().map(|rule| rule.to_lowercase());
            self.categories
                .extend(rules.filter_map(|rule| Some(rule.strip_prefix(['+', '-'])?.strip_prefix('@')?.to_owned())));
        }
        for (command, answer) in case.commands.iter().zip(answers) {
            if matches!(answer, Answer::Allowed | Answer::Denied(_)) {
                let name = command[0].to_lowercase();
                let sub = command.get(1).map(|sub| format!("{name}|{}", sub.to_lowercase()));
                let sub = sub.filter(|sub| words.commands.iter().any(|(known, _)| known == sub));
                self.commands.extend(sub);
                self.commands.insert(name);
            }
        }
    }

    fn share(&self, of: impl Fn(&Answer) -> bool) -> f64 {
        let counted: usize = self.answers.iter().filter(|(answer, _)| of(answer)).map(|(_, count)| count).sum();
        #[allow(clippy::cast_precision_loss)]
        let share = counted as f64 * 100.0 / self.pairs.max(1) as f64;
        share
    }
}

/// hardline's answers to the same.
fn said(evaluator: &Evaluator, case: &Case) -> Vec<Answer> {
    let rules: Vec<&[u8]> = case.rules.iter().map(String::as_bytes).collect();
    let Ok(user) = evaluator.user(&rules) else { return vec![Answer::RulesRefused; case.commands.len()] };
    let situation = Situation { database: case.database, databases: 16 };
    let answer = |command: &Vec<String>| {
        let words: Vec<&[u8]> = command.iter().map(String::as_bytes).collect();
        match evaluator.decide_in(&user, &words, situation) {
            acl::decide::Answer::Allowed { .. } => Answer::Allowed,
            acl::decide::Answer::Denied { reason, .. } => Answer::Denied(reason),
            acl::decide::Answer::UnknownCommand | acl::decide::Answer::WrongArity(_) => Answer::CommandError,
        }
    };
    case.commands.iter().map(answer).collect()
}

/// A number from the environment.
pub fn number(name: &str, otherwise: usize) -> usize {
    std::env::var(name)
        .ok()
        .map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

/// Proptest's machinery with a seed of ours, for trees that shrink.
pub fn runner(seed: usize) -> TestRunner {
    let mut bytes = [0_u8; 32];
    bytes[..8].copy_from_slice(&(seed as u64).to_le_bytes());
    TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

fn compare(name: &str) {
    let started = Instant::now();
    let (wanted, seed) = (number("HARDLINE_CASES", 5_000), number("HARDLINE_SEED", 1));
    let mut asked = Asked::new(servers::named(name));
    let words = asked.words();
    let evaluator = Evaluator::new(asked.server.version);
    let strategy = generate::case(&words, COMMANDS_A_USER);
    let mut runner = runner(seed);
    let mut spread = Spread::default();
    while spread.pairs < wanted {
        let trees: Vec<_> = (0..BATCH).map(|_| strategy.new_tree(&mut runner).expect("a case")).collect();
        let cases: Vec<Case> = trees.iter().map(ValueTree::current).collect();
        let answers = asked.ask(&cases);
        for ((tree, case), answers) in trees.into_iter().zip(&cases).zip(&answers) {
            spread.add(&words, case, answers);
            if said(&evaluator, case) != *answers {
                let smallest =
                    shrink(tree, &mut |case| asked.ask(std::slice::from_ref(case))[0] != said(&evaluator, case));
                let server = asked.ask(std::slice::from_ref(&smallest)).remove(0);
                panic!(
                    "{name}, seed {seed}, after {} pairs: the server says {server:?}, hardline {:?}, to {smallest:?}",
                    spread.pairs,
                    said(&evaluator, &smallest)
                );
            }
        }
    }
    report(name, seed, &words, &spread, started);
}

/// The smallest case that still does what `fails` says.
pub fn shrink<T: ValueTree>(mut tree: T, fails: &mut dyn FnMut(&T::Value) -> bool) -> T::Value {
    let mut smallest = tree.current();
    for _ in 0..2_000 {
        if fails(&tree.current()) {
            smallest = tree.current();
            if !tree.simplify() {
                break;
            }
        } else if !tree.complicate() {
            break;
        }
    }
    smallest
}

fn report(name: &str, seed: usize, words: &Words, spread: &Spread, started: Instant) {
    let allowed = spread.share(|answer| *answer == Answer::Allowed);
    let refused = spread.share(|answer| *answer == Answer::RulesRefused);
    let missing: Vec<&str> =
        words.commands.iter().map(|(name, _)| name.as_str()).filter(|name| !spread.commands.contains(*name)).collect();
    let lacking: Vec<&String> = words.categories.iter().filter(|name| !spread.categories.contains(*name)).collect();
    println!(
        "{name}: {} pairs compared, seed {seed}, {allowed:.1} % allowed, {refused:.1} % rules refused, {} of {} commands, {} of {} \
         categories, {:?}, {:.1} s",
        spread.pairs,
        words.commands.len() - missing.len(),
        words.commands.len(),
        words.categories.len() - lacking.len(),
        words.categories.len(),
        spread.answers,
        started.elapsed().as_secs_f64()
    );
    assert!((15.0..60.0).contains(&allowed), "{allowed:.1} % are allowed");
    if spread.pairs >= 50_000 {
        assert!(missing.is_empty() && lacking.is_empty(), "never asked: {missing:?}, {lacking:?}");
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
