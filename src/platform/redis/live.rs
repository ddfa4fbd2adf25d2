//! Servers that run: what they answer, and the facts that are made of it.
//!
//! The answers are written down as the configuration that would give a server the state it is in, and read by the code
//! that reads files. So a live server has the same facts as its file, and the same checks judge both.

pub mod answered;
pub mod ask;
pub mod certificate;
pub mod commands;
pub mod connect;
mod handshake;
mod health;
mod host;
pub mod keys;
pub mod keyspace;
pub mod look;
mod needs;
mod offered;
mod paced;
pub mod pool;
pub mod probe;
pub mod recorded;
pub mod reply;
mod rights;
pub mod state;
pub mod subject;
pub mod target;
mod trust;
pub mod written;

use std::sync::Arc;

use crate::fact::{Fact, Subject, Unknown, Why};
use crate::platform::Reading;
use crate::platform::group::expect::Expected;
use crate::platform::redis::shared;
use crate::text::{Level, Notice, Span, Where};

use ask::{Answer, Answers};
use reply::Reply;
use subject::{Answered, Wish, subject};
use target::Target;

/// A server that was asked, and what came of it.
#[derive(Debug)]
pub struct Heard {
    /// The server.
    pub target: Target,
    /// The group that it is in, with who answers for that.
    pub group: Option<Arc<str>>,
    /// What is expected of that group.
    pub expected: Option<Arc<Expected>>,
    /// What it answered, or why nothing.
    pub answers: Result<Answers, String>,
}

/// The subjects that servers are. One that does not answer is one too, of which nothing is known.
pub fn subjects(heard: &[Heard], wish: Wish<'_>, reading: &mut Reading) -> Vec<Subject> {
    let mut subjects: Vec<Subject> = heard.iter().map(|heard| heard.subject(wish, reading)).collect();
    if wish.wanted.has("passwords") {
        shared::link(&mut subjects);
    }
    subjects
}

impl Heard {
    fn subject(&self, wish: Wish<'_>, reading: &mut Reading) -> Subject {
        let answered = match &self.answers {
            Ok(answers) => {
                if let Some(why) = &answers.withheld {
                    let message = format!("{}: not logged in: {why}", self.target.plain_url());
                    reading.notices.push(Notice { level: Level::Warning, at: Where::Run, message });
                }
                if let Some(Answer::Reply(Reply::Error { code, .. })) = &answers.login {
                    let url = self.target.plain_url();
                    let message = format!("{url}: not logged in ({code}): asked as a client without a login");
                    reading.notices.push(Notice { level: Level::Warning, at: Where::Run, message });
                }
                answered::answered(&self.target, answers)
            }
            Err(why) => {
                let message = format!("{}: not audited: {why}", self.target.plain_url());
                reading.notices.push(Notice { level: Level::Warning, at: Where::Run, message });
                self.silent(why)
            }
        };
        let mut made = subject(&answered, wish, &mut reading.sources, &mut reading.notices);
        let fact = match &self.answers {
            Ok(answers) => {
                let (fact, source) = state::facts(&answered, answers, wish.today, &mut reading.sources);
                made.sources.push(source);
                fact
            }
            Err(why) => {
                let at = Span::at(made.main.source, 0);
                Fact::Unknown(Unknown::new(Why::NotReadable, at, needs(why)))
            }
        };
        made.facts.set("live", fact);
        self.keys(&mut made, wish, reading);
        if let Some(group) = &self.group {
            made.because = format!("{} ({group})", made.because);
        }
        made
    }

    /// Adds what was seen of the keys, where somebody asked for them.
    fn keys(&self, made: &mut Subject, wish: Wish<'_>, reading: &mut Reading) {
        let Some(declared) = wish.keys else { return };
        match &self.answers {
            Ok(answers) => {
                let Some(sample) = &answers.keys else { return };
                let keys = keyspace::facts(&self.target.plain_url(), (answers, sample), declared, &mut reading.sources);
                made.sources.push(keys.source);
                made.facts.set("keys", keys.fact);
                reading.notices.extend(keys.notice.map(|text| {
                    let message = format!("{}: {text}", self.target.plain_url());
                    Notice { level: Level::Info, at: Where::Run, message }
                }));
            }
            Err(why) => {
                let at = Span::at(made.main.source, 0);
                made.facts.set("keys", Fact::Unknown(Unknown::new(Why::NotReadable, at, needs(why))));
            }
        }
    }

    /// A server that did not answer.
    fn silent(&self, why: &str) -> Answered {
        let needs = needs(why);
        Answered {
            url: self.target.plain_url(),
            name: self.target.place(),
            version: Err(needs.clone()),
            settings: Err(needs.clone()),
            users: Err(needs.clone()),
            modules: Err(needs.clone()),
            renamed: Some(needs),
            watches: None,
        }
    }
}

fn needs(why: &str) -> String {
    format!("an answer of the server: {why}")
}
