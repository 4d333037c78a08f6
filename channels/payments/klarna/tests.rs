//! The connector from outside: pushes, look-ups, and every call against a stand-in gateway.

mod calls;
mod pushes;
mod state;

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName};
use jiff::Timestamp;
use orderhub_domain::ids::OrderId;
use orderhub_domain::money::{Currency, Money};
use orderhub_domain::order::{PaymentEvidence, Reported};
use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::payments::{PaymentConnector, connect};
use crate::port::{CallError, RawRequest};
use crate::settings::{ConfigError, Settings};

const ORDER: &str = "ord_0199f3c8a2b17def8a6b1c2d3e4f5061";
const OWN: &str = "0b1d9815-own1-4f2e-9a67-35bc03789e00";
const NOWHERE: &str = "http://127.0.0.1:9";
const HOOK: &str = "https://hub.example.com/v1/hooks/payments/klarna-eu";
const FIXTURE: &str = include_str!("fixtures/order.json");

fn settings(base_url: &str) -> Settings {
    let mut settings = Settings::new("klarna-eu".into())
        .with_text("api_user", "K123456_own")
        .with_secrets("api_password", ["own-password"])
        .with_secrets("push_tokens", ["own-token", "own-token-before"]);
    settings.base_url = Some(base_url.to_owned());
    settings.timeout = Duration::from_millis(400);
    settings
}

fn gateway(base_url: &str) -> Arc<dyn PaymentConnector> {
    connect("klarna", &settings(base_url)).expect("a connection")
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

/// A request to an address with these headers, as the connector gets it.
fn with_request<T>(
    url: &str,
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
        url,
        received_at: at(1_760_000_000),
    })
}

/// The order with some members replaced; `null` takes one away.
fn stated(changes: Value) -> Value {
    let mut order: Value = serde_json::from_str(FIXTURE).expect("JSON");
    let Value::Object(changes) = changes else {
        panic!("changes are an object");
    };
    for (name, value) in changes {
        order[name] = value;
    }
    order
        .as_object_mut()
        .expect("an object")
        .retain(|_, value| !value.is_null());
    order
}

fn one(verb: &str) -> String {
    match verb {
        "" => format!("/ordermanagement/v1/orders/{OWN}"),
        verb => format!("/ordermanagement/v1/orders/{OWN}/{verb}"),
    }
}

async fn also(server: &MockServer, method_: &str, verb: &str, answer: ResponseTemplate) {
    Mock::given(method(method_))
        .and(path(one(verb)))
        .respond_with(answer)
        .mount(server)
        .await;
}

async fn answering(method: &str, verb: &str, answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    also(&server, method, verb, answer).await;
    server
}

fn ok(body: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

/// A refusal as Klarna words it.
fn problem(status: u16, code: &str) -> ResponseTemplate {
    let body = json!({"error_code": code, "error_messages": ["Jane"], "correlation_id": "own"});
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
        reference: OWN.to_owned(),
        amount: eur("40.97"),
        expires_at: Some(at(1_760_604_800)),
    }
}

fn captured(amount: Reported) -> PaymentEvidence {
    PaymentEvidence::Captured {
        reference: OWN.to_owned(),
        amount,
    }
}

fn refunded(amount: Reported) -> PaymentEvidence {
    PaymentEvidence::Refunded {
        reference: OWN.to_owned(),
        amount,
    }
}

fn voided() -> PaymentEvidence {
    PaymentEvidence::Voided {
        reference: OWN.to_owned(),
    }
}

fn part(id: &str, amount: &str) -> Reported {
    Reported::Part {
        reference: id.to_owned(),
        amount: eur(amount),
    }
}

fn total(amount: &str) -> Reported {
    Reported::Total {
        amount: eur(amount),
    }
}

#[test]
fn a_connection_knows_its_region_and_its_mode() {
    assert!(gateway(NOWHERE).is_live());
    let test = settings(NOWHERE).with_secrets("api_password", ["klarna_test_api_own"]);
    assert!(!connect("klarna", &test).expect("starts").is_live());
    for region in ["eu", "na", " oc "] {
        let mut fine = settings(NOWHERE).with_text("region", region);
        fine.base_url = None;
        assert!(connect("klarna", &fine).is_ok(), "{region}");
    }
    let key = "region";
    let mut wrong = settings(NOWHERE).with_text(key, "na.example.com/");
    wrong.base_url = None;
    let answer = connect("klarna", &wrong).map(|_| ());
    assert!(matches!(answer, Err(ConfigError::BadSetting { key: named, .. }) if named == key));
    let bare = Settings::new("klarna-eu".into())
        .with_text("api_user", "K123456_own")
        .with_secrets("api_password", ["own-password"]);
    let answer = connect("klarna", &bare).map(|_| ());
    assert!(matches!(answer, Err(ConfigError::MissingSecret { .. })));
}
