//! Redis and Valkey: `redis.conf`, `valkey.conf` and ACL files.

pub mod directive;
pub mod version;
