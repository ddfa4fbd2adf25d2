//! Where the keys and values of a TOML file are.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The places of every key of a file by its path: `rule.deny`, `example[2].files`.
#[derive(Debug, Clone, Default)]
pub struct Places(BTreeMap<String, Place>);

#[derive(Debug, Clone)]
struct Place {
    key: Range<usize>,
    value: Range<usize>,
    /// Where the text of a string starts, if its bytes in the file are its value: no escapes.
    text: Option<usize>,
}

/// How deep tables are looked into: a check file has three levels.
const LEVELS: usize = 6;

impl Places {
    /// The places of everything in a table that was parsed from `text`.
    pub fn of(text: &str, table: &DeTable<'_>) -> Places {
        let mut places = Places::default();
        places.table(text, table, "", LEVELS);
        places
    }

    fn table(&mut self, text: &str, table: &DeTable<'_>, prefix: &str, levels: usize) {
        for (key, value) in table {
            let path =
                if prefix.is_empty() { key.get_ref().to_string() } else { format!("{prefix}.{}", key.get_ref()) };
            self.value(text, path, key.span(), value, levels);
        }
    }

    fn value(&mut self, text: &str, path: String, key: Range<usize>, value: &Spanned<DeValue<'_>>, levels: usize) {
        let start = match value.get_ref() {
            DeValue::String(string) => text_start(text, value.span(), string),
            _ => None,
        };
        if let Some(deeper) = levels.checked_sub(1) {
            match value.get_ref() {
                DeValue::Table(inner) => self.table(text, inner, &path, deeper),
                DeValue::Array(items) => {
                    for (index, item) in items.iter().enumerate() {
                        self.value(text, format!("{path}[{index}]"), item.span(), item, deeper);
                    }
                }
                _ => {}
            }
        }
        self.0.insert(path, Place { key, value: value.span(), text: start });
    }

    /// Whether the file has this key.
    pub fn has(&self, path: &str) -> bool {
        self.0.contains_key(path)
    }

    /// The value at a path; where there is none, the nearest thing around it that is there.
    pub fn value_at(&self, path: &str) -> Range<usize> {
        match self.0.get(path) {
            Some(place) => place.value.clone(),
            None => self.around(path),
        }
    }

    /// The key at a path; where there is none, the nearest thing around it that is there.
    pub fn key_at(&self, path: &str) -> Range<usize> {
        match self.0.get(path) {
            Some(place) => place.key.clone(),
            None => self.around(path),
        }
    }

    fn around(&self, path: &str) -> Range<usize> {
        let cut = path.rfind(['.', '[']).unwrap_or(0);
        if cut == 0 { 0..0 } else { self.key_at(&path[..cut]) }
    }

    /// Bytes of the text of a string, as bytes of the file. The whole value where it is written with escapes.
    pub fn within(&self, path: &str, part: &Range<usize>) -> Range<usize> {
        match self.0.get(path).and_then(|place| place.text) {
            Some(start) => start + part.start..start + part.end,
            None => self.value_at(path),
        }
    }

    /// Whether the bytes of a string in the file are its value.
    pub fn is_plain(&self, path: &str) -> bool {
        self.0.get(path).is_none_or(|place| place.text.is_some())
    }
}

/// Where the value of a string starts in the file, if it is written as it is.
fn text_start(text: &str, span: Range<usize>, value: &str) -> Option<usize> {
    let raw = text.get(span.clone())?;
    let quotes = if raw.starts_with("'''") || raw.starts_with("\"\"\"") { 3 } else { 1 };
    let newline = ["\r\n", "\n"].into_iter().find(|end| quotes == 3 && raw[quotes..].starts_with(end));
    let skip = quotes + newline.map_or(0, str::len);
    let inner = raw.get(skip..raw.len().checked_sub(quotes)?)?;
    (inner == value).then_some(span.start + skip)
}
