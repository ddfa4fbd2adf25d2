//! What header values mean: tables after the specifications, values with variables against what these may hold, and
//! any text at all.

use std::path::PathBuf;

use hardline::fact::{Fact, List, Name, Record, Value};
use hardline::header::{HEADER, Holds, Piece, facts};
use hardline::schema::{Field, Type};
use hardline::text::{Place, SourceId, Sources, Span};
use proptest::prelude::*;

fn source(length: usize) -> (Sources, SourceId) {
    let mut sources = Sources::new();
    let id = sources.add(Place::Arguments, vec![b' '; length]);
    (sources, id)
}

/// The pieces of a value with `$name` for anything and `%name` for a word.
fn pieces(value: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = value;
    while let Some(at) = rest.find(['$', '%']) {
        let (text, from) = rest.split_at(at);
        let end = from[1..]
            .find(|letter: char| !letter.is_ascii_lowercase() && letter != '_')
            .map_or(from.len(), |end| end + 1);
        let holds = if from.starts_with('%') { Holds::Word } else { Holds::Anything };
        pieces.extend((!text.is_empty()).then_some(Piece::Text(text)));
        pieces.push(Piece::Variable { written: &from[..end], name: &from[1..end], holds });
        rest = &from[end..];
    }
    pieces.extend((!rest.is_empty()).then_some(Piece::Text(rest)));
    pieces
}

