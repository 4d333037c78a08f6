//! Who is let in, and what a push asks for.

use serde_json::{Value, json};

use super::{HOOK, NOWHERE, OWN, gateway, with_request};
use crate::port::{Forged, Inbound, Resource};

const DECISION: &[u8] = include_bytes!("../fixtures/decision.json");

fn verify(query: &str, headers: &[(&str, &str)]) -> Result<(), Forged> {
    let url = format!("{HOOK}{query}");
    with_request(&url, headers, DECISION, |request| {
        gateway(NOWHERE).verify(request)
    })
}

fn read(query: &str, body: &[u8]) -> Vec<Inbound> {
    let url = format!("{HOOK}{query}");
    with_request(&url, &[], body, |request| gateway(NOWHERE).read(request))
}

fn pushed(body: &Value) -> Vec<Inbound> {
    read("?token=own-token", &serde_json::to_vec(body).expect("JSON"))
}

fn changed() -> Inbound {
    Inbound::Changed(Resource {
        kind: "order".to_owned(),
        id: OWN.to_owned(),
    })
}

fn topic(read: &[Inbound]) -> &str {
    match read {
        [Inbound::Unknown { topic }] => topic,
        other => panic!("not one unknown: {other:?}"),
    }
}

#[test]
fn either_of_two_tokens_in_rotation_lets_a_push_in_and_nothing_else_does() {
    for query in [
        "?token=own-token",
        "?klarna_order_id=x&token=own-token-before",
        "?token=own%2Dtoken",
    ] {
        assert_eq!(verify(query, &[]), Ok(()), "{query}");
    }
    for query in [
        "?token=",
        "?token=own-toke",
        "?token=own-token-",
        "?token=Own-Token",
        "?token=other&token=own-token",
    ] {
        assert_eq!(verify(query, &[]), Err(Forged::Mismatch), "{query}");
    }
    for query in ["", "?klarna_order_id=x", "#token=own-token"] {
        assert_eq!(verify(query, &[]), Err(Forged::Missing), "{query}");
    }
}

#[test]
fn what_was_asked_for_never_comes_from_outside() {
    let headers = [("x-klarna-resource", "order")];
    assert_eq!(verify("?token=own-token", &headers), Err(Forged::Mismatch));
}

#[test]
fn a_push_names_its_order_in_its_address_or_its_body_and_proves_nothing() {
    let address = format!("?klarna_order_id={OWN}&token=own-token");
    assert_eq!(read(&address, b""), [changed()]);
    assert_eq!(read("?token=own-token", DECISION), [changed()]);
    let rejected = json!({"order_id": OWN, "event_type": "FRAUD_RISK_REJECTED"});
    assert_eq!(pushed(&rejected), [changed()]);
    let placed = json!({"event_id": "own", "session": {"status": "COMPLETED", "order_id": OWN}});
    assert_eq!(pushed(&placed), [changed()]);
}

#[test]
fn what_names_no_order_is_kept() {
    for (query, body, expected) in [
        ("?token=own-token", json!(null), "push_without_order"),
        ("?klarna_order_id=..%2Fx", json!(null), "push_without_order"),
        (
            "",
            json!({"session": {"status": "IN_PROGRESS"}}),
            "not_yet:IN_PROGRESS",
        ),
        (
            "",
            json!({"session": {"status": "Dear Jane"}}),
            "push_without_order",
        ),
        ("", json!({"order_id": "Jane Doe"}), "push_without_order"),
        (
            "",
            json!({"authorization_token": "own", "session_id": "own"}),
            "authorization_callback",
        ),
        ("", json!({"new_in_2031": 1}), "push_without_order"),
    ] {
        let body = match body {
            Value::Null => Vec::new(),
            body => serde_json::to_vec(&body).expect("JSON"),
        };
        assert_eq!(topic(&read(query, &body)), expected);
    }
}

#[test]
fn what_cannot_be_read_says_where_and_quotes_nothing() {
    for body in [&b"Jane"[..], b"{\"order_id\":{\"Jane\":1}}", b"[1]x"] {
        let read = read("?token=own-token", body);
        let [Inbound::Unreadable { reason }] = &read[..] else {
            panic!("readable: {read:?}");
        };
        assert!(!reason.contains("Jane"), "{reason}");
    }
}
