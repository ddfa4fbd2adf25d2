//! Possible worlds: what is concluded about a door of which only parts are known must hold however the rest turns out.

use std::collections::BTreeSet;

use hardline::fact::{Unknown, Why};
use hardline::platform::redis::door::{
    AuthClients, Bind, Cluster, DefaultUser, Door, Epoch, Family, Host, Maybe, Setting, Tls, TlsFile, UnixSocket,
};
use hardline::platform::redis::listen::{Listener, Opening, open};
use hardline::platform::redis::reach::{Answer, Channel, Class, Finding, Vantage, cell, loopback, remote, unix_other};
use hardline::platform::redis::version::{VERSIONS, Version};

use crate::oracle::reach_doors::{host, nowhere};

fn unknown() -> Unknown {
    Unknown::new(Why::Templated, nowhere(), "the value")
}

fn items(texts: &[&str]) -> Bind {
    Bind::Items(texts.iter().map(|text| Maybe::Known((*text).to_owned())).collect())
}

/// Everything written nowhere.
fn bare(version: Version) -> Door {
    Door {
        epoch: Epoch::of(&version),
        bind: Maybe::Known(Bind::NotWritten),
        bind_at: nowhere(),
        port: Maybe::Known(6379),
        tls_port: Maybe::Known(0),
        protected_mode: Maybe::Known(true),
        unixsocket: Maybe::Known(None),
        unixsocketperm: Maybe::Known(0),
        umask: Maybe::Known(0o022),
        tls: Tls {
            auth_clients: Maybe::Known(AuthClients::Yes),
            cert: Maybe::Known(TlsFile::NotSet),
            key: Maybe::Known(TlsFile::NotSet),
            ca: Maybe::Known(TlsFile::NotSet),
            replication: Maybe::Known(false),
            cluster: Maybe::Known(false),
        },
        cluster: Cluster { enabled: Maybe::Known(false), port: Maybe::Known(0) },
        default_user: DefaultUser {
            enabled: Maybe::Known(true),
            nopass: Maybe::Known(true),
            may_ping: Maybe::Known(true),
        },
        host: host(&["10.0.0.5", "fd00::5"]),
    }
}

type Set = fn(&mut Door, Option<usize>);

fn put<T: Clone>(field: &mut Maybe<T>, values: &[T], pick: Option<usize>) {
    *field = pick.map_or_else(|| Maybe::Unknown(unknown()), |pick| Maybe::Known(values[pick].clone()));
}

fn socket() -> UnixSocket {
    UnixSocket { path_length: 9, usable: Maybe::Known(true) }
}

/// Each input: how many values it is tried with, and how it is set to one of them or to unknown.
const INPUTS: [(usize, Set); 19] = [
    (9, |door, pick| {
        let binds = [
            Bind::NotWritten,
            items(&["*", "-::*"]),
            items(&["127.0.0.1", "-::1"]),
            items(&["10.0.0.5"]),
            items(&["fd00::5", "::1"]),
            items(&["0.0.0.0", "127.0.0.1"]),
            items(&["-10.9.9.9", "127.0.0.2"]),
            items(&["::"]),
            items(&[]),
        ];
        put(&mut door.bind, &binds, pick);
    }),
    (3, |door, pick| put(&mut door.port, &[6379, 0, 6380], pick)),
    (3, |door, pick| put(&mut door.tls_port, &[0, 6380, 16379], pick)),
    (2, |door, pick| put(&mut door.protected_mode, &[true, false], pick)),
    (2, |door, pick| put(&mut door.unixsocket, &[None, Some(socket())], pick)),
    (5, |door, pick| put(&mut door.unixsocketperm, &[0, 0o700, 0o770, 0o777, 0o006], pick)),
    (3, |door, pick| put(&mut door.umask, &[0o022, 0, 0o077], pick)),
    (3, |door, pick| {
        put(&mut door.tls.auth_clients, &[AuthClients::Yes, AuthClients::Optional, AuthClients::No], pick);
    }),
    (3, |door, pick| put(&mut door.tls.cert, &[TlsFile::Usable, TlsFile::NotSet, TlsFile::Unusable], pick)),
    (2, |door, pick| put(&mut door.tls.key, &[TlsFile::Usable, TlsFile::NotSet], pick)),
    (3, |door, pick| put(&mut door.tls.ca, &[TlsFile::Usable, TlsFile::NotSet, TlsFile::Unusable], pick)),
    (2, |door, pick| put(&mut door.tls.replication, &[false, true], pick)),
    (2, |door, pick| put(&mut door.tls.cluster, &[false, true], pick)),
    (2, |door, pick| put(&mut door.cluster.enabled, &[false, true], pick)),
    (3, |door, pick| put(&mut door.cluster.port, &[0, 6379, 7777], pick)),
    (2, |door, pick| put(&mut door.default_user.enabled, &[true, false], pick)),
    (2, |door, pick| put(&mut door.default_user.nopass, &[true, false], pick)),
    (2, |door, pick| put(&mut door.default_user.may_ping, &[true, false], pick)),
    // The second item of `bind`, unknown or one of these; only where the whole is known.
    (4, |door, pick| {
        let second = ["127.0.0.1", "10.0.0.5", "::", "-10.9.9.9"];
        if let Maybe::Known(Bind::Items(items)) = &mut door.bind
            && let Some(item) = items.get_mut(1)
        {
            put(item, &second.map(str::to_owned), pick);
        }
    }),
];

