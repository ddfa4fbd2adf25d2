//! Types: from what the grammar allows to what can be judged.

use std::ops::Range;
use std::sync::Arc;

use crate::schema::{Root, Type};
use crate::spell;

use super::function::{self, Net};
use super::parse::{Ast, Kind, Named, Order, is_name};
use super::{
    Base, Cond, Expr, Field, Int, Param, Params, Pattern, Problem, Question, Read, Set, Text, Trust, describe,
    root_fields,
};

/// How deep `exists` and `all` may be nested.
const MACROS: usize = 2;

/// The names that an expression may use.
#[derive(Debug, Clone)]
pub struct Scope<'a> {
    /// The platform whose facts are in scope.
    pub root: &'static Root,
    /// The parameters with their defaults.
    pub params: &'a Params,
    /// The items of `for_each`, the outermost first.
    pub bindings: Vec<Binding>,
}

/// The name of an item.
#[derive(Debug, Clone)]
pub struct Binding {
    /// The name.
    pub name: Arc<str>,
    /// The type of the item.
    pub ty: Type,
    /// The path of the item: `redis.acl.users[]`.
    pub path: Arc<str>,
}

/// A path with the type that is found there.
#[derive(Debug, Clone)]
pub struct Path {
    /// How to get there.
    pub read: Read,
    /// What is there.
    pub ty: Type,
}

/// One level of `for_each`.
#[derive(Debug, Clone)]
pub struct Each {
    /// The list.
    pub list: Read,
    /// The name of its items.
    pub name: Arc<str>,
}

impl Scope<'_> {
    /// Finds a path that is written alone: `redis.acl.users`, `user.takeover`.
    ///
    /// # Errors
    /// Where it goes wrong and what was probably meant.
    pub fn path(&self, text: &str) -> Result<Path, Problem> {
        let mut names = Vec::new();
        let mut at = 0;
        for part in text.split('.') {
            let span = at..at + part.len();
            if !part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') || part.is_empty() {
                return Err(Problem::new(span, "expected the path of a fact: names with dots between them"));
            }
            names.push(Named { name: part.to_owned(), span });
            at += part.len() + 1;
        }
        let path = resolve(self, &self.bindings, &names)?;
        if path.read.base == Base::Subject && path.read.fields.is_empty() {
            return Err(Problem::new(0..text.len(), format!("`{text}` is the whole subject: name a fact in it")));
        }
        Ok(path)
    }

    /// Adds the levels of a `for_each`: `redis.acl.users as user, user.takeover as way`.
    ///
    /// # Errors
    /// The first mistake.
    pub fn bind(&mut self, text: &str) -> Result<Vec<Each>, Problem> {
        let mut levels = Vec::new();
        let mut start = 0;
        for part in text.split(',') {
            let end = start + part.len();
            let at = start + (part.len() - part.trim_start().len());
            levels.push(self.bind_one(part.trim(), at).map_err(|problem| {
                let span = problem.span.start.min(end)..problem.span.end.min(end);
                Problem { span, ..problem }
            })?);
            start = end + 1;
        }
        if levels.len() > 2 {
            return Err(Problem::new(0..text.len(), "at most two levels: `path as name, name.path as other`"));
        }
        Ok(levels)
    }

    fn bind_one(&mut self, text: &str, at: usize) -> Result<Each, Problem> {
        let whole = at..at + text.len();
        let mut words = text.split_whitespace();
        let (Some(path), Some("as"), Some(name), None) = (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(Problem::new(whole, "expected `path as name`"));
        };
        let shifted =
            |problem: Problem| Problem { span: at + problem.span.start..at + problem.span.end, reason: problem.reason };
        let found = self.path(path).map_err(shifted)?;
        let Type::List(item) = found.ty else {
            let reason = format!("`{path}` is {}, and `for_each` needs a list", describe(found.ty));
            return Err(Problem::new(at..at + path.len(), reason));
        };
        let name_span = whole.end - name.len()..whole.end;
        self.free_name(name).map_err(|reason| Problem::new(name_span, reason))?;
        let name: Arc<str> = name.into();
        self.bindings.push(Binding { name: name.clone(), ty: *item, path: format!("{}[]", found.read.path).into() });
        Ok(Each { list: found.read, name })
    }

    /// Whether a name may be given to an item.
    fn free_name(&self, name: &str) -> Result<(), String> {
        free_name(self.root, &self.bindings, name)
    }
}

