//! What only a running server can tell: who is connected, what was refused, whether it saves and replicates, what a
//! stranger sees, and how the connection is secured.

use std::collections::BTreeSet;
use std::ops::Range;

use super::ask::{Answer, Answers, Ask, line_of};
use super::health::is_about;
use super::keyspace;
use super::offered;
use super::reply::Reply;
use super::rights::Rights;
use crate::fact::{Fact, Unknown, Why};
use crate::mask::STARS;
use crate::platform::redis::live::subject::Answered;
use crate::text::{Place, SourceId, Sources, Span};

/// The facts of a running server, and the source that their places are in.
pub fn facts(answered: &Answered, answers: &Answers, today: Option<&str>, sources: &mut Sources) -> (Fact, SourceId) {
    let info = answers.reply(Ask::Info).and_then(Reply::text);
    let clients = answers.reply(Ask::Clients).and_then(Reply::text);
    let names: BTreeSet<&[u8]> = answered.users.iter().flatten().filter_map(|line| name_of(line)).collect();
    let denied = answers.reply(Ask::Denied).map(entries);
    let denied = denied.map(|log| log.into_iter().map(|entry| guarded(entry, &names)).collect::<Vec<_>>());
    let mut lines = Lines::default();
    for line in info.iter().flat_map(|info| info.lines()).filter(|line| kept(line)) {
        lines.add(line);
    }
    let clients = clients.map(|clients| clients.lines().map(|line| lines.add(line)).collect::<Vec<_>>());
    let denied = denied.map(|log| log.into_iter().map(|entry| (lines.add(&shown(&entry)), entry)).collect::<Vec<_>>());
    let secured: Vec<Range<usize>> = offered::lines(&answers.security).iter().map(|line| lines.add(line)).collect();
    let text = lines.text;
    let source = sources.add(Place::Live { url: answered.url.clone(), what: "state" }, text.clone().into_bytes());
    let maker = Maker { answers, info, text, source };
    let secured: Vec<Span> = secured.iter().map(|place| Span::new(source, place.start, place.end)).collect();
    let shown = secured.get(answers.security.offers.len()).copied().unwrap_or(Span::at(source, 0));
    let rights = Rights::of(answers, answered.version.as_deref());
    let fields = [
        ("url", maker.derived(answered.url.clone())),
        ("version", maker.told(Ask::Info, |_| answered.version.clone().ok().map(Into::into))),
        ("config_file", maker.word("config_file")),
        ("local", maker.derived(answers.local)),
        ("encrypted", maker.derived(answers.security.protocol.is_some())),
        ("tls_protocol", maker.derived(answers.security.protocol.clone().unwrap_or_default())),
        ("tls_distrust", Fact::derived(answers.security.distrust.clone().unwrap_or_default(), shown)),
        ("tls", offered::facts(&answers.security, &secured, maker.whole(), today)),
        ("logged_in", maker.derived(matches!(answers.login, Some(Answer::Reply(Reply::Bytes(_)))))),
        ("stranger", maker.stranger()),
        ("up_seconds", maker.number("uptime_in_seconds")),
        ("role", maker.word("role")),
        ("clients", maker.clients(clients.as_deref(), &rights)),
        ("denied", maker.denied(denied.as_deref())),
        ("replicas", maker.number("connected_slaves")),
        ("primary_link", maker.word("master_link_status")),
        ("loading", maker.is("loading", "1")),
        ("rdb_save_status", maker.word("rdb_last_bgsave_status")),
        ("rdb_changes", maker.number("rdb_changes_since_last_save")),
        ("aof_write_status", maker.word("aof_last_write_status")),
        ("aof_rewrite_status", maker.word("aof_last_bgrewrite_status")),
        ("rejected_connections", maker.number("rejected_connections")),
        ("evicted_keys", maker.number("evicted_keys")),
    ];
    (Fact::record(fields.into_iter().chain(maker.health()), maker.whole()), source)
}

/// The text that facts have their places in, while it is made.
#[derive(Default)]
struct Lines {
    text: String,
}

impl Lines {
    /// Adds a line; gives its place.
    fn add(&mut self, line: &str) -> Range<usize> {
        let start = self.text.len();
        self.text.push_str(line.trim_end());
        let place = start..self.text.len();
        self.text.push('\n');
        place
    }
}

/// Whom `CLIENT LIST` names for the link to the primary (`networking.c:catClientInfoString`).
const SUPERUSER: &str = "(superuser)";

/// The lines of `INFO` that facts are made of, and those that say what server it is.
const LINES: [&str; 19] = [
    "redis_version",
    "valkey_version",
    "server_name",
    "redis_mode",
    "server_mode",
    "tcp_port",
    "executable",
    "config_file",
    "uptime_in_seconds",
    "role",
    "connected_slaves",
    "master_link_status",
    "loading",
    "rdb_last_bgsave_status",
    "rdb_changes_since_last_save",
    "aof_last_write_status",
    "aof_last_bgrewrite_status",
    "rejected_connections",
    "evicted_keys",
];

