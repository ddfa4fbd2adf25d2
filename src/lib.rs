//! hardline reads the configuration of Redis and Valkey and says what is not hardened: where, why, how to fix it and
//! how to undo the fix.
//!
//! Platforms turn files into facts; checks, one TOML file each, say which facts must not be; the judge decides;
//! reports show the lines. Rust says what is, TOML says what ought.

pub mod check;
pub mod choose;
pub mod collect;
pub mod config;
pub mod edit;
pub mod example;
pub mod expr;
pub mod fact;
pub mod files;
pub mod finding;
pub mod fix;
pub mod judge;
pub mod mask;
pub mod platform;
pub mod project;
pub mod report;
pub mod schema;
pub mod spell;
pub mod text;
pub mod truth;

use std::io::Read;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use check::Check;
use expr::Params;
use fix::Workshop;
use platform::Context;
use project::{Facts, Options, Project, Trouble};
use report::{Clock, Judged, Report};

/// Collects, reads, judges and reports.
///
/// # Errors
/// Every mistake in the arguments, the configuration and the user's own checks.
pub fn check(options: &Options, stdin: &mut dyn Read) -> Result<(Report, Facts), Trouble> {
    let (started, watch) = (SystemTime::now(), Instant::now());
    let mut project = Project::find(options)?;
    let (checks, broken) = project.checks(options)?;
    let facts = project.read(options, stdin)?;
    let mut judged: Vec<Judged> = broken.into_iter().map(|(check, error)| Judged::broken(check, error)).collect();
    let mut asked = vec![false; checks.len()];
    for (number, subject) in facts.subjects.iter().enumerate() {
        let mut its: Vec<(&Check, &Params)> = Vec::new();
        for (chosen, asked) in
            checks.iter().zip(&mut asked).filter(|(chosen, _)| chosen.check.rule.reads == subject.kind)
        {
            its.push((&chosen.check, &chosen.params));
            *asked = true;
        }
        let mut verdicts = judge::judge_all(&its, subject);
        if options.fixes {
            let context = Context { files: &facts.files, versions: &facts.versions, today: facts.today.as_deref() };
            let workshop = Workshop { context: &context, sources: &facts.sources };
            workshop.offer(&its, subject, &mut verdicts);
        }
        judged.extend(its.iter().zip(verdicts).map(|((check, _), verdicts)| {
            let verdicts = verdicts.into_iter().map(|judged| judged.verdict).collect();
            Judged { subject: number, check: check.id.clone(), verdicts }
        }));
    }
    let asked = asked.into_iter().filter(|asked| *asked).count();
    let mut report = Report::new(&facts.subjects, judged, facts.notices.clone(), asked, facts.shower(&options.cwd));
    report.clock = options.timed.then(|| Clock {
        started: started.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
        took: watch.elapsed(),
    });
    Ok((report, facts))
}
