//! The warehouse's system: requests are believed, taken once and told to their end.

use std::path::Path;
use std::sync::Mutex;

use http::{HeaderMap, Method};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::site::{Settings, Site};
use super::{Label, System};
use crate::sim::courier::Teller as _;
use crate::sim::server::{Asked, Peer as _};
use crate::sim::{locked, signing};

const REQUESTS: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const CALLBACKS: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

fn system(book: Option<&Path>) -> System {
    let settings = Settings { seed: 1, speed: 60 };
    System {
        site: Mutex::new(Site::open(book, settings).expect("a site")),
        request_secret: REQUESTS.to_owned().into(),
        callback_secret: CALLBACKS.to_owned().into(),
    }
}

async fn send(system: &System, body: &Value, secret: &str, seconds: i64) -> (u16, Value) {
    let body = body.to_string();
    let signature = signing::standard(secret, "msg_1", seconds, body.as_bytes());
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("webhook-id", "msg_1".to_owned()),
        ("webhook-timestamp", seconds.to_string()),
        (
            "webhook-signature",
            signature.expect("a secret of that form"),
        ),
    ] {
        headers.insert(name, value.parse().expect("a header"));
    }
    let asked = Asked {
        method: Method::POST,
        path: "/hooks/orderhub".to_owned(),
        query: String::new(),
        headers,
        body: body.into(),
    };
    let reply = system.answer(asked).await;
    (reply.status, reply.body)
}

async fn ask(system: &System, kind: &str, fulfilment: &str) -> Value {
    let body = json!({
        "type": format!("fulfilment.{kind}"), "timestamp": "2026-03-01T10:00:00Z",
        "data": {
            "fulfilment": fulfilment, "location": "HAM1", "pickup": false,
            "lines": [{ "line": "1", "sku": "SKU-1", "quantity": "2" }],
        },
    });
    let now = Timestamp::now().as_second();
    let (status, answer) = send(system, &body, REQUESTS, now).await;
    assert_eq!(status, 200);
    answer
}

fn step(system: &System, fulfilment: &str, label: Label) {
    let mut site = locked(&system.site);
    site.step(fulfilment, label, Timestamp::now())
        .expect("done");
}

/// The types of everything that is told by the end of time, in order.
fn told(system: &System) -> Vec<String> {
    let letters = system.due(Timestamp::MAX).into_iter();
    let types = letters.map(|letter| {
        let body: Value = serde_json::from_str(&letter.body).expect("JSON");
        let kind = body["type"].as_str().unwrap_or_default();
        kind.trim_start_matches("fulfilment.").to_owned()
    });
    types.collect()
}

#[tokio::test]
async fn only_the_hubs_own_requests_of_these_minutes_are_believed() {
    let system = system(None);
    let body = json!({ "type": "fulfilment.new_word", "data": { "fulfilment": "ful_1_1" } });
    let now = Timestamp::now().as_second();
    assert_eq!(send(&system, &body, REQUESTS, now).await.0, 200);
    assert_eq!(send(&system, &body, CALLBACKS, now).await.0, 401);
    assert_eq!(send(&system, &body, REQUESTS, now - 400).await.0, 401);
}

#[tokio::test]
async fn work_is_taken_once_and_nothing_leaves_without_a_label() {
    let system = system(None);
    for _ in 0..2 {
        ask(&system, "requested", "ful_1_1").await;
    }
    step(&system, "ful_1_1", Label::NotNeeded);
    step(&system, "ful_1_1", Label::NotNeeded);
    assert_eq!(told(&system), ["accepted", "packed"]);
    step(&system, "ful_1_1", Label::NotYet);
    assert_eq!(told(&system), ["accepted", "packed"]);
    step(&system, "ful_1_1", Label::There);
    assert_eq!(told(&system), ["accepted", "packed", "handed_over"]);
    step(&system, "ful_1_1", Label::There);
    assert_eq!(told(&system).len(), 3);
}

#[tokio::test]
async fn work_is_stopped_until_it_has_left_and_then_it_is_too_late() {
    let system = system(None);
    for fulfilment in ["ful_1_1", "ful_2_1"] {
        ask(&system, "requested", fulfilment).await;
    }
    // The second one's answer comes at once, the first one's in a webhook.
    assert_eq!(
        ask(&system, "cancel_requested", "ful_2_1").await["status"],
        "cancelled"
    );
    for label in [Label::NotNeeded, Label::NotNeeded, Label::There] {
        step(&system, "ful_1_1", label);
    }
    assert_eq!(ask(&system, "cancel_requested", "ful_1_1").await, json!({}));
    assert!(told(&system).contains(&"cancel_refused".to_owned()));
    assert!(told(&system).contains(&"cancelled".to_owned()));
    // What it was never asked for is stopped all the same, and not begun afterwards.
    assert_eq!(
        ask(&system, "cancel_requested", "ful_3_1").await["status"],
        "cancelled"
    );
    assert_eq!(
        ask(&system, "requested", "ful_3_1").await["status"],
        "rejected"
    );
}

#[tokio::test]
async fn a_site_goes_on_from_its_book() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("wms.jsonl");
    let first = system(Some(&path));
    ask(&first, "requested", "ful_1_1").await;
    step(&first, "ful_1_1", Label::NotNeeded);
    let letter = first.due(Timestamp::MAX)[0].number;
    first.told(letter, true);
    drop(first);
    let second = system(Some(&path));
    assert!(told(&second).is_empty());
    ask(&second, "requested", "ful_1_1").await;
    let due = locked(&second.site).due(Timestamp::MAX);
    assert_eq!(due.len(), 1);
    step(&second, "ful_1_1", Label::NotNeeded);
    assert_eq!(told(&second), ["packed"]);
}
