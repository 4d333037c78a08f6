//! Webhooks: who is believed.

use std::fmt::Write;

use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;
use sha2::Sha256;

use super::{NOWHERE, carrier, settings};
use crate::carriers::{CarrierConnector, connect};
use crate::port::{Forged, RawRequest};
use crate::settings::ConfigError;

const BODY: &[u8] = br#"{"event":"track_updated","data":{}}"#;
const SECONDS: i64 = 1_772_440_000;

fn tag(secret: &str, time: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
    mac.update(time.as_bytes());
    mac.update(b".");
    mac.update(body);
    let mut text = String::new();
    for byte in mac.finalize().into_bytes() {
        write!(text, "{byte:02x}").expect("text");
    }
    text
}

fn signed(secret: &str) -> String {
    let time = SECONDS.to_string();
    format!("t={time},v1={}", tag(secret, &time, BODY))
}

fn verify_at(
    shippo: &dyn CarrierConnector,
    header: Option<&str>,
    url: &str,
    body: &[u8],
    seconds: i64,
) -> Result<(), Forged> {
    let mut headers = HeaderMap::new();
    if let Some(header) = header {
        let value = HeaderValue::from_str(header).expect("a header");
        headers.insert("shippo-auth-signature", value);
    }
    shippo.verify(&RawRequest {
        headers: &headers,
        body,
        url,
        received_at: Timestamp::from_second(seconds).expect("a time"),
    })
}

fn verify(header: Option<&str>, body: &[u8]) -> Result<(), Forged> {
    let shippo = carrier(NOWHERE);
    verify_at(&*shippo, header, "https://hub.example/", body, SECONDS)
}

#[test]
fn a_signature_by_any_secret_in_force_is_believed() {
    for secret in ["a-newer-secret", "an-older-secret"] {
        assert_eq!(verify(Some(&signed(secret)), BODY), Ok(()), "{secret}");
    }
    // Computed apart from this code, with a shell: printf 1772440000.<body> | openssl dgst -hmac.
    let elsewhere =
        "t=1772440000,v1=a4aa2837a6fbec717f419991993f583115fe90e01269541729fe78292e561489";
    assert_eq!(verify(Some(elsewhere), BODY), Ok(()));
}

#[test]
fn whatever_was_changed_is_not_believed() {
    let right = signed("a-newer-secret");
    let time = SECONDS.to_string();
    let mine = tag("a-newer-secret", &time, BODY);
    for header in [
        signed("another-secret"),
        format!("t={},v1={mine}", SECONDS + 1),
        format!("t={time},v1={}", &mine[2..]),
        format!("t={time},v1="),
        format!("t={time},v1=no-hex"),
        format!("{right},v1={mine}"),
        format!("t=soon,v1={mine}"),
    ] {
        assert_eq!(
            verify(Some(&header), BODY),
            Err(Forged::Mismatch),
            "{header}"
        );
    }
    assert_eq!(verify(Some(&right), &BODY[1..]), Err(Forged::Mismatch));
    for header in [
        format!("v1={mine}"),
        format!("t={time}"),
        format!("t={time},v0={mine}"),
    ] {
        assert_eq!(
            verify(Some(&header), BODY),
            Err(Forged::Missing),
            "{header}"
        );
    }
    assert_eq!(verify(None, BODY), Err(Forged::Missing));
}

#[test]
fn an_old_or_early_signature_is_stale() {
    let shippo = carrier(NOWHERE);
    let right = signed("a-newer-secret");
    for (seconds, expected) in [
        (SECONDS + 300, Ok(())),
        (SECONDS - 300, Ok(())),
        (SECONDS + 301, Err(Forged::Stale)),
        (SECONDS - 301, Err(Forged::Stale)),
    ] {
        assert_eq!(
            verify_at(&*shippo, Some(&right), "", BODY, seconds),
            expected
        );
    }
}

#[test]
fn a_token_in_the_url_is_enough_where_nothing_is_signed() {
    let settings = settings().with_secrets("webhook_tokens", ["newer token", "older-token"]);
    let shippo = connect("shippo", &settings).expect("a connection");
    let at = |url: &str| verify_at(&*shippo, None, url, BODY, SECONDS);
    for right in [
        "newer%20token",
        "newer+token",
        "older-token",
        "older-token&x=1",
    ] {
        let url = format!("https://hub.example/v1/hooks/carriers/shippo?token={right}");
        assert_eq!(at(&url), Ok(()), "{right}");
    }
    for wrong in [
        "older-toke",
        "older-token2",
        "",
        "Older-Token",
        "x&token=older-token",
    ] {
        let url = format!("https://hub.example/v1/hooks/carriers/shippo?token={wrong}");
        assert_eq!(at(&url), Err(Forged::Mismatch), "{wrong}");
    }
    for none in [
        "https://hub.example/v1/hooks?tokens=older-token",
        "",
        "older-token",
    ] {
        assert_eq!(at(none), Err(Forged::Missing), "{none}");
    }
}

#[test]
fn where_there_is_a_secret_the_signature_alone_counts_and_one_way_must_be_there() {
    let both = settings()
        .with_secrets("webhook_tokens", ["own-token"])
        .with_secrets("webhook_secrets", ["a-newer-secret"]);
    let shippo = connect("shippo", &both).expect("a connection");
    let right = signed("a-newer-secret");
    let bare = "https://hub.example/";
    let signed_only = verify_at(&*shippo, Some(&right), bare, BODY, SECONDS);
    assert_eq!(signed_only, Ok(()));
    let url = "https://hub.example/?token=own-token";
    let named_only = verify_at(&*shippo, None, url, BODY, SECONDS);
    assert_eq!(named_only, Err(Forged::Missing));
    let neither = connect("shippo", &settings()).map(|_| ());
    assert!(matches!(neither, Err(ConfigError::MissingSecret { .. })));
    let weak = settings().with_secrets("webhook_tokens", ["changeme"]);
    let weak = connect("shippo", &weak).map(|_| ());
    assert!(matches!(weak, Err(ConfigError::WeakSecret { .. })));
}
