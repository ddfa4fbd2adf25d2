//! How each version reads a configuration: splitting, settings, includes, what accumulates, the command line, users.

use std::time::Instant;

use hardline::fact::Why;
use hardline::files::{Location, Memory};
use hardline::platform::redis::accounts::AclRules;
use hardline::platform::redis::arguments::arguments;
use hardline::platform::redis::conf::{Held, Loaded, Mode, Start, load};
use hardline::platform::redis::directive::SettingId;
use hardline::platform::redis::effective::{Effective, Question, evaluate};
use hardline::platform::redis::include::Library;
use hardline::platform::redis::show::show;
use hardline::platform::redis::split::{Style, split};
use hardline::platform::redis::version::{VERSIONS, Version};
use hardline::text::{Place, Sources};

const FOLDER: &str = "/srv";

fn version(name: &str) -> &'static Version {
    Version::find(name).unwrap().0
}

/// A configuration as it was read, with its sources.
struct Read {
    loaded: Loaded,
    sources: Sources,
}

/// Reads `redis.conf` (or a file of another name, if it comes first) of a small machine.
fn read(name: &str, files: &[(&str, &[u8])], mode: Mode) -> Read {
    let mut memory = Memory::new();
    for (path, bytes) in files {
        memory.put(format!("{FOLDER}/{path}"), *bytes);
    }
    let (main, bytes) = files[0];
    let at = Location::Here(format!("{FOLDER}/{main}").into());
    let mut sources = Sources::new();
    let source = sources.add(Place::File(at.path().to_path_buf()), bytes.to_vec());
    let start = Start { main: source, folder: at.parent(), at, stdin: None, options: None, mode, sentinel: false };
    let mut library = Library::new(&memory, &mut sources, mode == Mode::Server);
    let loaded = load(version(name), &start, &mut library, &AclRules);
    Read { loaded, sources }
}

fn conf(name: &str, text: &str) -> Read {
    read(name, &[("redis.conf", text.as_bytes())], Mode::Server)
}

impl Read {
    /// What `CONFIG GET` prints; `?` where it is not known.
    fn get(&self, name: &str) -> String {
        let setting = SettingId::of(name).unwrap();
        let held = self.loaded.held(setting);
        match (self.loaded.spec(setting), held.typed()) {
            (Some(spec), Some(typed)) => String::from_utf8_lossy(&show(spec, typed)).into_owned(),
            _ => "?".to_owned(),
        }
    }

    /// The first fault, with the text that it points at.
    fn fault(&self) -> Option<(String, String)> {
        let refusal = self.loaded.refusals.first()?;
        Some((refusal.message.clone(), self.sources.text(refusal.at)))
    }

    fn message(&self) -> String {
        self.fault().map(|(message, _)| message).unwrap_or_default()
    }

    fn accepted(&self) -> bool {
        self.loaded.accepted() == Some(true)
    }

    fn why(&self, name: &str) -> Why {
        match self.loaded.named(name) {
            Held::Unknown(unknown) => unknown.why,
            other => panic!("{name} is known: {other:?}"),
        }
    }
}

fn effective(name: &str, files: &[(&str, &str)], given: &[&str], stdin: &str) -> Effective {
    let mut memory = Memory::new();
    for (path, text) in files {
        memory.put(format!("{FOLDER}/{path}"), text.as_bytes());
    }
    let given: Vec<Vec<u8>> = given.iter().map(|argument| argument.as_bytes().to_vec()).collect();
    let question = Question {
        version: version(name),
        sentinel: false,
        main: Location::Here(format!("{FOLDER}/redis.conf").into()),
        arguments: &given,
        stdin: stdin.as_bytes(),
        host: hardline::platform::redis::door::Host::default(),
        umask: 0o022,
    };
    evaluate(&question, &memory, &AclRules, FOLDER.as_ref())
}

