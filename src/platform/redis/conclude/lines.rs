//! What single lines of a configuration say, beside settings and users: renamed commands, modules, names that a
//! setting had once, and the end of the file, where what is missing would be written.

use crate::fact::{Fact, Items, List, Name, Origin, Unknown, Value};
use crate::platform::redis::conf::{Listed, Loaded};
use crate::platform::redis::split::Word;
use crate::text::{Place, Sources};

/// `main`: the name of the main file; its place is where a missing setting would be written.
pub fn main(loaded: &Loaded, sources: &Sources) -> Fact {
    let place = sources.get(loaded.end.source).place();
    let name = match place {
        Place::Live { url, .. } => url.clone(),
        place => {
            let path = place.path().and_then(|path| path.file_name()).unwrap_or_default();
            path.to_string_lossy().into_owned()
        }
    };
    Fact::derived(name, [loaded.end])
}

/// `renamed_commands`.
pub fn renamed_commands(root: Name, loaded: &Loaded) -> Fact {
    listed(root, "renamed_commands", loaded, &loaded.renames, |rename| {
        let at = rename.from.span.cover(rename.to.span);
        let fields = [
            ("command", Fact::written(text(&rename.from), rename.from.span)),
            ("name", Fact::written(text(&rename.to), rename.to.span)),
            ("removed", Fact::derived(rename.to.bytes.is_empty(), [rename.to.span])),
        ];
        Fact::record(fields, vec![at])
    })
}

/// `modules`.
pub fn modules(root: Name, loaded: &Loaded) -> Fact {
    listed(root, "modules", loaded, &loaded.modules, |module| {
        let at = module.path.span;
        let fields = [
            ("path", Fact::written(text(&module.path), at)),
            ("absolute", Fact::derived(module.path.bytes.starts_with(b"/"), [at])),
        ];
        Fact::record(fields, vec![at])
    })
}

/// `old_names`: settings that are written under a name which this version only keeps for old files.
pub fn old_names(root: Name, loaded: &Loaded, sources: &Sources) -> Fact {
    let old = loaded.writes.iter().filter_map(|write| {
        let spec = loaded.spec(write.setting)?;
        let alias = spec.alias?;
        let written = sources.slice(write.key);
        let mut bare = written;
        while let [b'"' | b'\'', rest @ ..] | [rest @ .., b'"' | b'\''] = bare {
            bare = rest;
        }
        if !bare.eq_ignore_ascii_case(alias.as_bytes()) {
            return None;
        }
        let (written, name) = (Fact::derived(alias, [write.key]), Fact::derived(spec.name, [write.key]));
        Some(Fact::record([("written", written), ("name", name)], vec![write.key]))
    });
    let rest = loaded.poisons.last().map(|poison| &poison.unknown);
    list(root, "old_names", loaded, old.collect(), rest)
}

fn listed<T>(root: Name, name: &str, loaded: &Loaded, all: &Listed<T>, fact: impl Fn(&T) -> Fact) -> Fact {
    list(root, name, loaded, all.items.iter().map(fact).collect(), all.rest.as_ref())
}

fn list(root: Name, name: &str, loaded: &Loaded, items: Vec<Fact>, rest: Option<&Unknown>) -> Fact {
    let rest = rest.map(|rest| rest.clone().following_from(format!("{root}.{name}")));
    let value = Value::List(List { items: Items::Here(items.into()), rest });
    Fact::Known { value, origin: Origin::Derived([loaded.end].into()) }
}

fn text(word: &Word) -> Value {
    String::from_utf8_lossy(&word.bytes).into()
}
