//! `log_format`, `access_log`, `error_log`.

use super::address::{Host, Use, url};
use super::value::{milliseconds, names, number, size};
use super::{Base, Call, Fault, Outcome, Reader, said};

/// The levels of messages, the gravest first.
const LEVELS: [&str; 8] = ["emerg", "alert", "crit", "error", "warn", "notice", "info", "debug"];

/// The kinds of debug messages.
const DEBUG: [&str; 7] =
    ["debug_core", "debug_alloc", "debug_mutex", "debug_event", "debug_http", "debug_mail", "debug_stream"];

/// The facilities of syslog.
const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "intern", "lpr", "news", "uucp", "clock", "authpriv", "ftp", "ntp",
    "audit", "alert", "cron", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
];

impl Reader<'_> {
    /// `ngx_http_log_set_format`.
    pub(super) fn log_format(&mut self, call: &Call<'_>) -> Outcome {
        let (name, main) = (call.arg(0), call.frame.main);
        let key = format!("log_format {name}");
        if self.scopes.own(main, call.spec.module, &key).is_some() || name == "combined" && !call.in_stream() {
            return said(format!("duplicate \"log_format\" name \"{name}\""));
        }
        self.scopes.mark(main, call.spec.module, &key, name, call.span());
        let mut parts: Vec<&str> = call.args().iter().skip(1).map(|word| &*word.text).collect();
        if let Some(escape) = parts.first().and_then(|part| part.strip_prefix("escape=")) {
            if !matches!(escape, "default" | "json" | "none") {
                return said(format!("unknown log format escaping \"{escape}\""));
            }
            parts.remove(0);
        }
        for part in parts {
            let read = names(part, false).map_err(|(error, at)| match error.starts_with("the closing") {
                true => Fault::Said(error),
                false => Fault::Said(format!("invalid parameter \"{}\"", &part[at..])),
            })?;
            let span = call.span();
            let symbols = self.symbols(call);
            read.into_iter().for_each(|name| symbols.read(name, span));
        }
        Ok(())
    }

    /// `ngx_http_log_set_log`.
    pub(super) fn access_log(&mut self, call: &Call<'_>) -> Outcome {
        let text = call.arg(0);
        if text == "off" {
            let more = call.args().get(1);
            return more.map_or(Ok(()), |word| said(format!("invalid parameter \"{}\"", &*word.text)));
        }
        let syslog = text.starts_with("syslog:");
        let variables = !syslog && self.template(text, call)?;
        if syslog {
            self.syslog(text, call)?;
        } else if !variables {
            self.logs.push((text.to_owned(), call.span()));
        }
        match call.args().get(1) {
            None if call.in_stream() => return said("log format is not specified"),
            Some(format) if !self.has_format(&format.text, call) => {
                let message = format!("unknown log format \"{}\"", &*format.text);
                return Err(if self.unseen { Fault::Maybe(message) } else { Fault::Said(message) });
            }
            _ => {}
        }
        let (buffered, flushed) = self.buffering(call)?;
        if flushed && !buffered {
            return said(format!("no buffer is defined for access_log \"{text}\""));
        }
        if buffered && variables {
            return said("buffered logs cannot have variables in name");
        }
        if buffered && syslog {
            return said("logs to syslog cannot be buffered");
        }
        Ok(())
    }

    fn has_format(&self, name: &str, call: &Call<'_>) -> bool {
        let known = |name: &str| self.scopes.own(call.frame.main, call.spec.module, &format!("log_format {name}"));
        // Names are looked up without case.
        let lower = name.to_ascii_lowercase();
        let other = || self.scopes.marked(call.frame.main, "log_format ").any(|mark| mark.eq_ignore_ascii_case(name));
        known(name).is_some() || lower == "combined" && !call.in_stream() || other()
    }

    /// The parameters after the format: whether they buffer, and whether they flush.
    fn buffering(&mut self, call: &Call<'_>) -> Result<(bool, bool), Fault> {
        let (mut buffered, mut flushed) = (false, false);
        for word in call.args().iter().skip(2) {
            let word = &*word.text;
            match word.split_once('=') {
                Some(("buffer", value)) if matches!(size(value), Some(1..)) => buffered = true,
                Some(("buffer", value)) => return said(format!("invalid buffer size \"{value}\"")),
                Some(("flush", value)) if matches!(milliseconds(value), Some(1..)) => flushed = true,
                Some(("flush", value)) => return said(format!("invalid flush time \"{value}\"")),
                Some(("gzip", value)) if matches!(number(value), Some(1..=9)) => buffered = true,
                Some(("gzip", value)) => return said(format!("invalid compression level \"{value}\"")),
                Some(("if", value)) => {
                    self.template(value, call)?;
                }
                None if word == "gzip" => buffered = true,
                _ => return said(format!("invalid parameter \"{word}\"")),
            }
        }
        Ok((buffered, flushed))
    }

    /// `ngx_log_set_log`.
    pub(super) fn error_log(&mut self, call: &Call<'_>) -> Outcome {
        let text = call.arg(0);
        if text.starts_with("syslog:") {
            self.syslog(text, call)?;
        } else if let Some(buffer) = text.strip_prefix("memory:") {
            let message = format!("invalid buffer size \"{buffer}\"");
            match size(buffer) {
                // What else is needed depends on the file's name, and whether it may be on the build.
                Some(4096..) => return Err(Fault::Maybe("nginx was built without debug support".to_owned())),
                Some(2048..) => return Err(Fault::Maybe(message)),
                _ => return said(message),
            }
        } else if !matches!(text, "stderr" | "") {
            self.logs.push((text.to_owned(), call.span()));
        }
        let (mut level, mut debug) = (false, false);
        for word in call.args().iter().skip(1) {
            let word = &*word.text;
            if LEVELS.contains(&word) {
                if level || debug {
                    return said(format!("duplicate log level \"{word}\""));
                }
                level = true;
            } else if DEBUG.contains(&word) && !level {
                debug = true;
            } else {
                return said(format!("invalid log level \"{word}\""));
            }
        }
        Ok(())
    }

    /// `ngx_init_cycle`, which opens all logs once everything is read.
    pub(super) fn end_of_logs(&mut self) {
        for (path, span) in std::mem::take(&mut self.logs) {
            if self.machine.writable(&path, Base::Prefix) == Some(false) {
                self.refuse_late(format!("open() \"{path}\" failed"), span, true);
            }
        }
    }

    /// `ngx_syslog_parse_args`.
    fn syslog(&mut self, text: &str, _: &Call<'_>) -> Outcome {
        let (mut server, mut facility, mut severity, mut tag) = (None, false, false, false);
        for part in text["syslog:".len()..].split(',') {
            let twice = |what: &str| said(format!("duplicate syslog \"{what}\""));
            match part.split_once('=') {
                Some(("server", _)) if server.is_some() => return twice("server"),
                Some(("server", value)) => {
                    let told = |error: &str| Fault::Said(format!("{error} in syslog server \"{value}\""));
                    server = Some(url(value, 514, Use::Connect).map_err(told)?);
                }
                Some(("facility", _)) if facility => return twice("facility"),
                Some(("facility", value)) if FACILITIES.contains(&value) => facility = true,
                Some(("facility", value)) => return said(format!("unknown syslog facility \"{value}\"")),
                Some(("severity", _)) if severity => return twice("severity"),
                Some(("severity", value)) if LEVELS.contains(&value) => severity = true,
                Some(("severity", value)) => return said(format!("unknown syslog severity \"{value}\"")),
                Some(("tag", _)) if tag => return twice("tag"),
                Some(("tag", value)) if value.len() > 32 => return said("syslog tag length exceeds 32"),
                Some(("tag", value)) if value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') => {
                    tag = true;
                }
                Some(("tag", _)) => return said("syslog \"tag\" only allows alphanumeric characters and underscore"),
                None if part == "nohostname" => {}
                _ => return said(format!("unknown syslog parameter \"{part}\"")),
            }
        }
        match server {
            None => said("no syslog server specified"),
            Some(at) if at.kind == Host::Name => self.host(&at.host, &at.host, "syslog server"),
            Some(_) => Ok(()),
        }
    }
}
