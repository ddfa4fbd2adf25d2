//! Packs expressions: each construct is a word, before the words of its parts.

use super::function;
use super::parse::{Ast, Kind, Named, Order};
use super::{Packer, Param};

/// The platforms that have no secrets. A test would say if one had.
const OPEN: [&str; 2] = ["nginx", "hardline"];

/// The type of an expression, as far as its form says.
#[derive(Clone, Copy, PartialEq)]
enum Type {
    Cond,
    Int,
    Text,
}

/// `None` always means that it is not packed.
impl Packer<'_> {
    /// The type that the form of an expression has.
    fn type_of(&self, ast: &Ast) -> Option<Type> {
        match &ast.kind {
            Kind::Bool(_) | Kind::Not(_) | Kind::And(_) | Kind::Or(_) | Kind::Compare(..) | Kind::In(..) => {
                Some(Type::Cond)
            }
            Kind::Int(_) | Kind::Sum(_) => Some(Type::Int),
            Kind::Text(_) => Some(Type::Text),
            Kind::If(_, yes, no) => self.type_of(yes).or_else(|| self.type_of(no)),
            Kind::Call { function, .. } if function.name == "bytes" => Some(Type::Int),
            Kind::Call { .. } => Some(Type::Cond),
            Kind::Path(names) if names.first()?.name == "explicit" => Some(Type::Cond),
            Kind::Path(names) => match self.param(names)?.1 {
                Param::Bool => Some(Type::Cond),
                Param::Int => Some(Type::Int),
                Param::Text => Some(Type::Text),
                Param::Texts | Param::Ints | Param::Empty => None,
            },
            Kind::List(_) | Kind::Refused(..) => None,
        }
    }

    pub(super) fn cond(&mut self, ast: &Ast) -> Option<()> {
        match &ast.kind {
            Kind::Bool(value) => self.word(if *value { "T" } else { "F" }),
            Kind::Path(names) => match names.as_slice() {
                [first, rest @ ..] if first.name == "explicit" => {
                    self.word("x");
                    self.path(rest)?;
                }
                _ => self.fact(names, Param::Bool)?,
            },
            Kind::Not(inner) => {
                self.word("!");
                self.cond(inner)?;
            }
            Kind::And(parts) | Kind::Or(parts) => {
                self.word(if matches!(ast.kind, Kind::And(_)) { "&" } else { "|" });
                self.word(parts.len());
                parts.iter().try_for_each(|part| self.cond(part))?;
            }
            Kind::If(condition, yes, no) => {
                self.word("?");
                [condition, yes, no].iter().try_for_each(|part| self.cond(part))?;
            }
            Kind::Compare(order, left, right) => self.compare(*order, left, right)?,
            Kind::In(left, right) => self.contained(left, right)?,
            Kind::Call { target, function, arguments } => self.call(target.as_deref(), &function.name, arguments)?,
            Kind::Int(_) | Kind::Text(_) | Kind::List(_) | Kind::Sum(_) | Kind::Refused(..) => return None,
        }
        Some(())
    }

    /// A fact, or a parameter of this type.
    fn fact(&mut self, names: &[Named], ty: Param) -> Option<()> {
        if names.first()?.name == "params" {
            let (number, its) = self.param(names)?;
            self.word("p");
            self.word(number);
            return (its == ty).then_some(());
        }
        self.word("f");
        self.path(names)
    }

    fn int(&mut self, ast: &Ast) -> Option<()> {
        match &ast.kind {
            Kind::Int(value) => self.word(format!("#{value}")),
            Kind::Path(names) => self.fact(names, Param::Int)?,
            Kind::Sum(terms) => {
                let signs: String = terms.iter().map(|(minus, _)| if *minus { '-' } else { '+' }).collect();
                self.word(signs);
                terms.iter().try_for_each(|(_, term)| self.int(term))?;
            }
            Kind::If(condition, yes, no) => {
                self.word("?");
                self.cond(condition)?;
                [yes, no].iter().try_for_each(|side| self.int(side))?;
            }
            Kind::Call { target: None, function, arguments } if function.name == "bytes" => {
                let [Ast { kind: Kind::Text(size), .. }] = arguments.as_slice() else { return None };
                self.word(format!("#{}", function::bytes(size)?));
            }
            _ => return None,
        }
        Some(())
    }

    fn text(&mut self, ast: &Ast) -> Option<()> {
        match &ast.kind {
            Kind::Text(value) => {
                self.word('"');
                self.literal(value)?;
            }
            Kind::Path(names) => self.fact(names, Param::Text)?,
            Kind::If(condition, yes, no) => {
                self.word("?");
                self.cond(condition)?;
                [yes, no].iter().try_for_each(|side| self.text(side))?;
            }
            _ => return None,
        }
        Some(())
    }

    fn compare(&mut self, order: Order, left: &Ast, right: &Ast) -> Option<()> {
        let same = match order {
            Order::Equal => Some('1'),
            Order::Unequal => Some('0'),
            _ => None,
        };
        // Only numbers have an order.
        let ordered = same.is_none().then_some(Type::Int);
        let Some(ty) = self.type_of(left).or_else(|| self.type_of(right)).or(ordered) else {
            let (Kind::Path(left), Kind::Path(right)) = (&left.kind, &right.kind) else { return None };
            // Two facts, and only types tell what they are.
            self.word(format!("u{}", same?));
            return [left, right].iter().try_for_each(|names| self.path(names));
        };
        match ty {
            Type::Int => {
                let sign = match order {
                    Order::Equal => "==",
                    Order::Unequal => "!=",
                    Order::Less => "<",
                    Order::LessOrEqual => "<=",
                    Order::Greater => ">",
                    Order::GreaterOrEqual => ">=",
                };
                self.word(sign);
                [left, right].iter().try_for_each(|side| self.int(side))
            }
            Type::Cond => {
                self.word(format!("b{}", same?));
                [left, right].iter().try_for_each(|side| self.cond(side))
            }
            Type::Text => match (&left.kind, &right.kind) {
                (Kind::Path(names), Kind::Text(literal)) if self.may_be_secret(names) => {
                    self.word(format!("e{}", same?));
                    self.path(names)?;
                    self.literal(literal)
                }
                _ => {
                    self.word(format!("t{}", same?));
                    [left, right].iter().try_for_each(|side| self.text(side))
                }
            },
        }
    }

    /// Whether only types tell that what is there is no secret, which is compared in its own way.
    fn may_be_secret(&self, names: &[Named]) -> bool {
        !OPEN.contains(&self.root) && self.param(names).is_none()
    }

    fn contained(&mut self, left: &Ast, right: &Ast) -> Option<()> {
        let param = if let Kind::Path(names) = &right.kind { self.param(names) } else { None };
        let ints = match (&right.kind, param) {
            (_, Some((_, Param::Ints))) => true,
            (_, Some((_, Param::Texts))) => false,
            (_, Some((number, Param::Empty))) => match (self.type_of(left), &left.kind) {
                (None, Kind::Path(names)) => {
                    self.word("z");
                    self.path(names)?;
                    self.word(number);
                    return Some(());
                }
                (ty, _) => ty? == Type::Int,
            },
            (Kind::List(items), _) => matches!(items.first()?.kind, Kind::Int(_)),
            _ => return None,
        };
        match &left.kind {
            Kind::Path(names) if !ints && self.may_be_secret(names) => {
                self.word("s");
                self.path(names)?;
            }
            _ if ints => {
                self.word("n");
                self.int(left)?;
            }
            _ => {
                self.word("i");
                self.text(left)?;
            }
        }
        if let Some((number, _)) = param {
            self.word("p");
            self.word(number);
            return Some(());
        }
        let Kind::List(items) = &right.kind else { return None };
        self.word(items.len());
        if ints {
            let mut values = items.iter().map(|item| if let Kind::Int(it) = item.kind { Some(it) } else { None });
            let mut values: Vec<i64> = values.by_ref().collect::<Option<_>>()?;
            values.sort_unstable();
            values.iter().for_each(|value| self.word(value));
            return Some(());
        }
        let values = items.iter().map(|item| if let Kind::Text(it) = &item.kind { Some(&**it) } else { None });
        let mut values: Vec<&str> = values.collect::<Option<_>>()?;
        values.sort_unstable();
        values.iter().try_for_each(|value| self.literal(value))
    }

    fn call(&mut self, target: Option<&Ast>, function: &str, arguments: &[Ast]) -> Option<()> {
        match (target, function, arguments) {
            (Some(list), "exists" | "all", [variable, body]) => {
                let (Kind::Path(list), Kind::Path(variable)) = (&list.kind, &variable.kind) else { return None };
                let [variable] = variable.as_slice() else { return None };
                self.word(if function == "all" { "A" } else { "E" });
                let list = self.resolve(list.iter().map(|named| named.name.as_str()))?;
                self.read(&list);
                self.bound.push((variable.name.clone(), format!("{}[]", list.path)));
                let body = self.cond(body);
                self.bound.pop();
                body
            }
            (Some(text), "startsWith" | "endsWith" | "contains" | "matches", [argument]) => {
                let Kind::Text(literal) = &argument.kind else { return None };
                self.word(format!("q{}", function.chars().next()?));
                self.literal(literal)?;
                self.text(text)
            }
            (None, "is_loopback" | "is_private", [address]) => {
                self.word(if function == "is_private" { "qp" } else { "ql" });
                self.text(address)
            }
            (None, "cidr_contains", [net, address]) => {
                let Kind::Text(net) = &net.kind else { return None };
                self.word("qw");
                self.literal(net)?;
                self.text(address)
            }
            (None, "version_lt", [a, b]) => {
                self.word("v");
                [a, b].iter().try_for_each(|side| self.text(side))
            }
            (None, "can", [user, command]) => {
                let (Kind::Path(user), Kind::Text(command)) = (&user.kind, &command.kind) else { return None };
                self.word("c");
                let names = user.iter().map(|named| named.name.as_str()).chain(["commands"]);
                let read = self.resolve(names)?;
                self.read(&read);
                self.literal(command)
            }
            _ => None,
        }
    }
}
