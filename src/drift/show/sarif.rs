//! SARIF 2.1.0: a result of kind `fail` for each difference, suppressed where somebody answers for it, and one of kind
//! `open` for what could not be compared.

use std::collections::BTreeSet;
use std::io::{self, Write};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{line, open_line, places};
use crate::drift::found::{Comparison, Difference, Located};
use crate::drift::kind::{KINDS, Kind, id, parse};
use crate::report::sarif::{SCHEMA, level, percent};
use crate::text::hex;

/// Writes the comparison.
///
/// # Errors
/// Those of the writer.
pub fn render(comparison: &Comparison, out: &mut dyn Write) -> io::Result<()> {
    let kinds = parse(KINDS).map_err(io::Error::other)?;
    let rules: Vec<Value> = kinds.iter().map(|(name, kind)| rule(&id(name), kind)).collect();
    let results = comparison.differences.iter().map(|one| result(comparison, one));
    let open = comparison.undecided.iter().map(|one| {
        let locations: Vec<Value> = one.place.iter().map(location).collect();
        json!({
            "ruleId": id("setting-differs"), "kind": "open", "level": "none",
            "message": {"text": open_line(comparison, one)}, "locations": locations,
        })
    });
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "hardline", "semanticVersion": env!("CARGO_PKG_VERSION"), "rules": rules,
            }},
            // Beside that of `check`, not instead of it.
            "automationDetails": {"id": "hardline-drift/"},
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "The folder that hardline ran in."}}},
            "results": results.chain(open).collect::<Vec<_>>(),
        }],
    });
    serde_json::to_writer_pretty(&mut *out, &log)?;
    writeln!(out)
}

fn rule(id: &str, kind: &Kind) -> Value {
    json!({
        "id": id,
        "shortDescription": {"text": kind.title},
        "fullDescription": {"text": kind.why},
        "help": {"text": kind.fix},
        "defaultConfiguration": {"level": level(kind.severity)},
        "properties": {"tags": ["security", "drift"]},
    })
}

fn result(comparison: &Comparison, one: &Difference) -> Value {
    let all = places(one);
    let locations: Vec<Value> = all.first().map(|place| location(place)).into_iter().collect();
    let mut seen: BTreeSet<&Located> = all.first().copied().into_iter().collect();
    let related: Vec<Value> = all.iter().filter(|place| seen.insert(place)).map(|place| location(place)).collect();
    let suppressions: Vec<Value> = one
        .allowed
        .iter()
        .map(|allowed| {
            let why = format!("{} ({}, until {})", allowed.reason, allowed.owner, allowed.until);
            json!({"kind": "external", "status": "accepted", "justification": why})
        })
        .collect();
    let mut made = json!({
        "ruleId": one.kind, "kind": "fail", "level": level(one.severity),
        "message": {"text": line(comparison, one)},
        "locations": locations, "relatedLocations": related,
        "partialFingerprints": {"hardlineDrift/v1": fingerprint(one)},
        "properties": {"what": one.what, "weaker": one.weaker.as_str(), "severity": one.severity.as_str()},
    });
    if !suppressions.is_empty() {
        made["suppressions"] = suppressions.into();
    }
    made
}

/// What stays the same when lines and values change: what differs, and whose it is.
fn fingerprint(one: &Difference) -> String {
    let name = one.subject.as_ref().map_or("", |about| about.name.as_str());
    let digest = Sha256::digest(format!("{}\n{name}\n{}", one.kind, one.what));
    hex(&digest[..16])
}

fn location(place: &Located) -> Value {
    // A server that runs is no file.
    if place.path.contains("://") {
        return json!({"logicalLocations": [{"fullyQualifiedName": place.path, "kind": "resource"}]});
    }
    let uri: String = place.path.split('/').map(|part| percent(part.as_bytes())).collect::<Vec<_>>().join("/");
    let artifact = match place.path.starts_with('/') {
        true => json!({"uri": format!("file://{uri}")}),
        false => json!({"uri": uri, "uriBaseId": "%SRCROOT%"}),
    };
    let (start, end) = (place.start, place.end);
    json!({"physicalLocation": {
        "artifactLocation": artifact,
        "region": {
            "startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column,
        },
    }})
}
