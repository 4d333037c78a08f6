//! AfterShip's webhook signature (aftership.com/docs/tracking/webhook/webhook-signature):
//! `aftership-hmac-sha256`, HMAC-SHA256 over the raw body in base64; the key is the account's webhook
//! secret as text. No time is signed, so an old one cannot be told: what it says twice, it says once.
//! The headers of its other products (returns, labels) are not believed here. It publishes no vector.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};

use crate::port::{Forged, RawRequest};
use crate::signature::signed_by_any;

/// Checks the signature against every secret in force.
pub(super) fn verify(secrets: &[SecretString], request: &RawRequest<'_>) -> Result<(), Forged> {
    let header = request
        .header("aftership-hmac-sha256")
        .ok_or(Forged::Missing)?;
    let tag = STANDARD
        .decode(header.trim())
        .map_err(|_| Forged::Mismatch)?;
    let keys = secrets
        .iter()
        .map(|secret| secret.expose_secret().as_bytes());
    if signed_by_any(keys, &[request.body], &tag) {
        Ok(())
    } else {
        Err(Forged::Mismatch)
    }
}
