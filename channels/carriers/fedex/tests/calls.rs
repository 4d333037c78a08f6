//! Calls against a stand-in of FedEx: what is asked, and what each answer means.

use std::collections::BTreeMap;
use std::time::Duration;

use orderhub_domain::canonical::Address;
use orderhub_domain::order::LabelEvidence;
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use super::{
    CANCEL, NAME, NOWHERE, NUMBER, SHIP, SHIPPED, TOKEN, answering, bought, call, carrier, json_of,
    ok, parcel, problem,
};
use crate::carriers::{Goods, LabelCall};
use crate::port::{CallError, LabelAnswer, Repeat};

fn failed(reason: &str) -> LabelEvidence {
    LabelEvidence::Failed {
        reason: reason.to_owned(),
    }
}

async fn buying(answer: ResponseTemplate) -> LabelAnswer {
    let server = answering(vec![("POST", SHIP, answer)]).await;
    carrier(&server.uri()).buy(&call()).await
}

#[tokio::test]
async fn a_label_is_bought_on_the_account_under_the_parcels_name() {
    let server = answering(vec![("POST", SHIP, ok(&json_of(SHIPPED)))]).await;
    assert_eq!(carrier(&server.uri()).buy(&call()).await, Ok(bought()));
    let requests = server.received_requests().await.expect("recorded");
    let [login, purchase] = &requests[..] else {
        panic!("two requests");
    };
    assert_eq!(login.url.path(), TOKEN);
    let pairs = String::from_utf8(login.body.clone()).expect("text");
    let pairs = pairs.split('&').filter_map(|pair| pair.split_once('='));
    let pairs: BTreeMap<&str, &str> = pairs.collect();
    let expected = BTreeMap::from([
        ("client_id", "own-app"),
        ("client_secret", "own-app-key"),
        ("grant_type", "client_credentials"),
    ]);
    assert_eq!(pairs, expected);
    assert_eq!(purchase.headers["authorization"], "Bearer own-key");
    let asked: Value = serde_json::from_slice(&purchase.body).expect("JSON");
    let expected = json!({
        "labelResponseOptions": "URL_ONLY",
        "accountNumber": { "value": "700000001" },
        "requestedShipment": {
            "shipper": { "contact": { "personName": "Own Shop" }, "address": { "countryCode": "US" } },
            "recipients": [{
                "contact": { "personName": "Jane Doe", "companyName": "Own Ltd", "phoneNumber": "+1 555 0100" },
                "address": {
                    "streetLines": ["1 Own Street", "Floor 2", "Door 3, Ring twice"], "city": "Durham",
                    "stateOrProvinceCode": "NC", "postalCode": "01067", "countryCode": "US",
                },
            }],
            "pickupType": "USE_SCHEDULED_PICKUP",
            "serviceType": "FEDEX_GROUND",
            "packagingType": "YOUR_PACKAGING",
            "shippingChargesPayment": { "paymentType": "SENDER" },
            "labelSpecification": { "imageType": "PDF", "labelStockType": "PAPER_4X6" },
            "rateRequestType": ["ACCOUNT"],
            "requestedPackageLineItems": [{
                "customerReferences": [{ "customerReferenceType": "CUSTOMER_REFERENCE", "value": NAME }],
                "weight": { "units": "LB", "value": 1.2 },
            }],
        },
    });
    assert_eq!(asked, expected);
    // The weight is a number, written digit by digit.
    let text = String::from_utf8(purchase.body.clone()).expect("text");
    assert!(text.contains(r#""value":1.2}"#), "{text}");
}

#[tokio::test]
async fn missing_parts_and_a_missing_weight_never_stop_a_label() {
    let mut shipped = json_of(SHIPPED);
    let shipment = &mut shipped["output"]["transactionShipments"][0];
    shipment["completedShipmentDetail"] = Value::Null;
    shipment["serviceType"] = Value::Null;
    shipment["masterTrackingNumber"] = Value::Null;
    shipment["pieceResponses"][0]["packageDocuments"][0]["url"] = json!("javascript:alert(1)");
    let server = answering(vec![("POST", SHIP, ok(&shipped))]).await;
    let bare = LabelCall {
        to: Address::default(),
        from: Address::default(),
        goods: Goods {
            weight_g: 0,
            ..Goods::default()
        },
        ..call()
    };
    let answer = carrier(&server.uri()).buy(&bare).await;
    let mut expected = bought();
    if let LabelEvidence::Bought {
        label_url, cost, ..
    } = &mut expected
    {
        (*label_url, *cost) = (None, None);
    }
    assert_eq!(answer, Ok(expected));
    let requests = server.received_requests().await.expect("recorded");
    let asked: Value = serde_json::from_slice(&requests[1].body).expect("JSON");
    let package = &asked["requestedShipment"]["requestedPackageLineItems"][0];
    assert_eq!(package["weight"], json!({ "units": "KG", "value": 0.1 }));
}

#[tokio::test]
async fn a_purchase_without_a_clear_answer_is_open() {
    let empty = json!({"transactionId": "own", "output": {"transactionShipments": []}});
    for answer in [
        problem(500, "x"),
        problem(503, "x"),
        problem(302, "x"),
        problem(408, "x"),
        ResponseTemplate::new(200).set_body_string("<html>"),
        ResponseTemplate::new(400).set_body_string("<html>"),
        ok(&json_of(SHIPPED)).set_delay(Duration::from_secs(2)),
        ok(&empty),
    ] {
        let answer = buying(answer).await;
        assert!(
            matches!(answer, Err(CallError::Unknown { well: false, .. })),
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn a_purchase_that_fedex_asks_to_wait_with_was_not_made() {
    let answer = buying(problem(429, "x").insert_header("retry-after", "7")).await;
    let Err(CallError::NotDone { retry_after, .. }) = answer else {
        panic!("{answer:?}");
    };
    assert_eq!(retry_after, Some(Duration::from_secs(7)));
    for status in [401, 403] {
        let answer = buying(problem(status, "NOT.AUTHORIZED.ERROR")).await;
        assert!(
            matches!(answer, Err(CallError::NotDone { well: false, .. })),
            "{status}"
        );
    }
    // Without a key nothing is sent at all.
    let answer = carrier(NOWHERE).buy(&call()).await;
    assert!(
        matches!(answer, Err(CallError::NotDone { .. })),
        "{answer:?}"
    );
}

#[tokio::test]
async fn refusals_are_evidence_without_their_prose() {
    let answer = buying(problem(400, "RECIPIENTS.PHONENUMBER.EMPTY")).await;
    assert_eq!(answer, Ok(failed("RECIPIENTS.PHONENUMBER.EMPTY")));
    let answer = buying(problem(400, "Jane Doe")).await;
    assert_eq!(answer, Ok(failed("http_400")));
    let answer = buying(ResponseTemplate::new(422).set_body_json(json!({}))).await;
    assert_eq!(answer, Ok(failed("http_422")));
}

#[tokio::test]
async fn a_label_is_given_back_once_and_refusals_are_final() {
    let void = async |answer: ResponseTemplate| {
        let server = answering(vec![("PUT", CANCEL, answer)]).await;
        let answer = carrier(&server.uri()).void(NUMBER).await;
        let requests = server.received_requests().await.expect("recorded");
        let asked: Value = serde_json::from_slice(&requests[1].body).expect("JSON");
        let expected = json!({"accountNumber": {"value": "700000001"}, "trackingNumber": NUMBER,
            "deletionControl": "DELETE_ALL_PACKAGES"});
        assert_eq!(asked, expected);
        answer
    };
    let said = |cancelled: Value| {
        ok(
            &json!({"output": {"cancelledShipment": cancelled, "cancelledHistory": true,
            "message": "Jane"}}),
        )
    };
    let refused = |reason: &str| {
        Ok(LabelEvidence::VoidRefused {
            reason: reason.to_owned(),
        })
    };
    assert_eq!(void(said(json!(true))).await, Ok(LabelEvidence::Voided));
    assert_eq!(void(said(json!(false))).await, refused("not_cancelled"));
    assert_eq!(void(said(Value::Null)).await, refused("not_cancelled"));
    let tendered = "TRACKINGNUMBER.CANCEL.NOTALLOWED";
    assert_eq!(void(problem(400, tendered)).await, refused(tendered));
    for answer in [
        problem(500, "x"),
        ResponseTemplate::new(200).set_body_string("<html>"),
    ] {
        let answer = void(answer).await;
        assert!(
            matches!(answer, Err(CallError::Unknown { .. })),
            "{answer:?}"
        );
    }
    let slow = void(problem(429, "x")).await;
    assert!(matches!(slow, Err(CallError::NotDone { .. })));
    let odd = carrier(NOWHERE).void("../accounts").await;
    assert_eq!(odd, refused("malformed_reference"));
}

#[tokio::test]
async fn a_purchase_may_be_repeated_and_is_never_firmly_not_there() {
    let fedex = carrier(NOWHERE);
    assert_eq!(fedex.repeat(), Repeat::Natural);
    let found = fedex.find(parcel()).await;
    assert!(matches!(found, Err(CallError::NotDone { well: true, .. })));
}
