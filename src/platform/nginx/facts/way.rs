//! The ways to a value: what a `map`, an `if` or a `set` in one asks before a variable has it. A flag that is set where
//! a header of the request is a good one stands for that question.

use super::{Maker, texts};
use crate::fact::{Fact, Unknown, Why};
use crate::platform::nginx::condition::Condition;
use crate::platform::nginx::model::Made;
use crate::platform::nginx::pattern;
use crate::platform::nginx::scope::{Kind, LevelId};
use crate::platform::nginx::tree::Directive;
use crate::platform::nginx::value::{Piece, is_plain, written as pieces_written};
use crate::text::Span;

/// How many ways to one value are followed, and how much work that may be.
const MOST_WAYS: usize = 64;
const MOST_STEPS: usize = 4000;

/// How deep variables may be made of each other.
const DEEPEST: usize = 8;

/// Something that is asked of a value.
#[derive(Debug, Clone, PartialEq)]
struct Asked {
    /// What must be found, as the line of a `map` says it, or why that is not known.
    by: Result<String, Unknown>,
    /// The value in which it is to be found, as it is written.
    of: String,
}

/// Everything that is asked on one way to a value.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Way(Vec<Asked>);

/// The question that a line of a `map`, or an `if`, puts to a value.
#[derive(Clone, Copy)]
pub enum Test<'t, 'a> {
    /// Whether it leads to this line; none for what no line is for.
    Line(&'t Made<'a>, Option<&'a Directive>),
    /// Whether the `if` is entered.
    If(&'a Directive),
    /// Whether it is passed by.
    NotIf(&'a Directive),
}

impl Test<'_, '_> {
    /// What must be found, in the words of a `map`.
    fn by(self) -> Result<String, Unknown> {
        let asked = match self {
            Test::Line(_, None) => return Ok("default".to_owned()),
            Test::Line(_, Some(line)) => return line.name.unfilled().map_or_else(|| Ok(line.name.to_string()), Err),
            Test::If(directive) | Test::NotIf(directive) => {
                if let Some(unknown) = directive.unfilled() {
                    return Err(unknown);
                }
                Condition::of(directive)
            }
        };
        let how = match self {
            Test::NotIf(_) => asked.how.strip_prefix('!').unwrap_or("if"),
            _ => asked.how,
        };
        Ok(match how {
            "=" => asked.with.to_owned(),
            "~" | "~*" => format!("{how}{}", asked.with),
            _ => "if".to_owned(),
        })
    }

    /// Whether a value that is known is what is asked for; `None` where that cannot be told.
    fn holds(self, value: &str) -> Option<bool> {
        match self {
            Test::Line(made, wanted) => {
                if made.doubt.is_some() || made.lines.iter().any(|line| line.templated()) {
                    return None;
                }
                let led_to = made.line(value).ok()?.map(|(line, _)| line).or(made.default());
                let wanted = wanted.or(made.default());
                Some(match (led_to, wanted) {
                    (Some(one), Some(other)) => std::ptr::eq(one, other),
                    (one, other) => one.is_none() && other.is_none(),
                })
            }
            Test::If(directive) => entered(directive, value),
            Test::NotIf(directive) => entered(directive, value).map(|entered| !entered),
        }
    }
}

/// Whether a value lets a request into an `if`.
fn entered(directive: &Directive, value: &str) -> Option<bool> {
    let asked = Condition::of(directive);
    if directive.templated() || !is_plain(asked.with) && asked.how.ends_with('=') {
        return None;
    }
    match asked.how {
        "" => Some(!value.is_empty() && value != "0"),
        "=" => Some(value == asked.with),
        "!=" => Some(value != asked.with),
        "~" | "~*" | "!~" | "!~*" => {
            let found = pattern::find(asked.with, asked.how.ends_with('*'), value)?.is_some();
            Some(found != asked.how.starts_with('!'))
        }
        _ => None,
    }
}

/// A value that a text may have, variables in it that nothing here makes left as they are, and the way to it.
struct Given {
    value: Result<String, Unknown>,
    way: Way,
}

/// Follows the variables of one server.
struct Search<'s, 'a> {
    maker: &'s Maker<'a>,
    level: LevelId,
    /// The directives whose values are being followed.
    open: Vec<&'a Directive>,
    left: usize,
}

impl<'a> Search<'_, 'a> {
    /// The values of a text.
    fn given(&mut self, text: &str) -> Vec<Given> {
        let mut all = vec![Given { value: Ok(String::new()), way: Way::default() }];
        for (piece, written) in pieces_written(text) {
            let options = match piece {
                Piece::Variable(name) => self.values(&name),
                _ => None,
            };
            let Some(options) = options else {
                all.iter_mut().filter_map(|given| given.value.as_mut().ok()).for_each(|value| value.push_str(written));
                continue;
            };
            if all.len() * options.len() > MOST_WAYS || self.left == 0 {
                let unknown = Unknown::new(Why::NotSupported, self.maker.at(self.level), "fewer values of variables");
                return vec![Given { value: Err(unknown), way: Way::default() }];
            }
            let with = |given: &Given, option: &Given| Given {
                value: given.value.clone().and_then(|value| Ok(value + option.value.as_ref().map_err(Clone::clone)?)),
                way: given.way.and(&option.way),
            };
            let each = |given: &Given| options.iter().map(|option| with(given, option)).collect::<Vec<_>>();
            all = all.iter().flat_map(each).collect();
        }
        all
    }

    /// The values of a variable; `None` where nothing here makes it.
    fn values(&mut self, name: &str) -> Option<Vec<Given>> {
        let model = self.maker.model;
        let map = model.made.get(name).filter(|made| *made.directive.name == *"map");
        let sets = self.sets(name);
        if map.is_none() && sets.is_empty() || self.open.len() >= DEEPEST {
            return None;
        }
        let mut all = Vec::new();
        if let Some(made) = map {
            self.mapped(made, &mut all);
        }
        self.set(&sets, &mut all);
        Some(all)
    }

    /// The `set`s of a variable that are run on the way to the level; where none is, those that an internal redirect may
    /// come from.
    fn sets(&self, name: &str) -> Vec<(LevelId, &'a Directive)> {
        let all = self.maker.model.sets_of(self.level, name);
        let passed: Vec<_> = all.iter().filter(|(level, _)| self.passes(*level)).copied().collect();
        if passed.is_empty() { all.to_vec() } else { passed }
    }

    /// Whether requests for the level pass another one, or come to an `if` of it.
    fn passes(&self, other: LevelId) -> bool {
        let levels = &self.maker.model.levels;
        let at = match self.maker.entry(other) {
            Some(_) => levels.all[other].parent.unwrap_or(other),
            None => other,
        };
        levels.around(self.level).any(|around| around == at)
    }

    /// Takes a step into a directive, if it may.
    fn step(&mut self, into: &'a Directive) -> bool {
        let may = self.left > 0 && !self.open.iter().any(|open| std::ptr::eq(*open, into));
        if may {
            self.left -= 1;
            self.open.push(into);
        }
        may
    }

    fn mapped(&mut self, made: &Made<'a>, to: &mut Vec<Given>) {
        if let Some(unknown) = &made.doubt {
            to.push(Given { value: Err(unknown.clone()), way: Way::default() });
        }
        let lines: Vec<_> = made.choices().map(Some).chain(made.default().is_none().then_some(None)).collect();
        for line in lines {
            if to.len() > MOST_WAYS || !self.step(line.unwrap_or(made.directive)) {
                continue;
            }
            let asked = line.filter(|line| *line.name != *"default");
            let ways = self.asked(Test::Line(made, asked), made.directive.arg(0));
            let given = match line.map(|line| line.unfilled().map_or_else(|| Ok(line.arg(0)), Err)) {
                Some(Err(unknown)) => vec![Given { value: Err(unknown), way: Way::default() }],
                Some(Ok(value)) => self.given(value),
                None => vec![Given { value: Ok(String::new()), way: Way::default() }],
            };
            self.open.pop();
            product(&ways, given, to);
        }
    }

    fn set(&mut self, sets: &[(LevelId, &'a Directive)], to: &mut Vec<Given>) {
        if sets.is_empty() {
            return;
        }
        let mut always = false;
        for (level, set) in sets {
            if to.len() > MOST_WAYS || !self.step(set) {
                continue;
            }
            let ways = match self.maker.entry(*level) {
                Some(test) => self.tested(test),
                None => {
                    always = true;
                    vec![self.kept(*level, set, sets)]
                }
            };
            let given = match set.unfilled() {
                Some(unknown) => vec![Given { value: Err(unknown), way: Way::default() }],
                None => self.given(set.arg(1)),
            };
            self.open.pop();
            product(&ways, given, to);
        }
        if !always {
            // It is empty where none of them was run.
            to.push(Given { value: Ok(String::new()), way: Way::default() });
        }
    }

    /// What keeps the value that a `set` gives: an `if` further down takes it away from whoever fails its test.
    fn kept(&mut self, level: LevelId, set: &Directive, sets: &[(LevelId, &'a Directive)]) -> Way {
        let mut way = Way::default();
        for (inner, other) in sets {
            let Some(Test::If(asks)) = self.maker.entry(*inner) else { continue };
            let inside = self.maker.model.levels.around(*inner).any(|around| around == level);
            if !inside
                || !self.passes(*inner)
                || other.arg(1) == set.arg(1)
                || !Condition::of(asks).how.starts_with('!')
            {
                continue;
            }
            if let Some(first) = self.tested(Test::NotIf(asks)).into_iter().next() {
                way = way.and(&first);
            }
        }
        way
    }

    /// The ways on which an `if` is entered, or passed by.
    fn tested(&mut self, test: Test<'_, 'a>) -> Vec<Way> {
        match test {
            Test::If(directive) | Test::NotIf(directive) => self.asked(test, Condition::of(directive).value),
            Test::Line(made, _) => self.asked(test, made.directive.arg(0)),
        }
    }

    /// The ways on which a text is what a test asks for.
    fn asked(&mut self, test: Test<'_, 'a>, of: &str) -> Vec<Way> {
        let mut ways: Vec<Way> = Vec::new();
        for Given { value, way } in self.given(of) {
            let own = |by, of: &str| Way(vec![Asked { by, of: of.to_owned() }]);
            let way = match value {
                Err(unknown) => way.and(&own(Err(unknown), of)),
                Ok(value) => match is_plain(&value).then(|| test.holds(&value)).flatten() {
                    Some(true) => way,
                    Some(false) => continue,
                    None => way.and(&own(test.by(), &value)),
                },
            };
            if !ways.contains(&way) {
                ways.push(way);
            }
        }
        if ways.is_empty() {
            // No value here is what is asked for; something else may give it another.
            ways.push(Way(vec![Asked { by: test.by(), of: of.to_owned() }]));
        }
        ways
    }
}

/// Every value on every way.
fn product(ways: &[Way], given: Vec<Given>, to: &mut Vec<Given>) {
    for Given { value, way } in given {
        to.extend(ways.iter().map(|before| Given { value: value.clone(), way: before.and(&way) }));
    }
}

impl Way {
    /// A way of which nothing is known but the text that is looked at.
    pub fn unknown(why: &Unknown, of: &str) -> Way {
        Way(vec![Asked { by: Err(why.clone()), of: of.to_owned() }])
    }

    /// Both what is asked on this way and on another.
    pub fn and(&self, other: &Way) -> Way {
        let more = other.0.iter().filter(|asked| !self.0.contains(asked));
        Way(self.0.iter().chain(more).cloned().collect())
    }
}

impl<'a> Maker<'a> {
    /// The question of the `if` that a level is, if it is one.
    fn entry(&self, level: LevelId) -> Option<Test<'a, 'a>> {
        let level = &self.model.levels.all[level];
        level.directive.filter(|_| matches!(level.kind, Kind::If | Kind::ServerIf)).map(Test::If)
    }

    /// The ways into a level of its own: none is asked but by an `if`.
    pub fn ways_into(&self, level: LevelId) -> Option<Vec<Way>> {
        let test = self.entry(level)?;
        Some(Search { maker: self, level, open: Vec::new(), left: MOST_STEPS }.tested(test))
    }

    /// The ways past the `if`s on the way to a level that turn away whoever fails their test.
    pub fn ways_past(&self, level: LevelId) -> Vec<Way> {
        let levels = &self.model.levels;
        let refuses = |directive: &&Directive| {
            let code = directive.arg(0).parse::<u16>();
            *directive.name == *"return" && code.is_ok_and(|code| (400..500).contains(&code))
        };
        let beside = levels.around(level).flat_map(|around| levels.all[around].ifs.iter());
        let mut ways = vec![Way::default()];
        for child in beside.filter(|child| levels.all[**child].own.iter().any(refuses)) {
            let Some(Test::If(asks)) = self.entry(*child) else { continue };
            if Condition::of(asks).how.starts_with('!') {
                let mut search = Search { maker: self, level, open: Vec::new(), left: MOST_STEPS };
                let passing = search.tested(Test::NotIf(asks));
                ways = ways.iter().flat_map(|way| passing.iter().map(|more| way.and(more))).take(MOST_WAYS).collect();
            }
        }
        ways
    }

    /// The ways on which a line of a `map` is taken for requests on a level.
    pub fn ways_to(&self, level: LevelId, made: &Made<'a>, line: &'a Directive) -> Vec<Way> {
        let line = Some(line).filter(|line| *line.name != *"default");
        Search { maker: self, level, open: Vec::new(), left: MOST_STEPS }.tested(Test::Line(made, line))
    }

    /// The ways on which a key of `http` is empty: nginx does not count such a request.
    pub fn uncounted(&self, key: &str, at: Span) -> Fact {
        let mut search = Search { maker: self, level: 0, open: Vec::new(), left: MOST_STEPS };
        let empty = search.given(key).into_iter().filter(|given| given.value.as_ref().is_ok_and(String::is_empty));
        let ways: Vec<Way> = empty.map(|given| given.way).collect();
        if ways.is_empty() || key.is_empty() {
            return self.list_with("nginx.zones[].uncounted", Vec::new(), None);
        }
        self.ways(0, &ways, "", at)
    }

    /// The ways to a value as facts: of all that is asked on one of them, what is asked of the variables of the value.
    pub fn ways(&self, level: LevelId, ways: &[Way], value: &str, at: Span) -> Fact {
        let of_value = self.depends_fully(level, [value]);
        let mut items: Vec<Fact> = Vec::new();
        let mut seen: Vec<Option<&Asked>> = Vec::new();
        for way in ways {
            let on = |asked: &Asked| self.depends_fully(level, [&*asked.of]);
            let concerns = |asked: &&Asked| on(asked).iter().any(|on| of_value.contains(on));
            let plain = |asked: &&Asked| asked.by.as_ref().is_ok_and(|by| by != "if" && by != "default");
            let concerning: Vec<&Asked> = way.0.iter().filter(concerns).collect();
            let plainest = concerning.iter().copied().find(plain);
            let told = plainest.or(concerning.first().copied()).or(way.0.first());
            if seen.contains(&told) {
                continue;
            }
            seen.push(told);
            let by = match told.map(|asked| asked.by.clone()) {
                Some(Err(unknown)) => Fact::Unknown(unknown),
                Some(Ok(by)) => Fact::derived(by, at),
                None => Fact::derived("", at),
            };
            let from = told.map_or("", |asked| &asked.of);
            let on = texts(self.depends_fully(level, [from]), at);
            items.push(Fact::record([("by", by), ("from", Fact::derived(from.to_owned(), at)), ("on", on)], at));
        }
        self.list_with("nginx.scopes[].headers[].ways", items, None)
    }
}
