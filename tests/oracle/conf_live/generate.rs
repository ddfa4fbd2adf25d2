//! Random configurations: a main file and what it includes, users, arguments and standard input, made of pieces that a
//! shrinking test can drop one by one.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;

use super::lines;
use crate::oracle::servers::{Server, Setup};

/// What a configuration exercises. Each occurs in at least a tenth of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Feature {
    /// Quotes, escapes, blanks, case of names.
    Writing,
    /// Values with units, enums, ranges, right and wrong.
    Values,
    /// Old and new names of one setting.
    Aliases,
    /// Directives of several words.
    MultiArgument,
    /// The same directive again.
    Duplicates,
    /// `save`.
    Save,
    /// `save` after an include.
    SaveAfterInclude,
    /// `include`.
    Include,
    /// `include` with a pattern.
    IncludeGlob,
    /// An include in an include.
    IncludeNested,
    /// `dir`, and relative paths after it.
    Dir,
    /// `rename-command`.
    Rename,
    /// Directives that are accepted and do nothing any more.
    Dead,
    /// Directives that no server knows.
    Unknown,
    /// `#` after a value.
    InlineComment,
    /// `user`.
    User,
    /// `aclfile`.
    AclFile,
    /// `requirepass`.
    RequirePass,
    /// Arguments after the file.
    Arguments,
    /// Standard input.
    StandardInput,
    /// Ports, addresses, sockets, protected mode.
    Listen,
    /// `tls-`. Redis 6.2 was built without.
    Tls,
    /// What fails only after everything was read.
    LateFailure,
    /// CRLF, NUL, a byte order mark, invalid UTF-8.
    Bytes,
}

impl Feature {
    /// All that `server` has.
    pub fn of(server: &Server) -> Vec<Feature> {
        use Feature::*;
        let all = [
            Writing,
            Values,
            Aliases,
            MultiArgument,
            Duplicates,
            Save,
            SaveAfterInclude,
            Include,
            IncludeGlob,
            IncludeNested,
            Dir,
            Rename,
            Dead,
            Unknown,
            InlineComment,
            User,
            AclFile,
            RequirePass,
            Arguments,
            StandardInput,
            Listen,
            Tls,
            LateFailure,
            Bytes,
        ];
        all.into_iter().filter(|feature| *feature != Tls || server.name != "redis-6.2").collect()
    }
}

/// A part of a configuration that can be dropped.
#[derive(Debug, Clone, Default)]
struct Piece {
    features: Vec<Feature>,
    /// Lines of the main file.
    main: Vec<Vec<u8>>,
    /// Other files.
    files: Vec<(String, Vec<u8>)>,
    args: Vec<String>,
    /// Lines of standard input.
    stdin: Vec<String>,
    /// Lines of the ACL file, if this piece names one.
    acl: Option<Vec<u8>>,
}

/// A configuration.
#[derive(Debug, Clone)]
pub struct Case {
    /// What it exercises.
    pub features: BTreeSet<Feature>,
    /// The files and arguments.
    pub setup: Setup,
}

/// Configurations for one server. `plain` are its own settings with values that it takes.
pub fn case(server: &'static Server, plain: &[(String, String)]) -> impl Strategy<Value = Case> + use<> {
    let piece = piece(server, plain.to_vec());
    let ending = prop_oneof![20 => Just(Ending::Plain), 2 => Just(Ending::Crlf), 1 => Just(Ending::Bom), 1 => Just(Ending::None)];
    (prop::collection::vec(piece, 3..10), ending, 0_u8..12)
        .prop_map(move |(pieces, ending, misplaced)| assemble(server, &pieces, ending, misplaced))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Plain,
    Crlf,
    Bom,
    None,
}

/// Directives that `CONFIG GET` does not list, or that [`super::plain_settings`] leaves out.
const NO_SETTINGS: &[&str] = &[
    "bind",
    "port",
    "unixsocket",
    "save",
    "client-output-buffer-limit",
    "oom-score-adj-values",
    "replicaof",
    "slaveof",
    "cluster-enabled",
];

/// The line that lets the test in, whatever else the configuration says.
const WAY_IN: &str = "user probe on >probe ~* &* +@all";

