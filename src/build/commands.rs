//! `data/commands.toml` → the static tables that `acl/commands.rs` includes.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::directives::any;
use crate::version::{VERSIONS, Version};

const DATA: &str = "src/platform/redis/data/commands.toml";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    categories: Vec<String>,
    commands: BTreeMap<String, Entry>,
}

/// What a row of the file may say, and what a `vary` of it may say differently.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    on: Option<Vec<String>>,
    arity: Option<i8>,
    acl: Option<String>,
    keys: Option<Vec<String>>,
    range: Option<String>,
    code: Option<String>,
    channels: Option<String>,
    databases: Option<String>,
    no_auth: Option<bool>,
    sentinel: Option<Sentinel>,
    #[serde(default)]
    vary: Vec<Entry>,
}

/// Whether a server that runs as a Sentinel has a command; where nothing is said, it has not. Of a `vary`, whether it
/// holds for a Sentinel alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Sentinel {
    Also,
    Only,
}

/// Writes `commands.rs` into the build folder.
pub fn generate() {
    println!("cargo::rerun-if-changed={DATA}");
    println!("cargo::rerun-if-changed=src/build/commands.rs");
    let text = std::fs::read_to_string(DATA).expect("the data file is there");
    let data: Data = toml::from_str(&text).expect("the data file is well-formed");
    let out = Path::new(&std::env::var_os("OUT_DIR").expect("cargo sets it")).join("commands.rs");
    std::fs::write(out, tables(&data)).expect("the build folder can be written");
}

fn tables(data: &Data) -> String {
    // A container comes right before its subcommands.
    let mut names: Vec<&str> = data.commands.keys().map(String::as_str).collect();
    names.sort_by_key(|name| name.split('|').collect::<Vec<_>>());
    let count = names.len();
    // One bit more for the commands that modules may bring.
    let words = count / 64 + 1;
    let mut containers = Vec::new();
    for (id, name) in names.iter().enumerate() {
        let above = name.split('|').next().and_then(|above| names.iter().position(|other| *other == above));
        containers.push(above.filter(|above| *above <= id).expect("a subcommand has a container"));
    }
    let mut rows: Vec<String> = Vec::new();
    let mut of_mode = |sentinel: bool| -> String {
        let table = |version: &Version| {
            let here: Vec<Option<Entry>> =
                names.iter().map(|name| data.commands[*name].at(version, sentinel)).collect();
            table(&data.categories, &here, &containers, words, &mut rows)
        };
        VERSIONS.iter().map(table).collect()
    };
    let (servers, sentinels) = (of_mode(false), of_mode(true));
    let mut top = phf_codegen::Map::new();
    for id in (0..count).filter(|id| containers[*id] == *id) {
        top.entry(names[id].as_bytes(), format!("Command({id})"));
    }
    format!(
        "/// How many commands there are in all versions together, subcommands included.\n\
         pub const COUNT: usize = {count};\n\
         /// How many words of 64 bits a set of commands takes.\n\
         pub const WORDS: usize = {words};\n\
         static NAMES: [&str; COUNT] = {names:?};\n\
         static CONTAINERS: [u16; COUNT] = {containers:?};\n\
         /// The commands that are no subcommands.\n\
         static TOP: phf::Map<&'static [u8], Command> = {};\n\
         /// The categories, in the order in which the server tries them when it describes a user.\n\
         pub static CATEGORIES: [&str; {}] = {:?};\n\
         static ROWS: [Row; {}] = [\n{}\n];\n\
         static TABLES: [Table; {versions}] = [\n{servers}];\n\
         static SENTINEL_TABLES: [Table; {versions}] = [\n{sentinels}];\n",
        top.build(),
        data.categories.len(),
        data.categories,
        rows.len(),
        rows.join(",\n"),
        versions = VERSIONS.len(),
    )
}

/// One `Table` in Rust. Its rows are put into `rows`, each once.
fn table(
    categories: &[String],
    here: &[Option<Entry>],
    containers: &[usize],
    words: usize,
    rows: &mut Vec<String>,
) -> String {
    let number = |entry: &Option<Entry>| {
        entry.as_ref().map_or(u16::MAX, |entry| {
            let row = entry.row(categories);
            let index = rows.iter().position(|other| *other == row).unwrap_or_else(|| {
                rows.push(row);
                rows.len() - 1
            });
            u16::try_from(index).expect("few rows")
        })
    };
    let numbers: Vec<u16> = here.iter().map(number).collect();
    let sets: Vec<Vec<u64>> = categories.iter().map(|category| reach(category, here, containers, words)).collect();
    let all = (0..here.len()).filter(|id| here[*id].is_some()).fold(vec![0; words], with);
    format!("Table {{ rows: {numbers:?}, reach: {sets:?}, all: {all:?} }},\n")
}

/// The commands that a rule on a category touches: its own, and with a container all its subcommands.
fn reach(category: &str, here: &[Option<Entry>], containers: &[usize], words: usize) -> Vec<u64> {
    let is_in = |id: usize| {
        here[id]
            .as_ref()
            .is_some_and(|entry| entry.acl.as_deref().unwrap_or_default().split(' ').any(|word| word == category))
    };
    (0..here.len()).filter(|&id| here[id].is_some() && (is_in(id) || is_in(containers[id]))).fold(vec![0; words], with)
}

