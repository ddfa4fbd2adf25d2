//! How a text is cut and what an `include` leads to: the tree that hardline makes of it, and that the real nginx, where
//! it can judge, takes the same or stops on the same line with the same words.

use hardline::files::{Disk, Location};
use hardline::platform::nginx::include::Library;
use hardline::platform::nginx::parse::parse;
use hardline::platform::nginx::tree::{Body, Item, Word};
use hardline::text::{Place, Sources};

use super::read_cases::{CASES, FILLED};
use super::refuse::agree;
use super::server::{Bench, Said};

/// A text's tree in one line: `0..8 gzip on`, `"…"` around what was quoted, `{ … }` around what a block holds, `!`
/// before a mistake, `%` before a statement of a template, `~` before a block that is not read, `?` behind a word that
/// a template fills in.
fn outline(items: &[Item]) -> String {
    items.iter().map(one).collect::<Vec<_>>().join("; ")
}

fn one(item: &Item) -> String {
    let directive = match item {
        Item::Mistake(mistake) => return format!("!{}..{} {}", mistake.span.start, mistake.span.end, mistake.message),
        Item::Template(span) => return format!("%{}..{}", span.start, span.end),
        Item::Directive(directive) => directive,
    };
    let word = |word: &Word| {
        let text = word.text.escape_debug().to_string().replace("\\\"", "\"").replace("\\'", "'");
        let quote = if word.quoted { "\"" } else { "" };
        format!("{quote}{text}{quote}{}", if word.templated { "?" } else { "" })
    };
    let words: Vec<String> = std::iter::once(&directive.name).chain(&directive.args).map(word).collect();
    let body = match &directive.body {
        Body::Block(block) => format!(" {{ {} }}{}", outline(&block.items), block.close.start),
        Body::Opaque(span) => format!(" ~{}..{}", span.start, span.end),
        _ => String::new(),
    };
    format!("{}..{} {}{body}", directive.span.start, directive.span.end, words.join(" "))
}

fn read(text: &[u8]) -> String {
    let mut sources = Sources::new();
    let main = sources.add(Place::Stdin("nginx.conf".into()), text.to_vec());
    outline(&parse(sources.get(main)))
}

#[test]
fn texts_are_cut_as_nginx_cuts_them() {
    let bench = Bench::new();
    let mut wrong = Vec::new();
    for (text, tree, said) in CASES {
        let shown = String::from_utf8_lossy(text);
        let own = read(text);
        if own != *tree {
            wrong.push(format!("{shown:?}\n  expected {tree}\n  is       {own}"));
        }
        // On the first line, so that the lines stay.
        let conf = [b"events { } ", *text].concat();
        let (nginx, hardline) = (bench.nginx(&conf).0, bench.hardline(&conf).0);
        let as_expected = match (&nginx, said.split_once(' ')) {
            (Said::Accepted, None) => true,
            (Said::Refused(message, line), Some((at, words))) => {
                message.contains(words) && (at == "-" || line.map(|line| line.to_string()).as_deref() == Some(at))
            }
            _ => false,
        };
        if !as_expected {
            wrong.push(format!("{shown:?}\n  expected {said:?}\n  nginx    {nginx:?}"));
        }
        // A byte that is no text is shown as another one.
        let same = match (&nginx, &hardline) {
            (Said::Refused(_, line), Said::Refused(_, place)) if std::str::from_utf8(text).is_err() => line == place,
            _ => agree(&nginx, &hardline),
        };
        if !same {
            wrong.push(format!("{shown:?}\n  nginx    {nginx:?}\n  hardline {hardline:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
}

/// What comes before nginx sees the file, and what is for others than nginx.
#[test]
fn templates_and_other_languages_are_cut() {
    let mut wrong = Vec::new();
    for (text, tree) in FILLED {
        let own = read(text.as_bytes());
        if own != *tree {
            wrong.push(format!("{text:?}\n  expected {tree}\n  is       {own}"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
}

/// The files of a configuration by their names, as hardline comes to them.
fn files(bench: &Bench, conf: &str) -> Vec<String> {
    let mut sources = Sources::new();
    let main = sources.add(Place::File(bench.path().join("test.conf")), conf.as_bytes().to_vec());
    let disk = Disk::whole(1 << 20);
    let mut library = Library::new(&disk, &mut sources, true);
    let tree = library.conf(main, &Location::Here(bench.path().to_path_buf()));
    let name = |place: &Place| place.path().and_then(|path| Some(path.strip_prefix(bench.path()).ok()?.to_owned()));
    let names = tree.sources.iter().map(|source| name(sources.get(*source).place()));
    names.map(|name| name.expect("a file of the bench").display().to_string()).collect()
}

#[test]
fn includes_lead_where_they_lead_nginx() {
    let bench = Bench::new();
    for folder in ["a", "a/b", "many", "empty"] {
        std::fs::create_dir(bench.path().join(folder)).expect("a folder");
    }
    for name in ["many/b.conf", "many/a.conf", "many/B.conf", "many/10.conf", "many/9.conf", "many/_.conf"] {
        bench.write(name, "env X;\n");
    }
    for name in ["many/.hidden.conf", "many/a.conf~", "many/a-b.conf", "many/a.b.conf", "many/é.conf", "plain"] {
        bench.write(name, "env X;\n");
    }
    // Relative paths count from the main file's folder, whoever writes them.
    bench.write("a/first.conf", "env A;\ninclude a/b/second.conf;\ninclude plain;\n");
    bench.write("a/b/second.conf", "include many/9.conf;\n");
    bench.write("a/astray.conf", "env A;\ninclude b/second.conf;\n");
    for text in [
        "include plain;",
        "include \"plain\"; include 'many/a.conf';",
        "include many/*.conf;",
        "include many/*;",
        "include many/?.conf;",
        "include many/[a-z].conf;",
        "include many/[!a-z].conf;",
        "include many/[0-9]*.conf;",
        "include many/a*;",
        "include many/.*.conf;",
        "include */first.conf;",
        "include */*/*.conf;",
        "include empty/*.conf;",
        "include nowhere/*.conf;",
        "include a/first.conf;",
        "include plain; include many/b.conf; include plain;",
        "http { include a/nothing*; }\ninclude many/9.conf;",
    ] {
        let conf = format!("events {{ }}\n{text}\n");
        assert_eq!(files(&bench, &conf), bench.files(&conf), "{text}");
    }
    for (text, line) in [
        ("include gone;", Some(2)),
        ("env A;\ninclude many;", None),
        ("include plain plain;", Some(2)),
        ("include;", Some(2)),
        ("include a/astray.conf;", None),
        ("include test.conf;", None),
        ("include plain { }", Some(2)),
    ] {
        let conf = format!("events {{ }}\n{text}\n");
        let (nginx, hardline) = (bench.nginx(&conf).0, bench.hardline(&conf).0);
        let (Said::Refused(message, at), Said::Refused(own, place)) = (&nginx, &hardline) else {
            panic!("{text}: {nginx:?} {hardline:?}")
        };
        assert!(line.is_none() || (*at, *place) == (line, line), "{text}: {nginx:?} {hardline:?}");
        let start = |message: &str| message.split(['"', ' ']).next().map(str::to_owned);
        // Of a folder nginx says nothing, and with itself it goes on until it runs out of files.
        let same = message.is_empty() || text.contains("test.conf") || start(message) == start(own);
        assert!(same, "{text}: {message} {own}");
    }
}
