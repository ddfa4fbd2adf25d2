//! Which checks run, how severe they are and with which parameters: the checks there are, and what the user says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use globset::{Glob, GlobMatcher};

use crate::check::Check;
use crate::check::embedded::Embedded;
use crate::config::{self, Config, Said};
use crate::expr::Params;
use crate::finding::{CheckId, Family, Label, Severity};
use crate::platform::Wanted;
use crate::schema::Root;
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

/// A check that there is. One that comes with hardline is loaded when it is to judge something: most runs see files of
/// one platform, and loading the checks of all others would take longer than judging.
#[derive(Debug)]
pub struct Listed {
    /// Its id.
    pub id: CheckId,
    /// The platform whose facts it judges.
    pub reads: &'static str,
    /// Ids that it had before.
    pub formerly: Vec<String>,
    /// The heading in the checklist, where that is known.
    pub family: Option<Family>,
    /// Whether it runs without being selected.
    pub default: bool,
    source: Source,
}

#[derive(Debug)]
enum Source {
    Embedded(&'static Embedded),
    Own(Box<Check>),
}

/// What a run asks.
#[derive(Debug, Default)]
pub struct Choice {
    /// The checks that can judge what is there.
    pub checks: Vec<Chosen>,
    /// All that the user's wishes leave, whether or not anything is there for them to judge.
    pub run: Vec<CheckId>,
    /// Those that come with hardline and could not be loaded, with the reason: our mistake, which the report says.
    pub broken: Vec<(CheckId, String)>,
}

impl Choice {
    /// The facts that the checks ask for.
    pub fn wanted(&self) -> Wanted {
        let names: BTreeSet<&str> = self.checks.iter().flat_map(|chosen| chosen.check.fact_names()).collect();
        Wanted::Names(Arc::new(names.into_iter().map(str::to_owned).collect()))
    }
}

impl Listed {
    /// A check that comes with hardline.
    pub fn embedded(check: &'static Embedded) -> Listed {
        Listed {
            id: CheckId(check.id.into()),
            reads: check.reads,
            formerly: check.formerly.iter().map(|&id| id.to_owned()).collect(),
            family: check.family,
            default: check.default,
            source: Source::Embedded(check),
        }
    }

    /// A check of the user's own.
    pub fn own(check: Check) -> Listed {
        Listed {
            id: check.id.clone(),
            reads: check.rule.reads,
            formerly: check.formerly.clone(),
            family: Some(check.family),
            default: check.default,
            source: Source::Own(Box::new(check)),
        }
    }

    /// The check itself.
    ///
    /// # Errors
    /// What is wrong with one that comes with hardline.
    pub fn load(self, roots: &[&'static Root]) -> Result<Check, String> {
        match self.source {
            Source::Embedded(check) => check.check(roots),
            Source::Own(check) => Ok(*check),
        }
    }

    /// What the check says of something.
    fn ask<T>(&self, roots: &[&'static Root], question: impl FnOnce(&Check) -> T) -> Result<T, String> {
        match &self.source {
            Source::Embedded(check) => check.check(roots).map(|check| question(&check)),
            Source::Own(check) => Ok(question(check)),
        }
    }
}

/// Chooses among all checks, and loads those of the platforms that are `present`.
///
/// # Errors
/// Every word that names no check, and every parameter that a check does not have so.
pub fn choose(
    all: Vec<Listed>,
    present: &dyn Fn(&str) -> bool,
    roots: &[&'static Root],
    (config, wishes): (&Config, &Wishes),
) -> Result<Choice, Mistakes> {
    let all = All(all);
    let mut mistakes = Mistakes::default();
    let mut given = |words: &[String], option: &str| -> Vec<Word> {
        let (words, wrong) = parse(words, &all, |word| word);
        mistakes.lines.extend(wrong.into_iter().map(|(_, why)| format!("{option}: {why}")));
        words
    };
    let (mut select, mut ignore) = (given(&wishes.select, "--select"), given(&wishes.ignore, "--ignore"));
    let mut written = |words: &[Said<String>]| -> Vec<Word> {
        let (words, wrong) = parse(words, &all, |said| &said.it);
        mistakes.places.extend(wrong.into_iter().map(|(said, text)| Label { span: said.at, text }));
        words
    };
    let configured = written(&config.select);
    ignore.extend(written(&config.ignore));
    if wishes.select.is_empty() {
        select = configured;
    }
    let mut changes = Changes::new(config, &all, roots, &mut mistakes);
    if !mistakes.lines.is_empty() || !mistakes.places.is_empty() {
        return Err(mistakes);
    }
    let runs = |check: &Listed| {
        let selected = select.iter().any(|word| word.means(check)) || select.is_empty() && check.default;
        let by_family = |word: &Word| matches!(word, Word::Family(_)) && check.family.is_none();
        selected && !ignore.iter().any(|word| !by_family(word) && word.means(check))
    };
    let mut choice = Choice::default();
    for listed in all.0.into_iter().filter(runs) {
        let id = listed.id.clone();
        choice.run.push(id.clone());
        if !present(listed.reads) {
            continue;
        }
        match listed.load(roots) {
            Ok(check) => choice.checks.push(changes.apply(check)),
            Err(why) => choice.broken.push((id, why)),
        }
    }
    Ok(choice)
}

/// All checks there are.
struct All(Vec<Listed>);

/// A word that names checks.
enum Word {
    /// Its present id.
    Id(CheckId),
    Family(Family),
    Glob(GlobMatcher),
}

impl Word {
    /// A check whose family is not known may be of any.
    fn means(&self, check: &Listed) -> bool {
        match self {
            Word::Id(meant) => *meant == check.id,
            Word::Family(meant) => check.family.is_none_or(|family| family == *meant),
            Word::Glob(glob) => glob.is_match(check.id.as_str()),
        }
    }
}

impl All {
    /// The check that has this id, or had it once.
    fn called(&self, id: &str) -> Option<&Listed> {
        let is = |check: &&Listed| check.id.as_str() == id || check.formerly.iter().any(|former| former == id);
        self.0.iter().find(is)
    }

    fn ids(&self) -> impl Iterator<Item = &CheckId> {
        self.0.iter().map(|check| &check.id)
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
    fn new(config: &Config, all: &All, roots: &[&'static Root], mistakes: &mut Mistakes) -> Changes {
        let mut changes = Changes { severity: BTreeMap::new(), params: BTreeMap::new() };
        let mut find = |id: &Said<String>| {
            let found = all.called(&id.it);
            if found.is_none() {
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
        for (listed, given) in known {
            let values = listed.ask(roots, |check| with_values(check, given, mistakes));
            // A broken check has no parameters; the report says that it is broken.
            changes.params.extend(values.map(|values| (listed.id.clone(), values)));
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

/// The parameters of a check with the user's values in place of the defaults.
fn with_values(check: &Check, given: &config::Params, mistakes: &mut Mistakes) -> Params {
    let mut values = check.params.clone();
    for (name, value) in &given.values {
        match check.params_with([(&name.it, &value.it)]) {
            Ok(_) => {
                let param = values.iter_mut().find(|(known, _)| **known == *name.it);
                param.into_iter().for_each(|(_, old)| *old = value.it.clone());
            }
            Err(why) => mistakes.places.push(Label { span: value.at, text: why.join("; ") }),
        }
    }
    values
}
