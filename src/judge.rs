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
mod outcome;

use std::collections::{BTreeMap, HashSet};

use self::outcome::{Outcome, together, verdict};
use crate::check::{Check, compile};
use crate::edit::EditOp;
use crate::expr::Params;
use crate::fact::{Fact, Items, Subject, Unknown, Why};
use crate::finding::Verdict;
use crate::text::Span;
use crate::truth::{self, Cause, EvalError, Frame, Look, Scene, Truth};

/// What a check says about a subject.
#[derive(Debug, Clone, Default)]
pub struct Said {
    /// What there is to tell.
    pub judged: Vec<Judged>,
    /// How often the fault is not there.
    pub pass: usize,
    /// How often the question does not arise.
    pub not_applicable: usize,
}

/// A verdict, and what it is about.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The verdict.
    pub verdict: Verdict,
    /// The number of the item of each list of `for_each` that it is about, the outermost first. Empty without
    /// `for_each` and for verdicts about no item in particular.
    pub items: Numbers,
}

/// The numbers of items, one for each level of `for_each`; none for an item of which nothing is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Numbers {
    levels: u8,
    numbers: [Option<u32>; LEVELS],
}

/// How many lists `for_each` may name.
pub const LEVELS: usize = 2;

impl Numbers {
    /// The numbers, the outermost first.
    pub fn as_slice(&self) -> &[Option<u32>] {
        &self.numbers[..usize::from(self.levels).min(LEVELS)]
    }

    fn with(mut self, number: Option<usize>) -> Numbers {
        if let Some(slot) = self.numbers.get_mut(usize::from(self.levels)) {
            *slot = number.and_then(|number| u32::try_from(number).ok());
            self.levels += 1;
        }
        self
    }
}

impl Judged {
    /// The steps of the check's fix for this finding, with the items' numbers in their paths.
    pub fn plan(&self, check: &Check) -> Vec<EditOp> {
        let items = compile::items(&check.rule, self.items.as_slice());
        let step = |(op, paths): &(EditOp, Vec<crate::expr::Path>)| {
            let paths: Option<Vec<String>> =
                paths.iter().map(|path| compile::numbered(path, check.rule.reads, &items)).collect();
            paths.map(|paths| op.with_paths(paths))
        };
        check.edits().iter().map(step).collect::<Option<_>>().unwrap_or_default()
    }
}

/// Judges one subject: one verdict, or with `for_each` one for each item. Never none.
pub fn judge(check: &Check, subject: &Subject, params: &Params) -> Vec<Judged> {
    let judge = Judge { tells_all: true, ..Judge::new(check, subject, params) };
    all(vec![judge]).pop().map(|said| said.judged).unwrap_or_default()
}

/// Judges one subject by several checks, each with its parameters. Where the fault is not there, that is only counted: of
/// a hundred thousand users there is little to tell. The items of a list that checks beside each other go through are
/// made once for all of them.
pub fn judge_all(checks: &[(&Check, &Params)], subject: &Subject) -> Vec<Said> {
    all(checks.iter().map(|(check, params)| Judge::new(check, subject, params)).collect())
}

fn all(mut judges: Vec<Judge<'_>>) -> Vec<Said> {
    for members in judges.chunk_by_mut(|a, b| list_of(a.check) == list_of(b.check)) {
        let first = members.first().filter(|first| !first.check.rule.for_each.is_empty());
        match first.and_then(Judge::outermost) {
            Some((items, rest)) => {
                for (number, item) in items.iter().flat_map(Items::iter).enumerate() {
                    members
                        .iter_mut()
                        .for_each(|judge| judge.start(|judge| judge.enter(Some(number), &item, None, None, false)));
                }
                if let Some(rest) = rest.map(Fact::Unknown) {
                    members
                        .iter_mut()
                        .for_each(|judge| judge.start(|judge| judge.enter(None, &rest, None, None, true)));
                }
            }
            None => members.iter_mut().for_each(|judge| judge.start(|judge| judge.level(None, None, false))),
        }
    }
    judges.into_iter().map(Judge::finish).collect()
}

/// The path of the list whose items a check goes through, if it does.
pub fn list_of(check: &Check) -> &str {
    check.rule.for_each.first().map_or("", |each| &each.list.path)
}

struct Judge<'a> {
    check: &'a Check,
    subject: &'a Subject,
    params: &'a Params,
    /// The items it is at.
    items: Numbers,
    /// Where they are, to know them again in other worlds.
    spans: Vec<Option<Span>>,
    said: Said,
    /// Whether every verdict is kept.
    tells_all: bool,
    /// Whether there is nothing more to judge: the check does not apply, or cannot be trusted any more.
    over: bool,
    /// What is said about the items of lists that differ between worlds, by the places of the items.
    by_world: BTreeMap<Vec<Option<Span>>, ByWorld>,
}

/// The items as the first world numbers them, and what each world says.
type ByWorld = (Numbers, Vec<(usize, Outcome)>);

