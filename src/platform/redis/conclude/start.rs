//! Which of the versions in question would start, and why the others would not.

use crate::fact::{Fact, Items, List, Name, Origin, Unknown, Value};
use crate::platform::redis::conclude::{by_world, merged};
use crate::platform::redis::version::Version;
use crate::text::Span;

/// What one version makes of a start.
pub struct Start {
    /// Why it refuses, the first that it finds first.
    pub errors: Vec<(String, Span)>,
    /// Why it may refuse although nothing known is wrong.
    pub doubt: Option<Unknown>,
}

/// `errors`, `accepted_by` and `refused_by`.
pub fn facts(root: Name, starts: Vec<(&Version, Start)>, at: Span) -> [(Name, Option<Fact>); 3] {
    let elsewhere = starts.iter().any(|(_, start)| start.errors.is_empty());
    let errors = starts.iter().map(|(_, start)| {
        let items = start.errors.iter().map(|(message, at)| {
            let message = Fact::written(message.clone(), *at);
            Fact::record([("message", message), ("elsewhere", Fact::derived(elsewhere, [*at]))], vec![*at])
        });
        list(items.collect(), start.doubt.clone(), at)
    });
    let errors = merged(by_world(errors), at);
    let doubt = |name: &str| {
        let open = starts.iter().find_map(|(_, start)| start.doubt.as_ref().filter(|_| start.errors.is_empty()));
        open.map(|doubt| doubt.clone().following_from(format!("{root}.{name}")))
    };
    let name = |version: &Version, at: Span| Fact::derived(version.to_string(), [at]);
    let refused =
        starts.iter().filter_map(|(version, start)| start.errors.first().map(|(_, at)| name(version, *at))).collect();
    let sure = starts.iter().filter(|(_, start)| start.errors.is_empty() && start.doubt.is_none());
    let accepted = sure.map(|(version, _)| name(version, at)).collect();
    [
        ("errors", errors),
        ("accepted_by", Some(list(accepted, doubt("accepted_by"), at))),
        ("refused_by", Some(list(refused, doubt("refused_by"), at))),
    ]
}

fn list(items: Vec<Fact>, rest: Option<Unknown>, at: Span) -> Fact {
    let value = Value::List(List { items: Items::Here(items.into()), rest });
    Fact::Known { value, origin: Origin::Derived([at].into()) }
}
