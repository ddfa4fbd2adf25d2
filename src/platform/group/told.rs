//! What one server tells of itself and of the others of its group.

use crate::platform::redis::live::Heard;
use crate::platform::redis::live::ask::{Answer, Answers, Ask, line_of};
use crate::platform::redis::live::reply::Reply;
use crate::platform::redis::live::target::{Address, Promised};

/// A host in small letters, and a port.
pub type Whereabouts = (String, u16);

/// What a member does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// It takes writes.
    Primary,
    /// It follows a primary.
    Replica,
    /// It watches.
    Sentinel,
}

impl Role {
    /// The word used in facts.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Primary => "primary",
            Role::Replica => "replica",
            Role::Sentinel => "sentinel",
        }
    }
}

/// Another server, as one tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Where it is said to be.
    pub at: Whereabouts,
    /// What it is called by its own kind.
    pub id: Option<String>,
    /// What it does.
    pub role: Role,
    /// Whether it is said to be well.
    pub up: bool,
}

/// A node of a cluster.
#[derive(Debug, Clone)]
pub struct ClusterNode {
    /// The node.
    pub seen: Seen,
    /// Whether it is the one that tells this.
    pub own: bool,
    /// The id of the primary that it follows.
    pub primary: Option<String>,
    /// Whether slots are its own.
    pub slots: bool,
}

/// A master, as a Sentinel watches it.
#[derive(Debug, Clone)]
pub struct Monitor {
    /// What the Sentinel calls it.
    pub name: String,
    /// The master.
    pub primary: Seen,
    /// What is set for it, by the name of the setting.
    pub settings: Vec<(&'static str, String)>,
    /// How many other Sentinels this one knows.
    pub others: i64,
    /// Its replicas, or what would help to know them.
    pub replicas: Result<Vec<Seen>, String>,
    /// The other Sentinels, or what would help to know them.
    pub sentinels: Result<Vec<Seen>, String>,
}

/// The settings of a master that all who watch it should have alike.
pub const SETTINGS: [&str; 4] = ["quorum", "down-after-milliseconds", "failover-timeout", "parallel-syncs"];

/// Everything that a server tells.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// What it is called.
    pub ids: Vec<String>,
    /// Where it is, as far as it is known, the place where it was asked first.
    pub own: Vec<Whereabouts>,
    /// What it does.
    pub role: Option<Role>,
    /// Whom it follows.
    pub primary: Option<Seen>,
    /// What its data are called: a replica has this from its primary.
    pub data: Option<String>,
    /// Who follows it.
    pub replicas: Vec<Seen>,
    /// The nodes of its cluster; `None` where it is in none.
    pub nodes: Option<Vec<ClusterNode>>,
    /// What it watches, or what would help to know it; `None` of a server that is no Sentinel.
    pub monitors: Option<Result<Vec<Monitor>, String>>,
}

/// How many others one server may tell of: more than the largest groups have.
pub const MOST: usize = 5_000;

/// A host as it is compared.
pub fn host(text: &str) -> String {
    match text.to_ascii_lowercase().as_str() {
        "localhost" | "::1" => "127.0.0.1".to_owned(),
        other => other.to_owned(),
    }
}

/// What a server tells.
pub fn told(heard: &Heard) -> Told {
    let place = match &heard.target.address {
        Address::Tcp(name, port) => (host(name), *port),
        Address::Unix(_) => (host("localhost"), 0),
    };
    let mut told = Told { own: vec![place.clone()], ..Told::default() };
    let Ok(answers) = &heard.answers else {
        told.role = (heard.target.promised == Promised::Sentinel).then_some(Role::Sentinel);
        return told;
    };
    let info = answers.reply(Ask::Info).and_then(Reply::text).unwrap_or_default();
    told.ids.extend(line_of(&info, "run_id").map(|id| format!("run {id}")));
    let port = |text: Option<&str>| text.and_then(|text| text.parse::<u16>().ok()).filter(|port| *port != 0);
    told.own.extend(port(line_of(&info, "tcp_port")).map(|port| (place.0.clone(), port)));
    if let Some(peer) = answers.peer {
        let peer = host(&peer.to_string());
        let same: Vec<Whereabouts> = told.own.iter().map(|(_, port)| (peer.clone(), *port)).collect();
        told.own.extend(same);
    }
    if answers.is_sentinel() {
        told.role = Some(Role::Sentinel);
        told.monitors = Some(monitors(answers));
        return told;
    }
    told.own.extend(ports(answers, &place.0));
    told.role = match line_of(&info, "role") {
        Some("master") => Some(Role::Primary),
        Some("slave") => Some(Role::Replica),
        _ => None,
    };
    let up = line_of(&info, "master_link_status") != Some("down");
    if let (Some(name), Some(port)) = (line_of(&info, "master_host"), port(line_of(&info, "master_port"))) {
        told.primary = Some(Seen { at: (host(name), port), id: None, role: Role::Primary, up });
    }
    told.data = line_of(&info, "master_replid").map(|id| format!("data {id}"));
    if told.role == Some(Role::Primary) {
        told.ids.extend(told.data.clone());
    }
    told.replicas = info.lines().filter_map(replica).take(MOST + 1).collect();
    if line_of(&info, "cluster_enabled") == Some("1") {
        let nodes = answers.reply(Ask::ClusterNodes).and_then(Reply::text).unwrap_or_default();
        let nodes = nodes.lines().filter_map(|line| node(line, &place.0));
        let nodes: Vec<ClusterNode> = nodes.take(MOST + 1).collect();
        told.ids.extend(nodes.iter().filter(|node| node.own).filter_map(|node| node.seen.id.clone()));
        told.nodes = Some(nodes);
    }
    told
}

