//! Servers that run, audited: the same verdicts as for the file they were started with, whatever version and whatever
//! way in; what is refused is unknown; passwords show nowhere.
//!
//! 60 random configurations in the ordinary run, `HARDLINE_CASES=83333` asks 1,000. `HARDLINE_SEED` is another seed.

mod hostile;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use proptest::strategy::{Strategy, ValueTree};
use serde_json::Value;

use super::acl_live::{number, runner};
use super::conf_live::{at_once, generate, plain_settings};
use super::servers::{self, Endpoint, Running, Server, Setup, Started};

/// Checks that only one of the two can decide, and why.
const EXCEPTIONS: [(&str, &str); 19] = [
    ("redis/acl-password-in-clear-text", "ACL LIST shows hashes only"),
    ("redis/acl-rule-undone", "ACL LIST shows what is left of the rules"),
    ("redis/file-readable-by-all", "nobody sees files through a port"),
    ("redis/file-writable-by-others", "nobody sees files through a port"),
    ("redis/private-key-in-repository", "nobody sees files through a port"),
    ("redis/password-in-repository", "nobody sees files through a port"),
    ("redis/name-outdated", "a server answers with the names of today"),
    ("redis/setting-not-in-force", "a server answers with what is in force"),
    ("redis/password-is-a-reference", "ACL LIST shows hashes only"),
    ("redis/password-guessable", "ACL LIST shows hashes only"),
    ("redis/password-shared-by-users", "a password of one user that another's line repeats is one hash"),
    ("redis/weak-defaults", "a server does not say what was written and what has its default"),
    ("redis/renamed-command-is-no-secret", "a server does not say what a command is called now"),
    ("redis/requirepass-void", "a server does not say which line made the default user"),
    ("redis/default-user-beside-others", "a server does not say which line made the default user"),
    ("redis/save-left-to-default", "a server does not say what was written"),
    ("redis/user-data-in-log", "a server does not say what was written and what has its default"),
    ("redis/log-lost", "the folder of the log is the server's"),
    ("redis/refused-by-some-versions", "of a running server the version is known"),
];

/// What a run of hardline said.
struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

fn hardline(folder: &Path, arguments: &[&str], password: Option<&str>) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hardline"));
    command.args(arguments).current_dir(folder).env_remove("REDISCLI_AUTH").env("SOURCE_DATE_EPOCH", "1790000000");
    if let Some(password) = password {
        command.env("REDISCLI_AUTH", password);
    }
    let output = command.output().expect("hardline runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

impl Ran {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}{}", self.out, self.err))
    }

    /// The checks that failed, and those that could not be decided.
    fn verdicts(&self) -> (BTreeSet<String>, BTreeSet<String>) {
        let report = self.json();
        let of = |list: &str| {
            let all = report[list].as_array().expect("a list").iter();
            all.filter_map(|item| item["check"].as_str().map(str::to_owned)).collect()
        };
        (of("findings"), of("unknown"))
    }
}

/// The URL of a way in.
fn url(endpoint: &Endpoint) -> String {
    match endpoint {
        Endpoint::Unix(path) => format!("unix://{}", path.display()),
        Endpoint::Tcp(address) if address.is_ipv6() => format!("redis://[::1]:{}", address.port()),
        Endpoint::Tcp(address) => format!("redis://127.0.0.1:{}", address.port()),
    }
}

fn start(server: &Server, conf: &str) -> Running {
    match server.start(Setup::of(conf).lay_out()) {
        Started::Ready(running) => running,
        Started::Refused(refusal) => panic!("{}: {}", server.name, refusal.output),
    }
}

/// The first way in by which an audit reads the settings.
fn way_in(running: &Running) -> Option<String> {
    let urls: Vec<String> = running.endpoints().iter().map(url).collect();
    urls.into_iter().find(|url| {
        let facts =
            hardline(running.work(), &["audit", url, "--select", "redis/acl-log-off", "--format", "json"], None);
        facts.json()["tally"]["unknown"] == 0
    })
}

