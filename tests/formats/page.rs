//! The page: what it may do, what it may not become by what files and servers say, and how large it gets.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hardline::check::{Later, Words};
use hardline::fact::{Fact, Record, Value};
use hardline::finding::{Label, Severity, Verdict};
use hardline::mask::Mask;
use hardline::report::{Judged, Report, Shower, html};
use hardline::text::{Place, Sources, Span};
use sha2::{Digest, Sha256};

use super::{Made, check, finding, hostile, label, made, rule, subject};

fn page(made: &Made) -> String {
    made.text(|report, show, out| html::render(report, show, out))
}

/// What stands between two texts, everywhere.
fn between<'a>(text: &'a str, start: &str, end: &str) -> Vec<&'a str> {
    text.split(start).skip(1).filter_map(|rest| Some(rest.split_once(end)?.0)).collect()
}

/// The values of an attribute.
fn attributes<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    between(page, &format!(" {name}=\""), "\"")
}

/// The page without what hardline itself brings.
fn body(page: &str) -> &str {
    page.split_once("<body>").and_then(|(_, rest)| rest.split_once("<script>")).expect("a body").0
}

#[test]
fn the_page_loads_nothing_and_runs_only_its_own() {
    let page = page(&made());
    let policy = attributes(&page, "content")[0];
    for (tag, directive) in [("style", "style-src"), ("script", "script-src")] {
        let all = between(&page, &format!("<{tag}>"), &format!("</{tag}>"));
        assert_eq!(all.len(), 1, "one {tag}");
        let hash = Sha256::digest(all[0]);
        // What base64 of the hash is said to be, taken apart again.
        let named = between(policy, &format!("{directive} 'sha256-"), "'")[0];
        assert_eq!(decoded(named), hash.as_slice(), "{tag}");
    }
    assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe"), "{policy}");
    assert!(!page.contains(" src=") && !page.contains("<link") && !page.contains("@import") && !page.contains("url("));
    let inline = regex::Regex::new(r"<[^>]* (style|on[a-z]+)=").expect("an expression");
    assert!(!inline.is_match(body(&page)), "inline style or handler");
    // Addresses are for people to follow, and nothing else.
    assert!(page.contains("<a rel=\"noreferrer\" href=\"https://redis.io/"), "an address");
    for (at, _) in page.match_indices("http") {
        let before = &page[..at];
        assert!(before.ends_with("rel=\"noreferrer\" href=\"") || before.ends_with("<meta "), "at byte {at}");
    }
}

/// The bytes of base64.
fn decoded(text: &str) -> Vec<u8> {
    let value = |letter: u8| match letter {
        b'A'..=b'Z' => letter - b'A',
        b'a'..=b'z' => letter - b'a' + 26,
        b'0'..=b'9' => letter - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let letters: Vec<u8> = text.bytes().filter(|letter| *letter != b'=').map(value).collect();
    let bits = letters.iter().flat_map(|letter| (0..6).rev().map(move |bit| letter >> bit & 1)).collect::<Vec<u8>>();
    bits.chunks_exact(8).map(|byte| byte.iter().fold(0, |all, bit| all << 1 | bit)).collect()
}

#[test]
fn every_link_leads_somewhere() {
    let page = page(&made());
    let ids: Vec<&str> = attributes(&page, "id");
    assert_eq!(ids.len(), ids.iter().collect::<BTreeSet<_>>().len(), "an id stands twice: {ids:?}");
    let links: Vec<&str> = attributes(&page, "href").into_iter().filter_map(|link| link.strip_prefix('#')).collect();
    assert!(links.len() > 20, "{links:?}");
    for link in links {
        assert!(ids.contains(&link), "#{link} leads nowhere");
    }
    for named in attributes(&page, "aria-labelledby") {
        assert!(ids.contains(&named), "{named}");
    }
    assert_eq!(between(&page, "<th>", "</th>"), Vec::<&str>::new(), "each head says whether of a row or a column");
}

/// Tags that the page opens are closed, in order, whatever texts are in it.
fn balanced(page: &str) {
    let mut open: Vec<&str> = Vec::new();
    for tag in between(body(page), "<", ">") {
        let name = tag.split([' ', '/']).find(|part| !part.is_empty()).unwrap_or_default();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "in {tag}");
        } else if !tag.ends_with('/') && name != "input" {
            open.push(name);
        }
    }
    assert_eq!(open, ["main"].into_iter().filter(|_| page.contains("</main></body>")).collect::<Vec<_>>());
}

