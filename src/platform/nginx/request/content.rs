//! What makes the content of an answer: files, indexes, upstreams (ngx_http_static_module.c, ngx_http_index_module.c,
//! ngx_http_autoindex_module.c and ngx_http_try_files_module.c, 1.22.1).

use std::path::Path;

use super::error::Stop;
use super::run::{Next, Run};
use super::variable::Text;
use crate::fact::{Unknown, Why};
use crate::files::FileKind;
use crate::platform::nginx::locate::{Location, Match};
use crate::platform::nginx::scope::{Kind, LevelId};
use crate::platform::nginx::tree::{Directive, directives};
use crate::platform::nginx::uri::{Escape, escaped};
use crate::text::Unreadable;

/// Directives that make the content of a location, whom they hand it to aside.
const HANDLERS: [&str; 24] = [
    "proxy_pass",
    "fastcgi_pass",
    "uwsgi_pass",
    "scgi_pass",
    "grpc_pass",
    "memcached_pass",
    "stub_status",
    "empty_gif",
    "flv",
    "mp4",
    "api",
    "content_by_lua",
    "content_by_lua_block",
    "content_by_lua_file",
    "echo",
    "js_content",
    "perl",
    "redis_pass",
    "redis2_pass",
    "proxy_cache_purge",
    "vhost_traffic_status_display",
    "passenger_enabled",
    "rtmp_stat",
    "hls",
];

/// The types that nginx knows without any `types` block (`ngx_http_core_default_types`).
const TYPES: [(&str, &str); 3] = [("html", "text/html"), ("gif", "image/gif"), ("jpg", "image/jpeg")];