/// What differs between the verdicts on a server and on its file, beyond the exceptions; `None` where no audit gets in.
fn differ(server: &Server, setup: &Setup) -> Option<(usize, Vec<String>)> {
    let Started::Ready(running) = server.start(setup.lay_out()) else { return None };
    let way = way_in(&running)?;
    let live = hardline(running.work(), &["audit", &way, "--format", "json"], None);
    // The tables of the nearest version know the patch that it says it is.
    let said = live.json()["subjects"][0]["version"].clone();
    let version = said.as_str().expect("a version");
    let file = hardline(
        running.work(),
        &["check", "test.conf", "--server-version", version, "--format", "json", "--no-waivers"],
        None,
    );
    let ((failed, unknown), (written, open)) = (live.verdicts(), file.verdicts());
    let live_only: BTreeSet<String> = live_checks();
    let known = |check: &String| {
        !unknown.contains(check)
            && !open.contains(check)
            && !live_only.contains(check)
            && !EXCEPTIONS.iter().any(|(id, _)| id == check)
    };
    let drift =
        hardline(running.work(), &["drift", "test.conf", &way, "--server-version", version, "--format", "json"], None);
    let drift = drift.json();
    let drifted = drift["differences"].as_array().expect("a list").iter();
    let drifted = drifted.map(|one| {
        format!("drift: {} is {} here and {} there", one["what"], one["left"]["value"], one["right"]["value"])
    });
    let one = failed.difference(&written).filter(|check| known(check)).map(|check| format!("only live: {check}"));
    let other = written.difference(&failed).filter(|check| known(check)).map(|check| format!("only the file: {check}"));
    Some((failed.intersection(&written).count(), one.chain(other).chain(drifted).collect()))
}

/// The checks on what only a running server tells.
fn live_checks() -> BTreeSet<String> {
    let roots = hardline::project::roots();
    let all = hardline::check::embedded::all().iter().filter_map(|entry| entry.check(&roots).ok());
    all.filter(|check| check.fact_names().any(|name| name == "live")).map(|check| check.id.to_string()).collect()
}

fn compare(name: &str) {
    let server = servers::named(name);
    // About a third starts and lets an audit in.
    let (wanted, seed) = (number("HARDLINE_CASES", 5_000) * 3 / 1_000, number("HARDLINE_SEED", 1));
    let strategy = generate::case(server, &plain_settings(server));
    let mut runner = runner(seed);
    let cases: Vec<Setup> =
        std::iter::repeat_with(|| strategy.new_tree(&mut runner).expect("a configuration").current())
            .map(|case| case.setup)
            .filter(|setup| setup.args.len() == 1 && setup.stdin.is_none())
            .take(wanted * 4)
            .collect();
    let told = at_once(&cases, |setup| (setup.clone(), differ(server, setup)));
    let compared = told.iter().filter(|(_, told)| told.is_some()).count();
    let found: usize = told.iter().filter_map(|(_, told)| told.as_ref()).map(|(found, _)| found).sum();
    println!("{name}, seed {seed}: {compared} of {} servers audited, {found} findings both ways", cases.len());
    let wrong: Vec<String> = told
        .iter()
        .filter_map(|(setup, told)| Some((setup, &told.as_ref()?.1)))
        .filter(|(_, wrong)| !wrong.is_empty())
        .map(|(setup, wrong)| format!("{wrong:?}\n{setup}"))
        .take(5)
        .collect();
    assert!(wrong.is_empty(), "{name}, seed {seed}:\n{}", wrong.join("\n"));
    assert!(compared * 2 >= wanted && found >= compared, "{compared} of {wanted} were audited, {found} findings");
}

#[test]
fn redis_6_2_is_judged_as_its_file() {
    compare("redis-6.2");
}

#[test]
fn redis_7_0_is_judged_as_its_file() {
    compare("redis-debian");
}

#[test]
fn redis_8_2_is_judged_as_its_file() {
    compare("redis-8.2");
}

#[test]
fn valkey_9_1_is_judged_as_its_file() {
    compare("valkey-9.1");
}

/// The audit's user, exactly as `--print-acl` prints it, reads everything that the default user reads.
#[test]
fn the_user_that_is_printed_is_enough() {
    let rules = hardline(Path::new("/"), &["audit", "--print-acl"], None).out;
    let line = rules.lines().next().expect("a user").replace(">PASSWORD", ">canary-audit-password");
    for server in servers::all() {
        // 6.2 knows no rights to single subcommands, but takes the first argument for one.
        let conf =
            format!("port {{PORT}}\nbind 127.0.0.1\nmaxmemory 100mb\n{line}\nuser app on >canary-app ~a:* +@read\n");
        let running = start(server, &conf);
        let way = url(&running.endpoints()[0]);
        let arguments = ["audit", &way, "--user", "hardline-audit", "--format", "json"];
        let audited = hardline(running.work(), &arguments, Some("canary-audit-password"));
        let everything = hardline(running.work(), &["audit", &way, "--format", "json"], None);
        let (failed, unknown) = audited.verdicts();
        let (all, open) = everything.verdicts();
        assert_eq!((&failed, &unknown), (&all, &open), "{}: {}", server.name, audited.err);
        // It is refused nothing, so the server has no denial to remember.
        let log = running.client(None).expect("a session").ask(&["ACL", "LOG"]).expect("an answer");
        assert!(matches!(&log, redis::Value::Array(entries) if entries.is_empty()), "{}: {log:?}", server.name);
        for ran in [&audited, &everything] {
            assert!(!ran.out.contains("canary") && !ran.err.contains("canary"), "{}{}", ran.out, ran.err);
        }
    }
}