fn kept(line: &str) -> bool {
    line.split_once(':').is_some_and(|(name, _)| LINES.contains(&name) || is_about(name))
}

/// An entry of `ACL LOG`: its fields by name.
type Entry = Vec<(String, String)>;

fn entries(log: &Reply) -> Vec<Entry> {
    let text =
        |reply: &Reply| reply.text().or_else(|| reply.int().map(|number| number.to_string())).unwrap_or_default();
    let entry = |entry: &Reply| -> Option<Entry> {
        Some(entry.pairs()?.into_iter().map(|(key, value)| (text(key), text(value).replace('\n', " "))).collect())
    };
    log.list().unwrap_or_default().iter().filter_map(entry).collect()
}

/// The name in a line of `ACL LIST`.
fn name_of(line: &[u8]) -> Option<&[u8]> {
    line.strip_prefix(b"user ")?.split(|byte| *byte == b' ').next()
}

/// An entry without what a stranger typed, which may be a password where a name should be, and without names of keys.
fn guarded(entry: Entry, users: &BTreeSet<&[u8]>) -> Entry {
    let reason = of(&entry, "reason").to_owned();
    let guard = |(name, value): (String, String)| {
        let value = match (name.as_str(), reason.as_str()) {
            ("username", "auth") if !users.contains(value.as_bytes()) => STARS.to_owned(),
            ("object", "key" | "channel") => keyspace::shown(value.as_bytes()),
            _ => value,
        };
        (name, value)
    };
    entry.into_iter().map(guard).collect()
}

fn shown(entry: &Entry) -> String {
    let fields = entry.iter().filter(|(name, _)| name != "client-info").map(|(name, value)| format!("{name}={value}"));
    format!("denied: {}", fields.collect::<Vec<_>>().join(" "))
}

fn of<'e>(entry: &'e Entry, name: &str) -> &'e str {
    entry.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
}

pub(super) struct Maker<'a> {
    pub(super) answers: &'a Answers,
    pub(super) info: Option<String>,
    text: String,
    source: SourceId,
}

