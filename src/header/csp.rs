//! `Content-Security-Policy` (CSP3). Of two directives of one name in a policy the first counts; a directive that
//! browsers do not know they pass over; several policies all have to let a thing through.

mod effect;
mod read;
mod source;

use self::effect::{ANSWERS, Kind, Lets};
use self::read::{Directive, Policy, policies};
use self::source::{Source, misspelt, unquoted};
use super::make::Maker;
use super::part::{Part, and, or, some};
use crate::fact::{Fact, Name};
use crate::schema::{Field, Type};

const SOURCES: Type = Type::Record(&[RULED]);

/// The fields of the record `csp`.
pub static FIELDS: &[Field] = &[
    super::field("report_only", Type::Bool, "whether it is only reported and not enforced"),
    super::field("policies", Type::Int, "how many policies it holds, between commas; all have to let a thing through"),
    super::field("directives", Type::List(&Type::Record(&[DIRECTIVE])), "what is written, in order"),
    super::field("unquoted_keywords", Type::List(&Type::Text), "words such as self without quotes, taken for hosts"),
    super::field("misspelt_keywords", Type::List(&Type::Text), "words with quotes that are no keyword, nonce or hash"),
    super::field("script", SOURCES, "scripts: `script-src`, else `default-src`"),
    super::field("script_element", SOURCES, "script elements: `script-src-elem`, else as scripts"),
    super::field("script_attribute", SOURCES, "event handlers: `script-src-attr`, else as scripts"),
    super::field("style", SOURCES, "style sheets: `style-src`, else `default-src`"),
    super::field("style_element", SOURCES, "style elements: `style-src-elem`, else as style sheets"),
    super::field("style_attribute", SOURCES, "style attributes: `style-src-attr`, else as style sheets"),
    super::field("object", SOURCES, "plugins: `object-src`, else `default-src`"),
    super::field("frame", SOURCES, "frames: `frame-src`, else `child-src`, else `default-src`"),
    super::field("worker", SOURCES, "workers: `worker-src`, else `child-src`, `script-src`, `default-src`"),
    super::field("connect", SOURCES, "requests of scripts: `connect-src`, else `default-src`"),
    super::field("image", SOURCES, "images: `img-src`, else `default-src`"),
    super::field("media", SOURCES, "sound and film: `media-src`, else `default-src`"),
    super::field("font", SOURCES, "fonts: `font-src`, else `default-src`"),
    super::field("manifest", SOURCES, "manifests: `manifest-src`, else `default-src`"),
    super::field("base_uri", SOURCES, "`base-uri`, which falls back to nothing"),
    super::field("form_action", SOURCES, "`form-action`, which falls back to nothing"),
    super::field("frame_ancestors", SOURCES, "who may frame the page: `frame-ancestors`, which falls back to nothing"),
    super::field("sandbox", Type::Bool, "whether `sandbox` is written"),
    super::field("upgrade_insecure_requests", Type::Bool, "whether `upgrade-insecure-requests` is written"),
    super::field("trusted_types", Type::Bool, "whether `require-trusted-types-for` is written"),
    super::field("reports", Type::Bool, "whether `report-uri` or `report-to` is written"),
];

static DIRECTIVE: &[Field] = &[
    super::field("name", Type::Text, "its name, in lower case"),
    super::field("known", Type::Bool, "whether browsers know it, or did"),
    super::field("retired", Type::Bool, "whether the specification has given it up"),
    super::field("duplicate", Type::Bool, "whether one of the same name comes before it in its policy: without effect"),
    super::field("sources", Type::List(&Type::Text), "its values"),
    super::field("none_ignored", Type::Bool, "whether `'none'` stands beside other sources, which voids it"),
];

