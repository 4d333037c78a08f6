//! Webhooks as they came: listed, shown, offered again.

use serde_json::json;
use uuid::Uuid;

use super::client::Ask;
use super::{Scope, World, world};

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

async fn post(world: &World, path: &str, key: Option<&str>) -> super::client::Answer {
    let ask = Ask::post(path, "{}").key(&world.admin_key());
    let ask = match key {
        Some(key) => ask.header("idempotency-key", key),
        None => ask,
    };
    ask.send(world.api).await
}

#[tokio::test]
async fn webhooks_are_listed_newest_first_in_pages_and_by_what_became_of_them() {
    let world = world().await;
    for n in 1..=5 {
        let source = if n == 3 {
            "payments/stripe-eu"
        } else {
            "sales/shop"
        };
        world.notes.received(id(n), source, b"words of a buyer");
    }
    let mut path = "/v1/webhooks-received?source=sales/shop&limit=3".to_owned();
    let mut seen = Vec::new();
    for _ in 0..2 {
        let answer = world.ask(Ask::get(&path)).await;
        assert!(!answer.body.contains("buyer"), "{answer:?}");
        let page = answer.json();
        let data = page["data"].as_array().expect("data");
        seen.extend(data.iter().map(|webhook| webhook["id"].clone()));
        assert_eq!(answer.header("link").is_some(), page["has_more"] == true);
        if let Some(cursor) = page["next_cursor"].as_str() {
            path = format!("/v1/webhooks-received?source=sales/shop&limit=3&cursor={cursor}");
        }
    }
    assert_eq!(json!(seen), json!([id(5), id(4), id(2), id(1)]));
    let none = world.ask(Ask::get("/v1/webhooks-received?outcome=applied"));
    assert_eq!(none.await.json()["data"], json!([]));
    let shown = world.ask(Ask::get("/v1/webhooks-received")).await.json();
    let expected = json!({
        "id": id(5), "source": "sales/shop", "outcome": "unmatched", "reason": "no_order",
        "order": null, "received_at": "1970-01-01T00:00:00Z",
    });
    assert_eq!(shown["data"][0], expected);
    for query in ["limit=0", "limit=201", "cursor=x", "colour=red"] {
        let path = format!("/v1/webhooks-received?{query}");
        let answer = world.ask(Ask::get(&path)).await;
        let code = answer.problem();
        assert_eq!(
            (answer.status, code.as_str()),
            (422, "invalid_query"),
            "{query}"
        );
    }
}

#[tokio::test]
async fn what_a_webhook_said_is_shown_to_those_who_may_see_personal_data() {
    let world = world().await;
    world
        .notes
        .received(id(1), "sales/shop", b"words of a buyer");
    world.notes.received(id(2), "sales/shop", &[0xff, 0xfe]);
    let staff = world.ring.add(&[Scope::OpsAct], None);
    let trusted = world.ring.add(&[Scope::OpsAct, Scope::PiiRead], None);
    let path = format!("/v1/webhooks-received/{}", id(1));
    let plain = Ask::get(&path).key(&staff).send(world.api).await;
    assert!(!plain.body.contains("buyer"), "{plain:?}");
    assert_eq!(plain.json()["headers"]["x-topic"], "orders/create");
    let full = Ask::get(&path).key(&trusted).send(world.api).await;
    assert_eq!(full.json()["body"], "words of a buyer");
    let path = format!("/v1/webhooks-received/{}", id(2));
    let bytes = Ask::get(&path).key(&trusted).send(world.api).await.json();
    assert_eq!(
        (&bytes["body"], &bytes["body_base64"]),
        (&json!(null), &json!("//4="))
    );
    world.notes.lock_up(id(2));
    let locked = Ask::get(&path).key(&trusted).send(world.api).await.json();
    assert_eq!(locked["readable"], false);
    assert_eq!(locked.get("body_base64"), None);
}

#[tokio::test]
async fn a_replayed_webhook_goes_through_the_same_door_without_its_signature() {
    let world = world().await;
    world.notes.received(id(1), "sales/shop", b"hello");
    world.notes.received(id(2), "sales/shop", b"broken");
    let path = |n| format!("/v1/webhooks-received/{}/actions/replay", id(n));
    let applied = post(&world, &path(1), None).await;
    let expected = json!({ "id": id(1), "outcome": "applied", "reason": null, "order": null });
    assert_eq!((applied.status, applied.json()), (200, expected));
    let invalid = post(&world, &path(2), None).await.json();
    assert_eq!(
        (&invalid["outcome"], &invalid["reason"]),
        (&json!("invalid"), &json!("broken"))
    );
    let deliveries = world.hub.deliveries.lock().expect("a lock");
    assert_eq!(deliveries.len(), 2);
    assert_eq!(deliveries[0].source, "sales/shop");
    assert_eq!(deliveries[0].body, b"hello");
    assert_eq!(deliveries[0].headers["x-topic"], "orders/create");
}

