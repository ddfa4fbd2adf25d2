//! Access control lists: the grammar, the evaluation, the description and the ways of taking over.
//!
//! Recorded answers of real servers are compared in `oracle/acl_recorded.rs`, random ones in `oracle/acl_live.rs`.

use hardline::platform::redis::acl::answer::{Answered, answer};
use hardline::platform::redis::acl::file::AclFile;
use hardline::platform::redis::acl::takeover::{Gate, Gates};
use hardline::platform::redis::acl::{Answer, Evaluator, Situation};
use hardline::platform::redis::version::{VERSIONS, Version};
use proptest::prelude::*;

fn on(version: &str) -> Evaluator {
    Evaluator::new(Version::find(version).unwrap().0)
}

fn words(text: &str) -> Vec<&[u8]> {
    if text.is_empty() { Vec::new() } else { text.split(' ').map(str::as_bytes).collect() }
}

fn said(answer: Answer) -> String {
    match answer {
        Answer::UnknownCommand => "unknown".to_owned(),
        Answer::WrongArity(_) => "arity".to_owned(),
        Answer::Allowed { .. } => "yes".to_owned(),
        Answer::Denied { reason, .. } => reason.as_str().to_owned(),
    }
}

/// What the user of these rules gets for this command: `yes`, what is missing, or what is wrong.
fn ask(version: &str, rules: &str, command: &str) -> String {
    let evaluator = on(version);
    let rules = words(rules);
    match evaluator.user(&rules) {
        Ok(user) => said(evaluator.decide(&user, &words(command))),
        Err(error) => format!("{:?}", error.problem),
    }
}

fn describe(version: &str, rules: &[&str]) -> String {
    let evaluator = on(version);
    let rules: Vec<&[u8]> = rules.iter().map(|rule| rule.as_bytes()).collect();
    match evaluator.user(&rules) {
        Ok(user) => String::from_utf8_lossy(&evaluator.describe(&user, false)).into_owned(),
        Err(error) => error.to_string(),
    }
}

/// The deciding rule, as given.
fn decided_by(version: &str, rules: &str, command: &str) -> Option<String> {
    let line = serde_json::json!({
        "rules": rules.split(' ').collect::<Vec<_>>(),
        "command": command.split(' ').collect::<Vec<_>>(),
    });
    match answer(&on(version), line.to_string().as_bytes()) {
        Answered::Decision(decision) => decision.decided_by,
        other => panic!("{other:?}"),
    }
}

const SEVEN: &str = "redis:7.4.1";
const SIX: &str = "redis:6.2.16";
const NINE: &str = "valkey:9.1.2";

#[test]
fn passwords() {
    assert_eq!(describe(SEVEN, &["on", ">p", ">p", ">q"]), "on sanitize-payload #*** #*** resetchannels -@all");
    assert_eq!(describe(SEVEN, &[">p", "<p", ">"]), "off sanitize-payload #*** resetchannels -@all");
    assert_eq!(describe(SEVEN, &["nopass", ">p"]), "off sanitize-payload #*** resetchannels -@all");
    assert_eq!(describe(SEVEN, &[">p", "nopass"]), "off nopass sanitize-payload resetchannels -@all");
    assert_eq!(ask(SEVEN, "<p", "ping"), "NoSuchPassword");
    assert_eq!(ask(SEVEN, "#AB", "ping"), "BadHash");
    let hash = format!("#{}", "a1".repeat(32));
    assert_eq!(ask(SEVEN, &format!("{hash} !{}", &hash[1..]), "ping"), "command");
    assert_eq!(ask(SEVEN, &hash.to_uppercase(), "ping"), "BadHash");
    let error = on(SEVEN).user(&[b"<secret"]).unwrap_err().to_string();
    assert!(!error.contains("secret"), "{error}");
}

