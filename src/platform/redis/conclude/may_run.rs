//! What a user may run, in every version in question. Nothing is evaluated before somebody asks.

use std::sync::Arc;

use super::roster::{Account, Unwritten};
use super::users::Seen;
use super::{by_world, merged};
use crate::fact::{Can, Fact, Unknown, Why};
use crate::platform::redis::acl::{Evaluator, User, decide};
use crate::text::Span;

/// A user with everything that decides what it may run.
pub struct MayRun {
    /// The worlds.
    pub worlds: Arc<[Seen]>,
    /// The number of the account in each roster; `None` for a default user whom no line makes.
    pub account: Option<usize>,
    /// Where the user is written.
    pub at: Span,
}

impl MayRun {
    fn account(&self, world: usize) -> Option<&Account> {
        let (roster, _) = self.worlds.get(world)?;
        match self.account {
            Some(number) => roster.accounts.get(number),
            None => roster.default_account(),
        }
    }

    /// Answers a question about the user as a world has it.
    fn ask<T>(&self, world: usize, answer: impl FnOnce(&Evaluator, &User<'_>) -> T) -> Result<T, Unknown> {
        let malformed = || Unknown::new(Why::Malformed, self.at, "rules that the server accepts");
        let (roster, court) = self.worlds.get(world).ok_or_else(malformed)?;
        let evaluator = court.evaluator();
        let Some(account) = self.account(world) else {
            return match &roster.unwritten {
                Unwritten::Unknown(unknown) => Err(unknown.clone()),
                _ => Ok(answer(evaluator, &evaluator.default_user())),
            };
        };
        if let Some(unknown) = &account.unknown {
            return Err(unknown.clone());
        }
        let words: Vec<&[u8]> = account.rules.iter().map(|rule| rule.bytes.as_ref()).collect();
        let user = evaluator.user(&words).map_err(|_| malformed())?;
        Ok(answer(evaluator, &user))
    }
}

impl Can for MayRun {
    fn can(&self, command: &str) -> Fact {
        let name = command.as_bytes();
        let said = (0..self.worlds.len()).map(|world| {
            match self.ask(world, |evaluator, user| user.permits(evaluator.table(), name)) {
                Ok(may) => Fact::derived(may, [self.at]),
                Err(unknown) => Fact::Unknown(unknown),
            }
        });
        merged(by_world(said), self.at).unwrap_or_else(|| Fact::derived(false, [self.at]))
    }

    fn all(&self, world: usize) -> Option<Vec<&'static str>> {
        let named = |evaluator: &Evaluator, user: &User<'_>| {
            let permitted = decide::permitted(evaluator.table(), user).filter(|(_, may)| *may);
            let mut names: Vec<&'static str> = permitted.map(|(command, _)| command.name()).collect();
            names.sort_unstable();
            names
        };
        self.ask(world, named).ok()
    }
}
