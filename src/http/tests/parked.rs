//! Parked messages: listed, shown, offered again, thrown away.

use jiff::Timestamp;
use orderhub_actors::ports::{OrderRef, RefKind};
use serde_json::json;
use uuid::Uuid;

use super::client::{Answer, Ask};
use super::{Scope, World, world};
use crate::store::ParkedListing;

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

/// A message of the shop that waits for its order.
pub(super) fn listing(id: Uuid) -> ParkedListing {
    ParkedListing {
        id,
        source: "sales/shop".into(),
        reason: "no_order".into(),
        waiting_for: Some(OrderRef {
            kind: RefKind::Payment,
            scope: "shop".into(),
            value: "pi_1".into(),
        }),
        dead_since: None,
        received_at: Timestamp::UNIX_EPOCH,
    }
}

fn dead(n: u128) -> ParkedListing {
    ParkedListing {
        reason: "dead: no_order after 86400 s".into(),
        dead_since: Some(Timestamp::UNIX_EPOCH),
        ..listing(id(n))
    }
}

async fn act(world: &World, n: u128, verb: &str, body: &str) -> Answer {
    let path = format!("/v1/parked/{}/actions/{verb}", id(n));
    world.ask(Ask::post(&path, body)).await
}

async fn ids(world: &World, query: &str) -> Vec<Uuid> {
    let mut path = format!("/v1/parked?limit=2{query}");
    let mut seen = Vec::new();
    for _ in 0..10 {
        let page = world.ask(Ask::get(&path)).await.json();
        for message in page["data"].as_array().expect("data") {
            let id = message["message_id"].as_str().expect("an id");
            seen.push(id.parse().expect("a uuid"));
        }
        let Some(cursor) = page["next_cursor"].as_str() else {
            return seen;
        };
        path = format!("/v1/parked?limit=2{query}&cursor={cursor}");
    }
    panic!("pages without an end: {seen:?}");
}