#[test]
fn key_rules() {
    for (version, rules, command, expected) in [
        (SEVEN, "+@all ~*", "get ", "yes"),
        (SEVEN, "+@all %R~*", "get ", "key"),
        (SEVEN, "+@all %R~*", "get a", "yes"),
        (SEVEN, "+@all %R~*", "set a 1", "key"),
        (SEVEN, "+@all %W~*", "set a 1", "yes"),
        (SEVEN, "+@all %W~*", "set a 1 get", "key"),
        (SEVEN, "+@all %R~a %W~a", "set a 1 get", "yes"),
        (SEVEN, "+@all %wr~a", "set a 1 get", "yes"),
        (SEVEN, "+@all %R", "get ", "yes"),
        (SEVEN, "+@all %RR~a", "get a", "Syntax"),
        (SEVEN, "+@all %~a", "get a", "Syntax"),
        ("redis:7.0.15", "+@all %~a", "exists a", "yes"),
        ("redis:7.0.15", "+@all %~a", "get a", "key"),
        ("redis:7.0.15+debian", "+@all %~a", "get a", "Syntax"),
        ("redis:7.0.15+debian", "+@all %", "get a", "Syntax"),
        (SEVEN, "+@all %", "get a", "key"),
        ("redis:8.2.3", "+@all %", "get a", "Syntax"),
        (SIX, "+@all %R~a", "get a", "Syntax"),
        (SEVEN, "~* ~a", "ping", "AfterAllKeys"),
        (SEVEN, "allkeys %R~a", "ping", "AfterAllKeys"),
        (SEVEN, "~* resetkeys ~a +get", "get b", "key"),
        (SEVEN, "&* &a", "ping", "AfterAllChannels"),
        (SEVEN, "+@all ~[b-a]x", "get ax", "yes"),
        (SEVEN, "+@all ~[^a]x", "get ax", "key"),
        (SEVEN, "+@all ~a\\*", "get ab", "key"),
        (SEVEN, "+@all ~A*", "get ab", "key"),
        // Without keys no pattern is asked for.
        (SEVEN, "+@all", "flushall", "yes"),
        (SEVEN, "+@all", "keys *", "yes"),
        (SEVEN, "+@all", "eval x 0", "yes"),
    ] {
        assert_eq!(ask(version, rules, command), expected, "{version}: {rules}: {command}");
    }
    assert_eq!(describe(SEVEN, &["%R~c", "%W~c"]), "off sanitize-payload ~c resetchannels -@all");
    assert_eq!(ask(SEVEN, "~a\tb", "ping"), "Syntax");
}

#[test]
fn keys_that_need_code() {
    for (version, command, expected) in [
        (SEVEN, "bitfield r get u8 0", "yes"),
        (SEVEN, "bitfield r set u8 0 1", "key"),
        (SEVEN, "bitfield r overflow sat get u8 0", "yes"),
        (SEVEN, "sort r by w_* get #", "yes"),
        (SEVEN, "sort r store w", "yes"),
        (SEVEN, "sort r store r", "key"),
        (SEVEN, "sort r limit store 1 store w", "yes"),
        (SEVEN, "sort_ro w", "key"),
        (SEVEN, "georadius r 1 2 3 m store w", "yes"),
        (SEVEN, "georadius r 1 2 3 m storedist r", "key"),
        // The first STORE counts for the key specs, the last for the function that Valkey 9.1 asks.
        (SEVEN, "georadius r 1 2 3 m store w store r", "yes"),
        (NINE, "georadius r 1 2 3 m store w store r", "key"),
        (SEVEN, "migrate h 1 r 0 10", "key"),
        (SEVEN, "migrate h 1  0 10 keys rw", "yes"),
        (SEVEN, "migrate h 1 r 0 10 keys r", "yes"),
        (SIX, "migrate h 1 r 0 10 keys r", "key"),
        (SEVEN, "eval x 1 rw", "yes"),
        (SEVEN, "eval x 1 w", "key"),
        // Words that make no sense: any pattern that matches will do, or no key is found.
        (SEVEN, "eval x 1x w", "yes"),
        (SEVEN, "eval x 1x other", "key"),
        (SEVEN, "eval x 9 other", "yes"),
        (SEVEN, "xread streams r 0", "yes"),
        (SEVEN, "xread count 1 streams r other 0 0", "key"),
        (SEVEN, "xread count 1 streams", "yes"),
        (NINE, "msetex 2 w 1 w 2", "yes"),
        (NINE, "msetex 2 w 1 r 2", "key"),
        (SEVEN, "zunionstore w 1 r", "yes"),
        (SEVEN, "zunionstore r 1 r", "key"),
    ] {
        let rules = if version == SIX { "+@all" } else { "+@all %R~r %W~w ~rw" };
        assert_eq!(ask(version, rules, command), expected, "{version}: {command}");
    }
}

