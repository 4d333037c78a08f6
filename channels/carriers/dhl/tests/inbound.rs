//! Pushes, and what is looked up.

use orderhub_domain::order::ParcelStatus;
use serde_json::{Value, json};

use super::{
    NOWHERE, NUMBER, PUSH, TRACK, TRACKING, answering, carrier, json_of, ok, problem, read,
    settings, verify,
};
use crate::carriers::connect;
use crate::port::{CallError, Follow, Forged, Inbound, Resource};
use crate::settings::{ConfigError, Mode};

const STATED: [(&str, &str); 1] = [("x-dhl-resource", "tracking")];

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

/// What is read of the looked-up parcel with a change.
fn tracked(change: impl FnOnce(&mut Value)) -> Inbound {
    let mut whole = json_of(TRACKING);
    change(&mut whole["shipments"][0]);
    let read = read(&STATED, whole.to_string().as_bytes());
    let [inbound] = <[Inbound; 1]>::try_from(read).expect("one item");
    inbound
}

#[test]
fn only_who_shows_a_token_in_force_is_believed() {
    for word in ["a-newer-word", "an-older-word"] {
        assert_eq!(verify(&[("x-orderhub-token", word)]), Ok(()), "{word}");
    }
    for word in ["", "a-newer-wor", "a-newer-word2", "A-newer-word"] {
        let answer = verify(&[("x-orderhub-token", word)]);
        assert_eq!(answer, Err(Forged::Mismatch), "{word}");
    }
    assert_eq!(verify(&[]), Err(Forged::Missing));
    assert_eq!(
        verify(&[("dhl-api-hook-secret", "a-newer-word")]),
        Err(Forged::Missing)
    );
    let as_ours = [("x-orderhub-token", "a-newer-word"), STATED[0]];
    assert_eq!(verify(&as_ours), Err(Forged::Mismatch));
}

#[test]
fn nobody_is_believed_where_there_is_no_token() {
    let bare = settings(NOWHERE).with_secrets("webhook_tokens", Vec::<String>::new());
    let dhl = connect("dhl", &bare).expect("a connection");
    let shown = super::headers(&[("x-orderhub-token", "")]);
    let answer = dhl.verify(&super::request(&shown, PUSH.as_bytes()));
    assert_eq!(answer, Err(Forged::Mismatch));
}

#[test]
fn every_parcel_of_a_push_is_an_item_and_a_bad_one_loses_only_itself() {
    let read = read(&[], PUSH.as_bytes());
    let [first, second, third] = &read[..] else {
        panic!("three items: {read:?}");
    };
    let Inbound::Scans {
        tracking_number,
        test: false,
        proof: None,
        ..
    } = first
    else {
        panic!("no scans: {first:?}");
    };
    assert_eq!(tracking_number, "4711000001");
    let expected = (
        "2026-03-02T09:00:00Z".to_owned(),
        ParcelStatus::InTransit,
        "transit".to_owned(),
    );
    assert_eq!(seen(first), [expected]);
    let Inbound::Unreadable { reason } = second else {
        panic!("it has no number: {second:?}");
    };
    assert!(!reason.contains("Jane"));
    // One of which nothing is said is asked for.
    let changed = Inbound::Changed(Resource {
        kind: "tracking_number".to_owned(),
        id: "00340000000000000002".to_owned(),
    });
    assert_eq!(*third, changed);
}

#[test]
fn an_answer_of_the_tracking_is_read_where_it_is_pushed_and_another_apis_is_kept() {
    let looked_up = read(&STATED, TRACKING.as_bytes());
    assert_eq!(read(&[], TRACKING.as_bytes()), looked_up);
    let one = &json_of(TRACKING)["shipments"][0];
    assert_eq!(read(&[], one.to_string().as_bytes()), looked_up[..1]);
    let express = json!({"shipments": [{"shipmentTrackingNumber": "4711", "status": "delivered",
        "events": [{"date": "2026-03-02", "time": "10:00:00", "typeCode": "OK"}]}]});
    let express = express.to_string();
    let topic = "another_api:mydhl".to_owned();
    let kept = [Inbound::Unknown { topic }];
    assert_eq!(read(&[], express.as_bytes()), kept);
    assert_eq!(read(&STATED, express.as_bytes()), kept);
}

