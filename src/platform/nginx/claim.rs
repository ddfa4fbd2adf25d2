//! What a file is, going by its name and its lines: a configuration of nginx, a part of one, or none.

use std::path::Path;

use super::directive;
use crate::platform::Interest;
use crate::platform::name::inner_name;

/// Folders in which packages of nginx keep parts of a configuration, under whatever names.
const FOLDERS: [&str; 7] = ["sites-available", "sites-enabled", "snippets", "conf.d", "vhost.d", "nginx", "templates"];

/// Endings of files that are no configuration, wherever they lie.
const NOT: [&str; 14] =
    [".md", ".html", ".js", ".css", ".png", ".svg", ".json", ".yml", ".yaml", ".sh", ".py", ".key", ".crt", ".pem"];

/// Blocks that only nginx has.
const BLOCKS: [&str; 5] = ["http", "server", "location", "upstream", "events"];

/// How much of a file must be seen to tell, going by its name and the folder it is in, both in lower case.
pub fn interest(name: &str, folder: &str) -> Interest {
    let inner = inner_name(Path::new(name));
    let config = [".conf", ".cfg", ".vhost", ".nginx", ".ngx"].iter().any(|ending| inner.contains(ending));
    match () {
        () if NOT.iter().any(|ending| name.ends_with(ending)) => Interest::None,
        () if inner.starts_with("nginx") && (config || !inner.contains('.')) => Interest::Whole,
        () if config || FOLDERS.contains(&folder) => Interest::Head,
        () => Interest::None,
    }
}

/// What a file is, in one line; `None` when it is none of nginx's.
pub fn form(path: &Path, bytes: &[u8]) -> Option<String> {
    let name = inner_name(path);
    if NOT.iter().any(|ending| name.ends_with(ending)) {
        return None;
    }
    let seen = Seen::of(bytes);
    if seen.foreign {
        return None;
    }
    let called = name.starts_with("nginx") && name.ends_with(".conf");
    if called && (seen.blocks + seen.known > 0 || seen.other == 0) {
        return Some("called nginx*.conf".to_owned());
    }
    let mostly = seen.known + seen.blocks > seen.other;
    let alone = seen.other == 0 && seen.known > 0 && seen.telling > 0;
    if seen.blocks > 0 && mostly && seen.known > 0 {
        return Some(format!("blocks of nginx: {}", seen.blocks));
    }
    (mostly && (alone || seen.telling > 1)).then(|| format!("lines that are directives of nginx: {}", seen.known))
}

/// What the lines of a file are like.
#[derive(Debug, Default)]
struct Seen {
    /// Lines that open a block of nginx's.
    blocks: usize,
    /// Lines that begin with a directive and end as one.
    known: usize,
    /// Those of them whose name is hardly anything else's.
    telling: usize,
    /// Lines that end as a directive and begin with none.
    other: usize,
    /// Whether a line is of another language: Apache, INI, XML, a script.
    foreign: bool,
}

impl Seen {
    fn of(bytes: &[u8]) -> Seen {
        let mut seen = Seen::default();
        for line in bytes.split(|&byte| byte == b'\n') {
            let line = line.trim_ascii();
            if !line.is_empty() && line[0] != b'#' {
                seen.line(line);
            }
        }
        seen
    }

    fn line(&mut self, line: &[u8]) {
        let is_tag = line[0] == b'<' && line.ends_with(b">") && !line.starts_with(b"<%");
        let is_section = line[0] == b'[' && line.ends_with(b"]");
        if is_tag || is_section || line.starts_with(b"<?php") || line.starts_with(b"#!/") {
            self.foreign = true;
            return;
        }
        if let Some(inner) = one_line_block(line) {
            self.blocks += 1;
            inner.split_inclusive(|byte| matches!(byte, b';' | b'{' | b'}')).for_each(|part| self.part(part));
            return;
        }
        self.part(line);
    }

    /// One line, or a part of one.
    fn part(&mut self, line: &[u8]) {
        let line = line.trim_ascii_start();
        // A comment may stand behind.
        let code = line.iter().rposition(|byte| matches!(byte, b';' | b'{' | b'}'));
        let Some(end) = code.filter(|end| line[*end] != b'}') else { return };
        let end_byte = line[end];
        let name = line.split(|byte| byte.is_ascii_whitespace() || matches!(byte, b';' | b'{')).next();
        let name = std::str::from_utf8(name.unwrap_or_default()).unwrap_or_default();
        if end_byte == b'{' && BLOCKS.contains(&name) {
            self.blocks += 1;
        } else if directive::find(name).is_some() || directive::foreign(name).is_some() {
            self.known += 1;
            self.telling += usize::from(name.contains('_') || name == "listen");
        } else if end_byte == b';' {
            self.other += 1;
        }
    }
}

/// What is in a block of nginx that begins and ends on a line.
fn one_line_block(line: &[u8]) -> Option<&[u8]> {
    let open = line.iter().position(|&byte| byte == b'{')?;
    let close = line.iter().rposition(|&byte| byte == b'}').filter(|close| *close > open)?;
    let name = line[..open].split(u8::is_ascii_whitespace).next()?;
    let inner = line[open + 1..close].trim_ascii();
    (BLOCKS.iter().any(|block| block.as_bytes() == name) && !inner.is_empty()).then_some(inner)
}
