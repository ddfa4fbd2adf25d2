//! The response headers that a level adds, and what it loses.

use std::collections::BTreeSet;

use super::Maker;
use crate::fact::{Fact, Unknown, Value, Why};
use crate::header;
use crate::platform::nginx::scope::LevelId;
use crate::platform::nginx::tree::{Directive, Word};
use crate::platform::nginx::value::{Piece, pieces, written as pieces_written};
use crate::text::Span;

/// How many names of headers of one server are compared between its levels: a bound on work, far above use.
const MOST_HEADERS: usize = 64;

/// A value that a header may have, where that is written, and whether it is only one of several.
struct Possible<'a> {
    value: &'a str,
    at: Span,
    conditional: bool,
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
    let deciding: BTreeSet<LevelId> = responding.iter().flat_map(|&place| levels.adding(place, "add_header")).collect();
    for (id, level) in levels.all.iter().enumerate() {
        let in_force = deciding.contains(&id);
        for directive in level.own.iter().filter(|directive| *directive.name == *"add_header") {
            for fact in maker.header(directive) {
                let Fact::Known { value: Value::Record(mut record), origin } = fact else { continue };
                record.set("label", Fact::derived(maker.label(id), directive.text()));
                record.set("in_force", Fact::derived(in_force, directive.text()));
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
            items.extend(self.header(directive));
        }
        self.list_with("nginx.scopes[].headers", items, held.doubt)
    }

    /// One `add_header`, for each value that it may have.
    pub fn header(&self, directive: &'a Directive) -> Vec<Fact> {
        let always = directive.arg(2) == "always";
        let Some(word) = directive.args.get(1) else { return Vec::new() };
        let at = directive.text();
        let own = |conditional: bool| {
            [("always", Fact::derived(always, at)), ("conditional", Fact::derived(conditional, at))]
        };
        let filled_in = directive.args.iter().find(|word| word.templated);
        if let Some(word) = filled_in {
            let unknown = || Fact::unknown(Why::Templated, word.span, "the rendered file");
            let name = match directive.args[0].templated {
                true => unknown(),
                false => Fact::derived(directive.arg(0).to_ascii_lowercase(), at),
            };
            let records =
                header::HEADER.iter().filter(|field| field.name != "name").map(|field| (field.name, unknown()));
            let fields = own(false).into_iter().chain(records).chain([("name", name)]);
            return vec![Fact::record(fields.collect::<Vec<_>>(), at)];
        }
        let possible = self.possible(word, at, 0);
        let possible = possible.into_iter().filter(|possible| !possible.value.is_empty());
        possible
            .map(|possible| {
                let inner = if possible.conditional { possible.at } else { without_quotes(word) };
                let understood = header::facts(directive.arg(0), &in_pieces(possible.value), inner);
                let fields = own(possible.conditional).into_iter().chain(understood);
                Fact::record(fields.collect::<Vec<_>>(), possible.at)
            })
            .collect()
    }

    /// The values that a word may have: its own, or where it is one variable that a `map` or `set` makes, theirs.
    fn possible(&self, word: &'a Word, at: Span, depth: usize) -> Vec<Possible<'a>> {
        let own = Possible { value: word, at, conditional: depth > 0 };
        let name = match &pieces(word)[..] {
            [Piece::Variable(name)] if depth < 4 => name.clone(),
            _ => return vec![own],
        };
        let mut sources: Vec<&Word> = Vec::new();
        if let Some(made) = self.model.made.get(&name).filter(|made| *made.directive.name == *"map") {
            sources.extend(made.lines.iter().filter(|line| line.args.len() == 1).map(|line| &line.args[0]));
        }
        let sets = self.model.sets.get(&name).into_iter().flatten();
        sources.extend(sets.filter_map(|(_, set)| set.args.get(1)));
        if sources.is_empty() {
            return vec![own];
        }
        sources.into_iter().flat_map(|source| self.possible(source, source.span, depth + 1)).collect()
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
        for id in
            levels.iter().flat_map(|&level| self.model.levels.adding(level, "add_header")).collect::<BTreeSet<_>>()
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
