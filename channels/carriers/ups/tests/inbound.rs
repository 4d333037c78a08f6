//! Alerts, and what is looked up after them.

use orderhub_domain::order::ParcelStatus;
use serde_json::{Value, json};

use super::{
    ALERT, NUMBER, TRACK, TRACKING, answering, asked, carrier, following, json_of, ok, problem,
    read, verify,
};
use crate::carriers::connect;
use crate::port::{CallError, Forged, Inbound, Resource};
use crate::settings::{ConfigError, Mode};

const STATED: [(&str, &str); 1] = [("x-ups-resource", "tracking")];

type Seen = Vec<(String, ParcelStatus, String)>;

/// What is seen, as (time, status, code).
fn seen(item: &Inbound) -> Seen {
    match item {
        Inbound::Scans { scans, .. } => {
            let each = scans.iter();
            each.map(|scan| (scan.at.to_string(), scan.status, scan.code.clone()))
                .collect()
        }
        other => panic!("no scans: {other:?}"),
    }
}

fn changed() -> Inbound {
    Inbound::Changed(Resource {
        kind: "tracking_number".to_owned(),
        id: NUMBER.to_owned(),
    })
}

/// An alert with another status.
fn alert(kind: &str, code: &str, plain: &str) -> Vec<Inbound> {
    let mut alert = json_of(ALERT);
    alert["activityStatus"] = json!({"type": kind, "code": code,
        "description": "Left with Jane", "descriptionCode": plain});
    read(&[], alert.to_string().as_bytes())
}

/// What an activity of the same status is looked up as.
fn tracked(kind: &str, code: &str, plain: &str) -> ParcelStatus {
    let mut whole = json_of(TRACKING);
    let package = &mut whole["trackResponse"]["shipment"][0]["package"][0];
    package["activity"] = json!([{"gmtDate": "20260302", "gmtTime": "081500",
        "status": {"type": kind, "code": code, "statusCode": plain}}]);
    let read = read(&STATED, whole.to_string().as_bytes());
    seen(&read[0])[0].1
}

#[test]
fn an_answer_of_the_tracking_is_read_where_it_is_pushed() {
    let looked_up = read(&STATED, TRACKING.as_bytes());
    assert!(!looked_up.is_empty());
    assert_eq!(read(&[], TRACKING.as_bytes()), looked_up);
}

#[test]
fn only_who_shows_a_word_in_force_is_believed() {
    for word in ["a-newer-word", "an-older-word"] {
        assert_eq!(verify(&[("credential", word)]), Ok(()), "{word}");
    }
    for word in ["", "a-newer-wor", "a-newer-word2", "A-newer-word"] {
        let answer = verify(&[("credential", word)]);
        assert_eq!(answer, Err(Forged::Mismatch), "{word}");
    }
    let agent = ("user-agent", "UPSPubSubTrackingService");
    assert_eq!(verify(&[agent]), Err(Forged::Missing));
    let as_ours = [("credential", "a-newer-word"), STATED[0]];
    assert_eq!(verify(&as_ours), Err(Forged::Mismatch));
}

#[test]
fn alerts_are_not_asked_for_without_a_word_that_they_show() {
    let settings = super::settings(super::NOWHERE).with_text("webhook_url", super::HERE);
    assert!(connect("ups", &settings).is_ok());
    let wordless = settings.with_secrets("webhook_tokens", Vec::<String>::new());
    let refused = connect("ups", &wordless).map(|_| ());
    assert!(
        matches!(refused, Err(ConfigError::BadSetting { .. })),
        "{refused:?}"
    );
}

#[test]
fn an_alert_is_one_scan_at_its_time_in_gmt() {
    let read = read(&[], ALERT.as_bytes());
    let [
        Inbound::Scans {
            tracking_number,
            test: false,
            proof: None,
            ..
        },
    ] = &read[..]
    else {
        panic!("one item: {read:?}");
    };
    assert_eq!(tracking_number, NUMBER);
    let expected = (
        "2026-03-02T08:15:00Z".to_owned(),
        ParcelStatus::InTransit,
        "I.DP".to_owned(),
    );
    assert_eq!(seen(&read[0]), [expected]);
}

#[test]
fn a_delivery_is_looked_up_as_well_and_so_is_what_has_no_time() {
    let delivered = alert("D", "FS", "011");
    assert_eq!(seen(&delivered[0])[0].1, ParcelStatus::Delivered);
    assert_eq!(delivered[1..], [changed()]);
    let mut alert = json_of(ALERT);
    alert["gmtActivityDate"] = json!("");
    assert_eq!(read(&[], alert.to_string().as_bytes()), [changed()]);
}

