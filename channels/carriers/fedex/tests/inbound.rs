//! Pushes, and what is looked up.

use orderhub_domain::order::ParcelStatus;
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use super::{
    NOWHERE, NUMBER, TRACK, TRACKING, answering, carrier, headers, json_of, ok, problem, read,
    request, settings,
};
use crate::carriers::connect;
use crate::port::{CallError, Forged, Inbound, Resource};
use crate::settings::Mode;

const STATED: [(&str, &str); 1] = [("x-fedex-resource", "tracking")];
const BODY: &[u8] = br#"{"output":{"completeTrackResults":[]}}"#;
/// Computed apart from this code: openssl dgst -sha256 -hmac a-newer-secret -binary | base64.
const TAG: &str = "lVOVQbAHA6HNUoA+mWn7ep+OcbfwjJAWv3fdEg1dwBU=";
/// The same with the secret before it.
const OLDER_TAG: &str = "0WJxQXH68N9bIXOFK3v/i+OYyfJqBsezDjnIlrc4XJI=";
const HEX_TAG: &str = "95539541b00703a1cd52803e9969fb7a9f8e71b7f08c9016bf77dd120d5dc015";

fn verify(pairs: &[(&str, &str)], body: &[u8]) -> Result<(), Forged> {
    carrier(NOWHERE).verify(&request(&headers(pairs), body))
}

/// What is seen, as (time, status, code).
fn seen(item: &Inbound) -> Vec<(String, ParcelStatus, String)> {
    match item {
        Inbound::Scans { scans, .. } => {
            let each = scans.iter();
            each.map(|scan| (scan.at.to_string(), scan.status, scan.code.clone()))
                .collect()
        }
        other => panic!("no scans: {other:?}"),
    }
}

/// What is read of the number with a change.
fn pushed(change: impl FnOnce(&mut Value)) -> Inbound {
    let mut whole = json_of(TRACKING);
    change(&mut whole["output"]["completeTrackResults"][0]);
    let read = read(&[], whole.to_string().as_bytes());
    let [inbound] = <[Inbound; 1]>::try_from(read).expect("one item");
    inbound
}

#[test]
fn a_signature_by_any_secret_in_force_is_believed() {
    for tag in [TAG, OLDER_TAG] {
        assert_eq!(verify(&[("fdx-signature", tag)], BODY), Ok(()));
    }
}

#[test]
fn whatever_was_changed_is_not_believed() {
    let mut changed = BODY.to_vec();
    changed[12] ^= 1;
    for body in [&changed[..], &BODY[1..], b""] {
        let answer = verify(&[("fdx-signature", TAG)], body);
        assert_eq!(answer, Err(Forged::Mismatch));
    }
    for tag in ["", HEX_TAG, &TAG[4..], "no base64"] {
        let answer = verify(&[("fdx-signature", tag)], BODY);
        assert_eq!(answer, Err(Forged::Mismatch), "{tag}");
    }
    let other = verify(&[("x-fedex-signature", TAG)], BODY);
    assert_eq!(other, Err(Forged::Missing));
    let as_ours = verify(&[("fdx-signature", TAG), STATED[0]], BODY);
    assert_eq!(as_ours, Err(Forged::Mismatch));
    let bare = settings(NOWHERE).with_secrets("webhook_secrets", Vec::<String>::new());
    let fedex = connect("fedex", &bare).expect("a connection");
    let answer = fedex.verify(&request(&headers(&[("fdx-signature", TAG)]), BODY));
    assert_eq!(
        answer,
        Err(Forged::Mismatch),
        "no secret, nobody is believed"
    );
}

#[test]
fn of_parcels_with_the_same_number_the_one_seen_last_counts() {
    let expected = [
        ("2026-03-01T00:00:00Z", ParcelStatus::PickedUp, "PU"),
        (
            "2026-03-02T18:28:00Z",
            ParcelStatus::AttemptFailed,
            "DE.A47",
        ),
        ("2026-03-03T15:52:00Z", ParcelStatus::OutForDelivery, "OD"),
        ("2026-03-03T16:26:00Z", ParcelStatus::Delivered, "DL"),
    ];
    let expected = expected.map(|(at, status, code)| (at.to_owned(), status, code.to_owned()));
    assert_eq!(seen(&pushed(|_| ())), expected);
    // In whatever order they stand.
    let turned = pushed(|complete| {
        let results = complete["trackResults"].as_array_mut().expect("an array");
        results.reverse();
    });
    assert_eq!(seen(&turned), expected);
}

