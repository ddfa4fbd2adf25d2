//! Names of findings that stay the same when lines move.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use crate::text::hex;

use super::{Report, Shower};

impl Report {
    /// Gives each finding its fingerprint; equal ones are counted in the order of the report.
    pub(super) fn name_findings(&mut self, show: Shower<'_>) {
        let mut counts: HashMap<String, usize> = HashMap::new();
        for found in &mut self.findings {
            let text = show.mask.named(show.sources, found.finding.primary.span);
            let subject = self.subjects.get(found.subject).map_or("", |subject| &subject.name);
            let key = [found.finding.check.as_str(), subject, &fold(&text)].join("\0");
            let count = counts.entry(key.clone()).or_default();
            found.fingerprint = fingerprint(&key, *count);
            *count += 1;
        }
    }
}

/// Text with each run of white space as one space.
fn fold(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A name for a finding that survives moved lines: made of the check's id, the subject's name, the masked text under
/// the primary label and how many equal ones came before. 128 bits of SHA-256, in hexadecimal.
pub(super) fn fingerprint(key: &str, count: usize) -> String {
    let digest = Sha256::new().chain_update(key).chain_update(format!("\0{count}")).finalize();
    hex(&digest[..16])
}
