//! Every example of every check that comes with hardline, as a test of its own name, and for each check whether the
//! file is in order and its prepared form says the same.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use hardline::check::{Check, embedded};
use hardline::example;
use hardline::platform::PLATFORMS;
use hardline::schema::Root;
use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let roots: Vec<&'static Root> = PLATFORMS.iter().map(|platform| platform.schema()).collect();
    if roots.is_empty() {
        println!("examples: 0 of {} checks run, there is no platform yet", embedded::all().len());
    }
    let trials = embedded::all().iter().filter(|_| !roots.is_empty()).flat_map(|entry| trials(entry, &roots)).collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Every check, to see that no fix brings another finding.
fn all() -> &'static [Check] {
    static ALL: OnceLock<Vec<Check>> = OnceLock::new();
    ALL.get_or_init(|| {
        let roots: Vec<&'static Root> = PLATFORMS.iter().map(|platform| platform.schema()).collect();
        embedded::all().iter().filter_map(|entry| entry.check(&roots).ok()).collect()
    })
}

fn trials(entry: &'static embedded::Embedded, roots: &[&'static Root]) -> Vec<Trial> {
    let name = format!("{}::the file is in order", entry.id);
    let loaded = match entry.load(roots) {
        Ok(loaded) => Arc::new(loaded),
        Err(problems) => {
            let lines: Vec<String> = problems
                .iter()
                .map(|problem| {
                    let line = entry.text[..problem.span.start.min(entry.text.len())].matches('\n').count() + 1;
                    format!("checks/{}.toml:{line}: {}", entry.id, problem.message)
                })
                .collect();
            return vec![Trial::test(name, move || Err(Failed::from(lines.join("\n"))))];
        }
    };
    // Before any example runs: a field remembers where it was found last.
    let (prepared, full) = (entry.check(roots), format!("{:?}", loaded.check));
    let mut trials = vec![Trial::test(name, move || {
        let prepared = prepared.map_err(Failed::from)?;
        if format!("{prepared:?}") == full {
            Ok(())
        } else {
            Err(Failed::from("the prepared form says something else than the file"))
        }
    })];
    for index in 0..loaded.examples.len() {
        let loaded = loaded.clone();
        let name = example::test_name(entry.id, &loaded.examples[index]);
        trials.push(Trial::test(name, move || {
            example::run(&loaded.check, &loaded.examples[index], all()).map(|_| ()).map_err(Failed::from)
        }));
    }
    if !loaded.check.edits().is_empty() {
        trials.push(Trial::test(format!("{}::a program can make the fix", entry.id), move || {
            let fixed = |example| example::run(&loaded.check, example, all()).unwrap_or_default();
            if loaded.examples.iter().any(|example| fixed(example) > 0) {
                Ok(())
            } else {
                Err(Failed::from("no example is one whose fix is offered"))
            }
        }));
    }
    trials
}
