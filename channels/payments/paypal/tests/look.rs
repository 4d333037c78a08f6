//! Look-ups and queries: what is firmly there, firmly not there, and not known.

use orderhub_domain::order::PaymentEvidence;
use serde_json::{Value, json};
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{
    AUTH, CAPTURE, CAPTURED, FIXTURE, also, amount, answering, authorized, captured, gateway, held,
    known, movement, not_done, of_auth, of_capture, ok, order, part, problem, stated, taken,
    with_request,
};
use crate::payments::Sought;
use crate::port::{CallError, Found, Inbound, Resource, Statement};

const ORDER_AT: &str = "/v2/checkout/orders/OWNORDER000000001";
const CAPTURE_AT: &str = "/v2/payments/captures/OWNCAPTURE0000001";
const AUTH_AT: &str = "/v2/payments/authorizations/OWNAUTH0000000001";
const BY_ID: Sought<'_> = Sought::Reference(AUTH);

async fn look_up(server: &MockServer, kind: &str, id: &str) -> Result<Vec<Statement>, CallError> {
    let gateway = gateway(&server.uri());
    let resource = Resource {
        kind: kind.to_owned(),
        id: id.to_owned(),
    };
    let looks_up = gateway.look_up().expect("it looks up");
    looks_up.look_up(&resource).await
}

/// What is found of a thing, as the reader takes it.
async fn found(server: &MockServer, kind: &str, id: &str) -> Vec<Inbound> {
    let stated = look_up(server, kind, id).await.expect("an answer");
    let [statement] = &stated[..] else {
        panic!("not one statement: {stated:?}");
    };
    let headers: Vec<_> = statement.headers.iter().collect();
    let headers: Vec<_> = headers
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    let gateway = gateway(&server.uri());
    with_request(&headers, &statement.raw, |request| gateway.read(request))
}

async fn query(
    server: &MockServer,
    sought: Sought<'_>,
) -> Result<Found<Vec<PaymentEvidence>>, CallError> {
    gateway(&server.uri()).query(order(), sought).await
}

/// The capture, which says which order it belongs to.
fn related() -> Value {
    let mut capture: Value = serde_json::from_str(CAPTURED).expect("JSON");
    capture["supplementary_data"] = json!({"related_ids": {"order_id": "OWNORDER000000001"}});
    capture
}

#[tokio::test]
async fn whatever_is_named_its_order_is_what_is_read() {
    let server = answering("GET", CAPTURE_AT, ok(related())).await;
    Mock::given(method("GET"))
        .and(path(ORDER_AT))
        .and(header("authorization", "Bearer own-access"))
        .respond_with(ResponseTemplate::new(200).set_body_string(FIXTURE))
        .mount(&server)
        .await;
    let one = json!({"id": AUTH, "status": "CREATED", "amount": amount("40.97"),
        "supplementary_data": {"related_ids": {"order_id": "OWNORDER000000001"}}});
    also(&server, "GET", AUTH_AT, ok(one)).await;
    let refund = movement("OWNREFUND1", "COMPLETED", "5.95", &of_capture());
    also(
        &server,
        "GET",
        "/v2/payments/refunds/OWNREFUND1",
        ok(refund),
    )
    .await;
    for (kind, id) in [
        ("order", "OWNORDER000000001"),
        ("authorization", AUTH),
        ("capture", CAPTURE),
        ("refund", "OWNREFUND1"),
    ] {
        let read = found(&server, kind, id).await;
        let [Inbound::Payment { evidence, .. }] = &read[..] else {
            panic!("not one payment: {read:?}");
        };
        assert_eq!(*evidence, authorized(), "{kind}");
    }
}

