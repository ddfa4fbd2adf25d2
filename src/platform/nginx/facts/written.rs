//! What is written: every directive by its name, wherever it stands.

use std::collections::BTreeMap;

use super::{Maker, kind_name, number, texts};
use crate::fact::{Fact, Name, Unknown};
use crate::platform::nginx::directive::{Contexts, FIELDS, find};
use crate::platform::nginx::scope::{Kind, Level, LevelId};
use crate::platform::nginx::tree::{Directive, Word};
use crate::platform::nginx::value::{Piece, milliseconds, pieces, size};
use crate::text::Span;

/// The lists of written directives that somebody will ask for, empty ones too.
pub(super) fn facts(maker: &Maker<'_>) -> Vec<(Name, Fact)> {
    let mut wanted: BTreeMap<Name, Vec<Fact>> = BTreeMap::new();
    for name in maker.subject.wanted.among(FIELDS, |name| Some(find(name)?.name)) {
        wanted.insert(name, Vec::new());
    }
    if wanted.is_empty() {
        return Vec::new();
    }
    let responding = maker.responding();
    // For each name the levels that decide for some response.
    let deciding = |name: &str| -> Deciding {
        surely(responding.iter().filter_map(|&place| maker.model.levels.deciding(place, name)))
    };
    let mut by_name: BTreeMap<&str, Deciding> = BTreeMap::new();
    for (id, level) in maker.model.levels.all.iter().enumerate() {
        for directive in &level.own {
            if let Some(list) = wanted.get_mut(&*directive.name) {
                let deciding = by_name.entry(&directive.name).or_insert_with(|| deciding(&directive.name));
                list.push(written(maker, id, directive, deciding));
            }
        }
    }
    let all = wanted.into_iter().map(|(name, items)| (name, maker.list_with("nginx", items, maker.unseen(name))));
    all.collect()
}

/// The levels that decide for some response, each with why it may be for none.
pub(super) type Deciding = BTreeMap<LevelId, Option<Unknown>>;

/// Those that decide for some place, surely if they surely do for one.
pub(super) fn surely(deciding: impl IntoIterator<Item = (LevelId, Option<Unknown>)>) -> Deciding {
    let mut all = Deciding::new();
    for (level, doubt) in deciding {
        let known = all.entry(level).or_insert_with(|| doubt.clone());
        *known = known.take().and(doubt);
    }
    all
}

impl Maker<'_> {
    /// Whether the directives of a name that stand on a level decide for some response.
    pub(super) fn in_force(&self, id: LevelId, name: &str, deciding: &Deciding, at: Span) -> Fact {
        // A branch of a template may leave it out.
        let branches = || self.model.levels.all[id].doubts.iter().find(|doubt| doubt.hides && doubt.touches(name));
        let unknown = match deciding.get(&id) {
            Some(doubt) => branches().map(|doubt| doubt.unknown.clone()).or_else(|| doubt.clone()),
            None => None,
        };
        self.unless(unknown, "nginx", || Fact::derived(deciding.contains_key(&id), at))
    }

    /// Why directives of this name may stand where they cannot be seen.
    pub fn unseen(&self, name: &str) -> Option<Unknown> {
        // What stands in a block of another kind (`upstream`, `map`) is of that kind.
        let known = |level: &&Level<'_>| !matches!(level.kind, Kind::Other | Kind::Upstream) || level.parent.is_none();
        let levels = self.model.levels.all.iter().filter(|level| !level.doubts.is_empty()).filter(known);
        let levels = levels.filter(|level| may_hold(level.kind, name));
        let doubts = levels.flat_map(|level| &level.doubts);
        doubts.filter(|doubt| doubt.touches(name)).map(|doubt| doubt.unknown.clone()).next()
    }
}

/// Whether a file that is included on a level of this kind may hold directives of this name, in blocks of its own too.
fn may_hold(kind: Kind, name: &str) -> bool {
    let location = Contexts::LOCATION.or(Contexts::LOCATION_IF).or(Contexts::LIMIT_EXCEPT);
    let inside = match kind {
        Kind::Location | Kind::If | Kind::LimitExcept => location,
        Kind::Server | Kind::ServerIf => location.or(Contexts::SERVER).or(Contexts::SERVER_IF),
        Kind::Http => location.or(Contexts::SERVER).or(Contexts::SERVER_IF).or(Contexts::HTTP).or(Contexts::UPSTREAM),
        Kind::Main | Kind::Upstream | Kind::Other => Contexts::ANY,
    };
    find(name).is_none_or(|directive| directive.stands_in(inside))
}

fn written<'a>(maker: &Maker<'a>, id: LevelId, directive: &'a Directive, deciding: &Deciding) -> Fact {
    let at: Span = directive.text();
    let known = |fact: Fact| directive.unfilled().map_or(fact, Fact::Unknown);
    let plain = directive.args.iter().filter(|word| !word.templated).map(|word| &**word);
    let words: Vec<String> = directive.args.iter().map(|word| word.to_string()).collect();
    let first = directive.arg(0);
    let first_known = |fact: Fact| directive.args.first().and_then(Word::unfilled).map_or(fact, Fact::Unknown);
    let number_of = |value: Option<u64>| value.map_or(-1, number);
    let place = maker.model.levels.all[id].kind;
    let everywhere = matches!(place, Kind::Main | Kind::Other | Kind::Upstream | Kind::ServerIf);
    let always = Deciding::from([(id, None)]);
    let in_force = maker.in_force(id, &directive.name, if everywhere { &always } else { deciding }, at);
    let sources = maker.sources(id, directive);
    let made_of = sources.variables.into_iter().map(|name| Fact::derived(name, at));
    let fields = [
        ("value", known(Fact::derived(words.join(" "), at))),
        ("words", known(texts(words.clone(), at))),
        ("first", maker.word(directive, 0)),
        ("lower", first_known(Fact::derived(first.to_ascii_lowercase(), at))),
        ("last", maker.word(directive, directive.args.len().saturating_sub(1))),
        ("on", first_known(Fact::derived(first.eq_ignore_ascii_case("on"), at))),
        ("bytes", first_known(Fact::derived(number_of(size(first)), at))),
        ("milliseconds", first_known(Fact::derived(number_of(milliseconds(first)), at))),
        ("level", Fact::derived(kind_name(place), at)),
        ("label", Fact::derived(maker.label(id), at)),
        ("in_force", in_force),
        ("made_of", maker.list_with("nginx", made_of, sources.doubt)),
        ("variables", maker.list_with("nginx", variables(plain, at), directive.unfilled())),
    ];
    Fact::record(fields, at)
}

/// The variables in some texts, without `$`.
pub(super) fn variables<'a>(texts: impl IntoIterator<Item = &'a str>, at: Span) -> Vec<Fact> {
    names(texts).into_iter().map(|name| Fact::derived(name, at)).collect()
}

/// The names of the variables in some texts.
pub(super) fn names<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for piece in texts.into_iter().flat_map(pieces) {
        match piece {
            Piece::Variable(name) if !names.contains(&name) => names.push(name),
            _ => {}
        }
    }
    names
}
