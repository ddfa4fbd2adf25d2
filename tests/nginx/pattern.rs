//! What can be told of an expression without a request, held against the real server.

use hardline::platform::nginx::pattern::{Group, may_break_lines};

use crate::oracle::nginx_live::config::{self, Item};
use crate::oracle::nginx_live::server::{Folder, nginx};
use crate::oracle::nginx_live::upstream::Upstream;

/// Patterns, and whether their group may hold a line feed.
const PATTERNS: [(&str, bool); 13] = [
    ("(.*)", false),
    ("([^/]*)", true),
    ("(a\\sbX-Mine:1)", true),
    ("(a\\WbX-Mine:1)", true),
    ("(a\\DbX-Mine:1)", true),
    ("(a\\SbX-Mine:1)", false),
    ("(a\\nbX-Mine:1)", true),
    ("(a[\\s]bX-Mine:1)", true),
    ("((?s).*)", true),
    ("([^\\s]*)", false),
    ("([^/\\n]*)", false),
    ("([^[:space:]]*)", false),
    ("((a|[^b])+bX-Mine:1)", true),
];

#[test]
fn groups_that_may_hold_a_line_feed_are_told() {
    for (pattern, holds) in PATTERNS {
        assert_eq!(may_break_lines(pattern, Group::Number(1)), Some(holds), "{pattern}");
    }
    assert_eq!(may_break_lines("^/([^/]*)/(.*)$", Group::Number(2)), Some(false));
    assert_eq!(may_break_lines("^/(?:[^/]*)/([a-z]+)$", Group::Number(1)), Some(false));
    assert_eq!(may_break_lines("^/[(](.)$", Group::Number(1)), Some(false));
    assert_eq!(may_break_lines("^/(.*)$", Group::Number(2)), None);
    assert_eq!(may_break_lines("^/(?<Path>[^/]+)$", Group::Name("path")), Some(true));
    assert_eq!(may_break_lines("^/(?<path>.+)$", Group::Name("other")), None);
}

#[test]
fn nginx_puts_a_line_feed_that_a_group_holds_into_the_redirect() {
    let locations: Vec<String> = PATTERNS
        .iter()
        .enumerate()
        .map(|(number, (pattern, _))| format!("location ~ \"^/{number}/{pattern}\" {{ return 301 http://h/$1; }}"))
        .collect();
    let set = "location ~ \"^/set/([^/]*)\" { set $to $1; return 301 http://h/$to; }";
    let server = format!("server {{ listen {{PORT}}; {} {set} }}", locations.join(" "));
    let upstream = Upstream::start();
    let folder = Folder::new(&config::files(&[Item::Line(server)]), &upstream);
    let running = nginx().start(&folder).unwrap_or_else(|refusal| panic!("nginx refuses: {}", refusal.message));
    let broken = |name: &str| {
        let head = format!("GET /{name}/a%0abX-Mine:1 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        let answer = running.exchange(folder.ports[0], &head, b"").expect("an answer");
        answer.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("bx-mine"))
    };
    for (number, (pattern, holds)) in PATTERNS.iter().enumerate() {
        assert_eq!(broken(&number.to_string()), *holds, "{pattern}");
    }
    assert!(!broken("set"), "`set` escapes what a group has found");
}
