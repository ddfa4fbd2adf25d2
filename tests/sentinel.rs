//! How each version reads a `sentinel.conf`: what it watches, what it refuses, what cannot be told.

use std::path::Path;

use hardline::fact::Why;
use hardline::files::{Location, Memory};
use hardline::platform::redis::accounts::AclRules;
use hardline::platform::redis::claim::starts_sentinel;
use hardline::platform::redis::conf::{Loaded, Mode, Start, load};
use hardline::platform::redis::door::Host;
use hardline::platform::redis::effective::{Effective, Question, evaluate};
use hardline::platform::redis::include::Library;
use hardline::platform::redis::version::VERSIONS;
use hardline::platform::sentinel::watch::Switch;
use hardline::text::{Place, Sources};

const FILE: &str = "/srv/sentinel.conf";

/// What every version makes of a file among others, of which `/etc/more.conf` cannot be read.
fn checked(name: &str, text: &str) -> Vec<Loaded> {
    let mut memory = Memory::new();
    memory.deny("/etc/more.conf");
    let at = Location::Here(Path::new("/srv").join(name));
    let read = |version| {
        let mut sources = Sources::new();
        let main = sources.add(Place::File(at.path().to_path_buf()), text.as_bytes().to_vec());
        let (at, folder) = (at.clone(), at.parent());
        let start = Start { main, at, stdin: None, options: None, folder, mode: Mode::Check, sentinel: true };
        load(version, &start, &mut Library::new(&memory, &mut sources, false), &AclRules)
    };
    VERSIONS.iter().map(read).collect()
}

/// What every version does with a file on its own machine.
fn started(text: &str) -> Vec<Effective> {
    let mut memory = Memory::new();
    memory.put(FILE, text.as_bytes());
    let answer = |version| {
        let main = Location::Here(FILE.into());
        let (arguments, stdin, host): (&[_], &[_], _) = (&[], b"", Host::default());
        let question = Question { version, sentinel: true, main, arguments, stdin, host, umask: 0o022 };
        evaluate(&question, &memory, &AclRules, Path::new("/srv"))
    };
    VERSIONS.iter().map(answer).collect()
}

#[test]
fn whether_scripts_can_be_changed_is_known_only_if_nothing_can_say_otherwise() {
    let switch = |name: &str, text: &str| -> Vec<Switch> {
        checked(name, text).into_iter().map(|loaded| loaded.watch.deny_scripts_reconfig).collect()
    };
    let known = |text: &str| -> Vec<Option<bool>> {
        let known = |switch| match switch {
            Switch::Default(on) | Switch::Written(on, _) => Some(on),
            Switch::Unknown(_) => None,
        };
        switch("sentinel.conf.j2", text).into_iter().map(known).collect()
    };
    let all = |on: Option<bool>| vec![on; VERSIONS.len()];
    assert_eq!(known("port 26379\n"), all(Some(true)));
    assert_eq!(known("sentinel deny-scripts-reconfig no\n"), all(Some(false)));
    assert_eq!(known("sentinel deny-scripts-reconfig no\nSENTINEL Deny-Scripts-Reconfig YES\n"), all(Some(true)));
    assert_eq!(known("sentinel deny-scripts-reconfig {{ deny }}\n"), all(None));
    assert_eq!(known("{% if x %}\nsentinel deny-scripts-reconfig no\n{% endif %}\n"), all(None));
    assert_eq!(known("{{ more }}\nsentinel deny-scripts-reconfig no\n"), all(Some(false)));
    assert_eq!(known("sentinel deny-scripts-reconfig no\n{{ more }}\n"), all(None));
    assert_eq!(known("include /etc/more.conf\nsentinel deny-scripts-reconfig no\n"), all(Some(false)));
    assert_eq!(known("sentinel deny-scripts-reconfig no\ninclude /etc/more.conf\n"), all(None));
    assert_eq!(known("sentinel {{ what }} no\n"), all(None));
}

