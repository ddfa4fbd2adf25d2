//! Possible worlds: a definite answer about facts that are partly unknown must be the answer for every way in which
//! the unknown facts could turn out. The answers for complete facts come from an evaluator of this file, written
//! without a look at the library's.

use std::collections::BTreeMap;
use std::rc::Rc;

use hardline::expr::{Expr, Param, Params, Scope, Trust};
use hardline::fact::{Fact, Items, List, Origin, Record, Side, Subject, Unknown, Value, Why, Worlds};
use hardline::schema::{Field, Root, Type};
use hardline::text::{Place, SourceId, Sources, Span};
use hardline::truth::{EvalError, Scene, Truth, truth};

const fn field(name: &'static str, ty: Type) -> Field {
    Field { name, ty, doc: "" }
}

static SUB: &[Field] = &[field("hot", Type::Bool), field("level", Type::Int)];
static ITEM: &[Field] = &[
    field("on", Type::Bool),
    field("size", Type::Int),
    field("word", Type::Text),
    field("subs", Type::List(&Type::Record(&[SUB]))),
];
static NEST: &[Field] = &[field("p", Type::Bool), field("q", Type::Int)];
static TOY: &[Field] = &[
    field("a", Type::Bool),
    field("b", Type::Bool),
    field("n", Type::Int),
    field("m", Type::Int),
    field("s", Type::Text),
    field("t", Type::Text),
    field("nest", Type::Record(&[NEST])),
    field("items", Type::List(&Type::Record(&[ITEM]))),
];
pub static ROOT: Root = Root { name: "toy", fields: &[TOY] };

/// How many worlds the version-dependent facts of this file differ in.
const WORLDS: usize = 3;

/// A generator with a seed, so that every failure can be had again.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % sides
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.roll(100) < percent
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.roll(of.len())]
    }
}

pub fn cases(standard: usize) -> usize {
    std::env::var("HARDLINE_CASES").ok().and_then(|count| count.parse().ok()).unwrap_or(standard)
}

const INTS: [i64; 5] = [-1, 0, 1, 2, 3];
const TEXTS: [&str; 6] = ["", "a", "b", "ab", "ba", "c"];

