//! The facts of TLS as a server offers it: protocols and certificates.

use super::certificate::Certificate;
use super::connect::{Doubt, Security};
use super::probe::Offer;
use crate::date::Date;
use crate::fact::{Fact, Why};
use crate::text::Span;

/// What is known of TLS, one text for each line that it has: first of the protocols, then of the certificates.
pub(super) fn lines(security: &Security) -> Vec<String> {
    let protocols = security.offers.iter().map(|(protocol, offer)| {
        let said = match offer {
            Offer::Accepted => "accepted",
            Offer::Refused => "refused",
            Offer::Unknown(why) => why,
        };
        format!("tls protocol {}: {said}", protocol.name())
    });
    let certificates = security.certificates.iter().map(|certificate| match certificate {
        None => "tls certificate: malformed".to_owned(),
        Some(certificate) => format!("tls certificate {}", shown(certificate)),
    });
    protocols.chain(certificates).collect()
}

/// How many names of a certificate are shown.
const SHOWN: usize = 8;

fn shown(certificate: &Certificate) -> String {
    let Certificate { subject, issuer, not_before, not_after, names, key, bits, signature, .. } = certificate;
    let bits = bits.map(|bits| format!(" {bits}")).unwrap_or_default();
    let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
    if names.len() > SHOWN {
        names.truncate(SHOWN);
        names.push("...");
    }
    let names = if names.is_empty() { "no names".to_owned() } else { names.join(" ") };
    format!("{subject}: from {issuer}, {not_before} to {not_after}, {key}{bits}, {signature}, for {names}")
}

/// The facts; `places` has the place of each of the [`lines`].
pub(super) fn facts(security: &Security, places: &[Span], whole: Span, today: Option<&str>) -> Fact {
    let (protocols, certificates) = places.split_at_checked(security.offers.len()).unwrap_or_default();
    let protocols = security.offers.iter().zip(protocols).map(|((protocol, offer), &at)| {
        let accepted = match offer {
            Offer::Accepted => Fact::derived(true, at),
            Offer::Refused => Fact::derived(false, at),
            Offer::Unknown(why) => {
                let needs = format!("an answer to {} that is one of TLS: {why}", protocol.name());
                Fact::unknown(Why::NotReadable, at, needs)
            }
        };
        Fact::record([("name", Fact::derived(protocol.name().to_owned(), at)), ("accepted", accepted)], at)
    });
    let first = certificates.first().copied().unwrap_or(whole);
    let today = today.and_then(Date::parse);
    let all =
        security.certificates.iter().zip(certificates).enumerate().map(
            |(number, (certificate, &at))| match certificate {
                None => Fact::unknown(Why::Malformed, at, "a certificate that can be read"),
                Some(certificate) => self::certificate(certificate, number == 0, at, today),
            },
        );
    let own = security.certificates.first().map(|own| match own {
        None => Fact::unknown(Why::Malformed, first, "a certificate that can be read"),
        Some(own) => Fact::derived(own.is_for(&security.asked), first),
    });
    let fields = [
        ("protocols", Fact::derived(protocols.collect::<Vec<_>>(), whole)),
        ("certificates", Fact::derived(all.collect::<Vec<_>>(), whole)),
        ("asked_name", Fact::derived(security.asked.clone(), first)),
        ("untrusted_for", Fact::derived(doubt(security.doubt).to_owned(), first)),
    ];
    let more = own.map(|own| [("for_asked_name", own), ("chain_complete", complete(security, first))]);
    Fact::record(fields.into_iter().chain(more.into_iter().flatten()), whole)
}

fn doubt(doubt: Option<Doubt>) -> &'static str {
    match doubt {
        None => "",
        Some(Doubt::Issuer) => "issuer",
        Some(Doubt::Time) => "time",
        Some(Doubt::Name) => "name",
        Some(Doubt::Key) => "key",
        Some(Doubt::Other) => "other",
    }
}

fn certificate(certificate: &Certificate, own: bool, at: Span, today: Option<Date>) -> Fact {
    let Certificate { subject, issuer, not_before, not_after, names, key, bits, signature, .. } = certificate;
    let text = |text: &str| Fact::derived(text.to_owned(), at);
    let left = today.map(|today| Fact::derived(today.days_until(*not_after), at));
    let bits = bits.map(|bits| Fact::derived(i64::from(bits), at));
    let fields = [
        ("subject", text(subject)),
        ("issuer", text(issuer)),
        ("not_before", text(&not_before.to_string())),
        ("not_after", text(&not_after.to_string())),
        ("days", Fact::derived(not_before.days_until(*not_after), at)),
        ("days_left", left.unwrap_or_else(|| Fact::unknown(Why::NotReadable, at, "the date of today"))),
        ("names", Fact::derived(names.iter().map(|name| text(name)).collect::<Vec<_>>(), at)),
        ("own", Fact::derived(own, at)),
        ("authority", Fact::derived(certificate.authority, at)),
        ("self_signed", Fact::derived(certificate.self_signed, at)),
        ("key_algorithm", text(key)),
        ("key_bits", bits.unwrap_or_else(|| Fact::unknown(Why::NotSupported, at, "a key of a known kind"))),
        ("signature_algorithm", text(signature)),
    ];
    Fact::record(fields, at)
}

/// Whether the certificates lead from the server's own to an authority. Whoever does not know the authority cannot tell
/// whether one is missing in between.
fn complete(security: &Security, at: Span) -> Fact {
    let all: Option<Vec<&Certificate>> = security.certificates.iter().map(Option::as_ref).collect();
    let Some(all) = all else { return Fact::unknown(Why::Malformed, at, "certificates that can be read") };
    let mut last = all.first().copied();
    // A circle ends as well.
    for _ in &all {
        let Some(now) = last.filter(|last| !last.self_signed) else { break };
        let next = all.iter().copied().find(|other| other.subject == now.issuer);
        if next.is_none() {
            break;
        }
        last = next;
    }
    let ends = last.is_some_and(|last| last.self_signed);
    let leads_nowhere = all.len() > 1 && last == all.first().copied();
    match security.doubt {
        None => Fact::derived(true, at),
        Some(_) if ends => Fact::derived(true, at),
        Some(_) if leads_nowhere => Fact::derived(false, at),
        Some(_) => {
            let needs = "the certificate of the authority (--ca), to see whether one in between is missing";
            Fact::unknown(Why::NotReadable, at, needs)
        }
    }
}
