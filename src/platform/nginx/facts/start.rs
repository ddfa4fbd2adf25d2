//! Whether nginx starts, and what it takes otherwise than it was meant.

use super::{Maker, texts};
use crate::fact::{Fact, Name};
use crate::platform::nginx::directive;
use crate::platform::nginx::tree::Directive;

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
    let at = maker.model.main;
    let names = maker.subject.versions.iter().map(|version| format!("nginx:{version}"));
    vec![("accepted_by", texts(names, at))]
}
