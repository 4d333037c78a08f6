//! Changing calls against a stand-in gateway: what is sent, and what every kind of answer means.

use std::time::Duration;

use orderhub_domain::canonical::CaptureMode;
use orderhub_domain::order::PaymentEvidence;
use serde_json::{Value, json};
use wiremock::{MockServer, ResponseTemplate};

use super::{
    NOWHERE, ORDER, action, also, answering, authorized, captured, eur, gateway, not_done, ok,
    order, own, part, payment, refunded, settings, total, unknown, voided,
};
use crate::payments::{Means, PaymentCall, connect};
use crate::port::{CallError, PaymentAnswer, Repeat};

const CREATE: &str = "/payments";
const ONE: &str = "/payments/pay_own1";
const ACTIONS: &str = "/payments/pay_own1/actions";
const CAPTURES: &str = "/payments/pay_own1/captures";
const VOIDS: &str = "/payments/pay_own1/voids";
const REFUNDS: &str = "/payments/pay_own1/refunds";

const OWN: Means<'_> = Means {
    token: "src_own",
    renews: None,
};

fn call(amount: &str) -> PaymentCall {
    PaymentCall {
        order: order(),
        effect: order().effect(3),
        amount: eur(amount),
    }
}

fn created(body: Value) -> ResponseTemplate {
    own(201).set_body_json(body)
}

fn accepted() -> ResponseTemplate {
    own(202).set_body_json(json!({"action_id": "act_own", "reference": ORDER}))
}