fn record(name: &str, pieces: &[Piece<'_>]) -> Record {
    let length = pieces.iter().map(|piece| match piece {
        Piece::Text(text) | Piece::Variable { written: text, .. } => text.len(),
    });
    let length = length.sum();
    let (_, id) = source(length);
    Record::new(facts(name, pieces, Span::new(id, 0, length)))
}

fn show(fact: &Fact) -> String {
    match fact.value() {
        None => "?".to_owned(),
        Some(Value::Bool(value)) => value.to_string(),
        Some(Value::Int(value)) => value.to_string(),
        Some(Value::Text(value)) => value.to_string(),
        Some(Value::List(List { items, rest })) => {
            let mut items: Vec<String> = items.iter().map(|item| show(&item)).collect();
            items.extend(rest.as_ref().map(|_| "…".to_owned()));
            format!("[{}]", items.join(" "))
        }
        Some(Value::Record(record)) => {
            let fields: Vec<String> = record.iter().map(|(name, fact)| format!("{name}={}", show(fact))).collect();
            format!("{{{}}}", fields.join(" "))
        }
        other => panic!("{other:?}"),
    }
}

/// What is at `csp.script.nonce` or, for a field of each item, `csp.directives.name`.
fn read(record: &Record, path: &str) -> String {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let fact = record.get(name).unwrap_or_else(|| panic!("no {name}"));
    let Some(rest) = rest else { return show(fact) };
    match fact.value() {
        Some(Value::Record(inner)) => read(inner, rest),
        Some(Value::List(List { items, rest: more })) => {
            let one = |item: Fact| match item.value() {
                Some(Value::Record(inner)) => read(inner, rest),
                _ => "?".to_owned(),
            };
            let mut items: Vec<String> = items.iter().map(one).collect();
            items.extend(more.as_ref().map(|_| "…".to_owned()));
            format!("[{}]", items.join(" "))
        }
        _ => "?".to_owned(),
    }
}

/// Each value with the paths below one record and what is there.
fn table(name: &str, below: &str, rows: &[(&str, &[(&str, &str)])]) {
    let mut wrong = Vec::new();
    for (value, wanted) in rows {
        let record = record(name, &pieces(value));
        for (path, wanted) in *wanted {
            let is = read(&record, &format!("{below}.{path}"));
            if is != *wanted {
                wrong.push(format!("{value}\n   {path}: {is}, not {wanted}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn strict_transport_security() {
    table(
        "Strict-Transport-Security",
        "hsts",
        &[
            // RFC 6797, 6.2.
            ("max-age=31536000", &[("valid", "true"), ("max_age", "31536000"), ("include_subdomains", "false")]),
            ("max-age=15768000 ; includeSubDomains", &[("valid", "true"), ("include_subdomains", "true")]),
            ("max-age=\"31536000\"", &[("valid", "true"), ("max_age", "31536000")]),
            ("max-age=0", &[("valid", "true"), ("max_age", "0")]),
            ("INCLUDESUBDOMAINS; MAX-AGE=5; Preload", &[("valid", "true"), ("max_age", "5"), ("preload", "true")]),
            (";;max-age=5;;", &[("valid", "true"), ("max_age", "5")]),
            ("max-age=5; new=\"a;b\"", &[("valid", "true"), ("unknown_directives", "[new]")]),
            ("includeSubDomains", &[("valid", "false"), ("invalid_because", "no-max-age"), ("max_age", "-1")]),
            ("", &[("valid", "false"), ("invalid_because", "no-max-age")]),
            ("max-age", &[("invalid_because", "not-a-number")]),
            ("max-age=-5", &[("invalid_because", "not-a-number"), ("max_age", "-1")]),
            ("max-age=31536000 includeSubDomains", &[("invalid_because", "not-a-number")]),
            ("max-age=1; max-age=2", &[("invalid_because", "duplicate"), ("max_age", "1"), ("duplicate", "true")]),
            ("max-age=1; includeSubDomains; includeSubDomains", &[("invalid_because", "duplicate")]),
            ("max-age=1, max-age=2", &[("invalid_because", "comma")]),
            ("max-age=1; includeSubDomains=yes", &[("invalid_because", "grammar")]),
            ("max-age=1; a=\"", &[("valid", "false"), ("invalid_because", "grammar")]),
            ("max-age=99999999999999999999", &[("valid", "true"), ("max_age", "9223372036854775807")]),
            // Variables.
            ("max-age=%age; preload", &[("valid", "?"), ("max_age", "?"), ("preload", "true")]),
            ("max-age=5; $more", &[("valid", "?"), ("max_age", "5"), ("include_subdomains", "?"), ("duplicate", "?")]),
            ("max-age=x; $more", &[("valid", "false"), ("invalid_because", "not-a-number")]),
            ("$all", &[("valid", "?"), ("max_age", "?"), ("unknown_directives", "[…]")]),
        ],
    );
}

#[test]
fn cache_control() {
    table(
        "Cache-Control",
        "cache_control",
        &[
            (
                "no-cache, no-store, max-age=0, must-revalidate",
                &[
                    ("no_store", "true"),
                    ("no_cache", "true"),
                    ("max_age", "0"),
                    ("must_revalidate", "true"),
                    ("public", "false"),
                    ("s_maxage", "-1"),
                ],
            ),
            (
                "Public, Max-Age=\"60\", s-maxage=5, immutable",
                &[("public", "true"), ("max_age", "60"), ("s_maxage", "5"), ("immutable", "true")],
            ),
            ("private=\"set-cookie, x\", max-age=1", &[("private", "false"), ("directives.name", "[private max-age]")]),
            ("private=\"x\", private", &[("private", "true"), ("directives.duplicate", "[false true]")]),
            ("max-age=1, max-age=2", &[("max_age", "1"), ("directives.duplicate", "[false true]")]),
            ("no-cache; no-store", &[("no_store", "false"), ("no_cache", "false"), ("directives.known", "[false]")]),
            ("no-stor, no_cache", &[("directives.known", "[false false]")]),
            ("public, max-age=$age", &[("public", "true"), ("max_age", "?"), ("no_store", "?")]),
            ("public, max-age=%age, no-store", &[("max_age", "?"), ("no_store", "true"), ("private", "false")]),
        ],
    );
}

#[test]
fn set_cookie() {
    table(
        "Set-Cookie",
        "set_cookie",
        &[
            (
                "__Host-sid=1; Path=/; Secure; HttpOnly; SameSite=Lax",
                &[
                    ("name", "__Host-sid"),
                    ("secure", "true"),
                    ("http_only", "true"),
                    ("same_site", "lax"),
                    ("prefix", "host"),
                    ("prefix_kept", "true"),
                    ("path", "/"),
                    ("persistent", "false"),
                ],
            ),
            ("__HOST-sid=1; Path=/; Secure; Domain=a.example", &[("prefix", "host"), ("prefix_kept", "false")]),
            ("__Host-sid=1; Path=/; Secure; Domain=", &[("prefix_kept", "true")]),
            ("__Host-sid=1; Path=/a; Secure", &[("prefix_kept", "false")]),
            ("__Host-sid=1; Secure", &[("prefix_kept", "false")]),
            ("__Secure-a=1", &[("prefix", "secure"), ("prefix_kept", "false")]),
            ("a=1; SameSite=None; samesite=Strict", &[("same_site", "strict")]),
            ("a=1; SameSite", &[("same_site", "unrecognized")]),
            ("a=1; SameSite=Always", &[("same_site", "unrecognized"), ("secure", "false")]),
            ("a=1", &[("same_site", ""), ("domain", ""), ("max_age", "-1"), ("prefix", ""), ("prefix_kept", "true")]),
            ("a=1; secure=no", &[("secure", "true")]),
            ("a=1; \"Secure\"", &[("secure", "false"), ("attributes.known", "[false]")]),
            ("just text; Max-Age=60", &[("name", ""), ("max_age", "60"), ("persistent", "true")]),
            ("a=1; Max-Age=5; Max-Age=zz", &[("max_age", "5"), ("persistent", "true")]),
            ("a=1; Max-Age=5; Max-Age=-1", &[("max_age", "-1"), ("persistent", "true")]),
            ("a=1; Max-Age=5s", &[("max_age", "-1"), ("persistent", "false")]),
            ("a=1; Max-Age=\"60\"", &[("max_age", "-1"), ("persistent", "false")]),
            ("a=1; Max-Age", &[("max_age", "-1"), ("persistent", "false")]),
            ("a=1; Max-Age=%n", &[("max_age", "?"), ("persistent", "?")]),
            ("a=1; Max-Age=7; Max-Age=%n", &[("max_age", "?"), ("persistent", "true")]),
            ("a=1; Expires=Wed, 09 Jun 2027 10:18:14 GMT", &[("persistent", "true")]),
            ("a=1; Expires=Wed, 09-Jun-27 10:18:14 GMT", &[("persistent", "true")]),
            ("a=1; expires=June 9th 2027 1:2:3", &[("persistent", "true")]),
            ("a=1; Expires=Wed, 31 Jun 2027 10:18:14 GMT", &[("persistent", "false")]),
            ("a=1; Expires=Tue, 29 Feb 2028 10:18:14 GMT", &[("persistent", "true")]),
            ("a=1; Expires=Mon, 29 Feb 2027 10:18:14 GMT", &[("persistent", "false")]),
            ("a=1; Expires=Wed, 09 Jun 2027 24:00:00 GMT", &[("persistent", "false")]),
            ("a=1; Expires=Wed, 09 Jun 1600 10:18:14 GMT", &[("persistent", "false")]),
            ("a=1; Expires=09 Jun 2027", &[("persistent", "false")]),
            ("a=1; Expires=0", &[("persistent", "false")]),
            ("a=1; Expires=Session; Max-Age=9", &[("persistent", "true"), ("max_age", "9")]),
            ("a=1; Expires=$when", &[("persistent", "?")]),
            ("a=1, b=2; Secure", &[("name", "a"), ("secure", "true")]),
            (
                "sid=$sid; Secure; HttpOnly",
                &[("name", "sid"), ("secure", "true"), ("http_only", "true"), ("same_site", "?"), ("persistent", "?")],
            ),
            ("sid=$sid; SameSite=Lax", &[("same_site", "lax"), ("secure", "?")]),
            ("sid=%sid; Secure", &[("secure", "true"), ("http_only", "false"), ("same_site", "")]),
            ("$name=1; Secure", &[("name", "?"), ("prefix", "?"), ("secure", "true")]),
        ],
    );
}

#[test]
fn permissions_policy() {
    table(
        "Permissions-Policy",
        "permissions_policy",
        &[
            (
                "camera=(), geolocation=(self \"https://a.example\"), usb=*, midi=(self), fullscreen=self",
                &[
                    ("valid", "true"),
                    ("features.name", "[camera geolocation usb midi fullscreen]"),
                    ("features.allowlist", "[none list all self self]"),
                    ("features.origins", "[[] [https://a.example] [] [] []]"),
                ],
            ),
            ("camera=(self *);report-to=x", &[("valid", "true"), ("features.allowlist", "[all]")]),
            ("camera=(), camera=*", &[("features.allowlist", "[all]")]),
            ("camera", &[("valid", "true"), ("features.allowlist", "[none]")]),
            ("", &[("valid", "true"), ("features", "[]")]),
            ("camera 'none'; microphone 'self'", &[("valid", "false"), ("old_syntax", "true"), ("features", "[]")]),
            ("geolocation *", &[("valid", "false"), ("old_syntax", "true")]),
            ("camera=();microphone=()", &[("valid", "false"), ("old_syntax", "false")]),
            ("camera=(),", &[("valid", "false")]),
            ("Camera=()", &[("valid", "false")]),
            ("camera=('self')", &[("valid", "false")]),
            ("camera=(https://a.example)", &[("valid", "true"), ("features.allowlist", "[none]")]),
            ("camera=(\"https://%host.example\")", &[("valid", "true"), ("features.allowlist", "[list]")]),
            ("camera=($who)", &[("valid", "?"), ("features", "?")]),
            ("camera 'none'; $more", &[("valid", "false"), ("old_syntax", "true")]),
        ],
    );
}

#[test]
fn headers_of_one_word() {
    table(
        "Referrer-Policy",
        "referrer_policy",
        &[
            ("no-referrer", &[("effective", "no-referrer")]),
            ("no-referrer, strict-origin-when-cross-origin", &[("effective", "strict-origin-when-cross-origin")]),
            ("Same-Origin, new-policy", &[("effective", "same-origin"), ("policies.known", "[true false]")]),
            ("no-refferer", &[("effective", ""), ("policies.known", "[false]")]),
            ("", &[("effective", "")]),
            ("$policy, origin", &[("effective", "origin"), ("policies", "[…]")]),
            ("origin, $policy", &[("effective", "?")]),
        ],
    );
    table(
        "X-Frame-Options",
        "frame_options",
        &[
            ("DENY", &[("valid", "true"), ("effect", "deny")]),
            (" sameorigin ", &[("valid", "true"), ("effect", "same-origin")]),
            ("SAMEORIGIN, SAMEORIGIN", &[("valid", "true"), ("effect", "same-origin")]),
            ("SAMEORIGIN, DENY", &[("valid", "false"), ("effect", "deny")]),
            ("ALLOW-FROM https://a.example", &[("valid", "false"), ("effect", "none")]),
            ("ALLOWALL", &[("valid", "false"), ("effect", "none")]),
            ("\"DENY\"", &[("valid", "false"), ("effect", "none")]),
            ("DEN%y", &[("valid", "?")]),
            ("NO%y", &[("valid", "false"), ("effect", "none")]),
            ("DENY$x", &[("valid", "?"), ("effect", "?")]),
        ],
    );
    table(
        "X-Content-Type-Options",
        "content_type_options",
        &[
            ("nosniff", &[("valid", "true")]),
            ("NoSniff, x", &[("valid", "true")]),
            ("no-sniff", &[("valid", "false")]),
            ("x, nosniff", &[("valid", "false")]),
            ("\"nosniff\"", &[("valid", "false")]),
            ("nosniff; x", &[("valid", "false")]),
            ("nosniff, $x", &[("valid", "true")]),
            ("nosn$x y", &[("valid", "?")]),
            ("x$x", &[("valid", "false")]),
        ],
    );
    table(
        "Cross-Origin-Opener-Policy",
        "coop",
        &[
            ("same-origin", &[("policy", "same-origin"), ("valid", "true"), ("report_only", "false")]),
            ("same-origin; report-to=\"x\"", &[("policy", "same-origin")]),
            ("Same-Origin", &[("policy", "unsafe-none"), ("valid", "false")]),
            ("\"same-origin\"", &[("policy", "unsafe-none"), ("valid", "false")]),
            ("same-origin, same-origin", &[("policy", "unsafe-none"), ("valid", "false")]),
            ("require-corp", &[("policy", "unsafe-none"), ("valid", "false")]),
            ("same-origin$x", &[("policy", "?")]),
        ],
    );
    table(
        "Cross-Origin-Embedder-Policy-Report-Only",
        "coep",
        &[("credentialless", &[("policy", "credentialless"), ("report_only", "true")])],
    );
    table(
        "Cross-Origin-Resource-Policy",
        "corp",
        &[
            ("same-site", &[("policy", "same-site"), ("valid", "true")]),
            ("Same-Site", &[("policy", ""), ("valid", "false")]),
            ("same-%x", &[("policy", "?")]),
        ],
    );
    table(
        "X-XSS-Protection",
        "xss_protection",
        &[
            ("0", &[("enabled", "false"), ("block", "false")]),
            ("1; mode=block", &[("enabled", "true"), ("block", "true")]),
            ("1; report=/x", &[("enabled", "true"), ("block", "false")]),
        ],
    );
}

#[test]
fn cross_origin_requests() {
    table(
        "Access-Control-Allow-Origin",
        "cors",
        &[
            ("*", &[("any", "true"), ("several", "false")]),
            ("null", &[("null", "true"), ("any", "false")]),
            ("https://a.example", &[("origin", "https://a.example"), ("scheme", "https"), ("null", "false")]),
            ("https://a.example, https://b.example", &[("several", "true")]),
            ("https://a.example https://b.example", &[("several", "true")]),
            ("$http_origin", &[("any", "?"), ("origin", "?"), ("null", "?"), ("several", "?")]),
            ("http://$host", &[("any", "false"), ("scheme", "http"), ("null", "false")]),
        ],
    );
    assert_eq!(read(&record("Access-Control-Allow-Origin", &pieces("$http_origin")), "variable"), "http_origin");
    assert_eq!(read(&record("Access-Control-Allow-Origin", &pieces("a$http_origin")), "variable"), "");
    table(
        "Access-Control-Allow-Credentials",
        "cors",
        &[("true", &[("credentials", "true")]), ("True", &[("credentials", "false")]), ("$x", &[("credentials", "?")])],
    );
    table(
        "Access-Control-Allow-Methods",
        "cors",
        &[
            ("GET, PUT", &[("names", "[GET PUT]"), ("any", "false")]),
            ("GET, *, $x", &[("names", "[GET * …]"), ("any", "true")]),
        ],
    );
    table("Access-Control-Max-Age", "cors", &[("600", &[("max_age", "600")]), ("x", &[("max_age", "-1")])]);
    table("Vary", "vary", &[("Origin, Accept-Encoding", &[("names", "[origin accept-encoding]"), ("any", "false")])]);
}

#[test]
fn content_security_policy() {
    table(
        "Content-Security-Policy",
        "csp",
        &[
            // The hard cases.
            (
                "script-src 'nonce-%request_id' 'unsafe-inline' 'strict-dynamic'",
                &[
                    ("script.unsafe_inline", "false"),
                    ("script.unsafe_inline_written", "true"),
                    ("script.nonce", "true"),
                    ("script.static_nonce", "false"),
                    ("script.strict_dynamic", "true"),
                    ("object.ruled", "false"),
                ],
            ),
            (
                "default-src 'none'",
                &[
                    ("script.ruled", "true"),
                    ("script.by", "default-src"),
                    ("script.nothing", "true"),
                    ("base_uri.ruled", "false"),
                    ("form_action.ruled", "false"),
                    ("frame_ancestors.ruled", "false"),
                ],
            ),
            (
                "script-src self",
                &[("unquoted_keywords", "[self]"), ("script.own_origin", "false"), ("script.hosts.host", "[self]")],
            ),
            (
                "default-src *; script-src 'self'; object-src 'none'",
                &[
                    ("script.wildcard", "false"),
                    ("script.own_origin", "true"),
                    ("object.nothing", "true"),
                    ("image.wildcard", "true"),
                ],
            ),
            ("script-src 'nonce-abc123'", &[("script.nonce", "true"), ("script.static_nonce", "true")]),
            // Fallback.
            (
                "child-src a.example; script-src b.example",
                &[
                    ("frame.by", "child-src"),
                    ("worker.by", "child-src"),
                    ("script_element.by", "script-src"),
                    ("connect.by", ""),
                ],
            ),
            // Inline: CSP3, 6.7.3.2.
            ("script-src 'unsafe-inline'", &[("script.unsafe_inline", "true"), ("script.nothing", "false")]),
            ("script-src 'unsafe-inline' 'sha256-abc='", &[("script.unsafe_inline", "false"), ("script.hash", "true")]),
            (
                "script-src 'unsafe-inline' 'nonce-'",
                &[("script.unsafe_inline", "true"), ("script.nonce", "false"), ("misspelt_keywords", "['nonce-']")],
            ),
            ("style-src 'unsafe-inline' 'strict-dynamic'", &[("style.unsafe_inline", "true")]),
            (
                "SCRIPT-SRC 'UNSAFE-INLINE' 'Unsafe-Eval'",
                &[("script.unsafe_inline", "true"), ("script.unsafe_eval", "true")],
            ),
            // 'strict-dynamic' voids hosts and schemes.
            (
                "script-src 'nonce-a' 'strict-dynamic' https: * a.example 'self'",
                &[
                    ("script.wildcard", "false"),
                    ("script.schemes", "[]"),
                    ("script.hosts", "[]"),
                    ("script.own_origin", "false"),
                ],
            ),
            // Sources.
            (
                "img-src data: BLOB: https://*.A.example:443/x/ http://* *.b.example:* localhost:80",
                &[
                    ("image.schemes", "[data blob]"),
                    ("image.hosts.scheme", "[https http  ]"),
                    ("image.hosts.host", "[*.a.example * *.b.example localhost]"),
                    ("image.hosts.port", "[443  * 80]"),
                    ("image.hosts.path", "[/x/   ]"),
                    ("image.wildcard", "false"),
                ],
            ),
            (
                "script-src 'slef' \"self\" 'unsafe_inline'",
                &[("misspelt_keywords", "['slef' \"self\" 'unsafe_inline']"), ("script.nothing", "true")],
            ),
            ("script-src", &[("script.ruled", "true"), ("script.nothing", "true")]),
            ("script-src 'none' a.example", &[("directives.none_ignored", "[true]"), ("script.nothing", "false")]),
            // Directives.
            (
                "script-src 'self'; script-src *; scirpt-src *; plugin-types x",
                &[
                    ("script.wildcard", "false"),
                    ("directives.duplicate", "[false true false false]"),
                    ("directives.known", "[true true false true]"),
                    ("directives.retired", "[false false false true]"),
                ],
            ),
            ("upgrade-insecure-requests; report-to x", &[("upgrade_insecure_requests", "true"), ("reports", "true")]),
            ("", &[("policies", "0"), ("script.ruled", "false"), ("script.unsafe_inline", "false")]),
            // Several policies.
            (
                "script-src 'unsafe-inline' *, script-src 'self'",
                &[("policies", "2"), ("script.unsafe_inline", "false"), ("script.wildcard", "false")],
            ),
            (
                "script-src * data:, script-src https: a.example data:",
                &[("script.schemes", "[data https]"), ("script.hosts.host", "[a.example]")],
            ),
            (
                "object-src 'none', script-src 'unsafe-inline'",
                &[("script.unsafe_inline", "true"), ("object.nothing", "true")],
            ),
            // Variables.
            (
                "script-src 'self' $more; object-src 'none'",
                &[
                    ("script.ruled", "true"),
                    ("script.unsafe_inline", "?"),
                    ("script.nonce", "?"),
                    ("object.ruled", "true"),
                    ("object.nothing", "?"),
                    ("base_uri.ruled", "?"),
                    ("policies", "?"),
                ],
            ),
            (
                "script-src 'self'; report-uri $where",
                &[("script.unsafe_inline", "false"), ("script.wildcard", "false"), ("script.own_origin", "?")],
            ),
            ("script-src 'nonce-$nonce'", &[("script.nonce", "?"), ("script.ruled", "true")]),
            ("script-src https://%sub.a.example", &[("script.hosts.scheme", "[https]"), ("script.hosts.host", "[?]")]),
        ],
    );
    let only = record("content-security-policy-report-only", &pieces("default-src 'self'"));
    assert_eq!(read(&only, "csp.report_only"), "true");
}

#[test]
fn headers_are_told_by_name() {
    let other = record("X-Other", &pieces("a $b"));
    assert_eq!(other.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["name", "value", "variable", "variables"]);
    assert_eq!(read(&other, "value"), "a $b");
    assert_eq!(read(&other, "variables"), "[b]");
}

#[test]
fn facts_point_at_their_bytes() {
    let value = "default-src 'self'; script-src 'unsafe-inline' https://a.example";
    let (_, id) = source(200);
    let made =
        Record::new(facts("Content-Security-Policy", &[Piece::Text(value)], Span::new(id, 10, 10 + value.len())));
    let at = |record: &Record, name: &str| record.get(name).unwrap().spans()[0];
    let Some(Value::Record(csp)) = made.get("csp").unwrap().value() else { panic!("no record") };
    let Some(Value::Record(script)) = csp.get("script").unwrap().value() else { panic!("no record") };
    assert_eq!(at(script, "unsafe_inline"), Span::new(id, 30, 10 + value.len()));
    let Some(Value::List(hosts)) = script.get("hosts").unwrap().value() else { panic!("no list") };
    assert_eq!(hosts.items.get(0).unwrap().spans()[0], Span::new(id, 57, 74));
    // With escapes in it every fact points at all of it.
    let made = Record::new(facts("Content-Security-Policy", &[Piece::Text(value)], Span::new(id, 10, 180)));
    assert_eq!(at(&made, "csp"), Span::new(id, 10, 180));
    // What is not known points at the variable.
    let value = [Piece::Text("a"), Piece::Variable { written: "${b}", name: "b", holds: Holds::Anything }];
    let made = Record::new(facts("X-Frame-Options", &value, Span::new(id, 10, 15)));
    let Some(Value::Record(frame)) = made.get("frame_options").unwrap().value() else { panic!("no record") };
    let Fact::Unknown(unknown) = frame.get("values").unwrap() else { panic!("known") };
    assert_eq!((unknown.at, &*unknown.needs), (Span::new(id, 11, 15), "the value of ${b} while running"));
}

const NAMES: [&str; 19] = [
    "content-security-policy",
    "strict-transport-security",
    "set-cookie",
    "cache-control",
    "permissions-policy",
    "referrer-policy",
    "x-frame-options",
    "x-content-type-options",
    "cross-origin-opener-policy",
    "cross-origin-embedder-policy",
    "cross-origin-resource-policy",
    "access-control-allow-origin",
    "access-control-allow-credentials",
    "access-control-allow-methods",
    "access-control-max-age",
    "vary",
    "x-xss-protection",
    "content-security-policy-report-only",
    "x-other",
];

/// What a variable that may hold anything is tried with.
const ANYTHING: [&str; 24] = [
    "",
    " ",
    "a",
    "0",
    "; ",
    ", ",
    "\"",
    "'",
    "*",
    "self",
    "'self'",
    " 'unsafe-inline' ",
    "; script-src *; x ",
    ", default-src 'none'; ",
    "abc' 'unsafe-inline' 'nonce-def",
    "max-age=0; ",
    "; Secure; SameSite=None; Path=/; x",
    ", no-store, private, max-age=7, ",
    "=",
    "(",
    ")",
    "nosniff, DENY, ",
    "true",
    "/",
];

const WORDS: [&str; 10] = ["a", "0", "Z9", "none", "self", "true", "ff00", "DENY", "7", "host"];

/// What cannot be the same when the value is written otherwise.
const OF_THE_TEXT: [&str; 4] = ["value", "variables", "variable", "static_nonce"];

/// Everything that is said with a variable and is not so with what it holds.
fn differences(said: &Fact, is: &Fact, at: &str, wrong: &mut Vec<String>) {
    match (said.value(), is.value()) {
        (None, _) => {}
        (_, None) => wrong.push(format!("{at}: unknown without variables")),
        (Some(Value::Record(said)), Some(Value::Record(is))) => {
            let names = |record: &Record| record.iter().map(|(name, _)| name).collect::<Vec<Name>>();
            if names(said) != names(is) {
                wrong.push(format!("{at}: other fields"));
            }
            for (name, said) in said.iter().filter(|(name, _)| !OF_THE_TEXT.contains(name)) {
                if let Some(is) = is.get(name) {
                    differences(said, is, &format!("{at}.{name}"), wrong);
                }
            }
        }
        (Some(Value::List(said)), Some(Value::List(is))) => {
            let agree = |a: &Fact, b: &Fact| {
                let mut wrong = Vec::new();
                differences(a, b, "", &mut wrong);
                wrong.is_empty()
            };
            let missing = said.items.iter().any(|item| !is.items.iter().any(|other| agree(&item, &other)));
            if missing || said.rest.is_none() && said.items.len() != is.items.len() {
                wrong.push(format!("{at}: another list"));
            }
        }
        _ if show(said) != show(is) => wrong.push(format!("{at}: {} and not {}", show(is), show(said))),
        _ => {}
    }
}

/// Fails where something definite is said that does not hold for something that the variables may hold.
fn holds_in_all_worlds(name: &str, value: &str) -> Result<(), String> {
    let pieces = pieces(value);
    let said = Fact::record(facts(name, &pieces, Span::at(source(0).1, 0)), Span::at(source(0).1, 0));
    for round in 0..ANYTHING.len() * 3 {
        let mut number = round;
        let concrete: String = pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => *text,
                Piece::Variable { holds, .. } => {
                    number = number * 7 + round / 24;
                    let choices: &[&str] = if *holds == Holds::Word { &WORDS } else { &ANYTHING };
                    choices[number % choices.len()]
                }
            })
            .collect();
        let is =
            Fact::record(facts(name, &[Piece::Text(&concrete)], Span::at(source(0).1, 0)), Span::at(source(0).1, 0));
        let mut wrong = Vec::new();
        differences(&said, &is, name, &mut wrong);
        if !wrong.is_empty() {
            return Err(format!("{value}\n{concrete}\n{}", wrong.join("\n")));
        }
    }
    Ok(())
}

const TYPE: Type = {
    static PARTS: [&[Field]; 1] = [HEADER];
    Type::Record(&PARTS)
};

/// Checks that a record is as the schema says, and that everything points into the value.
fn as_declared(fact: &Fact, ty: Type, length: u32, at: &str) {
    assert!(fact.spans().iter().all(|span| span.start <= span.end && span.end <= length), "{at}: {:?}", fact.spans());
    match (fact.value(), ty) {
        (None, _) | (Some(Value::Bool(_)), Type::Bool) | (Some(Value::Int(_)), Type::Int) => {}
        (Some(Value::Text(_)), Type::Text) => {}
        (Some(Value::List(list)), Type::List(ty)) => {
            list.items.iter().for_each(|item| as_declared(&item, *ty, length, at));
        }
        (Some(Value::Record(record)), Type::Record(_)) => {
            for (name, fact) in record.iter() {
                let field: &Field = ty.field(name).unwrap_or_else(|| panic!("{at}.{name} is not declared"));
                as_declared(fact, field.ty, length, &format!("{at}.{name}"));
            }
        }
        _ => panic!("{at}: {fact:?} is not {}", ty.describe()),
    }
}

fn whole(name: &str, value: &str) {
    let pieces = pieces(value);
    let (_, id) = source(0);
    let at = Span::new(id, 0, value.len());
    let fact = Fact::record(facts(name, &pieces, at), at);
    as_declared(&fact, TYPE, at.end, name);
}

/// Words of which values are made, and variables.
fn value() -> impl Strategy<Value = String> {
    let words = [
        "script-src",
        "default-src",
        "object-src",
        "base-uri",
        "'self'",
        "'none'",
        "'unsafe-inline'",
        "'strict-dynamic'",
        "'nonce-",
        "'nonce-abc'",
        "'sha256-abc='",
        "https:",
        "data:",
        "*",
        "https://a.example",
        "self",
        "max-age=",
        "max-age=5",
        "includeSubDomains",
        "preload",
        "no-store",
        "private",
        "public",
        "Secure",
        "HttpOnly",
        "SameSite=",
        "SameSite=Lax",
        "Path=/",
        "Domain=a",
        "__Host-a=1",
        "a=1; Max-Age=",
        "; Max-Age=-",
        "; Expires=9 Jun 2027 1:2:",
        "camera=",
        "camera=()",
        "usb=*",
        "(",
        ")",
        "\"",
        "'",
        "DENY",
        "SAMEORIGIN",
        "nosniff",
        "same-origin",
        "no-referrer",
        "true",
        "null",
        "1",
        "0",
        "=",
        ";",
        ";",
        "; ",
        ", ",
        ",",
        " ",
        " ",
        " ",
        "$x",
        "$y",
        "%w",
        "%v",
        "é",
    ];
    proptest::collection::vec(proptest::sample::select(words.to_vec()), 0..9).prop_map(|words| words.concat())
}

/// Policies, each made of directives with names and sources, some of them variables.
fn policies() -> impl Strategy<Value = String> {
    let names = ["script-src", "script-src-elem", "default-src", "object-src", "base-uri", "child-src", "$x", "%w"];
    let sources = ["'self'", "'none'", "'unsafe-inline'", "'strict-dynamic'", "'nonce-%w'", "https:", "*", "$y", "%v"];
    let sources = proptest::collection::vec(proptest::sample::select(sources.to_vec()), 0..4);
    let directive = (proptest::sample::select(names.to_vec()), sources)
        .prop_map(|(name, sources)| format!("{name} {}", sources.join(" ")));
    let policy = proptest::collection::vec(directive, 1..5).prop_map(|directives| directives.join("; "));
    proptest::collection::vec(policy, 1..3).prop_map(|policies| policies.join(", "))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn what_is_said_holds_whatever_variables_hold(name in proptest::sample::select(NAMES.to_vec()), value in value()) {
        if let Err(wrong) = holds_in_all_worlds(name, &value) {
            prop_assert!(false, "{}", wrong);
        }
    }

    #[test]
    fn what_is_said_of_policies_holds_whatever_variables_hold(value in policies()) {
        if let Err(wrong) = holds_in_all_worlds("content-security-policy", &value) {
            prop_assert!(false, "{}", wrong);
        }
    }

    #[test]
    fn values_made_of_words_are_as_declared(name in proptest::sample::select(NAMES.to_vec()), value in value()) {
        whole(name, &value);
    }

    #[test]
    fn any_text_is_as_declared(name in proptest::sample::select(NAMES.to_vec()), value in any::<String>()) {
        whole(name, &value);
    }
}

#[test]
fn values_that_people_wrote_are_read() {
    let shared = std::env::var_os("HARDLINE_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let mut lines: Vec<String> = vec!["add_header X-Frame-Options \"SAMEORIGIN\" always;".to_owned()];
    for entry in std::fs::read_dir(shared.join("corpus/nginx")).into_iter().flatten() {
        let text = String::from_utf8_lossy(&std::fs::read(entry.unwrap().path()).unwrap()).into_owned();
        lines.extend(text.lines().filter(|line| line.contains("add_header")).map(str::to_owned));
    }
    for line in lines {
        let after = line.split_once("add_header").map_or("", |(_, after)| after).trim();
        let (name, value) = after.split_once([' ', '\t']).unwrap_or((after, ""));
        let value = value.trim().trim_end_matches(';').trim_end_matches("always").trim().trim_matches(['"', '\'']);
        whole(name, value);
        if let Err(wrong) = holds_in_all_worlds(&name.to_ascii_lowercase(), value) {
            panic!("{wrong}");
        }
    }
}
