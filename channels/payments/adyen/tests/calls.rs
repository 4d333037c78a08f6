//! Calls against a stand-in gateway: what is sent, and what every kind of answer means.

use std::time::Duration;

use orderhub_domain::order::{PaymentEvidence, Reported};
use serde_json::{Value, json};
use wiremock::matchers::{body_json, header, method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::{ORDER, PAYMENT, eur, gateway, money, order, settings};
use crate::payments::{Means, PaymentCall, Sought, connect};
use crate::port::{CallError, PaymentAnswer, Repeat};
use crate::settings::Mode;

const TAKEN: &str = include_str!("../fixtures/payment.json");
const RECEIVED: &str = include_str!("../fixtures/modification.json");
const CREATE: &str = "/checkout/v71/payments";
const CAPTURES: &str = "/checkout/v71/payments/OWNPAYMENT000001/captures";
const CANCELS: &str = "/checkout/v71/payments/OWNPAYMENT000001/cancels";
const REFUNDS: &str = "/checkout/v71/payments/OWNPAYMENT000001/refunds";

/// A card that the buyer has stored.
const OWN: Means<'_> = Means {
    token: "shopper-7/OWNTOKEN00000001",
    renews: None,
};

fn call(amount: &str) -> PaymentCall {
    PaymentCall {
        order: order(),
        effect: order().effect(3),
        amount: eur(amount),
    }
}

fn changed(fixture: &str, changes: Value) -> Value {
    let mut body: Value = serde_json::from_str(fixture).expect("JSON");
    let Value::Object(changes) = changes else {
        panic!("changes are an object");
    };
    for (name, value) in changes {
        body[name] = value;
    }
    body
}

fn ok(body: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

fn received(changes: Value) -> ResponseTemplate {
    ResponseTemplate::new(201).set_body_json(changed(RECEIVED, changes))
}

fn problem(status: u16, code: &str) -> ResponseTemplate {
    let body = json!({"status": status, "errorCode": code, "errorType": "validation",
        "message": "Jane"});
    ResponseTemplate::new(status).set_body_json(body)
}

async fn answering(at: &str, answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path(at))
        .respond_with(answer)
        .mount(&server)
        .await;
    server
}

async fn authorize(answer: ResponseTemplate) -> PaymentAnswer {
    let server = answering(CREATE, answer).await;
    gateway(&server.uri()).authorize(&call("40.97"), &OWN).await
}

async fn capture(answer: ResponseTemplate) -> PaymentAnswer {
    let server = answering(CAPTURES, answer).await;
    let gateway = gateway(&server.uri());
    gateway.capture(&call("15.00"), PAYMENT, true).await
}

async fn void(answer: ResponseTemplate) -> PaymentAnswer {
    let server = answering(CANCELS, answer).await;
    gateway(&server.uri()).void(&call("40.97"), PAYMENT).await
}

async fn refund(answer: ResponseTemplate) -> PaymentAnswer {
    let server = answering(REFUNDS, answer).await;
    gateway(&server.uri()).refund(&call("15.00"), PAYMENT).await
}

fn not_done(answer: &PaymentAnswer) -> bool {
    matches!(answer, Err(CallError::NotDone { .. }))
}

fn unknown(answer: &PaymentAnswer) -> bool {
    matches!(answer, Err(CallError::Unknown { .. }))
}

fn declined(reference: Option<&str>, code: &str) -> PaymentEvidence {
    PaymentEvidence::Declined {
        reference: reference.map(str::to_owned),
        code: code.to_owned(),
    }
}

fn authorized(amount: &str) -> PaymentEvidence {
    PaymentEvidence::Authorized {
        reference: PAYMENT.to_owned(),
        amount: eur(amount),
        expires_at: None,
    }
}

fn body_of(request: &Request) -> Value {
    serde_json::from_slice(&request.body).expect("JSON")
}

#[tokio::test]
async fn an_authorisation_sends_the_same_every_time_and_takes_the_amount_from_the_answer() {
    let amount = json!({"amount": {"currency": "EUR", "value": 4000}});
    let server = answering(CREATE, ok(changed(TAKEN, amount))).await;
    let gateway = gateway(&server.uri());
    for _ in 0..2 {
        let answer = gateway.authorize(&call("40.97"), &OWN).await;
        assert_eq!(answer, Ok(authorized("40.00")));
    }
    let requests = server.received_requests().await.expect("recorded");
    let expected = json!({
        "merchantAccount": "OwnShopECOM",
        "reference": ORDER,
        "amount": {"currency": "EUR", "value": 4097},
        "paymentMethod": {"type": "scheme", "storedPaymentMethodId": "OWNTOKEN00000001"},
        "shopperReference": "shopper-7",
        "shopperInteraction": "ContAuth",
        "recurringProcessingModel": "CardOnFile",
        "returnUrl": "https://shop.example.com/back",
        "additionalData": {"manualCapture": "true"},
    });
    for request in &requests {
        assert_eq!(body_of(request), expected);
        let key = request.headers["idempotency-key"].to_str().expect("text");
        assert_eq!(key, order().effect(3).to_string());
        // Adyen's limit.
        assert!(key.len() <= 64);
        assert_eq!(request.headers["x-api-key"], "AQE-own-key");
    }
    assert_eq!(requests[0].body, requests[1].body);
}

