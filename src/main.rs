//! The `hardline` command.
fn main() {}
