//! Random configurations, given to hardline and to the real nginx: taken or refused, what the first fault is, and on
//! which line.
//!
//! 1,500 in the ordinary run, `HARDLINE_CASES=50000` asks 15,000; `HARDLINE_SEED` is another seed.

use std::collections::BTreeMap;
use std::time::Instant;

use hardline::platform::nginx::directive::{self, Arity, Contexts, Directive, Setter, Spec};

use super::refuse::agree;
use super::server::{Bench, PATHS, Said};

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

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap_or(0)
    }

    fn pick<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[self.below(all.len())]
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }
}

/// What is left out: it reads files or names of its own, or depends on the machine or the sizes of hashes.
fn left_out(name: &str) -> bool {
    const NAMES: [&str; 17] = [
        "include",
        "load_module",
        "user",
        "ssl_engine",
        "ssl_dhparam",
        "ssl_ciphers",
        "ssl_ecdh_curve",
        "ssl_stapling",
        "ssl_stapling_file",
        "ssl_session_ticket_key",
        "ssl_conf_command",
        "ssl_ocsp",
        "working_directory",
        "pid",
        "lock_file",
        "thread_pool",
        "ssl_stapling_responder",
    ];
    NAMES.contains(&name)
        || name.contains("_hash_")
        || name.contains("certificate")
        || name.ends_with("_crl")
        || name.ends_with("password_file")
        || name.ends_with("ssl_ciphers")
}

const PLACES: [(Contexts, &str); 10] = [
    (Contexts::MAIN, "@main"),
    (Contexts::EVENTS, "@events"),
    (Contexts::HTTP, "@http"),
    (Contexts::HTTP, "@late"),
    (Contexts::SERVER, "@server"),
    (Contexts::LOCATION, "@location"),
    (Contexts::UPSTREAM, "@upstream"),
    (Contexts::SERVER_IF, "@if-server"),
    (Contexts::LOCATION_IF, "@if-location"),
    (Contexts::LIMIT_EXCEPT, "@limit"),
];

const FRAME: &str = "\
@main
events {
@events
}
http {
    limit_req_zone $binary_remote_addr zone=req:1m rate=1r/s;
    limit_conn_zone $binary_remote_addr zone=conn:1m;
    proxy_cache_path cache keys_zone=pc:1m;
    log_format short '$remote_addr $status';
    map $host $mapped { default 0; a 1; }
@http
    upstream backend {
        server 127.0.0.1:18998;
@upstream
    }
    server {
        listen 127.0.0.1:18999;
@server
        if ($http_x) {
@if-server
        }
        location /a {
@location
            if ($http_y) {
@if-location
            }
            limit_except GET {
@limit
            }
        }
    }
@late
@paths
}
";

const VALUES: [&str; 40] = [
    "on",
    "off",
    "0",
    "1",
    "2",
    "10",
    "65536",
    "-1",
    "1k",
    "8k",
    "1m",
    "1g",
    "9999999999g",
    "10s",
    "1h30m",
    "30m1h",
    "1y",
    "100ms",
    "1.5",
    "x",
    "/a",
    "/a/b",
    "$host",
    "$mapped",
    "$nonsense",
    "a$",
    "${host",
    "~^/a$",
    "~(",
    "127.0.0.1",
    "127.0.0.1:80",
    "localhost",
    "unix:/tmp/s",
    "10.0.0.0/8",
    "''",
    "=404",
    "default",
    "none",
    "any",
    "text/css",
];

