//! `[[waiver]]` in `hardline.toml`.

use toml::de::{DeTable, DeValue};

use super::{Entry, Reader, unknown};
use crate::date::Date;
use crate::text::{Source, Span};
use crate::waiver::{Form, Written};

const KEYS: [&str; 6] = ["check", "where", "owner", "reason", "until", "rollback"];

/// What a value of `until` should be.
const DATE: &str = "no day of the calendar: write it as `until = 2027-03-31`";

/// Whether a mistake of syntax is about the date of a waiver.
pub(super) fn is_date(source: &Source, at: usize) -> bool {
    let before = source.text().get(..at).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    let header = before.lines().rev().map(str::trim).find(|line| line.starts_with('['));
    let key = line.split_once('=').map(|(key, _)| key.trim());
    let value = line.split_once('=').map_or("", |(_, value)| value.trim());
    let rest = source.text().get(at..).unwrap_or_default().trim_start();
    let digit = |text: &str| text.starts_with(|first: char| first.is_ascii_digit());
    key == Some("until") && header.is_some_and(|it| it.starts_with("[[waiver]]")) && (digit(value) || digit(rest))
}

impl Reader<'_> {
    pub(super) fn waivers(&mut self, value: &Entry<'_>) {
        let Some(items) = value.get_ref().as_array() else {
            return self.unlike("waiver", "a list of tables: [[waiver]]", value);
        };
        for item in items.iter() {
            match item.get_ref().as_table() {
                Some(table) => self.waiver(item, table),
                None => self.unlike("waiver", "a list of tables: [[waiver]]", item),
            }
        }
        self.config.waivers.sort_by_key(|waiver| waiver.at);
        for at in std::mem::take(&mut self.bad_dates) {
            let mut before = self.config.waivers.iter_mut().rev();
            if let Some(waiver) = before.find(|waiver| waiver.at.start <= at.start) {
                waiver.until = None;
                waiver.problem = Some(crate::finding::Label { span: at, text: DATE.to_owned() });
            }
        }
    }

    fn waiver(&mut self, item: &Entry<'_>, table: &DeTable<'_>) {
        let mut written = Written::new(Form::File, self.header(item, table));
        for (key, value) in table.iter() {
            let name = key.get_ref().as_ref();
            match name {
                "until" => self.until(value, &mut written),
                name if KEYS.contains(&name) => {
                    let said = self.text(name, value).map(|text| self.said(text, value));
                    let slot = match name {
                        "check" => &mut written.check,
                        "where" => &mut written.place,
                        "owner" => &mut written.owner,
                        "reason" => &mut written.reason,
                        _ => &mut written.rollback,
                    };
                    *slot = said;
                }
                other => {
                    let text = unknown("key of `[[waiver]]`", other, &KEYS);
                    self.problem(key, text);
                }
            }
        }
        written.complete();
        self.config.waivers.push(written);
    }

    /// What an item of a list of tables begins with: `[[waiver]]`, or its braces.
    pub(super) fn header(&self, item: &Entry<'_>, table: &DeTable<'_>) -> Span {
        let start = |span: std::ops::Range<usize>| span.start;
        let first = table.iter().map(|(key, _)| start(key.span())).min().unwrap_or(item.span().start);
        let before = self.source.text().get(..first).unwrap_or_default();
        match before.rfind("[[") {
            Some(open) if !item.span().contains(&first) || item.span().start <= open => {
                let end = before[open..].find("]]").map_or(first, |close| open + close + 2);
                Span::new(self.source.id(), open, end)
            }
            _ => Span::new(self.source.id(), item.span().start, item.span().end),
        }
    }

    fn until(&mut self, value: &Entry<'_>, written: &mut Written) {
        let at = self.at(value);
        match value.get_ref() {
            DeValue::Datetime(when) => {
                let day = when.date.filter(|_| when.time.is_none() && when.offset.is_none());
                match day.and_then(|day| Date::new(day.year, day.month, day.day)) {
                    Some(day) => written.until = Some(self.said(day, value)),
                    None => written.wrong(at, DATE),
                }
            }
            DeValue::String(text) if Date::parse(text).is_some() => {
                written.wrong(at, format!("a date stands without quotes: `until = {text}`"));
            }
            DeValue::String(_) => written.wrong(at, DATE),
            _ => self.unlike("until", "a date such as 2027-03-31", value),
        }
    }
}