/// What is refused is unknown, never a pass, and says what would help.
#[test]
fn what_is_refused_is_unknown() {
    for (conf, needs) in [
        ("requirepass canary-password\n", "a user and a password for the audit"),
        ("user default on nopass ~* +@all -config\n", "`+config|get` for clients without a login"),
        ("rename-command CONFIG \"\"\n", "a server that answers `CONFIG GET *` (ERR: renamed, or a managed service)"),
    ] {
        let running = start(servers::named("redis-debian"), &format!("port {{PORT}}\nbind 127.0.0.1\n{conf}"));
        let way = url(&running.endpoints()[0]);
        let ran = hardline(running.work(), &["audit", &way, "--select", "redis/acl-log-off", "--format", "json"], None);
        assert_eq!(ran.code, Some(3), "{}", ran.err);
        let report = ran.json();
        let unknown = &report["unknown"][0];
        assert_eq!((unknown["why"].as_str(), unknown["needs"].as_str()), (Some("not-permitted"), Some(needs)));
        let ran = hardline(running.work(), &["audit", &way, "--select", "redis/acl-log-off", "--no-strict"], None);
        assert_eq!(ran.code, Some(0), "{}", ran.out);
    }
}

/// A wrong password is said once, and the password nowhere.
#[test]
fn passwords_show_nowhere() {
    let running = start(servers::named("redis-8.2"), "port {PORT}\nbind 127.0.0.1\nrequirepass canary-right\n");
    let [port, _] = running.ports();
    let formats = ["terminal", "concise", "json", "sarif", "github", "markdown", "html"];
    for (password, code) in [("canary-right", Some(1)), ("canary-wrong", Some(3))] {
        for format in formats {
            for url in [
                format!("redis://:{password}@127.0.0.1:{port}"),
                format!("redis://default:{password}@localhost:{port}"),
            ] {
                let ran = hardline(running.work(), &["audit", &url, "--format", format], None);
                assert!(!ran.out.contains("canary") && !ran.err.contains("canary"), "{}{}", ran.out, ran.err);
                assert!(!ran.out.is_empty());
                assert_eq!(ran.code, code, "{format}: {}", ran.out);
            }
        }
    }
}

/// A user who was switched off keeps the session; a client on the port without TLS is in clear.
#[test]
fn sessions_that_outlive_their_user_are_found() {
    let running =
        start(servers::named("valkey-9.1"), "port {PORT}\nbind 127.0.0.1\nuser leaver on >canary-leaver ~* +@all\n");
    let _session = running.client(Some(("leaver", "canary-leaver"))).expect("a session");
    let mut other = running.client(None).expect("a session");
    let way = url(&running.endpoints()[0]);
    let ask = || {
        let arguments = ["audit", &way, "--select", "redis/session-outlives-user", "--format", "json"];
        hardline(running.work(), &arguments, None).json()
    };
    assert_eq!(ask()["tally"]["fail"], 0);
    other.ask(&["ACL", "SETUSER", "leaver", "off"]).expect("it is switched off");
    let report = ask();
    assert_eq!(report["tally"]["fail"], 1, "{report:#}");
    let message = report["findings"][0]["message"].as_str().unwrap_or_default();
    assert!(message.contains("`leaver`"), "{message}");
}