static RULED: &[Field] = &[
    super::field("ruled", Type::Bool, "whether a directive rules; where none does, everything is let through"),
    super::field("by", Type::Text, "the directive that rules, or the empty text; of several policies the first one's"),
    super::field("nothing", Type::Bool, "whether nothing is let through, as by `'none'`"),
    super::field(
        "unsafe_inline",
        Type::Bool,
        "whether `'unsafe-inline'` is in effect: no nonce, hash or 'strict-dynamic'",
    ),
    super::field("unsafe_inline_written", Type::Bool, "whether it is written"),
    super::field("unsafe_eval", Type::Bool, "whether `'unsafe-eval'` is written"),
    super::field("unsafe_hashes", Type::Bool, "whether `'unsafe-hashes'` is written"),
    super::field("wasm_unsafe_eval", Type::Bool, "whether `'wasm-unsafe-eval'` is written"),
    super::field("strict_dynamic", Type::Bool, "whether `'strict-dynamic'` is written"),
    super::field("nonce", Type::Bool, "whether there is a nonce"),
    super::field("static_nonce", Type::Bool, "whether a nonce has no variable, so that every answer has the same"),
    super::field("hash", Type::Bool, "whether there is a hash"),
    super::field("own_origin", Type::Bool, "whether `'self'` lets something through"),
    super::field("wildcard", Type::Bool, "whether `*` lets something through"),
    super::field("schemes", Type::List(&Type::Text), "the schemes that are let through as a whole, in lower case"),
    super::field("hosts", Type::List(&Type::Record(&[HOST])), "the hosts that are let through"),
];

static HOST: &[Field] = &[
    super::field("text", Type::Text, "as it is written"),
    super::field("scheme", Type::Text, "its scheme in lower case, or the empty text"),
    super::field("host", Type::Text, "the host in lower case; any host is `*`, any below one begins with `*.`"),
    super::field("port", Type::Text, "its port, `*`, or the empty text"),
    super::field("path", Type::Text, "its path, or the empty text"),
];

const KINDS: [Kind; 17] = [
    kind("script", &["script-src", "default-src"], true),
    kind("script_element", &["script-src-elem", "script-src", "default-src"], true),
    kind("script_attribute", &["script-src-attr", "script-src", "default-src"], true),
    kind("style", &["style-src", "default-src"], false),
    kind("style_element", &["style-src-elem", "style-src", "default-src"], false),
    kind("style_attribute", &["style-src-attr", "style-src", "default-src"], false),
    kind("object", &["object-src", "default-src"], false),
    kind("frame", &["frame-src", "child-src", "default-src"], false),
    kind("worker", &["worker-src", "child-src", "script-src", "default-src"], true),
    kind("connect", &["connect-src", "default-src"], false),
    kind("image", &["img-src", "default-src"], false),
    kind("media", &["media-src", "default-src"], false),
    kind("font", &["font-src", "default-src"], false),
    kind("manifest", &["manifest-src", "default-src"], false),
    kind("base_uri", &["base-uri"], false),
    kind("form_action", &["form-action"], false),
    kind("frame_ancestors", &["frame-ancestors"], false),
];

/// The directives of CSP3 and of the specifications that add to it.
const CURRENT: [&str; 27] = [
    "base-uri",
    "child-src",
    "connect-src",
    "default-src",
    "fenced-frame-src",
    "font-src",
    "form-action",
    "frame-ancestors",
    "frame-src",
    "img-src",
    "manifest-src",
    "media-src",
    "object-src",
    "report-to",
    "report-uri",
    "require-trusted-types-for",
    "sandbox",
    "script-src",
    "script-src-attr",
    "script-src-elem",
    "style-src",
    "style-src-attr",
    "style-src-elem",
    "trusted-types",
    "upgrade-insecure-requests",
    "webrtc",
    "worker-src",
];

/// Those of earlier drafts that have been given up.
const RETIRED: [&str; 7] = [
    "block-all-mixed-content",
    "navigate-to",
    "plugin-types",
    "prefetch-src",
    "referrer",
    "reflected-xss",
    "require-sri-for",
];

