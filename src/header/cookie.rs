//! `Set-Cookie` as browsers read it (RFC 6265bis, 5.6 and 5.7): attributes between semicolons, no quotes, any name in
//! any case. Of two attributes of one name the last counts; a `Max-Age` that is no number and an `Expires` that is no
//! date do not (5.6.1, 5.6.2).

mod date;

use self::date::is_date;
use super::make::Maker;
use super::part::{ANY, Part, and, not, number, some};
use crate::fact::{Fact, Name};
use crate::schema::{Field, Type};

/// The fields of the record `set_cookie`.
pub static FIELDS: &[Field] = &[
    super::field("name", Type::Text, "the name of the cookie; the empty text where it has none"),
    super::field("secure", Type::Bool, "whether it is sent over HTTPS alone"),
    super::field("http_only", Type::Bool, "whether scripts cannot read it"),
    super::field("partitioned", Type::Bool, "whether `Partitioned` is written"),
    super::field(
        "same_site",
        Type::Text,
        "strict, lax, none, unrecognized (as if not written), or the empty text where it is not written",
    ),
    super::field("domain", Type::Text, "the domain whose hosts get it all, or the empty text: this host alone"),
    super::field("path", Type::Text, "the path as it is written, or the empty text"),
    super::field("max_age", Type::Int, "its life in seconds; -1 where no number, or a negative one, is written"),
    super::field(
        "persistent",
        Type::Bool,
        "whether a `Max-Age` or `Expires` that browsers read is written, so that it outlives the browser",
    ),
    super::field("prefix", Type::Text, "what its name promises: host (`__Host-`), secure (`__Secure-`), or nothing"),
    super::field("prefix_kept", Type::Bool, "whether it is as its prefix promises; browsers refuse one that is not"),
    super::field("attributes", Type::List(&Type::Record(&[ATTRIBUTE])), "its attributes, in order"),
];

static ATTRIBUTE: &[Field] = &[
    super::field("name", Type::Text, "its name, in lower case"),
    super::field("known", Type::Bool, "whether browsers know it"),
];

const KNOWN: [&str; 8] = ["expires", "max-age", "domain", "path", "secure", "httponly", "samesite", "partitioned"];

/// An attribute.
struct Attribute<'a> {
    whole: Part<'a>,
    name: Part<'a>,
    value: Option<Part<'a>>,
}

struct Cookie<'a> {
    attributes: Vec<Attribute<'a>>,
    /// Whether a variable may hold attributes.
    open: bool,
}

/// What the last attribute of a name says.
enum Last<'a> {
    Said(Part<'a>),
    Nothing,
    Unsure,
}

impl<'a> Cookie<'a> {
    fn has(&self, name: &str) -> Option<bool> {
        let there = some(self.attributes.iter().map(|attribute| attribute.name.is(name)));
        if self.open && there == Some(false) { None } else { there }
    }

