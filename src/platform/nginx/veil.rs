//! Secrets of a configuration, taken out of texts that are made of it.

use super::secret::places;
use crate::fact::Record;
use crate::mask::STARS;
use crate::text::Source;

/// Shorter secrets are hidden only where they are the whole text: they would be found in any.
const SHORT: usize = 4;

/// The secrets of a configuration.
pub(super) struct Veil {
    /// Each once, the longest first.
    secrets: Vec<String>,
}

impl Veil {
    /// All secrets that are written in these sources, in force or not.
    pub fn of<'a>(sources: impl IntoIterator<Item = &'a Source>) -> Veil {
        let mut secrets: Vec<String> = Vec::new();
        for source in sources {
            for hidden in places(source) {
                let written = &source.text()[hidden.span.start as usize..hidden.span.end as usize];
                // Once as it is written and once as nginx reads it.
                secrets.extend([written.to_owned(), unescaped(written)]);
            }
        }
        secrets.retain(|secret| !secret.is_empty());
        secrets.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        secrets.dedup();
        Veil { secrets }
    }

    /// Whether there is nothing to hide.
    pub fn is_empty(&self) -> bool {
        self.secrets.is_empty()
    }

    /// Takes the secrets out of all texts of a record.
    pub fn over(&self, record: &mut Record) {
        if !self.is_empty() {
            record.reword(&|text| {
                let mut hidden = text.to_owned();
                self.hide(&mut hidden);
                (hidden != text).then_some(hidden)
            });
        }
    }

    /// Takes the secrets out of a text.
    pub fn hide(&self, text: &mut String) {
        for secret in &self.secrets {
            if text == secret || secret.len() >= SHORT && text.contains(secret) {
                *text = text.replace(secret, STARS);
            }
        }
    }
}

fn unescaped(secret: &str) -> String {
    secret.replace("\\\"", "\"").replace("\\'", "'").replace("\\\\", "\\")
}
