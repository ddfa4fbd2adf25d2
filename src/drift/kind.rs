//! What drift finds: titles, severities and reasons are data, `checks/hardline/drift/kinds.toml`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::finding::Severity;

/// What stands in the file of kinds.
pub const KINDS: &str = include_str!("../../checks/hardline/drift/kinds.toml");

/// The names of kinds, as the file has them.
pub mod names {
    /// A setting is weaker on one side.
    pub const WEAKER: &str = "weaker-setting";
    /// A setting is different.
    pub const DIFFERS: &str = "setting-differs";
    /// Something is there on one side only.
    pub const ONLY: &str = "only-in-one";
    /// A user may do more on one side.
    pub const RIGHTS: &str = "user-rights";
    /// The versions differ.
    pub const VERSION: &str = "version";
    /// A password is the same on both sides.
    pub const PASSWORD: &str = "same-password";
    /// A response header differs.
    pub const HEADER: &str = "header-differs";
    /// The limit on uploads differs.
    pub const UPLOAD: &str = "upload-limit";
    /// The oldest version of TLS differs.
    pub const TLS: &str = "tls-floor";
    /// A server runs otherwise than it is written.
    pub const RUNS: &str = "runs-otherwise";
    /// A check fails on one side only, as reports say.
    pub const VERDICT: &str = "check-fails-on-one";
    /// All of them.
    pub const ALL: [&str; 11] = [WEAKER, DIFFERS, ONLY, RIGHTS, VERSION, PASSWORD, HEADER, UPLOAD, TLS, RUNS, VERDICT];
}

/// One kind of difference.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kind {
    /// What it is, in one line.
    pub title: String,
    /// How bad it is, by the scale of all checks.
    pub severity: Severity,
    /// Why it matters.
    pub why: String,
    /// What to do.
    pub fix: String,
    /// The rows of the catalogue that it is for.
    pub rows: Vec<String>,
}

/// All kinds, by name.
pub type Kinds = BTreeMap<String, Kind>;

/// Reads the file of kinds.
///
/// # Errors
/// What is wrong with it; a test sees to it that nothing is.
pub fn parse(text: &str) -> Result<Kinds, String> {
    toml::from_str(text).map_err(|error| error.to_string())
}

/// The id of a kind in reports: `drift/weaker-setting`.
pub fn id(name: &str) -> String {
    format!("drift/{name}")
}
