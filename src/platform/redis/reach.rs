//! What a client without credentials gets when it sends PING, by where it comes from and how it connects.
//!
//! The rules are written once, as questions about the [`Door`] in the order in which a server asks them. A question
//! whose answer is not known is followed both ways, so an answer is definite exactly when every way leads to it.
//! All answers are those of a server that starts: whether it does is for [`super::listen::open`] to say.

use std::net::{IpAddr, Ipv4Addr};

use super::address::Lead;
use super::because;
use super::door::{AuthClients, Bind, Door, Epoch, Family, Maybe, Setting};
use super::listen::{item_leads, items, unresolved};
pub use super::vantage::{Channel, Class, Vantage};
use crate::fact::Unknown;

/// An answer that holds in every world, or what it may be.
#[derive(Debug, Clone)]
pub enum Answer<T> {
    /// This, whatever the unknown inputs are.
    Known(T),
    /// One of several.
    Unknown {
        /// All of them, sorted.
        possible: Vec<T>,
        /// The inputs that would tell, those first asked first.
        causes: Vec<(Setting, Unknown)>,
    },
}

impl<T> Answer<T> {
    /// The answer, if there is one.
    pub fn known(&self) -> Option<&T> {
        match self {
            Answer::Known(value) => Some(value),
            Answer::Unknown { .. } => None,
        }
    }
}

/// An answer, what decides it and why.
#[derive(Debug, Clone)]
pub struct Finding<T> {
    /// The answer.
    pub answer: Answer<T>,
    /// What decides it, the deciding first; of an unknown answer what would.
    pub deciding: Vec<Setting>,
    /// Why, in one line.
    pub because: String,
}

/// What a client gets from `vantage` over `channel`; `None` where the server has no such port or socket.
pub fn cell(door: &Door, vantage: Vantage, channel: Channel) -> Finding<Option<Class>> {
    let (answer, _) = in_all_worlds(door, |world| (class(world, vantage, channel), ()));
    explain(door, answer, (vantage, channel), |class| *class)
}

/// The most open answer to any client on another host that has no certificate.
pub fn remote(door: &Door) -> Finding<Class> {
    worst(door, &[Vantage::Remote(Family::V4), Vantage::Remote(Family::V6)])
}

/// The most open answer to any client on the server's host that has no certificate and connects to a loopback
/// address, any of 127.0.0.0/8 included.
pub fn loopback(door: &Door) -> Finding<Class> {
    worst(door, &[Vantage::AnyLoopback, Vantage::Loopback(Family::V6)])
}

/// The answer to a user of the server's host who is neither the owner of the Unix socket nor in its group.
pub fn unix_other(door: &Door) -> Finding<Class> {
    worst(door, &[Vantage::UnixOther])
}

fn worst(door: &Door, vantages: &[Vantage]) -> Finding<Class> {
    let cells = |vantage: &Vantage| {
        let vantage = *vantage;
        [Channel::Plain, Channel::TlsNoCert].map(move |channel| (vantage, channel))
    };
    let cells: Vec<_> = vantages.iter().flat_map(cells).collect();
    let (answer, at) = in_all_worlds(door, |world| {
        let mut worst = (None, (Vantage::UnixOther, Channel::Plain));
        for (index, &(vantage, channel)) in cells.iter().enumerate() {
            let class = class(world, vantage, channel);
            if index == 0 || class > worst.0 {
                worst = (class, (vantage, channel));
            }
        }
        (worst.0.unwrap_or(Class::RefusedConnect), (worst.1, worst.0.is_some()))
    });
    let there = at.is_none_or(|(_, there)| there);
    let at = at.map_or((Vantage::UnixOther, Channel::Plain), |(at, _)| at);
    explain(door, answer, at, |class| there.then_some(*class))
}

fn explain<T>(
    door: &Door,
    answer: Answer<T>,
    (vantage, channel): (Vantage, Channel),
    class: impl Fn(&T) -> Option<Class>,
) -> Finding<T> {
    let (deciding, because) = match &answer {
        Answer::Known(value) => because::known(door, vantage, channel, class(value)),
        Answer::Unknown { causes, .. } => because::unknown(causes),
    };
    Finding { answer, deciding, because }
}

/// Something that a world answers with yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Question {
    HasPort,
    HasTlsPort,
    HasSocket,
    BindWritten,
    Listens(Spot),
    WantsCert,
    VerifiesCert,
    Writable(u32),
    Protected,
    NoPass,
    Enabled,
    MayPing,
}

/// An end that a TCP client connects to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spot {
    /// An address of the host outside loopback.
    Outside(Family),
    /// 127.0.0.1 or ::1.
    Loopback(Family),
    /// Any of 127.0.0.0/8.
    AnyLoopback,
}

impl Spot {
    fn family(self) -> Family {
        match self {
            Spot::Outside(family) | Spot::Loopback(family) => family,
            Spot::AnyLoopback => Family::V4,
        }
    }
}

