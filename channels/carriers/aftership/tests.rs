//! The connector from outside: signatures, trackings, what it says of labels, and what it is told.

mod enlist;

use std::sync::Arc;

use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;
use orderhub_domain::order::{LabelEvidence, ParcelStatus};
use serde_json::{Value, json};

use crate::carriers::buying::{parcel, to_berlin};
use crate::carriers::{CarrierConnector, connect};
use crate::port::{Forged, Found, Inbound, RawRequest, Repeat};
use crate::settings::Settings;

const TRACKING: &str = include_str!("fixtures/tracking_update.json");
const BODY: &[u8] = br#"{"event":"tracking_update","msg":{}}"#;
/// Computed apart from this code: openssl dgst -sha256 -hmac a-newer-secret -binary | base64.
const TAG: &str = "nd8qvPa8Wug4AWBrVI3v/q61fgANaWBxFbViYIlH0mM=";
/// The same with the secret before it.
const OLDER_TAG: &str = "h8fIlnS/O9cpKDegRJy0tVE+0guPXNxse1h3oc16pYE=";
const HEX_TAG: &str = "9ddf2abcf6bc5ae83801606b548deffeaeb57e000d69607115b562608947d263";

fn carrier() -> Arc<dyn CarrierConnector> {
    let settings = Settings::new("aftership".into())
        .with_secrets("webhook_secrets", ["a-newer-secret", "an-older-secret"]);
    connect("aftership", &settings).expect("a connection")
}

fn request<'a>(headers: &'a HeaderMap, body: &'a [u8]) -> RawRequest<'a> {
    RawRequest {
        headers,
        body,
        url: "",
        received_at: Timestamp::UNIX_EPOCH,
    }
}

fn verify(name: &'static str, tag: &str, body: &[u8]) -> Result<(), Forged> {
    let mut headers = HeaderMap::new();
    headers.insert(name, HeaderValue::from_str(tag).expect("a header"));
    carrier().verify(&request(&headers, body))
}

#[test]
fn a_signature_by_any_secret_in_force_is_believed() {
    for tag in [TAG, OLDER_TAG] {
        assert_eq!(verify("aftership-hmac-sha256", tag, BODY), Ok(()));
    }
}

#[test]
fn whatever_was_changed_is_not_believed() {
    let own = "aftership-hmac-sha256";
    let mut changed = BODY.to_vec();
    changed[12] ^= 1;
    assert_eq!(verify(own, TAG, &changed), Err(Forged::Mismatch));
    assert_eq!(verify(own, TAG, &BODY[1..]), Err(Forged::Mismatch));
    let prefixed = format!("hmac-sha256={TAG}");
    for tag in ["", HEX_TAG, &TAG[4..], &prefixed] {
        assert_eq!(verify(own, tag, BODY), Err(Forged::Mismatch), "{tag}");
    }
    for other in ["as-signature-hmac-sha256", "am-webhook-signature"] {
        assert_eq!(verify(other, TAG, BODY), Err(Forged::Missing), "{other}");
    }
}

fn read(body: &[u8]) -> Vec<Inbound> {
    carrier().read(&request(&HeaderMap::new(), body))
}

/// The tracking with parts replaced.
fn tracking(changes: &Value) -> Inbound {
    let mut event: Value = serde_json::from_str(TRACKING).expect("JSON");
    for (name, value) in changes.as_object().expect("changes are an object") {
        event["msg"][name] = value.clone();
    }
    let read = read(&serde_json::to_vec(&event).expect("JSON"));
    let [inbound] = <[Inbound; 1]>::try_from(read).expect("one item");
    inbound
}

/// What is seen, as (time, status, code).
fn scans(changes: &Value) -> Vec<(String, ParcelStatus, String)> {
    match tracking(changes) {
        Inbound::Scans { scans, .. } => {
            let each = scans.into_iter();
            each.map(|scan| (scan.at.to_string(), scan.status, scan.code))
                .collect()
        }
        other => panic!("no scans: {other:?}"),
    }
}

