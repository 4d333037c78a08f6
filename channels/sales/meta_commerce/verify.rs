//! Meta's webhook signature: `X-Hub-Signature-256: sha256=<hexadecimal>`, HMAC-SHA256 over the raw body, in
//! which Meta writes what is not ASCII as escapes; the key is the app's secret
//! (`developers.facebook.com/docs/graph-api/webhooks/getting-started`). No time is signed.

use secrecy::{ExposeSecret, SecretString};

use crate::port::{Forged, RawRequest};
use crate::signature::signed_by_any;

const SIGNATURE: &str = "x-hub-signature-256";

/// Checks the signature.
pub(super) fn verify(secrets: &[SecretString], request: &RawRequest<'_>) -> Result<(), Forged> {
    let header = request.header(SIGNATURE).ok_or(Forged::Missing)?;
    let tag = header.trim().strip_prefix("sha256=");
    let tag = tag.and_then(|tag| hex::decode(tag).ok());
    let tag = tag.ok_or(Forged::Mismatch)?;
    let keys = secrets
        .iter()
        .map(|secret| secret.expose_secret().as_bytes());
    if signed_by_any(keys, &[request.body], &tag) {
        Ok(())
    } else {
        Err(Forged::Mismatch)
    }
}
