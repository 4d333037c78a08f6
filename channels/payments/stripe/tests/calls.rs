//! Calls against a stand-in gateway: what is sent, and what every kind of answer means.

use std::time::Duration;

use orderhub_domain::order::{PaymentEvidence, Reported};
use serde_json::{Value, json};
use wiremock::matchers::{body_string_contains, header, method, path, query_param};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::{ORDER, at, eur, gateway, gateway_with_many_captures, money, order};
use crate::payments::{Means, PaymentCall, Sought};
use crate::port::{CallError, Found, PaymentAnswer};

const INTENT: &str = include_str!("../fixtures/intent.json");
const CREATE: &str = "/v1/payment_intents";
const CAPTURE: &str = "/v1/payment_intents/pi_own_1/capture";
const CANCEL: &str = "/v1/payment_intents/pi_own_1/cancel";
const RETRIEVE: &str = "/v1/payment_intents/pi_own_1";
const REFUNDS: &str = "/v1/refunds";

/// A card that the buyer has just given.
const OWN: Means<'_> = Means {
    token: "pm_own",
    renews: None,
};

fn call(amount: &str) -> PaymentCall {
    PaymentCall {
        order: order(),
        effect: order().effect(3),
        amount: eur(amount),
    }
}

fn intent(changes: Value) -> Value {
    let mut intent: Value = serde_json::from_str(INTENT).expect("JSON");
    let Value::Object(changes) = changes else {
        panic!("changes are an object");
    };
    for (name, value) in changes {
        intent[name] = value;
    }
    intent
}

fn ok(body: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

fn problem(status: u16, code: &str) -> ResponseTemplate {
    let error =
        json!({"error": {"type": "invalid_request_error", "code": code, "message": "Jane"}});
    ResponseTemplate::new(status).set_body_json(error)
}

async fn answering(verb: &str, at: &str, answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method(verb))
        .and(path(at))
        .respond_with(answer)
        .mount(&server)
        .await;
    server
}

async fn also(server: &MockServer, verb: &str, at: &str, answer: ResponseTemplate) {
    Mock::given(method(verb))
        .and(path(at))
        .respond_with(answer)
        .mount(server)
        .await;
}

