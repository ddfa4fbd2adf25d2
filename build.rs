//! Turns the data files into tables that cost nothing at start-up.

#[path = "src/build/commands.rs"]
mod commands;
#[path = "src/platform/redis/version.rs"]
#[allow(dead_code)]
mod version;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/platform/redis/version.rs");
    commands::generate();
}
