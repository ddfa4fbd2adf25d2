//! Text that must never be shown.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use sha2::{Digest, Sha256};

/// A key that nobody knows: made anew in each run, and never written.
#[derive(Clone)]
pub struct Key([u8; 32]);

impl Key {
    /// A new one, from the randomness that the system gives to hash tables.
    pub fn random() -> Key {
        let mut key = [0; 32];
        for (number, part) in key.chunks_exact_mut(8).enumerate() {
            part.copy_from_slice(&RandomState::new().hash_one(number).to_ne_bytes());
        }
        Key(key)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Text that must never be shown: its `Debug` and `Display` are `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    bytes: Arc<[u8]>,
    hashed: bool,
}

impl Secret {
    /// Takes the bytes out of sight.
    pub fn new(bytes: impl Into<Arc<[u8]>>) -> Secret {
        Secret { bytes: bytes.into(), hashed: false }
    }

    /// A secret of which only the SHA-256 hash is known, as 64 hexadecimal digits.
    pub fn hashed(digits: impl Into<Arc<[u8]>>) -> Secret {
        Secret { bytes: digits.into(), hashed: true }
    }

    /// The SHA-256 hash, for finding the same secret elsewhere; none where a hash is written that is none.
    pub fn digest(&self) -> Option<[u8; 32]> {
        if !self.hashed {
            return Some(Sha256::digest(&self.bytes).into());
        }
        let mut digest = [0; 32];
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        if self.bytes.len() != 64 {
            return None;
        }
        for (byte, pair) in digest.iter_mut().zip(self.bytes.chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Some(digest)
    }

    /// The digest under a key: for comparing secrets without keeping anything that somebody could try guesses on
    /// once the key is gone. None where there is no digest.
    pub fn keyed(&self, key: &Key) -> Option<[u8; 32]> {
        let digest = self.digest()?;
        Some(Sha256::new().chain_update(key.0).chain_update(digest).chain_update(key.0).finalize().into())
    }

    /// Whether this is the secret.
    pub fn is(&self, guess: &str) -> bool {
        if !self.hashed {
            return *self.bytes == *guess.as_bytes();
        }
        let digest = Sha256::digest(guess.as_bytes());
        let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).map_or(0, |digit| digit as u8);
        let digits = digest.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
        digits.eq(self.bytes.iter().map(u8::to_ascii_lowercase))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
