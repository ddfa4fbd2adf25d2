//! To whom a level hands requests on.

use super::{Maker, texts};
use crate::fact::{Fact, Value};
use crate::platform::nginx::facts::written::names;
use crate::platform::nginx::scope::LevelId;
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
            ("proxy" | "grpc", Some((scheme, _))) => scheme.to_owned(),
            ("proxy", None) => "http".to_owned(),
            _ => family.to_owned(),
        };
        let tls = matches!(&*scheme, "https" | "grpcs");
        let host = written.split_once("://").map_or(written, |(_, rest)| rest);
        let host = &host[..host.find('/').unwrap_or(host.len())];
        let levels = &self.model.levels;
        let verifies = levels.held(id, &format!("{family}_ssl_verify"));
        let buffers = levels.held(id, &format!("{family}_request_buffering"));
        let verified = verifies.one().map_or(at, |directive| directive.text());
        let on = verifies.one().is_some_and(|directive| directive.arg(0) == "on");
        let buffered = buffers.one().is_none_or(|directive| directive.arg(0) != "off");
        let of = "nginx.scopes[].upstream";
        let to = match handler.templated() {
            true => self.word(handler, 0),
            false => Fact::derived(written.to_owned(), at),
        };
        let fields = [
            ("on", Fact::derived(true, at)),
            ("to", to),
            ("scheme", Fact::derived(scheme, at)),
            ("tls", Fact::derived(tls, at)),
            ("verified", self.unless(verifies.doubt.filter(|_| !on), of, || Fact::derived(on, verified))),
            ("host_variables", self.chosen_by(host, at)),
            (
                "request_buffered",
                self.unless(buffers.doubt.filter(|_| buffered), of, || {
                    Fact::derived(buffered, buffers.directives.last().map_or(at, |directive| directive.text()))
                }),
            ),
        ];
        Fact::record(fields, at)
    }

    /// The variables that a text depends on: those of `map` and `set` are followed to what they are made of.
    pub fn chosen_by(&self, text: &str, at: Span) -> Fact {
        let all = self.depends_on([text]).into_iter().map(|name| Fact::derived(name, at));
        Fact::derived(Value::from(all.collect::<Vec<_>>()), at)
    }

    /// The names of the variables that texts depend on, `map` and `set` followed.
    ///
    /// What a `map` gives depends on what it looks at only where it gives it back; which of its own values it gives is
    /// not for the client to make up.
    pub fn depends_on<'t>(&self, on: impl IntoIterator<Item = &'t str>) -> Vec<String> {
        let mut open = names(on);
        let mut done: Vec<String> = Vec::new();
        while let Some(name) = open.pop() {
            if done.contains(&name) || done.len() > 64 {
                continue;
            }
            let mut made: Vec<String> = Vec::new();
            let mut is_made = false;
            if let Some(block) = self.model.made.get(&name) {
                is_made = true;
                let values = block.lines.iter().filter(|line| line.args.len() == 1).map(|line| line.arg(0));
                made.extend(names(values));
            }
            for (_, set) in self.model.sets.get(&name).into_iter().flatten() {
                is_made = true;
                made.extend(names([set.arg(1)]));
            }
            open.extend(made);
            if !is_made {
                done.push(name);
            }
        }
        done.sort();
        done
    }

    fn no_upstream(&self, id: LevelId) -> Fact {
        let at = self.at(id);
        let none: [&str; 0] = [];
        let fields = [
            ("on", Fact::derived(false, at)),
            ("to", Fact::derived("", at)),
            ("scheme", Fact::derived("", at)),
            ("tls", Fact::derived(false, at)),
            ("verified", Fact::derived(false, at)),
            ("host_variables", texts(none, at)),
            ("request_buffered", Fact::derived(true, at)),
        ];
        Fact::record(fields, at)
    }
}
