//! `hardline audit`.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use hardline::audit::{MOST, Plan};
use hardline::date::Date;
use hardline::inventory::{self, Server};
use hardline::platform::redis::live::ask::Ask;
use hardline::platform::redis::live::connect::Tls;
use hardline::platform::redis::live::target::{Limits, Login, Target};
use hardline::project::{Options, Trouble};

use super::output::Reporting;
use super::{Color, Failure, Screen, Selection, epoch};

#[derive(Args)]
pub(super) struct Arguments {
    /// Servers: redis://HOST:PORT, rediss:// for TLS, unix:///PATH, redis+sentinel://, redis+cluster://
    #[arg(value_name = "URL", required_unless_present_any = ["print_acl", "inventory"])]
    targets: Vec<String>,
    /// A TOML file of servers: groups with their URLs, who answers for them, and where their passwords come from
    #[arg(long, value_name = "FILE")]
    inventory: Option<PathBuf>,
    /// Audits only the K-th of N parts of the servers; `hardline merge` puts the reports together
    #[arg(long, value_name = "K/N", value_parser = shard)]
    shard: Option<(usize, usize)>,
    #[command(flatten)]
    login: Credentials,
    #[command(flatten)]
    tls: Security,
    /// How long a connection may take to be made, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 3000)]
    connect_timeout: u64,
    /// How long a server may keep silent in the middle of an answer, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 5000)]
    read_timeout: u64,
    /// How long all of one server may take, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 15000)]
    timeout: u64,
    /// How many servers are asked at a time
    #[arg(long, value_name = "COUNT", default_value_t = MOST)]
    connections: usize,
    #[command(flatten)]
    reporting: Reporting,
    #[command(flatten)]
    selection: Selection,
    /// Does not fail with 3 when something could not be decided, or a server did not answer
    #[arg(long)]
    no_strict: bool,
    /// The configuration file, instead of the nearest hardline.toml above
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Prints the rules of a user who may read what an audit reads and nothing else
    #[arg(long)]
    print_acl: bool,
}

/// With what to log in where a URL says nothing. The password is in REDISCLI_AUTH, or comes on standard input.
#[derive(Args)]
struct Credentials {
    /// The user to log in as
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Reads the password from the first line of standard input
    #[arg(long)]
    password_stdin: bool,
}

#[derive(Args)]
struct Security {
    /// The certificates of the authorities to trust, instead of this machine's
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// The certificate to show to the server
    #[arg(long, value_name = "FILE", requires = "key")]
    cert: Option<PathBuf>,
    /// Its private key
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
    /// The name that certificates are to have, instead of the host's
    #[arg(long, value_name = "NAME")]
    server_name: Option<String>,
    /// Sends the password to a server whose certificate is not trusted, too
    #[arg(long)]
    insecure: bool,
}

/// The user of an audit: these permissions, no keys, no channels.
const AUDITOR: &str = "user hardline-audit on >PASSWORD resetkeys resetchannels -@all";

/// What every audit reads, in the order of the rules.
const READS: [Ask; 9] = [
    Ask::Ping,
    Ask::Info,
    Ask::Commands,
    Ask::Config,
    Ask::Users,
    Ask::WhoAmI,
    Ask::Modules,
    Ask::Clients,
    Ask::Denied,
];

/// What an audit reads of a Sentinel, which has no settings and modules to show.
const WATCHES: [Ask; 9] = [
    Ask::Ping,
    Ask::Info,
    Ask::Commands,
    Ask::Users,
    Ask::WhoAmI,
    Ask::Clients,
    Ask::Masters,
    Ask::Replicas,
    Ask::Sentinels,
];

