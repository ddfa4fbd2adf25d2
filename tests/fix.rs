//! What a fix does to bytes: replaced values, new lines, words and lines taken out, whatever the file is like around
//! them. That fixes make their checks pass is shown by the examples of the checks.

use std::collections::BTreeMap;
use std::path::Path;

use hardline::edit::{EditError, EditOp, TextEdit};
use hardline::fact::Subject;
use hardline::files::{Files, Location, Memory};
use hardline::fix::{NotOffered, apply, in_order};
use hardline::platform::{self, Context, Found, PLATFORMS, Reading};
use hardline::text::{Place, Sources, Span};
use proptest::prelude::*;

/// The subjects of a small machine, and its sources.
fn read(files: &[(&str, &[u8])], version: Option<&str>) -> (Vec<Subject>, Sources) {
    let mut memory = Memory::new();
    files.iter().for_each(|(path, bytes)| memory.put(path, *bytes));
    let versions: BTreeMap<String, String> =
        version.iter().map(|version| ("redis".to_owned(), (*version).to_owned())).collect();
    let found = files.iter().map(|(path, bytes)| Found {
        location: Location::Target(Path::new("/").join(path)),
        place: Place::File(path.into()),
        bytes: bytes.to_vec(),
        asked: true,
        named: false,
        platform: None,
    });
    let mut reading = Reading::default();
    let context = Context {
        files: &memory as &dyn Files,
        versions: &versions,
        wanted: &hardline::platform::Wanted::All,
        today: None,
        cache_rules: None,
    };
    let subjects = platform::read_all(found.collect(), &context, &mut reading);
    (subjects, reading.sources)
}

fn edits(subject: &Subject, sources: &Sources, op: &EditOp) -> Result<Vec<TextEdit>, EditError> {
    let platform = PLATFORMS.iter().find(|platform| platform.schema().name == subject.kind).unwrap();
    platform.edit(sources, subject, op)
}

/// The bytes of the only file that a step changes.
fn after(files: &[(&str, &[u8])], version: Option<&str>, op: &EditOp) -> Result<String, EditError> {
    let (subjects, sources) = read(files, version);
    let changed = apply(&sources, &in_order(edits(&subjects[0], &sources, op)?).unwrap());
    assert_eq!(changed.len(), 1);
    Ok(String::from_utf8_lossy(changed.values().next().unwrap()).into_owned())
}

fn set(path: &str, value: &str) -> EditOp {
    EditOp::Set { path: path.to_owned(), value: value.to_owned() }
}

fn remove(path: &str) -> EditOp {
    EditOp::Remove { path: path.to_owned() }
}

fn comment(path: &str) -> EditOp {
    EditOp::Comment { path: path.to_owned(), reason: "void".to_owned() }
}

#[test]
fn values_are_replaced_where_they_are_written() {
    let port = set("redis.port", "0");
    for (before, expected) in [
        ("port 6379\n", "port 0\n"),
        ("PoRt   \"6379\"  \r\nhz 10\r\n", "PoRt   0  \r\nhz 10\r\n"),
        ("hz 10\nport 1\nport 2", "hz 10\nport 1\nport 0"),
        ("bind 127.0.0.1\n# end", "bind 127.0.0.1\n# end\nport 0\n"),
        ("hz 10\nbind 127.0.0.1", "hz 10\nbind 127.0.0.1\nport 0\n"),
        ("hz 10\r\nbind 127.0.0.1\r\n", "hz 10\r\nbind 127.0.0.1\r\nport 0\r\n"),
        ("dir /\n\n", "dir /\n\nport 0\n"),
    ] {
        assert_eq!(after(&[("redis.conf", before.as_bytes())], None, &port).unwrap(), expected, "{before:?}");
    }
    let files: &[(&str, &[u8])] =
        &[("redis.conf", b"include common.conf\nhz 10\n"), ("common.conf", b"port 6379\n# end\n")];
    assert_eq!(after(files, None, &port).unwrap(), "port 0\n# end\n");
}

#[test]
fn a_new_line_has_the_name_of_the_version() {
    let op = set("redis.replica_read_only", "yes");
    for (version, name) in [("redis:7.4.1", "replica-read-only"), ("valkey:9.1.2", "replica-read-only")] {
        let text = after(&[("redis.conf", b"port 6379\n")], Some(version), &op).unwrap();
        assert_eq!(text, format!("port 6379\n{name} yes\n"), "{version}");
    }
}

