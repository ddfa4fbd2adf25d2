//! Three-valued truth: what an expression says about facts of which some are not known.
//!
//! The rule is Kleene's: an answer is definite only if no value of the unknown facts could change it, as far as the
//! connectives can tell. An incomplete list may hold any number of further items, so what one more item of which
//! nothing is known says can only keep an answer from being definite, never make it so.

mod join;

use std::sync::Arc;

use crate::expr::{self, Base, Cond, Expr, Int, Order, Param, Params, Question, Read, Set, Text};
use crate::fact::{self, Fact, Items, List, Origin, Record, Subject, Unknown, Value, Why};
use crate::text::Span;

/// How many steps one expression may take. A step is one node of the tree, and each 256 bytes of text looked through.
pub const BUDGET: u64 = 5_000_000;

/// How many causes of one unknown are kept.
const CAUSES: usize = 64;

/// An answer.
#[derive(Debug, Clone)]
pub enum Truth {
    /// Yes, whatever the unknown facts are.
    True,
    /// No, whatever the unknown facts are.
    False,
    /// It depends on these.
    Unknown(Vec<Cause>),
}

/// A fact that was not known.
#[derive(Debug, Clone)]
pub struct Cause {
    /// The path that was read, `redis.acl.users[].enabled`, or that of the fact it follows from.
    pub path: Arc<str>,
    /// Why it is not known.
    pub unknown: Unknown,
}

/// Why there is no answer at all: the check or the platform is at fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvalError {
    /// It took too long.
    #[error("an expression took more than {BUDGET} steps")]
    Budget,
    /// A fact is not what the schema says.
    #[error("the fact `{0}` is not of the type that the schema says")]
    Shape(Arc<str>),
    /// A parameter is not of the type of its default.
    #[error("a parameter is not of the type of its default")]
    Param,
    /// A pattern cannot be compiled.
    #[error("a pattern cannot be compiled")]
    Pattern,
    /// What a check does where the fault is there cannot be read.
    #[error("{0}")]
    Check(Arc<str>),
}

/// What an expression is asked about.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// Whose facts are in scope.
    pub subject: &'a Subject,
    /// The values of the check's parameters.
    pub params: &'a Params,
    /// The world to look at, where facts differ between worlds; `None` sees those as unknown.
    pub world: Option<usize>,
}

/// An item that `for_each`, `exists` or `all` is at, innermost first. Of an item that is an unknown fact nothing is
/// known.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// The item around it.
    pub up: Option<&'a Frame<'a>>,
    /// How many items are around it.
    pub depth: usize,
    /// The item.
    pub item: &'a Fact,
}

