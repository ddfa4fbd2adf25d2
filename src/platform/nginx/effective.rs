//! What nginx would do with a configuration on this machine, and what a request would get: the answer of
//! `hardline effective nginx.conf`.

mod answer;
mod cover;
mod machine;
mod overview;

use std::path::Path;

use serde::Serialize;

pub use self::answer::{
    Answer, CacheShown, Forwarded, HeaderShown, LocationShown, LogShown, Pair, Response, ServerShown,
};
use self::machine::Here;
pub use self::overview::Site;
use super::include::{Conf, Library};
use super::listen::names;
use super::locate::Location as Named;
use super::model::Model;
use super::refuse::{Unseen, refusals};
use super::request::{Access, Outcome, Request, Sent, Text, follow, hidden};
use super::scope::{Kind, LevelId, Levels};
use super::veil::Veil;
use super::version::Version;
use crate::fact::{Unknown, Why};
use crate::files::{Files, Location};
use crate::platform::effective::{Fault, Open, placed, shown};
use crate::text::{Place, Sources, Span};

pub use super::request::Backend;

/// What is asked.
#[derive(Debug, Clone)]
pub struct Question<'a> {
    /// The version of nginx.
    pub version: Version,
    /// The main configuration, with an absolute path. nginx is taken to be started with its folder as prefix.
    pub main: Location,
    /// The request, if one is asked about.
    pub request: Option<&'a Request>,
    /// What answers where nginx does not decide.
    pub backend: &'a Backend,
}

/// The answer, in the form in which it is printed.
#[derive(Debug, Clone, Serialize)]
pub struct Effective {
    /// The version whose tables were used.
    pub server_version: String,
    /// Whether nginx starts; null when that cannot be told.
    pub accepted: Option<bool>,
    /// Why it does not, what it says first.
    pub errors: Vec<Fault>,
    /// Every server with its locations; only where no request is asked about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<Site>,
    /// What the request gets; only where one is asked about and something listens.
    #[serde(flatten)]
    pub answer: Option<Answer>,
    /// What could not be told.
    pub unknown: Vec<Open>,
}

/// What nginx would do. Paths in the answer are relative to `shown_from` where they lie below it.
pub fn evaluate(question: &Question<'_>, files: &dyn Files, shown_from: &Path) -> Effective {
    let mut sources = Sources::new();
    let mut effective = Effective {
        server_version: format!("nginx:{}", question.version),
        accepted: Some(true),
        errors: Vec::new(),
        servers: Vec::new(),
        answer: None,
        unknown: Vec::new(),
    };
    let bytes = match files.read(&question.main) {
        Ok(bytes) => bytes,
        Err(error) => {
            let path = shown(question.main.path(), shown_from);
            let message = format!("open() \"{path}\" failed ({error})");
            effective.accepted = Some(false);
            effective.errors.push(Fault { message, path: Some(path), line: None, last_line: None });
            return effective;
        }
    };
    let main = sources.add(Place::File(question.main.path().to_path_buf()), bytes);
    let folder = question.main.parent();
    let mut library = Library::new(files, &mut sources, true);
    library.know(&question.main, main);
    let conf = library.conf(main, &folder);
    let view = View { conf: &conf, sources: &sources, shown_from };
    view.accepted(&mut effective, question.version, &Here { files, folder: &folder });
    // What it would answer matters even where it cannot be told whether it starts, and where only this machine keeps it
    // from that: a laptop has no certificate of the server's.
    let sound = || !refusals(&conf.file, question.version, &Unseen).iter().any(|refusal| refusal.certain);
    if effective.accepted != Some(false) || sound() {
        let model = Model::new(&conf.file, question.version, files, folder);
        match question.request {
            Some(request) => view.answer(&model, request, question.backend, &mut effective),
            None => effective.servers = overview::sites(&model, &sources, shown_from),
        }
    }
    Veil::of(sources.iter()).cover(&mut effective);
    effective
}

struct View<'a> {
    conf: &'a Conf,
    sources: &'a Sources,
    shown_from: &'a Path,
}

