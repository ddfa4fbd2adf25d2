//! `Cache-Control` (RFC 9111, 5.2; `immutable` RFC 8246; `stale-…` RFC 5861): directives between commas, each with or
//! without an argument. Of two of one name the first counts (4.2.1).

use super::make::Maker;
use super::part::{Directives, Part, directives, number};
use crate::fact::{Fact, Name};
use crate::schema::{Field, Type};

/// The fields of the record `cache_control`.
pub static FIELDS: &[Field] = &[
    super::field("directives", Type::List(&Type::Record(&[DIRECTIVE])), "what is written, in order"),
    super::field("max_age", Type::Int, "for how many seconds an answer is fresh; -1 where no number is written"),
    super::field("s_maxage", Type::Int, "the same for shared caches alone; -1 where no number is written"),
    super::field("public", Type::Bool, "whether `public` is written"),
    super::field("private", Type::Bool, "whether `private` is written of the whole answer, not of some headers"),
    super::field("no_store", Type::Bool, "whether `no-store` is written"),
    super::field("no_cache", Type::Bool, "whether `no-cache` is written of the whole answer, not of some headers"),
    super::field("no_transform", Type::Bool, "whether `no-transform` is written"),
    super::field("must_revalidate", Type::Bool, "whether `must-revalidate` is written"),
    super::field("proxy_revalidate", Type::Bool, "whether `proxy-revalidate` is written"),
    super::field("must_understand", Type::Bool, "whether `must-understand` is written"),
    super::field("immutable", Type::Bool, "whether `immutable` is written"),
];

static DIRECTIVE: &[Field] = &[
    super::field("name", Type::Text, "its name, in lower case"),
    super::field("argument", Type::Text, "its argument without quotes, or the empty text"),
    super::field("known", Type::Bool, "whether a standard says what it means in a response"),
    super::field("duplicate", Type::Bool, "whether one of the same name comes before it"),
];

/// Those of responses.
const KNOWN: [&str; 13] = [
    "max-age",
    "s-maxage",
    "public",
    "private",
    "no-store",
    "no-cache",
    "no-transform",
    "must-revalidate",
    "proxy-revalidate",
    "must-understand",
    "immutable",
    "stale-while-revalidate",
    "stale-if-error",
];

/// What the value says.
pub fn facts(value: Part<'_>, make: &Maker) -> Vec<(Name, Fact)> {
    let directives = directives(value, ',');
    let mut items = Vec::new();
    for (index, item) in directives.items.iter().enumerate() {
        let same = |other: &super::part::Directive<'_>| other.name.text.eq_ignore_ascii_case(item.name.text);
        let duplicate = directives.items[..index].iter().any(same);
        let argument = match item.bare() {
            Some(argument) => make.text(argument),
            None => make.fact(Some(""), item.whole.range()),
        };
        let fields = [
            ("name", make.lower(item.name)),
            ("argument", argument),
            ("known", make.fact(item.name.is_one_of(&KNOWN), item.name.range())),
            ("duplicate", make.fact(Some(duplicate), item.whole.range())),
        ];
        items.push(make.record(fields, item.whole.range()));
    }
    vec![
        ("directives", make.list(items, directives.open, make.all())),
        ("max_age", seconds(&directives, "max-age", make)),
        ("s_maxage", seconds(&directives, "s-maxage", make)),
        ("public", flag(&directives, "public", make)),
        ("private", whole(&directives, "private", make)),
        ("no_store", flag(&directives, "no-store", make)),
        ("no_cache", whole(&directives, "no-cache", make)),
        ("no_transform", flag(&directives, "no-transform", make)),
        ("must_revalidate", flag(&directives, "must-revalidate", make)),
        ("proxy_revalidate", flag(&directives, "proxy-revalidate", make)),
        ("must_understand", flag(&directives, "must-understand", make)),
        ("immutable", flag(&directives, "immutable", make)),
    ]
}

fn seconds(directives: &Directives<'_>, name: &str, make: &Maker) -> Fact {
    match directives.items.iter().find(|item| item.name.is(name) == Some(true)) {
        Some(first) => make.number(first.bare().map_or(Some(None), number), first.whole.range()),
        None if directives.open => make.unknown(),
        None => make.number(Some(None), make.all()),
    }
}

fn flag(directives: &Directives<'_>, name: &str, make: &Maker) -> Fact {
    let at = directives.items.iter().find(|item| item.name.is(name) == Some(true));
    make.fact(directives.has(name), at.map_or(make.all(), |item| item.whole.range()))
}

/// Whether a directive that may name headers is there without any.
fn whole(directives: &Directives<'_>, name: &str, make: &Maker) -> Fact {
    let at = directives.items.iter().find(|item| item.name.is(name) == Some(true) && item.value.is_none());
    match at {
        Some(item) => make.fact(Some(true), item.whole.range()),
        None if directives.open => make.unknown(),
        None => make.said(Some(false)),
    }
}
