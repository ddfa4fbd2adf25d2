//! Settings that are written and have no effect.

use crate::fact::{Fact, Items, List, Name, Origin, Spans, Value};
use crate::platform::redis::conf::{Held, Loaded, Write};
use crate::platform::redis::directive::SettingId;
use crate::platform::redis::value::Typed;
use crate::text::{Sources, Span};

/// Collects what is written and not in force, as one version sees it.
pub fn not_in_force(root: Name, loaded: &Loaded, sources: &Sources) -> Fact {
    let mut dead = Dead { loaded, sources, items: Vec::new() };
    dead.overridden();
    dead.tls_without_port();
    dead.needs("unixsocketperm", "unixsocket");
    dead.needs("unixsocketgroup", "unixsocket");
    dead.protected_mode_of_6_2();
    let end = loaded.end;
    let poison = loaded.poisons.iter().rev().find(|poison| poison.after > 0);
    let rest = poison.map(|poison| poison.unknown.clone().following_from(format!("{root}.not_in_force")));
    let value = Value::List(List { items: Items::Here(dead.items.into()), rest });
    Fact::Known { value, origin: Origin::Derived([end].into()) }
}

struct Dead<'a> {
    loaded: &'a Loaded,
    sources: &'a Sources,
    items: Vec<Fact>,
}

impl Dead<'_> {
    fn push(&mut self, setting: SettingId, cause: &'static str, because: String, spans: Vec<Span>) {
        let Some(spec) = self.loaded.spec(setting) else { return };
        let from: Spans = spans.into();
        let fields = [
            ("setting", Fact::derived(spec.name, from.clone())),
            ("cause", Fact::derived(cause, from.clone())),
            ("because", Fact::derived(because, from.clone())),
        ];
        self.items.push(Fact::record(fields, from));
    }

    /// Earlier values that the last one replaces by another one.
    fn overridden(&mut self) {
        for (write, last) in self.loaded.overridden() {
            let Ok(winner) = &last.typed else { continue };
            if !lost(write, winner) {
                continue;
            }
            let (cause, because) = match winner {
                Typed::Points(points) if !points.is_empty() => {
                    let because = "a `save` line after an `include` starts anew";
                    ("reset", format!("{because}: {}", self.place(last.key)))
                }
                _ => ("overridden", format!("the later line wins: {}", self.place(last.key))),
            };
            self.push(write.setting, cause, because, vec![write.value, last.value]);
        }
    }

    fn place(&self, span: Span) -> String {
        let source = self.sources.get(span.source);
        let line = source.position(span.start).line;
        match source.place().path().and_then(|path| path.file_name()) {
            Some(name) => format!("{}:{line}", name.to_string_lossy()),
            None => format!("line {line} of the arguments"),
        }
    }

    /// `tls.c:tlsConfigure` is only called where a switch of TLS is on (`server.c:initListeners`, 7.4.1).
    fn tls_without_port(&mut self) {
        let off = |name: &str| match self.loaded.named(name).typed() {
            Some(Typed::Int(port)) => *port == 0,
            Some(Typed::Bool(on)) => !*on,
            _ => false,
        };
        if !["tls-port", "tls-replication", "tls-cluster"].into_iter().all(off) {
            return;
        }
        let mut written: Vec<SettingId> = self.loaded.writes.iter().map(|write| write.setting).collect();
        written.sort_unstable();
        written.dedup();
        for setting in written {
            let Some(spec) = self.loaded.spec(setting) else { continue };
            let Held::Written(write, _) = self.loaded.held(setting) else { continue };
            let switch = matches!(spec.name, "tls-port" | "tls-replication" | "tls-cluster");
            if spec.name.starts_with("tls-") && !switch {
                let value = write.value;
                self.push(setting, "unused", "`tls-port` is 0 and no link uses TLS".to_owned(), vec![value]);
            }
        }
    }

    /// A setting that does nothing while another one is empty.
    fn needs(&mut self, name: &str, other: &str) {
        let Some(setting) = SettingId::of(name) else { return };
        let Held::Written(write, _) = self.loaded.held(setting) else { return };
        let value = write.value;
        if matches!(self.loaded.named(other), Held::Default(Typed::Bytes(text)) if text.is_empty()) {
            self.push(setting, "unused", format!("`{other}` is not set"), vec![value]);
        }
    }

    /// Redis 6.2 applies protected mode only where no `bind` is written (`networking.c:clientAcceptHandler`, 6.2.16).
    fn protected_mode_of_6_2(&mut self) {
        let Some(setting) = SettingId::of("protected-mode").filter(|_| !self.loaded.version.since(7, 0)) else {
            return;
        };
        let Held::Written(write, Typed::Bool(true)) = self.loaded.held(setting) else { return };
        let Held::Written(bind, _) = self.loaded.named("bind") else { return };
        let spans = vec![write.value, bind.value];
        self.push(setting, "ignored", "this version ignores it once `bind` is written".to_owned(), spans);
    }
}

/// Whether a value is in force no longer. `save` accumulates: its points are lost where the last line does not have
/// them any more. An empty `save` takes earlier points away on purpose.
fn lost(write: &Write, winner: &Typed) -> bool {
    let Ok(typed) = &write.typed else { return false };
    match (typed, winner) {
        (Typed::Points(earlier), Typed::Points(last)) => {
            let still = earlier.iter().all(|point| last.iter().any(|other| other.at == point.at));
            !still && !last.is_empty() && earlier.iter().any(|point| point.at.is_some())
        }
        (Typed::Limits(_), _) => false,
        (Typed::Addresses(earlier), Typed::Addresses(last)) => {
            !earlier.iter().map(|address| &address.text).eq(last.iter().map(|address| &address.text))
        }
        (earlier, last) => earlier != last,
    }
}
