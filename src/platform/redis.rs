//! Redis and Valkey: `redis.conf`, `valkey.conf` and ACL files.

mod because;
pub mod door;
pub mod listen;
pub mod reach;
pub mod version;