#[tokio::test]
async fn a_replay_under_a_key_is_carried_out_once() {
    let world = world().await;
    world.notes.received(id(1), "sales/shop", b"hello");
    let path = format!("/v1/webhooks-received/{}/actions/replay", id(1));
    let key = world.admin_key();
    let ask = |body: &str| {
        Ask::post(&path, body)
            .key(&key)
            .header("idempotency-key", "once")
            .send(world.api)
    };
    let both = tokio::join!(ask("{}"), ask("{ }"));
    assert_eq!((both.0.status, both.1.status), (200, 200));
    assert_eq!(both.0.body, both.1.body);
    let replayed = [&both.0, &both.1].map(|answer| answer.header("idempotency-replayed"));
    assert!(
        replayed.contains(&None) && replayed.contains(&Some("true")),
        "{both:?}"
    );
    assert_eq!(world.hub.deliveries.lock().expect("a lock").len(), 1);
    let other = ask("{\"reason\":\"once more\"}").await;
    assert_eq!(
        (other.status, other.problem().as_str()),
        (422, "idempotency_key_reused")
    );
}

#[tokio::test]
async fn what_cannot_be_replayed_says_why() {
    let world = world().await;
    world.notes.received(id(1), "payments/gone", b"hello");
    world.notes.received(id(2), "sales/shop", b"hello");
    world.notes.lock_up(id(2));
    for (target, status, code) in [
        (id(1).to_string(), 409, "connection_missing"),
        (id(2).to_string(), 409, "sealed_otherwise"),
        (id(3).to_string(), 404, "not_found"),
        ("nothing".to_owned(), 404, "not_found"),
    ] {
        let path = format!("/v1/webhooks-received/{target}/actions/replay");
        for key in [None, Some("k")] {
            let answer = post(&world, &path, key).await;
            let found = answer.problem();
            assert_eq!((answer.status, found.as_str()), (status, code), "{target}");
        }
    }
    let path = format!("/v1/webhooks-received/{}/actions/replay", id(2));
    let odd = world.ask(Ask::post(&path, "{\"resaon\":\"x\"}")).await;
    assert_eq!(odd.problem(), "unknown_field");
    assert!(world.hub.deliveries.lock().expect("a lock").is_empty());
}

#[tokio::test]
async fn a_key_of_one_channel_sees_and_replays_only_what_came_through_it() {
    let world = world().await;
    world.notes.received(id(1), "sales/shop", b"hello");
    world.notes.received(id(2), "payments/stripe-eu", b"hello");
    let bound = world.ring.add(&[Scope::Admin], Some("shop"));
    let get = |path: &str| Ask::get(path).key(&bound).send(world.api);
    let own = get("/v1/webhooks-received").await.json();
    assert_eq!(own["data"].as_array().map(Vec::len), Some(1));
    assert_eq!(own["data"][0]["source"], "sales/shop");
    let foreign = get("/v1/webhooks-received?source=payments/stripe-eu").await;
    assert_eq!(foreign.json()["data"], json!([]));
    let path = format!("/v1/webhooks-received/{}", id(2));
    assert_eq!(get(&path).await.status, 404);
    let replay = Ask::post(&format!("{path}/actions/replay"), "{}").key(&bound);
    assert_eq!(replay.send(world.api).await.status, 404);
    assert!(world.hub.deliveries.lock().expect("a lock").is_empty());
}

#[tokio::test]
async fn a_forged_webhook_leaves_no_copy_and_a_believed_one_says_what_became_of_it() {
    let world = world().await;
    let hook = |body: &str, signature: &str| {
        Ask::post("/v1/hooks/sales/shop", body)
            .header("content-type", "text/odd")
            .header("x-signature", signature)
            .send(world.api)
    };
    assert_eq!(hook("hello", "6").await.status, 401);
    assert!(world.notes.copies().is_empty());
    for (body, status) in [("hello", 200), ("nobody knows", 202), ("broken", 202)] {
        let answer = hook(body, &body.len().to_string()).await;
        assert_eq!(answer.status, status, "{body}");
    }
    let copies = world.notes.copies();
    let became: Vec<_> = copies
        .iter()
        .map(|copy| {
            (
                copy.listing.outcome.as_str(),
                copy.listing.reason.as_deref(),
            )
        })
        .collect();
    let expected = [
        ("applied", None),
        ("unmatched", Some("no_order")),
        ("invalid", Some("broken")),
    ];
    assert_eq!(became, expected);
    assert_eq!(copies[0].body.as_deref(), Ok(b"hello".as_slice()));
    assert!(
        copies
            .iter()
            .all(|copy| !copy.headers.contains_key("x-signature"))
    );
}
