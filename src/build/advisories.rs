//! `checks/redis/advisories/*.toml` → the static tables that `advisory.rs` includes.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use serde::Deserialize;

use crate::version::{Product, Release};

const FOLDER: &str = "checks/redis/advisories";

/// One known vulnerability. The reference of the data files.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// `CVE-YYYY-N` or `GHSA-…`, which is also the name of the file.
    id: String,
    #[serde(default, rename = "aliases")]
    _aliases: Vec<String>,
    /// One line.
    title: String,
    /// What an attacker gains: a verb and its object.
    #[serde(rename = "gains")]
    _gains: String,
    /// By the project's own scale.
    severity: String,
    #[serde(rename = "cvss")]
    _cvss: Option<Cvss>,
    /// The products that the sources speak of.
    products: Vec<String>,
    /// The only distribution whose packages it is in.
    only: Option<String>,
    /// The versions that brought it in, where a source says so.
    #[serde(default)]
    since: Vec<String>,
    /// What makes it reachable; all of them together.
    needs: Vec<String>,
    #[serde(default)]
    affected: Vec<Range>,
    /// `redis:7.0.15`, or `redis:7.0.15+debian` where packages of a distribution have it.
    #[serde(default)]
    fixed: Vec<String>,
    #[serde(rename = "references")]
    _references: Vec<String>,
    #[serde(default, rename = "correction")]
    _correction: Vec<Correction>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cvss {
    #[serde(rename = "version")]
    _version: String,
    #[serde(rename = "score")]
    _score: f64,
    #[serde(rename = "source")]
    _source: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Range {
    product: String,
    from: String,
    below: String,
    #[serde(rename = "source")]
    _source: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Correction {
    #[serde(rename = "text")]
    _text: String,
    #[serde(rename = "source")]
    _source: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Branch {
    first: Option<String>,
    end: Option<String>,
    latest: String,
    #[serde(default)]
    dated: BTreeMap<String, String>,
    #[serde(rename = "source")]
    _source: String,
}

/// Writes `advisories.rs` into the build folder.
pub fn generate() {
    println!("cargo::rerun-if-changed={FOLDER}");
    println!("cargo::rerun-if-changed=src/build/advisories.rs");
    let mut entries: Vec<Entry> = Vec::new();
    let mut branches: BTreeMap<String, BTreeMap<String, Branch>> = BTreeMap::new();
    let mut files: Vec<_> = std::fs::read_dir(FOLDER).expect("the data is there").flatten().map(|f| f.path()).collect();
    files.sort();
    for path in files.iter().filter(|path| path.extension().is_some_and(|ending| ending == "toml")) {
        println!("cargo::rerun-if-changed={}", path.display());
        let text = std::fs::read_to_string(path).expect("a data file can be read");
        if path.ends_with("releases.toml") {
            branches = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        } else {
            entries.push(toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())));
        }
    }
    let out = Path::new(&std::env::var_os("OUT_DIR").expect("cargo sets it")).join("advisories.rs");
    std::fs::write(out, tables(&entries, &branches)).expect("the build folder can be written");
}

fn tables(entries: &[Entry], branches: &BTreeMap<String, BTreeMap<String, Branch>>) -> String {
    let mut out = format!(
        "/// Every known vulnerability, sorted by id.\npub static ADVISORIES: [Advisory; {}] = [\n",
        entries.len()
    );
    for entry in entries {
        writeln!(out, "{},", entry.advisory()).expect("a string takes all");
    }
    let count: usize = branches.values().map(BTreeMap::len).sum();
    writeln!(out, "];\n/// Every minor branch.\npub static BRANCHES: [Branch; {count}] = [")
        .expect("a string takes all");
    for (product, branches) in branches {
        for (minor, branch) in branches {
            let dated: Vec<String> = branch
                .dated
                .iter()
                .map(|(release, date)| {
                    format!("({}, {:?})", patch(&release_of(&format!("{product}:{release}"))), day(date))
                })
                .collect();
            let first = release_of(&format!("{product}:{minor}"));
            let text = |date: &Option<String>| date.as_deref().map(day).map(str::to_owned);
            writeln!(
                out,
                "Branch {{ product: {}, minor: {:?}, first: {:?}, end: {:?}, latest: {:?}, dated: &[{}] }},",
                product_of(first.product),
                first.minor,
                text(&branch.first),
                text(&branch.end),
                branch.latest,
                dated.join(", ")
            )
            .expect("a string takes all");
        }
    }
    out.push_str("];\n");
    out
}

impl Entry {
    fn advisory(&self) -> String {
        assert!(["critical", "high", "medium", "low"].contains(&self.severity.as_str()), "{}: severity", self.id);
        let products: Vec<&str> = self.products.iter().map(|name| product_of(named(name))).collect();
        let places = |all: &[String]| {
            let fixes: Vec<String> = all.iter().map(|text| place(text)).collect();
            fixes.join(", ")
        };
        let ranges: Vec<String> = self
            .affected
            .iter()
            .map(|range| {
                let number = |text: &str| number(&release_of(&format!("{}:{text}", range.product)));
                format!(
                    "Range {{ product: {}, from: {:?}, below: {:?} }}",
                    product_of(named(&range.product)),
                    number(&range.from),
                    number(&range.below)
                )
            })
            .collect();
        let needs: Vec<String> = self.needs.iter().map(|need| need_of(need)).collect();
        format!(
            "Advisory {{ id: {:?}, title: {:?}, severity: {:?}, products: &[{}], only: {:?}, since: &[{}], needs: &[{}], \
             affected: &[{}], fixed: &[{}] }}",
            self.id,
            self.title,
            self.severity,
            products.join(", "),
            self.only,
            places(&self.since),
            needs.join(", "),
            ranges.join(", "),
            places(&self.fixed),
        )
    }
}

/// A need in Rust.
fn need_of(text: &str) -> String {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    match (word, rest) {
        ("scripts", "") => "Need::Scripts".to_owned(),
        ("client", "") => "Need::Client".to_owned(),
        ("network", "") => "Need::Network".to_owned(),
        ("tls", "") => "Need::Tls".to_owned(),
        ("cluster-bus", "") => "Need::ClusterBus".to_owned(),
        ("module", "") => "Need::Module".to_owned(),
        ("replica", "") => "Need::Replica".to_owned(),
        ("unix-socket", "") => "Need::UnixSocket".to_owned(),
        ("key-patterns", "") => "Need::KeyPatterns".to_owned(),
        ("unstated", "") => "Need::Unstated".to_owned(),
        ("run", commands) if !commands.is_empty() => {
            format!("Need::Run(&{:?})", commands.split(' ').collect::<Vec<_>>())
        }
        ("setting", name) if !name.is_empty() => format!("Need::Setting({name:?})"),
        ("outside", what) if !what.is_empty() => format!("Need::Outside({what:?})"),
        _ => panic!("`{text}` is no need"),
    }
}

fn release_of(text: &str) -> Release {
    Release::parse(text).unwrap_or_else(|why| panic!("{why}"))
}

fn named(product: &str) -> Product {
    release_of(&format!("{product}:0.0")).product
}

fn product_of(product: Product) -> &'static str {
    match product {
        Product::Redis => "Product::Redis",
        Product::Valkey => "Product::Valkey",
    }
}

fn patch(release: &Release) -> u8 {
    release.patch.expect("a full version")
}

fn number(release: &Release) -> (u8, u8, u8) {
    (release.minor.0, release.minor.1, patch(release))
}

fn place(text: &str) -> String {
    let release = release_of(text);
    format!(
        "At {{ product: {}, number: {:?}, distribution: {:?} }}",
        product_of(release.product),
        number(&release),
        release.distribution
    )
}

/// `2026-02-11`, which sorts as text.
fn day(text: &str) -> &str {
    let right = text.len() == 10 && text.split('-').map(str::len).eq([4, 2, 2]);
    assert!(right && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_digit()), "`{text}` is no date");
    text
}
