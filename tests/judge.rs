//! The judge: its table, bypasses, items, versions, and what a finding shows.

use hardline::check::places::Places;
use hardline::check::{Check, CheckFile, compile};
use hardline::edit::EditOp;
use hardline::expr::{Param, Trust};
use hardline::fact::{Fact, Items, List, Record, Secret, Side, Subject, Unknown, Value, Why, Worlds};
use hardline::finding::{Finding, Label, Verdict};
use hardline::judge::{Judged, judge};
use hardline::schema::{Field, Root, Type};
use hardline::text::Span;

use crate::truth::{source, subject};

const fn field(name: &'static str, ty: Type) -> Field {
    Field { name, ty, doc: "" }
}

static WAY: &[Field] = &[field("way", Type::Text), field("open", Type::Bool)];
static USER: &[Field] =
    &[field("on", Type::Bool), field("name", Type::Text), field("ways", Type::List(&Type::Record(&[WAY])))];
static TOY: &[Field] = &[
    field("a", Type::Bool),
    field("b", Type::Bool),
    field("c", Type::Bool),
    field("n", Type::Int),
    field("s", Type::Text),
    field("secret", Type::Secret),
    field("words", Type::List(&Type::Text)),
    field("users", Type::List(&Type::Record(&[USER]))),
];
static ROOT: Root = Root { name: "toy", fields: &[TOY] };

/// A check with this rule; what is not given is the simplest.
fn check(rule: &str, rest: &str) -> Check {
    let default = |key: &str, value: &str| {
        if rule.lines().any(|line| line.starts_with(key)) { String::new() } else { format!("{key} = {value}\n") }
    };
    let text = format!(
        "id = 'toy/bad'\nseverity = 'high'\nconfidence = 'high'\nfamily = 'auth'\n\
         [rule]\nreads = 'toy'\n{rule}\n{}{}{}\n{rest}\n",
        default("deny", "'toy.a'"),
        default("at", "'toy.a'"),
        default("message", "'bad'"),
    );
    let file: CheckFile = toml::from_str(&text).unwrap();
    compile::compile(&file, &[&ROOT], Trust::Vet, &Places::default()).unwrap()
}

/// A place of its own for each number.
fn span(number: usize) -> Span {
    let (_sources, id) = source();
    Span::new(id, number, number + 1)
}

fn yes_no(value: Option<bool>, number: usize) -> Fact {
    match value {
        Some(value) => Fact::written(value, span(number)),
        None => Fact::unknown(Why::Templated, span(number), "a value"),
    }
}

fn toy(facts: Vec<(&'static str, Fact)>) -> Subject {
    subject(Record::new(facts), span(0))
}

fn list(items: Vec<Fact>, more: bool) -> Fact {
    let rest = more.then(|| Unknown::new(Why::NotReadable, span(99), "the file"));
    Fact::written(Value::List(List { items: Items::Here(items.into()), rest }), span(98))
}

/// A fact that differs between the three worlds of a subject.
fn by_world(sides: [Fact; 3]) -> Fact {
    let sides: Vec<Side> =
        sides.into_iter().enumerate().map(|(world, fact)| Side { worlds: Worlds::one(world), fact }).collect();
    Fact::Unknown(Unknown::new(Why::VersionUnknown, span(97), "a version").with_sides(sides))
}

fn verdicts(check: &Check, subject: &Subject) -> Vec<Judged> {
    judge(check, subject, &check.params)
}

fn words(judged: &[Judged]) -> Vec<&'static str> {
    judged
        .iter()
        .map(|judged| match &judged.verdict {
            Verdict::Fail(_) => "fail",
            Verdict::Pass => "pass",
            Verdict::NotApplicable => "n/a",
            Verdict::Bypassed { .. } => "bypassed",
            Verdict::Unknown(undecided) => {
                assert!(!undecided.causes.is_empty());
                "unknown"
            }
            Verdict::Broken { .. } => "broken",
        })
        .collect()
}

fn finding(judged: &[Judged]) -> &Finding {
    judged
        .iter()
        .find_map(|judged| match &judged.verdict {
            Verdict::Fail(finding) => Some(&**finding),
            _ => None,
        })
        .unwrap()
}

const VALUES: [Option<bool>; 3] = [Some(false), None, Some(true)];

