//! To whom a level hands requests on.

use std::collections::BTreeMap;

use super::{Maker, texts};
use crate::fact::{Fact, Value, Why};
use crate::platform::nginx::inherit::Held;
use crate::platform::nginx::scope::LevelId;
use crate::platform::nginx::tree::Directive;
use crate::platform::nginx::value::{Piece, pieces};
use crate::text::Span;

impl Maker<'_> {
    /// To whom requests are handed on.
    pub fn upstream(&self, id: LevelId) -> Fact {
        let passes = self.handler(id).filter(|handler| handler.name.ends_with("_pass") && self.returns(id).is_none());
        let Some(handler) = passes else { return self.no_upstream(id) };
        let at = handler.text();
        let family = handler.name.strip_suffix("_pass").unwrap_or_default();
        let written = handler.arg(0);
        let lower = written.to_ascii_lowercase();
        let scheme = match (family, lower.split_once("://")) {
            ("proxy" | "grpc", Some((scheme, _))) if scheme.contains('$') => None,
            ("proxy" | "grpc", _) if lower.starts_with('$') => self.scheme_of(id, &lower, 0),
            ("proxy" | "grpc", Some((scheme, _))) => Some(scheme.to_owned()),
            ("proxy", None) => Some("http".to_owned()),
            _ => Some(family.to_owned()),
        };
        let unfilled = handler.unfilled();
        let known = |fact: Fact| unfilled.clone().map_or(fact, Fact::Unknown);
        let made = || Fact::unknown(Why::NotSupported, at, "the value of its variables");
        let tls = scheme.as_deref().map(|scheme| matches!(scheme, "https" | "grpcs"));
        let host = written.split_once("://").map_or(written, |(_, rest)| rest);
        let levels = &self.model.levels;
        let verifies = levels.held(id, &format!("{family}_ssl_verify"));
        let buffers = levels.held(id, &format!("{family}_request_buffering"));
        let verified = verifies.one().map_or(at, |directive| directive.text());
        let unfilled = |held: &Held<'_>| held.one().and_then(|directive| directive.unfilled());
        let (verifying, buffering) = (unfilled(&verifies), unfilled(&buffers));
        let on = verifying.is_none() && verifies.one().is_some_and(|directive| directive.arg(0) == "on");
        let buffered = buffering.is_some() || buffers.one().is_none_or(|directive| directive.arg(0) != "off");
        let verifying = verifying.or(verifies.doubt.filter(|_| !on));
        let buffering = buffering.or(buffers.doubt.filter(|_| buffered));
        let of = "nginx.scopes[].upstream";
        let to = match handler.templated() {
            true => self.word(handler, 0),
            false => Fact::derived(written.to_owned(), at),
        };
        let fields = [
            ("on", Fact::derived(true, at)),
            ("to", to),
            ("addresses", self.addresses(host, handler)),
            ("scheme", known(scheme.map_or_else(made, |scheme| Fact::derived(scheme, at)))),
            ("tls", known(tls.map_or_else(made, |tls| Fact::derived(tls, at)))),
            ("verified", self.unless(verifying, of, || Fact::derived(on, verified))),
            ("host_variables", self.names_host(id, host, at)),
            (
                "request_buffered",
                self.unless(buffering, of, || {
                    Fact::derived(buffered, buffers.directives.last().map_or(at, |directive| directive.text()))
                }),
            ),
        ];
        Fact::record(fields, at)
    }

    /// Where a host leads: the servers of its `upstream`, or itself.
    fn addresses(&self, host: &str, handler: &Directive) -> Fact {
        let of = "nginx.scopes[].upstream.addresses";
        let name = host.split('/').next().unwrap_or_default();
        let Some(group) = self.model.upstream(name) else {
            let own = Fact::derived(host.to_owned(), handler.text());
            return self.list_with(of, [own], handler.unfilled());
        };
        let servers = self.model.levels.own(group, "server").map(|server| self.word(server, 0));
        let doubt = self.model.levels.all[group].doubts.first().map(|doubt| doubt.unknown.clone());
        self.list_with(of, servers.collect::<Vec<_>>(), doubt)
    }

    /// The scheme of an address that begins with a variable, where all its values have the same.
    fn scheme_of(&self, level: LevelId, text: &str, depth: usize) -> Option<String> {
        let name = match pieces(text).into_iter().next()? {
            Piece::Text(text) => return Some(text.split_once("://").map_or("http", |(scheme, _)| scheme).to_owned()),
            Piece::Variable(name) if depth < 8 => name,
            _ => return None,
        };
        let lines = self.model.made.get(&name).into_iter().flat_map(|block| &block.lines);
        let mapped = lines.filter(|line| line.args.len() == 1).map(|line| line.arg(0));
        let set = self.model.sets_of(level, &name).iter().map(|(_, set)| set.arg(1));
        let mut schemes = mapped.chain(set).map(|value| self.scheme_of(level, &value.to_ascii_lowercase(), depth + 1));
        let first = schemes.next()??;
        schemes.all(|scheme| scheme.as_ref() == Some(&first)).then_some(first)
    }

    /// The variables that name a host: those before the first `/`, `?` or `#`, with which a host ends. `map` and `set`
    /// are followed.
    fn names_host(&self, level: LevelId, text: &str, at: Span) -> Fact {
        let mut seen = BTreeMap::new();
        self.ends_host(level, text, &mut seen);
        let names = seen.into_iter().filter(|(_, made)| made.is_none()).map(|(name, _)| Fact::derived(name, at));
        Fact::derived(Value::from(names.collect::<Vec<_>>()), at)
    }

    /// Whether the host that a text begins with ends in it. `seen` has each variable of the host with whether it ends
    /// in every value that the configuration gives it; `None` where it gives it none.
    fn ends_host(&self, level: LevelId, text: &str, seen: &mut BTreeMap<String, Option<bool>>) -> bool {
        for piece in pieces(text) {
            let name = match piece {
                Piece::Text(text) if text.contains(['/', '?', '#']) => return true,
                Piece::Text(_) | Piece::Capture(_) => continue,
                Piece::Variable(name) => name,
            };
            // They begin with a slash.
            if matches!(&*name, "request_uri" | "uri" | "document_uri") || seen.get(&name) == Some(&Some(true)) {
                return true;
            }
            if seen.contains_key(&name) {
                continue;
            }
            let lines = self.model.made.get(&name).into_iter().flat_map(|block| &block.lines);
            let mapped = lines.filter(|line| line.args.len() == 1).map(|line| line.arg(0));
            let set = self.model.sets_of(level, &name).iter().map(|(_, set)| set.arg(1));
            let values: Vec<&str> = mapped.chain(set).collect();
            seen.insert(name.clone(), (!values.is_empty()).then_some(false));
            // All of them are looked at, whether or not it ends in one.
            let open = values.iter().filter(|value| !self.ends_host(level, value, seen)).count();
            if !values.is_empty() && open == 0 {
                seen.insert(name, Some(true));
                return true;
            }
        }
        false
    }

    fn no_upstream(&self, id: LevelId) -> Fact {
        let at = self.at(id);
        let none: [&str; 0] = [];
        let fields = [
            ("on", Fact::derived(false, at)),
            ("to", Fact::derived("", at)),
            ("addresses", texts(none, at)),
            ("scheme", Fact::derived("", at)),
            ("tls", Fact::derived(false, at)),
            ("verified", Fact::derived(false, at)),
            ("host_variables", texts(none, at)),
            ("request_buffered", Fact::derived(true, at)),
        ];
        Fact::record(fields, at)
    }
}