async fn authorize(answer: ResponseTemplate) -> PaymentAnswer {
    let server = answering("POST", CREATE, answer).await;
    gateway(&server.uri()).authorize(&call("40.97"), &OWN).await
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

fn captured(amount: &str) -> PaymentEvidence {
    PaymentEvidence::Captured {
        reference: "pi_own_1".to_owned(),
        amount: Reported::Total {
            amount: eur(amount),
        },
    }
}

fn voided() -> PaymentEvidence {
    PaymentEvidence::Voided {
        reference: "pi_own_1".to_owned(),
    }
}

fn capture_failed(code: &str) -> PaymentEvidence {
    PaymentEvidence::CaptureFailed {
        capture: None,
        code: code.to_owned(),
    }
}

#[tokio::test]
async fn an_authorisation_sends_the_same_every_time_and_takes_the_amount_from_the_answer() {
    let server = answering(
        "POST",
        CREATE,
        ok(intent(json!({"amount_capturable": 4000}))),
    )
    .await;
    let gateway = gateway(&server.uri());
    let expected = PaymentEvidence::Authorized {
        reference: "pi_own_1".to_owned(),
        amount: eur("40.00"),
        expires_at: Some(at(1_760_600_000)),
    };
    for _ in 0..2 {
        assert_eq!(
            gateway.authorize(&call("40.97"), &OWN).await,
            Ok(expected.clone())
        );
    }
    let requests = server.received_requests().await.expect("recorded");
    let sent = |request: &Request| {
        let key = request.headers["idempotency-key"]
            .to_str()
            .expect("text")
            .to_owned();
        let auth = request.headers["authorization"]
            .to_str()
            .expect("text")
            .to_owned();
        (
            String::from_utf8(request.body.clone()).expect("text"),
            key,
            auth,
        )
    };
    let (body, key, auth) = sent(&requests[0]);
    assert_eq!(
        body,
        format!(
            "amount=4097&currency=eur&payment_method=pm_own&capture_method=manual&confirm=true\
             &metadata%5Border_id%5D={ORDER}&metadata%5Beffect_id%5D={}",
            order().effect(3)
        )
    );
    assert_eq!(key, order().effect(3).to_string());
    assert_eq!(auth, "Bearer sk_test_own_key");
    assert_eq!(sent(&requests[0]), sent(&requests[1]));
}

#[tokio::test]
async fn every_status_of_a_new_payment_has_its_meaning() {
    let problem = json!({"code": "card_declined", "decline_code": "do_not_honor"});
    let unpaid = json!({"status": "requires_payment_method", "last_payment_error": problem});
    let answer = authorize(ok(intent(unpaid))).await;
    assert_eq!(answer, Ok(declined(Some("pi_own_1"), "do_not_honor")));
    let answer = authorize(ok(intent(json!({"status": "requires_action"})))).await;
    let action = PaymentEvidence::ActionRequired {
        reference: "pi_own_1".to_owned(),
    };
    assert_eq!(answer, Ok(action));
    let taken =
        json!({"status": "succeeded", "amount_received": 4097, "capture_method": "automatic"});
    assert_eq!(authorize(ok(intent(taken))).await, Ok(captured("40.97")));
    assert_eq!(
        authorize(ok(intent(json!({"status": "canceled"})))).await,
        Ok(voided())
    );
}

#[tokio::test]
async fn refusals_are_evidence_with_the_most_telling_code() {
    let card = json!({"error": {"type": "card_error", "code": "card_declined",
        "decline_code": "insufficient_funds", "payment_intent": {"id": "pi_own_1"}}});
    let answer = authorize(ResponseTemplate::new(402).set_body_json(card)).await;
    assert_eq!(answer, Ok(declined(Some("pi_own_1"), "insufficient_funds")));
    let answer = authorize(ResponseTemplate::new(402).set_body_string("no")).await;
    assert_eq!(answer, Ok(declined(None, "card_declined")));
    let answer = authorize(problem(400, "parameter_invalid_integer")).await;
    assert_eq!(answer, Ok(declined(None, "parameter_invalid_integer")));
    let answer = authorize(problem(404, "resource_missing")).await;
    assert_eq!(answer, Ok(declined(None, "resource_missing")));
    let prose = authorize(problem(400, "Jane Doe's card is broken")).await;
    assert_eq!(prose, Ok(declined(None, "invalid_request_error")));
}

#[tokio::test]
async fn an_answer_that_is_no_verdict_is_classified_by_what_may_have_happened() {
    for status in [401, 403, 429] {
        let answer = authorize(problem(status, "x")).await;
        assert!(not_done(&answer), "{status}: {answer:?}");
    }
    for status in [301, 302, 307, 408, 409, 424, 500, 502, 503, 504] {
        let answer = authorize(problem(status, "x")).await;
        assert!(unknown(&answer), "{status}: {answer:?}");
    }
    let answer = authorize(problem(409, "lock_timeout")).await;
    assert!(not_done(&answer), "{answer:?}");
    let answer = authorize(problem(409, "idempotency_key_in_use")).await;
    assert!(unknown(&answer), "{answer:?}");
    let other = json!({"error": {"type": "idempotency_error", "message": "Keys"}});
    let answer = authorize(ResponseTemplate::new(400).set_body_json(other)).await;
    assert!(unknown(&answer), "{answer:?}");
    let waiting = problem(429, "rate_limit").insert_header("retry-after", "7");
    let Err(CallError::NotDone { retry_after, .. }) = authorize(waiting).await else {
        panic!("a busy gateway did nothing");
    };
    assert_eq!(retry_after, Some(Duration::from_secs(7)));
}

#[tokio::test]
async fn garbage_is_never_taken_for_success_or_refusal() {
    for body in ["", "<html>", "{}", "[]", "null", "{\"id\":\"pi_own_1\"}"] {
        for status in [200, 400, 404] {
            let answer = authorize(ResponseTemplate::new(status).set_body_string(body)).await;
            assert!(unknown(&answer), "{status} {body:?}: {answer:?}");
        }
    }
    let answer = authorize(ok(intent(json!({"currency": "zzz"})))).await;
    assert!(unknown(&answer), "{answer:?}");
}

#[tokio::test]
async fn late_large_and_redirected_answers_leave_the_outcome_open() {
    let late = ok(intent(json!({}))).set_delay(Duration::from_secs(2));
    assert!(unknown(&authorize(late).await));
    let large = ResponseTemplate::new(200).set_body_bytes(vec![b' '; 10 << 20]);
    assert!(unknown(&authorize(large).await));
    let server = MockServer::start().await;
    let elsewhere = format!("{}/elsewhere", server.uri());
    let redirect = ResponseTemplate::new(307).insert_header("location", elsewhere.as_str());
    also(&server, "POST", CREATE, redirect).await;
    let answer = gateway(&server.uri()).authorize(&call("40.97"), &OWN).await;
    assert!(unknown(&answer), "{answer:?}");
    let requests = server.received_requests().await.expect("recorded");
    assert_eq!(requests.len(), 1, "the key must not follow a redirect");
}

#[tokio::test]
async fn a_good_answer_beyond_256_kib_is_not_read_announced_or_not() {
    let padded = |spaces: usize| format!("{}{}", intent(json!({})), " ".repeat(spaces));
    let fits = authorize(ResponseTemplate::new(200).set_body_string(padded(200 << 10))).await;
    assert!(
        matches!(fits, Ok(PaymentEvidence::Authorized { .. })),
        "{fits:?}"
    );
    let large = authorize(ResponseTemplate::new(200).set_body_string(padded(256 << 10))).await;
    assert!(unknown(&large), "{large:?}");

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = listener.local_addr().expect("an address");
    let endless = async {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut seen = [0; 4096];
        tokio::io::AsyncReadExt::read(&mut stream, &mut seen)
            .await
            .expect("a request");
        let body = padded(256 << 10);
        let answer = format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{body}");
        // The client hangs up as soon as it has seen too much.
        let sent = tokio::io::AsyncWriteExt::write_all(&mut stream, answer.as_bytes()).await;
        drop(sent);
    };
    let gateway = gateway(&format!("http://{address}"));
    let call = call("40.97");
    let (answer, ()) = tokio::join!(gateway.authorize(&call, &OWN), endless);
    assert!(unknown(&answer), "{answer:?}");
}

#[tokio::test]
async fn a_gateway_that_cannot_be_reached_has_done_nothing() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = free.local_addr().expect("an address");
    drop(free);
    let answer = gateway(&format!("http://{address}"))
        .authorize(&call("1.00"), &OWN)
        .await;
    assert!(not_done(&answer), "{answer:?}");
}

