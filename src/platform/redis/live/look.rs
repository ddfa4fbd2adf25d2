//! What a value looks like: texts that are secrets wherever they stand, by the form that their issuers give them.

use std::sync::OnceLock;

use regex::bytes::Regex;

/// The kinds, each with the form that it has. Which of them count is for a check to say.
const FORMS: [(&str, &str); 10] = [
    // RFC 7468 and RFC 4716.
    ("private-key", r"-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY( BLOCK)?-----"),
    ("aws-access-key", r"\b(AKIA|ASIA)[A-Z2-7]{16}\b"),
    ("github-token", r"\b(gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{40})"),
    ("gitlab-token", r"\bglpat-[A-Za-z0-9_-]{20}"),
    ("slack-token", r"\bxox[abeoprs]-[A-Za-z0-9-]{10}"),
    ("stripe-key", r"\b[rs]k_live_[A-Za-z0-9]{16}"),
    ("google-api-key", r"\bAIza[A-Za-z0-9_-]{35}"),
    // RFC 7519: two JSON objects and a signature.
    ("jwt", r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{16,}"),
    ("password-in-url", r#"[a-zA-Z][a-zA-Z0-9+.-]*://[^\s/:@"'\\]*:(?<secret>[^\s/:@"'\\]{4,})@"#),
    // JSON, a literal of a language, what PHP serialises of a session and of an array.
    (
        "password-field",
        r#"(?i)\b(password|passwd|secret|client_?secret|api_?key|private_?key)\\?["']?\s*([:=]|\|s:\d+:|;s:\d+:)\s*\\?["'](?<secret>[^"'\\]{6,})\\?["']"#,
    ),
];

/// The kinds of secrets that a value looks like.
pub fn kinds(value: &[u8]) -> Vec<&'static str> {
    static ALL: OnceLock<Vec<(&'static str, Regex)>> = OnceLock::new();
    let all = ALL.get_or_init(|| {
        let compiled = FORMS.iter().map(|(kind, form)| Some((*kind, Regex::new(form).ok()?)));
        compiled.collect::<Option<_>>().unwrap_or_default()
    });
    let is_there = |form: &Regex| {
        form.captures_iter(value).any(|found| found.name("secret").is_none_or(|secret| is_clear(secret.as_bytes())))
    };
    all.iter().filter(|(_, form)| is_there(form)).map(|(kind, _)| *kind).collect()
}

/// Whether what stands for a password may be one: no reference, nothing that was masked, and no hash.
fn is_clear(secret: &[u8]) -> bool {
    let scheme = secret.split(|byte| matches!(byte, b'$' | b':')).next().unwrap_or_default();
    let hashed = ["pbkdf2", "scrypt", "bcrypt", "argon2", "sha1", "sha256", "sha512", "md5"];
    let is_hash = secret.len() > scheme.len()
        && hashed
            .iter()
            .any(|name| scheme.len() >= name.len() && scheme[..name.len()].eq_ignore_ascii_case(name.as_bytes()));
    let digest = matches!(secret.len(), 32 | 40 | 56 | 64 | 96 | 128) && secret.iter().all(u8::is_ascii_hexdigit);
    !matches!(secret.first(), Some(b'$' | b'{' | b'<' | b'*' | b'%')) && !is_hash && !digest
}
