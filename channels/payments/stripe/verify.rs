//! Stripe's webhook signature: `Stripe-Signature: t=<seconds>,v1=<hex>[,v1=<hex>]`, HMAC-SHA256
//! over `<t>.<raw body>` with the endpoint's secret used as text. Other schemes (`v0`) never count.

use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};

use crate::port::{Forged, RawRequest};
use crate::signature::signed_by_any;

/// How far the signed time may be from ours, either way.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(300);

pub(super) fn verify(secrets: &[SecretString], request: &RawRequest<'_>) -> Result<(), Forged> {
    let header = request.header("stripe-signature").ok_or(Forged::Missing)?;
    let parts = || {
        header
            .split(',')
            .filter_map(|part| part.trim().split_once('='))
    };
    let time = parts()
        .find(|(name, _)| *name == "t")
        .map(|(_, value)| value);
    let time = time.ok_or(Forged::Missing)?;
    let signed = parts()
        .filter(|(name, _)| *name == "v1")
        .filter_map(|(_, value)| hex::decode(value).ok())
        .any(|tag| {
            let keys = secrets
                .iter()
                .map(|secret| secret.expose_secret().as_bytes());
            signed_by_any(keys, &[time.as_bytes(), b".", request.body], &tag)
        });
    if !signed {
        return Err(Forged::Mismatch);
    }
    let signed_at = time
        .parse()
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .ok_or(Forged::Mismatch)?;
    let distance = request.received_at.duration_since(signed_at).abs();
    if distance > TOLERANCE {
        return Err(Forged::Stale);
    }
    Ok(())
}