impl View<'_> {
    fn accepted(&self, effective: &mut Effective, version: Version, machine: &Here<'_>) {
        let refusals = refusals(&self.conf.file, version, machine);
        let certain = refusals.iter().position(|refusal| refusal.certain);
        // What comes after the first thing that is certain is never reached.
        for refusal in refusals.iter().take(certain.map_or(refusals.len(), |at| at + 1)) {
            if refusal.certain {
                let fault = Fault::new(refusal.message.clone(), refusal.span, self.sources, self.shown_from);
                effective.errors.push(fault);
            } else {
                let unknown = Unknown::new(Why::NotSupported, refusal.span, refusal.message.clone());
                effective.unknown.push(Open::new("accepted".to_owned(), &unknown, self.sources, self.shown_from));
            }
        }
        effective.accepted = match (certain, refusals.is_empty()) {
            (Some(_), _) => Some(false),
            (None, true) => Some(true),
            (None, false) => None,
        };
        if certain.is_some() {
            effective.unknown.clear();
        }
    }

    fn answer(&self, model: &Model<'_>, request: &Request, backend: &Backend, effective: &mut Effective) {
        let (outcomes, more) = follow(model, request, backend);
        let Some(first) = outcomes.first() else { return };
        let mut open = Opens { view: self, list: &mut effective.unknown };
        if more {
            let unknown = Unknown::new(Why::NotSupported, model.main, "more ways than are followed");
            open.whole_response(&unknown);
        }
        for (what, unknown) in outcomes.iter().flat_map(|outcome| &outcome.doubts) {
            match *what {
                "response" => open.whole_response(unknown),
                what => open.add(what, unknown),
            }
        }
        let answer = self.shown(model, first, &mut open);
        for other in &outcomes[1..] {
            let mut scratch = Vec::new();
            let mut unseen = Opens { view: self, list: &mut scratch };
            let its = self.shown(model, other, &mut unseen);
            let cause = other.forks.iter().find(|(fork, answer)| {
                first.forks.iter().any(|(its, other)| its.at == fork.at && its.needs == fork.needs && other != answer)
            });
            let cause = cause.or(other.forks.last()).map(|(unknown, _)| unknown.clone());
            let cause = cause.unwrap_or_else(|| Unknown::new(Why::NotSupported, model.main, "which way it goes"));
            for what in answer.differences(&its) {
                open.add(what, &cause);
            }
        }
        effective.answer = Some(answer);
        self.forget_unknown(effective);
    }

    /// What cannot be told is not said.
    fn forget_unknown(&self, effective: &mut Effective) {
        let Some(answer) = &mut effective.answer else { return };
        let open = |what: &str| effective.unknown.iter().any(|open| open.what == what);
        if open("response.status") {
            answer.response.status = None;
        }
        if open("location") {
            answer.location = None;
        }
        if open("access") {
            answer.access = "depends";
        }
    }

    fn shown(&self, model: &Model<'_>, outcome: &Outcome<'_>, open: &mut Opens<'_, '_>) -> Answer {
        let levels = &model.levels;
        let headers = outcome.headers.iter().map(|sent| self.header(sent, open)).collect();
        let family = outcome.handler.and_then(|handler| handler.name.strip_suffix("_pass"));
        let hidden = family.map_or_else(Vec::new, |family| hidden(levels, outcome.level, family));
        let upstream = outcome.upstream.as_ref();
        let mut pair = |(name, value): &(String, Text)| {
            if let Text::Unknown(unknown) = value {
                open.add(&format!("request.headers.{name}"), unknown);
            }
            Pair { name: name.clone(), value: value.known().map(str::to_owned) }
        };
        Answer {
            server: self.server(levels, outcome.server),
            location: self.location(levels, outcome.level),
            response: Response {
                status: outcome.status,
                headers,
                hidden,
                server_header: outcome.server_header.clone(),
            },
            request: Forwarded {
                to: upstream.and_then(|upstream| upstream.to.known()).map(str::to_owned),
                target: upstream.and_then(|upstream| upstream.target.known()).map(str::to_owned),
                headers: upstream.map(|upstream| upstream.headers.iter().map(&mut pair).collect()),
                body_limit: outcome.body_limit,
                rejected: outcome.rejected,
            },
            access: match outcome.access {
                Access::Allow => "allow",
                Access::Deny => "deny",
            },
            log: LogShown { access: outcome.log.access.clone(), error: outcome.log.error.clone() },
            cache: outcome.cache.as_ref().map(|cache| CacheShown {
                zone: cache.zone.known().map(str::to_owned),
                key: cache.key.known().map(str::to_owned),
                lookup: cache.lookup,
                store: cache.store,
                why: cache.why.clone(),
            }),
        }
    }

    fn header(&self, sent: &Sent, open: &mut Opens<'_, '_>) -> HeaderShown {
        if let Text::Unknown(unknown) = &sent.value {
            open.add(&format!("response.headers.{}", sent.name), unknown);
        }
        let (path, line) = sent.from.map_or((None, None), |at| placed(at, self.sources, self.shown_from));
        HeaderShown {
            name: sent.name.clone(),
            value: sent.value.known().map(str::to_owned),
            always: sent.always,
            path,
            line,
        }
    }

    fn server(&self, levels: &Levels<'_>, server: LevelId) -> ServerShown {
        let listen = levels
            .own(server, "listen")
            .map(|listen| listen.args.iter().map(|word| &*word.text).collect::<Vec<_>>().join(" "));
        let (path, line) = self.place(levels, server);
        ServerShown { names: names(levels, server), listen: listen.collect(), path, line }
    }

    fn location(&self, levels: &Levels<'_>, level: LevelId) -> Option<LocationShown> {
        let id = levels.enclosing(level, Kind::Location)?;
        let text = Named::of(levels, id)?.text();
        let (path, line) = self.place(levels, id);
        Some(LocationShown { text, path, line })
    }

    fn place(&self, levels: &Levels<'_>, id: LevelId) -> (Option<String>, Option<usize>) {
        levels.place(id).map_or((None, None), |at: Span| placed(at, self.sources, self.shown_from))
    }
}

/// The list of what could not be told, each thing once.
struct Opens<'v, 'l> {
    view: &'v View<'v>,
    list: &'l mut Vec<Open>,
}

impl Opens<'_, '_> {
    fn add(&mut self, what: &str, unknown: &Unknown) {
        let open = Open::new(what.to_owned(), unknown, self.view.sources, self.view.shown_from);
        if !self.list.contains(&open) {
            self.list.push(open);
        }
    }

    fn whole_response(&mut self, unknown: &Unknown) {
        for what in ["location", "response.status", "response.headers", "request.headers", "access", "cache"] {
            self.add(what, unknown);
        }
    }
}
