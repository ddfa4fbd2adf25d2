//! The same questions to hardline and to every server that runs as a Sentinel: which commands it has, what its users
//! may do, and which configurations it takes.

mod files;
mod users;