/// The end that clients at a vantage connect to; `None` for the Unix socket.
pub(super) fn spot(vantage: Vantage) -> Option<Spot> {
    match vantage {
        Vantage::Remote(family) | Vantage::Own(family) => Some(Spot::Outside(family)),
        Vantage::Loopback(family) => Some(Spot::Loopback(family)),
        Vantage::LoopbackFromElsewhere => Some(Spot::Loopback(Family::V4)),
        Vantage::AnyLoopback => Some(Spot::AnyLoopback),
        Vantage::UnixOther | Vantage::UnixGroup | Vantage::UnixOwner => None,
    }
}

/// One way to answer the unknown questions.
struct World<'d> {
    door: &'d Door,
    /// The answers to give, in the order in which unknown questions come up; after them, no.
    script: Vec<bool>,
    /// The unknown questions that came up, and the answers given.
    told: Vec<(Question, bool)>,
    /// Why they are unknown.
    causes: Vec<(Setting, Unknown)>,
}

/// Runs `rules` in every world that the unknown inputs leave open. The second value goes with the first world.
fn in_all_worlds<T: Ord, M>(door: &Door, rules: impl Fn(&mut World<'_>) -> (T, M)) -> (Answer<T>, Option<M>) {
    let (mut possible, mut causes, mut first) = (Vec::new(), Vec::<(Setting, Unknown)>::new(), None);
    let mut script = Vec::new();
    loop {
        let mut world = World { door, script, told: Vec::new(), causes: Vec::new() };
        let (value, mark) = rules(&mut world);
        first.get_or_insert(mark);
        if !possible.contains(&value) {
            possible.push(value);
        }
        for (setting, unknown) in world.causes {
            if !causes.iter().any(|(known, cause)| *known == setting && cause.at == unknown.at) {
                causes.push((setting, unknown));
            }
        }
        // The next world: the last question answered with no is answered with yes.
        script = world.told.iter().map(|(_, answer)| *answer).collect();
        while script.last() == Some(&true) {
            script.pop();
        }
        match script.last_mut() {
            Some(last) => *last = true,
            None => break,
        }
    }
    possible.sort();
    let answer = match possible.pop() {
        Some(only) if possible.is_empty() => Answer::Known(only),
        last => {
            possible.extend(last);
            Answer::Unknown { possible, causes }
        }
    };
    (answer, first)
}

impl World<'_> {
    fn ask(&mut self, question: Question, setting: Setting, truth: &Maybe<bool>) -> bool {
        let unknown = match truth {
            Maybe::Known(truth) => return *truth,
            Maybe::Unknown(unknown) => unknown,
        };
        if let Some((_, answer)) = self.told.iter().find(|(told, _)| *told == question) {
            return *answer;
        }
        let answer = self.script.get(self.told.len()).copied().unwrap_or(false);
        self.told.push((question, answer));
        self.causes.push((setting, unknown.clone()));
        answer
    }

    fn has_port(&mut self) -> bool {
        self.ask(Question::HasPort, Setting::Port, &self.door.port.map(|port| *port != 0))
    }

    fn has_tls_port(&mut self) -> bool {
        self.ask(Question::HasTlsPort, Setting::TlsPort, &self.door.tls_port.map(|port| *port != 0))
    }

    fn listens(&mut self, spot: Spot) -> bool {
        let door = self.door;
        if let Spot::Outside(family) = spot
            && !door.host.outside(family)
        {
            return false;
        }
        let bind = match &door.bind {
            Maybe::Known(bind) => bind,
            // Not written is a bind that is known; only 6.2 tells the two apart elsewhere.
            Maybe::Unknown(_) if knows_bind(door) && !self.bind_written() => return true,
            Maybe::Unknown(unknown) => {
                return self.ask(Question::Listens(spot), Setting::Bind(None), &Maybe::Unknown(unknown.clone()));
            }
        };
        match listening_item(door, bind, spot) {
            Maybe::Known(item) => item.is_some(),
            Maybe::Unknown(unknown) => self.ask(Question::Listens(spot), Setting::Bind(None), &Maybe::Unknown(unknown)),
        }
    }

    fn bind_written(&mut self) -> bool {
        let written = self.door.bind.map(|bind| matches!(bind, Bind::Items(_)));
        self.ask(Question::BindWritten, Setting::Bind(None), &written)
    }

    fn protected(&mut self) -> bool {
        self.ask(Question::Protected, Setting::ProtectedMode, &self.door.protected_mode)
    }

    fn nopass(&mut self) -> bool {
        self.ask(Question::NoPass, Setting::DefaultUser, &self.door.default_user.nopass)
    }

    fn writable(&mut self, bit: u32) -> bool {
        let bits = |mode: &u32| mode & bit != 0;
        match &self.door.unixsocketperm {
            // 0 leaves the mode that bind(2) gives, which is 0777 without the umask (`anet.c:anetListen`).
            Maybe::Known(0) => {
                let left = self.door.umask.map(|umask| bits(&(0o777 & !umask)));
                self.ask(Question::Writable(bit), Setting::Umask, &left)
            }
            perm => self.ask(Question::Writable(bit), Setting::Unixsocketperm, &perm.map(bits)),
        }
    }
}

