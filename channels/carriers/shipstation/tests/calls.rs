//! Calls against a stand-in of ShipStation: what is asked, and what each answer means.

use std::time::Duration;

use orderhub_domain::canonical::Address;
use orderhub_domain::order::LabelEvidence;
use serde_json::{Value, json};
use wiremock::matchers::{body_json, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{
    BUY, FULFILMENT, LABEL, LABELS, NOWHERE, RATES, SHIPMENT, VOID, answering, asked, bought,
    by_parcel, call, carrier, label, ok, problem, rated, shipment,
};
use crate::carriers::{Goods, LabelCall};
use crate::port::{CallError, LabelAnswer};

fn failed(reason: &str) -> LabelEvidence {
    LabelEvidence::Failed {
        reason: reason.to_owned(),
    }
}

async fn buy(server: &MockServer) -> LabelAnswer {
    carrier(&server.uri()).buy(&call()).await
}

/// Buys with this answer to the purchase itself.
async fn buying(answer: ResponseTemplate) -> LabelAnswer {
    let server = answering(vec![
        ("POST", RATES.to_owned(), ok(&rated(json!({})))),
        ("POST", BUY.to_owned(), answer),
    ])
    .await;
    buy(&server).await
}

fn parts() -> Value {
    json!({
        "external_shipment_id": FULFILMENT,
        "validate_address": "no_validation",
        "ship_to": {"name": "Jane Doe", "address_line1": "1 Own Street",
            "address_line2": "Floor 2, Door 3", "city_locality": "Berlin", "postal_code": "01067",
            "country_code": "DE", "address_residential_indicator": "unknown"},
        "ship_from": {"address_residential_indicator": "unknown"},
        "packages": [{"weight": {"value": 500, "unit": "gram"}}],
    })
}

/// Mounts an answer to exactly this question.
async fn to_exactly(server: &MockServer, verb: &str, at: &str, body: Value, answer: Value) {
    Mock::given(method(verb))
        .and(path(at))
        .and(header("api-key", "own-api-key"))
        .and(body_json(body))
        .respond_with(ok(&answer))
        .mount(server)
        .await;
}

#[tokio::test]
async fn offers_are_asked_for_under_the_parcel_and_the_cheapest_whole_price_is_bought() {
    let server = MockServer::start().await;
    let ask = json!({"shipment": parts(), "rate_options": {"carrier_ids": ["se-1", "se-2"]}});
    to_exactly(&server, "POST", RATES, ask, rated(json!({}))).await;
    let purchase = json!({"label_download_type": "url"});
    to_exactly(&server, "POST", BUY, purchase, label(json!({}))).await;
    assert_eq!(buy(&server).await, Ok(bought()));
}

#[tokio::test]
async fn the_shipment_of_an_earlier_try_is_used_again() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path(by_parcel()))
        .respond_with(ok(&shipment()))
        .mount(&server)
        .await;
    let ask = json!({"shipment_id": "se-own-9", "rate_options": {"carrier_ids": ["se-1", "se-2"]}});
    to_exactly(&server, "POST", RATES, ask, rated(json!({}))).await;
    let purchase = json!({"label_download_type": "url"});
    to_exactly(&server, "POST", BUY, purchase, label(json!({}))).await;
    assert_eq!(buy(&server).await, Ok(bought()));
    assert!(!asked(&server).await.contains(&format!("PUT {SHIPMENT}")));
    // Its address is the one that it was made with: another one has to be set.
    to_exactly(&server, "PUT", SHIPMENT, parts(), shipment()).await;
    let elsewhere = LabelCall {
        readdressed: true,
        ..call()
    };
    assert_eq!(carrier(&server.uri()).buy(&elsewhere).await, Ok(bought()));
    assert!(asked(&server).await.contains(&format!("PUT {SHIPMENT}")));
}

