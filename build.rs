//! Turns the data files into tables that cost nothing at start-up.
//!
//! A build script may stop with a panic: what it reads is part of the package, and cargo shows the message.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::unwrap_used)]

#[path = "src/build/advisories.rs"]
mod advisories;
#[path = "src/build/checks.rs"]
mod checks;
#[path = "src/build/commands.rs"]
mod commands;
#[path = "src/build/directives.rs"]
mod directives;
#[path = "src/build/nginx.rs"]
mod nginx;
#[path = "src/build/pack.rs"]
mod pack;
#[path = "src/platform/redis/version.rs"]
#[allow(dead_code)]
mod version;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/platform/redis/version.rs");
    advisories::generate();
    checks::generate();
    commands::generate();
    directives::generate();
    nginx::generate();
}
