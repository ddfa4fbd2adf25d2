//! Every user and command whose answers were recorded from real servers: whether the rules are accepted and why not,
//! the user as `ACL LIST` prints it, and what `ACL DRYRUN` says of the command.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;

use hardline::platform::redis::acl::{Answer, Evaluator, Problem};
use hardline::platform::redis::version::Version;
use serde::Deserialize;

#[derive(Deserialize)]
struct Record {
    #[serde(default)]
    rules: Vec<String>,
    error: Option<String>,
    list: Option<String>,
    #[serde(default)]
    cmd: Vec<String>,
    cmderror: Option<String>,
    allowed: Option<bool>,
    why: Option<String>,
    crash: Option<Vec<String>>,
}

fn file(name: &str) -> Option<BufReader<flate2::read::GzDecoder<File>>> {
    let shared = std::env::var_os("HARDLINE_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let file = File::open(shared.join("oracle/redis").join(name)).ok()?;
    Some(BufReader::new(flate2::read::GzDecoder::new(file)))
}

fn bytes(words: &[String]) -> Vec<&[u8]> {
    words.iter().map(String::as_bytes).collect()
}

/// The server's words for a problem.
fn said(problem: Problem) -> &'static str {
    match problem {
        Problem::UnknownCommand => "Unknown command or category",
        Problem::Syntax => "Syntax error",
        Problem::AfterAllKeys => "'allkeys' flag",
        Problem::AfterAllChannels => "'allchannels' flag",
        Problem::NoSuchPassword => "trying to remove",
        Problem::BadHash => "password hash must be",
        Problem::WordOfSubcommand => "first-arg of a subcommand",
        Problem::DatabaseOutOfRange => "out of range",
        Problem::OpenParenthesis => "Unmatched parenthesis",
    }
}

/// What is different from the record, if anything is.
fn differs(evaluator: &Evaluator, record: &Record) -> Option<String> {
    let rules = bytes(record.crash.as_ref().unwrap_or(&record.rules));
    let user = match (evaluator.user(&rules), &record.error) {
        (Ok(user), None) => user,
        (Ok(_), Some(error)) => return Some(format!("accepted, but: {error}")),
        (Err(error), Some(expected)) if expected.contains(said(error.problem)) => return None,
        (Err(error), expected) => return Some(format!("{error}, but: {expected:?}")),
    };
    if record.crash.is_some() {
        return None;
    }
    let list = record.list.as_deref().unwrap_or_default();
    let ours = [b"user u ".as_slice(), &evaluator.describe(&user, true)].concat();
    if evaluator.version().since(7, 2) {
        if ours != list.as_bytes() {
            return Some(format!("described as {}, but: {list}", String::from_utf8_lossy(&ours)));
        }
    } else if sorted(&ours) != sorted(list.as_bytes()) {
        return Some(format!("described as {}, but: {list}", String::from_utf8_lossy(&ours)));
    }
    let words = bytes(&record.cmd);
    let answer = evaluator.decide(&user, &words);
    let why = record.why.as_deref().unwrap_or_default();
    let right = match answer {
        Answer::UnknownCommand => record.cmderror.as_ref().is_some_and(|error| error.contains("not found")),
        Answer::WrongArity(command) => record
            .cmderror
            .as_ref()
            .is_some_and(|error| error.contains(&format!("wrong number of arguments for '{}'", command.name()))),
        Answer::Allowed { .. } => record.allowed == Some(true),
        Answer::Denied { reason, word, .. } => {
            let what = match reason.as_str() {
                "command" => "' command".to_owned(),
                kind => format!("'{}' {kind}", record.cmd[word]),
            };
            record.allowed == Some(false) && why.contains(&what)
        }
    };
    (!right).then(|| format!("{answer:?}, but: {:?} {why} {:?}", record.allowed, record.cmderror))
}

/// The words of a description without their order: before 7.2 single commands come in the order of a hash table.
fn sorted(list: &[u8]) -> Vec<Vec<u8>> {
    let mut words: Vec<Vec<u8>> = list.split(|byte| b" ()".contains(byte)).map(<[u8]>::to_vec).collect();
    words.sort();
    words
}

fn compare(name: &str, version: &str) {
    let Some(lines) = file(&format!("acl-{name}.jsonl.gz")) else {
        println!("recorded: 0 compared (no ../shared)");
        return;
    };
    let evaluator = Evaluator::new(Version::find(version).unwrap().0);
    let (mut compared, mut allowed, mut wrong) = (0, 0, Vec::new());
    for line in lines.lines() {
        let line = line.unwrap();
        let record: Record = serde_json::from_str(&line).unwrap();
        compared += 1;
        allowed += usize::from(record.allowed == Some(true));
        if let Some(difference) = differs(&evaluator, &record) {
            wrong.push(format!("{difference}\n    {line}"));
        }
    }
    println!("recorded: {compared} compared for {version}, {allowed} of them allowed, {} differ", wrong.len());
    assert!(wrong.is_empty(), "{} of {compared} differ:\n{}", wrong.len(), wrong[..wrong.len().min(12)].join("\n"));
    assert!(compared >= 20_000, "the record is complete");
}

#[test]
fn redis_7_0() {
    compare("redis-7.0.15", "redis:7.0.15");
}

#[test]
fn redis_7_4() {
    compare("redis-7.4.1", "redis:7.4.1");
}

#[test]
fn valkey_8_1() {
    compare("valkey-8.1.1", "valkey:8.1.1");
}
