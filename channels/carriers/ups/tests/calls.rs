//! Calls against a stand-in of UPS: what is asked, and what each answer means.

use std::time::Duration;

use orderhub_domain::canonical::Address;
use orderhub_domain::money::Money;
use orderhub_domain::order::LabelEvidence;
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use super::{
    ALERTS, HERE, NAME, NOWHERE, NUMBER, SHIP, SHIPPED, TRACK, TRACKING, VOID, answering, asked,
    bought, call, carrier, following, json_of, ok, problem,
};
use crate::carriers::{Goods, LabelCall};
use crate::port::{CallError, LabelAnswer};

fn failed(reason: &str) -> LabelEvidence {
    LabelEvidence::Failed {
        reason: reason.to_owned(),
    }
}

/// Buys with this answer, and gives what was asked.
pub(super) async fn buying_for(call: &LabelCall, answer: ResponseTemplate) -> (LabelAnswer, Value) {
    let server = answering(vec![("POST", SHIP, answer)]).await;
    let answer = carrier(&server.uri()).buy(call).await;
    let requests = server.received_requests().await.expect("recorded");
    let asked = requests.iter().find(|request| request.url.path() == SHIP);
    let asked = asked.map(|request| serde_json::from_slice(&request.body).expect("JSON"));
    (answer, asked.unwrap_or_default())
}

async fn buying(answer: ResponseTemplate) -> LabelAnswer {
    buying_for(&call(), answer).await.0
}

#[tokio::test]
async fn a_label_is_bought_on_the_account_under_the_parcels_name() {
    let (answer, asked) = buying_for(&call(), ok(&json_of(SHIPPED))).await;
    assert_eq!(answer, Ok(bought()));
    let expected = json!({ "ShipmentRequest": {
        "Request": { "RequestOption": "nonvalidate" },
        "Shipment": {
            "Description": "Goods",
            "Shipper": { "Name": "Own Shop", "ShipperNumber": "0WN000", "Address": { "CountryCode": "US" } },
            "ShipTo": {
                "Name": "Own Ltd", "AttentionName": "Jane Doe", "Phone": { "Number": "+1 555 0100" },
                "Address": {
                    "AddressLine": ["1 Own Street", "Floor 2", "Door 3, Ring twice"], "City": "Durham",
                    "StateProvinceCode": "NC", "PostalCode": "01067", "CountryCode": "US",
                },
            },
            "ShipFrom": { "Name": "Own Shop", "Address": { "CountryCode": "US" } },
            "PaymentInformation": {
                "ShipmentCharge": [{ "Type": "01", "BillShipper": { "AccountNumber": "0WN000" } }],
            },
            "ShipmentRatingOptions": { "NegotiatedRatesIndicator": "Y" },
            "Service": { "Code": "03" },
            "ShipmentServiceOptions": { "LabelDelivery": { "LabelLinksIndicator": "Y" } },
            "Package": [{
                "Packaging": { "Code": "02" },
                "PackageWeight": { "UnitOfMeasurement": { "Code": "LBS" }, "Weight": "1.2" },
                "ReferenceNumber": [{ "Value": NAME }],
            }],
        },
        "LabelSpecification": { "LabelImageFormat": { "Code": "GIF" }, "HTTPUserAgent": "Mozilla/4.5" },
    }});
    assert_eq!(asked, expected);
}

#[tokio::test]
async fn across_a_border_the_shipment_has_the_name_and_kilograms_are_rounded_up() {
    let from = Address {
        country: Some("DE".to_owned()),
        ..Address::default()
    };
    let weighing = |weight_g| LabelCall {
        from: from.clone(),
        goods: Goods {
            weight_g,
            ..Goods::default()
        },
        ..call()
    };
    for (grams, weight) in [
        (0, "0.1"),
        (1, "0.1"),
        (100, "0.1"),
        (101, "0.2"),
        (12_345, "12.4"),
    ] {
        let (answer, asked) = buying_for(&weighing(grams), ok(&json_of(SHIPPED))).await;
        assert_eq!(answer, Ok(bought()));
        let shipment = &asked["ShipmentRequest"]["Shipment"];
        assert_eq!(shipment["ReferenceNumber"], json!([{ "Value": NAME }]));
        let package = &shipment["Package"][0];
        assert_eq!(package.get("ReferenceNumber"), None);
        let expected = json!({ "UnitOfMeasurement": { "Code": "KGS" }, "Weight": weight });
        assert_eq!(package["PackageWeight"], expected);
    }
}

#[tokio::test]
async fn missing_parts_never_stop_a_label_and_a_list_price_will_do() {
    let bare = LabelCall {
        to: Address::default(),
        from: Address::default(),
        goods: Goods {
            weight_g: 0,
            ..Goods::default()
        },
        ..call()
    };
    let mut shipped = json_of(SHIPPED);
    let results = &mut shipped["ShipmentResponse"]["ShipmentResults"];
    results["NegotiatedRateCharges"] = Value::Null;
    // As the older versions write a list of one.
    results["PackageResults"] = results["PackageResults"][0].clone();
    results["LabelURL"] = json!("javascript:alert(1)");
    let (answer, _) = buying_for(&bare, ok(&shipped)).await;
    let Ok(LabelEvidence::Bought {
        cost,
        label_url: None,
        ..
    }) = answer
    else {
        panic!("{answer:?}");
    };
    assert_eq!(cost.map(Money::minor), Some(2140));
}

