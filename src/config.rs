//! `hardline.toml`: what a project says about itself.
//!
//! Parsed with places, then validated into what is valid: every mistake is told, all of them at once, each with its
//! place. What only others know (whether an id or a version exists, the type of a parameter) is asked later, with the
//! places kept here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ignore::gitignore::GitignoreBuilder;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::caching::CacheRule;
use crate::expr::Param;
use crate::finding::{Label, Severity};
use crate::keyspace::KeyPrefix;
pub use crate::text::Said;
use crate::text::{Source, Span, Unreadable, read_file};
use crate::waiver::Written;

mod cache_rule;
mod environment;
mod key_prefix;
mod waiver;

pub use environment::{AllowDrift, Environment};

/// The name of the file.
pub const FILE: &str = "hardline.toml";

/// The tables there are.
const TABLES: [&str; 10] =
    ["files", "redis", "nginx", "checks", "severity", "params", "environments", "waiver", "allow_drift", "cache_rule"];

/// A larger file is none of ours.
const LIMIT: u64 = 1024 * 1024;

/// A valid configuration. Relative paths in it count from the folder it is in.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// `[files] exclude`: what is left out, as in `.gitignore`.
    pub exclude: Vec<String>,
    /// The declared version of each platform, by the platform's name: `[redis] version`.
    pub versions: BTreeMap<&'static str, Said<String>>,
    /// `[redis] key_prefixes`: what the project's own keys begin with.
    pub key_prefixes: Vec<KeyPrefix>,
    /// `[checks] select`: ids, globs or families.
    pub select: Vec<Said<String>>,
    /// `[checks] ignore`: ids, globs or families.
    pub ignore: Vec<Said<String>>,
    /// `[checks] paths`: folders with the project's own checks.
    pub check_paths: Vec<Said<PathBuf>>,
    /// `[severity]`: by check id.
    pub severity: Vec<(Said<String>, Severity)>,
    /// `[params."id"]`: by check id, then name.
    pub params: Vec<Params>,
    /// `[[waiver]]`: what is accepted, good or not.
    pub waivers: Vec<Written>,
    /// `[[cache_rule]]`: what caches keep.
    pub cache_rules: Vec<CacheRule>,
    /// `[environments.NAME]`: what `drift` compares, by name.
    pub environments: Vec<Environment>,
    /// `[[allow_drift]]`: what may differ.
    pub allow_drift: Vec<AllowDrift>,
}

/// The parameters of one check: its id, and each name with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Params {
    /// The check.
    pub check: Said<String>,
    /// Its parameters.
    pub values: Vec<(Said<String>, Said<Param>)>,
}

/// The configuration file in force in a folder: its own or that of the nearest folder above.
pub fn find(folder: &Path) -> Option<PathBuf> {
    folder.ancestors().map(|above| above.join(FILE)).find(|path| path.is_file())
}

/// The bytes of a configuration file.
///
/// # Errors
/// [`Unreadable`] says why there are none.
pub fn load(path: &Path) -> Result<Vec<u8>, Unreadable> {
    read_file(path, LIMIT)
}

/// Reads a configuration file: what is valid in it, and all mistakes, each with its place.
pub fn parse(source: &Source) -> (Config, Vec<Label>) {
    let mut reader = Reader { source, problems: Vec::new(), bad_dates: Vec::new(), config: Config::default() };
    let (document, errors) = DeTable::parse_recoverable(source.text());
    for error in errors {
        let at = error.span().unwrap_or(0..0);
        let at = Span::new(source.id(), at.start, at.end);
        if waiver::is_date(source, at.start as usize) {
            // The parser leaves such a value out; what is said about the waiver is said by a check.
            reader.bad_dates.push(at);
            continue;
        }
        reader.problems.push(Label { span: at, text: error.message().to_owned() });
    }
    if source.bytes() != source.text().as_bytes() {
        let at = source.bytes().utf8_chunks().next().map_or(0, |chunk| chunk.valid().len());
        reader.problems.push(Label { span: Span::at(source.id(), at), text: "not UTF-8".to_owned() });
    }
    reader.document(document.get_ref());
    reader.problems.sort_by_key(|problem| problem.span);
    reader.problems.dedup();
    (reader.config, reader.problems)
}

