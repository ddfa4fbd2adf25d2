//! Checks and facts make verdicts.
//!
//! | | deny false | deny unknown | deny true |
//! |---|---|---|---|
//! | when true | pass | unknown | fail |
//! | when unknown | pass | unknown | unknown |
//! | when false | not applicable | not applicable | not applicable |
//!
//! A bypass that holds turns a failure and an unknown into "bypassed". Where the versions that come into question
//! disagree, each is judged by itself: what fails in some is a finding that says in which.

mod finding;

use std::collections::BTreeMap;

use crate::check::{Check, compile};
use crate::edit::EditOp;
use crate::expr::Params;
use crate::fact::{Fact, Items, Subject, Unknown, Why, Worlds};
use crate::finding::{Finding, Undecided, Verdict};
use crate::text::Span;
use crate::truth::{self, Cause, EvalError, Frame, Look, Scene, Truth};

/// A verdict, and what it is about.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The verdict.
    pub verdict: Verdict,
    /// The items of `for_each` that it is about, the outermost first: `redis.acl.users[3]`. Empty without `for_each`
    /// and for verdicts about no item in particular.
    pub items: Vec<String>,
}

impl Judged {
    /// The steps of the check's fix for this finding, with the items' numbers in their paths.
    pub fn plan(&self, check: &Check) -> Vec<EditOp> {
        let items: Vec<_> = self.items.iter().map(|item| item.as_str().into()).collect();
        let step = |(op, paths): &(EditOp, Vec<crate::expr::Path>)| {
            let paths: Option<Vec<String>> =
                paths.iter().map(|path| compile::numbered(path, check.rule.reads, &items)).collect();
            paths.map(|paths| op.with_paths(paths))
        };
        check.fix.edits.iter().map(step).collect::<Option<_>>().unwrap_or_default()
    }
}

/// Judges one subject: one verdict, or with `for_each` one for each item. Never none.
pub fn judge(check: &Check, subject: &Subject, params: &Params) -> Vec<Judged> {
    let alone = |verdict| vec![Judged { verdict, items: Vec::new() }];
    // Only a subject that says why it lacks facts may lack them: a fact that a platform forgot is not "not applicable".
    if subject.absent.is_some() {
        let paths = check.rule.paths();
        if !paths.is_empty() && !paths.iter().any(|path| truth::carries(&subject.facts, path)) {
            return alone(Verdict::NotApplicable);
        }
    }
    let mut judge = Judge {
        check,
        subject,
        params,
        items: Vec::new(),
        spans: Vec::new(),
        judged: Vec::new(),
        by_world: BTreeMap::new(),
    };
    if let Err(error) = judge.level(None, None, false) {
        // One item that cannot be judged casts doubt on the check as a whole.
        judge.push(Verdict::Broken { error: error.to_string() });
    }
    judge.settle();
    if judge.judged.is_empty() { alone(Verdict::NotApplicable) } else { judge.judged }
}

struct Judge<'a> {
    check: &'a Check,
    subject: &'a Subject,
    params: &'a Params,
    /// The items it is at.
    items: Vec<String>,
    /// Where they are, to know them again in other worlds.
    spans: Vec<Option<Span>>,
    judged: Vec<Judged>,
    /// What is said about the items of lists that differ between worlds, by the places of the items.
    by_world: BTreeMap<Vec<Option<Span>>, Said>,
}

/// The items as the first world numbers them, and what each world says.
type Said = (Vec<String>, Vec<(usize, Outcome)>);

/// What one world, or all together, say about one item.
enum Outcome {
    Pass,
    NotApplicable,
    Fail(Box<Finding>),
    Bypassed { reason: String, at: Span },
    Unknown(Vec<Cause>),
}

