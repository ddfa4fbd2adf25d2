//! The steps of a fix as commands for a server that runs, with the commands that bring today's value back. Nothing here is
//! ever sent.

use crate::edit::EditOp;
use crate::fact::{Fact, Subject, Value};
use crate::platform::redis::directive::{self, SettingId};
use crate::platform::redis::show::unwritten;
use crate::platform::redis::version::Version;

/// The commands that make some steps, and those that undo them, in the same order. `None` where a step is not one setting
/// that the server lets clients change, or is a secret.
pub fn commands(subject: &Subject, steps: &[EditOp]) -> Option<(Vec<String>, Vec<String>)> {
    let version = subject.version.as_deref().and_then(|version| Version::find(version).ok())?.0;
    let client = client(subject)?;
    let pairs: Option<Vec<(String, String)>> = steps.iter().map(|step| pair(subject, version, step)).collect();
    let pairs = pairs.filter(|pairs| !pairs.is_empty())?;
    let of = |arguments: &String| format!("{client} CONFIG SET {arguments}");
    Some((pairs.iter().map(|(make, _)| of(make)).collect(), pairs.iter().map(|(_, undo)| of(undo)).collect()))
}

/// `name value`, once with the new value and once with today's.
fn pair(subject: &Subject, version: &Version, step: &EditOp) -> Option<(String, String)> {
    let (path, value) = match step {
        EditOp::Set { path, value } => (path, Some(value)),
        EditOp::Remove { path } => (path, None),
        _ => return None,
    };
    let name = path.strip_prefix(subject.kind)?.strip_prefix('.')?;
    let setting = SettingId::all().find(|setting| setting.setting().fact == name)?;
    let spec = setting.spec(directive::world(version)).filter(|spec| !spec.immutable && !spec.secret)?;
    let new = value.cloned().unwrap_or_else(|| spec.default.to_owned());
    let today = match subject.facts.get(name)? {
        Fact::Known { value, .. } => text(value)?,
        Fact::Unknown(_) => return None,
    };
    // What nobody wrote has its default, which facts show in their own form.
    let today = if today.is_empty() { String::from_utf8(shown_default(spec)).ok()? } else { today };
    let of = |value: &str| format!("{} {}", spec.name, quoted(value));
    Some((of(new.trim_matches('"')), of(&today)))
}

fn shown_default(spec: &'static directive::Spec) -> Vec<u8> {
    crate::platform::redis::show::show(spec, &unwritten(spec).typed)
}

/// A value as `CONFIG SET` takes it.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Bool(yes) => Some(if *yes { "yes" } else { "no" }.to_owned()),
        Value::Int(number) => Some(number.to_string()),
        Value::Text(text) => Some(text.to_string()),
        Value::List(list) => {
            let words = list.items.iter().map(|item| item.value().and_then(text)).collect::<Option<Vec<_>>>();
            words.map(|words| words.join(" "))
        }
        _ => None,
    }
}

/// The client with what it needs to get there; how to log in is left to REDISCLI_AUTH.
fn client(subject: &Subject) -> Option<String> {
    let Some(Fact::Known { value: Value::Record(live), .. }) = subject.facts.get("live") else { return None };
    let url = live.get("url")?.value().and_then(text)?;
    let (scheme, place) = url.split_once("://")?;
    if scheme == "unix" {
        return Some(format!("redis-cli -s {}", quoted(place)));
    }
    let (host, port) = place.rsplit_once(':')?;
    let tls = if scheme.starts_with("rediss") { " --tls" } else { "" };
    Some(format!("redis-cli -h {} -p {port}{tls}", quoted(host.trim_matches(['[', ']']))))
}

/// A word for a shell.
fn quoted(word: &str) -> String {
    let plain = |char: char| char.is_ascii_alphanumeric() || "-_./:@%+,=".contains(char);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}
