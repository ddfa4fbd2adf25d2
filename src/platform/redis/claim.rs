//! What a file is, going by its name and its lines: a configuration of Redis or Valkey, of a Sentinel, an ACL file,
//! or none of these.

use std::path::Path;

use super::directive;
use crate::platform::Interest;
use crate::platform::name::inner_name;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// `redis.conf`, `valkey.conf`, or a part of one.
    Server,
    /// `sentinel.conf`.
    Sentinel,
    /// Users, one to a line.
    Acl,
}

/// How many known lines a `*.conf` needs that is not called after the product.
const ENOUGH: usize = 2;

/// How much of a file must be seen to tell, going by its name alone.
pub fn interest(name: &str) -> Interest {
    let inner = inner_name(Path::new(name));
    let product = ["redis", "valkey", "sentinel"].iter().any(|product| inner.contains(product));
    let config = [".conf", ".cfg"].iter().any(|ending| inner.contains(ending));
    let plain = !inner.trim_start_matches('.').contains('.');
    if inner.ends_with(".acl") || product && (config || plain) {
        Interest::Whole
    } else if config || plain && (inner.contains("acl") || inner.contains("users")) {
        Interest::Head
    } else {
        Interest::None
    }
}

/// What a file is and, in one line, why; `None` when it is none of ours.
pub fn form(path: &Path, bytes: &[u8]) -> Option<(Form, String)> {
    let name = inner_name(path);
    let seen = Seen::of(bytes);
    if seen.foreign {
        return None;
    }
    if let Some(line) = seen.monitor {
        return Some((Form::Sentinel, format!("`sentinel monitor` in line {line}")));
    }
    let called = |product: &str| name.starts_with(product) && name.ends_with(".conf");
    if called("sentinel") || called("redis-sentinel") || called("valkey-sentinel") {
        return Some((Form::Sentinel, "called after Sentinel".to_owned()));
    }
    for product in ["redis", "valkey"] {
        if called(product) && (seen.known > 0 || seen.assignments == 0) {
            return Some((Form::Server, format!("called {product}*.conf")));
        }
    }
    let lines = seen.lines;
    let users_only = seen.users > 0 && seen.users == lines;
    if users_only || seen.users > 0 && name.ends_with(".acl") {
        return Some((Form::Acl, format!("ACL rules of users, lines: {}", seen.users)));
    }
    let config = name.ends_with(".conf") || name.ends_with(".cfg") || name.contains(".conf.");
    (config && seen.known >= ENOUGH).then(|| (Form::Server, format!("{} lines are known settings", seen.known)))
}

/// Whether somebody who starts a server with a file alone would start a Sentinel: it is called after Sentinel, or
/// monitors a primary and consists mostly of `sentinel` lines. A plain server refuses those.
pub fn starts_sentinel(path: &Path, bytes: &[u8]) -> bool {
    let seen = Seen::of(bytes);
    let called = inner_name(path).contains("sentinel");
    let mostly = seen.statements * 2 >= seen.lines;
    form(path, bytes).is_some_and(|(form, _)| form == Form::Sentinel) && (called || mostly)
}

/// What the lines of a file are like.
#[derive(Debug, Default)]
struct Seen {
    /// Lines that are neither blank nor comments.
    lines: usize,
    /// Lines that begin with a setting some version knows and go on like one.
    known: usize,
    /// Lines that make a user.
    users: usize,
    /// Lines like `name = value`.
    assignments: usize,
    /// Lines of a Sentinel.
    statements: usize,
    /// The first line that monitors a primary.
    monitor: Option<usize>,
    /// Whether a line is of another product's language: a block, a section, a tag.
    foreign: bool,
}

impl Seen {
    fn of(bytes: &[u8]) -> Seen {
        let mut seen = Seen::default();
        for (index, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
            let line = line.trim_ascii();
            if !line.is_empty() && line[0] != b'#' && !is_template(line) {
                seen.line(line, index + 1);
            }
        }
        seen
    }

    fn line(&mut self, line: &[u8], number: usize) {
        self.lines += 1;
        let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let name = words.next().unwrap_or_default();
        let second = words.next().unwrap_or_default();
        // Of nginx, HAProxy's `{ }` conditions aside, logrotate and the like; a section of an INI file; XML, Apache.
        let block = line.ends_with(b"{") || line.starts_with(b"}");
        if block || line.starts_with(b"[") && line.ends_with(b"]") || line.starts_with(b"<") && line.ends_with(b">") {
            self.foreign = true;
        } else if second.starts_with(b"=") || name.contains(&b'=') {
            self.assignments += 1;
        } else if name.eq_ignore_ascii_case(b"sentinel") {
            self.known += 1;
            self.statements += 1;
            if second.eq_ignore_ascii_case(b"monitor") && self.monitor.is_none() {
                self.monitor = Some(number);
            }
        } else if name.eq_ignore_ascii_case(b"user") {
            if words.clone().any(is_rule) {
                self.users += 1;
                self.known += 1;
            }
        } else if name.eq_ignore_ascii_case(b"loadmodule") && !second.contains(&b'/') {
            // Apache's, which names the module before its path.
            self.assignments += 1;
        } else if !second.is_empty() && !line.ends_with(b";") && is_setting(name) {
            self.known += 1;
        }
    }
}

/// A word that names something in the configuration of some version, and in few other languages.
fn is_setting(name: &[u8]) -> bool {
    let others: [&[u8]; 3] = [b"rename-command", b"loadmodule", b"include"];
    directive::named(name).is_some() || others.iter().any(|other| name.eq_ignore_ascii_case(other))
}

/// A word that is a rule for a user; the words that other languages have after `user` are names.
fn is_rule(word: &[u8]) -> bool {
    match word {
        b"on"
        | b"off"
        | b"nopass"
        | b"allkeys"
        | b"allcommands"
        | b"allchannels"
        | b"resetkeys"
        | b"resetchannels"
        | b"reset"
        | b"resetpass"
        | b"nocommands"
        | b"sanitize-payload"
        | b"skip-sanitize-payload" => true,
        _ => matches!(word.first(), Some(b'+' | b'-' | b'~' | b'&' | b'>' | b'<' | b'#' | b'!' | b'%' | b'(')),
    }
}

/// A line that is for the template engine alone.
fn is_template(line: &[u8]) -> bool {
    [&b"{{"[..], b"{%", b"{#", b"<%"].iter().any(|mark| line.starts_with(mark))
}
