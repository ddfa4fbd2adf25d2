//! What a certificate says: read from its DER, judged nowhere.

use std::net::IpAddr;

use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::oid_registry::Oid;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::{PublicKey, RSAPublicKey};
use x509_parser::time::ASN1Time;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo};

use crate::date::Date;

/// A certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Whom it is for, such as `CN=cache.example`.
    pub subject: String,
    /// Who issued it.
    pub issuer: String,
    /// The first day on which it is valid.
    pub not_before: Date,
    /// The last one.
    pub not_after: Date,
    /// The names and addresses that it is for.
    pub names: Vec<String>,
    /// Of what kind its key is: RSA, EC, Ed25519, or the number of another kind.
    pub key: String,
    /// How many bits that has, where the kind is one that is known.
    pub bits: Option<u32>,
    /// By what it is signed, such as `sha256WithRSAEncryption`.
    pub signature: String,
    /// Whether it may issue others.
    pub authority: bool,
    /// Whether it names itself as its issuer.
    pub self_signed: bool,
}

/// Letters that a text of a certificate is cut at.
const LONGEST_TEXT: usize = 200;

impl Certificate {
    /// Reads one; `None` where it is malformed.
    pub fn read(der: &[u8]) -> Option<Certificate> {
        let (rest, read) = X509Certificate::from_der(der).ok()?;
        if !rest.is_empty() {
            return None;
        }
        let (key, bits) = key(read.public_key())?;
        // An extension that cannot be read, or is there twice, says nothing that could be relied on.
        let names = read.subject_alternative_name().ok()?;
        let names = names.map(|names| names.value.general_names.iter().filter_map(name).collect());
        Some(Certificate {
            subject: plain(&read.subject().to_string()),
            issuer: plain(&read.issuer().to_string()),
            not_before: day(read.validity().not_before),
            not_after: day(read.validity().not_after),
            names: names.unwrap_or_default(),
            key,
            bits,
            signature: signature(&read.signature_algorithm),
            self_signed: read.subject().as_raw() == read.issuer().as_raw(),
            authority: read.basic_constraints().ok()?.is_some_and(|constraints| constraints.value.ca),
        })
    }

    /// Whether it is for a name or an address (RFC 6125, section 6.4: a star stands for the first label).
    pub fn is_for(&self, asked: &str) -> bool {
        let asked = asked.trim_end_matches('.');
        let address: Option<IpAddr> = asked.parse().ok();
        self.names.iter().any(|name| match (address, name.strip_prefix("*.")) {
            (Some(address), _) => name.parse() == Ok(address),
            (None, None) => name.trim_end_matches('.').eq_ignore_ascii_case(asked),
            (None, Some(domain)) => {
                asked.split_once('.').is_some_and(|(host, rest)| !host.is_empty() && rest.eq_ignore_ascii_case(domain))
            }
        })
    }
}

fn day(time: ASN1Time) -> Date {
    Date::of_seconds(u64::try_from(time.timestamp()).unwrap_or_default())
}

/// A text without what could play tricks on a terminal.
fn plain(text: &str) -> String {
    text.chars().take(LONGEST_TEXT).map(|letter| if is_plain(letter) { letter } else { '?' }).collect()
}

/// Whether a letter shows as itself: no control character, and none that turns the direction of what follows.
fn is_plain(letter: char) -> bool {
    let turns =
        matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    !letter.is_control() && !turns
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some(plain(name)),
        GeneralName::IPAddress(bytes) => {
            let four = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
            four.or_else(|_| <[u8; 16]>::try_from(*bytes).map(IpAddr::from)).ok().map(|address| address.to_string())
        }
        _ => None,
    }
}

/// The kind and the bits of a key. `None` where it is malformed.
fn key(info: &SubjectPublicKeyInfo<'_>) -> Option<(String, Option<u32>)> {
    let number = info.algorithm.algorithm.to_id_string();
    let known = |name: &str, bits: u32| Some((name.to_owned(), Some(bits)));
    match number.as_str() {
        "1.3.101.112" => return known("Ed25519", 256),
        "1.3.101.113" => return known("Ed448", 456),
        // A key of RSA that may only be used with the padding PSS.
        "1.2.840.113549.1.1.10" => {
            let (_, rsa) = RSAPublicKey::from_der(&info.subject_public_key.data).ok()?;
            return known("RSA", length(rsa.modulus));
        }
        _ => {}
    }
    match info.parsed() {
        Ok(PublicKey::RSA(rsa)) => known("RSA", length(rsa.modulus)),
        Ok(PublicKey::EC(point)) => {
            let curve = info.algorithm.parameters.as_ref().and_then(|curve| curve.as_oid().ok());
            let by_point = || match point.data() {
                [4, rest @ ..] => u32::try_from(rest.len() * 4).ok(),
                [2 | 3, rest @ ..] => u32::try_from(rest.len() * 8).ok(),
                _ => None,
            };
            Some(("EC".to_owned(), curve.as_ref().and_then(of_curve).or_else(by_point)))
        }
        Ok(PublicKey::DSA(prime)) => known("DSA", length(prime)),
        Ok(_) => Some((plain(&number), None)),
        Err(_) => None,
    }
}

/// The bits of a number, without the zeros in front.
fn length(number: &[u8]) -> u32 {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let first = number.get(zeros).map_or(0, |byte| 8 - byte.leading_zeros());
    let rest = number.len().saturating_sub(zeros + 1);
    u32::try_from(rest).unwrap_or(u32::MAX / 8).saturating_mul(8) + first
}

/// The bits of a curve whose points are not of as many bits as they take room.
fn of_curve(curve: &Oid<'_>) -> Option<u32> {
    match curve.to_id_string().as_str() {
        "1.3.132.0.35" => Some(521),
        _ => None,
    }
}

/// The names of signatures (RFC 8017, RFC 5758, RFC 8410); another has its number.
const SIGNATURES: [(&str, &str); 18] = [
    ("1.2.840.113549.1.1.2", "md2WithRSAEncryption"),
    ("1.2.840.113549.1.1.4", "md5WithRSAEncryption"),
    ("1.2.840.113549.1.1.5", "sha1WithRSAEncryption"),
    ("1.3.14.3.2.29", "sha1WithRSAEncryption"),
    ("1.2.840.113549.1.1.10", "rsassaPss"),
    ("1.2.840.113549.1.1.11", "sha256WithRSAEncryption"),
    ("1.2.840.113549.1.1.12", "sha384WithRSAEncryption"),
    ("1.2.840.113549.1.1.13", "sha512WithRSAEncryption"),
    ("1.2.840.113549.1.1.14", "sha224WithRSAEncryption"),
    ("1.2.840.10045.4.1", "ecdsa-with-SHA1"),
    ("1.2.840.10045.4.3.1", "ecdsa-with-SHA224"),
    ("1.2.840.10045.4.3.2", "ecdsa-with-SHA256"),
    ("1.2.840.10045.4.3.3", "ecdsa-with-SHA384"),
    ("1.2.840.10045.4.3.4", "ecdsa-with-SHA512"),
    ("1.2.840.10040.4.3", "dsa-with-SHA1"),
    ("2.16.840.1.101.3.4.3.2", "dsa-with-SHA256"),
    ("1.3.101.112", "Ed25519"),
    ("1.3.101.113", "Ed448"),
];

fn signature(algorithm: &AlgorithmIdentifier<'_>) -> String {
    let number = algorithm.algorithm.to_id_string();
    let name = SIGNATURES.iter().find(|(known, _)| *known == number).map(|(_, name)| (*name).to_owned());
    name.unwrap_or_else(|| plain(&number))
}
