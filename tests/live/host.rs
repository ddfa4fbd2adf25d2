//! Whether a server is on this host, and which addresses of its `bind` the host lacks.

use std::net::TcpListener;

use hardline::platform::redis::live::ask::{Answers, Ask, ask};
use hardline::platform::redis::live::connect::Tls;
use hardline::platform::redis::live::target::{Limits, Target};

use super::fake::{bulk, list, serve};

/// The ports that a server sees, of those that there are: the client's, and its own.
type Seen = fn(u16, u16) -> (u16, u16);

fn asked(seen: Option<Seen>, bind: &'static str) -> Answers {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its address").port();
    std::thread::spawn(move || {
        let (stream, peer) = listener.accept().expect("a client");
        serve(&stream, |words| {
            Some(match (words.join(" ").as_str(), seen) {
                ("CLIENT LIST", None) => "-NOPERM no permissions\r\n".to_owned(),
                ("CLIENT LIST", Some(seen)) => {
                    let (client, own) = seen(peer.port(), port);
                    bulk(&format!("id=3 addr=127.0.0.1:{client} laddr=127.0.0.1:{own} fd=8 name=\n"))
                }
                ("CONFIG GET *", _) => list(&["port", "6379", "bind", bind]),
                _ => "+OK\r\n".to_owned(),
            })
        });
    });
    let target = Target::parse(&format!("redis://127.0.0.1:{port}")).expect("a URL");
    ask(&target, &Tls::default(), Limits::default()).expect("a connection")
}

/// 192.0.2.0/24 is for documentation (RFC 5737), so no host has an address of it.
#[test]
fn addresses_that_are_gone_are_told_where_the_server_is_here() {
    let (bind, gone) = ("* -::* 127.0.0.1 -192.0.2.1 192.0.2.7 cache.example", vec!["192.0.2.7".to_owned()]);
    for (seen, told) in [
        (Some((|client, own| (client, own)) as Seen), Some(Ok(gone))),
        // What goes through a tunnel or into a container has other ends there.
        (Some(|client, own| (client ^ 1, own)), None),
        (Some(|client, own| (client, own ^ 1)), None),
        (None, Some(Err(Ask::Clients))),
    ] {
        assert_eq!(asked(seen, bind).lacking, told);
    }
    assert_eq!(asked(Some(|client, own| (client, own)), "127.0.0.1").lacking, Some(Ok(Vec::new())));
}
