//! Redis and Valkey: `redis.conf`, `valkey.conf` and ACL files.

pub mod arguments;
pub mod conf;
pub mod directive;
pub mod include;
pub mod number;
pub mod show;
pub mod split;
pub mod template;
pub mod value;
pub mod version;
