//! The vendors' signature schemes, written from their documentation.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// HMAC-SHA256 over the parts, one after the other.
pub(crate) fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

/// Shopify: base64 over the body, in `X-Shopify-Hmac-Sha256`.
pub(crate) fn shopify(secret: &str, body: &[u8]) -> String {
    STANDARD.encode(hmac_sha256(secret.as_bytes(), &[body]))
}

/// Stripe: hexadecimal over `<time>.<body>`, in `Stripe-Signature` beside the time.
pub(crate) fn stripe(secret: &str, unix_seconds: i64, body: &[u8]) -> String {
    let time = unix_seconds.to_string();
    let mac = hmac_sha256(secret.as_bytes(), &[time.as_bytes(), b".", body]);
    format!("t={time},v1={}", hex::encode(mac))
}

/// EasyPost: hexadecimal over the body, in `X-Hmac-Signature`. The key is the NFKD form of the
/// secret; the caller gives it in that form.
pub(crate) fn easypost(nfkd_secret: &str, body: &[u8]) -> String {
    let mac = hmac_sha256(nfkd_secret.as_bytes(), &[body]);
    format!("hmac-sha256-hex={}", hex::encode(mac))
}

#[test]
fn the_signatures_are_those_that_the_vendors_document() {
    // Stripe and GitHub document the same construction; this vector is the public one of the
    // latter for HMAC-SHA256 in hexadecimal.
    let mac = hmac_sha256(b"It's a Secret to Everybody", &[b"Hello, ", b"World!"]);
    let expected = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    assert_eq!(hex::encode(mac), expected);
}
