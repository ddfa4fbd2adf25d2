//! A server that is made up: it reads commands as a server does, and answers what it is told to.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

/// Reads commands until the client leaves, or until there is no answer to one.
pub fn serve(stream: &TcpStream, mut answer: impl FnMut(&[String]) -> Option<String>) {
    let (mut reader, mut writer) = (BufReader::new(stream), stream);
    while let Some(words) = command(&mut reader) {
        let Some(told) = answer(&words) else { return };
        if writer.write_all(told.as_bytes()).is_err() {
            return;
        }
    }
}

/// One command: a list of texts.
fn command(reader: &mut impl BufRead) -> Option<Vec<String>> {
    let count = number(reader, "*")?;
    (0..count).map(|_| word(reader)).collect()
}

fn word(reader: &mut impl BufRead) -> Option<String> {
    let mut bytes = vec![0; number(reader, "$")? + 2];
    reader.read_exact(&mut bytes).ok()?;
    String::from_utf8(bytes).ok()?.strip_suffix("\r\n").map(str::to_owned)
}

fn number(reader: &mut impl BufRead, kind: &str) -> Option<usize> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    line.strip_prefix(kind)?.trim_end().parse().ok()
}

/// A text as RESP writes it.
pub fn bulk(text: &str) -> String {
    format!("${}\r\n{text}\r\n", text.len())
}

/// A list of texts as RESP writes it.
pub fn list(items: &[&str]) -> String {
    let all: String = items.iter().map(|item| bulk(item)).collect();
    format!("*{}\r\n{all}", items.len())
}
