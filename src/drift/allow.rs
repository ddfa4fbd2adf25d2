//! `[[allow_drift]]` against differences: which of them somebody answers for, and which allowances are good for nothing.

use super::found::{Allowed, Comparison, Difference, Located, Told};
use crate::config::AllowDrift;
use crate::date::Date;
use crate::text::{Level, Source};

/// What allowances are held against.
pub struct Setting<'a> {
    /// `hardline.toml`.
    pub source: &'a Source,
    /// Its path as reports show it.
    pub path: String,
    /// Which day it is.
    pub today: Date,
}

/// Marks what is allowed, and says which allowances have ended or are about nothing here.
pub fn settle(comparison: &mut Comparison, allowed: &[AllowDrift], setting: &Setting<'_>) {
    let names = [comparison.left.name.clone(), comparison.right.name.clone()];
    for one in allowed.iter().filter(|one| is_between(one, &names)) {
        let (start, end) = (setting.source.position(one.at.start), setting.source.position(one.at.end));
        let source = Located { path: setting.path.clone(), start, end };
        let (place, what) = (Some(source.show()), &one.setting.it);
        let mut about = comparison.differences.iter_mut().filter(|difference| is_about(what, difference)).peekable();
        let left = setting.today.days_until(one.until);
        let (level, message) = match (about.peek().is_some(), left < 0) {
            (true, true) => {
                (Level::Warning, format!("this allowance of `{what}` ended on {}: it allows nothing", one.until))
            }
            (false, true) => {
                (Level::Warning, format!("this allowance of `{what}` ended on {}, and nothing needs it", one.until))
            }
            (false, false) => (Level::Info, format!("nothing differs that this allowance of `{what}` is about")),
            (true, false) => {
                for difference in about {
                    difference.allowed.get_or_insert_with(|| Allowed {
                        owner: one.owner.clone(),
                        reason: one.reason.clone(),
                        until: one.until.to_string(),
                        source: source.clone(),
                    });
                }
                continue;
            }
        };
        comparison.notices.push(Told { level, place, message });
    }
}

fn is_between(allowed: &AllowDrift, names: &[String; 2]) -> bool {
    let Some([one, other]) = &allowed.between else { return true };
    let is = |a: &str, b: &str| names[0] == a && names[1] == b;
    is(&one.it, &other.it) || is(&other.it, &one.it)
}

/// Whether a difference is the one that is meant: by the path of its fact, or by the product's name of a setting.
fn is_about(setting: &str, difference: &Difference) -> bool {
    if matches(setting, &difference.what) {
        return true;
    }
    let (kind, rest) = difference.what.split_once('.').unwrap_or((&difference.what, ""));
    !kind.is_empty() && !setting.contains(['.', '[']) && setting.replace('-', "_") == rest
}

/// Whether a text is like a pattern, in which `*` stands for anything.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|start| text.strip_prefix(start)) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    true
}