#[test]
fn every_checkpoint_counts_once_in_the_order_of_time() {
    let scans = scans(&json!({}));
    let expected = [
        (
            "2026-02-28T15:00:00Z",
            ParcelStatus::LabelCreated,
            "InfoReceived_001",
        ),
        (
            "2026-03-01T03:15:00Z",
            ParcelStatus::PickedUp,
            "InTransit_002",
        ),
        (
            "2026-03-01T09:00:00Z",
            ParcelStatus::Delayed,
            "Exception_017",
        ),
        (
            "2026-03-02T07:10:00Z",
            ParcelStatus::OutForDelivery,
            "OutForDelivery_001",
        ),
    ];
    let seen: Vec<_> = scans
        .iter()
        .map(|(at, s, code)| (at.as_str(), *s, code.as_str()))
        .collect();
    assert_eq!(seen, expected);
}

#[test]
fn a_parcel_is_named_by_its_carrier_and_its_number() {
    let carrier = |slug: Value| match tracking(&json!({ "slug": slug })) {
        Inbound::Scans {
            tracking_number,
            carrier,
            ..
        } => {
            assert_eq!(tracking_number, "OWN0001");
            carrier
        }
        other => panic!("no scans: {other:?}"),
    };
    assert_eq!(carrier(json!("royal-mail")).as_deref(), Some("royal-mail"));
    assert_eq!(carrier(json!("dhl")).as_deref(), Some("dhl-express"));
    assert_eq!(carrier(json!(null)), None);
    assert_eq!(carrier(json!(" ")), None);
}

#[test]
fn a_parcel_that_the_hub_told_of_is_its_carriers_by_whatever_name_aftership_calls_it() {
    let carrier = |fields: Value| {
        let changes = json!({ "slug": "own-detected-slug", "custom_fields": fields });
        match tracking(&changes) {
            Inbound::Scans { carrier, .. } => carrier,
            other => panic!("no scans: {other:?}"),
        }
    };
    let told = carrier(json!({ "hub_carrier": "ownbikes" }));
    assert_eq!(told.as_deref(), Some("ownbikes"));
    for other in [
        json!(null),
        json!([]),
        json!({ "colour": "red" }),
        json!({ "hub_carrier": " " }),
    ] {
        let told = carrier(other.clone());
        assert_eq!(told.as_deref(), Some("own-detected-slug"), "{other}");
    }
}

#[test]
fn a_date_alone_is_a_time_too() {
    let checkpoints = json!([{"checkpoint_time": "2026-03-01", "tag": "InTransit"}]);
    let scans = scans(&json!({"tag": "InTransit", "subtag": null, "checkpoints": checkpoints}));
    assert_eq!(scans.len(), 1);
    assert_eq!(scans[0].0, "2026-03-01T00:00:00Z");
}

#[test]
fn the_trackings_own_state_stands_for_itself_when_no_checkpoint_says_it() {
    let scans = scans(&json!({"tag": "Expired", "subtag": "Expired_001"}));
    let expected = (
        "2026-03-02T07:12:00Z".to_owned(),
        ParcelStatus::Expired,
        "Expired_001".to_owned(),
    );
    assert_eq!(scans.last(), Some(&expected));
}