#[tokio::test]
async fn a_label_that_an_earlier_try_bought_is_the_answer() {
    let page = json!({"labels": [label(json!({}))]});
    let server = answering(vec![
        ("GET", by_parcel(), ok(&shipment())),
        ("GET", LABELS.to_owned(), ok(&page)),
    ])
    .await;
    assert_eq!(buy(&server).await, Ok(bought()));
    let questions = asked(&server).await;
    assert!(questions.iter().all(|one| one.starts_with("GET")));
}

#[tokio::test]
async fn an_address_that_cannot_be_set_buys_nothing() {
    let elsewhere = LabelCall {
        readdressed: true,
        ..call()
    };
    for (answer, refused) in [
        (problem(400, "invalid_status"), true),
        (problem(500, "x"), false),
    ] {
        let server = answering(vec![
            ("GET", by_parcel(), ok(&shipment())),
            ("PUT", SHIPMENT.to_owned(), answer),
        ])
        .await;
        let answer = carrier(&server.uri()).buy(&elsewhere).await;
        if refused {
            assert_eq!(answer, Ok(failed("invalid_status")));
        } else {
            assert!(matches!(answer, Err(CallError::NotDone { .. })));
        }
        assert!(
            asked(&server)
                .await
                .iter()
                .all(|one| !one.starts_with("POST"))
        );
    }
}

#[tokio::test]
async fn missing_parts_and_a_missing_weight_never_stop_a_label() {
    let server = answering(vec![
        ("POST", RATES.to_owned(), ok(&rated(json!({})))),
        ("POST", BUY.to_owned(), ok(&label(json!({})))),
    ])
    .await;
    let bare = LabelCall {
        to: Address::default(),
        goods: Goods {
            weight_g: 0,
            ..Goods::default()
        },
        ..call()
    };
    assert_eq!(carrier(&server.uri()).buy(&bare).await, Ok(bought()));
    let requests = server.received_requests().await.expect("recorded");
    let body: Value = serde_json::from_slice(&requests[1].body).expect("JSON");
    assert_eq!(body["shipment"]["packages"][0]["weight"]["value"], 1);
}

