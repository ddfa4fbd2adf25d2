//! Bytes that are no configuration, and configurations that end too early or never.

use std::fs;
use std::path::Path;

use hardline::files::{Location, Memory};
use hardline::platform::nginx::effective::{Backend, Effective, Question, evaluate};
use hardline::platform::nginx::version::Version;

use super::{Scene, server};

/// The start of a configuration with a fault in its third line; what follows is inside of `http`.
const HTTP: &str = "events { }\nhttp {\n    autoindex on;\n";

fn inside(bytes: &[u8]) -> Vec<u8> {
    [HTTP.as_bytes(), bytes, b"\n}\n"].concat()
}

/// The same bytes in every run, with nothing of a pattern: xorshift.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let byte = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..length).map(byte).collect()
}

#[test]
fn random_bytes() {
    let scene = Scene::new(noise(70_000));
    scene.survives(&["1 subject, "]);
    let ran = scene.run(&["effective", "bad/nginx.conf", "--platform", "nginx"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    Scene::new(inside(&noise(70_000))).survives(&["bad/nginx.conf:4:", "nginx/will-not-start", "2 subjects, "]);
    let every_byte: Vec<u8> = (0..=255).cycle().take(70_000).collect();
    Scene::new(inside(&every_byte)).survives(&["bad/nginx.conf:4:1: high[nginx/will-not-start]", "2 subjects, "]);
    Scene::new(every_byte).survives(&["1 subject, "]);
}

#[test]
fn no_utf8() {
    let text = b"auto\xffindex on;\ngzip \xfe\xff;\nserver { listen 8080; server_name caf\xe9.example; \
                 add_header X-\xff \"\xe9t\xe9\";\nlocation /\xff { autoindex on; } }";
    let scene = Scene::new(inside(text));
    scene.survives(&[
        "bad/nginx.conf:4:1: high[nginx/will-not-start] nginx refuses to start: unknown directive",
        "bad/nginx.conf:5:1: high[nginx/will-not-start] nginx refuses to start: invalid value",
        // A byte that is no text is one column.
        "bad/nginx.conf:7:15: medium[nginx/autoindex-on]",
    ]);
    scene.refused("unknown directive", "bad/nginx.conf", Some(4));
    let scene =
        Scene::new(server("").replace("listen 8080;", "listen 8080; server_name a b;").replace(" a ", " \u{e9} "));
    scene.answers("/%ff%fe", None);
}

#[test]
fn a_byte_order_mark() {
    let scene = Scene::new([b"\xef\xbb\xbf", &inside(b"    server { listen 8080; }")[..]].concat());
    scene.survives(&[
        "bad/nginx.conf:1:1: high[nginx/will-not-start] nginx refuses to start: unknown directive",
        "bad/nginx.conf:3:5: medium[nginx/autoindex-on]",
    ]);
    scene.refused("events\"", "bad/nginx.conf", Some(1));
}

#[test]
fn lines_of_windows() {
    let text = "events { }\r\nhttp {\r\n    autoindex on; # a comment\r\n    server { listen 8080;\r\n\
                location /old { return 301\r\nhttps://shop.example/; } }\r\n}\r\n";
    let scene = Scene::new(text);
    scene.survives(&["bad/nginx.conf:3:5: medium[nginx/autoindex-on]", "2 subjects, "]);
    assert!(!scene.check_as("concise").out.contains("will-not-start"));
    let answer = scene.answers("/old", Some(301));
    assert_eq!(answer["response"]["headers"][0]["value"], "https://shop.example/");
}

/// Line ends of an old Mac end no comment, for nginx too.
#[test]
fn lines_of_a_mac() {
    let scene = Scene::new(inside(b"    server { listen 8080; } # all\rbogus on;\r}"));
    scene.survives(&["bad/nginx.conf:3:5: medium[nginx/autoindex-on]"]);
    assert!(!scene.check_as("concise").out.contains("will-not-start"));
}

#[test]
fn nul_bytes() {
    let scene = Scene::new(inside(b"\0\0 on;\nserver { listen 80\080; }\n\0;"));
    scene.survives(&[
        "bad/nginx.conf:3:5: medium[nginx/autoindex-on]",
        "bad/nginx.conf:4:1: high[nginx/will-not-start] nginx refuses to start: unknown directive",
        "bad/nginx.conf:6:1: high[nginx/will-not-start] nginx refuses to start: unknown directive",
    ]);
    scene.refused("unknown directive", "bad/nginx.conf", Some(4));
}

#[test]
fn a_hundred_thousand_braces() {
    let scene = Scene::new(inside("a {".repeat(100_000).as_bytes()));
    scene.survives(&["bad/nginx.conf:4:1: high[nginx/will-not-start]", "2 subjects, "]);
    scene.refused("unknown directive \"a\"", "bad/nginx.conf", Some(4));
    let scene = Scene::new(inside("{".repeat(100_000).as_bytes()));
    scene.survives(&["bad/nginx.conf:4:1: high[nginx/will-not-start]", "unexpected \"{\"", "2 subjects, "]);
    scene.refused("unexpected \"{\"", "bad/nginx.conf", Some(4));
    let balanced = ["location / {".repeat(100_000), "}".repeat(100_000)].concat();
    let scene = Scene::new(inside(format!("server {{ listen 8080;\n{balanced} }}").as_bytes()));
    scene.survives(&["bad/nginx.conf:3:5: medium[nginx/autoindex-on]", "2 subjects, "]);
}

/// One fault for all of them: nginx stops at the first.
#[test]
fn too_much_punctuation() {
    for mark in ["}", ";", "\"\" "] {
        let scene = Scene::new(inside(format!("bogus on;\n{}", mark.repeat(1_000)).as_bytes()));
        scene.survives(&["bad/nginx.conf:4:1: high[nginx/will-not-start] nginx refuses to start: unknown directive"]);
        let out = scene.check_as("concise").out;
        let refused = out.lines().filter(|line| line.contains("nginx/will-not-start")).count();
        assert!((2..=4).contains(&refused), "{mark}: {out}");
        scene.refused("unknown directive \"bogus\"", "bad/nginx.conf", Some(4));
    }
}

#[test]
fn a_quote_that_is_never_closed() {
    let text = format!("add_header X \"{}", "gzip on;\n".repeat(100_000));
    let scene = Scene::new(format!("{HTTP}{text}"));
    let told = "bad/nginx.conf:4:14: high[nginx/will-not-start] nginx refuses to start: unexpected end of file";
    scene.survives(&[told]);
    scene.refused("unexpected end of file", "bad/nginx.conf", Some(4));
}

#[test]
fn a_word_without_an_end() {
    let of =
        |length: usize| inside(format!("add_header X {};\nserver {{ listen 8080; }}", "x".repeat(length)).as_bytes());
    let scene = Scene::new(of(500_000));
    scene.survives(&["bad/nginx.conf:3:5: medium[nginx/autoindex-on]", "2 subjects, "]);
    assert!(scene.check_as("terminal").out.len() < 100_000, "a word fills the screen");
    // Over the limit of a file, it is not looked at at all.
    let scene = Scene::new(of(10_000_000));
    scene.survives(&["warning: bad/nginx.conf: not looked at: larger than the limit", "1 subject, "]);
    scene.refused("larger than the limit of 8388608 bytes", "bad/nginx.conf", None);
}

/// What nginx would do with a text.
fn effective(text: &[u8]) -> Effective {
    let mut files = Memory::new();
    files.put("nginx.conf", text);
    let (main, backend) = (Location::Target("/nginx.conf".into()), Backend::default());
    evaluate(&Question { version: Version::newest(), main, request: None, backend: &backend }, &files, Path::new("/"))
}

/// A real configuration that ends at any byte is taken where `http` has not begun, and else refused for its end.
#[test]
fn an_end_at_every_byte() {
    let whole = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/sloppy-shop/web/nginx.conf")).unwrap();
    let at = |text: &str| String::from_utf8_lossy(&whole).find(text).unwrap();
    let (events, http) = (at("events { }"), at("http {"));
    let last = whole.iter().rposition(|&byte| byte == b'}').unwrap();
    for end in 0..=last {
        let answer = effective(&whole[..end]);
        let first = answer.errors.first().map_or("", |fault| fault.message.as_str());
        let expected = match end {
            _ if end <= events => "no \"events\" section in configuration",
            _ if end < events + "events { }".len() => "unexpected end of file",
            _ if end <= http => "",
            _ => "unexpected end of file",
        };
        assert_eq!(answer.accepted, Some(expected.is_empty()), "{end}: {answer:?}");
        assert!(first.starts_with(expected) && first.is_empty() == expected.is_empty(), "{end}: {first}");
        assert!(answer.errors.iter().all(|fault| fault.path.as_deref() == Some("nginx.conf")), "{end}: {answer:?}");
    }
}

/// All of them in one run: what can be judged is, and of each that ends too early it is said.
#[test]
fn ends_in_many_places() {
    let whole = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/sloppy-shop/web/nginx.conf")).unwrap();
    let scene = Scene::new(&whole);
    let http = String::from_utf8_lossy(&whole).find("http {").unwrap() + "http {".len();
    let ends: Vec<usize> = (http..whole.len() - 3).step_by(23).collect();
    for end in &ends {
        scene.write(&format!("cut-{end}/nginx.conf"), &whole[..*end]);
    }
    let out = scene.check_as("concise").out;
    for end in ends {
        let start = format!("cut-{end}/nginx.conf:");
        let mut lines = out.lines().filter(|line| line.starts_with(&start));
        assert!(
            lines.any(|line| line.contains("nginx/will-not-start") && line.contains("end of file")),
            "{start} {out}"
        );
    }
    assert!(out.contains("bad/nginx.conf:9:5: low[nginx/cache-unlimited]"), "{out}");
}
