//! Waivers: how they are read, what they waive, and that nothing else is silenced.

use std::path::Path;
use std::process::Command;

use hardline::config;
use hardline::date::Date;
use hardline::platform::hardline::comment;
use hardline::project::Options;
use hardline::report::Report;
use hardline::text::{Place, Sources};
use hardline::waiver::{Form, Written};
use proptest::prelude::*;

const GOOD: &str = "# hardline: allow redis/x owner=@me until=2099-12-31 -- why not";

fn read(text: &[u8], comments: bool) -> Vec<Written> {
    let mut sources = Sources::new();
    let id = sources.add(Place::File("redis.conf".into()), text.to_vec());
    comment::read(sources.get(id), comments)
}

fn problem(written: &Written) -> &str {
    written.problem.as_ref().map_or("", |problem| &problem.text)
}

#[test]
fn dates() {
    for good in ["2024-02-29", "2000-02-29", "2026-12-31", "1970-01-01"] {
        assert_eq!(Date::parse(good).map(|date| date.to_string()).as_deref(), Some(good));
    }
    for bad in [
        "",
        "2026-2-1",
        "2026-02-29",
        "1900-02-29",
        "2026-00-01",
        "2026-13-01",
        "2026-04-31",
        "2026-01-00",
        "2026/01/01",
        "+026-01-01",
        "20260101",
        "２026-01-01",
        "2026-01-01 ",
    ] {
        assert_eq!(Date::parse(bad), None, "{bad}");
    }
    let mut before = Date::of_seconds(0);
    for day in 1..60_000 {
        let date = Date::of_seconds(day * 86_400 + 5);
        assert_eq!((before.days_until(date), date.days_until(before)), (1, -1), "{date}");
        assert_eq!(Date::parse(&date.to_string()), Some(date));
        before = date;
    }
}

#[test]
fn comments_are_read_or_said_to_be_unreadable() {
    for (text, wrong) in [
        (GOOD, ""),
        ("#hardline:allow redis/x until=2099-12-31 owner=@me -- why not", ""),
        ("\t ## Hardline : allow redis/x owner=@me until=2099-12-31 -- why not", ""),
        ("# hardline allow redis/x owner=@me until=2099-12-31 -- why not", "`:` is missing"),
        ("# hardline:", "`allow` is missing"),
        ("# hardline: disable redis/x", "`allow` is missing"),
        ("# hardline: allow", "which check"),
        ("# hardline: allow owner=@me until=2099-12-31 -- why", "which check"),
        ("# hardline: allow redis/x redis/y owner=@me until=2099-12-31 -- why", "one check"),
        ("# hardline: allow redis/x owner=@me -- until=2099-12-31", "`until` is missing"),
        ("# hardline: allow redis/x owner=@me until=31.12.2099 -- why", "no day"),
        ("# hardline: allow redis/x owner=@me until=2099-02-29 -- why", "no day"),
        ("# hardline: allow redis/x owner=@me owner=@you until=2099-12-31 -- why", "said twice"),
        ("# hardline: allow redis/x owner=@me end=2099-12-31 -- why", "there are"),
        ("# hardline: allow redis/x owner=@me until=2099-12-31 why", "one check"),
        ("# hardline: allow hardline/waiver-unused owner=@me until=2099-12-31 -- why", "nothing waives"),
        ("# hardline: allow hardline/waiver-over-broad owner=@me until=2099-12-31 -- why", "nothing waives"),
        ("port 1 # hardline: allow redis/x owner=@me until=2099-12-31 -- why", "a line of its own"),
    ] {
        let found = read(format!("{text}\nport 1\n").as_bytes(), true);
        assert_eq!(found.len(), 1, "{text}");
        let said = problem(&found[0]);
        assert!(if wrong.is_empty() { said.is_empty() } else { said.contains(wrong) }, "{text}: {said}");
        assert!(problem(&read(text.as_bytes(), false)[0]).contains(if text.starts_with("port") {
            "own"
        } else {
            "ACL"
        }));
    }
    for text in ["# hardline is a linter", "# see hardline.toml", "# the hardline: allow nothing", "port 1"] {
        assert_eq!(read(text.as_bytes(), true), [], "{text}");
    }
    let parts = &read(GOOD.as_bytes(), true)[0];
    let said = |part: &Option<hardline::text::Said<String>>| part.as_ref().unwrap().it.clone();
    assert_eq!([said(&parts.check), said(&parts.owner), said(&parts.reason)], ["redis/x", "@me", "why not"]);
    for missing in [GOOD.replace(" -- why not", ""), GOOD.replace("why not", ""), GOOD.replace(" owner=@me", "")] {
        let found = &read(missing.as_bytes(), true)[0];
        assert!(found.problem.is_none() && !found.is_accountable(), "{missing}");
    }
}

