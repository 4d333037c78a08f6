//! What is looked up after a webhook, and what it means.

use jiff::Timestamp;
use orderhub_domain::order::ParcelStatus;
use serde_json::{Value, json};

use super::{NOWHERE, TRACKING, changed, headers, read, settings};
use crate::carriers::connect;
use crate::port::{Inbound, RawRequest};

fn tracked(changes: &Value) -> Inbound {
    let body = changed(TRACKING, changes.clone());
    read(
        &[("x-shipstation-resource", "tracking")],
        body.to_string().as_bytes(),
    )
}

/// What is seen, as (time, status, code).
fn scans(changes: &Value) -> Vec<(String, ParcelStatus, String)> {
    match tracked(changes) {
        Inbound::Scans { scans, .. } => {
            let each = scans.into_iter();
            each.map(|scan| (scan.at.to_string(), scan.status, scan.code))
                .collect()
        }
        other => panic!("no scans: {other:?}"),
    }
}

#[test]
fn every_sighting_counts_once_in_the_order_of_time() {
    let scans = scans(&json!({}));
    let expected = [
        ("2026-02-28T16:00:00Z", ParcelStatus::LabelCreated, "MP"),
        ("2026-03-01T03:15:00Z", ParcelStatus::PickedUp, "PU"),
        (
            "2026-03-01T09:00:00Z",
            ParcelStatus::Delayed,
            "IT.MISSORTED",
        ),
        ("2026-03-02T07:10:00Z", ParcelStatus::OutForDelivery, "OD"),
    ];
    let seen: Vec<_> = scans
        .iter()
        .map(|(at, s, code)| (at.as_str(), *s, code.as_str()))
        .collect();
    assert_eq!(seen, expected);
}

#[test]
fn every_status_has_its_meaning_and_new_words_mean_nothing() {
    for (status, detail, meaning) in [
        ("UN", "CARRIER_STATUS_NOT_MAPPED", ParcelStatus::Unknown),
        (
            "NY",
            "ELEC_ADVICE_RECD_BY_CARRIER",
            ParcelStatus::LabelCreated,
        ),
        ("AC", "COLLECTION_MADE", ParcelStatus::PickedUp),
        ("IT", "HUB_SCAN_OUT", ParcelStatus::InTransit),
        ("IT", "OUT_FOR_DELIVERY", ParcelStatus::OutForDelivery),
        ("IT", "HELD_BY_CUSTOMS", ParcelStatus::OnHold),
        ("IT", "TELEPORTED", ParcelStatus::InTransit),
        ("AT", "ATTEMPTED_DELIVERY_2ND", ParcelStatus::AttemptFailed),
        (
            "SP",
            "DELIVERED_TO_LOCKER_COLLECTION_POINT",
            ParcelStatus::AvailableForPickup,
        ),
        ("DE", "DELIVERED_TO_NEIGHBOUR", ParcelStatus::Delivered),
        ("EX", "PARCEL_DAMAGED", ParcelStatus::Exception),
        ("EX", "PARCEL_LOST", ParcelStatus::Lost),
        ("EX", "RETURN_TO_SENDER", ParcelStatus::ReturnToSender),
        // A detail never overrides another status, and words that nobody knows move nothing.
        ("DE", "PARCEL_LOST", ParcelStatus::Delivered),
        ("NY", "OUT_FOR_DELIVERY", ParcelStatus::LabelCreated),
        ("XX", "OUT_FOR_DELIVERY", ParcelStatus::Unknown),
        ("de", "DELIVERED", ParcelStatus::Unknown),
    ] {
        let events = json!([{"occurred_at": "2026-03-02T08:00:00Z", "status_code": status,
            "status_detail_code": detail}]);
        let scans = scans(&json!({"events": events}));
        assert_eq!(scans.len(), 1);
        assert_eq!(scans[0].1, meaning, "{status} {detail}");
    }
}

#[test]
fn the_latest_sighting_without_a_status_has_the_parcels_own() {
    let events = json!([
        {"occurred_at": "2026-03-02T08:00:00Z", "event_code": "OD"},
        {"occurred_at": "2026-03-01T03:15:00Z", "event_code": "PU"},
    ]);
    let scans = scans(&json!({"events": events}));
    let seen: Vec<_> = scans
        .iter()
        .map(|(_, s, code)| (*s, code.as_str()))
        .collect();
    let expected = [
        (ParcelStatus::Unknown, "PU"),
        (ParcelStatus::OutForDelivery, "OD"),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn a_delivery_that_no_sighting_says_stands_for_itself() {
    let scans = scans(&json!({"status_code": "DE", "status_detail_code": null,
        "actual_delivery_date": "2026-03-02T09:30:00Z"}));
    let expected = (
        "2026-03-02T09:30:00Z".to_owned(),
        ParcelStatus::Delivered,
        "DE".to_owned(),
    );
    assert_eq!(scans.last(), Some(&expected));
}

#[test]
fn that_somebody_signed_is_kept_and_who_is_not() {
    let told = |status: &str, signer: &str, page: Option<&str>| {
        let events = json!([{"occurred_at": "2026-03-02T08:00:00Z", "status_code": status,
            "event_code": "Left with Jane", "signer": signer, "proof_of_delivery_url": page}]);
        match tracked(&json!({"events": events})) {
            Inbound::Scans { proof, scans, .. } => {
                assert_eq!(scans[0].code, status, "prose never becomes a code");
                proof
            }
            other => panic!("no scans: {other:?}"),
        }
    };
    let page = "https://post.example.com/proof/1";
    let proof = told("DE", "JANE DOE", Some(page)).expect("it was signed for");
    assert!(proof.signed && proof.reference.as_deref() == Some(page));
    assert!(!format!("{proof:?}").contains("JANE"));
    let other = told("DE", "JANE DOE", None).expect("it was signed for");
    let carriers = "https://post.example.com/track?number=OWN0001";
    assert_eq!(other.reference.as_deref(), Some(carriers));
    assert_eq!(told("DE", " ", Some(page)), None);
    assert_eq!(told("IT", "JANE DOE", Some(page)), None);
}

#[test]
fn a_parcel_that_nobody_has_seen_is_kept_and_not_broken() {
    let topic = "not_yet:NY".to_owned();
    for nothing in [json!([]), Value::Null] {
        let topic = topic.clone();
        let told = tracked(&json!({"status_code": "NY", "events": nothing}));
        assert_eq!(told, Inbound::Unknown { topic });
    }
    let timeless = json!({"events": [{"occurred_at": "soon", "status_code": "IT"}]});
    assert!(matches!(tracked(&timeless), Inbound::Unreadable { .. }));
    let stated = [("x-shipstation-resource", "tracking")];
    for body in ["", "{}", "[]"] {
        let told = read(&stated, body.as_bytes());
        assert!(matches!(told, Inbound::Unreadable { .. }), "{body}");
    }
}

#[test]
fn parcels_of_the_sandbox_are_marked() {
    assert!(matches!(
        tracked(&json!({})),
        Inbound::Scans { test: false, .. }
    ));
    let settings = settings(NOWHERE).with_secrets("api_key", ["TEST_own-api-key"]);
    let sandbox = connect("shipstation", &settings).expect("a connection");
    assert!(!sandbox.is_live());
    let read = sandbox.read(&RawRequest {
        headers: &headers(&[("x-shipstation-resource", "tracking")]),
        body: TRACKING.as_bytes(),
        url: "",
        received_at: Timestamp::UNIX_EPOCH,
    });
    assert!(matches!(read[..], [Inbound::Scans { test: true, .. }]));
}
