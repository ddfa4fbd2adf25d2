//! Every configuration that was recorded from real servers: whether it starts, the line at fault, every value.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader};

use hardline::files::{FileKind, Files, Location, Memory};
use hardline::platform::redis::accounts::AclRules;
use hardline::platform::redis::effective::{Effective, Question, evaluate};
use hardline::platform::redis::version::Version;
use hardline::text::Unreadable;
use serde::Deserialize;

use super::shared::shared;

#[derive(Deserialize)]
struct Record {
    files: BTreeMap<String, String>,
    args: Vec<String>,
    stdin: Option<String>,
    accepted: bool,
    config: Option<BTreeMap<String, String>>,
    acl_list: Option<Vec<String>>,
    #[serde(default)]
    error: Vec<String>,
}

/// The folder that the server was started in.
const FOLDER: &str = "/work/run";

/// A machine with only these files, on which nothing can be written outside the folder.
struct Machine(Memory);

impl Files for Machine {
    fn read(&self, at: &Location) -> Result<Vec<u8>, Unreadable> {
        match self.list(at) {
            Ok(_) => Err(Unreadable::NotAFile("a folder")),
            Err(_) => self.0.read(at),
        }
    }

    fn list(&self, folder: &Location) -> Result<Vec<String>, Unreadable> {
        match folder.path().to_str() {
            // Folders that every machine has.
            Some("/" | "/tmp") => Ok(Vec::new()),
            _ => self.0.list(folder),
        }
    }

    fn real(&self, at: &Location) -> Result<std::path::PathBuf, Unreadable> {
        self.0.real(at)
    }

    fn kind(&self, at: &Location) -> Result<Option<FileKind>, Unreadable> {
        self.0.kind(at)
    }

    fn appendable(&self, at: &Location) -> Result<(), Unreadable> {
        match (self.list(at), self.list(&at.parent())) {
            (Ok(_), _) => Err(Unreadable::NotAFile("a folder")),
            (Err(_), Ok(_)) => Ok(()),
            (Err(_), Err(error)) => Err(error),
        }
    }
}

fn ask(record: &Record, version: &'static Version) -> Effective {
    let mut memory = Memory::new();
    for (name, text) in &record.files {
        memory.put(format!("{FOLDER}/{name}"), text.replace("{DIR}", FOLDER));
    }
    let arguments: Vec<Vec<u8>> = record.args.iter().map(|arg| arg.replace("{DIR}", FOLDER).into_bytes()).collect();
    let question = Question {
        version,
        sentinel: false,
        main: Location::Here(format!("{FOLDER}/test.conf").into()),
        arguments: &arguments,
        stdin: record.stdin.as_deref().unwrap_or_default().as_bytes(),
        host: hardline::platform::redis::door::Host { addresses: Some(Vec::new()), ..Default::default() },
        umask: 0o022,
    };
    evaluate(&question, &Machine(memory), &AclRules, FOLDER.as_ref())
}

/// The line that the server names, with the text it shows.
fn named_line(error: &[String]) -> Option<(usize, &str)> {
    let number = error.iter().find_map(|line| line.strip_prefix("Reading the configuration file, at line "))?;
    let shown = error.iter().find_map(|line| line.strip_prefix(">>> '"))?;
    Some((number.parse().ok()?, shown.strip_suffix('\'').unwrap_or(shown)))
}

/// What is wrong with the place of the first fault: the text on its line is not the one that the server shows.
fn misplaced(record: &Record, answer: &Effective) -> Option<String> {
    let (number, shown) = named_line(&record.error)?;
    let first = answer.errors.first()?;
    let path = first.path.as_deref();
    let text = match path {
        Some("-") => record.stdin.clone().unwrap_or_default(),
        Some(path) => record.files.get(path)?.clone(),
        None => return (!record.args.is_empty()).then_some(()).is_none().then(|| "no arguments".to_owned()),
    };
    let line = text.split('\n').nth(first.line? - 1)?.trim_matches([' ', '\t', '\r', '\n']);
    // A last line without an ending has the first of what follows joined on; the record ends at a vertical tab.
    let cut =
        |text: &str| text.split(['\u{b}', '\u{c}', '\u{85}', '\r']).next().unwrap_or_default().trim_end().to_owned();
    let same = cut(line) == cut(shown) || shown.starts_with(line) && !text.ends_with('\n');
    let right_number = path != Some("test.conf") || first.line == Some(number);
    (!same || !right_number).then(|| format!("line {number} `{shown}`, not {:?} {:?} `{line}`", first.path, first.line))
}

/// Values that are compared: secrets only by being there.
fn differing(recorded: &BTreeMap<String, String>, answer: &BTreeMap<String, String>) -> Vec<String> {
    let keys: BTreeSet<&String> = recorded.keys().chain(answer.keys()).collect();
    let mut wrong = Vec::new();
    for key in keys {
        let theirs = recorded.get(key).map(|value| value.replace("{DIR}", FOLDER));
        let ours = answer.get(key);
        let same = match (&theirs, ours) {
            (Some(theirs), Some(ours)) if ours == "***" => !theirs.is_empty(),
            (Some(_), None) => key == "dir",
            (theirs, ours) => theirs.as_ref() == ours,
        };
        if !same {
            wrong.push(format!("{key}: {theirs:?}, not {ours:?}"));
        }
    }
    wrong
}

/// Hashes of passwords as hardline shows them.
fn masked(user: &str) -> String {
    let word = |word: &str| if word.starts_with('#') { "#***".to_owned() } else { word.to_owned() };
    user.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

#[test]
fn agrees_with_every_recorded_configuration() {
    let mut compared = 0;
    let mut values = 0;
    let mut wrong = Vec::new();
    for name in ["redis:7.0.15", "redis:7.4.1", "valkey:8.1.1"] {
        let (version, _) = Version::find(name).unwrap();
        let Some(file) = shared(&format!("oracle/redis/config-{}.jsonl.gz", name.replace(':', "-"))) else {
            continue;
        };
        let lines = BufReader::new(flate2::read::GzDecoder::new(File::open(file).unwrap())).lines();
        for (number, line) in lines.enumerate() {
            let record: Record = serde_json::from_str(&line.unwrap()).unwrap();
            let answer = ask(&record, version);
            compared += 1;
            let mut say = |text: String| {
                let tried = (&record.files["test.conf"], &record.args, &record.stdin);
                wrong.push(format!("{name} {}: {text}\n    {tried:?} {:?}", number + 1, record.error));
            };
            if answer.accepted != Some(record.accepted) {
                say(format!(
                    "accepted {}, not {:?} {:?} {:?}",
                    record.accepted, answer.accepted, answer.errors, answer.unknown
                ));
                continue;
            }
            misplaced(&record, &answer).into_iter().for_each(&mut say);
            if let Some(config) = record.config.as_ref().filter(|_| record.accepted) {
                values += config.len();
                differing(config, &answer.config).into_iter().for_each(&mut say);
            }
            if let Some(users) = &record.acl_list {
                let users: Vec<String> = users.iter().map(|user| masked(user)).collect();
                if users != answer.users {
                    say(format!("users {users:?}, not {:?}", answer.users));
                }
            }
        }
    }
    if compared == 0 {
        println!("recorded: 0 compared (no ../shared)");
        return;
    }
    println!("recorded: {compared} configurations, {values} values compared, {} differ", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
