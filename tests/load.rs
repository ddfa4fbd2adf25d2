//! Check files: what is refused, with its place; that nothing written in one can stop or crash the loader; and that
//! the checks that come with hardline load fast.

use std::time::Instant;

use hardline::check::{self, Loaded, Problem, embedded};
use hardline::platform::PLATFORMS;
use hardline::schema::Root;

use crate::truth::{Dice, ROOT, cases};

pub const GOOD: &str = r#"id         = "toy/open"
title      = "The toy is open"
owner      = "@toys"
severity   = "high"
confidence = "high"
family     = "exposure"
tags       = ["CWE-306"]
references = ["https://toys.example/open"]
overlaps   = ["toy/other"]

rationale = """
Anybody can play with it,
and then it is broken.
"""

[params]
friends = ["ann", "bob"]
least = 3
trusted = false

[rule]
reads    = "toy"
for_each = "toy.items as item, item.subs as sub"
when     = 'item.on'
deny     = 'sub.hot && !(item.word in params.friends) && sub.level >= params.least'
at       = "sub.hot"
also     = ["item.word"]
message  = "`{item.word}` is hot at {sub.level}, {params.least} or more: {toy.items}"

[[bypass]]
reason  = "the owner trusts everybody"
when    = "params.trusted"
example = "trusted"

[fix]
title    = "Cool it"
safety   = "unsafe"
edits    = [{ op = "set", path = "sub.hot", value = "no" }, { op = "copy", from = "item.word", into = "toy.s" }]
expected = "it is cold"
rollback = "heat it again"

[[example]]
name   = "hot"
expect = "deny"
files."toy.conf" = """
item a
hot yes
"""

[[example]]
name   = "cold"
expect = "pass"
files."toy.conf" = """
item a
hot no
"""

[[example]]
name   = "trusted"
expect = "bypass"
params = { trusted = true }
files."toy.conf" = """
item a
hot yes
"""

[[example]]
name    = "template"
expect  = "unknown"
unknown = ["toy.items[].subs[].hot"]
files."toy.conf" = """
item a
hot {{ hot }}
"""
"#;

pub fn load(text: &str) -> Result<Loaded, Vec<Problem>> {
    check::load(text, None, &[&ROOT])
}

fn shown(text: &str, problems: &[Problem]) -> Vec<String> {
    problems
        .iter()
        .map(|problem| {
            let line = text[..problem.span.start].matches('\n').count() + 1;
            let place = text[problem.span.clone()].lines().next().unwrap_or_default();
            format!("{line} [{place}] {}", problem.message)
        })
        .collect()
}

#[test]
fn a_good_file_loads() {
    let loaded = load(GOOD).unwrap_or_else(|problems| panic!("{:#?}", shown(GOOD, &problems)));
    assert_eq!(loaded.examples.len(), 4);
    assert_eq!(loaded.check.rule.for_each.len(), 2);
    let paths: Vec<String> = loaded.check.rule.paths.iter().map(ToString::to_string).collect();
    assert_eq!(
        paths,
        [
            "toy.items",
            "toy.items[].on",
            "toy.items[].subs",
            "toy.items[].subs[].hot",
            "toy.items[].subs[].level",
            "toy.items[].word"
        ]
    );
}

