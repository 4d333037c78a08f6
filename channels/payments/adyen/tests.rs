//! The connector from outside: signatures, notifications, and every call against a stand-in gateway.

mod calls;
mod forged;
mod inbound;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use jiff::Timestamp;
use orderhub_domain::ids::OrderId;
use orderhub_domain::money::{Currency, Money};
use serde_json::Value;
use sha2::Sha256;

use crate::payments::{PaymentConnector, connect};
use crate::port::RawRequest;
use crate::settings::{ConfigError, Mode, Settings};

const ORDER: &str = "ord_0199f3c8a2b17def8a6b1c2d3e4f5061";
const PAYMENT: &str = "OWNPAYMENT000001";
const NOWHERE: &str = "http://127.0.0.1:9";
const KEYS: [&str; 2] = ["0A0B0C0D0E0F10111213", "a1a2a3a4a5a6a7a8a9aa"];
const AUTHORISATION: &str = include_str!("fixtures/authorisation.json");
const CHARGEBACK: &str = include_str!("fixtures/chargeback.json");

fn settings(base_url: &str) -> Settings {
    let mut settings = Settings::new("adyen-eu".into())
        .with_text("merchant_account", "OwnShopECOM")
        .with_text("webhook_user", "orderhub")
        .with_text("return_url", "https://shop.example.com/back")
        .with_secrets("webhook_passwords", ["own-password", "own-password-before"])
        .with_secrets("hmac_keys", KEYS)
        .with_secrets("api_key", ["AQE-own-key"]);
    settings.base_url = Some(base_url.to_owned());
    settings.timeout = Duration::from_millis(400);
    settings
}

fn gateway(base_url: &str) -> Arc<dyn PaymentConnector> {
    connect("adyen", &settings(base_url)).expect("a connection")
}

fn order() -> OrderId {
    ORDER.parse().expect("an order id")
}

fn money(amount: &str, currency: &str) -> Money {
    let currency = Currency::from_code(currency).expect("a currency");
    Money::exact(amount.parse().expect("a decimal"), currency).expect("money")
}

fn eur(amount: &str) -> Money {
    money(amount, "EUR")
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("a time")
}

fn with_request<T>(
    authorization: Option<&str>,
    body: &[u8],
    told: impl FnOnce(&RawRequest<'_>) -> T,
) -> T {
    let mut headers = HeaderMap::new();
    if let Some(authorization) = authorization {
        headers.insert("authorization", authorization.parse().expect("a header"));
    }
    told(&RawRequest {
        headers: &headers,
        body,
        url: "https://hub.example.com/v1/hooks/payments/adyen-eu",
        received_at: at(1_760_000_000),
    })
}

/// The signature of an item's values as they stand in it.
fn signature(key: &str, item: &Value) -> String {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let values = [
        &item["pspReference"],
        &item["originalReference"],
        &item["merchantAccountCode"],
        &item["merchantReference"],
        &item["amount"]["value"],
        &item["amount"]["currency"],
        &item["eventCode"],
        &item["success"],
    ];
    let signed: Vec<String> = values.into_iter().map(text).collect();
    let key = hex::decode(key).expect("hexadecimal");
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("a key");
    mac.update(signed.join(":").as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// The item of a fixture, with some members replaced; `null` takes one away.
fn item(fixture: &str, changes: Value) -> Value {
    let mut body: Value = serde_json::from_str(fixture).expect("JSON");
    let mut item = body["notificationItems"][0]["NotificationRequestItem"].take();
    let Value::Object(changes) = changes else {
        panic!("changes are an object");
    };
    for (name, value) in changes {
        item[name] = value;
    }
    item.as_object_mut()
        .expect("an object")
        .retain(|_, value| !value.is_null());
    item
}

/// An item with a signature by this key.
fn signed(key: &str, mut item: Value) -> Value {
    item["additionalData"]["hmacSignature"] = signature(key, &item).into();
    item
}

/// A message of these items.
fn message(live: &str, items: impl IntoIterator<Item = Value>) -> Vec<u8> {
    let wrap = |item: Value| serde_json::json!({"NotificationRequestItem": item});
    let items: Vec<_> = items.into_iter().map(wrap).collect();
    let body = serde_json::json!({"live": live, "notificationItems": items});
    serde_json::to_vec(&body).expect("JSON")
}

#[test]
fn a_connection_needs_all_that_adyen_wants_and_says_what_is_missing() {
    let refused = |settings: &Settings| match connect("adyen", settings) {
        Err(ConfigError::BadSetting { key, .. }) => key,
        Err(other) => panic!("another reason: {other}"),
        Ok(_) => panic!("it starts"),
    };
    let mut live = settings(NOWHERE);
    live.base_url = None;
    assert_eq!(refused(&live), "live_prefix");
    let odd = live.clone().with_text("live_prefix", "a.example.com/");
    assert_eq!(refused(&odd), "live_prefix");
    let fine = live
        .clone()
        .with_text("live_prefix", "1797a841fbb37ca7-Own");
    assert!(connect("adyen", &fine).is_ok());
    live.mode = Some(Mode::Test);
    let test = connect("adyen", &live).expect("a connection");
    assert!(!test.is_live());
    let unhex = live.clone().with_secrets("hmac_keys", ["not-hexadecimal"]);
    assert_eq!(refused(&unhex), "hmac_keys");
    for key in ["merchant_account", "webhook_user", "return_url"] {
        assert_eq!(refused(&live.clone().with_text(key, " ")), key);
    }
}