fn assemble(server: &Server, pieces: &[Piece], ending: Ending, misplaced: u8) -> Case {
    // `user` lines beside an ACL file are refused, which would hide the rest of too many.
    let has_acl_file = pieces.iter().any(|piece| piece.acl.is_some());
    let apart = |piece: &&Piece| !has_acl_file || misplaced < 3 || !piece.features.contains(&Feature::User);
    let pieces: Vec<&Piece> = pieces.iter().filter(apart).collect();
    let mut features: BTreeSet<Feature> = pieces.iter().flat_map(|piece| piece.features.iter().copied()).collect();
    let mut main: Vec<Vec<u8>> =
        ["port {PORT}", "bind 127.0.0.1", "unixsocket {DIR}/s"].map(|line| line.as_bytes().to_vec()).into();
    let mut setup = Setup::default();
    let acl: Vec<&Vec<u8>> = pieces.iter().filter_map(|piece| piece.acl.as_ref()).collect();
    for (path, text) in pieces.iter().flat_map(|piece| &piece.files) {
        if !setup.files.iter().any(|(known, _)| known == path) {
            setup.files.push((path.clone(), text.clone()));
        }
    }
    if let Some(text) = acl.first() {
        let text = [text, WAY_IN.as_bytes(), b"\n"].concat();
        setup.files.push(("users.acl".to_owned(), text));
        main.push(b"aclfile users.acl".to_vec());
    }
    if acl.is_empty() || misplaced == 0 {
        main.push(WAY_IN.as_bytes().to_vec());
    }
    main.extend(pieces.iter().flat_map(|piece| piece.main.iter().cloned()));
    // A save after an include, whoever wrote which.
    let starts = |line: &Vec<u8>, word: &str| line.to_ascii_lowercase().trim_ascii_start().starts_with(word.as_bytes());
    if let Some(at) = main.iter().position(|line| starts(line, "include"))
        && main[at..].iter().any(|line| starts(line, "save"))
    {
        features.insert(Feature::SaveAfterInclude);
    }
    if ending != Ending::Plain {
        features.insert(Feature::Bytes);
    }
    let separator: &[u8] = if ending == Ending::Crlf { b"\r\n" } else { b"\n" };
    let mut text = if ending == Ending::Bom { b"\xef\xbb\xbf".to_vec() } else { Vec::new() };
    text.extend(main.join(separator));
    if ending != Ending::None {
        text.extend(separator);
    }
    setup.files.push(("test.conf".to_owned(), text));
    let stdin: Vec<&String> = pieces.iter().flat_map(|piece| &piece.stdin).collect();
    let args: Vec<String> = pieces.iter().flat_map(|piece| piece.args.iter().cloned()).collect();
    let mut all = vec!["test.conf".to_owned()];
    all.extend(args);
    if !stdin.is_empty() {
        let text: String = stdin.iter().map(|line| format!("{line}\n")).collect();
        setup.stdin = Some(text.into_bytes());
        all.push("-".to_owned());
    }
    if server.tls && setup.files.iter().any(|(_, text)| text.windows(4).any(|word| word == b"tls/")) {
        setup.files.push(("tls/server.crt".to_owned(), server.certificate("server.crt")));
        setup.files.push(("tls/server.key".to_owned(), server.certificate("server.key")));
    }
    setup.args = all.into_iter().map(String::into_bytes).collect();
    Case { features, setup }
}

