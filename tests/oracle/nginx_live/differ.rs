//! Where hardline's answer and what was seen differ, aspect by aspect.

use std::collections::BTreeSet;

use serde_json::Value;

use super::config::MAIN;
use super::observe::Seen;
use super::server::Refusal;

/// One aspect of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Aspect {
    /// Whether nginx starts.
    Accepted,
    /// The file and line that it refuses.
    Place,
    /// The server that answers.
    Server,
    /// The location that answers.
    Location,
    /// The status.
    Status,
    /// The headers of the answer.
    Headers,
    /// The headers that the upstream gets.
    Request,
    /// Whether the body is too long.
    Body,
    /// Whether access is denied.
    Access,
    /// The access logs that get a line.
    Log,
    /// Whether another one's request is answered from the cache.
    Cache,
}

/// How one aspect came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// As hardline says.
    Same,
    /// hardline says that it does not know, and why.
    Unknown(String),
    /// Not as hardline says.
    Differs(String),
}

/// Headers that hardline leaves out.
const LEFT_OUT: [&str; 8] = [
    "date",
    "content-type",
    "content-length",
    "connection",
    "etag",
    "last-modified",
    "accept-ranges",
    "transfer-encoding",
];

fn outcome(same: bool, message: impl FnOnce() -> String) -> Outcome {
    if same { Outcome::Same } else { Outcome::Differs(message()) }
}

/// Why hardline does not know something that starts like this, if it says so.
fn unknown(answer: &Value, prefixes: &[&str]) -> Option<String> {
    let open = answer["unknown"].as_array()?;
    let named = |item: &&Value| {
        let what = item["what"].as_str().unwrap_or_default();
        prefixes.iter().any(|prefix| {
            let longer = |long: &str, short: &str| {
                long.strip_prefix(short).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[', ' ', '"']))
            };
            longer(what, prefix) || longer(prefix, what)
        })
    };
    let item = open.iter().find(named)?;
    let text = |key: &str| item[key].as_str().unwrap_or_default().to_owned();
    Some(format!("{}: {}", text("what"), text("why")))
}

/// The start: accepted or refused, and where.
pub fn start(answer: &Value, refusal: Option<&Refusal>, last_line: usize) -> Vec<(Aspect, Outcome)> {
    let Some(said) = answer["accepted"].as_bool() else {
        let why = unknown(answer, &["accepted"]).unwrap_or_else(|| "accepted is null, and no reason".to_owned());
        return vec![(Aspect::Accepted, Outcome::Unknown(why))];
    };
    let truth = || refusal.map_or("runs".to_owned(), |refusal| format!("{refusal:?}"));
    let accepted = outcome(said == refusal.is_none(), || {
        format!("hardline says accepted: {said}, errors {}; nginx: {}", answer["errors"], truth())
    });
    let mut all = vec![(Aspect::Accepted, accepted)];
    let (false, Some(refusal)) = (said, refusal) else { return all };
    // What nginx finds only after reading everything it reports at the end of `http`.
    let late = |path: &str, line: usize| path == MAIN && line == last_line;
    // The end of the file is no place where anything is at fault.
    let at_end = refusal.message.starts_with("unexpected end of file");
    let Some((path, line)) = refusal.place.as_ref().filter(|(path, line)| !late(path, *line) && !at_end) else {
        return all;
    };
    let first = &answer["errors"][0];
    // nginx has read up to the end of the directive when it complains.
    let last = first["last_line"].as_u64().or(first["line"].as_u64());
    let at_line = last == Some(*line as u64);
    let at_path = first["path"].as_str().is_some_and(|said| said.ends_with(path.as_str()));
    all.push((Aspect::Place, outcome(at_line && at_path, || format!("hardline says {first}; nginx {refusal:?}"))));
    all
}

/// One request.
pub fn request(answer: &Value, seen: &Seen) -> Vec<(Aspect, Outcome)> {
    let mut all = Vec::new();
    let mut add = |aspect, prefixes: &[&str], compare: &dyn Fn() -> Outcome| {
        let open = unknown(answer, prefixes).map(Outcome::Unknown);
        all.push((aspect, open.unwrap_or_else(compare)));
    };
    if seen.server.is_some() {
        add(Aspect::Server, &["server"], &|| server(answer, seen));
    }
    if !seen.hidden {
        add(Aspect::Location, &["location"], &|| location(answer, seen));
    }
    add(Aspect::Status, &["response.status"], &|| status(answer, seen));
    if seen.status.is_some() {
        add(Aspect::Headers, &["response.headers"], &|| headers(answer, seen));
    }
    add(Aspect::Body, &["request.rejected"], &|| rejected(answer, seen));
    add(Aspect::Request, &["request.headers"], &|| asked(answer, seen));
    // A fault of a rule is neither a yes nor a no.
    if !seen.redirected && seen.status != Some(500) {
        add(Aspect::Access, &["access"], &|| access(answer, seen));
    }
    add(Aspect::Log, &["log.access"], &|| logs(answer, seen));
    all
}

/// The first name as `$server_name` has it.
fn server(answer: &Value, seen: &Seen) -> Outcome {
    let said = answer["server"]["names"][0].as_str().unwrap_or_default().trim_start_matches('.');
    let truth = seen.server.as_deref().unwrap_or_default();
    outcome(said == truth, || format!("hardline says server {}, nginx {truth:?}", answer["server"]))
}

/// The location as nginx's log writes it: the text without quotes and without `~` and `^~`, `=` stuck to the path.
fn location(answer: &Value, seen: &Seen) -> Outcome {
    let said = answer["location"]["text"].as_str().unwrap_or_default();
    let (modifier, rest) = match said.split_once(' ') {
        Some((modifier @ ("=" | "~" | "~*" | "^~"), rest)) => (modifier, rest.trim()),
        _ => ("", said),
    };
    let bare = match rest.chars().next() {
        Some(quote @ ('"' | '\'')) => {
            rest.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)).unwrap_or(rest)
        }
        _ => rest,
    };
    let written = if modifier == "=" { format!("={bare}") } else { bare.to_owned() };
    let truth = seen.location.as_deref().unwrap_or_default();
    outcome(written == truth, || format!("hardline says location {said:?}, nginx {truth:?}"))
}