#[test]
fn the_whole_table_with_and_without_bypass() {
    let plain = check("when = 'toy.b'", "");
    let bypassable = check("when = 'toy.b'", "[[bypass]]\nreason = 'fine'\nwhen = 'toy.c'\n");
    for (when, row) in [
        (Some(true), ["pass", "unknown", "fail"]),
        (None, ["pass", "unknown", "unknown"]),
        (Some(false), ["n/a", "n/a", "n/a"]),
    ] {
        for (deny, expected) in VALUES.into_iter().zip(row) {
            for bypass in VALUES {
                let subject = toy(vec![("a", yes_no(deny, 1)), ("b", yes_no(when, 2)), ("c", yes_no(bypass, 3))]);
                assert_eq!(words(&verdicts(&plain, &subject)), [expected], "{when:?} {deny:?}");
                let with_bypass = match (expected, bypass) {
                    ("fail" | "unknown", Some(true)) => "bypassed",
                    (expected, _) => expected,
                };
                assert_eq!(words(&verdicts(&bypassable, &subject)), [with_bypass], "{when:?} {deny:?} {bypass:?}");
            }
        }
    }
}

#[test]
fn an_open_bypass_is_named() {
    let check = check("", "[[bypass]]\nreason = 'fine'\nwhen = 'toy.c'\n");
    let judged = verdicts(&check, &toy(vec![("a", yes_no(Some(true), 1)), ("c", yes_no(None, 3))]));
    let text = "may be bypassed, cannot tell (templated): fine".to_owned();
    assert_eq!(finding(&judged).related, [Label { span: span(3), text }]);
}

#[test]
fn causes_are_those_that_matter() {
    let check = check("deny = 'toy.a && toy.b'", "");
    let judged = verdicts(&check, &toy(vec![("a", yes_no(Some(true), 1)), ("b", yes_no(None, 2))]));
    let Verdict::Unknown(undecided) = &judged[0].verdict else { panic!() };
    let causes: Vec<(&str, Span)> =
        undecided.causes.iter().map(|(path, unknown)| (path.as_str(), unknown.at)).collect();
    assert_eq!(causes, [("toy.b", span(2))]);
}

fn user(on: Option<bool>, number: usize, ways: Fact) -> Fact {
    Fact::record(
        [("on", yes_no(on, number)), ("name", Fact::written("u", span(number))), ("ways", ways)],
        [span(number)],
    )
}

#[test]
fn each_item_has_its_verdict() {
    let check = check("for_each = 'toy.users as user'\ndeny = 'user.on'\nat = 'user.on'", "");
    let none = || list(vec![], false);
    let users = |users: Vec<Option<bool>>, more: bool| {
        let users = users.into_iter().enumerate().map(|(i, on)| user(on, i + 1, none())).collect();
        toy(vec![("users", list(users, more))])
    };
    let table = [
        (users(vec![], false), vec!["n/a"]),
        (users(vec![], true), vec!["unknown"]),
        (users(vec![Some(true), Some(false), None], false), vec!["fail", "pass", "unknown"]),
        (users(vec![Some(false)], true), vec!["pass", "unknown"]),
        (toy(vec![("users", Fact::unknown(Why::NotReadable, span(5), "a file"))]), vec!["unknown"]),
    ];
    for (subject, expected) in table {
        assert_eq!(words(&verdicts(&check, &subject)), expected);
    }
    let judged = verdicts(&check, &users(vec![Some(false), Some(true)], false));
    assert_eq!(judged[1].items.as_slice(), [Some(1)]);
    assert_eq!(finding(&judged).primary.span, span(2));
}

/// Of a further item only what it leaves open is news; that it would fail is not sure, for it may not be there.
#[test]
fn further_items_add_only_doubt() {
    let subject =
        || toy(vec![("users", list(vec![], true)), ("a", yes_no(Some(true), 1)), ("b", yes_no(Some(false), 2))]);
    let table = [
        ("deny = 'toy.a'", "unknown"),
        ("deny = 'toy.b'", "n/a"),
        ("deny = 'true'", "unknown"),
        ("deny = 'user.on && toy.b'", "n/a"),
        ("deny = 'user.on'\nwhen = 'toy.b'", "n/a"),
    ];
    for (rule, expected) in table {
        let check = check(&format!("for_each = 'toy.users as user'\n{rule}"), "");
        assert_eq!(words(&verdicts(&check, &subject())), [expected], "{rule}");
    }
}