    fn last(&self, name: &str) -> Last<'a> {
        self.last_that(name, |_| Some(true))
    }

    /// The last of this name whose value counts.
    fn last_that(&self, name: &str, counts: impl Fn(Part<'_>) -> Option<bool>) -> Last<'a> {
        for attribute in self.attributes.iter().rev() {
            match attribute.name.is(name) {
                Some(true) if !attribute.whole.open() => {
                    let end = attribute.whole.slice(attribute.whole.text.len()..attribute.whole.text.len());
                    let value = attribute.value.unwrap_or(end);
                    match counts(value) {
                        Some(true) => return Last::Said(value),
                        Some(false) => {}
                        None => return Last::Unsure,
                    }
                }
                Some(false) if !attribute.whole.open() => {}
                _ => return Last::Unsure,
            }
        }
        if self.open { Last::Unsure } else { Last::Nothing }
    }

    /// Whether one of this name has a value that counts, wherever it stands.
    fn counts(&self, name: &str, counts: impl Fn(Part<'_>) -> Option<bool>) -> Option<bool> {
        let one = |attribute: &Attribute<'a>| {
            let value = attribute.value.map_or(Some(false), &counts);
            and(attribute.name.is(name), if attribute.whole.open() { None } else { value })
        };
        let there = some(self.attributes.iter().map(one));
        if self.open && there == Some(false) { None } else { there }
    }
}

/// Whether browsers take this for a `Max-Age`: digits, perhaps after a `-`.
fn is_age(part: Part<'_>) -> Option<bool> {
    let text = part.known()?;
    let digits = text.strip_prefix('-').unwrap_or(text);
    Some(!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// What the value says.
pub fn facts(value: Part<'_>, make: &Maker) -> Vec<(Name, Fact)> {
    let mut parts = value.split(';');
    let pair = parts.next().unwrap_or(value);
    let name = name(pair);
    let attributes = parts.map(Part::trim).filter(|part| !part.text.is_empty());
    let attributes = attributes.map(|whole| {
        let (name, value) = whole.cut('=');
        Attribute { whole, name, value }
    });
    let cookie = Cookie { attributes: attributes.collect(), open: value.open() };
    let listed = cookie.attributes.iter().take_while(|attribute| !pair.open() && !attribute.whole.open());
    let listed = listed.map(|attribute| {
        let fields = [
            ("name", make.lower(attribute.name)),
            ("known", make.fact(attribute.name.is_one_of(&KNOWN), attribute.name.range())),
        ];
        make.record(fields, attribute.whole.range())
    });
    let listed = listed.collect();
    let (prefix, kept) = prefix(name, &cookie);
    let persistent = some([cookie.counts("max-age", is_age), cookie.counts("expires", is_date)]);
    vec![
        ("name", make.fact(name.and_then(Part::known).map(str::to_owned), pair.range())),
        ("secure", make.said(cookie.has("secure"))),
        ("http_only", make.said(cookie.has("httponly"))),
        ("partitioned", make.said(cookie.has("partitioned"))),
        ("same_site", same_site(&cookie, make)),
        ("domain", text(&cookie, "domain", make)),
        ("path", text(&cookie, "path", make)),
        (
            "max_age",
            match cookie.last_that("max-age", is_age) {
                Last::Said(part) => make.number(number(part), part.range()),
                Last::Nothing => make.number(Some(None), make.all()),
                Last::Unsure => make.unknown(),
            },
        ),
        ("persistent", make.said(persistent)),
        ("prefix", make.fact(prefix, pair.range())),
        ("prefix_kept", make.said(kept)),
        ("attributes", make.list(listed, cookie.open, make.all())),
    ]
}

/// The name of the cookie; `None` where a variable before the `=` may hold one.
fn name(pair: Part<'_>) -> Option<Part<'_>> {
    let sure = pair.sure();
    match sure.text.find('=') {
        Some(at) => Some(sure.slice(0..at).trim()),
        None if pair.text.contains(ANY) => None,
        None => Some(pair.slice(0..0)),
    }
}

fn same_site(cookie: &Cookie<'_>, make: &Maker) -> Fact {
    let part = match cookie.last("samesite") {
        Last::Said(part) => part,
        Last::Nothing => return make.said(Some("")),
        Last::Unsure => return make.unknown(),
    };
    let words = ["strict", "lax", "none"];
    let word = words.into_iter().find(|word| part.is(word) == Some(true));
    let said = match (word, part.is_one_of(&words)) {
        (Some(word), _) => Some(word),
        (None, Some(_)) => Some("unrecognized"),
        (None, None) => None,
    };
    make.fact(said, part.range())
}

fn text(cookie: &Cookie<'_>, name: &str, make: &Maker) -> Fact {
    match cookie.last(name) {
        Last::Said(part) => make.text(part),
        Last::Nothing => make.said(Some("")),
        Last::Unsure => make.unknown(),
    }
}

/// What the name promises, and whether that is kept (5.7, steps 21 and 22; in any case, as browsers compare it).
fn prefix(name: Option<Part<'_>>, cookie: &Cookie<'_>) -> (Option<&'static str>, Option<bool>) {
    let Some(name) = name else { return (None, None) };
    let begins = |prefix: &str| match name.text.get(..prefix.len()) {
        Some(begin) if begin.eq_ignore_ascii_case(prefix) => Some(true),
        _ => name.known().map(|_| false).or_else(|| {
            let shown = name.text.find(super::part::WORD).unwrap_or(name.text.len()).min(prefix.len());
            let fits = name.text.get(..shown).is_some_and(|begin| begin.eq_ignore_ascii_case(&prefix[..shown]));
            if fits { None } else { Some(false) }
        }),
    };
    let secure = cookie.has("secure");
    match (begins("__Host-"), begins("__Secure-")) {
        (Some(true), _) => {
            let path = match cookie.last("path") {
                Last::Said(part) => part.is_exactly("/"),
                Last::Nothing => Some(false),
                Last::Unsure => None,
            };
            let domain = match cookie.last("domain") {
                Last::Said(part) => not(part.is_exactly("")),
                Last::Nothing => Some(false),
                Last::Unsure => None,
            };
            (Some("host"), and(secure, and(path, not(domain))))
        }
        (_, Some(true)) => (Some("secure"), secure),
        (Some(false), Some(false)) => (Some(""), Some(true)),
        _ => (None, None),
    }
}