#[tokio::test]
async fn a_renewal_is_made_without_the_buyer_and_not_without_a_token() {
    let server = answering(CREATE, ok(changed(TAKEN, json!({})))).await;
    let gateway = gateway(&server.uri());
    let mut means = Means {
        renews: Some("OWNPAYMENT000000"),
        ..OWN
    };
    let answer = gateway.authorize(&call("40.97"), &means).await;
    assert_eq!(answer, Ok(authorized("40.97")));
    let requests = server.received_requests().await.expect("recorded");
    let model = &body_of(&requests[0])["recurringProcessingModel"];
    assert_eq!(model, "UnscheduledCardOnFile");
    for token in ["", "OWNTOKEN00000001", "/OWNTOKEN00000001", "shopper-7/"] {
        means.token = token;
        let answer = gateway.authorize(&call("40.97"), &means).await;
        assert_eq!(answer, Ok(declined(None, "no_payment_method")), "{token}");
    }
    assert_eq!(server.received_requests().await.expect("recorded").len(), 1);
}

#[tokio::test]
async fn a_test_connection_calls_the_test_platforms_path() {
    let server = answering("/v71/payments", ok(changed(TAKEN, json!({})))).await;
    let mut settings = settings(&server.uri());
    settings.mode = Some(Mode::Test);
    let gateway = connect("adyen", &settings).expect("a connection");
    let answer = gateway.authorize(&call("40.97"), &OWN).await;
    assert_eq!(answer, Ok(authorized("40.97")));
}

#[tokio::test]
async fn every_result_of_a_payment_has_its_meaning() {
    let result = |code: &str| {
        let reason = json!({"resultCode": code, "refusalReason": "Expired Card"});
        ok(changed(TAKEN, reason))
    };
    for (code, word) in [
        ("Refused", "expired_card"),
        ("Cancelled", "cancelled"),
        ("Error", "expired_card"),
    ] {
        let answer = authorize(result(code)).await;
        assert_eq!(answer, Ok(declined(Some(PAYMENT), word)), "{code}");
    }
    for code in [
        "RedirectShopper",
        "IdentifyShopper",
        "ChallengeShopper",
        "PresentToShopper",
    ] {
        let expected = PaymentEvidence::ActionRequired {
            reference: PAYMENT.to_owned(),
        };
        assert_eq!(authorize(result(code)).await, Ok(expected), "{code}");
        let nameless = json!({"resultCode": code, "pspReference": null});
        let answer = authorize(ok(changed(TAKEN, nameless))).await;
        let expected = declined(None, "authentication_required");
        assert_eq!(answer, Ok(expected), "{code}");
    }
    for code in ["Pending", "Received", "NewIn2031"] {
        assert!(unknown(&authorize(result(code)).await), "{code}");
    }
    let part = json!({"resultCode": "PartiallyAuthorised",
        "amount": {"currency": "EUR", "value": 1000}});
    let answer = authorize(ok(changed(TAKEN, part))).await;
    assert_eq!(answer, Ok(authorized("10.00")));
}

#[tokio::test]
async fn an_answer_that_does_not_fit_the_question_is_unknown() {
    for changes in [
        json!({"merchantReference": "ord_another"}),
        json!({"pspReference": null}),
        json!({"pspReference": ""}),
        json!({"amount": {"currency": "ZZZ", "value": 4097}}),
        json!({"resultCode": "PartiallyAuthorised", "amount": null}),
    ] {
        let answer = authorize(ok(changed(TAKEN, changes))).await;
        assert!(unknown(&answer), "{answer:?}");
    }
    let unstated = json!({"amount": null, "merchantReference": null});
    let answer = authorize(ok(changed(TAKEN, unstated))).await;
    assert_eq!(answer, Ok(authorized("40.97")));
    assert!(unknown(&authorize(ResponseTemplate::new(200)).await));
}

#[tokio::test]
async fn a_capture_and_a_cancel_are_open_until_their_notification() {
    let bodies = json!({"merchantAccount": "OwnShopECOM", "reference": ORDER,
        "amount": {"currency": "EUR", "value": 1500}});
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path(CAPTURES))
        .and(header(
            "idempotency-key",
            order().effect(3).to_string().as_str(),
        ))
        .and(body_json(bodies))
        .respond_with(received(json!({})))
        .expect(2)
        .mount(&server)
        .await;
    let gateway = gateway(&server.uri());
    for _ in 0..2 {
        let answer = gateway.capture(&call("15.00"), PAYMENT, true).await;
        let Err(CallError::Unknown { reason, well: true }) = answer else {
            panic!("it is decided: {answer:?}");
        };
        assert!(reason.contains("notification"), "{reason}");
    }
    assert!(unknown(&void(received(json!({"amount": null}))).await));
}