#[test]
fn lines_and_words_are_taken_out() {
    for (before, path, expected) in [
        ("port 1\nhz 20\n# c\n", "redis.hz", "port 1\n# c\n"),
        ("port 1\nhz 20", "redis.hz", "port 1\n"),
        ("port 1\nuser a on nopass -@all +@all ~x\n", "redis.acl.users[0].undone_rules[0]", ""),
        (
            "port 1\nuser a on -@dangerous +@all ~x\n",
            "redis.acl.users[0].undone_rules[0]",
            "port 1\nuser a on +@all ~x\n",
        ),
        ("port 1\nbind 10.0.0.1 0.0.0.0\n", "redis.bind[1]", "port 1\nbind 10.0.0.1\n"),
    ] {
        let found = after(&[("redis.conf", before.as_bytes())], Some("redis:7.4.1"), &remove(path));
        match expected {
            "" => assert!(matches!(found, Err(EditError::NoPlace(_))), "{before:?}: {found:?}"),
            expected => assert_eq!(found.unwrap(), expected, "{before:?}"),
        }
    }
    let acl: &[(&str, &[u8])] = &[("users.acl", b"user a on >x -@dangerous +@all ~x\n")];
    let rule = "redis.acl.users[0].undone_rules[0]";
    assert_eq!(after(acl, Some("redis:7.4.1"), &remove(rule)).unwrap(), "user a on >x +@all ~x\n");
    assert!(matches!(after(acl, Some("redis:7.4.1"), &comment(rule)), Err(EditError::Unsupported(_))));
    let text = after(&[("redis.conf", b"port 1\r\n  hz 20\r\n")], None, &comment("redis.hz")).unwrap();
    assert_eq!(text, "port 1\r\n# void\r\n#   hz 20\r\n");
    let add = EditOp::Add { to: "redis.acl.users".to_owned(), line: "user default off".to_owned() };
    assert_eq!(after(&[("redis.conf", b"port 1")], None, &add).unwrap(), "port 1\nuser default off\n");
}

#[test]
fn what_cannot_be_edited_is_not() {
    let templated: &[(&str, &[u8])] = &[("redis.conf.j2", b"port {{ port }}\nrequirepass x\n")];
    assert!(matches!(after(templated, None, &set("redis.port", "0")), Err(EditError::Templated(_))));
    assert!(matches!(after(templated, None, &remove("redis.port")), Err(EditError::Templated(_))));
    // What the template leaves alone can be changed in it.
    assert_eq!(after(templated, None, &set("redis.requirepass", "y")).unwrap(), "port {{ port }}\nrequirepass y\n");
    let plain: &[(&str, &[u8])] = &[("redis.conf", b"port 6379\n")];
    for op in [set("redis.no_such_thing", "1"), set("redis.reach.remote.answer", "1"), remove("redis.hz")] {
        assert!(matches!(after(plain, None, &op), Err(EditError::NoPlace(_))), "{op:?}");
    }
    let copy = EditOp::Copy { from: "redis.port".to_owned(), into: "redis.port".to_owned() };
    assert!(matches!(after(plain, None, &copy), Err(EditError::Unsupported(_))));
}

#[test]
fn overlapping_edits_are_refused_and_equal_ones_made_once() {
    let mut sources = Sources::new();
    let id = sources.add(Place::File("x".into()), b"0123456789".to_vec());
    let edit = |start, end, text: &str| TextEdit { span: Span::new(id, start, end), text: text.to_owned() };
    assert_eq!(in_order(vec![edit(2, 5, "a"), edit(4, 6, "b")]), Err(NotOffered::Overlap));
    let once =
        in_order(vec![edit(7, 8, "x"), edit(2, 5, "a"), edit(7, 8, "x"), edit(5, 5, "b"), edit(5, 5, "c")]).unwrap();
    assert_eq!(apply(&sources, &once)[&id], b"01abc56x89");
}

proptest! {
    /// Every byte outside an edit is as it was, invalid ones included.
    #[test]
    fn other_bytes_stay(before in prop::collection::vec(any::<u8>(), 0..60), after in prop::collection::vec(any::<u8>(), 0..60)) {
        let line = |bytes: &[u8]| {
            let kept = bytes.iter().copied().filter(|byte| !matches!(byte, b'\n' | b'\r' | 0 | b'{' | b'}' | b'<' | b'%'));
            [b"# ".as_slice(), &kept.collect::<Vec<u8>>(), b"\n"].concat()
        };
        let (before, after) = (line(&before), line(&after));
        let text = [before.as_slice(), b"port 6379\n", &after].concat();
        let (subjects, sources) = read(&[("redis.conf", &text)], None);
        let edits = edits(&subjects[0], &sources, &set("redis.port", "0")).unwrap();
        let changed = apply(&sources, &in_order(edits).unwrap());
        let expected = [before.as_slice(), b"port 0\n", &after].concat();
        prop_assert_eq!(changed.values().next().unwrap(), &expected);
    }
}
