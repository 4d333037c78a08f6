//! Senders at their worst: they hang up in the middle, send everything a hundred times at once, or
//! something on the way changed their bytes.

use std::time::Duration;

use reqwest::Method;
use tokio::task::JoinSet;

use crate::support::api::Api;
use crate::support::checker;
use crate::support::doubles::signing;
use crate::support::lives::Cast;
use crate::support::orders::one_unit;
use crate::support::patience::{AFTER_A_CRASH, until};
use crate::support::shopify::{self as shop, SECRET, deliver_signed};
use crate::support::world::World;

/// Sessions in which the hub left a transaction open.
async fn forgotten_transactions(world: &World) -> i64 {
    let idle = sqlx::query_scalar(
        "select count(*) from pg_stat_activity
         where datname = current_database() and state like 'idle in transaction%'
           and state_change < now() - interval '5 seconds'",
    );
    idle.fetch_one(&world.audit).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_whose_senders_hang_up_at_any_moment_leave_nothing_half_done() {
    const ORDERS: u32 = 400;
    let world = World::start().await;
    world.api.count("BER1", "SKU-1", 1_000).await;
    let mut senders = JoinSet::new();
    for number in 0..ORDERS {
        let api = world.api.clone();
        senders.spawn(async move {
            // Spread from before the request has left to after its answer.
            let patience = Duration::from_micros(u64::from(number * 7919 % 20_000));
            let order = one_unit(&format!("H-{number}"), "NONE");
            let request = api.request(Method::POST, "/v1/orders").json(&order);
            let read = api.request(Method::GET, "/v1/orders");
            tokio::time::timeout(patience, Api::try_send(request))
                .await
                .ok();
            tokio::time::timeout(patience, Api::try_send(read))
                .await
                .ok();
        });
    }
    while let Some(sender) = senders.join_next().await {
        sender.unwrap();
    }
    // Those who send the same again find out; then each order is there once.
    for number in 0..ORDERS {
        let order = one_unit(&format!("H-{number}"), "NONE");
        let reply = world.api.post("/v1/orders", &order).await;
        assert!(matches!(reply.status, 200 | 201), "{reply:?}");
    }
    assert_eq!(checker::orders(&world.audit).await, i64::from(ORDERS));
    until("every order has ended", AFTER_A_CRASH, || async {
        let ended = checker::orders_in(&world.audit, &["rejected"]).await;
        (ended == i64::from(ORDERS)).then_some(())
    })
    .await;
    let cast = Cast::of(&world);
    cast.live(&one_unit("H-after", "SKU-1")).await;
    let seen = cast.watch.seen();
    assert_eq!((seen.put_off, seen.unanswered), (0, 0), "{seen:?}");
    assert_eq!(forgotten_transactions(&world).await, 0);
    checker::at_rest(&world.audit, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_copies_of_a_webhook_at_once_have_one_effect() {
    let world = World::start().await;
    let api = &world.api;
    api.count("BER1", "PINK-8", 100).await;
    let order = shop::paid(7_001_000, "PINK-8");
    let copies = |topic: &'static str, body: &serde_json::Value| {
        let mut copies = JoinSet::new();
        for _ in 0..100 {
            let webhook = shop::webhook(api, topic, body);
            copies.spawn(async move { Api::send(webhook).await });
        }
        copies
    };
    for reply in copies("orders/create", &order).join_all().await {
        reply.expect(200);
    }
    let known = checker::orders_with(&world.audit, "shop-de", "7001000").await;
    assert_eq!(known.len(), 1);
    api.until_stage(&known[0], &["fulfilling"]).await;
    let cancelled = shop::cancelled(order);
    for reply in copies("orders/cancelled", &cancelled).join_all().await {
        reply.expect(200);
    }
    api.until_stage(&known[0], &["cancelled"]).await;
    for kind in [
        "order.received",
        "inventory.reservation_requested",
        "order.cancelled",
    ] {
        let count = checker::events_of(&world.audit, &known[0], kind).await;
        assert_eq!(count, 1, "{kind}");
    }
    assert_eq!(checker::orders(&world.audit).await, 1);
    let counters = checker::counters(&world.audit, "BER1", "PINK-8").await;
    assert_eq!(counters, (100, 0, 0));
    checker::at_rest(&world.audit, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_holds_for_the_bytes_that_were_signed_and_no_others() {
    let world = World::start().await;
    let before = checker::rows(&world.audit).await;
    let body = shop::paid(7_002_000, "PINK-8").to_string();
    let signature = signing::shopify(SECRET, body.as_bytes());
    let value: serde_json::Value = serde_json::from_str(&body).unwrap();
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let altered: [(&str, Vec<u8>); 6] = [
        ("written anew", format!("{value:#}").into_bytes()),
        ("a space more", format!("{body} ").into_bytes()),
        ("a line's end more", format!("{body}\r\n").into_bytes()),
        ("a byte order mark", format!("\u{feff}{body}").into_bytes()),
        ("UTF-16", utf16(&body)),
        ("a byte less", body.as_bytes()[..body.len() - 1].to_vec()),
    ];
    for (what, bytes) in altered {
        let reply = deliver_signed(&world.api, "shop-de", "orders/create", bytes, &signature).await;
        assert_eq!(reply.status, 401, "{what}");
    }
    assert_eq!(checker::rows(&world.audit).await, before);
    // Rightly signed but unreadable: kept, and no order.
    let marked = format!("\u{feff}{body}");
    let right = signing::shopify(SECRET, marked.as_bytes());
    let reply = deliver_signed(&world.api, "shop-de", "orders/create", marked, &right).await;
    assert_eq!(reply.status, 202);
    assert_eq!(checker::orders(&world.audit).await, 0);
}
