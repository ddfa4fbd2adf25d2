//! What a check asks, as the build script packed it (`build/pack.rs`): words, each construct before its parts. Taking
//! it apart costs a tenth of reading and typing the expressions.

use std::sync::Arc;

use crate::schema::{Root, Type};

use super::function::Net;
use super::{Base, Cond, Each, Expr, Field, Int, Order, Param, Params, Pattern, Question, Read, Set, Text};

/// Stands behind each word.
const END: u8 = 0x1f;

/// What a check asks.
#[derive(Debug)]
pub struct Asks {
    /// Its parameters with their defaults.
    pub params: Params,
    /// The lists of whose items each gets its verdict.
    pub for_each: Vec<Each>,
    /// Where it is false, the check does not apply.
    pub when: Expr,
    /// Where it is true, there is a finding.
    pub deny: Expr,
}

impl Asks {
    /// Takes a packed text apart. `None` is a text that was not packed for these facts.
    pub fn unpack(text: &'static str, root: &'static Root) -> Option<Asks> {
        let mut words = Words { rest: text, root, reads: Vec::new() };
        let params = words.params()?;
        let levels = words.number()?;
        let for_each = words.many(levels, |words| Some(Each { list: words.read()?, name: words.text()? }))?;
        words.reads.clear();
        let (when, deny) = (words.expr()?, words.expr()?);
        words.rest.is_empty().then_some(Asks { params, for_each, when, deny })
    }
}

struct Words {
    rest: &'static str,
    root: &'static Root,
    /// What was read since the expression began, each once.
    reads: Vec<Arc<str>>,
}