#[test]
fn every_scan_has_its_meaning_and_new_words_mean_nothing() {
    for (kind, code, plain, meaning) in [
        ("M", "MP", "003", ParcelStatus::LabelCreated),
        ("MV", "VD", "004", ParcelStatus::Cancelled),
        ("I", "OR", "005", ParcelStatus::PickedUp),
        ("I", "YP", "071", ParcelStatus::InTransit),
        ("I", "OT", "021", ParcelStatus::OutForDelivery),
        ("I", "N0", "005", ParcelStatus::InTransit),
        ("X", "SR", "003", ParcelStatus::Exception),
        ("X", "HU", "999", ParcelStatus::OnHold),
        ("X", "RS", "999", ParcelStatus::ReturnToSender),
        ("D", "KB", "011", ParcelStatus::Delivered),
        // A D is on the last vehicle as well: the code or the simple words have to say more.
        ("D", "OF", "021", ParcelStatus::OutForDelivery),
        ("D", "N0", "011", ParcelStatus::Delivered),
        ("D", "N0", "999", ParcelStatus::Unknown),
        // Nothing but a D is a delivery, whatever else is said.
        ("I", "FS", "011", ParcelStatus::Unknown),
        ("X", "N0", "011", ParcelStatus::Exception),
        // A new estimate, and words that nobody knows.
        ("U", "DP", "005", ParcelStatus::Unknown),
        ("Z", "FS", "011", ParcelStatus::Unknown),
        ("d", "FS", "011", ParcelStatus::Unknown),
        ("", "", "", ParcelStatus::Unknown),
    ] {
        let read = alert(kind, code, plain);
        let alone = seen(&read[0]);
        assert_eq!(alone[0].1, meaning, "alert {kind} {code} {plain}");
        assert_eq!(tracked(kind, code, plain), meaning, "{kind} {code} {plain}");
        assert!(!alone[0].2.contains("Jane"), "prose never becomes a code");
    }
}

#[test]
fn every_activity_counts_once_in_the_order_of_time() {
    let read = read(&STATED, TRACKING.as_bytes());
    let [Inbound::Scans { proof, .. }] = &read[..] else {
        panic!("one item: {read:?}");
    };
    let expected = [
        ("2026-03-01T15:30:00Z", ParcelStatus::LabelCreated, "M.MP"),
        ("2026-03-02T08:15:00Z", ParcelStatus::InTransit, "I.DP"),
        ("2026-03-03T07:15:00Z", ParcelStatus::OutForDelivery, "I.OT"),
        ("2026-03-03T14:50:04Z", ParcelStatus::Delivered, "D.FS"),
    ];
    let expected = expected.map(|(at, status, code)| (at.to_owned(), status, code.to_owned()));
    assert_eq!(seen(&read[0]), expected);
    let proof = proof.as_ref().expect("it was signed for");
    assert!(proof.signed && proof.reference.is_none());
    assert!(!format!("{read:?}").contains("JANE"));
}

#[test]
fn without_a_wanted_signature_or_a_taker_nobody_signed() {
    let told = |change: fn(&mut Value)| {
        let mut whole = json_of(TRACKING);
        change(&mut whole["trackResponse"]["shipment"][0]["package"][0]);
        match &read(&STATED, whole.to_string().as_bytes())[..] {
            [Inbound::Scans { proof, .. }] => proof.clone(),
            other => panic!("no scans: {other:?}"),
        }
    };
    assert_eq!(
        told(|package| package["additionalServices"] = json!(["CARBON_NEUTRAL"])),
        None
    );
    assert_eq!(
        told(|package| package["deliveryInformation"] = json!({"receivedBy": " "})),
        None
    );
    assert_eq!(
        told(|package| package["activity"][0]["status"]["code"] = json!("OF")),
        None
    );
    assert!(
        told(|package| package["additionalServices"] = json!(["ADULT_SIGNATURE_REQUIRED"]))
            .is_some()
    );
}

