//! The same question to hardline and to the real server.

mod accounts;
mod conf_recorded;
pub mod reach_doors;
mod reach_recorded;
pub mod servers;