#[test]
fn channels() {
    for (version, rules, command, expected) in [
        (SEVEN, "+@all &news.*", "subscribe news.a", "yes"),
        (SEVEN, "+@all &news.*", "subscribe news.a other", "channel"),
        (SEVEN, "+@all &news.*", "psubscribe news.a", "channel"),
        (SEVEN, "+@all &news.*", "psubscribe news.*", "yes"),
        (SEVEN, "+@all", "publish a b", "channel"),
        (SEVEN, "+@all", "unsubscribe a", "yes"),
        (SEVEN, "+@all &a", "spublish a b", "yes"),
        (SIX, "+@all", "publish a b", "yes"),
        (SIX, "+@all resetchannels", "publish a b", "channel"),
    ] {
        assert_eq!(ask(version, rules, command), expected, "{version}: {rules}: {command}");
    }
    let six = on(SIX).with_channels_by_default(false);
    assert_eq!(said(six.decide(&six.user(&words("+@all")).unwrap(), &words("publish a b"))), "channel");
}

#[test]
fn commands_are_evaluated_in_order() {
    for (version, rules, command, expected) in [
        (SEVEN, "-@dangerous +@all", "config get x", "yes"),
        (SEVEN, "+@all -@dangerous", "config get x", "command"),
        (SEVEN, "+@all -@dangerous", "config help", "yes"),
        (SIX, "+@all -@dangerous", "config help", "command"),
        (SEVEN, "+@all -@dangerous +config|get", "config get x", "yes"),
        (SEVEN, "+config|get -config", "config get x", "command"),
        (SEVEN, "+@all -config|set", "config set a b", "command"),
        (SIX, "+@all -config|set", "config set a b", "UnknownCommand"),
        (SEVEN, "+@slow", "config get x", "yes"),
        (SEVEN, "+CONFIG|GET +@Read", "CONFIG Get x", "yes"),
        (SEVEN, "+nosuch", "ping", "UnknownCommand"),
        (SEVEN, "+@nosuch", "ping", "UnknownCommand"),
        (SEVEN, "+config|nosuch", "ping", "UnknownCommand"),
        (SIX, "+config|nosuch", "config nosuch", "yes"),
        (SEVEN, "+config|", "ping", "Syntax"),
        (SEVEN, "+", "ping", "UnknownCommand"),
        (SEVEN, "+config|get|x", "ping", "WordOfSubcommand"),
        (SEVEN, "+select|0", "select 0", "yes"),
        (SEVEN, "+select|0", "select 1", "command"),
        (SEVEN, "+select|0 -select", "select 0", "command"),
        (SEVEN, "+select|0 -@connection", "select 0", "command"),
        (SEVEN, "-select|0", "select 0", "UnknownCommand"),
        (SEVEN, "", "auth x", "yes"),
        (SEVEN, "", "quit", "yes"),
        (SEVEN, "", "reset", "yes"),
        (SIX, "", "quit", "yes"),
        (SIX, "", "reset", "command"),
        (SEVEN, "", "nosuch", "unknown"),
        (SEVEN, "", "get", "arity"),
        (SEVEN, "", "config", "arity"),
        (SEVEN, "", "config nosuch", "unknown"),
        (SEVEN, "+@all reset", "ping", "command"),
        // A renamed command keeps its name in rules.
        (SEVEN, "+xcfg", "ping", "UnknownCommand"),
        (SEVEN, "(+get", "ping", "OpenParenthesis"),
        (SIX, "(+get)", "ping", "Syntax"),
        (SEVEN, "(on)", "ping", "Syntax"),
        (SEVEN, "((+get))", "ping", "Syntax"),
    ] {
        assert_eq!(ask(version, rules, command), expected, "{version}: {rules}: {command}");
    }
}

