//! The configuration that would give a server the settings that it answers with.
//!
//! What `CONFIG GET *` prints is written as lines of a configuration, so that a live server is read by the same code as a
//! file. Settings that have their default are left out, as nobody writes them; the folder is always written, since the
//! default depends on where the server was started.

use std::collections::BTreeMap;

use crate::platform::redis::directive::{Kind, SettingId, Spec};
use crate::platform::redis::show::{show, unwritten};
use crate::platform::redis::version::Version;

/// What `CONFIG GET` printed, by name.
pub type Settings = BTreeMap<Vec<u8>, Vec<u8>>;

/// The lines of a configuration.
pub fn config(version: &Version, world: usize, settings: &Settings) -> Vec<u8> {
    let mut text = Vec::new();
    for (_, spec) in shown(world) {
        match printed(spec, settings) {
            Some(value) if spec.kind == Kind::Dir || *value != show(spec, &unwritten(spec).typed) => {
                lines(version, spec, value, &mut text);
            }
            _ => {}
        }
    }
    text
}

/// The settings of a version that were not printed.
pub fn open(world: usize, settings: &Settings) -> Vec<SettingId> {
    let missing = shown(world).filter(|(_, spec)| printed(spec, settings).is_none());
    let mut open: Vec<SettingId> = missing.map(|(setting, _)| setting).collect();
    // A server that was built without TLS does not have its settings; one that hides most of them may have it.
    let of_tls = |setting: &SettingId| setting.setting().name.starts_with("tls-");
    if open.len() < SettingId::all().filter_map(|setting| setting.spec(world)).count() / 2 && open.iter().any(of_tls) {
        let printed = settings.keys().any(|name| name.starts_with(b"tls-"));
        open.retain(|setting| printed || !of_tls(setting));
    }
    open
}

/// The settings of a version that `CONFIG GET *` prints.
fn shown(world: usize) -> impl Iterator<Item = (SettingId, &'static Spec)> {
    SettingId::all().filter_map(move |setting| Some((setting, setting.spec(world).filter(|spec| !spec.hidden)?)))
}

/// What was printed of a setting, under whichever of its names.
fn printed<'s>(spec: &Spec, settings: &'s Settings) -> Option<&'s Vec<u8>> {
    std::iter::once(spec.name).chain(spec.alias).find_map(|name| settings.get(name.as_bytes()))
}

/// The lines that write a setting; mostly one.
fn lines(version: &Version, spec: &Spec, value: &[u8], text: &mut Vec<u8>) {
    let words: Vec<&[u8]> = value.split(|&byte| byte == b' ').filter(|word| !word.is_empty()).collect();
    match spec.kind {
        // 6.2 takes one point, and one class of clients, for each line.
        Kind::Save if !words.is_empty() && !version.since(7, 0) => {
            words.chunks(2).for_each(|point| line(spec.name, &point.join(&b' '), text));
        }
        Kind::OutputLimits if !words.is_empty() => {
            let words: Vec<Vec<u8>> = words.iter().map(|word| signed(word)).collect();
            let at_once = if version.since(7, 0) { words.len() } else { 4 };
            words.chunks(at_once).for_each(|class| line(spec.name, &class.join(&b' '), text));
        }
        kind if kind.many() && !words.is_empty() => line(spec.name, value, text),
        _ => line(spec.name, &quoted(value), text),
    }
}

/// A number as a file has it: a limit below 0 is printed without its sign (observed on 6.2), and what is printed so would be
/// read as the largest number.
fn signed(word: &[u8]) -> Vec<u8> {
    let number = std::str::from_utf8(word).ok().and_then(|text| text.parse::<u64>().ok());
    number.map_or_else(|| word.to_vec(), |number| number.cast_signed().to_string().into_bytes())
}

fn line(name: &str, value: &[u8], text: &mut Vec<u8>) {
    text.extend_from_slice(name.as_bytes());
    text.push(b' ');
    text.extend_from_slice(value);
    text.push(b'\n');
}

/// A value as one word (`sds.c:sdscatrepr`); bare where that means the same.
pub fn quoted(value: &[u8]) -> Vec<u8> {
    let bare = |byte: &u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'\\');
    if !value.is_empty() && value.iter().all(bare) {
        return value.to_vec();
    }
    let mut text = vec![b'"'];
    for &byte in value {
        match byte {
            b'"' | b'\\' => text.extend([b'\\', byte]),
            b'\n' => text.extend(b"\\n"),
            b'\r' => text.extend(b"\\r"),
            b'\t' => text.extend(b"\\t"),
            byte if byte == b' ' || byte.is_ascii_graphic() => text.push(byte),
            byte => text.extend(format!("\\x{byte:02x}").into_bytes()),
        }
    }
    text.push(b'"');
    text
}