impl<'a> Frame<'a> {
    /// An item inside another.
    pub fn within(up: Option<&'a Frame<'a>>, item: &'a Fact) -> Frame<'a> {
        Frame { up, depth: up.map_or(0, |up| up.depth + 1), item }
    }
}

/// What is found at a path.
#[derive(Debug, Clone, Copy)]
pub enum Look<'a> {
    /// A value.
    Known(&'a Value, &'a Origin),
    /// A fact that is not known, there or on the way.
    Unknown(&'a Unknown),
    /// The subject does not carry it.
    Absent,
    /// The version that is looked at does not have it.
    NotInVersion,
}

impl<'a> Scene<'a> {
    /// Looks at the fact of a path.
    ///
    /// # Errors
    /// [`EvalError::Shape`] when there is something else than a record on the way.
    pub fn look<'x>(&'x self, read: &Read, frame: Option<&'x Frame<'x>>) -> Result<Look<'x>, EvalError> {
        let shape = || EvalError::Shape(read.path.clone());
        let mut fields = read.fields.iter();
        let mut fact: &'x Fact = match read.base {
            Base::Subject => {
                let Some(first) = fields.next() else { return Err(shape()) };
                match first.of(&self.subject.facts) {
                    Some(fact) => fact,
                    None if self.subject.lacks.binary_search(&first.name).is_ok() => {
                        return Ok(Look::NotInVersion);
                    }
                    None => return Ok(Look::Absent),
                }
            }
            Base::Item(depth) => {
                let mut here = frame;
                while let Some(frame) = here
                    && frame.depth > depth
                {
                    here = frame.up;
                }
                here.ok_or_else(shape)?.item
            }
        };
        loop {
            if let Some(world) = self.world {
                fact = fact.in_world(world);
            }
            let (value, origin) = match fact {
                // What differs between versions has a side for each version that has it.
                Fact::Unknown(unknown) if self.world.is_some() && !unknown.sides.is_empty() => {
                    return Ok(Look::NotInVersion);
                }
                Fact::Unknown(unknown) => return Ok(Look::Unknown(unknown)),
                Fact::Known { value, origin } => (value, origin),
            };
            let Some(field) = fields.next() else { return Ok(Look::Known(value, origin)) };
            let Value::Record(record) = value else { return Err(shape()) };
            match field.of(record) {
                Some(found) => fact = found,
                None => return Ok(Look::Absent),
            }
        }
    }

    /// Why a fact that the subject does not carry is not known.
    pub fn absent(&self) -> Unknown {
        let needs = self.subject.absent.clone().unwrap_or_else(|| "a source that carries this fact".into());
        Unknown::new(Why::NotReadable, self.subject.main, needs)
    }

    /// Why a fact that the version does not have is not known.
    pub fn not_in_version(&self) -> Unknown {
        Unknown::new(Why::NotInVersion, self.subject.main, "a version that has this setting")
    }

    /// The items that are known, and the one of which nothing is known, if there may be more.
    ///
    /// # Errors
    /// [`EvalError::Shape`] when it is no list.
    pub fn list<'x>(
        &'x self,
        read: &Read,
        frame: Option<&'x Frame<'x>>,
    ) -> Result<(Option<&'x Items>, Option<Unknown>), EvalError> {
        match self.look(read, frame)? {
            Look::Known(Value::List(List { items, rest }), _) => Ok((Some(items), rest.as_ref().map(blank))),
            Look::Known(..) => Err(EvalError::Shape(read.path.clone())),
            Look::Unknown(unknown) => Ok((None, Some(blank(unknown)))),
            Look::Absent => Ok((None, Some(self.absent()))),
            Look::NotInVersion => Ok((None, Some(self.not_in_version()))),
        }
    }
}

/// The reason alone: what the list would be in each world says nothing about an item.
fn blank(unknown: &Unknown) -> Unknown {
    if unknown.sides.is_empty() { unknown.clone() } else { unknown.clone().with_sides(Vec::new()) }
}

/// Asks an expression. `frame` is the innermost item of `for_each`, if the check has one.
///
/// # Errors
/// [`EvalError`] when the check or the platform is at fault.
pub fn truth(expr: &Expr, scene: &Scene<'_>, frame: Option<&Frame<'_>>) -> Result<Truth, EvalError> {
    let mut evaluation = Evaluation { scene, causes: Vec::new(), steps: 0 };
    Ok(match evaluation.cond(&expr.cond, frame)? {
        Some(true) => Truth::True,
        Some(false) => Truth::False,
        None => Truth::Unknown(evaluation.causes),
    })
}

/// Whether a record has anything at this static path: `redis.acl.users[].enabled` is there if `redis.acl.users` is.
pub fn carries(facts: &Record, path: &str) -> bool {
    let mut record = facts;
    for part in path.split('.').skip(1) {
        let (name, list) = part.strip_suffix("[]").map_or((part, false), |name| (name, true));
        match record.get(name) {
            None => return false,
            Some(Fact::Known { value: Value::Record(inner), .. }) if !list => record = inner,
            Some(_) => return true,
        }
    }
    true
}

/// One asking. `None` as a value is always "unknown", and its causes are noted.
struct Evaluation<'a> {
    scene: &'a Scene<'a>,
    causes: Vec<Cause>,
    steps: u64,
}

