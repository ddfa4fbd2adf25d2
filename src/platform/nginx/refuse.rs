//! What `nginx -t` says against a configuration: a reading of the tree as nginx reads it, with its own words.
//!
//! nginx stops at the first fault; this goes on, so the first refusal is the one that nginx would print, and the others
//! are what it would print once those before are mended. What nginx finds only when a block ends (`late`) comes where
//! it would come. Functions are named after those of nginx that they follow, 1.22.1 and 1.31.4.

pub mod address;
mod block;
mod content;
mod core;
mod late;
mod listen;
mod log;
mod pass;
mod regex;
mod rewrite;
mod scope;
mod setter;
mod special;
mod ssl;
mod symbol;
mod table;
mod upstream;
mod value;
mod zone;

use self::listen::Listens;
use self::scope::{Frame, Scopes};
use self::symbol::Symbols;
use self::upstream::Upstreams;
use self::zone::Zones;
use super::directive::{self, Duplicate, Setter, Spec};
use super::tree::{Body, Directive, File, Item, Mistake, Word};
use super::version::Version;
use crate::text::Span;

/// Why nginx does not take a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong, in nginx's own words where it has some.
    pub message: String,
    /// The directive at fault. Unless it is late, nginx names the line on which this ends.
    pub span: Span,
    /// Whether nginx refuses it for sure: else it depends on what cannot be seen, such as a file or a name in DNS.
    pub certain: bool,
    /// Whether nginx finds it only after the block of the directive or the whole file, and names no line or another.
    pub late: bool,
}

/// Something that nginx takes and complains about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// What nginx says.
    pub message: String,
    /// The directive that it is about.
    pub span: Span,
}

/// What nginx says to a configuration.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// Why it does not start, the first it finds first.
    pub refusals: Vec<Refusal>,
    /// What it only complains about.
    pub warnings: Vec<Warning>,
}

impl Answer {
    /// Whether nginx takes it; `None` where that depends on what cannot be seen.
    pub fn accepted(&self) -> Option<bool> {
        match self.refusals.iter().any(|refusal| refusal.certain) {
            true => Some(false),
            false if self.refusals.is_empty() => Some(true),
            false => None,
        }
    }
}

/// Where a relative path starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    /// The folder of the main file.
    Conf,
    /// The folder that nginx was built for or started with (`-p`).
    Prefix,
}

/// The machine that nginx would start on, as far as it can be asked. `None` is for what is not known.
pub trait Machine {
    /// Whether a file can be read.
    fn readable(&self, _path: &str, _base: Base) -> Option<bool> {
        None
    }

    /// Whether a file can be opened to append to it.
    fn writable(&self, _path: &str, _base: Base) -> Option<bool> {
        None
    }

    /// Whether a name has an address.
    fn resolves(&self, _host: &str) -> Option<bool> {
        None
    }

    /// Whether there is a user or group of this name.
    fn account(&self, _name: &str) -> Option<bool> {
        None
    }
}

/// A machine of which nothing is known.
#[derive(Debug, Clone, Copy)]
pub struct Unseen;

impl Machine for Unseen {}

/// What a version of nginx says against a main configuration.
pub fn refusals(main: &File, version: Version, machine: &dyn Machine) -> Vec<Refusal> {
    answer(main, version, machine).refusals
}

/// What a version of nginx says to a main configuration.
pub fn answer(main: &File, version: Version, machine: &dyn Machine) -> Answer {
    let mut reader = Reader {
        version,
        machine,
        answer: Answer::default(),
        unseen: false,
        modules: false,
        commercial: false,
        scopes: Scopes::default(),
        http: Symbols::new(false),
        stream: Symbols::new(true),
        zones: Zones::default(),
        listens: Listens::default(),
        upstreams: Upstreams::default(),
        logs: Vec::new(),
        blocks: block::Seen::default(),
        start: main.items.first().map_or(Span::at(main.source, 0), first),
    };
    let frame = reader.scopes.main();
    reader.items(&main.items, frame);
    reader.end();
    if reader.commercial {
        // What it does not take either is what cannot be read at all.
        let broken = |message: &str| message.starts_with("unexpected ");
        let refusals = reader.answer.refusals.iter_mut();
        refusals.filter(|refusal| !broken(&refusal.message)).for_each(|refusal| refusal.certain = false);
    }
    reader.answer
}

