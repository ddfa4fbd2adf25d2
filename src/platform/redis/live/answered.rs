//! From answers to what a subject is made of.

use super::ask::{Answer, Answers, Ask, line_of};
use super::reply::Reply;
use super::subject::{Answered, Watches};
use super::target::Target;
use super::written::{Settings, quoted};
use crate::platform::redis::acl::commands::Table;
use crate::platform::redis::version::Version;

/// What a server says of itself.
pub fn answered(target: &Target, answers: &Answers) -> Answered {
    let version = version(answers);
    let watches = answers.is_sentinel().then(|| Watches { lines: watches(answers) });
    Answered {
        url: target.plain_url(),
        name: target.place(),
        renamed: renamed(answers, version.as_deref().ok()),
        version,
        settings: settings(answers.reply(Ask::Config)).ok_or_else(|| match watches.is_some() {
            true => "the file of the Sentinel: it does not show its settings".to_owned(),
            false => answers.needs(Ask::Config),
        }),
        users: texts(answers.reply(Ask::Users)).ok_or_else(|| answers.needs(Ask::Users)),
        modules: modules(answers),
        watches,
    }
}

fn version(answers: &Answers) -> Result<String, String> {
    let stranger = || match answers.to_stranger(Ask::InfoServer) {
        Some(Answer::Reply(reply)) => reply.text(),
        _ => None,
    };
    let info = answers.reply(Ask::Info).and_then(Reply::text).or_else(stranger);
    let info = info.ok_or_else(|| answers.needs(Ask::Info))?;
    let valkey = line_of(&info, "valkey_version").map(|version| format!("valkey:{version}"));
    let redis = || line_of(&info, "redis_version").map(|version| format!("redis:{version}"));
    valkey.or_else(redis).ok_or_else(|| "an `INFO` that says the version".to_owned())
}

/// The pairs of `CONFIG GET`.
fn settings(reply: Option<&Reply>) -> Option<Settings> {
    let pairs = reply?.pairs()?;
    let bytes = |(key, value): (&Reply, &Reply)| Some((key.bytes()?.to_vec(), value.bytes()?.to_vec()));
    pairs.into_iter().map(bytes).collect()
}

fn texts(reply: Option<&Reply>) -> Option<Vec<Vec<u8>>> {
    reply?.list()?.iter().map(|item| item.bytes().map(<[u8]>::to_vec)).collect()
}

/// Where the modules are. 6.2 says only what they are called.
fn modules(answers: &Answers) -> Result<Vec<Vec<u8>>, String> {
    let list = answers.reply(Ask::Modules).and_then(Reply::list).ok_or_else(|| answers.needs(Ask::Modules))?;
    let path = |module: &Reply| {
        // A module that is built in has no file: Valkey 9.1 gives its name.
        let path = field_of(module, "path")?;
        Some(if Some(path) == field_of(module, "name") { Vec::new() } else { path.to_vec() })
    };
    let paths: Option<Vec<_>> = list.iter().map(path).collect();
    let paths = paths.ok_or_else(|| "a server from 7.0 on, which says where its modules are".to_owned())?;
    Ok(paths.into_iter().filter(|path| !path.is_empty()).collect())
}

/// Why commands may have other names than their own: some do not answer to theirs.
fn renamed(answers: &Answers, version: Option<&str>) -> Option<String> {
    let Some((version, _)) = version.and_then(|version| Version::find(version).ok()) else {
        return Some(answers.needs(Ask::Info));
    };
    let Some(names) = texts(answers.reply(Ask::Commands)) else {
        return Some("`COMMAND LIST`, which servers have from 7.0 on, to see whether commands are renamed".to_owned());
    };
    let table = Table::of(version);
    let there = |name: &str| names.iter().any(|known| known.eq_ignore_ascii_case(name.as_bytes()));
    let missing: Vec<&str> = table
        .commands()
        .filter(|command| command.container().is_none())
        .map(|command| command.name())
        .filter(|name| !there(name))
        .collect();
    let told = missing.iter().take(5).copied().collect::<Vec<_>>().join(", ");
    (!missing.is_empty()).then(|| format!("`rename-command` of the file: {told} do not answer to their names"))
}

/// The lines that make a Sentinel watch what it watches.
fn watches(answers: &Answers) -> Result<Vec<u8>, String> {
    let masters = answers.reply(Ask::Masters).and_then(Reply::list).ok_or_else(|| answers.needs(Ask::Masters))?;
    let mut text = Vec::new();
    let info = answers.reply(Ask::Info).and_then(Reply::text).unwrap_or_default();
    if let Some(port) = line_of(&info, "tcp_port") {
        text.extend(format!("port {port}\n").into_bytes());
    }
    for master in masters {
        let [Some(name), Some(host), Some(port), Some(quorum)] =
            ["name", "ip", "port", "quorum"].map(|field| field_of(master, field))
        else {
            continue;
        };
        let words = [&b"sentinel monitor"[..], &quoted(name), &quoted(host), port, quorum];
        text.extend(words.join(&b' '));
        text.push(b'\n');
        for field in ["down-after-milliseconds", "failover-timeout", "parallel-syncs"] {
            if let Some(value) = field_of(master, field) {
                text.extend([b"sentinel ", field.as_bytes(), b" ", &quoted(name), b" ", value].concat());
                text.push(b'\n');
            }
        }
    }
    Ok(text)
}

/// The bytes under a key of a map.
fn field_of<'r>(map: &'r Reply, name: &str) -> Option<&'r [u8]> {
    map.field(name)?.bytes()
}

/// The other members of a group that a server tells of: where they are.
pub fn members(answers: &Answers) -> Vec<(String, u16)> {
    let mut all = Vec::new();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut add = |node: &Reply| {
        let (Some(host), Some(port)) = (field_of(node, "ip"), field_of(node, "port")) else { return };
        if let Ok(port) = text(port).parse() {
            all.push((text(host), port));
        }
    };
    answers.reply(Ask::Masters).and_then(Reply::list).unwrap_or_default().iter().for_each(&mut add);
    for (_, told) in &answers.groups {
        for (_, answer) in told {
            if let Answer::Reply(Reply::List(nodes)) = answer {
                nodes.iter().for_each(&mut add);
            }
        }
    }
    let nodes = answers.reply(Ask::ClusterNodes).and_then(Reply::text).unwrap_or_default();
    all.extend(nodes.lines().filter_map(node));
    all.sort();
    all.dedup();
    all
}

/// Where a node of `CLUSTER NODES` is: `id host:port@bus[,name] flags …`.
fn node(line: &str) -> Option<(String, u16)> {
    let mut words = line.split(' ').skip(1);
    let (address, flags) = (words.next()?, words.next()?);
    if flags.split(',').any(|flag| matches!(flag, "noaddr" | "handshake")) {
        return None;
    }
    let (host, port) = address.split(['@', ',']).next()?.rsplit_once(':')?;
    Some((host.to_owned(), port.parse().ok()?)).filter(|(host, _)| !host.is_empty())
}
