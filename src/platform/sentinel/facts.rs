//! The facts of a Sentinel: those that it shares with Redis, and what it watches.

use std::sync::Arc;

use super::statement::{Monitor, State, Statement, carry_out};
use crate::fact::{Fact, Items, List, Name, Origin, Record, Value};
use crate::platform::redis::conclude::{by_world, merged, password};
use crate::platform::redis::conf::Loaded;
use crate::platform::redis::derive;
use crate::platform::redis::instance::{Instance, SENTINEL_PORT};
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
    let states: Vec<State> = instance.loaded.iter().map(state).collect();
    let at = instance.loaded.first().map(|loaded| loaded.end);
    let mut facts: Vec<(Name, Fact)> = shared.iter().map(|(name, fact)| (name, fact.clone())).collect();
    let Some(at) = at else { return shared };
    let monitors = by_world(states.iter().map(|state| monitors(state, at)));
    facts.extend(merged(monitors, at).map(|fact| ("monitors", fact)));
    let scripts = by_world(states.iter().map(|state| scripts(state, at)));
    facts.extend(merged(scripts, at).map(|fact| ("deny_scripts_reconfig", fact)));
    for (name, fact) in &mut facts {
        match *name {
            "errors" => *fact = errors(fact, &states, at),
            "passwords" => append(fact, states.first().map(passwords).unwrap_or_default()),
            "port" => default(fact, Value::Int(i64::from(SENTINEL_PORT)), "26379"),
            "protected_mode" => default(fact, Value::Bool(false), "no"),
            _ => {}
        }
    }
    Record::new(facts)
}

fn state(loaded: &Loaded) -> State {
    let statement = |line: &crate::platform::redis::conf::SentinelLine| Statement {
        words: line.words.clone(),
        span: line.span,
        only_if: line.only_if,
    };
    let statements: Vec<Statement> = loaded.sentinel.iter().map(statement).collect();
    let mut state = carry_out(&statements, loaded.version);
    // Something that could be any line could be a line of Sentinel's.
    state.unknown.extend(loaded.poisons.iter().map(|poison| poison.unknown.clone()));
    state
}

fn monitors(state: &State, at: Span) -> Fact {
    let items: Vec<Fact> = state.monitors.iter().map(monitor).collect();
    let rest = state.unknown.first().map(|unknown| unknown.clone().following_from("sentinel.monitors"));
    let value = Value::List(List { items: Items::Here(items.into()), rest });
    Fact::Known { value, origin: Origin::Derived([at].into()) }
}

fn monitor(monitor: &Monitor) -> Fact {
    let from: Arc<[Span]> = [monitor.span].into();
    let unknown = |word: &Word| {
        let unknown = crate::fact::Unknown::new(crate::fact::Why::Templated, word.span, "the rendered file");
        Fact::Unknown(unknown.following_from("sentinel.monitors"))
    };
    let text = |word: &Word| match word.templated {
        true => unknown(word),
        false => Fact::written(String::from_utf8_lossy(&word.bytes).as_ref(), word.span),
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

fn scripts(state: &State, at: Span) -> Fact {
    match state.deny_scripts_reconfig {
        (on, Some(span)) => Fact::written(on, span),
        (on, None) => Fact::default(on, at, "`sentinel deny-scripts-reconfig` is not set; the default is `yes`"),
    }
}

/// What Sentinel refuses comes after what the server refuses while it reads.
fn errors(shared: &Fact, states: &[State], at: Span) -> Fact {
    let of_world = |(world, state): (usize, &State)| {
        let mut fact = shared.in_world(world).clone();
        let refusal = |(message, at): &(String, Span)| {
            Fact::record([("message", Fact::written(message.as_str(), *at))], vec![*at])
        };
        append(&mut fact, state.refusals.iter().map(refusal).collect());
        if let Fact::Known { value: Value::List(list), .. } = &mut fact
            && list.rest.is_none()
        {
            let doubt = state.unknown.iter().chain(&state.doubts).next();
            list.rest = doubt.map(|unknown| unknown.clone().following_from("sentinel.errors"));
        }
        fact
    };
    merged(by_world(states.iter().enumerate().map(of_world)), at).unwrap_or_else(|| shared.clone())
}

fn passwords(state: &State) -> Vec<Fact> {
    let own = state.sentinel_pass.iter().map(|word| password::of_word("sentinel", "sentinel-pass", word));
    let of_masters = state.monitors.iter().filter_map(|monitor| {
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