/// Arguments that directives with functions of their own take, or nearly.
const SPECIAL: [(&str, &[&str]); 57] = [
    (
        "listen",
        &[
            "127.0.0.1:18997",
            "127.0.0.1:18997 default_server",
            "127.0.0.1:18999",
            "18996 ssl",
            "127.0.0.1:18997 backlog=9",
            "127.0.0.1:1899x",
            "[::1]:18995",
            "unix:sock",
            "127.0.0.1:18997 http2 proxy_protocol",
            "127.0.0.1:18997 rcvbuf=1k sndbuf=x",
            "127.0.0.1:18997 quic",
            "127.0.0.1:18990-18992 reuseport",
        ],
    ),
    ("server_name", &["a.example *.b.example", "~^(?<n>x)$", "*", "*x.y", ".x.example", "a/b", "'' _", "~", "~["]),
    ("location", &["/a", "/a/c", "= /a", "^~ /a/b", "~ \\.php$", "~* (x", "@n", "/z", "=/", "~x", "! /a"]),
    (
        "if",
        &[
            "($host = a)",
            "($host)",
            "( $host ~* ^a )",
            "(-f $uri)",
            "($host ~ (a)",
            "(!-z x)",
            "$host",
            "($nonsense)",
            "($host != a b)",
            "()",
        ],
    ),
    ("set", &["$v 1", "$host 1", "$args x$v", "v 1", "$v $nonsense", "$w ${v}", "$http_a b", "$limit_rate 1k"]),
    (
        "rewrite",
        &[
            "^/a /b last",
            "^/(.*)$ /$1 break",
            "^ https://x$uri permanent",
            "( /b",
            "/a /b twice",
            "/a ''",
            "(?<r>x) /$r",
            "^/a /$nonsense?",
        ],
    ),
    (
        "return",
        &[
            "403",
            "301 https://$host$request_uri",
            "200 text",
            "https://x",
            "999",
            "1000",
            "x",
            "$scheme://x",
            "200 $nonsense",
        ],
    ),
    ("root", &["/srv", "/srv/$host", "$document_root", "html", "/x$"]),
    ("alias", &["/srv", "/srv/$1", "$realpath_root/x"]),
    ("try_files", &["$uri =404", "$uri $uri/ /index.html", "$uri =x", "$nonsense =404", "$uri @n"]),
    (
        "error_page",
        &["404 /404.html", "404 =200 /x", "500 502 = @n", "200 /x", "499 /x", "404 =y /x", "=200 /x", "404 /$host"],
    ),
    ("add_header", &["A b", "A $host always", "A b c", "A $nonsense", "A ''"]),
    ("add_trailer", &["A b", "A $host always", "A b c"]),
    (
        "expires",
        &[
            "1d",
            "-1",
            "epoch",
            "max",
            "modified +1h",
            "@15h30m",
            "@25h",
            "soon",
            "$mapped",
            "modified @1h",
            "modified epoch",
        ],
    ),
    (
        "proxy_pass",
        &[
            "http://127.0.0.1:18998",
            "http://backend",
            "http://backend/x",
            "https://backend",
            "http://backend:81",
            "http://$host",
            "127.0.0.1",
            "http://nohost.invalid:x",
            "http://unix:/tmp/s:/x",
            "http://[::1]:80/",
        ],
    ),
    ("fastcgi_pass", &["127.0.0.1:9000", "unix:/run/php.sock", "backend", "127.0.0.1", "$host", "127.0.0.1:9000/x"]),
    ("uwsgi_pass", &["127.0.0.1:9000", "uwsgi://backend", "suwsgi://127.0.0.1:1", "127.0.0.1", "uwsgi://$host"]),
    ("scgi_pass", &["127.0.0.1:9000", "backend", "unix:", "$nonsense"]),
    ("grpc_pass", &["grpc://127.0.0.1:50051", "grpcs://backend", "backend", "127.0.0.1:0"]),
    ("memcached_pass", &["127.0.0.1:11211", "backend", "127.0.0.1"]),
    ("proxy_redirect", &["off", "default", "http://a /", "~^http://(.*)$ /$1", "x", "~( /"]),
    ("proxy_cookie_domain", &["off", "a b", "~a b", ".a b", "x"]),
    ("proxy_cookie_path", &["off", "/a /b", "~*^/(.*) /$1", "x"]),
    ("proxy_cookie_flags", &["off", "~ secure", "a httponly samesite=lax", "x"]),
    ("proxy_cache", &["pc", "off", "nozone", "$host", "req"]),
    ("fastcgi_cache", &["pc", "off", "nozone"]),
    ("proxy_store", &["on", "off", "/x$uri", "$nonsense"]),
    ("proxy_cache_key", &["$scheme$host$uri", "$nonsense", "x"]),
    ("proxy_cache_valid", &["10m", "200 302 1h", "any 1m", "99 1m", "200 x", "600 1m"]),
    (
        "proxy_cache_path",
        &[
            "c2 keys_zone=c2:1m",
            "c3 keys_zone=pc:1m",
            "c4 keys_zone=c4:1k",
            "c5 levels=1:2 keys_zone=c5:1m inactive=x",
            "c6 keys_zone=c6",
            "c7 max_size=1g",
            "c8 keys_zone=c8:1m levels=1:2:2:1",
            "c9 keys_zone=c9:1m use_temp_path=maybe",
            "c10 keys_zone=c10:1m max_size=1g min_free=1m loader_files=5 manager_sleep=1s",
        ],
    ),
    (
        "limit_req_zone",
        &[
            "$host zone=r2:1m rate=5r/m",
            "$host zone=req:1m rate=1r/s",
            "$host zone=r3:1k rate=1r/s",
            "$host zone=r4:1m rate=0r/s",
            "$host zone=conn:1m rate=1r/s",
            "$host rate=1r/s zone=r5",
            "$nonsense zone=r6:1m rate=1r/s",
        ],
    ),
    (
        "limit_req",
        &[
            "zone=req",
            "zone=req burst=5 nodelay",
            "zone=req burst=0",
            "zone=none burst=5",
            "burst=5",
            "zone=req delay=2",
            "zone=req fast",
        ],
    ),
    (
        "limit_conn_zone",
        &["$host zone=c11:1m", "$host zone=conn:1m", "$host zone=req:1m", "$host zone=c12", "$host zone=c13:10x"],
    ),
    ("limit_conn", &["conn 5", "conn 0", "conn 65536", "none 5", "req 5"]),
    (
        "access_log",
        &[
            "off",
            "a.log",
            "a.log short",
            "a.log none",
            "a.log short buffer=32k flush=5m",
            "a.log short flush=5m",
            "a-$host.log short buffer=1k",
            "syslog:server=127.0.0.1 short",
            "syslog:server=127.0.0.1,tag=a-b",
            "off short",
            "a.log short gzip=9 if=$mapped",
            "a.log combined gzip=10",
        ],
    ),
    (
        "log_format",
        &[
            "short x",
            "long '$host $nonsense'",
            "f1 escape=json '$host'",
            "f2 escape=xml x",
            "f3 $",
            "f4 ${host",
            "f5 $1",
            "combined x",
        ],
    ),
    (
        "error_log",
        &[
            "e.log",
            "e.log warn",
            "e.log warning",
            "e.log debug_http",
            "e.log warn error",
            "stderr info",
            "syslog:server=127.0.0.1:514,facility=local7,severity=info",
            "syslog:server=",
            "e.log debug_http debug_core",
            "e.log debug_http warn",
        ],
    ),
    ("allow", &["all", "10.0.0.0/8", "10.0.0.1/8", "::1", "2001:db8::/32", "x", "unix:", "10.0.0.0/33"]),
    ("deny", &["all", "10.0.0.0/8", "1.2.3", "::1/129"]),
    ("set_real_ip_from", &["10.0.0.0/8", "unix:", "127.0.0.1", "::/0"]),
    (
        "resolver",
        &[
            "127.0.0.1",
            "127.0.0.1:5353 valid=30s",
            "127.0.0.1 ipv6=off",
            "127.0.0.1 ipv6=maybe",
            "valid=5s",
            "127.0.0.1 valid=x",
            "[::1]:53",
            "[::1",
        ],
    ),
    (
        "server",
        &[
            "127.0.0.1:18997",
            "127.0.0.1 weight=2 max_fails=3 fail_timeout=5s",
            "127.0.0.1 backup",
            "127.0.0.1 down",
            "127.0.0.1 weight=0",
            "unix:/tmp/s",
            "127.0.0.1:x",
            "127.0.0.1 resolve",
            "127.0.0.1 max_conns=1 slow",
        ],
    ),
    ("hash", &["$host", "$host consistent", "$host stable", "$nonsense"]),
    ("random", &["", "two", "two least_conn", "three", "two most_conn"]),
    ("keepalive", &["16", "0", "x"]),
    ("zone", &["up 1m", "up", "up 1k", "req 1m", "'' 1m"]),
    ("map", &["$host $m2", "$nonsense $m3", "$host m4", "$host $host", "$host $m5"]),
    ("geo", &["$g1", "$host $g2", "g3", "$host g4", "$remote_addr"]),
    ("split_clients", &["$host $s1", "$host s2", "$nonsense $s3"]),
    ("gzip_disable", &["msie6", "^Mozilla", "(", "[a"]),
    ("open_file_cache", &["off", "max=10", "max=10 inactive=20s", "inactive=20s", "max=0", "max=10 x=1"]),
    ("keepalive_timeout", &["65", "65 60", "0", "65 x", "1y"]),
    (
        "ssl_session_cache",
        &["none", "shared:S:1m", "builtin:100 shared:T:10m", "shared:S:1k", "shared:S", "on", "shared:req:1m"],
    ),
    ("valid_referers", &["none blocked server_names", "*.a.example ~\\.b", "''", "~("]),
    (
        "disable_symlinks",
        &["on", "off", "on from=/x", "off from=/x", "from=/x", "if_not_owner from=$document_root", "on off"],
    ),
    ("fastcgi_split_path_info", &["^(.+\\.php)(/.+)$", "^(.+)$", "("]),
    ("worker_cpu_affinity", &["auto", "auto 0101", "0101 1010", "012", "auto 01 10"]),
];

