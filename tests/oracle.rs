//! The same question to hardline and to the real server.

mod acl_live;
mod conf_live;
pub mod servers;
