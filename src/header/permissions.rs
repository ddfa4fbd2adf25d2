//! `Permissions-Policy` (W3C Permissions Policy, 5.2 and 9.2): a dictionary of features, each with its allowlist. A
//! value that is no dictionary, such as the older `Feature-Policy` had, is passed over as a whole.

use super::make::Maker;
use super::part::Part;
use super::structured::{Fail, Item, Member, dictionary};
use crate::fact::{Fact, Name};
use crate::schema::{Field, Type};

/// The fields of the record `permissions_policy`.
pub static FIELDS: &[Field] = &[
    super::field("valid", Type::Bool, "whether it is a dictionary; browsers pass over one that is not"),
    super::field("old_syntax", Type::Bool, "whether it is written as `Feature-Policy` was: camera 'none'; …"),
    super::field(
        "features",
        Type::List(&Type::Record(&[FEATURE])),
        "the features it rules; none where it is not valid",
    ),
];

static FEATURE: &[Field] = &[
    super::field("name", Type::Text, "the feature"),
    super::field("allowlist", Type::Text, "who may use it: all, none, self (this origin) or list"),
    super::field("origins", Type::List(&Type::Text), "the origins that are named"),
];

/// What the value says.
pub fn facts(value: Part<'_>, make: &Maker) -> Vec<(Name, Fact)> {
    let parsed = dictionary(value);
    let (valid, features) = match &parsed {
        Ok(members) => {
            let last = |member: &&Member<'_>| {
                let same = |other: &&Member<'_>| other.key.text == member.key.text;
                members.iter().rfind(same).is_some_and(|last| last.whole == member.whole)
            };
            let features = members.iter().filter(last).map(|member| feature(member, make)).collect();
            (Some(true), make.list(features, false, make.all()))
        }
        Err(Fail::Wrong) => (Some(false), make.list(Vec::new(), false, make.all())),
        Err(Fail::Unsure) => (None, make.unknown()),
    };
    let old = match (valid, looks_old(value)) {
        (Some(true), _) | (_, Some(false)) => Some(false),
        (Some(false), old) => old,
        (None, _) => None,
    };
    vec![("valid", make.said(valid)), ("old_syntax", make.said(old)), ("features", features)]
}

fn feature(member: &Member<'_>, make: &Maker) -> Fact {
    let token = |word: &str| member.items.iter().any(|item| matches!(item, Item::Token(part) if part.text == word));
    let texts = member.items.iter().filter_map(|item| match item {
        Item::Text(part) => Some(make.text(*part)),
        _ => None,
    });
    let origins: Vec<Fact> = texts.collect();
    let allowlist = match (token("*"), origins.is_empty(), token("self")) {
        (true, ..) => "all",
        (_, false, _) => "list",
        (.., true) => "self",
        _ => "none",
    };
    let fields = [
        ("name", make.text(member.key)),
        ("allowlist", make.fact(Some(allowlist), member.whole.range())),
        ("origins", make.list(origins, false, member.whole.range())),
    ];
    make.record(fields, member.whole.range())
}

/// Whether it begins with the name of a feature and, after white space, an allowlist of the old kind.
fn looks_old(value: Part<'_>) -> Option<bool> {
    let first = value.split(';').next().unwrap_or(value);
    let mut words = first.words();
    let (name, allowed) = (words.next(), words.next());
    if name.into_iter().chain(allowed).any(|part| part.known().is_none()) || name.is_none() || first.open() {
        return if value.known().is_some() { Some(false) } else { None };
    }
    let named = name.is_some_and(|part| part.text.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-'));
    let listed =
        allowed.is_some_and(|part| part.text.starts_with('\'') || part.text == "*" || part.text.contains("://"));
    Some(named && listed)
}
