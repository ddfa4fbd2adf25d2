//! hardline's answer to the same question.

use std::net::Ipv4Addr;

use hardline::files::{Disk, Location};
use hardline::platform::nginx::effective::{Backend, Question, evaluate};
use hardline::platform::nginx::request::Request;
use hardline::platform::nginx::version::Version;
use serde_json::Value;

use super::config::MAIN;
use super::observe::Ask;
use super::server::{Folder, nginx};

/// What hardline says of a configuration, and of a request if there is one.
pub fn answer(folder: &Folder, ask: Option<&Ask>) -> Value {
    let request = ask.map(|ask| Request {
        tls: false,
        address: Some(Ipv4Addr::LOCALHOST.into()),
        port: folder.ports[ask.port],
        host: format!("{}:{}", ask.host, folder.ports[ask.port]),
        target: ask.target.clone(),
        method: ask.method.clone(),
        headers: ask.headers.clone(),
        content_length: ask.length.map(|length| length as u64),
        client: Some(Ipv4Addr::LOCALHOST.into()),
    });
    let backend = ask
        .map_or_else(Backend::default, |ask| Backend { status: ask.reply.status, headers: ask.reply.headers.clone() });
    let question = Question {
        version: Version::parse(&format!("nginx:{}+debian", nginx().version)).expect("a version with tables"),
        main: Location::Here(folder.path.join(MAIN)),
        request: request.as_ref(),
        backend: &backend,
    };
    let answer = evaluate(&question, &Disk::whole(8 << 20), &folder.path);
    serde_json::to_value(answer).expect("JSON")
}