#[test]
fn every_tag_has_its_meaning_and_new_words_mean_nothing() {
    for (tag, subtag, meaning) in [
        ("Pending", "Pending_001", ParcelStatus::Unknown),
        (
            "InfoReceived",
            "InfoReceived_001",
            ParcelStatus::LabelCreated,
        ),
        ("InTransit", "InTransit_001", ParcelStatus::InTransit),
        ("InTransit", "InTransit_099", ParcelStatus::InTransit),
        (
            "OutForDelivery",
            "OutForDelivery_003",
            ParcelStatus::OutForDelivery,
        ),
        (
            "OutForDelivery",
            "OutForDelivery_002",
            ParcelStatus::AvailableForPickup,
        ),
        (
            "AttemptFail",
            "AttemptFail_002",
            ParcelStatus::AttemptFailed,
        ),
        (
            "AvailableForPickup",
            "AvailableForPickup_001",
            ParcelStatus::AvailableForPickup,
        ),
        ("Delivered", "Delivered_005", ParcelStatus::Delivered),
        ("Exception", "Exception_003", ParcelStatus::Exception),
        ("Exception", "Exception_004", ParcelStatus::OnHold),
        ("Exception", "Exception_005", ParcelStatus::Delayed),
        ("Exception", "Exception_010", ParcelStatus::ReturnToSender),
        ("Exception", "Exception_011", ParcelStatus::Returned),
        ("Exception", "Exception_013", ParcelStatus::Lost),
        ("Exception", "Exception_099", ParcelStatus::Exception),
        ("Expired", "Expired_001", ParcelStatus::Expired),
        // A subtag of another tag, and words that nobody knows.
        ("Delivered", "Exception_013", ParcelStatus::Delivered),
        ("Teleported", "InTransit_002", ParcelStatus::Unknown),
        ("delivered", "Delivered_001", ParcelStatus::Unknown),
    ] {
        let scans = scans(&json!({"tag": tag, "subtag": subtag, "checkpoints": []}));
        assert_eq!(scans.len(), 1);
        assert_eq!(scans[0].1, meaning, "{tag} {subtag}");
    }
}

#[test]
fn that_somebody_signed_is_kept_and_who_is_not() {
    let told = |changes: Value| match tracking(&changes) {
        Inbound::Scans { proof, .. } => proof,
        other => panic!("no scans: {other:?}"),
    };
    let delivered = |subtag: &str, signer: Option<&str>| {
        told(json!({"tag": "Delivered", "subtag": subtag, "signed_by": signer}))
    };
    let page = "https://post.example.com/track?number=OWN0001";
    for proof in [
        delivered("Delivered_003", None),
        delivered("Delivered_001", Some("JANE DOE")),
    ] {
        let proof = proof.expect("it was signed for");
        assert!(proof.signed && proof.reference.as_deref() == Some(page));
        assert!(!format!("{proof:?}").contains("JANE"));
    }
    assert_eq!(delivered("Delivered_001", Some(" ")), None);
    assert_eq!(
        told(json!({"signed_by": "JANE DOE"})),
        None,
        "not delivered"
    );
}

#[test]
fn prose_never_becomes_a_code() {
    let changes = json!({"tag": "Delivered", "subtag": "Left with Jane", "checkpoints": []});
    assert_eq!(scans(&changes)[0].2, "Delivered");
}

#[test]
fn what_is_no_update_is_taken_or_kept_and_what_is_broken_says_so() {
    for known in ["edd_revise", "tracking_pending_time"] {
        let body = TRACKING.replace("tracking_update", known);
        assert!(read(body.as_bytes()).is_empty(), "{known}");
    }
    let topic = "return.approved".to_owned();
    let other = br#"{"id":"1","event":"return.approved","data":{}}"#;
    assert_eq!(read(other), [Inbound::Unknown { topic }]);
    for body in [
        "",
        "{}",
        r#"{"event":"tracking_update"}"#,
        r#"{"event":"tracking_update","msg":null}"#,
        r#"{"event":"tracking_update","msg":{"tag":"Delivered"},"ts":1}"#,
        r#"{"event":"tracking_update","msg":{"tracking_number":"X","tag":"Delivered"}}"#,
        r#"{"event":"tracking_update","msg":"Jane Doe","ts":1}"#,
    ] {
        match &read(body.as_bytes())[..] {
            [Inbound::Unreadable { reason }] => assert!(!reason.contains("Jane"), "{reason}"),
            other => panic!("{body}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn labels_are_bought_elsewhere() {
    let reason = || "tracking_only".to_owned();
    let aftership = carrier();
    let failed = LabelEvidence::Failed { reason: reason() };
    assert_eq!(aftership.buy(&to_berlin()).await, Ok(failed));
    let refused = LabelEvidence::VoidRefused { reason: reason() };
    assert_eq!(aftership.void("own").await, Ok(refused));
    assert_eq!(aftership.find(parcel()).await, Ok(Found::Absent));
    assert_eq!(aftership.repeat(), Repeat::Natural);
}
