//! Protocols of servers that share a port. A TLS client is needed, which Python has.

use std::process::Command;

use crate::oracle::nginx_live::config::{self, Item};
use crate::oracle::nginx_live::server::{Folder, nginx};
use crate::oracle::nginx_live::upstream::Upstream;
use crate::oracle::servers;

/// Whether a client that speaks nothing newer than TLS 1.1 gets through to a server of this name.
const CLIENT: &str = "\
import socket, ssl, sys, warnings
warnings.simplefilter('ignore')
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
context.set_ciphers('ALL:@SECLEVEL=0')
context.minimum_version = ssl.TLSVersion.TLSv1_1
context.maximum_version = ssl.TLSVersion.TLSv1_1
try:
    with socket.create_connection(('127.0.0.1', int(sys.argv[1])), 10) as plain:
        with context.wrap_socket(plain, server_hostname=sys.argv[2]) as secure:
            print(secure.version())
except ssl.SSLError as error:
    print('refused', error.reason)
";

fn speaks(port: u16, name: &str) -> String {
    let done = Command::new("python3").args(["-c", CLIENT, &port.to_string(), name]).output();
    let done = done.unwrap_or_else(|error| panic!("needs python3 for a TLS client: {error}"));
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).trim().to_owned()
}

/// Starts two servers on one port with these protocols, and asks both names with TLS 1.1.
fn asked(first: &str, second: &str) -> [String; 2] {
    let upstream = Upstream::start();
    let server = |name: &str, protocols: &str| {
        format!(
            "server {{ listen {{PORT}} ssl; server_name {name}; ssl_protocols {protocols}; ssl_ciphers ALL:@SECLEVEL=0; \
             ssl_certificate server.crt; ssl_certificate_key server.key; location / {{ return 200; }} }}"
        )
    };
    let http = format!("{} {}", server("first", first), server("second", second));
    let mut files = config::files(&[Item::Line(http)]);
    for name in ["server.crt", "server.key"] {
        let path = servers::folder().join("tls").join(name);
        let text = std::fs::read_to_string(&path);
        let text = text.unwrap_or_else(|error| panic!("{}: {error}: run tests/run, which makes it", path.display()));
        files.insert(name.to_owned(), text);
    }
    let folder = Folder::new(&files, &upstream);
    let running = nginx().start(&folder).unwrap_or_else(|refusal| panic!("nginx refuses it: {refusal:?}"));
    let said = ["first", "second"].map(|name| speaks(folder.ports[0], name));
    drop(running);
    said
}

/// Before 1.29.2 the protocols of the default server are those of the port.
#[test]
fn the_default_servers_protocols_are_the_ports() {
    let new = "TLSv1.2 TLSv1.3";
    let [first, second] = asked("TLSv1.1 TLSv1.2", new);
    assert_eq!([first.as_str(), second.as_str()], ["TLSv1.1", "TLSv1.1"]);
    let [first, second] = asked(new, "TLSv1.1 TLSv1.2");
    assert!(first.starts_with("refused") && second.starts_with("refused"), "{first}, {second}");
}
