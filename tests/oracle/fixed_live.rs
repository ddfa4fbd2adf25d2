//! Every fix that a program can make, on the real servers: who started with the example's files starts with the fixed
//! ones too, and `hardline effective` says the same of both.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use hardline::check::{Example, Expect, embedded};
use hardline::expr::Param;
use hardline::platform::PLATFORMS;
use hardline::platform::redis::version::Version;

use super::servers::{self, LaidOut, Server, Setup, Started};

/// What became of the examples on the servers.
#[derive(Debug, Default)]
struct Counts {
    /// Fixed, and started before and after.
    fixed: usize,
    /// Not started: TLS is wanted of a server that was built without.
    without_tls: usize,
    /// The finding does not hold on this version, or its fix is not offered there.
    not_offered: usize,
    /// Examples that no installed server's version is in question for.
    no_server: usize,
    /// The checks of which at least one fix was seen to work.
    proven: BTreeSet<&'static str>,
}

/// The servers whose versions an example is about.
fn in_question(example: &Example) -> Vec<&'static Server> {
    let declared = example.version.as_deref().map(|declared| Version::find(declared).expect("a version").0.to_string());
    // `redis:7.4.1` is `redis:7.4`: patches of one minor are held to be alike here.
    let minor = |version: &str| version.splitn(3, '.').take(2).collect::<Vec<_>>().join(".");
    let is = |server: &&Server| match &declared {
        Some(declared) => minor(&server.version.to_string()) == minor(declared),
        None => server.version.since(7, 0),
    };
    servers::all().iter().filter(is).collect()
}

/// An example as files that a server can run with: ports that are free, addresses that this host has, absolute paths
/// below the folder, and the certificate of the tests in place of its own.
fn setup(example: &Example, server: &Server) -> Setup {
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    for (path, text) in &example.files {
        let mut lines: Vec<String> = text.lines().map(|line| laid_out_line(line, server, &mut files)).collect();
        if path == "redis.conf" && !lines.iter().any(|line| line.starts_with("port ")) {
            lines.insert(0, "port {PORT}".to_owned());
        }
        files.push((path.clone(), (lines.join("\n") + "\n").into_bytes()));
    }
    let args = std::iter::once("redis.conf".to_owned()).chain(arguments("{DIR}")).map(String::into_bytes).collect();
    Setup { files, args, ..Setup::default() }
}

/// What the server is told besides: to stay in the foreground, and to answer where no client certificate is asked for.
fn arguments(folder: &str) -> Vec<String> {
    let socket = format!("{folder}/here.sock");
    ["--daemonize", "no", "--unixsocket", &socket].map(str::to_owned).into()
}

fn laid_out_line(line: &str, server: &Server, files: &mut Vec<(String, Vec<u8>)>) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    match words[..] {
        ["port", port] if port != "0" => return "port {PORT}".to_owned(),
        ["tls-port", port] if port != "0" => return "tls-port {PORT2}".to_owned(),
        ["bind", "10.0.0.5"] => return "bind 0.0.0.0".to_owned(),
        _ => {}
    }
    let word = |word: &str| {
        let inner = word.trim_start_matches('/');
        if let Some(kind) = ["crt", "key"].into_iter().find(|kind| word.ends_with(&format!(".{kind}"))) {
            files.push((inner.to_owned(), server.certificate(&format!("server.{kind}"))));
            // Wherever `dir` leads.
            return format!("{{DIR}}/{inner}");
        } else if word.starts_with('/') {
            // So that its folder is there.
            files.push((Path::new(inner).with_file_name(".here").to_str().expect("a path").to_owned(), Vec::new()));
            if words[0] == "dir" {
                files.push((format!("{inner}/.here"), Vec::new()));
            }
        }
        if word.starts_with('/') { format!("{{DIR}}/{inner}") } else { word.to_owned() }
    };
    words.iter().copied().map(word).collect::<Vec<_>>().join(" ")
}

/// The configuration that gives a check the parameters of an example.
fn config(id: &str, example: &Example) -> String {
    let text = |text: &str| format!("{text:?}");
    let params = example.params.iter().map(|(name, param)| {
        let value = match param {
            Param::Bool(value) => value.to_string(),
            Param::Int(value) => value.to_string(),
            Param::Text(value) => text(value),
            Param::Texts(values) => {
                format!("[{}]", values.iter().map(|value| text(value)).collect::<Vec<_>>().join(", "))
            }
            Param::Ints(values) => format!("{values:?}"),
        };
        format!("{name} = {value}\n")
    });
    format!("[params.{id:?}]\n{}", params.collect::<String>())
}