/// A generator of numbers, the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % limit
    }
}

fn built(version: Version, picks: &[Option<usize>]) -> Door {
    let mut door = bare(version);
    for ((_, set), pick) in INPUTS.iter().zip(picks) {
        set(&mut door, *pick);
    }
    door
}

/// Every way to fill in the inputs that are not known.
fn completions(picks: &[Option<usize>]) -> Vec<Vec<Option<usize>>> {
    let mut all = vec![Vec::new()];
    for ((count, _), pick) in INPUTS.iter().zip(picks) {
        let values = pick.map_or(0..*count, |pick| pick..pick + 1);
        all = all
            .into_iter()
            .flat_map(|so_far| {
                values.clone().map(move |value| {
                    let mut next: Vec<Option<usize>> = so_far.clone();
                    next.push(Some(value));
                    next
                })
            })
            .collect();
    }
    all
}

type Question<T> = fn(&Door) -> Finding<T>;

fn holds<T: Ord + Copy + std::fmt::Debug>(found: &Answer<T>, worlds: &BTreeSet<T>) -> Result<bool, String> {
    match found {
        Answer::Known(answer) if worlds.iter().all(|world| world == answer) => Ok(true),
        Answer::Unknown { possible, causes }
            if worlds.iter().all(|world| possible.contains(world)) && possible.len() > 1 && !causes.is_empty() =>
        {
            Ok(false)
        }
        _ => Err(format!("{found:?} but in the worlds {worlds:?}")),
    }
}

#[derive(Default)]
struct Tally {
    doors: usize,
    worlds: usize,
    definite: usize,
    open: usize,
    needless: usize,
}

impl Tally {
    fn ask<T: Ord + Copy + std::fmt::Debug>(&mut self, partial: &Finding<T>, worlds: &BTreeSet<T>, what: &str) {
        if worlds.is_empty() {
            return;
        }
        match holds(&partial.answer, worlds) {
            Ok(true) => self.definite += 1,
            Ok(false) => {
                self.open += 1;
                self.needless += usize::from(worlds.len() == 1);
            }
            Err(problem) => panic!("{what}: {problem}"),
        }
    }

    fn check(&mut self, version: Version, picks: &[Option<usize>]) {
        let partial = built(version, picks);
        let all: Vec<Door> = completions(picks).iter().map(|picks| built(version, picks)).collect();
        self.doors += 1;
        self.worlds += all.len();
        let openings: Vec<Opening> = all.iter().map(open).collect();
        check_opening(&open(&partial), &openings, &format!("{partial:?}"));
        let starting: Vec<&Door> = all
            .iter()
            .zip(&openings)
            .filter(|(_, opening)| opening.refusals.is_empty())
            .map(|(door, _)| door)
            .collect();
        for vantage in Vantage::ALL {
            for channel in Channel::ALL {
                let worlds = starting.iter().map(|door| known(cell(door, vantage, channel))).collect();
                let what = format!("{} {} {partial:?}", vantage.as_str(), channel.as_str());
                self.ask(&cell(&partial, vantage, channel), &worlds, &what);
            }
        }
        let summaries: [(&str, Question<Class>); 3] =
            [("remote", remote), ("loopback", loopback), ("unix_other", unix_other)];
        for (name, question) in summaries {
            let worlds = starting.iter().map(|door| known(question(door))).collect();
            self.ask(&question(&partial), &worlds, &format!("{name} {partial:?}"));
        }
    }
}

fn known<T: Copy + std::fmt::Debug>(found: Finding<T>) -> T {
    *found.answer.known().unwrap_or_else(|| panic!("nothing is unknown, but the answer is {found:?}"))
}

