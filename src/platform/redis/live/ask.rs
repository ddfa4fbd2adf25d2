//! What a server is asked: a fixed list of commands that read, in as few round trips as there are dependences.
//!
//! Nothing else can be sent: a connection takes an [`Ask`], and the credentials of the target.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::connect::{Connection, Security, Tls};
use super::host;
use super::keys::{self, Quest, Sample};
use super::pool::Share;
use super::reply::Reply;
use super::target::{Limits, Promised, Target};

/// A command that is sent, with all its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ask {
    /// `PING`
    Ping,
    /// `ACL WHOAMI`
    WhoAmI,
    /// `INFO server`
    InfoServer,
    /// `CONFIG GET port`
    ConfigPort,
    /// A command that does not exist, to see whether the answer to it differs from that to one that does.
    NoCommand,
    /// `INFO`
    Info,
    /// `CONFIG GET *`
    Config,
    /// `ACL LIST`
    Users,
    /// `MODULE LIST`
    Modules,
    /// `COMMAND LIST`
    Commands,
    /// `CLIENT LIST`
    Clients,
    /// `ACL LOG 128`
    Denied,
    /// `CLUSTER NODES`
    ClusterNodes,
    /// `SENTINEL MASTERS`
    Masters,
    /// `SENTINEL REPLICAS <master>`
    Replicas,
    /// `SENTINEL SENTINELS <master>`
    Sentinels,
    /// `SCAN <cursor> MATCH <pattern> COUNT <number>`, where somebody asks for keys
    Scan,
    /// `PTTL <key>`, for a key that was seen
    Ttl,
    /// `TYPE <key>`, for a key that was seen
    Type,
    /// `GETRANGE <key> 0 <end>`, for a text that was seen
    Start,
}

impl Ask {
    /// All there are.
    pub const ALL: [Ask; 20] = [
        Ask::Ping,
        Ask::WhoAmI,
        Ask::InfoServer,
        Ask::ConfigPort,
        Ask::NoCommand,
        Ask::Info,
        Ask::Config,
        Ask::Users,
        Ask::Modules,
        Ask::Commands,
        Ask::Clients,
        Ask::Denied,
        Ask::ClusterNodes,
        Ask::Masters,
        Ask::Replicas,
        Ask::Sentinels,
        Ask::Scan,
        Ask::Ttl,
        Ask::Type,
        Ask::Start,
    ];

    /// The words of the command.
    pub fn words(self) -> &'static [&'static str] {
        match self {
            Ask::Ping => &["PING"],
            Ask::WhoAmI => &["ACL", "WHOAMI"],
            Ask::InfoServer => &["INFO", "server"],
            Ask::ConfigPort => &["CONFIG", "GET", "port"],
            Ask::NoCommand => &["HARDLINE"],
            Ask::Info => &["INFO"],
            Ask::Config => &["CONFIG", "GET", "*"],
            Ask::Users => &["ACL", "LIST"],
            Ask::Modules => &["MODULE", "LIST"],
            Ask::Commands => &["COMMAND", "LIST"],
            Ask::Clients => &["CLIENT", "LIST"],
            Ask::Denied => &["ACL", "LOG", "128"],
            Ask::ClusterNodes => &["CLUSTER", "NODES"],
            Ask::Masters => &["SENTINEL", "MASTERS"],
            Ask::Replicas => &["SENTINEL", "REPLICAS"],
            Ask::Sentinels => &["SENTINEL", "SENTINELS"],
            Ask::Scan => &["SCAN"],
            Ask::Ttl => &["PTTL"],
            Ask::Type => &["TYPE"],
            Ask::Start => &["GETRANGE"],
        }
    }

    /// The permission that a user needs for it.
    pub fn permission(self) -> &'static str {
        match self {
            Ask::Ping => "+ping",
            Ask::WhoAmI => "+acl|whoami",
            Ask::InfoServer | Ask::Info => "+info",
            Ask::ConfigPort | Ask::Config => "+config|get",
            Ask::NoCommand => "",
            Ask::Users => "+acl|list",
            Ask::Modules => "+module|list",
            Ask::Commands => "+command",
            Ask::Clients => "+client|list",
            Ask::Denied => "+acl|log",
            Ask::ClusterNodes => "+cluster|nodes",
            Ask::Masters => "+sentinel|masters",
            Ask::Replicas => "+sentinel|replicas",
            Ask::Sentinels => "+sentinel|sentinels",
            Ask::Scan => "+scan",
            Ask::Ttl => "+pttl",
            Ask::Type => "+type",
            Ask::Start => "+getrange",
        }
    }
}

/// What is asked before anybody has logged in: what a stranger sees.
const STRANGER: [Ask; 5] = [Ask::Ping, Ask::WhoAmI, Ask::InfoServer, Ask::ConfigPort, Ask::NoCommand];

