//! `hardline facts`: the check author's microscope.

use std::fmt::Write as _;
use std::io::{self, Write};

use clap::Args;
use hardline::fact::{Fact, List, Origin, Subject, Value};
use hardline::mask::one_line;
use hardline::platform::Wanted;
use hardline::platform::hardline::subjects as waivers_of;
use hardline::platform::nginx::directive;
use hardline::project::Project;
use hardline::report::Shower;

use super::{Failure, Input, Screen, tell};

#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    input: Input,
    /// Only facts whose path holds this text
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
}

pub(super) fn run(arguments: Arguments, screen: &mut Screen) -> Result<u8, Failure> {
    let options = arguments.input.options()?;
    let facts = Project::find(&options)?.read(&options, &mut io::stdin().lock(), &Wanted::All)?;
    let show = facts.shower(&options.cwd);
    tell(&facts.notices, show);
    let waivers: Vec<_> = facts.stated.waivers.iter().map(|written| (written, None)).collect();
    let of_waivers = waivers_of(&waivers, &facts.sources);
    for subject in facts.subjects.iter().chain(&of_waivers) {
        let (path, because) = (show.path(subject.main.source), one_line(&subject.because));
        writeln!(screen.out, "{} {} ({path}): {because}", subject.kind, one_line(&subject.name))?;
        for (name, fact) in subject.facts.iter() {
            // nginx has hundreds of directives; those that are not written are no news unless they are asked for.
            if subject.kind == "nginx" && arguments.only.is_none() && is_unwritten(name, fact) {
                continue;
            }
            let mut tree = vec![(format!("{}.{name}", subject.kind), fact.clone())];
            while let Some((path, fact)) = tree.pop() {
                if arguments.only.as_ref().is_none_or(|only| path.contains(only.as_str())) {
                    writeln!(screen.out, "  {}", line(&path, &fact, subject, show))?;
                }
                below(&path, &fact, &mut tree);
            }
        }
    }
    Ok(0)
}

fn is_unwritten(name: &str, fact: &Fact) -> bool {
    let none = |list: &List| list.items.is_empty() && list.rest.is_none();
    directive::find(name).is_some() && matches!(fact.value(), Some(Value::List(list)) if none(list))
}

/// The facts inside of one, the first one last.
fn below(path: &str, fact: &Fact, tree: &mut Vec<(String, Fact)>) {
    let from = tree.len();
    match fact.value() {
        Some(Value::Record(record)) => {
            tree.extend(record.iter().map(|(name, fact)| (format!("{path}.{name}"), fact.clone())));
        }
        Some(Value::List(list)) => {
            tree.extend(list.items.iter().enumerate().map(|(index, fact)| (format!("{path}[{index}]"), fact)));
        }
        _ => {}
    }
    tree[from..].reverse();
}

fn line(path: &str, fact: &Fact, subject: &Subject, show: Shower<'_>) -> String {
    let place = |fact: &Fact| fact.spans().first().map_or_else(String::new, |&span| show.place(span));
    match fact {
        Fact::Known { value, origin } => {
            let origin = match origin {
                Origin::Written(_) => "written",
                Origin::Default { .. } => "default",
                Origin::Derived(_) => "derived",
            };
            format!("{path} = {}  {origin} {}", shown(value), place(fact))
        }
        Fact::Unknown(unknown) => {
            let (why, needs) = (unknown.why.as_str(), one_line(&unknown.needs));
            let mut line = format!("{path} unknown: {why} {}; needs {needs}", place(fact));
            for side in unknown.sides.iter() {
                let worlds = side.worlds.iter().filter_map(|world| subject.worlds.get(world));
                let worlds = worlds.map(String::as_str).collect::<Vec<_>>().join(", ");
                let value = side.fact.value().map_or_else(|| "unknown".to_owned(), shown);
                let _ = write!(line, "\n    {value}  in {worlds}");
            }
            line
        }
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Text(text) => format!("\"{}\"", one_line(text)),
        Value::Secret(secret) => secret.to_string(),
        Value::List(list) => {
            let more = if list.rest.is_some() { ", maybe more" } else { "" };
            format!("{} items{more}", list.items.len())
        }
        Value::Record(_) => "record".to_owned(),
        Value::Commands(_) => "commands".to_owned(),
    }
}
