//! How much the answers of all servers may weigh together: one that sends without end may not take the memory that the
//! others need, and many that do so may not take more than one.

use std::sync::atomic::{AtomicUsize, Ordering};

/// What all servers may have together beyond [`OWN`], in bytes: what is read and what is made of it takes about four times as
/// much for a while, 64 MiB.
const ALL: usize = 16 << 20;

/// What every server may have whatever the others do, in bytes: room for some three thousand clients.
pub const OWN: usize = 1 << 20;

/// What is taken of [`ALL`] now.
static TAKEN: AtomicUsize = AtomicUsize::new(0);

/// What one server has, given back with its answers.
#[derive(Debug, Default)]
pub struct Share {
    taken: usize,
}

impl Share {
    /// Makes it enough for answers of this weight, if there is as much.
    pub(super) fn hold(&mut self, weight: usize) -> bool {
        let wanted = weight.saturating_sub(OWN);
        let more = wanted.saturating_sub(self.taken);
        let fits = |taken: usize| taken.checked_add(more).filter(|all| *all <= ALL);
        let held = more == 0 || TAKEN.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).is_ok();
        if held {
            self.taken += more;
        }
        held
    }

    /// Gives back what is more than answers of this weight need.
    pub(super) fn shrink(&mut self, weight: usize) {
        let less = self.taken.saturating_sub(weight.saturating_sub(OWN));
        self.taken -= less;
        TAKEN.fetch_sub(less, Ordering::Relaxed);
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.shrink(0);
    }
}
