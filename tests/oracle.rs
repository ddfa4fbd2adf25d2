//! The same question to hardline and to the real server.

mod acl_live;
mod acl_recorded;
mod audit_live;
mod conf_live;
mod conf_recorded;
mod corpus;
mod drift_live;
mod fixed_live;
mod fleet_live;
mod group_live;
mod health_live;
mod keys_live;
pub mod nginx_live;
mod nginx_truths;
pub mod reach_doors;
mod reach_live;
mod reach_recorded;
mod sentinel_live;
#[allow(dead_code, reason = "what a server tells is there for every test to come")]
pub mod servers;
mod settings_live;
pub mod shared;
mod tls_live;
mod truths;
mod waiver_live;
