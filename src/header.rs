//! Response headers: what their values mean to browsers and caches, with the bytes that say so.
//!
//! A value may have pieces that only the running server knows, its variables. What such a piece could change is
//! unknown; the rest is known. Each parser cites what it follows. Nothing here judges.

mod cache;
mod cookie;
mod cors;
mod csp;
mod hsts;
mod make;
mod part;
mod permissions;
mod policy;
mod structured;

use self::make::Maker;
use self::part::Part;
use crate::fact::{Fact, Name};
use crate::schema::{Field, Type};
use crate::text::Span;

/// A piece of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Text.
    Text(&'a str),
    /// A variable.
    Variable {
        /// As it is written: `$name`, `${name}`.
        written: &'a str,
        /// Its name.
        name: &'a str,
        /// What it may hold.
        holds: Holds,
    },
}

/// What a variable may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// One or more letters and digits of ASCII, such as an id that the server makes.
    Word,
    /// Anything, nothing included.
    Anything,
}

pub(crate) const fn field(name: &'static str, ty: Type, doc: &'static str) -> Field {
    Field { name, ty, doc }
}

/// The facts of one header. What belongs to other headers is absent, so a check asks for the name first.
pub static HEADER: &[Field] = &[
    field("name", Type::Text, "its name, in lower case"),
    field("value", Type::Text, "its value as it is written, variables and all"),
    field("variables", Type::List(&Type::Text), "the variables in its value, without `$`"),
    field("variable", Type::Text, "the variable that is all of its value, without `$`, or the empty text"),
    field("csp", Type::Record(&[csp::FIELDS]), "of Content-Security-Policy, and the one that is only reported"),
    field("hsts", Type::Record(&[hsts::FIELDS]), "of Strict-Transport-Security"),
    field("set_cookie", Type::Record(&[cookie::FIELDS]), "of Set-Cookie"),
    field("cache_control", Type::Record(&[cache::FIELDS]), "of Cache-Control"),
    field("permissions_policy", Type::Record(&[permissions::FIELDS]), "of Permissions-Policy"),
    field("referrer_policy", Type::Record(&[policy::REFERRER]), "of Referrer-Policy"),
    field("frame_options", Type::Record(&[policy::FRAME]), "of X-Frame-Options"),
    field("content_type_options", Type::Record(&[policy::CONTENT_TYPE]), "of X-Content-Type-Options"),
    field("coop", Type::Record(&[policy::CROSS_ORIGIN]), "of Cross-Origin-Opener-Policy"),
    field("coep", Type::Record(&[policy::CROSS_ORIGIN]), "of Cross-Origin-Embedder-Policy"),
    field("corp", Type::Record(&[policy::RESOURCE]), "of Cross-Origin-Resource-Policy"),
    field("cors", Type::Record(&[cors::FIELDS]), "of the headers Access-Control-…"),
    field("vary", Type::Record(&[cors::VARY]), "of Vary"),
    field("xss_protection", Type::Record(&[policy::XSS]), "of X-XSS-Protection"),
];

/// The facts of a header, the fields of [`HEADER`]. `at` is where the value is written, without quotes around it; where
/// it is not as long as the value, as with escapes in it, every fact points at all of it.
pub fn facts(name: &str, value: &[Piece<'_>], at: Span) -> Vec<(Name, Fact)> {
    let name = name.trim().to_ascii_lowercase();
    let text = part::text(value);
    let make = Maker::new(value, text.len(), at);
    let mut written = String::new();
    let mut variables: Vec<&str> = Vec::new();
    for piece in value {
        match piece {
            Piece::Text(text) => written.push_str(text),
            Piece::Variable { written: text, name, .. } => {
                written.push_str(text);
                if !variables.contains(name) {
                    variables.push(name);
                }
            }
        }
    }
    let alone = match value {
        [Piece::Variable { name, .. }] => *name,
        _ => "",
    };
    let variables = variables.into_iter().map(|name| make.said(Some(name.to_owned()))).collect();
    let mut facts = vec![
        ("value", make.said(Some(written))),
        ("variables", make.list(variables, false, make.all())),
        ("variable", make.said(Some(alone.to_owned()))),
    ];
    if let Some((record, fields)) = understood(&name, Part::whole(&text).trim(), &make) {
        facts.push((record, make.record(fields, make.all())));
    }
    facts.push(("name", make.said(Some(name))));
    facts
}

/// The record of a header that is understood, and its fields.
fn understood(name: &str, value: Part<'_>, make: &Maker) -> Option<(Name, Vec<(Name, Fact)>)> {
    let (plain, report_only) = match name.strip_suffix("-report-only") {
        Some(plain) => (plain, true),
        None => (name, false),
    };
    Some(match (plain, report_only) {
        ("content-security-policy", _) => ("csp", csp::facts(value, report_only, make)),
        ("cross-origin-opener-policy", _) => ("coop", policy::cross_origin(value, &policy::OPENER, report_only, make)),
        ("cross-origin-embedder-policy", _) => {
            ("coep", policy::cross_origin(value, &policy::EMBEDDER, report_only, make))
        }
        (_, true) => return None,
        ("strict-transport-security", _) => ("hsts", hsts::facts(value, make)),
        ("set-cookie", _) => ("set_cookie", cookie::facts(value, make)),
        ("cache-control", _) => ("cache_control", cache::facts(value, make)),
        ("permissions-policy", _) => ("permissions_policy", permissions::facts(value, make)),
        ("referrer-policy", _) => ("referrer_policy", policy::referrer(value, make)),
        ("x-frame-options", _) => ("frame_options", policy::frame(value, make)),
        ("x-content-type-options", _) => ("content_type_options", policy::content_type(value, make)),
        ("cross-origin-resource-policy", _) => ("corp", policy::resource(value, make)),
        ("vary", _) => ("vary", cors::vary(value, make)),
        ("x-xss-protection", _) => ("xss_protection", policy::xss(value, make)),
        _ => {
            let fields = cors::facts(name, value, make);
            return (!fields.is_empty()).then_some(("cors", fields));
        }
    })
}
