//! The same question to hardline and to the real server.

pub mod servers;
