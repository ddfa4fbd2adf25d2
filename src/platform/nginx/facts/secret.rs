//! Secrets that are written in a configuration, and files with secrets that it names: where they are, never what.

use std::path::Path;

use super::{Maker, number};
use crate::fact::{Fact, Value};
use crate::files::Location;
use crate::mask::Hidden;
use crate::platform::nginx::scope::LevelId;
use crate::platform::nginx::secret::places;
use crate::platform::nginx::tree::Directive;
use crate::platform::nginx::value::{Piece, pieces};
use crate::text::{Place, SourceId};

/// How the first line of a private key in PEM ends.
const LABEL: &[u8] = b"PRIVATE KEY-----";

/// The words before what proves who a client is.
const SCHEMES: [&str; 2] = ["basic", "bearer"];

/// Directives that name a file with a private key, or with the passwords of users.
const FILES: [(&str, &str); 6] = [
    ("ssl_certificate_key", "key"),
    ("proxy_ssl_certificate_key", "key"),
    ("grpc_ssl_certificate_key", "key"),
    ("uwsgi_ssl_certificate_key", "key"),
    ("ssl_password_file", "passphrases"),
    ("auth_basic_user_file", "users"),
];

/// A directive with the level that it stands on.
type Written<'a> = (LevelId, &'a Directive);

/// The directives by place, those that open blocks aside.
fn by_place<'a>(maker: &Maker<'a>) -> Vec<Written<'a>> {
    let levels = maker.model.levels.all.iter().enumerate();
    let mut all: Vec<Written<'a>> = levels.flat_map(|(id, level)| level.own.iter().map(move |it| (id, *it))).collect();
    all.sort_by_key(|(_, directive)| directive.span);
    all
}

/// The secrets that directives hold.
pub(super) fn secrets(maker: &Maker<'_>) -> Fact {
    let all = by_place(maker);
    let mut items = Vec::new();
    for &source in maker.subject.holding {
        let hidden = places(maker.subject.sources.get(source));
        let committed = !hidden.is_empty() && committed(maker, source);
        for place in hidden {
            let before = all.partition_point(|(_, directive)| directive.span <= place.span);
            let holds = |(_, it): &&Written<'_>| it.span.source == source && it.span.end >= place.span.end;
            let holding = before.checked_sub(1).and_then(|last| all.get(last)).filter(holds);
            items.extend(holding.map(|(_, directive)| secret(maker, directive, &place, committed)));
        }
    }
    maker.list_with("nginx.secrets", items, None)
}

fn secret(maker: &Maker<'_>, directive: &Directive, place: &Hidden, committed: bool) -> Fact {
    let at = place.span;
    let text = String::from_utf8_lossy(maker.subject.sources.get(at.source).slice(at)).into_owned();
    let named = directive.args.first().filter(|first| directive.args.len() > 1 && first.span.end <= at.start);
    let known = crate::platform::nginx::directive::find(&directive.name).is_some();
    let of = match named {
        // What stands in a map is its own name.
        _ if !known => "a line of a map".to_owned(),
        Some(first) if *directive.name != *"if" => format!("{} {}", &*directive.name, &first.text),
        _ => directive.name.to_string(),
    };
    let before = &maker.subject.sources.get(at.source).bytes()[..at.start as usize];
    // The word stands before the secret, or is hidden with it.
    let (scheme, text) = match text.split_once(' ') {
        Some((scheme, rest)) if SCHEMES.iter().any(|known| scheme.eq_ignore_ascii_case(known)) => {
            (scheme.to_ascii_lowercase(), rest.to_owned())
        }
        _ => {
            let word = before.trim_ascii_end().rsplit(|byte| !byte.is_ascii_alphabetic()).next().unwrap_or_default();
            (String::from_utf8_lossy(word).to_ascii_lowercase(), text)
        }
    };
    let kind = match &*directive.name {
        "secure_link_secret" | "secure_link_md5" => "link",
        "if" => "condition",
        _ if in_url(before) => "url",
        _ if scheme == SCHEMES[0] => SCHEMES[0],
        _ if scheme == SCHEMES[1] => SCHEMES[1],
        _ if !known => "map",
        _ => "value",
    };
    // Of what a link is made of, what is no variable.
    let literal: String = match kind {
        "link" => {
            pieces(&text).into_iter().map(|piece| if let Piece::Text(text) = piece { text } else { "" }).collect()
        }
        _ => text,
    };
    let has = |of: fn(&u8) -> bool| literal.bytes().any(|byte| of(&byte));
    let all = |of: fn(&u8) -> bool| literal.bytes().all(|byte| of(&byte));
    let flag = |flag: bool| Fact::derived(flag, at);
    let fields = [
        ("of", Fact::derived(of, at)),
        ("kind", Fact::derived(kind, at)),
        ("length", Fact::derived(number(literal.len() as u64), at)),
        ("mixed", flag(has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic))),
        ("capitals", flag(all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_'))),
        ("committed", flag(committed)),
    ];
    Fact::record(fields, at)
}

/// Whether a text ends within `scheme://user:`.
fn in_url(before: &[u8]) -> bool {
    let word = before.rsplit(|byte| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'')).next();
    word.is_some_and(|word| {
        word.ends_with(b":") && memchr::memmem::find(word, b"://").is_some_and(|at| at + 3 < word.len())
    })
}

