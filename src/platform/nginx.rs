//! nginx: `nginx.conf` and everything that it includes.

pub mod claim;
pub mod directive;
pub mod effective;
pub mod include;
pub mod inherit;
mod lex;
pub mod listen;
pub mod locate;
pub mod model;
pub mod parse;
pub mod pattern;
pub mod request;
pub mod scope;
mod since;
pub mod tree;
pub mod uri;
pub mod value;
pub mod version;
