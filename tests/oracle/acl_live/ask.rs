//! A server that is asked about users: the rules are set, and each command is tried.

use hardline::platform::redis::acl::Evaluator;
use hardline::platform::redis::acl::decide::Reason;
use redis::Value;

use super::Answer;
use super::generate::{Case, Words};
use crate::oracle::servers::{self, Client, Running, Setup, Started, items, text};

/// Subcommands of a 6.2, which does not tell its own.
const SUBCOMMANDS: &[&str] = &[
    "config|get",
    "config|set",
    "client|list",
    "client|kill",
    "acl|setuser",
    "acl|whoami",
    "object|encoding",
    "memory|usage",
    "script|load",
    "debug|object",
    "xgroup|create",
    "xinfo|stream",
    "cluster|info",
    "latency|doctor",
];

/// Those of a Sentinel of 6.2.
const SENTINEL_SUBCOMMANDS: &[&str] = &[
    "acl|setuser",
    "acl|whoami",
    "client|list",
    "client|kill",
    "sentinel|ckquorum",
    "sentinel|config",
    "sentinel|master",
    "sentinel|masters",
    "sentinel|set",
];

/// A server and a session that may do everything.
pub struct Asked {
    /// The server.
    pub server: &'static servers::Server,
    /// Whether it runs as a Sentinel.
    pub sentinel: bool,
    running: Running,
    client: Client,
    users: u32,
}

impl Asked {
    /// A plain server.
    pub fn new(server: &'static servers::Server) -> Asked {
        let running = server.run(&["--port", "{PORT}", "--bind", "127.0.0.1", "--save", "", "--acllog-max-len", "1"]);
        let client = running.client(None).expect("a session");
        Asked { server, sentinel: false, running, client, users: 0 }
    }

    /// A Sentinel.
    pub fn sentinel(server: &'static servers::Server) -> Asked {
        let setup = Setup::of("port {PORT}\nbind 127.0.0.1\nacllog-max-len 1\n").args(&["--sentinel"]);
        let running = match server.start(setup.lay_out()) {
            Started::Ready(running) => running,
            Started::Refused(refusal) => panic!("{} does not start as a Sentinel: {}", server.name, refusal.output),
        };
        let client = running.client(None).expect("a session");
        Asked { server, sentinel: true, running, client, users: 0 }
    }

    /// What evaluates rules as the server does.
    pub fn evaluator(&self) -> Evaluator {
        let version = self.server.version;
        if self.sentinel { Evaluator::for_sentinel(version) } else { Evaluator::new(version) }
    }

    /// What the server knows. 6.2 does not tell subcommands, so they are named here.
    pub fn words(&mut self) -> Words {
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
            let named = match self.sentinel {
                true => SENTINEL_SUBCOMMANDS,
                false => SUBCOMMANDS,
            };
            commands.extend(named.iter().map(|name| ((*name).to_owned(), -2)));
        }
        commands.sort();
        let categories = items(&replies[1]).iter().map(text).collect();
        let databases = self.server.version.valkey_since(9, 1);
        Words { commands, categories, selectors, databases, sentinel: self.sentinel }
    }

    /// The answers to each command of each case.
    pub fn ask(&mut self, cases: &[Case]) -> Vec<Vec<Answer>> {
        match (self.server.version.since(7, 0), self.sentinel) {
            _ if cases.is_empty() => Vec::new(),
            (true, _) => self.ask_dryrun(cases),
            (false, false) => self.ask_queued(cases),
            (false, true) => self.ask_outright(cases),
        }
    }

    /// Whether a session has another database than 0, and DRYRUN asks for it. A Sentinel has no SELECT.
    fn selects(&self) -> bool {
        self.server.version.valkey_since(9, 1) && !self.sentinel
    }

    /// A Sentinel of 6.2 has neither DRYRUN nor MULTI, so the user runs each command in a session of its own.
    fn ask_outright(&mut self, cases: &[Case]) -> Vec<Vec<Answer>> {
        let mut answers = Vec::new();
        for case in cases {
            let name = self.new_name();
            let rules = case.rules.iter().map(String::as_str);
            let set = ["ACL", "SETUSER", &name].into_iter().chain(rules).collect();
            let enabled = vec!["ACL", "SETUSER", &name, "on", "nopass"];
            let replies = self.replies(&[set, enabled]);
            answers.push(match replies[0] {
                Value::ServerError(_) => vec![Answer::RulesRefused; case.commands.len()],
                _ => case.commands.iter().map(|command| self.ask_alone(&name, command)).collect(),
            });
            self.replies(&[vec!["ACL", "DELUSER", &name]]);
        }
        answers
    }

    fn ask_dryrun(&mut self, cases: &[Case]) -> Vec<Vec<Answer>> {
        let mut questions: Vec<Vec<&str>> = Vec::new();
        let names: Vec<String> = cases.iter().map(|_| self.new_name()).collect();
        let databases: Vec<String> = cases.iter().map(|case| case.database.to_string()).collect();
        for ((name, case), database) in names.iter().zip(cases).zip(&databases) {
            if self.selects() {
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
                if self.selects() {
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
    } else if said.contains("unknown command")
        || said.contains("wrong number of arguments for '") && said.ends_with("' command")
    {
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
