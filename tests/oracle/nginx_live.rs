//! A real nginx that is asked: configurations, an upstream behind it, and what is seen of a request.

pub mod config;
pub mod observe;
pub mod server;
pub mod upstream;
