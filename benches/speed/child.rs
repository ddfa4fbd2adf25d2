//! Runs the program and says what it took.

use std::fs::File;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use wait4::Wait4;

/// Where the last run's output is, in the folder it ran in. A name that no platform reads.
pub const OUTPUT: &str = ".output";

/// What one run took.
#[derive(Debug, Clone, Copy)]
pub struct Spent {
    /// From before it was started until it was gone.
    pub wall: Duration,
    /// In the program and in the kernel on its behalf.
    pub cpu: Duration,
    /// The most memory it had at once, in bytes. The kernel counts what its parent had at the start, too: this
    /// program therefore writes its files piece by piece and stays small.
    pub memory: u64,
}

impl Spent {
    /// What [`best`] goes by for short runs.
    pub fn wall(&self) -> Duration {
        self.wall
    }

    /// What [`best`] goes by for long ones.
    pub fn cpu(&self) -> Duration {
        self.cpu
    }
}

/// Runs the program in a folder. Its output is written to a file, as a shell would for `>`.
pub fn run(folder: &Path, arguments: &[&str]) -> io::Result<Spent> {
    let output = File::create(folder.join(OUTPUT))?;
    let mut command = Command::new(env!("CARGO_BIN_EXE_hardline"));
    command.args(arguments).current_dir(folder).stdin(Stdio::null()).stdout(output).stderr(Stdio::null());
    let watch = Instant::now();
    let used = command.spawn()?.wait4()?;
    let wall = watch.elapsed();
    // 1 says that there are findings.
    if !matches!(used.status.code(), Some(0 | 1)) {
        return Err(io::Error::other(format!("hardline {}: {}", arguments.join(" "), used.status)));
    }
    Ok(Spent { wall, cpu: used.rusage.utime + used.rusage.stime, memory: used.rusage.maxrss })
}

/// Runs several times; the fastest first.
pub fn times(count: usize, mut once: impl FnMut() -> io::Result<Spent>) -> io::Result<Vec<Spent>> {
    let mut all = (0..count).map(|_| once()).collect::<io::Result<Vec<Spent>>>()?;
    all.sort_by_key(Spent::wall);
    Ok(all)
}

/// The run of several that took the least.
pub fn best(count: usize, by: fn(&Spent) -> Duration, once: impl FnMut() -> io::Result<Spent>) -> io::Result<Spent> {
    let all = times(count, once)?;
    all.into_iter().min_by_key(by).ok_or_else(|| io::Error::other("no run at all"))
}