#[test]
fn what_files_and_servers_say_stays_text() {
    let evil = "<script>alert(1)</script> ]]> --> <img src=x onerror=alert(1)> &lt; ' onclick='x \" onclick=\"x \
                `</code>` javascript:alert(1) </details></style>\n";
    let mut made = hostile("/work/shop/<script>alert(1)<_script>\".conf", evil, 1);
    made.report.subjects[0].name = "<script>alert(1)</script>\" onclick=\"x".to_owned();
    made.report.subjects[0].version = Some("<b>redis".to_owned());
    let mut rule = rule("redis/x", Severity::High);
    let references = vec!["javascript:alert(1)".to_owned(), "https://x\" onclick=\"alert(1)".to_owned()];
    rule.words = Arc::new(Later::now(Words { title: evil.to_owned(), references, ..(**rule.words).clone() }));
    made.report.rules = vec![rule];
    let page = page(&made);
    balanced(&page);
    let body = body(&page);
    for bad in ["<script", "<img", "]]>", "-->", "</style", "<_script", "<b>redis"] {
        assert!(!body.contains(bad), "{bad}: {body}");
    }
    // In no tag, that is; as text it may stand there.
    for tag in between(body, "<", ">") {
        assert!(!tag.contains("onclick") && !tag.contains("javascript") || tag.contains("&quot;"), "{tag}");
    }
    assert!(body.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot; onclick=&quot;x</a>"), "{body}");
    assert!(body.contains("<code>&lt;/code&gt;</code>"), "{body}");
}

#[test]
fn a_line_of_a_file_stays_a_line() {
    let mut sources = Sources::new();
    let text = "# ]]> </pre>\r\n\tbind <0.0.0.0> \u{1b}[31m\u{202e} &amp;\n</pre><script>\n";
    let id = sources.add(Place::File(PathBuf::from("/work/shop/redis.conf")), text.as_bytes().to_vec());
    let at = text.find("<0").expect("the place");
    let fault = finding("redis/x", Severity::High, "m", label(Span::new(id, at, at + 9), "`here`"));
    let verdicts = vec![Verdict::Fail(Box::new(fault))];
    let judged = vec![Judged { subject: 0, check: check("redis/x"), verdicts, pass: 0, not_applicable: 0 }];
    let subjects = vec![subject("s", sources.get(id).whole(), vec![id], Record::default())];
    let show = Shower { sources: &sources, mask: &Mask::default(), cwd: Path::new("/work/shop") };
    let report = Report::new(&subjects, judged, Vec::new(), 1, show);
    let page = page(&Made { sources, mask: Mask::default(), report });
    balanced(&page);
    let shown = "<pre><b>1</b># ]]&gt; &lt;/pre&gt;\n<b>2</b>\tbind <mark>&lt;0.0.0.0&gt;</mark> ?[31m??? &amp;amp;\n\
                 <b>3</b>&lt;/pre&gt;&lt;script&gt;\n</pre>";
    assert!(page.contains(shown), "{page}");
}

/// Servers of which each has as many findings as a bad one has; a quarter of the messages are of one server alone.
fn fleet(servers: usize, checks: usize) -> Made {
    let mut sources = Sources::new();
    let (mut subjects, mut judged) = (Vec::new(), Vec::new());
    for number in 0..servers {
        let url = format!("redis://cache-{number}.eu-central-1.shop.example:6379");
        let text = "maxmemory-policy noeviction\nuser app on nopass sanitize-payload ~* &* +@all\n";
        let id = sources.add(Place::Live { url: url.clone(), what: "config" }, text.as_bytes().to_vec());
        let place = Label { span: Span::new(id, 28, 36), text: "everybody gets in by this line".to_owned() };
        for index in 0..checks {
            let whose = if index % 4 == 0 { url.as_str() } else { "the server" };
            let message = format!("a client on another host gets in to {whose} as `app` and can run what it likes");
            let name = format!("redis/some-fault-of-the-usual-length-{index}");
            let fault = finding(&name, Severity::ALL[index % 5], &message, place.clone());
            let verdicts = vec![Verdict::Fail(Box::new(fault))];
            judged.push(Judged { subject: number, check: check(&name), verdicts, pass: 60, not_applicable: 9 });
        }
        let up = Fact::written(Value::Bool(true), Span::new(id, 0, 1));
        subjects.push(subject(&url[8..], sources.get(id).whole(), vec![id], Record::new([("live", up)])));
    }
    let show = Shower { sources: &sources, mask: &Mask::default(), cwd: Path::new("/work/shop") };
    let report = Report::new(&subjects, judged, Vec::new(), checks, show);
    Made { sources, mask: Mask::default(), report }
}

#[test]
fn the_page_of_a_fleet_stays_small() {
    let page = page(&fleet(200, 40));
    assert!(page.len() < 5_000_000, "{} bytes", page.len());
    balanced(&page);
    assert!(page.contains("<h1>8000 findings in 200 servers</h1>") && page.contains("200 of 200 servers answered."));
    // What all have in common stands once, and is said of each.
    assert_eq!(page.matches("<article>").count(), 30 + 10 * 200);
    assert_eq!(page.matches("<li data-subject=\"7\">").count(), 40);
}