impl<'a> Judge<'a> {
    fn new(check: &'a Check, subject: &'a Subject, params: &'a Params) -> Judge<'a> {
        // Only a subject that says why it lacks facts may lack them: a fact that a platform forgot is not
        // "not applicable".
        let over = subject.absent.is_some() && {
            let paths = &check.rule.paths;
            !paths.is_empty() && !paths.iter().any(|path| truth::carries(&subject.facts, path))
        };
        let (spans, said, by_world) = (Vec::new(), Said::default(), BTreeMap::new());
        Judge { check, subject, params, items: Numbers::default(), spans, said, tells_all: false, over, by_world }
    }

    /// Judges, unless it is over. One item that cannot be judged casts doubt on the check as a whole.
    fn start(&mut self, judge: impl FnOnce(&mut Self) -> Result<(), EvalError>) {
        if self.over {
            return;
        }
        if let Err(error) = judge(self) {
            self.push(Verdict::Broken { error: error.to_string() });
            self.over = true;
        }
    }

    /// The outermost list, where it is one and the same in all worlds.
    fn outermost(&self) -> Option<(Option<Items>, Option<Unknown>)> {
        let list = &self.check.rule.for_each.first()?.list;
        let scene = self.scene(None);
        if matches!(scene.look(list, None).ok()?, Look::Unknown(unknown) if !unknown.sides.is_empty()) {
            return None;
        }
        let (items, rest) = scene.list(list, None).ok()?;
        Some((items.cloned(), rest))
    }

    fn finish(mut self) -> Said {
        self.settle();
        self.once();
        if self.said.judged.is_empty() && self.said.pass + self.said.not_applicable == 0 {
            self.add(Verdict::NotApplicable, Numbers::default());
        }
        self.said
    }

    /// Keeps one of the findings that say the same of the same place: a file that is included twice is read twice.
    fn once(&mut self) {
        if self.said.judged.len() < 2 {
            return;
        }
        let mut seen = HashSet::new();
        self.said.judged.retain(|judged| match &judged.verdict {
            Verdict::Fail(finding) => seen.insert((finding.primary.span, finding.message.clone())),
            _ => true,
        });
    }

    fn scene(&self, world: Option<usize>) -> Scene<'a> {
        Scene { subject: self.subject, params: self.params, world }
    }

    fn push(&mut self, verdict: Verdict) {
        self.add(verdict, self.items);
    }

    fn add(&mut self, verdict: Verdict, items: Numbers) {
        let untold = match verdict {
            Verdict::Pass => &mut self.said.pass,
            Verdict::NotApplicable => &mut self.said.not_applicable,
            _ => return self.said.judged.push(Judged { verdict, items }),
        };
        *untold += 1;
        if self.tells_all {
            self.said.judged.push(Judged { verdict, items });
        }
    }

    /// Goes through the items of the next level of `for_each`, or judges if there is none. `further` says that one of
    /// the items around may not be there at all.
    fn level(&mut self, frame: Option<&Frame<'_>>, world: Option<usize>, further: bool) -> Result<(), EvalError> {
        let Some(each) = self.check.rule.for_each.get(self.spans.len()) else {
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
        let (items, rest) = scene.list(&each.list, frame)?;
        for (index, item) in items.into_iter().flat_map(Items::iter).enumerate() {
            self.enter(Some(index), &item, frame, world, further)?;
        }
        if let Some(rest) = rest {
            self.enter(None, &Fact::Unknown(rest), frame, world, true)?;
        }
        Ok(())
    }

    fn enter(
        &mut self,
        number: Option<usize>,
        item: &Fact,
        frame: Option<&Frame<'_>>,
        world: Option<usize>,
        further: bool,
    ) -> Result<(), EvalError> {
        let outside = self.items;
        self.items = outside.with(number);
        self.spans.push(item.spans().first().copied());
        let result = self.level(Some(&Frame::within(frame, item)), world, further);
        self.items = outside;
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
            let (_, outcomes) = said.or_insert_with(|| (self.items, Vec::new()));
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
        let mut causes = match (when, truth::truth(&rule.deny, &scene, frame)?) {
            (_, Truth::False) => return Ok(Outcome::Pass),
            (Truth::Unknown(mut causes), Truth::Unknown(more)) => {
                causes.extend(more);
                causes
            }
            (Truth::Unknown(causes), Truth::True) | (_, Truth::Unknown(causes)) => causes,
            (_, Truth::True) => Vec::new(),
        };
        // What hangs on a setting that the version does not have is no question there.
        let asked = causes.len();
        causes.retain(|cause| cause.unknown.why != Why::NotInVersion);
        if causes.is_empty() && asked > 0 {
            return Ok(Outcome::NotApplicable);
        }
        let mut open = Vec::new();
        let rest = self.check.rest().map_err(|why| EvalError::Check(why.into()))?;
        for bypass in &rest.bypass {
            match truth::truth(&bypass.when, &scene, frame)? {
                Truth::True => {
                    let at = finding::primary(&rest.at, &scene, frame)?;
                    return Ok(Outcome::Bypassed { reason: bypass.reason.clone(), at });
                }
                Truth::False => {}
                Truth::Unknown(causes) => open.push((bypass, causes)),
            }
        }
        // No cause means that nothing is unknown: `truth` gives at least one.
        if causes.is_empty() {
            return Ok(Outcome::Fail(finding::finding((self.check, rest), &scene, frame, &open)?.into()));
        }
        Ok(Outcome::Unknown(causes))
    }

    /// Turns what was said world by world into verdicts.
    fn settle(&mut self) {
        let worlds = self.subject.worlds.len();
        for (_, (items, outcomes)) in std::mem::take(&mut self.by_world) {
            self.add(verdict(together(outcomes, worlds)), items);
        }
    }
}
