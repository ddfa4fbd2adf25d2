//! A member of a group, and what is compared of it.

use std::collections::{BTreeMap, BTreeSet};

use super::told::Role;
use crate::fact::{Fact, List, Record, Subject, Unknown, Value, Why};
use crate::platform::redis::directive;
use crate::platform::redis::live::ask::{Answer, Answers, Ask};
use crate::platform::redis::live::reply::Reply;
use crate::text::{Sources, Span};

/// A member.
pub struct Member<'a> {
    /// The number of its node.
    pub node: usize,
    /// Where it is, as a person would call it.
    pub place: &'a str,
    /// What it does, if that is known.
    pub role: Option<Role>,
    /// Its line in the text of the group.
    pub at: Span,
    /// What it has for the comparison.
    pub share: Share<'a>,
}

/// What a member has for the comparison.
pub enum Share<'a> {
    /// It answered.
    Answered {
        /// What was made of the answers.
        subject: &'a Subject,
        /// The answers.
        answers: &'a Answers,
        /// The texts that were made of them.
        sources: &'a Sources,
    },
    /// It did not, and why.
    Silent(Unknown),
    /// Nobody wanted to know.
    NotAsked,
}

/// A user of a member.
pub struct User {
    /// The facts.
    pub record: Record,
    /// Where they are from.
    pub at: Span,
}

/// The digests of passwords with their places, by whose they are.
pub type Passwords = BTreeMap<String, Vec<([u8; 32], Span)>>;

