//! Changing calls against a stand-in gateway: what is sent, and what every kind of answer means.

use std::time::Duration;

use orderhub_domain::order::{PaymentEvidence, Reported};
use serde_json::{Value, json};
use wiremock::{MockServer, ResponseTemplate};

use super::{
    NOWHERE, ORDER, also, amount, answering, authorized, eur, gateway, not_done, ok, order,
    payment, problem, unknown, voided,
};
use crate::payments::{Means, PaymentCall};
use crate::port::{CallError, PaymentAnswer, Repeat};

const CREATE: &str = "/v2/payments";
const ONE: &str = "/v2/payments/tr_own1";
const CAPTURES: &str = "/v2/payments/tr_own1/captures";
const RELEASE: &str = "/v2/payments/tr_own1/release-authorization";
const REFUNDS: &str = "/v2/payments/tr_own1/refunds";

/// A mandate that the buyer gave before.
const OWN: Means<'_> = Means {
    token: "cst_own/mdt_own",
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
    ResponseTemplate::new(201).set_body_json(body)
}

fn named() -> Value {
    json!({"order_id": ORDER, "effect_id": order().effect(3).to_string()})
}

fn movement(id: &str, status: &str, value: &str) -> Value {
    json!({"id": id, "status": status, "amount": amount(value),
        "createdAt": "2025-10-10T08:00:00+00:00"})
}

fn declined(code: &str) -> PaymentEvidence {
    PaymentEvidence::Declined {
        reference: None,
        code: code.to_owned(),
    }
}

fn captured(amount: &str) -> PaymentEvidence {
    PaymentEvidence::Captured {
        reference: "tr_own1".to_owned(),
        amount: Reported::Part {
            reference: "cpt_own".to_owned(),
            amount: eur(amount),
        },
    }
}

fn capture_failed(code: &str) -> PaymentEvidence {
    PaymentEvidence::CaptureFailed {
        capture: None,
        code: code.to_owned(),
    }
}

async fn authorize(server: &MockServer) -> PaymentAnswer {
    gateway(&server.uri()).authorize(&call("40.97"), &OWN).await
}

async fn capture(server: &MockServer) -> PaymentAnswer {
    let gateway = gateway(&server.uri());
    gateway.capture(&call("15.00"), "tr_own1", true).await
}

async fn void(server: &MockServer) -> PaymentAnswer {
    gateway(&server.uri()).void(&call("40.97"), "tr_own1").await
}

async fn refund(server: &MockServer) -> PaymentAnswer {
    gateway(&server.uri())
        .refund(&call("5.95"), "tr_own1")
        .await
}

async fn sent(server: &MockServer) -> Vec<Value> {
    let requests = server.received_requests().await.expect("recorded");
    let posts = requests.iter().filter(|request| request.method == "POST");
    let key = order().effect(3).to_string();
    let body = |request: &wiremock::Request| {
        assert_eq!(request.headers["idempotency-key"], key.as_str());
        assert_eq!(request.headers["authorization"], "Bearer live_own_key");
        serde_json::from_slice(&request.body).expect("JSON")
    };
    posts.map(body).collect()
}

#[tokio::test]
async fn an_authorisation_sends_the_same_every_time_and_takes_the_amount_from_the_answer() {
    let less = payment(json!({"amount": amount("40.00")}));
    let server = answering("POST", CREATE, created(less)).await;
    for _ in 0..2 {
        let Ok(PaymentEvidence::Authorized { amount, .. }) = authorize(&server).await else {
            panic!("not authorised");
        };
        assert_eq!(amount, eur("40.00"));
    }
    let expected = json!({
        "amount": amount("40.97"),
        "description": ORDER,
        "customerId": "cst_own",
        "mandateId": "mdt_own",
        "sequenceType": "recurring",
        "captureMode": "manual",
        "webhookUrl": "https://hub.example.com/v1/hooks/payments/mollie-nl",
        "metadata": named(),
    });
    assert_eq!(sent(&server).await, [expected.clone(), expected]);
}

