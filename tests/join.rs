//! Joins over long lists go by an index; the answers are those of going through the list.

use hardline::expr::{Expr, Params, Scope, Trust};
use hardline::fact::{Fact, Items, List, Record, Unknown, Value, Why};
use hardline::text::Span;
use hardline::truth::{Scene, Truth, truth};

use super::truth::{Dice, ROOT, source, subject};

fn definite(answer: &Truth) -> Option<bool> {
    match answer {
        Truth::True => Some(true),
        Truth::False => Some(false),
        Truth::Unknown(_) => None,
    }
}

/// A fact, or now and then an unknown one.
fn perhaps(dice: &mut Dice, value: impl Into<Value>, span: Span) -> Fact {
    match dice.roll(80) {
        0 => Fact::unknown(Why::Templated, span, "a value"),
        _ => Fact::written(value, span),
    }
}

/// Items with few words, so that many are equal; some of which nothing is known.
fn items(dice: &mut Dice, span: Span) -> Fact {
    let words = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let count = 20 + dice.roll(60);
    let item = |dice: &mut Dice| match dice.roll(120) {
        0 => Fact::unknown(Why::Templated, span, "an item"),
        _ => {
            let word = words[dice.roll(words.len())];
            let (on, size) = (dice.roll(2) == 0, i64::try_from(dice.roll(5)).unwrap());
            let fields = [
                ("on", perhaps(dice, on, span)),
                ("size", perhaps(dice, size, span)),
                ("word", perhaps(dice, word, span)),
            ];
            Fact::record(fields, span)
        }
    };
    let items: Vec<Fact> = (0..count).map(|_| item(dice)).collect();
    let rest = (dice.roll(4) == 0).then(|| Unknown::new(Why::NotReadable, span, "the rest"));
    Fact::written(Value::List(List { items: Items::Here(items.into()), rest }), span)
}

#[test]
fn an_index_answers_as_the_list_does() {
    let (_sources, id) = source();
    let span = Span::new(id, 0, 1);
    let pairs = [
        ("toy.items.exists(i, i.word == toy.s)", "!toy.items.all(i, i.word != toy.s)"),
        ("toy.items.exists(i, i.word == toy.s && i.on)", "!toy.items.all(i, i.word != toy.s || !i.on)"),
        ("toy.items.exists(i, i.size > 2 && toy.s == i.word)", "!toy.items.all(i, i.size <= 2 || toy.s != i.word)"),
        ("toy.items.exists(i, i.word == \"z\")", "!toy.items.all(i, i.word != \"z\")"),
        (
            "toy.items.exists(i, i.on && toy.items.exists(j, j.word == i.word && j.size > i.size + 2))",
            "!toy.items.all(i, !i.on || toy.items.all(j, j.word != i.word || j.size <= i.size + 2))",
        ),
    ];
    let params = Params::new();
    let compile = |text: &str| {
        let scope = Scope { root: &ROOT, params: &params, bindings: Vec::new() };
        Expr::compile(text, &scope, Trust::Vet).unwrap()
    };
    let compiled: Vec<(Expr, Expr)> = pairs.iter().map(|(index, list)| (compile(index), compile(list))).collect();
    let mut dice = Dice(7);
    let mut met = [0; 3];
    for _ in 0..400 {
        let items = items(&mut dice, span);
        let wanted = ["a", "h", "z"][dice.roll(3)];
        let s = perhaps(&mut dice, wanted, span);
        let subject = subject(Record::new([("items", items), ("s", s)]), span);
        let scene = Scene { subject: &subject, params: &params, world: None };
        for ((by_index, by_list), (text, _)) in compiled.iter().zip(&pairs) {
            let ask = |expr: &Expr| definite(&truth(expr, &scene, None).unwrap());
            let answer = ask(by_index);
            assert_eq!(answer, ask(by_list), "{text}");
            met[answer.map_or(2, usize::from)] += 1;
        }
    }
    assert!(met.iter().all(|count| *count > 50), "{met:?}");
}
