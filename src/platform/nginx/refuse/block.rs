//! Directives that open a block of directives.

use super::scope::{Frame, Place};
use super::{Call, Outcome, Reader, said};
use crate::platform::nginx::directive::Contexts;
use crate::text::Span;

/// What blocks there were.
#[derive(Debug, Default)]
pub struct Seen {
    /// Whether there was an `events`.
    pub events: bool,
    /// Whether there was any block that ends the time for modules.
    pub any: bool,
    /// The servers of `http`.
    pub servers: Vec<Server>,
    /// The locations of `http`: whose they are, their own scope and where they are.
    pub locations: Vec<(usize, usize, Span)>,
}

/// A server of `http`.
#[derive(Debug)]
pub struct Server {
    /// Its scope, and that of what its locations inherit.
    pub scopes: (usize, usize),
    /// Its names in lower case and where they are given, regular expressions left out.
    pub names: Vec<(String, Span)>,
    /// Where it is.
    pub span: Span,
    /// Whether its last regular expression has groups.
    pub captures: bool,
    /// Whether it says where to listen.
    pub listens: bool,
}

/// The methods that `limit_except` knows.
const METHODS: [&str; 14] = [
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "DELETE",
    "MKCOL",
    "COPY",
    "MOVE",
    "OPTIONS",
    "PROPFIND",
    "PROPPATCH",
    "LOCK",
    "UNLOCK",
    "PATCH",
];

