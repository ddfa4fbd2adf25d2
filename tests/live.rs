//! What servers that run are asked, and what is made of their answers, without a server.

mod fake;
mod host;
mod hostile;
mod keys;
mod members;
mod tls;
mod wire;

use hardline::platform::redis::acl::Evaluator;
use hardline::platform::redis::live::ask::Ask;
use hardline::platform::redis::live::reply::{Scan, parse, whole};
use hardline::platform::redis::live::target::Target;
use hardline::platform::redis::live::written::config;
use hardline::platform::redis::version::{VERSIONS, Version};
use proptest::prelude::*;

fn of(version: &str, settings: &[(&str, &str)]) -> String {
    let (version, _) = Version::find(version).unwrap();
    let world = VERSIONS.iter().position(|known| known == version).unwrap();
    let settings = settings.iter().map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()));
    String::from_utf8(config(version, world, &settings.collect())).unwrap()
}

#[test]
fn what_has_its_default_is_left_out() {
    assert_eq!(of("redis:7.0.15", &[("port", "6379"), ("timeout", "30"), ("bind", "* -::*")]), "timeout 30\n");
}

#[test]
fn values_are_written_as_the_version_takes_them() {
    let save = [("save", "900 1 60 10")];
    assert_eq!(of("redis:6.2.16", &save), "save 900 1\nsave 60 10\n");
    assert_eq!(of("redis:8.2.3", &save), "save 900 1 60 10\n");
    assert_eq!(of("redis:8.2.3", &[("save", "")]), "save \"\"\n");
    assert_eq!(of("redis:8.2.3", &[("requirepass", "a \"b\\")]), "requirepass \"a \\\"b\\\\\"\n");
    assert_eq!(of("redis:8.2.3", &[("bind", "")]), "bind \"\"\n");
}

#[test]
fn no_command_that_is_sent_writes() {
    let (version, _) = Version::find("redis:8.2.3").unwrap();
    for ask in Ask::ALL.into_iter().filter(|ask| *ask != Ask::NoCommand && !ask.permission().contains("sentinel")) {
        let rules: Vec<&[u8]> = vec![b"+@all", b"-@write", b"-@pubsub", b"-@blocking", b"-@scripting"];
        let evaluator = Evaluator::new(version);
        let read = evaluator.read(&rules).unwrap();
        let name = ask.permission().trim_start_matches('+').as_bytes();
        assert!(read.user.permits(evaluator.table(), name), "{ask:?}");
    }
}

#[test]
fn replies_are_told_from_their_lengths() {
    for (bytes, length) in [
        ("+OK\r\n", Some(5)),
        ("+OK\r", None),
        ("$3\r\nabc\r\n", Some(9)),
        ("$3\r\nab", None),
        ("$-1\r\n", Some(5)),
        ("*2\r\n:1\r\n$1\r\nx\r\n+more\r\n", Some(15)),
        ("*2\r\n:1\r\n", None),
        ("%1\r\n+a\r\n:1\r\n", Some(12)),
        ("*-1\r\n", Some(5)),
        ("", None),
    ] {
        assert_eq!(whole(bytes.as_bytes()), Ok(length), "{bytes:?}");
        if let Some(length) = length {
            assert!(parse(&bytes.as_bytes()[..length]).is_ok(), "{bytes:?}");
        }
    }
}

#[test]
fn what_cannot_be_a_reply_is_refused_before_it_is_kept() {
    let deep = "*1\r\n".repeat(40);
    let long = format!("+{}", "x".repeat(100_000));
    for bytes in ["HTTP/1.1 400 Bad Request\r\n", "*2000000000\r\n", "$9223372036854775807\r\n", "*x\r\n", &deep, &long]
    {
        let told = whole(bytes.as_bytes());
        assert!(told.is_err(), "{bytes:.20}: {told:?}");
    }
}

#[test]
fn urls_are_read_and_shown_without_passwords() {
    for (url, shown) in [
        ("redis://cache", "redis://cache:6379"),
        ("redis://:p%40ss@cache:7000/0", "redis://:***@cache:7000"),
        ("rediss://audit:secret@[::1]:6380", "rediss://audit:***@[::1]:6380"),
        ("unix:///run/redis/redis.sock", "unix:///run/redis/redis.sock"),
        ("redis+sentinel://s1", "redis+sentinel://s1:26379"),
        ("rediss+cluster://a:b@c:1", "rediss+cluster://a:***@c:1"),
    ] {
        let target = Target::parse(url).unwrap();
        assert_eq!(target.url(), shown);
        assert!(!format!("{target:?}{:?}", target.login).contains("secret"));
    }
    assert_eq!(Target::parse("redis://:p%40ss@cache").unwrap().login.unwrap().password, "p@ss");
}

#[test]
fn what_is_no_url_is_said_without_the_password() {
    for url in [
        "redis://u:12/secret@x",
        "redis://:1?secret@x",
        "redis://[::1]7",
        "redis://a%0ab",
        "cache:6379",
        "http://secret@x",
        "redis://",
        "redis://x:port",
        "redis://:secret%zz@x",
        "redis://secret@x",
    ] {
        let why = Target::parse(url).unwrap_err();
        assert!(!why.contains("secret"), "{why}");
    }
}

/// Some replies, some of them broken.
fn replies() -> impl Strategy<Value = Vec<u8>> {
    let word = prop::sample::select(vec![
        "*2\r\n",
        "*0\r\n",
        "*-1\r\n",
        "%1\r\n",
        "~1\r\n",
        ">1\r\n",
        ">0\r\n",
        "$3\r\nabc\r\n",
        "$-1\r\n",
        "$0\r\n\r\n",
        "=7\r\ntxt:abc\r\n",
        "=1\r\nx\r\n",
        "=-1\r\n",
        "!3\r\nERR\r\n",
        "!0\r\n\r\n",
        "!-1\r\n",
        "+OK\r\n",
        "+\r\n",
        "-\r\n",
        "-ERR a\r\n",
        "-NOPERM\r\n",
        ":1\r\n",
        ":\r\n",
        "_\r\n",
        ",1.5\r\n",
        ",nan\r\n",
        ",inf\r\n",
        "#t\r\n",
        "#x\r\n",
        "(1\r\n",
        "|1\r\n",
        "$3\r\nabcd",
        "+\u{e9}\r\n",
        "\r\n",
        "x",
    ]);
    prop::collection::vec(word, 0..12).prop_map(|words| words.concat().into_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    /// Whatever comes, in whatever pieces: the same end, and no panic.
    #[test]
    fn replies_end_where_they_end_in_pieces_too(bytes in replies(), step in 1_usize..5) {
        let mut scan = Scan::default();
        let mut told = Ok(None);
        for end in (0..bytes.len()).step_by(step).chain([bytes.len()]) {
            told = scan.end(&bytes[..end]);
            if told != Ok(None) {
                break;
            }
        }
        prop_assert_eq!(&told, &whole(&bytes));
        if let Ok(Some(length)) = told {
            let _ = parse(&bytes[..length]);
        }
    }
}
