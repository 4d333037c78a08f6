//! What an order says that was looked up: what is firmly there, firmly not there, and not known.

use orderhub_domain::order::PaymentEvidence;
use serde_json::{Value, json};
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{
    FIXTURE, HOOK, NOWHERE, ORDER, OWN, answering, at, authorized, captured, gateway, not_done, ok,
    one, order, part, problem, refunded, settings, stated, total, voided, with_request,
};
use crate::payments::{Sought, connect};
use crate::port::{CallError, Found, Inbound, Resource, Statement};

fn read(body: &[u8]) -> Vec<Inbound> {
    let headers = [("x-klarna-resource", "order")];
    with_request(HOOK, &headers, body, |request| {
        gateway(NOWHERE).read(request)
    })
}

fn state(changes: Value) -> Vec<Inbound> {
    read(&serde_json::to_vec(&stated(changes)).expect("JSON"))
}

fn evidence(read: Vec<Inbound>) -> Vec<PaymentEvidence> {
    let one = |item| match item {
        Inbound::Payment { evidence, .. } => evidence,
        other => panic!("not about a payment: {other:?}"),
    };
    read.into_iter().map(one).collect()
}

fn topic(read: &[Inbound]) -> &str {
    match read {
        [Inbound::Unknown { topic }] => topic,
        other => panic!("not one unknown: {other:?}"),
    }
}

async fn look_up(server: &MockServer, kind: &str, id: &str) -> Result<Vec<Statement>, CallError> {
    let gateway = gateway(&server.uri());
    let resource = Resource {
        kind: kind.to_owned(),
        id: id.to_owned(),
    };
    let looks_up = gateway.look_up().expect("it looks up");
    looks_up.look_up(&resource).await
}

async fn query(
    server: &MockServer,
    sought: Sought<'_>,
) -> Result<Found<Vec<PaymentEvidence>>, CallError> {
    gateway(&server.uri()).query(order(), sought).await
}

#[test]
fn an_authorisation_says_whose_when_how_much_and_until_when() {
    let expected = Inbound::Payment {
        reference: OWN.to_owned(),
        order: Some(ORDER.to_owned()),
        occurred_at: Some(at(1_760_000_000)),
        test: false,
        evidence: authorized(),
    };
    assert_eq!(read(FIXTURE.as_bytes()), [expected]);
}

#[test]
fn an_order_of_the_playground_is_test_data() {
    let settings = settings(NOWHERE).with_secrets("api_password", ["klarna_test_api_own"]);
    let gateway = connect("klarna", &settings).expect("a connection");
    let headers = [("x-klarna-resource", "order")];
    let body = FIXTURE.as_bytes();
    let read = with_request(HOOK, &headers, body, |request| gateway.read(request));
    assert!(matches!(read[..], [Inbound::Payment { test: true, .. }]));
}

#[test]
fn the_order_is_named_by_either_reference() {
    for (changes, order) in [
        (json!({"merchant_reference2": null}), None),
        (
            json!({"merchant_reference2": "7", "merchant_reference1": ORDER}),
            Some(ORDER),
        ),
        (json!({"purchase_currency": "eur"}), Some(ORDER)),
    ] {
        let read = state(changes);
        let [Inbound::Payment { order: named, .. }] = &read[..] else {
            panic!("not one payment: {read:?}");
        };
        assert_eq!(named.as_deref(), order);
    }
}

#[test]
fn captures_and_refunds_count_one_by_one_and_in_all() {
    let captures = json!([
        {"capture_id": "c1", "captured_amount": 3000, "captured_at": "2025-10-10T08:00:00.000Z"},
        {"capture_id": "c2", "captured_amount": 1097, "captured_at": "2025-10-11T08:00:00.000Z"},
    ]);
    let refunds = json!([
        {"refund_id": "r1", "refunded_amount": 595, "refunded_at": "2025-10-12T08:00:00.000Z"},
        {"refunded_amount": 100},
    ]);
    let whole = json!({"status": "CAPTURED", "captured_amount": 4097, "refunded_amount": 695,
        "remaining_authorized_amount": 0, "captures": captures, "refunds": refunds});
    let expected = [
        captured(part("c1", "30.00")),
        captured(part("c2", "10.97")),
        captured(total("40.97")),
        refunded(part("r1", "5.95")),
        refunded(total("6.95")),
    ];
    assert_eq!(evidence(state(whole)), expected);
}

#[test]
fn a_rest_that_was_released_is_told_from_one_that_was_not() {
    let captures = json!([{"capture_id": "c1", "captured_amount": 3000}]);
    let first = [captured(part("c1", "30.00")), captured(total("30.00"))];
    let of = |left: i64, amount: i64| {
        evidence(state(
            json!({"status": "PART_CAPTURED", "captured_amount": 3000,
            "order_amount": amount, "remaining_authorized_amount": left, "captures": captures}),
        ))
    };
    assert_eq!(of(1097, 4097), first);
    let [one, two] = first;
    assert_eq!(of(0, 3000), [one, two, voided()]);
}

