//! The servers of two configurations of nginx: headers, limits, TLS, who is let in.

use std::collections::{BTreeMap, BTreeSet};

use super::found::Held;
use super::kind::names;
use super::order::{Order, Orders, Weaker};
use super::scene::{One, Out, Raw, Scene, field};
use super::value::{NOTHING, Plain, size};
use crate::fact::{Fact, List, Record, Unknown, Value};
use crate::finding::Severity;
use crate::text::Span;

/// A record with the places of its fact.
#[derive(Clone)]
struct Part {
    record: Record,
    at: Vec<Span>,
}

/// A server with its levels.
struct Server {
    part: Part,
    names: String,
    listens: String,
    label: String,
    scopes: Vec<Part>,
}

/// What one comparison says, by path and values.
type Found = BTreeMap<(String, String, String), Said>;

/// What is said of some levels in some versions.
struct Said {
    kind: &'static str,
    raw: Raw,
    levels: BTreeSet<String>,
    versions: BTreeSet<String>,
}

/// Compares two configurations.
pub fn compare(scene: &Scene<'_>, orders: &Orders, out: &mut Out<'_>) {
    let (Some(left), Some(right)) = (servers(scene, true, out), servers(scene, false, out)) else { return };
    let (pairs, only) = pair(left, right);
    for (server, is_left) in only {
        let (one, other) = if is_left { (scene.left, scene.right) } else { (scene.right, scene.left) };
        let (has, has_not) =
            (one.held(format!("listens on {}", server.listens), &server.part.at), other.held(NOTHING, &[]));
        let (left, right) = if is_left { (has, has_not) } else { (has_not, has) };
        let (path, label) = (format!("servers[{}]", server.label), format!("server {}", server.label));
        let raw = Raw { path, label, left, right, weaker: Weaker::Neither, why: String::new(), severity: None };
        scene.differs(names::ONLY, raw, Vec::new(), out);
    }
    for (left, right) in &pairs {
        let mut made = Made { scene, orders, server: &left.label, found: Found::new() };
        made.facts("server", (&left.part, &right.part), out);
        let mut others: Vec<&Part> = right.scopes.iter().collect();
        for scope in &left.scopes {
            let label = |part: &Part| text(&part.record, "label");
            let Some(at) = others.iter().position(|other| label(other) == label(scope)) else { continue };
            let other = others.remove(at);
            made.facts("scope", (scope, other), out);
            made.headers(&label(scope), (scope, other), out);
        }
        made.tell(out);
    }
}

/// The servers of a side; none where it cannot be told which there are.
fn servers(scene: &Scene<'_>, is_left: bool, out: &mut Out<'_>) -> Option<Vec<Server>> {
    let one = if is_left { scene.left } else { scene.right };
    let mut of = |path: &str| match parts(one, path) {
        Ok(found) => Some(found),
        Err(unknown) => {
            scene.undecided(path, is_left, &unknown, out);
            None
        }
    };
    let (servers, scopes) = (of("servers")?, of("scopes")?);
    let made = servers.into_iter().map(|part| {
        let label = text(&part.record, "label");
        let mine = |scope: &&Part| {
            let same = |flag: &str| plain(&part.record, flag) == plain(&scope.record, flag);
            text(&scope.record, "server") == label && same("tls") && same("plain")
        };
        let scopes = scopes.iter().filter(mine).cloned().collect();
        let listens = inner(&part.record, "listens").iter().map(|one| text(one, "text")).collect::<Vec<_>>();
        let names = plain(&part.record, "names").map(|names| names.show(None)).unwrap_or_default();
        Server { names, listens: listens.join(", "), label, scopes, part }
    });
    Some(made.collect())
}

fn parts(one: One<'_>, path: &str) -> Result<Vec<Part>, Unknown> {
    let list = match one.fact(path, 0) {
        Some(Fact::Unknown(unknown)) => return Err(unknown),
        Some(Fact::Known { value: Value::List(list), .. }) => list,
        _ => return Ok(Vec::new()),
    };
    if let List { rest: Some(unknown), .. } = list {
        return Err(unknown);
    }
    let part = |fact: Fact| match fact {
        Fact::Known { value: Value::Record(record), origin } => Ok(Some(Part { record, at: origin.spans().to_vec() })),
        Fact::Known { .. } => Ok(None),
        Fact::Unknown(unknown) => Err(unknown),
    };
    list.items.iter().map(part).filter_map(Result::transpose).collect()
}

