//! Redis and Valkey: `redis.conf`, `valkey.conf` and ACL files.

pub mod version;
