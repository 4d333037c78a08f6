//! Webhooks: who is listened to, what they name, and how that is looked up.

use std::sync::Arc;

use http::HeaderMap;
use jiff::Timestamp;
use serde_json::{Value, json};
use wiremock::{MockServer, ResponseTemplate};

use super::{
    LABELS, NOWHERE, TRACK, TRACKING, answering, asked, carrier, changed, headers, label, ok,
    problem, read, settings,
};
use crate::carriers::{CarrierConnector, connect};
use crate::port::{CallError, Forged, Inbound, RawRequest, Resource, Statement};
use crate::settings::{ConfigError, Settings};

const HOOK: &str = include_str!("../fixtures/webhook_track.json");
const SENT: &str = "2026-03-02T07:12:00Z";
const SIGNED: [(&str, &str); 3] = [
    ("x-shipengine-rsa-sha256-signature", SIGNATURE),
    ("x-shipengine-rsa-sha256-key-id", "own-key"),
    ("x-shipengine-timestamp", SENT),
];

/// The modulus of a key made for these tests, and its signatures of the webhook at that time, written as a
/// time and as seconds.
const MODULUS: &str = "tsqhdh3bSs1H5Afn8u7YttIyVg4WfqUD96dA_CaSJcW5zC4PV62qqCgG79TVmyu1dkBupiC3Np534SpuTSNg_Una72sXzNxqkKDZVeSfnQBU2EMJAzYNcW6XxNj75fRfliPzf62C_4jCycowWXR2WP-OJGGXQOqZvDGebgjCISZCEyPmYdWEmxkfrSS9KGGoFCQBDJEisbt8XdXIGnE-zbAg3Y39bCrhIsS1HrjZ2zZBKfckruF_TZi4CQGoJAfSJuVzBUq9QHES8xSkOqoj1g1R4HHCDFHtosp0b4585fnpMFGo9rSTJrzgUKfkrQWvHcmDMH1XKrgXs_HA_DGDxQ";
const SIGNATURE: &str = "ajg/rTE2hJuBlRlGj+MMLaeHCP6FOtMpqDGSqWy80JSC/SXwUKEWKUcsHjtJd6zxGBjFqP3vPKLOjy7pqh/1UQfujxzUYNrnNFRxypfGVBqthVu4B/Rp7nqtUpxxWA3vkdecOd26dEnp31xFpihU0Mt9EJsx0Yfpz7mgdsiY6fzvD4kme0OTM+cU+Q3Tv6q1O9/jFJJs0GNyDZtwltNeDMvuQN3ujKIHJ5+UEl4Mo/FnqZawFQ4gzCZ/2flAoBlpCgDBapUD95f/p5KM/o9jdTpuPfk4OVqKqfd4+RP0vy9JH2DTBfz5VFPlMBjQ+aXdwzPAsYRpkBQVSmUN726FBQ==";
const IN_SECONDS: &str = "PofA4reZIUvVQNSwGiBOBgDXQrdcwEbiFZG9xAvIrp1blIjLFTnP5MEBV0U+Ml4sjN8YEuTA3bLIEfFXQgXbjiIyJuBa1sG2xPdFQu8NOhnKU2iS3iz16HUhQxkiAPfOK9IfyxzxePw/9344D/KKhAN4G0fHqyrTJCnU0yLnTuubcbnehARwL+3/qOPzOtC0m5eWAbXCHj4WOqXMMVVO1dHkTsiUxotnxt0MyeVhneuRiPbgUinH+8XlL/cEsx3TmYLVUhRrsmqGmocHCVUTgXv1nweKF3BWKVjtC7Z7FOBC6+JlodgBPPCp0Of1dLZsw/av6Yyzcc5DKAFJCloPjQ==";

