//! Audits of servers that run: they are asked side by side, and judged as files are.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Instant, SystemTime};

use crate::inventory::Server;
use crate::judged;
use crate::platform::redis::live::Heard;
use crate::platform::redis::live::answered::members;
use crate::platform::redis::live::ask::{Answers, ask_with_keys};
use crate::platform::redis::live::keys::Quest;
use crate::platform::redis::live::target::{Address, Limits, Promised};
use crate::project::{Facts, Options, Project, Trouble};
use crate::report::{Clock, Report};
use crate::text::{Level, Notice, Where};

/// What is to be audited, and how.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The servers.
    pub servers: Vec<Server>,
    /// How long one server may take.
    pub limits: Limits,
    /// How many are asked at a time; 0 for [`MOST`].
    pub connections: usize,
    /// Which keys are looked at, if any.
    pub keys: Option<Quest>,
}

/// How many servers are asked at a time unless the user says otherwise.
pub const MOST: usize = 64;

/// How many servers are taken from what one tells of: as many as the largest cluster has nodes (Redis Cluster
/// specification, "up to 1000 nodes").
pub const MOST_MEMBERS: usize = 1000;

/// How far an audit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Step {
    /// Servers that were asked, whether they answered or not.
    pub done: usize,
    /// All that are known so far.
    pub all: usize,
    /// Those that did not answer.
    pub silent: usize,
}

/// Asks, judges and reports. `done` is told how far it is, at first and whenever one more server was asked.
///
/// # Errors
/// Every mistake in the configuration and the user's own checks.
pub fn audit(options: &Options, plan: &Plan, done: &(dyn Fn(Step) + Sync)) -> Result<(Report, Facts), Trouble> {
    let began = (SystemTime::now(), Instant::now());
    let mut project = Project::find(options)?;
    let choice = project.checks(options, &|platform| matches!(platform, "redis" | "sentinel" | "group"))?;
    let (heard, notices) = hear_groups(plan, done);
    let mut facts = project.read_live(options, &heard, &choice.wanted())?;
    facts.notices.extend(notices);
    let mut report = judged(&choice, &facts, true, (project.known(), options));
    report.clock = options.timed.then(|| Clock::since(began));
    Ok((report, facts))
}

/// Asks all servers, and the other members of the groups that they are in where a URL asks for that.
pub(crate) fn hear_groups(plan: &Plan, done: &(dyn Fn(Step) + Sync)) -> (Vec<Heard>, Vec<Notice>) {
    let mut notices = Vec::new();
    let mut heard = hear(plan, done);
    let mut known: BTreeSet<Address> = heard.iter().map(|heard| heard.target.address.clone()).collect();
    let (mut more, mut trusted, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for (first, server) in heard.iter().zip(&plan.servers) {
        let Ok(answers) = &first.answers else { continue };
        if first.target.promised == Promised::Server {
            continue;
        }
        let told = members(answers);
        if told.len() > MOST_MEMBERS {
            let url = first.target.plain_url();
            let message = format!("{url}: it tells of {} servers, of which {MOST_MEMBERS} are audited", told.len());
            notices.push(Notice { level: Level::Warning, at: Where::Run, message });
        }
        let is_trusted = server.login_members || first.target.tls && server.tls.proves_members();
        let found = told.into_iter().take(MOST_MEMBERS);
        let found = found.map(|member| Server { target: first.target.member(member, is_trusted), ..server.clone() });
        if is_trusted { &mut trusted } else { &mut others }.extend(found);
    }
    // Whoever may log in to a server that several tell of does.
    for server in trusted.into_iter().chain(others) {
        if known.insert(server.target.address.clone()) {
            more.push(server);
        }
    }
    if !more.is_empty() {
        let (before, mute) = (heard.len(), heard.iter().filter(|heard| heard.answers.is_err()).count());
        let others = Plan { servers: more, ..plan.clone() };
        let add = |Step { done: count, all, silent }: Step| {
            done(Step { done: before + count, all: before + all, silent: mute + silent });
        };
        heard.extend(hear(&others, &add));
    }
    (heard, notices)
}

/// Asks all servers, in the order in which they are given.
fn hear(plan: &Plan, done: &(dyn Fn(Step) + Sync)) -> Vec<Heard> {
    let count = plan.servers.len();
    let (next, finished, mute) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    done(Step { all: count, ..Step::default() });
    let answers: Vec<Mutex<Option<_>>> = plan.servers.iter().map(|_| Mutex::new(None)).collect();
    let most = if plan.connections == 0 { MOST } else { plan.connections };
    std::thread::scope(|scope| {
        for _ in 0..most.min(count) {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(server) = plan.servers.get(number) else { break };
                    let heard = ask_with_keys(&server.target, &server.tls, plan.limits, plan.keys.as_ref());
                    let silent = mute.fetch_add(usize::from(heard.is_err()), Ordering::Relaxed);
                    let silent = silent + usize::from(heard.is_err());
                    *answers[number].lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(heard);
                    done(Step { done: finished.fetch_add(1, Ordering::Relaxed) + 1, all: count, silent });
                }
            });
        }
    });
    let answers = answers.into_iter().map(|one| one.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner));
    let missing = || Err("it was not asked".to_owned());
    let heard = |(server, answers): (&Server, Option<Result<Answers, String>>)| Heard {
        target: server.target.clone(),
        group: server.group.clone(),
        expected: server.expected.clone(),
        answers: answers.unwrap_or_else(missing),
    };
    plan.servers.iter().zip(answers).map(heard).collect()
}
