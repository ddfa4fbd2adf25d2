//! Headers of one word: `Referrer-Policy` (W3C Referrer Policy, 8.1), `X-Frame-Options` (HTML, "check a navigation
//! response's adherence to X-Frame-Options"), `X-Content-Type-Options` and `Cross-Origin-Resource-Policy` (Fetch),
//! `Cross-Origin-Opener-Policy` and `Cross-Origin-Embedder-Policy` (HTML), and `X-XSS-Protection`, which no current
//! browser reads.

use super::make::Maker;
use super::part::{ANY, Part, WORD, split_quoted};
use super::structured::{Fail, Item, item};
use crate::fact::{Fact, Name};
use crate::schema::{Field, Type};

/// The fields of the record `referrer_policy`.
pub static REFERRER: &[Field] = &[
    super::field("policies", Type::List(&Type::Record(&[REFERRER_WORD])), "what is written, in order"),
    super::field("effective", Type::Text, "the last one that browsers know, or the empty text: as without the header"),
];

static REFERRER_WORD: &[Field] = &[
    super::field("text", Type::Text, "as it is written, in lower case"),
    super::field("known", Type::Bool, "whether browsers know it"),
];

/// The fields of the record `frame_options`.
pub static FRAME: &[Field] = &[
    super::field("values", Type::List(&Type::Text), "the values between commas, in lower case, each once"),
    super::field("valid", Type::Bool, "whether it is `DENY` or `SAMEORIGIN` and nothing else"),
    super::field("effect", Type::Text, "who may frame the page: deny (nobody), same-origin, or none (anybody)"),
];

/// The fields of the record `content_type_options`.
pub static CONTENT_TYPE: &[Field] = &[super::field("valid", Type::Bool, "whether browsers read `nosniff`")];

/// The fields of the records `coop` and `coep`.
pub static CROSS_ORIGIN: &[Field] = &[
    super::field("policy", Type::Text, "what holds; unsafe-none where no browser knows what is written"),
    super::field("valid", Type::Bool, "whether browsers know what is written"),
    super::field("report_only", Type::Bool, "whether it is only reported and not enforced"),
];

/// The fields of the record `corp`.
pub static RESOURCE: &[Field] = &[
    super::field("policy", Type::Text, "what holds, or the empty text: as without the header"),
    super::field("valid", Type::Bool, "whether browsers know what is written"),
];

/// The fields of the record `xss_protection`.
pub static XSS: &[Field] = &[
    super::field("enabled", Type::Bool, "whether it turns the filter of old browsers on"),
    super::field("block", Type::Bool, "whether `mode=block` is written"),
];

const REFERRER_POLICIES: [&str; 8] = [
    "no-referrer",
    "no-referrer-when-downgrade",
    "same-origin",
    "origin",
    "strict-origin",
    "origin-when-cross-origin",
    "strict-origin-when-cross-origin",
    "unsafe-url",
];

/// What `Cross-Origin-Opener-Policy` may say.
pub const OPENER: [&str; 4] = ["unsafe-none", "same-origin", "same-origin-allow-popups", "noopener-allow-popups"];

/// What `Cross-Origin-Embedder-Policy` may say.
pub const EMBEDDER: [&str; 3] = ["unsafe-none", "require-corp", "credentialless"];

const NO_SNIFF: &str = "nosniff";

const RESOURCE_POLICIES: [&str; 3] = ["same-origin", "same-site", "cross-origin"];

/// What `Referrer-Policy` says.
pub fn referrer(value: Part<'_>, make: &Maker) -> Vec<(Name, Fact)> {
    let parts: Vec<Part<'_>> = value.split(',').map(Part::trim).filter(|part| !part.text.is_empty()).collect();
    let mut effective = Some(("", make.all()));
    for part in parts.iter().rev() {
        let word = REFERRER_POLICIES.into_iter().find(|word| part.is(word) == Some(true));
        if let Some(word) = word {
            effective = Some((word, part.range()));
            break;
        }
        if part.open() || part.is_one_of(&REFERRER_POLICIES).is_none() {
            effective = None;
            break;
        }
    }
    let sure = parts.iter().take_while(|part| !part.open()).map(|part| {
        let known = part.is_one_of(&REFERRER_POLICIES);
        let fields = [("text", make.lower(*part)), ("known", make.fact(known, part.range()))];
        make.record(fields, part.range())
    });
    let (word, at) = effective.map_or((None, make.all()), |(word, at)| (Some(word), at));
    vec![("policies", make.list(sure.collect(), value.open(), make.all())), ("effective", make.fact(word, at))]
}

