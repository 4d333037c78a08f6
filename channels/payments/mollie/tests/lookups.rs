//! Look-ups and queries: what is firmly there, firmly not there, and not known.

use orderhub_domain::order::PaymentEvidence;
use serde_json::{Value, json};
use wiremock::matchers::{header, method, path, query_param, query_param_is_missing};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{
    ORDER, PAYMENT, answering, authorized, gateway, not_done, ok, order, payment, problem,
    with_request,
};
use crate::payments::Sought;
use crate::port::{CallError, Found, Inbound, Resource, Statement};

const ONE: &str = "/v2/payments/tr_own1";
const LIST: &str = "/v2/payments";

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

#[tokio::test]
async fn what_is_looked_up_is_read_as_what_it_is() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path(ONE))
        .and(query_param("embed", "captures,refunds,chargebacks"))
        .and(header("authorization", "Bearer live_own_key"))
        .respond_with(ResponseTemplate::new(200).set_body_string(PAYMENT))
        .mount(&server)
        .await;
    let stated = look_up(&server, "payment", "tr_own1")
        .await
        .expect("an answer");
    let [statement] = &stated[..] else {
        panic!("not one statement: {stated:?}");
    };
    assert_eq!(statement.raw, PAYMENT.as_bytes());
    let headers: Vec<_> = statement.headers.iter().collect();
    let headers: Vec<_> = headers
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    let gateway = gateway(&server.uri());
    let read = with_request(&headers, &statement.raw, |request| gateway.read(request));
    assert!(matches!(read[..], [Inbound::Payment { .. }]), "{read:?}");
}

#[tokio::test]
async fn an_id_that_nobody_knows_is_nothing_and_a_broken_answer_is_no_answer() {
    for status in [404, 410] {
        let server = answering("GET", ONE, problem(status, None)).await;
        let answer = look_up(&server, "payment", "tr_own1").await;
        assert_eq!(answer, Ok(Vec::new()), "{status}");
    }
    for status in [301, 401, 403, 404, 429, 500, 503] {
        let page = ResponseTemplate::new(status).set_body_string("<html>no</html>");
        let server = answering("GET", ONE, page).await;
        let answer = look_up(&server, "payment", "tr_own1").await;
        assert!(not_done(&answer), "{status}");
    }
    let server = MockServer::start().await;
    assert_eq!(look_up(&server, "payment", "../x").await, Ok(Vec::new()));
    assert_eq!(look_up(&server, "order", "ord_own").await, Ok(Vec::new()));
    assert!(
        server
            .received_requests()
            .await
            .expect("recorded")
            .is_empty()
    );
}

#[tokio::test]
async fn a_payment_is_queried_by_its_id() {
    let server = answering("GET", ONE, ok(payment(json!({})))).await;
    let answer = query(&server, Sought::Reference("tr_own1")).await;
    assert_eq!(answer, Ok(Found::There(vec![authorized()])));
    let server = answering("GET", ONE, problem(404, None)).await;
    let answer = query(&server, Sought::Reference("tr_own1")).await;
    assert_eq!(answer, Ok(Found::Absent));
    assert_eq!(
        query(&server, Sought::Reference("..")).await,
        Ok(Found::Absent)
    );
    let open = payment(json!({"status": "pending", "authorizedAt": null}));
    let server = answering("GET", ONE, ok(open)).await;
    assert!(not_done(
        &query(&server, Sought::Reference("tr_own1")).await
    ));
    let capture = json!({"id": "cpt_1", "status": "pending"});
    let capturing = payment(json!({"_embedded": {"captures": [capture]}}));
    let server = answering("GET", ONE, ok(capturing)).await;
    assert!(not_done(
        &query(&server, Sought::Reference("tr_own1")).await
    ));
    let server = answering("GET", ONE, ok(json!({"Jane": 1}))).await;
    assert!(not_done(
        &query(&server, Sought::Reference("tr_own1")).await
    ));
}

/// A page of as many payments as fit, none of them ours.
fn full(created: &str) -> Vec<Value> {
    let others = 0..50;
    let other = |number| {
        json!({"id": format!("tr_x{number}"), "status": "paid", "createdAt": created,
            "amount": {"value": "1.00", "currency": "EUR"}})
    };
    others.map(other).collect()
}

fn page(payments: &[Value]) -> ResponseTemplate {
    ok(json!({"count": payments.len(), "_embedded": {"payments": payments}}))
}

#[tokio::test]
async fn an_orders_payments_are_sought_page_by_page_back_to_its_beginning() {
    let effect = order().effect(3);
    let ours = payment(json!({"metadata": {"order_id": ORDER, "effect_id": effect.to_string()}}));
    let server = answering("GET", ONE, ok(ours.clone())).await;
    Mock::given(method("GET"))
        .and(path(LIST))
        .and(query_param_is_missing("from"))
        .respond_with(page(&full("2025-10-20T00:00:00+00:00")))
        .mount(&server)
        .await;
    Mock::given(method("GET"))
        .and(path(LIST))
        .and(query_param("from", "tr_x49"))
        .respond_with(page(&[ours]))
        .mount(&server)
        .await;
    let expected = Ok(Found::There(vec![authorized()]));
    assert_eq!(query(&server, Sought::All).await, expected);
    assert_eq!(query(&server, Sought::Effect(effect)).await, expected);
    let other = query(&server, Sought::Effect(order().effect(4))).await;
    assert_eq!(other, Ok(Found::Absent));
}

#[tokio::test]
async fn none_is_firm_only_when_all_that_could_be_were_seen() {
    let server = answering("GET", LIST, page(&full("2020-01-01T00:00:00+00:00"))).await;
    assert_eq!(query(&server, Sought::All).await, Ok(Found::Absent));
    let server = answering("GET", LIST, page(&full("2031-01-01T00:00:00+00:00"))).await;
    assert!(not_done(&query(&server, Sought::All).await));
    assert_eq!(
        server.received_requests().await.expect("recorded").len(),
        20
    );
    for answer in [problem(404, None), problem(500, None), ok(json!({}))] {
        let server = answering("GET", LIST, answer).await;
        assert!(not_done(&query(&server, Sought::All).await));
    }
}
