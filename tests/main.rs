//! Everything that is tested through the public items of the library, but for the examples of the checks.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]
#![allow(missing_docs)]

mod acl;
mod advisories;
mod cli;
mod conf;
mod contract;
mod coverage;
mod diff;
mod drift;
mod expr;
mod fix;
mod formats;
mod group;
mod header;
mod hook;
mod hostile;
mod integrations;
mod join;
mod judge;
mod live;
mod load;
mod nginx;
mod oracle;
mod progress;
mod reach;
mod real;
mod real_nginx;
mod repair;
mod schema;
mod secrets;
mod sentinel;
mod subjects;
mod truth;
mod waive;