/// A refusal as Checkout.com words it.
fn problem(status: u16, code: &str) -> ResponseTemplate {
    let body = json!({"request_id": "own", "error_type": "request_invalid", "error_codes": [code]});
    own(status).set_body_json(body)
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

fn refund_failed(code: &str) -> PaymentEvidence {
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
    gateway.capture(&call("15.00"), "pay_own1", true).await
}

async fn void(server: &MockServer) -> PaymentAnswer {
    gateway(&server.uri())
        .void(&call("40.97"), "pay_own1")
        .await
}

async fn refund(server: &MockServer) -> PaymentAnswer {
    gateway(&server.uri())
        .refund(&call("5.95"), "pay_own1")
        .await
}

async fn sent(server: &MockServer) -> Vec<Value> {
    let requests = server.received_requests().await.expect("recorded");
    let posts = requests.iter().filter(|request| request.method == "POST");
    let key = order().effect(3).to_string();
    let body = |request: &wiremock::Request| {
        assert_eq!(request.headers["cko-idempotency-key"], key.as_str());
        assert_eq!(request.headers["authorization"], "Bearer sk_own_key");
        let mut body: Value = serde_json::from_slice(&request.body).expect("JSON");
        assert_eq!(body["reference"].take(), ORDER);
        let named = json!({"order_id": ORDER, "effect_id": key});
        assert_eq!(body["metadata"].take(), named);
        body.as_object_mut()
            .expect("an object")
            .retain(|_, value| !value.is_null());
        body
    };
    posts.map(body).collect()
}

#[tokio::test]
async fn an_authorisation_sends_the_same_every_time_and_takes_the_amount_from_the_answer() {
    let less = json!({"amount": 4000, "balances": {"total_authorized": 4000}});
    let server = answering("POST", CREATE, created(payment(less))).await;
    for _ in 0..2 {
        let Ok(PaymentEvidence::Authorized { amount, .. }) = authorize(&server).await else {
            panic!("not authorised");
        };
        assert_eq!(amount, eur("40.00"));
    }
    let expected = json!({"source": {"type": "id", "id": "src_own"}, "amount": 4097,
        "currency": "EUR", "capture": false, "processing_channel_id": "pc_own"});
    assert_eq!(sent(&server).await, [expected.clone(), expected]);
}

#[tokio::test]
async fn a_renewal_is_made_without_the_buyer_and_with_the_old_means() {
    let server = answering("POST", CREATE, created(payment(json!({})))).await;
    let old = payment(json!({"id": "pay_old", "source": {"id": "src_old"}}));
    also(&server, "GET", "/payments/pay_old", ok(old)).await;
    let gateway = gateway(&server.uri());
    for token in ["", "tok_own"] {
        let means = Means {
            token,
            renews: Some("pay_old"),
        };
        let answer = gateway.authorize(&call("40.97"), &means).await;
        assert_eq!(answer, Ok(authorized()));
    }
    let sent = sent(&server).await;
    assert_eq!(sent[0]["source"], json!({"type": "id", "id": "src_old"}));
    assert_eq!(
        sent[1]["source"],
        json!({"type": "token", "token": "tok_own"})
    );
    assert_eq!(sent[0]["merchant_initiated"], true);
    assert_eq!(sent[0]["payment_type"], "Unscheduled");
    assert_eq!(sent[0]["previous_payment_id"], "pay_old");
    for (token, renews) in [("", None), ("4242", None), ("", Some(".."))] {
        let answer = gateway
            .authorize(&call("40.97"), &Means { token, renews })
            .await;
        assert_eq!(answer, Ok(declined("no_payment_method")), "{token}");
    }
}

#[tokio::test]
async fn an_open_outcome_is_looked_up_once_more() {
    let open = || payment(json!({"status": "Pending", "balances": {}}));
    let pending = || own(202).set_body_json(open());
    let server = answering("POST", CREATE, pending()).await;
    also(&server, "GET", ONE, ok(payment(json!({})))).await;
    assert_eq!(authorize(&server).await, Ok(authorized()));
    for answer in [ok(open()), own(404), own(503)] {
        let server = answering("POST", CREATE, pending()).await;
        also(&server, "GET", ONE, answer).await;
        assert!(unknown(&authorize(&server).await));
    }
    let links = json!({"redirect": {"href": "https://ownown12.api.checkout.com/3ds"}});
    let asked = payment(json!({"status": "Pending", "balances": {}, "_links": links}));
    let server = answering("POST", CREATE, own(202).set_body_json(asked)).await;
    let expected = PaymentEvidence::ActionRequired {
        reference: "pay_own1".to_owned(),
    };
    assert_eq!(authorize(&server).await, Ok(expected));
    let others = payment(json!({"reference": "ord_another"}));
    let server = answering("POST", CREATE, created(others)).await;
    assert!(unknown(&authorize(&server).await));
}

#[tokio::test]
async fn a_decline_is_evidence_with_its_code() {
    let refused = json!({"status": "Declined", "response_code": "20051", "balances": {}});
    let server = answering("POST", CREATE, created(payment(refused))).await;
    let expected = PaymentEvidence::Declined {
        reference: Some("pay_own1".to_owned()),
        code: "20051".to_owned(),
    };
    assert_eq!(authorize(&server).await, Ok(expected));
    let server = answering("POST", CREATE, problem(422, "source_id_invalid")).await;
    assert_eq!(authorize(&server).await, Ok(declined("source_id_invalid")));
    let server = answering("POST", CREATE, problem(422, "Jane Doe")).await;
    assert_eq!(authorize(&server).await, Ok(declined("http_422")));
}

#[tokio::test]
async fn a_capture_counts_once_its_action_is_approved() {
    let done = |approved| json!([action("act_own", "Capture", 1500, approved)]);
    for (actions, expected) in [
        (done(true), Ok(captured(part("act_own", "15.00")))),
        (done(false), Ok(capture_failed("20051"))),
    ] {
        let server = answering("POST", CAPTURES, accepted()).await;
        also(&server, "GET", ONE, ok(payment(json!({})))).await;
        also(&server, "GET", ACTIONS, ok(actions)).await;
        assert_eq!(capture(&server).await, expected);
        let expected = json!({"amount": 1500, "capture_type": "Final"});
        assert_eq!(sent(&server).await, [expected]);
    }
    for answer in [
        ok(json!([])),
        own(503),
        ok(json!([action("act_x", "Capture", 1500, true)])),
    ] {
        let server = answering("POST", CAPTURES, accepted()).await;
        also(&server, "GET", ONE, ok(payment(json!({})))).await;
        also(&server, "GET", ACTIONS, answer).await;
        let answer = capture(&server).await;
        assert!(matches!(answer, Err(CallError::Unknown { well: true, .. })));
    }
}

#[tokio::test]
async fn only_an_account_with_several_captures_leaves_the_rest_open() {
    let server = answering("POST", CAPTURES, accepted()).await;
    let mut settings = settings(&server.uri());
    for (mode, last) in [
        (CaptureMode::Once, false),
        (CaptureMode::Many, false),
        (CaptureMode::Many, true),
    ] {
        settings.capture = mode;
        let gateway = connect("checkout_com", &settings).expect("a connection");
        assert!(unknown(
            &gateway.capture(&call("15.00"), "pay_own1", last).await
        ));
    }
    let sent = sent(&server).await;
    let kinds: Vec<_> = sent.iter().map(|body| &body["capture_type"]).collect();
    assert_eq!(kinds, ["Final", "NonFinal", "Final"]);
}

#[tokio::test]
async fn a_capture_that_is_not_allowed_is_judged_by_what_the_payment_has_come_to() {
    let taken = json!({"total_authorized": 4097, "total_captured": 1500,
        "available_to_capture": 0});
    let gone = json!({"total_authorized": 4097, "available_to_capture": 0});
    for (balances, expected) in [
        (taken, captured(total("15.00"))),
        (gone, capture_failed("not_allowed")),
    ] {
        let server = answering("POST", CAPTURES, own(403)).await;
        also(
            &server,
            "GET",
            ONE,
            ok(payment(json!({"balances": balances}))),
        )
        .await;
        assert_eq!(capture(&server).await, Ok(expected));
    }
    let server = answering("POST", CAPTURES, problem(422, "amount_invalid")).await;
    also(&server, "GET", ONE, ok(payment(json!({})))).await;
    assert_eq!(capture(&server).await, Ok(capture_failed("amount_invalid")));
    let server = answering("POST", CAPTURES, own(404)).await;
    also(&server, "GET", ONE, own(404)).await;
    assert_eq!(capture(&server).await, Ok(capture_failed("http_404")));
    // A key that may do nothing is not the payment's fault.
    let server = answering("POST", CAPTURES, own(403)).await;
    also(&server, "GET", ONE, own(403)).await;
    assert!(unknown(&capture(&server).await));
}

#[tokio::test]
async fn a_release_is_what_the_payment_has_come_to() {
    let gone = || ok(payment(json!({"status": "Voided"})));
    let taken = json!({"status": "Captured", "balances": {"total_captured": 4097}});
    for (answer, now, expected) in [
        (accepted(), gone(), voided()),
        (own(403), gone(), voided()),
        (own(403), ok(payment(taken)), captured(total("40.97"))),
    ] {
        let server = answering("POST", VOIDS, answer).await;
        also(&server, "GET", ONE, now).await;
        assert_eq!(void(&server).await, Ok(expected));
    }
    let server = answering("POST", VOIDS, accepted()).await;
    also(&server, "GET", ONE, ok(payment(json!({})))).await;
    assert!(unknown(&void(&server).await));
    let server = answering("POST", VOIDS, own(403)).await;
    also(&server, "GET", ONE, ok(payment(json!({})))).await;
    assert!(not_done(&void(&server).await));
    let server = answering("POST", VOIDS, own(404)).await;
    also(&server, "GET", ONE, own(404)).await;
    assert!(not_done(&void(&server).await));
}

#[tokio::test]
async fn a_refund_that_was_taken_counts_under_its_own_action() {
    let server = answering("POST", REFUNDS, accepted()).await;
    assert_eq!(refund(&server).await, Ok(refunded(part("act_own", "5.95"))));
    assert_eq!(sent(&server).await, [json!({"amount": 595})]);
    let server = answering(
        "POST",
        REFUNDS,
        problem(422, "refund_amount_exceeds_balance"),
    )
    .await;
    also(&server, "GET", ONE, ok(payment(json!({})))).await;
    let expected = refund_failed("refund_amount_exceeds_balance");
    assert_eq!(refund(&server).await, Ok(expected));
    let whole = json!({"status": "Refunded", "balances": {"total_refunded": 4097}});
    let server = answering("POST", REFUNDS, own(403)).await;
    also(&server, "GET", ONE, ok(payment(whole))).await;
    assert_eq!(refund(&server).await, Ok(refunded(total("40.97"))));
}

#[tokio::test]
async fn what_certainly_did_nothing_is_told_from_what_may_have() {
    for status in [401, 403, 429] {
        let server = answering("POST", CREATE, own(status)).await;
        assert!(not_done(&authorize(&server).await), "{status}");
    }
    let slow = own(429).insert_header("retry-after", "7");
    let server = answering("POST", REFUNDS, slow).await;
    let answer = refund(&server).await;
    let Err(CallError::NotDone { retry_after, .. }) = answer else {
        panic!("it is not slowed down: {answer:?}");
    };
    assert_eq!(retry_after, Some(Duration::from_secs(7)));
    for status in [409, 500, 502, 503] {
        let server = answering("POST", CAPTURES, own(status)).await;
        assert!(unknown(&capture(&server).await), "{status}");
    }
    for status in [200, 302, 404, 422] {
        let page = ResponseTemplate::new(status).set_body_string("<html>no</html>");
        let server = answering("POST", REFUNDS, page).await;
        assert!(unknown(&refund(&server).await), "{status}");
    }
    let late = created(payment(json!({}))).set_delay(Duration::from_secs(2));
    let server = answering("POST", CREATE, late).await;
    assert!(unknown(&authorize(&server).await));
    let nobody = gateway(NOWHERE);
    assert!(not_done(&nobody.authorize(&call("40.97"), &OWN).await));
    assert_eq!(nobody.repeat(), Repeat::QueryFirst);
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
    let huge = call("10000000.00");
    let answer = gateway.authorize(&huge, &OWN).await;
    assert_eq!(answer, Ok(declined("amount_not_representable")));
    let answer = gateway.capture(&huge, "pay_own1", true).await;
    assert_eq!(answer, Ok(capture_failed("amount_not_representable")));
    assert!(
        server
            .received_requests()
            .await
            .expect("recorded")
            .is_empty()
    );
}