#[test]
fn selectors() {
    let rules = "~a* +@read (~b* +set) (+publish &c)";
    for (command, expected) in [
        ("get a", "yes"),
        ("get b", "key"),
        ("set b 1", "yes"),
        ("set a 1", "key"),
        ("publish c x", "yes"),
        ("publish d x", "channel"),
        ("del a", "command"),
    ] {
        assert_eq!(ask(SEVEN, rules, command), expected, "{command}");
    }
    assert_eq!(ask(SEVEN, "(~b* +set) clearselectors", "set b 1"), "command");
    assert_eq!(
        describe(SEVEN, &["~a", "(%R~x +GET", "-config|set)"]),
        "off sanitize-payload ~a resetchannels -@all (%R~x resetchannels -@all +get -config|set)"
    );
    // Unbalanced quotes inside leave a selector without rules.
    assert_eq!(describe(SEVEN, &["(+get \"x)"]), "off sanitize-payload resetchannels -@all (resetchannels -@all)");
}

#[test]
fn descriptions() {
    for (version, rules, expected) in [
        (SEVEN, "+client|id -client", "off sanitize-payload resetchannels -@all -client"),
        (SEVEN, "+@all -@DANGEROUS +info", "off sanitize-payload resetchannels +@all -@dangerous +info"),
        (NINE, "on sanitize-payload", "on resetchannels -@all"),
        (NINE, "db=2,1", "off resetchannels db=1,2 -@all"),
        (NINE, "resetdbs", "off resetchannels resetdbs -@all"),
        (SIX, "on +@all", "on &* +@all"),
        ("redis:7.0.15", "+@all -@dangerous", "off resetchannels +@all -@dangerous"),
        ("redis:7.0.15", "reset", "off sanitize-payload resetchannels -@all"),
    ] {
        let rules: Vec<&str> = rules.split(' ').collect();
        assert_eq!(describe(version, &rules), expected, "{version}");
    }
    let default = on(SEVEN).default_user();
    assert_eq!(on(SEVEN).describe(&default, true), b"on nopass sanitize-payload ~* &* +@all");
}

#[test]
fn databases() {
    for (rules, command, expected) in [
        ("db=0", "get a", "yes"),
        ("db=1", "get a", "database"),
        ("db=1", "select 1", "yes"),
        ("db=1", "select 0", "database"),
        ("db=1", "select 99", "yes"),
        ("db=1,2", "swapdb 1 2", "yes"),
        ("db=0", "copy a b db 1", "database"),
        ("db=0", "copy a b db 1x db 1", "yes"),
        ("db=0", "move k 1", "database"),
        ("db=0", "flushall", "database"),
        ("db=0", "ping", "yes"),
        ("db=0 db=1", "get a", "database"),
        ("db=0,", "get a", "Syntax"),
        ("db=-1", "get a", "DatabaseOutOfRange"),
        ("resetdbs alldbs", "get a", "yes"),
    ] {
        assert_eq!(ask(NINE, &format!("+@all ~* {rules}"), command), expected, "{rules}: {command}");
    }
    assert_eq!(ask("valkey:9.0.0", "alldbs", "ping"), "Syntax");
    let evaluator = on(NINE);
    let rules = words("+@all ~* db=3");
    let user = evaluator.user(&rules).unwrap();
    let there = Situation { database: 3, databases: 4 };
    assert_eq!(said(evaluator.decide_in(&user, &words("get a"), there)), "yes");
}

#[test]
fn deciding_rules() {
    for (rules, command, expected) in [
        ("+@all -@dangerous", "config get x", Some("-@dangerous")),
        ("+@all -@dangerous ~*", "get x", Some("+@all")),
        ("+@READ ~*", "get x", Some("+@READ")),
        ("~a", "get x", None),
        ("-@all", "get x", Some("-@all")),
        ("+get ~* resetkeys", "get x", Some("resetkeys")),
        ("+get ~a", "get x", None),
        ("~a +get (~b* +set)", "set b 1", Some("(~b* +set)")),
        ("+@all -config|set", "config set a b", Some("-config|set")),
        ("+@all -config", "config set a b", Some("-config")),
        ("-@all", "auth x", None),
        ("+select|0", "select 0", Some("+select|0")),
        ("+@all resetchannels", "publish a b", Some("resetchannels")),
        ("+@all reset", "ping", Some("reset")),
    ] {
        assert_eq!(decided_by(SEVEN, rules, command).as_deref(), expected, "{rules}: {command}");
    }
}

