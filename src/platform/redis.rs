//! Redis and Valkey: `redis.conf`, `valkey.conf` and ACL files.

pub mod arguments;
mod because;
pub mod claim;
pub mod conf;
pub mod directive;
pub mod door;
pub mod effective;
pub mod entrance;
pub mod include;
pub mod listen;
pub mod number;
pub mod reach;
pub mod schema;
pub mod secret;
pub mod show;
pub mod split;
pub mod template;
pub mod value;
pub mod vantage;
pub mod version;