struct Reader<'a> {
    source: &'a Source,
    problems: Vec<Label>,
    /// Values of `until` that are no dates.
    bad_dates: Vec<Span>,
    config: Config,
}

type Entry<'a> = Spanned<DeValue<'a>>;

impl Reader<'_> {
    fn at<T>(&self, of: &Spanned<T>) -> Span {
        Span::new(self.source.id(), of.span().start, of.span().end)
    }

    fn problem<T>(&mut self, at: &Spanned<T>, text: impl Into<String>) {
        let span = self.at(at);
        self.problems.push(Label { span, text: text.into() });
    }

    fn said<T, U>(&self, it: T, at: &Spanned<U>) -> Said<T> {
        Said { it, at: self.at(at) }
    }

    fn document(&mut self, document: &DeTable<'_>) {
        for (key, value) in document.iter() {
            match key.get_ref().as_ref() {
                "waiver" => {
                    self.waivers(value);
                    continue;
                }
                "cache_rule" => {
                    self.cache_rules(value);
                    continue;
                }
                "allow_drift" => {
                    self.allow_drifts(value);
                    continue;
                }
                _ => {}
            }
            let Some(table) = value.get_ref().as_table() else {
                self.unlike(key.get_ref(), "a table", value);
                continue;
            };
            match key.get_ref().as_ref() {
                "files" => self.each(table, "files", &["exclude"], |reader, _, value| {
                    reader.config.exclude = reader.patterns(value);
                }),
                "redis" => self.each(table, "redis", &["version", "key_prefixes"], Reader::redis),
                "nginx" => self.each(table, "nginx", &["version"], Reader::nginx),
                "checks" => self.each(table, "checks", &["select", "ignore", "paths"], Reader::checks),
                "severity" => self.severity(table),
                "params" => self.params(table),
                "environments" => self.environments(table),
                other => self.problem(key, unknown("table", other, &TABLES)),
            }
        }
        self.check_between();
    }

    /// Reads the known keys of a table, and tells the others.
    fn each(
        &mut self,
        table: &DeTable<'_>,
        name: &str,
        known: &[&str],
        mut read: impl FnMut(&mut Self, &str, &Entry<'_>),
    ) {
        for (key, value) in table.iter() {
            if known.contains(&key.get_ref().as_ref()) {
                read(self, key.get_ref(), value);
            } else {
                let text = unknown(&format!("key of `[{name}]`"), key.get_ref(), known);
                self.problem(key, text);
            }
        }
    }

    fn redis(&mut self, key: &str, value: &Entry<'_>) {
        if key == "key_prefixes" {
            self.key_prefixes(key, value);
        } else if let Some(version) = self.text(key, value) {
            self.config.versions.insert("redis", self.said(version, value));
        }
    }

    fn nginx(&mut self, key: &str, value: &Entry<'_>) {
        let Some(version) = self.text(key, value) else { return };
        // `1.28.0` is as clear as `nginx:1.28.0`.
        let version = if version.contains(':') { version } else { format!("nginx:{version}") };
        self.config.versions.insert("nginx", self.said(version, value));
    }

    fn checks(&mut self, key: &str, value: &Entry<'_>) {
        let texts = self.texts(key, value);
        match key {
            "select" => self.config.select = texts,
            "ignore" => self.config.ignore = texts,
            _ => {
                self.config.check_paths =
                    texts.into_iter().map(|said| Said { it: PathBuf::from(said.it), at: said.at }).collect();
            }
        }
    }

    fn severity(&mut self, table: &DeTable<'_>) {
        for (id, value) in table.iter() {
            let Some(word) = self.text(id.get_ref(), value) else { continue };
            match word.parse() {
                Ok(severity) => {
                    let id = self.said(id.get_ref().to_string(), id);
                    self.config.severity.push((id, severity));
                }
                Err(why) => self.problem(value, why),
            }
        }
    }

    fn params(&mut self, table: &DeTable<'_>) {
        for (id, value) in table.iter() {
            let Some(values) = value.get_ref().as_table() else {
                self.unlike(id.get_ref(), "a table: [params.\"redis/some-check\"]", value);
                continue;
            };
            let mut params = Vec::new();
            for (name, value) in values.iter() {
                match self.param(value) {
                    Some(param) => params.push((self.said(name.get_ref().to_string(), name), self.said(param, value))),
                    None => self.unlike(name.get_ref(), "true or false, an integer, a text, or a list", value),
                }
            }
            let check = self.said(id.get_ref().to_string(), id);
            self.config.params.push(Params { check, values: params });
        }
    }

    /// A parameter's value; `None` when no check could have one of this type.
    fn param(&mut self, value: &Entry<'_>) -> Option<Param> {
        Some(match value.get_ref() {
            DeValue::Boolean(it) => Param::Bool(*it),
            DeValue::String(it) => Param::Text(it.as_ref().into()),
            DeValue::Integer(it) => Param::Int(i64::from_str_radix(it.as_str(), it.radix()).ok()?),
            DeValue::Array(items) => {
                let items = items.iter().map(|item| self.param(item)).collect::<Option<Vec<_>>>()?;
                let texts =
                    || items.iter().map(|item| if let Param::Text(it) = item { Some(it.clone()) } else { None });
                let ints = || items.iter().map(|item| if let Param::Int(it) = item { Some(*it) } else { None });
                match texts().collect() {
                    Some(texts) => Param::Texts(texts),
                    None => Param::Ints(ints().collect::<Option<_>>()?),
                }
            }
            _ => return None,
        })
    }

    fn text(&mut self, key: &str, value: &Entry<'_>) -> Option<String> {
        let text = value.get_ref().as_str().map(str::to_owned);
        if text.is_none() {
            self.unlike(key, "a text", value);
        }
        text
    }

    fn texts(&mut self, key: &str, value: &Entry<'_>) -> Vec<Said<String>> {
        let Some(items) = value.get_ref().as_array() else {
            self.unlike(key, "a list of texts", value);
            return Vec::new();
        };
        let mut texts = Vec::new();
        for item in items.iter() {
            match item.get_ref().as_str() {
                Some(text) => texts.push(self.said(text.to_owned(), item)),
                None => self.unlike(key, "a list of texts", item),
            }
        }
        texts
    }

    fn patterns(&mut self, value: &Entry<'_>) -> Vec<String> {
        let mut patterns = Vec::new();
        for said in self.texts("exclude", value) {
            match GitignoreBuilder::new("").add_line(None, &said.it) {
                Ok(_) => patterns.push(said.it),
                Err(error) => self.problems.push(Label { span: said.at, text: error.to_string() }),
            }
        }
        patterns
    }

    fn unlike(&mut self, key: &str, wanted: &str, value: &Entry<'_>) {
        let got = match value.get_ref() {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) => "an integer",
            DeValue::Float(_) => "a number with a fraction",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date or time",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.problem(value, format!("`{key}` is {wanted}, not {got}"));
    }
}

/// That a word is not known, with the nearest one that is.
fn unknown(what: &str, word: &str, known: &[&str]) -> String {
    let list = known.iter().map(|known| format!("`{known}`")).collect::<Vec<_>>().join(", ");
    match crate::spell::nearest(word, known.iter().copied()) {
        Some(near) => format!("no such {what}: `{word}`; did you mean `{near}`?"),
        None => format!("no such {what}: `{word}`; there are {list}"),
    }
}
