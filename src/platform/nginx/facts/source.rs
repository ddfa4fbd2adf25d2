//! What a value comes from: variables that `map` and `set` make followed, and what patterns have found in them.

use std::collections::BTreeSet;

use super::Maker;
use super::written::names;
use crate::fact::Unknown;
use crate::platform::nginx::condition::Condition;
use crate::platform::nginx::pattern::{Group, may_break_lines};
use crate::platform::nginx::scope::{Kind, LevelId};
use crate::platform::nginx::tree::{Directive, Word};
use crate::platform::nginx::value::{Piece, pieces};

/// How many variables are followed: a bound on work.
const MOST_VARIABLES: usize = 64;

/// A pattern that has matched, and the value that it was held against.
#[derive(Debug, Clone, Copy)]
struct Matched<'a> {
    pattern: &'a str,
    value: &'a str,
    /// Whether `$1` is escaped where the path was: so `set` and `rewrite` have it (`ngx_http_script_copy_capture_code`).
    escapes: bool,
}

/// What a value comes from in the end.
#[derive(Debug, Default)]
pub struct Sources {
    /// The variables.
    pub variables: Vec<String>,
    /// Why there may be more.
    pub doubt: Option<Unknown>,
    seen: Vec<String>,
}

impl<'a> Maker<'a> {
    /// What the arguments of a directive come from.
    pub fn sources(&self, level: LevelId, directive: &'a Directive) -> Sources {
        let mut sources = Sources { doubt: directive.unfilled(), ..Sources::default() };
        // The groups of a `rewrite` are those of its own pattern, and escaped.
        let matched = match &*directive.name {
            "rewrite" => None,
            _ => self.matched(level, directive),
        };
        for word in directive.args.iter().filter(|word: &&Word| !word.templated) {
            self.follow(level, word, matched, &mut sources);
        }
        sources
    }

    /// What some texts come from that stand on a level where no pattern has matched.
    pub fn sources_of<'t>(
        &self,
        level: LevelId,
        directive: &Directive,
        texts: impl IntoIterator<Item = &'t str>,
    ) -> Sources {
        let mut sources = Sources { doubt: directive.unfilled(), ..Sources::default() };
        texts.into_iter().for_each(|text| self.follow(level, text, None, &mut sources));
        sources
    }

    fn follow(&self, level: LevelId, text: &str, matched: Option<Matched<'a>>, to: &mut Sources) {
        let found = |group: Group<'_>| matched.filter(|it| may_break_lines(it.pattern, group).unwrap_or(false));
        for piece in pieces(text) {
            match piece {
                Piece::Text(_) => {}
                Piece::Capture(number) => {
                    if let Some(by) = found(Group::Number(number)).filter(|by| !by.escapes) {
                        self.follow(level, by.value, None, to);
                    }
                }
                Piece::Variable(name) => match matched {
                    Some(by) if may_break_lines(by.pattern, Group::Name(&name)).is_some() => {
                        if found(Group::Name(&name)).is_some() {
                            self.follow(level, by.value, None, to);
                        }
                    }
                    _ => self.follow_variable(level, name, matched, to),
                },
            }
        }
    }

    fn follow_variable(&self, level: LevelId, name: String, matched: Option<Matched<'a>>, to: &mut Sources) {
        if to.seen.contains(&name) {
            return;
        }
        to.seen.push(name.clone());
        let map = self.model.made.get(&name).filter(|made| *made.directive.name == *"map");
        let sets = self.model.sets_of(level, &name);
        if let Some(map) = map {
            to.doubt = to.doubt.take().or_else(|| map.doubt.clone());
            for line in map.choices() {
                to.doubt = to.doubt.take().or_else(|| line.unfilled());
                let pattern = line.name.strip_prefix('~').map(|rest| rest.strip_prefix('*').unwrap_or(rest));
                let own = pattern.map(|pattern| Matched { pattern, value: map.directive.arg(0), escapes: false });
                self.follow(level, line.arg(0), own.or(matched), to);
            }
        }
        for (at, set) in sets {
            to.doubt = to.doubt.take().or_else(|| set.unfilled());
            let own = self.matched(*at, set).map(|matched| Matched { escapes: true, ..matched });
            self.follow(level, set.arg(1), own, to);
        }
        if map.is_none() && sets.is_empty() {
            to.variables.push(name);
        }
    }

    /// The pattern that has matched last where a directive of a level is asked; none where that is not plain.
    fn matched(&self, level: LevelId, directive: &Directive) -> Option<Matched<'a>> {
        let levels = &self.model.levels;
        let mut before = levels.all[level].own.iter().take_while(|own| !std::ptr::eq(**own, directive));
        if before.any(|own| *own.name == *"rewrite") {
            return None;
        }
        levels.around(level).find_map(|id| {
            let opened_by = levels.all[id].directive?;
            let matched = |pattern, value| Some(Matched { pattern, value, escapes: false });
            match levels.all[id].kind {
                Kind::If | Kind::ServerIf => {
                    let asked = Condition::of(opened_by);
                    matches!(asked.how, "~" | "~*").then(|| matched(asked.with, asked.value)).flatten()
                }
                Kind::Location => match opened_by.arg(0) {
                    "~" | "~*" => matched(opened_by.arg(1), "$uri"),
                    _ => None,
                },
                _ => None,
            }
        })
    }
    /// What conditions on a level depend on in the end: what `map` looks at, what `if` asks before it sets a variable.
    pub fn depends_fully<'t>(&self, level: LevelId, on: impl IntoIterator<Item = &'t str>) -> Vec<String> {
        let mut kinds: Vec<String> = self.depends(level, on).iter().map(|name| kind_of(name)).collect();
        kinds.sort();
        kinds.dedup();
        kinds
    }

    /// The variables that some texts depend on in the end and that nothing here makes, in no order.
    pub fn depends<'t>(&self, level: LevelId, on: impl IntoIterator<Item = &'t str>) -> Vec<String> {
        let mut open = names(on);
        let mut done: Vec<String> = Vec::new();
        let mut seen: BTreeSet<String> = BTreeSet::new();
        while let Some(name) = open.pop() {
            if seen.len() > MOST_VARIABLES || !seen.insert(name.clone()) {
                continue;
            }
            let made = self.model.made.get(&name);
            let sets = self.model.sets_of(level, &name);
            if let Some(block) = made {
                // Without an argument it is the address that `geo` looks at.
                let source = match block.directive.args.len() {
                    1 if *block.directive.name == *"geo" => "$remote_addr",
                    _ => block.directive.arg(0),
                };
                open.extend(names([source]));
                open.extend(names(block.choices().map(|line| line.arg(0))));
            }
            for (id, set) in sets {
                open.extend(names([set.arg(1)]));
                let asked = self.model.levels.all[*id].directive.filter(|directive| *directive.name == *"if");
                open.extend(names(asked.iter().flat_map(|it| it.args.iter().map(|word| word.trim_start_matches('(')))));
            }
            if made.is_none() && sets.is_empty() {
                done.push(name);
            }
        }
        done
    }
}

/// What of a request a variable is about.
fn kind_of(name: &str) -> String {
    match name {
        "http_cookie" => "cookie",
        "http_authorization" | "remote_user" => "authorization",
        "request_method" => "method",
        "uri" | "document_uri" | "request_uri" | "request_filename" | "fastcgi_script_name" => "uri",
        "args" | "query_string" | "is_args" => "args",
        name if name.starts_with("cookie_") => "cookie",
        name if name.starts_with("arg_") => "args",
        name => name,
    }
    .to_owned()
}
