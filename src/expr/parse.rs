//! From words to a tree: a Pratt parser for CEL's grammar.
//!
//! Everything that CEL's grammar allows and our language does not (`a * b`, `x[0]`, `{}`) is parsed all the same and
//! becomes [`Kind::Refused`], so that the type checker can report all of them at once. The height of the tree is
//! limited while it is built, so nothing that walks it later can run out of stack.

use std::ops::Range;
use std::sync::Arc;

use super::Problem;
use super::lex::{self, Token, Word};

/// How high a tree may be, and how deep brackets may be nested.
const NESTING: u16 = 32;

/// A piece of an expression, before types are known.
#[derive(Debug)]
pub(super) struct Ast {
    pub kind: Kind,
    pub span: Range<usize>,
    height: u16,
}

/// A name and where it is.
#[derive(Debug, Clone)]
pub(super) struct Named {
    pub name: String,
    pub span: Range<usize>,
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// `==`
    Equal,
    /// `!=`
    Unequal,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

#[derive(Debug)]
pub(super) enum Kind {
    Bool(bool),
    Int(i64),
    Text(Arc<str>),
    List(Vec<Ast>),
    /// `a.b.c`, the base first.
    Path(Vec<Named>),
    Not(Box<Ast>),
    And(Vec<Ast>),
    Or(Vec<Ast>),
    /// Terms, each with whether it is subtracted.
    Sum(Vec<(bool, Ast)>),
    Compare(Order, Box<Ast>, Box<Ast>),
    In(Box<Ast>, Box<Ast>),
    If(Box<Ast>, Box<Ast>, Box<Ast>),
    Call {
        target: Option<Box<Ast>>,
        function: Named,
        arguments: Vec<Ast>,
    },
    /// Something CEL has and this language does not, with the reason and the parts that can still be checked.
    Refused(&'static str, Vec<Ast>),
}

/// Parses a whole expression.
pub(super) fn parse(text: &str) -> Result<Ast, Problem> {
    let words = lex::words(text)?;
    let mut parser = Parser { text, words, next: 0, depth: 0 };
    let ast = parser.expression()?;
    let word = parser.peek();
    if word.token == Token::End {
        return Ok(ast);
    }
    let reason = match word.token {
        Token::Sign("=") => "to compare, write `==`".to_owned(),
        Token::Sign("|") => "for `or`, write `||`".to_owned(),
        _ => format!("`{}` cannot follow here", &text[word.span.clone()]),
    };
    Err(Problem::new(word.span.clone(), reason))
}

struct Parser<'t> {
    text: &'t str,
    words: Vec<Word>,
    next: usize,
    depth: u16,
}

/// How tightly a binary operator binds.
fn precedence(token: &Token, name: &str) -> Option<u8> {
    match token {
        Token::Sign("||") => Some(1),
        Token::Sign("&&") => Some(2),
        Token::Sign("==" | "!=" | "<" | "<=" | ">" | ">=") => Some(3),
        Token::Name if name == "in" => Some(3),
        Token::Sign("+" | "-") => Some(4),
        Token::Sign("*" | "/" | "%") => Some(5),
        _ => None,
    }
}

/// The words that CEL keeps for itself.
const RESERVED: [&str; 21] = [
    "in",
    "null",
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
    "true",
    "false",
];

/// Whether a word can be the name of a variable.
pub fn is_name(word: &str) -> bool {
    let mut bytes = word.bytes();
    bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !RESERVED.contains(&word)
}

impl Parser<'_> {
    fn peek(&self) -> &Word {
        // `End` is always last and never passed.
        &self.words[self.next.min(self.words.len() - 1)]
    }

    fn advance(&mut self) -> Word {
        let word = self.peek().clone();
        self.next += 1;
        word
    }

    fn eat(&mut self, sign: &str) -> Option<Range<usize>> {
        match &self.peek().token {
            Token::Sign(found) if *found == sign => Some(self.advance().span),
            _ => None,
        }
    }

    fn expect(&mut self, sign: &str, why: &str) -> Result<Range<usize>, Problem> {
        match self.eat(sign) {
            Some(span) => Ok(span),
            None => Err(Problem::new(self.peek().span.clone(), format!("expected `{sign}` {why}"))),
        }
    }

