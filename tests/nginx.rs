//! nginx: what the tables say and what a configuration is refused for, held against the real server.

mod claim;
mod directive;
mod pattern;
mod read;
mod read_cases;
mod refuse;
mod refuse_cases;
mod refuse_live;
mod server;