/// What is asked of every server.
const EVERYBODY: [Ask; 8] =
    [Ask::WhoAmI, Ask::Info, Ask::Config, Ask::Users, Ask::Modules, Ask::Commands, Ask::Clients, Ask::Denied];

/// How many masters of a Sentinel are asked about: far more than one watches, and few enough that what is sent goes out
/// without waiting for the answers.
const MOST_MASTERS: usize = 500;

/// The longest name of one, in bytes.
const LONGEST_NAME: usize = 256;

/// What came of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// This was replied.
    Reply(Reply),
    /// Nothing, for this reason.
    Missing(String),
}

/// The name of a master, and what a Sentinel answers about it.
pub type Group = (Vec<u8>, Vec<(Ask, Answer)>);

/// Everything that a server answered.
#[derive(Debug, Clone)]
pub struct Answers {
    /// Before anybody had logged in.
    pub stranger: Vec<(Ask, Answer)>,
    /// What came of `AUTH`, or why it was not sent; `None` where there were no credentials.
    pub login: Option<Answer>,
    /// Why no login was sent though there is one.
    pub withheld: Option<String>,
    /// As the user of the audit, or as a stranger where nobody logged in.
    pub told: Vec<(Ask, Answer)>,
    /// Of a Sentinel: of each master the answers to [`Ask::Replicas`] and [`Ask::Sentinels`].
    pub groups: Vec<Group>,
    /// Of a server on this host the addresses of `bind` that the host lacks, or what it did not tell; `None` of others.
    pub lacking: Option<Result<Vec<String>, Ask>>,
    /// What was seen of its keys; `None` where nobody asked.
    pub keys: Option<Sample>,
    /// How the connection is secured.
    pub security: Security,
    /// Whether it was made within this host.
    pub local: bool,
    /// The address at its other end, if that is one.
    pub peer: Option<IpAddr>,
    /// What the answers have of the memory of all.
    pub share: Arc<Share>,
    /// How often something was sent and waited for.
    pub round_trips: usize,
    /// How long all of it took.
    pub took: Duration,
}

impl Answers {
    /// Nothing yet, over a connection like this.
    pub fn over(security: Security, local: bool) -> Answers {
        let (stranger, told, groups) = (Vec::new(), Vec::new(), Vec::new());
        let (login, withheld, lacking, keys, peer) = (None, None, None, None, None);
        let (share, round_trips, took) = (Arc::default(), 0, Duration::ZERO);
        Answers {
            stranger,
            login,
            withheld,
            told,
            groups,
            lacking,
            keys,
            security,
            local,
            peer,
            share,
            round_trips,
            took,
        }
    }

    /// The reply to a question, if there is one that is no error.
    pub fn reply(&self, ask: Ask) -> Option<&Reply> {
        self.get(ask).and_then(|answer| match answer {
            Answer::Reply(Reply::Error { .. }) | Answer::Missing(_) => None,
            Answer::Reply(reply) => Some(reply),
        })
    }

    /// What came of a question.
    pub fn get(&self, ask: Ask) -> Option<&Answer> {
        find(&self.told, ask)
    }

    /// What came of a question before anybody had logged in.
    pub fn to_stranger(&self, ask: Ask) -> Option<&Answer> {
        find(&self.stranger, ask)
    }

    /// Whether `INFO` has a line `name:value`.
    fn says(&self, name: &str, value: &str) -> bool {
        let info = self.reply(Ask::Info).and_then(Reply::text);
        info.is_some_and(|info| line_of(&info, name) == Some(value))
    }

    /// Whether it said that it is a Sentinel before anybody had logged in.
    fn tells_stranger_of_sentinel(&self) -> bool {
        match self.to_stranger(Ask::InfoServer) {
            Some(Answer::Reply(reply)) => reply.text().is_some_and(|info| is_of_sentinel(&info)),
            _ => false,
        }
    }

    /// Whether the server is a Sentinel.
    pub fn is_sentinel(&self) -> bool {
        self.reply(Ask::Info).and_then(Reply::text).is_some_and(|info| is_of_sentinel(&info))
    }
}

fn find(all: &[(Ask, Answer)], ask: Ask) -> Option<&Answer> {
    all.iter().find(|(asked, _)| *asked == ask).map(|(_, answer)| answer)
}

/// Asks a server everything.
///
/// # Errors
/// Why no connection came about.
pub fn ask(target: &Target, tls: &Tls, limits: Limits) -> Result<Answers, String> {
    ask_with_keys(target, tls, limits, None)
}