/// Where a server says it can be reached.
fn ports(answers: &Answers, here: &str) -> Vec<Whereabouts> {
    let Some(settings) = answers.reply(Ask::Config) else { return Vec::new() };
    let get = |name: &str| settings.field(name).and_then(Reply::text).filter(|text| !text.is_empty());
    let port = |name: &str| get(name).and_then(|text| text.parse::<u16>().ok()).filter(|port| *port != 0);
    let mut all = Vec::new();
    for name in ["port", "tls-port", "replica-announce-port", "cluster-announce-port", "cluster-announce-tls-port"] {
        all.extend(port(name).map(|port| (here.to_owned(), port)));
    }
    for (address, ports) in [
        ("replica-announce-ip", ["replica-announce-port", "port", "tls-port"]),
        ("cluster-announce-ip", ["cluster-announce-port", "port", "tls-port"]),
    ] {
        let Some(address) = get(address) else { continue };
        all.extend(ports.iter().filter_map(|name| Some((host(&address), port(name)?))));
    }
    all
}

/// A replica as `INFO` has it: `slave0:ip=10.0.0.6,port=6379,state=online,…`.
fn replica(line: &str) -> Option<Seen> {
    let (name, fields) = line.split_once(':')?;
    let number = name.strip_prefix("slave")?;
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let field = |name: &str| fields.split(',').find_map(|field| field.strip_prefix(name)?.strip_prefix('='));
    let at = (host(field("ip")?), field("port")?.trim_end().parse().ok()?);
    Some(Seen { at, id: None, role: Role::Replica, up: field("state").is_none_or(|state| state == "online") })
}

/// A node as `CLUSTER NODES` has it: `id host:port@bus[,name] flags primary ping pong epoch link slots…`.
fn node(line: &str, here: &str) -> Option<ClusterNode> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [id, address, flags, primary, rest @ ..] = words.as_slice() else { return None };
    let is = |name: &str| flags.split(',').any(|flag| flag == name);
    if is("noaddr") || is("handshake") {
        return None;
    }
    let (name, port) = address.split(['@', ',']).next()?.rsplit_once(':')?;
    // A node that nobody has met yet does not know where it is.
    let name = if name.is_empty() { here.to_owned() } else { host(name.trim_matches(['[', ']'])) };
    let role = if is("slave") { Role::Replica } else { Role::Primary };
    let up = !is("fail") && !is("fail?");
    let seen = Seen { at: (name, port.parse().ok()?), id: Some(format!("node {id}")), role, up };
    let primary = (*primary != "-").then(|| format!("node {primary}"));
    Some(ClusterNode { seen, own: is("myself"), primary, slots: rest.len() > 4 })
}

fn monitors(answers: &Answers) -> Result<Vec<Monitor>, String> {
    let masters = answers.reply(Ask::Masters).and_then(Reply::list).ok_or_else(|| answers.needs(Ask::Masters))?;
    Ok(masters.iter().filter_map(|master| monitor(answers, master)).collect())
}

fn monitor(answers: &Answers, master: &Reply) -> Option<Monitor> {
    let text = |name: &str| master.field(name).and_then(Reply::text);
    let name = text("name")?;
    let primary = seen(master, Role::Primary)?;
    let settings = SETTINGS.into_iter().filter_map(|setting| Some((setting, text(setting)?))).collect();
    let others = text("num-other-sentinels").and_then(|text| text.parse().ok()).unwrap_or(0);
    let group = answers.groups.iter().find(|(its, _)| *its == name.as_bytes());
    let list = |ask: Ask, role: Role| -> Result<Vec<Seen>, String> {
        let needs = || format!("`{}` of the Sentinel: it does not say who belongs to `{name}`", ask.permission());
        let answer = group.and_then(|(_, told)| told.iter().find(|(asked, _)| *asked == ask));
        match answer {
            Some((_, Answer::Reply(Reply::List(all)))) => {
                Ok(all.iter().filter_map(|one| seen(one, role)).take(MOST + 1).collect())
            }
            _ => Err(needs()),
        }
    };
    let (replicas, sentinels) = (list(Ask::Replicas, Role::Replica), list(Ask::Sentinels, Role::Sentinel));
    Some(Monitor { primary, settings, others, replicas, sentinels, name })
}

/// A server that a Sentinel tells of.
fn seen(map: &Reply, role: Role) -> Option<Seen> {
    let text = |name: &str| map.field(name).and_then(Reply::text);
    let at = (host(&text("ip")?), text("port")?.parse().ok()?);
    let flags = text("flags").unwrap_or_default();
    let up = !flags.split(',').any(|flag| matches!(flag, "s_down" | "o_down" | "disconnected"));
    // A Sentinel is called otherwise by others than it calls itself in INFO.
    let id = text("runid").filter(|id| !id.is_empty() && role != Role::Sentinel);
    Some(Seen { at, id: id.map(|id| format!("run {id}")), role, up })
}