#[test]
fn undone_and_crashing_rules() {
    let undone = |rules: &str| {
        let rules = words(rules);
        let all = on(SEVEN).undone(&on(SEVEN).read(&rules).unwrap());
        all.iter().map(|one| (one.rule.start, one.by.start, one.takes_away)).collect::<Vec<_>>()
    };
    assert_eq!(undone("~a -@dangerous +@all"), [(1, 2, true)]);
    assert_eq!(undone("+@all -@dangerous"), []);
    assert_eq!(undone("+@all -@dangerous +info"), []);
    assert_eq!(undone("-@all +@all"), []);
    assert_eq!(undone("+@read -@all +@write"), [(0, 1, false)]);
    assert_eq!(undone("-@dangerous +@all -@dangerous"), []);
    let crashing = |version: &str, rules: &[&[u8]]| {
        let evaluator = on(version);
        evaluator.crashing(&evaluator.read(rules).unwrap()).len()
    };
    assert_eq!(crashing(SEVEN, &[b"+eval|return 1"]), 1);
    assert_eq!(crashing(SEVEN, &[b"+eval|return"]), 0);
    assert_eq!(crashing("redis:7.0.15", &[b"+eval|return 1"]), 0);
    assert_eq!(crashing("redis:7.0.15", &[b"%~x"]), 1);
    assert_eq!(crashing(SEVEN, &[b"+eval|return 1", b"+@all"]), 0);
}

#[test]
fn ways_of_taking_over() {
    let open = |version: &str, rules: &str, way: &str, gates: Gates| {
        let evaluator = on(version);
        let rules = words(rules);
        let ways = evaluator.takeover(&evaluator.read(&rules).unwrap(), gates);
        ways.into_iter().find(|one| one.way.name == way).map(|one| one.open)
    };
    let (closed, unknown) = (Gates::default(), Gates { protected_configs: Gate::Unknown, ..Gates::default() });
    let yes = Gates {
        protected_configs: Gate::Yes,
        debug_command: Gate::Yes,
        module_command: Gate::Local,
        ..Gates::default()
    };
    assert_eq!(open(SEVEN, "+@all", "config-set-dir", closed), Some(Some(false)));
    assert_eq!(open(SEVEN, "+@all", "config-set-dir", yes), Some(Some(true)));
    assert_eq!(open(SEVEN, "+@all", "config-set-dir", unknown), Some(None));
    assert_eq!(open(SEVEN, "+@all -config|set", "config-set-dir", unknown), Some(Some(false)));
    assert_eq!(open(SEVEN, "+@all", "module-load", yes), Some(Some(false)));
    assert_eq!(open(SIX, "+@all", "config-set-dir", closed), Some(Some(true)));
    assert_eq!(open(SIX, "+config|set", "config-set-dir", closed), Some(Some(true)));
    assert_eq!(open(SIX, "+config|get", "config-set-dir", closed), Some(Some(false)));
    assert_eq!(open(SIX, "+@all", "function-load", closed), None);
    assert_eq!(open(SEVEN, "+@all -@dangerous", "scripting", closed), Some(Some(true)));
    assert_eq!(open(SEVEN, "+migrate", "migrate", closed), Some(Some(false)));
    assert_eq!(open(SEVEN, "+migrate ~a", "migrate", closed), Some(Some(true)));
    assert_eq!(open(SEVEN, "+@all", "sentinel-hello", closed), None);
}

