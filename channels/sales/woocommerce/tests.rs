//! The connector from outside: who is believed, and what is kept.

mod back;
mod changes;
mod offer;
mod orders;
mod poll;
mod refunds;

use std::sync::Arc;

use http::HeaderMap;
use jiff::Timestamp;

use crate::port::{Forged, Inbound, RawRequest};
use crate::sales::{SalesConnector, connect};
use crate::settings::{ConfigError, Mode, Settings};

const BODY: &[u8] = "{\"id\":1001,\"customer_note\":\"Käse\"}".as_bytes();
/// HMAC-SHA256 of the body under the first and the second secret. The vendor publishes no vector.
const FIRST: &str = "BTCDFbPSuUxD55DERMBzs1W+P73AXZ+NMAkSBiv5gUo=";
const SECOND: &str = "T1mKan9o0LJ8Sfkzie2iAgwh9ZrW8nMpYZZNhUevD70=";

fn settings() -> Settings {
    let secrets = ["woo-own-secret-1", "woo-own-secret-2"];
    Settings::new("shop-at".into()).with_secrets("secrets", secrets)
}

fn shop() -> Arc<dyn SalesConnector> {
    connect("woocommerce", &settings()).expect("a connection")
}

/// A connection that calls its shop there.
fn calling(base_url: &str) -> Arc<dyn SalesConnector> {
    let mut settings = settings()
        .with_secrets("consumer_key", ["ck_own"])
        .with_secrets("consumer_secret", ["cs_own"]);
    settings.base_url = Some(base_url.to_owned());
    connect("woocommerce", &settings).expect("a connection")
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let pairs = pairs.iter();
    pairs
        .map(|(name, value)| {
            let name = http::HeaderName::from_static(name);
            (name, value.parse().expect("a header"))
        })
        .collect()
}

fn request<'a>(headers: &'a HeaderMap, body: &'a [u8]) -> RawRequest<'a> {
    RawRequest {
        headers,
        body,
        url: "",
        received_at: Timestamp::UNIX_EPOCH,
    }
}

fn verify(shop: &Arc<dyn SalesConnector>, signature: &str, body: &[u8]) -> Result<(), Forged> {
    let headers = headers(&[("x-wc-webhook-signature", signature)]);
    shop.verify(&request(&headers, body))
}

#[test]
fn a_signature_of_any_secret_in_force_is_believed_and_nothing_else() {
    assert_eq!(verify(&shop(), FIRST, BODY), Ok(()));
    assert_eq!(verify(&shop(), SECOND, BODY), Ok(()));
    let mut changed = BODY.to_vec();
    changed[6] ^= 1;
    for (signature, body) in [
        (FIRST, &changed[..]),
        (FIRST, &BODY[..BODY.len() - 1]),
        (FIRST, b""),
        ("", BODY),
        ("not base64!", BODY),
        ("BTCDFbPSuUxD55DERMBzs1W+P73AXZ+NMAkSBiv5", BODY),
        // The same digest in hexadecimal, and in the alphabet for URLs.
        ("05308315b3d2b94c43e790c444c073b355be3fbdc05d9f8d", BODY),
        ("BTCDFbPSuUxD55DERMBzs1W-P73AXZ-NMAkSBiv5gUo=", BODY),
    ] {
        let believed = verify(&shop(), signature, body);
        assert_eq!(believed, Err(Forged::Mismatch), "{signature}");
    }
    let none = HeaderMap::new();
    assert_eq!(shop().verify(&request(&none, BODY)), Err(Forged::Missing));
    let one = settings().with_secrets("secrets", ["woo-own-secret-1"]);
    let shop = connect("woocommerce", &one).expect("a connection");
    let retired = verify(&shop, SECOND, BODY);
    assert_eq!(retired, Err(Forged::Mismatch), "its secret is retired");
}

#[test]
fn the_first_ping_is_answered_and_says_nothing() {
    let none = HeaderMap::new();
    let ping = request(&none, b"webhook_id=7");
    assert_eq!(shop().verify(&ping), Ok(()));
    // Whoever dresses it up as something else gets nothing read either.
    let dressed = headers(&[("x-wc-webhook-topic", "order.created")]);
    let dressed = request(&dressed, b"webhook_id=7");
    assert_eq!(shop().verify(&dressed), Ok(()));
    assert_eq!(shop().read(&dressed), []);
    for body in [
        &b"webhook_id="[..],
        b"webhook_id=7&id=1",
        b"webhook_id=7\n",
        b"webhook_id=123456789012345678901",
        b"{\"id\":7}",
        b"",
    ] {
        let believed = shop().verify(&request(&none, body));
        assert_eq!(believed, Err(Forged::Missing), "{body:?}");
    }
    let signed = verify(&shop(), FIRST, b"webhook_id=7");
    assert_eq!(signed, Err(Forged::Mismatch));
}

#[test]
fn a_configured_shop_is_the_only_one_believed() {
    let settings = settings().with_text("site", "https://shop.example.com");
    let shop = connect("woocommerce", &settings).expect("a connection");
    let from = |source: &str| {
        let headers = headers(&[
            ("x-wc-webhook-signature", FIRST),
            ("x-wc-webhook-source", source),
        ]);
        shop.verify(&request(&headers, BODY))
    };
    assert_eq!(from("https://shop.example.com/"), Ok(()));
    assert_eq!(from("https://Shop.example.com"), Ok(()));
    for other in [
        "https://shop.example.com.evil.test/",
        "http://shop.example.com/",
        "",
    ] {
        assert_eq!(from(other), Err(Forged::Mismatch), "{other}");
    }
    let silent = verify(&shop, FIRST, BODY);
    assert_eq!(silent, Err(Forged::Mismatch), "it does not say");
}

#[test]
fn a_shop_without_a_secret_does_not_start_and_is_live_unless_told() {
    let bare = settings().with_secrets("secrets", Vec::<&str>::new());
    assert!(connect("woocommerce", &bare).is_err());
    assert!(shop().is_live());
    let mut test = settings();
    test.mode = Some(Mode::Test);
    let test = connect("woocommerce", &test).expect("a connection");
    assert!(!test.is_live());
}

#[test]
fn half_a_pair_of_keys_does_not_start() {
    for (half, missing) in [
        ("consumer_key", "consumer_secret"),
        ("consumer_secret", "consumer_key"),
    ] {
        let settings = settings().with_secrets(half, ["own-half"]);
        let refused = connect("woocommerce", &settings).err().expect("an error");
        assert!(
            matches!(&refused, ConfigError::BadSetting { key, .. } if *key == missing),
            "{refused}"
        );
    }
}

#[test]
fn other_topics_are_kept_as_unknown() {
    for topic in [
        "coupon.created",
        "product.updated",
        "customer.deleted",
        "action.woocommerce_own",
    ] {
        let headers = headers(&[("x-wc-webhook-topic", topic)]);
        let read = shop().read(&request(&headers, b"{\"id\":1}"));
        let topic = topic.to_owned();
        assert_eq!(read, [Inbound::Unknown { topic }]);
    }
}
