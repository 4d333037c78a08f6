//! The connector from outside: who is believed, who is greeted, and what carts come to.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::port::{Forged, Greeting, Inbound, RawRequest};
use crate::sales::{SalesConnector, connect};
use crate::settings::{Mode, Settings};

const CART: &str = include_str!("fixtures/cart.json");

fn settings() -> Settings {
    Settings::new("whatsapp".into())
        .with_text("business_account_id", "102000000000001")
        .with_secrets(
            "secrets",
            ["own-newer-secret", "It's a Secret to Everybody"],
        )
        .with_secrets("verify_token", ["own-word"])
}

fn account() -> Arc<dyn SalesConnector> {
    connect("meta_commerce", &settings()).expect("a connection")
}

fn request<'a>(headers: &'a HeaderMap, body: &'a [u8]) -> RawRequest<'a> {
    RawRequest {
        headers,
        body,
        url: "",
        received_at: Timestamp::UNIX_EPOCH,
    }
}

fn read(body: &Value) -> Vec<Inbound> {
    let none = HeaderMap::new();
    account().read(&request(&none, body.to_string().as_bytes()))
}

fn cart() -> Value {
    serde_json::from_str(CART).expect("JSON")
}

fn topics(items: &[Inbound]) -> Vec<&str> {
    let topics = items.iter().map(|item| match item {
        Inbound::Unknown { topic } => topic.as_str(),
        Inbound::Unreadable { .. } => "unreadable",
        other => panic!("nothing else is ever read: {other:?}"),
    });
    topics.collect()
}

fn believed(tag: &str, body: &str) -> Result<(), Forged> {
    let name = HeaderName::from_static("x-hub-signature-256");
    let value = HeaderValue::from_str(tag).expect("a value");
    let headers = HeaderMap::from_iter([(name, value)]);
    account().verify(&request(&headers, body.as_bytes()))
}

/// GitHub's published vector, whose scheme is the same to the letter; Meta publishes none.
const TAG: &str = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

#[test]
fn the_published_signature_is_believed_beside_a_newer_secret_and_no_other_one_is() {
    assert_eq!(believed(TAG, "Hello, World!"), Ok(()));
    assert_eq!(believed(TAG, "Hello, World?"), Err(Forged::Mismatch));
    for place in 7..TAG.len() {
        let mut tag = TAG.as_bytes().to_vec();
        tag[place] = if tag[place] == b'0' { b'1' } else { b'0' };
        let tag = String::from_utf8(tag).expect("text");
        let forged = believed(&tag, "Hello, World!");
        assert_eq!(forged, Err(Forged::Mismatch), "{place}");
    }
    for tag in ["", "sha256=", "sha1=75", &TAG[7..], &TAG[..69]] {
        let forged = believed(tag, "Hello, World!");
        assert_eq!(forged, Err(Forged::Mismatch), "{tag}");
    }
    let none = HeaderMap::new();
    let forged = account().verify(&request(&none, b"Hello, World!"));
    assert_eq!(forged, Err(Forged::Missing));
}

#[test]
fn whoever_knows_the_word_gets_the_challenge_back_and_nobody_else_does() {
    let greeted = |mode: &str, word: &str, challenge: &str| {
        let query = [
            ("hub.mode", mode),
            ("hub.verify_token", word),
            ("hub.challenge", challenge),
        ];
        let query = query.map(|(name, value)| (name.to_owned(), value.to_owned()));
        account().greet(&query)
    };
    let greeting = greeted("subscribe", "own-word", "1158201444");
    assert_eq!(greeting, Some(Greeting::Text("1158201444".to_owned())));
    for (mode, word, challenge) in [
        ("subscribe", "own-worD", "1158201444"),
        ("subscribe", "own-word-", "1158201444"),
        ("subscribe", "", "1158201444"),
        ("unsubscribe", "own-word", "1158201444"),
        ("subscribe", "own-word", "<script>"),
        ("subscribe", "own-word", ""),
        ("subscribe", "own-word", &"1".repeat(129)),
    ] {
        let greeting = greeted(mode, word, challenge);
        assert_eq!(greeting, None, "{mode} {word} {challenge}");
    }
    assert_eq!(account().greet(&[]), None);
}

#[test]
fn a_cart_is_no_order_yet() {
    assert_eq!(topics(&read(&cart())), ["not_yet:whatsapp_cart"]);
    let mut empty = cart();
    empty["entry"][0]["changes"][0]["value"]["messages"][0]["order"]["product_items"] = json!([]);
    assert_eq!(topics(&read(&empty)), ["unreadable"]);
}

#[test]
fn everything_in_a_request_is_an_item_and_a_broken_one_loses_no_other() {
    let mut many = cart();
    let cart = many["entry"][0]["changes"][0]["value"]["messages"][0].clone();
    let value = json!({
        "messages": [
            { "id": "wamid.own2", "type": "text", "text": { "body": "for Jane" } },
            { "id": "wamid.own3" },
            cart,
            { "id": "wamid.own4", "type": "order", "order": { "product_items": "Jane" } },
        ],
        "statuses": [{ "id": "wamid.own5", "status": "delivered" }],
    });
    let entry = json!({
        "id": "102000000000001",
        "changes": [
            { "field": "messages", "value": value },
            { "field": "messages", "value": "Jane" },
            { "field": "account_update", "value": {} },
            7,
            { "field": "messages", "value": {} },
        ],
    });
    let entries = many["entry"].as_array_mut().expect("entries");
    entries.push(entry);
    entries.push(json!({ "id": "1", "changes": [] }));
    entries.push(json!({ "id": "102000000000001", "time": 1 }));
    entries.push(json!("Jane"));
    let read = read(&many);
    let wanted = [
        "not_yet:whatsapp_cart",
        "whatsapp:message.text",
        "unreadable",
        "not_yet:whatsapp_cart",
        "unreadable",
        "whatsapp:status",
        "unreadable",
        "whatsapp_business_account:account_update",
        "unreadable",
        "whatsapp:no_message",
        "another_account:whatsapp_business_account",
        "whatsapp_business_account:no_changes",
        "unreadable",
    ];
    assert_eq!(topics(&read), wanted);
    assert!(!format!("{read:?}").contains("Jane"));
}

#[test]
fn what_is_not_of_whatsapp_is_kept_as_unknown() {
    let page = json!({ "object": "page", "entry": [
        { "id": "102000000000001", "changes": [{ "field": "feed", "value": { "item": "post" } }] },
    ] });
    assert_eq!(topics(&read(&page)), ["page:feed"]);
    let odd = json!({ "object": "for Jane" });
    assert_eq!(topics(&read(&odd)), ["odd:no_entry"]);
    assert_eq!(topics(&read(&json!({ "data": [] }))), ["no_object"]);
    assert_eq!(topics(&read(&json!([]))), ["no_object"]);
    assert_eq!(topics(&read(&json!("Jane"))), ["unreadable"]);
}

#[test]
fn nobody_is_told_anything_and_it_is_live_unless_told() {
    assert!(account().way_back().is_none());
    assert!(account().stock_way().is_none());
    assert!(account().is_live());
    let mut test = settings();
    test.mode = Some(Mode::Test);
    let test = connect("meta_commerce", &test).expect("a connection");
    assert!(!test.is_live());
    let odd = settings().with_text("business_account_id", "acme");
    assert!(connect("meta_commerce", &odd).is_err());
}
