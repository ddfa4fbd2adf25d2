//! Configurations made at random, given to the installed servers and to hardline: the same answer to whether one
//! starts, the same line at fault, the same value of every setting.
//!
//! `HARDLINE_LIVE_CASES` says how many for each server, `HARDLINE_LIVE_SEED` which.

use std::collections::BTreeMap;

use hardline::files::{Disk, Location};
use hardline::platform::redis::accounts::AclRules;
use hardline::platform::redis::directive::{Kind, Rule, SettingId, Spec, Unit, world};
use hardline::platform::redis::door::Host;
use hardline::platform::redis::effective::{Effective, Question, evaluate};

use super::servers::{self, Server, Setup, Started};

/// A small generator of random numbers (SplitMix64): the same seed, the same cases.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit).unwrap()).unwrap()
    }

    fn one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }

    fn pick<'a>(&mut self, items: &[&'a str]) -> &'a str {
        items[self.below(items.len())]
    }
}

/// Settings that would take the server out of reach, need what a test machine lacks, or take all of its memory.
const LEFT_OUT: [&str; 18] = [
    "daemonize",
    "supervised",
    "port",
    "tls-port",
    "tls-cluster",
    "tls-replication",
    "requirepass",
    "aclfile",
    "socket-mark-id",
    "mptcp",
    "repl-mptcp",
    "rdma-bind",
    "rdma-port",
    "use-exit-on-panic",
    "watchdog-period",
    "bind-source-addr",
    "key-load-delay",
    "locale-collate",
];

fn value(dice: &mut Dice, spec: &Spec) -> String {
    let pick = |dice: &mut Dice, items: &[&str]| dice.pick(items).to_owned();
    match spec.kind {
        Kind::Bool => pick(dice, &["yes", "no", "yes", "no", "YES", "No", "true", "1", "on", ""]),
        Kind::Int(range) => match dice.below(12) {
            0 => range.min.to_string(),
            1 if range.max < 1000 => range.max.to_string(),
            2 => range.min.wrapping_sub(1).to_string(),
            3 => range.max.wrapping_add(1).to_string(),
            4 => pick(dice, &["", "x", "1.5", "010", "+1", "-1", "0x10", " 5", "5 ", "--1", "-0", "1e3"]),
            5 => pick(dice, &["1k", "1KB", "2mb", "1gb", "1t", "1.5gb", "k", "10%", "101%", "-5%", "%"]),
            6 => pick(dice, &["9223372036854775808", "18446744073709551616", "99999999999999999999999"]),
            _ if range.unit == Unit::Octal => pick(dice, &["700", "0777", "888", "7", "1000", "70x", "-1"]),
            _ => pick(dice, &["1", "2", "5", "10", "16", "20", "64"]),
        },
        Kind::Enum(words) | Kind::Flags(words) => match dice.below(6) {
            0 => pick(dice, words).to_uppercase(),
            1 => pick(dice, &["", "x", "yes", "no", "1"]),
            2 => format!("{} {}", dice.pick(words), dice.pick(words)),
            3 => format!("\"{} {}\"", dice.pick(words), dice.pick(words)),
            _ => pick(dice, words),
        },
        Kind::Text | Kind::Bytes => match spec.rule {
            Some(Rule::Title) => pick(
                dice,
                &["{title} {port}", "\"{title}\"", "x", "{{", "{", "{x}", "{unixsocket}", "{server-mode} ", "{{x}", ""],
            ),
            _ if spec.name == "logfile" => pick(dice, &["x.log", "\"\"", "sub/x.log", "/nonexistent/x.log", "."]),
            _ if spec.name == "unixsocket" => pick(dice, &["s.sock", "\"\"", "sub/s.sock", "{DIR}/t.sock"]),
            _ => pick(
                dice,
                &[
                    "a",
                    "a.b-c",
                    "a_b",
                    "a/b",
                    "\"a b\"",
                    "\"\"",
                    "127.0.0.1",
                    "::1",
                    "1.2.3",
                    "\"x\\x00y\"",
                    "a:b",
                    "a*",
                ],
            ),
        },
        Kind::Bind => pick(
            dice,
            &[
                "127.0.0.1",
                "127.0.0.1 -::1",
                "* -::*",
                "\"127.0.0.1 -127.0.0.9\"",
                "127.0.0.1 127.0.0.1",
                "-9.9.9.9 127.0.0.1",
            ],
        ),
        Kind::Save => pick(
            dice,
            &[
                "900 1",
                "\"900 1 60 5\"",
                "\"\"",
                "60",
                "0 1",
                "60 -1",
                "60 x",
                "900 1 60 5",
                "''",
                "60 4294967297",
                "\"'\"",
                "\" \"",
                "9 9 #",
                "60 1 ",
                "+5 1",
                "",
            ],
        ),
        Kind::OutputLimits => pick(
            dice,
            &[
                "replica 1mb 2mb 3",
                "pubsub 0 0 0",
                "\"pubsub 1 1 1\"",
                "slave 1mb 1mb 60 pubsub 1 2 3",
                "master 0 0 0",
                "primary 0 0 0",
                "normal 0 0",
                "replica -1 0 0",
                "pubsub x 0 0",
                "pubsub 1 1 -1",
                "pubsub 1 1 5x",
                "",
            ],
        ),
        Kind::OomScores => {
            pick(dice, &["1 2 3", "\"1 2 3\"", "1 2", "-2001 0 0", "0 0 2000", "a b c", "\"\"", "3 2 1"])
        }
        Kind::Percentiles => pick(
            dice,
            &["50 99", "\"50 99.95\"", "\"\"", "101", "x", "-1", "0x10", "1e1", "nan", "inf", "99.9999999", "", "50."],
        ),
        Kind::KeyspaceEvents => {
            pick(dice, &["KEA", "Kg", "\"\"", "x", "q", "AKEmdn", "n", "g$lshzxetd", "oc", "K E", "E"])
        }
        Kind::ReplicaOf => pick(
            dice,
            &[
                "127.0.0.1 1",
                "no one",
                "NO ONE",
                "no",
                "a.test 70000",
                "a.test 1x",
                "\"127.0.0.1 2\"",
                "x 4294967297",
                "\"\"",
            ],
        ),
        Kind::Dir => pick(dice, &["sub", ".", "{DIR}", "/nonexistent", "\"\"", "sub/..", "test.conf", "sub sub"]),
    }
}

