//! `hardline check`.

use std::io::{self, Write};

use clap::{Args, ValueEnum};
use hardline::finding::Safety;
use hardline::mask::one_line;
use hardline::project::Options;
use hardline::repair::Repair;

use super::output::{Format, Reporting};
use super::{Color, Failure, Input, Screen, Selection, USAGE, say};

#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    reporting: Reporting,
    #[command(flatten)]
    selection: Selection,
    /// Fails with 3 when something could not be decided or looked at
    #[arg(long)]
    strict: bool,
    /// Makes the fixes that no client can notice; `unsafe`: also those that may refuse traffic or change behaviour
    #[arg(long, value_name = "SAFETY", num_args = 0..=1, require_equals = true, default_missing_value = "safe")]
    fix: Option<Fixes>,
    /// With --fix: only shows what would be changed
    #[arg(long, requires = "fix")]
    diff: bool,
}

/// How careful `--fix` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Fixes {
    /// Only what no client that works today can notice
    Safe,
    /// Also what may refuse traffic or change behaviour
    Unsafe,
}

pub(super) fn run(arguments: Arguments, color: Color, screen: &mut Screen) -> Result<u8, Failure> {
    let mut options = arguments.selection.over(arguments.input.clone().options()?);
    // Builds that are to be the same byte by byte set it: https://reproducible-builds.org/specs/source-date-epoch/
    options.timed = std::env::var_os("SOURCE_DATE_EPOCH").is_none();
    options.fixes = arguments.reporting.shows_fixes(screen);
    match arguments.fix {
        Some(fixes) => fix(&arguments, color, fixes, &options, screen),
        None => {
            let (report, facts) = hardline::check(&options, &mut io::stdin().lock())?;
            let strict = arguments.strict;
            let code = arguments.reporting.write((&report, &facts), strict, &options.cwd, color, screen);
            // The process ends here. Taking a hundred thousand facts apart one by one would take longer than making some.
            std::mem::forget((report, facts));
            code
        }
    }
}

/// `--fix`: shows what would be changed, and changes it unless it is only to be shown.
fn fix(
    arguments: &Arguments,
    color: Color,
    fixes: Fixes,
    options: &Options,
    screen: &mut Screen,
) -> Result<u8, Failure> {
    let upto = if fixes == Fixes::Safe { Safety::Safe } else { Safety::Unsafe };
    let mut repair = Repair::find(options, upto, &mut io::stdin().lock())?;
    let (reporting, strict, cwd) = (&arguments.reporting, arguments.strict, &options.cwd);
    let diff = repair.diff();
    if reporting.format(screen) == Format::Json {
        io::stderr().lock().write_all(diff.as_bytes())?;
    } else {
        screen.out.write_all(diff.as_bytes())?;
        // Before anything is written.
        screen.out.flush()?;
    }
    for left in repair.left() {
        say("left", one_line(&format!("{}: {}: {}", left.place, left.check, left.why)));
    }
    if arguments.diff {
        return reporting.write((&repair.report_before(), repair.facts()), strict, cwd, color, screen);
    }
    let failed = repair.write();
    for file in &failed {
        say("error", format_args!("{}: not written: {}", file.path, file.why));
    }
    let code = reporting.write((&repair.report(), repair.facts_after()), strict, cwd, color, screen)?;
    Ok(if failed.is_empty() { code } else { USAGE })
}
