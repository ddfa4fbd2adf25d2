//! `hardline acl can --batch`: questions as JSON lines, each with its answer.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

use hardline::platform::redis::acl::Evaluator;
use hardline::platform::redis::acl::answer::{Answered, answer};
use hardline::project::Trouble;
use hardline::text::{DEFAULT_LIMIT, Unreadable};

use super::super::{Failure, Screen, USAGE};
use super::json_line;

/// How much of a line that is too long is passed over before its end is given up: that of `/dev/zero` never comes.
const PATIENCE: u64 = 8 * DEFAULT_LIMIT;

type Input = BufReader<Box<dyn Read>>;

pub(super) fn run(path: &Path, evaluator: &Evaluator, screen: &mut Screen) -> Result<u8, Failure> {
    let failed = |error: io::Error| Trouble::line(format!("{}: {error}", path.display()));
    let mut input = open(path)?;
    let mut code = 0;
    let mut line = Vec::new();
    for number in 1.. {
        // Whoever asks one question at a time waits for its answer before the next.
        if input.buffer().is_empty() {
            screen.out.flush()?;
        }
        line.clear();
        if input.by_ref().take(DEFAULT_LIMIT + 1).read_until(b'\n', &mut line).map_err(failed)? == 0 {
            break;
        }
        let answered = match line.strip_suffix(b"\n") {
            Some(question) => answer(evaluator, question),
            None if line.len() as u64 <= DEFAULT_LIMIT => answer(evaluator, &line),
            None => {
                if !ends(&mut input).map_err(failed)? {
                    return Err(Trouble::line(format!("{}:{number}: a line without an end", path.display())).into());
                }
                Answered::Input { input_error: Unreadable::TooLarge(DEFAULT_LIMIT).to_string() }
            }
        };
        if answered.is_input_error() {
            code = USAGE;
        }
        json_line(&answered, screen)?;
    }
    Ok(code)
}

fn open(path: &Path) -> Result<Input, Trouble> {
    if path.as_os_str() == "-" {
        return Ok(BufReader::new(Box::new(io::stdin().lock())));
    }
    let failed = |why: Unreadable| Trouble::line(format!("{}: {why}", path.display()));
    if fs::metadata(path).map_err(|error| failed(error.into()))?.is_dir() {
        return Err(failed(Unreadable::NotAFile("a folder")));
    }
    // Not only regular files: a shell's `<(…)` is a pipe.
    let file = File::open(path).map_err(|error| failed(error.into()))?;
    Ok(BufReader::new(Box::new(file)))
}

/// Passes over the rest of a line; whether it ends at all.
fn ends(input: &mut Input) -> io::Result<bool> {
    let mut passed = 0;
    while passed < PATIENCE {
        let buffer = input.fill_buf()?;
        let (length, end) = (buffer.len(), buffer.iter().position(|byte| *byte == b'\n'));
        input.consume(end.map_or(length, |end| end + 1));
        if end.is_some() || length == 0 {
            return Ok(true);
        }
        passed += length as u64;
    }
    Ok(false)
}