/// The value as somebody might write it.
fn dressed(dice: &mut Dice, value: String) -> String {
    let plain = !value.contains(['"', '\'', '\\']);
    match dice.below(24) {
        0 if plain => format!("\"{value}\""),
        1 if plain => format!("'{value}'"),
        2 => format!("{value} # comment"),
        3 => format!("{value} 127.0.0.4"),
        4 => format!(" {value}\t"),
        5 if plain && value.is_ascii() && !value.is_empty() => {
            let (first, rest) = value.split_at(1);
            format!("\"\\x{:02x}{rest}\"", first.as_bytes()[0])
        }
        6 if plain && value.len() > 1 => {
            let (first, rest) = value.split_at(1);
            format!("{first}\"{rest}\"")
        }
        7 if plain && value.len() > 1 => {
            let (first, rest) = value.split_at(1);
            format!("\"{first}\"{rest}")
        }
        8 => format!("\"{value}"),
        9 => format!("{value}\u{b}"),
        10 => format!("{value}\r"),
        11 => String::new(),
        _ => value,
    }
}

fn setting_line(dice: &mut Dice, server: &Server) -> String {
    let world = world(server.version);
    loop {
        let all: Vec<SettingId> = SettingId::all().collect();
        let Some(spec) = all[dice.below(all.len())].spec(world) else { continue };
        let tls = spec.name.starts_with("tls-") && server.name == "redis-6.2";
        if tls || LEFT_OUT.contains(&spec.name) || spec.alias.is_some_and(|alias| LEFT_OUT.contains(&alias)) {
            continue;
        }
        let value = value(dice, spec);
        // Too many of these, or too little room, and the server can no longer be asked.
        let harmless = match spec.name {
            "databases" | "cluster-databases" | "io-threads" => value.parse::<i64>().is_ok_and(|value| value <= 64),
            "maxmemory-clients" => !value.starts_with(|first: char| first.is_ascii_digit()) || value.ends_with('%'),
            "maxclients" => !matches!(value.parse(), Ok(1..=9)),
            "hash-seed" => false,
            _ => true,
        };
        if !harmless {
            continue;
        }
        let name = match (spec.alias, dice.below(6)) {
            (Some(alias), 0 | 1) => alias.to_owned(),
            (_, 2) => spec.name.to_uppercase(),
            _ => spec.name.to_owned(),
        };
        return format!("{name} {}", dressed(dice, value));
    }
}

