//! Answers that were written down: what the examples of checks on running servers are made of.
//!
//! `> COMMAND` begins what a command answers, `> stranger COMMAND` what it answers before a login; the lines that follow
//! are the answer, one for each item of a list, `name value` for a setting, and `-CODE text` for an error. What is not
//! written down is refused. `> tls` has the protocol of the connection and why it is not trusted, `> tls protocols` what
//! came of each protocol, and each `> tls certificate` the fields of one, or the word `malformed`. Of a server
//! that does not answer `> silent` and why is all there is.
//! `> SCAN PATTERN` has the keys that were seen, one a line with its PTTL, its TYPE and its value, `?` for what is
//! refused, and `...` as the last line where the budget ended; `> lacking` has the addresses of `bind` that its host
//! lacks, where that is this one.

use std::time::Duration;

use super::Heard;
use super::ask::{Answer, Answers, Ask};
use super::certificate::Certificate;
use super::connect::{Doubt, Security};
use super::keys::{Ended, Key, Quest, Sample, Seen};
use super::probe::{Offer, Protocol};
use super::reply::Reply;
use super::target::{Address, Target};
use crate::date::Date;

/// What stands before the name of a command.
const MARK: &str = "> ";

/// What a stranger is answered stands under this word.
const STRANGER: &str = "stranger ";

/// What was seen of its keys stands under this word and a pattern.
const SCAN: &str = "SCAN ";

/// Of a server on this host the addresses of `bind` that the host lacks stand under this word, or `?`.
const LACKING: &str = "lacking";

/// What a recorded server said about its TLS stands under this word.
const TLS: &str = "tls";

/// A server that does not answer has this word instead of commands, and why.
const SILENT: &str = "silent";

