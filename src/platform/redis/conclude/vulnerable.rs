//! The known vulnerabilities of a declared version, what reaches them here, and the state of its branch.

use super::need::{Met, Scene, Way};
use crate::fact::{Fact, Items, List, Name, Origin, Unknown, Value, Why};
use crate::platform::redis::advisory::{ADVISORIES, Advisory, Branch, Need, Status};
use crate::platform::redis::version::{Product, Release};
use crate::text::Span;

/// A declared version with everything that the data say of it, looked up once for all subjects.
#[derive(Debug, Clone)]
pub struct Declared {
    text: String,
    release: Release,
    today: Option<String>,
    /// What it has, or may have.
    standing: Vec<(&'static Advisory, Status)>,
}

impl Declared {
    /// Looks a version up. `today` is `YYYY-MM-DD`.
    pub fn new(declared: &str, today: Option<&str>) -> Option<Declared> {
        let release = Release::parse(declared).ok()?;
        let standing = ADVISORIES.iter().map(|advisory| (advisory, advisory.status(&release)));
        let standing = standing.filter(|(_, status)| *status != Status::NotAffected).collect();
        Some(Declared { text: declared.to_owned(), release, today: today.map(str::to_owned), standing })
    }

    /// Why it is not told whether the version has these vulnerabilities.
    fn untold(&self, ids: &[&str], at: Span) -> Option<Unknown> {
        let needs = match self.release.patch {
            None => "the patch of",
            Some(_) => "a source that says more of",
        };
        let needs = format!("{needs} {}: it may have {}", self.text, ids.join(", "));
        (!ids.is_empty()).then(|| Unknown::new(Why::VersionUnknown, at, needs))
    }
}

/// One vulnerability that the version has, as this configuration leaves it.
struct Found {
    advisory: &'static Advisory,
    reached: Result<Option<Vec<Way>>, Unknown>,
}

/// `vulnerabilities`, `exposure` and `branch`.
pub fn facts(declared: &Declared, scene: &Scene<'_>) -> Vec<(Name, Fact)> {
    let at = scene.loaded.end;
    let mut asked: Vec<(Need, Met)> = Vec::new();
    let standing: Vec<_> = declared
        .standing
        .iter()
        .map(|(advisory, status)| (*advisory, *status, reached(advisory, scene, &mut asked)))
        .collect();
    // What nothing here reaches matters to nobody, whether the version has it or not.
    let unclear =
        standing.iter().filter(|(_, status, reached)| *status == Status::Unknown && !matches!(reached, Ok(None)));
    let untold = declared.untold(&unclear.map(|(advisory, ..)| advisory.id).collect::<Vec<_>>(), at);
    let mut all = Vec::new();
    let mut found = Vec::new();
    for (advisory, status, reached) in standing {
        let affected = match status {
            Status::Unknown => {
                let unknown = declared.untold(&[advisory.id], at);
                unknown.map_or_else(|| Fact::derived(false, [at]), Fact::Unknown)
            }
            _ => Fact::derived(true, [at]),
        };
        all.push(vulnerability(declared, advisory, affected, &reached, at));
        if status == Status::Affected {
            found.push(Found { advisory, reached });
        }
    }
    let grave = |found: &&Found| ["critical", "high"].contains(&found.advisory.severity);
    let closed = |found: &&Found| matches!(found.reached, Ok(None));
    let open = || found.iter().filter(|found| !closed(found));
    let rest = untold.map(|untold| untold.following_from(format!("{}.exposure.grave", scene.root)));
    let exposure = [
        ("grave", groups(declared, open().filter(grave).collect(), rest, at)),
        ("lesser", groups(declared, open().filter(|found| !grave(found)).collect(), None, at)),
        ("closed", groups(declared, found.iter().filter(closed).collect(), None, at)),
    ];
    vec![
        ("vulnerabilities", Fact::derived(all, [at])),
        ("exposure", Fact::record(exposure, vec![at])),
        ("branch", branch(declared, at)),
    ]
}

/// The same where no version is declared: nothing to say.
pub fn undeclared(at: Span) -> Vec<(Name, Fact)> {
    let none = || Fact::derived(Vec::new(), [at]);
    let exposure = [("grave", none()), ("lesser", none()), ("closed", none())];
    let branch = Fact::record([("declared", Fact::derived(false, [at]))], vec![at]);
    vec![("vulnerabilities", none()), ("exposure", Fact::record(exposure, vec![at])), ("branch", branch)]
}

/// What meets all needs of a vulnerability. Each need is asked about once.
fn reached(advisory: &Advisory, scene: &Scene<'_>, asked: &mut Vec<(Need, Met)>) -> Result<Option<Vec<Way>>, Unknown> {
    let mut ways = Vec::new();
    let mut unknown = None;
    for need in advisory.needs {
        let met = match asked.iter().find(|(known, _)| known == need) {
            Some((_, met)) => met.clone(),
            None => {
                let met = scene.met(*need);
                asked.push((*need, met.clone()));
                met
            }
        };
        match met {
            Ok(Some(way)) => ways.push(way),
            // What one need keeps out no other lets in.
            Ok(None) => return Ok(None),
            Err(why) => unknown = unknown.or(Some(why)),
        }
    }
    unknown.map_or(Ok(Some(ways)), Err)
}

fn vulnerability(
    declared: &Declared,
    advisory: &Advisory,
    affected: Fact,
    reached: &Result<Option<Vec<Way>>, Unknown>,
    at: Span,
) -> Fact {
    let (reachable, because, at) = match reached {
        Ok(Some(ways)) => {
            let at = ways.first().map_or(at, |way| way.at);
            let because: Vec<&str> = ways.iter().map(|way| way.because.as_str()).collect();
            (Fact::derived(true, [at]), Fact::derived(because.join(", "), [at]), at)
        }
        Ok(None) => (Fact::derived(false, [at]), Fact::derived("", [at]), at),
        Err(unknown) => (Fact::Unknown(unknown.clone()), Fact::Unknown(unknown.clone()), unknown.at),
    };
    let fixed = advisory.fixed_in(&declared.release).map(|fix| shown(&declared.release, fix));
    let fields = [
        ("id", Fact::derived(advisory.id, [at])),
        ("title", Fact::derived(advisory.title, [at])),
        ("affected", affected),
        ("fixed_in", Fact::derived(fixed.unwrap_or_default(), [at])),
        ("reachable", reachable),
        ("because", because),
        ("severity", Fact::derived(advisory.severity, [at])),
    ];
    Fact::record(fields, vec![at])
}

/// Vulnerabilities together: those that are reached or kept out, and those of which a reason hides it.
fn groups(declared: &Declared, found: Vec<&Found>, rest: Option<Unknown>, at: Span) -> Fact {
    let told: Vec<&Found> = found.iter().copied().filter(|found| found.reached.is_ok()).collect();
    let hidden: Vec<&Found> = found.into_iter().filter(|found| found.reached.is_err()).collect();
    let of = |all: &[&Found]| (!all.is_empty()).then(|| group(declared, all, at));
    let items: Vec<Fact> = [of(&told), of(&hidden)].into_iter().flatten().collect();
    let value = Value::List(List { items: Items::Here(items.into()), rest });
    Fact::Known { value, origin: Origin::Derived([at].into()) }
}

fn group(declared: &Declared, all: &[&Found], at: Span) -> Fact {
    let mut ways: Vec<&Way> = Vec::new();
    let mut reachable = Fact::derived(false, [at]);
    for found in all {
        match &found.reached {
            Ok(Some(more)) => {
                reachable = Fact::derived(true, [at]);
                for way in more {
                    if !ways.contains(&way) {
                        ways.push(way);
                    }
                }
            }
            Ok(None) => {}
            Err(unknown) => reachable = Fact::Unknown(unknown.clone()),
        }
    }
    let ids = all.iter().map(|found| Fact::derived(found.advisory.id, [at])).collect::<Vec<_>>();
    let because = ways.iter().map(|way| Fact::derived(way.because.clone(), [way.at])).collect::<Vec<_>>();
    let fixes: Option<Vec<_>> = all.iter().map(|found| found.advisory.fixed_in(&declared.release)).collect();
    let fixed_in = match fixes.and_then(|fixes| fixes.into_iter().max()) {
        Some(fix) => shown(&declared.release, fix),
        None => "no release of this branch that the sources name".to_owned(),
    };
    let fields = [
        ("version", Fact::derived(declared.text.clone(), [at])),
        ("reachable", reachable),
        ("ids", Fact::derived(ids, [at])),
        ("because", Fact::derived(because, [at])),
        ("fixed_in", Fact::derived(fixed_in, [at])),
    ];
    Fact::record(fields, vec![at])
}

fn shown(release: &Release, (major, minor, patch): (u8, u8, u8)) -> String {
    let product = match release.product {
        Product::Redis => "redis",
        Product::Valkey => "valkey",
    };
    format!("{product}:{major}.{minor}.{patch}")
}

/// `branch`.
fn branch(declared: &Declared, at: Span) -> Fact {
    let (major, minor) = declared.release.minor;
    let unknown = |needs: &str| Fact::unknown(Why::NotSupported, at, needs);
    let branch = Branch::of(&declared.release);
    let end = branch.and_then(|branch| branch.end);
    let source = "a source that names the end of support of this branch";
    let supported = match (end, &declared.today) {
        (Some(end), Some(today)) => Fact::derived(today.as_str() <= end, [at]),
        (Some(_), None) => unknown("the date of today"),
        (None, _) => unknown(source),
    };
    let text =
        |text: Option<&'static str>, needs: &str| text.map_or_else(|| unknown(needs), |text| Fact::derived(text, [at]));
    let fields = [
        ("declared", Fact::derived(true, [at])),
        ("name", Fact::derived(format!("{major}.{minor}"), [at])),
        ("supported", supported),
        ("end_of_support", text(end, source)),
        ("latest", text(branch.map(|branch| branch.latest), "a source that names the releases of this branch")),
        ("packaged", Fact::derived(declared.release.distribution.is_some(), [at])),
    ];
    Fact::record(fields, vec![at])
}