#[test]
fn what_is_not_there_yet_is_kept_and_what_is_broken_says_so() {
    let warned = json!({"trackResponse": {"shipment": [{"inquiryNumber": NUMBER,
        "warnings": [{"code": "TW0001", "message": "Tracking Information Not Found"}]}]}});
    let topic = "not_yet:TW0001".to_owned();
    assert_eq!(
        read(&STATED, warned.to_string().as_bytes()),
        [Inbound::Unknown { topic }]
    );
    let mut whole = json_of(TRACKING);
    whole["trackResponse"]["shipment"][0]["package"][0]["activity"] = json!([]);
    let topic = "not_yet:no_activity".to_owned();
    assert_eq!(
        read(&STATED, whole.to_string().as_bytes()),
        [Inbound::Unknown { topic }]
    );
    let timeless = json!({"trackResponse": {"shipment": [{"package": [
        {"trackingNumber": NUMBER, "activity": [{"date": "Jane"}]}]}]}});
    for (stated, body) in [
        (true, timeless.to_string()),
        (true, String::new()),
        (true, "{}".to_owned()),
        (false, "[]".to_owned()),
        (false, r#"{"trackingNumber":"Jane Doe"}"#.to_owned()),
        (false, r#"{"trackingNumber":null}"#.to_owned()),
    ] {
        let read = read(if stated { &STATED } else { &[] }, body.as_bytes());
        match &read[..] {
            [Inbound::Unreadable { reason }] => assert!(!reason.contains("Jane"), "{reason}"),
            other => panic!("{body}: {other:?}"),
        }
    }
}

#[test]
fn the_numbers_for_trying_out_are_marked_and_the_sandbox_is_not_live() {
    let body = ALERT.replace(NUMBER, "1ZCIETST0111111114");
    let read = read(&[], body.as_bytes());
    assert!(matches!(read[..], [Inbound::Scans { test: true, .. }]));
    let mut settings = super::settings(super::NOWHERE);
    assert!(connect("ups", &settings).expect("a connection").is_live());
    settings.mode = Some(Mode::Test);
    assert!(!connect("ups", &settings).expect("a connection").is_live());
}

#[tokio::test]
async fn a_parcel_is_looked_up_by_its_number() {
    let server = answering(vec![("GET", TRACK, ok(&json_of(TRACKING)))]).await;
    let ups = carrier(&server.uri());
    let look_up = ups.look_up().expect("it looks up");
    let thing = |kind: &str, id: &str| Resource {
        kind: kind.to_owned(),
        id: id.to_owned(),
    };
    let found = look_up.look_up(&thing("tracking_number", NUMBER)).await;
    let [stated] = &found.expect("an answer")[..] else {
        panic!("one statement");
    };
    assert_eq!(stated.headers["x-ups-resource"], "tracking");
    assert_eq!(read(&STATED, &stated.raw).len(), 1);
    let requests = server.received_requests().await.expect("recorded");
    let last = requests.last().expect("a request");
    assert!(last.headers.contains_key("transid") && last.headers.contains_key("transactionsrc"));
    for (kind, id) in [
        ("tracking_number", "1ZOTHER"),
        ("label", NUMBER),
        ("tracking_number", "../x"),
    ] {
        assert_eq!(
            look_up.look_up(&thing(kind, id)).await,
            Ok(Vec::new()),
            "{kind} {id}"
        );
    }
    for status in [400, 401, 403, 429, 500, 503] {
        let server = answering(vec![("GET", TRACK, problem(status, "TV1002"))]).await;
        let ups = carrier(&server.uri());
        let look_up = ups.look_up().expect("it looks up");
        let failed = look_up.look_up(&thing("tracking_number", NUMBER)).await;
        assert!(
            matches!(failed, Err(CallError::NotDone { .. })),
            "{status}: {failed:?}"
        );
    }
}

#[tokio::test]
async fn parcels_that_are_under_way_are_asked_for_one_by_one() {
    let server = answering(vec![("GET", TRACK, ok(&json_of(TRACKING)))]).await;
    let ups = carrier(&server.uri());
    let follow = ups.follow().expect("it is asked");
    let numbers = ["1Z0WN0000300000002", NUMBER, "../x"].map(str::to_owned);
    let seen = follow.seen(&numbers).await.expect("an answer");
    let [stated] = &seen[..] else {
        panic!("UPS knows one of them: {seen:?}");
    };
    let said = read(&[("x-ups-resource", "tracking")], &stated.raw);
    assert!(matches!(said[..], [Inbound::Scans { .. }]), "{said:?}");
    let other = "GET /api/track/v1/details/1Z0WN0000300000002".to_owned();
    assert_eq!(asked(&server).await, [other, format!("GET {TRACK}")]);
    // Who is told by alerts is asked less often.
    let told = following(&server.uri());
    let told = told.follow().expect("it is asked").pace();
    assert!(told.turn > follow.pace().turn);
    let server = answering(vec![("GET", TRACK, problem(503, "x"))]).await;
    let ups = carrier(&server.uri());
    let follow = ups.follow().expect("it is asked");
    let failed = follow.seen(&[NUMBER.to_owned()]).await;
    assert!(matches!(failed, Err(CallError::NotDone { .. })));
}
