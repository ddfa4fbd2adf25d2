//! What a finding shows: places and words.

use crate::check::{Bypass, Check, Message, Piece, Rest, compile};
use crate::expr::{Param, Path};
use crate::fact::{Fact, Origin, Value};
use crate::finding::{Finding, Fix, Label};
use crate::schema::Type;
use crate::text::Span;
use crate::truth::{self, Cause, EvalError, Frame, Look, Scene, Truth};

/// How many items of a list are pointed at.
const PLACES: usize = 20;

/// How many items of a list a message names.
const NAMED: usize = 5;

/// How many characters of one value a message shows.
const SHOWN: usize = 120;

/// The finding of a rule that denies.
pub(super) fn finding(
    (check, rest): (&Check, &Rest),
    scene: &Scene<'_>,
    frame: Option<&Frame<'_>>,
    open: &[(&Bypass, Vec<Cause>)],
) -> Result<Finding, EvalError> {
    let mut labels = labels(&rest.at, scene, frame)?;
    for also in &rest.also {
        let matters = match &also.when {
            Some(when) => matches!(truth::truth(when, scene, frame)?, Truth::True),
            None => true,
        };
        if matters {
            labels.extend(self::labels(&also.path, scene, frame)?);
        }
    }
    for (bypass, causes) in open {
        if let Some(cause) = causes.first() {
            let text = format!("may be bypassed, cannot tell ({}): {}", cause.unknown.why.as_str(), bypass.reason);
            labels.push(Label { span: cause.unknown.at, text });
        }
    }
    let mut labels = labels.into_iter();
    let primary = labels.next().unwrap_or_else(|| Label { span: scene.subject.main, text: String::new() });
    let mut related: Vec<Label> = Vec::new();
    for label in labels {
        if label != primary && !related.contains(&label) {
            related.push(label);
        }
    }
    Ok(Finding {
        check: check.id.clone(),
        severity: check.severity,
        confidence: check.confidence,
        family: check.family,
        message: message(&rest.message, scene, frame)?,
        primary,
        related,
        fix: Some(Fix { words: check.words.fix.clone(), edits: Vec::new() }),
        only_in: None,
    })
}

/// The place that a finding would be shown at.
pub(super) fn primary(path: &Path, scene: &Scene<'_>, frame: Option<&Frame<'_>>) -> Result<Span, EvalError> {
    Ok(labels(path, scene, frame)?.first().map_or(scene.subject.main, |label| label.span))
}

/// The places of a fact; of a list those of its items. At least one.
fn labels(path: &Path, scene: &Scene<'_>, frame: Option<&Frame<'_>>) -> Result<Vec<Label>, EvalError> {
    let mut labels = Vec::new();
    match scene.look(&path.read, frame)? {
        Look::Known(Value::List(list), origin) => {
            for item in list.items.iter().take(PLACES) {
                let item = scene.world.map_or(&item, |world| item.in_world(world));
                if let Some(label) = places(item).into_iter().next() {
                    labels.push(label);
                }
            }
            if labels.is_empty() {
                labels = of_origin(origin);
            }
        }
        Look::Known(_, origin) => labels = of_origin(origin),
        Look::Unknown(unknown) => {
            labels.push(Label { span: unknown.at, text: format!("unknown: {}", unknown.why.as_str()) });
        }
        Look::Absent | Look::NotInVersion => {}
    }
    if labels.is_empty() {
        labels.push(Label { span: scene.subject.main, text: String::new() });
    }
    Ok(labels)
}

fn places(fact: &Fact) -> Vec<Label> {
    match fact {
        Fact::Known { origin, .. } => of_origin(origin),
        Fact::Unknown(unknown) => {
            vec![Label { span: unknown.at, text: format!("unknown: {}", unknown.why.as_str()) }]
        }
    }
}

fn of_origin(origin: &Origin) -> Vec<Label> {
    let text = match origin {
        Origin::Default { because, .. } => format!("not set; {because}"),
        Origin::Written(_) | Origin::Derived(_) => String::new(),
    };
    origin.spans().iter().take(PLACES).map(|span| Label { span: *span, text: text.clone() }).collect()
}

fn message(message: &Message, scene: &Scene<'_>, frame: Option<&Frame<'_>>) -> Result<String, EvalError> {
    let mut line = String::new();
    for piece in &message.0 {
        match piece {
            Piece::Text(text) => line.push_str(text),
            Piece::Param(index) => {
                let (_, param) = scene.params.get(*index).ok_or(EvalError::Param)?;
                line.push_str(&of_param(param));
            }
            Piece::Fact(path) => line.push_str(&match scene.look(&path.read, frame)? {
                Look::Known(value, _) => shown(value, path.ty, scene.world),
                Look::Unknown(_) | Look::Absent | Look::NotInVersion => "(unknown)".to_owned(),
            }),
        }
    }
    Ok(line)
}

fn of_param(param: &Param) -> String {
    match param {
        Param::Bool(value) => value.to_string(),
        Param::Int(value) => value.to_string(),
        Param::Text(value) => plain(value),
        Param::Texts(items) => listed(items.iter().take(NAMED).map(|item| plain(item)).collect(), items.len(), false),
        Param::Ints(items) => listed(items.iter().take(NAMED).map(i64::to_string).collect(), items.len(), false),
    }
}

fn shown(value: &Value, ty: Type, world: Option<usize>) -> String {
    match value {
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Text(value) => plain(value),
        Value::Secret(_) => "***".to_owned(),
        Value::List(list) => {
            let item_type = if let Type::List(item) = ty { *item } else { Type::Text };
            let names = list.items.iter().take(NAMED).map(|item| shown_item(&item, item_type, world)).collect();
            listed(names, list.items.len(), list.rest.is_some())
        }
        Value::Record(record) => {
            let field = compile::shown_field(ty).and_then(|name| record.get(name));
            field.map_or_else(|| "(unknown)".to_owned(), |field| shown_item(field, Type::Text, world))
        }
        Value::Commands(_) => "(unknown)".to_owned(),
    }
}

fn shown_item(item: &Fact, ty: Type, world: Option<usize>) -> String {
    let item = world.map_or(item, |world| item.in_world(world));
    match item {
        Fact::Known { value: Value::List(_), .. } | Fact::Unknown(_) => "(unknown)".to_owned(),
        Fact::Known { value, .. } => shown(value, ty, world),
    }
}

fn listed(names: Vec<String>, all: usize, incomplete: bool) -> String {
    let more = all.saturating_sub(names.len());
    let mut line = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
    match (more, incomplete) {
        (0, false) => {}
        (0, true) => line.push_str(" and maybe more"),
        (more, false) => line.push_str(&format!(" and {more} more")),
        (more, true) => line.push_str(&format!(" and {more} or more")),
    }
    line
}

/// Text on one line of bounded length, without control characters.
fn plain(text: &str) -> String {
    let mut line = String::new();
    for (index, character) in text.chars().enumerate() {
        if index == SHOWN {
            line.push('…');
            break;
        }
        if character.is_control() {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
    line
}
