//! What a session goes on doing though its user may not do it any more.
//!
//! `ACL SETUSER` counts for the next command of every session, and a user that is deleted loses them all. But a session
//! that has begun to listen needs no further command: MONITOR and PSYNC go on, and so do subscriptions unless the
//! channel is taken away (observed on 6.2, 7.0, 8.2 and Valkey 9.1).

use std::collections::BTreeMap;

use super::ask::{Answers, Ask};
use super::reply::Reply;
use crate::platform::redis::acl::Evaluator;
use crate::platform::redis::version::Version;

/// The users, and what each may run.
pub(super) struct Rights {
    evaluator: Evaluator,
    /// The rules of each.
    users: BTreeMap<String, Vec<Vec<u8>>>,
}

/// What a session does while it sends nothing, and the commands that begin it, any of which will do.
struct Listening {
    /// The flag, or the number that is not 0, in a line of `CLIENT LIST`.
    sign: Sign,
    commands: &'static [&'static str],
}

enum Sign {
    Flag(char),
    Count(&'static str),
}

/// `networking.c:catClientInfoString`.
const LISTENING: [Listening; 5] = [
    Listening { sign: Sign::Flag('O'), commands: &["monitor"] },
    Listening { sign: Sign::Flag('S'), commands: &["psync", "sync"] },
    Listening { sign: Sign::Count("sub"), commands: &["subscribe"] },
    Listening { sign: Sign::Count("psub"), commands: &["psubscribe"] },
    Listening { sign: Sign::Count("ssub"), commands: &["ssubscribe"] },
];

impl Rights {
    /// Those of a server that says who its users are and which version it is; otherwise what would help.
    pub(super) fn of(answers: &Answers, version: Result<&str, &String>) -> Result<Rights, String> {
        let version = version.map_err(Clone::clone)?;
        let (version, _) = Version::find(version)?;
        let lines = answers.reply(Ask::Users).and_then(Reply::list).ok_or_else(|| answers.needs(Ask::Users))?;
        let user = |line: &Reply| {
            let mut words = line.bytes()?.split(|byte| *byte == b' ').skip(1);
            let name = String::from_utf8_lossy(words.next()?).into_owned();
            Some((name, words.map(<[u8]>::to_vec).collect()))
        };
        let evaluator = if answers.is_sentinel() { Evaluator::for_sentinel(version) } else { Evaluator::new(version) };
        Ok(Rights { evaluator, users: lines.iter().filter_map(user).collect() })
    }

    /// The command that a session could not begin today and goes on with, or the empty text. `field` gives the fields of
    /// its line.
    pub(super) fn kept(&self, field: &dyn Fn(&str) -> String) -> Result<String, String> {
        let flags = field("flags");
        let is_on = |listening: &&Listening| match listening.sign {
            Sign::Flag(flag) => flags.contains(flag),
            Sign::Count(name) => field(name).parse::<u64>().is_ok_and(|count| count > 0),
        };
        let mut on = LISTENING.iter().filter(is_on).peekable();
        // Whose user is gone is another matter.
        let Some(rules) = self.users.get(&field("user")).filter(|_| on.peek().is_some()) else {
            return Ok(String::new());
        };
        let rules: Vec<&[u8]> = rules.iter().map(Vec::as_slice).collect();
        let read = self.evaluator.read(&rules).map_err(|_| "an `ACL LIST` of rules that are known".to_owned())?;
        let may = |name: &&str| read.user.permits(self.evaluator.table(), name.as_bytes());
        let lost = on.find(|listening| !listening.commands.iter().any(&may));
        Ok(lost.map(|listening| listening.commands[0].to_ascii_uppercase()).unwrap_or_default())
    }
}
