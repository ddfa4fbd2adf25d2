//! Whether nginx starts, and what it takes otherwise than it was meant.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Maker, texts};
use crate::fact::{Fact, Name, Unknown, Why};
use crate::platform::nginx::directive;
use crate::platform::nginx::refuse::{Refusal, Unseen, refusals};
use crate::platform::nginx::scope::Kind;
use crate::platform::nginx::tree::{Block, Body, Directive, File, Item, Step, Word, walk};
use crate::platform::nginx::version::Version;
use crate::text::Span;

/// Directives that take any number of words: the next line is swallowed without a sound where the `;` is missing.
const GREEDY: [&str; 14] = [
    "server_name",
    "index",
    "log_format",
    "try_files",
    "access_log",
    "listen",
    "error_page",
    "types_hash_bucket_size",
    "gzip_types",
    "ssl_protocols",
    "fastcgi_ignore_headers",
    "proxy_ignore_headers",
    "proxy_cache_valid",
    "proxy_next_upstream",
];

/// Directives that are arguments of the one before.
pub(super) fn swallowed(maker: &Maker<'_>) -> Fact {
    let mut items = Vec::new();
    for directive in maker.model.levels.all.iter().flat_map(|level| &level.own) {
        if GREEDY.contains(&&*directive.name) {
            items.extend(within(maker, directive));
        }
    }
    maker.list("nginx.swallowed", items)
}

/// The words of a directive that begin a line and name a directive.
fn within(maker: &Maker<'_>, greedy: &Directive) -> Vec<Fact> {
    let line = |at: u32| maker.subject.sources.get(greedy.span.source).position(at).line;
    let mut before = line(greedy.name.span.start);
    let mut found = Vec::new();
    for (number, word) in greedy.args.iter().enumerate() {
        let here = line(word.span.start);
        let more = greedy.args.get(number + 1).is_some();
        if here > before && !word.quoted && more && directive::find(word).is_some() && word.contains('_') {
            let at = word.span;
            let fields = [
                ("directive", Fact::derived(word.to_string(), at)),
                ("into", Fact::derived(greedy.name.to_string(), at)),
            ];
            found.push(Fact::record(fields, at));
        }
        before = here;
    }
    found
}

/// Which versions start, and what the others say.
pub(super) fn starts(maker: &Maker<'_>) -> Vec<(Name, Fact)> {
    let wanted = ["accepted_by", "refused_by", "errors"];
    if !wanted.iter().any(|name| maker.subject.wanted.has(name)) {
        return Vec::new();
    }
    if let Some(span) = template(&maker.subject.file.items) {
        // What a statement of a template leaves in may be anything.
        let unknown = || Unknown::new(Why::Templated, span, "the rendered file");
        let open = |of: &'static str| Fact::Unknown(unknown().following_from(of));
        return vec![
            ("accepted_by", open("nginx.accepted_by")),
            ("refused_by", open("nginx.refused_by")),
            ("errors", maker.list_with("nginx.errors", Vec::new(), Some(unknown()))),
        ];
    }
    let around = surrounded(maker);
    let main = around.as_ref().unwrap_or(maker.subject.file);
    let (mut taken, mut refused) = (Vec::new(), Vec::new());
    // What the oldest and the newest both take, those in between take, if all of them know every directive: the forms
    // that a directive takes only grow.
    let ends = [maker.subject.versions.first(), maker.subject.versions.last()];
    let sound = |version: &&Version| !refusals(main, **version, &Unseen).iter().any(|refusal| refusal.certain);
    let versions = maker.subject.versions;
    let everywhere = |directive: &&Directive| {
        directive::find(&directive.name)
            .is_none_or(|known| versions.iter().all(|version| known.at(*version).next().is_some()))
    };
    let mut directives = maker.model.levels.all.iter().flat_map(|level| &level.own);
    let all_take = directives.all(everywhere) && ends.iter().flatten().all(sound);
    let mut errors: Vec<(Refusal, usize)> = Vec::new();
    let mut known: HashMap<(Span, String), usize> = HashMap::new();
    let filled_in = templated(&main.items);
    let of_template = |refusal: &Refusal| {
        let next =
            filled_in.partition_point(|span| (span.source, span.start) < (refusal.span.source, refusal.span.start));
        filled_in.get(next).is_some_and(|span| refusal.span.cover(*span) == refusal.span)
    };
    for version in maker.subject.versions {
        let said = if all_take { Vec::new() } else { refusals(main, *version, &Unseen) };
        let mut certain = said
            .into_iter()
            .filter(|refusal| refusal.certain && !of_template(refusal))
            .collect::<Vec<_>>()
            .into_iter()
            .peekable();
        let name = format!("nginx:{version}");
        if certain.peek().is_some() {
            refused.push(name)
        } else {
            taken.push(name)
        }
        for refusal in certain {
            let number = *known.entry((refusal.span, refusal.message.clone())).or_insert(errors.len());
            match errors.get_mut(number) {
                Some((_, count)) => *count += 1,
                None => errors.push((refusal, 1)),
            }
        }
    }
    let at = errors.first().map_or(maker.model.main, |(refusal, _)| refusal.span);
    // Where one keeps every version from starting, those that only some have are not what it takes to be told.
    let everywhere = errors.iter().any(|(_, count)| *count == versions.len());
    let error = |(refusal, count): &(Refusal, usize)| {
        let elsewhere = !taken.is_empty() || everywhere && *count < versions.len();
        let at = refusal.span;
        let message = Fact::derived(refusal.message.clone(), at);
        Fact::record([("message", message), ("elsewhere", Fact::derived(elsewhere, at))], at)
    };
    let errors = maker.list_with("nginx.errors", errors.iter().map(error).collect::<Vec<_>>(), None);
    vec![("accepted_by", texts(taken, at)), ("refused_by", texts(refused, at)), ("errors", errors)]
}

