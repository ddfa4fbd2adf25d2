//! Keys, on request: what is sent for them, where it stops, and what is told of names and values.

use std::net::TcpListener;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use hardline::config;
use hardline::keyspace::KeyPrefix;
use hardline::platform::redis::live::ask::{Answers, Ask, ask_with_keys};
use hardline::platform::redis::live::connect::{Security, Tls};
use hardline::platform::redis::live::keys::{Ended, Key, Quest, Sample, Seen};
use hardline::platform::redis::live::keyspace;
use hardline::platform::redis::live::look::kinds;
use hardline::platform::redis::live::target::{Limits, Target};
use hardline::text::{Place, Sources};

use super::fake::{bulk, list, serve};

fn quest(budget: usize, time: Duration) -> Quest {
    Quest { pattern: "app:*".to_owned(), budget, time }
}

const LONG: Duration = Duration::from_secs(60);

/// What a quest sends beyond what every audit sends, to a server that answers it so.
fn sent(quest: &Quest, mut answer: impl FnMut(&[String]) -> String + Send + 'static) -> (Answers, Sample, Vec<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its address").port();
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a client");
        serve(&stream, |words| {
            if !matches!(&*words[0], "SCAN" | "PTTL" | "TYPE" | "GETRANGE" | "KEYS") {
                return Some("+OK\r\n".to_owned());
            }
            tell.send(words.join(" ")).ok().map(|()| answer(words))
        });
    });
    let target = Target::parse(&format!("redis://127.0.0.1:{port}")).expect("a URL");
    let answers = ask_with_keys(&target, &Tls::default(), Limits::default(), Some(quest)).expect("a connection");
    let sample = answers.keys.clone().expect("a sample");
    (answers, sample, told.iter().collect())
}

fn page(next: &str, keys: &[&str]) -> String {
    format!("*2\r\n{}{}", bulk(next), list(keys))
}

/// A server with texts under every name, all of which expire.
fn usual(words: &[String]) -> Option<String> {
    match &*words[0] {
        "PTTL" => Some(":1000\r\n".to_owned()),
        "TYPE" => Some("+string\r\n".to_owned()),
        "GETRANGE" => Some(bulk("value")),
        _ => None,
    }
}

#[test]
fn a_quest_sends_these_commands_and_no_others() {
    let (answers, sample, sent) = sent(&quest(1500, LONG), |words| match &*words[1] {
        "0" => page("7", &["app:1", "app:2", "app:3"]),
        "7" => page("0", &["app:3", "app:gone", "app:list"]),
        "app:gone" => if words[0] == "PTTL" { ":-2\r\n" } else { "+none\r\n" }.to_owned(),
        "app:list" if words[0] == "TYPE" => "+list\r\n".to_owned(),
        "app:2" if words[0] == "PTTL" => ":-1\r\n".to_owned(),
        _ => usual(words).expect("an answer"),
    });
    let wanted = [
        "SCAN 0 MATCH app:* COUNT 1000",
        "SCAN 7 MATCH app:* COUNT 500",
        "PTTL app:1",
        "TYPE app:1",
        "PTTL app:2",
        "TYPE app:2",
        "PTTL app:3",
        "TYPE app:3",
        "PTTL app:gone",
        "TYPE app:gone",
        "PTTL app:list",
        "TYPE app:list",
        "GETRANGE app:1 0 4095",
        "GETRANGE app:2 0 4095",
        "GETRANGE app:3 0 4095",
    ];
    assert_eq!(sent, wanted);
    assert_eq!(answers.round_trips, 1 + 3 + 2);
    assert_eq!(sample.ended, Ended::Whole);
    let looked = || Seen::Looked { whole: true, kinds: Vec::new() };
    let keys: Vec<_> = sample.keys.iter().map(|key| (key.expires, key.value.clone())).collect();
    let wanted = [(true, looked()), (false, looked()), (true, looked()), (true, Seen::NoText)];
    assert_eq!(keys, wanted.map(|(expires, value)| (Some(expires), value)));
}

