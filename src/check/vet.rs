//! The lint of checks: is everything there that a reader, a user and a tester need?

use std::collections::BTreeSet;

use crate::expr::Param;
use crate::schema::{Root, Type};
use crate::spell;

use super::places::Places;
use super::{CheckFile, Example, Expect, Problem};

/// How the message of a missing key ends.
const MISSING: &str = "is missing";

/// How the message of an empty value ends.
const EMPTY: &str = "is empty";

/// How messages end that a value causes as well when it was left out because it could not be read.
pub(super) const HOLLOW: [&str; 2] = [MISSING, EMPTY];

/// How many examples a check has at most: each is compared with each.
const EXAMPLES: usize = 200;

/// How many lines a minimal pair may differ in.
const PAIR: usize = 3;

/// Everything that is missing from a file, or does not go together.
pub(super) fn vet(file: &CheckFile, id: Option<&str>, roots: &[&'static Root], places: &Places) -> Vec<Problem> {
    let mut vet = Vet { file, places, problems: Vec::new() };
    vet.required();
    vet.identity(id, roots);
    vet.prose();
    vet.fix();
    vet.bypasses();
    vet.examples(roots);
    vet.coverage();
    vet.problems
}

struct Vet<'a> {
    file: &'a CheckFile,
    places: &'a Places,
    problems: Vec<Problem>,
}

