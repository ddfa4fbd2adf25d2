//! Waivers against what checks said: which finding or unknown somebody answers for, and which waivers are good for
//! nothing. A waiver waives only what it names, only while it holds, and only with an owner and a reason.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use globset::{GlobBuilder, GlobMatcher};

use crate::date::Date;
use crate::fact::Subject;
use crate::files::normal;
use crate::finding::{CheckId, Waiver};
use crate::platform::hardline::{self, State};
use crate::spell::nearest;
use crate::text::{Level, Notice, SourceId, Sources, Span, Where};
use crate::waiver::{Form, Written};

/// Something that a waiver may be about: a finding, or a check that could not decide.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The check.
    pub check: &'a CheckId,
    /// What it is about.
    pub subject: &'a Subject,
    /// Its primary place.
    pub at: Span,
    /// The fingerprint of a finding; empty for an unknown.
    pub fingerprint: &'a str,
}

/// A check that there is, whether it runs or not.
#[derive(Debug, Clone)]
pub struct Known {
    /// Its id.
    pub id: CheckId,
    /// Ids that it had before.
    pub formerly: Vec<String>,
    /// Whether it runs.
    pub runs: bool,
}

/// What waivers are held against.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// All sources of the run.
    pub sources: &'a Sources,
    /// Every check that there is.
    pub known: &'a [Known],
    /// What they judged.
    pub subjects: &'a [Subject],
    /// The folder of `hardline.toml`: what globs count from.
    pub folder: &'a Path,
    /// The working folder.
    pub cwd: &'a Path,
    /// Whether everything below that folder was looked at.
    pub whole: bool,
    /// Which day it is.
    pub today: Date,
}

/// The waivers of a run, and what became of them.
#[derive(Debug)]
pub struct Waivers<'a> {
    setting: Setting<'a>,
    all: Vec<One>,
}

#[derive(Debug)]
struct One {
    written: Written,
    state: State,
    glob: Option<GlobMatcher>,
}

impl<'a> Waivers<'a> {
    /// Waivers, before anything is held against them.
    pub fn new(written: Vec<Written>, setting: Setting<'a>) -> Waivers<'a> {
        let mut waivers = Waivers { setting, all: Vec::new() };
        for mut written in written {
            let glob = glob(&mut written);
            let state = waivers.state(&written, glob.as_ref());
            waivers.all.push(One { written, state, glob });
        }
        waivers
    }

    /// The waiver for a case, if there is one. All that are about it count as used: none is to blame for another.
    pub fn waive(&mut self, case: &Case<'_>) -> Option<Waiver> {
        let setting = self.setting;
        let mut found = None;
        for one in self.all.iter_mut().filter(|one| one.holds() && one.is_about(case, &setting)) {
            one.state.waives += 1;
            found = found.or_else(|| one.shown());
        }
        found
    }

    /// Their facts, a subject for each file.
    pub fn subjects(&self) -> Vec<Subject> {
        let all: Vec<_> = self.all.iter().map(|one| (&one.written, Some(&one.state))).collect();
        hardline::subjects(&all, self.setting.sources)
    }

    /// That a former id still works.
    pub fn notices(&self) -> Vec<Notice> {
        let former = self.all.iter().filter_map(|one| {
            let (said, now) = (one.written.check.as_ref()?, one.state.check.as_ref()?);
            let message = format!("{} is now called {now}; the waiver works all the same", said.it);
            (said.it != **now).then_some(Notice { level: Level::Info, at: Where::Span(said.at), message })
        });
        former.collect()
    }

    fn state(&self, written: &Written, glob: Option<&GlobMatcher>) -> State {
        let setting = &self.setting;
        let said = written.check.as_ref().map_or("", |said| said.it.as_str());
        let check = setting
            .known
            .iter()
            .find(|known| known.id.as_str() == said || known.formerly.iter().any(|former| former == said));
        let runs = check.is_some_and(|known| known.runs);
        let check: Option<Arc<str>> = check.map(|known| known.id.0.clone());
        let near = match &check {
            None => nearest(said, setting.known.iter().map(|known| known.id.as_str())).unwrap_or_default(),
            Some(_) => "",
        };
        State {
            nearest: near.to_owned(),
            days_left: written.until.as_ref().map_or(0, |until| setting.today.days_until(until.it)),
            asked: runs && (written.form != Form::File || setting.whole || self.is_in_reach(written, glob)),
            waives: 0,
            broad: written.place.as_ref().is_some_and(|place| is_broad(&place.it)),
            check,
        }
    }

    /// Whether something was looked at that a `[[waiver]]` may be about.
    fn is_in_reach(&self, written: &Written, glob: Option<&GlobMatcher>) -> bool {
        let setting = &self.setting;
        let Some(place) = &written.place else { return false };
        let of_glob =
            |source: &SourceId| glob.is_some_and(|glob| setting.path(*source).is_some_and(|it| glob.is_match(it)));
        setting.subjects.iter().any(|subject| subject.name == place.it || subject.sources.iter().any(of_glob))
    }
}

impl Setting<'_> {
    /// The path of a source as globs see it: from the folder of `hardline.toml`, and as it is where it lies elsewhere.
    fn path(&self, source: SourceId) -> Option<PathBuf> {
        let path = normal(&self.cwd.join(self.sources.get(source).place().path()?));
        let inner = path.strip_prefix(normal(self.folder)).ok().map(Path::to_path_buf);
        Some(inner.unwrap_or(path))
    }
}

