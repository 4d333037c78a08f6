//! Looking up what a lost answer may have bought: it is found by the parcel's id.

use orderhub_domain::order::LabelEvidence;
use serde_json::{Value, json};
use wiremock::matchers::{method, path, query_param};
use wiremock::{Mock, MockServer};

use super::{
    LABELS, NOWHERE, answering, bought, by_parcel, carrier, label, ok, parcel, problem, shipment,
};
use crate::port::{CallError, Found, Repeat};

type Answer = Result<Found<LabelEvidence>, CallError>;

async fn find(server: &MockServer) -> Answer {
    carrier(&server.uri()).find(parcel()).await
}

/// What is found when the parcel's shipment has these labels.
async fn among(labels: &[Value]) -> Answer {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path(by_parcel()))
        .respond_with(ok(&shipment()))
        .mount(&server)
        .await;
    let page = json!({"labels": labels, "total": labels.len(), "page": 1, "pages": 1});
    Mock::given(method("GET"))
        .and(path(LABELS))
        .and(query_param("shipment_id", "se-own-9"))
        .respond_with(ok(&page))
        .mount(&server)
        .await;
    find(&server).await
}

#[tokio::test]
async fn a_label_is_found_by_the_parcels_shipment() {
    assert_eq!(among(&[label(json!({}))]).await, Ok(Found::There(bought())));
    let others = [
        label(json!({"label_id": "se-x", "voided": true})),
        label(json!({"label_id": "se-y", "shipment_id": "se-other"})),
        label(json!({"label_id": "se-z", "status": "processing"})),
        label(json!({})),
    ];
    assert_eq!(among(&others).await, Ok(Found::There(bought())));
    assert_eq!(carrier(NOWHERE).repeat(), Repeat::QueryFirst);
}

#[tokio::test]
async fn what_failed_or_was_given_back_is_no_label_and_what_is_open_stays_open() {
    assert_eq!(among(&[]).await, Ok(Found::Absent), "made, never bought");
    for (changes, absent) in [
        (json!({"status": "error"}), true),
        (json!({"status": "voided"}), true),
        (json!({"voided": true}), true),
        (json!({"shipment_id": "se-other"}), true),
        (json!({"status": "processing"}), false),
        (json!({"status": "teleporting"}), false),
        (json!({"tracking_number": null}), false),
    ] {
        let found = among(&[label(changes.clone())]).await;
        if absent {
            assert_eq!(found, Ok(Found::Absent), "{changes}");
        } else {
            assert!(matches!(found, Err(CallError::NotDone { .. })), "{changes}");
        }
    }
}

#[tokio::test]
async fn only_a_firm_no_says_that_there_is_none() {
    assert_eq!(find(&answering(Vec::new()).await).await, Ok(Found::Absent));
    for status in [400, 401, 403, 429, 500, 302] {
        let failing = problem(status, "x");
        let first = answering(vec![("GET", by_parcel(), failing.clone())]).await;
        let second = answering(vec![
            ("GET", by_parcel(), ok(&shipment())),
            ("GET", LABELS.to_owned(), failing),
        ])
        .await;
        for server in [first, second] {
            let found = find(&server).await;
            assert!(
                matches!(found, Err(CallError::NotDone { .. })),
                "{status}: {found:?}"
            );
        }
    }
}
