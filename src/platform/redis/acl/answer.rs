//! Questions as JSON lines: rules and a command in, one answer out for each line.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::decide::Answer;
use super::parse::joined;
use super::{Evaluator, Reason};

/// One line in. What has no escapes in it is not copied.
#[derive(Deserialize)]
struct Asked<'a> {
    #[serde(borrow)]
    rules: Vec<Text<'a>>,
    #[serde(borrow)]
    command: Vec<Text<'a>>,
}

#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// One line out: the first key says what kind of answer it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Answered {
    /// The line is not a question.
    Input {
        /// What is wrong with it.
        input_error: String,
    },
    /// The server would refuse the rules.
    Rules {
        /// Which rule, and why.
        error: String,
    },
    /// There is no such command, or it takes another number of words.
    Command {
        /// What is wrong with it.
        command_error: String,
    },
    /// The server would let the command through or not.
    Decision(Decision),
}

/// Whether a command is let through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// Whether it is.
    pub allowed: bool,
    /// `allowed`, `command`, `key`, `channel` or `database`.
    pub reason: &'static str,
    /// The rule, as given, that last set or cleared the deciding permission. A selector counts as one rule.
    pub decided_by: Option<String>,
}

impl Answered {
    /// Whether the line could not be read as a question.
    pub fn is_input_error(&self) -> bool {
        matches!(self, Answered::Input { .. })
    }

    /// Whether the command is let through; `None` for everything that is no decision.
    pub fn allowed(&self) -> Option<bool> {
        match self {
            Answered::Decision(decision) => Some(decision.allowed),
            _ => None,
        }
    }
}

/// Answers one line, without its line ending.
pub fn answer(evaluator: &Evaluator, line: &[u8]) -> Answered {
    let asked: Asked<'_> = match serde_json::from_slice(line) {
        Ok(asked) => asked,
        Err(_) if line.trim_ascii().is_empty() => return input_error("a blank line is no question"),
        Err(error) => return input_error(error),
    };
    if asked.command.is_empty() {
        return input_error("`command` is empty");
    }
    let rules: Vec<&[u8]> = asked.rules.iter().map(|text| text.0.as_bytes()).collect();
    let words: Vec<&[u8]> = asked.command.iter().map(|text| text.0.as_bytes()).collect();
    decision(evaluator, &rules, &words)
}

fn input_error(what: impl ToString) -> Answered {
    Answered::Input { input_error: what.to_string() }
}

/// Whether the user that rules make out of nothing may run a command.
pub fn decision(evaluator: &Evaluator, rules: &[&[u8]], words: &[&[u8]]) -> Answered {
    let read = match evaluator.read(rules) {
        Ok(read) => read,
        Err(error) => return Answered::Rules { error: error.to_string() },
    };
    let answer = evaluator.decide(&read.user, words);
    let reason = match answer {
        Answer::UnknownCommand => return command_error(words, "there is no such command in this version"),
        Answer::WrongArity(_) => return command_error(words, "wrong number of arguments"),
        Answer::Allowed { .. } => "allowed",
        Answer::Denied { reason, .. } => Reason::as_str(reason),
    };
    let decided_by = evaluator.decided_by(&read, words, answer).map(|arguments| joined(rules, &arguments));
    Answered::Decision(Decision { allowed: reason == "allowed", reason, decided_by })
}

fn command_error(words: &[&[u8]], what: &str) -> Answered {
    let name = words.first().map_or_else(String::new, |word| String::from_utf8_lossy(word).into_owned());
    Answered::Command { command_error: format!("`{name}`: {what}") }
}
