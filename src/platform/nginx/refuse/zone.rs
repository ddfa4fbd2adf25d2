//! Shared memory: zones that one directive makes and others use.

use super::value::{milliseconds, number, offset, seconds, size};
use super::{Call, Outcome, Reader, said};
use crate::text::Span;

/// The size of a page of memory, on most machines.
const PAGE: i64 = 4096;

/// All zones, in the order in which they are first named, and the folders of caches and temporary files.
#[derive(Debug, Default)]
pub struct Zones(Vec<Zone>, Vec<Folder>);

/// A folder, what is below it, and whether it is that of a cache.
#[derive(Debug, PartialEq, Eq)]
struct Folder {
    name: String,
    levels: Vec<String>,
    cache: bool,
}

#[derive(Debug)]
struct Zone {
    name: String,
    /// The module that it belongs to.
    module: &'static str,
    /// Its size, or 0 where no directive gave one.
    size: i64,
    /// Whether the directive that makes it was there.
    made: bool,
    span: Span,
}

impl Zones {
    /// Whether a zone was made for a module.
    pub fn is_made(&self, name: &str, module: &str) -> bool {
        self.0.iter().any(|zone| zone.name == name && zone.module == module && zone.made)
    }

    /// The zones that are used and have no size.
    pub fn without_size(&self) -> Vec<(String, Span)> {
        self.0.iter().filter(|zone| zone.size == 0).map(|zone| (zone.name.clone(), zone.span)).collect()
    }
}

