//! The words of answers to clients: where a client is, how it connects, what it gets.

use super::door::Family;

/// What a client gets, from the most closed to the most open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Nothing listens there.
    RefusedConnect,
    /// The mode of the Unix socket keeps it out.
    PermissionDenied,
    /// The server hangs up without a word.
    ClosedNoReply,
    /// The TLS handshake fails.
    TlsError,
    /// Protected mode turns it away.
    Denied,
    /// It must log in first.
    NoAuth,
    /// It is `default`, which may not run PING.
    NoPerm,
    /// It is in.
    Pong,
}

impl Class {
    /// The word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Class::RefusedConnect => "refused-connect",
            Class::PermissionDenied => "permission-denied",
            Class::ClosedNoReply => "closed-no-reply",
            Class::TlsError => "tls-error",
            Class::Denied => "DENIED",
            Class::NoAuth => "NOAUTH",
            Class::NoPerm => "NOPERM",
            Class::Pong => "PONG",
        }
    }
}

/// Where a client comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Vantage {
    /// Another host, to an address of the server's host.
    Remote(Family),
    /// The server's host, to 127.0.0.1 or ::1 from the same address.
    Loopback(Family),
    /// The server's host, to 127.0.0.1 from 127.0.0.2. Not part of any output.
    LoopbackFromElsewhere,
    /// The server's host, to any address of 127.0.0.0/8 that helps. Not part of any output.
    AnyLoopback,
    /// The server's host, to one of its addresses outside loopback.
    Own(Family),
    /// The Unix socket, as neither its owner nor in its group.
    UnixOther,
    /// The Unix socket, as a member of its group.
    UnixGroup,
    /// The Unix socket, as its owner.
    UnixOwner,
}

impl Vantage {
    /// All that were ever measured, in the order of the output.
    pub const ALL: [Vantage; 10] = [
        Vantage::Remote(Family::V4),
        Vantage::Remote(Family::V6),
        Vantage::Loopback(Family::V4),
        Vantage::Loopback(Family::V6),
        Vantage::LoopbackFromElsewhere,
        Vantage::Own(Family::V4),
        Vantage::Own(Family::V6),
        Vantage::UnixOther,
        Vantage::UnixGroup,
        Vantage::UnixOwner,
    ];

    /// The word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Vantage::Remote(Family::V4) => "remote4",
            Vantage::Remote(Family::V6) => "remote6",
            Vantage::Loopback(Family::V4) => "loopback4",
            Vantage::Loopback(Family::V6) => "loopback6",
            Vantage::LoopbackFromElsewhere => "loopback4_src127002",
            Vantage::AnyLoopback => "loopback4_any",
            Vantage::Own(Family::V4) => "self4",
            Vantage::Own(Family::V6) => "self6",
            Vantage::UnixOther => "unix_other",
            Vantage::UnixGroup => "unix_group",
            Vantage::UnixOwner => "unix_owner",
        }
    }

    /// Whether outputs show it.
    pub fn shown(self) -> bool {
        !matches!(self, Vantage::LoopbackFromElsewhere | Vantage::AnyLoopback)
    }

    /// The write bit that connecting to the Unix socket takes from here; `None` for TCP.
    pub(super) fn write_bit(self) -> Option<u32> {
        match self {
            Vantage::UnixOther => Some(0o002),
            Vantage::UnixGroup => Some(0o020),
            Vantage::UnixOwner => Some(0o200),
            _ => None,
        }
    }
}

/// How a client connects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// In the clear: to `port`, or over the Unix socket.
    Plain,
    /// Over TLS, without a certificate.
    TlsNoCert,
    /// Over TLS, with a certificate of the configured CA that stands for no user.
    TlsCert,
    /// Over TLS, with a certificate of another CA. Not part of any output.
    TlsRogueCert,
    /// In the clear, to `tls-port`.
    PlainOnTlsPort,
}

impl Channel {
    /// All of them, in the order of the output.
    pub const ALL: [Channel; 5] =
        [Channel::Plain, Channel::TlsNoCert, Channel::TlsCert, Channel::TlsRogueCert, Channel::PlainOnTlsPort];

    /// The word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Channel::Plain => "plain",
            Channel::TlsNoCert => "tls_nocert",
            Channel::TlsCert => "tls_cert",
            Channel::TlsRogueCert => "tls_roguecert",
            Channel::PlainOnTlsPort => "plain_on_tls_port",
        }
    }

    /// Whether outputs show it.
    pub fn shown(self) -> bool {
        self != Channel::TlsRogueCert
    }
}