/// Whether the version tells a `bind` that is not written from one that is (6.2, `networking.c:clientAcceptHandler`).
pub(super) fn knows_bind(door: &Door) -> bool {
    door.epoch < Epoch::From7_0
}

/// The first item of `bind` whose socket takes clients at `spot`; the number inside is `None` when nothing is
/// written, and unknown when no known item does but an unknown one may.
pub(super) fn listening_item(door: &Door, bind: &Bind, spot: Spot) -> Maybe<Option<Option<usize>>> {
    let mut doubt = None;
    for (number, text) in items(bind) {
        let text = match text {
            Maybe::Known(text) => text,
            Maybe::Unknown(unknown) => {
                doubt = Some(unknown);
                continue;
            }
        };
        match item_leads(&text, door).0 {
            Lead::Open(address) if takes(&address, spot) => return Maybe::Known(Some(number)),
            // A name is looked up as IPv4 only.
            Lead::Name(name) if spot.family() == Family::V4 => doubt = Some(unresolved(&name, door)),
            Lead::Open(_) | Lead::NotHere(_) | Lead::Never(_) | Lead::Name(_) => {}
        }
    }
    doubt.map_or(Maybe::Known(None), Maybe::Unknown)
}

fn takes(address: &IpAddr, spot: Spot) -> bool {
    let unreachable = match address {
        IpAddr::V4(address) => address.is_multicast() || address.is_broadcast(),
        IpAddr::V6(address) => address.is_multicast(),
    };
    let there = match spot {
        Spot::Outside(_) => !address.is_loopback() && !unreachable,
        Spot::Loopback(Family::V4) => *address == IpAddr::V4(Ipv4Addr::LOCALHOST),
        Spot::Loopback(Family::V6) | Spot::AnyLoopback => address.is_loopback(),
    };
    Family::of(address) == spot.family() && (address.is_unspecified() || there)
}

/// The rules, in the order in which a server applies them.
fn class(world: &mut World<'_>, vantage: Vantage, channel: Channel) -> Option<Class> {
    if let Some(bit) = vantage.write_bit() {
        let socket = world.door.unixsocket.map(Option::is_some);
        if channel != Channel::Plain || !world.ask(Question::HasSocket, Setting::Unixsocket, &socket) {
            return None;
        }
        return Some(if world.writable(bit) { as_default(world) } else { Class::PermissionDenied });
    }
    let there = if channel == Channel::Plain { world.has_port() } else { world.has_tls_port() };
    if !there {
        return None;
    }
    if !spot(vantage).is_some_and(|spot| world.listens(spot)) {
        return Some(Class::RefusedConnect);
    }
    let auth = &world.door.tls.auth_clients;
    let handshake_fails = match channel {
        Channel::Plain | Channel::TlsCert => false,
        Channel::PlainOnTlsPort => return Some(Class::ClosedNoReply),
        Channel::TlsNoCert => {
            let wants = auth.map(|auth| *auth == AuthClients::Yes);
            world.ask(Question::WantsCert, Setting::TlsAuthClients, &wants)
        }
        Channel::TlsRogueCert => {
            let verifies = auth.map(|auth| *auth != AuthClients::No);
            world.ask(Question::VerifiesCert, Setting::TlsAuthClients, &verifies)
        }
    };
    if handshake_fails {
        return Some(Class::TlsError);
    }
    Some(if denied(world, vantage) { Class::Denied } else { as_default(world) })
}

/// Whether a client at `vantage` counts as far away. Up to 7.0 only exactly 127.0.0.1 and ::1 are near
/// (`networking.c:clientAcceptHandler`, 6.2; `networking.c:islocalClient`, 7.0), from 7.2 every 127.x.x.x
/// (`socket.c:connSocketIsLocal`). What matters is the address that the client has.
pub(super) fn far(door: &Door, vantage: Vantage) -> bool {
    match vantage {
        Vantage::Remote(_) | Vantage::Own(_) => true,
        Vantage::LoopbackFromElsewhere => door.epoch < Epoch::From7_2,
        _ => false,
    }
}

/// Protected mode, which looks at one flag of `default` and at nothing else about users
/// (`networking.c:clientAcceptHandler`, all versions). 6.2 forgets it once `bind` is written.
fn denied(world: &mut World<'_>, vantage: Vantage) -> bool {
    far(world.door, vantage) && world.protected() && world.nopass() && !(knows_bind(world.door) && world.bind_written())
}

/// A connection starts as `default`, logged in if that user is on and needs no password
/// (`networking.c:authRequired`, `acl.c:ACLCheckAllPerm`).
fn as_default(world: &mut World<'_>) -> Class {
    let user = &world.door.default_user;
    if !world.ask(Question::Enabled, Setting::DefaultUser, &user.enabled) || !world.nopass() {
        return Class::NoAuth;
    }
    if world.ask(Question::MayPing, Setting::DefaultUser, &user.may_ping) { Class::Pong } else { Class::NoPerm }
}