/// A line that is no setting.
fn other_line(dice: &mut Dice, server: &Server) -> String {
    let lines = [
        "include inc.conf",
        "include sub/*.conf",
        "include nosuch.conf",
        "include nosuch*.conf",
        "include inc.conf x",
        "include \"in[c].conf\"",
        "include sub",
        "include test.conf",
        "include .",
        "include {DIR}/inc.conf",
        "rename-command FLUSHALL \"\"",
        "rename-command flushall X1",
        "rename-command nosuch X",
        "rename-command KEYS GET",
        "rename-command flushall X1\nrename-command X1 X2",
        "rename-command config|get x",
        "rename-command debug",
        "loadmodule nosuch.so",
        "loadmodule /nonexistent/x.so a",
        "foo.bar 1",
        "foo.bar",
        "nosuch",
        "nosuch 1",
        "nosuch a b",
        "sentinel monitor x 127.0.0.1 1 1",
        "sentinel",
        "; comment",
        "# comment",
        "port 0",
        "unixsocket s.sock\nport 0",
        "list-max-ziplist-value 5",
        "list-max-ziplist-entries 5 6",
        "lua-replicate-commands yes",
        "timeout=5",
        "save",
        "io-threads-do-reads no",
        "dynamic-hz yes",
        "events-per-io-thread 1",
        "sanitize-dump-payload no",
        "bind",
        "\"",
        "cluster-enabled yes",
        "cluster-enabled yes\nreplicaof 127.0.0.1 1",
        "tls-port 7",
        "loadmodule",
        "user",
        "\u{feff}hz 1",
        "gopher-enabled no",
        "unknown\u{b}x 1",
        "timeout\u{c}5",
        "'hz' 5",
        "\"ti\\x6deout\" 7",
        "",
        "'' x",
        "lua-time-limit 7",
    ];
    let line = dice.pick(&lines);
    // The build of 6.2 has no TLS, and so no such setting.
    if server.name == "redis-6.2" && line.starts_with("tls-") { String::new() } else { line.to_owned() }
}

/// A line about a user.
fn user_line(dice: &mut Dice) -> String {
    let rules = [
        "on",
        "off",
        "nopass",
        ">pw",
        "resetpass",
        "<pw",
        "~*",
        "~a",
        "%R~a",
        "%~a",
        "%W~b*",
        "resetkeys",
        "allkeys",
        "&*",
        "&c",
        "resetchannels",
        "allchannels",
        "+@all",
        "-@all",
        "+get",
        "-get",
        "+config|get",
        "-config|set",
        "+@read",
        "-@dangerous",
        "+select|1",
        "+eval|x",
        "+nosuch",
        "+@nosuch",
        "reset",
        "(~x",
        "+set)",
        "\"(~x +get)\"",
        "sanitize-payload",
        "clearselectors",
        "skip-sanitize-payload",
        "alldbs",
        "db=1,2",
        "#xyz",
        "\"\"",
        "+GET",
        "ON",
        "#",
        "x",
        "+@write",
        "nocommands",
        "+client",
    ];
    let name = dice.pick(&["ann", "bob", "default", "ann", "\"a b\"", "ANN"]);
    let count = dice.below(6);
    let rules: Vec<&str> = (0..count).map(|_| dice.pick(&rules)).collect();
    format!("user {name} {}", rules.join(" "))
}