fn status(answer: &Value, seen: &Seen) -> Outcome {
    let said = answer["response"]["status"].as_u64();
    // A connection that is closed without an answer has the status of the log.
    let truth = u64::from(seen.status.unwrap_or(444));
    outcome(said == Some(truth), || format!("hardline says status {said:?}, nginx {truth}"))
}

/// Names in small letters and values, sorted. The date of `Expires` depends on the clock.
fn comparable<'a>(headers: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<(String, String)> {
    let one = |(name, value): (&str, &str)| {
        let name = name.to_lowercase();
        let dated = name == "expires" && !value.contains("1970") && !value.contains("2037");
        let value = if dated { "a date".to_owned() } else { value.trim().to_owned() };
        (name, value)
    };
    let mut all: Vec<(String, String)> = headers.map(one).collect();
    all.sort();
    all
}

fn pairs(list: &Value) -> impl Iterator<Item = (&str, &str)> {
    list.as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
        .iter()
        .map(|header| (header["name"].as_str().unwrap_or_default(), header["value"].as_str().unwrap_or_default()))
}

fn without_left_out(headers: Vec<(String, String)>) -> Vec<(String, String)> {
    headers.into_iter().filter(|(name, _)| !LEFT_OUT.contains(&name.as_str())).collect()
}

fn headers(answer: &Value, seen: &Seen) -> Outcome {
    let response = &answer["response"];
    let mut said = comparable(pairs(&response["headers"]));
    if !said.iter().any(|(name, _)| name == "server")
        && let Some(server) = response["server_header"].as_str()
    {
        said.push(("server".to_owned(), server.to_owned()));
    }
    said.sort();
    let said = without_left_out(said);
    let truth = comparable(seen.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    compare_lists("response headers", &said, &without_left_out(truth))
}

fn compare_lists(what: &str, said: &[(String, String)], truth: &[(String, String)]) -> Outcome {
    outcome(said == truth, || {
        let lacking = |of: &[(String, String)], from: &[(String, String)]| {
            let mut left = from.to_vec();
            let missing = of.iter().filter(|pair| match left.iter().position(|other| &other == pair) {
                Some(at) => {
                    left.remove(at);
                    false
                }
                None => true,
            });
            missing.map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>()
        };
        format!("{what}: only hardline says {:?}, only nginx {:?}", lacking(said, truth), lacking(truth, said))
    })
}

fn asked(answer: &Value, seen: &Seen) -> Outcome {
    let said = &answer["request"]["headers"];
    let some = said.as_array().is_some();
    let Some(last) = seen.asked.last() else {
        return outcome(!some, || format!("hardline says that the upstream gets {said}, and it is not asked"));
    };
    if !some {
        return Outcome::Differs(format!("hardline says that no upstream is asked, and it gets {last:?}"));
    }
    // After a 413 it depends on how much of the body has come and was thrown away.
    let counts = |(name, _): &(&str, &str)| !(seen.too_large && name.eq_ignore_ascii_case("content-length"));
    let truth = last.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).filter(counts);
    compare_lists("request headers", &comparable(pairs(said).filter(counts)), &comparable(truth))
}

fn rejected(answer: &Value, seen: &Seen) -> Outcome {
    let said = answer["request"]["rejected"].as_u64();
    let truth = if seen.too_large { Some(413) } else { None };
    let said = said.filter(|status| *status == 413);
    outcome(said == truth, || format!("hardline says rejected: {said:?}, nginx {truth:?}"))
}

fn access(answer: &Value, seen: &Seen) -> Outcome {
    let said = answer["access"].as_str().unwrap_or_default();
    let right = match said {
        "deny" => seen.denied,
        "allow" => !seen.denied,
        _ => true,
    };
    outcome(right, || format!("hardline says access: {said}, nginx denied: {}, status {:?}", seen.denied, seen.status))
}

fn logs(answer: &Value, seen: &Seen) -> Outcome {
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let item = |item: &Value| item["path"].as_str().or(item.as_str()).map(name);
    let said: BTreeSet<String> =
        answer["log"]["access"].as_array().map(|all| all.iter().filter_map(item).collect()).unwrap_or_default();
    let truth: BTreeSet<String> = seen.logs.iter().map(|path| name(path)).collect();
    outcome(said == truth, || format!("hardline says log {}, nginx writes {truth:?}", answer["log"]))
}

/// Whether the second one's answer comes from the cache.
pub fn cache(first: &Value, second: &Value, seen: &Seen) -> Option<(Aspect, Outcome)> {
    let stored = seen.stored?;
    // Where nobody asks an upstream, nothing is stored.
    if seen.asked.is_empty() {
        return None;
    }
    if let Some(why) = unknown(first, &["cache"]).or_else(|| unknown(second, &["cache"])) {
        return Some((Aspect::Cache, Outcome::Unknown(why)));
    }
    let (first, second) = (&first["cache"], &second["cache"]);
    let yes = |answer: &Value, key: &str| answer[key].as_bool().unwrap_or(false);
    let said = yes(first, "store")
        && yes(second, "lookup")
        && first["key"] == second["key"]
        && first["zone"] == second["zone"];
    Some((
        Aspect::Cache,
        outcome(said == stored, || format!("hardline says {first}, then {second}; nginx from the cache: {stored}")),
    ))
}
