//! All ways that a request may take.

use super::outcome::Outcome;
use super::run::Run;
use super::{Backend, Request};
use crate::fact::Unknown;
use crate::platform::nginx::model::Model;
use crate::platform::nginx::scope::LevelId;

/// How many ways are followed before everything is unknown.
const MOST_WAYS: usize = 64;

/// Follows a request along every way that it may take. The second is whether there are more ways than were followed.
///
/// No way at all where nothing listens on its port.
pub fn follow<'a>(model: &'a Model<'a>, request: &'a Request, backend: &'a Backend) -> (Vec<Outcome<'a>>, bool) {
    every_way(model, request, backend, &Run::whole)
}

/// Follows a request that has come to a server, whatever its host and port.
pub fn follow_in<'a>(
    model: &'a Model<'a>,
    server: LevelId,
    request: &'a Request,
    backend: &'a Backend,
) -> (Vec<Outcome<'a>>, bool) {
    every_way(model, request, backend, &|run| Some(run.within(server, server)))
}

fn every_way<'a>(
    model: &'a Model<'a>,
    request: &'a Request,
    backend: &'a Backend,
    follow: &dyn Fn(&mut Run<'a>) -> Option<Outcome<'a>>,
) -> (Vec<Outcome<'a>>, bool) {
    let mut outcomes = Vec::new();
    let mut choices: Vec<bool> = Vec::new();
    for _ in 0..MOST_WAYS {
        let mut run = Run::new(model, request, backend, choices);
        outcomes.extend(follow(&mut run));
        choices = run.choices;
        while choices.last() == Some(&true) {
            choices.pop();
        }
        match choices.last_mut() {
            Some(last) => *last = true,
            None => return (outcomes, false),
        }
    }
    (outcomes, true)
}

impl Run<'_> {
    /// Whether something that cannot be told is so, on this way.
    pub fn fork(&mut self, unknown: Unknown) -> bool {
        // The same question has the same answer.
        let same = |(asked, _): &&(Unknown, bool)| asked.at == unknown.at && asked.needs == unknown.needs;
        if let Some((_, answer)) = self.answers.iter().find(same) {
            return *answer;
        }
        let answer = self.choose();
        self.answers.push((unknown, answer));
        answer
    }

    fn choose(&mut self) -> bool {
        if self.asked == self.choices.len() {
            self.choices.push(false);
        }
        self.asked += 1;
        self.choices[self.asked - 1]
    }

    /// Says that something cannot be told, whichever way it goes.
    pub fn doubt(&mut self, what: &'static str, unknown: Unknown) {
        self.doubts.push((what, unknown));
    }
}
