//! The same question to hardline and to the real server.

mod acl_live;
pub mod servers;