/// What may stand in a block of lines.
const LINES: [(&str, &[&str]); 3] = [
    (
        "map",
        &[
            "a 1;",
            "A 2;",
            "default 0;",
            "~^b$ 2;",
            "~( 3;",
            "hostnames;",
            "*.x 4;",
            "x.* 5;",
            "*y 6;",
            "c $nonsense;",
            "d;",
            "volatile;",
            "\\a 7;",
            "e {",
        ],
    ),
    (
        "geo",
        &[
            "10.0.0.0/8 1;",
            "default 0;",
            "ranges;",
            "10.0.0.0-10.0.0.9 x;",
            "delete 10.0.0.0/8;",
            "x 1;",
            "proxy 10.0.0.1;",
            "proxy_recursive;",
            "volatile;",
            "a b c;",
            "::1 6;",
        ],
    ),
    ("split_clients", &["50% a;", "* b;", "60% c;", "0.5% d;", "0.555% e;", "x f;"]),
];

/// The arguments of a directive, mostly right.
fn arguments(dice: &mut Dice, name: &str, spec: &Spec) -> String {
    let special = SPECIAL.iter().find(|(known, _)| *known == name && !(name == "server" && spec.block));
    if let Some((_, all)) = special.filter(|_| !dice.one_in(8)) {
        return dice.pick(all).to_owned();
    }
    let count = match spec.arity {
        _ if dice.one_in(20) => dice.below(5),
        Arity::Counts(counts) => {
            let counts: Vec<usize> = (0..8).filter(|count| counts >> count & 1 == 1).collect();
            counts[dice.below(counts.len())]
        }
        Arity::AtLeast(least) => least + dice.below(2),
        Arity::Any => dice.below(3),
        Arity::Flag => 1,
    };
    let fitting = |dice: &mut Dice| -> String {
        let numbers = ["0", "1", "2", "9", "100", "512", "65536", "4096"];
        let value = match spec.setter {
            Setter::Flag => dice.pick(&["on", "off", "ON"]),
            Setter::Number(..) => dice.pick(&numbers),
            Setter::Size | Setter::Offset | Setter::TemplateSize => {
                dice.pick(&["0", "1", "1k", "4k", "16k", "1m", "1000", "1g"])
            }
            Setter::Milliseconds | Setter::Seconds => dice.pick(&["0", "30", "1h", "1m30s", "5ms", "1d", "1y"]),
            Setter::Enum(words) | Setter::Words(words) => dice.pick(words),
            Setter::Buffers => dice.pick(&["1", "2", "8", "4k", "8k", "32"]),
            Setter::Access => dice.pick(&["user:rw", "group:r", "all:r", "user:rwx"]),
            _ => dice.pick(&VALUES),
        };
        value.to_owned()
    };
    let words: Vec<String> =
        (0..count).map(|_| if dice.one_in(6) { dice.pick(&VALUES).to_owned() } else { fitting(dice) }).collect();
    words.join(" ")
}

