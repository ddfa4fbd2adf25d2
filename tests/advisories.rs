//! Known vulnerabilities: whether a version has one, as the sources say, and whether every data file is in order.

use std::collections::BTreeSet;
use std::path::Path;

use hardline::platform::redis::advisory::{ADVISORIES, Advisory, BRANCHES, Branch, Status};
use hardline::platform::redis::version::Release;

use Status::{Affected, NotAffected, Unknown};

fn release(text: &str) -> Release {
    Release::parse(text).unwrap()
}

fn advisory(id: &str) -> &'static Advisory {
    ADVISORIES.iter().find(|advisory| advisory.id == id).unwrap_or_else(|| panic!("no data on {id}"))
}

/// A version, a vulnerability, and how the one stands to the other. The sources are in the data files.
const KNOWN: &[(&str, &str, Status)] = &[
    // A range, its ends, and the fix of the own branch.
    ("redis:7.0.3", "CVE-2022-31144", Affected),
    ("redis:7.0.4", "CVE-2022-31144", NotAffected),
    ("redis:6.2.6", "CVE-2022-31144", NotAffected),
    ("redis:7.0.11", "CVE-2023-36824", Affected),
    ("redis:7.0.12", "CVE-2023-36824", NotAffected),
    ("redis:6.2.12", "CVE-2022-24834", Affected),
    ("redis:6.2.13", "CVE-2022-24834", NotAffected),
    ("redis:7.2.0", "CVE-2023-41053", Affected),
    ("redis:7.2.1", "CVE-2023-41053", NotAffected),
    ("redis:8.2.2", "CVE-2025-62507", Affected),
    ("redis:8.2.3", "CVE-2025-62507", NotAffected),
    ("redis:7.4.1", "CVE-2025-62507", NotAffected),
    ("valkey:9.0.2", "CVE-2026-27623", Affected),
    ("valkey:9.0.3", "CVE-2026-27623", NotAffected),
    ("valkey:8.1.1", "CVE-2026-27623", NotAffected),
    ("redis:8.2.3", "CVE-2026-27623", NotAffected),
    // Upstream never repaired 7.0.
    ("redis:7.0.15", "CVE-2025-49844", Affected),
    ("redis:7.0.15+debian", "CVE-2025-49844", NotAffected),
    ("redis:8.2.1", "CVE-2025-49844", Affected),
    ("redis:8.2.2", "CVE-2025-49844", NotAffected),
    ("redis:7.4.6", "CVE-2025-49844", NotAffected),
    ("valkey:8.1.3", "CVE-2025-49844", Affected),
    ("valkey:7.2.7", "CVE-2025-49844", Unknown),
    // Debian's 7.0.15 refuses the rule that upstream's takes.
    ("redis:7.0.15", "CVE-2024-31227", Affected),
    ("redis:7.0.15+debian", "CVE-2024-31227", NotAffected),
    // A range of upstream does not decide about a package.
    ("redis:7.0.15+debian", "CVE-2024-31449", Unknown),
    ("redis:7.0.15", "CVE-2024-31449", Affected),
    // Corrected: the range covers fixed releases.
    ("redis:7.2.7", "CVE-2025-21605", Affected),
    ("redis:7.2.8", "CVE-2025-21605", NotAffected),
    ("redis:6.2.17", "CVE-2025-21605", Affected),
    ("redis:6.2.18", "CVE-2025-21605", NotAffected),
    ("redis:7.4.3", "CVE-2025-21605", NotAffected),
    ("redis:8.2.3", "CVE-2025-21605", NotAffected),
    // Corrected: the ranges skip 7.0.
    ("redis:7.0.15", "CVE-2024-46981", Unknown),
    ("redis:7.2.6", "CVE-2024-46981", Affected),
    ("redis:7.4.2", "CVE-2024-46981", NotAffected),
    ("redis:6.2.16", "CVE-2024-46981", Affected),
    // Corrected: Valkey 7.2.13 and 8.1.7 were left out.
    ("valkey:7.2.13", "CVE-2026-23479", NotAffected),
    ("valkey:8.1.7", "CVE-2026-23479", NotAffected),
    ("valkey:8.1.6", "CVE-2026-23479", Unknown),
    ("redis:7.0.15", "CVE-2026-23479", NotAffected),
    ("redis:8.2.5", "CVE-2026-23479", Affected),
    // Corrected: the record ends at 9.0.2, the notes name 9.0.3.
    ("valkey:9.0.2", "CVE-2026-21863", Affected),
    ("redis:8.2.3", "CVE-2026-21863", Unknown),
    // A branch that began after the fix.
    ("redis:7.2.4", "CVE-2022-36021", NotAffected),
    ("valkey:9.1.0", "CVE-2025-67733", NotAffected),
    ("valkey:8.1.0", "CVE-2024-31228", NotAffected),
    // No release of 8.0 was repaired.
    ("redis:8.0.6", "CVE-2026-81934", Affected),
    ("redis:8.0.6+debian", "CVE-2026-81934", NotAffected),
    // A source without a range says nothing of what is below a fix.
    ("redis:8.2.1", "CVE-2025-46817", Unknown),
    // The packages of one distribution alone.
    ("redis:6.2.16", "CVE-2022-0543", NotAffected),
    // Without a patch only what holds for all of them.
    ("redis:7.4", "CVE-2025-49844", Unknown),
    ("redis:7.4", "CVE-2022-31144", NotAffected),
    ("redis:7.0", "CVE-2025-49844", Affected),
];