#[tokio::test]
async fn a_connection_that_breaks_after_the_request_leaves_the_outcome_open() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = listener.local_addr().expect("an address");
    let breaking = async {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut seen = [0; 64];
        tokio::io::AsyncReadExt::read(&mut stream, &mut seen)
            .await
            .expect("a request");
    };
    let gateway = gateway(&format!("http://{address}"));
    let call = call("1.00");
    let (answer, ()) = tokio::join!(gateway.authorize(&call, &OWN), breaking);
    assert!(unknown(&answer), "{answer:?}");
    assert!(
        !format!("{answer:?}").contains(&address.port().to_string()),
        "no URL in reasons"
    );
}

#[tokio::test]
async fn a_saved_answer_that_left_it_open_is_looked_up_once_more() {
    let replayed = |body: Value| ok(body).insert_header("idempotent-replayed", "true");
    let challenge = replayed(intent(json!({"status": "requires_action"})));
    let server = answering("POST", CREATE, challenge).await;
    also(&server, "GET", RETRIEVE, ok(intent(json!({})))).await;
    let answer = gateway(&server.uri()).authorize(&call("40.97"), &OWN).await;
    assert!(
        matches!(answer, Ok(PaymentEvidence::Authorized { .. })),
        "{answer:?}"
    );

    // The gateway's own failure is saved too: only the search tells.
    let failed = problem(500, "x").insert_header("idempotent-replayed", "true");
    let server = answering("POST", CREATE, failed).await;
    let page = json!({"object": "search_result", "data": [intent(json!({}))]});
    also(&server, "GET", "/v1/payment_intents/search", ok(page)).await;
    let answer = gateway(&server.uri()).authorize(&call("40.97"), &OWN).await;
    assert!(
        matches!(answer, Ok(PaymentEvidence::Authorized { .. })),
        "{answer:?}"
    );
}

