//! Which checks run, how severe they are and with which parameters: the checks there are, and what the user says.

use std::collections::BTreeMap;

use globset::{Glob, GlobMatcher};

use crate::check::Check;
use crate::config::{Config, Said};
use crate::expr::Params;
use crate::finding::{Family, Label};
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

/// Chooses among all checks.
///
/// # Errors
/// Every word that names no check, and every parameter that a check does not have so.
pub fn choose(all: Vec<Check>, config: &Config, wishes: &Wishes) -> Result<Vec<Chosen>, Mistakes> {
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
    let mut changes = Changes::new(config, &all, &mut mistakes);
    let runs = |check: &Check| {
        let selected = select.iter().any(|word| word.means(check)) || select.is_empty() && check.default;
        selected && !ignore.iter().any(|word| word.means(check))
    };
    let chosen = all.into_iter().filter(runs).map(|check| changes.apply(check)).collect();
    if mistakes.lines.is_empty() && mistakes.places.is_empty() { Ok(chosen) } else { Err(mistakes) }
}

/// A word that names checks.
enum Word {
    Id(String),
    Family(Family),
    Glob(GlobMatcher),
}

impl Word {
    fn means(&self, check: &Check) -> bool {
        match self {
            Word::Id(id) => is_called(check, id),
            Word::Family(family) => check.family == *family,
            Word::Glob(glob) => glob.is_match(check.id.as_str()),
        }
    }
}

fn is_called(check: &Check, id: &str) -> bool {
    check.id.as_str() == id || check.formerly.iter().any(|former| former == id)
}

/// The words that name something, and those that do not with the reason.
fn parse<'a, T>(
    words: &'a [T],
    all: &[Check],
    text: impl Fn(&'a T) -> &'a String,
) -> (Vec<Word>, Vec<(&'a T, String)>) {
    let (mut good, mut wrong) = (Vec::new(), Vec::new());
    for word in words {
        match parse_word(text(word), all) {
            Ok(parsed) => good.push(parsed),
            Err(why) => wrong.push((word, why)),
        }
    }
    (good, wrong)
}

fn parse_word(text: &str, all: &[Check]) -> Result<Word, String> {
    if let Ok(family) = text.parse() {
        return Ok(Word::Family(family));
    }
    if text.contains(['*', '?', '[', '{']) {
        let glob = Glob::new(text).map_err(|error| error.to_string())?.compile_matcher();
        let word = Word::Glob(glob);
        return if all.iter().any(|check| word.means(check)) {
            Ok(word)
        } else {
            Err(format!("no check is like `{text}`"))
        };
    }
    if all.iter().any(|check| is_called(check, text)) {
        return Ok(Word::Id(text.to_owned()));
    }
    Err(no_such(text, all))
}

fn no_such(id: &str, all: &[Check]) -> String {
    match nearest(id, all.iter().map(|check| check.id.as_str())) {
        Some(meant) => format!("no such check or family: `{id}`; did you mean `{meant}`?"),
        None => format!("no such check or family: `{id}`"),
    }
}

/// What the configuration changes about checks, by their present id.
struct Changes {
    severity: BTreeMap<String, crate::finding::Severity>,
    params: BTreeMap<String, Params>,
}

impl Changes {
    fn new(config: &Config, all: &[Check], mistakes: &mut Mistakes) -> Changes {
        let mut changes = Changes { severity: BTreeMap::new(), params: BTreeMap::new() };
        let mut find = |id: &Said<String>| {
            let found = all.iter().find(|check| is_called(check, &id.it));
            if found.is_none() {
                mistakes.places.push(Label { span: id.at, text: no_such(&id.it, all) });
            }
            found
        };
        for (id, severity) in &config.severity {
            if let Some(check) = find(id) {
                changes.severity.insert(check.id.to_string(), *severity);
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
            changes.params.insert(check.id.to_string(), values);
        }
        changes
    }

    fn apply(&mut self, mut check: Check) -> Chosen {
        if let Some(severity) = self.severity.get(check.id.as_str()) {
            check.severity = *severity;
        }
        let params = self.params.remove(check.id.as_str()).unwrap_or_else(|| check.params.clone());
        Chosen { check, params }
    }
}
