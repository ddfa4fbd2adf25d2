//! The settings of two servers, and what follows from them about who reaches them.

use std::path::Path;

use super::found::Held;
use super::kind::names;
use super::order::{LISTENERS, Order, Orders, PLAIN, Weaker};
use super::scene::{AND, Look, One, Out, Raw, Scene, World, field, is_live};
use super::value::{NOTHING, Plain, spec};
use crate::fact::{Fact, Items, List, Origin, Record, Unknown, Value, Why};
use crate::files::normal;
use crate::platform::redis::directive::{SettingId, Spec};

/// Compares every setting that some version in question has.
pub fn compare(scene: &Scene<'_>, orders: &Orders, out: &mut Out<'_>) {
    for setting in SettingId::all().filter(|setting| !setting.setting().hidden) {
        let (name, fact) = (setting.setting().name, setting.setting().fact);
        let order = orders.settings.get(name);
        let judge = |left: Look, right: Look, world: &World| {
            let (one, other) = world.2.split_once(AND).unwrap_or((&world.2, &world.2));
            let ((spec, on_left), (other_spec, on_right)) = (spec(setting, one), spec(setting, other));
            // What a server does not print is not what its default says.
            let is_hidden =
                |(one, spec): (One<'_>, Option<&Spec>)| is_live(one.subject) && spec.is_some_and(|it| it.hidden);
            if [(scene.left, spec), (scene.right, other_spec)].into_iter().any(is_hidden) {
                return None;
            }
            // What is the same in all versions that have a setting is said of those that do not have it, too.
            let left = if on_left { left } else { Look::Absent };
            let right = if on_right { right } else { Look::Absent };
            let said = Said { scene, name, fact, order, spec };
            said.judge(left, right).map(|raw| (kind_of(name, raw.weaker), raw))
        };
        scene.compare(fact, &judge, out);
    }
}

fn kind_of(name: &str, weaker: Weaker) -> &'static str {
    match (name, weaker) {
        (_, Weaker::Neither) => names::DIFFERS,
        ("tls-protocols" | "server.protocols", _) => names::TLS,
        _ => names::WEAKER,
    }
}

/// The file of a daemon that names none.
const DAEMON_PIDFILE: &str = "/var/run/redis.pid";

/// What is said of one fact.
struct Said<'a> {
    scene: &'a Scene<'a>,
    name: &'a str,
    fact: &'a str,
    order: Option<&'a Order>,
    spec: Option<&'static Spec>,
}

impl Said<'_> {
    fn judge(&self, left: Look, right: Look) -> Option<Raw> {
        let (weaker, why) = match (&left, &right) {
            (Look::Known(a, _), Look::Known(b, _)) => {
                if self.is_same(a, b) {
                    return None;
                }
                let weaker = self.order.map_or(Weaker::Neither, |order| order.weaker(a, b));
                let why = self.order.filter(|_| weaker != Weaker::Neither).map_or("", Order::why);
                (weaker, why.to_owned())
            }
            (Look::Known(_, origin), Look::Absent) | (Look::Absent, Look::Known(_, origin)) => {
                // The default of a setting that the other version does not have is no news.
                if matches!(origin, Origin::Default { .. }) {
                    return None;
                }
                (Weaker::Neither, "only one of the versions has this setting".to_owned())
            }
            _ => return None,
        };
        let (left, right) = (self.held(self.scene.left, &left), self.held(self.scene.right, &right));
        let why = [why, self.of_one_instance()].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>();
        Some(Raw {
            path: self.fact.to_owned(),
            label: self.name.to_owned(),
            left,
            right,
            weaker,
            why: why.join("; "),
            severity: self.order.filter(|_| weaker != Weaker::Neither).and_then(Order::severity),
        })
    }

    /// Environments have passwords of their own: there it matters only whether there is one. One instance has one; what
    /// `requirepass` comes to is among the passwords of the default user.
    fn is_same(&self, left: &Plain, right: &Plain) -> bool {
        match (left, right) {
            (Plain::Secret(None), Plain::Secret(Some(_))) | (Plain::Secret(Some(_)), Plain::Secret(None))
                if self.name == "requirepass" && self.scene.of_one_instance =>
            {
                true
            }
            // A daemon has one whether it is written or not (`server.h: CONFIG_DEFAULT_PID_FILE`).
            (Plain::Text(one), Plain::Text(other)) if self.name == "pidfile" && self.scene.of_one_instance => {
                one == other || [(one, other), (other, one)].iter().any(|(a, b)| a.is_empty() && *b == DAEMON_PIDFILE)
            }
            (Plain::Secret(Some(one)), Plain::Secret(Some(other))) => {
                !self.scene.of_one_instance || one.digest() == other.digest()
            }
            // The server says where it is, whatever was written.
            (Plain::Text(one), Plain::Text(other)) if self.name == "dir" && self.scene.of_one_instance => {
                let real = |path: &str| normal(Path::new(path));
                real(one) == real(other) || [one, other].iter().any(|path| !path.starts_with('/'))
            }
            _ => left == right,
        }
    }

    fn of_one_instance(&self) -> String {
        match (self.scene.of_one_instance, self.spec.is_some_and(|spec| spec.immutable)) {
            (false, _) => "",
            (true, true) => "started with other arguments, or changed in the file and not restarted",
            (true, false) if self.name == "maxclients" => {
                "lowered by the server to the files that it may open, changed by CONFIG SET and not written, or changed \
                 in the file and not restarted"
            }
            (true, false) => {
                "changed by CONFIG SET and not written, started with other arguments, or changed in the file and not restarted"
            }
        }
        .to_owned()
    }

    fn held(&self, one: One<'_>, look: &Look) -> Held {
        let Look::Known(plain, origin) = look else { return one.held(NOTHING, &[]) };
        let value = plain.show(self.spec);
        let is_default = matches!(origin, Origin::Default { .. });
        one.held(if is_default { format!("{value} (default)") } else { value }, origin.spans())
    }
}

