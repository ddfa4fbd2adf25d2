//! The response headers that a level adds, and what it loses.

use std::collections::BTreeSet;

use super::written::surely;
use super::{Maker, texts};
use crate::fact::{Fact, Name, Unknown, Value};
use crate::header;
use crate::platform::nginx::condition::Condition;
use crate::platform::nginx::scope::{Kind, LevelId};
use crate::platform::nginx::tree::{Directive, Word};
use crate::platform::nginx::value::{Piece, pieces, written as pieces_written};
use crate::text::Span;

/// How many names of headers of one server are compared between its levels: a bound on work, far above use.
const MOST_HEADERS: usize = 64;

/// A value that a header may have, where that is written, and whether it is only one of several.
struct Possible<'a> {
    /// Or why there may be one that is not seen.
    value: Result<&'a str, Unknown>,
    at: Span,
    conditional: bool,
    chosen: Chosen,
}

/// What is asked before a header has a value.
#[derive(Debug, Clone, Default)]
struct Chosen {
    /// What must be found, as the line of a `map` says it, or why that is not known.
    by: Option<Result<String, Unknown>>,
    /// The value in which it is to be found.
    from: String,
    /// What that value depends on.
    on: Vec<String>,
}

impl Chosen {
    fn facts(self, at: Span) -> [(Name, Fact); 3] {
        let by = match self.by {
            Some(Err(unknown)) => Fact::Unknown(unknown),
            Some(Ok(by)) => Fact::derived(by, at),
            None => Fact::derived("", at),
        };
        [("chosen_by", by), ("chosen_from", Fact::derived(self.from, at)), ("chosen_on", texts(self.on, at))]
    }
}

/// A value in the pieces that the parsers of headers take.
fn in_pieces(value: &str) -> Vec<header::Piece<'_>> {
    fn one<'a>((piece, written): (Piece<'a>, &'a str)) -> header::Piece<'a> {
        match piece {
            Piece::Text(_) => header::Piece::Text(written),
            Piece::Variable(_) | Piece::Capture(_) => {
                let name = written.trim_start_matches(['$', '{']).trim_end_matches('}');
                // nginx makes it of sixteen random bytes, in hexadecimal digits.
                let holds = if name == "request_id" { header::Holds::Word } else { header::Holds::Anything };
                header::Piece::Variable { written, name, holds }
            }
        }
    }
    pieces_written(value).into_iter().map(one).collect()
}

fn without_quotes(word: &Word) -> Span {
    let at = word.span;
    match word.quoted && at.end >= at.start + 2 {
        true => Span { start: at.start + 1, end: at.end - 1, ..at },
        false => at,
    }
}

/// The written `add_header` directives, each once for each value that it may have.
pub(super) fn written(maker: &Maker<'_>) -> Fact {
    let responding = maker.responding();
    let levels = &maker.model.levels;
    let mut items = Vec::new();
    let deciding = surely(responding.iter().flat_map(|&place| levels.adding(place, "add_header")));
    for (id, level) in levels.all.iter().enumerate() {
        for directive in level.own.iter().filter(|directive| *directive.name == *"add_header") {
            for fact in maker.header(id, directive) {
                let Fact::Known { value: Value::Record(mut record), origin } = fact else { continue };
                record.set("label", Fact::derived(maker.label(id), directive.text()));
                record.set("block", Fact::derived(super::number(id as u64), directive.text()));
                record.set("in_force", maker.in_force(id, "add_header", &deciding, directive.text()));
                items.push(Fact::Known { value: Value::Record(record), origin });
            }
        }
    }
    maker.list_with("nginx.response_headers", items, maker.unseen("add_header"))
}

impl<'a> Maker<'a> {
    /// The headers that nginx adds on a level, each possible value for itself.
    pub fn headers(&self, id: LevelId) -> Fact {
        let held = self.model.levels.added(id, "add_header");
        let mut items = Vec::new();
        for directive in &held.directives {
            items.extend(self.header(id, directive));
        }
        self.list_with("nginx.scopes[].headers", items, held.doubt)
    }