/// Why a directive is not taken.
enum Fault {
    /// nginx refuses it.
    Said(String),
    /// nginx may refuse it.
    Maybe(String),
}

impl From<&str> for Fault {
    fn from(message: &str) -> Fault {
        Fault::Said(message.to_owned())
    }
}

impl From<String> for Fault {
    fn from(message: String) -> Fault {
        Fault::Said(message)
    }
}

/// What a directive's own function returns.
type Outcome = Result<(), Fault>;

/// A fault in words.
fn said<T>(message: impl Into<String>) -> Result<T, Fault> {
    Err(Fault::Said(message.into()))
}

/// A directive with what nginx knows about it here.
#[derive(Clone, Copy)]
struct Call<'a> {
    directive: &'a Directive,
    spec: &'static Spec,
    frame: Frame,
}

impl<'a> Call<'a> {
    fn name(&self) -> &'a str {
        &self.directive.name
    }

    fn args(&self) -> &'a [Word] {
        &self.directive.args
    }

    fn arg(&self, index: usize) -> &'a str {
        self.directive.arg(index)
    }

    fn count(&self) -> usize {
        self.directive.args.len()
    }

    fn span(&self) -> Span {
        self.directive.span
    }

    /// The words of a fault that nginx puts after the directive's name.
    fn fault<T>(&self, words: &str) -> Result<T, Fault> {
        said(format!("\"{}\" directive {words}", self.name()))
    }

    fn in_stream(&self) -> bool {
        self.spec.module.starts_with("stream")
    }
}

struct Reader<'m> {
    version: Version,
    machine: &'m dyn Machine,
    answer: Answer,
    /// Whether something was passed that could not be seen and may have defined anything.
    unseen: bool,
    /// Whether modules are loaded that may know more directives and variables.
    modules: bool,
    /// Whether a directive of the commercial nginx was met, which takes more forms of the others too.
    commercial: bool,
    scopes: Scopes,
    http: Symbols,
    stream: Symbols,
    zones: Zones,
    listens: Listens,
    upstreams: Upstreams,
    /// The files that are logs.
    logs: Vec<(String, Span)>,
    blocks: block::Seen,
    /// Where the main file begins.
    start: Span,
}