/// Compares what is concluded: who gets in, where the server listens, what it loads.
pub fn conclusions(scene: &Scene<'_>, orders: &Orders, out: &mut Out<'_>) {
    for (path, order) in orders.facts.iter().filter(|(path, _)| *path != "version") {
        let label = path.trim_end_matches(".answer").replace('_', "-");
        let judge = |left: Look, right: Look, _: &World| {
            let said = Said { scene, name: &label, fact: path, order: Some(order), spec: None };
            said.judge(left, right).map(|raw| (kind_of(path, raw.weaker), raw))
        };
        match path.as_str() {
            "listen" => list(scene, (path, "listen", order), listener, out),
            "modules" => list(scene, (path, "modules", order), module, out),
            "monitored" => list(scene, (path, "monitors", order), monitored, out),
            "monitors_without_password" => list(scene, (path, "monitors", order), without_password, out),
            "removed_commands" if [scene.left, scene.right].iter().any(|one| is_live(one.subject)) => {
                list(scene, (path, "renamed_commands", order), gone, out);
            }
            "removed_commands" => list(scene, (path, "renamed_commands", order), removed, out),
            _ => scene.compare(path, &judge, out),
        }
    }
    version(scene, orders.facts.get("version"), out);
}

/// The versions as they are declared or found.
fn version(scene: &Scene<'_>, order: Option<&Order>, out: &mut Out<'_>) {
    let said = |one: One<'_>| one.subject.version.clone();
    let (Some(left), Some(right)) = (said(scene.left), said(scene.right)) else { return };
    if left == right {
        return;
    }
    let (a, b) = (Plain::Text(left.clone()), Plain::Text(right.clone()));
    let weaker = order.map_or(Weaker::Neither, |order| order.weaker(&a, &b));
    let why = order.filter(|_| weaker != Weaker::Neither).map_or("", Order::why).to_owned();
    let held = |one: One<'_>, value: String| one.held(value, &[]);
    let (left, right) = (held(scene.left, left), held(scene.right, right));
    let raw = Raw { path: "version".to_owned(), label: "version".to_owned(), left, right, weaker, why, severity: None };
    scene.differs(names::VERSION, raw, Vec::new(), out);
}

/// An item of a list as one text; `None` where it is of no matter, and why where it is not known.
type Item = fn(&Record, usize) -> Result<Option<String>, Unknown>;

