//! The expression language: CEL's precedence and escapes, everything that is refused with its place, and that no text
//! can stop or crash the parser.

use hardline::check::embedded;
use hardline::expr::{Binding, Expr, Param, Params, Scope, Simple, Trust};
use hardline::fact::{Fact, Record};
use hardline::schema::{Field, Root, Type};
use hardline::text::Span;
use hardline::truth::{Frame, Scene, Truth, truth};

use crate::truth::{Dice, cases, source, subject};

const fn field(name: &'static str, ty: Type) -> Field {
    Field { name, ty, doc: "" }
}

static USER: &[Field] =
    &[field("name", Type::Text), field("commands", Type::Commands), field("tags", Type::List(&Type::Text))];
const ITEM: Type = Type::Record(&[USER]);
static TOY: &[Field] = &[
    field("t", Type::Bool),
    field("f", Type::Bool),
    field("one", Type::Int),
    field("two", Type::Int),
    field("s", Type::Text),
    field("secret", Type::Secret),
    field("bind", Type::List(&Type::Text)),
    field("users", Type::List(&Type::Record(&[USER]))),
    field("user", Type::Record(&[USER])),
];
static ROOT: Root = Root { name: "toy", fields: &[TOY] };

fn params() -> Params {
    vec![
        ("flag".into(), Param::Bool(true)),
        ("names".into(), Param::Texts(vec!["a".into()])),
        ("ports".into(), Param::Ints(vec![1])),
    ]
}

fn compile(text: &str) -> Result<Expr, Vec<(String, String)>> {
    let params = params();
    let item = Binding { name: "item".into(), ty: ITEM, path: "toy.users[]".into() };
    let scope = Scope { root: &ROOT, params: &params, bindings: vec![item] };
    Expr::compile(text, &scope, Trust::Vet).map_err(|problems| {
        assert!(!problems.is_empty());
        problems.into_iter().map(|problem| (text[problem.span].to_owned(), problem.reason)).collect()
    })
}

fn holds(text: &str) -> bool {
    let expr = compile(text).unwrap_or_else(|problems| panic!("{text}: {problems:?}"));
    let (_sources, id) = source();
    let span = Span::new(id, 0, 1);
    let facts = Record::new([
        ("t", Fact::written(true, span)),
        ("f", Fact::written(false, span)),
        ("one", Fact::written(1, span)),
        ("two", Fact::written(2, span)),
        ("s", Fact::written("a'b\"c\\d\n\u{1F600}", span)),
        ("bind", Fact::written(vec![Fact::written("a", span), Fact::written("b", span)], span)),
    ]);
    let params = params();
    // The scope has the item of a `for_each`, so there must be one.
    let item = Fact::record([], [span]);
    match truth(
        &expr,
        &Scene { subject: &subject(facts, span), params: &params, world: None },
        Some(&Frame::within(None, &item)),
    )
    .unwrap()
    {
        Truth::True => true,
        Truth::False => false,
        Truth::Unknown(causes) => panic!("{text}: {causes:?}"),
    }
}