/// A server at a URL with these answers.
///
/// # Errors
/// What is wrong with the text or the URL.
pub fn heard(url: &str, text: &str) -> Result<Heard, String> {
    let target = Target::parse(url)?;
    let asked = match &target.address {
        Address::Tcp(host, _) => host.clone(),
        Address::Unix(_) => String::new(),
    };
    let mut answers = Answers::over(Security { asked, ..Security::default() }, false);
    for (name, lines) in sections(text)? {
        if name == SILENT {
            let why = lines.first().copied().unwrap_or_default().to_owned();
            return Ok(Heard { target, group: None, expected: None, answers: Err(why) });
        }
        if let Some(what) = name.strip_prefix(TLS) {
            secured(&mut answers.security, what.trim_start(), &lines)?;
            continue;
        }
        if name == LACKING {
            let refused = lines.first() == Some(&"?");
            let told = lines.iter().map(|line| (*line).to_owned()).collect();
            answers.lacking = Some(if refused { Err(Ask::Clients) } else { Ok(told) });
            continue;
        }
        if let Some(pattern) = name.strip_prefix(SCAN) {
            answers.keys = Some(sample(pattern, &lines)?);
            continue;
        }
        let (stranger, command) = name.strip_prefix(STRANGER).map_or((false, name), |command| (true, command));
        if let Some((ask, master)) = of_master(command) {
            let answer = (ask, Answer::Reply(reply(ask, &lines)));
            match answers.groups.iter_mut().find(|(name, _)| name == master.as_bytes()) {
                Some((_, told)) => told.push(answer),
                None => answers.groups.push((master.as_bytes().to_vec(), vec![answer])),
            }
            continue;
        }
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
    Ok(Heard { target, group: None, expected: None, answers: Ok(answers) })
}

/// What one section says of TLS.
fn secured(security: &mut Security, what: &str, lines: &[&str]) -> Result<(), String> {
    match what {
        "" => {
            security.protocol = lines.first().map(|line| (*line).to_owned());
            let (doubt, distrust) = lines.get(1).map(|line| doubt(line)).unzip();
            (security.doubt, security.distrust) = (doubt, distrust);
        }
        "protocols" => {
            for line in lines {
                let (name, said) = line.split_once(' ').unwrap_or((line, ""));
                let protocol = Protocol::ALL.into_iter().find(|protocol| protocol.name() == name);
                let protocol = protocol.ok_or_else(|| format!("`{name}` is no protocol"))?;
                security.offers.push((protocol, offer(said)));
            }
        }
        "certificate" if *lines == ["malformed"] => security.certificates.push(None),
        "certificate" => security.certificates.push(Some(certificate(lines)?)),
        other => return Err(format!("`{TLS} {other}` is nothing that is recorded")),
    }
    Ok(())
}

/// Why a server is not trusted: the kind of reason before a colon, then the words.
fn doubt(line: &str) -> (Doubt, String) {
    let (kind, words) = line.split_once(": ").unwrap_or(("", line));
    match kind {
        "issuer" => (Doubt::Issuer, words.to_owned()),
        "time" => (Doubt::Time, words.to_owned()),
        "name" => (Doubt::Name, words.to_owned()),
        "key" => (Doubt::Key, words.to_owned()),
        _ => (Doubt::Other, line.to_owned()),
    }
}

fn offer(said: &str) -> Offer {
    match said {
        "accepted" => Offer::Accepted,
        "refused" => Offer::Refused,
        why => Offer::Unknown(why.to_owned()),
    }
}

/// A certificate of lines `field value`.
fn certificate(lines: &[&str]) -> Result<Certificate, String> {
    let get = |name: &str| {
        let mut fields = lines.iter().filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        fields.next().ok_or_else(|| format!("a certificate without `{name}`"))
    };
    let day = |name: &str| Date::parse(get(name)?).ok_or_else(|| format!("`{name}` is no day such as 2026-10-01"));
    let (key, bits) = get("key")?.split_once(' ').map_or((get("key")?, None), |(key, bits)| (key, bits.parse().ok()));
    let (subject, issuer) = (get("subject")?.to_owned(), get("issuer")?.to_owned());
    Ok(Certificate {
        not_before: day("not_before")?,
        not_after: day("not_after")?,
        names: get("names").map_or(Vec::new(), |names| names.split(' ').map(str::to_owned).collect()),
        key: key.to_owned(),
        bits,
        signature: get("signature")?.to_owned(),
        authority: lines.contains(&"authority"),
        self_signed: subject == issuer,
        subject,
        issuer,
    })
}

/// The keys that were seen.
fn sample(pattern: &str, lines: &[&str]) -> Result<Sample, String> {
    let quest = Quest { pattern: pattern.to_owned(), budget: lines.len(), time: Duration::ZERO };
    let (lines, ended) = match lines.split_last() {
        Some((&"...", lines)) => (lines, Ended::Budget),
        Some((line, _)) if line.starts_with('-') => (&[][..], Ended::Refused),
        _ => (lines, Ended::Whole),
    };
    let key = |line: &&str| {
        let mut words = line.splitn(4, ' ');
        let mut word = || words.next().ok_or_else(|| format!("`{line}`: expected a key, its PTTL and its TYPE"));
        let (name, ttl, kind) = (word()?, word()?, word()?);
        let value = match (kind, words.next()) {
            ("string", Some(value)) => Seen::of(value.as_bytes()),
            ("string", None) => Seen::Text,
            ("?", _) => Seen::Nothing,
            _ => Seen::NoText,
        };
        let expires = ttl.parse().ok().map(|left: i64| left >= 0);
        Ok(Key { name: name.as_bytes().to_vec(), expires, value })
    };
    Ok(Sample { quest, keys: lines.iter().map(key).collect::<Result<_, String>>()?, ended })
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

/// What a Sentinel is asked of one master: `SENTINEL REPLICAS shop`.
fn of_master(command: &str) -> Option<(Ask, &str)> {
    [Ask::Replicas, Ask::Sentinels].into_iter().find_map(|ask| {
        let words = ask.words().join(" ");
        let (start, master) = command.split_at_checked(words.len())?;
        Some((ask, master.strip_prefix(' ')?)).filter(|_| start.eq_ignore_ascii_case(&words))
    })
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