impl<'a> Judge<'a> {
    fn scene(&self, world: Option<usize>) -> Scene<'a> {
        Scene { subject: self.subject, params: self.params, world }
    }

    fn push(&mut self, verdict: Verdict) {
        self.judged.push(Judged { verdict, items: self.items.clone() });
    }

    /// Goes through the items of the next level of `for_each`, or judges if there is none. `further` says that one of
    /// the items around may not be there at all.
    fn level(&mut self, frame: Option<&Frame<'_>>, world: Option<usize>, further: bool) -> Result<(), EvalError> {
        let Some(each) = self.check.rule.for_each.get(self.items.len()) else {
            return self.item(frame, world, further);
        };
        let scene = self.scene(world);
        if world.is_none()
            && let Look::Unknown(unknown) = scene.look(&each.list, frame)?
            && !unknown.sides.is_empty()
        {
            for world in 0..self.subject.worlds.len() {
                self.level(frame, Some(world), further)?;
            }
            return Ok(());
        }
        let list = match each.list.base {
            crate::expr::Base::Subject => self.check.rule.reads,
            crate::expr::Base::Item(depth) => self.items.get(depth).map_or("", String::as_str),
        };
        let list = each.list.fields.iter().fold(list.to_owned(), |path, field| format!("{path}.{field}"));
        let (items, rest) = scene.list(&each.list, frame)?;
        for (index, item) in items.into_iter().flat_map(Items::iter).enumerate() {
            self.enter(format!("{list}[{index}]"), &item, frame, world, further)?;
        }
        if let Some(rest) = rest {
            self.enter(format!("{list}[]"), &Fact::Unknown(rest), frame, world, true)?;
        }
        Ok(())
    }

    fn enter(
        &mut self,
        path: String,
        item: &Fact,
        frame: Option<&Frame<'_>>,
        world: Option<usize>,
        further: bool,
    ) -> Result<(), EvalError> {
        self.items.push(path);
        self.spans.push(item.spans().first().copied());
        let result = self.level(Some(&Frame::within(frame, item)), world, further);
        self.items.pop();
        self.spans.pop();
        result
    }

    /// Judges one item, or the subject as a whole.
    fn item(&mut self, frame: Option<&Frame<'_>>, world: Option<usize>, further: bool) -> Result<(), EvalError> {
        let mut outcome = self.maybe(frame, world, further)?;
        let worlds = self.subject.worlds.len();
        if world.is_none()
            && worlds > 0
            && let Outcome::Unknown(causes) = &outcome
            && causes.iter().any(|cause| cause.unknown.why == Why::VersionUnknown)
        {
            let outcomes = (0..worlds).map(|world| Ok((world, self.maybe(frame, Some(world), further)?)));
            outcome = together(outcomes.collect::<Result<_, EvalError>>()?, worlds);
        }
        // Of an item that may not be there, only what it leaves open is news.
        if further && matches!(outcome, Outcome::Pass | Outcome::NotApplicable) {
            return Ok(());
        }
        if let Some(world) = world {
            let said = self.by_world.entry(self.spans.clone());
            let (_, outcomes) = said.or_insert_with(|| (self.items.clone(), Vec::new()));
            outcomes.push((world, outcome));
        } else {
            self.push(verdict(outcome));
        }
        Ok(())
    }

    /// The outcome for an item that may not be there at all, if `further` says so: then nothing is sure to fail.
    fn maybe(&self, frame: Option<&Frame<'_>>, world: Option<usize>, further: bool) -> Result<Outcome, EvalError> {
        match self.outcome(frame, world)? {
            Outcome::Fail(_) if further => Ok(Outcome::Unknown(self.further(frame))),
            outcome => Ok(outcome),
        }
    }

    /// Why an item of which nothing is known may be there.
    fn further(&self, frame: Option<&Frame<'_>>) -> Vec<Cause> {
        let mut causes = Vec::new();
        let mut here = frame;
        while let Some(frame) = here {
            if let Fact::Unknown(unknown) = frame.item
                && let Some(each) = self.check.rule.for_each.get(frame.depth)
            {
                causes.push(Cause { path: each.list.path.clone(), unknown: unknown.clone() });
            }
            here = frame.up;
        }
        causes
    }

    /// The table.
    fn outcome(&self, frame: Option<&Frame<'_>>, world: Option<usize>) -> Result<Outcome, EvalError> {
        let scene = self.scene(world);
        let rule = &self.check.rule;
        let when = truth::truth(&rule.when, &scene, frame)?;
        if matches!(when, Truth::False) {
            return Ok(Outcome::NotApplicable);
        }
        let causes = match (when, truth::truth(&rule.deny, &scene, frame)?) {
            (_, Truth::False) => return Ok(Outcome::Pass),
            (Truth::Unknown(mut causes), Truth::Unknown(more)) => {
                causes.extend(more);
                causes
            }
            (Truth::Unknown(causes), Truth::True) | (_, Truth::Unknown(causes)) => causes,
            (_, Truth::True) => Vec::new(),
        };
        let mut open = Vec::new();
        for bypass in &self.check.bypass {
            match truth::truth(&bypass.when, &scene, frame)? {
                Truth::True => {
                    let at = finding::primary(&rule.at, &scene, frame)?;
                    return Ok(Outcome::Bypassed { reason: bypass.reason.clone(), at });
                }
                Truth::False => {}
                Truth::Unknown(causes) => open.push((bypass, causes)),
            }
        }
        // No cause means that nothing is unknown: `truth` gives at least one.
        if causes.is_empty() {
            return Ok(Outcome::Fail(finding::finding(self.check, &scene, frame, &open)?.into()));
        }
        Ok(Outcome::Unknown(causes))
    }

    /// Turns what was said world by world into verdicts.
    fn settle(&mut self) {
        let worlds = self.subject.worlds.len();
        for (_, (items, outcomes)) in std::mem::take(&mut self.by_world) {
            self.judged.push(Judged { verdict: verdict(together(outcomes, worlds)), items });
        }
    }
}

