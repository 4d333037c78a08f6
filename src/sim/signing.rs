//! How the vendors sign their webhooks, read from their documentation. Verifying is the hub's.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use unicode_normalization::UnicodeNormalization as _;

/// HMAC-SHA256 of the parts, one after the other.
fn tag(key: &[u8], parts: &[&[u8]]) -> hmac::Tag {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    let mut context = hmac::Context::with_key(&key);
    for part in parts {
        context.update(part);
    }
    context.sign()
}

/// Stripe: hexadecimal over `<seconds>.<body>`, in `Stripe-Signature` beside the time.
pub(super) fn stripe(secret: &str, seconds: i64, body: &[u8]) -> String {
    let time = seconds.to_string();
    let tag = tag(secret.as_bytes(), &[time.as_bytes(), b".", body]);
    format!("t={time},v1={}", hex::encode(tag))
}

/// `EasyPost`: hexadecimal over the body, in `X-Hmac-Signature`; the key is the secret in the
/// normal form NFKD.
pub(super) fn easypost(secret: &str, body: &[u8]) -> String {
    let key: String = secret.nfkd().collect();
    format!(
        "hmac-sha256-hex={}",
        hex::encode(tag(key.as_bytes(), &[body]))
    )
}

/// Shopify: base64 over the body, in `X-Shopify-Hmac-Sha256`.
pub(super) fn shopify(secret: &str, body: &[u8]) -> String {
    STANDARD.encode(tag(secret.as_bytes(), &[body]))
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 4231, test case 2.
    const TAG: &str = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";

    #[test]
    fn the_published_vector_comes_out_in_each_vendors_dress() {
        let body = b"what do ya want for nothing?";
        assert_eq!(easypost("Jefe", body), format!("hmac-sha256-hex={TAG}"));
        let raw = hex::decode(TAG).expect("hexadecimal");
        assert_eq!(shopify("Jefe", body), STANDARD.encode(raw));
        // `<seconds>.<body>` is what is signed.
        let joined = easypost("Jefe", b"1533204620.{}");
        let stripe = stripe("Jefe", 1_533_204_620, b"{}");
        assert_eq!(
            stripe.strip_prefix("t=1533204620,v1="),
            joined.strip_prefix("hmac-sha256-hex=")
        );
    }

    #[test]
    fn composed_and_decomposed_secrets_of_the_carrier_are_the_same() {
        assert_eq!(
            easypost("s\u{e9}cret", b"x"),
            easypost("se\u{301}cret", b"x")
        );
    }
}