/// A directive as text, and whether it stands where it may.
fn written(dice: &mut Dice, found: &Directive, spec: &Spec) -> String {
    let name = found.name;
    let args = arguments(dice, name, spec);
    let block = spec.block ^ dice.one_in(60);
    if !block {
        return format!("{name} {args};");
    }
    let inner: String = match LINES.iter().find(|(known, _)| *known == name) {
        Some((_, lines)) => (0..dice.below(4)).map(|_| format!("\n{}", dice.pick(lines))).collect(),
        None if name == "server" || name == "upstream" => "\n".to_owned(),
        None => String::new(),
    };
    let inner = match name {
        "server" => "listen 127.0.0.1:18999;".to_owned() + &inner,
        "upstream" => "server 127.0.0.1:18998;".to_owned() + &inner,
        _ if inner.contains('{') => inner + "}",
        _ => inner,
    };
    format!("{name} {args} {{ {inner} }}")
}

fn configuration(dice: &mut Dice, bench: &Bench, spread: &mut BTreeMap<&'static str, usize>) -> String {
    let mut lines: BTreeMap<&str, String> = BTreeMap::new();
    for _ in 0..1 + dice.below(4) {
        let found = if dice.one_in(2) {
            directive::find(SPECIAL[dice.below(SPECIAL.len())].0).expect("a directive")
        } else {
            &directive::all()[dice.below(directive::all().len())]
        };
        let specs: Vec<&Spec> = found.at(bench.version()).filter(|spec| !spec.optional).collect();
        if left_out(found.name) || specs.is_empty() {
            continue;
        }
        let spec = specs[dice.below(specs.len())];
        let places: Vec<_> = PLACES.iter().filter(|(place, _)| dice.one_in(25) || spec.contexts.has(*place)).collect();
        if places.is_empty() {
            continue;
        }
        let (_, place) = places[dice.below(places.len())];
        *spread.entry(found.name).or_default() += 1;
        let mut text = written(dice, found, spec);
        if dice.one_in(10) {
            text = text.replacen(' ', "\n", 1);
        }
        for _ in 0..if dice.one_in(8) { 2 } else { 1 } {
            lines.entry(place).or_default().push_str(&format!("{text}\n"));
        }
    }
    let mut conf = FRAME.replace("@paths", PATHS.trim_end());
    for (_, place) in PLACES {
        conf = conf.replace(&format!("{place}\n"), lines.get(place).map_or("", String::as_str));
    }
    conf
}

