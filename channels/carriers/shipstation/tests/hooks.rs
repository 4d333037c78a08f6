//! Webhooks: who is listened to, what they name, and how that is looked up.

use http::HeaderMap;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    LABELS, NOWHERE, TRACK, TRACKING, answering, carrier, changed, headers, label, ok, problem,
    read, settings,
};
use crate::carriers::{CarrierConnector, connect};
use crate::port::{CallError, Forged, Inbound, RawRequest, Resource, Statement};
use crate::settings::ConfigError;

const HOOK: &str = include_str!("../fixtures/webhook_track.json");
const SENT: &str = "2026-03-02T07:12:00Z";
const SIGNED: [(&str, &str); 3] = [
    ("x-shipengine-rsa-sha256-signature", "b3du"),
    ("x-shipengine-rsa-sha256-key-id", "own-key"),
    ("x-shipengine-timestamp", SENT),
];

fn at(
    headers: &HeaderMap,
    body: &str,
    shipstation: &dyn CarrierConnector,
    late: i64,
) -> Result<(), Forged> {
    let sent: Timestamp = SENT.parse().expect("a time");
    shipstation.verify(&RawRequest {
        headers,
        body: body.as_bytes(),
        url: "",
        received_at: Timestamp::from_second(sent.as_second() + late).expect("a time"),
    })
}

#[test]
fn a_webhook_with_its_headers_and_a_fresh_time_is_listened_to() {
    let shipstation = carrier(NOWHERE);
    for late in [-300, 0, 300] {
        assert_eq!(at(&headers(&SIGNED), HOOK, &*shipstation, late), Ok(()));
    }
    for late in [-301, 301] {
        let stale = at(&headers(&SIGNED), HOOK, &*shipstation, late);
        assert_eq!(stale, Err(Forged::Stale), "{late}");
    }
    let seconds: Timestamp = SENT.parse().expect("a time");
    let seconds = seconds.as_second().to_string();
    let mut in_seconds = SIGNED;
    in_seconds[2].1 = &seconds;
    assert_eq!(at(&headers(&in_seconds), HOOK, &*shipstation, 0), Ok(()));
}

#[test]
fn whatever_lacks_one_of_them_is_refused() {
    let shipstation = carrier(NOWHERE);
    for left_out in 0..SIGNED.len() {
        let mut some = SIGNED.to_vec();
        some.remove(left_out);
        let refused = at(&headers(&some), HOOK, &*shipstation, 0);
        assert_eq!(refused, Err(Forged::Missing), "{left_out}");
    }
    let mut odd = SIGNED;
    odd[2].1 = "soon";
    let refused = at(&headers(&odd), HOOK, &*shipstation, 0);
    assert_eq!(refused, Err(Forged::Mismatch));
    let mut ours = SIGNED.to_vec();
    ours.push(("x-shipstation-resource", "tracking"));
    let refused = at(&headers(&ours), TRACKING, &*shipstation, 0);
    assert_eq!(
        refused,
        Err(Forged::Mismatch),
        "what we asked for never comes this way"
    );
}

#[test]
fn the_accounts_word_is_demanded_where_it_gave_one() {
    let settings = settings(NOWHERE).with_secrets("webhook_tokens", ["newer-word", "older-word"]);
    let shipstation = connect("shipstation", &settings).expect("a connection");
    let with = |word: Option<&str>| {
        let mut pairs = SIGNED.to_vec();
        pairs.extend(word.map(|word| ("x-orderhub-token", word)));
        at(&headers(&pairs), HOOK, &*shipstation, 0)
    };
    assert_eq!(with(Some("newer-word")), Ok(()));
    assert_eq!(with(Some("older-word")), Ok(()));
    assert_eq!(with(Some("older-wor")), Err(Forged::Mismatch));
    assert_eq!(with(None), Err(Forged::Missing));
}

#[test]
fn the_carriers_are_named_one_by_one() {
    for odd in ["se-1,,se-2", "se-1;se-2", "../x", ","] {
        let settings = settings(NOWHERE).with_text("carrier_ids", odd);
        let refused = connect("shipstation", &settings).map(|_| ());
        assert!(
            matches!(refused, Err(ConfigError::BadSetting { .. })),
            "{odd}"
        );
    }
}

