//! The same order again: at the same time, later, with a key, with another body.

use serde_json::{Value, json};

use crate::support::checker;
use crate::support::orders::one_unit;
use crate::support::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn twenty_posts_of_one_order_at_once_are_one_order_and_one_answer() {
    let world = World::start().await;
    let mut order = one_unit("R-1", "SKU-1");
    order["attributes"] = json!({"gift_wraps": 1, "campaign": "advent"});
    let posts = (0..20).map(|_| {
        let (api, order) = (world.api.clone(), order.clone());
        tokio::spawn(async move { api.post("/v1/orders", &order).await })
    });
    let mut replies = Vec::new();
    for post in posts.collect::<Vec<_>>() {
        replies.push(post.await.unwrap());
    }
    let created = replies.iter().filter(|reply| reply.status == 201).count();
    let repeated = replies.iter().filter(|reply| reply.status == 200).count();
    assert_eq!((created, repeated), (1, 19));
    assert!(replies.iter().all(|reply| reply.body == replies[0].body));
    assert_eq!(
        checker::orders_with(&world.audit, "web", "R-1").await.len(),
        1
    );

    // Member order, white space and `1.0` for `1` are the same order still.
    let spaced = serde_json::to_string_pretty(&order).unwrap();
    let members = "\"campaign\": \"advent\",\n    \"gift_wraps\": 1";
    assert!(spaced.contains(members), "{spaced}");
    let same = "\"gift_wraps\": 1.0, \"campaign\": \"advent\"";
    let spaced = spaced.replace(members, same);
    let again = world.api.post_bytes("/v1/orders", &[], spaced).await;
    again.expect(200);
    assert_eq!(again.body, replies[0].body);

    let mut changed = order;
    changed["customer"]["name"] = "Somebody Else".into();
    let refused = world.api.post("/v1/orders", &changed).await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (409, "external_id_conflict")
    );
    checker::always(&world.audit).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_gets_its_first_answer_again_and_refuses_another_body() {
    let world = World::start().await;
    let api = &world.api;
    let key = [("idempotency-key", "checkout-77")];
    let order = one_unit("K-1", "SKU-1").to_string();
    let first = api.post_bytes("/v1/orders", &key, order.clone()).await;
    first.expect(201);
    for _ in 0..3 {
        let again = api.post_bytes("/v1/orders", &key, order.clone()).await;
        again.expect(201);
        assert_eq!(again.header("idempotency-replayed"), "true");
        assert_eq!(again.body, first.body);
    }
    let mut changed = one_unit("K-1", "SKU-1");
    changed["number"] = "#other".into();
    let refused = api
        .post_bytes("/v1/orders", &key, changed.to_string())
        .await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (422, "idempotency_key_reused")
    );

    // The key belongs to the order it reached; for another order it is another command.
    let other = one_unit("K-2", "SKU-1").to_string();
    api.post_bytes("/v1/orders", &key, other).await.expect(201);
    let both = checker::orders_in(&world.audit, &["received", "reserving", "rejected"]).await;
    assert_eq!(both, 2);
    checker::always(&world.audit).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_action_under_a_key_is_carried_out_once() {
    let world = World::start().await;
    let api = &world.api;
    api.count("BER1", "SKU-1", 10).await;
    let order = api.place(&one_unit("A-1", "SKU-1")).await;
    api.until_stage(&order, &["fulfilling"]).await;
    let key = [("idempotency-key", "hold-once")];
    let hold = format!("/v1/orders/{order}/actions/hold");
    let body = r#"{"reason":"looks odd","blocks":["ship"]}"#;
    let first = api.post_bytes(&hold, &key, body).await;
    first.expect(200);
    for _ in 0..3 {
        let again = api.post_bytes(&hold, &key, body).await;
        again.expect(200);
        assert_eq!(again.header("idempotency-replayed"), "true");
        assert_eq!(again.body, first.body);
    }
    let other = r#"{"reason":"looks odd","blocks":["capture"]}"#;
    let refused = api.post_bytes(&hold, &key, other).await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (422, "idempotency_key_reused")
    );
    assert_eq!(
        checker::events_of(&world.audit, &order, "order.hold_placed").await,
        1
    );
    checker::always(&world.audit).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_repeats_from_many_clients_make_fifty_orders() {
    let world = World::start().await;
    world.api.count("BER1", "SKU-1", 1_000).await;
    let posts = (0..20).map(|client| {
        let api = world.api.clone();
        tokio::spawn(async move {
            let mut ids = Vec::new();
            for step in 0..50 {
                // Every client goes through the orders in another sequence.
                let number = (step * 7 + client * 3) % 50;
                let order = one_unit(&format!("M-{number}"), "SKU-1");
                let reply = api.post("/v1/orders", &order).await;
                assert!(matches!(reply.status, 200 | 201), "{reply:?}");
                ids.push((number, reply.body));
            }
            ids
        })
    });
    let mut answers = std::collections::BTreeMap::new();
    for post in posts.collect::<Vec<_>>() {
        for (number, body) in post.await.unwrap() {
            let first = answers.entry(number).or_insert_with(|| body.clone());
            assert_eq!(*first, body, "order M-{number} has two answers");
        }
    }
    assert_eq!(answers.len(), 50);
    for body in answers.values() {
        let answer: Value = serde_json::from_slice(body).unwrap();
        let id = answer["id"].as_str().unwrap();
        world.api.until_stage(id, &["fulfilling"]).await;
    }
    assert_eq!(checker::orders_in(&world.audit, &["fulfilling"]).await, 50);
    assert_eq!(world.stripe.book().len(), 50, "one authorisation per order");
    checker::at_rest(&world.audit, 1).await;
}
