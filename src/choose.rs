//! Which checks run, how severe they are and with which parameters: the checks there are, and what the user says.

use std::collections::BTreeMap;

use globset::{Glob, GlobMatcher};

use crate::check::Check;
use crate::config::{Config, Said};
use crate::expr::Params;
use crate::finding::{CheckId, Family, Label, Severity};
use crate::spell::nearest;

/// What the command line says. It goes before the configuration: a selection replaces the one there, what is to be
/// ignored is added to it.
#[derive(Debug, Clone, Default)]
pub struct Wishes {
    /// Ids, globs or families to run; empty for all that run by default.
    pub select: Vec<String>,
    /// Ids, globs or families not to run.
    pub ignore: Vec<String>,
}

/// A check that runs.
#[derive(Debug)]
pub struct Chosen {
    /// The check, with the severity that the user gives it.
    pub check: Check,
    /// Its parameters, with the values that the user gives them.
    pub params: Params,
}

/// What is wrong with the user's wishes.
#[derive(Debug, Default)]
pub struct Mistakes {
    /// In the arguments.
    pub lines: Vec<String>,
    /// In the configuration.
    pub places: Vec<Label>,
}

/// All checks there are.
#[derive(Debug, Default)]
pub struct All {
    /// Those that can be asked.
    pub checks: Vec<Check>,
    /// Those that come with hardline and could not be loaded, with the reason: our mistake, which the report says.
    pub broken: Vec<(CheckId, String)>,
}

/// Chooses among all checks; a broken one stays if it would run.
///
/// # Errors
/// Every word that names no check, and every parameter that a check does not have so.
pub fn choose(all: &mut All, config: &Config, wishes: &Wishes) -> Result<Vec<Chosen>, Mistakes> {
    let mut mistakes = Mistakes::default();
    let mut given = |words: &[String], option: &str| -> Vec<Word> {
        let (words, wrong) = parse(words, all, |word| word);
        mistakes.lines.extend(wrong.into_iter().map(|(_, why)| format!("{option}: {why}")));
        words
    };
    let (mut select, mut ignore) = (given(&wishes.select, "--select"), given(&wishes.ignore, "--ignore"));
    let mut written = |words: &[Said<String>]| -> Vec<Word> {
        let (words, wrong) = parse(words, all, |said| &said.it);
        mistakes.places.extend(wrong.into_iter().map(|(said, text)| Label { span: said.at, text }));
        words
    };
    let configured = written(&config.select);
    ignore.extend(written(&config.ignore));
    if wishes.select.is_empty() {
        select = configured;
    }
    let mut changes = Changes::new(config, all, &mut mistakes);
    let runs = |id: &CheckId, family: Option<Family>, default: bool| {
        let selected = select.iter().any(|word| word.means(id, family)) || select.is_empty() && default;
        let by_family = |word: &Word| matches!(word, Word::Family(_)) && family.is_none();
        selected && !ignore.iter().any(|word| !by_family(word) && word.means(id, family))
    };
    all.broken.retain(|(id, _)| runs(id, None, true));
    let checks = std::mem::take(&mut all.checks).into_iter();
    let chosen = checks.filter(|check| runs(&check.id, Some(check.family), check.default));
    let chosen = chosen.map(|check| changes.apply(check)).collect();
    if mistakes.lines.is_empty() && mistakes.places.is_empty() { Ok(chosen) } else { Err(mistakes) }
}

/// A word that names checks.
enum Word {
    /// Its present id.
    Id(CheckId),
    Family(Family),
    Glob(GlobMatcher),
}

impl Word {
    /// A check whose family is not known may be of any.
    fn means(&self, id: &CheckId, family: Option<Family>) -> bool {
        match self {
            Word::Id(meant) => meant == id,
            Word::Family(meant) => family.is_none_or(|family| family == *meant),
            Word::Glob(glob) => glob.is_match(id.as_str()),
        }
    }
}

impl All {
    /// The check that has this id, or had it once.
    fn called(&self, id: &str) -> Option<&Check> {
        let is = |check: &&Check| check.id.as_str() == id || check.formerly.iter().any(|former| former == id);
        self.checks.iter().find(is)
    }

    fn ids(&self) -> impl Iterator<Item = &CheckId> {
        self.checks.iter().map(|check| &check.id).chain(self.broken.iter().map(|(id, _)| id))
    }

    fn is_broken(&self, id: &str) -> bool {
        self.broken.iter().any(|(broken, _)| broken.as_str() == id)
    }

    fn no_such(&self, id: &str) -> String {
        match nearest(id, self.ids().map(CheckId::as_str)) {
            Some(meant) => format!("no such check or family: `{id}`; did you mean `{meant}`?"),
            None => format!("no such check or family: `{id}`"),
        }
    }

    fn word(&self, text: &str) -> Result<Word, String> {
        if let Ok(family) = text.parse() {
            return Ok(Word::Family(family));
        }
        if text.contains(['*', '?', '[', '{']) {
            let glob = Glob::new(text).map_err(|error| error.to_string())?.compile_matcher();
            let any = self.ids().any(|id| glob.is_match(id.as_str()));
            return if any { Ok(Word::Glob(glob)) } else { Err(format!("no check is like `{text}`")) };
        }
        match self.called(text) {
            Some(check) => Ok(Word::Id(check.id.clone())),
            None if self.is_broken(text) => Ok(Word::Id(CheckId(text.into()))),
            None => Err(self.no_such(text)),
        }
    }
}

/// The words that name something, and those that do not with the reason.
fn parse<'a, T>(words: &'a [T], all: &All, text: impl Fn(&'a T) -> &'a String) -> (Vec<Word>, Vec<(&'a T, String)>) {
    let (mut good, mut wrong) = (Vec::new(), Vec::new());
    for word in words {
        match all.word(text(word)) {
            Ok(parsed) => good.push(parsed),
            Err(why) => wrong.push((word, why)),
        }
    }
    (good, wrong)
}

/// What the configuration changes about checks, by their present id.
struct Changes {
    severity: BTreeMap<CheckId, Severity>,
    params: BTreeMap<CheckId, Params>,
}

impl Changes {
    fn new(config: &Config, all: &All, mistakes: &mut Mistakes) -> Changes {
        let mut changes = Changes { severity: BTreeMap::new(), params: BTreeMap::new() };
        let mut find = |id: &Said<String>| {
            let found = all.called(&id.it);
            if found.is_none() && !all.is_broken(&id.it) {
                mistakes.places.push(Label { span: id.at, text: all.no_such(&id.it) });
            }
            found
        };
        for (id, severity) in &config.severity {
            if let Some(check) = find(id) {
                changes.severity.insert(check.id.clone(), *severity);
            }
        }
        let known: Vec<_> = config.params.iter().filter_map(|params| Some((find(&params.check)?, params))).collect();
        for (check, params) in known {
            let mut values = check.params.clone();
            for (name, value) in &params.values {
                match check.params_with([(&name.it, &value.it)]) {
                    Ok(_) => {
                        let param = values.iter_mut().find(|(known, _)| **known == *name.it);
                        param.into_iter().for_each(|(_, old)| *old = value.it.clone());
                    }
                    Err(why) => mistakes.places.push(Label { span: value.at, text: why.join("; ") }),
                }
            }
            changes.params.insert(check.id.clone(), values);
        }
        changes
    }

    fn apply(&mut self, mut check: Check) -> Chosen {
        if let Some(severity) = self.severity.get(&check.id) {
            check.severity = *severity;
        }
        let params = self.params.remove(&check.id).unwrap_or_else(|| check.params.clone());
        Chosen { check, params }
    }
}