impl Reader<'_> {
    /// `ngx_shared_memory_add` without a size: the zone's number.
    pub(super) fn use_zone(
        &mut self,
        name: &str,
        module: &'static str,
        call: &Call<'_>,
    ) -> Result<usize, super::Fault> {
        self.add_zone(name, 0, module, call)
    }

    /// `ngx_shared_memory_add`.
    fn add_zone(
        &mut self,
        name: &str,
        size: i64,
        module: &'static str,
        call: &Call<'_>,
    ) -> Result<usize, super::Fault> {
        let Some(at) = self.zones.0.iter().position(|zone| zone.name == name) else {
            self.zones.0.push(Zone { name: name.to_owned(), module, size, made: false, span: call.span() });
            return Ok(self.zones.0.len() - 1);
        };
        let zone = &mut self.zones.0[at];
        if zone.module != module {
            return said(format!("the shared memory zone \"{name}\" is already declared for a different use"));
        }
        if zone.size == 0 {
            zone.size = size;
        }
        if size != 0 && size != zone.size {
            return said(format!(
                "the size {size} of shared memory zone \"{name}\" conflicts with already declared size {}",
                zone.size
            ));
        }
        Ok(at)
    }

    /// A zone of at least so many pages that may be declared again: `ssl_session_cache`, `zone` of an upstream.
    pub(super) fn share_zone(&mut self, name: &str, size: i64, module: &'static str, call: &Call<'_>) -> Outcome {
        let at = self.add_zone(name, size, module, call)?;
        self.zones.0[at].made = true;
        Ok(())
    }

    /// `zone=name:size`.
    fn sized<'a>(&self, word: &'a str, value: &'a str, pages: i64, keys: &str) -> Result<(&'a str, i64), super::Fault> {
        let split = value.split_once(':').and_then(|(name, text)| Some((name, size(text)?)));
        match split {
            None => said(format!("invalid {keys}zone size \"{word}\"")),
            Some((_, size)) if size < pages * PAGE => said(format!("{keys}zone \"{word}\" is too small")),
            Some(found) => Ok(found),
        }
    }

    /// `limit_req_zone` and `limit_conn_zone`.
    pub(super) fn limit_zone(&mut self, call: &Call<'_>, rated: bool) -> Outcome {
        self.template(call.arg(0), call)?;
        let mut zone = None;
        for word in call.args().iter().skip(1) {
            let word = &*word.text;
            match word.split_once('=') {
                Some(("zone", value)) => zone = Some(self.sized(word, value, 8, "")?),
                Some(("rate", value)) if rated => {
                    let value = value.strip_suffix("r/s").or_else(|| value.strip_suffix("r/m")).unwrap_or(value);
                    if !matches!(number(value), Some(1..)) {
                        return said(format!("invalid rate \"{word}\""));
                    }
                }
                _ => return said(format!("invalid parameter \"{word}\"")),
            }
        }
        let Some((name, size)) = zone.filter(|(name, _)| !name.is_empty()) else {
            return said(format!("\"{}\" must have \"zone\" parameter", call.name()));
        };
        let at = self.add_zone(name, size, call.spec.module, call)?;
        if std::mem::replace(&mut self.zones.0[at].made, true) {
            return said(format!("{} \"{name}\" is already bound to key", call.name()));
        }
        Ok(())
    }

    /// `limit_req`.
    pub(super) fn limit_req(&mut self, call: &Call<'_>) -> Outcome {
        let mut zone = None;
        for word in call.args() {
            let word = &*word.text;
            match word.split_once('=') {
                Some(("zone", name)) => {
                    self.use_zone(name, call.spec.module, call)?;
                    zone = Some(name);
                }
                Some((name @ ("burst" | "delay"), value)) => {
                    if !matches!(number(value), Some(1..)) {
                        return said(format!("invalid {name} value \"{word}\""));
                    }
                }
                None if word == "nodelay" => {}
                _ => return said(format!("invalid parameter \"{word}\"")),
            }
        }
        match zone {
            None => said("\"limit_req\" must have \"zone\" parameter"),
            Some(name) => self.once_each(name, call),
        }
    }

    /// `limit_conn`.
    pub(super) fn limit_conn(&mut self, call: &Call<'_>) -> Outcome {
        self.use_zone(call.arg(0), call.spec.module, call)?;
        self.once_each(call.arg(0), call)?;
        match number(call.arg(1)) {
            Some(1..=65535) => Ok(()),
            Some(65536..) => said("connection limit must be less 65536"),
            _ => said(format!("invalid number of connections \"{}\"", call.arg(1))),
        }
    }

    /// A zone counts once in a location.
    fn once_each(&mut self, zone: &str, call: &Call<'_>) -> Outcome {
        let scope = if call.in_stream() { call.frame.server } else { call.frame.location };
        let key = format!("{} {zone}", call.name());
        if self.scopes.own(scope, call.spec.module, &key).is_some() {
            return call.fault("is duplicate");
        }
        self.scopes.mark(scope, call.spec.module, &key, zone, call.span());
        Ok(())
    }

    /// `ngx_add_path`.
    pub(super) fn folder(&mut self, path: &str, levels: Vec<String>, cache: bool) -> Outcome {
        let name = path.strip_suffix('/').unwrap_or(path).to_owned();
        let known = self.zones.1.iter().find(|known| known.name == name);
        match known {
            Some(known) if known.cache || cache => return said(format!("the same path name \"{name}\" used in")),
            Some(known) if known.levels != levels => {
                return said(format!("the path name \"{name}\" in file has the same name but different levels than"));
            }
            Some(_) => {}
            None => self.zones.1.push(Folder { name, levels, cache }),
        }
        Ok(())
    }

    /// `ngx_http_file_cache_set_slot`: `proxy_cache_path` and its kin.
    pub(super) fn cache_path(&mut self, call: &Call<'_>) -> Outcome {
        let mut zone = None;
        for word in call.args().iter().skip(1) {
            let word = &*word.text;
            let Some((name, value)) = word.split_once('=') else {
                return said(format!("invalid parameter \"{word}\""));
            };
            let valid = match name {
                "keys_zone" => {
                    zone = Some(self.sized(word, value, 2, "keys ")?);
                    true
                }
                "levels" if !levels(value) => return said(format!("invalid \"levels\" \"{word}\"")),
                "levels" => true,
                "use_temp_path" if !matches!(value, "on" | "off") => {
                    return said(format!("invalid use_temp_path value \"{word}\", it must be \"on\" or \"off\""));
                }
                "use_temp_path" => true,
                "inactive" => seconds(value).is_some(),
                "max_size" | "min_free" => offset(value).is_some(),
                "loader_files" | "manager_files" => number(value).is_some(),
                "loader_sleep" | "manager_sleep" | "loader_threshold" | "manager_threshold" => {
                    milliseconds(value).is_some()
                }
                _ => return said(format!("invalid parameter \"{word}\"")),
            };
            if !valid {
                return said(format!("invalid {name} value \"{word}\""));
            }
        }
        let Some((name, size)) = zone.filter(|(name, size)| !name.is_empty() && *size != 0) else {
            return said(format!("\"{}\" must have \"keys_zone\" parameter", call.name()));
        };
        self.folder(call.arg(0), Vec::new(), true)?;
        let at = self.add_zone(name, size, call.spec.module, call)?;
        if std::mem::replace(&mut self.zones.0[at].made, true) {
            return said(format!("duplicate zone \"{name}\""));
        }
        Ok(())
    }

    /// `ngx_http_upstream_zone`.
    pub(super) fn upstream_zone(&mut self, call: &Call<'_>) -> Outcome {
        let name = call.arg(0);
        if name.is_empty() {
            return said("invalid zone name \"\"");
        }
        let size = match call.args().get(1).map(|word| size(word)) {
            None => 0,
            Some(None) => return said(format!("invalid zone size \"{}\"", call.arg(1))),
            Some(Some(size)) if size < 8 * PAGE => return said(format!("zone \"{name}\" is too small")),
            Some(Some(size)) => size,
        };
        self.share_zone(name, size, if call.in_stream() { "stream_upstream" } else { "http_upstream" }, call)
    }
}

/// `levels=1:2`: up to three folders with names of one or two characters.
fn levels(text: &str) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    text.is_empty() || parts.len() <= 3 && parts.iter().all(|part| matches!(*part, "1" | "2"))
}

/// `ngx_http_file_cache_valid_set_slot`: `proxy_cache_valid` and its kin.
pub(super) fn cache_valid(call: &Call<'_>) -> Outcome {
    let Some((time, statuses)) = call.args().split_last() else { return Ok(()) };
    if seconds(time).is_none() {
        return said(format!("invalid time value \"{}\"", &*time.text));
    }
    let valid = |status: &str| status == "any" || matches!(number(status), Some(100..=599));
    match statuses.iter().find(|status| !valid(status)) {
        Some(status) => said(format!("invalid status \"{}\"", &*status.text)),
        None => Ok(()),
    }
}
