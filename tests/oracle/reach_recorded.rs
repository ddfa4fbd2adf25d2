//! Every configuration whose answers were recorded from real servers over real addresses.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use hardline::files::{Location, Memory};
use hardline::platform::redis::conf::{Loaded, Rules, Taken};
use hardline::platform::redis::door::{DefaultUser, Host, Maybe};
use hardline::platform::redis::effective::{Accounts, Question, Started, evaluate};
use hardline::platform::redis::include::Library;
use hardline::platform::redis::listen::open;
use hardline::platform::redis::reach::{Channel, Vantage, cell};
use hardline::platform::redis::split::Word;
use hardline::platform::redis::version::Version;
use serde::Deserialize;

use super::reach_doors::{Written, door, host};

#[derive(Deserialize)]
struct Record {
    id: u32,
    umask: String,
    files: BTreeMap<String, String>,
    args: Vec<String>,
    accepted: bool,
    error: Option<String>,
    listening: Option<BTreeSet<String>>,
    #[serde(default)]
    answers: BTreeMap<String, BTreeMap<String, Reply>>,
}

#[derive(Deserialize)]
struct Reply {
    class: String,
}

const PLACES: [(&str, &str); 6] = [
    ("{SRV4}", "10.77.0.2"),
    ("{SRV6}", "fd77::2"),
    ("{OTHER4}", "10.77.0.99"),
    ("{HOST4}", "four.test"),
    ("{HOST6}", "six.test"),
    ("{DUAL}", "both.test"),
];

fn placed(text: &str) -> String {
    PLACES.iter().fold(text.to_owned(), |text, (name, place)| text.replace(name, place))
}

/// Refusals that have nothing to do with listening: they come from reading the configuration or the users.
const READING: [&str; 3] = ["FATAL CONFIG FILE ERROR", "ACL errors", "users defined in"];

