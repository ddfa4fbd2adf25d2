//! The facts of an instance: its settings, and what follows from them.

use super::conf::Loaded;
use super::directive::SettingId;
use super::instance::Instance;
use crate::fact::{Fact, Items, Name, Origin, Record, Value};
use crate::text::{Sources, Span};

/// All facts of an instance.
pub fn facts(instance: &Instance, _: &Sources) -> Record {
    Record::new(settings(instance))
}

/// Every setting that some version in question has, as one fact across the versions. Of a mere part of a
/// configuration, only what is written.
pub fn settings(instance: &Instance) -> Vec<(Name, Fact)> {
    SettingId::all()
        .filter(|setting| !setting.setting().hidden)
        .filter_map(|setting| across(&instance.loaded, setting))
        .filter(|(_, fact)| !(instance.fragment && is_default(fact)))
        .collect()
}

/// A setting in all versions that have it.
fn across(loaded: &[Loaded], setting: SettingId) -> Option<(Name, Fact)> {
    let at = Span::at(loaded.first()?.end.source, loaded.first()?.end.end as usize);
    let sides = loaded.iter().enumerate().filter_map(|(world, loaded)| Some((world, loaded.fact(setting)?.1)));
    Some((setting.setting().fact, Fact::across(sides, at, same)?))
}

/// Whether two versions say the same of a setting. Lists of settings are short and hold only what is written, so
/// they can be compared item by item.
fn same(a: &Fact, b: &Fact) -> bool {
    match (a, b) {
        (Fact::Known { value: Value::List(a), .. }, Fact::Known { value: Value::List(b), .. }) => {
            let known = a.rest.is_none() && b.rest.is_none() && a.items.len() == b.items.len();
            let (Items::Here(a), Items::Here(b)) = (&a.items, &b.items) else { return false };
            known && a.iter().zip(b.iter()).all(|(a, b)| a.same_scalar(b))
        }
        _ => a.same_scalar(b),
    }
}

fn is_default(fact: &Fact) -> bool {
    match fact {
        Fact::Known { origin, .. } => matches!(origin, Origin::Default { .. }),
        Fact::Unknown(unknown) => !unknown.sides.is_empty() && unknown.sides.iter().all(|side| is_default(&side.fact)),
    }
}
