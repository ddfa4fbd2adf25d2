//! What policies let through (CSP3, 6.7): of each policy the sources of the directive that rules, after fallback, and
//! of several policies what every one of them lets through.

use super::read::{Directive, Found, Policy};
use super::source::{EVAL, HASHES, Host, INLINE, STRICT, Source, WASM, read};
use crate::header::part::{Part, and, every, not, or, some};

/// What a kind of directive is about.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// The fact.
    pub fact: &'static str,
    /// The directives that rule, the first that is there.
    pub chain: &'static [&'static str],
    /// Whether `'strict-dynamic'` means something.
    pub scripts: bool,
}

/// What is let through.
#[derive(Debug, Clone)]
pub struct Lets<'a> {
    /// Whether a directive rules.
    pub ruled: Option<bool>,
    /// The directive that rules, where it is known.
    pub by: Option<&'a str>,
    /// Where that is.
    pub at: Option<Part<'a>>,
    /// Nothing at all.
    pub nothing: Option<bool>,
    /// The answers to [`ANSWERS`].
    pub answers: [Option<bool>; ANSWERS.len()],
    /// The sources that name schemes and hosts, and `*`; none where it is not known which.
    pub sources: Option<Vec<Source<'a>>>,
    /// Whether there may be more sources.
    pub more: bool,
}

/// What is asked of the sources, by the names of the facts.
pub const ANSWERS: [&str; 11] = [
    "unsafe_inline",
    "unsafe_inline_written",
    "unsafe_eval",
    "unsafe_hashes",
    "wasm_unsafe_eval",
    "strict_dynamic",
    "nonce",
    "static_nonce",
    "hash",
    "own_origin",
    "wildcard",
];

