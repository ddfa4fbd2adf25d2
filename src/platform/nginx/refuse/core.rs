//! Directives outside `http` with functions of their own, and those that name hosts.

use super::address::{Host, Use, network, url};
use super::value::{number, seconds};
use super::{Base, Call, Fault, Outcome, Reader, said};

impl Reader<'_> {
    /// The directives of the core modules.
    pub(super) fn of_core(&mut self, handler: &str, call: &Call<'_>) -> Option<Outcome> {
        let value = call.arg(0);
        Some(match handler {
            "set_worker_processes" if value == "auto" || number(value).is_some() => Ok(()),
            "set_worker_processes" => call.fault("invalid value"),
            "set_priority" => {
                let digits = value.strip_prefix(['-', '+']).unwrap_or(value);
                let before = self.scopes.own(call.frame.main, call.spec.module, call.name());
                match number(digits) {
                    _ if before.is_some_and(|set| set.args[0].bytes().any(|byte| matches!(byte, b'1'..=b'9'))) => {
                        call.fault("is duplicate")
                    }
                    None => call.fault("invalid number"),
                    Some(_) => Ok(()),
                }
            }
            "set_cpu_affinity" => affinity(call),
            "set_user" => self.user(call),
            "load_module" => self.load(call),
            "event_connections" if number(value).is_none() => said(format!("invalid number \"{value}\"")),
            "event_use" if !matches!(value, "epoll" | "poll" | "select") => {
                said(format!("invalid event type \"{value}\""))
            }
            "event_debug_connection" if value != "unix:" => match network(value) {
                Some(_) => Ok(()),
                None => self.host(value, value, "debug_connection"),
            },
            "error_log" | "core_error_log" | "stream_core_error_log" | "mail_core_error_log" => self.error_log(call),
            "core_resolver"
            | "stream_core_resolver"
            | "mail_core_resolver"
            | "upstream_resolver"
            | "stream_upstream_resolver" => self.resolver(call),
            _ => return None,
        })
    }

    fn user(&mut self, call: &Call<'_>) -> Outcome {
        let (user, group) = (call.arg(0), call.args().get(1).map_or(call.arg(0), |word| &word.text));
        for (name, what) in [(user, "getpwnam"), (group, "getgrnam")] {
            if self.machine.account(name) == Some(false) {
                return said(format!("{what}(\"{name}\") failed"));
            }
        }
        Ok(())
    }

    fn load(&mut self, call: &Call<'_>) -> Outcome {
        self.modules = true;
        if self.blocks.any {
            return call.fault("is specified too late");
        }
        let message = format!("dlopen() \"{}\" failed", call.arg(0));
        match self.machine.readable(call.arg(0), Base::Prefix) {
            Some(false) => said(message),
            _ => Err(Fault::Maybe(message)),
        }
    }

    /// `ngx_resolver_create`.
    fn resolver(&mut self, call: &Call<'_>) -> Outcome {
        let (mut servers, mut families) = (0, [true, true]);
        for word in call.args() {
            let word = &*word.text;
            let invalid = || said(format!("invalid parameter: {word}"));
            match word.split_once('=') {
                Some(("valid", time)) if seconds(time).is_some() => continue,
                Some(("ipv6", switch @ ("on" | "off"))) => families[1] = switch == "on",
                Some(("ipv4", switch @ ("on" | "off"))) if self.version.since(1, 23, 1) => families[0] = switch == "on",
                Some(("valid" | "ipv6", _)) => return invalid(),
                Some(("ipv4", _)) if self.version.since(1, 23, 1) => return invalid(),
                _ => {
                    servers += 1;
                    let told = |error: &str| Fault::Said(format!("{error} in resolver \"{word}\""));
                    let at = url(word, 53, Use::Connect).map_err(told)?;
                    if at.kind == Host::Name {
                        self.host(&at.host, word, "resolver")?;
                    }
                }
            }
        }
        match families {
            [false, false] => said("\"ipv4\" and \"ipv6\" cannot both be \"off\""),
            _ if servers == 0 => said("no name servers defined"),
            _ => Ok(()),
        }
    }
}

/// `ngx_set_cpu_affinity`.
fn affinity(call: &Call<'_>) -> Outcome {
    let auto = call.arg(0) == "auto";
    if auto && call.count() > 2 {
        return said("invalid number of arguments in \"worker_cpu_affinity\" directive");
    }
    for mask in call.args().iter().skip(usize::from(auto)) {
        if mask.text.len() > 1024 {
            return said("\"worker_cpu_affinity\" supports up to 1024 CPUs only");
        }
        if let Some(wrong) = mask.text.chars().rev().find(|char| !matches!(char, '0' | '1' | ' ')) {
            return said(format!("invalid character \"{wrong}\" in \"worker_cpu_affinity\""));
        }
    }
    Ok(())
}
