//! Prepares the checks under `checks/` for [`crate::check::embedded`]: part of the build script.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use crate::pack;

/// Writes `checks.rs` into the build folder: one `Embedded` for each `checks/PLATFORM/NAME.toml`.
pub fn generate() {
    if let Err(error) = prepare() {
        println!("cargo::error=checks: {error}");
    }
}

fn prepare() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let folder = root.join("checks");
    for file in ["build/checks.rs", "build/pack.rs", "build/expression.rs", "expr/lex.rs", "expr/parse.rs"] {
        println!("cargo::rerun-if-changed=src/{file}");
    }
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut out = String::from("static EMBEDDED: &[Embedded] = &[\n");
    for (id, path) in files(&folder)? {
        println!("cargo::rerun-if-changed={}", path.display());
        let text = fs::read_to_string(&path)?;
        // A file that is no TOML is left to the loader, which says where and why.
        let table = text.parse::<toml::Table>().ok();
        let table = table.unwrap_or_default();
        let (listed, packed) = (listed(&table), packed(&table).unwrap_or_else(|| "None".to_owned()));
        let path = path.to_string_lossy();
        writeln!(out, "    Embedded {{ id: {id:?}, {listed}, text: include_str!({path:?}), packed: {packed} }},")
            .map_err(io::Error::other)?;
    }
    out.push_str("];\n");
    fs::write(PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("checks.rs"), out)
}

/// The check files with their ids, sorted by id. Deeper folders hold data.
fn files(folder: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let mut files = Vec::new();
    if !folder.is_dir() {
        return Ok(files);
    }
    for platform in fs::read_dir(folder)? {
        let platform = platform?.path();
        if !platform.is_dir() {
            continue;
        }
        println!("cargo::rerun-if-changed={}", platform.display());
        for file in fs::read_dir(&platform)? {
            let file = file?.path();
            if file.extension().is_some_and(|extension| extension == "toml") {
                let part = |path: Option<&std::ffi::OsStr>| path.unwrap_or_default().to_string_lossy().into_owned();
                files.push((format!("{}/{}", part(platform.file_name()), part(file.file_stem())), file));
            }
        }
    }
    files.sort();
    Ok(files)
}

/// What is needed of a check to tell whether it runs, as fields of an `Embedded`.
fn listed(table: &toml::Table) -> String {
    let text = |value: Option<&toml::Value>| value.and_then(toml::Value::as_str).unwrap_or_default().to_owned();
    let reads = text(table.get("rule").and_then(|rule| rule.get("reads")));
    let family = variant(table, "family", &FAMILIES).map_or("None".to_owned(), |family| format!("Some({family})"));
    let formerly = table.get("formerly").and_then(toml::Value::as_array);
    let formerly: Vec<&str> = formerly.into_iter().flatten().filter_map(toml::Value::as_str).collect();
    let default = table.get("default").and_then(toml::Value::as_bool).unwrap_or(true);
    format!("reads: {reads:?}, family: {family}, formerly: &{formerly:?}, default: {default}")
}

const SEVERITIES: [&str; 5] = ["info", "low", "medium", "high", "critical"];

const CONFIDENCES: [&str; 3] = ["low", "medium", "high"];

const FAMILIES: [&str; 13] = [
    "permissions",
    "secrets",
    "headers",
    "uploads",
    "logging",
    "exposure",
    "auth",
    "tls",
    "caching",
    "limits",
    "persistence",
    "drift",
    "operations",
];

/// One of some words in Rust: `severity = "high"` as `Severity::High`.
fn variant(table: &toml::Table, key: &str, words: &[&str]) -> Option<String> {
    let word = table.get(key)?.as_str().filter(|word| words.contains(word))?;
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    Some(format!("{}::{}", capital(key), capital(word)))
}

/// What a run needs of a check, as a `Packed`.
fn packed(table: &toml::Table) -> Option<String> {
    let pack::Packed { asks, facts } = pack::pack(table)?;
    let severity = variant(table, "severity", &SEVERITIES)?;
    let confidence = variant(table, "confidence", &CONFIDENCES)?;
    let family = variant(table, "family", &FAMILIES)?;
    let vetoes = table.get("vetoes_fixes").and_then(toml::Value::as_bool).unwrap_or(false);
    let (words, rest) = (said(table, false), said(table, true));
    Some(format!(
        "Some(Packed {{ severity: {severity}, confidence: {confidence}, family: {family}, vetoes_fixes: {vetoes}, \
         asks: {asks:?}, facts: {facts:?}, words: {words:?}, rest: {rest:?} }})"
    ))
}

/// What people read of a check, or what it does where the fault is there, as JSON.
fn said(table: &toml::Table, rest: bool) -> String {
    let mut table = table.clone();
    table.remove("example");
    let asked = |key: &str| if rest { key == "rule" } else { key != "rule" && key != "params" };
    // Bypasses are both: read, and asked.
    table.retain(|key, _| asked(key) || key == "bypass" || key == "fix");
    if let Some(rule) = table.get_mut("rule").and_then(toml::Value::as_table_mut) {
        rule.retain(|key, _| key != "when" && key != "deny");
    }
    if let Some(fix) = table.get_mut("fix").and_then(toml::Value::as_table_mut) {
        fix.retain(|key, _| rest == (key == "edits"));
    }
    let mut out = String::new();
    json(&toml::Value::Table(table), &mut out);
    out
}

fn json(value: &toml::Value, out: &mut String) {
    match value {
        toml::Value::String(text) => quote(text, out),
        toml::Value::Integer(number) => out.push_str(&number.to_string()),
        toml::Value::Boolean(value) => out.push_str(if *value { "true" } else { "false" }),
        // Check files have neither; the loader refuses them with their place.
        toml::Value::Float(_) | toml::Value::Datetime(_) => out.push_str("null"),
        toml::Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                json(item, out);
            }
            out.push(']');
        }
        toml::Value::Table(table) => {
            out.push('{');
            for (index, (key, item)) in table.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                quote(key, out);
                out.push(':');
                json(item, out);
            }
            out.push('}');
        }
    }
}

fn quote(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            control if (control as u32) < 0x20 => out.push_str(&format!("\\u{:04x}", control as u32)),
            other => out.push(other),
        }
    }
    out.push('"');
}
