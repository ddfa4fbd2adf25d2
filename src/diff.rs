//! What became of the findings of one report in another.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::report::json::fields;

/// What differs between two reports.
#[derive(Debug, Default)]
pub struct Difference<'a> {
    /// Findings that only the newer one has.
    pub new: Vec<&'a Value>,
    /// Findings that only the older one has.
    pub fixed: Vec<&'a Value>,
    /// Findings that both have, as the newer one tells them.
    pub unchanged: Vec<&'a Value>,
}

/// Compares the findings of two reports that nobody answers for: a waiver that ended makes one new. They are known again by
/// their fingerprints, which stay when lines move.
///
/// # Errors
/// Which of the two is no report of version 1.
pub fn diff<'a>(old: &'a Value, new: &'a Value) -> Result<Difference<'a>, Side> {
    let (before, after) = (failures(old).ok_or(Side::Old)?, failures(new).ok_or(Side::New)?);
    let mut difference = Difference::default();
    for (key, finding) in &after {
        if before.contains_key(key) { &mut difference.unchanged } else { &mut difference.new }.push(*finding);
    }
    difference.fixed =
        before.iter().filter(|(key, _)| !after.contains_key(*key)).map(|(_, finding)| *finding).collect();
    let order = |finding: &&Value| (of(finding, "path"), line(finding), of(finding, "check"));
    for list in [&mut difference.new, &mut difference.fixed, &mut difference.unchanged] {
        list.sort_by_key(order);
    }
    Ok(difference)
}

/// One of two reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The older one.
    Old,
    /// The newer one.
    New,
}

/// The failures of a report by what they are known again by.
fn failures(report: &Value) -> Option<BTreeMap<(String, String), &Value>> {
    let findings = fields(report)?.get("findings")?.as_array()?;
    let failed = findings.iter().filter(|finding| of(finding, "verdict") == "fail");
    Some(failed.map(|finding| ((of(finding, "check"), of(finding, "fingerprint")), finding)).collect())
}

/// A text of a finding; the empty text where it has none.
pub fn of(finding: &Value, name: &str) -> String {
    finding.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The line of a finding.
pub fn line(finding: &Value) -> u64 {
    finding.get("start").and_then(|start| start.get("line")).and_then(Value::as_u64).unwrap_or_default()
}