fn with(mut set: Vec<u64>, id: usize) -> Vec<u64> {
    set[id / 64] |= 1 << (id % 64);
    set
}

impl Entry {
    /// What holds in one version, as a plain server or as a Sentinel, if it has the command.
    fn at(&self, version: &Version, sentinel: bool) -> Option<Entry> {
        let other_mode = match self.sentinel {
            None => sentinel,
            Some(Sentinel::Also) => false,
            Some(Sentinel::Only) => !sentinel,
        };
        if other_mode || self.on.as_ref().is_some_and(|on| !any(on, version)) {
            return None;
        }
        let mut here = self.clone();
        let holds = |vary: &&Entry| {
            any(vary.on.as_deref().unwrap_or_default(), version) && (vary.sentinel.is_none() || sentinel)
        };
        for vary in self.vary.iter().filter(holds) {
            macro_rules! take {
                ($($field:ident)*) => { $(if vary.$field.is_some() { here.$field = vary.$field.clone(); })* };
            }
            take!(arity acl keys range code channels databases no_auth);
        }
        // Each of the two ways of finding keys is known to some versions only.
        if version.number < (7, 0, 0) {
            here.keys = None;
        } else {
            here.range = None;
        }
        Some(here)
    }

    /// A `Row` in Rust.
    fn row(&self, categories: &[String]) -> String {
        let mask = self
            .acl
            .as_deref()
            .expect("every command says its categories")
            .split_whitespace()
            .fold(0u32, |mask, word| {
                mask | 1 << categories.iter().position(|category| category == word).expect("a category")
            });
        let keys: Vec<String> = self.keys.iter().flatten().map(|text| key_spec(text)).collect();
        let range = match self.range.as_deref().map(numbers) {
            Some(range) => format!("Some({range:?})"),
            None => "None".to_owned(),
        };
        let code = match self.code.as_deref().unwrap_or_default().split(' ').collect::<Vec<_>>()[..] {
            [""] => "Code::None".to_owned(),
            ["count", count] => format!("Code::Counted {{ count: {count}, store: 0 }}"),
            ["count", count, "store", store] => format!("Code::Counted {{ count: {count}, store: {store} }}"),
            [name] => format!("Code::{}", camel(name)),
            ref other => panic!("{other:?} is no code"),
        };
        let one_of = |name: &str, text: Option<&str>| match text.filter(|text| !text.is_empty()) {
            Some(text) => format!("{name}::{}", camel(text)),
            None => format!("{name}::None"),
        };
        format!(
            "Row {{ arity: {}, categories: {mask:#x}, keys: &[{}], range: {range}, code: {code}, channels: {}, \
             databases: {}, no_auth: {} }}",
            self.arity.expect("every command has an arity"),
            keys.join(", "),
            one_of("Channels", self.channels.as_deref()),
            one_of("Databases", self.databases.as_deref()),
            self.no_auth.unwrap_or(false),
        )
    }
}

/// `begin find: flags` as a `KeySpec` in Rust.
fn key_spec(text: &str) -> String {
    let (place, flags) = text.split_once(": ").unwrap_or((text, ""));
    let mut words = place.split(' ');
    let first = words.next().unwrap_or_default();
    let (begin, last) = match first.split_once("..") {
        Some((begin, last)) => (begin, last.parse::<i8>().expect("a negative number")),
        None => first.split_once('+').map_or((first, 0), |(begin, last)| (begin, last.parse().expect("a number"))),
    };
    let begin = match begin.split_once('@') {
        _ if begin == "?" => "Begin::Unknown".to_owned(),
        Some((word, from)) => format!("Begin::Word(b{:?}, {from})", word.to_ascii_lowercase()),
        None => format!("Begin::At({begin})"),
    };
    let (mut counted, mut step, mut part) = (false, 1, 0);
    while let Some(word) = words.next() {
        let mut number = || words.next().and_then(|text| text.parse::<i8>().ok()).expect("a number");
        match word {
            "counted" => counted = true,
            "step" => step = number(),
            "part" => part = number(),
            other => panic!("`{other}` in the key spec `{text}`"),
        }
    }
    let flags: Vec<&str> = flags.split(' ').filter(|flag| !flag.is_empty()).collect();
    let known = ["access", "insert", "update", "delete", "not-a-key", "incomplete", "varying"];
    assert!(flags.iter().all(|flag| known.contains(flag)), "an unknown flag in `{text}`");
    let any_of = |words: &[&str]| flags.iter().any(|flag| words.contains(flag));
    format!(
        "KeySpec {{ begin: {begin}, last: {last}, counted: {counted}, step: {step}, part: {part}, read: {}, write: {}, \
         not_a_key: {}, incomplete: {}, varying: {} }}",
        any_of(&["access"]),
        any_of(&["insert", "update", "delete"]),
        any_of(&["not-a-key"]),
        any_of(&["incomplete"]),
        any_of(&["varying"]),
    )
}

fn numbers(text: &str) -> [i8; 3] {
    let numbers: Vec<i8> = text.split(' ').map(|word| word.parse().expect("a number")).collect();
    numbers.try_into().expect("first, last and step")
}

fn camel(words: &str) -> String {
    words.split('_').map(|word| word[..1].to_uppercase() + &word[1..]).collect()
}
