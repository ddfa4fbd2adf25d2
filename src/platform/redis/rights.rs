//! What a user may do, as sets that can be held against each other.

use std::collections::BTreeSet;

use crate::fact::{Fact, List, Record, Unknown, Value};

/// What stands for every database.
pub const ALL_DATABASES: &str = "all";

/// One user as a world has it.
#[derive(Debug, Clone)]
pub struct Rights {
    /// Whether one can log in as it.
    pub enabled: bool,
    /// Whether any password will do.
    pub nopass: bool,
    /// The commands.
    pub commands: BTreeSet<&'static str>,
    /// The keys.
    pub keys: Vec<Pattern>,
    /// The channels; not known where a default decides that is not known.
    pub channels: Result<Vec<Pattern>, Unknown>,
    /// The numbers of the databases, or the word for all of them.
    pub databases: BTreeSet<String>,
    /// The rules in parentheses.
    pub selectors: BTreeSet<String>,
    /// The known ways to take the host, the data, the service or secrets; not known where a gate is not.
    pub takeover: Result<BTreeSet<String>, Unknown>,
}

/// A pattern of keys or channels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// The glob.
    pub glob: String,
    /// Whether reading is allowed.
    pub read: bool,
    /// Whether writing is allowed.
    pub write: bool,
}

impl Pattern {
    /// As a rule writes it.
    pub fn show(&self) -> String {
        let sign = match (self.read, self.write) {
            (true, true) => "~",
            (true, false) => "%R~",
            (false, true) => "%W~",
            (false, false) => "%~",
        };
        format!("{sign}{}", self.glob)
    }

    /// Whether everything that the other opens is open by this one for certain.
    pub fn covers(&self, other: &Pattern) -> bool {
        let rights = (self.read || !other.read) && (self.write || !other.write);
        let glob = self.glob == other.glob
            || self.glob.strip_suffix('*').is_some_and(|start| is_literal(start) && other.glob.starts_with(start));
        rights && glob
    }
}

fn is_literal(text: &str) -> bool {
    !text.contains(['*', '?', '[', ']', '\\'])
}

/// The patterns of one that none of the other covers.
pub fn beyond(one: &[Pattern], other: &[Pattern]) -> Vec<Pattern> {
    one.iter().filter(|pattern| !other.iter().any(|by| by.covers(pattern))).cloned().collect()
}

impl Rights {
    /// Of the record of a user.
    ///
    /// # Errors
    /// What is not known of it.
    pub fn of(user: &Record, world: usize) -> Result<Rights, Unknown> {
        let is = |name: &str| flag(user, name, world);
        let commands = match user.get("commands").map(|fact| fact.in_world(world)) {
            Some(Fact::Known { value: Value::Commands(commands), .. }) => commands.0.all(world).unwrap_or_default(),
            Some(Fact::Unknown(unknown)) => return Err(unknown.clone()),
            _ => Vec::new(),
        };
        let mut keys = Vec::new();
        for record in records(user, "keys", world)? {
            let (read, write) = (flag(&record, "read", world)?, flag(&record, "write", world)?);
            keys.push(Pattern { glob: text(&record, "pattern", world)?, read, write });
        }
        let every = |all: bool, found: Vec<Pattern>| match all {
            true => vec![Pattern { glob: "*".to_owned(), read: true, write: true }],
            false => found,
        };
        let selectors = records(user, "selectors", world)?;
        Ok(Rights {
            enabled: is("enabled")?,
            nopass: is("nopass")?,
            commands: commands.into_iter().collect(),
            keys: every(is("all_keys")?, keys),
            channels: channels(user, world).and_then(|found| Ok(every(is("all_channels")?, found))),
            databases: databases(user, world)?,
            selectors: selectors.iter().map(|inner| text(inner, "listed", world)).collect::<Result<_, _>>()?,
            takeover: takeover(user, world),
        })
    }
}

fn channels(user: &Record, world: usize) -> Result<Vec<Pattern>, Unknown> {
    let globs = texts(user, "channels", world)?;
    Ok(globs.into_iter().map(|glob| Pattern { glob, read: true, write: true }).collect())
}

fn databases(user: &Record, world: usize) -> Result<BTreeSet<String>, Unknown> {
    if user.get("databases").is_none() {
        return Ok([ALL_DATABASES.to_owned()].into());
    }
    let number =
        |fact: &Fact| if let Some(Value::Int(number)) = fact.value() { Some(number.to_string()) } else { None };
    Ok(list(user, "databases", world)?.iter().filter_map(number).collect())
}

fn takeover(user: &Record, world: usize) -> Result<BTreeSet<String>, Unknown> {
    let mut open = BTreeSet::new();
    for way in records(user, "takeover", world)? {
        if flag(&way, "open", world)? {
            open.insert(text(&way, "way", world)?);
        }
    }
    Ok(open)
}

fn known(record: &Record, name: &str, world: usize) -> Result<Option<Value>, Unknown> {
    match record.get(name).map(|fact| fact.in_world(world)) {
        Some(Fact::Unknown(unknown)) => Err(unknown.clone()),
        Some(Fact::Known { value, .. }) => Ok(Some(value.clone())),
        None => Ok(None),
    }
}

fn flag(record: &Record, name: &str, world: usize) -> Result<bool, Unknown> {
    Ok(matches!(known(record, name, world)?, Some(Value::Bool(true))))
}

fn text(record: &Record, name: &str, world: usize) -> Result<String, Unknown> {
    Ok(match known(record, name, world)? {
        Some(Value::Text(text)) => text.to_string(),
        _ => String::new(),
    })
}

fn list(record: &Record, name: &str, world: usize) -> Result<Vec<Fact>, Unknown> {
    let Some(Value::List(List { items, rest })) = known(record, name, world)? else { return Ok(Vec::new()) };
    if let Some(unknown) = rest {
        return Err(unknown);
    }
    items
        .iter()
        .map(|item| match item.in_world(world) {
            Fact::Unknown(unknown) => Err(unknown.clone()),
            known @ Fact::Known { .. } => Ok(known.clone()),
        })
        .collect()
}

fn records(record: &Record, name: &str, world: usize) -> Result<Vec<Record>, Unknown> {
    let inner = |fact: &Fact| match fact.value() {
        Some(Value::Record(record)) => Some(record.clone()),
        _ => None,
    };
    Ok(list(record, name, world)?.iter().filter_map(inner).collect())
}

fn texts(record: &Record, name: &str, world: usize) -> Result<Vec<String>, Unknown> {
    let inner = |fact: &Fact| match fact.value() {
        Some(Value::Text(text)) => Some(text.to_string()),
        _ => None,
    };
    Ok(list(record, name, world)?.iter().filter_map(inner).collect())
}