#[tokio::test]
async fn the_alerts_of_a_parcel_are_asked_for_once_it_is_bought() {
    let valid = json!({"validTrackingNumbers": [NUMBER], "invalidTrackingNumbers": []});
    let server = answering(vec![
        ("POST", SHIP, ok(&json_of(SHIPPED))),
        ("POST", ALERTS, ok(&valid)),
    ])
    .await;
    assert_eq!(following(&server.uri()).buy(&call()).await, Ok(bought()));
    let requests = server.received_requests().await.expect("recorded");
    let last = requests.last().expect("a request");
    let ask: Value = serde_json::from_slice(&last.body).expect("JSON");
    let expected = json!({
        "locale": "en_US", "countryCode": "US", "trackingNumberList": [NUMBER],
        "destination": { "url": HERE, "credentialType": "Bearer", "credential": "a-newer-word" },
    });
    assert_eq!((last.url.path(), ask), (ALERTS, expected));
    // Where they are not taken, the label is bought all the same.
    for refused in [
        problem(400, "VSS600"),
        problem(500, "x"),
        ok(&valid).set_delay(Duration::from_secs(2)),
    ] {
        let server = answering(vec![
            ("POST", SHIP, ok(&json_of(SHIPPED))),
            ("POST", ALERTS, refused),
        ])
        .await;
        assert_eq!(following(&server.uri()).buy(&call()).await, Ok(bought()));
    }
    // And nobody asks who has nowhere to take them.
    let server = answering(vec![("POST", SHIP, ok(&json_of(SHIPPED)))]).await;
    assert_eq!(carrier(&server.uri()).buy(&call()).await, Ok(bought()));
    assert_eq!(asked(&server).await, [format!("POST {SHIP}")]);
}

#[tokio::test]
async fn a_purchase_without_a_clear_answer_is_open() {
    let mut numberless = json_of(SHIPPED);
    numberless["ShipmentResponse"]["ShipmentResults"]["PackageResults"] = json!([]);
    for answer in [
        problem(500, "x"),
        problem(503, "x"),
        problem(302, "x"),
        problem(408, "x"),
        ResponseTemplate::new(200).set_body_string("<html>"),
        ResponseTemplate::new(400).set_body_string("<html>"),
        ok(&json_of(SHIPPED)).set_delay(Duration::from_secs(2)),
        ok(&numberless),
    ] {
        let answer = buying(answer).await;
        assert!(
            matches!(answer, Err(CallError::Unknown { well: false, .. })),
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn a_purchase_that_ups_asks_to_wait_with_was_not_made() {
    let answer = buying(problem(429, "10429").insert_header("retry-after", "7")).await;
    let Err(CallError::NotDone { retry_after, .. }) = answer else {
        panic!("{answer:?}");
    };
    assert_eq!(retry_after, Some(Duration::from_secs(7)));
    for status in [401, 403] {
        let answer = buying(problem(status, "250002")).await;
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
    assert_eq!(buying(problem(400, "120802")).await, Ok(failed("120802")));
    assert_eq!(
        buying(problem(400, "Jane Doe")).await,
        Ok(failed("http_400"))
    );
    let wordless = ResponseTemplate::new(404).set_body_json(json!({"response": {}}));
    assert_eq!(buying(wordless).await, Ok(failed("http_404")));
}

#[tokio::test]
async fn a_label_is_given_back_once_and_refusals_are_final() {
    let void = async |answer: ResponseTemplate, known: ResponseTemplate| {
        let server = answering(vec![("DELETE", VOID, answer), ("GET", TRACK, known)]).await;
        carrier(&server.uri()).void(NUMBER).await
    };
    let said = |code: &str| {
        ok(&json!({"VoidShipmentResponse": {
            "Response": {"ResponseStatus": {"Code": "1", "Description": "Success"}},
            "SummaryResult": {"Status": {"Code": code, "Description": "Jane"}},
        }}))
    };
    let tracked = || ok(&json_of(TRACKING));
    let mut voided = json_of(TRACKING);
    voided["trackResponse"]["shipment"][0]["package"][0]["activity"][0]["status"] =
        json!({"type": "MV", "code": "VD"});
    let refused = |reason: &str| {
        Ok(LabelEvidence::VoidRefused {
            reason: reason.to_owned(),
        })
    };
    assert_eq!(void(said("1"), tracked()).await, Ok(LabelEvidence::Voided));
    assert_eq!(void(said("0"), tracked()).await, refused("status_0"));
    assert_eq!(
        void(problem(400, "190117"), tracked()).await,
        refused("190117")
    );
    assert_eq!(
        void(problem(400, "190117"), problem(404, "TW0001")).await,
        refused("190117")
    );
    // It was given back before.
    assert_eq!(
        void(problem(400, "190117"), ok(&voided)).await,
        Ok(LabelEvidence::Voided)
    );
    for (answer, known) in [
        (problem(500, "x"), tracked()),
        (problem(400, "190117"), problem(500, "x")),
        (
            ResponseTemplate::new(200).set_body_string("<html>"),
            tracked(),
        ),
    ] {
        let answer = void(answer, known).await;
        assert!(
            matches!(answer, Err(CallError::Unknown { .. })),
            "{answer:?}"
        );
    }
    let slow = void(problem(429, "10429"), tracked()).await;
    assert!(matches!(slow, Err(CallError::NotDone { .. })));
    assert_eq!(
        carrier(NOWHERE).void("../accounts").await,
        refused("malformed_reference")
    );
}
