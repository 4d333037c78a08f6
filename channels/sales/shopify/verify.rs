//! Shopify's webhook signature: `X-Shopify-Hmac-Sha256`, HMAC-SHA256 over the raw body, base64;
//! the key is the app's client secret. Secrets overlap while one is being replaced.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};

use crate::port::{Forged, RawRequest};
use crate::signature::signed_by_any;

/// Checks the signature, and the shop that it comes from when one is configured.
pub(super) fn verify(
    secrets: &[SecretString],
    shop: Option<&str>,
    request: &RawRequest<'_>,
) -> Result<(), Forged> {
    let header = request
        .header("x-shopify-hmac-sha256")
        .ok_or(Forged::Missing)?;
    let tag = STANDARD
        .decode(header.trim())
        .map_err(|_| Forged::Mismatch)?;
    let keys = secrets
        .iter()
        .map(|secret| secret.expose_secret().as_bytes());
    if !signed_by_any(keys, &[request.body], &tag) {
        return Err(Forged::Mismatch);
    }
    // The header is not signed: the check keeps shops that share an app apart, no more.
    let Some(shop) = shop else {
        return Ok(());
    };
    match request.header("x-shopify-shop-domain") {
        Some(domain) if domain.eq_ignore_ascii_case(shop) => Ok(()),
        _ => Err(Forged::Mismatch),
    }
}