#[test]
fn two_levels_and_the_plan_of_a_fix() {
    let rule = "for_each = 'toy.users as user, user.ways as way'\nwhen = 'user.on'\ndeny = 'way.open'\nat = 'way.open'\n\
                also = ['user.name']\nmessage = '`{user.name}` by {way.way}'";
    let fix = "[fix]\nsafety = 'unsafe'\nedits = [{ op = 'set', path = 'way.open', value = 'no' }, \
               { op = 'copy', from = 'user', into = 'toy.s' }]";
    let check = check(rule, fix);
    let way = |open, number, name: &'static str| {
        Fact::record([("way", Fact::written(name, span(number))), ("open", yes_no(open, number))], [span(number)])
    };
    let users = vec![
        user(Some(true), 1, list(vec![way(Some(false), 11, "x"), way(Some(true), 12, "y")], false)),
        user(Some(false), 2, list(vec![way(Some(true), 21, "x")], false)),
        user(Some(true), 3, list(vec![], false)),
        user(Some(true), 4, list(vec![way(None, 41, "x")], true)),
    ];
    let judged = verdicts(&check, &toy(vec![("users", list(users, false))]));
    assert_eq!(words(&judged), ["pass", "fail", "n/a", "unknown", "unknown"]);
    let found = finding(&judged);
    assert_eq!((found.message.as_str(), found.primary.span), ("`u` by y", span(12)));
    assert_eq!(found.related, [Label { span: span(1), text: String::new() }]);
    assert_eq!(judged[1].items.as_slice(), [Some(0), Some(1)]);
    assert_eq!(
        judged[1].plan(&check),
        [
            EditOp::Set { path: "toy.users[0].ways[1].open".into(), value: "no".into() },
            EditOp::Copy { from: "toy.users[0]".into(), into: "toy.s".into() },
        ]
    );
}

#[test]
fn versions_are_judged_each() {
    let check = check("when = 'toy.b'", "[[bypass]]\nreason = 'fine'\nwhen = 'toy.c'\n");
    let known = |value: bool| Fact::written(value, span(1));
    let template = || yes_no(None, 5);
    let world = |sides: [Fact; 3]| by_world(sides);
    let table = [
        // deny, when, bypass, the verdict, the worlds it fails in
        (world([known(true), known(false), known(true)]), known(true), known(false), "fail", Some(vec![0, 2])),
        (world([known(true), known(true), known(true)]), known(true), known(false), "fail", None),
        (world([known(false), known(false), known(false)]), known(true), known(false), "pass", None),
        (world([known(false), template(), known(false)]), known(true), known(false), "unknown", None),
        (world([known(false), template(), known(true)]), known(true), known(false), "fail", Some(vec![2])),
        (known(true), world([known(false), known(false), known(true)]), known(false), "fail", Some(vec![2])),
        (known(true), world([known(false), known(false), known(false)]), known(false), "n/a", None),
        (known(false), world([known(false), known(true), known(true)]), known(false), "pass", None),
        (world([known(true), known(false), known(true)]), known(true), known(true), "bypassed", None),
        (
            world([known(true), known(false), known(true)]),
            known(true),
            world([known(true), known(false), known(false)]),
            "fail",
            Some(vec![2]),
        ),
    ];
    for (row, (deny, when, bypass, expected, only_in)) in table.into_iter().enumerate() {
        let judged = verdicts(&check, &toy(vec![("a", deny), ("b", when), ("c", bypass)]));
        assert_eq!(words(&judged), [expected], "row {row}");
        if expected == "fail" {
            let found = finding(&judged).only_in.map(|worlds| worlds.iter().collect::<Vec<_>>());
            assert_eq!(found, only_in, "row {row}");
        }
    }
}

/// A list that differs between versions: its items are judged in the versions that have them, and known again by
/// their places.
#[test]
fn lists_of_some_versions() {
    let check = check("for_each = 'toy.users as user'\ndeny = 'user.on'\nat = 'user.on'", "");
    let of = |users: &[(Option<bool>, usize)]| {
        list(users.iter().map(|(on, number)| user(*on, *number, list(vec![], false))).collect(), false)
    };
    let users = by_world([
        of(&[(Some(true), 1), (Some(true), 2)]),
        of(&[(Some(true), 2), (Some(false), 3)]),
        of(&[(Some(true), 2)]),
    ]);
    let judged = verdicts(&check, &toy(vec![("users", users)]));
    assert_eq!(words(&judged), ["fail", "fail", "pass"]);
    let worlds: Vec<_> = judged
        .iter()
        .filter_map(|judged| match &judged.verdict {
            Verdict::Fail(finding) => Some((finding.primary.span, finding.only_in)),
            _ => None,
        })
        .collect();
    assert_eq!(worlds, [(span(1), Some(Worlds::one(0))), (span(2), None)]);
    let judged = verdicts(&check, &toy(vec![("users", by_world([of(&[]), of(&[]), of(&[])]))]));
    assert_eq!(words(&judged), ["n/a"]);
}

