//! `hardline audit`.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use hardline::audit::Plan;
use hardline::date::Date;
use hardline::inventory::Server;
use hardline::platform::redis::live::ask::Ask;
use hardline::platform::redis::live::keys::Quest;
use hardline::project::{Options, Trouble};

use super::access::Access;
use super::output::Reporting;
use super::progress::Bar;
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
    access: Access,
    #[command(flatten)]
    keys: Keys,
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

/// What is looked at of the keys: nothing, unless somebody asks for it.
#[derive(Args)]
struct Keys {
    /// Looks at a sample of the keys that match, such as `session:*`: their prefixes, whether they expire, and whether
    /// texts look like secrets
    #[arg(long = "keys", value_name = "PATTERN")]
    pattern: Option<String>,
    /// Over how many keys of a server the sample walks
    #[arg(long = "keys-budget", value_name = "COUNT", default_value_t = 10_000, requires = "pattern")]
    budget: usize,
    /// How long that may take, in milliseconds
    #[arg(long = "keys-time", value_name = "MS", default_value_t = 5000, requires = "pattern")]
    time: u64,
}

impl Keys {
    fn quest(&self) -> Option<Quest> {
        let time = Duration::from_millis(self.time.max(1));
        self.pattern.clone().map(|pattern| Quest { pattern, budget: self.budget.max(1), time })
    }

    /// The rules that it takes besides.
    fn rules(&self) -> Result<String, Failure> {
        let Some(pattern) = &self.pattern else { return Ok(String::new()) };
        if pattern.contains(char::is_whitespace) {
            return Err(Trouble::line("no rule of a user can have a pattern with blanks: write `?` for each").into());
        }
        Ok(format!(" {} ~{pattern}", rules(&[Ask::Scan, Ask::Ttl, Ask::Type, Ask::Start])))
    }
}

fn rules(asks: &[Ask]) -> String {
    asks.iter().map(|ask| ask.permission()).collect::<Vec<_>>().join(" ")
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
        let keys = arguments.keys.rules()?;
        writeln!(screen.out, "{AUDITOR} {} {}{keys}", rules(&READS), rules(&[Ask::ClusterNodes]))?;
        writeln!(screen.out, "# of a Sentinel:")?;
        writeln!(screen.out, "{AUDITOR} {}", rules(&WATCHES))?;
        return Ok(0);
    }
    let options = arguments.selection.over(Options {
        cwd: std::env::current_dir()?,
        config: arguments.config.clone(),
        timed: epoch().is_none(),
        today: epoch().map(Date::of_seconds),
        keys: arguments.keys.pattern.is_some(),
        ..Options::default()
    });
    let plan = Plan { keys: arguments.keys.quest(), ..arguments.access.plan(servers(arguments)?) };
    let bar = Bar::start(!arguments.reporting.is_quiet());
    let heard = hardline::audit::audit(&options, &plan, &|step| bar.set(step));
    bar.end();
    let (report, facts) = heard?;
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

/// The servers; of a shard its part.
fn servers(arguments: &Arguments) -> Result<Vec<Server>, Failure> {
    let mut lines = Vec::new();
    let (access, mut servers) = (arguments.access.read()?, Vec::new());
    for (number, url) in arguments.targets.iter().enumerate() {
        match access.server(url) {
            Ok(server) => servers.push(server),
            Err(why) => lines.push(format!("server {}: {why}", number + 1)),
        }
    }
    servers.extend(arguments.access.listed(arguments.inventory.as_deref(), &mut lines));
    if !lines.is_empty() {
        return Err(Trouble { lines, ..Trouble::default() }.into());
    }
    if let Some((part, parts)) = arguments.shard {
        let (mut number, mut last) = (0, None);
        servers.retain(|server| {
            // A group of which something is expected stays together.
            let same = server.expected.is_some() && server.expected == last;
            number += usize::from(!same);
            last = server.expected.clone();
            (number - 1) % parts == part - 1
        });
    }
    Ok(servers)
}
