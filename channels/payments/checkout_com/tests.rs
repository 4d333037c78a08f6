//! The connector from outside: signatures, events, look-ups, and every call against a stand-in gateway.

mod asked;
mod calls;
mod events;

use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use jiff::Timestamp;
use orderhub_domain::ids::OrderId;
use orderhub_domain::money::{Currency, Money};
use orderhub_domain::order::{PaymentEvidence, Reported};
use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::payments::{PaymentConnector, connect};
use crate::port::{CallError, RawRequest};
use crate::settings::{ConfigError, Mode, Settings};

const ORDER: &str = "ord_0199f3c8a2b17def8a6b1c2d3e4f5061";
const NOWHERE: &str = "http://127.0.0.1:9";
const KEYS: [&str; 2] = ["own-signature-key", "own-signature-key-before"];
const PAYMENT: &str = include_str!("fixtures/payment.json");

fn settings(base_url: &str) -> Settings {
    let mut settings = Settings::new("checkout-eu".into())
        .with_text("processing_channel", "pc_own")
        .with_secrets("webhook_secrets", KEYS)
        .with_secrets("api_key", ["sk_own_key"]);
    settings.base_url = Some(base_url.to_owned());
    settings.timeout = Duration::from_millis(400);
    settings
}

fn gateway(base_url: &str) -> Arc<dyn PaymentConnector> {
    connect("checkout_com", &settings(base_url)).expect("a connection")
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

fn with_request<T>(
    signature: Option<&str>,
    body: &[u8],
    told: impl FnOnce(&RawRequest<'_>) -> T,
) -> T {
    let mut headers = HeaderMap::new();
    if let Some(signature) = signature {
        headers.insert("cko-signature", signature.parse().expect("a header"));
    }
    told(&RawRequest {
        headers: &headers,
        body,
        url: "https://hub.example.com/v1/hooks/payments/checkout-eu",
        received_at: at(1_760_000_000),
    })
}

/// A fixture with some members replaced; `null` takes one away.
fn changed(fixture: &str, inside: Option<&str>, changes: Value) -> Value {
    let mut whole: Value = serde_json::from_str(fixture).expect("JSON");
    let place = match inside {
        Some(name) => &mut whole[name],
        None => &mut whole,
    };
    let Value::Object(changes) = changes else {
        panic!("changes are an object");
    };
    for (name, value) in changes {
        place[name] = value;
    }
    place
        .as_object_mut()
        .expect("an object")
        .retain(|_, value| !value.is_null());
    whole
}

fn payment(changes: Value) -> Value {
    changed(PAYMENT, None, changes)
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

/// An answer of the gateway's own, which names its request.
fn own(status: u16) -> ResponseTemplate {
    ResponseTemplate::new(status).insert_header("cko-request-id", "own-request")
}

fn ok(body: Value) -> ResponseTemplate {
    own(200).set_body_json(body)
}

fn not_done<T>(answer: &Result<T, CallError>) -> bool {
    matches!(answer, Err(CallError::NotDone { .. }))
}

fn unknown<T>(answer: &Result<T, CallError>) -> bool {
    matches!(answer, Err(CallError::Unknown { .. }))
}

fn authorized() -> PaymentEvidence {
    PaymentEvidence::Authorized {
        reference: "pay_own1".to_owned(),
        amount: eur("40.97"),
        expires_at: Some(at(1_760_604_800)),
    }
}

fn captured(amount: Reported) -> PaymentEvidence {
    PaymentEvidence::Captured {
        reference: "pay_own1".to_owned(),
        amount,
    }
}

fn refunded(amount: Reported) -> PaymentEvidence {
    PaymentEvidence::Refunded {
        reference: "pay_own1".to_owned(),
        amount,
    }
}

fn voided() -> PaymentEvidence {
    PaymentEvidence::Voided {
        reference: "pay_own1".to_owned(),
    }
}

fn part(action: &str, amount: &str) -> Reported {
    Reported::Part {
        reference: action.to_owned(),
        amount: eur(amount),
    }
}

fn total(amount: &str) -> Reported {
    Reported::Total {
        amount: eur(amount),
    }
}

/// Something that was done to a payment.
fn action(id: &str, kind: &str, minor: i64, approved: bool) -> Value {
    let code = if approved { "10000" } else { "20051" };
    json!({"id": id, "type": kind, "amount": minor, "approved": approved, "response_code": code})
}

#[test]
fn a_connection_knows_its_host_and_its_mode() {
    assert!(gateway(NOWHERE).is_live());
    let test = settings(NOWHERE).with_secrets("api_key", ["sk_sbox_own"]);
    assert!(!connect("checkout_com", &test).expect("starts").is_live());
    let mut bare = settings(NOWHERE);
    bare.base_url = None;
    for prefix in [None, Some(""), Some("own.example.com/")] {
        let mut wrong = bare.clone();
        if let Some(prefix) = prefix {
            wrong = wrong.with_text("client_prefix", prefix);
        }
        let key = "client_prefix";
        let answer = connect("checkout_com", &wrong).map(|_| ());
        let refused =
            matches!(answer, Err(ConfigError::BadSetting { key: named, .. }) if named == key);
        assert!(refused, "{prefix:?}");
    }
    let mut fine = bare.with_text("client_prefix", "ownown12");
    assert!(connect("checkout_com", &fine).is_ok());
    fine.mode = Some(Mode::Test);
    assert!(connect("checkout_com", &fine).is_ok());
}
