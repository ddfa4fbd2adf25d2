//! Servers: their names, sockets and TLS.

use super::{Maker, number, texts};
use crate::fact::{Fact, Value, Worlds};
use crate::platform::nginx::listen::{Listen, names};
use crate::platform::nginx::scope::{Kind, LevelId};
use crate::platform::nginx::version::Version;

/// The facts of a server.
pub(super) fn server(maker: &Maker<'_>, id: LevelId) -> Fact {
    let at = maker.at(id);
    let levels = &maker.model.levels;
    let (tls, plain) = maker.transport(id);
    let sockets = || maker.model.listening.sockets.iter().filter(move |socket| socket.servers.contains(&id));
    let default = sockets().any(|socket| socket.default == id);
    let marked = levels.own(id, "listen").any(|listen| Listen::parse(listen).default);
    let first = sockets().any(|socket| socket.default == id && socket.servers.len() > 1) && !marked;
    let listens = levels.own(id, "listen").map(|directive| {
        let (listen, at) = (Listen::parse(directive), directive.text());
        let words: Vec<&str> = directive.args.iter().map(|word| &*word.text).collect();
        let fields = [
            ("text", Fact::derived(words.join(" "), at)),
            ("address", Fact::derived(listen.host, at)),
            ("port", Fact::derived(number(listen.port.into()), at)),
            ("tls", Fact::derived(listen.ssl, at)),
            ("unix", Fact::derived(listen.unix, at)),
        ];
        Fact::record(fields, at)
    });
    let listens: Vec<Fact> = listens.collect();
    let fields = [
        ("label", Fact::derived(maker.server_label(id), at)),
        ("names", texts(names(levels, id), at)),
        ("listens", Fact::derived(Value::from(listens), at)),
        ("tls", Fact::derived(tls, at)),
        ("plain", Fact::derived(plain, at)),
        ("default", Fact::derived(default, at)),
        ("default_by_order", Fact::derived(first, at)),
        ("answers", Fact::derived(maker.all_answers(id), at)),
        ("sends", maker.sends(id)),
        ("serves_files", Fact::derived(maker.serves_files(id), at)),
        ("tokens", maker.tokens(id)),
        ("protocols", maker.protocols(id)),
        ("reflects_host", maker.reflects_host(id)),
        ("commands", maker.asked(id)),
    ];
    Fact::record(fields, at)
}