impl<'a> Run<'a> {
    /// The directive of a level itself that makes its content.
    pub fn own_handler(&self, level: LevelId) -> Option<&'a Directive> {
        let own = &self.model.levels.all[level].own;
        own.iter().rev().find(|directive| HANDLERS.contains(&&*directive.name)).copied()
    }

    /// The document root of the level, or the folder that takes the place of its location's name.
    fn root(&mut self) -> (Text, bool, Option<LevelId>) {
        let held = self.model.levels.held_any(self.level, &["root", "alias"]);
        if let Some(unknown) = held.doubt {
            return (Text::Unknown(unknown), false, None);
        }
        match held.one() {
            Some(directive) if directive.templated() => {
                let unknown = Unknown::new(Why::Templated, directive.span, "the rendered file");
                (Text::Unknown(unknown), false, held.level)
            }
            Some(directive) => (self.value(directive.arg(0)), *directive.name == *"alias", held.level),
            None => (Text::Known("html".to_owned()), false, None),
        }
    }

    pub fn root_text(&mut self) -> Option<Text> {
        Some(self.root().0)
    }

    /// The path of the file for a path of the URL (`ngx_http_map_uri_to_path`).
    pub fn file_of(&mut self, path: &str) -> Option<Text> {
        let (root, alias, level) = self.root();
        let Text::Known(root) = root else { return Some(root) };
        let root = self.absolute(&root);
        if !alias {
            return Some(Text::Known(format!("{root}{path}")));
        }
        let location = level.and_then(|level| Location::of(&self.model.levels, level))?;
        Some(Text::Known(match location.how {
            Match::Regex | Match::RegexCaseless => root,
            _ => format!("{root}{}", path.get(location.name.len()..).unwrap_or_default()),
        }))
    }

    fn absolute(&self, path: &str) -> String {
        match path.starts_with('/') {
            true => path.to_owned(),
            false => {
                let mut whole = self.model.prefix.resolve(Path::new(path)).path().display().to_string();
                // A path keeps the slash at its end, which `alias` is joined by.
                if path.ends_with('/') && !whole.ends_with('/') {
                    whole.push('/');
                }
                whole
            }
        }
    }

    /// What is at a path of this machine.
    ///
    /// Whether a file is there says nothing where not even the document root is: the machine is another one.
    pub fn on_disk(&mut self, path: &str) -> Result<Option<FileKind>, Unknown> {
        let prefix = self.model.prefix.clone();
        let at = prefix.resolve(Path::new(path));
        let here = self.here();
        let needs = |why: Unreadable| Unknown::new(Why::NotReadable, here, format!("{path}: {why}"));
        match self.model.files.kind(&at) {
            // `/a.txt/`: a file is no folder.
            Ok(Some(kind)) => return Ok(Some(kind).filter(|kind| kind.folder || !path.ends_with('/'))),
            Ok(None) => {}
            Err(why) => return Err(needs(why)),
        }
        let root = self.root().0;
        let root_there = root.known().is_some_and(|root| {
            let root = prefix.resolve(Path::new(&self.absolute(root)));
            self.model.files.kind(&root).is_ok_and(|kind| kind.is_some_and(|kind| kind.folder))
        });
        let parent = at.parent();
        let parent_there = self.model.files.kind(&parent).is_ok_and(|kind| kind.is_some_and(|kind| kind.folder));
        if root_there || parent_there { Ok(None) } else { Err(needs(Unreadable::Missing)) }
    }

    /// What `Content-Type` says for a file of this path (`ngx_http_set_content_type`).
    pub fn type_of_path(&mut self) -> Text {
        let held = self.model.levels.held(self.level, "types");
        if let Some(unknown) = held.doubt {
            return Text::Unknown(unknown);
        }
        let name = self.path.rsplit('/').next().unwrap_or_default();
        let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
        let blocks: Vec<_> = held.directives.iter().filter_map(|directive| directive.block()).collect();
        if let Some(extension) = extension {
            for line in blocks.iter().flat_map(|block| directives(&block.items)) {
                if line.args.iter().any(|word| word.eq_ignore_ascii_case(&extension)) {
                    return Text::Known(line.name.to_string());
                }
            }
            let known = TYPES.iter().find(|(known, _)| blocks.is_empty() && *known == extension);
            if let Some((_, known)) = known {
                return Text::Known((*known).to_owned());
            }
        }
        Text::Known(self.model.levels.text(self.level, "default_type").unwrap_or("text/plain").to_owned())
    }

    /// Whether an `alias` is in force that has no meaning any more: the path was rewritten since its location was found.
    fn alias_void(&self) -> bool {
        let held = self.model.levels.held_any(self.level, &["root", "alias"]);
        !self.valid_location && held.one().is_some_and(|directive| *directive.name == *"alias")
    }

    /// How much of a path an `alias` takes the place of: the length of its location's name.
    fn aliased(&mut self) -> Option<usize> {
        let (_, alias, level) = self.root();
        let location = level.filter(|_| alias).and_then(|level| Location::of(&self.model.levels, level))?;
        Some(location.name.len())
    }

    /// `try_files`: where it leads, if it leads elsewhere.
    pub fn try_files(&mut self) -> Option<Next> {
        // It is not inherited: neither an `if` nor a location in the location has it.
        let own = self.model.levels.own(self.level, "try_files").last();
        let hides = self.model.levels.all[self.level].doubts.iter().find(|doubt| doubt.touches("try_files"));
        if let (None, Some(doubt)) = (own, hides) {
            let unknown = doubt.unknown.clone();
            self.doubt("response", unknown);
        }
        let own = own?;
        let (last, tried) = own.args.split_last()?;
        if self.alias_void() {
            return Some(Next::End(Stop::Status(500)));
        }
        for word in tried {
            let (text, folder) = match word.strip_suffix('/') {
                Some(text) => (text, true),
                None => (&**word, false),
            };
            let path = match self.tried_path(text) {
                Text::Known(path) => path,
                Text::Unknown(unknown) => {
                    self.doubt("response", unknown);
                    continue;
                }
            };
            if self.tried(&path, folder) {
                self.path = path;
                return None;
            }
        }
        if let Some(code) = last.strip_prefix('=') {
            return Some(Next::End(Stop::Status(code.parse().unwrap_or(500))));
        }
        let to = match self.shortened(last) {
            Text::Known(to) => to,
            Text::Unknown(unknown) => {
                self.doubt("response", unknown);
                return None;
            }
        };
        if to.starts_with('@') {
            return Some(self.named_location(&to));
        }
        let (path, args) = to.split_once('?').unwrap_or((&to, ""));
        Some(self.internal_redirect(path.to_owned(), args.to_owned()))
    }

    /// A value of `try_files`. With `alias` and a variable in it, what the location's name is of its front is cut off
    /// (`ngx_http_try_files_handler`).
    fn shortened(&mut self, text: &str) -> Text {
        let value = self.value(text);
        let cut = self.aliased().filter(|_| text.contains('$'));
        match (value, cut) {
            (Text::Known(value), Some(cut)) if self.path.get(..cut).is_some_and(|front| value.starts_with(front)) => {
                Text::Known(value[cut..].to_owned())
            }
            (value, _) => value,
        }
    }

    /// The path whose file is tried: with `alias`, the location's name and then the value.
    fn tried_path(&mut self, text: &str) -> Text {
        match (self.shortened(text), self.aliased()) {
            (Text::Known(value), Some(cut)) => {
                Text::Known(format!("{}{value}", self.path.get(..cut).unwrap_or_default()))
            }
            (value, _) => value,
        }
    }

    fn tried(&mut self, path: &str, folder: bool) -> bool {
        let Some(Text::Known(file)) = self.file_of(path) else {
            let unknown = Unknown::new(Why::NotReadable, self.here(), "the files of the document root");
            return self.fork(unknown);
        };
        match self.on_disk(&file) {
            Ok(kind) => kind.is_some_and(|kind| kind.folder == folder),
            Err(unknown) => self.fork(unknown),
        }
    }

    /// The content.
    pub fn content(&mut self) -> Next {
        let Some((handler, level)) = self.handler else { return self.files() };
        match &*handler.name {
            "proxy_pass" | "fastcgi_pass" | "uwsgi_pass" | "scgi_pass" | "grpc_pass" | "memcached_pass" => {
                self.pass(handler, level)
            }
            "stub_status" | "empty_gif" => {
                let get = matches!(&*self.method, "GET" | "HEAD");
                if !get {
                    return Next::End(Stop::Status(405));
                }
                let made = if *handler.name == *"stub_status" { "text/plain" } else { "image/gif" };
                self.content_type = Some(Text::Known(made.to_owned()));
                self.status = Some(200);
                Next::End(Stop::Sent)
            }
            _ => {
                let unknown = self.unsupported(handler.span, "what this module answers");
                self.doubt("response", unknown);
                self.status = Some(self.backend.status);
                Next::End(Stop::Sent)
            }
        }
    }

    fn files(&mut self) -> Next {
        let reads = matches!(&*self.method, "GET" | "HEAD" | "POST");
        if self.alias_void() && reads {
            return Next::End(Stop::Status(500));
        }
        if self.path.ends_with('/') {
            let next = if reads { self.index() } else { None };
            return next.unwrap_or_else(|| self.listing());
        }
        if !reads {
            return Next::End(Stop::Status(405));
        }
        let path = self.path.clone();
        let (file, kind) = match self.file_of(&path) {
            Some(Text::Known(file)) => {
                let kind = self.on_disk(&file);
                (file, kind)
            }
            Some(Text::Unknown(unknown)) => {
                self.doubt("file", unknown.clone());
                (String::new(), Err(unknown))
            }
            None => (String::new(), Ok(None)),
        };
        match kind {
            Ok(None) => Next::End(Stop::Status(404)),
            Ok(Some(kind)) if kind.folder => {
                let to = format!("{}/", escaped(&self.path, Escape::Path));
                let to = if self.args.is_empty() { to } else { format!("{to}?{}", self.args) };
                self.set_location(Text::Known(to));
                Next::End(Stop::Status(301))
            }
            Ok(Some(_)) if self.method == "POST" => Next::End(Stop::Status(405)),
            Ok(Some(_)) => self.sent(file, 200),
            Err(_) if self.method == "POST" => Next::End(Stop::Status(405)),
            // The machine is another one: what its file answers is said by the user.
            Err(_) if self.backend.status < 300 => self.sent(file, self.backend.status),
            Err(_) => Next::End(Stop::Status(self.backend.status)),
        }
    }

    fn sent(&mut self, file: String, status: u16) -> Next {
        self.content_type = Some(self.type_of_path());
        self.discard_body = true;
        self.last_modified = true;
        (self.file, self.status) = (Some(file), Some(status));
        Next::End(Stop::Sent)
    }

    fn index(&mut self) -> Option<Next> {
        let held = self.model.levels.held(self.level, "index");
        let mut names: Vec<String> =
            held.directives.iter().flat_map(|directive| &directive.args).map(|word| word.to_string()).collect();
        if names.is_empty() {
            names.push("index.html".to_owned());
        }
        let mut folder_seen = false;
        for name in names {
            let Text::Known(name) = self.value(&name) else { continue };
            if name.starts_with('/') {
                let args = self.args.clone();
                return Some(self.internal_redirect(name, args));
            }
            let path = format!("{}{name}", self.path);
            let there = match self.file_of(&path) {
                Some(Text::Known(file)) => self.on_disk(&file),
                Some(Text::Unknown(unknown)) => Err(unknown),
                None => Ok(None),
            };
            let there = match there {
                Ok(kind) => kind.is_some(),
                Err(unknown) => self.fork(unknown),
            };
            if there {
                let args = self.args.clone();
                return Some(self.internal_redirect(path, args));
            }
            if !folder_seen {
                folder_seen = true;
                if let Some(stop) = self.no_folder() {
                    return Some(Next::End(stop));
                }
            }
        }
        None
    }

    /// The answer where the folder of an index is not there.
    fn no_folder(&mut self) -> Option<Stop> {
        let path = self.path.clone();
        let Some(Text::Known(folder)) = self.file_of(&path) else { return None };
        match self.on_disk(folder.trim_end_matches('/')) {
            Ok(Some(kind)) if kind.folder => None,
            Ok(Some(_)) => Some(Stop::Status(500)),
            Ok(None) => Some(Stop::Status(404)),
            Err(_) => None,
        }
    }

    fn listing(&mut self) -> Next {
        let listing = self.model.levels.flag(self.level, "autoindex", false) && matches!(&*self.method, "GET" | "HEAD");
        if !matches!(&*self.method, "GET" | "HEAD" | "POST") {
            return Next::End(Stop::Status(405));
        }
        if !listing {
            return Next::End(Stop::Status(403));
        }
        let path = self.path.clone();
        let folder = match self.file_of(&path) {
            Some(Text::Known(folder)) => folder,
            _ => String::new(),
        };
        match self.on_disk(&folder) {
            Ok(None) => Next::End(Stop::Status(404)),
            _ => {
                self.content_type = Some(Text::Known("text/html".to_owned()));
                (self.file, self.status) = (Some(folder), Some(200));
                Next::End(Stop::Sent)
            }
        }
    }

    /// Whether the level is a location whose name is a prefix.
    pub fn prefix_of_location(&self, level: LevelId) -> Option<&'a str> {
        let id = self.model.levels.around(level).find(|&id| self.model.levels.all[id].kind == Kind::Location)?;
        let location = Location::of(&self.model.levels, id)?;
        matches!(location.how, Match::Prefix | Match::PrefixOnly | Match::Exact).then_some(location.name)
    }
}
