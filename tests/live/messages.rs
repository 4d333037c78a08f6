//! Messages from outside as operators see them: every webhook that came, what became of it, and
//! offering it again.

use serde_json::{Value, json};

use crate::support::api::Api;
use crate::support::doubles::stripe_wire::{self, Intent};
use crate::support::orders::authorized_elsewhere;
use crate::support::patience::{SOON, until};
use crate::support::shopify as shop;
use crate::support::world::World;
use crate::support::{checker, journey};

/// The gateway says that all of a payment of 19.99 EUR was captured.
pub(crate) fn captured(number: usize, reference: &str) -> String {
    let intent = Intent {
        id: reference.to_owned(),
        created: 1_790_000_000,
        amount: 1_999,
        currency: "eur".to_owned(),
        status: "succeeded",
        capturable: 0,
        received: 1_999,
        refunded: 0,
        metadata: [].into(),
        token: "pm_card_visa".to_owned(),
        decline: None,
    };
    let kind = "payment_intent.succeeded";
    stripe_wire::event(number, kind, intent.created, &intent.json(false)).to_string()
}

/// The webhooks with this source that the hub remembers, newest first, once there are so many.
async fn remembered(api: &Api, source: &str, count: usize) -> Vec<Value> {
    let path = format!("/v1/webhooks-received?source={source}");
    until("the copies are written", SOON, || async {
        let page = api.get(&path).await.expect(200);
        let data = page["data"].as_array()?.clone();
        (data.len() == count).then_some(data)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_believed_webhook_is_remembered_with_what_became_of_it() {
    let world = World::start().await;
    let api = &world.api;
    api.count("BER1", "PINK-8", 10).await;
    let order = shop::paid(7_001_000, "PINK-8");
    shop::deliver(api, "orders/create", &order)
        .await
        .expect(200);
    let theme = json!({"id": 828_155_753, "name": "Comfort"});
    shop::deliver(api, "themes/publish", &theme)
        .await
        .expect(200);
    let mut nonsense = shop::paid(7_002_000, "PINK-8");
    nonsense["line_items"] = "none".into();
    shop::deliver(api, "orders/create", &nonsense)
        .await
        .expect(202);
    let forged = shop::deliver_signed(api, "shop-de", "orders/create", "{}", "AAAA").await;
    assert_eq!(forged.status, 401);

    let [invalid, ignored, applied] = remembered(api, "sales/shop-de", 3)
        .await
        .try_into()
        .unwrap();
    let known = checker::orders_with(&world.audit, "shop-de", "7001000").await;
    assert_eq!(applied["outcome"], "applied");
    assert_eq!(applied["order"], known[0]);
    assert_eq!(ignored["outcome"], "ignored");
    assert_eq!(ignored["reason"], "unknown_topic:themes/publish");
    assert_eq!(invalid["outcome"], "invalid");
    assert!(
        invalid["reason"]
            .as_str()
            .unwrap()
            .starts_with("unreadable: ")
    );

    let path = format!("/v1/webhooks-received/{}", applied["id"].as_str().unwrap());
    let full = api.get(&path).await.expect(200);
    assert!(full["body"].as_str().unwrap().contains("Grace Example"));
    assert_eq!(full["headers"]["x-shopify-topic"], "orders/create");
    assert_eq!(full["headers"].get("x-shopify-hmac-sha256"), None);
    let staff = world.hub.make_key("staff", "ops:act");
    let masked = api.with_key(Some(&staff)).get(&path).await;
    masked.expect(200);
    assert!(!String::from_utf8_lossy(&masked.body).contains("Grace"));
    let sealed: bool = sqlx::query_scalar(
        "select bool_and(position('Grace'::bytea in body) = 0) from orderhub.webhook_received",
    )
    .fetch_one(&world.audit)
    .await
    .unwrap();
    assert!(sealed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replayed_webhook_is_applied_and_a_second_replay_changes_nothing() {
    let world = World::start().await;
    let api = &world.api;
    api.count("BER1", "SKU-1", 10).await;
    let event = captured(1, "pi_replayed");
    assert_eq!(world.stripe.post.deliver(&event).await, Some(202));
    // Somebody cleans up with too broad a broom.
    sqlx::query("delete from orderhub.parked_message")
        .execute(&world.audit)
        .await
        .unwrap();
    let order = api
        .place(&authorized_elsewhere("R-1", "SKU-1", "pi_replayed"))
        .await;
    journey::fulfilment_of(api, &order, SOON).await;
    assert_eq!(api.order(&order).await["payment"]["captured"], "0.00");

    let [webhook] = remembered(api, "payments/stripe-eu", 1)
        .await
        .try_into()
        .unwrap();
    assert_eq!(webhook["outcome"], "unmatched");
    let id = webhook["id"].as_str().unwrap();
    let path = format!("/v1/webhooks-received/{id}/actions/replay");
    let replayed = api
        .post(&path, &json!({"reason": "lost"}))
        .await
        .expect(200);
    let expected = json!({"id": id, "outcome": "applied", "reason": null, "order": order});
    assert_eq!(replayed, expected);
    let after = api.order(&order).await;
    assert_eq!(after["payment"]["captured"], "19.99");
    api.post(&path, &json!({})).await.expect(200);
    let version = api.order(&order).await["version"].clone();
    assert_eq!(version, after["version"], "a repeat is no news");
    checker::always(&world.audit).await;
}

/// Has a webhook replayed from the command line: the exit code, and what was printed.
fn replay(world: &World, id: &str, key: &str) -> (Option<i32>, Vec<u8>) {
    let words = ["webhooks", "replay", id, "-o", "json", "--key", key];
    let output = world.hub.attempt(&words);
    (output.status.code(), output.stdout)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_shows_webhooks_without_a_hub_and_replays_them_through_it() {
    let mut world = World::start().await;
    world.api.count("BER1", "SKU-1", 10).await;
    let event = captured(1, "pi_shown");
    assert_eq!(world.stripe.post.deliver(&event).await, Some(202));
    let [webhook] = remembered(&world.api, "payments/stripe-eu", 1)
        .await
        .try_into()
        .unwrap();
    let id = webhook["id"].as_str().unwrap();
    let operator = world.hub.make_key("operator", "ops:act");
    let reader = world.hub.make_key("reader", "events:read");
    world.hub.kill();

    let json = |printed: &str| serde_json::from_str::<Value>(printed).unwrap();
    let list = "webhooks ls --source payments/stripe-eu --outcome unmatched -o json";
    let list: Vec<&str> = list.split(' ').collect();
    assert_eq!(json(&world.hub.verb(&list)), json!([webhook]));
    let show = ["webhooks", "show", id, "-o", "json"];
    let shown = json(&world.hub.verb(&show));
    assert_eq!(shown["readable"], true);
    assert_eq!(shown.get("body"), None);
    let shown = json(
        &world
            .hub
            .verb(&["webhooks", "show", id, "--body", "-o", "json"]),
    );
    assert_eq!(shown["body"], event);

    assert_eq!(replay(&world, id, &operator).0, Some(3), "the hub is down");
    world.hub.start().await;
    let order = world
        .api
        .place(&authorized_elsewhere("C-1", "SKU-1", "pi_shown"))
        .await;
    let (exit, printed) = replay(&world, id, &operator);
    let expected = json!({"id": id, "outcome": "applied", "reason": null, "order": order});
    assert_eq!(
        (exit, json(&String::from_utf8(printed).unwrap())),
        (Some(0), expected)
    );
    for (id, key, exit) in [
        (id, "", 2),
        (id, "ohk_unknown", 2),
        (id, reader.as_str(), 2),
        ("00000000-0000-0000-0000-000000000000", operator.as_str(), 4),
    ] {
        assert_eq!(
            replay(&world, id, key),
            (Some(exit), Vec::new()),
            "{id} {key}"
        );
    }
    // The connection was taken out of the configuration since.
    sqlx::query("update orderhub.webhook_received set source = 'payments/gone'")
        .execute(&world.audit)
        .await
        .unwrap();
    assert_eq!(replay(&world, id, &operator), (Some(5), Vec::new()));
    checker::always(&world.audit).await;
}