impl Reader<'_> {
    fn refuse(&mut self, message: impl Into<String>, span: Span, certain: bool) {
        self.answer.refusals.push(Refusal { message: message.into(), span, certain, late: false });
    }

    fn refuse_late(&mut self, message: impl Into<String>, span: Span, certain: bool) {
        self.answer.refusals.push(Refusal { message: message.into(), span, certain, late: true });
    }

    fn warn(&mut self, message: impl Into<String>, span: Span) {
        self.answer.warnings.push(Warning { message: message.into(), span });
    }

    fn items(&mut self, items: &[Item], frame: Frame) {
        for (index, item) in items.iter().enumerate() {
            match item {
                Item::Mistake(mistake) => self.mistake(mistake),
                Item::Template(_) => self.unseen = true,
                Item::Directive(directive) => match &directive.body {
                    Body::Files(files) => files.iter().for_each(|file| self.items(&file.items, frame)),
                    Body::Unread(_) => self.unseen = true,
                    _ if cut_short(directive, items.get(index + 1)) => {}
                    _ => self.directive(directive, frame),
                },
            }
        }
    }

    /// What cannot be read. nginx names the last line where it is the end that comes too early.
    fn mistake(&mut self, mistake: &Mistake) {
        let late = mistake.message.starts_with("unexpected end of file");
        let (message, span) = (mistake.message.clone(), mistake.span);
        self.answer.refusals.push(Refusal { message, span, certain: true, late });
    }

    /// `ngx_conf_handler`.
    fn directive(&mut self, directive: &Directive, frame: Frame) {
        let (name, span) = (&*directive.name.text, directive.span);
        if directive.name.templated {
            self.unseen = true;
            return;
        }
        let specs: Vec<&'static Spec> =
            directive::find(name).into_iter().flat_map(|found| found.at(self.version)).collect();
        if specs.is_empty() {
            let module = directive::foreign(name);
            let known = module.is_some();
            self.modules |= known;
            self.commercial |= module == Some("commercial");
            return self.refuse(format!("unknown directive \"{name}\""), span, !known && !self.modules);
        }
        let Some(spec) = specs.iter().copied().find(|spec| spec.contexts.has(frame.context)) else {
            let certain = directive::foreign(name).is_none() || !self.modules;
            return self.refuse(format!("\"{name}\" directive is not allowed here"), span, certain);
        };
        if spec.optional && !self.modules {
            self.optional(name, span, spec);
        }
        if let Err(fault) = self.form(directive, spec).and_then(|()| self.call(Call { directive, spec, frame })) {
            match fault {
                Fault::Said(message) => self.refuse(message, span, !directive.templated()),
                Fault::Maybe(message) => self.refuse(message, span, false),
            }
        }
    }

    /// A directive of a module that not every nginx has.
    fn optional(&mut self, name: &str, span: Span, spec: &Spec) {
        let inside = spec.module.starts_with("stream_") || spec.module.starts_with("mail_");
        if !inside {
            self.refuse(format!("unknown directive \"{name}\""), span, false);
        }
    }

    /// How it ends, and how many arguments it has.
    fn form(&mut self, directive: &Directive, spec: &Spec) -> Outcome {
        let name = &*directive.name.text;
        match (&directive.body, spec.block) {
            (Body::Simple, true) => return said(format!("directive \"{name}\" has no opening \"{{\"")),
            (Body::Block(_) | Body::Opaque(_), false) => {
                return said(format!("directive \"{name}\" is not terminated by \";\""));
            }
            _ => {}
        }
        if !spec.arity.takes(directive.args.len()) {
            return said(format!("invalid number of arguments in \"{name}\" directive"));
        }
        Ok(())
    }

    fn call(&mut self, call: Call<'_>) -> Outcome {
        let own = matches!(call.spec.setter, Setter::Special(handler) if special::checks_itself(handler));
        if call.spec.duplicate == Duplicate::Refused && !own && self.scopes.has(&call) {
            return call.fault("is duplicate");
        }
        let outcome = match call.spec.setter {
            Setter::Special(handler) => self.special(handler, call),
            _ if call.directive.templated() => Ok(()),
            _ => self.set(call),
        };
        self.scopes.set(&call);
        if let (Ok(()), Some(other)) = (&outcome, call.spec.deprecated) {
            let name = call.name();
            let message = format!("the \"{name}\" directive is deprecated, use the \"{other}\" directive instead");
            self.warn(message, call.span());
        }
        outcome
    }

    fn symbols(&mut self, call: &Call<'_>) -> &mut Symbols {
        if call.in_stream() { &mut self.stream } else { &mut self.http }
    }

    /// A text with variables (`ngx_http_compile_complex_value`): whether it has some.
    fn template(&mut self, text: &str, call: &Call<'_>) -> Result<bool, Fault> {
        let names = value::variables(text)?;
        let span = call.span();
        let symbols = self.symbols(call);
        for name in names {
            symbols.read(name, span);
        }
        Ok(text.contains('$'))
    }

    /// A regular expression (`ngx_http_regex_compile`), whose named groups become variables.
    fn regex(&mut self, pattern: &str, call: &Call<'_>) -> Result<usize, Fault> {
        let groups = regex::groups(pattern)
            .map_err(|fault| Fault::Said(format!("pcre2_compile() failed: {fault} in \"{pattern}\"")))?;
        let (version, span) = (self.version, call.span());
        let symbols = self.symbols(call);
        for name in &groups.names {
            symbols.define(name, version)?;
            symbols.read(name, span);
        }
        Ok(groups.count)
    }
}

/// Where something is.
fn first(item: &Item) -> Span {
    match item {
        Item::Directive(directive) => directive.span,
        Item::Mistake(mistake) => mistake.span,
        Item::Template(span) => *span,
    }
}

/// Whether nginx never gets to a directive, since what ends it is a mistake.
fn cut_short(directive: &Directive, next: Option<&Item>) -> bool {
    let start = match next {
        Some(Item::Mistake(mistake)) => mistake.span,
        Some(Item::Template(span)) => *span,
        _ => return false,
    };
    let own = directive.span;
    let inside = start.source == own.source && (own.start..own.end).contains(&start.start);
    matches!(directive.body, Body::Simple) && inside
}
