//! Values as they are compared and shown.

use crate::fact::{Fact, Items, List, Secret, Unknown, Value};
use crate::platform::redis::directive::{Kind, Range, SettingId, Spec, Unit, world};
use crate::platform::redis::version::Version;

/// A value without what only an evaluator needs.
#[derive(Debug, Clone, PartialEq)]
pub enum Plain {
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Text.
    Text(String),
    /// Texts in order.
    List(Vec<String>),
    /// Text that is never shown; none where it is empty.
    Secret(Option<Secret>),
}

impl Plain {
    /// What a known value is; `None` for what is no scalar and no list of them, and why where an item is not known.
    pub fn of(value: &Value, world: usize) -> Result<Option<Plain>, Unknown> {
        Ok(Some(match value {
            Value::Bool(value) => Plain::Bool(*value),
            Value::Int(value) => Plain::Int(*value),
            Value::Text(text) => Plain::Text(text.to_string()),
            Value::Secret(secret) => Plain::Secret((!secret.is("")).then(|| secret.clone())),
            Value::List(List { rest: Some(unknown), .. }) => return Err(unknown.clone()),
            Value::List(List { items: Items::Here(items), .. }) => return texts(items, world),
            Value::List(_) | Value::Record(_) | Value::Commands(_) => return Ok(None),
        }))
    }

    /// Whether it stands for nothing: no text, no item, zero.
    pub fn is_unset(&self) -> bool {
        match self {
            Plain::Bool(value) => !value,
            Plain::Int(value) => *value == 0,
            Plain::Text(text) => text.is_empty(),
            Plain::List(items) => items.is_empty(),
            Plain::Secret(secret) => secret.is_none(),
        }
    }

    /// As it may be shown.
    pub fn show(&self, spec: Option<&Spec>) -> String {
        match self {
            Plain::Bool(value) => if *value { "yes" } else { "no" }.to_owned(),
            Plain::Int(value) => number(*value, spec),
            Plain::Text(text) if text.is_empty() => NOTHING.to_owned(),
            Plain::Text(text) => text.clone(),
            Plain::List(items) if items.is_empty() => NOTHING.to_owned(),
            Plain::List(items) => items.join(" "),
            Plain::Secret(None) => NOTHING.to_owned(),
            Plain::Secret(Some(_)) => crate::mask::STARS.to_owned(),
        }
    }
}

/// What stands where there is nothing.
pub const NOTHING: &str = "(none)";

fn texts(items: &[Fact], world: usize) -> Result<Option<Plain>, Unknown> {
    let mut texts = Vec::new();
    for item in items {
        match item.in_world(world) {
            Fact::Unknown(unknown) => return Err(unknown.clone()),
            Fact::Known { value: Value::Text(text), .. } => texts.push(text.to_string()),
            Fact::Known { .. } => return Ok(None),
        }
    }
    Ok(Some(Plain::List(texts)))
}

/// A number as configurations write it.
fn number(value: i64, spec: Option<&Spec>) -> String {
    let Some(Spec { kind: Kind::Int(Range { unit, .. }), .. }) = spec else { return value.to_string() };
    match unit {
        Unit::Plain => value.to_string(),
        Unit::Octal => format!("{value:o}"),
        Unit::MemoryOrPercent if value < 0 => format!("{}%", value.unsigned_abs()),
        Unit::Memory | Unit::SignedMemory | Unit::MemoryOrPercent => size(value),
    }
}

/// A number of bytes with the largest unit that leaves no fraction.
pub fn size(bytes: i64) -> String {
    let units = [("gb", 30), ("mb", 20), ("kb", 10)];
    let fits = units.into_iter().find(|(_, bits)| bytes != 0 && bytes % (1 << bits) == 0);
    fits.map_or_else(|| bytes.to_string(), |(unit, bits)| format!("{}{unit}", bytes >> bits))
}

/// What a version says of a setting, and whether it has it at all; a version without a table may have every one.
pub fn spec(setting: SettingId, version: &str) -> (Option<&'static Spec>, bool) {
    match Version::find(version) {
        Ok((version, _)) => {
            let spec = setting.spec(world(version));
            (spec, spec.is_some())
        }
        Err(_) => (None, true),
    }
}
