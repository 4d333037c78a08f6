//! Calls against a stand-in of Shippo: what is asked, and what each answer means.

use std::time::Duration;

use orderhub_domain::canonical::Address;
use orderhub_domain::money::{Currency, Money};
use orderhub_domain::order::LabelEvidence;
use serde_json::{Value, json};
use wiremock::matchers::{body_json, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{
    FULFILMENT, ID, NOWHERE, REFUNDS, SHIPMENTS, TRANSACTIONS, answering, call, carrier, ok,
    problem, shipment, transaction,
};
use crate::carriers::{Goods, LabelCall};
use crate::port::{CallError, LabelAnswer};

pub(super) fn bought() -> LabelEvidence {
    let usd = Currency::from_code("USD").expect("a currency");
    LabelEvidence::Bought {
        service: Some("own_ground".to_owned()),
        account: "shippo".into(),
        carrier: "Own Post".to_owned(),
        tracking_number: "OWN0001".to_owned(),
        reference: ID.to_owned(),
        label_url: Some("https://labels.example.com/1.pdf".to_owned()),
        cost: Money::from_minor(985, usd),
    }
}

fn failed(reason: &str) -> LabelEvidence {
    LabelEvidence::Failed {
        reason: reason.to_owned(),
    }
}

pub(super) fn created() -> ResponseTemplate {
    ResponseTemplate::new(201).set_body_json(shipment(json!({})))
}

async fn buy(server: &MockServer) -> LabelAnswer {
    carrier(&server.uri()).buy(&call()).await
}

/// Buys with this answer to the purchase itself.
async fn buying(answer: ResponseTemplate) -> LabelAnswer {
    let server = answering(vec![
        ("POST", SHIPMENTS.to_owned(), created()),
        ("POST", TRANSACTIONS.to_owned(), answer),
    ])
    .await;
    buy(&server).await
}

#[tokio::test]
async fn a_shipment_is_made_and_its_cheapest_rate_of_one_currency_bought() {
    let server = MockServer::start().await;
    let parts = json!({
        "address_to": {"name": "Jane Doe", "street1": "1 Own Street", "street2": "Floor 2, Door 3",
            "city": "Berlin", "zip": "01067", "country": "DE"},
        "address_from": {},
        "parcels": [{"length": "30", "width": "20", "height": "10", "distance_unit": "cm",
            "weight": "500", "mass_unit": "g"}],
        "metadata": FULFILMENT,
        "async": false,
    });
    Mock::given(method("POST"))
        .and(path(SHIPMENTS))
        .and(header("authorization", "ShippoToken shippo_test_own"))
        .and(header("shippo-api-version", "2018-02-08"))
        .and(body_json(parts))
        .respond_with(created())
        .mount(&server)
        .await;
    let purchase = json!({"rate": "rate_own_2", "metadata": FULFILMENT, "async": false});
    Mock::given(method("POST"))
        .and(path(TRANSACTIONS))
        .and(header("authorization", "ShippoToken shippo_test_own"))
        .and(body_json(purchase))
        .respond_with(ResponseTemplate::new(201).set_body_json(transaction(json!({}))))
        .mount(&server)
        .await;
    assert_eq!(buy(&server).await, Ok(bought()));
}

#[tokio::test]
async fn missing_parts_and_a_missing_weight_never_stop_a_label() {
    let server = answering(vec![
        ("POST", SHIPMENTS.to_owned(), created()),
        ("POST", TRANSACTIONS.to_owned(), ok(&transaction(json!({})))),
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
    let body: Value = serde_json::from_slice(&requests[0].body).expect("JSON");
    assert_eq!(body["parcels"][0]["weight"], "1");
    assert_eq!(body["address_to"], json!({}));
}

#[tokio::test]
async fn whatever_fails_before_the_purchase_bought_nothing() {
    for status in [401, 403, 408, 409, 429, 500, 503, 302] {
        let server = answering(vec![("POST", SHIPMENTS.to_owned(), problem(status))]).await;
        let answer = buy(&server).await;
        assert!(
            matches!(answer, Err(CallError::NotDone { .. })),
            "{status}: {answer:?}"
        );
        let requests = server.received_requests().await.expect("recorded");
        assert_eq!(requests.len(), 1, "{status}");
    }
    for odd in [
        created().set_delay(Duration::from_secs(2)),
        ResponseTemplate::new(200).set_body_string("<html>"),
        ResponseTemplate::new(400).set_body_string("<html>"),
    ] {
        let server = answering(vec![("POST", SHIPMENTS.to_owned(), odd)]).await;
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
        problem(500),
        problem(503),
        problem(409),
        problem(302),
        ResponseTemplate::new(200).set_body_string("<html>"),
        ResponseTemplate::new(400).set_body_string("<html>"),
        ResponseTemplate::new(201).set_body_bytes(vec![b' '; 10 << 20]),
        ok(&transaction(json!({}))).set_delay(Duration::from_secs(2)),
        ok(&transaction(json!({"tracking_number": null}))),
    ] {
        let answer = buying(answer).await;
        assert!(
            matches!(answer, Err(CallError::Unknown { well: false, .. })),
            "{answer:?}"
        );
    }
    for status in ["QUEUED", "WAITING", "TELEPORTING"] {
        let answer = buying(ok(&transaction(
            json!({"status": status, "tracking_number": ""}),
        )))
        .await;
        assert!(
            matches!(answer, Err(CallError::Unknown { well: true, .. })),
            "{status}: {answer:?}"
        );
    }
}

#[tokio::test]
async fn a_purchase_that_shippo_asks_to_wait_with_was_not_made() {
    let slow = problem(429).insert_header("retry-after", "7");
    let answer = buying(slow).await;
    let Err(CallError::NotDone { retry_after, .. }) = answer else {
        panic!("{answer:?}");
    };
    assert_eq!(retry_after, Some(Duration::from_secs(7)));
    for status in [401, 403] {
        let answer = buying(problem(status)).await;
        assert!(matches!(
            answer,
            Err(CallError::NotDone { well: false, .. })
        ));
    }
}

#[tokio::test]
async fn refusals_are_evidence_without_their_prose() {
    let server = answering(vec![("POST", SHIPMENTS.to_owned(), problem(400))]).await;
    assert_eq!(buy(&server).await, Ok(failed("http_400.rate")));
    let unrated = ok(&shipment(
        json!({"rates": [], "messages": [{"source": "UPS", "text": "Jane"}]}),
    ));
    let server = answering(vec![("POST", SHIPMENTS.to_owned(), unrated)]).await;
    assert_eq!(buy(&server).await, Ok(failed("no_rates")));
    assert_eq!(buying(problem(400)).await, Ok(failed("http_400.rate")));
    let detail = ResponseTemplate::new(404).set_body_json(json!({"detail": "Not found."}));
    assert_eq!(buying(detail).await, Ok(failed("http_404.detail")));
    let list = ResponseTemplate::new(400).set_body_json(json!({}));
    assert_eq!(buying(list).await, Ok(failed("http_400")));
    let messages = json!([{"source": "UPS", "code": "Jane is wrong", "text": "Jane"},
        {"source": "UPS", "code": "invalid_postcode", "text": "Jane"}]);
    let error =
        transaction(json!({"status": "ERROR", "tracking_number": "", "messages": messages}));
    assert_eq!(buying(ok(&error)).await, Ok(failed("invalid_postcode")));
    let error = transaction(json!({"status": "ERROR", "tracking_number": ""}));
    assert_eq!(buying(ok(&error)).await, Ok(failed("refused")));
}

#[tokio::test]
async fn a_carrier_that_did_not_answer_shippo_is_asked_again() {
    let messages = json!([{"source": "UPS", "code": "carrier_timeout", "text": "try again"}]);
    let unrated = ok(&shipment(json!({"rates": [], "messages": messages})));
    let server = answering(vec![("POST", SHIPMENTS.to_owned(), unrated)]).await;
    let answer = buy(&server).await;
    assert!(matches!(answer, Err(CallError::NotDone { well: true, .. })));
    let error =
        transaction(json!({"status": "ERROR", "tracking_number": "", "messages": messages}));
    let answer = buying(ok(&error)).await;
    assert!(matches!(answer, Err(CallError::NotDone { well: true, .. })));
}

#[tokio::test]
async fn a_label_is_given_back_once_and_refusals_are_final() {
    let void = async |answers| {
        let server = answering(answers).await;
        carrier(&server.uri()).void(ID).await
    };
    let refund = |word: &str| {
        let body = json!({"object_id": "ref_own_1", "status": word, "transaction": ID});
        ResponseTemplate::new(201).set_body_json(body)
    };
    for word in ["QUEUED", "PENDING", "SUCCESS"] {
        let answer = void(vec![("POST", REFUNDS.to_owned(), refund(word))]).await;
        assert_eq!(answer, Ok(LabelEvidence::Voided), "{word}");
    }
    let refused = |reason: &str| {
        Ok(LabelEvidence::VoidRefused {
            reason: reason.to_owned(),
        })
    };
    let answer = void(vec![("POST", REFUNDS.to_owned(), refund("ERROR"))]).await;
    assert_eq!(answer, refused("refund_error"));
    let at = format!("{TRANSACTIONS}{ID}");
    for (status, expected) in [
        ("REFUNDED", Ok(LabelEvidence::Voided)),
        ("REFUNDPENDING", Ok(LabelEvidence::Voided)),
        ("REFUNDREJECTED", refused("http_400.rate")),
        ("SUCCESS", refused("http_400.rate")),
    ] {
        let again = vec![
            ("POST", REFUNDS.to_owned(), problem(400)),
            (
                "GET",
                at.clone(),
                ok(&transaction(json!({"status": status}))),
            ),
        ];
        assert_eq!(void(again).await, expected, "{status}");
    }
    for status in [500, 302] {
        let answer = void(vec![("POST", REFUNDS.to_owned(), problem(status))]).await;
        assert!(
            matches!(answer, Err(CallError::Unknown { .. })),
            "{answer:?}"
        );
    }
    let slow = void(vec![("POST", REFUNDS.to_owned(), problem(429))]).await;
    assert!(matches!(slow, Err(CallError::NotDone { .. })));
    let odd = carrier(NOWHERE).void("../accounts").await;
    assert_eq!(odd, refused("malformed_reference"));
}
