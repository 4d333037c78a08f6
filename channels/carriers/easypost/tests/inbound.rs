//! Webhooks: who is believed, and what they mean.

use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;
use orderhub_domain::order::ParcelStatus;
use serde_json::{Value, json};

use super::carrier;
use crate::carriers::buying::NOWHERE;
use crate::port::{Forged, Inbound, RawRequest};

const BODY: &[u8] =
    br#"{"object":"Event","description":"tracker.updated","result":{"weight":614.4}}"#;
/// HMAC-SHA256 of the body; the key is the secret in NFKD.
const TAG: &str = "159d9850a85abf624cb617ef013f21c843bd3affc5f6099cfc061ae0036427bf";
/// The same with the secret as it is usually typed, in NFC.
const NFC_TAG: &str = "32e39f60e240ccace6dc93bd105f992eea4fa6205fb21d0f425c32c7af6ef2fb";
const TRACKER: &str = include_str!("../fixtures/event_tracker.json");

fn request<'a>(headers: &'a HeaderMap, body: &'a [u8]) -> RawRequest<'a> {
    RawRequest {
        headers,
        body,
        url: "",
        received_at: Timestamp::UNIX_EPOCH,
    }
}

fn verify(header: Option<&str>, body: &[u8]) -> Result<(), Forged> {
    let mut headers = HeaderMap::new();
    if let Some(header) = header {
        let value = HeaderValue::from_bytes(header.as_bytes()).expect("a header");
        headers.insert("x-hmac-signature", value);
    }
    carrier(NOWHERE).verify(&request(&headers, body))
}

#[test]
fn a_signature_of_the_normalised_secret_is_believed() {
    assert_eq!(
        verify(Some(&format!("hmac-sha256-hex={TAG}")), BODY),
        Ok(())
    );
}

#[test]
fn whatever_was_changed_is_not_believed() {
    let right = format!("hmac-sha256-hex={TAG}");
    let mut changed = BODY.to_vec();
    changed[20] ^= 1;
    assert_eq!(verify(Some(&right), &changed), Err(Forged::Mismatch));
    assert_eq!(
        verify(Some(&right), &BODY[..BODY.len() - 1]),
        Err(Forged::Mismatch)
    );
    let rewritten = String::from_utf8_lossy(BODY).replace("614.4", "614.40");
    assert_eq!(
        verify(Some(&right), rewritten.as_bytes()),
        Err(Forged::Mismatch)
    );
    for header in [
        format!("hmac-sha256-hex={NFC_TAG}"),
        format!("hmac-sha256-hex={}", &TAG[2..]),
        "hmac-sha256-hex=".to_owned(),
        "hmac-sha256-hex=WZ2YUKhav2JMthfvAT8hyEO9Ov/FwGCZz8Bhrg==".to_owned(),
        TAG.to_owned(),
        format!("sha256={TAG}"),
    ] {
        assert_eq!(
            verify(Some(&header), BODY),
            Err(Forged::Mismatch),
            "{header}"
        );
    }
    assert_eq!(verify(None, BODY), Err(Forged::Missing));
    assert_eq!(
        verify(Some("hmac-sha256-hex=\u{e9}"), BODY),
        Err(Forged::Missing)
    );
}

fn read(body: &[u8]) -> Inbound {
    let headers = HeaderMap::new();
    let read = carrier(NOWHERE).read(&request(&headers, body));
    let [inbound] = <[Inbound; 1]>::try_from(read).expect("one item");
    inbound
}

/// The tracker with parts replaced: what is seen, as (time, status, code).
fn scans(changes: Value) -> Vec<(String, ParcelStatus, String)> {
    let mut event: Value = serde_json::from_str(TRACKER).expect("JSON");
    let Value::Object(changes) = changes else {
        panic!("changes are an object");
    };
    for (name, value) in changes {
        event["result"][name] = value;
    }
    match read(&serde_json::to_vec(&event).expect("JSON")) {
        Inbound::Scans { scans, .. } => {
            let each = scans.into_iter();
            each.map(|scan| (scan.at.to_string(), scan.status, scan.code))
                .collect()
        }
        other => panic!("no scans: {other:?}"),
    }
}

fn only(status: &str, detail: &str) -> ParcelStatus {
    let scans = scans(json!({"status": status, "status_detail": detail, "tracking_details": []}));
    assert_eq!(scans.len(), 1, "{status}");
    scans[0].1
}

