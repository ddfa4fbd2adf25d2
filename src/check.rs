//! Checks: what ought not to be, one TOML file each.
//!
//! The types with serde here are the reference of the check file. [`load`] turns a file into a [`Check`] and reports
//! every mistake with its place; [`embedded`] holds the checks that come with hardline.

pub mod compile;
pub mod embedded;
pub mod later;
pub mod load;
pub mod places;
mod vet;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use crate::edit::EditOp;
use crate::expr::{Each, Expr, Param, Params, Path};
use crate::finding::{CheckId, Confidence, Family, FixWords, Safety, Severity};

pub use later::Later;
pub use load::{Loaded, Problem, load};

/// A check file as TOML says it. Whether it is complete is asked by [`load`], so nothing is required here.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CheckFile {
    /// `platform/what-is-wrong`; the file is the id and `.toml`.
    pub id: String,
    /// The fault, in one line.
    pub title: String,
    /// The handle of the team that answers for the check.
    pub owner: String,
    /// How bad the fault is.
    pub severity: Option<Severity>,
    /// How sure a verdict is.
    pub confidence: Option<Confidence>,
    /// The heading in the checklist.
    pub family: Option<Family>,
    /// CWE and CIS numbers.
    pub tags: Vec<String>,
    /// Primary documents.
    pub references: Vec<String>,
    /// Ids that the check had before; waivers with them keep working.
    pub formerly: Vec<String>,
    /// What an attacker gains, in two to six lines.
    pub rationale: String,
    /// Checks that may fail at the same place.
    pub overlaps: Vec<String>,
    /// `false`: runs only when selected.
    pub default: Option<bool>,
    /// `true`: no fix may bring this fault, however mild it is beside the one that the fix takes away, and whether or
    /// not the check is selected.
    pub vetoes_fixes: Option<bool>,
    /// Why no example can be undecided, instead of one with `expect = "unknown"`.
    pub unknown_impossible: Option<String>,
    /// Values that a user may override in `hardline.toml`, typed by their default.
    pub params: BTreeMap<String, Param>,
    /// What must not be.
    pub rule: RuleTable,
    /// When it may be all the same.
    pub bypass: Vec<BypassTable>,
    /// What to do about it.
    pub fix: FixTable,
    /// What it looks like.
    pub example: Vec<Example>,
}

/// `[rule]`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RuleTable {
    /// The platform whose facts are in scope; the check runs once for each of its subjects.
    pub reads: String,
    /// `path as name`, or two levels: `redis.acl.users as user, user.takeover as way`. One verdict for each item.
    pub for_each: Option<String>,
    /// An expression; where it is false, the check does not apply.
    pub when: Option<String>,
    /// An expression; where it is true, there is a finding.
    pub deny: String,
    /// The fact whose place is shown; of a list the first item, the others as related places.
    pub at: String,
    /// Facts whose places are related: paths, or `{ path, when }` for one that is only where an expression is true.
    pub also: Vec<AlsoTable>,
    /// One line; `{path}` stands for the value of a fact, `{params.name}` for a parameter, `{{` for a brace.
    pub message: String,
}

/// An entry of `also`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged, expecting = "expected a path, or { path, when }")]
pub enum AlsoTable {
    /// Always.
    Path(String),
    /// Only where an expression is true.
    When(AlsoWhen),
}

/// `{ path, when }` in `also`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlsoWhen {
    /// The fact.
    pub path: String,
    /// An expression.
    pub when: String,
}

/// `[[bypass]]`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BypassTable {
    /// Why the fault is right there.
    pub reason: String,
    /// An expression; where it is true, a failure or an unknown becomes "bypassed".
    pub when: String,
    /// The example that shows it.
    pub example: String,
}

/// `[fix]`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FixTable {
    /// What to do, in one line.
    pub title: String,
    /// How careful one must be; required with `edits`, `display-only` without.
    pub safety: Option<Safety>,
    /// What a person should know.
    pub hint: String,
    /// What is seen when it worked: a command and its output.
    pub expected: String,
    /// How to undo it.
    pub rollback: String,
    /// What a program can do.
    pub edits: Vec<EditOp>,
}

/// `[[example]]`: a small machine, and what the check says about it. Of a check that reads `hardline`, `hardline.toml`
/// is the configuration, all checks judge the other files, and it is 30 June 2026.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Example {
    /// What it shows, in a few words.
    pub name: String,
    /// What the check says.
    pub expect: Expect,
    /// The files, by their path from `/`. A name that is a URL is a server that runs, with what it answers to
    /// `> COMMAND`: see [`crate::platform::redis::live::recorded`]. `inventory.toml` beside servers says what is
    /// expected of them.
    pub files: BTreeMap<String, String>,
    /// The declared version of the platform, `product:version`.
    pub version: Option<String>,
    /// Parameters that differ from their defaults.
    pub params: BTreeMap<String, Param>,
    /// With `deny`: the texts under the primary label of each finding, in order.
    pub spans: Vec<String>,
    /// With `unknown`: facts that are, or hold, what could not be told.
    pub unknown: Vec<String>,
    /// Paths that refuse to be read.
    pub deny_read: Vec<String>,
    /// Permission bits of files, in octal as text (`"0644"`); 0640 where nothing is said.
    pub modes: BTreeMap<String, String>,
    /// With `deny`: the text under the primary label once the fix is applied.
    pub fixed: Option<String>,
}

/// What a check says about an example.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expect {
    /// It fails.
    Deny,
    /// It passes.
    #[default]
    Pass,
    /// It is bypassed.
    Bypass,
    /// It cannot tell.
    Unknown,
    /// It does not apply.
    NotApplicable,
}