fn free_name(root: &Root, bindings: &[Binding], name: &str) -> Result<(), String> {
    if !is_name(name) {
        return Err(format!("`{name}` is no name"));
    }
    let taken = ["params", "explicit"].contains(&name)
        || name == root.name
        || bindings.iter().any(|binding| *binding.name == *name);
    if taken { Err(format!("the name `{name}` is taken")) } else { Ok(()) }
}

/// Finds what names lead to, from the subject or from an item.
fn resolve(scope: &Scope<'_>, bindings: &[Binding], names: &[Named]) -> Result<Path, Problem> {
    let Some((first, rest)) = names.split_first() else {
        return Err(Problem::new(0..0, "expected the path of a fact"));
    };
    let item = bindings.iter().rposition(|binding| *binding.name == *first.name);
    let (base, mut ty, mut path) = match item {
        Some(index) => (Base::Item(index), bindings[index].ty, bindings[index].path.to_string()),
        None if first.name == scope.root.name => (Base::Subject, root_fields(scope.root), first.name.clone()),
        None => return Err(unknown_name(scope, bindings, first)),
    };
    let mut fields: Vec<Field> = Vec::with_capacity(rest.len());
    let mut parent = first;
    for named in rest {
        let Some(field) = ty.field(&named.name) else {
            return Err(no_field(ty, parent, named, &path));
        };
        path.push('.');
        path.push_str(field.name);
        fields.push(Field::new(field.name));
        ty = field.ty;
        parent = named;
    }
    Ok(Path { read: Read { base, fields: fields.into(), path: path.into() }, ty })
}

fn unknown_name(scope: &Scope<'_>, bindings: &[Binding], named: &Named) -> Problem {
    let names = bindings.iter().map(|binding| &*binding.name).chain([scope.root.name, "params", "explicit"]);
    let meant = spell::nearest(&named.name, names)
        .map_or_else(|| format!("facts start with `{}`", scope.root.name), |name| format!("did you mean `{name}`?"));
    Problem::new(named.span.clone(), format!("unknown name `{}`: {meant}", named.name))
}

fn no_field(ty: Type, parent: &Named, named: &Named, path: &str) -> Problem {
    let span = named.span.clone();
    let Type::Record(parts) = ty else {
        let hint = if matches!(ty, Type::List(_)) { ": ask its items with `exists` or `all`" } else { "" };
        return Problem::new(span, format!("`{}` is {} and has no fields{hint}", parent.name, describe(ty)));
    };
    let names = parts.iter().flat_map(|part| part.iter()).map(|field| field.name);
    let meant = spell::nearest(&named.name, names)
        .map_or_else(|| "`hardline facts` lists all".to_owned(), |name| format!("nearest: `{path}.{name}`"));
    Problem::new(span, format!("no such fact: `{path}.{}`; {meant}", named.name))
}

/// Gives an expression types.
pub(super) fn check(ast: &Ast, scope: &Scope<'_>, trust: Trust) -> Result<Expr, Vec<Problem>> {
    let mut checker =
        Checker { scope, bindings: scope.bindings.clone(), macros: 0, trust, problems: Vec::new(), reads: Vec::new() };
    let cond = checker.cond(ast);
    match cond {
        Some(cond) if checker.problems.is_empty() => {
            checker.reads.sort();
            checker.reads.dedup();
            Ok(Expr { cond, reads: checker.reads })
        }
        _ => {
            checker.problems.sort_by_key(|problem| (problem.span.start, problem.span.end));
            Err(checker.problems)
        }
    }
}

/// A typed expression.
enum Typed {
    Cond(Cond),
    Int(Int),
    Text(Text),
}

