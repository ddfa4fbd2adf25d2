//! `check --fix`: from the fixes that findings offer to the files that are written.
//!
//! Fixes are made in memory first. Everything is read and judged again, by every check that the configuration leaves
//! and not only by those that were asked for, and a fix that brings something as bad as what it takes away is left.
//! Only then is a file written, and only one that was given: what a configuration merely includes from elsewhere may
//! be somebody else's.

mod combine;
mod tally;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime};

use crate::check::embedded;
use crate::choose::{Choice, Chosen, Wishes};
use crate::files::{Files, Location, normal};
use crate::finding::{CheckId, Safety};
use crate::fix::diff::{Side, unified};
use crate::fix::write::replace;
use crate::mask::one_line;
use crate::platform::Wanted;
use crate::project::{Facts, Options, Project, Trouble, roots};
use crate::report::{Clock, Fixed, Judged, Made, Report};
use crate::text::{Place, SourceId, Span};
use crate::waive::Known;
use crate::{judge_subjects, report_on};

use combine::{Candidate, Edits, candidates};
use tally::Tally;

/// How often everything is read anew after fixes were made, to make those that are offered only then.
const PASSES: usize = 8;

/// How often fixes are tried in one pass; what is not tried by then is left.
const TRIALS: usize = 400;

/// A finding that could have been fixed and was not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// The check.
    pub check: CheckId,
    /// `path:line:column`.
    pub place: String,
    /// Why, in one line.
    pub why: String,
    subject: Location,
}

/// A file that could not be written.
#[derive(Debug)]
pub struct Failed {
    /// Its path as it is shown.
    pub path: String,
    /// Why.
    pub why: String,
}

/// The fixes of a run, made in memory.
#[derive(Debug)]
pub struct Repair {
    checks: Vec<Chosen>,
    /// Those that no fix may make worse: all that would run if nothing was selected, and those that were.
    guards: Vec<Chosen>,
    broken: Vec<(CheckId, String)>,
    first: Facts,
    now: Facts,
    made: Vec<(Made, BTreeSet<PathBuf>)>,
    left: Vec<Left>,
    known: Vec<Known>,
    options: Options,
    clock: Option<(SystemTime, Instant)>,
}

impl Repair {
    /// Reads, judges, and makes the fixes of at most this safety in memory.
    ///
    /// # Errors
    /// Every mistake in the arguments, the configuration and the user's own checks.
    pub fn find(options: &Options, upto: Safety, stdin: &mut dyn Read) -> Result<Repair, Trouble> {
        let clock = options.timed.then(|| (SystemTime::now(), Instant::now()));
        if options.paths.iter().any(|path| path.as_os_str() == "-") {
            return Err(Trouble::line("`--fix` changes files and cannot change standard input: name the file"));
        }
        let options = Options { keep: true, ..options.clone() };
        let mut project = Project::find(&options)?;
        let Choice { checks, broken, .. } = project.checks(&options, &|_| true)?;
        let first = project.read(&options, stdin, &Wanted::All)?;
        let now = first.with(BTreeMap::new()).ok_or_else(Trouble::default)?;
        let (guards, known, given) = (guards(&options)?, project.known().to_vec(), given(&options));
        let (made, left) = (Vec::new(), Vec::new());
        let mut repair = Repair { checks, guards, broken, first, now, made, left, known, options, clock };
        for _ in 0..PASSES {
            if !repair.pass(upto, &given) {
                break;
            }
        }
        repair.keep_what_is_left();
        Ok(repair)
    }

    /// Makes what is offered now; false when that was nothing.
    fn pass(&mut self, upto: Safety, given: &[PathBuf]) -> bool {
        let (judged, asked) = judge_subjects(&self.checks, &self.now, true);
        // What somebody answers for is right as it is.
        let report = report_on(&self.checks, &self.now, judged.clone(), &asked, (&self.known, &self.options));
        let waived = report.findings.iter().filter(|found| found.waiver.is_some());
        let waived: Vec<(CheckId, Span)> =
            waived.map(|found| (found.finding.check.clone(), found.finding.primary.span)).collect();
        let mut trial = Trial {
            facts: &self.now,
            index: index(&self.now),
            guards: &self.guards,
            left: TRIALS,
            cwd: &self.options.cwd,
            upto,
            said: Vec::new(),
        };
        let mut all = candidates(&judged, &self.now, upto, &self.options.cwd);
        all.retain(|one| !waived.iter().any(|(check, at)| *check == one.check && *at == one.at));
        let chosen = trial.choose(all, given);
        if chosen.is_empty() {
            self.left.append(&mut trial.said);
            return false;
        }
        let before = Tally::of(&self.guards, &self.now);
        let mut accepted = Accepted { all: Vec::new(), edits: Edits::default(), now: None, tally: before.clone() };
        trial.accept(&mut accepted, chosen, &before);
        self.left.append(&mut trial.said);
        let Some(now) = accepted.now else { return false };
        self.made.extend(accepted.all.into_iter().map(|candidate| (candidate.made(), candidate.files())));
        self.now = now;
        true
    }

