//! The catalogue of checks is covered: every row names checks that exist, or says what it waits for; and every check
//! that comes with hardline is there for some row, or is listed as one that the catalogue does not have.

use std::collections::{BTreeMap, BTreeSet};

use hardline::check::embedded;
use hardline::drift::kind::{KINDS, id, names, parse};
use serde::Deserialize;

/// Checks that no row calls for: what the server does where nobody expects it.
const BEYOND: [&str; 46] = [
    "group/announced-publicly",
    "group/not-as-expected",
    "group/one-host-decides",
    "group/primary-without-replica",
    "group/quorum-out-of-reach",
    "group/replica-weaker-than-primary",
    "group/sentinels-too-few",
    "nginx/cache-keeps-posts",
    "nginx/cache-rule-broken",
    "nginx/cache-rule-for-nobody",
    "nginx/cache-rule-without-example",
    "nginx/cache-without-rule",
    "nginx/container-engine-open",
    "nginx/directive-swallowed",
    "nginx/header-emptied",
    "nginx/redirect-to-anywhere",
    "nginx/refused-by-some-versions",
    "nginx/site-data-cleared-always",
    "nginx/will-not-start",
    "redis/access-denied-lately",
    "redis/acl-rule-crashes-server",
    "redis/append-fails",
    "redis/certificate-expires",
    "redis/certificate-for-other-names",
    "redis/certificate-not-trusted",
    "redis/certificate-weak",
    "redis/client-in-clear",
    "redis/connections-rejected",
    "redis/evicts-kept-data",
    "redis/key-outside-prefixes",
    "redis/key-without-ttl",
    "redis/memory-full",
    "redis/obsolete-tls-accepted",
    "redis/primary-lost",
    "redis/protected-mode-denies-users",
    "redis/replica-behind",
    "redis/secret-in-value",
    "redis/server-shown-to-strangers",
    "redis/session-outlives-right",
    "redis/session-outlives-user",
    "redis/settings-open-to-strangers",
    "redis/snapshot-fails",
    "redis/snapshot-overdue",
    "redis/still-loading",
    "sentinel/refused-by-some-versions",
    "sentinel/will-not-start",
];

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Row {
    Checks(Vec<String>),
    Later(String),
}

type Sections = BTreeMap<String, BTreeMap<String, Row>>;

fn sections() -> Sections {
    toml::from_str(include_str!("coverage.toml")).unwrap()
}

#[test]
fn every_row_names_checks_or_a_reason() {
    let kinds: Vec<String> = names::ALL.iter().map(|name| id(name)).collect();
    let ids = embedded::all().iter().map(|check| check.id).chain(kinds.iter().map(String::as_str));
    let ids: BTreeSet<&str> = ids.collect();
    for (row, covered) in sections().values().flatten() {
        match covered {
            Row::Checks(checks) => {
                assert!(!checks.is_empty(), "{row} names no check");
                for id in checks {
                    assert!(ids.contains(id.as_str()), "{row}: there is no check {id}");
                }
            }
            Row::Later(why) => {
                let reason = why.strip_prefix("later: ").unwrap_or_default();
                assert!(reason.split_whitespace().count() >= 3, "{row}: `{why}` is no reason");
            }
        }
    }
}

#[test]
fn every_check_covers_a_row_or_goes_beyond() {
    let sections = sections();
    let mut covered: BTreeSet<&str> = BEYOND.into();
    for row in sections.values().flat_map(BTreeMap::values) {
        if let Row::Checks(checks) = row {
            covered.extend(checks.iter().map(String::as_str));
        }
    }
    let missing: Vec<&str> = embedded::all().iter().map(|check| check.id).filter(|id| !covered.contains(id)).collect();
    assert!(missing.is_empty(), "in no row: {missing:?}");
}

/// What `drift` finds says itself which rows it is for.
#[test]
fn what_drift_finds_covers_the_rows_that_it_names() {
    let sections = sections();
    let rows: BTreeMap<&String, &Row> = sections.values().flatten().collect();
    for (name, kind) in parse(KINDS).unwrap() {
        let names_it = |row: &&&Row| matches!(row, Row::Checks(checks) if checks.contains(&id(&name)));
        let covered: BTreeSet<&str> =
            rows.iter().filter(|(_, row)| names_it(row)).map(|(row, _)| row.as_str()).collect();
        assert_eq!(covered, kind.rows.iter().map(String::as_str).collect(), "{name}");
    }
}

/// Where the catalogue is there, its rows are all here.
#[test]
fn no_row_is_left_out() {
    let Some(catalogue) = super::oracle::shared::shared("checks-worth-having.md") else {
        println!("recorded: 0 compared (no ../shared)");
        return;
    };
    let text = std::fs::read_to_string(catalogue).unwrap();
    let known = sections();
    let mut section = String::new();
    let mut compared = 0;
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("### ") {
            section = heading.split_whitespace().next().unwrap_or_default().to_owned();
        }
        let (Some(rows), Some(cell)) = (known.get(&section), line.strip_prefix("| ")) else { continue };
        let id = cell.split([' ', '|']).next().unwrap_or_default();
        if id
            .rsplit_once('-')
            .is_some_and(|(_, number)| number.len() == 3 && number.bytes().all(|b| b.is_ascii_digit()))
        {
            assert!(rows.contains_key(id), "{section}: {id} is not covered");
            compared += 1;
        }
    }
    let all: usize = known.values().map(BTreeMap::len).sum();
    assert_eq!(compared, all);
    println!("recorded: {compared} rows compared");
}
