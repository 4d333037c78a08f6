//! Words that a vendor and the hub share, where a vendor signs nothing or signs it only for some: written
//! into the webhook's address or its headers by whoever sets it up.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use crate::settings::{ConfigError, Settings};

/// The words of a setting that may be left out; none of them weak.
pub(super) fn words(
    settings: &Settings,
    key: &'static str,
) -> Result<Vec<SecretString>, ConfigError> {
    match settings.secrets(key) {
        Err(ConfigError::MissingSecret { .. }) => Ok(Vec::new()),
        stated => stated,
    }
}

/// Whether this is one of the words. All are tried, in a time that does not tell how much is right.
pub(super) fn is_any(words: &[SecretString], stated: &[u8]) -> bool {
    words.iter().fold(false, |any, one| any | same(one, stated))
}

fn same(known: &SecretString, stated: &[u8]) -> bool {
    let tag = |bytes: &[u8]| {
        // Any key will do: both sides use it, and only whether they come to the same is asked.
        let mac = Hmac::<Sha256>::new_from_slice(b"shared word").ok()?;
        Some(mac.chain_update(bytes))
    };
    let known = tag(known.expose_secret().as_bytes());
    let stated = tag(stated).map(|mac| mac.finalize().into_bytes());
    match (known, stated) {
        (Some(known), Some(stated)) => known.verify_slice(&stated).is_ok(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_word_is_the_word() {
        let words = ["newer-word".into(), "older-word".into()];
        for right in ["newer-word", "older-word"] {
            assert!(is_any(&words, right.as_bytes()), "{right}");
        }
        for wrong in [
            "",
            "newer",
            "newer-word ",
            "Newer-Word",
            "newer-wordolder-word",
        ] {
            assert!(!is_any(&words, wrong.as_bytes()), "{wrong}");
        }
        assert!(!is_any(&[], b""));
    }
}
