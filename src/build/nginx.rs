//! `platform/nginx/data/directives.toml` → the static tables that `directive.rs` includes.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use serde::Deserialize;

const DATA: &str = "src/platform/nginx/data/directives.toml";

/// What the file says.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Data {
    directives: BTreeMap<String, Vec<Row>>,
    variables: BTreeMap<String, Vec<Variable>>,
    third_party: BTreeMap<String, Foreign>,
}

/// A directive in one module, in some versions.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    module: String,
    r#in: String,
    args: String,
    setter: String,
    handler: Option<String>,
    words: Option<Vec<String>>,
    min: Option<i64>,
    max: Option<i64>,
    check: Option<String>,
    alias: Option<String>,
    level: Option<String>,
    deprecated: Option<String>,
    default: Option<String>,
    since: Option<String>,
    before: Option<String>,
    #[serde(default)]
    block: bool,
    #[serde(default)]
    once: bool,
    #[serde(default)]
    optional: bool,
}

/// A variable in one module, in some versions.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Variable {
    r#in: String,
    module: String,
    since: Option<String>,
    before: Option<String>,
    #[serde(default)]
    prefix: bool,
    #[serde(default)]
    changeable: bool,
    #[serde(default)]
    optional: bool,
}

/// What somebody else's module knows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Foreign {
    #[serde(default)]
    names: Vec<String>,
    #[serde(default)]
    prefixes: Vec<String>,
    #[serde(default)]
    suffixes: Vec<String>,
}

/// Writes `nginx.rs` into the build folder.
pub fn generate() {
    println!("cargo::rerun-if-changed={DATA}");
    println!("cargo::rerun-if-changed=src/build/nginx.rs");
    let text = std::fs::read_to_string(DATA).expect("the data file is there");
    let data: Data = toml::from_str(&text).expect("the data file is well-formed");
    let out = Path::new(&std::env::var_os("OUT_DIR").expect("cargo sets it")).join("nginx.rs");
    std::fs::write(out, tables(&data)).expect("the build folder can be written");
}

fn tables(data: &Data) -> String {
    let mut directives = String::new();
    let mut fields = String::new();
    let mut named = phf_codegen::Map::new();
    for (number, (name, rows)) in data.directives.iter().enumerate() {
        let doc = format!("every `{name}` that is written");
        writeln!(fields, "Field {{ name: {name:?}, ty: Type::List(&Type::Record(&[WRITTEN])), doc: {doc:?} }},")
            .expect("a string");
        let rows: Vec<String> = rows.iter().map(|row| held(&row.since, &row.before, &row.spec(name))).collect();
        writeln!(directives, "Directive {{ name: {name:?}, rows: &[{}] }},", rows.join(", ")).expect("a string");
        named.entry(name.as_str(), number.to_string());
    }
    let mut variables = phf_codegen::Map::new();
    for (name, rows) in &data.variables {
        let rows: Vec<String> = rows.iter().map(|row| held(&row.since, &row.before, &row.text())).collect();
        variables.entry(name.as_str(), format!("&[{}]", rows.join(", ")));
    }
    let mut foreign = String::new();
    for (module, Foreign { names, prefixes, suffixes }) in &data.third_party {
        let lists = format!("names: &{names:?}, prefixes: &{prefixes:?}, suffixes: &{suffixes:?}");
        writeln!(foreign, "Foreign {{ module: {module:?}, {lists} }},").expect("a string takes all");
    }
    format!(
        "static DIRECTIVES: [Directive; {}] = [\n{directives}];\n\
         /// Every directive as a fact: the list of those that are written.\n\
         pub static FIELDS: &[Field] = &[\n{fields}];\n\
         static NAMED: phf::Map<&'static str, usize> = {};\n\
         static VARIABLES: phf::Map<&'static str, &'static [Row<Variable>]> = {};\n\
         static FOREIGN: &[Foreign] = &[\n{foreign}];\n",
        data.directives.len(),
        named.build(),
        variables.build(),
    )
}

/// A `Row` in Rust.
fn held(since: &Option<String>, before: &Option<String>, what: &str) -> String {
    let since = since.as_deref().map_or("Version::OLDEST".to_owned(), version);
    let before = before.as_deref().map_or("None".to_owned(), |before| format!("Some({})", version(before)));
    format!("Row {{ since: {since}, before: {before}, what: {what} }}")
}

fn version(text: &str) -> String {
    let parts: Vec<u16> = text.split('.').map(|part| part.parse().expect("a number")).collect();
    let [major, minor, patch] = parts[..] else { panic!("`{text}` is no version") };
    format!("Version({major}, {minor}, {patch})")
}

impl Row {
    /// A `Spec` in Rust.
    fn spec(&self, name: &str) -> String {
        let contexts: Vec<String> = self.r#in.split(' ').map(|word| word.to_uppercase().replace('-', "_")).collect();
        let (last, others) = contexts.split_last().expect("a directive has a place");
        let contexts =
            others.iter().fold(format!("Contexts::{last}"), |all, word| format!("Contexts::{word}.or({all})"));
        let level = match self.level.as_deref() {
            None => "Own",
            Some("main") => "Main",
            Some("server") => "Server",
            Some("location") => "Location",
            Some(other) => panic!("`{other}` of `{name}` is no level"),
        };
        format!(
            "Spec {{ module: {:?}, contexts: {contexts}, arity: {}, block: {}, setter: {}, check: {:?}, duplicate: \
             Duplicate::{}, level: Level::{level}, alias: {:?}, deprecated: {:?}, optional: {}, default: {:?} }}",
            self.module,
            self.arity(name),
            self.block,
            self.setter(name),
            self.check,
            if self.once { "Refused" } else { "Adds" },
            self.alias,
            self.deprecated,
            self.optional,
            self.default,
        )
    }

    fn arity(&self, name: &str) -> String {
        match self.args.as_str() {
            "any" => "Arity::Any".to_owned(),
            "flag" => "Arity::Flag".to_owned(),
            "1+" => "Arity::AtLeast(1)".to_owned(),
            "2+" => "Arity::AtLeast(2)".to_owned(),
            counts => {
                let bit = |count: &str| match count.parse::<u32>() {
                    Ok(count @ 0..=7) => 1u8 << count,
                    _ => panic!("`{name}` takes `{counts}`, which is no number of arguments"),
                };
                format!("Arity::Counts({:#b})", counts.split(' ').map(bit).fold(0, |all, bit| all | bit))
            }
        }
    }

    fn setter(&self, name: &str) -> String {
        let words = || format!("&{:?}", self.words.as_deref().unwrap_or_else(|| panic!("`{name}` has no words")));
        match self.setter.as_str() {
            "number" => format!("Setter::Number({:?}, {:?})", self.min, self.max),
            "enum" => format!("Setter::Enum({})", words()),
            "words" => format!("Setter::Words({})", words()),
            "special" => format!("Setter::Special({:?})", self.handler.as_deref().expect("a special has a handler")),
            plain => format!("Setter::{}", camel(plain)),
        }
    }
}

impl Variable {
    /// A `Variable` in Rust.
    fn text(&self) -> String {
        let Variable { r#in, module, prefix, changeable, optional, .. } = self;
        format!(
            "Variable {{ stream: {}, module: {module:?}, prefix: {prefix}, changeable: {changeable}, \
             optional: {optional} }}",
            r#in == "stream"
        )
    }
}

fn camel(words: &str) -> String {
    words.split('-').map(|word| word[..1].to_uppercase() + &word[1..]).collect()
}
