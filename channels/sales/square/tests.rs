//! The connector from outside: who is believed, what a webhook names, and what is looked up.

mod back;
mod look_up;
mod news;
mod offer;
mod orders;
mod parts;

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::port::{Forged, Inbound, RawRequest, Resource};
use crate::sales::{SalesConnector, connect};
use crate::settings::{Mode, Settings};

const URL: &str = "https://hub.example/v1/hooks/till-us";

fn settings() -> Settings {
    Settings::new("till-us".into())
        .with_secrets("secrets", ["sq-own-key-1", "sq-own-key-2"])
        .with_secrets("access_token", ["sq-own-token"])
        .with_text("merchant_id", "OWNMERCHANT")
        .with_text("location_id", "OWNLOC1")
        .with_text("pickup_location", "STORE-1")
        .with_text("stock_location_id", "OWNLOC9")
}

fn till() -> Arc<dyn SalesConnector> {
    connect("square", &settings()).expect("a connection")
}

/// A connection that calls its till there.
fn calling(base_url: &str) -> Arc<dyn SalesConnector> {
    let mut settings = settings();
    settings.base_url = Some(base_url.to_owned());
    connect("square", &settings).expect("a connection")
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
        url: URL,
        received_at: Timestamp::UNIX_EPOCH,
    }
}

fn read_as(stated: Option<&str>, body: &[u8]) -> Inbound {
    let headers = match stated {
        Some(what) => headers(&[("orderhub-stated", what)]),
        None => HeaderMap::new(),
    };
    let read = till().read(&request(&headers, body));
    let [inbound] = <[Inbound; 1]>::try_from(read).expect("one item");
    inbound
}

fn hook(topic: &str, object: &Value) -> Vec<u8> {
    let hook = json!({ "merchant_id": "OWNMERCHANT", "type": topic, "event_id": "own-event-1",
        "created_at": "2026-03-01T09:31:00Z", "data": { "type": "own", "id": "own",
        "object": object } });
    serde_json::to_vec(&hook).expect("JSON")
}

fn unknown(topic: &str) -> Inbound {
    Inbound::Unknown {
        topic: topic.to_owned(),
    }
}

#[test]
fn a_signature_of_any_key_in_force_is_believed_for_its_own_address_only() {
    let body = hook("order.created", &json!({}));
    let verify = |secret: &str, url: &str| {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
        mac.update(url.as_bytes());
        mac.update(&body);
        let tag = STANDARD.encode(mac.finalize().into_bytes());
        let headers = headers(&[("x-square-hmacsha256-signature", &tag)]);
        till().verify(&request(&headers, &body))
    };
    assert_eq!(verify("sq-own-key-1", URL), Ok(()));
    assert_eq!(verify("sq-own-key-2", URL), Ok(()));
    for (secret, url) in [
        ("sq-own-key-3", URL),
        ("sq-own-key-1", "https://hub.example/v1/hooks/other"),
        ("sq-own-key-1", ""),
    ] {
        assert_eq!(verify(secret, url), Err(Forged::Mismatch), "{secret} {url}");
    }
    let none = HeaderMap::new();
    let bare = till().verify(&request(&none, &body));
    assert_eq!(bare, Err(Forged::Missing));
}

#[test]
fn a_connection_without_keys_seller_or_location_does_not_start() {
    let start = |settings: &Settings| connect("square", settings).map(|till| till.is_live());
    assert_eq!(start(&settings()), Ok(true));
    for key in ["secrets", "access_token"] {
        assert!(start(&settings().with_secrets(key, Vec::<&str>::new())).is_err());
    }
    for key in ["merchant_id", "location_id", "stock_location_id"] {
        for bad in ["", "a/b", "a b"] {
            assert!(start(&settings().with_text(key, bad)).is_err(), "{key}");
        }
    }
    let mut test = settings();
    test.mode = Some(Mode::Test);
    assert_eq!(start(&test), Ok(false));
}

#[test]
fn a_webhook_names_the_order_that_has_changed() {
    let changed = Inbound::Changed(Resource {
        kind: "order".to_owned(),
        id: "OWNORDER1".to_owned(),
    });
    let named = json!({ "order_id": "OWNORDER1", "location_id": "OWNLOC1", "version": 2 });
    for (topic, object) in [
        ("order.created", json!({ "order_created": named })),
        ("order.updated", json!({ "order_updated": named })),
        (
            "order.fulfillment.updated",
            json!({ "order_fulfillment_updated": named }),
        ),
        ("payment.created", json!({ "payment": named })),
        ("payment.updated", json!({ "payment": named })),
    ] {
        assert_eq!(read_as(None, &hook(topic, &object)), changed, "{topic}");
    }
    let entry = serde_json::to_vec(&named).expect("JSON");
    assert_eq!(read_as(Some("entry"), &entry), changed);
}

#[test]
fn what_is_not_ours_or_asks_nothing_is_kept_under_its_name() {
    let named = json!({ "order_id": "OWNORDER1", "location_id": "OWNLOC2" });
    let elsewhere = hook("order.updated", &json!({ "order_updated": named }));
    assert_eq!(
        read_as(None, &elsewhere),
        unknown("another_location:order.updated")
    );
    let body = br#"{"merchant_id":"OTHER","type":"order.updated","data":{}}"#;
    assert_eq!(
        read_as(None, body),
        unknown("another_merchant:order.updated")
    );
    for topic in ["inventory.count.updated", "dispute.created", "own.topic"] {
        let object = json!({ "refund": { "order_id": "OWNRETURN1" } });
        assert_eq!(read_as(None, &hook(topic, &object)), unknown(topic));
    }
    let alone = hook("payment.updated", &json!({ "payment": { "id": "P1" } }));
    assert_eq!(read_as(None, &alone), unknown("payment.updated:no_order"));
}

#[test]
fn what_names_nothing_says_so_and_quotes_nothing() {
    let nameless = hook(
        "order.updated",
        &json!({ "order_updated": { "order_id": "buyer@example.com" } }),
    );
    for (stated, body) in [
        (None, &nameless[..]),
        (None, b""),
        (None, b"{}"),
        (None, b"buyer@example.com"),
        (Some("entry"), b"{\"order_id\":\"buyer@example.com\"}"),
        (Some("order"), b"{\"order\":\"buyer@example.com\"}"),
    ] {
        let Inbound::Unreadable { reason } = read_as(stated, body) else {
            panic!("not readable");
        };
        assert!(!reason.contains("buyer@"), "{reason}");
    }
}
