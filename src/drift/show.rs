//! How a comparison is shown: one pure function for each format.

pub mod concise;
pub mod github;
pub mod html;
pub mod json;
pub mod markdown;
pub mod sarif;
pub mod terminal;

use super::found::{About, Comparison, Difference, Undecided};
use super::order::Weaker;

/// What a pair is called in headings.
fn title(about: Option<&About>) -> String {
    about.map_or_else(|| "passwords".to_owned(), |about| format!("{} {}", about.kind, about.name))
}

/// The differences with one predicate, together by what they are about.
fn by_subject<'c>(differences: impl Iterator<Item = &'c Difference>) -> Vec<(String, Vec<&'c Difference>)> {
    let mut groups: Vec<(String, Vec<&Difference>)> = Vec::new();
    for difference in differences {
        let name = title(difference.subject.as_ref());
        match groups.last_mut().filter(|(known, _)| *known == name) {
            Some((_, group)) => group.push(difference),
            None => groups.push((name, vec![difference])),
        }
    }
    groups
}

/// What follows, and for which versions if not for all.
fn why(difference: &Difference) -> String {
    let versions = difference.versions.join(", ");
    match (difference.why.is_empty(), versions.is_empty()) {
        (_, true) => difference.why.clone(),
        (true, false) => format!("only {versions}"),
        (false, false) => format!("{} (only {versions})", difference.why),
    }
}

/// A difference in one line.
fn line(comparison: &Comparison, difference: &Difference) -> String {
    let [left, right] = comparison.names();
    let weaker = match difference.weaker {
        Weaker::Neither => String::new(),
        weaker => format!("; weaker: {}", comparison.weaker_name(weaker)),
    };
    let why = match why(difference) {
        why if why.is_empty() => why,
        why if difference.weaker == Weaker::Neither => format!("; {why}"),
        why => format!(" ({why})"),
    };
    let (one, other) = (&difference.left.value, &difference.right.value);
    format!("{}: {one} in {left}, {other} in {right}{weaker}{why}", difference.label)
}

/// What could not be compared, in one line.
fn open_line(comparison: &Comparison, undecided: &Undecided) -> String {
    let [left, right] = comparison.names();
    let side = if undecided.side == "left" { left } else { right };
    let what = match &undecided.what[..] {
        [only] => only.clone(),
        [first, ..] => format!("{first} and {} more", undecided.what.len() - 1),
        [] => String::new(),
    };
    format!("{what} is not known in {side} ({}); needs {}", undecided.why, undecided.needs)
}

/// The place that a reader should see first: on the side that is the weaker, else on the second.
fn places(difference: &Difference) -> Vec<&super::found::Located> {
    let (left, right) = (difference.left.places.iter(), difference.right.places.iter());
    match difference.weaker {
        Weaker::Left => left.chain(right).collect(),
        _ => right.chain(left).collect(),
    }
}