impl Typed {
    fn describe(&self) -> &'static str {
        match self {
            Typed::Cond(_) => "a bool",
            Typed::Int(_) => "an integer",
            Typed::Text(_) => "a text",
        }
    }
}

struct Checker<'a> {
    scope: &'a Scope<'a>,
    bindings: Vec<Binding>,
    macros: usize,
    trust: Trust,
    problems: Vec<Problem>,
    reads: Vec<Arc<str>>,
}

/// `None` always means that the problem has been noted.
impl Checker<'_> {
    fn refuse<T>(&mut self, span: &Range<usize>, reason: impl Into<String>) -> Option<T> {
        self.problems.push(Problem::new(span.clone(), reason));
        None
    }

    fn cond(&mut self, ast: &Ast) -> Option<Cond> {
        match self.typed(ast)? {
            Typed::Cond(cond) => Some(cond),
            other => self.refuse(&ast.span, format!("expected a bool, found {}", other.describe())),
        }
    }

    fn int(&mut self, ast: &Ast) -> Option<Int> {
        match self.typed(ast)? {
            Typed::Int(int) => Some(int),
            other => self.refuse(&ast.span, format!("expected an integer, found {}", other.describe())),
        }
    }

    fn text(&mut self, ast: &Ast) -> Option<Text> {
        match self.typed(ast)? {
            Typed::Text(text) => Some(text),
            other => self.refuse(&ast.span, format!("expected a text, found {}", other.describe())),
        }
    }

    /// All conditions, or none if one is wrong; each is looked at.
    fn conds(&mut self, parts: &[Ast]) -> Option<Vec<Cond>> {
        let conds: Vec<_> = parts.iter().map(|part| self.cond(part)).collect();
        conds.into_iter().collect()
    }

    fn typed(&mut self, ast: &Ast) -> Option<Typed> {
        match &ast.kind {
            Kind::Bool(value) => Some(Typed::Cond(Cond::Is(*value))),
            Kind::Int(value) => Some(Typed::Int(Int::Is(*value))),
            Kind::Text(value) => Some(Typed::Text(Text::Is(value.clone()))),
            Kind::List(_) => self.refuse(&ast.span, "a list may only stand on the right of `in`"),
            Kind::Path(names) => self.name(names, &ast.span),
            Kind::Not(inner) => Some(Typed::Cond(Cond::Not(self.cond(inner)?.into()))),
            Kind::And(parts) => Some(Typed::Cond(Cond::And(self.conds(parts)?))),
            Kind::Or(parts) => Some(Typed::Cond(Cond::Or(self.conds(parts)?))),
            Kind::Sum(terms) => self.sum(terms),
            Kind::Compare(order, left, right) => self.compare(*order, left, right, &ast.span),
            Kind::In(left, right) => self.contained(left, right),
            Kind::If(condition, yes, no) => self.ternary(condition, yes, no, &ast.span),
            Kind::Call { target, function, arguments } => {
                self.call(target.as_deref(), function, arguments, &ast.span).map(Typed::Cond).or_else(|| {
                    // `bytes` is the one function that is a number.
                    self.bytes(target.as_deref(), function, arguments)
                })
            }
            Kind::Refused(reason, parts) => {
                for part in parts {
                    if !matches!(part.kind, Kind::List(_)) {
                        self.typed(part);
                    }
                }
                self.refuse(&ast.span, *reason)
            }
        }
    }

    fn sum(&mut self, terms: &[(bool, Ast)]) -> Option<Typed> {
        let terms: Vec<_> = terms.iter().map(|(minus, term)| Some((*minus, self.int(term)?))).collect();
        let terms: Option<Vec<_>> = terms.into_iter().collect();
        Some(Typed::Int(Int::Sum(terms?)))
    }

    fn name(&mut self, names: &[Named], span: &Range<usize>) -> Option<Typed> {
        match names {
            [first, rest @ ..] if first.name == "params" => self.param(rest, span),
            [first, rest @ ..] if first.name == "explicit" => {
                let path = self.path(rest, span)?;
                if matches!(path.ty, Type::Record(_) | Type::Commands) {
                    return self.refuse(span, "`explicit` asks whether a setting is written, and this is a record");
                }
                Some(Typed::Cond(Cond::Explicit(path.read)))
            }
            _ => {
                let path = self.path(names, span)?;
                match path.ty {
                    Type::Bool => Some(Typed::Cond(Cond::Fact(path.read))),
                    Type::Int => Some(Typed::Int(Int::Fact(path.read))),
                    Type::Text => Some(Typed::Text(Text::Fact(path.read))),
                    Type::Secret => {
                        self.refuse(span, "of a secret can only be asked whether it is a literal or `in` a list")
                    }
                    Type::List(_) => {
                        let reason =
                            format!("{} has no value of its own: ask with `exists` or `all`", describe(path.ty));
                        self.refuse(span, reason)
                    }
                    Type::Commands => self.refuse(span, "commands are asked with `can(user, \"command\")`"),
                    Type::Record(_) => self.refuse(span, "a record has no value of its own: name one of its fields"),
                }
            }
        }
    }

    /// The place of a fact, noted as read.
    fn path(&mut self, names: &[Named], span: &Range<usize>) -> Option<Path> {
        if names.is_empty() {
            return self.refuse(span, "`explicit` needs the path of a setting: `explicit.redis.port`");
        }
        match resolve(self.scope, &self.bindings, names) {
            Ok(path) => {
                self.reads.push(path.read.path.clone());
                Some(path)
            }
            Err(problem) => {
                self.problems.push(problem);
                None
            }
        }
    }

    fn param_index(&mut self, rest: &[Named], span: &Range<usize>) -> Option<usize> {
        let [named] = rest else {
            return self.refuse(span, "expected `params.name`");
        };
        let params = self.scope.params;
        let index = params.iter().position(|(name, _)| **name == *named.name);
        if index.is_some() {
            return index;
        }
        let meant = spell::nearest(&named.name, params.iter().map(|(name, _)| &**name));
        let meant = meant.map_or_else(String::new, |name| format!("; did you mean `params.{name}`?"));
        self.refuse(&named.span, format!("no such parameter: `{}`{meant}", named.name))
    }

    fn param(&mut self, rest: &[Named], span: &Range<usize>) -> Option<Typed> {
        let index = self.param_index(rest, span)?;
        match &self.scope.params[index].1 {
            Param::Bool(_) => Some(Typed::Cond(Cond::Param(index))),
            Param::Int(_) => Some(Typed::Int(Int::Param(index))),
            Param::Text(_) => Some(Typed::Text(Text::Param(index))),
            Param::Texts(_) | Param::Ints(_) => self.refuse(span, "a list may only stand on the right of `in`"),
        }
    }

    fn compare(&mut self, order: Order, left: &Ast, right: &Ast, span: &Range<usize>) -> Option<Typed> {
        let equality = matches!(order, Order::Equal | Order::Unequal);
        if equality
            && let Kind::Text(literal) = &right.kind
            && let Some(secret) = self.secret(left)
        {
            let same = Cond::InSecrets(secret, Set::Is([literal.clone()].into()));
            return Some(Typed::Cond(if order == Order::Equal { same } else { Cond::Not(same.into()) }));
        }
        let (a, b) = (self.typed(left), self.typed(right));
        let cond = match (a?, b?) {
            (Typed::Int(a), Typed::Int(b)) => Cond::Ints(order, [a, b].into()),
            (Typed::Text(a), Typed::Text(b)) if equality => Cond::Texts(order == Order::Equal, [a, b].into()),
            (Typed::Cond(a), Typed::Cond(b)) if equality => Cond::Same(order == Order::Equal, [a, b].into()),
            (Typed::Text(_), Typed::Text(_)) => {
                return self.refuse(span, "texts have no order here; for versions there is `version_lt(a, b)`");
            }
            (Typed::Cond(_), Typed::Cond(_)) => return self.refuse(span, "bools have no order"),
            (a, b) => {
                return self.refuse(span, format!("{} is never {}: types differ", a.describe(), b.describe()));
            }
        };
        Some(Typed::Cond(cond))
    }

    /// The place of a secret. All that may be asked of one is whether it is one of some texts.
    fn secret(&mut self, left: &Ast) -> Option<Read> {
        let Kind::Path(names) = &left.kind else { return None };
        let path = resolve(self.scope, &self.bindings, names).ok().filter(|path| path.ty == Type::Secret)?;
        self.reads.push(path.read.path.clone());
        Some(path.read)
    }

    fn contained(&mut self, left: &Ast, right: &Ast) -> Option<Typed> {
        if let Some(secret) = self.secret(left) {
            // Typed as an empty text, the list is checked like any list of texts.
            return match self.in_list(Typed::Text(Text::Is("".into())).into(), right)? {
                Cond::InTexts(_, set) => Some(Typed::Cond(Cond::InSecrets(secret, set))),
                other => Some(Typed::Cond(other)),
            };
        }
        let left = self.typed(left);
        self.in_list(left, right).map(Typed::Cond)
    }

    fn in_list(&mut self, left_typed: Option<Typed>, right: &Ast) -> Option<Cond> {
        if let Kind::Path(names) = &right.kind
            && let [first, rest @ ..] = names.as_slice()
            && first.name == "params"
        {
            let index = self.param_index(rest, &right.span)?;
            let cond = match (left_typed?, &self.scope.params[index].1) {
                (Typed::Text(text), Param::Texts(_)) => Cond::InTexts(text, Set::Param(index)),
                (Typed::Int(int), Param::Ints(_)) => Cond::InInts(int, Set::Param(index)),
                // An empty default does not say of what it is a list.
                (Typed::Int(int), Param::Texts(items)) if items.is_empty() => Cond::InInts(int, Set::Param(index)),
                (left, param) => {
                    let reason = format!("{} is never in {}", left.describe(), param.describe());
                    return self.refuse(&right.span, reason);
                }
            };
            return Some(cond);
        }
        let Kind::List(items) = &right.kind else {
            if !matches!(right.kind, Kind::Path(_)) {
                self.typed(right);
            }
            let reason = "`in` needs a literal list or a list of `params`; a fact's list is asked with `exists`";
            return self.refuse(&right.span, reason);
        };
        self.literal_set(left_typed?, items, &right.span)
    }

    fn literal_set(&mut self, left: Typed, items: &[Ast], span: &Range<usize>) -> Option<Cond> {
        if items.is_empty() {
            return self.refuse(span, "nothing is in an empty list");
        }
        let (mut ints, mut texts) = (Vec::new(), Vec::new());
        let before = self.problems.len();
        for item in items {
            match (&item.kind, &left) {
                (Kind::Int(value), Typed::Int(_)) => ints.push(*value),
                (Kind::Text(value), Typed::Text(_)) => texts.push(value.clone()),
                (Kind::Int(_) | Kind::Text(_) | Kind::Bool(_), _) => {
                    let reason = format!("{} is never this: types differ", left.describe());
                    self.refuse::<()>(&item.span, reason);
                }
                _ => {
                    self.refuse::<()>(&item.span, "only literals may stand in a list");
                }
            }
        }
        if self.problems.len() > before {
            return None;
        }
        ints.sort_unstable();
        texts.sort_unstable();
        match left {
            Typed::Int(int) => Some(Cond::InInts(int, Set::Is(ints.into()))),
            Typed::Text(text) => Some(Cond::InTexts(text, Set::Is(texts.into()))),
            Typed::Cond(_) => None,
        }
    }

    fn ternary(&mut self, condition: &Ast, yes: &Ast, no: &Ast, span: &Range<usize>) -> Option<Typed> {
        let (condition, a, b) = (self.cond(condition), self.typed(yes), self.typed(no));
        match (condition?, a?, b?) {
            (c, Typed::Cond(a), Typed::Cond(b)) => Some(Typed::Cond(Cond::If([c, a, b].into()))),
            (c, Typed::Int(a), Typed::Int(b)) => Some(Typed::Int(Int::If((c, a, b).into()))),
            (c, Typed::Text(a), Typed::Text(b)) => Some(Typed::Text(Text::If((c, a, b).into()))),
            (_, a, b) => {
                let reason = format!("both sides of `? :` need one type: {} and {} differ", a.describe(), b.describe());
                self.refuse(span, reason)
            }
        }
    }

    fn bytes(&mut self, target: Option<&Ast>, function: &Named, arguments: &[Ast]) -> Option<Typed> {
        if function.name != "bytes" || target.is_some() {
            return None;
        }
        match arguments {
            [Ast { kind: Kind::Text(size), span, .. }] => match function::bytes(size) {
                Some(value) => Some(Typed::Int(Int::Is(value))),
                None => self.refuse(span, "expected a size such as \"10m\": a number and k, m or g"),
            },
            _ => self.refuse(&function.span, "expected one literal: `bytes(\"10m\")`"),
        }
    }

    fn call(&mut self, target: Option<&Ast>, function: &Named, arguments: &[Ast], span: &Range<usize>) -> Option<Cond> {
        match (target, function.name.as_str()) {
            (None, "bytes") => None,
            (Some(list), name @ ("exists" | "all")) => self.each(name == "all", list, function, arguments),
            (Some(text), "startsWith" | "endsWith" | "contains" | "matches") => self.ask(text, function, arguments),
            (None, "is_loopback" | "is_private") => {
                let [argument] = arguments else {
                    return self.refuse(span, format!("expected one argument: `{}(address)`", function.name));
                };
                let question = if function.name == "is_private" { Question::Private } else { Question::Loopback };
                Some(Cond::Ask(question, self.text(argument)?))
            }
            (None, "cidr_contains") => self.within(arguments, span),
            (None, "version_lt") => {
                let [a, b] = arguments else {
                    return self.refuse(span, "expected two arguments: `version_lt(a, b)`");
                };
                let (a, b) = (self.text(a), self.text(b));
                Some(Cond::Before([a?, b?].into()))
            }
            (None, "can") => self.can(arguments, span),
            (target, name) => {
                let reason = refused_call(target.is_some(), name);
                self.refuse(&function.span, reason)
            }
        }
    }

    fn within(&mut self, arguments: &[Ast], span: &Range<usize>) -> Option<Cond> {
        let [Ast { kind: Kind::Text(net), span: net_span, .. }, address] = arguments else {
            return self.refuse(span, "expected `cidr_contains(\"10.0.0.0/8\", address)` with a literal network");
        };
        let address = self.text(address);
        let Some(net) = Net::parse(net) else {
            return self.refuse(net_span, format!("`{net}` is no network: expected an address, `/` and a length"));
        };
        Some(Cond::Ask(Question::Within(net), address?))
    }

    fn can(&mut self, arguments: &[Ast], span: &Range<usize>) -> Option<Cond> {
        let [user, Ast { kind: Kind::Text(command), span: command_span, .. }] = arguments else {
            return self.refuse(span, "expected `can(user, \"command\")` with a literal command");
        };
        // Of a server a path is asked, which may be written in any way.
        let path = ["read /", "run /", "hand /"].iter().any(|start| command.starts_with(start));
        if !path
            && (command.is_empty()
                || command.bytes().any(|byte| byte.is_ascii_uppercase() || byte.is_ascii_whitespace()))
        {
            let reason = "a command is written in small letters, its subcommand after `|`: \"config|set\"";
            return self.refuse(command_span, reason);
        }
        let Kind::Path(names) = &user.kind else {
            return self.refuse(&user.span, "expected the path of a user");
        };
        let path = self.path(names, &user.span)?;
        let Some(field) = path.ty.field("commands").filter(|field| field.ty == Type::Commands) else {
            return self.refuse(&user.span, "this is neither a user nor a server: it has no `commands` to ask");
        };
        let mut fields = path.read.fields.to_vec();
        fields.push(Field::new(field.name));
        let full: Arc<str> = format!("{}.{}", path.read.path, field.name).into();
        self.reads.pop();
        self.reads.push(full.clone());
        Some(Cond::Can(Read { base: path.read.base, fields: fields.into(), path: full }, command.clone()))
    }

    fn ask(&mut self, text: &Ast, function: &Named, arguments: &[Ast]) -> Option<Cond> {
        let text = self.text(text);
        let [Ast { kind: Kind::Text(literal), span, .. }] = arguments else {
            return self.refuse(&function.span, format!("`{}` needs one literal text", function.name));
        };
        let literal = literal.clone();
        let question = match function.name.as_str() {
            "startsWith" => Question::StartsWith(literal),
            "endsWith" => Question::EndsWith(literal),
            "contains" => Question::Contains(literal),
            _ => {
                if self.trust == Trust::Vet
                    && let Err(error) = Pattern::compile(&literal)
                {
                    let error = error.to_string();
                    let last = error.lines().last().unwrap_or("not a regular expression");
                    return self.refuse(span, format!("bad pattern: {}", last.trim_start_matches("error: ")));
                }
                Question::Matches(Pattern::new(literal))
            }
        };
        Some(Cond::Ask(question, text?))
    }

    fn each(&mut self, all: bool, list: &Ast, function: &Named, arguments: &[Ast]) -> Option<Cond> {
        let Kind::Path(names) = &list.kind else {
            self.typed(list);
            return self.refuse(&list.span, format!("`{}` asks a list of facts", function.name));
        };
        let path = self.path(names, &list.span)?;
        let Type::List(item) = path.ty else {
            let reason = format!("`{}` asks a list, and this is {}", function.name, describe(path.ty));
            return self.refuse(&list.span, reason);
        };
        let [Ast { kind: Kind::Path(variable), span, .. }, body] = arguments else {
            return self.refuse(&function.span, format!("expected `{}(item, condition)`", function.name));
        };
        let [variable] = variable.as_slice() else {
            return self.refuse(span, "expected a name for the item");
        };
        if let Err(reason) = free_name(self.scope.root, &self.bindings, &variable.name) {
            return self.refuse(span, reason);
        }
        if self.macros >= MACROS {
            return self.refuse(&function.span, "`exists` and `all` may be nested twice, not deeper");
        }
        let name: Arc<str> = variable.name.as_str().into();
        self.bindings.push(Binding { name, ty: *item, path: format!("{}[]", path.read.path).into() });
        self.macros += 1;
        let body = self.cond(body);
        self.macros -= 1;
        self.bindings.pop();
        Some(Cond::Each(all, path.read, body?.into()))
    }
}

