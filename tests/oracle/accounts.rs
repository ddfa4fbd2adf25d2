//! What the tests of configurations need besides.

use std::path::PathBuf;

use hardline::fact::{Unknown, Why};
use hardline::platform::redis::conf::{Loaded, Rules, UserLine};
use hardline::platform::redis::door::{DefaultUser, Maybe};
use hardline::platform::redis::effective::{Accounts, Started};
use hardline::platform::redis::include::Library;
use hardline::platform::redis::split::Word;
use hardline::platform::redis::version::Version;
use std::collections::BTreeSet;

/// A file of recorded answers or facts, if they are there.
pub fn shared(path: &str) -> Option<PathBuf> {
    let shared = std::env::var_os("HARDLINE_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    Some(shared.join(path)).filter(|path| path.exists())
}

pub struct Known(BTreeSet<String>);

pub fn rules() -> Known {
    let text = std::fs::read_to_string(shared("facts/redis/commands/redis-7.4.1.json").unwrap()).unwrap();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut names = BTreeSet::new();
    fn walk(value: &serde_json::Value, names: &mut BTreeSet<String>) {
        if let Some(map) = value.as_object() {
            for (key, value) in map {
                names.insert(key.clone());
                walk(value, names);
            }
        }
    }
    walk(&value, &mut names);
    Known(names)
}

impl Rules for Known {
    fn command(&self, _: &Version, name: &[u8]) -> bool {
        self.0.contains(std::str::from_utf8(name).unwrap_or_default())
    }

    fn refuses(&self, _: &Version, _: &[Word], _: &[UserLine]) -> Option<(usize, String)> {
        None
    }
}

impl Accounts for Known {
    fn start(&self, loaded: &Loaded, _: &mut Library<'_>) -> Started {
        let no = Unknown::new(Why::NotSupported, loaded.end, "");
        let user = DefaultUser {
            enabled: Maybe::Unknown(no.clone()),
            nopass: Maybe::Unknown(no.clone()),
            may_ping: Maybe::Unknown(no),
        };
        Started { refusals: Vec::new(), doubts: Vec::new(), users: Vec::new(), default_user: user }
    }
}