impl<'a> Lets<'a> {
    fn unruled(ruled: Option<bool>) -> Lets<'a> {
        let answer = if ruled.is_none() { None } else { Some(false) };
        Lets {
            ruled,
            by: ruled.map(|_| ""),
            at: None,
            nothing: answer,
            answers: [answer; ANSWERS.len()],
            sources: ruled.map(|_| Vec::new()),
            more: false,
        }
    }

    /// What one policy lets through.
    fn of_policy(policy: &Policy<'a>, kind: Kind) -> Lets<'a> {
        for name in kind.chain {
            match policy.find(name) {
                Found::Sure(directive) => return Lets::of_directive(directive, name, kind),
                Found::Maybe => {
                    let mut unsure = Lets::unruled(None);
                    unsure.ruled = some(kind.chain.iter().map(|name| policy.has(name)));
                    return unsure;
                }
                Found::Nothing => {}
            }
        }
        Lets::unruled(Some(false))
    }

    fn of_directive(directive: &Directive<'a>, name: &'static str, kind: Kind) -> Lets<'a> {
        let sources: Vec<Source<'a>> = directive.values.iter().map(|value| read(*value)).collect();
        let has = |is: &dyn Fn(&Source<'_>) -> bool| {
            let sure = sources.iter().map(|source| if *source == Source::Unsure { None } else { Some(is(source)) });
            let more = if directive.open { None } else { Some(false) };
            or(some(sure), more)
        };
        let keyword = |number: usize| has(&|source| *source == Source::Keyword(number));
        let (nonce, hash) = (has(&|source| matches!(source, Source::Nonce(_))), has(&|source| *source == Source::Hash));
        let strict = keyword(STRICT);
        let strict_rules = if kind.scripts { strict } else { Some(false) };
        let off = or(or(nonce, hash), strict_rules);
        let written = keyword(INLINE);
        let idle = |source: &Source<'_>| matches!(source, Source::None | Source::Invalid);
        let named = |source: &&Source<'_>| matches!(source, Source::Star | Source::Scheme(_) | Source::Host(_));
        let unsure = directive.open || sources.contains(&Source::Unsure);
        Lets {
            ruled: Some(true),
            by: Some(name),
            at: Some(directive.whole),
            nothing: not(has(&|source| !idle(source))),
            answers: [
                and(written, not(off)),
                written,
                keyword(EVAL),
                keyword(HASHES),
                keyword(WASM),
                strict,
                nonce,
                has(&|source| *source == Source::Nonce(true)),
                hash,
                and(has(&|source| *source == Source::Own), not(strict_rules)),
                and(has(&|source| *source == Source::Star), not(strict_rules)),
            ],
            // Under 'strict-dynamic' neither schemes nor hosts let a script through.
            sources: strict_rules.map(|strict| match strict {
                true => Vec::new(),
                false => sources.iter().filter(named).copied().collect(),
            }),
            more: unsure && strict_rules != Some(true),
        }
    }

    /// What all policies of a value let through.
    pub fn of(policies: &[Policy<'a>], kind: Kind) -> Lets<'a> {
        let each: Vec<Lets<'a>> = policies.iter().map(|policy| Lets::of_policy(policy, kind)).collect();
        let further = policies.iter().any(|policy| policy.open);
        if let ([one], false) = (&*each, further) {
            return one.clone();
        }
        let unless = if further { None } else { Some(true) };
        let ruled = some(each.iter().map(|lets| lets.ruled).chain([not(unless)]));
        let all = |answer: &dyn Fn(&Lets<'a>) -> Option<bool>| {
            let let_through = every(each.iter().map(|lets| or(not(lets.ruled), answer(lets))));
            and(and(ruled, let_through), unless)
        };
        let mut answers = [None; ANSWERS.len()];
        for (number, answer) in answers.iter_mut().enumerate() {
            *answer = all(&|lets| lets.answers[number]);
        }
        let ruling = each.iter().filter(|lets| lets.ruled != Some(false));
        let shut = some(ruling.clone().map(|lets| and(lets.ruled, lets.nothing)).chain([not(unless)]));
        let first = ruling.clone().next();
        let mut sources: Option<Vec<Source<'a>>> = None;
        // What a variable is a part of may be the same as another source or not.
        let part = |source: &Source<'_>| matches!(source, Source::Host(host) if host.whole.known().is_none());
        let compared = ruling.clone().count() > 1;
        let parts = compared && ruling.clone().flat_map(|lets| lets.sources.iter().flatten()).any(part);
        let mut known = !(further || parts);
        for lets in ruling.clone() {
            match (&lets.sources, lets.ruled, lets.more) {
                (Some(its), Some(true), false) => {
                    sources = Some(sources.map_or_else(|| its.clone(), |sources| common(&sources, its)));
                }
                _ => known = false,
            }
        }
        Lets {
            ruled,
            by: if further { None } else { first.map_or(Some(""), |lets| lets.by) },
            at: first.and_then(|lets| lets.at),
            nothing: shut,
            answers,
            sources: known.then(|| sources.unwrap_or_default()),
            more: false,
        }
    }
}

/// What both let through.
fn common<'a>(a: &[Source<'a>], b: &[Source<'a>]) -> Vec<Source<'a>> {
    let within = |source: &Source<'a>, all: &[Source<'a>]| all.iter().any(|other| covers(other, source));
    let mut both: Vec<Source<'a>> = a.iter().filter(|source| within(source, b)).copied().collect();
    for source in b {
        if within(source, a) && !both.iter().any(|other| covers(other, source) && covers(source, other)) {
            both.push(*source);
        }
    }
    both
}

/// Whether whatever the second lets through the first does too, as far as their text tells.
fn covers(wide: &Source<'_>, narrow: &Source<'_>) -> bool {
    // The schemes of the network, and that those without encryption stand for the others too (6.7.2.8, 6.7.2.9).
    let network = |scheme: &str| ["http", "https", "ws", "wss"].iter().any(|its| scheme.eq_ignore_ascii_case(its));
    let upgrades = |from: &str, to: &str| {
        let pair = (from.to_ascii_lowercase(), to.to_ascii_lowercase());
        pair.0 == pair.1
            || matches!((&*pair.0, &*pair.1), ("http", "https" | "ws" | "wss") | ("https", "wss") | ("ws", "wss"))
    };
    match (wide, narrow) {
        (Source::Star, Source::Star) => true,
        (Source::Star, Source::Scheme(scheme)) => network(scheme.text),
        (Source::Star, Source::Host(Host { scheme, .. })) => scheme.text.is_empty() || network(scheme.text),
        (Source::Scheme(wide), Source::Scheme(narrow)) => upgrades(wide.text, narrow.text),
        (Source::Scheme(wide), Source::Host(Host { scheme, .. })) => upgrades(wide.text, scheme.text),
        (Source::Host(a), Source::Host(b)) => a.whole.text.eq_ignore_ascii_case(b.whole.text),
        _ => false,
    }
}