#[tokio::test]
async fn a_customer_alone_pays_with_its_current_mandate_and_a_renewal_with_the_old_one() {
    let server = answering("POST", CREATE, created(payment(json!({})))).await;
    also(
        &server,
        "GET",
        ONE,
        ok(payment(json!({"customerId": "cst_old"}))),
    )
    .await;
    let gateway = gateway(&server.uri());
    let mut means = Means {
        token: "cst_own",
        renews: None,
    };
    let answer = gateway.authorize(&call("40.97"), &means).await;
    assert_eq!(answer, Ok(authorized()));
    means = Means {
        token: "",
        renews: Some("tr_own1"),
    };
    let answer = gateway.authorize(&call("40.97"), &means).await;
    assert_eq!(answer, Ok(authorized()));
    let sent = sent(&server).await;
    assert_eq!(sent[0]["mandateId"], Value::Null);
    assert_eq!(sent[1]["customerId"], "cst_old");
    assert_eq!(sent[1]["mandateId"], "mdt_own");
    for (token, renews) in [
        ("", None),
        ("cst/a/b", None),
        ("Jane Doe", None),
        ("", Some("..")),
    ] {
        let answer = gateway
            .authorize(&call("40.97"), &Means { token, renews })
            .await;
        assert_eq!(answer, Ok(declined("no_payment_method")), "{token}");
    }
}

#[tokio::test]
async fn an_open_outcome_is_looked_up_once_more() {
    let open = || payment(json!({"status": "pending", "authorizedAt": null}));
    let server = answering("POST", CREATE, created(open())).await;
    also(&server, "GET", ONE, ok(payment(json!({})))).await;
    assert_eq!(authorize(&server).await, Ok(authorized()));
    for answer in [ok(open()), problem(404, None), problem(503, None)] {
        let server = answering("POST", CREATE, created(open())).await;
        also(&server, "GET", ONE, answer).await;
        assert!(unknown(&authorize(&server).await));
    }
    let failed = json!({"status": "failed", "authorizedAt": null,
        "statusReason": {"code": "insufficient_funds"}});
    let server = answering("POST", CREATE, created(payment(failed))).await;
    let expected = PaymentEvidence::Declined {
        reference: Some("tr_own1".to_owned()),
        code: "insufficient_funds".to_owned(),
    };
    assert_eq!(authorize(&server).await, Ok(expected));
    let others = payment(json!({"metadata": {"order_id": "ord_another"}}));
    let server = answering("POST", CREATE, created(others)).await;
    assert!(unknown(&authorize(&server).await));
}

#[tokio::test]
async fn a_capture_counts_once_it_has_succeeded() {
    let done = created(movement("cpt_own", "succeeded", "14.00"));
    let server = answering("POST", CAPTURES, done).await;
    assert_eq!(capture(&server).await, Ok(captured("14.00")));
    let expected = json!({"amount": amount("15.00"), "metadata": named()});
    assert_eq!(sent(&server).await, [expected]);
    for (now, answer) in [
        ("succeeded", Ok(captured("15.00"))),
        ("failed", Ok(capture_failed("failed"))),
    ] {
        let pending = created(movement("cpt_own", "pending", "15.00"));
        let server = answering("POST", CAPTURES, pending).await;
        let captures = json!([movement("cpt_own", now, "15.00")]);
        let now = payment(json!({"_embedded": {"captures": captures}}));
        also(&server, "GET", ONE, ok(now)).await;
        assert_eq!(capture(&server).await, answer);
    }
    for captures in [json!([]), json!([movement("cpt_own", "pending", "15.00")])] {
        let pending = created(movement("cpt_own", "pending", "15.00"));
        let server = answering("POST", CAPTURES, pending).await;
        let now = payment(json!({"_embedded": {"captures": captures}}));
        also(&server, "GET", ONE, ok(now)).await;
        assert!(unknown(&capture(&server).await));
    }
}