    /// Runs `inside` one level deeper.
    fn deeper<T>(&mut self, inside: impl FnOnce(&mut Self) -> Result<T, Problem>) -> Result<T, Problem> {
        if self.depth >= NESTING {
            return Err(too_deep(self.peek().span.clone()));
        }
        self.depth += 1;
        let result = inside(self);
        self.depth -= 1;
        result
    }

    fn expression(&mut self) -> Result<Ast, Problem> {
        self.deeper(|parser| {
            let condition = parser.binary(1)?;
            if parser.eat("?").is_none() {
                return Ok(condition);
            }
            let yes = parser.binary(1)?;
            parser.expect(":", "of the `? :`")?;
            let no = parser.expression()?;
            let span = condition.span.start..no.span.end;
            let height = condition.height.max(yes.height).max(no.height);
            node(Kind::If(condition.into(), yes.into(), no.into()), span, height)
        })
    }

    fn binary(&mut self, least: u8) -> Result<Ast, Problem> {
        let mut left = self.unary()?;
        loop {
            let word = self.peek();
            let Some(binds) = precedence(&word.token, &self.text[word.span.clone()]).filter(|binds| *binds >= least)
            else {
                return Ok(left);
            };
            let operator = self.advance();
            let right = self.binary(binds + 1)?;
            left = join(left, &operator.token, right)?;
        }
    }

    fn unary(&mut self) -> Result<Ast, Problem> {
        if let Some(sign) = self.eat("!") {
            let operand = self.deeper(Self::unary)?;
            let (span, height) = (sign.start..operand.span.end, operand.height);
            return node(Kind::Not(operand.into()), span, height);
        }
        if let Some(sign) = self.eat("-") {
            if let Token::Int(value) = self.peek().token {
                let end = self.advance().span.end;
                return node(Kind::Int(-value), sign.start..end, 0);
            }
            let operand = self.deeper(Self::unary)?;
            let (span, height) = (sign.start..operand.span.end, operand.height);
            return node(Kind::Refused("unary minus is not offered: write `0 - x`", vec![operand]), span, height);
        }
        self.member()
    }

    fn member(&mut self) -> Result<Ast, Problem> {
        let mut value = self.primary()?;
        loop {
            if self.eat(".").is_some() {
                value = self.select(value)?;
            } else if self.eat("[").is_some() {
                let index = self.expression()?;
                let end = self.expect("]", "after the index")?.end;
                let (span, height) = (value.span.start..end, value.height.max(index.height));
                let reason = "indexing is not offered: ask with `exists` or `all`";
                value = node(Kind::Refused(reason, vec![value, index]), span, height)?;
            } else {
                return Ok(value);
            }
        }
    }

    /// What follows a dot.
    fn select(&mut self, value: Ast) -> Result<Ast, Problem> {
        if self.eat("?").is_some() {
            return Err(Problem::new(
                self.peek().span.clone(),
                "`?.` is not offered: a fact that is not there is unknown by itself",
            ));
        }
        let word = self.advance();
        if word.token != Token::Name {
            return Err(Problem::new(word.span, "expected a name after the dot"));
        }
        let field = Named { name: self.text[word.span.clone()].to_owned(), span: word.span };
        if self.eat("(").is_some() {
            let (arguments, end) = self.arguments(")")?;
            return call(Some(value), field, arguments, end);
        }
        let span = value.span.start..field.span.end;
        match value.kind {
            Kind::Path(mut names) => {
                names.push(field);
                node(Kind::Path(names), span, 0)
            }
            _ => {
                let height = value.height;
                node(Kind::Refused("only facts have fields", vec![value]), span, height)
            }
        }
    }

    fn primary(&mut self) -> Result<Ast, Problem> {
        let word = self.advance();
        let span = word.span.clone();
        match word.token {
            Token::Int(value) => node(Kind::Int(value), span, 0),
            Token::Text(value) => node(Kind::Text(value), span, 0),
            Token::Name => self.named(span),
            Token::Sign("(") => {
                let mut inner = self.expression()?;
                let end = self.expect(")", "to close the `(`")?.end;
                inner.span = span.start..end;
                Ok(inner)
            }
            Token::Sign("[") => {
                let (items, end) = self.arguments("]")?;
                let height = highest(&items);
                node(Kind::List(items), span.start..end, height)
            }
            Token::Sign("{") => Err(Problem::new(span, "maps and messages are not part of the expression language")),
            Token::End => Err(Problem::new(span, "the expression ends too early")),
            _ => Err(Problem::new(span.clone(), format!("expected a value, not `{}`", &self.text[span]))),
        }
    }

