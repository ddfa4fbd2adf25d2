//! Who is let in: `allow` and `deny`, `auth_basic`, `auth_request` and `satisfy` (ngx_http_access_module.c and its like,
//! 1.22.1). They are asked after all rewriting, in this order.

use super::error::Stop;
use super::outcome::Access;
use super::run::Run;
use super::variable::{Text, in_network};
use crate::fact::{Unknown, Why};

/// What one module says.
enum Said {
    Yes,
    No(u16),
    Nothing,
}

impl Run<'_> {
    /// How the request ends for want of rights, if it does.
    pub fn access(&mut self) -> Option<Stop> {
        // What nginx asks for itself is let in.
        if self.asks {
            return None;
        }
        let any = self.model.levels.text(self.level, "satisfy") == Some("any");
        let mut refused = None;
        for ask in [Run::asked_address, Run::asked_password, Run::asked_request, Run::asked_others] {
            match ask(self) {
                Said::Yes if any => {
                    self.headers.retain(|header| !header.name.eq_ignore_ascii_case("www-authenticate"));
                    return None;
                }
                // The connection is closed by a `return` that was met on the way; no rule of access says no.
                Said::No(444) => return Some(Stop::Status(444)),
                Said::No(status) if !any || !matches!(status, 401 | 403) => return Some(self.denied(status)),
                Said::No(status) => refused = refused.filter(|old| *old == 401).or(Some(status)),
                Said::Yes | Said::Nothing => {}
            }
        }
        refused.map(|status| self.denied(status))
    }

    fn denied(&mut self, status: u16) -> Stop {
        self.access = Access::Deny;
        Stop::Status(status)
    }

    fn asked_address(&mut self) -> Said {
        let held = self.model.levels.held_any(self.level, &["allow", "deny"]);
        if held.doubt.is_some_and(|unknown| self.fork(unknown)) {
            return Said::No(403);
        }
        for rule in held.directives {
            let who = rule.arg(0);
            let applies = match (who, self.client()) {
                _ if rule.templated() => self.fork(Unknown::new(Why::Templated, rule.span, "the rendered file")),
                ("all", _) => true,
                ("unix:", _) => false,
                (who, Some(client)) => in_network(who, client).is_some(),
                (_, None) => {
                    let unknown = Unknown::new(Why::NotSupported, rule.span, "the address of the client");
                    self.fork(unknown)
                }
            };
            if applies {
                return if *rule.name == *"allow" { Said::Yes } else { Said::No(403) };
            }
        }
        Said::Nothing
    }

    fn asked_password(&mut self) -> Said {
        let held = self.model.levels.held(self.level, "auth_basic");
        let Some(realm) = held.one() else {
            return self.perhaps(held.doubt, 401);
        };
        let realm = self.value(realm.arg(0));
        if realm.known().is_some_and(|realm| realm == "off" || realm.is_empty()) {
            return Said::Nothing;
        }
        let Some(file) = self.model.levels.held(self.level, "auth_basic_user_file").one() else { return Said::Nothing };
        let basic = self.request.header("authorization").next().and_then(|value| {
            value.get(..6).filter(|start| start.eq_ignore_ascii_case("basic ")).map(|_| value[6..].trim().to_owned())
        });
        if basic.is_some() {
            let unknown = Unknown::new(Why::NotSupported, file.span, "whether the password is right");
            if self.fork(unknown) {
                return Said::Yes;
            }
        }
        let value = match realm {
            Text::Known(realm) => Text::Known(format!("Basic realm=\"{realm}\"")),
            unknown => unknown,
        };
        self.add("WWW-Authenticate", value);
        Said::No(401)
    }

    fn asked_request(&mut self) -> Said {
        let held = self.model.levels.held(self.level, "auth_request");
        let Some(asks) = held.one().filter(|asks| asks.arg(0) != "off") else {
            return self.perhaps(held.doubt, 403);
        };
        match self.subrequest(asks.arg(0)) {
            Some(200..=299) => Said::Yes,
            // 444 closes the connection, whoever asks.
            Some(status @ (401 | 403 | 444)) => Said::No(status),
            Some(_) => Said::No(500),
            None => {
                let unknown = Unknown::new(Why::NotSupported, asks.span, "what the request for access is answered");
                if !self.fork(unknown) {
                    return Said::Yes;
                }
                // Whatever is neither a yes nor a no is a fault.
                let fault = Unknown::new(Why::NotSupported, asks.span, "whether the request for access fails");
                if self.fork(fault) { Said::No(500) } else { Said::No(403) }
            }
        }
    }

    /// The status that a request of nginx's own for this path gets; `None` where somebody else answers it.
    fn subrequest(&mut self, uri: &str) -> Option<u16> {
        if self.asks {
            return None;
        }
        let uri = match self.value(uri) {
            Text::Known(uri) => uri,
            Text::Unknown(_) => return None,
        };
        let (path, args) = uri.split_once('?').unwrap_or((&uri, ""));
        let mut own = Run::new(self.model, self.request, self.backend, std::mem::take(&mut self.choices));
        std::mem::swap(&mut own.answers, &mut self.answers);
        std::mem::swap(&mut own.variables, &mut self.variables);
        (own.asked, own.target, own.discard_body) = (self.asked, self.target.clone(), self.discard_body);
        let outcome = own.asking(self.server, path, args);
        std::mem::swap(&mut own.variables, &mut self.variables);
        (self.choices, self.asked) = (own.choices, own.asked);
        self.answers = outcome.forks;
        if let Some(upstream) = &outcome.upstream {
            let unknown = self.unsupported(upstream.by, "what the upstream of the request for access is sent");
            self.doubt("request.headers", unknown);
            return None;
        }
        if !outcome.doubts.is_empty() {
            return None;
        }
        outcome.status
    }

    /// What is said where something unseen may ask for more.
    fn perhaps(&mut self, doubt: Option<Unknown>, status: u16) -> Said {
        match doubt.is_some_and(|unknown| self.fork(unknown)) {
            true => Said::No(status),
            false => Said::Nothing,
        }
    }

    /// Modules that are not followed.
    fn asked_others(&mut self) -> Said {
        let names = [
            "access_by_lua",
            "access_by_lua_block",
            "access_by_lua_file",
            "auth_jwt",
            "auth_ldap",
            "auth_pam",
            "auth_digest",
            "modsecurity",
        ];
        let held = self.model.levels.held_any(self.level, &names);
        let Some(asks) = held.one().filter(|asks| asks.arg(0) != "off") else { return Said::Nothing };
        let unknown = self.unsupported(asks.span, "what this module decides");
        if self.fork(unknown) { Said::No(403) } else { Said::Nothing }
    }
}
