//! Which subjects are servers that run, and which of those answered.

use crate::fact::{Fact, Subject};

/// Whether a server that was asked answered; `None` of what was read from files.
pub(super) fn answered(subject: &Subject) -> Option<bool> {
    subject.facts.get("live").map(|live| matches!(live, Fact::Known { .. }))
}
