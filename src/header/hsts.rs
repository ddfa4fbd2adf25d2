//! `Strict-Transport-Security` (RFC 6797, 6.1 and 8.1). Browsers pass over a header that breaks the grammar, and one
//! that says `max-age` or `includeSubDomains` twice; what they do not know they pass over alone.

use super::make::Maker;
use super::part::{Directive, Directives, Part, directives, is_token, number};
use crate::fact::{Fact, Name};
use crate::schema::{Field, Type};

/// The fields of the record `hsts`.
pub static FIELDS: &[Field] = &[
    super::field("valid", Type::Bool, "whether browsers take it; they pass over one that is not"),
    super::field(
        "invalid_because",
        Type::Text,
        "no-max-age, not-a-number, duplicate, comma (two values in one), grammar, or the empty text",
    ),
    super::field("max_age", Type::Int, "for how many seconds only HTTPS is used; -1 where no number is written"),
    super::field("include_subdomains", Type::Bool, "whether `includeSubDomains` is written"),
    super::field("preload", Type::Bool, "whether `preload` is written"),
    super::field("duplicate", Type::Bool, "whether a directive that browsers know is written twice"),
    super::field("unknown_directives", Type::List(&Type::Text), "the directives that no browser knows, in lower case"),
];

const KNOWN: [&str; 3] = ["max-age", "includesubdomains", "preload"];

/// What the value says.
pub fn facts(value: Part<'_>, make: &Maker) -> Vec<(Name, Fact)> {
    let directives = directives(value, ';');
    let (valid, because) = validity(&directives);
    let first = directives.items.iter().find(|item| item.name.is("max-age") == Some(true));
    let (age, at) = match first {
        Some(first) => (first.bare().map_or(Some(None), number), first.whole.range()),
        None if directives.open => (None, make.all()),
        None => (Some(None), make.all()),
    };
    let unknown = directives.items.iter().filter(|item| item.name.is_one_of(&KNOWN) == Some(false));
    let unknown = unknown.map(|item| make.lower(item.name)).collect();
    vec![
        ("valid", make.said(valid)),
        ("invalid_because", make.said(because)),
        ("max_age", make.number(age, at)),
        ("include_subdomains", make.said(directives.has("includeSubDomains"))),
        ("preload", make.said(directives.has("preload"))),
        ("duplicate", make.said(duplicate(&directives))),
        ("unknown_directives", make.list(unknown, directives.open, make.all())),
    ]
}

fn duplicate(directives: &Directives<'_>) -> Option<bool> {
    let twice = |name: &&str| directives.items.iter().filter(|item| item.name.is(name) == Some(true)).count() > 1;
    if KNOWN.iter().any(twice) {
        return Some(true);
    }
    if directives.open { None } else { Some(false) }
}

/// Whether browsers take it, and the first reason why not.
fn validity(directives: &Directives<'_>) -> (Option<bool>, Option<&'static str>) {
    let mut unsure = false;
    for (number, item) in directives.items.iter().enumerate() {
        let before = &directives.items[..number];
        match fault(item, before) {
            Some("") => {}
            Some(fault) => return (Some(false), if unsure { None } else { Some(fault) }),
            None => unsure = true,
        }
    }
    if directives.torn {
        return (Some(false), if unsure || directives.open { None } else { Some("grammar") });
    }
    if directives.open {
        return (None, None);
    }
    if directives.has("max-age") == Some(false) {
        return (Some(false), if unsure { None } else { Some("no-max-age") });
    }
    if unsure { (None, None) } else { (Some(true), Some("")) }
}

/// What is wrong with one directive; the empty text where nothing is.
fn fault(item: &Directive<'_>, before: &[Directive<'_>]) -> Option<&'static str> {
    let is = |name: &str| item.name.is(name) == Some(true);
    let value = item.bare();
    let quoted = item.value.is_some() && value != item.value;
    if !quoted && item.whole.text.contains(',') {
        return Some("comma");
    }
    let fits = quoted || value.is_none_or(|value| is_token(value.text));
    let flag = is("includeSubDomains") || is("preload");
    if !is_token(item.name.text) || !fits && !is("max-age") || flag && item.value.is_some() {
        return Some("grammar");
    }
    let again = |known: &str| is(known) && before.iter().any(|other| other.name.is(known) == Some(true));
    if again("max-age") || again("includeSubDomains") {
        return Some("duplicate");
    }
    if !is("max-age") {
        return Some("");
    }
    match value.map_or(Some(None), number) {
        Some(Some(_)) => Some(""),
        Some(None) => Some("not-a-number"),
        None => None,
    }
}