fn named(kind: &str, id: &str) -> Resource {
    Resource {
        kind: kind.to_owned(),
        id: id.to_owned(),
    }
}

#[test]
fn a_webhook_only_names_what_was_seen() {
    let told = read(&SIGNED, HOOK.as_bytes());
    assert_eq!(told, Inbound::Changed(named("label", "se-own-1")));
    for url in [
        "https://evil.example/v2/labels/../accounts/track",
        "https://api.shipstation.com/v2/labels/se-1/void",
        "https://api.shipengine.com/v1/tracking?carrier_code=own&tracking_number=OWN0002",
        "no address",
    ] {
        let body = changed(
            HOOK,
            json!({"resource_url": url, "resource_type": "API_TRACK"}),
        );
        let told = read(&SIGNED, body.to_string().as_bytes());
        let expected = Inbound::Changed(named("tracking_number", "OWN0001"));
        assert_eq!(told, expected, "{url}");
    }
}

#[test]
fn what_is_no_tracking_is_kept_and_what_is_broken_says_so() {
    let body = br#"{"resource_url":"https://api.shipstation.com/v2/batches/se-1","resource_type":"BATCH_PROCESSED_V2"}"#;
    let topic = "BATCH_PROCESSED_V2".to_owned();
    assert_eq!(read(&SIGNED, body), Inbound::Unknown { topic });
    for body in [
        "",
        "{}",
        r#"{"resource_type":"TRACK_EVENT_V2"}"#,
        r#"{"resource_type":"TRACK_EVENT_V2","data":{"tracking_number":"Jane Doe"}}"#,
        r#"{"resource_type":"TRACK_EVENT_V2","data":"Jane Doe"}"#,
    ] {
        match read(&SIGNED, body.as_bytes()) {
            Inbound::Unreadable { reason } => assert!(!reason.contains("Jane"), "{reason}"),
            other => panic!("{body}: {other:?}"),
        }
    }
}

async fn look_up(
    server: &wiremock::MockServer,
    resource: Resource,
) -> Result<Vec<Statement>, CallError> {
    let shipstation = carrier(&server.uri());
    let look_up = shipstation.look_up().expect("it looks things up");
    look_up.look_up(&resource).await
}

#[tokio::test]
async fn what_is_named_is_looked_up_by_its_label_or_by_its_number() {
    let page = json!({"labels": [label(json!({"label_id": "se-x", "tracking_number": "X"})), label(json!({}))],
        "total": 2, "page": 1, "pages": 1});
    let tracking: Value = serde_json::from_str(TRACKING).expect("JSON");
    let server = answering(vec![
        ("GET", LABELS.to_owned(), ok(page)),
        ("GET", TRACK.to_owned(), ok(tracking)),
    ])
    .await;
    for resource in [
        named("label", "se-own-1"),
        named("tracking_number", "OWN0001"),
    ] {
        let stated = look_up(&server, resource).await.expect("an answer");
        let [stated] = &stated[..] else {
            panic!("one statement: {stated:?}");
        };
        let pairs: Vec<(&str, &str)> = stated
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let told = read(&pairs, &stated.raw);
        assert!(matches!(told, Inbound::Scans { .. }), "{told:?}");
    }
    for unknown in [
        named("tracking_number", "OWN0002"),
        named("label", "se-other"),
        named("label", "../labels"),
        named("order", "se-own-1"),
    ] {
        assert_eq!(look_up(&server, unknown).await, Ok(Vec::new()));
    }
    for status in [401, 403, 429, 500, 302, 400] {
        let failing = problem(status, "x").insert_header("retry-after", "7");
        let server = answering(vec![("GET", TRACK.to_owned(), failing)]).await;
        let looked = look_up(&server, named("label", "se-own-1")).await;
        assert!(matches!(looked, Err(CallError::NotDone { .. })), "{status}");
    }
}