/// What is wholly known.
#[derive(Debug, Clone, PartialEq)]
enum Full {
    Bool(bool),
    Int(i64),
    Text(&'static str),
    List(Vec<Full>),
    Record(BTreeMap<&'static str, Full>),
}

/// What is partly known.
#[derive(Debug, Clone)]
enum Partial {
    Known(Full),
    Unknown,
    Absent,
    List {
        items: Vec<Partial>,
        rest: bool,
    },
    Record(BTreeMap<&'static str, Partial>),
    /// What holds in each world.
    Worlds(Vec<Partial>),
}

fn scalar(ty: Type, dice: &mut Dice) -> Option<Full> {
    Some(match ty {
        Type::Bool => Full::Bool(dice.chance(50)),
        Type::Int => Full::Int(dice.pick(&INTS)),
        Type::Text => Full::Text(dice.pick(&TEXTS)),
        _ => return None,
    })
}

fn full(ty: Type, dice: &mut Dice) -> Full {
    match ty {
        Type::List(item) => Full::List((0..dice.roll(3)).map(|_| full(*item, dice)).collect()),
        Type::Record(parts) => {
            Full::Record(parts.iter().flat_map(|part| part.iter()).map(|f| (f.name, full(f.ty, dice))).collect())
        }
        scalar_type => scalar(scalar_type, dice).unwrap(),
    }
}

/// A partly known fact; `doubt` is how often, in percent, something is not known.
fn partial(ty: Type, doubt: usize, dice: &mut Dice) -> Partial {
    if dice.chance(doubt) {
        return match dice.roll(4) {
            0 => Partial::Absent,
            1 => Partial::Worlds((0..WORLDS).map(|_| partial_known(ty, doubt / 2, dice)).collect()),
            _ => Partial::Unknown,
        };
    }
    partial_known(ty, doubt, dice)
}

fn partial_known(ty: Type, doubt: usize, dice: &mut Dice) -> Partial {
    match ty {
        Type::List(item) => Partial::List {
            items: (0..dice.roll(3))
                .map(|_| match partial(*item, doubt, dice) {
                    Partial::Absent => Partial::Unknown,
                    other => other,
                })
                .collect(),
            rest: dice.chance(doubt),
        },
        Type::Record(parts) => Partial::Record(
            parts.iter().flat_map(|part| part.iter()).map(|f| (f.name, partial(f.ty, doubt, dice))).collect(),
        ),
        scalar_type => Partial::Known(scalar(scalar_type, dice).unwrap()),
    }
}

/// One way in which the unknown may turn out, in one world.
fn completion(partial: &Partial, ty: Type, world: usize, dice: &mut Dice) -> Full {
    match (partial, ty) {
        (Partial::Known(value), _) => value.clone(),
        (Partial::Worlds(sides), _) => completion(&sides[world], ty, world, dice),
        (Partial::List { items, rest }, Type::List(item)) => {
            let mut list: Vec<Full> = items.iter().map(|i| completion(i, *item, world, dice)).collect();
            if *rest {
                list.extend((0..dice.roll(3)).map(|_| full(*item, dice)));
            }
            Full::List(list)
        }
        (Partial::Record(fields), Type::Record(_)) => Full::Record(
            fields.iter().map(|(name, f)| (*name, completion(f, ty.field(name).unwrap().ty, world, dice))).collect(),
        ),
        (_, ty) => full(ty, dice),
    }
}

/// The library's fact; `None` is absent.
fn fact(partial: &Partial, span: Span) -> Option<Fact> {
    let known = |value: Value| Some(Fact::Known { value, origin: Origin::Written(span) });
    match partial {
        Partial::Absent => None,
        Partial::Unknown => Some(Fact::unknown(Why::Templated, span, "a value")),
        Partial::Known(value) => known(value_of(value, span)),
        Partial::Worlds(sides) => {
            let sides: Vec<Side> = sides
                .iter()
                .enumerate()
                .map(|(world, side)| Side {
                    worlds: Worlds::one(world),
                    fact: fact(side, span).unwrap_or_else(|| Fact::unknown(Why::NotReadable, span, "absent")),
                })
                .collect();
            let unknown = Unknown::new(Why::VersionUnknown, span, "a version");
            Some(Fact::Unknown(unknown.with_sides(sides)))
        }
        Partial::List { items, rest } => {
            let items: Vec<Fact> = items.iter().map(|item| fact(item, span).unwrap()).collect();
            let rest = rest.then(|| Unknown::new(Why::NotReadable, span, "the rest"));
            known(Value::List(List { items: Items::Here(items.into()), rest }))
        }
        Partial::Record(fields) => known(Value::Record(Record::new(
            fields.iter().filter_map(|(name, partial)| Some((*name, fact(partial, span)?))),
        ))),
    }
}

fn value_of(full: &Full, span: Span) -> Value {
    match full {
        Full::Bool(value) => Value::Bool(*value),
        Full::Int(value) => Value::Int(*value),
        Full::Text(value) => Value::from(*value),
        Full::List(items) => {
            Value::from(items.iter().map(|i| Fact::written(value_of(i, span), span)).collect::<Vec<_>>())
        }
        Full::Record(fields) => {
            Value::Record(Record::new(fields.iter().map(|(n, f)| (*n, Fact::written(value_of(f, span), span)))))
        }
    }
}

pub fn subject(facts: Record, span: Span) -> Subject {
    Subject {
        kind: "toy",
        name: "toy".into(),
        carrier: "test",
        because: String::new(),
        main: span,
        location: hardline::files::Location::Here("toy.conf".into()),
        sources: vec![span.source],
        version: None,
        worlds: (0..WORLDS).map(|world| format!("toy:{world}")).collect(),
        facts,
        lacks: [].into(),
        absent: None,
    }
}

pub fn source() -> (Sources, SourceId) {
    let mut sources = Sources::new();
    let id = sources.add(Place::Stdin("toy.conf".into()), vec![b'x'; 200]);
    (sources, id)
}

/// A path: from the subject (`toy`) or an item.
type Names = Vec<String>;

/// Expressions of this file, with their own printer and their own evaluator.
#[derive(Debug, Clone)]
enum B {
    Lit(bool),
    Path(Names),
    Not(Rc<B>),
    And(Vec<B>),
    Or(Vec<B>),
    If(Rc<(B, B, B)>),
    Same(&'static str, Rc<(B, B)>),
    Ints(&'static str, I, I),
    Texts(&'static str, T, T),
    InI(I, Vec<i64>),
    InT(T, Vec<&'static str>),
    Ask(&'static str, T, &'static str),
    Each(bool, Names, String, Rc<B>),
}

#[derive(Debug, Clone)]
enum I {
    Lit(i64),
    Path(Names),
    Sum(Rc<I>, bool, Rc<I>),
    If(Rc<(B, I, I)>),
}

#[derive(Debug, Clone)]
enum T {
    Lit(&'static str),
    Path(Names),
    If(Rc<(B, T, T)>),
}

/// What is in scope: the paths of each type.
struct Maker<'d> {
    dice: &'d mut Dice,
    scope: Vec<(Names, Type)>,
    macros: usize,
    /// Whether each path may be used once only, and nothing that Kleene's logic cannot see through.
    once: bool,
}

impl Maker<'_> {
    fn new(dice: &mut Dice, once: bool) -> Maker<'_> {
        let mut maker = Maker { dice, scope: Vec::new(), macros: 0, once };
        maker.enter(vec!["toy".into()], Type::Record(ROOT.fields));
        maker
    }

    fn enter(&mut self, base: Names, ty: Type) {
        let Type::Record(parts) = ty else { return };
        for field in parts.iter().flat_map(|part| part.iter()) {
            let mut path = base.clone();
            path.push(field.name.into());
            match field.ty {
                Type::Record(_) => self.enter(path, field.ty),
                ty => self.scope.push((path, ty)),
            }
        }
    }

    fn path(&mut self, wanted: impl Fn(Type) -> bool) -> Option<(Names, Type)> {
        let found: Vec<usize> = (0..self.scope.len()).filter(|i| wanted(self.scope[*i].1)).collect();
        if found.is_empty() {
            return None;
        }
        let index = self.dice.pick(&found);
        Some(if self.once { self.scope.remove(index) } else { self.scope[index].clone() })
    }

    fn bool(&mut self, depth: usize) -> B {
        let leaf = depth == 0;
        match self.dice.roll(if leaf { 5 } else { 13 }) {
            0 if !self.once => B::Lit(self.dice.chance(50)),
            0 | 1 => self.path(|ty| ty == Type::Bool).map_or(B::Lit(true), |(path, _)| B::Path(path)),
            2 => {
                let order = self.dice.pick(&["==", "!=", "<", "<=", ">", ">="]);
                // A path against a literal that it may be above or below of.
                let left = self.int(if self.once { 0 } else { depth.min(2) });
                let right = if self.once { I::Lit(self.dice.pick(&[0, 1, 2])) } else { self.int(depth.min(2)) };
                B::Ints(order, left, right)
            }
            3 => {
                let right = T::Lit(self.dice.pick(&TEXTS));
                B::Texts(self.dice.pick(&["==", "!="]), self.text(depth.min(1)), right)
            }
            4 => match self.dice.roll(3) {
                0 => B::InI(self.int(0), vec![self.dice.pick(&INTS), self.dice.pick(&INTS)]),
                1 => B::InT(self.text(0), vec![self.dice.pick(&TEXTS), self.dice.pick(&TEXTS)]),
                _ => {
                    let method = self.dice.pick(&["startsWith", "endsWith", "contains"]);
                    B::Ask(method, self.text(0), self.dice.pick(&["a", "b", "ab", "c"]))
                }
            },
            5 => B::Not(self.bool(depth - 1).into()),
            6 | 7 => B::And((0..2 + self.dice.roll(2)).map(|_| self.bool(depth - 1)).collect()),
            8 | 9 => B::Or((0..2 + self.dice.roll(2)).map(|_| self.bool(depth - 1)).collect()),
            10 => B::If((self.bool(depth - 1), self.bool(depth - 1), self.bool(depth - 1)).into()),
            11 => B::Same(self.dice.pick(&["==", "!="]), (self.bool(depth - 1), self.bool(depth - 1)).into()),
            _ => self.each(depth),
        }
    }

    fn each(&mut self, depth: usize) -> B {
        if self.macros >= 2 || self.once {
            return self.bool(depth - 1);
        }
        let Some((list, Type::List(item))) = self.path(|ty| matches!(ty, Type::List(_))) else { return B::Lit(false) };
        let name = format!("i{}", self.macros);
        let before = self.scope.len();
        self.enter(vec![name.clone()], *item);
        // Half of the bodies prefer the item, so that not all of them are about other facts.
        if self.dice.chance(50) {
            self.scope.drain(..before / 2);
        }
        self.macros += 1;
        let body = self.bool(depth - 1);
        self.macros -= 1;
        self.scope.retain(|(path, _)| path[0] != name);
        B::Each(self.dice.chance(50), list, name, body.into())
    }

    fn int(&mut self, depth: usize) -> I {
        match self.dice.roll(if depth == 0 { 4 } else { 7 }) {
            0 if !self.once => I::Lit(self.dice.pick(&INTS)),
            0..=3 => self.path(|ty| ty == Type::Int).map_or(I::Lit(1), |(path, _)| I::Path(path)),
            4 | 5 => I::Sum(self.int(depth - 1).into(), self.dice.chance(50), self.int(depth - 1).into()),
            _ => I::If((self.bool(0), self.int(depth - 1), self.int(depth - 1)).into()),
        }
    }

    fn text(&mut self, depth: usize) -> T {
        match self.dice.roll(if depth == 0 || self.once { 4 } else { 5 }) {
            0 if !self.once => T::Lit(self.dice.pick(&TEXTS)),
            0..=3 => self.path(|ty| ty == Type::Text).map_or(T::Lit("a"), |(path, _)| T::Path(path)),
            _ => T::If((self.bool(0), self.text(depth - 1), self.text(depth - 1)).into()),
        }
    }
}

/// CEL text, with no more brackets than its precedence needs.
fn print(b: &B, outer: u8) -> String {
    let (text, level) = match b {
        B::Lit(value) => (value.to_string(), 9),
        B::Path(path) => (path.join("."), 9),
        B::Not(inner) => (format!("!{}", print(inner, 8)), 8),
        B::And(parts) => (parts.iter().map(|p| print(p, 3)).collect::<Vec<_>>().join(" && "), 2),
        B::Or(parts) => (parts.iter().map(|p| print(p, 2)).collect::<Vec<_>>().join(" || "), 1),
        B::If(p) => (format!("{} ? {} : {}", print(&p.0, 1), print(&p.1, 1), print(&p.2, 0)), 0),
        B::Same(op, p) => (format!("{} {op} {}", print(&p.0, 3), print(&p.1, 4)), 3),
        B::Ints(op, a, b) => (format!("{} {op} {}", print_int(a, 4), print_int(b, 4)), 3),
        B::Texts(op, a, b) => (format!("{} {op} {}", print_text(a, 4), print_text(b, 4)), 3),
        B::InI(a, items) => (format!("{} in {items:?}", print_int(a, 4)), 3),
        B::InT(a, items) => (format!("{} in {items:?}", print_text(a, 4)), 3),
        B::Ask(method, a, literal) => (format!("{}.{method}('{literal}')", print_text(a, 9)), 9),
        B::Each(all, list, name, body) => {
            (format!("{}.{}({name}, {})", list.join("."), if *all { "all" } else { "exists" }, print(body, 0)), 9)
        }
    };
    if level < outer { format!("({text})") } else { text }
}

fn print_int(i: &I, outer: u8) -> String {
    let (text, level) = match i {
        I::Lit(value) => (value.to_string(), 9),
        I::Path(path) => (path.join("."), 9),
        I::Sum(a, minus, b) => {
            (format!("{} {} {}", print_int(a, 4), if *minus { '-' } else { '+' }, print_int(b, 5)), 4)
        }
        I::If(p) => (format!("{} ? {} : {}", print(&p.0, 1), print_int(&p.1, 1), print_int(&p.2, 0)), 0),
    };
    if level < outer { format!("({text})") } else { text }
}

fn print_text(t: &T, outer: u8) -> String {
    let (text, level) = match t {
        T::Lit(value) => (format!("{value:?}"), 9),
        T::Path(path) => (path.join("."), 9),
        T::If(p) => (format!("{} ? {} : {}", print(&p.0, 1), print_text(&p.1, 1), print_text(&p.2, 0)), 0),
    };
    if level < outer { format!("({text})") } else { text }
}

/// The values of the names in scope.
type Scopes = Vec<(String, Full)>;

fn find<'f>(path: &Names, scopes: &'f Scopes) -> &'f Full {
    let mut here = &scopes.iter().rev().find(|(name, _)| *name == path[0]).unwrap().1;
    for name in &path[1..] {
        let Full::Record(fields) = here else { panic!("{path:?}") };
        here = &fields[name.as_str()];
    }
    here
}

fn eval(b: &B, scopes: &mut Scopes) -> bool {
    match b {
        B::Lit(value) => *value,
        B::Path(path) => *find(path, scopes) == Full::Bool(true),
        B::Not(inner) => !eval(inner, scopes),
        B::And(parts) => parts.iter().all(|p| eval(p, scopes)),
        B::Or(parts) => parts.iter().any(|p| eval(p, scopes)),
        B::If(p) => {
            if eval(&p.0, scopes) {
                eval(&p.1, scopes)
            } else {
                eval(&p.2, scopes)
            }
        }
        B::Same(op, p) => (eval(&p.0, scopes) == eval(&p.1, scopes)) == (*op == "=="),
        B::Ints(op, a, b) => {
            let (a, b) = (eval_int(a, scopes), eval_int(b, scopes));
            match *op {
                "==" => a == b,
                "!=" => a != b,
                "<" => a < b,
                "<=" => a <= b,
                ">" => a > b,
                _ => a >= b,
            }
        }
        B::Texts(op, a, b) => (eval_text(a, scopes) == eval_text(b, scopes)) == (*op == "=="),
        B::InI(a, items) => items.contains(&eval_int(a, scopes)),
        B::InT(a, items) => items.contains(&eval_text(a, scopes)),
        B::Ask(method, a, literal) => {
            let text = eval_text(a, scopes);
            match *method {
                "startsWith" => text.starts_with(literal),
                "endsWith" => text.ends_with(literal),
                _ => text.contains(literal),
            }
        }
        B::Each(all, list, name, body) => {
            let Full::List(items) = find(list, scopes).clone() else { panic!() };
            let mut answers = items.into_iter().map(|item| {
                scopes.push((name.clone(), item));
                let answer = eval(body, scopes);
                scopes.pop();
                answer
            });
            if *all { answers.all(|answer| answer) } else { answers.any(|answer| answer) }
        }
    }
}

fn eval_int(i: &I, scopes: &mut Scopes) -> i64 {
    match i {
        I::Lit(value) => *value,
        I::Path(path) => match find(path, scopes) {
            Full::Int(value) => *value,
            _ => panic!(),
        },
        I::Sum(a, minus, b) => {
            let (a, b) = (eval_int(a, scopes), eval_int(b, scopes));
            if *minus { a - b } else { a + b }
        }
        I::If(p) => {
            if eval(&p.0, scopes) {
                eval_int(&p.1, scopes)
            } else {
                eval_int(&p.2, scopes)
            }
        }
    }
}

fn eval_text(t: &T, scopes: &mut Scopes) -> &'static str {
    match t {
        T::Lit(value) => value,
        T::Path(path) => match find(path, scopes) {
            Full::Text(value) => value,
            _ => panic!(),
        },
        T::If(p) => {
            if eval(&p.0, scopes) {
                eval_text(&p.1, scopes)
            } else {
                eval_text(&p.2, scopes)
            }
        }
    }
}

fn definite(truth: &Truth) -> Option<bool> {
    match truth {
        Truth::True => Some(true),
        Truth::False => Some(false),
        Truth::Unknown(causes) => {
            assert!(!causes.is_empty(), "an unknown without a cause");
            None
        }
    }
}

fn compile(text: &str) -> Result<Expr, String> {
    let params = Params::new();
    let scope = Scope { root: &ROOT, params: &params, bindings: Vec::new() };
    Expr::compile(text, &scope, Trust::Vet).map_err(|problems| format!("{text}: {problems:?}"))
}

fn ask(expr: &Expr, facts: &Record, span: Span, world: Option<usize>) -> Option<bool> {
    let subject = subject(facts.clone(), span);
    let params = Params::new();
    definite(&truth(expr, &Scene { subject: &subject, params: &params, world }, None).unwrap())
}

fn record(fact: Fact) -> Record {
    match fact {
        Fact::Known { value: Value::Record(record), .. } => record,
        _ => panic!(),
    }
}

#[test]
fn a_definite_answer_holds_in_every_completion() {
    let (_sources, id) = source();
    let span = Span::new(id, 0, 1);
    let ty = Type::Record(ROOT.fields);
    let count = cases(6_000);
    let (mut definite_answers, mut unknown, mut agreeing, mut refused) = (0usize, 0usize, 0usize, 0usize);
    for case in 0..count {
        let mut dice = Dice(0x9E37_79B9_7F4A_7C15 ^ (case as u64 + 1).wrapping_mul(0xD129_42F0_5C2B_1D4D));
        let depth = 1 + dice.roll(4);
        let b = Maker::new(&mut dice, false).bool(depth);
        let text = print(&b, 0);
        // Two literals of an `in` may be equal, and a long expression may be too deep: both are fine to refuse.
        let Ok(expr) = compile(&text) else {
            refused += 1;
            continue;
        };
        for _ in 0..3 {
            let doubt = dice.pick(&[5, 15, 30, 60]);
            let state = partial_known(ty, doubt, &mut dice);
            let facts = record(fact(&state, span).unwrap());
            let overall = ask(&expr, &facts, span, None);
            let mut seen = [false, false];
            for world in 0..WORLDS {
                let here = ask(&expr, &facts, span, Some(world));
                for _ in 0..12 {
                    let complete = completion(&state, ty, world, &mut dice);
                    let expected = eval(&b, &mut vec![("toy".into(), complete)]);
                    seen[usize::from(expected)] = true;
                    for (answer, asked) in [(overall, "all worlds"), (here, "one world")] {
                        if let Some(answer) = answer {
                            assert_eq!(answer, expected, "case {case}, {asked}: {text}\nstate {state:?}");
                        }
                    }
                }
            }
            match overall {
                Some(_) => definite_answers += 1,
                None => {
                    unknown += 1;
                    agreeing += usize::from(seen[0] != seen[1]);
                }
            }
        }
    }
    println!(
        "possible worlds: {definite_answers} definite, {unknown} unknown ({agreeing} of them with agreeing samples), {refused} expressions refused"
    );
    assert!(definite_answers > count && unknown > count / 4, "the generator no longer asks interesting questions");
    assert!(refused * 20 < count, "{refused} of {count} generated expressions were refused");
}

/// A whole state of facts gives the answer of the reference, and never an unknown one.
#[test]
fn what_is_wholly_known_is_answered() {
    let (_sources, id) = source();
    let span = Span::new(id, 0, 1);
    let ty = Type::Record(ROOT.fields);
    for case in 0..cases(6_000) {
        let mut dice = Dice(0xA5A5_5A5A_1234_5678 ^ (case as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let depth = 1 + dice.roll(4);
        let b = Maker::new(&mut dice, false).bool(depth);
        let text = print(&b, 0);
        let Ok(expr) = compile(&text) else { continue };
        let state = full(ty, &mut dice);
        let facts = record(Fact::written(value_of(&state, span), span));
        let expected = eval(&b, &mut vec![("toy".into(), state.clone())]);
        assert_eq!(ask(&expr, &facts, span, None), Some(expected), "case {case}: {text}\nstate {state:?}");
    }
}

/// Where every fact is asked about once and nothing is known twice over, Kleene's answer is exact: unknown means that
/// both answers are possible. All completions of the facts that are read are enumerated.
#[test]
fn unknown_means_that_both_are_possible() {
    let (_sources, id) = source();
    let span = Span::new(id, 0, 1);
    let (mut unknown, mut definite_answers) = (0usize, 0usize);
    for case in 0..cases(6_000) {
        let mut dice = Dice(0x0F0F_F0F0_8765_4321 ^ (case as u64 + 1).wrapping_mul(0xD129_42F0_5C2B_1D4D));
        let depth = 1 + dice.roll(3);
        let b = Maker::new(&mut dice, true).bool(depth);
        let text = print(&b, 0);
        let Ok(expr) = compile(&text) else { continue };
        // Exactly the facts below are asked about; those that the expression leaves out stay as they are.
        let names = ["a", "b", "n", "m", "s", "t", "p", "q"];
        let asked: Vec<&'static str> = names
            .into_iter()
            .filter(|name| expr.reads.iter().any(|path| path.ends_with(&format!(".{name}"))))
            .collect();
        let open: Vec<&'static str> = asked.into_iter().filter(|_| dice.chance(60)).collect();
        let base = full(Type::Record(ROOT.fields), &mut dice);
        let facts = record(fact(&with_unknown(&base, &open), span).unwrap());
        let answers = enumerate(&b, &base, &open);
        match ask(&expr, &facts, span, None) {
            Some(answer) => {
                definite_answers += 1;
                assert!(!answers[usize::from(!answer)], "case {case}: {text}\n{base:?}\nunknown: {open:?}");
            }
            None => {
                unknown += 1;
                assert!(
                    answers[0] && answers[1],
                    "case {case}: needlessly unknown: {text}\n{base:?}\nunknown: {open:?}"
                );
            }
        }
    }
    println!("exact cases: {definite_answers} definite, {unknown} unknown");
    assert!(unknown > 0 && definite_answers > 0);
}

fn with_unknown(base: &Full, open: &[&str]) -> Partial {
    let Full::Record(fields) = base else { return Partial::Known(base.clone()) };
    Partial::Record(
        fields
            .iter()
            .map(|(name, value)| {
                (*name, if open.contains(name) { Partial::Unknown } else { with_unknown(value, open) })
            })
            .collect(),
    )
}

/// Which answers the completions give: false, true.
fn enumerate(b: &B, base: &Full, open: &[&'static str]) -> [bool; 2] {
    let Some((name, rest)) = open.split_first() else {
        let answer = eval(b, &mut vec![("toy".into(), base.clone())]);
        return [!answer, answer];
    };
    let values: Vec<Full> = match *name {
        "a" | "b" | "p" => vec![Full::Bool(false), Full::Bool(true)],
        "n" | "m" | "q" => INTS.map(Full::Int).to_vec(),
        _ => TEXTS.iter().chain(&["abab"]).map(|text| Full::Text(text)).collect(),
    };
    let mut seen = [false, false];
    for value in values {
        let mut state = base.clone();
        let Full::Record(fields) = &mut state else { return seen };
        match (*name, fields.get_mut("nest")) {
            ("p" | "q", Some(Full::Record(nest))) => nest.insert(name, value),
            _ => fields.insert(name, value),
        };
        let [no, yes] = enumerate(b, &state, rest);
        seen = [seen[0] || no, seen[1] || yes];
        if seen == [true, true] {
            break;
        }
    }
    seen
}

static SMALL: &[Field] =
    &[field("s", Type::Text), field("secret", Type::Secret), field("list", Type::List(&Type::Int))];
static SMALL_ROOT: Root = Root { name: "toy", fields: &[SMALL] };

fn about(text: &str, facts: Vec<(&'static str, Fact)>, params: &Params, span: Span) -> Result<Truth, EvalError> {
    let scope = Scope { root: &SMALL_ROOT, params, bindings: Vec::new() };
    let expr = Expr::compile(text, &scope, Trust::Vet).unwrap();
    let subject = subject(Record::new(facts), span);
    truth(&expr, &Scene { subject: &subject, params, world: None }, None)
}

#[test]
fn our_own_functions() {
    let (_sources, id) = source();
    let span = Span::new(id, 3, 7);
    let table = [
        ("is_loopback(toy.s)", "127.3.2.1", Some(true)),
        ("is_loopback(toy.s)", "::1", Some(true)),
        ("is_loopback(toy.s)", "::ffff:127.0.0.1", Some(true)),
        ("is_loopback(toy.s)", "10.0.0.1", Some(false)),
        ("is_loopback(toy.s)", "localhost", None),
        ("is_private(toy.s)", "192.168.3.4", Some(true)),
        ("is_private(toy.s)", "172.32.0.1", Some(false)),
        ("is_private(toy.s)", "fd12::1", Some(true)),
        ("is_private(toy.s)", "fe80::1%eth0", Some(false)),
        ("cidr_contains('10.0.0.0/8', toy.s)", "10.255.0.1", Some(true)),
        ("cidr_contains('10.0.0.0/8', toy.s)", "11.0.0.1", Some(false)),
        ("cidr_contains('0.0.0.0/0', toy.s)", "11.0.0.1", Some(true)),
        ("cidr_contains('0.0.0.0/0', toy.s)", "fe80::1", Some(false)),
        ("cidr_contains('::/0', toy.s)", "fe80::1", Some(true)),
        ("cidr_contains('10.0.0.0/8', toy.s)", "*", None),
        ("version_lt(toy.s, '7.4.10')", "7.4.9", Some(true)),
        ("version_lt(toy.s, '7.4')", "7.4.0", Some(false)),
        ("version_lt(toy.s, 'redis:7.4.1')", "redis:7.0.15+debian", Some(true)),
        ("version_lt(toy.s, 'redis:7.4.1')", "valkey:7.2.7", Some(false)),
        ("version_lt(toy.s, '7.4')", "latest", None),
        ("toy.s.matches(r'^a+\\d$')", "aa7", Some(true)),
        ("toy.s.matches('b')", "abc", Some(true)),
        ("toy.s.matches('^b')", "abc", Some(false)),
        ("bytes('10m') == 10485760 && bytes('1kb') == 1024 && bytes('2') == 2 && toy.s == ''", "", Some(true)),
    ];
    for (text, value, expected) in table {
        let answer = about(text, vec![("s", Fact::written(value, span))], &Params::new(), span).unwrap();
        assert_eq!(definite(&answer), expected, "{text} of {value}");
        if let Truth::Unknown(causes) = answer {
            assert_eq!((causes[0].unknown.at, &*causes[0].path), (span, "toy.s"), "{text}");
        }
    }
}

#[test]
fn parameters_secrets_and_origins() {
    let (_sources, id) = source();
    let span = Span::new(id, 3, 7);
    let params: Params = vec![
        ("flag".into(), Param::Bool(true)),
        ("known".into(), Param::Texts(vec!["hunter2".into()])),
        ("least".into(), Param::Int(3)),
    ];
    let secret = |text: &str| Value::Secret(hardline::fact::Secret::new(text.as_bytes()));
    let facts =
        vec![("s", Fact::default("x", span, "nothing is written")), ("secret", Fact::written(secret("hunter2"), span))];
    let asked = |text: &str| definite(&about(text, facts.clone(), &params, span).unwrap());
    assert_eq!(asked("toy.secret in params.known"), Some(true));
    assert_eq!(asked("toy.secret in ['a', 'b']"), Some(false));
    assert_eq!(asked("explicit.toy.secret && !explicit.toy.s && params.flag && params.least > 2"), Some(true));
    assert_eq!(asked("toy.s in params.known"), Some(false));
    assert_eq!(asked("explicit.toy.list"), None);
    assert_eq!(asked("toy.list.exists(i, i > 3) || true"), Some(true));
}

/// A further item may be there or not, so it never makes an answer definite, whatever it is.
#[test]
fn further_items_decide_nothing() {
    let (_sources, id) = source();
    let span = Span::new(id, 0, 1);
    let list = |items: Vec<i64>, rest: bool| {
        let items: Vec<Fact> = items.into_iter().map(|item| Fact::written(item, span)).collect();
        let rest = rest.then(|| Unknown::new(Why::NotReadable, span, "the rest"));
        vec![("list", Fact::written(Value::List(List { items: Items::Here(items.into()), rest }), span))]
    };
    let table = [
        ("toy.list.exists(i, true)", vec![], true, None),
        ("toy.list.exists(i, true)", vec![1], true, Some(true)),
        ("toy.list.exists(i, false)", vec![1], true, Some(false)),
        ("toy.list.exists(i, i == 1)", vec![1], true, Some(true)),
        ("toy.list.exists(i, i == 2)", vec![1], true, None),
        ("toy.list.exists(i, i == 2)", vec![1], false, Some(false)),
        ("toy.list.all(i, true)", vec![1], true, Some(true)),
        ("toy.list.all(i, false)", vec![], true, None),
        ("toy.list.all(i, false)", vec![], false, Some(true)),
        ("toy.list.all(i, i == 1)", vec![1, 2], true, Some(false)),
        ("toy.list.exists(i, i == i)", vec![], true, None),
    ];
    for (text, items, rest, expected) in table {
        let answer = about(text, list(items.clone(), rest), &Params::new(), span).unwrap();
        assert_eq!(definite(&answer), expected, "{text} of {items:?}, more: {rest}");
    }
}

#[test]
fn the_budget_ends_a_long_question() {
    let (_sources, id) = source();
    let span = Span::new(id, 0, 1);
    let items: Vec<Fact> = (0..4_000).map(|item| Fact::written(item, span)).collect();
    let list = vec![("list", Fact::written(Value::List(List { items: Items::Here(items.into()), rest: None }), span))];
    let started = std::time::Instant::now();
    let answer = about("toy.list.all(i, toy.list.all(j, i + j >= 0))", list, &Params::new(), span);
    assert_eq!(answer.unwrap_err(), EvalError::Budget);
    assert!(started.elapsed().as_secs() < 10);
}

#[test]
fn many_unknown_items_stay_cheap() {
    let (_sources, id) = source();
    let items: Vec<Fact> =
        (0..100_000).map(|i| Fact::unknown(Why::Templated, Span::new(id, i % 190, i % 190 + 1), "a value")).collect();
    let span = Span::new(id, 0, 1);
    let list = vec![("list", Fact::written(Value::List(List { items: Items::Here(items.into()), rest: None }), span))];
    let started = std::time::Instant::now();
    match about("toy.list.exists(i, i == 1)", list, &Params::new(), span).unwrap() {
        Truth::Unknown(causes) => assert!(causes.len() <= 64),
        other => panic!("{other:?}"),
    }
    assert!(started.elapsed().as_secs() < 5);
}