#[tokio::test]
async fn a_payment_that_is_still_processing_stays_open() {
    let server = answering("POST", CREATE, ok(intent(json!({"status": "processing"})))).await;
    also(
        &server,
        "GET",
        RETRIEVE,
        ok(intent(json!({"status": "processing"}))),
    )
    .await;
    let answer = gateway(&server.uri()).authorize(&call("40.97"), &OWN).await;
    assert!(unknown(&answer), "{answer:?}");
}

#[tokio::test]
async fn an_amount_that_the_gateway_cannot_say_is_refused_without_a_call() {
    let half = PaymentCall {
        amount: money("5.50", "MGA"),
        ..call("1.00")
    };
    let answer = gateway("http://127.0.0.1:9").authorize(&half, &OWN).await;
    assert_eq!(answer, Ok(declined(None, "amount_not_representable")));
}

#[tokio::test]
async fn a_capture_asks_for_its_amount_and_reports_what_was_taken() {
    let taken = json!({"status": "succeeded", "amount_received": 3000, "amount_capturable": 0});
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path(CAPTURE))
        .and(body_string_contains("amount_to_capture=3000"))
        .and(header(
            "idempotency-key",
            order().effect(3).to_string().as_str(),
        ))
        .respond_with(ok(intent(taken)))
        .mount(&server)
        .await;
    let answer = gateway(&server.uri())
        .capture(&call("30.00"), "pi_own_1", true)
        .await;
    assert_eq!(answer, Ok(captured("30.00")));
    let body = server.received_requests().await.expect("recorded")[0]
        .body
        .clone();
    assert_eq!(
        body, b"amount_to_capture=3000",
        "nothing that ordinary accounts refuse"
    );
}

#[tokio::test]
async fn an_account_with_several_captures_says_which_is_the_last() {
    let partly = json!({"amount_received": 1000, "amount_capturable": 3097});
    let server = answering("POST", CAPTURE, ok(intent(partly))).await;
    let gateway = gateway_with_many_captures(&server.uri());
    assert_eq!(
        gateway.capture(&call("10.00"), "pi_own_1", false).await,
        Ok(captured("10.00"))
    );
    let body = server.received_requests().await.expect("recorded")[0]
        .body
        .clone();
    assert_eq!(body, b"amount_to_capture=1000&final_capture=false");
}

#[tokio::test]
async fn a_gateway_that_states_no_received_amount_is_read_by_its_charge() {
    let charge = json!({"id": "ch_own_1", "amount": 4097, "amount_refunded": 3097, "captured": true,
        "currency": "eur"});
    let bare = json!({"id": "pi_own_1", "amount": 4097, "currency": "eur", "status": "succeeded",
        "latest_charge": charge});
    let server = answering("POST", CAPTURE, ok(bare)).await;
    let answer = gateway(&server.uri())
        .capture(&call("10.00"), "pi_own_1", true)
        .await;
    assert_eq!(answer, Ok(captured("10.00")));
}