const fn kind(fact: &'static str, chain: &'static [&'static str], scripts: bool) -> Kind {
    Kind { fact, chain, scripts }
}

/// What the value says.
pub fn facts(value: Part<'_>, report_only: bool, make: &Maker) -> Vec<(Name, Fact)> {
    let policies = policies(value);
    let count = if value.open() { None } else { Some(i64::try_from(policies.len()).unwrap_or(i64::MAX)) };
    let has = |name: &str| some(policies.iter().map(|policy| policy.has(name)));
    let listed = policies.iter().flat_map(|policy| (0..policy.directives.len()).map(move |number| (policy, number)));
    let listed = listed.map(|(policy, number)| directive(policy, number, make)).collect();
    let mut facts = vec![
        ("report_only", make.said(Some(report_only))),
        ("policies", make.said(count)),
        ("directives", make.list(listed, value.open(), make.all())),
        ("unquoted_keywords", words(&policies, value, unquoted, make)),
        ("misspelt_keywords", words(&policies, value, misspelt, make)),
        ("sandbox", make.said(has("sandbox"))),
        ("upgrade_insecure_requests", make.said(has("upgrade-insecure-requests"))),
        ("trusted_types", make.said(has("require-trusted-types-for"))),
        ("reports", make.said(or(has("report-uri"), has("report-to")))),
    ];
    facts.extend(KINDS.map(|kind| (kind.fact, ruled(&Lets::of(&policies, kind), make))));
    facts
}

fn directive(policy: &Policy<'_>, number: usize, make: &Maker) -> Fact {
    let directive = &policy.directives[number];
    let (name, at) = (directive.name, directive.name.range());
    let retired = name.is_one_of(&RETIRED);
    let values = directive.values.iter().map(|value| make.text(*value)).collect();
    let none = some(directive.values.iter().map(|value| value.is("'none'")));
    let ignored = match (none, directive.values.len(), directive.open) {
        (Some(true), 2.., _) => Some(true),
        (Some(false), _, false) | (_, 0 | 1, false) => Some(false),
        _ => None,
    };
    let ignored = and(rules_sources(directive), ignored);
    let fields = [
        ("name", make.lower(name)),
        ("known", make.fact(or(retired, name.is_one_of(&CURRENT)), at.clone())),
        ("retired", make.fact(retired, at.clone())),
        ("duplicate", make.fact(policy.repeats(number), at)),
        ("sources", make.list(values, directive.open, directive.whole.range())),
        ("none_ignored", make.fact(ignored, directive.whole.range())),
    ];
    make.record(fields, directive.whole.range())
}

/// Whether the values of a directive are sources.
fn rules_sources(directive: &Directive<'_>) -> Option<bool> {
    some(KINDS.iter().flat_map(|kind| kind.chain).map(|name| directive.name.is(name)))
}

/// The sources of which this is so.
fn words(policies: &[Policy<'_>], value: Part<'_>, is: fn(Part<'_>) -> Option<bool>, make: &Maker) -> Fact {
    let (mut words, mut open) = (Vec::new(), value.open());
    let directives = policies.iter().flat_map(|policy| &policy.directives);
    for directive in directives.filter(|directive| rules_sources(directive) != Some(false)) {
        for value in &directive.values {
            match is(*value).filter(|_| rules_sources(directive).is_some()) {
                Some(true) => words.push(make.text(*value)),
                Some(false) => {}
                None => open = true,
            }
        }
    }
    make.list(words, open, make.all())
}

fn ruled(lets: &Lets<'_>, make: &Maker) -> Fact {
    let at = lets.at.map_or(make.all(), Part::range);
    let mut fields = vec![
        ("ruled", make.fact(lets.ruled, at.clone())),
        ("by", make.fact(lets.by.map(str::to_owned), at.clone())),
        ("nothing", make.fact(lets.nothing, at.clone())),
    ];
    for (name, answer) in ANSWERS.into_iter().zip(lets.answers) {
        fields.push((name, make.fact(answer, at.clone())));
    }
    let (mut schemes, mut hosts) = (Vec::new(), Vec::new());
    for source in lets.sources.iter().flatten() {
        match source {
            Source::Scheme(scheme) => schemes.push(make.lower(*scheme)),
            Source::Host(host) => {
                let its = [
                    ("text", make.text(host.whole)),
                    ("scheme", make.lower(host.scheme)),
                    ("host", make.lower(host.host)),
                    ("port", make.text(host.port)),
                    ("path", make.text(host.path)),
                ];
                hosts.push(make.record(its, host.whole.range()));
            }
            _ => {}
        }
    }
    for (name, items) in [("schemes", schemes), ("hosts", hosts)] {
        let list = if lets.sources.is_some() { make.list(items, lets.more, at.clone()) } else { make.unknown() };
        fields.push((name, list));
    }
    make.record(fields, at)
}
