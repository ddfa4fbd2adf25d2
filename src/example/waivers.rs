//! Examples of checks on waivers: all other checks judge first, then the waivers are held against what they said.

use std::path::{Path, PathBuf};

use crate::check::{Check, Example};
use crate::config;
use crate::date::Date;
use crate::expr::Params;
use crate::fact::Subject;
use crate::judge;
use crate::mask::Mask;
use crate::platform::Reading;
use crate::platform::hardline::{NAME, comment};
use crate::report::{Judged, Report, Shower};
use crate::settle::settle;
use crate::text::Place;
use crate::waive::{Known, Setting};

/// Which day it is in examples, in seconds since 1970: 30 June 2026, so that what they show never changes.
const TODAY: u64 = 1_782_777_600;

/// The waivers of an example as subjects.
///
/// # Errors
/// What is wrong with its `hardline.toml`.
pub(super) fn subjects(
    example: &Example,
    others: &[Subject],
    reading: &mut Reading,
    checks: &[Check],
) -> Result<Vec<Subject>, String> {
    let mut written = Vec::new();
    if let Some(text) = example.files.get(config::FILE) {
        let id = reading.sources.add(Place::File(PathBuf::from(config::FILE)), text.as_bytes().to_vec());
        let (config, problems) = config::parse(reading.sources.get(id));
        if let Some(problem) = problems.first() {
            return Err(format!("{}: {}", config::FILE, problem.text));
        }
        written = config.waivers;
    }
    written.extend(comment::collect(others, &reading.sources));
    let all: Vec<(&Check, &Params)> = checks.iter().map(|check| (check, &check.params)).collect();
    let mut judged = Vec::new();
    for (number, subject) in others.iter().enumerate() {
        let its: Vec<_> = all.iter().copied().filter(|(check, _)| check.rule.reads == subject.kind).collect();
        let said = its.iter().zip(judge::judge_all(&its, subject));
        judged.extend(said.map(|((check, _), said)| Judged::new(number, check.id.clone(), said)));
    }
    let known = |check: &Check| Known { id: check.id.clone(), formerly: check.formerly.clone(), runs: true };
    let mask = Mask::default();
    let show = Shower { sources: &reading.sources, mask: &mask, cwd: Path::new("") };
    let setting = Setting {
        sources: &reading.sources,
        known: &checks.iter().map(known).collect::<Vec<_>>(),
        subjects: others,
        folder: Path::new(""),
        cwd: Path::new(""),
        whole: true,
        today: Date::of_seconds(TODAY),
    };
    let mut report = Report::new(others, judged, Vec::new(), checks.len(), show);
    settle(&mut report, written, setting, &all, show);
    Ok(report.subjects.into_iter().filter(|subject| subject.kind == NAME).collect())
}
