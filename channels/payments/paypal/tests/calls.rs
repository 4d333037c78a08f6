//! Changing calls against a stand-in gateway: what is sent, and what every kind of answer means.

use std::time::Duration;

use orderhub_domain::canonical::CaptureMode;
use orderhub_domain::order::PaymentEvidence;
use serde_json::{Value, json};
use wiremock::{MockServer, ResponseTemplate};

use super::{
    AUTH, CAPTURE, NOWHERE, ORDER, also, amount, answering, authorized, captured, eur, gateway,
    held, known, money, movement, not_done, of_auth, ok, order, part, problem, settings, stated,
    taken, total, unknown, voided,
};
use crate::payments::{Means, PaymentCall, connect};
use crate::port::{CallError, PaymentAnswer, Repeat};

const CREATE: &str = "/v2/checkout/orders";
const AUTHORIZE: &str = "/v2/checkout/orders/OWNORDER000000001/authorize";
const CAPTURES: &str = "/v2/payments/authorizations/OWNAUTH0000000001/capture";
const VOID: &str = "/v2/payments/authorizations/OWNAUTH0000000001/void";
pub(super) const REFUNDS: &str = "/v2/payments/captures/OWNCAPTURE0000001/refund";

const OWN: Means<'_> = Means {
    token: "8kk8451t",
    renews: None,
};

fn call(amount: &str) -> PaymentCall {
    PaymentCall {
        order: order(),
        effect: order().effect(3),
        amount: eur(amount),
    }
}

pub(super) fn created(body: Value) -> ResponseTemplate {
    ResponseTemplate::new(201).set_body_json(body)
}

/// An order that nothing has happened to yet.
fn bare(status: &str) -> Value {
    let mut order = stated(json!({"payments": {}}), json!({}));
    order["status"] = status.into();
    order
}

pub(super) fn whole(status: &str) -> Value {
    json!([movement(CAPTURE, status, "40.97", &of_auth())])
}

fn declined(code: &str) -> PaymentEvidence {
    PaymentEvidence::Declined {
        reference: None,
        code: code.to_owned(),
    }
}

fn capture_failed(code: &str) -> PaymentEvidence {
    PaymentEvidence::CaptureFailed {
        capture: None,
        code: code.to_owned(),
    }
}

pub(super) fn refund_failed(code: &str) -> PaymentEvidence {
    PaymentEvidence::RefundFailed {
        refund: None,
        code: code.to_owned(),
    }
}

async fn authorize(server: &MockServer) -> PaymentAnswer {
    gateway(&server.uri()).authorize(&call("40.97"), &OWN).await
}

async fn capture(server: &MockServer) -> PaymentAnswer {
    let gateway = gateway(&server.uri());
    gateway.capture(&call("15.00"), AUTH, true).await
}

async fn void(server: &MockServer) -> PaymentAnswer {
    gateway(&server.uri()).void(&call("40.97"), AUTH).await
}

pub(super) async fn refund(server: &MockServer) -> PaymentAnswer {
    gateway(&server.uri()).refund(&call("5.95"), AUTH).await
}

/// What was sent to change something, with its key.
pub(super) async fn sent(server: &MockServer) -> Vec<(Option<String>, Value)> {
    let requests = server.received_requests().await.expect("recorded");
    let posts = requests
        .iter()
        .filter(|request| request.method == "POST" && request.url.path() != "/v1/oauth2/token");
    let told = |request: &wiremock::Request| {
        assert_eq!(request.headers["authorization"], "Bearer own-access");
        assert_eq!(request.headers["prefer"], "return=representation");
        let key = request.headers.get("paypal-request-id");
        let key = key.map(|key| key.to_str().expect("text").to_owned());
        (key, serde_json::from_slice(&request.body).expect("JSON"))
    };
    posts.map(told).collect()
}

pub(super) fn key() -> String {
    order().effect(3).to_string()
}

#[tokio::test]
async fn an_authorisation_sends_the_same_every_time_and_takes_the_amount_from_the_answer() {
    let mut less = held("CREATED");
    less["purchase_units"][0]["payments"]["authorizations"][0]["amount"] = amount("40.00");
    let server = answering("POST", CREATE, created(less)).await;
    for _ in 0..2 {
        let Ok(PaymentEvidence::Authorized { amount, .. }) = authorize(&server).await else {
            panic!("not authorised");
        };
        assert_eq!(amount, eur("40.00"));
    }
    let unit = json!({"reference_id": key(), "custom_id": ORDER, "amount": amount("40.97")});
    let expected = json!({"intent": "AUTHORIZE", "purchase_units": [unit],
        "payment_source": {"paypal": {"vault_id": "8kk8451t"}}});
    let expected = (Some(key()), expected);
    assert_eq!(sent(&server).await, [expected.clone(), expected]);
}

