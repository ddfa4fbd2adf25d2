//! `[environments.NAME]` and `[[allow_drift]]` in `hardline.toml`: what `drift` compares, and what may differ.

use std::path::PathBuf;

use toml::de::{DeTable, DeValue};

use super::{Entry, Reader, unknown};
use crate::date::Date;
use crate::finding::Label;
use crate::text::{Said, Span};

const ENVIRONMENT: [&str; 2] = ["paths", "targets"];

const KEYS: [&str; 5] = ["setting", "owner", "reason", "until", "between"];

/// What a value of `until` should be.
const DATE: &str = "a day of the calendar, without quotes: until = 2027-03-31";

/// An environment: a name for files, or for servers that run.
#[derive(Debug, Clone, PartialEq)]
pub struct Environment {
    /// Its name.
    pub name: Said<String>,
    /// Files and folders, from the folder of `hardline.toml`.
    pub paths: Vec<Said<PathBuf>>,
    /// Servers that run, as URLs.
    pub targets: Vec<Said<String>>,
}

/// A difference between environments that somebody answers for.
#[derive(Debug, Clone, PartialEq)]
pub struct AllowDrift {
    /// Its header, `[[allow_drift]]`.
    pub at: Span,
    /// What may differ: the path of a fact, in which `*` stands for anything, or a setting as the product calls it.
    pub setting: Said<String>,
    /// Who answers for it.
    pub owner: String,
    /// Why it is right.
    pub reason: String,
    /// The last day on which it holds.
    pub until: Date,
    /// The two environments that it is about; any two where none are named.
    pub between: Option<[Said<String>; 2]>,
}

impl Reader<'_> {
    pub(super) fn environments(&mut self, table: &DeTable<'_>) {
        for (name, value) in table.iter() {
            let Some(inner) = value.get_ref().as_table() else {
                self.unlike(name.get_ref(), "a table: [environments.production]", value);
                continue;
            };
            let mut made = Environment {
                name: self.said(name.get_ref().to_string(), name),
                paths: Vec::new(),
                targets: Vec::new(),
            };
            let label = format!("environments.{}", name.get_ref());
            self.each(inner, &label, &ENVIRONMENT, |reader, key, value| {
                let texts = reader.texts(key, value);
                match key {
                    "paths" => {
                        let paths = texts.into_iter().map(|said| Said { it: PathBuf::from(said.it), at: said.at });
                        made.paths = paths.collect();
                    }
                    _ => made.targets = texts,
                }
            });
            if made.paths.is_empty() && made.targets.is_empty() {
                self.problem(name, "an environment needs `paths` or `targets`");
            }
            self.config.environments.push(made);
        }
        self.config.environments.sort_by_key(|environment| environment.name.at);
    }

    pub(super) fn allow_drifts(&mut self, value: &Entry<'_>) {
        let Some(items) = value.get_ref().as_array() else {
            return self.unlike("allow_drift", "a list of tables: [[allow_drift]]", value);
        };
        for item in items.iter() {
            match item.get_ref().as_table() {
                Some(table) => self.allow_drift(item, table),
                None => self.unlike("allow_drift", "a list of tables: [[allow_drift]]", item),
            }
        }
        self.config.allow_drift.sort_by_key(|allowed| allowed.at);
    }

    fn allow_drift(&mut self, item: &Entry<'_>, table: &DeTable<'_>) {
        let at = self.header(item, table);
        let before = self.problems.len();
        let (mut setting, mut owner, mut reason, mut until, mut between) = (None, None, None, None, None);
        for (key, value) in table.iter() {
            let name = key.get_ref().as_ref();
            match name {
                "until" => until = self.day(value),
                "between" => between = self.two(value),
                name if KEYS.contains(&name) => {
                    let Some(text) = self.text(name, value) else { continue };
                    if text.trim().is_empty() {
                        self.problem(value, format!("`{name}` is empty"));
                    }
                    let slot = match name {
                        "setting" => &mut setting,
                        "owner" => &mut owner,
                        _ => &mut reason,
                    };
                    *slot = Some(self.said(text, value));
                }
                other => self.problem(key, unknown("key of `[[allow_drift]]`", other, &KEYS)),
            }
        }
        let missing = [
            ("setting", setting.is_none(), "what may differ, such as \"redis.maxmemory\""),
            ("owner", owner.is_none(), "who answers for it"),
            ("reason", reason.is_none(), "why it is right"),
            ("until", until.is_none(), "the last day on which it holds"),
        ];
        let written = |name: &str| table.iter().any(|(key, _)| key.get_ref() == name);
        for (name, _, what) in missing.into_iter().filter(|(name, missing, _)| *missing && !written(name)) {
            self.problems.push(Label { span: at, text: format!("`{name}` is missing: {what}") });
        }
        if let (Some(setting), Some(owner), Some(reason), Some(until)) = (setting, owner, reason, until)
            && self.problems.len() == before
        {
            let (owner, reason) = (owner.it, reason.it);
            self.config.allow_drift.push(AllowDrift { at, setting, owner, reason, until, between });
        }
    }

    fn day(&mut self, value: &Entry<'_>) -> Option<Date> {
        let DeValue::Datetime(when) = value.get_ref() else {
            self.unlike("until", DATE, value);
            return None;
        };
        let day = when.date.filter(|_| when.time.is_none() && when.offset.is_none());
        let date = day.and_then(|day| Date::new(day.year, day.month, day.day));
        if date.is_none() {
            self.unlike("until", DATE, value);
        }
        date
    }

    fn two(&mut self, value: &Entry<'_>) -> Option<[Said<String>; 2]> {
        let before = self.problems.len();
        let names = self.texts("between", value);
        match <[Said<String>; 2]>::try_from(names) {
            Ok([one, other]) if one.it != other.it => Some([one, other]),
            _ if self.problems.len() > before => None,
            _ => {
                self.problem(value, "`between` names two environments: between = [\"staging\", \"production\"]");
                None
            }
        }
    }

    /// Whether the environments that `between` names are there. Asked when everything is read.
    pub(super) fn check_between(&mut self) {
        let known: Vec<String> = self.config.environments.iter().map(|known| known.name.it.clone()).collect();
        for name in self.config.allow_drift.iter().flat_map(|allowed| allowed.between.iter().flatten()) {
            if !known.contains(&name.it) {
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                let text = match known.is_empty() {
                    true => format!("there is no `[environments.{}]`", name.it),
                    false => unknown("environment", &name.it, &known),
                };
                self.problems.push(Label { span: name.at, text });
            }
        }
    }
}