/// The records of a list; none of one that is not wholly known.
fn inner(record: &Record, name: &str) -> Vec<Record> {
    let Some(Value::List(list)) = record.get(name).and_then(Fact::value) else { return Vec::new() };
    let inner = |fact: Fact| if let Some(Value::Record(record)) = fact.value() { Some(record.clone()) } else { None };
    list.items.iter().filter_map(inner).collect()
}

fn plain(record: &Record, name: &str) -> Option<Plain> {
    Plain::of(record.get(name)?.value()?, 0).ok()?
}

fn text(record: &Record, name: &str) -> String {
    if let Some(Plain::Text(text)) = plain(record, name) { text } else { String::new() }
}

type Pairs = (Vec<(Server, Server)>, Vec<(Server, bool)>);

/// Servers of both sides that are one: by names and sockets, by names, by sockets, or the only ones left.
fn pair(left: Vec<Server>, mut right: Vec<Server>) -> Pairs {
    let keys: [fn(&Server) -> String; 4] = [
        |one| format!("{} {}", one.names, one.listens),
        |one| one.names.clone(),
        |one| one.listens.clone(),
        |_| String::new(),
    ];
    let (mut pairs, mut open) = (Vec::new(), left);
    for key in keys {
        let on_left: Vec<String> = open.iter().map(key).collect();
        let mut rest = Vec::new();
        for (one, name) in open.into_iter().zip(&on_left) {
            let alone = on_left.iter().filter(|other| *other == name).count() == 1;
            let same: Vec<usize> =
                right.iter().enumerate().filter(|(_, other)| key(other) == *name).map(|(at, _)| at).collect();
            match same[..] {
                [at] if alone => pairs.push((one, right.remove(at))),
                _ => rest.push(one),
            }
        }
        open = rest;
    }
    let only = open.into_iter().map(|one| (one, true)).chain(right.into_iter().map(|one| (one, false)));
    (pairs, only.collect())
}

/// A pair of servers while it is compared.
struct Made<'a> {
    scene: &'a Scene<'a>,
    orders: &'a Orders,
    server: &'a str,
    found: Found,
}

