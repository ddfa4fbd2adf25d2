//! `set`, `if`, `rewrite`, `return` and `break` (ngx_http_rewrite_module.c and ngx_http_script.c, 1.22.1): they run in
//! the order in which they are written, before anything else of a location.

use super::error::Stop;
use super::run::Run;
use super::variable::Text;
use crate::fact::{Unknown, Why};
use crate::platform::nginx::condition::Condition;
use crate::platform::nginx::pattern;
use crate::platform::nginx::scope::{Kind, LevelId};
use crate::platform::nginx::tree::Directive;
use crate::platform::nginx::uri::{Escape, escaped, unescaped_redirect};
use crate::platform::nginx::value::{Piece, pieces};

/// Directives of other modules that may rewrite: what they do is not followed.
const OTHERS: [&str; 7] = [
    "rewrite_by_lua",
    "rewrite_by_lua_block",
    "rewrite_by_lua_file",
    "set_by_lua",
    "set_by_lua_block",
    "set_by_lua_file",
    "more_set_input_headers",
];

/// How a list of rewriting directives goes on.
enum Flow {
    On,
    /// No further directive of the level runs.
    Leave,
    End(Stop),
}

impl<'a> Run<'a> {
    /// Runs the rewriting of a level; how the request ends, if it does.
    pub fn rewrite(&mut self, level: LevelId) -> Option<Stop> {
        match self.directives(level) {
            Flow::On | Flow::Leave => None,
            Flow::End(stop) => Some(stop),
        }
    }

    fn directives(&mut self, level: LevelId) -> Flow {
        let model = self.model;
        for directive in &model.levels.all[level].own {
            let flow = match &*directive.name {
                "set" => {
                    let value = self.value(directive.arg(1));
                    let name = directive.arg(0).trim_start_matches('$').to_ascii_lowercase();
                    self.assign(&name, value);
                    Flow::On
                }
                "if" => self.if_block(level, directive),
                "return" => Flow::End(self.returned(directive)),
                "rewrite" => self.rewritten(directive),
                "break" => {
                    if self.uri_changed {
                        (self.valid_location, self.uri_changed) = (false, false);
                    }
                    Flow::Leave
                }
                name if OTHERS.contains(&name) => {
                    let unknown = self.unsupported(directive.span, "what this code does");
                    self.doubt("response", unknown);
                    Flow::On
                }
                _ => Flow::On,
            };
            if !matches!(flow, Flow::On) {
                return flow;
            }
        }
        Flow::On
    }

    /// Sets a variable. Those that are the request itself change it.
    fn assign(&mut self, name: &str, value: Text) {
        if name == "args" {
            match value {
                Text::Known(text) => self.args = text,
                Text::Unknown(unknown) => self.doubt("response", unknown),
            }
            return;
        }
        self.variables.insert(name.to_owned(), value);
    }

    fn if_block(&mut self, level: LevelId, directive: &'a Directive) -> Flow {
        let Some(inner) = self.model.opened(level, directive) else { return Flow::On };
        if !self.condition(directive) {
            return Flow::On;
        }
        if self.model.levels.all[inner].kind == Kind::If {
            self.enter(inner);
        }
        self.directives(inner)
    }

    fn condition(&mut self, directive: &Directive) -> bool {
        if directive.templated() {
            return self.fork(Unknown::new(Why::Templated, directive.span, "the rendered file"));
        }
        let asked = Condition::of(directive);
        match (asked.value, asked.how) {
            (value, "") if value.starts_with('$') => match self.value(value) {
                Text::Known(text) => !text.is_empty() && text != "0",
                Text::Unknown(unknown) => self.fork(unknown),
            },
            // nginx refuses anything else.
            (_, "") => false,
            (path, test) if test.trim_start_matches('!').starts_with('-') => self.file_test(test, path),
            (left, how) => self.compared(left, how, asked.with, directive),
        }
    }

    fn compared(&mut self, left: &str, how: &str, right: &str, directive: &Directive) -> bool {
        let left = match self.value(left) {
            Text::Known(text) => text,
            Text::Unknown(unknown) => return self.fork(unknown),
        };
        if matches!(how, "=" | "!=") {
            return match self.value(right) {
                Text::Known(right) => (left == right) == (how == "="),
                Text::Unknown(unknown) => self.fork(unknown),
            };
        }
        let negated = how.starts_with('!');
        match pattern::find(right, how.ends_with('*'), &left) {
            None => {
                let unknown = self.unsupported(directive.span, "an expression that is not understood");
                self.fork(unknown)
            }
            Some(Some(found)) => {
                self.captured(found);
                !negated
            }
            Some(None) => {
                self.captures.clear();
                negated
            }
        }
    }