    /// One `add_header` that a level has, for each value that it may have.
    pub fn header(&self, level: LevelId, directive: &'a Directive) -> Vec<Fact> {
        let always = directive.arg(2) == "always";
        let Some(word) = directive.args.get(1) else { return Vec::new() };
        let at = directive.text();
        let filled_in = directive.args.iter().find_map(Word::unfilled);
        let chosen = self.asked_by_if(level, directive);
        let possible = match &filled_in {
            Some(unknown) => {
                vec![Possible { value: Err(unknown.clone()), at, conditional: false, chosen }]
            }
            None => self.possible(word, at, 0, chosen),
        };
        let name = || match directive.args[0].unfilled() {
            Some(unknown) => Fact::Unknown(unknown),
            None => Fact::derived(directive.arg(0).to_ascii_lowercase(), at),
        };
        let one = |possible: Possible<'_>| {
            let own = [("always", Fact::derived(always, at)), ("conditional", Fact::derived(possible.conditional, at))];
            let understood = match possible.value {
                Ok(value) => {
                    let inner = if possible.conditional { possible.at } else { without_quotes(word) };
                    header::facts(directive.arg(0), &in_pieces(value), inner)
                }
                Err(unknown) => {
                    let others = header::HEADER.iter().filter(|field| field.name != "name");
                    let records = others.map(|field| (field.name, Fact::Unknown(unknown.clone())));
                    records.chain([("name", name())]).collect()
                }
            };
            let fields = own.into_iter().chain(possible.chosen.facts(possible.at)).chain(understood);
            Fact::record(fields.collect::<Vec<_>>(), possible.at)
        };
        possible.into_iter().filter(|possible| possible.value != Ok("")).map(one).collect()
    }

    /// The values that a word may have: its own, or where it is one variable that a `map` or `set` makes, theirs.
    fn possible(&self, word: &'a Word, at: Span, depth: usize, chosen: Chosen) -> Vec<Possible<'a>> {
        let value = word.unfilled().map_or(Ok(&**word), Err);
        let own = Possible { value, at, conditional: depth > 0, chosen: chosen.clone() };
        let name = match &pieces(word)[..] {
            [Piece::Variable(name)] if depth < 4 => name.clone(),
            _ => return vec![own],
        };
        let map = self.model.made.get(&name).filter(|made| *made.directive.name == *"map");
        let sets = self.model.sets.get(&name);
        if map.is_none() && sets.is_none() {
            return vec![own];
        }
        let mut all = Vec::new();
        if let Some(made) = map {
            let from = made.directive.arg(0);
            for line in made.choices() {
                let by = line.name.unfilled().map_or_else(|| Ok(line.name.to_string()), Err);
                // What an outer one asks says more than that an inner one finds nothing.
                let chosen = match &chosen.by {
                    Some(_) if *line.name == *"default" => chosen.clone(),
                    _ => self.chosen(by, from),
                };
                all.extend(self.possible(&line.args[0], line.args[0].span, depth + 1, chosen));
            }
            let more = made.doubt.as_ref().map(|unknown| {
                let chosen = Chosen { by: Some(Err(unknown.clone())), ..self.chosen(Ok(String::new()), from) };
                Possible { value: Err(unknown.clone()), at, conditional: true, chosen }
            });
            all.extend(more);
        }
        for (level, set) in sets.into_iter().flatten() {
            let Some(word) = set.args.get(1) else { continue };
            let asked = self.asked_on(*level);
            let chosen = if asked.by.is_some() { asked } else { chosen.clone() };
            all.extend(self.possible(word, word.span, depth + 1, chosen));
        }
        all
    }

    fn chosen(&self, by: Result<String, Unknown>, from: &str) -> Chosen {
        Chosen { by: Some(by), from: from.to_owned(), on: self.depends_fully([from]) }
    }

    /// What the `if` asks that a level is, if it is one.
    fn asked_on(&self, level: LevelId) -> Chosen {
        let level = &self.model.levels.all[level];
        let Some(directive) = level.directive.filter(|_| matches!(level.kind, Kind::If | Kind::ServerIf)) else {
            return Chosen::default();
        };
        let asked = Condition::of(directive);
        let by = match (directive.unfilled(), asked.how) {
            (Some(unknown), _) => Err(unknown),
            (None, "=") => Ok(asked.with.to_owned()),
            (None, "~" | "~*") => Ok(format!("{}{}", asked.how, asked.with)),
            _ => Ok("if".to_owned()),
        };
        self.chosen(by, asked.value)
    }

    /// What the `if` asks that a header of a level stands in, if it stands in one.
    fn asked_by_if(&self, level: LevelId, directive: &Directive) -> Chosen {
        let levels = &self.model.levels;
        let has = |id: &LevelId| levels.all[*id].own.iter().any(|own| std::ptr::eq(*own, directive));
        levels.around(level).find(has).map_or_else(Chosen::default, |id| self.asked_on(id))
    }

    /// The headers of the levels around one that are lost on it, and why there may be more.
    pub fn dropped(&self, id: LevelId, directive: &str) -> (Vec<&'a Directive>, Option<Unknown>) {
        let levels = &self.model.levels;
        let own: Vec<&Directive> = levels.own(id, directive).collect();
        let Some(parent) = levels.all[id].parent.filter(|_| !own.is_empty()) else { return (Vec::new(), None) };
        let (held, stays) = match directive {
            "add_header" => (levels.added(parent, directive), levels.text(id, "add_header_inherit") == Some("merge")),
            _ => (levels.held(parent, directive), false),
        };
        if stays {
            return (Vec::new(), None);
        }
        let again = |name: &str| own.iter().any(|own| own.arg(0).eq_ignore_ascii_case(name));
        (held.directives.into_iter().filter(|lost| !again(lost.arg(0))).collect(), held.doubt)
    }

    /// Names and values of directives like `add_header NAME VALUE`.
    pub fn named(&self, directives: impl IntoIterator<Item = &'a Directive>) -> Vec<Fact> {
        let one = |directive: &'a Directive| {
            let name = Fact::derived(directive.arg(0).to_ascii_lowercase(), directive.text());
            Fact::record([("name", name), ("value", self.word(directive, 1))], directive.text())
        };
        directives.into_iter().map(one).collect()
    }

    /// The headers that some of these levels add, in order, each name once; and whether there are more of them than are
    /// compared.
    pub fn union(&self, levels: &[LevelId]) -> (Vec<&'a Directive>, bool) {
        let mut seen: BTreeSet<String> = BTreeSet::new();
        let mut all = Vec::new();
        for id in levels
            .iter()
            .flat_map(|&level| self.model.levels.adding(level, "add_header"))
            .map(|(id, _)| id)
            .collect::<BTreeSet<_>>()
        {
            for directive in self.model.levels.own(id, "add_header") {
                if all.len() >= MOST_HEADERS {
                    return (all, true);
                }
                if seen.insert(directive.arg(0).to_ascii_lowercase()) {
                    all.push(directive);
                }
            }
        }
        (all, false)
    }

    /// Those of the headers that other levels of a server send that this one does not, those that it drops aside.
    pub fn lacking(&self, id: LevelId, union: &[&'a Directive]) -> Vec<&'a Directive> {
        let added = self.model.levels.added(id, "add_header");
        if added.doubt.is_some() {
            return Vec::new();
        }
        let (dropped, _) = self.dropped(id, "add_header");
        let has = |list: &[&Directive], name: &str| list.iter().any(|its| its.arg(0).eq_ignore_ascii_case(name));
        let lacks = |it: &&&Directive| !has(&added.directives, it.arg(0)) && !has(&dropped, it.arg(0));
        union.iter().filter(lacks).copied().collect()
    }
}
