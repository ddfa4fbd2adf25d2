//! Random ACL rules and commands, asked of hardline and of every server: `ACL SETUSER` and `ACL DRYRUN`, and on 6.2,
//! which has no DRYRUN, a session of that user that queues the command.
//!
//! `HARDLINE_CASES` is the number of pairs a version, `HARDLINE_SEED` another seed.

pub mod ask;
pub mod generate;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use hardline::platform::redis::acl::{
    self, Evaluator,
    decide::{Reason, Situation},
};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use self::ask::Asked;
use self::generate::{Case, Words};
use super::servers;

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

/// Compares `wanted` pairs, and first those of `sure`.
pub fn compare(asked: &mut Asked, sure: &dyn Fn(&Words) -> Vec<Case>, wanted: usize) {
    let started = Instant::now();
    let seed = number("HARDLINE_SEED", 1);
    let (words, evaluator) = (asked.words(), asked.evaluator());
    let strategy = generate::case(&words, COMMANDS_A_USER);
    let mut runner = runner(seed);
    let mut spread = Spread::default();
    let sure = sure(&words);
    for (case, answers) in sure.iter().zip(asked.ask(&sure)) {
        spread.add(&words, case, &answers);
        assert_eq!(said(&evaluator, case), answers, "what {} says to {case:?}", asked.server.name);
    }
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
                    "{}, seed {seed}, after {} pairs: the server says {server:?}, hardline {:?}, to {smallest:?}",
                    asked.server.name,
                    spread.pairs,
                    said(&evaluator, &smallest)
                );
            }
        }
    }
    report(asked, seed, &words, &spread, started);
}

fn compare_server(name: &str) {
    compare(&mut Asked::new(servers::named(name)), &|_| Vec::new(), number("HARDLINE_CASES", 5_000));
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

fn report(asked: &Asked, seed: usize, words: &Words, spread: &Spread, started: Instant) {
    let name = asked.server.name;
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
    // A Sentinel has fewer commands that a rule may leave out.
    let most = if asked.sentinel { 70.0 } else { 60.0 };
    assert!((15.0..most).contains(&allowed), "{allowed:.1} % are allowed");
    if spread.pairs >= 50_000 || asked.sentinel {
        assert!(missing.is_empty(), "never asked: {missing:?}");
    }
    assert!(spread.pairs < 50_000 || lacking.is_empty(), "never asked: {lacking:?}");
}

#[test]
fn redis_6_2_answers_alike() {
    compare_server("redis-6.2");
}

#[test]
fn redis_debian_answers_alike() {
    compare_server("redis-debian");
}

#[test]
fn redis_8_2_answers_alike() {
    compare_server("redis-8.2");
}

#[test]
fn valkey_9_1_answers_alike() {
    compare_server("valkey-9.1");
}