/// One change to the good file each: what is replaced, by what, and the problems with line and place.
#[test]
fn every_mistake_has_its_place() {
    let table: &[(&str, &str, &[&str])] = &[
        ("severity   = \"high\"", "severity   = \"hihg\"", &["4 [\"hihg\"] unknown word `hihg`; did you mean `high`?"]),
        ("severity   = \"high\"\n", "", &["1 [] `severity` is missing"]),
        ("owner      = \"@toys\"", "owner      = \"\"", &["3 [\"\"] `owner` is empty"]),
        (
            "toy/open\"",
            "toy/Open\"",
            &["1 [\"toy/Open\"] an id is `platform/what-is-wrong`: small letters, digits and `-`"],
        ),
        ("reads    = \"toy\"", "reads    = \"tyo\"", &["22 [\"tyo\"] no such platform: `tyo`; did you mean `toy`?"]),
        ("title      =", "titel      =", &["2 [titel] unknown key `titel`; did you mean `title`?"]),
        ("'item.on'", "'item.no'", &["24 [no] no such fact: `toy.items[].no`; nearest: `toy.items[].on`"]),
        (
            "sub.hot && !",
            "sub.hto && !",
            &["25 [hto] no such fact: `toy.items[].subs[].hto`; nearest: `toy.items[].subs[].hot`"],
        ),
        ("params.least'", "params.lest'", &["25 [lest] no such parameter: `lest`; did you mean `params.least`?"]),
        (
            "at       = \"sub.hot\"",
            "at       = \"sub.cold\"",
            &["26 [cold] no such fact: `toy.items[].subs[].cold`; `hardline facts` lists all"],
        ),
        (
            "{sub.level}",
            "{sub.lvel}",
            &["28 [lvel] no such fact: `toy.items[].subs[].lvel`; nearest: `toy.items[].subs[].level`"],
        ),
        ("{sub.level}", "{sub", &["28 [sub, {params] expected the path of a fact: names with dots between them"]),
        ("{sub.level}", "{item}", &["28 [item] this cannot be shown in a message: name one of its fields"]),
        (
            "toy.items as item",
            "toy.nest as item",
            &["23 [toy.nest] `toy.nest` is a record, and `for_each` needs a list"],
        ),
        (
            "example = \"trusted\"",
            "example = \"trustde\"",
            &["33 [\"trustde\"] no such example: `trustde`; did you mean `trusted`?"],
        ),
        (
            "path = \"sub.hot\"",
            "path = \"sub.hott\"",
            &["38 [hott] no such fact: `toy.items[].subs[].hott`; nearest: `toy.items[].subs[].hot`"],
        ),
        ("safety   = \"unsafe\"\n", "", &["37 [edits] edits need a `safety`: safe, unsafe or display-only"]),
        ("rollback = \"heat it again\"\n", "", &["35 [fix] `fix.rollback` is missing"]),
        (
            "unknown = [\"toy.items[].subs[].hot\"]",
            "unknown = [\"toy.itms[]\"]",
            &["70 [\"toy.itms[]\"] no such fact: `toy.itms`; nearest: `toy.items`"],
        ),
        ("unknown = [\"toy.items[].subs[].hot\"]\n", "", &["67 [[[example]]] `example[3].unknown` is missing"]),
        ("params = { trusted = true }", "params = { trusted = 1 }", &["61 [1] `trusted` is a bool, not an integer"]),
        ("expect = \"pass\"", "expect = \"bypass\"", &["42 [example] an example with `expect = \"pass\"` is missing"]),
        (
            "hot no\n",
            "hot no\na\nb\nc\nd\n",
            &["42 [example] no deny and pass example are a minimal pair: the closest differ in 5 lines, at most 3 may"],
        ),
        ("Anybody can play with it,\nand", "And", &["11 [\"\"\"] a rationale has two to six lines, this one 1"]),
        (
            "'item.on'",
            "\"item.on && item.word != \\\"a\\\"\"",
            &[
                "24 [\"item.on && item.word != \\\"a\\\"\"] write an expression between single quotes, where `\\` is itself",
            ],
        ),
        ("[rule]", "[rule", &["21 [] unclosed table, expected `]`"]),
    ];
    let mut wrong = Vec::new();
    for (from, to, expected) in table {
        assert!(GOOD.contains(from), "{from}");
        let text = GOOD.replacen(from, to, 1);
        let found = load(&text).map_or_else(|problems| shown(&text, &problems), |_| vec!["accepted".to_owned()]);
        if found != *expected {
            wrong.push(format!("{to:?}\n  found    {found:?}\n  expected {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn all_mistakes_are_found_at_once() {
    let text = GOOD
        .replacen("severity   = \"high\"", "severity   = \"hihg\"", 1)
        .replacen("title      =", "titel      =", 1)
        .replacen("sub.hot && !", "sub.hto + 1 && !", 1)
        .replacen("when    = \"params.trusted\"", "when    = \"params.trustd\"", 1)
        .replacen("at       = \"sub.hot\"", "at       = 7", 1)
        .replacen("expect = \"pass\"", "expect = \"psas\"", 1);
    let problems = shown(&text, &load(&text).unwrap_err());
    for part in ["`hihg`", "`titel`", "`toy.items[].subs[].hto`", "`trustd`", "7] invalid type", "`psas`"] {
        assert!(problems.iter().any(|problem| problem.contains(part)), "{part} in {problems:#?}");
    }
    assert!(!problems.iter().any(|problem| problem.contains("missing")), "{problems:#?}");
}

#[test]
fn an_id_must_be_its_file() {
    let problems = check::load(GOOD, Some("toy/closed"), &[&ROOT]).unwrap_err();
    assert_eq!(shown(GOOD, &problems), ["1 [\"toy/open\"] the file says that the id is `toy/closed`"]);
}

/// Whatever is changed in a file, loading ends with a check or with problems that have places in it.
#[test]
fn mutations_never_crash_the_loader() {
    let pieces = [
        "[",
        "]",
        "{",
        "}",
        "\"",
        "'",
        "\"\"\"",
        "=",
        ".",
        ",",
        "\n",
        "\\",
        "#",
        "é",
        "\u{0}",
        "(",
        "!",
        "&&",
        "exists(",
        "toy.",
        "1979-05-27",
        "0x",
        "{ a = 1 }",
        "[[example]]\n",
        "[rule]\n",
        "params.",
        "9223372036854775808",
        "🦀",
        "\r\n",
        "?:",
        "in []",
    ];
    for case in 0..cases(3_000) {
        let mut dice = Dice(0xC0FF_EE00_DEAD_BEEF ^ (case as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut text: Vec<char> = GOOD.chars().collect();
        for _ in 0..1 + dice.roll(4) {
            let at = dice.roll(text.len() + 1);
            match dice.roll(4) {
                0 if at < text.len() => {
                    text.remove(at);
                }
                1 => {
                    let end = (at + dice.roll(40)).min(text.len());
                    text.drain(at..end);
                }
                2 => {
                    let from = dice.roll(text.len());
                    let copy: Vec<char> = text[from..(from + 60).min(text.len())].to_vec();
                    text.splice(at..at, copy);
                }
                _ => {
                    let piece = pieces[dice.roll(pieces.len())];
                    text.splice(at..at, piece.chars());
                }
            }
        }
        let text: String = text.into_iter().collect();
        if let Err(problems) = load(&text) {
            assert!(!problems.is_empty());
            shown(&text, &problems);
        }
    }
}

#[test]
fn bombs_end_fast() {
    let deny = |deny: &str| GOOD.replacen("'item.on'", &format!("'{deny}'"), 1);
    let bombs = [
        ("deep arrays", format!("x = {}{}", "[".repeat(100_000), "]".repeat(100_000))),
        ("deep arrays on lines", format!("x = {}", "[\n".repeat(20_000))),
        ("deep tables", format!("x = {}", "{ a = ".repeat(20_000))),
        ("dotted keys", format!("{}x = 1", "a.".repeat(100_000))),
        ("dotted table", format!("[{}x]", "a.".repeat(100_000))),
        ("dotted keys below the limit", format!("{}x = 1", "a.".repeat(60_000))),
        ("a long text", format!("id = \"{}\"", "x".repeat(1_000_000))),
        ("many tables", "[[example]]\n".repeat(20_000)),
        ("many unknown keys", (0..10_000).map(|i| format!("k{i} = {i}\n")).collect()),
        ("long expression", deny(&"item.on && ".repeat(10_000))),
        ("brackets", deny(&format!("{}item.on{}", "(".repeat(900), ")".repeat(900)))),
        ("nots", deny(&format!("{}item.on", "!".repeat(1_900)))),
        ("chain", deny(&format!("item.on{}", " == true".repeat(240)))),
        ("ternaries", deny(&format!("{}true", "item.on ? true : ".repeat(110)))),
        ("calls", deny(&format!("item.word{}", ".contains('a')".repeat(120)))),
        ("dots", deny(&format!("item{}", ".on".repeat(600)))),
        ("minuses", deny(&format!("{}1 == 1", "- ".repeat(900)))),
        ("indexes", deny(&format!("item{}", "[0]".repeat(600)))),
        ("a huge pattern", deny("item.word.matches(\"((a{100}){100}){100}\")")),
    ];
    for (name, text) in bombs {
        let started = Instant::now();
        let problems = load(&text).err().unwrap_or_else(|| panic!("{name} was accepted"));
        shown(&text, &problems);
        let took = started.elapsed();
        assert!(took.as_millis() < 2_000, "{name} took {took:?}");
        assert!(problems.len() <= 200, "{name}: {} problems", problems.len());
    }
}

/// Start-up reads prepared checks only: how long that takes. Whether all are in order is asked by the tests of checks.
#[test]
fn embedded_checks_load_fast() {
    let roots: Vec<&'static Root> = PLATFORMS.iter().map(|platform| platform.schema()).collect();
    let ready: Vec<_> = embedded::all().iter().filter(|entry| entry.check(&roots).is_ok()).collect();
    assert!(!ready.is_empty());
    let slow: Vec<&str> = embedded::all().iter().filter(|entry| !entry.is_packed()).map(|entry| entry.id).collect();
    assert!(slow.is_empty(), "the build script cannot pack these, so every run reads them as text: {slow:?}");
    let started = Instant::now();
    let rounds = 20;
    for _ in 0..rounds {
        for entry in &ready {
            std::hint::black_box(entry.check(&roots).unwrap());
        }
    }
    let each = started.elapsed() / (rounds * ready.len() as u32);
    println!("prepared checks: {} of them, {each:?} each", ready.len());
    assert!(each.as_micros() < 500, "{each:?} for one check");
}
