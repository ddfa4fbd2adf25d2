//! What everybody gets wrong about nginx, each as a small configuration that the real nginx runs and real requests that
//! show the truth, and hardline's answer to the same requests.

mod flags;
mod rows;
mod tls;

use std::collections::BTreeMap;

use super::nginx_live::answer::answer;
use super::nginx_live::config::{self, Item, MAIN};
use super::nginx_live::differ::{self, Aspect, Outcome};
use super::nginx_live::observe::{Ask, Seen, observe};
use super::nginx_live::server::{Folder, nginx};
use super::nginx_live::upstream::{Reply, Upstream};

/// One truth: a configuration, and what comes of it.
#[derive(Debug, Clone, Copy)]
pub struct Truth {
    /// The content of `http`.
    pub http: &'static str,
    /// The files beside it.
    pub files: &'static [(&'static str, &'static str)],
    /// What nginx says when it refuses the configuration, if it does.
    pub refuses: Option<&'static str>,
    /// What is asked, in turn.
    pub steps: &'static [Step],
}

/// One request: `GET host /target` and headers after `|`, what the upstream would say, and what is true then.
#[derive(Debug, Clone, Copy)]
pub struct Step(pub &'static str, pub &'static str, pub &'static [Want]);

/// What is true of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// It has this status.
    Status(u16),
    /// It has this header with these values and no others.
    Header(&'static str, &'static [&'static str]),
    /// Its body contains this.
    Body(&'static str),
    /// The upstream is asked.
    Asked,
    /// The upstream gets this header with these values and no others.
    Gets(&'static str, &'static [&'static str]),
    /// Nobody else is asked.
    NotAsked,
    /// A log has this.
    Logged(&'static str),
    /// No log has this.
    NotLogged(&'static str),
    /// Whether somebody without cookies and credentials who asks the same gets this answer from the cache.
    Stored(bool),
    /// This answer comes from the cache, which a question about one request leaves open.
    FromCache,
    /// A file was written.
    Wrote(&'static str),
}

impl Truth {
    /// Asks nginx and hardline.
    fn holds(&self) {
        let upstream = Upstream::start();
        let mut files: BTreeMap<String, String> = config::files(&[Item::Line(self.http.to_owned())]);
        let last_line = files[MAIN].lines().count();
        files.extend(self.files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())));
        let folder = Folder::new(&files, &upstream);
        let running = match nginx().start(&folder) {
            Ok(running) => running,
            Err(refusal) => {
                let said = self.refuses.unwrap_or_else(|| panic!("nginx refuses it: {refusal:?}"));
                assert!(refusal.message.contains(said), "{refusal:?} does not say {said:?}");
                return agree(&differ::start(&answer(&folder, None), Some(&refusal), last_line), "the start");
            }
        };
        assert_eq!(self.refuses, None, "nginx accepts it");
        agree(&differ::start(&answer(&folder, None), None, last_line), "the start");
        for step in self.steps {
            let ask = step.ask();
            let seen = observe(&running, &folder, &upstream, &ask).expect("a server that listens");
            for want in step.2 {
                let true_of = want.true_of(&seen, &folder);
                assert!(true_of, "`{}` with the upstream's `{}`: {want:?} is not true of {seen:#?}", step.0, step.1);
            }
            if !step.2.contains(&Want::FromCache) {
                let said = answer(&folder, Some(&ask));
                agree(&differ::request(&said, &seen), step.0);
                if ask.again {
                    let other = answer(&folder, Some(&ask.by_another()));
                    agree(&differ::cache(&said, &other, &seen).into_iter().collect::<Vec<_>>(), step.0);
                }
            }
        }
    }
}

/// Fails where hardline says something else than nginx does.
fn agree(outcomes: &[(Aspect, Outcome)], what: &str) {
    for (aspect, outcome) in outcomes {
        assert!(!matches!(outcome, Outcome::Differs(_)), "{what}: {aspect:?}: {outcome:?}");
    }
}

impl Step {
    fn ask(&self) -> Ask {
        let mut parts = self.0.split('|').map(str::trim);
        let first: Vec<&str> = parts.next().unwrap_or_default().split(' ').collect();
        let [method, host, target] = first[..] else { panic!("`{}` is no request", self.0) };
        let mut headers: Vec<(String, String)> = parts.map(header).collect();
        let length = headers.iter().position(|(name, _)| name == "Content-Length").map(|at| headers.remove(at).1);
        let mut reply = self.1.split('|').map(str::trim);
        let status =
            reply.next().filter(|status| !status.is_empty()).map_or(200, |text| text.parse().expect("a status"));
        Ask {
            port: 0,
            host: host.to_owned(),
            target: target.to_owned(),
            method: method.to_owned(),
            headers,
            length: length.map(|length| length.parse().expect("a length")),
            reply: Reply { status, headers: reply.map(header).collect() },
            again: self.2.iter().any(|want| matches!(want, Want::Stored(_))),
        }
    }
}

fn header(text: &str) -> (String, String) {
    let (name, value) = text.split_once(": ").unwrap_or_else(|| panic!("`{text}` is no header"));
    (name.to_owned(), value.to_owned())
}

impl Want {
    fn true_of(self, seen: &Seen, folder: &Folder) -> bool {
        match self {
            Want::Status(status) => seen.status == Some(status),
            Want::Header(name, values) => has(&seen.headers, name, values),
            Want::Body(text) => seen.body.contains(text),
            Want::Asked => !seen.asked.is_empty(),
            Want::Gets(name, values) => seen.asked.last().is_some_and(|last| has(&last.headers, name, values)),
            Want::NotAsked | Want::FromCache => seen.asked.is_empty(),
            Want::Logged(text) => seen.logged.contains(text),
            Want::NotLogged(text) => !seen.logged.contains(text),
            Want::Stored(stored) => seen.stored == Some(stored),
            Want::Wrote(name) => folder.path.join(name).exists(),
        }
    }
}

fn has(headers: &[(String, String)], name: &str, values: &[&str]) -> bool {
    headers
        .iter()
        .filter(|(found, _)| found.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
        .eq(values.iter().copied())
}
