//! Every password that is written or hashed.

use std::sync::{Arc, LazyLock};

use crate::fact::{Fact, Secret, Spans, Unknown, Value, Why};
use crate::platform::redis::conf::{Held, Loaded};
use crate::platform::redis::directive::SettingId;
use crate::platform::redis::split::Word;
use crate::platform::redis::value::Typed;
use crate::text::Span;

/// The settings that hold a password (`config.c: SENSITIVE_CONFIG`, 7.4.1, less the users' names).
const SETTINGS: [&str; 5] =
    ["requirepass", "masterauth", "primaryauth", "tls-key-file-pass", "tls-client-key-file-pass"];

/// Why the length of a hashed password is not known: one text for all of them.
static HASHED: LazyLock<Arc<str>> = LazyLock::new(|| "the password itself: a hash does not tell its length".into());

/// Who else has a password: mostly nobody, so that one empty list is enough for all of them.
static NOBODY: LazyLock<Value> = LazyLock::new(|| Vec::new().into());

/// A password that is written as a word.
#[derive(Debug, Clone)]
pub struct Written<'a> {
    /// Whose it is: a setting's name, or `user NAME`.
    pub of: Arc<str>,
    /// The characters, or the 64 digits of a hash.
    pub text: &'a [u8],
    /// Whether it is a hash.
    pub hashed: bool,
    /// Whether it is written in an ACL rule.
    pub in_acl: bool,
    /// Where.
    pub at: Span,
}

impl Written<'_> {
    /// The fact of this password.
    pub fn fact(&self) -> Fact {
        let from: Spans = [self.at].into();
        let secret = match self.hashed {
            true => Secret::hashed(self.text),
            false => Secret::new(self.text),
        };
        let length = match self.hashed {
            true => Fact::unknown(Why::NotSupported, self.at, HASHED.clone()),
            false => Fact::derived(i64::try_from(self.text.len()).unwrap_or(i64::MAX), from.clone()),
        };
        let fields = [
            ("of", Fact::derived(self.of.clone(), from.clone())),
            ("text", Fact::written(secret, self.at)),
            ("hashed", Fact::derived(self.hashed, from.clone())),
            ("length", length),
            ("reference", Fact::derived(!self.hashed && is_reference(self.text), from.clone())),
            ("in_acl", Fact::derived(self.in_acl, from.clone())),
            // As far as the instance alone tells: `shared` and `on_disk` know more.
            ("users", Fact::derived(NOBODY.clone(), from.clone())),
            ("instances", Fact::derived(NOBODY.clone(), from.clone())),
            ("committed", Fact::derived(false, from.clone())),
        ];
        Fact::record(fields, from)
    }
}

/// The passwords among the settings; one that a template fills in is an unknown item.
pub fn of_settings(root: &str, loaded: &Loaded) -> Vec<Fact> {
    let mut facts = Vec::new();
    for name in SETTINGS {
        match loaded.named(name) {
            Held::Written(write, Typed::Bytes(text)) if !text.is_empty() => {
                let of = name.into();
                facts.push(Written { of, text, hashed: false, in_acl: false, at: write.value }.fact());
            }
            Held::Unknown(unknown) if unknown.why == Why::Templated && is_written(loaded, name, unknown) => {
                facts.push(Fact::Unknown(unknown.clone().following_from(format!("{root}.passwords"))));
            }
            _ => {}
        }
    }
    facts
}

/// Whether what is not known is the value that is written, and not whether there is one.
fn is_written(loaded: &Loaded, name: &str, unknown: &Unknown) -> bool {
    let setting = SettingId::of(name);
    setting.and_then(|setting| loaded.last_write(setting)).is_some_and(|(_, write)| {
        write.value.source == unknown.at.source
            && write.key.start <= unknown.at.start
            && unknown.at.end <= write.value.end
    })
}

/// The passwords of `sentinel …` lines.
pub fn of_word(root: &str, of: &str, word: &Word) -> Fact {
    if word.templated {
        let unknown = Unknown::new(Why::Templated, word.span, "the rendered file");
        return Fact::Unknown(unknown.following_from(format!("{root}.passwords")));
    }
    Written { of: of.into(), text: &word.bytes, hashed: false, in_acl: false, at: word.span }.fact()
}

/// Whether a text as a whole is the reference to a variable in a notation of shells, Compose or Kubernetes:
/// `${NAME}`, `${NAME:-x}`, `$(NAME)`, `$NAME`. The server takes it as it is.
fn is_reference(text: &[u8]) -> bool {
    let name = |text: &[u8]| {
        let first = text.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_');
        first && text.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
    };
    match text {
        [b'$', b'{', inner @ .., b'}'] => {
            let end = inner.iter().position(|byte| matches!(byte, b':' | b'-' | b'?' | b'+')).unwrap_or(inner.len());
            name(&inner[..end])
        }
        [b'$', b'(', inner @ .., b')'] => name(inner),
        [b'$', rest @ ..] => name(rest) && rest.iter().all(|byte| !byte.is_ascii_lowercase()),
        _ => false,
    }
}
