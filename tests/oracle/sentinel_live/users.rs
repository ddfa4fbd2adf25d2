//! The commands of every Sentinel, and random ACL rules and commands: `ACL DRYRUN`, and on 6.2, which has none, a session
//! of that user that runs the command.
//!
//! 1,000 pairs a version in the ordinary run, one for each five that plain servers are asked; every command at least
//! once.

use std::collections::BTreeMap;

use hardline::platform::redis::acl::commands::{CATEGORIES, Table};
use redis::Value;

use crate::oracle::acl_live::ask::Asked;
use crate::oracle::acl_live::generate::{Case, Words};
use crate::oracle::acl_live::{compare, number};
use crate::oracle::servers::{self, Setup, Started, items, text};

/// Every command with as many arguments as it takes, for users who may do everything, nothing, and what is not
/// dangerous.
fn every_command(words: &Words) -> Vec<Case> {
    // Run outright, these would stop the server or the session.
    let runs = |name: &str| words.selectors || !["shutdown", "client|kill"].contains(&name);
    let command = |(name, arity): &(String, i64)| {
        let mut command: Vec<String> = name.split('|').map(str::to_owned).collect();
        let wanted = usize::try_from(arity.abs()).unwrap_or(0);
        command.extend(std::iter::repeat_n("k1".to_owned(), wanted.saturating_sub(command.len())));
        command
    };
    let mut commands: Vec<Vec<String>> = words.commands.iter().filter(|(name, _)| runs(name)).map(command).collect();
    if !words.selectors {
        commands.extend([["shutdown", "x"], ["client", "kill"]].map(|words| words.map(str::to_owned).to_vec()));
    }
    let rules: [&[&str]; 3] = [&["+@all", "~*", "&*"], &[], &["+@all", "-@dangerous", "~*"]];
    rules
        .iter()
        .map(|rules| Case {
            rules: rules.iter().map(|rule| (*rule).to_owned()).collect(),
            commands: commands.clone(),
            database: 0,
        })
        .collect()
}

/// The commands of a Sentinel as it tells them: each with its arity and its categories. 6.2 tells no subcommands.
fn told(name: &str) -> BTreeMap<String, (i64, Vec<String>)> {
    let setup = Setup::of("port {PORT}\nbind 127.0.0.1\n").args(&["--sentinel"]);
    let Started::Ready(running) = servers::named(name).start(setup.lay_out()) else { panic!("{name} does not start") };
    let reply = running.client(None).and_then(|mut client| client.ask(&["COMMAND"])).expect("the commands");
    let mut all = BTreeMap::new();
    let mut open: Vec<&Value> = items(&reply).iter().collect();
    while let Some(command) = open.pop() {
        let [name, Value::Int(arity), rest @ ..] = items(command) else { panic!("{command:?} is no command") };
        let categories = rest.get(4).map(list).unwrap_or_default();
        let mut categories: Vec<String> =
            categories.iter().map(|word| word.trim_start_matches('@').to_owned()).collect();
        categories.sort();
        all.insert(text(name).to_lowercase(), (*arity, categories));
        open.extend(rest.get(7).map(items).unwrap_or_default());
    }
    all
}

fn list(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) | Value::Set(items) => items.iter().map(text).collect(),
        _ => Vec::new(),
    }
}

fn has_its_commands(name: &str) {
    let table = Table::of_sentinel(servers::named(name).version);
    let ours: BTreeMap<String, (i64, Vec<String>)> = table
        .commands()
        .filter_map(|command| Some((command, table.row(command)?)))
        .map(|(command, row)| {
            let is_in = |(place, _): &(usize, &&str)| row.categories & (1 << place) != 0;
            let categories = CATEGORIES.iter().enumerate().filter(is_in).map(|(_, category)| (*category).to_owned());
            let mut categories: Vec<String> = categories.collect();
            categories.sort();
            (command.name().to_owned(), (i64::from(row.arity), categories))
        })
        .collect();
    assert_eq!(ours, told(name), "{name}");
}

fn answers_alike(name: &str) {
    has_its_commands(name);
    compare(&mut Asked::sentinel(servers::named(name)), &every_command, number("HARDLINE_CASES", 5_000) / 5);
}

#[test]
fn redis_6_2_answers_alike() {
    answers_alike("redis-6.2");
}

#[test]
fn redis_debian_answers_alike() {
    answers_alike("redis-debian");
}

#[test]
fn redis_8_2_answers_alike() {
    answers_alike("redis-8.2");
}

#[test]
fn valkey_9_1_answers_alike() {
    answers_alike("valkey-9.1");
}