pub(super) fn run(arguments: &Arguments, color: Color, screen: &mut Screen) -> Result<u8, Failure> {
    if arguments.print_acl {
        let rules = |asks: &[Ask]| asks.iter().map(|ask| ask.permission()).collect::<Vec<_>>().join(" ");
        writeln!(screen.out, "{AUDITOR} {} {}", rules(&READS), rules(&[Ask::ClusterNodes]))?;
        writeln!(screen.out, "# of a Sentinel:")?;
        writeln!(screen.out, "{AUDITOR} {}", rules(&WATCHES))?;
        return Ok(0);
    }
    let options = arguments.selection.over(Options {
        cwd: std::env::current_dir()?,
        config: arguments.config.clone(),
        timed: epoch().is_none(),
        today: epoch().map(Date::of_seconds),
        ..Options::default()
    });
    let milliseconds = Duration::from_millis;
    let plan = Plan {
        servers: servers(arguments)?,
        limits: Limits {
            connect: milliseconds(arguments.connect_timeout.max(1)),
            read: milliseconds(arguments.read_timeout.max(1)),
            whole: milliseconds(arguments.timeout.max(1)),
            ..Limits::default()
        },
        connections: arguments.connections,
    };
    let (started, all) = (Instant::now(), plan.servers.len());
    let shows = io::stderr().is_terminal();
    let done = |count: usize| {
        if shows && started.elapsed() > Duration::from_secs(1) {
            let end = if count == all { "\n" } else { "" };
            let _ = write!(io::stderr().lock(), "\r{count} of {all} servers{end}");
        }
    };
    let (report, facts) = hardline::audit::audit(&options, &plan, &done)?;
    let code = arguments.reporting.write((&report, &facts), !arguments.no_strict, &options.cwd, color, screen);
    // The process ends here.
    std::mem::forget((report, facts));
    code
}

/// `K/N`.
fn shard(text: &str) -> Result<(usize, usize), String> {
    let wrong = || "expected K/N, such as 1/4".to_owned();
    let (part, parts) = text.split_once('/').ok_or_else(wrong)?;
    let (part, parts) = (part.parse().map_err(|_| wrong())?, parts.parse().map_err(|_| wrong())?);
    if (1..=parts).contains(&part) { Ok((part, parts)) } else { Err(wrong()) }
}

/// The servers, with what to log in where their URLs say nothing; of a shard its part.
fn servers(arguments: &Arguments) -> Result<Vec<Server>, Failure> {
    let password = match arguments.login.password_stdin {
        true => {
            let mut line = String::new();
            io::stdin().lock().read_line(&mut line)?;
            Some(line.trim_end_matches(['\r', '\n']).to_owned())
        }
        false => std::env::var("REDISCLI_AUTH").ok().filter(|password| !password.is_empty()),
    };
    if arguments.login.user.is_some() && password.is_none() {
        return Err(Trouble::line("--user needs a password: in REDISCLI_AUTH, or with --password-stdin").into());
    }
    let login = password.map(|password| Login { user: arguments.login.user.clone(), password });
    let Security { ca, cert, key, server_name, insecure } = &arguments.tls;
    let (ca, cert, key, server_name) = (ca.clone(), cert.clone(), key.clone(), server_name.clone());
    let tls = Arc::new(Tls { ca, cert, key, server_name, insecure: *insecure });
    let (mut servers, mut lines) = (Vec::new(), Vec::new());
    for (number, url) in arguments.targets.iter().enumerate() {
        match Target::parse(url) {
            Ok(target) => {
                let target = Target { login: target.login.or_else(|| login.clone()), ..target };
                servers.push(Server { target, tls: Arc::clone(&tls), group: None });
            }
            Err(why) => lines.push(format!("server {}: {why}", number + 1)),
        }
    }
    if let Some(path) = &arguments.inventory {
        match inventory::read(path) {
            Ok(listed) => servers.extend(listed),
            Err(wrong) => lines.extend(wrong),
        }
    }
    if !lines.is_empty() {
        return Err(Trouble { lines, ..Trouble::default() }.into());
    }
    if let Some((part, parts)) = arguments.shard {
        let mut number = 0;
        servers.retain(|_| {
            number += 1;
            (number - 1) % parts == part - 1
        });
    }
    Ok(servers)
}
