//! The checks that come with hardline.
//!
//! The build script packs them: what a check asks is taken apart when its platform is needed, what it says and what it
//! does where the fault is there is read when that is needed, and examples stay in the file's text.

use crate::expr::{Asks, Trust};
use crate::finding::{CheckId, Confidence, Family, Severity};
use crate::schema::Root;

use super::places::Places;
use super::{Check, CheckFile, Later, Loaded, Problem, Rule, compile, load};

/// A check that comes with hardline.
#[derive(Debug)]
pub struct Embedded {
    /// Its id, from its file's name.
    pub id: &'static str,
    /// The platform whose facts it judges.
    pub reads: &'static str,
    /// The heading in the checklist, where the file names one.
    pub family: Option<Family>,
    /// Ids that it had before.
    pub formerly: &'static [&'static str],
    /// Whether it runs without being selected.
    pub default: bool,
    /// The whole file.
    pub text: &'static str,
    /// What a run needs of it; nothing of a file that is not in order, and of one that cannot be packed.
    packed: Option<Packed>,
}

/// What a run needs of a check.
#[derive(Debug)]
struct Packed {
    severity: Severity,
    confidence: Confidence,
    family: Family,
    vetoes_fixes: bool,
    /// Parameters, `for_each`, `when` and `deny`.
    asks: &'static str,
    /// The names of the facts that have to do with it.
    facts: &'static str,
    /// What people read, as JSON.
    words: &'static str,
    /// The rule, bypasses and edits, as JSON.
    rest: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/checks.rs"));

/// All of them, sorted by id.
pub fn all() -> &'static [Embedded] {
    EMBEDDED
}

impl Embedded {
    /// The check, as far as judging needs it: the rest is read when it is asked for.
    ///
    /// # Errors
    /// What is wrong with the check; tests see to it that nothing is.
    pub fn check(&self, roots: &[&'static Root]) -> Result<Check, String> {
        self.unpacked(roots).map_or_else(|| self.compiled(roots), Ok)
    }

    /// Whether the check is packed, and so costs little.
    pub fn is_packed(&self) -> bool {
        self.packed.is_some()
    }

    fn unpacked(&self, roots: &[&'static Root]) -> Option<Check> {
        let packed = self.packed.as_ref()?;
        let root = roots.iter().copied().find(|root| root.name == self.reads)?;
        let Asks { params, for_each, when, deny } = Asks::unpack(packed.asks, root)?;
        let (words, rest, defaults) = (packed.words, packed.rest, params.clone());
        Some(Check {
            id: CheckId(self.id.into()),
            severity: packed.severity,
            confidence: packed.confidence,
            family: packed.family,
            formerly: self.formerly.iter().map(|&id| id.to_owned()).collect(),
            default: self.default,
            vetoes_fixes: packed.vetoes_fixes,
            params,
            rule: Rule::new(root.name, for_each, when, deny),
            words: Later::new(|| read(words).map(|file| compile::words(&file)).unwrap_or_default()).into(),
            rest: Later::new(move || compile::rest(&read(rest)?, root, &defaults)),
            facts: packed.facts.into(),
        })
    }

    /// The check, from its text. Where it is wrong is left to [`Embedded::load`].
    fn compiled(&self, roots: &[&'static Root]) -> Result<Check, String> {
        let file: CheckFile = toml::from_str(self.text).map_err(|error| error.to_string())?;
        compile::compile(&file, roots, Trust::Embedded, &Places::default()).map_err(compile::told)
    }

    /// The check with its examples, from its file.
    ///
    /// # Errors
    /// All mistakes in the file.
    pub fn load(&self, roots: &[&'static Root]) -> Result<Loaded, Vec<Problem>> {
        load::load(self.text, Some(self.id), roots)
    }
}

fn read(json: &str) -> Result<CheckFile, String> {
    serde_json::from_str(json).map_err(|error| error.to_string())
}