/// TLS: with its authority, without it, and on a port that has none.
#[test]
fn a_certificate_is_a_fact() {
    let server = servers::named("redis-debian");
    let mut setup = Setup::of(
        "port 0\nunixsocket {DIR}/s\ntls-port {PORT}\nbind 127.0.0.1\ntls-cert-file {DIR}/tls/server.crt\ntls-key-file {DIR}/tls/server.key\n\
         tls-ca-cert-file {DIR}/tls/server.crt\ntls-auth-clients no\nrequirepass canary-password\n",
    );
    for name in ["server.crt", "server.key"] {
        setup.files.push((format!("tls/{name}"), server.certificate(name)));
    }
    let Started::Ready(running) = server.start(setup.lay_out()) else { panic!("it does not start") };
    let url = format!("rediss://127.0.0.1:{}", running.ports()[0]);
    let ask = |more: &[&str]| {
        let arguments =
            [&["audit", &url, "--select", "redis/certificate-not-trusted", "--format", "json"], more].concat();
        hardline(running.work(), &arguments, Some("canary-password"))
    };
    // The password is not sent to whoever cannot prove who it is, and that is what there is to be told.
    let distrusted = ask(&[]);
    assert_eq!(
        (distrusted.code, &distrusted.json()["tally"]["fail"]),
        (Some(1), &Value::from(1)),
        "{}",
        distrusted.err
    );
    let said = "not logged in: no password is sent to a server that is not trusted";
    assert!(distrusted.err.contains(said) || distrusted.out.contains(said), "{}{}", distrusted.out, distrusted.err);
    let insecure = ask(&["--insecure"]);
    assert_eq!((insecure.code, &insecure.json()["tally"]["fail"]), (Some(1), &Value::from(1)), "{}", insecure.err);
}

/// Each way of speaking past each other has its reason.
#[test]
fn a_port_that_speaks_otherwise_is_told() {
    let server = servers::named("redis-debian");
    let mut setup = Setup::of(
        "port {PORT}\ntls-port {PORT2}\nbind 127.0.0.1\ntls-cert-file {DIR}/tls/server.crt\n\
         tls-key-file {DIR}/tls/server.key\ntls-ca-cert-file {DIR}/tls/server.crt\n",
    );
    for name in ["server.crt", "server.key"] {
        setup.files.push((format!("tls/{name}"), server.certificate(name)));
    }
    let Started::Ready(running) = server.start(setup.lay_out()) else { panic!("it does not start") };
    let [plain, tls] = running.ports();
    for (url, why) in [
        (format!("redis://127.0.0.1:{tls}"), "is this a port for TLS (rediss://)?"),
        (format!("rediss://127.0.0.1:{plain}"), "is this a port without TLS (redis://)?"),
        (format!("rediss://127.0.0.1:{tls}"), "it wants a certificate of the client (--cert and --key)"),
    ] {
        // With TLS 1.3 its certificate is seen all the same.
        let arguments = ["audit", &url, "--connect-timeout", "500", "--ignore", "tls", "--format", "json"];
        let ran = hardline(running.work(), &arguments, None);
        let report = ran.json();
        assert_eq!(report["tally"]["pass"], 0, "{url}");
        let needs: Vec<&str> = report["unknown"]
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(|unknown| unknown["needs"].as_str())
            .collect();
        assert!(needs.iter().any(|needs| needs.contains(why)), "{url}: {needs:?}");
    }
}

/// A server is asked in one round trip, with a login in two: what a stranger sees comes before.
#[test]
fn a_server_is_asked_in_two_round_trips() {
    use hardline::platform::redis::live::ask::{Answer, Ask, ask};
    use hardline::platform::redis::live::connect::Tls;
    use hardline::platform::redis::live::reply::Reply;
    use hardline::platform::redis::live::target::{Limits, Target};
    for server in servers::all() {
        let running = start(server, "port {PORT}\nbind 127.0.0.1\nrequirepass canary-password\n");
        let [port, _] = running.ports();
        for (login, trips) in [("", 1), (":canary-password@", 2), (":canary-wrong@", 2)] {
            let target = Target::parse(&format!("redis://{login}127.0.0.1:{port}")).expect("a URL");
            let answers = ask(&target, &Tls::default(), Limits::default()).expect("answers");
            assert_eq!(answers.round_trips, trips, "{}", server.name);
            assert_eq!(answers.reply(Ask::Info).is_some(), login.contains("password"), "{}", server.name);
            // Every question has its own answer, whatever became of the login.
            let all = answers.stranger.iter().chain(&answers.told).map(|(_, answer)| answer).chain(&answers.login);
            assert!(all.clone().all(|answer| matches!(answer, Answer::Reply(_))), "{}: {answers:?}", server.name);
            let code =
                |answer: &Answer| matches!(answer, Answer::Reply(Reply::Error { code, .. }) if code == "WRONGPASS");
            assert_eq!(
                all.filter(|answer| code(answer)).count(),
                usize::from(login.contains("wrong")),
                "{}",
                server.name
            );
        }
    }
}