type Maybe<T> = Result<Option<T>, EvalError>;

impl<'a> Evaluation<'a> {
    fn step(&mut self, steps: u64) -> Result<(), EvalError> {
        self.steps += steps;
        if self.steps > BUDGET { Err(EvalError::Budget) } else { Ok(()) }
    }

    /// Notes a cause, once.
    fn unknown<T>(&mut self, path: &Arc<str>, unknown: &Unknown) -> Option<T> {
        let path = unknown.of.as_ref().unwrap_or(path);
        let same =
            |cause: &Cause| cause.unknown.why == unknown.why && cause.unknown.at == unknown.at && cause.path == *path;
        // Beyond the limit only the first of the causes that other versions can lift is still news.
        let news = self.causes.len() < CAUSES
            || unknown.why == Why::VersionUnknown
                && self.causes.iter().all(|cause| cause.unknown.why != Why::VersionUnknown);
        if news && !self.causes.iter().any(same) {
            self.causes.push(Cause { path: path.clone(), unknown: unknown.clone() });
        }
        None
    }

    fn cond(&mut self, cond: &Cond, frame: Option<&Frame<'_>>) -> Maybe<bool> {
        self.step(1)?;
        match cond {
            Cond::Is(value) => Ok(Some(*value)),
            Cond::Fact(read) => match self.value(read, frame, |value| match value {
                Value::Bool(value) => Some(*value),
                _ => None,
            })? {
                Some(value) => Ok(Some(value)),
                None => Ok(None),
            },
            Cond::Param(index) => match self.param(*index)? {
                Param::Bool(value) => Ok(Some(*value)),
                _ => Err(EvalError::Param),
            },
            Cond::Not(inner) => Ok(self.cond(inner, frame)?.map(|value| !value)),
            Cond::And(parts) => self.chain(parts, frame, false),
            Cond::Or(parts) => self.chain(parts, frame, true),
            Cond::If(parts) => {
                let [condition, yes, no] = &**parts;
                self.choose(condition, frame, |this| this.cond(yes, frame), |this| this.cond(no, frame))
            }
            Cond::Same(same, sides) => {
                let (a, b) = (self.cond(&sides[0], frame)?, self.cond(&sides[1], frame)?);
                Ok(a.zip(b).map(|(a, b)| (a == b) == *same))
            }
            Cond::Ints(order, sides) => {
                let (a, b) = (self.int(&sides[0], frame)?, self.int(&sides[1], frame)?);
                Ok(a.zip(b).map(|(a, b)| holds(*order, a, b)))
            }
            Cond::Texts(same, sides) => {
                let (a, b) = (self.text(&sides[0], frame)?, self.text(&sides[1], frame)?);
                Ok(a.zip(b).map(|(a, b)| (a == b) == *same))
            }
            Cond::InInts(int, set) => self.in_ints(int, set, frame),
            Cond::InTexts(text, set) => self.in_texts(text, set, frame),
            Cond::InSecrets(read, set) => self.in_secrets(read, set, frame),
            Cond::Each(all, list, body) => self.each(*all, list, body, frame),
            Cond::Ask(question, text) => self.ask(question, text, frame),
            Cond::Before(sides) => self.before(&sides[0], &sides[1], frame),
            Cond::Can(read, command) => self.can(read, command, frame),
            Cond::Explicit(read) => Ok(match self.scene.look(read, frame)? {
                Look::Known(_, origin) => Some(matches!(origin, Origin::Written(_))),
                Look::Unknown(unknown) => self.unknown(&read.path, unknown),
                Look::Absent => self.unknown(&read.path, &self.scene.absent()),
                Look::NotInVersion => self.unknown(&read.path, &self.scene.not_in_version()),
            }),
        }
    }