/// Whether a source would be committed.
fn committed(maker: &Maker<'_>, source: SourceId) -> bool {
    let Place::File(path) = maker.subject.sources.get(source).place() else { return false };
    maker.model.files.standing(&Location::Here(path.clone())).is_ok_and(|standing| standing.committed)
}

/// The files with secrets that directives name, those that can be looked at.
pub(super) fn files(maker: &Maker<'_>) -> Fact {
    let named = by_place(maker).into_iter().filter_map(|(level, directive)| {
        let (_, role) = FILES.iter().find(|(name, _)| *directive.name == **name)?;
        file(maker, level, directive, role)
    });
    maker.list_with("nginx.secret_files", named.collect::<Vec<_>>(), None)
}

fn file(maker: &Maker<'_>, level: LevelId, directive: &Directive, role: &'static str) -> Option<Fact> {
    let written = directive.args.first().filter(|word| !word.templated && !word.contains('$') && !word.is_empty())?;
    let at = directive.text();
    let location = maker.model.prefix.resolve(Path::new(&*written.text));
    let standing = maker.model.files.standing(&location).ok();
    let private = || maker.model.files.read(&location).is_ok_and(|it| memchr::memmem::find(&it, LABEL).is_some());
    let served = match role {
        "users" => served(maker, level, written),
        _ => Fact::derived(false, at),
    };
    let fields = [
        ("path", Fact::derived(written.to_string(), at)),
        ("role", Fact::derived(role, at)),
        ("committed", Fact::derived(standing.is_some_and(|standing| standing.committed), at)),
        ("private_key", Fact::derived(role == "key" && standing.is_some() && private(), at)),
        ("served", served),
    ];
    Some(Fact::record(fields, at))
}

/// Whether a stranger is sent a file that lies below a document root of the server that it is for.
fn served(maker: &Maker<'_>, level: LevelId, path: &str) -> Fact {
    let at = maker.at(level);
    let levels = &maker.model.levels;
    let server = maker.model.server_of(level);
    let mut roots: Vec<&str> = maker
        .levels_of(server)
        .into_iter()
        .filter_map(|level| levels.held(level, "root").one())
        .map(|root| root.arg(0))
        .collect();
    roots.sort_unstable();
    roots.dedup();
    let below = |root: &&str| path.strip_prefix(root.trim_end_matches('/')).filter(|rest| rest.starts_with('/'));
    let Fact::Known { value: Value::Commands(commands), .. } = maker.asked(server) else {
        return Fact::derived(false, at);
    };
    let mut answers = roots.iter().filter_map(below).map(|path| commands.0.can(&format!("read {path}")));
    let is_yes = |fact: &Fact| matches!(fact.value(), Some(Value::Bool(true)));
    let all: Vec<Fact> = answers.by_ref().collect();
    let yes = all.iter().find(|fact| is_yes(fact)).cloned();
    yes.or_else(|| all.into_iter().find(|fact| fact.value().is_none())).unwrap_or_else(|| Fact::derived(false, at))
}