#[test]
fn an_end_means_what_came_before_it() {
    for status in ["CANCELLED", "EXPIRED"] {
        assert_eq!(evidence(state(json!({"status": status}))), [voided()]);
    }
    let rejected = PaymentEvidence::Declined {
        reference: Some(OWN.to_owned()),
        code: "fraud_rejected".to_owned(),
    };
    let read = state(json!({"fraud_status": "REJECTED"}));
    assert_eq!(evidence(read), [rejected]);
}

#[test]
fn what_is_open_or_new_is_kept() {
    for (changes, expected) in [
        (json!({"fraud_status": "PENDING"}), "not_yet:PENDING"),
        (json!({"fraud_status": "NEW_IN_2031"}), "status:AUTHORIZED"),
        (json!({"status": "NEW_IN_2031"}), "status:NEW_IN_2031"),
        (json!({"status": "Dear Jane"}), "status:no plain status"),
    ] {
        assert_eq!(topic(&state(changes)), expected);
    }
}

#[test]
fn what_cannot_be_read_says_where_and_quotes_nothing() {
    for read in [
        state(json!({"order_amount": "Jane"})),
        state(json!({"order_amount": null})),
        state(json!({"order_amount": 40.97})),
        state(json!({"purchase_currency": "JAN"})),
        state(json!({"captures": [{"capture_id": "Jane"}]})),
        read(b"Jane"),
    ] {
        let [Inbound::Unreadable { reason }] = &read[..] else {
            panic!("readable: {read:?}");
        };
        assert!(!reason.contains("Jane"), "{reason}");
    }
}

#[tokio::test]
async fn what_is_looked_up_is_read_as_what_it_is() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path(one("")))
        .and(header(
            "authorization",
            "Basic SzEyMzQ1Nl9vd246b3duLXBhc3N3b3Jk",
        ))
        .respond_with(ResponseTemplate::new(200).set_body_string(FIXTURE))
        .mount(&server)
        .await;
    let stated = look_up(&server, "order", OWN).await.expect("an answer");
    let [statement] = &stated[..] else {
        panic!("not one statement: {stated:?}");
    };
    let headers: Vec<_> = statement.headers.iter().collect();
    let headers: Vec<_> = headers
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    let gateway = gateway(&server.uri());
    let read = with_request(HOOK, &headers, &statement.raw, |request| {
        gateway.read(request)
    });
    assert!(matches!(read[..], [Inbound::Payment { .. }]), "{read:?}");
}

#[tokio::test]
async fn only_the_gateways_own_word_says_that_there_is_none() {
    for code in ["NO_SUCH_ORDER", "NOT_FOUND"] {
        let server = answering("GET", "", problem(404, code)).await;
        assert_eq!(look_up(&server, "order", OWN).await, Ok(Vec::new()));
        let answer = query(&server, Sought::Reference(OWN)).await;
        assert_eq!(answer, Ok(Found::Absent));
    }
    for status in [301, 401, 403, 404, 429, 500, 503] {
        let page = ResponseTemplate::new(status).set_body_string("<html>no</html>");
        let server = answering("GET", "", page).await;
        assert!(not_done(&look_up(&server, "order", OWN).await), "{status}");
        assert!(not_done(&query(&server, Sought::Reference(OWN)).await));
    }
    let server = MockServer::start().await;
    assert_eq!(look_up(&server, "order", "../x").await, Ok(Vec::new()));
    assert_eq!(look_up(&server, "capture", OWN).await, Ok(Vec::new()));
    let answer = query(&server, Sought::Reference("..")).await;
    assert_eq!(answer, Ok(Found::Absent));
    let asked = server.received_requests().await.expect("recorded");
    assert!(asked.is_empty());
}

#[tokio::test]
async fn an_order_is_found_by_its_id_and_by_nothing_else() {
    let server = answering("GET", "", ok(stated(json!({})))).await;
    let answer = query(&server, Sought::Reference(OWN)).await;
    assert_eq!(answer, Ok(Found::There(vec![authorized()])));
    assert!(not_done(&query(&server, Sought::All).await));
    let effect = order().effect(3);
    assert!(not_done(&query(&server, Sought::Effect(effect)).await));
    for body in [
        stated(json!({"fraud_status": "PENDING"})),
        json!({"Jane": 1}),
    ] {
        let server = answering("GET", "", ok(body)).await;
        assert!(not_done(&query(&server, Sought::Reference(OWN)).await));
    }
}
