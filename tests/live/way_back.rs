//! What a shop is told of its own orders: each thing once, whatever happens on the way.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::checker;
use crate::support::doubles::faults::{Call, Fault};
use crate::support::doubles::shop::{Cancellation, Shipment, Shop};
use crate::support::journey;
use crate::support::patience::{AFTER_A_CRASH, SOON, until};
use crate::support::shopify as shops;
use crate::support::world::World;

const SKU: &str = "PINK-8";

async fn scene(on_hand: i64) -> (World, Arc<Shop>) {
    let shop = Shop::start().await;
    let world = World::start_with_shop(shop.url.clone()).await;
    world.api.count("BER1", SKU, on_hand).await;
    (world, shop)
}

/// The shop sends an order; the hub's id of it.
async fn sell(world: &World, shop: &Shop, order: &Value) -> String {
    shop.has(order);
    shops::deliver(&world.api, "orders/create", order)
        .await
        .expect(200);
    let id = order["id"].to_string();
    checker::orders_with(&world.audit, "shop-de", &id).await[0].clone()
}

/// The one shipment of both units of such an order.
fn shipment(id: u64, tracking: &str) -> Shipment {
    Shipment {
        order: id,
        tracking: vec![tracking.to_owned()],
        company: Some("USPS".to_owned()),
        units: BTreeMap::from([(id * 10, 2)]),
    }
}