#[tokio::test]
async fn an_order_that_is_only_made_is_authorised_in_a_second_step() {
    for status in ["CREATED", "APPROVED"] {
        let server = answering("POST", CREATE, created(bare(status))).await;
        also(&server, "POST", AUTHORIZE, created(held("CREATED"))).await;
        assert_eq!(authorize(&server).await, Ok(authorized()));
        let keys: Vec<_> = sent(&server)
            .await
            .into_iter()
            .map(|(key, _)| key)
            .collect();
        let second = format!("{}-authorize", key());
        assert_eq!(keys, [Some(key()), Some(second)], "{status}");
    }
    let server = answering("POST", CREATE, created(bare("CREATED"))).await;
    also(
        &server,
        "POST",
        AUTHORIZE,
        problem(422, "INSTRUMENT_DECLINED"),
    )
    .await;
    assert_eq!(
        authorize(&server).await,
        Ok(declined("INSTRUMENT_DECLINED"))
    );
}

#[tokio::test]
async fn a_vaulted_card_is_told_from_an_account_and_a_renewal_from_a_purchase() {
    let server = answering("POST", CREATE, created(held("CREATED"))).await;
    let gateway = gateway(&server.uri());
    for renews in [None, Some("OWNAUTH0")] {
        let means = Means {
            token: "card/8kk8451t",
            renews,
        };
        let answer = gateway.authorize(&call("40.97"), &means).await;
        assert_eq!(answer, Ok(authorized()));
    }
    let sent = sent(&server).await;
    let [first, second] = [0, 1].map(|place| sent[place].1["payment_source"].clone());
    assert_eq!(first, json!({"card": {"vault_id": "8kk8451t"}}));
    assert_eq!(
        second["card"]["stored_credential"]["payment_initiator"],
        "MERCHANT"
    );
    for (token, renews) in [
        ("", None),
        ("", Some("OWNAUTH0")),
        ("card/", None),
        ("a/b", None),
    ] {
        let answer = gateway
            .authorize(&call("40.97"), &Means { token, renews })
            .await;
        assert_eq!(answer, Ok(declined("no_payment_method")), "{token}");
    }
}

#[tokio::test]
async fn what_an_authorisation_came_to_is_told_apart() {
    let refused = PaymentEvidence::Declined {
        reference: Some(AUTH.to_owned()),
        code: "denied".to_owned(),
    };
    for (answer, expected) in [
        (created(held("DENIED")), refused),
        (
            created(bare("PAYER_ACTION_REQUIRED")),
            declined("payer_action_required"),
        ),
        (
            problem(422, "TOKEN_ID_NOT_FOUND"),
            declined("TOKEN_ID_NOT_FOUND"),
        ),
        (problem(422, "Jane Doe"), declined("UNPROCESSABLE_ENTITY")),
    ] {
        let server = answering("POST", CREATE, answer).await;
        assert_eq!(authorize(&server).await, Ok(expected));
    }
    let others = stated(
        json!({"custom_id": "ord_0199f3c8a2b17def8a6b1c2d3e4f5062"}),
        json!({}),
    );
    for order in [held("PENDING"), bare("COMPLETED"), others] {
        let server = answering("POST", CREATE, created(order)).await;
        assert!(unknown(&authorize(&server).await));
    }
}

#[tokio::test]
async fn a_capture_counts_once_it_has_completed() {
    let made = |status: &str, value: &str| created(movement(CAPTURE, status, value, &of_auth()));
    let server = answering("POST", CAPTURES, made("COMPLETED", "14.00")).await;
    assert_eq!(capture(&server).await, Ok(captured(part(CAPTURE, "14.00"))));
    let expected = json!({"amount": amount("15.00"), "final_capture": true});
    assert_eq!(sent(&server).await, [(Some(key()), expected)]);
    let server = answering("POST", CAPTURES, made("DECLINED", "15.00")).await;
    assert_eq!(capture(&server).await, Ok(capture_failed("declined")));
    let server = answering("POST", CAPTURES, made("PENDING", "15.00")).await;
    let answer = capture(&server).await;
    assert!(matches!(answer, Err(CallError::Unknown { well: true, .. })));
    let mut settings = settings(&server.uri());
    for (mode, last, is_final) in [
        (CaptureMode::Many, false, false),
        (CaptureMode::Many, true, true),
        (CaptureMode::Once, false, true),
    ] {
        settings.capture = mode;
        let gateway = connect("paypal", &settings).expect("a connection");
        assert!(unknown(&gateway.capture(&call("15.00"), AUTH, last).await));
        let sent = sent(&server).await;
        let (_, body) = sent.last().expect("a call");
        assert_eq!(body["final_capture"], is_final);
    }
}