impl Vet<'_> {
    fn at(&mut self, key: &str, message: impl Into<String>) {
        self.problems.push(Problem::new(self.places.value_at(key), message));
    }

    fn need(&mut self, key: &str, present: bool) {
        if present {
            return;
        }
        if self.places.has(key) {
            self.at(key, format!("`{key}` {EMPTY}"));
        } else {
            self.problems.push(Problem::new(self.places.key_at(key), format!("`{key}` {MISSING}")));
        }
    }

    fn required(&mut self) {
        let file = self.file;
        let texts = [
            ("id", &file.id),
            ("title", &file.title),
            ("owner", &file.owner),
            ("rationale", &file.rationale),
            ("rule.reads", &file.rule.reads),
            ("rule.deny", &file.rule.deny),
            ("rule.at", &file.rule.at),
            ("rule.message", &file.rule.message),
            ("fix.title", &file.fix.title),
            ("fix.expected", &file.fix.expected),
            ("fix.rollback", &file.fix.rollback),
        ];
        for (key, text) in texts {
            self.need(key, !text.trim().is_empty());
        }
        self.need("severity", file.severity.is_some());
        self.need("confidence", file.confidence.is_some());
        self.need("family", file.family.is_some());
    }

    fn identity(&mut self, id: Option<&str>, roots: &[&'static Root]) {
        let file = self.file;
        if !file.id.is_empty() {
            if !is_id(&file.id) {
                self.at("id", "an id is `platform/what-is-wrong`: small letters, digits and `-`");
            } else if let Some(expected) = id.filter(|expected| *expected != file.id) {
                self.at("id", format!("the file says that the id is `{expected}`"));
            } else if roots.iter().any(|root| root.name == file.rule.reads)
                && !["stack", "hardline"].contains(&platform(&file.id))
                && platform(&file.id) != file.rule.reads
            {
                self.at("rule.reads", format!("`{}` reads the facts of `{}`", file.id, platform(&file.id)));
            }
        }
        let lists = [("overlaps", &file.overlaps), ("formerly", &file.formerly)];
        for (key, ids) in lists {
            for (index, other) in ids.iter().enumerate() {
                if !is_id(other) {
                    self.at(&format!("{key}[{index}]"), format!("`{other}` is no id of a check"));
                } else if *other == file.id {
                    self.at(&format!("{key}[{index}]"), "this is the check itself");
                }
            }
        }
    }

    fn prose(&mut self) {
        let file = self.file;
        let lines = file.rationale.trim().lines().count();
        if !file.rationale.trim().is_empty() && !(2..=6).contains(&lines) {
            self.at("rationale", format!("a rationale has two to six lines, this one {lines}"));
        }
        let one_line = [("title", &file.title), ("rule.message", &file.rule.message), ("fix.title", &file.fix.title)];
        for (key, text) in one_line {
            if text.trim().contains(['\n', '\r']) {
                self.at(key, format!("`{key}` is one line"));
            }
        }
        for (index, reference) in file.references.iter().enumerate() {
            if !reference.starts_with("https://") && !reference.starts_with("http://") {
                self.at(&format!("references[{index}]"), "a reference is an address that starts with https://");
            }
        }
    }

    fn fix(&mut self) {
        let file = self.file;
        if !file.fix.edits.is_empty() && file.fix.safety.is_none() {
            self.problems.push(Problem::new(
                self.places.key_at("fix.edits"),
                "edits need a `safety`: safe, unsafe or display-only",
            ));
        }
    }

    fn bypasses(&mut self) {
        let file = self.file;
        for (index, bypass) in file.bypass.iter().enumerate() {
            let key = format!("bypass[{index}]");
            self.need(&format!("{key}.reason"), !bypass.reason.trim().is_empty());
            self.need(&format!("{key}.when"), !bypass.when.trim().is_empty());
            self.need(&format!("{key}.example"), !bypass.example.is_empty());
            if bypass.example.is_empty() {
                continue;
            }
            match file.example.iter().find(|example| example.name == bypass.example) {
                Some(example) if example.expect == Expect::Bypass => {}
                Some(_) => self.at(&format!("{key}.example"), "this example does not expect `bypass`"),
                None => {
                    let names = file.example.iter().map(|example| example.name.as_str());
                    let meant = spell::nearest(&bypass.example, names)
                        .map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
                    self.at(&format!("{key}.example"), format!("no such example: `{}`{meant}", bypass.example));
                }
            }
        }
    }

    fn examples(&mut self, roots: &[&'static Root]) {
        let file = self.file;
        if file.example.len() > EXAMPLES {
            self.problems.push(Problem::new(self.places.key_at("example"), format!("more than {EXAMPLES} examples")));
            return;
        }
        let root = roots.iter().copied().find(|root| root.name == file.rule.reads);
        let mut names = BTreeSet::new();
        for (index, example) in file.example.iter().enumerate() {
            let key = format!("example[{index}]");
            self.need(&format!("{key}.name"), !example.name.trim().is_empty());
            if !self.places.has(&format!("{key}.expect")) {
                self.need(&format!("{key}.expect"), false);
            }
            if !names.insert(&example.name) {
                self.at(&format!("{key}.name"), format!("another example is called `{}` too", example.name));
            }
            self.need(&format!("{key}.files"), !example.files.is_empty());
            self.fields(&key, example);
            for (number, path) in example.unknown.iter().enumerate() {
                if let Some(root) = root
                    && let Err(reason) = fact_exists(root, path)
                {
                    self.at(&format!("{key}.unknown[{number}]"), reason);
                }
            }
            self.params(&key, example);
            for (path, mode) in &example.modes {
                if u32::from_str_radix(mode, 8).is_err() {
                    self.at(&format!("{key}.modes.\"{path}\""), format!("`{mode}` is no mode in octal digits"));
                }
            }
        }
    }

    /// Keys that only some expectations have.
    fn fields(&mut self, key: &str, example: &Example) {
        let deny = example.expect == Expect::Deny;
        if !deny && !example.spans.is_empty() {
            self.at(&format!("{key}.spans"), "only an example that expects `deny` has `spans`");
        }
        if !deny && example.fixed.is_some() {
            self.at(&format!("{key}.fixed"), "only an example that expects `deny` has `fixed`");
        }
        if example.expect == Expect::Unknown {
            self.need(&format!("{key}.unknown"), !example.unknown.is_empty());
        } else if !example.unknown.is_empty() {
            self.at(&format!("{key}.unknown"), "only an example that expects `unknown` has `unknown`");
        }
    }

    fn params(&mut self, key: &str, example: &Example) {
        for (name, value) in &example.params {
            let at = format!("{key}.params.{name}");
            match self.file.params.get(name) {
                None => self.at(&at, format!("no such parameter: `{name}`")),
                Some(default) if !Param::same_type(default, value) => {
                    self.at(&at, format!("`{name}` is {}, not {}", default.describe(), value.describe()));
                }
                Some(_) => {}
            }
        }
    }

    /// Whether the examples show all that a check promises.
    fn coverage(&mut self) {
        let file = self.file;
        let some = |expect: Expect| file.example.iter().any(|example| example.expect == expect);
        let mut missing = Vec::new();
        if !some(Expect::Deny) {
            missing.push("an example with `expect = \"deny\"`");
        }
        if !some(Expect::Pass) {
            missing.push("an example with `expect = \"pass\"`");
        }
        if !some(Expect::Unknown) && file.unknown_impossible.is_none() {
            missing.push("an example with `expect = \"unknown\"` (or `unknown_impossible = \"why\"`)");
        }
        for what in missing {
            self.problems.push(Problem::new(self.places.key_at("example"), format!("{what} {MISSING}")));
        }
        if let Some(why) = &file.unknown_impossible {
            self.need("unknown_impossible", !why.trim().is_empty());
            if some(Expect::Unknown) {
                self.at("unknown_impossible", "an example shows that it is possible");
            }
        }
        if some(Expect::Bypass) && file.bypass.is_empty() {
            self.problems.push(Problem::new(
                self.places.key_at("example"),
                "a `[[bypass]]` for the example that expects it is missing",
            ));
        }
        self.minimal_pair();
    }

    fn minimal_pair(&mut self) {
        if self.file.example.len() > EXAMPLES {
            return;
        }
        let of = |expect: Expect| self.file.example.iter().filter(move |example| example.expect == expect);
        let closest =
            of(Expect::Deny).flat_map(|deny| of(Expect::Pass).map(move |pass| differing_lines(deny, pass))).min();
        if let Some(lines) = closest.filter(|lines| *lines > PAIR) {
            let message = format!(
                "no deny and pass example are a minimal pair: the closest differ in {lines} lines, at most {PAIR} may"
            );
            self.problems.push(Problem::new(self.places.key_at("example"), message));
        }
    }
}

fn platform(id: &str) -> &str {
    id.split_once('/').map_or("", |(platform, _)| platform)
}

/// Whether a text has the form of an id.
pub(super) fn is_id(id: &str) -> bool {
    let word =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    id.split_once('/').is_some_and(|(platform, name)| word(platform) && name.split('-').all(word))
}

/// Whether the schema has a path, in which `[]` may follow a list.
fn fact_exists(root: &'static Root, path: &str) -> Result<(), String> {
    let mut parts = path.split('.');
    if parts.next() != Some(root.name) {
        return Err(format!("facts here start with `{}`", root.name));
    }
    let mut ty = Type::Record(root.fields);
    let mut so_far = root.name.to_owned();
    for part in parts {
        let (name, item) = part.strip_suffix("[]").map_or((part, false), |name| (name, true));
        let Some(field) = ty.field(name) else {
            let Type::Record(fields) = ty else {
                return Err(format!("`{so_far}` is {} and has no fields", ty.describe()));
            };
            let names = fields.iter().flat_map(|part| part.iter()).map(|field| field.name);
            let meant =
                spell::nearest(name, names).map_or_else(String::new, |name| format!("; nearest: `{so_far}.{name}`"));
            return Err(format!("no such fact: `{so_far}.{name}`{meant}"));
        };
        so_far = format!("{so_far}.{part}");
        ty = match (item, field.ty) {
            (true, Type::List(item)) => *item,
            (true, other) => return Err(format!("`{so_far}` is {} and has no items", other.describe())),
            (false, other) => other,
        };
    }
    Ok(())
}

/// How many lines of their files two examples differ in; a declared version or a parameter counts as a line.
fn differing_lines(a: &Example, b: &Example) -> usize {
    let names: BTreeSet<_> = a.files.keys().chain(b.files.keys()).collect();
    let text = |example: &'_ Example, name: &String| example.files.get(name).cloned().unwrap_or_default();
    let lines: usize = names.iter().map(|name| differing(&text(a, name), &text(b, name))).sum();
    lines + usize::from(a.version != b.version) + usize::from(a.params != b.params)
}

/// How many lines must be changed, added or dropped.
fn differing(a: &str, b: &str) -> usize {
    let (a, b): (Vec<&str>, Vec<&str>) = (a.lines().collect(), b.lines().collect());
    // Long examples that differ all over are no pair anyway, and the table below is square.
    if a.len() > 500 || b.len() > 500 {
        return if a == b { 0 } else { a.len().max(b.len()) };
    }
    let mut row: Vec<usize> = vec![0; b.len() + 1];
    for x in &a {
        let mut diagonal = 0;
        for (j, y) in b.iter().enumerate() {
            let up = row[j + 1];
            row[j + 1] = if x == y { diagonal + 1 } else { up.max(row[j]) };
            diagonal = up;
        }
    }
    a.len().max(b.len()) - row[b.len()]
}
