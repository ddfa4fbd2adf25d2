//! `[[cache_rule]]` in `hardline.toml`.

use toml::de::DeTable;

use super::{Entry, Reader, unknown};
use crate::caching::{CacheRule, Page};

const KEYS: [&str; 7] = ["name", "owner", "what", "bypass", "rollback", "cached", "not_cached"];

/// The keys of a page that is not just a URL.
const PAGE: [&str; 4] = ["url", "cookie", "authorization", "method"];

impl Reader<'_> {
    pub(super) fn cache_rules(&mut self, value: &Entry<'_>) {
        let Some(items) = value.get_ref().as_array() else {
            return self.unlike("cache_rule", "a list of tables: [[cache_rule]]", value);
        };
        for item in items.iter() {
            match item.get_ref().as_table() {
                Some(table) => self.cache_rule(item, table),
                None => self.unlike("cache_rule", "a list of tables: [[cache_rule]]", item),
            }
        }
        self.config.cache_rules.sort_by_key(|rule| rule.at);
    }

    fn cache_rule(&mut self, item: &Entry<'_>, table: &DeTable<'_>) {
        let mut rule = CacheRule {
            at: self.header(item, table),
            name: None,
            owner: None,
            what: None,
            bypass: None,
            rollback: None,
            cached: Vec::new(),
            not_cached: Vec::new(),
        };
        for (key, value) in table.iter() {
            let name = key.get_ref().as_ref();
            match name {
                "cached" => rule.cached = self.pages(name, value),
                "not_cached" => rule.not_cached = self.pages(name, value),
                name if KEYS.contains(&name) => {
                    let said = self.text(name, value).map(|text| self.said(text, value));
                    let slot = match name {
                        "name" => &mut rule.name,
                        "owner" => &mut rule.owner,
                        "what" => &mut rule.what,
                        "bypass" => &mut rule.bypass,
                        _ => &mut rule.rollback,
                    };
                    *slot = said;
                }
                other => {
                    let text = unknown("key of `[[cache_rule]]`", other, &KEYS);
                    self.problem(key, text);
                }
            }
        }
        if rule.name.is_none() {
            let label = crate::finding::Label { span: rule.at, text: "a cache rule needs a `name`".to_owned() };
            self.problems.push(label);
        }
        self.config.cache_rules.push(rule);
    }

    /// Pages: URLs, or tables of what a request is like.
    fn pages(&mut self, key: &str, value: &Entry<'_>) -> Vec<Page> {
        const WANTED: &str =
            "a list of URLs, or of tables such as { url = \"https://shop.example/cart\", cookie = \"session=1\" }";
        let Some(items) = value.get_ref().as_array() else {
            self.unlike(key, WANTED, value);
            return Vec::new();
        };
        let mut pages = Vec::new();
        for item in items.iter() {
            let mut page =
                Page { at: self.at(item), url: String::new(), cookie: None, authorization: None, method: None };
            match (item.get_ref().as_str(), item.get_ref().as_table()) {
                (Some(url), _) => page.url = url.to_owned(),
                (None, Some(table)) => self.page(table, &mut page),
                (None, None) => {
                    self.unlike(key, WANTED, item);
                    continue;
                }
            }
            if ["http://", "https://"].iter().any(|scheme| page.url.starts_with(scheme)) {
                pages.push(page);
            } else {
                self.problem(item, "a page needs a `url` that begins with http:// or https://");
            }
        }
        pages
    }

    fn page(&mut self, table: &DeTable<'_>, page: &mut Page) {
        for (key, value) in table.iter() {
            let name = key.get_ref().as_ref();
            if !PAGE.contains(&name) {
                let text = unknown("key of a page", name, &PAGE);
                self.problem(key, text);
                continue;
            }
            let Some(text) = self.text(name, value) else { continue };
            match name {
                "url" => page.url = text,
                "cookie" => page.cookie = Some(text),
                "authorization" => page.authorization = Some(text),
                _ => page.method = Some(text),
            }
        }
    }
}
