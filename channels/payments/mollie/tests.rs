//! The connector from outside: webhooks, look-ups, and every call against a stand-in gateway.

mod calls;
mod hooks;
mod lookups;
mod state;

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName};
use jiff::Timestamp;
use orderhub_domain::ids::OrderId;
use orderhub_domain::money::{Currency, Money};
use orderhub_domain::order::PaymentEvidence;
use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::payments::{PaymentConnector, connect};
use crate::port::{CallError, RawRequest};
use crate::settings::{ConfigError, Settings};

const ORDER: &str = "ord_0199f3c8a2b17def8a6b1c2d3e4f5061";
const NOWHERE: &str = "http://127.0.0.1:9";
const PAYMENT: &str = include_str!("fixtures/payment.json");

fn settings(base_url: &str) -> Settings {
    let mut settings = Settings::new("mollie-nl".into())
        .with_text(
            "webhook_url",
            "https://hub.example.com/v1/hooks/payments/mollie-nl",
        )
        .with_text("profile", "pfl_own")
        .with_secrets("webhook_secrets", ["own-secret", "own-secret-before"])
        .with_secrets("api_key", ["live_own_key"]);
    settings.base_url = Some(base_url.to_owned());
    settings.timeout = Duration::from_millis(400);
    settings
}

fn gateway(base_url: &str) -> Arc<dyn PaymentConnector> {
    connect("mollie", &settings(base_url)).expect("a connection")
}

fn order() -> OrderId {
    ORDER.parse().expect("an order id")
}

fn eur(amount: &str) -> Money {
    let currency = Currency::from_code("EUR").expect("a currency");
    Money::exact(amount.parse().expect("a decimal"), currency).expect("money")
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("a time")
}

/// A body with these headers, as the connector gets it.
fn with_request<T>(
    headers: &[(&str, &str)],
    body: &[u8],
    told: impl FnOnce(&RawRequest<'_>) -> T,
) -> T {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let name: HeaderName = name.parse().expect("a name");
        map.append(name, value.parse().expect("a value"));
    }
    told(&RawRequest {
        headers: &map,
        body,
        url: "https://hub.example.com/v1/hooks/payments/mollie-nl",
        received_at: at(1_760_000_000),
    })
}

/// The payment with some members replaced.
fn payment(changes: Value) -> Value {
    let mut payment: Value = serde_json::from_str(PAYMENT).expect("JSON");
    let Value::Object(changes) = changes else {
        panic!("changes are an object");
    };
    for (name, value) in changes {
        payment[name] = value;
    }
    payment
}

fn amount(value: &str) -> Value {
    json!({"value": value, "currency": "EUR"})
}

async fn also(server: &MockServer, verb: &str, at: &str, answer: ResponseTemplate) {
    Mock::given(method(verb))
        .and(path(at))
        .respond_with(answer)
        .mount(server)
        .await;
}

async fn answering(verb: &str, at: &str, answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    also(&server, verb, at, answer).await;
    server
}

fn ok(body: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

/// A refusal as Mollie words it.
fn problem(status: u16, field: Option<&str>) -> ResponseTemplate {
    let body = json!({"status": status, "title": "No", "detail": "Jane", "field": field});
    ResponseTemplate::new(status).set_body_json(body)
}

fn not_done<T>(answer: &Result<T, CallError>) -> bool {
    matches!(answer, Err(CallError::NotDone { .. }))
}

fn unknown<T>(answer: &Result<T, CallError>) -> bool {
    matches!(answer, Err(CallError::Unknown { .. }))
}

fn authorized() -> PaymentEvidence {
    PaymentEvidence::Authorized {
        reference: "tr_own1".to_owned(),
        amount: eur("40.97"),
        expires_at: Some(at(1_760_604_800)),
    }
}

fn voided() -> PaymentEvidence {
    PaymentEvidence::Voided {
        reference: "tr_own1".to_owned(),
    }
}

#[test]
fn a_connection_knows_its_mode_by_its_key_and_its_public_address() {
    assert!(gateway(NOWHERE).is_live());
    let test = settings(NOWHERE).with_secrets("api_key", ["test_own_key"]);
    let test = connect("mollie", &test).expect("a connection");
    assert!(!test.is_live());
    for url in ["", "http://hub.example.com/v1/hooks/payments/mollie-nl"] {
        let wrong = settings(NOWHERE).with_text("webhook_url", url);
        let answer = connect("mollie", &wrong).map(|_| ());
        let key = "webhook_url";
        let refused =
            matches!(answer, Err(ConfigError::BadSetting { key: named, .. }) if named == key);
        assert!(refused, "{url}");
    }
    let mut bare = Settings::new("mollie-nl".into())
        .with_text("webhook_url", "https://hub.example.com/x")
        .with_secrets("api_key", ["live_own_key"]);
    bare.base_url = Some(NOWHERE.to_owned());
    assert!(connect("mollie", &bare).is_ok());
}
