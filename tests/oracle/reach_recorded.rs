//! Every configuration whose answers were recorded from real servers over real addresses.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::Ipv4Addr;
use std::path::PathBuf;

use hardline::platform::redis::door::Maybe;
use hardline::platform::redis::listen::open;
use hardline::platform::redis::reach::{Channel, Vantage, cell};
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

#[derive(Default)]
struct Tally {
    cells: usize,
    starts: usize,
    listeners: usize,
    wrong: Vec<String>,
}

impl Tally {
    fn compare(&mut self, record: &Record, version: Version) {
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
        let door = door(&written, version, umask, host);
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
                "{} {}: {} {} is {recorded:?}, not {answer:?} ({})",
                door.version,
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
            tally.compare(&record, *version);
        }
    }
    if records == 0 {
        println!("recorded: 0 compared (no ../shared)");
        return;
    }
    println!(
        "recorded: {records} configurations, {} starts, {} listeners, {} answers compared, {} differ",
        tally.starts,
        tally.listeners,
        tally.cells,
        tally.wrong.len()
    );
    assert!(tally.wrong.is_empty(), "{}", tally.wrong[..tally.wrong.len().min(20)].join("\n"));
    assert_eq!(tally.cells, 18_132, "not all recorded answers were compared");
}
