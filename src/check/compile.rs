//! From a check file to a check that can judge: paths are found, expressions get types.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use crate::edit::EditOp;
use crate::expr::{self, Each, Expr, Params, Path, Scope, Trust, is_name};
use crate::finding::{CheckId, Confidence, Family, FixWords, Safety, Severity};
use crate::schema::{Root, Type};
use crate::spell;

use super::places::Places;
use super::{Also, AlsoTable, Bypass, Check, CheckFile, Later, Message, Piece, Problem, Rest, Rule, Words};

/// Compiles what a file says. `places` may be empty; then no problem has a place.
///
/// # Errors
/// Every path and expression that is wrong.
pub fn compile(
    file: &CheckFile,
    roots: &[&'static Root],
    trust: Trust,
    places: &Places,
) -> Result<Check, Vec<Problem>> {
    let mut problems = Vec::new();
    let params: Params = file.params.iter().map(|(name, value)| (name.as_str().into(), value.clone())).collect();
    for (name, _) in params.iter().filter(|(name, _)| !is_name(name)) {
        let at = places.key_at(&format!("params.{name}"));
        problems.push(Problem::new(at, format!("`{name}` is no name for a parameter: letters, digits and `_`")));
    }
    let Some(root) = roots.iter().copied().find(|root| root.name == file.rule.reads) else {
        if !file.rule.reads.is_empty() {
            problems.push(Problem::new(places.value_at("rule.reads"), unknown_platform(&file.rule.reads, roots)));
        }
        return Err(problems);
    };
    let scope = Scope { root, params: &params, bindings: Vec::new() };
    let mut compiler = Compiler { scope, trust, places, problems };
    let Some(for_each) = compiler.for_each(file) else {
        // Without its items nothing else in the file makes sense.
        return Err(compiler.problems);
    };
    let rule = compiler.rule(file, for_each);
    let rest = compiler.rest(file);
    let Compiler { problems, .. } = compiler;
    match (rule, rest) {
        (Some(rule), Some(rest)) if problems.is_empty() => Ok(assemble(file, params, rule, rest)),
        _ => Err(problems),
    }
}

/// Compiles what is only needed where the fault is there, of a check that comes with hardline.
///
/// # Errors
/// What is wrong with it.
pub fn rest(file: &CheckFile, root: &'static Root, params: &Params) -> Result<Rest, String> {
    let scope = Scope { root, params, bindings: Vec::new() };
    let mut compiler = Compiler { scope, trust: Trust::Embedded, places: &Places::default(), problems: Vec::new() };
    let rest = compiler.for_each(file).and_then(|_| compiler.rest(file));
    rest.filter(|_| compiler.problems.is_empty()).ok_or_else(|| told(compiler.problems))
}

/// All that is wrong, in one line.
pub fn told(problems: Vec<Problem>) -> String {
    problems.into_iter().map(|problem| problem.message).collect::<Vec<_>>().join("; ")
}

fn assemble(file: &CheckFile, params: Params, rule: Rule, rest: Rest) -> Check {
    Check {
        id: CheckId(file.id.as_str().into()),
        // Vetting refuses a file without these; the words here never reach a user.
        severity: file.severity.unwrap_or(Severity::Medium),
        confidence: file.confidence.unwrap_or(Confidence::Low),
        family: file.family.unwrap_or(Family::Operations),
        formerly: file.formerly.clone(),
        default: file.default.unwrap_or(true),
        vetoes_fixes: file.vetoes_fixes.unwrap_or(false),
        params,
        facts: fact_names(&rule, &rest).into(),
        rule,
        words: Arc::new(Later::now(words(file))),
        rest: Later::now(Ok(rest)),
    }
}

/// What people read about a check.
pub fn words(file: &CheckFile) -> Words {
    let fix = &file.fix;
    Words {
        title: file.title.clone(),
        owner: file.owner.clone(),
        tags: file.tags.clone(),
        references: file.references.clone(),
        rationale: file.rationale.clone(),
        overlaps: file.overlaps.iter().map(|id| CheckId(id.as_str().into())).collect(),
        bypass: file.bypass.iter().map(|bypass| bypass.reason.clone()).collect(),
        fix: Arc::new(FixWords {
            title: fix.title.clone(),
            safety: fix.safety.unwrap_or(Safety::DisplayOnly),
            hint: fix.hint.clone(),
            expected: fix.expected.clone(),
            rollback: fix.rollback.clone(),
        }),
    }
}

/// The names of all facts that have to do with a check, sorted.
fn fact_names(rule: &Rule, rest: &Rest) -> String {
    let paths = std::iter::once(&rest.at).chain(rest.also.iter().map(|also| &also.path));
    let shown = rest.message.0.iter().filter_map(|piece| if let Piece::Fact(path) = piece { Some(path) } else { None });
    let edits = rest.edits.iter().flat_map(|(_, paths)| paths);
    let conditions =
        rest.bypass.iter().map(|bypass| &bypass.when).chain(rest.also.iter().filter_map(|also| also.when.as_ref()));
    let reads = [&rule.when, &rule.deny].into_iter().chain(conditions).flat_map(|expr| &expr.reads);
    let lists = rule.for_each.iter().map(|each| &each.list.path);
    let all = paths.chain(shown).chain(edits).map(|path| &path.read.path).chain(reads).chain(lists);
    let names = all.filter_map(|path| path.split('.').nth(1)).map(|name| name.trim_end_matches("[]"));
    names.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(" ")
}

fn unknown_platform(reads: &str, roots: &[&'static Root]) -> String {
    let names: Vec<&str> = roots.iter().map(|root| root.name).collect();
    match spell::nearest(reads, names.iter().copied()) {
        Some(meant) => format!("no such platform: `{reads}`; did you mean `{meant}`?"),
        None => format!("no such platform: `{reads}`; there are {}", names.join(", ")),
    }
}

struct Compiler<'a> {
    scope: Scope<'a>,
    trust: Trust,
    places: &'a Places,
    problems: Vec<Problem>,
}

/// `None` always means that the problem has been noted, or that vetting notes it as missing.
impl Compiler<'_> {
    fn note(&mut self, key: &str, problem: expr::Problem) {
        self.problems.push(Problem::new(self.places.within(key, &problem.span), problem.reason));
    }

    fn for_each(&mut self, file: &CheckFile) -> Option<Vec<Each>> {
        let Some(text) = &file.rule.for_each else { return Some(Vec::new()) };
        match self.scope.bind(text) {
            Ok(levels) => Some(levels),
            Err(problem) => {
                self.note("rule.for_each", problem);
                None
            }
        }
    }

    fn rule(&mut self, file: &CheckFile, for_each: Vec<Each>) -> Option<Rule> {
        let table = &file.rule;
        let when = table.when.as_deref().map_or_else(|| Some(Expr::always()), |text| self.expr("rule.when", text));
        let deny = self.expr("rule.deny", &table.deny);
        Some(Rule::new(self.scope.root.name, for_each, when?, deny?))
    }

    fn rest(&mut self, file: &CheckFile) -> Option<Rest> {
        let table = &file.rule;
        let at = self.path("rule.at", &table.at);
        let also: Vec<_> = table.also.iter().enumerate().map(|(index, also)| self.also(index, also)).collect();
        let message = self.message("rule.message", &table.message);
        let bypass = self.bypass(file);
        let edits = self.edits(file);
        Some(Rest {
            at: at?,
            also: also.into_iter().collect::<Option<_>>()?,
            message: message?,
            bypass: bypass?,
            edits: edits?,
        })
    }

    fn also(&mut self, index: usize, also: &AlsoTable) -> Option<Also> {
        let key = format!("rule.also[{index}]");
        match also {
            AlsoTable::Path(path) => Some(Also { path: self.path(&key, path)?, when: None }),
            AlsoTable::When(table) => {
                let path = self.path(&format!("{key}.path"), &table.path);
                let when = self.expr(&format!("{key}.when"), &table.when);
                Some(Also { path: path?, when: Some(when?) })
            }
        }
    }

    fn bypass(&mut self, file: &CheckFile) -> Option<Vec<Bypass>> {
        let bypasses: Vec<_> = file
            .bypass
            .iter()
            .enumerate()
            .map(|(index, table)| {
                let when = self.expr(&format!("bypass[{index}].when"), &table.when)?;
                Some(Bypass { reason: table.reason.clone(), when, example: table.example.clone() })
            })
            .collect();
        bypasses.into_iter().collect()
    }

    fn edits(&mut self, file: &CheckFile) -> Option<Vec<(EditOp, Vec<Path>)>> {
        let table = file.fix.edits.iter().enumerate();
        let edits: Vec<_> =
            table.map(|(index, op)| Some((op.clone(), self.edit_paths(&format!("fix.edits[{index}]"), op)?))).collect();
        edits.into_iter().collect()
    }

    fn edit_paths(&mut self, key: &str, op: &EditOp) -> Option<Vec<Path>> {
        let paths: Vec<_> =
            op.paths().into_iter().map(|(name, path)| self.path(&format!("{key}.{name}"), path)).collect();
        paths.into_iter().collect()
    }

    fn expr(&mut self, key: &str, text: &str) -> Option<Expr> {
        if text.trim().is_empty() {
            return None;
        }
        if self.trust == Trust::Vet && !self.places.is_plain(key) {
            let at = self.places.value_at(key);
            self.problems.push(Problem::new(at, "write an expression between single quotes, where `\\` is itself"));
            return None;
        }
        match Expr::compile(text, &self.scope, self.trust) {
            Ok(expr) => Some(expr),
            Err(problems) => {
                for problem in problems {
                    self.note(key, problem);
                }
                None
            }
        }
    }

    fn path(&mut self, key: &str, text: &str) -> Option<Path> {
        if text.is_empty() {
            return None;
        }
        match self.scope.path(text) {
            Ok(path) => Some(path),
            Err(problem) => {
                self.note(key, problem);
                None
            }
        }
    }

    fn message(&mut self, key: &str, text: &str) -> Option<Message> {
        let mut pieces = Vec::new();
        let before = self.problems.len();
        for part in parts(text) {
            match part {
                Part::Text(text) => pieces.push(Piece::Text(text)),
                Part::Open(span) => {
                    self.note(key, expr::Problem::new(span, "a brace without its pair; write `{{` or `}}`"))
                }
                Part::Place(span) => match self.placeholder(&text[span.clone()]) {
                    Ok(piece) => pieces.push(piece),
                    Err(problem) => {
                        let shifted = span.start + problem.span.start..span.start + problem.span.end;
                        self.note(key, expr::Problem::new(shifted, problem.reason));
                    }
                },
            }
        }
        (self.problems.len() == before).then_some(Message(pieces))
    }

    fn placeholder(&self, text: &str) -> Result<Piece, expr::Problem> {
        if let Some(name) = text.strip_prefix("params.") {
            let index = self.scope.params.iter().position(|(known, _)| **known == *name);
            return index
                .map(Piece::Param)
                .ok_or_else(|| expr::Problem::new(0..text.len(), format!("no such parameter: `{name}`")));
        }
        let path = self.scope.path(text)?;
        let shown = match path.ty {
            Type::Record(_) | Type::Commands => false,
            Type::List(item) => match item {
                Type::Record(_) => shown_field(*item).is_some(),
                _ => true,
            },
            _ => true,
        };
        if shown {
            Ok(Piece::Fact(path))
        } else {
            Err(expr::Problem::new(0..text.len(), "this cannot be shown in a message: name one of its fields"))
        }
    }
}

