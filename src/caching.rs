//! Rules of a project for its caches: what is kept, what never is, and who answers for it. They are written as
//! `[[cache_rule]]` in `hardline.toml`; whether the servers keep to them is a question of facts.

use crate::text::{Place, Said, SourceId, Sources, Span};

/// A rule.
#[derive(Debug, Clone, PartialEq)]
pub struct CacheRule {
    /// Its header, `[[cache_rule]]`.
    pub at: Span,
    /// What it is called.
    pub name: Option<Said<String>>,
    /// Who answers for it.
    pub owner: Option<Said<String>>,
    /// What it says, in words.
    pub what: Option<Said<String>>,
    /// For whom nothing is kept, in words.
    pub bypass: Option<Said<String>>,
    /// How to undo it.
    pub rollback: Option<Said<String>>,
    /// Pages that are kept.
    pub cached: Vec<Page>,
    /// Pages that are not.
    pub not_cached: Vec<Page>,
}

/// An example page: a request whose answer is kept, or not.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// Where the page is written.
    pub at: Span,
    /// Its URL.
    pub url: String,
    /// The `Cookie` header of the request.
    pub cookie: Option<String>,
    /// The `Authorization` header of the request.
    pub authorization: Option<String>,
    /// The method; GET where none is said.
    pub method: Option<String>,
}

/// The rules of a project with the file they are in.
#[derive(Debug, Clone)]
pub struct CacheRules {
    /// The file.
    pub place: Place,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The rules, with places in that file.
    pub rules: Vec<CacheRule>,
}

impl CacheRules {
    /// The rules with places in `sources`, to which the file is added.
    pub fn placed(&self, sources: &mut Sources) -> Vec<CacheRule> {
        let source = sources.add(self.place.clone(), self.bytes.clone());
        self.rules.iter().map(|rule| rule.clone().on(source)).collect()
    }
}

impl CacheRule {
    fn on(mut self, source: SourceId) -> CacheRule {
        let put = |span: &mut Span| span.source = source;
        put(&mut self.at);
        let texts = [&mut self.name, &mut self.owner, &mut self.what, &mut self.bypass, &mut self.rollback];
        texts.into_iter().flatten().for_each(|said| put(&mut said.at));
        self.cached.iter_mut().chain(&mut self.not_cached).for_each(|page| put(&mut page.at));
        self
    }
}