impl Expect {
    /// The word of the check file.
    pub fn as_str(self) -> &'static str {
        match self {
            Expect::Deny => "deny",
            Expect::Pass => "pass",
            Expect::Bypass => "bypass",
            Expect::Unknown => "unknown",
            Expect::NotApplicable => "not-applicable",
        }
    }
}

/// A check that is ready to judge.
#[derive(Debug)]
pub struct Check {
    /// Its id.
    pub id: CheckId,
    /// How bad the fault is.
    pub severity: Severity,
    /// How sure a verdict is.
    pub confidence: Confidence,
    /// The heading in the checklist.
    pub family: Family,
    /// Ids that the check had before.
    pub formerly: Vec<String>,
    /// Whether it runs without being selected.
    pub default: bool,
    /// Whether no fix may bring this fault, whatever it takes away.
    pub vetoes_fixes: bool,
    /// Its parameters with their defaults.
    pub params: Params,
    /// What must not be.
    pub rule: Rule,
    /// What people read.
    pub words: Arc<Later<Words>>,
    /// What happens where it is all the same, or what is wrong with that.
    pub rest: Later<Result<Rest, String>>,
    /// The names of all facts that have to do with it, sorted, blanks between: `acl` for `redis.acl.users[].enabled`.
    pub facts: Cow<'static, str>,
}

/// What people read about a check.
#[derive(Debug, Clone, Default)]
pub struct Words {
    /// The fault, in one line.
    pub title: String,
    /// The handle of the team that answers for it.
    pub owner: String,
    /// CWE and CIS numbers.
    pub tags: Vec<String>,
    /// Primary documents.
    pub references: Vec<String>,
    /// What an attacker gains.
    pub rationale: String,
    /// Checks that may fail at the same place.
    pub overlaps: Vec<CheckId>,
    /// When the fault is right.
    pub bypass: Vec<String>,
    /// What to do about it.
    pub fix: Arc<FixWords>,
}

/// What is only needed where the fault is there, or may be.
#[derive(Debug)]
pub struct Rest {
    /// The fact whose place is shown.
    pub at: Path,
    /// Facts whose places are related.
    pub also: Vec<Also>,
    /// What a finding says.
    pub message: Message,
    /// When it may be all the same.
    pub bypass: Vec<Bypass>,
    /// What a program can do about it, each step with the facts it is about.
    pub edits: Vec<(EditOp, Vec<Path>)>,
}

impl Check {
    /// The names of all facts that have to do with the check.
    pub fn fact_names(&self) -> impl Iterator<Item = &str> {
        self.facts.split(' ')
    }

    /// What a program can do about the fault.
    pub fn edits(&self) -> &[(EditOp, Vec<Path>)] {
        self.rest.as_ref().map_or(&[], |rest| &rest.edits)
    }

    /// What is only needed where the fault is there.
    ///
    /// # Errors
    /// What is wrong with the check.
    pub fn rest(&self) -> Result<&Rest, &str> {
        self.rest.as_ref().map_err(String::as_str)
    }

    /// The parameters with the user's values in place of the defaults.
    ///
    /// # Errors
    /// One line for each value that names no parameter or has another type.
    pub fn params_with<'a>(
        &self,
        values: impl IntoIterator<Item = (&'a String, &'a Param)>,
    ) -> Result<Params, Vec<String>> {
        let mut params = self.params.clone();
        let mut problems = Vec::new();
        for (name, value) in values {
            match params.iter_mut().find(|(known, _)| **known == **name) {
                Some((_, param)) if param.same_type(value) => *param = value.clone(),
                Some((_, param)) => {
                    problems.push(format!("`{name}` of {} is {}, not {}", self.id, param.describe(), value.describe()))
                }
                None => {
                    let meant = crate::spell::nearest(name, self.params.iter().map(|(known, _)| &**known))
                        .map_or_else(String::new, |meant| format!("; did you mean `{meant}`?"));
                    problems.push(format!("{} has no parameter `{name}`{meant}", self.id));
                }
            }
        }
        if problems.is_empty() { Ok(params) } else { Err(problems) }
    }
}

/// What must not be.
#[derive(Debug)]
pub struct Rule {
    /// The platform whose subjects are judged.
    pub reads: &'static str,
    /// The lists of whose items each gets its verdict, the outermost first.
    pub for_each: Vec<Each>,
    /// Where it is false, the check does not apply.
    pub when: Expr,
    /// Where it is true, there is a finding.
    pub deny: Expr,
    /// Every path that the verdict may depend on, bypasses aside; sorted.
    pub paths: Vec<Arc<str>>,
}

impl Rule {
    /// A rule of these parts.
    pub fn new(reads: &'static str, for_each: Vec<Each>, when: Expr, deny: Expr) -> Rule {
        let lists = for_each.iter().map(|each| &each.list.path);
        let mut paths: Vec<_> = when.reads.iter().chain(&deny.reads).chain(lists).cloned().collect();
        paths.sort();
        paths.dedup();
        Rule { reads, for_each, when, deny, paths }
    }
}

/// A fact whose place is related to a finding.
#[derive(Debug)]
pub struct Also {
    /// The fact.
    pub path: Path,
    /// Where it is not true, the fact has nothing to do with it.
    pub when: Option<Expr>,
}

/// When a fault may be.
#[derive(Debug)]
pub struct Bypass {
    /// Why it is right there.
    pub reason: String,
    /// Whether it is.
    pub when: Expr,
    /// The example that shows it.
    pub example: String,
}

/// A line with facts in it.
#[derive(Debug)]
pub struct Message(pub Vec<Piece>);

/// A piece of a message.
#[derive(Debug)]
pub enum Piece {
    /// Plain text.
    Text(String),
    /// The value of a fact.
    Fact(Path),
    /// The value of a parameter, by its number.
    Param(usize),
}