impl Maker<'_> {
    /// The first name of a server, or what it listens on.
    pub fn server_label(&self, id: LevelId) -> String {
        let name = names(&self.model.levels, id).into_iter().find(|name| !name.is_empty() && name != "_");
        let listen = || self.model.levels.own(id, "listen").next().map(|listen| format!("listen {}", listen.arg(0)));
        name.or_else(listen).unwrap_or_else(|| "server".to_owned())
    }

    /// Whether some connections to a server are encrypted, and whether some are not.
    pub fn transport(&self, id: LevelId) -> (bool, bool) {
        let sockets = || self.model.listening.sockets.iter().filter(|socket| socket.servers.contains(&id));
        (sockets().any(|socket| socket.ssl), sockets().any(|socket| !socket.ssl && !socket.listen.unix))
    }

    /// What all of a server does.
    fn all_answers(&self, id: LevelId) -> &'static str {
        let all = self.levels_of(id);
        let answers: Vec<&str> = all.iter().filter(|&&id| self.responds(id)).map(|&id| self.answers(id)).collect();
        let only = |what: &[&str]| !answers.is_empty() && answers.iter().all(|answer| what.contains(answer));
        // The proof of a certificate authority that a domain is one's own is fetched from a server of redirects.
        let redirects = || {
            let serious = all.iter().filter(|&&id| self.responds(id) && !self.is_challenge(id));
            let mut answers = serious.map(|&id| self.answers(id)).peekable();
            answers.peek().is_some() && answers.all(|answer| matches!(answer, "redirect" | "error" | "nothing"))
        };
        match () {
            () if only(&["nothing"]) => "nothing",
            () if only(&["error", "nothing"]) => "error",
            () if redirects() => "redirect",
            () => "content",
        }
    }

    /// The names of the response headers that some level adds.
    fn sends(&self, id: LevelId) -> Fact {
        let (mut seen, mut items, mut rest): (Vec<String>, Vec<Fact>, _) = (Vec::new(), Vec::new(), None);
        for level in self.levels_of(id) {
            let held = self.model.levels.added(level, "add_header");
            rest = rest.or(held.doubt);
            let more = self.model.levels.held_any(level, &["more_set_headers"]);
            for directive in held.directives.into_iter().chain(more.directives) {
                let name = directive.arg(0).split(':').next().unwrap_or_default().trim().to_ascii_lowercase();
                if !seen.contains(&name) {
                    items.push(Fact::derived(name.clone(), directive.text()));
                    seen.push(name);
                }
            }
        }
        self.list_with("nginx.servers[].sends", items, rest)
    }

    /// Whether nginx reads some content from files itself.
    fn serves_files(&self, id: LevelId) -> bool {
        let all = self.levels_of(id);
        let mut content = all.iter().filter(|&&level| self.responds(level) && self.answers(level) == "content");
        content
            .any(|&level| self.handler(level).is_none() && self.returns(level).is_none() && !self.is_challenge(level))
    }

    fn tokens(&self, id: LevelId) -> Fact {
        let held = self.model.levels.held(id, "server_tokens");
        let of = "nginx.servers[].tokens";
        match held.one() {
            Some(directive) if directive.templated() => self.word(directive, 0),
            Some(directive) => {
                self.unless(held.doubt, of, || Fact::derived(directive.arg(0).to_ascii_lowercase(), directive.text()))
            }
            None => self.unless(held.doubt, of, || {
                Fact::default("on", self.at(id), "`server_tokens` is not set; the default is on")
            }),
        }
    }

    fn is_challenge(&self, id: LevelId) -> bool {
        self.label(id).contains("acme-challenge") || self.label(id).contains(".well-known")
    }

    /// The versions of TLS that clients of a server may choose (`CHANGES`: TLS 1.3 joined the default in 1.23.4, 1.0 and
    /// 1.1 left it in 1.27.3; until 1.29.2 the default server of the socket decides for all servers on it).
    fn protocols(&self, id: LevelId) -> Fact {
        let versions = self.subject.versions;
        let each =
            versions.iter().enumerate().map(|(world, version)| (Worlds::one(world), self.protocols_of(id, *version)));
        let same = |a: &(Vec<String>, Fact), b: &(Vec<String>, Fact)| a.0 == b.0;
        let mut groups: Vec<(Worlds, (Vec<String>, Fact))> = Vec::new();
        for (world, made) in each {
            match groups.iter_mut().find(|(_, known)| same(known, &made)) {
                Some((worlds, _)) => *worlds = worlds.or(world),
                None => groups.push((world, made)),
            }
        }
        let facts = groups.into_iter().map(|(worlds, (_, fact))| (worlds, fact));
        Fact::across(facts, self.at(id), |_, _| false).unwrap_or_else(|| texts(Vec::<String>::new(), self.at(id)))
    }

    fn protocols_of(&self, id: LevelId, version: Version) -> (Vec<String>, Fact) {
        let levels = &self.model.levels;
        let mut decides = id;
        if !version.since(1, 29, 2) {
            let mut sockets = self.model.listening.sockets.iter();
            let socket = sockets.find(|socket| socket.ssl && socket.servers.contains(&id));
            decides = socket.map_or(id, |socket| socket.default);
        }
        let held = levels.held(decides, "ssl_protocols");
        let written: Vec<String> =
            held.directives.iter().flat_map(|directive| directive.args.iter().map(|word| word.to_string())).collect();
        let of = "nginx.servers[].protocols";
        if let Some(directive) = held.one() {
            let at = directive.text();
            let items = written.iter().map(|word| Fact::derived(word.clone(), at)).collect::<Vec<_>>();
            return (written, self.list_with(of, items, held.doubt));
        }
        let default: &[&str] = match () {
            () if version.since(1, 27, 3) => &["TLSv1.2", "TLSv1.3"],
            () if version.since(1, 23, 4) => &["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"],
            () => &["TLSv1", "TLSv1.1", "TLSv1.2"],
        };
        let known: Vec<String> = default.iter().map(|word| (*word).to_owned()).collect();
        if let Some(unknown) = held.doubt {
            return (vec!["?".to_owned()], Fact::Unknown(unknown.following_from(of)));
        }
        (known.clone(), texts(known, self.at(id)))
    }

    fn reflects_host(&self, id: LevelId) -> Fact {
        let all = self.levels_of(id);
        let redirect = all.iter().filter(|&&level| self.model.levels.all[level].kind != Kind::If).find_map(|&level| {
            let directive = self.returns(level)?;
            let text = directive.args.iter().map(|word| word.to_ascii_lowercase()).collect::<Vec<_>>().join(" ");
            let host = ["://$host", "://${host}", "://$http_host", "://${http_host}"];
            host.iter().any(|host| text.contains(host)).then_some(directive)
        });
        Fact::derived(redirect.is_some(), redirect.map_or(self.at(id), |directive| directive.text()))
    }
}