fn piece(server: &'static Server, plain: Vec<(String, String)>) -> BoxedStrategy<Piece> {
    use Feature::*;
    let known = |name: &str| plain.iter().any(|(known, _)| known == name);
    let lines = |all: &'static [&'static str]| -> BoxedStrategy<String> { select(all).prop_map(str::to_owned).boxed() };
    let one = move |features: &'static [Feature], line: BoxedStrategy<String>| {
        line.prop_map(move |line| Piece {
            features: features.to_vec(),
            main: vec![line.into_bytes()],
            ..Piece::default()
        })
        .boxed()
    };
    // What the server has: its settings, what is no setting, and what is no directive at all.
    let has = {
        let plain: BTreeSet<String> = plain.iter().map(|(name, _)| name.clone()).collect();
        move |line: &str| {
            let name = line.split_whitespace().next().unwrap_or_default().to_lowercase();
            let only_some = lines::MULTI.contains(&line) || lines::LISTEN.contains(&line);
            let too_old = !server.version.since(7, 0) && lines::SINCE_7.contains(&line);
            !too_old && (plain.contains(&name) || NO_SETTINGS.contains(&name.as_str()) || !only_some)
        }
    };
    // `right` mostly, one in `of` `wrong`.
    let mix = move |features: &'static [Feature],
                    right: &'static [&'static str],
                    wrong: &'static [&'static str],
                    of: u32| {
        let right: Vec<&'static str> = right.iter().copied().filter(|line| has(line)).collect();
        let right = select(right).prop_map(str::to_owned).boxed();
        let line =
            if wrong.is_empty() { right } else { Union::new_weighted(vec![(of, right), (1, lines(wrong))]).boxed() };
        one(features, line)
    };
    let values: Vec<&'static str> = lines::VALUES
        .iter()
        .copied()
        .filter(|line| known(line.split(' ').next().unwrap_or_default().to_lowercase().as_str()))
        .collect();
    let aliases: Vec<&'static str> =
        lines::ALIASES.iter().copied().filter(|line| known(line.split(' ').next().unwrap_or_default())).collect();
    let right = Union::new(vec![
        select(plain.clone()).prop_map(|(name, value)| format!("{name} {}", quoted(&value))).boxed(),
        select(values.clone()).prop_map(str::to_owned).boxed(),
        select(values.clone()).prop_map(str::to_owned).boxed(),
    ])
    .boxed();
    let mut kinds = vec![
        (14, one(&[Values], right.clone())),
        (2, one(&[Values], lines(lines::WRONG_VALUES))),
        (10, restyled(right.clone())),
        (8, mix(&[Writing], lines::WRITING, lines::WRONG_WRITING, 16)),
        (6, one(&[Aliases], select(aliases).prop_map(str::to_owned).boxed())),
        (9, mix(&[MultiArgument], lines::MULTI, lines::WRONG_MULTI, 12)),
        (8, duplicates(values.clone())),
        (12, mix(&[Save], lines::SAVE, lines::WRONG_SAVE, 14)),
        (11, include(right.clone())),
        (7, include_glob(server, right.clone())),
        (7, include_nested(server, right.clone())),
        (5, mix(&[Dir], lines::DIR, lines::WRONG_DIR, 12)),
        (4, dir_before_include(server, right.clone())),
        (7, mix(&[Rename], lines::RENAME, lines::WRONG_RENAME, 10)),
        (6, mix(&[Dead], lines::DEAD, lines::DEAD_LATER, 6)),
        (5, mix(&[Unknown], lines::UNKNOWN, &[], 1)),
        (6, mix(&[InlineComment], lines::COMMENT, lines::WRONG_COMMENT, 2)),
        (9, mix(&[User], lines::USER, lines::WRONG_USER, 12)),
        (8, acl_file()),
        (8, mix(&[RequirePass], lines::REQUIREPASS, &[], 1)),
        (9, arguments(Arguments, arguments_for(server), lines::WRONG_ARGUMENTS)),
        (8, stdin(right.clone())),
        (12, mix(&[Listen], lines::LISTEN, lines::WRONG_LISTEN, 14)),
        (6, mix(&[LateFailure], lines::LATE, &[], 1)),
        (3, one_of_bytes(Bytes)),
    ];
    if server.version.since(7, 0) {
        kinds.push((7, mix(&[Tls], lines::TLS, &[], 1)));
    }
    if server.tls {
        kinds.push((5, tls_port()));
    }
    Union::new_weighted(kinds).boxed()
}

/// A value as it must be written to be one word.
fn quoted(value: &str) -> String {
    let plain =
        !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'\\'));
    if plain { value.to_owned() } else { format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")) }
}