/// What `X-Frame-Options` says.
pub fn frame(value: Part<'_>, make: &Maker) -> Vec<(Name, Fact)> {
    let parts = split_quoted(value, ',');
    let unsure = parts.open || parts.items.iter().any(|part| part.known().is_none());
    let mut values: Vec<Part<'_>> = Vec::new();
    for part in parts.items {
        if !values.iter().any(|other| other.text.eq_ignore_ascii_case(part.text)) {
            values.push(part);
        }
    }
    let listed = if unsure {
        make.unknown()
    } else {
        make.list(values.iter().map(|part| make.lower(*part)).collect(), false, make.all())
    };
    let word = |part: &Part<'_>, words: &[&str]| part.is_one_of(words) == Some(true);
    let (valid, effect) = match &*values {
        // One value, of which a variable may still be a part.
        [one] if !value.open() && one.known().is_none() => match one.is_one_of(&["deny", "sameorigin"]) {
            Some(_) => (Some(false), Some("none")),
            None => (None, None),
        },
        _ if unsure => (None, None),
        [one] if word(one, &["deny"]) => (Some(true), Some("deny")),
        [one] if word(one, &["sameorigin"]) => (Some(true), Some("same-origin")),
        [_] | [] => (Some(false), Some("none")),
        // Values that disagree shut everybody out, if one of them means anything.
        many if many.iter().any(|part| word(part, &["deny", "allowall", "sameorigin"])) => (Some(false), Some("deny")),
        _ => (Some(false), Some("none")),
    };
    vec![("values", listed), ("valid", make.said(valid)), ("effect", make.said(effect))]
}

/// What `X-Content-Type-Options` says: the first value counts.
pub fn content_type(value: Part<'_>, make: &Maker) -> Vec<(Name, Fact)> {
    let parts = split_quoted(value, ',');
    let valid = match parts.items.first() {
        Some(first) => first.is(NO_SNIFF),
        // The first value goes on in a variable that may hold anything.
        None => {
            let begin = value.trim().text;
            let begin = begin[..begin.find([WORD, ANY]).unwrap_or(begin.len())].trim_end();
            let fits = NO_SNIFF.get(..begin.len()).is_some_and(|start| start.eq_ignore_ascii_case(begin));
            if fits { None } else { Some(false) }
        }
    };
    vec![("valid", make.said(valid))]
}

/// What `Cross-Origin-Opener-Policy` or `Cross-Origin-Embedder-Policy` says, which may say these words.
pub fn cross_origin(value: Part<'_>, words: &[&'static str], report_only: bool, make: &Maker) -> Vec<(Name, Fact)> {
    let (policy, valid) = match item(value) {
        Ok(Item::Token(part)) => match words.iter().find(|word| **word == part.text) {
            Some(word) => (Some(*word), Some(true)),
            None => (Some("unsafe-none"), Some(false)),
        },
        Ok(_) | Err(Fail::Wrong) => (Some("unsafe-none"), Some(false)),
        Err(Fail::Unsure) => (None, None),
    };
    vec![("policy", make.said(policy)), ("valid", make.said(valid)), ("report_only", make.said(Some(report_only)))]
}

/// What `Cross-Origin-Resource-Policy` says, letter by letter.
pub fn resource(value: Part<'_>, make: &Maker) -> Vec<(Name, Fact)> {
    let value = value.trim();
    let word = RESOURCE_POLICIES.into_iter().find(|word| value.is_exactly(word) == Some(true));
    let possible = RESOURCE_POLICIES.iter().any(|word| value.is_exactly(word).is_none());
    let (policy, valid) = match word {
        Some(word) => (Some(word), Some(true)),
        None if possible => (None, None),
        None => (Some(""), Some(false)),
    };
    vec![("policy", make.said(policy)), ("valid", make.said(valid))]
}

/// What `X-XSS-Protection` says.
pub fn xss(value: Part<'_>, make: &Maker) -> Vec<(Name, Fact)> {
    let value = value.trim();
    let enabled = match value.text.chars().next() {
        Some(WORD | ANY) => None,
        first => Some(first == Some('1')),
    };
    let mut parts = value.split(';').skip(1);
    let block = parts.any(|part| {
        let (name, mode) = part.cut('=');
        name.is("mode") == Some(true) && mode.is_some_and(|mode| mode.is("block") == Some(true))
    });
    let block = if block || value.known().is_some() { Some(block) } else { None };
    vec![("enabled", make.said(enabled)), ("block", make.said(block))]
}
