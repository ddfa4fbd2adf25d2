//! Servers: their names, sockets and TLS.

use std::collections::BTreeMap;

use super::{Maker, number, texts, told_apart};
use crate::fact::{Fact, Unknown, Worlds};
use crate::platform::nginx::listen::{Listen, names};
use crate::platform::nginx::scope::{Kind, LevelId};
use crate::platform::nginx::tree::Word;
use crate::platform::nginx::version::Version;
use crate::text::Span;

/// The facts of a server.
pub(super) fn server(maker: &Maker<'_>, id: LevelId) -> Fact {
    let at = maker.at(id);
    let levels = &maker.model.levels;
    let (tls, plain) = maker.transport_facts(id, at);
    let sockets = || maker.model.listening().sockets.iter().filter(move |socket| socket.servers.contains(&id));
    let default = sockets().any(|socket| socket.default == id);
    let marked = levels.own(id, "listen").any(|listen| Listen::parse(listen).default);
    let first = sockets().any(|socket| socket.default == id && socket.servers.len() > 1) && !marked;
    let listens = levels.own(id, "listen").map(|directive| {
        let (listen, at) = (Listen::parse(directive), directive.text());
        let words: Vec<&str> = directive.args.iter().map(|word| &*word.text).collect();
        let known = |fact: Fact| directive.unfilled().map_or(fact, Fact::Unknown);
        let fields = [
            ("text", known(Fact::derived(words.join(" "), at))),
            ("address", known(Fact::derived(listen.host, at))),
            ("port", known(Fact::derived(number(listen.port.into()), at))),
            ("tls", known(Fact::derived(listen.ssl, at))),
            ("unix", known(Fact::derived(listen.unix, at))),
        ];
        Fact::record(fields, at)
    });
    let listens: Vec<Fact> = listens.collect();
    let fields = [
        ("label", Fact::derived(maker.server_label(id), at)),
        ("names", maker.names(id, at)),
        ("listens", maker.list_with("nginx.servers[].listens", listens, maker.unread(id, "listen"))),
        ("tls", tls),
        ("plain", plain),
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
    /// The first name of a server, or what it listens on; of several that have one name, both.
    pub fn server_label(&self, id: LevelId) -> String {
        let labels = self.labels.get_or_init(|| self.server_labels());
        labels.get(&id).cloned().unwrap_or_else(|| "server".to_owned())
    }

    /// The first name of a server that is one.
    pub fn site(&self, id: LevelId) -> Option<String> {
        names(&self.model.levels, id).into_iter().find(|name| !name.is_empty() && name != "_")
    }

    fn server_labels(&self) -> BTreeMap<LevelId, String> {
        let named: Vec<(LevelId, Option<String>)> = self.servers().map(|id| (id, self.site(id))).collect();
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for name in named.iter().filter_map(|(_, name)| name.as_deref()) {
            *counts.entry(name).or_default() += 1;
        }
        let label = |(id, name): &(LevelId, Option<String>)| {
            let listen = self.model.levels.own(*id, "listen").next().map(|listen| format!("listen {}", listen.arg(0)));
            match (name, listen) {
                (Some(name), Some(listen)) if counts[&**name] > 1 => format!("{name} ({listen})"),
                (name, listen) => name.clone().or(listen).unwrap_or_else(|| "server".to_owned()),
            }
        };
        let labels = told_apart(named.iter().map(label));
        named.iter().map(|(id, _)| *id).zip(labels).collect()
    }

    /// Whether some connections to a server are encrypted, and whether some are not. A `listen` that cannot be read may
    /// bring what those that can do not have.
    pub fn transport_facts(&self, id: LevelId, at: Span) -> (Fact, Fact) {
        let listens = || self.model.levels.own(id, "listen");
        let doubt = listens().find_map(|listen| listen.unfilled()).or_else(|| self.unread(id, "listen"));
        let seen = || self.model.listening().sockets.iter().filter(|socket| socket.servers.contains(&id));
        // Those that are filled in, and the one that a server without any has, are not what they look like.
        let sound = listens().any(|listen| !listen.templated()) || doubt.is_none();
        let tls = sound && seen().any(|socket| socket.ssl);
        let plain = sound && seen().any(|socket| !socket.ssl && !socket.listen.unix);
        let fact = |known: bool, of: &'static str| {
            self.unless(doubt.clone().filter(|_| !known), of, || Fact::derived(known, at))
        };
        (fact(tls, "nginx.servers[].tls"), fact(plain, "nginx.servers[].plain"))
    }

    /// Why more directives of this name may stand on a level itself than are seen.
    pub fn unread(&self, id: LevelId, name: &str) -> Option<Unknown> {
        let doubts = &self.model.levels.all[id].doubts;
        doubts.iter().find(|doubt| doubt.touches(name)).map(|doubt| doubt.unknown.clone())
    }

    fn names(&self, id: LevelId, at: Span) -> Fact {
        let given = || self.model.levels.own(id, "server_name").flat_map(|names| &names.args);
        match given().find_map(Word::unfilled).or_else(|| self.unread(id, "server_name")) {
            None => texts(names(&self.model.levels, id), at),
            unknown => {
                let known = given().filter(|word| !word.templated);
                let known: Vec<Fact> = known.map(|word| Fact::derived(word.to_string(), at)).collect();
                self.list_with("nginx.servers[].names", known, unknown)
            }
        }
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
            () if only(&["nothing"]) || self.rejects(id) => "nothing",
            () if only(&["error", "nothing"]) => "error",
            () if redirects() => "redirect",
            () => "content",
        }
    }

    /// Whether a server refuses every handshake, and hears nothing but those.
    fn rejects(&self, id: LevelId) -> bool {
        let mut sockets =
            self.model.listening().sockets.iter().filter(|socket| socket.servers.contains(&id)).peekable();
        let rejects = self.model.levels.flag(id, "ssl_reject_handshake", false);
        rejects && sockets.peek().is_some() && sockets.all(|socket| socket.ssl)
    }

    /// The names of the response headers that some level adds.
    fn sends(&self, id: LevelId) -> Fact {
        let (mut seen, mut items, mut rest): (Vec<String>, Vec<Fact>, _) = (Vec::new(), Vec::new(), None);
        for level in self.levels_of(id) {
            let held = self.model.levels.added(level, "add_header");
            rest = rest.or(held.doubt);
            let more = self.model.levels.held_any(level, &["more_set_headers"]);
            let added = held.directives.into_iter().map(|directive| (directive, directive.arg(0)));
            // `more_set_headers 'X-A: 1' 'X-B: 2'`
            let more = more.directives.into_iter();
            let more = more.flat_map(|directive| directive.args.iter().map(move |word| (directive, &**word)));
            for (directive, name) in added.chain(more) {
                let name = name.split(':').next().unwrap_or_default().trim().to_ascii_lowercase();
                if !name.starts_with('-') && !seen.contains(&name) {
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
        let name = self.model.levels.all[id].directive.and_then(|directive| directive.args.last());
        let path = name.map_or(String::new(), |name| name.trim_start_matches('^').replace('\\', ""));
        path.starts_with("/.well-known") || path.contains("/acme-challenge")
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
            let mut sockets = self.model.listening().sockets.iter();
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
        let returns = |level: LevelId| self.model.levels.all[level].own.iter().filter(|it| *it.name == *"return");
        let unfilled = || all.iter().flat_map(|&level| returns(level)).find_map(|it| it.unfilled());
        let doubt = || unfilled().or_else(|| all.iter().find_map(|&level| self.unread(level, "return")));
        let doubt = if redirect.is_none() { doubt() } else { None };
        self.unless(doubt, "nginx.servers[].reflects_host", || {
            Fact::derived(redirect.is_some(), redirect.map_or(self.at(id), |directive| directive.text()))
        })
    }
}
