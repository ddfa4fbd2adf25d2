//! Whether an answer is looked for in a cache, and whether it is stored there (ngx_http_upstream.c and
//! ngx_http_file_cache.c, 1.22.1).

use super::run::Run;
use super::upstream::Where;
use super::variable::Text;
use crate::fact::{Unknown, Why};
use crate::platform::nginx::value::milliseconds;
use crate::text::Span;

/// The longest `Vary` of an answer that is stored (`NGX_HTTP_CACHE_VARY_LEN`).
const LONGEST_VARY: usize = 128;

/// How a cache had to do with a request.
#[derive(Debug, Clone)]
pub struct Cache {
    /// The zone.
    pub zone: Text,
    /// The directive that switches it on.
    pub from: Span,
    /// The key under which the answer is kept.
    pub key: Text,
    /// Whether a kept answer would be given; `None` where that cannot be told.
    pub lookup: Option<bool>,
    /// Whether this answer is kept; `None` where that cannot be told.
    pub store: Option<bool>,
    /// Why.
    pub why: String,
    /// Whether the request can have to do with the cache at all.
    pub cacheable: bool,
    /// For how many seconds, where `*_cache_valid` or the answer says.
    pub seconds: Option<u64>,
    /// What could not be told.
    pub unknown: Option<Unknown>,
}

/// The status of an answer that `error_page` replaced, as a cache keeps it.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    status: u16,
    /// The cache as it was then.
    cache: Cache,
}