#[test]
fn ways_of_taking_over_through_a_sentinel() {
    let open = |name: &str, rules: &str, way: &str, gates: Gates| {
        let evaluator = Evaluator::for_sentinel(Version::find(name).unwrap().0);
        let rules = words(rules);
        let ways = evaluator.takeover(&evaluator.read(&rules).unwrap(), gates);
        ways.into_iter().find(|one| one.way.name == way).map(|one| (one.open, one.gate))
    };
    let gates = |scripts_reconfig| Gates { scripts_reconfig, ..Gates::default() };
    let closed = gates(Gate::No);
    for name in [SIX, SEVEN, NINE] {
        let scripts = |gate| open(name, "+sentinel|set", "sentinel-scripts", gates(gate));
        let gate = Some("sentinel deny-scripts-reconfig");
        assert_eq!(scripts(Gate::No), Some((Some(false), gate)), "{name}");
        assert_eq!(scripts(Gate::Yes), Some((Some(true), gate)), "{name}");
        assert_eq!(scripts(Gate::Unknown), Some((None, gate)), "{name}");
        for other in ["config-set", "config-set-dir", "debug", "monitor", "flush", "module-load", "failover", "keys"] {
            assert_eq!(open(name, "+@all", other, closed), None, "{name} {other}");
        }
        for way in ["acl-setuser", "sentinel-monitor", "sentinel-remove", "sentinel-config-get", "shutdown"] {
            assert_eq!(open(name, "+@all", way, closed), Some((Some(true), None)), "{name} {way}");
            assert_eq!(open(name, "+sentinel|masters", way, closed), Some((Some(false), None)), "{name} {way}");
        }
        let hello = |rules: &str| open(name, rules, "sentinel-hello", closed).and_then(|(open, _)| open);
        assert_eq!(hello("+publish allchannels"), Some(true), "{name}");
        assert_eq!(hello("+publish resetchannels &__sentinel__:*"), Some(true), "{name}");
        // 6.2 looks at no channel there.
        assert_eq!(hello("+publish resetchannels &other"), Some(name == SIX), "{name}");
    }
}

#[test]
fn a_sentinel_has_commands_of_its_own() {
    for version in &VERSIONS {
        let (server, sentinel) = (Evaluator::new(version), Evaluator::for_sentinel(version));
        let takes = |evaluator: &Evaluator, rule: &str| evaluator.user(&[rule.as_bytes()]).is_ok();
        for rule in ["+sentinel", "+sentinel|masters", "-sentinel"] {
            assert!(takes(&sentinel, rule) && !takes(&server, rule), "{version} {rule}");
        }
        for rule in ["+get", "+config|get", "+select", "+client|no-touch", "+multi"] {
            // 6.2 asks nobody which subcommands there are.
            let old = rule == "+client|no-touch" && !version.since(7, 0);
            assert_eq!(takes(&sentinel, rule), old, "{version} {rule}");
        }
        assert_eq!(takes(&sentinel, "+sentinel|primaries"), version.valkey_since(8, 0) || !version.since(7, 0));
        let read = sentinel.read(&[b"+@all".as_slice(), b"-@admin"]).unwrap();
        assert!(!read.user.permits(sentinel.table(), b"sentinel|masters"), "{version}");
        assert!(read.user.permits(sentinel.table(), b"publish"), "{version}");
    }
}

#[test]
fn files() {
    let bytes =
        b"user default off\n\n# no comment\n  user  app on ~a* (+get\tx) \nuser a (+get ~b)\r\nuser a +nosuch\n";
    let file = AclFile::read(bytes);
    let errors: Vec<(usize, String)> =
        file.errors(&on(SEVEN)).into_iter().map(|error| (error.line, error.message)).collect();
    assert_eq!(errors[0].0, 3);
    // Two spaces: the name is empty, `app` the first rule.
    assert_eq!(errors[1], (4, "`app`: this is no rule".to_owned()));
    assert!(errors[2].1.contains("already on line 5"), "{errors:?}");
    assert_eq!(errors.len(), 3);
    let six = file.errors(&on(SIX));
    assert_eq!(six.iter().map(|error| error.line).collect::<Vec<_>>(), [3, 4, 5, 6]);
    let app = AclFile::read(b"user app on >\"p\" ~a* +get\n");
    let (line, user) = app.users()[0];
    assert_eq!((line.number, app.bytes(&user.name)), (1, b"app".as_slice()));
    assert_eq!(app.rules(user), words("on >\"p\" ~a* +get"));
    // A NUL takes the rest of its line with it, the line ending included.
    let glued = AclFile::read(b"user a on\0 junk\nuser b off\n");
    assert_eq!(glued.lines.len(), 1);
    assert_eq!(glued.text(), b"user a onuser b off\n");
    assert_eq!(glued.place(&(7..11)), 7..18);
}

