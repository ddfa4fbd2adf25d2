//! How a server fares, mostly from `INFO`: memory, snapshots that are due, replicas, and the link to the primary.

use super::ask::{Ask, line_of};
use super::reply::Reply;
use super::state::Maker;
use crate::fact::{Fact, Name, Unknown, Why};

impl Maker<'_> {
    /// The facts about it.
    pub(super) fn health(&self) -> Vec<(Name, Fact)> {
        vec![
            ("memory_percent", self.memory_percent()),
            ("memory_policy", self.word("maxmemory_policy")),
            ("keys_with_ttl", self.keys_with_ttl()),
            ("aof", self.is("aof_enabled", "1")),
            ("save_overdue_seconds", self.save_overdue()),
            ("primary_down_seconds", self.number("master_link_down_since_seconds")),
            ("loading_seconds_left", self.number("loading_eta_seconds")),
            ("replica_links", self.replica_links()),
            ("on_this_host", self.on_this_host()),
            ("bind_missing", self.bind_missing()),
        ]
    }

    fn on_this_host(&self) -> Fact {
        match &self.answers.lacking {
            Some(Err(ask)) => self.unknown(*ask),
            lacking => Fact::derived(lacking.is_some(), self.line("tcp_port:")),
        }
    }

    fn bind_missing(&self) -> Fact {
        let at = self.line("tcp_port:");
        match &self.answers.lacking {
            Some(Err(ask)) => self.unknown(*ask),
            Some(Ok(all)) => Fact::derived(all.iter().map(|it| Fact::derived(it.clone(), at)).collect::<Vec<_>>(), at),
            None => Fact::derived(Vec::new(), at),
        }
    }

    fn told_number(&self, name: &str) -> Option<i64> {
        line_of(self.info.as_deref()?, name)?.parse().ok()
    }

    /// How much of `maxmemory` the data take (`evict.c:getMaxmemoryState`).
    fn memory_percent(&self) -> Fact {
        if self.info.is_none() {
            return self.unknown(Ask::Info);
        }
        let limit = self.told_number("maxmemory").filter(|limit| *limit > 0);
        let used = self.told_number("used_memory");
        let aside = self.told_number("mem_not_counted_for_evict").unwrap_or(0);
        let percent = used.zip(limit).map(|(used, limit)| used.saturating_sub(aside).saturating_mul(100) / limit);
        Fact::derived(percent.unwrap_or(-1), self.line("maxmemory:"))
    }

    fn keys_with_ttl(&self) -> Fact {
        let Some(info) = &self.info else { return self.unknown(Ask::Info) };
        let expire = |line: &str| -> Option<i64> {
            let (_, rest) = line.strip_prefix("db")?.split_once(":keys=")?;
            rest.split(',').find_map(|field| field.strip_prefix("expires="))?.trim().parse().ok()
        };
        Fact::derived(info.lines().filter_map(expire).sum::<i64>(), self.line("db"))
    }

    /// For how long a point of `save` has been due: so many changes, and so many seconds since the last snapshot.
    fn save_overdue(&self) -> Fact {
        if self.info.is_none() {
            return self.unknown(Ask::Info);
        }
        let points = self.answers.reply(Ask::Config).and_then(|settings| settings.field("save")).and_then(Reply::text);
        let Some(points) = points else { return self.unknown(Ask::Config) };
        let at = self.line("rdb_last_save_time:");
        let [Some(now), Some(saved), Some(changes)] =
            ["server_time_usec", "rdb_last_save_time", "rdb_changes_since_last_save"]
                .map(|name| self.told_number(name))
        else {
            let needs = "an `INFO` that says when the last snapshot was";
            return Fact::Unknown(Unknown::new(Why::NotSupported, at, needs));
        };
        let age = now / 1_000_000 - saved;
        let numbers: Vec<i64> = points.split_whitespace().filter_map(|number| number.parse().ok()).collect();
        let due = numbers.chunks_exact(2).filter(|point| changes >= point[1]).map(|point| age.saturating_sub(point[0]));
        Fact::derived(due.max().unwrap_or(0).max(0), at)
    }

    /// The replicas, as the primary sees them: `slave0:ip=…,port=…,state=online,offset=…,lag=1`.
    fn replica_links(&self) -> Fact {
        let Some(info) = &self.info else { return self.unknown(Ask::Info) };
        let told = self.told_number("master_repl_offset");
        let link = |line: &str| {
            let (name, rest) = line.trim_end().split_once(':')?;
            name.strip_prefix("slave")?.parse::<u32>().ok()?;
            let field = |wanted: &str| rest.split(',').find_map(|field| field.strip_prefix(wanted)?.strip_prefix('='));
            let number = |wanted: &str| field(wanted).and_then(|number| number.parse::<i64>().ok());
            let at = self.line(&format!("{name}:"));
            let behind = told.zip(number("offset")).map_or(-1, |(told, offset)| told.saturating_sub(offset).max(0));
            let fields = [
                ("address", Fact::derived(format!("{}:{}", field("ip")?, field("port")?), at)),
                ("state", Fact::derived(field("state")?.to_owned(), at)),
                ("lag_seconds", Fact::derived(number("lag").unwrap_or(-1), at)),
                ("behind_bytes", Fact::derived(behind, at)),
            ];
            Some(Fact::record(fields, at))
        };
        Fact::derived(info.lines().filter_map(link).collect::<Vec<Fact>>(), self.whole())
    }
}

/// Whether a line of `INFO` is one of those that facts here have their places in.
pub(super) fn is_about(name: &str) -> bool {
    let numbered = |prefix: &str| {
        let number = name.strip_prefix(prefix).unwrap_or_default();
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    };
    const LINES: [&str; 6] = [
        "maxmemory",
        "maxmemory_policy",
        "aof_enabled",
        "rdb_last_save_time",
        "master_link_down_since_seconds",
        "loading_eta_seconds",
    ];
    LINES.contains(&name) || numbered("slave") || numbered("db")
}