impl Maker<'_> {
    pub(super) fn whole(&self) -> Span {
        Span::new(self.source, 0, self.text.len())
    }

    fn derived(&self, value: impl Into<crate::fact::Value>) -> Fact {
        Fact::derived(value, Span::at(self.source, 0))
    }

    pub(super) fn unknown(&self, ask: Ask) -> Fact {
        Fact::Unknown(Unknown::new(Why::NotPermitted, Span::at(self.source, 0), self.answers.needs(ask)))
    }

    /// A fact that a question answers.
    fn told(&self, ask: Ask, value: impl FnOnce(&Reply) -> Option<crate::fact::Value>) -> Fact {
        let told = self.answers.reply(ask).and_then(value);
        told.map_or_else(|| self.unknown(ask), |value| Fact::derived(value, Span::at(self.source, 0)))
    }

    /// The place of a line of the text that begins so.
    pub(super) fn line(&self, start: &str) -> Span {
        let at = match self.text.starts_with(start) {
            true => Some(0),
            false => self.text.find(&format!("\n{start}")).map(|at| at + 1),
        };
        at.map_or(Span::at(self.source, 0), |at| {
            let end = self.text[at..].find('\n').map_or(self.text.len(), |end| at + end);
            Span::new(self.source, at, end)
        })
    }

    /// What `INFO` says under a name: the empty text where it does not have it, which is no fault of the user.
    pub(super) fn word(&self, name: &str) -> Fact {
        match &self.info {
            None => self.unknown(Ask::Info),
            Some(info) => {
                Fact::derived(line_of(info, name).unwrap_or_default().to_owned(), self.line(&format!("{name}:")))
            }
        }
    }

    /// A number of `INFO`; -1 where it does not have it.
    pub(super) fn number(&self, name: &str) -> Fact {
        match &self.info {
            None => self.unknown(Ask::Info),
            Some(info) => {
                let number: i64 = line_of(info, name).and_then(|text| text.parse().ok()).unwrap_or(-1);
                Fact::derived(number, self.line(&format!("{name}:")))
            }
        }
    }

    pub(super) fn is(&self, name: &str, value: &str) -> Fact {
        match &self.info {
            None => self.unknown(Ask::Info),
            Some(info) => Fact::derived(line_of(info, name) == Some(value), self.line(&format!("{name}:"))),
        }
    }

    /// What somebody without a login sees.
    fn stranger(&self) -> Fact {
        let class = |ask: Ask| match self.answers.to_stranger(ask) {
            Some(Answer::Reply(Reply::Error { code, .. })) => code.clone(),
            Some(Answer::Reply(_)) => "answered".to_owned(),
            Some(Answer::Missing(_)) | None => "nothing".to_owned(),
        };
        let answered = |ask: Ask| class(ask) == "answered";
        let fields = [
            ("ping", self.derived(class(Ask::Ping))),
            ("info", self.derived(answered(Ask::InfoServer))),
            ("config", self.derived(answered(Ask::ConfigPort))),
            // A command that there is not is told from one that there is.
            ("tells_commands", self.derived(class(Ask::NoCommand) != class(Ask::ConfigPort))),
        ];
        Fact::record(fields, Span::at(self.source, 0))
    }

    fn clients(&self, list: Option<&[Range<usize>]>, rights: &Result<Rights, String>) -> Fact {
        let Some(list) = list else { return self.unknown(Ask::Clients) };
        let (ports, users) = (self.ports(), self.users());
        let mut all = Vec::new();
        for place in list {
            let (line, at) = (&self.text[place.clone()], Span::new(self.source, place.start, place.end));
            let field = |name: &str| -> String {
                let value = line.split(' ').find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
                value.unwrap_or_default().to_owned()
            };
            let address = field("addr");
            let host = address.rsplit_once(':').map_or("", |(host, _)| host.trim_matches(['[', ']']));
            let unix = field("flags").contains('U');
            let local = unix || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
            let own = field("laddr");
            let port = own.rsplit_once(':').map_or("", |(_, port)| port);
            let number = |name: &str| field(name).parse::<i64>().unwrap_or(-1);
            let encrypted = match (&ports, unix, port) {
                (_, true, _) => Fact::derived(false, at),
                (Some((plain, tls)), _, port) if port == plain || port == tls => Fact::derived(port == tls, at),
                _ => Fact::unknown(Why::NotPermitted, at, self.answers.needs(Ask::Config)),
            };
            let kept = rights.as_ref().map_err(Clone::clone).and_then(|rights| rights.kept(&field));
            let kept =
                kept.map_or_else(|needs| Fact::unknown(Why::NotPermitted, at, needs), |kept| Fact::derived(kept, at));
            let fields = [
                ("address", Fact::derived(host.to_owned(), at)),
                ("local", Fact::derived(local, at)),
                ("unix", Fact::derived(unix, at)),
                ("user", Fact::derived(field("user"), at)),
                ("name", Fact::derived(field("name"), at)),
                ("replica", Fact::derived(field("flags").contains('S'), at)),
                ("encrypted", encrypted),
                ("may_log_in", self.may_log_in(users.as_ref(), &field("user"), at)),
                ("kept_right", kept),
                ("age_seconds", Fact::derived(number("age"), at)),
                ("idle_seconds", Fact::derived(number("idle"), at)),
            ];
            all.push(Fact::record(fields, at));
        }
        Fact::derived(all, self.whole())
    }

    /// The ports without and with TLS, as texts.
    fn ports(&self) -> Option<(String, String)> {
        let settings = self.answers.reply(Ask::Config)?;
        let get = |name: &str| settings.field(name).and_then(Reply::text);
        Some((get("port")?, get("tls-port").unwrap_or_default()))
    }

    /// The users who may log in.
    fn users(&self) -> Option<BTreeSet<String>> {
        let users = self.answers.reply(Ask::Users)?.list()?.iter().filter_map(Reply::text);
        let on = users.filter_map(|line| {
            let mut words = line.split(' ').skip(1);
            let name = words.next()?.to_owned();
            (words.next() == Some("on")).then_some(name)
        });
        Some(on.collect())
    }

    /// Whether a user who is connected could still log in: it is there, and it is on.
    fn may_log_in(&self, users: Option<&BTreeSet<String>>, user: &str, at: Span) -> Fact {
        let Some(users) = users else {
            return Fact::unknown(Why::NotPermitted, at, self.answers.needs(Ask::Users));
        };
        // The link to the primary is nobody's session.
        Fact::derived(users.contains(user) || user.is_empty() || user == SUPERUSER, at)
    }

    fn denied(&self, log: Option<&[(Range<usize>, Entry)]>) -> Fact {
        let Some(log) = log else { return self.unknown(Ask::Denied) };
        let all: Vec<Fact> = log
            .iter()
            .map(|(place, entry)| {
                let at = Span::new(self.source, place.start, place.end);
                let info = of(entry, "client-info");
                let address = info.split(' ').find_map(|word| word.strip_prefix("addr=")).unwrap_or_default();
                let age: f64 = of(entry, "age-seconds").parse().unwrap_or(-1.0);
                let fields = [
                    ("reason", Fact::derived(of(entry, "reason").to_owned(), at)),
                    ("object", Fact::derived(of(entry, "object").to_owned(), at)),
                    ("user", Fact::derived(of(entry, "username").to_owned(), at)),
                    ("count", Fact::derived(of(entry, "count").parse::<i64>().unwrap_or(1), at)),
                    ("age_seconds", Fact::derived(age as i64, at)),
                    ("address", Fact::derived(address.rsplit_once(':').map_or("", |(host, _)| host).to_owned(), at)),
                ];
                Fact::record(fields, at)
            })
            .collect();
        Fact::derived(all, self.whole())
    }
}
