//! Whose certificates are trusted, and which one is shown. A certificate that is not trusted is a fact to be told, not the
//! end of an audit.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use super::connect::{Doubt, Tls};
use crate::date::Date;

/// Where this machine keeps the certificates that it trusts.
const SYSTEM: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

/// What a handshake shows beside the certificates.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Why the server is not trusted.
    pub(super) distrust: Option<(Doubt, String)>,
    /// Whether the server asked for a certificate that there is not.
    pub(super) wants_certificate: bool,
}

/// What a handshake shows, while it goes on.
pub(super) type Eye = Arc<Mutex<Seen>>;

/// Looks at what was seen, or changes it.
pub(super) fn look(eye: &Eye) -> MutexGuard<'_, Seen> {
    eye.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Notes what is wrong with a certificate, and goes on.
#[derive(Debug)]
struct Recording {
    inner: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
    eye: Eye,
}

impl Recording {
    fn new(roots: RootCertStore, provider: Arc<CryptoProvider>, eye: Eye) -> Recording {
        let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone());
        Recording { inner: builder.build().ok(), provider, eye }
    }

    /// A signature that cannot be verified is told as well: a short key never makes one that is taken.
    fn noted(&self, checked: Result<HandshakeSignatureValid, Error>) -> Result<HandshakeSignatureValid, Error> {
        if checked.is_err() {
            let why = "nothing proves that it has the key of its certificate: the signature is wrong, or by a key that is \
                       too weak to be taken";
            look(&self.eye).distrust.get_or_insert((Doubt::Key, why.to_owned()));
        }
        Ok(HandshakeSignatureValid::assertion())
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
            None => Some((Doubt::Issuer, "no certificate of an authority is known here (--ca)".to_owned())),
            Some(inner) => inner.verify_server_cert(end_entity, intermediates, name, ocsp, now).err().map(words),
        };
        look(&self.eye).distrust = why;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.provider.signature_verification_algorithms;
        self.noted(verify_tls12_signature(message, cert, signed, known))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.provider.signature_verification_algorithms;
        self.noted(verify_tls13_signature(message, cert, signed, known))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Has no certificate to show, and notes that one was asked for.
#[derive(Debug)]
struct Nobody(Eye);

impl ResolvesClientCert for Nobody {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        look(&self.0).wants_certificate = true;
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

/// What is wrong, in words that people use.
fn words(error: Error) -> (Doubt, String) {
    use rustls::CertificateError as Wrong;
    let Error::InvalidCertificate(wrong) = &error else { return (Doubt::Other, error.to_string()) };
    match wrong {
        Wrong::UnknownIssuer => (Doubt::Issuer, "no authority that is trusted here issued its certificate".to_owned()),
        Wrong::Expired => (Doubt::Time, "its certificate has expired".to_owned()),
        Wrong::ExpiredContext { not_after, .. } => {
            (Doubt::Time, format!("its certificate has expired ({})", Date::of_seconds(not_after.as_secs())))
        }
        Wrong::NotValidYet | Wrong::NotValidYetContext { .. } => {
            (Doubt::Other, "its certificate is not valid yet".to_owned())
        }
        Wrong::NotValidForName | Wrong::NotValidForNameContext { .. } => {
            (Doubt::Name, "its certificate is for other names".to_owned())
        }
        _ => (Doubt::Other, error.to_string()),
    }
}

/// How a client behaves; `eye` gets what the handshake shows.
///
/// # Errors
/// Which file cannot be read, or holds something else.
pub(super) fn config(tls: &Tls, eye: &Eye) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    let system = || SYSTEM.iter().map(PathBuf::from).find(|path| path.exists());
    if let Some(path) = tls.ca.clone().or_else(system) {
        for certificate in certificates(&path)? {
            // A file of many has always some that cannot be read; the others are what counts.
            let _ = roots.add(certificate);
        }
    }
    let verifier = Recording::new(roots, provider.clone(), eye.clone());
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
        _ => Ok(builder.with_client_cert_resolver(Arc::new(Nobody(eye.clone())))),
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let bytes = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    let all = all.map_err(|_| format!("{}: no certificates", path.display()))?;
    if all.is_empty() { Err(format!("{}: no certificates", path.display())) } else { Ok(all) }
}