    fn file_test(&mut self, test: &str, path: &str) -> bool {
        let negated = test.starts_with('!');
        let path = match self.value(path) {
            Text::Known(path) => path,
            Text::Unknown(unknown) => return self.fork(unknown),
        };
        let found = match self.on_disk(&path) {
            Ok(kind) => match test.trim_start_matches('!') {
                "-f" => kind.is_some_and(|kind| kind.file),
                "-d" => kind.is_some_and(|kind| !kind.file),
                "-x" => kind.is_some_and(|kind| kind.executable),
                _ => kind.is_some(),
            },
            Err(unknown) => return self.fork(unknown),
        };
        found != negated
    }

    fn returned(&mut self, directive: &Directive) -> Stop {
        let (first, second) = (directive.arg(0), directive.args.get(1));
        let (status, text) = match first.parse::<u16>() {
            Ok(status) => (status, second.map_or("", |word| &*word.text)),
            Err(_) => (302, first),
        };
        if status >= 400 && text.is_empty() {
            return Stop::Status(status);
        }
        let value = self.value(text);
        self.discard_body = true;
        if matches!(status, 301 | 302 | 303 | 307 | 308) {
            self.set_location(value);
            return Stop::Status(status);
        }
        self.content_type = Some(self.type_of_path());
        self.status = Some(status);
        Stop::Sent
    }

    fn rewritten(&mut self, directive: &Directive) -> Flow {
        let (pattern, replacement, flag) = (directive.arg(0), directive.arg(1), directive.arg(2));
        if directive.templated() {
            let unknown = Unknown::new(Why::Templated, directive.span, "the rendered file");
            self.doubt("response", unknown);
            return Flow::On;
        }
        let found = match pattern::find(pattern, false, &self.path) {
            None => {
                let unknown = self.unsupported(directive.span, "an expression that is not understood");
                self.doubt("response", unknown);
                return Flow::On;
            }
            Some(None) => {
                self.captures.clear();
                return Flow::On;
            }
            Some(Some(found)) => found,
        };
        self.captured(found);
        let (replacement, add_args) = match replacement.strip_suffix('?') {
            Some(replacement) => (replacement, false),
            None => (replacement, true),
        };
        let away = ["http://", "https://", "$scheme"].iter().any(|start| replacement.starts_with(start));
        let status = match flag {
            "permanent" => Some(301),
            "redirect" => Some(302),
            _ => away.then_some(302),
        };
        match status {
            Some(status) => {
                let to = self.redirect_to(replacement, add_args);
                self.set_location(to);
                // Nothing of the level runs after it, and its answer is a special one.
                Flow::End(Stop::Status(status))
            }
            None => self.changed_path(replacement, add_args, flag, directive),
        }
    }

    fn redirect_to(&mut self, replacement: &str, add_args: bool) -> Text {
        let quote = self.target.quoted || self.target.plus;
        let value = self.resolved(replacement, if quote { Some(Escape::Args) } else { None });
        let Text::Known(value) = value else { return value };
        let mut to = unescaped_redirect(&value);
        if add_args && !self.args.is_empty() {
            to.push(if replacement.contains('?') { '&' } else { '?' });
            to.push_str(&self.args);
        }
        Text::Known(to)
    }

    fn changed_path(&mut self, replacement: &str, add_args: bool, flag: &str, directive: &Directive) -> Flow {
        let (path, query) = match replacement.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (replacement, None),
        };
        let quote = self.target.quoted || self.target.plus;
        let path = self.resolved(path, None);
        let query = query.map(|query| self.resolved(query, if quote { Some(Escape::Args) } else { None }));
        (self.internal, self.untouched) = (true, false);
        if flag == "break" {
            (self.valid_location, self.uri_changed) = (false, false);
        } else {
            self.uri_changed = true;
        }
        match query {
            Some(Text::Known(query)) => {
                self.args = match add_args && !self.args.is_empty() {
                    true => format!("{query}&{}", self.args),
                    false => query,
                };
            }
            Some(Text::Unknown(unknown)) => self.doubt("response", unknown),
            None if !add_args => self.args.clear(),
            None => {}
        }
        match path {
            Text::Known(path) if path.is_empty() => return Flow::End(Stop::Status(500)),
            Text::Known(path) => self.path = path,
            Text::Unknown(_) => {
                let unknown = self.unsupported(directive.span, "what the new path is");
                self.doubt("response", unknown);
            }
        }
        if matches!(flag, "last" | "break") { Flow::Leave } else { Flow::On }
    }

    /// A value with its variables resolved; what was captured is escaped where `escape` says how.
    fn resolved(&mut self, value: &str, escape: Option<Escape>) -> Text {
        let Some(escape) = escape else { return self.value(value) };
        let mut out = String::new();
        for piece in pieces(value) {
            match piece {
                Piece::Capture(number) => {
                    out.push_str(&escaped(self.captures.get(number).map_or("", String::as_str), escape));
                }
                Piece::Text(text) => out.push_str(text),
                Piece::Variable(name) => match self.variable(&name) {
                    Text::Known(text) => out.push_str(&text),
                    unknown => return unknown,
                },
            }
        }
        Text::Known(out)
    }
}
