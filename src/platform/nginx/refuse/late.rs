//! What nginx finds when `http` ends (`ngx_http_block` after its parse) and when the file does, in its order.

use super::Reader;
use super::scope::Setting;
use super::table::{Added, Keys, charset_pair};
use super::value::{number, size};
use crate::text::Span;

/// The size of a page of memory, on most machines.
const PAGE: i64 = 4096;

/// Modules that answer through buffers and caches.
const PROXIES: [(&str, &str); 4] =
    [("http_proxy", "proxy"), ("http_fastcgi", "fastcgi"), ("http_uwsgi", "uwsgi"), ("http_scgi", "scgi")];

/// What they tell those whom they ask: texts with variables, which nginx reads only when it merges.
const TOLD: [(&str, &[&str]); 5] = [
    ("http_proxy", &["proxy_set_body", "proxy_set_header"]),
    ("http_fastcgi", &["fastcgi_param"]),
    ("http_uwsgi", &["uwsgi_param"]),
    ("http_scgi", &["scgi_param"]),
    ("http_grpc", &["grpc_set_header"]),
];

impl Reader<'_> {
    pub(super) fn end_of_http(&mut self, main: usize) {
        self.header_buffers();
        self.end_of_upstreams(false);
        self.own_referers();
        self.end_of_certificates();
        for (module, prefix) in PROXIES {
            self.proxied(module, prefix);
        }
        self.told();
        self.secure_links();
        self.double_locations();
        self.listening_without_certificate();
        self.charsets(main);
        self.unknown_variables(false);
        self.server_names();
    }

    /// Everything after the last line of the main file.
    pub(super) fn end(&mut self) {
        let certain = !self.unseen;
        if !self.blocks.events {
            let start = self.answer.refusals.first().map_or(self.start, |refusal| refusal.span);
            self.refuse_late("no \"events\" section in configuration", start, certain);
        }
        self.end_of_logs();
        for (name, span) in self.zones.without_size() {
            self.refuse_late(format!("zero size shared memory zone \"{name}\""), span, certain);
        }
        self.connections();
    }

    /// `ngx_event_module_init`: each socket to listen on needs a connection, and one more is needed.
    fn connections(&mut self) {
        let sockets = self.listens.0.len();
        let Some(set) = self.scopes.anywhere("event_core", "worker_connections") else { return };
        let count = set.args.first().and_then(|count| number(count)).and_then(|count| usize::try_from(count).ok());
        let (span, shared) = (set.span, self.listens.0.iter().any(|listen| listen.address.starts_with(['0', '['])));
        if let Some(count) = count.filter(|count| *count < sockets + 1) {
            let message = format!("{count} worker_connections are not enough for {sockets} listening sockets");
            self.refuse_late(message, span, !self.unseen && !shared);
        }
    }

    /// `ngx_http_core_merge_srv_conf`.
    fn header_buffers(&mut self) {
        let servers: Vec<usize> = self.blocks.servers.iter().map(|server| server.scopes.0).collect();
        for server in servers {
            let of = |name: &str| self.scopes.inherited(server, "http_core", name);
            let (buffers, pool) = (of("large_client_header_buffers"), of("connection_pool_size"));
            let buffer = buffers.map_or(Some(8192), |set| size(set.args.get(1)?));
            let room = pool.map_or(Some(512), |set| size(set.args.first()?));
            let span = buffers.or(pool).map(|set| set.span);
            if let (Some(buffer), Some(room), Some(span)) = (buffer, room, span)
                && buffer < room
            {
                let message = "the \"large_client_header_buffers\" size must be equal to or greater than \
                                   \"connection_pool_size\"";
                return self.refuse_late(message, span, true);
            }
        }
    }

    /// `ngx_http_proxy_merge_loc_conf` and its kin: whether the sizes of buffers fit, and whether there is the cache.
    fn proxied(&mut self, module: &'static str, prefix: &str) {
        if !self.scopes.knows(module) {
            return;
        }
        let scopes: Vec<usize> = self.scopes.all().filter(|(_, scope)| scope.merged).map(|(scope, _)| scope).collect();
        for scope in scopes {
            if let Some((message, span)) = self.buffers(scope, module, prefix) {
                return self.refuse_late(message, span, true);
            }
            let cache = self.scopes.inherited(scope, module, &format!("{prefix}_cache"));
            let Some(cache) = cache.filter(|cache| !cache.templated).cloned() else { continue };
            let zone = cache.args.first().map_or("", String::as_str);
            if zone != "off" && !zone.contains('$') && !self.zones.is_made(zone, module) {
                let message = format!("\"{prefix}_cache\" zone \"{zone}\" is unknown");
                return self.refuse_late(message, cache.span, !self.unseen);
            }
        }
    }

    /// `ngx_http_referer_merge_conf`: the names of the server join the names of referers.
    fn own_referers(&mut self) {
        let asking: Vec<_> = self.scopes.all().filter_map(|(at, scope)| Some((at, scope.refers_to?))).collect();
        for (at, (server, span)) in asking {
            let Some(server) = self.blocks.servers.iter().find(|known| known.scopes.0 == server) else { continue };
            let keys = &mut self.scopes.get_mut(at).referers;
            let unnamed = [(String::new(), server.span)];
            let names = if server.names.is_empty() { &unnamed[..] } else { &server.names };
            let wrong = names.iter().find_map(|(name, _)| match keys.add(name, true) {
                Added::New => None,
                Added::Known => Some(format!("conflicting parameter \"{name}\"")),
                Added::Wrong => Some(format!("invalid hostname or wildcard \"{name}\"")),
            });
            if let Some(message) = wrong {
                return self.refuse_late(message, span, true);
            }
        }
        let bare = self.scopes.all().find_map(|(_, scope)| scope.refers_not.filter(|_| scope.referers.is_empty()));
        if let Some(span) = bare {
            let message = "the \"none\" or \"blocked\" referers are specified in the \"valid_referers\" directive \
                           without any valid referer";
            self.refuse_late(message, span, !self.unseen);
        }
    }

    /// `ngx_http_proxy_init_headers` and its kin.
    fn told(&mut self) {
        let mut texts: Vec<(String, Span)> = Vec::new();
        for (module, names) in TOLD.into_iter().filter(|(module, _)| self.scopes.knows(module)) {
            for (scope, _) in self.scopes.all().filter(|(_, scope)| scope.merged) {
                for set in names.iter().filter_map(|name| self.scopes.inherited(scope, module, name)) {
                    let body = set.values.is_empty() && !set.templated;
                    texts.extend(set.args.first().filter(|_| body).map(|text| (text.clone(), set.span)));
                    texts.extend(set.values.iter().cloned());
                }
            }
        }
        let mut wrong: Option<(String, Span)> = None;
        for (text, span) in texts {
            match super::value::variables(&text) {
                Ok(names) => names.into_iter().for_each(|name| self.http.read(name, span)),
                Err(message) => wrong = wrong.or(Some((message, span))),
            }
        }
        if let Some((message, span)) = wrong {
            self.refuse_late(message, span, true);
        }
    }

    /// `ngx_http_charset_postconfiguration`: two character sets need a map between them.
    fn charsets(&mut self, main: usize) {
        const MODULE: &str = "http_charset_filter";
        if !self.scopes.knows(MODULE) {
            return;
        }
        let of = |scope: usize, name: &str| {
            let set = self.scopes.inherited(scope, MODULE, name)?;
            set.args.first().filter(|name| !name.starts_with('$')).map(|name| (name.as_str(), set.span))
        };
        let unmapped = self.scopes.all().filter(|(_, scope)| scope.merged).find_map(|(scope, _)| {
            let ((from, _), (to, span)) = (of(scope, "source_charset")?, of(scope, "charset")?);
            let plain = to == "off" || from.eq_ignore_ascii_case(to);
            let mapped = plain || self.scopes.own(main, MODULE, &charset_pair(from, to)).is_some();
            let message = || format!("no \"charset_map\" between the charsets \"{from}\" and \"{to}\"");
            (!mapped).then(|| (message(), span))
        });
        if let Some((message, span)) = unmapped {
            self.refuse_late(message, span, !self.unseen);
        }
    }

    /// `ngx_http_secure_link_merge_conf`.
    fn secure_links(&mut self) {
        const MODULE: &str = "http_secure_link";
        if !self.scopes.knows(MODULE) {
            return;
        }
        let own = |scope: usize, name: &str| self.scopes.own(scope, MODULE, name);
        let mixed = self.scopes.all().filter(|(_, scope)| scope.merged).find_map(|(scope, _)| {
            own(scope, "secure_link").or(own(scope, "secure_link_md5"))?;
            own(scope, "secure_link_secret").map(|secret| secret.span)
        });
        if let Some(span) = mixed {
            let message = "\"secure_link_secret\" cannot be mixed with \"secure_link\" and \"secure_link_md5\"";
            self.refuse_late(message, span, true);
        }
    }

    fn buffers(&self, scope: usize, module: &'static str, prefix: &str) -> Option<(String, Span)> {
        let of = |name: &str| self.scopes.inherited(scope, module, &format!("{prefix}_{name}"));
        let (buffers, buffer, busy) = (of("buffers"), of("buffer_size"), of("busy_buffers_size"));
        let (write, most) = (of("temp_file_write_size"), of("max_temp_file_size"));
        let given = [buffers, buffer, busy, write, most];
        if given.iter().flatten().any(|set| set.templated) {
            return None;
        }
        let span = given.into_iter().flatten().max_by_key(|set| set.span.start)?.span;
        let value = |set: Option<&Setting>, default: i64| set.map_or(Some(default), |set| size(set.args.first()?));
        let (count, each) = match buffers {
            None => (8, PAGE),
            Some(set) => (number(set.args.first()?)?, size(set.args.get(1)?)?),
        };
        if count < 2 {
            return Some((format!("there must be at least 2 \"{prefix}_buffers\""), span));
        }
        let largest = value(buffer, PAGE)?.max(each);
        let of_both =
            format!("the maximum of the value of \"{prefix}_buffer_size\" and one of the \"{prefix}_buffers\"");
        let (busy, write) = (value(busy, 2 * largest)?, value(write, 2 * largest)?);
        let most = value(most, 1 << 30)?;
        let at_least = |name: &str| format!("\"{prefix}_{name}\" must be equal to or greater than {of_both}");
        let message = match () {
            () if busy < largest => at_least("busy_buffers_size"),
            () if busy > (count - 1).saturating_mul(each) => format!(
                "\"{prefix}_busy_buffers_size\" must be less than the size of all \"{prefix}_buffers\" minus one buffer"
            ),
            () if write < largest => at_least("temp_file_write_size"),
            () if most != 0 && most < largest => format!(
                "\"{prefix}_max_temp_file_size\" must be equal to zero to disable temporary files usage or must be \
                 equal to or greater than {of_both}"
            ),
            () => return None,
        };
        Some((message, span))
    }

    /// `ngx_http_join_exact_locations`, for every block of locations that nginx makes a tree of: not below regular
    /// expressions.
    fn double_locations(&mut self) {
        let locations = std::mem::take(&mut self.blocks.locations);
        let plain = |scope: usize| {
            let place = &self.scopes.get(scope).place;
            !place.regex && !place.named && !place.noname
        };
        let mut double: Vec<(String, Span)> = Vec::new();
        for (index, (parent, scope, span)) in locations.iter().enumerate() {
            let mut around = Some(*parent);
            while let Some(at) = around.filter(|at| plain(*at)) {
                around = self.scopes.get(at).parent;
            }
            let place = &self.scopes.get(*scope).place;
            let twin = locations[..index].iter().any(|(other, twin, _)| {
                let twin = *twin;
                let same = self.scopes.get(twin).place.name == place.name;
                other == parent && plain(twin) && same && self.scopes.get(twin).place.exact == place.exact
            });
            if around.is_none() && plain(*scope) && twin {
                double.push((format!("duplicate location \"{}\"", place.name), *span));
            }
        }
        for (message, span) in double {
            self.refuse_late(message, span, true);
        }
        self.blocks.locations = locations;
    }

    /// `ngx_http_variables_init_vars` and that of `stream`.
    pub(super) fn unknown_variables(&mut self, stream: bool) {
        let certain = !self.unseen && !self.modules;
        let symbols = if stream { &self.stream } else { &self.http };
        let unknown = symbols.unknown(self.version);
        let unknown: Vec<_> = unknown.into_iter().map(|(name, span)| (name.to_owned(), span)).collect();
        for (name, span) in unknown {
            self.refuse_late(format!("unknown \"{name}\" variable"), span, certain);
        }
    }

    /// `ngx_http_server_names`, for each address at which there is more than one server.
    fn server_names(&mut self) {
        let listens = std::mem::take(&mut self.listens.0);
        for listen in &listens {
            let captures = |server: &usize| self.blocks.servers.iter().any(|at| at.scopes.0 == *server && at.captures);
            if listen.servers.len() < 2 && !captures(&listen.default) {
                continue;
            }
            let mut keys = Keys::default();
            let names: Vec<(String, Span)> = listen
                .servers
                .iter()
                .filter_map(|server| self.blocks.servers.iter().find(|at| at.scopes.0 == *server))
                .flat_map(|server| {
                    if server.names.is_empty() { vec![(String::new(), server.span)] } else { server.names.clone() }
                })
                .collect();
            for (name, span) in names {
                let on = format!("\"{name}\" on {}", listen.address);
                match keys.add(&name, true) {
                    Added::New => {}
                    Added::Known => self.warn(format!("conflicting server name {on}, ignored"), span),
                    Added::Wrong => self.refuse_late(format!("invalid server name or wildcard {on}"), span, true),
                }
            }
        }
        self.listens.0 = listens;
    }
}
