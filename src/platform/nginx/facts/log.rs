//! What is logged, and in which form.

use super::Maker;
use super::written::variables;
use crate::fact::{Fact, Name, Value};
use crate::platform::nginx::scope::LevelId;
use crate::platform::nginx::tree::Word;

impl Maker<'_> {
    /// The access logs of a level.
    pub fn logs(&self, id: LevelId) -> [(Name, Fact); 2] {
        let held = self.model.levels.held(id, "access_log");
        let of = "nginx.scopes[].logs";
        let off = held.directives.iter().find(|log| log.arg(0) == "off");
        let paths = held.directives.iter().filter(|_| off.is_none());
        let items: Vec<Fact> = paths.map(|log| self.word(log, 0)).collect();
        let at = off.map_or(self.at(id), |log| log.text());
        let unfilled = || held.directives.iter().find_map(|log| log.args.first()?.unfilled());
        let unseen = if off.is_none() { unfilled().or_else(|| held.doubt.clone()) } else { None };
        [
            ("logs", self.list_with(of, items, held.doubt)),
            ("log_off", self.unless(unseen, "nginx.scopes[].log_off", || Fact::derived(off.is_some(), at))),
        ]
    }
}

/// The formats of access logs.
pub(super) fn formats(maker: &Maker<'_>) -> Fact {
    let mut items = Vec::new();
    let all = || maker.model.levels.all.iter().flat_map(|level| level.own.iter().copied());
    let responding = maker.responding();
    for format in all().filter(|directive| *directive.name == *"log_format") {
        let name = format.arg(0);
        let escape = format.args.get(1).and_then(|word| word.strip_prefix("escape="));
        let text: String = format.args.iter().skip(1 + usize::from(escape.is_some())).map(|word| &*word.text).collect();
        let at = format.text();
        let used = responding.iter().any(|&id| {
            let logs = maker.model.levels.held(id, "access_log").directives;
            logs.iter().any(|log| log.arg(1) == name && log.arg(0) != "off")
        });
        // Of a mere part the logs may be elsewhere.
        let used = match maker.subject.whole {
            true => used,
            false => used || all().any(|log| *log.name == *"access_log" && log.arg(1) == name),
        };
        let unseen = format.args.first().and_then(Word::unfilled).or_else(|| maker.unseen("access_log"));
        let known = |fact: Fact| format.unfilled().map_or(fact, Fact::Unknown);
        let fields = [
            ("name", maker.word(format, 0)),
            ("text", known(Fact::derived(text.clone(), at))),
            ("escape", known(Fact::derived(escape.unwrap_or("default").to_owned(), at))),
            ("variables", known(Fact::derived(Value::from(variables([text.as_str()], at)), at))),
            ("used", maker.unless(unseen.filter(|_| !used), "nginx.log_formats", || Fact::derived(used, at))),
            ("looks_like_json", known(Fact::derived(text.trim_start().starts_with('{'), at))),
        ];
        items.push(Fact::record(fields, at));
    }
    maker.list("nginx.log_formats", items)
}