#[tokio::test]
async fn a_refund_that_was_taken_counts_under_its_own_reference() {
    let expected = |amount: &str| PaymentEvidence::Refunded {
        reference: PAYMENT.to_owned(),
        amount: Reported::Part {
            reference: "OWNCHANGE0000001".to_owned(),
            amount: eur(amount),
        },
    };
    assert_eq!(refund(received(json!({}))).await, Ok(expected("15.00")));
    let less = json!({"amount": {"currency": "EUR", "value": 1000}});
    assert_eq!(refund(received(less)).await, Ok(expected("10.00")));
    let unstated = json!({"amount": null});
    assert_eq!(refund(received(unstated)).await, Ok(expected("15.00")));
}

#[tokio::test]
async fn an_answer_about_another_payment_or_in_another_state_is_unknown() {
    for changes in [
        json!({"paymentPspReference": "OWNPAYMENT000002"}),
        json!({"status": "refused"}),
        json!({"pspReference": ""}),
    ] {
        assert!(unknown(&capture(received(changes.clone())).await));
        assert!(unknown(&void(received(changes.clone())).await));
        assert!(unknown(&refund(received(changes)).await));
    }
}

#[tokio::test]
async fn a_refusal_is_evidence_with_its_code_and_no_prose() {
    let answer = authorize(problem(422, "130")).await;
    assert_eq!(answer, Ok(declined(None, "error_130")));
    let answer = capture(problem(422, "167")).await;
    let failed = PaymentEvidence::CaptureFailed {
        capture: None,
        code: "error_167".to_owned(),
    };
    assert_eq!(answer, Ok(failed));
    let answer = refund(problem(422, "167")).await;
    let failed = PaymentEvidence::RefundFailed {
        refund: None,
        code: "error_167".to_owned(),
    };
    assert_eq!(answer, Ok(failed));
    let answer = void(problem(422, "167")).await;
    assert!(not_done(&answer), "{answer:?}");
    assert!(!format!("{answer:?}").contains("Jane"));
}

#[tokio::test]
async fn what_certainly_did_nothing_is_told_from_what_may_have() {
    for (status, code) in [(401, "000"), (403, "010"), (429, "0")] {
        let answer = authorize(problem(status, code)).await;
        assert!(not_done(&answer), "{status}: {answer:?}");
    }
    let slow = problem(429, "0").insert_header("retry-after", "7");
    let Err(CallError::NotDone {
        retry_after, well, ..
    }) = refund(slow).await
    else {
        panic!("it is not slowed down");
    };
    assert_eq!((retry_after, well), (Some(Duration::from_secs(7)), false));
    let passing = problem(503, "703").insert_header("transient-error", "true");
    assert!(not_done(&capture(passing).await));
    for (status, code) in [(500, "905"), (503, "703"), (409, "1"), (422, "704")] {
        let answer = capture(problem(status, code)).await;
        assert!(unknown(&answer), "{status} {code}: {answer:?}");
    }
    let running = problem(422, "704").insert_header("transient-error", "true");
    assert!(unknown(&authorize(running).await));
    for status in [302, 400, 404, 502] {
        let page = ResponseTemplate::new(status).set_body_string("<html>no</html>");
        assert!(unknown(&refund(page).await), "{status}");
    }
    let late = ok(changed(TAKEN, json!({}))).set_delay(Duration::from_secs(2));
    assert!(unknown(&authorize(late).await));
    let gateway = gateway("http://127.0.0.1:9");
    assert!(not_done(&gateway.authorize(&call("40.97"), &OWN).await));
}

#[tokio::test]
async fn what_cannot_be_asked_is_not_sent() {
    let server = MockServer::start().await;
    let gateway = gateway(&server.uri());
    let mut odd = call("40.97");
    odd.amount = money("5.50", "IDR");
    let word = "amount_not_representable";
    let answer = gateway.authorize(&odd, &OWN).await;
    assert_eq!(answer, Ok(declined(None, word)));
    let failed = |code: &str| PaymentEvidence::CaptureFailed {
        capture: None,
        code: code.to_owned(),
    };
    let answer = gateway.capture(&odd, PAYMENT, true).await;
    assert_eq!(answer, Ok(failed(word)));
    for reference in ["", "..", "a/b", "a?b"] {
        let answer = gateway.capture(&call("1.00"), reference, true).await;
        assert_eq!(answer, Ok(failed("malformed_reference")));
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

#[tokio::test]
async fn a_lost_answer_is_repeated_under_its_key_and_never_looked_up() {
    let gateway = gateway("http://127.0.0.1:9");
    let week = Duration::from_hours(7 * 24);
    assert_eq!(gateway.repeat(), Repeat::Keyed { valid_for: week });
    for sought in [
        Sought::Reference(PAYMENT),
        Sought::Effect(order().effect(3)),
        Sought::All,
    ] {
        let answer = gateway.query(order(), sought).await;
        assert!(matches!(answer, Err(CallError::NotDone { well: true, .. })));
    }
    assert_eq!(gateway.thanks(), Some("[accepted]"));
}
