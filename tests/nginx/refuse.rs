//! Small configurations with what nginx is known to say, asked of both.

use std::sync::Arc;

use hardline::platform::nginx::parse::parse;
use hardline::platform::nginx::refuse::{Answer, Unseen, answer};
use hardline::platform::nginx::tree::File;
use hardline::platform::nginx::version::Version;
use hardline::text::{Place, Sources};

use super::refuse_cases::CASES;
use super::server::{Bench, PATHS, Said};

#[test]
fn what_is_refused_and_where() {
    let bench = Bench::new();
    let mut wrong = Vec::new();
    for (number, (text, expected)) in CASES.iter().enumerate() {
        // A case is what stands in `http`; or everything, where it has `events`.
        let conf = if text.contains("events") {
            (*text).to_owned()
        } else {
            format!("events {{ }} http {{ {text}\n{PATHS}}}\n")
        };
        let (nginx, warnings) = bench.nginx(&conf);
        let (hardline, own_warnings) = bench.hardline(&conf);
        let as_expected = match (&nginx, *expected) {
            (Said::Accepted, "") => true,
            (Said::Refused(message, line), expected) if !expected.is_empty() => {
                let (at, text) = expected.split_once(' ').expect("a line and a text");
                message.contains(text) && (at == "-" || line.map(|line| line.to_string()).as_deref() == Some(at))
            }
            _ => false,
        };
        if !as_expected {
            wrong.push(format!("{number}: {text}\n  expected {expected:?}\n  nginx    {nginx:?}"));
        }
        let alike = |(said, own): (&String, &String)| said.contains(own.as_str());
        let warned = warnings.len() == own_warnings.len() && warnings.iter().zip(&own_warnings).all(alike);
        if nginx == Said::Accepted && !warned {
            wrong.push(format!("{number}: {text}\n  nginx    {warnings:?}\n  hardline {own_warnings:?}"));
        }
        if !agree(&nginx, &hardline) {
            wrong.push(format!("{number}: {text}\n  nginx    {nginx:?}\n  hardline {hardline:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
}

fn unseen(conf: &str, version: Version) -> Answer {
    let mut sources = Sources::new();
    let main = sources.add(Place::Stdin("nginx.conf".into()), conf.as_bytes().to_vec());
    let items = Arc::new(parse(sources.get(main)));
    answer(&File { source: main, items }, version, &Unseen)
}

#[test]
fn what_cannot_be_seen_is_left_open() {
    let (old, new) = (Version(1, 22, 1), Version::newest());
    let listening = |text: &str| format!("events {{ }} http {{ server {{ listen 8080; {text} }} }}");
    for (conf, version, accepted) in [
        (listening(""), old, Some(true)),
        (listening("http3 on;"), old, Some(false)),
        (listening("http3 on;"), new, Some(true)),
        (listening("add_header_inherit merge;"), Version(1, 29, 2), Some(false)),
        (listening("add_header_inherit merge;"), Version(1, 29, 3), Some(true)),
        (listening("add_header_inherit both;"), new, Some(false)),
        (listening("ssl off;"), Version(1, 25, 0), Some(true)),
        (listening("ssl off;"), new, Some(false)),
        (listening("more_set_headers 'a: b';"), old, None),
        (listening("more_set_headers 'a: b'; frobnicate;"), old, None),
        (listening("more_set_headers 'a: b'; gzip maybe;"), old, Some(false)),
        (listening("content_by_lua_block { return }"), new, None),
        (listening("max_headers 5;"), old, None),
        (listening("location / { proxy_pass http://app:8080; }"), old, None),
        (listening("location / { proxy_pass http://$http_x; }"), old, Some(true)),
        (listening("ssl_certificate a.pem; ssl_certificate_key a.key;"), old, None),
        (listening("ssl_certificate a.pem;"), old, Some(false)),
        (listening("include other.conf; return 200 $mine;"), old, None),
        (listening("gzip {{ gzip }};"), old, Some(true)),
        (listening("set $a {{ value }}; return 200 $b;"), old, None),
        ("events { } stream { }".to_owned(), old, None),
        ("load_module x.so; events { } http { frobnicate on; }".to_owned(), old, None),
        ("events { } http { frobnicate on; }".to_owned(), old, Some(false)),
    ] {
        let answer = unseen(&conf, version);
        assert_eq!(answer.accepted(), accepted, "{version} {conf}: {answer:?}");
    }
}

/// Texts with a piece missing: whatever is left is read without a panic, and an answer points into the text.
#[test]
fn torn_texts_are_read() {
    for (text, _) in CASES {
        let conf = format!("events {{ }} http {{ {text} }} é");
        for (start, _) in conf.char_indices() {
            for length in [1, 3, 9] {
                let torn: String = conf[..start].chars().chain(conf[start..].chars().skip(length)).collect();
                for version in [Version::OLDEST, Version::newest()] {
                    for refusal in unseen(&torn, version).refusals {
                        assert!(refusal.span.end as usize <= torn.len(), "{torn}: {refusal:?}");
                        assert!(!refusal.message.is_empty(), "{torn}: {refusal:?}");
                    }
                }
            }
        }
    }
}

/// Whether two answers are the same: hardline has no line of its own for what nginx finds late, says more of an end that
/// comes too early, and words of the operating system or the library of regular expressions are left to them.
pub fn agree(nginx: &Said, hardline: &Said) -> bool {
    match (nginx, hardline) {
        (Said::Refused(message, line), Said::Refused(own, place)) => {
            let words = |start: &str| message.starts_with(start) && own.starts_with(start);
            // Of some faults nginx says nothing.
            let same = message.is_empty()
                || message.starts_with(own.as_str())
                || words("pcre2_compile()")
                || words("cannot load certificate")
                || words("open()")
                || words("unexpected end of file")
                || words("the same path name");
            same && (place.is_none() || line.is_none() && message.is_empty() || place == line)
        }
        (nginx, hardline) => nginx == hardline,
    }
}
