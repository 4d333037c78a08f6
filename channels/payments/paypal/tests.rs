//! The connector from outside: signatures, events, look-ups, and every call against a stand-in gateway.

mod calls;
mod events;
mod look;
mod refunds;
mod rounds;
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
use crate::settings::{Mode, Settings};

const ORDER: &str = "ord_0199f3c8a2b17def8a6b1c2d3e4f5061";
const AUTH: &str = "OWNAUTH0000000001";
const CAPTURE: &str = "OWNCAPTURE0000001";
const NOWHERE: &str = "http://127.0.0.1:9";
const FIXTURE: &str = include_str!("fixtures/order.json");
const CAPTURED: &str = include_str!("fixtures/capture.json");

fn settings(base_url: &str) -> Settings {
    let mut settings = Settings::new("paypal-eu".into())
        .with_text("client_id", "own-client")
        .with_text("webhook_id", "0OWN0000000000001")
        .with_text("merchant_id", "OWNMERCHANT01")
        .with_secrets("client_secret", ["own-client-secret"]);
    settings.base_url = Some(base_url.to_owned());
    settings.timeout = Duration::from_millis(400);
    settings
}

fn gateway(base_url: &str) -> Arc<dyn PaymentConnector> {
    connect("paypal", &settings(base_url)).expect("a connection")
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
        url: "https://hub.example.com/v1/hooks/payments/paypal-eu",
        received_at: at(1_760_000_000),
    })
}

fn amount(value: &str) -> Value {
    json!({"currency_code": "EUR", "value": value})
}

/// A movement of money; a capture names its authorisation, a refund its capture.
fn movement(id: &str, status: &str, value: &str, up: &str) -> Value {
    json!({"id": id, "status": status, "amount": amount(value),
        "create_time": "2025-10-10T08:00:00Z",
        "links": [{"rel": "self", "href": format!("https://api.paypal.com/v2/payments/x/{id}")},
            {"rel": "up", "href": format!("https://api.paypal.com/v2/payments/{up}")}]})
}

fn of_auth() -> String {
    format!("authorizations/{AUTH}")
}

fn of_capture() -> String {
    format!("captures/{CAPTURE}")
}

/// The order with some members of its one part replaced, and some of its payments.
fn stated(unit: Value, payments: Value) -> Value {
    let mut order: Value = serde_json::from_str(FIXTURE).expect("JSON");
    let place = &mut order["purchase_units"][0];
    let (Value::Object(unit), Value::Object(payments)) = (unit, payments) else {
        panic!("changes are objects");
    };
    for (name, value) in unit {
        place[name] = value;
    }
    for (name, value) in payments {
        place["payments"][name] = value;
    }
    order
}

/// The order after its authorisation came to something.
fn held(status: &str) -> Value {
    let mut order = stated(json!({}), json!({}));
    order["purchase_units"][0]["payments"]["authorizations"][0]["status"] = status.into();
    order
}

/// The order after these captures and refunds.
fn taken(captures: Value, refunds: Value) -> Value {
    let mut order = stated(json!({}), json!({}));
    let payments = &mut order["purchase_units"][0]["payments"];
    payments["captures"] = captures;
    payments["refunds"] = refunds;
    order
}

async fn also(server: &MockServer, verb: &str, at: &str, answer: ResponseTemplate) {
    Mock::given(method(verb))
        .and(path(at))
        .respond_with(answer)
        .mount(server)
        .await;
}

/// A gateway that hands out a key and answers one call.
async fn answering(verb: &str, at: &str, answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    let grant = json!({"access_token": "own-access", "token_type": "Bearer", "expires_in": 32400});
    also(&server, "POST", "/v1/oauth2/token", ok(grant)).await;
    also(&server, verb, at, answer).await;
    server
}

/// The authorisation that a reference names, and the order that it belongs to.
async fn known(server: &MockServer, order: Value) {
    let one = json!({"id": AUTH, "status": "CREATED", "amount": amount("40.97"),
        "supplementary_data": {"related_ids": {"order_id": "OWNORDER000000001"}}});
    let at = format!("/v2/payments/authorizations/{AUTH}");
    also(server, "GET", &at, ok(one)).await;
    let at = "/v2/checkout/orders/OWNORDER000000001";
    also(server, "GET", at, ok(order)).await;
}

fn ok(body: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

/// A refusal as PayPal words it.
fn problem(status: u16, issue: &str) -> ResponseTemplate {
    let body = json!({"name": "UNPROCESSABLE_ENTITY", "message": "Jane", "debug_id": "own",
        "details": [{"issue": issue, "description": "Jane"}]});
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
        reference: AUTH.to_owned(),
        amount: eur("40.97"),
        expires_at: Some(at(1_760_604_800)),
    }
}

fn captured(amount: Reported) -> PaymentEvidence {
    PaymentEvidence::Captured {
        reference: AUTH.to_owned(),
        amount,
    }
}

fn refunded(amount: Reported) -> PaymentEvidence {
    PaymentEvidence::Refunded {
        reference: AUTH.to_owned(),
        amount,
    }
}

fn voided() -> PaymentEvidence {
    PaymentEvidence::Voided {
        reference: AUTH.to_owned(),
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
fn a_connection_is_live_unless_it_is_said_to_be_a_test() {
    assert!(gateway(NOWHERE).is_live());
    let mut test = settings(NOWHERE);
    test.base_url = None;
    test.mode = Some(Mode::Test);
    assert!(!connect("paypal", &test).expect("starts").is_live());
    for key in ["client_id", "webhook_id"] {
        let wrong = settings(NOWHERE).with_text(key, " ");
        assert!(connect("paypal", &wrong).is_err(), "{key}");
    }
}
