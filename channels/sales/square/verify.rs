//! Square's webhook signature: `x-square-hmacsha256-signature`, HMAC-SHA256 in base64 over the notification
//! URL as it stands in the subscription, followed by the raw body; the key is the subscription's signature
//! key, as text (developer.squareup.com/docs/webhooks/step3validate). No time is signed. Keys overlap while
//! one is being replaced.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};

use crate::port::{Forged, RawRequest};
use crate::sales::till::poses_as_stated;
use crate::signature::signed_by_any;

/// Checks the signature.
pub(super) fn verify(secrets: &[SecretString], request: &RawRequest<'_>) -> Result<(), Forged> {
    if poses_as_stated(request) {
        return Err(Forged::Mismatch);
    }
    let header = request.header("x-square-hmacsha256-signature");
    let tag = STANDARD
        .decode(header.ok_or(Forged::Missing)?.trim())
        .map_err(|_| Forged::Mismatch)?;
    let keys = secrets
        .iter()
        .map(|secret| secret.expose_secret().as_bytes());
    if signed_by_any(keys, &[request.url.as_bytes(), request.body], &tag) {
        Ok(())
    } else {
        Err(Forged::Mismatch)
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use jiff::Timestamp;

    use super::*;

    const URL: &str = "https://example.com/webhook";
    const BODY: &[u8] = b"{\"hello\":\"world\"}";
    const SIGNATURE: &str = "2kRE5qRU2tR+tBGlDwMEw2avJ7QM4ikPYD/PJ3bd9Og=";

    fn believed(keys: &[&str], url: &str, signature: &str, body: &[u8]) -> Result<(), Forged> {
        let keys: Vec<SecretString> = keys.iter().map(|key| (*key).into()).collect();
        let mut headers = HeaderMap::new();
        let value = signature.parse().expect("a header");
        headers.insert("x-square-hmacsha256-signature", value);
        let request = RawRequest {
            headers: &headers,
            body,
            url,
            received_at: Timestamp::UNIX_EPOCH,
        };
        verify(&keys, &request)
    }

    #[test]
    fn the_published_vector_is_believed_under_any_key_in_force_and_nothing_like_it() {
        for keys in [
            &["asdf1234"][..],
            &["new", "asdf1234"],
            &["asdf1234", "old"],
        ] {
            assert_eq!(believed(keys, URL, SIGNATURE, BODY), Ok(()));
        }
        let longer = [BODY, b" "].concat();
        for (key, url, signature, body) in [
            ("asdf1235", URL, SIGNATURE, BODY),
            ("asdf1234", "https://example.com/webhook/", SIGNATURE, BODY),
            ("asdf1234", "http://example.com/webhook", SIGNATURE, BODY),
            ("asdf1234", "", SIGNATURE, BODY),
            ("asdf1234", URL, "", BODY),
            ("asdf1234", URL, "not base64!", BODY),
            ("asdf1234", URL, &SIGNATURE[4..], BODY),
            (
                "asdf1234",
                URL,
                "2kRE5qRU2tR+tBGlDwMEw2avJ7QM4ikPYD/PJ3bd9Og",
                BODY,
            ),
            ("asdf1234", URL, SIGNATURE, &BODY[..BODY.len() - 1]),
            ("asdf1234", URL, SIGNATURE, &longer),
            ("asdf1234", URL, SIGNATURE, b"{\"hello\":\"World\"}"),
        ] {
            let refused = believed(&[key], url, signature, body);
            assert_eq!(refused, Err(Forged::Mismatch), "{key} {url} {signature}");
        }
    }
}
