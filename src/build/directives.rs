//! `data/directives.toml` → the static tables that `directive.rs` includes.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use serde::Deserialize;

use crate::version::{Product, VERSIONS, Version};

const DATA: &str = "src/platform/redis/data/directives.toml";

/// What a line of the file may say, and what a `vary` of it may say differently.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Entry {
    on: Option<Vec<String>>,
    name: Option<String>,
    alias: Option<String>,
    r#type: Option<String>,
    words: Option<Vec<String>>,
    min: Option<i64>,
    max: Option<i64>,
    unit: Option<String>,
    unsigned: Option<bool>,
    rule: Option<String>,
    default: Option<String>,
    hidden: Option<bool>,
    secret: Option<bool>,
    immutable: Option<bool>,
    protected: Option<bool>,
    #[serde(default)]
    vary: Vec<Entry>,
    doc: Option<String>,
}

/// Writes `directives.rs` into the build folder.
pub fn generate() {
    println!("cargo::rerun-if-changed={DATA}");
    println!("cargo::rerun-if-changed=src/build/directives.rs");
    let text = std::fs::read_to_string(DATA).expect("the data file is there");
    let entries: BTreeMap<String, Entry> = toml::from_str(&text).expect("the data file is well-formed");
    let out = Path::new(&std::env::var_os("OUT_DIR").expect("cargo sets it")).join("directives.rs");
    std::fs::write(out, tables(&entries)).expect("the build folder can be written");
}

fn tables(entries: &BTreeMap<String, Entry>) -> String {
    let mut specs: Vec<String> = Vec::new();
    let mut settings = String::new();
    let mut fields = String::new();
    // A name, the setting it means, and the versions (as bits) in which it does.
    let mut names: BTreeMap<String, (usize, u16)> = BTreeMap::new();
    for (number, (key, entry)) in entries.iter().enumerate() {
        let mut by_version = Vec::new();
        for (world, version) in VERSIONS.iter().enumerate() {
            let Some(here) = entry.at(version) else {
                by_version.push("None".to_owned());
                continue;
            };
            let name = here.name.as_deref().filter(|name| !name.is_empty()).unwrap_or(key);
            let alias = here.alias.as_deref().filter(|alias| !alias.is_empty());
            for known in std::iter::once(name).chain(alias) {
                let place = names.entry(known.to_owned()).or_insert((number, 0));
                assert_eq!(place.0, number, "`{known}` names two settings");
                assert!(known.len() <= 64, "`{known}` is longer than LONGEST");
                place.1 |= 1 << world;
            }
            let spec = here.spec(name, alias);
            let index = specs.iter().position(|other| *other == spec).unwrap_or_else(|| {
                specs.push(spec);
                specs.len() - 1
            });
            by_version.push(format!("Some(&SPECS[{index}])"));
        }
        let fact = key.replace('-', "_");
        let doc = entry.doc.as_deref().expect("every setting has a doc");
        let hidden = entry.hidden == Some(true) && entry.vary.iter().all(|vary| vary.hidden != Some(false));
        writeln!(
            settings,
            "Setting {{ name: {key:?}, fact: {fact:?}, hidden: {hidden}, by_version: [{}] }},",
            by_version.join(", ")
        )
        .expect("a string takes all");
        if !hidden {
            let ty = entry.fact_type();
            writeln!(fields, "Field {{ name: {fact:?}, ty: {ty}, doc: {doc:?} }},").expect("a string takes all");
        }
    }
    let mut named = phf_codegen::Map::new();
    for (name, (setting, versions)) in &names {
        named.entry(name.as_bytes(), format!("Named {{ setting: SettingId({setting}), versions: {versions:#x} }}"));
    }
    let mut keys = phf_codegen::Map::new();
    for (number, key) in entries.keys().enumerate() {
        keys.entry(key.as_str(), format!("SettingId({number})"));
    }
    let numbered = |(number, spec): (usize, &String)| format!("Spec {{ number: {number}, {spec} }}");
    let specs: Vec<String> = specs.iter().enumerate().map(numbered).collect();
    format!(
        "static SPECS: [Spec; {}] = [\n{}\n];\n\
         /// Every setting of every version, sorted by name.\n\
         pub static SETTINGS: [Setting; {}] = [\n{settings}];\n\
         /// Settings by the words that name them in some version.\n\
         static NAMED: phf::Map<&'static [u8], Named> = {};\n\
         /// Settings by their keys in the data file.\n\
         static KEYS: phf::Map<&'static str, SettingId> = {};\n\
         /// The settings as facts.\n\
         pub static FIELDS: &[Field] = &[\n{fields}];\n",
        specs.len(),
        specs.join(",\n"),
        entries.len(),
        named.build(),
        keys.build(),
    )
}

