//! Passwords that both sides have. They are compared under a key that is made for each run and never written.

use std::collections::{BTreeMap, BTreeSet};

use super::found::{Difference, Held};
use super::kind::{Kinds, id, names};
use super::order::Weaker;
use super::scene::One;
use crate::fact::{Fact, Items, Key, List, Record, Value};
use crate::finding::Severity;
use crate::mask::{STARS, one_line};
use crate::text::Span;

type Digest = [u8; 32];

/// A password: whose it is, and where it is written.
struct Password {
    digest: Digest,
    of: String,
    at: Vec<Span>,
}

/// The passwords of a subject, each with its keyed digest. One that is the literal text of a reference is left out: two
/// of the same text may stand for two passwords.
fn passwords(one: One<'_>, key: &Key) -> Vec<Password> {
    let Some(Fact::Known { value: Value::List(List { items: Items::Here(items), .. }), .. }) =
        one.subject.facts.get("passwords")
    else {
        return Vec::new();
    };
    let of = |fact: &Fact| {
        let Some(Value::Record(record)) = fact.value() else { return None };
        let text = |name: &str| {
            if let Some(Value::Text(text)) = record.get(name)?.value() { Some(text.to_string()) } else { None }
        };
        if is(record, "reference") {
            return None;
        }
        let Some(Value::Secret(secret)) = record.get("text")?.value() else { return None };
        Some(Password { digest: secret.keyed(key)?, of: text("of")?, at: fact.spans().to_vec() })
    };
    items.iter().filter_map(of).collect()
}

fn is(record: &Record, name: &str) -> bool {
    matches!(record.get(name).and_then(Fact::value), Some(Value::Bool(true)))
}

/// The digests of the passwords of a user; `None` where not all are known. `requirepass` is the default user's.
pub fn digests(one: One<'_>, name: &str, key: &Key) -> Option<BTreeSet<Digest>> {
    let user = format!("user {name}");
    let is = |of: &str| of == user || name == "default" && of == "requirepass";
    match one.subject.facts.get("passwords") {
        Some(Fact::Known { value: Value::List(List { rest: None, .. }), .. }) => {}
        _ => return None,
    }
    Some(passwords(one, key).into_iter().filter(|password| is(&password.of)).map(|it| it.digest).collect())
}

/// The passwords that some server of one side has and some server of the other, each once.
pub fn shared(left: &[(One<'_>, String)], right: &[(One<'_>, String)], key: &Key, kinds: &Kinds) -> Vec<Difference> {
    let gather = |side: &[(One<'_>, String)]| {
        let mut found: BTreeMap<Digest, Vec<(String, &'static str, Held)>> = BTreeMap::new();
        for (one, name) in side {
            for Password { digest, of, at } in passwords(*one, key) {
                let held = one.held(format!("{STARS} of {of} in {name}"), &at);
                found.entry(digest).or_default().push((of, one.subject.kind, held));
            }
        }
        found
    };
    let (left, mut right) = (gather(left), gather(right));
    let mut differences = Vec::new();
    for (digest, on_left) in left {
        let Some(on_right) = right.remove(&digest) else { continue };
        let Some((of, kind, _)) = on_left.first() else { continue };
        differences.push(Difference {
            subject: None,
            what: one_line(&format!("{kind}.passwords[{of}]")),
            label: one_line(&format!("password of {of}")),
            kind: id(names::PASSWORD),
            severity: kinds.get(names::PASSWORD).map_or(Severity::Info, |kind| kind.severity),
            weaker: Weaker::BothWays,
            why: "the same password on both sides".to_owned(),
            left: together(on_left),
            right: together(on_right),
            versions: Vec::new(),
            allowed: None,
        });
    }
    differences
}

fn together(owners: Vec<(String, &'static str, Held)>) -> Held {
    let values: BTreeSet<&str> = owners.iter().map(|(.., held)| held.value.as_str()).collect();
    let value = values.into_iter().collect::<Vec<_>>().join(", ");
    Held { value, places: owners.iter().flat_map(|(.., held)| held.places.clone()).collect() }
}
