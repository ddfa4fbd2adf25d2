//! What could not be decided, by what stands in the way.

use super::Report;
use crate::fact::Unknown;
use crate::mask::one_line;

/// What stands in the way of some checks.
#[derive(Debug, Clone)]
pub struct Blocked<'a> {
    /// What is not known, where, and what would help.
    pub cause: &'a Unknown,
    /// The checks that wait for it.
    pub checks: Vec<&'a str>,
}

impl Blocked<'_> {
    /// `2 checks wait for … (templated)`.
    pub fn describe(&self) -> String {
        let wait = if self.checks.len() == 1 { "check waits" } else { "checks wait" };
        format!("{} {wait} for {} ({})", self.checks.len(), one_line(&self.cause.needs), self.cause.why.as_str())
    }
}

impl Report {
    /// What could not be decided, by what stands in the way: whoever removes one cause settles all its checks.
    pub fn by_cause(&self) -> Vec<Blocked<'_>> {
        let mut groups: Vec<Blocked<'_>> = Vec::new();
        // Sorted by place, so the groups of one place are among the last.
        for open in self.undecided() {
            let at = |group: &&mut Blocked<'_>| group.cause.at == open.cause.at;
            let same =
                |group: &&mut Blocked<'_>| (group.cause.why, &group.cause.needs) == (open.cause.why, &open.cause.needs);
            let check = open.check.as_str();
            match groups.iter_mut().rev().take_while(at).find(same) {
                Some(group) if group.checks.last() == Some(&check) => {}
                Some(group) => group.checks.push(check),
                None => groups.push(Blocked { cause: &open.cause, checks: vec![check] }),
            }
        }
        groups
    }
}