#[test]
fn every_event_has_its_meaning_and_new_words_mean_nothing() {
    for (event, meaning) in [
        ("OC", ParcelStatus::LabelCreated),
        ("PU", ParcelStatus::PickedUp),
        ("DP", ParcelStatus::InTransit),
        ("AO", ParcelStatus::InTransit),
        ("OD", ParcelStatus::OutForDelivery),
        ("HP", ParcelStatus::AvailableForPickup),
        ("DY", ParcelStatus::Delayed),
        ("CD", ParcelStatus::OnHold),
        ("SE", ParcelStatus::Exception),
        ("DE", ParcelStatus::AttemptFailed),
        ("RS", ParcelStatus::ReturnToSender),
        ("CA", ParcelStatus::Cancelled),
        ("DL", ParcelStatus::Delivered),
        ("ZZ", ParcelStatus::Unknown),
        ("dl", ParcelStatus::Unknown),
        ("Left with Jane", ParcelStatus::Unknown),
    ] {
        // Whatever is derived and told beside it.
        let scan = json!({"date": "2026-03-03T09:26:00-07:00", "eventType": event,
            "derivedStatusCode": "DL", "eventDescription": "Delivered to Jane", "exceptionCode": "Jane D"});
        let told = pushed(|complete| complete["trackResults"] = json!([{"scanEvents": [scan]}]));
        let seen = seen(&told);
        assert_eq!(seen[0].1, meaning, "{event}");
        assert!(!seen[0].2.contains("Jane"));
    }
}

#[test]
fn that_somebody_signed_is_kept_and_who_is_not() {
    let signed_by = |name: &str, event: &str| {
        let told = pushed(|complete| {
            let result = &mut complete["trackResults"][0];
            result["deliveryDetails"]["signedByName"] = json!(name);
            result["scanEvents"][0]["eventType"] = json!(event);
        });
        assert!(!format!("{told:?}").contains("JANE"));
        match told {
            Inbound::Scans { proof, .. } => proof,
            other => panic!("no scans: {other:?}"),
        }
    };
    let proof = signed_by("JANE DOE", "DL").expect("it was signed for");
    assert!(proof.signed && proof.reference.is_none());
    for nobody in ["", " ", "Signature not required", "SIGNATURE NOT REQ"] {
        assert_eq!(signed_by(nobody, "DL"), None, "{nobody}");
    }
    assert_eq!(signed_by("JANE DOE", "OD"), None, "not delivered");
}

#[test]
fn what_is_not_there_yet_is_kept_and_of_which_nothing_is_said_is_looked_up() {
    let error = json!({"code": "TRACKING.TRACKINGNUMBER.NOTFOUND", "message": "Jane"});
    let told = pushed(|complete| complete["trackResults"] = json!([{"error": error}]));
    let topic = "not_yet:TRACKING.TRACKINGNUMBER.NOTFOUND".to_owned();
    assert_eq!(told, Inbound::Unknown { topic });
    let told = pushed(|complete| complete["trackResults"] = json!([]));
    let changed = Inbound::Changed(Resource {
        kind: "tracking_number".to_owned(),
        id: NUMBER.to_owned(),
    });
    assert_eq!(told, changed);
    // Once it was, there is nothing more to ask.
    let bare = json!({"output": {"completeTrackResults": [{"trackingNumber": NUMBER}]}});
    let told = read(&STATED, bare.to_string().as_bytes());
    assert!(matches!(told[..], [Inbound::Unreadable { .. }]), "{told:?}");
}

#[test]
fn a_bad_item_loses_nothing_else_and_what_is_broken_says_so() {
    let mut whole = json_of(TRACKING);
    let good = whole["output"]["completeTrackResults"][0].clone();
    whole["output"]["completeTrackResults"] = json!([{"trackResults": "Jane"}, good]);
    let told = read(&[], whole.to_string().as_bytes());
    let [Inbound::Unreadable { reason }, Inbound::Scans { .. }] = &told[..] else {
        panic!("two items: {told:?}");
    };
    assert!(!reason.contains("Jane"));
    // A push may come without what is around an answer.
    let plain = json!({"completeTrackResults": [good]});
    let told = read(&[], plain.to_string().as_bytes());
    assert!(matches!(told[..], [Inbound::Scans { .. }]), "{told:?}");
    for nothing in ["{}", "[]", r#"{"output":{}}"#] {
        let topic = "no_track_results".to_owned();
        assert_eq!(read(&[], nothing.as_bytes()), [Inbound::Unknown { topic }]);
    }
    for body in ["", "7", r#"{"output":"Jane"}"#] {
        match &read(&[], body.as_bytes())[..] {
            [Inbound::Unreadable { reason }] => assert!(!reason.contains("Jane"), "{reason}"),
            other => panic!("{body}: {other:?}"),
        }
    }
}