/// What a finding says to type makes it go, and what it says to type after that brings it back.
#[test]
fn the_commands_of_a_fix_work_and_are_undone() {
    for server in servers::all() {
        let running = start(server, "port {PORT}\nbind 127.0.0.1\nacllog-max-len 0\ntcp-keepalive 0\n");
        let way = url(&running.endpoints()[0]);
        let ask = || {
            let select = "redis/acl-log-off,redis/keepalive-off";
            hardline(running.work(), &["audit", &way, "--select", select, "--format", "json"], None).json()
        };
        let before = ask();
        assert_eq!(before["tally"]["fail"], 2, "{before:#}");
        let [port, _] = running.ports();
        let client = format!("redis-cli -h 127.0.0.1 -p {port} ");
        let typed = |name: &str| -> Vec<String> {
            let all = before["findings"].as_array().expect("a list").iter();
            let texts = all.map(|finding| finding["fix"][name].as_str().expect("words").to_owned());
            let commands = texts.flat_map(|text| {
                let quoted: Vec<String> = text.split('`').skip(1).step_by(2).map(str::to_owned).collect();
                quoted.into_iter().filter_map(|one| one.strip_prefix(&client).map(str::to_owned)).collect::<Vec<_>>()
            });
            commands.collect()
        };
        let (make, undo) = (typed("hint"), typed("rollback"));
        assert_eq!((make.len(), undo.len()), (2, 2), "{before:#}");
        let mut session = running.client(None).expect("a session");
        let mut run = |commands: &[String]| {
            for command in commands {
                let words: Vec<&str> = command.split(' ').collect();
                session.ask(&words).expect("the server takes it");
            }
        };
        run(&make);
        assert_eq!(ask()["tally"]["fail"], 0, "{}: {make:?}", server.name);
        run(&undo);
        assert_eq!(ask()["tally"]["fail"], 2, "{}: {undo:?}", server.name);
    }
}

/// A Sentinel, its master and its replica: found from the Sentinel, each judged on its own, the Sentinel by its own user.
#[test]
fn a_group_is_found_from_its_sentinel() {
    let server = servers::named("redis-debian");
    let primary = start(server, "port {PORT}\nbind 127.0.0.1\n");
    let [port, _] = primary.ports();
    let replica = start(server, &format!("port {{PORT}}\nbind 127.0.0.1\nreplicaof 127.0.0.1 {port}\n"));
    let rules = hardline(Path::new("/"), &["audit", "--print-acl"], None).out;
    let user = rules.lines().last().expect("a user").replace(">PASSWORD", ">canary-audit-password");
    let conf = format!(
        "port {{PORT}}\nsentinel monitor shop 127.0.0.1 {port} 1\n{user}\nuser default on nopass -@all +ping\n"
    );
    let setup = Setup::of(&conf).args(&["--sentinel"]);
    let Started::Ready(sentinel) = server.start(setup.lay_out()) else { panic!("it does not start") };
    let way = format!("redis+sentinel://127.0.0.1:{}", sentinel.ports()[0]);
    // A Sentinel learns of replicas from the master, every ten seconds.
    let mut report = Value::Null;
    for _ in 0..60 {
        // Only the Sentinel knows the user; the servers take everybody and refuse the login.
        let alone = hardline(
            sentinel.work(),
            &["audit", &way, "--user", "hardline-audit", "--format", "json"],
            Some("canary-audit-password"),
        );
        report = alone.json();
        if report["subjects"].as_array().is_some_and(|all| all.len() == 4) {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(300));
    }
    let subjects: BTreeSet<String> = report["subjects"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|subject| format!("{} {}", subject["kind"].as_str().unwrap_or(""), subject["name"].as_str().unwrap_or("")))
        .collect();
    let mut expected: BTreeSet<String> =
        [("sentinel", sentinel.ports()[0]), ("redis", port), ("redis", replica.ports()[0])]
            .map(|(kind, port)| format!("{kind} 127.0.0.1:{port}"))
            .into();
    expected.insert("group shop".to_owned());
    assert_eq!(subjects, expected, "{report:#}");
    let found = report["findings"].as_array().expect("a list").iter().filter_map(|finding| finding["check"].as_str());
    assert!(found.clone().any(|check| check == "sentinel/quorum-of-one"), "{report:#}");
}