    /// `&&` (which `false` decides) or `||` (which `true` decides).
    fn chain(&mut self, parts: &[Cond], frame: Option<&Frame<'_>>, decides: bool) -> Maybe<bool> {
        let mark = self.causes.len();
        let mut open = false;
        for part in parts {
            match self.cond(part, frame)? {
                Some(value) if value == decides => {
                    self.causes.truncate(mark);
                    return Ok(Some(decides));
                }
                Some(_) => {}
                None => open = true,
            }
        }
        Ok((!open).then_some(!decides))
    }

    /// `? :`. An unknown condition does not matter where both sides agree.
    fn choose<T: PartialEq>(
        &mut self,
        condition: &Cond,
        frame: Option<&Frame<'_>>,
        yes: impl FnOnce(&mut Self) -> Maybe<T>,
        no: impl FnOnce(&mut Self) -> Maybe<T>,
    ) -> Maybe<T> {
        let mark = self.causes.len();
        match self.cond(condition, frame)? {
            Some(true) => yes(self),
            Some(false) => no(self),
            None => match (yes(self)?, no(self)?) {
                (Some(a), Some(b)) if a == b => {
                    self.causes.truncate(mark);
                    Ok(Some(a))
                }
                _ => Ok(None),
            },
        }
    }

    fn param(&self, index: usize) -> Result<&'a Param, EvalError> {
        self.scene.params.get(index).map(|(_, param)| param).ok_or(EvalError::Param)
    }

    /// The value of a fact, taken out of its [`Value`] by `take`, which knows the type.
    fn value<'x, T>(
        &'x mut self,
        read: &Read,
        frame: Option<&'x Frame<'x>>,
        take: impl FnOnce(&Value) -> Option<T>,
    ) -> Maybe<T> {
        match self.scene.look(read, frame)? {
            Look::Known(value, _) => take(value).map(Some).ok_or_else(|| EvalError::Shape(read.path.clone())),
            Look::Unknown(unknown) => Ok(self.unknown(&read.path, unknown)),
            Look::Absent => Ok(self.unknown(&read.path, &self.scene.absent())),
            Look::NotInVersion => Ok(self.unknown(&read.path, &self.scene.not_in_version())),
        }
    }

    /// Sums are taken in 128 bits, so they never overflow: an expression has at most a thousand terms.
    fn int(&mut self, int: &Int, frame: Option<&Frame<'_>>) -> Maybe<i128> {
        self.step(1)?;
        match int {
            Int::Is(value) => Ok(Some(i128::from(*value))),
            Int::Fact(read) => self.value(read, frame, |value| match value {
                Value::Int(value) => Some(i128::from(*value)),
                _ => None,
            }),
            Int::Param(index) => match self.param(*index)? {
                Param::Int(value) => Ok(Some(i128::from(*value))),
                _ => Err(EvalError::Param),
            },
            Int::Sum(terms) => {
                let mut sum = Some(0);
                for (minus, term) in terms {
                    let value = self.int(term, frame)?;
                    sum = sum.zip(value).map(|(sum, value)| if *minus { sum - value } else { sum + value });
                }
                Ok(sum)
            }
            Int::If(parts) => {
                let (condition, yes, no) = &**parts;
                self.choose(condition, frame, |this| this.int(yes, frame), |this| this.int(no, frame))
            }
        }
    }

    /// Cheap: texts are shared.
    fn text(&mut self, text: &Text, frame: Option<&Frame<'_>>) -> Maybe<fact::Text> {
        self.step(1)?;
        match text {
            Text::Is(value) => Ok(Some(fact::Text::Made(value.clone()))),
            Text::Fact(read) => self.value(read, frame, |value| match value {
                Value::Text(value) => Some(value.clone()),
                _ => None,
            }),
            Text::Param(index) => match self.param(*index)? {
                Param::Text(value) => Ok(Some(fact::Text::Made(value.clone()))),
                _ => Err(EvalError::Param),
            },
            Text::If(parts) => {
                let (condition, yes, no) = &**parts;
                self.choose(condition, frame, |this| this.text(yes, frame), |this| this.text(no, frame))
            }
        }
    }

    fn in_ints(&mut self, int: &Int, set: &Set<i64>, frame: Option<&Frame<'_>>) -> Maybe<bool> {
        let Some(value) = self.int(int, frame)? else { return Ok(None) };
        let Ok(value) = i64::try_from(value) else { return Ok(Some(false)) };
        match set {
            Set::Is(items) => Ok(Some(items.binary_search(&value).is_ok())),
            Set::Param(index) => match self.param(*index)? {
                Param::Ints(items) => Ok(Some(items.contains(&value))),
                Param::Texts(items) if items.is_empty() => Ok(Some(false)),
                _ => Err(EvalError::Param),
            },
        }
    }

    fn in_texts(&mut self, text: &Text, set: &Set<Arc<str>>, frame: Option<&Frame<'_>>) -> Maybe<bool> {
        let Some(value) = self.text(text, frame)? else { return Ok(None) };
        match set {
            Set::Is(items) => Ok(Some(items.binary_search_by(|item| (**item).cmp(&*value)).is_ok())),
            Set::Param(index) => {
                let (found, steps) = match self.param(*index)? {
                    Param::Texts(items) => (items.iter().any(|item| **item == *value), items.len()),
                    Param::Ints(items) if items.is_empty() => (false, 0),
                    _ => return Err(EvalError::Param),
                };
                self.step(steps as u64)?;
                Ok(Some(found))
            }
        }
    }

    fn in_secrets(&mut self, read: &Read, set: &Set<Arc<str>>, frame: Option<&Frame<'_>>) -> Maybe<bool> {
        let items = match set {
            Set::Is(items) => items,
            Set::Param(index) => match self.param(*index)? {
                Param::Texts(items) => items.as_slice(),
                Param::Ints(items) if items.is_empty() => &[],
                _ => return Err(EvalError::Param),
            },
        };
        let scene = *self.scene;
        // A guess at a hash costs about as much as looking through a kilobyte of text.
        self.step(items.len() as u64 * 4)?;
        Ok(match scene.look(read, frame)? {
            Look::Known(Value::Secret(secret), _) => Some(items.iter().any(|item| secret.is(item))),
            Look::Known(..) => return Err(EvalError::Shape(read.path.clone())),
            Look::Unknown(unknown) => self.unknown(&read.path, unknown),
            Look::Absent => self.unknown(&read.path, &scene.absent()),
            Look::NotInVersion => self.unknown(&read.path, &scene.not_in_version()),
        })
    }

    fn each(&mut self, all: bool, list: &Read, body: &Cond, frame: Option<&Frame<'_>>) -> Maybe<bool> {
        let mark = self.causes.len();
        let scene = *self.scene;
        let (items, rest) = scene.list(list, frame)?;
        // One item can decide: the one for which `exists` holds, or `all` does not.
        let decides = !all;
        let mut open = false;
        let joined = items.filter(|_| !all).and_then(|items| self.joined(items, body, frame));
        let count = joined.as_ref().map_or(items.map_or(0, Items::len), Vec::len);
        for number in 0..count {
            let number = joined.as_ref().map_or(number, |numbers| numbers[number] as usize);
            let Some(item) = items.and_then(|items| items.get(number)) else { continue };
            self.step(1)?;
            match self.cond(body, Some(&Frame::within(frame, &item)))? {
                Some(value) if value == decides => {
                    self.causes.truncate(mark);
                    return Ok(Some(decides));
                }
                Some(_) => {}
                None => open = true,
            }
        }
        if let Some(rest) = rest {
            let before = self.causes.len();
            let further = Fact::Unknown(rest.clone());
            // A further item may be there or not. It is no news only if whatever it is cannot decide.
            if self.cond(body, Some(&Frame::within(frame, &further)))? == Some(!decides) {
                self.causes.truncate(before);
            } else {
                open = true;
                self.unknown::<()>(&list.path, &rest);
            }
        }
        Ok((!open).then_some(!decides))
    }

    /// The numbers of the items that `exists` has to look at, where an index tells.
    fn joined(&mut self, items: &Items, body: &Cond, frame: Option<&Frame<'_>>) -> Option<Vec<u32>> {
        let Items::Here(items) = items else { return None };
        let depth = frame.map_or(0, |frame| frame.depth + 1);
        let (field, other) = join::on(body, depth).filter(|_| join::is_long(items))?;
        let mark = self.causes.len();
        let value = self.text(other, frame);
        self.causes.truncate(mark);
        Some(join::matching(items, field, &value.ok().flatten()?))
    }

    fn ask(&mut self, question: &Question, text: &Text, frame: Option<&Frame<'_>>) -> Maybe<bool> {
        let Some(value) = self.text(text, frame)? else { return Ok(None) };
        self.step(value.len() as u64 / 256)?;
        let address = || expr::address(&value);
        let answer = match question {
            Question::StartsWith(start) => Some(value.starts_with(&**start)),
            Question::EndsWith(end) => Some(value.ends_with(&**end)),
            Question::Contains(part) => Some(memchr::memmem::find(value.as_bytes(), part.as_bytes()).is_some()),
            Question::Matches(pattern) => Some(pattern.is_match(&value).ok_or(EvalError::Pattern)?),
            Question::Within(net) => address().map(|address| net.contains(address)),
            Question::Loopback => address().map(|address| address.is_loopback()),
            Question::Private => address().map(expr::is_private),
        };
        Ok(answer.or_else(|| self.senseless(text, frame, "an address: names are not looked up")))
    }

    fn before(&mut self, a: &Text, b: &Text, frame: Option<&Frame<'_>>) -> Maybe<bool> {
        let (left, right) = (self.text(a, frame)?, self.text(b, frame)?);
        let Some((left, right)) = left.zip(right) else { return Ok(None) };
        let answer = expr::version_lt(&left, &right);
        let blamed = if expr::version_lt(&left, &left).is_none() { a } else { b };
        Ok(answer.or_else(|| self.senseless(blamed, frame, "a version: numbers with dots between them")))
    }

    /// A known text that is not what a function needs.
    fn senseless(&mut self, text: &Text, frame: Option<&Frame<'_>>, needs: &str) -> Option<bool> {
        let scene = *self.scene;
        let (path, at): (Arc<str>, Span) = match text {
            Text::Fact(read) => {
                let at = match scene.look(read, frame) {
                    Ok(Look::Known(_, origin)) => origin.spans().first().copied(),
                    _ => None,
                };
                (read.path.clone(), at.unwrap_or(scene.subject.main))
            }
            _ => ("".into(), scene.subject.main),
        };
        self.unknown(&path, &Unknown::new(Why::NotSupported, at, needs))
    }

    fn can(&mut self, read: &Read, command: &str, frame: Option<&Frame<'_>>) -> Maybe<bool> {
        let scene = *self.scene;
        let commands = match scene.look(read, frame)? {
            Look::Known(Value::Commands(commands), _) => commands,
            Look::Known(..) => return Err(EvalError::Shape(read.path.clone())),
            Look::Unknown(unknown) => return Ok(self.unknown(&read.path, unknown)),
            Look::Absent => return Ok(self.unknown(&read.path, &scene.absent())),
            Look::NotInVersion => return Ok(self.unknown(&read.path, &scene.not_in_version())),
        };
        let answer = commands.0.can(command);
        let answer = scene.world.map_or(&answer, |world| answer.in_world(world));
        match answer {
            Fact::Known { value: Value::Bool(value), .. } => Ok(Some(*value)),
            Fact::Known { .. } => Err(EvalError::Shape(read.path.clone())),
            Fact::Unknown(unknown) => Ok(self.unknown(&read.path, unknown)),
        }
    }
}

fn holds(order: Order, a: i128, b: i128) -> bool {
    match order {
        Order::Equal => a == b,
        Order::Unequal => a != b,
        Order::Less => a < b,
        Order::LessOrEqual => a <= b,
        Order::Greater => a > b,
        Order::GreaterOrEqual => a >= b,
    }
}
