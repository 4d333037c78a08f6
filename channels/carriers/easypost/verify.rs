//! EasyPost's webhook signature, first version: `X-Hmac-Signature: hmac-sha256-hex=<hex>`,
//! HMAC-SHA256 over the raw body. The key is the secret in Unicode normal form NFKD, as UTF-8.

use secrecy::{ExposeSecret, SecretString};
use unicode_normalization::UnicodeNormalization;

use crate::port::{Forged, RawRequest};
use crate::signature::signed_by_any;

/// The secret in the form that signs.
pub(super) fn signing_key(secret: &SecretString) -> SecretString {
    let normal: String = secret.expose_secret().nfkd().collect();
    normal.into()
}

/// Checks against keys made by [`signing_key`].
pub(super) fn verify(keys: &[SecretString], request: &RawRequest<'_>) -> Result<(), Forged> {
    let header = request.header("x-hmac-signature").ok_or(Forged::Missing)?;
    let tag = header
        .trim()
        .strip_prefix("hmac-sha256-hex=")
        .and_then(|tag| hex::decode(tag).ok())
        .ok_or(Forged::Mismatch)?;
    let keys = keys.iter().map(|key| key.expose_secret().as_bytes());
    if signed_by_any(keys, &[request.body], &tag) {
        Ok(())
    } else {
        Err(Forged::Mismatch)
    }
}