#[tokio::test]
async fn a_release_is_what_the_payment_has_come_to() {
    let taken = |value: &str| PaymentEvidence::Captured {
        reference: "tr_own1".to_owned(),
        amount: Reported::Total { amount: eur(value) },
    };
    let accepted = || ResponseTemplate::new(202);
    let paid = |value: &str| payment(json!({"status": "paid", "amountCaptured": amount(value)}));
    let canceled = || payment(json!({"status": "canceled"}));
    for (answer, now, expected) in [
        (accepted(), canceled(), voided()),
        (problem(422, None), canceled(), voided()),
        (accepted(), paid("30.00"), voided()),
        (accepted(), paid("40.97"), taken("40.97")),
        (problem(422, None), paid("30.00"), taken("30.00")),
    ] {
        let server = answering("POST", RELEASE, answer).await;
        also(&server, "GET", ONE, ok(now)).await;
        assert_eq!(void(&server).await, Ok(expected));
    }
    let server = answering("POST", RELEASE, accepted()).await;
    also(&server, "GET", ONE, ok(payment(json!({})))).await;
    assert!(unknown(&void(&server).await));
    let server = answering("POST", RELEASE, problem(422, None)).await;
    also(&server, "GET", ONE, ok(payment(json!({})))).await;
    let answer = void(&server).await;
    assert!(matches!(answer, Err(CallError::NotDone { well: true, .. })));
    let server = answering("POST", RELEASE, problem(404, None)).await;
    also(&server, "GET", ONE, problem(404, None)).await;
    assert!(not_done(&void(&server).await));
}

#[tokio::test]
async fn a_refund_that_was_taken_counts_under_its_own_id() {
    for status in ["queued", "pending", "processing", "refunded"] {
        let refunded = created(movement("re_own", status, "5.95"));
        let server = answering("POST", REFUNDS, refunded).await;
        let expected = PaymentEvidence::Refunded {
            reference: "tr_own1".to_owned(),
            amount: Reported::Part {
                reference: "re_own".to_owned(),
                amount: eur("5.95"),
            },
        };
        assert_eq!(refund(&server).await, Ok(expected), "{status}");
        let expected = json!({"amount": amount("5.95"), "description": ORDER,
            "metadata": named()});
        assert_eq!(sent(&server).await, [expected]);
    }
    let failed = created(movement("re_own", "failed", "5.95"));
    let server = answering("POST", REFUNDS, failed).await;
    let expected = PaymentEvidence::RefundFailed {
        refund: Some("re_own".to_owned()),
        code: "failed".to_owned(),
    };
    assert_eq!(refund(&server).await, Ok(expected));
}

#[tokio::test]
async fn a_refusal_is_evidence_with_its_field_and_no_prose() {
    let server = answering("POST", CREATE, problem(422, Some("mandateId"))).await;
    assert_eq!(authorize(&server).await, Ok(declined("invalid_mandateId")));
    let server = answering("POST", CREATE, problem(422, Some("Jane Doe"))).await;
    assert_eq!(authorize(&server).await, Ok(declined("http_422")));
    let server = answering("POST", CAPTURES, problem(422, Some("amount"))).await;
    assert_eq!(capture(&server).await, Ok(capture_failed("invalid_amount")));
    let server = answering("POST", REFUNDS, problem(404, None)).await;
    let expected = PaymentEvidence::RefundFailed {
        refund: None,
        code: "http_404".to_owned(),
    };
    assert_eq!(refund(&server).await, Ok(expected));
}

#[tokio::test]
async fn what_certainly_did_nothing_is_told_from_what_may_have() {
    for status in [401, 403, 429] {
        let server = answering("POST", CREATE, problem(status, None)).await;
        assert!(not_done(&authorize(&server).await), "{status}");
    }
    let slow = problem(429, None).insert_header("retry-after", "7");
    let server = answering("POST", REFUNDS, slow).await;
    let answer = refund(&server).await;
    let Err(CallError::NotDone { retry_after, .. }) = answer else {
        panic!("it is not slowed down: {answer:?}");
    };
    assert_eq!(retry_after, Some(Duration::from_secs(7)));
    for status in [400, 409, 500, 502, 503] {
        let server = answering("POST", CAPTURES, problem(status, None)).await;
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
    let hour = Duration::from_hours(1);
    assert_eq!(nobody.repeat(), Repeat::Keyed { valid_for: hour });
}

#[tokio::test]
async fn what_is_no_reference_of_the_gateway_is_not_sent() {
    let server = MockServer::start().await;
    let gateway = gateway(&server.uri());
    for reference in ["", "..", "a/b", "a?b"] {
        let answer = gateway.capture(&call("1.00"), reference, true).await;
        assert_eq!(answer, Ok(capture_failed("malformed_reference")));
        assert!(not_done(&gateway.void(&call("1.00"), reference).await));
        let refunded = gateway.refund(&call("1.00"), reference).await;
        assert!(matches!(refunded, Ok(PaymentEvidence::RefundFailed { .. })));
    }
    assert!(
        server
            .received_requests()
            .await
            .expect("recorded")
            .is_empty()
    );
}
