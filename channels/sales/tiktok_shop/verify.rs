//! TikTok Shop's webhook signature: `Authorization`, without a scheme: lower hexadecimal HMAC-SHA256 over the
//! app's key and the raw body; the key is the app's secret
//! (`partner.tiktokshop.com/docv2/page/tts-webhooks-overview`). No time is signed.

use secrecy::{ExposeSecret, SecretString};

use crate::port::{Forged, RawRequest};
use crate::signature::signed_by_any;

/// Checks the signature.
pub(super) fn verify(
    app_key: &str,
    secrets: &[SecretString],
    request: &RawRequest<'_>,
) -> Result<(), Forged> {
    let header = request.header("authorization").ok_or(Forged::Missing)?;
    let tag = hex::decode(header.trim()).map_err(|_| Forged::Mismatch)?;
    let keys = secrets
        .iter()
        .map(|secret| secret.expose_secret().as_bytes());
    if signed_by_any(keys, &[app_key.as_bytes(), request.body], &tag) {
        Ok(())
    } else {
        Err(Forged::Mismatch)
    }
}