#[test]
fn every_sighting_counts_once_in_the_order_of_time() {
    let scans = scans(json!({}));
    let expected = [
        (
            "2026-02-28T16:00:00Z",
            ParcelStatus::LabelCreated,
            "pre_transit.label_created",
        ),
        ("2026-03-01T03:15:00Z", ParcelStatus::InTransit, "DP"),
        (
            "2026-03-01T09:00:00Z",
            ParcelStatus::Delayed,
            "in_transit.missorted",
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
fn the_trackers_own_status_stands_for_itself_when_no_sighting_says_it() {
    let scans = scans(json!({"status": "delivered", "status_detail": "status_update"}));
    let expected = (
        "2026-03-02T07:30:00Z".to_owned(),
        ParcelStatus::Delivered,
        "delivered.status_update".to_owned(),
    );
    assert_eq!(scans.last(), Some(&expected));
}

#[test]
fn every_status_has_its_meaning_and_new_words_mean_nothing() {
    for (status, meaning) in [
        ("unknown", ParcelStatus::Unknown),
        ("pre_transit", ParcelStatus::LabelCreated),
        ("in_transit", ParcelStatus::InTransit),
        ("out_for_delivery", ParcelStatus::OutForDelivery),
        ("delivered", ParcelStatus::Delivered),
        ("available_for_pickup", ParcelStatus::AvailableForPickup),
        ("return_to_sender", ParcelStatus::ReturnToSender),
        ("failure", ParcelStatus::Exception),
        ("cancelled", ParcelStatus::Cancelled),
        ("error", ParcelStatus::Unknown),
        ("teleported", ParcelStatus::Unknown),
        ("DELIVERED", ParcelStatus::Unknown),
    ] {
        assert_eq!(only(status, "status_update"), meaning, "{status}");
    }
}

#[test]
fn details_refine_what_is_open_and_never_an_outcome() {
    for (status, detail, meaning) in [
        ("failure", "lost", ParcelStatus::Lost),
        ("failure", "damaged", ParcelStatus::Exception),
        ("in_transit", "delayed", ParcelStatus::Delayed),
        ("in_transit", "held", ParcelStatus::OnHold),
        (
            "out_for_delivery",
            "delivery_exception",
            ParcelStatus::AttemptFailed,
        ),
        ("unknown", "expired", ParcelStatus::Expired),
        ("delivered", "lost", ParcelStatus::Delivered),
        ("return_to_sender", "delayed", ParcelStatus::ReturnToSender),
        ("cancelled", "held", ParcelStatus::Cancelled),
    ] {
        assert_eq!(only(status, detail), meaning, "{status} {detail}");
    }
}

#[test]
fn parcels_of_test_accounts_are_marked() {
    assert!(matches!(
        read(TRACKER.as_bytes()),
        Inbound::Scans { test: false, .. }
    ));
    let test = TRACKER.replacen("production", "test", 1);
    assert!(matches!(
        read(test.as_bytes()),
        Inbound::Scans { test: true, .. }
    ));
}

#[test]
fn that_somebody_signed_is_kept_and_who_is_not() {
    let told = |changes: Value| {
        let mut event: Value = serde_json::from_str(TRACKER).expect("JSON");
        for (name, value) in changes.as_object().expect("an object") {
            event["result"][name] = value.clone();
        }
        match read(&serde_json::to_vec(&event).expect("JSON")) {
            Inbound::Scans { proof, .. } => proof,
            other => panic!("no scans: {other:?}"),
        }
    };
    let page = "https://track.easypost.com/own";
    let signed = json!({"status": "delivered", "signed_by": "JANE DOE", "public_url": page});
    let proof = told(signed.clone()).expect("it was signed for");
    assert!(proof.signed && proof.reference.as_deref() == Some(page));
    assert!(!format!("{proof:?}").contains("JANE"));
    let mut odd = signed.clone();
    odd["public_url"] = "javascript:alert(1)".into();
    assert_eq!(told(odd).expect("signed all the same").reference, None);
    for unsigned in [
        json!({"status": "delivered", "signed_by": null, "public_url": page}),
        json!({"status": "delivered", "signed_by": "  "}),
        json!({"status": "in_transit", "signed_by": "JANE DOE"}),
    ] {
        assert_eq!(told(unsigned), None);
    }
}

#[test]
fn prose_never_becomes_a_code() {
    let details = json!([{"status": "delivered", "datetime": "2026-03-02T08:00:00Z",
        "carrier_code": "Left with Jane Doe", "message": "Signed by Jane Doe"}]);
    let scans = scans(json!({"status": "delivered", "tracking_details": details}));
    assert_eq!(scans[0].2, "delivered");
}

#[test]
fn a_tracker_on_its_own_says_what_an_event_says_of_it() {
    let event: Value = serde_json::from_str(TRACKER).expect("JSON");
    let mut alone = event["result"].clone();
    alone["object"] = "Tracker".into();
    alone["mode"] = event["mode"].clone();
    assert_eq!(read(alone.to_string().as_bytes()), read(TRACKER.as_bytes()));
    let topic = "ScanForm".to_owned();
    let other = br#"{"object":"ScanForm","id":"sf_own"}"#;
    assert_eq!(read(other), Inbound::Unknown { topic });
}

#[test]
fn what_is_not_a_tracker_is_kept_and_what_is_broken_says_so() {
    let batch = br#"{"object":"Event","description":"batch.updated","result":{"id":"batch_1"}}"#;
    assert_eq!(
        read(batch),
        Inbound::Unknown {
            topic: "batch.updated".to_owned()
        }
    );
    for body in [
        "",
        "{}",
        r#"{"object":"Event","description":"tracker.updated"}"#,
        r#"{"object":"Event","description":"tracker.updated","result":{"status":"delivered"}}"#,
        r#"{"object":"Event","description":"tracker.updated","result":{"tracking_code":"X"}}"#,
        r#"{"object":"Tracker","description":"tracker.updated","result":{"tracking_code":"X"}}"#,
    ] {
        let inbound = read(body.as_bytes());
        assert!(
            matches!(inbound, Inbound::Unreadable { .. }),
            "{body}: {inbound:?}"
        );
    }
}
