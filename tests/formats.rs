//! One report, made by hand, in every format: what is stored under `tests/formats/` is what people and programs read.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hardline::check::{Later, Words};
use hardline::edit::TextEdit;
use hardline::fact::{Fact, Record, Subject, Unknown, Why, Worlds};
use hardline::files::Location;
use hardline::finding::{
    CheckId, Confidence, Family, Finding, Fix, FixWords, Label, Safety, Severity, Undecided, Verdict,
};
use hardline::mask::{Hidden, Mask, secrets_of};
use hardline::report::rule::Rule;
use hardline::report::terminal::Style;
use hardline::report::{Judged, Report, Shower, concise, github, html, json, markdown, sarif, terminal};
use hardline::text::{Level, Notice, Place, SourceId, Sources, Span, Where};

mod page;

/// No output may ever hold this.
const CANARY: &str = "canary-7f3a-hunter2";

fn span_of(sources: &Sources, source: SourceId, text: &str) -> Span {
    let start = sources.get(source).text().find(text).unwrap();
    Span::new(source, start, start + text.len())
}

fn check(id: &str) -> CheckId {
    CheckId(Arc::from(id))
}

fn finding(id: &str, severity: Severity, message: &str, primary: Label) -> Finding {
    Finding {
        check: check(id),
        severity,
        confidence: Confidence::High,
        family: Family::Exposure,
        message: message.to_owned(),
        primary,
        related: Vec::new(),
        fix: None,
        only_in: None,
    }
}

fn label(span: Span, text: &str) -> Label {
    Label { span, text: text.to_owned() }
}

fn subject(name: &str, main: Span, sources: Vec<SourceId>, facts: Record) -> Subject {
    Subject {
        kind: "redis",
        name: name.to_owned(),
        carrier: "redis.conf",
        because: "called redis*.conf".to_owned(),
        main,
        location: Location::Here("/work/shop/redis.conf".into()),
        sources,
        version: None,
        worlds: vec!["redis:7.0.15".to_owned(), "redis:7.4.1".to_owned(), "valkey:8.1.1".to_owned()].into(),
        facts,
        lacks: [].into(),
        absent: None,
    }
}

fn rule(id: &str, severity: Severity) -> Rule {
    let words = Words {
        title: "Redis answers unauthenticated clients".to_owned(),
        tags: vec!["CWE-306".to_owned(), "CIS-1".to_owned()],
        references: vec!["https://redis.io/docs/latest/operate/oss_and_stack/management/security/".to_owned()],
        rationale: "Any host that can open the port\ncan read and write all data.".to_owned(),
        bypass: vec!["only trusted hosts reach this network".to_owned()],
        fix: Arc::new(FixWords {
            title: "Turn protected mode on".to_owned(),
            safety: Safety::Unsafe,
            hint: "better: give `default` a password".to_owned(),
            expected: "`PING` answers DENIED".to_owned(),
            rollback: "set `protected-mode no` again".to_owned(),
        }),
        ..Words::default()
    };
    let words = Arc::new(Later::now(words));
    Rule { id: check(id), severity, confidence: Confidence::Medium, family: Family::Exposure, words }
}

struct Made {
    sources: Sources,
    mask: Mask,
    report: Report,
}

