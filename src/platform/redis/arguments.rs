//! The command line of the server after the configuration file: what it makes of its arguments.
//!
//! `server.c:main`: the arguments become text, which is read after the file and standard input.

use super::number::same_word;
use super::split::{Style, split};
use super::version::Version;

/// What the arguments after the configuration file come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arguments {
    /// The text that is read last.
    pub options: Vec<u8>,
    /// Whether standard input is read before it.
    pub stdin: bool,
    /// Whether the server runs as a Sentinel (`server.c:checkForSentinelMode`).
    pub sentinel: bool,
}

/// What a server that is started as `server FILE arguments…` makes of the arguments.
pub fn arguments<T: AsRef<[u8]>>(version: &Version, arguments: &[T]) -> Arguments {
    let arguments: Vec<&[u8]> = arguments.iter().map(AsRef::as_ref).collect();
    let mut options = Vec::new();
    let mut stdin = false;
    // Whether the last option has its value, so that `--x` begins another (7.0.1 and later).
    let mut settled = true;
    for (index, argument) in arguments.iter().enumerate() {
        let next = arguments.get(index + 1);
        if *argument == b"-" && next.is_none() {
            stdin = true;
        } else if settled && argument.starts_with(b"--") {
            if !options.is_empty() {
                options.push(b'\n');
            }
            options.extend_from_slice(&argument[2..]);
            options.push(b' ');
            if version.since(7, 0) {
                settled = named(argument, next.copied(), &mut options, version);
            }
        } else {
            quote(argument, version, &mut options);
            options.push(b' ');
            settled = true;
        }
    }
    let sentinel = arguments.iter().any(|argument| *argument == b"--sentinel");
    Arguments { options, stdin, sentinel }
}

/// Whether an option has all it needs and the next `--x` begins another.
fn named(argument: &[u8], next: Option<&[u8]>, options: &mut Vec<u8>, version: &Version) -> bool {
    let words = split(argument, Style::of(version)).unwrap_or_default();
    if words.len() != 1 {
        return true;
    }
    let before_option = next.is_some_and(|next| next.starts_with(b"--"));
    if same_word(argument, "--save") && (before_option || next.is_none()) {
        options.extend_from_slice(b"\"\"");
        return before_option;
    }
    same_word(argument, "--sentinel") && before_option
}

/// `sds.c:sdscatrepr`. Valkey 8.1.0 and 8.1.1 leave `"` and `\` as they are (fixed in 8.1.2).
fn quote(bytes: &[u8], version: &Version, out: &mut Vec<u8>) {
    let bare = version.valkey_since(8, 1) && version.number < (8, 1, 2);
    out.push(b'"');
    for byte in bytes {
        match byte {
            b'\\' | b'"' if !bare => out.extend_from_slice(&[b'\\', *byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x07 => out.extend_from_slice(b"\\a"),
            0x08 => out.extend_from_slice(b"\\b"),
            b' '..=b'~' => out.push(*byte),
            other => out.extend_from_slice(format!("\\x{other:02x}").as_bytes()),
        }
    }
    out.push(b'"');
}