/// Runs hardline in a folder.
fn hardline(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_hardline")).args(arguments).current_dir(folder).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code(), text)
}

/// Whether `hardline effective` says that the server starts; nothing where it cannot tell.
fn effective(folder: &Path, server: &Server) -> Option<bool> {
    let version = server.version.to_string();
    let own = arguments(folder.to_str().expect("a plain name"));
    let mut arguments = vec!["effective", "redis.conf", "--server-version", &version, "--"];
    arguments.extend(own.iter().map(String::as_str));
    let (code, text) = hardline(folder, &arguments);
    match code {
        Some(0) => Some(true),
        Some(1) => Some(false),
        Some(3) => None,
        _ => panic!("{text}"),
    }
}

/// The absolute paths that a fix writes, below the folder; and their folders.
fn bring_paths_here(work: &Path) {
    let conf = work.join("redis.conf");
    let text = std::fs::read_to_string(&conf).unwrap();
    let here = work.join("var/log/redis");
    if text.contains(" /var/log/redis/") {
        std::fs::create_dir_all(&here).unwrap();
        std::fs::write(&conf, text.replace(" /var/log/redis/", &format!(" {}/", here.display()))).unwrap();
    }
}

fn starts(server: &Server, laid_out: LaidOut) -> Result<(), String> {
    match server.start(laid_out) {
        Started::Ready(_) => Ok(()),
        Started::Refused(refusal) => Err(refusal.output),
    }
}

fn try_on(id: &'static str, example: &Example, server: &Server, counts: &mut Counts) {
    let what = format!("{id}, `{}`, {}", example.name, server.name);
    let setup = setup(example, server);
    let before = setup.lay_out();
    if example.files.values().any(|text| text.lines().any(|line| line.starts_with("tls-port "))) && !server.tls {
        // hardline reads for a server that was built with TLS; this one refuses the example, and would the fixed one.
        assert!(starts(server, before).is_err(), "{what}: it has no TLS and starts");
        counts.without_tls += 1;
        return;
    }
    let foretold = effective(&before.work, server);
    let started = starts(server, before);
    assert!(foretold.is_none_or(|foretold| foretold == started.is_ok()), "{what}: {foretold:?}, {started:?}");

    let after = setup.lay_out();
    let version = server.version.to_string();
    std::fs::write(after.work.join("hardline.toml"), config(id, example)).unwrap();
    let arguments = ["check", ".", "--fix=unsafe", "--select", id, "--server-version", &version];
    let (code, text) = hardline(&after.work, &arguments);
    assert!(matches!(code, Some(0 | 1)), "{what}: {text}");
    if text.contains("fixed 0 findings in 0 files") {
        counts.not_offered += 1;
        return;
    }
    bring_paths_here(&after.work);
    let foretold = effective(&after.work, server);
    let conf = std::fs::read_to_string(after.work.join("redis.conf")).unwrap();
    let restarted = starts(server, after);
    assert!(
        foretold.is_none_or(|foretold| foretold == restarted.is_ok()),
        "{what}: {foretold:?}, {restarted:?}\n{conf}"
    );
    assert!(started.is_ok(), "{what}: the example does not start: {started:?}");
    assert!(restarted.is_ok(), "{what}: does not start once fixed: {restarted:?}\n{conf}");
    counts.fixed += 1;
    counts.proven.insert(id);
}

#[test]
fn what_starts_still_starts_once_it_is_fixed() {
    let roots: Vec<_> = PLATFORMS.iter().map(|platform| platform.schema()).collect();
    let (mut counts, mut all) = (Counts::default(), BTreeSet::new());
    for entry in embedded::all() {
        let loaded = entry.load(&roots).expect("a sound check");
        if loaded.check.edits().is_empty() || loaded.check.rule.reads == "nginx" {
            continue;
        }
        all.insert(entry.id);
        for example in loaded.examples.iter().filter(|example| example.expect == Expect::Deny) {
            let servers = in_question(example);
            counts.no_server += usize::from(servers.is_empty());
            for server in servers {
                try_on(entry.id, example, server, &mut counts);
            }
        }
    }
    let unproven: Vec<_> = all.difference(&counts.proven).collect();
    println!(
        "fixes on servers: {} fixed and started, {} without TLS, {} not offered there; {} examples without a server; \
         {} of {} checks, without {unproven:?}",
        counts.fixed,
        counts.without_tls,
        counts.not_offered,
        counts.no_server,
        counts.proven.len(),
        all.len()
    );
    assert!(unproven.is_empty(), "no fix was seen to work: {unproven:?}");
}
