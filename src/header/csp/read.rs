//! The text of policies (CSP3, 2.2): commas between policies, semicolons between directives, white space between the
//! name and the values. Nothing is quoted, so what comes after a variable is a directive too; only whose it is, and
//! whether it is the first of its name, cannot be told.

use crate::header::part::{Part, some};

/// One policy, as far as it is known.
#[derive(Debug)]
pub struct Policy<'a> {
    /// Its directives in order.
    pub directives: Vec<Directive<'a>>,
    /// Whether a variable may hold more of it, and further policies.
    pub open: bool,
}

/// A directive.
#[derive(Debug)]
pub struct Directive<'a> {
    /// All of it that is known.
    pub whole: Part<'a>,
    /// Its name.
    pub name: Part<'a>,
    /// Its values, those before a variable that may hold anything.
    pub values: Vec<Part<'a>>,
    /// Whether a variable may hold more values.
    pub open: bool,
    /// Whether a variable before it may hold a directive, or begin another policy.
    pub late: bool,
}

/// What there is of one name.
#[derive(Debug, Clone, Copy)]
pub enum Found<'p, 'a> {
    /// This directive, the first of its name.
    Sure(&'p Directive<'a>),
    /// A variable may hold it.
    Maybe,
    /// Nothing.
    Nothing,
}

/// The policies of a value.
pub fn policies(value: Part<'_>) -> Vec<Policy<'_>> {
    value.split(',').map(policy).filter(|policy| policy.open || !policy.directives.is_empty()).collect()
}

fn policy(text: Part<'_>) -> Policy<'_> {
    let (mut directives, mut late) = (Vec::new(), false);
    for part in text.split(';') {
        if let Some(directive) = directive(part, late) {
            directives.push(directive);
        }
        late |= part.open();
    }
    Policy { directives, open: late }
}

/// What a part says, unless a variable may hold its name.
fn directive(part: Part<'_>, late: bool) -> Option<Directive<'_>> {
    let sure = part.sure();
    let open = part.open();
    let mut words: Vec<Part<'_>> = sure.words().collect();
    // A word that touches the variable may go on in it.
    if open && words.last().is_some_and(|last| last.range().end == sure.range().end) {
        words.pop();
    }
    let name = *words.first()?;
    let whole = if open { sure.slice(name.start - sure.start..sure.text.len()) } else { sure };
    Some(Directive { whole: whole.trim(), name, values: words.split_off(1), open, late })
}

impl<'a> Policy<'a> {
    /// The directive of this name that counts: the first.
    pub fn find(&self, name: &str) -> Found<'_, 'a> {
        for directive in &self.directives {
            match directive.name.is(name) {
                _ if directive.late => return Found::Maybe,
                Some(true) => return Found::Sure(directive),
                Some(false) => {}
                None => return Found::Maybe,
            }
            if directive.open {
                return Found::Maybe;
            }
        }
        if self.open { Found::Maybe } else { Found::Nothing }
    }

    /// Whether there is a directive of this name, here or in a policy that a variable begins.
    pub fn has(&self, name: &str) -> Option<bool> {
        let there = some(self.directives.iter().map(|directive| directive.name.is(name)));
        if self.open && there == Some(false) { None } else { there }
    }

    /// Whether an earlier directive has the name of this one.
    pub fn repeats(&self, number: usize) -> Option<bool> {
        let directive = self.directives.get(number)?;
        let name = directive.name.known()?;
        let before = some(self.directives[..number].iter().map(|other| other.name.is(name)));
        if directive.late { None } else { before }
    }
}
