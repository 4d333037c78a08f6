//! The connector from outside: who is believed, and what a webhook names.

mod back;
mod changes;
mod look_up;
mod offer;
mod orders;
mod refunds;

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

const SENT_AT: i64 = 1_772_357_400;

fn settings() -> Settings {
    Settings::new("store-us".into())
        .with_secrets("secrets", ["bc-own-secret-1", "bc-own-secret-2"])
        .with_secrets("access_token", ["bc-own-token"])
        .with_text("store_hash", "ownhash")
        .with_text("stock_location", "3")
}

fn store() -> Arc<dyn SalesConnector> {
    connect("bigcommerce", &settings()).expect("a connection")
}

/// A connection that calls its store there.
fn calling(base_url: &str) -> Arc<dyn SalesConnector> {
    let mut settings = settings();
    settings.base_url = Some(base_url.to_owned());
    connect("bigcommerce", &settings).expect("a connection")
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
        received_at: Timestamp::from_second(SENT_AT + 30).expect("a time"),
    }
}

/// What the store signs a body with.
fn signed(secret: &str, at: i64, body: &[u8]) -> HeaderMap {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
    mac.update(format!("msg_1.{at}.").as_bytes());
    mac.update(body);
    let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    headers(&[
        ("webhook-id", "msg_1"),
        ("webhook-timestamp", &at.to_string()),
        ("webhook-signature", &signature),
    ])
}

fn hook(scope: &str, data: &Value) -> Vec<u8> {
    let hook = json!({ "scope": scope, "store_id": "1", "data": data, "hash": "own",
        "created_at": SENT_AT, "producer": "stores/ownhash" });
    serde_json::to_vec(&hook).expect("JSON")
}

fn read(body: &[u8]) -> Inbound {
    let none = HeaderMap::new();
    let read = store().read(&request(&none, body));
    let [inbound] = <[Inbound; 1]>::try_from(read).expect("one item");
    inbound
}

#[test]
fn a_signature_of_any_secret_in_force_is_believed_for_five_minutes() {
    let body = hook(
        "store/order/created",
        &json!({ "type": "order", "id": 9001 }),
    );
    let verify = |secret: &str, at: i64| {
        let headers = signed(secret, at, &body);
        store().verify(&request(&headers, &body))
    };
    assert_eq!(verify("bc-own-secret-1", SENT_AT), Ok(()));
    assert_eq!(verify("bc-own-secret-2", SENT_AT), Ok(()));
    assert_eq!(verify("bc-own-secret-3", SENT_AT), Err(Forged::Mismatch));
    for at in [SENT_AT - 300, SENT_AT + 400] {
        assert_eq!(verify("bc-own-secret-1", at), Err(Forged::Stale));
    }
    let all = signed("bc-own-secret-1", SENT_AT, &body);
    assert_eq!(store().verify(&request(&all, b"{}")), Err(Forged::Mismatch));
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        let mut some = all.clone();
        some.remove(name);
        let believed = store().verify(&request(&some, &body));
        assert_eq!(believed, Err(Forged::Missing), "{name}");
    }
}

#[test]
fn a_store_without_its_hash_secret_or_token_does_not_start() {
    let start = |settings: &Settings| connect("bigcommerce", settings).map(|store| store.is_live());
    assert_eq!(start(&settings()), Ok(true));
    for store_hash in ["", "a/b", ".."] {
        assert!(start(&settings().with_text("store_hash", store_hash)).is_err());
    }
    for key in ["secrets", "access_token"] {
        assert!(start(&settings().with_secrets(key, Vec::<&str>::new())).is_err());
    }
    let mut test = settings();
    test.mode = Some(Mode::Test);
    assert_eq!(start(&test), Ok(false));
}

#[test]
fn a_webhook_names_the_order_that_has_changed() {
    let changed = Inbound::Changed(Resource {
        kind: "order".to_owned(),
        id: "9001".to_owned(),
    });
    for (scope, data) in [
        (
            "store/order/created",
            json!({ "type": "order", "id": 9001 }),
        ),
        (
            "store/order/updated",
            json!({ "type": "order", "id": "9001" }),
        ),
        (
            "store/order/statusUpdated",
            json!({ "type": "order", "id": 9001, "status": { "new_status_id": 11 } }),
        ),
        (
            "store/order/transaction/created",
            json!({ "type": "transaction", "order_id": 9001, "transaction_id": "7" }),
        ),
    ] {
        assert_eq!(read(&hook(scope, &data)), changed, "{scope}");
    }
}

#[test]
fn other_scopes_and_other_stores_are_kept_as_unknown() {
    let data = json!({ "type": "shipment", "id": 12, "orderId": 9001 });
    for scope in [
        "store/shipment/created",
        "store/order/message/created",
        "store/sku/updated",
    ] {
        let topic = scope.to_owned();
        assert_eq!(read(&hook(scope, &data)), Inbound::Unknown { topic });
    }
    let body = br#"{"scope":"store/order/created","producer":"stores/other","data":{"id":1}}"#;
    let topic = "another_store:store/order/created".to_owned();
    assert_eq!(read(body), Inbound::Unknown { topic });
}

#[test]
fn a_webhook_that_names_nothing_says_so_and_quotes_nothing() {
    let nameless = hook(
        "store/order/updated",
        &json!({ "type": "buyer@example.com", "id": 7 }),
    );
    for body in [&nameless[..], b"", b"{}", b"buyer@example.com"] {
        let Inbound::Unreadable { reason } = read(body) else {
            panic!("not readable");
        };
        assert!(!reason.contains("buyer@"), "{reason}");
    }
}