/// The field that stands for a record in a list: its first text.
pub fn shown_field(ty: Type) -> Option<&'static str> {
    match ty {
        Type::Record(parts) => {
            parts.iter().flat_map(|part| part.iter()).find(|field| field.ty == Type::Text).map(|field| field.name)
        }
        _ => None,
    }
}

enum Part {
    Text(String),
    /// What is between braces.
    Place(Range<usize>),
    /// A brace alone.
    Open(Range<usize>),
}

/// A message in its parts.
fn parts(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut plain = String::new();
    let mut at = 0;
    while let Some(next) = text[at..].chars().next() {
        let rest = &text[at..];
        if let Some(brace) = ["{{", "}}"].into_iter().find(|brace| rest.starts_with(brace)) {
            plain.push_str(&brace[..1]);
            at += 2;
        } else if next == '{' || next == '}' {
            parts.push(Part::Text(std::mem::take(&mut plain)));
            let end = if next == '{' { rest.find('}') } else { None };
            parts.push(end.map_or(Part::Open(at..at + 1), |end| Part::Place(at + 1..at + end)));
            at += end.map_or(1, |end| end + 1);
        } else {
            plain.push(next);
            at += next.len_utf8();
        }
    }
    parts.push(Part::Text(plain));
    parts.retain(|part| !matches!(part, Part::Text(text) if text.is_empty()));
    parts
}

/// The paths of items of `for_each`, the outermost first: `redis.acl.users[3]`; `[]` for one of which nothing is known.
pub fn items(rule: &Rule, numbers: &[Option<u32>]) -> Vec<Arc<str>> {
    let mut items: Vec<Arc<str>> = Vec::new();
    for (each, number) in rule.for_each.iter().zip(numbers) {
        let base = match each.list.base {
            expr::Base::Subject => rule.reads,
            expr::Base::Item(depth) => items.get(depth).map_or("", |item| item),
        };
        let list = each.list.fields.iter().fold(base.to_owned(), |path, field| format!("{path}.{}", field.name));
        items.push(format!("{list}[{}]", number.map_or_else(String::new, |number| number.to_string())).into());
    }
    items
}

/// The path of a fact as a fix names it, items numbered; `items` are the paths of the items of `for_each`.
pub fn numbered(path: &Path, root: &str, items: &[Arc<str>]) -> Option<String> {
    let base = match path.read.base {
        expr::Base::Subject => root,
        expr::Base::Item(depth) => items.get(depth)?,
    };
    Some(path.read.fields.iter().fold(base.to_owned(), |path, field| format!("{path}.{}", field.name)))
}