/// The same line, written another way.
fn styled(line: &str, how: u8) -> Vec<u8> {
    let (name, value) = line.split_once(' ').unwrap_or((line, ""));
    let bare = !value.contains(['"', '\'', '\\', ' ']) && !value.is_empty();
    let text = match how {
        0 => format!("  {line}"),
        1 => format!("\t{name}\t\t{value}  \t"),
        2 => format!("{} {value}", name.to_uppercase()),
        3 if bare => format!("{name} \"{value}\""),
        4 if bare => format!("{name} '{value}'"),
        5 if bare => format!("\"{name}\" {value}"),
        6 if bare => format!("{name} \"\\x{:02x}{}\"", value.as_bytes()[0], &value[1..]),
        7 => format!("{line}\n\n# a comment \"\n   # another"),
        8 => format!("{name} {}", value.to_uppercase()),
        9 if bare && value.len() > 1 => format!("{name} {}\"{}\"", &value[..1], &value[1..]),
        10 => format!("{}{} {value}", name[..1].to_uppercase(), &name[1..]),
        _ => format!("{name}   {value}"),
    };
    text.into_bytes()
}

fn restyled(right: BoxedStrategy<String>) -> BoxedStrategy<Piece> {
    (right, 0_u8..12)
        .prop_map(|(line, how)| Piece {
            features: vec![Feature::Writing],
            main: vec![styled(&line, how)],
            ..Piece::default()
        })
        .boxed()
}

fn duplicates(values: Vec<&'static str>) -> BoxedStrategy<Piece> {
    (select(values.clone()), any::<prop::sample::Index>())
        .prop_map(move |(line, other)| {
            let name = line.split(' ').next().unwrap_or_default();
            let same: Vec<&&str> = values.iter().filter(|other| other.split(' ').next() == Some(name)).collect();
            let main = vec![line.as_bytes().to_vec(), other.get(&same).as_bytes().to_vec()];
            Piece { features: vec![Feature::Duplicates], main, ..Piece::default() }
        })
        .boxed()
}

/// The lines of an included file, now and then without an end of the last.
fn included(right: BoxedStrategy<String>) -> BoxedStrategy<Vec<u8>> {
    let line = Union::new_weighted(vec![
        (24, right),
        (9, select(lines::SAVE).prop_map(str::to_owned).boxed()),
        (2, select(lines::USER).prop_map(str::to_owned).boxed()),
        (1, select(lines::WRONG_VALUES).prop_map(str::to_owned).boxed()),
        (1, select(lines::MULTI).prop_map(str::to_owned).boxed()),
    ]);
    (prop::collection::vec(line, 0..4), 0_u8..6)
        .prop_map(|(lines, end)| {
            let mut text = lines.join("\n");
            if end > 0 && !text.is_empty() {
                text.push('\n');
            }
            text.into_bytes()
        })
        .boxed()
}

fn include(right: BoxedStrategy<String>) -> BoxedStrategy<Piece> {
    let saves = prop::collection::vec(select(lines::SAVE), 0..3);
    let line = prop_oneof![
        8 => Just("include inc/one.conf"), 2 => Just("include {DIR}/inc/one.conf"), 2 => Just("INCLUDE \"inc/one.conf\""),
        1 => Just("include ./inc/../inc/one.conf"), 1 => Just("include inc/missing.conf"), 1 => Just("include inc"),
    ];
    (line, included(right), saves)
        .prop_map(|(line, text, saves)| {
            let main = std::iter::once(line).chain(saves).map(|line| line.as_bytes().to_vec()).collect();
            Piece {
                features: vec![Feature::Include],
                main,
                files: vec![("inc/one.conf".to_owned(), text)],
                ..Piece::default()
            }
        })
        .boxed()
}

fn include_glob(server: &Server, right: BoxedStrategy<String>) -> BoxedStrategy<Piece> {
    // For 6.2 a pattern is a name like any other, so a file has that name.
    let lines = if server.version.since(7, 0) { lines::GLOB } else { lines::GLOB_AS_NAME };
    let file = included(right);
    (select(lines), file.clone(), file.clone(), file.clone(), file)
        .prop_map(|(line, a, b, hidden, star)| {
            let mut files: Vec<(String, Vec<u8>)> = [("a", a), ("b", b), (".hidden", hidden)]
                .map(|(name, text)| (format!("glob/{name}.conf"), text))
                .into();
            if lines::GLOB_AS_NAME.contains(&line) {
                files.push(("glob/*.conf".to_owned(), star));
            }
            let features = vec![Feature::Include, Feature::IncludeGlob];
            Piece { features, main: vec![line.as_bytes().to_vec()], files, ..Piece::default() }
        })
        .boxed()
}

