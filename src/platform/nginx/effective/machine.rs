//! This machine, as far as nginx asks it when it starts.

use std::net::IpAddr;
use std::path::Path;

use crate::files::{Files, Location};
use crate::platform::nginx::refuse::{Base, Machine};

/// This machine; nginx is taken to be started with the folder of its main file as prefix.
pub(super) struct Here<'a> {
    pub files: &'a dyn Files,
    pub folder: &'a Location,
}

impl Machine for Here<'_> {
    fn readable(&self, path: &str, _: Base) -> Option<bool> {
        Some(self.files.read(&self.folder.resolve(Path::new(path))).is_ok())
    }

    fn writable(&self, path: &str, _: Base) -> Option<bool> {
        Some(self.files.appendable(&self.folder.resolve(Path::new(path))).is_ok())
    }

    /// Nobody else is asked: a name that is not in the hosts file is not known.
    fn resolves(&self, host: &str) -> Option<bool> {
        if host.parse::<IpAddr>().is_ok() {
            return Some(true);
        }
        let lines = self.text("/etc/hosts")?;
        let names = |line: &str| {
            let line = line.split('#').next().unwrap_or_default().to_owned();
            line.split_whitespace().skip(1).any(|name| name.eq_ignore_ascii_case(host))
        };
        lines.lines().any(names).then_some(true)
    }

    fn account(&self, name: &str) -> Option<bool> {
        let named = |text: String| text.lines().any(|line| line.split(':').next() == Some(name));
        Some(named(self.text("/etc/passwd")?) || named(self.text("/etc/group")?))
    }
}

impl Here<'_> {
    fn text(&self, path: &str) -> Option<String> {
        let bytes = self.files.read(&Location::Target(path.into())).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }
}
