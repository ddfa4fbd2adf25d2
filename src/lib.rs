//! hardline reads the configuration of Redis and Valkey and says what is not hardened: where, why, how to fix it and
//! how to undo the fix.
//!
//! Platforms turn files into facts; checks, one TOML file each, say which facts must not be; the judge decides;
//! reports show the lines. Rust says what is, TOML says what ought.

pub mod check;
pub mod collect;
pub mod config;
pub mod edit;
pub mod expr;
pub mod fact;
pub mod files;
pub mod finding;
pub mod judge;
pub mod mask;
pub mod platform;
pub mod report;
pub mod schema;
pub mod spell;
pub mod text;
pub mod truth;