    fn named(&mut self, span: Range<usize>) -> Result<Ast, Problem> {
        let name = self.text[span.clone()].to_owned();
        match name.as_str() {
            "true" => return node(Kind::Bool(true), span, 0),
            "false" => return node(Kind::Bool(false), span, 0),
            "null" => return node(Kind::Refused("there is no null: what is not known is unknown", vec![]), span, 0),
            _ => {}
        }
        if RESERVED.contains(&name.as_str()) {
            return Err(Problem::new(span, format!("`{name}` is a word that CEL keeps for itself")));
        }
        let named = Named { name, span: span.clone() };
        if self.eat("(").is_some() {
            let (arguments, end) = self.arguments(")")?;
            return call(None, named, arguments, end);
        }
        node(Kind::Path(vec![named]), span, 0)
    }

    /// Values up to the closing bracket, and where that ends.
    fn arguments(&mut self, close: &str) -> Result<(Vec<Ast>, usize), Problem> {
        let mut arguments = Vec::new();
        loop {
            if let Some(span) = self.eat(close) {
                return Ok((arguments, span.end));
            }
            arguments.push(self.expression()?);
            if self.eat(",").is_none() {
                let end = self.expect(close, "or `,`")?.end;
                return Ok((arguments, end));
            }
        }
    }
}

fn highest(parts: &[Ast]) -> u16 {
    parts.iter().map(|part| part.height).max().unwrap_or(0)
}

fn too_deep(span: Range<usize>) -> Problem {
    Problem::new(span, format!("nested more than {NESTING} deep"))
}

/// A node above parts of which the highest has this height.
fn node(kind: Kind, span: Range<usize>, below: u16) -> Result<Ast, Problem> {
    if below >= NESTING {
        return Err(too_deep(span));
    }
    Ok(Ast { kind, span, height: below + 1 })
}

fn call(target: Option<Ast>, function: Named, arguments: Vec<Ast>, end: usize) -> Result<Ast, Problem> {
    let start = target.as_ref().map_or(function.span.start, |target| target.span.start);
    let height = highest(&arguments).max(target.as_ref().map_or(0, |target| target.height));
    node(Kind::Call { target: target.map(Box::new), function, arguments }, start..end, height)
}

/// Two operands of a binary operator. Chains of `&&`, of `||` and of `+ -` are one node, so they may be long.
fn join(left: Ast, operator: &Token, right: Ast) -> Result<Ast, Problem> {
    let span = left.span.start..right.span.end;
    let height = left.height.max(right.height);
    let sign = match operator {
        Token::Sign(sign) => *sign,
        _ => return node(Kind::In(left.into(), right.into()), span, height),
    };
    let order = match sign {
        "&&" => return chain(left, right, span, Kind::And, |kind| matches!(kind, Kind::And(_))),
        "||" => return chain(left, right, span, Kind::Or, |kind| matches!(kind, Kind::Or(_))),
        "+" | "-" => return sum(left, sign == "-", right, span),
        "==" => Order::Equal,
        "!=" => Order::Unequal,
        "<" => Order::Less,
        "<=" => Order::LessOrEqual,
        ">" => Order::Greater,
        ">=" => Order::GreaterOrEqual,
        _ => {
            let reason = "`*`, `/` and `%` are not offered: only `+` and `-` are";
            return node(Kind::Refused(reason, vec![left, right]), span, height);
        }
    };
    node(Kind::Compare(order, left.into(), right.into()), span, height)
}

fn chain(
    left: Ast,
    right: Ast,
    span: Range<usize>,
    make: fn(Vec<Ast>) -> Kind,
    same: fn(&Kind) -> bool,
) -> Result<Ast, Problem> {
    if same(&left.kind)
        && let Kind::And(mut parts) | Kind::Or(mut parts) = left.kind
    {
        let height = (left.height - 1).max(right.height);
        parts.push(right);
        return node(make(parts), span, height);
    }
    let height = left.height.max(right.height);
    node(make(vec![left, right]), span, height)
}

fn sum(left: Ast, minus: bool, right: Ast, span: Range<usize>) -> Result<Ast, Problem> {
    if let Kind::Sum(mut terms) = left.kind {
        let height = (left.height - 1).max(right.height);
        terms.push((minus, right));
        return node(Kind::Sum(terms), span, height);
    }
    let height = left.height.max(right.height);
    node(Kind::Sum(vec![(false, left), (minus, right)]), span, height)
}
