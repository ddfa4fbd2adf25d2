//! The server's side of TLS, for servers that are made up.

use std::net::TcpStream;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection};

use crate::oracle::servers::folder;

/// Does a handshake with the certificate that `tests/run` makes.
pub fn shaken(stream: &mut TcpStream) {
    let file = |name: &str| std::fs::read(folder().join("tls").join(name)).expect("tests/run makes it");
    let chain = vec![CertificateDer::from_pem_slice(&file("server.crt")).expect("a certificate")];
    let key = PrivateKeyDer::from_pem_slice(&file("server.key")).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a certificate with its key");
    let mut server = ServerConnection::new(Arc::new(config)).expect("a server");
    while server.is_handshaking() && server.complete_io(stream).is_ok() {}
}