const ALL: [&str; 12] = [
    "redis:6.2.16",
    "redis:7.0.15",
    "redis:7.0.15+debian",
    "redis:7.2.6",
    "redis:7.4.1",
    "redis:8.0.6",
    "redis:8.2.3",
    "valkey:7.2.7",
    "valkey:8.0.1",
    "valkey:8.1.1",
    "valkey:9.0.0",
    "valkey:9.1.2",
];

#[test]
fn a_nul_takes_the_rest_of_its_line_and_the_line_ending() {
    for name in ALL {
        let read = read(name, &[("redis.conf", b"timeout\0 6\nloglevel debug\n")], Mode::Server);
        assert_eq!(read.fault().map(|(_, text)| text), Some("timeout\0 6\nloglevel debug".to_owned()), "{name}");
    }
    // What is glued together has a value more than it should.
    let long = [b"requirepass ".as_slice(), &[b'a'; 5000], b"\0b\ntimeout 7\n"].concat();
    let read = read("redis:7.4.1", &[("redis.conf", &long)], Mode::Server);
    assert_eq!(read.message(), "wrong number of arguments");
}

#[test]
fn marks_of_order_and_line_endings() {
    for name in ALL {
        assert!(!conf(name, "\u{feff}timeout 5\n").accepted(), "{name}");
        assert_eq!(conf(name, "timeout 5\r\nhz 20\r\n").get("timeout"), "5", "{name}");
    }
}

#[test]
fn comments_are_whole_lines() {
    for name in ALL {
        assert!(conf(name, "  # comment\n\n\t\n#x\n").accepted(), "{name}");
        assert!(!conf(name, "; comment x\n").accepted(), "{name}");
        assert_eq!(conf(name, "requirepass foo # x\n").message(), "wrong number of arguments", "{name}");
    }
    assert_eq!(conf("redis:6.2.16", "save 900 1 # x\n").get("save"), "");
    assert_eq!(conf("redis:7.0.15", "save 900 1 # x\n").message(), "Invalid save parameters");
    assert_eq!(conf("redis:7.4.1", "bind 127.0.0.1 # x\n").get("bind"), "127.0.0.1 # x");
}

