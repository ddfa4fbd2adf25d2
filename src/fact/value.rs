//! What a fact can be.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::{Fact, Items, List, Record, Secret};

/// A typed value.
#[derive(Debug, Clone)]
pub enum Value {
    /// True or false.
    Bool(bool),
    /// A whole number; sizes in bytes, times in the unit the product uses.
    Int(i64),
    /// Text that may be shown.
    Text(Text),
    /// Text that must never be shown.
    Secret(Secret),
    /// What a user may run, answered when asked.
    Commands(Commands),
    /// Facts in order.
    List(List),
    /// Facts by name, sorted by it.
    Record(Record),
}

/// Text: words of the program's own, or made of what was read.
#[derive(Debug, Clone)]
pub enum Text {
    /// The program's own.
    Own(&'static str),
    /// Made while it runs.
    Made(Arc<str>),
}

impl Text {
    /// The text, to be kept.
    pub fn to_shared(&self) -> Arc<str> {
        match self {
            Text::Own(text) => Arc::from(*text),
            Text::Made(text) => text.clone(),
        }
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Text::Own(text) => text,
            Text::Made(text) => text,
        }
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Text) -> bool {
        **self == **other
    }
}

/// Answers which commands a user may run. A list of all commands of a hundred thousand users would fill the memory.
pub trait Can: Send + Sync {
    /// Whether the user may run this command (`config|set`, in small letters) at all, with the arguments that his
    /// rules allow: a bool, or unknown. A command that no version in question has may not be run.
    fn can(&self, command: &str) -> Fact;

    /// Every command that the user may run in a world, sorted; `None` where nobody can list them.
    fn all(&self, _world: usize) -> Option<Vec<&'static str>> {
        None
    }
}

/// What a user may run.
#[derive(Clone)]
pub struct Commands(pub Arc<dyn Can>);

impl fmt::Debug for Commands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Commands")
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Value {
        Value::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Value {
        Value::Int(value)
    }
}

impl From<&'static str> for Value {
    fn from(value: &'static str) -> Value {
        Value::Text(Text::Own(value))
    }
}

impl From<String> for Value {
    fn from(value: String) -> Value {
        Value::Text(Text::Made(value.into()))
    }
}

impl From<Cow<'_, str>> for Value {
    fn from(value: Cow<'_, str>) -> Value {
        Value::Text(Text::Made(value.into()))
    }
}

impl From<Arc<str>> for Value {
    fn from(value: Arc<str>) -> Value {
        Value::Text(Text::Made(value))
    }
}

impl From<Secret> for Value {
    fn from(secret: Secret) -> Value {
        Value::Secret(secret)
    }
}

impl From<Vec<Fact>> for Value {
    fn from(facts: Vec<Fact>) -> Value {
        Value::List(List { items: Items::Here(facts.into()), rest: None })
    }
}