#[tokio::test]
async fn parked_messages_are_listed_oldest_first_in_pages_without_their_bodies() {
    let world = world().await;
    for n in 1..=3 {
        world.notes.park(listing(id(n)), b"words of a buyer");
    }
    world.notes.park(dead(4), b"words of a buyer");
    let kept = ParkedListing {
        source: "payments/stripe-eu".into(),
        reason: "unknown_topic:charge.updated".into(),
        waiting_for: None,
        received_at: Timestamp::from_second(-7).expect("a time"),
        ..listing(id(5))
    };
    world.notes.park(kept, b"words of a buyer");
    for (query, expected) in [
        ("", vec![5, 1, 2, 3, 4]),
        ("&state=waiting", vec![1, 2, 3]),
        ("&state=kept", vec![5]),
        ("&state=dead", vec![4]),
        ("&source=sales/shop", vec![1, 2, 3, 4]),
        ("&reason=no_order", vec![1, 2, 3]),
        ("&reason=unknown_topic:", vec![5]),
        ("&state=dead&source=payments/stripe-eu", vec![]),
    ] {
        let expected: Vec<Uuid> = expected.into_iter().map(id).collect();
        assert_eq!(ids(&world, query).await, expected, "{query}");
    }
    let all = world.ask(Ask::get("/v1/parked")).await;
    assert!(!all.body.contains("buyer"));
    let expected = json!({
        "message_id": id(4), "source": "sales/shop", "state": "dead",
        "reason": "dead: no_order after 86400 s", "received_at": "1970-01-01T00:00:00Z",
        "dead_since": "1970-01-01T00:00:00Z",
        "waiting_for": { "kind": "payment", "scope": "shop", "value": "pi_1" },
        "because": "Its order never came. Should it come, the message is applied by itself; throw it away when it is about \
                    nobody's order here.",
        "recommended": "discard",
    });
    assert_eq!(all.json()["data"][4], expected);
    for query in [
        "state=fly",
        "limit=0",
        "cursor=x",
        "cursor=AAAA",
        "colour=red",
    ] {
        let answer = world.ask(Ask::get(&format!("/v1/parked?{query}"))).await;
        let code = answer.problem();
        assert_eq!(
            (answer.status, code.as_str()),
            (422, "invalid_query"),
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_parked_message_goes_when_it_is_applied_and_stays_when_it_is_not() {
    let world = world().await;
    world.notes.park(dead(1), b"hello");
    world.notes.park(dead(2), b"nobody knows");
    let applied = act(&world, 1, "replay", "{}").await;
    let expected = json!({ "id": id(1), "outcome": "applied", "reason": null, "order": null });
    assert_eq!((applied.status, applied.json()), (200, expected));
    let waits = act(&world, 2, "replay", "{\"reason\":\"once more\"}").await;
    assert_eq!(
        (waits.status, &waits.json()["outcome"]),
        (200, &json!("unmatched"))
    );
    assert_eq!(ids(&world, "").await, [id(2)]);
    assert_eq!(act(&world, 1, "replay", "{}").await.problem(), "not_found");
    assert_eq!(world.hub.deliveries.lock().expect("a lock").len(), 2);
}

#[tokio::test]
async fn a_message_is_discarded_once_and_only_with_a_reason() {
    let world = world().await;
    world.notes.park(dead(1), b"hello");
    for (body, code) in [
        ("{}", "required"),
        ("{\"reason\":\" \"}", "required"),
        ("{\"reason\":\"x\",\"force\":true}", "unknown_field"),
    ] {
        assert_eq!(
            act(&world, 1, "discard", body).await.problem(),
            code,
            "{body}"
        );
    }
    let path = format!("/v1/parked/{}/actions/discard", id(1));
    let key = world.admin_key();
    let ask = || {
        Ask::post(&path, "{\"reason\":\"a test of the vendor\"}")
            .key(&key)
            .header("idempotency-key", "once")
            .send(world.api)
    };
    let first = ask().await;
    let expected = json!({ "id": id(1), "outcome": "discarded" });
    assert_eq!((first.status, first.json()), (200, expected));
    let again = ask().await;
    assert_eq!((again.status, &again.body), (200, &first.body));
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    let gone = act(&world, 1, "discard", "{\"reason\":\"x\"}").await;
    assert_eq!((gone.status, gone.problem().as_str()), (404, "not_found"));
    assert!(world.hub.deliveries.lock().expect("a lock").is_empty());
    assert_eq!(act(&world, 1, "fly", "{}").await.problem(), "not_found");
}

#[tokio::test]
async fn an_event_that_the_bus_refused_can_only_be_looked_at_or_discarded() {
    let world = world().await;
    let refused = ParkedListing {
        source: "bus/ORDERHUB_EVENTS".into(),
        reason: "refused: too large".into(),
        waiting_for: None,
        ..dead(1)
    };
    world.notes.park(refused, b"{}");
    let shown = world
        .ask(Ask::get(&format!("/v1/parked/{}", id(1))))
        .await
        .json();
    assert_eq!(
        (&shown["state"], &shown["body"]),
        (&json!("dead"), &json!("{}"))
    );
    let replay = act(&world, 1, "replay", "{}").await;
    assert_eq!(
        (replay.status, replay.problem().as_str()),
        (409, "connection_missing")
    );
    assert_eq!(
        act(&world, 1, "discard", "{\"reason\":\"x\"}").await.status,
        200
    );
}

#[tokio::test]
async fn a_key_of_one_channel_sees_and_touches_only_its_own_messages() {
    let world = world().await;
    let foreign = ParkedListing {
        source: "payments/stripe-eu".into(),
        ..listing(id(2))
    };
    world.notes.park(listing(id(1)), b"words of a buyer");
    world.notes.park(foreign, b"hello");
    let bound = world.ring.add(&[Scope::OpsAct], Some("shop"));
    let get = |path: String| Ask::get(&path).key(&bound).send(world.api);
    let own = get("/v1/parked".into()).await.json();
    assert_eq!(own["data"].as_array().map(Vec::len), Some(1));
    assert_eq!(own["data"][0]["source"], "sales/shop");
    let other = get("/v1/parked?source=payments/stripe-eu".into())
        .await
        .json();
    assert_eq!(other["data"], json!([]));
    let shown = get(format!("/v1/parked/{}", id(1))).await;
    assert!(
        shown.status == 200 && !shown.body.contains("buyer"),
        "{shown:?}"
    );
    assert_eq!(get(format!("/v1/parked/{}", id(2))).await.status, 404);
    for verb in ["replay", "discard"] {
        let path = format!("/v1/parked/{}/actions/{verb}", id(2));
        let answer = Ask::post(&path, "{\"reason\":\"x\"}")
            .key(&bound)
            .send(world.api)
            .await;
        assert_eq!(answer.status, 404, "{verb}");
    }
    assert_eq!(ids(&world, "").await, [id(1), id(2)]);
}