fn include_nested(server: &Server, right: BoxedStrategy<String>) -> BoxedStrategy<Piece> {
    let inner: Vec<&'static str> =
        lines::INNER_INCLUDE.iter().copied().filter(|line| server.version.since(7, 0) || !line.contains('*')).collect();
    let inner = select(inner);
    // A file that includes itself ends every server by a stack overflow.
    let first = prop_oneof![20 => Just("include nest/outer.conf"), 1 => Just("include test.conf")];
    (first, inner, included(right.clone()), included(right))
        .prop_map(|(first, include, before, after)| {
            let outer = [before, b"\n".to_vec(), include.as_bytes().to_vec(), after.clone()].concat();
            let files = vec![("nest/outer.conf".to_owned(), outer), ("nest/inner.conf".to_owned(), after)];
            let features = vec![Feature::Include, Feature::IncludeNested];
            Piece { features, main: vec![first.as_bytes().to_vec()], files, ..Piece::default() }
        })
        .boxed()
}

fn dir_before_include(server: &Server, right: BoxedStrategy<String>) -> BoxedStrategy<Piece> {
    let lines: Vec<&'static [&'static str]> = lines::DIR_BEFORE_INCLUDE
        .iter()
        .copied()
        .filter(|lines| server.version.since(7, 0) || !lines.iter().any(|line| line.contains('*')))
        .collect();
    let lines = select(lines);
    (lines, included(right))
        .prop_map(|(lines, text)| {
            let main = lines.iter().map(|line| line.as_bytes().to_vec()).collect();
            let files = vec![("sub/there.conf".to_owned(), text)];
            Piece { features: vec![Feature::Dir, Feature::Include], main, files, ..Piece::default() }
        })
        .boxed()
}

fn acl_file() -> BoxedStrategy<Piece> {
    let line =
        Union::new_weighted(vec![(8, select(lines::ACL_FILE).boxed()), (1, select(lines::WRONG_ACL_FILE).boxed())]);
    let text = (prop::collection::vec(line, 0..4), 0_u8..12).prop_map(|(lines, ending)| {
        let end = if ending == 0 { "\r\n" } else { "\n" };
        lines.iter().map(|line| format!("{line}{end}")).collect::<String>().into_bytes()
    });
    text.prop_map(|text| Piece { features: vec![Feature::AclFile], acl: Some(text), ..Piece::default() }).boxed()
}

/// The arguments that are right for this version.
fn arguments_for(server: &Server) -> Vec<&'static [&'static str]> {
    let old = !server.version.since(7, 0);
    let fits = |args: &&[&str]| !old || !args.iter().any(|arg| lines::ARGUMENTS_SINCE_7.contains(arg));
    lines::ARGUMENTS.iter().copied().filter(fits).collect()
}

fn arguments(
    feature: Feature,
    right: Vec<&'static [&'static str]>,
    wrong: &'static [&'static [&'static str]],
) -> BoxedStrategy<Piece> {
    Union::new_weighted(vec![(12, select(right).boxed()), (1, select(wrong).boxed())])
        .prop_map(move |args| {
            let args = args.iter().map(|arg| (*arg).to_owned()).collect();
            Piece { features: vec![feature], args, ..Piece::default() }
        })
        .boxed()
}

fn stdin(right: BoxedStrategy<String>) -> BoxedStrategy<Piece> {
    let line = Union::new_weighted(vec![
        (16, right),
        (4, select(lines::SAVE).prop_map(str::to_owned).boxed()),
        (1, select(lines::WRONG_VALUES).prop_map(str::to_owned).boxed()),
    ]);
    prop::collection::vec(line, 1..4)
        .prop_map(|stdin| Piece { features: vec![Feature::StandardInput], stdin, ..Piece::default() })
        .boxed()
}

fn tls_port() -> BoxedStrategy<Piece> {
    select(lines::TLS_PORT)
        .prop_map(|lines| {
            let main = lines.iter().map(|line| line.as_bytes().to_vec()).collect();
            Piece { features: vec![Feature::Tls, Feature::Listen], main, ..Piece::default() }
        })
        .boxed()
}

fn one_of_bytes(feature: Feature) -> BoxedStrategy<Piece> {
    select(lines::BYTES)
        .prop_map(move |line| Piece { features: vec![feature], main: vec![line.to_vec()], ..Piece::default() })
        .boxed()
}