impl<'a> Member<'a> {
    /// What was made of its answers.
    pub fn subject(&self) -> Option<&'a Subject> {
        match self.share {
            Share::Answered { subject, .. } => Some(subject),
            Share::Silent(_) | Share::NotAsked => None,
        }
    }

    /// Where the text of its answers begins; its line in the text of the group where there is none.
    pub fn main(&self) -> Span {
        self.subject().map_or(self.at, |subject| Span::at(subject.main.source, 0))
    }

    /// Why something of it is not known.
    pub fn unknown(&self, needs: impl Into<std::sync::Arc<str>>) -> Unknown {
        match &self.share {
            Share::Silent(unknown) => unknown.clone(),
            Share::Answered { .. } => Unknown::new(Why::NotPermitted, self.main(), needs),
            Share::NotAsked => {
                let needs = format!("an answer of {}, which is not among those that were asked", self.place);
                Unknown::new(Why::NotReadable, self.at, needs)
            }
        }
    }

    /// The answers.
    fn answers(&self) -> Result<&'a Answers, Unknown> {
        match self.share {
            Share::Answered { answers, .. } => Ok(answers),
            Share::Silent(_) | Share::NotAsked => Err(self.unknown("")),
        }
    }

    /// Why a question has no answer, if it has none.
    pub fn refused(&self, ask: Ask) -> Option<Unknown> {
        match self.answers() {
            Ok(answers) => answers.reply(ask).is_none().then(|| self.unknown(answers.needs(ask))),
            Err(unknown) => Some(unknown),
        }
    }

    /// The line of its configuration that begins with these words; the start where there is none.
    pub fn line(&self, words: &str) -> Span {
        let Share::Answered { subject, sources, .. } = self.share else { return self.at };
        let source = sources.get(subject.main.source);
        let line = (1..=source.line_count()).map(|line| source.line_span(line)).find(|line| {
            let text = source.text().get(line.start as usize..line.end as usize).unwrap_or_default();
            text.strip_prefix(words).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        });
        line.unwrap_or_else(|| self.main())
    }

    /// The version that it says it is.
    pub fn version(&self) -> Result<(String, Span), Unknown> {
        let answers = self.answers()?;
        let version = self.subject().and_then(|subject| subject.version.clone());
        let version = version.ok_or_else(|| self.unknown(answers.needs(Ask::Info)))?;
        let product = version.split(':').next().unwrap_or_default();
        Ok((version.clone(), self.told(&format!("{product}_version:"))))
    }

    /// The line of `INFO` that begins so.
    fn told(&self, start: &str) -> Span {
        let Share::Answered { subject, sources, .. } = self.share else { return self.at };
        let line = subject.sources.iter().find_map(|source| {
            let source = sources.get(*source);
            let mut lines = (1..=source.line_count()).map(|line| source.line_span(line));
            lines.find(|line| source.text().get(line.start as usize..).is_some_and(|text| text.starts_with(start)))
        });
        line.unwrap_or_else(|| self.main())
    }

    fn fact(&self, first: &str, second: &str) -> Option<&'a Fact> {
        match self.subject()?.facts.get(first)?.value()? {
            Value::Record(record) => record.get(second),
            _ => None,
        }
    }

    /// Whether a client that has not logged in is kept from its commands.
    pub fn asks_login(&self) -> Result<(bool, Span), Unknown> {
        let answers = self.answers()?;
        if let Some(Fact::Known { value: Value::Record(user), .. }) = self.fact("acl", "default_user") {
            let flag = |name: &str| match user.get(name).and_then(|fact| fact.in_world(0).value()) {
                Some(Value::Bool(is)) => Some(*is),
                _ => None,
            };
            let at = user.get("nopass").and_then(|fact| fact.spans().first().copied());
            if let (Some(enabled), Some(nopass), Some(nothing)) = (flag("enabled"), flag("nopass"), flag("no_commands"))
            {
                return Ok((!(enabled && nopass && !nothing), at.unwrap_or_else(|| self.main())));
            }
        }
        // Who may not see the users sees what a stranger gets.
        let gets = |ask: Ask| match answers.to_stranger(ask) {
            Some(Answer::Reply(Reply::Error { code, .. })) => Some(code.as_str()),
            Some(Answer::Reply(_)) => Some(""),
            _ => None,
        };
        match (gets(Ask::Ping), gets(Ask::InfoServer)) {
            (_, Some("")) => Ok((false, self.main())),
            (Some("NOAUTH"), _) => Ok((true, self.main())),
            _ => Err(self.unknown(answers.needs(Ask::Users))),
        }
    }

    /// What `CONFIG GET` prints of the settings that versions have, secrets left out.
    pub fn settings(&self) -> Result<BTreeMap<String, String>, Unknown> {
        let answers = self.answers()?;
        let pairs = answers.reply(Ask::Config).and_then(Reply::pairs);
        let pairs = pairs.ok_or_else(|| self.unknown(answers.needs(Ask::Config)))?;
        let shown = |name: &str| directive::named(name.as_bytes()).is_some_and(|named| !named.setting.is_secret());
        let pair = |(name, value): (&Reply, &Reply)| Some((name.text().filter(|name| shown(name))?, value.text()?));
        Ok(pairs.into_iter().filter_map(pair).collect())
    }

    /// The lines of `ACL LIST`, by the names of users.
    pub fn lines(&self) -> Result<BTreeMap<String, &'a [u8]>, Unknown> {
        let answers = self.answers()?;
        let lines = answers.reply(Ask::Users).and_then(Reply::list);
        let lines = lines.ok_or_else(|| self.unknown(answers.needs(Ask::Users)))?;
        let line = |line: &'a Reply| {
            let bytes = line.bytes()?;
            let name = bytes.split(|byte| *byte == b' ').nth(1)?;
            Some((String::from_utf8_lossy(name).into_owned(), bytes))
        };
        Ok(lines.iter().filter_map(line).collect())
    }

    /// Some of the users, by name: of a hundred thousand most are the same everywhere.
    pub fn users(&self, wanted: &BTreeSet<String>) -> Result<BTreeMap<String, User>, Unknown> {
        self.refused(Ask::Users).map_or(Ok(()), Err)?;
        let (items, rest) = match self.fact("acl", "users") {
            Some(Fact::Known { value: Value::List(List { items, rest }), .. }) => (items, rest),
            Some(Fact::Unknown(unknown)) => return Err(unknown.clone()),
            _ => return Ok(BTreeMap::new()),
        };
        rest.clone().map_or(Ok(()), Err)?;
        let mut users = BTreeMap::new();
        for user in items.iter() {
            let at = user.spans().first().copied().unwrap_or_else(|| self.main());
            let record = match user {
                Fact::Known { value: Value::Record(record), .. } => record,
                Fact::Known { .. } => continue,
                Fact::Unknown(unknown) => return Err(unknown),
            };
            if let Some(Value::Text(name)) = record.get("name").and_then(|fact| fact.in_world(0).value())
                && wanted.contains(&**name)
            {
                users.insert(name.to_string(), User { record: record.clone(), at });
            }
        }
        Ok(users)
    }

    /// The passwords, by whose they are. What `requirepass` says is the default user's.
    pub fn passwords(&self) -> Result<Passwords, Unknown> {
        self.refused(Ask::Users).map_or(Ok(()), Err)?;
        if self.role != Some(Role::Sentinel) {
            self.refused(Ask::Config).map_or(Ok(()), Err)?;
        }
        let mut all = Passwords::new();
        for password in list(self.subject().and_then(|subject| subject.facts.get("passwords")))? {
            let at = password.spans().first().copied().unwrap_or_else(|| self.main());
            let Fact::Known { value: Value::Record(record), .. } = password else { continue };
            let value = |name: &str| record.get(name).and_then(Fact::value);
            let (Some(Value::Text(of)), Some(Value::Secret(text))) = (value("of"), value("text")) else { continue };
            let of = if &**of == "requirepass" { "user default" } else { of };
            if let Some(digest) = text.digest() {
                all.entry(of.to_owned()).or_default().push((digest, at));
            }
        }
        Ok(all)
    }

    /// Who is connected, as the facts of the server have it.
    pub fn clients(&self) -> Result<Vec<Record>, Unknown> {
        self.refused(Ask::Clients).map_or(Ok(()), Err)?;
        let clients = list(self.fact("live", "clients"))?;
        let record = |fact: Fact| match fact {
            Fact::Known { value: Value::Record(record), .. } => Some(record),
            _ => None,
        };
        Ok(clients.into_iter().filter_map(record).collect())
    }
}

/// The items of a list of which everything is known.
fn list(fact: Option<&Fact>) -> Result<Vec<Fact>, Unknown> {
    match fact {
        Some(Fact::Known { value: Value::List(List { items, rest }), .. }) => match rest {
            Some(unknown) => Err(unknown.clone()),
            None => items
                .iter()
                .map(|item| match item {
                    Fact::Unknown(unknown) => Err(unknown),
                    known => Ok(known),
                })
                .collect(),
        },
        Some(Fact::Unknown(unknown)) => Err(unknown.clone()),
        _ => Ok(Vec::new()),
    }
}