#[test]
fn a_comment_is_about_the_next_line() {
    let text =
        format!("{GOOD}\n{GOOD}\nport 1\n{GOOD}\n# more\nbind ::1\n{GOOD}\n\nsave 1 1\r\n{GOOD}\r\ndir .\r\n{GOOD}");
    let found: Vec<(Option<usize>, bool)> = read(text.as_bytes(), true)
        .iter()
        .map(|written| match written.form {
            Form::Inline { below, head } => (below, head),
            Form::File => (None, false),
        })
        .collect();
    let (third, eleventh) = (Some(3), Some(11));
    assert_eq!(found, [(third, true), (third, true), (None, false), (None, false), (eleventh, false), (None, false)]);
}

#[test]
fn mistakes_of_a_date_are_findings_and_others_stop() {
    let block = |line: &str| {
        format!(
            "[[waiver]]\ncheck = \"redis/x\"\nwhere = \"a\"\nowner = \"@me\"\nreason = \"why\"\n{line}\n[checks]\nignore = []\n"
        )
    };
    for (line, wrong, stops) in [
        ("until = 2099-12-31", "", ""),
        ("until = 2099-12-31\nrollback = \"delete\"", "", ""),
        ("", "`until` is missing", ""),
        ("until = \"2099-12-31\"", "without quotes", ""),
        ("until = \"soon\"", "no day", ""),
        ("until = 2099-02-30", "no day", ""),
        ("until = 2099-13-01", "no day", ""),
        ("until = 2099-12-31T10:00:00Z", "no day", ""),
        ("until = 10:00:00", "no day", ""),
        ("until = 5", "`until` is missing", "`until` is a date"),
        ("until = 2099-12-31\nwho = \"me\"", "", "no such key of `[[waiver]]`: `who`"),
        ("until = 2099-12-31\nrollback = true", "", "`rollback` is a text"),
    ] {
        let mut sources = Sources::new();
        let id = sources.add(Place::File("hardline.toml".into()), block(line).into_bytes());
        let (config, problems) = config::parse(sources.get(id));
        let said: Vec<&str> = problems.iter().map(|problem| &*problem.text).collect();
        assert_eq!(said.is_empty(), stops.is_empty(), "{line}: {said:?}");
        assert!(said.iter().all(|said| said.contains(stops)), "{line}: {said:?}");
        let found = problem(&config.waivers[0]);
        assert!(if wrong.is_empty() { found.is_empty() } else { found.contains(wrong) }, "{line}: {found}");
        assert_eq!(sources.text(config.waivers[0].at), "[[waiver]]");
    }
}

/// A redis.conf with a fault in line 3 and one that is missing altogether, and what is said about both.
fn report(head: &str, above: &str, toml: &str, today: &str, no_waivers: bool) -> Report {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    std::fs::create_dir(root.join("deploy")).unwrap();
    let conf = format!("{head}port 6379\nbind 127.0.0.1\n{above}slowlog-max-len 0\n");
    std::fs::write(root.join("deploy/redis-a.conf"), conf).unwrap();
    std::fs::write(root.join("hardline.toml"), toml).unwrap();
    let options = Options { cwd: root, today: Date::parse(today), no_waivers, ..Options::default() };
    hardline::check(&options, &mut std::io::empty()).unwrap_or_else(|trouble| panic!("{trouble:?}")).0
}