impl Run<'_> {
    /// Looks an answer up; `None` where no cache is on.
    pub(super) fn look_up(&mut self, family: &str, to: Option<&Where>, target: &Text) -> Option<Cache> {
        if matches!(family, "grpc" | "memcached") {
            return None;
        }
        let held = self.model.levels.held(self.level, &format!("{family}_cache"));
        let on = held.one().filter(|cache| cache.arg(0) != "off")?;
        let (zone, from) = (self.value(on.arg(0)), on.text());
        let key = self.key(family, to, target);
        let mut cache = Cache {
            zone,
            from,
            key,
            lookup: Some(true),
            store: Some(false),
            why: String::new(),
            cacheable: true,
            seconds: None,
            unknown: held.doubt,
        };
        let methods = self.model.levels.held(self.level, &format!("{family}_cache_methods"));
        let also = methods.directives.iter().flat_map(|directive| &directive.args);
        let may = matches!(&*self.method, "GET" | "HEAD")
            || also.into_iter().any(|word| word.eq_ignore_ascii_case(&self.method));
        if !may {
            (cache.lookup, cache.cacheable) = (Some(false), false);
            cache.why = format!("{} is none of the methods that are cached", self.method);
            return Some(cache);
        }
        match self.any_true(&format!("{family}_cache_bypass")) {
            Ok(Some(which)) => {
                cache.lookup = Some(false);
                cache.why = format!("`{family}_cache_bypass {which}` holds");
            }
            Ok(None) => {}
            Err(unknown) => (cache.lookup, cache.unknown) = (None, Some(unknown)),
        }
        Some(cache)
    }

    fn key(&mut self, family: &str, to: Option<&Where>, target: &Text) -> Text {
        let held = self.model.levels.held(self.level, &format!("{family}_cache_key"));
        match held.one() {
            Some(key) => self.value(key.arg(0)),
            // Of FastCGI and its like there is no default: all answers have one key.
            None if family != "proxy" => Text::Known(String::new()),
            None => match (to, target) {
                // `$scheme$proxy_host` and the target that is sent on.
                (Some(to), Text::Known(target)) => Text::Known(format!("{}{target}", to.origin)),
                (_, target) => target.clone(),
            },
        }
    }

    /// The first value of a list of conditions that holds: it is neither empty nor `0`.
    fn any_true(&mut self, name: &str) -> Result<Option<String>, Unknown> {
        let held = self.model.levels.held(self.level, name);
        if let Some(unknown) = held.doubt {
            return Err(unknown);
        }
        let mut unknown = None;
        for directive in held.directives {
            for word in &directive.args {
                match self.value(word) {
                    Text::Known(value) if !value.is_empty() && value != "0" => return Ok(Some(word.to_string())),
                    Text::Known(_) => {}
                    Text::Unknown(why) => unknown = unknown.or(Some(why)),
                }
            }
        }
        unknown.map_or(Ok(None), Err)
    }

    /// Whether a response header of the upstream has no effect.
    pub fn ignores(&self, family: &str, header: &str) -> bool {
        let held = self.model.levels.held(self.level, &format!("{family}_ignore_headers"));
        held.directives.iter().flat_map(|directive| &directive.args).any(|word| word.eq_ignore_ascii_case(header))
    }

    /// Says whether the answer is kept.
    pub fn stored(&mut self, family: &str) {
        let Some(mut cache) = self.cache.take().filter(|cache| cache.cacheable) else { return };
        let said = self.freshness(family);
        let no_cache = self.any_true(&format!("{family}_no_cache"));
        let (store, why, seconds) = match (said, no_cache) {
            (_, Ok(Some(which))) => (Some(false), format!("`{family}_no_cache {which}` holds"), None),
            (Err(why), _) => (Some(false), why, None),
            (_, Err(unknown)) => {
                let why = unknown.needs.to_string();
                cache.unknown = cache.unknown.or(Some(unknown));
                (None, why, None)
            }
            (Ok((why, seconds)), Ok(None)) => (Some(true), why, seconds),
        };
        (cache.store, cache.seconds) = (store, seconds);
        cache.why = if cache.why.is_empty() { why } else { format!("{}; {why}", cache.why) };
        self.cache = Some(cache);
    }

    /// Says whether the status of an answer that `error_page` replaces is kept: then it is given without asking the
    /// upstream (`ngx_http_upstream_intercept_errors`). `*_no_cache` is not asked, and a request that passed the cache by
    /// leaves nothing in it.
    pub fn remembered(&mut self, family: &str) {
        let Some(mut cache) = self.cache.take().filter(|cache| cache.cacheable) else { return };
        let (store, why) = match (self.freshness(family), cache.lookup) {
            (Err(why), _) => (Some(false), why),
            (Ok((why, seconds)), store) => {
                cache.seconds = seconds.filter(|_| store == Some(true));
                (store, why)
            }
        };
        cache.store = store;
        cache.why = if cache.why.is_empty() { why } else { format!("{}; {why}", cache.why) };
        if store != Some(false) {
            self.errors_kept.push(Kept { status: self.backend.status, cache: cache.clone() });
        }
        self.cache = Some(cache);
    }

    /// The status that was kept for this lookup earlier in the same request. In a named location the cache of the
    /// location before stays in use, whatever its own zone and key.
    pub(super) fn kept_error(&mut self, looked: &Cache) -> Option<(u16, Cache)> {
        let differ = |one: &Text, other: &Text| matches!((one, other), (Text::Known(a), Text::Known(b)) if a != b);
        let open = |text: &Text| text.known().is_none();
        let stays = self.cached_before;
        let meets =
            |kept: &&Kept| stays || !differ(&kept.cache.zone, &looked.zone) && !differ(&kept.cache.key, &looked.key);
        let kept = self.errors_kept.iter().rev().find(meets).filter(|_| stays || looked.lookup != Some(false))?.clone();
        let texts = [&kept.cache.zone, &looked.zone, &kept.cache.key, &looked.key];
        if kept.cache.store.is_none() || !stays && (texts.into_iter().any(open) || looked.lookup.is_none()) {
            let unknown = self.unsupported(looked.from, "whether the cache keeps the error that was met before");
            if !self.fork(unknown) {
                return None;
            }
        }
        Some((kept.status, kept.cache))
    }

    /// For how long the answer may be kept, or why not at all: what the upstream says, in the order in which it says
    /// it, and otherwise `*_cache_valid`.
    fn freshness(&mut self, family: &str) -> Result<(String, Option<u64>), String> {
        let mut fresh: Option<(String, u64)> = None;
        let mut accelerated = false;
        let mut refused = None;
        let mut said: Vec<&(String, String)> = self.backend.headers.iter().collect();
        if self.model.version.weighs_freshness() {
            let weight = |name: &str| match name.to_ascii_lowercase().as_str() {
                "x-accel-expires" => 0,
                "cache-control" => 1,
                _ => 2,
            };
            said.sort_by_key(|(name, _)| weight(name));
        }
        for (name, value) in said {
            let lower = name.to_ascii_lowercase();
            if self.ignores(family, name) {
                continue;
            }
            let shown = || format!("the upstream says `{name}: {value}`");
            match &*lower {
                "set-cookie" => refused = Some("the upstream sends `Set-Cookie`".to_owned()),
                "vary" if value == "*" || value.len() > LONGEST_VARY => refused = Some(shown()),
                "x-accel-expires" => {
                    accelerated = true;
                    match value.parse::<u64>() {
                        Ok(0) => refused = Some(shown()),
                        Ok(seconds) => fresh = Some((shown(), seconds)),
                        Err(_) => {}
                    }
                }
                "cache-control" if fresh.is_some() && accelerated => {}
                "cache-control" => match control(value) {
                    Control::No => refused = Some(shown()),
                    Control::Seconds(seconds) => fresh = Some((shown(), seconds)),
                    Control::Nothing => {}
                },
                // A time is compared with that of the run; it is taken to be as fresh as it says it is meant to be.
                "expires" if fresh.is_none() => match value.contains("GMT") {
                    true if !value.contains("1970") => fresh = Some((shown(), 0)),
                    _ => refused = Some(shown()),
                },
                _ => {}
            }
        }
        if let Some(why) = refused {
            return Err(why);
        }
        if let Some((why, seconds)) = fresh {
            return Ok((why, Some(seconds)));
        }
        self.valid(family)
    }

    fn valid(&self, family: &str) -> Result<(String, Option<u64>), String> {
        let name = format!("{family}_cache_valid");
        let status = self.backend.status;
        for directive in self.model.levels.held(self.level, &name).directives {
            let Some((time, codes)) = directive.args.split_last() else { continue };
            let fits = match codes.is_empty() {
                true => matches!(status, 200 | 301 | 302),
                false => codes.iter().any(|code| &**code == "any" || code.parse() == Ok(status)),
            };
            if fits {
                let seconds = milliseconds(time).unwrap_or(0) / 1000;
                let why = format!("`{name}` says so for {status}");
                return if seconds > 0 { Ok((why, Some(seconds))) } else { Err(why) };
            }
        }
        Err(format!("neither the upstream nor `{name}` says that {status} may be kept"))
    }

    /// What a value that cannot be told leaves unknown about the cache.
    pub fn unknown_of_cache(&self, cache: &Cache) -> Option<Unknown> {
        let open = cache.lookup.is_none() || cache.store.is_none();
        let unknown = || Unknown::new(Why::NotSupported, cache.from, "the conditions of the cache");
        open.then(|| cache.unknown.clone().unwrap_or_else(unknown))
    }
}

enum Control {
    No,
    Seconds(u64),
    Nothing,
}

/// What `Cache-Control` says to nginx (`ngx_http_upstream_process_cache_control`).
fn control(value: &str) -> Control {
    let lower = value.to_ascii_lowercase();
    if ["no-cache", "no-store", "private"].iter().any(|word| lower.contains(word)) {
        return Control::No;
    }
    let after = ["s-maxage=", "max-age="].iter().find_map(|key| Some(&lower[lower.find(key)? + key.len()..]));
    let Some(after) = after else { return Control::Nothing };
    let number = after.split([',', ';', ' ']).next().unwrap_or_default();
    match number.parse::<u64>() {
        Ok(seconds) if seconds > 0 => Control::Seconds(seconds),
        _ => Control::No,
    }
}
