//! What the server checks when a text is read to its end, and when it loads modules.

use super::evaluate::{Reader, unknown};
use super::{Held, Mode, ModuleSetting, Phase};
use crate::fact::Why;
use crate::files::Location;
use crate::platform::redis::directive::SettingId;
use crate::platform::redis::include::written_path;
use crate::platform::redis::number::{c_string, same_word};
use crate::platform::redis::split::Word;
use crate::platform::redis::value::Typed;
use crate::platform::sentinel::statement::carry_out;
use crate::text::{Span, Unreadable};

/// The end of `config.c:loadServerConfigFromString`, reached after each included file as well.
pub(super) fn text(reader: &mut Reader<'_, '_>) {
    if reader.version().since(7, 0) {
        log_file(reader);
    }
    cluster(reader);
    ranges(reader);
}

/// The log is opened for appending once, so that an unwritable one is found out early. (6.2 does so at the line.)
pub(super) fn log_file(reader: &mut Reader<'_, '_>) {
    if reader.mode != Mode::Server {
        return;
    }
    let Held::Written(write, Typed::Bytes(path)) = reader.loaded.named("logfile") else { return };
    if path.is_empty() {
        return;
    }
    let (at, path) = (write.value, written_path(path));
    let Ok(folder) = &reader.loaded.folder else { return };
    let fault = match reader.library.files().appendable(&folder.resolve(&path)) {
        Ok(()) => return,
        Err(Unreadable::Missing) => "No such file or directory".to_owned(),
        Err(Unreadable::Denied) => "Permission denied".to_owned(),
        Err(Unreadable::NotAFile(_)) => "Is a directory".to_owned(),
        Err(error) => error.to_string(),
    };
    let message = format!("Can't open the log file: {fault}");
    if !reader.loaded.refusals.iter().any(|refusal| refusal.at == at) {
        reader.refuse_at(Phase::Reading, &message, at);
    }
}

fn cluster(reader: &mut Reader<'_, '_>) {
    let Held::Written(enabled, Typed::Bool(true)) = reader.loaded.named("cluster-enabled") else { return };
    let (key, value) = (enabled.key, enabled.value);
    if let Held::Written(write, Typed::Primary(Some(_))) = reader.loaded.named("replicaof") {
        let at = write.value;
        if !reader.loaded.refusals.iter().any(|refusal| refusal.at == at) {
            reader.refuse_at(Phase::Reading, "replicaof directive not allowed in cluster mode", at);
        }
    }
    // One database only: 7.2 and later; Valkey 9.0 counts those of a cluster apart.
    let version = reader.version();
    if version.since(7, 2) && !version.valkey_since(9, 0) {
        force(reader, "databases", |count| (count > 1).then_some(1), Some((key, value)));
    }
}

/// Values that are put into range without a word.
fn ranges(reader: &mut Reader<'_, '_>) {
    force(reader, "hz", |hz| (!(1..=500).contains(&hz)).then(|| hz.clamp(1, 500)), None);
    let version = reader.version();
    if version.valkey_since(8, 0) && !version.valkey_since(8, 1) {
        force(reader, "io-threads", |threads| (threads > 16).then_some(16), None);
    }
}

/// Replaces a number by another one, for the reason written at `by` or by the value itself.
fn force(reader: &mut Reader<'_, '_>, name: &str, other: impl Fn(i64) -> Option<i64>, by: Option<(Span, Span)>) {
    let Some(setting) = SettingId::of(name) else { return };
    let held = reader.loaded.held(setting);
    let Some(Typed::Int(value)) = held.typed() else { return };
    let Some(value) = other(*value) else { return };
    let place = match held {
        Held::Written(write, _) => Some((write.key, write.value)),
        _ => by,
    };
    if let Some((key, at)) = place {
        reader.write(setting, key, at, Ok(Typed::Int(value)));
    }
}

