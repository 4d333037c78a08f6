//! FedEx's webhook signature (developer.fedex.com, Advanced Integrated Visibility, Validation Process):
//! `fdx-signature`, HMAC-SHA256 over the raw body in base64; the key is the webhook's security token as
//! text. No time is signed, so an old one cannot be told: what it says twice, it says once. FedEx publishes
//! no vector.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};

use super::STATED;
use crate::port::{Forged, RawRequest};
use crate::signature::signed_by_any;

/// Checks the signature against every secret in force.
pub(super) fn verify(secrets: &[SecretString], request: &RawRequest<'_>) -> Result<(), Forged> {
    // What we asked for never comes this way.
    if request.headers.contains_key(STATED) {
        return Err(Forged::Mismatch);
    }
    let header = request.header("fdx-signature").ok_or(Forged::Missing)?;
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
