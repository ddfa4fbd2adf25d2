//! Which sockets a server opens when it starts, and what keeps it from starting because of them.
//!
//! `server.c:listenToPort`, `server.c:initListeners` (7.2 and later), `server.c:initServer` (before), `anet.c`,
//! `tls.c:tlsConfigure` and `cluster.c:clusterInit`; the same in Redis and Valkey except where a version is named.

use std::net::IpAddr;

use super::address::{Lead, lead};
use super::door::{AuthClients, Bind, Door, Epoch, Family, Maybe, Setting, TlsFile};
use crate::fact::{Unknown, Why};

/// The cluster bus is this far above the client port unless `cluster-port` says otherwise
/// (`cluster.h:CLUSTER_PORT_INCR`).
const BUS_ABOVE: u16 = 10_000;

/// The longest path of a Unix socket in bytes (`anet.c:anetUnixServer`, 7.0 and later; 6.2 cuts it off there).
const LONGEST_SOCKET_PATH: usize = 107;

/// Who a listener is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// Clients, in the clear: `port`.
    Plain,
    /// Clients over TLS: `tls-port`.
    Tls,
    /// The other nodes of a cluster.
    Bus,
}

/// A socket that the server listens on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// The address, `0.0.0.0` or `::` for all of a family.
    pub address: IpAddr,
    /// The port.
    pub port: u16,
    /// Who it is for.
    pub purpose: Purpose,
    /// Whether it speaks TLS.
    pub tls: bool,
    /// The number of the `bind` item, counted from 0; `None` when nothing is written.
    pub item: Option<usize>,
}

impl Listener {
    /// IPv4 or IPv6; no socket of the server takes both.
    pub fn family(&self) -> Family {
        Family::of(&self.address)
    }

    /// Whether only the host itself can reach it.
    pub fn loopback(&self) -> bool {
        self.address.is_loopback()
    }

    /// Whether it listens on every address of its family.
    pub fn wildcard(&self) -> bool {
        self.address.is_unspecified()
    }
}

/// An item of `bind` that the server passes over: an address which the host does not have, with a leading `-`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// The number of the item, counted from 0; `None` when nothing is written.
    pub item: Option<usize>,
    /// The address that is not there.
    pub address: IpAddr,
}

/// Why the server would not start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What is at fault, then what else takes part.
    pub by: Vec<Setting>,
    /// What is wrong, in one line.
    pub message: String,
}

/// What the server opens.
#[derive(Debug, Clone, Default)]
pub struct Opening {
    /// The TCP sockets that it certainly opens if it starts.
    pub listeners: Vec<Listener>,
    /// Items passed over.
    pub skipped: Vec<Skipped>,
    /// Why there may be more sockets, if there may.
    pub rest: Option<Unknown>,
    /// Why it would certainly not start, in the order in which the server would find out.
    pub refusals: Vec<Refusal>,
    /// Why it may not start although nothing known is wrong.
    pub doubts: Vec<Unknown>,
}

impl Opening {
    /// Whether the server gets past opening its sockets.
    pub fn starts(&self) -> Maybe<bool> {
        match (self.refusals.first(), self.doubts.first()) {
            (Some(_), _) => Maybe::Known(false),
            (None, Some(doubt)) => Maybe::Unknown(doubt.clone()),
            (None, None) => Maybe::Known(true),
        }
    }
}

/// What a server opens behind `door`, and what keeps it from starting.
pub fn open(door: &Door) -> Opening {
    let mut opening = Opening::default();
    check_tls(door, &mut opening);
    // 7.2 and later open the Unix socket between the plain port and the TLS port (`connection.c:connTypeInitialize`).
    listen_on(door, &door.port, Purpose::Plain, &mut opening);
    if door.epoch >= Epoch::From7_2 {
        check_unix(door, &mut opening);
    }
    listen_on(door, &door.tls_port, Purpose::Tls, &mut opening);
    if door.epoch < Epoch::From7_2 {
        check_unix(door, &mut opening);
    }
    check_anything(door, &mut opening);
    open_bus(door, &mut opening);
    opening
}

/// The items of `bind` as the server goes through them, with their numbers.
pub fn items(bind: &Bind) -> Vec<(Option<usize>, Maybe<String>)> {
    match bind {
        Bind::NotWritten => ["*", "-::*"].map(|item| (None, Maybe::Known(item.to_owned()))).into(),
        Bind::Items(items) => items.iter().cloned().enumerate().map(|(item, text)| (Some(item), text)).collect(),
    }
}

/// Where an item leads, and whether a leading `-` excuses an address that is not there.
pub fn item_leads(text: &str, door: &Door) -> (Lead, bool) {
    match text.strip_prefix('-') {
        Some(rest) => (lead(rest, &door.host), true),
        None => (lead(text, &door.host), false),
    }
}

/// Why a name in `bind` leaves it open where it leads.
pub fn unresolved(name: &str, door: &Door) -> Unknown {
    let needs = format!("an address instead of the name `{name}`: only the server's own host can look it up");
    Unknown::new(Why::NotSupported, door.bind_at, needs)
}

