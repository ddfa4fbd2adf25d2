//! Turns the data files into tables that cost nothing at start-up.

#[path = "src/build/directives.rs"]
mod directives;
#[path = "src/platform/redis/version.rs"]
#[allow(dead_code)]
mod version;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/platform/redis/version.rs");
    directives::generate();
}