fn waived(report: &Report) -> Vec<&str> {
    report.waived().map(|(_, check, _)| check.as_str()).collect()
}

const SLOW: &str = "redis/slow-log-off";
const MISSING: &str = "redis/weak-defaults";

fn inline(check: &str) -> String {
    format!("# hardline: allow {check} owner=@me until=2030-06-30 -- why\n")
}

fn block(check: &str, place: &str) -> String {
    format!(
        "[[waiver]]\ncheck = \"{check}\"\nwhere = \"{place}\"\nowner = \"@me\"\nreason = \"why\"\nuntil = 2030-06-30\n"
    )
}

#[test]
fn a_waiver_waives_what_it_names_and_no_more() {
    let print = {
        let report = report("", "", "", "2026-01-01", false);
        report.findings.iter().find(|found| found.finding.check.as_str() == SLOW).unwrap().fingerprint.clone()
    };
    let slow = |place: &str| (String::new(), String::new(), block(SLOW, place));
    for ((head, above, toml), expected) in [
        ((String::new(), inline(SLOW), String::new()), &[SLOW][..]),
        ((inline(SLOW), String::new(), String::new()), &[]),
        ((inline(MISSING), String::new(), String::new()), &[MISSING]),
        ((format!("# the cache\n\n{}\n", inline(MISSING)), String::new(), String::new()), &[MISSING]),
        ((String::new(), inline(MISSING), String::new()), &[]),
        ((String::new(), inline("redis/no-tls"), String::new()), &[]),
        (slow("deploy/redis-a.conf"), &[SLOW]),
        (slow("./deploy/redis-a.conf"), &[SLOW]),
        (slow("deploy/*.conf"), &[SLOW]),
        (slow("**/redis-a.conf"), &[SLOW]),
        (slow("redis-a"), &[SLOW]),
        (slow(&print), &[SLOW]),
        (slow("redis*.conf"), &[]),
        (slow("deploy"), &[]),
        (slow("redis"), &[]),
        (slow("deploy/[a"), &[]),
    ] {
        let with = report(&head, &above, &toml, "2026-01-01", false);
        assert_eq!(waived(&with), expected, "{head}{above}{toml}");
        let without = report("", "", "", "2026-01-01", false).tally;
        let (tally, gone) = (with.tally, expected.len());
        assert_eq!(tally.waived, gone);
        let ours = with.failing().filter(|found| found.finding.check.as_str().starts_with("hardline/")).count();
        assert_eq!(tally.fail + gone, without.fail + ours, "{head}{above}{toml}");
        assert_eq!(ours, usize::from(gone == 0), "an unused waiver is a finding: {head}{above}{toml}");
        assert_eq!(waived(&report(&head, &above, &toml, "2026-01-01", true)), [""; 0]);
        // The last day counts; the day after nothing is waived, and that is said.
        assert_eq!(waived(&report(&head, &above, &toml, "2030-06-30", false)), expected);
        let over = report(&head, &above, &toml, "2030-07-01", false);
        assert_eq!(waived(&over), [""; 0]);
        let expired = |found: &&hardline::report::Found| found.finding.check.as_str() == "hardline/waiver-expired";
        assert_eq!(over.failing().filter(expired).count(), 1);
    }
}