fn listen_on(door: &Door, port: &Maybe<u16>, purpose: Purpose, opening: &mut Opening) {
    let number = match port {
        Maybe::Known(0) => return,
        Maybe::Known(number) => *number,
        Maybe::Unknown(unknown) => {
            opening.rest.get_or_insert_with(|| unknown.clone());
            opening.doubts.push(unknown.clone());
            return;
        }
    };
    let bind = match &door.bind {
        Maybe::Known(bind) => bind,
        Maybe::Unknown(unknown) => {
            opening.rest.get_or_insert_with(|| unknown.clone());
            opening.doubts.push(unknown.clone());
            return;
        }
    };
    for (item, text) in items(bind) {
        match text {
            Maybe::Unknown(unknown) => {
                opening.rest.get_or_insert_with(|| unknown.clone());
                opening.doubts.push(unknown);
            }
            Maybe::Known(text) => listen_at(door, item, &text, (number, purpose), opening),
        }
    }
}

fn listen_at(door: &Door, item: Option<usize>, text: &str, (port, purpose): (u16, Purpose), opening: &mut Opening) {
    let refuse = |opening: &mut Opening, why: &str| {
        let by = vec![Setting::Bind(item), of_port(purpose)];
        let message = format!("cannot listen on `{text}` port {port}: {why}");
        opening.refusals.push(Refusal { by, message });
    };
    let (lead, excused) = item_leads(text, door);
    match lead {
        Lead::Never(why) => refuse(opening, why),
        Lead::NotHere(address) if excused => {
            let skipped = Skipped { item, address };
            if !opening.skipped.contains(&skipped) {
                opening.skipped.push(skipped);
            }
        }
        Lead::NotHere(_) => refuse(opening, "the host does not have this address"),
        Lead::Name(name) => {
            let unknown = unresolved(&name, door);
            opening.rest.get_or_insert_with(|| unknown.clone());
            opening.doubts.push(unknown);
        }
        Lead::Open(address) => {
            let tls = match purpose {
                Purpose::Plain => false,
                Purpose::Tls => true,
                Purpose::Bus => door.tls.cluster.known() == Some(&true),
            };
            let listener = Listener { address, port, purpose, tls, item };
            match opening.listeners.iter().find(|other| overlap(other, &listener)).cloned() {
                None => opening.listeners.push(listener),
                Some(other) => opening.refusals.push(in_use(&other, &listener)),
            }
        }
    }
}

/// Linux lets two sockets listen on one port only at different addresses of a family, neither of them the wildcard.
fn overlap(one: &Listener, other: &Listener) -> bool {
    one.port == other.port
        && one.family() == other.family()
        && (one.address == other.address || one.wildcard() || other.wildcard())
}

fn in_use(first: &Listener, second: &Listener) -> Refusal {
    let (by, why) = if first.purpose == second.purpose {
        (vec![Setting::Bind(second.item), Setting::Bind(first.item)], "an earlier item of `bind` covers it")
    } else {
        let what = match first.purpose {
            Purpose::Plain => "`port` has it already",
            Purpose::Tls => "`tls-port` has it already",
            Purpose::Bus => "the cluster bus has it already",
        };
        (vec![of_port(second.purpose), of_port(first.purpose)], what)
    };
    Refusal { by, message: format!("cannot listen on `{}` port {}: {why}", second.address, second.port) }
}

fn of_port(purpose: Purpose) -> Setting {
    match purpose {
        Purpose::Plain => Setting::Port,
        Purpose::Tls => Setting::TlsPort,
        Purpose::Bus => Setting::ClusterEnabled,
    }
}

/// TLS is set up before any socket is opened, when a port, replication or the bus uses it.
fn check_tls(door: &Door, opening: &mut Opening) {
    let tls = &door.tls;
    let users = [
        (Setting::TlsPort, door.tls_port.map(|port| *port != 0)),
        (Setting::TlsReplication, tls.replication.clone()),
        (Setting::TlsCluster, tls.cluster.clone()),
    ];
    let Some((user, _)) = users.iter().find(|(_, on)| on.known() == Some(&true)) else {
        // Files that are all there hurt nobody; whether a missing one does depends on what is not known.
        let complete = [&tls.cert, &tls.key, &tls.ca].iter().all(|file| file.known() == Some(&TlsFile::Usable));
        if !complete {
            opening.doubts.extend(users.iter().filter_map(|(_, on)| on.unknown().cloned()));
        }
        return;
    };
    let user_name = user.directive().unwrap_or_default();
    let need = |file: &Maybe<TlsFile>, setting: Setting, name: &str, opening: &mut Opening| match file {
        Maybe::Known(TlsFile::Usable | TlsFile::Unchecked) => {}
        Maybe::Known(TlsFile::NotSet) => opening.refusals.push(Refusal {
            by: vec![*user, setting],
            message: format!("`{user_name}` turns TLS on, which needs {name}"),
        }),
        Maybe::Known(TlsFile::Unusable) => opening
            .refusals
            .push(Refusal { by: vec![setting, *user], message: format!("TLS cannot use the file of {name}") }),
        Maybe::Unknown(unknown) => opening.doubts.push(unknown.clone()),
    };
    need(&tls.cert, Setting::TlsCertFile, "`tls-cert-file`", opening);
    need(&tls.key, Setting::TlsKeyFile, "`tls-key-file`", opening);
    // A CA that is not needed may be left out, but one that is configured is loaded all the same.
    let ca = match (ca_needed(door), tls.ca.known()) {
        (Maybe::Known(true), _) | (_, Some(TlsFile::Unusable) | None) => &tls.ca,
        (Maybe::Unknown(unknown), Some(TlsFile::NotSet)) => return opening.doubts.push(unknown),
        _ => return,
    };
    need(ca, Setting::TlsCaCertFile, "`tls-ca-cert-file` or `tls-ca-cert-dir`", opening);
}