/// Asks a server everything, and a quest for keys besides.
///
/// # Errors
/// Why no connection came about.
pub fn ask_with_keys(target: &Target, tls: &Tls, limits: Limits, quest: Option<&Quest>) -> Result<Answers, String> {
    let started = Instant::now();
    let mut line = Connection::open(target, tls, limits)?;
    let mut answers = Answers::over(line.security().clone(), line.is_local());
    answers.peer = line.peer();
    let distrust = line.security().distrust.clone().filter(|_| target.login.is_some() && !tls.insecure);
    // What a stranger sees of such a server is worth knowing, and so is that it is not trusted.
    let distrust =
        distrust.map(|why| format!("no password is sent to a server that is not trusted: {why} (--insecure sends it)"));
    answers.withheld = target.withheld.clone().or(distrust);
    answers.login = answers.withheld.clone().map(Answer::Missing);
    let ((), offers) = line.with_offers(|line| talk(line, target, &mut answers));
    answers.security.offers = offers;
    answers.lacking = line.ends().and_then(|ends| host::missing(&answers, ends));
    // A Sentinel has none.
    if let Some(quest) = quest.filter(|_| !answers.is_sentinel()) {
        keys::sample(&mut line, quest, &mut answers);
    }
    answers.share = Arc::new(line.end());
    answers.took = started.elapsed();
    Ok(answers)
}

/// Everything that is said over a connection.
fn talk(line: &mut Connection, target: &Target, answers: &mut Answers) {
    first(line, target, answers);
    if answers.is_sentinel() {
        sentinel(line, answers);
    } else if answers.says("cluster_enabled", "1") && answers.get(Ask::ClusterNodes).is_none() {
        let told = flight(line, &[Ask::ClusterNodes]);
        answers.told.extend(told);
        answers.round_trips += 1;
    }
}

/// What is asked of every server: in one flight without credentials, otherwise in two. Redis 8.2 leaves the reply to a
/// login that fails out where an answer to somebody without a login is still on its way.
fn first(line: &mut Connection, target: &Target, answers: &mut Answers) {
    let login = target.login.as_ref().filter(|_| answers.login.is_none());
    STRANGER.iter().for_each(|ask| line.queue(*ask, None));
    if let Some(login) = login {
        line.send();
        answers.round_trips += 1;
        answers.stranger = STRANGER.iter().map(|ask| (*ask, line.receive())).collect();
        line.queue_login(login);
    }
    // What is known to be a Sentinel or a member of a cluster is asked what these are asked without a flight of its own.
    let more = match target.promised {
        Promised::Cluster => Some(Ask::ClusterNodes),
        Promised::Sentinel => Some(Ask::Masters),
        Promised::Server => answers.tells_stranger_of_sentinel().then_some(Ask::Masters),
    };
    let asks: Vec<Ask> = EVERYBODY.into_iter().chain(more).collect();
    asks.iter().for_each(|ask| line.queue(*ask, None));
    line.send();
    answers.round_trips += 1;
    match login {
        Some(_) => answers.login = Some(line.receive()),
        None => answers.stranger = STRANGER.iter().map(|ask| (*ask, line.receive())).collect(),
    }
    answers.told = asks.iter().map(|ask| (*ask, line.receive())).collect();
}

fn flight(line: &mut Connection, asks: &[Ask]) -> Vec<(Ask, Answer)> {
    asks.iter().for_each(|ask| line.queue(*ask, None));
    line.send();
    asks.iter().map(|ask| (*ask, line.receive())).collect()
}

/// What a Sentinel watches, and who else watches it.
fn sentinel(line: &mut Connection, answers: &mut Answers) {
    if answers.get(Ask::Masters).is_none() {
        let told = flight(line, &[Ask::Masters]);
        answers.told.extend(told);
        answers.round_trips += 1;
    }
    let mut names: Vec<Vec<u8>> = answers.reply(Ask::Masters).map(names).unwrap_or_default();
    names.retain(|name| name.len() <= LONGEST_NAME);
    names.truncate(MOST_MASTERS);
    if names.is_empty() {
        return;
    }
    let asks = [Ask::Replicas, Ask::Sentinels];
    for name in &names {
        asks.iter().for_each(|ask| line.queue(*ask, Some(name)));
    }
    line.send();
    answers.round_trips += 1;
    for name in names {
        let told = asks.iter().map(|ask| (*ask, line.receive())).collect();
        answers.groups.push((name, told));
    }
}

/// Whether this `INFO` is that of a Sentinel.
fn is_of_sentinel(info: &str) -> bool {
    ["redis_mode", "server_mode"].iter().any(|name| line_of(info, name) == Some("sentinel"))
}

/// The names of the masters that a Sentinel watches.
fn names(masters: &Reply) -> Vec<Vec<u8>> {
    let name = |master: &Reply| master.field("name")?.bytes().map(<[u8]>::to_vec);
    masters.list().unwrap_or_default().iter().filter_map(name).collect()
}

/// What `INFO` has after `name:`.
pub fn line_of<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim_end)
}