#[test]
fn what_a_subject_does_not_carry() {
    let both = check("deny = 'toy.a && toy.b'", "");
    let mut subject = toy(vec![("s", Fact::written("x", span(1)))]);
    // A platform that forgets a fact without a reason does not make a check pass over the subject.
    assert_eq!(words(&verdicts(&both, &subject)), ["unknown"]);
    subject.absent = Some("the configuration of the server".into());
    assert_eq!(words(&verdicts(&both, &subject)), ["n/a"]);
    subject.facts = Record::new([("a", yes_no(Some(true), 1))]);
    let judged = verdicts(&both, &subject);
    assert_eq!(words(&judged), ["unknown"]);
    let Verdict::Unknown(undecided) = &judged[0].verdict else { panic!() };
    let (path, unknown) = &undecided.causes[0];
    assert_eq!(
        (path.as_str(), unknown.why, &*unknown.needs),
        ("toy.b", Why::NotReadable, "the configuration of the server")
    );
    subject.facts = Record::new([("a", yes_no(Some(false), 1))]);
    assert_eq!(words(&verdicts(&both, &subject)), ["pass"]);
    let items = check("for_each = 'toy.users as user'\ndeny = 'user.on'", "");
    assert_eq!(words(&verdicts(&items, &subject)), ["n/a"]);
}

#[test]
fn a_fact_of_another_type_breaks_the_check() {
    let check = check("", "");
    let judged = verdicts(&check, &toy(vec![("a", Fact::written("yes", span(1)))]));
    assert_eq!(words(&judged), ["broken"]);
}

#[test]
fn places_and_words_of_a_finding() {
    let rule = "at = 'toy.words'\nalso = ['toy.n', 'toy.b']\n\
                message = '{toy.words}; {toy.n}; {toy.s}; {toy.secret}; {toy.b}; {toy.users}; {params.list}; {{x}}'";
    let check = check(rule, "[params]\nlist = ['p', 'q']\n");
    let words: Vec<Fact> = (0..7).map(|i| Fact::written(format!("w{i}"), span(10 + i))).collect();
    let users = vec![user(Some(true), 1, list(vec![], false)), Fact::unknown(Why::Templated, span(2), "a value")];
    let subject = toy(vec![
        ("a", yes_no(Some(true), 1)),
        ("words", list(words, false)),
        ("n", Fact::default(7, span(30), "seven is the default")),
        ("s", Fact::written("one\ntwo\u{1b}[31m", span(31))),
        ("secret", Fact::written(Value::Secret(Secret::new(*b"hunter2")), span(32))),
        ("b", yes_no(None, 33)),
        ("users", list(users, true)),
    ]);
    let judged = verdicts(&check, &subject);
    let found = finding(&judged);
    let expected = "w0, w1, w2, w3, w4 and 2 more; 7; one\\ntwo\\u{1b}[31m; ***; (unknown); u, (unknown) and maybe more; p, q; {x}";
    assert_eq!(found.message, expected);
    assert_eq!(found.primary, Label { span: span(10), text: String::new() });
    let related: Vec<(Span, &str)> = found.related.iter().map(|label| (label.span, label.text.as_str())).collect();
    let mut expected: Vec<(Span, &str)> = (11..17).map(|number| (span(number), "")).collect();
    expected.extend([(span(30), "not set; seven is the default"), (span(33), "unknown: templated")]);
    assert_eq!(related, expected);
    assert!(!format!("{judged:?}").contains("hunter2"));
}

#[test]
fn parameters_are_typed_by_their_defaults() {
    let check = check("deny = 'toy.n > params.least && !(toy.s in params.names)'", "[params]\nleast = 3\nnames = []\n");
    let values = |values: &[(&str, Param)]| -> Result<Vec<&'static str>, Vec<String>> {
        let values: Vec<(String, Param)> =
            values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let params = check.params_with(values.iter().map(|(name, value)| (name, value)))?;
        let subject = toy(vec![("n", Fact::written(5, span(1))), ("s", Fact::written("x", span(2)))]);
        Ok(words(&judge(&check, &subject, &params)))
    };
    assert_eq!(values(&[]), Ok(vec!["fail"]));
    assert_eq!(values(&[("least", Param::Int(9))]), Ok(vec!["pass"]));
    assert_eq!(values(&[("names", Param::Texts(vec!["x".into()]))]), Ok(vec!["pass"]));
    let wrong = values(&[("lest", Param::Int(1)), ("least", Param::Bool(true))]).unwrap_err();
    assert_eq!(
        wrong,
        ["toy/bad has no parameter `lest`; did you mean `least`?", "`least` of toy/bad is an integer, not a bool"]
    );
}