#[test]
fn only_hardline_toml_waives_a_waiver_that_is_over_broad() {
    let broad = block(SLOW, "**");
    let says = |toml: &str| {
        let report = report("", "", toml, "2026-01-01", false);
        let waived: Vec<String> = waived(&report).into_iter().map(str::to_owned).collect();
        let failing = report.failing().map(|found| found.finding.check.to_string());
        (waived, failing.filter(|id| id.starts_with("hardline/")).collect::<Vec<_>>())
    };
    let over = "hardline/waiver-over-broad".to_owned();
    assert_eq!(says(&broad), (vec![SLOW.to_owned()], vec![over.clone()]));
    let both = format!("{broad}{}", block(&over, "hardline.toml"));
    assert_eq!(says(&both), (vec![SLOW.to_owned(), over], vec![]));
    let unused = format!("{}{}", block(SLOW, "gone"), block("hardline/waiver-unused", "hardline.toml"));
    assert_eq!(says(&unused).1, ["hardline/waiver-unused", "hardline/waiver-malformed"]);
}

#[test]
fn a_former_id_works_and_says_so() {
    let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/shop");
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    std::fs::write(root.join("redis.conf"), inline("redis/default-port") + "port 6379\n").unwrap();
    let mut options = Options { cwd: root, checks: vec![shop.join("own")], ..Options::default() };
    options.today = Date::parse("2026-01-01");
    let (report, _) = hardline::check(&options, &mut std::io::empty()).unwrap();
    assert_eq!(waived(&report), ["redis/usual-port"]);
    let said = |text: &str| report.notices.iter().any(|notice| notice.message.contains(text));
    assert!(said("redis/default-port is now called redis/usual-port"), "{:?}", report.notices);
}

#[test]
fn what_was_not_looked_at_is_not_unused() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    std::fs::create_dir(root.join("sub")).unwrap();
    for name in ["redis-a.conf", "sub/redis-b.conf"] {
        std::fs::write(root.join(name), "port 6379\nbind 127.0.0.1\n").unwrap();
    }
    std::fs::write(root.join("hardline.toml"), block(SLOW, "redis-a.conf")).unwrap();
    let unused = |cwd: &str, path: &str, select: &str| {
        let mut options = Options { cwd: root.join(cwd), paths: vec![path.into()], ..Options::default() };
        options.today = Date::parse("2026-01-01");
        options.wishes.select = select.split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect();
        let (report, _) = hardline::check(&options, &mut std::io::empty()).unwrap();
        report.failing().any(|found| found.finding.check.as_str() == "hardline/waiver-unused")
    };
    assert!(unused("", ".", "") && unused("", "redis-a.conf", "") && unused("sub", "..", ""));
    assert!(unused("sub", "../redis-a.conf", ""));
    assert!(!unused("", "sub", "") && !unused("sub", ".", "") && !unused("", ".", "redis/no-tls,hardline/*"));
}

#[test]
fn a_json_report_says_who_waived_and_where() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/waived");
    let options = Options { cwd: root.clone(), today: Date::parse("2026-06-30"), ..Options::default() };
    let (report, facts) = hardline::check(&options, &mut std::io::empty()).unwrap();
    let mut out = Vec::new();
    hardline::report::json::render(&report, facts.shower(&root), &mut out).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&out).unwrap();
    let of = |list: &str, check: &str| {
        let all = json[list].as_array().unwrap();
        all.iter().find(|it| it["check"] == check).unwrap().clone()
    };
    let slow = of("findings", SLOW);
    assert_eq!(slow["verdict"], "waived");
    let waiver = serde_json::json!({"owner": "@platform", "reason": "a cache that nobody debugs", "until": "2099-12-31",
        "where": "deploy/*.conf.j2", "source": {"path": "hardline.toml", "line": 2}});
    assert_eq!(slow["waiver"], waiver);
    let level = of("unknown", "redis/loglevel-unfit");
    assert_eq!(level["waiver"]["where"], "deploy/redis-cache.conf.j2");
    assert_eq!(level["waiver"]["source"]["line"], 8);
    assert_eq!(of("findings", "hardline/waiver-expired")["verdict"], "fail");
    assert_eq!(json["tally"]["waived"], 3);
    let (listed, failed) = (json["findings"].as_array().unwrap(), &json["tally"]["fail"]);
    assert_eq!(listed.iter().filter(|it| it["verdict"] == "fail").count() as u64, failed.as_u64().unwrap());
}