/// Whether TLS must know whose certificates to accept.
fn ca_needed(door: &Door) -> Maybe<bool> {
    let tls = &door.tls;
    let asks = [tls.auth_clients.map(|ask| *ask != AuthClients::No), tls.replication.clone(), tls.cluster.clone()];
    let unknown = asks.iter().find_map(|ask| ask.unknown().cloned());
    match (asks.iter().any(|ask| ask.known() == Some(&true)), unknown) {
        (true, _) => Maybe::Known(true),
        (false, Some(unknown)) => Maybe::Unknown(unknown),
        (false, None) => Maybe::Known(false),
    }
}

fn check_unix(door: &Door, opening: &mut Opening) {
    let refuse = |message: &str| Refusal { by: vec![Setting::Unixsocket], message: message.to_owned() };
    match &door.unixsocket {
        Maybe::Known(None) => {}
        Maybe::Unknown(unknown) => opening.doubts.push(unknown.clone()),
        Maybe::Known(Some(socket)) => {
            if door.epoch >= Epoch::From7_0 && socket.path_length > LONGEST_SOCKET_PATH {
                opening.refusals.push(refuse("the path of the Unix socket is longer than 107 bytes"));
            }
            match &socket.usable {
                Maybe::Known(true) => {}
                Maybe::Known(false) => opening.refusals.push(refuse("the Unix socket cannot be made there")),
                Maybe::Unknown(unknown) => opening.doubts.push(unknown.clone()),
            }
        }
    }
}

fn check_anything(door: &Door, opening: &mut Opening) {
    let quiet = opening.listeners.is_empty() && opening.refusals.is_empty() && opening.rest.is_none();
    if !quiet || !matches!(door.unixsocket, Maybe::Known(None)) {
        return;
    }
    let (by, why) = if door.port.known() == Some(&0) && door.tls_port.known() == Some(&0) {
        (vec![Setting::Port, Setting::TlsPort, Setting::Unixsocket], "no port and no Unix socket")
    } else {
        (vec![Setting::Bind(None), Setting::Unixsocket], "no address of `bind` is left, and there is no Unix socket")
    };
    opening.refusals.push(Refusal { by, message: format!("there is nothing to listen on: {why}") });
}

/// The bus listens on the same addresses (`cluster.c:clusterInit`; from 7.2 `cluster_legacy.c:clusterInitLast`).
fn open_bus(door: &Door, opening: &mut Opening) {
    let enabled = door.cluster.enabled.known() == Some(&true);
    if enabled && matches!(door.bind.known(), Some(Bind::Items(items)) if items.is_empty()) {
        let message = "the cluster bus needs an address, and `bind` has none".to_owned();
        return opening.refusals.push(Refusal { by: vec![Setting::Bind(None), Setting::ClusterEnabled], message });
    }
    let base = match &door.tls.cluster {
        Maybe::Known(true) => (&door.tls_port, Setting::TlsPort),
        Maybe::Known(false) => (&door.port, Setting::Port),
        Maybe::Unknown(_) if door.cluster.enabled.known() == Some(&false) => return,
        Maybe::Unknown(unknown) => {
            opening.rest.get_or_insert_with(|| unknown.clone());
            return opening.doubts.push(unknown.clone());
        }
    };
    let unknown = match (&door.cluster.enabled, &door.cluster.port, base.0) {
        (Maybe::Known(false), ..) => return,
        (Maybe::Known(true), Maybe::Known(0), Maybe::Known(port)) => match port.checked_add(BUS_ABOVE) {
            Some(bus) => return listen_on(door, &Maybe::Known(bus), Purpose::Bus, opening),
            None => {
                let message = format!("the cluster bus would be 10,000 above port {port}, past 65535");
                return opening.refusals.push(Refusal { by: vec![base.1, Setting::ClusterEnabled], message });
            }
        },
        (Maybe::Known(true), Maybe::Known(port), _) if *port != 0 => {
            return listen_on(door, &Maybe::Known(*port), Purpose::Bus, opening);
        }
        (Maybe::Unknown(unknown), ..) | (_, Maybe::Unknown(unknown), _) | (_, _, Maybe::Unknown(unknown)) => unknown,
        (Maybe::Known(true), Maybe::Known(_), Maybe::Known(_)) => return,
    };
    opening.rest.get_or_insert_with(|| unknown.clone());
    opening.doubts.push(unknown.clone());
}