#[test]
fn what_may_be_elsewhere_is_not_refused() {
    for text in ["include /etc/more.conf\nsentinel auth-pass shop x\n", "{{ monitors }}\nsentinel auth-pass shop x\n"] {
        for loaded in checked("sentinel.conf.j2", text) {
            assert!(loaded.refusals.is_empty(), "{text} {:?}", loaded.refusals);
            assert_eq!(loaded.accepted(), None, "{text}");
        }
    }
    for loaded in checked("sentinel.conf.j2", "{% if x %}\nsentinel auth-pass shop x\n{% endif %}\n") {
        assert!(loaded.refusals.is_empty(), "{:?}", loaded.refusals);
        assert!(loaded.doubts.iter().all(|doubt| doubt.why == Why::Templated) && !loaded.doubts.is_empty());
    }
}

#[test]
fn a_sentinel_starts() {
    let text = "sentinel sentinel-pass geheim\nsentinel announce-port 7x\nsentinel monitor m 10.0.0.5 6379 2\n\
                user w on >x +sentinel|masters\nloadmodule /nowhere.so\n";
    for (answer, version) in started(text).into_iter().zip(&VERSIONS) {
        assert_eq!((answer.accepted, answer.errors, answer.unknown), (Some(true), vec![], vec![]), "{version}");
        assert_eq!(answer.config["sentinel-pass"], "***", "{version}");
        assert_eq!(answer.config["announce-port"], "7", "{version}");
        assert_eq!(answer.config.contains_key("loglevel"), version.since(7, 2), "{version}");
        assert!(answer.users.iter().any(|user| user.ends_with(" +sentinel|masters")), "{version} {:?}", answer.users);
        assert_eq!(answer.reach["remote4"]["plain"], "PONG", "{version}");
    }
}

#[test]
fn a_sentinel_is_refused_where_it_stops_first() {
    let first = |text: &str| -> Vec<(String, Option<usize>)> {
        let first = |answer: Effective| {
            let fault = &answer.errors[0];
            (fault.message.clone(), fault.line)
        };
        started(text).into_iter().map(first).collect()
    };
    let all = |message: &str, line: usize| vec![(message.to_owned(), Some(line)); VERSIONS.len()];
    // What is wrong on any line comes before what is wrong with a statement, and monitors before what names them.
    let text = "sentinel auth-pass n x\nsentinel monitor m 10.0.0.5 6379 0\nsentinel myid short\n";
    assert_eq!(first(&format!("{text}timeout x\n"))[6].1, Some(4));
    assert_eq!(first(text), all("Malformed Sentinel id in myid option.", 3));
    let text = "sentinel auth-pass n x\nsentinel monitor m 10.0.0.5 6379 0\n";
    assert_eq!(first(text), all("Quorum must be 1 or greater.", 2));
    let text = "sentinel monitor m 127.1 1 1\nsentinel known-replica m ::1 1\nsentinel known-replica m 0:0::1 01\n";
    assert_eq!(first(text), all("Duplicate hostname and port for replica.", 3));
    let text = "sentinel monitor m 127.1 1 1\nsentinel rename-command m CONFIG a\nsentinel rename-command m config b\n";
    assert_eq!(first(text), all("Same command renamed multiple times with rename-command.", 3));
}

#[test]
fn names_of_replicas_may_lead_to_the_same_address() {
    let text = "sentinel resolve-hostnames yes\nsentinel monitor m a 1 1\nsentinel known-replica m b 1\n";
    assert!(started(text).iter().all(|answer| answer.accepted == Some(true)));
    let two = format!("{text}sentinel known-replica m c 1\n");
    assert!(started(&two).iter().all(|answer| answer.accepted.is_none() && answer.unknown[0].line == Some(4)));
    let named = format!("{two}sentinel announce-hostnames yes\n");
    assert!(started(&named).iter().all(|answer| answer.accepted == Some(true)));
}

#[test]
fn who_would_start_a_sentinel_with_a_file() {
    let starts = |path: &str, text: &str| starts_sentinel(Path::new(path), text.as_bytes());
    let watched = "sentinel monitor m 10.0.0.5 6379 2\n";
    assert!(starts("sentinel.conf", ""));
    assert!(starts("redis-sentinel.conf", "port 26379\n"));
    assert!(starts("watch.conf", &format!("port 26379\n{watched}")));
    assert!(starts("my-sentinel.txt", &format!("port 26379\ndir /tmp\nlogfile x\n{watched}")));
    assert!(!starts("redis.conf", &format!("port 6379\ndir /tmp\nmaxmemory 1gb\n{watched}")));
    assert!(!starts("redis.conf", "port 6379\n"));
}
