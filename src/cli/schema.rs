//! `hardline schema`.

use std::io::{self, Write};

use clap::{Args, ValueEnum};
use hardline::expr::FUNCTIONS;
use hardline::project::roots;
use hardline::schema::{Field, Type};

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
    /// What `drift --format json` writes
    Drift,
    /// What checks can read: every fact with its type and meaning, and the functions of the language of checks
    Facts,
}

pub(super) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<u8, Failure> {
    match arguments.what {
        What::Report => screen.out.write_all(hardline::report::json::SCHEMA.as_bytes())?,
        What::Drift => screen.out.write_all(hardline::drift::show::json::SCHEMA.as_bytes())?,
        What::Facts => facts(&mut screen.out)?,
    }
    Ok(0)
}

/// One line for each fact and each function: tab-separated, for `grep`.
fn facts(out: &mut impl Write) -> io::Result<()> {
    for root in roots() {
        below(root.name, root.fields, out)?;
    }
    FUNCTIONS.iter().try_for_each(|(call, doc)| writeln!(out, "{call}\ta function\t{doc}"))
}

fn below(path: &str, parts: &[&[Field]], out: &mut impl Write) -> io::Result<()> {
    for field in parts.iter().flat_map(|part| part.iter()) {
        let path = format!("{path}.{}", field.name);
        writeln!(out, "{path}\t{}\t{}", field.ty.describe(), field.doc)?;
        let (mut inner, mut path) = (field.ty, path);
        while let Type::List(item) = inner {
            (inner, path) = (*item, path + "[]");
        }
        if let Type::Record(parts) = inner {
            below(&path, parts, out)?;
        }
    }
    Ok(())
}
