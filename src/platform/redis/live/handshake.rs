//! The handshake of TLS, and what it means when it fails.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use rustls::pki_types::ServerName;
use rustls::{AlertDescription, ClientConnection, StreamOwned};

use super::certificate::Certificate;
use super::connect::{Security, Tls};
use super::paced::{Paced, is_closed, is_timeout, said};
use super::probe::Protocol;
use super::target::Limits;
use super::trust::{Eye, config, look};

/// A connection that is secured.
pub(super) type Secured = StreamOwned<ClientConnection, Paced>;

/// Does the handshake, all of it within the time for a connection.
pub(super) fn secured(
    mut paced: Paced,
    host: &str,
    tls: &Tls,
    limits: Limits,
) -> Result<(Box<Secured>, Security), String> {
    let eye = Eye::default();
    let config = config(tls, &eye)?;
    let asked = tls.server_name.as_deref().unwrap_or(host).to_owned();
    let name = ServerName::try_from(asked.clone());
    let name = name.map_err(|_| format!("`{host}` is no name that a certificate can have"))?;
    let client = ClientConnection::new(Arc::new(config), name).map_err(|error| error.to_string())?;
    let deadline = paced.deadline;
    (paced.deadline, paced.patience) = (deadline.min(Instant::now() + limits.connect), limits.connect);
    let mut owned = Box::new(StreamOwned::new(client, paced));
    while owned.conn.is_handshaking() {
        owned.conn.complete_io(&mut owned.sock).map_err(|error| handshake(&error, &eye))?;
    }
    (owned.sock.deadline, owned.sock.patience) = (deadline, limits.read);
    let protocol = owned.conn.protocol_version().map(|version| match version {
        rustls::ProtocolVersion::TLSv1_2 => Protocol::V12.name().to_owned(),
        rustls::ProtocolVersion::TLSv1_3 => Protocol::V13.name().to_owned(),
        other => format!("{other:?}"),
    });
    let chain = owned.conn.peer_certificates().unwrap_or_default();
    let certificates = chain.iter().map(|certificate| Certificate::read(certificate)).collect();
    let (doubt, distrust) = look(&eye).distrust.take().unzip();
    let offers = Vec::new();
    Ok((owned, Security { protocol, distrust, doubt, asked, certificates, offers }))
}

/// What a handshake that fails says.
fn handshake(error: &io::Error, eye: &Eye) -> String {
    if is_timeout(error) {
        return "no answer to the TLS handshake: is this a port without TLS (redis://)?".to_owned();
    }
    match tls_error(error) {
        Some(rustls::Error::InvalidMessage(_)) => "it does not speak TLS on this port".to_owned(),
        // That is how servers say it up to TLS 1.2.
        Some(rustls::Error::AlertReceived(AlertDescription::HandshakeFailure)) if look(eye).wants_certificate => {
            NO_CERTIFICATE.to_owned()
        }
        // It may be gone before what it says about that is read.
        _ if is_closed(error) && look(eye).wants_certificate => NO_CERTIFICATE.to_owned(),
        _ => alert(error).unwrap_or_else(|| format!("the TLS handshake fails: {}", said(error))),
    }
}

const NO_CERTIFICATE: &str = "it wants a certificate of the client (--cert and --key)";

/// What a server means that ends TLS. With TLS 1.3 it looks at the client's certificate when the client is done.
pub(super) fn alert(error: &io::Error) -> Option<String> {
    use AlertDescription as Alert;
    let Some(rustls::Error::AlertReceived(alert)) = tls_error(error) else { return None };
    Some(match alert {
        Alert::CertificateRequired => NO_CERTIFICATE.to_owned(),
        Alert::ProtocolVersion => "it accepts neither TLS 1.2 nor TLS 1.3".to_owned(),
        Alert::UnknownCA | Alert::BadCertificate | Alert::CertificateExpired | Alert::CertificateUnknown => {
            format!("it does not take the certificate of the client ({alert:?})")
        }
        alert => format!("it ends TLS ({alert:?})"),
    })
}

fn tls_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}
