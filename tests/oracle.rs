//! The same question to hardline and to the real server.

pub mod reach_doors;
mod reach_live;
mod reach_recorded;
#[allow(dead_code)]
pub mod servers;
