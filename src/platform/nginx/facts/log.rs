//! What is logged, and in which form.

use std::collections::HashSet;

use super::Maker;
use super::written::{names, variables};
use crate::fact::{Fact, Name, Value};
use crate::platform::nginx::scope::LevelId;
use crate::platform::nginx::tree::Word;
use crate::text::Span;

impl Maker<'_> {
    /// The access logs of a level.
    pub fn logs(&self, id: LevelId) -> [(Name, Fact); 2] {
        let held = self.model.levels.held(id, "access_log");
        let of = "nginx.scopes[].logs";
        let off = held.directives.iter().find(|log| log.arg(0) == "off");
        let paths = held.directives.iter().filter(|_| off.is_none());
        let items: Vec<Fact> = paths.map(|log| self.word(log, 0)).collect();
        let at = off.map_or(self.at(id), |log| log.text());
        let unfilled = || held.directives.iter().find_map(|log| log.args.first()?.unfilled());
        let unseen = if off.is_none() { unfilled().or_else(|| held.doubt.clone()) } else { None };
        [
            ("logs", self.list_with(of, items, held.doubt)),
            ("log_off", self.unless(unseen, "nginx.scopes[].log_off", || Fact::derived(off.is_some(), at))),
        ]
    }
}

/// What an entry tells, and the variables that tell it.
const TELLS: [(&str, &[&str]); 4] = [
    ("the time", &["time_local", "time_iso8601", "msec"]),
    ("the client's address", &["remote_addr", "binary_remote_addr", "realip_remote_addr", "proxy_protocol_addr"]),
    (
        "what was asked for",
        &["request", "request_uri", "uri", "document_uri", "request_filename", "args", "query_string"],
    ),
    ("the status", &["status"]),
];

/// The headers in which proxies hand on the client's address.
const HANDED_ON: [&str; 6] = [
    "http_x_forwarded_for",
    "proxy_add_x_forwarded_for",
    "http_x_real_ip",
    "http_cf_connecting_ip",
    "http_true_client_ip",
    "http_forwarded",
];

/// Which of these a format does not tell; variables that `map` makes followed.
fn lacks(maker: &Maker<'_>, text: &str, timed: bool, at: Span) -> Vec<Fact> {
    let own = names([text]);
    let made = maker.depends(0, [text]);
    let has = |name: &&str| own.iter().chain(&made).any(|its| its == name);
    let lacking = TELLS.iter().filter(|(what, by)| match *what {
        "the time" => !timed && !by.iter().any(has),
        "the client's address" => !by.iter().chain(&HANDED_ON).any(has),
        _ => !by.iter().any(has),
    });
    lacking.map(|(what, _)| Fact::derived(*what, at)).collect()
}

/// The formats of access logs.
pub(super) fn formats(maker: &Maker<'_>) -> Fact {
    let mut items = Vec::new();
    let all = || maker.model.levels.all.iter().flat_map(|level| level.own.iter().copied());
    let levels = &maker.model.levels;
    let logs = || maker.responding().into_iter().flat_map(|id| levels.held(id, "access_log").directives);
    let in_use: HashSet<&str> = match maker.subject.whole {
        true => logs().filter(|log| log.arg(0) != "off").map(|log| log.arg(1)).collect(),
        // Of a mere part the logs may be elsewhere.
        false => logs().chain(all().filter(|it| *it.name == *"access_log")).map(|log| log.arg(1)).collect(),
    };
    let in_files = logs().chain(all().filter(|it| *it.name == *"access_log"));
    let in_files: HashSet<&str> =
        in_files.filter(|log| !log.arg(0).starts_with("syslog:")).map(|log| log.arg(1)).collect();
    let unseen_logs = maker.unseen("access_log");
    for format in all().filter(|directive| *directive.name == *"log_format") {
        let name = format.arg(0);
        let escape = format.args.get(1).and_then(|word| word.strip_prefix("escape="));
        let text: String = format.args.iter().skip(1 + usize::from(escape.is_some())).map(|word| &*word.text).collect();
        let at = format.text();
        let used = in_use.contains(name);
        // The time is syslog's affair where the log goes there.
        let timed = !in_files.contains(name);
        let unseen = format.args.first().and_then(Word::unfilled).or_else(|| unseen_logs.clone());
        let known = |fact: Fact| format.unfilled().map_or(fact, Fact::Unknown);
        let fields = [
            ("name", maker.word(format, 0)),
            ("text", known(Fact::derived(text.clone(), at))),
            ("escape", known(Fact::derived(escape.unwrap_or("default").to_owned(), at))),
            ("variables", known(Fact::derived(Value::from(variables([text.as_str()], at)), at))),
            ("used", maker.unless(unseen.filter(|_| !used), "nginx.log_formats", || Fact::derived(used, at))),
            ("lacks", known(maker.list_with("nginx.log_formats[].lacks", lacks(maker, &text, timed, at), None))),
            ("looks_like_json", known(Fact::derived(text.trim_start().starts_with('{'), at))),
        ];
        items.push(Fact::record(fields, at));
    }
    maker.list("nginx.log_formats", items)
}