impl Entry {
    /// What holds in one version, if the version has the setting.
    fn at(&self, version: &Version) -> Option<Entry> {
        if self.on.as_ref().is_some_and(|on| !any(on, version)) {
            return None;
        }
        let mut here = self.clone();
        for vary in self.vary.iter().filter(|vary| any(vary.on.as_deref().unwrap_or_default(), version)) {
            macro_rules! take {
                ($($field:ident)*) => { $(if vary.$field.is_some() { here.$field = vary.$field.clone(); })* };
            }
            take!(name alias r#type words min max unit unsigned rule default hidden secret immutable protected);
        }
        Some(here)
    }

    /// The fields of a `Spec` in Rust.
    fn spec(&self, name: &str, alias: Option<&str>) -> String {
        let words = || format!("&{:?}", self.words.as_deref().unwrap_or_default());
        let kind = match self.r#type.as_deref().expect("every setting has a type") {
            "bool" => "Kind::Bool".to_owned(),
            "int" => self.number(),
            "enum" => format!("Kind::Enum({})", words()),
            "flags" => format!("Kind::Flags({})", words()),
            "text" => "Kind::Text".to_owned(),
            "bytes" => "Kind::Bytes".to_owned(),
            "bind" | "rdma-bind" => "Kind::Bind".to_owned(),
            "save" => "Kind::Save".to_owned(),
            "client-output-buffer-limit" => "Kind::OutputLimits".to_owned(),
            "oom-score-adj-values" => "Kind::OomScores".to_owned(),
            "latency-tracking-info-percentiles" => "Kind::Percentiles".to_owned(),
            "notify-keyspace-events" => "Kind::KeyspaceEvents".to_owned(),
            "replicaof" => "Kind::ReplicaOf".to_owned(),
            "dir" => "Kind::Dir".to_owned(),
            other => panic!("`{other}` is no type"),
        };
        let rule = match self.rule.as_deref().filter(|rule| !rule.is_empty()) {
            None => "None".to_owned(),
            Some(rule) => format!("Some(Rule::{})", camel(rule)),
        };
        let yes = |flag: Option<bool>| flag.unwrap_or(false);
        format!(
            "name: {name:?}, alias: {alias:?}, kind: {kind}, rule: {rule}, default: {:?}, hidden: {}, \
             secret: {}, immutable: {}, protected: {}",
            self.default.as_deref().unwrap_or_default(),
            yes(self.hidden),
            yes(self.secret),
            yes(self.immutable),
            yes(self.protected),
        )
    }

    fn number(&self) -> String {
        let unit = match self.unit.as_deref().filter(|unit| !unit.is_empty()) {
            None => "Unit::Plain".to_owned(),
            Some(unit) => format!("Unit::{}", camel(unit)),
        };
        let (min, max) = (self.min.expect("an int has a min"), self.max.expect("an int has a max"));
        let unsigned = self.unsigned.unwrap_or(false);
        format!("Kind::Int(Range {{ min: {min}, max: {max}, unit: {unit}, unsigned: {unsigned} }})")
    }

    /// The type of the fact, in Rust.
    fn fact_type(&self) -> &'static str {
        if self.secret == Some(true) {
            return "Type::Secret";
        }
        match self.r#type.as_deref() {
            Some("bool") => "Type::Bool",
            Some("int") => "Type::Int",
            Some("bind" | "rdma-bind" | "save") => "Type::List(&Type::Text)",
            _ => "Type::Text",
        }
    }
}

fn camel(words: &str) -> String {
    words.split('-').map(|word| word[..1].to_uppercase() + &word[1..]).collect()
}

/// Whether one of `redis`, `redis 7.0..`, `redis 7.0..7.4`, `valkey 9.1`, `redis 7.0.15+debian` means this version.
pub fn any(on: &[String], version: &Version) -> bool {
    on.iter().any(|text| {
        let (product, range) = text.split_once(' ').unwrap_or((text, ".."));
        let right = match product {
            "redis" => version.product == Product::Redis,
            "valkey" => version.product == Product::Valkey,
            other => panic!("`{other}` is no product"),
        };
        if let Some((number, distribution)) = range.split_once('+') {
            let (major, minor, patch) = version.number;
            return right && number == format!("{major}.{minor}.{patch}") && version.distribution == Some(distribution);
        }
        let (from, to) = range.split_once("..").unwrap_or((range, range));
        let minor = |text: &str| {
            let (major, minor) = text.split_once('.').expect("a version is major.minor");
            (major.parse::<u8>().expect("a number"), minor.parse::<u8>().expect("a number"))
        };
        let here = (version.number.0, version.number.1);
        right && (from.is_empty() || minor(from) <= here) && (to.is_empty() || here <= minor(to))
    })
}