impl Reader<'_> {
    /// Reads what is in a block.
    pub(super) fn inside(&mut self, call: &Call<'_>, frame: Frame) {
        if let Some(block) = call.directive.block() {
            self.items(&block.items, frame);
        }
    }

    /// `events`, `http`, `stream` or `mail`.
    pub(super) fn section(&mut self, call: &Call<'_>, context: Contexts) -> Outcome {
        let (main, server, location) = (self.scopes.add(None), self.scopes.add(None), self.scopes.add(None));
        self.blocks.any = true;
        self.blocks.events |= context == Contexts::EVENTS;
        self.scopes.set(call);
        self.inside(call, Frame { context, main, server, location });
        match context {
            Contexts::HTTP => self.end_of_http(main),
            Contexts::STREAM => self.unknown_variables(true),
            _ => {}
        }
        Ok(())
    }

    /// `ngx_http_core_server`.
    pub(super) fn server(&mut self, call: &Call<'_>) -> Outcome {
        let Frame { main, server, location, .. } = call.frame;
        let (server, location) = (self.scopes.add(Some(server)), self.scopes.add(Some(location)));
        self.scopes.get_mut(location).merged = true;
        let own = Server {
            scopes: (server, location),
            names: Vec::new(),
            span: call.span(),
            captures: false,
            listens: false,
        };
        self.blocks.servers.push(own);
        self.inside(call, Frame { context: Contexts::SERVER, main, server, location });
        if self.blocks.servers.last().is_some_and(|server| !server.listens) && !self.unseen {
            // As root; others listen on 8000.
            self.listen_somewhere(server, call.span());
        }
        Ok(())
    }

    /// `ngx_stream_core_server` and `ngx_mail_core_server`.
    pub(super) fn other_server(&mut self, call: &Call<'_>, context: Contexts) -> Outcome {
        let Frame { main, server, .. } = call.frame;
        let server = self.scopes.add(Some(server));
        self.inside(call, Frame { context, main, server, location: server });
        let module = if context == Contexts::STREAM_SERVER { "stream_core" } else { "mail_core" };
        if self.scopes.own(server, module, "listen").is_none() && context == Contexts::STREAM_SERVER {
            self.refuse_late("no \"listen\" is defined for server", call.span(), !self.unseen);
        }
        Ok(())
    }

    /// `ngx_http_core_location`.
    pub(super) fn location(&mut self, call: &Call<'_>) -> Outcome {
        let parent = call.frame.location;
        let location = self.scopes.add(Some(parent));
        if !call.directive.templated() {
            let (place, outcome) = self.place(call);
            let outcome = outcome.and_then(|()| self.nesting(call, &place));
            self.scopes.get_mut(location).place = place;
            self.blocks.locations.push((parent, location, call.span()));
            self.report(outcome, call);
        }
        self.scopes.get_mut(location).merged = true;
        self.inside(call, Frame { context: Contexts::LOCATION, location, ..call.frame });
        Ok(())
    }

    /// Tells a fault that a block begins with, before what is in it.
    fn report(&mut self, outcome: Outcome, call: &Call<'_>) {
        if let Err(fault) = outcome {
            let (message, certain) = match fault {
                super::Fault::Said(message) => (message, true),
                super::Fault::Maybe(message) => (message, false),
            };
            self.refuse(message, call.span(), certain);
        }
    }

    fn place(&mut self, call: &Call<'_>) -> (Place, Outcome) {
        let (modifier, name) = match call.args() {
            [modifier, name] => (&*modifier.text, &*name.text),
            _ => {
                let text = call.arg(0);
                let modifier = ["=", "^~", "~*", "~"].into_iter().find(|modifier| text.starts_with(modifier));
                modifier.map_or(("", text), |modifier| text.split_at(modifier.len()))
            }
        };
        let alone = call.count() == 1;
        let mut place = Place { name: name.to_owned(), ..Place::default() };
        match modifier {
            "" if alone => place.named = name.starts_with('@'),
            "=" => place.exact = true,
            "^~" => {}
            "~" | "~*" => {
                place.regex = true;
                let outcome = self.regex(name, call).map(|_| ());
                return (place, outcome);
            }
            _ => return (place, said(format!("invalid location modifier \"{modifier}\""))),
        }
        (place, Ok(()))
    }

    /// Which locations may be in which.
    fn nesting(&self, call: &Call<'_>, place: &Place) -> Outcome {
        if call.frame.context != Contexts::LOCATION {
            return Ok(());
        }
        let outer = &self.scopes.get(call.frame.location).place;
        let (name, around) = (&place.name, &outer.name);
        let cannot =
            |kind: &str| said(format!("location \"{name}\" cannot be inside the {kind} location \"{around}\""));
        if outer.exact {
            return cannot("exact");
        }
        if outer.named {
            return cannot("named");
        }
        if place.named {
            return said(format!("named location \"{name}\" can be on the server level only"));
        }
        if !place.regex && !name.starts_with(around.as_str()) {
            return said(format!("location \"{name}\" is outside location \"{around}\""));
        }
        Ok(())
    }

    /// `ngx_http_core_limit_except`.
    pub(super) fn limit_except(&mut self, call: &Call<'_>) -> Outcome {
        let wrong = |method: &str| !METHODS.iter().any(|known| known.eq_ignore_ascii_case(method));
        let outcome = match call.args().iter().find(|word| wrong(word)) {
            Some(word) if !word.templated => said(format!("invalid method \"{}\"", &*word.text)),
            _ => Ok(()),
        };
        self.report(outcome, call);
        self.nameless(call, Contexts::LIMIT_EXCEPT)
    }

    /// `ngx_http_rewrite_if`.
    pub(super) fn condition(&mut self, call: &Call<'_>) -> Outcome {
        let outcome = if call.directive.templated() { Ok(()) } else { self.if_condition(call) };
        self.report(outcome, call);
        let server = call.frame.context == Contexts::SERVER;
        self.nameless(call, if server { Contexts::SERVER_IF } else { Contexts::LOCATION_IF })
    }

    /// A block with settings of its own that is part of a location.
    fn nameless(&mut self, call: &Call<'_>, context: Contexts) -> Outcome {
        let parent = call.frame.location;
        let name = self.scopes.get(parent).place.name.clone();
        let location = self.scopes.add(Some(parent));
        let scope = self.scopes.get_mut(location);
        scope.place = Place { name, noname: true, ..Place::default() };
        scope.merged = true;
        self.inside(call, Frame { context, location, ..call.frame });
        Ok(())
    }
}
