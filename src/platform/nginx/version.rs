//! The versions of nginx that hardline has tables for, and how a declared version is read.

use std::fmt;

/// A release: major, minor, patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub u16, pub u16, pub u16);

/// The releases that come into question when none is declared: Debian's, the last of each later stable branch, and the
/// newest of the mainline.
static UNDECLARED: [Version; 6] =
    [Version(1, 22, 1), Version(1, 24, 0), Version(1, 26, 3), Version(1, 28, 3), Version(1, 30, 4), Version(1, 31, 4)];

impl Version {
    /// The first release that the tables know.
    pub const OLDEST: Version = Version(1, 18, 0);

    /// The newest release that the tables know. Of later ones it is assumed that they change nothing.
    pub const fn newest() -> Version {
        UNDECLARED[UNDECLARED.len() - 1]
    }

    /// The releases that come into question when none is declared, the oldest first.
    pub fn undeclared() -> &'static [Version] {
        &UNDECLARED
    }

    /// Whether this is that release or a later one.
    pub fn since(self, major: u16, minor: u16, patch: u16) -> bool {
        self >= Version(major, minor, patch)
    }

    /// Reads `nginx:major.minor.patch[+distribution]`. Without a patch it is the last of the branch that the tables
    /// know of: `nginx:1.28` is 1.28.3.
    ///
    /// The part after `+` changes nothing: what a distribution may have backported is `optional` in the tables.
    ///
    /// # Errors
    /// A line that says what is wrong with `declared`, or that it is older than the tables.
    pub fn parse(declared: &str) -> Result<Version, String> {
        let wrong = || format!("`{declared}` is no version: expected nginx:major.minor.patch such as nginx:1.28.0");
        let (product, rest) = declared.split_once(':').ok_or_else(wrong)?;
        if product != "nginx" {
            return Err(format!("`{product}` is not nginx"));
        }
        let number = rest.split_once('+').map_or(rest, |(number, _)| number);
        let parts: Vec<&str> = number.split('.').collect();
        let number = |text: &str| {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            if digits { text.parse::<u16>().map_err(|_| wrong()) } else { Err(wrong()) }
        };
        let version = match parts[..] {
            [major, minor] => Version::of_branch(number(major)?, number(minor)?),
            [major, minor, patch] => Version(number(major)?, number(minor)?, number(patch)?),
            _ => return Err(wrong()),
        };
        if version < Version::OLDEST {
            return Err(format!("no table for {declared}; the oldest there is one for is nginx:{}", Version::OLDEST));
        }
        Ok(version)
    }

    fn of_branch(major: u16, minor: u16) -> Version {
        let known = UNDECLARED.iter().find(|version| (version.0, version.1) == (major, minor));
        known.copied().unwrap_or(Version(major, minor, 99))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}
