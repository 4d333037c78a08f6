//! The scheme of Standard Webhooks (standardwebhooks.com): `webhook-signature` is a list of `v1,<base64>`,
//! each the HMAC-SHA256 over `<webhook-id>.<webhook-timestamp>.<raw body>`. What the key's bytes are is each
//! connector's business: the scheme itself says base64 after `whsec_`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use secrecy::zeroize::Zeroizing;

use crate::port::{Forged, RawRequest};
use crate::signature::{mac, signed_by_any};

const ID: &str = "webhook-id";
const TIME: &str = "webhook-timestamp";
const SIGNATURE: &str = "webhook-signature";

/// How far the signed time may be from ours, either way.
pub(crate) const WINDOW: SignedDuration = SignedDuration::from_mins(5);

/// The bytes of a secret as the scheme writes it: `whsec_` and base64. `None` when it is not of that form.
pub(crate) fn key(secret: &str) -> Option<Zeroizing<Vec<u8>>> {
    let text = secret.trim().strip_prefix("whsec_")?;
    let bytes = STANDARD.decode(text).ok()?;
    (!bytes.is_empty()).then(|| bytes.into())
}

/// Checks the signature and its time.
pub(crate) fn verify<K: AsRef<[u8]>>(
    keys: &(impl Iterator<Item = K> + Clone),
    request: &RawRequest<'_>,
) -> Result<(), Forged> {
    let part = |name: &str| request.header(name).ok_or(Forged::Missing);
    let (id, time) = (part(ID)?, part(TIME)?);
    let signed: [&[u8]; 5] = [id.as_bytes(), b".", time.as_bytes(), b".", request.body];
    let mut matched = false;
    for tag in part(SIGNATURE)?.split(' ') {
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
    if request.received_at.duration_since(signed_at).abs() > WINDOW {
        return Err(Forged::Stale);
    }
    Ok(())
}

/// The headers that sign a body under a message's id.
pub(crate) fn sign(key: &[u8], id: &str, at: Timestamp, body: &[u8]) -> [(String, String); 3] {
    let time = at.as_second().to_string();
    let tag = mac(key, &[id.as_bytes(), b".", time.as_bytes(), b".", body]);
    let signature = format!("v1,{}", STANDARD.encode(tag));
    [
        (ID.to_owned(), id.to_owned()),
        (TIME.to_owned(), time),
        (SIGNATURE.to_owned(), signature),
    ]
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    const BODY: &[u8] = b"{\"test\": 2432232314}";
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn believed(id: &str, time: &str, signature: &str, body: &[u8]) -> Result<(), Forged> {
        let key = key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("a key");
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
        verify(&[&b"another"[..], key.as_slice()].into_iter(), &request)
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

    #[test]
    fn what_is_signed_here_is_the_published_vector() {
        let key = key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("a key");
        let at = Timestamp::from_second(1_614_265_330).expect("a time");
        let headers = sign(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, BODY);
        assert_eq!(headers[2].1, SIGNATURE);
        assert_eq!(super::key("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), None);
        assert_eq!(super::key("whsec_"), None);
    }
}