/// The first statement of a template in some items.
fn template(items: &[Item]) -> Option<Span> {
    let mut found = None;
    walk(items, &mut |step| match step {
        Step::Template(span) => found = found.or(Some(span)),
        Step::Directive(directive) => found = found.or_else(|| template(&directive.block()?.items)),
        Step::Unread(..) | Step::Mistake(_) => {}
    });
    found
}

/// The words in some items that a template fills in, by place.
fn templated(items: &[Item]) -> Vec<Span> {
    let mut found = within_items(items);
    found.sort_unstable();
    found
}

fn within_items(items: &[Item]) -> Vec<Span> {
    let mut found = Vec::new();
    walk(items, &mut |step| {
        if let Step::Directive(directive) = step {
            let words = std::iter::once(&directive.name).chain(&directive.args);
            found.extend(words.filter(|word| word.templated).map(|word| word.span));
            found.extend(directive.block().into_iter().flat_map(|block| within_items(&block.items)));
        }
    });
    found
}

/// A part of a configuration with the blocks around it that it must be in, of which more is not seen; nothing of a whole
/// one.
fn surrounded(maker: &Maker<'_>) -> Option<File> {
    let at = maker.model.main;
    let word = |text: &str| Word { text: text.into(), span: at, quoted: false, templated: false };
    let unseen = || {
        let unknown = Unknown::new(Why::NotReadable, at, "the configuration that includes this file");
        Item::Directive(Directive {
            name: word("include"),
            args: vec![word("*")],
            body: Body::Unread(unknown),
            span: at,
        })
    };
    let block = |name: &str, items: Vec<Item>| {
        let body = Body::Block(Block { items, open: at, close: at });
        Item::Directive(Directive { name: word(name), args: Vec::new(), body, span: at })
    };
    let own = || [vec![unseen()], maker.subject.file.items.to_vec()].concat();
    let http = match maker.subject.part_of {
        Kind::Http => own(),
        Kind::Server => vec![unseen(), block("server", own())],
        // Where nothing tells where it stands, nothing tells what is wrong there.
        Kind::Location => vec![unseen()],
        _ => return None,
    };
    let items = vec![unseen(), block("events", Vec::new()), block("http", http)];
    Some(File { source: at.source, items: Arc::new(items) })
}
