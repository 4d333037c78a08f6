//! BigCommerce's webhook signature, in the manner of Standard Webhooks: `webhook-signature` is a list of
//! `v1,<base64>`, each the HMAC-SHA256 over `<webhook-id>.<webhook-timestamp>.<raw body>`; the key is the
//! client secret of the API account, as text. Secrets overlap while one is being replaced.
//!
//! The vendor publishes no vector of its own, and the deliveries that others have published show none of
//! these headers: a store that signs in another way is refused, and seen by that.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};

use crate::port::{Forged, RawRequest};
use crate::signature::signed_by_any;

/// How far the signed time may be from ours, either way.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(300);

/// Checks the signature and its time.
pub(super) fn verify(secrets: &[SecretString], request: &RawRequest<'_>) -> Result<(), Forged> {
    let keys = secrets
        .iter()
        .map(|secret| secret.expose_secret().as_bytes());
    verify_with(&keys, request)
}

fn verify_with<'k>(
    keys: &(impl Iterator<Item = &'k [u8]> + Clone),
    request: &RawRequest<'_>,
) -> Result<(), Forged> {
    let part = |name: &str| request.header(name).ok_or(Forged::Missing);
    let (id, time) = (part("webhook-id")?, part("webhook-timestamp")?);
    let signed: [&[u8]; 5] = [id.as_bytes(), b".", time.as_bytes(), b".", request.body];
    let mut matched = false;
    for tag in part("webhook-signature")?.split(' ') {
        // Other versions of the scheme never count.
        let tag = tag.strip_prefix("v1,").map(|tag| STANDARD.decode(tag));
        if let Some(Ok(tag)) = tag {
            matched |= signed_by_any(keys.clone(), &signed, &tag);
        }
    }
    if !matched {
        return Err(Forged::Mismatch);
    }
    let signed_at = time
        .parse()
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .ok_or(Forged::Mismatch)?;
    if request.received_at.duration_since(signed_at).abs() > TOLERANCE {
        return Err(Forged::Stale);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    const BODY: &[u8] = b"{\"test\": 2432232314}";
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn believed(id: &str, time: &str, signature: &str, body: &[u8]) -> Result<(), Forged> {
        // The vector's key is not text, so it cannot come by the configuration.
        let key = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let key = key.expect("a key");
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("webhook-id", id),
            ("webhook-timestamp", time),
            ("webhook-signature", signature),
        ] {
            headers.insert(name, value.parse().expect("a header"));
        }
        let request = RawRequest {
            headers: &headers,
            body,
            url: "",
            received_at: Timestamp::from_second(1_614_265_400).expect("a time"),
        };
        verify_with(&[&b"another"[..], key.as_slice()].into_iter(), &request)
    }

    #[test]
    fn the_published_vector_of_the_scheme_is_believed_and_nothing_like_it() {
        let (id, time) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330");
        assert_eq!(believed(id, time, SIGNATURE, BODY), Ok(()));
        let rotated = format!("v1,AAAA v2,BBBB {SIGNATURE}");
        assert_eq!(believed(id, time, &rotated, BODY), Ok(()));
        for (id, time, signature, body) in [
            ("msg_other", time, SIGNATURE, BODY),
            (id, "1614265331", SIGNATURE, BODY),
            (id, time, &SIGNATURE[3..], BODY),
            (id, time, "v1,", BODY),
            (id, time, "v1,not base64", BODY),
            (id, time, SIGNATURE, &BODY[..BODY.len() - 1]),
            (id, time, SIGNATURE, b"{\"test\":2432232314}"),
        ] {
            let refused = believed(id, time, signature, body);
            assert_eq!(refused, Err(Forged::Mismatch), "{id} {time} {signature}");
        }
    }
}
