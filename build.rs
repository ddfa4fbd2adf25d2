//! Turns the data files into tables that cost nothing at start-up.

#[path = "src/build/checks.rs"]
mod checks;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    checks::generate();
}