/// Drops lines while the two still differ.
fn shrunk(bench: &Bench, conf: &str) -> String {
    let mut lines: Vec<&str> = conf.lines().collect();
    let mut at = 0;
    while at < lines.len() {
        let mut fewer = lines.clone();
        fewer.remove(at);
        let text = fewer.join("\n") + "\n";
        if differs(bench, &text).is_some() { lines = fewer } else { at += 1 }
    }
    lines.join("\n") + "\n"
}

/// Whether nothing definite is said, or nginx stopped for want of a folder of this machine.
fn is_open(nginx: &Said, hardline: &Said) -> bool {
    let machine = matches!(nginx, Said::Refused(message, _) if message.starts_with("mkdir()"));
    machine || matches!(hardline, Said::Open(_))
}

/// What both say, where they do not say the same.
fn differs(bench: &Bench, conf: &str) -> Option<(Said, Said)> {
    let (nginx, hardline) = (bench.nginx(conf).0, bench.hardline(conf).0);
    (!is_open(&nginx, &hardline) && !agree(&nginx, &hardline)).then_some((nginx, hardline))
}

#[test]
fn random_configurations_are_refused_alike() {
    let number =
        |name: &str, default: u64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let (seed, wanted) = (number("HARDLINE_SEED", 1), number("HARDLINE_CASES", 5_000) * 3 / 10);
    let (bench, started) = (Bench::new(), Instant::now());
    let (mut accepted, mut open, mut spread) = (0, 0, BTreeMap::new());
    let mut wrong = Vec::new();
    for case in 0..wanted {
        let mut dice = Dice(seed << 32 | case);
        let conf = configuration(&mut dice, &bench, &mut spread);
        let (nginx, hardline) = (bench.nginx(&conf).0, bench.hardline(&conf).0);
        accepted += u64::from(nginx == Said::Accepted);
        if is_open(&nginx, &hardline) {
            open += 1;
        } else if !agree(&nginx, &hardline) {
            let small = shrunk(&bench, &conf);
            let (nginx, hardline) = differs(&bench, &small).unwrap_or((nginx, hardline));
            wrong.push(format!("case {case}:\n{small}  nginx    {nginx:?}\n  hardline {hardline:?}"));
            if wrong.len() >= 40 {
                break;
            }
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "{wanted} configurations, seed {seed}: {accepted} accepted, {open} open, {} directives, {seconds:.1} s",
        spread.len()
    );
    assert!(wrong.is_empty(), "seed {seed}: {} or more differ\n{}", wrong.len(), wrong.join("\n"));
    assert!(open * 10 <= wanted, "{open} of {wanted} are not definite");
    assert!(accepted * 10 >= wanted, "only {accepted} of {wanted} are accepted");
}
