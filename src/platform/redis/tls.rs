//! What keeps TLS from being set up although its files are there: protocols, ciphers, and files that only some set-ups
//! need (`tls.c:tlsConfigure`, 7.0.15). It is asked only where something uses TLS.

use super::conf::{Held, Loaded, Phase, Refusal};
use super::include::written_path;
use super::number::same_word;
use super::value::Typed;
use crate::fact::{Unknown, Why};
use crate::files::Files;
use crate::text::Span;

/// What is wrong with the settings of TLS, and what cannot be told of them.
#[derive(Debug, Default)]
pub struct Faults {
    /// Why the server would not start.
    pub refusals: Vec<Refusal>,
    /// Why it may not.
    pub doubts: Vec<Unknown>,
}

/// The suites of TLS 1.3 that OpenSSL 3 has (`SSL_CTX_set_ciphersuites(3)`).
const SUITES: [&str; 5] = [
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_128_CCM_SHA256",
    "TLS_AES_128_CCM_8_SHA256",
];

/// Words that select ciphers by themselves and have no dash in them (`openssl-ciphers(1)`, OpenSSL 3).
const CIPHERS: [&str; 40] = [
    "DEFAULT",
    "ALL",
    "COMPLEMENTOFDEFAULT",
    "COMPLEMENTOFALL",
    "HIGH",
    "MEDIUM",
    "LOW",
    "eNULL",
    "NULL",
    "aNULL",
    "kRSA",
    "aRSA",
    "RSA",
    "kDHE",
    "kEDH",
    "DH",
    "DHE",
    "EDH",
    "ADH",
    "kEECDH",
    "kECDHE",
    "ECDH",
    "ECDHE",
    "EECDH",
    "AECDH",
    "aDSS",
    "DSS",
    "aECDSA",
    "ECDSA",
    "TLSv1.2",
    "TLSv1.0",
    "SSLv3",
    "AES128",
    "AES256",
    "AES",
    "AESGCM",
    "CHACHA20",
    "PSK",
    "SHA256",
    "SHA384",
];

/// Looks at the settings of TLS. `files` are those of the machine that the server would run on, where that is this one.
pub fn faults(loaded: &Loaded, files: Option<&dyn Files>) -> Faults {
    let mut check = Check { loaded, files, faults: Faults::default() };
    let on = |name: &str| match loaded.named(name).typed() {
        Some(Typed::Int(port)) => *port != 0,
        Some(Typed::Bool(on)) => *on,
        _ => false,
    };
    if ["tls-port", "tls-replication", "tls-cluster"].into_iter().any(on) {
        check.protocols();
        check.ciphers("tls-ciphers", known_cipher);
        check.ciphers("tls-ciphersuites", known_suite);
        check.file("tls-dh-params-file", b"DH PARAMETERS");
        if check.text("tls-client-cert-file").is_some() && check.text("tls-client-key-file").is_some() {
            check.file("tls-client-cert-file", b"CERTIFICATE");
            check.file("tls-client-key-file", b"PRIVATE KEY");
        }
    }
    check.faults
}

struct Check<'a> {
    loaded: &'a Loaded,
    files: Option<&'a dyn Files>,
    faults: Faults,
}

impl Check<'_> {
    /// What is written, if it is not empty.
    fn text(&self, name: &str) -> Option<(Vec<u8>, Span)> {
        match self.loaded.named(name) {
            Held::Written(write, Typed::Bytes(text)) if !text.is_empty() => Some((text.to_vec(), write.value)),
            _ => None,
        }
    }

    fn refuse(&mut self, message: impl Into<String>, at: Span) {
        self.faults.refusals.push(Refusal { phase: Phase::Listening, message: message.into(), at });
    }

    /// `tls.c:parseProtocolsConfig`.
    fn protocols(&mut self) {
        let Some((text, at)) = self.text("tls-protocols") else { return };
        let known = |word: &[u8]| ["tlsv1", "tlsv1.1", "tlsv1.2", "tlsv1.3"].iter().any(|name| same_word(word, name));
        if !text.split(|byte| *byte == b' ').all(known) {
            let message =
                "Invalid tls-protocols specified. Use a combination of 'TLSv1', 'TLSv1.1', 'TLSv1.2' and 'TLSv1.3'.";
            self.refuse(message, at);
        }
    }

    /// OpenSSL passes over words that it does not know as long as it knows one.
    fn ciphers(&mut self, name: &str, known: fn(&str) -> Option<bool>) {
        let Some((text, at)) = self.text(name) else { return };
        let text = String::from_utf8_lossy(&text).into_owned();
        let words = text.split([':', ',', ' ', ';']).filter(|word| !word.is_empty());
        let answers: Vec<Option<bool>> = words.map(known).collect();
        if answers.contains(&Some(true)) {
            return;
        }
        if answers.contains(&None) {
            let needs = format!("whether the server's OpenSSL knows a cipher of `{name}`");
            self.faults.doubts.push(Unknown::new(Why::NotSupported, at, needs));
        } else {
            self.refuse(format!("Failed to configure {}: no cipher is known", name.trim_start_matches("tls-")), at);
        }
    }

    /// A file of PEM blocks, as far as this machine can tell.
    fn file(&mut self, name: &str, label: &[u8]) {
        let (Some((text, at)), Some(files), Ok(folder)) = (self.text(name), self.files, &self.loaded.folder) else {
            return;
        };
        let has_block = |bytes: Vec<u8>| memchr::memmem::find(&bytes, label).is_some();
        if !files.read(&folder.resolve(&written_path(&text))).is_ok_and(has_block) {
            self.refuse(format!("TLS cannot use the file of `{name}`"), at);
        }
    }
}

/// Whether a word selects ciphers of TLS 1.2 and before; nothing where only OpenSSL can tell.
fn known_cipher(word: &str) -> Option<bool> {
    let looks_like_a_name = |word: &str| {
        word.contains('-')
            && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-')
    };
    match word {
        _ if CIPHERS.contains(&word) => Some(true),
        _ if word.starts_with(['!', '-', '+', '@']) => Some(false),
        _ if word.contains('+') => {
            word.split('+').map(known_cipher).min_by_key(|known| known.unwrap_or(true)).flatten()
        }
        _ if looks_like_a_name(word) => None,
        _ => Some(word.bytes().any(|byte| byte.is_ascii_uppercase())).filter(|upper| !upper),
    }
}

fn known_suite(word: &str) -> Option<bool> {
    Some(SUITES.contains(&word))
}