/// What holds in some worlds, as one outcome: the worst that is certain somewhere.
fn together(outcomes: Vec<(usize, Outcome)>, worlds: usize) -> Outcome {
    let mut failing = Worlds::NONE;
    let (mut fail, mut bypassed, mut pass) = (None, None, false);
    let mut unknown: Vec<Cause> = Vec::new();
    for (world, outcome) in outcomes {
        match outcome {
            Outcome::Fail(finding) => {
                failing = failing.or(Worlds::one(world));
                fail.get_or_insert(finding);
            }
            Outcome::Unknown(causes) => {
                for cause in causes {
                    if !unknown.iter().any(|known| same_cause(known, &cause)) {
                        unknown.push(cause);
                    }
                }
            }
            Outcome::Bypassed { .. } => bypassed = bypassed.or(Some(outcome)),
            Outcome::Pass => pass = true,
            Outcome::NotApplicable => {}
        }
    }
    if let Some(mut finding) = fail {
        finding.only_in = (failing != Worlds::first(worlds)).then_some(failing);
        return Outcome::Fail(finding);
    }
    if !unknown.is_empty() {
        return Outcome::Unknown(unknown);
    }
    bypassed.unwrap_or(if pass { Outcome::Pass } else { Outcome::NotApplicable })
}

fn same_cause(a: &Cause, b: &Cause) -> bool {
    let same = |a: &Unknown, b: &Unknown| a.why == b.why && a.at == b.at;
    a.path == b.path && same(&a.unknown, &b.unknown)
}

fn verdict(outcome: Outcome) -> Verdict {
    match outcome {
        Outcome::Pass => Verdict::Pass,
        Outcome::NotApplicable => Verdict::NotApplicable,
        Outcome::Fail(finding) => Verdict::Fail(finding),
        Outcome::Bypassed { reason, at } => Verdict::Bypassed { reason, at },
        Outcome::Unknown(causes) => Verdict::Unknown(Undecided {
            causes: causes.into_iter().map(|cause| (cause.path.to_string(), cause.unknown)).collect(),
        }),
    }
}
