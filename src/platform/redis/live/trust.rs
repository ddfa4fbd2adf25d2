//! Whose certificates are trusted, and which one is shown. A certificate that is not trusted is a fact to be told, not the
//! end of an audit.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use super::connect::Tls;

/// Where this machine keeps the certificates that it trusts.
const SYSTEM: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

/// Notes what is wrong with a certificate, and goes on.
#[derive(Debug)]
struct Recording {
    inner: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
    seen: Arc<Mutex<Option<String>>>,
}

impl Recording {
    /// `seen` gets why a certificate is not trusted.
    fn new(roots: RootCertStore, provider: Arc<CryptoProvider>, seen: Arc<Mutex<Option<String>>>) -> Recording {
        let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone());
        Recording { inner: builder.build().ok(), provider, seen }
    }
}

impl ServerCertVerifier for Recording {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let why = match &self.inner {
            None => Some("no certificate of an authority is known here (--ca)".to_owned()),
            Some(inner) => inner.verify_server_cert(end_entity, intermediates, name, ocsp, now).err().map(words),
        };
        *self.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = why;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// What is wrong, in words that people use.
fn words(error: Error) -> String {
    use rustls::CertificateError;
    match error {
        Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            "no authority that is trusted here issued its certificate".to_owned()
        }
        Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
            "its certificate has expired".to_owned()
        }
        Error::InvalidCertificate(CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. }) => {
            "its certificate is not valid yet".to_owned()
        }
        Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => "its certificate is for other names".to_owned(),
        other => other.to_string(),
    }
}

/// How a client behaves; `seen` gets why the server's certificate is not trusted.
///
/// # Errors
/// Which file cannot be read, or holds something else.
pub(super) fn config(tls: &Tls, seen: Arc<Mutex<Option<String>>>) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    let system = || SYSTEM.iter().map(PathBuf::from).find(|path| path.exists());
    if let Some(path) = tls.ca.clone().or_else(system) {
        for certificate in certificates(&path)? {
            // A file of many has always some that cannot be read; the others are what counts.
            let _ = roots.add(certificate);
        }
    }
    let verifier = Recording::new(roots, provider.clone(), seen);
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    match (&tls.cert, &tls.key) {
        (Some(cert), Some(key)) => {
            let bytes = fs::read(key).map_err(|error| format!("{}: {error}", key.display()))?;
            let pem =
                PrivateKeyDer::from_pem_slice(&bytes).map_err(|_| format!("{}: no private key", key.display()))?;
            let chain = certificates(cert)?;
            builder.with_client_auth_cert(chain, pem).map_err(|error| format!("{}: {error}", cert.display()))
        }
        _ => Ok(builder.with_no_client_auth()),
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let bytes = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    let all = all.map_err(|_| format!("{}: no certificates", path.display()))?;
    if all.is_empty() { Err(format!("{}: no certificates", path.display())) } else { Ok(all) }
}
