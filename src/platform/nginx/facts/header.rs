//! The response headers that a level adds, and what it loses.

use super::Maker;
use crate::fact::{Fact, Unknown, Value, Why};
use crate::header;
use crate::platform::nginx::scope::LevelId;
use crate::platform::nginx::tree::{Directive, Word};
use crate::platform::nginx::value::{Piece, pieces, written as pieces_written};
use crate::text::Span;

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
    for (id, level) in levels.all.iter().enumerate() {
        for directive in level.own.iter().filter(|directive| *directive.name == *"add_header") {
            let holds = |&&place: &&LevelId| {
                levels.added(place, "add_header").directives.iter().any(|held| std::ptr::eq(*held, *directive))
            };
            let in_force = responding.iter().find(holds).is_some();
            for fact in maker.header(directive) {
                let Fact::Known { value: Value::Record(mut record), origin } = fact else { continue };
                record.set("label", Fact::derived(maker.label(id), directive.text()));
                record.set("in_force", Fact::derived(in_force, directive.text()));
                items.push(Fact::Known { value: Value::Record(record), origin });
            }
        }
    }
    maker.list_with("nginx.response_headers", items, None)
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
        if word.templated {
            let unknown = || Fact::unknown(Why::Templated, word.span, "the rendered file");
            let name = Fact::derived(directive.arg(0).to_ascii_lowercase(), at);
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
        for level in &self.model.levels.all {
            let sets = level.own.iter().filter(|set| *set.name == *"set" && set.arg(0).trim_start_matches('$') == name);
            sources.extend(sets.filter_map(|set| set.args.get(1)));
        }
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

    /// The headers that levels of a server send that is not this one, in order, each name once.
    pub fn lacking(&self, id: LevelId, siblings: &[LevelId]) -> Vec<&'a Directive> {
        let levels = &self.model.levels;
        let added = levels.added(id, "add_header");
        if added.doubt.is_some() {
            return Vec::new();
        }
        let (dropped, _) = self.dropped(id, "add_header");
        let mut lacks: Vec<&Directive> = Vec::new();
        for &sibling in siblings {
            for directive in levels.added(sibling, "add_header").directives {
                let name = directive.arg(0);
                let has = |list: &[&Directive]| list.iter().any(|its| its.arg(0).eq_ignore_ascii_case(name));
                if !has(&added.directives) && !has(&dropped) && !has(&lacks) {
                    lacks.push(directive);
                }
            }
        }
        lacks
    }
}
