//! As whom Sentinels are logged in at the servers that they watch: a Sentinel does not say it, the servers do.

use std::collections::BTreeMap;

use super::facts::list;
use super::member::{Member, Share};
use super::told::Role;
use crate::fact::{Fact, List, Record, Unknown, Value};
use crate::platform::redis::acl::glob;
use crate::text::Span;

/// What Sentinels call themselves at a server begins so (`sentinel.c:sentinelSetClientName`).
const CLIENT: &str = "sentinel-";

/// The channel on which they find each other (`sentinel.c: SENTINEL_HELLO_CHANNEL`).
const HELLO: &str = "__sentinel__:hello";

/// As whom Sentinels are logged in, at each server.
pub(super) fn watchers(members: &[Member<'_>], kind: &str, at: Span) -> Fact {
    let (mut items, mut rest) = (Vec::new(), None);
    let servers = members.iter().filter(|member| member.role != Some(Role::Sentinel));
    for server in servers.filter(|_| kind == "sentinel") {
        match watchers_at(server) {
            Ok(found) => items.extend(found),
            Err(_) if matches!(server.share, Share::NotAsked) => {}
            Err(unknown) => rest = rest.or(Some(unknown)),
        }
    }
    list(items, rest, at)
}

fn watchers_at(server: &Member<'_>) -> Result<Vec<Fact>, Unknown> {
    let mut names: BTreeMap<String, Span> = BTreeMap::new();
    for client in server.clients()? {
        let text = |name: &str| match client.get(name) {
            Some(Fact::Known { value: Value::Text(text), origin }) => Some((text.to_string(), origin.spans())),
            _ => None,
        };
        if let (Some((name, _)), Some((user, at))) = (text("name"), text("user"))
            && name.starts_with(CLIENT)
        {
            names.entry(user).or_insert_with(|| at.first().copied().unwrap_or_else(|| server.main()));
        }
    }
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let users = server.users(&names.keys().cloned().collect())?;
    let watcher = |(name, client): (String, Span)| {
        let user = users.get(&name)?;
        let get = |field: &str| user.record.get(field).cloned();
        let fields = [
            ("server", Fact::derived(server.place.to_owned(), user.at)),
            ("user", Fact::derived(name, vec![user.at, client])),
            ("commands", get("commands")?),
            ("all_commands", get("all_commands")?),
            ("all_keys", get("all_keys")?),
            ("hello", hello(&user.record, user.at)),
        ];
        Some(Fact::record(fields, user.at))
    };
    Ok(names.into_iter().filter_map(watcher).collect())
}

/// Whether a user reaches the channel of the Sentinels.
fn hello(user: &Record, at: Span) -> Fact {
    let known = |name: &str| user.get(name).map(|fact| fact.in_world(0));
    match (known("all_channels"), known("channels")) {
        (Some(Fact::Known { value: Value::Bool(true), .. }), _) => Fact::derived(true, at),
        (_, Some(Fact::Known { value: Value::List(List { items, .. }), .. })) => {
            let reaches = items.iter().any(|pattern| {
                let Some(Value::Text(pattern)) = pattern.value() else { return false };
                glob::matches(pattern.as_bytes(), HELLO.as_bytes())
            });
            Fact::derived(reaches, at)
        }
        (Some(Fact::Unknown(unknown)), _) | (_, Some(Fact::Unknown(unknown))) => Fact::Unknown(unknown.clone()),
        _ => Fact::derived(false, at),
    }
}