#[test]
fn words_and_quotes() {
    let words = |line: &[u8], style| {
        split(line, style).map(|words| words.into_iter().map(|word| word.bytes.into_owned()).collect::<Vec<_>>())
    };
    let classic = |line: &[u8]| words(line, Style::Classic);
    assert_eq!(classic(b"a  b\x0bc\x0cd\te"), Some(vec![b"a".to_vec(), b"b\x0bc\x0cd".to_vec(), b"e".to_vec()]));
    assert_eq!(classic(b"foo\"b r\" x"), Some(vec![b"foob r".to_vec(), b"x".to_vec()]));
    assert_eq!(classic(br#""\x41\n\t\q\"" '\n\'x'"#), Some(vec![b"A\n\tq\"".to_vec(), b"\\n'x".to_vec()]));
    assert_eq!(classic(b"\"a"), None);
    assert_eq!(classic(b"\"foo\"bar"), None);
    assert_eq!(classic(b"''\x0bx"), Some(vec![b"".to_vec(), b"x".to_vec()]));
    assert_eq!(words(b"\"foo\"bar'x'", Style::GoesOn), Some(vec![b"foobarx".to_vec()]));
    assert_eq!(classic(b"p\xff"), Some(vec![b"p\xff".to_vec()]));
    assert_eq!(words(b"p\xff", Style::LosesFf), Some(vec![b"p".to_vec()]));
    for name in ALL {
        let going_on = version(name).valkey_since(9, 1);
        assert_eq!(conf(name, "requirepass \"foo\"bar\n").accepted(), going_on, "{name}");
        let read = read(name, &[("redis.conf", b"requirepass p\xff\n")], Mode::Server);
        let lost = version(name).valkey_since(8, 1);
        assert_eq!(read.get("requirepass") == "p", lost, "{name}");
    }
}

#[test]
fn names_and_words_in_any_case() {
    for name in ALL {
        assert_eq!(conf(name, "APPENDONLY YES\nLogLevel NOTICE\n").get("appendonly"), "yes", "{name}");
        for line in ["appendonly true", "appendonly 1", "timeout=5", "timeout: 5", "timeout", "timeout 5 6"] {
            assert!(!conf(name, line).accepted(), "{name} {line}");
        }
    }
}

#[test]
fn one_value_of_several_is_split_again() {
    assert_eq!(conf("redis:7.0.15", "save \"900 1 60 5\"\n").get("save"), "900 1 60 5");
    assert_eq!(conf("redis:6.2.16", "save \"900 1 60 5\"\n").get("save"), "");
    assert_eq!(conf("redis:7.4.1", "bind \"127.0.0.1 ::1\"\n").get("bind"), "127.0.0.1 ::1");
    assert_eq!(conf("redis:6.2.16", "bind \"127.0.0.1 ::1\"\n").get("bind"), "127.0.0.1 ::1");
    // Each part has its own place.
    let read = conf("redis:7.4.1", "bind \"127.0.0.1 ::1\"\n");
    let Held::Written(_, hardline::platform::redis::value::Typed::Addresses(all)) = read.loaded.named("bind") else {
        panic!("bind is written");
    };
    assert_eq!(read.sources.text(all[1].at.unwrap()), "::1");
}

#[test]
fn dead_names_and_unknown_ones() {
    let dead = |name: &str, line: &str| conf(name, line).accepted();
    for name in ALL {
        assert!(dead(name, "list-max-ziplist-value 5"), "{name}");
        assert!(!dead(name, "list-max-ziplist-value 5 6"), "{name}");
        assert!(!dead(name, "nosuch yes"), "{name}");
    }
    assert!(!dead("redis:7.4.1", "events-per-io-thread 2"));
    assert!(dead("valkey:9.1.2", "events-per-io-thread 2") && dead("valkey:9.1.2", "sanitize-dump-payload no"));
    // 8.0 and later keep an unknown name for the modules, and find out after everything else.
    let late = conf("redis:8.2.3", "nosuch yes\nhz x\n");
    assert_eq!(late.fault().unwrap().1, "x");
    assert_eq!(late.loaded.refusals.last().map(|refusal| late.sources.text(refusal.at)), Some("nosuch yes".to_owned()));
    assert_eq!(conf("redis:7.4.1", "nosuch yes\nhz x\n").fault().unwrap().1, "nosuch yes");
    assert_eq!(conf("redis:7.4.1", "foo.bar\n").message(), "Module config specified without value");
    assert!(!conf("redis:7.4.1", "foo.bar 1\n").accepted());
    assert_eq!(conf("redis:6.2.16", "foo.bar 1\n").message(), "Bad directive or wrong number of arguments");
}

#[test]
fn numbers() {
    for name in ALL {
        let memory = |text: &str| conf(name, &format!("maxmemory {text}\n")).get("maxmemory");
        assert_eq!((memory("1k"), memory("1KB"), memory("1gb")), ("1000".into(), "1024".into(), "1073741824".into()));
        for wrong in ["1.5gb", "1t", "-1"] {
            assert_eq!(memory(wrong), "?", "{name} {wrong}");
        }
        assert_eq!(conf(name, "hz 9999\n").get("hz"), "500", "{name}");
        assert_eq!(conf(name, "hz 0\n").get("hz"), "1", "{name}");
    }
    assert_eq!(conf("redis:7.4.1", "maxmemory-clients 5%\n").get("maxmemory-clients"), "5%");
    assert_eq!(
        conf("redis:7.4.1", "maxmemory-clients 101%\n").message(),
        "percentage argument must be less or equal to 100"
    );
    assert_eq!(conf("redis:6.2.16", "unixsocketperm 888\n").get("unixsocketperm"), "0");
    assert!(!conf("redis:6.2.16", "unixsocketperm 1000\n").accepted());
    assert!(!conf("redis:7.0.15", "unixsocketperm 888\n").accepted());
    assert_eq!(conf("redis:7.0.15", "unixsocketperm 0770\n").get("unixsocketperm"), "770");
    let cluster = "cluster-enabled yes\ndatabases 4\n";
    assert_eq!(conf("redis:7.0.15", cluster).get("databases"), "4");
    assert_eq!(conf("redis:7.2.6", cluster).get("databases"), "1");
    assert_eq!(conf("valkey:9.1.2", cluster).get("databases"), "4");
}

#[test]
fn includes_are_read_where_they_stand() {
    for name in ALL {
        let files: [(&str, &[u8]); 2] =
            [("redis.conf", b"timeout 1\ninclude b.conf\nhz 20\n"), ("b.conf", b"timeout 2\nhz 30\n")];
        let read = read(name, &files, Mode::Server);
        assert_eq!((read.get("timeout"), read.get("hz")), ("2".into(), "20".into()), "{name}");
        let missing = conf(name, "include nosuch.conf\n");
        assert_eq!(missing.fault().unwrap().1, "nosuch.conf", "{name}");
        let itself = conf(name, "hz 20\ninclude ./redis.conf\n");
        assert_eq!(itself.fault().unwrap().1, "./redis.conf", "{name}");
    }
}

#[test]
fn patterns_are_those_of_glob() {
    let files: [(&str, &[u8]); 5] = [
        ("redis.conf", b"include conf.d/*.conf\n"),
        ("conf.d/b.conf", b"timeout 2\n"),
        ("conf.d/a.conf", b"timeout 1\nhz 2"),
        ("conf.d/.c.conf", b"nosuch\n"),
        ("conf.d/c.txt", b"nosuch\n"),
    ];
    // The last line of a.conf goes on with the first of b.conf.
    let read7 = read("redis:7.4.1", &files, Mode::Server);
    assert_eq!(read7.fault().unwrap().0, "wrong number of arguments");
    assert!(!read("redis:6.2.16", &files, Mode::Server).accepted());
    assert!(conf("redis:7.4.1", "include nosuch*.conf\n").accepted());
    assert!(!conf("redis:6.2.16", "include nosuch*.conf\n").accepted());
    let bracket: [(&str, &[u8]); 2] = [("redis.conf", b"include [!x]b[.]conf\n"), ("ab.conf", b"timeout 9\n")];
    assert_eq!(read("redis:7.4.1", &bracket, Mode::Server).get("timeout"), "9");
}

#[test]
fn dir_changes_what_a_relative_path_means() {
    for name in ALL {
        let files: [(&str, &[u8]); 3] =
            [("redis.conf", b"dir sub\ninclude b.conf\n"), ("b.conf", b"timeout 1\n"), ("sub/b.conf", b"timeout 2\n")];
        assert_eq!(read(name, &files, Mode::Server).get("timeout"), "2", "{name}");
        assert_eq!(conf(name, "dir nosuch\n").message(), "No such file or directory", "{name}");
    }
}

#[test]
fn save_after_an_include_starts_anew() {
    let after: [(&str, &[u8]); 2] =
        [("redis.conf", b"include x.conf\nsave 900 1\nsave 300 10\nsave 60 5\n"), ("x.conf", b"")];
    let inside: [(&str, &[u8]); 2] =
        [("redis.conf", b"save 900 1\nsave 300 10\ninclude x.conf\n"), ("x.conf", b"save 60 5\n")];
    for name in ALL {
        let old = name == "redis:6.2.16";
        let all = "900 1 300 10 60 5";
        assert_eq!(read(name, &after, Mode::Server).get("save"), if old { all } else { "60 5" }, "{name}");
        assert_eq!(read(name, &inside, Mode::Server).get("save"), if old { "60 5" } else { all }, "{name}");
    }
}

#[test]
fn what_accumulates_and_what_does_not() {
    for name in ALL {
        assert_eq!(conf(name, "save 900 1\nsave 60 5\n").get("save"), "900 1 60 5", "{name}");
        assert_eq!(conf(name, "save 900 1\nsave \"\"\nsave 60 5\n").get("save"), "60 5", "{name}");
        assert_eq!(conf(name, "save \"\"\n").get("save"), "", "{name}");
        assert_eq!(conf(name, "timeout 1\n").get("save"), "3600 1 300 100 60 10000", "{name}");
        assert_eq!(conf(name, "bind 127.0.0.1\nbind ::1\n").get("bind"), "::1", "{name}");
        let limits = conf(name, "client-output-buffer-limit pubsub 1mb 2mb 3\n").get("client-output-buffer-limit");
        assert_eq!(limits, "normal 0 0 0 slave 268435456 67108864 60 pubsub 1048576 2097152 3", "{name}");
        let twice = conf(name, "user a on nopass\nuser a off\n");
        assert_eq!(twice.accepted(), name == "redis:6.2.16", "{name}");
    }
    let overridden = conf("redis:7.4.1", "requirepass one\nhz 20\nrequirepass two\n");
    let undone = overridden.loaded.overridden();
    let undone: Vec<_> = undone.iter().map(|(write, _)| overridden.sources.text(write.value)).collect();
    assert_eq!((undone, overridden.get("requirepass")), (vec!["one".to_owned()], "two".to_owned()));
}

#[test]
fn commands_are_renamed_at_once() {
    for name in ALL {
        let fault = |text: &str| conf(name, text).fault().map(|(_, text)| text);
        assert_eq!(fault("rename-command flushall \"\"\nrename-command CONFIG x\n"), None, "{name}");
        assert_eq!(fault("rename-command nosuch x\n"), Some("nosuch".into()), "{name}");
        assert_eq!(fault("rename-command keys \"\"\nrename-command keys x\n"), Some("keys".into()), "{name}");
        assert_eq!(fault("rename-command keys GET\n"), Some("GET".into()), "{name}");
        assert_eq!(fault("rename-command keys x\nrename-command X keys\n"), None, "{name}");
        assert_eq!(fault("rename-command config|get x\n"), Some("config|get".into()), "{name}");
    }
}

#[test]
fn replication_and_cluster() {
    for name in ALL {
        let wrong = conf(name, "replicaof 127.0.0.1 1\ncluster-enabled yes\n");
        assert_eq!(wrong.fault().unwrap().1, "127.0.0.1 1", "{name}");
        assert!(conf(name, "replicaof 127.0.0.1 1\nslaveof NO ONE\ncluster-enabled yes\n").accepted(), "{name}");
    }
}

#[test]
fn the_command_line_comes_last() {
    let options = |name: &str, given: &[&str]| String::from_utf8(arguments(version(name), given).options).unwrap();
    assert_eq!(
        options("redis:7.4.1", &["--port", "7000", "--requirepass", "a b"]),
        "port \"7000\" \nrequirepass \"a b\" "
    );
    assert_eq!(options("redis:7.4.1", &["--requirepass", "--abc"]), "requirepass \"--abc\" ");
    assert_eq!(options("redis:6.2.16", &["--requirepass", "--abc"]), "requirepass \nabc ");
    assert_eq!(options("redis:7.4.1", &["--save", "--appendonly", "yes"]), "save \"\"\nappendonly \"yes\" ");
    assert_eq!(options("redis:7.4.1", &["--timeout 5\nloglevel debug"]), "timeout 5\nloglevel debug ");
    assert_eq!(options("redis:7.4.1", &["--masterauth", "a\"\\\n"]), "masterauth \"a\\\"\\\\\\n\" ");
    assert_eq!(options("valkey:8.1.1", &["--masterauth", "a\"\\"]), "masterauth \"a\"\\\" ");
    let three =
        effective("redis:7.4.1", &[("redis.conf", "timeout 1\n")], &["--timeout", "3", "-"], "timeout 2\nhz 20\n");
    assert_eq!((three.config["timeout"].as_str(), three.config["hz"].as_str()), ("3", "20"));
    let adds = effective("redis:7.4.1", &[("redis.conf", "save 900 1\n")], &["--save", "60", "1"], "");
    assert_eq!(adds.config["save"], "900 1 60 1");
    let bare = effective("redis:7.4.1", &[("redis.conf", "")], &["timeout", "5"], "");
    assert_eq!(bare.config["timeout"], "5");
    let equals = effective("redis:7.4.1", &[("redis.conf", "")], &["--timeout=5"], "");
    assert_eq!((equals.accepted, equals.errors[0].path.as_deref()), (Some(false), None));
    let input = effective("redis:7.4.1", &[("redis.conf", "hz 20\n")], &["-"], "hz 30\nnosuch\n");
    assert_eq!((input.errors[0].path.as_deref(), input.errors[0].line), (Some("-"), Some(2)));
}

#[test]
fn what_keeps_a_server_from_starting() {
    let first = |name: &str, files: &[(&str, &str)]| {
        let answer = effective(name, files, &[], "");
        let fault = answer.errors.first().cloned();
        fault.map(|fault| format!("{}:{}", fault.path.unwrap_or_default(), fault.line.unwrap_or_default()))
    };
    for name in ALL {
        let at = |text: &str| first(name, &[("redis.conf", text), ("users.acl", "user a on\n")]);
        assert_eq!(at("aclfile users.acl\n"), None, "{name}");
        assert_eq!(at("hz 20\naclfile nosuch.acl\n"), Some("redis.conf:2".into()), "{name}");
        assert_eq!(at("aclfile users.acl\nuser a on\n"), Some("redis.conf:1".into()), "{name}");
        assert_eq!(at("\nuser a +nosuch\n"), Some("redis.conf:2".into()), "{name}");
        assert_eq!(at("\nuser \"a b\" on\n"), Some("redis.conf:2".into()), "{name}");
        assert_eq!(at("\ntls-port 7000\n"), Some("redis.conf:2".into()), "{name}");
        assert_eq!(at("\nport 0\n"), Some("redis.conf:2".into()), "{name}");
        assert_eq!(at("\nloadmodule /nosuch.so\n"), Some("redis.conf:2".into()), "{name}");
        assert_eq!(at("\nsentinel monitor a 127.0.0.1 1 1\n"), Some("redis.conf:2".into()), "{name}");
        let file = first(name, &[("redis.conf", "aclfile users.acl\n"), ("users.acl", "\nuser a on\n# no\n")]);
        assert_eq!(file, Some("users.acl:3".into()), "{name}");
    }
}

#[test]
fn who_the_default_user_is() {
    for name in ALL {
        let default = |text: &str, acl: &str| {
            let answer = effective(name, &[("redis.conf", text), ("users.acl", acl)], &[], "");
            let users = answer.users.into_iter().find(|user| user.starts_with("user default "));
            users.map(|user| user.replace("sanitize-payload ", "").replace("alldbs ", "")).unwrap_or_default()
        };
        let open = "user default on nopass ~* &* +@all";
        let closed = "user default on #*** ~* &* +@all";
        assert_eq!(default("", ""), open, "{name}");
        assert_eq!(default("requirepass foo\n", ""), closed, "{name}");
        assert_eq!(default("requirepass foo\nrequirepass \"\"\n", ""), open, "{name}");
        assert_eq!(default("requirepass foo\naclfile users.acl\n", ""), open, "{name}");
        assert_eq!(default("requirepass foo\nuser default on nopass ~* &* +@all\n", ""), open, "{name}");
        let locked = default("requirepass foo\nuser default on ~* &* +@all\n", "");
        assert_eq!(locked, "user default on ~* &* +@all", "{name}");
        assert_eq!(default("user default on >bar ~* &* +@all\nrequirepass foo\n", ""), closed, "{name}");
        assert!(default("user default off\n", "").starts_with("user default off "), "{name}");
    }
}

#[test]
fn an_unreadable_include_poisons_what_it_could_have_changed() {
    let files: [(&str, &[u8]); 1] =
        [("redis.conf", b"timeout 5\nuser a on\ninclude /etc/redis/local.conf\nhz 20\nsave 60 1\n")];
    for name in ALL {
        let mut memory = Memory::new();
        memory.put(format!("{FOLDER}/redis.conf"), files[0].1);
        memory.deny("/etc/redis/local.conf");
        let at = Location::Here(format!("{FOLDER}/redis.conf").into());
        let mut sources = Sources::new();
        let main = sources.add(Place::File(at.path().to_path_buf()), files[0].1.to_vec());
        let start =
            Start { main, folder: at.parent(), at, stdin: None, options: None, mode: Mode::Check, sentinel: false };
        let mut library = Library::new(&memory, &mut sources, false);
        let loaded = load(version(name), &start, &mut library, &AclRules);
        let read = Read { loaded, sources };
        assert_eq!((read.get("timeout"), read.get("hz")), ("?".into(), "20".into()), "{name}");
        assert_eq!((read.why("timeout"), read.why("port")), (Why::NotReadable, Why::NotReadable), "{name}");
        assert_eq!(read.loaded.users.items.len(), 1, "{name}");
        assert!(read.loaded.users.rest.is_some() && read.loaded.refusals.is_empty(), "{name}");
        // Whatever the file says, the points begin anew after it: always in 7.0 and later, and in 6.2 because this is
        // the first of its own file.
        assert_eq!(read.get("save"), "60 1", "{name}");
    }
}

#[test]
fn templates_leave_open_what_they_decide() {
    let check = |file: &str, text: &str| read("redis:7.4.1", &[(file, text.as_bytes())], Mode::Check);
    let value = check("redis.conf", "requirepass {{ redis_password }}\nport {{ port | default(6379) }}\nhz 20\n");
    assert_eq!(
        (value.why("requirepass"), value.why("port"), value.get("hz")),
        (Why::Templated, Why::Templated, "20".into())
    );
    let Held::Unknown(unknown) = value.loaded.named("requirepass") else { panic!("it is open") };
    assert_eq!(value.sources.text(unknown.at), "{{ redis_password }}");
    // The server takes this for text, and so do we, except in a file that says it is a template.
    assert_eq!(check("redis.conf", "requirepass ${PASSWORD}\n").get("requirepass"), "${PASSWORD}");
    assert_eq!(check("redis.conf.tmpl", "requirepass ${PASSWORD}\n").why("requirepass"), Why::Templated);
    assert_eq!(check("redis.conf.in", "requirepass @PASSWORD@\n").why("requirepass"), Why::Templated);
    assert_eq!(conf("redis:7.4.1", "requirepass {{x}}\n").get("requirepass"), "{{x}}");
    let conditional = check("redis.conf.j2", "port 1\n{% if tls %}\nport 0\ntimeout 5\n{% endif %}\nhz 20\n");
    assert_eq!((conditional.why("port"), conditional.why("timeout")), (Why::Templated, Why::Templated));
    assert_eq!((conditional.get("hz"), conditional.get("bind")), ("20".into(), "* -::*".into()));
    // A line or a name out of a template can be anything.
    for text in ["port 1\n{{ extra }}\nhz 20\n", "port 1\n{{ name }} 5\nhz 20\n", "port 1\n{% include 'x' %}\nhz 20\n"]
    {
        let read = check("redis.conf.j2", text);
        assert_eq!((read.why("port"), read.get("hz")), (Why::Templated, "20".into()), "{text}");
    }
    let user = check("redis.conf.j2", "user app on >{{ password }} ~* +get\n");
    assert_eq!(user.loaded.users.items.len(), 1);
    assert!(user.loaded.users.rest.is_none() && user.loaded.refusals.is_empty());
    let go = check("redis.conf.tmpl", "{{- if .Values.auth }}\nrequirepass x\n{{- end }}\nhz 20\n");
    assert_eq!((go.why("requirepass"), go.get("hz")), (Why::Templated, "20".into()));
    // What is printed may be several words, or none; what stands there already cannot become fewer.
    let several = check("redis.conf.j2", "rename-command {{ command }}\nlua-time-limit {{ a }} {{ b }}\n");
    assert!(several.loaded.renames.rest.is_some() && several.loaded.refusals.is_empty());
    let too_many = check("redis.conf.j2", "rename-command A B C {{ more }}\n");
    assert_eq!(too_many.loaded.refusals.len(), 1);
    let comment = check("redis.conf.j2", "{# port 0 #}\nport 7\n");
    assert_eq!(comment.get("port"), "7");
}

#[test]
fn hostile_text_ends() {
    let deep: Vec<(String, String)> =
        (0..200).map(|number| (format!("{number}.conf"), format!("include {}.conf\n", number + 1))).collect();
    let files: Vec<(&str, &[u8])> = deep.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    let read_deep = read("redis:7.4.1", &files, Mode::Check);
    assert!(read_deep.loaded.doubts.iter().any(|doubt| doubt.why == Why::NotSupported));
    let wide: Vec<(String, String)> =
        (0..16).map(|number| (format!("{number}.conf"), format!("include {0}.conf\n", number + 1).repeat(2))).collect();
    let mut files: Vec<(&str, &[u8])> = wide.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    files.push(("16.conf", b"hz 20\n"));
    let read_wide = read("redis:7.4.1", &files, Mode::Check);
    assert!(read_wide.loaded.doubts.iter().any(|doubt| doubt.why == Why::NotSupported));
    let long = format!("include {}\n", "*a".repeat(5000));
    assert!(conf("redis:7.4.1", &long).accepted());
    for bytes in [
        &b"\0\0\0"[..],
        b"\xff\xfe\n\"\\x",
        b"{{{{{{ \n{%\n<%",
        b"include\0x",
        b"save \"\\",
        b"[\n[]\n[!",
        b"user \x00 >",
    ] {
        for name in ALL {
            read(name, &[("redis.conf", bytes)], Mode::Server);
            read(name, &[("redis.conf.j2", bytes)], Mode::Check);
        }
    }
}

/// How long a usual file takes for all versions that come into question when none is declared.
#[test]
fn a_usual_file_costs_little() {
    let mut text = String::new();
    for setting in SettingId::all().take(90).map(SettingId::setting) {
        text += &format!("# about {}\n", setting.name);
        let spec = VERSIONS.iter().enumerate().rev().find_map(|(world, _)| SettingId::of(setting.name)?.spec(world));
        let default = spec.map_or("x", |spec| spec.default);
        text += &format!("{} {}\n", setting.name, if default.is_empty() { "\"\"" } else { default });
    }
    text += "requirepass \"a b\"\nsave 900 1\nsave 60 5\nrename-command FLUSHALL \"\"\nuser app on >x ~* +get\n";
    let memory = Memory::new();
    let versions: Vec<&'static Version> = Version::undeclared().collect();
    let mut fastest = f64::MAX;
    for _ in 0..20 {
        let mut sources = Sources::new();
        let main = sources.add(Place::File("/srv/redis.conf".into()), text.clone().into_bytes());
        let at = Location::Here("/srv/redis.conf".into());
        let start =
            Start { main, folder: at.parent(), at, stdin: None, options: None, mode: Mode::Check, sentinel: false };
        let watch = Instant::now();
        let mut library = Library::new(&memory, &mut sources, false);
        for version in &versions {
            std::hint::black_box(load(version, &start, &mut library, &AclRules));
        }
        fastest = fastest.min(watch.elapsed().as_secs_f64() * 1000.0);
    }
    println!("{} lines for {} versions: {fastest:.3} ms", text.lines().count(), versions.len());
    // Generous, because this is a build without optimization on a machine that does other things.
    assert!(fastest < 10.0, "{fastest:.3} ms");
}