impl Made<'_> {
    /// Compares the facts that have an order: those of servers, or of levels.
    fn facts(&mut self, root: &str, (left, right): (&Part, &Part), out: &mut Out<'_>) {
        let orders = self.orders;
        for (path, order) in &orders.facts {
            let Some(name) = path.strip_prefix(root).and_then(|rest| rest.strip_prefix('.')) else { continue };
            for (a, b, version) in &self.scene.worlds {
                let sides = [(left, *a, true), (right, *b, false)];
                let values = sides.map(|(part, world, is_left)| self.value(part, name, world, is_left, out));
                let [Some(one), Some(other)] = values else { continue };
                if one != other {
                    self.differs((name, order), (left, &one), (right, &other), version);
                }
            }
        }
    }

    fn value(&self, part: &Part, name: &str, world: usize, is_left: bool, out: &mut Out<'_>) -> Option<Plain> {
        let said = match field(&part.record, name, world)? {
            Fact::Unknown(unknown) => Err(unknown),
            Fact::Known { value, .. } => Plain::of(&value, world),
        };
        said.unwrap_or_else(|unknown| {
            self.scene.undecided(&format!("servers[{}].{name}", self.server), is_left, &unknown, out);
            None
        })
    }

    fn differs(&mut self, (name, order): (&str, &Order), left: (&Part, &Plain), right: (&Part, &Plain), version: &str) {
        let weaker = order.weaker(left.1, right.1);
        let kind = match name {
            "body_limit" => names::UPLOAD,
            "protocols" => names::TLS,
            _ if weaker == Weaker::Neither => names::DIFFERS,
            _ => names::WEAKER,
        };
        let show = |value: &Plain| match value {
            Plain::Int(0) if name == "body_limit" => "no limit".to_owned(),
            Plain::Int(bytes) if name == "body_limit" => size(*bytes),
            value => value.show(None),
        };
        let places = |part: &Part| {
            let at = part.record.get(name).map(|fact| fact.spans().to_vec());
            at.filter(|at| !at.is_empty()).unwrap_or_else(|| part.at.clone())
        };
        let held = |one: One<'_>, (part, value): (&Part, &Plain)| one.held(show(value), &places(part));
        let (why, severity) = match weaker {
            Weaker::Neither => ("", None),
            _ => (order.why(), order.severity()),
        };
        let (one, other) = (held(self.scene.left, left), held(self.scene.right, right));
        let label = name.trim_end_matches(".on").replace(['_', '.'], " ");
        self.add(
            kind,
            (name, &label),
            (one, other),
            (weaker, why, severity),
            (&text(&left.0.record, "label"), version),
        );
    }

    fn add(
        &mut self,
        kind: &'static str,
        (name, label): (&str, &str),
        (left, right): (Held, Held),
        (weaker, why, severity): (Weaker, &str, Option<Severity>),
        (level, version): (&str, &str),
    ) {
        let path = format!("servers[{}].{name}", self.server);
        let key = (path.clone(), left.value.clone(), right.value.clone());
        let (label, why) = (format!("{}: {label}", self.server), why.to_owned());
        let raw = Raw { path, label, left, right, weaker, why, severity };
        let made = || Said { kind, raw, levels: BTreeSet::new(), versions: BTreeSet::new() };
        let said = self.found.entry(key).or_insert_with(made);
        said.levels.insert(level.to_owned());
        said.versions.insert(version.to_owned());
    }

    /// Compares the headers of a level.
    fn headers(&mut self, level: &str, (left, right): (&Part, &Part), out: &mut Out<'_>) {
        let mut sides = Vec::new();
        for (part, is_left) in [(left, true), (right, false)] {
            match headers(part) {
                Ok(found) => sides.push(found),
                Err(unknown) => {
                    let path = format!("servers[{}].headers", self.server);
                    self.scene.undecided(&path, is_left, &unknown, out);
                }
            }
        }
        let [one, other] = &sides[..] else { return };
        let every: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
        for name in every {
            let none = Header::default();
            let (a, b) = (one.get(name).unwrap_or(&none), other.get(name).unwrap_or(&none));
            if a.values == b.values {
                continue;
            }
            let protects = self.orders.headers.contains(name);
            let (weaker, why) = match protects {
                true => {
                    let weaker = Weaker::of_surplus(a.values.is_empty(), b.values.is_empty());
                    (weaker, if weaker == Weaker::Neither { "" } else { "visitors are not protected by this header" })
                }
                false => (Weaker::Neither, ""),
            };
            let held = |one: One<'_>, header: &Header, part: &Part| match header.values.is_empty() {
                true => one.held(NOTHING, &part.at),
                false => one.held(header.values.iter().cloned().collect::<Vec<_>>().join(" or "), &header.at),
            };
            let sides = (held(self.scene.left, a, left), held(self.scene.right, b, right));
            let path = format!("headers[{name}]");
            self.add(names::HEADER, (&path, &format!("header {name}")), sides, (weaker, why, None), (level, ""));
        }
    }

    /// Adds what was found, each with the levels of which it holds.
    fn tell(self, out: &mut Out<'_>) {
        for Said { kind, mut raw, levels, versions } in self.found.into_values() {
            let levels = levels.into_iter().filter(|level| level != self.server).collect::<Vec<_>>().join(", ");
            let place = if levels.is_empty() { String::new() } else { format!("in {levels}") };
            raw.why = [raw.why, place].into_iter().filter(|it| !it.is_empty()).collect::<Vec<_>>().join("; ");
            // Headers are the same in every version.
            let all = versions.contains("") || versions.len() == self.scene.worlds.len();
            let versions = if all { Vec::new() } else { versions.into_iter().collect() };
            self.scene.differs(kind, raw, versions, out);
        }
    }
}

/// What a level sends under one name.
#[derive(Default)]
struct Header {
    values: BTreeSet<String>,
    at: Vec<Span>,
}

/// The response headers of a level, by name.
fn headers(part: &Part) -> Result<BTreeMap<String, Header>, Unknown> {
    let list = match part.record.get("headers") {
        Some(Fact::Unknown(unknown)) => return Err(unknown.clone()),
        Some(Fact::Known { value: Value::List(list), .. }) => list,
        _ => return Ok(BTreeMap::new()),
    };
    if let Some(unknown) = &list.rest {
        return Err(unknown.clone());
    }
    let mut headers: BTreeMap<String, Header> = BTreeMap::new();
    for fact in list.items.iter() {
        let record = match &fact {
            Fact::Unknown(unknown) => return Err(unknown.clone()),
            Fact::Known { value: Value::Record(record), .. } => record,
            Fact::Known { .. } => continue,
        };
        let is = |name: &str| plain(record, name) == Some(Plain::Bool(true));
        let header = headers.entry(text(record, "name")).or_default();
        let when = if is("always") { "" } else { " (not on errors)" };
        let some = if is("conditional") { " (sometimes)" } else { "" };
        header.values.insert(format!("{}{when}{some}", text(record, "value")));
        header.at.extend(fact.spans());
    }
    Ok(headers)
}
