//! The versions of Redis and Valkey whose tables hardline has, and how a declared version finds its table.

use std::fmt;

/// Who makes the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Product {
    /// Redis.
    Redis,
    /// Valkey, which left Redis after 7.2.
    Valkey,
}

/// A version with tables of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// Who makes it.
    pub product: Product,
    /// Major, minor, patch.
    pub number: (u8, u8, u8),
    /// The distribution whose package behaves differently, if this is one: `debian`.
    pub distribution: Option<&'static str>,
}

const fn redis(major: u8, minor: u8, patch: u8) -> Version {
    Version { product: Product::Redis, number: (major, minor, patch), distribution: None }
}

const fn valkey(major: u8, minor: u8, patch: u8) -> Version {
    Version { product: Product::Valkey, number: (major, minor, patch), distribution: None }
}

/// Every version with tables. The data files name versions by these words; a version's place here is its number in
/// generated tables.
pub static VERSIONS: [Version; 12] = [
    redis(6, 2, 16),
    redis(7, 0, 15),
    Version { product: Product::Redis, number: (7, 0, 15), distribution: Some("debian") },
    redis(7, 2, 6),
    redis(7, 4, 1),
    redis(8, 0, 6),
    redis(8, 2, 3),
    valkey(7, 2, 7),
    valkey(8, 0, 1),
    valkey(8, 1, 1),
    valkey(9, 0, 0),
    valkey(9, 1, 2),
];

impl Version {
    /// The versions that come into question when none is declared: all that are maintained, as upstream makes them.
    pub fn undeclared() -> impl Iterator<Item = &'static Version> {
        VERSIONS.iter().filter(|version| version.distribution.is_none() && version.number >= (7, 0, 0))
    }

    /// The newest Redis, which `hardline effective` takes when nothing is declared.
    pub fn newest() -> &'static Version {
        &VERSIONS[6]
    }

    /// Whether this is major.minor or later, of either product. Valkey shares Redis's history up to 7.2, so this is
    /// the right question for everything that came with 7.2 or before.
    pub fn since(&self, major: u8, minor: u8) -> bool {
        (self.number.0, self.number.1) >= (major, minor)
    }

    /// Whether this is Redis, major.minor or later.
    pub fn redis_since(&self, major: u8, minor: u8) -> bool {
        self.product == Product::Redis && self.since(major, minor)
    }

    /// Whether this is Valkey, major.minor or later.
    pub fn valkey_since(&self, major: u8, minor: u8) -> bool {
        self.product == Product::Valkey && self.since(major, minor)
    }

    /// The table for a declared version: itself, or the nearest lower patch of the same minor version, or
    /// else the nearest higher one.
    ///
    /// The second value is whether the table is that of another patch, which the user should be told.
    ///
    /// # Errors
    /// A line that says what is wrong with `declared` or that there is no table for it.
    pub fn find(declared: &str) -> Result<(&'static Version, bool), String> {
        let release = Release::parse(declared)?;
        let Release { product, minor, patch, .. } = release;
        let distribution = release.distribution.as_deref();
        let wanted = (minor.0, minor.1, patch.unwrap_or(u8::MAX));
        let nearest = |distribution: Option<&str>| {
            let of_branch = || {
                VERSIONS
                    .iter()
                    .filter(|version| version.product == product && version.distribution == distribution)
                    .filter(|version| (version.number.0, version.number.1) == minor)
            };
            let lower = of_branch().filter(|version| version.number <= wanted).max_by_key(|version| version.number);
            // Patches change little, and it is the old ones whose vulnerabilities matter.
            lower.or_else(|| of_branch().min_by_key(|version| version.number))
        };
        let found = nearest(distribution).or_else(|| nearest(None));
        found
            .map(|version| (version, patch.is_some_and(|_| version.number != wanted)))
            .ok_or_else(|| format!("no table for {declared}; there are tables for {}", all()))
    }
}

/// A version as it is declared, whether there are tables for it or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Who makes it.
    pub product: Product,
    /// Major and minor: the branch.
    pub minor: (u8, u8),
    /// The patch, where one is declared.
    pub patch: Option<u8>,
    /// The distribution whose package it is.
    pub distribution: Option<String>,
}

impl Release {
    /// Reads `product:major.minor[.patch][+distribution]`.
    ///
    /// # Errors
    /// A line that says what is wrong with `declared`.
    pub fn parse(declared: &str) -> Result<Release, String> {
        let wrong = || format!("`{declared}` is no version: expected product:major.minor.patch such as redis:7.4.1");
        let (product, rest) = declared.split_once(':').ok_or_else(wrong)?;
        let product = match product {
            "redis" => Product::Redis,
            "valkey" => Product::Valkey,
            _ => return Err(format!("`{product}` is neither redis nor valkey")),
        };
        let (number, distribution) = match rest.split_once('+') {
            Some((number, distribution)) => (number, Some(distribution.to_owned())),
            None => (rest, None),
        };
        let mut parts = number.split('.').map(str::parse::<u8>);
        let mut next = || parts.next().transpose().map_err(|_| wrong());
        let (major, minor, patch) = (next()?.ok_or_else(wrong)?, next()?.ok_or_else(wrong)?, next()?);
        Ok(Release { product, minor: (major, minor), patch, distribution })
    }
}

fn all() -> String {
    VERSIONS.iter().map(Version::to_string).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let product = match self.product {
            Product::Redis => "redis",
            Product::Valkey => "valkey",
        };
        let (major, minor, patch) = self.number;
        write!(f, "{product}:{major}.{minor}.{patch}")?;
        self.distribution.map_or(Ok(()), |distribution| write!(f, "+{distribution}"))
    }
}
