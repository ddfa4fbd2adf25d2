//! Redis and Valkey: `redis.conf`, `valkey.conf` and ACL files.

mod because;
pub mod claim;
pub mod directive;
pub mod door;
pub mod listen;
pub mod reach;
pub mod schema;
pub mod secret;
pub mod version;
