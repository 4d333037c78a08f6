//! Who is believed: the webhook's basic authentication vouches for the whole message, and each item
//! carries a signature of its own, HMAC-SHA256 in base64 over eight of its values joined by colons,
//! unescaped (docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures).
//! The key is the hexadecimal text of the Customer Area, decoded.
//!
//! A message is taken when the credentials are right and one of its items is signed; an item that is
//! not signed counts for nothing, whoever stands beside it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use super::wire::{self, Item, Notification};
use crate::port::{Forged, RawRequest};
use crate::settings::{ConfigError, Settings};
use crate::signature::signed_by_any;

/// What is needed to believe a message.
pub(super) struct Verifier {
    keys: Vec<Zeroizing<Vec<u8>>>,
    credentials: Vec<SecretString>,
}

impl Verifier {
    /// From a connection's settings; a key that is not hexadecimal is none.
    pub(super) fn new(settings: &Settings) -> Result<Self, ConfigError> {
        let mut keys = Vec::new();
        for key in settings.secrets("hmac_keys")? {
            let decoded = hex::decode(key.expose_secret().trim());
            let what = "Adyen's keys are hexadecimal text";
            keys.push(decoded.map_err(|_| settings.bad("hmac_keys", what))?.into());
        }
        let user = settings.required_text("webhook_user")?;
        let passwords = settings.secrets("webhook_passwords")?;
        let joined = |password: &SecretString| format!("{user}:{}", password.expose_secret());
        Ok(Self {
            keys,
            credentials: passwords.iter().map(|p| joined(p).into()).collect(),
        })
    }

    /// Whether a message is from Adyen. Its items are then judged one by one by [`Self::signed`].
    pub(super) fn verify(&self, request: &RawRequest<'_>) -> Result<(), Forged> {
        let header = request.header("authorization").ok_or(Forged::Missing)?;
        let (scheme, token) = header.trim().split_once(' ').ok_or(Forged::Mismatch)?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return Err(Forged::Mismatch);
        }
        let stated = STANDARD
            .decode(token.trim())
            .map_err(|_| Forged::Mismatch)?;
        let known = self.credentials.iter();
        if !known.fold(false, |any, one| any | same(one, &stated)) {
            return Err(Forged::Mismatch);
        }
        // Only now is the body looked at, and only for what is signed in it.
        let notification: Notification<'_> =
            serde_json::from_slice(request.body).map_err(|_| Forged::Mismatch)?;
        let items = notification.items.into_iter();
        let items: Vec<Item> = items.filter_map(|raw| wire::item(raw).ok()).collect();
        if items.iter().all(|item| item.signature().is_none()) {
            return Err(Forged::Missing);
        }
        if items.iter().any(|item| self.signed(item)) {
            Ok(())
        } else {
            Err(Forged::Mismatch)
        }
    }

    /// Whether an item carries a signature by one of the keys.
    pub(super) fn signed(&self, item: &Item) -> bool {
        let Some(Ok(tag)) = item.signature().map(|text| STANDARD.decode(text)) else {
            return false;
        };
        // Nothing is escaped: with colons elsewhere than in the reference that a merchant chose, other
        // values would have the same text.
        let values = item.signed_values();
        let [own, original, account, _, rest @ ..] = &values;
        let mut plain = [own, original, account].into_iter().chain(rest);
        if plain.any(|value| value.contains(':')) {
            return false;
        }
        let text = values.join(":");
        signed_by_any(&self.keys, &[text.as_bytes()], &tag)
    }
}

/// Whether these are the credentials, in a time that does not tell how much of them is right.
fn same(known: &SecretString, stated: &[u8]) -> bool {
    let tag = |bytes: &[u8]| {
        // Any key will do: both sides use it, and only whether they come to the same is asked.
        let mac = Hmac::<Sha256>::new_from_slice(b"basic authentication").ok();
        mac.map(|mut mac| {
            mac.update(bytes);
            mac
        })
    };
    match (tag(known.expose_secret().as_bytes()), tag(stated)) {
        (Some(known), Some(stated)) => known.verify(&stated.finalize().into_bytes()).is_ok(),
        _ => false,
    }
}