/// A server whose keys never end: so many are walked over, in steps, and no more are kept.
#[test]
fn a_quest_ends_with_its_budget() {
    for (budget, scans) in [(1, 1), (999, 1), (1000, 1), (2500, 3)] {
        let mut next = 0;
        let (_, sample, sent) = sent(&quest(budget, LONG), move |words| {
            usual(words).unwrap_or_else(|| {
                let count: usize = words[5].parse().expect("a count");
                next += count;
                // One more than was asked for, as servers may.
                let keys: Vec<String> = (0..=count).map(|key| format!("app:{next}:{key}")).collect();
                page(&next.to_string(), &keys.iter().map(String::as_str).collect::<Vec<_>>())
            })
        });
        let counts: Vec<usize> = sent
            .iter()
            .filter(|command| command.starts_with("SCAN"))
            .filter_map(|command| command.rsplit(' ').next()?.parse().ok())
            .collect();
        assert_eq!((counts.len(), counts.iter().sum()), (scans, budget));
        assert_eq!((sample.keys.len(), &sample.ended), (budget, &Ended::Budget));
        let values = sent.iter().filter(|command| command.starts_with("GETRANGE")).count();
        assert_eq!(values, budget.min(1000));
    }
}

#[test]
fn a_quest_ends_with_its_time() {
    let began = Instant::now();
    let (_, sample, sent) = sent(&quest(1_000_000, Duration::from_millis(300)), |words| {
        usual(words).unwrap_or_else(|| {
            std::thread::sleep(Duration::from_millis(40));
            page("7", &["app:1"])
        })
    });
    assert_eq!(sample.ended, Ended::Time);
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert!(sent.len() < 100, "{}", sent.len());
}

/// What is refused is asked once: a server keeps each denial, and forgets an older one for it.
#[test]
fn what_is_refused_is_not_asked_again() {
    let refused = "-NOPERM no permissions\r\n";
    for (command, ask, asked) in [("PTTL", Ask::Ttl, 1), ("TYPE", Ask::Type, 1), ("GETRANGE", Ask::Start, 1)] {
        let (answers, sample, sent) = sent(&quest(1000, LONG), move |words| match &*words[0] {
            name if name == command => refused.to_owned(),
            "SCAN" => page("0", &["app:1", "app:2", "app:3"]),
            _ => usual(words).expect("an answer"),
        });
        assert_eq!(sent.iter().filter(|sent| sent.starts_with(command)).count(), asked, "{command}");
        assert_eq!((sample.keys.len(), answers.get(ask).is_some()), (3, true));
    }
    let (answers, sample, sent) = sent(&quest(1000, LONG), move |_| refused.to_owned());
    assert_eq!((sent.len(), sample.keys.len(), sample.ended), (1, 0, Ended::Refused));
    assert!(answers.get(Ask::Scan).is_some());
}

/// A replica of a cluster redirects whoever asks for a key: once is enough, and that is what would help.
#[test]
fn a_replica_of_a_cluster_sends_to_its_primary() {
    let (answers, sample, sent) = sent(&quest(1000, LONG), |words| match &*words[0] {
        "SCAN" => page("0", &["app:1", "app:2", "app:3"]),
        _ => "-MOVED 866 127.0.0.1:7000\r\n".to_owned(),
    });
    assert_eq!((sent.len(), sample.keys.len()), (3, 3), "{sent:?}");
    let mut sources = Sources::new();
    let made = keyspace::facts("redis://cache:6379", (&answers, &sample), &[], &mut sources);
    let told = format!("{:?}", made.fact);
    assert!(told.contains("an audit of its primary: a replica of a cluster redirects"), "{told}");
}

