//! Which facts exist: the contract between platforms, which make them, and checks, which read them.
//!
//! A schema is a static tree, so it costs nothing at start-up. `hardline facts` prints it, the loader of checks
//! types expressions by it.

/// The type of a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// True or false.
    Bool,
    /// A whole number.
    Int,
    /// Text.
    Text,
    /// Text that is never shown and never compared.
    Secret,
    /// What a user may run, asked with `can(user, "command")`. Its field is always named `commands`.
    Commands,
    /// Items of one type.
    List(&'static Type),
    /// Fields by name. Several slices, so that settings that come from a table and facts that are derived from them
    /// can be declared apart.
    Record(&'static [&'static [Field]]),
}

/// A field of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Its name, snake_case; a setting's name is the product's with `-` as `_`.
    pub name: &'static str,
    /// Its type.
    pub ty: Type,
    /// One line: what it says, with the unit.
    pub doc: &'static str,
}

/// One platform's part of the schema: `redis`, with all that is below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Root {
    /// The platform's name, the first word of every path.
    pub name: &'static str,
    /// The fields of a subject.
    pub fields: &'static [&'static [Field]],
}

impl Root {
    /// Whether a fact may be a secret.
    pub fn has_secrets(&self) -> bool {
        Type::Record(self.fields).has_secrets()
    }
}

impl Type {
    /// Whether it is, or holds, a secret.
    fn has_secrets(self) -> bool {
        match self {
            Type::Secret => true,
            Type::List(item) => item.has_secrets(),
            Type::Record(parts) => {
                // Hundreds of directives are lists of one and the same record.
                let (mut last, fields) = (None, parts.iter().flat_map(|part| part.iter()));
                fields.into_iter().any(|field| match field.ty {
                    Type::List(item) if last.replace(item).is_some_and(|last| std::ptr::eq(last, item)) => false,
                    ty => ty.has_secrets(),
                })
            }
            Type::Bool | Type::Int | Type::Text | Type::Commands => false,
        }
    }

    /// The field of this name, for a record.
    pub fn field(self, name: &str) -> Option<&'static Field> {
        match self {
            Type::Record(parts) => parts.iter().flat_map(|part| part.iter()).find(|field| field.name == name),
            _ => None,
        }
    }

    /// How messages call it.
    pub fn describe(self) -> &'static str {
        match self {
            Type::Bool => "a bool",
            Type::Int => "an integer",
            Type::Text => "a text",
            Type::Secret => "a secret",
            Type::Commands => "a set of commands",
            Type::List(_) => "a list",
            Type::Record(_) => "a record",
        }
    }
}