impl One {
    /// Whether it is good, and still holds.
    fn holds(&self) -> bool {
        self.written.problem.is_none() && self.written.is_accountable() && self.state.days_left >= 0
    }

    fn is_about(&self, case: &Case<'_>, setting: &Setting<'_>) -> bool {
        if self.state.check.as_ref() != Some(&case.check.0) {
            return false;
        }
        match (self.written.form, &self.written.place) {
            (Form::File, Some(place)) => {
                let path = || setting.path(case.at.source);
                place.it == case.subject.name
                    || place.it == case.fingerprint
                    || self.glob.as_ref().is_some_and(|glob| path().is_some_and(|path| glob.is_match(path)))
            }
            (Form::File, None) => false,
            // What is missing has an empty place, somewhere below: the head of the file is where one looks for it.
            (Form::Inline { head, .. }, _) if case.at.start == case.at.end => {
                head && self.written.at.source == case.subject.main.source
            }
            (Form::Inline { below, .. }, _) => {
                let line = setting.sources.get(case.at.source).position(case.at.start).line;
                self.written.at.source == case.at.source && below == Some(line)
            }
        }
    }

    fn shown(&self) -> Option<Waiver> {
        Some(Waiver {
            owner: self.written.owner.as_ref()?.it.clone(),
            reason: self.written.reason.as_ref()?.it.clone(),
            until: self.written.until.as_ref()?.it,
            place: self.written.place.as_ref().map(|place| place.it.clone()),
            at: self.written.at,
        })
    }
}

/// What `where` matches as a path; one that is no glob is a mistake.
fn glob(written: &mut Written) -> Option<GlobMatcher> {
    let place = written.place.clone()?;
    let pattern = place.it.strip_prefix("./").unwrap_or(&place.it);
    match GlobBuilder::new(pattern).literal_separator(true).build() {
        Ok(glob) => Some(glob.compile_matcher()),
        Err(error) => {
            written.wrong(place.at, format!("no glob: {}", error.kind()));
            None
        }
    }
}

/// Whether a glob names no folder and no file: `**`, `*`, `**/*.conf`.
fn is_broad(place: &str) -> bool {
    let only = |part: &str| part == "." || part.starts_with("*.") || part.chars().all(|it| matches!(it, '*' | '?'));
    !place.is_empty() && place.split('/').all(only)
}

/// Whether a text can be `where` of a waiver.
///
/// # Errors
/// Why it can match no path.
pub fn check_place(place: &str) -> Result<(), String> {
    GlobBuilder::new(place).literal_separator(true).build().map(drop).map_err(|error| error.to_string())
}
