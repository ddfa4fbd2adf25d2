//! TLS of `http` servers: what is read when nginx starts, and what must be there.

use super::value::{number, seconds, size};
use super::{Base, Call, Outcome, Reader, said};
use crate::text::Span;

/// The module, as the tables call it.
const MODULE: &str = "http_ssl";

/// Further files that are read once there is a certificate.
const FILES: [&str; 4] = ["ssl_client_certificate", "ssl_trusted_certificate", "ssl_crl", "ssl_dhparam"];

impl Reader<'_> {
    /// `ngx_http_ssl_session_cache`.
    pub(super) fn session_cache(&mut self, call: &Call<'_>) -> Outcome {
        for word in call.args() {
            let word = &*word.text;
            let invalid = || said(format!("invalid session cache \"{word}\""));
            match word.split_once(':') {
                None if matches!(word, "off" | "none" | "builtin") => {}
                Some(("builtin", value)) if number(value).is_some() => {}
                Some(("shared", value)) => match value.split_once(':') {
                    Some((name, text)) if !name.is_empty() => match size(text) {
                        None => return invalid(),
                        Some(size) if size < 8 * 4096 => {
                            return said(format!("session cache \"{word}\" is too small"));
                        }
                        Some(size) => self.share_zone(name, size, call.spec.module, call)?,
                    },
                    _ => return invalid(),
                },
                _ => return invalid(),
            }
        }
        Ok(())
    }

    /// `ssl_ocsp_cache off|shared:name:size`.
    pub(super) fn ocsp_cache(&mut self, call: &Call<'_>) -> Outcome {
        let word = call.arg(0);
        let shared = word.strip_prefix("shared:").and_then(|rest| rest.split_once(':'));
        match shared.map(|(name, text)| (name, size(text))) {
            _ if word == "off" => Ok(()),
            Some((_, Some(size))) if size < 8 * 4096 => said(format!("OCSP cache \"{word}\" is too small")),
            Some((name, Some(size))) if !name.is_empty() => self.share_zone(name, size, call.spec.module, call),
            _ => said(format!("invalid OCSP cache \"{word}\"")),
        }
    }

    /// `ssl_certificate_cache off|max=n [inactive=time] [valid=time]` and its kin.
    pub(super) fn certificate_cache(&mut self, call: &Call<'_>) -> Outcome {
        let mut max = false;
        for word in call.args() {
            let word = &*word.text;
            match word.split_once('=') {
                Some(("max", value)) if matches!(number(value), Some(1..)) => max = true,
                Some(("inactive" | "valid", value)) if seconds(value).is_some() => {}
                None if word == "off" => return Ok(()),
                _ => return said(format!("invalid parameter \"{word}\"")),
            }
        }
        if max { Ok(()) } else { said(format!("\"{}\" must have the \"max\" parameter", call.name())) }
    }

    /// A file that nginx reads when it meets the directive.
    pub(super) fn read_now(&mut self, call: &Call<'_>) -> Outcome {
        let (path, message) = (call.arg(0), format!("open() \"{}\" failed", call.arg(0)));
        match self.machine.readable(path, Base::Conf) {
            Some(true) => Ok(()),
            Some(false) => said(message),
            None => Err(super::Fault::Maybe(message)),
        }
    }

    /// `ngx_http_ssl_merge_srv_conf` of all servers.
    pub(super) fn end_of_certificates(&mut self) {
        let servers: Vec<_> = self.blocks.servers.iter().map(|server| (server.scopes.0, server.span)).collect();
        for (server, span) in servers {
            let texts = |name: &str| self.scopes.inherited(server, MODULE, name).cloned();
            let (certificates, keys) = (texts("ssl_certificate"), texts("ssl_certificate_key"));
            let rejects = texts("ssl_reject_handshake").is_some_and(|set| set.args[0].eq_ignore_ascii_case("on"));
            let enabled = texts("ssl");
            let on = enabled.as_ref().is_some_and(|set| set.args[0].eq_ignore_ascii_case("on"));
            let count = keys.as_ref().map_or(0, |keys| keys.args.len());
            match &certificates {
                Some(given) if count < given.args.len() => {
                    let last = given.args.last().cloned().unwrap_or_default();
                    let message = format!("no \"ssl_certificate_key\" is defined for certificate \"{last}\"");
                    let (span, certain) = (given.span, !self.unseen);
                    self.refuse_late(message, span, certain);
                    continue;
                }
                None if on && !rejects => {
                    let message = "no \"ssl_certificate\" is defined for the \"ssl\" directive";
                    let (span, certain) = (enabled.map_or(span, |set| set.span), !self.unseen);
                    self.refuse_late(message, span, certain);
                    continue;
                }
                None if !rejects => continue,
                _ => {}
            }
            let mut files: Vec<(String, Span)> = Vec::new();
            for given in certificates.iter().chain(&keys) {
                files.extend(given.args.iter().map(|path| (path.clone(), given.span)));
            }
            self.verifying(server);
            for name in FILES {
                let given = self.scopes.inherited(server, MODULE, name);
                files.extend(given.and_then(|given| Some((given.args.first()?.clone(), given.span))));
            }
            for (path, span) in files {
                self.certificate(&path, span);
            }
        }
    }

    fn verifying(&mut self, server: usize) {
        let verify = self.scopes.inherited(server, MODULE, "ssl_verify_client").cloned();
        let Some(verify) = verify.filter(|verify| !matches!(&*verify.args[0], "off" | "optional_no_ca")) else {
            return;
        };
        let has = |name: &str| self.scopes.inherited(server, MODULE, name).is_some_and(|set| !set.args[0].is_empty());
        let newer = self.version.since(1, 27, 2);
        let known = has("ssl_client_certificate") || newer && has("ssl_trusted_certificate");
        if !known {
            let both = if newer { " or ssl_trusted_certificate" } else { "" };
            let message = format!("no ssl_client_certificate{both} for ssl_verify_client");
            self.refuse_late(message, verify.span, !self.unseen);
        }
    }

    /// A file that nginx reads once everything is known.
    fn certificate(&mut self, path: &str, span: Span) {
        let other = path.is_empty()
            || path.contains('$')
            || ["data:", "engine:", "store:"].iter().any(|at| path.starts_with(at));
        let readable = if other { Some(true) } else { self.machine.readable(path, Base::Conf) };
        if readable != Some(true) {
            self.refuse_late(format!("cannot load certificate \"{path}\""), span, readable == Some(false));
        }
    }

    /// `ngx_http_ssl_init`: who listens with TLS needs a certificate.
    pub(super) fn listening_without_certificate(&mut self) {
        let mut missing = None;
        let has = |server: usize, name: &str| self.scopes.inherited(server, MODULE, name);
        let rejects =
            |server| has(server, "ssl_reject_handshake").is_some_and(|set| set.args[0].eq_ignore_ascii_case("on"));
        for listen in self.listens.0.iter().filter(|listen| listen.ssl || listen.quic) {
            let (default, what) = (listen.default, if listen.quic { "quic" } else { "ssl" });
            if has(default, "ssl_certificate").is_some() {
                continue;
            }
            let bare = |server: &&usize| has(**server, "ssl_certificate").is_none() && !rejects(**server);
            let found = if rejects(default) { listen.servers.iter().find(bare) } else { Some(&default) };
            missing = missing.or(found.map(|server| (*server, what)));
        }
        let Some((server, what)) = missing else { return };
        let span = self.blocks.servers.iter().find(|found| found.scopes.0 == server).map(|found| found.span);
        if let Some(span) = span {
            let message = format!("no \"ssl_certificate\" is defined for the \"listen ... {what}\" directive");
            self.refuse_late(message, span, !self.unseen);
        }
    }
}