#[test]
fn what_a_subscription_says_of_itself_is_kept_or_taken() {
    let said = |scope: &str| {
        let body = json!({"scope": scope, "self": "https://api-eu.dhl.com/own", "secret": "own"});
        read(&[], body.to_string().as_bytes())
    };
    assert_eq!(said("subscription.ready"), []);
    for scope in [
        "subscription.validate",
        "subscription.failure",
        "subscription.own",
    ] {
        let topic = scope.to_owned();
        assert_eq!(said(scope), [Inbound::Unknown { topic }], "{scope}");
    }
    for body in [
        "",
        "[]",
        r#"{"scope":"subscription.push"}"#,
        r#"{"scope":"subscription.push","shipments":[{"status":{"status":"Jane"}}]}"#,
        r#"{"scope":"subscription.push","shipments":"Jane"}"#,
    ] {
        match &read(&[], body.as_bytes())[..] {
            [Inbound::Unreadable { reason }] => assert!(!reason.contains("Jane"), "{reason}"),
            other => panic!("{body}: {other:?}"),
        }
    }
}

#[test]
fn every_event_counts_once_in_the_order_of_time() {
    let expected = [
        (
            "2026-03-02T16:05:00Z",
            ParcelStatus::LabelCreated,
            "pre-transit",
        ),
        ("2026-03-03T07:20:00Z", ParcelStatus::InTransit, "transit"),
        ("2026-03-03T10:45:00Z", ParcelStatus::Delivered, "delivered"),
    ];
    let expected = expected.map(|(at, status, code)| (at.to_owned(), status, code.to_owned()));
    assert_eq!(seen(&tracked(|_| ())), expected);
}

#[test]
fn the_parcels_own_state_stands_for_itself_when_no_event_says_it() {
    let told = tracked(|shipment| {
        shipment["events"] = json!([{"timestamp": "2026-03-02T16:05:00", "statusCode": "transit"}]);
    });
    let last = seen(&told).pop().expect("scans");
    assert_eq!(
        (last.0.as_str(), last.1),
        ("2026-03-03T09:45:00Z", ParcelStatus::Delivered)
    );
    let told = tracked(|shipment| shipment["events"] = Value::Null);
    assert_eq!(seen(&told).len(), 1);
}

#[test]
fn every_word_has_its_meaning_and_new_words_mean_nothing() {
    for (word, meaning) in [
        ("pre-transit", ParcelStatus::LabelCreated),
        ("transit", ParcelStatus::InTransit),
        ("delivered", ParcelStatus::Delivered),
        ("failure", ParcelStatus::Exception),
        ("unknown", ParcelStatus::Unknown),
        ("DELIVERED", ParcelStatus::Unknown),
        ("teleported", ParcelStatus::Unknown),
        ("Left with Jane", ParcelStatus::Unknown),
    ] {
        // Whatever the prose beside it says.
        let event = json!({"timestamp": "2026-03-02T16:05:00", "statusCode": word,
            "status": "DELIVERED", "description": "JANE"});
        let told = tracked(|shipment| {
            shipment["events"] = json!([event]);
            shipment["status"] = Value::Null;
        });
        let seen = seen(&told);
        assert_eq!(seen[0].1, meaning, "{word}");
        assert!(!seen[0].2.to_lowercase().contains("jane"));
    }
}

#[test]
fn that_somebody_signed_is_kept_and_who_is_not() {
    let proof = |change: fn(&mut Value)| match tracked(change) {
        Inbound::Scans { proof, .. } => proof,
        other => panic!("no scans: {other:?}"),
    };
    let signed = proof(|_| ()).expect("it was signed for");
    assert!(signed.signed);
    assert_eq!(
        signed.reference.as_deref(),
        Some("https://proof.example.com/own/1")
    );
    assert!(!format!("{:?}", tracked(|_| ())).contains("Jane"));
    let picture = json!({"signatureUrl": "https://proof.example.com/own/2"});
    assert_eq!(
        proof(|shipment| shipment["details"]["proofOfDelivery"]["signed"] = Value::Null),
        None
    );
    let told = tracked(|shipment| shipment["details"]["proofOfDelivery"] = picture);
    let Inbound::Scans {
        proof: Some(signed),
        ..
    } = told
    else {
        panic!("it was signed for: {told:?}");
    };
    assert_eq!(
        signed.reference.as_deref(),
        Some("https://proof.example.com/own/2")
    );
    let under_way = proof(|shipment| {
        shipment["events"] = json!([]);
        shipment["status"]["statusCode"] = json!("transit");
    });
    assert_eq!(under_way, None);
}