#[tokio::test]
async fn a_capture_that_is_refused_is_judged_by_what_the_payment_has_come_to() {
    let issue = "AUTHORIZATION_ALREADY_CAPTURED";
    for (now, expected) in [
        (
            taken(whole("COMPLETED"), json!([])),
            captured(total("40.97")),
        ),
        (held("VOIDED"), capture_failed(issue)),
    ] {
        let server = answering("POST", CAPTURES, problem(422, issue)).await;
        known(&server, now).await;
        assert_eq!(capture(&server).await, Ok(expected));
    }
    let server = answering("POST", CAPTURES, problem(422, "AUTHORIZATION_VOIDED")).await;
    assert_eq!(
        capture(&server).await,
        Ok(capture_failed("AUTHORIZATION_VOIDED"))
    );
}

#[tokio::test]
async fn a_release_is_what_the_payment_has_come_to() {
    for answer in [
        ResponseTemplate::new(204),
        ok(json!({"id": AUTH, "status": "VOIDED"})),
    ] {
        let server = answering("POST", VOID, answer).await;
        assert_eq!(void(&server).await, Ok(voided()));
        assert_eq!(sent(&server).await, [(None, json!({}))]);
    }
    for (issue, now, expected) in [
        ("PREVIOUSLY_VOIDED", held("VOIDED"), voided()),
        (
            "PREVIOUSLY_CAPTURED",
            taken(whole("COMPLETED"), json!([])),
            captured(total("40.97")),
        ),
    ] {
        let server = answering("POST", VOID, problem(422, issue)).await;
        known(&server, now).await;
        assert_eq!(void(&server).await, Ok(expected));
    }
    let server = answering("POST", VOID, problem(422, "CANNOT_BE_VOIDED")).await;
    known(&server, held("CREATED")).await;
    assert!(not_done(&void(&server).await));
    let server = answering("POST", VOID, problem(409, "PREVIOUS_REQUEST_IN_PROGRESS")).await;
    assert!(unknown(&void(&server).await));
}

#[tokio::test]
async fn what_certainly_did_nothing_is_told_from_what_may_have() {
    for status in [401, 403, 429] {
        let server = answering("POST", CREATE, problem(status, "X")).await;
        assert!(not_done(&authorize(&server).await), "{status}");
    }
    let slow = problem(429, "RATE_LIMIT_REACHED").insert_header("retry-after", "7");
    let server = answering("POST", CAPTURES, slow).await;
    let answer = capture(&server).await;
    let Err(CallError::NotDone { retry_after, .. }) = answer else {
        panic!("it is not slowed down: {answer:?}");
    };
    assert_eq!(retry_after, Some(Duration::from_secs(7)));
    for status in [409, 500, 502, 503] {
        let server = answering("POST", CAPTURES, problem(status, "X")).await;
        assert!(unknown(&capture(&server).await), "{status}");
    }
    for status in [200, 302, 404, 422] {
        let page = ResponseTemplate::new(status).set_body_string("<html>no</html>");
        let server = answering("POST", CREATE, page).await;
        assert!(unknown(&authorize(&server).await), "{status}");
    }
    // Before anything was changed, a look-up that fails changes nothing.
    let server = answering("POST", REFUNDS, created(json!({}))).await;
    assert!(not_done(&refund(&server).await));
    let late = created(held("CREATED")).set_delay(Duration::from_secs(2));
    let server = answering("POST", CREATE, late).await;
    assert!(unknown(&authorize(&server).await));
    let nobody = gateway(NOWHERE);
    assert!(not_done(&nobody.authorize(&call("40.97"), &OWN).await));
    let hours = Duration::from_hours(6);
    assert_eq!(nobody.repeat(), Repeat::Keyed { valid_for: hours });
}

#[tokio::test]
async fn what_the_gateway_cannot_be_told_is_not_sent() {
    let server = MockServer::start().await;
    let gateway = gateway(&server.uri());
    for reference in ["", "..", "a/b", "a?b"] {
        let answer = gateway.capture(&call("1.00"), reference, true).await;
        assert_eq!(answer, Ok(capture_failed("malformed_reference")));
        assert!(not_done(&gateway.void(&call("1.00"), reference).await));
        let answer = gateway.refund(&call("1.00"), reference).await;
        assert_eq!(answer, Ok(refund_failed("malformed_reference")));
    }
    let mut odd = call("1.00");
    odd.amount = money("100.50", "HUF");
    let answer = gateway.authorize(&odd, &OWN).await;
    assert_eq!(answer, Ok(declined("amount_not_representable")));
    let answer = gateway.capture(&odd, AUTH, true).await;
    assert_eq!(answer, Ok(capture_failed("amount_not_representable")));
    let answer = gateway.refund(&odd, AUTH).await;
    assert_eq!(answer, Ok(refund_failed("amount_not_representable")));
    let asked = server.received_requests().await.expect("recorded");
    assert!(asked.is_empty());
}
