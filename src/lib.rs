//! hardline reads the configuration of Redis and Valkey and says what is not hardened: where, why, how to fix it and
//! how to undo the fix.
//!
//! Platforms turn files into facts; checks, one TOML file each, say which facts must not be; the judge decides;
//! reports show the lines. Rust says what is, TOML says what ought.

pub mod audit;
pub mod caching;
pub mod check;
pub mod choose;
pub mod collect;
pub mod config;
pub mod date;
pub mod diff;
pub mod drift;
pub mod edit;
pub mod example;
pub mod expr;
pub mod fact;
pub mod files;
pub mod finding;
pub mod fix;
pub mod header;
pub mod inventory;
pub mod judge;
pub mod keyspace;
pub mod mask;
pub mod merge;
pub mod platform;
pub mod project;
pub mod repair;
pub mod report;
pub mod schema;
pub mod settle;
pub mod spell;
pub mod text;
pub mod truth;
pub mod waive;
pub mod waiver;

use std::collections::BTreeMap;
use std::io::Read;
use std::time::{Instant, SystemTime};

use check::Check;
use choose::{Choice, Chosen};
use date::Date;
use expr::Params;
use files::Changed;
use fix::Workshop;
use platform::Context;
use project::{Facts, Options, Project, Trouble};
use report::rule::Rule;
use report::{Clock, Judged, Report};
use waive::{Known, Setting};

/// Collects, reads, judges and reports.
///
/// # Errors
/// Every mistake in the arguments, the configuration and the user's own checks.
pub fn check(options: &Options, stdin: &mut dyn Read) -> Result<(Report, Facts), Trouble> {
    let began = (SystemTime::now(), Instant::now());
    let mut project = Project::find(options)?;
    let gathered = project.gather(options, stdin);
    let present = |platform: &str| gathered.as_ref().is_some_and(|gathered| gathered.claims.has(platform));
    let choice = project.checks(options, &present)?;
    let mut facts = project.read_gathered(options, gathered, &choice.wanted())?;
    let mut report = judged(&choice, &facts, options.fixes, (project.known(), options));
    report.clock = options.timed.then(|| Clock::since(began));
    facts.asked = choice.checks;
    Ok((report, facts))
}

/// Judges what was read by the checks that were chosen for it, and reports.
pub(crate) fn judged(choice: &Choice, facts: &Facts, fixes: bool, setting: (&[Known], &Options)) -> Report {
    let Choice { checks, broken, .. } = choice;
    let (judged, asked) = judge_subjects(checks, facts, fixes);
    let broken = broken.iter().map(|(check, error)| Judged::broken(check.clone(), error.clone()));
    let judged = broken.chain(judged).collect();
    report_on(checks, facts, judged, &asked, setting)
}

/// Puts what was judged together, waivers applied. `asked` says which of the checks were.
pub(crate) fn report_on(
    checks: &[Chosen],
    facts: &Facts,
    judged: Vec<Judged>,
    asked: &[bool],
    (known, options): (&[Known], &Options),
) -> Report {
    let asked = checks.iter().zip(asked).filter(|(_, asked)| **asked);
    let rules: Vec<Rule> = asked.map(|(chosen, _)| Rule::of(&chosen.check)).collect();
    let show = facts.shower(&options.cwd);
    let mut report = Report::new(&facts.subjects, judged, facts.notices.clone(), rules.len(), show);
    report.rules = rules;
    let all: Vec<(&Check, &Params)> = checks.iter().map(|chosen| (&chosen.check, &chosen.params)).collect();
    let setting = Setting {
        sources: &facts.sources,
        known,
        subjects: &facts.subjects,
        folder: &facts.stated.folder,
        cwd: &options.cwd,
        whole: facts.stated.whole,
        today: options.today.unwrap_or_else(Date::today),
    };
    settle::settle(&mut report, facts.stated.waivers.clone(), setting, &all, show);
    let about_waivers = checks.iter().filter(|chosen| chosen.check.rule.reads == platform::hardline::NAME);
    let said =
        about_waivers.filter(|chosen| report.findings.iter().any(|found| found.finding.check == chosen.check.id));
    report.rules.extend(said.map(|chosen| Rule::of(&chosen.check)).collect::<Vec<_>>());
    report.rules.sort_by(|a, b| a.id.cmp(&b.id));
    report
}

/// Judges all subjects by all checks that are about them, and says which checks that were. With `fixes`, the edits are
/// worked out.
pub(crate) fn judge_subjects(checks: &[Chosen], facts: &Facts, fixes: bool) -> (Vec<Judged>, Vec<bool>) {
    let mut judged: Vec<Judged> = Vec::new();
    let mut asked = vec![false; checks.len()];
    let files = Changed::new(&facts.files, facts.changed.clone());
    let mut by_kind: BTreeMap<&str, Vec<(&Check, &Params)>> = BTreeMap::new();
    for (chosen, asked) in checks.iter().zip(&mut asked) {
        let kind = chosen.check.rule.reads;
        *asked = facts.subjects.iter().any(|subject| subject.kind == kind);
        by_kind.entry(kind).or_default().push((&chosen.check, &chosen.params));
    }
    // Those that go through the same list beside each other.
    by_kind.values_mut().for_each(|its| its.sort_by(|(a, _), (b, _)| judge::list_of(a).cmp(judge::list_of(b))));
    for (number, subject) in facts.subjects.iter().enumerate() {
        let its = by_kind.get(subject.kind).map_or(&[][..], Vec::as_slice);
        let mut said = judge::judge_all(its, subject);
        if fixes {
            let today = Some(&*facts.today);
            let cache_rules = facts.cache_rules.as_ref();
            let context =
                Context { files: &files, versions: &facts.versions, wanted: &facts.wanted, today, cache_rules };
            let workshop = Workshop { context: &context, sources: &facts.sources };
            workshop.offer(its, subject, &mut said);
        }
        // Every subject stays until the report is made; what was only made to judge it need not.
        subject.facts.forget();
        judged.extend(its.iter().zip(said).map(|((check, _), said)| Judged::new(number, check.id.clone(), said)));
    }
    (judged, asked)
}
