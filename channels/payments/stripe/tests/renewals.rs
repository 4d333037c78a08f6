//! Payments that are renewed without the buyer, and an order's several payments told apart.

use orderhub_domain::order::PaymentEvidence;
use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{ORDER, eur, gateway, order};
use crate::payments::{Means, PaymentCall, Sought};
use crate::port::Found;

const INTENT: &str = include_str!("../fixtures/intent.json");
const CREATE: &str = "/v1/payment_intents";
const RENEWED: &str = "/v1/payment_intents/pi_own_0";
const SEARCH: &str = "/v1/payment_intents/search";

fn call() -> PaymentCall {
    PaymentCall {
        order: order(),
        effect: order().effect(9),
        amount: eur("40.97"),
    }
}

fn intent(id: &str, more: &Value) -> Value {
    let mut intent: Value = serde_json::from_str(INTENT).expect("JSON");
    intent["id"] = json!(id);
    for (name, value) in more.as_object().expect("an object") {
        intent[name] = value.clone();
    }
    intent
}

async fn answers(server: &MockServer, verb: &str, at: &str, body: Value) {
    Mock::given(method(verb))
        .and(path(at))
        .respond_with(ResponseTemplate::new(200).set_body_json(body))
        .mount(server)
        .await;
}

/// The form that a new payment was asked for with.
async fn asked(server: &MockServer) -> String {
    let requests = server.received_requests().await.expect("recorded");
    let created = requests.iter().find(|one| one.method.as_str() == "POST");
    String::from_utf8(created.expect("it was asked for").body.clone()).expect("text")
}

#[tokio::test]
async fn a_payment_is_renewed_with_the_token_that_is_known_and_without_the_buyer() {
    let server = MockServer::start().await;
    answers(&server, "POST", CREATE, intent("pi_own_1", &json!({}))).await;
    let means = Means {
        token: "pm_own",
        renews: Some("pi_own_0"),
    };
    let answer = gateway(&server.uri()).authorize(&call(), &means).await;
    assert!(matches!(answer, Ok(PaymentEvidence::Authorized { .. })));
    let form = asked(&server).await;
    assert!(
        form.contains("off_session=true&payment_method=pm_own"),
        "{form}"
    );
    assert_eq!(
        server.received_requests().await.map_or(0, |all| all.len()),
        1
    );
}

#[tokio::test]
async fn without_a_token_the_payment_before_says_what_it_was_paid_with() {
    let server = MockServer::start().await;
    let known = json!({"payment_method": "pm_of_the_shop", "customer": "cus_own"});
    answers(&server, "GET", RENEWED, intent("pi_own_0", &known)).await;
    answers(&server, "POST", CREATE, intent("pi_own_1", &json!({}))).await;
    let means = Means {
        token: "",
        renews: Some("pi_own_0"),
    };
    let answer = gateway(&server.uri()).authorize(&call(), &means).await;
    assert!(matches!(answer, Ok(PaymentEvidence::Authorized { .. })));
    let form = asked(&server).await;
    let paid = "off_session=true&payment_method=pm_of_the_shop&customer=cus_own";
    assert!(form.contains(paid), "{form}");
}

#[tokio::test]
async fn a_payment_that_names_no_means_cannot_be_renewed() {
    let server = MockServer::start().await;
    let unknown = json!({"payment_method": null});
    answers(&server, "GET", RENEWED, intent("pi_own_0", &unknown)).await;
    let means = Means {
        token: "",
        renews: Some("pi_own_0"),
    };
    let answer = gateway(&server.uri()).authorize(&call(), &means).await;
    let Ok(PaymentEvidence::Declined { code, .. }) = answer else {
        panic!("{answer:?}");
    };
    assert_eq!(code, "no_payment_method");
}

#[tokio::test]
async fn of_an_orders_payments_only_the_one_that_was_asked_for_answers() {
    let server = MockServer::start().await;
    let effect = |version: u64| json!({"metadata": {"order_id": ORDER, "effect_id": order().effect(version).to_string()}});
    let both = json!({"data": [intent("pi_own_0", &effect(3)), intent("pi_own_1", &effect(9))]});
    answers(&server, "GET", SEARCH, both).await;
    let gateway = gateway(&server.uri());
    let found = gateway
        .query(order(), Sought::Effect(order().effect(9)))
        .await;
    let Ok(Found::There(known)) = found else {
        panic!("{found:?}");
    };
    let named = |evidence: &PaymentEvidence| format!("{evidence:?}").contains("pi_own_1");
    assert!(!known.is_empty() && known.iter().all(named), "{known:?}");
    let none = gateway
        .query(order(), Sought::Effect(order().effect(4)))
        .await;
    assert_eq!(none, Ok(Found::Absent));
}