async fn told(shop: &Shop, shipments: usize) {
    until("the shop knows", AFTER_A_CRASH, || async {
        (shop.shipments().len() >= shipments).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shipment_reaches_the_shop_once_also_when_its_answer_is_lost_in_a_crash() {
    let (mut world, shop) = scene(10).await;
    let order = sell(&world, &shop, &shops::paid(7_001_000, SKU)).await;
    let (fulfilment, tracking) = journey::pack(&world.api, &order, SOON).await;
    assert!(shop.shipments().is_empty());
    let gate = shop.faults.hold(Call::NoteShipment);
    journey::step(&world.api, &fulfilment, "hand-over").await;
    gate.reached(1).await;
    world.hub.kill();
    shop.faults.release();
    world.hub.start().await;
    journey::deliver(&world.easypost, &tracking).await;
    world
        .api
        .until_stage_within(&order, &["completed"], AFTER_A_CRASH)
        .await;
    until(
        "the hub knows that the shop knows",
        AFTER_A_CRASH,
        || async {
            let known = checker::events_of(&world.audit, &order, "order.channel_notified").await;
            (known == 1).then_some(())
        },
    )
    .await;
    assert_eq!(shop.shipments(), [shipment(7_001_000, &tracking)]);
    assert_eq!(shop.cancellations(), []);
    assert_eq!(shop.unexpected(), [""; 0]);
    checker::at_rest(&world.audit, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_of_two_parcels_is_told_with_what_is_in_it_once_also_when_an_answer_is_lost() {
    let (world, shop) = scene(10).await;
    let id = 7_009_000;
    let order = sell(&world, &shop, &shops::paid(id, SKU)).await;
    let api = &world.api;
    let fulfilment = journey::fulfilment_of(api, &order, SOON).await;
    for verb in ["accept", "pick"] {
        journey::step(api, &fulfilment, verb).await;
    }
    let line = (id * 10).to_string();
    let one = json!({ "lines": [{ "line": line, "quantity": "1" }],
        "length_mm": 300, "width_mm": 200, "height_mm": 100 });
    let pack = format!("/v1/fulfilments/{fulfilment}/pack");
    let parcels = json!({ "parcels": [one, one] });
    api.post(&pack, &parcels).await.expect(200);
    let numbers = until("both parcels have a number", SOON, || async {
        let order = api.order(&order).await;
        let all = order["fulfilments"][0]["parcels"].as_array()?.clone();
        let numbers = all.iter().map(|one| one["tracking_number"].as_str());
        let numbers: Option<Vec<&str>> = numbers.collect();
        Some(numbers?.into_iter().map(str::to_owned).collect::<Vec<_>>())
    })
    .await;
    shop.faults.next(Call::NoteShipment, 1, Fault::LoseAnswer);
    journey::step(api, &fulfilment, "hand-over").await;
    told(&shop, 2).await;
    until("the hub knows that the shop knows", SOON, || async {
        let known = checker::events_of(&world.audit, &order, "order.channel_notified").await;
        (known == 1).then_some(())
    })
    .await;
    let of_one = |number: &String| Shipment {
        units: BTreeMap::from([(id * 10, 1)]),
        ..shipment(id, number)
    };
    let expected: Vec<Shipment> = numbers.iter().map(of_one).collect();
    assert_eq!(shop.shipments(), expected);
    assert_eq!(shop.unexpected(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_that_is_down_keeps_no_order_from_its_end_and_hears_of_it_afterwards() {
    let (world, shop) = scene(10).await;
    shop.faults.share(Call::Look, 100, Fault::Broken);
    shop.switch.turn_off();
    let mut tracked = Vec::new();
    for id in [7_002_000, 7_003_000, 7_004_000] {
        let order = sell(&world, &shop, &shops::paid(id, SKU)).await;
        let tracking = journey::ship(&world.api, &order).await;
        journey::deliver(&world.easypost, &tracking).await;
        world.api.until_stage(&order, &["completed"]).await;
        tracked.push((id, tracking));
    }
    assert!(shop.shipments().is_empty());
    shop.switch.turn_on();
    shop.faults.heal();
    shop.faults.next(Call::NoteShipment, 1, Fault::LoseAnswer);
    shop.faults.next(Call::NoteShipment, 1, Fault::Garbage);
    told(&shop, 3).await;
    checker::at_rest(&world.audit, 2).await;
    let mut shipments = shop.shipments();
    shipments.sort_by_key(|shipment| shipment.order);
    let expected: Vec<Shipment> = tracked.iter().map(|(id, t)| shipment(*id, t)).collect();
    assert_eq!(shipments, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_the_hub_ends_is_cancelled_in_the_shop_and_one_that_the_shop_ended_is_not() {
    let (world, shop) = scene(2).await;
    let sold = sell(&world, &shop, &shops::paid(7_005_000, SKU)).await;
    journey::fulfilment_of(&world.api, &sold, SOON).await;
    // There is none left for the second one.
    let short = sell(&world, &shop, &shops::paid(7_006_000, SKU)).await;
    let wait = Duration::from_mins(1);
    world
        .api
        .until_stage_within(&short, &["rejected"], wait)
        .await;
    // The shop itself takes the first one back.
    let taken_back = shops::cancelled(shops::paid(7_005_000, SKU));
    shops::deliver(&world.api, "orders/cancelled", &taken_back)
        .await
        .expect(200);
    world.api.until_stage(&sold, &["cancelled"]).await;
    // A person cancels a third.
    let third = sell(&world, &shop, &shops::paid(7_007_000, SKU)).await;
    journey::fulfilment_of(&world.api, &third, SOON).await;
    let path = format!("/v1/orders/{third}/actions/cancel");
    let body = serde_json::json!({"reason": "the buyer called"});
    world.api.post(&path, &body).await.expect(200);
    world.api.until_stage(&third, &["cancelled"]).await;
    checker::at_rest(&world.audit, 2).await;
    let cancelled = |order: u64, reason: &str| Cancellation {
        order,
        reason: reason.to_owned(),
        refund: true,
    };
    assert_eq!(
        shop.cancellations(),
        [
            cancelled(7_006_000, "INVENTORY"),
            cancelled(7_007_000, "OTHER")
        ]
    );
    assert_eq!(shop.shipments(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shop_gives_back_once_what_a_part_that_is_cancelled_here_cost() {
    let (mut world, shop) = scene(10).await;
    let order = sell(&world, &shop, &shops::paid(7_009_000, SKU)).await;
    journey::fulfilment_of(&world.api, &order, SOON).await;
    let gate = shop.faults.hold(Call::Refund);
    let cancel =
        json!({"reason": "one is broken", "lines": [{"line": "70090000", "quantity": "1"}]});
    let path = format!("/v1/orders/{order}/actions/cancel");
    world.api.post(&path, &cancel).await.expect(200);
    gate.reached(1).await;
    // The shop has done it, and nobody hears so before the hub is gone.
    world.hub.kill();
    shop.faults.release();
    world.hub.start().await;
    until("the hub has booked the refund", AFTER_A_CRASH, || async {
        let booked = checker::events_of(&world.audit, &order, "payment.refunded").await;
        (booked == 1).then_some(())
    })
    .await;
    let made = shop.refunds();
    let [refund] = &made[..] else {
        panic!("one refund: {made:?}");
    };
    assert_eq!(refund.amount.to_string(), "12.50");
    assert_eq!(refund.units, BTreeMap::from([(70_090_000, 1)]));
    // What is left goes on, and nothing more is given back for it.
    world.api.until_stage(&order, &["fulfilling"]).await;
    let told = checker::events_of(&world.audit, &order, "order.channel_notified").await;
    assert_eq!((told, shop.refunds().len()), (1, 1));
    assert_eq!(shop.unexpected(), [""; 0]);
}