#[tokio::test]
async fn a_refused_capture_is_settled_by_looking() {
    for (now, expected) in [
        (
            json!({"status": "succeeded", "amount_received": 4097}),
            captured("40.97"),
        ),
        (json!({"status": "canceled"}), capture_failed("canceled")),
        (json!({}), capture_failed("payment_intent_unexpected_state")),
    ] {
        let refused = problem(400, "payment_intent_unexpected_state");
        let server = answering("POST", CAPTURE, refused).await;
        also(&server, "GET", RETRIEVE, ok(intent(now.clone()))).await;
        let answer = gateway(&server.uri())
            .capture(&call("40.97"), "pi_own_1", true)
            .await;
        assert_eq!(answer, Ok(expected), "{now}");
    }
    let server = answering("POST", CAPTURE, problem(404, "resource_missing")).await;
    also(&server, "GET", RETRIEVE, problem(404, "resource_missing")).await;
    let answer = gateway(&server.uri())
        .capture(&call("40.97"), "pi_own_1", true)
        .await;
    assert_eq!(answer, Ok(capture_failed("resource_missing")));
    // Refused, and nobody can say why: it may have been captured before.
    let server = answering("POST", CAPTURE, problem(400, "x")).await;
    also(&server, "GET", RETRIEVE, problem(503, "x")).await;
    let answer = gateway(&server.uri())
        .capture(&call("40.97"), "pi_own_1", true)
        .await;
    assert!(unknown(&answer), "{answer:?}");
}

