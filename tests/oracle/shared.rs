//! Where recorded answers and facts are.

use std::path::PathBuf;

/// A file of recorded answers or facts, if it is there.
pub fn shared(path: &str) -> Option<PathBuf> {
    let shared = std::env::var_os("HARDLINE_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    Some(shared.join(path)).filter(|path| path.exists())
}