/// A server that is none.
#[test]
fn answers_that_are_none_end_a_quest() {
    for answer in ["+OK\r\n", "*0\r\n", "*2\r\n$1\r\n0\r\n$1\r\nx\r\n", ":1\r\n", "_\r\n"] {
        let (_, sample, sent) = sent(&quest(1000, LONG), move |_| answer.to_owned());
        assert_eq!((sent.len(), sample.keys.len()), (1, 0), "{answer:?}");
        assert!(matches!(sample.ended, Ended::Broken(_)), "{answer:?}");
    }
}

/// The text that is made of keys with these names.
fn told(names: &[&str], declared: &[KeyPrefix]) -> String {
    let value = || Seen::Looked { whole: true, kinds: vec!["private-key"] };
    let key = |name: &&str| Key { name: name.as_bytes().to_vec(), expires: Some(true), value: value() };
    let sample = Sample { quest: quest(1, LONG), keys: names.iter().map(key).collect(), ended: Ended::Whole };
    assert!(!format!("{sample:?}").contains("canary"));
    let (answers, mut sources) = (Answers::over(Security::default(), false), Sources::new());
    let made = keyspace::facts("redis://cache:6379", (&answers, &sample), declared, &mut sources);
    assert!(!format!("{:?}{:?}", made.fact, made.notice).contains("canary"));
    sources.get(made.source).text().to_owned()
}

#[test]
fn names_that_may_be_secrets_are_not_told() {
    for (name, shown) in [
        ("session:canary", "session:*"),
        ("user-profile:canary", "user-profile:*"),
        ("oauth2:canary", "oauth2:*"),
        ("cartItems:canary", "cartItems:*"),
        ("_kombu.binding:canary", "_kombu.binding:*"),
        ("john.canary:x", "***:*"),
        ("hunter-Canary9:x", "***:*"),
        ("canary", "***"),
        ("", "***"),
        ("8f14e45fceea167a5a36dedd4bea2543:x", "***:*"),
        ("f47ac10b-58cc-4372-a567-0e02b2c3d479:x", "***:*"),
        ("ann@canary.example:cart", "***:*"),
        ("V1StGXR8canaryZ5jdHi:x", "***:*"),
        ("aCanAryBcDeFg:x", "***:*"),
        ("canary canary:x", "***:*"),
        ("1canary:x", "***:*"),
        (":x", "***:*"),
        ("thecanaryofthesecretname:x", "***:*"),
    ] {
        let text = told(&[name], &[]);
        let wanted = format!("# SCAN MATCH app:*\n{shown} 1 keys, 0 without a TTL\nprivate-key in {shown} 1 values\n");
        assert_eq!(text, wanted, "{name}");
    }
}

/// The longest prefix that is declared is the one that a key has.
#[test]
fn declared_prefixes_come_first() {
    let declared = ["app", "app:cart:", "x1y2z3:"].map(|text| KeyPrefix { text: text.to_owned(), ttl: false });
    let text = told(&["app:cart:1", "app:cart:2", "app2", "x1y2z3:1", "app:cat"], &declared);
    for line in ["app:cart:* 2 keys", "app* 2 keys", "x1y2z3:* 1 keys"] {
        assert!(text.contains(line), "{line}: {text}");
    }
}

/// However many prefixes there are, so many are told apart, and no key is lost.
#[test]
fn the_rest_of_many_prefixes_is_one() {
    let letters = |number: usize| [number / 26 % 26, number % 26].map(|letter| char::from(b'a' + letter as u8));
    let names: Vec<String> =
        (0..300).map(|number| format!("{}:{number}", String::from_iter(letters(number)))).collect();
    let text = told(&names.iter().map(String::as_str).collect::<Vec<_>>(), &[]);
    let counts: Vec<usize> = text
        .lines()
        .filter(|line| line.contains(" keys, "))
        .filter_map(|line| line.split(' ').nth(1)?.parse().ok())
        .collect();
    assert_eq!((counts.len(), counts.iter().sum::<usize>()), (51, 300), "{text}");
}

