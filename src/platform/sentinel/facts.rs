//! The facts of a Sentinel: those that it shares with Redis, and what it watches.

use super::watch::{Monitor, Switch, Watch};
use crate::fact::{Fact, Items, List, Name, Origin, Record, Spans, Value};
use crate::platform::redis::conclude::{by_world, merged, password};
use crate::platform::redis::derive;
use crate::platform::redis::entrance::SENTINEL_PORT;
use crate::platform::redis::instance::Instance;
use crate::platform::redis::number::atoi;
use crate::platform::redis::split::Word;
use crate::schema::{Field, Type};
use crate::text::{Sources, Span};

const fn field(name: &'static str, ty: Type, doc: &'static str) -> Field {
    Field { name, ty, doc }
}

/// The facts that only a Sentinel has.
pub static SENTINEL: &[Field] = &[
    field("monitors", Type::List(&Type::Record(&[MONITOR])), "the masters that it watches"),
    field("deny_scripts_reconfig", Type::Bool, "whether clients cannot change the scripts that it runs"),
];

static MONITOR: &[Field] = &[
    field("name", Type::Text, "what Sentinels and clients call the master"),
    field("host", Type::Text, "its address"),
    field("port", Type::Int, "its port"),
    field("quorum", Type::Int, "how many Sentinels must agree that it is down"),
    field("auth", Type::Bool, "whether Sentinel logs in to it with a password"),
];

/// All facts of a Sentinel.
pub fn facts(instance: &Instance, sources: &Sources) -> Record {
    let shared = derive::facts(instance, sources);
    let watches: Vec<&Watch> = instance.loaded.iter().map(|loaded| &loaded.watch).collect();
    let at = instance.loaded.first().map(|loaded| loaded.end);
    let mut facts: Vec<(Name, Fact)> = shared.iter().map(|(name, fact)| (name, fact.clone())).collect();
    let Some(at) = at else { return shared };
    let monitors = by_world(watches.iter().map(|watch| monitors(watch, at)));
    facts.extend(merged(monitors, at).map(|fact| ("monitors", fact)));
    let scripts = by_world(watches.iter().map(|watch| scripts(watch, at)));
    facts.extend(merged(scripts, at).map(|fact| ("deny_scripts_reconfig", fact)));
    for (name, fact) in &mut facts {
        match *name {
            "passwords" => append(fact, watches.first().map(|watch| passwords(watch)).unwrap_or_default()),
            "port" => default(fact, Value::Int(i64::from(SENTINEL_PORT)), "26379"),
            "protected_mode" => default(fact, Value::Bool(false), "no"),
            _ => {}
        }
    }
    Record::new(facts)
}

fn monitors(watch: &Watch, at: Span) -> Fact {
    let items: Vec<Fact> = watch.monitors.iter().map(monitor).collect();
    let rest = watch.unknown.first().map(|unknown| unknown.clone().following_from("sentinel.monitors"));
    let value = Value::List(List { items: Items::Here(items.into()), rest });
    Fact::Known { value, origin: Origin::Derived([at].into()) }
}

fn monitor(monitor: &Monitor) -> Fact {
    let from: Spans = [monitor.span].into();
    let unknown = |word: &Word| {
        let unknown = crate::fact::Unknown::new(crate::fact::Why::Templated, word.span, "the rendered file");
        Fact::Unknown(unknown.following_from("sentinel.monitors"))
    };
    let text = |word: &Word| match word.templated {
        true => unknown(word),
        false => Fact::written(String::from_utf8_lossy(&word.bytes), word.span),
    };
    let number = |word: &Word| match word.templated {
        true => unknown(word),
        false => Fact::written(i64::from(atoi(&word.bytes)), word.span),
    };
    let auth = monitor.auth_pass.as_ref().map_or(from.clone(), |word| [word.span].into());
    let fields = [
        ("name", text(&monitor.name)),
        ("host", text(&monitor.host)),
        ("port", number(&monitor.port)),
        ("quorum", number(&monitor.quorum)),
        ("auth", Fact::derived(monitor.auth_pass.is_some(), auth)),
    ];
    Fact::record(fields, from)
}

fn scripts(watch: &Watch, at: Span) -> Fact {
    match &watch.deny_scripts_reconfig {
        Switch::Written(on, span) => Fact::written(*on, *span),
        Switch::Default(on) => {
            Fact::default(*on, at, "`sentinel deny-scripts-reconfig` is not set; the default is `yes`")
        }
        Switch::Unknown(unknown) => Fact::Unknown(unknown.clone()),
    }
}

fn passwords(watch: &Watch) -> Vec<Fact> {
    let own = watch.sentinel_pass.iter().map(|word| password::of_word("sentinel", "sentinel-pass", word));
    let of_masters = watch.monitors.iter().filter_map(|monitor| {
        let of = format!("auth-pass {}", String::from_utf8_lossy(&monitor.name.bytes));
        Some(password::of_word("sentinel", &of, monitor.auth_pass.as_ref()?))
    });
    own.chain(of_masters).collect()
}

fn append(fact: &mut Fact, more: Vec<Fact>) {
    if let Fact::Known { value: Value::List(list), .. } = fact {
        list.items = Items::Here(list.items.iter().chain(more).collect());
    }
}

/// What Sentinel has where nothing is written (`sentinel.c:initSentinelConfig`, 7.4.1).
fn default(fact: &mut Fact, other: Value, shown: &str) {
    if let Fact::Known { value, origin: Origin::Default { because, .. } } = fact {
        *value = other;
        *because = format!("not set; Sentinel's default is `{shown}`").into();
    }
}
