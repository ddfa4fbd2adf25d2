//! How fast hardline is, measured on the release binary as users run it: `cargo bench`.
//!
//! A table, and no assertion: how long something takes depends on the machine and on what else it does. What a
//! busy machine disturbs least decides each row: the best of several runs, and CPU time where a single run is long.
#![allow(clippy::print_stdout, reason = "the table is the output")]
#![allow(clippy::print_stderr, reason = "a measurement that failed is told apart from the table")]

mod batch;
mod child;
mod files;

use std::io;
use std::path::Path;
use std::time::Duration;

use child::{Spent, best, run, times};

const MIB: f64 = 1024.0 * 1024.0;

/// One line of the table.
struct Row {
    what: String,
    figure: String,
    goal: String,
    met: bool,
}

impl Row {
    /// A figure that must not be larger than its goal.
    fn at_most(what: impl Into<String>, value: f64, goal: f64, unit: &str) -> Row {
        let (figure, bound) = (format!("{} {unit}", short(value)), format!("at most {goal} {unit}"));
        Row { what: what.into(), figure, goal: bound, met: value <= goal }
    }
}

/// Three digits that count.
fn short(value: f64) -> String {
    match value {
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / MIB
}

fn main() {
    match measure() {
        Ok(rows) => print(&rows),
        Err(error) => eprintln!("could not be measured: {error}"),
    }
}

fn measure() -> io::Result<Vec<Row>> {
    let scratch = tempfile::tempdir()?;
    let mut rows = Vec::new();
    start_up(scratch.path(), &mut rows)?;
    one_file(scratch.path(), &mut rows)?;
    many_files(scratch.path(), &mut rows)?;
    decisions(scratch.path(), &mut rows)?;
    users(scratch.path(), &mut rows)?;
    Ok(rows)
}

fn start_up(scratch: &Path, rows: &mut Vec<Row>) -> io::Result<()> {
    let folder = scratch.join("empty");
    std::fs::create_dir(&folder)?;
    for (what, arguments) in [("`--version`", "--version"), ("`check` of an empty folder", "check")] {
        let all = times(30, || run(&folder, &[arguments]))?;
        rows.push(Row::at_most(format!("{what}, best of 30"), ms(all[0].wall), 3.0, "ms"));
    }
    Ok(())
}

fn one_file(scratch: &Path, rows: &mut Vec<Row>) -> io::Result<()> {
    let folder = scratch.join("one");
    files::configurations(&folder, 1)?;
    let all = times(30, || run(&folder, &["check", "host-0/redis-0.conf"]))?;
    let memory = all.iter().map(|spent| spent.memory).max().unwrap_or_default();
    rows.push(Row::at_most("`check` of a 100-line redis.conf, best of 30", ms(all[0].wall), 10.0, "ms"));
    rows.push(Row::at_most("… median of 30", ms(all[all.len() / 2].wall), 10.0, "ms"));
    rows.push(Row::at_most("… peak memory", mib(memory), 25.0, "MiB"));
    Ok(())
}

/// The CPU time of each file, without what the program needs to start.
fn many_files(scratch: &Path, rows: &mut Vec<Row>) -> io::Result<()> {
    let nothing = best(10, Spent::cpu, || run(&scratch.join("empty"), &["check"]))?.cpu;
    let mut before: Option<f64> = None;
    for (count, runs) in [(100, 10), (1_000, 5), (10_000, 3)] {
        let folder = scratch.join(format!("many-{count}"));
        files::configurations(&folder, count)?;
        let cpu = best(runs, Spent::cpu, || run(&folder, &["check"]))?.cpu;
        std::fs::remove_dir_all(&folder)?;
        let all = ms(cpu.saturating_sub(nothing));
        let what = format!("CPU per 100-line redis.conf, of {count}");
        rows.push(Row::at_most(what, all / count as f64, 0.5, "ms"));
        if let Some(before) = before {
            let what = format!("… {count} files take, of what {} take", count / 10);
            rows.push(Row::at_most(what, all / before, 10.5, "times"));
        }
        before = Some(all);
    }
    Ok(())
}

fn decisions(scratch: &Path, rows: &mut Vec<Row>) -> io::Result<()> {
    const COUNT: usize = 400_000;
    const GOAL: f64 = 200_000.0;
    let file = scratch.join("questions.jsonl");
    batch::write(&file, COUNT)?;
    let spent = best(5, Spent::cpu, || run(scratch, &["acl", "can", "--batch", "questions.jsonl"]))?;
    let rate = COUNT as f64 / spent.cpu.as_secs_f64();
    rows.push(Row {
        what: format!("`acl can --batch`, {COUNT} questions"),
        figure: format!("{:.0} a second", rate),
        goal: format!("at least {GOAL:.0} a second"),
        met: rate >= GOAL,
    });
    let answers = batch::tally(&scratch.join(child::OUTPUT))?;
    rows.push(Row { what: format!("… {answers}"), figure: String::new(), goal: String::new(), met: true });
    Ok(())
}

fn users(scratch: &Path, rows: &mut Vec<Row>) -> io::Result<()> {
    const COUNT: usize = 100_000;
    let folder = scratch.join("users");
    let size = files::users(&folder, COUNT)?;
    let spent = best(3, Spent::wall, || run(&folder, &["check"]))?;
    let what = format!("`check` of {COUNT} users in {:.2} MiB", mib(size));
    rows.push(Row::at_most(what, spent.wall.as_secs_f64(), 5.0, "s"));
    rows.push(Row::at_most("… peak memory", mib(spent.memory), 512.0, "MiB"));
    Ok(())
}

fn print(rows: &[Row]) {
    println!("\n| what | figure | goal | met |\n|---|---|---|---|");
    for Row { what, figure, goal, met } in rows {
        let met = match (goal.is_empty(), met) {
            (true, _) => "",
            (false, true) => "yes",
            (false, false) => "**no**",
        };
        println!("| {what} | {figure} | {goal} | {met} |");
    }
    if let Ok(load) = std::fs::read_to_string("/proc/loadavg") {
        println!("\nload of this machine at the end: {}", load.trim());
    }
}