fn lines(dice: &mut Dice, server: &Server, most: usize) -> String {
    let mut text = String::new();
    for _ in 0..dice.below(most) {
        text += &if dice.one_in(7) { other_line(dice, server) } else { setting_line(dice, server) };
        text.push('\n');
    }
    if dice.one_in(3) {
        text.pop();
    }
    text
}

fn arguments(dice: &mut Dice) -> Vec<&'static str> {
    let some: [&[&str]; 16] = [
        &["--timeout", "7"],
        &["--save", "60", "1"],
        &["--save"],
        &["--save", "--appendonly", "no"],
        &["--save", ""],
        &["--save", "900 1 60 5"],
        &["--timeout 5\nloglevel debug"],
        &["--masterauth", "--abc"],
        &["timeout", "9"],
        &["--timeout=5"],
        &["-timeout", "5"],
        &["--timeout"],
        &["--bind", "127.0.0.1", "127.0.0.3"],
        &["--include", "inc.conf"],
        &["-", "--hz", "20"],
        &["--dbfilename", "a\"b\\c"],
    ];
    let mut all = Vec::new();
    for _ in 0..dice.below(3) {
        all.extend(some[dice.below(some.len())]);
    }
    if dice.one_in(6) {
        all.push("-");
    }
    all
}

fn setup(dice: &mut Dice, server: &Server) -> Setup {
    let mut conf = format!("port {{PORT}}\nbind 127.0.0.1\n{}", lines(dice, server, 5));
    let mut users = String::new();
    if dice.one_in(3) {
        if !conf.ends_with('\n') {
            conf.push('\n');
        }
        let file = dice.one_in(2);
        let into = if file { &mut users } else { &mut conf };
        for _ in 0..dice.below(4) {
            *into += &user_line(dice);
            *into += "\n";
        }
        *into += "user probe on >probe ~* &* +@all\n";
        if file {
            conf += "aclfile users.acl\n";
        }
        if dice.one_in(2) {
            conf += "requirepass s3cret\n";
        }
    }
    let args = if dice.one_in(3) { arguments(dice) } else { Vec::new() };
    let mut setup = Setup::of(&conf)
        .file("users.acl", &users)
        .file("inc.conf", &lines(dice, server, 3))
        .file("sub/b.conf", &lines(dice, server, 2))
        .file("sub/a.conf", &lines(dice, server, 2))
        .file("sub/.hidden.conf", "nosuch 1\n")
        .args(&args);
    setup.stdin = Some(lines(dice, server, 2).into_bytes());
    setup
}

struct Asked {
    started: bool,
    line: Option<usize>,
    config: BTreeMap<String, String>,
    users: Vec<String>,
    said: String,
    hardline: Effective,
}

fn ask(server: &Server, setup: &Setup) -> Asked {
    let laid_out = setup.lay_out();
    let work = laid_out.work.clone();
    let question = Question {
        version: server.version,
        sentinel: false,
        main: Location::Here(work.join("test.conf")),
        arguments: &laid_out.args[1..],
        stdin: laid_out.stdin.as_deref().unwrap_or_default(),
        host: Host { addresses: Some(Vec::new()), ..Host::default() },
        umask: 0o022,
    };
    // Before the server: it makes files.
    let hardline = evaluate(&question, &Disk::whole(1 << 20), &AclRules, &work);
    match server.start(laid_out) {
        Started::Refused(refusal) => Asked {
            started: false,
            line: refusal.line(),
            config: BTreeMap::new(),
            users: Vec::new(),
            said: refusal.output,
            hardline,
        },
        Started::Ready(running) => {
            let probe = setup.files.iter().any(|(_, text)| String::from_utf8_lossy(text).contains("user probe"));
            let mut client = running.client(probe.then_some(("probe", "probe"))).unwrap();
            let reply = client.ask(&["CONFIG", "GET", "*"]).unwrap();
            let words: Vec<String> = servers::items(&reply).iter().map(servers::text).collect();
            let config = words.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect();
            let reply = client.ask(&["ACL", "LIST"]).unwrap();
            let users = servers::items(&reply).iter().map(servers::text).map(|user| masked(server, &user)).collect();
            Asked { started: true, line: None, config, users, said: running.output(), hardline }
        }
    }
}

