//! Files that are nginx's by what is in them.

use std::path::Path;

use hardline::platform::nginx::claim::form;

#[test]
fn a_server_on_one_line_is_seen() {
    let claimed = |text: &str| form(Path::new("site.conf"), text.as_bytes()).is_some();
    assert!(claimed("server { listen 80; server_name a.example; return 301 https://a.example$request_uri; }\n"));
    assert!(claimed("server { listen 80; location / { proxy_pass http://127.0.0.1:3000; } } # one\n"));
    assert!(claimed("upstream app { server 127.0.0.1:3000; }\nserver {\n  listen 80;\n}\n"));
    assert!(!claimed("server { host = a.example; port = 80; }\n"));
    assert!(!claimed("server {}\n"));
    assert!(!claimed("body { color: red; margin: 0; }\n"));
}
