//! `[redis] key_prefixes` in `hardline.toml`.

use toml::de::DeTable;

use super::{Entry, Reader, unknown};
use crate::keyspace::KeyPrefix;

const KEYS: [&str; 2] = ["prefix", "ttl"];

impl Reader<'_> {
    /// Prefixes: texts, or tables that say more.
    pub(super) fn key_prefixes(&mut self, key: &str, value: &Entry<'_>) {
        const WANTED: &str = "a list of texts, or of tables such as { prefix = \"session:\", ttl = true }";
        let Some(items) = value.get_ref().as_array() else { return self.unlike(key, WANTED, value) };
        let mut all = Vec::new();
        for item in items.iter() {
            let read = match (item.get_ref().as_str(), item.get_ref().as_table()) {
                (Some(text), _) => Some(KeyPrefix { text: text.to_owned(), ttl: false }),
                (None, Some(table)) => self.key_prefix(item, table),
                (None, None) => {
                    self.unlike(key, WANTED, item);
                    None
                }
            };
            match read {
                Some(prefix) if prefix.text.is_empty() => self.problem(item, "every key begins with the empty prefix"),
                Some(prefix) => all.push(prefix),
                None => {}
            }
        }
        self.config.key_prefixes = all;
    }

    fn key_prefix(&mut self, item: &Entry<'_>, table: &DeTable<'_>) -> Option<KeyPrefix> {
        let (mut text, mut ttl) = (None, false);
        for (key, value) in table.iter() {
            match key.get_ref().as_ref() {
                "prefix" => text = Some(self.text("prefix", value)?),
                "ttl" => match value.get_ref().as_bool() {
                    Some(wanted) => ttl = wanted,
                    None => self.unlike("ttl", "true or false", value),
                },
                other => self.problem(key, unknown("key of a key prefix", other, &KEYS)),
            }
        }
        if text.is_none() {
            self.problem(item, "a key prefix needs a `prefix`");
        }
        Some(KeyPrefix { text: text?, ttl })
    }
}
