//! `hardline schema`.

use std::io::Write;

use clap::{Args, ValueEnum};

use super::{Failure, Screen};

#[derive(Args)]
pub(super) struct Arguments {
    /// What is to be described
    what: What,
}

#[derive(Clone, Copy, ValueEnum)]
enum What {
    /// What `check --format json` writes
    Report,
}

pub(super) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<u8, Failure> {
    match arguments.what {
        What::Report => screen.out.write_all(hardline::report::json::SCHEMA.as_bytes())?,
    }
    Ok(0)
}