fn file(name: &str) -> Option<BufReader<flate2::read::GzDecoder<File>>> {
    let shared = std::env::var_os("HARDLINE_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let file = File::open(shared.join("oracle/redis").join(name)).ok()?;
    Some(BufReader::new(flate2::read::GzDecoder::new(file)))
}

/// Users that refuse nothing, with what the tests' own reader says of `default`.
struct Lenient(DefaultUser);

impl Rules for Lenient {
    fn command(&self, _: &Loaded, _: &[u8]) -> bool {
        true
    }

    fn take(&self, _: &Loaded, _: &[Word], _: bool) -> Result<Option<Taken>, (usize, String)> {
        Ok(None)
    }
}

impl Accounts for Lenient {
    fn start(&self, _: &Loaded, _: &mut Library<'_>) -> Started {
        Started { refusals: Vec::new(), doubts: Vec::new(), users: Vec::new(), default_user: self.0.clone() }
    }
}

#[derive(Default)]
struct Tally {
    cells: usize,
    read: usize,
    starts: usize,
    listeners: usize,
    wrong: Vec<String>,
}

impl Tally {
    fn compare(&mut self, record: &Record, version: &'static Version) {
        let files = record.files.iter().map(|(name, text)| (name.clone(), placed(text))).collect();
        let args: Vec<String> = record.args.iter().map(|arg| placed(arg)).collect();
        let written = Written::read(&files, &args);
        let umask = u32::from_str_radix(&record.umask, 8).unwrap();
        let four = Ipv4Addr::new(10, 77, 0, 2);
        let mut host = host(&["10.77.0.2", "fd77::2"]);
        host.names =
            [("four.test", Some(four)), ("both.test", Some(four)), ("six.test", None), ("nosuch.invalid", None)]
                .map(|(name, address)| (name.to_owned(), address))
                .into();
        self.compare_read(record, version, (&files, &args, umask), (&written, &host));
        let door = door(&written, *version, umask, host);
        let opening = open(&door);
        if !record.accepted && READING.iter().any(|word| record.error.as_deref().unwrap_or_default().contains(word)) {
            return;
        }
        self.starts += 1;
        match opening.starts() {
            Maybe::Known(starts) if starts == record.accepted => {}
            starts => self.wrong.push(format!(
                "{version} {}: accepted {}, not {starts:?} {:?}",
                record.id, record.accepted, opening.refusals
            )),
        }
        if !record.accepted {
            return;
        }
        let listening: BTreeSet<String> =
            opening.listeners.iter().map(|listener| (listener.address, listener.port).into_text()).collect();
        let recorded: BTreeSet<String> = record.listening.iter().flatten().map(|at| placed(at)).collect();
        self.listeners += recorded.len();
        if listening != recorded {
            self.wrong.push(format!("{version} {}: listens on {recorded:?}, not {listening:?}", record.id));
        }
        for vantage in Vantage::ALL {
            for channel in Channel::ALL {
                self.compare_cell(record, &door, vantage, channel);
            }
        }
        let known: usize = record.answers.values().map(BTreeMap::len).sum();
        self.cells += known;
    }

    /// The same question to the whole of `hardline effective`, but for the rules of users.
    fn compare_read(
        &mut self,
        record: &Record,
        version: &'static Version,
        (files, args, umask): (&BTreeMap<String, String>, &[String], u32),
        (written, host): (&Written, &Host),
    ) {
        let of_users = |error: &String| READING[1..].iter().any(|word| error.contains(word));
        let Some((main, arguments)) = args.split_first().filter(|(main, _)| !main.starts_with('-')) else { return };
        if record.error.as_ref().is_some_and(of_users) {
            return;
        }
        let mut machine = Memory::new();
        for (name, text) in files {
            machine.put(Path::new("/srv").join(name), text.clone());
        }
        for (name, label) in [("ca.crt", "CERTIFICATE"), ("server.crt", "CERTIFICATE"), ("server.key", "PRIVATE KEY")] {
            machine.put(Path::new("/srv/tls").join(name), format!("-----BEGIN {label}-----\n"));
        }
        let arguments: Vec<Vec<u8>> = arguments.iter().map(|arg| arg.clone().into_bytes()).collect();
        let question = Question {
            version,
            sentinel: false,
            main: Location::Target(Path::new("/srv").join(main)),
            arguments: &arguments,
            stdin: b"",
            host: host.clone(),
            umask,
        };
        let found = evaluate(&question, &machine, &Lenient(written.user()), Path::new("/srv"));
        self.read += 1;
        if found.accepted != Some(record.accepted) {
            let wrong = (&found.accepted, &found.errors, &found.unknown);
            return self.wrong.push(format!("{version} {}: read, accepted {}: {wrong:?}", record.id, record.accepted));
        }
        let recorded: BTreeMap<&str, BTreeMap<&str, &str>> = record
            .answers
            .iter()
            .filter(|(vantage, _)| *vantage != "loopback4_src127002")
            .map(|(vantage, answers)| {
                let shown =
                    answers.iter().filter(|(channel, reply)| *channel != "tls_roguecert" && reply.class != "no-socket");
                (vantage.as_str(), shown.map(|(channel, reply)| (channel.as_str(), reply.class.as_str())).collect())
            })
            .filter(|(_, answers): &(&str, BTreeMap<_, _>)| !answers.is_empty())
            .collect();
        let mut reach = found.reach;
        for (vantage, answers) in &mut reach {
            // Tried from one vantage only.
            if *vantage != "remote4" {
                answers.remove("plain_on_tls_port");
            }
        }
        if reach != recorded {
            self.wrong.push(format!("{version} {}: read, {recorded:?}, not {reach:?}", record.id));
        }
    }

    fn compare_cell(
        &mut self,
        record: &Record,
        door: &hardline::platform::redis::door::Door,
        vantage: Vantage,
        channel: Channel,
    ) {
        let recorded = record.answers.get(vantage.as_str()).and_then(|answers| answers.get(channel.as_str()));
        let recorded = recorded.map(|reply| reply.class.as_str()).filter(|class| *class != "no-socket");
        // A plain connection to the TLS port was tried from one vantage only.
        if recorded.is_none() && channel == Channel::PlainOnTlsPort && vantage != Vantage::ALL[0] {
            return;
        }
        let found = cell(door, vantage, channel);
        let answer = found.answer.known().map(|class| class.map(|class| class.as_str()));
        if answer != Some(recorded) {
            self.wrong.push(format!(
                "{:?} {}: {} {} is {recorded:?}, not {answer:?} ({})",
                door.epoch,
                record.id,
                vantage.as_str(),
                channel.as_str(),
                found.because
            ));
        }
        assert!(!found.deciding.is_empty() && !found.because.is_empty(), "{found:?}");
    }
}

trait IntoText {
    fn into_text(self) -> String;
}

impl IntoText for (std::net::IpAddr, u16) {
    fn into_text(self) -> String {
        std::net::SocketAddr::from(self).to_string()
    }
}

#[test]
fn recorded_answers() {
    let mut tally = Tally::default();
    let mut records = 0;
    for version in ["redis:7.0.15", "redis:7.4.1", "valkey:8.1.1"] {
        let Some(lines) = file(&format!("exposure-{}.jsonl.gz", version.replace(':', "-"))) else { continue };
        let (version, _) = Version::find(version).unwrap();
        for line in lines.lines() {
            let record: Record = serde_json::from_str(&line.unwrap()).unwrap();
            records += 1;
            tally.compare(&record, version);
        }
    }
    if records == 0 {
        println!("recorded: 0 compared (no ../shared)");
        return;
    }
    println!(
        "recorded: {records} configurations, {} starts, {} listeners, {} answers compared, {} read whole, {} differ",
        tally.starts,
        tally.listeners,
        tally.cells,
        tally.read,
        tally.wrong.len()
    );
    assert!(tally.wrong.is_empty(), "{}", tally.wrong[..tally.wrong.len().min(20)].join("\n"));
    assert_eq!(tally.cells, 18_132, "not all recorded answers were compared");
}
