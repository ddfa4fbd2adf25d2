//! Known vulnerabilities and the ends of branches: what `checks/redis/advisories/` says of a version.
//!
//! A version is affected only where a range of a source says so, and fixed only by a fix of its own branch, of its
//! distribution, or one that was out before its branch began. Of everything else nothing is said, which is not safe.
//! A package of a distribution is taken to be up to date: a declared version has no revision of the package.

use super::version::{Product, Release};

/// A known vulnerability.
#[derive(Debug)]
pub struct Advisory {
    /// `CVE-YYYY-N` or `GHSA-…`.
    pub id: &'static str,
    /// What it is, in one line.
    pub title: &'static str,
    /// critical, high, medium or low, by the project's scale.
    pub severity: &'static str,
    /// Everything that makes it reachable.
    pub needs: &'static [Need],
    products: &'static [Product],
    only: Option<&'static str>,
    since: &'static [At],
    affected: &'static [Range],
    fixed: &'static [At],
}

/// Something that a vulnerability takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// A user who may run or load scripts.
    Scripts,
    /// A user who may run one of these commands.
    Run(&'static [&'static str]),
    /// A client that may run anything at all.
    Client,
    /// A connection from another host, without logging in.
    Network,
    /// A TLS listener.
    Tls,
    /// A cluster bus that other hosts reach.
    ClusterBus,
    /// A module that is loaded.
    Module,
    /// That the server is a replica.
    Replica,
    /// A Unix socket.
    UnixSocket,
    /// A user whom key patterns are to hold.
    KeyPatterns,
    /// A setting that is not as it is by default, or a user who may set it.
    Setting(&'static str),
    /// What no configuration shows.
    Outside(&'static str),
    /// What the sources do not say.
    Unstated,
}

/// A version, maybe as a distribution has it.
#[derive(Debug)]
struct At {
    product: Product,
    number: (u8, u8, u8),
    distribution: Option<&'static str>,
}

/// Versions from one to before another.
#[derive(Debug)]
struct Range {
    product: Product,
    from: (u8, u8, u8),
    below: (u8, u8, u8),
}

/// A minor branch.
#[derive(Debug)]
pub struct Branch {
    /// The day after which no fix is promised, where a source names one.
    pub end: Option<&'static str>,
    /// The last release that the sources know.
    pub latest: &'static str,
    product: Product,
    minor: (u8, u8),
    first: Option<&'static str>,
    dated: &'static [(u8, &'static str)],
}

include!(concat!(env!("OUT_DIR"), "/advisories.rs"));

/// What is known of a version and a vulnerability.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// A range of a source holds it.
    Affected,
    /// It never had it, or has a fix.
    NotAffected,
    /// The sources do not say.
    Unknown,
}

impl Branch {
    /// The branch of a version.
    pub fn of(release: &Release) -> Option<&'static Branch> {
        branch(release.product, release.minor)
    }
}

fn branch(product: Product, minor: (u8, u8)) -> Option<&'static Branch> {
    BRANCHES.iter().find(|branch| branch.product == product && branch.minor == minor)
}

impl Advisory {
    /// How a version stands. Of a declared branch without a patch only what holds for every patch of it is known.
    pub fn status(&self, release: &Release) -> Status {
        let stands = |patch| self.at(release, (release.minor.0, release.minor.1, patch));
        let Some(patch) = release.patch else {
            let first = stands(0);
            return if (1..=u8::MAX).all(|patch| stands(patch) == first) { first } else { Status::Unknown };
        };
        stands(patch)
    }

    /// The first release of the branch with the fix.
    pub fn fixed_in(&self, release: &Release) -> Option<(u8, u8, u8)> {
        self.fixes(release.product).filter(|fix| (fix.0, fix.1) == release.minor).max()
    }

    fn fixes(&self, product: Product) -> impl Iterator<Item = (u8, u8, u8)> {
        self.fixed.iter().filter(move |fix| fix.product == product && fix.distribution.is_none()).map(|fix| fix.number)
    }

    fn at(&self, release: &Release, number: (u8, u8, u8)) -> Status {
        let product = release.product;
        let distribution = release.distribution.as_deref();
        let before = self.since.iter().any(|since| since.product == product && number < since.number);
        let elsewhere = self.only.is_some() && distribution != self.only;
        if !self.products.contains(&product) || before || elsewhere {
            return Status::NotAffected;
        }
        let in_package = |fix: &At| fix.product == product && fix.number == number && fix.distribution == distribution;
        let own = self.fixed_in(release).is_some_and(|fix| number >= fix);
        if own || distribution.is_some() && self.fixed.iter().any(in_package) {
            return Status::NotAffected;
        }
        let holds = |range: &Range| range.product == product && range.from <= number && number < range.below;
        let packaged = distribution.is_some() && self.only.is_none();
        match self.affected.iter().any(holds) {
            // A range is upstream's: what a distribution has put into a package of that number only it can say.
            true if packaged => return Status::Unknown,
            true => return Status::Affected,
            false => {}
        }
        match self.fixes(product).any(|fix| was_out(product, fix, release.minor)) {
            true => Status::NotAffected,
            false => Status::Unknown,
        }
    }
}

/// Whether a fix was out before a branch began: it came with the start of an earlier branch, or some dated release that
/// has it is older than the branch.
fn was_out(product: Product, fix: (u8, u8, u8), minor: (u8, u8)) -> bool {
    let of_fix = (fix.0, fix.1);
    if of_fix >= minor {
        return false;
    }
    let out = branch(product, of_fix)
        .and_then(|branch| branch.dated.iter().filter(|(patch, _)| *patch >= fix.2).map(|(_, date)| *date).min());
    let began = branch(product, minor).and_then(|branch| branch.first);
    fix.2 == 0 || matches!((out, began), (Some(out), Some(began)) if out < began)
}
