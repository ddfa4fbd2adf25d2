//! What is made when it is first asked for: of a hundred checks that judge, few have a finding.

use std::fmt;
use std::ops::Deref;
use std::sync::LazyLock;

/// Something that is made when it is first asked for.
pub struct Later<T>(LazyLock<T, Box<dyn FnOnce() -> T + Send>>);

impl<T: Send + Sync + 'static> Later<T> {
    /// What `make` gives.
    pub fn new(make: impl FnOnce() -> T + Send + 'static) -> Later<T> {
        Later(LazyLock::new(Box::new(make)))
    }

    /// What is there already.
    pub fn now(it: T) -> Later<T> {
        Later::new(|| it)
    }
}

impl<T> Deref for Later<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: fmt::Debug> fmt::Debug for Later<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
