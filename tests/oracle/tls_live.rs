//! TLS as servers really offer it: the same question to the audit and to `openssl s_client`, and certificates made here,
//! each with one flaw, on servers that run.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use hardline::platform::redis::live::ask::{Answer, Answers, Ask, ask};
use hardline::platform::redis::live::certificate::Certificate;
use hardline::platform::redis::live::connect::{Connection, Tls};
use hardline::platform::redis::live::probe::{Offer, Protocol};
use hardline::platform::redis::live::target::{Limits, Target};
use serde_json::Value;

use super::servers::{self, Running, Setup, Started};

fn openssl(folder: &Path, arguments: &[&str]) {
    let output = Command::new("openssl").args(arguments).current_dir(folder).output().expect("openssl runs");
    assert!(output.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// What an authority needs to issue certificates from one day to another.
const AUTHORITY: &str = "[ca]\ndefault_ca=here\n[here]\ndatabase=index\nserial=serial\nnew_certs_dir=.\nprivate_key=ca.key\n\
     certificate=ca.crt\ndefault_md=sha256\npolicy=any\nunique_subject=no\n[any]\ncommonName=supplied\n";

/// A folder with an authority of its own.
struct Authority(tempfile::TempDir);

impl Authority {
    fn new() -> Authority {
        let folder = tempfile::tempdir().expect("a folder");
        let here = folder.path();
        for (name, text) in [("ca.cnf", AUTHORITY), ("index", ""), ("serial", "1000\n")] {
            fs::write(here.join(name), text).expect("a file");
        }
        let key = ["-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.crt"];
        openssl(here, &[&["req", "-x509", "-subj", "/CN=Test CA", "-days", "3650"], &key[..]].concat());
        Authority(folder)
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().expect("a plain name").to_owned()
    }

    /// Issues a certificate with a key of a kind, for names, for these days, over a digest.
    fn issue(&self, name: &str, key: &[&str], names: &str, days: (&str, &str), digest: &str) {
        let here = self.0.path();
        let files = |ending: &str| format!("{name}.{ending}");
        let (own, request, out) = (files("key"), files("csr"), files("crt"));
        let subject = format!("/CN={name}");
        let made = ["-nodes", "-keyout", &own, "-out", &request, "-subj", &subject];
        openssl(here, &[&["req", "-new"], key, &made[..]].concat());
        let names = if names.is_empty() { String::new() } else { format!("subjectAltName={names}\n") };
        fs::write(here.join("names"), format!("basicConstraints=CA:FALSE\n{names}")).expect("a file");
        let issued = ["-config", "ca.cnf", "-batch", "-notext", "-in", &request, "-out", &out, "-extfile", "names"];
        let dates = ["-startdate", days.0, "-enddate", days.1, "-md", digest];
        openssl(here, &[&["ca"], &issued[..], &dates[..]].concat());
    }

    /// A good one.
    fn good(&self, name: &str) {
        self.issue(name, &["-newkey", "rsa:2048"], "IP:127.0.0.1,DNS:cache.example", YEARS, "sha256");
    }

    /// A server with one of the certificates, with more lines.
    fn start(&self, certificate: &str, lines: &str) -> Running {
        let setup = Setup::of(&format!("port 0\nunixsocket {{DIR}}/s\n{}{lines}\n", self.conf(certificate)));
        match servers::named("redis-debian").start(setup.lay_out()) {
            Started::Ready(running) => running,
            Started::Refused(refusal) => panic!("it does not start: {}", refusal.output),
        }
    }

    fn conf(&self, certificate: &str) -> String {
        format!(
            "tls-port {{PORT}}\nbind 127.0.0.1\ntls-cert-file {}\ntls-key-file {}\ntls-ca-cert-file {}\n",
            self.path(&format!("{certificate}.crt")),
            self.path(&format!("{certificate}.key")),
            self.path("ca.crt")
        )
    }

    /// Audits the server at a port for what is said of its TLS; the day is that of the clock.
    fn audit(&self, port: u16, more: &[&str]) -> Ran {
        let url = format!("rediss://127.0.0.1:{port}");
        let mut command = Command::new(env!("CARGO_BIN_EXE_hardline"));
        command.args(["audit", &url, "--select", SELECT, "--format", "json"]).args(more);
        let output = command.env_remove("REDISCLI_AUTH").current_dir(self.0.path()).output().expect("hardline runs");
        let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
        Ran { code: output.status.code(), report, err: String::from_utf8_lossy(&output.stderr).into_owned() }
    }
}

/// Long ago, and long hence.
const YEARS: (&str, &str) = ("20240101000000Z", "20490101000000Z");

/// All checks on TLS as it is offered.
const SELECT: &str = "redis/obsolete-tls-accepted,redis/certificate-expires,redis/certificate-for-other-names,\
                      redis/certificate-weak,redis/certificate-not-trusted";

struct Ran {
    code: Option<i32>,
    report: Value,
    err: String,
}

impl Ran {
    /// Which checks found something, and what.
    fn found(&self) -> BTreeSet<(String, String)> {
        let all = self.report["findings"].as_array().expect("a list").iter();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        all.map(|finding| (text(&finding["check"]), text(&finding["message"]))).collect()
    }

    fn checks(&self) -> Vec<String> {
        self.found().into_iter().map(|(check, _)| check).collect()
    }

    /// What would help where something could not be decided.
    fn needs(&self) -> BTreeSet<String> {
        let all = self.report["unknown"].as_array().expect("a list").iter();
        all.filter_map(|unknown| unknown["needs"].as_str().map(str::to_owned)).collect()
    }
}

fn asked(url: &str, tls: &Tls) -> Answers {
    ask(&Target::parse(url).expect("a URL"), tls, Limits::default()).expect("answers")
}

/// Whether a handshake by a protocol comes about, with a certificate of the client where one is wanted.
fn shakes(authority: &Authority, port: u16, protocol: Protocol) -> bool {
    let option = match protocol {
        Protocol::V10 => "-tls1",
        Protocol::V11 => "-tls1_1",
        Protocol::V12 => "-tls1_2",
        Protocol::V13 => "-tls1_3",
    };
    let at = format!("127.0.0.1:{port}");
    let arguments = ["s_client", "-connect", &at, option, "-cipher", "ALL:@SECLEVEL=0", "-brief"];
    let mut client = Command::new("openssl");
    client.args(arguments).args(["-cert", "rsa.crt", "-key", "rsa.key"]).current_dir(authority.0.path());
    let output = client.stdin(Stdio::null()).output();
    String::from_utf8_lossy(&output.expect("openssl runs").stderr).contains("CONNECTION ESTABLISHED")
}

/// What the audit concludes of each protocol is what a client by that protocol meets.
#[test]
fn protocols_are_those_that_clients_get() {
    let authority = Authority::new();
    authority.good("rsa");
    authority.issue("ec", &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"], "IP:127.0.0.1", YEARS, "sha256");
    let (mut compared, mut accepted) = (0, BTreeSet::new());
    for (certificate, lines) in [
        ("rsa", ""),
        ("rsa", "tls-protocols \"TLSv1.1 TLSv1.2\"\ntls-ciphers DEFAULT@SECLEVEL=0"),
        ("ec", "tls-protocols \"TLSv1 TLSv1.2 TLSv1.3\"\ntls-ciphers DEFAULT@SECLEVEL=0"),
        // The library refuses what the setting allows: its ciphers are too good for the old protocols.
        ("rsa", "tls-protocols \"TLSv1.1 TLSv1.2\""),
        ("rsa", "tls-protocols \"TLSv1.1 TLSv1.2\"\ntls-ciphers ECDHE-RSA-AES128-GCM-SHA256@SECLEVEL=0"),
        ("ec", "tls-protocols TLSv1.2"),
        ("rsa", "tls-protocols TLSv1.3"),
        ("rsa", "tls-protocols \"TLSv1.1 TLSv1.3\"\ntls-ciphers AES128-SHA@SECLEVEL=0\ntls-auth-clients yes"),
    ] {
        let running = authority.start(certificate, &format!("tls-auth-clients no\n{lines}"));
        let [port, _] = running.ports();
        let answers = asked(&format!("rediss://127.0.0.1:{port}"), &Tls::default());
        for (protocol, offer) in answers.security.offers {
            let expected = if shakes(&authority, port, protocol) { Offer::Accepted } else { Offer::Refused };
            if offer == Offer::Accepted {
                accepted.insert(protocol);
            }
            assert_eq!(offer, expected, "{} of {certificate} {lines}", protocol.name());
            compared += 1;
        }
    }
    assert_eq!((compared, accepted.len()), (32, 4));
}

/// One flaw each, found by its check and by no other; none on a server that is well.
#[test]
fn each_flaw_of_tls_is_found_once() {
    let authority = Authority::new();
    authority.good("good");
    let rsa = ["-newkey", "rsa:2048"];
    let until = |seconds: u64| {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock").as_secs();
        let day = hardline::date::Date::of_seconds(since + seconds).to_string().replace('-', "");
        format!("{day}000000Z")
    };
    authority.issue("soon", &rsa, "IP:127.0.0.1", (YEARS.0, &until(10 * 86_400)), "sha256");
    authority.issue("past", &rsa, "IP:127.0.0.1", (YEARS.0, "20250101000000Z"), "sha256");
    authority.issue("other", &rsa, "DNS:other.example", YEARS, "sha256");
    authority.issue("nameless", &rsa, "", YEARS, "sha256");
    let trusted: &[&str] = &["--ca", "ca.crt"];
    let old = "tls-protocols \"TLSv1.1 TLSv1.2\"\ntls-ciphers DEFAULT@SECLEVEL=0";
    let named = |name: &'static str| [trusted, &["--server-name", name]].concat();
    for (certificate, lines, more, expected) in [
        ("good", "", trusted.to_vec(), vec![]),
        ("good", "", named("cache.example"), vec![]),
        ("good", old, trusted.to_vec(), vec![("redis/obsolete-tls-accepted", "the server accepts TLSv1.1")]),
        ("good", "tls-protocols TLSv1.2", trusted.to_vec(), vec![]),
        ("good", "tls-protocols TLSv1.3", trusted.to_vec(), vec![]),
        ("good", "", vec![], vec![("redis/certificate-not-trusted", "no authority that is trusted here")]),
        ("good", "", named("wrong.example"), vec![("redis/certificate-not-trusted", "is for other names")]),
        ("soon", "", trusted.to_vec(), vec![("redis/certificate-expires", ": 10 days from today")]),
        ("past", "", trusted.to_vec(), vec![("redis/certificate-not-trusted", "has expired (2025-01-01)")]),
        ("other", "", trusted.to_vec(), vec![("redis/certificate-not-trusted", "is for other names")]),
        ("nameless", "", trusted.to_vec(), vec![("redis/certificate-not-trusted", "is for other names")]),
        (
            "other",
            "",
            vec![],
            vec![
                ("redis/certificate-for-other-names", "is not for `127.0.0.1`"),
                ("redis/certificate-not-trusted", "no authority that is trusted here"),
            ],
        ),
    ] {
        let running = authority.start(certificate, &format!("tls-auth-clients no\n{lines}"));
        let ran = authority.audit(running.ports()[0], &more);
        let found = ran.found();
        let fits = found.len() == expected.len()
            && found.iter().zip(&expected).all(|((check, said), (id, words))| check == id && said.contains(words));
        assert!(fits, "{certificate} {lines} {more:?}: {found:?}");
        assert_eq!((ran.code, ran.needs().len()), (Some(i32::from(!expected.is_empty())), 0), "{}", ran.err);
    }
}

/// Stopped when it is no longer needed.
struct Stopped(Child);

impl Drop for Stopped {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Keys and signatures that OpenSSL takes only when it is told to.
#[test]
fn weak_certificates_are_found() {
    let authority = Authority::new();
    authority.issue("short", &["-newkey", "rsa:1024"], "IP:127.0.0.1", YEARS, "sha256");
    authority.issue("sha1", &["-newkey", "rsa:2048"], "IP:127.0.0.1", YEARS, "sha1");
    let lax = "openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\nsystem_default = lax\n[lax]\nCipherString = ALL:@SECLEVEL=0\n";
    fs::write(authority.0.path().join("lax.cnf"), lax).expect("a file");
    for (certificate, said) in [("short", "RSA with 1024 bits"), ("sha1", "is signed by sha1WithRSAEncryption")] {
        let conf = format!("port 0\n{}tls-auth-clients no\nsave \"\"\n", authority.conf(certificate));
        let laid_out = Setup::of(&conf).lay_out();
        let child = Command::new(servers::named("redis-debian").program())
            .arg("test.conf")
            .current_dir(&laid_out.work)
            .env("OPENSSL_CONF", authority.path("lax.cnf"))
            .stdout(Stdio::null())
            .spawn();
        let _running = Stopped(child.expect("a server"));
        let [port, _] = laid_out.ports;
        let limit = Instant::now() + Duration::from_secs(20);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < limit, "it does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        let ran = authority.audit(port, &["--ca", "ca.crt"]);
        // Nothing that verifies signatures takes such a key, so it is not trusted either.
        assert_eq!(ran.checks(), ["redis/certificate-not-trusted", "redis/certificate-weak"], "{:#}", ran.report);
        assert!(ran.found().iter().any(|(_, message)| message.contains(said)), "{:?}", ran.found());
    }
}

/// A server that wants the client's certificate: with one it is audited, without one it is said, whatever the protocol.
#[test]
fn a_server_that_wants_a_certificate_says_so() {
    let authority = Authority::new();
    authority.good("server");
    authority.good("client");
    for protocols in ["TLSv1.2", "TLSv1.3", "\"TLSv1.2 TLSv1.3\""] {
        let running = authority.start("server", &format!("tls-auth-clients yes\ntls-protocols {protocols}"));
        let [port, _] = running.ports();
        let shown = authority.audit(port, &["--ca", "ca.crt", "--cert", "client.crt", "--key", "client.key"]);
        assert_eq!((shown.code, shown.checks().len()), (Some(0), 0), "{protocols}: {:#}", shown.report);
        assert!(shown.needs().is_empty(), "{protocols}: {:?}", shown.needs());
        let other = ["--select", "redis/acl-log-off", "--ca", "ca.crt"];
        let none = authority.audit(port, &other);
        assert_eq!(none.code, Some(3), "{protocols}: {:#}", none.report);
        let why = "it wants a certificate of the client (--cert and --key)";
        assert!(none.needs().iter().any(|needs| needs.contains(why)), "{protocols}: {:?}", none.needs());
    }
}

/// How long it takes to ask the same over one connection and no other.
fn talked(target: &Target, tls: &Tls) -> Duration {
    let started = Instant::now();
    let mut line = Connection::open(target, tls, Limits::default()).expect("a connection");
    let asks =
        [Ask::WhoAmI, Ask::Info, Ask::Config, Ask::Users, Ask::Modules, Ask::Commands, Ask::Clients, Ask::Denied];
    asks.iter().for_each(|ask| line.queue(*ask, None));
    line.send();
    assert!(asks.iter().all(|_| matches!(line.receive(), Answer::Reply(_))));
    started.elapsed()
}

/// What is read of a certificate is what OpenSSL prints of it, whatever its key and whatever stands in it.
#[test]
fn certificates_are_read_as_openssl_reads_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let here = folder.path();
    let curve = |name: &'static str| vec!["-newkey", "ec", "-pkeyopt", name];
    for (key, kind, digest) in [
        (vec!["-newkey", "rsa:1024"], "RSA", "-md5"),
        (vec!["-newkey", "rsa:2047"], "RSA", "-sha1"),
        (vec!["-newkey", "rsa:3072"], "RSA", "-sha384"),
        (vec!["-newkey", "rsa-pss", "-pkeyopt", "rsa_keygen_bits:2048"], "RSA", "-sha256"),
        (curve("ec_paramgen_curve:prime192v1"), "EC", "-sha1"),
        (curve("ec_paramgen_curve:P-256"), "EC", "-sha256"),
        (curve("ec_paramgen_curve:P-521"), "EC", "-sha512"),
        (curve("ec_paramgen_curve:secp256k1"), "EC", "-sha224"),
        (vec!["-newkey", "ed25519"], "Ed25519", "-sha256"),
        (vec!["-newkey", "ed448"], "Ed448", "-sha256"),
    ] {
        let names = "subjectAltName=DNS:cache.example,DNS:*.shop.example,IP:10.0.0.5,IP:::1,URI:x:y";
        let made = ["-nodes", "-keyout", "k", "-outform", "DER", "-out", "c", "-days", "30", "-addext", names, digest];
        openssl(here, &[&["req", "-x509", "-subj", "/CN=e\u{1b}[31mvil/O=Shop"], &key[..], &made[..]].concat());
        let read = Certificate::read(&fs::read(here.join("c")).expect("a file")).expect("a certificate");
        let print = Command::new("openssl")
            .args(["x509", "-inform", "DER", "-in", "c", "-noout", "-text"])
            .current_dir(here)
            .output()
            .expect("openssl runs");
        let print = String::from_utf8_lossy(&print.stdout).into_owned();
        let after = |start: &str| print.split_once(start).map(|(_, rest)| rest.split(['\n', ' ']).next().unwrap_or(""));
        // The kinds that have only one length are printed without it.
        let only = [("Ed25519", 256), ("Ed448", 456)].into_iter().find(|(only, _)| *only == kind).map(|(_, bits)| bits);
        let bits = after("Public-Key: (").and_then(|bits| bits.parse().ok()).or(only);
        assert_eq!((read.key.as_str(), read.bits), (kind, bits), "{key:?}: {print}");
        let signature = after("Signature Algorithm: ").unwrap_or_default();
        assert!(signature.eq_ignore_ascii_case(&read.signature), "{signature} {}", read.signature);
        assert_eq!(read.names, ["cache.example", "*.shop.example", "10.0.0.5", "::1"]);
        assert_eq!(read.not_before.days_until(read.not_after), 30);
        assert!(read.self_signed && read.authority && read.subject == "CN=e?[31mvil, O=Shop", "{read:?}");
        let is_for = ["cache.example", "CACHE.example.", "a.shop.example", "10.0.0.5", "0:0::1"];
        assert!(is_for.iter().all(|name| read.is_for(name)));
        let not_for = ["example", "b.a.shop.example", ".shop.example", "shop.example", "10.0.0.50", "evil", ""];
        assert!(not_for.iter().all(|name| !read.is_for(name)));
    }
}

/// The protocols are asked for while the server is asked for everything else.
#[test]
fn asking_for_protocols_takes_no_longer_than_a_handshake() {
    let authority = Authority::new();
    authority.good("good");
    let running = authority.start("good", "tls-auth-clients no");
    let [port, _] = running.ports();
    let tls = Tls { ca: Some(authority.path("ca.crt").into()), ..Tls::default() };
    let url = format!("rediss://127.0.0.1:{port}");
    let mut times: Vec<Duration> = (0..20).map(|_| asked(&url, &tls).took).collect();
    let target = Target::parse(&url).expect("a URL");
    let mut bare: Vec<Duration> = (0..20).map(|_| talked(&target, &tls)).collect();
    times.sort();
    bare.sort();
    println!("medians of 20 audits over TLS: {:?}, without asking for protocols {:?}", times[10], bare[10]);
    assert!(times[10] < Limits::default().connect, "{times:?}");
    let logged = running.output().lines().filter(|line| line.contains("Error accepting a client")).count();
    assert!(logged <= 3 * 20, "{logged} lines in the log: more than were asked for");
}