#[tokio::test]
async fn a_reference_that_could_leave_its_path_is_never_sent() {
    let server = MockServer::start().await;
    let gateway = gateway(&server.uri());
    for reference in ["../refunds", "pi_1/cancel", "pi_1?x", ""] {
        let answer = gateway.capture(&call("1.00"), reference, true).await;
        assert_eq!(
            answer,
            Ok(capture_failed("malformed_reference")),
            "{reference}"
        );
        assert!(not_done(&gateway.void(&call("1.00"), reference).await));
        assert_eq!(
            gateway.query(order(), Sought::Reference(reference)).await,
            Ok(Found::Absent)
        );
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
async fn a_void_is_evidence_the_first_time_and_every_time() {
    let server = answering("POST", CANCEL, ok(intent(json!({"status": "canceled"})))).await;
    let answer = gateway(&server.uri())
        .void(&call("40.97"), "pi_own_1")
        .await;
    assert_eq!(answer, Ok(voided()));
    for (now, expected) in [
        (json!({"status": "canceled"}), voided()),
        (
            json!({"status": "succeeded", "amount_received": 4097}),
            captured("40.97"),
        ),
    ] {
        let server = answering("POST", CANCEL, problem(400, "x")).await;
        also(&server, "GET", RETRIEVE, ok(intent(now))).await;
        let answer = gateway(&server.uri())
            .void(&call("40.97"), "pi_own_1")
            .await;
        assert_eq!(answer, Ok(expected));
    }
    let server = answering("POST", CANCEL, problem(400, "x")).await;
    also(&server, "GET", RETRIEVE, ok(intent(json!({})))).await;
    assert!(not_done(
        &gateway(&server.uri())
            .void(&call("40.97"), "pi_own_1")
            .await
    ));
}

fn refund(status: &str) -> Value {
    json!({"id": "re_own_1", "object": "refund", "amount": 1000, "currency": "eur",
        "payment_intent": "pi_own_1", "status": status})
}

#[tokio::test]
async fn a_refund_is_one_part_under_its_own_reference() {
    let part = PaymentEvidence::Refunded {
        reference: "pi_own_1".to_owned(),
        amount: Reported::Part {
            reference: "re_own_1".to_owned(),
            amount: eur("10.00"),
        },
    };
    for status in ["succeeded", "pending"] {
        let server = answering("POST", REFUNDS, ok(refund(status))).await;
        let answer = gateway(&server.uri())
            .refund(&call("10.00"), "pi_own_1")
            .await;
        assert_eq!(answer, Ok(part.clone()), "{status}");
        let body = server.received_requests().await.expect("recorded")[0]
            .body
            .clone();
        let expected =
            format!("payment_intent=pi_own_1&amount=1000&metadata%5Border_id%5D={ORDER}");
        assert_eq!(String::from_utf8(body).expect("text"), expected);
    }
    let server = answering("POST", REFUNDS, ok(refund("failed"))).await;
    let answer = gateway(&server.uri())
        .refund(&call("10.00"), "pi_own_1")
        .await;
    let failed = PaymentEvidence::RefundFailed {
        refund: Some("re_own_1".to_owned()),
        code: "failed".to_owned(),
    };
    assert_eq!(answer, Ok(failed));
}

#[tokio::test]
async fn a_refused_refund_says_why_and_one_done_before_says_how_much() {
    let server = answering("POST", REFUNDS, problem(400, "charge_disputed")).await;
    let answer = gateway(&server.uri())
        .refund(&call("10.00"), "pi_own_1")
        .await;
    let failed = PaymentEvidence::RefundFailed {
        refund: None,
        code: "charge_disputed".to_owned(),
    };
    assert_eq!(answer, Ok(failed));
    let charge = json!({"id": "ch_own_1", "amount": 4097, "amount_captured": 4097,
        "amount_refunded": 4097, "captured": true, "currency": "eur"});
    let settled =
        json!({"status": "succeeded", "amount_received": 4097, "charges": {"data": [charge]}});
    let server = answering("POST", REFUNDS, problem(400, "charge_already_refunded")).await;
    also(&server, "GET", RETRIEVE, ok(intent(settled))).await;
    let answer = gateway(&server.uri())
        .refund(&call("10.00"), "pi_own_1")
        .await;
    let total = PaymentEvidence::Refunded {
        reference: "pi_own_1".to_owned(),
        amount: Reported::Total {
            amount: eur("40.97"),
        },
    };
    assert_eq!(answer, Ok(total));
}

#[tokio::test]
async fn a_query_tells_everything_oldest_first() {
    let charge = json!({"id": "ch_own_1", "amount": 4097, "amount_captured": 4097,
        "amount_refunded": 1000, "captured": true, "currency": "eur"});
    let settled =
        json!({"status": "succeeded", "amount_received": 4097, "charges": {"data": [charge]}});
    let server = answering("GET", RETRIEVE, ok(intent(settled))).await;
    let Ok(Found::There(known)) = gateway(&server.uri())
        .query(order(), Sought::Reference("pi_own_1"))
        .await
    else {
        panic!("it is there");
    };
    let kinds: Vec<_> = known.iter().map(PaymentEvidence::kind).collect();
    assert_eq!(
        kinds,
        ["payment.authorized", "payment.captured", "payment.refunded"]
    );
    let server = answering("GET", RETRIEVE, problem(404, "resource_missing")).await;
    let absent = gateway(&server.uri())
        .query(order(), Sought::Reference("pi_own_1"))
        .await;
    assert_eq!(absent, Ok(Found::Absent));
}

#[tokio::test]
async fn a_search_is_by_our_order_and_only_an_empty_page_means_absent() {
    let search = "/v1/payment_intents/search";
    let older = intent(json!({"id": "pi_own_0", "created": 1, "status": "canceled"}));
    let page = json!({"data": [intent(json!({})), older]});
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path(search))
        .and(query_param(
            "query",
            format!("metadata['order_id']:'{ORDER}'"),
        ))
        .respond_with(ok(page))
        .mount(&server)
        .await;
    let Ok(Found::There(known)) = gateway(&server.uri()).query(order(), Sought::All).await else {
        panic!("it is there");
    };
    let kinds: Vec<_> = known.iter().map(PaymentEvidence::kind).collect();
    assert_eq!(kinds, ["payment.voided", "payment.authorized"]);
    let server = answering("GET", search, ok(json!({"data": []}))).await;
    assert_eq!(
        gateway(&server.uri()).query(order(), Sought::All).await,
        Ok(Found::Absent)
    );
    for answer in [
        problem(404, "x"),
        problem(500, "x"),
        ResponseTemplate::new(200),
    ] {
        let server = answering("GET", search, answer).await;
        let found = gateway(&server.uri()).query(order(), Sought::All).await;
        assert!(matches!(found, Err(CallError::NotDone { .. })), "{found:?}");
    }
}