fn check_opening(partial: &Opening, worlds: &[Opening], what: &str) {
    match partial.starts() {
        Maybe::Known(starts) => {
            let wrong = worlds.iter().find(|world| world.refusals.is_empty() != starts);
            assert!(wrong.is_none(), "starts is {starts} of {what}, but there is {wrong:?}");
        }
        Maybe::Unknown(_) => assert!(worlds.len() > 1, "nothing is unknown in {what}"),
    }
    let set = |opening: &Opening| -> BTreeSet<(std::net::IpAddr, u16, u8)> {
        let key = |listener: &Listener| (listener.address, listener.port, listener.purpose as u8);
        opening.listeners.iter().map(key).collect()
    };
    let certain = set(partial);
    for world in worlds.iter().filter(|world| world.refusals.is_empty()) {
        let here = set(world);
        assert!(certain.is_subset(&here), "{certain:?} of {what} is not part of {here:?}");
        assert!(partial.rest.is_some() || certain == here, "{certain:?} of {what} is all, but there is {here:?}");
    }
}

#[test]
fn worlds_agree_with_every_definite_answer() {
    let cases = std::env::var("HARDLINE_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(1_500);
    let mut numbers = Numbers(42);
    let mut tally = Tally::default();
    for case in 0..cases {
        let version = VERSIONS[case % VERSIONS.len()];
        let mut picks: Vec<Option<usize>> = INPUTS.iter().map(|(count, _)| Some(numbers.below(*count))).collect();
        let mut worlds = 1;
        for _ in 0..=numbers.below(6) {
            let input = numbers.below(INPUTS.len());
            if picks[input].is_some() && worlds * INPUTS[input].0 <= 324 {
                worlds *= INPUTS[input].0;
                picks[input] = None;
            }
        }
        // TLS files are mostly there, or hardly any TLS port would ever open.
        for (input, pick) in picks.iter_mut().enumerate().take(11).skip(8) {
            if pick.is_some() && numbers.below(8) > 0 {
                *pick = Some(0);
            }
            assert!(INPUTS[input].0 > 1);
        }
        tally.check(version, &picks);
    }
    let Tally { doors, worlds, definite, open, needless } = tally;
    println!("possible worlds: {doors} doors, {worlds} worlds, {definite} definite answers, {open} open");
    println!("possible worlds: {needless} of the open answers were the same in every world tried");
    assert!(definite > 10 * cases && open > cases, "the doors are not varied enough");
}

#[test]
fn each_unknown_alone() {
    let mut tally = Tally::default();
    let mut numbers = Numbers(7);
    for version in VERSIONS {
        for unknown in 0..INPUTS.len() {
            for _ in 0..12 {
                let mut picks: Vec<Option<usize>> =
                    INPUTS.iter().map(|(count, _)| Some(numbers.below(*count))).collect();
                picks[8..11].fill(Some(0));
                picks[unknown] = None;
                tally.check(version, &picks);
            }
        }
    }
    assert!(tally.definite > 10_000, "only {} definite answers", tally.definite);
}

fn version(text: &str) -> Version {
    *Version::find(text).expect("a version").0
}

fn answer<T: Copy>(found: &Finding<T>) -> Option<T> {
    found.answer.known().copied()
}

#[test]
fn a_bare_configuration_is_protected_and_without_protection_it_is_open() {
    for version in VERSIONS {
        let mut door = bare(version);
        let found = remote(&door);
        assert_eq!(answer(&found), Some(Class::Denied), "{version}");
        assert_eq!(found.deciding, [Setting::ProtectedMode, Setting::DefaultUser, Setting::Bind(None), Setting::Port]);
        assert_eq!(answer(&loopback(&door)), Some(Class::Pong));
        assert_eq!(answer(&unix_other(&door)), Some(Class::RefusedConnect));
        door.protected_mode = Maybe::Known(false);
        let found = remote(&door);
        assert_eq!(answer(&found), Some(Class::Pong), "{version}");
        assert_eq!(found.deciding.first(), Some(&Setting::ProtectedMode));
        assert_eq!(found.because, "protected-mode is off and `default` needs no password");
    }
}

#[test]
fn redis_6_2_forgets_protected_mode_once_bind_is_written() {
    let mut door = bare(version("redis:6.2.16"));
    door.bind = Maybe::Known(items(&["*", "-::*"]));
    let found = remote(&door);
    assert_eq!(answer(&found), Some(Class::Pong));
    assert_eq!(found.deciding.first(), Some(&Setting::Bind(None)));
    door.bind = Maybe::Unknown(unknown());
    assert_eq!(answer(&remote(&door)), None);
    door.epoch = Epoch::From7_0;
    let Answer::Unknown { possible, .. } = remote(&door).answer else { panic!("bind decides") };
    assert_eq!(possible, [Class::RefusedConnect, Class::Denied]);
}

#[test]
fn a_password_makes_protected_mode_irrelevant() {
    let mut door = bare(version("valkey:9.1.2"));
    door.default_user.nopass = Maybe::Known(false);
    door.protected_mode = Maybe::Unknown(unknown());
    let found = remote(&door);
    assert_eq!(answer(&found), Some(Class::NoAuth));
    assert_eq!(found.deciding.first(), Some(&Setting::DefaultUser));
}

#[test]
fn a_name_is_unknown_for_ipv4_and_nothing_for_ipv6() {
    let mut door = bare(version("redis:7.4.1"));
    door.bind = Maybe::Known(items(&["127.0.0.1", "cache.internal"]));
    let found = cell(&door, Vantage::Remote(Family::V4), Channel::Plain);
    let Answer::Unknown { causes, .. } = &found.answer else { panic!("{found:?}") };
    assert!(causes[0].1.needs.contains("cache.internal"), "{causes:?}");
    let found = cell(&door, Vantage::Remote(Family::V6), Channel::Plain);
    assert_eq!(answer(&found), Some(Some(Class::RefusedConnect)));
    assert_eq!(answer(&cell(&door, Vantage::Loopback(Family::V4), Channel::Plain)), Some(Some(Class::Pong)));
}

#[test]
fn addresses_of_bind_belong_to_a_host_of_which_nothing_is_known() {
    let mut door = bare(version("redis:8.2.3"));
    door.host = Host::default();
    door.protected_mode = Maybe::Known(false);
    door.bind = Maybe::Known(items(&["127.0.0.1", "192.0.2.7"]));
    assert_eq!(answer(&remote(&door)), Some(Class::Pong));
    let found = cell(&door, Vantage::Remote(Family::V4), Channel::Plain);
    assert!(found.deciding.contains(&Setting::Bind(Some(1))), "{found:?}");
    assert_eq!(answer(&cell(&door, Vantage::Remote(Family::V6), Channel::Plain)), Some(Some(Class::RefusedConnect)));
    door.host = host(&["192.0.2.8"]);
    assert!(open(&door).refusals[0].by.contains(&Setting::Bind(Some(1))));
}

#[test]
fn refusals_name_the_item_at_fault() {
    // What the items lead to was asked of the C library: getaddrinfo, bind and listen.
    let cases: [(&[&str], Option<usize>); 19] = [
        (&["*"], None),
        (&["0"], None),
        (&["127.1"], None),
        (&["2130706433"], None),
        (&["0x7f.1", "127.0.0.2"], None),
        (&["::", "*"], None),
        (&["-10.9.9.9", "LOCALHOST"], None),
        (&["127.0.0.1", "127.1"], Some(1)),
        (&["*", "127.0.0.1"], Some(1)),
        (&["::1", "::*"], Some(1)),
        (&["127.0.0.1", "10.9.9.9"], Some(1)),
        (&["[::]"], Some(0)),
        (&["127.0.0.1,10.0.0.5"], Some(0)),
        (&["10.0.0.0/8"], Some(0)),
        (&["::ffff:10.0.0.5"], Some(0)),
        (&["-::ffff:10.0.0.5"], Some(0)),
        (&["fe80::1"], Some(0)),
        (&["127.0.0.1", "#"], Some(1)),
        (&["*", ""], Some(1)),
    ];
    for version in VERSIONS {
        for (texts, wrong) in cases {
            let mut door = bare(version);
            door.bind = Maybe::Known(items(texts));
            let found = open(&door).refusals.first().map(|refusal| refusal.by[0]);
            assert_eq!(found, wrong.map(|item| Setting::Bind(Some(item))), "{version} {texts:?}");
        }
    }
}

#[test]
fn ports_that_collide_and_nothing_to_listen_on() {
    let newest = *Version::newest();
    let first = |door: &Door| open(door).refusals.first().map(|refusal| refusal.by.clone());
    let mut door = bare(newest);
    door.port = Maybe::Known(0);
    assert_eq!(first(&door), Some(vec![Setting::Port, Setting::TlsPort, Setting::Unixsocket]));
    door.tls_port = Maybe::Known(6379);
    assert_eq!(first(&door), Some(vec![Setting::TlsPort, Setting::TlsCertFile]));
    for file in [&mut door.tls.cert, &mut door.tls.key, &mut door.tls.ca] {
        *file = Maybe::Known(TlsFile::Usable);
    }
    assert_eq!(first(&door), None);
    door.port = Maybe::Known(6379);
    assert_eq!(first(&door), Some(vec![Setting::TlsPort, Setting::Port]));
    door.bind = Maybe::Known(items(&[]));
    assert_eq!(first(&door), Some(vec![Setting::Bind(None), Setting::Unixsocket]));
    let mut door = bare(newest);
    door.port = Maybe::Known(60_000);
    door.cluster.enabled = Maybe::Known(true);
    assert_eq!(first(&door), Some(vec![Setting::Port, Setting::ClusterEnabled]));
    door.cluster.port = Maybe::Known(60_000);
    assert_eq!(first(&door), Some(vec![Setting::ClusterEnabled, Setting::Port]));
}