#[test]
fn a_looked_up_parcel_that_says_nothing_is_not_looked_up_again() {
    let bare = tracked(|shipment| *shipment = json!({"id": NUMBER}));
    assert!(matches!(bare, Inbound::Unreadable { .. }), "{bare:?}");
    assert_eq!(read(&STATED, br#"{"shipments":[]}"#), []);
    for body in ["", "{}", "[]"] {
        let told = read(&STATED, body.as_bytes());
        assert!(matches!(told[..], [Inbound::Unreadable { .. }]), "{body}");
    }
}

#[test]
fn the_sandbox_is_not_live() {
    let mut settings = settings(NOWHERE);
    assert!(connect("dhl", &settings).expect("a connection").is_live());
    settings.mode = Some(Mode::Test);
    assert!(!connect("dhl", &settings).expect("a connection").is_live());
}

#[tokio::test]
async fn a_parcel_is_looked_up_by_its_number() {
    let thing = |kind: &str, id: &str| Resource {
        kind: kind.to_owned(),
        id: id.to_owned(),
    };
    let server = answering(vec![("GET", TRACK, ok(&json_of(TRACKING)))]).await;
    let dhl = carrier(&server.uri());
    let look_up = dhl.look_up().expect("it looks up");
    let found = look_up.look_up(&thing("tracking_number", NUMBER)).await;
    let [stated] = &found.expect("an answer")[..] else {
        panic!("one statement");
    };
    assert_eq!(stated.headers["x-dhl-resource"], "tracking");
    assert_eq!(read(&STATED, &stated.raw).len(), 1);
    let requests = server.received_requests().await.expect("recorded");
    let [request] = &requests[..] else {
        panic!("one request, without a key of the business portal");
    };
    assert_eq!(
        request.url.query(),
        Some("trackingNumber=00340000000000000001")
    );
    assert_eq!(request.headers["dhl-api-key"], "own-api-key");
    for (kind, id) in [("label", NUMBER), ("tracking_number", "../x")] {
        assert_eq!(
            look_up.look_up(&thing(kind, id)).await,
            Ok(Vec::new()),
            "{kind} {id}"
        );
    }
    for status in [404, 400, 401, 429, 500, 503] {
        let server = answering(vec![("GET", TRACK, problem(status, "x"))]).await;
        let dhl = carrier(&server.uri());
        let look_up = dhl.look_up().expect("it looks up");
        let answer = look_up.look_up(&thing("tracking_number", NUMBER)).await;
        if status == 404 {
            assert_eq!(answer, Ok(Vec::new()));
        } else {
            assert!(
                matches!(answer, Err(CallError::NotDone { .. })),
                "{status}: {answer:?}"
            );
        }
    }
}

#[tokio::test]
async fn parcels_that_are_under_way_are_asked_for_as_fast_as_the_quota_lets_us() {
    let server = answering(vec![("GET", TRACK, ok(&json_of(TRACKING)))]).await;
    let dhl = carrier(&server.uri());
    let follow = dhl.follow().expect("it is asked");
    let seen = follow.seen(&[NUMBER.to_owned()]).await.expect("an answer");
    let [stated] = &seen[..] else {
        panic!("one statement: {seen:?}");
    };
    let said = read(&STATED, &stated.raw);
    assert!(matches!(said[..], [Inbound::Scans { .. }]), "{said:?}");
    let pause = |quota: Option<&str>| {
        let mut settings = settings(NOWHERE);
        if let Some(quota) = quota {
            settings = settings.with_text("tracking_calls_per_day", quota);
        }
        let dhl = connect("dhl", &settings)?;
        let pace = dhl.follow().map(Follow::pace);
        Ok::<_, ConfigError>(pace.expect("it is asked").pause.as_secs())
    };
    // 250 a day where nothing is said.
    assert_eq!(pause(None), Ok(346));
    assert_eq!(pause(Some("1000")), Ok(87));
    assert_eq!(pause(Some("86400")), Ok(1));
    for odd in ["0", "86401", "99999999999999999999"] {
        assert!(pause(Some(odd)).is_err(), "{odd}");
    }
}
