//! When a run was, and how long it took.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// When a run began and how long it took. Left out where reports must be the same byte by byte.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    /// Seconds since 1970, UTC.
    pub started: u64,
    /// How long.
    pub took: Duration,
}

impl Clock {
    /// A run that began at this time and is over now.
    pub fn since((started, watch): (SystemTime, Instant)) -> Clock {
        let started = started.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Clock { started, took: watch.elapsed() }
    }
}