#[tokio::test]
async fn a_payment_of_no_order_speaks_for_itself_and_a_dispute_for_its_payment() {
    let alone = ResponseTemplate::new(200).set_body_string(CAPTURED);
    let server = answering("GET", CAPTURE_AT, alone).await;
    let read = found(&server, "capture", CAPTURE).await;
    let [Inbound::Payment { evidence, .. }] = &read[..] else {
        panic!("not one payment: {read:?}");
    };
    assert_eq!(*evidence, captured(part(CAPTURE, "40.97")));
    let dispute =
        ResponseTemplate::new(200).set_body_string(include_str!("../fixtures/dispute.json"));
    also(&server, "GET", "/v1/customer/disputes/PP-D-OWN1", dispute).await;
    let read = found(&server, "dispute", "PP-D-OWN1").await;
    let [Inbound::Payment { reference, .. }] = &read[..] else {
        panic!("not one payment: {read:?}");
    };
    assert_eq!(reference, AUTH);
}

#[tokio::test]
async fn only_the_gateways_own_word_says_that_there_is_none() {
    let server = answering("GET", ORDER_AT, problem(404, "INVALID_RESOURCE_ID")).await;
    let answer = look_up(&server, "order", "OWNORDER000000001").await;
    assert_eq!(answer, Ok(Vec::new()));
    for status in [301, 401, 403, 404, 429, 500, 503] {
        let page = ResponseTemplate::new(status).set_body_string("<html>no</html>");
        let server = answering("GET", ORDER_AT, page).await;
        let answer = look_up(&server, "order", "OWNORDER000000001").await;
        assert!(not_done(&answer), "{status}");
    }
    let server = MockServer::start().await;
    assert_eq!(look_up(&server, "order", "../x").await, Ok(Vec::new()));
    assert_eq!(look_up(&server, "payout", "OWN1").await, Ok(Vec::new()));
    let asked = server.received_requests().await.expect("recorded");
    assert!(asked.is_empty());
    let refused = answering("GET", ORDER_AT, ok(json!({}))).await;
    refused.reset().await;
    also(
        &refused,
        "POST",
        "/v1/oauth2/token",
        ResponseTemplate::new(401),
    )
    .await;
    assert!(not_done(&look_up(&refused, "order", "OWN1").await));
}

#[tokio::test]
async fn a_payment_is_queried_by_its_reference_and_by_nothing_else() {
    let server = answering("GET", "/none", ok(json!({}))).await;
    known(&server, stated(json!({}), json!({}))).await;
    let expected = Ok(Found::There(vec![authorized()]));
    assert_eq!(query(&server, BY_ID).await, expected);
    assert!(not_done(&query(&server, Sought::All).await));
    let effect = order().effect(3);
    assert!(not_done(&query(&server, Sought::Effect(effect)).await));
    // One that was captured at once is referred to by its capture.
    let server = answering("GET", CAPTURE_AT, ok(related())).await;
    also(
        &server,
        "GET",
        &format!("/v2/payments/authorizations/{CAPTURE}"),
        problem(404, "X"),
    )
    .await;
    let sale = stated(
        json!({}),
        json!({"authorizations": [],
        "captures": [movement(CAPTURE, "COMPLETED", "40.97", "x")]}),
    );
    also(&server, "GET", ORDER_AT, ok(sale)).await;
    let answer = query(&server, Sought::Reference(CAPTURE)).await;
    let Ok(Found::There(known)) = answer else {
        panic!("not there: {answer:?}");
    };
    assert_eq!(known.len(), 1);
}

#[tokio::test]
async fn what_is_not_decided_is_no_answer() {
    let capturing = taken(
        json!([movement(CAPTURE, "PENDING", "40.97", &of_auth())]),
        json!([]),
    );
    for order in [held("PENDING"), capturing, json!({"Jane": 1})] {
        let server = answering("GET", "/none", ok(json!({}))).await;
        known(&server, order).await;
        assert!(not_done(&query(&server, BY_ID).await));
    }
    let server = answering("GET", AUTH_AT, problem(404, "INVALID_RESOURCE_ID")).await;
    let at = format!("/v2/payments/captures/{AUTH}");
    also(&server, "GET", &at, problem(404, "INVALID_RESOURCE_ID")).await;
    assert_eq!(query(&server, BY_ID).await, Ok(Found::Absent));
    assert_eq!(
        query(&server, Sought::Reference("..")).await,
        Ok(Found::Absent)
    );
}