#[test]
fn json_lines() {
    let one = |line: &str| serde_json::to_string(&answer(&on(SEVEN), line.as_bytes())).unwrap();
    assert_eq!(
        one(r#"{"rules": ["~a*", "+@read", "(~b* +set)"], "command": ["get", "a"]}"#),
        r#"{"allowed":true,"reason":"allowed","decided_by":"+@read"}"#
    );
    assert!(one("").contains("input_error"));
    assert!(one(r#"{"rules": [], "command": []}"#).contains("input_error"));
    assert!(one(r#"{"rules": ["+x"], "command": ["nosuch"]}"#).starts_with(r#"{"error""#));
    assert!(one(r#"{"rules": [], "command": ["nosuch"]}"#).starts_with(r#"{"command_error""#));
}

/// Runs `hardline acl …` in a folder; standard output and the exit code.
fn run(folder: &std::path::Path, arguments: &[&str], input: &str) -> (String, i32) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_hardline"));
    let piped = std::process::Stdio::piped;
    command.arg("acl").args(arguments).current_dir(folder).stdin(piped()).stdout(piped()).stderr(piped());
    let mut child = command.spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    (String::from_utf8(output.stdout).unwrap(), output.status.code().unwrap())
}

#[test]
fn the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let users = "user default off\nuser app on >secret ~a* +@read\nuser ops on >secret ~* &* +@all -@dangerous\n";
    std::fs::write(folder.path().join("users.acl"), users).unwrap();
    std::fs::write(folder.path().join("wider.acl"), users.replace("+@read", "+@read +set")).unwrap();
    std::fs::write(folder.path().join("broken.acl"), "# no comments\nuser app on\n").unwrap();
    let run = |arguments: &[&str], input: &str| run(folder.path(), arguments, input);
    let can = |user: &str, rest: &[&str]| {
        let arguments = [&["can", "--acl", "users.acl", "--user", user], rest].concat();
        run(&arguments, "")
    };
    let (out, code) = can("ops", &["--", "CONFIG", "SET", "dir", "/tmp"]);
    assert_eq!(
        (out.as_str(), code),
        ("no, for want of a permission on the command: `-@dangerous` decides (users.acl:3:33)\n", 1)
    );
    let (out, code) = can("app", &["--server-version", "redis:7.4.1", "--", "get", "abc"]);
    assert_eq!((out.as_str(), code), ("yes (redis:7.4.1): `+@read` decides (users.acl:2:25)\n", 0));
    // Only some of the versions have the command.
    assert_eq!(can("ops", &["--", "hexpire", "k", "1", "fields", "1", "f"]).1, 3);
    assert_eq!(can("nobody", &["--", "ping"]).1, 2);
    assert_eq!(can("app", &["--server-version", "redis:1.0", "--", "ping"]).1, 2);
    assert_eq!(run(&["can", "--acl", "broken.acl", "--user", "app", "--", "ping"], "").1, 3);

    let lines = "{\"rules\": [\"+@all\"], \"command\": [\"ping\"]}\n\n{\"rules\": [], \"command\": [\"nosuch\"]}";
    let (out, code) = run(&["can", "--batch", "-", "--server-version", "redis:7.4.1"], lines);
    assert_eq!((out.lines().count(), code), (3, 2));
    let (_, code) = run(&["can", "--batch", "-"], "{\"rules\": [], \"command\": [\"nosuch\"]}\n");
    assert_eq!(code, 0);

    let (out, code) = run(&["show", "users.acl", "--server-version", "valkey:9.1.2"], "");
    let shown: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, shown["server"].as_str()), (0, Some("valkey:9.1.2")));
    assert_eq!(shown["users"][1]["keys"], serde_json::json!([{"pattern": "a*", "read": true, "write": true}]));
    assert_eq!((&shown["users"][2]["line"], &shown["users"][1]["passwords"]), (&3.into(), &1.into()));
    assert!(!out.contains("secret\""));

    assert_eq!(run(&["diff", "users.acl", "users.acl"], "").1, 0);
    let (out, code) = run(&["diff", "users.acl", "wider.acl"], "");
    let difference: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &difference["users"][0]["commands"]["gained"]), (1, &serde_json::json!(["set"])));
    assert_eq!(run(&["diff", "wider.acl", "users.acl"], "").1, 0);
    assert_eq!(run(&["diff", "users.acl", "nowhere.acl"], "").1, 3);
}

/// Pieces from which rules are likely to be made, and others.
fn rule() -> impl Strategy<Value = Vec<u8>> {
    let likely = prop::sample::select(vec![
        "on",
        "off",
        "nopass",
        "resetpass",
        ">p",
        "<p",
        "~*",
        "~a*",
        "%R~b",
        "%W~b",
        "%",
        "resetkeys",
        "&*",
        "&c",
        "resetchannels",
        "+@all",
        "-@all",
        "+@read",
        "-@dangerous",
        "+get",
        "-config",
        "+config|get",
        "-config|set",
        "+select|0",
        "+eval|x",
        "(+get ~a)",
        "(+set",
        "~b)",
        "clearselectors",
        "reset",
        "alldbs",
        "db=1,2",
        "resetdbs",
        "sanitize-payload",
        "",
    ]);
    prop_oneof![
        4 => likely.prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..12),
        1 => "[-+~&%(<>#!@|]{1,2}[a-z|@~*()\" ]{0,8}".prop_map(String::into_bytes),
    ]
}

