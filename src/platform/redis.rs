//! Redis and Valkey: `redis.conf`, `valkey.conf` and ACL files.

pub mod claim;
pub mod directive;
pub mod secret;
pub mod version;
