//! Answers that were written down: what the examples of checks on running servers are made of.
//!
//! `> COMMAND` begins what a command answers, `> stranger COMMAND` what it answers before a login; the lines that follow
//! are the answer, one for each item of a list, `name value` for a setting, and `-CODE text` for an error. What is not
//! written down is refused.

use super::Heard;
use super::ask::{Answer, Answers, Ask};
use super::connect::Security;
use super::reply::Reply;
use super::target::Target;

/// What stands before the name of a command.
const MARK: &str = "> ";

/// What a stranger is answered stands under this word.
const STRANGER: &str = "stranger ";

/// What a recorded server said about its TLS stands under this word: the protocol, and why it is not trusted.
const TLS: &str = "tls";

/// A server at a URL with these answers.
///
/// # Errors
/// What is wrong with the text or the URL.
pub fn heard(url: &str, text: &str) -> Result<Heard, String> {
    let target = Target::parse(url)?;
    let mut answers = Answers::over(Security::default(), false);
    for (name, lines) in sections(text)? {
        if name == TLS {
            answers.security.protocol = lines.first().map(|line| (*line).to_owned());
            answers.security.distrust = lines.get(1).map(|line| (*line).to_owned());
            continue;
        }
        let (stranger, command) = name.strip_prefix(STRANGER).map_or((false, name), |command| (true, command));
        let ask = Ask::ALL.into_iter().find(|ask| ask.words().join(" ").eq_ignore_ascii_case(command));
        let ask = ask.ok_or_else(|| format!("`{command}` is no command that an audit sends"))?;
        let answer = (ask, Answer::Reply(reply(ask, &lines)));
        if stranger { &mut answers.stranger } else { &mut answers.told }.push(answer);
    }
    let refused = || Answer::Reply(Reply::Error { code: "NOPERM".to_owned(), text: String::new() });
    for ask in Ask::ALL {
        if answers.get(ask).is_none() {
            answers.told.push((ask, refused()));
        }
    }
    Ok(Heard { target, group: None, answers: Ok(answers) })
}

/// The commands with the lines below them.
fn sections(text: &str) -> Result<Vec<(&str, Vec<&str>)>, String> {
    let mut all: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        match (line.strip_prefix(MARK), all.last_mut()) {
            (Some(name), _) => all.push((name.trim(), Vec::new())),
            (None, Some((_, lines))) => lines.push(line.trim_end()),
            (None, None) => return Err(format!("recorded answers begin with `{MARK}COMMAND`")),
        }
    }
    Ok(all)
}

fn reply(ask: Ask, lines: &[&str]) -> Reply {
    if let Some(error) = lines.first().and_then(|line| line.strip_prefix('-')) {
        let (code, text) = error.split_once(' ').unwrap_or((error, ""));
        return Reply::Error { code: code.to_owned(), text: text.to_owned() };
    }
    let bytes = |text: &str| Reply::Bytes(text.as_bytes().to_vec());
    let pair = |line: &&str| {
        let (name, value) = line.split_once(' ').unwrap_or((line, ""));
        [bytes(name), bytes(value)]
    };
    let fields = |line: &&str| {
        let fields = line.split(' ').filter_map(|field| field.split_once('='));
        Reply::List(fields.flat_map(|(name, value)| [bytes(name), bytes(value)]).collect())
    };
    match ask {
        Ask::Config | Ask::ConfigPort => Reply::List(lines.iter().flat_map(pair).collect()),
        Ask::Users | Ask::Commands => Reply::List(lines.iter().map(|line| bytes(line)).collect()),
        Ask::Modules | Ask::Denied | Ask::Masters | Ask::Replicas | Ask::Sentinels => {
            Reply::List(lines.iter().map(fields).collect())
        }
        _ => bytes(&lines.join("\n")),
    }
}
