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

/// Square: base64 over the notification URL and the body, in `x-square-hmacsha256-signature`.
pub(super) fn square(key: &str, url: &str, body: &[u8]) -> String {
    STANDARD.encode(tag(key.as_bytes(), &[url.as_bytes(), body]))
}

/// TikTok Shop's webhooks: hexadecimal over the app's key and the body, in `Authorization`.
pub(super) fn tiktok_hook(secret: &str, app_key: &str, body: &[u8]) -> String {
    hex::encode(tag(secret.as_bytes(), &[app_key.as_bytes(), body]))
}

/// TikTok Shop's requests: hexadecimal over path, query in the order of its names without the signature, and
/// body, between two secrets; in the query as `sign`.
pub(super) fn tiktok_request(
    secret: &str,
    path: &str,
    query: &[(String, String)],
    body: &[u8],
) -> String {
    let mut members: Vec<_> = query.iter().filter(|(name, _)| name != "sign").collect();
    members.sort();
    let mut parts: Vec<&[u8]> = vec![secret.as_bytes(), path.as_bytes()];
    for (name, value) in members {
        parts.extend([name.as_bytes(), value.as_bytes()]);
    }
    parts.extend([body, secret.as_bytes()]);
    hex::encode(tag(secret.as_bytes(), &parts))
}

/// Standard Webhooks: base64 over `<id>.<seconds>.<body>`, in `webhook-signature` behind `v1,`; the key is
/// the base64 after `whsec_`. `None` when the secret is not of that form.
pub(super) fn standard(secret: &str, id: &str, seconds: i64, body: &[u8]) -> Option<String> {
    let key = STANDARD
        .decode(secret.trim().strip_prefix("whsec_")?)
        .ok()?;
    let time = seconds.to_string();
    let tag = tag(&key, &[id.as_bytes(), b".", time.as_bytes(), b".", body]);
    Some(format!("v1,{}", STANDARD.encode(tag)))
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

    #[test]
    fn the_vectors_that_vendors_publish_come_out() {
        // developer.squareup.com/docs/webhooks/step3validate
        let url = "https://example.com/webhook";
        let signature = square("asdf1234", url, b"{\"hello\":\"world\"}");
        assert_eq!(signature, "2kRE5qRU2tR+tBGlDwMEw2avJ7QM4ikPYD/PJ3bd9Og=");
        // standardwebhooks.com, the specification's own example.
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let body = b"{\"test\": 2432232314}";
        let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
        let signature = standard(secret, id, 1_614_265_330, body);
        let published = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(signature.as_deref(), Some(published));
        assert_eq!(standard("no form", id, 0, body), None);
    }

    #[test]
    fn a_query_is_signed_in_the_order_of_its_names_and_without_its_signature() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let one = [pair("b", "2"), pair("a", "1"), pair("sign", "x")];
        let other = [pair("a", "1"), pair("b", "2")];
        let sign = |query: &[(String, String)]| tiktok_request("Jefe", "/p", query, b"{}");
        assert_eq!(sign(&one), sign(&other));
        // partner.tiktokshop.com/docv2/page/sign-your-api-request
        let query = [pair("app_key", "29a39d"), pair("timestamp", "1623812664")];
        let path = "/authorization/202309/shops";
        let published = "b596b73e0cc6de07ac26f036364178ab16b0a907af13d43f0a0cd2345f582dc8";
        assert_eq!(tiktok_request("e59af819cc", path, &query, b""), published);
        // All of it is one text between two secrets.
        let whole = tiktok_hook("Jefe", "Jefe/pa1b2{}", b"Jefe");
        assert_eq!(sign(&one), whole);
    }
}