/// Compares lists of records as sets of texts.
fn list(scene: &Scene<'_>, (path, source, order): (&str, &str, &Order), item: Item, out: &mut Out<'_>) {
    let mut found: Option<Raw> = None;
    let mut versions = Vec::new();
    for (a, b, name) in &scene.worlds {
        let sides = [(scene.left, *a, true), (scene.right, *b, false)];
        let mut texts = Vec::new();
        for (one, world, is_left) in sides {
            match items(one, source, world, item) {
                Ok(found) => texts.extend(found),
                Err(unknown) => scene.undecided(path, is_left, &unknown, out),
            }
        }
        let [(left, at_left), (right, at_right)] = &texts[..] else { continue };
        if left == right {
            continue;
        }
        versions.push(name.clone());
        let (one, other) = (Plain::List(left.clone()), Plain::List(right.clone()));
        let held = |one: One<'_>, texts: &[String], at: &[crate::text::Span]| match texts.is_empty() {
            true => one.held(NOTHING, at),
            false => one.held(texts.join(", "), at),
        };
        found.get_or_insert_with(|| Raw {
            path: path.to_owned(),
            label: path.replace('_', " "),
            left: held(scene.left, left, at_left),
            right: held(scene.right, right, at_right),
            weaker: order.weaker(&one, &other),
            why: order.why().to_owned(),
            severity: order.severity(),
        });
    }
    if let Some(raw) = found {
        let all = versions.len() == scene.worlds.len();
        let kind = kind_of(path, raw.weaker);
        scene.differs(kind, raw, if all { Vec::new() } else { versions }, out);
    }
}

type Texts = (Vec<String>, Vec<crate::text::Span>);

fn items(one: One<'_>, path: &str, world: usize, item: Item) -> Result<Option<Texts>, Unknown> {
    let Some(fact) = one.fact(path, world) else { return Ok(None) };
    let (list, origin) = match &fact {
        Fact::Unknown(unknown) => return Err(unknown.clone()),
        Fact::Known { value: Value::List(list), origin } => (list, origin),
        Fact::Known { .. } => return Ok(None),
    };
    let List { items: Items::Here(items), rest: None } = list else {
        return list.rest.clone().map_or(Ok(None), Err);
    };
    let mut texts = Vec::new();
    for fact in items.iter() {
        match fact.in_world(world) {
            Fact::Unknown(unknown) => return Err(unknown.clone()),
            Fact::Known { value: Value::Record(record), .. } => texts.extend(item(record, world)?),
            Fact::Known { .. } => {}
        }
    }
    texts.sort();
    texts.dedup();
    Ok(Some((texts, origin.spans().to_vec())))
}

/// A field that an item needs.
fn part(record: &Record, name: &str, world: usize) -> Result<Option<Plain>, Unknown> {
    match field(record, name, world) {
        Some(Fact::Unknown(unknown)) => Err(unknown),
        Some(Fact::Known { value, .. }) => Plain::of(&value, world),
        None => Ok(None),
    }
}

/// A listener without what every environment has of its own: its address and port.
fn listener(record: &Record, world: usize) -> Result<Option<String>, Unknown> {
    let is = |name: &str| Ok::<bool, Unknown>(part(record, name, world)? == Some(Plain::Bool(true)));
    let how = if is("tls")? { "TLS" } else { PLAIN };
    let [loopback, one, every] = LISTENERS;
    let reach = match (is("wildcard")?, is("loopback")?) {
        (true, _) => every,
        (_, true) => loopback,
        _ => one,
    };
    Ok(Some(format!("{how} {reach}")))
}

fn module(record: &Record, world: usize) -> Result<Option<String>, Unknown> {
    Ok(part(record, "path", world)?.map(|path| path.show(None)))
}

fn removed(record: &Record, world: usize) -> Result<Option<String>, Unknown> {
    // The new name of a command that was renamed is as good as a password.
    let command = part(record, "command", world)?.map(|command| command.show(None));
    let is_removed = part(record, "removed", world)? == Some(Plain::Bool(true));
    Ok(command.map(|command| if is_removed { command } else { format!("{command} (renamed)") }))
}

/// The same where one side runs: `COMMAND LIST` leaves out what is removed and has what is renamed under its old name.
fn gone(record: &Record, world: usize) -> Result<Option<String>, Unknown> {
    if part(record, "removed", world)? != Some(Plain::Bool(false)) {
        return removed(record, world);
    }
    let at = record.get("command").and_then(|fact| fact.spans().first().copied());
    let needs = "a server that says which of its commands are renamed: none does";
    at.map_or(Ok(None), |at| Err(Unknown::new(Why::NotSupported, at, needs)))
}

/// A master without its address, which a failover changes.
fn monitored(record: &Record, world: usize) -> Result<Option<String>, Unknown> {
    let part =
        |name: &str| Ok::<String, Unknown>(part(record, name, world)?.map_or_else(String::new, |it| it.show(None)));
    Ok(Some(format!("{} (quorum {})", part("name")?, part("quorum")?)))
}

fn without_password(record: &Record, world: usize) -> Result<Option<String>, Unknown> {
    let name = part(record, "name", world)?.map(|name| name.show(None));
    let auth = part(record, "auth", world)? == Some(Plain::Bool(true));
    Ok(name.filter(|_| !auth))
}