/// Runs `hardline waive` in a folder; gives exit code and standard output.
fn waive(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_hardline"))
        .args(["waive", SLOW, "--owner", "@me", "--until", "2099-12-31"])
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn waive_adds_a_block_and_keeps_every_other_byte() {
    for before in
        [None, Some(""), Some("# ours\r\n[checks]\nignore = []"), Some("[[waiver]]\ncheck = \"redis/no-tls\"\n")]
    {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hardline.toml");
        before.iter().for_each(|text| std::fs::write(&path, text).unwrap());
        let reason = "a \"quoted\\ one\" # 大";
        assert_eq!(waive(folder.path(), &["--where", "redis-a", "--reason", reason]).0, Some(0), "{before:?}");
        let after = std::fs::read_to_string(&path).unwrap();
        assert!(after.starts_with(before.unwrap_or_default()));
        let mut sources = Sources::new();
        let id = sources.add(Place::File(path.clone()), after.clone().into_bytes());
        let (config, problems) = config::parse(sources.get(id));
        assert_eq!(problems, []);
        let last = config.waivers.last().unwrap();
        assert_eq!((problem(last), last.reason.as_ref().map(|said| said.it.as_str())), ("", Some(reason)));
        // What would make the file invalid is not written.
        std::fs::write(&path, "waiver = []\n").unwrap();
        assert_eq!(waive(folder.path(), &["--where", "redis-a", "--reason", "why"]).0, Some(2));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "waiver = []\n");
    }
}

#[test]
fn waive_prints_a_comment_that_works() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("redis.conf");
    std::fs::write(&path, "port 6379\n\nslowlog-max-len 0\n").unwrap();
    std::fs::write(folder.path().join("users.acl"), "user default on nopass ~* +@all\n").unwrap();
    for bad in ["redis.conf", "redis.conf:2", "redis.conf:9", "gone.conf:1", "users.acl:1"] {
        assert_eq!(waive(folder.path(), &["--inline", bad, "--reason", "why"]).0, Some(2), "{bad}");
    }
    let (code, comment) = waive(folder.path(), &["--inline", "redis.conf:3", "--reason", "why"]);
    assert_eq!(code, Some(0));
    std::fs::write(&path, format!("port 6379\n{comment}slowlog-max-len 0\n")).unwrap();
    let options = Options { cwd: folder.path().canonicalize().unwrap(), ..Options::default() };
    let (report, _) = hardline::check(&options, &mut std::io::empty()).unwrap();
    assert_eq!(waived(&report), [SLOW]);
}

proptest! {
    /// Whatever stands in a comment, it is read or said to be unreadable, and each attempt is one of the two.
    #[test]
    fn no_comment_panics(start in "[ \t]{0,2}#{1,2} ?[hH]ardline ?:", rest in "(allow |owner=|until=|--|2099-12-31|redis/x|[ -~]|\\PC|\\t|\u{85}|é){0,30}") {
        let text = format!("{start}{rest}");
        let found = read(text.as_bytes(), true);
        prop_assert_eq!(found.len(), 1);
        let _ = read(text.as_bytes(), false);
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40), more in proptest::collection::vec(any::<u8>(), 0..40)) {
        let text = [&bytes[..], b"# hardline: allow ", &more[..]].concat();
        let _ = (read(&text, true), read(&text, false));
        let mut sources = Sources::new();
        let toml = [b"[[waiver]]\nuntil = ", &more[..], b"\n[[waiver]]\n", &bytes[..]].concat();
        let id = sources.add(Place::File("hardline.toml".into()), toml);
        let _ = config::parse(sources.get(id));
    }
}
