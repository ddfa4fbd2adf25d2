//! Several JSON reports as one: those of the shards of an audit.

use serde_json::{Map, Value};

use crate::report::json::{VERSION, fields};

/// The lists of a report.
const LISTS: [&str; 6] = ["findings", "unknown", "bypassed", "broken", "subjects", "notices"];

/// Puts reports together: lists are joined and sorted as a single run sorts them, numbers added; it began when the first
/// did, and took as long as the longest. `checks` is the most that one of them asked, since all ask the same.
///
/// # Errors
/// Which of them is no report of this version, by its number.
pub fn merge(reports: &[Value]) -> Result<Value, (usize, &'static str)> {
    let mut whole = Map::new();
    let mut lists: Vec<(&str, Vec<Value>)> = LISTS.iter().map(|name| (*name, Vec::new())).collect();
    let mut tally: Map<String, Value> = Map::new();
    let (mut started, mut took): (Option<String>, Option<u64>) = (None, None);
    for (number, report) in reports.iter().enumerate() {
        if !report.is_object() {
            return Err((number, "it is no report of hardline"));
        }
        let report = fields(report).ok_or((number, "it is no report of version 1"))?;
        for (name, all) in &mut lists {
            let items = report.get(*name).and_then(Value::as_array).ok_or((number, "it lacks a list"))?;
            all.extend(items.iter().cloned());
        }
        for (name, value) in report.get("tally").and_then(Value::as_object).ok_or((number, "it has no tally"))? {
            let value = value.as_u64().ok_or((number, "its tally has something that is no number"))?;
            let before = tally.get(name).and_then(Value::as_u64).unwrap_or_default();
            let sum = if name == "checks" { before.max(value) } else { before + value };
            tally.insert(name.clone(), sum.into());
        }
        if let Some(time) = report.get("started").and_then(Value::as_str) {
            started = Some(started.map_or_else(|| time.to_owned(), |first| first.min(time.to_owned())));
        }
        took = took.max(report.get("duration_ms").and_then(Value::as_u64));
        if let Some(tool) = report.get("tool") {
            whole.insert("tool".to_owned(), tool.clone());
        }
    }
    whole.insert("version".to_owned(), VERSION.into());
    whole.extend(started.map(|time| ("started".to_owned(), time.into())));
    whole.extend(took.map(|time| ("duration_ms".to_owned(), time.into())));
    whole.insert("tally".to_owned(), Value::Object(tally));
    for (name, mut all) in lists {
        all.sort_by_cached_key(order);
        if name == "notices" || name == "broken" {
            all.dedup();
        }
        whole.insert(name.to_owned(), Value::Array(all));
    }
    Ok(Value::Object(whole))
}

/// By path, byte, check, and then whatever tells two apart.
fn order(item: &Value) -> (String, u64, String, String) {
    let text = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let byte = item.get("start").and_then(|start| start.get("byte")).and_then(Value::as_u64).unwrap_or_default();
    (text("path"), byte, text("check"), item.to_string())
}
