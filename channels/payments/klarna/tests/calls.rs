//! Changing calls against a stand-in gateway: what is sent, and what every kind of answer means.

use std::time::Duration;

use orderhub_domain::order::PaymentEvidence;
use serde_json::{Value, json};
use wiremock::{MockServer, ResponseTemplate};

use super::{
    NOWHERE, ORDER, OWN, also, answering, captured, eur, gateway, not_done, ok, order, part,
    problem, refunded, stated, total, unknown, voided,
};
use crate::payments::{Means, PaymentCall};
use crate::port::{CallError, PaymentAnswer, Repeat};

const RELEASE: &str = "release-remaining-authorization";

fn call(amount: &str) -> PaymentCall {
    PaymentCall {
        order: order(),
        effect: order().effect(3),
        amount: eur(amount),
    }
}

/// An answer that names what was made.
fn made(header: &str, id: &str) -> ResponseTemplate {
    ResponseTemplate::new(201).insert_header(header, id)
}

fn done() -> ResponseTemplate {
    ResponseTemplate::new(204)
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

/// An order of which something was captured.
fn taken(captured: i64, left: i64) -> ResponseTemplate {
    ok(stated(
        json!({"status": "PART_CAPTURED", "captured_amount": captured,
        "remaining_authorized_amount": left}),
    ))
}

async fn capture(server: &MockServer) -> PaymentAnswer {
    let gateway = gateway(&server.uri());
    gateway.capture(&call("15.00"), OWN, false).await
}

async fn void(server: &MockServer) -> PaymentAnswer {
    gateway(&server.uri()).void(&call("40.97"), OWN).await
}

async fn refund(server: &MockServer) -> PaymentAnswer {
    gateway(&server.uri()).refund(&call("5.95"), OWN).await
}

/// What was sent to change something: the verb, the key, the body.
async fn sent(server: &MockServer) -> Vec<(String, String, Value)> {
    let requests = server.received_requests().await.expect("recorded");
    let posts = requests.iter().filter(|request| request.method == "POST");
    let told = |request: &wiremock::Request| {
        let verb = request.url.path().rsplit('/').next().expect("a verb");
        let key = request.headers["klarna-idempotency-key"].to_str();
        assert!(
            request.headers["authorization"]
                .to_str()
                .expect("text")
                .starts_with("Basic ")
        );
        let body = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
        (verb.to_owned(), key.expect("text").to_owned(), body)
    };
    posts.map(told).collect()
}

#[tokio::test]
async fn a_capture_sends_the_same_every_time_and_counts_under_its_own_id() {
    let server = answering("POST", "captures", made("capture-id", "c1")).await;
    for _ in 0..2 {
        assert_eq!(capture(&server).await, Ok(captured(part("c1", "15.00"))));
    }
    let body = json!({"captured_amount": 1500, "reference": ORDER});
    let expected = ("captures".to_owned(), order().effect(3).to_string(), body);
    assert_eq!(sent(&server).await, [expected.clone(), expected]);
    let address = format!("https://api.klarna.com/ordermanagement/v1/orders/{OWN}/captures/c2");
    let server = answering("POST", "captures", made("location", &address)).await;
    assert_eq!(capture(&server).await, Ok(captured(part("c2", "15.00"))));
    let server = answering("POST", "captures", ResponseTemplate::new(201)).await;
    assert!(unknown(&capture(&server).await));
}

#[tokio::test]
async fn the_last_capture_releases_the_rest_whatever_comes_of_that() {
    for answer in [
        done(),
        problem(403, "NOT_ALLOWED"),
        problem(500, "UNEXPECTED_ERROR"),
    ] {
        let server = answering("POST", "captures", made("capture-id", "c1")).await;
        also(&server, "POST", RELEASE, answer).await;
        let gateway = gateway(&server.uri());
        let answer = gateway.capture(&call("15.00"), OWN, true).await;
        assert_eq!(answer, Ok(captured(part("c1", "15.00"))));
        let sent = sent(&server).await;
        let [_, (verb, key, body)] = &sent[..] else {
            panic!("not two calls: {sent:?}");
        };
        assert_eq!((verb.as_str(), body), (RELEASE, &Value::Null));
        // Klarna looks at nothing but the key.
        assert_eq!(*key, format!("{}-release", order().effect(3)));
    }
}

#[tokio::test]
async fn a_capture_that_is_not_allowed_is_judged_by_what_the_order_has_come_to() {
    let refused = || problem(403, "CAPTURE_NOT_ALLOWED");
    for (now, expected) in [
        (taken(4097, 0), captured(total("40.97"))),
        (taken(3000, 1097), capture_failed("CAPTURE_NOT_ALLOWED")),
        (ok(stated(json!({}))), capture_failed("CAPTURE_NOT_ALLOWED")),
        (
            problem(404, "NO_SUCH_ORDER"),
            capture_failed("CAPTURE_NOT_ALLOWED"),
        ),
    ] {
        let server = answering("POST", "captures", refused()).await;
        also(&server, "GET", "", now).await;
        assert_eq!(capture(&server).await, Ok(expected));
    }
    let server = answering("POST", "captures", refused()).await;
    also(&server, "GET", "", problem(503, "TEMPORARILY_UNAVAILABLE")).await;
    assert!(unknown(&capture(&server).await));
}

#[tokio::test]
async fn an_order_without_captures_is_cancelled_and_another_one_released() {
    let server = answering("POST", "cancel", done()).await;
    assert_eq!(void(&server).await, Ok(voided()));
    let refused = || problem(403, "CANCEL_NOT_ALLOWED");
    for (now, expected) in [
        (ok(stated(json!({"status": "CANCELLED"}))), voided()),
        (ok(stated(json!({"status": "EXPIRED"}))), voided()),
        (taken(3000, 0), voided()),
        (taken(4097, 0), captured(total("40.97"))),
        (taken(3000, 1097), voided()),
    ] {
        let server = answering("POST", "cancel", refused()).await;
        also(&server, "POST", RELEASE, done()).await;
        also(&server, "GET", "", now).await;
        assert_eq!(void(&server).await, Ok(expected));
    }
    for (now, release) in [
        (ok(stated(json!({}))), done()),
        (taken(3000, 1097), problem(403, "NOT_ALLOWED")),
        (problem(404, "NO_SUCH_ORDER"), done()),
    ] {
        let server = answering("POST", "cancel", refused()).await;
        also(&server, "POST", RELEASE, release).await;
        also(&server, "GET", "", now).await;
        assert!(not_done(&void(&server).await));
    }
}

#[tokio::test]
async fn a_refund_counts_under_its_own_id() {
    let server = answering("POST", "refunds", made("refund-id", "r1")).await;
    assert_eq!(refund(&server).await, Ok(refunded(part("r1", "5.95"))));
    let body = json!({"refunded_amount": 595, "reference": ORDER});
    let expected = ("refunds".to_owned(), order().effect(3).to_string(), body);
    assert_eq!(sent(&server).await, [expected]);
    let given = |refunded: i64| {
        ok(stated(
            json!({"status": "CAPTURED", "captured_amount": 4097,
            "refunded_amount": refunded, "remaining_authorized_amount": 0}),
        ))
    };
    for (now, expected) in [
        (given(4097), refunded(total("40.97"))),
        (given(595), refund_failed("REFUND_NOT_ALLOWED")),
        (
            problem(404, "NO_SUCH_ORDER"),
            refund_failed("REFUND_NOT_ALLOWED"),
        ),
    ] {
        let server = answering("POST", "refunds", problem(403, "REFUND_NOT_ALLOWED")).await;
        also(&server, "GET", "", now).await;
        assert_eq!(refund(&server).await, Ok(expected));
    }
}

#[tokio::test]
async fn what_certainly_did_nothing_is_told_from_what_may_have() {
    let kept_out = ResponseTemplate::new(403);
    for answer in [
        problem(401, "UNAUTHORIZED"),
        kept_out,
        problem(403, "FORBIDDEN"),
    ] {
        let server = answering("POST", "captures", answer).await;
        assert!(not_done(&capture(&server).await));
    }
    let slow = problem(429, "TOO_MANY_REQUESTS").insert_header("retry-after", "7");
    let server = answering("POST", "refunds", slow).await;
    let answer = refund(&server).await;
    let Err(CallError::NotDone { retry_after, .. }) = answer else {
        panic!("it is not slowed down: {answer:?}");
    };
    assert_eq!(retry_after, Some(Duration::from_secs(7)));
    for status in [409, 500, 502, 503] {
        let server = answering("POST", "captures", problem(status, "CONFLICT")).await;
        assert!(unknown(&capture(&server).await), "{status}");
    }
    for status in [302, 404, 422] {
        let page = ResponseTemplate::new(status).set_body_string("<html>no</html>");
        let server = answering("POST", "refunds", page).await;
        assert!(unknown(&refund(&server).await), "{status}");
    }
    let late = made("capture-id", "c1").set_delay(Duration::from_secs(2));
    let server = answering("POST", "captures", late).await;
    assert!(unknown(&capture(&server).await));
    let nobody = gateway(NOWHERE);
    assert!(not_done(&nobody.refund(&call("5.95"), OWN).await));
    let day = Duration::from_hours(24);
    assert_eq!(nobody.repeat(), Repeat::Keyed { valid_for: day });
}

#[tokio::test]
async fn nothing_is_authorised_from_here_and_no_strange_reference_is_sent() {
    let server = MockServer::start().await;
    let gateway = gateway(&server.uri());
    let means = Means {
        token: "own",
        renews: None,
    };
    let expected = PaymentEvidence::Declined {
        reference: None,
        code: "authorized_at_checkout_only".to_owned(),
    };
    let answer = gateway.authorize(&call("40.97"), &means).await;
    assert_eq!(answer, Ok(expected));
    for reference in ["", "..", "a/b", "a?b"] {
        let answer = gateway.capture(&call("1.00"), reference, true).await;
        assert_eq!(answer, Ok(capture_failed("malformed_reference")));
        assert!(not_done(&gateway.void(&call("1.00"), reference).await));
        let answer = gateway.refund(&call("1.00"), reference).await;
        assert_eq!(answer, Ok(refund_failed("malformed_reference")));
    }
    let asked = server.received_requests().await.expect("recorded");
    assert!(asked.is_empty());
}
