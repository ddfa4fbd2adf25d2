//! What hardline finds in the files of a truth, for the version of each server.

use std::collections::BTreeMap;

use hardline::check::embedded;
use hardline::files::{Location, Memory};
use hardline::finding::Verdict;
use hardline::judge::judge;
use hardline::platform::{Context, Found, PLATFORMS, Reading, read_all};
use hardline::text::Place;

use super::super::servers::{Server, Setup};

/// What a check comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    Fault,
    Nothing,
    Undecided,
}

/// Judges the files by one check, as this server's version reads them.
pub fn says(check: &str, setup: &Setup, server: &Server) -> Says {
    let (platform, _) = check.split_once('/').expect("an id has a platform");
    let platform = PLATFORMS.iter().map(|known| known.schema().name).find(|name| *name == platform);
    let mut files = Memory::new();
    for (path, bytes) in &setup.files {
        let text = String::from_utf8_lossy(bytes);
        let text = text.replace("{PORT2}", "6380").replace("{PORT}", "6379").replace("{OWN}", "10.9.8.7");
        files.put(path, text.replace("{DIR}", "/").into_bytes());
    }
    let (path, bytes) = files.iter().find(|(path, _)| path.ends_with("test.conf")).expect("the main file");
    let found = Found {
        location: Location::Here(path.to_path_buf()),
        place: Place::File(path.to_path_buf()),
        bytes: bytes.to_vec(),
        asked: true,
        named: false,
        platform,
    };
    let versions = BTreeMap::from([("redis".to_owned(), server.version.to_string())]);
    let mut reading = Reading::default();
    let subjects = read_all(
        vec![found],
        &Context {
            files: &files,
            versions: &versions,
            wanted: &hardline::platform::Wanted::All,
            today: None,
            cache_rules: None,
        },
        &mut reading,
    );
    let roots: Vec<_> = PLATFORMS.iter().map(|platform| platform.schema()).collect();
    let prepared = embedded::all().iter().find(|embedded| embedded.id == check).expect("a check of this id");
    let check = prepared.check(&roots).expect("the check is sound");
    let verdicts: Vec<Verdict> = subjects
        .iter()
        .filter(|subject| subject.kind == check.rule.reads)
        .flat_map(|subject| judge(&check, subject, &check.params_with(&BTreeMap::new()).expect("its own defaults")))
        .map(|judged| judged.verdict)
        .collect();
    assert!(!verdicts.iter().any(|verdict| matches!(verdict, Verdict::Broken { .. })), "{verdicts:?}");
    if verdicts.iter().any(|verdict| matches!(verdict, Verdict::Fail(_))) {
        Says::Fault
    } else if verdicts.iter().any(|verdict| matches!(verdict, Verdict::Unknown(_))) {
        Says::Undecided
    } else {
        Says::Nothing
    }
}
