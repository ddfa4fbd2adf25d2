//! `hardline effective`.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::net::IpAddr;
use std::path::PathBuf;

use clap::Args;
use hardline::files::{Disk, Files, Location};
use hardline::platform::redis::accounts::AclRules;
use hardline::platform::redis::arguments;
use hardline::platform::redis::claim;
use hardline::platform::redis::door::Host;
use hardline::platform::redis::effective::{Question, evaluate};
use hardline::platform::redis::version::Version;
use hardline::project::Trouble;
use hardline::text::DEFAULT_LIMIT;
use serde::Serialize;

use super::{Failure, Screen, say};

mod nginx;

/// The server does not start.
const REFUSED: u8 = 1;
/// Whether it starts cannot be told.
const UNDECIDED: u8 = 3;

#[derive(Args)]
pub(super) struct Arguments {
    /// The configuration file; the server is taken to be started in its folder
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The version of the server, such as redis:7.4.1 or valkey:8.1.1 [default: the newest Redis there is a table for]
    #[arg(long, value_name = "VERSION")]
    server_version: Option<String>,
    /// The addresses that the server's host has; without it every address in `bind` counts as one
    #[arg(long, value_name = "ADDR", num_args = 1.., value_delimiter = ',')]
    host_address: Vec<IpAddr>,
    /// What the file is taken for
    #[arg(long, value_name = "NAME", value_parser = ["redis", "sentinel", "nginx"])]
    platform: Option<String>,
    #[command(flatten)]
    request: nginx::Asked,
    /// Arguments of the server after the file, such as `--port 7000`; a last `-` reads standard input
    #[arg(last = true, value_name = "ARG")]
    arguments: Vec<OsString>,
}

pub(super) fn run(asked: &Arguments, screen: &mut Screen) -> Result<u8, Failure> {
    if nginx::is_meant(asked.platform.as_deref(), &asked.request, &asked.file) {
        return nginx::run(&asked.file, asked.server_version.as_deref(), &asked.request, screen);
    }
    let version = version(asked.server_version.as_deref())?;
    let given: Vec<Vec<u8>> = asked.arguments.iter().map(bytes_of).collect();
    let mut stdin = Vec::new();
    if arguments::arguments(version, &given).stdin {
        io::stdin().lock().take(DEFAULT_LIMIT).read_to_end(&mut stdin)?;
    }
    let main = Location::Here(std::path::absolute(&asked.file)?);
    let files = Disk::whole(DEFAULT_LIMIT);
    let sentinel = match asked.platform.as_deref() {
        Some(platform) => platform == "sentinel",
        // A file that cannot be read is refused whatever it is.
        None => files.read(&main).is_ok_and(|bytes| claim::starts_sentinel(main.path(), &bytes)),
    };
    let addresses = (!asked.host_address.is_empty()).then(|| asked.host_address.clone());
    let question = Question {
        version,
        sentinel,
        main,
        arguments: &given,
        stdin: &stdin,
        host: Host { addresses, ..Host::default() },
        umask: umask(),
    };
    let answer = evaluate(&question, &files, &AclRules, &std::env::current_dir()?);
    print(&answer, answer.accepted, screen)
}

/// Prints an answer; the exit code says whether the server starts.
fn print(answer: &impl Serialize, accepted: Option<bool>, screen: &mut Screen) -> Result<u8, Failure> {
    serde_json::to_writer_pretty(&mut screen.out, answer).map_err(io::Error::from)?;
    writeln!(screen.out)?;
    Ok(match accepted {
        Some(true) => 0,
        Some(false) => REFUSED,
        None => UNDECIDED,
    })
}

fn version(declared: Option<&str>) -> Result<&'static Version, Failure> {
    let Some(declared) = declared else { return Ok(Version::newest()) };
    let (version, other_patch) = Version::find(declared).map_err(Trouble::line)?;
    if other_patch {
        say("notice", format!("there is no table for {declared}; {version} is taken instead"));
    }
    Ok(version)
}

/// The umask of this process, which a server started here would have. Only Linux tells; else the usual one.
fn umask() -> u32 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("Umask:"));
    line.and_then(|text| u32::from_str_radix(text.trim(), 8).ok()).unwrap_or(0o022)
}

#[cfg(unix)]
fn bytes_of(text: &OsString) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt;
    text.as_bytes().to_vec()
}

#[cfg(not(unix))]
fn bytes_of(text: &OsString) -> Vec<u8> {
    text.to_string_lossy().into_owned().into_bytes()
}