#[test]
fn values_look_like_what_they_are() {
    let token = |prefix: &str, length: usize| format!("{prefix}{}", "Ab3".repeat(length / 3 + 1));
    for (kind, value) in [
        ("private-key", "-----BEGIN PRIVATE KEY-----\nMII".to_owned()),
        ("private-key", "x -----BEGIN OPENSSH PRIVATE KEY-----".to_owned()),
        ("aws-access-key", "key=AKIAIOSFODNN7EXAMPLE;".to_owned()),
        ("github-token", token("ghp_", 36)),
        ("gitlab-token", token("glpat-", 20)),
        ("slack-token", "xoxb-0123456789-abcdef".to_owned()),
        ("stripe-key", token("sk_live_", 24)),
        ("google-api-key", format!("AIza{}", "a".repeat(35))),
        ("jwt", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlLXNpZ25hdHVyZQ".to_owned()),
        ("password-in-url", "postgres://shop:hunter22@db:5432/shop".to_owned()),
        ("password-in-url", "redis://:hunter22@cache".to_owned()),
        ("password-field", r#"{"password":"hunter22"}"#.to_owned()),
        ("password-field", r#"{\"password\": \"hunter22\"}"#.to_owned()),
        ("password-field", "password = 'hunter22'".to_owned()),
        ("password-field", r#"user|s:3:"ann";password|s:8:"hunter22";"#.to_owned()),
        ("password-field", r#"a:1:{s:8:"password";s:8:"hunter22";}"#.to_owned()),
    ] {
        assert_eq!(kinds(value.as_bytes()), [kind], "{value}");
    }
    for value in [
        "",
        "password",
        r#"{"password":""}"#,
        r#"{"password":null}"#,
        r#"{"password":"******"}"#,
        r#"{"password":"$2y$10$abcdefghijklmnopqrstuv"}"#,
        r#"{"password":"$argon2id$v=19$m=65536"}"#,
        r#"{"password":"pbkdf2_sha256$600000$salt$hash"}"#,
        r#"{"password":"5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8"}"#,
        r#"{"password":"${DB_PASSWORD}"}"#,
        r#"{"password_reset_at":"2026-01-01"}"#,
        "https://shop.example/a:b@c",
        "https://shop.example:8443/@ann",
        "postgres://shop:***@db/shop",
        "-----BEGIN PUBLIC KEY-----",
        "-----BEGIN CERTIFICATE-----",
        "AKIAIOSFODNN",
        "sk_test_0123456789abcdef",
        "eyJhbGciOiJIUzI1NiJ9",
    ] {
        assert_eq!(kinds(value.as_bytes()), [""; 0], "{value}");
    }
}

#[test]
fn prefixes_are_texts_or_tables() {
    let read = |list: &str| {
        let mut sources = Sources::new();
        let text = format!("[redis]\nkey_prefixes = {list}\n");
        let id = sources.add(Place::File("hardline.toml".into()), text.into_bytes());
        config::parse(sources.get(id))
    };
    let (config, problems) = read(r#"["app:", { prefix = "session:", ttl = true }, { prefix = "x" }]"#);
    let wanted = [("app:", false), ("session:", true), ("x", false)];
    assert_eq!(config.key_prefixes, wanted.map(|(text, ttl)| KeyPrefix { text: text.to_owned(), ttl }));
    assert!(problems.is_empty(), "{problems:?}");
    for (list, said) in [
        ("[1]", "not an integer"),
        (r#"[""]"#, "the empty prefix"),
        ("[{ ttl = true }]", "needs a `prefix`"),
        (r#"[{ prefix = "a", ttl = "yes" }]"#, "`ttl` is true or false"),
        (r#"[{ prefix = "a", tll = true }]"#, "did you mean `ttl`?"),
        (r#"[{ prefix = 1 }]"#, "`prefix` is a text"),
    ] {
        let (_, problems) = read(list);
        assert!(problems.iter().any(|problem| problem.text.contains(said)), "{list}: {problems:?}");
    }
}
