//! The phases.

use std::collections::BTreeMap;

use super::cache::Kept;
use super::error::Stop;
use super::outcome::{Access, Outcome, Sent, ToUpstream};
use super::variable::Text;
use super::{Backend, Cache, Request};
use crate::fact::{Unknown, Why};
use crate::platform::nginx::listen::Socket;
use crate::platform::nginx::locate::locate;
use crate::platform::nginx::model::Model;
use crate::platform::nginx::pattern::Found;
use crate::platform::nginx::scope::{Kind, LevelId};
use crate::platform::nginx::tree::Directive;
use crate::platform::nginx::uri::{Bad, Target};
use crate::platform::nginx::value;
use crate::text::Span;

/// How often nginx changes its mind before it answers 500 (`NGX_HTTP_MAX_URI_CHANGES`).
const MOST_CHANGES: u32 = 10;

/// A request on its way.
pub(super) struct Run<'a> {
    pub model: &'a Model<'a>,
    pub request: &'a Request,
    pub backend: &'a Backend,
    /// How each question that cannot be answered is answered on this way.
    pub choices: Vec<bool>,
    pub asked: usize,
    pub answers: Vec<(Unknown, bool)>,
    pub doubts: Vec<(&'static str, Unknown)>,

    pub server: LevelId,
    pub level: LevelId,
    pub method: String,
    pub target: Target,
    /// The path as it is now, and the query.
    pub path: String,
    pub args: String,
    /// Whether the target can be handed on as it came (`valid_unparsed_uri`).
    pub untouched: bool,
    /// Whether the path still begins with the location's name (`valid_location`).
    pub valid_location: bool,
    pub internal: bool,
    pub uri_changed: bool,
    pub changes_left: u32,
    pub captures: Vec<String>,
    /// The variables that were set, or worked out and kept.
    pub variables: BTreeMap<String, Text>,
    pub depth: usize,

    /// What makes the content, and the level that says so.
    pub handler: Option<(&'a Directive, LevelId)>,
    pub error_page: bool,
    pub err_status: u16,
    pub discard_body: bool,
    pub status: Option<u16>,
    pub headers: Vec<Sent>,
    /// What `Content-Type` will say, where that is known.
    pub content_type: Option<Text>,
    pub last_modified: bool,
    pub upstream: Option<ToUpstream>,
    pub upstream_server: bool,
    /// Whether `Location` is nginx's own.
    pub redirects: bool,
    pub rejected: Option<u16>,
    pub access: Access,
    pub cache: Option<Cache>,
    /// What a cache of a location before did.
    pub cache_before: Option<Cache>,
    /// Whether a cache of a location before may decide instead of the one of this one.
    pub cached_before: bool,
    /// The errors that caches kept on the way.
    pub errors_kept: Vec<Kept>,
    /// Whether this asks on behalf of another request.
    pub asks: bool,
    pub file: Option<String>,
    pub passed: Vec<LevelId>,
}

/// Where to go on.
#[derive(Debug)]
pub(super) enum Next {
    ServerRewrite,
    FindLocation,
    Rewrite,
    Access,
    Content,
    /// It ends with this status, or with what was sent already.
    End(Stop),
}

impl<'a> Run<'a> {
    pub fn new(model: &'a Model<'a>, request: &'a Request, backend: &'a Backend, choices: Vec<bool>) -> Run<'a> {
        let target = Target {
            raw: request.target.clone(),
            path: "/".to_owned(),
            args: String::new(),
            quoted: false,
            plus: false,
        };
        Run {
            model,
            request,
            backend,
            choices,
            asked: 0,
            answers: Vec::new(),
            doubts: Vec::new(),
            server: 0,
            level: 0,
            method: request.method.clone(),
            target,
            path: String::new(),
            args: String::new(),
            untouched: true,
            valid_location: true,
            internal: false,
            uri_changed: false,
            changes_left: MOST_CHANGES + 1,
            captures: Vec::new(),
            variables: BTreeMap::new(),
            depth: 0,
            handler: None,
            error_page: false,
            err_status: 0,
            discard_body: false,
            status: None,
            headers: Vec::new(),
            content_type: None,
            last_modified: false,
            upstream: None,
            upstream_server: false,
            redirects: false,
            rejected: None,
            access: Access::Allow,
            cache: None,
            cache_before: None,
            cached_before: false,
            errors_kept: Vec::new(),
            asks: false,
            file: None,
            passed: Vec::new(),
        }
    }

    /// The place to show for what a level leaves open.
    pub fn here(&self) -> Span {
        self.model.levels.place(self.level).unwrap_or(self.model.main)
    }

    pub fn unsupported(&self, at: Span, needs: &str) -> Unknown {
        Unknown::new(Why::NotSupported, at, needs.to_owned())
    }

    /// Follows the request from its first byte to its answer; `None` where nothing listens.
    pub fn whole(&mut self) -> Option<Outcome<'a>> {
        let sockets = self.model.listening().sockets_for(self.request.address, self.request.port);
        let socket = self.socket(sockets)?;
        self.server = socket.default;
        self.level = self.server;
        if self.request.tls != socket.ssl {
            if self.request.tls {
                return None;
            }
            // A plain request to a port with TLS.
            self.rejected = Some(400);
            return Some(self.end(Stop::Status(497)));
        }
        let chosen = socket.server(&self.model.levels, &self.request.host_name());
        if chosen.doubt {
            let at = self.here();
            let unknown = self.unsupported(at, "an expression of server_name that is not understood");
            self.doubt("server", unknown);
        }
        chosen.found.into_iter().for_each(|found| self.captured(found));
        Some(self.within(socket.default, chosen.server))
    }

    /// Follows the request from where its server is known. `first` is the default server of the socket.
    pub fn within(&mut self, first: LevelId, server: LevelId) -> Outcome<'a> {
        (self.server, self.level) = (server, server);
        // The line of the request is read before its `Host`, with what the default server says.
        let merge = self.model.levels.flag(first, "merge_slashes", true);
        match Target::parse(&self.request.target, merge) {
            Ok(target) => {
                (self.path, self.args) = (target.path.clone(), target.args.clone());
                self.target = target;
            }
            Err(Bad::Invalid) => {
                // Nobody has looked at `Host` yet.
                (self.server, self.level) = (first, first);
                self.rejected = Some(400);
                return self.end(Stop::Status(400));
            }
            Err(Bad::NotText) => {
                let at = self.here();
                let unknown = self.unsupported(at, "a path that decodes to text");
                self.doubt("response", unknown);
            }
        }
        if self.method == "TRACE" {
            return self.end(Stop::Status(405));
        }
        self.phases(Next::ServerRewrite)
    }

    /// Follows a request of nginx's own on behalf of this one.
    pub fn asking(&mut self, server: LevelId, path: &str, args: &str) -> Outcome<'a> {
        (self.server, self.level) = (server, server);
        (self.path, self.args) = (path.to_owned(), args.to_owned());
        (self.internal, self.untouched, self.asks) = (true, false, true);
        self.method = "GET".to_owned();
        self.phases(Next::ServerRewrite)
    }

    fn socket(&mut self, sockets: Vec<&'a Socket>) -> Option<&'a Socket> {
        let mut rest = sockets.into_iter();
        let mut chosen = rest.next()?;
        for other in rest {
            if other.servers == chosen.servers && other.default == chosen.default {
                continue;
            }
            let at = self.model.levels.place(other.default).unwrap_or_else(|| self.here());
            let unknown = Unknown::new(Why::NotSupported, at, "the address that the request is sent to");
            if self.fork(unknown) {
                chosen = other;
            }
        }
        Some(chosen)
    }

    /// Goes through the phases until there is an answer.
    fn phases(&mut self, first: Next) -> Outcome<'a> {
        let mut next = first;
        loop {
            next = match next {
                Next::ServerRewrite => match self.rewrite(self.server) {
                    Some(stop) => Next::End(stop),
                    None => Next::FindLocation,
                },
                Next::FindLocation => self.find_location(),
                Next::Rewrite => self.location_rewrite(),
                Next::Access => match self.access() {
                    Some(stop) => Next::End(stop),
                    None => self.try_files().unwrap_or(Next::Content),
                },
                Next::Content => self.content(),
                Next::End(stop) => match self.error_page_for(&stop) {
                    Some(next) => next,
                    None => return self.end(stop),
                },
            };
        }
    }

    fn find_location(&mut self) -> Next {
        self.handler = None;
        self.uri_changed = false;
        let located = locate(&self.model.levels, self.server, &self.path);
        if located.doubt {
            let at = self.here();
            let unknown = self.unsupported(at, "an expression of a location that is not understood");
            self.doubt("location", unknown);
        }
        self.level = located.level.unwrap_or(self.server);
        located.found.into_iter().for_each(|found| self.captured(found));
        if self.model.levels.held(self.level, "internal").one().is_some() && !self.internal {
            return Next::End(Stop::Status(404));
        }
        self.enter(self.level);
        if self.too_large() {
            (self.discard_body, self.rejected) = (true, Some(413));
            return Next::End(Stop::Status(413));
        }
        if located.redirect {
            let name = format!("{}/", self.path);
            let escaped = crate::platform::nginx::uri::escaped(&name, crate::platform::nginx::uri::Escape::Path);
            let to = if self.args.is_empty() { escaped } else { format!("{escaped}?{}", self.args) };
            self.set_location(Text::Known(to));
            return Next::End(Stop::Status(301));
        }
        Next::Rewrite
    }

    /// Makes a level the one whose settings hold (`ngx_http_update_location_config`).
    pub fn enter(&mut self, level: LevelId) {
        self.level = level;
        let except = self.model.levels.all[level]
            .children
            .iter()
            .copied()
            .find(|&child| self.model.levels.all[child].kind == Kind::LimitExcept);
        if let Some(except) = except {
            let allowed = self.model.levels.all[except].directive.map_or(&[][..], |directive| &directive.args);
            let is = |name: &str| self.method == name || name == "GET" && self.method == "HEAD";
            if !allowed.iter().any(|word| is(&word.to_ascii_uppercase())) {
                self.level = except;
            }
        }
        self.passed.push(self.level);
        if let Some(handler) = self.own_handler(level) {
            self.handler = Some((handler, level));
        }
    }

    /// The limit on the body that holds now; `None` for none.
    pub fn body_limit(&self) -> Option<u64> {
        let text = self.model.levels.text(self.level, "client_max_body_size");
        Some(text.and_then(value::size).unwrap_or(1 << 20)).filter(|limit| *limit > 0)
    }

    fn too_large(&mut self) -> bool {
        let held = self.model.levels.held(self.level, "client_max_body_size");
        let unknown = held.doubt.filter(|_| held.directives.is_empty());
        let templated = held.directives.iter().find(|directive| directive.templated());
        let length = match self.request.content_length {
            Some(length) if !self.discard_body => length,
            _ => return false,
        };
        let unknown = unknown
            .or_else(|| templated.map(|directive| Unknown::new(Why::Templated, directive.span, "the rendered file")));
        match unknown {
            Some(unknown) => self.fork(unknown),
            None => self.body_limit().is_some_and(|limit| length > limit),
        }
    }

    fn location_rewrite(&mut self) -> Next {
        // The server's own directives ran in the phase before.
        if self.level != self.server {
            // `limit_except` is a level of its own, which has no rewriting.
            if let Some(stop) = self.rewrite(self.level) {
                return Next::End(stop);
            }
        }
        if self.uri_changed {
            self.changes_left -= 1;
            if self.changes_left == 0 {
                return Next::End(Stop::Status(500));
            }
            self.level = self.server;
            return Next::FindLocation;
        }
        Next::Access
    }

    /// Goes on with another path in the same server (`ngx_http_internal_redirect`).
    pub fn internal_redirect(&mut self, path: String, args: String) -> Next {
        self.changes_left -= 1;
        if self.changes_left == 0 {
            return Next::End(Stop::Status(500));
        }
        (self.path, self.args) = (path, args);
        self.level = self.server;
        self.handler = None;
        self.cache_before = self.cache.take().or(self.cache_before.take());
        self.cached_before = false;
        (self.internal, self.untouched, self.valid_location) = (true, false, true);
        Next::ServerRewrite
    }

    /// Goes on in a named location (`ngx_http_named_location`).
    pub fn named_location(&mut self, name: &str) -> Next {
        self.changes_left -= 1;
        let levels = &self.model.levels;
        let found = levels.all[self.server].children.iter().copied().find(|&child| {
            levels.all[child].kind == Kind::Location
                && levels.all[child].directive.is_some_and(|directive| directive.arg(0) == name)
        });
        let Some(found) = found.filter(|_| self.changes_left > 0) else { return Next::End(Stop::Status(500)) };
        (self.internal, self.handler, self.uri_changed) = (true, None, false);
        // The cache of the first attempt stays with the request.
        self.cached_before |= self.cache.is_some();
        self.enter(found);
        Next::Rewrite
    }

    pub fn captured(&mut self, found: Found) {
        for (name, value) in found.named {
            self.variables.insert(name, Text::Known(value));
        }
        self.captures = found.groups;
    }

    /// A redirect of nginx's own.
    pub fn set_location(&mut self, to: Text) {
        self.redirects = true;
        self.headers.retain(|header| !header.name.eq_ignore_ascii_case("location"));
        self.headers.push(Sent { name: "Location".to_owned(), value: to, always: true, from: None });
    }
}
