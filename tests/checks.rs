//! Every example of every check, as a test of its own name.

fn main() {}
