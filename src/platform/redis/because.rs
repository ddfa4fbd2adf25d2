//! Why a client gets what it gets: the settings that decide, and a line for a person.

use super::door::{Bind, Door, Family, Maybe, Setting};
use super::reach::{Channel, Class, Vantage, far, knows_bind, listening_item, spot};
use crate::fact::Unknown;

/// What decides a known answer, the deciding first, and why.
pub(super) fn known(door: &Door, vantage: Vantage, channel: Channel, class: Option<Class>) -> (Vec<Setting>, String) {
    let port = port_of(vantage, channel);
    let Some(class) = class else {
        let because = match port {
            Setting::Unixsocket => "no Unix socket is configured",
            Setting::TlsPort => "no TLS port is open",
            _ => "no port is open",
        };
        return (vec![port], because.to_owned());
    };
    let way_in = way_in(door, vantage, port);
    let (mut deciding, because) = match class {
        Class::RefusedConnect => return refused(door, vantage, port),
        Class::PermissionDenied => return kept_out(door),
        Class::ClosedNoReply => (vec![], "the TLS port takes no plain connections".to_owned()),
        Class::TlsError => (vec![Setting::TlsAuthClients], asks_for_certificate(channel).to_owned()),
        Class::Denied => (
            vec![Setting::ProtectedMode, Setting::DefaultUser],
            "protected-mode is on and `default` has no password".to_owned(),
        ),
        Class::NoAuth => (vec![Setting::DefaultUser], must_log_in(door).to_owned()),
        Class::NoPerm | Class::Pong => {
            let (deciding, gate) = gate(door, vantage);
            let user = if class == Class::Pong {
                "`default` needs no password"
            } else {
                "`default` needs no password but may not run PING"
            };
            (deciding, gate.map_or_else(|| user.to_owned(), |gate| format!("{gate} and {user}")))
        }
    };
    for setting in way_in {
        let said = deciding.contains(&setting) || setting == Setting::Bind(None) && has_bind(&deciding);
        if !said {
            deciding.push(setting);
        }
    }
    (deciding, because)
}

/// What would decide an answer that is not known.
pub(super) fn unknown(causes: &[(Setting, Unknown)]) -> (Vec<Setting>, String) {
    let mut deciding: Vec<Setting> = Vec::new();
    for (setting, _) in causes {
        if !deciding.contains(setting) {
            deciding.push(*setting);
        }
    }
    let names: Vec<_> = deciding.iter().map(|setting| name(*setting)).collect();
    let because = format!("it depends on {}", names.join(", "));
    (deciding, because)
}

fn name(setting: Setting) -> &'static str {
    match setting {
        Setting::DefaultUser => "the user `default`",
        Setting::Umask => "the umask",
        Setting::HostAddress => "the addresses of the host",
        directive => directive.directive().unwrap_or_default(),
    }
}

fn has_bind(settings: &[Setting]) -> bool {
    settings.iter().any(|setting| matches!(setting, Setting::Bind(_)))
}

fn port_of(vantage: Vantage, channel: Channel) -> Setting {
    match (vantage.write_bit(), channel) {
        (Some(_), _) => Setting::Unixsocket,
        (None, Channel::Plain) => Setting::Port,
        (None, _) => Setting::TlsPort,
    }
}

/// The settings that open the way to the server.
fn way_in(door: &Door, vantage: Vantage, port: Setting) -> Vec<Setting> {
    let Some(spot) = spot(vantage) else {
        return match &door.unixsocketperm {
            Maybe::Known(0) => vec![Setting::Unixsocketperm, Setting::Umask, port],
            _ => vec![Setting::Unixsocketperm, port],
        };
    };
    let item = door.bind.known().and_then(|bind| match listening_item(door, bind, spot) {
        Maybe::Known(item) => item.flatten(),
        Maybe::Unknown(_) => None,
    });
    vec![Setting::Bind(item), port]
}

/// What stands between a client that reaches the server and the rights of `default`: that protected mode does not.
fn gate(door: &Door, vantage: Vantage) -> (Vec<Setting>, Option<&'static str>) {
    if !far(door, vantage) {
        return (vec![Setting::DefaultUser], None);
    }
    if door.protected_mode.known() == Some(&false) || !knows_bind(door) {
        return (vec![Setting::ProtectedMode, Setting::DefaultUser], Some("protected-mode is off"));
    }
    let deciding = vec![Setting::Bind(None), Setting::DefaultUser, Setting::ProtectedMode];
    (deciding, Some("Redis 6.2 drops protected-mode once `bind` is written"))
}

fn refused(door: &Door, vantage: Vantage, port: Setting) -> (Vec<Setting>, String) {
    let (family, place) = match vantage {
        Vantage::Remote(family) | Vantage::Own(family) => (family, "outside loopback"),
        Vantage::Loopback(family) => (family, "on loopback"),
        _ => (Family::V4, "on loopback"),
    };
    let family_name = match family {
        Family::V4 => "IPv4",
        Family::V6 => "IPv6",
    };
    let outside = matches!(vantage, Vantage::Remote(_) | Vantage::Own(_));
    if outside && !door.host.outside(family) {
        return (vec![Setting::HostAddress], format!("the host has no {family_name} address {place}"));
    }
    if matches!(door.bind.known(), Some(Bind::Items(items)) if items.is_empty()) {
        return (vec![Setting::Bind(None), port], "`bind \"\"` closes all TCP".to_owned());
    }
    (vec![Setting::Bind(None), port], format!("`bind` names no {family_name} address {place}"))
}

fn kept_out(door: &Door) -> (Vec<Setting>, String) {
    match (&door.unixsocketperm, &door.umask) {
        (Maybe::Known(0), Maybe::Known(umask)) => (
            vec![Setting::Unixsocketperm, Setting::Umask, Setting::Unixsocket],
            format!("the umask leaves the Unix socket the mode {:03o}", 0o777 & !umask),
        ),
        (Maybe::Known(perm), _) => {
            (vec![Setting::Unixsocketperm, Setting::Unixsocket], format!("the Unix socket has the mode {perm:03o}"))
        }
        (Maybe::Unknown(_), _) => {
            (vec![Setting::Unixsocketperm, Setting::Unixsocket], "the mode of the Unix socket keeps it out".to_owned())
        }
    }
}

fn asks_for_certificate(channel: Channel) -> &'static str {
    match channel {
        Channel::TlsRogueCert => "tls-auth-clients takes only certificates of the configured CA",
        _ => "tls-auth-clients asks for a certificate",
    }
}

fn must_log_in(door: &Door) -> &'static str {
    match (door.default_user.nopass.known(), door.default_user.enabled.known()) {
        (_, Some(false)) => "`default` is off, so a client must log in",
        _ => "`default` needs a password",
    }
}
