//! The response headers that a level adds, and what it loses.

use std::collections::BTreeSet;

use super::Maker;
use super::way::Way;
use super::written::surely;
use crate::fact::{Fact, Unknown, Value};
use crate::header;
use crate::platform::nginx::scope::LevelId;
use crate::platform::nginx::tree::{Directive, Word};
use crate::platform::nginx::value::{Piece, is_plain, pieces, written as pieces_written};
use crate::text::Span;

/// How many names of headers of one server are compared between its levels: a bound on work, far above use.
const MOST_HEADERS: usize = 64;

/// How many values of one header are told, and how many ways to each: bounds on work too.
const MOST_VALUES: usize = 4096;
const MOST_WAYS: usize = 64;

/// A value that a header may have, where that is written, and whether it is only one of several.
struct Possible<'a> {
    /// Or why there may be one that is not seen.
    value: Result<&'a str, Unknown>,
    at: Span,
    /// Through how many variables it comes.
    depth: usize,
    /// What is asked before.
    ways: Vec<Way>,
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
        for (number, directive) in held.directives.iter().enumerate() {
            let again = self.again(directive, &held.directives[..number]);
            for fact in self.header(id, directive) {
                let Fact::Known { value: Value::Record(mut record), origin } = fact else { continue };
                record.set("again", again.clone());
                items.push(Fact::Known { value: Value::Record(record), origin });
            }
        }
        self.list_with("nginx.scopes[].headers", items, held.doubt)
    }

    /// Whether one of the headers before has the same name and another value. What variables make of a value is no
    /// question here.
    fn again(&self, directive: &Directive, before: &[&Directive]) -> Fact {
        let plain = |one: &Directive| is_plain(one.arg(1)) && one.args.get(1).is_none_or(|word| !word.templated);
        let same = before.iter().filter(|one| one.arg(0).eq_ignore_ascii_case(directive.arg(0)));
        let unknown = |one: &Directive| one.unfilled();
        let mut doubt = None;
        for one in same {
            match unknown(one).or_else(|| unknown(directive)) {
                Some(unknown) => doubt = doubt.or(Some(unknown)),
                None if plain(one) && plain(directive) && one.arg(1) != directive.arg(1) => {
                    return Fact::derived(true, directive.text());
                }
                None => {}
            }
        }
        self.unless(doubt, "nginx.scopes[].headers[].again", || Fact::derived(false, directive.text()))
    }

    /// One `add_header` that a level has, for each value that it may have.
    pub fn header(&self, level: LevelId, directive: &'a Directive) -> Vec<Fact> {
        let always = directive.arg(2) == "always";
        let Some(word) = directive.args.get(1) else { return Vec::new() };
        let at = directive.text();
        let filled_in = directive.args.iter().find_map(Word::unfilled);
        let ways = self.ways_to_written(level, directive);
        let mut possible = Vec::new();
        match &filled_in {
            Some(unknown) => possible.push(Possible { value: Err(unknown.clone()), at, depth: 0, ways }),
            None => self.possible(level, word, Possible { value: Ok(word), at, depth: 0, ways }, &mut possible),
        }
        let name = || match directive.args[0].unfilled() {
            Some(unknown) => Fact::Unknown(unknown),
            None => Fact::derived(directive.arg(0).to_ascii_lowercase(), at),
        };
        let one = |possible: Possible<'_>| {
            let ways = self.ways(level, &possible.ways, possible.value.as_ref().map_or("", |value| value), possible.at);
            let own = [
                ("always", Fact::derived(always, at)),
                ("conditional", Fact::derived(possible.depth > 0, at)),
                ("line", self.word(directive, 1)),
            ];
            let understood = match possible.value {
                Ok(value) => {
                    let inner = if possible.depth > 0 { possible.at } else { without_quotes(word) };
                    header::facts(directive.arg(0), &in_pieces(value), inner)
                }
                Err(unknown) => {
                    let others = header::HEADER.iter().filter(|field| field.name != "name");
                    let records = others.map(|field| (field.name, Fact::Unknown(unknown.clone())));
                    records.chain([("name", name())]).collect()
                }
            };
            let fields = own.into_iter().chain([("ways", ways)]).chain(understood);
            Fact::record(fields.collect::<Vec<_>>(), possible.at)
        };
        possible.into_iter().filter(|possible| possible.value != Ok("")).map(one).collect()
    }

    /// The values that a word may have: its own, or where it is one variable that a `map` or `set` makes, theirs. `so` is
    /// what is known of it so far.
    fn possible(&self, level: LevelId, word: &'a Word, so: Possible<'a>, to: &mut Vec<Possible<'a>>) {
        let own = Possible { value: word.unfilled().map_or(Ok(&**word), Err), ..so };
        let name = match &pieces(word)[..] {
            [Piece::Variable(name)] if own.depth < 4 => name.clone(),
            _ => return to.push(own),
        };
        let map = self.model.made.get(&name).filter(|made| *made.directive.name == *"map");
        let sets = self.model.sets_of(level, &name);
        if map.is_none() && sets.is_empty() {
            return to.push(own);
        }
        let and = |more: &[Way]| -> Vec<Way> {
            own.ways.iter().flat_map(|way| more.iter().map(|more| way.and(more))).take(MOST_WAYS).collect()
        };
        let next = |word: &Word, ways| Possible { value: Ok(""), at: word.span, depth: own.depth + 1, ways };
        if let Some(made) = map {
            for line in made.choices() {
                if to.len() > MOST_VALUES {
                    break;
                }
                let ways = and(&self.ways_to(level, made, line));
                self.possible(level, &line.args[0], next(&line.args[0], ways), to);
            }
            let more = made.doubt.as_ref().map(|unknown| {
                let ways = and(&[Way::unknown(unknown, made.directive.arg(0))]);
                Possible { value: Err(unknown.clone()), at: own.at, depth: own.depth + 1, ways }
            });
            to.extend(more);
        }
        for (asking, set) in sets {
            let Some(word) = set.args.get(1).filter(|_| to.len() <= MOST_VALUES) else { continue };
            let ways = self.ways_into(*asking).map_or_else(|| own.ways.clone(), |ways| and(&ways));
            self.possible(level, word, next(word, ways), to);
        }
    }

    /// The ways to a header of a level: of those that stand in an `if`, what it asks; of a value with variables, what
    /// others ask that turn requests away.
    fn ways_to_written(&self, level: LevelId, directive: &Directive) -> Vec<Way> {
        let levels = &self.model.levels;
        let has = |id: &LevelId| levels.all[*id].own.iter().any(|own| std::ptr::eq(*own, directive));
        let within = levels.around(level).find(has);
        let past = || if is_plain(directive.arg(1)) { vec![Way::default()] } else { self.ways_past(level) };
        within.and_then(|id| self.ways_into(id)).unwrap_or_else(past)
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