#[test]
fn versions_have_what_the_sources_say() {
    let wrong: Vec<String> = KNOWN
        .iter()
        .map(|(version, id, status)| (version, id, status, advisory(id).status(&release(version))))
        .filter(|(_, _, expected, found)| *expected != found)
        .map(|(version, id, expected, found)| format!("{version} {id}: expected {expected:?}, found {found:?}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_fix_is_named_in_the_own_branch() {
    let fix = |id, version| advisory(id).fixed_in(&release(version));
    assert_eq!(fix("CVE-2025-49844", "redis:7.4.1"), Some((7, 4, 6)));
    assert_eq!(fix("CVE-2025-49844", "redis:7.0.15"), None);
    assert_eq!(fix("CVE-2025-49844", "redis:7.0.15+debian"), None);
}

/// A product, from, below.
type Range = (String, (u8, u8, u8), (u8, u8, u8));

fn numbers(text: &str) -> (u8, u8, u8) {
    let parts: Vec<u8> = text.split('.').map(|part| part.parse().unwrap()).collect();
    (parts[0], parts[1], parts[2])
}

/// The build refuses unknown keys, needs and products; here is what it does not look at.
#[test]
fn every_data_file_is_in_order() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("checks/redis/advisories");
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let table: toml::Table = std::fs::read_to_string(&path).unwrap().parse().unwrap();
        if name == "releases" {
            continue;
        }
        let texts = |key: &str| -> Vec<String> {
            let list = table.get(key).and_then(toml::Value::as_array).cloned().unwrap_or_default();
            list.iter().map(|item| item.as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(table["id"].as_str(), Some(name.as_str()), "{name}: the id is not the file's name");
        let right =
            name.strip_prefix("CVE-").is_some_and(|rest| rest.split('-').all(|part| part.parse::<u32>().is_ok()));
        assert!(right || name.starts_with("GHSA-"), "{name} is no id");
        let references = texts("references");
        assert!(!references.is_empty() && references.iter().all(|url| url.starts_with("https://")), "{name}: sources");
        assert!(!texts("needs").is_empty() && !texts("products").is_empty(), "{name}: needs and products");
        for correction in table.get("correction").and_then(toml::Value::as_array).into_iter().flatten() {
            assert!(
                correction["source"].as_str().unwrap().starts_with("https://"),
                "{name}: a correction has a source"
            );
        }
        let mut ranges: Vec<Range> = Vec::new();
        for range in table.get("affected").and_then(toml::Value::as_array).into_iter().flatten() {
            let text = |key: &str| range[key].as_str().unwrap().to_owned();
            assert!(!text("source").is_empty(), "{name}: a range has a source");
            assert!(texts("products").contains(&text("product")), "{name}: a range of another product");
            let (from, below) = (numbers(&text("from")), numbers(&text("below")));
            assert!(from < below, "{name}: an empty range");
            ranges.push((text("product"), from, below));
        }
        ranges.sort();
        let apart = |pair: &[Range]| pair[0].0 != pair[1].0 || pair[0].2 <= pair[1].1;
        assert!(ranges.windows(2).all(apart), "{name}: ranges overlap");
        for fix in texts("fixed").iter().chain(&texts("since")) {
            assert!(release(fix).patch.is_some(), "{name}: {fix}");
        }
        names.insert(name);
    }
    let known: BTreeSet<String> = ADVISORIES.iter().map(|advisory| advisory.id.to_owned()).collect();
    assert_eq!(names, known);
}

/// What a need names exists in some version, or it could never be met.
#[test]
fn needs_name_what_exists() {
    use hardline::platform::redis::acl::commands::Table;
    use hardline::platform::redis::advisory::Need;
    use hardline::platform::redis::directive::SettingId;
    use hardline::platform::redis::version::VERSIONS;
    let exists = |name: &str| {
        let words: Vec<&[u8]> = name.as_bytes().splitn(2, |byte| *byte == b'|').collect();
        VERSIONS.iter().any(|version| Table::of(version).called(&words).is_some())
    };
    for advisory in &ADVISORIES {
        for need in advisory.needs {
            match need {
                Need::Run(commands) => {
                    let unknown: Vec<_> = commands.iter().filter(|name| !exists(name)).collect();
                    assert!(unknown.is_empty(), "{}: {unknown:?}", advisory.id);
                }
                Need::Setting(name) => assert!(SettingId::of(name).is_some(), "{}: {name}", advisory.id),
                _ => {}
            }
        }
    }
}

#[test]
fn branches_know_their_last_release() {
    for branch in &BRANCHES {
        assert_eq!(branch.latest.split('.').count(), 3, "{}", branch.latest);
    }
    assert_eq!(Branch::of(&release("redis:7.0.11")).unwrap().end, Some("2024-07-29"));
    assert_eq!(Branch::of(&release("redis:8.2")).unwrap().end, None);
    assert_eq!(Branch::of(&release("valkey:8.1.1")).unwrap().latest, "8.1.11");
}
