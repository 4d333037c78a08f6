//! A web shop's webhooks: in any order, repeated, forged, unknown.

use std::collections::BTreeSet;

use crate::support::doubles::signing;
use crate::support::shopify::{self as shop, SECRET, deliver, deliver_signed};
use crate::support::world::World;
use crate::support::{checker, journey};

#[tokio::test(flavor = "multi_thread")]
async fn a_paid_order_told_in_any_order_and_repeatedly_is_one_order_that_runs_its_life() {
    let world = World::start().await;
    let api = &world.api;
    api.count("BER1", "PINK-8", 100).await;
    let topics = ["orders/create", "orders/paid", "orders/updated"];
    let permutations = [[0, 1, 2], [2, 1, 0], [1, 0, 2], [1, 2, 0]];
    for (number, permutation) in permutations.iter().enumerate() {
        let id = 820_982_911_946_154_508 + u64::try_from(number).unwrap() * 100;
        let order = shop::paid(id, "PINK-8");
        for topic in permutation {
            for _ in 0..2 {
                deliver(api, topics[*topic], &order).await.expect(200);
            }
        }
        let known = checker::orders_with(&world.audit, "shop-de", &id.to_string()).await;
        assert_eq!(known.len(), 1, "{permutation:?}");
        let tracking = journey::ship(api, &known[0]).await;
        journey::deliver(&world.easypost, &tracking).await;
        let done = api.until_stage(&known[0], &["completed"]).await;
        assert_eq!(done["totals"]["grand"], "30.00");
        assert_eq!(done["payment"]["captured"], "30.00");
    }
    assert!(
        world.stripe.book().is_empty(),
        "the shop has the money already"
    );
    assert_eq!(
        checker::counters(&world.audit, "BER1", "PINK-8").await,
        (92, 0, 0)
    );
    checker::at_rest(&world.audit, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_was_cut_before_the_hub_heard_of_it_is_sent_as_far_as_it_is_wanted() {
    let world = World::start().await;
    let api = &world.api;
    // Nobody has the unit that was taken out.
    api.count("BER1", "PINK-8", 1).await;
    let before = shop::paid(820_982_911_946_155_001, "PINK-8");
    let after = shop::cut(before.clone());
    for said in [&after, &after, &before] {
        deliver(api, "orders/updated", said).await.expect(200);
    }
    let id = "820982911946155001";
    let known = checker::orders_with(&world.audit, "shop-de", id).await;
    assert_eq!(known.len(), 1);
    let tracking = journey::ship(api, &known[0]).await;
    deliver(api, "orders/create", &before).await.expect(200);
    journey::deliver(&world.easypost, &tracking).await;
    let done = api.until_stage(&known[0], &["completed"]).await;
    assert_eq!(done["payment"]["captured"], "30.00");
    assert_eq!(done["payment"]["refunded"], "12.50");
    let left = checker::counters(&world.audit, "BER1", "PINK-8").await;
    assert_eq!(left, (0, 0, 0), "one was sent");
    checker::at_rest(&world.audit, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_vendors_test_delivery_is_a_cancelled_order_whatever_its_topic_says() {
    let world = World::start().await;
    let api = &world.api;
    api.count("BER1", "PINK-8", 10).await;
    let order = shop::test_delivery(820_982_911_946_154_508, "PINK-8");
    for topic in [
        "orders/create",
        "orders/updated",
        "orders/cancelled",
        "orders/paid",
    ] {
        deliver(api, topic, &order).await.expect(200);
    }
    let known = checker::orders_with(&world.audit, "shop-de", "820982911946154508").await;
    assert_eq!(known.len(), 1);
    let order = api.until_stage(&known[0], &["cancelled"]).await;
    assert_eq!(order["totals"]["grand"], "388.00");
    assert_eq!(order["test"], true);
    assert_eq!(
        checker::counters(&world.audit, "BER1", "PINK-8").await,
        (10, 0, 0)
    );
    let asked = checker::events_of(&world.audit, &known[0], "inventory.reservation_requested");
    assert_eq!(asked.await, 0);
    assert!(world.stripe.book().is_empty());
    checker::at_rest(&world.audit, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancellation_ends_an_order_before_and_after_the_hub_knows_it() {
    let world = World::start().await;
    let api = &world.api;
    api.count("BER1", "PINK-8", 10).await;

    let known = shop::paid(4_001_000, "PINK-8");
    deliver(api, "orders/create", &known).await.expect(200);
    let first = checker::orders_with(&world.audit, "shop-de", "4001000").await;
    journey::fulfilment_of(api, &first[0], crate::support::patience::SOON).await;
    deliver(api, "orders/cancelled", &shop::cancelled(known))
        .await
        .expect(200);
    api.until_stage(&first[0], &["cancelled"]).await;

    // The cancellation overtakes the creation; the late creation revives nothing.
    let unknown = shop::paid(4_002_000, "PINK-8");
    deliver(api, "orders/cancelled", &shop::cancelled(unknown.clone()))
        .await
        .expect(200);
    deliver(api, "orders/create", &unknown).await.expect(200);
    let second = checker::orders_with(&world.audit, "shop-de", "4002000").await;
    assert_eq!(second.len(), 1);
    api.until_stage(&second[0], &["cancelled"]).await;
    assert_eq!(
        checker::counters(&world.audit, "BER1", "PINK-8").await,
        (10, 0, 0)
    );
    checker::at_rest(&world.audit, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_shop_did_not_sign_is_refused_and_not_stored() {
    let world = World::start().await;
    let api = &world.api;
    let before = checker::rows(&world.audit).await;
    let body = shop::paid(5_001_000, "PINK-8").to_string();
    let right = signing::shopify(SECRET, body.as_bytes());
    let cut = &body[..body.len() - 40];
    let one_byte = body.replacen("Boston", "Bostom", 1);
    let other_secret = signing::shopify("shpss_somebody_else", body.as_bytes());
    let forgeries = [
        ("another secret", body.as_str(), other_secret.as_str()),
        ("no signature", body.as_str(), ""),
        ("no base64", body.as_str(), "%%%not-base64%%%"),
        ("half a signature", body.as_str(), &right[..20]),
        ("a truncated body", cut, right.as_str()),
        ("one byte changed", one_byte.as_str(), right.as_str()),
        ("an empty body", "", right.as_str()),
    ];
    for (what, body, signature) in forgeries {
        let reply =
            deliver_signed(api, "shop-de", "orders/create", body.to_owned(), signature).await;
        assert_eq!(reply.status, 401, "{what}");
    }
    let nobody = deliver_signed(api, "shop-at", "orders/create", body.clone(), &right).await;
    assert_eq!(nobody.status, 404);
    assert_eq!(checker::rows(&world.audit).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_topic_and_an_unreadable_order_are_kept_with_their_reasons() {
    let world = World::start().await;
    let api = &world.api;
    let theme = serde_json::json!({"id": 828_155_753, "name": "Comfort", "role": "main"});
    for _ in 0..3 {
        deliver(api, "themes/publish", &theme).await.expect(200);
    }
    let kept: BTreeSet<String> = checker::parked_reasons(&world.audit)
        .await
        .into_iter()
        .collect();
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert!(kept.first().unwrap().contains("themes/publish"), "{kept:?}");

    let mut nonsense = shop::paid(6_001_000, "PINK-8");
    nonsense["line_items"] = "none".into();
    deliver(api, "orders/create", &nonsense).await.expect(202);
    assert_eq!(checker::parked_reasons(&world.audit).await.len(), 2);
    assert!(
        checker::orders_with(&world.audit, "shop-de", "6001000")
            .await
            .is_empty()
    );
}
