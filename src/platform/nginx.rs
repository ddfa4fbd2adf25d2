//! nginx: `nginx.conf` and everything that it includes.

pub mod directive;
pub mod include;
mod lex;
pub mod parse;
pub mod tree;
pub mod version;
