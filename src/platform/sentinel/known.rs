//! What a monitored master has, for seeing that it has nothing twice.

use std::net::IpAddr;

/// What a master has, and none may have twice.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct Known {
    pub(super) master: Box<[u8]>,
    pub(super) what: What,
}

#[derive(PartialEq, Eq, Hash)]
pub(super) enum What {
    /// A command that is renamed, in lower case.
    Command(Box<[u8]>),
    /// A Sentinel, by its id.
    Sentinel(Box<[u8]>),
    /// A replica, by where it is and its port.
    Replica(Whereabouts, i32),
}

/// Where an instance is, as it is compared (`sentinel.c:announceSentinelAddrAndPort`).
#[derive(PartialEq, Eq, Hash)]
pub(super) enum Whereabouts {
    Address(IpAddr),
    /// As it is written, because names are announced.
    Text(Box<[u8]>),
    /// A name that leads somewhere.
    Name(Box<[u8]>),
}
