//! What a project says about its own keys: `[redis] key_prefixes` in `hardline.toml`. Whether a server that runs keeps to
//! it is a question of facts.

/// What some of the project's keys begin with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPrefix {
    /// The prefix, such as `session:`.
    pub text: String,
    /// Whether every key that begins with it is to expire.
    pub ttl: bool,
}