#[test]
fn the_sandbox_is_not_live() {
    let mut settings = settings(NOWHERE);
    assert!(connect("fedex", &settings).expect("a connection").is_live());
    settings.mode = Some(Mode::Test);
    assert!(!connect("fedex", &settings).expect("a connection").is_live());
}

#[tokio::test]
async fn a_parcel_is_looked_up_by_its_number() {
    let thing = |kind: &str, id: &str| Resource {
        kind: kind.to_owned(),
        id: id.to_owned(),
    };
    let server = answering(vec![("POST", TRACK, ok(&json_of(TRACKING)))]).await;
    let fedex = carrier(&server.uri());
    let look_up = fedex.look_up().expect("it looks up");
    let found = look_up.look_up(&thing("tracking_number", NUMBER)).await;
    let [stated] = &found.expect("an answer")[..] else {
        panic!("one statement");
    };
    assert_eq!(stated.headers["x-fedex-resource"], "tracking");
    assert_eq!(read(&STATED, &stated.raw).len(), 1);
    let requests = server.received_requests().await.expect("recorded");
    let asked: Value = serde_json::from_slice(&requests[1].body).expect("JSON");
    let expected = json!({"includeDetailedScans": true,
        "trackingInfo": [{"trackingNumberInfo": {"trackingNumber": NUMBER}}]});
    assert_eq!(asked, expected);
    for (kind, id) in [("label", NUMBER), ("tracking_number", "../x")] {
        let found = look_up.look_up(&thing(kind, id)).await;
        assert_eq!(found, Ok(Vec::new()), "{kind} {id}");
    }
    for status in [404, 400, 401, 403, 429, 500, 503] {
        let server = answering(vec![("POST", TRACK, problem(status, "x"))]).await;
        let fedex = carrier(&server.uri());
        let look_up = fedex.look_up().expect("it looks up");
        let answer = look_up.look_up(&thing("tracking_number", NUMBER)).await;
        if status == 404 {
            assert_eq!(answer, Ok(Vec::new()));
        } else {
            assert!(matches!(answer, Err(CallError::NotDone { .. })), "{status}");
        }
    }
}

#[tokio::test]
async fn parcels_that_are_under_way_are_asked_for_together_and_told_one_by_one() {
    let mut two = json_of(TRACKING);
    let parcels = two["output"]["completeTrackResults"].as_array_mut();
    let unseen = json!({"trackingNumber": "794000000002", "trackResults": [
        {"error": {"code": "TRACKING.TRACKINGNUMBER.NOTFOUND", "message": "Jane"}}]});
    parcels.expect("a list").push(unseen);
    let server = answering(vec![("POST", TRACK, ok(&two))]).await;
    let fedex = carrier(&server.uri());
    let follow = fedex.follow().expect("it is asked");
    let numbers = [NUMBER, "../x", "794000000002"].map(str::to_owned);
    let told = follow.seen(&numbers).await.expect("an answer");
    let said = told.iter().flat_map(|stated| read(&STATED, &stated.raw));
    let said: Vec<_> = said.collect();
    let topic = "not_yet:TRACKING.TRACKINGNUMBER.NOTFOUND".to_owned();
    assert!(
        matches!(&said[..], [Inbound::Scans { tracking_number, .. }, unseen]
        if tracking_number == NUMBER && *unseen == Inbound::Unknown { topic })
    );
    two["transactionId"] = "another".into();
    let again = answering(vec![("POST", TRACK, ok(&two))]).await;
    let elsewhere = carrier(&again.uri());
    let twice = elsewhere.follow().expect("it is asked").seen(&numbers);
    assert_eq!(twice.await, Ok(told), "the same twice is the same");
    let requests = server.received_requests().await.expect("recorded");
    let asked: Value = serde_json::from_slice(&requests[1].body).expect("JSON");
    let each = |number: &str| json!({"trackingNumberInfo": {"trackingNumber": number}});
    let expected = json!([each(NUMBER), each("794000000002")]);
    assert_eq!(asked["trackingInfo"], expected);
    assert_eq!(follow.seen(&["../x".to_owned()]).await, Ok(Vec::new()));
    for (answer, open) in [
        (problem(404, "x"), false),
        (problem(503, "x"), true),
        (ResponseTemplate::new(200).set_body_string("<html>"), true),
    ] {
        let server = answering(vec![("POST", TRACK, answer)]).await;
        let fedex = carrier(&server.uri());
        let seen = fedex.follow().expect("it is asked").seen(&numbers).await;
        let failed = matches!(seen, Err(CallError::NotDone { .. }));
        assert_eq!((failed, seen == Ok(Vec::new())), (open, !open));
    }
}
