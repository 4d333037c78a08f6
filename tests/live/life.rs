//! One order's whole life, from the first answer to the last scan.

use serde_json::{Value, json};

use crate::support::doubles::faults::Call;
use crate::support::doubles::stripe::Applied;
use crate::support::journey::{self, fulfilment_of, sightings, step, tracking_number};
use crate::support::orders::two_and_shipping;
use crate::support::patience::SOON;
use crate::support::world::World;
use crate::support::{books, checker};

#[tokio::test(flavor = "multi_thread")]
async fn an_order_lives_from_received_to_completed_and_is_captured_exactly_once() {
    let world = World::start().await;
    let api = &world.api;
    api.count("BER1", "SKU-1", 10).await;

    let placed = api
        .post("/v1/orders", &two_and_shipping("W-1001", "SKU-1"))
        .await;
    let answer = placed.expect(201);
    assert_eq!(answer["channel"], "web");
    assert_eq!(answer["external_id"], "W-1001");
    assert!(answer["version"].as_u64() >= Some(1) && answer["received_at"].is_string());
    let order = answer["id"].as_str().unwrap();

    let fulfilment = fulfilment_of(api, order, SOON).await;
    let secured = api.order(order).await;
    assert_eq!(secured["payment"]["status"], "authorized");
    assert_eq!(secured["payment"]["authorized"], "44.97");
    assert_eq!(secured["lines"][0]["quantities"]["hard"], "2");
    assert_eq!(world.stripe.book_of(order), [(Applied::Authorized, 4497)]);
    assert_eq!(
        checker::counters(&world.audit, "BER1", "SKU-1").await,
        (10, 0, 2)
    );

    // The label is bought unasked after packing; nothing leaves the house without it.
    let label = world.easypost.faults.hold(Call::BuyLabel);
    for verb in ["accept", "pick", "pack"] {
        step(api, &fulfilment, verb).await;
    }
    label.reached(1).await;
    let early = format!("/v1/fulfilments/{fulfilment}/hand-over");
    let early = api.post(&early, &json!({})).await;
    assert_eq!(
        (early.status, early.code().as_str()),
        (409, "label_missing")
    );
    world.easypost.faults.release();
    let tracking = tracking_number(api, order, SOON).await;

    step(api, &fulfilment, "hand-over").await;
    for done in ["accept", "pick", "pack", "hand-over"] {
        step(api, &fulfilment, done).await;
    }
    journey::deliver(&world.easypost, &tracking).await;
    let done = api.until_stage(order, &["completed"]).await;
    assert_eq!(done["payment"]["status"], "captured");
    assert_eq!(done["payment"]["captured"], "44.97");
    assert_eq!(done["lines"][0]["quantities"]["delivered"], "2");

    let book = world.stripe.book_of(order);
    assert_eq!(
        book,
        [(Applied::Authorized, 4497), (Applied::Captured, 4497)]
    );
    assert_eq!(
        checker::counters(&world.audit, "BER1", "SKU-1").await,
        (8, 0, 0)
    );
    assert_eq!(world.easypost.labels_of(order).len(), 1);
    let timeline = api
        .get(&format!("/v1/orders/{order}/timeline"))
        .await
        .expect(200);
    let steps = kinds(&timeline);
    let told = [
        "order.received",
        "order.confirmed",
        "shipment.delivered",
        "order.completed",
    ];
    for kind in told {
        assert!(
            steps.iter().any(|step| step == kind),
            "{kind} is not in {steps:?}"
        );
    }
    all_books_agree(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn scans_in_any_order_and_any_number_deliver_a_parcel_once() {
    let world = World::start().await;
    let api = &world.api;
    api.count("BER1", "SKU-1", 100).await;
    let orders = [
        [4, 3, 2, 1, 0],
        [0, 4, 1, 3, 2],
        [2, 0, 4, 1, 3],
        [3, 1, 0, 2, 4],
    ];
    for (number, permutation) in orders.iter().enumerate() {
        let external_id = format!("S-{number}");
        let order = api.place(&two_and_shipping(&external_id, "SKU-1")).await;
        let (_, tracking) = journey::pack(api, &order, SOON).await;
        // The first scan stands for the hand-over that nobody reported.
        let seen = sightings();
        for index in permutation {
            let one = world.easypost.sighted(&tracking, &seen[*index..=*index]);
            for _ in 0..3 {
                assert_eq!(world.easypost.post.deliver(&one).await, Some(200));
            }
        }
        let all = world.easypost.sighted(&tracking, &seen);
        assert_eq!(world.easypost.post.deliver(&all).await, Some(200));
        let done = api.until_stage(&order, &["completed"]).await;
        assert_eq!(
            done["lines"][0]["quantities"]["delivered"], "2",
            "{permutation:?}"
        );
        let delivered = checker::events_of(&world.audit, &order, "shipment.delivered").await;
        assert_eq!(delivered, 1, "{permutation:?}");
    }
    all_books_agree(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_order_gives_back_stock_and_money_once() {
    let world = World::start().await;
    let api = &world.api;
    api.count("BER1", "SKU-1", 10).await;
    let order = api.place(&two_and_shipping("C-1", "SKU-1")).await;
    fulfilment_of(api, &order, SOON).await;
    let cancel = format!("/v1/orders/{order}/actions/cancel");
    let reason = json!({"reason": "the buyer changed their mind"});
    assert!(matches!(api.post(&cancel, &reason).await.status, 200..=202));
    api.until_stage(&order, &["cancelled"]).await;
    let book = world.stripe.book_of(&order);
    assert_eq!(
        book,
        [(Applied::Authorized, 4497), (Applied::Canceled, 4497)]
    );
    assert_eq!(
        checker::counters(&world.audit, "BER1", "SKU-1").await,
        (10, 0, 0)
    );
    all_books_agree(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_order_stays_in_the_house_until_it_is_released() {
    let world = World::start().await;
    let api = &world.api;
    api.count("BER1", "SKU-1", 10).await;
    let order = api.place(&two_and_shipping("H-1", "SKU-1")).await;
    let (fulfilment, tracking) = journey::pack(api, &order, SOON).await;
    let actions = format!("/v1/orders/{order}/actions");
    let request = json!({"reason": "the address looks wrong", "blocks": ["ship"]});
    let hold = api
        .post(&format!("{actions}/hold"), &request)
        .await
        .expect(200);
    let hand_over = format!("/v1/fulfilments/{fulfilment}/hand-over");
    let refused = api.post(&hand_over, &json!({})).await;
    assert_eq!((refused.status, refused.code().as_str()), (409, "on_hold"));
    assert_eq!(
        api.order(&order).await["holds"].as_array().map(Vec::len),
        Some(1)
    );
    let freed = json!({"reason": "the buyer confirmed it", "hold_id": hold["hold_id"]});
    api.post(&format!("{actions}/release"), &freed)
        .await
        .expect(200);
    step(api, &fulfilment, "hand-over").await;
    journey::deliver(&world.easypost, &tracking).await;
    api.until_stage(&order, &["completed"]).await;
    all_books_agree(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_webhooks_of_gateways_and_carriers_change_nothing() {
    let world = World::start().await;
    let api = &world.api;
    api.count("BER1", "SKU-1", 10).await;
    let order = api.place(&two_and_shipping("F-1", "SKU-1")).await;
    let tracking = journey::ship(api, &order).await;
    api.until_stage(&order, &["fulfilling"]).await;
    // Everything that is under way settles first, so that the counts stand still.
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    let before = checker::rows(&world.audit).await;

    let scan = world.easypost.sighted(&tracking, &sightings());
    let forged = vec![(
        "x-hmac-signature",
        format!("hmac-sha256-hex={}", "0".repeat(64)),
    )];
    let post = &world.easypost.post;
    assert_eq!(post.deliver_with(&scan, forged).await, Some(401));
    assert_eq!(post.deliver_with(&scan, Vec::new()).await, Some(401));
    let event = world.stripe.events().pop().unwrap();
    let now = jiff::Timestamp::now().as_second();
    let forged = vec![("stripe-signature", format!("t={now},v1={}", "0".repeat(64)))];
    assert_eq!(
        world.stripe.post.deliver_with(&event, forged).await,
        Some(401)
    );
    assert_eq!(checker::rows(&world.audit).await, before);
}

fn kinds(timeline: &Value) -> Vec<String> {
    let entries = timeline.as_array().or_else(|| timeline["data"].as_array());
    let entries = entries.expect("the timeline is a list").iter();
    entries
        .map(|entry| entry["kind"].as_str().unwrap_or_default().to_owned())
        .collect()
}

async fn all_books_agree(world: &World) {
    checker::at_rest(&world.audit, 2).await;
    books::agree_with_the_gateway(&world.audit, &world.stripe).await;
    books::agree_with_the_carrier(&world.audit, &world.easypost).await;
}