impl Made {
    fn show(&self) -> Shower<'_> {
        Shower { sources: &self.sources, mask: &self.mask, cwd: Path::new("/work/shop") }
    }

    fn text(&self, render: impl Fn(&Report, Shower<'_>, &mut Vec<u8>) -> std::io::Result<()>) -> String {
        let mut out = Vec::new();
        render(&self.report, self.show(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn all_formats(&self) -> Vec<(&'static str, String)> {
        let style = |color, unicode| {
            move |report: &Report, show: Shower<'_>, out: &mut Vec<u8>| {
                terminal::render(report, show, Style { color, unicode, width: 100 }, out)
            }
        };
        vec![
            ("terminal.txt", self.text(style(false, true))),
            ("terminal-ascii.txt", self.text(style(false, false))),
            ("terminal-color.txt", self.text(style(true, true)).replace('\u{1b}', "ESC")),
            ("concise.txt", self.text(|report, show, out| concise::render(report, show, out))),
            ("report.json", self.text(|report, show, out| json::render(report, show, out))),
            ("report.sarif", self.text(|report, show, out| sarif::render(report, show, out))),
            ("github.txt", self.text(|report, show, out| github::render(report, show, out))),
            ("report.md", self.text(|report, show, out| markdown::render(report, show, out))),
            ("report.html", self.text(|report, show, out| html::render(report, show, out))),
        ]
    }
}

/// A report with one of everything.
fn made() -> Made {
    let mut sources = Sources::new();
    let conf = format!(
        "# the cache\nport 6379\nbind 0.0.0.0\nprotected-mode no\nrequirepass {CANARY}\n\
         aclfile /etc/redis/users.acl\nloglevel {}\n",
        "x".repeat(400)
    );
    let users = format!("user default on >{CANARY} ~* +@all\nuser app on nopass ~app:* +@read\n");
    let place = |name: &str| Place::File(PathBuf::from(name));
    let b = sources.add(place("/work/shop/deploy/redis.conf"), conf.into_bytes());
    let users = sources.add(place("/etc/redis/users.acl"), users.into_bytes());
    let bad = sources.add(place("/work/shop/bad.conf"), b"port 1\x1b[31m\xff\n".to_vec());
    let secret = span_of(&sources, b, CANARY);
    let facts = Record::new([(
        "requirepass",
        Fact::written(hardline::fact::Value::Secret(hardline::fact::Secret::new(CANARY.as_bytes())), secret),
    )]);
    let password = span_of(&sources, users, CANARY);
    let mut hidden = secrets_of(&facts);
    hidden.push(Hidden { span: password, name: "user password".to_owned() });
    let mask = Mask::new(hidden);

    let mode = span_of(&sources, b, "no\nrequirepass");
    let mode = Span::new(b, mode.start as usize, mode.start as usize + 2);
    let mut open = finding(
        "redis/open-to-network",
        Severity::Critical,
        "a client on another host gets in as `default` without a password",
        label(mode, "protected mode is off"),
    );
    open.related = vec![
        label(span_of(&sources, b, "0.0.0.0"), "listens everywhere"),
        label(span_of(&sources, users, "nopass"), "any password will do"),
    ];
    let words = FixWords {
        title: "Turn protected mode on".to_owned(),
        safety: Safety::Unsafe,
        hint: "better: give `default` a password".to_owned(),
        expected: "`redis-cli -h <address> PING` answers DENIED".to_owned(),
        rollback: "set `protected-mode no` again".to_owned(),
    };
    let edits = vec![TextEdit { span: mode, text: "yes".to_owned() }];
    open.fix = Some(Fix { words: Arc::new(words), edits });
    let short = finding(
        "redis/password-short",
        Severity::High,
        "the password has 19 characters",
        label(secret, "this password"),
    );
    let mut twice =
        finding("redis/log-level", Severity::Low, "this level is not one", label(span_of(&sources, b, "xxxxxxx"), ""));
    twice.only_in = Some(Worlds::one(0).or(Worlds::one(2)));
    let end = sources.get(b).bytes().len();
    let missing = finding(
        "redis/no-tls",
        Severity::Medium,
        "nothing is encrypted",
        label(Span::at(b, end), "not set; no TLS port by default"),
    );
    let control =
        finding("redis/bad-port", Severity::Info, "odd \u{1b}[2Jport", label(span_of(&sources, bad, "1"), ""));
    let unknown = |why, at, needs: &str| {
        let cause = Unknown::new(why, at, needs);
        Verdict::Unknown(Undecided { causes: vec![("redis.acl".to_owned(), cause)] })
    };
    let aclfile = span_of(&sources, b, "/etc/redis/users.acl");
    let wait = || unknown(Why::NotReadable, aclfile, "read access to /etc/redis/users.acl");
    let fail = |finding: Finding| Verdict::Fail(Box::new(finding));
    let judged =
        |subject, id: &str, verdicts| Judged { subject, check: check(id), verdicts, pass: 0, not_applicable: 0 };
    let all = vec![
        judged(0, "redis/password-short", vec![fail(short)]),
        judged(0, "redis/open-to-network", vec![fail(open)]),
        judged(0, "redis/no-tls", vec![fail(missing), Verdict::Pass, Verdict::NotApplicable]),
        judged(0, "redis/log-level", vec![fail(twice.clone()), fail(twice)]),
        judged(1, "redis/bad-port", vec![fail(control)]),
        judged(0, "redis/acl-wide", vec![wait()]),
        judged(0, "redis/acl-nopass", vec![wait()]),
        judged(
            0,
            "redis/log-off",
            vec![unknown(Why::Templated, span_of(&sources, b, "6379"), "the template's values")],
        ),
        judged(0, "redis/debug", vec![Verdict::Bypassed { reason: "a test instance".to_owned(), at: mode }]),
        judged(1, "redis/odd", vec![Verdict::Broken { error: "too many steps".to_owned() }]),
    ];
    let notices = vec![
        Notice {
            level: Level::Warning,
            at: Where::Path(PathBuf::from("/work/shop/redis.fifo")),
            message: "not looked at: not a regular file but a FIFO".to_owned(),
        },
        Notice { level: Level::Info, at: Where::Run, message: "nothing else".to_owned() },
    ];
    let subjects = vec![
        subject("cache", sources.get(b).whole(), vec![b, users], facts),
        subject("bad", sources.get(bad).whole(), vec![bad], Record::default()),
    ];
    let show = Shower { sources: &sources, mask: &mask, cwd: Path::new("/work/shop") };
    let mut report = Report::new(&subjects, all, notices, 10, show);
    report.rules = vec![rule("redis/debug", Severity::High), rule("redis/open-to-network", Severity::Critical)];
    Made { sources, mask, report }
}

#[test]
fn each_format_reads_as_stored() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/formats");
    let update = std::env::var_os("UPDATE_FORMATS").is_some();
    let mut wrong = Vec::new();
    for (name, text) in made().all_formats() {
        let path = folder.join(name);
        if update {
            std::fs::write(&path, &text).unwrap();
        }
        let stored = std::fs::read_to_string(&path).unwrap_or_default();
        let text = text.replace(env!("CARGO_PKG_VERSION"), "VERSION");
        if stored.replace(env!("CARGO_PKG_VERSION"), "VERSION") != text {
            wrong.push(format!("{name}:\n{text}"));
        }
    }
    assert!(wrong.is_empty(), "not as stored (UPDATE_FORMATS=1 writes them anew):\n{}", wrong.join("\n"));
}

#[test]
fn no_format_shows_a_secret_or_a_control_character() {
    for (name, text) in made().all_formats() {
        assert!(!text.contains(CANARY), "{name} shows a secret");
        assert!(!text.contains("canary"), "{name} shows a part of a secret");
        let control = |letter: char| letter.is_control() && letter != '\n';
        // JSON escapes them itself.
        assert!(!text.contains(control), "{name} passes a control character on");
        if name.starts_with("terminal") {
            assert!(text.contains("requirepass ***"), "{name} shows no line with a secret: the test proves nothing");
        }
    }
}

#[test]
fn every_verdict_counts_once_and_is_listed() {
    let report = made().report;
    let tally = report.tally;
    assert_eq!((tally.subjects, tally.checks), (2, 10));
    assert_eq!((tally.fail, tally.unknown, tally.bypassed, tally.broken), (6, 3, 1, 1));
    assert_eq!((tally.pass, tally.not_applicable, tally.waived), (1, 1, 0));
    assert_eq!(report.findings.len(), tally.fail);
    assert_eq!(report.unknown.len(), tally.unknown);
    assert_eq!(report.bypassed.len(), tally.bypassed);
    assert_eq!(report.broken.len(), tally.broken);
}

#[test]
fn fingerprints_differ_and_survive_what_does_not_matter() {
    let report = made().report;
    let mut prints: Vec<&str> = report.findings.iter().map(|found| found.fingerprint.as_str()).collect();
    prints.sort_unstable();
    let count = prints.len();
    prints.dedup();
    assert_eq!(prints.len(), count, "two findings share a fingerprint");
    // The same finding in a file with more lines, another password, and another folder.
    let of = |text: &str, folder: &str| {
        let mut sources = Sources::new();
        let id = sources.add(Place::File(PathBuf::from(folder).join("redis.conf")), text.as_bytes().to_vec());
        let start = text.find("pw-").unwrap();
        let secret = Span::new(id, start, text.trim_end().len());
        let mask = Mask::new([Hidden { span: secret, name: "requirepass".to_owned() }]);
        let fault = finding("redis/x", Severity::Low, "m", label(secret, ""));
        let show = Shower { sources: &sources, mask: &mask, cwd: Path::new("/") };
        let judged = Judged {
            subject: 0,
            check: check("redis/x"),
            verdicts: vec![Verdict::Fail(Box::new(fault))],
            pass: 0,
            not_applicable: 0,
        };
        let whole = sources.get(id).whole();
        let subjects = vec![subject("s", whole, vec![id], Record::default())];
        Report::new(&subjects, vec![judged], Vec::new(), 1, show).findings[0].fingerprint.clone()
    };
    assert_eq!(of("requirepass pw-1\n", "/a"), of("port 1\n\nrequirepass pw-other\n", "/b/c"));
}

#[test]
fn exit_codes() {
    let mut report = made().report;
    assert_eq!(report.exit_code(Severity::Critical, false), 2, "a broken check is never a result");
    report.broken.clear();
    assert_eq!(report.exit_code(Severity::Critical, false), 1);
    report.findings.retain(|found| found.finding.severity < Severity::High);
    assert_eq!(report.exit_code(Severity::High, false), 0);
    assert_eq!(report.exit_code(Severity::High, true), 3);
    assert_eq!(report.exit_code(Severity::Medium, true), 1);
    report.unknown.clear();
    assert_eq!(report.exit_code(Severity::High, true), 3, "a file that was not looked at is undecided too");
    report.notices.clear();
    assert_eq!(report.exit_code(Severity::High, true), 0);
}

/// A report with one finding about this line of a file of this name.
fn hostile(path: &str, message: &str, count: usize) -> Made {
    let mut sources = Sources::new();
    let id = sources.add(Place::File(PathBuf::from(path)), b"port 1\n".to_vec());
    let faults = (0..count)
        .map(|_| Verdict::Fail(Box::new(finding("redis/x", Severity::High, message, label(Span::new(id, 5, 6), "")))));
    let judged =
        vec![Judged { subject: 0, check: check("redis/x"), verdicts: faults.collect(), pass: 0, not_applicable: 0 }];
    let subjects = vec![subject("s", sources.get(id).whole(), vec![id], Record::default())];
    let show = Shower { sources: &sources, mask: &Mask::default(), cwd: Path::new("/work/shop") };
    let report = Report::new(&subjects, judged, Vec::new(), 1, show);
    Made { sources, mask: Mask::default(), report }
}

/// Nothing that a file or its name says is a command, a tag, a link or a mention in what hardline writes.
#[test]
fn what_files_say_stays_text() {
    let evil = "a|b <img src=x onerror=alert(1)> `` </details> ` [x](https://evil.example) ![i](//evil.example) \
                @team #1 https://evil.example www.evil.example **b** &lt; \\\n\n::error::x\r\n%0A50% ${{ x }}";
    let made = hostile("/work/shop/a b\n::error::c%,d:|`<x>@me.conf", evil, 1);
    let github = made.text(|report, show, out| github::render(report, show, out));
    assert_eq!(github.lines().count(), 2, "one command and the numbers: {github}");
    assert!(github.starts_with("::error file=a b?%3A%3Aerror%3A%3Ac%25%2Cd%3A|`<x>@me.conf,line=1,"), "{github}");
    assert!(github.contains("%250A50%25"), "{github}");
    let markdown = made.text(|report, show, out| markdown::render(report, show, out));
    for bad in
        ["<img", "<x>", "](", "![", "@team", "@me", "#1 ", "https://evil", "www.evil", "**b", "a|b", "&lt;", "``"]
    {
        assert!(!markdown.contains(bad), "{bad}: {markdown}");
    }
    assert_eq!(markdown.matches("</details>").count(), 1, "{markdown}");
    assert!(markdown.lines().filter(|line| line.starts_with("| high")).all(|line| line.matches('|').count() == 5));
    let sarif = made.text(|report, show, out| sarif::render(report, show, out));
    let sarif: serde_json::Value = serde_json::from_str(&sarif).unwrap();
    let result = &sarif["runs"][0]["results"][0];
    let place = &result["locations"][0]["physicalLocation"]["artifactLocation"];
    assert_eq!(place["uri"], "a%20b%0A%3A%3Aerror%3A%3Ac%25%2Cd%3A%7C%60%3Cx%3E%40me.conf");
    assert!(result["message"]["text"].as_str().unwrap().contains("\\[x\\](https://evil.example)"));
}

#[test]
fn many_findings_are_cut_where_the_reader_cuts_them() {
    let made = hostile("/work/shop/redis.conf", &"long ".repeat(40), 3_000);
    let github = made.text(|report, show, out| github::render(report, show, out));
    assert!(github.trim_end().ends_with("; 2990 more errors are only in this log"));
    let markdown = made.text(|report, show, out| markdown::render(report, show, out));
    assert!(markdown.len() < 65_536 && markdown.contains(" more findings\n"), "{}", markdown.len());
    assert!(markdown.contains("<details>"));
}