fn version() -> impl Strategy<Value = Evaluator> {
    prop::sample::select(VERSIONS.iter().collect::<Vec<_>>()).prop_map(Evaluator::new)
}

proptest! {
    #[test]
    fn nothing_panics(evaluator in version(), rules in prop::collection::vec(rule(), 0..8),
                      command in prop::collection::vec(prop_oneof![rule(), Just(b"get".to_vec()), Just(b"sort".to_vec())], 1..6),
                      file in prop::collection::vec(any::<u8>(), 0..200)) {
        let rules: Vec<&[u8]> = rules.iter().map(Vec::as_slice).collect();
        let command: Vec<&[u8]> = command.iter().map(Vec::as_slice).collect();
        let read = evaluator.read(&rules);
        prop_assert_eq!(evaluator.user(&rules), read.as_ref().map(|read| read.user.clone()).map_err(Clone::clone));
        if let Ok(read) = read {
            let answer = evaluator.decide(&read.user, &command);
            if let Some(arguments) = evaluator.decided_by(&read, &command, answer) {
                prop_assert!(arguments.end <= rules.len() && !arguments.is_empty());
            }
            let _ = (evaluator.undone(&read), evaluator.crashing(&read));
            let all = evaluator.takeover(&read, Gates::default());
            let open: Vec<_> = all.into_iter().filter(|standing| standing.open != Some(false)).collect();
            prop_assert_eq!(open, evaluator.open_ways(&read, Gates::default()));
        }
        let text = [b"user a ".as_slice(), &rules.join(&b' '), b"\n", &file].concat();
        let file = AclFile::read(&text);
        for error in file.errors(&evaluator) {
            prop_assert!(error.place.end <= text.len());
        }
        let _ = answer(&evaluator, &text);
    }

    /// What a user is described as makes the same user again.
    #[test]
    fn descriptions_say_it_all(evaluator in version(), rules in prop::collection::vec(rule(), 0..8)) {
        let rules: Vec<&[u8]> = rules.iter().map(Vec::as_slice).collect();
        let Ok(read) = evaluator.read(&rules) else { return Ok(()) };
        // What the server itself cannot describe need not come back.
        prop_assume!(evaluator.crashing(&read).is_empty());
        let user = read.user;
        let described = evaluator.describe(&user, true);
        let again: Vec<&[u8]> = described.split(|byte| *byte == b' ').collect();
        let again = evaluator.user(&again);
        let again = again.map_err(|error| TestCaseError::fail(format!("{}: {error}", String::from_utf8_lossy(&described))))?;
        for command in evaluator.table().commands() {
            let name = command.name().as_bytes();
            prop_assert_eq!(user.permits(evaluator.table(), name), again.permits(evaluator.table(), name));
        }
        prop_assert_eq!(evaluator.describe(&again, true).escape_ascii().to_string(), described.escape_ascii().to_string());
    }
}