/// Where the dynamic linker looks for a module whose path has no slash.
const LIBRARY_FOLDERS: [&str; 6] =
    ["/lib", "/usr/lib", "/lib64", "/usr/lib64", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"];

/// `module.c:moduleLoadFromQueue`: modules are loaded, then each line that only a module can know must be known.
pub(super) fn modules(reader: &mut Reader<'_, '_>) {
    if reader.mode == Mode::Server {
        for module in reader.loaded.modules.items.clone() {
            let at = module.path.span;
            let path = c_string(&module.path.bytes);
            if module_is_missing(reader, path) {
                let shown = String::from_utf8_lossy(path);
                reader.refuse_at(Phase::Modules, &format!("Can't load module from {shown}: server aborting"), at);
            } else {
                let needs = "what the module does when it is loaded, which only the server can find out";
                reader.loaded.doubts.push(unknown(Why::NotSupported, at, needs));
            }
        }
    }
    let mut first = None;
    for setting in reader.loaded.module_settings.clone() {
        match built_in(reader, &setting) {
            None => {
                first.get_or_insert(setting.span);
            }
            Some(true) => {}
            Some(false) => {
                reader.refuse_at(Phase::Modules, "the module does not take this value", setting.span);
            }
        }
    }
    let Some(at) = first else { return };
    if let Some(rest) = reader.loaded.modules.rest.clone() {
        reader.loaded.doubts.push(rest);
    } else if !reader.loaded.modules.items.is_empty() {
        let needs = "which settings the modules have";
        reader.loaded.doubts.push(unknown(Why::NotSupported, at, needs));
    } else {
        let message = "no module is loaded that has such a setting, and the server knows none of this name itself";
        reader.refuse_at(Phase::Modules, message, at);
    }
}

/// Whether a module that the server brings along takes a setting; `None` when none has it. Redis 8.2 has vector sets.
fn built_in(reader: &Reader<'_, '_>, setting: &ModuleSetting) -> Option<bool> {
    let name = setting.words.first()?;
    let theirs = same_word(&name.bytes, "vset-force-single-threaded-execution") && reader.version().redis_since(8, 2);
    let takes = |word: &Word| word.templated || same_word(&word.bytes, "yes") || same_word(&word.bytes, "no");
    theirs.then(|| matches!(&setting.words[1..], [value] if takes(value)))
}

/// A Sentinel carries its statements out and sees whether it can write to its configuration file
/// (`sentinel.c:loadSentinelConfigFromQueue`, `sentinel.c:sentinelCheckConfigFile`, all versions).
pub(super) fn sentinel(reader: &mut Reader<'_, '_>, main: &Location) {
    let (mode, folder) = (reader.mode, reader.loaded.folder.clone());
    let files = reader.library.files();
    let runs = |path: &[u8]| match (mode, &folder) {
        (Mode::Server, Ok(folder)) => {
            !path.is_empty() && files.executable(&folder.resolve(&written_path(path))).is_ok()
        }
        _ => true,
    };
    let poisons: Vec<_> = reader.loaded.poisons.iter().map(|poison| poison.unknown.clone()).collect();
    let watch = carry_out(&reader.loaded.statements, reader.loaded.version, &poisons, &runs);
    let writable = mode != Mode::Server || files.appendable(main).is_ok();
    for (message, at) in &watch.refusals {
        reader.refuse_at(Phase::Reading, message, *at);
    }
    reader.loaded.doubts.extend(watch.unknown.iter().chain(&watch.doubts).cloned());
    reader.loaded.watch = watch;
    if !writable {
        let at = reader.loaded.end;
        reader.refuse_at(Phase::Setup, "Sentinel config file is not writable. Exiting...", at);
    }
}

/// The snapshot that is loaded when the server is set up: a file that is none ends it (`rdb.c:rdbLoad`,
/// `server.c:loadDataFromDisk`).
pub(super) fn snapshot(reader: &mut Reader<'_, '_>) {
    let appends = reader.loaded.named("appendonly").typed().is_none_or(|typed| *typed == Typed::Bool(true));
    let held = reader.loaded.named("dbfilename");
    let at = match &held {
        Held::Written(write, _) => write.value,
        _ => reader.loaded.end,
    };
    let (Some(Typed::Bytes(name)), Ok(folder)) = (held.typed(), &reader.loaded.folder) else { return };
    if reader.mode != Mode::Server || appends || name.is_empty() {
        return;
    }
    let is_snapshot = |bytes: &[u8]| bytes.len() >= 9 && (bytes.starts_with(b"REDIS") || bytes.starts_with(b"VALKEY"));
    let fault = match reader.library.files().read(&folder.resolve(&written_path(name))) {
        Ok(bytes) if is_snapshot(&bytes) => return,
        Ok(_) | Err(Unreadable::NotAFile("a folder")) => "it is no snapshot".to_owned(),
        Err(Unreadable::Missing | Unreadable::TooLarge(_) | Unreadable::NotAFile(_) | Unreadable::OutOfReach) => return,
        Err(error) => error.to_string(),
    };
    reader.refuse_at(Phase::Running, &format!("Fatal error loading the DB: {fault}"), at);
}

fn module_is_missing(reader: &mut Reader<'_, '_>, path: &[u8]) -> bool {
    let Ok(folder) = reader.loaded.folder.clone() else { return false };
    let files = reader.library.files();
    let missing = |at| matches!(files.read(&at), Err(Unreadable::Missing));
    if path.contains(&b'/') {
        return missing(folder.resolve(&written_path(path)));
    }
    let name = written_path(path);
    LIBRARY_FOLDERS.iter().all(|library| missing(folder.resolve(&std::path::Path::new(library).join(&name))))
}
