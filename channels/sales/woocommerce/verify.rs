//! WooCommerce's webhook signature: `X-WC-Webhook-Signature`, HMAC-SHA256 over the raw body, base64;
//! the key is the secret in the webhook's form. Secrets overlap while one is being replaced.
//!
//! When a webhook is saved, the shop first sends a ping (`webhook_id=7`, as a form) that it signs in no
//! way, and wants exactly a 200 for it (`WC_Webhook::deliver_ping`). These bytes say nothing and are let
//! through; nothing is ever read out of them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};

use crate::port::{Forged, RawRequest};
use crate::signature::signed_by_any;

const SIGNATURE: &str = "x-wc-webhook-signature";

/// Checks the signature, and the shop that it comes from when one is configured.
pub(super) fn verify(
    secrets: &[SecretString],
    site: Option<&str>,
    request: &RawRequest<'_>,
) -> Result<(), Forged> {
    let Some(header) = request.header(SIGNATURE) else {
        let ping = is_ping(request.body) && !request.headers.contains_key(SIGNATURE);
        return if ping { Ok(()) } else { Err(Forged::Missing) };
    };
    let tag = STANDARD
        .decode(header.trim())
        .map_err(|_| Forged::Mismatch)?;
    let keys = secrets
        .iter()
        .map(|secret| secret.expose_secret().as_bytes());
    if !signed_by_any(keys, &[request.body], &tag) {
        return Err(Forged::Mismatch);
    }
    // The header is not signed: the check keeps shops that share a secret apart, no more.
    let Some(site) = site else {
        return Ok(());
    };
    match request.header("x-wc-webhook-source") {
        Some(source) if is_same_site(source, site) => Ok(()),
        _ => Err(Forged::Mismatch),
    }
}

/// Whether a body is the ping, to the byte.
pub(super) fn is_ping(body: &[u8]) -> bool {
    body.strip_prefix(b"webhook_id=")
        .is_some_and(|id| (1..=20).contains(&id.len()) && id.iter().all(u8::is_ascii_digit))
}

/// Whether two addresses are of the same shop, with or without a slash at the end.
fn is_same_site(one: &str, other: &str) -> bool {
    let bare = |site: &str| site.trim().trim_end_matches('/').to_ascii_lowercase();
    bare(one) == bare(other)
}
