//! Whose settings a directive writes: nginx keeps one set for all of `http`, one for each `server`, and one for each
//! `location`, `if` and `limit_except`.

use super::Call;
use super::table::Keys;
use crate::platform::nginx::directive::{Contexts, Level, Setter};
use crate::text::Span;

/// Where a directive stands.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    /// The kind of block.
    pub context: Contexts,
    /// The scope of the whole of `http`, `stream`, `mail` or the file.
    pub main: usize,
    /// The scope of the server or upstream.
    pub server: usize,
    /// The scope of the location.
    pub location: usize,
}

/// What a location is for nginx. Everything else that has settings of locations is one too, without a name.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// Its name: for a regular expression the expression.
    pub name: String,
    /// `location = /x`.
    pub exact: bool,
    /// `location ~ x`.
    pub regex: bool,
    /// `location @x`.
    pub named: bool,
    /// It is an `if` or a `limit_except`.
    pub noname: bool,
}

/// The module and the name of a setting.
type Key = (&'static str, String);

/// A set of settings.
#[derive(Debug, Default)]
pub struct Scope {
    /// The scope that it inherits from.
    pub parent: Option<usize>,
    /// What it is, for scopes of locations.
    pub place: Place,
    /// Whether it is one of a location below a server, or of the server itself.
    pub merged: bool,
    /// The names of `valid_referers`.
    pub referers: Keys,
    /// The server whose names they are too, and where that is said.
    pub refers_to: Option<(usize, Span)>,
    /// Whether requests without a referer pass, and where that is said.
    pub refers_not: Option<Span>,
    /// The last value of each setting, by module and name: a handful.
    set: Vec<(Key, Setting)>,
}

impl Scope {
    fn setting(&self, module: &str, name: &str) -> Option<&Setting> {
        let is = |(key, _): &&(Key, Setting)| key.1 == name && key.0 == module;
        self.set.iter().find(is).map(|(_, setting)| setting)
    }

    /// The setting, which is made where there is none.
    fn setting_mut(&mut self, module: &'static str, name: &str, span: Span) -> &mut Setting {
        let is = |(key, _): &(Key, Setting)| key.1 == name && key.0 == module;
        let at = self.set.iter().position(is).unwrap_or_else(|| {
            self.set.push(((module, name.to_owned()), Setting::new(span)));
            self.set.len() - 1
        });
        &mut self.set[at].1
    }
}

/// A setting as it is written.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The arguments: of the last directive, or of all where they add up.
    pub args: Vec<String>,
    /// The directive.
    pub span: Span,
    /// What pairs and parameters say, of all directives.
    pub values: Vec<(String, Span)>,
    /// Whether a template fills in some of it.
    pub templated: bool,
}

impl Setting {
    fn new(span: Span) -> Setting {
        Setting { args: Vec::new(), span, values: Vec::new(), templated: false }
    }
}

/// All sets of settings, in the order in which nginx makes them.
#[derive(Debug, Default)]
pub struct Scopes(Vec<Scope>);

impl Scopes {
    /// The frame of the whole file.
    pub fn main(&mut self) -> Frame {
        let main = self.add(None);
        Frame { context: Contexts::MAIN, main, server: main, location: main }
    }

    /// A new set.
    pub fn add(&mut self, parent: Option<usize>) -> usize {
        self.0.push(Scope { parent, ..Scope::default() });
        self.0.len() - 1
    }

    /// The set of this number.
    pub fn get(&self, scope: usize) -> &Scope {
        &self.0[scope]
    }

    /// The set of this number, to change it.
    pub fn get_mut(&mut self, scope: usize) -> &mut Scope {
        &mut self.0[scope]
    }

    /// All sets with their numbers.
    pub fn all(&self) -> impl Iterator<Item = (usize, &Scope)> {
        self.0.iter().enumerate()
    }

    /// The set of a directive, and the name of its setting.
    fn place<'c>(call: &Call<'c>) -> (usize, &'c str) {
        let scope = match call.spec.level {
            Level::Own | Level::Main => call.frame.main,
            Level::Server => call.frame.server,
            Level::Location => call.frame.location,
        };
        (scope, call.spec.alias.unwrap_or(call.name()))
    }

    /// Whether the setting of a directive is there already.
    pub fn has(&self, call: &Call<'_>) -> bool {
        let (scope, name) = Scopes::place(call);
        self.own(scope, call.spec.module, name).is_some()
    }

    /// Whether anything of a module is set anywhere.
    pub fn knows(&self, module: &str) -> bool {
        self.0.iter().flat_map(|scope| &scope.set).any(|((its, _), _)| *its == module)
    }

    /// Writes the setting of a directive.
    pub fn set(&mut self, call: &Call<'_>) {
        let (scope, name) = Scopes::place(call);
        let args = call.args().iter().map(|word| word.text.to_string());
        let setting = self.0[scope].setting_mut(call.spec.module, name, call.span());
        if call.spec.setter != Setter::Texts {
            setting.args.clear();
        }
        setting.args.extend(args);
        let counted = matches!(call.spec.setter, Setter::Pairs | Setter::Param);
        if let Some(value) = call.args().get(1).filter(|value| counted && !value.templated) {
            setting.values.push((value.text.to_string(), call.span()));
        }
        setting.span = call.span();
        setting.templated |= call.directive.templated();
    }

    /// Writes a setting by its name, for what is not simply a directive's.
    pub fn mark(&mut self, scope: usize, module: &'static str, name: &str, value: &str, span: Span) {
        let setting = Setting { args: vec![value.to_owned()], ..Setting::new(span) };
        *self.0[scope].setting_mut(module, name, span) = setting;
    }

    /// The values of settings of a set whose names begin like this, as [`Scopes::mark`] wrote them.
    pub fn marked<'a>(&'a self, scope: usize, start: &'a str) -> impl Iterator<Item = &'a str> {
        let marks = self.0[scope].set.iter().filter(move |((_, name), _)| name.starts_with(start));
        marks.filter_map(|(_, set)| set.args.first()).map(String::as_str)
    }

    /// A setting wherever it is.
    pub fn anywhere(&self, module: &'static str, name: &str) -> Option<&Setting> {
        (0..self.0.len()).find_map(|scope| self.own(scope, module, name))
    }

    /// A setting in this very set.
    pub fn own(&self, scope: usize, module: &'static str, name: &str) -> Option<&Setting> {
        self.0[scope].setting(module, name)
    }

    /// A setting in this set or the next one around that has it.
    pub fn inherited(&self, scope: usize, module: &'static str, name: &str) -> Option<&Setting> {
        let mut at = Some(scope);
        while let Some(scope) = at {
            if let Some(found) = self.own(scope, module, name) {
                return Some(found);
            }
            at = self.0[scope].parent;
        }
        None
    }
}
