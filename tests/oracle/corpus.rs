//! Configurations that other people wrote, each judged alone: nothing breaks, each is taken for what it is or there is
//! a notice, and what cannot be told has few causes, each with a place.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use hardline::project::{Facts, Options};
use hardline::report::Report;
use hardline::text::Where;

use super::shared::shared;

/// The kinds of files that belong to a platform there is.
const KINDS: [&str; 3] = ["redis-conf", "sentinel-conf", "acl"];

/// Fixtures of the project's own.
const OWN: [&str; 2] = ["examples", "tests/cli/shop"];

/// Endings of configuration files that people write for a server or for what makes its files.
const ENDINGS: [&str; 7] = ["conf", "acl", "j2", "tpl", "tmpl", "template", "erb"];

/// What came of the files.
#[derive(Default)]
struct Seen {
    files: usize,
    claimed: usize,
    findings: usize,
    /// How many distinct causes of unknown each file has.
    causes: Vec<usize>,
    wrong: Vec<String>,
}

impl Seen {
    fn look_at(&mut self, path: &Path) {
        self.files += 1;
        let options = Options {
            paths: vec![path.to_path_buf()],
            cwd: path.parent().unwrap().to_path_buf(),
            ..Options::default()
        };
        let (report, facts) = match hardline::check(&options, &mut std::io::empty()) {
            Ok(result) => result,
            Err(trouble) => return self.wrong.push(format!("{}: {:?}", path.display(), trouble.lines)),
        };
        self.claimed += usize::from(!report.subjects.is_empty());
        self.findings += report.findings.len();
        let mut say = |what: String| self.wrong.push(format!("{}: {what}", path.display()));
        let told = report.notices.iter().any(|notice| match &notice.at {
            Where::Run => false,
            Where::Path(at) => at == path,
            Where::Span(span) => facts.sources.get(span.source).place().path() == Some(path),
        });
        if report.subjects.is_empty() && !told {
            say("neither judged, nor is there a notice".to_owned());
        }
        report.broken.iter().for_each(|broken| say(format!("{} is broken: {}", broken.check, broken.error)));
        match causes(&report, &facts) {
            Ok(causes) => self.causes.push(causes.len()),
            Err(what) => say(what),
        }
    }

    fn median(&self) -> usize {
        let mut causes = self.causes.clone();
        causes.sort_unstable();
        causes.get(causes.len() / 2).copied().unwrap_or_default()
    }
}

/// The distinct causes of all that could not be told: why, and where.
fn causes(report: &Report, facts: &Facts) -> Result<BTreeSet<String>, String> {
    let mut causes = BTreeSet::new();
    for open in &report.unknown {
        let (cause, check) = (&open.cause, &open.check);
        let source = facts.sources.get(cause.at.source);
        if cause.at.start > cause.at.end || cause.at.end as usize > source.bytes().len() {
            return Err(format!("{check}: {:?} is no place in {:?}", cause.at, source.place()));
        }
        if cause.needs.is_empty() {
            return Err(format!("{check}: nobody says what would help"));
        }
        let place = source.position(cause.at.start);
        causes.insert(format!("{} {:?}:{}:{}", cause.why.as_str(), source.place(), place.line, place.column));
    }
    Ok(causes)
}

/// All files below a folder, in order.
fn below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open = vec![folder.canonicalize().unwrap()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { open.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
}

fn look_at(files: &[PathBuf]) -> Seen {
    let mut seen = Seen::default();
    files.iter().for_each(|file| seen.look_at(file));
    assert!(seen.wrong.is_empty(), "{}", seen.wrong.join("\n"));
    seen
}

#[test]
fn configurations_that_other_people_wrote_leave_little_unknown() {
    let files: Vec<PathBuf> =
        KINDS.iter().filter_map(|kind| shared(&format!("corpus/{kind}"))).flat_map(|folder| below(&folder)).collect();
    if files.is_empty() {
        println!("recorded: 0 compared (no ../shared)");
        return;
    }
    let seen = look_at(&files);
    let (median, most) = (seen.median(), seen.causes.iter().max().copied().unwrap_or_default());
    println!(
        "recorded: {} files, {} claimed, {} findings; causes of unknown: median {median}, at most {most}",
        seen.files, seen.claimed, seen.findings
    );
    assert!(median <= 1, "{:?}", seen.causes);
}

#[test]
fn fixtures_of_our_own_leave_little_unknown() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let all = OWN.iter().flat_map(|folder| below(&here.join(folder)));
    let config = |path: &PathBuf| {
        path.extension().and_then(|ending| ending.to_str()).is_some_and(|ending| ENDINGS.contains(&ending))
    };
    let files: Vec<PathBuf> = all.filter(config).collect();
    assert!(files.len() >= 10, "{files:?}");
    let seen = look_at(&files);
    assert!(seen.median() <= 1, "{:?}", seen.causes);
}
