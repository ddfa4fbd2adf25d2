//! The headers of CORS (Fetch, 3.3 and 4.10: compared byte by byte), and `Vary` (RFC 9110, 12.5.5).

use super::make::Maker;
use super::part::{Part, number, some};
use crate::fact::{Fact, Name};
use crate::schema::{Field, Type};

/// The fields of the record `cors`. Each header has those that it decides.
pub static FIELDS: &[Field] = &[
    super::field("origin", Type::Text, "Access-Control-Allow-Origin: the origin that may read the answer"),
    super::field("scheme", Type::Text, "Access-Control-Allow-Origin: the origin's scheme, or the empty text"),
    super::field("any", Type::Bool, "whether it is or holds `*`: every origin, method or header"),
    super::field("null", Type::Bool, "Access-Control-Allow-Origin: whether it is `null`, as sandboxed pages have"),
    super::field(
        "several",
        Type::Bool,
        "Access-Control-Allow-Origin: whether it is more than one; no browser takes that",
    ),
    super::field("credentials", Type::Bool, "Access-Control-Allow-Credentials: whether it is `true`, in small letters"),
    super::field("names", Type::List(&Type::Text), "the methods or headers that are named"),
    super::field("max_age", Type::Int, "Access-Control-Max-Age: for how many seconds; -1 where no number is written"),
];

/// The fields of the record `vary`.
pub static VARY: &[Field] = &[
    super::field("any", Type::Bool, "whether it is or holds `*`: no cache may give the answer to another request"),
    super::field("names", Type::List(&Type::Text), "the request headers that the answer depends on, in lower case"),
];

/// What a header of CORS says; nothing for one that is none.
pub fn facts(name: &str, value: Part<'_>, make: &Maker) -> Vec<(Name, Fact)> {
    let value = value.trim();
    match name {
        "access-control-allow-origin" => origin(value, make),
        "access-control-allow-credentials" => vec![("credentials", make.said(value.is_exactly("true")))],
        "access-control-allow-methods" | "access-control-allow-headers" | "access-control-expose-headers" => {
            names(value, make, Maker::text)
        }
        "access-control-max-age" => vec![("max_age", make.number(number(value), value.range()))],
        _ => Vec::new(),
    }
}

fn origin(value: Part<'_>, make: &Maker) -> Vec<(Name, Fact)> {
    let several = value.sure().text.trim_end().contains([',', ' ']);
    let several = match (several, value.open()) {
        (true, _) => Some(true),
        (false, true) => None,
        (false, false) => Some(false),
    };
    let sure = value.sure();
    let scheme = match sure.text.find("://") {
        Some(end) => make.lower(sure.slice(0..end)),
        None if value.open() => make.unknown(),
        None => make.said(Some("")),
    };
    vec![
        ("origin", make.text(value)),
        ("scheme", scheme),
        ("any", make.said(value.is_exactly("*"))),
        ("null", make.said(value.is_exactly("null"))),
        ("several", make.said(several)),
    ]
}

fn names(value: Part<'_>, make: &Maker, show: fn(&Maker, Part<'_>) -> Fact) -> Vec<(Name, Fact)> {
    let parts: Vec<Part<'_>> = value.split(',').map(Part::trim).filter(|part| !part.text.is_empty()).collect();
    // Between commas there is no quoting, so what comes after a variable is there too.
    let any = some(parts.iter().map(|part| if part.open() { None } else { part.is_exactly("*") }));
    let listed = parts.iter().filter(|part| !part.open()).map(|part| show(make, *part)).collect();
    vec![("any", make.said(any)), ("names", make.list(listed, value.open(), make.all()))]
}

/// What `Vary` says.
pub fn vary(value: Part<'_>, make: &Maker) -> Vec<(Name, Fact)> {
    names(value.trim(), make, Maker::lower)
}