    /// Of what was left, what is still there: a later pass may have done it.
    fn keep_what_is_left(&mut self) {
        let (judged, _) = judge_subjects(&self.checks, &self.now, false);
        let still = |left: &Left| {
            judged.iter().any(|one| {
                let subject = self.now.subjects.get(one.subject);
                let fails = one.verdicts.iter().any(|verdict| matches!(verdict, crate::finding::Verdict::Fail(_)));
                one.check == left.check && fails && subject.is_some_and(|it| it.location == left.subject)
            })
        };
        self.left.retain(still);
        let mut seen = BTreeSet::new();
        self.left.retain(|left| seen.insert((left.check.clone(), left.place.clone())));
    }

    /// What could have been fixed and was not, with the reasons.
    pub fn left(&self) -> &[Left] {
        &self.left
    }

    /// What was read before anything was fixed.
    pub fn facts(&self) -> &Facts {
        &self.first
    }

    /// What would be read after it, or is read then.
    pub fn facts_after(&self) -> &Facts {
        &self.now
    }

    /// The changes of all files as a unified diff, secrets masked.
    pub fn diff(&self) -> String {
        let mut text = String::new();
        let (first, now) = (index(&self.first), index(&self.now));
        for path in self.now.changed.keys() {
            let Some((&before, &after)) = first.get(path).zip(now.get(path)) else { continue };
            let shown = self.first.shower(&self.options.cwd).path(before);
            let old = Side { sources: &self.first.sources, mask: &self.first.mask, source: before };
            let new = Side { sources: &self.now.sources, mask: &self.now.mask, source: after };
            text.push_str(&unified(&shown, old, new));
        }
        text
    }

    /// The report on what is there before anything is written.
    pub fn report_before(&self) -> Report {
        let fixed = Fixed { made: Vec::new(), offered: self.made.len(), files: self.now.changed.len() };
        self.report_on(&self.first, fixed)
    }

    /// The report on what is there now.
    pub fn report(&self) -> Report {
        let made = self.made.iter().map(|(made, _)| made.clone()).collect();
        self.report_on(&self.now, Fixed { made, offered: self.made.len(), files: self.now.changed.len() })
    }

    fn report_on(&self, facts: &Facts, fixed: Fixed) -> Report {
        let (judged, asked) = judge_subjects(&self.checks, facts, true);
        let broken = self.broken.iter().map(|(check, error)| Judged::broken(check.clone(), error.clone()));
        let judged = broken.chain(judged).collect();
        let mut report = report_on(&self.checks, facts, judged, &asked, (&self.known, &self.options));
        report.fixed = Some(fixed);
        report.clock = self.clock.map(Clock::since);
        report
    }

    /// Writes the files, each as a whole or not at all. What could not be written counts as not fixed from then on.
    pub fn write(&mut self) -> Vec<Failed> {
        let mut failed = Vec::new();
        let mut written = BTreeMap::new();
        let first = index(&self.first);
        for (path, after) in &self.now.changed {
            let before = first.get(path).copied();
            let shown = self.first.shower(&self.options.cwd);
            let done = match before {
                Some(before) => {
                    replace(path, self.first.sources.get(before).bytes(), after).map_err(|why| why.to_string())
                }
                None => Err("it was not read".to_owned()),
            };
            match done {
                Ok(()) => drop(written.insert(path.clone(), after.clone())),
                Err(why) => {
                    let path = before.map_or_else(|| shown.relative(path), |before| shown.path(before));
                    failed.push(Failed { path, why: one_line(&why) });
                }
            }
        }
        if !failed.is_empty() {
            self.made.retain(|(_, files)| files.iter().all(|file| written.contains_key(file)));
            if let Some(now) = self.first.with(written) {
                self.now = now;
            }
        }
        failed
    }
}

/// The checks that no fix may make worse. Those that veto fixes are among them whatever the configuration says.
fn guards(options: &Options) -> Result<Vec<Chosen>, Trouble> {
    let all = Options { wishes: Wishes::default(), ..options.clone() };
    let mut guards = Project::find(&all)?.checks(&all, &|_| true)?.checks;
    let selected = Project::find(options)?.checks(options, &|_| true)?.checks;
    let vetoing = embedded::all().iter().filter_map(|embedded| {
        let check = embedded.check(&roots()).ok().filter(|check| check.vetoes_fixes)?;
        let params = check.params_with(&BTreeMap::new()).ok()?;
        Some(Chosen { check, params })
    });
    for more in selected.into_iter().chain(vetoing) {
        if !guards.iter().any(|guard| guard.check.id == more.check.id) {
            guards.push(more);
        }
    }
    Ok(guards)
}

/// The files and folders that may be written, symbolic links followed.
fn given(options: &Options) -> Vec<PathBuf> {
    let paths = if options.paths.is_empty() { vec![PathBuf::from(".")] } else { options.paths.clone() };
    let real = |path: &PathBuf| fs::canonicalize(normal(&options.cwd.join(path))).ok();
    paths.iter().filter_map(real).collect()
}

