//! Looking up what a lost answer may have bought: it is found by the parcel's name.

use orderhub_domain::order::LabelEvidence;
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use super::{
    ALERTS, NAME, NOWHERE, NUMBER, RECOVER, RECOVERED, TRACK, TRACKING, answering, asked, bought,
    carrier, following, json_of, ok, parcel, problem,
};
use crate::port::{CallError, Found, Repeat};

type Answer = Result<Found<LabelEvidence>, CallError>;

/// What is found with these answers to the look-up and to the question whether it was voided.
async fn found(recovered: ResponseTemplate, tracked: ResponseTemplate) -> Answer {
    let server = answering(vec![("POST", RECOVER, recovered), ("GET", TRACK, tracked)]).await;
    carrier(&server.uri()).find(parcel()).await
}

/// The label, of which the look-up does not say what it cost.
fn there() -> Found<LabelEvidence> {
    let mut label = bought();
    if let LabelEvidence::Bought { cost, .. } = &mut label {
        *cost = None;
    }
    Found::There(label)
}

#[tokio::test]
async fn a_label_is_found_by_the_parcels_name_and_its_alerts_are_asked_for() {
    let valid = json!({"validTrackingNumbers": [NUMBER]});
    let server = answering(vec![
        ("POST", RECOVER, ok(&json_of(RECOVERED))),
        ("GET", TRACK, problem(404, "TW0001")),
        ("POST", ALERTS, ok(&valid)),
    ])
    .await;
    let ups = following(&server.uri());
    assert_eq!(ups.repeat(), Repeat::QueryFirst);
    assert_eq!(ups.find(parcel()).await, Ok(there()));
    let expected = [
        format!("POST {RECOVER}"),
        format!("GET {TRACK}"),
        format!("POST {ALERTS}"),
    ];
    assert_eq!(asked(&server).await, expected);
    let requests = server.received_requests().await.expect("recorded");
    let ask = requests
        .iter()
        .find(|request| request.url.path() == RECOVER);
    let ask: Value = serde_json::from_slice(&ask.expect("a look-up").body).expect("JSON");
    let expected = json!({"ReferenceNumber": {"Value": NAME}, "ShipperNumber": "0WN000"});
    assert_eq!(ask["LabelRecoveryRequest"]["ReferenceValues"], expected);
}

#[tokio::test]
async fn what_was_voided_is_no_label() {
    let recovered = || ok(&json_of(RECOVERED));
    let mut voided = json_of(TRACKING);
    let package = &mut voided["trackResponse"]["shipment"][0]["package"][0];
    package["activity"] = json!([{"gmtDate": "20260304", "gmtTime": "101500",
        "status": {"type": "MV", "code": "VD"}}]);
    assert_eq!(found(recovered(), ok(&voided)).await, Ok(Found::Absent));
    assert_eq!(
        found(recovered(), ok(&json_of(TRACKING))).await,
        Ok(there())
    );
    let unsure = found(recovered(), problem(500, "x")).await;
    assert!(
        matches!(unsure, Err(CallError::NotDone { .. })),
        "{unsure:?}"
    );
}

#[tokio::test]
async fn only_a_firm_no_says_that_there_is_none() {
    let untracked = || problem(404, "TW0001");
    let absent = found(problem(400, "9801031"), untracked()).await;
    assert_eq!(absent, Ok(Found::Absent));
    let of_several = |results: Value| {
        let mut whole = json_of(RECOVERED);
        whole["LabelRecoveryResponse"]["LabelResults"] = results;
        ok(&whole)
    };
    let one = json_of(RECOVERED)["LabelRecoveryResponse"]["LabelResults"].clone();
    assert_eq!(
        found(of_several(json!([one.clone()])), untracked()).await,
        Ok(there())
    );
    for answer in [
        problem(400, "9801999"),
        problem(401, "250002"),
        problem(403, "x"),
        problem(404, "x"),
        problem(429, "10429"),
        problem(500, "x"),
        problem(302, "x"),
        ResponseTemplate::new(200).set_body_string("<html>"),
        ResponseTemplate::new(400).set_body_string("<html>"),
        of_several(json!([one.clone(), one])),
        of_several(json!([])),
        of_several(Value::Null),
    ] {
        let found = found(answer, untracked()).await;
        assert!(matches!(found, Err(CallError::NotDone { .. })), "{found:?}");
    }
    let nowhere = carrier(NOWHERE).find(parcel()).await;
    assert!(matches!(nowhere, Err(CallError::NotDone { .. })));
}