/// A user without hashes of passwords; before 7.2 without the order of commands, which is that of a hash table.
fn masked(server: &Server, user: &str) -> String {
    let word = |word: &str| if word.starts_with('#') { "#***".to_owned() } else { word.to_owned() };
    let mut words: Vec<String> = user.split(' ').map(word).collect();
    if !server.version.since(7, 2) {
        words.sort();
    }
    words.join(" ")
}

/// What the two say differently.
fn differences(server: &Server, asked: &Asked) -> Vec<String> {
    let hardline = &asked.hardline;
    if hardline.accepted != Some(asked.started) {
        return vec![format!(
            "starts: {}, not {:?} {:?} {:?}",
            asked.started, hardline.accepted, hardline.errors, hardline.unknown
        )];
    }
    if !asked.started {
        let first = &hardline.errors[0];
        // The server counts standard input and arguments on from the file, and files that a pattern joins.
        let in_file = matches!(first.path.as_deref(), Some("test.conf" | "inc.conf"));
        return match asked.line {
            Some(line) if in_file && first.line != Some(line) => {
                vec![format!("line {line}, not {:?} {:?} {}", first.path, first.line, first.message)]
            }
            _ => Vec::new(),
        };
    }
    let mut wrong = Vec::new();
    let users: Vec<String> = hardline.users.iter().map(|user| masked(server, user)).collect();
    if users != asked.users {
        wrong.push(format!("users {:?}, not {users:?}", asked.users));
    }
    for (name, theirs) in &asked.config {
        let lowered = name == "maxclients";
        let of_module = name.contains('.') || name.starts_with("vset-");
        let tls = name.starts_with("tls-");
        match hardline.config.get(name) {
            Some(ours) if ours == theirs || ours == "***" && !theirs.is_empty() => {}
            _ if lowered || of_module => {}
            None if name == "dir" => {}
            ours => wrong.push(format!("{name}: {theirs:?}, not {ours:?}{}", if tls { " (TLS)" } else { "" })),
        }
    }
    for name in hardline.config.keys().filter(|name| !asked.config.contains_key(*name)) {
        let no_tls = name.starts_with("tls-") && server.name == "redis-6.2";
        if !no_tls {
            wrong.push(format!("{name}: the server has no such setting"));
        }
    }
    wrong
}

#[test]
fn agrees_with_the_installed_servers() {
    let number = |name: &str, usual: u64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual);
    let (cases, seed) = (number("HARDLINE_LIVE_CASES", 40), number("HARDLINE_LIVE_SEED", 1));
    let mut wrong = Vec::new();
    let (mut started, mut values) = (0, 0);
    for server in servers::all() {
        for case in 0..cases {
            let mut dice = Dice(seed << 32 | case);
            let setup = setup(&mut dice, server);
            let asked = ask(server, &setup);
            started += u64::from(asked.started);
            values += asked.config.len();
            for difference in differences(server, &asked) {
                let files: Vec<_> = setup
                    .files
                    .iter()
                    .map(|(name, text)| format!("{name}: {:?}", String::from_utf8_lossy(text)))
                    .collect();
                let args: Vec<_> = setup.args.iter().map(|arg| String::from_utf8_lossy(arg)).collect();
                let said: Vec<&str> = asked.said.lines().filter(|line| !line.is_empty()).collect();
                let said = &said[said.len().saturating_sub(3)..];
                wrong.push(format!(
                    "{} {case}: {difference}\n    {}\n    {args:?} {:?}\n    {said:?}",
                    server.name,
                    files.join("\n    "),
                    setup.stdin.as_deref().map(String::from_utf8_lossy),
                ));
            }
        }
    }
    println!("live: {} configurations, {started} started, {values} values compared, {} differ", cases * 4, wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