#[tokio::test]
async fn whatever_fails_before_the_purchase_bought_nothing() {
    for status in [401, 403, 408, 409, 429, 500, 503, 302] {
        for (verb, at) in [("GET", by_parcel()), ("POST", RATES.to_owned())] {
            let server = answering(vec![(verb, at.clone(), problem(status, "x"))]).await;
            let answer = buy(&server).await;
            assert!(
                matches!(answer, Err(CallError::NotDone { .. })),
                "{status} {at}: {answer:?}"
            );
            let labels = asked(&server).await;
            assert!(
                labels.iter().all(|one| !one.contains("/v2/labels")),
                "{labels:?}"
            );
        }
    }
    for odd in [
        ok(&rated(json!({}))).set_delay(Duration::from_secs(2)),
        ResponseTemplate::new(200).set_body_string("<html>"),
        ResponseTemplate::new(400).set_body_string("<html>"),
        ok(&rated(json!({"rates": [], "status": "working"}))),
    ] {
        let server = answering(vec![("POST", RATES.to_owned(), odd)]).await;
        let answer = buy(&server).await;
        assert!(
            matches!(answer, Err(CallError::NotDone { .. })),
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn a_purchase_without_a_clear_answer_is_open() {
    for answer in [
        problem(500, "x"),
        problem(503, "x"),
        problem(409, "x"),
        problem(302, "x"),
        ResponseTemplate::new(200).set_body_string("<html>"),
        ResponseTemplate::new(400).set_body_string("<html>"),
        ResponseTemplate::new(200).set_body_bytes(vec![b' '; 10 << 20]),
        ok(&label(json!({}))).set_delay(Duration::from_secs(2)),
        ok(&label(json!({"tracking_number": null}))),
    ] {
        let answer = buying(answer).await;
        assert!(
            matches!(answer, Err(CallError::Unknown { well: false, .. })),
            "{answer:?}"
        );
    }
    for status in ["processing", "teleporting"] {
        let answer = buying(ok(&label(json!({"status": status})))).await;
        assert!(
            matches!(answer, Err(CallError::Unknown { well: true, .. })),
            "{status}: {answer:?}"
        );
    }
}

#[tokio::test]
async fn a_purchase_that_shipstation_asks_to_wait_with_was_not_made() {
    let slow = problem(429, "rate_limit_exceeded").insert_header("retry-after", "7");
    let answer = buying(slow).await;
    let Err(CallError::NotDone { retry_after, .. }) = answer else {
        panic!("{answer:?}");
    };
    assert_eq!(retry_after, Some(Duration::from_secs(7)));
    for status in [401, 403] {
        let answer = buying(problem(status, "unauthorized")).await;
        assert!(matches!(
            answer,
            Err(CallError::NotDone { well: false, .. })
        ));
    }
}

#[tokio::test]
async fn refusals_are_evidence_without_their_prose() {
    let refused = problem(400, "invalid_address");
    let server = answering(vec![("POST", RATES.to_owned(), refused)]).await;
    assert_eq!(buy(&server).await, Ok(failed("invalid_address")));
    for (within, reason) in [
        (json!({"rates": []}), "no_rates"),
        (
            json!({"rates": [], "status": "error", "errors": [{"error_code": "no_rates_returned"}]}),
            "no_rates_returned",
        ),
    ] {
        let server = answering(vec![("POST", RATES.to_owned(), ok(&rated(within)))]).await;
        assert_eq!(buy(&server).await, Ok(failed(reason)));
    }
    let answer = buying(problem(400, "insufficient_funds")).await;
    assert_eq!(answer, Ok(failed("insufficient_funds")));
    let answer = buying(problem(400, "Jane Doe")).await;
    assert_eq!(answer, Ok(failed("http_400")));
    let answer = buying(ok(&label(json!({"status": "error"})))).await;
    assert_eq!(answer, Ok(failed("label_error")));
}

#[tokio::test]
async fn a_label_is_given_back_once_and_refusals_are_final() {
    let void = async |answers| {
        let server = answering(answers).await;
        carrier(&server.uri()).void("se-own-1").await
    };
    let said = |approved: bool, code: Option<&str>| {
        ok(&json!({"approved": approved, "message": "Jane", "reason_code": code}))
    };
    let refused = |reason: &str| {
        Ok(LabelEvidence::VoidRefused {
            reason: reason.to_owned(),
        })
    };
    for (answer, expected) in [
        (said(true, None), Ok(LabelEvidence::Voided)),
        (
            said(false, Some("label_already_voided")),
            Ok(LabelEvidence::Voided),
        ),
        (
            said(false, Some("label_already_used")),
            refused("label_already_used"),
        ),
        (said(false, None), refused("not_approved")),
        (problem(400, "invalid_status"), refused("invalid_status")),
        (problem(404, "not_found"), refused("not_found")),
    ] {
        let answers = vec![
            ("PUT", VOID.to_owned(), answer),
            ("GET", LABEL.to_owned(), ok(&label(json!({})))),
        ];
        assert_eq!(void(answers).await, expected);
    }
    for voided in [json!({"voided": true}), json!({"status": "voided"})] {
        let again = vec![
            ("PUT", VOID.to_owned(), problem(400, "invalid_status")),
            ("GET", LABEL.to_owned(), ok(&label(voided))),
        ];
        assert_eq!(void(again).await, Ok(LabelEvidence::Voided));
    }
    let unsure = vec![
        ("PUT", VOID.to_owned(), problem(400, "invalid_status")),
        ("GET", LABEL.to_owned(), problem(500, "x")),
    ];
    for answers in [unsure, vec![("PUT", VOID.to_owned(), problem(500, "x"))]] {
        let answer = void(answers).await;
        assert!(
            matches!(answer, Err(CallError::Unknown { .. })),
            "{answer:?}"
        );
    }
    let slow = void(vec![("PUT", VOID.to_owned(), problem(429, "x"))]).await;
    assert!(matches!(slow, Err(CallError::NotDone { .. })));
    let odd = carrier(NOWHERE).void("../accounts").await;
    assert_eq!(odd, refused("malformed_reference"));
}