impl Words {
    fn next(&mut self) -> Option<&'static str> {
        let end = self.rest.bytes().position(|byte| byte == END)?;
        let word = &self.rest[..end];
        self.rest = &self.rest[end + 1..];
        Some(word)
    }

    /// So many of a kind.
    fn many<T>(&mut self, count: usize, mut one: impl FnMut(&mut Words) -> Option<T>) -> Option<Vec<T>> {
        let mut all = Vec::with_capacity(count);
        for _ in 0..count {
            all.push(one(self)?);
        }
        Some(all)
    }

    fn number(&mut self) -> Option<usize> {
        self.next()?.parse().ok()
    }

    fn text(&mut self) -> Option<Arc<str>> {
        self.next().map(Arc::from)
    }

    fn params(&mut self) -> Option<Params> {
        let count = self.number()?;
        let mut params = Params::with_capacity(count);
        for _ in 0..count {
            let name = self.text()?;
            let word = self.next()?;
            let count = || word.get(1..)?.parse::<usize>().ok();
            let value = match word.as_bytes().first()? {
                b'T' => Param::Bool(true),
                b'F' => Param::Bool(false),
                b'#' => Param::Int(self.next()?.parse().ok()?),
                b'"' => Param::Text(self.text()?),
                b'[' => Param::Texts(self.many(count()?, Words::text)?),
                b'(' => Param::Ints(self.many(count()?, |words| words.next()?.parse().ok())?),
                _ => return None,
            };
            params.push((name, value));
        }
        Some(params)
    }

    /// A path: its base and how many fields lead there from it, then the whole.
    fn read(&mut self) -> Option<Read> {
        let (base, count) = self.next()?.split_at_checked(1)?;
        let base = if base == "s" { Base::Subject } else { Base::Item(base.parse().ok()?) };
        let text = self.next()?;
        let count: usize = count.parse().ok()?;
        let mut fields = Vec::with_capacity(count);
        fields.extend(text.rsplit('.').take(count).map(Field::new));
        fields.reverse();
        let path = match self.reads.iter().find(|known| ***known == *text) {
            Some(known) => known.clone(),
            None => {
                let path: Arc<str> = text.into();
                self.reads.push(path.clone());
                path
            }
        };
        Some(Read { base, fields: fields.into(), path })
    }

    fn expr(&mut self) -> Option<Expr> {
        let cond = self.cond()?;
        let mut reads = std::mem::take(&mut self.reads);
        reads.sort();
        Some(Expr { cond, reads })
    }

    fn conds(&mut self) -> Option<Vec<Cond>> {
        let count = self.number()?;
        self.many(count, Words::cond)
    }

    fn cond(&mut self) -> Option<Cond> {
        Some(match self.next()? {
            "T" => Cond::Is(true),
            "F" => Cond::Is(false),
            "f" => Cond::Fact(self.read()?),
            "p" => Cond::Param(self.number()?),
            "x" => Cond::Explicit(self.read()?),
            "!" => Cond::Not(self.cond()?.into()),
            "&" => Cond::And(self.conds()?),
            "|" => Cond::Or(self.conds()?),
            "?" => Cond::If([self.cond()?, self.cond()?, self.cond()?].into()),
            "b1" => Cond::Same(true, [self.cond()?, self.cond()?].into()),
            "b0" => Cond::Same(false, [self.cond()?, self.cond()?].into()),
            "t1" => Cond::Texts(true, [self.text_of()?, self.text_of()?].into()),
            "t0" => Cond::Texts(false, [self.text_of()?, self.text_of()?].into()),
            "e1" => self.equal(true)?,
            "e0" => self.equal(false)?,
            "n" => Cond::InInts(self.int()?, self.set(|words| words.next()?.parse().ok())?),
            "i" => Cond::InTexts(self.text_of()?, self.set(Words::text)?),
            "s" => {
                let read = self.read()?;
                let set = self.set(Words::text)?;
                if self.is_secret(&read)? { Cond::InSecrets(read, set) } else { Cond::InTexts(Text::Fact(read), set) }
            }
            "u1" => self.facts(true)?,
            "u0" => self.facts(false)?,
            "z" => {
                let read = self.read()?;
                let set = self.number()?;
                match self.ty(&read)? {
                    Type::Int => Cond::InInts(Int::Fact(read), Set::Param(set)),
                    Type::Secret => Cond::InSecrets(read, Set::Param(set)),
                    _ => Cond::InTexts(Text::Fact(read), Set::Param(set)),
                }
            }
            "E" => Cond::Each(false, self.read()?, self.cond()?.into()),
            "A" => Cond::Each(true, self.read()?, self.cond()?.into()),
            "v" => Cond::Before([self.text_of()?, self.text_of()?].into()),
            "c" => Cond::Can(self.read()?, self.text()?),
            "==" => self.ints(Order::Equal)?,
            "!=" => self.ints(Order::Unequal)?,
            "<" => self.ints(Order::Less)?,
            "<=" => self.ints(Order::LessOrEqual)?,
            ">" => self.ints(Order::Greater)?,
            ">=" => self.ints(Order::GreaterOrEqual)?,
            question => {
                let question = self.question(question)?;
                Cond::Ask(question, self.text_of()?)
            }
        })
    }

    fn question(&mut self, word: &str) -> Option<Question> {
        Some(match word {
            "qs" => Question::StartsWith(self.text()?),
            "qe" => Question::EndsWith(self.text()?),
            "qc" => Question::Contains(self.text()?),
            "qm" => Question::Matches(Pattern::new(self.text()?)),
            "qw" => Question::Within(Net::parse(self.next()?)?),
            "ql" => Question::Loopback,
            "qp" => Question::Private,
            _ => return None,
        })
    }

    fn ints(&mut self, order: Order) -> Option<Cond> {
        Some(Cond::Ints(order, [self.int()?, self.int()?].into()))
    }

    /// A fact and a literal text, as the expression has them.
    fn equal(&mut self, same: bool) -> Option<Cond> {
        let (read, literal) = (self.read()?, self.text()?);
        if !self.is_secret(&read)? {
            return Some(Cond::Texts(same, [Text::Fact(read), Text::Is(literal)].into()));
        }
        let cond = Cond::InSecrets(read, Set::Is([literal].into()));
        Some(if same { cond } else { Cond::Not(cond.into()) })
    }

    fn set<T>(&mut self, item: impl FnMut(&mut Words) -> Option<T>) -> Option<Set<T>> {
        match self.next()? {
            "p" => Some(Set::Param(self.number()?)),
            count => Some(Set::Is(self.many(count.parse().ok()?, item)?.into())),
        }
    }

    fn int(&mut self) -> Option<Int> {
        Some(match self.next()? {
            "f" => Int::Fact(self.read()?),
            "p" => Int::Param(self.number()?),
            "?" => Int::If((self.cond()?, self.int()?, self.int()?).into()),
            word => match word.strip_prefix('#') {
                Some(value) => Int::Is(value.parse().ok()?),
                None => Int::Sum(word.bytes().map(|sign| Some((sign == b'-', self.int()?))).collect::<Option<_>>()?),
            },
        })
    }

    fn text_of(&mut self) -> Option<Text> {
        Some(match self.next()? {
            "\"" => Text::Is(self.text()?),
            "f" => Text::Fact(self.read()?),
            "p" => Text::Param(self.number()?),
            "?" => Text::If((self.cond()?, self.text_of()?, self.text_of()?).into()),
            _ => return None,
        })
    }

    /// Two facts of one type.
    fn facts(&mut self, same: bool) -> Option<Cond> {
        let (a, b) = (self.read()?, self.read()?);
        Some(match self.ty(&a)? {
            Type::Bool => Cond::Same(same, [Cond::Fact(a), Cond::Fact(b)].into()),
            Type::Int => {
                let order = if same { Order::Equal } else { Order::Unequal };
                Cond::Ints(order, [Int::Fact(a), Int::Fact(b)].into())
            }
            _ => Cond::Texts(same, [Text::Fact(a), Text::Fact(b)].into()),
        })
    }

    fn is_secret(&self, read: &Read) -> Option<bool> {
        Some(self.ty(read)? == Type::Secret)
    }

    /// The type of a fact, which only the schema says.
    fn ty(&self, read: &Read) -> Option<Type> {
        let mut ty = Type::Record(self.root.fields);
        for name in read.path.split('.').skip(1) {
            let (name, item) = name.strip_suffix("[]").map_or((name, false), |name| (name, true));
            let Type::Record(parts) = ty else { return None };
            // What is written comes first in a schema, and there are hundreds of those; checks mostly ask the others.
            ty = parts.iter().rev().flat_map(|part| part.iter()).find(|field| field.name == name)?.ty;
            if let (true, Type::List(items)) = (item, ty) {
                ty = *items;
            }
        }
        Some(ty)
    }
}
