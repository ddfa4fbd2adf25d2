//! `hardline merge`.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use hardline::merge::merge;
use hardline::project::Trouble;
use serde_json::Value;

use super::{Failure, Screen};

#[derive(Args)]
pub(super) struct Arguments {
    /// JSON reports, such as those of the shards of an audit
    #[arg(value_name = "REPORT", required = true)]
    reports: Vec<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<u8, Failure> {
    let (mut reports, mut lines) = (Vec::new(), Vec::new());
    for path in &arguments.reports {
        let read = fs::read(path).map_err(|error| error.to_string());
        match read.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).map_err(|error| error.to_string())) {
            Ok(report) => reports.push(report),
            Err(why) => lines.push(format!("{}: {why}", path.display())),
        }
    }
    if !lines.is_empty() {
        return Err(Trouble { lines, ..Trouble::default() }.into());
    }
    let whole = merge(&reports).map_err(|(number, why)| {
        let path = arguments.reports.get(number).map(|path| path.display().to_string()).unwrap_or_default();
        Trouble::line(format!("{path}: {why}"))
    })?;
    serde_json::to_writer_pretty(&mut screen.out, &whole).map_err(std::io::Error::from)?;
    writeln!(screen.out)?;
    Ok(0)
}