#[test]
fn precedence_and_grouping_are_cels() {
    let t = "toy.t";
    let table = [
        // `&&` binds tighter than `||`, both tighter than `? :`.
        ("toy.t || toy.f && toy.f", true),
        ("(toy.t || toy.f) && toy.f", false),
        ("toy.f && toy.f || toy.t", true),
        ("toy.t ? toy.f : toy.t || toy.t", false),
        ("toy.f ? toy.f : toy.f ? toy.f : toy.t", true),
        ("(toy.t ? toy.f : toy.t) ? toy.f : toy.t", true),
        ("toy.t || toy.t ? toy.f : toy.f", false),
        // `!` binds tighter than everything but a dot.
        ("!toy.f && toy.t", true),
        ("!(toy.f && toy.t)", true),
        ("!!toy.t", true),
        ("!toy.t == toy.f", true),
        // Comparisons are of one precedence and group to the left.
        ("toy.one < toy.two == toy.t", true),
        ("toy.f == toy.f == toy.t", true),
        ("toy.f == (toy.f == toy.t)", true),
        ("toy.t != toy.f == toy.f", false),
        ("toy.one in [1, 2] == toy.t", true),
        // Sums bind tighter and group to the left.
        ("toy.one + toy.two == 3", true),
        ("3 - toy.two - toy.one == 0", true),
        ("3 - (toy.two - toy.one) == 2", true),
        ("toy.two -1 == toy.one", true),
        ("toy.two - -1 == 3", true),
        ("-1 + toy.one == 0", true),
        ("0x1F == 31 && 0Xa == 10 && -0x1 == -1", true),
        ("9223372036854775807 + 1 > 9223372036854775807", true),
        // Blanks and comments.
        (" toy . t // a comment\n && !toy\t.f ", true),
        ("toy.bind.exists(b, b == 'b') && toy.bind.all(b, b in params.names || b == \"b\")", true),
        ("toy.bind.exists(a, toy.bind.exists(b, a != b))", true),
        ("toy.one in params.ports && !(toy.two in params.ports)", true),
        ("explicit.toy.t && params.flag", true),
    ];
    for (text, expected) in table {
        assert_eq!(holds(text), expected, "{text}");
    }
    assert!(holds(t));
}