/// The sources of files, by where their paths really lead.
type Index = BTreeMap<PathBuf, SourceId>;

fn index(facts: &Facts) -> Index {
    let mut index = Index::new();
    for source in facts.sources.iter() {
        if let Place::File(file) = source.place()
            && let Some(real) = real_path(facts, file)
        {
            index.entry(real).or_insert(source.id());
        }
    }
    index
}

/// Where a path really leads.
fn real_path(facts: &Facts, path: &Path) -> Option<PathBuf> {
    facts.files.real(&Location::Here(path.to_path_buf())).ok()
}

/// What was accepted so far, and what comes of it.
struct Accepted {
    all: Vec<Candidate>,
    edits: Edits,
    now: Option<Facts>,
    tally: Tally,
}

/// Trying fixes on what was read.
struct Trial<'a> {
    facts: &'a Facts,
    index: Index,
    guards: &'a [Chosen],
    /// How many more times everything may be read again.
    left: usize,
    cwd: &'a Path,
    upto: Safety,
    said: Vec<Left>,
}

impl Trial<'_> {
    fn leave(&mut self, candidate: &Candidate, why: impl Into<String>) {
        let (check, place) = (candidate.check.clone(), self.facts.shower(self.cwd).place(candidate.at));
        self.said.push(Left { check, place, why: why.into(), subject: candidate.subject.clone() });
    }

    /// Those that may be made, and can be made together: the worse finding goes first.
    fn choose(&mut self, all: Vec<Candidate>, given: &[PathBuf]) -> Vec<Candidate> {
        let mut chosen: Vec<Candidate> = Vec::new();
        let others: Vec<Option<String>> = all.iter().map(|candidate| self.notices(candidate, &all)).collect();
        for (candidate, other) in all.into_iter().zip(others) {
            let is_given = |file: &PathBuf| given.iter().any(|given| file.starts_with(given));
            if let Some(file) = candidate.files().iter().find(|file| !is_given(file)) {
                let file = self.facts.shower(self.cwd).relative(file);
                self.leave(&candidate, format!("its fix would change {file}, which was not given"));
            } else if let Some(other) = other {
                let why = format!("its fix is safe here, and would change what {other} reads too");
                self.leave(&candidate, why);
            } else if let Some(other) = chosen.iter().find(|other| other.edits.overlap(&candidate.edits)) {
                let why = format!("its fix would change what the fix of {} changes", other.check);
                self.leave(&candidate, why);
            } else {
                chosen.push(candidate);
            }
        }
        chosen
    }

    /// The main file of a subject that reads what a fix changes and for which nobody says that this is safe, where only
    /// safe fixes are wanted.
    fn notices(&self, candidate: &Candidate, all: &[Candidate]) -> Option<String> {
        if self.upto > Safety::Safe {
            return None;
        }
        let sources: Vec<SourceId> =
            candidate.files().iter().filter_map(|file| self.index.get(file).copied()).collect();
        let other = self.facts.subjects.iter().find(|subject| {
            let same = |other: &Candidate| other.subject == subject.location && other.edits == candidate.edits;
            let reads = subject.sources.iter().any(|read| sources.contains(read));
            reads && subject.location != candidate.subject && !all.iter().any(same)
        })?;
        Some(self.facts.shower(self.cwd).path(other.main.source))
    }

    /// Accepts as many as can be: all of them if that does no harm, and otherwise each half on its own.
    fn accept(&mut self, accepted: &mut Accepted, more: Vec<Candidate>, first: &Tally) {
        match self.harm(accepted, &more, first) {
            Ok((edits, now, tally)) => {
                accepted.all.extend(more);
                (accepted.edits, accepted.now, accepted.tally) = (edits, Some(now), tally);
            }
            Err(why) => match <[Candidate; 1]>::try_from(more) {
                Ok([candidate]) => self.leave(&candidate, why),
                Err(mut more) => {
                    let later = more.split_off(more.len() / 2);
                    self.accept(accepted, more, first);
                    self.accept(accepted, later, first);
                }
            },
        }
    }

    /// What comes of some more fixes, or the harm that they do.
    fn harm(
        &mut self,
        accepted: &Accepted,
        more: &[Candidate],
        first: &Tally,
    ) -> Result<(Edits, Facts, Tally), String> {
        self.left = self.left.checked_sub(1).ok_or("too many fixes were tried; run again")?;
        let mut edits = accepted.edits.clone();
        more.iter().for_each(|candidate| edits.add(&candidate.edits));
        let lost = || "the file could not be read again".to_owned();
        let mut changed = self.facts.changed.clone();
        for (path, bytes) in edits.applied(self.facts, &self.index).ok_or_else(lost)? {
            changed.insert(path, bytes);
        }
        let now = self.facts.with(changed).ok_or_else(lost)?;
        let tally = Tally::of(self.guards, &now);
        let all: Vec<&Candidate> = accepted.all.iter().chain(more).collect();
        let show = |path: &Path| self.facts.shower(self.cwd).relative(path);
        tally.harm((&accepted.tally, first), &all, more, &show)?;
        Ok((edits, now, tally))
    }
}
