//! Webhooks: what they mean.

use http::HeaderMap;
use jiff::Timestamp;
use orderhub_domain::order::ParcelStatus;
use serde_json::{Value, json};

use super::{NOWHERE, carrier};
use crate::port::{Inbound, RawRequest};

const TRACK: &str = include_str!("../fixtures/track_updated.json");

fn read(body: &[u8]) -> Inbound {
    let headers = HeaderMap::new();
    let read = carrier(NOWHERE).read(&RawRequest {
        headers: &headers,
        body,
        url: "",
        received_at: Timestamp::UNIX_EPOCH,
    });
    let [inbound] = <[Inbound; 1]>::try_from(read).expect("one item");
    inbound
}

fn track(changes: &Value) -> Inbound {
    let mut event: Value = serde_json::from_str(TRACK).expect("JSON");
    for (name, value) in changes.as_object().expect("changes are an object") {
        event["data"][name] = value.clone();
    }
    read(&serde_json::to_vec(&event).expect("JSON"))
}

/// The track with parts replaced: what is seen, as (time, status, code).
fn scans(changes: &Value) -> Vec<(String, ParcelStatus, String)> {
    match track(changes) {
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
        (
            "2026-02-28T16:00:00Z",
            ParcelStatus::LabelCreated,
            "PRE_TRANSIT.information_received",
        ),
        (
            "2026-03-01T03:15:00Z",
            ParcelStatus::PickedUp,
            "TRANSIT.package_accepted",
        ),
        (
            "2026-03-01T09:00:00Z",
            ParcelStatus::Delayed,
            "TRANSIT.delayed",
        ),
        (
            "2026-03-02T07:10:00Z",
            ParcelStatus::OutForDelivery,
            "TRANSIT.out_for_delivery",
        ),
    ];
    let seen: Vec<_> = scans
        .iter()
        .map(|(at, s, code)| (at.as_str(), *s, code.as_str()))
        .collect();
    assert_eq!(seen, expected);
}

#[test]
fn every_status_has_its_meaning_and_new_words_mean_nothing() {
    for (status, substatus, meaning) in [
        ("UNKNOWN", "other", ParcelStatus::Unknown),
        (
            "PRE_TRANSIT",
            "information_received",
            ParcelStatus::LabelCreated,
        ),
        ("TRANSIT", "package_departed", ParcelStatus::InTransit),
        ("TRANSIT", "teleported", ParcelStatus::InTransit),
        ("TRANSIT", "delivery_attempted", ParcelStatus::AttemptFailed),
        ("TRANSIT", "package_held", ParcelStatus::OnHold),
        (
            "TRANSIT",
            "pickup_available",
            ParcelStatus::AvailableForPickup,
        ),
        ("TRANSIT", "package_damaged", ParcelStatus::Exception),
        ("DELIVERED", "delivered", ParcelStatus::Delivered),
        ("RETURNED", "return_to_sender", ParcelStatus::ReturnToSender),
        ("RETURNED", "package_unclaimed", ParcelStatus::AttemptFailed),
        ("FAILURE", "package_undeliverable", ParcelStatus::Exception),
        ("FAILURE", "package_lost", ParcelStatus::Lost),
        ("CANCELLED", "delivered", ParcelStatus::Unknown),
        ("delivered", "delivered", ParcelStatus::Unknown),
    ] {
        let now = json!({"status": status, "substatus": {"code": substatus},
            "status_date": "2026-03-02T08:00:00Z"});
        let scans = scans(&json!({"tracking_status": now, "tracking_history": []}));
        assert_eq!(scans.len(), 1);
        assert_eq!(scans[0].1, meaning, "{status} {substatus}");
    }
}

#[test]
fn a_substatus_never_overrides_another_status() {
    let now = |status: &str, substatus: &str| {
        let now = json!({"status": status, "substatus": {"code": substatus},
            "status_date": "2026-03-02T08:00:00Z"});
        scans(&json!({"tracking_status": now, "tracking_history": null}))[0].1
    };
    assert_eq!(
        now("DELIVERED", "information_received"),
        ParcelStatus::Delivered
    );
    assert_eq!(now("DELIVERED", "package_lost"), ParcelStatus::Delivered);
    assert_eq!(now("RETURNED", "delayed"), ParcelStatus::ReturnToSender);
    assert_eq!(now("UNKNOWN", "package_accepted"), ParcelStatus::Unknown);
}

#[test]
fn prose_never_becomes_a_code() {
    let now = json!({"status": "DELIVERED", "substatus": {"code": "Left with Jane Doe"},
        "status_date": "2026-03-02T08:00:00Z", "status_details": "Signed by Jane Doe"});
    let scans = scans(&json!({"tracking_status": now, "tracking_history": []}));
    assert_eq!(scans[0].2, "DELIVERED");
}

#[test]
fn parcels_of_test_accounts_are_marked() {
    let live = read(TRACK.as_bytes());
    assert!(matches!(live, Inbound::Scans { test: false, .. }));
    let test = TRACK.replacen("\"test\": false", "\"test\": true", 1);
    let test = read(test.as_bytes());
    assert!(matches!(test, Inbound::Scans { test: true, .. }));
}

#[test]
fn a_parcel_that_the_carrier_does_not_know_yet_is_kept_and_not_broken() {
    let topic = "not_yet:track_updated".to_owned();
    for nothing in [
        json!({"tracking_status": null, "tracking_history": []}),
        json!({"tracking_status": {"status": "UNKNOWN", "status_date": null}, "tracking_history": null}),
    ] {
        let topic = topic.clone();
        assert_eq!(track(&nothing), Inbound::Unknown { topic });
    }
    let timeless = json!({"status": "TRANSIT", "status_date": "soon"});
    let timeless = track(&json!({"tracking_status": timeless, "tracking_history": []}));
    assert!(matches!(timeless, Inbound::Unreadable { .. }));
}

#[test]
fn what_is_not_a_track_is_kept_and_what_is_broken_says_so() {
    for event in [
        "transaction_created",
        "transaction_updated",
        "batch_purchased",
    ] {
        let body =
            format!("{{\"event\":\"{event}\",\"test\":true,\"data\":{{\"object_id\":\"x\"}}}}");
        let topic = event.to_owned();
        assert_eq!(read(body.as_bytes()), Inbound::Unknown { topic });
    }
    for body in [
        "",
        "{}",
        r#"{"event":"track_updated"}"#,
        r#"{"event":"track_updated","data":null}"#,
        r#"{"event":"track_updated","data":{"carrier":"usps"}}"#,
        r#"{"event":"track_updated","data":{"tracking_number":7}}"#,
        r#"{"event":"track_updated","data":"Jane Doe"}"#,
    ] {
        match read(body.as_bytes()) {
            Inbound::Unreadable { reason } => assert!(!reason.contains("Jane"), "{reason}"),
            other => panic!("{body}: {other:?}"),
        }
    }
}