fn listed() -> ResponseTemplate {
    ok(&json!({"keys": [
        {"kty": "EC", "kid": "own-other", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": "RSA", "kid": "own-key", "use": "sig", "alg": "RS256", "n": MODULUS, "e": "AQAB"},
    ]}))
}

/// A stand-in that serves this as its list of keys, and a connection to it that has one from there.
async fn taught(
    settings: impl Fn(&str) -> Settings,
    list: ResponseTemplate,
) -> (MockServer, Arc<dyn CarrierConnector>) {
    let server = answering(vec![("GET", "/jwks".to_owned(), list)]).await;
    let shipstation = connect("shipstation", &settings(&server.uri())).expect("a connection");
    let _perhaps = learn(&*shipstation, &SIGNED).await;
    (server, shipstation)
}

async fn learn(by: &dyn CarrierConnector, pairs: &[(&str, &str)]) -> Result<(), CallError> {
    let headers = headers(pairs);
    let keys = by.keys().expect("keys are fetched");
    keys.learn(&webhook(&headers, HOOK, 0)).await
}

fn webhook<'a>(headers: &'a HeaderMap, body: &'a str, late: i64) -> RawRequest<'a> {
    let sent: Timestamp = SENT.parse().expect("a time");
    RawRequest {
        headers,
        body: body.as_bytes(),
        url: "",
        received_at: Timestamp::from_second(sent.as_second() + late).expect("a time"),
    }
}

fn at(
    headers: &HeaderMap,
    body: &str,
    shipstation: &dyn CarrierConnector,
    late: i64,
) -> Result<(), Forged> {
    shipstation.verify(&webhook(headers, body, late))
}

#[tokio::test]
async fn a_signed_webhook_with_a_fresh_time_is_believed_once_its_key_was_fetched() {
    let unknown = at(&headers(&SIGNED), HOOK, &*carrier(NOWHERE), 0);
    assert_eq!(unknown, Err(Forged::KeyUnknown));
    let (server, shipstation) = taught(settings, listed()).await;
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
    in_seconds[0].1 = IN_SECONDS;
    in_seconds[2].1 = &seconds;
    assert_eq!(at(&headers(&in_seconds), HOOK, &*shipstation, 0), Ok(()));
    assert_eq!(asked(&server).await, ["GET /jwks"]);
}

#[tokio::test]
async fn whatever_was_changed_or_lacks_a_header_is_refused() {
    let (_server, shipstation) = taught(settings, listed()).await;
    for left_out in 0..SIGNED.len() {
        let mut some = SIGNED.to_vec();
        some.remove(left_out);
        let refused = at(&headers(&some), HOOK, &*shipstation, 0);
        assert_eq!(refused, Err(Forged::Missing), "{left_out}");
    }
    let long = "k".repeat(129);
    for (place, value) in [
        (0, IN_SECONDS),
        (0, "b3du"),
        (0, "not base64!"),
        (1, ""),
        (1, &long),
        (2, "soon"),
        (2, "2026-03-02T07:12:01Z"),
        (2, "2026-03-02T07:12:00.0Z"),
    ] {
        let mut odd = SIGNED;
        odd[place].1 = value;
        let refused = at(&headers(&odd), HOOK, &*shipstation, 0);
        assert_eq!(refused, Err(Forged::Mismatch), "{place} {value}");
    }
    for body in [&HOOK.replace("OWN0001", "OWN0002"), HOOK.trim_end(), ""] {
        let refused = at(&headers(&SIGNED), body, &*shipstation, 0);
        assert_eq!(refused, Err(Forged::Mismatch), "{body}");
    }
    let mut ours = SIGNED.to_vec();
    ours.push(("x-shipstation-resource", "tracking"));
    let refused = at(&headers(&ours), TRACKING, &*shipstation, 0);
    assert_eq!(
        refused,
        Err(Forged::Mismatch),
        "what we asked for never comes this way"
    );
}

#[tokio::test]
async fn a_key_that_is_not_listed_is_a_forgery_and_a_list_that_is_away_says_nothing() {
    let (_server, shipstation) = taught(settings, listed()).await;
    let mut other = SIGNED;
    for name in ["own-other", "own-key-2"] {
        other[1].1 = name;
        let open = at(&headers(&other), HOOK, &*shipstation, 0);
        assert_eq!(open, Err(Forged::KeyUnknown), "{name}");
        assert_eq!(learn(&*shipstation, &other).await, Ok(()));
        let forged = at(&headers(&other), HOOK, &*shipstation, 0);
        assert_eq!(forged, Err(Forged::Mismatch), "{name}");
    }
    for answer in [
        ResponseTemplate::new(500),
        ResponseTemplate::new(404),
        ResponseTemplate::new(200).set_body_string("<html>"),
        ok(&json!({"keys": "none"})),
    ] {
        let (_server, shipstation) = taught(settings, answer).await;
        let open = at(&headers(&SIGNED), HOOK, &*shipstation, 0);
        assert_eq!(open, Err(Forged::KeyUnknown));
    }
}

#[tokio::test]
async fn the_accounts_word_is_demanded_where_it_gave_one() {
    let worded =
        |base: &str| settings(base).with_secrets("webhook_tokens", ["newer-word", "older-word"]);
    let (_server, shipstation) = taught(worded, listed()).await;
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
        ("GET", LABELS.to_owned(), ok(&page)),
        ("GET", TRACK.to_owned(), ok(&tracking)),
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
