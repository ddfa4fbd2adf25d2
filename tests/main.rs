//! Everything that is tested through the public items of the library.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr, missing_docs)]

mod contract;
mod formats;
mod subjects;
