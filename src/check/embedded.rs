//! The checks that come with hardline.
//!
//! The build script prepares them: what judging needs is JSON, which loads far faster than TOML; examples stay in
//! the file's text and are read when somebody asks. Nothing is loaded before its platform is needed.

use crate::expr::Trust;
use crate::schema::Root;

use super::places::Places;
use super::{Check, CheckFile, Loaded, Problem, compile, load};

/// A check that comes with hardline.
#[derive(Debug)]
pub struct Embedded {
    /// Its id, from its file's name.
    pub id: &'static str,
    /// The platform whose facts it judges.
    pub reads: &'static str,
    /// The heading in the checklist, as the file has it.
    pub family: &'static str,
    /// Ids that it had before.
    pub formerly: &'static [&'static str],
    /// Whether it runs without being selected.
    pub default: bool,
    /// The whole file.
    pub text: &'static str,
    /// All but the examples, as JSON.
    prepared: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/checks.rs"));

/// All of them, sorted by id.
pub fn all() -> &'static [Embedded] {
    EMBEDDED
}

impl Embedded {
    /// The check, from its prepared part.
    ///
    /// # Errors
    /// What is wrong with the check; tests see to it that nothing is.
    pub fn check(&self, roots: &[&'static Root]) -> Result<Check, String> {
        let file: CheckFile = serde_json::from_str(self.prepared).map_err(|error| error.to_string())?;
        compile::compile(&file, roots, Trust::Embedded, &Places::default())
            .map_err(|problems| problems.into_iter().map(|problem| problem.message).collect::<Vec<_>>().join("; "))
    }

    /// The check with its examples, from its file.
    ///
    /// # Errors
    /// All mistakes in the file.
    pub fn load(&self, roots: &[&'static Root]) -> Result<Loaded, Vec<Problem>> {
        load::load(self.text, Some(self.id), roots)
    }
}
