//! Promises about all modules and all checks, read from their text: who may use whom, one home for each external
//! crate, sizes, and ids.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Modules by layer, the lowest first. A module uses its own layer and those below.
const LAYERS: [&[&str]; 8] = [
    &["text", "fact", "files", "date"],
    &["expr", "truth", "schema", "edit", "finding", "mask", "spell", "waiver", "caching", "header", "keyspace"],
    &["check", "platform", "config", "build"],
    &["judge", "collect", "choose"],
    &["waive", "fix"],
    &["report", "merge", "diff"],
    &["lib", "audit", "drift", "example", "inventory", "project", "repair", "settle"],
    &["main", "cli"],
];

/// The halves that never see each other, though they are of one layer.
const APART: [&str; 3] = ["check", "platform", "config"];

/// The only homes of external crates; the others may be used anywhere.
const HOMES: [(&str, &[&str]); 13] = [
    ("cel", &[]),
    ("clap", &["cli", "main"]),
    ("clap_complete", &["cli"]),
    ("clap_mangen", &["cli"]),
    ("globset", &["choose", "waive"]),
    ("ignore", &["collect", "config", "files"]),
    ("miette", &["report/terminal"]),
    ("redis", &["platform/redis/live"]),
    ("rustls", &["platform/redis/live"]),
    ("sha2", &["drift", "fact", "report", "platform/redis"]),
    ("terminal_size", &["cli"]),
    ("walkdir", &["collect"]),
    ("x509_parser", &["platform/redis/live"]),
];

/// Longer than 400 lines, and why.
const LONG: [(&str, &str); 5] = [
    ("expr/check.rs", "the rules of the expression language, each with its message"),
    ("expr/parse.rs", "one grammar"),
    ("platform/redis/conf/evaluate.rs", "one walk through the lines, whose state all directives share"),
    ("platform/redis/value.rs", "one parser for each kind of value"),
    ("truth.rs", "one evaluator: each construct in all three values"),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files below a folder with this ending, by path relative to it.
fn files(folder: &Path, ending: &str) -> BTreeMap<String, String> {
    let mut open = vec![folder.to_path_buf()];
    let mut files = BTreeMap::new();
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(&next).into_iter().flatten() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == ending) {
                let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
                files.insert(name, std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    files
}

fn module(file: &str) -> &str {
    let first = file.split('/').next().unwrap();
    first.strip_suffix(".rs").unwrap_or(first)
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|modules| modules.contains(&module))
}

/// The words after each `crate::` or, for the binary, `hardline::`, in code.
fn used(text: &str) -> BTreeSet<&str> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let mut used = BTreeSet::new();
    for line in code {
        for prefix in ["crate::", "hardline::"] {
            for part in line.split(prefix).skip(1) {
                let end = part.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(part.len());
                if layer(&part[..end]).is_some() {
                    used.insert(&part[..end]);
                }
            }
        }
    }
    used
}

#[test]
fn modules_use_only_layers_below() {
    let mut wrong = Vec::new();
    for (file, text) in files(&root().join("src"), "rs") {
        let own = module(&file);
        let Some(at) = layer(own) else {
            wrong.push(format!("{file}: no layer"));
            continue;
        };
        for other in used(&text) {
            let apart = own != other && APART.contains(&own) && APART.contains(&other);
            if layer(other) > Some(at) || apart {
                wrong.push(format!("{file} uses {other}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn external_crates_have_one_home() {
    let mut wrong = Vec::new();
    for (file, text) in files(&root().join("src"), "rs") {
        for (name, homes) in HOMES {
            let named = text.lines().any(|line| {
                let line = line.trim_start();
                line.starts_with(&format!("use {name}::"))
                    || !line.starts_with("//") && line.contains(&format!(" {name}::"))
            });
            // The platform has the name of a crate.
            let ours = name == "redis" && !text.contains("use redis::");
            if named && !ours && !homes.iter().any(|home| file.starts_with(home)) {
                wrong.push(format!("{file} names {name}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_are_short_or_say_why() {
    let all = files(&root().join("src"), "rs");
    let long: Vec<String> = all
        .iter()
        .filter(|(file, text)| text.lines().count() > 400 && !LONG.iter().any(|(name, _)| name == file))
        .map(|(file, text)| format!("{file}: {} lines", text.lines().count()))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
    for (file, _) in LONG {
        assert!(all.get(file).is_none_or(|text| text.lines().count() > 400), "{file} is no longer long");
    }
    let main = all["main.rs"].lines().count();
    assert!(main < 60, "main.rs has {main} lines");
}

#[test]
fn a_check_is_called_like_its_file() {
    let folder = root().join("checks");
    let mut ids = BTreeMap::new();
    for (file, text) in files(&folder, "toml") {
        let table: toml::Table = match text.parse() {
            Ok(table) => table,
            Err(error) => panic!("{file}: {error}"),
        };
        // Data that checks read lies beside them, in a folder of its own with a test of its own.
        if file.contains("/advisories/") || file.contains("/drift/") {
            continue;
        }
        let id = table.get("id").and_then(toml::Value::as_str).unwrap_or_else(|| panic!("{file} has no id"));
        assert_eq!(Some(id), file.strip_suffix(".toml"), "{file} has the id {id}");
        let formerly = table.get("formerly").and_then(toml::Value::as_array).cloned().unwrap_or_default();
        let names = formerly.iter().filter_map(toml::Value::as_str).chain([id]);
        for name in names {
            if let Some(other) = ids.insert(name.to_owned(), file.clone()) {
                panic!("{file} and {other} both have the id {name}");
            }
        }
    }
}