/// Why a function is not there.
fn refused_call(method: bool, name: &str) -> String {
    let known = if method {
        &["exists", "all", "startsWith", "endsWith", "contains", "matches"][..]
    } else {
        &["bytes", "can", "cidr_contains", "is_loopback", "is_private", "version_lt"][..]
    };
    match name {
        "has" => "`has` is not offered: a fact that is not there is unknown; ask `explicit.…` whether it is written"
            .to_owned(),
        "size" => "`size` is not offered: an incomplete list has none; ask with `exists` or `all`".to_owned(),
        "type" | "dyn" => format!("`{name}` is not offered: every type is known when the check is loaded"),
        "int" | "uint" | "double" | "string" | "bool" | "timestamp" | "duration" => {
            format!("`{name}` is not offered: nothing is converted")
        }
        "map" | "filter" | "exists_one" => format!("`{name}` is not offered: ask with `exists` or `all`"),
        _ if method && FREE.contains(&name) => format!("`{name}` is no method: write `{name}(…)`"),
        _ => match spell::nearest(name, known.iter().copied()) {
            Some(meant) => format!("no such function: `{name}`; did you mean `{meant}`?"),
            None => format!("no such function: `{name}`; there are {}", known.join(", ")),
        },
    }
}

const FREE: [&str; 6] = ["bytes", "can", "cidr_contains", "is_loopback", "is_private", "version_lt"];