/// <https://github.com/google/cel-spec>, `doc/langdef.md`, "String and Bytes Values".
#[test]
fn escapes_are_cels() {
    let table = [
        (r#""a'b\"c\\d\n\U0001F600""#, true),
        (r#"'a\'b"c\\d\n😀'"#, true),
        (r#"'a\x27b\u0022c\134d\012\U0001f600'"#, true),
        ("'''a'b\"c\\\\d\n😀'''", true),
        ("\"\"\"a'b\"c\\\\d\n😀\"\"\"", true),
        (r#"r'a\'"#, false),
        (r#"R"a\n""#, false),
        (r#"'\a\b\f\r\t\v\?\`'"#, false),
    ];
    for (literal, expected) in table {
        assert_eq!(holds(&format!("toy.s == {literal}")), expected, "{literal}");
    }
    let accepted = ["r'''a\n'b'''", "'\\377'", "'\\000'", "\"\\X41\"", "''", "\"\"", "r''", "''''''"];
    for literal in accepted {
        assert!(!holds(&format!("toy.s == {literal}")), "{literal}");
    }
}

#[test]
fn what_is_refused_has_its_place_and_reason() {
    // The expression, what is underlined, and words of the reason.
    let table: &[(&str, &str, &str)] = &[
        ("has(toy.t)", "has", "ask `explicit"),
        ("toy.?t", "t", "`?.` is not offered"),
        ("size(toy.bind) > 0", "size", "`size` is not offered"),
        ("toy.bind.size() > 0", "size", "`size` is not offered"),
        ("type(toy.t) == toy.t", "type", "`type` is not offered"),
        ("dyn(toy.t)", "dyn", "`dyn` is not offered"),
        ("int(toy.s) == 1", "int", "nothing is converted"),
        ("string(toy.one) == '1'", "string", "nothing is converted"),
        ("toy.one * 2 == 2", "toy.one * 2", "only `+` and `-`"),
        ("toy.one / 2 == 2", "toy.one / 2", "only `+` and `-`"),
        ("toy.one % 2 == 0", "toy.one % 2", "only `+` and `-`"),
        ("-toy.one == 1", "-toy.one", "unary minus"),
        ("--1 == 1", "--1", "unary minus"),
        ("toy.bind[0] == 'a'", "toy.bind[0]", "indexing"),
        ("toy.user == toy.user", "toy.user", "a record has no value"),
        ("toy.bind == toy.bind", "toy.bind", "a list of texts has no value"),
        ("toy.user in [1]", "toy.user", "a record has no value"),
        ("toy.one == 'a'", "toy.one == 'a'", "an integer is never a text"),
        ("toy.one == toy.t", "toy.one == toy.t", "an integer is never a bool"),
        ("toy.one in ['a']", "'a'", "types differ"),
        ("toy.s in params.ports", "params.ports", "a text is never in a list of integers"),
        ("toy.s in toy.bind", "toy.bind", "`in` needs a literal list"),
        ("toy.s in []", "[]", "nothing is in an empty list"),
        ("toy.s in ['a', toy.s]", "toy.s", "only literals"),
        ("toy.bind.map(b, b)", "map", "`map` is not offered"),
        ("toy.bind.filter(b, b == 'a')", "filter", "`filter` is not offered"),
        ("toy.bind.exists_one(b, b == 'a')", "exists_one", "`exists_one` is not offered"),
        ("[1] == [1]", "[1]", "right of `in`"),
        ("toy.tt", "tt", "nearest: `toy.t`"),
        ("tyo.t", "tyo", "did you mean `toy`?"),
        ("nothing", "nothing", "unknown name"),
        ("toy.users.name == 'a'", "name", "ask its items"),
        ("toy.one.x == 1", "x", "`one` is an integer and has no fields"),
        ("params.flags", "flags", "did you mean `params.flag`?"),
        ("params.names == params.names", "params.names", "right of `in`"),
        ("params", "params", "expected `params.name`"),
        ("explicit", "explicit", "needs the path"),
        ("explicit.toy.user", "explicit.toy.user", "this is a record"),
        ("toy.one", "toy.one", "expected a bool, found an integer"),
        ("toy.s && toy.t", "toy.s", "expected a bool, found a text"),
        ("toy.t ? 1 : 'a'", "toy.t ? 1 : 'a'", "need one type"),
        ("toy.s < 'b'", "toy.s < 'b'", "texts have no order"),
        ("toy.t < toy.f", "toy.t < toy.f", "bools have no order"),
        ("toy.secret == toy.s", "toy.secret", "of a secret"),
        ("toy.secret.startsWith('a')", "toy.secret", "of a secret"),
        ("toy.user.commands == 'a'", "toy.user.commands", "`can(user"),
        ("toy.s.matches('[')", "'['", "bad pattern"),
        ("toy.s.matches(toy.s)", "matches", "needs one literal"),
        ("toy.s.startsWith()", "startsWith", "needs one literal"),
        ("toy.s.startWith('a')", "startWith", "did you mean `startsWith`?"),
        ("cidr_contains('10.0.0.0/33', toy.s)", "'10.0.0.0/33'", "is no network"),
        ("cidr_contains(toy.s, '10.0.0.1')", "cidr_contains(toy.s, '10.0.0.1')", "literal network"),
        ("is_loopbak(toy.s)", "is_loopbak", "did you mean `is_loopback`?"),
        ("toy.s.is_loopback()", "is_loopback", "is no method"),
        ("bytes('10 apples') == 1", "'10 apples'", "expected a size"),
        ("bytes(toy.s) == 1", "bytes", "expected one literal"),
        ("can(toy.user, 'CONFIG SET')", "'CONFIG SET'", "small letters"),
        ("can(toy.s, 'get')", "toy.s", "this is neither a user nor a server"),
        ("toy.one.exists(x, true)", "toy.one", "asks a list, and this is an integer"),
        ("toy.bind.exists(toy, true)", "toy", "the name `toy` is taken"),
        ("toy.bind.exists(item, true)", "item", "the name `item` is taken"),
        ("toy.bind.exists(b)", "exists", "expected `exists(item, condition)`"),
        ("toy.bind.exists(a, toy.bind.exists(b, toy.bind.exists(c, true)))", "exists", "nested twice"),
        ("toy.t &&", "", "ends too early"),
        ("toy.t toy.f", "toy", "cannot follow"),
        ("toy.t = toy.f", "=", "write `==`"),
        ("toy.t | toy.f", "|", "write `||`"),
        ("toy.t & toy.f", "&", "means nothing here"),
        ("(toy.t", "", "expected `)`"),
        ("toy.t ? toy.f", "", "expected `:`"),
        ("{'a': 1} == 1", "{", "maps and messages"),
        ("toy.t == null", "null", "there is no null"),
        ("toy.one == 1.5", "1", "only whole numbers"),
        ("toy.one == 1e3", "1", "only whole numbers"),
        ("toy.one == 1u", "1u", "no unsigned"),
        ("toy.one == 9223372036854775808", "9223372036854775808", "does not fit"),
        ("toy.one == 12abc", "12a", "a letter follows"),
        ("toy.s == b'a'", "b", "bytes literals"),
        ("toy.s == 'a", "'a", "no closing quote"),
        ("toy.s == 'a\n'", "'a", "on its line"),
        (r"toy.s == '\q'", r"\q", "no such escape"),
        (r"toy.s == '\x4'", r"\x", "needs 2 digits"),
        (r"toy.s == '\ud800'", r"\ud800", "no Unicode character"),
        (r"toy.s == '\400'", r"\4", "no such escape"),
        ("toy.`t`", "`", "backticks"),
        ("toy.t && while", "while", "CEL keeps"),
        ("toy.é", "é", "means nothing"),
    ];
    let mut wrong = Vec::new();
    for (text, place, words) in table {
        match compile(text) {
            Ok(_) => wrong.push(format!("{text}: accepted")),
            Err(problems) if problems.iter().any(|(at, why)| at == place && why.contains(words)) => {}
            Err(problems) => wrong.push(format!("{text}: {problems:?}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn all_mistakes_are_found() {
    let problems =
        compile("toy.tt && size(toy.bind) > 0 || toy.one == 'a' && toy.user in [toy.x] && -toy.y == 1").unwrap_err();
    let places: Vec<&str> = problems.iter().map(|(place, _)| place.as_str()).collect();
    for place in ["tt", "size", "toy.one == 'a'", "toy.user", "y"] {
        assert!(places.contains(&place), "{place} in {problems:?}");
    }
}

#[test]
fn limits_are_clear() {
    let deep = format!("{}toy.t{}", "(".repeat(40), ")".repeat(40));
    assert!(compile(&deep).unwrap_err()[0].1.contains("nested more than 32"));
    let fine = format!("{}toy.t{}", "(".repeat(30), ")".repeat(30));
    assert!(compile(&fine).is_ok());
    assert!(compile(&"!".repeat(60)).unwrap_err()[0].1.contains("nested more than 32"));
    let long = format!("toy.t{}", " && toy.t".repeat(250));
    assert!(compile(&long).unwrap_err()[0].1.contains("too long"));
    let chain = format!("toy.t{}", " && toy.t".repeat(200));
    assert!(compile(&chain).is_ok());
    let sum = format!("toy.one{} == 1", " + toy.one".repeat(150));
    assert!(compile(&sum).is_ok());
}

#[test]
fn reads_are_static_paths() {
    let expr = compile(
        "toy.users.exists(u, u.name == 'x' && can(u, 'config|set')) || explicit.toy.one || item.tags.all(t, t == 'a')",
    );
    let reads: Vec<String> = expr.unwrap().reads.iter().map(ToString::to_string).collect();
    let expected =
        ["toy.one", "toy.users", "toy.users[].commands", "toy.users[].name", "toy.users[].tags", "toy.users[].tags[]"];
    assert_eq!(reads, expected);
}

#[test]
fn no_text_crashes_the_parser() {
    let pieces = [
        "toy", ".", "t", "bind", "exists", "(", ")", "[", "]", "{", "}", ",", "&&", "||", "!", "?", ":", "==", "<",
        "in", "+", "-", "1", "0x", "'", "\"", "r'", "'''", "\\", "\\u", "é", "🦀", "\n", "//", " ", "true", "null",
        "item", "params", "explicit", "can", "bytes", "matches", "\u{0}",
    ];
    let mut accepted = 0;
    for case in 0..cases(20_000) {
        let mut dice = Dice(0xBADC_0FFE_E0DD_F00D ^ (case as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let text: String = (0..dice.roll(30)).map(|_| pieces[dice.roll(pieces.len())]).collect();
        // `compile` cuts the text at every place, so a place that is no character boundary would panic.
        accepted += usize::from(compile(&text).is_ok());
    }
    println!("random texts: {accepted} accepted");
}

/// The patterns of the checks that come with hardline, as far as their texts have them.
fn patterns() -> Vec<String> {
    let asked = embedded::all().iter().flat_map(|check| check.text.split(".matches(").skip(1));
    asked
        .filter_map(|rest| {
            let (quote, raw) = match rest.strip_prefix('r') {
                Some(rest) => (rest.chars().next()?, true),
                None => (rest.chars().next()?, false),
            };
            let inner = rest.trim_start_matches('r').strip_prefix(quote)?.split_once(quote)?.0;
            Some(if raw { inner.to_owned() } else { inner.replace("\\\\", "\\") })
        })
        .collect()
}

#[test]
fn simple_patterns_say_what_the_regex_crate_says() {
    const PIECES: [&str; 46] = [
        "a", "b", "k", "S", "_", "0", "-", ".", "/", "\\.", "\\/", "[ab]", "[^a]", "[a-c]", "[^a-cA]", "\\d", "\\w",
        "\\s", "\\W", "\\b", "^", "$", "(", "(", "(?:", ")", ")", "|", "*", "+", "?", "{2}", "{1,2}", "{0,}", "*?",
        "[.-]", "[-+]", "[$]", "\n", " ", "[\\w-]", "[]a]", "[a&&b]", "\\<", "{", "]",
    ];
    let mut dice = Dice(0x5EED_0F51_3E1E_57A7);
    let of_checks = patterns();
    assert!(of_checks.len() > 50, "{}", of_checks.len());
    let mut all = of_checks.clone();
    for _ in 0..cases(3_000) {
        let caseless = if dice.roll(4) == 0 { "(?i)" } else { "" };
        let pieces: String = (0..1 + dice.roll(8)).map(|_| PIECES[dice.roll(PIECES.len())]).collect();
        all.push(format!("{caseless}{pieces}"));
    }
    let (mut simple, mut matched, mut left) = (0, 0, Vec::new());
    for pattern in &all {
        let regex = regex::Regex::new(pattern);
        let Some(quick) = Simple::new(pattern) else {
            left.push(pattern);
            continue;
        };
        let regex = regex.unwrap_or_else(|error| panic!("`{pattern}` is taken for simple: {error}"));
        simple += 1;
        let letters: Vec<char> = pattern.chars().filter(char::is_ascii).collect();
        for _ in 0..20 {
            let mut text = String::new();
            for _ in 0..dice.roll(7) {
                let from = dice.roll(letters.len());
                let to = (from + 1 + dice.roll(5)).min(letters.len());
                text.extend(&letters[from..to]);
                text.push_str(["", "", "a", "K", "s", "\n", " ", ".php"][dice.roll(8)]);
            }
            let expected = regex.is_match(&text);
            assert_eq!(quick.is_match(&text), Some(expected), "`{pattern}` of {text:?}");
            matched += usize::from(expected);
        }
        assert_eq!(quick.is_match("Straße"), None, "other texts are left to the crate");
    }
    assert!(simple > all.len() / 4 && matched > simple, "{simple} of {} simple, {matched} matches", all.len());
    // Whatever is left costs a hundred times as much at the start.
    left.retain(|pattern| of_checks.contains(pattern));
    assert!(left.len() * 10 < of_checks.len(), "not simple: {left:?}");
}
