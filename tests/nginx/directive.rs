//! The tables of directives: versions, places, and that the installed nginx agrees on every name.

use hardline::platform::nginx::directive::{self, Arity, Contexts, Setter};
use hardline::platform::nginx::version::Version;

use super::server::{Bench, Said};

#[test]
fn versions_are_read() {
    for (text, version) in [
        ("nginx:1.29.3", Version(1, 29, 3)),
        ("nginx:1.22.1+debian", Version(1, 22, 1)),
        ("nginx:1.28", Version(1, 28, 3)),
        ("nginx:2.0.0", Version(2, 0, 0)),
        ("nginx:1.18.0", Version::OLDEST),
    ] {
        assert_eq!(Version::parse(text), Ok(version), "{text}");
    }
    for text in
        ["1.29.3", "apache:2.4.1", "nginx:1.17.10", "nginx:1", "nginx:1.x.1", "nginx:+1.22.1", "nginx:1.2.3.4", ""]
    {
        assert!(Version::parse(text).is_err(), "{text}");
    }
    assert_eq!(Version::newest().to_string(), "1.31.4");
    assert!(Version::undeclared().is_sorted());
}

#[test]
fn directives_come_and_go() {
    let known =
        |name: &str, version: Version| directive::find(name).is_some_and(|found| found.at(version).next().is_some());
    for (name, first) in [
        ("add_header_inherit", Version(1, 29, 3)),
        ("http2", Version(1, 25, 1)),
        ("http3", Version(1, 25, 0)),
        ("keepalive_min_timeout", Version(1, 27, 4)),
        ("ssl_reject_handshake", Version(1, 19, 4)),
    ] {
        assert!(known(name, first), "{name}");
        assert!(!known(name, Version(first.0, first.1 - 1, 0)), "{name}");
        assert_eq!(directive::find(name).map(|found| found.since()), Some(first), "{name}");
    }
    // `ssl on` went with 1.25.1, in `mail` too.
    let ssl = directive::find("ssl").expect("a directive");
    assert!(ssl.at(Version(1, 25, 0)).next().is_some() && ssl.at(Version(1, 25, 1)).next().is_none());
    let header = directive::find("add_header").and_then(|found| found.within(Contexts::LOCATION_IF, Version::newest()));
    let header = header.expect("add_header in an if");
    assert_eq!((header.arity, header.setter), (Arity::Counts(0b1100), Setter::Special("http_headers_add")));
    assert_eq!(header.module, "http_headers_filter");
    assert_eq!(directive::foreign("more_set_headers"), Some("headers-more"));
    assert_eq!(directive::foreign("content_by_lua_block"), Some("lua"));
    assert_eq!(directive::foreign("server_tokens"), None);
}

#[test]
fn variables_are_found_by_name_and_by_how_they_begin() {
    let found =
        |name: &str, version| directive::variable(name, false, version).map(|found| (found.prefix, found.changeable));
    let (old, new) = (Version(1, 22, 1), Version::newest());
    assert_eq!(found("host", old), Some((false, false)));
    assert_eq!(found("ARGS", old), Some((false, true)));
    assert_eq!(found("http_x_any", old), Some((true, false)));
    assert_eq!(found("arg_", old), Some((true, false)));
    assert_eq!(found("http3", old), None);
    assert_eq!(found("http3", new), Some((false, false)));
    assert_eq!(found("nonsense", new), None);
    assert!(directive::variable("bytes_received", true, old).is_some());
}

/// Where a directive may be written, with the text around it.
const PLACES: [(Contexts, &str); 8] = [
    (Contexts::MAIN, "@\nevents { }\n"),
    (Contexts::EVENTS, "events {\n@\n}\n"),
    (Contexts::HTTP, "events { }\nhttp {\n@\n}\n"),
    (Contexts::SERVER, "events { }\nhttp { server { listen 127.0.0.1:18999;\n@\n} }\n"),
    (Contexts::LOCATION, "events { }\nhttp { server { listen 127.0.0.1:18999; location / {\n@\n} } }\n"),
    (Contexts::UPSTREAM, "events { }\nhttp { upstream u { server 127.0.0.1;\n@\n} }\n"),
    (Contexts::SERVER_IF, "events { }\nhttp { server { listen 127.0.0.1:18999; if ($host) {\n@\n} } }\n"),
    (
        Contexts::LOCATION_IF,
        "events { }\nhttp { server { listen 127.0.0.1:18999; location / { if ($host) {\n@\n} } } }\n",
    ),
];

/// Every directive in every place, with seven arguments more than it can have or none: nginx's answer tells whether it
/// knows the name and takes it there, and nothing else of it is asked.
#[test]
fn nginx_knows_the_same_names_in_the_same_places() {
    let bench = Bench::new();
    let mut wrong = Vec::new();
    let mut asked = 0;
    for found in directive::all() {
        let specs: Vec<_> = found.at(bench.version()).collect();
        if !specs.is_empty() && specs.iter().all(|spec| spec.optional) {
            continue;
        }
        for (context, text) in PLACES {
            let spec = found.within(context, bench.version()).filter(|spec| !spec.optional);
            if spec.is_some_and(|spec| spec.arity == Arity::Any) || found.name == "include" {
                continue;
            }
            let line = match spec {
                Some(spec) if spec.block => format!("{} 1 2 3 4 5 6 7 8 9 10;", found.name),
                Some(spec) if matches!(spec.arity, Arity::AtLeast(_)) => format!("{};", found.name),
                _ => format!("{} 1 2 3 4 5 6 7 8 9 10;", found.name),
            };
            let expected = match spec {
                Some(spec) if spec.block => format!("directive \"{}\" has no opening", found.name),
                Some(_) => format!("invalid number of arguments in \"{}\" directive", found.name),
                None if specs.is_empty() => format!("unknown directive \"{}\"", found.name),
                None => format!("\"{}\" directive is not allowed here", found.name),
            };
            asked += 1;
            match bench.nginx(text.replace('@', &line)).0 {
                Said::Refused(message, _) if message.starts_with(&expected) => {}
                other => wrong.push(format!("{} in {context:?}: {expected}, but {other:?}", found.name)),
            }
        }
    }
    println!("{asked} asked");
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
    assert!(asked > 3_000, "{asked}");
}
